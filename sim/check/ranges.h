/* SPDX-License-Identifier: BSD-2-Clause */
/* A set of addresses, as ranges that are sorted and apart from each other. */
#ifndef SIM_CHECK_RANGES_H
#define SIM_CHECK_RANGES_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t first, last;
};

struct ranges {
	struct range *item;
	size_t count, room;
};

void ranges_fini(struct ranges *r);
/* False: out of memory, and the set is not to be relied on any more. */
MUST_CHECK bool ranges_add(struct ranges *r, uint64_t first, uint64_t last);
MUST_CHECK bool ranges_remove(struct ranges *r, uint64_t first, uint64_t last);
/* All of [address, address + bytes), or some of it, is in the set. */
bool ranges_have(const struct ranges *r, uint64_t address, uint64_t bytes);
bool ranges_meet(const struct ranges *r, uint64_t address, uint64_t bytes);

#endif
