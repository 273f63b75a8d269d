# SPDX-License-Identifier: MIT
"""What programs read survives what a record may hold, and what people read fits their console."""

import csv
import io
import json
import re
import unicodedata
import zlib

import pytest

from host import record

MAILBOX = "/o=Fabrikam/ou=Site/cn=Recipients/cn="
NAMES = ['A, "B" and C', '"quoted"', '""', "'", ",", ";", "=1+1", "a, b",
         "Jos\u00e9 \u00d1and\u00fa", "\u5c71\u7530 \u592a\u90ce", "\U0001f511", "back\\slash",
         "\u202eright to left", "\u2028", "\u0085", "{}[]:", "<b>&amp;"]


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def is_active(c):
    return unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def as_shown(text):
    """What would act on a console or in an editor is not written, but in JSON, which can say it."""
    return "".join("?" if is_active(c) else c for c in text)


def put_mailboxes(product):
    """Name of the record -> its mailbox."""
    put = {}
    for number, name in enumerate(NAMES):
        for encoding in ("utf-8-sig", "utf-16"):
            file = f"Mx{number:02}{encoding[4]}.ini"
            put[file] = MAILBOX + name
            product.put(file, record(mailbox=put[file]).decode().encode(encoding))
    return put


def read_csv(text):
    table = list(csv.reader(io.StringIO(text, newline="")))
    assert len({len(row) for row in table}) == 1, "every row has as many fields"
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


def read_json(text):
    return [json.loads(line) for line in text.split("\n") if line]


def test_mailboxes_survive(product):
    """What is in the record, to the scan; and to the history, by way of the journal."""
    put = put_mailboxes(product)
    shown = {name: as_shown(mailbox) for name, mailbox in put.items()}
    folder = product.wine.windows_path(product.folder)
    by_csv = read_csv(product.run("scan", "--format=csv").out)
    assert {row["record"]: row["mailbox"] for row in by_csv} == shown
    by_json = read_json(product.run("scan", "--format=json").out)
    assert {row["record"]: row["mailbox"] for row in by_json} == put
    product.ok("repair")
    by_csv = read_csv(product.ok("history", "--format=csv").out)
    assert {row["record"]: row["mailbox"] for row in by_csv} == shown
    by_json = read_json(product.ok("history", "--format=json").out)
    assert {row["record"]: row["mailbox"] for row in by_json} == put
    assert {row["folder"] for row in by_json} == {folder}
    status = json.loads(product.run("status", "--format=json").out)
    assert status["repaired"] == len(put) and status["folder"] == folder


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "  -1", "=\"a\",b", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff201",
            "\u3000=1", "'=1", "a=1", "a -1", "1", "'", "=", "\u00e9=1",
            "a;=1+1", "a; -1;b", ";;+1", "a;b=1", ";@x;\uff1d1", "a;\"=1+1\"", "a\";=1", "\"=1", "=1;=2", "a;", "a; "]
SIGNS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def as_cell(text):
    return ";".join(("'" if part.lstrip(' "').startswith(SIGNS) else "") + part for part in text.split(";"))


def assert_no_formula(text):
    """Whatever a spreadsheet splits the rows at, and whether it knows quotation marks."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    for between in ",;":
        rows += csv.reader(io.StringIO(text, newline=""), delimiter=between)
    rows += [line.split(";") for line in text.splitlines()]
    assert not [cell for row in rows for cell in row if cell.lstrip(' "').startswith(SIGNS)]


def scanned_csv(product):
    text = product.run("scan", "--format=csv").out
    assert_no_formula(text)
    return text


@pytest.mark.quick
def test_no_cell_is_a_formula(product):
    """A spreadsheet would work it out. Only in CSV: a table is read by people, and JSON by programs."""
    names = [(text + ".ini").replace('"', "q") for text in FORMULAS]
    for name in names:
        product.put(name)
    product.put("state.ini", record(state="+4+cmd|'/C calc'!A0"))
    rows = {row["record"]: row for row in read_csv(scanned_csv(product))}
    assert rows.pop("state.ini")["state"] == "'+4+cmd|'/C calc'!A0"
    assert set(rows) == set(map(as_cell, names))
    rows = {row["record"]: row for row in read_json(product.run("scan", "--format=json").out)}
    assert rows.pop("state.ini")["state"] == "+4+cmd|'/C calc'!A0"
    assert set(rows) == set(names)
    table = product.run("scan").out
    assert "\n=1+1.ini " in table and "\n'=1+1.ini" not in table and " +4+cmd" in table
    product.ok("repair")
    assert {row["record"] for row in read_csv(product.ok("history", "--format=csv").out)} == set(map(as_cell, names))
    assert {row["record"] for row in read_json(product.ok("history", "--format=json").out)} == set(names)


def test_semicolon_is_quoted(product):
    """For who splits at it and begins a cell where the row begins, as with a record."""
    product.put("a;b.ini")
    product.put("c.ini", record(state="4;=2"))
    lines = scanned_csv(product).splitlines()
    assert lines[1].startswith('"a;b.ini",stuck,') and lines[2].startswith("c.ini,doubtful,\"4;'=2\",")


def test_mailbox_in_the_journal_is_no_formula(product):
    """No record brings such a one there, but the history does not rely on it. Tabs and line ends, too, which a
    spreadsheet may pass over, are no blanks but a `?`."""
    product.put("stuck.ini", record(mailbox="/o=A/cn=PLACE"))
    product.ok("repair")
    journal = product.journal.read_text("utf-8")
    for text in FORMULAS + ["\t=1", "\r=1", "\n=1", "\r\n=1", "\t\t=1", " \t=1"]:
        lines = []
        for line in journal.splitlines():
            body = line.rpartition("\t")[0].replace("/o=A/cn=PLACE", "".join(f"%{ord(c):02X}" if c < " " else c for c in text))
            lines.append(f"{body}\t{zlib.crc32(body.encode()):08X}\n")
        product.journal.write_bytes("".join(lines).encode())
        out = product.ok("history", "--format=csv").out
        assert_no_formula(out)
        [row] = read_csv(out)
        assert row["mailbox"] == as_cell(as_shown(text)), text
        [row] = read_json(product.ok("history", "--format=json").out)
        assert row["mailbox"] == text


def test_line_ends_in_the_journal_survive(product):
    """No record brings them there, but the history does not rely on it."""
    bad = "o=A/cn=one\r\ntwo, \"three\"\n\rfour"
    product.put("stuck.ini", record(mailbox="/o=A/cn=PLACE"))
    product.ok("repair")
    lines = []
    for line in product.journal.read_text("utf-8").splitlines():
        body = line.rpartition("\t")[0]
        body = body.replace("/o=A/cn=PLACE", bad.replace("\r", "%0D").replace("\n", "%0A"))
        lines.append(f"{body}\t{zlib.crc32(body.encode()):08X}\n")
    product.journal.write_bytes("".join(lines).encode())
    result = product.wine.run_once(product.exe, "history", "--format=csv", debug="-all", timeout=60)
    [row] = read_csv(result.out)
    assert row["mailbox"] == as_shown(bad)
    [row] = read_json(product.ok("history", "--format=json").out)
    assert row["mailbox"] == bad
    out = product.ok("history").out
    assert len(out.splitlines()) == 3 and not any(is_active(c) for c in out.replace("\n", ""))


def test_half_a_character_is_still_utf_8(product):
    """UTF-16 may hold one; what is written has to be text to whoever reads it."""
    text = record(mailbox="/o=A/cn=PLACE").decode()
    content = "\ufeff".encode("utf-16-le") + text.encode("utf-16-le").replace(
        "PLACE".encode("utf-16-le"), b"\x00\xd8x\x00")
    product.put("half.ini", content)
    for form in ("csv", "json", "table"):
        assert "/o=A/cn=" in product.run("scan", f"--format={form}").out
    product.ok("repair")
    for form in ("csv", "json", "table"):
        assert "/o=A/cn=" in product.ok("history", f"--format={form}").out


# ---- the table ----

ROWS = {
    "m" * 16 + ".ini": MAILBOX + "x",
    "short.ini": MAILBOX + "x" * 200,
    "exact.ini": "/o=A/cn=" + "x" * 30,
    "over.ini": "/o=A/cn=" + "x" * 31,
    "cjk.ini": MAILBOX + "\u5c71\u7530\u592a\u90ce" * 40,
    "mixed.ini": MAILBOX + "a\u5c71" * 60,
    "wide\u5c71\u7530.ini": MAILBOX + "\uac00" * 100,
    "full.ini": MAILBOX + "\uff21" * 100,
    "key.ini": MAILBOX + "\U0001f511" * 50,
    "accents.ini": MAILBOX + "\u00e9" * 150,
    "bidi.ini": MAILBOX + "\u202e\u2066\u200f" * 20,
    "c1.ini": MAILBOX + "\u009b2J\u0085" * 9,
}
LONG = "l" * 60 + ".ini"
STATES = {"s1.ini": "4 ; see the ticket of last week, please", "s2.ini": "04", "s3.ini": "0x4444zzz",
          "s4.ini": "4\x1b[2J"}


@pytest.mark.quick
def test_table_fits_a_console(product):
    for name, mailbox in ROWS.items():
        product.put(name, b"\xef\xbb\xbf" + record(mailbox=mailbox))
    product.put(LONG, record(mailbox=MAILBOX + "y" * 100))
    for name, state in STATES.items():
        product.put(name, record(state=state, mailbox=MAILBOX + "z" * 100))
    product.put("blanks.ini", record().replace(b"State =", b"State\x0b ="))
    product.put("odd.ini", b"\xff\xfe" + record().decode().encode("utf-16-le") + b"x")
    product.put("nul.ini", record() + b"\0")
    product.put("large.ini", record() + b";" * (1 << 20))
    out = product.run("scan", "--all").out
    for line in out.splitlines():
        assert columns(line) < 80 or line.strip() == LONG, f"{columns(line)}: {line}"
    assert not any(is_active(c) for c in out.replace("\n", ""))
    heading = out.splitlines()[1]
    at = heading.index("VERDICT")
    shown, verdict, name = {}, {}, ""
    for line in out.splitlines()[2:]:
        row = re.fullmatch(r"(\S+)?(?: +(stuck|sound|doubtful|unreadable|not-a-record)\b(.*))?", line)
        if row and row[1]:
            name = row[1]
        if row and row[2]:
            verdict[name] = line[at:].split()[0]
        elif line.startswith("    ") and line[4] != " ":
            shown[name] = shown.get(name, "") + line[4:]
    said = {row["record"]: row["mailbox"] for row in read_csv(product.run("scan", "--all", "--format=csv").out)}
    for name in ROWS:
        assert shown.get(name) == said[name] or said[name] in out, f"the mailbox of {name} is shown whole"
    assert f"\n{LONG}" in out, "a long name is shown whole"
    assert all(verdict[name] == "stuck" for name in ("short.ini", "accents.ini"))


def test_history_fits_a_console(product):
    """A mailbox is never shortened: what does not fit continues in indented lines."""
    mailboxes = dict(ROWS, **{"none.ini": "", "few.ini": "/o=A/cn=xyz", "one.ini": "/o=A/cn=wxyz\u00e9"})
    for name, mailbox in mailboxes.items():
        product.put(name, b"\xef\xbb\xbf" + record(mailbox=mailbox))
    product.ok("repair")
    shown, name = {}, ""
    lines = product.ok("history").out.splitlines()
    assert lines[0].split() == ["TIME", "RECORD", "ACTION", "OUTCOME", "MAILBOX"]
    for line in lines[1:]:
        assert columns(line) < 80, line
        row = re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d [+-]\d\d:\d\d (\S+) +repair +repaired *(.*)", line)
        if row:
            name = row[1]
        else:
            assert line.startswith("    ") and line[4] != " "
        shown[name] = shown.get(name, "") + (row[2] if row else line[4:])
    assert shown == {row["record"]: row["mailbox"] for row in read_csv(product.ok("history", "--format=csv").out)}
    assert {name: shown[name] for name in mailboxes} == {name: as_shown(m) for name, m in mailboxes.items()}
    [row] = [r for r in read_json(product.ok("history", "--format=json").out) if r["record"] == "few.ini"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["time"])
