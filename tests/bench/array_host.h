/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core's host in the benchmarks: arrays bound at link time. Barriers, TLB
 * maintenance and cleaning cost nothing. Included by the one file of a
 * benchmark, since it defines the port.
 */
#ifndef TESTS_BENCH_ARRAY_HOST_H
#define TESTS_BENCH_ARRAY_HOST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/port.h"

#define PAGES 4096u
#define BASE  UINT64_C(0x40000000)

struct host {
	uint64_t (*memory)[512];
	uint64_t (*meta)[PORT_TABLE_META_BYTES / 8];
	uint32_t *free;
	uint32_t frees;
};

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

int port_table_alloc(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t *table)
{
	struct host *h = host;
	uint32_t n;

	(void)granule_lg2;
	if (h->frees == 0 || order != 0)
		return ERR_NOMEM;
	n = h->free[--h->frees];
	memset(h->meta[n], 0, PORT_TABLE_META_BYTES);
	table->raw = BASE + (uint64_t)n * 4096;
	return 0;
}

void port_table_free(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t table)
{
	struct host *h = host;

	(void)granule_lg2;
	(void)order;
	h->free[h->frees++] = (uint32_t)((table.raw - BASE) >> 12);
}

void *port_table_meta(void *host, pa_t table)
{
	return ((struct host *)host)->meta[(table.raw - BASE) >> 12];
}

uint64_t *port_table_map(void *host, pa_t table)
{
	return ((struct host *)host)->memory[(table.raw - BASE) >> 12];
}

void port_table_unmap(void *host, uint64_t *entries)
{
	(void)host;
	(void)entries;
}

uint64_t port_pte_read(void *host, const uint64_t *pte)
{
	(void)host;
	return __atomic_load_n(pte, __ATOMIC_RELAXED);
}

void port_pte_write(void *host, uint64_t *pte, uint64_t value)
{
	(void)host;
	__atomic_store_n(pte, value, __ATOMIC_RELAXED);
}

void port_table_zero(void *host, uint64_t *entries, size_t bytes)
{
	(void)host;
	memset(entries, 0, bytes);
}

void port_pte_clean(void *host, const uint64_t *first, size_t count)
{
	(void)host;
	(void)first;
	(void)count;
}

void port_barrier(void *host, enum port_barrier kind)
{
	(void)host;
	(void)kind;
}

void port_tlbi(void *host, const struct port_tlbi *request)
{
	(void)host;
	(void)request;
}

void port_memory_clean(void *host, pa_t start, uint64_t bytes)
{
	(void)host;
	(void)start;
	(void)bytes;
}

void port_icache_invalidate(void *host)
{
	(void)host;
}

bool port_preempt(void *host)
{
	(void)host;
	return false;
}

uint64_t port_time(void *host)
{
	(void)host;
	return 0;
}

void port_iotlb_flush(void *host, const struct port_iotlb *request)
{
	(void)host;
	(void)request;
}

void port_iotlb_wait(void *host)
{
	(void)host;
}

void port_iommu_write_buffer(void *host)
{
	(void)host;
}

/* All pages free, lowest first. */
static inline void host_open(struct host *h)
{
	h->memory = aligned_alloc(4096, PAGES * sizeof(*h->memory));
	h->meta = calloc(PAGES, sizeof(*h->meta));
	h->free = calloc(PAGES, sizeof(*h->free));
	if (!h->memory || !h->meta || !h->free)
		exit(1);
	memset(h->memory, 0, PAGES * sizeof(*h->memory));
	while (h->frees < PAGES) {
		h->free[h->frees] = PAGES - 1 - h->frees;
		h->frees++;
	}
}

#endif
