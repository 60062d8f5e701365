/* SPDX-License-Identifier: BSD-2-Clause */
/* iommu[] of the statistics: the parts that every type of unit has. */
#include <stdio.h>

#include "sim/machine/dma.h"
#include "sim/machine/iommu.h"

void iommu_stats_set(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

void iommu_stats_set_tlb(json_t *object, const char *key,
			 const struct tlb_counters *c)
{
	json_t *tlb = json_object();

	iommu_stats_set(tlb, "hits", c->hits);
	iommu_stats_set(tlb, "misses", c->misses);
	iommu_stats_set(tlb, "fills", c->fills);
	iommu_stats_set(tlb, "evictions", c->evictions);
	iommu_stats_set(tlb, "invalidated", c->invalidated);
	json_object_set_new(object, key, tlb);
}

void iommu_stats_set_walks(json_t *object, const struct iommu_walk_counters *c)
{
	json_t *out = json_object(), *by = json_object();

	iommu_stats_set(out, "count", c->count);
	iommu_stats_set(out, "memory_accesses", c->reads);
	iommu_stats_set(out, "cycles", c->ticks >> CYCLE_LG2);
	iommu_stats_set(out, "waited_cycles", c->waited >> CYCLE_LG2);
	for (unsigned int i = 0; i <= c->most; i++) {
		char key[16];

		if (!c->by_reads[i])
			continue;
		snprintf(key, sizeof(key), "%u", i);
		iommu_stats_set(by, key, c->by_reads[i]);
	}
	json_object_set_new(out, "by_accesses", by);
	json_object_set_new(object, "walks", out);
}

/* Sums over the domains; peaks, too. */
static struct iommu_stats total(const struct iommu *io)
{
	struct iommu_stats sum = { .flush_domain = 0 };

	for (uint32_t i = 0; i < io->domains; i++) {
		const struct iommu_stats *s = &io->domain[i].stats;

		sum.pt.tables_live += s->pt.tables_live;
		sum.pt.tables_peak += s->pt.tables_peak;
		sum.pt.tables_allocated += s->pt.tables_allocated;
		sum.pt.tables_freed += s->pt.tables_freed;
		for (int level = 0; level < 5; level++)
			sum.pt.mappings[level] += s->pt.mappings[level];
		sum.pt.pte_writes += s->pt.pte_writes;
		sum.pt.splits += s->pt.splits;
		sum.pt.coalesces += s->pt.coalesces;
		sum.pt.cleans += s->pt.cleans;
		sum.pt.barriers += s->pt.barriers;
		sum.flush_domain += s->flush_domain;
		sum.flush_pages += s->flush_pages;
		sum.flush_waits += s->flush_waits;
		sum.write_buffer += s->write_buffer;
		sum.flush_deferred += s->flush_deferred;
	}
	return sum;
}

/* Leaves by size: those of the 4K granule are there whatever the granule. */
static json_t *mappings_json(const struct iommu *io,
			     const struct iommu_stats *s)
{
	static const char *const names[3][3] = { { "4K", "2M", "1G" },
						 { "16K", "32M", NULL },
						 { "64K", "512M", NULL } };
	json_t *out = json_pack("{s:i, s:i, s:i}", "4K", 0, "2M", 0, "1G", 0);
	const char *const *name = names[io->config->granule];
	/* Of pages: the formats' own numbers. */
	int last = io->config->type == IOMMU_VTD ? 4 : 3;

	for (int i = 0; i < 3 && name[i]; i++)
		iommu_stats_set(out, name[i], s->pt.mappings[last - i]);
	return out;
}

static json_t *domain_json(const struct iommu *io)
{
	const struct iommu_stats s = total(io);
	json_t *out = json_object();

	iommu_stats_set(out, "map", io->ops_map);
	iommu_stats_set(out, "unmap", io->ops_unmap);
	iommu_stats_set(out, "refused", io->refused);
	iommu_stats_set(out, "splits", s.pt.splits);
	iommu_stats_set(out, "coalesces", s.pt.coalesces);
	iommu_stats_set(out, "pte_writes", s.pt.pte_writes);
	iommu_stats_set(out, "cleans", s.pt.cleans);
	iommu_stats_set(out, "barriers", s.pt.barriers);
	iommu_stats_set(out, "write_buffer", s.write_buffer);
	json_object_set_new(out, "tables",
			    json_pack("{s:I, s:I, s:I, s:I}", "live",
				      (json_int_t)s.pt.tables_live, "peak",
				      (json_int_t)s.pt.tables_peak, "allocated",
				      (json_int_t)s.pt.tables_allocated,
				      "freed", (json_int_t)s.pt.tables_freed));
	json_object_set_new(out, "mappings", mappings_json(io, &s));
	json_object_set_new(out, "flushes",
			    json_pack("{s:I, s:I, s:I, s:I}", "domain",
				      (json_int_t)s.flush_domain, "pages",
				      (json_int_t)s.flush_pages, "waits",
				      (json_int_t)s.flush_waits, "deferred",
				      (json_int_t)s.flush_deferred));
	return out;
}

static json_t *unit_json(const struct iommu *io)
{
	json_t *out = json_object(), *cycles = json_object();

	json_object_set_new(out, "type", json_string(io->ops->type));
	io->ops->stats(io->unit, out);
	dma_stats(io->dma, out);
	json_object_set_new(out, "domain", domain_json(io));
	iommu_stats_set(cycles, "lock", io->lock_charge >> CYCLE_LG2);
	iommu_stats_set(cycles, "flush_wait", io->wait_charge >> CYCLE_LG2);
	iommu_stats_set(cycles, "faults", io->fault_charge >> CYCLE_LG2);
	json_object_set_new(out, "cycles", cycles);
	json_object_set_new(out, "driver",
			    json_pack("{s:I, s:I, s:I}", "faults_read",
				      (json_int_t)io->faults_read, "overflows",
				      (json_int_t)io->overflows, "queue_errors",
				      (json_int_t)io->queue_errors));
	return out;
}

json_t *iommus_json(const struct iommus *all)
{
	json_t *out = json_array();

	for (uint32_t i = 0; i < all->count; i++)
		json_array_append_new(out, unit_json(&all->unit[i]));
	return out;
}
