/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of known differences; IHI0070 G.b against QEMU 10.0. First those
 * that make of the tables what QEMU sees in them, whereupon the model is asked
 * again; then those that change what a record says.
 */
#include "tests/diff/smmu/known.h"

#include <string.h>

#include "core/base/bits.h"
#include "core/base/bug.h"

/* ---- what the batch says of the device ---- */

static uint64_t word_in(const struct batch *b, unsigned int device,
			enum entry_kind kind, unsigned int word)
{
	for (unsigned int i = b->first[device]; i < b->entries; i++)
		if (b->entry[i].kind == kind && b->entry[i].word == word &&
		    b->entry[i].device == device)
			return b->entry[i].raw;
	return 0;
}

static uint64_t word_of(const struct dispute *d, enum entry_kind kind,
			unsigned int word)
{
	return word_in(d->batch, d->device, kind, word);
}

static unsigned int config_of(const struct dispute *d)
{
	uint64_t word = word_of(d, ENTRY_STE, 0);

	return word & 1 ? word >> 1 & 7 : 0;
}

static bool is_nested(const struct dispute *d)
{
	return config_of(d) == 7;
}

/* The last word of a table that was read; NULL: there is none. */
static const struct smmu_read *last_read(const struct smmu_outcome *out)
{
	return out->reads ? &out->read[out->reads - 1] : NULL;
}

static unsigned int class_of(const struct smmu_outcome *out)
{
	return out->record[1] >> 40 & 3;
}

static const struct smmu_read *last_s1(const struct smmu_outcome *out)
{
	const struct smmu_read *r = NULL;

	for (unsigned int i = 0; i < out->reads; i++)
		if (out->read[i].kind == SMMU_READ_S1)
			r = &out->read[i];
	return r;
}

/* Told or not. */
static enum smmu_event event_of(const struct smmu_outcome *out)
{
	return out->result == SMMU_ABORTED
		       ? (enum smmu_event)(out->record[0] & 0xff)
		       : SMMU_NO_EVENT;
}

static void set_event(struct dispute *d, enum smmu_event event)
{
	struct smmu_outcome *out = &d->adjusted;

	out->result = SMMU_ABORTED;
	out->event = event;
	memset(out->record, 0, sizeof(out->record));
	out->record[0] = (uint64_t)event | (uint64_t)EDU_SID(d->device) << 32;
}

/* ---- asking again ---- */

/* Changes of tables that have been found to be needed. */
enum view {
	VIEW_PRIVILEGED = 1, /* and no PAN */
	VIEW_NO_PTW = 2,
	VIEW_SPAN = 8,
	VIEW_NO_CONCATENATION = 32,
	VIEW_ADDRESS = 64,
	VIEW_HTTU = 128,
	VIEW_ONE_HALF = 512,
	VIEW_TBI = 1024,
	VIEW_POINTER = 256,
};

static unsigned int split_of(const struct batch *b)
{
	return b->strtab_cfg >> 6 & 0x1f;
}

/* Without concatenation: a root of one table. */
static unsigned int root_bits(uint64_t word2)
{
	static const uint8_t most[4][4] = { { 30, 39, 48, 0 },
					    { 29, 42, 55, 0 },
					    { 25, 36, 47, 0 },
					    { 0, 0, 0, 0 } };

	return most[word2 >> 46 & 3][word2 >> 38 & 3];
}

/* The address bits that QEMU does not have: from 48 on in an STE, bit 51 in a
 * CD. */
static uint64_t pointer_lost(const struct entry *e)
{
	if (e->kind == ENTRY_STE && (e->word == 0 || e->word == 3))
		return MASK(48, 4);
	return e->kind == ENTRY_CD && (e->word == 1 || e->word == 2) ? BIT(51)
								     : 0;
}

static bool is_concatenated(uint64_t word2)
{
	unsigned int bits = root_bits(word2);

	return bits && 64 - (word2 >> 32 & 0x3f) > bits;
}

static uint64_t seen(const struct dispute *d, const struct entry *e)
{
	uint64_t raw = d->mutation && d->mutation->entry ? d->mutation->entry(e)
							 : e->raw;

	if ((d->view & VIEW_SPAN) && e->kind == ENTRY_L1STD && (raw & 0x1f))
		raw = (raw & ~UINT64_C(0x1f)) | (split_of(d->batch) + 1);
	if (e->device != d->device)
		return raw;
	if ((d->view & VIEW_PRIVILEGED) && e->kind == ENTRY_CD && e->word == 0)
		raw &= ~BIT(40);
	if ((d->view & VIEW_ONE_HALF) && e->kind == ENTRY_CD && e->word == 0)
		raw |= BIT(30);
	if ((d->view & VIEW_TBI) && e->kind == ENTRY_CD && e->word == 0)
		raw = (raw & ~BIT(39)) | (raw & BIT(38)) << 1;
	if ((d->view & VIEW_NO_PTW) && e->kind == ENTRY_STE && e->word == 2)
		raw &= ~BIT(54);
	if ((d->view & VIEW_HTTU) && e->kind == ENTRY_STE && e->word == 2)
		raw &= ~MASK(55, 2);
	if (d->view & VIEW_POINTER)
		raw &= ~pointer_lost(e);
	if ((d->view & VIEW_NO_CONCATENATION) && e->kind == ENTRY_STE &&
	    e->word == 2)
		raw = (raw & ~MASK(32, 6)) | (uint64_t)(64 - root_bits(raw))
						     << 32;
	return raw;
}

/* What was read elsewhere says so. */
static void show_misread(struct dispute *d)
{
	struct smmu_outcome *out = &d->adjusted;

	for (unsigned int i = 0; i < out->reads; i++)
		if (out->read[i].pa == d->misread)
			out->read[i].pa = d->misread_at;
	if (event_of(out) == SMMU_F_WALK_EABT && out->record[3] == d->misread)
		out->record[3] = d->misread_at;
}

/* The words that are changed take the places of those there. */
static void swap_changes(struct dispute *d)
{
	for (unsigned int i = 0; i < d->changes; i++) {
		uint64_t was = ram_get(d->batch->ram, d->change[i].pa);

		ram_put(d->batch->ram, d->change[i].pa, d->change[i].value);
		d->change[i].value = was;
	}
}

static void change(struct dispute *d, uint64_t pa, uint64_t value)
{
	for (unsigned int i = 0; i < d->changes; i++)
		if (d->change[i].pa == pa) {
			d->change[i].value = value;
			return;
		}
	BUG_ON(NULL, d->changes == CHANGES_MAX);
	d->change[d->changes].pa = pa;
	d->change[d->changes++].value = value;
}

/* Memory as `d` has it seen; and as it is. */
static void show(struct dispute *d)
{
	const struct batch *b = d->batch;

	for (unsigned int i = 0; i < b->entries; i++)
		ram_put(b->ram, b->entry[i].pa, seen(d, &b->entry[i]));
	swap_changes(d);
	judge_program(d->judge, b);
	d->judge->misread = d->misread;
	d->judge->misread_at = d->misread_at;
}
static void show_no_more(struct dispute *d)
{
	const struct batch *b = d->batch;

	swap_changes(d);
	for (unsigned int i = 0; i < b->entries; i++)
		ram_put(b->ram, b->entry[i].pa, b->entry[i].raw);
	d->judge->misread = 0;
	judge_program(d->judge, b);
}

static void ask_again(struct dispute *d)
{
	struct vector vector = *d->vector;

	if (d->view & VIEW_NO_CONCATENATION)
		vector.address &= MASK(0, root_bits(word_of(d, ENTRY_STE, 2)));
	if (d->view & VIEW_ADDRESS)
		vector.address = d->address;
	if (d->mutation && d->mutation->vector)
		d->mutation->vector(&vector);
	show(d);
	judge_ask(d->judge, d->device, &vector, d->view & VIEW_PRIVILEGED,
		  &d->adjusted);
	show_no_more(d);
	if (d->misread)
		show_misread(d);
	if (d->mutation && d->mutation->outcome)
		d->mutation->outcome(&d->adjusted);
	d->adjusted.record[1] &= ~BIT(33); /* PnU as it was */
	if (d->adjusted.record[1])
		d->adjusted.record[2] ^= d->vector->address ^ vector.address;
	if ((d->view & VIEW_NO_CONCATENATION) &&
	    event_of(&d->adjusted) >= SMMU_F_TRANSLATION)
		d->adjusted.record[3] |=
			d->vector->address & ~(vector.address | MASK(0, 12));
}

/* AP[1] says whether unprivileged accesses may: QEMU looks at AP[2] alone,
 * and at no PAN. */
static bool privileged(struct dispute *d)
{
	if (!(config_of(d) & 1))
		return false;
	d->view |= VIEW_PRIVILEGED;
	ask_again(d);
	return true;
}

/* TBI0 is taken for TBI1, too. */
static bool tbi(struct dispute *d)
{
	uint64_t cd = word_of(d, ENTRY_CD, 0);

	if (!(config_of(d) & 1) || !((cd >> 39 ^ cd >> 38) & 1))
		return false;
	d->view |= VIEW_TBI;
	ask_again(d);
	return true;
}

static bool no_ptw(struct dispute *d)
{
	if (!is_nested(d) || !(word_of(d, ENTRY_STE, 2) & BIT(54)))
		return false;
	d->view |= VIEW_NO_PTW;
	ask_again(d);
	return true;
}

/* S2HA and S2HD are not looked at. */
static bool s2_httu(struct dispute *d)
{
	if (config_of(d) < 6 || !(word_of(d, ENTRY_STE, 2) & MASK(55, 2)))
		return false;
	d->view |= VIEW_HTTU;
	ask_again(d);
	return true;
}

/* Addresses end at bit 47. */
static bool pointers(struct dispute *d)
{
	uint64_t all = word_of(d, ENTRY_STE, 0) | word_of(d, ENTRY_STE, 3) |
		       word_of(d, ENTRY_CD, 1) | word_of(d, ENTRY_CD, 2);

	if (config_of(d) < 5 || !(all & MASK(48, 4)))
		return false;
	d->view |= VIEW_POINTER;
	ask_again(d);
	return true;
}

/* An address beyond the output size is asked for all the same. */
static bool context_out_of_range(struct dispute *d)
{
	uint64_t pointer = word_of(d, ENTRY_STE, 0) & MASK(6, 42);

	if (config_of(d) != 5 || !(pointer >> 44) ||
	    d->adjusted.event != SMMU_C_BAD_STE)
		return false;
	set_event(d, SMMU_F_CD_FETCH);
	d->adjusted.record[3] = pointer;
	return true;
}

/* As an IPA it is a fault of stage 1, whose R is not known yet. */
static bool context_ipa_out_of_range(struct dispute *d)
{
	if (!is_nested(d) ||
	    !((word_of(d, ENTRY_STE, 0) & MASK(6, 42)) >> 44) ||
	    event_of(&d->adjusted) != SMMU_F_TRANSLATION ||
	    class_of(&d->adjusted) != 0)
		return false;
	d->adjusted.event = SMMU_NO_EVENT;
	return true;
}

/* L1STD.Span beyond SPLIT + 1 is taken; what does not fit is C_BAD_STE. QEMU
 * takes a table for twice as large as it is. */
static bool span(struct dispute *d)
{
	const struct smmu_read *r = last_read(&d->adjusted);
	uint64_t index, spans;

	if (d->adjusted.event != SMMU_C_BAD_STREAMID || !r ||
	    r->kind != SMMU_READ_L1STD || !(r->raw & 0x1f))
		return false;
	index = EDU_SID(d->device) & (BIT(split_of(d->batch)) - 1);
	spans = r->raw & 0x1f;
	if (index >= BIT(spans)) {
		set_event(d, SMMU_C_BAD_STE);
		return true;
	}
	d->view |= VIEW_SPAN;
	ask_again(d);
	return true;
}

/* Stage 1's fields count also where it does not translate, and S1CDMax where
 * there are no substreams. */
static bool stage1_fields(struct dispute *d)
{
	unsigned int config = config_of(d);

	if (config < 5 || (!(word_of(d, ENTRY_STE, 0) >> 59) &&
			   !(word_of(d, ENTRY_STE, 1) & BIT(27))))
		return false;
	set_event(d, SMMU_C_BAD_STE);
	return true;
}

/* A stage-2 input size above S2PS is refused. */
static bool input_above_s2ps(struct dispute *d)
{
	static const uint8_t sizes[8] = { 32, 36, 40, 42, 44, 44, 44, 44 };
	uint64_t word = word_of(d, ENTRY_STE, 2);

	if (config_of(d) < 6 ||
	    64 - (word >> 32 & 0x3f) <= sizes[word >> 48 & 7])
		return false;
	set_event(d, SMMU_C_BAD_STE);
	return true;
}

/* An input beyond the output size: bypassed all the same; before stage 2 a
 * fault that nobody records, for R is the CD's. */
static bool bypass_size(struct dispute *d)
{
	if (d->adjusted.event != SMMU_F_ADDR_SIZE ||
	    (d->vector->address & ~MASK(0, 44)) == 0 || config_of(d) & 1)
		return false;
	if (config_of(d) == 4)
		d->adjusted.result = SMMU_BYPASSED;
	d->adjusted.event = SMMU_NO_EVENT;
	return true;
}

/* Concatenated tables: the first alone is looked at. */
static bool concatenation(struct dispute *d)
{
	uint64_t word = word_of(d, ENTRY_STE, 2);
	uint64_t input = d->vector->address;

	if (config_of(d) != 6 || !is_concatenated(word) ||
	    input >> (64 - (word >> 32 & 0x3f)))
		return false;
	d->view |= VIEW_NO_CONCATENATION;
	ask_again(d);
	return true;
}

/* TTB1's first address, whose descriptor is the table's first. */
static uint64_t first_upper(uint64_t cd)
{
	unsigned int bits = 64 - (unsigned int)(cd >> 16 & 0x3f);

	return ~MASK(0, bits < 56 ? bits : 2);
}

/* Both root tables are translated when the CD is read, before anything is
 * said of the input, and TTB0's before TTB1's side is looked at. */
static bool roots_first(struct dispute *d)
{
	const uint64_t cd = word_of(d, ENTRY_CD, 0);
	const struct smmu_outcome was = d->adjusted;

	bool bad = d->adjusted.event == SMMU_C_BAD_CD;

	if (!is_nested(d))
		return false;
	for (unsigned int half = 0; half < (bad ? 1u : 2u); half++) {
		if (cd >> (half ? 30 : 14) & 1)
			continue;
		if (bad)
			d->view |= VIEW_ONE_HALF;
		d->address = half ? first_upper(cd) : 0;
		d->view |= VIEW_ADDRESS;
		ask_again(d);
		if (class_of(&d->adjusted) == 1 && !last_s1(&d->adjusted) &&
		    d->adjusted.result == SMMU_ABORTED &&
		    d->adjusted.record[1] & BIT(39)) {
			d->root_known = true;
			d->upper_root = half;
			return true;
		}
	}
	d->view &= ~(unsigned int)(VIEW_ADDRESS | VIEW_ONE_HALF);
	d->adjusted = was;
	return false;
}

/* The size that CD.IPS gives to stage 1's output. */
static unsigned int ips_bits(const struct dispute *d)
{
	static const uint8_t sizes[8] = { 32, 36, 40, 42, 44, 44, 44, 44 };

	return sizes[word_of(d, ENTRY_CD, 0) >> 32 & 7];
}

/* Where stage 2 has put stage 1's root table, cut to IPS, which is the size of
 * IPAs. What lies above is nowhere (NOWHERE_PA is 2^32, the smallest IPS), so
 * that the first descriptor of stage 1 could not be read. */
static bool root_cut(struct dispute *d)
{
	const struct smmu_outcome *out = &d->adjusted;
	uint64_t pa = out->record[3];

	if (!is_nested(d) || event_of(out) != SMMU_F_WALK_EABT ||
	    class_of(out) != 1 || (out->record[1] & BIT(39)) || last_s1(out) ||
	    !(pa >> ips_bits(d)))
		return false;
	d->misread = pa;
	d->misread_at = pa & MASK(0, ips_bits(d));
	ask_again(d);
	return true;
}

/* ---- leaves ---- */

/* QEMU looks at AF, then at permissions, then at the output's size. */
static bool size_last(struct dispute *d)
{
	const struct smmu_read *r = last_read(&d->adjusted);
	struct smmu_outcome was = d->adjusted;
	uint64_t s2 = was.record[1] & BIT(39);
	unsigned int changes;

	if (event_of(&was) != SMMU_F_ADDR_SIZE || !r ||
	    r->kind < SMMU_READ_S1 || !in_ram(r->pa, 8) ||
	    ((r->raw & 3) == 3 && r->level != 3))
		return false;
	/* Of the leaf that does not fit, the fitting bits; it may stand
	 * anywhere, as in QEMU's own device tree. */
	changes = d->changes;
	change(d, r->pa, r->raw & ~MASK(32, 16));
	ask_again(d);
	if ((event_of(&d->adjusted) == SMMU_F_ACCESS ||
	     event_of(&d->adjusted) == SMMU_F_PERMISSION) &&
	    (d->adjusted.record[1] & BIT(39)) == s2 &&
	    d->adjusted.reads == was.reads)
		return true;
	d->changes = changes;
	d->adjusted = was;
	return false;
}

/* TG0's encoding of the granule that the last descriptor is of. */
static unsigned int granule_in(const struct batch *b, unsigned int device,
			       const struct smmu_read *r)
{
	static const uint8_t tg1[4] = { 3, 2, 0, 1 };
	uint64_t cd = word_in(b, device, ENTRY_CD, 0);

	if (r->kind != SMMU_READ_S1)
		return word_in(b, device, ENTRY_STE, 2) >> 46 & 3;
	return b->vector[device].address >> 55 & 1 ? tg1[cd >> 22 & 3]
						   : cd >> 6 & 3;
}

/* The table's address in a descriptor. */
static uint64_t table_of(const struct dispute *d, const struct smmu_read *r)
{
	static const uint8_t page_lg2[4] = { 12, 16, 14, 12 };
	unsigned int lg2 = page_lg2[granule_in(d->batch, d->device, r)];

	return r->raw & MASK(lg2, 48 - lg2);
}

/* Blocks at 4K's level 0 and at level 1 of the others: seen as a table of
 * blocks, of which one entry is needed. */
static bool large_block(struct dispute *d)
{
	const struct smmu_read *r = last_read(&d->adjusted);
	const uint64_t scratch = STREAMS_PA + 0x80000;
	static const uint8_t shifts[4] = { 30, 29, 25, 0 };
	unsigned int tg, shift, index;

	if (d->adjusted.event != SMMU_F_TRANSLATION &&
	    d->adjusted.event != SMMU_NO_EVENT)
		return false;
	if (!r || r->kind < SMMU_READ_S1 || (r->raw & 3) != 1 || r->level > 1 ||
	    d->adjusted.result == SMMU_TRANSLATED || is_nested(d))
		return false;
	tg = granule_in(d->batch, d->device, r);
	if (r->level == 0 && tg != 0)
		return false;
	shift = shifts[tg];
	index = (unsigned int)(d->vector->address >> shift &
			       MASK(0, tg == 0	 ? 9
				       : tg == 1 ? 13
						 : 11));
	change(d, r->pa, scratch | 3);
	ram_put(d->batch->ram, scratch + 8 * (uint64_t)index,
		(r->raw & ~MASK(shift, 48 - shift)) |
			(r->raw & MASK(shift, 48 - shift) &
			 ~MASK(shift, tg == 0	? 9
				      : tg == 1 ? 13
						: 11)) |
			(uint64_t)index << shift);
	ask_again(d);
	/* Its size is looked at last. */
	if (d->adjusted.event == SMMU_F_ADDR_SIZE) {
		struct smmu_outcome was = d->adjusted;

		ram_put(d->batch->ram, scratch + 8 * (uint64_t)index,
			ram_get(d->batch->ram, scratch + 8 * (uint64_t)index) &
				~MASK(32, 16));
		ask_again(d);
		if (!event_of(&d->adjusted))
			d->adjusted = was;
	}
	ram_put(d->batch->ram, scratch + 8 * (uint64_t)index, 0);
	return true;
}

/* ---- stage-1 tables that stage 2 has in pieces ---- */

/* The bytes of stage 1's root table, as QEMU counts its levels. */
static uint64_t root_bytes(const struct dispute *d)
{
	static const uint8_t page_lg2[4] = { 12, 16, 14, 12 };
	bool upper = d->vector->address >> 55 & 1;
	const struct smmu_read in_stage1 = { .kind = SMMU_READ_S1 };
	unsigned int stride =
		page_lg2[granule_in(d->batch, d->device, &in_stage1)] - 3;
	unsigned int bits =
		64 - (word_of(d, ENTRY_CD, 0) >> (upper ? 16 : 0) & 0x3f);

	return UINT64_C(8) << ((bits - 4) % stride + 1);
}

/* `r` is stage 2's leaf for a descriptor in the table at `base`. QEMU has
 * translated the table's first page and goes on from there. True: changed. */
static bool piece_follows_first(struct dispute *d, const struct smmu_read *r,
				uint64_t base, bool root)
{
	static const uint8_t page_lg2[4] = { 12, 16, 14, 12 };
	unsigned int lg2 = page_lg2[word_of(d, ENTRY_STE, 2) >> 46 & 3];
	uint64_t bytes = root ? root_bytes(d) : BIT(lg2);
	uint64_t pages = (r->input >> lg2) - (base >> lg2);
	uint64_t first_pa = r->pa - 8 * pages, first, out;

	if ((first_pa ^ r->pa) >> lg2)
		return false;
	show(d);
	first = ram_get(d->batch->ram, first_pa);
	show_no_more(d);
	out = (first & MASK(lg2, 48 - lg2)) | (base & MASK(0, lg2));
	out &= ~(bytes - 1);
	out += (r->input & ~MASK(0, lg2)) - (base & ~(bytes - 1));
	first = (first & ~MASK(lg2, 48 - lg2)) | (out & MASK(lg2, 48 - lg2));
	if (first == r->raw)
		return false;
	change(d, r->pa, first);
	return true;
}

/* The first of them that is not where QEMU looks for it. */
static bool next_piece(struct dispute *d)
{
	const struct smmu_outcome *out = &d->adjusted;
	bool upper = d->vector->address >> 55 & 1, root = true;
	uint64_t base = word_of(d, ENTRY_CD, upper ? 2 : 1) & MASK(4, 44);

	for (unsigned int i = 0; i < out->reads; i++) {
		const struct smmu_read *r = &out->read[i];

		if (r->kind == SMMU_READ_S2_FOR_S1 && r->level == 3 &&
		    piece_follows_first(d, r, base, root))
			return true;
		if (r->kind == SMMU_READ_S1) {
			base = table_of(d, r);
			root = false;
		}
	}
	return false;
}

static bool pieces(struct dispute *d)
{
	bool any = false;

	while (is_nested(d) && d->changes < CHANGES_MAX && next_piece(d)) {
		ask_again(d);
		any = true;
	}
	return any;
}

/* APTable is judged where it stands, before what is below. */
static bool ap_table_first(struct dispute *d)
{
	const uint64_t had = BIT(1);
	struct smmu_outcome *out = &d->adjusted;
	bool upper = d->vector->address >> 55 & 1;
	uint64_t cd = word_of(d, ENTRY_CD, 0);

	if (!d->vector->write || (word_of(d, ENTRY_CD, upper ? 2 : 1) & had))
		return false;
	for (unsigned int i = 0; i < out->reads; i++) {
		const struct smmu_read *r = &out->read[i];

		if (r->kind != SMMU_READ_S1 || (r->raw & 3) != 3 ||
		    r->level == 3 || !(r->raw & BIT(62)))
			continue;
		set_event(d, SMMU_F_PERMISSION);
		out->record[1] = BIT(41);
		out->record[2] = d->vector->address;
		if (!(cd & BIT(45)))
			out->event = SMMU_NO_EVENT;
		return true;
	}
	return false;
}

/* A stage-1 table's IPA beyond the output size is a fault of the table. */
static bool table_ipa_size(struct dispute *d)
{
	const struct smmu_read *r = last_read(&d->adjusted);
	struct smmu_outcome *out = &d->adjusted;

	if (event_of(out) != SMMU_F_ADDR_SIZE || !r || !is_nested(d) ||
	    r->kind != SMMU_READ_S1 || (r->raw & 3) != 3 || r->level == 3)
		return false;
	out->record[1] ^= BIT(41) | BIT(40);
	out->record[3] = table_of(d, r);
	return true;
}

/* A table's address is not compared with the output size: QEMU reads there. */
static bool table_size(struct dispute *d)
{
	const struct smmu_read *r = last_read(&d->adjusted);
	struct smmu_outcome *out = &d->adjusted;
	bool s2 = out->record[1] & BIT(39);
	uint64_t record[2] = { out->record[1], out->record[2] };

	if (event_of(out) != SMMU_F_ADDR_SIZE || !r || r->kind < SMMU_READ_S1 ||
	    (r->raw & 3) != 3 || r->level == 3 ||
	    (d->qemu->record[0] & 0xff) != SMMU_F_WALK_EABT)
		return false;
	set_event(d, SMMU_F_WALK_EABT);
	out->record[1] = s2 ? record[0] : (record[0] & ~BIT(41)) | BIT(40);
	out->record[2] = record[1];
	/* Which entry of the table depends on the granule alone. */
	out->record[3] =
		(r->raw & MASK(16, 32)) | (d->qemu->record[3] & MASK(0, 16));
	return true;
}

/* ---- what a record says ---- */

static bool is_translation_related(const struct smmu_outcome *out)
{
	return event_of(out) >= SMMU_F_TRANSLATION &&
	       event_of(out) <= SMMU_F_PERMISSION;
}
/* CD and root tables are translated when the CD is read, as a read of QEMU's
 * own. */
static bool rnw_of_configuration(struct dispute *d)
{
	struct smmu_outcome *out = &d->adjusted;

	if (!(out->record[1] & BIT(39)) || class_of(out) == 2 ||
	    (!is_translation_related(out) && out->event != SMMU_F_WALK_EABT) ||
	    (d->qemu->record[1] & BIT(35)) == (out->record[1] & BIT(35)))
		return false;
	out->record[1] |= BIT(35);
	return true;
}

/* TTRnW does not exist. */
static bool no_ttrnw(struct dispute *d)
{
	if (!(d->adjusted.record[1] & BIT(44)) ||
	    event_of(&d->adjusted) != SMMU_F_PERMISSION)
		return false;
	d->adjusted.record[1] &= ~BIT(44);
	return true;
}

/* A linear table is aligned to half of its size. */
static bool half_aligned(struct dispute *d)
{
	struct smmu_outcome *out = &d->adjusted;
	uint64_t bit = BIT((d->batch->strtab_cfg & 0x3f) + 5);

	if (out->event != SMMU_F_STE_FETCH || d->batch->two_level ||
	    !(d->batch->strtab_base & bit))
		return false;
	out->record[3] += bit;
	return true;
}

/* F_CD_FETCH has its FetchAddr where others have InputAddr. */
static bool fetch_misplaced(struct dispute *d)
{
	struct smmu_outcome *out = &d->adjusted;

	if (out->event != SMMU_F_CD_FETCH)
		return false;
	out->record[2] = out->record[3];
	out->record[3] = 0;
	return true;
}

/* IPA of the stage-1 table that could not be read. */
static uint64_t table_base(const struct dispute *d)
{
	const struct smmu_read *r = last_s1(&d->adjusted);
	bool upper =
		d->root_known ? d->upper_root : d->vector->address >> 55 & 1;

	if (r)
		return table_of(d, r);
	return word_of(d, ENTRY_CD, upper ? 2 : 1) & MASK(4, 44);
}

/* The IPA is whole, and of a table its first byte. */
static bool whole_ipa(struct dispute *d)
{
	struct smmu_outcome *out = &d->adjusted;
	uint64_t page = MASK(0, 12);

	if (!is_translation_related(out) || !(out->record[1] & BIT(39)))
		return false;
	if (class_of(out) == 2)
		out->record[3] =
			(out->record[3] & ~page) | (d->vector->address & page);
	else
		out->record[3] = class_of(out) == 1 ? table_base(d)
						    : word_of(d, ENTRY_STE, 0) &
							      MASK(6, 42);
	return true;
}

/* That the stage was 2 is lost if a table below the root may not be read. */
static bool stage_of_table_lost(struct dispute *d)
{
	struct smmu_outcome *out = &d->adjusted;

	bool abort = event_of(out) == SMMU_F_WALK_EABT;

	if ((!is_translation_related(out) && !abort) || class_of(out) != 1 ||
	    !(out->record[1] & BIT(39)) || !last_s1(out))
		return false;
	out->record[1] &= ~BIT(39);
	out->record[3] = table_base(d);
	if (abort)
		return true;
	/* So it is CD.R, too, that says whether it is told. */
	out->event = word_of(d, ENTRY_CD, 0) & BIT(45) ? event_of(out)
						       : SMMU_NO_EVENT;
	return true;
}

/* With both stages on: concatenated tables, a block where none can be, and a
 * stage-1 table beyond IPS that is an IPA all the same; a block of 128 TiB, or
 * one that is larger than the output; a table among QEMU's devices. */
bool known_can_follow(const struct batch *b, unsigned int device,
		      const struct smmu_outcome *out)
{
	const struct smmu_read *r = last_read(out);
	bool nested = (word_in(b, device, ENTRY_STE, 0) >> 1 & 7) == 7;
	uint64_t size, table;

	if (nested && is_concatenated(word_in(b, device, ENTRY_STE, 2)))
		return false;
	if (!r || r->kind < SMMU_READ_S1)
		return true;
	size = r->kind == SMMU_READ_S1
		       ? word_in(b, device, ENTRY_CD, 0) >> 32 & 7
		       : word_in(b, device, ENTRY_STE, 2) >> 48 & 7;
	if ((r->raw & 3) == 1 && r->level < 2 &&
	    (nested || size < 4 ||
	     (r->level == 0 && granule_in(b, device, r) != 0)))
		return false;
	if (event_of(out) != SMMU_F_ADDR_SIZE || (r->raw & 3) != 3 ||
	    r->level == 3)
		return true;
	/* A table beyond the output size, which QEMU reads. */
	table = r->raw & MASK(12, 36);
	if (nested && r->kind == SMMU_READ_S1)
		return table >> 44;
	return table < DEVICES_PA || table >= DEVICES_END;
}

const struct known known_differences[] = {
	{ "L1STD-span",
	  "5.1 Span, 7.3.3: reserved or too large is "
	  "C_BAD_STREAMID",
	  span },
	{ "stage-1-fields", "5.2: IGNORED while stage 1 is bypassed",
	  stage1_fields },
	{ "input-above-S2PS", "5.2 S2T0SZ: the bound is the IAS",
	  input_above_s2ps },
	{ "S2-HTTU", "5.2 S2HA, S2HD: ILLEGAL without HTTU", s2_httu },
	{ "48-bit-pointers", "5.2, 5.4: S1ContextPtr, S2TTB, TTB", pointers },
	{ "bypass-size", "3.4: F_ADDR_SIZE is recorded", bypass_size },
	{ "concatenation", "DDI0487 D8.2.2", concatenation },
	{ "AP[1]", "13.1.3, 13.4.1: transactions are unprivileged; PAN",
	  privileged },
	{ "TBI1", "5.4 TBI1", tbi },
	{ "S2PTW", "5.2 S2PTW", no_ptw },
	{ "CD-IPA-out-of-range", "3.4.3 (2): C_BAD_STE or stage 2's fault",
	  context_ipa_out_of_range },
	{ "table-in-pieces", "DDI0487 D8.2: each descriptor's IPA", pieces },
	{ "root-cut-to-IPS", "5.4 IPS: of IPAs; a PA has S2PS", root_cut },
	{ "roots-first", "7.3.22", roots_first },
	{ "large-block", "DDI0487 D8.3.1: no blocks there", large_block },
	{ "size-last", "7.3.22: F_ADDR_SIZE, F_ACCESS, F_PERMISSION",
	  size_last },
	{ "APTable-first", "DDI0487 D8.4.1", ap_table_first },
	{ "table-IPA-size", "7.3.14: CLASS == IN", table_ipa_size },
	{ "table-size", "7.3.14: descriptors of tables too", table_size },
	{ "CD-out-of-range", "3.4.3 (1): C_BAD_STE", context_out_of_range },
	{ "half-aligned", "6.3.24 STRTAB_BASE.ADDR", half_aligned },
	{ "fetch-misplaced", "7.3.10", fetch_misplaced },
	{ "no-TTRnW", "7.3.16", no_ttrnw },
	{ "RnW-of-configuration", "7.3: RnW is the transaction's",
	  rnw_of_configuration },
	{ "whole-IPA", "7.3.13: IPA[51:12]", whole_ipa },
	{ "stage-of-table-lost", "7.3.13: S2 == 1, CLASS == TT",
	  stage_of_table_lost },
};
const unsigned int known_count =
	sizeof(known_differences) / sizeof(known_differences[0]);
