/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stimulus other than accesses: registers, maintenance, exceptions,
 * hypercalls, devices, the simulated kernel. Each function records what is
 * asked of it, then does it; a replay calls the same ones. DESIGN §6.
 */
#include <errno.h>
#include <string.h>

#include "sim/machine/access.h"
#include "sim/machine/dma.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu.h"
#include "sim/machine/iommu_guest.h"
#include "sim/machine/mark.h"
#include "sim/machine/pci.h"
#include "sim/machine/protocol.h"
#include "sim/machine/stall.h"
#include "sim/machine/watch.h"

static void record(struct machine *m, const struct machine_cpu *cpu,
		   struct trace_record r)
{
	if (!m->trace)
		return;
	r.cpu = cpu->index;
	trace_write(m->trace, &r);
}

/* ---- registers ---- */

static const struct {
	enum arm_sysreg reg;
	const char *name;
} sysreg_names[] = {
	{ ARM_SCTLR_EL1, "SCTLR_EL1" }, { ARM_TTBR0_EL1, "TTBR0_EL1" },
	{ ARM_TTBR1_EL1, "TTBR1_EL1" }, { ARM_TCR_EL1, "TCR_EL1" },
	{ ARM_MAIR_EL1, "MAIR_EL1" },
	/* What else HCR_EL2.TVM traps, DDI0487 L.b D24.2.48. */
	{ (enum arm_sysreg)ARM_SYSREG(3, 0, 5, 1, 0), "AFSR0_EL1" },
	{ (enum arm_sysreg)ARM_SYSREG(3, 0, 5, 1, 1), "AFSR1_EL1" },
	{ (enum arm_sysreg)ARM_SYSREG(3, 0, 5, 2, 0), "ESR_EL1" },
	{ (enum arm_sysreg)ARM_SYSREG(3, 0, 6, 0, 0), "FAR_EL1" },
	{ (enum arm_sysreg)ARM_SYSREG(3, 0, 10, 3, 0), "AMAIR_EL1" },
	{ (enum arm_sysreg)ARM_SYSREG(3, 0, 13, 0, 1), "CONTEXTIDR_EL1" },
};

#define SYSREG_NAMES (sizeof(sysreg_names) / sizeof(sysreg_names[0]))

bool machine_sysreg_by_name(const char *name, enum arm_sysreg *reg)
{
	for (size_t i = 0; i < SYSREG_NAMES; i++) {
		if (__builtin_strcmp(sysreg_names[i].name, name) == 0) {
			*reg = sysreg_names[i].reg;
			return true;
		}
	}
	return false;
}

/* RAM shows what this CPU sees: below the caches while its own are off. */
static void show_versions(struct machine *m, const struct machine_cpu *cpu)
{
	if (m->versions &&
	    versions_show(m->versions, !setway_has_caches(cpu)) &&
	    m->code_changed)
		m->code_changed(m->code_context);
}

static void write_sysreg(struct machine *m, struct machine_cpu *cpu,
			 enum arm_sysreg reg, uint64_t value)
{
	bool had_caches = setway_has_caches(cpu);
	const struct arm_regs before = cpu->mmu.regs;

	arm_mmu_sysreg_write(&cpu->mmu, reg, value);
	if (setway_traps_vm(cpu))
		setway_vm_write(m->hypervisor, cpu, reg, had_caches);
	show_versions(m, cpu);
	if (m->protocol) {
		protocol_control(m, cpu, &before);
		protocol_roots(m, cpu);
	}
	if (m->watch)
		watch_roots(m->watch, cpu);
}

bool machine_sysreg(struct machine *m, struct machine_cpu *cpu,
		    enum arm_sysreg reg, uint64_t value)
{
	for (size_t i = 0; i < SYSREG_NAMES; i++) {
		if (sysreg_names[i].reg != reg)
			continue;
		record(m, cpu, (struct trace_record){
				       .type = TRACE_CPU_SYSREG,
				       .name = sysreg_names[i].name,
				       .value = { value } });
		write_sysreg(m, cpu, reg, value);
		return true;
	}
	return false;
}

/* ---- maintenance ---- */

bool machine_tlbi(struct machine *m, struct machine_cpu *cpu, unsigned int op,
		  uint64_t value)
{
	struct arm_tlbi tlbi;

	if (!arm_tlbi_decode(op, value, &cpu->mmu.regs, false, &tlbi))
		return false;
	record(m, cpu, (struct trace_record){ .type = TRACE_CPU_TLBI,
					      .name = tlbi.name,
					      .value = { op, value } });
	if (m->protocol)
		protocol_guest_tlbi(m, cpu, &tlbi, value);
	for (unsigned int i = 0; i < m->config.cpus; i++) {
		if (!tlbi.broadcast && i != cpu->index)
			continue;
		access_settle_uses(&m->cpu[i]);
		arm_mmu_tlbi(&m->cpu[i].mmu, &tlbi);
	}
	if (m->iommus)
		iommus_tlbi(m->iommus, &tlbi);
	account_charge(cpu, BUCKET_MAINTENANCE,
		       m->config.tlbi_cycles * CYCLE);
	return true;
}

#define DC_IVAC ARM_SYSREG(1, 0, 7, 6, 1)

enum maintenance_kind { BY_VA, BY_SET_WAY, ALL };

static const struct maintenance {
	unsigned int op;
	const char *name;
	enum maintenance_kind kind;
	enum memory_op what;
	bool poc;
	bool every_cpu;
} dc_ops[] = {
	/* Under stage 2 it cleans too: DDI0487 L.b D7.5.9.4. */
	{ DC_IVAC, "IVAC", BY_VA, MEMORY_CLEAN_INVALIDATE, true, true },
	{ ARM_SYSREG(1, 0, 7, 6, 2), "ISW", BY_SET_WAY, MEMORY_INVALIDATE, false, false },
	{ ARM_SYSREG(1, 0, 7, 10, 2), "CSW", BY_SET_WAY, MEMORY_CLEAN, false, false },
	{ ARM_SYSREG(1, 0, 7, 14, 2), "CISW", BY_SET_WAY, MEMORY_CLEAN_INVALIDATE, false, false },
	{ ARM_SYSREG(1, 3, 7, 10, 1), "CVAC", BY_VA, MEMORY_CLEAN, true, true },
	{ ARM_SYSREG(1, 3, 7, 11, 1), "CVAU", BY_VA, MEMORY_CLEAN, false, true },
	{ ARM_SYSREG(1, 3, 7, 14, 1), "CIVAC", BY_VA, MEMORY_CLEAN_INVALIDATE, true, true },
}, ic_ops[] = {
	{ ARM_SYSREG(1, 0, 7, 1, 0), "IALLUIS", ALL, MEMORY_INVALIDATE, false, true },
	{ ARM_SYSREG(1, 0, 7, 5, 0), "IALLU", ALL, MEMORY_INVALIDATE, false, false },
	{ ARM_SYSREG(1, 3, 7, 5, 1), "IVAU", BY_VA, MEMORY_INVALIDATE, false, true },
};

static const struct maintenance *find_op(const struct maintenance *table,
					 size_t count, unsigned int op)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].op == op)
			return &table[i];
	}
	return NULL;
}

/* The line's address. Discarding data takes the right to write it, the rest
 * that to read: DDI0487 L.b D7.5.9.5. Emulated devices have no lines. */
static bool maintenance_pa(struct machine *m, struct machine_cpu *cpu, va_t va,
			   bool writes, pa_t *pa, struct arm_fault *fault)
{
	unsigned int access = (cpu->el ? 0U : (unsigned int)ARM_ACCESS_EL0) |
			      (writes ? ARM_ACCESS_WRITE : ARM_ACCESS_READ);
	struct arm_translation t = { .size_lg2 = 0 };
	enum machine_result result =
		machine_lookup(m, cpu, va, access, &t, fault);

	*pa = t.pa;
	if (result == MACHINE_FAULT) {
		fault->access &= ~(unsigned int)ARM_ACCESS_WRITE;
		fault->access |= ARM_ACCESS_MAINTENANCE;
		return false;
	}
	fault->kind = ARM_FAULT_NONE;
	return result == MACHINE_OK;
}

/* DDI0487 L.b C5.3 "DC CISW": level - 1 in [3:1], way in the top bits from
 * 32 - log2(ways), set above log2(line). */
static void maintain_set_way(struct machine *m, struct machine_cpu *cpu,
			     enum memory_op what, uint64_t value)
{
	const struct memory_config *mem = &m->config.memory;
	unsigned int level = 1 + (value >> 1 & 7), way_bits = 0;
	uint32_t ways = level == 1   ? mem->l1d.ways :
			level == 2 ? mem->l2.ways :
				     mem->llc.ways;

	while (UINT32_C(1) << way_bits < ways)
		way_bits++;
	memory_maintain_set_way(
		m->memory, cpu->index, what, level,
		(uint32_t)(value & MASK(4, 28 - way_bits)) >> m->line_lg2,
		way_bits ? (uint32_t)value >> (32 - way_bits) : 0);
}

static void maintain_line(struct machine *m, const struct machine_cpu *cpu,
			  const struct maintenance *dc, pa_t pa)
{
	if (m->protocol && dc->poc)
		protocol_guest_clean(m, cpu, pa);
	memory_maintain(m->memory, dc->what, pa, dc->poc);
	if (m->versions && dc->poc)
		versions_clean(m->versions, (pa_t){ pa.raw & -m->line_bytes },
			       m->line_bytes);
}

bool machine_dc(struct machine *m, struct machine_cpu *cpu, unsigned int op,
		uint64_t value, struct arm_fault *fault)
{
	const struct maintenance *dc =
		find_op(dc_ops, sizeof(dc_ops) / sizeof(dc_ops[0]), op);
	pa_t pa;

	fault->kind = ARM_FAULT_NONE;
	if (!dc)
		return false;
	record(m, cpu, (struct trace_record){ .type = TRACE_CPU_DC,
					      .name = dc->name,
					      .value = { op, value } });
	/* HCR_EL2.TSW: it is emulated, and not executed. */
	if (dc->kind == BY_SET_WAY && setway_traps_dc(cpu)) {
		setway_dc(m->hypervisor, cpu);
		return true;
	}
	account_charge(cpu, BUCKET_MAINTENANCE,
		       m->config.clean_cycles * CYCLE);
	if (dc->kind == BY_SET_WAY)
		maintain_set_way(m, cpu, dc->what, value);
	else if (maintenance_pa(m, cpu, (va_t){ value }, op == DC_IVAC, &pa,
				fault))
		maintain_line(m, cpu, dc, pa);
	return true;
}

bool machine_ic(struct machine *m, struct machine_cpu *cpu, unsigned int op,
		uint64_t value, struct arm_fault *fault)
{
	const struct maintenance *ic =
		find_op(ic_ops, sizeof(ic_ops) / sizeof(ic_ops[0]), op);
	pa_t pa;

	fault->kind = ARM_FAULT_NONE;
	if (!ic)
		return false;
	record(m, cpu, (struct trace_record){ .type = TRACE_CPU_IC,
					      .name = ic->name,
					      .value = { op, value } });
	account_charge(cpu, BUCKET_MAINTENANCE,
		       m->config.clean_cycles * CYCLE);
	if (ic->kind == ALL)
		memory_invalidate_fetch_all(m->memory, cpu->index,
					    ic->every_cpu);
	else if (maintenance_pa(m, cpu, (va_t){ value }, false, &pa, fault))
		memory_invalidate_fetch_line(m->memory, pa);
	return true;
}

/* A stage-2 fault on a stage-1 table's address goes to the hypervisor. */
static bool at_resolve(struct machine *m, struct machine_cpu *cpu,
		       const struct arm_fault *fault)
{
	if (fault->kind == ARM_FAULT_NOT_MODELLED) {
		m->not_modelled = fault->why;
		return false;
	}
	account_charge(cpu, BUCKET_TRAP, m->config.trap_cycles * CYCLE);
	m->current = cpu->index;
	cpu->faults[fault->stage == 2][fault->kind]++;
	if (hypervisor_can_resolve(m->hypervisor, fault) &&
	    hypervisor_resolve(m->hypervisor, fault))
		return true;
	m->not_modelled =
		"AT that ends in an external abort (DDI0487 L.b C5.4)";
	return false;
}

bool machine_at(struct machine *m, struct machine_cpu *cpu, unsigned int op,
		uint64_t value, uint64_t *par)
{
	enum arm_at_result result;
	struct arm_fault fault;

	/* S1E1R, S1E1W, S1E0R, S1E0W: what is none of them is no stimulus. */
	if ((op & ~3U) != ARM_SYSREG(1, 0, 7, 8, 0))
		return false;
	record(m, cpu, (struct trace_record){ .type = TRACE_CPU_AT,
					      .name = "AT",
					      .value = { op, value } });
	do {
		uint64_t walks = cpu->mmu.walks.count, charge;

		result = arm_mmu_at_execute(&cpu->mmu, op, (va_t){ value }, par,
					    &fault);
		if (cpu->mmu.walks.count == walks)
			continue;
		charge = arm_walk_cycles(&cpu->mmu.walk, m->latency);
		cpu->walk_charge += charge;
		account_charge(cpu, BUCKET_WALK, charge);
	} while (result == ARM_AT_ABORT && at_resolve(m, cpu, &fault));
	return result != ARM_AT_UNDEFINED;
}

void machine_barrier(struct machine *m, struct machine_cpu *cpu,
		     enum machine_barrier kind)
{
	static const char *const name[] = { "dmb", "dsb", "isb" };

	record(m, cpu, (struct trace_record){ .type = TRACE_CPU_BARRIER,
					      .name = name[kind] });
	if (m->protocol)
		protocol_guest_barrier(m, cpu, kind);
}

/* ---- control flow ---- */

void machine_exception(struct machine *m, struct machine_cpu *cpu,
		       const char *kind, uint64_t esr, uint64_t far,
		       uint64_t elr)
{
	record(m, cpu, (struct trace_record){ .type = TRACE_CPU_EXCEPTION,
					      .name = kind,
					      .value = { esr, far, elr } });
	if (m->protocol)
		protocol_context(m, cpu);
	cpu->el = 1;
}

void machine_eret(struct machine *m, struct machine_cpu *cpu, unsigned int el)
{
	record(m, cpu, (struct trace_record){ .type = TRACE_CPU_ERET,
					      .value = { el } });
	if (m->protocol)
		protocol_context(m, cpu);
	cpu->el = el;
}

void machine_wfi(struct machine *m, struct machine_cpu *cpu)
{
	record(m, cpu, (struct trace_record){ .type = TRACE_CPU_WFI });
	cpu->waiting = true;
}

void machine_switch(struct machine *m, struct machine_cpu *cpu)
{
	record(m, cpu, (struct trace_record){ .type = TRACE_CPU_SWITCH });
	m->current = cpu->index;
	show_versions(m, cpu);
}

void machine_idle(struct machine *m, struct machine_cpu *cpu, uint64_t charge)
{
	record(m, cpu, (struct trace_record){ .type = TRACE_CPU_IDLE,
					      .value = { charge } });
	account_charge(cpu, BUCKET_IDLE, charge);
}

void machine_stale(struct machine *m, struct machine_cpu *cpu, va_t va)
{
	record(m, cpu, (struct trace_record){ .type = TRACE_CPU_STALE,
					      .value = { va.raw } });
}

/* ---- hypercalls ---- */

#define PSCI_VERSION 0x84000000
#define PSCI_SYSTEM_OFF 0x84000008
#define PSCI_SYSTEM_RESET 0x84000009
#define PSCI_FEATURES 0x8400000a
#define PSCI_CPU_ON_32 0x84000003
#define PSCI_CPU_ON_64 0xc4000003

#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON (-4)

static int64_t psci_cpu_on(struct machine *m, const uint64_t x[6],
			   struct machine_start *start)
{
	uint64_t index = x[1] & 0xff;

	if ((x[1] & ~UINT64_C(0xff)) || index >= m->config.cpus)
		return PSCI_INVALID_PARAMETERS;
	if (m->cpu[index].on)
		return PSCI_ALREADY_ON;
	m->cpu[index].on = true;
	*start = (struct machine_start){ (unsigned int)index, x[2], x[3] };
	return 0;
}

static int64_t psci_features(uint64_t function)
{
	switch (function) {
	case PSCI_VERSION:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
	case PSCI_CPU_ON_32:
	case PSCI_CPU_ON_64:
		return 0;
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

/* P2M_POPULATE, P2M_REMOVE, P2M_PROTECT. */
static bool is_p2m_call(uint64_t function)
{
	return function >= 0xC6000001 && function <= 0xC6000003;
}

static bool is_iommu_call(const struct machine *m, uint64_t function)
{
	return m->iommus && (function == IOMMU_CALL_MAP ||
			    function == IOMMU_CALL_UNMAP);
}

static int64_t iommu_hypercall(struct machine *m, const struct machine_cpu *cpu,
			       const uint64_t x[6])
{
	if (!m->iommus) {
		m->not_modelled =
			"hypercalls IOMMU_MAP and IOMMU_UNMAP: this machine has no IOMMU";
		return -ENODEV;
	}
	m->current = cpu->index;
	return iommu_call(m->iommus, x);
}

static int64_t call(struct machine *m, struct machine_cpu *cpu,
		    const uint64_t x[6], struct machine_start *start)
{
	if (is_p2m_call(x[0])) {
		uint64_t began = stall_begin(cpu);
		int64_t result;

		m->current = cpu->index;
		result = hypervisor_p2m_call(m->hypervisor, x);
		stall_end(m, cpu, began);
		return result;
	}
	switch (x[0]) {
	case PSCI_VERSION:
		return 0x10001; /* 1.1 */
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
		m->ended = true;
		return 0;
	case PSCI_FEATURES:
		return psci_features(x[1]);
	case PSCI_CPU_ON_32:
	case PSCI_CPU_ON_64:
		return psci_cpu_on(m, x, start);
	case 0xC6000004:
		mark_add(m, x[1]);
		return 0;
	case IOMMU_CALL_MAP:
	case IOMMU_CALL_UNMAP:
		return iommu_hypercall(m, cpu, x);
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

/* Other traps are a moment for coalescing too. */
static void tick(struct machine *m, const struct machine_cpu *cpu)
{
	uint64_t began = stall_begin(cpu);

	hypervisor_tick(m->hypervisor, cpu);
	stall_end(m, cpu, began);
	if (m->iommus)
		iommus_moment(m->iommus);
}

bool machine_hypercall(struct machine *m, struct machine_cpu *cpu,
		       uint64_t x[6], struct machine_start *start)
{
	record(m, cpu,
	       (struct trace_record){ .type = TRACE_CPU_HYPERCALL,
				      .value = { x[0], x[1], x[2], x[3], x[4],
						 x[5] } });
	account_charge(cpu, BUCKET_TRAP, m->config.hypercall_cycles * CYCLE);
	start->cpu = ~0U;
	/* These calls have their moment for coalescing inside. */
	if (!is_p2m_call(x[0]) && !is_iommu_call(m, x[0]))
		tick(m, cpu);
	x[0] = (uint64_t)call(m, cpu, x, start);
	return !m->not_modelled;
}

/* ---- devices ---- */

/* A unit that is the guest's own reads guest memory, which a replay knows only
 * from the recording: what it turns out to need is recorded before the access
 * that needs it. */
static void hold(const struct machine *m)
{
	if (m->trace && iommus_have_guests(m))
		trace_hold(m->trace);
}

static void release(const struct machine *m)
{
	if (m->trace && iommus_have_guests(m))
		trace_release(m->trace);
}

bool machine_dma(struct machine *m, struct machine_cpu *cpu, uint64_t device,
		 iova_t iova, uint64_t bytes, bool write, bool wait)
{
	const struct dma_access access = { .device = (unsigned int)device,
					   .iova = iova,
					   .bytes = bytes,
					   .write = write };

	if (!m->iommus || device >= m->iommus->devices ||
	    bytes > MACHINE_DMA_MAX || bytes - 1 > ~iova.raw)
		return false;
	hold(m);
	record(m, cpu, (struct trace_record){ .type = TRACE_DEVICE_DMA,
					      .value = { device, iova.raw,
							 bytes, write,
							 wait } });
	dma_perform(m->iommus, cpu, &access);
	if (wait)
		dma_wait(m->iommus, cpu, access.device);
	release(m);
	return true;
}

bool machine_device_data(struct machine *m, struct machine_cpu *cpu,
			 uint64_t device, uint64_t offset, const void *bytes,
			 size_t count)
{
	const struct trace_record r = { .type = TRACE_DEVICE_DATA,
					.cpu = cpu->index,
					.value = { device, offset },
					.blob = bytes,
					.blob_bytes = count };

	if (!m->pci || !pci_fill(m->pci, device, offset, bytes, count))
		return false;
	if (m->trace)
		trace_write_ahead(m->trace, &r);
	return true;
}

/* PL011 as far as a console needs: DDI0183 3.3. Everything written leaves at
 * once, nothing ever arrives. */
static void uart(struct machine *m, uint64_t offset, bool write,
		 uint64_t *value)
{
	static const uint8_t id[] = { 0x11, 0x10, 0x14, 0x00,
				      0x0d, 0xf0, 0x05, 0xb1 };
	uint8_t byte = (uint8_t)*value;

	if (write) {
		if (offset == 0 && m->console)
			m->console(m->console_context, &byte, 1);
		return;
	}
	*value = 0;
	if (offset == 0x18)
		*value = 0x90; /* UARTFR: transmit and receive FIFO empty */
	else if (offset >= 0xfe0 && offset < 0x1000)
		*value = id[(offset - 0xfe0) / 4];
}

void machine_mmio(struct machine *m, struct machine_cpu *cpu, va_t va,
		  ipa_t ipa, unsigned int size, bool write, uint64_t *value)
{
	unsigned int access = (write ? ARM_ACCESS_WRITE : 0) |
			      (cpu->el ? 0 : ARM_ACCESS_EL0);
	struct arm_translation t;
	struct arm_fault fault;

	hold(m);
	record(m, cpu, (struct trace_record){
			       .type = TRACE_CPU_MMIO,
			       .value = { va.raw, ipa.raw, size, write,
					  write ? *value : 0 } });
	cpu->data_accesses[write]++;
	if (machine_lookup(m, cpu, va, access, &t, &fault) != MACHINE_MMIO)
		m->divergences++;
	account_charge(cpu, BUCKET_TRAP, m->config.trap_cycles * CYCLE);
	account_charge(cpu, BUCKET_MMIO, m->config.mmio_cycles * CYCLE);
	m->current = cpu->index;
	if (ipa.raw - GUEST_UART_BASE < GUEST_UART_BYTES)
		uart(m, ipa.raw - GUEST_UART_BASE, write, value);
	else if (iommus_claim(m, ipa))
		iommu_guest_access(m->iommus->guests, cpu,
				   ipa.raw - GUEST_SMMU_BASE, size, write,
				   value);
	else if (m->pci)
		pci_access(m->pci, cpu, ipa, size, write, value);
	release(m);
	tick(m, cpu);
}

/* ---- the simulated kernel ---- */

void machine_kernel_enter(struct machine *m, struct machine_cpu *cpu,
			  const char *kind, uint64_t number, uint64_t far)
{
	record(m, cpu, (struct trace_record){ .type = TRACE_KERNEL_ENTER,
					      .name = kind,
					      .value = { number, far } });
	cpu->el = 1;
	account_charge(cpu, BUCKET_KERNEL, m->config.syscall_cycles * CYCLE);
}

void machine_kernel_return(struct machine *m, struct machine_cpu *cpu,
			   uint64_t result)
{
	record(m, cpu, (struct trace_record){ .type = TRACE_KERNEL_RETURN,
					      .value = { result } });
	if (m->protocol)
		protocol_guest_done(m, cpu, "system call");
	cpu->el = 0;
}

enum machine_result machine_kernel_access(struct machine *m,
					  struct machine_cpu *cpu, va_t va,
					  uint64_t bytes, bool write,
					  struct arm_fault *fault)
{
	uint64_t before[BUCKET_COUNT];
	enum machine_result result;

	record(m, cpu, (struct trace_record){ .type = TRACE_KERNEL_ACCESS,
					      .value = { va.raw, bytes,
							 write } });
	cpu->kernel_accesses++;
	memcpy(before, cpu->by, sizeof(before));
	result = machine_range(m, cpu, va, bytes, write, fault);
	account_move(cpu, BUCKET_TLB, BUCKET_KERNEL, before);
	account_move(cpu, BUCKET_WALK, BUCKET_KERNEL, before);
	account_move(cpu, BUCKET_DATA, BUCKET_KERNEL, before);
	return result;
}

enum machine_result machine_kernel_store64(struct machine *m,
					   struct machine_cpu *cpu, va_t va,
					   ipa_t ipa, uint64_t value,
					   struct arm_fault *fault)
{
	enum machine_result result =
		machine_kernel_access(m, cpu, va, sizeof(value), true, fault);

	if (result != MACHINE_OK)
		return result;
	machine_guest_copy_in(m, ipa, &value, sizeof(value));
	if (m->watch)
		watch_store(m->watch, ipa, sizeof(value), value);
	return MACHINE_OK;
}
