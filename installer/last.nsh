; SPDX-License-Identifier: MIT
; The last page: what a scan found, what happens next, and the operations guide.
;
; It is one of NSIS' own pages for a folder, of which it shows the text, the field and a box to tick: the usual last
; page of NSIS takes the plug-in nsDialogs, which an i486 does not run.

!define GUIDE "OPERATIONS.txt"
!define BROWSE_BUTTON 1001 ; controls of a page for a folder
!define TICK_BOX 1008
!define FOLDER_FIELD 1019
!define CLOSE_BUTTON 1 ; of the window around it
!define CANCEL_BUTTON 2
!define BACK_BUTTON 3

; Replaces $Word, `first` or `last`, by that paragraph of what the program has just said, in one line. Of a scan the
; last is its summary: the counts, and whether there are records at all; empty: there is none, or not so early that it fits in the file.
Function Paragraph
  Push $0
  Push $1
  Push $2
  Push $3
  Push $4
  StrCpy $1 $Word
  StrCpy $2 ""
  StrCpy $3 0 ; blank lines
  ClearErrors
  FileOpen $0 "$PLUGINSDIR\said.txt" r
  ${IfNot} ${Errors}
    ${Do}
      ClearErrors
      FileReadUTF16LE $0 $Word
      ${If} ${Errors}
        ${Break}
      ${EndIf}
      Call TrimEnd
      StrCpy $4 $Word 7
      ${If} $Word == ""
      ${AndIf} $1 == "first"
        ${Break}
      ${ElseIf} $Word == ""
        StrCpy $2 ""
        IntOp $3 $3 + 1
      ${ElseIf} $2 == ""
        StrCpy $2 $Word
        ${If} $1 == "last"
          StrCpy $2 "$Word."
        ${EndIf}
      ${ElseIf} $1 == "first"
      ${OrIf} $4 == "No reco" ; "No records here": what else is behind the counts there is no room for
        StrCpy $2 "$2 $Word"
      ${EndIf}
    ${Loop}
    FileClose $0
  ${EndIf}
  ${If} $1 == "last"
  ${AndIf} $3 = 0
    StrCpy $2 ""
  ${EndIf}
  StrCpy $Word $2
  Pop $4
  Pop $3
  Pop $2
  Pop $1
  Pop $0
FunctionEnd

; Before the service repairs what is there to be found. It changes nothing, and nothing depends on it.
Function Scan
  ${If} ${Silent}
    Return
  ${EndIf}
  StrCpy $Word 'scan --config "$Config"'
  Call Run
  StrCpy $Word "last"
  Call Paragraph
  StrCpy $Scanned "A scan by set-up found: $Word"
  ${If} $Word == ""
  ${AndIf} $0 == 1
    StrCpy $Scanned "A scan by set-up found very many stuck records; kmrepair scan lists them."
  ${ElseIf} $Word == ""
    StrCpy $Scanned $Output
  ${EndIf}
FunctionEnd

; When everything is done.
Function ComposeLast
  ${If} ${Silent}
    Return
  ${EndIf}
  StrCpy $GuideFolder $INSTDIR ; NSIS would let nobody go on with the path of a file
  StrCpy $Word 'status --config "$Config"'
  Call Run
  StrCpy $Word "first"
  Call Paragraph
  StrCpy $Doing $Word
  Call ReadFacts
  ${If} $State == "stopped"
  ${AndIf} $StartType == "automatic"
    StrCpy $Doing "$Doing It also starts with Windows."
  ${EndIf}
  !insertmacro Ask "" repair $0
  StrCpy $Next "Event 2000 names each mailbox whose record was repaired, and kmrepair todo lists them. Enable each \
again in the Exchange Administrator program."
  ${If} $0 == "no"
    StrCpy $Next "Stuck records are reported in the event log (event 2001) and not changed. To have them repaired, \
set Repair = yes in kmrepair.ini."
  ${EndIf}
FunctionEnd

; Everything is done, so there is nothing to go back to or to cancel.
Function LastShown
  FindWindow $1 "#32770" "" $HWNDPARENT
  GetDlgItem $0 $1 ${BROWSE_BUTTON}
  ShowWindow $0 ${SW_HIDE}
  GetDlgItem $0 $1 ${FOLDER_FIELD}
  SendMessage $0 ${EM_SETREADONLY} 1 0
  GetDlgItem $0 $1 ${TICK_BOX}
  SendMessage $0 ${WM_SETTEXT} 0 "STR:&Open the operations guide"
  ShowWindow $0 ${SW_SHOW}
  GetDlgItem $0 $HWNDPARENT ${CLOSE_BUTTON}
  SendMessage $0 ${WM_SETTEXT} 0 "STR:$(^CloseBtn)"
  GetDlgItem $0 $HWNDPARENT ${CANCEL_BUTTON}
  EnableWindow $0 0
  GetDlgItem $0 $HWNDPARENT ${BACK_BUTTON}
  EnableWindow $0 0
FunctionEnd

; By Windows' own Notepad, whose path is known: set-up is an administrator, and what opens a .txt need not be.
Function LastLeft
  FindWindow $1 "#32770" "" $HWNDPARENT
  GetDlgItem $0 $1 ${TICK_BOX}
  SendMessage $0 ${BM_GETCHECK} 0 0 $0
  ${If} $0 = ${BST_CHECKED}
    ClearErrors
    Exec '"$WINDIR\notepad.exe" "$INSTDIR\${GUIDE}"'
    ${If} ${Errors}
      MessageBox MB_OK|MB_ICONINFORMATION "$WINDIR\notepad.exe does not start. The guide is $INSTDIR\${GUIDE}."
    ${EndIf}
  ${EndIf}
FunctionEnd
