# SPDX-License-Identifier: MIT
"""What is wrong with a command line gets one clear line, whatever the verb, and nothing is done."""

import re

import pytest

from host import one_architecture, snapshot

# The command line is read by the same code on x64, and nearly all of this is nothing else.
pytestmark = one_architecture

# What each verb takes beside --config and --help.
VERBS = {"run": ["--console"], "scan": ["--all", "--format"], "repair": [], "install":
         ["--folder", "--account", "--report-only"], "protect": [], "uninstall": [],
         "start": ["--paused"], "stop": [], "pause": [], "continue": [], "status": ["--format"], "check": [], "history": ["--since", "--format"],
         "undo": [], "release": []}
WITH_FOLDER, WITH_NAME = ("scan", "repair", "protect"), ("undo", "release")
VALUED = ("--config", "--folder", "--account", "--since", "--format")
# What a verb wants, so that what is wrong is the only thing wrong.
GOOD = {"undo": ["Mxa.ini"], "release": ["Mxa.ini"]}

# (what is on the command line, words of the message)
CASES = [(["mend"], ['unknown command "mend"']), (["Scan"], ['unknown command "Scan"', "did you mean scan?"]),
         (["statsu"], ['unknown command "statsu"; did you mean status?']), (["xyz"], ["; try kmrepair --help"]),
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
                  ([verb, "{file}"], ["not a folder", "{file}"]),
                  ([verb, r"C:\none such\x"], [r"C:\none such\x"])]
    elif verb in WITH_NAME:
        CASES += [([verb], ["name", "missing"]), ([verb, "Mxa.ini", "Mxb.ini"], ["unexpected argument", "Mxb"])]
        CASES += [([verb, name], ["not the name", name[:300]]) for name in
                  ("Mxa", "", "..\\Mxa.ini", "C:Mxa.ini", "a/b.ini", "Mx*.ini", "n" * 800 + ".ini")]
        CASES += [([verb, "Mxa.ini"], ["Mxa.ini"])]  # nothing is known of it
    else:
        CASES += [([verb, "extra"], ["unexpected argument", "extra"])]
    if "--format" in options:
        CASES += [([verb, "--format=xml"], ["unknown format \"xml\"", "json)"]),
                  ([verb, "--format", "JSON"], ["unknown format", "JSON"]),
                  ([verb, "--format="], ["unknown format"])]
CASES += [(["history", "--since", date], ["a date looks like", date]) for date in
          ("soon", "", "2026-13-01", "2026-02-30", "26-01-01", "2026-01-01T25:00:00Z", "2026-1-1")]
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
        more = [line for line in lines[1:] if not line.startswith("Usage: kmrepair ")]
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


def test_help_of_every_verb(product):
    for verb in VERBS:
        result = product.run(verb, "--help")
        assert result.rc == 0 and not result.err
        assert result.out.startswith(f"Usage: kmrepair {verb}")
        assert all(word in result.out for word in VERBS[verb])

