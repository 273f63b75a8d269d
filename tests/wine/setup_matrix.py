#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Set-up run a second time over every state in which it may find what it has installed.

For `make setup-matrix`: prints a table of exit codes and states before and after, and counts. A few rows are in the
ordinary suite (test_setup.py). A row is

    state     running, paused, stopped, disabled (and stopped), or running or paused and disabled
    where     the configuration beside the program, or elsewhere (`install --config`)
    what      sound, or with a mistake that was made after the service had started

What holds of each: with a sound configuration it is 0, twice, and the service is in its state again, under the new program;
unless it could not be started again, which is found before it is stopped. Whatever is not 0 has changed nothing: the
process is the same, and each file is.
"""

import itertools
import pathlib
import shutil
import sys
import tempfile

from conftest import tools
from host import CONTINUE, PAUSE, PAUSED, RUNNING, SERVICE, STOPPED, Wine, wait_until
from test_installer import OK, REFUSED, Site

AUTOMATIC, DISABLED = 2, 4
STATES = {"running": (RUNNING, AUTOMATIC), "paused": (PAUSED, AUTOMATIC), "stopped": (STOPPED, AUTOMATIC),
          "disabled": (STOPPED, DISABLED), "running, disabled": (RUNNING, DISABLED),
          "paused, disabled": (PAUSED, DISABLED)}
WHERE = ("beside", "elsewhere")
WHAT = ("sound", "faulty")
NAMES = {RUNNING: "running", PAUSED: "paused", STOPPED: "stopped"}
ROWS = list(itertools.product(STATES, WHERE, WHAT))


def expected(state, what):
    lasting = STATES[state] in ((RUNNING, DISABLED), (PAUSED, DISABLED))
    return REFUSED if what == "faulty" or lasting else OK


def prepare(site, state, where, what):
    """An older version in this state; the configuration that its service has."""
    admin = tools("x86") / "admin.exe"
    site.home.mkdir()
    site.configure()
    site.first_setup("/NOSTART")
    config = site.config
    if where == "elsewhere":
        folder = site.site / "s\N{LATIN SMALL LETTER E WITH ACUTE}ttings"
        folder.mkdir()
        config = folder / "other.ini"
        site.config.rename(config)
        site.ok("install", "--config", site.wine.windows_path(config))
    site.make_older()
    wanted, start = STATES[state]
    if wanted != STOPPED:
        site.start()
    if wanted == PAUSED:
        site.controlled(PAUSE, PAUSED)
    if start == DISABLED:
        assert site.wine.run(admin, "starttype", SERVICE, DISABLED).rc == 0
    if what == "faulty":
        with open(config, "ab") as file:
            file.write(b"Nonsense = yes\r\n")
        if wanted == RUNNING:
            site.await_event(4001)
    return config


def seen(site, config):
    """Whatever must be as it was when set-up refuses; of a journal that a service writes to only that it is there."""
    files = {path: path.read_bytes() for folder in {site.home, config.parent} for path in folder.iterdir()
             if not path.name.startswith("kmrepair.jnl")}
    return site.query(), site.wine.probe("config", SERVICE).pairs(), site.add_remove(), files


def play(site, state, where, what):
    """(exit code, state before, state after, what is wrong or "")."""
    config = prepare(site, state, where, what)
    if STATES[state][0] == PAUSED:
        site.put("stuck.ini")
    before = seen(site, config)
    rc = site.with_log(site.setup_exe, "/X86", site.to_here()).rc
    after = seen(site, config)
    wrong = []
    if rc != expected(state, what):
        wrong.append(f"exit code {rc}")
    if rc == OK:
        if after[0]["state"] != before[0]["state"]:
            wrong.append("state")
        if after[1]["start"] != before[1]["start"]:
            wrong.append("start type")
        if site.is_older():
            wrong.append("old program")
        if config.read_bytes() != before[3][config]:
            wrong.append("configuration")
        # Once more with the same command line.
        again = site.with_log(site.setup_exe, "/X86", site.to_here()).rc
        if again != OK or seen(site, config)[0]["state"] != after[0]["state"]:
            wrong.append(f"second run {again}")
    else:
        wrong += [name for name, a, b in zip(("service", "registration", "entry", "files"), before, after) if a != b]
    if STATES[state][0] == PAUSED and site.repaired("stuck.ini"):
        wrong.append("repaired while paused")
    return rc, NAMES[before[0]["state"]], NAMES.get(after[0].get("state"), "?"), ", ".join(wrong)


def run_row(wine, number, row):
    site = Site(wine, f"matrix {number}", "KM R\N{LATIN SMALL LETTER E WITH ACUTE}pair")
    try:
        return play(site, *row)
    except AssertionError as failure:
        return "-", "?", "?", str(failure).splitlines()[0]
    finally:
        if site.state() == PAUSED:
            site.control(CONTINUE)
        site.remove()
        wait_until(lambda: not wine.unix_pids("kmrepair"), "nothing runs any more")
        shutil.rmtree(site.site, ignore_errors=True)


def main():
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="kmrepair-matrix-"))
    wine = Wine(scratch, tools("x86"))
    failed = 0
    print(f"{'STATE':18} {'CONFIGURATION':18} CODE {'BEFORE':8} {'AFTER':8} OUTCOME", flush=True)
    try:
        wine.make_prefix()
        wine.boot()
        for number, row in enumerate(ROWS):
            rc, before, after, wrong = run_row(wine, number, row)
            failed += bool(wrong)
            print(f"{row[0]:18} {row[1] + ', ' + row[2]:18} {rc:>4} {before:8} {after:8} {wrong or 'as expected'}",
                  flush=True)
    finally:
        wine.close()
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{len(ROWS) - failed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
