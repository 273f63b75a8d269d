; SPDX-License-Identifier: MIT
; What set-up and uninstaller share; NSIS wants a copy for each.

Var Program     ; that is run: set-up's own, or the installed one for the uninstaller
Var Guard       ; handle: as long as a file in it is open, Windows lets nobody rename the folder it is in
Var Held        ; handle of the program, which nobody can exchange as long as it is open
Var Left        ; what could not be removed or put back, in words; or empty
Var X64         ; 1: the 64-bit program is the fitting one
Var Wait        ; seconds
Var Log         ; handle, or empty
Var Failed      ; 1: one of several steps has
Var Code        ; exit code, and
Var Reason      ;   its words
Var Rest        ; of the command line, not yet read
Var Word        ; of it, without quotes; and what is said, run or asked for
Var Output      ; of the program
; What `check --format=json` says:
Var State       ; of the service: none, stopped, running, paused, unknown
Var StartType   ; automatic, manual, disabled, other, or empty
Var Installed   ; the program that is registered, or empty
Var Config      ; the configuration that is, or will be, that of the service
Var Journal     ;   and the journal
Var HadConfig   ; yes: the configuration is there

; Each of the files that are installed, the uninstaller last.
!macro EachProgramFile action
  !insertmacro ${action} kmrepair.exe
  !insertmacro ${action} README.txt
  !insertmacro ${action} OPERATIONS.txt
  !insertmacro ${action} EVENTS.txt
  !insertmacro ${action} LICENSE.txt
  !insertmacro ${action} THIRD-PARTY.txt
!macroend

!macro EachFile action
  !insertmacro EachProgramFile ${action}
  !insertmacro ${action} uninstall.exe
!macroend

; Looking at the error flag clears it, so what has gone wrong in a row of steps is kept in $Failed.
!macro NoteErrors
  ${If} ${Errors}
    StrCpy $Failed 1
  ${EndIf}
!macroend

; `un` is a prefix of functions, empty or `un.`.
!macro Ask un name to
  StrCpy $Word "${name}"
  Call ${un}Member
  StrCpy ${to} $Word
!macroend

!macro Shared un

; ---- the command line

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
    ${Else}
      StrCpy $Code 4
      StrCpy $Reason "$Word: give a number of seconds from 0 to 3600, such as /WAIT=60."
      Call ${un}Refuse
    ${EndIf}
  ${EndIf}
  StrCpy $0 $Word 5
  ${If} $0 == "/LOG="
    StrCpy $0 $Word "" 5
    ClearErrors
    FileOpen $Log $0 w
    ${If} ${Errors}
      StrCpy $Log ""
      StrCpy $Code 4
      StrCpy $Reason "The log file cannot be written: $0. Is there such a folder, and is it yours to write to?"
      Call ${un}Refuse
    ${EndIf}
    FileWriteUTF16LE /BOM $Log "KMRepair ${VERSION}$\r$\n"
    StrCpy $Word ""
  ${EndIf}
  Pop $0
FunctionEnd

; Is $Word one of the ways to ask for help? Then the options are shown, which are in $Reason, and that is all.
Function ${un}Help
  ${If} $Word == "/?"
  ${OrIf} $Word == "-?"
  ${OrIf} $Word == "/HELP"
  ${OrIf} $Word == "--help"
    StrCpy $Output $Reason
    Call ${un}SayOutput
    MessageBox MB_OK|MB_ICONINFORMATION "$Reason" /SD IDOK
    SetErrorLevel 0
    Quit
  ${EndIf}
FunctionEnd

; ---- saying and ending

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

; NSIS removes the folder of the guarded files when it ends.
Function ${un}CloseGuard
  ${If} $Held != ""
    FileClose $Held
    StrCpy $Held ""
  ${EndIf}
  ${If} $Guard != ""
    FileClose $Guard
    StrCpy $Guard ""
  ${EndIf}
FunctionEnd

; NSIS' folder for plug-ins, before the first of them is in it. It is made with a list for administrators
; (installer/private.py); but whoever may rename what is in TEMP could have put a folder of his own in its place.
; From the first open file on that is over, and what is in the folder then was there before: it must be nothing.
; Who owns it the program says (--output), when it is run the first time.
Function ${un}OpenGuard
  Push $0
  Push $1
  InitPluginsDir
  StrCpy $Code 2
  ClearErrors
  FileOpen $Guard "$PLUGINSDIR\guard" w
  ${If} ${Errors}
    StrCpy $Guard ""
    StrCpy $Reason "A file cannot be written to $PLUGINSDIR. Is the disk full?"
    Call ${un}Refuse
  ${EndIf}
  FindFirst $0 $1 "$PLUGINSDIR\*.*"
  ${DoWhile} $1 != ""
    ${If} $1 != "."
    ${AndIf} $1 != ".."
    ${AndIf} $1 != "guard"
      StrCpy $Reason "Somebody else has put $1 into $PLUGINSDIR. Set TEMP to a folder of your own, then run this again."
      Call ${un}Refuse
    ${EndIf}
    FindNext $0 $1
  ${Loop}
  FindClose $0
  StrCpy $Code 0
  Pop $1
  Pop $0
FunctionEnd

; Keeps the program that is run as it is. The error flag tells.
Function ${un}Hold
  StrCpy $Program "$PLUGINSDIR\kmrepair.exe"
  ClearErrors
  FileOpen $Held "$Program" r
  ${If} ${Errors}
    StrCpy $Held ""
    SetErrors
  ${EndIf}
FunctionEnd

; Before anything was changed: the reason, the exit code, the end.
Function ${un}Refuse
  StrCpy $Output $Reason
  Call ${un}SayOutput
  MessageBox MB_OK|MB_ICONSTOP "$Reason" /SD IDOK
  Call ${un}CloseGuard
  SetErrorLevel $Code
  Quit
FunctionEnd

; ---- the program

; Runs the program with $Word, verb and options, without a window. $0 is its exit code, $Output what it
; said, its beginning if that is long; all of it is in the log. It says it in a file, in UTF-16: what comes
; through a pipe nsExec would have to guess at. Each verb gives up by itself; the limit here is for what
; nobody thought of.
Function ${un}Run
  Push $1
  Push $2
  StrCpy $Output ""
  Delete "$PLUGINSDIR\said.txt"
  IntOp $2 $Wait + 300
  IntOp $2 $2 * 1000
  StrCpy $0 $Word
  StrCpy $Word "kmrepair $Word"
  Call ${un}Say
  nsExec::Exec /TIMEOUT=$2 '"$Program" $0 --output "$PLUGINSDIR\said.txt"'
  Pop $0
  ClearErrors
  FileOpen $1 "$PLUGINSDIR\said.txt" r
  ${IfNot} ${Errors}
    ${Do}
      ClearErrors
      FileReadUTF16LE $1 $Word
      ${If} ${Errors}
        ${Break}
      ${EndIf}
      StrCpy $Output "$Output$Word"
      Call ${un}TrimEnd
      Call ${un}Say
    ${Loop}
    FileClose $1
  ${EndIf}
  ${If} $0 == "error"
    StrCpy $Output "$Program does not run."
    Call ${un}SayOutput
  ${ElseIf} $0 == "timeout"
    StrCpy $Output "$Program did not end within five minutes."
    Call ${un}SayOutput
  ${EndIf}
  Pop $2
  Pop $1
FunctionEnd

; Cuts the end of its line off $Word.
Function ${un}TrimEnd
  Push $0
  ${Do}
    StrCpy $0 $Word 1 -1
    ${If} $0 != "$\r"
    ${AndIf} $0 != "$\n"
      ${Break}
    ${EndIf}
    StrCpy $Word $Word -1
  ${Loop}
  Pop $0
FunctionEnd

; Replaces $Word, the name of a member, by its value in what `check --format=json` has just said; empty:
; there is none. Each member is a line of its own, behind a brace or a comma, and a string. Of its escapes
; paths have `\\` only.
Function ${un}Member
  Push $0
  Push $1
  Push $2
  Push $3
  StrCpy $1 '"$Word":"'
  StrLen $2 $1
  StrCpy $3 ""
  ClearErrors
  FileOpen $0 "$PLUGINSDIR\said.txt" r
  ${IfNot} ${Errors}
    ${Do}
      ClearErrors
      FileReadUTF16LE $0 $Word
      ${If} ${Errors}
        ${Break}
      ${EndIf}
      Call ${un}TrimEnd
      StrCpy $3 $Word $2 1
      ${If} $3 == $1
        IntOp $2 $2 + 1
        StrCpy $3 $Word -1 $2
        ${Break}
      ${EndIf}
      StrCpy $3 ""
    ${Loop}
    FileClose $0
  ${EndIf}
  StrCpy $Word ""
  StrCpy $1 0
  ${Do}
    StrCpy $0 $3 1 $1
    IntOp $1 $1 + 1
    ${If} $0 == "\"
      StrCpy $0 $3 1 $1
      IntOp $1 $1 + 1
    ${EndIf}
    StrCpy $Word "$Word$0"
  ${LoopUntil} $0 == ""
  Pop $3
  Pop $2
  Pop $1
  Pop $0
FunctionEnd

; What is registered and configured, for the program in $INSTDIR.
Function ${un}ReadFacts
  Push $0
  StrCpy $Word 'check --format=json --in "$INSTDIR"'
  Call ${un}Run
  !insertmacro Ask "${un}" service $State
  !insertmacro Ask "${un}" start $StartType
  !insertmacro Ask "${un}" program $Installed
  !insertmacro Ask "${un}" configuration $Config
  !insertmacro Ask "${un}" journal $Journal
  !insertmacro Ask "${un}" exists $HadConfig
  Pop $0
FunctionEnd

; Stops the service, if there is one, and waits until nothing runs the program in $INSTDIR any more, at most
; $Wait seconds. $0 is 0, 1 when it is in use, or what the program ends with when the service does not stop.
Function ${un}Stop
  StrCpy $Word 'stop --in "$INSTDIR" --wait $Wait'
  Call ${un}Run
FunctionEnd

; Brings the service into the state in which it was, if it is in another; $0 is 0 when it is.
Function ${un}StartAgain
  StrCpy $0 0
  ${If} $State == "running"
    StrCpy $Word "start"
    Call ${un}Run
  ${ElseIf} $State == "paused"
    StrCpy $Word "start --paused"
    Call ${un}Run
  ${EndIf}
FunctionEnd

; The same when something has failed: $Code is 9 and $Left says so, when it cannot be. $Program is the one
; whose service it is: one that does not know how to be started paused refuses, and is not started then, for it
; would repair.
Function ${un}StartBack
  Push $0
  Push $1
  StrCpy $1 $State
  Call ${un}StartAgain
  ${If} $0 != 0
    Call ${un}ReadFacts
    ${If} $State != $1
      StrCpy $Code 9
      StrCpy $Left "$LeftThe service was $1, and is $State now. "
      ${If} $1 == "paused"
        StrCpy $Left "$LeftThis version cannot be started paused, and started it would repair. "
      ${EndIf}
    ${EndIf}
  ${EndIf}
  StrCpy $State $1
  Pop $1
  Pop $0
FunctionEnd

; ---- beginning

; What both begin with.
Function ${un}Begin
  Push $0
  StrCpy $Wait 30
  StrCpy $Log ""
  StrCpy $Guard ""
  StrCpy $Held ""
  StrCpy $Left ""
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
    StrCpy $Reason "Access denied; log on as an administrator, then run this again."
    Call ${un}Refuse
  ${EndIf}
  Pop $0
FunctionEnd

!macroend
!insertmacro Shared ""
!insertmacro Shared "un."
