# SPDX-License-Identifier: MIT
"""PAUSE lets go of the Clients folder; a service that is started paused does nothing until it is continued."""

import os
import pathlib

import pytest

from field import ask, assert_untouched
from host import (CONTINUE, PAUSE, PAUSED, RUNNING, SERVICE, STOPPED, one_architecture, wait_until)

pytestmark = one_architecture

NAME = "Mxstuck.ini"


def open_below(service):
    """What the service, and the Wine server for it, have open of the Clients folder."""
    found = []
    for pid in service.wine.unix_pids("wineserver") + [service.unix_pid()]:
        for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = os.readlink(fd)
            except OSError:
                continue  # closed while we looked
            if pathlib.Path(target.removesuffix(" (deleted)")).is_relative_to(service.folder):
                found.append(f"{pid}: {target}")
    return found


@pytest.mark.quick
def test_pause_lets_go_of_the_folder(service):
    """PAUSE: while paused nothing of the Clients folder is open; what gets stuck meanwhile waits for CONTINUE."""
    service.start()
    service.await_event(3020)
    service.put("Mxbefore.ini")
    service.await_event(2000, "Mxbefore.ini")
    assert open_below(service), "nothing is open while it runs: this test sees nothing"
    service.controlled(PAUSE, PAUSED)
    # It has let go when it says PAUSED, not some time later.
    assert not open_below(service), f"expected nothing open while paused, got {open_below(service)}"
    service.put(NAME)
    assert_untouched(service, 1.5, NAME)
    assert not open_below(service), f"expected nothing open while paused, got {open_below(service)}"
    service.controlled(CONTINUE, RUNNING)
    service.await_event(2000, NAME)
    assert open_below(service), "it watches again"
    service.put("Mxafter.ini")
    service.await_event(2000, "Mxafter.ini")


def test_folder_moved_while_paused(service):
    """PAUSE: the folder can be taken away, and another put there, while paused: no event, and the new one counts."""
    service.start()
    service.await_event(3020)
    service.controlled(PAUSE, PAUSED)
    service.folder.rename(service.folder.with_name("moved"))
    service.folder.mkdir()
    service.put(NAME)
    service.controlled(CONTINUE, RUNNING)
    service.await_event(2000, NAME)
    # Found at once, not by the check that comes once a minute.
    service.put("Mxlater.ini")
    service.await_repaired("Mxlater.ini", timeout=10)
    assert not service.events(3010), service.events(3010)


def test_saved_while_paused(service):
    """PAUSE: the configuration is still watched while paused, and the service stays paused."""
    service.start()
    service.await_event(3020)
    service.controlled(PAUSE, PAUSED)
    service.configure(Repair="no")
    wait_until(lambda: len(service.events(4000)) == 2, "event 4000, that the saved configuration is in force", 10)
    assert service.query()["state"] == PAUSED
    assert not open_below(service), f"expected nothing open while paused, got {open_below(service)}"
    service.put(NAME)
    service.controlled(CONTINUE, RUNNING)
    service.await_event(2001, NAME)
    assert not service.repaired(NAME)


def test_repair_while_paused(service):
    """PAUSE: what was promised of it holds for the verb as well."""
    service.start()
    service.controlled(PAUSE, PAUSED)
    before = service.put("Mxpaused.ini").read_bytes()
    for words in (["repair"], ["repair", service.wine.windows_path(service.folder)]):
        result = service.run(*words)
        assert result.rc == 2 and "the service is paused: nothing is repaired until kmrepair continue" in result.err
    assert (service.folder / "Mxpaused.ini").read_bytes() == before


def test_undo_while_paused(service):
    """PAUSE: undo works while paused, and the hold is kept afterwards."""
    service.put(NAME)
    service.start()
    service.await_event(2000, NAME)
    service.controlled(PAUSE, PAUSED)
    service.ok("undo", NAME)
    assert not open_below(service), f"expected nothing open while paused, got {open_below(service)}"
    service.controlled(CONTINUE, RUNNING)
    service.put("Mxlater.ini")
    service.await_event(2000, "Mxlater.ini")
    assert_untouched(service, 1, NAME)


# ---- the verbs ----

def test_pause_and_continue_verbs(service):
    """PAUSE: kmrepair pause, kmrepair continue."""
    service.start()
    service.await_event(3020)
    assert "paused" in service.ok("pause").out
    assert service.query()["state"] == PAUSED
    assert "paused" in service.run("status").out
    service.put(NAME)
    assert_untouched(service, 1, NAME)
    assert "running" in service.ok("continue").out
    assert service.query()["state"] == RUNNING
    service.await_repaired(NAME)


@pytest.mark.parametrize("verb", ["pause", "continue"])
def test_verbs_without_a_running_service(service, verb):
    """PAUSE: of a service that is stopped, and of none: one line, and what to do."""
    result = service.run(verb)
    assert result.rc == 2 and "kmrepair start" in result.err and not result.out, result
    service.ok("uninstall")
    result = service.run(verb)
    assert result.rc == 2 and "install" in result.err and not result.out, result


def test_start_of_a_paused_service(service):
    """C3: start on a paused service says that it is paused and how to continue."""
    service.start()
    service.controlled(PAUSE, PAUSED)
    result = service.run("start")
    said = result.out + result.err
    assert "paused" in said and "kmrepair continue" in said, f"start: expected how to continue, got {result}"
    assert service.query()["state"] == PAUSED


# ---- started paused ----

def assert_paused_from_the_start(service):
    assert service.query()["state"] == PAUSED
    assert not open_below(service), f"expected nothing open while paused, got {open_below(service)}"
    assert_untouched(service, 2, NAME)
    service.put("Mxmeanwhile.ini")
    assert_untouched(service, 1, NAME, "Mxmeanwhile.ini")
    assert not service.events(3020), "it has not looked into the folder"
    assert "paused" in service.run("status").out


def test_started_paused_by_the_verb(service):
    """PAUSE: kmrepair start --paused; nothing is repaired until kmrepair continue."""
    service.put(NAME)
    service.ok("start", "--paused")
    assert_paused_from_the_start(service)
    service.ok("continue")
    service.await_repaired(NAME, "Mxmeanwhile.ini")
    assert service.query()["state"] == RUNNING


def test_started_paused_by_a_parameter(service):
    """PAUSE: the start parameter `paused`, as of `sc start KMRepair paused`; it is never RUNNING on the way."""
    service.put(NAME)
    answer = ask(service.wine, "start", SERVICE, PAUSED, "paused")
    seen = [int(line.partition("=")[2]) for line in answer.out.splitlines() if line.startswith("seen=")]
    assert answer.rc == 0 and RUNNING not in seen, f"expected PAUSED, never RUNNING, got {answer}"
    assert_paused_from_the_start(service)
    service.controlled(CONTINUE, RUNNING)
    service.await_repaired(NAME, "Mxmeanwhile.ini")


def test_stop_of_one_that_was_started_paused(service):
    """PAUSE: it stops without having done anything; started with a parameter that nobody knows it works."""
    service.put(NAME)
    assert ask(service.wine, "start", SERVICE, PAUSED, "paused").rc == 0
    service.stop()
    assert service.query()["state"] == STOPPED and not service.repaired(NAME)
    answer = ask(service.wine, "start", SERVICE, RUNNING, "pausedx")
    assert answer.rc == 0, answer
    service.await_repaired(NAME)
