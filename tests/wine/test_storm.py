# SPDX-License-Identifier: MIT
"""Too much at once, and what goes wrong beneath it: floods, a full disk, no folder, garbage for a configuration.

What was not stuck is never touched, what was is repaired in the end, and the memory in use stays what it was.
`make wine LONG=1 PYTEST='-k storm -rP'` has the large numbers; figures are in build/wine-*.log.
"""

import os
import pathlib
import random
import re
import subprocess

import pytest

from host import (CONTINUE, LONG, PARAMCHANGE, PAUSE, PAUSED, RUNNING, as_repaired, assert_holds,
                  one_architecture, record, wait_until)

pytestmark = one_architecture

RECORDS, STUCK = (20000, 500) if LONG else (4000, 100)
GARBAGE = 1000 if LONG else 60
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))


def memory(service):
    """{what: KB} of the service's process: VmHWM is the most that was ever in memory, RssAnon what is its own."""
    status = pathlib.Path(f"/proc/{service.unix_pid()}/status").read_text()
    return {name: int(kb) for name, kb in re.findall(r"^(VmHWM|VmRSS|RssAnon):\s+(\d+) kB", status, re.M)}


def assert_flat(before, after, what, listing=0):
    """Some pages of the buffers were not in use before; a megabyte would be more than that."""
    print(f"{what}: before {before}, after {after} KB; {listing} KB are a listing in Wine")
    assert after["VmHWM"] - before["VmHWM"] < 1024 + listing, (before, after)
    assert after["RssAnon"] - before["RssAnon"] < 1024 + listing, (before, after)


def listing(service):
    """KB that a listing of the folder takes while it is open; Windows hands one out in pieces."""
    return service.wine.probe("listing", service.windows("*.ini")).pairs()["bytes"] // 1024


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# ---- floods ----

def drop(service, names, stuck, drawn):
    """All at once, from Linux; half of them by rename."""
    written = {}
    for number, name in enumerate(names):
        written[name] = record() if name in stuck else record(*drawn.choice([("1", None), ("4", 1), ("2", 2)]))
        path = service.folder / name
        if number % 2:
            path.write_bytes(written[name])
        else:
            path.with_suffix(".tmp").write_bytes(written[name])
            path.with_suffix(".tmp").rename(path)
    return written


def test_storm(service):
    """Half of it during a pause. The names of thousands are lost; the records are not."""
    print(f"seed {SEED}, {RECORDS} records, {STUCK} stuck")
    drawn = random.Random(SEED)
    names = [f"Mx{number:06}.ini" for number in range(RECORDS)]
    stuck = set(drawn.sample(names, STUCK))
    drawn.shuffle(names)
    # A minute is the shortest rescan there is: for the names that Wine loses without a word.
    service.configure(RescanMinutes=1)
    service.put("first.ini")
    service.start()
    service.await_event(2000, "first.ini")
    before = memory(service)
    written = drop(service, names[:RECORDS // 2], stuck, drawn)
    service.controlled(PAUSE, PAUSED)
    paused = {name: service.repaired(name) for name in stuck & set(written)}
    written |= drop(service, names[RECORDS // 2:], stuck, drawn)
    assert paused == {name: service.repaired(name) for name in paused}, "repaired while paused"
    assert not any(service.repaired(name) for name in stuck - set(paused)), "repaired while paused"
    service.controlled(CONTINUE, RUNNING)
    service.await_repaired(*stuck, timeout=600)
    wait_until(lambda: {e.strings[0] for e in service.events(2000)} >= stuck, "all are reported", 120)
    after = memory(service)
    service.stop()
    now = contents(service.folder)
    del now["first.ini"]
    expected = {name: as_repaired(content) if name in stuck else content for name, content in written.items()}
    assert now.keys() == expected.keys()
    assert [name for name in now if now[name] != expected[name]] == []
    reported = [e.strings[0] for e in service.events(2000)]
    assert sorted(reported) == sorted([*stuck, "first.ini"]), "each once"
    assert_flat(before, after, "storm", listing(service))


def test_garbage_for_a_configuration(service):
    """It keeps what it has, whatever stands in the file; it says so, and not without end."""
    print(f"seed {SEED}, {GARBAGE} times")
    drawn = random.Random(SEED)
    good = service.config.read_bytes()
    kinds = [lambda: drawn.randbytes(drawn.randrange(1, 3000)), lambda: b"",
             lambda: good[:drawn.randrange(8, len(good) - 2)] + b"\x00",
             # The `?`, lest it becomes a comment, which is no garbage.
             lambda: good.replace(b"Repair", b"?" + drawn.randbytes(3)), lambda: b"[service]\r\n" * 2000,
             lambda: good + b"Repair = yes\r\n" * drawn.randrange(1, 50), lambda: b"\xff\xfe" + good]
    service.start()
    service.await_event(3020)
    put_garbage(service, kinds[0])
    service.await_event(4001, timeout=20)
    before = memory(service)
    for number in range(GARBAGE):
        put_garbage(service, drawn.choice(kinds))
        if number % 3 == 0:
            service.control(PARAMCHANGE)  # look at once
    put_garbage(service, lambda: b"[service]\r\nRepair = no\r\nlast\r\n")
    wait_until(lambda: service.events(4001)[-1].strings[1] == "line 3: ", "the last one is refused, too", 20)
    service.put("stuck.ini")
    service.await_event(2000, "stuck.ini")
    after = memory(service)
    refused = len(service.events(4001))
    print(f"{refused} events 4001")
    assert refused <= GARBAGE + 2 and len(service.events(4000)) == 1
    service.config.write_bytes(good.replace(b"Repair = yes", b"Repair = no"))
    wait_until(lambda: len(service.events(4000)) == 2, "a good one is taken", 20)
    service.put("later.ini")
    service.await_event(2001, "later.ini")
    assert service.query()["state"] == RUNNING
    assert_flat(before, after, "garbage")


def put_garbage(service, make):
    aside = service.home / "garbage.tmp"
    aside.write_bytes(make())
    aside.rename(service.config)


# ---- the journal ----

def cut_in_the_middle(journal):
    """Within the last DONE, wherever it lies: a STATE may follow it, and goes with what is cut off."""
    content = journal.read_bytes()
    journal.write_bytes(content[:content.rindex(b"\tDONE\t") + 3])


def cut_to_nothing(journal):
    os.truncate(journal, 0)


def change_a_byte_in_each_line(journal):
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(line[:12] + b"#" + line[13:] for line in lines))


def delete(journal):
    journal.unlink()


def write_noise_over_it(journal):
    journal.write_bytes(random.Random(198709).randbytes(300000))


def append_a_long_line(journal):
    with open(journal, "ab") as file:
        file.write(b"KMR1\t" + b"x" * 1200000)


@pytest.mark.parametrize("damage", [pytest.param(cut_in_the_middle, marks=pytest.mark.quick), cut_to_nothing,
                                    change_a_byte_in_each_line, delete, write_noise_over_it, append_a_long_line], ids=lambda damage: damage.__name__)
def test_damaged_journal(service, damage):
    """Under the running service and across a restart: what is stuck is repaired, and nothing is reported again
    but a repair whose DONE was destroyed."""
    service.put("first.ini")
    service.start()
    service.await_event(2000, "first.ini")
    wait_until(lambda: b"DONE" in service.journal.read_bytes(), "the first repair is done")
    damage(service.journal)
    service.put("second.ini")
    service.await_event(2000, "second.ini")
    service.stop()
    damage(service.journal)
    service.put("third.ini")
    service.start()
    service.await_event(2000, "third.ini")
    service.stop()
    assert all(service.repaired(name) for name in ("first.ini", "second.ini", "third.ini"))
    assert sorted(e.strings[0] for e in service.events(2000)) == ["first.ini", "second.ini", "third.ini"]
    again = [e.strings[0] for e in service.events() if e.id in (2002, 2003)]
    # What was cut off first the running service knew, and wrote again.
    assert again == (["second.ini"] if damage is cut_in_the_middle else [])
    assert {e.id for e in service.events()} <= {1000, 1001, 2000, 2002, 3020, 4000}
    assert "third.ini" in service.ok("history").out


def replace_by_directory(journal):
    """The service may make a new journal in between."""
    def is_made():
        journal.rename(journal.with_name("aside.jnl"))
        try:
            journal.mkdir()
        except FileExistsError:
            return False
        return True

    wait_until(is_made, "the journal is a folder")


def test_journal_replaced_by_a_directory(service):
    """Nothing is repaired that can not be written down; it says so once, and goes on when it can."""
    service.put("first.ini")
    service.start()
    service.await_event(2000, "first.ini")
    replace_by_directory(service.journal)
    second = service.put("second.ini").read_bytes()
    service.await_event(2031)
    assert_holds(lambda: (service.folder / "second.ini").read_bytes() == second, "nothing is repaired", 1.5)
    service.journal.rmdir()
    (service.home / "aside.jnl").rename(service.journal)
    service.await_repaired("second.ini", timeout=70)
    service.await_event(2032)
    service.await_event(2000, "second.ini")
    assert len(service.events(2031)) == len(service.events(2032)) == 1
    assert [e.strings[0] for e in service.events(2000)] == ["first.ini", "second.ini"]


# ---- the disk ----

def test_disk_full_while_it_runs(service, request):
    """Records, configuration and journal on one small disk. The byte needs no room, but the INTENT does."""
    small = service.folder.parent / "small"  # the program's own folder may hold nothing else
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=755", "kmrepair", small], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("may not mount a small file system here")
    # Lazily: the service may still have the journal open when the test fails.
    request.addfinalizer(lambda: subprocess.run(["umount", "--lazy", small], check=True))
    service.folder = small / "Clients"
    service.folder.mkdir()
    own = small / "own"  # where the disk is mounted is a reparse point, as on Windows: no place for a configuration
    own.mkdir()
    service.config = own / "kmrepair.ini"
    service.journal = own / "kmrepair.jnl"
    service.configure()
    service.install("--config", service.wine.windows_path(service.config))
    (service.folder / "first.ini").write_bytes(record())
    # More than what is left of the journal's last page can hold: one entry is cut off in its middle.
    written = {f"Mx{number:02}.ini": record() for number in range(20)}
    for name, content in written.items():
        (service.folder / name).with_suffix(".tmp").write_bytes(content)
    service.start()
    service.await_event(2000, "first.ini")
    fill(small)
    for name in written:
        (service.folder / name).with_suffix(".tmp").rename(service.folder / name)
    service.await_event(2031)
    now = contents(service.folder)
    assert all(now[name] in (content, as_repaired(content)) for name, content in written.items())
    assert any(now[name] == content for name, content in written.items())
    assert sum(service.repaired(name) for name in written) <= service.journal.read_bytes().count(b"INTENT")
    (small / "filler").unlink()
    service.await_repaired(*written, timeout=70)
    service.await_event(2032)
    wait_until(lambda: len(service.events(2000)) == 21, "all are reported")
    now = contents(service.folder)
    assert all(now[name] == as_repaired(content) for name, content in written.items())
    service.stop()
    assert len(service.events(2000)) == 21 and not service.events(2002) and not service.events(2003)
    history = service.ok("history", "--config", service.wine.windows_path(service.config)).out
    assert all(history.count(name) == 1 for name in written)


def fill(folder):
    with open(folder / "filler", "wb", buffering=0) as filler:
        try:
            while filler.write(b"x" * 4096):
                pass
        except OSError:
            pass
