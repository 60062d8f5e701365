/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stage-2 table, two domains of invalidation: an SMMU walks the p2m's
 * tables, so that a device's address is the guest's. IHI0070 3.13, 3.17;
 * iommu/ste.h has what its STEs say.
 *
 * From then on each invalidation goes to the CPUs (port_tlbi) and to the SMMU
 * (port_iotlb_flush), by VMID, and both are complete before a table is freed,
 * an entry is made where another was broken, or a call returns.
 *
 * A device has no fault that could be resolved. Hence set/way tracking is
 * refused; and where p2m_config.bbm_level is 0, a device that accesses what a
 * block covers faults while that is cut or made, as it does at every level
 * while a frame is given another address or memory type. A guest that is
 * populated by faults cannot share.
 *
 * Left out: stage-1 tables that devices share with CPUs (SVA), ATS.
 */
#ifndef CORE_P2M_SHARE_H
#define CORE_P2M_SHARE_H

#include "core/p2m/p2m.h"

struct p2m_sharing {
	/*
	 * The SMMU hears the CPUs' broadcast TLBI (IDR0.BTM, CR2.PTM clear) and
	 * its STEs carry the CPUs' VMID: a DSB after the TLBI completes it
	 * there, too, and nothing is sent. Not for device TLBs (ATS).
	 */
	bool broadcast;
	bool range;	   /* IDR3.RIL */
	bool nested;	   /* stage 1 before it: combined entries go, too */
	uint8_t bbm_level; /* IDR3.BBML: the p2m's becomes the lesser */
	/* IDR0.COHACC clear: which descriptors are cleaned. Else NONE. */
	enum pt_clean_policy clean;
};

/*
 * Before anything is mapped. ERR_EXIST: something is. ERR_INVAL: no such
 * policy or level. ERR_UNSUPPORTED: TLBI by range, broadcast to an SMMU that
 * has none.
 */
MUST_CHECK int p2m_share(struct p2m *p2m, const struct p2m_sharing *sharing);

#endif
