#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Explores every case, measures what cleaning costs, and writes results.json and
# tables.md. Usage: run.sh [--quick] [FOLDER], after `make`; FOLDER is this one
# if not given. --quick: short streams. BUILD and JOBS as elsewhere.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../.."
BUILD=${BUILD:-build}
JOBS=${JOBS:-$(nproc)}
p2msim=$(realpath "$BUILD/p2msim")
quick=
[ "${1:-}" != --quick ] || { quick=1 && shift; }
out=$(realpath "${1:-$here}")
samples=traces/samples/scenarios
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Explore one case; what its report says, as one line of JSON.
# SCENARIO WITHOUT SETS... -- NAMES...
explore() {
	local scenario=$1 without=$2 code=0 sets=()
	shift 2
	while [ "$1" != -- ]; do
		sets+=(--set "$1")
		shift
	done
	shift
	"$p2msim" explore --json "${sets[@]}" --set "without=$without" \
		$samples/$scenario.json >"$tmp/report" || code=$?
	[ $code -le 1 ] || exit $code
	python3 -c 'import json, sys
report, without, *names = sys.argv[1:]
case = dict(name.split("=", 1) for name in names)
case["without"] = json.loads(without)
with open(report, encoding="utf-8") as file:
    said = json.load(file)
print(json.dumps(case | {key: said.get(key) for key in
                         ("verdict", "finding", "observer", "what")}))' \
		"$tmp/report" "$without" scenario=$scenario "$@"
}

# The p2m, cleaned for by its host; a CPU looks on, too.
guests() {
	local scenario clean bbm tlbi without
	for scenario in superpage empty replace-superpage; do
	for clean in entry line top-only; do
	for bbm in 0 1 2; do
	for tlbi in vmid ipa range; do
	for without in '[]' '["clean"]' '["flush-before-free"]'; do
		explore $scenario "$without" bbm_level=$bbm \
			policy.p2m.tlbi=$tlbi policy.iommu.clean=$clean -- \
			clean=$clean bbm=$bbm tlbi=$tlbi
	done; done; done; done; done
}

# The domain of a device, which cleans by itself.
devices() {
	local scenario clean flush buffer without
	for scenario in iommu-superpage iommu-empty iommu-shatter; do
	for clean in entry line top-only; do
	for flush in strict deferred:8; do
	for buffer in false true; do
	for without in '[]' '["clean"]' '["dsb"]' '["iotlb-wait"]' \
		'["flush-before-free"]'; do
		explore $scenario "$without" policy.iommu.coalesce=eager \
			policy.iommu.clean=$clean policy.iommu.flush=$flush \
			iommu.write_buffer_flush=$buffer -- clean=$clean \
			flush=$flush buffer=$buffer
	done; done; done; done; done
}

generate() { # NAME STREAM KEYS...
	local name=$1
	shift
	"$p2msim" trace generate --quiet --machine vtd-broadwell \
		-o "$tmp/$name.zst" "$@"
}
sweep() { # NAME MACHINE POLICIES WHATIF-ARGUMENTS...
	local name=$1 machine=$2 policies=$3
	shift 3
	(cd "$tmp" && "$p2msim" whatif --jobs "$JOBS" -o "$name.json" \
		--machine "$machine" --set iommu.0.coherent=off \
		--vary policy.iommu.coalesce="$policies" \
		--vary policy.iommu.clean=entry,line,top-only "$@" >/dev/null)
}

turns=4000 pages=16384
[ ! "$quick" ] || { turns=100 pages=2048; }
generate nic nic packets=$turns
generate block block requests=$((turns / 10)) segments=16 pages=8
churn="pages=$pages turns=$turns calm=$turns"
# shellcheck disable=SC2086
{
	generate churn-few churn $churn live=4
	generate churn-many churn $churn live=64
	generate churn-dense churn $churn live=64 spread=13
	generate aware-many churn $churn live=64 keep=64
}
streams="nic.zst block.zst churn-few.zst churn-many.zst churn-dense.zst aware-many.zst"
# shellcheck disable=SC2086
{
	sweep superpages vtd-broadwell never,eager,after-ops:128 $streams
	sweep pages vtd-ivybridge eager $streams
}
guests >"$tmp/guests"
devices >"$tmp/devices"
python3 "$here/tables.py" "$tmp" "$out"
