# SPDX-License-Identifier: MIT
"""kmrepair scan: what it finds, how it says so, and that it changes nothing."""

import csv
import io
import os

import pytest

from host import MAILBOX, as_repaired, digit_offset, record, snapshot

HEADER = ["record", "verdict", "state", "line", "offset", "mailbox"]
COMMAS = "o=Fabrikam, ou=Site One, cn=Recipients, cn=Jos\u00e9"

SAMPLES = {
    "stuck.ini": ("stuck", record()),
    "stuck-bare.ini": ("stuck", record(sections=False)),
    "stuck-quoted.ini": ("stuck", record(state='"4"')),
    "stuck-unnamed.ini": ("stuck", record(mailbox=None)),
    "stuck-commas.ini": ("stuck", b"\xef\xbb\xbf" + record(mailbox=COMMAS)),
    "stuck-wide.ini": ("stuck", b"\xff\xfe" + record().decode().encode("utf-16-le")),
    "SHOUTED.INI": ("stuck", record()),
    "sound.ini": ("sound", record(state="1")),
    "enrolled.ini": ("sound", record(certificates=2)),
    "note.ini": ("not-a-record", record(state=None)),
    "doubtful.ini": ("doubtful", record(state="04")),
    "twice.ini": ("doubtful", record() + b"State = 4\r\n"),
    "binary.ini": ("unreadable", record() + b"\0\0"),
}
NOT_SOUND = {name for name, (verdict, _) in SAMPLES.items()
             if verdict not in ("sound", "not-a-record")}


@pytest.fixture
def samples(product):
    for name, (_, content) in SAMPLES.items():
        product.put(name, content)
    return product


def rows(result):
    table = list(csv.reader(io.StringIO(result.out)))
    assert table[0] == HEADER
    return {row[0]: dict(zip(HEADER, row, strict=True)) for row in table[1:]}


def scan(product, *options, rc=1):
    """A scan always changes nothing, whatever it finds."""
    before = snapshot(product.folder)
    result = product.run("scan", product.wine.windows_path(product.folder), *options)
    assert result.rc == rc, result
    assert snapshot(product.folder) == before
    assert not product.journal.exists()
    return result


@pytest.mark.quick
def test_all_as_csv(samples):
    found = rows(scan(samples, "--all", "--format=csv"))
    assert {name: row["verdict"] for name, row in found.items()} == {
        name: verdict for name, (verdict, _) in SAMPLES.items()}


def test_only_what_is_not_sound_is_listed(samples):
    assert {name for name, row in rows(scan(samples, "--format=csv")).items()
            if row["verdict"] != "not-a-record"} == NOT_SOUND


def test_offset_and_line_point_at_the_digit(samples):
    found = rows(scan(samples, "--format=csv"))
    for name in ("stuck.ini", "stuck-bare.ini", "stuck-commas.ini", "SHOUTED.INI"):
        content = SAMPLES[name][1]
        assert int(found[name]["offset"]) == digit_offset(content), name
        assert int(found[name]["line"]) == content[:digit_offset(content)].count(b"\n") + 1
        assert found[name]["state"] == "4"
    wide = SAMPLES["stuck-wide.ini"][1]
    assert wide[int(found["stuck-wide.ini"]["offset"]):][:2] == b"4\0"
    quoted = SAMPLES["stuck-quoted.ini"][1]
    assert quoted[int(found["stuck-quoted.ini"]["offset"]):][:2] == b'4"'
    assert found["binary.ini"]["offset"] == ""


def test_mailbox_is_named(samples):
    found = rows(scan(samples, "--format=csv"))
    assert found["stuck.ini"]["mailbox"] == MAILBOX
    assert found["stuck-wide.ini"]["mailbox"] == MAILBOX
    assert found["stuck-commas.ini"]["mailbox"] == COMMAS
    assert MAILBOX not in found["stuck-unnamed.ini"]["mailbox"]


def test_table_for_people(samples):
    out = scan(samples).out
    for name in NOT_SOUND:
        assert name in out
    assert "sound.ini" not in out and "enrolled.ini" not in out
    assert "enrolled.ini" in scan(samples, "--all").out
    assert scan(samples, "--format=table").out == out


def test_nothing_stuck_is_0(product):
    product.put("sound.ini", record(state="1"))
    scan(product, rc=0)
    assert rows(scan(product, "--format=csv", rc=0)) == {}


def test_empty_folder_is_0(product):
    scan(product, rc=0)


def test_the_folder_is_named(product):
    """First of all; what a program reads stays as it is, and the error stream has it. As the disk spells it."""
    folder = product.wine.windows_path(product.folder)
    product.put("stuck.ini")
    assert scan(product).out.splitlines()[0] == f"Folder: {folder}"
    for form in ("csv", "json"):
        result = scan(product, f"--format={form}")
        assert "Folder" not in result.out and result.err.splitlines()[0] == f"Folder: {folder}"
    spelled = folder.replace("\\", "/").upper() + "/"
    assert product.run("scan", spelled).out.splitlines()[0] == f"Folder: {folder}"
    assert "No records" not in scan(product).out


def test_wrong_folder(product):
    """0 as for one in which all is well, and said."""
    def said(form="table"):
        result = scan(product, f"--format={form}", rc=0)
        return result.out if form == "table" else result.err

    for form in ("table", "csv", "json"):
        assert "No records here: no file ends in .ini." in said(form)
        assert r"Security\Mgrent\Clients" in said(form) and "kmrepair scan FOLDER" in said(form)
    product.put("stuck.txt")
    assert "no file ends in .ini" in said()
    product.put("note.ini", record(state=None))
    for form in ("table", "csv", "json"):
        assert "No records here: no .ini file has a State." in said(form)
    assert all(len(line) < 80 for line in said().splitlines())
    product.put("unknown.ini", b"\0")
    assert "No records" not in said(), "what cannot be read may be one"


def test_folder_of_the_configuration(product):
    product.put("stuck.ini")
    elsewhere = product.home / "other.ini"
    product.config.rename(elsewhere)
    result = product.run("scan", "--format=csv", "--config", product.wine.windows_path(elsewhere))
    assert result.rc == 1 and set(rows(result)) == {"stuck.ini"}


# ---- names ----

NAMES = ["Mx%1clfr%n%%.ini", "\u00dcn\u00efc\u00f8d\u00e9-\u65e5\u672c\u8a9e.ini", "n" * 240 + ".ini",
         "a b,c;d=e.ini", "\U0001f511.ini", ".ini"]


def test_difficult_names(product):
    for name in NAMES:
        product.put(name)
    assert set(rows(scan(product, "--format=csv"))) == set(NAMES)
    out = scan(product).out
    for name in NAMES:
        assert name in out


def test_only_names_that_end_in_ini_are_records(product):
    for name in ("x.inix", "x.ini~", "x.ini.bak", "x.txt", "ini", "xini", "x.in"):
        product.put(name)
    (product.folder / "directory.ini").mkdir()
    (product.folder / "Sub").mkdir()
    (product.folder / "Sub" / "below.ini").write_bytes(record())
    result = scan(product, "--all", "--format=csv", rc=0)
    assert rows(result) == {}


def test_path_beyond_max_path(product):
    deep = product.folder
    for letter in "abcdef":
        deep = deep / (letter * 50)
    deep.mkdir(parents=True)
    (deep / "stuck.ini").write_bytes(record())
    result = product.run("scan", product.wine.windows_path(deep), "--format=csv")
    assert result.rc == 1 and set(rows(result)) == {"stuck.ini"}


def test_forward_slashes_and_a_last_backslash(product):
    product.put("stuck.ini")
    folder = product.wine.windows_path(product.folder)
    for spelled in (folder + "\\", folder.replace("\\", "/")):
        assert product.run("scan", spelled).rc == 1


# ---- what can not be read ----

@pytest.mark.quick
def test_locked_record_does_not_hide_the_others(product):
    product.put("locked.ini")
    product.put("stuck.ini")
    with product.wine.hold("hold", product.windows("locked.ini"), "rw", "-"):
        result = product.run("scan", product.wine.windows_path(product.folder))
    assert result.rc in (1, 2)
    assert "stuck.ini" in result.out
    assert "locked.ini" in result.out + result.err


def test_record_open_elsewhere_but_shared_is_judged(product):
    product.put("open.ini")
    with product.wine.hold("hold", product.windows("open.ini"), "rw", "rwd"):
        assert set(rows(scan(product, "--format=csv"))) == {"open.ini"}


def test_too_large_is_unreadable(product):
    product.put("large.ini", record() + b"; " + b"x" * (1 << 20))
    assert rows(scan(product, "--format=csv", rc=0))["large.ini"]["verdict"] == "unreadable"


def test_folder_missing(product):
    result = product.run("scan", r"C:\no such folder")
    assert result.rc == 2 and "no such folder" in result.err


def test_folder_is_a_file(product):
    result = product.run("scan", product.wine.windows_path(product.config))
    assert result.rc == 2 and "kmrepair.ini" in result.err


def test_configuration_missing(product):
    result = product.run("scan", "--config", r"C:\kmr\none.ini")
    assert result.rc == 2 and "none.ini" in result.err


def test_many_records(product):
    for number in range(1500):
        (product.folder / f"Mx{number:06}.ini").write_bytes(record(state="1"))
    product.put("stuck.ini")
    result = scan(product)
    assert "stuck.ini" in result.out and "1500" in result.out


# ---- the command line ----

VERBS = ("run", "scan", "repair", "install", "protect", "uninstall", "start", "stop", "status",
         "check", "history", "undo", "release")


def test_help(product):
    for word in ("--help", "-h", "/?"):
        result = product.run(word)
        assert result.rc == 0 and not result.err and all(verb in result.out for verb in VERBS)


def test_no_verb_prints_the_usage(product):
    result = product.run(timeout=8)
    assert result.rc in (0, 2)
    assert all(verb in result.out + result.err for verb in VERBS)


def test_version(product):
    result = product.run("--version")
    assert result.rc == 0 and any(c.isdigit() for c in result.out) and not result.err


def test_records_reached_by_a_link_are_judged_once(product):
    """A second name is a second record to the scan; to the repair it is a reason to refuse."""
    first = product.put("first.ini")
    os.link(first, product.folder / "second.ini")
    assert set(rows(scan(product, "--format=csv"))) == {"first.ini", "second.ini"}
    assert as_repaired(first.read_bytes()) != first.read_bytes()
