# SPDX-License-Identifier: MIT
"""The service killed at random moments while records pour in: nothing lost, nothing wrong, nothing silent.

A writer plays the Key Management server: stuck records, legitimate recoveries (State = 4 with NumSCerts),
sound ones, written in several styles, some over others. Meanwhile the service is started and killed
(SIGKILL) again and again. While it is dead everything is compared with what was written: the files, the
journal, and what was reported. At the end it is left alone until it has done its work.

    make wine PYTEST='-k kill -rP'                     50 kills, a new seed each time; figures in build/wine-*.log
    make wine LONG=1 PYTEST='-k kill -rP'              500 kills
    make wine KILLS=80 SEED=1234 PYTEST='-k kill -rP'  what is written, and the moments drawn, are the same again

What Wine and Linux make of such a moment is not: a seed replays the script, not the schedule.
"""

import collections
import os
import random
import select
import signal
import sys
import threading
import time
import zlib
from dataclasses import dataclass, field

from host import (LONG, SERVICE, as_repaired, digit_offset, has_ended, one_architecture, record,
                  wait_until)

KILLS = int(os.environ.get("KILLS") or (500 if LONG else 50))
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
REPAIRED, REPAIRED_LATE, OUTCOME_UNKNOWN = 2000, 2002, 2003
REPORTS = (REPAIRED, REPAIRED_LATE, OUTCOME_UNKNOWN)
LIVE = 120  # records left in the folder; what is done is deleted, or each start would take longer


# ---- the writer ----

@dataclass
class Version:
    """One content of one record. Its mailbox is its own, so that events and journal can be told apart."""
    name: str
    mailbox: str
    content: bytes
    stuck: bool
    times: tuple = None     # inode and time of the last write, when it had been written
    old: int = None         # a descriptor of the file, once another one stands in its place

    def check(self, now, times):
        """It is as it was written, or repaired and nothing else; says whether it is repaired."""
        if now == self.content:
            # Linux sets the time of a write first and then looks whether the process was killed.
            assert times == self.times or self.stuck, f"{self.name}: {self.mailbox} was written to"
            return False
        assert self.stuck, f"{self.name}: {self.mailbox} was never stuck and has changed"
        assert now == as_repaired(self.content), f"{self.name}: {self.mailbox}: not exactly the one byte"
        return True


def times_of(info):
    return info.st_ino, info.st_mtime_ns


def pieces_of(content, random_):
    """Never between State and NumSCerts: on Windows the writer's handle would keep the service away."""
    at = digit_offset(content)
    cuts = sorted(random_.sample([*range(1, at - 9), *range(at + 40, len(content))], 5))
    return [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)])]


def write_at_once(path, pieces):
    """One write to the final name, over what is there."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(fd, b"".join(pieces))
    os.close(fd)


def write_in_pieces(path, pieces):
    with open(path, "wb", buffering=0) as file:
        for piece in pieces:
            file.write(piece)
            time.sleep(0.001)


def write_and_rename(path, pieces):
    aside = path.with_suffix(".tmp")
    aside.write_bytes(b"".join(pieces))
    aside.rename(path)


class Writer:
    """Plans what is written from the seed alone; writes it beside the running service."""

    def __init__(self, folder, seed):
        self.folder = folder
        self.random = random.Random(seed)
        self.live = {}     # name -> Version
        self.replaced = []  # versions whose file is only open any more
        self.number = 0

    def new_version(self, name):
        self.number += 1
        mailbox = f"/o=Fabrikam/ou=Site/cn=Recipients/cn=M{self.number:06}"
        state, certificates = self.random.choice([("4", None), ("4", None), ("4", 1), ("1", None), ("2", 2)])
        # At least one piece in front of what is kept together, and some behind it.
        content = record(state=state, certificates=certificates, mailbox=mailbox)
        return Version(name, mailbox, content, state == "4" and certificates is None)

    def plan(self, count):
        """[(version, how it is written, its pieces, pause before it)]; a record is written once in a plan."""
        plan, taken = [], set()
        for _ in range(count):
            over = self.random.random() < 0.25 and [n for n in self.live if n not in taken]
            name = self.random.choice(over) if over else f"Mx{self.number:06}.ini"
            version = self.new_version(name)
            before = self.live.get(name)
            if before is None:
                write = self.random.choice([write_at_once, write_in_pieces, write_and_rename])
            elif before.stuck:
                # From Linux nothing keeps the service and a writer apart who writes in place.
                write = write_and_rename
            else:
                write = self.random.choice([write_at_once, write_and_rename])
            taken.add(name)
            plan.append((version, write, pieces_of(version.content, self.random),
                         self.random.uniform(0, 0.008)))
        return plan

    def carry_out(self, plan):
        for version, write, pieces, pause in plan:
            time.sleep(pause)
            path = self.folder / version.name
            before = self.live.get(version.name)
            if before is not None and write is write_and_rename:
                before.old = os.open(path, os.O_RDONLY)
                self.replaced.append(before)
            write(path, pieces)
            self.live[version.name] = version


# ---- what the service left behind ----

@dataclass
class Entry:
    name: str
    mailbox: str
    offset: int
    size: int
    before: int
    after: int


class Journal:
    """Everything that ever stood in the journal, however often it was rotated."""

    def __init__(self, product):
        self.path = product.journal
        self.old = product.journal.with_name("kmrepair.jnl.old")
        self.intents = {}  # number -> Entry
        self.done = {}     # number -> outcome
        self.inode = None
        self.known = 0
        self.rotations = 0
        self.fresh = False

    def size(self):
        return self.path.stat().st_size if self.path.exists() else 0

    def read(self):
        """Takes in what has been added. The service is dead."""
        if not self.path.exists() and not self.old.exists():
            return
        inode = self.path.stat().st_ino if self.path.exists() else None
        if self.inode is not None and inode != self.inode:
            assert self.old.stat().st_ino == self.inode, "a journal is lost"
            self.take(self.old.read_bytes()[self.known:])
            self.rotations += 1
            self.known, self.fresh = 0, True
        self.inode = inode
        if inode is not None:
            content = self.path.read_bytes()
            if self.fresh:
                # The first line of a new journal is only there to keep the last number.
                self.known, self.fresh = content.index(b"\n") + 1, False
            self.take(content[self.known:])
            self.known = len(content)

    def take(self, content):
        assert not content or content.endswith(b"\r\n"), "a torn line, which a kill can not make"
        for line in content.decode("utf-8").split("\r\n")[:-1]:
            body, _, crc = line.rpartition("\t")
            assert zlib.crc32(body.encode()) == int(crc, 16), line
            kind, *fields = body.split("\t")[2:]
            if kind == "INTENT":
                number, offset, size = (int(n) for n in fields[:3])
                entry = Entry(fields[5], fields[6], offset, size, int(fields[3], 16), int(fields[4], 16))
                assert self.intents.setdefault(number, entry) == entry, f"number {number} used twice"
            elif kind == "DONE":
                self.done.setdefault(int(fields[0]), fields[1])


@dataclass
class Ledger:
    """What was found while the service was dead, over all its lives."""
    life: int = 0
    reported: dict = field(default_factory=lambda: collections.defaultdict(list))  # mailbox -> lives
    closed: set = field(default_factory=set)    # (mailbox, False) whose repair was done before this life
    repaired: set = field(default_factory=set)  # mailboxes whose record has changed
    figures: collections.Counter = field(default_factory=collections.Counter)


class Autopsy:
    """Compares files, journal and events with what was written. Everything is still."""

    def __init__(self, product, writer):
        self.product, self.writer = product, writer
        self.journal, self.ledger = Journal(product), Ledger()
        self.by_mailbox = {}

    def perform(self):
        for version in [*self.writer.live.values(), *self.writer.replaced]:
            self.by_mailbox[version.mailbox] = version
        self.look_at_files()
        self.journal.read()
        self.look_at_journal()
        self.look_at_events()
        self.count_what_was_cut_off()
        self.ledger.closed = {(self.journal.intents[n].mailbox, False) for n, outcome in self.journal.done.items()
                              if outcome == "repaired"}
        self.ledger.life += 1

    def look_at_files(self):
        for version in self.writer.live.values():
            path = self.product.folder / version.name
            self.look_at(version, path.read_bytes(), times_of(path.stat()))
        for version in self.writer.replaced:
            with open(version.old, "rb") as file:
                self.look_at(version, file.read(), times_of(os.fstat(file.fileno())))
        self.writer.replaced.clear()

    def look_at(self, version, content, times):
        version.times = version.times or times
        if version.check(content, times):
            self.ledger.repaired.add(version.mailbox)

    def look_at_journal(self):
        """Each entry is about a record that was stuck, with the numbers of just that content."""
        for number, entry in self.journal.intents.items():
            version = self.by_mailbox[entry.mailbox]
            content = version.content[:entry.size]  # or as far as it had been written then
            assert version.stuck and version.name == entry.name, entry
            assert entry.offset == digit_offset(content) and len(content) == entry.size, entry
            assert entry.before == zlib.crc32(content) and entry.after == zlib.crc32(as_repaired(content)), entry
        intended = {entry.mailbox for entry in self.journal.intents.values()}
        assert self.ledger.repaired <= intended, "a record has changed that is not in the journal"

    def look_at_events(self):
        told = set()
        for event in self.product.events():
            if event.id in (2010, 2011, 2021):
                raise AssertionError(f"nothing of this kind was written: {event}")
            if event.id not in REPORTS:
                continue
            name, _, mailbox, offset = event.strings[:4]
            version = self.by_mailbox[mailbox]
            assert version.name == name and int(offset) == digit_offset(version.content), event
            # A repair begun in half a record and cut off may end as unknown; the whole one is repaired then.
            subject = (mailbox, event.id == OUTCOME_UNKNOWN)
            assert subject not in told, f"reported twice without a crash: {event}"
            assert subject not in self.ledger.closed, f"reported again although it was done: {event}"
            told.add(subject)
            self.ledger.reported[mailbox].append(self.ledger.life)
            self.ledger.figures[event.id] += 1
        self.product.forget_events()

    def count_what_was_cut_off(self):
        """Only for the figures: at which step of a repair the service died."""
        for number, entry in self.journal.intents.items():
            if number in self.journal.done:
                continue
            if entry.mailbox not in self.ledger.repaired:
                where = "between INTENT and the byte"
            elif self.ledger.life not in self.ledger.reported[entry.mailbox]:
                where = "between the byte and its report"
            else:
                where = "between the report and DONE"
            self.ledger.figures[where] += 1

    def bury(self):
        """Deletes the oldest of what is finished. Nothing is left that could be owed for them."""
        for name, version in list(self.writer.live.items())[:-LIVE]:
            if not version.stuck or (version.mailbox, False) in self.ledger.closed:
                (self.product.folder / name).unlink()
                del self.writer.live[name]

    def backlog(self):
        return sum(v.stuck and v.mailbox not in self.ledger.repaired for v in self.writer.live.values())


# ---- the killing ----

class WineServerGone(Exception):
    pass


class Starter:
    """One probe that starts the service as often as it is asked to."""

    def __init__(self, product):
        self.product = product
        self.holder = product.wine.hold("starts", SERVICE, ms="")
        assert self.holder.news == "open", self.holder.news

    def start(self):
        """Returns the pid when the service has been called to its work. Killed before that, it would have done
        nothing yet, and Wine's service control manager sometimes waits for such a process for ever."""
        wait_until(lambda: self.ask() == "started", "the service is started")
        return self.product.unix_pid()

    def ask(self):
        """`started`, or an error: for a moment the manager may not have noticed that the process is dead."""
        pipe = self.holder.process.stdout
        try:
            self.holder.process.stdin.write(b"\n")
            self.holder.process.stdin.flush()
            wait_until(lambda: select.select([pipe], [], [], 0)[0] or not self.product.wine.is_alive(),
                       "the service control manager answers", 60)
        except BrokenPipeError:
            pass
        if not self.product.wine.is_alive():
            raise WineServerGone
        return pipe.readline().decode().strip()

    def close(self):
        if self.product.wine.is_alive():
            self.holder.release()


def start_again(service, starter, figures):
    """The pid of the service, and what started it. A process that is killed in the middle of a request can take
    the Wine server with it (Wine 8.0; it says no more than that it crashed). That is no matter of ours."""
    try:
        return starter.start(), starter
    except WineServerGone:
        figures["crashes of the Wine server"] += 1
        service.wine.reboot()
        service.install()
        starter = Starter(service)
        return starter.start(), starter


def kill_at_a_moment(product, pid, journal, random_):
    """Waits for the moment at which it is to die, as the seed has it: soon after its start, at any time of
    its work, or a moment after so much more stands in the journal. Returns what kind it was."""
    kind = random_.choice(["starting", "time", "journal", "journal", "journal", "journal"])
    part, more = random_.random(), random_.randrange(4000)
    size, begun = journal.size(), time.monotonic()
    if kind == "journal":
        # When there is nothing to repair the journal does not grow.
        while journal.size() <= size + more and time.monotonic() < begun + 0.5:
            pass
        spin(part * 0.006)  # about as long as a repair takes
    else:
        time.sleep(part * (0.1 if kind == "starting" else 0.4))
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: has_ended(pid), "the process is gone", poll=0.001)
    return kind


def spin(seconds):
    """Shorter than what a sleep can be relied on for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@one_architecture
def test_killed_while_records_pour_in(service):
    print(f"seed {SEED}, {KILLS} kills")
    moments = random.Random(SEED + 1)
    writer = Writer(service.folder, SEED)
    autopsy = Autopsy(service, writer)
    figures = autopsy.ledger.figures
    starter = Starter(service)
    begun = time.monotonic()
    sys.setswitchinterval(0.0005)  # the writer's thread must not hold up the one that kills
    for _ in range(KILLS):
        plan = writer.plan(moments.randint(2, 5 if autopsy.backlog() > 60 else 36))
        rain = threading.Thread(target=writer.carry_out, args=[plan])
        rain.start()
        pid, starter = start_again(service, starter, figures)
        figures[f"kills: {kill_at_a_moment(service, pid, autopsy.journal, moments)}"] += 1
        rain.join()
        autopsy.perform()
        autopsy.bury()
    # Once more, so that the Wine server is there for certain; this kill is not counted.
    _, starter = start_again(service, starter, figures)
    service.kill()
    autopsy.perform()
    starter.close()
    figures["seconds"] = round(time.monotonic() - begun)
    finish(service, autopsy)
    print_figures(figures)


def print_figures(figures):
    for what, number in sorted(figures.items(), key=str):
        print(f"{number:7}  {what}")


def finish(service, autopsy):
    """Left alone, it repairs and reports all that is left."""
    service.start()
    stuck = [v.name for v in autopsy.writer.live.values() if v.stuck]
    service.await_repaired(*stuck, timeout=120)

    def all_done():
        autopsy.journal.read()
        return set(autopsy.journal.intents) == set(autopsy.journal.done) & set(autopsy.journal.intents)

    wait_until(all_done, "everything owed is done", 120)
    service.stop()
    autopsy.perform()
    ledger = autopsy.ledger
    assert autopsy.backlog() == 0
    silent = ledger.repaired - {mailbox for mailbox, lives in ledger.reported.items() if lives}
    assert not silent, f"repaired silently: {silent}"
    ended = collections.Counter(autopsy.journal.intents[n].mailbox for n, outcome in autopsy.journal.done.items()
                                if outcome in ("repaired", "unknown"))
    assert all(len(ledger.reported[mailbox]) >= count for mailbox, count in ended.items())
    versions = autopsy.by_mailbox.values()
    ledger.figures.update({"versions written": len(versions), "of them stuck": sum(v.stuck for v in versions),
                           "repaired": len(ledger.repaired), "rotations": autopsy.journal.rotations,
                           "reported again, across a crash": sum(
                               max(0, len(ledger.reported[mailbox]) - count) for mailbox, count in ended.items())})
