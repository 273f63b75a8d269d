# SPDX-License-Identifier: MIT
"""What a record and an idle minute cost, counted in calls: exact numbers, where times are noise.

Wine's relay channel shows each call to a DLL with the address to which it returns. Those that return into the EXE are
the product's own, all of them, whatever they are called; only those that ask nobody, such as a look at the clock, are
left out. The EXE is the product with a quicker clock (lapse.c): a minute takes a second.
"""
import os
import re
import shutil
import struct
import subprocess
import time

import pytest

from host import one_architecture, record, wait_until

RECORDS = 10
HOUR = 3600
CALL = re.compile(r"^[0-9a-f]+:Call (\w+)\.(?:dll\.)?(\w+)\(.*\) ret=([0-9a-f]+)$")

# They look at memory of the process, or compute. All of msvcrt that the product uses is of this kind.
ASKS_NOBODY = {"GetTickCount", "GetSystemTime", "GetLastError", "SetLastError", "RtlNtStatusToDosError", "lstrlenW",
               "lstrcpyW", "MultiByteToWideChar", "WideCharToMultiByte", "GetModuleHandleW", "GetProcAddress"}
SLEEP = "WaitForMultipleObjects"

A_RECORD = ["NtCreateFile", "NtQueryInformationFile", "ReadFile", "CloseHandle"]
# The folder is asked by its handle and by its path, that of the configuration and the journal by its path.
A_PATH = ["CreateFileW", "GetFileInformationByHandle", "CloseHandle"]
A_CHECK = [*A_PATH, "GetFileInformationByHandle", *A_PATH]
LISTING = "NtQueryDirectoryFile"


def a_scan(records):
    """The names come at once, and a second question is answered that there are no more."""
    return ["NtCreateFile", LISTING, *A_RECORD * records, LISTING, "CloseHandle"]


def image_of(exe):
    """The addresses at which it is loaded."""
    with open(exe, "rb") as file:
        head = file.read(4096)
    at = struct.unpack_from("<I", head, 60)[0] + 24
    wide = struct.unpack_from("<H", head, at)[0] == 0x20B
    base = struct.unpack_from("<Q", head, at + 24)[0] if wide else struct.unpack_from("<I", head, at + 28)[0]
    return range(base, base + struct.unpack_from("<I", head, at + 56)[0])


def calls_of(product, log):
    """The names of the calls that the product has made so far, in their order."""
    image = image_of(product.exe)
    found = []
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            call = CALL.match(line)
            if call and int(call[3], 16) in image and call[1].lower() != "msvcrt" and call[2] not in ASKS_NOBODY:
                found.append(call[2])
    return found


def pieces_of(calls):
    """What was done each time that it woke up, but for the first and for the one that may not be over."""
    pieces = [[]]
    for call in calls:
        if call == SLEEP:
            pieces.append([])
        else:
            pieces[-1].append(call)
    return pieces[1:-1]


@pytest.fixture
def lapsing(product):
    shutil.copy(product.wine.probe_exe.parent / "lapse.exe", product.exe)
    return product


def put_records(product, age):
    for number in range(RECORDS):
        path = product.put(f"Mxcalls{number}.ini", record(state="1"))
        os.utime(path, (time.time() - age, time.time() - age))


def quiet_pieces(product, count, scans):
    """So many of the last times that it woke up, when it has scanned so often. At first it hears of its own journal."""
    log = product.folder.parent / "relay.log"  # in no folder that is watched
    with open(log, "wb") as relayed:
        process = product.wine.spawn(product.exe, "run", "--console", debug="-all,+relay", stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=relayed)

    def is_quiet():
        pieces = pieces_of(calls_of(product, log))
        return sum(LISTING in piece for piece in pieces[-count:]) >= scans and len(pieces) >= count + 4

    try:
        wait_until(is_quiet, f"it has woken up {count} times", 120, poll=0.5)
    finally:
        product.kill()
        process.wait()
    return pieces_of(calls_of(product, log))[-count:]


@pytest.mark.quick
@one_architecture
def test_idle_minute(lapsing):
    put_records(lapsing, HOUR)
    lapsing.configure(RescanMinutes=0)
    assert quiet_pieces(lapsing, 3, 0) == [A_CHECK] * 3


@pytest.mark.quick
@one_architecture
@pytest.mark.parametrize("age, opened", [(-24 * HOUR, RECORDS), (HOUR, 0)], ids=["opened", "known"])
def test_scan(lapsing, age, opened):
    """A sound record is opened, asked for size and attributes together, read and closed; of one that is known nothing is
    asked. What is of the future is opened by each rescan as by a first scan, at which the journal is busy, too."""
    put_records(lapsing, age)
    lapsing.configure(RescanMinutes=1)
    scan = a_scan(opened)
    for piece in quiet_pieces(lapsing, 4, 2):
        assert piece in (A_CHECK, scan, A_CHECK + scan)
