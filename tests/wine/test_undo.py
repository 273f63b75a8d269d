"""What an administrator does beside the running service: undo, release, history, a saved configuration."""

import csv
import io
import json

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


def test_json(repaired):
    repaired.put("Mxsound.ini", record(state="1"))
    repaired.put("Mx, two.ini", record(certificates=1))
    result = repaired.run("scan", "--all", "--format=json")
    found = {row["record"]: row for row in map(json.loads, result.out.splitlines())}
    assert found["Mxsound.ini"]["verdict"] == "sound" and found["Mxsound.ini"]["state"] == "1"
    assert found["Mx, two.ini"]["verdict"] == "sound"
    status = json.loads(repaired.ok("status", "--format=json").out)
    assert status["service"] == "running" and status["repaired"] == 1 and status["files"] == 3


def test_check(product):
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
