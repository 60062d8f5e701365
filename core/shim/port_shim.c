/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For a core built as a shared library: the port's functions as calls of the
 * host's table, and the entry point. Compile it into the library, beside what
 * defines p2m_core_ops:
 *
 *   cc -shared -fPIC -fvisibility=hidden -o mycore.so mycore.c port_shim.c
 */
#include "core/port_ops.h"

__attribute__((visibility("default"))) const struct p2m_ops *
p2msim_core_entry(const struct port_ops *port)
{
	if (port->version != PORT_OPS_VERSION ||
	    port->size < sizeof(struct port_ops))
		return NULL;
	return &p2m_core_ops;
}

static inline const struct port_ops *ops(void *host)
{
	return ((const struct port_host *)host)->port;
}

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	ops(host)->bug(host, file, line, what);
	__builtin_trap();
}

int port_table_alloc(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t *table)
{
	return ops(host)->table_alloc(host, granule_lg2, order, table);
}

void port_table_free(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t table)
{
	ops(host)->table_free(host, granule_lg2, order, table);
}

void *port_table_meta(void *host, pa_t table)
{
	return ops(host)->table_meta(host, table);
}

uint64_t *port_table_map(void *host, pa_t table)
{
	return ops(host)->table_map(host, table);
}

void port_table_unmap(void *host, uint64_t *entries)
{
	ops(host)->table_unmap(host, entries);
}

uint64_t port_pte_read(void *host, const uint64_t *pte)
{
	return ops(host)->pte_read(host, pte);
}

void port_pte_write(void *host, uint64_t *pte, uint64_t value)
{
	ops(host)->pte_write(host, pte, value);
}

void port_table_zero(void *host, uint64_t *entries, size_t bytes)
{
	ops(host)->table_zero(host, entries, bytes);
}

void port_pte_clean(void *host, const uint64_t *first, size_t count)
{
	ops(host)->pte_clean(host, first, count);
}

void port_barrier(void *host, enum port_barrier kind)
{
	ops(host)->barrier(host, kind);
}

void port_tlbi(void *host, const struct port_tlbi *request)
{
	ops(host)->tlbi(host, request);
}

void port_memory_clean(void *host, pa_t start, uint64_t bytes)
{
	ops(host)->memory_clean(host, start, bytes);
}

void port_icache_invalidate(void *host)
{
	ops(host)->icache_invalidate(host);
}

void port_iotlb_flush(void *host, const struct port_iotlb *request)
{
	ops(host)->iotlb_flush(host, request);
}

void port_iotlb_wait(void *host)
{
	ops(host)->iotlb_wait(host);
}

bool port_preempt(void *host)
{
	return ops(host)->preempt(host);
}

uint64_t port_time(void *host)
{
	return ops(host)->time(host);
}
