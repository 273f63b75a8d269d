#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Static checks of the built EXEs: will Windows NT 4.0 load them, a 486 run them, and newer Windows protect them?

    floor.py [BUILD]     BUILD holds x86/kmrepair.exe and x64/kmrepair.exe (default: build)

Each check counts as one test; one that fails says what was expected and what is there.
"""
import glob
import os
import re
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
# Of the 32-bit program. The design's 128 KiB; docs/architecture.md says what takes them.
SIZE_LIMIT = 128 * 1024
X64_LIMIT = 160 * 1024   # wider addresses, and the unwind tables that Windows wants there

# There since NT 3.1, and the only way to open a file relative to a folder's handle.
NTDLL = {"NtCreateFile", "NtQueryDirectoryFile", "NtQueryInformationFile", "RtlNtStatusToDosError"}

# NT 4.0 ignores these; later Windows protects the process by them.
DLL_CHARACTERISTICS = {"DYNAMICBASE": 0x40, "NXCOMPAT": 0x100, "NO_SEH": 0x400, "TSAWARE": 0x8000}
HIGH_ENTROPY = {"HIGHENTROPYVA": 0x20}
RELOCS_STRIPPED = 0x0001
# STATUS_STACK_BUFFER_OVERRUN: the number with which service/win/guard.c ends the process, and nothing else.
OVERRUN = 0xC0000409
GUARDED_LEAST = 40
# A buffer on the stack, but for those that hold a number or a time.
BUFFER = re.compile(r" {4,}(?!static|const|return)(?:unsigned char|char|BYTE|WCHAR|uint16_t|DWORD_PTR) \w+\[([^\]]+)\](?: =|;)")
SMALL = {"4", "8", "10", "11", "16", "WHEN_BYTES", "JOURNAL_TIME_BYTES"}

# The functions of the C89 library that any msvcrt.dll has. What C95 and C99 added is not in here.
C89 = set("""
    isalnum isalpha iscntrl isdigit isgraph islower isprint ispunct isspace isupper isxdigit tolower toupper
    localeconv setlocale
    acos asin atan atan2 ceil cos cosh exp fabs floor fmod frexp ldexp log log10 modf pow sin sinh sqrt tan tanh
    longjmp raise signal
    clearerr fclose feof ferror fflush fgetc fgetpos fgets fopen fprintf fputc fputs fread freopen fscanf fseek
    fsetpos ftell fwrite getc getchar gets perror printf putc putchar puts remove rename rewind scanf setbuf
    setvbuf sprintf sscanf tmpfile tmpnam ungetc vfprintf vprintf vsprintf
    abort abs atexit atof atoi atol bsearch calloc div exit free getenv labs ldiv malloc mblen mbstowcs mbtowc
    qsort rand realloc srand strtod strtol strtoul system wcstombs wctomb
    memchr memcmp memcpy memmove memset strcat strchr strcmp strcoll strcpy strcspn strerror strlen strncat
    strncmp strncpy strpbrk strrchr strspn strstr strtok strxfrm
    asctime clock ctime difftime gmtime localtime mktime strftime time
""".split())

CONDITIONS = "o no b ae e ne be a s ns p np l ge le g".split()
# What an i486 knows and user mode may do, as objdump writes it. A list of what is allowed and not of
# what is forbidden, so that an instruction nobody thought of fails.
I486 = set("""
    aaa aad aam aas adc add and arpl bound bsf bsr bswap bt btc btr bts call cbw cdq clc cld cmc cmp cmps
    cmpxchg cwd cwde daa das dec div enter idiv imul inc int int3 into jcxz jecxz jmp lahf lds lea leave les
    lods loop loope loopne mov movs movsx movzx mul neg nop not or pop popa popaw popf popfw push pusha
    pushaw pushf pushfw rcl rcr ret rol ror sahf sal sar sbb scas shl shld shr shrd stc std stos sub test
    xadd xchg xlat xor
    f2xm1 fabs fadd faddp fbld fbstp fchs fclex fcom fcomp fcompp fcos fdecstp fdiv fdivp fdivr fdivrp ffree
    fiadd ficom ficomp fidiv fidivr fild fimul fincstp finit fist fistp fisub fisubr fld fld1 fldcw fldenv
    fldl2e fldl2t fldlg2 fldln2 fldpi fldz fmul fmulp fnclex fninit fnop fnsave fnstcw fnstenv fnstsw fpatan
    fprem fprem1 fptan frndint frstor fsave fscale fsin fsincos fsqrt fst fstcw fstenv fstp fstsw fsub fsubp
    fsubr fsubrp ftst fucom fucomp fucompp fwait fxam fxch fxtract fyl2x fyl2xp1
""".split()) | {"j" + c for c in CONDITIONS} | {"set" + c for c in CONDITIONS}
PREFIXES = set("rep repz repnz lock cs ds es fs gs ss data16 addr16".split())
NEWER_REGISTERS = re.compile(r"\b([xyz]?mm[0-9]+|[cd]r[0-9]|tr[0-9])\b")

# The linker ends .text with empty lists of constructors and destructors, which are no instructions.
EMPTY_LISTS = bytes.fromhex("ffffffff00000000") * 2


class Image:
    """What the checks need from a PE file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        if self.data[:2] != b"MZ":
            raise ValueError(f"{path} is not an EXE")
        coff = self.u32(0x3C) + 4
        if self.data[coff - 4:coff] != b"PE\0\0":
            raise ValueError(f"{path} is not a PE file")
        self.machine, count, self.timestamp = struct.unpack_from("<HHI", self.data, coff)
        optional_size, self.characteristics = struct.unpack_from("<HH", self.data, coff + 16)
        optional = coff + 20
        self.is_64 = self.u16(optional) == 0x20B
        self.base = struct.unpack_from("<Q", self.data, optional + 24)[0] if self.is_64 else self.u32(optional + 28)
        self.os_version = struct.unpack_from("<HH", self.data, optional + 40)
        self.subsystem_version = struct.unpack_from("<HH", self.data, optional + 48)
        self.subsystem, self.dll_characteristics = struct.unpack_from("<HH", self.data, optional + 68)
        directories = optional + (112 if self.is_64 else 96)
        self.directories = [
            struct.unpack_from("<II", self.data, directories + 8 * i) for i in range(self.u32(directories - 4))
        ]
        self.sections = []  # name, address, size in memory, size in the file, offset, flags
        for i in range(count):
            at = optional + optional_size + 40 * i
            name = self.data[at:at + 8].rstrip(b"\0").decode("ascii", "replace")
            size, address, raw_size, offset = struct.unpack_from("<IIII", self.data, at + 8)
            self.sections.append((name, address, size, raw_size, offset, self.u32(at + 36)))

    def u16(self, at):
        return struct.unpack_from("<H", self.data, at)[0]

    def u32(self, at):
        return struct.unpack_from("<I", self.data, at)[0]

    def offset(self, address):
        for _, start, _, raw_size, offset, _ in self.sections:
            if start <= address < start + raw_size:
                return address - start + offset
        raise ValueError(f"no section holds the address {address:#x}")

    def text(self, address):
        start = self.offset(address)
        return self.data[start:self.data.index(b"\0", start)].decode("ascii", "replace")

    def imports(self):
        """(DLL in lower case, name or #ordinal) of every import."""
        found = []
        if self.directories[1][0] == 0:
            return found
        at = self.offset(self.directories[1][0])
        step, by_ordinal = (8, 1 << 63) if self.is_64 else (4, 1 << 31)
        while any(self.data[at:at + 20]):
            names, _, _, dll, addresses = struct.unpack_from("<5I", self.data, at)
            dll = self.text(dll).lower()
            entry = self.offset(names or addresses)
            while (value := int.from_bytes(self.data[entry:entry + step], "little")) != 0:
                found.append((dll, f"#{value & 0xFFFF}" if value & by_ordinal else self.text(value + 2)))
                entry += step
            at += 20
        return found

    def relocations(self):
        """How many addresses in the image Windows can change when it loads it elsewhere."""
        address, size = self.directories[5]
        if address == 0 or self.characteristics & RELOCS_STRIPPED:
            return 0
        at, count = self.offset(address), 0
        end = at + size
        while at < end:
            block = self.u32(at + 4)
            if block < 8:
                raise ValueError("a block of relocations has no size")
            # Type 0 only fills a block up.
            count += sum(self.u16(entry) >> 12 == (10 if self.is_64 else 3) for entry in range(at + 8, at + block, 2))
            at += block
        return count

    def resources(self):
        """type -> content of the first resource of that type."""
        root_address = self.directories[2][0]
        if root_address == 0:
            return {}
        root = self.offset(root_address)

        def entries(directory):
            count = self.u16(directory + 12) + self.u16(directory + 14)
            return [struct.unpack_from("<II", self.data, directory + 16 + 8 * i) for i in range(count)]

        found = {}
        for kind, at in entries(root):
            while at & 0x80000000:
                at = entries(root + (at & 0x7FFFFFFF))[0][1]
            address, size = struct.unpack_from("<II", self.data, root + at)
            start = self.offset(address)
            found[kind] = self.data[start:start + size]
        return found


def some(things):
    """A list short enough to be read."""
    things = list(things)
    return ", ".join(things[:8]) + (f" and {len(things) - 8} more" if len(things) > 8 else "") or "none"


def allowed_imports():
    allowed = {"msvcrt.dll": C89, "kernel32.dll": set(), "advapi32.dll": set(), "ntdll.dll": NTDLL}
    with open(os.path.join(HERE, "nt4-exports.txt"), encoding="ascii") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                dll, name = line.split()
                allowed[dll].add(name)
    return allowed


def disassemble(arch, path, *options):
    prefix = "i686" if arch == "x86" else "x86_64"
    return subprocess.run(
        [f"{prefix}-w64-mingw32-objdump", "-w", "-M", "intel", *options, path],
        check=True, stdout=subprocess.PIPE, encoding="ascii", errors="replace").stdout


def unguarded():
    """Functions of the sources with a buffer on their stack and without GUARDED, see core/guarded.h."""
    found = []
    for path in sorted(glob.glob("core/*.c", root_dir=ROOT) + glob.glob("service/**/*.c", root_dir=ROOT, recursive=True)):
        head, inside = "", False
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            for line in file:
                if not inside and line[:1].isalpha():
                    head = line
                if line.endswith(") {\n") and not inside:
                    inside = True
                elif line == "}\n":
                    inside = False
                buffer = BUFFER.match(line)
                if inside and buffer and buffer[1] not in SMALL and not head.startswith("GUARD"):
                    found.append(f"{path}: {head.strip()}")
    return found


def guarded(arch, path):
    """How many calls lead to the function that ends the process after an overrun. A function that the compiler has
    given a guard has one, behind the comparison of its guard."""
    calls, ending = [], []
    for line in disassemble(arch, path, "-d").splitlines():
        match = re.match(r"\s*([0-9a-f]+):\t(?:[0-9a-f]{2} )+\s*\t(.*)", line)
        if not match:
            continue
        call = re.match(r"call\s+(?:0x)?([0-9a-f]+)", match[2])
        if call:
            calls.append(int(call[1], 16))
        if f"{OVERRUN:#x}" in match[2]:
            ending.append(int(match[1], 16))
    if len(ending) != 1:
        return 0
    # It begins at the last address that is called before the number is used.
    begin = max((target for target in calls if target <= ending[0]), default=0)
    return calls.count(begin) if ending[0] - begin < 64 else 0


def newer_instructions(path, image):
    """(how many instructions were seen, those that an i486 does not know)"""
    seen, newer = 0, []
    for _, address, size, raw_size, offset, flags in image.sections:
        if not flags & 0x20000000:
            continue
        code = image.data[offset:offset + min(size, raw_size)]
        tail = code.rstrip(b"\0") + b"\0" * 4
        end = len(tail) - len(EMPTY_LISTS) if tail.endswith(EMPTY_LISTS) else len(code)
        listing = disassemble("x86", path, "-D", f"--start-address={image.base + address:#x}",
                              f"--stop-address={image.base + address + end:#x}")
        covered = 0
        for line in listing.splitlines():
            match = re.match(r"\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t?(.*)", line)
            if not match:
                continue
            seen += 1
            covered += len(match[2].split())
            # objdump adds what an operand means: '# 0x401000', '<.text+0x20>'
            words = re.sub(r"[#<].*", "", match[3]).split()
            while words and words[0] in PREFIXES:
                words.pop(0)
            known = bool(words) and words[0] in I486
            # 0F 1F is written 'nop' too, but has an operand and is a Pentium Pro's.
            if not known or words[0] == "nop" and len(words) > 1 or NEWER_REGISTERS.search(match[3]):
                newer.append(f"{match[3].strip() or '(nothing)'} at {match[1]}")
        if covered != end:
            newer.append(f"{end - covered} bytes that objdump did not show")
    return seen, newer


def version_defined():
    with open(os.path.join(HERE, "..", "service", "version.h"), encoding="utf-8") as file:
        return re.search(r'#define\s+KMREPAIR_VERSION\s+"([0-9.]+)"', file.read())[1]


def version_built(resource):
    at = resource.find(struct.pack("<I", 0xFEEF04BD))
    if at < 0:
        return "none"
    high, low = struct.unpack_from("<II", resource, at + 8)
    return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}"


def checks(path, arch):
    """(name, expected, got, good) of every check of one EXE."""
    image = Image(path)
    is_x86 = arch == "x86"

    def same(name, expected, got):
        return name, expected, got, expected == got

    yield same("machine", "0x14c" if is_x86 else "0x8664", f"{image.machine:#x}")
    yield same("subsystem (3 is the console) and its version", (3, 4, 0) if is_x86 else (3, 5, 2),
               (image.subsystem, *image.subsystem_version))
    yield same("Windows version asked for", (4, 0), image.os_version)
    yield same("time stamp", 0, image.timestamp)

    imports = image.imports()
    allowed = allowed_imports()
    dlls = sorted({dll for dll, _ in imports})
    yield ("DLLs imported from", some(sorted(allowed)), some(dlls),
           bool(dlls) and all(dll in allowed for dll in dlls))
    strange = [f"{dll} {name}" for dll, name in imports if name not in allowed.get(dll, ())]
    yield ("imported functions", "only what Windows NT 4.0 and C89 have, see nt4-exports.txt", some(strange), bool(imports) and not strange)
    late = [name for index, name in ((9, "thread-local storage"), (13, "delayed imports"), (14, ".NET"))
            if image.directories[index][0]]
    yield same("directories that NT 4.0 does not know or handles badly", "none", some(late))
    wanted = DLL_CHARACTERISTICS if is_x86 else {**DLL_CHARACTERISTICS, **HIGH_ENTROPY}
    has = [name for name, bit in {**DLL_CHARACTERISTICS, **HIGH_ENTROPY}.items() if image.dll_characteristics & bit]
    yield "DLL characteristics", some(sorted(wanted)), some(sorted(has)), set(has) == set(wanted)
    yield same("IMAGE_FILE_RELOCS_STRIPPED", "not set", "set" if image.characteristics & RELOCS_STRIPPED else "not set")
    relocations = image.relocations()
    yield "relocations, without which DYNAMICBASE does nothing", "some", relocations, relocations > 0
    guards = guarded(arch, path)
    yield ("functions that the stack protector guards (calls of what ends the process with 0xC0000409)",
           f"at least {GUARDED_LEAST}", guards, guards >= GUARDED_LEAST)
    yield same("sections that can be written and executed", "none",
               some(name for name, *_, flags in image.sections if flags & 0xA0000000 == 0xA0000000))

    resources = image.resources()
    for kind, name in ((16, "version"), (24, "manifest"), (11, "message table"), (10, "default configuration")):
        yield f"{name} resource", "there", "there" if resources.get(kind) else "missing", bool(resources.get(kind))
    yield same("version number", version_defined(), version_built(resources.get(16, b"")))

    limit = SIZE_LIMIT if is_x86 else X64_LIMIT
    yield "size", f"at most {limit} bytes", len(image.data), len(image.data) <= limit
    if is_x86:
        seen, newer = newer_instructions(path, image)
        yield "instructions", "only what an i486 knows", some(newer) if seen else "no code", seen > 0 and not newer


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "build")
    passed = failed = 0
    bare = unguarded()
    if bare:
        print(f"FAILED floor: sources: functions with a buffer and without GUARDED: expected none, got {some(bare)}")
    passed, failed = passed + (not bare), failed + bool(bare)
    for arch in ("x86", "x64"):
        path = os.path.join(build, arch, "kmrepair.exe")
        try:
            for name, expected, got, good in checks(path, arch):
                passed += good
                failed += not good
                if not good:
                    print(f"FAILED floor: {arch}: {name}: expected {expected}, got {got}")
        except (OSError, ValueError, IndexError, TypeError, struct.error, subprocess.CalledProcessError) as error:
            failed += 1
            print(f"FAILED floor: {arch}: {path} cannot be examined: {error}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
