#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# For every stream of `trace generate`, on units of several kinds: two make
# byte-identical traces, of which all is valid; a replay's statistics equal the
# stream's own; on another policy it goes through; and no device has reached
# anything that was not mapped for it.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
p2msim=$BUILD/p2msim
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS streams: $1" && passed=$((passed + 1))
	else
		echo "FAIL streams: $1" && failed=$((failed + 1))
	fi
}

# Whether an expression over the first unit's statistics `u` holds, of the CPU's
# `c`, and of all of them `d`.
holds() { # STATS EXPRESSION
	python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
u, c = d["iommu"][0], d["cpu"][0]
if not eval(sys.argv[2]):
    sys.exit("  not so: " + sys.argv[2])' "$1" "$2"
}

stream() { # NAME EXPRESSION STREAM-ARGUMENTS...
	local name=$1 what=$2 t=$tmp/t
	shift 2
	"$p2msim" trace generate --quiet -o "$t.1.zst" --stats "$t.json" "$@" >/dev/null &&
	"$p2msim" trace generate --quiet -o "$t.2.zst" "$@" >/dev/null &&
	cmp "$t.1.zst" "$t.2.zst" &&
	"$p2msim" trace validate --quiet "$t.1.zst" &&
	"$p2msim" replay --quiet --stats "$t.replay.json" "$t.1.zst" >/dev/null &&
	"$p2msim" compare "$t.json" "$t.replay.json" >/dev/null &&
	holds "$t.json" "sum(c['cycles_by'].values()) == c['cycles'] and $what"
	verdict "$name" $?
}

fine="u['dma']['faulted'] == 0 and u['dma']['unclaimed'] == 0 and u['domain']['refused'] == 0 and u['invalidations']['errors'] == 0"
units=(
	"legacy:--machine vtd-broadwell"
	"scalable:--machine vtd-broadwell --set iommu.0.scalable_mode=on --set iommu.0.mode=scalable"
	"past the caches:--machine vtd-ivybridge"
	"by registers, caching mode:--machine vtd-haswell --set iommu.0.queued=off --set iommu.0.caching_mode=on --set iommu.0.write_buffer_flush=on"
	"five levels on Arm, deferred:--set iommu=vtd-broadwell --set iommu.0.levels=5 --set policy.iommu.flush=deferred:32 --set policy.iommu.coalesce=eager --set guest.backing=fragmented:30"
	"smmuv3:--machine smmu-mmu600 --set iommu.0.eventq_lg2=4"
	"smmuv3 past the caches:--machine smmu-mmu600 --set iommu.0.coherent=off --set iommu.0.two_level_streams=off --set iommu.0.eventq_lg2=3 --set policy.iommu.clean=line"
	"smmuv3, ranges, deferred:--machine smmu-mmu600 --set iommu.0.range_invalidation=on --set iommu.0.bbm_level=2 --set iommu.0.eventq_lg2=2 --set policy.iommu.flush=deferred:32 --set policy.iommu.coalesce=eager --set guest.backing=fragmented:30"
	"smmuv3 that stalls:--machine smmu-mmu600 --set iommu.0.stall_model=stall --set iommu.0.cmdq_lg2=3"
)
for unit in "${units[@]}"; do
	kind=${unit%%:*} set=${unit#*:}
	# shellcheck disable=SC2086
	{
		stream "nic, $kind" "$fine and u['domain']['map'] == 655 and u['domain']['unmap'] == 399 and u['dma']['bytes'] == 400 * 1500" nic packets=400 $set
		stream "block, $kind" "$fine" block requests=40 $set
		stream "sequential, $kind" "$fine and u['dma']['bytes'] == 2048 * 4096" sequential pages=1024 passes=2 $set
		stream "random, $kind" "$fine" random pages=700 reads=1000 wait=1 $set
		stream "churn, $kind" "$fine" churn pages=2048 turns=300 $set
		stream "churn, aware, $kind" "$fine" churn pages=2048 turns=300 live=32 keep=64 $set
		# What stalls waits for its record to be read: none is lost.
		flood="u['faults']['lost'] > 0 and u['driver']['overflows'] > 0"
		[ "${kind%stalls}" = "$kind" ] || flood="u['faults']['lost'] == 0 and u['faults']['resumed'] == u['faults']['stalled'] > 100 and u['faults']['recorded'] == u['dma']['faulted']"
		stream "hostile, $kind" "u['dma']['unclaimed'] == 0 and u['dma']['faulted'] > 100 and u['domain']['refused'] > 100 and u['faults']['recorded'] == u['driver']['faults_read'] and $flood and u['invalidations']['errors'] == 0" hostile turns=800 $set
	}
done

# Many records: nothing of a flood is lost that there is room for.
stream "hostile, 64 records" "u['faults']['recorded'] > 400 and u['faults']['lost'] == 0 and u['dma']['unclaimed'] == 0" \
	hostile turns=800 --machine vtd-broadwell --set iommu.0.fault_records=64

# Devices side by side, each in a domain of its own; they share the IOTLB: 64
# pages of one fit, of four they do not.
several="--machine vtd-broadwell --set iommu.0.devices=4"
# shellcheck disable=SC2086
{
	stream "nic, three of four devices" "$fine and u['domain']['map'] == 3 * 256 + 400 - 3 and u['domain']['unmap'] == 400 - 3 and u['dma']['bytes'] == 400 * 1500" nic packets=400 devices=3 $several
	stream "block, four devices" "$fine and u['domain']['map'] >= 40" block requests=40 devices=4 $several
	stream "sequential, four devices" "$fine and u['dma']['bytes'] == 4 * 256 * 4096" sequential pages=256 devices=4 $several
	stream "random, one device, 64 pages" "$fine and d['phases'][0]['iommu'][0]['iotlb']['misses'] == 0" random pages=64 reads=2000 $several --set iommu.0.largest_page=4K
	stream "random, four devices, 64 pages each" "$fine and d['phases'][0]['iommu'][0]['iotlb']['misses'] > 800" random pages=64 reads=2000 devices=4 $several --set iommu.0.largest_page=4K
	stream "hostile, four devices" "u['dma']['unclaimed'] == 0 and u['dma']['faulted'] > 100 and u['domain']['refused'] > 100 and u['faults']['recorded'] == u['driver']['faults_read']" hostile turns=1600 devices=4 $several
}
"$p2msim" trace generate --quiet -o - --machine vtd-broadwell nic devices=2 >/dev/null 2>"$tmp/err"
[ $? = 3 ] && grep -q 'needs 2 devices, and there are 1: --set iommu.0.devices=2' "$tmp/err"
verdict "more devices than there are" $?

# Two units side by side: the same calls, the same bytes, each on its own.
both="--machine neoverse-n1 --set iommu=[\"smmu-mmu600\",\"vtd-broadwell\"]"
same="[x['type'] for x in d['iommu']] == ['smmuv3', 'vtd'] and all(x['dma']['bytes'] == u['dma']['bytes'] > 0 and x['domain']['map'] == u['domain']['map'] > 0 and x['domain']['unmap'] == u['domain']['unmap'] for x in d['iommu'])"
# shellcheck disable=SC2086
{
	stream "nic, side by side" "$fine and $same" nic packets=200 $both
	stream "churn, side by side" "$fine and $same" churn pages=2048 turns=200 $both --set policy.iommu.coalesce=eager
	# It means no device, too, or which comes: the calls are not the same.
	stream "hostile, side by side" "all(x['dma']['faulted'] == u['dma']['faulted'] > 100 and x['dma']['bytes'] == u['dma']['bytes'] > 0 and x['domain']['refused'] > 100 and x['invalidations']['errors'] == 0 for x in d['iommu'])" hostile turns=400 $both --set iommu.0.iova_bits=48
}

# One table for CPU and device: what churns is the p2m, and no domain exists.
# By broadcast, by commands, past the caches; and domains that follow beside it.
shared="--machine smmu-mmu600 --set policy.iommu.share_pt=on --set policy.p2m.set_way=full"
alone="u['domain']['tables']['live'] == 0 and d['p2m']['tlbi']['ipa'] > 100"
# shellcheck disable=SC2086
{
	for what in "nic packets=400" "block requests=40" "sequential pages=512" "random pages=700 reads=1000"; do
		stream "${what%% *}, shared tables" "$fine and u['domain']['tables']['live'] == 0 and u['dma']['bytes'] > 0" $what identity=1 $shared
	done
	stream "churn, shared by broadcast" "$fine and $alone and u['invalidations']['broadcast'] > 100 and u['invalidations']['page'] == 0" churn identity=1 pages=2048 turns=200 $shared --set iommu.0.broadcast_tlbi=on
	stream "churn, shared by commands" "$fine and $alone and u['invalidations']['broadcast'] == 0 and u['invalidations']['page'] == d['p2m']['tlbi']['ipa']" churn identity=1 pages=2048 turns=200 $shared --set iommu.0.broadcast_tlbi=off
	stream "churn, shared past the caches" "$fine and $alone and d['p2m']['cleans'] > 100" churn identity=1 pages=2048 turns=200 $shared --set iommu.0.broadcast_tlbi=off --set iommu.0.coherent=off --set policy.p2m.coalesce=eager
	stream "churn, domains that follow" "$fine and all(x['domain']['pte_writes'] > 1000 and x['dma']['bytes'] == u['dma']['bytes'] for x in d['iommu'])" churn identity=1 pages=2048 turns=200 $both --set iommu.0.populate=guest --set iommu.1.populate=guest
}
"$p2msim" trace generate --quiet -o - --machine smmu-mmu600 nic identity=1 >/dev/null 2>"$tmp/err"
[ $? = 3 ] && grep -q 'identity=1: the devices behind iommu.0 do not reach' "$tmp/err"
verdict "identity where domains are empty" $?
# A trace that maps, where tables are shared: no mapping, no DMA, and it shows.
"$p2msim" trace generate --quiet -o "$tmp/m.zst" --machine smmu-mmu600 --set policy.p2m.set_way=full sequential pages=64 &&
	"$p2msim" whatif --quiet --json --vary policy.iommu.share_pt=off,on "$tmp/m.zst" >"$tmp/w.json" &&
	python3 - "$tmp/w.json" <<'PY'
import json, sys
faulted = [v["summary"]["iommu"][0]["dma_faulted"] for t in json.load(open(sys.argv[1]))["traces"] for v in t["variants"]]
sys.exit(not (faulted[0] == 0 and faulted[1] >= 64))
PY
verdict "a what-if shows whose DMA faults" $?
refused() { # NAME TEXT ARGUMENTS...
	local name=$1 text=$2
	shift 2
	"$p2msim" trace generate --quiet -o - "$@" >/dev/null 2>"$tmp/err"
	[ $? = 3 ] && [ "$(wc -l <"$tmp/err")" = 1 ] && grep -q "$text" "$tmp/err"
	verdict "$name" $?
}
# shellcheck disable=SC2086
refused "mappings where tables are shared" 'share_pt on .*: identity=1' nic $shared
refused "mappings behind the guest's own unit" 'iommu.0 is the guest.s own' nic --machine smmu-guest
refused "pages smaller than the unit's" 'IOMMU_UNMAP at 0x.*: no whole pages' churn pages=2048 turns=200 --machine smmu-mmu600 --set iommu.0.granule=16K
refused "pages beyond the space" 'IOMMU_MAP at 0x100000000: beyond iommu\[\].iova_bits' nic --machine smmu-mmu600 --set iommu.0.iova_bits=32

# One trace under every policy: the device moves the same bytes.
"$p2msim" trace generate --quiet -o "$tmp/c.zst" --stats "$tmp/c.json" --machine vtd-broadwell churn pages=4096 turns=1000 >/dev/null
bytes=$(python3 -c "import json; print(json.load(open('$tmp/c.json'))['iommu'][0]['dma']['bytes'])")
for set in policy.iommu.coalesce={eager,after-ops:64,after-cycles:100000,hysteresis:2} policy.iommu.coalesce=scan:50000,512 \
	policy.iommu.flush=deferred:64 iommu.0.coherent=off guest.backing=random iommu.0.mode=off iommu=vtd-ivybridge iommu=smmu-mmu600 iommu.0.type=smmuv3; do
	"$p2msim" replay --quiet --set "$set" --stats "$tmp/o.json" "$tmp/c.zst" >/dev/null &&
		holds "$tmp/o.json" "u['dma']['bytes'] == $bytes and $fine and d['replay']['divergences'] == 0"
	verdict "churn's trace with $set" $?
done
# Two pages out at a time: superpages come and go.
stream "churn, superpages come and go" "$fine and u['domain']['coalesces'] > 100 and u['domain']['splits'] > 100 and u['domain']['tables']['freed'] == u['domain']['coalesces']" \
	churn pages=4096 turns=600 live=2 --machine vtd-broadwell --set policy.iommu.coalesce=eager
stream "churn, superpages do not come back" "$fine and u['domain']['coalesces'] == 0 and u['domain']['splits'] <= 8" \
	churn pages=4096 turns=600 live=2 --machine vtd-broadwell
for clean in entry line; do
	"$p2msim" replay --quiet --set iommu.0.coherent=off --set policy.iommu.clean=$clean --set policy.iommu.coalesce=eager --stats "$tmp/o.json" "$tmp/c.zst" >/dev/null &&
		holds "$tmp/o.json" "u['domain']['cleans'] > 1000 and $fine"
	verdict "walks past the caches, cleaned by $clean" $?
done

# Traces that ask for what is not there.
head -n 1 <("$p2msim" trace generate --quiet -o - --machine vtd-broadwell nic packets=1 2>/dev/null) >"$tmp/head"
bad() { # NAME EXIT TEXT RECORD
	{ cat "$tmp/head"; echo "$4"; } >"$tmp/bad.jsonl"
	"$p2msim" replay --quiet "$tmp/bad.jsonl" >/dev/null 2>"$tmp/err"
	[ $? = "$2" ] && grep -q "$3" "$tmp/err"
	verdict "$1" $?
}
bad "a device that is not there" 3 'line 2: device.dma: device:' \
	'{"t":"device.dma","cpu":0,"device":1,"iova":"0x0","size":64,"write":false,"wait":false}'
bad "a DMA around the end" 3 'line 2: device.dma: .*iova + size' \
	'{"t":"device.dma","cpu":0,"device":0,"iova":"0xfffffffffffffff0","size":64,"write":false,"wait":false}'
bad "a DMA of too much" 3 'line 2' \
	'{"t":"device.dma","cpu":0,"device":0,"iova":"0x0","size":1048577,"write":false,"wait":false}'
bad "a DMA of nothing" 3 'truncated' \
	'{"t":"device.dma","cpu":0,"device":0,"iova":"0x0","size":0,"write":false,"wait":true}'
bad "an interrupt, as nobody takes one" 5 'line 2: not modelled: an interrupt' \
	'{"t":"device.dma","cpu":0,"device":0,"iova":"0xfee00000","size":4,"write":true,"wait":true}'
bad "a read where interrupts go" 3 'truncated' \
	'{"t":"device.dma","cpu":0,"device":0,"iova":"0xfee00000","size":64,"write":false,"wait":true}'
bad "a DMA to the highest address" 3 'truncated' \
	'{"t":"device.dma","cpu":0,"device":0,"iova":"0xffffffffffffff00","size":256,"write":true,"wait":true}'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
