/* SPDX-License-Identifier: BSD-2-Clause */
/* The model's answers in QEMU's terms. DDI0487 L.b D24.2.142 (PAR_EL1). */
#include "tests/diff/conformance/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bug.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

static struct tlb_config tlb(uint32_t entries, uint32_t ways)
{
	return (struct tlb_config){ .entries = entries,
				    .ways = ways,
				    .replacement = REPLACEMENT_LRU,
				    .sizes_lg2 = { 12, 14, 16, 21, 25, 29, 30,
						   34 },
				    .size_count = 8 };
}

/* Small, so that everything happens: evictions, blocks in pieces. */
static struct arm_mmu_config mmu_config(const struct case_options *options,
					bool warm)
{
	struct arm_mmu_config config = {
		.l1i_tlb = tlb(warm ? 4 : 0, 4),
		.l1d_tlb = tlb(warm ? 4 : 0, 4),
		.l2_tlb = tlb(warm ? 16 : 0, 4),
		.s2_tlb = tlb(warm ? 8 : 0, 8),
		.walk_cache_s1 = tlb(warm ? 8 : 0, 4),
		.walk_cache_s2 = tlb(warm ? 8 : 0, 4),
		.pa_bits = options->pa_bits,
		.small_tables = options->small_tables,
		.contiguous_bit =
			warm ? ARM_CONTIGUOUS_USED : ARM_CONTIGUOUS_IGNORED,
	};

	config.l1d_tlb.size_count = 1;
	return config;
}

static struct memory_system *new_memory(struct model_random *random)
{
	struct cache_config cache = { .bytes = 4096,
				      .ways = 4,
				      .line = 64,
				      .replacement = REPLACEMENT_LRU };
	struct memory_config config = { .cpus = 1,
					.l1i = cache,
					.l1d = cache,
					.l2 = cache,
					.llc = cache,
					.walk_entry = MEMORY_ENTRY_NONE };

	return memory_new(&config, random);
}

bool judge_start(struct judge *judge, const struct case_options *options,
		 struct ram *ram)
{
	struct arm_mmu_config cold = mmu_config(options, false);
	struct arm_mmu_config warm = mmu_config(options, true);

	memset(judge, 0, sizeof(*judge));
	judge->ram = ram;
	model_random_seed(&judge->random, 1);
	judge->memory = new_memory(&judge->random);
	if (!judge->memory)
		return false;
	if (arm_mmu_init(&judge->mmu, &cold, ram, judge->memory, 0,
			 &judge->random) == ERR_OK) {
		if (arm_mmu_init(&judge->warm, &warm, ram, judge->memory, 0,
				 &judge->random) == ERR_OK)
			return true;
		arm_mmu_fini(&judge->mmu);
	}
	memory_free(judge->memory);
	return false;
}

void judge_stop(struct judge *judge)
{
	arm_mmu_fini(&judge->warm);
	arm_mmu_fini(&judge->mmu);
	memory_free(judge->memory);
}

static void load_registers(struct arm_mmu *mmu, const struct el2_registers *r)
{
	const struct {
		enum arm_sysreg reg;
		uint64_t value;
	} writes[] = {
		{ ARM_HCR_EL2, r->hcr },     { ARM_VTCR_EL2, r->vtcr },
		{ ARM_VTTBR_EL2, r->vttbr }, { ARM_SCTLR_EL1, r->sctlr },
		{ ARM_TCR_EL1, r->tcr },     { ARM_TTBR0_EL1, r->ttbr0 },
		{ ARM_TTBR1_EL1, r->ttbr1 }, { ARM_MAIR_EL1, r->mair },
	};

	for (unsigned int i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		if (!arm_mmu_sysreg_write(mmu, writes[i].reg, writes[i].value))
			abort();
}

void judge_registers(struct judge *judge, const struct el2_registers *registers)
{
	load_registers(&judge->mmu, registers);
}

void judge_flush(struct judge *judge, const struct el2_registers *registers)
{
	struct arm_tlbi all;

	load_registers(&judge->warm, registers);
	if (!arm_tlbi_decode(ARM_SYSREG(1, 4, 8, 7, 4), 0, &judge->warm.regs,
			     true, &all))
		abort();
	arm_mmu_tlbi(&judge->warm, &all);
}

static unsigned int access_of(uint32_t kind)
{
	static const unsigned int access[EL2_KINDS] = {
		[EL2_AT_S12E1R] = ARM_ACCESS_READ,
		[EL2_AT_S12E1W] = ARM_ACCESS_WRITE,
		[EL2_AT_S12E0R] = ARM_ACCESS_READ | ARM_ACCESS_EL0,
		[EL2_AT_S12E0W] = ARM_ACCESS_WRITE | ARM_ACCESS_EL0,
		[EL2_LOAD_EL1] = ARM_ACCESS_READ,
		[EL2_STORE_EL1] = ARM_ACCESS_WRITE,
		[EL2_LOAD_UNPRIVILEGED] = ARM_ACCESS_READ | ARM_ACCESS_UNPRIV,
		[EL2_STORE_UNPRIVILEGED] = ARM_ACCESS_WRITE | ARM_ACCESS_UNPRIV,
		[EL2_LOAD_EL0] = ARM_ACCESS_READ | ARM_ACCESS_EL0,
		[EL2_STORE_EL0] = ARM_ACCESS_WRITE | ARM_ACCESS_EL0,
		[EL2_FETCH_EL1] = ARM_ACCESS_FETCH,
		[EL2_FETCH_EL0] = ARM_ACCESS_FETCH | ARM_ACCESS_EL0,
	};

	return access[kind];
}

static struct outcome not_modelled(const struct arm_fault *fault)
{
	return (struct outcome){ .what = OUTCOME_STRANGE, .why = fault->why };
}

/* An exception of AT's, taken at EL2 itself: EC is one more. */
static struct outcome at_abort(const struct arm_fault *fault)
{
	struct arm_fault f = *fault;

	f.access |= ARM_ACCESS_MAINTENANCE;
	return (struct outcome){
		.what = OUTCOME_ABORT,
		.el = 2,
		.esr = arm_fault_esr(&f, 2, false) + (UINT64_C(1) << 26),
		.far = f.va.raw,
	};
}

static struct outcome at_par_fault(const struct arm_fault *fault)
{
	uint64_t fsc = arm_fault_esr(fault, 2, false) & ESR_FSC;

	return (struct outcome){
		.what = OUTCOME_PAR,
		.par = PAR_F | fsc << 1 | (fault->s1ptw ? PAR_PTW : 0) |
		       (fault->stage == 2 ? PAR_S : 0) | PAR_RES1,
	};
}

static struct outcome at_fault(const struct arm_fault *fault)
{
	if (fault->kind == ARM_FAULT_NOT_MODELLED)
		return not_modelled(fault);
	return fault->kind == ARM_FAULT_EXTERNAL ? at_abort(fault)
						 : at_par_fault(fault);
}

static void ask_at_stage1(struct arm_mmu *mmu, const struct el2_op *op,
			  struct verdict *v)
{
	uint64_t par = 0;
	enum arm_at_result result =
		arm_mmu_at_execute(mmu,
				   ARM_SYSREG(1, 0, 7, 8,
					      op->kind - EL2_AT_S1E1R),
				   (va_t){ op->va }, &par, &v->fault);

	v->walk = mmu->walk;
	v->translated = result == ARM_AT_DONE && !(par & PAR_F);
	if (result == ARM_AT_DONE)
		v->outcome =
			(struct outcome){ .what = OUTCOME_PAR, .par = par };
	else
		v->outcome = at_fault(&v->fault);
}

/* No access is made: whether something stands there does not matter. */
static void ask_at_both(struct verdict *v)
{
	if (!v->translated) {
		v->outcome = at_fault(&v->fault);
		return;
	}
	v->outcome = (struct outcome){
		.what = OUTCOME_PAR,
		.par = FIELD_GET(ARM_ATTRS_SH, v->out.attrs) << 7 | PAR_RES1 |
		       (v->out.pa.raw & PAR_PA) |
		       FIELD_GET(ARM_ATTRS_MEMATTR, v->out.attrs) << 56,
	};
}

static void ask_access(const struct el2_op *op, bool ok, struct verdict *v)
{
	const struct arm_fault *fault = &v->fault;
	uint64_t offset = v->out.pa.raw - WINDOW_PA;
	bool stage2 = fault->stage == 2;

	if (ok) {
		v->outcome = (struct outcome){
			.what = OUTCOME_SUCCESS,
			.page = offset < WINDOW_BYTES &&
						!kind_is_store(op->kind)
					? offset >> 12
					: PAGE_UNKNOWN,
		};
		return;
	}
	if (fault->kind == ARM_FAULT_NOT_MODELLED) {
		v->outcome = not_modelled(fault);
		return;
	}
	v->outcome = (struct outcome){
		.what = OUTCOME_ABORT,
		.el = stage2 ? 2 : 1,
		.esr = arm_fault_esr(fault, stage2 ? 2 : 1,
				     kind_is_el0(op->kind)),
		.far = fault->va.raw,
		.hpfar = stage2 ? arm_fault_hpfar(fault) : 0,
	};
}

/* `ok`: what the model returned for both stages. */
static void conclude(const struct el2_op *op, bool ok, struct verdict *v)
{
	v->translated = ok || (v->fault.kind == ARM_FAULT_EXTERNAL &&
			       !v->fault.on_walk);
	if (kind_is_at(op->kind))
		ask_at_both(v);
	else
		ask_access(op, ok, v);
}

void judge_ask(struct judge *judge, const struct el2_op *op,
	       struct verdict *verdict)
{
	bool ok;

	if (op->kind <= EL2_AT_S1E0W) {
		ask_at_stage1(&judge->mmu, op, verdict);
		return;
	}
	ok = arm_mmu_probe(&judge->mmu, (va_t){ op->va }, access_of(op->kind),
			   &verdict->out, &verdict->fault, &verdict->walk);
	conclude(op, ok, verdict);
}

void judge_ask_warm(struct judge *judge, const struct el2_op *op,
		    struct verdict *verdict)
{
	bool ok;

	if (op->kind <= EL2_AT_S1E0W) {
		ask_at_stage1(&judge->warm, op, verdict);
		return;
	}
	ok = arm_mmu_translate(&judge->warm, (va_t){ op->va },
			       access_of(op->kind), &verdict->out,
			       &verdict->fault);
	verdict->walk.steps = 0;
	if (verdict->out.source == ARM_FROM_WALK)
		verdict->walk = judge->warm.walk;
	conclude(op, ok, verdict);
}
