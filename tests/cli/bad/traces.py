# SPDX-License-Identifier: BSD-2-Clause
"""Traces that are cut, of another version, or hostile in any member. The
format: traces/README.md; the records: traces/records.def."""
import base64
import json
import os
import subprocess

FORMAT = "p2msim.trace/1"
HEADER = {"format": FORMAT, "tool": "0.0.0",
          "machine": {"format": "p2msim.machine/1", "name": "small"},
          "guest": {"path": "x", "args": [], "sha256": "", "linux": False}}
STATS = {"t": "trace.stats", "stats": {}}


def batch(pc=0x40080000, count=4, cpu=0, el=1):
    """One block of `count` instructions, no accesses."""
    def varint(n):
        out = b""
        while n > 127:
            out += bytes([n & 127 | 128])
            n >>= 7
        return out + bytes([n])
    variant = varint(2 * pc) + varint(4 * count) + varint(0) + varint(0)
    columns = [varint(0) + varint(0), varint(0), variant, varint(0), b""]
    data = b"".join(varint(len(c)) for c in columns) + b"".join(columns)
    text = base64.b64encode(data).decode()
    return {"t": "cpu.batch", "cpu": cpu, "el": el, "blocks": 1, "accesses": 0,
            "instructions": count, "bytes": len(text), "data": text}


def encoding(op1, crn, crm, op2):
    """Of SYS, as models/ packs it: taken from a real trace's numbers."""
    return 1 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2


PAGE = base64.b64encode(bytes(4096)).decode()

# Every stimulus but the batch, with good members.
RECORDS = [
    {"t": "cpu.switch", "cpu": 0},
    {"t": "cpu.sysreg", "cpu": 0, "reg": "TTBR0_EL1", "value": "0x41000000"},
    {"t": "cpu.exception", "cpu": 0, "kind": "svc", "esr": "0x56000000",
     "far": "0x0", "elr": "0x40080000"},
    {"t": "cpu.eret", "cpu": 0, "el": 1},
    {"t": "cpu.tlbi", "cpu": 0, "op": "VMALLE1",
     "encoding": encoding(0, 8, 7, 0), "value": "0x0"},
    {"t": "cpu.ic", "cpu": 0, "op": "IALLU", "encoding": encoding(0, 7, 5, 0),
     "value": "0x0"},
    {"t": "cpu.dc", "cpu": 0, "op": "CVAC", "encoding": encoding(3, 7, 10, 1),
     "value": "0x40080000"},
    {"t": "cpu.at", "cpu": 0, "op": "AT", "encoding": encoding(0, 7, 8, 0),
     "value": "0x40080000"},
    {"t": "cpu.barrier", "cpu": 0, "kind": "dsb"},
    {"t": "cpu.wfi", "cpu": 0},
    {"t": "cpu.mmio", "cpu": 0, "va": "0x9000000", "ipa": "0x9000000",
     "size": 4, "write": True, "value": "0x41"},
    {"t": "cpu.hypercall", "cpu": 0, "function": "0xc6000002",
     "a1": "0x4f000", "a2": "0x1", "a3": "0x0", "a4": "0x0", "a5": "0x0"},
    {"t": "cpu.idle", "cpu": 0, "charge": 1024},
    {"t": "cpu.stale", "cpu": 0, "va": "0x40080000"},
    {"t": "kernel.enter", "cpu": 0, "kind": "syscall", "number": 64,
     "far": "0x0"},
    {"t": "kernel.access", "cpu": 0, "va": "0x40080000", "size": 64,
     "write": False},
    {"t": "kernel.return", "cpu": 0, "result": "0x0"},
    {"t": "table.page", "cpu": 0, "ipa": "0x41000000", "data": PAGE},
    {"t": "table.write", "cpu": 0, "ipa": "0x41000000", "size": 8,
     "value": "0x41000003"},
    {"t": "guest.exit", "cpu": 0, "status": 0},
]

JUNK = {
    "number": [-1, 1 << 63, 1 << 64, 1e30, 1.5, "1", None, True, [], {}],
    "hex": ["", "0", "0x", "0xg", "0x" + "1" * 17, "0XFF", "0xFF", "-0x1",
            "0x1 ", 5, None, True, ["0x1"]],
    "bool": [0, 1, "true", None, {}],
    "text": [5, None, [], {}],
    "bytes": ["!", "A", "AAA", "AA=A", "====", "A" * 5, "AAAA\n", 5, None],
}
EXTREME = {
    "hex": ["0xffffffffffffffff", "0x8000000000000000", "0x7fffffffffffffff",
            "0xffff000000000000", "0x4ffffffff000", "0x4fffffff", "0x3fffffff",
            "0x1", "0x0"],
    "number": [0, 1, 8, (1 << 31) - 1, 1 << 32, (1 << 63) - 1],
    "bool": [True, False],
    "text": ["", "x" * 100000, "%s%n", "\x1b[2J\n", "\u0000"],
    "bytes": ["", "AAAA", PAGE[:-4]],
}
TEXT = ("reg", "kind", "op")


def kind_of(name, value):
    if name == "data":
        return "bytes"
    if name in TEXT:
        return "text"
    if isinstance(value, bool):
        return "bool"
    return "hex" if isinstance(value, str) else "number"


def lines(*records, header=None):
    whole = [header or HEADER, *records, STATS]
    return "".join(json.dumps(r) + "\n" for r in whole)


def small():
    return [batch(), *RECORDS[:1], RECORDS[1], batch(0x40080010, 7),
            RECORDS[10], batch(0x4008002c, 5)]


def check_stats(path, allowed):
    """Statistics of the part that is whole must stand in `path`."""
    def check(_):
        try:
            with open(path, encoding="utf-8") as f:
                stats = json.load(f)
        except (OSError, ValueError) as e:
            return f"no statistics: {e}"
        os.unlink(path)
        got = stats["cpu"][0]["instructions"]
        return got not in allowed and f"{got} instructions, not {allowed}"
    return check


def cut(j, whole, name, firsts):
    """Every prefix. `firsts`: offsets of the lines of a plain trace."""
    sums, total = [0], 0
    for record in small():
        total += record.get("instructions", 0)
        sums.append(total)
    for n in range(len(whole)):
        path = j.write(name, whole[:n])
        stats = j.path("cut-stats.json")
        arguments = ["replay", "--quiet", "--stats", stats, path]
        if firsts is None:
            # How much a cut zstd frame gives is its own affair.
            def check(got, test=check_stats(stats, sums)):
                if b"line" in got[2] and b"first line" not in got[2] and \
                        b"no line" not in got[2]:
                    return test(got)
                return got[1] and "output"
            yield f"at {n}", arguments, 3, [name, "truncated|not a trace|line"], check
        elif n < firsts[0]:
            yield f"at {n}", arguments, 3, [name, "truncated|not a trace"]
        else:
            whole_lines = sum(n >= first for first in firsts)
            want = sums[min(whole_lines - 1, len(sums) - 1)]
            yield (f"at {n}", arguments, 3,
                   [name, f"line {whole_lines}:", "truncated"],
                   check_stats(stats, [want]))


def offsets(text):
    """Where each line has ended, newline included."""
    at, out = 0, []
    for line in text.splitlines(keepends=True):
        at += len(line)
        out.append(at)
    return out


def junk(j):
    """Every member of every record with what it cannot be."""
    for record in RECORDS:
        members = [m for m in record if m != "t"]
        for member in members:
            kind = kind_of(member, record[member])
            for value in JUNK[kind]:
                if member == "status" and value == -1:
                    continue  # the one signed number
                bad = dict(record)
                bad[member] = value
                path = j.write("junk.jsonl", lines(batch(), bad))
                says = "base64|string" if kind == "bytes" else f'"{member}"'
                if isinstance(value, (int, float)) and abs(value) >= 1 << 63:
                    says = "integer|real"
                yield (f"{record['t']} {member} {value!r}"[:80],
                       ["replay", "--quiet", path], 3,
                       ["junk.jsonl", "line 3", says])
            bad = {m: v for m, v in record.items() if m != member}
            path = j.write("junk.jsonl", lines(batch(), bad))
            yield (f"{record['t']} without {member}",
                   ["replay", "--quiet", path], 3,
                   ["line 3", record["t"], f'"{member}"'])


def extreme(j):
    """Numbers that are allowed, and hostile: no crash, one line or none."""
    for record in RECORDS:
        for member in record:
            if member == "t":
                continue
            for value in EXTREME[kind_of(member, record[member])]:
                bad = dict(record)
                bad[member] = value
                path = j.write("extreme.jsonl", lines(batch(), bad, batch()))
                yield (f"{record['t']} {member} {value!r}"[:80],
                       ["replay", "--quiet", "--limit-seconds", "5", path],
                       (0, 3, 4, 5), ["extreme.jsonl", "line 3|stopped"])


def changed(**members):
    b = batch()
    b.update(members)
    return b


BATCHES = [
    (changed(cpu=63), "line 2: cpu.batch: cpu.*machine"),
    (changed(cpu=64), '"cpu" must be an integer in 0..63'),
    (changed(el=3), "line 2: cpu.batch: .*el"),
    (changed(el=2), "line 2: cpu.batch: .*el"),
    (changed(el=4), '"el" must be'),
    (changed(el=-1), '"el" must be'),
    (changed(blocks=2), "line 2: cpu.batch"),
    (changed(blocks=0), "line 2: cpu.batch"),
    (changed(blocks=1 << 40), '"blocks" must be'),
    (changed(blocks=1 << 20), "line 2: cpu.batch: payload"),
    (changed(accesses=1), "line 2: cpu.batch: payload"),
    (changed(accesses=-1), '"accesses" must be'),
    (changed(accesses=1 << 64), "integer"),
    (changed(instructions=5), '"instructions" is not'),
    (changed(instructions=(1 << 63) - 1), '"instructions" is not'),
    (changed(bytes=3), '"bytes" is 3'),
    (changed(bytes=-1), '"bytes" must be'),
    (changed(data="!" * batch()["bytes"]), "base64"),
    (changed(data="A" * batch()["bytes"]), "payload"),
    (changed(data="/" * batch()["bytes"]), "payload"),
    (changed(data="", bytes=0), "payload"),
    (changed(data=5), "cpu.batch.*data"),
    (changed(more=1), "cpu.batch"),
]

H = json.dumps(HEADER)
S = json.dumps(STATS)
FILES = [
    ("", "not a trace: it holds no line"),
    ("\n", "line 1: not JSON"),
    ("{}\n", 'line 1: not a trace: no "format"'),
    ("[]\n", "line 1: not a JSON object"),
    ("5\n", "line 1"),
    ("{" * 100000 + "\n", "line 1: not JSON"),
    ("[" * 100000 + "\n", "line 1: not JSON"),
    (b"\xff\xfe\x00\n", "line 1: not JSON"),
    (b"\x28\xb5\x2f\xfd" + b"\xff" * 100, "line 1: cannot be read"),
    (b"\x28\xb5\x2f\xfd", "truncated"),
    (b"\x7fELF" + bytes(100) + b"\n", "line 1: not JSON"),
    (b"\0" * 1000 + b"\n", "line 1: not JSON"),
    ('{"format":"p2msim.trace/2"}\n',
     'format "p2msim.trace/2": this program reads "p2msim.trace/1"'),
    ('{"format":"p2msim.stats/1"}\n', "p2msim.trace/1"),
    ('{"format":"x\\u001b[2J\\ny"}\n', "p2msim.trace/1"),
    ('{"format":1}\n', 'no "format"'),
    ('{"format":"%s"}\n%s\n' % (FORMAT, S), 'no "machine"'),
    ('{"format":"%s","machine":5}\n%s\n' % (FORMAT, S), "machine.*object"),
    ('{"format":"%s","machine":{"cpu":{"count":99}}}\n%s\n' % (FORMAT, S),
     "cpu.count: 99"),
    ('{"format":"%s","machine":{"frob":1}}\n%s\n' % (FORMAT, S),
     "frob: no such key"),
    (H + "\n\n" + S + "\n", "line 2: empty line"),
    (H + "\n" + S + "\n" + S + "\n", "line 2: trace.stats: text after it"),
    (H + "\n" + S + "\nx", "text after it"),
    (H + "\n" + H + "\n" + S + "\n", 'line 2: no record name "t"'),
    (H + '\n{"t":"cpu.frob","cpu":0}\n', 'line 2: unknown record "cpu.frob"'),
    (H + '\n{"t":5}\n', "line 2: no record name"),
    (H + '\n{"t":"cpu.wfi","cpu":0,"cpu":0}\n', "line 2: not JSON: dup"),
    (H + '\n{"t":"cpu.wfi","cpu":0,"x":0}\n',
     'line 2: cpu.wfi: unknown member "x"'),
    (H + '\n{"t":"cpu.wfi","cpu":0} {}\n', "line 2: not JSON"),
    (H + '\n{"t":"trace.stats","stats":5}\n', "line 2: trace.stats"),
    (H + '\n{"t":"cpu.wfi","cpu":63}\n', "line 2: cpu: .*machine"),
    (H + '\n{"t":"cpu.wfi","cpu":18446744073709551616}\n', "line 2"),
    (H + '\n{"t":"' + "x" * 100000 + '","cpu":0}\n', "line 2: unknown rec"),
    (H + "\n" + '{"t":"cpu.sysreg","cpu":0,"reg":"FROB_EL1",'
     '"value":"0x0"}\n', "line 2: cpu.sysreg: reg"),
    (H + "\n" + '{"t":"cpu.tlbi","cpu":0,"op":"X","encoding":5,'
     '"value":"0x0"}\n', "line 2: encoding"),
]


def test(j):
    for n, (content, says) in enumerate(FILES):
        path = j.write("bad.jsonl", content)
        j.case(f"trace {n}: {says}", ["replay", "--quiet", path], 3,
               "bad.jsonl", says)
        if "key" not in says and "machine" not in says and n < 32 and \
                "cpu.count" not in says:
            j.case(f"trace validate {n}", ["trace", "validate", path], 3,
                   "bad.jsonl")
    for n, (bad, says) in enumerate(BATCHES):
        path = j.write("bad.jsonl", lines(bad))
        j.case(f"batch {n}: {says}", ["replay", "--quiet", path], 3,
               "bad.jsonl", "line 2", says)
    path = j.write("good.jsonl", lines(*small(), *RECORDS))
    j.case("the good trace is good", ["replay", "--quiet", path], 0)
    text = lines(*small())
    j.series("trace cut at every byte",
             cut(j, text.encode(), "cut.jsonl", offsets(text)))
    packed = subprocess.run(["zstd", "-q", "-c", j.write("whole", text)],
                            stdout=subprocess.PIPE, check=True).stdout
    j.series("packed trace cut at every byte",
             cut(j, packed, "cut.zst", None))
    j.series("every member of every record wrong", junk(j))
    j.series("every member of every record extreme", extreme(j))
    j.case("IOMMU_MAP in a trace", ["replay", "--quiet", j.write(
        "iommu.jsonl", lines({**RECORDS[11], "function": "0xc6000010"}))], 5,
        "iommu.jsonl: line 2: not modelled: .*IOMMU_MAP")
    slow = [{"t": "kernel.access", "cpu": 0, "va": "0x40000000",
             "size": 1 << 28, "write": True}] * 200
    j.case("a slow trace and --limit-seconds", [
        "replay", "--quiet", "--limit-seconds", "0.2",
        j.write("slow.jsonl", lines(*slow))], 4, "slow.jsonl.*limit-seconds")
    for name in ("none.jsonl", j.folder, "/dev/null", "/dev/zero"):
        for command in (["replay"], ["trace", "info"], ["trace", "cat"],
                        ["trace", "validate"], ["whatif", "--vary",
                                                "cpu.mlp=1,2"]):
            j.case(f"{' '.join(command[:2])} of {os.path.basename(name)}",
                   command + [name], 3, os.path.basename(name))
        j.case(f"walk of {os.path.basename(name)}", ["walk", name, "0"], 3,
               os.path.basename(name))
