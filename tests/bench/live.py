# SPDX-License-Identifier: MIT
"""The service at work, when idle and when it starts, beside a service that does nothing and a bare program."""

import contextlib
import os
import pathlib
import subprocess
import sys
import threading
import time

from host import EMPTY_SERVICE, RUNNING, STOP, STOPPED, Product, record
from rounds import rotated

CHANGES = 30      # in a round
OTHERS = 1000     # records a second that others write meanwhile
APART = 0.02      # seconds between two changes
SETTLE = 5        # seconds, the default
PATIENCE = 150    # seconds for one repair: what is lost is left to the next scan, a minute later at most


def expect_ok(result):
    if result.rc != 0:
        sys.exit(f"bench: {result}")
    return result


@contextlib.contextmanager
def installed(wine, exe):
    """The product and the empty service, neither started."""
    product = Product(wine, exe, "bench")
    product.configure()
    product.install()
    empty = wine.probe_exe.parent / "empty.exe"
    expect_ok(wine.run(empty, "install"))
    try:
        yield product
    finally:
        product.remove()
        wine.probe("control", EMPTY_SERVICE, STOP)
        wine.run(empty, "remove")


# ---- start ----

def measure_start(bench, product, arch, rounds):
    services = [(f"start {arch}", "KMRepair"), (f"start of the empty service {arch}", EMPTY_SERVICE)]
    for number in range(-1, rounds):
        for name, service in rotated(services, number):
            took = expect_ok(product.wine.probe("life", service)).pairs()["started_us"]
            if number >= 0:
                bench.add(name, "", took / 1e3)


# ---- a change ----

def write_others(folder, stop):
    """Sound records, each once a second, at an even rate; how many a second there were is returned in `stop`."""
    content = record(state="1")
    start, count = time.monotonic(), 0
    while not stop.wait(max(0.0, start + count / OTHERS - time.monotonic())):
        (folder / f"Mxother{count % OTHERS:04}.ini").write_bytes(content)
        count += 1
    stop.written = count / (time.monotonic() - start)


class Change:
    """A record that has just become stuck, and is looked at until it is repaired."""

    def __init__(self, product, name):
        content = record()
        self.product = product
        self.offset = content.index(b"State = 4") + len("State = ")
        self.path = product.put(name, content)
        self.start = time.monotonic()
        self.file = os.open(self.path, os.O_RDONLY)
        self.taken = None

    def is_over(self):
        if self.taken is None and os.pread(self.file, 1, self.offset) == b"1":
            self.taken = (time.monotonic() - self.start) * 1e3
            os.close(self.file)
            self.path.unlink()
        if time.monotonic() - self.start > PATIENCE:
            # Seen twice in 5,000 changes: Wine's x86 process ends by a page fault in ntdll, which has lost its %fs.
            there = "is there" if self.product.wine.unix_pids(self.product.exe.name) else "is not there any more"
            sys.exit(f"bench: {self.path} was not repaired within {PATIENCE} s; the process of the service {there}")
        return self.taken is not None


def await_changes(product, prefix, count):
    """Milliseconds that each took from the moment at which it was there."""
    start, changes, left = time.monotonic(), [], []
    while len(changes) < count or left:
        if len(changes) < count and time.monotonic() >= start + len(changes) * APART:
            changes.append(Change(product, f"{prefix}-{len(changes)}.ini"))
            left.append(changes[-1])
        left = [c for c in left if not c.is_over()]
        time.sleep(0.0002)
    return [c.taken for c in changes]


def measure_changes(bench, product, arch, rounds, settle):
    """With the default time to settle, and with none, which makes others' every write a look at its record."""
    product.configure(SettleSeconds=settle, RescanMinutes=1)  # a name that is lost waits no longer
    bare = product.home / "bare.ini"
    bare.write_bytes(record())
    expect_ok(product.wine.probe("start", "KMRepair", RUNNING))
    with others(product.folder) as told:
        for number in range(-1, rounds):
            ours = await_changes(product, f"Mxbench{number}", CHANGES)
            floor = expect_ok(product.wine.probe("edits", product.wine.windows_path(bare), CHANGES)).out.split()
            if number >= 0:
                for value in ours:
                    bench.add(changed(arch, settle), "", value - settle * 1e3)
                for value in floor:
                    bench.add(edited(arch, settle), "", float(value) / 1e3)
    bench.add(f"others' records a second {arch}", "", told[0])
    product.stop()


def measure_lock(bench, product, arch):
    """How long a record is locked against its server while it is repaired, seen by a program that tries to write to it;
    beside a bare program that opens, reads, writes one byte, flushes and closes."""
    product.configure(SettleSeconds=0)
    source, bare = product.home / "stuck.src", product.home / "bare.ini"
    for path in (source, bare):
        path.write_bytes(record())
    path = product.put("Mxlocked.ini", record())
    expect_ok(product.wine.probe("start", "KMRepair", RUNNING))
    windows = product.wine.windows_path
    for value in expect_ok(product.wine.probe("locks", windows(path), windows(source), CHANGES)).out.split():
        if float(value) >= 0:
            bench.add(f"record locked {arch}", "", float(value) / 1e3)
    for value in expect_ok(product.wine.probe("edits", windows(bare), CHANGES)).out.split():
        bench.add(f"a bare edit {arch}", "", float(value) / 1e3)
    path.unlink()
    product.stop()


def changed(arch, settle):
    return f"change to repaired, less {settle} s to settle, {arch}"


def edited(arch, settle):
    return f"one edit by a bare program, beside {settle} s to settle, {arch}"


@contextlib.contextmanager
def others(folder):
    """Another process writes at the same time: a thread would take its turns from the one that looks."""
    writer = subprocess.Popen([sys.executable, __file__, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)))
    told = []
    try:
        yield told
    finally:
        told.append(float(writer.communicate()[0]))


# ---- idle ----

def tasks_of(pid):
    return list(pathlib.Path(f"/proc/{pid}/task").iterdir())


def count_switches(pid):
    """How often its threads gave the processor back."""
    return sum(int(line.split()[1]) for task in tasks_of(pid) for line in (task / "status").read_text().splitlines()
               if line.startswith(("voluntary", "nonvoluntary")))


def seen_by_linux(pid):
    """Processor time in ms, switches, threads, private memory in KB."""
    tasks = tasks_of(pid)
    # Of the scheduler, in ns: the times in /proc/PID/stat are in steps of 10 ms.
    times = [int((task / "schedstat").read_text().split()[0]) for task in tasks]
    private = sum(int(line.split()[1]) for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                  if line.startswith("Private"))
    return {"processor time": sum(times) / 1e6, "switches": count_switches(pid),
            "threads": len(tasks), "private memory": private}


def handles(wine, service):
    told = expect_ok(wine.probe("cycles", service, 10)).out.split()
    return int(told[told.index("handles") + 1])


def count_wakes(pids, seconds):
    """How often each did something, in steps of a quarter of a second: one request to Wine's server is several switches."""
    woken, seen = dict.fromkeys(pids, 0), {}
    end = time.monotonic() + seconds
    busy = dict.fromkeys(pids, False)
    while time.monotonic() < end:
        for service, pid in pids.items():
            switches = count_switches(pid)
            was_busy, busy[service] = busy[service], switches != seen.get(service, switches)
            woken[service] += busy[service] and not was_busy
            seen[service] = switches
        time.sleep(0.25)
    return woken


def measure_idle(bench, product, arch, seconds):
    wine = product.wine
    product.configure()
    held = {"KMRepair": handles(wine, "KMRepair"), EMPTY_SERVICE: handles(wine, EMPTY_SERVICE)}
    for service in held:
        expect_ok(wine.probe("start", service, RUNNING))
    product.await_event(3020)  # the first scan is over
    pids = {"KMRepair": product.unix_pid(), EMPTY_SERVICE: wine.unix_pids("empty.exe")[0]}
    # Until nothing has happened for a second, by the clock of what is measured.
    seen = {s: count_switches(p) for s, p in pids.items()}
    while time.sleep(1) or any(count_switches(p) != seen[s] for s, p in pids.items()):
        seen = {s: count_switches(p) for s, p in pids.items()}
    before = {s: seen_by_linux(p) for s, p in pids.items()}
    woken = count_wakes(pids, seconds)
    after = {s: seen_by_linux(p) for s, p in pids.items()}
    for service, name in (("KMRepair", f"idle {arch}"), (EMPTY_SERVICE, f"idle, the empty service {arch}")):
        bench.add(f"{name}, wake-ups a minute", "", woken[service] * 60 / seconds)
        for what in ("processor time", "switches"):
            bench.add(f"{name}, {what}", "", after[service][what] - before[service][what])
        for what in ("threads", "private memory"):
            bench.add(f"{name}, {what}", "", after[service][what])
        bench.add(f"{name}, handles", "", held[service])
    product.stop()
    expect_ok(wine.probe("control", EMPTY_SERVICE, STOP, STOPPED))


# ---- all of it ----

def measure(bench, wine, exe, arch, rounds, idle):
    with installed(wine, exe) as product:
        measure_start(bench, product, arch, rounds)
        for settle in (0, SETTLE):
            measure_changes(bench, product, arch, rounds, settle)
        measure_lock(bench, product, arch)
        if idle:
            measure_idle(bench, product, arch, idle)


def report_start(bench, arch):
    ours, empty = f"start {arch}", f"start of the empty service {arch}"
    for name in (ours, empty):
        bench.plain(name, "", "ms")
    bench.row(f"start {arch} - that of the empty service", "", "ms",
              [a - b for a, b in zip(bench.samples[ours, ""], bench.samples[empty, ""])], "<= 20")


def report_changes(bench, arch):
    bench.plain(f"others' records a second {arch}", "", "/s")
    for settle in (0, SETTLE):
        bench.plain(changed(arch, settle), "", "ms")
        bench.plain(edited(arch, settle), "", "ms")
        ours, theirs = (sorted(bench.samples[name, ""]) for name in (changed(arch, settle), edited(arch, settle)))
        for name, share, goal in (("median", 0.5, "<= 10"), ("99th percentile", 0.99, "<= 50")):
            bench.row(f"{changed(arch, settle)} - bare edit, {name}", "", "ms",
                      [ours[int(share * len(ours))] - theirs[int(share * len(theirs))]], goal)


IDLE = (("wake-ups a minute", "", "<= 1"), ("switches", "", ""), ("processor time", "ms", "0"), ("threads", "", "2"), ("handles", "", "<= 40"),
        ("private memory", "KB", "<= 2048"))


def report_idle(bench, arch):
    for what, unit, goal in IDLE:
        ours, empty = f"idle {arch}, {what}", f"idle, the empty service {arch}, {what}"
        if (ours, "") not in bench.samples:
            continue
        bench.plain(ours, "", unit)
        bench.plain(empty, "", unit)
        bench.row(f"idle {arch} - the empty service, {what}", "", unit,
                  [bench.samples[ours, ""][0] - bench.samples[empty, ""][0]], goal)


def report_lock(bench, arch):
    for name in (f"record locked {arch}", f"a bare edit {arch}"):
        bench.plain(name, "", "ms")


def report(bench, arch):
    report_start(bench, arch)
    report_changes(bench, arch)
    report_lock(bench, arch)
    report_idle(bench, arch)


if __name__ == "__main__":  # the process that writes the others' records
    finished = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), finished.set())).start()
    write_others(pathlib.Path(sys.argv[1]), finished)
    print(finished.written)
