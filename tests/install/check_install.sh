#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# make install, and then what a stranger does with it, knowing pkg-config alone:
# a program with libp2m.a, and a core for --core from the headers and the shim.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS install: $1" && passed=$((passed + 1))
	else
		echo "FAIL install: $1" && failed=$((failed + 1))
	fi
}

make -s BUILD="$BUILD" PREFIX="$tmp/prefix" install >"$tmp/log" 2>&1
verdict "make install" $?
cp tests/install/example.c tests/cores/naive/naive.c "$tmp"
cd "$tmp" || exit 1
export PKG_CONFIG_PATH=$tmp/prefix/lib/pkgconfig
cc=${CC:-gcc}
flags="-std=c11 -Wall -Werror"

[ "$(wc -l <example.c)" -le 60 ]
verdict "the example is small" $?
# shellcheck disable=SC2086,SC2046
$cc $flags -o example example.c $(pkg-config --cflags --libs p2m) >log 2>&1
status=$?
[ $status = 0 ] || head -5 log
verdict "a program is built outside the tree" $status
[ "$(./example)" = "gfn 0x40123 -> mfn 0x80123, order 9" ]
verdict "it maps and looks up" $?
# shellcheck disable=SC2086,SC2046
$cc $flags -shared -fPIC -fvisibility=hidden -o naive.so naive.c \
	"$(pkg-config --variable=shim p2m)" $(pkg-config --cflags p2m) >log 2>&1
status=$?
[ $status = 0 ] || head -5 log
verdict "a core is built outside the tree" $status
[ "$(prefix/bin/p2msim run --quiet --core naive.so prefix/share/p2msim/guests/hello.elf)" = \
	"$(prefix/bin/p2msim run --quiet prefix/share/p2msim/guests/hello.elf)" ]
verdict "the installed command runs it" $?
# Each header stands alone.
for h in $(cd prefix/include/p2m && find core -name '*.h'); do
	# shellcheck disable=SC2086,SC2046
	echo "#include <$h>" | $cc $flags -x c -fsyntax-only $(pkg-config --cflags p2m) - || echo "$h"
done >log 2>&1
[ ! -s log ]
verdict "every installed header stands alone" $?
[ -s prefix/share/man/man1/p2msim.1 ] && [ -s prefix/share/bash-completion/completions/p2msim ] &&
	[ -s prefix/share/p2msim/presets/tiny.json ] && [ -s prefix/lib/libp2m.a ]
verdict "man page, completions, presets and library are there" $?

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
