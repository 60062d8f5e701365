#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# `p2msim check` with devices: every policy of policy.iommu over the streams
# and guests, on hardware of several kinds: no finding, exit code 0. What the
# units were told must have been heard.
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
echo "PASS check-iommu: $passed runs without a finding"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
