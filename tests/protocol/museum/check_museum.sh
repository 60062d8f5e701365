#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every exhibit is found, by what it says that finds it, with exit code 1; the
# core as it should be is clean under the same command; the README knows it.
set -u
cd "$(dirname "$0")/../../.." || exit 1
export BUILD=${BUILD:-build}
museum=tests/protocol/museum
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS museum: $1" && passed=$((passed + 1))
	else
		echo "FAIL museum: $1" && failed=$((failed + 1))
	fi
}

if ! make -s -k BUILD="$BUILD" all museum; then
	echo "FAIL museum: it is not built"
	echo "0 passed, 1 failed"
	exit 1
fi

# A finding says its rule, its case or the guest's words, its witness and what
# would be right.
is_found() { # KIND WHAT FILE
	case $1 in
	rule)
		grep -q "^$2: " "$3" && grep -q '^  missing ' "$3" &&
			grep -q '^  entry ' "$3" && grep -q '^  by .* core/' "$3"
		;;
	says) grep -q "FAIL.*$2" "$3" ;;
	more) grep -q "^ *$2 " "$3" ;;
	*) false ;;
	esac
}

is_clean() { # KIND FILE
	case $1 in
	rule) grep -q '^no findings' "$2" ;;
	says) grep -q '^OK' "$2" ;;
	more) [ ! -s "$2" ] ;;
	*) false ;;
	esac
}

count=0
for exhibit in "$museum"/exhibits/*/; do
	name=$(basename "$exhibit")
	count=$((count + 1))
	read -r kind what <<<"$(sed -n 's/^finds: //p' "$exhibit/exhibit")"
	"$museum/run.sh" "$name" >"$tmp/bug" 2>&1
	[ $? = 1 ] && is_found "$kind" "$what" "$tmp/bug"
	status=$?
	[ $status = 0 ] || head -n 20 "$tmp/bug"
	verdict "$name: found ($kind $what)" $status
	"$museum/run.sh" --fixed "$name" >"$tmp/fixed" 2>&1 &&
		is_clean "$kind" "$tmp/fixed"
	status=$?
	[ $status = 0 ] || head -n 20 "$tmp/fixed"
	verdict "$name: clean once fixed" $status
	grep -q "^| \`$name\` .*\`${what##* }\`" "$museum/README.md" ||
		grep -q "^| \`$name\` .*$what" "$museum/README.md"
	verdict "$name: in the README, with what finds it" $?
done
[ $count -ge 12 ]
verdict "$count exhibits" $?
[ "$("$museum/run.sh" | wc -l)" = $count ]
verdict "they are listed" $?
"$museum/run.sh" no-such-exhibit >"$tmp/out" 2>&1
[ $? = 2 ]
verdict "an exhibit that is not there is refused" $?

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
