/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 (FIPS 180-4), by libnettle: names machines and guests. */
#ifndef SIM_MACHINE_DIGEST_H
#define SIM_MACHINE_DIGEST_H

#include <stddef.h>

/* `out`: 64 lower-case hex digits and a NUL. */
void sha256_hex(const void *bytes, size_t count, char out[65]);

#endif
