#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every coalescing policy against what follows from its definition: coalesce.py
# puts the tables together from a trace and judges them after every trap. Then
# what must hold between policies, and run against replay under each.
set -u
cd "$(dirname "$0")/../../.." || exit 1
BUILD=${BUILD:-build}
p2msim=$BUILD/p2msim
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS coalesce: $1" && passed=$((passed + 1))
	else
		echo "FAIL coalesce: $1" && failed=$((failed + 1))
		tail -n 1 "$tmp/why" | sed 's/^/  /'
	fi
}

# record NAME POLICY GUEST ARGUMENTS...: $tmp/NAME.jsonl and .json. Tracking of
# set/way would take valid bits away, which the judge takes for unmapping.
record() {
	local name=$1 policy=$2 guest=$3
	shift 3
	"$p2msim" run --quiet --guest-exit --trace-level full --set guest.ram_mib=32 \
		--set policy.p2m.set_way=full --set policy.p2m.coalesce="$policy" "${more[@]}" --stats "$tmp/$name.json" \
		--trace "$tmp/$name.jsonl" "$BUILD/guests/$guest.elf" "$@" ram=32 >"$tmp/out" 2>"$tmp/why"
}

judge() { # NAME RULE...
	python3 tests/diff/coalesce/coalesce.py "$tmp/$1.jsonl" "$tmp/$1.json" "${@:2}" >"$tmp/why" 2>&1
}

# A replay of the trace under the policy it was recorded under.
replays_alike() {
	"$p2msim" replay --quiet --stats "$tmp/replay.json" "$tmp/$1.jsonl" 2>"$tmp/why" &&
		"$p2msim" compare "$tmp/$1.json" "$tmp/replay.json" >"$tmp/why" 2>&1
}

# policy NAME POLICY "RULE" GUEST ARGUMENTS...
policy() {
	local name=$1 policy=$2 rule=$3
	shift 3
	# shellcheck disable=SC2086
	record "$name" "$policy" "$@" && judge "$name" $rule
	verdict "$name: $policy: $* ${more[*]}" $?
	replays_alike "$name"
	verdict "$name: replays alike" $?
}

more=()
for pattern in alternate burst random leave; do
	churn="churn $pattern mib=8 operations=32 work=10 calm=8 held=4"
	# shellcheck disable=SC2086
	{
		policy $pattern-never never never $churn
		policy $pattern-eager eager eager $churn
		policy $pattern-ops after-ops:5 "wait 5" $churn
		policy $pattern-cycles after-cycles:1 "wait 1" $churn
		policy $pattern-hysteresis hysteresis:2 "split 2" $churn
		policy $pattern-scan scan:1,9 "scan 9" $churn
	}
done
churn="churn alternate mib=8 operations=32 work=10 calm=8 held=4"
# shellcheck disable=SC2086
{
	# Beyond the run's end is never; more splits than there are is eager.
	policy far-ops after-ops:1000000 never $churn
	policy far-cycles after-cycles:1000000000 never $churn
	policy far-hysteresis hysteresis:1000 eager $churn
	policy once-hysteresis hysteresis:1 "split 1" $churn
	policy late-ops after-ops:40 "wait 40" $churn
}
more=(--set guest.backing=fragmented:50)
# shellcheck disable=SC2086
policy fragmented eager eager $churn
more=(--set policy.p2m.tlbi=range --set policy.p2m.order=mask)
# shellcheck disable=SC2086
policy range after-ops:3 "wait 3" $churn
more=()
policy balloon-never never any balloon mib=2 operations=20
policy balloon eager eager balloon mib=2 operations=20
policy balloon-ops after-ops:2 "wait 2" balloon mib=2 operations=20

# A judge that never objects is none.
for wrong in "alternate-eager never" "alternate-never eager" "alternate-ops eager" \
	"alternate-ops wait 4" "alternate-ops wait 6" "alternate-hysteresis split 3" \
	"alternate-hysteresis split 1" "alternate-scan scan 5" "alternate-never scan 9"; do
	# shellcheck disable=SC2086
	! judge $wrong
	verdict "the judge finds that $wrong is wrong" $?
done
python3 - "$tmp/alternate-eager.jsonl" <<'PY'
import json, sys
lines = open(sys.argv[1]).readlines()
at = max(i for i, l in enumerate(lines) if l.startswith('{"t":"p2m.pte_write"') and not l.endswith('"0x0"}\n'))
rec = json.loads(lines[at])
rec["value"] = hex(int(rec["value"], 16) ^ 1 << 21)
lines[at] = json.dumps(rec, separators=(",", ":")) + "\n"
open(sys.argv[1], "w").writelines(lines)
PY
! judge alternate-eager eager
verdict "the judge finds one descriptor changed" $?

# Between policies.
python3 - "$tmp" >"$tmp/facts" 2>"$tmp/why" <<'PY'
import json, sys
def p2m(name):
    return json.load(open(f"{sys.argv[1]}/{name}.json"))["p2m"]
def counted(name):
    d = json.load(open(f"{sys.argv[1]}/{name}.json"))
    return {k: d[k] for k in ("cpu", "cache", "p2m", "phases")}
def fact(text, holds):
    print("PASS" if holds else "FAIL", "coalesce:", text)
for pattern in ("alternate", "burst", "random", "leave"):
    of = {k: p2m(f"{pattern}-{k}") for k in
          ("never", "eager", "ops", "cycles", "hysteresis", "scan")}
    fact(f"{pattern}: never coalesces nothing", of["never"]["coalesces"] == 0)
    fact(f"{pattern}: eager coalesces most, never splits least",
         all(of["never"]["splits"] <= p["splits"] and p["coalesces"] <= of["eager"]["coalesces"]
             for p in of.values()))
    fact(f"{pattern}: what was split and not coalesced is a table",
         all(p["splits"] - p["coalesces"] == p["tables"]["live"] - 3 for p in of.values()))
    fact(f"{pattern}: eager ends with the fewest tables, never with the most",
         all(of["eager"]["tables"]["live"] <= p["tables"]["live"] <= of["never"]["tables"]["live"]
             for p in of.values()))
hysteresis = [p2m(n)["coalesces"] for n in ("once-hysteresis", "alternate-hysteresis", "far-hysteresis")]
fact(f"hysteresis of 1, 2, 1000: never fewer coalesces {hysteresis}", hysteresis == sorted(hysteresis))
waits = [p2m(n)["coalesces"] for n in ("alternate-eager", "alternate-ops", "late-ops", "far-ops")]
fact(f"waiting longer: never more coalesces {waits}", waits == sorted(waits, reverse=True))
fact("a hysteresis that is never reached is eager to the last count",
     counted("far-hysteresis") == counted("alternate-eager"))
PY
[ -s "$tmp/why" ] && verdict "facts between policies" 1
cat "$tmp/facts"
passed=$((passed + $(grep -c '^PASS' "$tmp/facts"))) failed=$((failed + $(grep -c '^FAIL' "$tmp/facts")))

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
