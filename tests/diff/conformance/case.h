/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One case: registers, tables as raw words, and what to ask of them. It knows
 * nothing of the model's decoder: all encodings here are hand-built from
 * DDI0487 L.b D8.3 and D24.2.
 */
#ifndef TESTS_DIFF_CONFORMANCE_CASE_H
#define TESTS_DIFF_CONFORMANCE_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "models/memory/ram.h"
#include "tests/diff/conformance/random.h"
#include "tests/diff/el2/mailbox.h"

/* What depends on the granule. Levels are the architecture's. */
struct granule {
	uint8_t page_lg2, stride;
	uint8_t tg0, tg1;	   /* TCR_EL1.TG0, VTCR_EL2.TG0; TCR_EL1.TG1 */
	int8_t first_block;	   /* the level of the largest block */
	int8_t first_block52;	   /* with 52-bit addresses */
	uint8_t s2_start_base;	   /* start level = this - SL0 */
	uint8_t s2_pa_bits;	   /* that SL0 2 needs */
	uint8_t contiguous_lg2[4]; /* entries of a contiguous run */
};
#define GRANULES 3
extern const struct granule granules[GRANULES]; /* 4K, 16K, 64K */

static inline unsigned int granule_shift(const struct granule *g, int level)
{
	return g->page_lg2 + (unsigned int)(3 - level) * g->stride;
}

/* A descriptor as written, and where it stands in its walk. */
struct descriptor {
	uint64_t pa, raw;
	uint8_t stage;
	int8_t level;
	bool leaf;
	bool safe; /* the stub page hangs on it */
	uint8_t granule;
};

#define CASE_DESCRIPTORS_MAX 4096
struct test_case {
	uint64_t number;
	struct rng rng;
	struct el2_registers registers;
	bool stage1, stage2; /* as the registers have it */
	bool accesses;	     /* real accesses too, not AT alone */
	unsigned int ops;
	struct el2_op op[EL2_OPS_MAX];
	unsigned int descriptors;
	struct descriptor descriptor[CASE_DESCRIPTORS_MAX];
	/* the arena */
	uint64_t arena, next_free;
	struct ram *ram;
};

/* What may be generated; what the CPU at hand has. */
struct case_options {
	uint64_t seed;
	uint8_t pa_bits;       /* 52: FEAT_LPA and FEAT_LVA */
	bool small_tables;     /* FEAT_TTST */
	unsigned int granules; /* bit n: granules[n] */
};

/* Does the CPU have 52-bit addresses with this granule? */
static inline bool granule_is_wide(const struct granule *g,
				   const struct case_options *options)
{
	return options->pa_bits == 52 && g->page_lg2 == 16;
}

/* Fill in the case of this number, and its tables in `ram`. */
void case_generate(struct test_case *c, const struct case_options *options,
		   uint64_t number, uint64_t arena, struct ram *ram);
/* Take its tables out of `ram` again. */
void case_erase(struct test_case *c);

/* Write a descriptor and note it down; false if there is no more room. */
bool case_put(struct test_case *c, const struct descriptor *d);
/* An aligned piece of the arena; 0: it is full. */
uint64_t case_allocate(struct test_case *c, unsigned int size_lg2);

#endif
