#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Generates the streams, replays them under every policy and backing, and writes
# results.json, tables.md and plot.svg. Usage: run.sh [--quick] [FOLDER], after
# `make`; FOLDER is this one if not given. --quick: short streams and few
# variants, to see that it works. BUILD and JOBS as elsewhere.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../.."
BUILD=${BUILD:-build}
JOBS=${JOBS:-$(nproc)}
p2msim=$(realpath "$BUILD/p2msim")
quick=
[ "${1:-}" != --quick ] || { quick=1 && shift; }
out=$(realpath "${1:-$here}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

generate() { # NAME STREAM KEYS...
	local name=$1
	shift
	"$p2msim" trace generate --quiet --machine vtd-broadwell \
		-o "$tmp/$name.zst" "$@"
}
sweep() { # NAME WHATIF-ARGUMENTS... TRACES
	local name=$1
	shift
	"$p2msim" whatif --jobs "$JOBS" -o "$tmp/$name.json" "$@" >/dev/null
}

turns=4000 pages=16384
[ ! "$quick" ] || { turns=100 pages=2048; }
generate nic nic packets=$turns
generate block block requests=$((turns / 10)) segments=16 pages=8
generate sequential sequential pages=$((pages / 2))
generate random random pages=$pages reads=$((5 * turns))
churn="pages=$pages turns=$turns calm=$turns"
# shellcheck disable=SC2086
{
	generate churn-few churn $churn live=4
	generate churn-many churn $churn live=64
	generate churn-dense churn $churn live=64 spread=13
	generate churn-rare churn $churn live=4 gap=100000
	generate aware-few churn $churn live=4 keep=8
	generate aware-many churn $churn live=64 keep=64
	generate aware-dense churn $churn live=64 keep=64 spread=13
}
policies=never,eager,after-ops:16,after-ops:128,after-ops:1024,after-cycles:100000,after-cycles:10000000,hysteresis:2,hysteresis:8,scan:1000000\\,512,scan:10000000\\,8192
backings=contiguous,fragmented:20,random
few=never,eager,after-ops:128
[ ! "$quick" ] || { policies=never,eager,scan:1000000\\,512 && backings=contiguous && few=eager; }

cd "$tmp"
churns="churn-few.zst churn-many.zst churn-dense.zst churn-rare.zst aware-few.zst aware-many.zst aware-dense.zst"
# shellcheck disable=SC2086
{
	sweep coalesce --vary guest.backing=$backings --vary policy.iommu.coalesce=$policies \
		nic.zst block.zst sequential.zst random.zst $churns
	sweep flush --vary policy.iommu.flush=strict,deferred:32,deferred:256 \
		--vary policy.iommu.coalesce=$few nic.zst block.zst churn-few.zst churn-many.zst
	sweep clean --set iommu.0.coherent=off --vary policy.iommu.clean=entry,line,top-only \
		--vary policy.iommu.coalesce=$few nic.zst block.zst churn-few.zst churn-many.zst
}
python3 "$here/tables.py" "$tmp" "$out"
