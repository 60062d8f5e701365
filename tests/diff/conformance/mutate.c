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
	{ "stage 1: AP[2], read-only", NULL, no_ap2, NULL },
	{ "stage 1: AP[1], EL0", NULL, no_ap1, NULL },
	{ "stage 1: PXN", NULL, no_pxn, NULL },
	{ "stage 1: UXN", NULL, no_uxn, NULL },
	{ "stage 1: APTable[1]", NULL, no_ap_table1, NULL },
	{ "stage 1: APTable[0]", NULL, no_ap_table0, NULL },
	{ "stage 1: UXNTable", NULL, no_uxn_table, NULL },
	{ "stage 1: PXNTable", NULL, no_pxn_table, NULL },
	{ "stage 1: access flag", NULL, no_s1_af, NULL },
	{ "stage 2: access flag", NULL, no_s2_af, NULL },
	{ "stage 2: S2AP[0], read", NULL, no_s2_read, NULL },
	{ "stage 2: S2AP[1], write", NULL, no_s2_write, NULL },
	{ "stage 2: XN[1]", NULL, no_xn1, NULL },
	{ "stage 2: XN[0]", NULL, no_xn0, NULL },
	{ "stage 2: MemAttr", NULL, no_memattr, NULL },
	{ "stage 2: SH", NULL, no_s2_sh, NULL },
	{ "stage 1: SH", NULL, no_s1_sh, NULL },
	{ "stage 1: AttrIndx", NULL, no_attrindx, NULL },
	{ "reserved type at levels 0 and 3", NULL, reserved_type, NULL },
	{ "address size of descriptors", NULL, wide_address, NULL },
	{ "a leaf's lowest address bit", NULL, leaf_address, NULL },
	{ "blocks at level 2 taken as tables", NULL, level_skipped, NULL },
	{ "SCTLR_EL1.WXN", no_wxn, NULL, NULL },
	{ "TCR_EL1.IPS", no_ips, NULL, NULL },
	{ "VTCR_EL2.PS", no_ps, NULL, NULL },
	{ "TCR_EL1.TBI0, TBI1", no_tbi, NULL, NULL },
	{ "TCR_EL1.EPD0, EPD1", no_epd, NULL, NULL },
	{ "HCR_EL2.PTW", no_ptw, NULL, NULL },
	{ "HCR_EL2.DC", no_dc, NULL, NULL },
	{ "VTTBR_EL2 aligned too far", no_concatenation, NULL, NULL },
	{ "T0SZ, T1SZ off by one", tsz_less_one, NULL, NULL },
	{ "VTCR_EL2.T0SZ off by one", vtcr_tsz_less_one, NULL, NULL },
	{ "VTCR_EL2.SL0 off by one", sl0_plus_one, NULL, NULL },
	{ "TTBR0 and TTBR1 swapped", halves_swapped, NULL, NULL },
	{ "Device types all nGnRnE", mair_device, NULL, NULL },
	{ "HCR_EL2.VM", no_stage2, NULL, NULL },
	{ "the level of faults", NULL, NULL, level_plus_one },
	{ "S1PTW", NULL, NULL, s1ptw_lost },
	{ "HPFAR_EL2: a page off", NULL, NULL, hpfar_page },
	{ "FAR: low bits lost", NULL, NULL, far_page },
	{ "ISS.WnR", NULL, NULL, wnr_lost },
	{ "stage-2 faults taken to EL1", NULL, NULL, to_el1 },
	{ "access flag before address size", NULL, NULL, af_before_size },
	{ "permission faults as access flag", NULL, NULL,
	  permission_is_access_flag },
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
