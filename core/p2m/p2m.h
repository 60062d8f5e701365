/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The p2m: which machine frame, of what type and with what access, stands
 * behind each guest frame; kept as an Arm stage-2 table that hardware walks.
 * DDI0487 L.b D8; first seed for the reference counts.
 *
 * Locking is the caller's: one writer at a time. All counts are of 4 KiB
 * frames.
 */
#ifndef CORE_P2M_P2M_H
#define CORE_P2M_P2M_H

#include "core/base/addr.h"
#include "core/base/err.h"
#include "core/pt/policy.h"
#include "core/pt/stats.h"

/* Stands in the descriptor's software bits; independent of bit 0. */
enum p2m_type {
	P2M_INVALID = 0,
	P2M_RAM_RW,
	P2M_RAM_RO,
	P2M_DEVICE_NGNRE, /* memory-mapped device passed through */
	P2M_DEVICE_NGNRNE, /* the same, with no early acknowledgement */
	P2M_DEVICE_GRE,    /* gathering and reordering allowed */
	P2M_DEVICE_NC,     /* device memory that may be Normal, not cached */
	P2M_GRANT_RW,      /* another guest's page, granted */
	P2M_GRANT_RO,
	P2M_FOREIGN_RW,    /* another guest's page, mapped by a manager */
	P2M_FOREIGN_RO,
	P2M_TYPE_COUNT
};

/*
 * What the guest may do, frame by frame. What the type forbids is not kept:
 * execution of all but RAM, writes to what is RO.
 */
enum p2m_access {
	P2M_ACCESS_R = 1,
	P2M_ACCESS_W = 2,
	P2M_ACCESS_X = 4,
	P2M_ACCESS_RWX = 7,
	P2M_ACCESS_DEFAULT = 0x100, /* alone: what the p2m's default says */
};

enum p2m_tlbi_policy { P2M_TLBI_VMID, P2M_TLBI_IPA, P2M_TLBI_RANGE };
enum p2m_order_policy { P2M_ORDER_GREEDY, P2M_ORDER_MASK };

struct p2m_config {
	uint8_t ipa_bits;    /* 32..48; with lpa and 64K up to 52 */
	uint8_t granule_lg2; /* 12, 14 or 16 */
	int8_t start_level;  /* -1: the deepest that at most 16 root tables allow */
	uint16_t vmid;
	bool free_empty;     /* remove tables whose count falls to zero */
	enum p2m_tlbi_policy tlbi;
	enum p2m_order_policy order;
	/*
	 * When a table of contiguous, equal leaves becomes a block; all zero
	 * is never. A policy that waits or scans is served within the calls
	 * below and by p2m_tick, a bounded piece of work each time.
	 */
	struct pt_coalesce coalesce;
	bool contig_hint; /* set the contiguous hint wherever it may stand */
	uint8_t bbm_level; /* FEAT_BBM 0, 1 or 2: how blocks are cut and made */
	bool lpa;	  /* FEAT_LPA: 52-bit addresses with the 64K granule */
};

/* The engine's own counts, so that all who use it count alike. */
#define p2m_stats pt_stats

struct p2m;
struct pt_gather;

/* Of p2m_share: the SMMU's side of each invalidation. */
struct p2m_shared {
	/* Send what was gathered; NULL: nobody shares, or all is broadcast. */
	void (*flush)(struct p2m *p2m, const struct pt_gather *g);
	void (*wait)(struct p2m *p2m); /* until it is complete */
	enum pt_clean_policy clean;
	bool on, range, nested;
	/* Counts: requests for the VMID and others; waits. */
	uint64_t flush_vmid, flush_ipa, waits;
};

/* The caller owns the storage; the members are the p2m's own. */
struct p2m {
	void *host;
	struct p2m_config config;
	pa_t root;	    /* the first of root_tables concatenated tables */
	uint8_t start_level;
	uint8_t root_order; /* log2 of the number of concatenated tables */
	unsigned int default_access;
	gfn_t relinquished; /* p2m_relinquish is done below it */
	bool marks;	    /* contiguity markers are kept */
	uint64_t frames;    /* of the space, and of what it may lead to */
	uint64_t outputs;
	/* Frames that the code for the usual shape serves: all, or none. */
	uint64_t quick_lookup, quick_map, quick_remove;
	struct p2m_stats stats;
	struct pt_coalescing coalescing;
	pa_t free_list;	    /* unlinked tables waiting for the TLB flush */
	uint64_t free_list_count;
	bool detached;	    /* p2m_fini has begun */
	struct p2m_shared shared;
};

/* What a lookup found. */
struct p2m_entry {
	mfn_t mfn;	    /* of the frame asked for, if type is not invalid */
	enum p2m_type type;
	unsigned int access; /* enum p2m_access bits */
	uint8_t level;	    /* where the walk ended, holes included */
	uint8_t order;	    /* 2^order frames from the aligned gfn are alike */
};

/*
 * An empty address space: the root tables are allocated and zeroed.
 * ERR_INVAL for sizes the architecture does not have, ERR_NOMEM.
 */
MUST_CHECK int p2m_init(struct p2m *p2m, void *host,
			const struct p2m_config *config);

/*
 * Remove everything and free every table. Preemptible: ERR_PREEMPTED means
 * call again. The p2m may not be used afterwards; no CPU may run on it.
 */
MUST_CHECK int p2m_fini(struct p2m *p2m);

/*
 * Map [gfn, gfn + frames) to [mfn, mfn + frames). What was mapped there is
 * replaced, break-before-make; a block that is only partly replaced is split.
 * The largest leaf at each step that policy, alignment and count allow. TLBs
 * are flushed and freed tables returned before it returns.
 * On ERR_NOMEM or ERR_PREEMPTED the first *done frames are mapped and the
 * rest are as they were. ERR_RANGE, ERR_INVAL, or ERR_ALIGN if one of the
 * three is no multiple of the granule: nothing changed, *done 0.
 * No frames is fine anywhere inside the space.
 */
MUST_CHECK int p2m_map(struct p2m *p2m, gfn_t gfn, mfn_t mfn, uint64_t frames,
		       enum p2m_type type, unsigned int access, uint64_t *done);

/* Remove what is mapped in the range; holes are skipped. As p2m_map. */
MUST_CHECK int p2m_remove(struct p2m *p2m, gfn_t gfn, uint64_t frames,
			  uint64_t *done);

/*
 * Change the access of what is mapped in the range, in place: no break,
 * TLBs flushed afterwards; blocks partly inside are split. As p2m_map.
 */
MUST_CHECK int p2m_protect(struct p2m *p2m, gfn_t gfn, uint64_t frames,
			   unsigned int access, uint64_t *done);

/*
 * Change frames of type `from` in the range to type `to`, both not
 * P2M_INVALID; others are skipped. In place where the memory type stays, with
 * break-before-make where it does not. Access stays, as far as `to` allows it.
 * As p2m_map.
 */
MUST_CHECK int p2m_change_type(struct p2m *p2m, gfn_t gfn, uint64_t frames,
			       enum p2m_type from, enum p2m_type to,
			       uint64_t *done);

/*
 * What P2M_ACCESS_DEFAULT means from now on; RWX at first. What is mapped
 * stays as it is. ERR_INVAL for what is no set of P2M_ACCESS_R, _W and _X.
 */
MUST_CHECK int p2m_set_default_access(struct p2m *p2m, unsigned int access);

/*
 * Remove everything, in calls that each get on: ERR_PREEMPTED means call
 * again. Afterwards the p2m is empty and as good as new.
 */
MUST_CHECK int p2m_relinquish(struct p2m *p2m);

/*
 * Do what the coalescing policy has due, if p2m_map and the like are not
 * called for a while: a bounded piece of work, which counts as a call.
 */
void p2m_tick(struct p2m *p2m);

/* Never fails: beyond the space is a hole at the root's level. */
void p2m_lookup(struct p2m *p2m, gfn_t gfn, struct p2m_entry *entry);

/* Values for the registers, DDI0487 L.b D24.2.196 and D24.2.198. */
uint64_t p2m_vttbr(const struct p2m *p2m);
uint64_t p2m_vtcr(const struct p2m *p2m, unsigned int pa_bits);

#endif
