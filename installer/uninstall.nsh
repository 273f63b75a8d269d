; SPDX-License-Identifier: MIT
; The uninstaller. It runs as a copy of itself, out of a folder for administrators that NSIS makes.

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

!define UNUSAGE "uninstall [/S] [/PURGE] [/WAIT=SECONDS] [/LOG=FILE]"

Function un.onInit
  Call un.Begin
  StrCpy $Rest $CMDLINE
  Call un.NextWord
  ${DoWhile} $Rest != ""
    Call un.NextWord
    StrCpy $Reason "${UNUSAGE}$\r$\n$\r$\n/PURGE removes configuration and journal, too."
    Call un.Help
    Call un.CommonOption
    ${If} $Word == "/PURGE"
      SectionSetFlags ${SectionUnPurge} ${SF_SELECTED}
    ${ElseIf} $Word != ""
      StrCpy $Code 4
      StrCpy $Reason "the uninstaller has no option $Word$\r$\n$\r$\n${UNUSAGE}"
      Call un.Refuse
    ${EndIf}
  ${Loop}
  Call un.OpenGuard
  Call un.NeedAdministrator
FunctionEnd

Function un.Fail
  StrCpy $Output $Reason
  Call un.SayOutput
  MessageBox MB_OK|MB_ICONSTOP "$Reason" /SD IDOK
  SetErrorLevel $Code
  Abort
FunctionEnd

Function un.onUninstSuccess
  Call un.CloseGuard
FunctionEnd

Function un.onUninstFailed
  Call un.CloseGuard
FunctionEnd

; Says what could not be deleted, and remembers it in $Left.
!macro DeleteOne path
  ClearErrors
  Delete "${path}"
  ${If} ${Errors}
    StrCpy $Word "Left: ${path}"
    Call un.Say
    StrCpy $Left "$Left$\r$\n${path}"
  ${EndIf}
!macroend

!macro DeleteListed name
  !insertmacro DeleteOne "$INSTDIR\${name}"
  !insertmacro DeleteOne "$INSTDIR\${name}.old"
  !insertmacro DeleteOne "$INSTDIR\${name}.new"
!macroend

; $0: 1 when the service is registered for a program in another folder. The same one may be named in two ways.
Function un.IsElsewhere
  Push $1
  StrCpy $0 0
  ${If} $Installed != ""
  ${AndIf} $Installed != "$INSTDIR\kmrepair.exe"
    GetFullPathName /SHORT $0 $Installed
    GetFullPathName /SHORT $1 "$INSTDIR\kmrepair.exe"
    ${If} $0 != ""
    ${AndIf} $0 == $1
      StrCpy $0 0
    ${Else}
      StrCpy $0 1
    ${EndIf}
  ${EndIf}
  Pop $1
FunctionEnd

; What has failed before anything was removed: the service is as it was, or $Code is 9.
Function un.FailBack
  Call un.StartBack
  StrCpy $Reason "$Reason$\r$\n$\r$\n$LeftNothing was removed."
  Call un.Fail
FunctionEnd

; The program that is run is a copy: as long as the one that is installed runs, it cannot be deleted.
Function un.CopyProgram
  ClearErrors
  CopyFiles /SILENT "$INSTDIR\kmrepair.exe" "$PLUGINSDIR\kmrepair.exe"
  Call un.Hold
  ${IfNot} ${Errors}
    Call un.ReadFacts
  ${EndIf}
  ${If} $State == ""
    StrCpy $Code 5
    StrCpy $Reason "$INSTDIR\kmrepair.exe does not run, and it takes it to remove the service. Run the \
set-up again, then uninstall. Nothing was removed."
    Call un.Fail
  ${EndIf}
FunctionEnd

; The service is removed once nothing is in the way of removing its program. Where its configuration is only it
; knows.
Function un.RemoveService
  StrCpy $Config ""
  StrCpy $Journal ""
  StrCpy $State ""
  ReadRegStr $1 HKLM "${SERVICE_KEY}" "ImagePath"
  ${If} $1 == ""
  ${AndIfNot} ${FileExists} "$INSTDIR\kmrepair.exe"
    Return
  ${EndIf}
  Call un.CopyProgram
  Call un.IsElsewhere
  ${If} $0 = 1
    SectionSetFlags ${SectionUnPurge} 0 ; it may be its configuration
    StrCpy $Word "The service runs from $Installed and was left."
    Call un.Say
    Return
  ${EndIf}
  Call un.Stop
  ${If} $0 == 1
    StrCpy $Code 6
    StrCpy $Reason $Output
    Call un.FailBack
  ${ElseIf} $0 == 0
    StrCpy $Word 'uninstall --in "$INSTDIR"'
    Call un.Run
  ${EndIf}
  ${If} $0 != 0
    StrCpy $Code 5
    StrCpy $Reason $Output
    Call un.FailBack
  ${EndIf}
FunctionEnd

; Configuration and journal, wherever they are; what else is in a folder elsewhere is not ours.
Function un.Purge
  ${If} $Config != ""
    !insertmacro DeleteOne "$Config"
    !insertmacro DeleteOne "$Journal"
    !insertmacro DeleteOne "$Journal.old"
    !insertmacro DeleteOne "$Journal.new"
  ${EndIf}
  !insertmacro DeleteOne "$INSTDIR\kmrepair.ini"
  !insertmacro DeleteOne "$INSTDIR\kmrepair.jnl"
  !insertmacro DeleteOne "$INSTDIR\kmrepair.jnl.old"
  !insertmacro DeleteOne "$INSTDIR\kmrepair.jnl.new"
FunctionEnd

; From here on the service is gone. The uninstaller goes last, with its entry: as long as something is left it
; can be run again. Called with _?= it is the file that runs, and stays.
Function un.RemoveFiles
  ; By name, each of them: what else is in the folder is not ours.
  !insertmacro EachProgramFile DeleteListed
  SectionGetFlags ${SectionUnPurge} $0
  IntOp $0 $0 & ${SF_SELECTED}
  ${If} $0 <> 0
    Call un.Purge
  ${EndIf}
  ${If} $Left != ""
    Return
  ${EndIf}
  ${If} $EXEDIR != $INSTDIR
    !insertmacro DeleteListed uninstall.exe
  ${EndIf}
  DeleteRegKey HKLM "${UNINSTALL_KEY}"
  ReadRegStr $0 HKLM "${UNINSTALL_KEY}" "DisplayName"
  ${If} $0 != ""
    StrCpy $Left "$Left$\r$\nthe entry in Add/Remove Programs"
  ${EndIf}
FunctionEnd

Function un.Uninstall
  StrCpy $Left ""
  Call un.RemoveService
  StrCpy $Left ""
  Call un.RemoveFiles
  ${If} $Left != ""
    StrCpy $Code 10
    StrCpy $Reason "The service is removed. This could not be, because another program has it open or it may not be \
deleted; uninstall again later:$Left"
    Call un.Fail
  ${EndIf}
  SetOutPath $TEMP ; a working directory cannot be removed
  RMDir "$INSTDIR" ; only when it is empty
  StrCpy $Word "KMRepair is removed."
  Call un.Say
FunctionEnd
