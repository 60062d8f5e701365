/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules to break. */
#include "tests/diff/vtd/mutate.h"

#include <stddef.h>

#include "core/base/bits.h"

/* ---- what the model can do ---- */

static void superpages_none(struct vtd_config *c)
{
	c->superpages = 0;
}
static void superpages_2m(struct vtd_config *c)
{
	c->superpages = 1;
}
static void narrow_input(struct vtd_config *c)
{
	c->mgaw_bits -= 9;
}
static void wide_host(struct vtd_config *c)
{
	c->haw_bits = 52;
}
static void one_depth(struct vtd_config *c)
{
	c->levels_mask = c->mgaw_bits > 39 ? 4 : 2;
}
static void snoop_control(struct vtd_config *c)
{
	c->snoop_control = !c->snoop_control;
}
static void pass_through(struct vtd_config *c)
{
	c->pass_through = !c->pass_through;
}
static void first_1g(struct vtd_config *c)
{
	c->first_1g = false;
}

/* ---- the tables it sees ---- */

static bool second_leaf(const struct entry *e)
{
	return e->kind == ENTRY_SECOND && e->leaf;
}
static bool second_any(const struct entry *e)
{
	return e->kind == ENTRY_SECOND;
}
static bool first_leaf(const struct entry *e)
{
	return e->kind == ENTRY_FIRST && e->leaf;
}
static bool first_any(const struct entry *e)
{
	return e->kind == ENTRY_FIRST;
}
static bool context_low(const struct entry *e)
{
	return e->kind == ENTRY_CONTEXT && e->word == 0;
}
static bool context_high(const struct entry *e)
{
	return e->kind == ENTRY_CONTEXT && e->word == 1;
}
static bool pasid_low(const struct entry *e)
{
	return e->kind == ENTRY_PASID && e->word == 0;
}
static bool directory(const struct entry *e)
{
	return e->kind == ENTRY_DIRECTORY;
}
static bool root_word(const struct entry *e)
{
	return e->kind == ENTRY_ROOT;
}

/* Words of one kind seen with some bits cleared or set. */
#define ENTRY(name, applies, clear, set)                                  \
	static uint64_t name(const struct entry *e)                       \
	{                                                                 \
		return applies(e) ? (e->raw & ~(uint64_t)(clear)) | (set) \
				  : e->raw;                               \
	}
ENTRY(no_second_read, second_any, 0, BIT(0))
ENTRY(no_second_write, second_any, 0, BIT(1))
ENTRY(no_second_reserved, second_any, BIT(62), 0)
ENTRY(no_first_present, first_any, 0, BIT(0))
ENTRY(no_first_write, first_any, 0, BIT(1))
ENTRY(no_first_user, first_any, 0, BIT(2))
ENTRY(no_context_present, context_low, 0, BIT(0))
ENTRY(no_context_fpd, context_low, BIT(1), 0)
ENTRY(no_context_reserved, context_low, MASK(5, 4), 0)
ENTRY(no_pasid_present, pasid_low, 0, BIT(0))
ENTRY(no_pasid_fpd, pasid_low, BIT(1), 0)
ENTRY(no_pgtt, pasid_low, BIT(8), 0)
ENTRY(no_directory_present, directory, 0, BIT(0))
ENTRY(no_directory_fpd, directory, BIT(1), 0)
ENTRY(no_root_present, root_word, 0, BIT(0))
ENTRY(no_root_reserved, root_word, MASK(1, 11), 0)

/* A leaf's lowest address bit is lost. */
static uint64_t leaf_address(const struct entry *e)
{
	return second_leaf(e) || first_leaf(e)
		       ? e->raw & ~BIT(3 + 9 * (unsigned int)e->level)
		       : e->raw;
}

/* Bits below a superpage's address are not looked at. */
static uint64_t misaligned_superpage(const struct entry *e)
{
	return second_leaf(e) && e->level > 1
		       ? e->raw & ~MASK(12, 9 * (unsigned int)(e->level - 1))
		       : e->raw;
}

/* Reserved context bits above AW and DID are not looked at. */
static uint64_t context_high_reserved(const struct entry *e)
{
	return context_high(e) ? e->raw & (MASK(0, 7) | MASK(8, 16)) : e->raw;
}

/* TT = 3 is taken for TT = 2. */
static uint64_t reserved_tt(const struct entry *e)
{
	return context_low(e) && (e->raw >> 2 & 3) == 3 ? e->raw & ~BIT(2)
							: e->raw;
}

/* ---- its answers ---- */

static void writes_are_reads(struct vector *v)
{
	v->write = false;
}
static void input_shifted(struct vector *v)
{
	v->iova ^= BIT(21);
}
static void record_address(struct verdict *v, const struct vector *vector)
{
	(void)vector;
	v->frcd[0] ^= BIT(12);
}
static void record_type(struct verdict *v, const struct vector *vector)
{
	(void)vector;
	v->frcd[1] ^= BIT(62);
}
static void read_as_write(struct verdict *v, const struct vector *vector)
{
	(void)vector;
	if (v->out.reason == VTD_LGN_3)
		v->out.reason = VTD_LGN_2;
}
static void interrupt_range(struct verdict *v, const struct vector *vector)
{
	if (v->out.reason != VTD_LGN_4 && v->out.reason != VTD_SGN_8)
		return;
	v->out.result = VTD_TRANSLATED;
	v->out.reason = VTD_NO_FAULT;
	v->out.pa = NOWHERE_PA | (vector->iova & MASK(0, 12));
}
static void page_size(struct verdict *v, const struct vector *vector)
{
	(void)vector;
	if (v->out.page_lg2 > 12)
		v->out.page_lg2 = 12;
}
static void accessed_lost(struct verdict *v, const struct vector *vector)
{
	(void)vector;
	for (unsigned int i = 0; i < v->updates; i++)
		v->update[i].value &= ~BIT(5);
}
static void dirty_lost(struct verdict *v, const struct vector *vector)
{
	(void)vector;
	for (unsigned int i = 0; i < v->updates; i++)
		v->update[i].value &= ~BIT(6);
}

#define CONFIG(text, f)           \
	{                         \
		text, .config = f \
	}
#define TABLES(text, f)          \
	{                        \
		text, .entry = f \
	}
#define VECTOR(text, f)           \
	{                         \
		text, .vector = f \
	}
#define ANSWER(text, f)            \
	{                          \
		text, .verdict = f \
	}
static const struct mutation mutations[] = {
	CONFIG("no superpages", superpages_none),
	CONFIG("2 MiB superpages alone", superpages_2m),
	CONFIG("narrower input", narrow_input),
	CONFIG("wider host address", wide_host),
	CONFIG("one depth of tables", one_depth),
	CONFIG("snoop control", snoop_control),
	CONFIG("pass-through", pass_through),
	CONFIG("first stage: no 1 GiB pages", first_1g),
	TABLES("second stage: R", no_second_read),
	TABLES("second stage: W", no_second_write),
	TABLES("second stage: TM reserved", no_second_reserved),
	TABLES("first stage: P", no_first_present),
	TABLES("first stage: R/W", no_first_write),
	TABLES("first stage: U/S", no_first_user),
	TABLES("context: P", no_context_present),
	TABLES("context: FPD", no_context_fpd),
	TABLES("context: reserved bits", no_context_reserved),
	TABLES("context: reserved bits above DID", context_high_reserved),
	TABLES("context: TT 3", reserved_tt),
	TABLES("PASID entry: P", no_pasid_present),
	TABLES("PASID entry: FPD", no_pasid_fpd),
	TABLES("PASID entry: PGTT pass-through", no_pgtt),
	TABLES("PASID directory: P", no_directory_present),
	TABLES("PASID directory: FPD", no_directory_fpd),
	TABLES("root: P", no_root_present),
	TABLES("root: reserved bits", no_root_reserved),
	TABLES("a leaf's lowest address bit", leaf_address),
	TABLES("misaligned superpages", misaligned_superpage),
	VECTOR("writes taken for reads", writes_are_reads),
	VECTOR("an address bit", input_shifted),
	ANSWER("FRCD.FI", record_address),
	ANSWER("FRCD.T1", record_type),
	ANSWER("LGN.3 as LGN.2", read_as_write),
	ANSWER("the interrupt range as output", interrupt_range),
	ANSWER("the page size", page_size),
	ANSWER("A bits", accessed_lost),
	ANSWER("D bits", dirty_lost),
};
const unsigned int mutation_count = sizeof(mutations) / sizeof(mutations[0]);

const struct mutation *mutation_get(unsigned int k)
{
	return k >= 1 && k <= mutation_count ? &mutations[k - 1] : NULL;
}
