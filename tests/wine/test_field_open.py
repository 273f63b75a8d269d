# SPDX-License-Identifier: MIT
"""How a record and its folder are opened, where Windows or a server answers as Wine never does (fault.c)."""

import shutil
import threading
import time

import pytest

from field import OLD_JOURNAL, encode, entries, fault, holding, is_begun_anew, switch_of
from host import PARAMCHANGE, assert_holds, one_architecture, record, wait_until

pytestmark = one_architecture

NAME = "Mxopen.ini"


@pytest.fixture
def faulty(product):
    """The product with the faults of fault.c, not installed."""
    shutil.copy(product.wine.probe_exe.parent / "fault.exe", product.exe)
    product.put(NAME)
    yield product
    for switch in product.home.parent.glob(product.home.name + "-*"):
        switch.unlink()


@pytest.fixture
def service(product):
    product.install()
    yield product
    product.remove()


@pytest.mark.parametrize("kind", ["noempty", "nolinks"])
def test_repaired_all_the_same(faulty, kind):
    """A server that opens nothing by an empty name; a Windows that knows no links."""
    with fault(faulty, kind):
        assert f"{NAME} " in faulty.run("scan").out
        faulty.ok("repair")
    assert faulty.repaired(NAME)


def test_oplock(faulty):
    """The open comes back at once, with a handle that must not be used yet: it is in use, and tried again."""
    switch_of(faulty, "oplock").touch()
    threading.Timer(4, switch_of(faulty, "oplock").unlink, [True]).start()
    result = faulty.run("scan")
    assert result.rc == 2 and "error 32" in result.out, result
    assert not faulty.repaired(NAME)
    faulty.ok("repair")
    assert faulty.repaired(NAME)


def test_an_error_of_more_than_16_bits(faulty):
    """Its number is told whole. Cut to 16 bits, that of a locked drive is 0: the operation completed successfully."""
    with fault(faulty, "bitlocker"):
        result = faulty.run("scan")
    assert result.rc == 2 and f"(error {0x80310000})" in result.err, result


@pytest.mark.quick
def test_link_is_not_read(faulty):
    """It is unreadable, which is no failure of the scan; and left alone."""
    with fault(faulty, "link"):
        result = faulty.run("scan")
        assert result.rc == 0 and "unreadable" in result.out and "reparse point" in result.out, result
        faulty.run("repair")
    assert not faulty.repaired(NAME)


def test_link_is_no_configuration(faulty):
    """Its target is neither protected nor watched. A journal may be one: a server that deduplicates makes them."""
    with fault(faulty, "linked"):
        for verb in ("check", "scan", "repair", "install"):
            result = faulty.run(verb)
            assert result.rc == 2 and "kmrepair.ini: it is a link (reparse point)" in result.err, result
        faulty.ok("history")
    assert not faulty.repaired(NAME) and not faulty.journal.exists()


def test_volume_is_neither_configuration_nor_journal(faulty):
    with fault(faulty, "volume"):
        result = faulty.run("check")
        assert result.rc == 2 and "it is a pipe or a device" in result.err, result
    faulty.ok("repair")
    faulty.put("next.ini")
    with fault(faulty, "volume"):
        result = faulty.run("history")
        assert result.rc == 2 and "a pipe or a device is in the place of the journal" in result.err, result


def test_damaged_listing(faulty):
    with fault(faulty, "listing"):
        result = faulty.run("scan")
    assert result.rc == 2 and "makes no sense" in result.err, result


@pytest.mark.quick
def test_old_journal_in_use(faulty):
    """The journal is too long, and somebody has the old one open: it is written on, and nothing is lost."""
    faulty.ok("repair")
    line = encode(entries(faulty.journal)[-1])
    with open(faulty.journal, "ab") as journal:
        journal.write(line * (1100000 // len(line)))
    old = faulty.journal.with_name(faulty.journal.name + OLD_JOURNAL)
    old.write_bytes(b"old")
    faulty.install()
    try:
        with fault(faulty, "kept"):
            faulty.start()
            faulty.await_event(3020)
            assert_holds(lambda: not faulty.events(2031), "it is no failure of the journal", 3)
            assert old.read_bytes() == b"old"
        # The next attempt is far off, except for one that starts.
        faulty.stop()
        faulty.start()
        wait_until(lambda: is_begun_anew(faulty.journal), "a new journal", 70)
        assert old.stat().st_size > 1000000
    finally:
        faulty.remove()


def test_new_journal_is_as_closed_as_the_old(service):
    """Wine makes the mode of a file from its access list. A file that a crash left beside it does not matter."""
    service.put("first.ini")
    service.start()
    service.await_event(2000, "first.ini")
    wait_until(lambda: entries(service.journal, "DONE"), "DONE in the journal")
    service.stop()
    line = encode(entries(service.journal)[-1])
    with open(service.journal, "ab") as journal:
        journal.write(line * (1100000 // len(line)))
    service.journal.chmod(0o600)
    left = service.journal.with_name(service.journal.name + ".new")
    left.write_bytes(b"left by a crash")
    left.chmod(0o666)
    service.start()
    wait_until(lambda: is_begun_anew(service.journal), "a new journal")
    assert service.journal.stat().st_mode & 0o007 == 0, oct(service.journal.stat().st_mode)
    assert not left.exists()


def test_folder_replaced_by_a_link(service):
    """While the service was away from it: not followed, even when it leads to a folder of records."""
    service.put("first.ini")
    service.start()
    service.await_event(2000, "first.ini")
    elsewhere = service.folder.parent / "Elsewhere"
    elsewhere.mkdir()
    (elsewhere / "foreign.ini").write_bytes(record())
    moved = service.folder.with_name("Moved")
    service.folder.rename(moved)
    service.await_event(3010, timeout=90)
    service.folder.symlink_to(elsewhere)
    assert_holds(lambda: not is_foreign_repaired(elsewhere), "the link is not followed", 5)
    service.folder.unlink()


def is_foreign_repaired(folder):
    return b"State = 1" in (folder / "foreign.ini").read_bytes()


# ---- the configuration ----

def test_configuration_that_is_saved_at_the_start(service):
    """Gone for a moment, and empty for another: waited for."""
    text = service.config.read_bytes()
    service.config.unlink()
    service.put("stuck.ini")

    def save():
        time.sleep(1)
        service.config.touch()
        time.sleep(1)
        service.config.write_bytes(text)

    saving = threading.Thread(target=save)
    saving.start()
    service.ok("start")
    saving.join()
    service.await_repaired("stuck.ini")
    assert not service.events(4001)


def test_reload_of_what_is_being_written(service):
    """It was asked for: nothing is said while somebody has the file open, and it is done when he has not."""
    service.start()
    service.await_event(3020)
    loaded = len(service.events(4000))
    with service.wine.hold("hold", service.wine.windows_path(service.config), "rw", "rw"):
        service.controlled(PARAMCHANGE)
        assert_holds(lambda: len(service.events(4000)) == loaded and not service.events(4001), "nothing is said", 2)
    wait_until(lambda: len(service.events(4000)) > loaded, "event 4000")
