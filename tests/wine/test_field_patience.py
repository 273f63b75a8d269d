# SPDX-License-Identifier: MIT
"""Faults met in use whose scenario takes a minute or more. Each runs beside the other tests; see conftest.py.

The numbers (L1, ...) are those of the list of faults.
"""

import pytest

from field import await_quiet, entries, holding, stamp, start_in_the_background
from host import STOPPED, assert_holds, wait_until

NAME = "Mxstuck.ini"
LATER = "Mxlater.ini"


def more_names_than_the_queue_holds(service):
    """L7: 2,100 records in use at once and let go, without rescans: all are repaired."""
    names = [f"Mx{number:04}.ini" for number in range(2100)]
    service.configure(RescanMinutes=0)
    for name in names:
        service.put(name)
    with holding(service.wine, "holdall", service.wine.windows_path(service.folder)):
        service.start()
        service.await_event(3020, timeout=120)
        assert not service.events(2000)
    # A busy record is tried again after a minute at the latest.
    service.await_repaired(*names, timeout=240)


def configuration_in_use_for_ever(service):
    """L9: ... and after 30 s it stops, with the exit code of a configuration that cannot be had."""
    with service.wine.hold("hold", service.wine.windows_path(service.config), "rw", "r", ms=120000):
        thread, answers = start_in_the_background(service)
        thread.join()
    answer = answers[0].pairs()
    assert answer.get("state") == STOPPED and answer["specific_exit"] == 1, answers[0]
    assert 25000 < answer["elapsed_ms"] < 50000, f"expected to wait for 30 s, got {answer}"


def configuration_kept_open_while_running(service):
    """L9: `Repair = no`, saved by a program that keeps the file open: that is said, and it takes effect in the end."""
    service.start()
    service.await_event(3020)
    with service.wine.hold("hold", service.wine.windows_path(service.config), "rw", "rw", ms=60000):
        service.config.write_bytes(service.config.read_bytes().replace(b"Repair = yes", b"Repair = no"))
        event = service.await_event(4001, timeout=50)
        assert "the file cannot be read: " in event.strings[-1], event
        assert_holds(lambda: len(service.events(4001)) == 1, "event 4001 is said once", 3)
    wait_until(lambda: len(service.events(4000)) == 2, "event 4000, that the new configuration is in force", 70)
    service.put(NAME)
    service.await_event(2001, NAME)


def an_idle_minute(service):
    """L1, quiet: in a minute in which nothing happens nothing is written, also after a scanner has looked on."""
    service.start()
    service.await_event(3020)
    with holding(service.wine, "scanner", service.wine.windows_path(service.home),
                 service.wine.windows_path(service.journal)):
        service.put(NAME)
        service.await_event(2000, NAME)
        await_quiet(service.journal, 2, timeout=20)
        before = stamp(service.journal)
        assert_holds(lambda: stamp(service.journal) == before, f"nothing is written to {service.journal}", 62)
    loaded = len(entries(service.journal, "LOADED"))
    assert loaded == 1, f"{service.journal}: expected one LOADED line, got {loaded}"


def folder_of_the_configuration_made_again(service):
    """The folder of configuration and journal is renamed and made again: the watch moves to the new one."""
    place = service.folder.parent / "place"
    place.mkdir()
    service.config, service.journal = place / "kmrepair.ini", place / "kmrepair.jnl"
    service.configure()
    service.install("--config", service.wine.windows_path(service.config))
    service.put(NAME)
    service.start()
    service.await_event(2000, NAME)
    # A first change that is taken: so that it is not about to look at the files anyway.
    service.configure(RescanMinutes=59)
    wait_until(lambda: len(service.events(4000)) == 2, "event 4000, that the saved configuration is in force")
    place.rename(place.with_name("gone"))
    place.mkdir()
    service.configure(Repair="no")
    # What leads to the folder is looked at once a minute.
    wait_until(lambda: len(service.events(4000)) == 3, "event 4000, that the new configuration is in force", 100)
    service.put(LATER)
    service.await_event(2001, LATER)
    wait_until(lambda: entries(service.journal, "LOADED"), f"LOADED in the new {service.journal}", 10)
    # And from now on it is watched.
    service.configure(Repair="yes")
    service.await_repaired(LATER, timeout=15)


SCENARIOS = [more_names_than_the_queue_holds, configuration_in_use_for_ever, configuration_kept_open_while_running,
             an_idle_minute,
             folder_of_the_configuration_made_again]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_field_scenario(scenario, played):
    played[scenario.__name__].result()
