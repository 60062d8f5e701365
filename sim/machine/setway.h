/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cache maintenance by set/way, emulated: HCR_EL2.TSW traps the guest's
 * DC ISW, CSW and CISW, HCR_EL2.TVM its writes of the virtual-memory registers
 * while the core wants to know of them, and tracking's stage-2 faults come
 * here. DDI0487 L.b D24.2.48. The core's p2m/setway.h decides; here are its
 * calls, the registers, and what each of it took.
 */
#ifndef SIM_MACHINE_SETWAY_H
#define SIM_MACHINE_SETWAY_H

#include "core/p2m/ops.h"
#include "sim/machine/machine.h"

struct hypervisor;

struct setway {
	enum p2m_setway_policy policy; /* as it is carried out */
	bool offered; /* by the core; else DC by set/way is executed */
	bool started; /* HCR_EL2.TSW is set, if it is */
	uint64_t stop_at;   /* a batch is cut at this time; 0: never */
	uint64_t traps;	    /* DC by set/way */
	uint64_t vm_traps;  /* writes of virtual-memory registers */
	uint64_t pieces;    /* of batches, between two looks at preemption */
	/* 1/1024 cycle. */
	uint64_t worst_trap, worst_piece, worst_fault;
};

/* False: *error says why the policy cannot be had on this machine. */
bool setway_init(struct hypervisor *h, struct error_line *error);

/* The guest is about to run for the first time. */
void setway_start(struct hypervisor *h);

/* Does HCR_EL2 trap this CPU's DC by set/way; its writes of virtual-memory
 * registers? */
bool setway_traps_dc(const struct machine_cpu *cpu);
bool setway_traps_vm(const struct machine_cpu *cpu);

/* Such a trap was taken, and is settled on return. `had_caches`: before the
 * write, which has been made by now. */
void setway_dc(struct hypervisor *h, struct machine_cpu *cpu);
void setway_vm_write(struct hypervisor *h, struct machine_cpu *cpu,
		     enum arm_sysreg reg, bool had_caches);

/* Stage 1 and caches are on: what a CPU writes may stay in a cache. */
bool setway_has_caches(const struct machine_cpu *cpu);

/* Is the page mapped, so that a translation fault there is tracking's?
 * Uncounted. */
bool setway_can_resolve(struct hypervisor *h, gfn_t gfn);
/* One table or entry is valid again; its trap has been charged. */
bool setway_resolve(struct hypervisor *h, gfn_t gfn);

/* "track", as it is done on this machine; "native" where the core does not
 * emulate set/way. */
const char *setway_name(const struct hypervisor *h);
/* The core's own counts; zero if it has none. */
struct p2m_setway_counts setway_counts(const struct hypervisor *h);

#endif
