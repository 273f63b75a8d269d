# SPDX-License-Identifier: MIT
"""Names and files that nobody should have put there: each with what scan says of it and what the service does.

The native tests (tests/unit, tests/fuzz) look at hostile contents; here it is about what only a file system and a
console make of them.
"""

import csv
import io
import json
import os
import re
import unicodedata

import pytest

from host import as_repaired, is_repaired, one_architecture, record, snapshot, wait_until

# The sources are the same for both, and so is Wine.
pytestmark = one_architecture

ESCAPE, BELL, CSI, NEXT_LINE, OVERRIDE, ISOLATE, MARK = "\x1b", "\x07", "\x9b", "\x85", "\u202e", "\u2066", "\u200f"
ACTIVE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def assert_harmless(text):
    for line in text.split("\n"):
        assert not ACTIVE.search(line.rstrip("\r")), ascii(line)


def scan_all(product, compare=snapshot):
    """The rows of CSV and of JSON, which agree; nothing on the console acts on it, and nothing changes."""
    before = compare(product.folder)
    folder = product.wine.windows_path(product.folder)
    table = product.run("scan", folder, "--all")
    as_csv = product.run("scan", folder, "--all", "--format=csv")
    as_json = product.run("scan", folder, "--all", "--format=json")
    assert compare(product.folder) == before
    assert table.rc == as_csv.rc == as_json.rc
    for result in (table, as_csv, as_json):
        assert_harmless(result.out)
        assert_harmless(result.err)
    rows = {row["record"]: row for row in map(json.loads, as_json.out.splitlines())}
    assert len(list(csv.DictReader(io.StringIO(as_csv.out)))) == len(rows)
    # The folder, a heading, a blank line and two of counts; what goes on with a row begins with blanks.
    lines = [line for line in table.out.splitlines() if not line.startswith("    ")]
    assert len(lines) == len(rows) + 5
    return rows


def verdicts(product, compare=snapshot):
    return {name: row["verdict"] for name, row in scan_all(product, compare).items()}


def outsides(folder):
    """For files that are too large to be read for each comparison."""
    taken = {path.name: path.stat() for path in folder.iterdir()}
    return {name: (i.st_size, i.st_mtime_ns, i.st_ino, i.st_mode, i.st_nlink) for name, i in taken.items()}


def serve(service, *stuck):
    """The service runs until these are repaired and the first scan is over."""
    service.start()
    service.await_event(3020)
    for name in stuck:
        service.await_event(2000, name)
    for event in service.events():
        assert not any(ACTIVE.search(string) for string in event.strings), event


# ---- names ----

def test_device_names(service):
    """On a disk, `con.ini` is a file like any other: the paths are such that Windows takes them literally."""
    names = ["con.ini", "NUL.ini", "aux.x.ini", "com1.ini", "PRN.INI"]
    for name in names:
        service.put(name)
    assert verdicts(service) == dict.fromkeys(names, "stuck")
    serve(service, *names)
    assert all(service.repaired(name) for name in names)


def test_trailing_dots_and_blanks(service):
    """They do not end in .ini, so they are no records; and they are not mistaken for the record without them."""
    others = ["x.ini.", "x.ini ", "x.ini...", "x.ini . "]
    for name in others:
        service.put(name)
    service.put("x.ini")
    service.put(" y .ini")
    before = snapshot(service.folder)
    assert verdicts(service) == {"x.ini": "stuck", " y .ini": "stuck"}
    serve(service, "x.ini", " y .ini")
    after = snapshot(service.folder)
    assert all(after[name] == before[name] for name in others)


@pytest.mark.quick
def test_streams_in_names(service):
    """Windows lists no stream, and a name with a colon can not be undone by hand either. To Wine it is a file like
    any other; it is never opened, for by its name it would be a part of the record before the colon."""
    service.put("a.ini", record(state="1"))
    service.put("a.ini:b.ini")
    service.put("b.ini:c")
    before = snapshot(service.folder)
    assert verdicts(service) == {"a.ini": "sound"}
    serve(service)
    service.put("last.ini")
    service.await_event(2000, "last.ini")
    after = snapshot(service.folder)
    assert all(after[name] == before[name] for name in ("a.ini", "a.ini:b.ini", "b.ini:c"))
    assert {e.strings[0] for e in service.events(2000)} == {"last.ini"}
    for word in ("last.ini:b.ini", "last.ini::$DATA"):
        assert service.run("undo", word).rc == 2 and service.repaired("last.ini")


def test_directories_named_as_records(service):
    (service.folder / "directory.ini").mkdir()
    (service.folder / "directory.ini" / "below.ini").write_bytes(record())
    service.put("stuck.ini")
    assert verdicts(service) == {"stuck.ini": "stuck"}
    serve(service, "stuck.ini")
    (service.folder / "later.ini").mkdir()
    service.put("last.ini")
    service.await_event(2000, "last.ini")
    assert not is_repaired((service.folder / "directory.ini" / "below.ini").read_bytes())
    assert not [e for e in service.events() if e.about("directory.ini") or e.about("later.ini")]


# Windows allows these in a name.
ACTIVE_NAMES = {"C1": f"{CSI}2J.ini", "next line": f"a{NEXT_LINE}b.ini", "override": f"{OVERRIDE}ini.tnemucod.ini",
                "isolate": f"{ISOLATE}a.ini", "mark": f"a{MARK}b.ini", "line separator": "a\u2028b.ini",
                "byte order mark": "\ufeffa.ini", "percent": "%1%2%%3%n.ini", "formula": "=1+1.ini"}
# And these not: Wine does not list them.
NO_NAMES = {"escape": f"{ESCAPE}[31mred.ini", "newline": "two\nlines.ini", "carriage return": "over\rwritten.ini",
            "bell": f"{BELL}.ini", "quotes": "a\"b.ini", "brackets": "<>|.ini"}


def test_names_that_act_on_a_console(service):
    """In a table, in CSV and in an event a character that would act is a `?`; in JSON it is an escape."""
    for number, name in enumerate(ACTIVE_NAMES.values()):
        service.put(name, record(mailbox=f"/o=Org/cn=M{number}"))
    left = {name: service.put(name).read_bytes() for name in NO_NAMES.values()}
    rows = scan_all(service)
    assert set(rows) == set(ACTIVE_NAMES.values())
    service.start()
    wait_until(lambda: len(service.events(2000)) >= len(ACTIVE_NAMES), "all are repaired")
    assert all(service.repaired(name) for name in ACTIVE_NAMES.values())
    assert all((service.folder / name).read_bytes() == content for name, content in left.items())
    assert_told_harmlessly(service)
    told = [json.loads(line)["record"] for line in service.ok("history", "--format=json").out.splitlines()]
    assert sorted(told) == sorted(ACTIVE_NAMES.values())


def assert_told_harmlessly(service):
    """Events, journal and history."""
    for event in service.events():
        assert not any(ACTIVE.search(string) for string in event.strings), event
        assert not any(re.search(r"%[\d%]", string) for string in event.strings), event
    for format_ in ("table", "csv", "json"):
        assert_harmless(service.ok("history", "--format=" + format_).out)
    journal = service.journal.read_bytes().decode("utf-8")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n", journal)


def test_scan_keeps_the_words_of_a_name(product):
    """Only what would act is replaced, and JSON tells a program the name as it is."""
    for name in (f"a{OVERRIDE}b.ini", "\u05d0\u05d1.ini", "e\u0301.ini", "\U0001f511.ini"):
        product.put(name)
    rows = scan_all(product)
    assert {unicodedata.normalize("NFC", name) for name in rows} >= {f"a{OVERRIDE}b.ini", "\u05d0\u05d1.ini",
                                                                    "\u00e9.ini", "\U0001f511.ini"}
    assert "a?b.ini" in product.run("scan", product.wine.windows_path(product.folder)).out


MAILBOXES = ["/o=O%1rg/ou=%2%%3/cn=%n%0", f"/o=Org/cn={ESCAPE}]0;title{BELL}", f"/o=Org/cn={OVERRIDE}nimda{MARK}",
             "/o=Org/cn=a\u2028b", f"/o=Org/cn={CSI}31m", "/o=Org/cn=a\tb", "/o=Org/cn=%s%s%n\\u202E"]


def test_mailboxes_that_act(service):
    for number, mailbox in enumerate(MAILBOXES):
        service.put(f"Mx{number}.ini", record(mailbox=mailbox))
        wide = b"\xff\xfe" + record(mailbox=mailbox).decode("utf-8").encode("utf-16-le")
        service.put(f"Wide{number}.ini", wide)
    names = [prefix + f"{n}.ini" for n in range(len(MAILBOXES)) for prefix in ("Mx", "Wide")]
    rows = scan_all(service)
    # Control characters may leave open how Windows would read a line: such a record is doubtful.
    stuck = [name for name in names if rows[name]["verdict"] == "stuck"]
    assert {rows[name]["verdict"] for name in names} <= {"stuck", "doubtful"} and len(stuck) >= 8
    serve(service, *stuck)
    assert_told_harmlessly(service)


# ---- links ----

@pytest.mark.quick
def test_links(service):
    """A directory behind a link is not entered; a second name is a reason to refuse; a link that leads nowhere or
    in a circle is not there. (Wine shows a link to a file as that file. On Windows it is a reparse point, and
    host_win refuses it by its handle.)"""
    outside = service.home / "outside.dat"
    outside.write_bytes(record())
    (service.home / "Elsewhere").mkdir()
    (service.home / "Elsewhere" / "below.ini").write_bytes(record())
    (service.folder / "directory.ini").symlink_to(service.home / "Elsewhere")
    (service.folder / "dangling.ini").symlink_to(service.home / "nothing")
    (service.folder / "circle.ini").symlink_to(service.folder / "circle.ini")
    os.link(outside, service.folder / "hard.ini")
    service.put("stuck.ini")
    rows = verdicts(service)
    assert rows["hard.ini"] == rows["stuck.ini"] == "stuck" and "directory.ini" not in rows
    before = outside.read_bytes()
    serve(service, "stuck.ini")
    service.await_event(2021, "hard.ini")
    assert outside.read_bytes() == before == (service.folder / "hard.ini").read_bytes()
    assert not is_repaired((service.home / "Elsewhere" / "below.ini").read_bytes())
    assert len(service.events(2021)) == 1 and not service.events(2000, "directory.ini")


def test_fifo_and_socket(service):
    """No file at all: it must not wait for somebody to write into it."""
    os.mkfifo(service.folder / "fifo.ini")
    service.put("stuck.ini")
    rows = verdicts(service)
    assert rows["stuck.ini"] == "stuck"
    serve(service, "stuck.ini")


# ---- sizes ----

def test_sizes(service):
    """Nothing, one byte, the largest that is read, one more, and a gigabyte that is all hole."""
    limit = 1 << 20
    start = record()
    contents = {"empty.ini": b"", "one.ini": b"S", "largest.ini": start + b";" * (limit - len(start)),
                "larger.ini": start + b";" * (limit + 1 - len(start))}
    for name, content in contents.items():
        service.put(name, content)
    with open(service.folder / "huge.ini", "wb") as file:
        file.write(start)
        file.truncate(1 << 30)
    with open(service.folder / "five-gigabytes.ini", "wb") as file:
        file.write(start)
        file.truncate(5 << 30)
    assert verdicts(service, outsides) == {"empty.ini": "not-a-record", "one.ini": "not-a-record", "largest.ini": "stuck",
                                 "larger.ini": "unreadable", "huge.ini": "unreadable",
                                 "five-gigabytes.ini": "unreadable"}
    serve(service, "largest.ini")
    assert (service.folder / "largest.ini").read_bytes() == as_repaired(contents["largest.ini"])
    assert (service.folder / "larger.ini").read_bytes() == contents["larger.ini"]
    for name, size in (("huge.ini", 1 << 30), ("five-gigabytes.ini", 5 << 30)):
        service.await_event(2011, name)
        with open(service.folder / name, "rb") as file:
            assert file.read(len(start)) == start and os.fstat(file.fileno()).st_size == size
    assert len(service.events(2011)) == 3


def test_read_only(service):
    path = service.put("read-only.ini")
    service.wine.probe("setattr", service.windows("read-only.ini"), 1)
    before = snapshot(service.folder)
    assert verdicts(service) == {"read-only.ini": "stuck"}
    service.start()
    service.await_event(2021, "read-only.ini")
    assert snapshot(service.folder) == before
    # Let go, it is repaired when it changes or is looked at again; the attribute is nobody's but its owner's.
    service.wine.probe("setattr", service.windows("read-only.ini"), 128)
    service.await_repaired("read-only.ini")
    assert path.stat().st_mode & 0o200
