/* SPDX-License-Identifier: BSD-2-Clause */
/* See watch.h. A page is watched once for each granule and level that it is
 * used at, and from then on for good: a walk cache may lead to it long after
 * its TTBR has gone. Pages are of 4 KiB: a table of a larger granule is
 * several. DDI0487 L.b D8.2, D8.3. */
#include "sim/machine/watch.h"

#include <stdlib.h>
#include <string.h>

#include "models/arm/descriptor.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/protocol.h"

#define ENTRIES (FRAME_BYTES / 8)
#define GRANULES 3
#define LEVELS 4
/* The bit of what an IOMMU reads. */
#define USE_READ (GRANULES * LEVELS)

struct watch {
	struct machine *m;
	uint16_t *uses; /* by frame of guest RAM: bit per granule and level */
	struct arm_range as[GRANULES]; /* how descriptors are read */
	void (*added)(void *context, gfn_t gfn);
	void *added_context;
	bool shown; /* what comes is not a store: watch_shown */
};

struct watch *watch_new(struct machine *m)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->m = m;
	for (unsigned int i = 0; i < GRANULES; i++)
		arm_range_set_granule(&w->as[i], &m->cpu[0].mmu.regime,
				      &arm_granules[i]);
	w->uses = calloc(m->hypervisor->ram_frames, sizeof(*w->uses));
	if (!w->uses) {
		free(w);
		return NULL;
	}
	return w;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	free(w->uses);
	free(w);
}

void watch_set_listener(struct watch *w,
			void (*added)(void *context, gfn_t gfn), void *context)
{
	w->added = added;
	w->added_context = context;
}

static uint16_t *uses_of(const struct watch *w, gfn_t gfn)
{
	const struct hypervisor *h = w->m->hypervisor;

	if (!hypervisor_has_ram(h, gfn))
		return NULL;
	return &w->uses[gfn.raw - h->ram_first.raw];
}

bool watch_has(const struct watch *w, gfn_t gfn)
{
	const uint16_t *uses = uses_of(w, gfn);

	return uses && *uses;
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

	/* Nobody has read it yet, so that it may stand before the record that
	 * is being made. */
	if (w->m->trace)
		trace_write_ahead(w->m->trace, &r);
}

/* A page becomes known. */
static void introduce(struct watch *w, gfn_t gfn)
{
	record_page(w, gfn);
	if (w->added)
		w->added(w->added_context, gfn);
}

/* To who listens: what stands there now, which nobody saw coming. */
static void tell_content(const struct watch *w, gfn_t gfn)
{
	const uint8_t *page = machine_guest_page(w->m, gfn);

	for (uint64_t at = 0; at < FRAME_BYTES; at += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, page + at, sizeof(word));
		protocol_guest_word(w->m,
				    (ipa_t){ ipa_from_gfn(gfn).raw + at },
				    sizeof(word), word, false);
	}
}

void watch_read(struct watch *w, gfn_t gfn)
{
	uint16_t *uses = uses_of(w, gfn);

	if (!uses)
		return;
	if (!*uses && w->m->protocol)
		tell_content(w, gfn);
	if (!*uses)
		introduce(w, gfn);
	*uses |= 1 << USE_READ;
}

static void add(struct watch *w, uint64_t address, uint64_t bytes,
		unsigned int granule, int level);

/* The table that an entry of this granule and level points to, if it does. */
static void add_next(struct watch *w, unsigned int granule, int level,
		     uint64_t entry)
{
	const struct arm_range *as = &w->as[granule];

	if (arm_descriptor_kind(as, entry, level) == ARM_DESCRIPTOR_TABLE)
		add(w, arm_table_address(as, entry),
		    BIT(as->granule->page_lg2), granule, level + 1);
}

/* Depth is bounded by the levels; a page that leads to itself is met once at
 * each granule and level. */
static void add_page(struct watch *w, gfn_t gfn, unsigned int granule,
		     int level)
{
	uint16_t *uses = uses_of(w, gfn);
	uint16_t use = (uint16_t)(1 << (LEVELS * granule + (unsigned int)level));
	const uint8_t *page;
	uint16_t before;

	if (!uses || (*uses & use))
		return;
	before = *uses;
	*uses |= use;
	if (!before)
		introduce(w, gfn);
	if (level == ARM_LEVEL_LAST)
		return;
	page = machine_guest_page(w->m, gfn);
	for (size_t i = 0; i < ENTRIES; i++) {
		uint64_t entry;

		memcpy(&entry, page + i * sizeof(entry), sizeof(entry));
		add_next(w, granule, level, entry);
	}
}

/* The pages of a table of so many bytes. */
static void add(struct watch *w, uint64_t address, uint64_t bytes,
		unsigned int granule, int level)
{
	uint64_t first = address >> FRAME_LG2;
	uint64_t last = (address + bytes - 1) >> FRAME_LG2;

	for (uint64_t gfn = first; gfn <= last; gfn++)
		add_page(w, (gfn_t){ gfn }, granule, level);
}

static void add_root(struct watch *w, const struct arm_range *range)
{
	if (range->disabled || range->impossible)
		return;
	add(w, range->root, (range->index_mask + UINT64_C(1)) * 8,
	    (unsigned int)(range->granule - arm_granules), range->level);
}

void watch_roots(struct watch *w, const struct machine_cpu *cpu)
{
	if (!FIELD_GET(ARM_SCTLR_M, cpu->mmu.regs.sctlr))
		return;
	add_root(w, &cpu->mmu.regime.setup.s1[0]);
	add_root(w, &cpu->mmu.regime.setup.s1[1]);
}

/* The new entry may lead to pages not yet known. */
static void follow(struct watch *w, gfn_t gfn, uint64_t entry)
{
	const uint16_t *uses = uses_of(w, gfn);

	if ((entry & 3) != 3)
		return;
	for (unsigned int use = 0; use < GRANULES * LEVELS; use++)
		if (*uses >> use & 1)
			add_next(w, use / LEVELS, (int)(use % LEVELS), entry);
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
	if (w->m->trace)
		trace_write(w->m->trace, &r);
	if (size < sizeof(entry)) {
		const uint8_t *page = machine_guest_page(w->m, gfn);
		size_t offset = ipa.raw & (FRAME_BYTES - 1);
		size_t in_entry = offset & 7;

		memcpy(&entry, page + (offset - in_entry), sizeof(entry));
		if (in_entry + size <= sizeof(entry))
			memcpy((uint8_t *)&entry + in_entry, &value, size);
	}
	if (w->m->protocol)
		protocol_guest_word(w->m, (ipa_t){ ipa.raw & ~UINT64_C(7) },
				    size, entry, !w->shown);
	follow(w, gfn, entry);
}

void watch_shown(struct watch *w, ipa_t ipa, uint64_t bytes)
{
	w->shown = true;
	watch_range(w, ipa, bytes);
	w->shown = false;
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
