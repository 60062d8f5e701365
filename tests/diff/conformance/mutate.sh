#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every rule that can be broken on purpose (MUTATE=k) must make mismatches, in
# at most COUNT vectors each. Prints PASS or FAIL for each.
cd "$(dirname "$0")/../../.." || exit 1
BUILD=${BUILD:-build}
make -s BUILD="$BUILD" conformance-programs || { echo "FAIL mutations: build"; exit 1; }
exec "$BUILD/conformance" --program "$BUILD/el2/vectors.elf" \
	--seed "${SEED:-1}" --count "${COUNT:-100000}" --mutate-all
