/* SPDX-License-Identifier: BSD-2-Clause */
/* See watch.h. A page is watched once for each level that it is used at, and
 * from then on for good: a walk cache may lead to it long after its TTBR has
 * gone. DDI0487 L.b D8.2, D8.3 (4K granule). */
#include "sim/machine/watch.h"

#include <stdlib.h>
#include <string.h>

#include "models/arm/descriptor.h"
#include "sim/machine/hypervisor.h"

#define ENTRIES 512

struct watch {
	struct machine *m;
	uint8_t *levels; /* by frame of guest RAM: bit per level */
	void (*added)(void *context, gfn_t gfn);
	void *added_context;
};

struct watch *watch_new(struct machine *m)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->m = m;
	w->levels = calloc(m->hypervisor->ram_frames, 1);
	if (!w->levels) {
		free(w);
		return NULL;
	}
	return w;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	free(w->levels);
	free(w);
}

void watch_set_listener(struct watch *w,
			void (*added)(void *context, gfn_t gfn), void *context)
{
	w->added = added;
	w->added_context = context;
}

static uint8_t *levels_of(const struct watch *w, gfn_t gfn)
{
	const struct hypervisor *h = w->m->hypervisor;

	if (!hypervisor_has_ram(h, gfn))
		return NULL;
	return &w->levels[gfn.raw - h->ram_first.raw];
}

bool watch_has(const struct watch *w, gfn_t gfn)
{
	const uint8_t *levels = levels_of(w, gfn);

	return levels && *levels;
}

static void record_page(struct watch *w, gfn_t gfn)
{
	struct trace_record r = {
		.type = TRACE_TABLE_PAGE,
		.cpu = w->m->current,
		.value = { ipa_from_gfn(gfn).raw },
		.blob = machine_guest_page(w->m, gfn),
		.blob_bytes = FRAME_BYTES,
	};

	trace_write(w->m->trace, &r);
}

/* Depth is bounded by the levels; a page that leads to itself is met once at
 * each level. */
static void add(struct watch *w, gfn_t gfn, int level)
{
	uint8_t *levels = levels_of(w, gfn);
	const uint8_t *page;
	uint8_t before;

	if (!levels || (*levels >> level & 1))
		return;
	before = *levels;
	*levels |= (uint8_t)(1 << level);
	if (!before) {
		record_page(w, gfn);
		if (w->added)
			w->added(w->added_context, gfn);
	}
	if (level == 3)
		return;
	page = machine_guest_page(w->m, gfn);
	for (int i = 0; i < ENTRIES; i++) {
		uint64_t entry;

		memcpy(&entry, page + i * sizeof(entry), sizeof(entry));
		if (arm_descriptor_kind(entry, level) ==
		    ARM_DESCRIPTOR_TABLE)
			add(w, (gfn_t){ arm_table_address(entry) >> FRAME_LG2 },
			    level + 1);
	}
}

/* The level a 4K-granule walk of so many input bits begins at. */
static int start_level(uint64_t txsz)
{
	unsigned int bits = 64 - (unsigned int)txsz;

	if (txsz < 16 || txsz > 39)
		return -1;
	return 4 - (int)((bits - 12 + 8) / 9);
}

static void add_root(struct watch *w, uint64_t ttbr, uint64_t txsz, bool off)
{
	int level = start_level(txsz);

	if (!off && level >= 0)
		add(w, (gfn_t){ (ttbr & MASK(1, 47)) >> FRAME_LG2 }, level);
}

void watch_roots(struct watch *w, const struct machine_cpu *cpu)
{
	const struct arm_regs *r = &cpu->mmu.regs;

	if (!FIELD_GET(ARM_SCTLR_M, r->sctlr))
		return;
	add_root(w, r->ttbr0, FIELD_GET(ARM_TCR_T0SZ, r->tcr),
		 FIELD_GET(ARM_TCR_EPD0, r->tcr));
	add_root(w, r->ttbr1, FIELD_GET(ARM_TCR_T1SZ, r->tcr),
		 FIELD_GET(ARM_TCR_EPD1, r->tcr));
}

/* The new entry may lead to pages not yet known. */
static void follow(struct watch *w, gfn_t gfn, uint64_t entry)
{
	const uint8_t *levels = levels_of(w, gfn);

	if ((entry & 3) != 3)
		return;
	for (int level = 0; level < 3; level++) {
		if (*levels >> level & 1)
			add(w, (gfn_t){ arm_table_address(entry) >> FRAME_LG2 },
			    level + 1);
	}
}

void watch_store(struct watch *w, ipa_t ipa, unsigned int size, uint64_t value)
{
	struct trace_record r = { .type = TRACE_TABLE_WRITE,
				  .cpu = w->m->current,
				  .value = { ipa.raw, size, value } };
	gfn_t gfn = gfn_from_ipa(ipa);
	uint64_t entry = value;

	if (!watch_has(w, gfn))
		return;
	trace_write(w->m->trace, &r);
	if (size < sizeof(entry)) {
		const uint8_t *page = machine_guest_page(w->m, gfn);
		size_t offset = ipa.raw & (FRAME_BYTES - 1);
		size_t in_entry = offset & 7;

		memcpy(&entry, page + (offset - in_entry), sizeof(entry));
		if (in_entry + size <= sizeof(entry))
			memcpy((uint8_t *)&entry + in_entry, &value, size);
	}
	follow(w, gfn, entry);
}

void watch_range(struct watch *w, ipa_t ipa, uint64_t bytes)
{
	while (bytes) {
		const uint8_t *page = machine_guest_page(w->m,
							 gfn_from_ipa(ipa));
		uint64_t in_page = ipa.raw & (FRAME_BYTES - 1);
		uint64_t part = 8 - (ipa.raw & 7), value = 0;

		part = part < bytes ? part : bytes;
		if (page && watch_has(w, gfn_from_ipa(ipa))) {
			memcpy(&value, page + in_page, part);
			/* One store a byte if it is no whole number. */
			for (uint64_t i = 0; part != 8 && i < part; i++)
				watch_store(w, (ipa_t){ ipa.raw + i }, 1,
					    value >> (8 * i) & 0xff);
			if (part == 8)
				watch_store(w, ipa, 8, value);
		}
		ipa.raw += part;
		bytes -= part;
	}
}
