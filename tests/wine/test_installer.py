# SPDX-License-Identifier: MIT
"""The set-up program: it installs, upgrades, puts back what it could not finish, and removes.

It is one x86 program for all of Windows. Under Wine each Windows is a 64-bit one, so /X86 makes it
install the 32-bit program, which is the product; one test sees what it chooses by itself.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import warnings
import zipfile

import pytest

from conftest import assert_in_order, tools
from host import (EVENT_SOURCE_KEY, PAUSE, PAUSED, QUIET, RUNNING, SERVICE, STOPPED, Product,
                  is_never_begun, lost_at_exit, wait_until)

# The same server as the other tests of the 32-bit program.
pytestmark = pytest.mark.parametrize("arch", ["x86"], indirect=True)

ROOT = pathlib.Path(__file__).absolute().parents[2]
UNINSTALL_KEY = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\KMRepair"
PROGRAM_FILES = ["EVENTS.txt", "LICENSE.txt", "OPERATIONS.txt", "README.txt", "THIRD-PARTY.txt", "kmrepair.exe",
                 "uninstall.exe"]
DOES_NOT_EXIST, DEMAND_START = 1060, 3
OK, NO_ADMINISTRATOR, WRONG, FILE_IN_USE, REFUSED, NOT_STARTED, NOT_PUT_BACK, LEFT = 0, 3, 4, 6, 7, 8, 9, 10

# What an older version may have been: the program, and a few bytes more that Windows ignores.
OLDER = b"an older version"


def setup_program():
    return pathlib.Path(os.environ.get("KMREPAIR_SETUP") or "build/kmrepair-setup.exe").absolute()


class Site(Product):
    """A host on which nothing is installed: a folder of records, and a folder to install into."""

    def __init__(self, wine, name, program_folder):
        self.wine = wine
        self.site = wine.drive_c / "kmr" / name
        self.folder = self.site / "Cli\N{LATIN SMALL LETTER E WITH ACUTE}nts of the KMS"
        self.folder.mkdir(parents=True)
        self.home = self.site / program_folder
        self.exe = self.home / "kmrepair.exe"
        self.config = self.home / "kmrepair.ini"
        self.journal = self.home / "kmrepair.jnl"
        self.start_of_log = wine.log.stat().st_size
        self.setup_exe = self.site / "set up.exe"
        shutil.copy(setup_program(), self.setup_exe)

    def put(self, name, content=None):
        self.home.mkdir(exist_ok=True)
        return super().put(name, content)

    # -- set-up and uninstaller --

    def to_here(self):
        return f"/D={self.wine.windows_path(self.home)}"

    def clients(self):
        return f"/CLIENTS={self.wine.windows_path(self.folder)}"

    def with_log(self, exe, *argv):
        """Result and log of a silent run, to its end; of a second one, if Wine could not start the service: the first has
        put everything back then."""
        result = self.with_log_once(exe, *argv)
        if is_never_begun(result.log):
            warnings.warn(f"Wine did not start the service: {result.log}", stacklevel=2)
            result = self.with_log_once(exe, *argv)
        return result

    def with_log_once(self, exe, *argv):
        log = self.site / "setup.log"
        log.unlink(missing_ok=True)
        result = self.wine.run(exe, "/S", f"/LOG={self.wine.windows_path(log)}", *argv,
                               debug=QUIET, timeout=120, again=False)
        result.log = log.read_text("utf-16") if log.exists() else ""
        return result

    def setup(self, *argv, expect=OK):
        result = self.with_log(self.setup_exe, *argv)
        if lost_at_exit(result) and expect == OK and " is installed in " in result.log:
            warnings.warn(f"Wine lost the exit code of the set-up: {result}", stacklevel=2)
            return result
        assert result.rc == expect, f"exit code {result.rc}, not {expect}:\n{result.log}"
        return result

    def first_setup(self, *argv, **options):
        # /D comes last: without quotes it is everything up to the end of the line.
        return self.setup("/X86", self.clients(), *argv, self.to_here(), **options)

    def uninstall(self, *argv):
        """It goes on in a copy of itself: what it removes last is waited for."""
        self.wine.run(self.home / "uninstall.exe", "/S", *argv)
        wait_until(lambda: not self.add_remove(), "the entry in Add/Remove Programs is gone")
        wait_until(lambda: not self.wine.unix_pids("Un"), "the uninstaller has ended")

    # -- what is there --

    def files(self):
        return sorted(p.name for p in self.home.iterdir()) if self.home.exists() else []

    def add_remove(self):
        """The values of the entry in Add/Remove Programs; none without one."""
        file = self.site / "entry.reg"
        file.unlink(missing_ok=True)
        # Not `reg query`: what that prints has lost the letters the console's code page lacks.
        self.wine.run("reg", "export", UNINSTALL_KEY, self.wine.windows_path(file), "/y",
                      "/reg:64")
        text = file.read_text("utf-16") if file.exists() else ""
        values = re.findall(r'^"(\w+)"=(?:"(.*)"|dword:(\w+))$', text, re.M)
        return {name: int(number, 16) if number else re.sub(r"\\(.)", r"\1", string)
                for name, string, number in values}

    def state(self):
        return self.query().get("state")

    def config_text(self):
        return self.config.read_text("utf-8")

    def is_older(self):
        return self.exe.read_bytes().endswith(OLDER)

    def make_older(self):
        """Exchanges the program under a service that runs for an older one."""
        state = self.state()
        if state == RUNNING:
            self.stop()
        wait_until(lambda: not self.wine.unix_pids(self.exe.name), "the process is gone")
        with open(self.exe, "ab") as exe:
            exe.write(OLDER)
        if state == RUNNING:
            self.start()

    def remove(self):
        if self.exe.exists():
            super().remove()
        if self.add_remove():
            self.wine.run("reg", "delete", UNINSTALL_KEY, "/f", "/reg:64")
        self.kill()


@pytest.fixture
def site(request, wine, arch):
    name = re.sub(r"\W+", "-", request.node.name, flags=re.ASCII).strip("-")[:40]
    # A blank, a letter of Latin-1, and some of no code page that Wine would have here.
    site = Site(wine, name, "KM R\u00e9pair \u4fee\u7406")
    yield site
    site.remove()
    assert_in_order(site)
    shutil.rmtree(site.site, ignore_errors=True)


@pytest.fixture
def plain(request, wine, arch):
    """The same in a path without a blank, which need not be quoted and for `_?=` must not be."""
    site = Site(wine, "plain", "KMRepair")
    yield site
    site.remove()
    assert_in_order(site)
    shutil.rmtree(site.site, ignore_errors=True)


@pytest.fixture
def running(site):
    """Installed and running, with the quick configuration, an older version, and a repair made."""
    site.home.mkdir()
    site.configure()
    site.first_setup()
    site.make_older()
    site.put("first.ini")
    site.await_event(2000, "first.ini")
    return site


# ---- what NT 4.0 needs ----

def floor_checks():
    sys.path.insert(0, str(ROOT / "tests"))
    import floor
    return floor


@pytest.mark.quick
def test_loads_on_nt4(arch):
    """What the set-up program itself imports from the two DLLs whose NT 4.0 exports are known."""
    image = floor_checks().Image(str(setup_program()))
    assert not image.is_64 and image.subsystem_version == (4, 0) and image.os_version == (4, 0)
    exported = set((ROOT / "tests/nt4-exports.txt").read_text().splitlines())
    imports = {f"{dll} {name}" for dll, name in image.imports()
               if dll in ("kernel32.dll", "advapi32.dll")}
    assert imports and imports <= exported, imports - exported


def test_runs_on_an_i486(plain):
    """The set-up program and the uninstaller, which is the same stub once more."""
    plain.first_setup("/NOSTART")
    for path in (plain.setup_exe, plain.home / "uninstall.exe"):
        seen, newer = floor_checks().newer_instructions(str(path), floor_checks().Image(str(path)))
        # The empty lists of constructors, which are no instructions, are not at the end here.
        assert seen > 10000 and not [n for n in newer if not n.startswith("(bad)")], (path, newer)


# ---- the first time ----

@pytest.mark.quick
def test_installs_and_repairs(site):
    result = site.first_setup()
    assert "is running" in result.log
    assert site.state() == RUNNING
    assert site.files() == sorted(PROGRAM_FILES + ["kmrepair.ini", "kmrepair.jnl"])
    assert f"\nFolder = {site.wine.windows_path(site.folder)}\r\n".encode() in site.config.read_bytes()
    assert site.exe.read_bytes() == (tools("x86") / "kmrepair.exe").read_bytes()
    assert site.wine.probe("regkey", EVENT_SOURCE_KEY).rc == 0
    for name in ("README.txt", "OPERATIONS.txt", "EVENTS.txt", "LICENSE.txt"):
        text = (site.home / name).read_bytes()
        assert text.count(b"\r\n") == text.count(b"\n") > 10
    site.put("stuck.ini")
    site.await_repaired("stuck.ini")  # after the default settle time


def test_entry_in_add_remove_programs(site):
    site.first_setup("/NOSTART")
    home, entry = site.wine.windows_path(site.home), site.add_remove()
    version = site.ok("--version").out.split()[1]
    size = sum((site.home / name).stat().st_size for name in PROGRAM_FILES)
    assert entry.pop("EstimatedSize") == -(-size // 1024)
    assert entry == {
        "DisplayName": "KMRepair", "DisplayVersion": version, "Publisher": "The KMRepair developers",
        "InstallLocation": home, "DisplayIcon": home + r"\uninstall.exe",
        "UninstallString": f'"{home}\\uninstall.exe"',
        "QuietUninstallString": f'"{home}\\uninstall.exe" /S', "NoModify": 1, "NoRepair": 1}


def test_nostart_and_report_only(site):
    site.first_setup("/NOSTART", "/REPORTONLY")
    assert site.state() == STOPPED
    assert "\nRepair = no\n" in site.config_text()
    site.put("stuck.ini")
    site.start()
    site.await_event(2001, "stuck.ini")
    assert not site.repaired("stuck.ini")


def test_by_itself_it_takes_the_64_bit_program(plain):
    # Not quoted either: this is how NSIS itself wants /D.
    plain.setup("/NOSTART", plain.to_here())
    assert plain.exe.read_bytes() == (tools("x64") / "kmrepair.exe").read_bytes()
    assert plain.wine.windows_path(plain.home) in plain.wine.probe("config", SERVICE).out


def test_a_refused_first_install_leaves_nothing(site):
    site.home.mkdir()
    site.configure_text("[service]\r\nNonsense = yes\r\n")
    result = site.first_setup(expect=REFUSED)
    assert "Nonsense" in result.log
    assert site.files() == ["kmrepair.ini"] and "Nonsense" in site.config_text()
    assert site.query() == {"error": DOES_NOT_EXIST} and not site.add_remove()


# ---- what it does not begin with ----

def test_refuses_what_is_wrong(site):
    for wrong in ("/NOSTRAT", "/CLIENTS=Clients", "/D=not a whole path", "/WAIT=soon"):
        result = site.setup("/X86", wrong, expect=WRONG)
        assert wrong.split("=")[-1] in result.log, wrong
    assert not site.home.exists() and site.query() == {"error": DOES_NOT_EXIST}


def test_refuses_without_an_administrators_rights(site):
    helper = tools("x86") / "admin.exe"
    log = site.site / "user.log"
    result = site.wine.run(helper, "asuser", site.wine.windows_path(site.setup_exe), "/S",
                           site.to_here(), f"/LOG={site.wine.windows_path(log)}")
    assert result.rc == NO_ADMINISTRATOR, result
    assert "log on as an administrator" in log.read_text("utf-16")
    assert not site.home.exists()


def test_refuses_a_second_folder(running):
    other = running.wine.windows_path(running.site / "other")
    result = running.setup("/X86", f"/D={other}", expect=WRONG)
    assert running.wine.windows_path(running.home) in result.log
    assert running.state() == RUNNING and not (running.site / "other").exists()


# ---- upgrade ----

def test_upgrade_over_a_running_service(running):
    helper = tools("x86") / "admin.exe"
    assert running.wine.run(helper, "starttype", SERVICE, DEMAND_START).rc == 0
    config, journal = running.config.read_bytes(), running.journal.read_bytes()
    running.forget_events()
    running.setup("/X86")  # it knows where
    assert not running.is_older() and running.state() == RUNNING
    assert running.config.read_bytes() == config
    assert running.journal.read_bytes().startswith(journal)
    assert running.wine.probe("config", SERVICE).pairs()["start"] == DEMAND_START
    assert running.files() == sorted(PROGRAM_FILES + ["kmrepair.ini", "kmrepair.jnl"])
    assert [e.id for e in running.events() if e.id in (1000, 1001)] == [1001, 1000]
    running.put("second.ini")
    running.await_event(2000, "second.ini")


def test_upgrade_over_a_stopped_service(running):
    running.stop()
    config, journal = running.config.read_bytes(), running.journal.read_bytes()
    running.setup("/X86")
    assert not running.is_older() and running.state() == STOPPED
    assert running.config.read_bytes() == config and running.journal.read_bytes() == journal


def assert_as_before(site, before):
    assert site.is_older() and site.state() == RUNNING
    assert site.files() == before
    site.put("second.ini")
    site.await_event(2000, "second.ini")


def test_upgrade_of_a_program_that_is_held_open(running):
    before, entry = running.files(), running.add_remove()
    held = running.wine.windows_path(running.exe)
    with running.wine.hold("hold", held, "r", "r"):
        result = running.setup("/X86", "/WAIT=1", expect=FILE_IN_USE)
    assert "another program has it open" in result.log
    assert running.add_remove() == entry
    assert_as_before(running, before)


def test_upgrade_into_a_folder_with_something_else(running):
    """A directory is not KMRepair's, and the folder is made the administrators' alone."""
    (running.home / "LICENSE.txt.old").mkdir()
    before = running.files()
    result = running.setup("/X86", expect=REFUSED)
    assert "LICENSE.txt.old" in result.log
    assert_as_before(running, before)


def test_upgrade_that_the_program_refuses(running):
    """A configuration that says another folder is not changed."""
    before, config = running.files(), running.config.read_bytes()
    result = running.setup("/X86", r"/CLIENTS=C:\elsewhere", expect=REFUSED)
    assert "already says Folder = " in result.log
    assert running.config.read_bytes() == config
    assert_as_before(running, before)


def test_upgrade_with_a_mistake_in_the_configuration(running):
    """What runs goes on with the settings it has; stopped, nothing could start it again."""
    before, pid = running.files(), running.query()["pid"]
    running.configure(RescanMinutes="often")
    assert "RescanMinutes" in running.setup("/X86", expect=REFUSED).log
    assert running.query()["pid"] == pid
    assert_as_before(running, before)


def test_goes_on_after_a_power_cut(running):
    """Between two renames: the program is away, the old one lies beside it."""
    running.stop()
    wait_until(lambda: not running.wine.unix_pids(running.exe.name), "the process is gone")
    running.exe.rename(running.home / "kmrepair.exe.old")
    (running.home / "kmrepair.exe.new").write_bytes(b"half a prog")
    running.setup("/X86")
    assert running.state() == STOPPED and not running.is_older()
    assert running.files() == sorted(PROGRAM_FILES + ["kmrepair.ini", "kmrepair.jnl"])


# ---- uninstall ----

def test_uninstall_leaves_configuration_and_journal(running):
    config = running.config.read_bytes()
    (running.home / "a note.txt").write_text("not ours")
    running.uninstall()
    assert running.query() == {"error": DOES_NOT_EXIST}
    assert running.wine.probe("regkey", EVENT_SOURCE_KEY).out == "error=2\n"
    assert running.files() == ["a note.txt", "kmrepair.ini", "kmrepair.jnl"]
    assert running.config.read_bytes() == config
    assert b"first.ini" in running.journal.read_bytes() and running.repaired("first.ini")


def test_purge_leaves_nothing(running):
    running.uninstall("/PURGE")
    wait_until(lambda: not running.home.exists(), "the folder is gone")
    assert running.query() == {"error": DOES_NOT_EXIST}


def test_uninstall_waits_when_told_to(plain):
    """Called by its real name, it is the process that does it, and its exit code tells."""
    plain.first_setup()
    uninstaller = plain.home / "uninstall.exe"
    here = f"_?={plain.wine.windows_path(plain.home)}"
    with plain.wine.hold("hold", plain.wine.windows_path(plain.exe), "r", "r"):
        result = plain.with_log(uninstaller, "/WAIT=1", here)
    assert result.rc == FILE_IN_USE, result.log
    # Before: the service was gone.
    assert "Nothing was removed" in result.log and plain.state() == RUNNING
    assert plain.exe.exists() and plain.add_remove()
    assert plain.with_log(uninstaller, "/NONSENSE", here).rc == WRONG
    assert plain.with_log(uninstaller, "/PURGE", here).rc == OK
    assert not plain.add_remove() and plain.files() in ([], ["uninstall.exe"])


def test_uninstall_names_what_it_could_not_delete(plain):
    """Before: 0, and the entry in Add/Remove Programs was gone."""
    plain.first_setup("/NOSTART")
    here = f"_?={plain.wine.windows_path(plain.home)}"
    with plain.wine.hold("hold", plain.wine.windows_path(plain.home / "README.txt"), "r", "r"):
        result = plain.with_log(plain.home / "uninstall.exe", "/PURGE", here)
    assert result.rc == LEFT, result.log
    assert f"Left: {plain.wine.windows_path(plain.home)}\\README.txt" in result.log and "KMRepair is removed" not in result.log
    assert plain.query() == {"error": DOES_NOT_EXIST} and plain.add_remove()
    assert plain.files() == ["README.txt", "uninstall.exe"]
    assert plain.with_log(plain.home / "uninstall.exe", here).rc == OK
    assert not plain.add_remove() and plain.files() in ([], ["uninstall.exe"])


def test_uninstall_of_a_paused_service_that_is_in_use(plain):
    plain.home.mkdir()
    plain.configure()
    plain.first_setup()
    plain.controlled(PAUSE, PAUSED)
    plain.put("stuck.ini")
    with plain.wine.hold("hold", plain.wine.windows_path(plain.exe), "r", "r"):
        result = plain.with_log(plain.home / "uninstall.exe", "/WAIT=1", f"_?={plain.wine.windows_path(plain.home)}")
    assert result.rc == FILE_IN_USE and plain.state() == PAUSED and not plain.repaired("stuck.ini")


# ---- release ----

@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=KMRepair test", "-addext", "extendedKeyUsage=codeSigning",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                   check=True, capture_output=True)
    return folder


def make(*argv):
    # The products of this build are what is under test: nothing is built twice.
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "-s", *argv], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def verify(path, certificate):
    return subprocess.run(["osslsigncode", "verify", "-CAfile", certificate / "cert.pem", path],
                          capture_output=True, text=True)


def test_dist(arch):
    make("dist")
    dist = ROOT / "build/dist"
    assert subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=dist).returncode == 0
    (archive,) = dist.glob("*.zip")
    (setup,) = dist.glob("*-setup.exe")
    assert len((dist / "SHA256SUMS").read_text().splitlines()) == 2
    assert setup.read_bytes() == setup_program().read_bytes()
    with zipfile.ZipFile(archive) as file:
        names = {name.split("/", 1)[1] for name in file.namelist()}
        for arch_ in ("x86", "x64"):
            inside = file.read(f"{archive.stem}/{arch_}/kmrepair.exe")
            assert inside == (tools(arch_) / "kmrepair.exe").read_bytes()
    assert {"kmrepair.ini", "README.txt", "OPERATIONS.txt", "EVENTS.txt", "LICENSE.txt", "THIRD-PARTY.txt",
            "docs/architecture.md"} <= names
    first = archive.read_bytes()
    make("dist")
    assert archive.read_bytes() == first


def test_sign(plain, certificate):
    make("sign", f"CERT={certificate / 'cert.pem'}", f"KEY={certificate / 'key.pem'}")
    signed = ROOT / "build/signed"
    shutil.copy(signed / "kmrepair-setup.exe", plain.setup_exe)
    plain.first_setup("/NOSTART")
    for path in (signed / "x64/kmrepair.exe", plain.setup_exe, plain.exe, plain.home / "uninstall.exe"):
        said = verify(path, certificate)
        assert said.returncode == 0, f"{path}: {said}"
    assert verify(setup_program(), certificate).returncode != 0  # that stays what it was
