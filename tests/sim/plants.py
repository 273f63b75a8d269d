#!/usr/bin/python3
# SPDX-License-Identifier: MIT
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
CHANGE = "core/change.c"
LEDGER = "core/ledger.c"
READ = "core/ledger_read.c"
MEMORY = "core/memory.c"
ATTEND = "core/attend.c"
SCAN = "core/scan.c"
MENDER = "core/mender.c"
REVERSE = "core/reverse.c"
REMIND = "core/remind.c"
TODO = "core/todo.c"
HOST = "tests/sim/process.c"
KNOWN = "core/known.c"
JOURNAL = "tests/sim/world_journal.c"

PLANTS = {
    "no flush of INTENT": (
        HOST, "        world_journal_flush();\n", ""),
    "no flush of the record": (
        CHANGE,
        "        result = host->flush(host->context);\n    if (result.code == HOST_OK)\n        result = verify",
        "        result = verify"),
    "no look at what was written": (CHANGE, "        result = verify(change", "        (void)verify(change"),
    "INTENT after the write": (
        CHANGE, "    struct memory_item *item = ledger_begin(change->ledger, entry);",
        "    (void)host->write(host->context, entry->offset, entry->kind == JOURNAL_UNDO ? '4' : '1');\n"
        "    struct memory_item *item = ledger_begin(change->ledger, entry);"),
    "DONE before the event": (
        CHANGE, "    if (item->step == FLIGHT_REPORT)\n        report(change, item);",
        "    static struct journal_entry early = {.kind = JOURNAL_DONE, .outcome = OUTCOME_REPAIRED};\n"
        "    static char line[JOURNAL_LINE_MAX];\n    const struct host *host = change->site->host;\n"
        "    early.number = number;\n    if (locked && item->step == FLIGHT_REPORT)\n"
        "        (void)host->journal_append(host->context, line, journal_encode(&early, line, sizeof line));\n"
        "    if (item->step == FLIGHT_REPORT)\n        report(change, item);"),
    "wrong offset": (CHANGE, "entry->offset = (uint32_t)view", "entry->offset = 1 + (uint32_t)view"),
    "no second judgement": (CHANGE, "view->content != seen", "view->content == 0"),
    "another byte": (CHANGE, "*byte = item->undo ? '4' : '1'", "*byte = item->undo ? '4' : '2'"),
    "lost changes ignored": (
        MENDER, "void mender_changes_lost(struct mender *mender) {\n    scan_want(&mender->scan);",
        "void mender_changes_lost(struct mender *mender) {"),
    "a full queue ignored": (
        SCAN, "void scan_crowd(struct scan *scan) {\n    scan->wanted = true;",
        "void scan_crowd(struct scan *scan) {"),
    "no scans by the clock": (SCAN, "minutes == 0 ? SCAN_NEVER", "minutes != 0 ? SCAN_NEVER"),
    "settle time ignored": ("core/site.c", "settings.settle_seconds * 1000", "settings.settle_seconds"),
    "hold ignored": (
        ATTEND, "static bool is_held(struct mender *mender, const char *name, uint32_t content) {",
        "static bool is_held(struct mender *mender, const char *name, uint32_t content) {\n"
        "    if (name != NULL)\n        return false;"),
    "undo without a hold": (CHANGE, "item->undo && !item->held", "item->undo && item->held"),
    "hold of another content": (LEDGER, "ledger->entry.before = item->after", "ledger->entry.before = item->before"),
    "limit ignored": (ATTEND, "return mender->trip.on || limiter_count", "return mender->trip.on && limiter_count"),
    "limit forgotten at a restart": (
        READ, "entry->kind == JOURNAL_INTENT)\n        limiter_add",
        "entry->kind == JOURNAL_INTENT && ledger->read_once)\n        limiter_add"),
    "what is in flight forgotten at a restart": (
        READ, "    memory_apply(&ledger->memory, entry);",
        "    if (ledger->read_once || entry->kind != JOURNAL_INTENT)\n        memory_apply(&ledger->memory, entry);"),
    "repair while paused": (
        MENDER, "    mender->paused = true;\n    mender->paused_again = now(mender) + MENDER_DAY;\n    leave_folder(mender);",
        "    mender->paused_again = now(mender) + MENDER_DAY;"),
    "Repair = no ignored": (
        MENDER, "    mender->site.settings = *settings;\n    if (mender->ledger",
        "    mender->site.settings = *settings;\n    mender->site.settings.repair = true;\n    if (mender->ledger"),
    "no new line after a torn one": (LEDGER, "size_t start = ledger->torn ? 2 : 0;", "size_t start = 0;"),
    "what others write is not read": (
        LEDGER, "    if (result.code == HOST_OK)\n        result = ledger_read",
        "    if (result.code == HOST_OK && !ledger->read_once)\n        result = ledger_read"),
    "a new journal without the last number": (
        LEDGER, "ledger->entry.number = ledger->memory.number;\n    put_at", "ledger->entry.number = 0;\n    put_at"),
    "a new journal without the holds": (LEDGER, "    put_items(ledger, made, ITEM_HOLD, JOURNAL_HOLD);\n", ""),
    "a failed event counts": (
        CHANGE, "    if (site_report(change->site, &event)) {\n        item->step",
        "    if (site_report(change->site, &event) || offset[0] != 0) {\n        item->step"),
    "the wrong CRC of a line": ("core/journal.c", "crc32(0, line, text.length)", "crc32(1, line, text.length)"),
    "NumSCerts overlooked": ("core/record.c", "\"NumSCerts\")) {\n        judge->certificates = true;",
                             "\"NumSCerts\")) {\n        judge->certificates = false;"),

    # Needs a journal that is written in three calls, each of which may fail.
    "a new journal that was not put in its place": (
        LEDGER, "    if (made.result.code != HOST_OK)\n        return made.result;\n", ""),
    # Need processes that end, or power cuts, while a new journal is made or put in its place.
    "half of a new journal is kept": (JOURNAL, "world.journal_deleted = world.left = false", "world.journal_deleted = false"),
    "a journal between two names is not found": (
        JOURNAL, "    world_journal_name();\n    bool left", "    if (world.journal_aside)\n        world.journal_size = world.journal_durable = 0;\n    world_journal_name();\n    bool left"),
    # Needs a service that is notified of what it writes itself.
    "own writes are news": (
        MENDER, "    ledger_check(&mender->ledger);",
        "    ledger_check(&mender->ledger);\n    ledger_note_settings(&mender->ledger, &mender->site.settings);"),
    # Needs scanners that open the journal.
    "a busy journal is a loss": (
        LEDGER, "        note_trouble(ledger, &result);\n        ledger_unlock(ledger);\n        return result;",
        "        note_trouble(ledger, &result);\n        ledger->rewrite = true;\n        ledger_unlock(ledger);\n"
        "        return result;"),
    # Needs a wall clock that is set back.
    "repairs from the future do not count": (
        READ, "        ledger->window_due = true;\n        return 0;",
        "        ledger->window_due = true;\n        return LIMITER_HOUR;"),
    # Needs a wall clock that is set forwards while the service runs.
    "a clock set forwards is not written down": (
        LEDGER, "return (by > DRIFT_SECONDS || by < -DRIFT_SECONDS) &&", "return by < -DRIFT_SECONDS &&"),
    # Needs second spellings of records.
    "another spelling is another record": (
        REVERSE, "    struct host_result result = host->real_name(host->context, name, sizeof name);",
        "    struct host_result result = {HOST_OK, 0, NULL};\n    (void)host;"),
    # Needs second spellings of folders.
    "another spelling is another folder": (
        HOST, "    return folder < WORLD_FOLDERS && folder == process->folder;",
        "    return folder < WORLD_FOLDERS && world_equal(path, world_spelled(process->settings.folder));"),
    # Needs a folder that another one takes the place of.
    "the path of the folder is not checked": (
        CHANGE, "    struct host_result result = host->folder_check(host->context);\n    if (result.code != HOST_OK) {",
        "    struct host_result result = ok;\n    if (result.code != HOST_OK) {"),
    # Needs a record that can be opened and not be written to.
    "an INTENT for each try": (
        CHANGE, "        retry(change, item);\n    }\n    return not_made;",
        "        retry(change, item);\n        if (item->clean)\n"
        "            return conclude(change, item, true, item->size, item->before);\n    }\n    return not_made;"),
    # Likewise, and another process that settles it meanwhile.
    "a write is tried again without the journal": (
        CHANGE, "    uint32_t size = 0;\n    if (!claim(change, item))\n        return false;\n",
        "    uint32_t size = 0;\n"),
    # Needs a journal that somebody replaces.
    "what a replaced journal says holds": (
        READ, "identity == IS_ROTATED ? PASS_ROTATED : PASS_REPLACED", "identity == IS_ROTATED ? PASS_ROTATED : PASS_NEW"),
    "the hour of a replaced journal holds": (
        READ, "        limiter_merge(&ledger->window, &ledger->other, now(ledger));",
        "        ledger->window = ledger->other;"),
    "a journal that is gone is left alone": (
        LEDGER, "    if (result.code == HOST_OK && ledger->rewrite)\n        result = checkpoint(ledger);",
        "    if (result.code == HOST_OK && ledger->rewrite && ledger->size > 0)\n        result = checkpoint(ledger);"),
    # Needs RescanMinutes = 0.
    "without scans by the clock there is none": (
        SCAN, "    if (!scan->wanted)", "    if (!scan->wanted || scan->due == SCAN_NEVER)"),
    # Needs an hour of rest.
    "a line for each scan": (
        LEDGER, "a->reminded == b->reminded &&", "a->reminded == b->reminded && a->scanned == b->scanned &&"),
    "a scan for each change of the journal": (
        MENDER, "    ledger_check(&mender->ledger);", "    ledger_check(&mender->ledger);\n    scan_want(&mender->scan);"),
    # Needs hours.
    "reminded too often": (REMIND, "    if (ago < age)\n        age = ago;\n", ""),
    "the last reminder forgotten at a restart": (
        REMIND, "remind->told = remind->ledger->state.reminded;", "remind->told = 0;"),
    "a reminder that was not taken counts": (
        REMIND, "        remind->due = now(remind) + remind->backoff;\n        return;\n",
        "        remind->due = now(remind) + remind->backoff;\n"),
    "no reminder": (REMIND, "    return is_old;", "    return false;"),
    "a reminder of nothing": (REMIND, "    if (!put_names(remind, &names))\n        return;\n", "    (void)put_names(remind, &names);\n"),
    "a reminder of what has changed": (
        TODO, "== item->after ? TODO_ENABLE : TODO_CHANGED", "!= 0 ? TODO_ENABLE : TODO_CHANGED"),
    "a reminder of what is gone": (TODO, "        return TODO_GONE;", "        return TODO_ENABLE;"),
    "a reminder while paused": (
        MENDER, "return is_at_rest(mender) ? MENDER_NEVER : remind_due(&mender->remind);",
        "return remind_due(&mender->remind);"),

    # What a rescan passes over. Needs changes of which nobody is told, times that are put back, FAT and a network drive.
    "young records are known": (KNOWN, "EPOCH + utc - KNOWN_YOUNG", "EPOCH + utc + 2"),
    "records of the future are known": (
        KNOWN, "look->written > latest)", "(look->written > latest && look->written < latest + 9 * SECOND))"),
    "known by the name": (
        KNOWN, "look->place->name == look->holds.name && look->place->state == look->holds.state",
        "look->place->state != 0"),
    "known by name and size": (KNOWN, "add(sum, stamp, sizeof *stamp);", "add(sum, &stamp->size, sizeof stamp->size);"),
    "known by name and time": (
        KNOWN, "add(sum, stamp, sizeof *stamp);", "add(sum, &stamp->written, sizeof stamp->written);"),
    "a network drive is trusted": (HOST, "world.disk == DISK_REMOTE ? 0 : node->listed_written", "node->listed_written"),
    "what is not sound is known": (ATTEND, "    if (view.record.verdict == VERDICT_SOUND)\n        scan_remember", "    scan_remember"),
    "what has changed stays known": (KNOWN, "    look->place->state = 0;\n", ""),
    "a hint leaves it known": (MENDER, "    scan_hint(&mender->scan, name);\n", ""),
    "lost changes leave all known": (SCAN, "scan->wanted = scan->mistrust = true", "scan->wanted = true"),
    "lost changes are forgotten when the folder cannot be listed": (
        SCAN, "    struct host_result result = host->list_open(host->context);",
        "    bool mistrust = scan->mistrust;\n"
        "    scan->mistrust = false;\n    struct host_result result = host->list_open(host->context);\n"
        "    scan->mistrust = mistrust && result.code == HOST_OK;"),
    "what is asked for leaves all known": (SCAN, "if (scan->asked || scan->mistrust", "if (scan->mistrust"),
    "no full scan once a day": (SCAN, " || scan->begun - scan->full_at >= SCAN_DAY", ""),
    "a full scan once a day that forgets nothing": (SCAN, "        known_clear(scan->known);\n", "        (void)0;\n"),
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
