/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host for the core that does nothing but keep its tables and tell the
 * checker: every wish of the core becomes a protocol event. A switch may spoil
 * the stream on its way, as a bug in the core or its host would.
 */
#ifndef TESTS_PROTOCOL_CORE_HOST_H
#define TESTS_PROTOCOL_CORE_HOST_H

#include "core/p2m/p2m.h"
#include "sim/check/checker.h"

/* What goes wrong, everywhere it can; see README.md. */
enum spoil {
	SPOIL_NOTHING,
	SPOIL_NO_DSB_BEFORE_TLBI, /* a DSB ISHST followed by a TLBI */
	SPOIL_NO_DSB_AFTER_TLBI,
	SPOIL_NO_DSB_BETWEEN, /* IPAS2E1IS and VMALLE1IS */
	SPOIL_NO_DSB_AFTER_MAKE,
	SPOIL_WEAK_DSB_AFTER_TLBI, /* ISHST where ISH is meant */
	SPOIL_NO_TLBI,
	SPOIL_NO_COMBINED, /* no VMALLE1IS after IPAS2E1IS */
	SPOIL_LOCAL_TLBI,
	SPOIL_OTHER_VMID,
	SPOIL_SHIFTED_TLBI, /* operand of another granule */
	SPOIL_SHORT_RANGE,
	SPOIL_LAST_LEVEL,   /* IPAS2LE1IS where tables went */
	SPOIL_WRONG_LEVEL,
	SPOIL_NO_BREAK,	    /* the invalid entry is not written */
	SPOIL_NO_UNLINK,
	SPOIL_PIECES,	    /* every store in two halves */
	SPOIL_EARLY_FREE,   /* tables go back before the flush */
	SPOIL_LINK_FIRST,   /* no barrier before a new table is linked */
	SPOIL_NO_NT,	    /* nT is never set */
	SPOIL_LOST_HINT,    /* one of a group lacks the contiguous hint */
	SPOIL_NO_CLEAN,	    /* walkers read past the caches */
	SPOIL_ONE,	    /* `one`-th barrier or TLBI is dropped */
	SPOILS
};

struct core_host;
struct core_host *core_host_new(const struct checker_config *config);
void core_host_free(struct core_host *h);
/* From now on; `one` counts from the first barrier or TLBI after this. */
void core_host_spoil(struct core_host *h, enum spoil spoil, uint64_t one);
/* Barriers and TLBIs since then. */
uint64_t core_host_steps(const struct core_host *h);
/* Allocations: the n-th from now fails, 0: none. */
void core_host_fail(struct core_host *h, uint64_t nth);

/* The p2m is made and installed in every CPU's VTTBR_EL2. */
void core_host_install(struct core_host *h, const struct p2m *p2m,
		       bool noncoherent);
/* The operation that was named when it began is over. */
void core_host_begin(struct core_host *h, const char *operation);
void core_host_done(struct core_host *h);
struct checker *core_host_checker(struct core_host *h);

#endif
