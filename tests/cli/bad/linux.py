# SPDX-License-Identifier: BSD-2-Clause
"""--linux: names that would leave --root, and binaries that are none. The
guest is linux/cat.S: it copies the files it is given to its output."""
import json
import os

SECRET = b"a secret outside\n"


def tree(j):
    """A root with every way out that a name may try; returns its path."""
    outside = j.write("secret", SECRET)
    root = j.path("root")
    for folder in (root, os.path.join(root, "in")):
        os.mkdir(folder)
    with open(os.path.join(root, "inside"), "wb") as f:
        f.write(b"inside\n")
    for name, target in (("link", outside), ("up", ".."),
                         ("rel", "../secret"), ("in/rel", "../../secret"),
                         ("deep", "in/../../secret"), ("loop", "loop"),
                         ("a", "b"), ("b", "a"), ("slash", "/"),
                         ("good", "inside"), ("in/good", "../inside"),
                         ("abs", "/inside"), ("proc", "/proc/self/root")):
        os.symlink(target, os.path.join(root, name))
    os.mkfifo(os.path.join(root, "fifo"))
    return root, outside


def names(j, outside):
    up = "../" * 30
    return [
        outside, "link", "up/secret", "rel", "in/rel", "deep", "loop", "a",
        "slash" + outside, "slash/.." + outside, up + outside[1:],
        up + "secret", "../secret", "in/../../secret", "./.././secret",
        "up/up/secret", "/../../" + outside, "//" + outside,
        "/proc/self/root" + outside, "/proc/self/cwd/../secret",
        "proc" + outside, "/proc/1/root" + outside, "/proc/self/fd/0",
        "/proc/self/exe", "/dev/mem", "/dev/sda", "/dev/fd/3",
        "/etc/passwd", "/", "", "in", "inside/", "inside/..", "inside/../../s",
        "x" * 256, "x" * 5000, "a/" * 2047, "a/" * 5000, "\x01\x1b[2J",
        "%s%n", b"\xff\xfe",
    ]


def kept_in(j, cat, root, outside):
    secrets = [SECRET[:8], b"root:"]
    for name in names(j, outside):
        got = j.run(["run", "--quiet", "--linux", "--root", root, cat, name])
        why = j.why(got, (0, 3), [], out=None)
        if any(s in got[1] for s in secrets):
            why = "it left its root"
        if isinstance(name, bytes):
            name = repr(name)
        shown = "".join(c if c.isprintable() else "?" for c in name)[:40]
        j.say(f"--root holds against '{shown}' ({len(name)})", why)


def good_names(j, cat, root):
    for name in ("inside", "/inside", "good", "in/good", "abs", "in/../inside",
                 "../inside", "/../../inside", "slash/inside"):
        j.case(f"--root has {name}",
               ["run", "--quiet", "--linux", "--root", root, cat, name], 0,
               out=b"inside\n")


def binaries(j, cat, root):
    j.case("no such Linux binary", ["run", "--linux", "none"], 3,
           "none: No such file")
    j.case("a folder as Linux binary", ["run", "--linux", root], 3,
           "not a regular file")
    dynamic = os.path.join(j.guests, "dynamic")
    j.case("a dynamic binary", ["run", "--linux", dynamic], 3,
           "dynamic: .*interpreter /lib/ld-linux-aarch64.so.1;.*-static")
    j.case("a bare-metal run of a Linux binary", ["run", cat], 3,
           "outside RAM")
    for options, code, says in (
            (["--root", "none"], 3, "none: No such file"),
            (["--root", cat], 3, "Not a directory"),
            (["--root", ""], 2, "--root")):
        j.case(f"--root {os.path.basename(options[1])}",
               ["run", "--linux"] + options + [cat], code, says)
    j.case("--trace - with --linux",
           ["run", "--linux", "--trace", "-", cat], 2, "--trace -")
    long = ["x" * 100000] * 20
    j.case("arguments of two megabytes",
           ["run", "--quiet", "--linux", "--root", root, cat] + long, (0, 3),
           "argument|too|stack", out=None)


def killed(j):
    """By a signal: exit code 4 and a line, or the status a shell would have;
    a thread is refused by name before."""
    guest = os.path.join(j.guests, "linux_killed")
    stats = j.path("killed.json")
    j.case("a guest killed by a signal",
           ["run", "--quiet", "--linux", "--stats", stats, guest], 4,
           r"killed by signal 4 \(SIGILL\) at pc 0x4")
    with open(stats, encoding="utf-8") as f:
        status = json.load(f)["guest"]["exit"]
    j.say("its status in the statistics",
          status != 132 and f"{status}, not 132")
    got = j.run(["run", "--quiet", "--linux", "--guest-exit", guest])
    j.say("--guest-exit of a guest killed by a signal",
          got != (132, b"", b"") and f"{got}")
    got = j.run(["run", "--linux", "--progress", "never", guest])
    said = b"system call clone (220) of a thread is not modelled"
    j.say("a thread is refused by name", said not in got[2] and "not said")


def test(j):
    killed(j)
    cat = os.path.join(j.guests, "linux_cat")
    root, outside = tree(j)
    kept_in(j, cat, root, outside)
    good_names(j, cat, root)
    binaries(j, cat, root)
