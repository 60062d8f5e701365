# SPDX-License-Identifier: BSD-2-Clause
"""Guests that misbehave: guests/*.S says what each does. The p2m, and the
numbers of a well-behaved guest, are what hostile calls must leave alone."""
import json
import os

INSNS = ["--limit-insns", "200000"]
TWO = ["--set", "cpu.count=2"]

# name, options, exit code, what the line says
CASES = [
    ("jump_nowhere", [], 4, "jumped nowhere: CPU 0, pc 0x7ffffff000"),
    ("jump_beyond", [], 4, "jumped nowhere: CPU 0, pc 0x7fff123456789000"),
    ("jump_device", [], 4, "jumped nowhere: CPU 0, pc 0x9000000"),
    ("odd_branch", [], 4, "jumped nowhere: CPU 0, pc 0x40080001, esr 0x8a"),
    ("undefined", [], 4, "no handler for: CPU 0, pc 0x40080000, esr 0x2000"),
    ("fp16_unallocated", [], (4, 5), "no handler for|not modelled"),
    ("bad_eret", [], 4, "no handler for: .*esr 0x3a000000"),
    ("svc_nowhere", [], 4, "no handler for: .*esr 0x56000000"),
    ("handler_faults", [], 4, "in its own fault handler: CPU 0, pc 0x"),
    ("stack_nowhere", [], 4, "in its own fault handler: CPU 0, pc 0x"),
    ("handler_skips", [], 0, ""),
    ("loop", INSNS, 4, "limit of 200000 instructions at pc 0x40080000"),
    ("loop", ["--limit-seconds", "0.1"], 4, "limit of 0.1 seconds at pc"),
    ("loop_stores", INSNS, 4, "limit of 200000 instructions at pc 0x4008"),
    ("wfe", INSNS, 4, "limit of 200000 instructions at pc 0x4008"),
    ("wfi", [], 4, "waits for an interrupt that cannot come"),
    ("iommu_map", [], 5, "not modelled: .*IOMMU_MAP"),
    ("iommu_unmap", [], 5, "not modelled: .*IOMMU_UNMAP"),
    ("granule_64k", [], 4, "CPU 0, pc 0x40080.*esr 0x86000005"),
    ("tcr_ha", [], 5, "not modelled: .*TCR_EL1.HA/HD.*DDI0487"),
    ("p2m_granule", ["--guest-exit", "--set", "guest.granule=64K"], 0, ""),
    ("psci", ["--guest-exit"], 0, ""),
    ("psci_nowhere", TWO, 4, "jumped nowhere: CPU 1, pc 0x7ffffff000"),
    ("psci_odd", TWO, 4, "jumped nowhere: CPU 1, pc 0x40080001"),
    ("psci_both_wait", TWO, 4, "waits for an interrupt that cannot come"),
    ("p2m_calls", ["--guest-exit"], 0, ""),
    ("p2m_pulls_the_rug", [], 4, "CPU 0, pc 0x40080"),
    ("p2m_no_access", [], 4, "CPU 0, pc 0x40080"),
    ("own_code", ["--guest-exit"], 0, ""),
    ("ttbr_outside", [], 4, "CPU 0, pc 0x40080.*esr 0x86"),
    ("ttbr_device", [], 4, "CPU 0, pc 0x40080.*esr 0x86"),
    ("tables_recursive", ["--guest-exit"], 0, ""),
    ("tables_huge_block", [], 4, "CPU 0, pc 0x40080.*esr 0x86"),
    ("semihosting_exit", [], 0, ""),
]


def recorded(j, name, options, code, says, out=b""):
    """The trace of a bad guest replays to the same statistics."""
    trace, stats, again = (j.path(n) for n in
                           ("guest.jsonl", "run.json", "replay.json"))
    path = os.path.join(j.guests, name + ".elf")
    j.case(f"guest {name}: recorded", ["run", "--quiet", "--trace", trace,
                                       "--stats", stats] + options + [path],
           code, says, out=out)
    j.case(f"guest {name}: replayed",
           ["replay", "--quiet", "--stats", again, trace], (0, 5),
           "not modelled")
    j.case(f"guest {name}: the same statistics",
           ["compare", "--quiet", stats, again], 0)


def p2m_unchanged(j):
    """Hostile calls write no descriptor: the tables are those of a guest that
    calls nothing."""
    found = []
    for folder, name in ((j.ours, "hello"), (j.guests, "p2m_calls")):
        stats = j.path("p2m.json")
        # Tracking writes for each page that a guest touches: not here.
        j.run(["run", "--quiet", "--stats", stats,
               "--set", "policy.p2m.set_way=full",
               os.path.join(folder, name + ".elf")])
        with open(stats, encoding="utf-8") as f:
            p2m = json.load(f)["p2m"]
        found.append({k: p2m[k] for k in ("tables", "mappings", "pte_writes",
                                          "splits", "coalesces", "tlbi")})
    j.say("hostile p2m calls change nothing",
          found[0] != found[1] and f"{found[1]}, not {found[0]}")


def console(j):
    path = os.path.join(j.guests, "semihosting.elf")
    j.case("guest semihosting", ["run", "--quiet", "--guest-exit", path], 0,
           out=b"x")
    path = os.path.join(j.guests, "uart_odd.elf")
    j.case("guest uart_odd", ["run", "--quiet"] + INSNS + [path], 0,
           out=bytes(9))


def marks(j):
    """Bounded, however many."""
    stats = j.path("marks.json")
    j.case("guest marks: a million", [
        "run", "--quiet", "--guest-exit", "--stats", stats,
        os.path.join(j.guests, "marks.elf")], 0)
    with open(stats, encoding="utf-8") as f:
        phases = json.load(f).get("phases", [])
    j.say("marks are kept up to a bound",
          not 0 < len(phases) <= 4096 and f"{len(phases)} phases")


def test(j):
    for name, options, code, says in CASES:
        path = os.path.join(j.guests, name + ".elf")
        j.case(f"guest {name} {' '.join(options)}",
               ["run", "--quiet"] + options + [path], code, says)
    for name, options, code, says in CASES:
        if "--limit-seconds" not in options and code != 0:
            recorded(j, name, options, code, says)
    for name in ("tables_recursive", "own_code", "handler_skips"):
        recorded(j, name, [], 0, "")
    recorded(j, "uart_odd", [], 0, "", out=bytes(9))
    p2m_unchanged(j)
    console(j)
    marks(j)
