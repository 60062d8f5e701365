#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# --core in place of our own page-table code. Our own, built as a library, gives
# the statistics of the built-in one to the last count. The naive one serves the
# same guests: same output, and run and replay are equal; each one's trace
# replays on the other to exactly what that one's run gave; whatif and compare
# show what it costs.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
p2msim=$BUILD/p2msim
naive=$BUILD/cores/naive.so own=$BUILD/libp2m-core.so
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS own core: $1" && passed=$((passed + 1))
	else
		echo "FAIL own core: $1" && failed=$((failed + 1))
	fi
}

if ! make -s BUILD="$BUILD" cores; then
	echo "FAIL own core: they are not built"
	echo "0 passed, 1 failed"
	exit 1
fi
[ "$(wc -l <tests/cores/naive/naive.c)" -le 300 ]
verdict "the naive core is small" $?
! grep -E '^#include' tests/cores/naive/naive.c |
	grep -vE '"core/(p2m/ops|port)\.h"'
verdict "the naive core knows the two headers alone" $?

# equal FILE FILE: all but host, and who the core was.
equal() {
	python3 - "$@" <<'PY'
import json, sys
docs = [json.load(open(p)) for p in sys.argv[1:]]
for d in docs:
    d.pop("host", None), d.pop("core", None)
sys.exit(docs[0] != docs[1])
PY
}

core_is() { # STATS NAME
	python3 -c "
import json, sys
sys.exit((json.load(open('$1')).get('core') or {}).get('name') != (None if '$2' == '-' else '$2'))"
}

# With the built-in core, with it as a library, with the naive one.
serve() { # NAME ARGUMENTS...
	local name=$1 c
	shift
	"$p2msim" run --quiet --trace "$tmp/in.zst" --stats "$tmp/in.json" "$@" >"$tmp/in.out" &&
		"$p2msim" run --quiet --core "$own" --trace "$tmp/own.zst" --stats "$tmp/own.json" "$@" >"$tmp/own.out" &&
		"$p2msim" run --quiet --core "$naive" --trace "$tmp/naive.zst" --stats "$tmp/naive.json" "$@" >"$tmp/naive.out"
	verdict "$name: runs" $?
	cmp "$tmp/in.out" "$tmp/own.out" && cmp "$tmp/in.out" "$tmp/naive.out"
	verdict "$name: the guest's output is the same" $?
	equal "$tmp/in.json" "$tmp/own.json"
	verdict "$name: built-in and library count alike" $?
	core_is "$tmp/in.json" - && core_is "$tmp/own.json" p2m && core_is "$tmp/naive.json" naive
	verdict "$name: the statistics say whose core it was" $?
	! equal "$tmp/in.json" "$tmp/naive.json"
	verdict "$name: the naive core is another one" $?
	# The stimulus does not depend on the core: 3 traces on 3 cores.
	for c in in own naive; do
		"$p2msim" replay --quiet --stats "$tmp/r.in.json" "$tmp/$c.zst" &&
			equal "$tmp/in.json" "$tmp/r.in.json" &&
			"$p2msim" replay --quiet --core "$own" --stats "$tmp/r.own.json" "$tmp/$c.zst" &&
			equal "$tmp/own.json" "$tmp/r.own.json" &&
			"$p2msim" replay --quiet --core "$naive" --stats "$tmp/r.naive.json" "$tmp/$c.zst" &&
			equal "$tmp/naive.json" "$tmp/r.naive.json"
		verdict "$name: the trace of $c replays on all three" $?
	done
	"$p2msim" run --quiet --core "$naive" --trace "$tmp/again.zst" "$@" >/dev/null &&
		cmp "$tmp/naive.zst" "$tmp/again.zst"
	verdict "$name: two runs record the same bytes" $?
	"$p2msim" trace validate "$tmp/naive.zst" >/dev/null
	verdict "$name: the trace is valid" $?
}

serve hello "$BUILD/guests/hello.elf"
serve balloon "$BUILD/guests/balloon.elf"
serve "balloon by faults, random frames, tiny" --machine tiny \
	--set policy.p2m.populate=fault --set guest.backing=random "$BUILD/guests/balloon.elf"
serve owntables "$BUILD/guests/owntables.elf"
serve "smp, 36 bits" --set cpu.count=2 --set guest.ipa_bits=36 "$BUILD/guests/smp.elf"
for policy in tlbi=vmid tlbi=range order=mask free_empty=never coalesce=eager \
	coalesce=hysteresis:2 coalesce=scan:5000,64; do
	"$p2msim" run --quiet --set policy.p2m.$policy --stats "$tmp/in.json" "$BUILD/guests/balloon.elf" >/dev/null &&
		"$p2msim" run --quiet --core "$own" --set policy.p2m.$policy --stats "$tmp/own.json" "$BUILD/guests/balloon.elf" >/dev/null &&
		equal "$tmp/in.json" "$tmp/own.json"
	verdict "balloon, $policy: built-in and library count alike" $?
done

# What it costs, told by compare; whatif over what both can do.
"$p2msim" run --quiet --stats "$tmp/in.json" "$BUILD/guests/balloon.elf" >/dev/null
"$p2msim" run --quiet --core "$naive" --trace "$tmp/n.zst" --stats "$tmp/naive.json" "$BUILD/guests/balloon.elf" >/dev/null
"$p2msim" compare "$tmp/in.json" "$tmp/naive.json" >"$tmp/compare"
[ $? = 1 ] && grep -q '^ *core.name .* naive ' "$tmp/compare" &&
	grep -q '^ *cpu.0.cycles_by.hypervisor ' "$tmp/compare" &&
	grep -q '^ *p2m.mappings.4K ' "$tmp/compare"
verdict "compare shows what it costs" $?
grep -E ' (core.name|cpu.0.cycles|cpu.0.cycles_by.(walk|hypervisor)|p2m.(pte_writes|mappings.4K)) ' "$tmp/compare"
zstd -dcq "$tmp/n.zst" | head -n 1 | grep -q '"core":{"name":"naive","version":"1"}'
verdict "the trace's header names the core" $?
"$p2msim" whatif --quiet --core "$naive" --vary guest.backing=contiguous,random -o "$tmp/w.json" "$tmp/n.zst" >/dev/null &&
	python3 -c "
import json
variants = json.load(open('$tmp/w.json'))['traces'][0]['variants']
assert [v['stats']['core']['name'] for v in variants] == ['naive', 'naive']
assert variants[0]['summary']['cycles'] != variants[1]['summary']['cycles']"
verdict "whatif" $?
"$p2msim" walk --core "$naive" --json "$tmp/n.zst" 0x40000000 >"$tmp/walk.json" &&
	python3 -c "
import json
d = json.load(open('$tmp/walk.json'))
assert d['outcome']['size'] == 4096, d['outcome']
assert [s['kind'] for s in d['steps'] if s['stage'] == 2][-1] == 'page'"
verdict "walk sees the naive core's pages" $?

# Every hardware behaviour: of ours in a library as of ours built in; of the
# naive one all that it offers.
for scenario in split superpage setway; do
	file=traces/samples/scenarios/$scenario.json
	"$p2msim" explore --json "$file" >"$tmp/in.explore" &&
		"$p2msim" explore --json --core "$own" "$file" >"$tmp/own.explore" &&
		cmp "$tmp/in.explore" "$tmp/own.explore"
	verdict "explore $scenario is the same by the library" $?
done
"$p2msim" explore --json --all --core "$naive" >"$tmp/explore" &&
	python3 -c "
import json
r = json.load(open('$tmp/explore'))
assert r['explored'] > 1500 and r['good'] == r['explored'], r
assert r['explored'] + r['not_offered'] > 8000, r"
verdict "explore finds nothing in what the naive core offers" $?
"$p2msim" explore --json --core "$naive" --set 'without=["tlbi"]' \
	traces/samples/scenarios/split.json | grep -q '"verdict": "wrong"'
verdict "and does when its TLBI is left out" $?

# One suite for all of them: tests/conform.
for core in "$own" "$naive"; do
	"$BUILD/tests/conform/p2m_conform_test" "$core" >"$tmp/conform" 2>&1
	status=$?
	[ $status = 0 ] || tail -n 5 "$tmp/conform"
	grep -E '^\[ +(OK|FAILED) +\]' "$tmp/conform" | sed "s,^,  $(basename "$core"): ,"
	verdict "the conformance suite on $(basename "$core")" $status
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
