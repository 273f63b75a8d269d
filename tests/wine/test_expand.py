# SPDX-License-Identifier: MIT
"""Variables in a path, as a service has them (service/win/expand.c), and not those of a console."""

import pytest

from conftest import tools
from host import one_architecture

pytestmark = one_architecture

KEY = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"


@pytest.fixture
def expand(wine, arch):
    def run(*words):
        return wine.run(tools(arch) / "expand.exe", *words).out.rstrip("\n")
    return run


@pytest.fixture
def system_variables(wine):
    values = {"KMRTEST": ("REG_SZ", r"D:\Data"), "KMRROOT": ("REG_EXPAND_SZ", r"%SystemRoot%\Kmr"),
              "KMRDEEP": ("REG_EXPAND_SZ", r"%KMRTEST%\x")}
    for name, (kind, value) in values.items():
        assert wine.run("reg", "add", KEY, "/v", name, "/t", kind, "/d", value, "/f").rc == 0
    yield
    for name in values:
        wine.run("reg", "delete", KEY, "/v", name, "/f")


@pytest.mark.parametrize("path, expected", [
    (r"C:\Clients", r"C:\Clients"),
    (r"%SystemDrive%\Clients", r"C:\Clients"),
    (r"%systemdrive%\a%SYSTEMROOT%", r"C:\aC:\windows"),
    (r"%KMRTEST%\Clients", r"D:\Data\Clients"),
    (r"%KMRROOT%\Clients", r"C:\windows\Kmr\Clients"),
    (r"100% of it", r"100% of it"),
    (r"a%%b%", r"a%%b%"),
    (r"C:\%KMRNONE%\x", "unknown KMRNONE"),
    (r"%USERPROFILE%\x", "unknown USERPROFILE"),   # of a person
    (r"%WINEPREFIX%\x", "unknown WINEPREFIX"),     # of this console
    (r"%KMRDEEP%", "unknown KMRDEEP"),             # one of the system's in terms of another
    ("%" + "x" * 200 + "%", "unknown " + "x" * 191),
])
def test_expand(expand, system_variables, path, expected):
    assert expand(path).lower() == expected.lower()


@pytest.mark.quick
def test_what_does_not_fit(expand):
    assert expand(r"%SystemRoot%\x", "5") == "too long"
    assert expand("abc", "4") == "abc" and expand("abc", "3") == "too long" and expand("", "0") == "too long"
