# SPDX-License-Identifier: MIT
"""How long the verbs wait for the service control manager, on one that is made up (scm_wait.c)."""

import pytest

from host import one_architecture

pytestmark = one_architecture


@pytest.mark.quick
def test_waits(wine):
    result = wine.run(wine.probe_exe.parent / "scm_wait.exe", timeout=60)
    assert (result.rc, result.out) == (0, "0 wrong\n"), result
