# SPDX-License-Identifier: BSD-2-Clause
"""Outputs that nobody takes: full disks, closed pipes, limits on files. Exit
code 6; what was written of a trace is readable up to its last whole line."""
import json
import os

FULL = "/dev/full"


def full_stdout(j, trace, stats):
    hello = os.path.join(j.ours, "hello.elf")
    silent = os.path.join(j.guests, "semihosting_exit.elf")
    for arguments in (
            ["--help"], ["--version"], ["run", "--help"], ["machine", "list"],
            ["machine", "list", "--json"], ["machine", "show"],
            ["machine", "show", "--json"], ["machine", "check", "tiny"],
            ["trace", "info", trace], ["trace", "info", "--json", trace],
            ["trace", "cat", trace], ["trace", "validate", trace],
            ["trace", "validate", "--json", trace], ["replay", trace],
            ["replay", "--json", trace],
            ["replay", "--quiet", "--stats", "-", trace],
            ["run", "--quiet", hello],
            # What the guest says would be on standard error.
            ["run", "--quiet", "--stats", "-", silent],
            ["compare", stats, stats], ["compare", "--json", stats, stats],
            ["walk", trace, "0x40000000"],
            ["walk", "--json", trace, "0x40000000"],
            ["whatif", "--vary", "cpu.mlp=1,2", trace],
            ["whatif", "--json", "--vary", "cpu.mlp=1,2", trace],
            ["whatif", "--jobs", "2", "--vary", "cpu.mlp=1,2", trace],
            ["whatif", "--vary", "cpu.mlp=1,2", "-o", "-", trace]):
        name = " ".join(a for a in arguments if "/" not in a)
        with open(FULL, "wb") as full:
            j.case(f"full stdout: {name}", arguments, 6, "standard output|con"
                   "sole", stdout=full)
        there, here = os.pipe()
        os.close(there)
        j.case(f"closed pipe: {name}", arguments, 6,
               "standard output|console", stdout=here)
        os.close(here)


def full_files(j, trace):
    hello = os.path.join(j.ours, "hello.elf")
    j.case("full --trace", ["run", "--quiet", "--trace", FULL, hello], 6,
           "/dev/full: .*No space", out=b"Hello from EL1\n")
    j.case("full --stats of run", ["run", "--quiet", "--stats", FULL, hello],
           6, "/dev/full: No space", out=b"Hello from EL1\n")
    j.case("full --stats of replay",
           ["replay", "--quiet", "--stats", FULL, trace], 6, "/dev/full: No")
    j.case("full -o of whatif", ["whatif", "--vary", "cpu.mlp=1,2", "-o", FULL,
                                 trace], 6, "/dev/full: No", out=None)
    for option in ("--trace", "--stats"):
        j.case(f"{option} in no folder",
               ["run", "--quiet", option, "none/x", hello], 6, "none/x: .*No")
        j.case(f"{option} is a folder",
               ["run", "--quiet", option, j.folder, hello], 6,
               "Is a directory")


def endless(j):
    """A guest that never ends does when nobody hears it."""
    talker = os.path.join(j.guests, "uart_forever.elf")
    loop = os.path.join(j.guests, "loop_stores.elf")
    with open(FULL, "wb") as full:
        j.case("an endless talker, full stdout", ["run", "--quiet", talker],
               6, "console cannot be written.*pc 0x", stdout=full)
    there, here = os.pipe()
    os.close(there)
    j.case("an endless talker, closed pipe", ["run", "--quiet", talker], 6,
           "console cannot be written", stdout=here)
    j.case("an endless recording, closed pipe",
           ["run", "--quiet", "--trace", "-", loop], 6, "trace.*Broken pipe",
           stdout=here)
    os.close(here)
    j.case("an endless recording, full disk",
           ["run", "--quiet", "--trace", FULL, loop], 6, "No space")


def limited(j, suffix):
    """A recording that the disk cuts, and its remains."""
    trace = j.path("cut" + suffix)
    stats = j.path("cut.json")
    guest = os.path.join(j.ours, "random.elf")
    j.case(f"a recording beyond the limit, {suffix}",
           ["run", "--quiet", "--trace", trace, guest, "uniform", "64",
            "100000"], 6,
           "cut.*: writing the trace failed: File too large; .*readable",
           out=None, file_bytes=65536)
    j.case(f"its remains by trace info, {suffix}", ["trace", "info", trace],
           3, "cut.*truncated after line", out=None)
    j.case(f"its remains by replay, {suffix}",
           ["replay", "--quiet", "--stats", stats, trace], 3,
           "cut.*line [0-9]+: .*truncated")
    with open(stats, encoding="utf-8") as f:
        count = json.load(f)["cpu"][0]["instructions"]
    j.say(f"its remains have something in them, {suffix}",
          count == 0 and "no instruction")


def test(j):
    trace, stats = j.path("good.jsonl"), j.path("good.json")
    hello = os.path.join(j.ours, "hello.elf")
    j.case("a good recording",
           ["run", "--quiet", "--trace", trace, "--stats", stats, hello], 0,
           out=b"Hello from EL1\n")
    full_stdout(j, trace, stats)
    full_files(j, trace)
    endless(j)
    limited(j, ".jsonl")
    limited(j, ".jsonl.zst")
    j.case("--stats beyond the limit",
           ["run", "--quiet", "--stats", j.path("long.json"), hello], 6,
           "long.json: File too large", out=b"Hello from EL1\n",
           file_bytes=1024)
    left = [n for n in os.listdir(j.folder) if n.startswith("long.json")]
    j.say("no temporary file is left", left and f"left: {left}")
    odd = os.path.join(os.fsencode(j.folder), b"\xff\n.jsonl")
    j.case("a name that is no text", [b"replay", odd], 3, r"\.jsonl: .*No such")
    j.case("a command that is no text", [b"\xff\n"], 2, "no command")
