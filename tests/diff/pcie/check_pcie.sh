#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The preset vtd-broadwell against what was measured: pcie.py.
cd "$(dirname "$0")/../../.." || exit 1
exec python3 tests/diff/pcie/pcie.py "${BUILD:-build}/p2msim"
