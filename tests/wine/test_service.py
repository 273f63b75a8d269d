# SPDX-License-Identifier: MIT
"""The service under the service control manager: its life, and what it repairs meanwhile."""

import contextlib
import os
import signal
import subprocess
import threading

import pytest

from field import fault, switch_of
from host import (CONTINUE, EVENT_SOURCE_KEY, INTERROGATE, PARAMCHANGE, PAUSE, PAUSED, RUNNING,
                  SERVICE, SHOW_EVENTS, STOP, STOPPED, as_repaired, assert_holds,
                  assert_only_repaired, is_repaired, parse_events, record, snapshot, wait_until)

ACCEPT_STOP, ACCEPT_PAUSE, ACCEPT_SHUTDOWN, ACCEPT_PARAMCHANGE = 1, 2, 4, 8
OWN_PROCESS, AUTO_START, DOES_NOT_EXIST, NOT_ACTIVE = 16, 2, 1060, 1062


@pytest.fixture
def running(service):
    service.start()
    service.await_event(3020)  # the first scan is over: what follows is seen by the watch
    return service


# ---- install and uninstall ----

@pytest.mark.quick
def test_registration(service):
    config = service.wine.probe("config", SERVICE).pairs()
    exe = service.wine.windows_path(service.exe)
    assert config["image"] == f'"{exe}" run'
    assert config["type"] == OWN_PROCESS and config["start"] == AUTO_START
    assert config["display"] == "KM Server Record Repair"
    assert config["account"] == "LocalSystem" and config["description"]
    source = service.wine.probe("regkey", EVENT_SOURCE_KEY, "EventMessageFile").pairs()
    assert source["value"].lower() == exe.lower()
    assert service.query()["state"] == STOPPED


def test_install_twice_is_install_once(service):
    before = service.wine.probe("config", SERVICE).out
    service.install()
    assert service.wine.probe("config", SERVICE).out == before


def test_install_where_no_level_is_known(faulty):
    """K2: what an older Windows does not know of a service is no trouble, whichever way it says so."""
    with fault(faulty, "levels"):
        result = faulty.run("install")
    assert (result.rc, result.err) == (0, "")


def test_start_while_the_database_is_locked(faulty):
    """S12: as while the host starts. How long it is waited for, and what for besides, is in test_scm.py."""
    switch_of(faulty, "database").touch()
    threading.Timer(3, switch_of(faulty, "database").unlink, [True]).start()
    faulty.ok("start")
    assert faulty.query()["state"] == RUNNING and not switch_of(faulty, "database").exists()


def test_install_names_another_configuration(service):
    other = service.folder.parent / "with blank" / "other.ini"
    other.parent.mkdir()
    service.config.rename(other)
    service.install("--config", service.wine.windows_path(other))
    assert f'--config "{service.wine.windows_path(other)}"' in service.wine.probe(
        "config", SERVICE).pairs()["image"]
    service.put("stuck.ini")
    service.start()
    service.await_repaired("stuck.ini")
    assert (other.parent / "kmrepair.jnl").is_file() and not service.journal.exists()


def test_install_leaves_no_journal_behind(service):
    """With another configuration the service would know of no hold, and repair again what was taken back."""
    place = service.folder.parent / "new"
    place.mkdir()
    named = service.wine.windows_path(place / "kmrepair.ini")
    (place / "kmrepair.ini").write_bytes(service.config.read_bytes())
    path = service.put("stuck.ini")
    service.start()
    service.await_repaired("stuck.ini")
    service.ok("undo", "stuck.ini")
    service.ok("stop")
    before = service.wine.probe("config", SERVICE).pairs()["image"]
    result = service.run("install", "--config", named)
    assert result.rc == 2 and service.wine.windows_path(service.journal) in result.err, result
    assert service.wine.probe("config", SERVICE).pairs()["image"] == before
    (place / "kmrepair.jnl").write_bytes(service.journal.read_bytes())
    service.install("--config", named)
    service.forget_events()
    service.start()
    service.await_event(3020)
    assert not is_repaired(path.read_bytes()) and not service.events(2000)


def test_install_writes_the_configuration(product):
    product.config.unlink()
    try:
        product.install("--folder", product.wine.windows_path(product.folder))
        product.put("stuck.ini")
        assert product.run("scan").rc == 1
        assert product.wine.windows_path(product.folder) in product.run("status").out
    finally:
        product.remove()


def test_uninstall_leaves_configuration_and_journal(running):
    running.put("stuck.ini")
    running.await_repaired("stuck.ini")
    config = running.config.read_bytes()
    running.ok("uninstall")
    wait_until(lambda: running.query() == {"error": DOES_NOT_EXIST}, "the service is removed")
    assert running.wine.probe("regkey", EVENT_SOURCE_KEY).out == "error=2\n"
    # STOPPED is said shortly before the end of the process.
    wait_until(lambda: not running.wine.unix_pids(running.exe.name), "the process is gone")
    assert running.config.read_bytes() == config
    assert "stuck.ini" in running.journal.read_text("utf-8")
    assert running.exe.exists() and running.repaired("stuck.ini")


def test_start_and_stop_verbs(service):
    assert "KMRepair" in service.ok("start").out
    assert service.query()["state"] == RUNNING
    service.ok("start")
    service.ok("stop")
    assert service.query()["state"] == STOPPED
    service.ok("stop")


def test_pause_and_continue_verbs(running):
    for verb in ("pause", "continue"):
        state, wanted = (PAUSED, "is paused") if verb == "pause" else (RUNNING, "is running")
        assert running.ok(verb).out == f"The service KMRepair {wanted}.\n"
        assert running.query()["state"] == state
        again = running.run(verb)
        assert again.rc == 2 and not again.out
        assert again.err == ("kmrepair: KMRepair is already paused\n" if verb == "pause" else
                             "kmrepair: KMRepair is not paused; it is running\n")
    running.put("later.ini")
    running.await_repaired("later.ini")


def test_start_does_not_continue(running):
    running.ok("pause")
    result = running.run("start")
    assert (result.rc, result.out) == (2, "")
    assert result.err == "kmrepair: KMRepair is paused; run: kmrepair continue\n"
    assert running.query()["state"] == PAUSED


def test_start_paused_repairs_nothing_before_continue(service):
    service.put("before.ini")
    assert service.ok("start", "--paused").out == "The service KMRepair is paused.\n"
    assert service.query()["state"] == PAUSED
    service.put("meanwhile.ini")
    assert_holds(lambda: not service.repaired("before.ini") and not service.repaired("meanwhile.ini"), "paused", 1.5)
    service.ok("continue")
    for name in ("before.ini", "meanwhile.ini"):
        service.await_repaired(name)


def test_start_paused_does_not_pause(running):
    result = running.run("start", "--paused")
    assert (result.rc, result.out) == (2, "") and "kmrepair pause" in result.err
    assert running.query()["state"] == RUNNING


def test_pause_and_continue_when_stopped(service):
    for verb in ("pause", "continue"):
        result = service.run(verb)
        assert (result.rc, result.out) == (2, "") and "not running; run: kmrepair start" in result.err, verb


def test_verbs_without_a_service(product):
    for verb in ("start", "stop", "pause", "continue"):
        result = product.run(verb)
        assert result.rc == 2 and "not installed; run: kmrepair install" in result.err, verb
    assert product.ok("uninstall").out == "The service KMRepair was not installed.\n"
    assert "not installed" in product.run("status").out


# ---- status and controls ----

def test_status(running):
    running.put("stuck.ini")
    running.await_event(2000, "stuck.ini")
    out = running.ok("status").out
    assert "running" in out
    assert running.wine.windows_path(running.folder) in out
    assert running.wine.windows_path(running.config) in out
    assert "Repair = yes" in out and "10000" in out
    running.controlled(PAUSE, PAUSED)
    assert "paused" in running.run("status").out
    running.stop()
    assert "stopped" in running.run("status").out


def test_life_is_reported(running):
    assert running.events(1000) and running.events(4000)
    running.controlled(PAUSE, PAUSED)
    running.controlled(CONTINUE, RUNNING)
    running.stop()
    running.await_event(1001)
    told = [e.id for e in running.events() if e.id in (1000, 1001, 1002, 1003)]
    assert told == [1000, 1002, 1003, 1001]


def test_controls_accepted(running):
    status = running.query()
    assert status["type"] == OWN_PROCESS and status["state"] == RUNNING
    assert status["checkpoint"] == 0 and status["win32_exit"] == 0
    wanted = ACCEPT_STOP | ACCEPT_PAUSE | ACCEPT_SHUTDOWN | ACCEPT_PARAMCHANGE
    assert status["accepted"] & wanted == wanted
    assert running.controlled(INTERROGATE)["state"] == RUNNING
    running.control(200)  # a control nobody knows
    assert running.query()["state"] == RUNNING
    status = running.stop()
    assert status["accepted"] == 0 and status["win32_exit"] == 0
    assert running.control(STOP).pairs() == {"error": NOT_ACTIVE}


@pytest.mark.quick
def test_stops_within_a_second(running):
    assert running.stop()["elapsed_ms"] < 1000
    wait_until(lambda: not running.wine.unix_pids(running.exe.name), "the process is gone", 2)


def test_stops_within_a_second_in_the_first_scan(service):
    for number in range(3000):
        (service.folder / f"Mx{number:06}.ini").write_bytes(record(state="1"))
    service.start()
    assert service.stop()["elapsed_ms"] < 1000


def test_stops_while_paused(running):
    running.controlled(PAUSE, PAUSED)
    assert running.controlled(INTERROGATE)["state"] == PAUSED
    assert running.stop()["elapsed_ms"] < 1000


# ---- what is repaired, and when ----

@pytest.mark.quick
def test_stuck_before_the_start(service):
    names = [f"Mx{number}.ini" for number in range(20)]
    for name in names:
        service.put(name)
    service.put("sound.ini", record(state="1"))
    before = snapshot(service.folder)
    service.start()
    service.await_repaired(*names)
    for name in names:
        service.await_event(2000, name)
    service.stop()
    assert_only_repaired(before, snapshot(service.folder), names)
    assert len(service.events(2000)) == len(names)


@pytest.mark.quick
def test_dropped_in(running):
    content = record()
    (running.folder / "dropped.ini").write_bytes(content)
    running.await_event(2000, "dropped.ini")
    assert (running.folder / "dropped.ini").read_bytes() == as_repaired(content)


def test_renamed_in(running):
    running.put("waiting.tmp")
    assert running.wine.probe("rename", running.windows("waiting.tmp"),
                              running.windows("Mx renamed.ini")).rc == 0
    running.await_event(2000, "Mx renamed.ini")
    running.await_repaired("Mx renamed.ini")


def test_moved_in_from_elsewhere(running):
    running.put("Mx moved.ini")  # by rename, from the folder above
    running.await_repaired("Mx moved.ini")


def test_many_at_once(running):
    """Wine does not align the entries of a buffer: one behind a name of odd length was taken for garbage, and all of
    them for lost; seen as repairs that took seconds, and event 3000."""
    pid = running.unix_pid()
    names = [f"{'x' * (1 + number % 4)}{number:02}.ini" for number in range(40)]
    os.kill(pid, signal.SIGSTOP)
    for name in names:
        (running.folder / name).write_bytes(record())
    os.kill(pid, signal.SIGCONT)
    running.await_repaired(*names)
    for name in names:
        running.await_event(2000, name)
    assert not running.events(3000)


def test_written_in_pieces(running):
    """Half a record has no NumSCerts yet: it must not be judged while it is being written."""
    running.configure(SettleSeconds=2)
    running.controlled(PARAMCHANGE)
    wait_until(lambda: len(running.events(4000)) > 1, "the new configuration is loaded")
    content = record(certificates=1)
    half = content.index(b"NumSCerts")
    path = running.folder / "growing.ini"
    with open(path, "wb", buffering=0) as file:
        file.write(content[:half])
        assert_holds(lambda: path.read_bytes() == content[:half], "half a record is left", 1)
        file.write(content[half:])
    assert_holds(lambda: path.read_bytes() == content, "the sound record is left", 3)
    assert not running.events(2000)


def test_rewritten_in_place_and_kept_open(running):
    """As long as the writer has it open, a repair could be written over."""
    running.put("open.ini", record(state="1"))
    running.home.joinpath("source.tmp").write_bytes(record())
    with running.wine.hold("rewrite", running.windows("open.ini"),
                           running.wine.windows_path(running.home / "source.tmp")):
        assert_holds(lambda: not running.repaired("open.ini"), "not repaired while open", 3)
    running.await_event(2000, "open.ini")
    assert (running.folder / "open.ini").read_bytes() == as_repaired(
        (running.home / "source.tmp").read_bytes())
    assert not running.events(2020) and not running.events(2021)


def test_sound_records_are_left(running):
    for name, content in {"sound.ini": record(state="1"), "enrolled.ini": record(certificates=1),
                          "note.ini": record(state=None), "stuck.txt": record()}.items():
        running.put(name, content)
    before = snapshot(running.folder)
    running.put("last.ini")
    running.await_event(2000, "last.ini")
    after = snapshot(running.folder)
    del after["last.ini"]
    assert after == before


def test_stuck_again_is_repaired_again(running):
    running.put("again.ini")
    running.await_event(2000, "again.ini")
    running.forget_events()
    running.put("again.ini")
    running.await_event(2000, "again.ini")
    running.await_repaired("again.ini")


@pytest.mark.quick
def test_pause_and_continue(running):
    running.controlled(PAUSE, PAUSED)
    running.put("meanwhile.ini")
    assert_holds(lambda: not running.repaired("meanwhile.ini"), "paused", 1.5)
    running.controlled(CONTINUE, RUNNING)
    running.await_repaired("meanwhile.ini")
    running.put("later.ini")
    running.await_repaired("later.ini")


def test_report_only_and_back(running):
    running.configure(Repair="no")
    running.controlled(PARAMCHANGE)
    running.put("stuck.ini")
    before = snapshot(running.folder)
    running.await_event(2001, "stuck.ini")
    assert snapshot(running.folder) == before and not running.events(2000)
    running.configure(Repair="yes")
    running.controlled(PARAMCHANGE)
    running.await_event(2000, "stuck.ini")
    assert len(running.events(2001, "stuck.ini")) == 1


def test_another_folder(running):
    running.put("first.ini")
    running.await_repaired("first.ini")
    running.folder = running.home / "Other"
    running.folder.mkdir()
    running.put("there.ini")
    running.configure()
    running.controlled(PARAMCHANGE)
    running.await_repaired("there.ini")
    running.put("later.ini")
    running.await_repaired("later.ini")


def test_another_folder_in_the_middle_of_a_scan(service):
    """The new folder is watched before it is scanned, so that each loading of the settings scans it once."""
    for number in range(10000):
        (service.folder / f"Mx{number:06}.ini").write_bytes(record(state="1"))
    service.start()
    service.folder = service.home / "Other"
    service.folder.mkdir()
    service.put("there.ini")
    service.configure()
    service.controlled(PARAMCHANGE)
    service.await_event(2000, "there.ini")

    def scans():
        return [event for event in service.events(3020) if event.strings[0].endswith("Other")]

    wait_until(scans, "the other folder is scanned")
    service.controlled(PAUSE, PAUSED)
    # The file that was saved may have been loaded before the control came: then twice.
    assert len(scans()) <= len(service.events(4000)) - 1, service.events()


# ---- killed in mid-work ----

def pour(folder, records):
    """The records appear one after the other, as fast as they can be written."""
    for name, content in records.items():
        (folder / (name + ".tmp")).write_bytes(content)
        (folder / (name + ".tmp")).rename(folder / name)


def test_killed_while_records_pour_in(running):
    """Three times, each time at another point of its work."""
    names = [f"Mx{number:04}.ini" for number in range(500)]
    sound = set(names[::5])
    records = {name: record(state="1" if name in sound else "4") for name in names}
    rain = threading.Thread(target=pour, args=(running.folder, records))
    rain.start()
    for repairs in (1, 60, 150):
        wait_until(lambda n=repairs: len(running.events(2000)) >= n, "it is at work", poll=0.001)
        running.kill()
        running.start()
    rain.join()
    stuck = set(names) - sound
    running.await_repaired(*stuck, timeout=60)

    def reported():
        return {e.strings[0] for e in running.events() if e.id in (2000, 2002, 2003)}

    wait_until(lambda: reported() >= stuck, "every repair is reported at least once", 30)
    running.stop()
    assert reported() == stuck
    for name, content in records.items():
        expected = content if name in sound else as_repaired(content)
        assert (running.folder / name).read_bytes() == expected, name


# ---- in a console ----

@contextlib.contextmanager
def in_a_console(product):
    """(process, file of its output, file of its events), when it has repaired a record."""
    product.put("stuck.ini")
    out_path, err_path = product.home / "out.txt", product.home / "err.txt"
    with open(out_path, "wb") as out, open(err_path, "wb") as err:
        process = product.wine.spawn(product.exe, "run", "--console", debug=SHOW_EVENTS,
                                     stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        try:
            product.await_repaired("stuck.ini")
            yield process, out_path, err_path
        finally:
            product.kill()
            process.wait(10)


def test_run_in_a_console(product):
    with in_a_console(product) as (process, out_path, err_path):
        product.put("later.ini")
        product.await_repaired("later.ini")
        wait_until(lambda: b"later.ini" in out_path.read_bytes(), "it says so")
        os.kill(product.unix_pid(), signal.SIGINT)  # what Ctrl-C becomes
        assert process.wait(10) == 0
    assert {e.id for e in parse_events(err_path.read_text())} >= {1000, 2000, 1001}


def test_a_console_that_is_closed(faulty):
    """N1: Windows ends the process when the handler returns, which therefore waits for the end of the work."""
    with in_a_console(faulty) as (process, _, err_path):
        with fault(faulty, "close"):
            process.wait(10)
    assert {e.id for e in parse_events(err_path.read_text())} >= {1000, 2000, 1001}


@pytest.mark.parametrize("kind", ["", "nolinks"])
def test_a_record_that_is_written_is_told_of_when_it_is_let_go(faulty, kind):
    """C6; also where FILE_OPEN_REPARSE_POINT is not known, as on NT 4.0 (N10)."""
    faulty.put("Mxslow.ini", record(state="04"))
    path = faulty.wine.windows_path(faulty.folder / "Mxslow.ini")
    with fault(faulty, kind or "none"):
        with faulty.wine.hold("hold", path, "rw", "rw"):
            faulty.start()
            faulty.await_event(3020)
            assert_holds(lambda: not faulty.events(2010), "nothing is said while somebody writes to it", 2)
        faulty.await_event(2010, "Mxslow.ini")
    assert len(faulty.events(2010)) == 1
