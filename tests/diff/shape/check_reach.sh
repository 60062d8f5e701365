#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# How far TLBs and caches reach, from pointer chases: reach.py says what is
# asked. The last line is the sum.
set -u
cd "$(dirname "$0")/../../.." || exit 1
exec python3 tests/diff/shape/reach.py "${BUILD:-build}"
