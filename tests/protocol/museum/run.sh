#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# run.sh                   the exhibits
# run.sh NAME              re-live one: the bug, and the witness
# run.sh --fixed NAME      the same with the core as it should be
# run.sh --command NAME    what these two execute
set -u
cd "$(dirname "$0")/../../.." || exit 1
BUILD=${BUILD:-build}
exhibits=tests/protocol/museum/exhibits
fixed='' say=''

of() { # KEY: its value in the exhibit
	sed -n "s/^$1: //p" "$exhibits/$name/exhibit"
}

case ${1:-} in
'')
	for name in $(ls $exhibits); do
		printf '%-22s %-24s %s\n' "$name" "$(of finds)" "$(of title)"
	done
	exit 0
	;;
--fixed) fixed=1 && shift ;;
--command) say=1 && shift ;;
esac
name=${1:-}
if [ $# != 1 ] || [ ! -f "$exhibits/$name/exhibit" ]; then
	echo "run.sh: no exhibit '$name'; without arguments it lists them" >&2
	exit 2
fi

core=$BUILD/museum/$name.so
if [ "$fixed" ]; then
	core=$BUILD/libp2m-core.so
	[ ! -f "$exhibits/$name/base.patch" ] || core=$BUILD/museum/$name-fixed.so
fi
read -r guest steps <<<"$(of guest)"
domain=$(of domain)
if [ "$domain" ]; then
	core=$BUILD/museum/$name.domain
	[ ! "$fixed" ] || core=$BUILD/museum/fixed.domain
fi
# Words of the exhibit are words of the command.
# shellcheck disable=SC2046,SC2086
if [ "$domain" ]; then
	needs=$core
	set -- "$core" $domain
elif [ "$guest" ]; then
	needs=$BUILD/guests/$guest.elf
	set -- "$BUILD/p2msim" $(of command) --core "$core" $(of machine) "$needs" $steps
else
	needs=$BUILD/museum/probe
	set -- "$needs" "$core" $(of probe)
fi
[ -z "$say" ] || { echo "$*" && exit 0; }
make -s BUILD="$BUILD" "$core" "$BUILD/libp2m-core.so" "$needs" || exit 70
read -r kind key <<<"$(of finds)"
[ "$kind" = more ] || exec "$@"

# A bug of cost: it shows beside the same run of the core as it should be.
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
measure() { # STATS COMMAND...
	local stats=$1
	shift
	"$1" "$2" --quiet --stats "$stats" "${@:3}" >"$tmp/out" || exit 70
}
measure "$tmp/this.json" "$@"
measure "$tmp/fixed.json" "${@/#$core/$BUILD/libp2m-core.so}"
"$BUILD/p2msim" compare "$tmp/fixed.json" "$tmp/this.json" >"$tmp/compare"
! grep -E "^ *($key|cpu.0.cycles) " "$tmp/compare"
