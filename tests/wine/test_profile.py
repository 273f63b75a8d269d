# SPDX-License-Identifier: MIT
"""Our verdicts on generated records beside what Windows' own profile functions read from them.

profile.c has the rules, profile_records.h the generator. The kinds of record that we leave alone and the functions would not are
those of a table in docs/reliability.md: one that is not there fails, and so does a row that nothing shows.
"""

import pathlib
import re

import pytest

from host import LONG, runs_32_bit

# Tens of thousands in all, also where only one of the two can run; LONG=1: ten times as many.
RECORDS = (10000 if runs_32_bit() else 20000) * (10 if LONG else 1)
# Other records on each architecture; which is of no account to either.
SEED = {"x86": 0, "x64": 1000000}
TRAITS = ("heading", "heading-not-closed", "blank-before-heading", "blank-behind-heading", "heading-again",
          "heading-in-other-case", "utf-8-mark", "utf-16-mark", "cut-off-without-end", "cut-off-with-end", "no-end", "nul",
          "comment")
DOCUMENT = pathlib.Path(__file__).parents[2] / "docs/reliability.md"


@pytest.fixture
def profile(wine, arch):
    folder = wine.drive_c / "profile"
    folder.mkdir(exist_ok=True)

    def run(records, *bug):
        return wine.run(wine.probe_exe.parent / "profile.exe", wine.windows_path(folder), SEED[arch], records,
                        *bug, timeout=6000 if LONG else 900)

    return run


def documented_kinds():
    section = DOCUMENT.read_text("utf-8").partition("## Where we are stricter")[2].partition("\n#")[0]
    return set(re.findall(r"^\| `([\w-]+)` \|", section, re.M))


@pytest.mark.quick
def test_verdicts_agree_with_windows(profile):
    result = profile(RECORDS)
    assert result.rc == 0, f"\n{result.out}{result.err}"
    print(result.out)
    found = result.pairs()
    for verdict in ("stuck", "sound", "doubtful", "unreadable", "not-a-record"):
        assert found[verdict] >= RECORDS / 50, f"too few records are {verdict}:\n{result.out}"
    # What a generator makes once in a thousand it does not test.
    rare = {trait for trait in TRAITS if found.get(f"made.{trait}", 0) < RECORDS / 100}
    assert not rare, f"too few records have these: {rare}:\n{result.out}"
    kinds = {name.partition(".")[2] for name in found if name.startswith("stricter.")}
    assert kinds == documented_kinds(), f"the table in {DOCUMENT.name} is another:\n{result.out}"


@pytest.mark.parametrize("bug", ["doubtful", "sound", "digit", "heading"])
def test_a_wrong_verdict_or_repair_is_noticed(profile, bug):
    result = profile(300, bug)
    assert result.rc == 1 and "DISAGREEMENT" in result.out, result
