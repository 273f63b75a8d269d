; The set-up program: build/kmrepair-setup.exe. Run from the top of the repository, as the Makefile does.
;
;   kmrepair-setup.exe [/S] [/CLIENTS=DIR] [/REPORTONLY] [/NOSTART] [/WAIT=SECONDS] [/LOG=FILE] [/D=DIR]
;   uninstall.exe      [/S] [/PURGE] [/WAIT=SECONDS] [/LOG=FILE] [_?=DIR]
;
; Exit codes of both; whatever is not 0 has left everything as it was, as far as that could be done:
;   0  done
;   1  cancelled by the user
;   2  the set-up program itself is damaged, or could not begin
;   3  not an administrator
;   4  the command line is wrong, or KMRepair is installed in another folder
;   5  the service could not be stopped, or not removed
;   6  a file could not be written or replaced: disk full, or still in use after /WAIT (default 30 s)
;   7  `kmrepair install` refused; what it said is shown, and in the /LOG
;   8  the service did not start
;   9  it failed, and the old version could not be put back completely
; The uninstaller runs as a copy of itself, so the exit code of the first process tells nothing; who needs
; it calls `uninstall.exe /S _?=DIR`, which waits, and leaves uninstall.exe itself behind.
;
; Copying files and the entry in Add/Remove Programs is all that is done here. What makes a service of
; the program is in the program: `kmrepair install`, `start`, `stop` and `uninstall`.
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

!define PUBLISHER "The KMRepair developers"
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
VIAddVersionKey "LegalCopyright" "Copyright (c) 2026 ${PUBLISHER}. MIT licence."

!include LogicLib.nsh
!include MUI2.nsh

Var Clients     ; the folder to be watched; empty: what the configuration says, or its default
Var Found       ; what is shown for confirmation: unless it is changed, it need not be told
Var About       ; what the page says of it
Var Intro       ; what the page of the components says
Var Options     ; of `kmrepair install`
Var Present     ; the folder in which KMRepair is installed already, or empty
Var Registered  ; 1: the service is
Var WasRunning  ; 1: and it ran
Var HadConfig   ; 1: there was a configuration
Var HadJournal  ; 1: and a journal
Var NoStart
Var X64         ; 1: the 64-bit program is the fitting one
Var Explicit    ; 1: the folder was named by /D
Var Wait        ; seconds
Var Log         ; handle, or empty
Var Stage       ; how far it has come, for Rollback: see there
Var Failed      ; 1: one of several steps has
Var Code        ; exit code, and
Var Reason      ;   its words
Var Rest        ; of the command line, not yet read
Var Word        ; of it, without quotes
Var Output      ; of the program

!define MUI_ABORTWARNING
!insertmacro MUI_PAGE_LICENSE build/package/LICENSE.txt
!define MUI_PAGE_CUSTOMFUNCTION_PRE FolderPage
!insertmacro MUI_PAGE_DIRECTORY
!define MUI_COMPONENTSPAGE_TEXT_TOP "$Intro"
!define MUI_PAGE_CUSTOMFUNCTION_PRE ComponentsPage
!define MUI_PAGE_CUSTOMFUNCTION_SHOW ComponentsShown
!insertmacro MUI_PAGE_COMPONENTS
!define MUI_PAGE_HEADER_TEXT "The Key Management server's records"
!define MUI_PAGE_HEADER_SUBTEXT "Which folder is to be watched?"
!define MUI_DIRECTORYPAGE_VARIABLE $Clients
!define MUI_DIRECTORYPAGE_TEXT_TOP "The Key Management server keeps one file for each mailbox in a folder \
named Clients. $About"
!define MUI_DIRECTORYPAGE_TEXT_DESTINATION "Clients folder"
!define MUI_PAGE_CUSTOMFUNCTION_PRE ClientsPage
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; Each of the files that are installed.
!macro EachFile action
  !insertmacro ${action} kmrepair.exe
  !insertmacro ${action} README.txt
  !insertmacro ${action} LICENSE.txt
  !insertmacro ${action} uninstall.exe
!macroend

; ---- what set-up and uninstaller share; NSIS wants a copy for each

!macro Shared un

; Takes the next word off $Rest.
Function ${un}NextWord
  Push $0
  Push $1
  StrCpy $Word ""
  StrCpy $0 0 ; 1: between quotes
  ${Do}
    StrCpy $1 $Rest 1
    ${If} $1 == ""
      ${Break}
    ${EndIf}
    StrCpy $Rest $Rest "" 1
    ${If} $1 == '"'
      IntOp $0 $0 ^ 1
    ${ElseIf} $1 == " "
    ${AndIf} $0 = 0
      ${Break}
    ${Else}
      StrCpy $Word "$Word$1"
    ${EndIf}
  ${Loop}
  Pop $1
  Pop $0
FunctionEnd

; Shows $Word, and writes it into the log.
Function ${un}Say
  DetailPrint "$Word"
  ${If} $Log != ""
    FileWriteUTF16LE $Log "$Word$\r$\n"
  ${EndIf}
FunctionEnd

; Says each line of $Output.
Function ${un}SayOutput
  Push $0
  Push $1
  StrCpy $Word ""
  StrCpy $1 0
  ${Do}
    StrCpy $0 $Output 1 $1
    IntOp $1 $1 + 1
    ${If} $0 == "$\n"
    ${OrIf} $0 == ""
      ${If} $Word != ""
        Call ${un}Say
      ${EndIf}
      StrCpy $Word ""
    ${ElseIf} $0 != "$\r"
      StrCpy $Word "$Word$0"
    ${EndIf}
  ${LoopUntil} $0 == ""
  Pop $1
  Pop $0
FunctionEnd

; Runs $Word, a command line, without a window. $0 is its exit code, $Output what it said. Each of the
; program's verbs gives up by itself; the limit here is for what nobody thought of.
Function ${un}Run
  Call ${un}Say
  nsExec::ExecToStack /TIMEOUT=300000 "$Word"
  Pop $0
  Pop $Output
  Call ${un}SayOutput
FunctionEnd

; Waits until nothing runs the program any more, at most $Wait seconds; the error flag tells. A service
; says that it has stopped before its process has ended.
Function ${un}WaitFree
  Push $0
  Push $1
  IntOp $1 $Wait * 5
  ; That somebody has marked it read-only is no sign of its running.
  SetFileAttributes "$INSTDIR\kmrepair.exe" NORMAL
  ${Do}
    ClearErrors
    ${IfNot} ${FileExists} "$INSTDIR\kmrepair.exe"
      ${Break}
    ${EndIf}
    FileOpen $0 "$INSTDIR\kmrepair.exe" a
    ${IfNot} ${Errors}
      FileClose $0
      ${Break}
    ${EndIf}
    ${If} $1 <= 0
      SetErrors
      ${Break}
    ${EndIf}
    IntOp $1 $1 - 1
    Sleep 200
  ${Loop}
  Pop $1
  Pop $0
FunctionEnd

; Before anything was changed: the reason, the exit code, the end.
Function ${un}Refuse
  StrCpy $Output $Reason
  Call ${un}SayOutput
  MessageBox MB_OK|MB_ICONSTOP "$Reason" /SD IDOK
  SetErrorLevel $Code
  Quit
FunctionEnd

; The options of both. Empty $Word: it was one of them.
Function ${un}CommonOption
  Push $0
  ${If} $Word == "/S"
    SetSilent silent ; NSIS itself knows the capital only
    StrCpy $Word ""
  ${ElseIf} $Word == "/NCRC"
    StrCpy $Word ""
  ${EndIf}
  StrCpy $0 $Word 6
  ${If} $0 == "/WAIT="
    StrCpy $Wait $Word "" 6
    IntOp $0 $Wait + 0
    ${If} $0 == $Wait
    ${AndIf} $Wait >= 0
    ${AndIf} $Wait <= 3600
      StrCpy $Word ""
    ${EndIf}
  ${EndIf}
  StrCpy $0 $Word 5
  ${If} $0 == "/LOG="
    StrCpy $0 $Word "" 5
    ClearErrors
    FileOpen $Log $0 w
    ${If} ${Errors}
      StrCpy $Log ""
    ${Else}
      FileWriteUTF16LE /BOM $Log "KMRepair ${VERSION}$\r$\n"
      StrCpy $Word ""
    ${EndIf}
  ${EndIf}
  Pop $0
FunctionEnd

; What both begin with.
Function ${un}Begin
  Push $0
  StrCpy $Wait 30
  StrCpy $Log ""
  StrCpy $X64 0
  ReadEnvStr $0 PROCESSOR_ARCHITEW6432
  ${If} $0 == "AMD64"
    StrCpy $X64 1
    SetRegView 64
  ${EndIf}
  Pop $0
FunctionEnd

; RequestExecutionLevel is for Vista and later; before it, and where that is turned off, it is to be
; asked for. UserInfo asks for the group in a way that NT 4.0 knows.
Function ${un}NeedAdministrator
  Push $0
  UserInfo::GetAccountType
  Pop $0
  ${If} $0 != "Admin"
    StrCpy $Code 3
    StrCpy $Reason "KMRepair is a service: it takes an administrator's rights to install or to remove \
it. Please log on as an administrator and start this again."
    Call ${un}Refuse
  ${EndIf}
  Pop $0
FunctionEnd

!macroend
!insertmacro Shared ""
!insertmacro Shared "un."

; ---- what can be chosen; the list has room for some 23 letters

Section "KMRepair" SectionMain
  SectionIn RO
  Call Install
SectionEnd

Section /o "Report only" SectionReport
SectionEnd

Section "Start the service now" SectionStart
SectionEnd

LangString DESCRIPTION_MAIN ${LANG_ENGLISH} "The service, its documentation, its uninstaller."
LangString DESCRIPTION_REPORT ${LANG_ENGLISH} "Writes Repair = no into the configuration: stuck records are \
reported in the event log and left as they are."
LangString DESCRIPTION_START ${LANG_ENGLISH} "It starts with Windows in any case."
!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${SectionMain} $(DESCRIPTION_MAIN)
  !insertmacro MUI_DESCRIPTION_TEXT ${SectionReport} $(DESCRIPTION_REPORT)
  !insertmacro MUI_DESCRIPTION_TEXT ${SectionStart} $(DESCRIPTION_START)
!insertmacro MUI_FUNCTION_DESCRIPTION_END

; ---- before the pages

; An absolute path is needed: what a relative one means changes with the working directory. $0 is the
; path, and the error flag the answer.
Function CheckAbsolute
  Push $1
  ClearErrors
  StrCpy $1 $0 2 1
  ${If} $1 != ":\"
    StrCpy $1 $0 2
    ${If} $1 != "\\"
      SetErrors
    ${EndIf}
  ${EndIf}
  Pop $1
FunctionEnd

Function ReadOptions
  StrCpy $Rest $CMDLINE
  Call NextWord ; the set-up program itself
  ${DoWhile} $Rest != ""
    Call NextWord
    Call CommonOption
    StrCpy $1 $Word 9
    StrCpy $2 $Word 3
    ${If} $Word == "/NOSTART"
      StrCpy $NoStart 1
    ${ElseIf} $Word == "/X86" ; for the tests: a Windows under Wine always is a 64-bit one
      StrCpy $X64 0
    ${ElseIf} $Word == "/REPORTONLY"
      SectionSetFlags ${SectionReport} ${SF_SELECTED}
    ${ElseIf} $1 == "/CLIENTS="
      StrCpy $Clients $Word "" 9
      StrCpy $0 $Clients
      Call CheckAbsolute
      ${If} ${Errors}
        StrCpy $Code 4
        StrCpy $Reason "/CLIENTS= wants a whole path, such as D:\Security\Mgrent\Clients, not: $Clients"
        Call Refuse
      ${EndIf}
    ${ElseIf} $2 == "/D=" ; in quotes; without them NSIS takes it, and everything behind it
      StrCpy $INSTDIR $Word "" 3
      StrCpy $Explicit 1
    ${ElseIf} $Word != ""
      StrCpy $Code 4
      StrCpy $Reason "There is no such option: $Word$\r$\n$\r$\n\
kmrepair-setup [/S] [/CLIENTS=DIR] [/REPORTONLY] [/NOSTART] [/WAIT=SECONDS] [/LOG=FILE] [/D=DIR]"
      Call Refuse
    ${EndIf}
  ${Loop}
FunctionEnd

; Sets $Registered, and $Present to the folder of what is installed, whoever has installed it.
Function FindPresent
  StrCpy $Registered 0
  StrCpy $Present ""
  ReadRegStr $0 HKLM "${SERVICE_KEY}" "ImagePath"
  ${If} $0 != ""
    StrCpy $Registered 1
    StrCpy $Rest $0
    Call NextWord
    StrCpy $Present $Word
    ${Do} ; up to the last backslash
      StrCpy $1 $Present 1 -1
      StrCpy $Present $Present -1
    ${LoopUntil} $1 == "\"
    ${OrIf} $Present == ""
  ${Else}
    ReadRegStr $0 HKLM "${UNINSTALL_KEY}" "InstallLocation"
    ${If} ${FileExists} "$0\uninstall.exe"
      StrCpy $Present $0
    ${EndIf}
  ${EndIf}
FunctionEnd

Function .onInit
  StrCpy $Stage 0
  StrCpy $NoStart 0
  StrCpy $Explicit 0
  StrCpy $WasRunning 0
  StrCpy $Code 0
  Call Begin
  ${If} $INSTDIR != "$PROGRAMFILES\KMRepair"
    StrCpy $Explicit 1
  ${EndIf}
  Call ReadOptions
  Call NeedAdministrator
  Call FindPresent
  ${If} $Explicit = 0
    ${If} $Present != ""
      StrCpy $INSTDIR $Present
    ${ElseIf} $X64 = 1
      StrCpy $INSTDIR "$PROGRAMFILES64\KMRepair"
    ${EndIf}
  ${EndIf}
  StrCpy $0 $INSTDIR
  Call CheckAbsolute
  ${If} ${Errors}
    StrCpy $Code 4
    StrCpy $Reason "/D= wants a whole path, such as D:\KMRepair, not: $INSTDIR"
    Call Refuse
  ${EndIf}
  ; There is one service, so there is one folder: it is upgraded where it is.
  ${If} $Present != ""
  ${AndIf} $Present != $INSTDIR
    StrCpy $Code 4
    StrCpy $Reason "KMRepair is installed in $Present. Upgrade it there (without /D), or remove it first."
    Call Refuse
  ${EndIf}
  StrCpy $About "Please confirm it."
  ${If} $NoStart = 1
    SectionSetFlags ${SectionStart} 0
  ${EndIf}
FunctionEnd

Function FolderPage
  ${If} $Present != ""
    Abort
  ${EndIf}
FunctionEnd

; An existing configuration is not changed, so there is nothing to ask that would be written into one.
Function ComponentsPage
  SectionSetText ${SectionReport} "Report only"
  StrCpy $Intro "Choose how KMRepair is to begin. The configuration, kmrepair.ini, can be changed at any time."
  ${If} ${FileExists} "$INSTDIR\kmrepair.ini"
    SectionSetText ${SectionReport} ""
    StrCpy $Intro "There is a configuration in $INSTDIR, which stays as it is."
  ${EndIf}
  ${If} $Present != ""
    SectionSetText ${SectionStart} "Restart it if it runs"
    StrCpy $Intro "KMRepair is installed in $Present and is upgraded there. The configuration and the journal \
stay as they are."
  ${EndIf}
FunctionEnd

; It is the last page then.
Function ComponentsShown
  ${If} ${FileExists} "$INSTDIR\kmrepair.ini"
    GetDlgItem $0 $HWNDPARENT 1
    SendMessage $0 ${WM_SETTEXT} 0 "STR:$(^InstallBtn)"
  ${EndIf}
FunctionEnd

; What the page shows: what the program finds, which has the say in that. As long as nobody changes it no
; folder is told to `kmrepair install`, and the program finds it by itself. Not found: where it usually is,
; and the program's own words; it may have found that this host does not need KMRepair.
Function FindClients
  StrCpy $Found "${DEFAULT_FOLDER}"
  InitPluginsDir
  ${If} $X64 = 1
    File "/oname=$PLUGINSDIR\kmrepair.exe" "${X64}"
  ${Else}
    File "/oname=$PLUGINSDIR\kmrepair.exe" "${X86}"
  ${EndIf}
  File "/oname=$PLUGINSDIR\kmrepair.ini" installer/kmrepair.ini
  StrCpy $Word '"$PLUGINSDIR\kmrepair.exe" check --config "$PLUGINSDIR\kmrepair.ini"'
  Call Run
  ; `Repair = yes, Folder = D:\Security\Mgrent\Clients (auto), SettleSeconds = 5, ...`, or else
  ; `Repair = yes, Folder = auto, ...` and a line that says why.
  Push "Folder = "
  Call After
  Pop $2
  StrCpy $1 0
  ${Do}
    StrCpy $3 $2 8 $1
    ${If} $3 == " (auto),"
      StrCpy $Found $2 $1
      StrCpy $About "This one was found. Left as it is, the service always finds it by itself."
      ${Break}
    ${EndIf}
    IntOp $1 $1 + 1
  ${LoopUntil} $3 == ""
  ${If} $3 == ""
    Push "$\n"
    Call After
    Pop $2
    StrCpy $About "$2Left as it is, the service goes on looking." ; $2 ends with the end of its line
  ${EndIf}
FunctionEnd

; Replaces the text on the stack by what follows it in $Output.
Function After
  Exch $0
  Push $1
  Push $2
  Push $3
  StrLen $1 $0
  StrCpy $2 0
  ${Do}
    StrCpy $3 $Output $1 $2
    ${If} $3 == $0
    ${OrIf} $3 == ""
      ${Break}
    ${EndIf}
    IntOp $2 $2 + 1
  ${Loop}
  IntOp $2 $2 + $1
  StrCpy $0 $Output "" $2
  Pop $3
  Pop $2
  Pop $1
  Exch $0
FunctionEnd

Function ClientsPage
  ${If} ${FileExists} "$INSTDIR\kmrepair.ini"
    Abort
  ${EndIf}
  ${If} $Clients == ""
    Call FindClients
    StrCpy $Clients $Found
  ${EndIf}
FunctionEnd

; ---- the installation

; The stages: 1 new files are written beside the old ones, 2 the service was stopped, 3 files are being
; exchanged, 4 `kmrepair install` was called, 5 done.

; Looking at the error flag clears it, so what has gone wrong in a row of steps is kept in $Failed.
!macro NoteErrors
  ${If} ${Errors}
    StrCpy $Failed 1
  ${EndIf}
!macroend

!macro Exchange name
  ${If} $Failed = 0
    Delete "$INSTDIR\${name}.old"
    ${If} ${FileExists} "$INSTDIR\${name}"
      ClearErrors
      Rename "$INSTDIR\${name}" "$INSTDIR\${name}.old"
      !insertmacro NoteErrors
    ${EndIf}
    ${If} $Failed = 0
      ClearErrors
      Rename "$INSTDIR\${name}.new" "$INSTDIR\${name}"
      !insertmacro NoteErrors
    ${EndIf}
  ${EndIf}
!macroend

; A file whose .new is still there was not exchanged; what else has no .old was not there before.
!macro PutBack name
  ${IfNot} ${FileExists} "$INSTDIR\${name}.new"
    ClearErrors
    Delete "$INSTDIR\${name}"
    ${If} ${Errors}
      StrCpy $Code 9
    ${EndIf}
  ${EndIf}
  ${If} ${FileExists} "$INSTDIR\${name}.old"
  ${AndIfNot} ${FileExists} "$INSTDIR\${name}"
    ClearErrors
    Rename "$INSTDIR\${name}.old" "$INSTDIR\${name}"
    ${If} ${Errors}
      StrCpy $Code 9
    ${EndIf}
  ${EndIf}
!macroend

; A set-up that was cut short by the power leaves these.
!macro Recover name
  ${If} ${FileExists} "$INSTDIR\${name}.old"
  ${AndIfNot} ${FileExists} "$INSTDIR\${name}"
    Rename "$INSTDIR\${name}.old" "$INSTDIR\${name}"
  ${EndIf}
  Delete "$INSTDIR\${name}.new"
!macroend

!macro DeleteNew name
  Delete "$INSTDIR\${name}.new"
!macroend

!macro DeleteOld name
  Delete "$INSTDIR\${name}.old"
!macroend

!macro AddSize name
  ClearErrors
  FileOpen $1 "$INSTDIR\${name}" r
  ${IfNot} ${Errors}
    FileSeek $1 0 END $2
    FileClose $1
    IntOp $0 $0 + $2
  ${EndIf}
!macroend

!macro Extract name from
  ${If} $Failed = 0
    ClearErrors
    File "/oname=${name}.new" "${from}"
    !insertmacro NoteErrors
  ${EndIf}
!macroend

!macro ExtractProgram
  ${If} $X64 = 1
    !insertmacro Extract kmrepair.exe "${X64}"
  ${Else}
    !insertmacro Extract kmrepair.exe "${X86}"
  ${EndIf}
!macroend

; Puts everything back, as far as it has come.
Function Rollback
  Push $0
  ${If} $Stage >= 4
    StrCpy $Word '"$INSTDIR\kmrepair.exe" stop'
    ${If} $Registered = 0
      StrCpy $Word '"$INSTDIR\kmrepair.exe" uninstall'
    ${EndIf}
    Call Run
    Call WaitFree
  ${EndIf}
  ${If} $Stage >= 3
    !insertmacro EachFile PutBack
  ${EndIf}
  ${If} $Stage >= 1
    !insertmacro EachFile DeleteNew
  ${EndIf}
  ${If} $Stage >= 4
    ${If} $HadConfig = 0
      Delete "$INSTDIR\kmrepair.ini"
    ${EndIf}
    ${If} $HadJournal = 0
      Delete "$INSTDIR\kmrepair.jnl"
    ${EndIf}
    ${If} $Registered = 1
      StrCpy $Word '"$INSTDIR\kmrepair.exe" install'
      Call Run
      ${If} $0 != 0
        StrCpy $Code 9
      ${EndIf}
    ${EndIf}
  ${EndIf}
  ${If} $WasRunning = 1
    StrCpy $Word '"$INSTDIR\kmrepair.exe" start'
    Call Run
    ${If} $0 != 0
      StrCpy $Code 9
    ${EndIf}
  ${EndIf}
  ${If} $Stage >= 1
    SetOutPath $TEMP ; a working directory can not be removed
    RMDir "$INSTDIR"
  ${EndIf}
  StrCpy $Stage 0
  Pop $0
FunctionEnd

Function Fail
  StrCpy $Output $Reason
  Call SayOutput
  Call Rollback
  ${If} $Code = 9
    StrCpy $Reason "$Reason$\r$\n$\r$\nWhat was installed before could not be put back completely: see the \
details, then run this set-up again."
  ${EndIf}
  MessageBox MB_OK|MB_ICONSTOP "$Reason" /SD IDOK
  SetErrorLevel $Code
  Abort
FunctionEnd

; NSIS comes here by itself when the disk is full while it unpacks.
Function .onInstFailed
  ${If} $Stage >= 1
  ${AndIf} $Stage < 5
    StrCpy $Code 6
    Call Rollback
  ${EndIf}
  ${If} $Code != 0
    SetErrorLevel $Code
  ${EndIf}
FunctionEnd

Function Install
  ; Everything is written before anything is stopped: a full disk does no harm.
  StrCpy $Code 6
  StrCpy $Reason "The program can not be written to $INSTDIR. Is the disk full, or the folder read-only?"
  ClearErrors
  SetOutPath "$INSTDIR"
  ${If} ${Errors}
    Call Fail
  ${EndIf}
  !insertmacro EachFile Recover
  StrCpy $HadConfig 0
  ${If} ${FileExists} "$INSTDIR\kmrepair.ini"
    StrCpy $HadConfig 1
  ${EndIf}
  StrCpy $HadJournal 0
  ${If} ${FileExists} "$INSTDIR\kmrepair.jnl"
    StrCpy $HadJournal 1
  ${EndIf}
  StrCpy $Stage 1
  ; Anything else than `try` would ask, or in silence give up without putting back.
  SetOverwrite try
  StrCpy $Failed 0
  !insertmacro ExtractProgram
  ${If} $Failed = 1
    Call Fail
  ${EndIf}
  ; On NT 4.0 everybody may write to a new folder below Program Files. 1: a FAT volume, where nobody can be
  ; kept out.
  StrCpy $Word '"$INSTDIR\kmrepair.exe.new" protect'
  Call Run
  ${If} $0 != 0
  ${AndIf} $0 != 1
    StrCpy $Code 7
    StrCpy $Reason "KMRepair can not be installed in $INSTDIR.$\r$\n$\r$\n$Output"
    Call Fail
  ${EndIf}
  ; Once more, in case that somebody was quick.
  !insertmacro ExtractProgram
  !insertmacro Extract README.txt build/package/README.txt
  !insertmacro Extract LICENSE.txt build/package/LICENSE.txt
  ClearErrors
  WriteUninstaller "$INSTDIR\uninstall.exe.new"
  !insertmacro NoteErrors
  ${If} $Failed = 1
    Call Fail
  ${EndIf}

  ${If} $HadConfig = 1
    ; Nor is a service stopped that the new version could not start again.
    StrCpy $Word '"$INSTDIR\kmrepair.exe.new" check'
    Call Run
    ${If} $0 != 0
      StrCpy $Code 7
      StrCpy $Reason "The configuration is not accepted, so nothing was changed.$\r$\n$\r$\n$Output"
      Call Fail
    ${EndIf}
  ${EndIf}

  ${If} $Registered = 1
    ; The new program's verb: its words are known here. A paused service counts as running; that it was
    ; paused would not have outlived the next start of Windows either.
    StrCpy $Word '"$INSTDIR\kmrepair.exe.new" stop'
    Call Run
    ${If} $0 != 0
      StrCpy $Code 5
      StrCpy $Reason "The service that is installed can not be stopped.$\r$\n$\r$\n$Output"
      Call Fail
    ${EndIf}
    Push $Output
    Call SaysNotRunning
    Pop $WasRunning
    StrCpy $Stage 2
  ${EndIf}
  Call WaitFree
  ${If} ${Errors}
    StrCpy $Code 6
    StrCpy $Reason "$INSTDIR\kmrepair.exe can not be replaced: another program has it open, or it still \
runs in a console."
    Call Fail
  ${EndIf}

  StrCpy $Stage 3
  StrCpy $Failed 0
  !insertmacro EachFile Exchange
  ${If} $Failed = 1
    StrCpy $Code 6
    StrCpy $Reason "A file in $INSTDIR can not be replaced."
    Call Fail
  ${EndIf}

  StrCpy $Stage 4
  Call ComposeOptions
  StrCpy $Word '"$INSTDIR\kmrepair.exe" install$Options'
  Call Run
  ${If} $0 != 0
    StrCpy $Code 7
    StrCpy $Reason "KMRepair can not be installed.$\r$\n$\r$\n$Output"
    Call Fail
  ${EndIf}

  SectionGetFlags ${SectionStart} $0
  IntOp $0 $0 & ${SF_SELECTED}
  ; In an upgrade a service that was stopped stays stopped.
  ${If} $0 <> 0
  ${AndIf} "$Registered$WasRunning" != "10"
    StrCpy $Word '"$INSTDIR\kmrepair.exe" start'
    Call Run
    ${If} $0 != 0
      StrCpy $Code 8
      StrCpy $Reason "The service does not start.$\r$\n$\r$\n$Output"
      Call Fail
    ${EndIf}
  ${EndIf}

  StrCpy $Stage 5
  StrCpy $Code 0
  !insertmacro EachFile DeleteOld
  Call AddRemovePrograms
  SetOutPath $TEMP
  StrCpy $Word "KMRepair ${VERSION} is installed in $INSTDIR"
  Call Say
FunctionEnd

; `kmrepair stop` succeeds in both cases, and says which: replaces the text on the stack by 1 or 0.
Function SaysNotRunning
  Exch $0
  Push $1
  Push $2
  StrCpy $2 0
  ${Do}
    StrCpy $1 $0 15 $2
    IntOp $2 $2 + 1
    ${If} $1 == ""
      StrCpy $0 1
      ${Break}
    ${ElseIf} $1 == "was not running"
      StrCpy $0 0
      ${Break}
    ${EndIf}
  ${Loop}
  Pop $2
  Pop $1
  Exch $0
FunctionEnd

Function ComposeOptions
  StrCpy $Options ""
  ; What was found and not changed is what the program finds by itself.
  ${If} $Clients != ""
  ${AndIf} $Clients != $Found
    ; A backslash before the closing quote would make it a part of the name; two are one.
    StrCpy $0 $Clients 1 -1
    ${If} $0 == "\"
      StrCpy $Clients "$Clients\"
    ${EndIf}
    StrCpy $Options ' --folder "$Clients"'
  ${EndIf}
  SectionGetFlags ${SectionReport} $0
  IntOp $0 $0 & ${SF_SELECTED}
  ${If} $0 <> 0
    StrCpy $Options "$Options --report-only"
  ${EndIf}
FunctionEnd

; What it says is also what FindPresent looks for.
Function AddRemovePrograms
  StrCpy $0 0
  !insertmacro EachFile AddSize
  IntOp $0 $0 + 1023
  IntOp $0 $0 / 1024
  WriteRegStr HKLM "${UNINSTALL_KEY}" "DisplayName" "KMRepair"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "Publisher" "${PUBLISHER}"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\uninstall.exe"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKLM "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKLM "${UNINSTALL_KEY}" "EstimatedSize" $0
  WriteRegDWORD HKLM "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKLM "${UNINSTALL_KEY}" "NoRepair" 1
FunctionEnd

; ---- the uninstaller

Section "un.KMRepair" SectionUnMain
  SectionIn RO
  Call un.Uninstall
SectionEnd

Section /o "un.Configuration and journal" SectionUnPurge
SectionEnd

LangString DESCRIPTION_UNMAIN ${LANG_ENGLISH} "The service is stopped and removed with its files. The records \
that it watched are not touched."
LangString DESCRIPTION_PURGE ${LANG_ENGLISH} "The settings, and the list of what was repaired. Without it \
no repair can be undone."
!insertmacro MUI_UNFUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${SectionUnMain} $(DESCRIPTION_UNMAIN)
  !insertmacro MUI_DESCRIPTION_TEXT ${SectionUnPurge} $(DESCRIPTION_PURGE)
!insertmacro MUI_UNFUNCTION_DESCRIPTION_END

Function un.onInit
  Call un.Begin
  StrCpy $Rest $CMDLINE
  Call un.NextWord
  ${DoWhile} $Rest != ""
    Call un.NextWord
    Call un.CommonOption
    ${If} $Word == "/PURGE"
      SectionSetFlags ${SectionUnPurge} ${SF_SELECTED}
    ${ElseIf} $Word != ""
      StrCpy $Code 4
      StrCpy $Reason "There is no such option: $Word$\r$\n$\r$\nuninstall [/S] [/PURGE] [/WAIT=SECONDS] [/LOG=FILE]"
      Call un.Refuse
    ${EndIf}
  ${Loop}
  Call un.NeedAdministrator
FunctionEnd

Function un.Fail
  StrCpy $Output $Reason
  Call un.SayOutput
  MessageBox MB_OK|MB_ICONSTOP "$Reason" /SD IDOK
  SetErrorLevel $Code
  Abort
FunctionEnd

!macro DeleteListed name
  Delete "$INSTDIR\${name}"
  Delete "$INSTDIR\${name}.old"
  Delete "$INSTDIR\${name}.new"
!macroend

Function un.Uninstall
  ; The service first. As long as it is there, its program stays.
  ReadRegStr $0 HKLM "${SERVICE_KEY}" "ImagePath"
  ${If} $0 != ""
  ${OrIf} ${FileExists} "$INSTDIR\kmrepair.exe"
    StrCpy $Word '"$INSTDIR\kmrepair.exe" uninstall'
    Call un.Run
    ${If} $0 != 0
      StrCpy $Code 5
      StrCpy $Reason "The service can not be removed, so nothing was.$\r$\n$\r$\n$Output"
      ${If} $0 == "error"
        StrCpy $Reason "$INSTDIR\kmrepair.exe does not run, and it takes it to remove the service. Run the \
set-up again, then uninstall."
      ${EndIf}
      Call un.Fail
    ${EndIf}
  ${EndIf}
  Call un.WaitFree
  ${If} ${Errors}
    StrCpy $Code 6
    StrCpy $Reason "The service is removed. $INSTDIR\kmrepair.exe is in use and was left; uninstall again later."
    Call un.Fail
  ${EndIf}
  ; By name, each of them: what else is in the folder is not ours.
  !insertmacro EachFile DeleteListed
  SectionGetFlags ${SectionUnPurge} $0
  IntOp $0 $0 & ${SF_SELECTED}
  ${If} $0 <> 0
    Delete "$INSTDIR\kmrepair.ini"
    Delete "$INSTDIR\kmrepair.jnl"
    Delete "$INSTDIR\kmrepair.jnl.old"
    Delete "$INSTDIR\kmrepair.jnl.new"
  ${EndIf}
  DeleteRegKey HKLM "${UNINSTALL_KEY}"
  SetOutPath $TEMP
  RMDir "$INSTDIR" ; only when it is empty
  StrCpy $Word "KMRepair is removed."
  Call un.Say
FunctionEnd
