/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of known differences; IHI0070 G.b against QEMU 10.0. */
#include "tests/diff/smmu/known.h"

#include "core/base/bits.h"

static bool nothing(struct dispute *d)
{
	(void)d;
	return false;
}

const struct known known_differences[] = {
	{ "none", "-", nothing },
};
const unsigned int known_count =
	sizeof(known_differences) / sizeof(known_differences[0]);
