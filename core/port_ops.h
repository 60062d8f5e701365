/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The port as a table of functions, for a core that is loaded instead of
 * linked: one member for each function of port.h, with the same promise.
 *
 * The library exports one function, p2msim_core_entry, and the two sides show
 * each other their tables in it. core/shim/port_shim.c has it ready, and turns
 * port_* into calls of the table, so that what was written for port.h is built
 * as a library unchanged.
 */
#ifndef CORE_PORT_OPS_H
#define CORE_PORT_OPS_H

#include "core/p2m/ops.h"
#include "core/port.h"

#define PORT_OPS_VERSION 2

struct port_ops {
	uint32_t version; /* PORT_OPS_VERSION; always the first member */
	uint32_t size;	  /* sizeof(struct port_ops) */
	/* Does not return. */
	void (*bug)(void *host, const char *file, int line, const char *what);
	int (*table_alloc)(void *host, unsigned int granule_lg2,
			   unsigned int order, pa_t *table);
	void (*table_free)(void *host, unsigned int granule_lg2,
			   unsigned int order, pa_t table);
	void *(*table_meta)(void *host, pa_t table);
	uint64_t *(*table_map)(void *host, pa_t table);
	void (*table_unmap)(void *host, uint64_t *entries);
	uint64_t (*pte_read)(void *host, const uint64_t *pte);
	void (*pte_write)(void *host, uint64_t *pte, uint64_t value);
	void (*table_zero)(void *host, uint64_t *entries, size_t bytes);
	void (*pte_clean)(void *host, const uint64_t *first, size_t count);
	void (*barrier)(void *host, enum port_barrier kind);
	void (*tlbi)(void *host, const struct port_tlbi *request);
	void (*memory_clean)(void *host, pa_t start, uint64_t bytes);
	void (*icache_invalidate)(void *host);
	void (*iotlb_flush)(void *host, const struct port_iotlb *request);
	void (*iotlb_wait)(void *host);
	bool (*preempt)(void *host);
	uint64_t (*time)(void *host);
};

/*
 * What every `host` given to a loaded core begins with: thus the shim finds
 * the table without a variable of its own, and one library can serve many
 * spaces of many hosts.
 */
struct port_host {
	const struct port_ops *port;
};

/*
 * The entry point. `port` is good for as long as the library is loaded. The
 * library's table; NULL if the version of `port` is not one it knows. Called
 * once, before anything else of the library.
 */
#define P2M_CORE_ENTRY "p2msim_core_entry"
typedef const struct p2m_ops *p2m_core_entry_fn(const struct port_ops *port);
p2m_core_entry_fn p2msim_core_entry;

#endif
