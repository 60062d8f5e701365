#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The VT-d model against QEMU: 500 vectors, 20,000 twice when LONG is set, and
# every mutation found.
set -u
cd "$(dirname "$0")/../../.." || exit 1
BUILD=${BUILD:-build}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS conformance-vtd: $1" && passed=$((passed + 1))
	else
		echo "FAIL conformance-vtd: $1" && failed=$((failed + 1))
	fi
}

make -s BUILD="$BUILD" conformance-vtd-programs
verdict build $?

# The last line says how many; exit 0 means no mismatch.
campaign() { # SEED COUNT
	make -s BUILD="$BUILD" conformance-vtd SEED="$1" COUNT="$2" >"$tmp/out" 2>&1 &&
		[ "$(tail -n 1 "$tmp/out")" = "$2 vectors, 0 mismatches" ]
	status=$?
	[ $status = 0 ] && tail -n 2 "$tmp/out" || cat "$tmp/out"
	verdict "$2 vectors, seed $1" $status
}
if [ -n "${LONG:-}" ]; then
	campaign 1 20000
	campaign 2 20000
else
	campaign 1 500
fi

"$BUILD/conformance-vtd" --mutate-all --count 20000 >"$tmp/mutations"
status=$?
grep '^FAIL' "$tmp/mutations"
verdict "$(tail -n 1 "$tmp/mutations" | cut -d' ' -f1) rules broken on purpose are found" $status

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
