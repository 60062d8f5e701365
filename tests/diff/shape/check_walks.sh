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

# expect NAME READS VA-BITS[:GRANULE] ADDRESS SETS...: the chase area is mapped
# by pages, the rest of memory by 2 MiB blocks (level 2); by pages, too, if the
# guest's granule is not 4k.
expect() {
	local name=$1 reads=$2 va_bits=${3%:*} granule=${3#*:} address=$4 got
	[ "$granule" = "$va_bits" ] && granule=4k
	shift 4
	local sets=()
	for s in "$@"; do sets+=(--set "$s"); done
	# Options end where the guest begins; its arguments follow the address.
	got=$("$p2msim" walk --json "${sets[@]}" "$BUILD/guests/chase.elf" "$address" 8 4096 1 va_bits="$va_bits" granule="$granule" 2>&1 |
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

# Other granules, mixed: levels of stage 1 by va_bits and granule; of stage 2
# by where the walk of so many IPA bits starts. Blocks at stage 2 are one less.
for s1 in 48:4k=4 39:4k=3 48:16k=4 39:16k=3 48:64k=3 39:64k=2; do
	n=${s1#*=}
	for s2 in 16K:1:48=3 16K:2:40=2 64K:1:48=3 64K:2:40=2; do
		m=${s2#*=} granule=${s2%%:*}
		start=${s2#*:} start=${start%:*} ipa=${s2##*:} ipa=${ipa%=*}
		keys="guest.granule=$granule guest.start_level=$start guest.ipa_bits=$ipa"
		# shellcheck disable=SC2086
		expect "stage 1 ${s1%=*}, stage 2 $granule of $ipa bits" \
			$(((n + 1) * (m + 1) - 1)) "${s1%=*}" $page $keys $small
		[ $granule = 16K ] &&
			# shellcheck disable=SC2086
			expect "stage 1 ${s1%=*}, stage 2 $granule of $ipa bits in blocks" \
				$(((n + 1) * m - 1)) "${s1%=*}" $page $keys
	done
done
# 52 bits of IPA: 64K from level 1.
expect "64K of 52 bits" 15 48:64k $page cpu.pa_bits=52 guest.ipa_bits=52 \
	guest.granule=64K guest.start_level=1
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
