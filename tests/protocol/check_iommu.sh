#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# `p2msim check` with devices: every policy of policy.iommu over the streams
# and guests, on hardware of several kinds: no finding, exit code 0. What the
# units were told must have been heard. And a guest that forgets TLBI and CFGI.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
p2msim=$build/p2msim
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
passed=0 failed=0

# clean NAME ARGUMENTS...: exit code 0, no finding, invalidations there are.
clean() {
	local name=$1 code
	shift
	timeout 300 "$p2msim" check -q --json "$@" >"$t/out" 2>"$t/err"
	code=$?
	if [ "$code" = 0 ] && grep -q '"findings": \[\]' "$t/out" &&
		! grep -q '"tlbis": 0,' "$t/out"; then
		passed=$((passed + 1))
	else
		echo "FAIL check-iommu: $name: exit code $code"
		grep -E '"rule"|"detail"' "$t/out" | head -4
		head -2 "$t/err"
		failed=$((failed + 1))
	fi
}

# found NAME RULES ARGUMENTS...: exit code 1, these rules and no others, each
# with the device's access that went by what was stale.
found() {
	local name=$1 rules=$2 code got
	shift 2
	timeout 300 "$p2msim" check -q --json "$@" >"$t/out" 2>"$t/err"
	code=$?
	got=$(sed -n 's/^ *"rule": "\(.*\)",*$/\1/p' "$t/out" | sort | xargs)
	if [ "$code" = 1 ] && [ "$got" = "$rules" ] &&
		[ "$(grep -c '"used"' "$t/out")" = "$(echo "$got" | wc -w)" ]; then
		passed=$((passed + 1))
	else
		echo "FAIL check-iommu: $name: exit code $code, rules '$got'"
		head -2 "$t/err"
		failed=$((failed + 1))
	fi
}

machines() { # one a line: how a walker reads, and how that is looked after
	echo "--machine vtd-broadwell"
	for clean in entry line top-only; do
		echo "--machine vtd-ivybridge --set policy.iommu.clean=$clean"
	done
}

for stream in churn nic block random; do
	"$p2msim" trace generate -q $stream --machine vtd-broadwell \
		-o "$t/$stream.zst" >"$t/out" 2>&1 || cat "$t/out"
done
for coalesce in never eager after-ops:3 hysteresis:2 scan:20000,600; do
	for flush in strict deferred:8; do
		while read -r machine; do
			# shellcheck disable=SC2086
			clean "churn, $coalesce, $flush, $machine" $machine \
				--set policy.iommu.coalesce=$coalesce \
				--set policy.iommu.flush=$flush "$t/churn.zst"
		done < <(machines)
	done
done
for stream in nic block random; do
	for flush in strict deferred:32; do
		for set in queued=off write_buffer_flush=on caching_mode=on \
			page_selective=off coherent=off; do
			clean "$stream, $flush, $set" --machine vtd-broadwell \
				--set policy.iommu.coalesce=eager \
				--set policy.iommu.flush=$flush \
				--set iommu.0.$set "$t/$stream.zst"
		done
	done
done
for guest in edu churn balloon hostile; do
	for set in populate=guest mode=legacy; do
		for flush in strict deferred:8; do
			clean "$guest, $set, $flush" --machine vtd-ivybridge \
				--set policy.iommu.flush=$flush \
				--set iommu.0.$set "$build/guests/$guest.elf"
		done
	done
	clean "$guest, scalable" --machine vtd-broadwell \
		--set iommu.0.scalable_mode=on --set iommu.0.mode=scalable \
		"$build/guests/$guest.elf"
done
for stream in churn nic block; do
	"$p2msim" trace generate -q $stream --machine smmu-mmu600 \
		-o "$t/$stream.zst" >"$t/out" 2>&1 || cat "$t/out"
	for coalesce in never eager after-ops:3; do
		for flush in strict deferred:8; do
			for set in coherent=on coherent=off; do
				clean "SMMU: $stream, $coalesce, $flush, $set" \
					--set policy.iommu.coalesce=$coalesce \
					--set policy.iommu.flush=$flush \
					--set iommu.0.$set "$t/$stream.zst"
			done
		done
	done
done

# One table for CPUs and SMMU: the second flush by broadcast, or by commands.
for guest in balloon churn edu; do
	for set in broadcast_tlbi=on broadcast_tlbi=off; do
		for policy in tlbi=ipa tlbi=range tlbi=vmid coalesce=eager; do
			# Broadcast ranges need an SMMU that knows ranges.
			[ "$set,$policy" != broadcast_tlbi=on,tlbi=range ] ||
				continue
			for coherent in on off; do
				clean "shared: $guest, $set, $policy, coherent=$coherent" \
					--machine smmu-mmu600 \
					--set policy.iommu.share_pt=on \
					--set policy.p2m.set_way=full \
					--set policy.p2m.$policy \
					--set iommu.0.$set \
					--set iommu.0.coherent=$coherent \
					"$build/guests/$guest.elf"
			done
		done
	done
done

# A guest with an SMMU of its own: where it leaves out TLBI, then CFGI_STE, to
# show that the old ones are used, and nowhere else; in the run and its trace.
smmu=$build/guests/smmu.elf
found "smmu" "iommu-config-held iotlb-missing" --machine smmu-guest "$smmu"
"$p2msim" run -q --machine smmu-guest --trace "$t/smmu.zst" "$smmu" \
	>"$t/out" 2>&1
found "smmu's trace" "iommu-config-held iotlb-missing" "$t/smmu.zst"
clean "edu, behind the guest's SMMU" --machine smmu-guest \
	"$build/guests/edu.elf"
echo "PASS check-iommu: $passed runs as they should be"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
