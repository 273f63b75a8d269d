# SPDX-License-Identifier: MIT
"""Started without a command in a console of its own, the program waits for a key, so that its usage can be read.

Wine's console on a pseudo terminal stands for the window. An x86 program shares it with the start.exe that started
it, so that one is not alone there.
"""

import os
import pty
import re
import select
import time

import pytest

from host import assert_holds

WAITS = "Pressakeytoclosethiswindow."


class Terminal:
    """The program on a pseudo terminal, and what it has written there, without blanks and escapes."""

    def __init__(self, product, *words, **streams):
        self.master, slave = pty.openpty()
        streams = {name: streams.get(name, slave) for name in ("stdin", "stdout", "stderr")}
        self.process = product.wine.spawn(product.exe, *words, start_new_session=True, **streams)
        os.close(slave)
        self.raw = b""

    def read(self, until, timeout=30):
        end = time.monotonic() + timeout
        while until not in self.text() and time.monotonic() < end:
            if not select.select([self.master], [], [], 0.1)[0]:
                continue
            try:
                self.raw += os.read(self.master, 4096)
            except OSError:
                break  # the other end is closed
        return self.text()

    def text(self):
        return re.sub(r"\x1b(\[[^A-Za-z]*[A-Za-z]|\][^\x07]*\x07)|\s", "", self.raw.decode("utf-8", "replace"))

    def close(self):
        self.process.kill()
        self.process.wait(30)
        os.close(self.master)


def test_alone_it_waits_for_a_key(product, arch):
    terminal = Terminal(product)
    try:
        text = terminal.read(WAITS if arch == "x64" else "exitcodesandanexample.")
        assert "Usage:kmrepairCOMMAND" in text
        if arch == "x64":
            assert text.endswith(WAITS)
            assert_holds(lambda: terminal.process.poll() is None, "it waits", 1)
            os.write(terminal.master, b"x")
        assert terminal.process.wait(30) == 2
        assert (WAITS in terminal.text()) == (arch == "x64")
    finally:
        terminal.close()


@pytest.mark.quick
def test_redirected_or_told_what_to_do_it_does_not(product, tmp_path):
    with open(tmp_path / "file", "w+b") as file:
        for words, streams in (([], {"stdin": file}), ([], {"stdout": file}), ([], {"stderr": file}), (["help"], {}),
                               (["version"], {}), (["nonsense"], {})):
            terminal = Terminal(product, *words, **streams)
            try:
                terminal.read("nothing at all", 2)
                assert terminal.process.wait(30) == (0 if words in (["help"], ["version"]) else 2), (words, streams)
                assert WAITS not in terminal.text()
            finally:
                terminal.close()
