# SPDX-License-Identifier: MIT
"""Access lists as the product makes and reads them, which Wine's files do not keep: see lists.c.

What an NT kernel does with the lists is Microsoft's documentation; here it is seen which ones it is given.
"""

import pytest

from conftest import tools
from host import one_architecture

pytestmark = one_architecture

# SYSTEM and Administrators for the folder and what will be in it; Users for the folder alone.
FOLDER = "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;;0x1200a9;;;BU)"
PROGRAM = "O:BAD:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;BU)"
PRIVATE = "O:BAD:P(A;;FA;;;SY)(A;;FA;;;BA)"
BOB = "S-1-5-21-1-2-3-1001"
INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"


@pytest.fixture
def lists(wine, arch):
    def run(*words):
        result = wine.run(tools(arch) / "lists.exe", *words)
        assert result.rc == 0, result
        return result.out.splitlines()
    return run


@pytest.mark.quick
@pytest.mark.parametrize("kind, expected", [("folder", FOLDER), ("program", PROGRAM), ("private", PRIVATE)])
def test_limit(lists, kind, expected):
    """S11: Users may list the folder and run the program; nothing of that is for what is made in it."""
    assert lists("limit", kind, r"C:\KMRepair\x") == [rf"named C:\KMRepair\x {expected}", "error 0"]


def test_a_new_folder_has_its_list_when_it_is_made(lists):
    assert lists("make", r"C:\KMRepair") == [rf"folder C:\KMRepair {FOLDER}", "error 0"]


def test_the_older_call_is_the_second_try(lists):
    """N4: aclapi refuses; the same list by SetFileSecurity."""
    assert lists("limit", "folder", r"C:\x", "fail") == [rf"file C:\x {FOLDER}", "error 0"]


@pytest.mark.parametrize("path, told", [("C:\\KMR\\", "C:\\KMR"), ("C:\\", "C:\\"),
                                        ("\\\\?\\C:\\KMR\\x", "C:\\KMR\\x"),
                                        ("\\\\?\\UNC\\host\\share\\x", "\\\\?\\UNC\\host\\share\\x"),
                                        ("\\\\?\\C:\\" + "a" * 300, "\\\\?\\C:\\" + "a" * 300)])
def test_paths_that_aclapi_knows(lists, path, told):
    """N3: no backslash at the end, no prefix where the path is short enough."""
    assert lists("limit", "private", path)[0] == f"named {told} {PRIVATE}"


@pytest.mark.parametrize("question, sddl, who", [
    # Who may change it.
    ("change", PRIVATE, None),
    ("change", FOLDER, None),
    ("change", f"O:{INSTALLER}D:(A;;FA;;;{INSTALLER})(A;;FA;;;SY)", None),
    ("change", "O:S-1-5-21-1-2-3-500D:(A;;FA;;;S-1-5-21-1-2-3-512)", None),
    ("change", "O:BAD:(A;;FA;;;BA)(A;;FW;;;WD)", "Everyone"),
    ("change", "O:BAD:(A;;FA;;;BA)(A;OICIIO;GA;;;CO)", None),
    ("change", "O:BAD:(A;;FA;;;BA)(A;OICIIO;GA;;;WD)", "Everyone"),
    ("change", f"O:{BOB}D:(A;;FA;;;BA)", "an unknown account"),
    ("change", "O:S-1-5-80-1-2-3-4-5D:(A;;FA;;;BA)", "an unknown account"),
    ("change", "O:BA", "Everyone"),  # no list at all
    # Who owns it.
    ("own", "O:BAD:(A;;FA;;;WD)", None),
    ("own", f"O:{BOB}D:(A;;FA;;;BA)", "an unknown account"),
    ("own", f"O:{INSTALLER}D:(A;;FA;;;BA)", None),
    # A folder above: what renames or replaces a folder in it, or it.
    ("rename", "O:BAD:(A;;FA;;;BA)(A;;FW;;;WD)", None),
    ("rename", "O:BAD:(A;;FA;;;BA)(A;;0x40;;;WD)", "Everyone"),
    ("rename", "O:BAD:(A;;FA;;;BA)(A;;SD;;;WD)", "Everyone"),
    ("rename", "O:BAD:(A;;FA;;;BA)(A;;WD;;;WD)", "Everyone"),
    ("rename", "O:BAD:(A;;FA;;;BA)(A;;WO;;;WD)", "Everyone"),
    ("rename", "O:BAD:(A;;FA;;;BA)(A;OICIIO;FA;;;WD)", None),
    ("rename", f"O:{BOB}D:(A;;FA;;;BA)", "an unknown account"),
    ("root", "O:BAD:(A;;FA;;;BA)(A;;SD;;;WD)", None),
    ("root", "O:BAD:(A;;FA;;;BA)(A;;0x40;;;WD)", "Everyone"),
    ("root", "O:BAD:(A;OICI;FA;;;WD)", "Everyone"),  # NT 4.0's default
])
def test_who_is_not_trusted(lists, question, sddl, who):
    assert lists("open", question, sddl) == ["closed" if who is None else f"open {who}"]


@pytest.mark.quick
def test_grant_keeps_what_is_there(lists):
    """K3: the entries of others stay, what was inherited comes last; twice is as once."""
    before = "D:(D;;FW;;;BG)(A;;FA;;;BA)(A;;FA;;;SY)(A;ID;FR;;;WD)"
    after = f"D:(D;;FW;;;BG)(A;;FA;;;BA)(A;;FA;;;SY)(A;;FR;;;{BOB})(A;OINPIO;0x12019f;;;{BOB})(A;ID;FR;;;WD)"
    for sddl in (before, after):
        assert lists("grant", sddl, BOB, "0x120089", "0x12019f", "0") == [rf"named C:\x {after}", "error 0"]


def test_a_list_that_locks_out_is_not_set(lists):
    """K3: SYSTEM and Administrators were in it before and are not any more. ERROR_INVALID_ACL."""
    for kept in ("(A;;FA;;;BA)", "(A;;FA;;;SY)"):
        assert lists("grant", f"D:{kept}", BOB, "0x120089", "0", "0", "lost") == ["error 1336"]


def test_grant_without_a_list_changes_nothing(lists):
    assert lists("grant", "O:BA", BOB, "0x120089", "0", "0") == ["error 0"]


@pytest.mark.parametrize("sddl", [PRIVATE, "O:BAD:(A;;FA;;;BA)(A;OICI;FA;;;WD)", f"O:{BOB}D:(A;;FA;;;BA)(A;ID;FR;;;WD)"])
@pytest.mark.parametrize("aclapi", [True, False])
def test_restore_gives_the_list_that_was_read(lists, sddl, aclapi):
    """Owner, list, and whether it inherits: by aclapi, for what is in a folder, then exactly."""
    expected = [rf"{call} C:\x {sddl}" for call in (["named"] if aclapi else []) + ["file"]]
    assert lists("restore", sddl, *[] if aclapi else ["fail"]) == [*expected, "error 0"]
