/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers of the EL2 program decoded, and outcomes held together. */
#include "tests/diff/conformance/outcome.h"

const char *const difference_names[DIFFERENCES] = {
	"outcome", "address", "attributes", "shareability", "kind-or-level",
	"stage",   "s1ptw",   "iss",	    "far",	    "hpfar",
};

const char *const kind_names[EL2_KINDS] = {
	"AT S1E1R",  "AT S1E1W",  "AT S1E0R",  "AT S1E0W",
	"AT S12E1R", "AT S12E1W", "AT S12E0R", "AT S12E0W",
	"load EL1",  "store EL1", "LDTR EL1",  "STTR EL1",
	"load EL0",  "store EL0", "fetch EL1", "fetch EL0",
};

/* ISV and what it makes valid describe the instruction, not the fault. */
#define ESR_INSTRUCTION UINT64_C(0x01ffc000)
#define EC(esr)		((esr) >> 26 & 0x3f)
#define IMM(esr)	((esr)&0xffff)
#define EC_UNKNOWN	0x00
#define EC_SVC		0x15
#define EC_HVC		0x16
/* HPFAR_EL2.NS is RES0 in Non-secure state. */
#define HPFAR_FIPA UINT64_C(0x00000ffffffffff0)

static struct outcome strange(const char *why)
{
	return (struct outcome){ .what = OUTCOME_STRANGE, .why = why };
}

static struct outcome abort_at_el2(const volatile struct el2_answer *answer)
{
	return (struct outcome){
		.what = OUTCOME_ABORT,
		.el = 2,
		.esr = answer->esr_el2 & ~ESR_INSTRUCTION,
		.far = answer->far_el2,
		.hpfar = answer->hpfar_el2 & HPFAR_FIPA,
	};
}

static struct outcome success(uint64_t page)
{
	return (struct outcome){ .what = OUTCOME_SUCCESS, .page = page };
}

/* HVC out of a vector of EL1's: what had been taken there. */
static struct outcome via_el1(const struct el2_op *op,
			      const volatile struct el2_answer *answer)
{
	uint64_t ec = EC(answer->esr_el1);

	if (ec == EC_SVC && IMM(answer->esr_el1) == STUB_SUCCESS)
		return success((answer->word >> 5) & 0xffff);
	/* HVC is undefined at EL0: the fetch came through. */
	if (ec == EC_UNKNOWN && op->kind == EL2_FETCH_EL0 &&
	    answer->elr_el1 == op->va)
		return success(PAGE_UNKNOWN);
	if (ec < 0x20 || ec > 0x25)
		return strange("neither abort nor success at EL1");
	return (struct outcome){
		.what = OUTCOME_ABORT,
		.el = 1,
		.esr = answer->esr_el1 & ~ESR_INSTRUCTION,
		.far = answer->far_el1,
	};
}

static struct outcome of_access(const struct el2_op *op,
				const volatile struct el2_answer *answer)
{
	uint64_t ec = EC(answer->esr_el2), imm = IMM(answer->esr_el2);

	if (ec != EC_HVC)
		return ec >= 0x20 && ec <= 0x25 ? abort_at_el2(answer)
						: strange("no abort at EL2");
	if (imm == STUB_SUCCESS)
		return success((answer->word >> 5) & 0xffff);
	if (imm >= STUB_VECTOR && imm < STUB_VECTOR + 16)
		return via_el1(op, answer);
	if (op->kind == EL2_FETCH_EL1)
		return success(imm);
	return strange("an HVC from nowhere");
}

struct outcome outcome_of_answer(const struct el2_op *op,
				 const volatile struct el2_answer *answer)
{
	struct outcome out;

	if (!kind_is_at(op->kind)) {
		out = of_access(op, answer);
		if (kind_is_store(op->kind))
			out.page = PAGE_UNKNOWN;
		return out;
	}
	if (answer->exception) {
		out = abort_at_el2(answer);
		out.hpfar = 0;
		return out;
	}
	return (struct outcome){ .what = OUTCOME_PAR, .par = answer->par };
}

static unsigned int compare_par(uint64_t a, uint64_t b)
{
	uint64_t differing = a ^ b;
	unsigned int d = 0;

	if (differing & PAR_F)
		return DIFFERENT_WHAT;
	if (differing & PAR_RES1)
		d |= DIFFERENT_ISS;
	if (a & PAR_F)
		return d | (differing & PAR_FST ? DIFFERENT_KIND : 0) |
		       (differing & PAR_S ? DIFFERENT_STAGE : 0) |
		       (differing & PAR_PTW ? DIFFERENT_S1PTW : 0);
	return d | (differing & PAR_PA ? DIFFERENT_PA : 0) |
	       (differing & PAR_ATTR ? DIFFERENT_ATTR : 0) |
	       (differing & PAR_SH ? DIFFERENT_SH : 0);
}

static unsigned int compare_abort(const struct outcome *a,
				  const struct outcome *b)
{
	uint64_t differing = a->esr ^ b->esr;
	unsigned int d = 0;

	if (a->el != b->el)
		d |= DIFFERENT_STAGE;
	if (differing & ESR_FSC)
		d |= DIFFERENT_KIND;
	if (differing & ESR_S1PTW)
		d |= DIFFERENT_S1PTW;
	/* Another EL has another EC by itself. */
	if (differing & ~(uint64_t)(ESR_FSC | ESR_S1PTW) && !d)
		d |= DIFFERENT_ISS;
	if (a->far != b->far)
		d |= DIFFERENT_FAR;
	if (a->el == 2 && b->el == 2 && a->hpfar != b->hpfar)
		d |= DIFFERENT_HPFAR;
	return d;
}

unsigned int outcome_compare(const struct outcome *a, const struct outcome *b)
{
	if (a->what != b->what)
		return DIFFERENT_WHAT;
	switch (a->what) {
	case OUTCOME_PAR:
		return compare_par(a->par, b->par);
	case OUTCOME_ABORT:
		return compare_abort(a, b);
	case OUTCOME_SUCCESS:
		if (a->page == PAGE_UNKNOWN || b->page == PAGE_UNKNOWN)
			return 0;
		return a->page != b->page ? DIFFERENT_PA : 0;
	default:
		return DIFFERENT_WHAT;
	}
}
