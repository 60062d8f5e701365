#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The same unmodified Debian arm64 binaries under `p2msim run --linux` and
# under qemu-aarch64: standard output, standard error and exit status must be
# equal. Usage: run.sh [NAME...]; KEEP=1 keeps the outputs of failing cases.
#
# qemu-aarch64 cannot execute another arm64 program by itself, so for it PATH
# leads to scripts that start each applet under it again; below p2msim the
# shell finds them in itself.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-build}
p2msim=${P2MSIM:-$build/p2msim}
qemu=${QEMU:-qemu-aarch64}

"$here/fetch.sh" || { echo "0 passed, 1 failed"; exit 1; }
qemu=$(command -v "$qemu") || { echo "run.sh: qemu-aarch64 is needed (Debian: qemu-user)" >&2; echo "0 passed, 1 failed"; exit 1; }
[ -x "$p2msim" ] || { echo "run.sh: $p2msim is not built" >&2; echo "0 passed, 1 failed"; exit 1; }
p2msim=$(cd "$(dirname "$p2msim")" && pwd)/$(basename "$p2msim")
busybox=$(cd "$build/debian-arm64/bin" && pwd)/busybox
bash=$(cd "$build/debian-arm64/bin" && pwd)/bash-static

work=$(mktemp -d)
trap '[ -n "${KEEP:-}" ] || rm -rf "$work"' EXIT
root=$work/root
"$here/root.sh" "$root" "$busybox" || exit 1

# The probe, as both kinds of static executable: /bin/echo,
# which it starts, is the host's for the reference and busybox for us.
cross=${CROSS:-aarch64-linux-gnu-}
"${cross}gcc" -O1 -w -static -o "$work/probe" "$here/probe.c" &&
	"${cross}gcc" -O1 -w -static-pie -fPIE -o "$work/probe-pie" "$here/probe.c" &&
	"${cross}gcc" -O1 -w -static -o "$work/tags" "$here/tags.c" ||
	{ echo "run.sh: ${cross}gcc is needed" >&2; echo "0 passed, 1 failed"; exit 1; }

# Applets for the reference: scripts that call qemu again.
mkdir "$work/path"
for applet in $("$qemu" "$busybox" --list); do
	printf '#!/bin/sh\nexec %s -0 %s %s "$@"\n' "$qemu" "$applet" "$busybox" >"$work/path/$applet"
	chmod +x "$work/path/$applet"
done

passed=0 failed=0
names=" $* "

# case NAME STDIN PROGRAM ARG...
case_() {
	local name=$1 input=$2 program=$3 status_a status_b
	shift 3
	case $names in "  "|*" $name "*) ;; *) return ;; esac
	(cd "$root" && env -i PATH="$work/path" HOME=/ PWD=/ TERM=dumb LC_ALL=C \
		"$qemu" "$program" "$@" <"$input" >"$work/a.out" 2>"$work/a.err")
	status_a=$?
	"$p2msim" run --linux --quiet --guest-exit --root "$root" "$program" "$@" \
		<"$input" >"$work/b.out" 2>"$work/b.err"
	status_b=$?
	if [ $status_a = $status_b ] && cmp -s "$work/a.out" "$work/b.out" &&
		cmp -s "$work/a.err" "$work/b.err"; then
		passed=$((passed + 1))
		echo "PASS $name"
		return
	fi
	failed=$((failed + 1))
	echo "FAIL $name: status $status_a under qemu, $status_b under p2msim"
	diff -a "$work/a.out" "$work/b.out" | head -n 5 | cut -c 1-200
	diff -a "$work/a.err" "$work/b.err" | head -n 5 | cut -c 1-200
}
bb() { local name=$1; shift; case_ "$name" /dev/null "$busybox" "$@"; }
bbin() { local name=$1 input=$2; shift 2; case_ "$name" "$input" "$busybox" "$@"; }
sh_() { case_ "$1" /dev/null "$busybox" sh -c "$2"; }
bash_() { case_ "$1" /dev/null "$bash" -c "$2"; }

. "$here/cases.sh"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
