#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The command's exit codes and outputs, case by case from the file `cases`.
# Usage: run.sh P2MSIM GUESTS_FOLDER [NAME...]
# One line a case, "PASS NAME" or "FAIL NAME: why"; the last line counts.
set -u
P2MSIM=$(realpath "${1:?the command}")
G=$(realpath "${2:?the folder with the guests}")
shift 2
here=$(dirname "$(realpath "$0")")
D=$here/data
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
export P2MSIM G D T
passed=0
failed=0

# What is in $why when it returns is wrong.
judge() {
	local name=$1 want=$2 got=$3 stream
	why=
	[ "$got" = "$want" ] || why="exit code $got, not $want"
	for stream in out err; do
		[ -e "$here/golden/$name.$stream" ] || continue
		cmp -s "$here/golden/$name.$stream" "$T/std$stream" ||
			why="$why${why:+; }std$stream is not golden/$name.$stream"
	done
	# Every failure of ours says so in one line of its own.
	case $got in 2|3|5|6)
		[ "$want" != "$got" ] || [ "${name#guest-}" != "$name" ] ||
			[ "$name" = no-command ] ||
			[ "$(grep -c '^p2msim: ' "$T/stderr")" -ge 1 ] ||
			why="$why${why:+; }no line on stderr"
	esac
	[ "$got" -lt 128 ] || why="$why; died"
}

run_case() {
	local want=$1 name=$2 line=$3 got
	(cd "$here" && eval "set -o pipefail; timeout 300 \"\$P2MSIM\" $line") \
		>"$T/stdout" 2>"$T/stderr" </dev/null
	got=$?
	judge "$name" "$want" "$got"
	if [ -z "$why" ]; then
		echo "PASS $name"
		passed=$((passed + 1))
	else
		echo "FAIL $name: $why"
		sed 's/^/     stderr: /' "$T/stderr" | head -n 3
		failed=$((failed + 1))
	fi
}

wanted() {
	[ $# -gt 1 ] || return 0
	local name=$1 w
	shift
	for w; do [ "$w" = "$name" ] && return 0; done
	return 1
}

while read -r want name line <&3; do
	case $want in ''|'#'*) continue ;; esac
	wanted "$name" "$@" && run_case "$want" "$name" "$line"
done 3<"$here/cases"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
