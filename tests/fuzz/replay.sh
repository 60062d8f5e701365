#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Each fuzz target, built without the fuzzer, on its committed corpus: every
# crash ever found stays found out.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
passed=0 failed=0
make -s BUILD="$BUILD/asan" CC=clang OPT="-O1 -g" \
	SAN="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" \
	fuzz-replay || { echo "FAIL fuzz: build"; exit 1; }
for program in "$BUILD"/asan/fuzz/*_fuzz; do
	name=$(basename "$program")
	files=$(find "tests/fuzz/corpus/$name" -type f 2>/dev/null)
	[ -n "$files" ] || { echo "FAIL fuzz: $name has no corpus" && failed=$((failed + 1)) && continue; }
	# shellcheck disable=SC2086
	if "$program" $files; then
		echo "PASS fuzz: $name" && passed=$((passed + 1))
	else
		echo "FAIL fuzz: $name" && failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
