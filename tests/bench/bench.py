#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures, and prints what it measured; `make bench`. No test: it does not fail by the clock.

    tests/bench/bench.py [--sizes 1000,10000,50000] [--rounds 7] [--idle 300] [--no-wine]

What is compared runs side by side: in each round everything once, the order turned round in every second
one. A ratio is that of two neighbours in the same round; given are the median, the least and the most.
Ends with an exit code other than 0 only when something could not be run or did not find the records that
are stuck. Results: build/bench/results.csv and results.json, the latter with every single measurement.
"""

import argparse
import csv
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "wine")]

import live
import records
from host import Wine, runs_32_bit
from rounds import rotated

BENCH = ROOT / "build" / "bench"
ARCHITECTURES = ("x86", "x64") if runs_32_bit() else ("x64",)
# No character takes more than a byte: what is quickest for grep.
NATIVE = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
STATE_4 = "State *= *4"


def over(a, b):
    """a / b, or None where the clock was too coarse or the machine too busy for it to mean anything."""
    return a / b if a is not None and b is not None and b > 0 else None


class Bench:
    """What was measured: samples[what, size] is a list, one number a round."""

    def __init__(self, out):
        self.samples = {}
        self.rows = []
        self.out = out

    def add(self, what, size, value):
        self.samples.setdefault((what, size), []).append(value)

    def row(self, what, size, unit, values, goal=""):
        values = [v for v in values if v is not None]
        if values:
            self.rows.append({"what": what, "records": size, "unit": unit,
                              "median": statistics.median(values), "min": min(values),
                              "max": max(values), "rounds": len(values), "goal": goal})

    def plain(self, what, size, unit, factor=1.0, goal=""):
        self.row(what, size, unit, [v * factor for v in self.samples.get((what, size), [])], goal)

    def ratio(self, a, b, size, goal=""):
        """Of two things measured in the same round."""
        pairs = zip(self.samples.get((a, size), []), self.samples.get((b, size), []))
        self.row(f"{a} / {b}", size, "x", [over(x, y) for x, y in pairs], goal)


# ---- running ----

def run(argv, out, env=NATIVE, cwd=None, codes=(0,)):
    """Milliseconds, milliseconds of processor time, peak of the memory in KB."""
    done = subprocess.run([BENCH / "run", out, *map(str, argv)], env=env, cwd=cwd, check=True, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    code, wall, cpu, memory = map(int, done.stdout.split())
    if code not in codes:
        sys.exit(f"bench: {argv} ended with {code}, expected one of {codes}")
    return wall / 1e6, cpu / 1e3, memory


def expect(what, found, stuck):
    if found != stuck:
        sys.exit(f"bench: {what} found {len(found)} stuck records, expected {len(stuck)}")


# ---- native ----

class Judge:
    """The program that holds all records in memory, and goes over them once when told to."""

    def __init__(self, folder, count):
        self.process = subprocess.Popen([BENCH / "judge", folder], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        files, self.bytes = map(int, self.process.stdout.readline().split())
        assert files == count, f"{files} files in {folder}, expected {count}"

    def round(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        memchr, judge, stuck = map(int, self.process.stdout.readline().split())
        return memchr / 1e6, judge / 1e6, stuck

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def two_steps(first, second, folder, env=NATIVE):
    """As KB Q198709's administrator would: what has no NumSCerts, and of that what has State 4."""
    with tempfile.TemporaryDirectory(dir=BENCH) as scratch:
        names, found = pathlib.Path(scratch) / "names", pathlib.Path(scratch) / "found"
        a = run(first, names, env, cwd=folder)
        b = run(["xargs", "-0", "-a", names, *second], found, env, cwd=folder)
        text = found.read_text()
    return (a[0] + b[0], a[1] + b[1], max(a[2], b[2])), {pathlib.Path(n).name for n in text.split()}


def grep(folder):
    return two_steps(["grep", "-r", "-Z", "-L", "-i", "NumSCerts", "."],
                     ["grep", "-l", "-i", STATE_4], folder)


def ripgrep(folder):
    return two_steps(["rg", "-uuu", "-0", "-i", "--files-without-match", "NumSCerts", "."],
                     ["rg", "-l", "-i", STATE_4], folder)


def native_scan(folder):
    with tempfile.NamedTemporaryFile(dir=BENCH) as out:
        taken = run([BENCH / "scan", folder], out.name)
        return taken, set(pathlib.Path(out.name).read_text().split())


def measure_native(bench, folder, size, rounds):
    stuck = records.stuck_names(size)
    judge = Judge(folder, size)
    processes = [("native scan", native_scan), ("grep", grep)]
    if shutil.which("rg"):
        processes.append(("ripgrep", ripgrep))
    for number in range(-1, rounds):  # the first is for the cache, and does not count
        memchr, judged, count = judge.round()
        assert count == len(stuck), f"{count} records judged stuck, expected {len(stuck)}"
        if number >= 0:
            bench.add("memchr", size, memchr)
            bench.add("judge", size, judged)
        for name, do in rotated(processes, number):
            (wall, cpu, memory), found = do(folder)
            expect(name, found, stuck)
            if number >= 0:
                bench.add(name, size, wall)
                bench.add(f"{name}, processor", size, cpu)
                bench.add(f"{name}, memory", size, memory)
    judge.close()
    report_native(bench, size, judge.bytes)


def report_native(bench, size, total):
    bench.row("bytes of all records", size, "MB", [total / 1e6])
    bench.plain("memchr", size, "ms")
    bench.plain("judge", size, "ms")
    bench.row("judge, speed", size, "MB/s", [total / 1e3 / v for v in bench.samples["judge", size]])
    bench.ratio("judge", "memchr", size, "<= 3")
    for other in ("grep", "ripgrep"):
        bench.ratio("judge", other, size, "< 1")
    for name in ("native scan", "grep", "ripgrep"):
        bench.plain(name, size, "ms")
        bench.plain(f"{name}, processor", size, "ms")
        bench.plain(f"{name}, memory", size, "KB")
    for other in ("grep", "ripgrep"):
        bench.ratio("native scan", other, size, "< 1")
        bench.ratio("native scan, processor", f"{other}, processor", size)
        bench.ratio("native scan, memory", f"{other}, memory", size, "< 1")


# ---- under Wine ----

def programs(arch, folder):
    """(name, command, exit codes): the floor and the product; 1 says that records are stuck."""
    path = "Z:" + str(folder).replace("/", "\\")
    product = ROOT / "build" / arch / "kmrepair.exe"
    return [(f"floor {arch}", ["wine", BENCH / arch / "floor.exe", path], (0,)),
            (f"scan {arch}", ["wine", product, "scan", path, "--format=csv"], (0, 1))]


def check_output(name, text, size):
    if name.startswith("floor"):
        expect(name, int(text.split()[0]), size)
    else:
        found = {line.split(",")[0].strip('"') for line in text.splitlines()[1:] if "stuck" in line}
        expect(name, found, records.stuck_names(size))


def run_watched(wine, argv, out, codes):
    """Milliseconds, and VmHWM of the EXE's own process in KB (None when it was over too soon to be seen).

    The peak is that of the last look before the end. One look in 20 ms, from the other core; the clock is
    in the program that starts the EXE.
    """
    exe = pathlib.Path(argv[1]).name
    pids, peak = [], None
    with subprocess.Popen([BENCH / "run", out, *map(str, argv)], env=wine.environment("-all"), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            time.sleep(0.02)
            pids = pids or wine.unix_pids(exe)
            try:
                status = pathlib.Path(f"/proc/{pids[0]}/status").read_text()
                peak = int(status.split("VmHWM:")[1].split()[0])
            except (OSError, IndexError):
                pass  # not there yet, or not any more
        code, wall, _, _ = map(int, process.stdout.read().split())
    if code not in codes:
        sys.exit(f"bench: {argv} ended with {code}, expected one of {codes}")
    return wall / 1e6, peak


def measure_wine(bench, wine, folder, size, rounds):
    todo = [p for arch in ARCHITECTURES for p in programs(arch, folder)]
    with tempfile.TemporaryDirectory(dir=BENCH) as scratch:
        out = pathlib.Path(scratch) / "out"
        for number in range(-1, rounds):  # the first is for the cache, and does not count
            for name, argv, codes in rotated(todo, number):
                wall, peak = run_watched(wine, argv, out, (*codes, 1))
                if out.stat().st_size == 0:  # rarely Wine does not start an EXE, see never_started() in host.py
                    wall, peak = run_watched(wine, argv, out, codes)
                check_output(name, out.read_text(), size)
                if number >= 0:
                    bench.add(name, size, wall)
                    if peak is not None:
                        bench.add(f"{name}, memory", size, peak)


def sound_only(folder, size):
    """The same folder without what is stuck, which a rescan opens each time."""
    sound = folder.with_name(f"{size}-sound")
    shutil.rmtree(sound, ignore_errors=True)
    sound.mkdir()
    stuck = set(records.stuck_names(size))
    for path in folder.iterdir():
        if path.name not in stuck:
            os.link(path, sound / path.name)
    return sound


def measure_rescan(bench, wine, folder, size, rounds):
    """By a program of its own, that looks through the folder and walks over it by turns."""
    arch = ARCHITECTURES[0]
    sound = sound_only(folder, size)
    journal = wine.drive_c / "rescan.jnl"
    done = wine.run(BENCH / arch / "rescan.exe", "Z:" + str(sound).replace("/", "\\"), wine.windows_path(journal), rounds,
                    timeout=600)
    shutil.rmtree(sound)
    journal.unlink(missing_ok=True)
    if done.rc != 0:
        sys.exit(f"bench: {done}")
    for line in done.out.splitlines():
        ours, bare, opened = map(int, line.split())
        bench.add(f"rescan {arch}", size, ours / 1e3)
        bench.add(f"bare listing {arch}", size, bare / 1e3)
        bench.add(f"rescan {arch}, known records opened", size, opened)


def report_rescan(bench, sizes):
    arch = ARCHITECTURES[0]
    for size in sizes:
        bench.plain(f"rescan {arch}", size, "ms")
        bench.plain(f"bare listing {arch}", size, "ms")
        bench.ratio(f"rescan {arch}", f"bare listing {arch}", size, "<= 1.2")
        bench.plain(f"rescan {arch}, known records opened", size, "", goal="0")


def report_wine(bench, sizes):
    for arch in ARCHITECTURES:
        start = {p: statistics.median(bench.samples[f"{p} {arch}", 0]) for p in ("scan", "floor")}
        for size in (0, *sizes):
            for program in ("floor", "scan"):
                bench.plain(f"{program} {arch}", size, "ms")
            if size == 0:
                continue
            bench.ratio(f"scan {arch}", f"floor {arch}", size, "<= 1.05")
            net = {p: [v - start[p] for v in bench.samples[f"{p} {arch}", size]] for p in start}
            bench.row(f"scan {arch} / floor {arch}, both less their start", size, "x",
                      [over(a, b) for a, b in zip(net["scan"], net["floor"])], "<= 1.05")
            for program in ("floor", "scan"):
                bench.row(f"{program} {arch}, a record", size, "us", [v * 1e3 / size for v in net[program]])
        for size in sizes:
            for program in ("floor", "scan"):
                bench.plain(f"{program} {arch}, memory", size, "KB")


def report_growth(bench, sizes):
    """Time a record and memory at each size against those at the least, and the product's less the floor's."""
    least = sizes[0]
    for arch in ARCHITECTURES:
        start = {p: statistics.median(bench.samples[f"{p} {arch}", 0]) for p in ("floor", "scan")}
        for size in sizes[1:]:
            time_growth, memory_growth = {}, {}
            for program in start:
                name = f"{program} {arch}"
                pairs = zip(bench.samples[name, size], bench.samples[name, least])
                time_growth[program] = [over((a - start[program]) / size * least, b - start[program]) for a, b in pairs]
                memory = [bench.samples.get((f"{name}, memory", s), []) for s in (size, least)]
                memory_growth[program] = [a - b for a, b in zip(*memory)]
                bench.row(f"{name}, a record, against that at {least}", size, "x", time_growth[program])
                bench.row(f"{name}, memory more than at {least}", size, "KB", memory_growth[program])
            bench.row(f"scan {arch}, growth of time / that of the floor", size, "x",
                      [over(a, b) for a, b in zip(time_growth["scan"], time_growth["floor"])], "<= 1.1")
            bench.row(f"scan {arch}, growth of memory - that of the floor", size, "KB",
                      [a - b for a, b in zip(memory_growth["scan"], memory_growth["floor"])], "0")


def with_wine(bench, folders, rounds, idle):
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="kmrepair-bench-"))
    wine = Wine(scratch / "prefix", ROOT / "build" / ARCHITECTURES[0])
    try:
        wine.make_prefix()
        wine.boot()
        for size, folder in folders.items():
            say(f"Wine, {size} records")
            measure_wine(bench, wine, folder, size, rounds)
            if size > 0:
                measure_rescan(bench, wine, folder, size, rounds)
        say("Wine, the service")
        arch = ARCHITECTURES[0]
        live.measure(bench, wine, ROOT / "build" / arch / "kmrepair.exe", arch, rounds, idle)
    finally:
        wine.close()
        shutil.rmtree(scratch, ignore_errors=True)


# ---- the report ----

def say(what):
    print(f"bench: {what}", file=sys.stderr, flush=True)


def first_line(*argv):
    try:
        return subprocess.run(argv, check=False, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout.splitlines()[0]
    except (OSError, IndexError):
        return "not there"


def machine():
    cpu = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "processor": f"{len(cpu)} x {cpu[0]}", "kernel": os.uname().release,
            "load": os.getloadavg()[0], "wine": first_line("wine", "--version"),
            "gcc": first_line("gcc", "--version"), "grep": first_line("grep", "--version"),
            "ripgrep": first_line("rg", "--version"), "commit": first_line("git", "rev-parse", "--short", "HEAD")}


def number(value):
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def write(bench, facts):
    with open(BENCH / "results.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(bench.rows[0]))
        table.writeheader()
        table.writerows(bench.rows)
    samples = [{"what": w, "records": n, "values": v} for (w, n), v in bench.samples.items()]
    (BENCH / "results.json").write_text(
        json.dumps({"machine": facts, "rows": bench.rows, "samples": samples}, indent=1) + "\n", "utf-8")
    for name, fact in facts.items():
        print(f"{name}: {fact}", file=bench.out)
    line = "{:<55} {:>7} {:>9} {:>9} {:>9} {:<5} {}".format
    print(line("WHAT", "RECORDS", "MEDIAN", "MIN", "MAX", "UNIT", "GOAL"), file=bench.out)
    for row in bench.rows:
        print(line(row["what"], row["records"], *(number(row[k]) for k in ("median", "min", "max")),
                   row["unit"], row["goal"]).rstrip(), file=bench.out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="1000,10000,50000")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--idle", type=int, default=300, help="seconds that the service is left alone")
    parser.add_argument("--no-wine", action="store_true")
    options = parser.parse_args()
    sizes = sorted(int(s) for s in options.sizes.split(","))
    facts = machine()
    bench = Bench(sys.stdout)
    folders = {size: BENCH / "records" / str(size) for size in (0, *sizes)}
    for size, folder in folders.items():
        say(f"{size} records in {folder.relative_to(ROOT)}")
        records.make(folder, size)
    for size in sizes:
        say(f"native, {size} records")
        measure_native(bench, folders[size], size, options.rounds)
    if not options.no_wine:
        with_wine(bench, folders, options.rounds, options.idle)
        report_wine(bench, sizes)
        report_rescan(bench, sizes)
        report_growth(bench, sizes)
        live.report(bench, ARCHITECTURES[0])
    for arch in ("x86", "x64"):
        bench.row(f"kmrepair.exe {arch}", "", "bytes", [(ROOT / "build" / arch / "kmrepair.exe").stat().st_size],
                  f"<= {128 * 1024}" if arch == "x86" else "")
    write(bench, facts)


if __name__ == "__main__":
    main()
