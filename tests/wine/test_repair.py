# SPDX-License-Identifier: MIT
"""kmrepair repair: exactly one byte of a stuck record, and nothing else anywhere."""

import os
import re
import time

import pytest

from host import (MAILBOX, as_repaired, assert_only_repaired, digit_offset, is_repaired, record,
                  snapshot)

STUCK = {
    "stuck.ini": record(),
    "bare.ini": record(sections=False),
    "UPPER.INI": record(),
    "quoted.ini": record(state='"4"'),
    "unnamed.ini": record(mailbox=None),
    "a%1b%n.ini": record(),
    "\u00fcnic\u00f6de-\u65e5\u672c.ini": record(mailbox="/o=B\u00fcro/cn=Recipients/cn=J\u00f6rg"),
    "n" * 220 + ".ini": record(),
}
OTHERS = {
    "sound.ini": record(state="1"),
    "enrolled.ini": record(certificates=1),
    "doubtful.ini": record(state="4x"),
    "twice.ini": record() + b"State = 4\r\n",
    "note.ini": record(state=None),
    "binary.ini": record() + b"\0",
    "stuck.txt": record(),
    "stuck.ini.bak": record(),
    "stuck.inix": record(),
    "no ending": record(),
}


@pytest.fixture
def folder(product):
    for name, content in {**STUCK, **OTHERS}.items():
        product.put(name, content)
    (product.folder / "directory.ini").mkdir()
    (product.folder / "directory.ini" / "below.ini").write_bytes(record())
    return product


def with_digit_changed(content):
    """For the quoted one, whose digit is one further."""
    at = content.index(b"4", digit_offset(content))
    return content[:at] + b"1" + content[at + 1:]


@pytest.mark.quick
def test_one_byte_and_nothing_else(folder):
    before = snapshot(folder.folder)
    result = folder.ok("repair", folder.wine.windows_path(folder.folder))
    after = snapshot(folder.folder)
    assert after.pop("quoted.ini")[0] == with_digit_changed(before.pop("quoted.ini")[0])
    assert_only_repaired(before, after, set(STUCK))
    assert {e.strings[0].replace("%", "") for e in result.events if e.id == 2000}.issuperset(
        {"stuck.ini", "bare.ini", "UPPER.INI", "quoted.ini", "unnamed.ini"})
    assert sum(e.id == 2000 for e in result.events) == len(STUCK)


def test_second_pass_is_silent(folder):
    folder.ok("repair")
    before = snapshot(folder.folder)
    result = folder.ok("repair")
    assert snapshot(folder.folder) == before
    assert not [e for e in result.events if e.id in (2000, 2001, 2002, 2003, 2021)]


def test_event_says_which_and_where(product):
    content = record()
    product.put("stuck.ini", content)
    [event] = [e for e in product.ok("repair").events if e.id == 2000]
    assert event.about("stuck.ini")
    assert event.strings[1] == product.wine.windows_path(product.folder)
    assert event.strings[2] == MAILBOX
    assert event.strings[3] == str(digit_offset(content))


def test_unnamed_mailbox(product):
    product.put("stuck.ini", record(mailbox=None))
    [event] = [e for e in product.ok("repair").events if e.id == 2000]
    assert "not named in the record" in event.strings[2]


def test_percent_is_neutralised(product):
    """The viewer would expand a %1, a %%1 or a %{guid} in a name again."""
    product.put("Mx%1clfr%%n%{a}.ini", record(mailbox="/o=Org%2/cn=R%{b}/cn=%3"))
    [event] = [e for e in product.ok("repair").events if e.id == 2000]
    text = " ".join(event.strings)
    assert "clfr" in text and not re.search(r"%[\d%{]", text), event.strings


@pytest.mark.quick
def test_journal_knows_the_repair(product):
    product.put("stuck.ini")
    product.ok("repair")
    journal = product.journal.read_text("utf-8")
    assert "INTENT" in journal and "DONE" in journal and "stuck.ini" in journal


def test_console_names_what_was_done(folder):
    result = folder.ok("repair")
    assert "stuck.ini" in result.out and "quoted.ini" in result.out
    assert "enrolled.ini" not in result.out


@pytest.mark.quick
def test_report_only(folder):
    folder.configure(Repair="no")
    before = snapshot(folder.folder)
    result = folder.run("repair")
    assert result.rc == 2, "stuck records are left"
    assert snapshot(folder.folder) == before
    assert sum(e.id == 2001 for e in result.events) == len(STUCK)
    assert not [e for e in result.events if e.id == 2000]


def test_doubtful_and_unreadable_are_reported(folder):
    events = folder.ok("repair").events
    assert {e.strings[0] for e in events if e.id == 2010} == {"doubtful.ini", "twice.ini"}
    assert {e.strings[0] for e in events if e.id == 2011} == {"binary.ini"}


def seconds_of_a_pass(product):
    begun = time.monotonic()
    result = product.ok("repair")
    return time.monotonic() - begun, result


def test_nothing_stuck_ends_at_once(product):
    """What is only to be reported does not wait for the settle time."""
    product.configure(SettleSeconds=30)
    assert seconds_of_a_pass(product)[0] < 20
    for name, content in OTHERS.items():
        product.put(name, content)
    for _ in range(2):
        before = snapshot(product.folder)
        seconds, result = seconds_of_a_pass(product)
        assert seconds < 20 and snapshot(product.folder) == before
        assert {e.strings[0] for e in result.events if e.id in (2010, 2011)} == {"doubtful.ini", "twice.ini", "binary.ini"}


def test_stuck_waits_for_the_settle_time(product):
    product.configure(SettleSeconds=4)
    product.put("doubtful.ini", record(state="04"))
    product.put("stuck.ini")
    seconds, result = seconds_of_a_pass(product)
    assert seconds >= 4 and product.repaired("stuck.ini")
    assert {e.id for e in result.events} >= {2000, 2010}


def test_utf16_record(product):
    content = b"\xff\xfe" + record().decode().encode("utf-16-le")
    path = product.put("wide.ini", content)
    product.ok("repair")
    at = 2 + 2 * digit_offset(record_of(content))
    assert path.read_bytes() == content[:at] + b"1" + content[at + 1:]


def record_of(wide):
    return wide[2:].decode("utf-16-le").encode()


def test_path_beyond_max_path(product):
    deep = product.folder
    for letter in "abcdef":
        deep = deep / (letter * 50)
    deep.mkdir(parents=True)
    path = deep / ("x" * 200 + ".ini")
    content = record()
    path.write_bytes(content)
    product.ok("repair", product.wine.windows_path(deep))
    assert path.read_bytes() == as_repaired(content)


# ---- what must not be repaired ----

def refused(product, name):
    """Unchanged, and the event says so."""
    before = snapshot(product.folder)
    result = product.run("repair")
    assert result.rc == 2, "a stuck record is left"
    assert snapshot(product.folder) == before
    failures = [e for e in result.events if e.id == 2021 and e.about(name)]
    assert len(failures) == 1, result.events
    assert not [e for e in result.events if e.id == 2000]
    return result


def test_read_only_is_reported_and_stays(product):
    product.put("locked.ini")
    assert product.wine.probe("setattr", product.windows("locked.ini"), 1).rc == 0
    refused(product, "locked.ini")
    assert product.wine.probe("getattr", product.windows("locked.ini")).pairs()["attributes"] & 1


def test_second_name_is_refused(product):
    path = product.put("linked.ini")
    os.link(path, product.home / "elsewhere.dat")
    refused(product, "linked.ini")


def test_link_to_a_directory_is_passed_over(product):
    (product.home / "Real").mkdir()
    (product.home / "Real" / "stuck.ini").write_bytes(record())
    (product.folder / "link.ini").symlink_to(product.home / "Real")
    product.put("stuck.ini")
    product.ok("repair")
    assert product.repaired("stuck.ini")
    assert not is_repaired((product.home / "Real" / "stuck.ini").read_bytes())


def test_hidden_record_keeps_its_attributes(product):
    path = product.put("hidden.ini")
    product.wine.probe("setattr", product.windows("hidden.ini"), 2)
    attributes = product.wine.probe("getattr", product.windows("hidden.ini")).out
    product.ok("repair")
    assert is_repaired(path.read_bytes())
    assert product.wine.probe("getattr", product.windows("hidden.ini")).out == attributes
