/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A p2m as a table of functions: what a simulator or a test asks of any
 * page-table library, ours or another's. Each function promises what the one
 * of the same name in p2m.h, setway.h and share.h does, on a `space` whose storage the
 * caller owns. A library built against this header and core/port.h can stand
 * in ours' place; core/README.md tells how.
 *
 * Versioned as a whole, with every type it names: what changes any of them
 * raises P2M_OPS_VERSION.
 */
#ifndef CORE_P2M_OPS_H
#define CORE_P2M_OPS_H

#include "core/p2m/p2m.h"
#include "core/p2m/setway.h"
#include "core/p2m/share.h"

#define P2M_OPS_VERSION 3

/* Of struct p2m_config and the calls: what a library can do beyond mapping
 * pages. What it does not offer it is not asked for. */
enum p2m_offer {
	P2M_OFFERS_4K = 1 << 0, /* granules */
	P2M_OFFERS_16K = 1 << 1,
	P2M_OFFERS_64K = 1 << 2,
	P2M_OFFERS_LPA = 1 << 3,
	P2M_OFFERS_TYPES = 1 << 4,      /* all, not only RAM rw and ro */
	P2M_OFFERS_FREE_EMPTY = 1 << 5, /* .free_empty is obeyed */
	P2M_OFFERS_COALESCE = 1 << 6,   /* .coalesce, and tick */
	P2M_OFFERS_CONTIG_HINT = 1 << 7,
	P2M_OFFERS_BBM = 1 << 8, /* .bbm_level is made use of */
	/* Every count of p2m_stats is kept, as ours are. */
	P2M_OFFERS_COUNTS = 1 << 9,
	/* The host may fail any allocation, and preempt: as p2m_map says. */
	P2M_OFFERS_PARTIAL = 1 << 10,
	/* Large ranges are mapped by blocks, and cost no work page by page. */
	P2M_OFFERS_BLOCKS = 1 << 11,
};

struct p2m_setway_counts {
	uint64_t batches, frames_cleaned, faults, invalidations;
};

/* NULL where "optional" is written: not offered. */
struct p2m_ops {
	uint32_t version;     /* P2M_OPS_VERSION; always the first member */
	uint32_t size;	      /* sizeof(struct p2m_ops) */
	const char *name;     /* of the library, one word */
	const char *release;  /* its own version, as it likes to be called */
	uint64_t offers;      /* enum p2m_offer bits */
	/* Of a space: zeroed, aligned to 16. All that the library knows of it
	 * stands there, in its tables and in their notes: a host may copy a
	 * space and put it back. */
	uint64_t space_bytes;

	/* ERR_UNSUPPORTED for what .offers cannot say, e.g. a start level. */
	int (*init)(void *space, void *host, const struct p2m_config *config);
	int (*fini)(void *space);
	int (*map)(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		   enum p2m_type type, unsigned int access, uint64_t *done);
	int (*remove)(void *space, gfn_t gfn, uint64_t frames, uint64_t *done);
	int (*protect)(void *space, gfn_t gfn, uint64_t frames,
		       unsigned int access, uint64_t *done);
	void (*lookup)(void *space, gfn_t gfn, struct p2m_entry *entry);
	uint64_t (*vttbr)(const void *space);
	uint64_t (*vtcr)(const void *space, unsigned int pa_bits);

	/* Optional. */
	int (*change_type)(void *space, gfn_t gfn, uint64_t frames,
			   enum p2m_type from, enum p2m_type to,
			   uint64_t *done);
	int (*set_default_access)(void *space, unsigned int access);
	int (*relinquish)(void *space);
	void (*tick)(void *space);
	/*
	 * A stage-2 translation fault, before the host populates the page. 0
	 * if the library itself had caused it, or it is over: try again.
	 * ERR_NOENT: nothing is mapped there.
	 */
	int (*fault)(void *space, gfn_t gfn);
	/* Without it splits, coalesces and mappings are unknown. */
	void (*stats)(const void *space, struct p2m_stats *stats);

	/*
	 * Optional, all or none: setway.h. *trap_vm is whether the CPU's
	 * HCR_EL2.TVM is set, and says whether it shall be from now on.
	 */
	int (*setway_init)(void *space, enum p2m_setway_policy policy,
			   bool iommu_shares);
	void (*setway_start)(void *space);
	int (*setway_trap)(void *space, bool *trap_vm);
	int (*setway_toggle)(void *space, bool was, bool is, bool *trap_vm);
	void (*setway_counts)(const void *space,
			      struct p2m_setway_counts *counts);
	/*
	 * Optional. An SMMU walks the tables, too; straight after `init`. NULL
	 * or an error: the library refuses, and tells the CPUs alone. Its VTTBR
	 * and VTCR are then what the SMMU's STEs say.
	 */
	int (*share)(void *space, const struct p2m_sharing *sharing);
};

/*
 * The one name that a library defines: ours in ops.c. Linked in, the port is
 * bound at link time; loaded, core/port_ops.h says how.
 */
extern const struct p2m_ops p2m_core_ops;

#endif
