# SPDX-License-Identifier: MIT
"""What is wrong with a command line gets one clear line, whatever the verb, and nothing is done."""

import re
import zlib

import pytest

from host import one_architecture, snapshot

# The command line is read by the same code on x64, and nearly all of this is nothing else.
pytestmark = one_architecture

# What each verb takes beside --config and --help.
VERBS = {"run": ["--console"], "scan": ["--all", "--format"], "repair": [], "install":
         ["--folder", "--account", "--report-only"], "protect": [], "uninstall": [],
         "start": ["--paused"], "stop": [], "pause": [], "continue": [], "status": ["--format"], "check": ["--format"],
         "history": ["--since", "--format"], "undo": ["--all", "--since"], "release": [], "todo": ["--format"],
         "report": ["--output"], "version": []}
WITH_FOLDER, WITH_NAME = ("scan", "repair", "protect"), ("undo", "release")
VALUED = ("--config", "--folder", "--account", "--since", "--format", "--output")
# What a verb wants, so that what is wrong is the only thing wrong.
GOOD = {"undo": ["Mxa.ini"], "release": ["Mxa.ini"]}

# (what is on the command line, words of the message)
CASES = [(["mend"], ['unknown command "mend"']), (["HISTROY"], ['unknown command "HISTROY"; did you mean history?']),
         (["statsu"], ['unknown command "statsu"; did you mean status?']), (["help", "scna"], ['"scna"']),
         (["help", "reliase"], ["did you mean release?"]), (["/scan"], ["put a command before /scan"]), (["xyz"], ["; try kmrepair --help"]),
         (["--all"], ["put a command before --all"]), ([""], ['unknown command ""']),
         (["scan", "x" * 3000], ["too long"])]
for verb, options in VERBS.items():
    good = GOOD.get(verb, [])
    CASES += [([verb, *good, "--nonsense"], [f"{verb} has no option --nonsense"]),
              ([verb, *good, "-x"], [f"{verb} has no option -x"]),
              ([verb, *good, "--config"], ["value is missing", "--config"]),
              ([verb, *good, "--config="], ["not a path"])]
    others = {o for words in VERBS.values() for o in words} - set(options)
    CASES += [([verb, *good, sorted(others)[0]], ["has no option", sorted(others)[0]])]
    CASES += [([verb, *good, option], ["value is missing", option])
              for option in options if option in VALUED]
    if verb in WITH_FOLDER:
        CASES += [([verb, "C:\\", "D:\\"], ["unexpected argument", "D:\\"]), ([verb, ""], ["not a folder"]),
                  ([verb, "{file}"], ["not a folder", "{file}"])]
        if verb != "protect":  # which makes the folder
            CASES += [([verb, r"C:\none such\x"], [r"C:\none such\x"])]
    elif verb in WITH_NAME:
        CASES += [([verb], ["name", "missing"]), ([verb, "Mxa.ini", "Mxb.ini"], ["unexpected argument", "Mxb"])]
        CASES += [([verb, name], ["not the name", name[:300]]) for name in ("Mxa", "", "C:Mxa.ini", "Mx*.ini", "n" * 800 + ".ini")]
        CASES += [([verb, name], ["name the record without its folder", name]) for name in ("..\\Mxa.ini", "a/b.ini")]
        CASES += [([verb, "Mxa.ini"], ["Mxa.ini"])]  # nothing is known of it
    else:
        CASES += [([verb, "extra"], ["unexpected argument", "extra"])]
    if "--format" in options:
        CASES += [([verb, "--format=xml"], ["unknown format \"xml\"", "json)"]),
                  ([verb, "/fromat:json"], [f"{verb} has no option /fromat:json; did you mean --format?"]),
                  ([verb, "--format="], ["unknown format"])]
CASES += [(["history", "--since", date], [f'unknown date "{date}"']) for date in
          ("soon", "", "2026-13-01", "2026-02-30", "26-01-01", "2026-01-01T25:00:00Z", "2026-1-1", "7", "d", "7m", "90m", "7 d", "10000d")]
CASES += [(["history", "--since=-1d"], ['unknown date "-1d"']), (["history", "--since", "-1d"], ["a value is missing after --since"])]
CASES += [(["scan", "/none"], ["scan has no option /none"]), (["scan", "--al"], ["scan has no option --al; did you mean --all?"]),
          (["scan", "--all=yes"], ["unexpected value: --all=yes"]), (["scan", "--json"], ["scan has no option --json"]),
          (["scan", "--config", "/all"], ["a value is missing after --config"]), (["status", "/a/b"], ["status has no option /a/b"]),
          (["stop", "/"], ["stop has no option /"]), (["stop", "--outputs=x"], ["stop has no option --outputs=x"]),
          (["install", "--folder", "--check"], ["a value is missing after --folder"]),
          (["undo", "Mxa.ini", "--all"], ["either a name or --all"]), (["undo", "--since", "7d"], ["name", "missing"]),
          (["undo", "Mxa.ini", "--since=7d"], ["--since goes with --all"]),
          (["undo", "--all", "--since", "soon"], ['unknown date "soon"']), (["undo", "/all", "--nonsense"], ["no option"]),
          (["undo", "all"], ["not the name of a record: all; did you mean --all?"]),
          (["undo", "C:\\x\\Mxa.ini"], ["name the record without its folder: C:\\x\\Mxa.ini"]),
          (["scan", "--output", "C:\\x\\Mxa.ini"], ["ends in .htm, .html or .txt", "Mxa.ini"]),
          (["check", "--output=kmrepair.jnl"], ["ends in .htm, .html or .txt", "kmrepair.jnl"]),
          (["scna"], ["did you mean scan?"])]
CASES += [(["status", "--format=csv"], ["unknown format \"csv\" (table, json)"]),
          (["install", "--folder", "{file}"], ["not a folder", "{file}"]),
          (["install", "--folder", "C:\\x"], ["already says Folder = ", "not C:\\x"]),
          (["install", "--folder="], ["not a folder"]), (["install", "--account="], ["account"]),
          (["install", "--account", "x" * 600], ["account", "xxx"])]
CASES += [([verb, *GOOD.get(verb, []), "--config", bad], [bad])
          for verb in ("scan", "repair", "install", "check", "undo", "release")
          for bad in (r"C:\none such\x.ini", r"C:\windows")]
CASES += [([verb], ["service"]) for verb in ("start", "stop", "pause", "continue")]  # there is none


def contents(product):
    return [p.read_bytes() for p in (product.exe, product.config)], snapshot(product.folder)


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_bad_input(product, verb):
    product.put("stuck.ini")
    file = product.wine.windows_path(product.exe)
    before = contents(product)
    cases = [case for case in CASES if (case[0][0] if case[0][0] in VERBS else "") == verb]
    assert cases
    wrong = []
    for words, told in cases:
        words, told = ([word.replace("{file}", file) for word in list_] for list_ in (words, told))
        result = product.run(*words)
        lines = result.err.splitlines()
        said = lines[:1] and lines[0].startswith("kmrepair: ")
        more = [line for line in lines[1:] if not line.startswith(("Usage: kmrepair ", "       ["))]
        if result.rc != 2 or result.out or not said or more or not all(t in lines[0] for t in told):
            wrong.append(f"{words}: {told}: {result}")
    assert not wrong, "\n".join(wrong)
    if product.journal.exists():  # to see whether there could be one
        assert re.fullmatch(rb"(KMR2\t[^\n]*\t(CHECKPOINT|WINDOW)\t[^\n]*\n)*", product.journal.read_bytes())
        product.journal.unlink()
    assert contents(product) == before


def test_status_reports_a_refused_configuration(product):
    """Beside what it can tell, so on the standard output."""
    for bad in (r"C:\none such\x.ini", r"C:\windows"):
        result = product.run("status", "--config", bad)
        assert result.rc == 1 and bad in result.out and ("is refused: " in result.out) == (bad == r"C:\windows")


@pytest.mark.quick
def test_help_of_every_verb(product):
    for verb in VERBS:
        result = product.run(verb, "--help")
        assert result.rc == 0 and not result.err
        assert result.out.startswith(f"Usage: kmrepair {verb} ")
        assert all(f"\n  {word}" in result.out for word in [*VERBS[verb], "--config"])
        assert "\nExit code: 0 " in result.out and f"\nExample: kmrepair {verb}" in result.out
        assert max(map(len, result.out.splitlines())) < 80, result.out


HELP = ("--help", "-h", "-H", "-?", "/?", "/help", "/HELP", "/h", "-help", "?")


def test_usage_fits_a_console(product):
    """It and the line that waits for a key, or the next prompt; each verb has a line, and nothing is said twice."""
    usage = product.ok("help").out
    lines = usage.splitlines()
    rows = lines[3:]
    assert len(lines) <= 24 and max(map(len, lines)) < 80
    for verb in set(VERBS) - {"version"}:
        assert len([line for line in rows if line[9:].startswith(f"{verb} ")]) == 1, verb
    assert [line[:9].strip() for line in lines if line[:9].strip() in ("Look", "Repair", "Service", "Set up")] == [
        "Look", "Repair", "Service", "Set up"]
    assert rows[0].startswith("Look     scan ")
    for form in (*HELP, "HELP", "Help"):
        result = product.ok(form)
        assert result.out == usage and not result.err, form


def test_forms_of_help(product):
    for verb in ("scan", "undo", "install"):
        page = product.ok("help", verb).out
        for words in ([verb, form] for form in HELP):
            assert product.ok(*words).out == page, words
        for words in (["HELP", verb.upper()], ["--help", verb], [verb.title(), "/?"], ["help", verb, "--help"]):
            text = product.ok(*words).out
            assert text == (page if words[0] != "--help" else product.ok("help").out), words


def test_forms_of_version(product):
    version = product.ok("--version").out
    assert any(c.isdigit() for c in version)
    for form in ("version", "VERSION", "-v", "-V", "/v", "/version", "-version"):
        assert product.ok(form).out == version, form


@pytest.mark.quick
def test_forms_of_options(product):
    product.put("stuck.ini")
    product.put("sound.ini", b"[Client]\r\nState = 1\r\n")
    plain = product.run("scan", "--all", "--format=csv")
    assert plain.rc == 1 and "sound.ini" in plain.out
    for words in (["SCAN", "--ALL", "--FORMAT=CSV"], ["scan", "/all", "/format:csv"], ["Scan", "-all", "-format", "csv"],
                  ["scan", "--format", "csv", "/All"], ["scan", "/format=csv", "--all"], ["scan", "--format:Csv", "/ALL"],
                  ["scan", "/all", "/format", "csv", "/config:" + product.wine.windows_path(product.config)]):
        result = product.run(*words)
        assert (result.rc, result.out) == (plain.rc, plain.out), words


def test_a_path_may_begin_with_a_slash(product):
    """Where a folder may be named, and with one more slash; drive Z: is the Linux file system."""
    product.put("stuck.ini")
    assert product.folder.as_posix().count("/") > 1
    result = product.run("scan", product.folder.as_posix(), "/format:csv")
    assert result.rc == 1 and "stuck.ini" in result.out


def test_since_days_and_hours(product):
    product.put("stuck.ini")
    product.ok("repair")
    for since in ("7d", "24h", "1H", "9999D", "2020-01-01", "2020-01-01T00:00:00Z"):
        assert "stuck.ini" in product.ok("history", "--since", since).out, since
    lines = product.journal.read_text()
    then = "2026-01-02T03:04:05Z"
    product.journal.unlink()
    body = [line.rpartition("\t")[0].split("\t") for line in lines.splitlines()]
    body = ["\t".join([fields[0], then, *fields[2:]]) for fields in body]
    product.journal.write_text("".join(f"{b}\t{zlib.crc32(b.encode()):08X}\n" for b in body), newline="")
    assert "stuck.ini" in product.ok("history").out
    for since in ("0d", "1h", "1d"):
        assert "stuck.ini" not in product.ok("history", "--since", since).out, since
