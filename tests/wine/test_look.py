# SPDX-License-Identifier: MIT
"""What the verbs that only look tell when the journal is not as they would have it, and where they may write."""

import json
import time
import zlib

import pytest

from field import encode, entries, fault
from host import MAILBOX, as_repaired, digit_offset, one_architecture, record, wait_until

pytestmark = one_architecture

NAME = "Mxlook.ini"
IN_USE = "The journal kmrepair.jnl cannot be used: another program has the journal kmrepair.jnl open; see event 2031"


def stamp():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def repair_lines(product, number, name):
    """INTENT and DONE."""
    content = record()
    sums = [f"{zlib.crc32(c):08X}" for c in (content, as_repaired(content))]
    folder = product.wine.windows_path(product.folder)
    return (["KMR2", stamp(), "INTENT", str(number), str(digit_offset(content)), str(len(content)), *sums, name, MAILBOX,
             folder], ["KMR2", stamp(), "DONE", str(number), "repaired"])


def write(path, *lines):
    path.write_bytes(b"".join(map(encode, lines)))


def history(product, code=0):
    """(record, outcome) of each line, and what was written to the error stream."""
    result = product.run("history", "--format=json")
    assert result.rc == code, result
    return [(row["record"], row["outcome"]) for row in map(json.loads, result.out.splitlines())], result.err


def status(product, code):
    result = product.run("status", "--format=json")
    assert result.rc == code and result.err == "", result
    return json.loads(result.out)


def await_repairing(product):
    product.start()
    product.await_event(3020)
    wait_until(lambda: json.loads(product.run("status", "--format=json").out)["state"] == "repairing", "it repairs")
    assert not status(product, 0).get("attention")


# ---- a journal that cannot be written ----

def test_journal_that_others_may_only_read(service):
    """A backup, say. The service cannot write that in its journal."""
    await_repairing(service)
    with service.wine.hold("hold", service.wine.windows_path(service.journal), "r", "rd"):
        shown = status(service, 1)
        assert shown["attention"] == [IN_USE] and "repairs" not in shown["summary"], shown
    assert "attention" not in status(service, 0)


def test_journal_in_use_for_a_moment(service):
    """As by the service itself."""
    await_repairing(service)
    with service.wine.hold("hold", service.wine.windows_path(service.journal), "rw", "rd", ms=300):
        assert "attention" not in status(service, 0)


@pytest.mark.quick
def test_journal_that_nobody_writes_to(service):
    """Nobody has to write there while there is no service."""
    await_repairing(service)
    service.stop()
    with service.wine.hold("hold", service.wine.windows_path(service.journal), "r", "rd"):
        assert "attention" not in status(service, 1)


def test_full_disk(faulty):
    await_repairing(faulty)
    with fault(faulty, "nospace"):
        [item] = status(faulty, 1)["attention"]
        assert item.startswith("The journal kmrepair.jnl cannot be used: ") and "disk" in item.lower(), item
    assert "attention" not in status(faulty, 0)


def test_journal_that_the_caller_may_not_write(faulty):
    """Whether the service may cannot be told then."""
    await_repairing(faulty)
    with fault(faulty, "denied"):
        shown = status(faulty, 2)
        assert "open the console as administrator" in shown["attention"][0], shown


# ---- a journal that is not where it was ----

def test_journal_without_its_name(product):
    """A crash in the middle of a rotation."""
    old, new = (product.journal.with_name(product.journal.name + end) for end in (".old", ".new"))
    write(old, *repair_lines(product, 1, "Mxold.ini"))
    write(new, *repair_lines(product, 2, NAME))
    both = [("Mxold.ini", "repaired"), (NAME, "repaired")]
    assert history(product) == (both, "")
    assert status(product, 1)["repaired"] == 1
    assert not product.journal.exists(), "who looks changes nothing"
    write(product.journal, *repair_lines(product, 3, "Mxthird.ini"))
    assert history(product) == ([both[0], ("Mxthird.ini", "repaired")], "")
    product.journal.unlink()
    new.unlink()
    assert history(product) == (both[:1], "")


def test_old_journal_that_cannot_be_read(product):
    old = product.journal.with_name(product.journal.name + ".old")
    old.mkdir()
    write(product.journal, *repair_lines(product, 2, NAME))
    rows, told = history(product, 2)
    assert rows == [(NAME, "repaired")] and told.startswith("kmrepair: cannot read the old journal kmrepair.jnl.old: ")
    page = report(product)
    assert "The old journal cannot be read: " in page and NAME in page and "Repairs by week" in page


def test_many_unfinished_changes(product):
    """As many as the service begins at most."""
    pairs = [repair_lines(product, number, f"Mx{number}.ini") for number in range(1, 129)]
    write(product.journal, *(begun for begun, _ in pairs), *(done for _, done in pairs))
    assert history(product) == ([(f"Mx{number}.ini", "repaired") for number in range(1, 129)], "")


# ---- report ----

def report(product, name="page.html"):
    path = product.home / name
    result = product.run("report", "--output", product.wine.windows_path(path))
    assert result.rc == 0, result
    return path.read_text("ascii")


def test_report_replaces_nothing_but_a_page(product):
    write(product.journal, *repair_lines(product, 1, NAME))
    product.put(NAME)
    for path in (product.journal, product.config, product.folder / NAME, product.home / "page.html.new"):
        before = path.read_bytes() if path.exists() else None
        result = product.run("report", "--output", product.wine.windows_path(path))
        assert (result.rc, result.out) == (2, "") and ".htm, .html or .txt" in result.err, result
        assert (path.read_bytes() if path.exists() else None) == before
    for name in ("page.htm", "PAGE.HTML"):
        assert "<h1>KMRepair" in report(product, name)


def test_report_shows_the_settings_in_force(service):
    service.configure(RescanMinutes=55)
    await_repairing(service)
    service.configure_text(service.config.read_text().replace("RescanMinutes = 55", "RescanMinutes = none"))
    service.await_event(4001)
    assert "<th>RescanMinutes</th><td>55</td>" in report(service)


# ---- what else ----

def test_limit_without_settings(service):
    """No line of the journal tells what is in force, and the configuration is refused."""
    service.configure(RepairsPerHour=1)
    service.start()
    for name in (NAME, "Mxsecond.ini"):
        service.put(name)
    service.await_event(2030)
    wait_until(lambda: status(service, 1)["state"] == "limit", "the limit is told")
    service.configure_text("[service]\r\nRepair = perhaps\r\n")
    service.await_event(4001)
    service.kill()  # for Wine it is up after that, and nothing writes the journal anew
    write(service.journal, *(fields for fields in entries(service.journal) if fields[2] != "LOADED"))
    try:
        assert " has reached RepairsPerHour; it repairs again at " in status(service, 1)["summary"]
    finally:
        service.wine.reboot()  # or the service could not be removed


@pytest.mark.parametrize("linked", [False, True])
def test_output_into_a_link(product, linked):
    (product.home / "real").mkdir()
    (product.home / "link").symlink_to("real")
    folder = product.wine.windows_path(product.home / ("link" if linked else "real"))
    result = product.run("check", "--output", folder + r"\told.txt")
    if linked:
        assert result.rc == 2 and "cannot use the folder of --output" in result.err, result
    else:
        assert result.rc == 0, result
    assert (product.home / "real" / "told.txt").exists() is not linked
