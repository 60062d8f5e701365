#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# `p2msim check` on what we run: every guest, policies, traces, busybox and
# bash: no finding, exit code 0, and a machine that forbids what the p2m does
# has one, with its line of source; and old data read with caches off.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
p2msim=$build/p2msim
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
passed=0 failed=0

# clean NAME ARGUMENTS...: exit code 0, no finding, events there are.
clean() {
	local name=$1 code
	shift
	timeout 300 "$p2msim" check -q --json "$@" >"$t/out" 2>"$t/err"
	code=$?
	if [ "$code" = 0 ] && grep -q '"findings": \[\]' "$t/out" &&
		! grep -q '"events": 0,' "$t/out"; then
		echo "PASS check: $name"
		passed=$((passed + 1))
	else
		echo "FAIL check: $name: exit code $code"
		grep -E '"rule"|"detail"' "$t/out" | head -4
		head -2 "$t/err"
		failed=$((failed + 1))
	fi
}

for elf in "$build"/guests/*.elf; do
	clean "$(basename "$elf")" "$elf"
done
for policy in coalesce=eager coalesce=hysteresis:2 tlbi=range tlbi=vmid \
	free_empty=never populate=fault order=mask set_way=full; do
	for guest in balloon churn setway; do
		clean "$guest, $policy" --set "policy.p2m.$policy" \
			"$build/guests/$guest.elf"
	done
done
clean "smp, two CPUs" --set cpu.count=2 "$build/guests/smp.elf"
clean "churn, FEAT_BBM 1" --set cpu.bbm_level=1 "$build/guests/churn.elf"
clean "churn, FEAT_BBM 2" --set cpu.bbm_level=2 "$build/guests/churn.elf"
for guest in balloon owntables setway; do
	"$p2msim" run -q --trace "$t/$guest.zst" "$build/guests/$guest.elf" \
		>/dev/null 2>&1
	clean "$guest's trace" "$t/$guest.zst"
	clean "$guest's trace on tiny" --machine tiny "$t/$guest.zst"
done

tests/diff/linux/fetch.sh >/dev/null
mkdir -p "$t/root/bin"
if cp "$build"/debian-arm64/bin/* "$t/root/bin/"; then
	seq 20000 | sort -R --random-source=/dev/zero >"$t/root/numbers"
	clean "busybox sort" --linux --root "$t/root" \
		"$t/root/bin/busybox" sort /numbers
	# shellcheck disable=SC2016
	clean "bash, fork and exec" --linux --root "$t/root" \
		"$t/root/bin/bash-static" -c \
		'for i in 1 2 3 4; do (echo $i) | /bin/busybox cat; done'
else
	echo "FAIL check: no arm64 busybox"
	failed=$((failed + 1))
fi

"$p2msim" check -q --json --set check.writable_executable=forbid \
	"$build/guests/hello.elf" >"$t/out" 2>&1
code=$?
if [ "$code" = 1 ] && grep -q '"rule": "writable-executable"' "$t/out" &&
	{ ! command -v addr2line >/dev/null ||
		grep -q '"file": "core/pt/map.h"' "$t/out"; }; then
	echo "PASS check: what is forbidden is found, with its line"
	passed=$((passed + 1))
else
	echo "FAIL check: what is forbidden is found, with its line: $code"
	failed=$((failed + 1))
fi
# Data below the caches: the set/way guest with its flush taken out reads what
# is old, and is found; with it, by set/way or by address, it is not. A trace
# has no data, and the report of one says so.
clean "setway by address" "$build/guests/setway.elf" 2 1 mode=va
stale() { # NAME CODE PATTERN... -- ARGUMENTS...
	local name=$1 want=$2 code missing=
	local -a patterns=()
	shift 2
	while [ "$1" != -- ]; do patterns+=("$1"); shift; done
	shift
	timeout 300 "$p2msim" check -q "$@" >"$t/out" 2>&1
	code=$?
	for pattern in "${patterns[@]}"; do
		grep -qE -- "$pattern" "$t/out" || missing=$pattern
	done
	if [ "$code" = "$want" ] && [ -z "$missing" ]; then
		echo "PASS check: $name"
		passed=$((passed + 1))
	else
		echo "FAIL check: $name: exit code $code, no '$missing'"
		failed=$((failed + 1))
	fi
}
# Two rounds, 16384 lines each, all of them read once with caches off; the
# first was written in round 0 as 1 << 32, over memory of zeros.
for policy in full track track-late; do
	stale "setway without its flush, $policy" 1 '^data-stale: ' \
		'memory has 0x0, the caches may have 0x100000000' \
		'guest physical 0x41000000;' '^ +written +store, in the block' \
		'^ +missing +DC CVAC' '^ +count +32768 times' '^1 findings' -- \
		--set policy.p2m.set_way=$policy \
		"$build/guests/setway.elf" 2 1 mode=forget
done
"$p2msim" run -q --trace "$t/forget.zst" "$build/guests/setway.elf" 2 1 \
	mode=forget >/dev/null 2>&1
stale "its trace cannot tell, and says so" 0 '^not judged: data-stale: ' -- \
	"$t/forget.zst"
# Registers: each wrong way is found, by the guest's run and by its trace.
line='^ +by +MSR, .*tests/protocol/registers\.c:[0-9]+ \([a-z_]+\)'
command -v addr2line >/dev/null || line='^ +by +MSR'
while read -r how rule used; do
	born='^ +used'
	[ "$used" != "went by" ] || born='^ +cached +by a walk in the block'
	stale "registers: $how" 1 "^$rule: " "^ +used +CPU 0 .* it $used" \
		"$born" "$line" '^1 findings' -- "$build/guests/registers.elf" "$how"
	"$p2msim" run -q --trace-level stimulus --trace "$t/$how.zst" \
		"$build/guests/registers.elf" "$how" >/dev/null 2>&1
	stale "its trace: $how" 1 "^$rule: " '^1 findings' -- "$t/$how.zst"
done <<'HOW'
no-tlbi base-changed went by
early-tlbi base-changed could go by
asid-reused base-changed went by
mair-no-tlbi control-cached could go by
no-isb context-unsynchronised could go by
HOW
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
