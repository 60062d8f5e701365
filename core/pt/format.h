/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine must know of a page-table format. A format is one constant
 * object of facts beside a handful of pure functions; the engine's functions
 * are inline and take a pointer to it, so that with one format a file
 * everything folds to straight code.
 *
 * Levels are the architecture's own numbers, or count like them from the root
 * towards the pages; the smallest mapping stands at `last`. What "empty", "leaf" and "table" mean is the format's to say: for
 * Arm stage 2 it is the software type, not the bit that hardware calls valid.
 */
#ifndef CORE_PT_FORMAT_H
#define CORE_PT_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/addr.h"
#include "core/base/bits.h"

#define PT_LEVELS 5
/* Room for the order of a run, at most 13: marker.h. */
#define PT_MARKER_BITS 4
#define PT_INLINE static inline __attribute__((always_inline))

enum pt_kind {
	PT_EMPTY, /* a hole; the engine writes holes as zero */
	PT_LEAF,  /* a block or a page */
	PT_TABLE, /* leads to a table of the next level */
};

struct pt_level {
	uint8_t lsb;   /* lowest input address bit that selects an entry */
	uint8_t width; /* bits that select an entry: 2^width entries a table */
	bool leaf_ok;  /* a leaf may stand here */
	uint8_t group_lg2; /* leaves that the contiguous hint joins; 0: none */
};

struct pt_format {
	const char *name;
	uint8_t granule_lg2; /* of a table page */
	uint8_t first, last; /* lowest and highest level number */
	uint8_t oa_bits;     /* output address size */
	uint8_t concat_lg2;  /* at most 2^this root tables side by side */
	struct pt_level level[PT_LEVELS];
	/* Bits of a live leaf that may change without break-before-make. */
	uint64_t in_place;
	uint8_t marker_lsb; /* of PT_MARKER_BITS that hardware ignores */
	uint64_t hint;	    /* the bit that is the contiguous hint, or none */
	uint64_t no_tlb;    /* of a block: nT, or none */
	bool marks_holes;   /* holes side by side are a run, too */
	/*
	 * Hardware bears any change of a live entry: until the flush it uses
	 * the old or the new. Nothing is broken before it is made.
	 */
	bool overwrites;
	bool uncached_walks; /* walkers may read past the caches: clean.h */
	enum pt_kind (*kind)(uint64_t pte, unsigned int level);
	uint64_t kind_bits; /* all that `kind` looks at */
	/* Output address of a leaf, or address of the table it leads to. */
	pa_t (*address)(uint64_t pte, unsigned int level);
	/*
	 * Of a leaf: all but its address, its level and what the engine keeps
	 * there for itself, as `leaf` takes it.
	 */
	uint64_t (*attrs)(uint64_t pte);
	uint64_t (*leaf)(pa_t pa, uint64_t attrs, unsigned int level);
	uint64_t (*table)(pa_t table);
};

/* Bytes behind one entry of a level. */
PT_INLINE uint64_t pt_span(const struct pt_format *f, unsigned int level)
{
	return BIT(f->level[level].lsb);
}

PT_INLINE unsigned int pt_entries(const struct pt_format *f, unsigned int level)
{
	return 1u << f->level[level].width;
}

/* Index of the entry for an input address within its one table page. */
PT_INLINE unsigned int pt_index(const struct pt_format *f, uint64_t ia,
				unsigned int level)
{
	return (unsigned int)(ia >> f->level[level].lsb) &
	       (pt_entries(f, level) - 1);
}

/*
 * The level of the largest leaf at or below `top` that the alignment `bits`
 * (addresses or-ed together) and `bytes` still to go allow; `last` if none.
 */
PT_INLINE unsigned int pt_leaf_level(const struct pt_format *f,
				     unsigned int top, uint64_t bits,
				     uint64_t bytes)
{
	for (unsigned int level = top; level < f->last; level++)
		if (f->level[level].leaf_ok && bytes >= pt_span(f, level) &&
		    is_aligned(bits, f->level[level].lsb))
			return level;
	return f->last;
}

#endif
