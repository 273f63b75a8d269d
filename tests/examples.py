#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares each example of output in the documents with what the program prints. Run by tests/check; about half a minute.

    tests/examples.py            compares; ends with `N passed, N failed`
    tests/examples.py --write    writes the blocks that differ anew: `make examples`

An example is a fenced block behind the comment `<!-- example: NAME -->`. What stands in it is made here: one scratch
Windows host (Wine) plays one story, with the same names each time, and the screens of it are the examples. Times are
compared by their form only, so a block is written anew only when something else in it has changed. Each screen that a
person reads keeps to 80 columns, but for a line with a path in it; a message of one line and an event are folded here, as a
console and Event Viewer do.
"""
import os
import pathlib
import re
import shutil
import sys
import tempfile
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests" / "wine"))

from host import Product, Wine, record, runs_32_bit, wait_until  # noqa: E402

WIDTH = 80
PROMPT = "C:\\Program Files\\KMRepair>"
BLOCK = re.compile(r"(?P<head><!-- example: (?P<name>[\w-]+) -->\n+(?P<indent> *)```\n)(?P<text>.*?)(?P<tail>^ *```$)", re.M | re.S)
TIMES = ((r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ", "<time, UTC>"),
         (r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( [+-]\d\d:?\d\d)?", "<time>"),
         (r"\d{4}-\d\d-\d\d", "<day>"), (r"\b\d\d:\d\d\b(?! *%)", "<hour>"))

ANNA, BORIS, CARLA = "Mxclfr4zqvktn.ini", "Mxclh1ax02pqe.ini", "Mxclq8nn5yuf3.ini"
AT = "/o=Fabrikam/ou=Berlin/cn=Recipients/cn="


class Host(Wine):
    """In a time zone that is not UTC, so that local times can be told from others."""

    def environment(self, debug):
        return {**super().environment(debug), "TZ": "Europe/Berlin"}


class Story:
    """The host, and the screens that were seen on it so far."""

    def __init__(self, wine, exe):
        self.screens = {}
        self.product = Product(wine, exe, "KMRepair", above="Program Files")
        self.product.folder = wine.drive_c / "Security" / "Mgrent" / "Clients"
        os.chdir(self.product.home)  # the folder of the prompt
        # A second drive, as most hosts have.
        (wine.prefix / "drive_d" / "Old" / "Clients").mkdir(parents=True)
        (wine.prefix / "dosdevices" / "d:").symlink_to("../drive_d")

    def shown(self, *words):
        """One command as it is seen in a console: the prompt, and what is printed. Z: is Wine's own drive."""
        result = self.product.run(*words)
        typed = " ".join(f'"{word}"' if " " in word else word for word in words)
        said = (result.out + result.err).replace(" Z:", "").splitlines()
        return "\n".join([f"{PROMPT}kmrepair {typed}", *map(folded_message, said), ""])

    def screen(self, name, *commands):
        self.screens[name] = "\n".join(self.shown(*command.split()) for command in commands)

    def event(self, number, name=None, folded=True):
        """The text that Event Viewer makes of an event that was reported and of the messages in the program."""
        event = self.product.await_event(number, name)
        wine = self.product.wine
        text = wine.probe("message", wine.windows_path(self.product.exe), event.number, *event.strings).out.strip()
        assert text, f"event {number} has no text"
        if folded:
            self.screens[f"event-{number}"] = fold(text)
        return text

    def put(self, name, who, **how):
        self.product.put(name, record(mailbox=AT + who, **how))

    def edit(self, old, new):
        """As an editor saves it; the service has it once it says so."""
        self.product.forget_events()
        text = self.product.config.read_text()
        assert old in text, f"{old!r} is not in {text}"
        self.product.configure_text(text.replace(old, new))


def fold(text):
    return textwrap.fill(text, WIDTH - 4, break_long_words=False, break_on_hyphens=False) + "\n"


def folded_message(line):
    is_message = re.match(r"kmrepair: |(Information|Warning|Error) \d{4}: ", line) and len(line) > WIDTH
    return fold(line).rstrip("\n") if is_message else line


# ---- the story ----

def no_records(story):
    story.screen("scan-not-found", "scan")


def first_look(story):
    story.product.folder.mkdir(parents=True)
    story.put(ANNA, "Anna")
    story.put(BORIS, "Boris")
    story.put("Mxclh7w2rr0tb.ini", "Boris", state="1")
    story.put("Mxclj3kd9sv1m.ini", "Anna", certificates=2)
    story.put("Mxclm5tt8xc4r.ini", "Dora", state="04")
    story.screen("scan", "scan")
    story.screen("scan-all", "scan --all")
    story.screen("scan-csv", "scan --format=csv")
    story.screen("scan-elsewhere", r"scan D:\Old\Clients")


def install(story):
    story.screen("install", "install", "start")
    story.product.await_event(1000)
    story.product.await_repaired(ANNA, BORIS)
    story.event(2000, ANNA)
    story.product.await_event(2000, BORIS)
    story.event(2010)
    story.screen("status", "status")
    story.screen("todo", "todo")
    story.screen("todo-json", "todo --format=json")
    story.screen("report", "report")
    story.screen("help", "help")


def in_readme(story):
    """Stuck, repaired, and the event, in as few lines as can be."""
    lines = [f"{PROMPT}kmrepair scan", about_anna(story.screens["scan"]),
             f"{PROMPT}kmrepair history", about_anna(story.shown("history")),
             "Event Viewer, event 2000:", story.screens["event-2000"].strip()]
    story.screens["in-readme"] = "\n".join(lines) + "\n"


def about_anna(screen):
    """Her line, with what is indented below it."""
    return re.search(rf"^(?=\S).*{re.escape(ANNA)}.*(\n .+)*", screen, re.M)[0]


def take_back(story):
    story.screen("undo", f"undo {ANNA}")
    story.screen("release", f"release {ANNA}")
    story.product.await_repaired(ANNA)
    wait_until(lambda: len(story.product.events(2000, ANNA)) == 2, "the second repair is reported")
    story.screen("history", "history")


def report_only(story):
    story.edit("Repair = yes", "Repair = no")
    story.product.await_event(3020)
    story.put(CARLA, "Carla")
    story.event(2001, CARLA)
    story.screen("status-report-only", "status")


def mistake(story):
    story.edit("Repair = no", "Repare = no")
    story.event(4001)
    story.screen("check-refused", "check")
    story.screen("status-refused", "status")
    story.edit("Repare = no", "Repair = yes")
    story.product.await_event(3020)
    story.product.await_repaired(CARLA)
    story.product.await_event(2000, CARLA)


def pause(story):
    story.screen("pause", "pause")
    story.event(1002)
    story.screen("status-paused", "status")
    story.screen("undo-all", "undo --all")
    story.product.forget_events()
    story.screen("continue", "continue")
    story.product.await_event(3020)
    story.screen("status-held", "status")


def end(story):
    story.screen("stop", "stop")
    story.screen("start-paused", "start --paused")
    story.screen("uninstall", "uninstall")


SCENES = (no_records, first_look, install, in_readme, take_back, report_only, mistake, pause, end)


def screens(tools, scratch):
    """{name: text} of every example there is."""
    wine = Host(scratch / "prefix", tools)
    wine.make_prefix()
    try:
        wine.boot()
        story = Story(wine, tools / "kmrepair.exe")
        for scene in SCENES:
            scene(story)
        return story.screens
    finally:
        wine.close()


# ---- the documents ----

def documents():
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def without_times(text):
    for pattern, name in TIMES:
        text = re.sub(pattern, name, text)
    return text


def unindented(block):
    return re.sub(f"^{block['indent']}", "", block["text"], flags=re.M)


def compare(page, screens):
    """What is wrong with the examples of a page, one by one; None for one that is right."""
    for block in BLOCK.finditer(page.read_text("utf-8")):
        name, has = block["name"], unindented(block)
        where = f"{page.relative_to(ROOT)}, example {name}"
        if name not in screens:
            yield f"{where}: expected one of {', '.join(sorted(screens))}"
        elif without_times(has) != without_times(screens[name]):
            yield f"{where}: expected what the program prints (`make examples` writes it):\n{screens[name]}found:\n{has}"
        else:
            yield None


def too_wide(name, text):
    """A path may be wide; CSV and JSON are for programs."""
    if name.endswith(("-csv", "-json")):
        return []
    return [line for line in text.splitlines() if len(line) > WIDTH and not re.search(r"[A-Z]:\\", line)]


def rewrite(page, screens):
    def anew(block):
        text = screens.get(block["name"], block["text"])
        if without_times(unindented(block)) == without_times(text):
            return block[0]
        print(f"{page.relative_to(ROOT)}: {block['name']}")
        return block["head"] + re.sub(r"^(?=.)", block["indent"], text, flags=re.M) + block["tail"]

    was = page.read_text("utf-8")
    now = BLOCK.sub(anew, was)
    if now != was:
        page.write_text(now, "utf-8")


def judge(screens):
    faults = [fault for page in documents() for fault in compare(page, screens)]
    used = {block["name"] for page in documents() for block in BLOCK.finditer(page.read_text("utf-8"))}
    faults += [None if used else "documents: expected examples, found none"]
    for name, text in sorted(screens.items()):
        wide = too_wide(name, text)
        faults.append(f"example {name}: expected lines of {WIDTH} columns at most, found {wide}" if wide else None)
    for fault in filter(None, faults):
        print(f"FAILED {fault}")
    failed = len([fault for fault in faults if fault])
    print(f"{len(faults) - failed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    arch = "x86" if runs_32_bit() else "x64"
    tools = pathlib.Path(os.environ.get(f"KMREPAIR_{arch.upper()}") or ROOT / "build" / arch)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="kmrepair-examples-"))
    try:
        made = screens(tools, scratch)
    except AssertionError as fault:
        print(f"FAILED examples: {fault}\n0 passed, 1 failed")
        return 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if "--write" not in sys.argv[1:]:
        return judge(made)
    for page in documents():
        rewrite(page, made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
