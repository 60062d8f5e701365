#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What the balloon guest leaves behind: it removes and repopulates 8 MiB in
# every pattern, at last a single page, so that the region of that page is
# mapped by pages and every other one as it was at first. Tables must be those
# that such a mapping needs: none empty, none too many.
set -u
cd "$(dirname "$0")/../../.." || exit 1
BUILD=${BUILD:-build}
p2msim=$BUILD/p2msim
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

# expect NAME CONDITION SETS...: CONDITION in Python, over blocks (of 2 MiB),
# pages, live tables, and `full`: live is `top`, the tables above the last
# level, and one for each of the 128 regions of 2 MiB that is no block.
expect() {
	local name=$1 condition=$2 sets=() why
	shift 2
	for s in "$@"; do sets+=(--set "$s"); done
	if "$p2msim" run --quiet --guest-exit "${sets[@]}" --stats "$tmp/s.json" \
		"$BUILD/guests/balloon.elf" 8 300 7 >"$tmp/out" 2>&1 &&
		why=$(python3 - "$tmp/s.json" "$condition" <<'PY' 2>&1
import json, sys
p = json.load(open(sys.argv[1]))["p2m"]
t, m = p["tables"], p["mappings"]
blocks, pages, live, freed = m["2M"], m["4K"], t["live"], t["freed"]
def full(top):
    return (live == top + 128 - blocks and pages == 512 * (128 - blocks))
assert t["allocated"] - freed == live <= t["peak"], t
assert m["1G"] == 0, m
assert eval(sys.argv[2]), (sys.argv[2], t, m)
PY
		); then
		echo "PASS balloon: $name" && passed=$((passed + 1))
	else
		echo "FAIL balloon: $name" && failed=$((failed + 1))
		grep -h FAIL "$tmp/out" | sed 's/^/  /'
		echo "$why" | tail -n 1 | sed 's/^/  /'
	fi
}

# 40 IPA bits: two concatenated roots at level 1, one table at level 2.
for tlbi in vmid ipa range; do
	for order in greedy mask; do
		p="policy.p2m.tlbi=$tlbi policy.p2m.order=$order"
		# shellcheck disable=SC2086
		{
			expect "contiguous, tlbi $tlbi, order $order" "full(3) and blocks == 127" $p
			expect "random, tlbi $tlbi, order $order" "full(3) and blocks == 0" $p guest.backing=random
			# Half of 128 regions have frames in order; page 5's may be one.
			expect "fragmented, tlbi $tlbi, order $order" \
				"full(3) and 0 < blocks <= 64 and (blocks >= 63 or '$order' == 'mask')" \
				$p guest.backing=fragmented:50
		}
	done
done
expect "32 IPA bits: four roots at level 2" "full(4) and blocks == 127" guest.ipa_bits=32
expect "39 IPA bits: one root at level 1" "full(2) and blocks == 127" guest.ipa_bits=39
expect "48 IPA bits from level 0" "full(3) and blocks == 127" guest.ipa_bits=48 guest.start_level=0
# Three of the four regions of the area were populated whole at last.
expect "populated by faults" "blocks == 3 and pages >= 512 and freed > 0" policy.p2m.populate=fault
# Empty tables stay where pages come back, and go where a block does.
expect "empty tables kept" "full(3) and blocks == 127 and freed > 0" policy.p2m.free_empty=never
expect "empty tables kept, random" "pages == 65536 and freed == 0 and live == 3 + 128" \
	policy.p2m.free_empty=never guest.backing=random

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
