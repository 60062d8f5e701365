# SPDX-License-Identifier: BSD-2-Clause
"""
What run.sh's what-ifs found, cut down to results.json and shown as tables.md
and plot.svg. Usage: tables.py FOLDER-OF-WHATIFS FOLDER-FOR-RESULTS.
"""
import json
import os
import sys

POLICY = "policy.iommu.coalesce"
BACKING = "guest.backing"
COLUMNS = ("pte_writes", "splits", "coalesces", "cleans", "flushes", "misses",
           "tables_peak", "tables_end", "latency_mean", "latency_p99",
           "calm_latency", "hypervisor", "lock", "faulted")


def mean_latency(phase, mhz):
    dma = phase["iommu"][0]["dma"]
    if not dma["requests"]:
        return None
    return round(dma["latency_cycles"] / dma["requests"] * 1000 / mhz, 1)


def numbers(stats):
    """COLUMNS of one variant. Counts are those of the work, without what maps
    the window at first; latencies of all that the device did in it."""
    by_mark = {p["mark"]: p for p in stats["phases"]}
    work, calm = by_mark[1], by_mark.get(2)
    whole, unit = stats["iommu"][0], work["iommu"][0]
    domain, by = unit["domain"], work["cpu"][0]["cycles_by"]
    mhz = 2200
    return [domain["pte_writes"], domain["splits"], domain["coalesces"],
            domain["cleans"], domain["flushes"]["pages"] + domain["flushes"]["domain"],
            unit["iotlb"]["misses"], whole["domain"]["tables"]["peak"],
            whole["domain"]["tables"]["live"], mean_latency(work, mhz),
            whole["latency_ns"]["p99"],
            mean_latency(calm, mhz) if calm else None,
            by["hypervisor"] + by["maintenance"] + by["trap"],
            unit["cycles"]["lock"], unit["dma"]["faulted"]]


def load(path):
    whatif = json.load(open(path))
    return {"axes": [a["key"] for a in whatif["axes"]],
            "rows": [[t["trace"].removesuffix(".zst"), *v["set"].values(),
                      *numbers(v["stats"])]
                     for t in whatif["traces"] for v in t["variants"]]}


def dump(results, path):
    with open(path, "w") as f:
        f.write('{"columns": %s' % json.dumps(COLUMNS))
        for name, sweep in results.items():
            f.write(',\n"%s": {"axes": %s, "rows": [\n' % (name, json.dumps(sweep["axes"])))
            f.write(",\n".join(json.dumps(r, separators=(",", ":")) for r in sweep["rows"]))
            f.write("]}")
        f.write("}\n")


def rows_of(sweep):
    names = ("trace", *sweep["axes"], *COLUMNS)
    return [dict(zip(names, r)) for r in sweep["rows"]]


def shown(value):
    if value is None:
        return ""
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def table(out, head, lines):
    out.append("| " + " | ".join(head) + " |")
    out.append("|---" + "|---:" * (len(head) - 1) + "|")
    out.extend("| " + " | ".join(line) + " |" for line in lines)
    out.append("")


HEAD = ["PTE writes", "splits", "coalesces", "cleans", "flushes", "IOTLB misses",
        "tables, peak", "end", "latency ns", "p99", "calm ns",
        "hypervisor cycles", "under the lock"]


def tables(results, path):
    out = ["# Numbers", "",
           "Counts and cycles are those of the work, without what maps memory "
           "at first; *latency* is the mean of the work's DMA requests, *calm* "
           "of those after it, *p99* of all; *flushes* are requests to the "
           "IOTLB.", ""]
    rows = rows_of(results["coalesce"])
    for trace in dict.fromkeys(r["trace"] for r in rows):
        for backing in dict.fromkeys(r[BACKING] for r in rows):
            out.append(f"## {trace}, {backing}\n")
            table(out, ["policy", *HEAD],
                  [[f"`{r[POLICY]}`", *(shown(r[c]) for c in COLUMNS[:-1])]
                   for r in rows if r["trace"] == trace and r[BACKING] == backing])
    for name, axis, title in (
            ("flush", "policy.iommu.flush", "Flushing late"),
            ("clean", "policy.iommu.clean", "Cleaning, walks past the caches")):
        out.append(f"## {title}\n")
        table(out, ["trace", axis.rsplit(".", 1)[1], "policy", *HEAD, "faults"],
              [[r["trace"], f"`{r[axis]}`", f"`{r[POLICY]}`",
                *(shown(r[c]) for c in COLUMNS)] for r in rows_of(results[name])])
    with open(path, "w") as f:
        f.write("\n".join(out).rstrip() + "\n")


def bar(x, y, width, height, color, title):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{color}"><title>{title}</title></rect>')


def panel(out, rows, column, label, top, traces, policies, colors):
    """Groups of bars, relative to `never`."""
    height, left, group = 170, 60, 118
    values = {(r["trace"], r[POLICY]): r[column] for r in rows}
    ratio = {k: v / values[k[0], "never"] for k, v in values.items()
             if values[k[0], "never"]}
    most = max(ratio.values(), default=1)
    base = top + height
    out.append(f'<text x="8" y="{top - 8}" font-weight="bold">{label}</text>')
    for line in (1, most):
        y = base - height * line / most
        out.append(f'<line x1="{left}" x2="{left + group * len(traces)}" y1="{y:.1f}" '
                   f'y2="{y:.1f}" stroke="#999"/><text x="{left - 6}" y="{y + 4:.1f}" '
                   f'text-anchor="end">{line:.2f}</text>')
    for i, trace in enumerate(traces):
        x = left + group * i
        for j, policy in enumerate(policies):
            h = height * ratio.get((trace, policy), 0) / most
            out.append(bar(x + 9 * j, base - h, 8, h, colors[j],
                           f"{trace}, {policy}: {ratio.get((trace, policy), 0):.2f}"))
        out.append(f'<text x="{x}" y="{base + 14}">{trace}</text>')


def plot(results, path):
    rows = [r for r in rows_of(results["coalesce"]) if r[BACKING] == "contiguous"]
    traces = [t for t in dict.fromkeys(r["trace"] for r in rows)
              if t.startswith(("churn", "aware"))]
    policies = list(dict.fromkeys(r[POLICY] for r in rows))
    colors = ["#333", "#d62728", "#fdd0a2", "#fd8d3c", "#a63603", "#c6dbef",
              "#2171b5", "#c7e9c0", "#238b45", "#dadaeb", "#6a51a3"]
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="920" height="800" '
           'font-family="sans-serif" font-size="12">',
           '<rect width="920" height="800" fill="white"/>']
    for i, (column, label) in enumerate((
            ("lock", "cycles under the mapping lock, against never"),
            ("latency_mean", "mean latency of DMA while tables come and go, against never"),
            ("calm_latency", "mean latency of DMA afterwards, against never"))):
        panel(out, rows, column, label, 30 + 230 * i, traces, policies, colors)
    for j, policy in enumerate(policies):
        x, y = 60 + 205 * (j % 4), 720 + 22 * (j // 4)
        out.append(bar(x, y, 12, 12, colors[j], policy))
        out.append(f'<text x="{x + 18}" y="{y + 11}">{policy}</text>')
    out.append("</svg>")
    with open(path, "w") as f:
        f.write("\n".join(out) + "\n")


def main():
    source, target = sys.argv[1:]
    results = {name: load(os.path.join(source, name + ".json"))
               for name in ("coalesce", "flush", "clean")}
    dump(results, os.path.join(target, "results.json"))
    tables(results, os.path.join(target, "tables.md"))
    plot(results, os.path.join(target, "plot.svg"))


main()
