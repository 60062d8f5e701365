#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The cases of run.sh, for make check.
exec "$(dirname "$0")/run.sh"
