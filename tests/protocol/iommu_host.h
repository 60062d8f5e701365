/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host for IOMMU domains: it keeps their tables, drives a VT-d unit of
 * models/vtd by registers or queue as an operating system would, and tells the
 * checker. What the unit carries out the checker hears from the unit. Memory
 * has two versions of each line, what processors see and what is below the
 * caches and the write buffer, and lines sink at random. A switch may spoil
 * what the domain asks for, as a bug in it or its driver would.
 */
#ifndef TESTS_PROTOCOL_IOMMU_HOST_H
#define TESTS_PROTOCOL_IOMMU_HOST_H

#include "core/iommu/domain.h"
#include "sim/check/checker.h"

/* What goes wrong, everywhere it can; see README.md. */
enum iommu_spoil {
	IOMMU_SPOIL_NOTHING,
	IOMMU_SPOIL_NO_FLUSH,
	IOMMU_SPOIL_NO_WAIT,
	IOMMU_SPOIL_OTHER_DOMAIN,
	IOMMU_SPOIL_SHIFTED,	/* the page after the one that is meant */
	IOMMU_SPOIL_SMALL_MASK, /* AM 0 */
	IOMMU_SPOIL_HINT,	/* IH, always */
	IOMMU_SPOIL_NO_BARRIER_BEFORE_FLUSH,
	IOMMU_SPOIL_NO_BARRIER_AFTER_MAKE,
	IOMMU_SPOIL_LINK_FIRST, /* no barrier before a new table is linked */
	IOMMU_SPOIL_NO_CLEAN,
	IOMMU_SPOIL_NO_CLEAN_TABLE, /* of new tables */
	IOMMU_SPOIL_CLEAN_LATE,	    /* after the barrier */
	IOMMU_SPOIL_NO_WRITE_BUFFER,
	IOMMU_SPOIL_NO_MADE, /* caching mode: nothing for what became present */
	IOMMU_SPOIL_EARLY_FREE,
	IOMMU_SPOIL_NO_UNLINK,
	IOMMU_SPOIL_PIECES,
	IOMMU_SPOIL_ONE,    /* the `one`-th step is dropped */
	IOMMU_SPOIL_LIKE,   /* and all of its kind in that operation */
	IOMMU_SPOIL_AROUND, /* and in the one before, and all after it */
	IOMMU_SPOILS
};

struct iommu_hardware {
	bool coherent, write_buffer, caching_mode, queued;
	uint8_t levels;
};

struct iommu_host;
struct iommu_host *iommu_host_new(const struct iommu_hardware *hardware,
				  uint64_t seed);
void iommu_host_free(struct iommu_host *h);
struct checker *iommu_host_checker(struct iommu_host *h);
/* From now on; `one` counts barriers, cleans, invalidations, waits and flushes
 * of the write buffer after this. */
void iommu_host_spoil(struct iommu_host *h, enum iommu_spoil spoil,
		      uint64_t one);
/* LIKE or AROUND, by what SPOIL_ONE dropped from another host's same steps. */
void iommu_host_like(struct iommu_host *h, const struct iommu_host *other,
		     enum iommu_spoil spoil);
uint64_t iommu_host_steps(const struct iommu_host *h);
/* What SPOIL_ONE dropped was a clean, a flush of the write buffer. */
bool iommu_host_lost_clean(const struct iommu_host *h);
bool iommu_host_lost_buffer(const struct iommu_host *h);
/* Allocations: the n-th from now fails, 0: none. */
void iommu_host_fail(struct iommu_host *h, uint64_t nth);
/* Told at any moment while an operation runs. May be NULL. */
void iommu_host_watch(struct iommu_host *h, void (*moment)(void *context),
		      void *context);

/* Requests of `sid` go through the domain: its context entry leads there.
 * `how`: what of the invalidations for a new entry is left out. */
enum iommu_attach {
	IOMMU_ATTACH_WHOLE,
	IOMMU_ATTACH_NO_CONTEXT,
	IOMMU_ATTACH_NO_IOTLB
};
void iommu_host_attach(struct iommu_host *h, uint16_t sid,
		       const struct iommu_domain *domain,
		       enum iommu_attach how);
void iommu_host_detach(struct iommu_host *h, uint16_t sid, uint16_t did,
		       enum iommu_attach how);

void iommu_host_begin(struct iommu_host *h, const char *operation);
void iommu_host_done(struct iommu_host *h, const struct iommu_domain *domain);
/* Frames get another use. */
void iommu_host_give(struct iommu_host *h, uint64_t mfn, uint64_t frames);

/* What a device finds; access 0: a fault. */
struct iommu_entry iommu_host_dma(struct iommu_host *h, uint16_t sid,
				  uint64_t dfn, bool write);

#endif
