#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The speed of everything, as ratios in one run. Usage: run.sh BUILD [SCALE]:
# SCALE shortens (0.1) or lengthens every workload. README.md tells how to
# read what it prints; the same stands in BUILD/bench/results.json.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
scale=${2:-1}
work=$build/bench
mkdir -p "$work" || exit 1
for program in p2msim tests/bench/unicorn_floor_bench tests/bench/models_bench tests/bench/trace_bench tests/bench/vtd_bench tests/bench/smmu_bench tests/bench/p2m_bench tests/bench/iommu_bench; do
	[ -x "$build/$program" ] ||
		{ echo "run.sh: $build/$program is missing: make all bench-programs" >&2; exit 1; }
done
# Without network the rest is measured all the same.
BUILD=$build bash tests/diff/linux/fetch.sh || true
python3 tests/bench/measure.py "$build" "$scale"
status=$?
echo
echo "p2m_bench: the page-table core alone, against floors written by hand; at most 3"
"$build/tests/bench/p2m_bench" 3 | sed 's/^/  /'
[ "${PIPESTATUS[0]}" = 0 ] || status=1
echo
echo "iommu_bench: a device domain alone; with markers at most 1.5 times without"
"$build/tests/bench/iommu_bench" 1.5 | sed 's/^/  /'
[ "${PIPESTATUS[0]}" = 0 ] || status=1
echo
echo "models_bench: the models alone, against a loop written for one geometry"
"$build/tests/bench/models_bench" | sed 's/^/  /'
echo
echo "trace_bench: writing and reading traces alone"
"$build/tests/bench/trace_bench" | sed 's/^/  /'
exit $status
