/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A core that is not ours, between the hypervisor above and the port below: a
 * table of operations that judges what the library returns, and a port that
 * judges what it asks for. What breaks a promise of core/p2m/ops.h or
 * core/port.h is told as a finding and ends the process.
 *
 * Tables are lent as addresses of a window that nobody can read or write: so
 * every descriptor passes the port, which alone knows what it costs, and a
 * library that stores to a table by itself is caught where it does.
 *
 * Left out: the TLB maintenance that a change needs. What the library owes
 * there shows as stale translations in the machine.
 */
#ifndef SIM_MACHINE_FOREIGN_H
#define SIM_MACHINE_FOREIGN_H

#include "sim/machine/core_library.h"
#include "sim/machine/hypervisor.h"

/* Of one page of the pool. */
struct foreign_page {
	bool live;
	uint8_t order;	/* of the allocation that begins here, in 4K pages */
	bool begins;	/* an allocation */
	uint16_t lent;	/* times mapped: of a table's first page */
};

struct foreign {
	struct port_host head; /* first: what the library is given as host */
	struct p2m_ops ops;    /* what the hypervisor calls instead of its */
	struct core_library *library;
	struct hypervisor *h;
	uint8_t *space; /* the library's, and a guard behind it */
	bool ready;	/* init has been done */
	bool shared;	/* with an SMMU, which is told by its queue */
	struct p2m_config config;
	struct foreign_page *page; /* by page of the pool */
	uint8_t *window;	   /* as large as the pool */
	uint64_t window_bytes;
	/* In this call: */
	uint64_t lent;
	bool preempted, refused;
	/* How often in turn it has settled a fault at the same frame. */
	gfn_t fault_at;
	unsigned int faults;
	/* The root that the hardware was given. */
	pa_t root;
	int start_level;
	struct p2m_stats seen; /* what passed the port */
};

/* h->core and h->space for h->m->config.core. False: out of memory. */
bool foreign_new(struct hypervisor *h);
/* The library's fini, after which no table may be left; then all the rest. */
void foreign_free(struct foreign *f);

/* The library's space and our notes on it: copied, and put back. In between no
 * page was allocated or freed. */
size_t foreign_bytes(const struct foreign *f);
void foreign_save(const struct foreign *f, void *to);
void foreign_restore(struct foreign *f, const void *from);

/* What a library is shown; hosts are struct foreign. */
extern const struct port_ops foreign_port;

/* A finding: what the core of `f` did. */
_Noreturn void foreign_fail(struct foreign *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Is [pa, pa + bytes) all in tables that the library has? */
bool foreign_owns(const struct foreign *f, uint64_t pa, uint64_t bytes);

/* The address at which the library touched a table by itself, or ~0. */
uint64_t foreign_table_at(const struct foreign *f, const void *address);

/* VTTBR_EL2 and VTCR_EL2 as the library gives them: remembered, judged. */
void foreign_judge_root(struct foreign *f, uint64_t vttbr);
void foreign_judge_vtcr(struct foreign *f, uint64_t vtcr);

/*
 * What hardware would find, of a few of the frames: the first, the last and
 * one between them. `want` false: nothing may be mapped. Otherwise frames from
 * `mfn` on (if it is not ~0) with `access`, or for ~0 whatever there is.
 */
void foreign_judge_frames(struct foreign *f, gfn_t gfn, uint64_t frames,
			  bool want, uint64_t mfn, unsigned int access);

#endif
