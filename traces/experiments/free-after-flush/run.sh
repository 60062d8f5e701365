#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Explores every case and writes results.json and tables.md. Usage: run.sh
# [FOLDER], after `make`; FOLDER is this one if not given. BUILD as elsewhere.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../.."
p2msim=$(realpath "${BUILD:-build}/p2msim")
out=$(realpath "${1:-$here}")
samples=traces/samples/scenarios

# What a report says of the case named: one line of JSON.
result() {
	python3 -c 'import json, sys
report, without, *names = sys.argv[1:]
case = dict(name.split("=", 1) for name in names)
case["without"] = json.loads(without)
with open(report, encoding="utf-8") as file:
    said = json.load(file)
print(json.dumps(case | {key: said.get(key) for key in
                         ("verdict", "finding", "observer", "what")}))' \
		"$tmp/report" "$@"
}

cases() {
	local scenario seen observers bbm tlbi without code
	for scenario in superpage empty replace-superpage; do
	for seen in cpu iommu; do
	for bbm in 0 1 2; do
	for tlbi in vmid ipa range; do
	for without in '[]' '["flush-before-free"]' '["tlbi"]' \
		'["tlbi-combined"]' '["dsb"]' '["dsb-stores"]'; do
		observers='[{"kind":"cpu"},{"kind":"cpu"}]'
		[ $seen = cpu ] || observers='[{"kind":"iommu"}]'
		code=0
		"$p2msim" explore --json --set bbm_level=$bbm \
			--set policy.p2m.tlbi=$tlbi \
			--set "observers=$observers" \
			--set "without=$without" \
			$samples/$scenario.json >"$tmp/report" || code=$?
		[ $code -le 1 ] || exit $code
		result "$without" scenario=$scenario seen_by=$seen bbm=$bbm tlbi=$tlbi
	done; done; done; done; done
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cases | python3 -c 'import json, sys
json.dump([json.loads(line) for line in sys.stdin], sys.stdout, indent=1)
print()' >"$tmp/results.json"
mv "$tmp/results.json" "$out/results.json"
python3 "$here/tables.py" "$out/results.json" >"$out/tables.md"
