; SPDX-License-Identifier: MIT
; The set-up program: build/kmrepair-setup.exe. Run from the top of the repository, as the Makefile does.
;
;   kmrepair-setup.exe [/S] [/CLIENTS=DIR] [/REPORTONLY] [/NOSTART] [/WAIT=SECONDS] [/LOG=FILE] [/D=DIR]
;   uninstall.exe      [/S] [/PURGE] [/WAIT=SECONDS] [/LOG=FILE] [_?=DIR]
;
; Exit codes of both; whatever is not 0, 9 or 10 has left everything as it was, the state of the service included:
;   0  done, or the options were shown (/?)
;   1  cancelled by the user
;   2  the set-up program itself is damaged, or could not begin
;   3  not an administrator
;   4  the command line is wrong, or KMRepair is installed in another folder
;   5  the service could not be stopped, or not removed
;   6  a file could not be written or replaced: disk full, or still in use after /WAIT (default 30 s)
;   7  `kmrepair install` refused; what it said is shown, and in the /LOG
;   8  the service did not start
;   9  it failed, and what was there before could not be put back completely: what, is said
;   10 of the uninstaller: the service is removed; files that could not be deleted are named, and it can be run again
; The uninstaller runs as a copy of itself, so the exit code of the first process tells nothing; who needs
; it calls `uninstall.exe /S _?=DIR`, which waits, and leaves uninstall.exe itself behind.
;
; shared.nsh     what set-up and uninstaller share: options, log, running the program
; pages.nsh      what is asked, and before it what is refused at once
; install.nsh    the installation, and how it is taken back
; last.nsh       the last page
; uninstall.nsh  the uninstaller
;
; Copying files and the entry in Add/Remove Programs is all that is done here. What makes a service of
; the program, and all that has to be known for it, is in the program: `kmrepair check --format=json`,
; `install`, `protect`, `start`, `stop` and `uninstall`.
;
; Set-up may run as an administrator out of a folder for downloads, with a TEMP and a target that everybody
; can write to. So it unpacks its plug-ins and a kmrepair.exe into a folder that has an access list for
; administrators from the moment on that it is made (installer/private.py sees to that), keeps a file in it
; open from then on, runs the program only from there, and copies into the target only after limiting it.
;
; The floor is Windows NT 4.0:
; - The Unicode stub. NSIS says of it that it does not run on Windows 95, 98 and ME (manual, section 1.4
;   "Unicode installers"), and of the stubs in general that NT is served (section 1.2); release 3.0
;   "still works on all the same versions of Windows" (appendix F). Looked at in Debian's 3.08:
;   subsystem 4.0, and nothing imported from kernel32 and advapi32 that is not in
;   tests/nt4-exports.txt. Unicode, because a folder's name need not be in the host's code page.
; - No plug-in but nsExec and UserInfo, which keep to the same; x64.nsh and nsDialogs would bring more.
; - 64-bit Windows is known by an environment variable that it gives to each 32-bit program. There is
;   nothing to call that NT 4.0 might not have.
; - Debian compiles the stubs for the i686, with some twenty cmov in each, which a Pentium or an i486
;   does not know. installer/i486.py takes them out of the one that is used; the plug-ins have none.

Unicode true
SetCompressor /SOLID lzma
SetCompressorDictSize 1
; The time of the installation, not that of the build: the same bytes from each build.
SetDateSave off
ManifestSupportedOS all
RequestExecutionLevel admin

!ifndef X86
  !define X86 build/x86/kmrepair.exe
!endif
!ifndef X64
  !define X64 build/x64/kmrepair.exe
!endif
!ifndef OUT
  !define OUT build/kmrepair-setup.exe
!endif
; Signs the uninstaller, which exists as a file only while this is compiled.
!ifdef SIGN
  !uninstfinalize '"${SIGN}" "%1"'
!endif

!searchparse /file service/version.h '#define KMREPAIR_VERSION "' VERSION '"'
; What the page for the Clients folder shows when none is found; it takes nothing that is no path.
!define DEFAULT_FOLDER "C:\Security\Mgrent\Clients"

; As in the version resource of the program.
!searchparse /file service/version.h '#define KMREPAIR_COMPANY "' PUBLISHER '"'
!searchparse /file service/version.h '#define KMREPAIR_COPYRIGHT "' COPYRIGHT '"'
!define SERVICE_KEY "SYSTEM\CurrentControlSet\Services\KMRepair"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\KMRepair"

Name "KMRepair"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES\KMRepair"
BrandingText "KMRepair ${VERSION}"
ShowInstDetails show
ShowUninstDetails show
AllowSkipFiles off
; NSIS would count the files of sections only, and these are in functions.
SpaceTexts none

VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "KMRepair"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "KMRepair set-up"
VIAddVersionKey "CompanyName" "${PUBLISHER}"
VIAddVersionKey "LegalCopyright" "${COPYRIGHT}"

!include LogicLib.nsh
!include MUI2.nsh

!include installer/shared.nsh
!include installer/pages.nsh
!include installer/last.nsh
!include installer/install.nsh
!include installer/uninstall.nsh
