#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Records the traces, replays them on every variant, and writes results.json and
# tables.md. Usage: run.sh [--quick] [FOLDER], after `make`; FOLDER is this one
# if not given. --quick: tiny guests and few variants, to see that it works.
# BUILD and JOBS as elsewhere.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../.."
BUILD=${BUILD:-build}
JOBS=${JOBS:-$(nproc)}
p2msim=$BUILD/p2msim
quick=
[ "${1:-}" != --quick ] || { quick=1 && shift; }
out=$(realpath "${1:-$here}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Accesses are not tracked, here and in every replay (where a machine's own
# choice would come back): policies that coalesce cannot track, and should
# differ from never in nothing else.
set_way="--set policy.p2m.set_way=full"

# record NAME GUEST ARGUMENTS...: under the default machine.
record() {
	local name=$1 guest=$2
	shift 2
	# shellcheck disable=SC2086
	"$p2msim" run --quiet --guest-exit $set_way --trace "$tmp/$name.zst" \
		"$BUILD/guests/$guest.elf" "$@" >/dev/null
}

sweep() { # NAME WHATIF-ARGUMENTS... TRACES
	local name=$1
	shift
	# shellcheck disable=SC2086
	"$p2msim" whatif --jobs "$JOBS" $set_way -o "$tmp/$name.json" "$@" >/dev/null
}

if [ "$quick" ]; then
	record balloon balloon mib=2 operations=20
	for pattern in alternate burst random leave; do
		record $pattern churn $pattern mib=4 operations=16 work=50 calm=4
	done
	record alternate-10 churn alternate mib=4 operations=16 work=5 calm=4
	record alternate-100 churn alternate mib=4 operations=16 work=10 calm=4
	record alternate-10000 churn alternate mib=4 operations=16 work=100 calm=4
	policies=never,eager,scan:100000,64
	machines=neoverse-n1
else
	# 200,000 loads in each calm phase, whatever the slices.
	record balloon balloon mib=8 operations=200
	for pattern in alternate burst random leave; do
		record $pattern churn $pattern mib=32 operations=400 work=1000 calm=200
	done
	record alternate-10 churn alternate mib=32 operations=400 work=10 calm=20000
	record alternate-100 churn alternate mib=32 operations=400 work=100 calm=2000
	record alternate-10000 churn alternate mib=32 operations=400 work=10000 calm=20
	policies=never,eager,after-ops:16,after-ops:128,after-cycles:50000,after-cycles:1000000,hysteresis:2,hysteresis:8,scan:100000,64,scan:1000000,4096
	machines=neoverse-n1,cortex-a53
fi

p2msim=$(realpath "$p2msim")
cd "$tmp"
traces="balloon.zst alternate-10.zst alternate-100.zst alternate.zst alternate-10000.zst burst.zst random.zst leave.zst"
# shellcheck disable=SC2086
sweep coalesce --vary machine=$machines --vary guest.backing=contiguous,fragmented:20 \
	--vary policy.p2m.coalesce=$policies $traces
few=never,eager,after-ops:16,hysteresis:2
[ ! "$quick" ] || few=never,eager
sweep tlbi --vary policy.p2m.tlbi=ipa,range,vmid --vary policy.p2m.coalesce=$few \
	balloon.zst alternate-100.zst alternate.zst random.zst
sweep cost --vary hypervisor.tlbi=20,60,200 --vary policy.p2m.coalesce=never,eager alternate.zst
sweep shape --vary policy.p2m.free_empty=eager,never --vary policy.p2m.order=greedy,mask \
	--vary policy.p2m.coalesce=never,eager balloon.zst alternate.zst
python3 "$here/tables.py" "$tmp" "$out"
