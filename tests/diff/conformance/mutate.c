/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules to break, DDI0487 L.b D8.2 to D8.6 and D24.2. */
#include "tests/diff/conformance/mutate.h"

#include <string.h>

#include "core/base/bits.h"

static bool s1_leaf(const struct descriptor *d)
{
	return d->leaf && d->stage == 1;
}
static bool s2_leaf(const struct descriptor *d)
{
	return d->leaf && d->stage == 2;
}
static bool s1_table(const struct descriptor *d)
{
	return !d->leaf && d->stage == 1;
}

/* A descriptor of one kind seen with some bits cleared or set. */
#define DESCRIPTOR(name, applies, clear, set)                             \
	static uint64_t name(const struct descriptor *d)                  \
	{                                                                 \
		return applies(d) ? (d->raw & ~(uint64_t)(clear)) | (set) \
				  : d->raw;                               \
	}
DESCRIPTOR(no_ap2, s1_leaf, BIT(7), 0)
DESCRIPTOR(no_ap1, s1_leaf, 0, BIT(6))
DESCRIPTOR(no_pxn, s1_leaf, BIT(53), 0)
DESCRIPTOR(no_uxn, s1_leaf, BIT(54), 0)
DESCRIPTOR(no_ap_table1, s1_table, BIT(62), 0)
DESCRIPTOR(no_ap_table0, s1_table, BIT(61), 0)
DESCRIPTOR(no_uxn_table, s1_table, BIT(60), 0)
DESCRIPTOR(no_pxn_table, s1_table, BIT(59), 0)
DESCRIPTOR(no_s1_af, s1_leaf, 0, BIT(10))
DESCRIPTOR(no_s2_af, s2_leaf, 0, BIT(10))
DESCRIPTOR(no_s2_read, s2_leaf, 0, BIT(6))
DESCRIPTOR(no_s2_write, s2_leaf, 0, BIT(7))
DESCRIPTOR(no_xn1, s2_leaf, BIT(54), 0)
DESCRIPTOR(no_xn0, s2_leaf, BIT(53), 0)
DESCRIPTOR(no_memattr, s2_leaf, 0, MASK(2, 4))
DESCRIPTOR(no_s2_sh, s2_leaf, MASK(8, 2), 0)
DESCRIPTOR(no_s1_sh, s1_leaf, MASK(8, 2), 0)
DESCRIPTOR(no_attrindx, s1_leaf, MASK(2, 3), 0)

/* Bit 1 is not looked at: 0b01 is a page at level 3, a table at level 0. */
static uint64_t reserved_type(const struct descriptor *d)
{
	bool reserved = d->level == 0 || d->level == 3;

	return reserved && (d->raw & 1) ? d->raw | 2 : d->raw;
}

/* Address bits above 40 are cut off instead of faulting. */
static uint64_t wide_address(const struct descriptor *d)
{
	return d->raw & ~MASK(40, 8);
}

/* A leaf's lowest address bit is lost. */
static uint64_t leaf_address(const struct descriptor *d)
{
	unsigned int shift = granule_shift(&granules[d->granule], d->level);

	return d->leaf ? d->raw & ~BIT(shift) : d->raw;
}

static uint64_t level_skipped(const struct descriptor *d)
{
	return d->level == 2 && d->leaf ? d->raw | 2 : d->raw;
}

/* Bits 51:48 of an address are forgotten. */
static uint64_t no_high_bits(const struct descriptor *d)
{
	return d->granule == 2 ? d->raw & ~MASK(12, 4) : d->raw;
}

/* Blocks as without 52-bit addresses: level 1 has none. */
static uint64_t no_block52(const struct descriptor *d)
{
	bool block = d->granule == 2 && d->level == 1 && (d->raw & 3) == 1;

	return block ? d->raw & ~UINT64_C(1) : d->raw;
}

/* 0b01 at 16K's levels 0 and 1 and 64K's level 1 is a table. */
static uint64_t reserved_block(const struct descriptor *d)
{
	bool reserved = d->granule && d->level <= 1;

	return reserved && (d->raw & 1) ? d->raw | 2 : d->raw;
}

/* An entry of a run leads to the run's first byte. */
static uint64_t run_offset(const struct descriptor *d)
{
	const struct granule *g = &granules[d->granule];

	if (!d->leaf || !(d->raw & BIT(52)))
		return d->raw;
	return d->raw &
	       ~MASK(granule_shift(g, d->level), g->contiguous_lg2[d->level]);
}

static uint64_t page_of_16k(const struct descriptor *d)
{
	return d->granule == 1 && d->leaf && d->level == 3 ? d->raw ^ BIT(14)
							   : d->raw;
}

/* A leaf's lowest address bit. */
static uint64_t block_of_16k(const struct descriptor *d)
{
	return d->granule == 1 && d->leaf && d->level == 2 ? d->raw ^ BIT(25)
							   : d->raw;
}
static uint64_t block_of_64k(const struct descriptor *d)
{
	return d->granule == 2 && d->leaf && d->level == 2 ? d->raw ^ BIT(29)
							   : d->raw;
}

/* Bit 52 of a table or a leaf is taken for an address bit or invalidates. */
static uint64_t contiguous_reserved(const struct descriptor *d)
{
	return d->leaf && (d->raw & BIT(52)) ? 0 : d->raw;
}
static uint64_t no_contiguous_af(const struct descriptor *d)
{
	return d->leaf && (d->raw & BIT(52)) ? d->raw | BIT(10) : d->raw;
}

/* TG0: 1 is 64K, 2 is 16K; TG1: 1 is 16K, 3 is 64K. */
static uint64_t tg0_swapped(uint64_t r)
{
	return r & MASK(14, 2) ? r ^ MASK(14, 2) : r;
}
static void tcr_tg0(struct el2_registers *r)
{
	r->tcr = tg0_swapped(r->tcr);
}
static void tcr_tg1(struct el2_registers *r)
{
	if (r->tcr & BIT(30))
		r->tcr ^= BIT(31);
}
static void vtcr_tg0(struct el2_registers *r)
{
	r->vtcr = tg0_swapped(r->vtcr);
}
/* Encoded as TG0: 0 is 4K, 1 64K, 2 16K. */
static void tg1_as_tg0(struct el2_registers *r)
{
	static const uint64_t as[4] = { 2, 3, 1, 2 };

	r->tcr = (r->tcr & ~MASK(30, 2)) | as[r->tcr >> 30 & 3] << 30;
}
/* SL0 of 16K and 64K read as 4K's: a level earlier. */
static void sl0_of_4k(struct el2_registers *r)
{
	if ((r->vtcr & MASK(14, 2)) && (r->vtcr >> 6 & 3) < 2)
		r->vtcr += BIT(6);
}
/* Concatenation: the lowest bit of the first of 16K's or 64K's tables. */
static void no_concatenation_large(struct el2_registers *r)
{
	if (r->vtcr & MASK(14, 2))
		r->vttbr &= ~MASK(14, 5);
}
static void ips_48(struct el2_registers *r)
{
	if ((r->tcr >> 32 & 7) > 5)
		r->tcr = (r->tcr & ~MASK(32, 3)) | (uint64_t)5 << 32;
}
static void ps_48(struct el2_registers *r)
{
	if ((r->vtcr >> 16 & 7) > 5)
		r->vtcr = (r->vtcr & ~MASK(16, 3)) | (uint64_t)5 << 16;
}
static void no_ttbr_high(struct el2_registers *r)
{
	r->ttbr0 &= ~MASK(2, 4);
	r->ttbr1 &= ~MASK(2, 4);
}
/* FEAT_LVA: VAs of more than 48 bits. */
static void no_lva(struct el2_registers *r)
{
	if ((r->tcr & MASK(0, 6)) < 16)
		r->tcr &= ~MASK(0, 6);
	if ((r->tcr >> 16 & 0x3f) < 16)
		r->tcr &= ~MASK(16, 6);
}
static void no_large_ipa(struct el2_registers *r)
{
	if ((r->vtcr & MASK(0, 6)) < 16)
		r->vtcr &= ~MASK(0, 6);
}
/* FEAT_TTST: T0SZ, T1SZ above 39. */
static void no_small_tables(struct el2_registers *r)
{
	if ((r->tcr & MASK(0, 6)) > 39)
		r->tcr |= MASK(0, 6);
	if ((r->tcr >> 16 & 0x3f) > 39)
		r->tcr |= MASK(16, 6);
}

static void no_wxn(struct el2_registers *r)
{
	r->sctlr &= ~BIT(19);
}
static void no_ips(struct el2_registers *r)
{
	r->tcr = (r->tcr & ~MASK(32, 3)) | (uint64_t)5 << 32;
}
static void no_ps(struct el2_registers *r)
{
	r->vtcr = (r->vtcr & ~MASK(16, 3)) | (uint64_t)5 << 16;
}
static void no_tbi(struct el2_registers *r)
{
	r->tcr &= ~MASK(37, 2);
}
static void no_epd(struct el2_registers *r)
{
	r->tcr &= ~(BIT(7) | BIT(23));
}
static void no_ptw(struct el2_registers *r)
{
	r->hcr &= ~BIT(2);
}
static void no_dc(struct el2_registers *r)
{
	r->hcr &= ~BIT(12);
}
static void no_concatenation(struct el2_registers *r)
{
	r->vttbr = align_down(r->vttbr & MASK(0, 48), 16);
}
/* One bit more of input than T0SZ and T1SZ say. */
static void tsz_less_one(struct el2_registers *r)
{
	if (r->tcr & MASK(0, 6))
		r->tcr -= 1;
	if (r->tcr & MASK(16, 6))
		r->tcr -= BIT(16);
}
static void vtcr_tsz_less_one(struct el2_registers *r)
{
	if (r->vtcr & MASK(0, 6))
		r->vtcr -= 1;
}
static void sl0_plus_one(struct el2_registers *r)
{
	r->vtcr ^= BIT(6);
}
static void halves_swapped(struct el2_registers *r)
{
	uint64_t ttbr0 = r->ttbr0;

	r->ttbr0 = r->ttbr1;
	r->ttbr1 = ttbr0;
}
static void mair_device(struct el2_registers *r)
{
	for (unsigned int i = 0; i < 64; i += 8)
		if (!(r->mair >> i & 0xf0))
			r->mair &= ~(UINT64_C(0xff) << i);
}
static void no_stage2(struct el2_registers *r)
{
	r->hcr &= ~BIT(0);
}

static bool par_fault(const struct verdict *v)
{
	return v->outcome.what == OUTCOME_PAR && (v->outcome.par & PAR_F);
}
static void level_plus_one(struct verdict *v, const struct el2_op *op)
{
	(void)op;
	if (par_fault(v))
		v->outcome.par ^= 2;
	else if (v->outcome.what == OUTCOME_ABORT)
		v->outcome.esr ^= 1;
}
static void s1ptw_lost(struct verdict *v, const struct el2_op *op)
{
	(void)op;
	if (par_fault(v))
		v->outcome.par &= ~(uint64_t)PAR_PTW;
	else
		v->outcome.esr &= ~(uint64_t)ESR_S1PTW;
}
static void hpfar_page(struct verdict *v, const struct el2_op *op)
{
	(void)op;
	v->outcome.hpfar &= ~UINT64_C(0x10);
}
static void far_page(struct verdict *v, const struct el2_op *op)
{
	(void)op;
	v->outcome.far &= ~UINT64_C(0xfff);
}
static void wnr_lost(struct verdict *v, const struct el2_op *op)
{
	if (kind_is_store(op->kind))
		v->outcome.esr &= ~(uint64_t)ESR_WNR;
}
static void to_el1(struct verdict *v, const struct el2_op *op)
{
	(void)op;
	if (v->outcome.what == OUTCOME_ABORT)
		v->outcome.el = 1;
	else if (par_fault(v))
		v->outcome.par &= ~(uint64_t)PAR_S;
}
static void af_before_size(struct verdict *v, const struct el2_op *op)
{
	(void)op;
	if (par_fault(v) && (v->outcome.par & 0x78) == 0)
		v->outcome.par |= 0x10;
}
static void permission_is_access_flag(struct verdict *v,
				      const struct el2_op *op)
{
	(void)op;
	if (v->outcome.what == OUTCOME_ABORT && (v->outcome.esr & 0x3c) == 0x0c)
		v->outcome.esr ^= 0x04;
}

static const struct mutation mutations[] = {
	{ .name = "stage 1: AP[2], read-only", .descriptor = no_ap2 },
	{ .name = "stage 1: AP[1], EL0", .descriptor = no_ap1 },
	{ .name = "stage 1: PXN", .descriptor = no_pxn },
	{ .name = "stage 1: UXN", .descriptor = no_uxn },
	{ .name = "stage 1: APTable[1]", .descriptor = no_ap_table1 },
	{ .name = "stage 1: APTable[0]", .descriptor = no_ap_table0 },
	{ .name = "stage 1: UXNTable", .descriptor = no_uxn_table },
	{ .name = "stage 1: PXNTable", .descriptor = no_pxn_table },
	{ .name = "stage 1: access flag", .descriptor = no_s1_af },
	{ .name = "stage 2: access flag", .descriptor = no_s2_af },
	{ .name = "stage 2: S2AP[0], read", .descriptor = no_s2_read },
	{ .name = "stage 2: S2AP[1], write", .descriptor = no_s2_write },
	{ .name = "stage 2: XN[1]", .descriptor = no_xn1 },
	{ .name = "stage 2: XN[0]", .descriptor = no_xn0 },
	{ .name = "stage 2: MemAttr", .descriptor = no_memattr },
	{ .name = "stage 2: SH", .descriptor = no_s2_sh },
	{ .name = "stage 1: SH", .descriptor = no_s1_sh },
	{ .name = "stage 1: AttrIndx", .descriptor = no_attrindx },
	{ .name = "reserved type at levels 0 and 3",
	  .descriptor = reserved_type },
	{ .name = "address size of descriptors", .descriptor = wide_address },
	{ .name = "a leaf's lowest address bit", .descriptor = leaf_address },
	{ .name = "blocks at level 2 taken as tables",
	  .descriptor = level_skipped },
	{ .name = "SCTLR_EL1.WXN", .registers = no_wxn },
	{ .name = "TCR_EL1.IPS", .registers = no_ips },
	{ .name = "VTCR_EL2.PS", .registers = no_ps },
	{ .name = "TCR_EL1.TBI0, TBI1", .registers = no_tbi },
	{ .name = "TCR_EL1.EPD0, EPD1", .registers = no_epd },
	{ .name = "HCR_EL2.PTW", .registers = no_ptw },
	{ .name = "HCR_EL2.DC", .registers = no_dc },
	{ .name = "VTTBR_EL2 aligned too far", .registers = no_concatenation },
	{ .name = "T0SZ, T1SZ off by one", .registers = tsz_less_one },
	{ .name = "VTCR_EL2.T0SZ off by one", .registers = vtcr_tsz_less_one },
	{ .name = "VTCR_EL2.SL0 off by one", .registers = sl0_plus_one },
	{ .name = "TTBR0 and TTBR1 swapped", .registers = halves_swapped },
	{ .name = "Device types all nGnRnE", .registers = mair_device },
	{ .name = "HCR_EL2.VM", .registers = no_stage2 },
	{ .name = "the level of faults", .verdict = level_plus_one },
	{ .name = "S1PTW", .verdict = s1ptw_lost },
	{ .name = "HPFAR_EL2: a page off", .verdict = hpfar_page },
	{ .name = "FAR: low bits lost", .verdict = far_page },
	{ .name = "ISS.WnR", .verdict = wnr_lost },
	{ .name = "stage-2 faults taken to EL1", .verdict = to_el1 },
	{ .name = "access flag before address size",
	  .verdict = af_before_size },
	{ .name = "permission faults as access flag",
	  .verdict = permission_is_access_flag },
	{ .name = "TCR_EL1.TG0: 16K and 64K swapped", .registers = tcr_tg0 },
	{ .name = "TCR_EL1.TG1: 16K and 64K swapped", .registers = tcr_tg1 },
	{ .name = "TCR_EL1.TG1 encoded as TG0", .registers = tg1_as_tg0 },
	{ .name = "VTCR_EL2.TG0: 16K and 64K swapped", .registers = vtcr_tg0 },
	{ .name = "VTCR_EL2.SL0 of 16K and 64K as 4K's",
	  .registers = sl0_of_4k },
	{ .name = "VTTBR_EL2 of 16K and 64K aligned too far",
	  .registers = no_concatenation_large },
	{ .name = "blocks at 16K's and 64K's level 1 as tables",
	  .descriptor = reserved_block },
	{ .name = "16K: the lowest address bit of a page",
	  .descriptor = page_of_16k },
	{ .name = "16K: the lowest address bit of a block",
	  .descriptor = block_of_16k },
	{ .name = "64K: the lowest address bit of a block",
	  .descriptor = block_of_64k },
	{ .name = "contiguous: an entry's own place in its run",
	  .descriptor = run_offset },
	{ .name = "contiguous: the bit taken as reserved",
	  .descriptor = contiguous_reserved },
	{ .name = "contiguous: the access flag of an entry",
	  .descriptor = no_contiguous_af },
	{ .name = "52 bits: 51:48 of a descriptor's address",
	  .descriptor = no_high_bits,
	  .wide = true },
	{ .name = "52 bits: 51:48 of TTBR0, TTBR1",
	  .registers = no_ttbr_high,
	  .wide = true },
	{ .name = "52 bits: 64K blocks of level 1",
	  .descriptor = no_block52,
	  .wide = true },
	{ .name = "52 bits: TCR_EL1.IPS 6", .registers = ips_48, .wide = true },
	{ .name = "52 bits: VTCR_EL2.PS 6", .registers = ps_48, .wide = true },
	{ .name = "52 bits: T0SZ, T1SZ below 16",
	  .registers = no_lva,
	  .wide = true },
	{ .name = "52 bits: VTCR_EL2.T0SZ below 16",
	  .registers = no_large_ipa,
	  .wide = true },
	{ .name = "T0SZ, T1SZ above 39",
	  .registers = no_small_tables,
	  .wide = true },
};

const unsigned int mutation_count = sizeof(mutations) / sizeof(mutations[0]);

const struct mutation *mutation_get(unsigned int k)
{
	return k >= 1 && k <= mutation_count ? &mutations[k - 1] : NULL;
}

void mutation_apply(const struct mutation *m, struct test_case *c)
{
	if (!m->descriptor)
		return;
	for (unsigned int i = 0; i < c->descriptors; i++) {
		const struct descriptor *d = &c->descriptor[i];
		uint64_t raw = m->descriptor(d);

		memcpy(ram_host(c->ram, (pa_t){ d->pa }), &raw, sizeof(raw));
	}
}
