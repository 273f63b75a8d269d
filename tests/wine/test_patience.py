# SPDX-License-Identifier: MIT
"""What takes minutes. Each scenario runs beside the other tests; see conftest.py."""

import os
import random
import shutil
import signal

import pytest

from host import record, wait_until


def locked_for_longer_than_a_minute(service):
    service.put("locked.ini")
    service.put("open.ini")
    with service.wine.hold("hold", service.windows("locked.ini"), "rw", "-", ms=200000):
        service.start()
        service.await_repaired("open.ini")
        service.await_event(2020, "locked.ini", timeout=140)
        assert not service.repaired("locked.ini")
    service.await_repaired("locked.ini", timeout=75)
    service.await_event(2000, "locked.ini")
    assert len(service.events(2020)) == 1


def removed_and_created_again(service):
    service.put("before.ini")
    service.start()
    service.await_repaired("before.ini")
    shutil.rmtree(service.folder)
    service.await_event(3010, timeout=100)
    service.folder.mkdir()
    service.await_event(3011, timeout=100)
    service.put("after.ini")
    service.await_repaired("after.ini")
    assert len(service.events(3010)) == 1 and len(service.events(3011)) == 1


def removed_in_the_middle_of_its_work(service):
    """What had been begun is settled and reported as far as it can be known; nothing of it is left owed."""
    names = [f"Mx{number:03}.ini" for number in range(300)]
    for name in names:
        service.put(name)
    service.start()
    wait_until(lambda: len(service.events(2000)) >= 20, "it is at work", poll=0.005)
    shutil.rmtree(service.folder)
    service.await_event(3010, timeout=100)
    service.folder.mkdir()
    service.put("after.ini")
    service.await_repaired("after.ini", timeout=100)
    service.await_event(2000, "after.ini")
    service.stop()
    rows = service.ok("history", "--format=csv").out.splitlines()[1:]
    outcomes = {row.split(",")[1]: row.split(",")[3] for row in rows}
    assert len(outcomes) == len(rows) and set(outcomes.values()) <= {"repaired", "unknown"}, outcomes
    for name, outcome in outcomes.items():
        told = [e.id for e in service.events() if e.id in (2000, 2002, 2003) and e.about(name)]
        assert told == [2000 if outcome == "repaired" else 2003], (name, outcome, told)
    assert 20 < len(rows) and len(service.events(3010)) == len(service.events(3011)) == 1


def more_changes_than_it_is_told_of(service):
    """Names are lost in such a burst: what counts is what is reached after the rescan."""
    service.configure(RescanMinutes=1)
    service.start()
    service.await_event(3020)
    stuck = [f"Mx{number}.ini" for number in range(100)]
    names = stuck + [f"other{number}.tmp" for number in range(30000)]
    random.Random(198709).shuffle(names)
    stopped = service.unix_pid()
    os.kill(stopped, signal.SIGSTOP)
    for name in names:
        (service.folder / name).write_bytes(record() if name.endswith(".ini") else b"x")
    os.kill(stopped, signal.SIGCONT)
    service.await_repaired(*stuck, timeout=120)
    for name in stuck:
        service.await_event(2000, name)
    assert len(service.events(3000)) <= 1


def one_pass_with_a_record_in_use(product):
    """One pass does not wait for another program for ever, and says that it is not done."""
    product.put("used.ini")
    product.put("stuck.ini")
    with product.wine.hold("hold", product.windows("used.ini"), "rw", "r"):
        result = product.run("repair")
        assert not product.repaired("used.ini")
    assert result.rc == 2 and product.repaired("stuck.ini")


def one_pass_without_a_folder(product):
    product.folder.rmdir()
    result = product.run("repair")
    assert result.rc == 2 and "Clients" in result.out + result.err


def run_without_the_service_manager(product):
    """Wine's dispatcher takes ten seconds to notice that nobody started it."""
    result = product.run("run", timeout=30)
    assert result.rc == 2 and "--console" in result.err


SCENARIOS = [locked_for_longer_than_a_minute, more_changes_than_it_is_told_of,
             removed_and_created_again, removed_in_the_middle_of_its_work,
             one_pass_with_a_record_in_use, one_pass_without_a_folder,
             run_without_the_service_manager]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_scenario(scenario, played):
    played[scenario.__name__].result()
