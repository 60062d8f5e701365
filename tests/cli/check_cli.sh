#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The cases of run.sh, for make check.
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
exec tests/cli/run.sh "$BUILD/p2msim" "$BUILD/guests"
