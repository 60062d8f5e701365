#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Line coverage. Usage: cover.sh BUILD, which was built with --coverage: runs
# the unit tests and the cases of the command there, and prints what part of
# each room's lines was executed, lowest first, and of all. gcov's listings,
# with a count at each line, are in BUILD/gcov.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$(realpath -m "${1:?the build folder}")
mkdir -p "$build/gcov" "$build/log"
find "$build/obj" -name '*.gcda' -delete
for t in $(find "$build/tests" -name '*_test' -type f | sort); do
	"$t" >"$build/log/cover-$(basename "$t")" 2>&1 || echo "cover: $(basename "$t") failed" >&2
done
tests/cli/run.sh "$build/p2msim" "$build/guests" >"$build/log/cover-cli" 2>&1 || echo "cover: tests/cli failed" >&2
find "$build/obj" -name '*.gcda' -printf '%P\n' | sort | grep -E '^(core|models|traces|sim|cli)/' >"$build/gcov/objects"
(cd "$build/gcov" && sed "s,^,$build/obj/," objects | xargs gcov -p >summary 2>/dev/null)
# "File 'X'" and then "Lines executed:P% of N".
awk -F"'" -v root="$PWD/" '
/^File/ { file = $2; sub(root, "", file); next }
/^Lines executed/ && file ~ /^(core|models|traces|sim|cli)\// && !(file in seen) {
	seen[file] = 1
	split($0, part, /[:% ]+/)
	room = file
	sub(/\/[^\/]*$/, "", room)
	lines[room] += part[5]; done[room] += part[3] * part[5] / 100
	all += part[5]; hit += part[3] * part[5] / 100
}
END {
	for (r in lines)
		printf "%5.1f %%  %6d lines  %s\n", 100 * done[r] / lines[r], lines[r], r | "sort -n"
	close("sort -n")
	if (!all)
		exit 1
	printf "%5.1f %%  %6d lines  all\n", 100 * hit / all, all
}' "$build/gcov/summary"
