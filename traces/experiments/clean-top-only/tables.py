#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""results.json as tables: one row a case, over all flushes and BBM levels."""
import json
import sys

rows = {}
for r in json.load(open(sys.argv[1], encoding="utf-8")):
    key = (r["scenario"], ", ".join(r["without"]) or "-", r["clean"])
    rows.setdefault(key, []).append(r)

print("| scenario | left out | clean | explored | good | findings |")
print("|---|---|---|---:|---:|---|")
for (scenario, without, clean), cases in rows.items():
    good = sum(c["verdict"] == "good" for c in cases)
    kinds = sorted({f"{c['finding']} by {c['observer']}" for c in cases
                    if c["verdict"] != "good"})
    print(f"| {scenario} | {without} | {clean} | {len(cases)} | {good} "
          f"| {', '.join(kinds) or '-'} |")
