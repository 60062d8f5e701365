#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Each core in tests/cores/hostile does one thing wrong. p2msim must end with
# the exit code and the one line that the core's file names, leave nothing
# behind, and keep the trace so far: readable, and replayable with our own core.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
p2msim=$BUILD/p2msim
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS hostile core: $1" && passed=$((passed + 1))
	else
		echo "FAIL hostile core: $1" && failed=$((failed + 1))
	fi
}

if ! make -s BUILD="$BUILD" cores; then
	echo "FAIL hostile core: they are not built"
	echo "0 passed, 1 failed"
	exit 1
fi

note() { # FILE KEY DEFAULT
	local value
	value=$(sed -n "s/^ \* $2: //p" "$1")
	echo "${value:-$3}"
}

one_line() { # FILE REGEX: that line alone
	[ "$(wc -l <"$1")" = 1 ] && grep -q "^p2msim: .*$2" "$1"
}

# Whole lines, what the guest did among them; and a replay gets through it.
readable() { # TRACE
	zstd -dcq "$1" >"$tmp/text" 2>/dev/null
	python3 -c "
import json, sys
lines = open('$tmp/text').read().split('\n')
for line in lines[:-1]:
    json.loads(line)
head = json.loads(lines[0])
sys.exit(head['core'] != {'name': 'hostile', 'version': '1'})" &&
		grep -q '"t":"cpu.batch"' "$tmp/text" || return 1
	"$p2msim" replay --quiet "$1" >"$tmp/replayed" 2>&1
	[ $? = 3 ] && one_line "$tmp/replayed" 'the trace is truncated after this line; what is whole was replayed'
}

for source in tests/cores/hostile/*.c; do
	name=$(basename "$source" .c)
	expect=$(note "$source" expect -) code=$(note "$source" exit 1)
	how=$(note "$source" run faults)
	limit=
	[ "$how" != limit ] || limit="--limit-seconds 1"
	rm -rf "$tmp/run" && mkdir "$tmp/run"
	# shellcheck disable=SC2086
	"$p2msim" run --quiet --core "$BUILD/cores/hostile/$name.so" $limit \
		--set policy.p2m.populate=fault --trace "$tmp/run/t.zst" \
		--stats "$tmp/run/s.json" "$BUILD/guests/balloon.elf" \
		>"$tmp/out" 2>"$tmp/err"
	status=$?
	[ "$status" = "$code" ] && one_line "$tmp/err" "$expect"
	ok=$?
	[ $ok = 0 ] || { echo "  exit $status, not $code:"; sed 's/^/  /' "$tmp/err"; }
	verdict "$name" $ok
	[ -z "$(find "$tmp/run" -type f ! -name t.zst)" ]
	verdict "$name leaves nothing behind" $?
	if [ "$how" = faults ] || [ "$how" = limit ]; then
		readable "$tmp/run/t.zst"
		verdict "$name: the trace so far" $?
	fi
done

# The other commands, and what is no core at all.
"$p2msim" run --quiet --trace "$tmp/good.zst" "$BUILD/guests/balloon.elf" >/dev/null
refused() { # NAME CODE REGEX ARGUMENTS...
	local name=$1 code=$2 regex=$3
	shift 3
	"$p2msim" "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? = "$code" ] && one_line "$tmp/err" "$regex"
	local ok=$?
	[ $ok = 0 ] || sed 's/^/  /' "$tmp/err"
	verdict "$name" $ok
}
hostile=$BUILD/cores/hostile
refused "replay" 1 'remove of .*: it died of SIGABRT' \
	replay --core "$hostile/aborts.so" "$tmp/good.zst"
refused "whatif" 1 'remove of .*: it called exit(0)' \
	whatif --core "$hostile/exits.so" --vary policy.p2m.tlbi=ipa,vmid "$tmp/good.zst"
refused "whatif with several jobs" 5 'whatif: --core with --jobs 1 only' \
	whatif --core "$hostile/exits.so" --jobs 2 --vary policy.p2m.tlbi=ipa,vmid "$tmp/good.zst"
refused "walk" 1 'remove of .*: gfn 0x.* is still mapped' \
	walk --core "$hostile/removes_nothing.so" "$tmp/good.zst" 0x40000000
refused "no file" 3 'absent.so: No such file or directory' \
	run --core "$tmp/absent.so" "$BUILD/guests/hello.elf"
echo "int main(void);" >"$tmp/text.so"
refused "text" 3 'text.so: not a shared library (no ELF file)' \
	run --core "$tmp/text.so" "$BUILD/guests/hello.elf"
refused "a directory" 3 'Is a directory' \
	run --core "$tmp" "$BUILD/guests/hello.elf"
echo 'int x;' | aarch64-linux-gnu-gcc -shared -nostdlib -x c -o "$tmp/arm.so" -
refused "another processor" 3 'arm.so: a shared library for another processor (ELF machine 183; this p2msim needs 62)' \
	run --core "$tmp/arm.so" "$BUILD/guests/hello.elf"
refused "an object file" 3 'not a shared library (ELF type 1; build it with -shared)' \
	run --core "$(find "$BUILD/obj/core" -name p2m.o)" "$BUILD/guests/hello.elf"
refused "what the core does not offer" 5 "policy.p2m.coalesce: core 'naive' does not offer it" \
	run --core "$BUILD/cores/naive.so" --set policy.p2m.coalesce=eager "$BUILD/guests/hello.elf"
refused "a space the core does not offer" 5 "core 'naive' does not offer such a space" \
	run --core "$BUILD/cores/naive.so" --set guest.start_level=0 "$BUILD/guests/hello.elf"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
