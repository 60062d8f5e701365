#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Who may include whom (DESIGN: layout): core/base < core; core/base < models;
# core/base < traces; all of these < sim; sim and traces < cli. models and the
# rest of core are strangers: hardware and software share no page-table code.
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0

# check ROOM-FILES-GLOB-DIR ALLOWED-REGEX
check() {
	bad=$(grep -rnE '^#[[:space:]]*include "' --include='*.[ch]' "$1" 2>/dev/null |
		grep -vE "include \"($2)")
	if [ -z "$bad" ]; then
		echo "PASS layers: $1"
		passed=$((passed + 1))
	else
		echo "FAIL layers: $1"
		echo "$bad" | sed 's/^/  /'
		failed=$((failed + 1))
	fi
}

check core/base 'core/base/'
check core 'core/'
check models 'core/base/|models/'
check traces 'core/base/|traces/'
# The checker knows neither core nor models; the machine tells it what happens.
check sim/check 'core/base/|sim/check/'
check sim/machine 'core/|models/|traces/|sim/machine/|sim/check/protocol.h'
check sim/explore 'core/|models/|traces/|sim/machine/|sim/check/protocol.h|sim/explore/'
check sim/guest 'core/base/|models/|traces/|sim/machine/|sim/guest/'
check sim/study 'core/|models/|traces/|sim/'
check cli 'core/base/|models/|traces/|sim/|cli/'

# One file alone knows Unicorn.
users=$(grep -rlE '#[[:space:]]*include <unicorn' --include='*.[ch]' core models traces sim cli)
if [ "$users" = sim/guest/cpu_unicorn.c ]; then
	echo "PASS layers: Unicorn's header is included by one file"
	passed=$((passed + 1))
else
	echo "FAIL layers: Unicorn's header is included by: $users"
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
