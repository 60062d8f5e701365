#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A second implementation of the counting rules repeats every counter: each
# guest on several presets, and random accesses on odd machines under each
# replacement policy but `random`.
set -u
cd "$(dirname "$0")/../../.." || exit 1
BUILD=${BUILD:-build}
p2msim=$BUILD/p2msim
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

if ! ${CC:-gcc} -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$tmp/recount" \
	tests/diff/recount/*.c -ljansson -lm; then
	echo "FAIL recount: it does not compile"
	echo "0 passed, 1 failed"
	exit 1
fi

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS recount: $1" && passed=$((passed + 1))
	else
		echo "FAIL recount: $1" && failed=$((failed + 1))
	fi
}

# record MACHINE-ARGUMENTS GUEST [ARG...]: $tmp/t.zst and $tmp/t.json
record() {
	local machine=$1 guest=$2
	shift 2
	# shellcheck disable=SC2086
	"$p2msim" run --quiet --trace-level full --trace "$tmp/t.zst" \
		--stats "$tmp/t.json" $machine "$BUILD/guests/$guest.elf" "$@" \
		>"$tmp/out" 2>&1 || { sed 's/^/  /' "$tmp/out"; return 1; }
}

# recount NAME MACHINE-ARGUMENTS GUEST [ARG...]
recount() {
	local name=$1 status
	shift
	record "$@" && {
		"$p2msim" trace cat "$tmp/t.zst" 2>/dev/null |
			"$tmp/recount" "$tmp/t.json" >"$tmp/out" 2>&1
	}
	status=$?
	verdict "$name" $status
	[ $status = 0 ] || sed 's/^FAIL /  /' "$tmp/out"
}

tlbs() { # NAME=VALUE... of each TLB and walk cache
	local t p
	for t in l1i_tlb l1d_tlb l2_tlb s2_tlb walk_cache_s1 walk_cache_s2; do
		for p in "$@"; do printf -- '--set cpu.%s.%s ' $t "$p"; done
	done
}
caches() {
	local c
	for c in cpu.l1i cpu.l1d cpu.l2 llc; do
		printf -- '--set %s.replacement=%s ' $c "$1"
	done
}

# ---- guests on presets (A53's L1 caches are random; here they are not) ----
a53="cortex-a53 --set cpu.l1i.replacement=lru --set cpu.l1d.replacement=plru"
for machine in neoverse-n1 "$a53" tiny; do
	name=${machine%% *}
	for pages in 8 64 600; do
		recount "chase over $pages pages, $name" "--machine $machine" \
			chase $pages 4096 5
	done
	recount "chase, three levels, spread, $name" "--machine $machine" \
		chase 100 4096 5 va_bits=39 spread=1
	recount "stream, $name" "--machine $machine" stream 24 1
	recount "stream in 2M blocks, $name" "--machine $machine" stream 24 1 2m
	recount "owntables, $name" "--machine $machine" owntables
	recount "hello, $name" "--machine $machine" hello
	recount "balloon, $name" "--machine $machine" balloon 2 40
	recount "two CPUs, $name" "--machine $machine --set cpu.count=2" smp 200 100
done

# ---- what the hypervisor does otherwise ----
fault="--set policy.p2m.populate=fault --set guest.backing=random"
recount "populated by faults: chase" "$fault" chase 200 4096 3
recount "populated by faults: stream" "--machine tiny $fault" stream 16 1
recount "populated by faults: owntables" "$fault" owntables
for policy in tlbi=vmid tlbi=range free_empty=never order=mask; do
	recount "balloon, $policy" "--set policy.p2m.$policy" balloon 2 30
done
recount "balloon, fragmented frames" "--set guest.backing=fragmented:50" \
	balloon 4 30

for policy in full track track-late; do
	for mode in setway va; do
		recount "set/way $policy, cleaned by $mode" \
			"--machine tiny --set policy.p2m.set_way=$policy --set hypervisor.preempt=20000" \
			setway 2 1 mode=$mode
	done
	recount "set/way $policy, random frames, populated by faults" \
		"$fault --set guest.ram_mib=32 --set policy.p2m.set_way=$policy" \
		setway 2 1 ram=32
done

# ---- granules of both stages, and contiguous runs ----
hint="--set policy.p2m.contig_hint=on"
for machine in neoverse-n1 tiny; do
	for granule in 16K:4 64K:16; do
		unit=${granule#*:} set="--machine $machine --set guest.granule=${granule%:*}"
		recount "owntables, ${granule%:*}, $machine" "$set" owntables
		recount "balloon, ${granule%:*} over 16k, runs, $machine" \
			"$set $hint" balloon 2 40 unit=$unit granule=16k
		recount "balloon, ${granule%:*} over 64k, ranges, fragmented, $machine" \
			"$set $hint --set policy.p2m.tlbi=range --set guest.backing=fragmented:50" \
			balloon 4 40 unit=$unit granule=64k
		recount "chase, ${granule%:*} over 16k, by faults, $machine" \
			"$set $fault" chase 200 4096 3 granule=16k va_bits=39
	done
	recount "balloon, 4K, runs, $machine" \
		"--machine $machine $hint --set guest.backing=fragmented:50" balloon 2 40
done
recount "balloon, runs ignored" \
	"$hint --set choices.contiguous_bit=ignored" balloon 2 40
recount "balloon, blocks and runs in pieces of 4K" \
	"$hint --set cpu.s2_tlb.page_sizes=[\"4K\"] --set cpu.l2_tlb.page_sizes=[\"4K\"]" \
	balloon 2 40
recount "owntables, 64K in pieces" "--set guest.granule=64K
	--set cpu.l1d_tlb.page_sizes=[\"4K\",\"16K\"] --set cpu.s2_tlb.page_sizes=[\"4K\"]" \
	owntables

# ---- random accesses on odd machines ----
small='--set cpu.l1i_tlb={"entries":4,"ways":2}
 --set cpu.l1d_tlb={"entries":12,"ways":4} --set cpu.l2_tlb={"entries":60,"ways":5}
 --set cpu.s2_tlb={"entries":9,"ways":3}
 --set cpu.walk_cache_s1={"entries":6,"ways":2}
 --set cpu.walk_cache_s2={"entries":6,"ways":3}
 --set cpu.l1i={"bytes":2304,"ways":3} --set cpu.l1d={"bytes":3840,"ways":5}
 --set cpu.l2={"bytes":21504,"ways":7} --set llc={"bytes":69120,"ways":6}'

odd() { # NAME MACHINE-ARGUMENTS
	recount "uniform, $1" "$small $2" random uniform 16 8000
	recount "90% sequential, $1" "$small $2" random seq90 16 12000
	recount "owntables, $1" "$small $2" owntables
}
for policy in lru fifo plru; do
	odd "all $policy" "$(tlbs replacement=$policy) $(caches $policy)"
done
odd "TLBs plru, caches fifo, walks enter at L2" \
	"$(tlbs replacement=plru) $(caches fifo) --set cpu.walk_entry=l2"
odd "TLBs fifo, caches plru, walks from memory" \
	"$(tlbs replacement=fifo) $(caches plru) --set cpu.walk_entry=none"
odd "one way each" "$(tlbs ways=1)"
odd "no L1 TLBs" "--set cpu.l1i_tlb.entries=0 --set cpu.l1d_tlb.entries=0"
odd "no L2 TLB" "--set cpu.l2_tlb.entries=0"
odd "no TLB at all" "$(tlbs entries=0)"
odd "no stage-2 TLB, no stage-1 walk cache" \
	"--set cpu.s2_tlb.entries=0 --set cpu.walk_cache_s1.entries=0"
odd "no stage-2 walk cache" "--set cpu.walk_cache_s2.entries=0"
odd "no L1 caches" "--set cpu.l1i.bytes=0 --set cpu.l1d.bytes=0"
odd "no L2 cache" "--set cpu.l2.bytes=0"
odd "no L1D and no last level" "--set cpu.l1d.bytes=0 --set llc.bytes=0"
odd "no cache at all" "--set cpu.l1i.bytes=0 --set cpu.l1d.bytes=0
	--set cpu.l2.bytes=0 --set llc.bytes=0"
odd "TLBs of small pages" '--set cpu.l1d_tlb.page_sizes=["4K"]
	--set cpu.l2_tlb.page_sizes=["4K","64K"]
	--set cpu.s2_tlb.page_sizes=["4K","16K","64K"]'
odd "1 GB of RAM, sizes in no order" '--set guest.ram_mib=1024
	--set cpu.l1d_tlb.page_sizes=["1G","4K","2M","64K"]
	--set cpu.l1i_tlb.page_sizes=["4K","16K"]
	--set cpu.s2_tlb.page_sizes=["4K"]'
odd "32 IPA bits" "--set guest.ipa_bits=32 --set guest.start_level=1"
odd "48 IPA bits" "--set guest.ipa_bits=48"
odd "charges with fractions" "--set cpu.base_cpi=0.3 --set cpu.mlp=3.7
	--set cpu.l1d_tlb.latency=1 --set cpu.l2_tlb.latency=3
	--set dram.latency_ns=80"
odd "memory latency of 194.25 cycles" "--set dram.latency_ns=77.7"
for level in cpu.l1d cpu.l2 llc; do
	recount "two CPUs, odd, no $level" \
		"$small --set cpu.count=2 --set $level.bytes=0" smp 200 100
done

# ---- that it can fail ----
record "" hello
for key in hits misses fills by_accesses writebacks trap; do
	perl -0pe "s/($key\"?\":\s*(?:\{\s*\"\d+\":\s*)?)(\d+)/\$1 . (\$2 + 1)/e" \
		"$tmp/t.json" >"$tmp/wrong.json"
	! "$p2msim" trace cat "$tmp/t.zst" |
		"$tmp/recount" "$tmp/wrong.json" >/dev/null
	verdict "one more under $key is found" $?
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
