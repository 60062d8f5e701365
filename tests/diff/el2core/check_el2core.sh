#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The core on bare metal: guests under its stage-2 tables on QEMU. Where p2msim
# can run the same (4K granule), the guest's console and every count of the
# p2m must be the same; elsewhere the console must be what p2msim printed, and
# the counts what theory says. Then the program, its port and the core itself
# are broken on purpose: each break must be noticed.
set -u
cd "$(dirname "$0")/../../.." || exit 1
BUILD=${BUILD:-build}
export BUILD=$(realpath -m "$BUILD")
dir=tests/diff/el2core
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
churn=$BUILD/el2core/guest/churn.elf
setway=$BUILD/el2core/guest/setway.elf
balloon=$BUILD/guests/balloon.elf

verdict() { # NAME STATUS [FILE...]: the files are shown if it failed
	if [ "$2" = 0 ]; then
		echo "PASS el2core: $1" && passed=$((passed + 1))
	else
		echo "FAIL el2core: $1" && failed=$((failed + 1))
		shift 2
		[ $# = 0 ] || grep -hv '^OK' "$@" 2>/dev/null | cut -c 1-400 | head -8 | sed 's/^/  /'
	fi
}

make -s el2core "$BUILD/p2msim" >"$tmp/make" 2>&1
verdict build $? "$tmp/make"

boot() { # KEY=VALUE... GUEST ARG...: to $tmp/out and $tmp/report
	REPORT=$tmp/report $dir/boot.sh "$@" >"$tmp/out" 2>"$tmp/err"
}

# simulate KEY=VALUE... GUEST ARG...: the same on p2msim, which is not told of
# el2.*, and tracks no accesses unless told; to $tmp/want and $tmp/stats.
simulate() {
	local sets=(--set policy.p2m.set_way=full)
	while [[ $1 == *=* ]]; do
		[[ $1 == el2.* ]] || sets+=(--set "$1")
		shift
	done
	"$BUILD/p2msim" run --quiet --guest-exit "${sets[@]}" --stats "$tmp/stats" "$@" >"$tmp/want" 2>"$tmp/err"
}

# holds CONDITION: Python, over the report's objects guest, p2m, space, audit,
# setway and end, and `sim`, the p2m of p2msim's statistics.
holds() {
	python3 - "$tmp/report" "$tmp/stats" "$1" <<'PY' 2>>"$tmp/err"
import json, sys
r = json.load(open(sys.argv[1]))
try:
    sim = json.load(open(sys.argv[2]))["p2m"]
    r["sim"] = {key: sim[key] for key in r["p2m"]}
except OSError:
    pass
assert eval(sys.argv[3], r), sys.argv[3]
PY
}

# same NAME CONDITION KEY=VALUE... GUEST ARG...: on both, to the last count.
same() {
	local name=$1 condition=$2
	shift 2
	simulate "$@" && boot "$@" && cmp -s "$tmp/want" "$tmp/out" &&
		holds "p2m == sim and ($condition)"
	verdict "$name: as p2msim, to the last count" $? "$tmp/out" "$tmp/err" "$tmp/report"
}

# alone NAME CONDITION KEY=VALUE... GUEST ARG...: on QEMU; the console is that
# of the last `simulate`.
alone() {
	local name=$1 condition=$2
	shift 2
	boot "$@" && cmp -s "$tmp/want" "$tmp/out" && holds "$condition"
	verdict "$name" $? "$tmp/out" "$tmp/err" "$tmp/report"
}

# noticed NAME KEY=VALUE... GUEST ARG...: the guest or the program finds out,
# or the guest hangs.
noticed() {
	local name=$1 status
	shift
	boot "$@"
	status=$?
	case $status in
	1 | 4) grep -q '"audit"' "$tmp/report" ;;
	70) grep -q 'bug\|exception' "$tmp/report" ;;
	124) true ;;
	*) false ;;
	esac
	verdict "noticed: $name" $? "$tmp/err" "$tmp/report"
}

k=policy.p2m
same "balloon" "p2m['splits'] > 0" "$balloon" 8 300 7
same "balloon, coalesce eager" "p2m['coalesces'] > 0 and p2m['tables']['live'] == 3" \
	$k.coalesce=eager "$balloon" 8 300 7
same "balloon, hysteresis, tlbi range" "p2m['coalesces'] > 0 and p2m['tlbi']['range'] > 0" \
	$k.coalesce=hysteresis:2 $k.tlbi=range "$balloon" 8 300 7
same "balloon, after-ops, fragmented backing" "p2m['coalesces'] > 0" \
	$k.coalesce=after-ops:10 guest.backing=fragmented:50 seed=3 "$balloon" 8 300 7
same "balloon, faults, random backing, tlbi vmid" "p2m['ops']['fault'] > 2048 and p2m['tlbi']['vmid'] > 0" \
	$k.populate=fault guest.backing=random $k.tlbi=vmid "$balloon" 8 300 7
same "balloon, faults that coalesce" "p2m['ops']['fault'] > 2048 and p2m['coalesces'] > 0" \
	$k.populate=fault $k.coalesce=eager "$balloon" 8 300 7
same "balloon, order mask, empty tables kept, 32 IPA bits" "space['root_tables'] == 4" \
	$k.free_empty=never $k.order=mask guest.ipa_bits=32 "$balloon" 8 300 7
same "owntables" "guest['aborts'] == 0" "$BUILD/guests/owntables.elf"
same "chase, 48 IPA bits from level 0" "space['start_level'] == 0" guest.ipa_bits=48 \
	"$BUILD/guests/chase.elf" 256
same "churn, coalesce eager, 1 GiB blocks" "p2m['mappings']['1G'] == 1 and p2m['splits'] > 2" \
	guest.ram_mib=1024 $k.coalesce=eager guest.ipa_bits=43 "$churn" ram=1024

# What churn prints depends on unit and seed alone: p2msim prints it with 4K.
simulate "$churn"
for bbm in 0 1 2; do
	alone "4K, coalesce and hint, FEAT_BBM $bbm" \
		"p2m['coalesces'] > 0 and p2m['mappings']['4K'] == 0 and (audit['unbroken'] > 0) == ($bbm > 0)" \
		$k.coalesce=eager $k.contig_hint=on el2.bbm=$bbm "$churn"
done
alone "4K, by the clock, preempted" "p2m['tables']['live'] >= 3" \
	$k.coalesce=after-cycles:100000 el2.preempt=7 "$churn"
alone "4K, scan, faults" "p2m['ops']['fault'] > 0" \
	$k.coalesce=scan:50000,64 $k.populate=fault $k.tlbi=range "$churn"

simulate "$churn" unit=16
alone "16K, 16 roots at level 2" "space['root_tables'] == 16 and p2m['splits'] == 1" \
	guest.granule=16K guest.ipa_bits=40 "$churn" unit=16 stage2=16
alone "16K, 48 bits: 2 roots at level 1, 32M blocks again" \
	"space['root_tables'] == 2 and p2m['coalesces'] > 0 and p2m['mappings'] == {'4K': 0, '2M': 8, '1G': 0}" \
	guest.granule=16K guest.ipa_bits=48 $k.coalesce=eager $k.contig_hint=on $k.tlbi=range "$churn" unit=16 stage2=16
alone "16K, 32 bits, faults, preempted" "p2m['ops']['fault'] > 0" \
	guest.granule=16K guest.ipa_bits=32 $k.populate=fault el2.preempt=5 "$churn" unit=16 stage2=16

simulate guest.ram_mib=1024 "$churn" unit=64 ram=1024
alone "64K, 16 roots at level 2, 512M blocks again" \
	"space['root_tables'] == 16 and p2m['coalesces'] > 0 and p2m['mappings']['2M'] == 2" \
	guest.granule=64K guest.ipa_bits=46 guest.ram_mib=1024 $k.coalesce=eager "$churn" unit=64 stage2=64 ram=1024
alone "64K, 52 bits, hint, tlbi range" "space['start_level'] == 1 and p2m['splits'] == 1" \
	guest.granule=64K guest.ipa_bits=52 el2.lpa=on guest.ram_mib=1024 $k.contig_hint=on $k.tlbi=range "$churn" unit=64 stage2=64 ram=1024
alone "64K, 32 bits, faults, tlbi vmid" "p2m['ops']['fault'] > 0" \
	guest.granule=64K guest.ipa_bits=32 guest.ram_mib=1024 $k.populate=fault $k.tlbi=vmid "$churn" unit=64 stage2=64 ram=1024

# A pool with room for two or three splits: calls are refused, and the p2m is
# what it was before them.
for pool in 5 6; do
	boot el2.pool=$pool "$churn" refused=1 &&
		holds "p2m['tables']['peak'] == $pool and audit['mismatches'] == 0"
	verdict "a pool of $pool pages: calls refused, the rest right" $? "$tmp/out" "$tmp/report"
done

# Set/way. `first` and `second` pages are touched between batches; what is
# cleaned must follow, page for page, whatever else the guest needs.
frames() { # MARKS.. : per mark frames since the one before
	python3 - "$tmp/$1" <<'PY'
import json, sys
s = json.load(open(sys.argv[1]))["setway"]["marks"]
print([b["frames_cleaned"] - a["frames_cleaned"] for a, b in zip(s, s[1:])],
      [b["invalidations"] - a["invalidations"] for a, b in zip(s, s[1:])],
      [b["batches"] - a["batches"] for a, b in zip(s, s[1:])])
PY
}
simulate "$setway" 10 60 3
for policy in full track track-late; do
	alone "set/way $policy: what is stored with caches on is read with caches off" \
		"setway['bytes_cleaned'] == 4096 * setway['frames_cleaned'] and setway['batches'] == 9" \
		el2.set_way=$policy $k.populate=fault "$setway" 10 60 3
	cp "$tmp/report" "$tmp/less"
	boot el2.set_way=$policy $k.populate=fault el2.preempt=3 "$setway" 25 100 3
	cp "$tmp/report" "$tmp/more"
	python3 - "$policy" "$tmp/less" "$tmp/more" <<'PY'
import json, sys
def rounds(name):
    """Frames, invalidations by round, of those after the first."""
    marks = json.load(open(name))["setway"]["marks"]
    def gone(key):
        return [b[key] - a[key] for a, b in zip(marks[2::2], marks[4::2])]
    return gone("frames_cleaned"), gone("invalidations"), \
        marks[1]["frames_cleaned"] - marks[0]["frames_cleaned"]
policy = sys.argv[1]
(less, invalid, first), (more, _, first_more) = map(rounds, sys.argv[2:])
# Of three batches a round, full cleans all that is mapped each time; tracking
# cleans the pages touched before the first and before the last.
times = 3 if policy == "full" else 2
assert [b - a for a, b in zip(less, more)] == [times * 40] * 2, (less, more)
assert first_more - first == 15, (first, first_more)
want = {"full": 0, "track": 3, "track-late": 2}[policy]
assert invalid == [want] * 2, invalid
PY
	verdict "set/way $policy: cleans the pages touched, no more, no fewer" $? "$tmp/less"
done
boot el2.set_way=track $k.contig_hint=on "$setway"
[ $? = 3 ] && grep -q refused "$tmp/report"
verdict "set/way tracking is refused beside markers" $? "$tmp/report"

# Bad input.
boot guest.granule=8K "$churn"
[ $? = 2 ] && grep -q 'no such value: guest.granule=8K' "$tmp/report"
verdict "a granule there is not" $? "$tmp/report"
boot guest.ipa_bits=49 "$churn"
[ $? = 3 ] && grep -q 'cannot be made' "$tmp/report"
verdict "IPA bits there are not" $? "$tmp/report"

# Broken on purpose: the port.
for m in no-stage2-tlbi no-combined-tlbi lost-entry wrong-frame no-break leak; do
	noticed "port, $m" el2.mutate=$m "$churn"
done

# Broken on purpose: the core. Each is one line of it, changed.
broken() { # NAME FILE SED KEY=VALUE... GUEST ARG...
	local name=$1 file=$2 edit=$3
	shift 3
	rm -rf "$tmp/core"
	cp -r core "$tmp/core"
	sed -i "$edit" "$tmp/core/$file"
	if cmp -s "core/$file" "$tmp/core/$file" ||
		! make -s EL2CORE_CORE="$tmp" EL2CORE_OUT="$tmp/broken" EL2CORE_OPT=-O1 "$tmp/broken/el2core.elf" >"$tmp/make" 2>&1; then
		verdict "noticed: $name: the edit did not take" 1 "$tmp/make"
		return
	fi
	EL2CORE=$tmp/broken/el2core.elf noticed "core, $name" "$@"
}
broken "a removal without TLB maintenance" p2m/short.h 's/^	p2m_tlbi_leaf(.*);/	(void)policy;/' "$churn"
broken "a split that loses its last entry" pt/extend.h 's/i < entries; i++) {/i + 1 < entries; i++) {/' "$churn"
if [ -n "${LONG:-}" ]; then
	broken "a flush without TLB maintenance" pt/table.h '/^	pt->invalidate(pt);/d' "$churn"
	broken "tables freed before the flush" pt/table.h 's/^	pt->invalidate(pt);/	while (pt->queued != 0) pt_table_put(pt, f, 0, pt_queue_pop(pt));\n&/' "$churn"
	broken "a promotion to the neighbour's block" pt/coalesce.h 's/f->leaf(f->address(first, level), /f->leaf((pa_t){ f->address(first, level).raw ^ pt_span(f, up) }, /' $k.coalesce=eager "$churn"
	broken "one root table for all" pt/walk.h 's/((ia >> (l->lsb + l->width)) << f->granule_lg2)/((ia >> (l->lsb + l->width) >> 63) << 1)/' guest.ipa_bits=32 "$churn"
	broken "XN not written" p2m/type.h 's/access & P2M_ACCESS_X ? 0 : ARM_S2_XN_NONE/0/' "$churn"
	broken "a start level one too deep" format/arm_s2_vtcr.h 's/== 12 ? 2u : 3u) - start/== 12 ? 2u : 2u) - start/' guest.granule=16K "$churn" unit=16 stage2=16
fi

# Any policies together: one that is drawn of each.
draw() {
	local of=("$@")
	echo "${of[RANDOM % $#]}"
}
any() { # SEED
	RANDOM=$1
	local granule ram=256 bits unit keys
	granule=$(draw 4 4 16 64)
	bits=$(draw 32 33 36 39 40 42 44 46 48)
	[ "$granule" = 64 ] && ram=1024
	keys=("guest.granule=${granule}K" "guest.ipa_bits=$bits" "guest.ram_mib=$ram" "$k.tlbi=$(draw vmid ipa range)"
		"$k.order=$(draw greedy mask)" "$k.populate=$(draw eager fault)" "$k.contig_hint=$(draw off on)"
		"$k.coalesce=$(draw never eager eager after-ops:3 after-cycles:20000 hysteresis:1 scan:30000,100)"
		"$k.free_empty=$(draw eager never)" "el2.bbm=$(draw 0 1 2)" "el2.preempt=$(draw 0 2 5)")
	# Frames out of order are no whole granules of more than 4K.
	[ "$granule" = 4 ] && keys+=("guest.backing=$(draw contiguous fragmented:60 random)")
	simulate guest.ram_mib=$ram "$churn" seed="$1" unit="$granule" ram=$ram
	alone "any: ${keys[*]}" True "${keys[@]}" "$churn" seed="$1" unit="$granule" stage2="$granule" ram=$ram
}
any_same() { # SEED
	RANDOM=$1
	local keys=("guest.ipa_bits=$(draw 32 34 38 40 43 48)" "$k.tlbi=$(draw vmid ipa range)" "$k.order=$(draw greedy mask)"
		"$k.populate=$(draw eager fault)" "$k.coalesce=$(draw never eager after-ops:3 hysteresis:1)"
		"$k.free_empty=$(draw eager never)" "guest.backing=$(draw contiguous fragmented:60 random)" "seed=$1")
	same "any: ${keys[*]}" True "${keys[@]}" "$(draw "$balloon" "$churn")" 8 150 "$1"
}
if [ -n "${LONG:-}" ]; then
	for seed in $(seq 1 60); do any "$seed"; done
	for seed in $(seq 1 30); do any_same "$seed"; done
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
