/* SPDX-License-Identifier: BSD-2-Clause */
/* Printing a mismatch: how to repeat it, what went in, what came out. */
#include "tests/diff/conformance/report.h"

#include <inttypes.h>
#include <stdio.h>

static void print_outcome(const char *who, const struct outcome *o)
{
	printf("  %-5s ", who);
	switch (o->what) {
	case OUTCOME_PAR:
		printf("PAR_EL1 %016" PRIx64 "\n", o->par);
		break;
	case OUTCOME_SUCCESS:
		if (o->page == PAGE_UNKNOWN)
			printf("done\n");
		else
			printf("done, in page %" PRIx64 " of the window\n",
			       o->page);
		break;
	case OUTCOME_ABORT:
		printf("to EL%u, ESR %08" PRIx64 " FAR %016" PRIx64
		       " HPFAR %010" PRIx64 "\n",
		       o->el, o->esr, o->far, o->hpfar);
		break;
	case OUTCOME_STRANGE:
		printf("%s\n", o->why ? o->why : "?");
		break;
	}
}

static void print_registers(const struct el2_registers *r)
{
	printf("  HCR_EL2 %016" PRIx64 " VTCR_EL2 %08" PRIx64
	       " VTTBR_EL2 %016" PRIx64 " SCTLR_EL1 %08" PRIx64 "\n"
	       "  TCR_EL1 %016" PRIx64 " TTBR0_EL1 %016" PRIx64
	       " TTBR1_EL1 %016" PRIx64 " MAIR_EL1 %016" PRIx64 "\n"
	       "  VBAR_EL1 %016" PRIx64 "\n",
	       r->hcr, r->vtcr, r->vttbr, r->sctlr, r->tcr, r->ttbr0, r->ttbr1,
	       r->mair, r->vbar);
}

static void print_walk(const struct arm_walk *walk)
{
	for (uint32_t i = 0; i < walk->steps; i++) {
		const struct arm_walk_step *s = &walk->step[i];

		printf("    stage %u level %d%s input %016" PRIx64
		       " at %012" PRIx64 ": %016" PRIx64 "\n",
		       s->stage, s->level, s->for_s1_table ? " (table)" : "",
		       s->input, s->descriptor_pa.raw, s->descriptor);
	}
}

void report_mismatch(const struct dispute *d, uint64_t seed, const char *cpu)
{
	printf("MISMATCH seed %" PRIu64 " case %" PRIu64
	       " cpu %s: %s of %016" PRIx64 ":",
	       seed, d->c->number, cpu, kind_names[d->op->kind], d->op->va);
	for (unsigned int i = 0; i < DIFFERENCES; i++)
		if (d->differences >> i & 1)
			printf(" %s", difference_names[i]);
	printf("\n");
	print_outcome("model", &d->model.outcome);
	print_outcome("QEMU", d->qemu);
	print_registers(&d->c->registers);
	print_walk(&d->model.walk);
	if (!d->model.translated)
		printf("    %s fault, stage %u level %d\n",
		       arm_fault_name(d->model.fault.kind),
		       d->model.fault.stage, d->model.fault.level);
}

void report_warmth(const struct test_case *c, const struct el2_op *op,
		   const struct verdict *cold, const struct verdict *warm,
		   uint64_t seed, const char *cpu)
{
	printf("MISMATCH seed %" PRIu64 " case %" PRIu64
	       " cpu %s: %s of %016" PRIx64 ": the model with TLBs\n",
	       seed, c->number, cpu, kind_names[op->kind], op->va);
	print_outcome("cold", &cold->outcome);
	print_outcome("warm", &warm->outcome);
	print_registers(&c->registers);
	print_walk(&cold->walk);
	printf("    warm:\n");
	print_walk(&warm->walk);
}
