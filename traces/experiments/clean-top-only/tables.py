# SPDX-License-Identifier: BSD-2-Clause
"""
What run.sh explored and measured, as results.json and tables.md. Usage:
tables.py FOLDER-OF-RUN FOLDER-FOR-RESULTS.
"""
import json
import os
import sys

COALESCE, CLEAN = "policy.iommu.coalesce", "policy.iommu.clean"
COLUMNS = ("pte_writes", "splits", "coalesces", "cleans", "hypervisor",
           "maintenance", "lock", "faulted")


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def numbers(stats):
    """COLUMNS of one variant: of the work, without what maps the window at
    first, and of the calm after it."""
    phases = [p for p in stats["phases"] if p["mark"] >= 1]
    unit = [p["iommu"][0] for p in phases]
    by = [p["cpu"][0]["cycles_by"] for p in phases]
    return ([sum(u["domain"][c] for u in unit) for c in COLUMNS[:4]] +
            [sum(b["hypervisor"] + b["maintenance"] + b["trap"] for b in by),
             sum(b["maintenance"] for b in by),
             sum(u["cycles"]["lock"] for u in unit),
             sum(u["dma"]["faulted"] for u in unit)])


def costs(path):
    with open(path, encoding="utf-8") as file:
        whatif = json.load(file)
    return [{"stream": t["trace"].removesuffix(".zst"), **v["set"],
             **dict(zip(COLUMNS, numbers(v["stats"])))}
            for t in whatif["traces"] for v in t["variants"]]


def grouped(cases, keys):
    rows = {}
    for r in cases:
        key = tuple(", ".join(r[k]) or "-" if k == "without" else r[k]
                    for k in keys)
        rows.setdefault(key, []).append(r)
    return rows


def explored(out, title, note, cases, keys):
    out += [f"## {title}", "", note, "",
            f"| {' | '.join(keys)} | explored | good | findings |",
            "|---" * len(keys) + "|---:|---:|---|"]
    for key, group in grouped(cases, keys).items():
        kinds = sorted({f"{c['finding']} by {c['observer']}" for c in group
                        if c["verdict"] != "good"})
        out.append(f"| {' | '.join(key)} | {len(group)} "
                   f"| {sum(c['verdict'] == 'good' for c in group)} "
                   f"| {', '.join(kinds) or '-'} |")
    out.append("")


def saved(row, entry, column):
    part = (entry[column] - row[column]) / entry[column] if entry[column] else 0
    return f"{part * 100:.1f} %"


def cost_table(out, title, note, rows):
    out += [f"## {title}", "", note, "",
            "| stream | coalesce | clean | PTE writes | splits | promotions "
            "| cleans | hypervisor cycles | saved | of them cleaning "
            "| under the lock | saved | faults |",
            "|---|---|---" + "|---:" * 10 + "|"]
    entry = {(r["stream"], r[COALESCE]): r for r in rows if r[CLEAN] == "entry"}
    for r in rows:
        e = entry[r["stream"], r[COALESCE]]
        out.append(
            f"| {r['stream']} | `{r[COALESCE]}` | `{r[CLEAN]}` "
            f"| {r['pte_writes']:,} | {r['splits']:,} | {r['coalesces']:,} "
            f"| {r['cleans']:,} | {r['hypervisor']:,} "
            f"| {saved(r, e, 'hypervisor')} | {r['maintenance']:,} "
            f"| {r['lock']:,} | {saved(r, e, 'lock')} | {r['faulted']} |")
    out.append("")


def main():
    folder, to = sys.argv[1:]
    results = {
        "guests": lines(os.path.join(folder, "guests")),
        "devices": lines(os.path.join(folder, "devices")),
        "superpages": costs(os.path.join(folder, "superpages.json")),
        "pages": costs(os.path.join(folder, "pages.json")),
    }
    with open(os.path.join(to, "results.json"), "w", encoding="utf-8") as file:
        file.write("{")
        for n, (name, rows) in enumerate(results.items()):
            file.write(f'{"," if n else ""}\n"{name}": [\n')
            file.write(",\n".join(json.dumps(r, separators=(",", ":"))
                                  for r in rows))
            file.write("]")
        file.write("}\n")
    out = ["# Tables", ""]
    explored(out, "A device's domain (core/iommu)",
             "Over both flush policies, with a write buffer and without.",
             results["devices"], ("scenario", "without", "clean"))
    explored(out, "A guest's p2m (core/p2m)",
             "Over all flushes and BBM levels.", results["guests"],
             ("scenario", "without", "clean"))
    note = ("Of the work and the calm after it, without what maps memory at "
            "first; *saved* against `entry`.")
    cost_table(out, "Cost, with superpages",
               "`vtd-broadwell` with `coherent: off`. " + note,
               results["superpages"])
    cost_table(out, "Cost, pages alone", "`vtd-ivybridge`. " + note,
               results["pages"])
    with open(os.path.join(to, "tables.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(out).rstrip() + "\n")


main()
