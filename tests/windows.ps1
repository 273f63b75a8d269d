# SPDX-License-Identifier: MIT
# Tries a set-up program on a real Windows: installs, has one record repaired, reads the event back,
# uninstalls. As administrator, on a host without KMRepair, with Windows PowerShell 5.1:
#
#     tests\windows.ps1 -Setup C:\Temp\kmrepair-setup.exe
#
# It makes a folder below ProgramData and one below Program Files, and removes both. The last line is
# `N passed, N failed`; the exit code is the number that failed. Half a minute.
param([Parameter(Mandatory = $true)][string]$Setup)

$ErrorActionPreference = 'Stop'
$scratch = Join-Path ([IO.Path]::GetFullPath($env:ProgramData)) ('kmrepair-try-' + [Guid]::NewGuid().ToString('N'))
$clients = Join-Path $scratch 'Clients'
$program = Join-Path $env:ProgramFiles 'KMRepair-try'
$exe = Join-Path $program 'kmrepair.exe'
$record = Join-Path $clients 'Mxclfr4zqvktn.ini'
$log = Join-Path $scratch 'setup.log'
$mailbox = '/o=Fabrikam/ou=Berlin/cn=Recipients/cn=Anna'
$script:passed = 0
$script:failed = 0

function Check([string]$what, $expected, $got) {
    if ("$expected" -ceq "$got") { $script:passed++; return }
    $script:failed++
    Write-Host "windows.ps1: ${what}: expected $expected, got $got"
}

# What is waited for comes by an event of another process, so it is looked for until it is there.
function Wait-Until([string]$what, [int]$seconds, [scriptblock]$condition) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ($clock.Elapsed.TotalSeconds -lt $seconds) {
        $found = & $condition
        if ($found) { return $found }
        Start-Sleep -Milliseconds 100
    }
    Check $what "within $seconds s" 'nothing'
}

# NSIS wants /D= last and without quotes, which Start-Process leaves as it is.
function Invoke-Program([string]$file, [string]$words) {
    return (Start-Process -FilePath $file -ArgumentList $words -Wait -PassThru).ExitCode
}

# The object that a command prints with --format=json. What it ended with is in $LASTEXITCODE.
function Read-Json {
    $text = & $exe @args --format=json | Out-String
    return ConvertFrom-Json $text
}

function Read-Bytes { return ,[IO.File]::ReadAllBytes($record) }

function Find-Event([int]$id) {
    Get-WinEvent -FilterHashtable @{ LogName = 'Application'; ProviderName = 'KMRepair'; Id = $id; StartTime = $started } `
        -ErrorAction SilentlyContinue | Select-Object -First 1
}

if (Get-Service KMRepair -ErrorAction SilentlyContinue) { throw 'KMRepair is installed here; nothing was done.' }
$Setup = (Resolve-Path $Setup).ProviderPath
$started = Get-Date
try {
    [void](New-Item -ItemType Directory -Path $clients)
    Check 'install' 0 (Invoke-Program $Setup "/S /CLIENTS=$clients /LOG=$log /D=$program")
    Check 'service' 'Running' (Get-Service KMRepair).Status
    Check 'event 1000' 'KMRepair' (Wait-Until 'event 1000' 10 { Find-Event 1000 }).ProviderName

    $read = Read-Json check
    Check 'check' 0 $LASTEXITCODE
    Check 'check: what the configuration means' "running automatic yes yes $clients" `
        "$($read.service) $($read.start) $($read.accepted) $($read.repair) $($read.folder)"
    # The service writes it into the journal, a moment after the start.
    [void](Wait-Until 'status: repairing' 10 { (Read-Json status).state -ceq 'repairing' })
    $read = Read-Json status
    Check 'status' 0 $LASTEXITCODE
    Check 'status: needs nobody' $null $read.attention

    $text = "[Status]`r`nState = 4`r`nName = $mailbox`r`n"
    $before = [Text.Encoding]::ASCII.GetBytes($text)
    [IO.File]::WriteAllBytes($record, $before)
    $list = (Get-Acl $record).Sddl
    $repaired = Wait-Until 'event 2000' 30 { Find-Event 2000 }
    # Windows renders its text out of the program, which Wine does not.
    Check 'event 2000 says what to do' $true `
        ($repaired.Message -like "Record Mxclfr4zqvktn.ini was repaired. Enable mailbox $mailbox again in *")
    Check 'event 2000: information, and its category' '4 Record' ("$($repaired.Level) $($repaired.TaskDisplayName)".Trim())
    $after = Read-Bytes
    $at = $text.IndexOf('4')
    Check 'size' $before.Length $after.Length
    $changed = @(0..($before.Length - 1) | Where-Object { $before[$_] -ne $after[$_] })
    Check 'the bytes that changed' "$at" "$changed"
    Check 'the byte' ([int][char]'1') $after[$at]
    Check 'access list of the record' $list (Get-Acl $record).Sddl

    # One object a line, and one line so far.
    $read = Read-Json history
    Check 'history' 0 $LASTEXITCODE
    Check 'history names the repair' "Mxclfr4zqvktn.ini repair repaired $mailbox" `
        "$($read.record) $($read.action) $($read.outcome) $($read.mailbox)"
    # A list of one: Windows PowerShell hands it on as one object, later ones hand on what is in it.
    $read = @(Read-Json todo) | ForEach-Object { $_ }
    Check 'todo' 1 $LASTEXITCODE
    Check 'todo names the mailbox' $mailbox $read.mailbox
    & $exe undo Mxclfr4zqvktn.ini | Out-Host
    Check 'undo' 0 $LASTEXITCODE
    Check 'undone' "$before" "$(Read-Bytes)"
    Check 'event 2040' 'KMRepair' (Wait-Until 'event 2040' 10 { Find-Event 2040 }).ProviderName

    Check 'upgrade over a running service' 0 (Invoke-Program $Setup "/S /LOG=$log")
    Check 'service after the upgrade' 'Running' (Get-Service KMRepair).Status
    # With _? it does not copy itself away first, so it can be waited for, and stays.
    Check 'uninstall' 0 (Invoke-Program (Join-Path $program 'uninstall.exe') "/S /PURGE _?=$program")
    Check 'service removed' $null (Get-Service KMRepair -ErrorAction SilentlyContinue)
    Check 'what is left' 'uninstall.exe' "$(Get-ChildItem $program -ErrorAction SilentlyContinue | ForEach-Object Name)"
}
catch {
    $script:failed++
    Write-Host "windows.ps1: $_"
}
finally {
    if ($script:failed -and (Test-Path $log)) { Get-Content $log | Out-Host }
    if (Get-Service KMRepair -ErrorAction SilentlyContinue) { & $exe uninstall | Out-Host }
    Remove-Item -Recurse -Force -ErrorAction SilentlyContinue $program, $scratch
}
Write-Host "$script:passed passed, $script:failed failed"
exit $script:failed
