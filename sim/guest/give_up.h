/* SPDX-License-Identifier: BSD-2-Clause */
/* What to do about a library that gives up by abort(3). */
#ifndef SIM_GUEST_GIVE_UP_H
#define SIM_GUEST_GIVE_UP_H

#include <stdbool.h>
#include <stdio.h>

/* call(context), with the C library's stdout and stderr leading to `mute`.
 * False: it gave up, and what it worked on is in no known state. */
bool give_up_guard(void (*call)(void *context), void *context, FILE *mute);

#endif
