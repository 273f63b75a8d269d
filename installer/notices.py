#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes THIRD-PARTY.txt: what is in the released files that is not KMRepair's, and its authors' notices.

    notices.py INIH NSIS MINGW RESULT

INIH is the licence in inih's source, NSIS and MINGW are Debian's copyright files of these packages. The notices
are taken from them word for word; one that is not found there is an error.
"""
import sys

INTRODUCTION = """\
KMRepair is under the MIT licence: see LICENSE.txt. Some of what is in its files was made by others.

kmrepair.exe (x86 and x64)
    inih, which reads files in the format of .ini files, is compiled in: section 1.
    It was built with the headers and import libraries of mingw-w64: section 3. No start-up code and no library
    of the compiler is in it.

kmrepair-setup.exe, uninstall.exe
    Both are programs of NSIS, the Nullsoft Scriptable Install System, with its plug-ins nsExec and UserInfo, and
    the pictures of its Modern UI: section 2. KMRepair's build changes some bytes of the former
    (installer/private.py and installer/i486.py in its source). They unpack with LZMA code by Igor Pavlov, under the
    Common Public License with an exception for programs made by NSIS; its source is in that of NSIS,
    https://nsis.sourceforge.io. They were built with mingw-w64, with its start-up code: section 3.

Notices follow as their authors wrote them.
"""


def paragraphs(path):
    """Those of a copyright file of Debian's, as lists of lines."""
    with open(path, encoding="utf-8") as file:
        return [paragraph.splitlines() for paragraph in file.read().split("\n\n") if paragraph.strip()]


def find(path, first, more=""):
    """The one that begins with this line, and has the other; blank lines are written as ` .` in such a file."""
    for lines in paragraphs(path):
        if lines[0] == first and (not more or any(line.startswith(more) for line in lines)):
            return "\n".join("" if line == " ." else line for line in lines) + "\n"
    raise SystemExit(f"notices.py: {path}: there is no paragraph `{first}`")


def heading(text):
    return f"\n{'=' * len(text)}\n{text}\n{'=' * len(text)}\n\n"


def main(inih, nsis, mingw, result):
    with open(inih, encoding="utf-8") as file:
        licence = file.read().strip("\n")
    if "Copyright" not in licence:
        raise SystemExit(f"notices.py: {inih} is not the licence of inih")
    text = (INTRODUCTION + heading("1. inih") + licence + "\n" + heading("2. NSIS") + find(nsis, "Files: *") + "\n"
            + find(nsis, "License: Zlib") + "\n" + find(nsis, "Files: Source/7zip/*") + "\n"
            + find(nsis, "License: lzma-cpl-exception") + heading("3. mingw-w64") + find(mingw, "Files: *"))
    # For Notepad, which on NT 4.0 wants both characters at the end of a line.
    with open(result, "w", encoding="utf-8", newline="\r\n") as file:
        file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
