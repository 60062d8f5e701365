/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two-stage walks, rules 13 to 18, decoded from DDI0487 D8.2 and D8.3; 48-bit
 * addresses.
 * What a walk learns is kept in a list and put into the walk caches and the
 * stage-2 TLB when it ends.
 */
#include "recount.h"

#define ADDRESS_MASK UINT64_C(0x0000fffffffff000)
#define LEARNED_MAX  128

static const struct granule granule_4k = {
	12, 9, { false, true, true, false }, { 0, 4, 4, 4 }, 2
};
static const struct granule granule_16k = {
	14, 11, { false, false, true, false }, { 0, 0, 5, 7 }, 3
};
static const struct granule granule_64k = {
	16, 13, { false, false, true, false }, { 0, 0, 5, 5 }, 3
};

const struct granule *granule_tg0(uint64_t tg0)
{
	return tg0 == 1 ? &granule_64k : tg0 == 2 ? &granule_16k : &granule_4k;
}

const struct granule *granule_tg1(uint64_t tg1)
{
	return tg1 == 1 ? &granule_16k : tg1 == 3 ? &granule_64k : &granule_4k;
}

static uint64_t field(uint64_t value, unsigned int lsb, unsigned int width)
{
	return value >> lsb & ((UINT64_C(1) << width) - 1);
}

static bool bit(uint64_t value, unsigned int at)
{
	return value >> at & 1;
}

/* One thing to hold: a pointer of either stage, or a stage-2 leaf. */
struct learned {
	enum { LEARNED_S1, LEARNED_S2, LEARNED_LEAF } what;
	struct pointer pointer;
	struct translation leaf;
	uint64_t address;
};

struct walker {
	struct machine *m;
	struct cpu *cpu;
	struct learned learned[LEARNED_MAX];
	unsigned int learned_count, reads;
	struct fault *fault;
	double cycles;
};

static bool fails(struct walker *w, enum fault_kind kind, unsigned int stage,
		  unsigned int level)
{
	*w->fault =
		(struct fault){ .kind = kind, .stage = stage, .level = level };
	return false;
}

static struct learned *learn(struct walker *w)
{
	demand(w->learned_count < LEARNED_MAX, "a walk's length");
	return &w->learned[w->learned_count++];
}

static void learn_pointer(struct walker *w, int what, const struct granule *g,
			  const struct pointer *p, uint64_t address)
{
	struct learned *l = learn(w);

	l->what = what == 1 ? LEARNED_S1 : LEARNED_S2;
	l->pointer = *p;
	l->pointer.range = table_range(g, p->level);
	l->pointer.prefix = address >> l->pointer.range;
}

static void learned_hold(struct walker *w)
{
	unsigned int i;

	for (i = 0; i < w->learned_count; i++) {
		const struct learned *l = &w->learned[i];

		if (l->what == LEARNED_S1)
			walk_cache_fill(&w->cpu->wc1, &l->pointer);
		else if (l->what == LEARNED_S2)
			walk_cache_fill(&w->cpu->wc2, &l->pointer);
		else
			tlb_fill(&w->cpu->s2, &l->leaf, l->address);
	}
}

/* Rule 16: one descriptor read's traffic. */
static void descriptor_read(struct walker *w, uint64_t pa, bool cacheable)
{
	enum level served = MEMORY;
	double cycles;

	if (cacheable)
		served = caches_access(&w->m->caches, w->cpu->number, BY_WALK,
				       w->m->walk_entry, pa, false);
	cycles = w->m->latency[served];
	w->reads++;
	w->cycles += cycles;
	charge(w->m, w->cpu, IN_WALK, cycles);
}

uint16_t current_vmid(const struct machine *m)
{
	return (uint16_t)(bit(m->vtcr, 19) ? field(m->vttbr, 48, 16)
					   : field(m->vttbr, 48, 8));
}

/* TCR.A1 says whose, TCR.AS how many bits. */
uint16_t current_asid(const struct cpu *cpu)
{
	uint64_t ttbr = bit(cpu->reg.tcr, 22) ? cpu->reg.ttbr1 : cpu->reg.ttbr0;

	return (uint16_t)field(ttbr, 48, bit(cpu->reg.tcr, 36) ? 16 : 8);
}

bool stage1_is_on(const struct cpu *cpu)
{
	return bit(cpu->reg.sctlr, 0);
}

static unsigned int output_bits(uint64_t encoded)
{
	static const unsigned int bits[8] = { 32, 36, 40, 42, 44, 48, 48, 48 };

	return bits[encoded & 7];
}

enum kind { NOTHING, TABLE, LEAF };
static enum kind descriptor_kind(const struct granule *g, uint64_t pte,
				 unsigned int level)
{
	if (!bit(pte, 0))
		return NOTHING;
	if (level == 3)
		return bit(pte, 1) ? LEAF : NOTHING;
	if (bit(pte, 1))
		return TABLE;
	return g->block[level] ? LEAF : NOTHING;
}

/* Rule 7: a leaf's own size, or its run's if that is used, no larger than the
 * input range, and the leaf is in its place of it. */
static unsigned int leaf_size(const struct machine *m, const struct granule *g,
			      uint64_t pte, unsigned int level,
			      uint64_t address, unsigned int input_bits)
{
	unsigned int size = entry_range(g, level), run = size + g->run[level];
	uint64_t place = (pte & ADDRESS_MASK) >> size ^ address >> size;

	if (!m->runs || !bit(pte, 52) || run > input_bits ||
	    place & ((UINT64_C(1) << (run - size)) - 1))
		return size;
	return run;
}

static const struct granule *stage2_granule(const struct machine *m)
{
	return granule_tg0(field(m->vtcr, 14, 2));
}

static unsigned int stage2_bits(const struct machine *m)
{
	return 64 - (unsigned int)field(m->vtcr, 0, 6);
}

/* ---- stage 2 ---- */

static void stage2_attributes(struct translation *t, uint64_t pte)
{
	unsigned int attr = (unsigned int)field(pte, 2, 4);
	unsigned int xn = (unsigned int)field(pte, 53, 2);

	t->s2_r = bit(pte, 6);
	t->s2_w = bit(pte, 7);
	t->s2_x1 = xn == 0 || xn == 3;
	t->s2_x0 = xn == 0 || xn == 1;
	t->s2_device = attr < 4;
	t->s2_cacheable = attr >> 2 >= 2 && (attr & 3) >= 2;
}

static bool stage2_allows(const struct translation *t, const struct access *a)
{
	if (a->fetch)
		return a->el0 ? t->s2_x0 : t->s2_x1;
	return a->write ? t->s2_w : t->s2_r;
}

/* Rule 11: held unless it forbids what it was asked for. */
static bool stage2_leaf(struct walker *w, uint64_t ipa, const struct access *a,
			uint64_t pte, unsigned int level,
			struct translation *out)
{
	struct learned *l;

	if (!bit(pte, 10))
		return fails(w, FAULT_ACCESS_FLAG, 2, level);
	*out = (struct translation){
		.size = leaf_size(w->m, stage2_granule(w->m), pte, level, ipa,
				  stage2_bits(w->m)),
		.vmid = current_vmid(w->m),
		.global = true,
		.s2_level = level,
	};
	out->reach = out->size;
	out->page = ipa >> out->size;
	out->pa = (pte & ADDRESS_MASK) >> out->size << out->size;
	stage2_attributes(out, pte);
	if (!stage2_allows(out, a))
		return true;
	l = learn(w);
	l->what = LEARNED_LEAF;
	l->leaf = *out;
	l->address = ipa;
	return true;
}

/* SL0 gives the level; the root's tables may be several in a row. */
static bool stage2_root(struct walker *w, uint64_t ipa, struct pointer *at)
{
	unsigned int bits = stage2_bits(w->m);

	*at = (struct pointer){
		.level = stage2_granule(w->m)->s2_start -
			 (unsigned int)field(w->m->vtcr, 6, 2),
		.vmid = current_vmid(w->m),
		.table = w->m->vttbr & UINT64_C(0xfffffffffffe),
	};
	if (ipa >> bits)
		return fails(w, FAULT_TRANSLATION, 2, 0);
	return at->table >> output_bits(field(w->m->vtcr, 16, 3)) == 0 ||
	       fails(w, FAULT_ADDRESS_SIZE, 2, 0);
}

static bool stage2_walk(struct walker *w, uint64_t ipa, const struct access *a,
			struct translation *out)
{
	bool cacheable = field(w->m->vtcr, 8, 2) && field(w->m->vtcr, 10, 2);
	const struct granule *g = stage2_granule(w->m);
	const struct pointer *hit;
	unsigned int root_level;
	struct pointer at;
	uint64_t pte, pa;
	bool known;

	if (!stage2_root(w, ipa, &at))
		return false;
	root_level = at.level;
	hit = walk_cache_lookup(&w->cpu->wc2, ipa, g, root_level, at.vmid, 0);
	if (hit)
		at = *hit;
	for (;; at.level++) {
		pa = ipa >> entry_range(g, at.level);
		if (at.level != root_level)
			pa = field(pa, 0, g->stride);
		pa = at.table + pa * 8;
		descriptor_read(w, pa, cacheable);
		pte = tables_read(w->m->stage2, pa, &known);
		if (descriptor_kind(g, pte, at.level) == NOTHING)
			return fails(w, FAULT_TRANSLATION, 2, at.level);
		if ((pte & ADDRESS_MASK) >>
		    output_bits(field(w->m->vtcr, 16, 3)))
			return fails(w, FAULT_ADDRESS_SIZE, 2, at.level);
		if (descriptor_kind(g, pte, at.level) == LEAF)
			return stage2_leaf(w, ipa, a, pte, at.level, out);
		at.table = pte & ADDRESS_MASK;
		at.level++;
		learn_pointer(w, 2, g, &at, ipa);
		at.level--;
	}
}

/* Rule 11, then 13. */
static bool stage2(struct walker *w, uint64_t ipa, const struct access *a,
		   struct translation *out)
{
	const struct translation *hit;

	if (w->cpu->s2.present) {
		hit = tlb_lookup(&w->cpu->s2, ipa, current_vmid(w->m), 0,
				 false);
		if (hit) {
			*out = *hit;
			return true;
		}
	}
	return stage2_walk(w, ipa, a, out);
}

static uint64_t address_in(const struct translation *t, uint64_t address)
{
	return t->pa + (address & ((UINT64_C(1) << t->size) - 1));
}

/* ---- stage 1 ---- */

/* MAIR's byte; either half 0b0100 is Non-cacheable, the byte 0b0000xx00
 * Device. */
static void memory_type(struct translation *t, uint64_t mair,
			unsigned int index)
{
	unsigned int attr = (unsigned int)(mair >> 8 * index & 0xff);

	t->device = attr >> 4 == 0;
	t->cacheable = !t->device && attr >> 4 != 4 && (attr & 15) != 4;
}

static void stage1_permissions(struct translation *t, const struct cpu *cpu,
			       const struct pointer *table, uint64_t pte)
{
	bool read_only = bit(pte, 7) || table->read_only;
	bool el0 = bit(pte, 6) && !table->no_el0;
	bool wxn = bit(cpu->reg.sctlr, 19);

	t->r1 = true;
	t->w1 = !read_only;
	t->r0 = el0;
	t->w0 = el0 && !read_only;
	t->x1 = !bit(pte, 53) && !table->pxn && !t->w0 && !(wxn && t->w1);
	t->x0 = !bit(pte, 54) && !table->uxn && !(wxn && t->w0);
}

static const struct granule *stage1_granule(const struct cpu *cpu, uint64_t va)
{
	return bit(va, 55) ? granule_tg1(field(cpu->reg.tcr, 30, 2))
			   : granule_tg0(field(cpu->reg.tcr, 14, 2));
}

static unsigned int stage1_bits(const struct cpu *cpu, uint64_t va)
{
	return 64 - (unsigned int)field(cpu->reg.tcr, bit(va, 55) ? 16 : 0, 6);
}

/* Where the tables of a->va start; false: none. */
static bool stage1_root(struct walker *w, uint64_t va, struct pointer *at,
			bool *cacheable)
{
	const struct granule *g = stage1_granule(w->cpu, va);
	const struct registers *r = &w->cpu->reg;
	bool high = bit(va, 55);
	unsigned int base = high ? 16 : 0;
	unsigned int bits = stage1_bits(w->cpu, va);
	uint64_t top = va >> bits, full = ~UINT64_C(0) >> bits;

	if (bits > 48 || bits < 25 || bit(r->tcr, base + 7) ||
	    top != (high ? full : 0))
		return fails(w, FAULT_TRANSLATION, 1, 0);
	*at = (struct pointer){
		.level = 3 - (bits - 1 - g->page) / g->stride,
		.vmid = current_vmid(w->m),
		.asid = current_asid(w->cpu),
		.table =
			(high ? r->ttbr1 : r->ttbr0) & UINT64_C(0xfffffffffffe),
	};
	*cacheable = field(r->tcr, base + 8, 2) &&
		     field(r->tcr, base + 10, 2) && bit(r->sctlr, 2);
	return at->table >> output_bits(field(r->tcr, 32, 3)) == 0 ||
	       fails(w, FAULT_ADDRESS_SIZE, 1, 0);
}

static bool stage1_read(struct walker *w, uint64_t ipa, bool cacheable,
			uint64_t *pte)
{
	static const struct access read = { .bytes = 8 };
	struct translation page;
	bool known;

	if (!stage2(w, ipa, &read, &page)) {
		w->fault->on_table = true;
		w->fault->ipa = ipa;
		return false;
	}
	if (!page.s2_r) {
		fails(w, FAULT_PERMISSION, 2, page.s2_level);
		w->fault->on_table = true;
		w->fault->ipa = ipa;
		return false;
	}
	descriptor_read(w, address_in(&page, ipa),
			cacheable && page.s2_cacheable);
	*pte = tables_read(w->m->stage1, ipa, &known);
	w->m->unknown_tables += !known;
	return true;
}

static bool stage1_leaf(struct walker *w, const struct access *a,
			const struct pointer *at, uint64_t pte,
			struct translation *t, uint64_t *ipa)
{
	if (!bit(pte, 10))
		return fails(w, FAULT_ACCESS_FLAG, 1, at->level);
	*t = (struct translation){
		.size = leaf_size(w->m, stage1_granule(w->cpu, a->va), pte,
				  at->level, a->va,
				  stage1_bits(w->cpu, a->va)),
		.vmid = at->vmid,
		.asid = at->asid,
		.global = !bit(pte, 11),
		.stage1 = true,
		.level = at->level,
	};
	t->reach = t->size;
	t->page = a->va >> t->size;
	memory_type(t, w->cpu->reg.mair, (unsigned int)field(pte, 2, 3));
	stage1_permissions(t, w->cpu, at, pte);
	*ipa = (pte & ADDRESS_MASK) >> t->size << t->size;
	*ipa += a->va & ((UINT64_C(1) << t->size) - 1);
	return true;
}

static void hierarchy(struct pointer *at, uint64_t pte)
{
	at->no_el0 = at->no_el0 || bit(pte, 61);
	at->read_only = at->read_only || bit(pte, 62);
	at->pxn = at->pxn || bit(pte, 59);
	at->uxn = at->uxn || bit(pte, 60);
}

static bool stage1_walk(struct walker *w, const struct access *a,
			struct translation *t, uint64_t *ipa)
{
	unsigned int out_bits = output_bits(field(w->cpu->reg.tcr, 32, 3));
	const struct granule *g = stage1_granule(w->cpu, a->va);
	const struct pointer *hit;
	unsigned int index_lsb;
	struct pointer at;
	bool cacheable;
	uint64_t pte;

	if (!stage1_root(w, a->va, &at, &cacheable))
		return false;
	hit = walk_cache_lookup(&w->cpu->wc1, a->va, g, at.level, at.vmid,
				at.asid);
	if (hit)
		at = *hit;
	for (;; at.level++) {
		/* What the root cannot have is out of range already. */
		index_lsb = entry_range(g, at.level);
		if (!stage1_read(w,
				 at.table + field(a->va, index_lsb, g->stride) *
						    8,
				 cacheable, &pte))
			return false;
		if (descriptor_kind(g, pte, at.level) == NOTHING)
			return fails(w, FAULT_TRANSLATION, 1, at.level);
		if ((pte & ADDRESS_MASK) >> out_bits)
			return fails(w, FAULT_ADDRESS_SIZE, 1, at.level);
		if (descriptor_kind(g, pte, at.level) == LEAF)
			return stage1_leaf(w, a, &at, pte, t, ipa);
		hierarchy(&at, pte);
		at.table = pte & ADDRESS_MASK;
		at.level++;
		learn_pointer(w, 1, g, &at, a->va);
		at.level--;
	}
}

/* ---- both ---- */

/* Stage 1 off: an entry as both sides would use it; how a fetch or a load
 * sees its memory is decided at the access. */
static void stage1_none(struct walker *w, const struct access *a,
			struct translation *t)
{
	*t = (struct translation){
		.size = 63,
		.vmid = current_vmid(w->m),
		.global = true,
		.r1 = true,
		.w1 = true,
		.x1 = true,
		.r0 = true,
		.w0 = true,
		.x0 = true,
		.cacheable = true,
	};
	t->page = a->va >> t->size;
}

static bool stage1_allows(const struct translation *t, const struct access *a)
{
	if (a->fetch)
		return a->el0 ? t->x0 : t->x1;
	if (a->write)
		return a->el0 ? t->w0 : t->w1;
	return a->el0 ? t->r0 : t->r1;
}

bool translation_allows(const struct translation *t, const struct access *a,
			struct fault *fault)
{
	*fault = (struct fault){ .stage = 1, .level = t->level };
	if (!stage1_allows(t, a)) {
		fault->kind = FAULT_PERMISSION;
		return false;
	}
	*fault = (struct fault){ .stage = 2, .level = t->s2_level };
	if (!stage2_allows(t, a))
		fault->kind = FAULT_PERMISSION;
	return !fault->kind;
}

static void combine(struct translation *t, const struct translation *s2,
		    uint64_t va, uint64_t ipa)
{
	uint64_t pa = address_in(s2, ipa);

	t->size = s2->size < t->size ? s2->size : t->size;
	t->page = va >> t->size;
	t->pa = pa >> t->size << t->size;
	t->s2_r = s2->s2_r;
	t->s2_w = s2->s2_w;
	t->s2_x1 = s2->s2_x1;
	t->s2_x0 = s2->s2_x0;
	t->s2_level = s2->s2_level;
	t->device = t->device || s2->s2_device;
	t->cacheable = t->cacheable && s2->s2_cacheable;
}

static bool both(struct walker *w, const struct access *a,
		 struct translation *t)
{
	struct translation s2;
	uint64_t ipa = a->va;

	stage1_none(w, a, t);
	if (stage1_is_on(w->cpu) && !stage1_walk(w, a, t, &ipa))
		return false;
	/* Stage 1's own verdict goes before stage 2 is asked. */
	t->s2_r = t->s2_w = t->s2_x1 = t->s2_x0 = true;
	if (!translation_allows(t, a, w->fault))
		return false;
	if (a->is_at)
		return true;
	if (!stage2(w, ipa, a, &s2)) {
		w->fault->ipa = ipa;
		return false;
	}
	combine(t, &s2, a->va, ipa);
	if (!translation_allows(t, a, w->fault)) {
		w->fault->ipa = ipa;
		return false;
	}
	return true;
}

bool walk(struct machine *m, struct cpu *cpu, const struct access *a,
	  struct translation *out, struct fault *fault)
{
	static struct walker w;
	bool ok;

	w = (struct walker){ .m = m, .cpu = cpu, .fault = fault };
	*fault = (struct fault){ 0 };
	ok = both(&w, a, out);
	if (!a->is_at)
		learned_hold(&w);
	cpu->walks++;
	cpu->walk_reads += w.reads;
	demand(w.reads < READS_MAX, "reads of a walk");
	cpu->by_reads[w.reads]++;
	cpu->walk_charge += (uint64_t)(w.cycles * 1024 + 0.5);
	return ok;
}
