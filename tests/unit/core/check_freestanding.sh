#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The core compiles freestanding for x86-64 and AArch64 with gcc and clang, and
# asks of its surroundings nothing but mem* and the port. One PASS, FAIL or
# SKIP line a compiler and architecture; fails if one fails.
set -u
cd "$(dirname "$0")/../../.." || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
warn='-Wall -Wextra -Wpedantic -Werror -Wshadow -Wstrict-prototypes
	-Wmissing-prototypes -Wundef -Wvla'
failed=0
ran=0

# check NAME NM COMPILER FLAG...
check() {
	name=$1 nm=$2 cc=$3
	shift 3
	if ! command -v "$cc" >/dev/null || ! command -v "$nm" >/dev/null; then
		echo "SKIP freestanding $name: no $cc or $nm"
		return
	fi
	ran=$((ran + 1))
	rm -f "$dir"/*
	for source in core/*/*.c; do
		object=$dir/$(echo "${source%.c}" | tr / _).o
		# shellcheck disable=SC2086
		if ! "$cc" -std=c11 -O2 $warn -I. -ffreestanding -nostdlib \
			-nostdinc -isystem "$("$cc" -print-file-name=include)" \
			-fno-builtin-popcount "$@" -c -o "$object" "$source"
		then
			echo "FAIL freestanding $name: $source"
			failed=1
			return
		fi
	done
	ar rcs "$dir/libp2m.a" "$dir"/*.o
	# What one object asks of another of ours is not asked of the host.
	"$nm" -g --defined-only "$dir/libp2m.a" | awk 'NF == 3 { print $3 }' |
		sort -u >"$dir/ours"
	foreign=$("$nm" -u "$dir/libp2m.a" | awk '$1 == "U" { print $2 }' |
		grep -Ev '^(mem[a-z]+|port_[a-z_]+)$' | sort -u |
		comm -23 - "$dir/ours" | tr '\n' ' ')
	if [ -n "$foreign" ]; then
		echo "FAIL freestanding $name: asks for $foreign"
		failed=1
	elif "${nm%nm}size" -A "$dir/libp2m.a" | awk '
		$1 ~ /^\.(data|bss)/ && $1 !~ /^\.data\.rel\.ro/ { sum += $2 }
		END { exit sum == 0 }'
	then
		echo "FAIL freestanding $name: mutable globals"
		failed=1
	else
		echo "PASS freestanding $name"
	fi
}

for opt in -O0 -O2 -Os; do
	check "x86-64 gcc $opt" nm gcc -m64 $opt
	check "x86-64 clang $opt" nm clang --target=x86_64-linux-gnu $opt
	check "aarch64 gcc $opt" aarch64-linux-gnu-nm aarch64-linux-gnu-gcc \
		-mno-outline-atomics $opt
	check "aarch64 clang $opt" aarch64-linux-gnu-nm clang \
		--target=aarch64-linux-gnu -mno-outline-atomics $opt
done
[ "$ran" -gt 0 ] || { echo "FAIL freestanding: no compiler"; failed=1; }
exit $failed
