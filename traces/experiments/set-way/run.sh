#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Makes the tables of README.md from scratch: the guest setway under each
# policy, memory size and backing. BUILD names the build (default: build); the
# statistics of each run stay in OUT if that is set.
set -eu
cd "$(dirname "$0")/../../.."
BUILD=${BUILD:-build}
OUT=${OUT:-}
if [ -z "$OUT" ]; then
	OUT=$(mktemp -d)
	trap 'rm -rf "$OUT"' EXIT
fi
mkdir -p "$OUT"

run() { # BACKING RAM_MIB POLICY [NAME ARGUMENT...]
	local name=$1-$2-$3${4:+-$4}
	"$BUILD/p2msim" run --quiet --guest-exit \
		--set guest.backing="$1" --set guest.ram_mib="$2" \
		--set policy.p2m.set_way="$3" --stats "$OUT/$name.json" \
		"$BUILD/guests/setway.elf" rounds=3 mib=16 "${@:5}" >"$OUT/$name.out"
	cmp "$OUT/$name.out" "$OUT/contiguous-256-full.out"
}

for policy in full track track-late; do
	for ram in 256 1024 4096; do
		run contiguous $ram $policy
	done
	for ram in 256 1024 4096; do
		run fragmented:50 $ram $policy
	done
	for ram in 256 1024; do
		run random $ram $policy
	done
	for backing in contiguous fragmented:50 random; do
		run $backing 256 $policy moving move=1
	done
done

python3 - "$OUT" <<'PY'
import json, sys
MHZ = 2500  # neoverse-n1
rows = {}
for backing, sizes in (("contiguous", (256, 1024, 4096)),
                       ("fragmented:50", (256, 1024, 4096)),
                       ("random", (256, 1024))):
    for ram in sizes:
        for policy in "full", "track", "track-late":
            with open(f"{sys.argv[1]}/{backing}-{ram}-{policy}.json") as f:
                rows[backing, ram, policy] = json.load(f)

def bring_up(d):
    """The longest of the phases that MARK 2 begins."""
    return max(p["cpu"][0]["cycles"] for p in d["phases"] if p["mark"] == 2)

def ms(cycles):
    return f"{cycles / MHZ / 1000:,.1f}"

print("| frames | MiB | policy | pages cleaned | faults | root invalidations "
      "| cycles | worst trap, cycles | ms | longest bring-up, ms "
      "| worst piece, ms |")
print("|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|")
for (backing, ram, policy), d in rows.items():
    s = d["p2m"]["set_way"]
    print(f"| {backing} | {ram} | {policy} | {s['pages_cleaned']:,} "
          f"| {s['faults']:,} | {s['root_invalidations']} "
          f"| {d['cpu'][0]['cycles']:,} | {s['worst_trap_cycles']:,} "
          f"| {ms(s['worst_trap_cycles'])} | {ms(bring_up(d))} "
          f"| {ms(s['worst_piece_cycles'])} |")
print()
def load(backing, ram, policy, name=""):
    with open(f"{sys.argv[1]}/{backing}-{ram}-{policy}{name}.json") as f:
        return json.load(f)

print("| frames | MiB | memory | root invalidations more | faults more "
      "| pages cleaned less | cycles more | a bring-up |")
print("|---|--:|---|--:|--:|--:|--:|--:|")
pairs = [(backing, ram, "the same", d, rows[backing, ram, "track-late"])
         for (backing, ram, policy), d in rows.items() if policy == "track"]
pairs += [(backing, 256, "moving", load(backing, 256, "track", "-moving"),
           load(backing, 256, "track-late", "-moving"))
          for backing in ("contiguous", "fragmented:50", "random")]
for backing, ram, memory, d, late in pairs:
    a, b = d["p2m"]["set_way"], late["p2m"]["set_way"]
    cycles = d["cpu"][0]["cycles"] - late["cpu"][0]["cycles"]
    print(f"| {backing} | {ram} | {memory} "
          f"| {a['root_invalidations'] - b['root_invalidations']} "
          f"| {a['faults'] - b['faults']:,} "
          f"| {b['pages_cleaned'] - a['pages_cleaned']:,} "
          f"| {cycles:,} | {cycles / 3:,.0f} |")
PY
