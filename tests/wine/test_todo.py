# SPDX-License-Identifier: MIT
"""kmrepair todo: the mailboxes that still have to be enabled, through all that may befall their records."""

import csv
import io
import json
import re

import pytest

from host import as_repaired, record, snapshot

ANNA = "/o=Fabrikam/ou=Berlin/cn=Recipients/cn=Anna"
BERT = "/o=Fabrikam/ou=Berlin/cn=Recipients/cn=Bert"
LONG = "/o=Fabrikam/ou=Berlin/cn=Recipients/cn=" + "Long" * 50
FIRST, SECOND, THIRD = "Mxfirst.ini", "Mxsecond.ini", "Mxthird.ini"
NOTHING = "No mailbox is on the list"


@pytest.fixture
def three(product):
    """Three records, repaired one after the other; the third names no mailbox. Nothing runs."""
    product.texts = {FIRST: record(mailbox=ANNA), SECOND: record(mailbox=BERT), THIRD: b"[Client]\r\nState = 4\r\n"}
    for name, text in product.texts.items():
        product.put(name, text)
        product.ok("repair")
    return product


def listed(product, rc=1):
    """The records on the list, from its CSV."""
    result = product.run("todo", "--format=csv")
    assert result.rc == rc, result
    return [row["record"] for row in csv.DictReader(io.StringIO(result.out))]


def enable(product, name):
    """As the Key Management server does: the record is written anew."""
    text = as_repaired(product.texts[name]) + b"NumSCerts = 1\r\n"
    (product.folder / name).write_bytes(text)


def test_none(product):
    result = product.run("todo")
    assert result.rc == 0 and NOTHING in result.out and "leaves the list." in " ".join(result.out.split())
    assert product.run("todo", "--format=json").out == "[]\n"
    assert product.run("todo", "--format=csv").out == "repaired,record,mailbox\n"
    assert not product.journal.exists()


@pytest.mark.quick
def test_formats(three):
    result = three.run("todo")
    assert result.rc == 1, result
    lines = result.out.splitlines()
    said = " ".join(lines[:4])
    assert "have not changed since" in said and "leaves the list." in said
    assert max(map(len, lines)) < 80, lines
    rows = [line for line in lines if ".ini" in line]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d [+-]\d\d:\d\d " + re.escape(FIRST) + r" +", rows[0] + " "), rows
    assert rows[2].endswith(THIRD.ljust(21) + "(not named in the record)"), rows
    assert [row.split()[3] for row in rows] == [FIRST, SECOND, THIRD]
    rows = json.loads(three.run("todo", "--format=json").out)
    assert [(row["record"], row.get("mailbox")) for row in rows] == [(FIRST, ANNA), (SECOND, BERT), (THIRD, None)]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["repaired"]) for row in rows)
    assert sorted(rows[2]) == ["record", "repaired"], "nothing is empty"
    assert listed(three) == [FIRST, SECOND, THIRD]


def test_long_mailbox(product):
    product.put(FIRST, record(mailbox=LONG))
    product.ok("repair")
    out = product.run("todo").out
    assert max(map(len, out.splitlines())) < 80, out
    shown = out[out.index(FIRST) + len(FIRST):]
    assert "".join(shown.split()) == LONG, "it is all there"


def test_enabled_undone_removed(three):
    enable(three, FIRST)
    assert listed(three) == [SECOND, THIRD]
    three.ok("undo", SECOND)
    assert listed(three) == [THIRD]
    three.ok("release", SECOND)
    three.ok("repair")
    assert listed(three) == [THIRD, SECOND], "the last repair counts"
    (three.folder / THIRD).unlink()
    assert listed(three) == [SECOND]
    enable(three, SECOND)
    assert listed(three, rc=0) == []
    assert NOTHING in three.run("todo").out


def test_rotated_journal(three):
    """A journal that is too long begins anew with what is known."""
    with open(three.journal, "ab") as journal:
        journal.write((b"x" * 1022 + b"\r\n") * 1100)
    three.ok("repair")
    assert three.journal.stat().st_size < 100000, "it has begun anew"
    assert listed(three) == [FIRST, SECOND, THIRD]


def test_of_the_configured_folder_only(three):
    other = three.folder.parent / "Other"
    other.mkdir()
    three.configure(Folder=three.wine.windows_path(other))
    assert listed(three, rc=0) == []
    three.configure(Folder=three.wine.windows_path(three.folder).swapcase())
    assert listed(three) == [FIRST, SECOND, THIRD]


def test_writes_nothing(three):
    three.run("todo")
    before = [(p, p.stat().st_mtime_ns, p.stat().st_ctime_ns, p.read_bytes()) for p in sorted(three.home.iterdir())]
    folder = snapshot(three.folder)
    for format_ in ("table", "csv", "json"):
        assert three.run("todo", f"--format={format_}").rc == 1
    after = [(p, p.stat().st_mtime_ns, p.stat().st_ctime_ns, p.read_bytes()) for p in sorted(three.home.iterdir())]
    assert before == after and snapshot(three.folder) == folder


def test_cannot_be_told(three):
    with three.wine.hold("hold", three.windows(FIRST), "rw", "-"):
        result = three.run("todo", "--format=csv")
        assert result.rc == 1 and FIRST in result.err and FIRST not in result.out, result
        enable(three, SECOND)
        (three.folder / THIRD).unlink()
        result = three.run("todo", "--format=json")
        assert result.rc == 2 and FIRST in result.err and result.out == "", result
    with three.wine.hold("hold", three.wine.windows_path(three.journal), "rw", "-"):
        result = three.run("todo")
        assert result.rc == 2 and "journal" in result.err and result.out == "", result
    three.configure(Folder=three.wine.windows_path(three.folder) + "x")
    result = three.run("todo")
    assert result.rc == 2 and "Clientsx" in result.err and result.out == "", result
    assert three.run("todo", "--format=xml").rc == 2
