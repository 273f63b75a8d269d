; SPDX-License-Identifier: MIT
; What set-up asks, and before it what is refused at once.

Var Clients     ; the folder to be watched; empty: what the configuration says, or its default
Var Found       ; what is shown for confirmation: unless it is changed, it need not be told
Var About       ; what the page says of it
Var Intro       ; what the page of the components says
Var Present     ; the folder in which KMRepair is installed already, or empty
Var NoStart
Var Least       ; see CheckFull
Var Explicit    ; the folder that was named by /D, or empty; in $INSTDIR NSIS would leave out what it does not like
Var Stage       ; how far the installation has come: see install.nsh
Var Doing       ; what the last page says: what the service does,
Var Scanned     ;   what a scan found,
Var Next        ;   what happens next,
Var GuideFolder ;   and where the operations guide is

!define USAGE "kmrepair-setup [/S] [/CLIENTS=DIR] [/REPORTONLY] [/NOSTART] [/WAIT=SECONDS] [/LOG=FILE] [/D=DIR]"

!define MUI_ABORTWARNING
!define MUI_CUSTOMFUNCTION_ABORT CloseGuard
!define MUI_CUSTOMFUNCTION_UNABORT un.CloseGuard
!insertmacro MUI_PAGE_LICENSE build/package/LICENSE.txt
!define MUI_PAGE_CUSTOMFUNCTION_PRE FolderPage
!insertmacro MUI_PAGE_DIRECTORY
!define MUI_COMPONENTSPAGE_TEXT_TOP "$Intro"
!define MUI_PAGE_CUSTOMFUNCTION_PRE ComponentsPage
!define MUI_PAGE_CUSTOMFUNCTION_SHOW ComponentsShown
!insertmacro MUI_PAGE_COMPONENTS
!define MUI_PAGE_HEADER_TEXT "The Key Management server's records"
!define MUI_PAGE_HEADER_SUBTEXT "Which folder should KMRepair watch?"
!define MUI_DIRECTORYPAGE_VARIABLE $Clients
!define MUI_DIRECTORYPAGE_TEXT_TOP "The Key Management server keeps one file for each mailbox in a folder \
named Clients. $About"
!define MUI_DIRECTORYPAGE_TEXT_DESTINATION "Clients folder"
!define MUI_PAGE_CUSTOMFUNCTION_PRE ClientsPage
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_PAGE_HEADER_TEXT "KMRepair is installed"
!define MUI_PAGE_HEADER_SUBTEXT "What it does now, what a scan found, and what happens next."
!define MUI_DIRECTORYPAGE_VARIABLE $GuideFolder
!define MUI_DIRECTORYPAGE_TEXT_TOP "$Doing $Scanned$\r$\n$\r$\n$Next"
!define MUI_DIRECTORYPAGE_TEXT_DESTINATION "The operations guide, OPERATIONS.txt, is in"
!define MUI_PAGE_CUSTOMFUNCTION_SHOW LastShown
!define MUI_PAGE_CUSTOMFUNCTION_LEAVE LastLeft
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

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
reported in the event log and not changed."
LangString DESCRIPTION_START ${LANG_ENGLISH} "Either way it starts with Windows."
!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${SectionMain} $(DESCRIPTION_MAIN)
  !insertmacro MUI_DESCRIPTION_TEXT ${SectionReport} $(DESCRIPTION_REPORT)
  !insertmacro MUI_DESCRIPTION_TEXT ${SectionStart} $(DESCRIPTION_START)
!insertmacro MUI_FUNCTION_DESCRIPTION_END

; ---- the command line

; A full path is needed: what any other means changes with the working directory. $0 is the path, and the
; error flag the answer. `X:\...` or `\\host\share...`, with no `/`, no part that ends in a full stop or a blank
; (`.` and `..` are such; of others Windows would leave it out), no empty part, and no character that no name has.
; $Least: how many parts there are at least behind the host; a Clients folder may be all of a share.
Function CheckFull
  Push $1
  Push $2
  Push $3
  Push $4
  ClearErrors
  StrCpy $1 $0 2 1
  StrCpy $2 $0 2
  ${If} $1 != ":\"
  ${AndIf} $2 != "\\"
    SetErrors
  ${EndIf}
  ${If} $1 == ":\"
    StrCpy $2 $0 1
    StrCpy $3 0
    ${Do}
      StrCpy $4 "ABCDEFGHIJKLMNOPQRSTUVWXYZ" 1 $3
      ${If} $4 == $2
        ${Break}
      ${EndIf}
      IntOp $3 $3 + 1
    ${LoopUntil} $4 == ""
    ${If} $4 == ""
      SetErrors
    ${EndIf}
  ${EndIf}
  StrCpy $1 2
  StrCpy $4 0 ; backslashes behind which there is something
  ${Do}
    StrCpy $2 $0 1 $1
    ${Select} $2
      ${Case4} "/" ":" "*" "?"
        SetErrors
      ${Case4} "<" ">" "|" '"'
        SetErrors
    ${EndSelect}
    IntOp $3 $1 + 1
    StrCpy $3 $0 1 $3
    ${If} $2 == "\"
    ${AndIf} $3 == "\"
      SetErrors
    ${EndIf}
    ${If} $2 == "\"
    ${AndIf} $3 != ""
      IntOp $4 $4 + 1
    ${EndIf}
    ${If} $2 == "."
    ${OrIf} $2 == " "
      ${If} $3 == "\"
      ${OrIf} $3 == ""
        SetErrors
      ${EndIf}
    ${EndIf}
    IntOp $1 $1 + 1
  ${LoopUntil} $2 == ""
  StrCpy $1 $0 2
  StrCpy $2 $0 1 2
  ${If} $1 == "\\"
    ${If} $2 == "\"
    ${OrIf} $4 < $Least
      SetErrors
    ${EndIf}
  ${EndIf}
  Pop $4
  Pop $3
  Pop $2
  Pop $1
FunctionEnd

Function WrongOption
  StrCpy $Code 4
  StrCpy $Reason "set-up has no option $Word$\r$\n$\r$\n${USAGE}"
  Call Refuse
FunctionEnd

; Without quotes /D= is everything up to the end of the line, as NSIS has it. NSIS itself would take it
; without a word for nothing if it is no full path, so it is not asked (installer/private.py).
Function TakeFolder
  Push $0
  StrCpy $0 $Rest 3
  ${If} $0 == "/D="
    StrCpy $0 $Rest 1 3
    ${If} $0 != '"'
      StrCpy $Explicit $Rest "" 3
      StrCpy $Rest ""
      ${Do}
        StrCpy $0 $Explicit 1 -1
        ${If} $0 != " "
          ${Break}
        ${EndIf}
        StrCpy $Explicit $Explicit -1
      ${Loop}
      ${If} $Explicit == ""
        StrCpy $Word "/D="
        Call WrongOption
      ${EndIf}
    ${EndIf}
  ${EndIf}
  Pop $0
FunctionEnd

Function ReadOptions
  StrCpy $Rest $CMDLINE
  Call NextWord ; the set-up program itself
  ${DoWhile} $Rest != ""
    Call TakeFolder
    Call NextWord
    StrCpy $Reason "${USAGE}$\r$\n$\r$\nWithout /S its pages ask for the same. Exit codes: 0 done, 1 cancelled, 2 damaged, \
3 not an administrator, 4 wrong command line, 5 the service does not stop, 6 a file cannot be written, 7 refused, \
8 the service does not start, 9 not everything could be put back, 10 removed, \
but files are left."
    Call Help
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
      StrCpy $Least 1
      Call CheckFull
      ${If} ${Errors}
        StrCpy $Code 4
        StrCpy $Reason "/CLIENTS= needs a full path, such as D:\Security\Mgrent\Clients, not: $Clients"
        Call Refuse
      ${EndIf}
    ${ElseIf} $2 == "/D="
      StrCpy $Explicit $Word "" 3
      ${If} $Explicit == ""
        Call WrongOption
      ${EndIf}
    ${ElseIf} $Word != ""
      Call WrongOption
    ${EndIf}
  ${Loop}
FunctionEnd

Function CheckFolder
  StrCpy $0 $Explicit
  StrCpy $Least 2
  Call CheckFull
  ${If} ${Errors}
    StrCpy $Code 4
    StrCpy $Reason "/D= needs a full path, such as D:\KMRepair, not: $Explicit"
    Call Refuse
  ${EndIf}
  StrCpy $0 $Explicit 1 -1
  ${If} $0 == "\"
    StrCpy $Explicit $Explicit -1
  ${EndIf}
  StrLen $0 $Explicit
  ${If} $0 <= 2
    StrCpy $Code 4
    StrCpy $Reason "KMRepair needs a folder of its own, such as $Explicit\KMRepair, not: $Explicit\"
    Call Refuse
  ${EndIf}
  StrCpy $INSTDIR $Explicit
FunctionEnd

; ---- before the pages

; The program that set-up runs, where nobody else can exchange it.
Function Unpack
  ${If} $X64 = 1
    File "/oname=$PLUGINSDIR\kmrepair.exe" "${X64}"
  ${Else}
    File "/oname=$PLUGINSDIR\kmrepair.exe" "${X86}"
  ${EndIf}
  Call Hold
  ${If} ${Errors}
    StrCpy $Code 2
    StrCpy $Reason "Set-up cannot unpack its program into $PLUGINSDIR. Is the disk full?"
    Call Refuse
  ${EndIf}
FunctionEnd

; Sets $Present to the folder of what is installed, whoever has installed it.
Function FindPresent
  StrCpy $Present ""
  Call ReadFacts
  ${If} $State == ""
    StrCpy $Code 2
    StrCpy $Reason "Set-up's own program does not run in $PLUGINSDIR, or that folder belongs to somebody else. Set \
TEMP to a folder of your own, then run set-up again."
    Call Refuse
  ${EndIf}
  ${If} $Installed != ""
    StrCpy $Present $Installed
    ${Do} ; up to the last backslash
      StrCpy $1 $Present 1 -1
      StrCpy $Present $Present -1
      ${If} $1 == "\"
      ${OrIf} $Present == ""
        ${Break}
      ${EndIf}
    ${Loop}
  ${ElseIf} $State == "none"
    ReadRegStr $0 HKLM "${UNINSTALL_KEY}" "InstallLocation"
    ${If} ${FileExists} "$0\uninstall.exe"
      StrCpy $Present $0
    ${EndIf}
  ${EndIf}
FunctionEnd

; There is one service, so there is one folder: it is upgraded where it is. The same folder may be named in
; two ways.
Function CheckPresent
  ${If} $Present == ""
  ${OrIf} $Present == $INSTDIR
    Return
  ${EndIf}
  GetFullPathName /SHORT $0 $Present
  GetFullPathName /SHORT $1 $INSTDIR
  ${If} $0 == $1
  ${AndIf} $0 != ""
    StrCpy $INSTDIR $Present
    Return
  ${EndIf}
  StrCpy $Code 4
  StrCpy $Reason "KMRepair is installed in $Present. Upgrade it there (without /D), or remove it first."
  Call Refuse
FunctionEnd

Function .onInit
  StrCpy $Stage 0
  StrCpy $NoStart 0
  StrCpy $Explicit ""
  StrCpy $Code 0
  Call Begin
  Call ReadOptions
  ${If} $Explicit != ""
    Call CheckFolder
  ${EndIf}
  Call OpenGuard
  Call NeedAdministrator
  Call Unpack
  Call FindPresent
  ${If} $Explicit == ""
    ${If} $Present != ""
      StrCpy $INSTDIR $Present
    ${ElseIf} $X64 = 1
      StrCpy $INSTDIR "$PROGRAMFILES64\KMRepair"
    ${EndIf}
  ${EndIf}
  Call CheckPresent
  StrCpy $About "Please confirm it."
  ${If} $NoStart = 1
    SectionSetFlags ${SectionStart} 0
  ${EndIf}
FunctionEnd

Function .onInstSuccess
  Call CloseGuard
FunctionEnd

; ---- the pages

Function FolderPage
  ${If} $Present != ""
    Abort
  ${EndIf}
FunctionEnd

; An existing configuration is not changed, so there is nothing to ask that would be written into one.
Function ComponentsPage
  Call ReadFacts ; the folder may be another one now
  SectionSetText ${SectionReport} "Report only"
  StrCpy $Intro "Choose how KMRepair should begin. You can change its configuration, kmrepair.ini, at any time."
  ${If} $HadConfig == "yes"
    SectionSetText ${SectionReport} ""
    StrCpy $Intro "The configuration in $INSTDIR stays as it is."
  ${EndIf}
  ${If} $Present != ""
    SectionSetText ${SectionStart} "Restart it if it runs"
    StrCpy $Intro "KMRepair is installed in $Present and will be upgraded there. Its configuration and journal \
stay as they are."
  ${EndIf}
FunctionEnd

; It is the last page then.
Function ComponentsShown
  ${If} $HadConfig == "yes"
    GetDlgItem $0 $HWNDPARENT 1
    SendMessage $0 ${WM_SETTEXT} 0 "STR:$(^InstallBtn)"
  ${EndIf}
FunctionEnd

; What the page shows: what the program finds, which has the say in that. As long as nobody changes it no
; folder is told to `kmrepair install`, and the program finds it by itself. Not found: where it usually is,
; and the program's own words; it may have found that this host does not need KMRepair.
Function FindClients
  StrCpy $Found "${DEFAULT_FOLDER}"
  File "/oname=$PLUGINSDIR\kmrepair.ini" installer/kmrepair.ini
  StrCpy $Word 'check --format=json --config "$PLUGINSDIR\kmrepair.ini"'
  Call Run
  !insertmacro Ask "" found $0
  ${If} $0 == "yes"
    !insertmacro Ask "" folder $Found
    StrCpy $About "This one was found. If you leave it as it is, the service always finds it by itself."
  ${Else}
    !insertmacro Ask "" why $0
    StrCpy $About "No Clients folder found: $0$\r$\nIf you leave it as it is, the service keeps looking."
  ${EndIf}
FunctionEnd

Function ClientsPage
  ${If} $HadConfig == "yes"
    Abort
  ${EndIf}
  ${If} $Clients == ""
    Call FindClients
    StrCpy $Clients $Found
  ${EndIf}
FunctionEnd
