# SPDX-License-Identifier: BSD-2-Clause
"""
What run.sh's what-ifs found, cut down to results.json (numbers only) and shown
as tables.md. Usage: tables.py FOLDER-OF-WHATIFS FOLDER-FOR-RESULTS.
"""
import json
import os
import sys

POLICY = "policy.p2m.coalesce"
COLUMNS = ("cycles", "before", "churn", "afterwards", "loads_afterwards", "walk_cycles", "stalls",
           "stall_cycles", "longest_stall", "splits", "coalesces", "tlbis",
           "pte_writes", "tables_peak", "tables_live", "divergences")


def phase(trace, stats, mark):
    """Cycles of churn's phase from this MARK; balloon's are other things."""
    if trace == "balloon":
        return None
    found = next(p for p in stats["phases"] if p["mark"] == mark)
    return sum(c["cycles"] for c in found["cpu"])


def calm_loads(trace, stats):
    """Loads from the working set in a calm phase; the guest's own are not counted."""
    if trace == "balloon":
        return None
    args = dict(a.split("=") for a in stats["guest"]["args"] if "=" in a)
    return int(args["work"]) * int(args["calm"])


def numbers(trace, variant):
    """COLUMNS of one variant."""
    stats, summary = variant["stats"], variant["summary"]
    p2m = summary["p2m"]
    phases = [phase(trace, stats, m) for m in (1, 2, 3)]
    loads = calm_loads(trace, stats)
    return [summary["cycles"], *phases, loads, summary["walk_cycles"],
            stats["p2m"]["stalls"]["count"], p2m["stall_cycles"],
            p2m["longest_stall"], p2m["splits"], p2m["coalesces"], p2m["tlbis"],
            p2m["pte_writes"], p2m["tables_peak"], p2m["tables_live"],
            summary["divergences"]]


def load(path):
    """{"axes", "rows": [[trace, value of each axis..., numbers...]]}"""
    whatif = json.load(open(path))
    rows = []
    for trace in whatif["traces"]:
        name = trace["trace"].removesuffix(".zst")
        for v in trace["variants"]:
            rows.append([name, *v["set"].values(), *numbers(name, v)])
    return {"axes": [a["key"] for a in whatif["axes"]], "rows": rows}


def dump(results, path):
    with open(path, "w") as f:
        f.write('{"columns": %s' % json.dumps(COLUMNS))
        for name, sweep in results.items():
            f.write(',\n"%s": {"axes": %s, "rows": [\n' % (name, json.dumps(sweep["axes"])))
            f.write(",\n".join(json.dumps(r, separators=(",", ":")) for r in sweep["rows"]))
            f.write("]}")
        f.write("}\n")


class Sweep:
    def __init__(self, sweep):
        self.axes = sweep["axes"]
        self.rows = []
        for r in sweep["rows"]:
            values = dict(zip(("trace", *self.axes), r))
            values.update(zip(COLUMNS, r[1 + len(self.axes):]))
            self.rows.append(values)

    def values(self, key):
        return list(dict.fromkeys(r[key] for r in self.rows))

    def where(self, **want):
        want = {k.replace("__", "."): v for k, v in want.items()}
        return [r for r in self.rows if all(r[k] == v for k, v in want.items())]

    def never(self, row):
        """The same in all but the coalescing policy."""
        same = {k: row[k] for k in ("trace", *self.axes) if k != POLICY}
        return self.where(**same, **{POLICY: "never"})[0]


def percent(value, base):
    if not base or value is None:
        return ""
    return f"{100 * (value - base) / base:+.1f} %"


def count(value):
    return "" if value is None else f"{value:,}"


def table(out, head, rows):
    out.append("| " + " | ".join(head) + " |")
    out.append("|---" + "|---:" * (len(head) - 1) + "|")
    out.extend("| " + " | ".join(r) + " |" for r in rows)
    out.append("")


def one_trace(out, sweep, trace, machine, backing):
    rows = sweep.where(trace=trace, machine=machine, guest__backing=backing)
    phases = rows[0]["churn"] is not None
    head = ["policy", "cycles", "change"]
    head += ["churn", "afterwards"] if phases else []
    head += ["walks' cycles", "p2m's cycles", "longest up to", "splits", "coalesces",
             "TLBIs", "PTE writes", "tables, peak", "end"]
    lines = []
    for r in rows:
        never = sweep.never(r)
        line = [f"`{r[POLICY]}`", count(r["cycles"]), percent(r["cycles"], never["cycles"])]
        if phases:
            line += [percent(r[p], never[p]) for p in ("churn", "afterwards")]
        line += [count(r[k]) for k in
                 ("walk_cycles", "stall_cycles", "longest_stall", "splits", "coalesces",
                  "tlbis", "pte_writes", "tables_peak", "tables_live")]
        lines.append(line)
    table(out, head, lines)


def overview(out, sweep):
    """Cycles against `never`, for each trace, machine and backing."""
    policies = [p for p in sweep.values(POLICY) if p != "never"]
    lines = []
    for trace in sweep.values("trace"):
        for machine in sweep.values("machine"):
            for backing in sweep.values("guest.backing"):
                rows = sweep.where(trace=trace, machine=machine, guest__backing=backing)
                by = {r[POLICY]: r for r in rows}
                lines.append([f"{trace}, {machine}, {backing}"] +
                             [percent(by[p]["cycles"], by["never"]["cycles"]) for p in policies])
    table(out, ["trace, machine, backing"] + [f"`{p}`" for p in policies], lines)


def break_even(out, rows_of, keys):
    """
    What a block's coming and going costs, what a load gains from its being a
    block, and after how many loads in that block the one has paid the other.
    """
    lines = []
    for never, eager in rows_of:
        if not eager["coalesces"] or eager["afterwards"] is None:
            continue
        cost = (eager["stall_cycles"] - never["stall_cycles"]) / eager["coalesces"]
        gain = (never["afterwards"] - eager["afterwards"]) / eager["loads_afterwards"]
        lines.append([", ".join(str(eager[k]) for k in keys), f"{cost:,.0f}", f"{gain:.1f}",
                      f"{cost / gain:,.0f}"])
    table(out, [", ".join(k.rsplit(".", 1)[-1] for k in keys), "cycles a coalesce",
                "gained a load", "loads to break even"], lines)


def pairs(sweep, **want):
    return [(sweep.never(r), r) for r in sweep.where(**want, policy__p2m__coalesce="eager")]


def against(out, sweep, keys):
    """All rows, each against `never` at the first value of each other key."""
    for trace in sweep.values("trace"):
        rows = sweep.where(trace=trace)
        base = rows[0]
        lines = [["`" + " ".join(r[k] for k in keys) + "`", count(r["cycles"]),
                  percent(r["cycles"], base["cycles"]), count(r["stall_cycles"]),
                  count(r["longest_stall"]), count(r["walk_cycles"]), count(r["splits"]),
                  count(r["coalesces"]), count(r["tlbis"]), count(r["pte_writes"]),
                  count(r["tables_peak"])] for r in rows]
        out.append(f"**{trace}**\n")
        table(out, [", ".join(k.rsplit(".", 1)[1] for k in keys), "cycles", "change",
                    "p2m's cycles", "longest up to", "walks' cycles", "splits", "coalesces",
                    "TLBIs", "PTE writes", "tables, peak"], lines)


def tables(results):
    out = ["# Coalescing: the tables", "",
           "Written by `run.sh`; what they mean is in README.md. *change*, *churn* and",
           "*afterwards* are against `never` in the same circumstances; *p2m's cycles* are",
           "`p2m.stalls.cycles`, *longest up to* is the bound of the longest stall.", "",
           "## Cycles against `never`", ""]
    sweep = Sweep(results["coalesce"])
    overview(out, sweep)
    machine, backing = sweep.values("machine")[0], "contiguous"
    for trace in sweep.values("trace"):
        out += [f"## {trace}: {machine}, {backing} frames", ""]
        one_trace(out, sweep, trace, machine, backing)
    out += ["## TLB maintenance", ""]
    tlbi, cost = Sweep(results["tlbi"]), Sweep(results["cost"])
    against(out, tlbi, ("policy.p2m.tlbi", POLICY))
    out += ["## Cycles of one TLBI", ""]
    against(out, cost, ("hypervisor.tlbi", POLICY))
    out += ["## Break-even", "",
            "*cycles a coalesce*: what `eager` costs in the p2m above `never`, for each of its",
            "coalesces (the splits that follow from them included). *gained a load*: by how much",
            "the loads after the churn are faster, on average. *loads to break even*: how many of",
            "them a block must see before it is split again.", ""]
    break_even(out, pairs(sweep, guest__backing="contiguous"), ("trace", "machine"))
    break_even(out, pairs(tlbi), ("trace", "policy.p2m.tlbi"))
    break_even(out, pairs(cost), ("trace", "hypervisor.tlbi"))
    out += ["## Empty tables, and the order of what is mapped", ""]
    against(out, Sweep(results["shape"]), ("policy.p2m.free_empty", "policy.p2m.order", POLICY))
    assert all(r["divergences"] == 0 for s in results.values() for r in Sweep(s).rows)
    return "\n".join(out)


def main():
    results = {name: load(os.path.join(sys.argv[1], name + ".json"))
               for name in ("coalesce", "tlbi", "cost", "shape")}
    dump(results, os.path.join(sys.argv[2], "results.json"))
    with open(os.path.join(sys.argv[2], "tables.md"), "w") as f:
        f.write(tables(results))


if __name__ == "__main__":
    main()
