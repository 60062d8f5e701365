/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model asked the same as QEMU: the same bytes at the same addresses,
 * registers through arm_mmu_sysreg_write. Once without TLBs; and once with
 * TLBs and walk caches, which within a case must change nothing.
 */
#ifndef TESTS_DIFF_CONFORMANCE_JUDGE_H
#define TESTS_DIFF_CONFORMANCE_JUDGE_H

#include "models/arm/mmu.h"
#include "tests/diff/conformance/case.h"
#include "tests/diff/conformance/outcome.h"

struct judge {
	struct arm_mmu mmu;  /* has no TLBs */
	struct arm_mmu warm; /* has, since judge_flush */
	struct memory_system *memory;
	struct model_random random;
	struct ram *ram;
};

/* What the model says, and how it came to it. */
struct verdict {
	struct outcome outcome;
	bool translated; /* `out` holds; the access itself may yet abort */
	struct arm_translation out;
	struct arm_fault fault;
	struct arm_walk walk;
};

bool judge_start(struct judge *judge, const struct case_options *options,
		 struct ram *ram);
void judge_stop(struct judge *judge);
void judge_registers(struct judge *judge,
		     const struct el2_registers *registers);
void judge_ask(struct judge *judge, const struct el2_op *op,
	       struct verdict *verdict);

/* TLBI ALLE1 of the warm one. */
void judge_flush(struct judge *judge, const struct el2_registers *registers);
/* The same of it, as hardware does it: TLBs, walk caches, fills. */
void judge_ask_warm(struct judge *judge, const struct el2_op *op,
		    struct verdict *verdict);

#endif
