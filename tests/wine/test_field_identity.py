# SPDX-License-Identifier: MIT
"""Faults met in use, about identity: a record, a folder and a configuration are one by whatever name they are called.

The numbers (I1, C7, K1, ...) are those of the list of faults. What Wine itself never does, fault.c does in its place.
"""

import os
import signal
import time

import pytest

from field import about, assert_untouched, await_limit, entries, fault, short_name, spelled
from host import assert_holds, one_architecture, record, wait_until

pytestmark = one_architecture

NAME = "Mxheld.ini"
LONG_NAME = "Mx a record with a long name.ini"
NOT_ASCII = "Mxäöüéß.ini"
MANY = [f"Mx{number:02}.ini" for number in range(40)]


def repair(service, *names):
    """Starts it with these stuck, and waits until they are done."""
    for name in names:
        service.put(name)
    service.start()
    for name in names:
        service.await_event(2000, name)
    wait_until(lambda: len(entries(service.journal, "DONE")) == len(names), "DONE in the journal")


# ---- I1: the folder ----

def slashes(service, folder):
    return folder.replace("\\", "/")


def there_and_back(service, folder):
    return folder + r"\..\Clients"


def another_case(service, folder):
    return folder.swapcase()


def short_folder(service, folder):
    above = service.folder.parent.parent
    return service.wine.windows_path(above) + "\\" + short_name(service.wine, service.folder.parent) + r"\Clients"


def second_drive(wine):
    return wine.prefix / "dosdevices" / "k:"


@pytest.fixture(autouse=True)
def no_second_drive(wine):
    """What one test makes, the next one must not find: `auto` looks at all drives."""
    yield
    second_drive(wine).unlink(missing_ok=True)


def another_drive(service, folder):
    second_drive(service.wine).symlink_to("../drive_c")
    return "K:" + folder[2:]


# Not another_case, trailing: the service takes these for the settings that it has, and always did.
SPELLINGS = [slashes, there_and_back, short_folder, another_drive]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling.__name__)
def test_held_by_whatever_name(service, spelling):
    """I1: a held record stays held when Folder is spelled in another way, and can be released."""
    repair(service, NAME)
    service.ok("undo", NAME)
    assert not service.repaired(NAME)
    spelled(service, Folder=spelling(service, service.wine.windows_path(service.folder)))
    assert_untouched(service, 1.5, NAME)
    result = service.run("release", NAME)
    assert result.rc == 0, f"release {NAME}: expected 0, got {result}"
    service.await_repaired(NAME)


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling.__name__)
def test_undo_by_whatever_name(service, spelling):
    """I1: what was repaired under one spelling is taken back under another, by a service that is stopped; and held."""
    repair(service, NAME)
    service.stop()
    service.configure(Folder=spelling(service, service.wine.windows_path(service.folder)))
    result = service.run("undo", NAME)
    assert result.rc == 0, f"undo {NAME}: expected 0, got {result}"
    assert not service.repaired(NAME)
    service.forget_events()
    service.start()
    service.await_event(3020)
    assert_untouched(service, 1, NAME)


@pytest.mark.parametrize("spelling", [slashes, another_drive], ids=lambda spelling: spelling.__name__)
def test_limit_by_whatever_name(service, spelling):
    """I1: the hour's repairs under one spelling count under another, after a restart. (A guard: c6d2828 did so.)"""
    service.configure(RepairsPerHour=2)
    repair(service, "Mx1.ini", "Mx2.ini")
    service.stop()
    service.configure(RepairsPerHour=2, Folder=spelling(service, service.wine.windows_path(service.folder)))
    service.forget_events()
    service.put("Mx3.ini")
    service.start()
    await_limit(service, "Mx3.ini")


# ---- the record ----

def by_short_name(service, name):
    return short_name(service.wine, service.folder / name)


def by_another_case(service, name):
    return name.upper().replace("ß".upper(), "ß")


@pytest.mark.parametrize("name, called", [(LONG_NAME, by_short_name), (NOT_ASCII, by_another_case),
                                          (NOT_ASCII, by_short_name)],
                         ids=["8.3", "case-not-ascii", "8.3-not-ascii"])
@pytest.mark.parametrize("state", ["running", "stopped"])
def test_undo_of_a_record_by_another_name(service, name, called, state):
    """I1: undo and release of a record by its 8.3 name, or in other letters; the journal has the name that the
    folder lists. (Wine makes 8.3 names up for itself; that NTFS keeps them cannot be shown.)"""
    repair(service, name)
    if state == "stopped":
        service.stop()
    result = service.run("undo", called(service, name))
    assert result.rc == 0, f"undo {called(service, name)}: expected 0, got {result}"
    assert not service.repaired(name)
    assert about(service.journal, "HOLD", name), f"expected HOLD of {name}, got {entries(service.journal, 'HOLD')}"
    if state == "running":
        assert_untouched(service, 1.5, name)
    result = service.run("release", called(service, name))
    assert result.rc == 0, f"release {called(service, name)}: expected 0, got {result}"
    if state == "stopped":
        service.start()
    service.await_repaired(name)


# ---- I2, I3: the configuration ----

def test_configuration_by_its_short_name(service):
    """I2: installed with the 8.3 name of its configuration, the service reads it again when it is saved."""
    place = service.folder.parent / "place"
    place.mkdir()
    service.config.rename(place / "a configuration with a long name.ini")
    service.config = place / "a configuration with a long name.ini"
    service.install("--config", service.wine.windows_path(place) + "\\" + short_name(service.wine, service.config))
    service.start()
    service.await_event(3020)
    # Twice: right after its start it looks at the file anyway. Read within 2 s; the rest is for a busy machine.
    service.configure(RescanMinutes=59)
    wait_until(lambda: len(service.events(4000)) == 2, "event 4000, that the saved configuration is in force", 8)
    service.configure(Repair="no")
    wait_until(lambda: len(service.events(4000)) == 3, "event 4000, that the one saved next is in force", 8)
    service.put(NAME)
    service.await_event(2001, NAME)
    assert not service.repaired(NAME)


@pytest.mark.parametrize("where, spelling",
                         [("option", slashes), ("option", short_folder), ("option", another_case),
                          ("file", slashes), ("file", there_and_back), ("file", short_folder)])
def test_install_names_the_same_folder(product, spelling, where):
    """I3: --folder is the Folder of the configuration in other letters: the same, and the file stays as it is.
    (Slashes and other letters in the option are guards: c6d2828 took them.)"""
    plain = product.wine.windows_path(product.folder)
    other = spelling(product, plain)
    if where == "file":
        product.configure(Folder=other)
    before = product.config.read_bytes()
    try:
        result = product.run("install", "--folder", other if where == "option" else plain)
        assert result.rc == 0, f"install --folder {other}, Folder = {plain}: expected 0, got {result}"
        assert product.config.read_bytes() == before
    finally:
        product.remove()


# ---- C7: another folder in its place ----

def by_rename(service, foreign):
    foreign.rename(service.folder)


def by_link(service, foreign):
    service.folder.symlink_to(foreign)


@pytest.mark.parametrize("put", [by_rename, by_link], ids=lambda put: put.__name__)
def test_another_folder_within_the_settle_time(service, put):
    """C7: a folder takes the place of the watched one within the settle time: its files are not changed for what
    was seen in the other, nor named in the journal. (Wine: a symbolic link for a junction.)"""
    settle = 3
    service.configure(SettleSeconds=settle)
    service.start()
    service.await_event(3020)
    foreign = service.folder.parent / "foreign"
    foreign.mkdir()
    for name in (NAME, "Mxother.ini"):
        (foreign / name).write_bytes(record())
    service.put(NAME)
    start = time.monotonic()
    aside = service.folder.with_name("aside")
    service.folder.rename(aside)
    put(service, foreign)
    assert time.monotonic() - start < 1, "too slow a machine for this test"

    def is_left():
        return all(b"State = 4\r\n" in (folder / NAME).read_bytes() for folder in (service.folder, aside))

    # The record is due after the settle time. The new folder is watched in its own right later: found a second
    # after that at the earliest, and its records wait for the settle time again.
    assert_holds(is_left, "neither the record seen nor that of the other folder is repaired", 2 * settle - 0.5)
    assert not entries(service.journal, "INTENT"), f"expected no INTENT, got {entries(service.journal, 'INTENT')}"


# ---- K1: what the system says of changes ----

def burst(service, names):
    """All in one list of changes, as far as that can be had."""
    pid = service.unix_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        for name in names:
            (service.folder / name).write_bytes(record())
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_list_that_ends_early(faulty):
    """K1: the last entry of a list ends long before the bytes that were filled: event 3000 and a rescan."""
    faulty.start()
    faulty.await_event(3020)
    with fault(faulty, "short"):
        burst(faulty, MANY)
        faulty.await_repaired(*MANY, timeout=20)
    faulty.await_event(3000)


def test_eight_bytes_behind_the_last_entry(faulty):
    """K1: 8 bytes left are a loss ..."""
    faulty.start()
    faulty.await_event(3020)
    with fault(faulty, "pad8"):
        faulty.put(NAME)
        faulty.await_repaired(NAME)
        faulty.await_event(3000, timeout=5)


@pytest.mark.quick
def test_four_bytes_behind_the_last_entry(faulty):
    """K1: ... and four are none: what makes the next entry begin at a multiple of four. (A guard.)"""
    faulty.start()
    faulty.await_event(3020)
    with fault(faulty, "pad4"):
        burst(faulty, MANY)
        faulty.await_repaired(*MANY, timeout=20)
        for name in MANY:
            faulty.await_event(2000, name)
    assert not faulty.events(3000), f"expected no event 3000, got {faulty.events(3000)}"
