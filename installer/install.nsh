; SPDX-License-Identifier: MIT
; The installation, and how it is taken back.
;
; The order: everything that can be refused; then the folder is limited to administrators; then the new files
; are written beside the old ones; then the service is stopped, the files are exchanged, the new ones are
; registered, and what ran or was paused does again.
;
; $Stage: 1 the folder may have been made, and new files be beside the old ones, 2 the service was stopped,
; 3 files are being exchanged, 4 `kmrepair install` was called, 5 done.

Var Options     ; of `kmrepair install`
Var Made        ; the topmost folder that was not there before, or empty
Var HadJournal  ; 1: there was a journal

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

!macro DeleteMade path
  ClearErrors
  Delete "${path}"
  ${If} ${Errors}
    StrCpy $Code 9
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
    File "/oname=$INSTDIR\${name}.new" "${from}"
    !insertmacro NoteErrors
  ${EndIf}
!macroend

; ---- what it rests on

; Replaces $0 by the path of the folder above it.
Function Above
  Push $1
  ${Do}
    StrCpy $1 $0 1 -1
    StrCpy $0 $0 -1
    ${If} $1 == "\"
    ${OrIf} $0 == ""
      ${Break}
    ${EndIf}
  ${Loop}
  Pop $1
FunctionEnd

; The topmost folder that is not there. The program makes it and those below it, with an access list.
Function FindMade
  Push $0
  StrCpy $Made ""
  StrCpy $0 $INSTDIR
  ${Do}
    ${If} ${FileExists} "$0\*.*"
    ${OrIf} $0 == ""
      ${Break}
    ${EndIf}
    StrCpy $Made $0
    Call Above
  ${Loop}
  Pop $0
FunctionEnd

; Removes the folders that were made, as far as they are empty.
Function RemoveMade
  Push $0
  ${If} $Made != ""
    StrCpy $0 $INSTDIR
    ${Do}
      RMDir $0
      ${If} $0 == $Made
      ${OrIf} $0 == ""
        ${Break}
      ${EndIf}
      Call Above
    ${Loop}
  ${EndIf}
  Pop $0
FunctionEnd

Function ComposeOptions
  StrCpy $Options ""
  ; What was found and not changed is what the program finds by itself.
  ${If} $Clients != ""
  ${AndIf} $Clients != $Found
    StrCpy $Options ' --folder "$Clients"'
  ${EndIf}
  SectionGetFlags ${SectionReport} $0
  IntOp $0 $0 & ${SF_SELECTED}
  ${If} $0 <> 0
    StrCpy $Options "$Options --report-only"
  ${EndIf}
  StrCpy $Options '$Options --in "$INSTDIR"'
FunctionEnd

; ---- taking it back

; The journal that was not there before, unless it tells of repairs: those can be undone with it only.
Function RemoveJournal
  Push $0
  Push $1
  StrCpy $Word 'history --format=csv --config "$Config"'
  Call Run
  ; One line is the heading.
  StrCpy $1 0
  ${DoUntil} $1 >= ${NSIS_MAX_STRLEN}
    StrCpy $Word $Output 1 $1
    IntOp $1 $1 + 1
    ${If} $Word == "$\n"
    ${OrIf} $Word == ""
      ${Break}
    ${EndIf}
  ${Loop}
  StrCpy $Word $Output 1 $1
  ${If} $0 == 0
  ${AndIf} $Word == ""
    !insertmacro DeleteMade "$Journal"
  ${ElseIf} ${FileExists} "$Journal"
    StrCpy $Code 9
    StrCpy $Left "$LeftKept: $Journal, for it tells of repairs. "
  ${EndIf}
  Pop $1
  Pop $0
FunctionEnd

; `protect` makes an empty one for an account; one with something in it is of a service that still runs.
Function RemoveEmptyJournal
  Push $0
  Push $1
  ClearErrors
  FileOpen $0 "$Journal" r
  ${IfNot} ${Errors}
    FileSeek $0 0 END $1
    FileClose $0
    ${If} $1 = 0
      Delete "$Journal"
    ${EndIf}
  ${EndIf}
  Pop $1
  Pop $0
FunctionEnd

; The access lists that `protect` has changed.
Function RestoreLists
  Push $0
  ${If} ${FileExists} "$PLUGINSDIR\lists"
    StrCpy $Word 'protect "$INSTDIR" --restore "$PLUGINSDIR\lists"'
    Call Run
    ${If} $0 != 0
      StrCpy $Code 9
      StrCpy $Left "$LeftAn access list is not as it was. "
    ${EndIf}
  ${EndIf}
  Pop $0
FunctionEnd

; Nothing of the new version runs any more.
Function StopNew
  Push $0
  ${If} $State == "none"
    StrCpy $Word 'uninstall --in "$INSTDIR"'
    Call Run
    ${If} $0 != 0
      StrCpy $Code 9
    ${EndIf}
  ${EndIf}
  Call Stop
  ${If} $0 != 0
    StrCpy $Code 9
  ${EndIf}
  Pop $0
FunctionEnd

; Puts everything back, as far as it has come.
Function Rollback
  StrCpy $Left ""
  ${If} $Stage >= 4
    Call StopNew
  ${EndIf}
  ${If} $Stage >= 3
    !insertmacro EachFile PutBack
  ${EndIf}
  ${If} $Stage >= 1
    !insertmacro EachFile DeleteNew
  ${EndIf}
  ${If} $HadJournal = 0
    ${If} $Stage >= 4
      Call RemoveJournal
    ${ElseIf} $Stage >= 1
      Call RemoveEmptyJournal
    ${EndIf}
  ${EndIf}
  ${If} $Stage >= 4
  ${AndIf} $HadConfig != "yes"
    !insertmacro DeleteMade "$Config"
  ${EndIf}
  ${If} $Stage >= 1
    Call RestoreLists
  ${EndIf}
  ${If} $Stage >= 2
    StrCpy $Program "$INSTDIR\kmrepair.exe" ; it says whether its service can be started paused
    Call StartBack
    StrCpy $Program "$PLUGINSDIR\kmrepair.exe"
  ${EndIf}
  ${If} $Stage >= 1
    Call RemoveMade
  ${EndIf}
  StrCpy $Stage 0
FunctionEnd

Function Fail
  StrCpy $Output $Reason
  Call SayOutput
  Call Rollback
  ${If} $Code = 9
    StrCpy $Reason "$Reason$\r$\n$\r$\nWhat was there before could not be put back completely. $LeftSee the details, \
then run this set-up again."
    StrCpy $Output $Left
    Call SayOutput
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
  Call CloseGuard
FunctionEnd

; ---- the steps

; Nothing is changed here.
Function CheckAll
  StrCpy $Code 7
  Call ReadFacts
  ${If} $State == "unknown"
    StrCpy $Reason "Its state cannot be read; wait until it has started or stopped, then run set-up again."
    Call Fail
  ${EndIf}
  Call ComposeOptions
  StrCpy $Word "install --check$Options"
  Call Run
  ${If} $0 != 0
    StrCpy $Reason "KMRepair cannot be installed, so nothing was changed.$\r$\n$\r$\n$Output"
    Call Fail
  ${EndIf}
  ${If} $StartType == "disabled"
    ${If} $State == "running"
    ${OrIf} $State == "paused"
      StrCpy $Reason "The service is $State, and its start type is Disabled: once it is stopped for the upgrade it \
could not be started again. Set the start type to Manual or Automatic, or stop the service, then run this set-up again."
      Call Fail
    ${EndIf}
  ${EndIf}
FunctionEnd

; From here on nobody else can write to the folder; on NT 4.0 everybody may to a new one below Program Files.
; 1: a FAT volume, where nobody can be kept out.
Function LimitFolder
  StrCpy $Code 6
  StrCpy $Stage 1
  StrCpy $HadJournal 0
  ${If} ${FileExists} "$Journal"
    StrCpy $HadJournal 1
  ${EndIf}
  Call FindMade
  StrCpy $Word 'protect "$INSTDIR" --strict --keep "$PLUGINSDIR\lists"'
  Call Run
  ${If} $0 != 0
  ${AndIf} $0 != 1
    StrCpy $Code 7
    StrCpy $Reason "KMRepair cannot be installed in $INSTDIR.$\r$\n$\r$\n$Output"
    Call Fail
  ${EndIf}
FunctionEnd

; Everything is written before anything is stopped: a full disk does no harm.
Function WriteFiles
  StrCpy $Code 6
  !insertmacro EachFile Recover
  ; Anything else than `try` would ask, or in silence give up without putting back.
  SetOverwrite try
  StrCpy $Failed 0
  ${If} $X64 = 1
    !insertmacro Extract kmrepair.exe "${X64}"
  ${Else}
    !insertmacro Extract kmrepair.exe "${X86}"
  ${EndIf}
  !insertmacro Extract README.txt build/package/README.txt
  !insertmacro Extract OPERATIONS.txt build/package/OPERATIONS.txt
  !insertmacro Extract EVENTS.txt build/package/EVENTS.txt
  !insertmacro Extract LICENSE.txt build/package/LICENSE.txt
  !insertmacro Extract THIRD-PARTY.txt build/package/THIRD-PARTY.txt
  ClearErrors
  WriteUninstaller "$INSTDIR\uninstall.exe.new"
  !insertmacro NoteErrors
  ${If} $Failed = 1
    StrCpy $Reason "The program cannot be written to $INSTDIR. Is the disk full, or a file there read-only?"
    Call Fail
  ${EndIf}
FunctionEnd

Function StopService
  ${If} $State != "none"
    StrCpy $Stage 2
  ${EndIf}
  Call Stop
  ${If} $0 == 1
    StrCpy $Code 6
    StrCpy $Reason "$INSTDIR\kmrepair.exe cannot be replaced.$\r$\n$\r$\n$Output"
    Call Fail
  ${ElseIf} $0 != 0
    StrCpy $Code 5
    StrCpy $Reason "The service that is installed cannot be stopped.$\r$\n$\r$\n$Output"
    Call Fail
  ${EndIf}
FunctionEnd

Function ExchangeFiles
  StrCpy $Stage 3
  StrCpy $Failed 0
  !insertmacro EachFile Exchange
  ${If} $Failed = 1
    StrCpy $Code 6
    StrCpy $Reason "A file in $INSTDIR cannot be replaced: another program has it open."
    Call Fail
  ${EndIf}
FunctionEnd

Function Register
  StrCpy $Stage 4
  StrCpy $Word "install$Options"
  Call Run
  ${If} $0 != 0
    StrCpy $Code 7
    StrCpy $Reason "KMRepair cannot be installed.$\r$\n$\r$\n$Output"
    Call Fail
  ${EndIf}
FunctionEnd

; In an upgrade a service that was stopped stays stopped, and one that was paused is paused.
Function StartService
  SectionGetFlags ${SectionStart} $0
  IntOp $0 $0 & ${SF_SELECTED}
  ${If} $0 = 0
    Return
  ${EndIf}
  ${If} $State == "none"
    StrCpy $Word "start"
    Call Run
  ${Else}
    Call StartAgain
  ${EndIf}
  ${If} $0 != 0
    StrCpy $Code 8
    StrCpy $Reason "The service does not start.$\r$\n$\r$\n$Output"
    Call Fail
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

Function Install
  Call CheckAll
  Call LimitFolder
  Call WriteFiles
  Call StopService
  Call ExchangeFiles
  Call Register
  Call Scan
  Call StartService
  StrCpy $Stage 5
  StrCpy $Code 0
  !insertmacro EachFile DeleteOld
  Call AddRemovePrograms
  Call ComposeLast
  StrCpy $Word "KMRepair ${VERSION} is installed in $INSTDIR"
  Call Say
FunctionEnd
