# SPDX-License-Identifier: MIT
"""kmrepair report: one page with all that is known, complete in itself, whatever the names in it are.

What a browser makes of it is looked at by tests/report.py.
"""

import html.parser
import json
import re
import time
import zlib

import pytest

from field import encode
from host import (MAILBOX, PAUSE, PAUSED, SECRET, as_repaired, digit_offset, one_architecture, record, snapshot,
                  wait_until)

NAME = "kmrepair-report.html"
RECORD = "Mxreport.ini"
LOCAL = r"\d{4}-\d\d-\d\d \d\d:\d\d [+-]\d\d:\d\d"
DAY = 86400
# Nothing else is in a page; none of them runs, fetches or sends anything.
TAGS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "ul", "li", "table", "tr", "th", "td", "input"}
ATTRIBUTES = {"lang", "charset", "name", "content", "class", "width", "type", "bgcolor", "cellspacing"}


class Page(html.parser.HTMLParser):
    """What a reader finds: the first sentence, and under each heading its words, rows and list."""

    def __init__(self, data):
        super().__init__()
        self.raw, self.tags, self.attributes = data.decode("ascii"), set(), set()
        self.open, self.depth, self.heading = [], 0, ""
        self.words, self.rows, self.items, self.boxes, self.doing, self.title = {}, {}, {}, 0, "", ""
        self.feed(self.raw)
        self.close()
        assert not self.open, f"not closed: {self.open}"
        assert self.tags <= TAGS and self.attributes <= ATTRIBUTES, (self.tags - TAGS, self.attributes - ATTRIBUTES)
        style = self.raw[:self.raw.index("</style>")]
        assert "url(" not in style and "@import" not in style and not re.search("<[^>]*//", self.raw)
        assert SECRET not in self.raw.lower(), "a value of a record was shown"

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.boxes += tag == "input"
        if tag in ("input", "meta"):
            return
        self.open.append([tag, dict(attrs), ""])
        self.depth += tag == "table"
        if tag == "tr" and self.depth == 1:
            self.rows.setdefault(self.heading, []).append([])

    def handle_data(self, data):
        for element in self.open:
            element[2] += data

    def handle_endtag(self, tag):
        opened, attrs, text = self.open.pop()
        assert opened == tag, f"{opened} ended by {tag}"
        if tag in ("h1", "h2"):
            self.heading, self.title = text, self.title or text
        elif tag == "p" and "doing" in attrs.get("class", ""):
            self.doing = text
        elif tag == "p":
            self.words[self.heading] = text
        elif tag == "li":
            self.items.setdefault(self.heading, []).append(text)
        elif tag in ("td", "th") and self.depth == 1:
            self.rows[self.heading][-1].append(text)
        self.depth -= tag == "table"

    def facts(self, heading):
        return dict(self.rows[heading])


def report(product, *options, path=None):
    """Makes a page; it is where the program says that it is."""
    path = path or product.home / NAME
    result = product.run("report", *options)
    assert (result.rc, result.out, result.err) == (0, product.wine.windows_path(path) + "\n", ""), result
    return Page(path.read_bytes())


def here(product):
    return "--output", product.wine.windows_path(product.home / NAME)


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Past:
    """A journal of repairs, and the records as they left them."""

    def __init__(self, product):
        self.product, self.number = product, 0
        self.lines = [["KMR2", stamp(time.time()), "CHECKPOINT", "0BADCAFE", "1", "0"]]

    def repair(self, when, name, mailbox=MAILBOX, put=False):
        self.number += 1
        content = record(mailbox=mailbox)
        sums = [f"{zlib.crc32(c):08X}" for c in (content, as_repaired(content))]
        if put:
            self.product.put(name, as_repaired(content))
        self.lines.append(["KMR2", stamp(when), "INTENT", str(self.number), str(digit_offset(content)), str(len(content)),
                           *sums, name.replace("%", "%25"), mailbox.replace("%", "%25"),
                           self.product.wine.windows_path(self.product.folder)])
        self.lines.append(["KMR2", stamp(when), "DONE", str(self.number), "repaired"])

    def write(self):
        self.product.journal.write_bytes(b"".join(encode(line) for line in self.lines))


# ---- the file ----

@pytest.mark.quick
def test_in_the_current_folder(product, monkeypatch):
    here = product.home / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    page = report(product, path=here / NAME)
    assert page.title.startswith("KMRepair on ") and re.search(LOCAL, page.words[page.title])
    assert [p.name for p in here.iterdir()] == [NAME]

    # Replaced as a whole, by a shorter one too; what a crash has left is in nobody's way.
    (here / NAME).write_bytes(b"<p>old</p>" * 10000)
    (here / (NAME + ".new")).write_bytes(b"half of a page")
    report(product, path=here / NAME)
    assert [p.name for p in here.iterdir()] == [NAME] and b"<p>old</p>" not in (here / NAME).read_bytes()


def test_output(product):
    path = product.home / "R\u00e9port & <b>.htm".replace("<b>", "b")
    for option in (["--output", product.wine.windows_path(path)], ["/OUTPUT:" + product.wine.windows_path(path)]):
        report(product, *option, path=path)
        path.unlink()


@one_architecture
def test_changes_nothing(product):
    product.put(RECORD)
    product.ok("repair")
    product.put("Mxstuck.ini")
    before, files = snapshot(product.folder), snapshot(product.home)
    report(product, *here(product))
    after = snapshot(product.home)
    after.pop(NAME)
    assert snapshot(product.folder) == before and after == files


def test_cannot_be_written(product):
    old = product.home / NAME
    old.write_bytes(b"the one before")
    windows = product.wine.windows_path

    def refused(path, words):
        result = product.run("report", "--output", path)
        assert result.rc == 2 and result.out == "", result
        said = " ".join(result.err.split())
        assert f"cannot write the report {path}" in said and re.search(words + r".*\(error \d+\)", said), result
        assert old.read_bytes() == b"the one before" and not list(product.home.rglob("*.new"))

    (product.home / "folder.html").mkdir()
    refused(windows(product.home / "nowhere" / NAME), "(?i)path")
    refused(windows(product.home / "folder.html"), "(?i)denied|exists")
    with product.wine.hold("hold", windows(old), "r", "-"):
        refused(windows(old), "(?i)sharing|denied|in use")


# ---- what is in it ----

def same_sentence(product, expected):
    """The first sentence of status, the reasons and the colour that goes with its exit code."""
    said = product.run("status", "--format=json")
    status, page = json.loads(said.out), report(product, *here(product))
    assert page.doing == status["summary"] and expected in page.doing
    assert page.items.get("Attention", []) == status.get("attention", [])
    assert ('class="doing bad"' in page.raw) == (said.rc != 0)
    return page


def test_states(product):
    page = same_sentence(product, "is not installed")
    assert page.words["Last scan"] == "The service has not scanned the folder yet."
    assert page.words["Journal"] == "Nothing has been done yet." and page.words["Mailboxes to enable"] == "None."
    product.install()
    try:
        same_sentence(product, "is stopped")
        product.start()
        product.await_event(3020)
        wait_until(lambda: "and repairs" in product.run("status").out, "it says that it repairs")
        page = same_sentence(product, "is running and repairs.")
        assert page.facts("Last scan")["Files"] == "0" and page.facts("Last scan")["stuck"] == "0"
        assert re.fullmatch(LOCAL, page.facts("Last scan")["Time"])
        facts = page.facts("Configuration")
        assert facts["Program"] == product.wine.windows_path(product.exe)
        assert facts["Folder"] == product.wine.windows_path(product.folder)
        assert (facts["Start type"], facts["Account"], facts["Repair"]) == ("automatic", "LocalSystem", "yes")
        assert re.match(r"\d+\.\d+, build \d+", facts["Windows"]) and facts["Version"] in page.doing
        product.controlled(PAUSE, PAUSED)
        same_sentence(product, "is paused")
        product.stop()
        product.configure(Repair="no")
        product.start()
        wait_until(lambda: "reports only" in product.run("status").out, "it says that it only reports")
        same_sentence(product, "reports only: Repair = no.")
    finally:
        product.remove()


@one_architecture
def test_without_what_it_tells_of(service):
    """Journal in use, folder away, configuration refused: the page says so, and is a page."""
    service.put(RECORD)
    service.ok("repair")
    with service.wine.hold("hold", service.wine.windows_path(service.journal), "rw", "-"):
        page = same_sentence(service, "is stopped")
    assert any("journal" in item for item in page.items["Attention"])
    assert "Journal" not in page.rows and "Repairs by week" not in page.rows
    assert page.words["Mailboxes to enable"] != "None."
    service.journal.unlink()
    page = same_sentence(service, "is stopped")
    assert page.words["Repairs by week"] == "None in the last 26 weeks."
    service.configure(Folder=r"C:\No such folder")
    page = same_sentence(service, "is stopped")
    assert any("Clients folder" in item for item in page.items["Attention"])
    assert page.words["Mailboxes to enable"] == "It cannot be told."
    service.configure_text("[service]\r\nRepair = <b>perhaps</b>\r\n")
    page = same_sentence(service, "is stopped")
    assert any("kmrepair.ini is refused, line 2" in item for item in page.items["Attention"])
    assert "Repair" not in page.facts("Configuration")


@one_architecture
def test_mailboxes_to_enable(product):
    past, now = Past(product), time.time()
    past.repair(now - 3 * DAY, RECORD, "/cn=First", put=True)
    past.repair(now - 2 * DAY, "Mxenabled.ini", "/cn=Enabled", put=True)
    past.repair(now - DAY, "Mxnameless.ini", "", put=True)
    past.write()
    product.put("Mxenabled.ini", record(state="2"))
    page = report(product, *here(product))
    [head, *rows] = page.rows["Mailboxes to enable"]
    assert head == ["", "Repaired", "Mailbox", "Record"] and page.boxes == 2
    assert [row[2:] for row in rows] == [["/cn=First", RECORD], ["(not named)", "Mxnameless.ini"]]
    assert all(re.fullmatch(LOCAL, row[1]) and row[0] == "" for row in rows)
    listed = json.loads(product.run("todo", "--format=json").out)
    assert [row["record"] for row in listed] == [row[3] for row in rows]


@one_architecture
def test_last_hundred_entries_and_weeks(product):
    past, now = Past(product), int(time.time())
    past.repair(now - 26 * 7 * DAY - 1, "Mxtooold.ini")  # the week before the first bar
    for number in range(120):
        past.repair(now - (120 - number), f"Mx{number:03}.ini")
    for weeks, count in ((3, 2), (25, 1)):
        for number in range(count):
            past.repair(now - weeks * 7 * DAY, f"Mxw{weeks}{number}.ini")
    past.write()
    page = report(product, *here(product))
    assert page.words["Journal"] == "The last 100 of 124 entries, the latest first."
    [head, *rows] = page.rows["Journal"]
    assert head == ["Time", "Action", "Outcome", "Mailbox", "Record"] and len(rows) == 100
    # In the order of the journal, from its end.
    assert [row[4] for row in rows[:4]] == ["Mxw250.ini", "Mxw31.ini", "Mxw30.ini", "Mx119.ini"] and rows[-1][4] == "Mx023.ini"
    assert {(row[1], row[2], row[3]) for row in rows} == {("repair", "repaired", MAILBOX)}
    [head, *weeks] = page.rows["Repairs by week"]
    assert head[:2] == ["Week of", "Repairs"] and len(weeks) == 26, "from the first week in which there were some"
    counts = [int(row[1]) for row in weeks]
    assert counts[0] == 1 and counts[-4] == 2 and sum(counts) == 123
    days = [time.strptime(row[0], "%Y-%m-%d") for row in weeks]
    assert all(day.tm_wday == 0 for day in days) and time.mktime(days[-1]) > now - 8 * DAY
    bars = [int(width) for width in re.findall(r'class="bar" cellspacing="0" width="(\d+)%"', page.raw)]
    assert len(bars) == sum(count > 0 for count in counts) and max(bars) == 100 and min(bars) > 0


HOSTILE = ["<script>alert(1)</script>", "\"><img src=http://x/ onerror='alert(1)'>", "a&lt;b&#62;c&amp;d",
           "</td></tr></table><h2>Nothing</h2>", "<!--", "]]>", "100%s%n%1", "Zo\u00eb \u00d8st \U0001f511", "x" * 255]


@one_architecture
def test_hostile_names(product):
    past, now = Past(product), time.time()
    listed = {}
    for number, mailbox in enumerate(HOSTILE):
        name = f"Mx&amp;'{number} %s;\u00e9.ini"
        listed[name] = mailbox
        past.repair(now - DAY + number, name, mailbox, put=True)
    past.write()
    page = report(product, *here(product))
    assert [(row[3], row[2]) for row in page.rows["Mailboxes to enable"][1:]] == list(listed.items())
    assert [(row[4], row[3]) for row in page.rows["Journal"][1:]] == list(listed.items())[::-1]
    assert page.boxes == len(HOSTILE)


@one_architecture
@pytest.mark.parametrize("active", ["\x01", "\x7f", "\u202e", "\u2066"])
def test_what_would_be_acted_on_is_a_question_mark(product, active):
    past = Past(product)
    past.repair(time.time() - 60, RECORD, f"/cn=a{active}b", put=True)
    past.write()
    page = report(product, *here(product))
    [row] = page.rows["Mailboxes to enable"][1:]
    assert row[2] == "/cn=a?b" and active not in page.raw
