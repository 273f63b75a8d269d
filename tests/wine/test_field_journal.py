# SPDX-License-Identifier: MIT
"""Faults met in use, about the journal: what it remembers outlives everything that happens to its file.

The numbers (L1, ...) are those of the list of faults. What Wine itself never does, fault.c does in its place.
"""

import os
import pathlib
import shutil
import time
from datetime import datetime, timedelta

import pytest

from field import (OLD_JOURNAL, about, assert_untouched, await_limit, await_quiet, encode, entries, fault, holding,
                   is_begun_anew, start_in_the_background, switch_of)
from host import RUNNING, START_PENDING, assert_holds, one_architecture, record, wait_until

pytestmark = one_architecture

NAME = "Mxheld.ini"
THREE = ["Mx1.ini", "Mx2.ini", "Mx3.ini"]
MORE = ["Mx4.ini", "Mx5.ini", "Mx6.ini"]
# A journal that was deleted is there again after 2 s; the rest is for a busy machine.
WRITTEN_AGAIN = 5


@pytest.fixture
def repaired(service):
    """A service that has repaired one record."""
    service.original = record()
    service.put(NAME, service.original)
    service.start()
    service.await_event(2000, NAME)
    wait_until(lambda: entries(service.journal, "DONE"), "DONE in the journal")
    return service


@pytest.fixture
def held(repaired):
    """... and somebody has taken the repair back, which the service knows."""
    repaired.earlier = repaired.journal.read_bytes()
    repaired.ok("undo", NAME)
    # Before the next INTENT it reads what others have written.
    repaired.put("Mxother.ini")
    repaired.await_event(2000, "Mxother.ini")
    wait_until(lambda: len(entries(repaired.journal, "DONE")) == 3, "DONE of undo and repair in the journal")
    return repaired


@pytest.fixture
def three(service):
    """A service that has made the three repairs that an hour may have, and was stopped."""
    service.configure(RepairsPerHour=3)
    for name in THREE:
        service.put(name)
    service.start()
    for name in THREE:
        service.await_event(2000, name)
    wait_until(lambda: len(entries(service.journal, "DONE")) == 3, "three DONE in the journal")
    service.stop()
    service.forget_events()
    return service


# ---- L1: somebody reads the journal ----

def test_a_scanner_that_opens_the_journal(service):
    """L1: a scanner that reads the journal for 100 ms after each change causes no writing, no rescans, no loss."""
    for name in THREE:
        service.put(name)
    with holding(service.wine, "scanner", service.wine.windows_path(service.home),
                 service.wine.windows_path(service.journal)) as scanner:
        service.start()
        service.await_event(3020)
        for name in THREE:
            service.await_event(2000, name)
        for name in MORE:
            service.put(name)
            service.await_event(2000, name)
        # Where each look of the scanner's makes the service write, this is never reached.
        await_quiet(service.journal, 2.5, timeout=15)
        scanner.process.stdin.close()
        told = scanner.process.stdout.read().decode()
        assert int(told.partition("opened=")[2]) > 3, f"the scanner: expected that it could open the journal, got {told}"
    loaded = len(entries(service.journal, "LOADED"))
    assert loaded == 1, f"{service.journal}: expected one LOADED line, got {loaded}"
    scans = len(service.events(3020))
    assert scans == 1, f"expected the first scan only, got {scans} events 3020"
    assert len(entries(service.journal, "INTENT")) == len(entries(service.journal, "DONE")) == 6


# ---- L2: the journal is gone, or is another ----

def delete(service):
    service.journal.unlink()


def empty(service):
    os.truncate(service.journal, 0)


def put_noise(service):
    aside = service.folder.parent / "aside.jnl"
    aside.write_bytes(b"\x00\xff noise\r\n" * 400)
    aside.rename(service.journal)


def put_earlier(service):
    aside = service.folder.parent / "aside.jnl"
    aside.write_bytes(service.earlier)
    aside.rename(service.journal)


@pytest.mark.parametrize("damage", [delete, empty, put_noise, put_earlier], ids=lambda damage: damage.__name__)
def test_a_held_record_without_its_journal(held, damage):
    """L2: the journal is deleted, emptied, or replaced under the running service: the hold is written down again."""
    damage(held)
    wait_until(lambda: about(held.journal, "HOLD", NAME), f"HOLD of {NAME} is in {held.journal} again", WRITTEN_AGAIN)
    assert_untouched(held, 1.5, NAME)
    held.stop()
    held.start()
    held.await_event(3020)
    assert_untouched(held, 1.5, NAME)
    assert held.run("release", NAME).rc == 0
    held.await_repaired(NAME)


def test_the_hours_repairs_without_their_journal(service):
    """L2: the journal is deleted under the running service: it still knows how many repairs the hour has had."""
    service.configure(RepairsPerHour=3)
    service.start()
    for name in THREE:
        service.put(name)
        service.await_event(2000, name)
    wait_until(lambda: len(entries(service.journal, "DONE")) == 3, "three DONE in the journal")
    service.journal.unlink()
    wait_until(lambda: entries(service.journal), "there is a journal again", WRITTEN_AGAIN)
    service.stop()
    service.put(MORE[0])
    service.start()
    await_limit(service, MORE[0])


def test_what_is_in_flight_without_its_journal(faulty):
    """L2: a repair that could not be reported yet, its journal deleted, the service killed: it is reported."""
    with fault(faulty, "full"):
        faulty.put(NAME)
        faulty.start()
        faulty.await_repaired(NAME)
        wait_until(lambda: about(faulty.journal, "INTENT", NAME), "INTENT in the journal")
        faulty.journal.unlink()
        wait_until(lambda: about(faulty.journal, "INTENT", NAME), f"INTENT of {NAME} is in {faulty.journal} again",
                   WRITTEN_AGAIN)
        faulty.kill()
    faulty.start()
    wait_until(lambda: faulty.events(2002, NAME) or faulty.events(2000, NAME), f"the repair of {NAME} is reported")


# ---- L3, L4: the hour's count ----

def moved(fields, seconds):
    """An entry of a clock that was wrong."""
    time_form = "%Y-%m-%dT%H:%M:%SZ"
    fields[1] = (datetime.strptime(fields[1], time_form) + timedelta(seconds=seconds)).strftime(time_form)
    if fields[2] == "WINDOW":
        counts = [pair.split("=") for pair in fields[3].split()]
        fields[3] = " ".join(f"{int(when) + seconds}={count}" for when, count in counts)
    return fields


def test_repairs_of_the_future(three):
    """L3: the clock was two hours ahead when three were repaired, and was put right: they count."""
    three.journal.write_bytes(b"".join(encode(moved(fields, 7200)) for fields in entries(three.journal)))
    for name in MORE:
        three.put(name)
    three.start()
    await_limit(three, *MORE)
    three.stop()
    three.forget_events()
    three.start()
    await_limit(three, *MORE)


def test_the_future_counts_once(three):
    """L3: ... and once: with room for two more, two more are repaired, after restarts too."""
    three.journal.write_bytes(b"".join(encode(moved(fields, 7200)) for fields in entries(three.journal)))
    three.configure(RepairsPerHour=5)
    for _ in range(3):
        three.start()
        three.await_event(3020)
        three.stop()
        three.forget_events()
    for name in MORE:
        three.put(name)
    three.start()
    three.await_event(2030)
    wait_until(lambda: len(three.events(2000)) == 2, "two more are repaired")
    assert sum(three.repaired(name) for name in MORE) == 2


@pytest.fixture
def rotated(three):
    """The journal of the three repairs became too long, and a new one was begun."""
    [loaded] = entries(three.journal, "LOADED")[-1:]
    line = encode(loaded)
    with open(three.journal, "ab") as journal:
        journal.write(line * (1100000 // len(line)))
    three.start()
    old = pathlib.Path(str(three.journal) + OLD_JOURNAL)
    wait_until(old.is_file, f"there is an old journal, {old}")
    wait_until(lambda: is_begun_anew(three.journal), "there is a new journal")
    assert old.stat().st_size > 1000000
    three.stop()
    three.forget_events()
    return three


def test_the_hours_repairs_in_an_old_journal(rotated):
    """L4: a new journal was begun, and the service restarted: the hour's repairs count."""
    rotated.put(MORE[0])
    rotated.start()
    await_limit(rotated, MORE[0])


def test_undo_of_what_is_in_an_old_journal(rotated):
    """L4: ... and can be taken back."""
    result = rotated.run("undo", THREE[0])
    assert result.rc == 0, f"undo {THREE[0]}: expected 0, got {result}"
    assert not rotated.repaired(THREE[0])


# ---- L5, L6: a byte-range lock ----

@pytest.mark.parametrize("state", ["running", "stopped"])
def test_undo_of_what_is_locked(faulty, state):
    """L5: the write meets a byte-range lock: undo says that it is in use. (Wine's locks stop no write: fault.c.)"""
    faulty.put(NAME)
    before = (faulty.folder / NAME).read_bytes()
    faulty.start()
    faulty.await_event(2000, NAME)
    wait_until(lambda: entries(faulty.journal, "DONE"), "DONE in the journal")
    if state == "stopped":
        faulty.stop()
    with fault(faulty, "locked"):
        result = faulty.run("undo", NAME)
        assert result.rc == 2 and faulty.repaired(NAME)
        told = result.err.lower()
        assert "in use" in told or "lock" in told, f"undo: expected that {NAME} is in use, got {result}"
        assert "already" not in told and "taken back" not in told, f"undo: expected that {NAME} is in use, got {result}"
    result = faulty.run("undo", NAME)
    assert result.rc == 0, f"undo when it is let go: expected 0, got {result}"
    assert (faulty.folder / NAME).read_bytes() == before


@pytest.mark.quick
def test_repair_of_what_is_locked(faulty):
    """L6: the service's write meets a byte-range lock: it tries again from one second on, under the same INTENT."""
    faulty.configure(RepairsPerHour=2)
    with fault(faulty, "locked"):
        faulty.put(NAME)
        faulty.start()
        wait_until(lambda: about(faulty.journal, "INTENT", NAME), f"INTENT of {NAME} in the journal")
        # One second, and two: so that it has failed more than once.
        assert_untouched(faulty, 3.5, NAME)
    faulty.await_repaired(NAME, timeout=15)
    faulty.await_event(2000, NAME)
    intents = about(faulty.journal, "INTENT", NAME)
    assert len(intents) == 1, f"expected one INTENT, got {intents}"
    assert not faulty.events(2021), f"expected no event 2021, got {faulty.events(2021)}"
    # It counted once: the hour has room for one more.
    faulty.put(THREE[0])
    faulty.await_repaired(THREE[0])


# ---- L8, L9, L10: the configuration ----

@pytest.fixture
def auto(product):
    """Folder = auto, the folder found, three repaired as an hour may have; the folder is away at the next start."""
    security, aside = product.wine.drive_c / "Security", product.wine.drive_c / "Aside"
    assert not security.exists() and not aside.exists()
    clients = product.folder
    product.folder = security / "Mgrent" / "Clients"
    product.folder.mkdir(parents=True)
    product.configure(Folder="auto", RepairsPerHour=3)
    try:
        product.install()
        for name in THREE:
            product.put(name)
        product.start()
        for name in THREE:
            product.await_event(2000, name)
        product.stop()
        product.put(MORE[0])
        security.rename(aside)
        product.forget_events()
        product.start()
        product.await_event(3010)
        product.bring_back = lambda: aside.rename(security)
        yield product
    finally:
        product.remove()
        shutil.rmtree(security, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)
        product.folder = clients


def test_auto_found_soon(auto):
    """L8: Folder = auto, the folder there a moment after the start: what the hour has had already counts."""
    auto.bring_back()
    await_limit(auto, MORE[0])


def test_auto_found_later(auto):
    """L8: ... and after some seconds, when the configuration, read once more after the start, is no news any more."""
    # There is nothing to see of a look for a folder in vain, or of a configuration that is as it was.
    time.sleep(3)
    auto.bring_back()
    # It is looked for again after a minute at the latest.
    wait_until(lambda: auto.events(3011) or auto.events(2030) or auto.repaired(MORE[0]), "the folder is found", 65)
    await_limit(auto, MORE[0])


def test_configuration_in_use_at_the_start(service):
    """L9: the configuration is open for writing when the service starts: it waits, START_PENDING, and then runs."""
    service.put(NAME)
    with service.wine.hold("hold", service.wine.windows_path(service.config), "rw", "r"):
        thread, answers = start_in_the_background(service)
        wait_until(lambda: service.query()["state"] == START_PENDING or answers, "it starts")
        # Some seconds out of thirty: it neither gives up nor pretends to run.
        assert_holds(lambda: service.query()["state"] == START_PENDING, "START_PENDING while the file is in use", 4)
        assert_untouched(service, 0.1, NAME)
    thread.join()
    assert answers[0].rc == 0, f"expected RUNNING when the file is let go, got {answers[0]}"
    service.await_repaired(NAME)


def test_deleted_configuration(service):
    """L10: the configuration is deleted under the running service: event 4001 once, and the settings stay."""
    service.start()
    service.await_event(3020)
    # A first change that is taken: so that it has looked at the file and is not about to anyway.
    service.configure(RescanMinutes=59)
    wait_until(lambda: len(service.events(4000)) == 2, "event 4000, that the saved configuration is in force")
    service.config.unlink()
    event = service.await_event(4001, timeout=10)
    assert service.config.name in event.strings[0], event
    service.put(NAME)
    service.await_event(2000, NAME)
    assert service.query()["state"] == RUNNING
    # Long enough for the file to be looked for again.
    assert_holds(lambda: len(service.events(4001)) == 1, "event 4001 once", 2)
    service.configure(Repair="no")
    wait_until(lambda: len(service.events(4000)) == 3, "the new configuration is loaded")
    service.put(MORE[0])
    service.await_event(2001, MORE[0])
    assert not service.repaired(MORE[0])


# ---- L11: the event log ----

@pytest.fixture
def unheard(faulty):
    """More stuck records than can wait for an event log that takes nothing; some are repaired."""
    faulty.names = [f"Mx{number:03}.ini" for number in range(200)]
    for name in faulty.names:
        faulty.put(name)
    with fault(faulty, "full"):
        faulty.start()
        wait_until(lambda: any(faulty.repaired(name) for name in faulty.names), "the first is repaired")
        await_quiet(faulty.journal, 1)
        repaired = sum(faulty.repaired(name) for name in faulty.names)
        assert 0 < repaired < len(faulty.names), f"expected a part of {len(faulty.names)} repaired, got {repaired}"
        yield faulty


def test_status_when_the_event_log_is_full(unheard):
    """L11: the event log is full: `status` says so first, before the paths, and before what there is to count."""
    out = unheard.run("status").out
    first = out.partition("Configuration:")[0]
    assert "event log" in first.lower(), f"status: expected the event log before the configuration, got\n{out}"


def test_event_log_takes_events_again(unheard):
    """L11: ... and when it has room again, everything is repaired and reported, and event 2033 tells of the gap."""
    switch_of(unheard, "full").unlink()
    unheard.await_repaired(*unheard.names, timeout=90)

    def reported():
        return {e.strings[0] for e in unheard.events() if e.id in (2000, 2002)}

    wait_until(lambda: reported() == set(unheard.names), "every repair is reported", 60)
    assert len(unheard.await_event(2033).strings) >= 3
    told = unheard.run("status").out.lower()
    assert "event log" not in told, f"status: expected nothing about the event log, got {told}"


# ---- rights ----

def deny(product):
    return fault(product, "denied")


class journal_as_folder:
    """What is at the journal's place cannot be opened as a file: the nearest that Wine itself has."""

    def __init__(self, product):
        self.journal = product.journal
        self.aside = product.folder.parent / "aside.jnl"

    def __enter__(self):
        self.journal.rename(self.aside)
        self.journal.mkdir()

    def __exit__(self, *exception):
        self.journal.rmdir()
        self.aside.rename(self.journal)


@pytest.mark.parametrize("how", [deny, journal_as_folder])
@pytest.mark.parametrize("verb", ["undo", "release"])
def test_without_rights_to_the_journal(faulty, verb, how):
    """L5, rights: undo and release without rights say so at once, not after ten seconds of trying. Wine has no access
    lists: fault.c refuses the file; what an access list of the folder would do cannot be shown here."""
    faulty.put(NAME)
    faulty.start()
    faulty.await_event(2000, NAME)
    wait_until(lambda: entries(faulty.journal, "DONE"), "DONE in the journal")
    faulty.stop()
    if verb == "release":
        faulty.ok("undo", NAME)
    before = (faulty.folder / NAME).read_bytes()
    with how(faulty):
        start = time.monotonic()
        result = faulty.run(verb, NAME)
        took = time.monotonic() - start
    assert result.rc == 2 and (faulty.folder / NAME).read_bytes() == before, result
    assert took < 5, f"{verb}: expected an answer at once, got one after {took:.1f} s: {result}"
    told = result.err.lower()
    assert "kmrepair.jnl" in told or "denied" in told or "administrator" in told, \
        f"{verb}: expected that the journal is out of reach, got {result}"
