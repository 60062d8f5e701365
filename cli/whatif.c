/* SPDX-License-Identifier: BSD-2-Clause */
/* See whatif.h. */
#include "cli/whatif.h"

#include <stdlib.h>

#include "cli/flatten.h"
#include "cli/print.h"
#include "cli/summary.h"

/* ---- the summary of one variant: what most people ask for ---- */

static json_int_t p2m_count(const json_t *stats, const char *group,
			    const char *key)
{
	const json_t *in = json_object_get(stats, "p2m");

	if (group)
		in = json_object_get(in, group);
	return json_integer_value(json_object_get(in, key));
}

/* The last bound of the histogram that anything is under. */
static json_int_t longest_stall(const json_t *stats)
{
	const json_t *by =
		json_object_get(json_object_get(json_object_get(stats, "p2m"),
						"stalls"),
				"by_cycles");
	json_int_t longest = 0;
	const char *key;
	json_t *count;

	json_object_foreach((json_t *)by, key,
			    count) if (json_integer_value(count) &&
				       atoll(key) > longest) longest =
		atoll(key);
	return longest;
}

static json_t *p2m_summary(const json_t *stats)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			 "stall_cycles", p2m_count(stats, "stalls", "cycles"),
			 "longest_stall", longest_stall(stats), "splits",
			 p2m_count(stats, NULL, "splits"), "coalesces",
			 p2m_count(stats, NULL, "coalesces"), "pte_writes",
			 p2m_count(stats, NULL, "pte_writes"), "tlbis",
			 p2m_count(stats, "tlbi", "vmid") +
				 p2m_count(stats, "tlbi", "ipa") +
				 p2m_count(stats, "tlbi", "range"),
			 "tables_peak", p2m_count(stats, "tables", "peak"),
			 "tables_live", p2m_count(stats, "tables", "live"),
			 "blocks",
			 p2m_count(stats, "mappings", "2M") +
				 p2m_count(stats, "mappings", "1G"));
}

static json_t *unit_summary(const json_t *unit)
{
	static const char *const key[][3] = {
		{ "iotlb_misses", "iotlb", "misses" },
		{ "dma_faulted", "dma", "faulted" },
		{ "latency_mean", "latency_ns", "mean" },
		{ "latency_p99", "latency_ns", "p99" },
		{ "splits", "domain", "splits" },
		{ "coalesces", "domain", "coalesces" },
		{ "pte_writes", "domain", "pte_writes" },
		{ "flush_waits", NULL, "waits" },
		{ "lock_cycles", "cycles", "lock" },
	};
	json_t *out = json_object(), *domain = json_object_get(unit, "domain");

	json_object_set(out, "type", json_object_get(unit, "type"));
	for (size_t i = 0; i < sizeof(key) / sizeof(key[0]); i++) {
		const json_t *in = key[i][1]
					   ? json_object_get(unit, key[i][1])
					   : json_object_get(domain, "flushes");
		json_t *value = json_object_get(in, key[i][2]);

		json_object_set_new(out, key[i][0],
				    value ? json_incref(value)
					  : json_integer(0));
	}
	return out;
}

static json_t *iommu_summary(const json_t *stats)
{
	json_t *units = json_object_get(stats, "iommu"), *unit;
	json_t *out = json_array();
	size_t i;

	json_array_foreach(units, i, unit)
		json_array_append_new(out, unit_summary(unit));
	return out;
}

static json_t *summary(const json_t *stats, const json_t *first)
{
	json_int_t cycles = stats_cpu_sum(stats, "cycles");
	json_int_t base = stats_cpu_sum(first, "cycles");
	json_int_t walks = stats_cpu_sum(stats, "walks.count");
	json_int_t reads = stats_cpu_sum(stats, "walks.memory_accesses");
	json_t *out = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "cycles",
		cycles, "difference", cycles - base, "l1d_tlb_misses",
		stats_cpu_sum(stats, "tlb.l1d.misses"), "l2_tlb_misses",
		stats_cpu_sum(stats, "tlb.l2.misses"), "walks", walks,
		"walk_cycles", stats_cpu_sum(stats, "cycles_by.walk"),
		"divergences",
		json_integer_value(
			json_object_get(json_object_get(stats, "replay"),
					"divergences")),
		"p2m", p2m_summary(stats), "iommu", iommu_summary(stats));

	if (base)
		json_object_set_new(out, "change",
				    json_real(100 * (double)(cycles - base) /
					      (double)base));
	if (walks)
		json_object_set_new(out, "reads_per_walk",
				    json_real((double)reads / (double)walks));
	return out;
}

void whatif_add(json_t *variants, json_t *settings, json_t *stats)
{
	const json_t *first =
		json_object_get(json_array_get(variants, 0), "stats");
	json_t *flat[2] = { stats_flatten(first ? first : stats),
			    stats_flatten(stats) };

	json_array_append_new(
		variants,
		json_pack("{s:O, s:o, s:o, s:O}", "set", settings, "summary",
			  summary(stats, first ? first : stats), "differences",
			  stats_differences(flat, 2), "stats", stats));
	json_decref(flat[0]);
	json_decref(flat[1]);
}

/* ---- tables ---- */

static const struct column overview[] = {
	{ "set", "variant", COLUMN_TEXT },
	{ "cycles", "cycles", COLUMN_COUNT },
	{ "difference", "difference", COLUMN_COUNT },
	{ "change", "change", COLUMN_CHANGE },
	{ "l1d_tlb_misses", "L1D TLB misses", COLUMN_COUNT },
	{ "l2_tlb_misses", "L2 TLB misses", COLUMN_COUNT },
	{ "walks", "walks", COLUMN_COUNT },
	{ "reads_per_walk", "reads/walk", COLUMN_REAL },
	{ "walk_cycles", "walk cycles", COLUMN_COUNT },
	{ "divergences", "divergences", COLUMN_COUNT },
	{ 0 }
};

static const struct column p2m_columns[] = {
	{ "set", "variant", COLUMN_TEXT },
	{ "stall_cycles", "p2m stall cycles", COLUMN_COUNT },
	{ "longest_stall", "longest up to", COLUMN_COUNT },
	{ "splits", "splits", COLUMN_COUNT },
	{ "coalesces", "coalesces", COLUMN_COUNT },
	{ "pte_writes", "PTE writes", COLUMN_COUNT },
	{ "tlbis", "TLBIs", COLUMN_COUNT },
	{ "tables_peak", "tables peak", COLUMN_COUNT },
	{ "tables_live", "live", COLUMN_COUNT },
	{ "blocks", "blocks", COLUMN_COUNT },
	{ 0 }
};

static const struct column iommu_columns[] = {
	{ "set", "variant", COLUMN_TEXT },
	{ "type", "IOMMU", COLUMN_TEXT },
	{ "iotlb_misses", "IOTLB misses", COLUMN_COUNT },
	{ "dma_faulted", "DMA faults", COLUMN_COUNT },
	{ "latency_mean", "DMA ns", COLUMN_REAL },
	{ "latency_p99", "p99", COLUMN_COUNT },
	{ "splits", "splits", COLUMN_COUNT },
	{ "coalesces", "coalesces", COLUMN_COUNT },
	{ "pte_writes", "PTE writes", COLUMN_COUNT },
	{ "flush_waits", "flushes waited for", COLUMN_COUNT },
	{ "lock_cycles", "cycles under the lock", COLUMN_COUNT },
	{ 0 }
};

/* A variant's summary, or `group` of it, or the group's element `at` if that
 * is a list; NULL if it has none. */
static json_t *group_of(const json_t *variant, const char *group, size_t at)
{
	json_t *summary = json_object_get(variant, "summary");
	json_t *in = group ? json_object_get(summary, group) : summary;

	if (json_is_array(in))
		return json_array_get(in, at);
	return at == 0 ? in : NULL;
}

/* These of all variants, each with its settings. */
static json_t *rows_make(const json_t *variants, const char *group, size_t at)
{
	json_t *rows = json_array(), *variant;
	size_t i;

	json_array_foreach(variants, i, variant)
	{
		json_t *from = group_of(variant, group, at);
		json_t *row = json_object();

		json_object_set(row, "set", json_object_get(variant, "set"));
		if (from)
			json_object_update(row, from);
		json_array_append_new(rows, row);
	}
	return rows;
}

static bool group_is_there(const json_t *variants, const char *group,
			   size_t at)
{
	json_t *variant;
	size_t i;

	json_array_foreach(variants, i, variant)
		if (group_of(variant, group, at))
			return true;
	return false;
}

/* Is there one that is not as the one before it? */
static bool group_differs(const json_t *variants, const char *group, size_t at)
{
	json_t *variant, *before = NULL;
	size_t i;

	json_array_foreach(variants, i, variant)
	{
		json_t *it = group_of(variant, group, at);

		if (i > 0 && it != before && !json_equal(before, it))
			return true;
		before = it;
	}
	return false;
}

static void print_group(const json_t *variants, const char *group,
			const struct column *columns, bool color)
{
	for (size_t at = 0; group_is_there(variants, group, at); at++) {
		json_t *rows;

		if (!group_differs(variants, group, at))
			continue;
		rows = rows_make(variants, group, at);
		print_table(stdout, color, columns, rows);
		json_decref(rows);
	}
}

static void print_variants(const struct cli *cli, const json_t *variants)
{
	bool color = print_color(&cli->options, stdout);
	json_t *rows = rows_make(variants, NULL, 0);

	print_table(stdout, color, overview, rows);
	json_decref(rows);
	print_group(variants, "p2m", p2m_columns, color);
	print_group(variants, "iommu", iommu_columns, color);
}

void whatif_print(const struct cli *cli, const json_t *result)
{
	bool color = print_color(&cli->options, stdout);
	json_t *trace;
	size_t i;

	if (cli->options.json) {
		print_json(stdout, result);
		return;
	}
	json_array_foreach(json_object_get(result, "traces"), i, trace)
	{
		print_heading(stdout, color,
			      json_string_value(
				      json_object_get(trace, "trace")));
		print_variants(cli, json_object_get(trace, "variants"));
	}
}
