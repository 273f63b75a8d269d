# SPDX-License-Identifier: MIT
"""Folder = auto, and variables in Folder: where the records are looked for, and what is said of it."""

import json
import shutil

import pytest

from host import PARAMCHANGE, RUNNING, as_repaired, assert_holds, record, wait_until

KMS = "MSExchangeKMS"
CLIENTS = r"\Security\Mgrent\Clients"
LOOKED_AT = (KMS, CLIENTS, " C:")


@pytest.fixture
def host(product):
    """A host without a Key Management server; what a test makes of it is taken away again."""
    def roots():
        return [product.wine.drive_c / name for name in ("Security", "Exchsrvr")]

    assert not any(root.exists() for root in roots())
    product.configure(Folder="auto")
    yield product
    for root in roots():
        shutil.rmtree(root, ignore_errors=True)
    product.wine.probe("delete", KMS)


@pytest.fixture
def running(host):
    """The service, which has looked for the folder in vain."""
    host.install()
    try:
        host.start()
        host.await_event(3010)
        yield host
    finally:
        host.remove()


def register(host, image):
    """One that was deleted is there until its last handle is closed, which the end of a process leaves to Wine: 1073."""
    wait_until(lambda: host.wine.probe("create", KMS, image).rc == 0, "the service is made")


def make_folder(host, *parts, name="stuck.ini"):
    """A Clients folder with a stuck record in it."""
    folder = host.wine.drive_c.joinpath(*parts)
    folder.mkdir(parents=True)
    (folder / name).write_bytes(record())
    return folder


def usual(host):
    return make_folder(host, "Security", "Mgrent", "Clients")


def assert_found(host, folder):
    result = host.ok("check")
    assert f"Folder = {folder} (auto)," in result.out, result


def assert_looked_at(text, words=LOOKED_AT):
    for word in words:
        assert word in text, f"{word!r} is not in {text!r}"


# ---- by the service ----

IMAGES = {
    "plain": (r"C:\Exch\Security\bin\kmserver.exe", r"C:\Exch"),
    "other letters": (r"c:\exch\SECURITY\BIN\KMSERVER.EXE", r"c:\exch"),
    "quoted": (r'"C:\Program Files\Exch\Security\bin\kmserver.exe"', r"C:\Program Files\Exch"),
    "blanks": (r"C:\Program Files\Exch\Security\bin\kmserver.exe", r"C:\Program Files\Exch"),
    "arguments": (r"C:\Exch\Security\bin\kmserver.exe -d C:\Temp\bin\x.log", r"C:\Exch"),
    "quoted, arguments": (r'"C:\E x\Security\bin\kmserver.exe" "C:\Temp\bin\x.log"', r"C:\E x"),
    "another bin": (r"D:\bin\Security\bin\kmserver.exe", r"D:\bin"),
    "variable": (r"%SystemDrive%\Exch\Security\bin\kmserver.exe", r"C:\Exch"),
}


@pytest.mark.quick
def test_by_the_service(host):
    """Whether the folder is there or not: what the service says is right."""
    usual(host)  # a second choice, which does not matter here
    for kind, (command, base) in IMAGES.items():
        register(host, command)
        said = host.ok("check").out.lower()
        assert f"folder = {base}{CLIENTS} (auto),".lower() in said, kind
        host.wine.probe("delete", KMS)


def test_a_service_that_does_not_tell(host):
    for image in (r"C:\Other\bin\kmserver.exe", r"C:\Security\bin.exe", "x",
                  r"Security\bin\kmserver.exe", r"%None%\Security\bin\kmserver.exe"):
        register(host, image)
        assert "its program is not in" in host.ok("check").out, image
        host.wine.probe("delete", KMS)
    # What looks like its folder may be somebody's copy.
    register(host, "x")
    usual(host)
    assert "its program is not in" in host.ok("check").out


def test_waits_for_the_folder_of_the_service(host):
    register(host, r'"C:\Security\bin\kmserver.exe"')
    host.install()
    try:
        host.start()
        assert "C:" + CLIENTS in host.await_event(3010).strings[0]
        assert f"C:{CLIENTS} (auto)" in host.events(4000)[0].strings[1]
        folder = usual(host)
        wait_until(lambda: b"State = 1" in (folder / "stuck.ini").read_bytes(), "it is repaired")
    finally:
        host.remove()


# ---- on the drives ----

def test_on_a_drive(host):
    folder = usual(host)
    original = (folder / "stuck.ini").read_bytes()
    assert_found(host, "C:" + CLIENTS)
    assert host.run("scan").rc == 1
    status = host.run("status", "--format=json")
    assert json.loads(status.out)["folder"] == "C:" + CLIENTS
    host.ok("repair")
    assert (folder / "stuck.ini").read_bytes() == as_repaired(original)


def test_scan_before_there_is_a_configuration(host):
    host.config.unlink()
    result = host.run("scan")
    assert result.rc == 2 and not result.out
    assert_looked_at(result.err)
    usual(host)
    result = host.run("scan")
    assert result.rc == 1 and "stuck.ini" in result.out, result


def test_on_two_drives(host):
    usual(host)
    other = make_folder(host, "second drive", "Security", "Mgrent", "Clients")
    link = host.wine.prefix / "dosdevices" / "k:"
    link.symlink_to(host.wine.drive_c / "second drive")
    try:
        result = host.run("repair")
        assert result.rc == 2 and not result.out
        assert_looked_at(result.err, (" C: (found)", " K: (found)", "more than one", "Folder"))
        assert b"State = 4" in (other / "stuck.ini").read_bytes()
        register(host, r"C:\Security\bin\kmserver.exe")
        assert_found(host, "C:" + CLIENTS)
    finally:
        link.unlink()
        shutil.rmtree(host.wine.drive_c / "second drive")


def test_a_file_is_no_folder(host):
    (host.wine.drive_c / "Security" / "Mgrent").mkdir(parents=True)
    (host.wine.drive_c / "Security" / "Mgrent" / "Clients").write_bytes(b"")
    assert "found" not in host.ok("check").out.split(" C:")[1]


# ---- nowhere ----

def test_every_verb_says_what_was_looked_at(host):
    for verb in (["scan"], ["repair"], ["scan", "--format=json"]):
        result = host.run(*verb)
        assert result.rc == 2
        assert_looked_at(result.err)
        assert len(result.err.splitlines()) == 1
    assert_looked_at(host.ok("check").out)
    status = host.run("status", "--format=json")
    assert status.rc == 1
    assert_looked_at(json.loads(status.out)["folderError"])
    assert_looked_at(" ".join(host.run("status").out.split()))


def test_found_once_it_appears(running):
    event = running.events(3010)[0]
    assert_looked_at(" ".join(event.strings))
    assert running.query()["state"] == RUNNING
    assert not any("(auto)" in e.strings[1] for e in running.events(4000))
    folder = usual(running)
    wait_until(lambda: b"State = 1" in (folder / "stuck.ini").read_bytes(), "it is repaired", 70)
    running.await_event(3020)
    assert f"Folder = C:{CLIENTS} (auto)" in running.events(4000)[-1].strings[1]
    [repaired] = running.events(2000)
    assert repaired.strings[1] == "C:" + CLIENTS
    assert len(running.events(3010)) == 1


def test_install_says_it(host):
    host.config.unlink()
    try:
        out = host.install().out
        assert_looked_at(out, (*LOOKED_AT, "look again"))
        assert b"\r\nFolder = auto\r\n" in host.config.read_bytes()
        usual(host)
        out = host.install().out
        assert f"Folder: C:{CLIENTS}\n" in out and "look" not in out
    finally:
        host.remove()


@pytest.mark.parametrize("image", [None, r'"C:\Exchsrvr\bin\kmserver.exe"'])
def test_exchange_5_5_does_not_need_it(host, image):
    (host.wine.drive_c / "Exchsrvr" / "Kmsdata").mkdir(parents=True)
    if image:
        register(host, image)
    else:
        usual(host)
    assert "does not need" in " ".join(host.run("status").out.split())
    for verb in ("scan", "repair"):
        result = host.run(verb)
        assert result.rc == 2
        assert_looked_at(result.err, (r"C:\Exchsrvr\Kmsdata", "does not need"))
    assert "does not need" in host.ok("check").out
    assert not host.events(2000)


# ---- a saved change ----

def settings_in_force(host):
    return host.events(4000)[-1].strings[1]


def test_from_a_path_to_auto_and_back(running):
    running.put("elsewhere.ini")
    running.configure()
    running.await_repaired("elsewhere.ini")
    folder = usual(running)
    running.configure(Folder="auto")
    wait_until(lambda: b"State = 1" in (folder / "stuck.ini").read_bytes(), "it is repaired")
    running.put("second.ini")
    assert f"C:{CLIENTS} (auto)" in settings_in_force(running)
    # The same folder, by its name.
    running.configure(Folder="C:" + CLIENTS)
    wait_until(lambda: f"C:{CLIENTS}, " in settings_in_force(running), "the path is in force")
    running.configure(Folder="auto")
    wait_until(lambda: f"C:{CLIENTS} (auto), " in settings_in_force(running), "auto is in force")
    running.configure()
    running.await_repaired("second.ini")
    assert all(e.id != 4001 for e in running.events())


# ---- variables ----

def test_variables_are_put_in(host):
    folder = host.wine.windows_path(host.folder)
    host.configure(Folder=folder.replace("C:", "%SystemDrive%"))
    host.put("stuck.ini")
    assert f"Folder = {folder}," in host.ok("check").out
    host.ok("repair")
    assert host.repaired("stuck.ini")


@pytest.mark.parametrize("folder,told", [(r"%NoSuchVariable%\Clients", "%NoSuchVariable%"), ("%OS%", "not a full path"),
                                         (r"%USERPROFILE%\Clients", "%USERPROFILE%"),  # C1: of whoever asks, not the service's
                                         (r"x%SystemDrive%\Clients", "not a full path")])
def test_variables_that_give_no_full_path(host, folder, told):
    host.configure(Folder=folder)
    for verb in ("check", "scan", "repair", "install"):
        result = host.run(verb)
        assert result.rc == 2 and not result.out
        assert_looked_at(result.err, ("kmrepair.ini, line 4: ", told))
        assert len(result.err.splitlines()) == 1
    assert "error" in host.query()


KEY = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"


@pytest.mark.parametrize("kind, value, told", [
    ("REG_SZ", r"C:\%SystemRoot%", r"Folder = C:\%SystemRoot%\x,"), ("REG_SZ", "C:" + 3000 * "x", "%KMRTEST%"),
    ("REG_EXPAND_SZ", r"%SystemDrive%\y", r"Folder = C:\y\x,"), ("REG_EXPAND_SZ", "%KMRTEST%", "line 4: ")])
def test_value_of_a_variable(host, kind, value, told):
    """Expanded once where the registry says so, and only by what every service has; too long a one is refused."""
    host.configure(Folder=r"%KMRTEST%\x")
    host.wine.run("reg", "add", KEY, "/v", "KMRTEST", "/t", kind, "/d", value, "/f")
    try:
        result = host.run("check")
    finally:
        host.wine.run("reg", "delete", KEY, "/v", "KMRTEST", "/f")
    assert told in result.out + result.err, result


def test_the_service_refuses_such_a_change(running):
    running.configure()
    running.await_event(3020)
    running.configure(Folder=r"%NoSuchVariable%\Clients")
    running.controlled(PARAMCHANGE)
    event = running.await_event(4001)
    assert event.strings[1] == "line 4: " and "%NoSuchVariable%" in event.strings[2]
    running.put("stuck.ini")
    running.await_repaired("stuck.ini")
    assert_holds(lambda: running.query()["state"] == RUNNING, "it runs on", 0.2)
