/* SPDX-License-Identifier: BSD-2-Clause */
/* Our counts as a document, against the simulator's: `cpu` and `cache`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recount.h"

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *tlb_document(const struct tlb *t)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "hits", count(t->hits),
			 "misses", count(t->misses), "fills", count(t->fills),
			 "evictions", count(t->evictions), "invalidated",
			 count(t->invalidated));
}

static json_t *walk_cache_document(const struct walk_cache *c)
{
	return json_pack("{s:o,s:o}", "hits", count(c->hits), "misses",
			 count(c->misses));
}

static json_t *walks_document(const struct cpu *cpu)
{
	json_t *by = json_object();
	char name[24];
	unsigned int i;

	for (i = 0; i < READS_MAX; i++) {
		snprintf(name, sizeof(name), "%u", i);
		if (cpu->by_reads[i])
			json_object_set_new(by, name, count(cpu->by_reads[i]));
	}
	return json_pack("{s:o,s:o,s:o,s:o}", "count", count(cpu->walks),
			 "memory_accesses", count(cpu->walk_reads), "cycles",
			 count(cpu->walk_charge >> 10), "by_accesses", by);
}

static json_t *faults_document(const struct cpu *cpu)
{
	static const char *const kind[FAULT_KINDS] = {
		"",	      "address-size", "translation", "access-flag",
		"permission", "alignment",
	};
	json_t *faults = json_object();
	char name[40];
	unsigned int stage, k;

	for (stage = 1; stage <= 2; stage++)
		for (k = 1; k < FAULT_KINDS; k++) {
			snprintf(name, sizeof(name), "s%u-%s", stage, kind[k]);
			if (cpu->faults[stage][k])
				json_object_set_new(
					faults, name,
					count(cpu->faults[stage][k]));
		}
	return faults;
}

static json_t *cycles_document(const struct cpu *cpu, uint64_t *sum)
{
	static const char *const name[BUCKETS] = {
		"base", "fetch",      "tlb",	     "walk",   "data", "mmio",
		"trap", "hypervisor", "maintenance", "kernel", "idle",
	};
	json_t *by = json_object();
	unsigned int i;

	*sum = 0;
	for (i = 0; i < BUCKETS; i++) {
		uint64_t whole = (uint64_t)(cpu->charge[i] >> 10);

		json_object_set_new(by, name[i], count(whole));
		*sum += whole;
	}
	return by;
}

static json_t *cpu_document(const struct cpu *cpu)
{
	uint64_t cycles;
	json_t *by = cycles_document(cpu, &cycles);

	return json_pack("{s:o,s:o,s:o,s:{s:o,s:o,s:o,s:o},s:{s:o,s:o,s:o,s:o},"
			 "s:{s:o,s:o},s:o,s:o}",
			 "instructions", count(cpu->instructions), "cycles",
			 count(cycles), "cycles_by", by, "accesses", "fetch",
			 count(cpu->fetches), "load", count(cpu->loads),
			 "store", count(cpu->stores), "kernel",
			 count(cpu->kernel_accesses), "tlb", "l1i",
			 tlb_document(&cpu->l1i), "l1d",
			 tlb_document(&cpu->l1d), "l2", tlb_document(&cpu->l2),
			 "s2", tlb_document(&cpu->s2), "walk_cache", "s1",
			 walk_cache_document(&cpu->wc1), "s2",
			 walk_cache_document(&cpu->wc2), "walks",
			 walks_document(cpu), "faults", faults_document(cpu));
}

static json_t *level_document(const struct level_count *c)
{
	static const char *const name[REQUESTERS] = { "data", "fetch", "walk",
						      "hypervisor", "dma" };
	json_t *by = json_object();
	uint64_t hits = 0, misses = 0;
	unsigned int i;

	for (i = 0; i < REQUESTERS; i++) {
		hits += c->hits[i];
		misses += c->misses[i];
		json_object_set_new(by, name[i],
				    json_pack("{s:o,s:o}", "hits",
					      count(c->hits[i]), "misses",
					      count(c->misses[i])));
	}
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "hits", count(hits), "misses",
			 count(misses), "writebacks", count(c->writebacks),
			 "cleans", count(c->cleans), "by_requester", by);
}

static json_t *document(const struct machine *m)
{
	static const char *const name[LEVELS] = { "l1i", "l1d", "l2", "llc" };
	json_t *cpus = json_array(), *cache = json_object();
	unsigned int i;

	for (i = 0; i < m->cpus; i++)
		json_array_append_new(cpus, cpu_document(&m->cpu[i]));
	for (i = 0; i < LEVELS; i++)
		json_object_set_new(cache, name[i],
				    level_document(&m->caches.count[i]));
	return json_pack("{s:o,s:o}", "cpu", cpus, "cache", cache);
}

/* ---- differences ---- */

static unsigned int leaf_differs(const char *path, const json_t *want,
				 const json_t *got)
{
	char *w, *g;

	if (json_is_number(want) && json_is_number(got) &&
	    json_number_value(want) == json_number_value(got))
		return 0;
	w = want ? json_dumps(want, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	g = got ? json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	printf("FAIL %s: expected %s, got %s\n", path, w ? w : "nothing",
	       g ? g : "nothing");
	free(w);
	free(g);
	return 1;
}

static unsigned int differ(const char *path, const json_t *want,
			   const json_t *got);

static unsigned int object_differs(const char *path, const json_t *want,
				   const json_t *got)
{
	json_t *all = json_object(), *value;
	unsigned int n = 0;
	const char *key;
	char below[300];

	json_object_update(all, (json_t *)got);
	json_object_update(all, (json_t *)want);
	json_object_foreach(all, key, value)
	{
		snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "",
			 key);
		n += differ(below, json_object_get(want, key),
			    json_object_get(got, key));
	}
	json_decref(all);
	return n;
}

static unsigned int differ(const char *path, const json_t *want,
			   const json_t *got)
{
	size_t i, count_want = json_array_size(want);
	unsigned int n = 0;
	char below[300];

	if (json_is_object(want) && json_is_object(got))
		return object_differs(path, want, got);
	if (!json_is_array(want) || json_array_size(got) != count_want)
		return leaf_differs(path, want, got);
	for (i = 0; i < count_want; i++) {
		snprintf(below, sizeof(below), "%s[%zu]", path, i);
		n += differ(below, json_array_get(want, i),
			    json_array_get(got, i));
	}
	return n;
}

/* How often the core asked for a barrier is not in the trace; it is software's
 * doing and no count of the models, so the statistics are believed. */
static void barriers_charge(struct machine *m, const json_t *stats)
{
	const json_t *n =
		json_object_get(json_object_get(stats, "p2m"), "barriers");

	charge(m, &m->cpu[0], IN_HYPERVISOR,
	       (double)json_integer_value(n) * m->barrier);
}

unsigned int compare(struct machine *m, const json_t *stats)
{
	json_t *want, *got;
	unsigned int n;

	barriers_charge(m, stats);
	want = document(m);
	got = json_pack("{s:O?,s:O?}", "cpu", json_object_get(stats, "cpu"),
			"cache", json_object_get(stats, "cache"));
	n = object_differs("", want, got);
	if (m->unknown_tables) {
		printf("FAIL stage-1 tables: %" PRIu64
		       " descriptors were read that the trace does not hold\n",
		       m->unknown_tables);
		n++;
	}
	json_decref(want);
	json_decref(got);
	return n;
}
