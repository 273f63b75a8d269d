# SPDX-License-Identifier: MIT
"""Bad input and bad luck: it waits, says so once, and goes on; nothing is repaired unrecorded."""

import os
import subprocess

import pytest

from host import CONTINUE, PAUSE, PAUSED, RUNNING, assert_holds, record, snapshot, wait_until


@pytest.mark.quick
def test_limit(service):
    service.configure(RepairsPerHour=3)
    names = [f"Mx{number}.ini" for number in range(6)]
    for name in names:
        service.put(name)
    service.start()
    service.await_event(2030)
    service.await_event(3020)

    def repaired():
        return sum(service.repaired(name) for name in names)

    assert_holds(lambda: repaired() == 3, "exactly three are repaired", 1)
    assert len(service.events(2000)) == 3 and len(service.events(2030)) == 1
    assert len(service.events(2001)) == 3, "the others are reported"
    service.controlled(PAUSE, PAUSED)
    service.controlled(CONTINUE, RUNNING)
    service.await_repaired(*names)


@pytest.mark.parametrize("blocked_by", ["directory", "full disk"])
def test_no_journal_no_repair(service, blocked_by, request):
    block, unblock = BLOCKS[blocked_by]
    block(service, request)
    service.put("stuck.ini")
    before = snapshot(service.folder)
    service.start()
    service.await_event(2031)
    assert_holds(lambda: snapshot(service.folder) == before, "nothing is repaired", 1.5)
    assert not service.events(2000) and len(service.events(2031)) == 1
    unblock(service)
    service.await_repaired("stuck.ini", timeout=40)
    service.await_event(2032)
    assert "stuck.ini" in service.journal.read_text("utf-8")


def block_by_directory(service, request):
    service.journal.mkdir()


def unblock_directory(service):
    service.journal.rmdir()


def block_by_full_disk(service, request):
    """Configuration and journal on a file system of 64 KB, which is then filled."""
    small = service.folder.parent / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "kmrepair", small],
                             stderr=subprocess.DEVNULL)
    if mounted.returncode:
        pytest.skip("may not mount a small file system here")
    # Lazily: the service may still have the journal open when the test fails.
    request.addfinalizer(lambda: subprocess.run(["umount", "--lazy", small], check=True))
    service.config = service.config.rename(service.folder.parent / "moved.ini")
    text = service.config.read_bytes()
    own = small / "own"  # the place where the disk is mounted is a reparse point, as on Windows: no place for a configuration
    own.mkdir()
    service.config = own / "kmrepair.ini"
    service.config.write_bytes(text)
    service.journal = own / "kmrepair.jnl"
    service.install("--config", service.wine.windows_path(service.config))
    with open(own / "filler", "wb", buffering=0) as filler:
        try:
            while filler.write(b"x" * 4096):
                pass
        except OSError:
            pass


def unblock_full_disk(service):
    (service.journal.parent / "filler").unlink()


BLOCKS = {"directory": (block_by_directory, unblock_directory),
          "full disk": (block_by_full_disk, unblock_full_disk)}


def test_folder_not_there_at_the_start(service):
    """It starts, says so once, and works as soon as the folder is there."""
    service.folder.rmdir()
    assert service.start()["state"] == RUNNING
    service.await_event(3010)
    service.folder.mkdir()
    service.put("stuck.ini")
    service.await_repaired("stuck.ini", timeout=70)
    service.await_event(3011)
    service.put("later.ini")
    service.await_repaired("later.ini")
    assert len(service.events(3010)) == 1 and len(service.events(3011)) == 1


def test_each_warning_once(service):
    service.put("doubtful.ini", record(state="4x"))
    service.put("binary.ini", record() + b"\0")
    service.put("large.ini", b";" * (1 << 20) + record())
    service.start()
    service.await_event(3020)
    for _ in range(2):
        service.controlled(PAUSE, PAUSED)
        service.controlled(CONTINUE, RUNNING)
    service.put("last.ini")
    service.await_event(2000, "last.ini")
    # Continued means: look and say again. Between two such there is one warning a content.
    assert 1 <= len(service.events(2010, "doubtful.ini")) <= 3
    assert 1 <= len(service.events(2011, "binary.ini")) <= 3
    assert 1 <= len(service.events(2011, "large.ini")) <= 3


def test_warned_again_only_when_the_content_changes(service):
    service.put("doubtful.ini", record(state="4x"))
    service.start()
    service.await_event(2010, "doubtful.ini")
    os.utime(service.folder / "doubtful.ini")
    content = (service.folder / "doubtful.ini").read_bytes()
    (service.folder / "doubtful.ini").write_bytes(content)
    service.put("next.ini")
    service.await_event(2000, "next.ini")
    assert len(service.events(2010, "doubtful.ini")) == 1
    service.put("doubtful.ini", record(state="04"))
    wait_until(lambda: len(service.events(2010, "doubtful.ini")) == 2, "the new content is reported")


def test_read_only_is_reported_once(service):
    service.put("locked.ini")
    service.wine.probe("setattr", service.windows("locked.ini"), 1)
    before = snapshot(service.folder)
    service.start()
    service.await_event(2021, "locked.ini")
    service.put("stuck.ini")
    service.await_repaired("stuck.ini")
    after = snapshot(service.folder)
    del after["stuck.ini"]
    assert after == before and len(service.events(2021)) == 1


def test_record_that_vanishes(service):
    """Deleted before it was quiet: nothing to say."""
    service.configure(SettleSeconds=1)
    service.start()
    service.await_event(3020)
    for number in range(20):
        service.put(f"Mx{number}.ini").unlink()
    service.put("stays.ini")
    service.await_event(2000, "stays.ini")
    assert {e.id for e in service.events() if e.category == 2} == {2000}


def test_folder_full_of_other_files(service):
    for number in range(2000):
        (service.folder / f"Mx{number}.epf").write_bytes(record())
    service.put("stuck.ini")
    before = snapshot(service.folder)
    service.start()
    service.await_event(2000, "stuck.ini")
    service.await_event(3020)
    service.stop()
    after = snapshot(service.folder)
    del before["stuck.ini"], after["stuck.ini"]
    assert after == before and len(service.events(2000)) == 1
