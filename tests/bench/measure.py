# SPDX-License-Identifier: BSD-2-Clause
"""Speed of run, record, replay and check. measure.py BUILD SCALE; README.md.

Seconds are of the processor, user and system, of the whole process: all of
these programs compute in one thread, and a host that has other work to do
does not show. Everything is measured ROUNDS times, one after the other, so
that what does show (shared caches, clocks) falls on neighbours: a ratio is of
two neighbours, and the median of the rounds is given; a rate is the best.
"""
import json
import os
import platform
import random
import re
import resource
import statistics
import subprocess
import sys

BUILD, SCALE = sys.argv[1], float(sys.argv[2])
ROUNDS = 3
WORK = os.path.join(BUILD, "bench")
P2MSIM = os.path.join(BUILD, "p2msim")
FLOOR = os.path.join(BUILD, "tests/bench/unicorn_floor_bench")
BUSYBOX = os.path.join(BUILD, "debian-arm64/bin/busybox")


def scaled(n):
    return str(max(1, int(n * SCALE)))


# Guests with their MMU on and caches enabled, about a second on the floor.
GUESTS = {
    "stream 1020 KiB": ["stream", "1020", scaled(20)],
    "seq 64 MiB": ["random", "seq", "64", scaled(60000000)],
    "seq90 64 MiB": ["random", "seq90", "64", scaled(40000000)],
    "uniform 64 MiB": ["random", "uniform", "64", scaled(6000000)],
    "chase 4096 pages": ["chase", "4096", "4160", scaled(1000)],
}


def path(name):
    return os.path.join(WORK, name)


def spent(*command):
    """User and system seconds. A small shell stands in between, because Linux
    counts what was resident before exec, ours, as the program's own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["sh", "-c", '"$@"; exit $?', "sh", *command],
                          capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"measure.py: {' '.join(command)}: exit {done.returncode}: "
                 f"{done.stderr.decode(errors='replace').strip()[-300:]}")
    return (after.ru_utime - before.ru_utime,
            after.ru_stime - before.ru_stime)


def call(*command):
    return sum(spent(*command))


def user_seconds(*command):
    return spent(*command)[0]


def p2msim(command, *arguments):
    """Statistics of one run or replay, and its seconds."""
    stats = path("stats.json")
    seconds = call(P2MSIM, command, "--quiet", "--stats", stats, *arguments)
    with open(stats) as f:
        return json.load(f), seconds


def accesses(stats):
    """Loads and stores, as host.accesses_per_second counts them."""
    return sum(c["accesses"]["load"] + c["accesses"]["store"]
               for c in stats["cpu"])


def elf(words):
    return os.path.join(BUILD, "guests", words[0] + ".elf")


# ---- one round of each


def round_of_guest(words, out):
    """The floor, the run, the run that records: neighbours."""
    floor = call(FLOOR, elf(words), *words[1:])
    _, run = p2msim("run", elf(words), *words[1:])
    trace = path("guest.trace.zst")
    stats, recorded = p2msim("run", "--trace", trace, elf(words), *words[1:])
    out["floor"].append(floor)
    out["run"].append(floor / run)
    out["trace"].append(floor / recorded)
    out["bytes"].append(os.path.getsize(trace) / accesses(stats))
    out["accesses"] = accesses(stats)
    os.unlink(trace)


def record(name, *arguments):
    """A trace to replay, and how many accesses it holds."""
    trace = path(name + ".trace.zst")
    stats, _ = p2msim("run", "--trace", trace, *arguments)
    return trace, accesses(stats)


def words_file():
    """Seeded: about 5 MB of words, a few a line."""
    file = path("words")
    draw = random.Random(1)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    weights = [2 ** (-i / 4) for i in range(len(letters))]
    want, have = int(5000000 * SCALE), 0
    with open(file, "w") as f:
        while have < want:
            line = " ".join("".join(draw.choices(letters, weights,
                                                 k=draw.randint(2, 11)))
                            for _ in range(draw.randint(1, 5))) + "\n"
            f.write(line)
            have += len(line)
    return file


# ---- the table


class Table:
    def __init__(self):
        self.rows = []

    def add(self, name, measured, target=None, unit="", most=False,
            rounds=None):
        """`most`: the target is not to be exceeded."""
        verdict = ""
        if target is not None:
            good = measured <= target if most else measured >= target
            verdict = "ok" if good else "short"
        self.rows.append({"name": name, "measured": measured,
                          "target": target, "unit": unit, "most": most,
                          "verdict": verdict, "rounds": rounds or []})

    def show(self):
        print(f"{'':44} {'measured':>10} {'target':>10}")
        for r in self.rows:
            target = "" if r["target"] is None else (
                ("<= " if r["most"] else ">= ") + f"{r['target']:g}")
            spread = " ".join(f"{x:.2f}" for x in r["rounds"])
            print(f"{r['name']:44} {r['measured']:10.2f} {target:>10} "
                  f"{r['verdict']:5} {r['unit']}"
                  + (f"  [{spread}]" if spread else ""))


def guests(table):
    found = {}
    for name in GUESTS:
        found[name] = {"floor": [], "run": [], "trace": [], "bytes": []}
    for _ in range(ROUNDS):
        for name, words in GUESTS.items():
            round_of_guest(words, found[name])
    for what, label, target in (("run", "run, no trace", 0.6),
                                ("trace", "run, recording", 0.4)):
        for name in GUESTS:
            ratios = found[name][what]
            table.add(f"{label}: {name}", statistics.median(ratios), target,
                      "x floor", rounds=ratios)
    for name in GUESTS:
        floor = min(found[name]["floor"])
        table.add(f"floor: {name}", found[name]["accesses"] / floor / 1e6,
                  None, "M accesses/s")
    for name in GUESTS:
        table.add(f"trace: {name}", found[name]["bytes"][0], None,
                  "bytes an access")


def replays(table):
    wanted = [("seq90 64 MiB", 30), ("uniform 64 MiB", 12)]
    traces, held = {}, {}
    for name, _ in wanted:
        words = GUESTS[name]
        traces[name], held[name] = record(words[1], elf(words), *words[1:])
    if os.path.exists(BUSYBOX):
        words_file()
        trace, count = record("sort", "--linux", "--root", WORK, BUSYBOX,
                              "sort", "words")
        traces["busybox sort"], held["busybox sort"] = trace, count
        table.add("trace: busybox sort", os.path.getsize(trace) / count, 3,
                  f"bytes an access, of {count / 1e6:.0f} M", most=True)
        wanted.insert(0, ("busybox sort", 60))
    else:
        print("busybox is not there: its rows are left out\n")
    rates = {name: [] for name, _ in wanted}
    for _ in range(ROUNDS):
        for name, _ in wanted:
            _, seconds = p2msim("replay", traces[name])
            rates[name].append(held[name] / seconds / 1e6)
    for name, target in wanted:
        table.add(f"replay: {name}", max(rates[name]), target,
                  "M accesses/s", rounds=rates[name])
    for trace in traces.values():
        os.unlink(trace)


def checks(table):
    """The checker on, over the plain run: neighbours, user time alone."""
    wanted = {"balloon": [elf(["balloon"]), "200", scaled(5000)]}
    if os.path.exists(BUSYBOX):
        words_file()
        wanted["busybox sort"] = ["--linux", "--root", WORK, BUSYBOX,
                                  "sort", "words"]
    for name, arguments in wanted.items():
        ratios = []
        for _ in range(ROUNDS):
            plain, checked = (user_seconds(P2MSIM, command, "--quiet",
                                           *arguments)
                              for command in ("run", "check"))
            ratios.append(checked / plain)
        table.add(f"check: {name}", statistics.median(ratios), 2, "x run",
                  most=True, rounds=ratios)


def length(table):
    """Four times the trace: four times the time, the same memory."""
    words = GUESTS["seq90 64 MiB"]
    traces, seconds, rss = [], {0: [], 1: []}, {0: [], 1: []}
    for i in range(2):
        loads = str(int(words[3]) // 2 * 4 ** i)
        traces.append(record(f"length{i}", elf(words), words[1], words[2],
                             loads)[0])
    for _ in range(ROUNDS):
        for i in range(2):
            stats, took = p2msim("replay", traces[i])
            seconds[i].append(took / accesses(stats))
            rss[i].append(stats["host"]["max_rss_bytes"])
    ratios = [b / a for a, b in zip(seconds[0], seconds[1])]
    table.add("time an access, trace 4 times as long",
              statistics.median(ratios), 1.15, "x", most=True, rounds=ratios)
    table.add("memory of the replay, the same", max(rss[1]) / min(rss[0]),
              1.1, "x", most=True)
    table.add("memory of the replay", max(rss[1]) / 2 ** 20, None, "MiB")
    for trace in traces:
        os.unlink(trace)


def translations(table):
    """The IOMMU models alone, by lines of their own; of the SMMU also how
    many look-ups in a plain table one translation costs."""
    rates, floors = {}, {}
    for _ in range(ROUNDS):
        for program in ("vtd_bench", "smmu_bench"):
            done = subprocess.run(
                [os.path.join(BUILD, "tests/bench", program)],
                capture_output=True, text=True, check=True)
            for name, rate, floor in re.findall(
                    r"^(.*): ([\d.]+) M translations/s, [\d.]+ ns"
                    r"(?:, ([\d.]+) x floor)?", done.stdout, re.M):
                rates.setdefault(name, []).append(float(rate))
                if floor:
                    floors.setdefault(name, []).append(float(floor))
    for name, found in rates.items():
        table.add(name, max(found), 6 if "walks" in name else 30,
                  "M translations/s", rounds=found)
    for name, found in floors.items():
        table.add(f"{name}, cost", statistics.median(found), None, "x floor",
                  rounds=found)


def host():
    model = platform.machine()
    try:
        with open("/proc/cpuinfo") as f:
            model = [line.split(":")[1].strip() for line in f
                     if line.startswith("model name")][0]
    except (OSError, IndexError):
        pass
    load = os.getloadavg()[0]
    return f"{model}, {os.cpu_count()} CPUs, load {load:.1f} at the start"


def main():
    table = Table()
    where = host()
    print(f"{where}; {ROUNDS} rounds: ratios are medians, rates the best, all "
          "rounds in [ ]\n", flush=True)
    guests(table)
    replays(table)
    checks(table)
    length(table)
    translations(table)
    table.show()
    with open(path("results.json"), "w") as f:
        json.dump({"host": where, "scale": SCALE, "rows": table.rows}, f,
                  indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
