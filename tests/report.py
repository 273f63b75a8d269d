#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Looks at the page of `kmrepair report` in a real browser: `make report-picture`. A minute; not in `make check`.

One scratch Windows host (Wine) has mailboxes to enable, a held record, half a year of repairs and names that try to be
markup. Debian's chromium reads the page without a network: it must say nothing on its console, run no script and show the
right rows. Pictures at two widths and of the printed page are left in build/report/ for a person to look at; the one for
README, without those names, is written to docs/report.png with --write. The last line is `N passed, N failed`.
"""
import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests" / "wine"))

from field import encode  # noqa: E402
from host import Product, Wine, as_repaired, digit_offset, record, runs_32_bit  # noqa: E402

AT = "/o=Fabrikam/ou=Berlin/cn=Recipients/cn="
PEOPLE = ("Anna Berg", "Boris Czerny", "Carla Dorn", "Dora Esser", "Emil Falk", "Frieda Gross")
HOSTILE = ("<script>document.title='run'</script>", "\"><img src=x onerror=document.title='run'>", "a&lt;b&#62;c&amp;d",
           "</td></tr></table><h2>Nothing to do</h2>", "Zoë Øst")
WEEKS = 20
OUT = ROOT / "build" / "report"
WRITE = "--write" in sys.argv
counts = [0, 0]


def check(what, expected, got):
    counts[expected != got] += 1
    if expected != got:
        print(f"report: {what}: expected {expected!r}, got {got!r}")


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def repairs(product):
    """Lines of a journal: repairs of half a year, the last ones of records that are still as they were left."""
    now, number, lines = int(time.time()), 0, [["KMR2", stamp(time.time()), "CHECKPOINT", "0BADCAFE", "1", "0"]]
    folder = product.wine.windows_path(product.folder)

    def repair(when, name, mailbox, content):
        nonlocal number
        number += 1
        sums = [f"{zlib.crc32(c):08X}" for c in (content, as_repaired(content))]
        mailbox = mailbox.replace("%", "%25")
        lines.append(["KMR2", stamp(when), "INTENT", str(number), str(digit_offset(content)), str(len(content)), *sums, name, mailbox, folder])
        lines.append(["KMR2", stamp(when), "DONE", str(number), "repaired"])

    for week in range(WEEKS, 0, -1):
        for i in range((week * 7) % 5):
            repair(now - week * 7 * 86400 + i, f"Mxgone{week:02}{i}.ini", AT + PEOPLE[i], record(mailbox="gone"))
    listed = [*PEOPLE, *([] if WRITE else HOSTILE)]
    for i, who in enumerate(listed):
        name, content = f"Mxcl{i:02}fr4zqv.ini", record(mailbox=AT + who)
        product.put(name, as_repaired(content))
        repair(now - (len(listed) - i) * 3600, name, AT + who, content)
    return listed, b"".join(encode(line) for line in lines)


class Page(html.parser.HTMLParser):
    """Tables of the page that a browser has made: under which heading, which cells."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.heading, self.cell, self.depth, self.scripts = {}, None, None, 0, 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script" or any(name.startswith("on") for name, _ in attrs)
        if tag == "table":
            self.depth += 1
        elif tag == "tr" and self.depth == 1:
            self.tables.setdefault(self.heading, []).append([])
        elif tag in ("td", "th", "h2", "h1") and self.depth <= 1:
            self.cell = ""

    def handle_endtag(self, tag):
        if tag == "table":
            self.depth -= 1
        elif tag in ("h1", "h2"):
            self.heading, self.cell = self.cell, None
        elif tag in ("td", "th") and self.depth == 1:
            self.tables[self.heading][-1].append(self.cell)
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data


def browser(*options):
    """chromium's output and what it said besides; it may not reach any host."""
    with tempfile.TemporaryDirectory(prefix="kmrepair-chromium-") as home:
        done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
                               "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={home}", *options],
                              capture_output=True, encoding="utf-8", errors="replace", timeout=120, check=False)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def make_page(product):
    listed, journal = repairs(product)
    product.journal.write_bytes(journal)
    held = product.put("Mxheldrecord.ini", record(mailbox=AT + "Gerda Hahn"))
    product.run("repair")
    check("undo", 0, product.run("undo", "Mxheldrecord.ini").rc)
    product.put("Mxdoubtful01.ini", record(state="04"))
    product.install()
    product.start()
    product.await_event(3020)
    page = product.home / "a page.html"
    result = product.run("report", "--output", product.wine.windows_path(page))
    check("report", (0, product.wine.windows_path(page)), (result.rc, result.out.strip()))
    product.stop()
    OUT.mkdir(parents=True, exist_ok=True)
    shutil.copy(page, OUT / "report.html")
    assert held
    return listed


def look(listed):
    address = (OUT / "report.html").as_uri()
    text, said = browser("--dump-dom", address)
    check("what the browser's console says", [], said)
    page = Page(text)
    check("scripts and handlers in the page", 0, page.scripts)
    check("title", "KMRepair report", re.search("<title>(.*?)</title>", text)[1])
    todo = [row for row in page.tables.get("Mailboxes to enable", []) if row[1:2] != ["Repaired"]]
    check("mailboxes to enable", [AT + who for who in listed], [row[2] for row in todo])
    check("boxes to tick", len(listed), text.count('type="checkbox"'))
    weeks = page.tables.get("Repairs by week", [])[1:]
    check("repairs in the bars", sum((week * 7) % 5 for week in range(1, WEEKS + 1)) + len(listed) + 1,
          sum(int(row[1]) for row in weeks))
    check("entries of the journal", 100 if sum((w * 7) % 5 for w in range(1, WEEKS + 1)) + len(listed) + 2 > 100 else
          sum((w * 7) % 5 for w in range(1, WEEKS + 1)) + len(listed) + 2, len(page.tables.get("Journal", [])[1:]))
    check("what needs a person is said", True, "Attention" in text)
    check("addresses in the page", [], re.findall(r"(?:https?:)?//\w+[^\"'<> ]*", (OUT / "report.html").read_text("ascii")))


def pictures():
    address = (OUT / "report.html").as_uri()
    for name, size in (("wide", "1000,1500"), ("narrow", "420,1500")):
        browser(f"--screenshot={OUT / name}.png", f"--window-size={size}", address)
    browser(f"--print-to-pdf={OUT / 'printed'}.pdf", "--no-pdf-header-footer", address)
    for name in ("wide.png", "narrow.png", "printed.pdf"):
        check(f"{name} is there", True, (OUT / name).is_file() and (OUT / name).stat().st_size > 5000)
    if WRITE:
        browser(f"--screenshot={ROOT / 'docs' / 'report.png'}", "--window-size=900,1000", address)
    print(f"Look at wide.png, narrow.png and printed.pdf in {OUT}.")


def main():
    if not shutil.which("chromium"):
        print("report: this needs Debian's package chromium: apt-get install chromium\n0 passed, 1 failed")
        return 1
    tools = ROOT / "build" / ("x86" if runs_32_bit() else "x64")
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="kmrepair-report-"))
    wine = Wine(scratch / "prefix", tools)
    try:
        wine.make_prefix()
        wine.boot()
        product = Product(wine, tools / "kmrepair.exe", "report")
        product.configure()
        look(make_page(product))
        pictures()
    finally:
        wine.close()
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
