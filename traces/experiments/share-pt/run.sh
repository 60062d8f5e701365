#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Generates the streams, replays each on shared and on separate tables, and
# writes results.json, tables.md and plot.svg. Usage: run.sh [--quick] [FOLDER],
# after `make`; FOLDER is this one if not given. --quick: short streams, to see
# that it works. BUILD and JOBS as elsewhere.
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

turns=3000 pages=16384
[ ! "$quick" ] || { turns=100 pages=2048; }
base="--machine smmu-mmu600 --set policy.p2m.set_way=full --set policy.p2m.coalesce=eager --set policy.iommu.coalesce=eager"
shared="--set policy.iommu.share_pt=on"
separate="--set iommu.0.populate=guest --set iommu.0.bbm_level=2"

# Streams at the guest's addresses: the devices reach its memory as the p2m has
# it, and churn takes pages from the guest. And two whose driver maps each
# packet or request instead: tables of the device's own, as isolation has them.
generate() { # NAME STREAM KEYS...
	local name=$1
	shift
	# shellcheck disable=SC2086
	"$p2msim" trace generate --quiet -o "$tmp/$name.zst" $base $map "$@"
}
map=$shared
generate nic nic identity=1 packets=$turns
generate block block identity=1 requests=$((turns / 10)) segments=16 pages=8
generate sequential sequential identity=1 pages=$((pages / 2))
generate random random identity=1 pages=$pages reads=$((4 * turns))
churn="identity=1 pages=$pages turns=$turns calm=$turns"
# shellcheck disable=SC2086
{
	generate churn-few churn $churn live=4
	generate churn-many churn $churn live=64
	generate churn-dense churn $churn live=64 spread=13
}
map=
generate nic-mapped nic packets=$turns
generate block-mapped block requests=$((turns / 10)) segments=16 pages=8

replay() { # KIND NAME SETTINGS...
	local kind=$1 name=$2
	shift 2
	"$p2msim" replay --quiet --stats "$tmp/$name.$kind.json" "$@" "$tmp/$name.zst" >/dev/null
}
one() { # NAME
	# shellcheck disable=SC2086
	case $1 in
	*-mapped)
		replay smmu-separate "$1" --set iommu.0.bbm_level=2
		replay vtd-separate "$1" --set iommu=vtd-broadwell
		;;
	*)
		replay smmu-broadcast "$1" $shared --set iommu.0.broadcast_tlbi=on
		replay smmu-commands "$1" $shared --set iommu.0.broadcast_tlbi=off
		replay smmu-uncached "$1" $shared --set iommu.0.broadcast_tlbi=off --set iommu.0.coherent=off
		replay smmu-separate "$1" $separate --set policy.iommu.share_pt=off
		replay vtd-separate "$1" --set policy.iommu.share_pt=off --set iommu=vtd-broadwell --set iommu.0.populate=guest
		;;
	esac
}
running=0
for trace in "$tmp"/*.zst; do
	one "$(basename "$trace" .zst)" &
	running=$((running + 1))
	[ $((running % JOBS)) != 0 ] || wait
done
wait
python3 "$here/tables.py" "$tmp" "$out"
