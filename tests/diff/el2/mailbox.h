/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host asks the EL2 program and what it answers, in RAM that both
 * see. The host fills the cases and raises `doorbell`; the program executes
 * them and sets `done` to it.
 */
#ifndef TESTS_DIFF_EL2_MAILBOX_H
#define TESTS_DIFF_EL2_MAILBOX_H

#include <stdint.h>

#include "layout.h"

#define EL2_CASES_MAX 16
#define EL2_OPS_MAX   48

enum el2_kind {
	/* AT, executed at EL2 */
	EL2_AT_S1E1R,
	EL2_AT_S1E1W,
	EL2_AT_S1E0R,
	EL2_AT_S1E0W,
	EL2_AT_S12E1R,
	EL2_AT_S12E1W,
	EL2_AT_S12E0R,
	EL2_AT_S12E0W,
	/* real accesses, through the stub page */
	EL2_LOAD_EL1,
	EL2_STORE_EL1,
	EL2_LOAD_UNPRIVILEGED,
	EL2_STORE_UNPRIVILEGED,
	EL2_LOAD_EL0,
	EL2_STORE_EL0,
	EL2_FETCH_EL1,
	EL2_FETCH_EL0,
	EL2_KINDS
};

struct el2_registers {
	uint64_t hcr, vtcr, vttbr, sctlr, tcr, ttbr0, ttbr1, mair;
	uint64_t vbar; /* the stub page, as EL1 sees it */
};

struct el2_op {
	uint64_t va;
	uint32_t kind;	/* enum el2_kind */
	uint32_t value; /* what a store stores */
};

struct el2_answer {
	uint64_t exception; /* one was taken to EL2 */
	uint64_t par;	    /* AT without exception */
	uint64_t esr_el2, far_el2, hpfar_el2;
	uint64_t esr_el1, far_el1, elr_el1;
	uint64_t word; /* what a load loaded */
};

struct el2_case {
	struct el2_registers registers;
	uint64_t ops;
	struct el2_op op[EL2_OPS_MAX];
	struct el2_answer answer[EL2_OPS_MAX];
};

#define EL2_MAGIC 0x324c4576
struct el2_mailbox {
	uint32_t magic; /* set when the program is up */
	uint32_t doorbell, done;
	uint32_t cases;
	uint32_t at_case, at_op; /* where it stands, should it hang */
	uint64_t mmfr0, mmfr1;	 /* ID_AA64MMFR0_EL1, ID_AA64MMFR1_EL1 */
	struct el2_case batch[EL2_CASES_MAX];
};

/* The word of the window at `offset`: HVC with its page's number, so that a
 * load tells where it read and a fetch comes back. */
#define WINDOW_WORD(offset) (0xd4000002u | ((uint32_t)(offset) >> 12) << 5)

#endif
