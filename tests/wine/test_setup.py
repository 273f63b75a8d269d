# SPDX-License-Identifier: MIT
"""The set-up program where somebody is against it, in a hurry, or has been there before.

The numbers are those of the faults met in use (S1: ...). How each failed on the set-up program of before is said
with it; what Wine does not have, is said there, too.
"""

import json
import os
import re
import shutil
import threading
import time

import pytest

import setup_matrix
from conftest import tools
from host import EVENT_SOURCE_KEY, PAUSE, PAUSED, RUNNING, SERVICE, STOPPED, wait_until
from field import fault
from test_installer import (DOES_NOT_EXIST, NOT_PUT_BACK, REFUSED, ROOT, WRONG, running, setup_program, site)

pytestmark = pytest.mark.parametrize("arch", ["x86"], indirect=True)


def admin(site, *words):
    result = site.wine.run(tools("x86") / "admin.exe", *words)
    assert result.rc == 0, result


def elsewhere(site, folder):
    site.home = folder
    site.exe, site.config = folder / "kmrepair.exe", folder / "kmrepair.ini"
    site.journal = folder / "kmrepair.jnl"
    return site


def assert_nothing_there(site):
    assert not site.home.exists() and site.query() == {"error": DOES_NOT_EXIST} and not site.add_remove()


# ---- S1: whoever can write to a folder must not be able to have something run by set-up ----

class Watcher(threading.Thread):
    """Exchanges `kmrepair.exe.new` for another program as soon as it is there, and notes the mode of its folder."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site, self.mode, self.stop = site, None, threading.Event()

    def run(self):
        new = self.site.home / "kmrepair.exe.new"
        planted = (tools("x86") / "planted.exe").read_bytes()
        while not self.stop.is_set():
            if new.exists() and self.mode is None:
                self.mode = self.site.home.stat().st_mode & 0o777
                aside = self.site.site / "aside.exe"
                aside.write_bytes(planted)
                aside.rename(new)
            time.sleep(0.001)


def planted(site):
    """The mode of the folder when the program was written into it, while somebody exchanges that."""
    watcher = Watcher(site)
    watcher.start()
    site.with_log(site.setup_exe, "/X86", "/NOSTART", site.to_here())
    watcher.stop.set()
    watcher.join()
    if site.exe.exists():  # to remove the service again
        shutil.copy(tools("x86") / "kmrepair.exe", site.exe)
    return watcher.mode


def test_s1_a_planted_program_is_not_run(site):
    """Before: run as an administrator to limit the folder, which others could write to up to then.

    Wine's access lists keep nobody out here, so the exchange itself succeeds; on Windows it is refused, because
    the folder is limited before the first file is in it: that is seen by its mode.
    """
    site.home.mkdir()
    site.home.chmod(0o777)
    mode = planted(site)
    assert mode is not None, "nothing was unpacked there"
    assert not mode & 0o002, f"others could write to it: {mode:o}"
    assert not (site.home / "PLANTED.TXT").exists(), "the planted program was run"


def test_s1_a_new_folder_is_not_as_the_one_above(site):
    """It has its own list when it is made (test_lists.py), and set-up runs nothing out of it."""
    assert planted(site) is not None and not (site.home / "PLANTED.TXT").exists()


def test_s1_the_stub_is_the_safe_one(arch):
    """NSIS' own folder for plug-ins: private where Windows cannot say who is an administrator (NT 4.0), an error
    when it is there already, and nothing for others but to read. See installer/private.py."""
    original = open("/usr/share/nsis/Stubs/lzma_solid-x86-unicode", "rb").read()
    ours = setup_program().read_bytes()
    for before, after in ((b"\x31\xd2\x85\xc0\x74\x09\xff\xd0\x31\xd2\x85\xc0\x0f\x95\xc2",
                           b"\xb2\x01\x85\xc0\x74\x09\xff\xd0\x31\xd2\x85\xc0\x0f\x95\xc2"),
                          (b"\x00\x03\x14\x00\xc1\x00\x12\x00", b"\x00\x03\x14\x00\x81\x00\x12\x00"),
                          (b"\x51\x85\xc0\x75\x14\x66\xc7\x07", b"\x51\x85\xc0\x75\x1b\x66\xc7\x07"),
                          (b"\x81\x78\x02\x44\x00\x3d\x00", b"\x81\x78\x02\xff\xff\x3d\x00")):
        assert original.count(before) == 1 and before not in ours and ours.count(after) == 1


# ---- S2: what was paused or stopped is so again, and never worked in between ----

@pytest.mark.parametrize("row", [("paused", "beside", "sound"), ("paused", "elsewhere", "faulty"),
                                 ("disabled", "elsewhere", "sound"), ("running, disabled", "beside", "sound")],
                         ids=lambda row: "-".join(row).replace(", ", "-"))
def test_s2_s5_rows_of_the_matrix(site, row):
    """Before: a paused service was started and repaired (exit code 0); a running one whose start type is Disabled
    was left stopped (9). `make setup-matrix` has all the rows."""
    assert setup_matrix.play(site, *row)[3] == ""


def test_s2_a_refusal_is_found_before_anything_is_stopped(running):
    """Before: stopped, replaced, put back, and started: a paused service was running then."""
    running.controlled(PAUSE, PAUSED)
    running.put("stuck.ini")
    before = running.query()
    for option in ("/REPORTONLY", r"/CLIENTS=C:\elsewhere"):
        assert "already says" in running.setup("/X86", option, expect=REFUSED).log
        assert running.query() == before
    assert not running.repaired("stuck.ini")


def test_s2_an_open_folder_of_a_configuration_is_found_before(running):
    """Before: found when the service was stopped and the files were exchanged."""
    folder = running.site / "settings"
    folder.mkdir()
    running.stop()
    running.config.with_name("kmrepair.jnl").rename(folder / "kmrepair.jnl")
    running.config.rename(folder / "other.ini")
    running.ok("install", "--config", running.wine.windows_path(folder / "other.ini"))
    running.start()
    before = running.query()
    folder.chmod(0o777)
    log = running.setup("/X86", expect=REFUSED).log
    assert "so nothing was changed" in log and "settings may be changed by" in log
    assert running.query() == before and running.is_older()
    folder.chmod(0o755)
    running.setup("/X86")


def test_s2_paused_again_when_the_new_one_does_not_start(running):
    """The old version is put back into the state in which it was."""
    running.controlled(PAUSE, PAUSED)
    with running.wine.hold("hold", running.wine.windows_path(running.home / "LICENSE.txt"), "r", "r"):
        running.setup("/X86", expect=6)
    assert running.is_older() and running.state() == PAUSED


def test_what_fails_late_is_put_back(running):
    """A mistake is saved into the configuration when the new files are there already: `install` refuses, the
    exchange is undone."""
    running.stop()
    before = running.files()

    def spoil():
        wait_until((running.home / "uninstall.exe.new").exists, "the new files are there", poll=0.001)
        with open(running.config, "ab") as file:
            file.write(b"Nonsense = yes\r\n")
    thread = threading.Thread(target=spoil)
    thread.start()
    log = running.setup("/X86", expect=REFUSED).log
    thread.join()
    assert "KMRepair cannot be installed.\n" in log.replace("\r", "") and "Nonsense" in log
    assert running.is_older() and running.state() == STOPPED and running.files() == before


def test_a_journal_that_protect_made_goes_again(site):
    """For an account `protect` makes one. Before: it stayed."""
    site.first_setup("/NOSTART")
    site.ok("install", "--account", r"NT AUTHORITY\LocalService")
    site.journal.unlink()
    before = site.files()
    with site.wine.hold("hold", site.wine.windows_path(site.home / "LICENSE.txt"), "r", "r"):
        site.setup("/X86", expect=6)
    assert site.files() == before


def test_access_lists_are_put_back(running):
    """What set-up limited before it failed. Before: it stayed limited."""
    paths = running.home, running.exe, running.config
    for path in paths:
        path.chmod(0o777)
    with running.wine.hold("hold", running.wine.windows_path(running.home / "LICENSE.txt"), "r", "r"):
        log = running.setup("/X86", expect=6).log
    assert "are now limited to SYSTEM and Administrators" in log
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o777] * 3
    running.setup("/X86")
    assert not any(path.stat().st_mode & 0o002 for path in paths)


def test_waiting_for_the_program_leaves_it_read_only(site):
    """Before: the attribute was cleared to see whether somebody runs the program, and not set again.

    For Wine the attribute is a part of the access list, so a whole set-up cannot show it."""
    site.home.mkdir()
    shutil.copy(tools("x86") / "kmrepair.exe", site.exe)
    site.exe.chmod(0o555)
    words = tools("x86") / "kmrepair.exe", "stop", "--in", site.wine.windows_path(site.home), "--wait"
    assert site.wine.run(*words, "5").rc == 0 and not site.exe.stat().st_mode & 0o222
    with site.wine.hold("hold", site.wine.windows_path(site.exe), "r", "r"):
        result = site.wine.run(*words, "1")
    assert result.rc == 1 and "is in use: another program has it open" in result.err
    assert not site.exe.stat().st_mode & 0o222
    assert site.wine.run(*words, "soon").rc == 2


def test_a_journal_with_repairs_is_kept(site):
    """There was none before. Before: deleted, and nothing could be undone."""
    site.home.mkdir()
    site.configure()
    site.first_setup()
    site.put("first.ini")
    site.await_event(2000, "first.ini")
    site.uninstall()
    journal = site.journal.read_bytes()
    site.journal.unlink()

    def spoil():
        wait_until((site.home / "uninstall.exe.new").exists, "the new files are there", poll=0.001)
        site.journal.write_bytes(journal)
        with open(site.config, "ab") as file:
            file.write(b"Nonsense = yes\r\n")
    thread = threading.Thread(target=spoil)
    thread.start()
    log = site.first_setup(expect=NOT_PUT_BACK).log
    thread.join()
    assert "Kept: " in log and "it tells of repairs" in log
    assert site.files() == ["kmrepair.ini", "kmrepair.jnl"] and site.journal.read_bytes() == journal


def test_an_old_program_that_knows_no_paused_start_is_left_stopped(running):
    """Before: set going by the roll-back, and it repaired."""
    running.stop()
    wait_until(lambda: not running.wine.unix_pids(running.exe.name), "the process is gone")
    old = running.exe.read_bytes()
    for word in (b"\0paused\0", "paused\0".encode("utf-16-le")):
        assert word in old
        old = old.replace(word, word.replace(b"d", b"x"))  # --pausex is what it knows
    running.exe.write_bytes(old)
    running.start()
    running.controlled(PAUSE, PAUSED)
    running.put("stuck.ini")
    with running.wine.hold("hold", running.wine.windows_path(running.home / "LICENSE.txt"), "r", "r"):
        log = running.setup("/X86", expect=NOT_PUT_BACK).log
    assert "cannot be started paused" in log and "was paused, and is stopped now" in log
    assert running.is_older() and running.state() == STOPPED and not running.repaired("stuck.ini")


@pytest.mark.parametrize("options", [(), ("/REPORTONLY",), ("/NOSTART",)], ids=" ".join)
def test_the_same_command_line_twice(site, options):
    for _ in range(2):
        site.first_setup(*options)
    assert site.state() == (STOPPED if options == ("/NOSTART",) else RUNNING)


# ---- S3: what else is in the folder ----

def test_s3_data_stays(running):
    """Before: exit code 7."""
    for name in ("scan.csv", "kmrepair.ini.bak"):
        (running.home / name).write_text("a list")
    (running.home / "docs").mkdir()
    running.setup("/X86")
    assert not running.is_older() and {"scan.csv", "kmrepair.ini.bak", "docs"} <= set(running.files())


@pytest.mark.parametrize("name", ["version.dll", "kmrepair.exe.local", "other.EXE", "kmrepair.exe.manifest"])
def test_s3_programs_do_not(running, name):
    (running.home / name).write_bytes(b"MZ")
    before = running.query()
    log = running.setup("/X86", expect=REFUSED).log
    assert name in log and "move it elsewhere" in log
    assert running.query() == before and running.is_older()


# ---- S4: where it is to be installed ----

@pytest.mark.parametrize("folder", ["KMRepair", "C:/x", r"C:\a\..\b", r"\x", "C:", r"C:\a:b", "C:\\", r"C:\a?b", r"C:\a.\b",
                                    r"C:\a.", r"C:\a\\b", r"C:\\a", r"1:\a", r"::\a", r"\\host", r"\\host\share", "\\\\host\\share\\",
                                    r"\\\host\share\a"])
def test_s4_a_folder_that_is_no_full_path(site, folder):
    """Before: 0, and installed elsewhere. NSIS takes an unquoted /D= for nothing when it does not like it."""
    program_files = sorted(site.wine.drive_c.glob("Program Files*/*"))
    log = site.setup("/X86", f"/D={folder}", expect=WRONG).log
    assert folder.rstrip("\\") in log
    assert sorted(site.wine.drive_c.glob("Program Files*/*")) == program_files
    assert_nothing_there(site)


def test_s4_unquoted_it_goes_on_to_the_end_of_the_line(site):
    """As NSIS itself wants it. Wine quotes an argument with a blank, so cmd has to pass the line on."""
    line = f"{site.wine.windows_path(site.setup_exe)}".replace("set up.exe", "setup.exe")
    shutil.copy(site.setup_exe, site.site / "setup.exe")
    batch = site.site / "run.bat"
    batch.write_bytes(f'{line} /S /X86 /NOSTART /D={site.wine.windows_path(site.site)}\\a b\r\n'.encode("cp1252"))
    site.wine.run("cmd", "/c", site.wine.windows_path(batch))
    elsewhere(site, site.site / "a b")
    wait_until(lambda: site.add_remove(), "it is installed")
    assert site.files() and site.state() == STOPPED


def test_a_new_folder_above_goes_again(site):
    elsewhere(site, site.site / "new" / "deep" / "KMRepair")
    site.first_setup("/NOSTART")
    assert site.files() and site.state() == STOPPED
    site.uninstall("/PURGE")
    shutil.rmtree(site.site / "new", ignore_errors=True)
    # Before, NSIS made them, with the list of the one above: the program does, as its own (test_lists.py).
    assert not any("CreateDirectory" in path.read_text() for path in (ROOT / "installer").glob("*.ns?"))
    with site.wine.hold("hold", site.wine.windows_path(site.setup_exe), "r", "r"):
        site.first_setup(r"/CLIENTS=C:\a%OS%b\Clients", expect=REFUSED)
    assert not (site.site / "new").exists()


# ---- S6, S7, S8: paths that Windows would read otherwise ----

@pytest.mark.parametrize("folder, told", [("a%OS%b", "variable"), ("a;b", "semicolon")])
def test_s6_s7_a_program_folder_that_windows_would_misread(site, folder, told):
    """Before: installed; the service did not start (S6), its events had no texts (S7)."""
    elsewhere(site, site.site / folder)
    log = site.first_setup(expect=REFUSED).log
    assert told in log and folder in log
    assert_nothing_there(site)


def test_s6_a_percent_sign_that_begins_no_variable(site):
    elsewhere(site, site.site / "100% KMRepair")
    site.first_setup()
    assert site.state() == RUNNING


def test_s8_a_clients_folder_with_a_variable(site):
    """Before: exit code 7, and a kmrepair.ini that meant another folder stayed behind."""
    log = site.setup("/X86", r"/CLIENTS=C:\a%OS%b\Clients", site.to_here(), expect=REFUSED).log
    assert r"C:\a%OS%b\Clients" in log
    assert_nothing_there(site)
    site.home.mkdir()
    shutil.copy(tools("x86") / "kmrepair.exe", site.exe)
    result = site.run("install", "--folder", r"C:\a%OS%b\Clients")
    assert result.rc == 2 and "variable" in result.err and site.files() == ["kmrepair.exe"]


# ---- S9, S10: help and the log ----

def test_s9_help_is_no_mistake(site):
    """Before: 4, there is no such option."""
    log = site.setup("/?").log
    assert "/CLIENTS=DIR" in log and "Exit codes" in log
    assert_nothing_there(site)


def test_s9_a_log_that_cannot_be_written(site):
    """The reason is in a box (test_pages.py): there is no log."""
    result = site.wine.run(site.setup_exe, "/S", r"/LOG=C:\nodir\x.log", site.to_here(), again=False)
    assert result.rc == WRONG
    assert_nothing_there(site)


def test_s10_the_log_has_each_letter(site):
    """Before: what the program said was read in a code page."""
    log = site.first_setup().log
    home = site.wine.windows_path(site.home)
    assert f"Configuration: {home}\\kmrepair.ini" in log and f"is installed in {home}" in log
    assert site.wine.windows_path(site.folder) in log


# ---- who owns what (S12 is in test_scm.py: Wine does not lock the database of services for whoever asks) ----

@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(site):
    """Before: taken over; its owner could have a handle open by which its list can be changed again."""
    site.home.mkdir()
    os.chown(site.home, 12345, 12345)
    log = site.first_setup(expect=REFUSED).log
    assert "belongs to" in log and "use a new folder" in log
    assert site.files() == [] and site.query() == {"error": DOES_NOT_EXIST}
    os.chown(site.home, 0, 0)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_that_somebody_else_has_just_made_is_refused(site):
    """Between `install --check` and `protect`. Before: taken over. An administrator who says `protect` wants that."""
    site.home.mkdir()
    os.chown(site.home, 12345, 12345)
    home = site.wine.windows_path(site.home)
    result = site.wine.run(tools("x86") / "kmrepair.exe", "protect", home, "--strict")
    assert result.rc == 2 and "belongs to" in result.err and site.home.stat().st_uid == 12345
    # Wine cannot replace the owner.
    assert "belongs to" not in site.wine.run(tools("x86") / "kmrepair.exe", "protect", home).err
    os.chown(site.home, 0, 0)


def test_a_folder_that_is_a_link_is_refused(site):
    """Before: what it leads to was limited, and whoever owns the link could have it lead elsewhere."""
    real = site.site / "real"
    real.mkdir()
    site.home.symlink_to(real)
    log = site.first_setup(expect=REFUSED).log
    assert "is a link (junction); give the folder that it leads to" in log
    assert not any(real.iterdir()) and site.query() == {"error": DOES_NOT_EXIST}
    site.home.unlink()


def test_a_folder_above_that_others_may_write_to_is_named(site):
    """In one line, and it is no reason to refuse."""
    site.site.chmod(0o777)
    log = site.first_setup().log
    site.site.chmod(0o755)
    (line,) = [line for line in log.splitlines() if line.startswith("Note: ")]
    above = site.wine.windows_path(site.site)
    assert f"can rename or replace {site.wine.windows_path(site.home)}" in line and f"{above};" in line


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_an_output_folder_of_somebody_else_is_refused(site):
    """Set-up's own, when somebody has exchanged it. Before: used."""
    folder = site.site / "swapped"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    result = site.wine.run(tools("x86") / "kmrepair.exe", "check", "--output", site.wine.windows_path(folder) + r"\said.txt")
    assert result.rc == 2 and "the folder of --output belongs to" in result.err and not any(folder.iterdir())


# ---- the verbs, all or nothing ----

def is_registered(product):
    return product.wine.probe("regkey", EVENT_SOURCE_KEY).rc == 0


@pytest.mark.parametrize("what", ["nosource", "nodelete"])
@pytest.mark.parametrize("state", [RUNNING, PAUSED, STOPPED])
def test_uninstall_that_fails_leaves_the_service_as_it_was(faulty, what, state):
    """Before: stopped; with `nosource` it was gone, and the exit code 2."""
    if state != STOPPED:
        faulty.start()
    if state == PAUSED:
        faulty.controlled(PAUSE, PAUSED)
        faulty.put("stuck.ini")
    with fault(faulty, what):
        result = faulty.run("uninstall")
    assert result.rc == 2 and "cannot remove the service" in result.err
    assert faulty.query()["state"] == state and is_registered(faulty)
    assert state != PAUSED or not faulty.repaired("stuck.ini")
    assert faulty.run("uninstall").rc == 0 and faulty.query() == {"error": DOES_NOT_EXIST} and not is_registered(faulty)
    faulty.run("install")


def test_install_that_fails_at_registration_leaves_nothing(product):
    """Before: kmrepair.ini, an empty journal, the event source and the access lists stayed."""
    shutil.copy(tools("x86") / "fault.exe", product.exe)
    product.config.unlink()
    product.home.chmod(0o700)
    before = sorted(path.name for path in product.home.iterdir())
    product.exe.chmod(0o700)
    with fault(product, "nomake"):
        result = product.run("install", "--account", r"NT AUTHORITY\LocalService")
    assert result.rc == 2 and "cannot register the service" in result.err
    assert sorted(path.name for path in product.home.iterdir()) == before
    # What `install` gives Users is not there.
    assert not product.home.stat().st_mode & 0o007 and not product.exe.stat().st_mode & 0o007
    assert product.query() == {"error": DOES_NOT_EXIST} and not is_registered(product)


def test_a_configuration_on_fat_is_told(product, tmp_path):
    """The program's volume keeps access lists, that of the configuration does not. Before: not a word."""
    shutil.copy(tools("x86") / "fault.exe", product.exe)
    (tmp_path / "kmrepair.ini").write_bytes(product.config.read_bytes())
    config = "Z:" + str(tmp_path / "kmrepair.ini").replace("/", "\\")
    note = "Note: this FAT volume keeps no access lists; everybody may change the configuration."
    with fault(product, "fat"):
        for verb in (["check"], ["install", "--check"]):
            result = product.run(*verb, "--config", config)
            assert result.rc == 0 and result.out.count(note) == 1, result
    assert note not in product.run("check", "--config", config).out


def test_check_has_the_sentence_of_the_others(product):
    """Before: one of its own."""
    product.configure(Folder="auto")
    sentence = re.compile(r"no Clients folder found \(no service MSExchangeKMS, .*\)")
    said = sentence.search(product.run("check").out)
    assert said and said[0] in product.run("scan").err


# ---- how a service may be registered ----

def test_a_service_without_quotes_is_understood(running):
    """Before: `C:\\kmr\\...\\KM` was taken for the program, and the upgrade refused as one into another folder."""
    program = running.wine.windows_path(running.exe)
    admin(running, "image", SERVICE, f"{program} run")
    facts = json.loads(running.ok("check", "--format=json").out)
    assert facts["program"] == program and facts["configuration"] == running.wine.windows_path(running.config)
    running.setup("/X86")
    assert not running.is_older() and running.state() == RUNNING
    assert f'"{program}" run' in running.wine.probe("config", SERVICE).out


def test_c4_install_from_a_second_copy_says_so(running):
    running.stop()
    other = running.site / "second"
    other.mkdir()
    shutil.copy(tools("x86") / "kmrepair.exe", other)
    result = running.wine.run(other / "kmrepair.exe", "install")
    assert result.rc == 0, result
    was, now = running.wine.windows_path(running.exe), running.wine.windows_path(other / "kmrepair.exe")
    assert f"Moved the service from {was} to {now}" in result.out
    assert "Moved" not in running.wine.run(other / "kmrepair.exe", "install").out


def test_a_service_of_another_folder_is_left(running):
    """Before: removed, with the configuration that it works with."""
    running.stop()
    other = running.site / "second"
    other.mkdir()
    shutil.copy(tools("x86") / "kmrepair.exe", other)
    assert running.wine.run(other / "kmrepair.exe", "install").rc == 0
    log = running.site / "uninstall.log"
    running.uninstall("/PURGE", f"/LOG={running.wine.windows_path(log)}")
    program = running.wine.windows_path(other / "kmrepair.exe")
    assert f"The service runs from {program} and was left." in log.read_text("utf-16")
    assert running.state() == STOPPED and program in running.wine.probe("config", SERVICE).out
    assert not running.exe.exists() and running.config.exists()
    assert running.wine.run(other / "kmrepair.exe", "uninstall").rc == 0


def test_purge_removes_a_configuration_elsewhere(site):
    """Before: it stayed, and the document said that it goes."""
    folder = site.site / "settings"
    folder.mkdir()
    site.home.mkdir()
    site.configure()
    site.first_setup("/NOSTART")
    site.config.rename(folder / "other.ini")
    site.ok("install", "--config", site.wine.windows_path(folder / "other.ini"))
    site.start()
    (folder / "mine.txt").write_text("not KMRepair's")
    site.uninstall("/PURGE")
    wait_until(lambda: not site.home.exists(), "the folder is gone")
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


@pytest.mark.quick
def test_install_check_changes_nothing(site):
    site.home.mkdir()
    shutil.copy(tools("x86") / "kmrepair.exe", site.exe)
    result = site.ok("install", "--check")
    assert "can be installed here" in result.out
    assert site.files() == ["kmrepair.exe"] and site.query() == {"error": DOES_NOT_EXIST}


# ---- what is shipped ----

@pytest.mark.quick
def test_notices_and_version_resources(arch):
    notices = (ROOT / "build/package/THIRD-PARTY.txt").read_bytes()
    for words in (b"Copyright (c) 2009, Ben Hoyt", b"Nullsoft and Contributors", b"Igor Pavlov", b"mingw-w64 project",
                  b"Altered source versions must be plainly marked"):
        assert words in notices, words
    version = (ROOT / "service/version.h").read_text()
    for name in ("COMPANY", "COPYRIGHT"):
        value = re.search(rf'KMREPAIR_{name} "(.*)"', version)[1].encode("utf-16-le")
        for path in (tools("x86") / "kmrepair.exe", tools("x64") / "kmrepair.exe", setup_program()):
            assert value in path.read_bytes(), (name, path)
