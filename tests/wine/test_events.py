# SPDX-License-Identifier: MIT
"""The texts of the event log, as an administrator reads them."""

import re

import pytest

from host import MAILBOX, record

NUMBERS = (1000, 1001, 1002, 1003, 1004, 2000, 2001, 2002, 2003, 2005, 2010, 2011, 2020, 2021, 2030,
           2031, 2032, 2033, 2040, 2041, 3000, 3010, 3011, 3020, 4000, 4001)
ABOUT_A_RECORD = (2000, 2001, 2002, 2003, 2010, 2011, 2020, 2021)
CATEGORIES = {1: "Service", 2: "Record", 3: "Watch", 4: "Configuration"}
MARKS = [f"<string {n}>" for n in range(1, 9)]


def numbers(product):
    exe = product.wine.windows_path(product.exe)
    return [int(line) for line in product.wine.probe("messages", exe).out.split()]


def render(product, number, strings):
    """The text that Event Viewer would show."""
    answer = product.wine.probe("message", product.wine.windows_path(product.exe), number, *strings)
    assert answer.rc == 0, f"message {number:#x}: {answer}"
    return answer.out.strip()


@pytest.fixture
def texts(product):
    return {n & 0xFFFF: render(product, n, MARKS) for n in numbers(product)}


@pytest.mark.quick
def test_every_event_has_a_text(texts):
    assert set(texts) == set(NUMBERS) | set(CATEGORIES)
    for number in NUMBERS:
        # A sentence, details in brackets, or a command to type.
        assert re.search(r"(\.|\)|: kmrepair \w+)$", texts[number]), texts[number]
        assert len(texts[number].split()) > 5, number
        assert not re.search(r"%\d", texts[number]), texts[number]


def test_texts_name_the_record_and_what_to_do(texts):
    for number in ABOUT_A_RECORD:
        assert "<string 1>" in texts[number] and "<string 2>" in texts[number], number
    for number in (2000, 2002):
        assert "<string 3>" in texts[number] and "Enable" in texts[number]
        assert "<string 4>" in texts[number]
    for number in (3010, 3011, 3000):
        assert "<string 1>" in texts[number], number
    assert all(f"<string {n}>" in texts[4001] for n in (1, 2, 3))


def test_categories(product):
    assert {n: render(product, n, []) for n in CATEGORIES} == CATEGORIES


@pytest.mark.quick
def test_reported_event_reads_well(product):
    """All its strings are there, and none is expanded a second time."""
    product.put("Mx%1.ini", record(mailbox=MAILBOX + "%2"))
    product.put("doubtful.ini", record(state="4x"))
    product.put("binary.ini", record() + b"\0")
    events = product.ok("repair").events
    assert {e.id for e in events} >= {2000, 2010, 2011}
    for event in events:
        text = render(product, event.number, event.strings)
        assert "<missing>" not in text and all(s in text for s in event.strings), text
        assert "\n" not in text
    [repaired] = [e for e in events if e.id == 2000]
    assert MAILBOX in render(product, repaired.number, repaired.strings)


def test_long_names_are_shown(product):
    name = "n" * 240 + ".ini"
    product.put(name, record(mailbox="/o=Org/cn=" + "m" * 240))
    [event] = [e for e in product.ok("repair").events if e.id == 2000]
    assert event.strings[0].startswith("n" * 200) and event.strings[2].startswith("/o=Org/cn=mmm")
