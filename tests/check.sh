#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every test. Usage: tests/check.sh BUILD [long]. Each suite prints its own
# lines into BUILD/log/; here stand one line a suite, what failed, and the sum.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$(realpath -m "$1")
long=${2:-}
export BUILD=$build LONG=$long
log=$build/log
mkdir -p "$log"
passed=0 failed=0
jobs=$(nproc)

# tally NAME STATUS: counts PASS/FAIL lines and cmocka's in $log/NAME.
tally() {
	local p f
	p=$(grep -cE '^PASS |^\[ *OK *\]' "$log/$1")
	f=$(grep -cE '^FAIL |^\[ *FAILED *\] [a-z_0-9A-Z]+$' "$log/$1")
	if [ "$2" != 0 ] && [ "$f" = 0 ]; then
		f=1
	fi
	if [ "$p" = 0 ] && [ "$f" = 0 ]; then
		echo "  $1: ran no test" && f=1
	fi
	passed=$((passed + p)) failed=$((failed + f))
	if [ "$f" = 0 ]; then
		echo "ok    $1 ($p)"
	else
		echo "FAIL  $1 ($f of $((p + f)), see $log/$1)"
		grep -E '^FAIL |\[ *FAILED|ERROR|Error|error:' "$log/$1" | head -20 | sed 's/^/      /'
	fi
}

suite() {
	local name=$1
	shift
	"$@" >"$log/$name" 2>&1 </dev/null
	tally "$name" $?
}

# A build is a test too: with gcc, and with clang and its sanitizers.
build_one() {
	if "$@" >"$log/$name" 2>&1; then
		echo "PASS build" >>"$log/$name"
		tally "$name" 0
	else
		echo "FAIL build" >>"$log/$name"
		tally "$name" 1
		tail -20 "$log/$name"
		echo "$passed passed, $failed failed"
		exit 1
	fi
}
name=build-gcc build_one make -j"$jobs" BUILD="$build" all unit bench-programs
name=build-clang-asan build_one make -j"$jobs" BUILD="$build" asan

suite layers tests/layers.sh
units() { # PREFIX DIR
	for t in $(find "$2/tests" -name '*_test' -type f | sort); do
		suite "$1-$(basename "$t")" "$t"
	done
}
units gcc "$build"
units asan "$build/asan"
suite fuzz-corpus tests/fuzz/replay.sh
for script in $(find tests -mindepth 2 -name 'check_*.sh' | sort); do
	suite "$(echo "$script" | sed 's,^tests/,,; s,/,-,g; s,\.sh$,,')" "$script"
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
