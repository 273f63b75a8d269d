#!/usr/bin/python3
"""Plants mistakes in copies of the sources, one at a time, and requires that the simulation finds each.

    tests/sim/plants.py [NAME...]     of what `make build-sim` built

A plant is a file, a text that is in it once, and what is put in its place. One whose text is no longer
there has failed: it has to follow the sources. Each is told again by the command that the simulation
prints, and has to be the same story to the last byte. The last line is `N passed, N failed`.
"""
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build/sim")
SEEDS = 1000
MENDER = "core/mender.c"
HOST = "tests/sim/process.c"

PLANTS = {
    "no flush of INTENT": (HOST, "        world.journal_durable = world.journal_size;\n", ""),
    "no flush of the record": (
        MENDER,
        "        result = host->flush(host->context);\n    if (result.code == HOST_OK)\n        result = verify",
        "        result = verify"),
    "no look at what was written": (MENDER, "result = verify(mender", "(void)verify(mender"),
    "INTENT after the write": (
        MENDER, "    if (!append(mender, entry)) {",
        "    (void)host->write(host->context, entry->offset, entry->kind == JOURNAL_UNDO ? '4' : '1');\n"
        "    if (!append(mender, entry)) {"),
    "DONE before the event": (
        MENDER, "    if (owed->state == OWED_REPORT)\n        report_owed(mender, owed);",
        "    static struct journal_entry early = {.kind = JOURNAL_DONE, .outcome = OUTCOME_REPAIRED};\n"
        "    early.number = number;\n    if (taken)\n        (void)append(mender, &early);\n"
        "    if (owed->state == OWED_REPORT)\n        report_owed(mender, owed);"),
    "wrong offset": (MENDER, "entry->offset = (uint32_t)", "entry->offset = 1 + (uint32_t)"),
    "no second judgement": (MENDER, "content == seen)", "content != 0)"),
    "another byte": (MENDER, "== JOURNAL_UNDO ? '4' : '1'", "== JOURNAL_UNDO ? '4' : '2'"),
    "lost changes ignored": (
        MENDER, "void mender_changes_lost(struct mender *mender) {",
        "void mender_changes_lost(struct mender *mender) {\n    if (mender != NULL)\n        return;"),
    "a full queue ignored": ("core/pending.c", "pending->rescan = true", "pending->rescan = false"),
    "no scans by the clock": (MENDER, "settings.rescan_minutes == 0", "settings.rescan_minutes != 0"),
    "settle time ignored": (MENDER, "settings.settle_seconds * 1000", "settings.settle_seconds"),
    "hold ignored": (
        MENDER, "static bool is_held(struct mender *mender, const char *name, uint32_t content) {",
        "static bool is_held(struct mender *mender, const char *name, uint32_t content) {\n"
        "    if (name != NULL)\n        return false;"),
    "undo without a hold": (MENDER, "is_undo(owed) && !owed->held", "is_undo(owed) && owed->held"),
    "hold of another content": (MENDER, "hold->before = owed->entry.after", "hold->before = owed->entry.before"),
    "limit ignored": (
        MENDER, "static bool is_allowed(struct mender *mender) {",
        "static bool is_allowed(struct mender *mender) {\n    if (!mender->tripped)\n        return true;"),
    "limit forgotten at a restart": (MENDER, "age < MENDER_HOUR / 1000", "age > MENDER_HOUR"),
    "what is owed forgotten at a restart": (
        MENDER, "        owed->replayed = true;", "        mender->owed_count--;"),
    "repair while paused": (MENDER, "mender->paused = true;", "mender->paused = false;"),
    "Repair = no ignored": (
        MENDER, "    mender->settings = *settings;\n    mender->settings_noted",
        "    mender->settings = *settings;\n    mender->settings.repair = true;\n    mender->settings_noted"),
    "no new line after a torn one": (MENDER, "    if (mender->journal_torn) {", "    if (start != 0) {"),
    "what others write is not read": (
        MENDER, "changed = size != mender->journal_known", "changed = mender->journal_known == 0;\n"
        "    size = changed ? size : mender->journal_known"),
    "a new journal without the last number": (
        MENDER, "    entry->number = mender->number;", "    entry->number = 0;"),
    "a new journal without the holds": (
        MENDER, "i < mender->hold_count; i++", "i + 1 < mender->hold_count; i++", 1),
    "a failed event counts": (MENDER, "    if (report(mender, &event)) {\n        owed->state",
                              "    if (report(mender, &event) || offset[0] != 0) {\n        owed->state"),
    "the wrong CRC of a line": ("core/journal.c", "crc32(0, line, text.length)", "crc32(1, line, text.length)"),
    "NumSCerts overlooked": ("core/record.c", "\"NumSCerts\")) {\n        judge->certificates = true;",
                             "\"NumSCerts\")) {\n        judge->certificates = false;"),
}


def variant(name):
    """Builds the program with the plant; the path of it, or what is wrong."""
    path, old, new = PLANTS[name][:3]
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    if len(PLANTS[name]) == 3 and text.count(old) != 1 or old not in text:
        return None, f"expected its text once in {path}, found it {text.count(old)} times"
    folder = os.path.join(BUILD, "plants", re.sub(r"\W+", "-", name))
    os.makedirs(folder, exist_ok=True)
    source, made = os.path.join(folder, os.path.basename(path)), os.path.join(folder, "sim")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))
    with open(os.path.join(BUILD, "flags"), encoding="utf-8") as file:
        flags = shlex.split(file.read())
    objects = [os.path.join(BUILD, o) for o in flags[flags.index("--") + 1:]]
    flags = flags[:flags.index("--")]
    own = os.path.join(BUILD, path[:-2] + ".o")
    assert own in objects, own
    done = subprocess.run(["gcc", *flags, "-O1", "-I", os.path.dirname(path), "-o", made, source,
                           *(o for o in objects if o != own)], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, encoding="utf-8", check=False)
    return (made, "") if done.returncode == 0 else (None, done.stdout)


def tell(program, *options):
    return subprocess.run([program, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
                          errors="replace", timeout=120, check=False)


def test(name):
    """(found, what there is to say). The story that finds it is told once more, by the command that it prints."""
    program, said = variant(name)
    if program is None:
        return False, said
    try:
        done = tell(program, "--seeds", str(SEEDS))
        found = re.search(r"^seed (\d+): (.*)\nreplay: build/native/sim (.*)$", done.stdout, re.M)
        if done.returncode != 1 or not found:
            return False, (f"expected it to be found in {SEEDS} seeds, got exit code {done.returncode}\n"
                           f"{done.stdout[-500:]}")
        again = tell(program, *found[3].split())
    except subprocess.TimeoutExpired:
        return False, "expected it to be found, got no answer in two minutes"
    if "BROKEN: " not in done.stdout or again.stdout != done.stdout:
        return False, f"expected the same history from {found[3]}, got\n{done.stdout}and then\n{again.stdout}"
    return True, f"seed {found[1]}: {found[2]}"


def main():
    names = sys.argv[1:] or list(PLANTS)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, (good, said) in zip(names, pool.map(test, names)):
            failed += not good
            if not good or sys.argv[1:] or os.environ.get("V"):
                print(f"{'found' if good else 'FAILED plant'} {name}: {said}")
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
