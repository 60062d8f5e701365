#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A guest that programs its SMMUv3 itself: the same ELF prints the same on
# QEMU's virt,iommu=smmuv3 and here; hostile ones get what the specification
# says and reach nothing; every recording replays to the run's statistics. With
# the plain binary, and with the sanitized one in $BUILD/asan if it is there.
set -u
cd "$(dirname "$0")/../../.." || exit 1
BUILD=${BUILD:-build}
here=tests/diff/smmu-guest
cross=${CROSS:-aarch64-linux-gnu-}
lesson=$BUILD/guests/smmu.elf
unit="--set iommu=smmu-guest"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS smmu-guest: $1" && passed=$((passed + 1))
	else
		echo "FAIL smmu-guest: $1" && failed=$((failed + 1))
	fi
}

build_guest() { # NAME
	"${cross}gcc" -std=c11 -O2 -Wall -Wextra -Werror -I. -ffreestanding -nostdlib \
		-fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables \
		-fno-tree-loop-distribute-patterns -fno-tree-vectorize \
		-mgeneral-regs-only -mstrict-align -mno-outline-atomics -static -no-pie \
		-Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
		-Wl,-T,sim/guests/guest.ld -o "$tmp/$1.elf" "$here/$1.c" \
		sim/guests/start.S sim/guests/runtime.c sim/guests/mmu.c \
		sim/guests/edu_device.c sim/guests/smmu_driver.c
	verdict "$1 is built" $?
}
build_guest hostile
build_guest storm

# ---- the lesson, on QEMU and here

on_qemu() { # ARGUMENT
	timeout 60 qemu-system-aarch64 -M virt,iommu=smmuv3 -cpu neoverse-n1 -m 256 \
		-nodefaults -display none -serial "file:$tmp/qemu" \
		-icount shift=10,sleep=off \
		-semihosting-config "enable=on,arg=smmu,arg=$1" \
		-device edu,dma_mask=0xffffffffffffffff,addr=1 \
		-kernel "$lesson" </dev/null >"$tmp/qemu.err" 2>&1
}

for mmu in off on; do
	on_qemu mmu=$mmu
	verdict "the lesson ends well on QEMU, mmu=$mmu" $?
	# shellcheck disable=SC2086
	"$BUILD/p2msim" run --quiet --guest-exit $unit "$lesson" mmu=$mmu \
		</dev/null >"$tmp/p2msim" 2>"$tmp/err"
	verdict "it ends well here, mmu=$mmu" $?
	head -n 3 "$tmp/err"
	[ "$(grep -c '  event' "$tmp/qemu")" -ge 10 ] && cmp "$tmp/qemu" "$tmp/p2msim"
	verdict "$(wc -l <"$tmp/qemu") lines as on QEMU, mmu=$mmu" $?
done

# ---- run, record, replay

# Equal but for host, no divergence; and what else must hold of the unit.
judge() { # CONDITION STATS...
	python3 - "$@" <<'PY'
import json, sys
docs = [json.load(open(p)) for p in sys.argv[2:]]
for d in docs:
    d.pop("host", None)
    assert d["replay"]["divergences"] == 0, "divergences"
    for c in d["cpu"]:
        assert sum(c["cycles_by"].values()) == c["cycles"], "buckets"
if any(d != docs[0] for d in docs[1:]):
    sys.exit("not the same statistics")
unit = docs[0]["iommu"][0]
if not eval(sys.argv[1], {"unit": unit, "dma": unit["dma"]}):
    sys.exit("not so: %s" % sys.argv[1])
PY
}

identity() { # PROGRAM NAME CONDITION ARGUMENTS...
	local program=$1 name=$2 condition=$3 t=$tmp/t
	shift 3
	# shellcheck disable=SC2086
	"$program" run --quiet --guest-exit $unit --stats "$t.plain" "$@" >"$t.out0" 2>"$t.err" &&
	"$program" run --quiet --guest-exit $unit --trace "$t.1.zst" --stats "$t.run" "$@" >"$t.out1" 2>"$t.err" &&
	"$program" run --quiet --guest-exit $unit --trace "$t.2.zst" "$@" >"$t.out2" 2>"$t.err" &&
	cmp "$t.1.zst" "$t.2.zst" && cmp "$t.out0" "$t.out1" && cmp "$t.out1" "$t.out2" &&
	"$program" replay --quiet --stats "$t.replay" "$t.1.zst" >/dev/null 2>"$t.err" &&
	judge "$condition" "$t.plain" "$t.run" "$t.replay" &&
	"$program" trace validate "$t.1.zst" >/dev/null 2>"$t.err"
	verdict "$name" $?
	head -n 3 "$t.err"
}

small="--set iommu.0.utlb.entries=0 --set iommu.0.iotlb.entries=0
	--set iommu.0.ste_cache.entries=0 --set iommu.0.cd_cache.entries=0"
faults="--set policy.p2m.populate=fault --set guest.backing=random"
for program in "$BUILD/p2msim" "$BUILD/asan/p2msim"; do
	[ -x "$program" ] || continue
	label=$(basename "$(dirname "$program")")
	for mmu in off on; do
		identity "$program" "$label: the lesson, mmu=$mmu" "dma['bytes'] > 100" \
			"$lesson" mmu=$mmu
	done
	# shellcheck disable=SC2086
	identity "$program" "$label: hostile, populated by faults" "dma['unclaimed'] > 5" \
		$faults "$tmp/hostile.elf"
	identity "$program" "$label: hostile" "dma['unclaimed'] > 5" "$tmp/hostile.elf"
	cmp "$here/hostile.txt" "$tmp/t.out1"
	verdict "$label: hostile, all as the specification says" $?
	# What a device wrote is read again within the same access.
	"$program" trace cat "$tmp/t.1.zst" >/dev/null &&
		zstd -qdc "$tmp/t.1.zst" | grep -v '"t":"device.data"' >"$tmp/less.jsonl" &&
		"$program" replay --quiet --stats "$tmp/less" "$tmp/less.jsonl" >/dev/null &&
		! judge True "$tmp/t.run" "$tmp/less" 2>/dev/null
	verdict "$label: hostile, device.data is needed" $?
	for seed in 1 2 3; do
		identity "$program" "$label: storm $seed" \
			"dma['unclaimed'] > 50 and dma['bytes'] > 100000" \
			"$tmp/storm.elf" $seed
		# shellcheck disable=SC2086
		identity "$program" "$label: storm $seed, no caches, populated by faults" \
			"dma['unclaimed'] > 50 and dma['bytes'] > 100000" \
			$small $faults "$tmp/storm.elf" $seed
	done
done

# ---- what the recording knows of tables is what they were

# Where nothing depends on what the unit did, the replay of a recording on another
# machine does what a run there does: all that the unit counts is equal, unless
# it reads pages that the recording's never read, which are divergences.
other_caches() { # SEED yes|no SETTINGS...
	local seed=$1 known=$2 t=$tmp/t
	shift 2
	# shellcheck disable=SC2086
	"$BUILD/p2msim" run --quiet $unit --trace "$t.zst" --stats "$t.here" \
		"$tmp/storm.elf" "$seed" 1000 blind=1 >/dev/null &&
	"$BUILD/p2msim" replay --quiet "$@" --stats "$t.replay" "$t.zst" &&
	"$BUILD/p2msim" run --quiet $unit "$@" --stats "$t.there" \
		"$tmp/storm.elf" "$seed" 1000 blind=1 >/dev/null &&
	python3 - "$known" "$t.here" "$t.replay" "$t.there" <<'PY'
import json, sys
docs = [json.load(open(p)) for p in sys.argv[2:]]
unknown = docs[1]["replay"]["divergences"]
here, replay, there = (d["iommu"][0] for d in docs)
for unit in (here, replay, there):
    for timed in ("latency_ns", "cycles"):
        unit.pop(timed)
    unit["dma"].pop("latency_cycles")
    unit["walks"] = unit["walks"]["by_accesses"]
if (sys.argv[1] == "yes") != (unknown == 0):
    sys.exit("%d pages are unknown" % unknown)
if (replay == there) != (unknown == 0):
    sys.exit("%s\nand\n%s\n%d pages are unknown" % (replay, there, unknown))
if here["faults"] == there["faults"] or here["walks"] == there["walks"]:
    sys.exit("the caches made no difference")
PY
	verdict "storm $seed replayed with $*" $?
}
for seed in 4 5; do
	# shellcheck disable=SC2086
	other_caches $seed no $small
	other_caches $seed yes --set iommu.0.iotlb.entries=4 --set iommu.0.utlb.entries=2 \
		--set iommu.0.utlb.ways=2
done

# ---- what is observed

"$BUILD/p2msim" run --quiet --set iommu=smmu-guest --trace-level costs \
	--trace "$tmp/t.jsonl" "$lesson" >"$tmp/out" &&
	[ "$(grep -c '^  event' "$tmp/out")" = "$(grep -c '"t":"iommu.event"' "$tmp/t.jsonl")" ] &&
	[ "$(grep -c '"t":"iommu.errors"' "$tmp/t.jsonl")" = 2 ]
verdict "an observation for each event, and for an error and its acknowledgement" $?

# ---- recordings that ask for what is not there

refused() { # NAME CODE SAYS SED-COMMAND SETTINGS...
	local name=$1 code=$2 says=$3 command=$4
	shift 4
	sed "$command" "$tmp/t.jsonl" >"$tmp/bad.jsonl"
	"$BUILD/p2msim" replay --quiet "$@" "$tmp/bad.jsonl" >"$tmp/out" 2>"$tmp/err"
	[ $? = "$code" ] && [ "$(wc -l <"$tmp/err")" = 1 ] && grep -q "$says" "$tmp/err"
	verdict "$name" $?
}
data='"t":"device.data","cpu":0,"device":'
refused "data of a device that is not there" 3 "device.data: device: more than" \
	"s/${data}0/${data}7/"
refused "data beyond a device's buffer" 3 "beyond its buffer of 4096" \
	"s/\(${data}0,\"offset\":\)0/\14095/"
refused "data of a device without IOMMU" 5 "device.data: this machine has no IOMMU" \
	"" --set 'iommu=[]'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
