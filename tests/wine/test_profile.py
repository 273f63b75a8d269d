# SPDX-License-Identifier: MIT
"""Our verdicts on generated records beside what Windows' own profile functions read from them.

profile.c has the rules and the generator. The kinds of record that we leave alone and the functions would not are
those of a table in docs/reliability.md: one that is not there fails, and so does a row that nothing shows.
"""

import pathlib
import re

import pytest

from host import LONG, runs_32_bit

# Tens of thousands in all, also where only one of the two can run; LONG=1: five times as many.
RECORDS = (10000 if runs_32_bit() else 20000) * (5 if LONG else 1)
# Other records on each architecture; which is of no account to either.
SEED = {"x86": 0, "x64": 1000000}
DOCUMENT = pathlib.Path(__file__).parents[2] / "docs/reliability.md"


@pytest.fixture
def profile(wine, arch):
    folder = wine.drive_c / "profile"
    folder.mkdir(exist_ok=True)

    def run(records, *bug):
        return wine.run(wine.probe_exe.parent / "profile.exe", wine.windows_path(folder), SEED[arch], records,
                        *bug, timeout=900)

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
    kinds = {name.partition(".")[2] for name in found if name.startswith("stricter.")}
    assert kinds == documented_kinds(), f"the table in {DOCUMENT.name} is another:\n{result.out}"


@pytest.mark.parametrize("bug", ["doubtful", "sound", "digit", "heading"])
def test_a_wrong_verdict_or_repair_is_noticed(profile, bug):
    result = profile(300, bug)
    assert result.rc == 1 and "DISAGREEMENT" in result.out, result
