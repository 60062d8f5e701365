#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# p2msim explore: the listed scenarios are all good and none undecided; the
# samples are good, and each is found wrong, with a witness, when a kind of step
# that it needs is left out. Ends in "N passed, N failed".
set -u
cd "$(dirname "$0")/../../.." || exit 1
p2msim=$(realpath "${BUILD:-build}/p2msim")
samples=traces/samples/scenarios
passed=0 failed=0

judge() { # NAME OK
	if [ "$2" = 0 ]; then
		echo "PASS $1"
		passed=$((passed + 1))
	else
		echo "FAIL $1"
		failed=$((failed + 1))
	fi
}

all=$("$p2msim" explore --json --all)
code=$?
python3 -c 'import json, sys
r = json.loads(sys.argv[1])
assert r["explored"] > 36000 and r["good"] == r["explored"], r
assert r["wrong"] == r["undecided"] == r["not_offered"] == 0
assert r["findings"] == []' "$all" && [ $code = 0 ]
judge "the listed scenarios are good, undecided is none" $?

for file in "$samples"/*.json; do
	"$p2msim" explore "$file" >/dev/null
	judge "good: $(basename "$file" .json)" $?
done

# A page's rights are told where its address is the same.
lost='operation={"do":"protect","gfn":"0x40000","frames":1,"access":"r"}'
"$p2msim" explore --set "$lost" --set 'without=["tlbi"]' \
	--set 'observers=[{"kind":"cpu"}]' "$samples/empty.json" |
	grep -q 'to 0x840000000 rwx (the old mapping) instead of 0x840000000 r--$'
judge "the finding tells rights apart" $?

# SCENARIO STEP FINDING
while read -r scenario step finding; do
	"$p2msim" explore --json --set "without=[\"$step\"]" \
		"$samples/$scenario.json" |
		python3 -c 'import json, sys
r = json.load(sys.stdin)
assert r["verdict"] == "wrong" and r["finding"] == sys.argv[1], r
assert any(w["who"] != "software" for w in r["witness"]), r
assert [w["step"] for w in r["witness"]] == sorted(
    w["step"] for w in r["witness"]), r' "$finding"
	judge "wrong: $scenario without $step: $finding" $?
done <<'CASES'
split dsb-stores conflict
split dsb conflict
split tlbi conflict
split tlbi-combined conflict
superpage clean freed
superpage dsb freed
superpage tlbi freed
superpage tlbi-combined conflict
superpage flush-before-free freed
empty clean freed
empty dsb freed
empty tlbi freed
empty tlbi-combined after
empty flush-before-free freed
replace-superpage clean conflict
setway tlbi after
iommu-superpage clean freed
iommu-superpage dsb freed
iommu-superpage iotlb freed
iommu-superpage iotlb-wait freed
iommu-superpage flush-before-free freed
iommu-empty clean freed
iommu-empty dsb freed
iommu-empty iotlb freed
iommu-empty iotlb-wait freed
iommu-empty flush-before-free freed
iommu-shatter clean content
iommu-shatter dsb content
iommu-shatter iotlb after
iommu-shatter iotlb-wait after
iommu-shatter flush-before-free freed
iommu-smmu clean content
iommu-smmu dsb content
iommu-smmu iotlb conflict
iommu-smmu iotlb-wait conflict
iommu-smmu flush-before-free freed
iommu-deferred dsb after
iommu-deferred iotlb after
iommu-deferred iotlb-wait after
CASES

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
