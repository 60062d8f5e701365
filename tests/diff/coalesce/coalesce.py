# SPDX-License-Identifier: BSD-2-Clause
"""
What a coalescing policy did, judged without asking it: from a trace of
--trace-level full the stage-2 tables are put together write by write
(p2m.pte_write, DDI0487 L.b D8.3.1), and after every trap they are walked by
brute force. Beside it stands what the guest asked for by hypercall. From the
two alone follows which 2 MiB regions could be blocks, and since when.

Usage: coalesce.py TRACE STATS RULE [N]. RULE says when a region that could be
a block must be one: never, eager, wait N (after N further traps), split N (at
once until it was split N times, then not for 512 traps), scan N (a trap that
promotes nothing reads at most N entries and one walk, and one that promotes
makes a block of every 512 of N; all are blocks in the end), any (only what holds under every policy). The last line is what was seen.
"""
import json
import sys

POPULATE, REMOVE = 0xC6000001, 0xC6000002
WANTED = ("cpu.hypercall", "cpu.mmio", "hypervisor.sysreg", "hypervisor.access",
          "p2m.pte_write", "p2m.table_alloc", "p2m.table_free", "cpu.batch",
          "trace.stats")
LOOKS = 4  # waiting tables looked at in one trap (core/pt/coalesce.h)


class Tables:
    """Descriptors by address, as they were written."""

    def __init__(self):
        self.pte, self.live = {}, set()
        self.vttbr = self.vtcr = 0
        self.writes = self.freed = 0

    def alloc(self, pa):
        assert pa not in self.live, f"table {pa:#x} allocated twice"
        self.live.add(pa)
        self.pte[pa] = [0] * 512

    def free(self, pa):
        self.live.remove(pa)
        del self.pte[pa]
        self.freed += 1

    def write(self, pa, value):
        self.writes += 1
        table = self.pte.setdefault(pa & ~0xfff, [0] * 512)
        table[(pa & 0xfff) // 8] = value

    def root(self):
        bits, sl0 = 64 - (self.vtcr & 63), self.vtcr >> 6 & 3
        level = 2 - sl0
        pages = max(1, 1 << (bits - (39 - 9 * level) - 9))
        return self.vttbr & 0xfffffffff000, level, pages

    def walk(self):
        """{first page: pages, frame, table or None} of all leaves, by region."""
        blocks, pages, seen = {}, {}, set()

        def table(pa, level, ipa):
            seen.add(pa)
            used = 0
            for i, d in enumerate(self.pte.get(pa, ())):
                if not d & 1:
                    continue
                used += 1
                at, out = ipa + (i << (39 - 9 * level)), d & 0xfffffffff000
                if level < 3 and d & 2:
                    used_below = table(out, level + 1, at)
                    assert used_below, f"empty table below {at:#x}"
                elif level == 3:
                    assert d & 2, "reserved descriptor"
                    pages[at >> 12] = out >> 12
                else:
                    assert level == 2, f"a block at level {level}"
                    assert out % (1 << 21) == 0, f"block {at:#x} at {out:#x}"
                    blocks[at >> 21] = out >> 12
            return used

        # Concatenated roots are one allocation, which names the first.
        first, level, count = self.root()
        for n in range(count):
            table(first + n * 4096, level, n << (39 - 9 * level + 9))
        seen -= {first + n * 4096 for n in range(1, count)}
        assert seen == self.live, "tables that are live and not linked, or the reverse"
        return blocks, pages


class Region:
    def __init__(self):
        self.whole = True   # every page is there
        self.since = 0      # traps since it could be a block
        self.splits = 0
        self.block = True


def judge(trace, stats, rule, n):
    t = Tables()
    present, frame, regions = set(), {}, {}
    started, traps, reads, writes, pending = False, 0, 0, 0, None
    last, single = [], True
    filled = ()  # regions that the call populated whole: blocks at once
    seen = {"splits": 0, "coalesces": 0, "traps": 0, "most_tables": 0, "late": 0}

    def start():
        """The guest is about to run: its memory is all there."""
        blocks, pages = t.walk()
        for r, f in blocks.items():
            for i in range(512):
                frame[r * 512 + i] = f + i
        frame.update(pages)
        present.update(frame)
        for r in {g // 512 for g in frame}:
            regions[r] = Region()
            regions[r].block = r in blocks
            assert could(r) == (r in blocks), f"region {r:#x} at the start"

    def could(r):
        f = frame[r * 512]
        return (f % 512 == 0 and
                all(g in present and frame[g] == f + g - r * 512
                    for g in range(r * 512, r * 512 + 512)))

    def look():
        """The whole truth: what is mapped, and which regions could be blocks."""
        blocks, pages = t.walk()
        mapped = dict(pages)
        for r, f in blocks.items():
            for i in range(512):
                mapped[r * 512 + i] = f + i
        assert mapped.keys() == present, "what is mapped is not what the guest has"
        assert all(frame[g] == f for g, f in mapped.items()), "a frame that is another"
        return blocks, pages, {r for r in regions if could(r)}

    def after_trap():
        if pending == "call" or writes or not last:
            last[:] = look()
        blocks, pages, whole = last
        waiting = sum(r not in blocks for r in whole)
        made = 0
        for r, s in regions.items():
            is_block, able = r in blocks, r in whole
            if s.block and not is_block:
                s.splits += 1
                seen["splits"] += 1
            if is_block and not s.block:
                seen["coalesces"] += 1
                made += 1
            if able and not s.whole:
                s.since = traps
            s.whole = able
            age = traps - s.since
            assert able or not is_block, f"region {r:#x} is a block and cannot be"
            if rule == "never":
                assert not is_block or s.splits == 0, f"region {r:#x} was coalesced"
            elif rule == "eager":
                assert is_block == able, f"region {r:#x} could be a block"
            elif rule == "wait" and is_block and not s.block:
                assert age >= n or r in filled, f"region {r:#x} became a block after {age} traps"
                seen["late"] = max(seen["late"], age - n)
            elif rule == "wait" and able and not is_block:
                assert age < n + -(-waiting // LOOKS) - 1, f"region {r:#x} waits for {age} traps"
            elif rule == "split" and able:
                assert is_block == (s.splits < n), f"region {r:#x}, split {s.splits} times"
            s.block = is_block
        if rule == "scan" and pending == "tick" and writes == 0:
            assert reads <= n - 1 + 3, f"a scan read {reads} entries"
        if rule == "scan" and pending == "tick":
            assert made <= -(-n // 512), f"a scan made {made} blocks at once"
        # The roots, one table at level 2, one for each region of pages.
        tables = len({g // 512 for g in pages})
        assert len(t.live) == 1 + 1 + tables, "more tables than the mapping needs"
        seen["most_tables"] = max(seen["most_tables"], tables)

    for line in open(trace):
        if not line.startswith(tuple('{"t":"%s"' % w for w in WANTED)):
            continue
        if line.startswith('{"t":"cpu.batch"'):
            if not started:
                started = True
                start()
            elif pending:
                after_trap()
                pending = None
            continue
        rec = json.loads(line)
        kind = rec["t"]
        if kind == "hypervisor.sysreg":
            if rec["reg"].startswith("VTTBR"):
                t.vttbr = int(rec["value"], 16)
            elif rec["reg"].startswith("VTCR"):
                t.vtcr = int(rec["value"], 16)
        elif kind == "p2m.table_alloc":
            t.alloc(int(rec["pa"], 16))
        elif kind == "p2m.table_free":
            t.free(int(rec["pa"], 16))
        elif kind == "p2m.pte_write":
            t.write(int(rec["pa"], 16), int(rec["value"], 16))
            writes += 1
        elif kind == "hypervisor.access":
            reads += not rec["write"]
        elif kind in ("cpu.hypercall", "cpu.mmio"):
            if pending:
                after_trap()
            traps, reads, writes, pending, filled = traps + 1, 0, 0, "tick", ()
            seen["traps"] += 1
            if kind == "cpu.hypercall":
                x = [int(rec[k], 16) for k in ("function", "a1", "a2")]
                pages = range(x[1], x[1] + x[2])
                if x[0] == REMOVE:
                    present.difference_update(pages)
                elif x[0] == POPULATE:
                    present.update(pages)
                    filled = range(-(-x[1] // 512), (x[1] + x[2]) // 512)
                if x[0] in (REMOVE, POPULATE):
                    pending = "call"
                    single = single and x[2] == 1
    if pending:
        after_trap()
    if rule == "scan":
        assert all(s.block for s in regions.values() if s.whole), "left by the scan"
    p = json.load(open(stats))["p2m"]
    # A call for many pages may cut a block and make one in the same trap, or
    # take one away whole.
    if single:
        for name in ("splits", "coalesces"):
            assert p[name] == seen[name], (name, p[name], seen[name])
    assert p["pte_writes"] == t.writes and p["tables"]["live"] == len(t.live) + t.root()[2] - 1
    assert p["tables"]["freed"] == t.freed
    return seen


if __name__ == "__main__":
    number = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    print(json.dumps(judge(sys.argv[1], sys.argv[2], sys.argv[3], number)))
