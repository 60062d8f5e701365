/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything the core asks of its host. Each function takes the host's own
 * context first, and is bound at link time: a hypervisor defines them over
 * its memory and instructions, the simulator over its models, a test over
 * arrays.
 *
 * The core reaches a table only between port_table_map and port_table_unmap,
 * so that a host without a direct map can serve it; it never keeps the
 * pointer.
 */
#ifndef CORE_PORT_H
#define CORE_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/addr.h"
#include "core/base/bug.h"
#include "core/base/err.h"

/*
 * Take 2^order contiguous pages of 2^granule_lg2 bytes, aligned to their
 * whole size, content undefined. 0, or ERR_NOMEM with nothing taken.
 */
MUST_CHECK int port_table_alloc(void *host, unsigned int granule_lg2,
				unsigned int order, pa_t *table);
/* Give them back. No TLB or walk cache may still lead to them. */
void port_table_free(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t table);

/*
 * PORT_TABLE_META_BYTES of the core's own notes on a table from
 * port_table_alloc, 8-byte aligned, zero after the allocation, good until the
 * free: a hypervisor's page structure has room for it.
 */
#define PORT_TABLE_META_BYTES 32
void *port_table_meta(void *host, pa_t table);

/* A pointer to the page at `table`, good until the unmap. Never fails. */
uint64_t *port_table_map(void *host, pa_t table);
void port_table_unmap(void *host, uint64_t *entries);

/* Single-copy-atomic access to a descriptor in a mapped table. */
uint64_t port_pte_read(void *host, const uint64_t *pte);
void port_pte_write(void *host, uint64_t *pte, uint64_t value);
/* Zero `bytes` of a mapped table that no walker can reach yet. */
void port_table_zero(void *host, uint64_t *entries, size_t bytes);
/*
 * Clean `count` descriptors to the point of coherency; complete after the next
 * barrier of any kind.
 */
void port_pte_clean(void *host, const uint64_t *first, size_t count);

enum port_barrier {
	PORT_DSB_ISHST, /* earlier descriptor writes are seen by walkers */
	PORT_DSB_ISH,	/* earlier TLB maintenance is complete */
	PORT_ISB,
};
void port_barrier(void *host, enum port_barrier kind);

enum port_tlbi_scope {
	PORT_TLBI_VMID,	 /* all of the VMID: VMALLS12E1IS */
	PORT_TLBI_IPA,	 /* one entry: IPAS2E1IS */
	PORT_TLBI_RANGE, /* a range: RIPAS2E1IS */
};

/*
 * TLB maintenance by the guest's tag, broadcast unless `local`. The caller has
 * written the descriptors and executed PORT_DSB_ISHST; the effect is complete
 * after its next PORT_DSB_ISH. For PORT_TLBI_IPA and _RANGE the host must also drop
 * combined entries of both stages (IPAS2E1IS; DSB; VMALLE1IS: DDI0487 L.b
 * D8.17): it does so at the next PORT_DSB_ISH when
 * `combined` is set, once for several requests.
 */
struct port_tlbi {
	enum port_tlbi_scope scope;
	uint16_t vmid;
	bool leaf_only;	    /* only last-level entries changed: walk caches stay */
	bool combined;	    /* drop entries that combine both stages, too */
	int8_t level;	    /* of the changed leaf, a hint; -1 unknown */
	uint8_t granule_lg2;
	/* On this CPU alone: no other has run the guest since the entry was
	 * made. A host may broadcast all the same. */
	bool local;
	ipa_t start;
	uint64_t bytes;
};
void port_tlbi(void *host, const struct port_tlbi *request);

/*
 * For hosts that use p2m/setway.h alone. Clean and invalidate memory of the
 * guest to the point of coherency, complete on return; invalidate all
 * instruction caches of the inner shareable domain.
 */
void port_memory_clean(void *host, pa_t start, uint64_t bytes);
void port_icache_invalidate(void *host);

/*
 * For hosts that use iommu/domain.h, or p2m/p2m.h with tables that an IOMMU
 * shares: invalidation in an IOMMU by the domain's tag. The caller has
 * written, cleaned and ordered the descriptors; the effect is complete after
 * port_iotlb_wait. Which members mean something depends on the format of the
 * domain's tables.
 */
enum port_iotlb_scope {
	/* All of the domain. VT-d: domain-selective; SMMUv3: TLBI_S12_VMALL,
	 * or NSNH_ALL for who has one domain alone. */
	PORT_IOTLB_DOMAIN,
	/* VT-d: 2^mask_lg2 frames from an aligned address on. */
	PORT_IOTLB_PAGES,
	/* SMMUv3: TLBI_S2_IPA, what stands at one leaf's address. */
	PORT_IOTLB_IPA,
	/* SMMUv3 with IDR3.RIL: TLBI_S2_IPA with a range of
	 * (num + 1) * 2^scale granules, num at most 31, two at least. */
	PORT_IOTLB_RANGE,
};

/* VT-d 4.1 §6.5.1, §6.5.2; IHI0070 4.4. */
struct port_iotlb {
	enum port_iotlb_scope scope;
	uint16_t did;	  /* DID; VMID */
	bool leaf_only;	  /* IH, Leaf: no entry that leads to a table changed */
	uint8_t mask_lg2; /* AM; at least 9 for what was a 2 MB superpage */
	/*
	 * SMMUv3: entries that combine both stages must go, too. The host sees
	 * to it by TLBI_NH_ALL of the VMID before port_iotlb_wait returns, once
	 * for several requests; TLBI_S12_VMALL does it by itself.
	 */
	bool combined;
	int8_t level;	     /* TTL: of the changed leaves; -1 unknown */
	uint8_t granule_lg2; /* TG, of tables and range; 12 with VT-d */
	uint8_t num, scale;
	iova_t start; /* an IPA with SMMUv3 */
};
void port_iotlb_flush(void *host, const struct port_iotlb *request);
/*
 * All earlier requests are complete on return, and so is DMA that began
 * before them (drained): a wait descriptor; CMD_SYNC, which an SMMU completes
 * when that is so.
 */
void port_iotlb_wait(void *host);
/*
 * VT-d: the hardware's write buffer is flushed (CAP.RWBF, GCMD.WBF): descriptors
 * that became present are seen. Invalidations do it by themselves.
 */
void port_iommu_write_buffer(void *host);

/* True if the host wants the processor back: finish the step and return. */
bool port_preempt(void *host);
/* Time in the host's cycles, monotonic. */
uint64_t port_time(void *host);

#endif
