#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes a program of NSIS run on an i486: takes the cmov out that Debian's compiler has put in.

    i486.py OBJDUMP PROGRAM RESULT

NT 4.0 ran on the i486 and the Pentium, which do not know cmov; Debian compiles for the i686. A cmov is a
move under a condition, so it is replaced by a jump under the opposite condition over a plain move:
one byte longer. There is no room for that, so the instruction and its neighbours, at least the five
bytes of a jump, move to the end of the code section, and jump back from there.

What may be moved: nothing that somebody jumps to (each number in the file that could be an address in
the code counts as such), nothing that depends on where it stands (jumps, calls). Where that leaves
too little it stops with an error; so it does when the program is not of the form that is known.
"""
import re
import struct
import subprocess
import sys

# An instruction as objdump -dw writes it: address, bytes, mnemonic, operands.
LINE = re.compile(r"^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t?(\S*)\s*(.*)$")
STAYS = re.compile(r"^(j|call|loop|ret|\(bad\)|rep|lock|int)")


def disassemble(objdump, path):
    """address -> (bytes, mnemonic, operands), in order."""
    said = subprocess.run([objdump, "-dw", "-j", ".text", path], check=True, capture_output=True, text=True).stdout
    found = (LINE.match(line) for line in said.splitlines())
    return {int(m[1], 16): (bytes.fromhex(m[2]), m[3], m[4]) for m in found if m}


def targets(code, data, low, high):
    """Whatever somebody may jump to."""
    found = {int(operands.split()[0], 16) for _, name, operands in code.values()
             if re.match(r"^(j|call|loop)", name) and re.match(r"^(0x)?[0-9a-f]+\b", operands)}
    for shift in range(4):
        count = (len(data) - shift) // 4
        found.update(n for n in struct.unpack_from(f"<{count}I", data, shift) if low <= n < high)
    return found


def movable(order, code, first, last, jumped_to):
    """Can the instructions number first to last move together?"""
    ends = [order[i] + len(code[order[i]][0]) for i in range(first, last + 1)]
    return (not any(STAYS.match(code[order[i]][1]) for i in range(first, last + 1))
            and not any(a in jumped_to for a in range(order[first] + 1, ends[-1]))
            and order[first + 1:last + 1] == ends[:-1])


def windows(order, code, jumped_to):
    """[first, last] around each cmov: the fewest neighbours that can move and are long enough."""
    found = []
    for at, start in enumerate(order):
        if not code[start][1].startswith("cmov") or found and found[-1][1] >= at:
            continue
        fitting = [(first, first + count - 1) for count in range(1, 8) for first in range(at - count + 1, at + 1)
                   if 0 <= first and first + count <= len(order)
                   and sum(len(code[order[i]][0]) for i in range(first, first + count)) >= 5
                   and movable(order, code, first, first + count - 1, jumped_to)]
        if not fitting:
            raise SystemExit(f"i486.py: no room around the instruction at {start:#x}")
        first, last = fitting[0]
        if found and found[-1][1] >= first:  # one with the window before it
            first = found.pop()[0]
            if not movable(order, code, first, last, jumped_to):
                raise SystemExit(f"i486.py: no room between this instruction and the one before: {start:#x}")
        found.append((first, last))
    return found


def older(code):
    """The same without cmov."""
    prefix = code[:1] if code[0] == 0x66 else b""
    rest = code[len(prefix):]
    if not (rest[0] == 0x0F and rest[1] & 0xF0 == 0x40):
        return code
    move = prefix + b"\x8b" + rest[2:]
    return bytes([0x70 | (rest[1] & 0x0F) ^ 1, len(move)]) + move


def jump(source, target):
    return b"\xe9" + struct.pack("<i", target - source - 5)


def main(objdump, path, result):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    pe = struct.unpack_from("<I", data, 0x3C)[0]
    count, optional = struct.unpack_from("<H", data, pe + 6)[0], struct.unpack_from("<H", data, pe + 20)[0]
    base = struct.unpack_from("<I", data, pe + 24 + 28)[0]
    table = pe + 24 + optional
    size, address, raw_size, offset = struct.unpack_from("<IIII", data, table + 8)
    if data[table:table + 6] != b".text\0" or struct.unpack_from("<I", data, pe + 24 + 96 + 5 * 8)[0] != 0:
        raise SystemExit(f"i486.py: {path}: expected .text first, and no relocations")
    room = struct.unpack_from("<I", data, table + 40 + 12)[0] - address  # up to the next section
    code = disassemble(objdump, path)
    order = sorted(code)
    jumped_to = targets(code, bytes(data), base + address, base + address + size)

    # The section ends with empty lists. Without these a disassembler would still be out of step behind them.
    added = bytearray(b"\x90" * 8)
    for first, last in windows(order, code, jumped_to):
        block = order[first:last + 1]
        back = block[-1] + len(code[block[-1]][0])
        new = base + address + size + len(added)
        added += b"".join(older(code[a][0]) for a in block)
        added += jump(base + address + size + len(added), back)
        at = block[0] - base - address + offset
        data[at:at + back - block[0]] = jump(block[0], new).ljust(back - block[0], b"\x90")

    if size + len(added) > room:
        raise SystemExit(f"i486.py: {path}: {len(added)} bytes do not fit")
    grown = max(raw_size, -(-(size + len(added)) // 512) * 512)
    text = data[offset:offset + size] + added
    data[offset:offset + raw_size] = text.ljust(grown, b"\0")
    struct.pack_into("<II", data, table + 8, size + len(added), address)
    struct.pack_into("<I", data, table + 16, grown)
    for i in range(1, count):
        where = table + 40 * i + 20
        if struct.unpack_from("<I", data, where)[0]:
            struct.pack_into("<I", data, where, struct.unpack_from("<I", data, where)[0] + grown - raw_size)
    with open(result, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
