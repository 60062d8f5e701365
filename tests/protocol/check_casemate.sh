#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# casemate's logs: each log below casemate/ is named for its verdict and rule
# ("bad_RULE+VARIANT.log" breaks that rule and no other), and gets both as a
# log and as a trace that was imported from it. Each rule that casemate has
# too, by the table in casemate/README.md, has a good log and a bad one. What
# is no log ends in one line and exit code 3.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
PROGRAM=$BUILD/p2msim
LOGS=tests/protocol/casemate
passed=0 failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

ok() {
	passed=$((passed + 1))
	echo "PASS casemate: $*"
}
bad() {
	echo "FAIL casemate: $*"
	failed=$((failed + 1))
}

# rules FILE: the rules it breaks, sorted, one a line; the exit code.
rules() {
	"$PROGRAM" check -q --json "$1" >"$work/report" 2>"$work/error"
	local code=$?
	sed -n 's/^ *"rule": "\(.*\)",*$/\1/p' "$work/report" | sort -u
	return $code
}

# verdict FILE NAME: is it what the name says?
verdict() {
	local want_code=0 want="" rule=${2#*_} got code
	rule=${rule%%+*}
	case $2 in bad_*) want_code=1 want=$rule ;; esac
	got=$(rules "$1")
	code=$?
	if [ "$code" = "$want_code" ] && [ "$got" = "$want" ]; then
		ok "$2 ${1##*.}"
	else
		bad "$1: exit code $code, rules '$got', for '$want'" \
			"$(head -1 "$work/error")"
	fi
}

for log in "$LOGS"/*.log; do
	name=$(basename "$log" .log)
	verdict "$log" "$name"
	if "$PROGRAM" trace import casemate "$log" -o "$work/t.zst" &&
		"$PROGRAM" trace validate -q "$work/t.zst"; then
		verdict "$work/t.zst" "$name"
	else
		bad "$log: cannot be imported"
	fi
done

while read -r rule; do
	for kind in good bad; do
		if ls "$LOGS/${kind}_$rule.log" "$LOGS/${kind}_$rule"+*.log \
			2>/dev/null | grep -q .; then
			ok
		else
			bad "$rule: no $kind log"
		fi
	done
done < <(sed -n '/^## Rules of both/,/^## /s/^| `\([a-z0-9-]*\)` |.*/\1/p' "$LOGS/README.md")

# Every rule that the checker has stands in one of the tables.
while read -r rule; do
	if grep -q "^| .*\`$rule\`" "$LOGS/README.md"; then
		ok
	else
		bad "$rule: in no table of $LOGS/README.md"
	fi
done < <(sed -n 's/^RULE([A-Z0-9_]*, "\([a-z0-9-]*\)".*/\1/p' sim/check/rules.def)

# refused WHAT LINE LOG: exit code 3, and the line begins so.
refused() {
	printf '%b' "$3" >"$work/x.log"
	local line code
	line=$("$PROGRAM" check "$work/x.log" 2>&1 >/dev/null)
	code=$?
	if [ $code = 3 ] && [ "$line" = "p2msim: $work/x.log: $2" ]; then
		ok "$2 ${1##*.}"
	else
		bad "$1: exit code $code: $line"
	fi
}

# The same steps without names, in the other cases, and in the words of older
# logs: the same trace but for its header.
short="$work/short.log" long="$work/long.log"
cat >"$short" <<'LOG'
(mem-init 0 0 80100000 1000 "mm.c:1")
(MEM-SET 1 1 "mm.c:1" 80100000 40 0xFF)
(mem-write 2 1 RELEASE 80100000 93 (src "mm.c:2")) (mem-read 3 1 0x80100000 93
  "mm.c:2")
(barrier 4 1 "mm.c:2" DSB ISHST)(barrier 5 1 "mm.c:2" ISB)
(tlbi (id 6) (thread 1) ipas2e1is (addr 0x5) (level 0x3) (src "mm.c:2"))
(msr 7 1 "mm.c:2" TTBR_EL2 80100000)
(hint 8 1 "mm.c:2" SET_PTE_THREAD_OWNER 80100008 1)
(lock 9 1 80200000 12)
! Oh no
and what stands after it
LOG
cat >"$long" <<'LOG'
(mem-init (id 0) (tid 0) (address 0x80100000) (size 0x1000) (src "mm.c:1"))
(mem-set (id 1) (tid 1) (address 0x80100000) (size 0x40) (value 0xff) (src "mm.c:1"))
(mem-write (id 2) (tid 1) (mem-order release) (address 0x80100000) (value 0x93) (src "mm.c:2"))
(mem-read (id 3) (tid 1) (address 0x80100000) (value 0x93) (src "mm.c:2"))
(barrier (id 4) (tid 1) dsb (kind ishst) (src "mm.c:2"))
(barrier (id 5) (tid 1) isb (src "mm.c:2"))
(tlbi (id 6) (tid 1) ipas2e1is (value 0x5) (src "mm.c:2"))
(sysreg-write (id 7) (tid 1) (sysreg ttbr0_el2) (value 0x80100000) (src "mm.c:2"))
(hint (id 8) (tid 1) (kind set_pte_thread_owner) (location 0x80100008) (value 0x1) (src "mm.c:2"))
(lock (id 9) (tid 1) (address 0x80200000) (src 12))
! Oh no
LOG
records() {
	"$PROGRAM" trace import casemate "$1" | grep '"t":"log\.'
}
if [ "$(records "$short")" = "$(records "$long")" ] &&
	[ "$(records "$long" | wc -l)" = 14 ]; then
	ok
else
	bad "the short form and the long one differ"
fi
if "$PROGRAM" check "$long" | grep -qx "the log itself reports: Oh no"; then
	ok
else
	bad "what the log itself reports is not shown"
fi

INIT='(mem-init (id 0) (tid 0) (address 0x1000) (size 0x1000))\n'
refused "a record that does not end" \
	"line 1, column 11: the end of the log where the record's ')' should be" \
	'(mem-write'
refused "a record in a record's name" \
	"line 2, column 2: '(' where the name of a step should be" '\n(('
refused "an unknown step" \
	"line 1, column 2: 'mem-wipe' is no step that casemate's logs have" \
	'(mem-wipe (id 0) (tid 0))'
refused "a field that is missing" \
	"line 1, column 21: the record ends, and (address ...) is missing" \
	'(lock (id 0) (tid 0))'
refused "a field too many" \
	"line 1, column 39: '0x2': a field too many" \
	'(lock (id 0) (tid 0) (address 0x1000) (x 0x2))'
refused "a field in another's place" \
	"line 1, column 23: (value ...) where (address ...) should be" \
	'(lock  (id 0) (tid 0) (value 0x1000))'
refused "a number that is none" \
	"line 1, column 22: address: '0xg' is no hexadecimal number of 64 bits" \
	'(lock (id 0) (tid 0) (address 0xg))'
refused "a number of 65 bits" \
	"line 1, column 22: address: '0x10000000000000000' is no hexadecimal number of 64 bits" \
	'(lock (id 0) (tid 0) (address 0x10000000000000000))'
refused "a thread that is no CPU" \
	"line 1, column 14: tid: '63' is no whole number of at most 62" \
	'(lock (id 0) (tid 63) (address 0x1000))'
refused "an unknown TLBI" \
	"line 1, column 22: 'vae9is' is no TLBI of EL1 or EL2" \
	'(tlbi (id 0) (tid 0) vae9is (value 0x0))'
refused "an operand for a TLBI of all" \
	"line 1, column 30: '0x1': a field too many" \
	'(tlbi (id 0) (tid 0) alle1is (value 0x1))'
refused "a context without its level" \
	"line 1, column 30: the record ends, and (el ...) is missing" \
	'(enter-context (id 0) (tid 0))'
refused "an unknown barrier" \
	"line 1, column 29: 'ish2' is no kind of DSB" \
	'(barrier (id 0) (tid 0) dsb (kind ish2))'
refused "an address that is not aligned" \
	"line 2, column 2: mem-write: address: a multiple of 8, below 2^52" \
	"$INIT"'(mem-write (id 1) (tid 0) (mem-order plain) (address 0x1001) (value 0x0))'
refused "memory above the address space" \
	"line 1, column 2: mem-init: address and size: the end lies above 2^52" \
	'(mem-init (id 0) (tid 0) (address 0xffffffffff000) (size 0x2000))'
refused "bytes that are no text" \
	"line 1, column 2: a byte that is not printable ASCII: not a log" '(\001'
refused "a string without an end" \
	"line 1, column 9: the log ends within a string" \
	'(lock "a'
refused "a read that contradicts the writes" \
	"line 3: mem-read: 0x1008 is said to hold 0x6, but the log wrote 0x5" \
	"$INIT"'(mem-write (id 1) (tid 0) (mem-order plain) (address 0x1008) (value 0x5))\n(mem-read (id 2) (tid 0) (address 0x1008) (value 0x6))\n'

# A root whose every entry leads to itself: 2^27 ways, and each may be held.
itself='(mem-init 0 0 80000000 1000)\n'
for i in $(seq 0 511); do
	itself+=$(printf '(mem-write %d 0 plain %x 80000003)' "$i" \
		$((0x80000000 + 8 * i)))'\n'
done
itself+='(msr 600 0 vttbr_el2 80000000)(mem-write 601 0 plain 80000000 0)'
refused "a tree of itself" \
	"line 514: more than 2^20 entries are stale, or memory ran out: cut the log" \
	"$itself"

# endless COMMAND: what never ends is given up, with one line.
endless() {
	local line
	line=$(eval "$1" 2>/dev/null | "$PROGRAM" trace import casemate \
		/dev/stdin 2>&1 >/dev/null)
	if [ "$line" = "p2msim: /dev/stdin: $2" ]; then
		ok
	else
		bad "endless: $1: $line"
	fi
}
endless "yes ''" "line 1048577, column 1: 1 MiB of white space: not a log"
endless "yes '('" "line 2, column 1: '(' where the name of a step should be"
endless "yes x | tr -d '\n'" \
	"line 1, column 1: a word or string of more than 511 bytes"
endless "cat /dev/zero" \
	"line 1, column 1: a byte that is not printable ASCII: not a log"

# Standard input is copied, 4 GiB of it at most: ten seconds.
if [ -n "${LONG:-}" ]; then
	line=$(yes '(barrier 0 0 isb)' 2>/dev/null | "$PROGRAM" check - 2>&1)
	if [ "$line" = "p2msim: standard input: more than 4 GiB: give a file" ]; then
		ok
	else
		bad "endless standard input: $line"
	fi
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
