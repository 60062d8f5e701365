#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# traces/experiments/coalesce: its script goes through, twice the same; its
# tables are what its results say.
set -u
cd "$(dirname "$0")/../../.." || exit 1
export BUILD=${BUILD:-build} JOBS=2
experiment=traces/experiments/coalesce
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS experiment: $1" && passed=$((passed + 1))
	else
		echo "FAIL experiment: $1" && failed=$((failed + 1))
		tail -n 1 "$tmp/why" | sed 's/^/  /'
	fi
}

for turn in 1 2; do
	mkdir "$tmp/$turn"
	$experiment/run.sh --quick "$tmp/$turn" >"$tmp/why" 2>&1
	verdict "run.sh --quick, turn $turn" $?
done
diff -r "$tmp/1" "$tmp/2" >"$tmp/why"
verdict "two turns find the same" $?
python3 - "$tmp/1/results.json" "$tmp/1/tables.md" >"$tmp/why" 2>&1 <<'PY'
import json, sys
results, tables = json.load(open(sys.argv[1])), open(sys.argv[2]).read()
columns = results.pop("columns")
assert {len(r) for r in results["coalesce"]["rows"]} == {1 + 3 + len(columns)}
assert len(results["coalesce"]["rows"]) == 8 * 2 * 3
for row in results["coalesce"]["rows"]:
    assert f"`{row[3]}`" in tables and row[0] in tables
at = columns.index
for row in results["coalesce"]["rows"]:
    n = row[4:]
    assert (n[at("coalesces")] == 0) >= (row[3] == "never")
    # Phases 1 to 3 and the check leave something for the boot.
    if n[at("churn")] is not None:
        assert n[at("before")] + n[at("churn")] + n[at("afterwards")] < n[at("cycles")]
PY
verdict "results and tables have every variant" $?
for folder in "$experiment" "$tmp/1"; do
	PYTHONDONTWRITEBYTECODE=1 python3 - "$experiment" "$folder" >"$tmp/why" 2>&1 <<'PY'
import json, sys
sys.path.insert(0, sys.argv[1])
import tables
results = json.load(open(sys.argv[2] + "/results.json"))
results.pop("columns")
assert tables.tables(results) == open(sys.argv[2] + "/tables.md").read(), "other tables"
PY
	verdict "tables.md is made from results.json in ${folder#"$tmp/"}" $?
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
