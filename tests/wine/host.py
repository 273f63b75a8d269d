# SPDX-License-Identifier: MIT
"""The Windows host of the tests: a Wine server, the product on it, sample records.

Wine      one prefix with its server, and the log its services write
Product   the EXE under test in a directory of its own, with configuration and folder
Event     one event as it was reported
record()  the text of a Key Management record as KB Q198709 describes it

The rules of use were measured and are easily broken: the server is started
persistent, and the first process after it gets files, never pipes, because
services.exe inherits its stderr and its WINEDEBUG and keeps both for good.
"""

import errno
import fcntl
import functools
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from dataclasses import dataclass, field

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICE = "KMRepair"
EMPTY_SERVICE = "KMRepairEmpty"  # of empty.c: it does nothing
EVENT_SOURCE_KEY = r"SYSTEM\CurrentControlSet\Services\EventLog\Application" + "\\" + SERVICE

# What ReportEvent is given can be seen only in these channels of Wine's debug output.
QUIET = "-all"
# Of the probe's runs only what explains a failure of Wine itself.
ERRORS = "fixme-all"
SHOW_EVENTS = "-all,fixme+advapi,+eventlog"

STOPPED, START_PENDING, STOP_PENDING, RUNNING = 1, 2, 3, 4
CONTINUE_PENDING, PAUSE_PENDING, PAUSED = 5, 6, 7
STOP, PAUSE, CONTINUE, INTERROGATE, PARAMCHANGE = 1, 2, 3, 4, 6

NOT_STARTED = "Application could not be started"


@functools.cache
def runs_32_bit():
    """Whether this kernel runs 32-bit code; seen: a virtual machine that does not, ENOEXEC, with no way to switch it on."""
    try:
        subprocess.run(["/lib32/ld-linux.so.2", "--version"], check=False, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError as error:
        return error.errno != errno.ENOEXEC
    return True


def skip_if_32_bit(path):
    """Only where the kernel itself refuses; a Wine that lacks its 32-bit half still fails."""
    if runs_32_bit() or not os.path.isfile(path):
        return
    with open(path, "rb") as file:
        head = file.read(4096)
    at = int.from_bytes(head[60:64], "little")
    if head[:2] == b"MZ" and head[at:at + 6] == b"PE\0\0\x4c\x01":
        pytest.skip("this machine's kernel runs no 32-bit code")


# For tests of what is the same in both programs, so that one is enough: the product, where it runs.
one_architecture = pytest.mark.parametrize("arch", ["x86" if runs_32_bit() else "x64"], indirect=True)

# The long form of what takes a small part of its time in `make check-full`: 500 kills, 20,000 records, and so on.
# KILLS and SEED set one number; `make wine LONG=1 PYTEST='-k kill'`.
LONG = bool(os.environ.get("LONG"))

# Part of every value which must never be seen outside a record.
SECRET = "5ec2e7"


# ---- waiting ----

def wait_until(condition, what, timeout=30.0, poll=0.02):
    """Waits for a true value and returns it; fails when the time is up."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what}")
        time.sleep(poll)


def assert_holds(condition, what, seconds):
    """What must not happen can only be watched for a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"did not hold for {seconds:g} s: {what}"
        time.sleep(0.05)


# ---- events ----

@dataclass
class Event:
    """One ReportEvent call: id is the low 16 bits of number."""
    type: int
    category: int
    number: int
    count: int
    strings: list = field(default_factory=list)

    @property
    def id(self):
        return self.number & 0xFFFF

    def about(self, name):
        """Is the record of this name the subject? Its name is the first string."""
        return bool(self.strings) and self.strings[0].split("\\")[-1] == name


DEBUG_LINE = re.compile(r"^(?:([0-9a-f]{4,}):)?(?:fixme|trace|warn|err):(?:advapi|eventlog):")
REPORTED = re.compile(r"^(?:([0-9a-f]{4,}):)?fixme:advapi:ReportEventW "
                      r"\([^,]*,0x(\w+),0x(\w+),0x(\w+),[^,]*,0x(\w+),")
INSERTED = re.compile(r"^(?:([0-9a-f]{4,}):)?(?:fixme|trace|warn|err):eventlog:ReportEventW "
                      r'(?:L"(.*)"(?:\.\.\.)?|\(null\))$')
ESCAPE = re.compile(r'\\(?:([nrt"\\])|([0-9a-fA-F]{4}))')


def unescape(text):
    r"""Wine writes what is not ASCII as \xxxx, one UTF-16 unit at a time."""
    plain = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}

    def one(match):
        return plain[match[1]] if match[1] else chr(int(match[2], 16))

    units = ESCAPE.sub(one, text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def parse_events(log):
    """The complete events in a piece of debug output, in order.

    The strings of an event follow in the same thread, one a line. An event some
    of whose strings are not written yet is left for the next look.
    """
    events, open_in = [], {}
    for line in log.splitlines():
        if match := REPORTED.match(line):
            type_, category, number, count = (int(n, 16) for n in match.groups()[1:])
            event = Event(type_, category, number, count)
            events.append(event)
            open_in[match[1]] = event
        elif match := INSERTED.match(line):
            event = open_in.get(match[1])
            if event and len(event.strings) < event.count:
                event.strings.append(unescape(match[2] or ""))
    return [e for e in events if len(e.strings) == e.count]


def check_event(event):
    """What holds for every event: its type is its severity, its category that of its number."""
    types = {1: 4, 2: 2, 3: 1}  # informational, warning, error
    assert event.type == types[event.number >> 30], event
    # 303x is about the journal: records are what is not repaired meanwhile.
    assert event.category == (2 if event.id in (2031, 2032) else event.id // 1000), event
    assert not any(re.search(r"%[\d%{]", s) for s in event.strings), event


def without_debug(text):
    return "".join(line for line in text.splitlines(keepends=True) if not DEBUG_LINE.match(line))


# ---- Wine ----

@dataclass
class Result:
    rc: int
    out: str
    err: str
    events: list = field(default_factory=list)

    def pairs(self):
        """The name=value lines of the probe; numbers as int."""
        found = {}
        for line in self.out.splitlines():
            name, _, value = line.partition("=")
            found[name] = int(value) if re.fullmatch(r"\d+", value) else value
        return found


def wine_version():
    """Of Debian's package, with what it is built from: another one makes another prefix."""
    return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libwine"], stdin=subprocess.DEVNULL, capture_output=True,
                          check=True, text=True).stdout


# Below build/, for the next run as well; with another Wine it has another name.
PREFIX = ROOT / f"build/wine-prefix-{wine_version()}.made"


def link_or_copy(source, target):
    """Wine's own programs and libraries, of which nothing is ever written to, take 1.3 GB in each prefix."""
    if source.endswith((".dll", ".exe")):
        try:
            os.link(source, target)
            return target
        except OSError:
            pass  # on another file system, or too many
    return shutil.copy2(source, target)


class Wine:
    """One prefix with a running, persistent Wine server."""

    def __init__(self, prefix, tools):
        self.prefix = pathlib.Path(prefix)
        self.drive_c = self.prefix / "drive_c"
        self.log = self.prefix / "services.log"
        self.probe_exe = pathlib.Path(tools) / "probe.exe"

    def environment(self, debug):
        env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        # Without its 32-bit half Wine makes prefixes that are of no use.
        env["WINEDLLPATH"] = os.environ.get("WINEDLLPATH") or str(ROOT / "build/wine32/usr/lib/i386-linux-gnu/wine")
        # C.UTF-8: Wine takes the encoding of file names and arguments from the locale.
        env.update(WINEPREFIX=str(self.prefix), WINEDEBUG=debug, LC_ALL="C.UTF-8",
                   WINEDLLOVERRIDES="mscoree=;mshtml=;winemenubuilder.exe=")
        return env

    def server(self, option):
        subprocess.run(["wineserver", option], env=self.environment(QUIET), check=False,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60)

    def make_prefix(self):
        """A copy of one that is made once. That takes 9 s of processor, and the shares of the tests begin together."""
        PREFIX.parent.mkdir(parents=True, exist_ok=True)
        with open(PREFIX.with_suffix(".lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not PREFIX.exists():
                self.make_first_prefix()
        shutil.copytree(PREFIX, self.prefix, symlinks=True, dirs_exist_ok=True, copy_function=link_or_copy)

    def make_first_prefix(self):
        for old in PREFIX.parent.glob("wine-prefix-*"):
            if old.is_dir():
                shutil.rmtree(old)
        unfinished = Wine(PREFIX.with_suffix(".new"), self.probe_exe.parent)
        subprocess.run(["wineboot", "--init"], env=unfinished.environment(QUIET), check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
        unfinished.server("-w")
        # Each copy gets sockets of its own.
        unfinished.remove_socket_directory()
        (unfinished.prefix / "wineserver").unlink(missing_ok=True)
        unfinished.prefix.rename(PREFIX)

    def boot(self):
        self.server("-k")
        self.server("-w")
        self.server("-p")
        with open(self.log, "ab") as log:
            subprocess.run(["wine", "cmd", "/c", "exit"], env=self.environment(SHOW_EVENTS),
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                           check=True, timeout=120)
        # Without 32-bit Wine an x86 EXE does nothing and returns 0: see that the probe works.
        answer = self.probe("regkey", r"SOFTWARE\No such key")
        assert answer.out == "error=2\n", f"this Wine does not run {self.probe_exe}: {answer}"

    def is_alive(self):
        return bool(self.unix_pids("wineserver"))

    def reboot(self):
        """After a crash of the Wine server. What was last written to the registry is lost with it."""
        self.end_all()
        self.boot()

    def end_all(self):
        for pid in self.unix_pids():
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.unix_pids(), "every Wine process is gone")

    def close(self):
        self.server("-k")
        self.server("-w")
        self.end_all()
        self.remove_socket_directory()

    def remove_socket_directory(self):
        """Debian's Wine keeps its sockets in /tmp/wine-XXXXXX, and that name in the prefix."""
        named = self.prefix / "wineserver"
        name = named.read_text().strip() if named.is_file() else ""
        if re.fullmatch(r"wine-\w+", name):
            shutil.rmtree(pathlib.Path("/tmp") / name, ignore_errors=True)

    def windows_path(self, path):
        inside = pathlib.Path(path).relative_to(self.drive_c)
        return "C:\\" + "\\".join(inside.parts)

    def spawn(self, *argv, debug=QUIET, **streams):
        argv = [str(a) for a in argv]
        skip_if_32_bit(argv[0])
        return subprocess.Popen(["wine", *argv], env=self.environment(debug), **streams)

    def run(self, *argv, debug=QUIET, timeout=60, again=True):
        """Runs an EXE to its end, once more if Wine could not start it, or (`again`) lost its exit code."""
        result = self.run_once(*argv, debug=debug, timeout=timeout)
        if never_started(result) or (again and lost_at_exit(result)):
            warnings.warn(f"Wine did not run {argv}: {result}", stacklevel=2)
            result = self.run_once(*argv, debug=debug, timeout=timeout)
        return result

    def run_once(self, *argv, debug, timeout):
        # Its output goes to files: a pipe could be kept open by others.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = self.spawn(*argv, debug=debug, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=err)
            try:
                rc = process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                rc = None
            out_text, err_text = read_text(out), read_text(err)
        result = Result(rc, out_text, without_debug(err_text), parse_events(err_text))
        assert rc is not None, f"{argv} did not end within {timeout} s: {result}"
        assert SECRET not in (out_text + err_text).lower(), "a value of a record was shown"
        return result

    def probe(self, verb, *argv, timeout=60):
        return self.run(self.probe_exe, verb, *argv, debug=ERRORS, timeout=timeout)

    def hold(self, verb, *argv, ms=60000):
        """Starts a probe that keeps a file open; see Holder."""
        holder = Holder(self, verb, [*argv, ms])
        if holder.news.startswith(NOT_STARTED):
            warnings.warn(f"Wine did not start the probe: {holder.news}", stacklevel=2)
            holder.release()
            holder = Holder(self, verb, [*argv, ms])
        return holder

    def unix_pids(self, exe_name=""):
        """The living Unix processes of this prefix, or those that run this EXE."""
        mine = b"WINEPREFIX=" + bytes(self.prefix) + b"\0"
        pids = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                # A zombie has no environment left, and does not count. The command line is
                # of no use: an x86 EXE's is also that of the start.exe which waits for it.
                if (mine in (entry / "environ").read_bytes()
                        and (entry / "comm").read_text().startswith(exe_name[:15])):
                    pids.append(int(entry.name))
            except OSError:
                continue  # it ended while we looked
        return pids


def has_ended(pid):
    """With all its threads: one may still be in the middle of a write when the first is dead already."""
    try:
        tasks = list(pathlib.Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return True
    for task in tasks:
        try:
            state = (task / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue  # it ended while we looked
        if state not in "ZX":
            return False
    return True


def never_started(result):
    """Rarely (two of some ten thousand) Wine fails to start an EXE, under load, and says no more.

    The start.exe in between says it for an x86 EXE. None of ours returns 1 and is silent.
    """
    silent = result.rc == 1 and not (result.out or result.err or result.events)
    return silent or NOT_STARTED in result.out + result.err


def is_never_begun(text):
    """The same where the service control manager starts it: ERROR_INTERNAL_ERROR is NtCreateUserProcess's answer for a process
    that has ended before its first instruction. Once in some thousand starts."""
    return re.search(r"error[ =]1359\b", text) is not None


def lost_at_exit(result):
    """As rarely, an assertion in glibc's loader fails while a 32-bit process of Wine's ends: it has done what
    it was to do, and what it returned is lost."""
    return result.rc == 127 and "dl-fini.c" in result.err


def read_text(file):
    file.seek(0)
    return file.read().decode("utf-8").replace("\r\n", "\n")


class Holder:
    """A probe that has reached its point (it says so) and waits until it is released."""

    def __init__(self, wine, verb, argv):
        self.process = wine.spawn(wine.probe_exe, verb, *argv, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.news = self.process.stdout.readline().decode().strip()
        if self.news not in ("open", "written"):
            self.news += self.process.stdout.read().decode()

    def release(self):
        """Never waits for ever: when the Wine server is gone, its processes do not end."""
        self.process.stdin.close()
        pipe = self.process.stdout
        while select.select([pipe], [], [], 60)[0] and os.read(pipe.fileno(), 4096):
            continue
        pipe.close()
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired as late:
            self.process.kill()
            raise AssertionError("the probe does not end: is the Wine server still there?") from late

    def __enter__(self):
        assert self.news in ("open", "written"), f"it does not hold the file: {self.news}"
        return self

    def __exit__(self, *exception):
        if not self.process.stdin.closed:
            self.release()


# ---- the product ----

class Product:
    """The EXE under test, in a directory of its own with configuration, journal and folder."""

    def __init__(self, wine, exe, name, above="kmr"):
        self.wine = wine
        self.home = wine.drive_c / above / name
        self.home.mkdir(parents=True)
        self.exe = self.home / "kmrepair.exe"
        shutil.copy(exe, self.exe)
        self.config = self.home / "kmrepair.ini"
        self.journal = self.home / "kmrepair.jnl"
        self.folder = wine.drive_c / "records" / name / "Clients"
        self.folder.mkdir(parents=True)
        self.start_of_log = wine.log.stat().st_size

    # -- configuration --

    def configure(self, **settings):
        """Writes a valid configuration; keywords replace the quick settings of the tests."""
        values = {"Repair": "yes", "Folder": self.wine.windows_path(self.folder),
                  "SettleSeconds": 0, "RescanMinutes": 60, "ReminderHours": 24, "RepairsPerHour": 10000}
        values.update(settings)
        lines = ["; written by the tests", "[service]"]
        lines += [f"{key} = {values[key]}" for key in ("Repair", "Folder")]
        lines += ["[timing]"]
        lines += [f"{key} = {values[key]}" for key in ("SettleSeconds", "RescanMinutes", "ReminderHours")]
        lines += ["[limits]", f"RepairsPerHour = {values['RepairsPerHour']}", ""]
        self.configure_text("\r\n".join(lines))

    def configure_text(self, text):
        self.config.write_bytes(text.encode("utf-8"))

    # -- records --

    def put(self, name, content=None):
        """A record appears in one step, as the KMS's own would: written aside, then renamed."""
        aside = self.folder.parent / "aside.tmp"
        aside.write_bytes(record() if content is None else content)
        aside.rename(self.folder / name)
        return self.folder / name

    def windows(self, name):
        return self.wine.windows_path(self.folder / name)

    def repaired(self, name):
        return is_repaired((self.folder / name).read_bytes())

    def await_repaired(self, *names, timeout=30.0):
        for name in names:
            wait_until(lambda name=name: self.repaired(name), f"{name} is repaired", timeout)

    # -- the verbs --

    def run(self, *argv, timeout=60):
        return self.wine.run(self.exe, *argv, debug=SHOW_EVENTS, timeout=timeout)

    def ok(self, *argv):
        result = self.run(*argv)
        assert result.rc == 0, f"{argv}: {result}"
        return result

    # -- the service --

    def install(self, *options):
        return self.ok("install", *options)

    def start(self):
        answer = self.wine.probe("start", SERVICE, RUNNING)
        if answer.rc != 0 and is_never_begun(answer.out):
            warnings.warn(f"Wine did not start the service: {answer.out}", stacklevel=2)
            answer = self.wine.probe("start", SERVICE, RUNNING)
        assert answer.rc == 0, f"start: {answer.out}"
        return answer.pairs()

    def control(self, code, *state):
        return self.wine.probe("control", SERVICE, code, *state)

    def controlled(self, code, *state):
        answer = self.control(code, *state)
        assert answer.rc == 0, f"control {code}: {answer.out}"
        return answer.pairs()

    def stop(self):
        return self.controlled(STOP, STOPPED)

    def query(self):
        return self.wine.probe("query", SERVICE).pairs()

    def unix_pid(self):
        pids = self.wine.unix_pids(self.exe.name)
        assert len(pids) == 1, f"processes of the service: {pids}"
        return pids[0]

    def kill(self):
        pids = self.wine.unix_pids(self.exe.name)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: all(has_ended(pid) for pid in pids), "the process is gone", poll=0.001)

    def remove(self):
        """Leaves no service behind, whatever state the test left it in."""
        for pid in self.wine.unix_pids(self.exe.name):
            os.kill(pid, signal.SIGCONT)
        self.control(STOP)
        try:
            wait_until(lambda: not self.wine.unix_pids(self.exe.name), "the service ended", 5)
        except AssertionError:
            self.kill()
        self.run("uninstall")

    # -- what was reported --

    def log_text(self):
        with open(self.wine.log, "rb") as log:
            log.seek(self.start_of_log)
            return log.read().decode("utf-8", "replace")

    def forget_events(self):
        self.start_of_log = self.wine.log.stat().st_size

    def events(self, id=None, name=None):
        return [e for e in parse_events(self.log_text())
                if (id is None or e.id == id) and (name is None or e.about(name))]

    def await_event(self, id, name=None, timeout=30.0):
        subject = f" about {name}" if name else ""
        return wait_until(lambda: self.events(id, name), f"event {id}{subject}", timeout)[0]

    def describe(self):
        """Everything one wants to see when a test has failed."""
        parts = [f"home: {self.home}", "-- events --"]
        parts += [f"{e.id} category {e.category} {e.strings}" for e in self.events()[-40:]]
        parts += ["-- end of services.log --", self.log_text()[-1500:], "-- directory --"]
        for path in sorted(self.home.rglob("*"))[:60]:
            parts.append(f"{path.lstat().st_size:9} {path.relative_to(self.home)}")
        for path in (self.config, self.journal):
            if path.is_file():
                parts += [f"-- {path.name} --", path.read_text("utf-8", "replace")[-3000:]]
        return "\n".join(parts)


# ---- records ----

MAILBOX = "/o=Fabrikam/ou=Site-One/cn=Recipients/cn=Mailbox"


def blob(length):
    """A made-up key: hex, unlike any other, and with the mark that must not be seen."""
    return (SECRET + os.urandom(length // 2).hex())[:length]


def record(state="4", certificates=None, mailbox=MAILBOX, sections=True):
    """A record in the manner of the KMS. As it stands it is stuck: State 4, no NumSCerts."""
    lines = ["; Entrust client record"] if not sections else ["[Client]"]
    lines += [f"UserPassword={blob(32)}"]
    lines += [f"MailboxDN = {mailbox}"] if mailbox else []
    lines += [f"EncryptionKeyHistory={blob(900)}"]
    lines += ["[Status]"] if sections else []
    lines += [f"State = {state}"] if state is not None else []
    lines += [f"NumSCerts={certificates}"] if certificates is not None else []
    lines += [f"SigningKey={blob(2500)}", f"Token={blob(40)}", ""]
    return "\r\n".join(lines).encode("utf-8")


def digit_offset(content):
    return content.index(b"State = ") + len(b"State = ")


def as_repaired(content):
    at = digit_offset(content)
    assert content[at:at + 1] == b"4"
    return content[:at] + b"1" + content[at + 1:]


def is_repaired(content):
    return b"\nState = 1\r\n" in content


# ---- proof that nothing else changed ----

def snapshot(folder):
    """Every file below: content, times and identity."""
    taken = {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        info = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        taken[str(path.relative_to(folder))] = (content, info.st_mtime_ns, info.st_ino,
                                                info.st_mode, info.st_nlink)
    return taken


def assert_only_repaired(before, after, repaired):
    """Each file named lost its 4 for a 1 and nothing more; every other is what it was."""
    assert sorted(before) == sorted(after), "files appeared or vanished"
    for name, was in before.items():
        now = after[name]
        if name in repaired:
            assert now[0] == as_repaired(was[0]), f"{name}: not exactly the one byte"
            assert now[2:] == was[2:], f"{name}: identity, mode or links changed"
        else:
            assert now == was, f"{name} was touched"
