/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An IOMMU domain: which machine frame stands behind each device frame, kept
 * as a table that the IOMMU walks: VT-d second stage (VT-d 4.1 §3.7), or Arm
 * stage 2 for an SMMUv3 (IHI0070 3.3, DDI0487 L.b D8). Fourth seed for tables
 * that become superpages and back.
 *
 * Locking is the caller's: one writer at a time. All counts are of 4 KiB
 * frames. Hardware that faults a device's access cannot repeat it, so nothing
 * here takes down, even for a moment, what stays translated; but with Arm's
 * formats break-before-make may demand it, see `bbm_level`.
 */
#ifndef CORE_IOMMU_DOMAIN_H
#define CORE_IOMMU_DOMAIN_H

#include "core/base/addr.h"
#include "core/base/err.h"
#include "core/pt/gather.h"
#include "core/pt/policy.h"
#include "core/pt/stats.h"

enum iommu_access {
	IOMMU_ACCESS_R = 1,
	IOMMU_ACCESS_W = 2,
	IOMMU_ACCESS_RW = 3,
};

enum iommu_flush_policy {
	IOMMU_FLUSH_STRICT,   /* before each call returns */
	IOMMU_FLUSH_DEFERRED, /* what went away, once in so many calls */
};

enum iommu_format {
	IOMMU_VTD_SS, /* VT-d second stage */
	IOMMU_ARM_S2_4K,
	IOMMU_ARM_S2_16K,
	IOMMU_ARM_S2_64K,
	IOMMU_FORMATS
};

/* What the hardware is, and how the domain shall be kept. */
struct iommu_domain_config {
	enum iommu_format format;
	uint16_t did; /* the tag: DID, or VMID */
	/*
	 * Of the walk. VT-d: 3, 4 or 5 (CAP.SAGAW). Arm: 2, 3 or 4, as the
	 * granule and iova_bits have it; 0: as few as 16 root tables allow.
	 */
	uint8_t levels;
	/*
	 * VT-d: CAP.MGAW; 0: as many as the levels give. Arm: 25 to 48, with
	 * 64K and 52 output bits to 52; 0: 48.
	 */
	uint8_t iova_bits;
	uint8_t output_bits; /* the machine's addresses, at most 52 */
	/* Leaves one level above pages, and two. VT-d: CAP.SLLPS. */
	bool superpage_2m;
	bool superpage_1g;
	/* VT-d alone. */
	bool snoop;	   /* force snooping: SNP in leaves (ECAP.SC) */
	bool write_buffer; /* CAP.RWBF: it must be flushed by hand */
	bool caching_mode; /* CAP.CM: holes are cached, too */
	uint8_t mask_max_lg2; /* the largest mask, CAP.MAMV */
	/* VT-d: CAP.PSI. Arm: every SMMU can; else all goes at once. */
	bool page_selective;
	/* Arm alone. */
	bool range;  /* IDR3.RIL: one command for a range */
	bool nested; /* stage 1 before it: combined entries go, too */
	/*
	 * IDR3.BBML: how blocks are cut and made. 2: in place. 1: in place,
	 * with nT. 0: break before make, so that a device that accesses what a
	 * block or its pages cover faults meanwhile. A frame that is given
	 * another output address is broken at each level.
	 */
	uint8_t bbm_level;
	/* ECAP.C or IDR0.COHACC clear: which descriptors are cleaned. Else
	 * PT_CLEAN_NONE. */
	enum pt_clean_policy clean;
	bool free_empty; /* remove tables whose count falls to zero */
	struct pt_coalesce coalesce; /* as the p2m's */
	enum iommu_flush_policy flush;
	uint32_t flush_calls; /* deferred: at least 1 */
};

struct iommu_stats {
	struct pt_stats pt; /* of these tlbi_* stay zero */
	uint64_t flush_domain, flush_pages; /* calls of port_iotlb_flush */
	uint64_t flush_waits;		    /* of port_iotlb_wait */
	uint64_t write_buffer;	  /* of port_iommu_write_buffer */
	uint64_t flush_deferred;  /* calls that left their flush to a later */
};

/* The caller owns the storage; the members are the domain's own. */
struct iommu_domain {
	void *host;
	struct iommu_domain_config config;
	pa_t root;	    /* the first of 2^root_order tables */
	uint8_t root_order; /* Arm: concatenated */
	uint8_t start_level, leaf_level; /* the engine's numbers */
	bool detached;	 /* iommu_domain_fini has begun */
	uint64_t frames; /* of the space, and of what it may lead to */
	uint64_t outputs;
	struct iommu_stats stats;
	struct pt_coalescing coalescing;
	/* Not yet flushed: what went, in how many calls, where in all. */
	struct pt_gather pending;
	uint32_t pending_calls;
	uint64_t pending_start, pending_end;
	pa_t queue; /* tables that wait for it */
	uint64_t queued;
};

/* What a look-up found. */
struct iommu_entry {
	mfn_t mfn;	     /* of the frame asked for, if access is not 0 */
	unsigned int access; /* enum iommu_access bits; 0: a hole */
	uint8_t order;	     /* 2^order frames from the aligned dfn are alike */
};

/*
 * An empty domain: the root tables are allocated and zeroed. ERR_INVAL for
 * what no hardware is, ERR_NOMEM.
 */
MUST_CHECK int iommu_domain_init(struct iommu_domain *d, void *host,
				 const struct iommu_domain_config *config);

/*
 * Remove everything and free every table. Preemptible: ERR_PREEMPTED means
 * call again. No device may be attached any more, nor the domain used again.
 */
MUST_CHECK int iommu_domain_fini(struct iommu_domain *d);

/*
 * Map [dfn, dfn + frames) to [mfn, mfn + frames) for IOMMU_ACCESS_R, _W or
 * both, in the largest leaves that fit. What was mapped there is replaced, in
 * place (VT-d) or break-before-make (Arm); a superpage that is only partly
 * replaced is cut first. On return devices see the new translation and no old
 * one, under every flush policy. On ERR_NOMEM or ERR_PREEMPTED the first *done
 * frames are mapped and the rest are as they were. ERR_RANGE, ERR_INVAL, or
 * ERR_ALIGN if one of the three is no multiple of the granule: nothing
 * changed, *done 0.
 */
MUST_CHECK int iommu_map(struct iommu_domain *d, dfn_t dfn, mfn_t mfn,
			 uint64_t frames, unsigned int access, uint64_t *done);

/*
 * Remove what is mapped in the range; holes are skipped. As iommu_map, but
 * that under deferred flushing devices may reach the frames that stood there
 * until iommu_is_flushed: they must not have another use before.
 */
MUST_CHECK int iommu_unmap(struct iommu_domain *d, dfn_t dfn, uint64_t frames,
			   uint64_t *done);

/* Change the access of what is mapped in the range. As iommu_map. */
MUST_CHECK int iommu_protect(struct iommu_domain *d, dfn_t dfn, uint64_t frames,
			     unsigned int access, uint64_t *done);

/* Never fails: beyond the space is a hole. */
void iommu_lookup(struct iommu_domain *d, dfn_t dfn, struct iommu_entry *entry);

/*
 * How many frames of the range are mapped. For callers that refuse to map
 * over what is mapped, or to unmap what is not.
 */
uint64_t iommu_count_mapped(struct iommu_domain *d, dfn_t dfn, uint64_t frames);

/* Flush now what was deferred, and give back its tables. */
void iommu_flush(struct iommu_domain *d);
/* True if no device can reach what was unmapped. */
bool iommu_is_flushed(const struct iommu_domain *d);

/*
 * Do what the coalescing policy has due, if nothing else is called for a
 * while: a bounded piece of work, which counts as a call.
 */
void iommu_tick(struct iommu_domain *d);

/* VT-d, for a context or PASID entry, next to `root`: its AW field. */
unsigned int iommu_domain_aw(const struct iommu_domain *d);
/* Arm, for an STE: core/iommu/ste.h. */

#endif
