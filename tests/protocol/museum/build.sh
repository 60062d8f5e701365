#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# build.sh BUILD/museum/NAME[-fixed].so FLAGS...: the core's sources, copied,
# with the exhibit's patches, as a library. -fixed leaves bug.patch out.
# build.sh BUILD/museum/NAME.domain FLAGS... -- LIBRARIES...: the same as a
# program around an IOMMU domain; fixed.domain has no patches.
set -eu
out=$1
shift
name=$(basename "${out%.domain}" .so)
exhibit=tests/protocol/museum/exhibits/${name%-fixed}
source=$(dirname "$out")/source/$name
rm -rf "$source"
mkdir -p "$source"
cp -R core "$source"
apply() {
	patch -d "$source" -p1 -s -F0 --no-backup-if-mismatch <"$1" ||
		{ echo "$1: does not fit the core any more" >&2 && exit 1; }
}
[ ! -f "$exhibit/base.patch" ] || apply "$exhibit/base.patch"
[ "$name" != "${name%-fixed}" ] || [ "$name" = fixed ] ||
	apply "$exhibit/bug.patch"
if [ "$out" != "${out%.domain}" ]; then
	flags=''
	while [ "$1" != -- ]; do
		flags="$flags $1"
		shift
	done
	shift
	# shellcheck disable=SC2086
	exec ${CC:-cc} -I"$source" -I. $flags -o "$out" \
		tests/protocol/museum/domain.c tests/protocol/iommu_host.c \
		"$source"/core/iommu/*.c "$@"
fi
${CC:-cc} -I"$source" "$@" -o "$out" "$source"/core/p2m/*.c \
	"$source"/core/iommu/flush_arm.c "$source"/core/shim/*.c
