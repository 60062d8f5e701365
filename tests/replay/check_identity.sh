#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# For every guest: two runs record byte-identical traces; the replay's
# statistics equal the run's to the last count (all but host), with no
# divergence; cycles_by sums to cycles; recording changes nothing; and on other
# machines and policies the replay goes through.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
p2msim=$BUILD/p2msim
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS identity: $1" && passed=$((passed + 1))
	else
		echo "FAIL identity: $1" && failed=$((failed + 1))
	fi
}

# Equal but for host; buckets add up; no divergence.
same_stats() {
	python3 - "$@" <<'PY'
import json, sys
docs = [json.load(open(p)) for p in sys.argv[1:]]
for d, p in zip(docs, sys.argv[1:]):
    d.pop("host", None)
    for c in d["cpu"]:
        assert sum(c["cycles_by"].values()) == c["cycles"], p + ": buckets do not add up"
    assert d["replay"]["divergences"] == 0, p + ": divergences"
def diff(a, b, path=""):
    if isinstance(a, dict) and isinstance(b, dict):
        for k in sorted(set(a) | set(b)):
            yield from diff(a.get(k), b.get(k), path + "." + k)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            yield from diff(x, y, f"{path}[{i}]")
    elif a != b:
        yield f"{path}: {a} != {b}"
bad = [l for d in docs[1:] for l in diff(docs[0], d)]
print("\n".join("  " + l for l in bad[:20]))
sys.exit(1 if bad else 0)
PY
}

identity() { # NAME RUN-ARGUMENTS...
	local name=$1 t=$tmp/t
	shift
	"$p2msim" run --quiet --stats "$t.plain.json" "$@" >"$t.out0" 2>"$t.err"
	"$p2msim" run --quiet --trace "$t.1.zst" --stats "$t.run.json" "$@" >"$t.out1" 2>>"$t.err" &&
	"$p2msim" run --quiet --trace "$t.2.zst" "$@" >"$t.out2" 2>>"$t.err" &&
	cmp "$t.1.zst" "$t.2.zst" && cmp "$t.out0" "$t.out1" && cmp "$t.out1" "$t.out2" &&
	"$p2msim" replay --quiet --stats "$t.replay.json" "$t.1.zst" >/dev/null 2>>"$t.err" &&
	same_stats "$t.plain.json" "$t.run.json" "$t.replay.json" &&
	"$p2msim" trace validate "$t.1.zst" >/dev/null 2>>"$t.err"
	verdict "$name" $?
	tail -n 3 "$t.err" | sed 's/^/  /'
}

for guest in "$BUILD"/guests/*.elf; do
	name=$(basename "$guest" .elf)
	set -- "$guest"
	case $name in
	chase) set -- "$guest" 300 4096 5 ;;
	stream) set -- "$guest" 256 ;;
	random) set -- "$guest" seq90 16 100000 ;;
	setway) set -- "$guest" 2 1 ;;
	edu) set -- --set iommu=vtd-broadwell "$guest" ;;
	smmu) set -- --set iommu=smmu-guest "$guest" ;;
	esac
	machine=
	[ "$name" = smp ] && machine="--set cpu.count=2"
	# shellcheck disable=SC2086
	identity "$name" $machine "$@"
	# shellcheck disable=SC2086
	identity "$name, tiny, populated by faults, random frames" --machine tiny $machine \
		--set policy.p2m.populate=fault --set guest.backing=random "$@"
done

identity "edu behind an SMMUv3" --set iommu=smmu-mmu600 "$BUILD/guests/edu.elf"
identity "edu behind an SMMUv3 past the caches, a VT-d beside it" \
	--set 'iommu=["smmu-mmu600","vtd-broadwell"]' --set iommu.0.coherent=off \
	--set guest.backing=random "$BUILD/guests/edu.elf"

for policy in full track-late; do
	identity "setway, $policy" --set policy.p2m.set_way=$policy "$BUILD/guests/setway.elf" 2 1
done
identity "setway, nothing cleaned" "$BUILD/guests/setway.elf" 2 1 mode=forget

# Granules of stage 1 and of stage 2, and the contiguous hint.
for stage2 in 4K:1 16K:4 64K:16; do
	for stage1 in 4k 16k 64k; do
		[ $stage1$stage2 = 4k4K:1 ] && continue
		identity "balloon, stage 1 $stage1, stage 2 ${stage2%:*}" \
			--set guest.granule=${stage2%:*} "$BUILD/guests/balloon.elf" \
			4 100 unit=${stage2#*:} granule=$stage1
	done
	identity "balloon, ${stage2%:*}, contiguous hint, range TLBI, fragmented" \
		--set guest.granule=${stage2%:*} --set policy.p2m.contig_hint=on \
		--set policy.p2m.tlbi=range --set guest.backing=fragmented:50 \
		"$BUILD/guests/balloon.elf" 4 100 unit=${stage2#*:} granule=16k
	identity "owntables, ${stage2%:*}, contiguous hint, coalescing, by faults" \
		--set guest.granule=${stage2%:*} --set policy.p2m.contig_hint=on \
		--set policy.p2m.coalesce=eager --set policy.p2m.populate=fault \
		"$BUILD/guests/owntables.elf"
done
identity "balloon, 64K, pages in the root" --set guest.granule=64K \
	--set guest.ipa_bits=33 --set guest.start_level=3 \
	--set policy.p2m.contig_hint=on "$BUILD/guests/balloon.elf" 4 100 unit=16
identity "setway, 64K, pages in the root" --set guest.granule=64K \
	--set guest.ipa_bits=32 --set guest.start_level=3 \
	"$BUILD/guests/setway.elf" 2 1
identity "stream, 52 bits" --set guest.granule=64K --set cpu.pa_bits=52 \
	--set guest.ipa_bits=52 "$BUILD/guests/stream.elf" 256 granule=64k

aarch64-linux-gnu-gcc -static -O1 -o "$tmp/exceptions" tests/replay/exceptions.c
verdict "exceptions.c is built" $?
identity "exceptions at EL0" --linux "$tmp/exceptions"
[ "$(tr '\n' ' ' <"$tmp/t.out1")" = "signal 4 signal 5 signal 7 signal 7 signal 11 signal 11 done " ]
verdict "exceptions at EL0 are the right signals" $?
aarch64-linux-gnu-gcc -static -O1 -w -o "$tmp/tags" tests/diff/linux/tags.c
identity "tagged addresses" --linux "$tmp/tags"

# Unmodified Linux programs: a sort, and a shell with processes and pipes.
if BUILD=$BUILD tests/diff/linux/fetch.sh >"$tmp/fetch" 2>&1; then
	busybox=$BUILD/debian-arm64/bin/busybox
	mkdir "$tmp/root"
	python3 -c "
import random
r = random.Random(7)
for _ in range(3000):
    print(''.join(r.choice('abcdefgh') for _ in range(r.randint(3, 12))), r.randint(0, 9999))" >"$tmp/root/words"
	identity "busybox sort" --linux --root "$tmp/root" "$busybox" sort words
	identity "busybox sort, cortex-a53, populated by faults" --machine cortex-a53 \
		--set policy.p2m.populate=fault --linux --root "$tmp/root" "$busybox" sort words
	identity "busybox sh with pipes" --linux --root "$tmp/root" "$busybox" \
		sh -c 'sort words | uniq -c | head -n 5; i=0; while [ $i -lt 50 ]; do i=$((i+1)); done; echo $i'
else
	tail -n 1 "$tmp/fetch"
	verdict "busybox can be fetched" 1
fi

# The recording goes through on other machines and policies.
"$p2msim" run --quiet --trace "$tmp/b.zst" "$BUILD/guests/balloon.elf" >/dev/null
for machine in cortex-a53 cortex-a72 cortex-a76 neoverse-v2 tiny; do
	"$p2msim" replay --quiet --machine $machine --stats "$tmp/o.json" "$tmp/b.zst" &&
		python3 -c "import json,sys; d=json.load(open('$tmp/o.json')); sys.exit(d['machine']['name']!='$machine' or d['replay']['divergences']!=0)"
	verdict "balloon's trace on $machine" $?
done
for set in policy.p2m.tlbi=vmid policy.p2m.tlbi=range policy.p2m.free_empty=never policy.p2m.order=mask policy.p2m.populate=fault guest.backing=random guest.backing=fragmented:50 policy.p2m.contig_hint=on; do
	"$p2msim" replay --quiet --set $set --stats "$tmp/o.json" "$tmp/b.zst"
	verdict "balloon's trace with $set" $?
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
