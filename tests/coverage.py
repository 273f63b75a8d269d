#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Which branches of core/ the unit tests and the simulation take, by gcov, as a table.

    tests/coverage.py [--seeds N]     of what `make build-coverage` built

A branch is one outcome of one condition: `a && b` has four. Each that is never taken is listed, unless tests/unreached names
its line with the reason: three lines an entry, file and function, `- ` and the line of the source, `: ` and why. The last line is
`N passed, N failed`, of the files and the entries of tests/unreached. About two minutes on two cores, in `make check-full`.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/coverage"
NAMED = ROOT / "tests/unreached"


def squeeze(text):
    return " ".join(text.split())


def unreached():
    """{(file and function, line of the source): reason}"""
    lines = [line for line in NAMED.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    named = {}
    for place, line, why in zip(lines[::3], lines[1::3], lines[2::3]):
        if not (line.startswith("- ") and why.startswith(": ")):
            sys.exit(f"{NAMED}: expected a place, `- ` and `: `, found {place!r}, {line!r} and {why!r}")
        named[place, squeeze(line[2:])] = why[2:]
    return named


def run(program, *options):
    done = subprocess.run([program, *options], cwd=BUILD, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", timeout=1800, check=False)
    return done.returncode, done.stdout


def lines_of(path):
    """[(line, its function, branches, those that were never taken)]"""
    code, said = run("gcov", "--json-format", "--stdout", "--branch-probabilities", str(path))
    if code:
        sys.exit(f"gcov {path}: {said}")
    report = json.loads(said)
    own = "core/" + path.name[:-len(".gcda")] + ".c"
    found, functions = collections.defaultdict(list), {}
    for file in report["files"]:
        if file["file"] == own:
            for line in file["lines"]:
                found[line["line_number"]] += [branch["count"] for branch in line["branches"]]
                functions[line["line_number"]] = line.get("function_name", "-")
    return [(line, functions[line], len(counts), counts.count(0)) for line, counts in sorted(found.items()) if counts]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=1000)
    options = parser.parse_args()
    for old in BUILD.glob("**/*.gcda"):
        old.unlink()
    programs = sorted(p for p in BUILD.glob("test_*") if (ROOT / "tests/unit" / (p.name + ".c")).exists())
    commands = [(BUILD / "sim", "--seeds", str(options.seeds))] + [(p,) for p in programs]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for command, (code, said) in zip(commands, pool.map(lambda c: run(*c), commands)):
            if code:
                print(f"FAILED {command[0].name}: expected exit code 0, got {code}\n{said}0 passed, 1 failed")
                return 1
    named, used, failed, total = unreached(), set(), 0, collections.Counter()
    print(f"{'file':22}{'branches':>9}{'taken':>7}{'named':>7}{'missing':>9}")
    missing = []
    rows = sorted((BUILD / "core").glob("*.gcda"))
    for path in rows:
        name = "core/" + path.name[:-len(".gcda")] + ".c"
        source = (ROOT / name).read_text("utf-8").splitlines()
        count = collections.Counter()
        for line, function, branches, never in lines_of(path):
            text = squeeze(source[line - 1])
            key = (f"{name} {function}", text)
            is_named = never > 0 and key in named
            used.update([key] if is_named else [])
            count.update(branches=branches, taken=branches - never, named=never * is_named, missing=never * (not is_named))
            if never and not is_named:
                missing.append(f"{name}:{line}: {function}: {never} of {branches} branches never taken: {text}")
        total.update(count)
        failed += count["missing"] > 0
        print(f"{name:22}{count['branches']:9}{count['taken']:7}{count['named']:7}{count['missing']:9}")
    print(f"{'all':22}{total['branches']:9}{total['taken']:7}{total['named']:7}{total['missing']:9}  "
          f"{100 * (total['taken'] + total['named']) / max(1, total['branches']):.2f} %")
    for text in missing:
        print(text)
    for place, text in named.keys() - used:
        gone = text not in map(squeeze, (ROOT / place.split()[0]).read_text("utf-8").splitlines())
        failed += gone
        print(f"{'FAILED ' if gone else ''}{NAMED.relative_to(ROOT)}: {'there is no such line' if gone else 'taken after all'}: "
              f"{place}: {text}")
    if not rows:
        failed += 1
    print(f"{len(rows) + len(used) - min(failed, len(rows))} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
