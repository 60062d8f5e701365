/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The caches of a machine bound together: accesses, write-backs, coherence of
 * several CPUs. models/README.md, rules 19 to 25.
 */
#include "models/memory/cache_set.h"

#include <stdlib.h>

#include "core/base/bits.h"
#include "core/base/bug.h"

#define LINE_LG2_DEFAULT 6
/* Of a machine that says nothing about where its memory ends. */
#define PA_END_DEFAULT BIT(48)

/* Zero if the caches disagree on their line's size. */
static uint32_t common_line(const struct memory_config *config)
{
	const struct cache_config *const all[] = { &config->l1i, &config->l1d,
						   &config->l2, &config->llc };
	uint32_t line = 0;

	for (unsigned int i = 0; i < 4; i++) {
		if (all[i]->bytes == 0)
			continue;
		if (cache_config_problem(all[i]))
			return 0;
		if (line != 0 && line != all[i]->line)
			return 0;
		line = all[i]->line;
	}
	return line ? line : 1u << LINE_LG2_DEFAULT;
}

static void path_add(struct memory_path *path, struct cache *c,
		     enum memory_level level)
{
	if (!c->present)
		return;
	path->cache[path->depth] = c;
	path->level[path->depth] = level;
	path->depth++;
	if (level != MEMORY_LLC)
		path->private_depth++;
	path->usual = path->depth == 3 &&
		      path->cache[0]->shape == CACHE_PLRU4 &&
		      path->cache[1]->shape == CACHE_PLRU8 &&
		      path->cache[2]->shape == CACHE_PLRU16;
}

static void cpu_make_paths(struct memory_system *ms, struct memory_cpu *cpu)
{
	path_add(&cpu->data, &cpu->l1d, MEMORY_L1);
	path_add(&cpu->data, &cpu->l2, MEMORY_L2);
	path_add(&cpu->data, &ms->llc, MEMORY_LLC);
	path_add(&cpu->fetch, &cpu->l1i, MEMORY_L1);
	path_add(&cpu->fetch, &cpu->l2, MEMORY_L2);
	path_add(&cpu->fetch, &ms->llc, MEMORY_LLC);
	path_add(&cpu->dma, &ms->llc, MEMORY_LLC);
	cpu->path[REQUESTER_DATA] = &cpu->data;
	cpu->path[REQUESTER_FETCH] = &cpu->fetch;
	cpu->path[REQUESTER_WALK] = &cpu->walk;
	cpu->path[REQUESTER_HYPERVISOR] = &cpu->data;
	cpu->path[REQUESTER_DMA] = &cpu->dma;
	if (ms->walk_entry == MEMORY_ENTRY_NONE)
		return;
	if (ms->walk_entry == MEMORY_ENTRY_L1D)
		path_add(&cpu->walk, &cpu->l1d, MEMORY_L1);
	path_add(&cpu->walk, &cpu->l2, MEMORY_L2);
	path_add(&cpu->walk, &ms->llc, MEMORY_LLC);
}

/* Caches that the inline path can serve. */
static void cpu_make_first(struct memory_system *ms, struct memory_cpu *cpu)
{
	struct cache *data = cpu->l1d.inline4 ? &cpu->l1d : NULL;

	cpu->first[REQUESTER_DATA] = data;
	cpu->first[REQUESTER_HYPERVISOR] = data;
	cpu->first[REQUESTER_FETCH] = cpu->l1i.inline4 ? &cpu->l1i : NULL;
	if (ms->walk_entry == MEMORY_ENTRY_L1D)
		cpu->first[REQUESTER_WALK] = data;
}

static bool cpu_init(struct memory_system *ms, struct memory_cpu *cpu,
		     const struct memory_config *config,
		     struct model_random *random, uint64_t lines)
{
	if (!cache_init(&cpu->l1i, &config->l1i, random, lines) ||
	    !cache_init(&cpu->l1d, &config->l1d, random, lines) ||
	    !cache_init(&cpu->l2, &config->l2, random, lines))
		return false;
	cpu_make_paths(ms, cpu);
	cpu_make_first(ms, cpu);
	return true;
}

struct memory_system *memory_new(const struct memory_config *config,
				 struct model_random *random)
{
	uint64_t pa_end = config->pa_end ? config->pa_end : PA_END_DEFAULT;
	uint32_t line = common_line(config);
	struct memory_system *ms;
	uint64_t lines;

	if (line == 0 || config->cpus == 0)
		return NULL;
	ms = calloc(1, sizeof(*ms));
	if (!ms)
		return NULL;
	ms->line_lg2 = ctz64(line);
	ms->lines = lines = ((pa_end - 1) >> ms->line_lg2) + 1;
	ms->walk_entry = config->walk_entry;
	ms->cpus = config->cpus;
	ms->cpu = calloc(config->cpus, sizeof(*ms->cpu));
	if (!ms->cpu || !cache_init(&ms->llc, &config->llc, random, lines))
		goto fail;
	for (uint32_t i = 0; i < config->cpus; i++) {
		if (!cpu_init(ms, &ms->cpu[i], config, random, lines))
			goto fail;
	}
	return ms;
fail:
	memory_free(ms);
	return NULL;
}

void memory_free(struct memory_system *ms)
{
	if (!ms)
		return;
	for (uint32_t i = 0; ms->cpu && i < ms->cpus; i++) {
		cache_fini(&ms->cpu[i].l1i);
		cache_fini(&ms->cpu[i].l1d);
		cache_fini(&ms->cpu[i].l2);
	}
	free(ms->cpu);
	cache_fini(&ms->llc);
	free(ms);
}

/*
 * A dirty line leaves path->cache[at] for the next level: there it becomes
 * dirty, or is put in, which may push out another, and so on to memory.
 */
static void write_back(const struct memory_path *path, uint32_t at,
		       uint64_t line)
{
	for (;;) {
		path->cache[at]->counters.writebacks++;
		if (++at == path->depth)
			return;
		line = cache_take_dirty(path->cache[at], line);
		if (line == CACHE_NONE)
			return;
	}
}

/* The copy in one other CPU's cache: written down to the last level if it is
 * dirty, then dropped if the access is a write. */
static void snoop_cache(struct memory_system *ms, struct cache *c,
			uint64_t line, bool drop)
{
	uint64_t slot = c->present ? cache_find(c, line) : CACHE_NONE;

	if (slot == CACHE_NONE)
		return;
	if (cache_slot_dirty(c, slot)) {
		struct memory_path down = { .depth = 1, .cache = { c } };

		path_add(&down, &ms->llc, MEMORY_LLC);
		write_back(&down, 0, line);
		cache_slot_clean(c, slot);
	}
	if (drop)
		cache_slot_drop(c, slot);
}

/* `except`: the CPU that asks; ms->cpus for a device. */
static void snoop_others(struct memory_system *ms, uint32_t except,
			 uint64_t line, bool drop)
{
	for (uint32_t i = 0; i < ms->cpus; i++) {
		if (i == except)
			continue;
		snoop_cache(ms, &ms->cpu[i].l1d, line, drop);
		snoop_cache(ms, &ms->cpu[i].l2, line, drop);
	}
}

/* Rule 21, before the access is made. */
static __attribute__((noinline)) void
make_coherent(struct memory_system *ms, const struct memory_path *path,
	      unsigned int cpu, enum requester who, uint64_t line, bool write)
{
	bool in_private = false;

	if (who == REQUESTER_DMA)
		cpu = ms->cpus;
	else if (who == REQUESTER_WALK && ms->walk_entry == MEMORY_ENTRY_NONE)
		return;
	for (uint32_t i = 0; i < path->private_depth && !in_private; i++) {
		uint64_t slot = cache_find(path->cache[i], line);

		in_private = slot != CACHE_NONE;
		if (i == 0 && in_private &&
		    cache_slot_dirty(path->cache[i], slot))
			return;
	}
	if (write || !in_private)
		snoop_others(ms, cpu, line, write);
}

/* What the levels from `at` upwards pushed out, the last level's first. */
static __attribute__((noinline)) void
write_back_victims(const struct memory_path *path, uint32_t at,
		   const uint64_t *victim)
{
	while (at-- > 0) {
		if (victim[at] != CACHE_NONE)
			write_back(path, at, victim[at]);
	}
}

/*
 * Each level that misses is filled at once; what that pushed out is written
 * back afterwards, from the last level inwards. A level sees the same order
 * of fills as if the line had come up from memory.
 */
static inline enum memory_level path_access(const struct memory_path *path,
					    enum requester who, uint64_t line,
					    bool write)
{
	uint64_t victim[MEMORY_PATH_MAX] = { CACHE_NONE, CACHE_NONE,
					     CACHE_NONE };
	enum memory_level served = MEMORY_DRAM;
	uint32_t at, depth = path->depth;

	if (depth == 0)
		return MEMORY_DRAM;
	/* The host fetches the far set while the near ones are searched. */
	cache_prefetch(path->cache[depth - 1], line);
	for (at = 0; at < depth; at++) {
		if (cache_access_inline(path->cache[at], line, who, write,
					&victim[at])) {
			served = path->level[at];
			break;
		}
		write = false;
	}
	if (__builtin_expect((victim[0] & victim[1] & victim[2]) != CACHE_NONE,
			     0))
		write_back_victims(path, at, victim);
	return served;
}

/* One level of a usual path. */
SET_INLINE bool usual_access(struct cache *c, uint32_t ways, enum requester who,
			     uint64_t line, bool write, uint64_t *victim)
{
	bool hit = set_access_plru(c, line, ways, write, victim);

	c->generation++;
	if (hit)
		c->counters.hits[who]++;
	else
		c->counters.misses[who]++;
	return hit;
}

/* path_access of a path that is usual: no loop, and no choice of code. */
static inline enum memory_level usual_path_access(const struct memory_path *path,
						  enum requester who,
						  uint64_t line, bool write)
{
	uint64_t victim[MEMORY_PATH_MAX] = { CACHE_NONE, CACHE_NONE,
					     CACHE_NONE };
	uint32_t at = 0;

	if (usual_access(path->cache[0], 4, who, line, write, &victim[0]))
		return path->level[0];
	if (!usual_access(path->cache[1], 8, who, line, false, &victim[1])) {
		at = 2;
		if (!usual_access(path->cache[2], 16, who, line, false,
				  &victim[2]))
			at = 3;
	} else {
		at = 1;
	}
	if (__builtin_expect((victim[0] & victim[1] & victim[2]) != CACHE_NONE,
			     0))
		write_back_victims(path, at, victim);
	return at < 3 ? path->level[at] : MEMORY_DRAM;
}

enum memory_level memory_access(struct memory_system *ms, unsigned int cpu,
				enum requester who, pa_t pa, bool write)
{
	uint64_t line = pa.raw >> ms->line_lg2;
	const struct memory_path *path;

	/* One branch. */
	BUG_ON(ms, (cpu >= ms->cpus) | (write & (who == REQUESTER_FETCH)) |
			   (line >= ms->lines));
	path = ms->cpu[cpu].path[who];
	if (__builtin_expect(ms->cpus > 1 || who == REQUESTER_DMA, 0))
		make_coherent(ms, path, cpu, who, line, write);
	if (path->usual)
		return usual_path_access(path, who, line, write);
	return path_access(path, who, line, write);
}

/* Cleaning to the point of coherency: the data goes to memory at once. */
static void maintain_line(struct cache *c, enum memory_op op, uint64_t line)
{
	uint64_t slot = cache_find(c, line);

	if (slot == CACHE_NONE)
		return;
	c->counters.cleans++;
	if (op != MEMORY_INVALIDATE && cache_slot_dirty(c, slot)) {
		c->counters.writebacks++;
		cache_slot_clean(c, slot);
	}
	if (op != MEMORY_CLEAN)
		cache_slot_drop(c, slot);
}

/* Cleaning one level: the data goes to the next. */
static void maintain_level(const struct memory_path *path, uint32_t at,
			   enum memory_op op, uint64_t slot)
{
	struct cache *c = path->cache[at];
	uint64_t line;

	if (slot == CACHE_NONE)
		return;
	line = cache_slot_line(c, slot);
	if (line == CACHE_NONE)
		return;
	c->counters.cleans++;
	if (op != MEMORY_INVALIDATE && cache_slot_dirty(c, slot)) {
		cache_slot_clean(c, slot);
		write_back(path, at, line);
	}
	if (op != MEMORY_CLEAN)
		cache_slot_drop(c, slot);
}

void memory_maintain(struct memory_system *ms, enum memory_op op, pa_t pa,
		     bool poc)
{
	uint64_t line = pa.raw >> ms->line_lg2;

	for (uint32_t i = 0; i < ms->cpus && line < ms->lines; i++) {
		struct memory_cpu *cpu = &ms->cpu[i];

		if (!poc) {
			if (cpu->l1d.present)
				maintain_level(&cpu->data, 0, op,
					       cache_find(&cpu->l1d, line));
			continue;
		}
		maintain_line(&cpu->l1d, op, line);
		maintain_line(&cpu->l2, op, line);
	}
	if (poc && line < ms->lines)
		maintain_line(&ms->llc, op, line);
}

void memory_maintain_set_way(struct memory_system *ms, unsigned int cpu,
			     enum memory_op op, unsigned int level,
			     uint32_t set, uint32_t way)
{
	static const enum memory_level names[] = { MEMORY_L1, MEMORY_L2,
						   MEMORY_LLC };
	const struct memory_path *path = &ms->cpu[cpu].data;

	BUG_ON(ms, cpu >= ms->cpus);
	for (uint32_t at = 0; at < path->depth; at++) {
		if (level >= 1 && level <= 3 &&
		    path->level[at] == names[level - 1])
			maintain_level(path, at, op,
				       cache_slot(path->cache[at], set, way));
	}
}

void memory_invalidate_fetch_line(struct memory_system *ms, pa_t pa)
{
	uint64_t line = pa.raw >> ms->line_lg2;

	for (uint32_t i = 0; i < ms->cpus && line < ms->lines; i++) {
		struct cache *c = &ms->cpu[i].l1i;

		maintain_line(c, MEMORY_INVALIDATE, line);
	}
}

void memory_invalidate_fetch_all(struct memory_system *ms, unsigned int cpu,
				 bool every_cpu)
{
	for (uint32_t i = 0; i < ms->cpus; i++) {
		struct cache *c = &ms->cpu[i].l1i;

		if (i == cpu || every_cpu)
			c->counters.cleans += cache_drop_all(c);
	}
}

static void counters_add(struct cache_counters *sum,
			 const struct cache_counters *one)
{
	for (unsigned int i = 0; i < REQUESTER_COUNT; i++) {
		sum->hits[i] += one->hits[i];
		sum->misses[i] += one->misses[i];
	}
	sum->writebacks += one->writebacks;
	sum->cleans += one->cleans;
}

void memory_counters(const struct memory_system *ms, enum memory_cache which,
		     struct cache_counters *sum)
{
	*sum = (struct cache_counters){ .writebacks = 0 };
	if (which == CACHE_LLC) {
		*sum = ms->llc.counters;
		return;
	}
	for (uint32_t i = 0; i < ms->cpus; i++) {
		const struct memory_cpu *cpu = &ms->cpu[i];
		const struct cache *c = which == CACHE_L1I   ? &cpu->l1i
					: which == CACHE_L1D ? &cpu->l1d
							     : &cpu->l2;

		counters_add(sum, &c->counters);
	}
}
