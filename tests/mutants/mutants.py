#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Puts small mistakes that nobody has picked by hand into core/, one at a time, and counts those that the tests find.

    tests/mutants/mutants.py [--count N] [--seed N] [--file NAME] [--function NAME] [--own] [--list]
                                                                                    of what `make build-mutants` built

A mutant is one change of one place of clang's tree: another comparison, arithmetic or logic operator, a constant, a
condition turned round, a statement or a call taken away. It is put to the unit tests that use its module and to SEEDS
stories of the simulation, the module's own tests first and then what is quick; all of that without sanitizers, then its own
tests with them. The first failure, hang or crash has found it. What is left are the survivors.

Not counted: a mutant that does not compile, one of which the compiler makes the very same code, and one that
tests/mutants/equivalent names, with the reason why it changes nothing. An entry there is four lines: file and function; the
line as it is; as it is changed; the reason. `…` stands for anything. An entry that fits no mutant any more is an error.

--own leaves the others' tests and the simulation out: what does a module's own test not see?

About 2 s a mutant on a processor; in no other target.
"""
import argparse
import bisect
import collections
import concurrent.futures
import os
import pathlib
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time

from clang.cindex import CursorKind, Index, TypeKind

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build/mutants"
NAMED = ROOT / "tests/mutants/equivalent"
SEEDS = 60
# A mutant that takes so much longer is found, too; by the processor's time, for the machine may have other things to do.
TIMES, SECONDS, WAIT = 3, 5, 900

COMPARE = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",)}
ARITHMETIC = {"+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("/",), "&": ("|",), "|": ("&",), "^": ("|",),
              "<<": (">>",), ">>": ("<<",)}
ASSIGN = {op + "=": tuple(n + "=" for n in new) for op, new in ARITHMETIC.items()}
LOGIC = {"&&": ("||",), "||": ("&&",)}
BINARY = {**COMPARE, **ARITHMETIC, **ASSIGN, **LOGIC}

Mutant = collections.namedtuple("Mutant", "path function line start end new before after")


def squeeze(text):
    return " ".join(text.split())


def is_size(above):
    """Of a buffer: one that is larger is none of the tests' business."""
    return (bool(above) and above[-1].kind in (CursorKind.VAR_DECL, CursorKind.FIELD_DECL) and
            above[-1].type.kind == TypeKind.CONSTANTARRAY)


class Source:
    """All mutants of one file."""

    def __init__(self, path, flags):
        self.path = path
        self.bytes = (ROOT / path).read_bytes()
        self.starts = [0] + [m.end() for m in re.finditer(b"\n", self.bytes)]
        self.found = {}
        self.function = ""
        unit = Index.create().parse(str(ROOT / path), args=flags)
        errors = [d.spelling for d in unit.diagnostics if d.severity >= 3]
        if errors:
            sys.exit(f"{path}: clang says {errors[0]}")
        for cursor in unit.cursor.get_children():
            if self.is_here(cursor):
                self.function = cursor.spelling if re.fullmatch(r"\w+", cursor.spelling) else "-"
                self.visit(cursor, [])

    def is_here(self, cursor):
        file = cursor.extent.start.file
        return file is not None and file.name == str(ROOT / self.path)

    def text(self, start, end):
        return self.bytes[start:end].decode()

    def add(self, start, end, new):
        """The change, with the lines that it is in before and after it."""
        first = bisect.bisect_right(self.starts, start) - 1
        begin = self.starts[first]
        stop = self.bytes.index(b"\n", end)
        before = squeeze(self.text(begin, stop))
        after = squeeze(self.text(begin, start) + new + self.text(end, stop))
        self.found[start, end, new] = Mutant(self.path, self.function, first + 1, start, end, new, before, after)

    def visit(self, cursor, above):
        if self.is_here(cursor):
            kind = cursor.kind
            children = list(cursor.get_children())
            if kind in (CursorKind.BINARY_OPERATOR, CursorKind.COMPOUND_ASSIGNMENT_OPERATOR):
                self.binary(cursor, children)
            elif kind == CursorKind.UNARY_OPERATOR:
                self.unary(cursor)
            elif kind in (CursorKind.INTEGER_LITERAL, CursorKind.CHARACTER_LITERAL):
                self.literal(cursor, above)
            elif kind == CursorKind.DECL_REF_EXPR:
                self.constant(cursor, above)
            elif kind in (CursorKind.IF_STMT, CursorKind.WHILE_STMT, CursorKind.CONDITIONAL_OPERATOR):
                self.condition(children[0])
            elif kind == CursorKind.DO_STMT:
                self.condition(children[-1])
            self.statements(kind, children, above)
            for child in children:
                self.visit(child, above + [cursor])

    def tokens(self, cursor):
        return [(t.spelling, t.extent.start.offset, t.extent.end.offset) for t in cursor.get_tokens()]

    def binary(self, cursor, children):
        after, before = children[0].extent.end.offset, children[1].extent.start.offset
        for text, start, end in self.tokens(cursor):
            if after <= start and end <= before and text in BINARY:
                for new in BINARY[text]:
                    self.add(start, end, new)

    def unary(self, cursor):
        tokens = self.tokens(cursor)
        for (text, start, end) in (tokens[0], tokens[-1]):
            if text in ("++", "--"):
                self.add(start, end, "--" if text == "++" else "++")
        text, start, end = tokens[0]
        if text in ("!", "-", "~"):
            self.add(start, end, "")

    def literal(self, cursor, above):
        start, end = cursor.extent.start.offset, cursor.extent.end.offset
        text = self.text(start, end)
        number = re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)", text)
        if text in ("true", "false"):
            self.add(start, end, "false" if text == "true" else "true")
        elif number:
            value = int(number[1], 0)
            for new in (value + 1,) * (not is_size(above)) + (value - 1,) * (value > 0):
                self.add(start, end, f"{new}{number[2]}")
        elif text.startswith("'"):
            self.add(start, end, f"({text} + 1)")

    def constant(self, cursor, above):
        """One of an enum's names: the next one, or, of those without a type, one more and one less."""
        named = cursor.referenced
        start, end = cursor.extent.start.offset, cursor.extent.end.offset
        if named is None or named.kind != CursorKind.ENUM_CONSTANT_DECL or self.text(start, end) != named.spelling:
            return
        values = [c.spelling for c in named.semantic_parent.get_children()]
        if re.match(r"\w+$", named.semantic_parent.spelling):
            self.add(start, end, values[(values.index(named.spelling) + 1) % len(values)])
        else:
            if not is_size(above):
                self.add(start, end, f"({named.spelling} + 1)")
            self.add(start, end, f"({named.spelling} - 1)")

    def condition(self, cursor):
        start, end = cursor.extent.start.offset, cursor.extent.end.offset
        if self.is_here(cursor) and start < end:
            self.add(start, end, f"!({self.text(start, end)})")

    def statements(self, kind, children, above):
        """What can be taken away: the statements of a block, or the one behind an if or a loop."""
        if kind in (CursorKind.IF_STMT, CursorKind.WHILE_STMT):
            bodies = children[1:]
        elif kind == CursorKind.FOR_STMT:
            bodies = children[-1:]
        elif kind == CursorKind.DO_STMT:
            bodies = children[:1]
        elif kind in (CursorKind.COMPOUND_STMT, CursorKind.CASE_STMT):
            bodies = children
        else:
            return
        # The last return of a function has to stay.
        if kind == CursorKind.COMPOUND_STMT and len(above) == 1:
            bodies = [b for b in bodies if b.kind != CursorKind.RETURN_STMT]
        for body in bodies:
            start, end = body.extent.start.offset, body.extent.end.offset
            jump = body.kind in (CursorKind.BREAK_STMT, CursorKind.CONTINUE_STMT, CursorKind.RETURN_STMT)
            change = body.kind in (CursorKind.BINARY_OPERATOR, CursorKind.COMPOUND_ASSIGNMENT_OPERATOR, CursorKind.CALL_EXPR,
                                   CursorKind.UNARY_OPERATOR, CursorKind.CSTYLE_CAST_EXPR)
            if (jump or change) and self.is_here(body):
                self.add(start, end, "")


class Equivalent:
    """tests/mutants/equivalent."""

    def __init__(self):
        lines = [line.rstrip() for line in NAMED.read_text("utf-8").splitlines() if line and not line.startswith("#")]
        self.entries = []
        for i in range(0, len(lines), 4):
            place, before, after, why = (*lines[i:i + 4], "", "", "")[:4]
            if not (before.startswith("- ") and after.startswith("+ ") and why.startswith(": ")):
                sys.exit(f"{NAMED}: expected a place, `- `, `+ ` and `: `, found {place!r} and what follows")
            text = "\0".join((place, before[2:], after[2:]))
            self.entries.append((text, re.compile(re.escape(text).replace("…", "[^\0]*"))))

    def has(self, mutant):
        text = f"{mutant.path} {mutant.function}\0{mutant.before}\0{mutant.after}"
        return any(pattern.fullmatch(text) for _, pattern in self.entries)

    def stale(self, mutants):
        """Entries that fit none of all mutants."""
        texts = [f"{m.path} {m.function}\0{m.before}\0{m.after}" for m in mutants]
        return [text.split("\0") for text, pattern in self.entries if not any(map(pattern.fullmatch, texts))]


def flags():
    """{name: words} of what the Makefile has written down."""
    lines = (BUILD / "flags").read_text("utf-8").splitlines()
    return {line.split(":", 1)[0]: shlex.split(line.split(":", 1)[1]) for line in lines}


def run(program, *options, library, seconds=300):
    """Its exit code; negative when a signal ended it."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    env = {**os.environ, "LD_LIBRARY_PATH": str(library), "CMOCKA_MESSAGE_OUTPUT": "STDOUT"}
    return subprocess.run([program, *options], env=env, cwd=library, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, timeout=WAIT, preexec_fn=limit, check=False).returncode


class Tests:
    """The programs: how long each takes without a mutant, and which of them use a module."""

    def __init__(self):
        names = sorted(p.stem for p in (BUILD / "fast").glob("test_*.uses") if (ROOT / f"tests/unit/{p.stem}.c").exists())
        self.text = {name: (ROOT / f"tests/unit/{name}.c").read_text("utf-8") for name in names}
        self.uses = {name: (BUILD / f"fast/{name}.uses").read_text("utf-8") for name in names}
        self.times = {"sim": self.measure("sim"), **{name: self.measure(name) for name in names}}

    def measure(self, name):
        """Kept beside the program until that is built anew."""
        program, kept = BUILD / "fast" / name, BUILD / f"fast/{name}.seconds"
        newest = max(p.stat().st_mtime for p in (program, program.with_name("libcore.so")))
        if not kept.exists() or kept.stat().st_mtime < newest:
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            if run(program, *self.options(name), library=BUILD / "fast") != 0:
                sys.exit(f"{program}: it fails without a mutant")
            kept.write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before), encoding="utf-8")
        return float(kept.read_text("utf-8"))

    @staticmethod
    def options(name):
        return ("--seeds", str(SEEDS)) if name == "sim" else ()

    def is_own(self, name, path):
        """Its name or its first lines say that it is about this module."""
        module = pathlib.Path(path).stem
        return name == f"test_{module}" or re.search(rf"core/{module}\b", self.text.get(name, "")[:1000]) is not None

    def of(self, path):
        """Those that use this module: its own first, the quick ones first."""
        names = [name for name in self.text if f"){pathlib.Path(path).stem}.o\n" in self.uses[name]]
        if not names:
            sys.exit(f"{path}: no unit test uses it")
        return sorted(names + ["sim"], key=lambda name: (not self.is_own(name, path), self.times[name]))


class Bench:
    """What one worker needs: a folder of its own with the sources and the two libraries."""

    def __init__(self, number, built, tests, only_own):
        self.built, self.tests, self.only_own = built, tests, only_own
        self.folder = BUILD / f"worker-{os.getpid()}-{number}"
        shutil.copytree(ROOT / "core", self.folder / "core")

    def gcc(self, *words):
        return subprocess.run(["gcc", "-w", *map(str, words)], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0

    def build(self, kind, path):
        """A library with the mutant; `same` if its code is that of the source."""
        made = self.folder / f"{kind}.o"
        if not self.gcc(*self.built[kind], "-I", ROOT / "core", "-c", self.folder / path, "-o", made):
            return "no code"
        own = BUILD / kind / path.replace(".c", ".o")
        if kind == "fast" and made.read_bytes() == own.read_bytes():
            return "same"
        others = [o for o in [*(BUILD / kind).glob("core/*.o"), BUILD / kind / "inih.o"] if o != own]
        sanitizers = self.built["safe"] if kind == "safe" else []
        good = self.gcc(*sanitizers, *self.built["library"], "-o", self.folder / "libcore.so", made, *others)
        return None if good else "no code"

    def find(self, kind, names):
        """By which test the mutant is found, or None."""
        for name in names:
            slow = TIMES if kind == "fast" else 20 * TIMES
            try:
                code = run(BUILD / kind / name, *self.tests.options(name), library=self.folder,
                           seconds=int(SECONDS + slow * self.tests.times[name]))
            except subprocess.TimeoutExpired:
                code = -signal.SIGXCPU
            if code != 0:
                how = "time" if code in (-signal.SIGXCPU, -signal.SIGKILL) else "failed"
                return f"found by {name} ({kind}, {how})"
        return None

    def judge(self, path):
        """What becomes of the mutant: `same`, `no code`, `found by ...` or `survived`."""
        names = self.tests.of(path)
        own = [name for name in names if self.tests.is_own(name, path)]
        if self.only_own:
            names = own
        return (self.build("fast", path) or self.find("fast", names) or
                self.build("safe", path) or self.find("safe", own) or "survived")

    def put(self, mutant):
        own = self.folder / mutant.path
        source = own.read_bytes()
        own.write_bytes(source[:mutant.start] + mutant.new.encode() + source[mutant.end:])
        try:
            return self.judge(mutant.path)
        finally:
            own.write_bytes(source)


def all_mutants(built, only):
    found = []
    for path in sorted((ROOT / "core").glob("*.c")):
        if only in (None, path.name, path.stem):
            found += Source(f"core/{path.name}", built["fast"]).found.values()
    return found


def print_mutant(mutant):
    print(f"{mutant.path}:{mutant.line}: {mutant.function}\n- {mutant.before}\n+ {mutant.after}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--file")
    parser.add_argument("--function")
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    built = flags()
    mutants, named = all_mutants(built, options.file), Equivalent()
    stale = named.stale(mutants) if options.file is None else []
    for place, before, after in stale:
        print(f"{NAMED.relative_to(ROOT)}: fits no mutant any more: {place}\n- {before}\n+ {after}")
    mutants = [m for m in mutants if options.function in (None, m.function)]
    if options.list:
        for mutant in mutants:
            print_mutant(mutant)
        return 1 if stale else 0
    tests = Tests()
    random.Random(options.seed).shuffle(mutants)
    print(f"{len(mutants)} mutants, seed {options.seed}, {len(named.entries)} entries of what changes nothing", flush=True)

    fates, begun, waiting, lock = collections.Counter(), time.monotonic(), iter(mutants), threading.Lock()

    def work(number):
        bench = Bench(number, built, tests, options.own)
        while True:
            with lock:
                counted = fates["found"] + fates["survived"] + fates["at work"]
                mutant = next(waiting, None) if counted < options.count else None
                if mutant is None:
                    shutil.rmtree(bench.folder)
                    return
                fates["at work"] += 1
            fate = "named" if named.has(mutant) else bench.put(mutant)
            with lock:
                fates["at work"] -= 1
                fates[fate.split(" by")[0]] += 1
                if fate.startswith("found"):
                    fates[fate] += 1
                if fate == "survived":
                    print(f"survived, {fates['found']} found so far")
                    print_mutant(mutant)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(work, range(options.jobs)))
    counted = fates["found"] + fates["survived"]
    for fate, count in sorted(fates.items()):
        if " by " in fate:
            print(f"{count:5} {fate}")
    rate = 100 * fates["found"] / counted if counted else 0
    print(f"not counted: {fates['same']} of which the compiler makes the same code, {fates['named']} named, "
          f"{fates['no code']} that do not compile\n"
          f"{counted} mutants, seed {options.seed}: {fates['found']} found, {fates['survived']} survived, {rate:.1f} %; "
          f"{time.monotonic() - begun:.0f} s")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
