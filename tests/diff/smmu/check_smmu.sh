#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The SMMUv3 model against QEMU's: no mismatch, and every broken rule found.
set -u
cd "$(dirname "$0")/../../.." || exit 1
: "${BUILD:=build}"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS smmu: $1" && passed=$((passed + 1))
	else
		echo "FAIL smmu: $1" && failed=$((failed + 1))
	fi
}

make -s BUILD="$BUILD" conformance-smmu-programs
verdict build $?

# The last line says how many; exit 0 means no mismatch.
campaign() { # SEED COUNT
	make -s BUILD="$BUILD" conformance-smmu SEED="$1" COUNT="$2" >"$tmp/out" 2>&1 &&
		[ "$(tail -n 1 "$tmp/out")" = "$2 vectors, 0 mismatches" ]
	status=$?
	[ $status = 0 ] && tail -n 2 "$tmp/out" || cat "$tmp/out"
	verdict "$2 vectors, seed $1" $status
}
if [ -n "${LONG:-}" ]; then
	# 9 and the rest: each has what the table of known differences once
	# did not explain.
	for seed in 1 2 9 12 17 21 23 47 153 205; do
		campaign $seed 20000
	done
else
	campaign 1 500
fi

"$BUILD/conformance-smmu" --seed 1 --count 20000 --mutate-all >"$tmp/mutations" 2>&1
status=$?
grep '^FAIL' "$tmp/mutations"
verdict "$(tail -n 1 "$tmp/mutations" | cut -d' ' -f1) rules broken on purpose are found" $status

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
