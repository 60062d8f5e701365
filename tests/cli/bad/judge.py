# SPDX-License-Identifier: BSD-2-Clause
"""Runs p2msim on bad input and judges what a person gets to see: the exit
code, exactly one line of ours on stderr, what that line names, and stdout."""
import os
import re
import resource
import signal
import subprocess
import tempfile

TIMEOUT = 60


class Judge:
    """One binary. `thin` is 1, or n to run every nth of a long series."""

    def __init__(self, program, label, guests, ours, thin):
        self.program, self.label = program, label
        self.guests, self.ours, self.thin = guests, ours, thin
        self.passed = self.failed = 0
        self.folder = tempfile.mkdtemp(prefix="p2msim-bad-")
        self.environment = dict(os.environ)
        self.environment["ASAN_OPTIONS"] = "detect_leaks=0"

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        if isinstance(content, str):
            content = content.encode()
        with open(self.path(name), "wb") as f:
            f.write(content)
        return self.path(name)

    def say(self, name, why):
        if why:
            self.failed += 1
            print(f"FAIL bad: {self.label} {name}: {why}", flush=True)
        else:
            self.passed += 1
            print(f"PASS bad: {self.label} {name}", flush=True)

    def run(self, arguments, stdin=b"", stdout=None, file_bytes=None):
        """(exit code, stdout, stderr); negative codes are signals."""
        def limit():
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if file_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE,
                                   (file_bytes, file_bytes))
        try:
            done = subprocess.run(
                [self.program] + arguments, input=stdin,
                stdout=subprocess.PIPE if stdout is None else stdout,
                stderr=subprocess.PIPE, preexec_fn=limit, cwd=self.folder,
                env=self.environment, timeout=TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            return None, b"", b"did not end"
        return done.returncode, done.stdout or b"", done.stderr

    def why(self, got, code, patterns, out=b""):
        """What is wrong with a result, or None. Codes: one, or a tuple."""
        codes = code if isinstance(code, tuple) else (code,)
        status, stdout, stderr = got
        text = stderr.decode(errors="replace")
        shown = text[:300].replace("\n", " | ")
        if status not in codes:
            return f"exit code {status}, not {code}: {shown}"
        if status and (text.count("\n") != 1 or not text.endswith("\n")):
            return f"not one line: {shown}"
        if status and not text.startswith("p2msim: "):
            return f"not a line of ours: {shown}"
        if not status and text:
            return f"stderr although all is fine: {shown}"
        for pattern in patterns if status else ():
            if not re.search(pattern, text):
                return f"the line does not say {pattern!r}: {shown}"
        if out is not None and stdout != out:
            return f"stdout: {stdout[:100]!r}"
        return None

    def case(self, name, arguments, code, *patterns, out=b"", **more):
        self.say(name, self.why(self.run(arguments, **more), code, patterns,
                                out))

    def series(self, name, cases):
        """Many alike: one line, about the first that is wrong. Each is
        (label, arguments, code, patterns[, check])."""
        count = 0
        for n, (label, arguments, code, patterns, *check) in enumerate(cases):
            if n % self.thin:
                continue
            count += 1
            got = self.run(arguments)
            why = self.why(got, code, patterns, out=None if check else b"")
            why = why or (check and check[0](got)) or None
            if why:
                return self.say(name, f"{label}: {why}")
        return self.say(name, None if count else "no case")
