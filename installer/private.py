#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Changes four places of a stub of NSIS, so that set-up is safe where everybody may write to TEMP.

    private.py STUB RESULT

A set-up program runs as an administrator and loads its plug-ins from a folder that it makes in TEMP. NSIS
gives that folder an access list when it is made, but not always, and not all of what is needed:

admin   NSIS asks shell32's IsUserAnAdmin whether to do it. NT 4.0 has no such function, and everybody may
        write to its C:\\TEMP. Without the function: do it. (Whoever is no administrator then has no folder and
        gets NSIS' message, exit code 2.)
exists  A folder that somebody else has made under that name a moment before is taken as it is. It is an error.
list    Everybody may delete what is in the folder, which is the larger half of replacing it. Only read.
folder  NSIS itself takes an unquoted /D=, and a path that it does not like for nothing, so that the program is
        installed elsewhere without a word. The script has to see it (TakeFolder in pages.nsh).

Each place is known by its bytes and has to be there once: another version of NSIS is an error, not a
set-up program without them.
"""
import re
import sys

PLACES = {
    # xor edx,edx: test eax,eax: je 9: call eax: xor edx,edx: test eax,eax: setne dl   ->  mov dl,1
    "admin": (rb"\x52(\x31\xd2)\x85\xc0\x74\x09\xff\xd0\x31\xd2\x85\xc0\x0f\x95\xc2", b"\xb2\x01"),
    # test eax,eax: jne (is it ERROR_ALREADY_EXISTS?): mov word [edi],0: jmp   ->  jne (count an error)
    "exists": (rb"\x51\x85\xc0\x75(\x14)\x66\xc7\x07\x00\x00\xeb.\x89\x1c\x24\xe8....\x52\x85\xc0\x74\x1d"
               rb"\x3d\xb7\x00\x00\x00\x74\x03\x46", b"\x1b"),
    # An entry for Everyone, S-1-1-0: 1200C1 -> 120081, without FILE_DELETE_CHILD
    "list": (rb"\x00\x03\x14\x00(\xc1)\x00\x12\x00\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00", b"\x81"),
    # cmp dword [eax+2],"D=": jne: cmp dword [eax-2]," /"
    "folder": (rb"\x81\x78\x02(\x44\x00)\x3d\x00\x75.\x81\x78\xfe\x20\x00\x2f\x00", b"\xff\xff"),
}


def main(stub, result):
    with open(stub, "rb") as file:
        data = bytearray(file.read())
    for name, (pattern, new) in PLACES.items():
        found = list(re.finditer(pattern, data, re.S))
        if len(found) != 1:
            raise SystemExit(f"private.py: {stub}: expected the place `{name}` once, found it {len(found)} times")
        at = found[0].start(1)
        assert len(new) == found[0].end(1) - at
        data[at:at + len(new)] = new
    with open(result, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
