# SPDX-License-Identifier: MIT
"""The stack protector ends a process that has overrun a buffer, and leaves every other alone."""

import pytest

# STATUS_STACK_BUFFER_OVERRUN is 0xC0000409; Wine gives the lowest byte to Unix.
ENDED = 0x09


@pytest.mark.quick
@pytest.mark.parametrize("argument, code", [("inside", 0), ("overrun", ENDED)])
def test_an_overrun_ends_the_process(wine, argument, code):
    result = wine.run(wine.probe_exe.parent / "guard.exe", argument, timeout=60)
    assert (result.rc, result.out) == (code, "")
