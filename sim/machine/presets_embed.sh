#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Print a C file that holds the presets given as arguments (presets.h), in the
# order of their names. Usage: presets_embed.sh models/presets/*.json
set -eu
LC_ALL=C
export LC_ALL

files=$(for file in "$@"; do printf '%s\n' "$file"; done | sort)

printf '/* Made by sim/machine/presets_embed.sh from models/presets. */\n'
printf '#include "sim/machine/presets.h"\n'
n=0
for file in $files; do
	printf '\nstatic const char text_%d[] = {\n' "$n"
	# As character constants beyond 0x7f would not fit a signed char, the
	# presets must be ASCII: the compiler says so if one is not.
	od -An -v -tx1 "$file" |
		sed -e 's/[0-9a-f][0-9a-f]/0x&,/g' -e 's/^ */	/'
	printf '};\n'
	n=$((n + 1))
done

printf '\nconst struct preset preset_table[] = {\n'
n=0
for file in $files; do
	printf '\t{ "%s", text_%d, sizeof(text_%d) },\n' \
		"$(basename "$file" .json)" "$n" "$n"
	n=$((n + 1))
done
printf '\t{ 0, 0, 0 },\n};\n'

printf '\nconst char *const preset_names[] = {\n'
for file in $files; do
	printf '\t"%s",\n' "$(basename "$file" .json)"
done
printf '\t0,\n};\n'
