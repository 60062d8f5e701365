#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Cold walks of n stage-1 and m stage-2 levels read (n+1)(m+1)-1 descriptors
# (FACTS: cold walk), fewer with blocks at either stage, on every machine; and
# `walk` lists each of them.
set -u
cd "$(dirname "$0")/../../.." || exit 1
BUILD=${BUILD:-build}
p2msim=$BUILD/p2msim
passed=0 failed=0

# expect NAME READS VA-BITS ADDRESS SETS...: the chase area is mapped by
# pages, the rest of memory by 2 MiB blocks (level 2).
expect() {
	local name=$1 reads=$2 va_bits=$3 address=$4 got
	shift 4
	local sets=()
	for s in "$@"; do sets+=(--set "$s"); done
	# Options end where the guest begins; its arguments follow the address.
	got=$("$p2msim" walk --json "${sets[@]}" "$BUILD/guests/chase.elf" "$address" 8 4096 1 va_bits="$va_bits" 2>&1 |
		python3 -c '
import json, sys
s = json.load(sys.stdin)
d = [x for x in s["steps"] if "address" in x]
assert len(d) == s["descriptor_reads"], "steps and reads differ"
assert all(x["value"] and x["fields"] and x["table"] for x in d)
assert s["outcome"]["result"] == "translated", s["outcome"]
assert s["cycles"] == sum(x["cycles"] for x in s["steps"])
print(s["descriptor_reads"])' 2>&1)
	if [ "$got" = "$reads" ]; then
		echo "PASS walk: $name: $reads reads" && passed=$((passed + 1))
	else
		echo "FAIL walk: $name: wanted $reads reads, got $got" && failed=$((failed + 1))
	fi
}

page=$((0x41000000)) # the chase area
block=$((0x40080000)) # the code
four="guest.ipa_bits=48 guest.start_level=0"
three="guest.ipa_bits=39"
small="policy.p2m.order=mask guest.backing=random"
for machine in neoverse-n1 tiny; do
	for set in "$four:4" "$three:3"; do
		levels=${set##*:} keys=${set%:*}
		# shellcheck disable=SC2086
		{
			# Stage 2 by pages: m levels. By blocks of 2 MiB: m - 1.
			expect "$machine 4x$levels" $((5 * (levels + 1) - 1)) 48 $page $keys $small
			expect "$machine 3x$levels" $((4 * (levels + 1) - 1)) 39 $page $keys $small
			expect "$machine 4x$((levels - 1)), stage-2 blocks" $((5 * levels - 1)) 48 $page $keys
			expect "$machine 3x$((levels - 1)), stage-2 blocks" $((4 * levels - 1)) 39 $page $keys
			expect "$machine 3x$levels, a stage-1 block of 48-bit tables" $((4 * (levels + 1) - 1)) 48 $block $keys $small
			expect "$machine 2x$levels, a stage-1 block of 39-bit tables" $((3 * (levels + 1) - 1)) 39 $block $keys $small
			expect "$machine 2x$((levels - 1)), blocks at both stages" $((3 * levels - 1)) 39 $block $keys
		}
	done
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
