# SPDX-License-Identifier: BSD-2-Clause
"""How far TLBs and caches reach, judged by pointer chases. reach.py BUILD.

A chase touches N addresses in one fixed cycle, round after round. What a
level of any cache does with that follows from its geometry, without a model:

- LRU (FIFO too): of a set that more of the addresses fall into than it has
  ways, every one misses in every round; of another set, none.
- Whatever the replacement: a level that ends at C lines holds at most C of
  the N when a round begins, so at least N - C miss; and once all N have found
  their place (N fit, set by set), none does.

What an access costs follows from the machine file alone. Both are compared
with what stands in the phase between MARK 1 and MARK 2, where nothing but
the chase runs.
"""
import json
import os
import subprocess
import sys
import tempfile

BUILD = sys.argv[1]
AREA = 0x41000000  # of the chase guest, identity-mapped
PRESETS = ["neoverse-n1", "cortex-a53", "cortex-a72", "cortex-a76",
           "neoverse-v2"]
# Whole pages and a line: every node on a page of its own (but for one page
# in 65, which has none), and on all cache sets in turn.
PAGES = 4096 + 64
counts = {"PASS": 0, "FAIL": 0}


def verdict(name, problems):
    word = "FAIL" if problems else "PASS"
    counts[word] += 1
    print(f"{word} reach: {name}")
    for problem in problems:
        print("  " + problem)


def p2msim(*arguments):
    done = subprocess.run([BUILD + "/p2msim", *arguments],
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"FAIL reach: p2msim {' '.join(arguments)}: "
                 f"exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def machine(name):
    """The machine as p2msim says it is, every key filled in."""
    return json.loads(p2msim("machine", "show", name, "--json"))


class Chase:
    """One chase's phase between its MARKs: per round and per access."""

    def __init__(self, name, nodes, stride, order="random", sets=(), warm=2):
        self.nodes, self.stride = nodes, stride
        self.rounds = max(4, -(-20000 // nodes))
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "s.json")
            p2msim("run", "--quiet", "--machine", name, "--stats", path,
                   *[a for s in sets for a in ("--set", s)],
                   BUILD + "/guests/chase.elf", str(nodes), str(stride),
                   str(self.rounds), order, f"warm={warm}")
            with open(path) as f:
                stats = json.load(f)
        self.phase = [p for p in stats["phases"] if p["mark"] == 1][0]
        self.cpu = self.phase["cpu"][0]
        self.accesses = nodes * self.rounds

    def tlb_misses(self, level):
        return self.cpu["tlb"][level]["misses"]

    def by(self, requester, cache, what):
        return self.phase["cache"][cache]["by_requester"][requester][what]

    def per_access(self, m):
        """All cycles but the closing MARK's hypercall."""
        return ((self.cpu["cycles"] - m["hypervisor"]["hypercall"])
                / self.accesses)

    def nodes_at(self):
        return [AREA + i * self.stride for i in range(self.nodes)]


def lru_misses(units, sets, ways):
    """A round's misses of a cycle over these page or line numbers."""
    held = {}
    for u in set(units):
        held[u % sets] = held.get(u % sets, 0) + 1
    return sum(n for n in held.values() if n > ways)


# ---- what it must cost


def caches(m):
    """(name, section) of the levels that data can be in, nearest first."""
    all_of = [("l1d", m["cpu"]["l1d"]), ("l2", m["cpu"]["l2"]),
              ("llc", m["llc"])]
    return [(n, c) for n, c in all_of if c["bytes"]]


def dram(m):
    return round(m["dram"]["latency_ns"] * m["cpu"]["mhz"] / 1000)


def beyond_l1d(m, latency):
    """models/README.md, Cycles, `data`: in 1/1024 cycle, rounded."""
    return round((latency - m["cpu"]["l1d"]["latency"]) * 1024
                 / m["cpu"]["mlp"]) / 1024


def served(m, chase, requester):
    """(latency, how many) of each level that served this requester."""
    out = [(c["latency"], chase.by(requester, n, "hits"))
           for n, c in caches(m)]
    last = caches(m)[-1][0]
    return out + [(dram(m), chase.by(requester, last, "misses"))]


def cost_problems(m, chase):
    """The phase's buckets, from the machine file and how often what
    happened."""
    cpu, by = chase.cpu, chase.cpu["cycles_by"]
    l1_misses = chase.tlb_misses("l1d") + chase.tlb_misses("l1i")
    want = {
        # Three instructions a step, and three before the closing MARK.
        "base": (3 * chase.accesses + 3) * m["cpu"]["base_cpi"],
        "tlb": l1_misses * m["cpu"]["l2_tlb"]["latency"],
        "walk": sum(lat * n for lat, n in served(m, chase, "walk")),
        "data": sum(beyond_l1d(m, lat) * n
                    for lat, n in served(m, chase, "data")),
        "trap": m["hypervisor"]["hypercall"],
    }
    problems = [f"{k}: {by[k]} cycles, {v:.1f} expected"
                for k, v in want.items() if abs(by[k] - v) > 1]
    problems += [f"{k}: {n} cycles of a chase"
                 for k, n in by.items() if k not in want and k != "fetch" and n]
    if by["fetch"] > 2 * dram(m):
        problems.append(f"fetch: {by['fetch']} cycles")
    if cpu["accesses"]["load"] != chase.accesses or cpu["accesses"]["store"]:
        problems.append(f"accesses: {cpu['accesses']}")
    return problems


# ---- a fully associative LRU TLB of E entries


def associative(name, entries, sets):
    problems = []
    for pages in sorted({1, entries - 1, entries, entries + 1,
                         2 * entries, 3 * entries + 1} - {0}):
        for order in ("random", "sequential"):
            c = Chase(name, pages, 4096, order, sets)
            want = 0 if pages <= entries else pages * c.rounds
            got = c.tlb_misses("l1d")
            if got != want:
                problems.append(f"{pages} pages, {order}: {got} misses in "
                                f"{c.rounds} rounds, {want} expected")
    verdict(f"{name}, LRU and fully associative: no miss up to {entries} "
            "pages, every access misses beyond", problems)


# ---- where each level of a preset ends


def predicted_tlb(tlb, chase):
    units = [a >> 12 for a in chase.nodes_at()]
    return (lru_misses(units, tlb["entries"] // tlb["ways"], tlb["ways"])
            * chase.rounds)


def tlb_end(name, m, key, level, step):
    """`step`: the least ratio of cycles an access across the end."""
    tlb = m["cpu"][key]
    cost, problems, at = {}, [], {}
    for share in (0.5, 0.9, 1.2, 2):
        c = at[share] = Chase(name, int(tlb["entries"] * share), PAGES)
        want = predicted_tlb(tlb, c)
        got = c.tlb_misses(level)
        if got != want:
            problems.append(f"{c.nodes} pages: {got} misses in {c.rounds} "
                            f"rounds, {want} expected")
        if (want != 0) != (share > 1):
            problems.append(f"{c.nodes} pages are no test of this end")
        problems += [f"{c.nodes} pages: {p}" for p in cost_problems(m, c)]
        cost[share] = c.per_access(m)
    if cost[1.2] < step * cost[0.9] or cost[2] < step * cost[0.9]:
        problems.append(f"no step of {step}: {cost}")
    verdict(f"{name}: {key} ends at {tlb['entries']} pages: "
            f"{cost[0.5]:.2f} {cost[0.9]:.2f} | {cost[1.2]:.2f} "
            f"{cost[2]:.2f} cycles an access at 1/2, 0.9 | 1.2, 2 times it",
            problems)
    return at


def cache_end(name, m, key, step):
    """Lines in sequence, so that pages change seldom. Caches of random
    replacement need many rounds until all lines have found a place."""
    levels = dict(caches(m))
    cache = levels[key]
    lines = cache["bytes"] // cache["line"]
    nearer = levels["l1d"]["bytes"] // cache["line"] if key == "l2" else 0
    cost, problems, at = {}, [], {}
    for share in (0.5, 0.9, 1.2, 2):
        c = at[share] = Chase(name, int(lines * share), cache["line"],
                              "sequential", warm=64 if key == "l1d" else 4)
        got = c.by("data", key, "misses")
        units = [a // cache["line"] for a in c.nodes_at()]
        want = c.rounds * lru_misses(units, lines // cache["ways"],
                                     cache["ways"])
        least = c.rounds * max(0, c.nodes - lines - nearer)
        if share < 1 and (want or got):
            problems.append(f"{c.nodes} lines: {got} misses")
        if share > 1 and got < least:
            problems.append(f"{c.nodes} lines: {got} misses, at least "
                            f"{least} must be")
        if cache["replacement"] == "lru" and got != want:
            problems.append(f"{c.nodes} lines: {got} misses, LRU has {want}")
        if c.tlb_misses("l2"):
            problems.append(f"{c.nodes} lines: TLB misses disturb")
        problems += [f"{c.nodes} lines: {p}" for p in cost_problems(m, c)]
        cost[share] = c.per_access(m)
    # Up to the end it is flat but for the L1 TLB's end, one page in 64 lines.
    tlb = m["cpu"]["l2_tlb"]["latency"] / 64
    if abs(cost[0.9] - cost[0.5]) > tlb + 0.02:
        problems.append(f"not flat before the end: {cost}")
    if cost[1.2] < step * cost[0.9] or cost[2] < cost[1.2]:
        problems.append(f"no step of {step}: {cost}")
    verdict(f"{name}: {key} ends at {lines} lines: "
            f"{cost[0.5]:.2f} {cost[0.9]:.2f} | {cost[1.2]:.2f} "
            f"{cost[2]:.2f} cycles an access at 1/2, 0.9 | 1.2, 2 times it",
            problems)
    return at


# ---- the pure cases: one cause alone


def pure(name, m, l1_tlb, l1d):
    base = 3 * m["cpu"]["base_cpi"]
    l2 = beyond_l1d(m, m["cpu"]["l2"]["latency"])
    problems = []

    def is_near(what, got, want):
        if abs(got - want) > 0.02 + 0.001 * want:
            problems.append(f"{what}: {got:.3f} cycles, {want:.3f} expected")

    # The hypercall's line of code may have to come from memory once.
    is_near("all in the first levels", l1_tlb[0.5].per_access(m), base)
    is_near("L1 TLB miss, L2 TLB hit", l1_tlb[2].per_access(m),
            base + m["cpu"]["l2_tlb"]["latency"])
    c = l1d[2]
    rate = c.by("data", "l1d", "misses") / c.accesses
    tlb = c.tlb_misses("l1d") / c.accesses * m["cpu"]["l2_tlb"]["latency"]
    is_near("L1D miss, L2 hit", (c.per_access(m) - base - tlb) / rate, l2)
    verdict(f"{name}: an L2 TLB hit costs {m['cpu']['l2_tlb']['latency']} "
            f"cycles, an L2 hit {l2:.2f}, nothing else costs", problems)


def main():
    associative("tiny", 2, [])
    for entries in (1, 2, 3, 4, 7, 16, 48, 64, 100):
        sets = [f"cpu.l1d_tlb.entries={entries}",
                f"cpu.l1d_tlb.ways={entries}", "cpu.l2_tlb.entries=0"]
        associative("tiny" if entries % 2 else "neoverse-n1", entries, sets)
    for name in PRESETS:
        m = machine(name)
        # An L1 TLB's end costs the L2 TLB's latency alone: at least as much
        # as the three instructions of a step on a 2-cycle L2 TLB (Cortex-A53),
        # elsewhere more. The L2 TLB's end costs a walk of a read or more, on
        # top of data that already comes from L2.
        l1_tlb = tlb_end(name, m, "l1d_tlb", "l1d", 1.8)
        tlb_end(name, m, "l2_tlb", "l2", 1.2)
        l1d = cache_end(name, m, "l1d", 1.3)
        cache_end(name, m, "l2", 1.3)
        pure(name, m, l1_tlb, l1d)
    print(f"{counts['PASS']} passed, {counts['FAIL']} failed")
    return counts["FAIL"] != 0


if __name__ == "__main__":
    sys.exit(main())
