# SPDX-License-Identifier: BSD-2-Clause
"""main.py PROGRAM LABEL GUESTS OUR_GUESTS THIN [PART...]: every part's cases
on one binary."""
import shutil
import sys

sys.dont_write_bytecode = True

import elves  # noqa: E402
import guests  # noqa: E402
import judge  # noqa: E402
import linux  # noqa: E402
import machines  # noqa: E402
import outputs  # noqa: E402
import scenarios  # noqa: E402
import traces  # noqa: E402

PARTS = {"elves": elves, "machines": machines, "guests": guests,
         "outputs": outputs, "scenarios": scenarios, "linux": linux, "traces": traces}


def main():
    program, label, bad, ours, thin, *wanted = sys.argv[1:]
    j = judge.Judge(program, label, bad, ours, int(thin))
    try:
        for name, part in PARTS.items():
            if not wanted or name in wanted:
                part.test(j)
    finally:
        shutil.rmtree(j.folder, ignore_errors=True)
    return j.failed != 0


sys.exit(main())
