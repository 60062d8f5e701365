#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""results.json as a table: one row a case, over all flushes and BBM levels."""
import json
import sys

rows = {}
for r in json.load(open(sys.argv[1], encoding="utf-8")):
    key = (r["scenario"], r["seen_by"], ", ".join(r["without"]) or "-")
    rows.setdefault(key, []).append(r)

print("| scenario | seen by | left out | explored | good | findings |")
print("|---|---|---|---:|---:|---|")
for (scenario, seen, without), cases in rows.items():
    good = sum(c["verdict"] == "good" for c in cases)
    kinds = sorted({c["finding"] for c in cases if c["verdict"] != "good"})
    print(f"| {scenario} | {seen} | {without} | {len(cases)} | {good} "
          f"| {', '.join(kinds) or '-'} |")
