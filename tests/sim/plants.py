#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Plants mistakes in copies of the sources, one at a time, and requires that the simulation finds each.

    tests/sim/plants.py [NAME...]     of what `make build-sim` built

A plant is a file, a function in it, an expression of that function, and what is put in the place of the expression. How
the function is laid out does not matter, nor what else is in it; an expression that is not in it exactly once is a failure:
the plant has to follow the sources. An empty expression is the beginning of the function. Each is told again by the
command that the simulation prints, and has to be the same story to the last byte. The last line is `N passed, N failed`.
"""
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build/sim")
SEEDS = 5000
ATTEND = "core/attend.c"
CHANGE = "core/change.c"
KNOWN = "core/known.c"
LEDGER = "core/ledger.c"
LIMITER = "core/limiter.c"
MEMORY = "core/memory.c"
MENDER = "core/mender.c"
PROFILE = "core/profile.c"
READ = "core/ledger_read.c"
RECORD = "core/record.c"
REMIND = "core/remind.c"
REVERSE = "core/reverse.c"
SCAN = "core/scan.c"
SITE = "core/site.c"
TODO = "core/todo.c"
HOST = "tests/sim/process_host.c"
HOST_JOURNAL = "tests/sim/process_journal.c"
JOURNAL = "tests/sim/world_journal.c"

PLANTS = {
    "no flush of INTENT": (HOST_JOURNAL, "journal_append", "world_journal_flush();", ""),
    "no flush of the record": (CHANGE, "write_byte", "host->flush(host->context)", "host_ok"),
    "no look at what was written": (CHANGE, "write_byte", "result = verify(", "(void)verify("),
    "INTENT after the write": (
        CHANGE, "begin", "struct memory_item *item =",
        "(void)host->write(host->context, entry->offset, entry->kind == JOURNAL_UNDO ? '4' : '1');\n"
        "struct memory_item *item ="),
    "DONE before the event": (
        CHANGE, "finish", "report(change, item);",
        "{\n    static struct journal_entry early = {.kind = JOURNAL_DONE, .outcome = OUTCOME_REPAIRED};\n"
        "    static char line[JOURNAL_LINE_MAX];\n    const struct host *host = change->site->host;\n"
        "    early.number = number;\n"
        "    (void)host->journal_append(host->context, line, journal_encode(&early, line, sizeof line));\n"
        "    report(change, item);\n    }"),
    "wrong offset": (CHANGE, "change_repair", "entry->offset =", "entry->offset = 1 +"),
    "no second judgement": (CHANGE, "change_repair", "view->content != seen", "view->content == 0"),
    "another byte": (CHANGE, "write_byte", "'1'", "'2'"),
    "lost changes ignored": (MENDER, "mender_changes_lost", "scan_mistrust(&mender->scan);", ""),
    "a full queue ignored": (SCAN, "scan_crowd", "scan->wanted = true;", ""),
    "no scans by the clock": (SCAN, "finish", "minutes == 0", "minutes != 0"),
    "settle time ignored": (SITE, "site_settled", "* 1000", ""),
    "hold ignored": (ATTEND, "is_held", "hold->before == content", "hold->before != content"),
    "undo without a hold": (CHANGE, "finish", "!item->held", "item->held"),
    "hold of another content": (LEDGER, "ledger_hold", "= item->after", "= item->before"),
    "limit ignored": (ATTEND, "is_limit_reached", "mender->trip.on ||", "mender->trip.on &&"),
    "limit forgotten at a restart": (
        READ, "count_repair", "entry->kind == JOURNAL_INTENT", "entry->kind == JOURNAL_INTENT && ledger->read_once"),
    "what is in flight forgotten at a restart": (
        READ, "take_entry", "memory_apply(", "if (ledger->read_once || entry->kind != JOURNAL_INTENT) memory_apply("),
    "repair while paused": (MENDER, "mender_pause", "leave_folder(mender);", "mender->paused = false;"),
    "Repair = no ignored": (
        MENDER, "mender_configure", "mender->site.settings = *settings;",
        "mender->site.settings = *settings;\n    mender->site.settings.repair = true;"),
    "no new line after a torn one": (LEDGER, "commit_at", "ledger->torn ? 2 : 0", "0"),
    "what others write is not read": (
        LEDGER, "ledger_lock", "result = ledger_read(", "if (!ledger->read_once) result = ledger_read("),
    "a new journal without the last number": (LEDGER, "put_all", "= ledger->memory.number", "= 0"),
    "a new journal without the holds": (LEDGER, "put_all", "put_items(ledger, made, ITEM_HOLD, JOURNAL_HOLD);", ""),
    "a new journal without the hour": (LEDGER, "put_all", "window_entry(ledger);", "new_entry(ledger, JOURNAL_WINDOW);"),
    "a new journal without what is in flight": (
        LEDGER, "put_all", "put_items(ledger, made, ITEM_FLIGHT, JOURNAL_INTENT);", ""),
    "of two holds the earlier undo tells": (
        MEMORY, "is_later", "item->number > entry->number", "item->number < entry->number"),
    "a failed event counts": (CHANGE, "report", "site_report(change->site, &event)",
                              "site_report(change->site, &event) || offset[0] != 0"),
    "the wrong CRC of a line": ("core/journal.c", "journal_encode", "crc32(0,", "crc32(1,"),

    # What Windows reads. Needs records that are cut off, and headings of all kinds.
    "NumSCerts overlooked": (
        RECORD, "on_record_line", "judge->certificates = true", "judge->certificates = false"),
    "a heading that is not closed is one": (
        PROFILE, "find_heading",
        "heading->closed = heading->end < profile->end; heading->single = heading->closed && "
        "profile_find(profile, heading->end + 1, profile->end, ']') == profile->end;",
        "heading->closed = heading->single = true;"),
    "a mark before a heading is nothing": (
        PROFILE, "find_heading", "profile->line == 1 && profile->mark == PROFILE_UTF8", "false"),
    "a NumSCerts that is cut off is none": (RECORD, "see_bare_name", "!ended &&", "ended && !ended &&"),
    "a State before the first heading counts": (PROFILE, "find_home", "at.line > line ||", ""),

    # Needs a journal that is written in three calls, each of which may fail.
    "a new journal that was not put in its place": (
        LEDGER, "checkpoint", "if (made.result.code != HOST_OK) return made.result;", ""),
    # Need processes that end, or power cuts, while a new journal is made or put in its place.
    "half of a new journal is kept": (JOURNAL, "world_journal_find", "= world.left = false", "= false"),
    "a journal between two names is not found": (
        JOURNAL, "world_journal_find", "world_journal_name();",
        "if (world.journal_aside)\n        world.journal_size = world.journal_durable = 0;\n    world_journal_name();"),
    # Needs a service that is notified of what it writes itself.
    "own writes are news": (
        MENDER, "mender_journal_changed", "", "ledger_note_settings(&mender->ledger, &mender->site.settings);"),
    # Needs scanners that open the journal.
    "a busy journal is a loss": (
        LEDGER, "ledger_lock", "note_trouble(ledger, &result);", "note_trouble(ledger, &result);\nledger->rewrite = true;"),
    # Needs a wall clock that is set back.
    "repairs from the future do not count": (READ, "age_of", "return 0;", "return LIMITER_HOUR;"),
    # Needs a wall clock that is set forwards while the service runs.
    "a clock set forwards is not written down": (LEDGER, "has_drifted", "by > DRIFT_SECONDS ||", ""),
    # Needs second spellings of records.
    "another spelling is another record": (
        REVERSE, "with_journal", "host->real_name(host->context, name, sizeof name)",
        "{HOST_OK, 0, NULL};\n    (void)host"),
    # Needs second spellings of folders.
    "another spelling is another folder": (
        HOST, "folder_is", "folder == process->folder",
        "world_equal(path, world_spelled(process->settings.folder))"),
    # Needs a folder that `auto` finds after a while.
    "a folder that is found begins another hour": (
        MENDER, "mender_folder_found", "", "ledger_reset_window(&mender->ledger);"),
    # Needs a folder that another one takes the place of.
    "the path of the folder is not checked": (
        CHANGE, "begin", "host->folder_check(host->context)", "host_ok"),
    # Needs a record that can be opened and not be written to.
    "an INTENT for each try": (
        CHANGE, "work_write", "retry(change, item);",
        "retry(change, item);\n        if (item->clean)\n"
        "            return conclude(change, item, true, item->size, item->before);"),
    # Likewise, and another process that settles it meanwhile.
    "a write is tried again without the journal": (
        CHANGE, "work_write", "if (!claim(change, item)) return false;", ""),
    # Likewise, and quiet times.
    "a write that fails waits for an hour": (
        CHANGE, "retry", "site_now(change->site) + item->backoff", "site_now(change->site) + 3600 * item->backoff"),
    # Needs a journal that somebody replaces.
    "what a replaced journal says holds": (READ, "ledger_read", ": PASS_REPLACED", ": PASS_NEW"),
    "the hour of a replaced journal holds": (
        READ, "read_all", "limiter_merge(&ledger->window, &ledger->other, now(ledger));", "ledger->window = ledger->other;"),
    "a journal that is gone is left alone": (
        LEDGER, "ledger_lock", "&& ledger->rewrite", "&& ledger->rewrite && ledger->size > 0"),
    # Needs RescanMinutes = 0.
    "without scans by the clock there is none": (
        SCAN, "scan_due", "!scan->wanted", "!scan->wanted || scan->due == SCAN_NEVER"),
    # Needs an hour of rest.
    "a line for each scan": (
        LEDGER, "is_same_state", "b->scanned - a->scanned < LEDGER_SCANNED", "a->scanned == b->scanned"),
    "the time of a scan is not written": (
        LEDGER, "is_same_state", "b->scanned - a->scanned < LEDGER_SCANNED", "(a->scanned == 0) == (b->scanned == 0)"),
    "a scan for each change of the journal": (MENDER, "mender_journal_changed", "", "scan_want(&mender->scan);"),
    # Needs hours.
    "reminded too often": (REMIND, "find_wait", "if (ago < age) age = ago;", ""),
    "the last reminder forgotten at a restart": (REMIND, "told_ago", "= remind->ledger->state.reminded", "= 0"),
    "a reminder that was not taken counts": (REMIND, "tell", "remind->backoff; return;", "remind->backoff;"),
    "no reminder": (REMIND, "put_names", "return is_old ? count : 0;", "return 0;"),
    "a reminder of nothing": (REMIND, "tell", "if (named == 0) return;", ""),
    "a reminder of what has changed": (TODO, "compare", "== item->after", "!= 0"),
    "a reminder of what is gone": (TODO, "todo_look", "return TODO_GONE;", "return TODO_ENABLE;"),
    "a reminder while paused": (MENDER, "due_remind", "is_at_rest(mender) ? MENDER_NEVER :", ""),

    # What a rescan passes over. Needs changes of which nobody is told, times that are put back, FAT and a network drive.
    "young records are known": (KNOWN, "known_put", "- KNOWN_YOUNG", "+ 2"),
    "records of the future are known": (
        KNOWN, "known_put", "look->written > latest", "(look->written > latest && look->written < latest + 9 * SECOND)"),
    "known by the name": (
        KNOWN, "known_check", "look->place->name == look->holds.name && look->place->state == look->holds.state",
        "look->place->state != 0"),
    "known by name and size": (KNOWN, "known_check", "stamp, sizeof *stamp", "&stamp->size, sizeof stamp->size"),
    "known by name and time": (KNOWN, "known_check", "stamp, sizeof *stamp", "&stamp->written, sizeof stamp->written"),
    "a network drive is trusted": (HOST, "list_stamp", "world.disk == DISK_REMOTE ? 0 :", ""),
    "what is not sound is known": (ATTEND, "attend_found", "if (view.record.verdict == VERDICT_SOUND)", ""),
    "what has changed stays known": (KNOWN, "known_check", "look->place->state = 0;", ""),
    "a hint leaves it known": (MENDER, "mender_hint", "scan_hint(&mender->scan, name);", ""),
    "lost changes leave all known": (SCAN, "scan_mistrust", "= scan->mistrust = true", "= true"),
    "lost changes are forgotten when the folder cannot be listed": (
        SCAN, "begin", "struct host_result result = host->list_open(host->context);",
        "bool mistrust = scan->mistrust;\n"
        "    scan->mistrust = false;\n    struct host_result result = host->list_open(host->context);\n"
        "    scan->mistrust = mistrust && result.code == HOST_OK;"),
    "what is asked for leaves all known": (SCAN, "begin", "scan->asked || scan->mistrust ||", "scan->mistrust ||"),
    "no full scan once a day": (SCAN, "begin", "|| scan->begun - scan->full_at >= SCAN_DAY", ""),
    "a full scan once a day that forgets nothing": (SCAN, "begin_full", "known_clear(scan->known);", "(void)0;"),

    # What is said. Needs troubles in quiet times, one at a time.
    "2001 is not said with Repair = no": (
        ATTEND, "on_stuck", "warn_of_stuck(mender, name, view, \"Repair = no\");", ""),
    "2001 is not said at the limit": (
        ATTEND, "on_quiet", "warn_of_stuck(mender, name, view, \"RepairsPerHour\");", ""),
    "2010 is not said": (ATTEND, "event_of", "= EVENT_DOUBTFUL", "= 0"),
    "2010 is said while it is written": (ATTEND, "on_unsound", "&& host->is_written(host->context, name)", "&& false"),
    "2010 is never said while it is written": (
        ATTEND, "on_unsound", "now(mender) - item->busy_since >= MENDER_BUSY_TOLD", "false"),
    "2011 is not said": (ATTEND, "event_of", "= EVENT_UNREADABLE", "= 0"),
    "2011 is said again": (ATTEND, "warn", "notices_add(&mender->notices, number, name, content);", "(void)0;"),
    "2020 is not said of one that is open": (
        ATTEND, "put_off", "now(mender) - item->busy_since >= MENDER_BUSY_TOLD", "false"),
    "2020 is said again of one that is open": (ATTEND, "put_off", "item->told =", "(void)"),
    "2020 is said at once": (ATTEND, "put_off", "&& now(mender) - item->busy_since >= MENDER_BUSY_TOLD", ""),
    "2020 is not said of one that is locked": (CHANGE, "tell_failed", "has_lasted(change, item) &&", "false &&"),
    "2020 is said again of one that is locked": (CHANGE, "tell_failed", "item->told =", "(void)"),
    "2021 is not said of one that may not be repaired": (
        ATTEND, "repair", "warn(mender, EVENT_REPAIR_FAILED, name, seen, \"It is left alone until it changes.\", &result);",
        "(void)0;"),
    "2021 is not said of a write that fails": (
        CHANGE, "tell_failed", "site_report_of(change->site, EVENT_REPAIR_FAILED, name, \"It is tried again.\", why)", "false"),
    "2021 is said again of a write that fails": (
        CHANGE, "tell_failed", "notices_add(change->notices, EVENT_REPAIR_FAILED, name, item->before);", "(void)0;"),
    "2030 is not said": (ATTEND, "trip", "trip->told = site_report(&mender->site, &event);", ""),
    "2030 is said again": (ATTEND, "trip", "trip->told = site_report", "(void)site_report"),
    "2031 is not said": (
        MENDER, "work_journal", "site_tell_away(&mender->site, &ledger->told, EVENT_JOURNAL_AWAY, why);", "(void)0;"),
    "2031 is said of what is only busy": (
        LEDGER, "ledger_trouble", "now(ledger) - ledger->since >= LEDGER_BUSY_TOLD", "true"),
    "2032 is not said": (
        MENDER, "work_journal", "site_tell_away(&mender->site, &ledger->told, EVENT_JOURNAL_BACK, NULL);", "(void)0;"),
    "2033 is not said": (CHANGE, "report", "tell_events_back(change);", "(void)0;"),
    "2033 is said again": (CHANGE, "tell_events_back", "change->events_away = false;", "(void)0;"),
    "2041 is not said": (
        REVERSE, "release", "(void)site_report_of(&mender->site, EVENT_RELEASED, name, NULL, NULL);", ""),
    "3000 is not said": (
        MENDER, "mender_changes_lost", "site_report_of(&mender->site, EVENT_CHANGES_LOST, NULL, NULL, NULL)", "false"),
    "3000 is said again": (MENDER, "mender_changes_lost", "now(mender) >= mender->lost_told_again &&", ""),
    "3010 is not said of a folder that is gone": (
        MENDER, "mender_folder_away", "site_tell_away(&mender->site, &mender->folder_told, EVENT_FOLDER_AWAY, why);", ""),
    "3010 is not said of a folder that cannot be listed": (
        MENDER, "work_scan", "site_tell_away(&mender->site, &mender->folder_told, EVENT_FOLDER_AWAY, &result);", "(void)0;"),
    "3011 is not said": (
        MENDER, "end_scan", "site_tell_away(&mender->site, &mender->folder_told, EVENT_FOLDER_BACK, NULL);", ""),
    "what is away is said again": (SITE, "site_tell_away", "*told = away;", "*told = false;"),
}


def tokens(text):
    return re.findall(r'"(?:\\.|[^"\\])*"|\w+|\S', text)


def body_of(text, function):
    """(begin, end) of what is between the braces of a function; None if there is none of this name."""
    found = re.search(rf"^[A-Za-z][^;{{}}]*?\b{function}\([^;{{}}]*\) \{{$(.*?)^\}}$", text, re.M | re.S)
    return found.span(1) if found else None


def plant(name):
    """(the source with the mistake, what is wrong)."""
    path, function, old, new = PLANTS[name]
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    body = body_of(text, function)
    if body is None:
        return None, f"plant {name}: {path} has no function {function}"
    begin, end = body
    pattern = r"\s*".join(re.escape(token) for token in tokens(old))
    found = [match.span() for match in re.finditer(pattern, text[begin:end])] if old else [(0, 0)]
    if not found:
        return None, f"plant {name}: function {function} has no {old}"
    if len(found) > 1:
        return None, f"plant {name}: function {function} has {old} {len(found)} times"
    return text[:begin + found[0][0]] + " " + new + " " + text[begin + found[0][1]:], ""


def variant(name):
    """Builds the program with the plant; the path of it, or what is wrong."""
    path = PLANTS[name][0]
    text, wrong = plant(name)
    if text is None:
        return None, wrong
    folder = os.path.join(BUILD, "plants", re.sub(r"\W+", "-", name))
    os.makedirs(folder, exist_ok=True)
    source, made = os.path.join(folder, os.path.basename(path)), os.path.join(folder, "sim")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
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
                          errors="replace", timeout=300, check=False)


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
        return False, "expected it to be found, got no answer in five minutes"
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
