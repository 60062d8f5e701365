/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When entries of the modelled TLBs were filled: the birth of what an access
 * went by, for a finding. Only while somebody listens, beside the TLBs and not
 * in them, and of many walks the newest: where two meet in one slot the older
 * is not known any more.
 */
#include <stdlib.h>

#include "sim/machine/protocol.h"

#define SLOTS_LG2 16

struct protocol_fills {
	struct slot {
		uint64_t key; /* 0: free */
		uint64_t event, pc;
	} slot[1 << SLOTS_LG2];
};

/* A range of 2^size_lg2 bytes, as one CPU translates it. */
static uint64_t key_of(const struct machine_cpu *cpu, uint64_t va,
		       unsigned int size_lg2)
{
	return (va >> size_lg2 << 12 & ~(UINT64_C(0xfff))) |
	       (uint64_t)(size_lg2 & 63) << 6 | (cpu->index & 31) << 1 | 1;
}

static struct slot *slot_of(struct protocol_fills *fills, uint64_t key)
{
	return &fills->slot[key * UINT64_C(0x9e3779b97f4a7c15) >>
			    (64 - SLOTS_LG2)];
}

void protocol_fill(struct machine *m, const struct machine_cpu *cpu, va_t va,
		   const struct arm_translation *t)
{
	uint64_t key = key_of(cpu, va.raw, t->size_lg2);

	if (!m->fills)
		m->fills = calloc(1, sizeof(*m->fills));
	/* Without, findings do not say when. */
	if (m->fills)
		*slot_of(m->fills, key) = (struct slot){
			.key = key,
			.event = m->protocol->number,
			.pc = cpu->block,
		};
}

bool protocol_filled(const struct machine *m, unsigned int cpu, uint64_t va,
		     uint64_t *event, uint64_t *pc)
{
	const struct slot *newest = NULL;

	for (unsigned int size_lg2 = 12; m->fills && size_lg2 < 48;
	     size_lg2++) {
		uint64_t key = key_of(&m->cpu[cpu], va, size_lg2);
		const struct slot *slot = slot_of(m->fills, key);

		if (slot->key == key &&
		    (!newest || slot->event > newest->event))
			newest = slot;
	}
	if (!newest)
		return false;
	*event = newest->event;
	*pc = newest->pc;
	return true;
}

void protocol_forget_fills(struct machine *m)
{
	free(m->fills);
	m->fills = NULL;
}
