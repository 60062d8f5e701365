#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# One stage-2 table, two domains of invalidation, under `p2msim check`: a p2m
# that tells both has no findings, by commands, by broadcast and past the
# caches; one that leaves out either flush, frees before the SMMU is through,
# or does not clean, has.
set -u
cd "$(dirname "$0")/../../.." || exit 1
BUILD=${BUILD:-build}
CC=${CC:-cc}
p2msim=$BUILD/p2msim
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "PASS share: $1" && passed=$((passed + 1))
	else
		echo "FAIL share: $1" && failed=$((failed + 1))
	fi
}

# A core with one line changed.
core() { # NAME FILE SED
	rm -rf "$tmp/core" && cp -r core "$tmp/core" &&
	sed -i "$3" "$tmp/core/$2" && ! cmp -s "core/$2" "$tmp/core/$2" &&
	"$CC" -std=c11 -O1 -shared -fPIC -fvisibility=hidden -I"$tmp" \
		-o "$tmp/$1.so" "$tmp"/core/p2m/*.c \
		"$tmp/core/iommu/flush_arm.c" "$tmp"/core/shim/*.c
}

commands="--set iommu.0.broadcast_tlbi=off"
broadcast="--set iommu.0.broadcast_tlbi=on"
beside="--set iommu.0.coherent=off --set iommu.0.broadcast_tlbi=off"
record() { # NAME SETTINGS...
	local name=$1
	shift
	"$p2msim" trace generate --quiet -o "$tmp/$name.zst" --seed 3 \
		--machine smmu-mmu600 --set policy.iommu.share_pt=on \
		--set policy.p2m.set_way=full "$@" \
		churn identity=1 pages=2048 turns=150 reads=8
}
clean() { # NAME TRACE ARGUMENTS...
	local name=$1 trace=$2
	shift 2
	"$p2msim" check --quiet "$@" "$tmp/$trace.zst" >"$tmp/out" 2>&1 &&
	grep -q '^no findings in' "$tmp/out"
	verdict "$name: no findings" $?
}
found() { # NAME CORE TRACE RULE
	"$p2msim" check --quiet --core "$tmp/$2.so" "$tmp/$3.zst" >"$tmp/out" 2>&1
	[ $? = 1 ] && grep -q "^$4" "$tmp/out"
	verdict "$1: $4" $?
}

# shellcheck disable=SC2086
{
	record commands $commands
	record broadcast $broadcast
	record beside $beside
	record grow $commands --set policy.p2m.coalesce=eager
}
verdict "recorded" $?
clean "commands" commands
clean "broadcast" broadcast
clean "past the caches" beside
clean "commands, blocks come again" grow
clean "another core, commands" commands --core "$BUILD/libp2m-core.so"

core deaf p2m/share.c 's/^	if (iommu_arm_flush_gathered(.*/	if (how.host == NULL \&\& g)/' &&
found "the SMMU is not told" deaf commands iommu-shared
core cpu p2m/tlbi.h 's/^	const bool all = p2m_tlbi_is_all(p2m, g);/	const bool all = !p2m;\n	const struct pt_gather none = { .all = false };\n	if (p2m->shared.flush) { p2m->shared.flush(p2m, g); p2m->shared.wait(p2m); g = \&none; }/' &&
found "the CPUs are not told" cpu commands ""
core dirty p2m/share.c 's/^		.clean = c->clean,/		.clean = PT_CLEAN_NONE,/' &&
found "nothing is cleaned" dirty beside clean-missing
"$p2msim" check --quiet --core "$BUILD/cores/naive.so" "$tmp/commands.zst" >"$tmp/out" 2>&1
[ $? = 5 ] && grep -q "policy.iommu.share_pt: core 'naive' does not offer it" "$tmp/out"
verdict "a core that does not offer it is refused" $?

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
