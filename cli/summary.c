/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person wants from a run's statistics: see summary.h. */
#include <stdbool.h>
#include <string.h>

#include "cli/print.h"
#include "cli/summary.h"

static const json_t *path_get(const json_t *value, const char *path)
{
	char key[64];

	while (value && *path) {
		size_t length = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)length, path);
		value = json_object_get(value, key);
		path += length + (path[length] == '.');
	}
	return value;
}

static json_int_t path_integer(const json_t *value, const char *path)
{
	return json_integer_value(path_get(value, path));
}

json_int_t stats_cpu_sum(const json_t *stats, const char *path)
{
	json_int_t sum = 0;
	json_t *cpu;
	size_t i;

	json_array_foreach(json_object_get(stats, "cpu"), i, cpu) sum +=
		path_integer(cpu, path);
	return sum;
}

static void set_integer(json_t *object, const char *key, json_int_t value)
{
	json_object_set_new(object, key, json_integer(value));
}

static double ratio(json_int_t part, json_int_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static void set_hits(json_t *row, json_int_t hits, json_int_t misses)
{
	set_integer(row, "hits", hits);
	set_integer(row, "misses", misses);
	if (hits + misses)
		json_object_set_new(row, "hit_percent",
				    json_real(100 *
					      ratio(hits, hits + misses)));
}

static json_t *tlb_rows(const json_t *stats)
{
	static const struct {
		const char *name, *path;
	} part[] = {
		{ "L1 instruction TLB", "tlb.l1i" },
		{ "L1 data TLB", "tlb.l1d" },
		{ "L2 TLB", "tlb.l2" },
		{ "stage-2 TLB", "tlb.s2" },
		{ "stage-1 walk cache", "walk_cache.s1" },
		{ "stage-2 walk cache", "walk_cache.s2" },
	};
	json_t *rows = json_array();
	char path[64];

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		json_t *row = json_object();
		json_int_t hits, misses;

		snprintf(path, sizeof(path), "%s.hits", part[i].path);
		hits = stats_cpu_sum(stats, path);
		snprintf(path, sizeof(path), "%s.misses", part[i].path);
		misses = stats_cpu_sum(stats, path);
		json_object_set_new(row, "name", json_string(part[i].name));
		set_hits(row, hits, misses);
		json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *cache_rows(const json_t *stats)
{
	static const char *const name[][2] = {
		{ "l1i", "L1I" },
		{ "l1d", "L1D" },
		{ "l2", "L2" },
		{ "llc", "last level" },
	};
	json_t *rows = json_array();

	for (size_t i = 0; i < 4; i++) {
		const json_t *cache =
			json_object_get(json_object_get(stats, "cache"),
					name[i][0]);
		json_t *row = json_object();

		json_object_set_new(row, "name", json_string(name[i][1]));
		set_hits(row, path_integer(cache, "hits"),
			 path_integer(cache, "misses"));
		set_integer(row, "writebacks",
			    path_integer(cache, "writebacks"));
		json_array_append_new(rows, row);
	}
	return rows;
}

/* By the keys of the first CPU, which all have. */
static json_t *bucket_rows(const json_t *stats, json_int_t cycles)
{
	json_t *first = json_array_get(json_object_get(stats, "cpu"), 0);
	json_t *rows = json_array(), *value;
	const char *key;
	char path[64];

	json_object_foreach(json_object_get(first, "cycles_by"), key, value)
	{
		json_t *row = json_object();
		json_int_t sum;

		snprintf(path, sizeof(path), "cycles_by.%s", key);
		sum = stats_cpu_sum(stats, path);
		json_object_set_new(row, "bucket", json_string(key));
		set_integer(row, "cycles", sum);
		json_object_set_new(row, "percent",
				    json_real(100 * ratio(sum, cycles)));
		json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *walks_json(const json_t *stats)
{
	json_int_t count = stats_cpu_sum(stats, "walks.count");
	json_int_t reads = stats_cpu_sum(stats, "walks.memory_accesses");
	json_t *out = json_object();

	set_integer(out, "count", count);
	set_integer(out, "memory_accesses", reads);
	json_object_set_new(out, "reads_per_walk",
			    json_real(ratio(reads, count)));
	set_integer(out, "cycles", stats_cpu_sum(stats, "walks.cycles"));
	return out;
}

static json_t *phase_rows(const json_t *phases)
{
	json_t *rows = json_array(), *phase;
	size_t i;

	json_array_foreach(phases, i, phase)
	{
		json_int_t cycles = stats_cpu_sum(phase, "cycles");
		json_int_t loads = stats_cpu_sum(phase, "accesses.load");
		json_int_t stores = stats_cpu_sum(phase, "accesses.store");
		json_t *row = json_object();

		json_object_set(row, "mark", json_object_get(phase, "mark"));
		set_integer(row, "instructions",
			    stats_cpu_sum(phase, "instructions"));
		set_integer(row, "accesses", loads + stores);
		set_integer(row, "cycles", cycles);
		json_object_set_new(row, "cycles_per_access",
				    json_real(ratio(cycles, loads + stores)));
		set_integer(row, "l1d_tlb_misses",
			    stats_cpu_sum(phase, "tlb.l1d.misses"));
		set_integer(row, "walks", stats_cpu_sum(phase, "walks.count"));
		json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *p2m_json(const json_t *stats)
{
	static const char *const key[] = { "tables", "mappings",  "ops",
					   "splits", "coalesces", "pte_writes",
					   "tlbi" };
	const json_t *p2m = json_object_get(stats, "p2m");
	json_t *out = json_object();

	for (size_t i = 0; i < sizeof(key) / sizeof(key[0]); i++)
		if (json_object_get(p2m, key[i]))
			json_object_set(out, key[i],
					json_object_get(p2m, key[i]));
	return out;
}

static json_t *unit_json(const json_t *unit)
{
	static const char *const key[][2] = {
		{ "type", "type" },
		{ "translations", "translations" },
		{ "IOTLB misses", "iotlb.misses" },
		{ "descriptor reads", "walks.memory_accesses" },
		{ "faults", "dma.faulted" },
		{ "DMA bytes", "dma.bytes" },
		{ "latency ns", "latency_ns" },
		{ "tables", "domain.tables" },
		{ "mappings", "domain.mappings" },
		{ "splits", "domain.splits" },
		{ "coalesces", "domain.coalesces" },
		{ "pte_writes", "domain.pte_writes" },
		{ "flushes", "domain.flushes" },
		{ "cycles", "cycles" },
	};
	json_t *out = json_object();

	for (size_t i = 0; i < sizeof(key) / sizeof(key[0]); i++)
		json_object_set(out, key[i][0],
				(json_t *)path_get(unit, key[i][1]));
	return out;
}

/* Of each IOMMU. New reference, or NULL if there is none. */
static json_t *iommu_json(const json_t *stats)
{
	json_t *units = json_object_get(stats, "iommu"), *unit, *out;
	size_t i;

	if (!json_array_size(units))
		return NULL;
	out = json_array();
	json_array_foreach(units, i, unit)
		json_array_append_new(out, unit_json(unit));
	return out;
}

json_t *summary_make(const json_t *stats)
{
	json_t *iommu = iommu_json(stats);
	json_int_t insns = stats_cpu_sum(stats, "instructions");
	json_int_t cycles = stats_cpu_sum(stats, "cycles");
	const json_t *phases = json_object_get(stats, "phases");
	json_t *out = json_object();

	json_object_set(out, "machine",
			(json_t *)path_get(stats, "machine.name"));
	json_object_set(out, "guest", json_object_get(stats, "guest"));
	set_integer(out, "cpus",
		    (json_int_t)json_array_size(json_object_get(stats, "cpu")));
	set_integer(out, "instructions", insns);
	set_integer(out, "loads", stats_cpu_sum(stats, "accesses.load"));
	set_integer(out, "stores", stats_cpu_sum(stats, "accesses.store"));
	set_integer(out, "cycles", cycles);
	json_object_set_new(out, "cycles_per_instruction",
			    json_real(ratio(cycles, insns)));
	set_integer(out, "divergences",
		    path_integer(stats, "replay.divergences"));
	json_object_set_new(out, "tlb", tlb_rows(stats));
	json_object_set_new(out, "walks", walks_json(stats));
	json_object_set_new(out, "cache", cache_rows(stats));
	json_object_set_new(out, "cycles_by", bucket_rows(stats, cycles));
	json_object_set_new(out, "p2m", p2m_json(stats));
	if (iommu)
		json_object_set_new(out, "iommu", iommu);
	if (json_array_size(phases))
		json_object_set_new(out, "phases", phase_rows(phases));
	if (json_object_get(stats, "host"))
		json_object_set(out, "host", json_object_get(stats, "host"));
	return out;
}

/* ---- printing ---- */

static void print_line(FILE *file, const char *label, const json_t *value)
{
	char text[160];

	print_value(text, sizeof(text), value);
	fprintf(file, "  %-20s %s\n", label, text);
}

static void print_head(FILE *file, const json_t *s)
{
	const json_t *guest = json_object_get(s, "guest");

	print_line(file, "machine", json_object_get(s, "machine"));
	if (json_object_get(guest, "path"))
		print_line(file, "guest", json_object_get(guest, "path"));
	if (json_object_get(guest, "exit"))
		print_line(file, "exit status", json_object_get(guest, "exit"));
	print_line(file, "instructions", json_object_get(s, "instructions"));
	print_line(file, "loads", json_object_get(s, "loads"));
	print_line(file, "stores", json_object_get(s, "stores"));
	print_line(file, "cycles", json_object_get(s, "cycles"));
	fprintf(file, "  %-20s %.2f\n", "per instruction",
		json_real_value(json_object_get(s, "cycles_per_instruction")));
	if (json_integer_value(json_object_get(s, "divergences")))
		print_line(file, "divergences",
			   json_object_get(s, "divergences"));
}

static void print_p2m(FILE *file, const json_t *p2m)
{
	json_t *value;
	const char *key;

	json_object_foreach((json_t *)p2m, key, value)
		print_line(file, key, value);
}

static void print_iommus(FILE *file, bool color, json_t *units)
{
	json_t *unit;
	size_t i;

	json_array_foreach(units, i, unit)
	{
		char heading[32];

		snprintf(heading, sizeof(heading), "IOMMU %zu", i);
		print_heading(file, color,
			      json_array_size(units) == 1 ? "IOMMU" : heading);
		print_p2m(file, unit);
	}
}

static void print_walks(FILE *file, const json_t *walks)
{
	print_line(file, "walks", json_object_get(walks, "count"));
	print_line(file, "descriptor reads",
		   json_object_get(walks, "memory_accesses"));
	fprintf(file, "  %-20s %.2f\n", "reads per walk",
		json_real_value(json_object_get(walks, "reads_per_walk")));
	print_line(file, "walk cycles", json_object_get(walks, "cycles"));
}

void summary_print(FILE *file, bool color, const json_t *s)
{
	static const struct column tlb[] = {
		{ "name", "", COLUMN_TEXT },
		{ "hits", "hits", COLUMN_COUNT },
		{ "misses", "misses", COLUMN_COUNT },
		{ "hit_percent", "hit rate", COLUMN_PERCENT },
		{ 0 }
	};
	static const struct column cache[] = {
		{ "name", "", COLUMN_TEXT },
		{ "hits", "hits", COLUMN_COUNT },
		{ "misses", "misses", COLUMN_COUNT },
		{ "hit_percent", "hit rate", COLUMN_PERCENT },
		{ "writebacks", "write-backs", COLUMN_COUNT },
		{ 0 }
	};
	static const struct column bucket[] = {
		{ "bucket", "", COLUMN_TEXT },
		{ "cycles", "cycles", COLUMN_COUNT },
		{ "percent", "share", COLUMN_PERCENT },
		{ 0 }
	};
	static const struct column phase[] = {
		{ "mark", "mark", COLUMN_TEXT },
		{ "instructions", "instructions", COLUMN_COUNT },
		{ "accesses", "accesses", COLUMN_COUNT },
		{ "cycles", "cycles", COLUMN_COUNT },
		{ "cycles_per_access", "per access", COLUMN_REAL },
		{ "l1d_tlb_misses", "L1D TLB misses", COLUMN_COUNT },
		{ "walks", "walks", COLUMN_COUNT },
		{ 0 }
	};

	print_heading(file, color, "Run");
	print_head(file, s);
	print_heading(file, color, "TLBs and walk caches");
	print_table(file, color, tlb, json_object_get(s, "tlb"));
	print_heading(file, color, "Walks");
	print_walks(file, json_object_get(s, "walks"));
	print_heading(file, color, "Caches");
	print_table(file, color, cache, json_object_get(s, "cache"));
	print_heading(file, color, "Cycles by cause");
	print_table(file, color, bucket, json_object_get(s, "cycles_by"));
	print_heading(file, color, "Stage-2 tables");
	print_p2m(file, json_object_get(s, "p2m"));
	print_iommus(file, color, json_object_get(s, "iommu"));
	if (json_object_get(s, "phases")) {
		print_heading(file, color, "Phases");
		print_table(file, color, phase, json_object_get(s, "phases"));
	}
}
