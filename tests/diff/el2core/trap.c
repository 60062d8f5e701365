/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What brings the guest to EL2: hypercalls, stage-2 faults, its console, and
 * with set/way tracking DC by set/way and writes to the virtual-memory
 * registers. DDI0487 L.b D24.2.40 (ESR_EL2), D1.3 (exception entry).
 */
#include "console.h"
#include "hardware.h"
#include "host.h"
#include "layout.h"

#define EC_WFX	     0x01
#define EC_HVC	     0x16
#define EC_SYSREG    0x18
#define EC_FETCH     0x20
#define EC_DATA	     0x24
#define ESR_EC(esr)  ((esr) >> 26 & 0x3f)
#define ESR_IL	     (UINT64_C(1) << 25)
#define ESR_ISV	     (UINT64_C(1) << 24)
#define ESR_S1PTW    (UINT64_C(1) << 7)
#define ESR_WNR	     (UINT64_C(1) << 6)
#define ESR_CM	     (UINT64_C(1) << 8)
#define FSC_EXTERNAL 0x10
/* On a stage-1 walk; its level is not told to EL2, so the last one's. */
#define FSC_EXTERNAL_WALK 0x17

#define PSTATE_EL1H_MASKED 0x3c5
#define PSTATE_PAN	   (UINT64_C(1) << 22)
#define SCTLR_C		   (UINT64_C(1) << 2)
#define SCTLR_RESET	   UINT64_C(0x30d00800)
/* Nowhere: a guest that faults before it has vectors comes back to EL2. */
#define VECTORS_RESET	   UINT64_C(0xf0000000)
#define SEMIHOSTING	   0xf000
#define SAME_FAULTS_MAX	   1000

#define PSCI_NOT_SUPPORTED	(-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON		(-4)

static uint64_t hcr(const struct host *h)
{
	uint64_t value = HCR_RW | HCR_VM | HCR_TWI;

	if (h->options.setway != SETWAY_OFF)
		value |= HCR_TSW | (h->setway.trap_vm ? HCR_TVM : 0);
	return value;
}

void trap_registers(struct host *h)
{
	const uint64_t mmfr0 = SYSREG_READ(id_aa64mmfr0_el1);
	static const uint8_t pa_bits[] = { 32, 36, 40, 42, 44, 48, 52 };

	SYSREG_WRITE(vtcr_el2, p2m_vtcr(&h->p2m, pa_bits[mmfr0 & 7]));
	SYSREG_WRITE(vttbr_el2, p2m_vttbr(&h->p2m));
	SYSREG_WRITE(hcr_el2, hcr(h));
	SYSREG_WRITE(vpidr_el2, SYSREG_READ(midr_el1));
	SYSREG_WRITE(vmpidr_el2, SYSREG_READ(mpidr_el1));
	SYSREG_WRITE(cnthctl_el2, 3);
	SYSREG_WRITE(cntvoff_el2, 0);
	SYSREG_WRITE(sctlr_el1, SCTLR_RESET);
	SYSREG_WRITE(vbar_el1, VECTORS_RESET);
	BARRIER("isb\n\tdsb ish\n\ttlbi alle1\n\tic iallu\n\tdsb ish\n\tisb");
}

/* ---- exceptions that the guest gets */

static void abort_to_guest(struct host *h, uint64_t esr)
{
	const uint64_t from = h->guest.pstate;
	const bool fetch = ESR_EC(esr) == EC_FETCH;
	uint64_t class = fetch ? EC_FETCH : EC_DATA, offset = 0;
	uint64_t iss = esr & ESR_S1PTW ? FSC_EXTERNAL_WALK : FSC_EXTERNAL;

	if (!fetch)
		iss |= esr & (ESR_WNR | ESR_CM);
	if ((from & 0xc) == 0) {
		offset = 0x400;
	} else {
		class ++; /* without a change of EL */
		offset = from & 1 ? 0x200 : 0;
	}
	SYSREG_WRITE(esr_el1, class << 26 | ESR_IL | iss);
	SYSREG_WRITE(far_el1, SYSREG_READ(far_el2));
	SYSREG_WRITE(elr_el1, h->guest.pc);
	SYSREG_WRITE(spsr_el1, from);
	h->guest.pc = SYSREG_READ(vbar_el1) + offset;
	h->guest.pstate = PSTATE_EL1H_MASKED | (from & PSTATE_PAN);
	h->aborts++;
}

/* ---- the console: PL011 as far as sim/ has it */

static uint64_t uart_read(uint64_t offset)
{
	static const uint8_t id[] = { 0x11, 0x10, 0x14, 0x00,
				      0x0d, 0xf0, 0x05, 0xb1 };

	if (offset == 0x18)
		return 0x90;
	return offset >= 0xfe0 ? id[(offset - 0xfe0) / 4] : 0;
}

static bool mmio(struct host *h, uint64_t esr, uint64_t ipa)
{
	const unsigned int reg = esr >> 16 & 31;
	const uint64_t offset = ipa - GUEST_UART_IPA;

	if (offset >= FRAME_BYTES || !(esr & ESR_ISV))
		return false;
	if (!(esr & ESR_WNR)) {
		if (reg != 31)
			h->guest.x[reg] = uart_read(offset);
	} else if (offset == 0) {
		serial_put(reg == 31 ? 0 : (uint8_t)h->guest.x[reg]);
	}
	h->guest.pc += 4;
	p2m_tick(&h->p2m);
	return true;
}

/* True if the guest does not get on: no guest of ours needs so many. */
static bool is_stuck(struct host *h, uint64_t far)
{
	if (h->last_fault.pc != h->guest.pc || h->last_fault.far != far)
		h->last_fault.times = 0;
	h->last_fault.pc = h->guest.pc;
	h->last_fault.far = far;
	return ++h->last_fault.times > SAME_FAULTS_MAX;
}

static void serve_abort(struct host *h, uint64_t esr)
{
	const bool translation = (esr & 0x3c) == 0x04;
	const uint64_t page = SYSREG_READ(hpfar_el2) >> 4 << FRAME_LG2;
	const uint64_t far = SYSREG_READ(far_el2);

	if (translation) {
		if (!(esr & ESR_S1PTW) && ESR_EC(esr) == EC_DATA &&
		    mmio(h, esr, page | (far & (FRAME_BYTES - 1))))
			return;
		if (is_stuck(h, far))
			h->end = END_STUCK;
		if (hypervisor_fault(h, page))
			return;
	}
	abort_to_guest(h, esr);
}

/* ---- hypercalls */

static void mark(struct host *h, uint64_t id)
{
	const struct p2m_setway *s = &h->setway;

	if (h->marks == SETWAY_MARKS)
		return;
	h->mark[h->marks].id = id;
	h->mark[h->marks].batches = s->batches;
	h->mark[h->marks].frames = s->frames_cleaned;
	h->mark[h->marks].faults = s->faults;
	h->mark[h->marks].invalidations = s->invalidations;
	h->marks++;
}

static int64_t call(struct host *h, const uint64_t *x)
{
	if (x[0] >= 0xC6000001 && x[0] <= 0xC6000003)
		return hypervisor_p2m_call(h, x);
	p2m_tick(&h->p2m);
	switch (x[0]) {
	case 0x84000000: /* PSCI_VERSION */
		return 0x10001;
	case 0x84000008: /* SYSTEM_OFF */
	case 0x84000009: /* SYSTEM_RESET */
		h->end = END_OFF;
		return 0;
	case 0x84000003: /* CPU_ON: there is one CPU */
	case 0xc4000003:
		return x[1] ? PSCI_INVALID_PARAMETERS : PSCI_ALREADY_ON;
	case 0xC6000004:
		mark(h, x[1]);
		return 0;
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

/* ---- set/way */

/* Encoding of an MSR in ESR_EL2's ISS, without register and direction. */
#define ISS_MSR(op0, op1, crn, crm, op2)                                   \
	((uint64_t)(op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | \
	 (crm) << 1)
#define ISS_REGISTER (UINT64_C(0x1f) << 5)

static void serve_sctlr(struct host *h, uint64_t value)
{
	int rc;

	do {
		rc = p2m_setway_toggle(&h->setway,
				       SYSREG_READ(sctlr_el1) & SCTLR_C,
				       value & SCTLR_C);
	} while (rc == ERR_PREEMPTED);
	SYSREG_WRITE(sctlr_el1, value);
}

/* The registers that HCR_EL2.TVM traps. False: none of them. */
static bool serve_vm_register(struct host *h, uint64_t iss, uint64_t value)
{
	switch (iss & ~ISS_REGISTER) {
	case ISS_MSR(3, 0, 1, 0, 0):
		serve_sctlr(h, value);
		break;
	case ISS_MSR(3, 0, 2, 0, 0):
		SYSREG_WRITE(ttbr0_el1, value);
		break;
	case ISS_MSR(3, 0, 2, 0, 1):
		SYSREG_WRITE(ttbr1_el1, value);
		break;
	case ISS_MSR(3, 0, 2, 0, 2):
		SYSREG_WRITE(tcr_el1, value);
		break;
	case ISS_MSR(3, 0, 5, 2, 0):
		SYSREG_WRITE(esr_el1, value);
		break;
	case ISS_MSR(3, 0, 6, 0, 0):
		SYSREG_WRITE(far_el1, value);
		break;
	case ISS_MSR(3, 0, 5, 1, 0):
		SYSREG_WRITE(afsr0_el1, value);
		break;
	case ISS_MSR(3, 0, 5, 1, 1):
		SYSREG_WRITE(afsr1_el1, value);
		break;
	case ISS_MSR(3, 0, 10, 2, 0):
		SYSREG_WRITE(mair_el1, value);
		break;
	case ISS_MSR(3, 0, 10, 3, 0):
		SYSREG_WRITE(amair_el1, value);
		break;
	case ISS_MSR(3, 0, 13, 0, 1):
		SYSREG_WRITE(contextidr_el1, value);
		break;
	default:
		return false;
	}
	return true;
}

static bool serve_system(struct host *h, uint64_t esr)
{
	const uint64_t iss = esr & 0x1ffffff;
	const unsigned int reg = iss >> 5 & 31;
	const uint64_t name = iss & ~ISS_REGISTER;
	int rc;

	if (name == ISS_MSR(1, 0, 7, 6, 2) || name == ISS_MSR(1, 0, 7, 10, 2) ||
	    name == ISS_MSR(1, 0, 7, 14, 2)) {
		do {
			rc = p2m_setway_trap(&h->setway);
		} while (rc == ERR_PREEMPTED);
	} else if (!serve_vm_register(h, iss,
				      reg == 31 ? 0 : h->guest.x[reg])) {
		return false;
	}
	h->guest.pc += 4;
	SYSREG_WRITE(hcr_el2, hcr(h));
	BARRIER("isb");
	return true;
}

/* ---- */

static void unknown(struct host *h, uint64_t esr)
{
	h->end = END_UNKNOWN;
	h->end_esr = esr;
}

void trap_serve(struct host *h, unsigned int kind)
{
	const uint64_t esr = SYSREG_READ(esr_el2);

	if (kind != 0) {
		unknown(h, kind);
		return;
	}
	switch (ESR_EC(esr)) {
	case EC_HVC:
		if ((esr & 0xffff) == SEMIHOSTING)
			semihosting_serve(h);
		else
			h->guest.x[0] = (uint64_t)call(h, h->guest.x);
		break;
	case EC_FETCH:
	case EC_DATA:
		serve_abort(h, esr);
		break;
	case EC_SYSREG:
		if (!serve_system(h, esr))
			unknown(h, esr);
		break;
	case EC_WFX:
		h->end = END_WAITS;
		break;
	default:
		unknown(h, esr);
		break;
	}
}
