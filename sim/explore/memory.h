/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables' memory with every value that a walker may still read. A word is
 * a chain of versions, newest first; a walker of a class (coherent or not)
 * may read any from the newest back to the oldest that it can still see.
 *
 *   a write        adds a version; nobody must see it yet
 *   a DSB          coherent walkers see the newest alone
 *   clean, DSB     the others see nothing older than what was cleaned
 *   write buffer   (VT-d 4.1 §6.8) what a DSB lets out stays there until it is
 *                  flushed
 *   eviction       may happen at any moment, and so needs no event
 *   alloc, free    the content becomes arbitrary
 *
 * DDI0487 L.b B2.7.6 (DSB), D7.5.9 (point of coherency). Multi-copy atomicity
 * and coherence order between words are not kept: sets only grow by that, and
 * a witness is executed on a machine that keeps them (concrete.h).
 */
#ifndef SIM_EXPLORE_MEMORY_H
#define SIM_EXPLORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "sim/explore/entry.h"

/* Words of table memory from `base` on, as they stood before the operation. */
struct explore_image {
	uint64_t base, bytes;
	const uint64_t *word;
	/* By page of the granule: it is a table then; the content of others is
	 * arbitrary. NULL: what a walk from the root reaches. */
	const uint8_t *live;
};

enum walker_class { WALKER_COHERENT, WALKER_NONCOHERENT, WALKER_CLASSES };

#define VERSION_ZERO 0u      /* never written, all bits zero */
#define VERSION_ARBITRARY 1u /* of memory that is not ours (any more) */

struct version {
	uint64_t value;
	uint32_t older;
	uint32_t step;	/* that wrote it; 0: it stood there */
	bool arbitrary; /* no value: it may be anything */
};

struct slot {
	uint32_t newest;
	uint32_t oldest[WALKER_CLASSES]; /* that may still be read */
	/* The same once the write buffer is flushed. */
	uint32_t ordered[WALKER_CLASSES];
	uint32_t cleaned; /* newest when it was last cleaned, or newest ever */
	bool dirty;	  /* in the list of those that a DSB concerns */
};

struct page {
	struct slot *slot; /* NULL: not looked at yet */
	bool live;	   /* allocated as a table */
	uint32_t node;	   /* first of those that read it, 0: none */
};

struct explore_memory {
	const struct explore_space *space;
	struct explore_image image;
	struct page *page;
	size_t pages;
	struct version *version;
	uint32_t versions, version_room;
	bool write_buffer;
	struct slot **dirty;
	size_t dirties, dirty_room;
	bool failed; /* out of memory: results are worthless */
};

MUST_CHECK int explore_memory_init(struct explore_memory *m,
				   const struct explore_space *space,
				   const struct explore_image *image);
void explore_memory_fini(struct explore_memory *m);

/* The page at an address; NULL: beyond the image. */
struct page *explore_memory_page(struct explore_memory *m, uint64_t address);
/* Its words, made on first use; NULL: out of memory. */
struct slot *explore_memory_slots(struct explore_memory *m, struct page *page);
static inline struct slot *explore_memory_slot(struct explore_memory *m,
					       uint64_t address)
{
	struct page *page = explore_memory_page(m, address);
	struct slot *slot = page ? explore_memory_slots(m, page) : NULL;

	return slot ? slot + (address >> 3 & (entry_count(m->space) - 1)) :
		      NULL;
}

void explore_memory_write(struct explore_memory *m, uint64_t address,
			  uint64_t value, uint32_t step);
/* [address, address + bytes), the lines around it whole. */
void explore_memory_clean(struct explore_memory *m, uint64_t address,
			  uint64_t bytes, unsigned int line_bytes);
/* A DSB: of stores alone, or of all. */
void explore_memory_order(struct explore_memory *m, bool all);
/* The write buffer is flushed. */
void explore_memory_drain(struct explore_memory *m);
/* The page's content is arbitrary from now on. */
void explore_memory_scramble(struct explore_memory *m, struct page *page);

/* May a word be read as anything but invalid? For quick scans. */
static inline bool explore_slot_is_empty(const struct slot *slot)
{
	return slot->newest == VERSION_ZERO;
}

#endif
