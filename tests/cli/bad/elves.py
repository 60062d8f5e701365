# SPDX-License-Identifier: BSD-2-Clause
"""ELF files that are no guests. The System V ABI's ELF-64, field by field."""
import os
import struct

BASE = 0x40080000
CODE = struct.pack("<I", 0x14000000)  # b .
LOAD, INTERP = 1, 3
R, W, X = 4, 2, 1


def segment(**set_to):
    s = dict(type=LOAD, flags=R | X, offset=0x1000, vaddr=BASE, paddr=BASE,
             filesz=4, memsz=4, align=0x1000)
    s.update(set_to)
    if "vaddr" in set_to and "paddr" not in set_to:
        s["paddr"] = s["vaddr"]
    return s


def elf(segments=None, **set_to):
    segments = [segment()] if segments is None else segments
    h = dict(magic=b"\x7fELF", klass=2, data=1, version=1, type=2, machine=183,
             entry=BASE, phoff=64, shoff=0, ehsize=64, phentsize=56,
             phnum=len(segments), shentsize=64, shnum=0, shstrndx=0)
    h.update(set_to)
    out = h["magic"] + bytes([h["klass"], h["data"], h["version"]]) + bytes(9)
    out += struct.pack("<HHIQQQIHHHHHH", h["type"], h["machine"], 1,
                       h["entry"], h["phoff"], h["shoff"], 0, h["ehsize"],
                       h["phentsize"], h["phnum"], h["shentsize"], h["shnum"],
                       h["shstrndx"])
    for s in segments:
        out += struct.pack("<IIQQQQQQ", s["type"], s["flags"], s["offset"],
                           s["vaddr"], s["paddr"], s["filesz"], s["memsz"],
                           s["align"])
    return out.ljust(0x1000, b"\0") + CODE.ljust(0x100, b"\0")


HUGE = 0xFFFFFFFFFFFFFFF0
OVERLAP = [segment(), segment(vaddr=BASE + 2, offset=0x1002, align=1)]

# name, bytes, what the line says
BAD = [
    ("no bytes", b"", "not an ELF file"),
    ("text", b"#!/bin/sh\necho\n", "not an ELF file.*AArch64"),
    ("32 bits", elf(klass=1), "not ELF64"),
    ("big-endian", elf(data=2), "little-endian"),
    ("version", elf(version=9), "version"),
    ("x86-64", elf(machine=62), r"machine 62\).*AArch64"),
    ("object", elf(type=1), "not an executable"),
    ("core", elf(type=4), "not an executable"),
    ("no headers", elf([]), "no program headers"),
    ("phnum", elf(phnum=0xFFFE), "truncated.*headers"),
    ("PN_XNUM", elf(phnum=0xFFFF, shoff=HUGE, shnum=1), "program headers"),
    ("phentsize", elf(phentsize=1), "program headers"),
    ("phoff", elf(phoff=HUGE), "truncated.*headers"),
    ("phoff at end", elf(phoff=0x10F0), "truncated.*headers"),
    ("memsz < filesz", elf([segment(memsz=3)]), "header 0: more bytes"),
    ("offset beyond", elf([segment(offset=0x2000)]), "header 0: truncated"),
    ("offset wraps", elf([segment(offset=HUGE, align=1)]),
     "header 0: truncated"),
    ("size wraps", elf([segment(filesz=HUGE, memsz=HUGE)]),
     "header 0: truncated"),
    ("memory wraps", elf([segment(memsz=HUGE)]), "header 0: .*wraps"),
    ("paddr wraps", elf([segment(paddr=0xFFFFFFFFFFFFFFFF)]),
     "header 0: .*wraps"),
    ("align 3", elf([segment(align=3)]), "header 0: .*power of two"),
    ("align disagrees", elf([segment(offset=0x1004)]),
     "header 0: .*alignment"),
    ("overlap", elf(OVERLAP), "header 1: .*overlaps"),
    ("33 segments", elf([segment(vaddr=BASE + 8 * i, align=1)
                         for i in range(33)]), "header 32: .*32"),
    ("below RAM", elf([segment(vaddr=0x3FFFFFFC, align=4)], entry=0x3FFFFFFC),
     "0x3ffffffc.*outside RAM.*256 MiB"),
    ("above RAM", elf([segment(memsz=0x10000000)]), "outside RAM"),
    ("far above RAM", elf([segment(vaddr=1 << 60)], entry=1 << 60),
     "outside RAM"),
    ("nothing to load", elf([segment(type=6)]), "no loadable segment"),
    ("empty segment", elf([segment(filesz=0, memsz=0)]), "no loadable"),
    ("entry odd", elf(entry=BASE + 2), "entry 0x40080002 is misaligned"),
    ("entry outside", elf(entry=BASE + 4), "entry .* no loaded executable"),
    ("entry 0", elf(entry=0), "entry 0x0 .* executable"),
    ("entry in data", elf([segment(flags=R | W)]), "entry .* executable"),
    ("entry odd in memory", elf([segment(paddr=BASE + 2)]),
     "0x40080002.*misaligned"),
    ("interpreter", elf([segment(type=INTERP), segment()]), "-static"),
]


def loaded_bytes(image):
    """How much of a good file its segments need."""
    phoff, = struct.unpack_from("<Q", image, 32)
    phnum, = struct.unpack_from("<H", image, 56)
    need = phoff + 56 * phnum
    for i in range(phnum):
        kind, _, offset, _, _, filesz = struct.unpack_from(
            "<IIQQQQ", image, phoff + 56 * i)
        if kind == LOAD:
            need = max(need, offset + filesz)
    return need


def truncated(j):
    with open(os.path.join(j.ours, "hello.elf"), "rb") as f:
        image = f.read()
    need = loaded_bytes(image)
    for cut in range(0, len(image), 64):
        path = j.write("cut.elf", image[:cut])
        if cut < need:
            yield (f"{cut} bytes", ["run", "--quiet", path], 3,
                   ["cut.elf.*(truncated|not an ELF file)"])
        else:
            yield (f"{cut} bytes", ["run", "--quiet", path], 0, [],
                   lambda got: got[1] != b"Hello from EL1\n" and "no hello")


def not_a_file(j):
    for command in (["run"], ["run", "--linux"]):
        for path, says in (("none.elf", "none.elf: No such file"),
                           (j.folder, "not a regular file"),
                           ("/dev/zero", "not a regular file"),
                           ("/dev/null", "not a regular file")):
            j.case(f"{' '.join(command)} of {os.path.basename(path)}",
                   command + ["--quiet", path], 3, says)


def test(j):
    for name, image, says in BAD:
        path = j.write("bad.elf", image)
        more = [] if "RAM" in name or "memory" in name else ["bad.elf"]
        j.case(f"ELF: {name}", ["run", path], 3, says, *more)
    for name, image, says in BAD:
        if "RAM" not in name and "in memory" not in name:
            path = j.write("bad.elf", image)
            j.case(f"ELF for Linux: {name}", ["run", "--linux", path], 3, says)
    path = j.write("virtual.elf", elf([segment(
        vaddr=0xFFFF000000000000, paddr=BASE)], entry=0xFFFF000000000000))
    j.case("ELF: entry far from its physical address",
           ["run", "--quiet", "--limit-insns", "9", path], 4,
           "limit of 9 instructions at pc 0x40080000")
    j.series("ELF: truncated", truncated(j))
    not_a_file(j)
    path = j.write("sparse.elf", elf())
    os.truncate(path, 1 << 31)
    j.case("ELF: two gigabytes", ["run", path], 3, "larger than 1 GiB")
