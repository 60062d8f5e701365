/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers and instructions as the guest meets them: what translation
 * depends on goes to the machine, identification says what is modelled and no
 * more, time is the machine's. DDI0487 L.b D24. Not modelled: performance
 * monitors (read as zero, writes ignored), random numbers and big-endian data
 * (the run ends), timer interrupts (a timer's condition can be polled).
 */
#include "sim/guest/vcpu.h"

#define ID(crm, op2) ARM_SYSREG(3, 0, 0, crm, op2)

enum {
	MPIDR_EL1 = ID(0, 5),
	ID_AA64PFR0_EL1 = ID(4, 0),
	ID_AA64DFR0_EL1 = ID(5, 0),
	ID_AA64ISAR0_EL1 = ID(6, 0),
	ID_AA64ISAR1_EL1 = ID(6, 1),
	ID_AA64MMFR0_EL1 = ID(7, 0),
	ID_AA64MMFR2_EL1 = ID(7, 2),
	CPACR_EL1 = ARM_SYSREG(3, 0, 1, 0, 2),
	CCSIDR_EL1 = ARM_SYSREG(3, 1, 0, 0, 0),
	CLIDR_EL1 = ARM_SYSREG(3, 1, 0, 0, 1),
	CSSELR_EL1 = ARM_SYSREG(3, 2, 0, 0, 0),
	CTR_EL0 = ARM_SYSREG(3, 3, 0, 0, 1),
	DCZID_EL0 = ARM_SYSREG(3, 3, 0, 0, 7),
	RNDR = ARM_SYSREG(3, 3, 2, 4, 0),
	RNDRRS = ARM_SYSREG(3, 3, 2, 4, 1),
	CNTKCTL_EL1 = ARM_SYSREG(3, 0, 14, 1, 0),
	CNTFRQ_EL0 = ARM_SYSREG(3, 3, 14, 0, 0),
	CNTPCT_EL0 = ARM_SYSREG(3, 3, 14, 0, 1),
	CNTVCT_EL0 = ARM_SYSREG(3, 3, 14, 0, 2),
	CNTP_TVAL_EL0 = ARM_SYSREG(3, 3, 14, 2, 0),
	CNTV_CVAL_EL0 = ARM_SYSREG(3, 3, 14, 3, 2),
};

/* DDI0487 L.b D24.2.175; the bits that stand here. */
#define SCTLR_FIELDS(F)       \
	F(SCTLR, M, 0, 1)     \
	F(SCTLR, ENDB, 13, 1) \
	F(SCTLR, DZE, 14, 1)  \
	F(SCTLR, UCT, 15, 1)  \
	F(SCTLR, E0E, 24, 1)  \
	F(SCTLR, EE, 25, 1)   \
	F(SCTLR, UCI, 26, 1)  \
	F(SCTLR, ENDA, 27, 1) \
	F(SCTLR, ENIB, 30, 1) \
	F(SCTLR, ENIA, 31, 1)
FIELDS_DEFINE(SCTLR, SCTLR_FIELDS);

/* What Unicorn's EL2 is set to: RW, so that EL1 is AArch64; and the traps of
 * cache maintenance by address, TPC and TPU (DDI0487 L.b D24.2.53). */
#define HCR_NATIVE  BIT(31)
#define HCR_TPC_TPU (BIT(23) | BIT(24))

#define COUNTER_HZ UINT64_C(62500000) /* as QEMU's virt */
#define PAR_EL1	   ARM_PAR_EL1

/* ---- time ---- */

/* One clock for all CPUs: the one that is furthest. */
static uint64_t counter(const struct vcpu *v)
{
	uint64_t charge = 0;
	uint64_t hz = (uint64_t)v->m->config.mhz * 1000000;

	for (unsigned int i = 0; i < v->m->config.cpus; i++) {
		uint64_t c = machine_cycles(&v->m->cpu[i]);

		charge = c > charge ? c : charge;
	}
	/* Whole seconds apart, so that nothing overflows. */
	charge >>= CYCLE_LG2;
	return charge / hz * COUNTER_HZ + charge % hz * COUNTER_HZ / hz;
}

/* CNTP_* is CRm 2, CNTV_* CRm 3. */
static bool timer_register(unsigned int reg, unsigned int *which,
			   unsigned int *op2)
{
	*which = (reg - CNTP_TVAL_EL0) >> 3;
	*op2 = reg & 7;
	return reg >= CNTP_TVAL_EL0 && reg <= CNTV_CVAL_EL0 && *op2 <= 2;
}

static uint64_t timer_read(const struct vcpu *v, const struct vcpu_timer *t,
			   unsigned int op2)
{
	uint64_t now = counter(v);

	switch (op2) {
	case 0:
		return (uint32_t)(t->cval - now);
	case 1: /* ISTATUS while enabled */
		return t->ctl | ((t->ctl & 1) && now >= t->cval ? 4 : 0);
	default:
		return t->cval;
	}
}

static void timer_write(const struct vcpu *v, struct vcpu_timer *t,
			unsigned int op2, uint64_t value)
{
	switch (op2) {
	case 0:
		t->cval = counter(v) + (uint64_t)(int64_t)(int32_t)value;
		break;
	case 1:
		t->ctl = value & 3;
		break;
	default:
		t->cval = value;
	}
}

/* ---- identification ---- */

static uint64_t pa_range(unsigned int pa_bits)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 52 };
	uint64_t range = 0;

	for (uint64_t i = 0; i < sizeof(bits); i++) {
		if (bits[i] <= pa_bits)
			range = i;
	}
	return range;
}

/* Everything in the identification space; what is not named is absent. */
static uint64_t identification(const struct vcpu *v, unsigned int reg)
{
	const struct arm_mmu_config *mmu = &v->m->config.mmu;

	switch (reg) {
	case ID_AA64PFR0_EL1:
		/* EL0 and EL1 in AArch64 alone; FP and SIMD with halves. */
		return 0x110011;
	case ID_AA64DFR0_EL1:
		return 6; /* Armv8-A debug */
	case ID_AA64ISAR0_EL1:
		/* AES+PMULL, SHA1, SHA2-512, CRC32, LSE, RDM, SHA3, SM3, SM4,
		 * DP, FHM, TS: as Unicorn's largest CPU executes them. */
		return UINT64_C(0x0021111110212120);
	case ID_AA64ISAR1_EL1:
		/* JSCVT, FCMA, LRCPC, FRINTTS */
		return UINT64_C(0x0000000100211000);
	case ID_AA64MMFR0_EL1:
		/* 4K and 64K, and 16K (TGran16 1) by choice; 16-bit ASIDs. */
		return pa_range(mmu->pa_bits) | 2 << 4 |
		       (mmu->granule_16k == ARM_GRANULE_16K_PRESENT) << 20;
	case ID_AA64MMFR2_EL1:
		/* VARange: FEAT_LVA comes with FEAT_LPA here. */
		return (uint64_t)(mmu->pa_bits == 52) << 16;
	default:
		return 0;
	}
}

static const struct cache_config *cache_of(const struct vcpu *v)
{
	const struct memory_config *mem = &v->m->config.memory;
	unsigned int level = v->csselr >> 1 & 7;

	if (level == 0)
		return v->csselr & 1 ? &mem->l1i : &mem->l1d;
	return level == 1 && !(v->csselr & 1) ? &mem->l2 : NULL;
}

static uint64_t ccsidr(const struct vcpu *v)
{
	const struct cache_config *c = cache_of(v);
	uint64_t sets;

	if (!c || !c->bytes)
		return 0;
	sets = c->bytes / c->line / c->ways;
	return (sets - 1) << 13 | (uint64_t)(c->ways - 1) << 3 |
	       (ctz64(c->line) - 4);
}

/* Separate first level, unified second; coherence at what is there. */
static uint64_t clidr(const struct vcpu *v)
{
	const struct memory_config *mem = &v->m->config.memory;
	uint64_t value = 0;

	if (mem->l1i.bytes || mem->l1d.bytes)
		value = 3 | UINT64_C(1) << 24 | UINT64_C(1) << 27 |
			UINT64_C(1) << 21;
	if (mem->l2.bytes)
		value = (value & ~(UINT64_C(7) << 24)) | 4 << 3 |
			UINT64_C(2) << 24;
	return value;
}

static uint64_t cache_type(const struct vcpu *v)
{
	uint64_t words = v->m->line_lg2 - 2;

	return UINT64_C(1) << 31 | words << 24 | words << 20 | words << 16 |
	       3 << 14 | words;
}

bool sysreg_el0_may(const struct vcpu *v, bool zva)
{
	uint64_t sctlr = v->cpu->mmu.regs.sctlr;

	/* A kernel of ours lets its programs do both. */
	return v->g->kernel || (zva ? FIELD_GET(SCTLR_DZE, sctlr)
				    : FIELD_GET(SCTLR_UCI, sctlr));
}

bool sysreg_fp_traps(const struct vcpu *v)
{
	unsigned int fpen = vcpu_sys(v, CPACR_EL1) >> 20 & 3;

	return !(fpen & 1) || (fpen == 1 && v->cpu->el == 0);
}

/* ---- registers ---- */

static bool is_translation(unsigned int reg)
{
	return reg == ARM_SCTLR_EL1 || reg == ARM_TTBR0_EL1 ||
	       reg == ARM_TTBR1_EL1 || reg == ARM_TCR_EL1 ||
	       reg == ARM_MAIR_EL1;
}

static uint64_t translation_register(const struct vcpu *v, unsigned int reg)
{
	const struct arm_regs *r = &v->cpu->mmu.regs;

	switch (reg) {
	case ARM_SCTLR_EL1:
		return r->sctlr;
	case ARM_TTBR0_EL1:
		return r->ttbr0;
	case ARM_TTBR1_EL1:
		return r->ttbr1;
	case ARM_TCR_EL1:
		return r->tcr;
	default:
		return r->mair;
	}
}

/* PMCR_EL0 and its kin: CRn 9 (CRm 12 to 14), CRn 14 (CRm 8 to 15). */
static bool is_monitor(unsigned int reg)
{
	unsigned int crn = reg >> 7 & 15, crm = reg >> 3 & 15;

	return (crn == 9 && crm >= 12 && crm <= 14) || (crn == 14 && crm >= 8);
}

/* Does EL1 trap this register from EL0? Then Unicorn raises it. */
static bool traps_el0(const struct vcpu *v, unsigned int reg)
{
	if (v->cpu->el || v->g->kernel)
		return false;
	if (reg == CTR_EL0)
		return !FIELD_GET(SCTLR_UCT, v->cpu->mmu.regs.sctlr);
	if ((reg >> 7 & 15) == 14)
		return !(vcpu_sys(v, CNTKCTL_EL1) & 3);
	return false;
}

static bool read_id(struct vcpu *v, unsigned int reg, uint64_t *value)
{
	switch (reg) {
	case MPIDR_EL1:
		*value = UINT64_C(1) << 31 | v->cpu->index;
		return true;
	case CCSIDR_EL1:
		*value = ccsidr(v);
		return true;
	case CLIDR_EL1:
		*value = clidr(v);
		return true;
	case CSSELR_EL1:
		*value = v->csselr;
		return true;
	case CTR_EL0:
		*value = cache_type(v);
		return true;
	case DCZID_EL0:
		*value = sysreg_el0_may(v, true) || v->cpu->el ? 4 : 0x14;
		return true;
	}
	if ((reg & ~0x7fU) != ID(0, 0) || (reg >> 3 & 15) == 0)
		return false;
	*value = identification(v, reg);
	return true;
}

static bool read_time(struct vcpu *v, unsigned int reg, uint64_t *value)
{
	unsigned int which, op2;

	if (reg == CNTFRQ_EL0)
		*value = COUNTER_HZ;
	else if (reg == CNTPCT_EL0 || reg == CNTVCT_EL0)
		*value = counter(v);
	else if (timer_register(reg, &which, &op2))
		*value = timer_read(v, &v->timer[which], op2);
	else
		return false;
	return true;
}

enum sys_outcome sysreg_read(struct vcpu *v, unsigned int reg, uint64_t *value)
{
	*value = 0;
	if (traps_el0(v, reg))
		return SYS_NATIVE;
	if (is_translation(reg)) {
		*value = translation_register(v, reg);
		return SYS_DONE;
	}
	if (reg == RNDR || reg == RNDRRS) {
		v->m->not_modelled =
			"RNDR, RNDRRS: random numbers (DDI0487 L.b C5.2; "
			"ID_AA64ISAR0_EL1 does not offer them)";
		return SYS_DONE;
	}
	if (read_id(v, reg, value) || read_time(v, reg, value) ||
	    is_monitor(reg))
		return SYS_DONE;
	return SYS_NATIVE;
}

/* What Unicorn may know of SCTLR_EL1: traps of EL0, nothing that would
 * change how it executes. */
static uint64_t native_sctlr(struct vcpu *v, uint64_t value)
{
	const uint64_t absent = FIELD_MASK(SCTLR_ENDB) |
				FIELD_MASK(SCTLR_ENDA) |
				FIELD_MASK(SCTLR_ENIB) | FIELD_MASK(SCTLR_ENIA);

	if (value & (FIELD_MASK(SCTLR_EE) | FIELD_MASK(SCTLR_E0E)))
		v->m->not_modelled = "SCTLR_EL1.EE, E0E: big-endian data "
				     "(DDI0487 L.b D24.2.175)";
	return value & ~(absent | FIELD_MASK(SCTLR_EE) | FIELD_MASK(SCTLR_E0E));
}

static void write_translation(struct vcpu *v, unsigned int reg, uint64_t value)
{
	machine_sysreg(v->m, v->cpu, (enum arm_sysreg)reg, value);
	if (reg == ARM_SCTLR_EL1)
		vcpu_sys_set(v, reg, native_sctlr(v, value));
	vcpu_forget_translations(v);
}

enum sys_outcome sysreg_write(struct vcpu *v, unsigned int reg, uint64_t value)
{
	unsigned int which, op2;

	if (traps_el0(v, reg))
		return SYS_NATIVE;
	if (is_translation(reg)) {
		write_translation(v, reg, value);
		return SYS_DONE;
	}
	if (reg == CPACR_EL1) {
		vcpu_sys_set(v, reg, value);
		vcpu_forget_translations(v); /* and what blocks are known */
		return SYS_DONE;
	}
	if (reg == CSSELR_EL1) {
		v->csselr = value & 15;
		return SYS_DONE;
	}
	/* Those that only HCR_EL2.TVM makes matter to the machine. */
	if (machine_sysreg(v->m, v->cpu, (enum arm_sysreg)reg, value))
		return SYS_NATIVE;
	if (timer_register(reg, &which, &op2)) {
		timer_write(v, &v->timer[which], op2, value);
		return SYS_DONE;
	}
	return is_monitor(reg) ? SYS_DONE : SYS_NATIVE;
}

/* ---- instructions ---- */

static enum sys_outcome tlbi(struct vcpu *v, unsigned int op, uint64_t value)
{
	if (!machine_tlbi(v->m, v->cpu, op, value))
		return SYS_NATIVE;
	/* Unicorn's own would drop 1 KiB; everything goes, on every CPU. */
	vcpu_forget_translations(v);
	for (unsigned int i = 0; i < v->m->config.cpus; i++) {
		if (i != v->cpu->index)
			v->g->vcpu[i].attention |= ATTENTION_FLUSH_TLB;
	}
	return SYS_DONE;
}

/*
 * Maintenance by an address that faults must not be executed, and emulation
 * cannot be stopped from where it is reported. But the report comes before
 * Unicorn's own check whether EL1 or EL2 traps the instruction: let it.
 */
static void trap_maintenance(struct vcpu *v, const struct arm_fault *fault)
{
	v->fault = *fault;
	v->trap_faults = true;
	if (v->cpu->el)
		vcpu_sys_set(v, ARM_HCR_EL2, HCR_NATIVE | HCR_TPC_TPU);
	else
		vcpu_sys_set(v, ARM_SCTLR_EL1,
			     vcpu_sys(v, ARM_SCTLR_EL1) &
				     ~FIELD_MASK(SCTLR_UCI));
}

void sysreg_untrap(struct vcpu *v)
{
	v->trap_faults = false;
	if (v->cpu->el)
		vcpu_sys_set(v, ARM_HCR_EL2, HCR_NATIVE);
	else
		vcpu_sys_set(v, ARM_SCTLR_EL1,
			     vcpu_sys(v, ARM_SCTLR_EL1) |
				     FIELD_MASK(SCTLR_UCI));
}

/* The frame that IC IVAU names; false: it cannot be told. */
static bool line_frame(const struct vcpu *v, uint64_t va, pa_t *pa)
{
	unsigned int access = v->cpu->el ? 0U : (unsigned int)ARM_ACCESS_EL0;
	struct arm_translation t;
	struct arm_fault fault;

	if (!machine_probe(v->m, v->cpu, (va_t){ va }, access, &t, &fault))
		return false;
	*pa = t.pa;
	return true;
}

static enum sys_outcome ic(struct vcpu *v, unsigned int op, uint64_t value)
{
	bool by_line = op == ARM_SYSREG(1, 3, 7, 5, 1);
	bool local = op == ARM_SYSREG(1, 0, 7, 5, 0);
	struct arm_fault fault;
	pa_t pa;

	if (!machine_ic(v->m, v->cpu, op, value, &fault))
		return SYS_NATIVE;
	if (fault.kind != ARM_FAULT_NONE) {
		trap_maintenance(v, &fault);
		return SYS_NATIVE;
	}
	by_line = by_line && line_frame(v, value, &pa);
	/* Seen after this CPU's next context synchronisation; by others when
	 * they run next, which cannot be too early. */
	vcpu_code_changed(v, by_line ? &pa : NULL);
	v->code_stale = true;
	for (unsigned int i = 0; !local && i < v->m->config.cpus; i++) {
		struct vcpu *other = &v->g->vcpu[i];

		if (other == v)
			continue;
		vcpu_code_changed(other, by_line ? &pa : NULL);
		other->attention |= ATTENTION_FLUSH_CODE;
	}
	return SYS_DONE;
}

static enum sys_outcome at(struct vcpu *v, unsigned int op, uint64_t value)
{
	uint64_t par;

	if (!machine_at(v->m, v->cpu, op, value, &par)) {
		v->m->not_modelled = "AT other than S1E1R, S1E1W, S1E0R, S1E0W "
				     "(DDI0487 L.b C5.4)";
		return SYS_DONE;
	}
	vcpu_sys_set(v, PAR_EL1, par);
	return SYS_DONE;
}

enum sys_outcome sys_execute(struct vcpu *v, unsigned int op, uint64_t value)
{
	unsigned int crn = op >> 7 & 15, crm = op >> 3 & 15;
	struct arm_fault fault;

	if (crn == 8)
		return tlbi(v, op, value);
	if (crn != 7)
		return SYS_NATIVE;
	if (crm == 8 || crm == 9)
		return at(v, op, value);
	if (crm == 1 || crm == 5)
		return ic(v, op, value);
	if (machine_dc(v->m, v->cpu, op, value, &fault)) {
		if (fault.kind == ARM_FAULT_NONE)
			return SYS_DONE;
		trap_maintenance(v, &fault);
		return SYS_NATIVE;
	}
	if (crm == 12 || crm == 13)
		v->m->not_modelled =
			"DC CVAP, CVADP: persistence (DDI0487 L.b C5.3)";
	return SYS_NATIVE;
}

/* ---- reset ---- */

void sysreg_reset(struct vcpu *v)
{
	uint64_t sctlr = v->cpu->mmu.regs.sctlr;

	v->csselr = 0;
	v->timer[0] = v->timer[1] = (struct vcpu_timer){ 0 };
	if (v->g->kernel) {
		vcpu_sys_set(v, CPACR_EL1, UINT64_C(3) << 20);
		sctlr |= FIELD_MASK(SCTLR_UCI) | FIELD_MASK(SCTLR_UCT) |
			 FIELD_MASK(SCTLR_DZE) | UINT64_C(3) << 16;
		vcpu_sys_set(v, CNTKCTL_EL1, 3);
	} else {
		vcpu_sys_set(v, CPACR_EL1, 0);
	}
	v->trap_faults = false;
	vcpu_sys_set(v, ARM_HCR_EL2, HCR_NATIVE);
	vcpu_sys_set(v, ARM_SCTLR_EL1, native_sctlr(v, sctlr));
}
