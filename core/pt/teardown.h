/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of an address space: unlink everything at the root, flush once,
 * then give back table after table, with pauses if the host wishes.
 */
#ifndef CORE_PT_TEARDOWN_H
#define CORE_PT_TEARDOWN_H

#include "core/pt/clean.h"

/* Empty one table into the queue: its leaves are forgotten. */
static inline void pt_table_empty(struct pt *pt, const struct pt_format *f,
				  pa_t table, unsigned int level, bool live)
{
	uint64_t *e = port_table_map(pt->host, table);

	for (unsigned int i = 0; i < pt_entries(f, level); i++) {
		const uint64_t pte = port_pte_read(pt->host, &e[i]);
		const enum pt_kind kind = f->kind(pte, level);

		if (kind == PT_EMPTY)
			continue;
		if (kind == PT_TABLE)
			pt_queue_push(pt, f->address(pte, level));
		else
			pt->stats->mappings[level]--;
		if (live)
			pt_write(pt, &e[i], 0);
	}
	if (live)
		pt_clean(pt, f, e, pt_entries(f, level));
	port_table_unmap(pt->host, e);
}

/* Unlink all from 2^root_order root tables and flush; the queue is left. */
static inline void pt_detach(struct pt *pt, const struct pt_format *f,
			     unsigned int root_order)
{
	for (unsigned int i = 0; i < 1u << root_order; i++) {
		const pa_t page = { pt->root.raw +
				    ((uint64_t)i << f->granule_lg2) };

		pt_table_empty(pt, f, page, pt->start_level, true);
	}
	pt_meta(pt, pt->root)->valid = 0;
	pt->gather.all = true;
	pt->gather.tables = true;
	pt_barrier(pt, PORT_DSB_ISHST);
	pt->invalidate(pt);
	pt_gather_init(&pt->gather);
}

/*
 * Give back the queued tables and all below them, which no TLB leads to any
 * more. ERR_PREEMPTED: the queue holds what remains; call again.
 */
MUST_CHECK static inline int pt_release(struct pt *pt,
					const struct pt_format *f)
{
	while (pt->queued != 0) {
		const pa_t table = pt_queue_pop(pt);
		const struct pt_meta *meta = pt_meta(pt, table);

		if (meta->level == f->last)
			pt->stats->mappings[f->last] -= meta->valid;
		else
			pt_table_empty(pt, f, table, meta->level, false);
		pt_table_put(pt, f, 0, table);
		if (pt->queued != 0 && port_preempt(pt->host))
			return ERR_PREEMPTED;
	}
	return 0;
}

#endif
