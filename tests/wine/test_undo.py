# SPDX-License-Identifier: MIT
"""What an administrator does beside the running service: undo, release, history, a saved configuration."""

import csv
import io
import json
import zlib

import pytest

from host import RUNNING, as_repaired, assert_holds, record, snapshot, wait_until

NAME = "Mxundo.ini"
OTHER = "/o=Org/ou=Site/cn=Recipients/cn=A, \"B\" and C"


@pytest.fixture
def repaired(service):
    """A service that has repaired one record."""
    service.original = record()
    service.put(NAME, service.original)
    service.start()
    service.await_repaired(NAME)
    service.await_event(2000, NAME)
    return service


@pytest.mark.quick
def test_undo_holds_until_released(repaired):
    result = repaired.run("undo", NAME)
    assert result.rc == 0 and "2040" in result.out
    assert (repaired.folder / NAME).read_bytes() == repaired.original
    assert_holds(lambda: not repaired.repaired(NAME), "the record is left alone", 2)
    assert repaired.run("undo", NAME).rc == 2, "it has been undone already"
    assert repaired.run("release", NAME).rc == 0
    repaired.await_repaired(NAME)
    wait_until(lambda: len(repaired.events(2000, NAME)) == 2, "the second repair is reported")
    assert repaired.run("release", NAME).rc == 2, "it is not held any more"


def test_held_across_a_restart_until_it_changes(repaired):
    repaired.ok("undo", NAME)
    repaired.stop()
    repaired.start()
    repaired.await_event(3020)
    assert_holds(lambda: not repaired.repaired(NAME), "the record is left alone", 2)
    repaired.put(NAME, record(mailbox=OTHER))
    repaired.await_repaired(NAME)


def test_undo_of_a_stopped_service(repaired):
    repaired.stop()
    assert repaired.run("undo", NAME.upper()).rc == 0
    assert (repaired.folder / NAME).read_bytes() == repaired.original


def test_undo_refuses_what_has_changed(repaired):
    (repaired.folder / NAME).write_bytes(as_repaired(repaired.original) + b"; by hand\r\n")
    before = snapshot(repaired.folder)
    result = repaired.run("undo", NAME)
    assert result.rc == 2 and "changed" in result.err and NAME in result.err
    assert snapshot(repaired.folder) == before


def test_undo_all(service):
    """Each record has a line with its own result; what has changed since is left alone; the service repairs none again."""
    names = ["a.ini", "b.ini", "C.ini", "d.ini", "never.ini"]
    content = {name: record(mailbox=f"/o=A/cn={name}") for name in names}
    for name in names[:4]:
        service.put(name, content[name])
    service.put("never.ini", record(state="1"))
    service.start()
    service.await_repaired(*names[:4])
    for name in names[:4]:
        service.await_event(2000, name)
    service.stop()
    (service.folder / "b.ini").write_bytes(as_repaired(content["b.ini"]) + b"; by hand\r\n")
    (service.folder / "d.ini").unlink()
    result = service.run("undo", "--all")
    lines = result.out.splitlines()
    assert result.rc == 0 and not result.err, result
    assert lines[:3] == ["C.ini: taken back, and held", "a.ini: taken back, and held",
                         "b.ini: left alone: it has changed since it was repaired"]
    assert lines[3:] == ["d.ini: left alone: it is gone", "2 taken back, 2 left alone, 0 not taken back."]
    assert sorted(e.id for e in result.events) == [2040, 2040]
    for name in ("a.ini", "C.ini"):
        assert (service.folder / name).read_bytes() == content[name]
    assert (service.folder / "b.ini").read_bytes().endswith(b"; by hand\r\n")
    service.start()
    service.await_event(3020)
    assert_holds(lambda: not service.repaired("a.ini") and not service.repaired("C.ini"), "both are held", 2)
    again = service.run("undo", "--all").out.splitlines()
    assert not [line for line in again if line.startswith(("a.ini", "C.ini"))]


def test_undo_all_beside_the_service(repaired):
    result = repaired.ok("undo", "/ALL")
    assert result.out == f"{NAME}: taken back, and held\n1 taken back, 0 left alone, 0 not taken back.\n"
    assert (repaired.folder / NAME).read_bytes() == repaired.original
    assert_holds(lambda: not repaired.repaired(NAME), "the record is left alone", 2)
    assert repaired.ok("undo", "--all").out == "0 taken back, 0 left alone, 0 not taken back.\n"


def test_undo_all_since(repaired):
    assert repaired.ok("undo", "--all", "--since", "2100-01-01").out == "0 taken back, 0 left alone, 0 not taken back.\n"
    assert repaired.repaired(NAME)
    assert repaired.ok("undo", "--all", "--since=1h").out.startswith(f"{NAME}: taken back")


def test_undo_all_is_of_the_configured_folder(product):
    product.put(NAME)
    product.ok("repair")
    other = product.folder.parent / "Other"
    other.mkdir()
    product.configure(Folder=product.wine.windows_path(other))
    before = snapshot(product.folder)
    assert product.ok("undo", "--all").out == "0 taken back, 0 left alone, 0 not taken back.\n"
    assert snapshot(product.folder) == before


def test_undo_all_of_a_record_in_use(product):
    product.put(NAME)
    product.put("z.ini")
    product.ok("repair")
    with product.wine.hold("hold", product.windows(NAME), "rw", "-"):
        result = product.run("undo", "--all")
    assert result.rc == 1 and f"{NAME}: not taken back: " in result.out and "z.ini: taken back" in result.out
    assert product.repaired(NAME)
    assert product.ok("undo", "--all").out.startswith(f"{NAME}: taken back")


def test_undo_all_without_a_journal(product):
    product.put(NAME)
    product.ok("repair")
    product.journal.unlink()
    product.journal.mkdir()
    result = product.run("undo", "--all")
    assert result.rc == 2 and "journal" in result.err and product.repaired(NAME)


def test_history_of_nothing(product):
    assert product.ok("history").out == "Nothing was done.\n"
    assert product.ok("history", "--since=1h").out == "Nothing was done since then.\n"
    assert product.ok("history", "--format=json").out == ""
    assert product.ok("history", "--format=csv").out.startswith("time,record,")


@pytest.mark.quick
def test_history(repaired):
    repaired.put("Mxother.ini", record(mailbox=OTHER))
    repaired.await_event(2000, "Mxother.ini")
    repaired.ok("undo", NAME)
    repaired.ok("release", NAME)
    rows = list(csv.DictReader(io.StringIO(repaired.ok("history", "--format=csv").out)))
    assert [(row["record"], row["action"]) for row in rows][:2] == [
        (NAME, "repair"), ("Mxother.ini", "repair")]
    assert (NAME, "undo", "undone") in [(r["record"], r["action"], r["outcome"]) for r in rows]
    assert (NAME, "release", "released") in [(r["record"], r["action"], r["outcome"]) for r in rows]
    assert rows[1]["mailbox"] == OTHER
    lines = [json.loads(line) for line in
             repaired.ok("history", "--format=json").out.splitlines()]
    assert lines[1]["record"] == "Mxother.ini" and lines[1]["mailbox"] == OTHER
    assert repaired.ok("history", "--since=2100-01-01", "--format=json").out == ""


def sealed(fields):
    """A line of the journal, with its CRC."""
    line = "\t".join(fields)
    return f"{line}\t{zlib.crc32(line.encode()):08X}\r\n"


def taken_over(journal, **checkpoint):
    """What a new journal begins with: its first line, and the repairs of the one before."""
    lines = [line.split("\t")[:-1] for line in journal.splitlines()]
    first = next(fields for fields in lines if fields[2] == "CHECKPOINT")
    first = [*first[:3], checkpoint.get("id", first[3]), str(int(first[4]) + 1), "1"]
    repairs = [[*fields[:2], "REPAIRED", *fields[3:]] for fields in lines if fields[2] == "INTENT"]
    return "".join(map(sealed, [first, *repairs]))


def shown(product):
    rows = csv.DictReader(io.StringIO(product.ok("history", "--format=csv").out))
    return [(row["record"], row["action"], row["outcome"]) for row in rows]


def test_history_of_two_journals(product):
    """A repair that the new journal has taken over from the old one is shown once; without the old one, too."""
    product.put(NAME)
    product.ok("repair")
    whole = product.journal.read_text()
    assert shown(product) == [(NAME, "repair", "repaired")]
    old = product.journal.with_name(product.journal.name + ".old")
    old.write_text(whole, newline="")
    product.journal.write_text(taken_over(whole), newline="")
    assert shown(product) == [(NAME, "repair", "repaired")]
    product.put("Mxother.ini")
    product.ok("repair")
    assert shown(product) == [(NAME, "repair", "repaired"), ("Mxother.ini", "repair", "repaired")]
    old.unlink()
    assert shown(product) == [(NAME, "repair", "repaired"), ("Mxother.ini", "repair", "repaired")]
    # The one beside it may be another journal's.
    old.write_text(whole, newline="")
    product.journal.write_text(taken_over(whole, id="00000001"), newline="")
    assert len(shown(product)) == 2


def test_json(repaired):
    repaired.put("Mxsound.ini", record(state="1"))
    repaired.put("Mx, two.ini", record(certificates=1))
    result = repaired.run("scan", "--all", "--format=json")
    found = {row["record"]: row for row in map(json.loads, result.out.splitlines())}
    assert found["Mxsound.ini"]["verdict"] == "sound" and found["Mxsound.ini"]["state"] == "1"
    assert found["Mx, two.ini"]["verdict"] == "sound"
    status = json.loads(repaired.ok("status", "--format=json").out)
    assert status["state"] == "repairing" and status["repaired"] == 1


def test_check(product):
    said = json.loads(product.ok("check", "--format=json").out)
    assert said["service"] == "none" and "" not in said.values() and "start" not in said
    result = product.run("check")
    assert result.rc == 0 and "SettleSeconds" in result.out
    product.configure_text("[service]\r\nRepiar = no\r\n")
    result = product.run("check")
    assert result.rc == 2 and "line 2" in result.err and "Repiar" in result.err


def test_a_saved_configuration_takes_effect(repaired):
    repaired.forget_events()
    repaired.configure(Repair="no")
    repaired.await_event(4000, timeout=10)
    repaired.put("Mxlater.ini")
    repaired.await_event(2001, "Mxlater.ini")
    assert not repaired.repaired("Mxlater.ini")
    repaired.configure_text("[service]\r\nRepair = perhaps\r\n")
    repaired.await_event(4001, timeout=10)
    assert repaired.query()["state"] == RUNNING
    repaired.configure(Repair="yes")
    repaired.await_repaired("Mxlater.ini")


def test_an_emptied_configuration_is_refused(repaired):
    repaired.configure_text("")
    event = repaired.await_event(4001, timeout=10)
    assert "empty" in event.strings[2]
