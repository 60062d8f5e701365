/* SPDX-License-Identifier: BSD-2-Clause */
/* Caches, rules 19 to 25. */
#include <stdlib.h>

#include "recount.h"

#define NOWHERE (~(size_t)0)

static void cache_init(struct cache *c, const json_t *section, unsigned int cpu,
		       enum level level)
{
	uint64_t bytes = 0, ways = 0, line = 0;
	const char *policy = NULL;
	size_t lines;

	demand(!json_unpack((json_t *)section, "{s:I,s:I,s:I,s:s}", "bytes",
			    &bytes, "ways", &ways, "line", &line, "replacement",
			    &policy),
	       "a cache's section");
	c->cpu = cpu;
	c->level = level;
	c->present = bytes != 0;
	if (!c->present)
		return;
	lines = bytes / line;
	shelf_init(&c->shelf, lines, ways, policy);
	c->line = calloc(lines, sizeof(*c->line));
	c->dirty = calloc(lines, sizeof(*c->dirty));
	demand(c->line && c->dirty, "memory");
}

void caches_init(struct caches *c, const json_t *machine, unsigned int cpus)
{
	const json_t *cpu = json_object_get(machine, "cpu");
	unsigned int i;

	c->cpus = cpus;
	c->line_bytes = (uint64_t)json_integer_value(
		json_object_get(json_object_get(cpu, "l1d"), "line"));
	for (i = 0; i < cpus; i++) {
		cache_init(&c->of_cpu[i][L1I], json_object_get(cpu, "l1i"), i,
			   L1I);
		cache_init(&c->of_cpu[i][L1D], json_object_get(cpu, "l1d"), i,
			   L1D);
		cache_init(&c->of_cpu[i][L2], json_object_get(cpu, "l2"), i,
			   L2);
	}
	cache_init(&c->llc, json_object_get(machine, "llc"), 0, LLC);
}

/* ---- one array ---- */

static size_t find(const struct cache *c, uint64_t line)
{
	size_t first, way;

	if (!c->present)
		return NOWHERE;
	first = line % c->shelf.sets * c->shelf.ways;
	for (way = 0; way < c->shelf.ways; way++)
		if (c->shelf.place[first + way].valid &&
		    c->line[first + way] == line)
			return first + way;
	return NOWHERE;
}

static struct cache *next_present(struct caches *c, const struct cache *from)
{
	struct cache *l2 = &c->of_cpu[from->cpu][L2];

	if (from->level < L2 && l2->present)
		return l2;
	return from->level < LLC && c->llc.present ? &c->llc : NULL;
}

static void put(struct caches *c, struct cache *in, uint64_t line, bool dirty);

/* Rule 20: a dirty line leaves `from`; NULL is memory. */
static void write_to(struct caches *c, struct cache *from, struct cache *to,
		     uint64_t line)
{
	size_t at;

	c->count[from->level].writebacks++;
	if (!to)
		return;
	at = find(to, line);
	if (at != NOWHERE)
		to->dirty[at] = true;
	else
		put(c, to, line, true);
}

/* Makes room, the victim's write-back first, and fills. */
static void put(struct caches *c, struct cache *in, uint64_t line, bool dirty)
{
	size_t at = shelf_victim(&in->shelf, line % in->shelf.sets);

	if (in->shelf.place[at].valid && in->dirty[at])
		write_to(c, in, next_present(c, in), in->line[at]);
	in->line[at] = line;
	in->dirty[at] = dirty;
	shelf_fill(&in->shelf, at);
}

/* ---- several CPUs, rule 21 ---- */

static void copy_settle(struct caches *c, struct cache *in, uint64_t line,
			bool drop)
{
	size_t at = find(in, line);

	if (at == NOWHERE)
		return;
	if (in->dirty[at])
		write_to(c, in, c->llc.present ? &c->llc : NULL, line);
	in->dirty[at] = false;
	if (drop)
		shelf_drop(&in->shelf, at);
}

/* Before the access's own lookups. `path`: its levels, from the first. */
static void others_settle(struct caches *c, unsigned int cpu,
			  struct cache *const *path, unsigned int levels,
			  uint64_t line, bool write)
{
	size_t at = find(path[0], line);
	bool drop = write && (at == NOWHERE || !path[0]->dirty[at]);
	bool miss = true;
	unsigned int i;

	for (i = 0; i < levels && path[i]->level < LLC; i++)
		miss = miss && find(path[i], line) == NOWHERE;
	if (!drop && !miss)
		return;
	for (i = 0; i < c->cpus; i++) {
		if (i == cpu)
			continue;
		copy_settle(c, &c->of_cpu[i][L1D], line, drop);
		copy_settle(c, &c->of_cpu[i][L2], line, drop);
	}
}

/* ---- an access ---- */

static unsigned int path_of(struct caches *c, unsigned int cpu,
			    enum level first, struct cache **path)
{
	unsigned int levels = 0;

	if (first < L2 && c->of_cpu[cpu][first].present)
		path[levels++] = &c->of_cpu[cpu][first];
	if (first <= L2 && c->of_cpu[cpu][L2].present)
		path[levels++] = &c->of_cpu[cpu][L2];
	if (first <= LLC && c->llc.present)
		path[levels++] = &c->llc;
	return levels;
}

enum level caches_access(struct caches *c, unsigned int cpu, enum requester by,
			 enum level first, uint64_t pa, bool write)
{
	uint64_t line = pa / c->line_bytes;
	struct cache *path[3];
	unsigned int levels = path_of(c, cpu, first, path), served, i;
	size_t at = NOWHERE;

	if (!levels)
		return MEMORY;
	if (c->cpus > 1)
		others_settle(c, cpu, path, levels, line, write);
	for (served = 0; served < levels; served++) {
		at = find(path[served], line);
		if (at != NOWHERE)
			break;
		c->count[path[served]->level].misses[by]++;
	}
	if (served < levels) {
		c->count[path[served]->level].hits[by]++;
		shelf_use(&path[served]->shelf, at);
	}
	for (i = served; i-- > 0;)
		put(c, path[i], line, false);
	if (write)
		path[0]->dirty[find(path[0], line)] = true;
	return served < levels ? path[served]->level : MEMORY;
}

/* ---- maintenance, rules 24 and 25 ---- */

static void visit(struct caches *c, struct cache *in, uint64_t line,
		  enum maintenance what, bool to_unification)
{
	size_t at = find(in, line);

	if (at == NOWHERE)
		return;
	c->count[in->level].cleans++;
	if (in->dirty[at] && what != INVALIDATE)
		write_to(c, in, to_unification ? next_present(c, in) : NULL,
			 line);
	in->dirty[at] = false;
	if (what != CLEAN)
		shelf_drop(&in->shelf, at);
}

void caches_by_address(struct caches *c, uint64_t pa, enum maintenance what,
		       bool to_unification)
{
	uint64_t line = pa / c->line_bytes;
	unsigned int i;

	for (i = 0; i < c->cpus; i++) {
		visit(c, &c->of_cpu[i][L1D], line, what, to_unification);
		if (!to_unification)
			visit(c, &c->of_cpu[i][L2], line, what, false);
	}
	if (!to_unification)
		visit(c, &c->llc, line, what, false);
}

void caches_instruction_drop(struct caches *c, uint64_t pa)
{
	unsigned int i;

	for (i = 0; i < c->cpus; i++)
		visit(c, &c->of_cpu[i][L1I], pa / c->line_bytes, INVALIDATE,
		      true);
}

void caches_instruction_drop_all(struct caches *c)
{
	struct cache *l1i;
	unsigned int i;
	size_t at;

	for (i = 0; i < c->cpus; i++) {
		l1i = &c->of_cpu[i][L1I];
		for (at = 0;
		     l1i->present && at < l1i->shelf.sets * l1i->shelf.ways;
		     at++)
			if (l1i->shelf.place[at].valid)
				visit(c, l1i, l1i->line[at], INVALIDATE, true);
	}
}
