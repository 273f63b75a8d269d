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

; The service first. As long as it is there, its program stays. Where its configuration is only it knows.
Function un.RemoveService
  StrCpy $Config ""
  StrCpy $Journal ""
  ReadRegStr $1 HKLM "${SERVICE_KEY}" "ImagePath"
  ${If} $1 == ""
  ${AndIfNot} ${FileExists} "$INSTDIR\kmrepair.exe"
    Return
  ${EndIf}
  InitPluginsDir
  StrCpy $Program "$INSTDIR\kmrepair.exe"
  Call un.ReadFacts
  Call un.IsElsewhere
  ${If} $0 = 1
    SectionSetFlags ${SectionUnPurge} 0 ; it may be its configuration
    StrCpy $Word "The service runs from $Installed and was left."
    Call un.Say
    Return
  ${EndIf}
  StrCpy $Word "uninstall"
  Call un.Run
  ${If} $0 == "error"
    StrCpy $Code 5
    StrCpy $Reason "$INSTDIR\kmrepair.exe does not run, and it takes it to remove the service. Run the \
set-up again, then uninstall."
    Call un.Fail
  ${ElseIf} $0 != 0
    StrCpy $Code 5
    StrCpy $Reason "The service cannot be removed, so nothing was.$\r$\n$\r$\n$Output"
    Call un.Fail
  ${EndIf}
FunctionEnd

; Configuration and journal, wherever they are; what else is in a folder elsewhere is not ours.
Function un.Purge
  ${If} $Config != ""
    Delete "$Config"
    Delete "$Journal"
    Delete "$Journal.old"
    Delete "$Journal.new"
  ${EndIf}
  Delete "$INSTDIR\kmrepair.ini"
  Delete "$INSTDIR\kmrepair.jnl"
  Delete "$INSTDIR\kmrepair.jnl.old"
  Delete "$INSTDIR\kmrepair.jnl.new"
FunctionEnd

Function un.Uninstall
  Call un.RemoveService
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
    Call un.Purge
  ${EndIf}
  DeleteRegKey HKLM "${UNINSTALL_KEY}"
  SetOutPath $TEMP ; a working directory cannot be removed
  RMDir "$INSTDIR" ; only when it is empty
  StrCpy $Word "KMRepair is removed."
  Call un.Say
FunctionEnd
