/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine counts, for whoever uses it. Since the space was made, but
 * for tables_live, tables_peak and mappings, which are of now.
 */
#ifndef CORE_PT_STATS_H
#define CORE_PT_STATS_H

#include <stdint.h>

struct pt_stats {
	/* Table pages; each concatenated root table is one. */
	uint64_t tables_live, tables_peak, tables_allocated, tables_freed;
	uint64_t mappings[5]; /* leaves by level */
	uint64_t pte_writes;  /* calls of port_pte_write */
	uint64_t splits;      /* tables filled from a block */
	uint64_t coalesces;   /* tables replaced by a block for being alike */
	uint64_t cleans;      /* calls of port_pte_clean */
	uint64_t barriers;    /* calls of port_barrier */
	uint64_t tlbi_vmid, tlbi_ipa, tlbi_range; /* calls of port_tlbi */
};

#endif
