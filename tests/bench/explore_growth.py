#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What exploring costs as the operation grows: N single pages are removed, of
a guest (seen by two CPUs) and of a device (by an IOMMU past the caches).

Usage: tests/bench/explore_growth.py [P2MSIM]. Times are the fastest of three,
the start of the command included.
"""
import json
import subprocess
import sys
import time

P2MSIM = sys.argv[1] if len(sys.argv) > 1 else "build/p2msim"


# Frames out of step with the pages: no block can be made.
def guest(pages, tlbi):
    return json.dumps({
        "format": "p2msim.scenario/1",
        "policy": {"p2m": {"tlbi": tlbi}},
        "observers": [{"kind": "cpu"}, {"kind": "cpu"}],
        "start": [{"do": "map", "gfn": 512, "mfn": 1, "frames": pages}],
        "operation": {"do": "remove", "gfn": 512, "frames": pages},
    })


def device(pages, clean):
    return json.dumps({
        "format": "p2msim.scenario/1",
        "iommu": {},
        "policy": {"iommu": {"clean": clean}},
        "observers": [{"kind": "iommu", "coherent": False}],
        "start": [{"do": "map", "dfn": 512, "mfn": 1, "frames": pages}],
        "operation": {"do": "unmap", "dfn": 512, "frames": pages},
    })


def explore(text):
    begun = time.monotonic()
    done = subprocess.run([P2MSIM, "explore", "--json", "-"], input=text,
                          capture_output=True, text=True, check=True)
    return time.monotonic() - begun, json.loads(done.stdout)["cost"]


print("| pages | of | policy | steps | entries | fills | ms |")
print("|---:|---|---|---:|---:|---:|---:|")
for what, policy in ((guest, "ipa"), (guest, "range"), (device, "entry"),
                     (device, "top-only")):
    for pages in (1, 8, 64, 512, 4096, 16384, 32768):
        runs = [explore(what(pages, policy)) for _ in range(3)]
        cost = runs[0][1]
        print(f"| {pages} | {what.__name__} | {policy} | {cost['steps']} "
              f"| {cost['entries']} | {cost['fills']} "
              f"| {min(r[0] for r in runs) * 1e3:.0f} |")
