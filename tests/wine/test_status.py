# SPDX-License-Identifier: MIT
"""status at a glance: what KMRepair does, what needs a person, and an exit code that a monitoring system can go by."""

import json
import os
import re
import shutil
import time

import pytest

from field import about, encode, entries, fault
from host import (CONTINUE, PAUSE, PAUSED, RUNNING, SERVICE, as_repaired, digit_offset, one_architecture, record,
                  wait_until)

pytestmark = one_architecture

NAME = "Mxstatus.ini"
LONGEST = "/o=Fabrikam/ou=Berlin/cn=Recipients/cn=" + "m" * 216
LOCAL = r"\d{4}-\d\d-\d\d \d\d:\d\d [+-]\d\d:\d\d"
UTC = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
GOOD, BAD, UNTOLD = 0, 1, 2


class Shown:
    """What status says, as a table and as JSON; checked for what holds of each of them."""

    def __init__(self, product, code):
        table, machine = product.run("status"), product.run("status", "--format=json")
        assert (table.rc, machine.rc, table.err, machine.err) == (code, code, "", ""), f"{code} expected, {table}, {machine}"
        self.out, self.lines = table.out, table.out.splitlines()
        self.json = json.loads(machine.out)
        self.check_width()
        self.check_values(self.json)
        first = re.split(r"\n\n|\nProgram ", self.out)[0]
        assert " ".join(first.split()) == self.json["summary"]
        assert len(self.attention) == len(self.json.get("attention", []))
        assert ("Attention" in self.lines) == bool(self.attention)

    def check_width(self):
        """A path may be longer, and has a line of its own then; it is never broken."""
        for line in self.lines:
            path = re.match(r"(Program|Configuration|Folder) +\S", line)
            assert path or len(line) < 80, line

    def check_values(self, value):
        assert value not in ("", None, [], {}), self.json
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
            self.check_values(part)

    @property
    def first(self):
        return self.lines[0]

    @property
    def attention(self):
        """Its items, each in one line."""
        block = self.out.partition("\nAttention\n")[2].partition("\n\n")[0]
        return [" ".join(item.split()) for item in re.split(r"^- ", block, flags=re.M)[1:]]

    def fact(self, label):
        [line] = [line for line in self.lines if line.startswith(label + " ")]
        return line[16:]


def status(product, code):
    return Shown(product, code)


def await_state(product, state, code):
    """The service tells of it in its journal, which takes a moment."""
    wait_until(lambda: json.loads(product.run("status", "--format=json").out)["state"] == state, f"state {state}")
    return status(product, code)


@pytest.fixture
def running(service):
    service.start()
    service.await_event(3020)
    return service


def stamp_of(ago=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago))


def write_journal(product, *lines):
    product.journal.write_bytes(b"".join(encode(["KMR2", *line]) if isinstance(line, list) else line for line in lines))


def repair_lines(product, name, ago, number=1, mailbox="m", done=True):
    """A record that was repaired so many seconds ago, and what the journal has of that."""
    import zlib
    before = record(mailbox=mailbox)
    after = as_repaired(before)
    product.put(name, after)
    crcs = [f"{zlib.crc32(content):08X}" for content in (before, after)]
    lines = [[stamp_of(ago), "INTENT", str(number), str(digit_offset(before)), str(len(before)), *crcs, name, mailbox,
              product.wine.windows_path(product.folder)]]
    return lines + ([[stamp_of(ago), "DONE", str(number), "repaired"]] if done else [])


# ---- what it does ----

def test_not_installed(product):
    shown = status(product, BAD)
    assert re.fullmatch(r"KMRepair \d+\.\d+\.\d+ is not installed: nothing is repaired until kmrepair install\.",
                        shown.first)
    assert shown.json["state"] == "not-installed" and not shown.attention
    assert "kmrepair scan" in shown.fact("Last scan")


def test_stopped(service):
    shown = status(service, BAD)
    assert shown.first.endswith("is stopped: nothing is repaired until kmrepair start.")
    assert shown.json["state"] == "stopped" and shown.json["startType"] == "automatic"
    assert not shown.attention, "a journal that was never written is not missed"
    assert "kmrepair scan" in shown.fact("Last scan") and "scanned" not in shown.json and "files" not in shown.json


@pytest.mark.quick
def test_running(running):
    shown = await_state(running, "repairing", GOOD)
    assert re.fullmatch(r"KMRepair \d+\.\d+\.\d+ is running and repairs\.", shown.first)
    assert not shown.attention
    windows = running.wine.windows_path
    assert shown.fact("Program") == windows(running.exe) == shown.json["program"]
    assert shown.fact("Configuration") == windows(running.config) == shown.json["configuration"]
    assert shown.fact("Folder") == windows(running.folder) == shown.json["folder"]
    assert (shown.fact("Start type"), shown.fact("Account")) == ("automatic", "LocalSystem")
    assert not [line for line in shown.lines if line.endswith(" =")], "broken after commas only"
    assert "Repair = yes" in shown.out and "RepairsPerHour = 10000" in shown.out
    assert re.fullmatch(LOCAL, shown.fact("In force since")) and re.fullmatch(UTC, shown.json["since"])
    assert re.fullmatch(LOCAL, shown.fact("Last scan")) and re.fullmatch(UTC, shown.json["scanned"])
    assert shown.json["settings"]["repair"] is True and shown.json["settings"]["repairsPerHour"] == 10000
    assert shown.json["settings"]["settleSeconds"] == 0 and shown.json["settings"]["folder"] == shown.json["folder"]
    assert "Last repair" not in shown.out and "lastRepair" not in shown.json


def test_counts_are_those_of_the_last_scan(running):
    """It does not walk over the folder itself."""
    await_state(running, "repairing", GOOD)
    running.put("Mxsound.ini", record(state="1"))
    shown = status(running, GOOD)
    assert "0 files: " in shown.out and shown.json["files"] == 0
    running.controlled(PAUSE, PAUSED)
    running.controlled(CONTINUE, RUNNING)
    wait_until(lambda: status(running, GOOD).json["files"] == 1, "the service has scanned again")
    assert "1 file: 0 stuck, 1 sound" in running.ok("status").out


@pytest.mark.quick
def test_paused(running):
    running.controlled(PAUSE, PAUSED)
    shown = status(running, BAD)
    assert shown.first.endswith("is paused: nothing is repaired until kmrepair continue.")
    assert shown.json["state"] == "paused"


def test_report_only(service):
    service.configure(Repair="no")
    service.start()
    shown = await_state(service, "report-only", GOOD)
    assert shown.first.endswith(" reports only: Repair = no.") and shown.json["settings"]["repair"] is False


def test_limit(service):
    service.configure(RepairsPerHour=1)
    service.start()
    for name in (NAME, "Mxsecond.ini"):
        service.put(name)
    service.await_event(2030)
    shown = await_state(service, "limit", BAD)
    assert re.search(r" has reached 1 repairs an hour; it repairs again at \d\d:\d\d; to go on now: kmrepair pause, then kmrepair "
                     r"continue\.$", shown.json["summary"]), shown.out
    assert re.fullmatch(UTC, shown.json["until"])


# ---- what needs a person ----

def test_mailboxes_to_enable(running):
    running.put(NAME)
    running.await_event(2000, NAME)
    wait_until(lambda: entries(running.journal, "DONE"), "it is done")
    shown = status(running, GOOD)
    [item] = shown.attention
    assert re.fullmatch(rf"Mailboxes that still have to be enabled: 1, the oldest repaired at {LOCAL}; run: kmrepair todo",
                        item)
    assert shown.json["todo"] == 1 and re.fullmatch(UTC, shown.json["todoSince"]) and shown.json["repaired"] == 1
    assert re.fullmatch(LOCAL, shown.fact("Last repair")) and re.fullmatch(UTC, shown.json["lastRepair"])
    running.put(NAME, record(certificates=1))  # it was enabled
    shown = status(running, GOOD)
    assert not shown.attention and shown.json["todo"] == 0 and "todoSince" not in shown.json


def test_a_record_in_use_is_no_reason_to_look(running):
    running.put(NAME)
    running.await_event(2000, NAME)
    wait_until(lambda: entries(running.journal, "DONE"), "it is done")
    with running.wine.hold("hold", running.windows(NAME), "rw", "-"):
        assert status(running, GOOD).attention == ["1 record on the list is in use; run kmrepair todo again"]


@pytest.mark.parametrize("hours, ago, code", [(24, 25 * 3600, BAD), (24, 23 * 3600, GOOD), (0, 999 * 3600, GOOD)])
def test_mailbox_that_waits_for_too_long(service, hours, ago, code):
    service.configure(ReminderHours=hours)
    write_journal(service, *repair_lines(service, NAME, ago))
    service.start()
    service.await_event(3020)
    shown = await_state(service, "repairing", code)
    assert shown.json["todo"] == 1 and shown.json["settings"]["reminderHours"] == hours


@pytest.mark.quick
def test_held(running):
    names = [NAME, "Mxother.ini"]
    for name in names:
        running.put(name)
        running.await_event(2000, name)
        running.ok("undo", name)
    shown = status(running, GOOD)
    [item] = shown.attention
    assert all(name in item for name in names) and "kmrepair release NAME" in item
    assert shown.json["held"] == 2 and sorted(shown.json["heldRecords"]) == sorted(names)


def test_many_held(service):
    lines = []
    for number in range(1, 41):
        name = f"Mx{number:04}{'x' * 20}.ini"
        lines += [[stamp_of(), "HOLD", str(number), "00000000", name, service.wine.windows_path(service.folder)]]
    write_journal(service, *lines)
    shown = status(service, BAD)
    [item] = shown.attention
    assert " and 30 more; " in item and item.count(".ini") == 10
    assert len(shown.json["heldRecords"]) == 40


def test_event_log_full(faulty):
    for number in range(150):
        faulty.put(f"Mx{number:03}.ini")
    with fault(faulty, "full"):
        faulty.start()
        shown = await_state(faulty, "events", BAD)
        assert shown.first.endswith(" repairs nothing until the event log takes events again.")
        [item] = [item for item in shown.attention if "event log" in item]
        assert re.match(rf"Not finished or not reported: 128, since {LOCAL}; the event log is full", item)
        assert shown.json["unfinished"] == 128 and re.fullmatch(UTC, shown.json["unfinishedSince"])


def test_not_reported(faulty):
    """One repair is enough."""
    with fault(faulty, "full"):
        faulty.start()
        faulty.put(NAME)
        faulty.await_repaired(NAME)
        wait_until(lambda: "event log" in faulty.run("status").out, "it has waited for more than a moment")
        shown = status(faulty, BAD)
        assert shown.json["unfinished"] == 1 and shown.json["state"] == "repairing"


def test_configuration_refused(running):
    await_state(running, "repairing", GOOD)
    text = running.config.read_text().replace("RescanMinutes", "RescanMinuten")
    running.configure_text(text)
    line = 1 + [row.startswith("RescanMinuten") for row in text.splitlines()].index(True)
    running.await_event(4001)
    shown = status(running, BAD)
    [item] = shown.attention
    assert item.startswith(f"kmrepair.ini is refused, line {line}: there is no key 'RescanMinuten'") and "in force" in item
    assert shown.json["errorLine"] == line and "RescanMinuten" in shown.json["error"]
    assert shown.json["settings"]["rescanMinutes"] == 60 and shown.json["folder"], "what is in force"
    running.stop()
    shown = status(running, BAD)
    assert "does not start" in shown.attention[0] and "settings" not in shown.json and "folder" not in shown.json


def test_folder_away(running):
    await_state(running, "repairing", GOOD)
    shutil.rmtree(running.folder)
    shown = status(running, BAD)
    [item] = shown.attention
    assert item.startswith("The Clients folder cannot be opened: ") and "Folder in kmrepair.ini" in item
    assert shown.json["folderError"] and shown.json["state"] == "folder"
    assert "cannot reach the Clients folder: nothing is repaired meanwhile." in shown.json["summary"]
    assert "todo" not in shown.json and shown.fact("To enable") == "cannot be told while the folder is away"


def test_waits_for_the_folder(service):
    shutil.rmtree(service.folder)
    service.start()
    shown = await_state(service, "folder", BAD)
    assert shown.json["summary"].endswith(" cannot reach the Clients folder: nothing is repaired meanwhile.")


def test_journal_that_is_no_file(service):
    service.journal.mkdir()
    shown = status(service, BAD)
    [item] = shown.attention
    assert item.startswith("The journal kmrepair.jnl cannot be used: ") and "2031" in item and shown.json["journalError"]
    assert not {"repaired", "todo", "held", "unfinished", "damagedLines"} & set(shown.json), shown.json


def test_journal_read_only(running):
    await_state(running, "repairing", GOOD)
    running.journal.chmod(0o444)
    shown = status(running, BAD)
    assert shown.attention == ["The journal kmrepair.jnl cannot be used: the file is read-only; see event 2031"]
    running.journal.chmod(0o644)


def test_journal_that_may_not_be_read(faulty):
    """Whether all is well cannot be told then."""
    faulty.start()
    faulty.await_event(3020)
    await_state(faulty, "repairing", GOOD)
    with fault(faulty, "unread"):
        shown = status(faulty, UNTOLD)
        assert shown.first.endswith(" is running.") and shown.json["state"] == "running"
        assert shown.attention == ["The journal kmrepair.jnl cannot be used: access denied; open the console as "
                                   "administrator; see event 2031"]
        faulty.stop()
        assert status(faulty, BAD).json["state"] == "stopped", "that is certain"


def test_damaged_line(running):
    await_state(running, "repairing", GOOD)
    with running.journal.open("ab") as journal:
        journal.write(b"KMR2\tdamaged\r\n")
    shown = status(running, GOOD)
    [item] = shown.attention
    assert item.startswith("Damaged lines in the journal: 1;") and shown.json["damagedLines"] == 1


# ---- layout ----

def test_width_with_all_of_it(service):
    """With the longest mailbox, a long name of a record, and everything that there can be."""
    long = "Mx" + "n" * 60 + ".ini"
    write_journal(service, *repair_lines(service, long, 48 * 3600, mailbox=LONGEST),
                  *repair_lines(service, NAME, 3600, number=2, mailbox=LONGEST, done=False),
                  [stamp_of(), "HOLD", "3", "00000000", "Mxheld.ini", service.wine.windows_path(service.folder)],
                  b"damaged\r\n",
                  [stamp_of(), "STATE", "repairing", "-", stamp_of(), *["4000000000"] * 7, "-"])
    service.configure_text(service.config.read_text().replace("SettleSeconds = 0", "SettleSeconds = zero and not a number"))
    shown = status(service, BAD)
    assert len(shown.attention) == 4, shown.out
    service.configure()
    shown = status(service, BAD)
    assert len(shown.attention) == 4 and shown.json["todo"] == 2, shown.out
    assert "4000000000 unreadable" not in shown.out and "4000000000 stuck" in shown.out


def test_help_has_the_exit_codes(product):
    out = product.ok("status", "--help").out
    assert re.search(r"\b0\b.*\b1\b.*\b2\b", out, re.S) and "somebody has to look" in out
    assert all(len(line) < 80 for line in out.splitlines())


# ---- scan and repair ----

def test_scan_marks_what_is_held(running):
    running.put(NAME)
    running.await_event(2000, NAME)
    running.ok("undo", NAME)
    result = running.run("scan")
    assert result.rc == 1 and "held since its undo" in result.out
    [row] = map(json.loads, running.run("scan", "--format=json").out.splitlines())
    assert row["reason"] == "held since its undo"
    running.stop()
    (running.folder / NAME).write_bytes(record(mailbox="another"))  # that ends the hold
    assert "held since" not in running.run("scan").out


def test_scan_names_the_folder_and_says_that_it_is_the_wrong_one(product):
    out = product.ok("scan").out
    assert f"Folder: {product.wine.windows_path(product.folder)}" in out and "No records here" in out


def test_repair_says_why(product):
    product.put("Mxheld.ini")
    product.ok("repair")
    product.ok("undo", "Mxheld.ini")
    product.put("Mxdoubtful.ini", record(state="04"))
    result = product.run("repair")
    assert result.rc == 2
    assert "Mxheld.ini is held since its undo; run: kmrepair release Mxheld.ini" in result.err
    assert "Mxdoubtful.ini is doubtful and left alone: " in result.err
    product.put("Mxsecond.ini")
    product.configure(Repair="no")
    assert "Mxsecond.ini is still stuck: Repair = no" in product.run("repair").err
    product.configure(RepairsPerHour=1)
    assert re.search(rf"Mxsecond.ini is still stuck: hourly limit reached until {LOCAL}", product.run("repair").err)


@pytest.mark.parametrize("refusal", ["read-only", "hard links"])
def test_repair_says_why_it_may_not_write(product, refusal):
    path = product.put(NAME)
    if refusal == "read-only":
        assert product.wine.probe("setattr", product.windows(NAME), 1).rc == 0
    else:
        os.link(path, product.home / "elsewhere.dat")
    result = product.run("repair")
    assert result.rc == 2 and re.search(rf"{NAME} is still stuck: .*{refusal}", result.err), result


def test_repair_says_that_the_journal_is_in_use(product):
    """No record is to blame then."""
    path = product.put(NAME)
    before = path.read_bytes()
    product.journal.touch()
    with product.wine.hold("hold", product.wine.windows_path(product.journal), "rw", "", ms=60000):
        result = product.run("repair")
    assert result.rc == 2 and "cannot read the journal kmrepair.jnl: another program has" in result.err, result
    assert f"{NAME} is still stuck: in use" not in result.err
    assert path.read_bytes() == before


def test_repair_says_what_is_in_use(product):
    product.put(NAME)
    with product.wine.hold("hold", product.windows(NAME), "rw", "r"):
        result = product.run("repair")
    assert result.rc == 2 and f"{NAME} is still stuck: in use by another program" in result.err, result
