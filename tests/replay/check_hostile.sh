#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A guest with hostile hypercalls (sim/guests/hostile.c): in the phase of those
# calls the p2m counts nothing, in the run as in the replay, whatever the
# policies; and if it takes all memory from itself, the run ends with one line
# and exit 4, and its trace is replayed to the same statistics. What the calls
# answer is tests/cli/golden/guest-hostile.out.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
p2msim=$BUILD/p2msim
guest=$BUILD/guests/hostile.elf
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS hostile: $1" && passed=$((passed + 1))
	else
		echo "FAIL hostile: $1" && failed=$((failed + 1))
	fi
}

# Equal but for host; with "quiet", and no p2m work in the phase of MARK 1.
same_stats() { # RUN REPLAY [quiet]
	python3 - "$@" <<'PY'
import json, sys
run, replay = (json.load(open(p)) for p in sys.argv[1:3])
for d in (run, replay):
    d.pop("host", None)
def numbers(x):
    if isinstance(x, dict):
        for v in x.values():
            yield from numbers(v)
    elif not isinstance(x, str):
        yield x
assert run["replay"]["divergences"] == replay["replay"]["divergences"] == 0
if run != replay:
    sys.exit("run and replay differ")
if len(sys.argv) > 3:
    phase = next(p for p in run["phases"] if p["mark"] == 1)
    if any(numbers(phase["p2m"])):
        sys.exit("the p2m did something: %s" % phase["p2m"])
    if not phase["cpu"][0]["cycles_by"]["trap"]:
        sys.exit("no hypercall was made")
PY
}

quiet() { # NAME SETTINGS...
	local name=$1
	shift
	# Tracking resolves faults of its own.
	"$p2msim" run --quiet --guest-exit --trace "$tmp/t.zst" --stats "$tmp/run.json" \
		--set policy.p2m.set_way=full "$@" "$guest" >"$tmp/out" 2>"$tmp/err" &&
	cmp "$tmp/out" tests/cli/golden/guest-hostile.out &&
	"$p2msim" replay --quiet --stats "$tmp/replay.json" "$tmp/t.zst" >/dev/null 2>>"$tmp/err" &&
	same_stats "$tmp/run.json" "$tmp/replay.json" quiet
	verdict "$name: answers as they should be, nothing changed" $?
	tail -n 3 "$tmp/err" | sed 's/^/  /'
}

dies() { # END
	"$p2msim" run --quiet --trace "$tmp/t.zst" --stats "$tmp/run.json" "$guest" end="$1" >/dev/null 2>"$tmp/err"
	[ $? = 4 ] && [ "$(grep -c '^p2msim: ' "$tmp/err")" = 1 ] &&
	"$p2msim" replay --quiet --stats "$tmp/replay.json" "$tmp/t.zst" >/dev/null 2>"$tmp/err" &&
	same_stats "$tmp/run.json" "$tmp/replay.json"
	verdict "a guest that says $1 to all of its memory ends" $?
	tail -n 3 "$tmp/err" | sed 's/^/  /'
}

quiet default
quiet populate=fault --set policy.p2m.populate=fault
quiet tlbi=range --set policy.p2m.tlbi=range
quiet tlbi=vmid --set policy.p2m.tlbi=vmid --set policy.p2m.order=mask
quiet coalesce=eager --set policy.p2m.coalesce=eager
quiet backing=random --set guest.backing=random
dies remove
dies protect
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
