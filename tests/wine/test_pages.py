# SPDX-License-Identifier: MIT
"""The pages of the set-up program and of the uninstaller, gone through as a person would.

Wine's way of running 32-bit programs that the other tests take cannot draw for them, so these have the
32-bit Wine itself (see .ci/setup), with a server of its own and without a screen: what is to be seen and
pressed is asked and sent as messages, by pages.exe.
"""

import os
import pathlib
import re
import shutil
import signal
from dataclasses import dataclass

import pytest

from conftest import tools
from host import QUIET, RUNNING, STOPPED, Wine, record, wait_until
from test_installer import DOES_NOT_EXIST, REFUSED, ROOT, WRONG, Site

NEXT, CANCEL, BACK = 1, 2, 3
OK_BUTTON, YES, NO = 1, 6, 7
FIELD = 1019
REPORT_ONLY, START = 1, 2  # in the list of components
PURGE = 1                  # in that of the uninstaller
CANCELLED = 1

LICENCE, FOLDER, COMPONENTS = "License Agreement", "Choose Install Location", "Choose Components"
CLIENTS, CONFIRM = "The Key Management server's records", "Uninstall KMRepair"
DONE, ABORTED, REMOVED = "Installation Complete", "Installation Aborted", "Uninstallation Complete"
INSTALLED = "KMRepair is installed"  # the last page
BROWSE, GUIDE_BOX = 1001, 1008


class Wine32(Wine):
    """A Wine that draws for 32-bit programs, on a screen that is not there."""

    def environment(self, debug):
        usr = ROOT / "build/wine32/usr"
        env = super().environment(debug)
        env.pop("WINEDLLPATH", None)
        env["PATH"] = f"{usr}/lib/wine:{env['PATH']}"
        env["LD_LIBRARY_PATH"] = f"{usr}/lib/i386-linux-gnu"
        return env


    def boot(self):
        with open(self.prefix / "user.reg", "a", encoding="ascii") as registry:
            registry.write('\n[Software\\\\Wine\\\\Drivers]\n"Graphics"="null"\n')
        super().boot()


@pytest.fixture(scope="module")
def wine(wines):
    return wines("pages", "x86", Wine32)


@dataclass
class Page:
    """The topmost dialog: text by the number of a control, with those that can be used; lines of the list."""
    title: str
    texts: dict
    usable: set
    items: list

    def has(self, words):
        return any(words in text for text in self.texts.values())


def pages_of(lines):
    pages = []
    for line in lines:
        kind, _, rest = line.partition(" ")
        if kind == "dialog":
            pages.append(Page(rest, {}, set(), []))
        elif kind == "item":
            state, _, text = rest.partition(" ")
            pages[-1].items.append((text, state))
        else:
            state, _, text = rest.split(" ", 2)
            pages[-1].texts[int(kind)] = text
            if state == "on":
                pages[-1].usable.add(int(kind))
    return pages


class Person:
    """Somebody before the dialogs of one program."""

    def __init__(self, site, exe, *options):
        self.wine = site.wine
        self.process = self.wine.spawn(exe, *options, debug=QUIET)

    def do(self, *words):
        return self.wine.run(tools("x86") / "pages.exe", *words, debug=QUIET)

    def look(self):
        """The topmost page; None: there is none."""
        return next(iter(pages_of(self.do("show").out.splitlines())), None)

    def sees(self, words, usable=None):
        """Waits for a page with these words, and until the control can be used; the page."""
        seen = []

        def there():
            seen[:] = [self.look()]
            page = seen[0]
            return page and page.has(words) and (usable is None or usable in page.usable) and page
        try:
            return wait_until(there, words, 60)
        except AssertionError as failure:
            raise AssertionError(f"{failure}; there is {seen}") from None

    def does(self, *words):
        result = self.do(*words)
        assert result.rc == 0, f"{words} with {self.look()}"

    def press(self, button, words=None):
        """Presses it; the page with these words that follows."""
        self.does("press", button)
        return words and self.sees(words)

    def exit_code(self):
        return self.process.wait(60)


class Clean:
    """What must be as it was when nothing was installed."""

    def __init__(self, site):
        self.site = site
        self.temp = next(site.wine.drive_c.glob("users/*/Temp"))
        self.before = self.seen()

    def seen(self):
        programs = self.site.wine.drive_c.glob("Program Files*/*")
        # The uninstaller's copy of itself is removed when Windows starts the next time.
        temp = [path for path in self.temp.iterdir() if not path.name.startswith("~nsu")]
        return sorted(programs), sorted(temp), self.site.files()

    def check(self):
        wait_until(lambda: self.seen() == self.before, "nothing is left behind")
        assert self.site.query() == {"error": DOES_NOT_EXIST} and not self.site.add_remove()


@pytest.fixture
def site(request, wine):
    name = re.sub(r"\W+", "-", request.node.name, flags=re.ASCII).strip("-")[:40]
    site = Site(wine, name, "KM R\u00e9pair")
    yield site
    site.remove()
    if wine.probe("query", "MSExchangeKMS").rc == 0:
        wine.run("sc", "delete", "MSExchangeKMS")
    for folder in ("Security", "Exchsrvr"):
        shutil.rmtree(wine.drive_c / folder, ignore_errors=True)
    shutil.rmtree(site.site, ignore_errors=True)


def as_clients(wine, path):
    folder = wine.drive_c / path
    folder.mkdir(parents=True)
    return wine.windows_path(folder)


def last_page(someone):
    """What follows when everything is done: there is nothing to go back to, and nothing to cancel."""
    someone.sees(DONE, NEXT)
    page = someone.press(NEXT, INSTALLED)
    assert NEXT in page.usable and page.usable.isdisjoint({BACK, CANCEL}) and BROWSE not in page.texts
    assert page.texts[GUIDE_BOX] == "&Open the operations guide" and page.texts[NEXT] == "&Close"
    return page


def install_by_pages(site, *options):
    """Next, as often as it takes; the last page."""
    someone = Person(site, site.setup_exe, "/X86", *options, site.to_here())
    someone.sees(LICENCE)
    for heading in (FOLDER, COMPONENTS, CLIENTS):
        someone.press(NEXT, heading)
    someone.press(NEXT)
    return someone, last_page(someone)


def test_last_page_tells_what_was_found_and_opens_the_guide(site):
    site.folder.joinpath("stuck.ini").write_bytes(record())
    site.folder.joinpath("sound.ini").write_bytes(record(state="1"))
    someone, page = install_by_pages(site, site.clients())
    assert page.has("A scan by set-up found: 2 files: 1 stuck, 1 sound, 0 doubtful, 0 unreadable, 0 not a record.")
    assert any(re.match(r"KMRepair \d+\.\d+\.\d+ is running( and repairs)?\. A scan", text) for text in page.texts.values())
    assert page.has("kmrepair todo lists them. Enable each again")
    assert page.texts[FIELD] == site.wine.windows_path(site.home)
    assert not site.wine.unix_pids("notepad.exe")
    someone.does("click", GUIDE_BOX)
    someone.press(NEXT)
    assert someone.exit_code() == 0
    [pid] = wait_until(lambda: site.wine.unix_pids("notepad.exe"), "the guide is opened")
    assert site.wine.windows_path(site.home / "OPERATIONS.txt") in pathlib.Path(f"/proc/{pid}/cmdline").read_text("utf-8")
    os.kill(pid, signal.SIGKILL)
    site.await_repaired("stuck.ini")


def test_last_page_of_a_folder_that_has_no_records(site):
    someone, page = install_by_pages(site, site.clients(), "/NOSTART")
    assert page.has("found: 0 files: ") and page.has("0 not a record. No records here: no file ends in .ini. Is it the right folder?")
    # All is done, so there is nothing to ask when the window is to be closed and nothing is cancelled.
    someone.does("close")
    someone.press(NEXT)
    assert someone.exit_code() == 0 and site.state() == STOPPED and site.add_remove()


def test_last_page_without_a_folder(site):
    someone, page = install_by_pages(site)
    assert page.has("no Clients folder found (no service MSExchangeKMS")
    someone.press(NEXT)
    assert someone.exit_code() == 0 and not site.wine.unix_pids("notepad.exe")


def test_install_upgrade_and_remove(site):
    as_clients(site.wine, "Security/Mgrent/Clients")
    clean = Clean(site)

    # The folder can be chosen; what has been entered is there again after Back.
    someone = Person(site, site.setup_exe, "/X86")
    assert BACK not in someone.sees(LICENCE).usable
    page = someone.press(NEXT, FOLDER)
    assert page.texts[FIELD] == r"C:\Program Files (x86)\KMRepair"
    someone.does("type", FIELD, "KMRepair")
    assert NEXT not in someone.look().usable, "a relative path"
    someone.does("type", FIELD, site.wine.windows_path(site.home))
    page = someone.press(NEXT, COMPONENTS)
    assert page.items == [("KMRepair", "fixed"), ("Report only", "empty"),
                          ("Start the service now", "ticked")]
    someone.does("tick", REPORT_ONLY)
    someone.does("tick", START)
    assert someone.look().items == [("KMRepair", "fixed"), ("Report only", "ticked"),
                                    ("Start the service now", "empty")]
    page = someone.press(NEXT, CLIENTS)
    assert page.texts[FIELD] == r"C:\Security\Mgrent\Clients" and page.has("This one was found")
    someone.press(BACK, COMPONENTS)
    page = someone.press(BACK, FOLDER)
    assert page.texts[FIELD] == site.wine.windows_path(site.home)
    page = someone.press(NEXT, COMPONENTS)
    assert [state for _, state in page.items] == ["fixed", "ticked", "empty"]
    someone.press(NEXT, CLIENTS)
    someone.press(NEXT)
    page = last_page(someone)
    assert page.has("is stopped: nothing is repaired until kmrepair start. It also starts with Windows.")
    assert page.has("Stuck records are reported in the event log (event 2001) and not changed.")
    someone.press(NEXT)
    assert someone.exit_code() == 0
    assert "\nRepair = no\n" in site.config_text() and "\nFolder = auto\n" in site.config_text()
    assert site.state() == STOPPED and site.add_remove()
    assert site.exe.read_bytes() == (tools("x86") / "kmrepair.exe").read_bytes()

    # An upgrade asks only what there is to be answered.
    site.start()
    someone = Person(site, site.setup_exe, "/X86")
    someone.sees(LICENCE)
    page = someone.press(NEXT, COMPONENTS)
    assert page.has("will be upgraded there") and "Install" in page.texts[NEXT]
    assert page.items == [("KMRepair", "fixed"), ("Restart it if it runs", "ticked")]
    someone.press(NEXT)
    page = last_page(someone)
    assert page.has("reports only: Repair = no.") or page.has("is running.")
    someone.press(NEXT)
    assert someone.exit_code() == 0 and site.state() == RUNNING

    someone = Person(site, site.home / "uninstall.exe")
    assert someone.sees(CONFIRM).has(site.wine.windows_path(site.home))
    page = someone.press(NEXT, COMPONENTS)
    assert page.items == [("KMRepair", "fixed"), ("Configuration and journal", "empty")]
    someone.does("tick", PURGE)
    someone.press(NEXT)
    someone.sees(REMOVED, NEXT)
    someone.press(NEXT)
    wait_until(lambda: not site.wine.unix_pids("Un"), "the uninstaller has ended")
    clean.check()


@pytest.mark.parametrize("page", [pytest.param(0, marks=pytest.mark.quick), 1, 2, 3])
def test_cancel_leaves_nothing(site, page):
    clean = Clean(site)
    someone = Person(site, site.setup_exe)
    order = [LICENCE, FOLDER, COMPONENTS, CLIENTS]
    someone.sees(LICENCE)
    for heading in order[1:page + 1]:
        someone.press(NEXT, heading)
    someone.press(CANCEL, "Are you sure you want to quit")
    someone.press(NO, order[page])
    someone.press(CANCEL, "Are you sure you want to quit")
    someone.press(YES)
    assert someone.exit_code() == CANCELLED
    clean.check()


def clients_page(site, *options):
    someone = Person(site, site.setup_exe, *options)
    someone.sees(LICENCE)
    someone.press(NEXT, FOLDER)
    someone.press(NEXT, COMPONENTS)
    page = someone.press(NEXT, CLIENTS)
    someone.press(CANCEL, "Are you sure")
    someone.press(YES)
    assert someone.exit_code() == CANCELLED
    return page


def test_clients_folder(site):
    page = clients_page(site)
    assert page.texts[FIELD] == r"C:\Security\Mgrent\Clients"
    assert page.has("No Clients folder found: no service MSExchangeKMS")

    # Of Exchange's service, which need not be on the drive that would be looked at.
    made = site.wine.run("sc", "create", "MSExchangeKMS", "binPath=",
                         r"C:\Exch Srv\Security\bin\kmserver.exe", debug=QUIET)
    assert made.rc == 0, made
    page = clients_page(site)
    assert page.texts[FIELD] == r"C:\Exch Srv\Security\Mgrent\Clients"
    assert page.has("This one was found")

    page = clients_page(site, site.clients())
    assert page.texts[FIELD] == site.wine.windows_path(site.folder)
    assert page.has("Please confirm it")


def test_a_host_that_does_not_need_it_is_told_so(site):
    as_clients(site.wine, "Exchsrvr/Kmsdata")
    assert clients_page(site).has("this host does not need KMRepair")


@pytest.mark.parametrize("option, words, code", [
    ("/?", "Exit codes: 0 done", 0),
    (r"/LOG=C:\nodir\x.log", r"The log file cannot be written: C:\nodir\x.log", WRONG),
    ("/WAIT=soon", "/WAIT=soon: give a number of seconds", WRONG)])
def test_s9_the_reason_is_shown(site, option, words, code):
    """Before: 4, there is no such option."""
    clean = Clean(site)
    someone = Person(site, site.setup_exe, option)
    page = someone.sees(words)
    someone.press(CANCEL if CANCEL in page.usable else OK_BUTTON)
    assert someone.exit_code() == code
    clean.check()


def test_what_is_refused_is_told_and_put_back(site):
    site.home.mkdir()
    site.configure()
    before = site.config.read_bytes()
    someone = Person(site, site.setup_exe, "/REPORTONLY", site.to_here())
    someone.sees(LICENCE)
    someone.press(NEXT, FOLDER)
    page = someone.press(NEXT, COMPONENTS)
    assert page.has("The configuration in") and "Report only" not in dict(page.items)
    someone.press(NEXT)
    page = someone.sees("KMRepair cannot be installed, so nothing was changed.")
    assert page.has("already says Repair = yes; edit it")
    someone.press(CANCEL if CANCEL in page.usable else OK_BUTTON)
    someone.sees(ABORTED, CANCEL)
    someone.press(CANCEL)
    assert someone.exit_code() == REFUSED
    assert site.files() == ["kmrepair.ini"] and site.config.read_bytes() == before
    assert site.query() == {"error": DOES_NOT_EXIST} and not site.add_remove()
