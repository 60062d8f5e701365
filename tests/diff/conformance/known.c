/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of known differences. QEMU 10.0; DDI0487 L.b. */
#include "tests/diff/conformance/known.h"

#include <string.h>

#include "core/base/bits.h"

#define HCR_VM	BIT(0)
#define HCR_PTW BIT(2)
#define HCR_DC	BIT(12)
#define HCR_CD	BIT(32)
#define SCTLR_C BIT(2)

/* A 64K granule's descriptor where IPS or PS asks for 48 bits or less. */
static bool narrowed(const struct dispute *d, unsigned int stage)
{
	const struct el2_registers *r = &d->registers;
	bool upper = d->op->va >> 55 & 1;

	if (stage == 2)
		return (r->vtcr >> 14 & 3) == 1 && (r->vtcr >> 16 & 7) < 6;
	return (upper ? (r->tcr >> 30 & 3) == 3 : (r->tcr >> 14 & 3) == 1) &&
	       (r->tcr >> 32 & 7) < 6;
}

/* Bits 15:12 of such a descriptor are address bits all the same on a CPU of
 * 52 bits, so that they are out of range; QEMU does not look at them. The step
 * that ended in this way, or NULL. */
static const struct arm_walk_step *narrowed_step(const struct dispute *d)
{
	const struct verdict *v = &d->adjusted;
	const struct arm_walk_step *step;

	if (d->judge->mmu.regime.pa_bits != 52 || v->translated ||
	    v->fault.kind != ARM_FAULT_ADDRESS_SIZE || !v->walk.steps)
		return NULL;
	step = &v->walk.step[v->walk.steps - 1];
	return (step->descriptor & 0xf000) && narrowed(d, step->stage) ? step
								       : NULL;
}

/* Ask without those bits, descriptor by descriptor. */
static void ask_narrowed(struct dispute *d)
{
	struct {
		pa_t pa;
		uint64_t raw;
	} changed[8];
	const struct arm_walk_step *step;
	unsigned int n = 0;

	while (n < 8 && (step = narrowed_step(d))) {
		uint64_t raw = step->descriptor & ~UINT64_C(0xf000);

		changed[n].pa = step->descriptor_pa;
		changed[n++].raw = step->descriptor;
		memcpy(ram_host(d->judge->ram, step->descriptor_pa), &raw, 8);
		judge_ask(d->judge, d->op, &d->adjusted);
	}
	while (n-- > 0)
		memcpy(ram_host(d->judge->ram, changed[n].pa), &changed[n].raw,
		       8);
}

/* The model once more, with changed registers. */
static void ask_again(struct dispute *d)
{
	judge_registers(d->judge, &d->registers);
	judge_ask(d->judge, d->op, &d->adjusted);
	if (d->narrowed)
		ask_narrowed(d);
}

/* Likewise, with another descriptor. */
static void ask_again_with(struct dispute *d, pa_t pa, uint64_t raw)
{
	uint64_t before = ram_read64(d->judge->ram, pa);

	memcpy(ram_host(d->judge->ram, pa), &raw, sizeof(raw));
	ask_again(d);
	memcpy(ram_host(d->judge->ram, pa), &before, sizeof(before));
}

static bool is_stage1_at(const struct dispute *d)
{
	return d->op->kind <= EL2_AT_S1E0W;
}

static uint64_t par_attr(const struct outcome *o)
{
	return o->par >> 56;
}

/* The walk's last step of a stage: its leaf, if there was no fault. */
static const struct arm_walk_step *leaf_step(const struct verdict *v,
					     unsigned int stage)
{
	for (uint32_t i = v->walk.steps; i-- > 0;)
		if (v->walk.step[i].stage == stage &&
		    !v->walk.step[i].for_s1_table)
			return &v->walk.step[i];
	return NULL;
}

static uint64_t leaf_field(const struct dispute *d, unsigned int stage,
			   unsigned int lsb, unsigned int width)
{
	const struct arm_walk_step *step = leaf_step(&d->adjusted, stage);

	return step ? step->descriptor >> lsb & MASK(0, width) : 0;
}

static bool stage2_on(const struct dispute *d)
{
	return d->registers.hcr & (HCR_VM | HCR_DC);
}

/* SCTLR_EL1.C, HCR_EL2.CD: PAR_EL1 may have them in its attributes or not.
 * QEMU gives the descriptor's, the model what an access would get. (CD is
 * QEMU's stage 2's affair.) */
static bool cache_controls(struct dispute *d)
{
	bool s2 = stage2_on(d) && !is_stage1_at(d);
	uint64_t sctlr = d->registers.sctlr | SCTLR_C;
	uint64_t hcr = d->registers.hcr & (s2 ? UINT64_MAX : ~HCR_CD);

	if (!(d->differences & (DIFFERENT_ATTR | DIFFERENT_SH)) ||
	    (sctlr == d->registers.sctlr && hcr == d->registers.hcr))
		return false;
	d->registers.sctlr = sctlr;
	d->registers.hcr = hcr;
	ask_again(d);
	return true;
}

static bool faults(const struct verdict *v, enum arm_fault_kind kind,
		   unsigned int stage)
{
	return !v->translated && v->fault.kind == kind &&
	       v->fault.stage == stage;
}

/* HCR_EL2.PTW: a permission fault of the level whose descriptor says Device.
 * QEMU finds that out after the walk and reports level 0. */
static bool protected_walk_level(struct dispute *d)
{
	uint64_t level = (uint64_t)d->adjusted.fault.level & 3;

	if (!(d->differences & DIFFERENT_KIND) ||
	    !faults(&d->adjusted, ARM_FAULT_PERMISSION, 2) ||
	    !d->adjusted.fault.s1ptw || !(d->registers.hcr & HCR_PTW))
		return false;
	if (d->adjusted.outcome.what == OUTCOME_PAR)
		d->adjusted.outcome.par &= ~(level << 1);
	else
		d->adjusted.outcome.esr &= ~level;
	return true;
}

/* SH = 1 is reserved: the model takes it as Non-shareable, QEMU hands it on
 * where stage 1 is alone. */
static bool reserved_sh(struct dispute *d)
{
	struct outcome *o = &d->adjusted.outcome;

	if (!(d->differences & DIFFERENT_SH) ||
	    (!is_stage1_at(d) && stage2_on(d)) || (o->par & PAR_SH) ||
	    leaf_field(d, 1, 8, 2) != 1)
		return false;
	o->par |= UINT64_C(1) << 7;
	return true;
}

/* MAIR encodings without a meaning: Device with bits 1:0, Normal with an inner
 * nibble of 0. Anything may come of them. */
static bool reserved_mair(struct dispute *d)
{
	uint64_t attr = d->registers.mair >> 8 * leaf_field(d, 1, 2, 3) & 0xff;

	if (!(d->differences & (DIFFERENT_ATTR | DIFFERENT_SH)) ||
	    !leaf_step(&d->adjusted, 1) ||
	    (attr & 0xf0 ? attr & 0x0f : !(attr & 0x03)))
		return false;
	d->adjusted.outcome.par &= ~(PAR_ATTR | PAR_SH);
	d->adjusted.outcome.par |= d->qemu->par & (PAR_ATTR | PAR_SH);
	return true;
}

/* Stage 2 makes Write-Back of stage 1 Write-Through; QEMU loses the
 * Transient hint on the way (bit 3 of a nibble: Non-transient). */
static bool transient_hint(struct dispute *d)
{
	struct outcome *o = &d->adjusted.outcome;
	uint64_t differing = par_attr(o) ^ par_attr(d->qemu), s1;

	s1 = d->registers.mair >> 8 * leaf_field(d, 1, 2, 3) & 0xff;
	if (!(d->differences & DIFFERENT_ATTR) || is_stage1_at(d) ||
	    !leaf_step(&d->adjusted, 1) || (differing & ~UINT64_C(0x88)) ||
	    (par_attr(o) & differing))
		return false;
	/* Only what stage 1 has as Write-Back Transient, 0b01RW. */
	if (differing & (s1 | ~s1 << 1))
		return false;
	o->par ^= differing << 56;
	return true;
}

/* Stage 2's MemAttr 4, 8 and 12 are reserved: inner Non-cacheable for the
 * model, nothing that restricts stage 1 for QEMU. */
static bool reserved_memattr(struct dispute *d)
{
	const struct arm_walk_step *step = leaf_step(&d->adjusted, 2);
	uint64_t memattr = leaf_field(d, 2, 2, 4);

	if (!(d->differences & (DIFFERENT_ATTR | DIFFERENT_SH)) ||
	    (memattr & 3) || !memattr)
		return false;
	ask_again_with(d, step->descriptor_pa, step->descriptor | 3 << 2);
	return true;
}

/* One stage Device, the other Normal: QEMU looks at the latter's inner nibble,
 * too, and takes Non-cacheable (4) for nGnRE, Write-Through without
 * allocation (8) for nGRE. */
static bool device_and_normal(struct dispute *d)
{
	struct outcome *o = &d->adjusted.outcome;
	uint64_t s1 = d->registers.mair >> 8 * leaf_field(d, 1, 2, 3) & 0xff;
	uint64_t s2 = leaf_field(d, 2, 2, 4);
	bool device1 = !(s1 & 0xf0), device2 = !(s2 & 0xc);
	bool nc2 = (s2 & 3) == 1 || (d->registers.hcr & HCR_CD);
	uint64_t inner = device1 ? (nc2 ? 4 : 0xf) : s1 & 0xf;

	if (!(d->differences & DIFFERENT_ATTR) || is_stage1_at(d) ||
	    !leaf_step(&d->adjusted, 1) || !leaf_step(&d->adjusted, 2) ||
	    device1 == device2 || (inner != 4 && inner != 8) ||
	    par_attr(o) < inner)
		return false;
	o->par = (o->par & ~PAR_ATTR) | inner << 56;
	return true;
}

/* HCR_EL2.PTW without stage 2: QEMU, asked by AT S1*, takes what is not
 * translated for Device memory of stage 2 and forbids the walk's first read. */
static bool protected_walk_alone(struct dispute *d)
{
	if (!(d->registers.hcr & HCR_PTW) || stage2_on(d) || !is_stage1_at(d) ||
	    (!leaf_step(&d->adjusted, 1) && !d->adjusted.fault.on_walk) ||
	    !(d->differences & (DIFFERENT_WHAT | DIFFERENT_STAGE)))
		return false;
	d->adjusted.outcome = (struct outcome){
		.what = OUTCOME_PAR,
		.par = PAR_F | PAR_S | PAR_PTW | PAR_RES1 | 0x0c << 1,
	};
	return true;
}

/* An IPA size beyond the PA size: the model faults at level 0; the size as
 * written, or the PA's instead, are choices as well. */
static bool large_ipa(struct dispute *d)
{
	uint64_t bits = 64 - (d->registers.vtcr & MASK(0, 6));

	if (!stage2_on(d) || bits <= d->judge->mmu.regime.pa_bits || bits > 48 ||
	    d->adjusted.translated || d->adjusted.fault.stage != 2)
		return false;
	d->adjusted.outcome = *d->qemu;
	return true;
}

/* The first deviation of all, so that the others ask with it, too. */
static bool high_bits_narrowed(struct dispute *d)
{
	if (!narrowed_step(d))
		return false;
	d->narrowed = true;
	ask_again(d);
	return true;
}

/* TTBR or VTTBR of a stage whose root of 52 bits has less than 64 bytes: its
 * bits 5:4, as far as they are above the root's size. 0: not so. */
static uint64_t small_root_bits(const struct dispute *d, unsigned int stage)
{
	const struct el2_registers *r = &d->registers;
	bool upper = d->op->va >> 55 & 1;
	uint64_t tcr = upper ? r->tcr >> 16 : r->tcr;
	uint64_t ttbr = upper ? r->ttbr1 : r->ttbr0, size = r->tcr >> 32 & 7;
	bool is_64k = upper ? (r->tcr >> 30 & 3) == 3 : (tcr >> 14 & 3) == 1;
	unsigned int bits;

	if (stage == 2) {
		tcr = r->vtcr;
		ttbr = r->vttbr;
		size = tcr >> 16 & 7;
		is_64k = (tcr >> 14 & 3) == 1;
	}
	bits = (64 - (unsigned int)(tcr & MASK(0, 6)) - 16 - 1) % 13 + 1;
	if (d->judge->mmu.regime.pa_bits != 52 || !is_64k || size < 6 || bits > 2)
		return 0;
	return align_down(ttbr & MASK(4, 2), bits + 3);
}

/* Such bits are the address's highest and no part of the base, which is
 * aligned to 64 bytes; QEMU takes them for both. */
static bool small_root(struct dispute *d)
{
	const struct arm_walk_step *step = d->adjusted.walk.step;

	for (uint32_t i = 0; i < d->adjusted.walk.steps; i++, step++) {
		uint64_t bits = small_root_bits(d, step->stage);
		pa_t pa = { step->descriptor_pa.raw | bits };

		/* The first of its stage: the root's. */
		if (step->for_s1_table || !bits)
			continue;
		ask_again_with(d, step->descriptor_pa,
			       ram_read64(d->judge->ram, pa));
		return true;
	}
	return false;
}

/* The granule of a stage, as the registers have it. */
static const struct granule *granule_in_use(const struct el2_registers *r,
					    unsigned int stage, uint64_t va)
{
	static const uint8_t tg0[4] = { 0, 2, 1, 0 }, tg1[4] = { 0, 1, 0, 2 };

	if (stage == 2)
		return &granules[tg0[r->vtcr >> 14 & 3]];
	return &granules[va >> 55 & 1 ? tg1[r->tcr >> 30 & 3]
				      : tg0[r->tcr >> 14 & 3]];
}

/* Some entry says that it is of a run, and the 2^run_lg2 entries at `pa` are
 * none: they differ in more than the address, or are not in its order. */
static bool misprogrammed(const struct ram *ram, pa_t pa, unsigned int run_lg2,
			  unsigned int shift)
{
	uint64_t first = ram_read64(ram, pa);
	bool run = false, sound = !(first & MASK(shift, run_lg2));

	for (uint64_t i = 0; i < BIT(run_lg2); i++) {
		uint64_t raw = ram_read64(ram, (pa_t){ pa.raw + 8 * i });

		run |= (raw & 1) && (raw & BIT(52));
		sound &= raw == (first | i << shift);
	}
	return run && !sound;
}

bool known_contiguous(const struct judge *judge, const struct test_case *c,
		      const struct el2_op *op, const struct arm_walk *walk)
{
	for (uint32_t i = 0; i < walk->steps; i++) {
		const struct arm_walk_step *step = &walk->step[i];
		const struct granule *g =
			granule_in_use(&c->registers, step->stage, op->va);
		unsigned int run = g->contiguous_lg2[step->level];
		pa_t pa = { align_down(step->descriptor_pa.raw, run + 3) };

		if (run && ram_has(judge->ram, pa, 8u << run) &&
		    misprogrammed(judge->ram, pa, run,
				  granule_shift(g, step->level)))
			return true;
	}
	return false;
}

const struct known known_differences[] = {
	[KNOWN_NOT_ASKED] = { "at-s12-permission-not-asked",
			      "C5.4 AT S12*: QEMU 10.0 ends in an assertion "
			      "(do_ats_write) when "
			      "stage 2 forbids the access; asked by real "
			      "accesses alone",
			      NULL },
	[KNOWN_CONTIGUOUS] = { "contiguous-misprogrammed",
			       "D8.7.1: the entries of a run that is none; "
			       "which "
			       "of them a TLB used is a choice (warm against "
			       "cold alone)",
			       NULL },
	{ "lpa-bits-narrowed",
	  "AArch64.NextTableBase, LeafBase: with 52 PA bits, bits 15:12 of a "
	  "64K "
	  "granule's descriptor are an address whatever IPS and PS say",
	  high_bits_narrowed },
	{ "lpa-small-root",
	  "AArch64.S1TTBaseAddress, S2TTBaseAddress: a root of 52 bits is "
	  "aligned to 64 bytes; QEMU adds TTBR bits 5:4 to smaller ones",
	  small_root },
	{ "cache-controls-in-par",
	  "D24.2.142 PAR_EL1.ATTR, SH: configuration bits are a choice",
	  cache_controls },
	{ "ptw-level", "AArch64.S2Translate, HCR_EL2.PTW: QEMU reports level 0",
	  protected_walk_level },
	{ "ptw-without-stage-2",
	  "D24.2 HCR_EL2.PTW: nothing without stage 2; QEMU faults",
	  protected_walk_alone },
	{ "reserved-memattr", "D8.6.5: MemAttr 4, 8, 12 are reserved",
	  reserved_memattr },
	{ "reserved-sh", "D8.6.2: SH 0b01 is reserved", reserved_sh },
	{ "reserved-mair", "D24.2 MAIR_EL1: encodings that are UNPREDICTABLE",
	  reserved_mair },
	{ "transient-hint",
	  "D8.6.5, S2CombineS1AttrHints: stage 1's hint; QEMU loses it",
	  transient_hint },
	{ "device-and-normal",
	  "D8.6.5: the Device type stays; QEMU mixes in the other's nibble",
	  device_and_normal },
	{ "large-ipa", "Unpredictable_LARGEIPA: VTCR_EL2.T0SZ beyond the PA",
	  large_ipa },
};
const unsigned int known_count =
	sizeof(known_differences) / sizeof(known_differences[0]);
