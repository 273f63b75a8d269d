# SPDX-License-Identifier: MIT
"""What the tests of faults met in use (test_field_*.py) have in common.

ask, holding   the verbs of field.c
fault          switches one of fault.c's faults on for a while
entries        the journal's lines, as lists of fields
"""

import contextlib
import threading
import time
import zlib

from host import RUNNING, SERVICE, Holder, wait_until

MARKS = ("KMR1", "KMR2")
OLD_JOURNAL = ".old"


# ---- field.c ----

class Field:
    """A Wine as Holder wants it, with field.exe for its probe."""

    def __init__(self, wine):
        self.probe_exe = wine.probe_exe.parent / "field.exe"
        self.spawn = wine.spawn


def ask(wine, verb, *argv):
    return wine.run(Field(wine).probe_exe, verb, *argv, timeout=90)


def holding(wine, verb, *argv):
    return Holder(Field(wine), verb, argv)


def short_name(wine, path):
    """The 8.3 name that Wine makes for a file with a long name."""
    answer = ask(wine, "short", wine.windows_path(path))
    name = answer.out.partition("name=")[2].strip()
    assert answer.rc == 0 and "~" in name, f"8.3 name of {path}: expected one, got {answer}"
    return name


def start_in_the_background(service, state=RUNNING):
    """(thread, answers): what field.exe says of the start is in answers when the thread has ended."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(ask(service.wine, "start", SERVICE, state)))
    thread.start()
    return thread, answers


# ---- fault.c ----

def switch_of(product, name):
    """The fault is on as long as there is this file."""
    return product.home.with_name(f"{product.home.name}-{name}")


@contextlib.contextmanager
def fault(product, name):
    """On for the time of the block; see fault.c."""
    switch_of(product, name).touch()
    try:
        yield
    finally:
        switch_of(product, name).unlink(missing_ok=True)


# ---- the journal ----

def entries(journal, kind=None):
    """Each whole line as [mark, time, kind, field...], its CRC checked and left out."""
    try:
        text = journal.read_bytes()
    except OSError:
        return []
    found = []
    for line in text.split(b"\r\n"):
        body, _, crc = line.rpartition(b"\t")
        fields = body.decode("utf-8", "replace").split("\t")
        if fields[0] in MARKS and crc == b"%08X" % zlib.crc32(body) and kind in (None, fields[2]):
            found.append(fields)
    return found


def is_begun_anew(journal):
    """A long one is short again. Between the two renames of a new one there is none."""
    try:
        return journal.stat().st_size < 100000
    except FileNotFoundError:
        return False


def encode(fields):
    body = "\t".join(fields).encode("utf-8")
    return body + b"\t%08X\r\n" % zlib.crc32(body)


def about(journal, kind, name):
    """The journal's entries of that kind about that record."""
    return [fields for fields in entries(journal, kind) if name in fields]


def stamp(path):
    """Changes with everything that is written to a file, and when it is replaced."""
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_ino, info.st_size, info.st_mtime_ns


def await_quiet(path, seconds, timeout=30):
    """Waits until nothing has been written for so long."""
    last = [stamp(path), time.monotonic()]

    def is_quiet():
        now = stamp(path)
        if now != last[0]:
            last[:] = [now, time.monotonic()]
        return time.monotonic() - last[1] >= seconds

    wait_until(is_quiet, f"{path.name} left alone for {seconds} s", timeout)


# ---- what is repaired ----

def await_limit(product, *names):
    """These are not repaired, for the hour has had its repairs."""
    wait_until(lambda: product.events(2030) or any(product.repaired(name) for name in names),
               "event 2030, that the hour's limit is reached")
    assert_untouched(product, 1, *names)


def assert_untouched(product, seconds, *names):
    """For so long: what is not to happen has no event that one could wait for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for name in names:
            assert not product.repaired(name), f"{product.folder / name}: expected State = 4 as it was, got State = 1"
        time.sleep(0.05)


def spelled(product, **settings):
    """Saves the configuration with another Folder and waits until the service goes by it."""
    loaded, scanned = len(product.events(4000)), len(product.events(3020))
    product.configure(**settings)
    wait_until(lambda: len(product.events(4000)) > loaded, f"event 4000, that {settings} is in force")
    wait_until(lambda: len(product.events(3020)) > scanned, f"event 3020, that the folder was scanned under {settings}")
