/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Emulating cache maintenance by set/way: a guest that means "all of my
 * memory" by it is given that, page by page. Second seed; FACTS on Xen/arm.
 *
 * A guest cleans by set/way around turning its caches off or on. So the first
 * DC by set/way traps and cleans; from then on writes to the virtual-memory
 * registers trap, too (HCR_EL2.TVM), until the caches are on again, and each
 * toggle cleans once more. What is cleaned is what a CPU can have accessed
 * since the last batch: hardware-valid is cleared at the root, and each fault
 * gives it back to one entry after having taken it from the table below.
 * Software's notion, the type, stays, so that all of p2m.h works meanwhile.
 *
 * Left out: spaces that keep contiguity markers (coalescing, the hint): the
 * valid bit is an attribute there, and runs would fall apart.
 */
#ifndef CORE_P2M_SETWAY_H
#define CORE_P2M_SETWAY_H

#include "core/p2m/p2m.h"

enum p2m_setway_policy {
	P2M_SETWAY_FULL,  /* clean all that is mapped, each time */
	P2M_SETWAY_TRACK, /* what was accessed; track anew after each batch */
	/* The same, but not anew when caches come on: nothing follows soon. */
	P2M_SETWAY_TRACK_LATE,
};

/* The caller owns the storage. */
struct p2m_setway {
	struct p2m *p2m;
	enum p2m_setway_policy policy;
	bool trap_vm; /* writes to the virtual-memory registers shall trap */
	bool running; /* a batch was preempted */
	bool rearm;   /* and tracks anew at its end */
	uint64_t cursor; /* input address it goes on from */
	/* Counts. */
	uint64_t batches, frames_cleaned, faults, invalidations;
};

/*
 * ERR_UNSUPPORTED: tracking where `iommu_shares` the tables, or p2m_share said
 * so, because a device cannot wait for its fault to be resolved; or where the p2m keeps contiguity
 * markers. ERR_INVAL: no such policy.
 */
MUST_CHECK int p2m_setway_init(struct p2m_setway *s, struct p2m *p2m,
			       enum p2m_setway_policy policy,
			       bool iommu_shares);

/*
 * Just before the guest first runs: begin to track, so that its first batch
 * does not clean all that was ever mapped, and invalidate the instruction
 * caches once for all that was written for it.
 */
void p2m_setway_start(struct p2m_setway *s);

/*
 * The guest executed DC by set/way. Afterwards set HCR_EL2.TVM as trap_vm
 * says. ERR_PREEMPTED: call again before the guest goes on.
 */
MUST_CHECK int p2m_setway_trap(struct p2m_setway *s);

/*
 * The guest wrote SCTLR_EL1 while trap_vm; `was` and `is` say whether its
 * caches are on. As p2m_setway_trap.
 */
MUST_CHECK int p2m_setway_toggle(struct p2m_setway *s, bool was, bool is);

/*
 * A stage-2 translation fault: 0 if tracking caused it and one entry more is
 * valid now, or it is by now: try again. ERR_NOENT: nothing is mapped there.
 */
MUST_CHECK int p2m_setway_fault(struct p2m_setway *s, gfn_t gfn);

#endif
