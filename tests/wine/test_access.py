# SPDX-License-Identifier: MIT
"""Who may change what: install refuses an open folder, protect closes it, and an account gets its rights.

Wine keeps no access lists. It makes the Unix mode of a file from a list, and a list from the mode: what
others may do is what Everyone may, and a list inherits from above, whatever it says. So the product
is put below a folder that is closed to others, and what is tested is that nobody else has any
access to it. The lists themselves, FAT volumes and who else is refused, Wine does not show.
"""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile

import pytest

from conftest import assert_in_order, tools
from host import SERVICE, SHOW_EVENTS, Product, one_architecture, read_text

# The tests of the service install the x64 program, and with that do the same to its folder.
pytestmark = one_architecture

DOES_NOT_EXIST = 1060
LOCAL_SERVICE = r"NT AUTHORITY\LocalService"


@pytest.fixture
def product(wine, arch):
    (wine.drive_c / "closed").mkdir(mode=0o700, exist_ok=True)
    product = Product(wine, tools(arch) / "kmrepair.exe", f"access {arch}", above="closed")
    product.configure()
    yield product
    product.remove()
    assert_in_order(product)
    for folder in (product.home, product.folder.parent):
        shutil.rmtree(folder)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def open_to_others(path):
    path.chmod(0o777)


def assert_closed(*paths):
    for path in paths:
        assert mode(path) & 0o007 == 0, f"{path}: {mode(path):o}"


def assert_refused(result, *words):
    assert result.rc == 2 and not result.out, result
    assert len(result.err.splitlines()) == 1, result.err
    for word in words:
        assert word in result.err, result.err


def is_installed(product):
    return product.query() != {"error": DOES_NOT_EXIST}


# ---- install and protect ----

@pytest.mark.quick
def test_install_closes_what_is_there(product):
    product.journal.write_bytes(b"")
    for name in ("kmrepair.jnl.old", "README.txt"):
        (product.home / name).write_bytes(b"")
    result = product.install()
    assert not result.err
    assert_closed(product.home, product.exe, product.config, product.journal,
                  product.home / "kmrepair.jnl.old")
    seen = product.wine.probe("access", product.wine.windows_path(product.exe)).out
    assert "S-1-5-18\n" in seen and "S-1-1-0" not in seen
    product.put("stuck.ini")
    product.start()
    product.await_repaired("stuck.ini")


def test_install_closes_what_it_makes(product):
    product.config.unlink()
    product.install("--folder", product.wine.windows_path(product.folder))
    assert_closed(product.home, product.exe, product.config)


@pytest.mark.quick
def test_install_refuses_what_others_may_change(product):
    for path in (product.home, product.exe, product.config):
        was = mode(path)
        open_to_others(path)
        result = product.run("install")
        assert_refused(result, product.wine.windows_path(path), "Everyone", "kmrepair protect")
        assert not is_installed(product)
        path.chmod(was)
    product.install()


def test_install_refuses_the_open_folder_of_a_configuration(product):
    folder = product.folder.parent / "settings"
    folder.mkdir()
    config = folder / "other.ini"
    config.write_bytes(product.config.read_bytes())
    named = product.wine.windows_path(config)
    open_to_others(folder)
    assert_refused(product.run("install", "--config", named), product.wine.windows_path(folder),
                   "Everyone")
    assert not is_installed(product)
    folder.chmod(0o755)
    (folder / "somebody else's.txt").write_bytes(b"")
    product.install("--config", named)
    assert mode(folder) == 0o755, "the folder is somebody else's and stays as it was"


def test_a_folder_that_is_a_link_is_refused(product):
    """A junction, of the program or of a configuration. (Wine: a symbolic link.)"""
    link = product.folder.parent / "link"
    link.symlink_to(product.home)
    before = mode(product.home)
    named = product.wine.windows_path(link)
    for words in (["install", "--config", named + r"\kmrepair.ini"], ["install", "--check", "--in", named],
                  ["protect", named], ["protect", named + "\\"]):
        assert_refused(product.run(*words), named, "is a link (junction)", "leads to")
    assert not is_installed(product) and mode(product.home) == before


def test_protect_mends_it(product):
    for path in (product.home, product.exe, product.config):
        open_to_others(path)
    assert product.run("install").rc == 2
    result = product.run("protect")
    assert result.rc == 0 and "limited to SYSTEM and Administrators" in result.out and not result.err
    assert_closed(product.home, product.exe, product.config)
    assert not is_installed(product)
    product.install()


@pytest.mark.parametrize("name", ["kmserver.exe", "Mx.ini", "Sub folder"])
def test_a_folder_of_other_peoples_files_is_refused(product, name):
    other = product.home / name
    other.mkdir() if "folder" in name else other.write_bytes(b"")
    open_to_others(other)
    before = mode(product.home)
    for verb in ("install", "protect"):
        assert_refused(product.run(verb), "another program or DLL" if ".exe" in name
                       else "a folder of its own", name)
    assert mode(product.home) == before and mode(other) == 0o777
    assert not is_installed(product)


# ---- accounts ----

def account(product):
    return product.wine.probe("config", SERVICE).pairs()["account"]


def test_account_of_windows(product):
    """Wine's own mark of a list that was set on a folder is that its group may write."""
    product.install("--account", LOCAL_SERVICE)
    assert account(product) == LOCAL_SERVICE
    assert mode(product.folder) & 0o020, "it got its rights on the records"
    assert_closed(product.home, product.exe, product.config)
    product.install()
    assert account(product) == LOCAL_SERVICE, "an upgrade keeps it"
    product.put("stuck.ini")
    product.start()
    product.await_repaired("stuck.ini")
    product.stop()
    product.install("--account", "LocalSystem")
    assert account(product) == "LocalSystem"


def test_the_folder_is_left_alone_without_an_account(product):
    before = mode(product.folder)
    product.install()
    assert mode(product.folder) == before and account(product) == "LocalSystem"


@pytest.mark.parametrize("name", ["nobody of that name", "Everyone", "Administrators", "Users",
                                  "NT AUTHORITY\\Interactive"])
def test_what_is_no_account_is_refused(product, name):
    """A group neither: it would have its rights before the service control manager refuses it."""
    modes = [mode(path) for path in (product.home, product.exe, product.config, product.folder)]
    assert_refused(product.run("install", "--account", name), name)
    assert not is_installed(product)
    assert modes == [mode(path) for path in (product.home, product.exe, product.config,
                                             product.folder)]


def test_an_account_gets_its_rights_when_the_folder_is_there(product):
    product.configure(Folder="auto")
    assert "install again" in product.install("--account", LOCAL_SERVICE).out
    product.configure()
    before = mode(product.folder)
    assert "install again" not in product.install().out
    assert mode(product.folder) == before | 0o020 and account(product) == LOCAL_SERVICE


def install_with_password(product, typed):
    """The result of an install for Wine's own user, whose password comes from a pipe."""
    name = ".\\" + pwd.getpwuid(os.getuid()).pw_name
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = product.wine.spawn(product.exe, "install", "--account", name, debug=SHOW_EVENTS,
                                     stdin=subprocess.PIPE, stdout=out, stderr=err)
        process.stdin.write(typed)
        process.stdin.close()
        return name, process.wait(60), read_text(out), read_text(err)


def test_password_from_standard_input(product):
    secret = "p\u00e4ssword 1"
    name, rc, out, err = install_with_password(product, f"{secret}\r\nnot this\r\n".encode())
    assert rc == 0 and "Installed" in out, out + err
    assert "ssword" not in out + err
    assert account(product) == name
    product.install()  # without a word of a password
    assert account(product) == name


@pytest.mark.parametrize("typed", [b"\xff\xfe\n", b"x" * 300 + b"\n"], ids=["bytes", "long"])
def test_password_that_is_none(product, typed):
    _, rc, out, err = install_with_password(product, typed)
    assert rc == 2 and not out and "cannot read the password" in err
    assert not is_installed(product)
