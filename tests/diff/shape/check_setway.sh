#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Set/way maintenance as a guest meets it: the guest says the same under every
# policy; tracking cleans no more than `full`; what was written with caches on
# is what is read with caches off if somebody cleaned, and is not if nobody
# did; run, run again and replay agree; the trace tells each batch; and EL0
# may not.
set -u
cd "$(dirname "$0")/../../.." || exit 1
BUILD=${BUILD:-build}
p2msim=$BUILD/p2msim
guest=$BUILD/guests/setway.elf
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS set/way: $1" && passed=$((passed + 1))
	else
		echo "FAIL set/way: $1" && failed=$((failed + 1))
	fi
}

# run POLICY ARGUMENTS...: $tmp/POLICY.{out,json,zst}
run() {
	local policy=$1
	shift
	"$p2msim" run --quiet --guest-exit --machine $machine --set policy.p2m.set_way="$policy" \
		--stats "$tmp/$policy.json" --trace "$tmp/$policy.zst" \
		--trace-level costs "$@" >"$tmp/$policy.out" 2>"$tmp/err"
}

# holds CONDITION: in Python, over full, track and late: p2m.set_way of each.
holds() {
	python3 - "$tmp" "$1" <<'PY'
import json, sys
full, track, late = (json.load(open(f"{sys.argv[1]}/{p}.json"))["p2m"]["set_way"]
                     for p in ("full", "track", "track-late"))
if not eval(sys.argv[2]):
    print("  ", sys.argv[2], full, track, late)
    sys.exit(1)
PY
}

identity() { # POLICY
	"$p2msim" replay --quiet --stats "$tmp/replay.json" "$tmp/$1.zst" &&
		"$p2msim" compare --quiet "$tmp/$1.json" "$tmp/replay.json"
}

# What the trace tells of batches is what the statistics sum up.
trace_adds_up() { # POLICY
	"$p2msim" trace cat "$tmp/$1.zst" | python3 -c '
import json, sys
s = json.load(open(sys.argv[1]))["p2m"]["set_way"]
told = [r for r in map(json.loads, sys.stdin) if r.get("t") == "p2m.set_way"]
batch = [r for r in told if r["cause"] != "fault"]
assert sum(r["pages"] for r in batch) == s["pages_cleaned"], "pages"
assert sum(r["whole"] for r in batch) == s["batches"], "batches"
assert len(batch) == s["pieces"], "pieces"
assert max(r["cycles"] for r in batch) == s["worst_piece_cycles"], "worst"
assert len(told) - len(batch) == s["faults"], "faults"
' "$tmp/$1.json"
}

# Small caches, so that loops over sets and ways are short; then real ones.
machine=tiny
for set in guest.backing=contiguous guest.backing=random \
	"guest.backing=random --set policy.p2m.populate=fault" \
	guest.backing=fragmented:50 guest.ipa_bits=32 \
	"guest.ipa_bits=48 --set guest.start_level=0 --set cpu.pa_bits=48" \
	hypervisor.preempt=50000; do
	for policy in full track track-late; do
		# shellcheck disable=SC2086
		run $policy --set guest.ram_mib=32 --set $set "$guest" 2 1 ram=32
		verdict "$policy, $set: memory is right below the caches" $?
		grep -q ' 0 words stale with caches off, 0 wrong' "$tmp/$policy.out"
		verdict "$policy, $set: and the guest says so" $?
		identity $policy
		verdict "$policy, $set: run and replay agree" $?
		trace_adds_up $policy
		verdict "$policy, $set: the trace adds up" $?
	done
	cmp "$tmp/full.out" "$tmp/track.out" && cmp "$tmp/full.out" "$tmp/track-late.out"
	verdict "$set: one console output" $?
	holds 'full["faults"] == full["root_invalidations"] == 0'
	verdict "$set: full takes no fault" $?
	holds '0 < track["pages_cleaned"] <= late["pages_cleaned"] < full["pages_cleaned"]'
	verdict "$set: tracking cleans less" $?
	# Armed at the start; once a batch; late: but for caches on.
	holds 'track["root_invalidations"] == 1 + track["batches"] and late["root_invalidations"] == 1 + late["batches"] - 2'
	verdict "$set: root invalidations" $?
	holds 'late["faults"] <= track["faults"] and track["traps"] == full["traps"] > 500'
	verdict "$set: late faults less" $?
done

machine=neoverse-n1
run track "$guest" 2 1 move=1
verdict "neoverse-n1: memory is right below the caches" $?

# Nobody cleans: what is read below is as old as memory. 1 MiB, a word a line.
run track "$guest" 2 1 mode=forget
verdict "forgotten: the guest ends well" $?
grep -q ' 32768 words stale with caches off, 0 wrong' "$tmp/track.out"
verdict "forgotten: every word is stale below, none above" $?
identity track
verdict "forgotten: run and replay agree" $?
run track "$guest" 2 1 mode=va
verdict "cleaned by address: memory is right" $?
grep -q '"batches":0' "$tmp/track.json" || grep -q '"batches": 0' "$tmp/track.json"
verdict "cleaned by address: no batch" $?

# A device behind an SMMU that shares the tables cannot wait for faults.
"$p2msim" run --quiet --machine smmu-mmu600 --set policy.iommu.share_pt=on "$guest" >/dev/null 2>"$tmp/err"
[ $? = 2 ] && grep -q 'set_way: "track": impossible with policy.iommu.share_pt on' "$tmp/err"
verdict "tracking with share_pt on is refused" $?

# DC by set/way is undefined at EL0, whatever the operand.
cat >"$tmp/el0.c" <<'C'
#include <signal.h>
#include <unistd.h>
static void ill(int number)
{
	(void)number;
	_exit(write(1, "illegal\n", 8) == 8 ? 0 : 1);
}
int main(void)
{
	signal(SIGILL, ill);
	__asm__ volatile("dc cisw, %0" ::"r"(~0ul));
	return 3;
}
C
aarch64-linux-gnu-gcc -static -O1 -o "$tmp/el0" "$tmp/el0.c" &&
	[ "$("$p2msim" run --quiet --guest-exit --linux "$tmp/el0")" = illegal ]
verdict "DC CISW at EL0 is undefined" $?

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
