/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The EL2 program: serve test vectors from the mailbox. Freestanding; runs
 * with EL2's MMU off. AT: DDI0487 L.b C5.4.
 */
#include "mailbox.h"

void el2_main(void);
uint64_t el2_enter(uint64_t pc, uint64_t spsr, uint64_t va, uint32_t value);

#define WRITE(reg, value) \
	__asm__ volatile("msr " #reg ", %0" : : "r"((uint64_t)(value)))
#define READ(reg)                                                \
	__extension__({                                          \
		uint64_t read_;                                  \
		__asm__ volatile("mrs %0, " #reg : "=r"(read_)); \
		read_;                                           \
	})

/* DAIF masked; PAN and the rest clear. */
#define SPSR_EL1H 0x3c5
#define SPSR_EL0T 0x3c0

static void load_registers(const volatile struct el2_registers *r)
{
	WRITE(hcr_el2, r->hcr);
	WRITE(vtcr_el2, r->vtcr);
	WRITE(vttbr_el2, r->vttbr);
	WRITE(tcr_el1, r->tcr);
	WRITE(mair_el1, r->mair);
	WRITE(ttbr0_el1, r->ttbr0);
	WRITE(ttbr1_el1, r->ttbr1);
	WRITE(sctlr_el1, r->sctlr);
	WRITE(vbar_el1, r->vbar);
	__asm__ volatile("isb\n\tdsb ish\n\ttlbi alle1\n\tic iallu\n\t"
			 "dsb ish\n\tisb"
			 :
			 :
			 : "memory");
}

/* x0 tells whether the vector was visited. */
#define AT(op, va)                                        \
	__extension__({                                   \
		register uint64_t hit_ __asm__("x0") = 0; \
		__asm__ volatile("at " #op ", %1\n\tisb"  \
				 : "+r"(hit_)             \
				 : "r"(va)                \
				 : "memory");             \
		hit_;                                     \
	})

static uint64_t at_execute(uint32_t kind, uint64_t va)
{
	switch (kind) {
	case EL2_AT_S1E1R:
		return AT(s1e1r, va);
	case EL2_AT_S1E1W:
		return AT(s1e1w, va);
	case EL2_AT_S1E0R:
		return AT(s1e0r, va);
	case EL2_AT_S1E0W:
		return AT(s1e0w, va);
	case EL2_AT_S12E1R:
		return AT(s12e1r, va);
	case EL2_AT_S12E1W:
		return AT(s12e1w, va);
	case EL2_AT_S12E0R:
		return AT(s12e0r, va);
	default:
		return AT(s12e0w, va);
	}
}

static uint64_t access_execute(const volatile struct el2_op *op, uint64_t stub)
{
	uint64_t va = op->va;
	uint32_t value = op->value;

	switch (op->kind) {
	case EL2_LOAD_EL1:
		return el2_enter(stub + STUB_LOAD_EL1, SPSR_EL1H, va, 0);
	case EL2_STORE_EL1:
		return el2_enter(stub + STUB_STORE_EL1, SPSR_EL1H, va, value);
	case EL2_LOAD_UNPRIVILEGED:
		return el2_enter(stub + STUB_LOAD_UNPRIVILEGED, SPSR_EL1H, va,
				 0);
	case EL2_STORE_UNPRIVILEGED:
		return el2_enter(stub + STUB_STORE_UNPRIVILEGED, SPSR_EL1H, va,
				 value);
	case EL2_LOAD_EL0:
		return el2_enter(stub + STUB_LOAD_EL0, SPSR_EL0T, va, 0);
	case EL2_STORE_EL0:
		return el2_enter(stub + STUB_STORE_EL0, SPSR_EL0T, va, value);
	case EL2_FETCH_EL1:
		return el2_enter(va, SPSR_EL1H, va, 0);
	default:
		return el2_enter(va, SPSR_EL0T, va, 0);
	}
}

static void clear_syndromes(void)
{
	WRITE(par_el1, 0);
	WRITE(esr_el2, 0);
	WRITE(far_el2, 0);
	WRITE(hpfar_el2, 0);
	WRITE(esr_el1, 0);
	WRITE(far_el1, 0);
	WRITE(elr_el1, 0);
}

static void serve_op(const volatile struct el2_op *op,
		     volatile struct el2_answer *answer, uint64_t stub)
{
	clear_syndromes();
	if (op->kind <= EL2_AT_S12E0W) {
		answer->exception = at_execute(op->kind, op->va);
		answer->word = 0;
	} else {
		answer->word = access_execute(op, stub);
		answer->exception = 1;
	}
	answer->par = READ(par_el1);
	answer->esr_el2 = READ(esr_el2);
	answer->far_el2 = READ(far_el2);
	answer->hpfar_el2 = READ(hpfar_el2);
	answer->esr_el1 = READ(esr_el1);
	answer->far_el1 = READ(far_el1);
	answer->elr_el1 = READ(elr_el1);
}

static void serve_batch(volatile struct el2_mailbox *box)
{
	for (uint32_t i = 0; i < box->cases; i++) {
		volatile struct el2_case *it = &box->batch[i];
		uint64_t ops = it->ops;

		box->at_case = i;
		load_registers(&it->registers);
		for (uint32_t j = 0; j < ops; j++) {
			box->at_op = j;
			serve_op(&it->op[j], &it->answer[j],
				 it->registers.vbar);
		}
	}
}

void el2_main(void)
{
	volatile struct el2_mailbox *box = (void *)MAILBOX_PA;
	uint32_t seen = 0;

	box->mmfr0 = READ(id_aa64mmfr0_el1);
	box->mmfr1 = READ(id_aa64mmfr1_el1);
	__atomic_store_n(&box->magic, EL2_MAGIC, __ATOMIC_RELEASE);
	for (;;) {
		while (__atomic_load_n(&box->doorbell, __ATOMIC_ACQUIRE) ==
		       seen)
			__asm__ volatile("yield");
		seen++;
		serve_batch(box);
		__atomic_store_n(&box->done, seen, __ATOMIC_RELEASE);
	}
}
