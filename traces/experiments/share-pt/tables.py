# SPDX-License-Identifier: BSD-2-Clause
"""
What run.sh's replays counted, cut down to results.json and shown as tables.md
and plot.svg. Usage: tables.py FOLDER-OF-STATISTICS FOLDER-FOR-RESULTS.
"""
import json
import os
import sys

KINDS = {
    "smmu-broadcast": "SMMUv3, shared, broadcast TLBI",
    "smmu-commands": "SMMUv3, shared, commands",
    "smmu-uncached": "SMMUv3, shared, commands, COHACC 0",
    "smmu-separate": "SMMUv3, separate",
    "vtd-separate": "VT-d, separate",
}
STREAMS = ("nic", "block", "sequential", "random", "churn-few", "churn-many",
           "churn-dense", "nic-mapped", "block-mapped")
MHZ = 2500


def numbers(stats):
    """Of the work, between the marks 1 and 2; tables at the end of all."""
    work = {p["mark"]: p for p in stats["phases"]}[1]
    unit, p2m, cpu = work["iommu"][0], work["p2m"], work["cpu"][0]
    whole, dma, domain = stats["iommu"][0], unit["dma"], unit["domain"]
    by = cpu["cycles_by"]
    calls = sum(p2m["ops"].values()) or domain["map"] + domain["unmap"]
    spent = by["hypervisor"] + by["maintenance"]
    told = unit["invalidations"]
    return {
        "calls": calls,
        "tables_kib": 4 * (stats["p2m"]["tables"]["peak"] +
                           whole["domain"]["tables"]["peak"]),
        "pte_writes": p2m["pte_writes"] + domain["pte_writes"],
        "cycles_per_call": round(spent / calls) if calls else 0,
        "invalidation_per_call":
            round((by["maintenance"] + unit["cycles"]["flush_wait"]) / calls)
            if calls else 0,
        "tlbi": sum(p2m["tlbi"].values()),
        "commands": told["descriptors"],
        "misses": unit["iotlb"]["misses"],
        "latency_ns": round(dma["latency_cycles"] / dma["requests"] * 1000 /
                            MHZ, 1) if dma["requests"] else 0,
        "p99_ns": whole["latency_ns"]["p99"],
        "faulted": dma["faulted"],
    }


def read(folder):
    results = {}
    for stream in STREAMS:
        for kind in KINDS:
            path = os.path.join(folder, f"{stream}.{kind}.json")
            if os.path.exists(path):
                with open(path) as f:
                    results.setdefault(stream, {})[kind] = numbers(json.load(f))
    return results


HEADS = (("tables, KiB", "tables_kib"), ("PTE writes", "pte_writes"),
         ("cycles a call", "cycles_per_call"),
         ("of these invalidating", "invalidation_per_call"),
         ("TLBI", "tlbi"), ("commands", "commands"),
         ("IOTLB misses", "misses"), ("DMA, ns", "latency_ns"),
         ("p99", "p99_ns"), ("faults", "faulted"))


def markdown(results):
    lines = ["# Shared and separate tables: the numbers", "",
             "Written by `run.sh`. Calls are P2M_REMOVE and P2M_POPULATE; of",
             "the streams that map, IOMMU_MAP and IOMMU_UNMAP. Cycles are the",
             "CPU's in hypervisor and maintenance, of the work alone."]
    for stream, kinds in results.items():
        calls = next(iter(kinds.values()))["calls"]
        lines += ["", f"## {stream}, {calls} calls", "",
                  "| | " + " | ".join(h for h, _ in HEADS) + " |",
                  "|---|" + "---:|" * len(HEADS)]
        for kind, n in kinds.items():
            lines.append(f"| {KINDS[kind]} | " +
                         " | ".join(f"{n[k]:,}" for _, k in HEADS) + " |")
    return "\n".join(lines) + "\n"


def plot(results):
    """Cycles a call, and DMA latency, of the streams that churn."""
    streams = [s for s in results if s.startswith("churn")]
    colors = ("#1b6ca8", "#59a14f", "#e15759", "#f28e2b", "#767676")
    panels = (("cycles_per_call", "hypervisor cycles a call"),
              ("latency_ns", "DMA latency, ns"))
    svg = ['<svg xmlns="http://www.w3.org/2000/svg" width="860" height="330" '
           'font-family="sans-serif" font-size="12">',
           '<rect width="860" height="330" fill="white"/>']
    for at, (key, title) in enumerate(panels):
        left, top, high = 60 + 420 * at, 40, 200
        most = max(results[s][k][key] for s in streams for k in results[s])
        svg.append(f'<text x="{left}" y="24" font-weight="bold">{title}</text>')
        for i, s in enumerate(streams):
            for j, k in enumerate(KINDS):
                v = results[s][k][key]
                h = round(v / most * high, 1) if most else 0
                x = left + i * 120 + j * 20
                svg.append(f'<rect x="{x}" y="{top + high - h}" width="18" '
                           f'height="{h}" fill="{colors[j]}"><title>'
                           f'{s}, {KINDS[k]}: {v}</title></rect>')
                svg.append(f'<text x="{x + 9}" y="{top + high - h - 3}" '
                           f'text-anchor="middle" font-size="8">{v:g}</text>')
            svg.append(f'<text x="{left + i * 120}" y="{top + high + 16}">'
                       f'{s}</text>')
    for j, (k, name) in enumerate(KINDS.items()):
        x, y = 60 + 270 * (j % 3), 285 + 20 * (j // 3)
        svg.append(f'<rect x="{x}" y="{y - 10}" width="12" height="12" '
                   f'fill="{colors[j]}"/><text x="{x + 18}" y="{y}">{name}'
                   '</text>')
    return "\n".join(svg + ["</svg>"]) + "\n"


def main():
    results = read(sys.argv[1])
    for name, text in (("results.json", json.dumps(results, indent=1) + "\n"),
                       ("tables.md", markdown(results)),
                       ("plot.svg", plot(results))):
        with open(os.path.join(sys.argv[2], name), "w") as f:
            f.write(text)


main()
