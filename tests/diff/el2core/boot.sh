#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Boot a guest under the EL2 program on QEMU.
#   boot.sh [KEY=VALUE...] GUEST.elf [ARG...]
# The guest's console is standard output. The report goes to $REPORT, or to
# standard error. Exit status: see main.c. $EL2CORE: the program.
root=$(realpath "$(dirname "$0")/../../..")
program=${EL2CORE:-${BUILD:-$root/build}/el2core/el2core.elf}
report=${REPORT:-/dev/stderr}
words=()
while [[ ${1:-} == guest.* || ${1:-} == policy.* || ${1:-} == el2.* || ${1:-} == seed=* ]]; do
	words+=("$1")
	shift
done
if [ $# = 0 ] || [ ! -r "$1" ] || [ ! -r "$program" ]; then
	echo "usage: boot.sh [KEY=VALUE...] GUEST.elf [ARG...], after make el2core" >&2
	exit 2
fi
guest=$1
config=enable=on,chardev=report
for w in "${words[@]}" -- "$@"; do config+=",arg=${w//,/,,}"; done
# A second CPU that stays off: with one alone QEMU relaxes what Device memory
# asks for (sim/guests/README.md). The limit is for a guest that hangs.
exec timeout 60 qemu-system-aarch64 -M virt,virtualization=on,gic-version=3 \
	-cpu max -smp 2 -m 2048 -nodefaults -display none -no-reboot \
	-serial stdio -chardev file,id=report,path="$report" \
	-semihosting-config "$config" \
	-device "loader,file=${guest//,/,,},addr=0x41000000,force-raw=on" \
	-kernel "$program" </dev/null
