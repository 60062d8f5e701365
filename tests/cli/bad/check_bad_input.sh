#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Whatever a user hands to p2msim, it answers in one line and with the right
# exit code. With the plain binary in $BUILD (default: build), and with the
# sanitized one in $BUILD/asan, if it is there, on every nth of the long
# series (LONG=1: on all). Arguments: parts to run (see main.py).
set -u
cd "$(dirname "$0")/../../.." || exit 1
here=tests/cli/bad
BUILD=$(realpath "${BUILD:-build}")
CROSS=${CROSS:-aarch64-linux-gnu-}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

build_guests() {
	local source name
	for source in "$here"/guests/*.S; do
		name=$(basename "$source" .S)
		"${CROSS}gcc" -nostdlib -static -no-pie -Wl,--build-id=none \
			-Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
			-Wl,--no-warn-rwx-segments -Wl,-T,sim/guests/guest.ld \
			-o "$out/$name.elf" "$source" || return
	done
	"${CROSS}gcc" -nostdlib -static -no-pie -o "$out/linux_cat" \
		"$here/guests/linux/cat.S" &&
		"${CROSS}gcc" -nostdlib -static -no-pie -o "$out/linux_killed" \
			"$here/guests/linux/killed.S" &&
		"${CROSS}gcc" -O1 -nostdlib -pie -fPIE -Wl,-E \
			-Wl,--dynamic-linker=/lib/ld-linux-aarch64.so.1 \
			-o "$out/dynamic" "$here/guests/linux/dynamic.c"
}

build_guests || { echo "FAIL bad: the guests cannot be built"; exit 1; }
judge() { # PROGRAM LABEL THIN PART...
	local program=$1 label=$2 thin=$3
	shift 3
	[ -n "${LONG:-}" ] && thin=1
	python3 "$here/main.py" "$program" "$label" "$out" "$BUILD/guests" \
		"$thin" "$@" >"$out/$label.log" 2>&1 ||
		grep -q '^FAIL' "$out/$label.log" ||
		echo "FAIL bad: $label: $(tail -n 1 "$out/$label.log")" \
			>>"$out/$label.log"
}
judge "$BUILD/p2msim" plain 2 "$@" &
if [ -x "$BUILD/asan/p2msim" ]; then
	judge "$BUILD/asan/p2msim" asan 16 "$@"
fi
wait
cat "$out"/*.log
passed=$(cat "$out"/*.log | grep -c '^PASS ')
failed=$(cat "$out"/*.log | grep -c '^FAIL ')
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
