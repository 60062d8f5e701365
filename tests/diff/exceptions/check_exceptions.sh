#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The same bare-metal guest under `p2msim run` and on qemu-system-aarch64's
# `virt`: every exception is taken alike. And its trace replays to the same.
set -u
cd "$(dirname "$0")/../../.." || exit 1
BUILD=${BUILD:-build}
p2msim=$BUILD/p2msim
here=tests/diff/exceptions
cross=${CROSS:-aarch64-linux-gnu-}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS exceptions: $1" && passed=$((passed + 1))
	else
		echo "FAIL exceptions: $1" && failed=$((failed + 1))
	fi
}

guest=$tmp/exceptions.elf
"${cross}gcc" -std=c11 -O2 -Wall -Wextra -Werror -I. -ffreestanding -nostdlib \
	-fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-tree-loop-distribute-patterns -fno-tree-vectorize \
	-mgeneral-regs-only -mstrict-align -mno-outline-atomics -static -no-pie \
	-Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
	-Wl,-T,sim/guests/guest.ld -o "$guest" "$here/exceptions.c" "$here/tries.S" \
	sim/guests/start.S sim/guests/runtime.c sim/guests/mmu.c
verdict "the guest is built" $?

timeout 60 qemu-system-aarch64 -M virt -cpu neoverse-n1 -m 256 -display none \
	-serial "file:$tmp/qemu" -semihosting -kernel "$guest" </dev/null
"$p2msim" run --quiet --trace "$tmp/t.zst" --stats "$tmp/run.json" "$guest" \
	</dev/null >"$tmp/p2msim" 2>"$tmp/err"
verdict "p2msim ends well" $?
head -n 3 "$tmp/err"
taken=$(grep -c esr "$tmp/qemu")
[ "$taken" -gt 40 ] && diff "$tmp/qemu" "$tmp/p2msim"
verdict "$taken exceptions as on QEMU" $?

"$p2msim" run --quiet --trace "$tmp/own.zst" --stats "$tmp/run.json" "$guest" own=1 \
	</dev/null 2>"$tmp/err" | sed -n '/^own:/,$p' >"$tmp/own"
diff "$here/maintenance.txt" "$tmp/own"
verdict "maintenance that faults, as the architecture has it" $?
mv "$tmp/own.zst" "$tmp/t.zst"

"$p2msim" replay --quiet --stats "$tmp/replay.json" "$tmp/t.zst" &&
	"$p2msim" compare --quiet "$tmp/run.json" "$tmp/replay.json"
verdict "the replay's statistics are the run's" $?

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
