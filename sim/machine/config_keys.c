/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of machine-file keys and the look-ups in it. DESIGN §5. Defaults
 * are not here: they are the preset neoverse-n1, and models/choices.def.
 */
#include "sim/machine/config_keys.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define WHOLE(key, member, low, high)                               \
	{                                                           \
		.path = key, .kind = CONFIG_WHOLE, AT_INIT(member), \
		.min = (low), .max = (high)                         \
	}
#define AT_INIT(member)                                    \
	.offset = offsetof(struct machine_config, member), \
	.size = sizeof(((struct machine_config *)0)->member)
#define NUMBER(key, sort, member, low, high)                              \
	{                                                                 \
		.path = key, .kind = sort, AT_INIT(member), .min = (low), \
		.max = (high)                                             \
	}
#define WORD(key, member, all, done)                               \
	{                                                          \
		.path = key, .kind = CONFIG_WORD, AT_INIT(member), \
		.words = all, .modelled = done                     \
	}
/* Nothing but the default is modelled, or somebody reads the JSON. */
#define PLAIN_WORD(key, all, done, from)                                    \
	{                                                                   \
		.path = key, .kind = CONFIG_WORD, .offset = CONFIG_NOWHERE, \
		.words = all, .modelled = done, .reference = from           \
	}

#define REPLACEMENTS	"lru|plru|fifo|random"
#define CYCLES_MAX	1000000000
#define ENTRIES_MAX	8192
#define WAYS_MAX	(1 << 20) /* an absent TLB's or cache's may be any */
#define CACHE_BYTES_MAX (1 << 30)

#define TLB(section, member)                                                   \
	WHOLE(section ".entries", member.entries, 0, ENTRIES_MAX),             \
		WHOLE(section ".ways", member.ways, 0, WAYS_MAX),              \
		WORD(section ".replacement", member.replacement, REPLACEMENTS, \
		     NULL),                                                    \
		WHOLE(section ".latency", member.latency, 0, CYCLES_MAX),      \
	{                                                                      \
		.path = section ".page_sizes", .kind = CONFIG_SIZES,           \
		.offset = offsetof(struct machine_config, member)              \
	}
#define CACHE(section, member)                                                 \
	WHOLE(section ".bytes", member.bytes, 0, CACHE_BYTES_MAX),             \
		WHOLE(section ".ways", member.ways, 0, WAYS_MAX),              \
		WHOLE(section ".line", member.line, 16, 1024),                 \
		WORD(section ".replacement", member.replacement, REPLACEMENTS, \
		     NULL),                                                    \
		WHOLE(section ".latency", member.latency, 0, CYCLES_MAX)

/* Keys of iommu[0]; those that a type of unit lacks are passed over. */
#define UNIT "iommu.0."
#define UNIT_WHOLE(key, member, low, high) \
	WHOLE(UNIT key, iommu.member, low, high)
#define UNIT_WORD(key, member, all) WORD(UNIT key, iommu.member, all, NULL)
#define UNIT_FLAG(key, member)	    UNIT_WORD(key, member, "off|on")
#define UNIT_NS(key, member) \
	NUMBER(UNIT key, CONFIG_REAL, iommu.member, 0, 1000000)
#define UNIT_CACHE(section, member)                                     \
	UNIT_WHOLE(section ".entries", member.entries, 0, ENTRIES_MAX), \
		UNIT_WHOLE(section ".ways", member.ways, 0, WAYS_MAX),  \
		UNIT_WORD(section ".replacement", member.replacement,   \
			  REPLACEMENTS)

const struct config_key config_keys[] = {
	PLAIN_WORD("format", "p2msim.machine/1", NULL, NULL),
	{.path = "name", .kind = CONFIG_TEXT, AT_INIT(name)},
	{.path = "sources", .kind = CONFIG_SOURCES, .offset = CONFIG_NOWHERE},
	WHOLE("seed", seed, 0, INT64_MAX),

	WHOLE("cpu.count", cpus, 1, 64),
	WHOLE("cpu.mhz", mhz, 1, 100000),
	NUMBER("cpu.base_cpi", CONFIG_FIXED, base_cpi_fp, 0, 1000),
	NUMBER("cpu.mlp", CONFIG_REAL, mlp, 1, 1000),
	WHOLE("cpu.slice_cycles", slice_cycles, 1, CYCLES_MAX),
	WHOLE("cpu.syscall", syscall_cycles, 0, CYCLES_MAX),
	WORD("cpu.walk_entry", memory.walk_entry, "l1d|l2|none", NULL),
	WHOLE("cpu.pa_bits", mmu.pa_bits, 32, 52),
	WHOLE("cpu.bbm_level", p2m.bbm_level, 0, 2),
	TLB("cpu.l1i_tlb", mmu.l1i_tlb),
	TLB("cpu.l1d_tlb", mmu.l1d_tlb),
	TLB("cpu.l2_tlb", mmu.l2_tlb),
	TLB("cpu.s2_tlb", mmu.s2_tlb),
	TLB("cpu.walk_cache_s1", mmu.walk_cache_s1),
	TLB("cpu.walk_cache_s2", mmu.walk_cache_s2),
	CACHE("cpu.l1i", memory.l1i),
	CACHE("cpu.l1d", memory.l1d),
	CACHE("cpu.l2", memory.l2),
	CACHE("llc", memory.llc),
	NUMBER("dram.latency_ns", CONFIG_REAL, dram_latency_ns, 0, 1000000),
	{.path = "iommu", .kind = CONFIG_UNITS, .offset = CONFIG_NOWHERE},
	UNIT_WORD("type", type, "vtd"),
	UNIT_WORD("mode", mode, "off|pass-through|legacy|scalable"),
	UNIT_WORD("populate", populate, "none|guest"),
	UNIT_WHOLE("devices", devices, 1, IOMMU_DEVICES_MAX),
	UNIT_WHOLE("levels", levels, 3, 5),
	UNIT_WORD("largest_page", largest_page, "4K|2M|1G"),
	UNIT_WHOLE("iova_bits", vtd.mgaw_bits, 39, 57),
	UNIT_WHOLE("domain_bits", vtd.domain_bits, 4, 16),
	UNIT_WHOLE("fault_records", vtd.fault_records, 1, VTD_RECORDS_MAX),
	UNIT_FLAG("coherent", vtd.coherent),
	UNIT_FLAG("caching_mode", vtd.caching_mode),
	UNIT_FLAG("write_buffer_flush", vtd.write_buffer_flush),
	UNIT_FLAG("queued", vtd.queued),
	UNIT_FLAG("page_selective", vtd.page_selective),
	UNIT_WHOLE("address_mask", vtd.mamv, 0, 63),
	UNIT_FLAG("pass_through", vtd.pass_through),
	UNIT_FLAG("snoop_control", vtd.snoop_control),
	UNIT_FLAG("scalable_mode", vtd.scalable),
	UNIT_CACHE("iotlb", vtd.iotlb),
	UNIT_CACHE("context_cache", vtd.context_cache),
	UNIT_CACHE("pasid_cache", vtd.pasid_cache),
	UNIT_CACHE("walk_cache", vtd.second_walk),
	UNIT_WHOLE("queue", queue, 1, 256),
	UNIT_WHOLE("walks", vtd.walks, 1, VTD_WALKS_MAX),
	UNIT_NS("issue_ns", issue_ns),
	UNIT_NS("lookup_ns", lookup_ns),
	UNIT_NS("walk_ns", walk_ns),
	UNIT_NS("turnaround_ns", turnaround_ns),
	UNIT_NS("descriptor_ns", descriptor_ns),
	UNIT_NS("register_ns", register_ns),
	UNIT_NS("device.round_trip_ns", device.round_trip_ns),
	UNIT_NS("device.issue_ns", device.issue_ns),
	UNIT_WHOLE("device.in_flight", device.in_flight, 1, 256),
	UNIT_WHOLE("device.request_bytes", device.request_bytes, 64, 4096),

	WHOLE("hypervisor.trap", trap_cycles, 0, CYCLES_MAX),
	WHOLE("hypervisor.hypercall", hypercall_cycles, 0, CYCLES_MAX),
	WHOLE("hypervisor.mmio", mmio_cycles, 0, CYCLES_MAX),
	WHOLE("hypervisor.tlbi", tlbi_cycles, 0, CYCLES_MAX),
	WHOLE("hypervisor.barrier", barrier_cycles, 0, CYCLES_MAX),
	WHOLE("hypervisor.clean", clean_cycles, 0, CYCLES_MAX),
	WHOLE("hypervisor.preempt", preempt_cycles, 0, CYCLES_MAX),

	WHOLE("guest.ram_mib", ram_mib, 1, 1 << 28),
	WHOLE("guest.ipa_bits", ipa_bits, 32, 52),
	PLAIN_WORD("guest.granule", "4K|16K|64K", NULL, NULL),
	WORD("guest.backing", backing, "contiguous|fragmented:%|random", NULL),
	WHOLE("guest.start_level", p2m.start_level, -1, 3),

	WORD("check.writable_executable", forbid_writable_executable,
	     "allow|forbid", NULL),

#define CHOICE(name, value, values, from) \
	PLAIN_WORD("choices." #name, values, value, from),
#define CHOICE_MODELLED(name, value, values, from) \
	WORD("choices." #name, mmu.name, values, NULL),
#include "models/choices.def"
#undef CHOICE

	WORD("policy.p2m.coalesce", p2m.coalesce.policy,
	     "never|eager|after-ops:#|after-cycles:#|hysteresis:#|scan:#,#",
	     NULL),
	WORD("policy.p2m.free_empty", p2m.free_empty, "never|eager", NULL),
	WORD("policy.p2m.tlbi", p2m.tlbi, "vmid|ipa|range", NULL),
	WORD("policy.p2m.order", p2m.order, "greedy|mask", NULL),
	WORD("policy.p2m.contig_hint", p2m.contig_hint, "off|on", NULL),
	WORD("policy.p2m.populate", populate, "eager|fault", NULL),
	WORD("policy.p2m.set_way", set_way, "full|track|track-late", NULL),
	PLAIN_WORD("policy.p2m.table_access", "directmap|mapcache|mapcache-bbm",
		   "directmap", NULL),
	WORD("policy.iommu.coalesce", iommu.coalesce.policy,
	     "never|eager|after-ops:#|after-cycles:#|hysteresis:#|scan:#,#",
	     NULL),
	WORD("policy.iommu.flush", iommu.flush, "strict|deferred:#", NULL),
	WORD("policy.iommu.clean", iommu.clean, "entry|line|top-only", NULL),
	WORD("policy.iommu.share_pt", share_pt, "off|on", "off"),
	PLAIN_WORD("policy.shadow.rmap", "desc4|desc14|sibling", "desc14",
		   NULL),
	{.path = NULL},
};

const char *const config_tlb_sections[] = {
	"cpu.l1i_tlb",	     "cpu.l1d_tlb",	  "cpu.l2_tlb", "cpu.s2_tlb",
	"cpu.walk_cache_s1", "cpu.walk_cache_s2", UNIT "iotlb",
	UNIT "context_cache", UNIT "pasid_cache", UNIT "walk_cache", NULL,
};
const char *const config_cache_sections[] = {
	"cpu.l1i", "cpu.l1d", "cpu.l2", "llc", NULL,
};

const struct config_key *config_key_find(const char *path)
{
	for (const struct config_key *key = config_keys; key->path; key++)
		if (strcmp(key->path, path) == 0)
			return key;
	return NULL;
}

/* ---- words ---- */

/* A plain decimal number without sign or leading zeros. */
static bool parse_parameter(const char **text, uint64_t min, uint64_t max,
			    uint64_t *value)
{
	const char *c = *text;
	uint64_t sum = 0;

	if (*c < '0' || *c > '9' || (*c == '0' && c[1] >= '0' && c[1] <= '9'))
		return false;
	for (; *c >= '0' && *c <= '9'; c++) {
		if (sum > (max - (uint64_t)(*c - '0')) / 10)
			return false;
		sum = sum * 10 + (uint64_t)(*c - '0');
	}
	*text = c;
	*value = sum;
	return sum >= min;
}

static bool word_matches(const char *word, size_t length, const char *text,
			 uint64_t parameters[2])
{
	uint64_t value;
	int count = 0;

	for (size_t i = 0; i < length; i++) {
		bool percent = word[i] == '%';

		if (!percent && word[i] != '#') {
			if (*text++ != word[i])
				return false;
			continue;
		}
		if (!parse_parameter(&text, percent ? 0 : 1,
				     percent ? 100 : INT64_MAX, &value))
			return false;
		if (parameters && count < 2)
			parameters[count++] = value;
	}
	return *text == '\0';
}

int config_word_index(const char *words, const char *text,
		      uint64_t parameters[2])
{
	for (int index = 0;; index++) {
		size_t length = strcspn(words, "|");

		if (word_matches(words, length, text, parameters))
			return index;
		if (words[length] == '\0')
			return -1;
		words += length + 1;
	}
}

bool config_takes_word(const char *path, const char *word)
{
	const struct config_key *key = config_key_find(path);

	return key && key->kind == CONFIG_WORD &&
	       config_word_index(key->words, word, NULL) >= 0;
}

/* ---- page sizes ---- */

static const struct {
	const char *name;
	unsigned int lg2;
} page_sizes[] = {
	{"4K", 12}, {"16K", 14}, {"64K", 16},  {"1M", 20},
	{"2M", 21}, {"16M", 24}, {"32M", 25},  {"512M", 29},
	{"1G", 30}, {"16G", 34}, {"512G", 39}, {"4T", 42},
};

const char config_size_names[] =
	"4K, 16K, 64K, 1M, 2M, 16M, 32M, 512M, 1G, 16G, 512G, 4T";

unsigned int config_size_lg2(const char *name)
{
	for (size_t i = 0; i < sizeof(page_sizes) / sizeof(*page_sizes); i++)
		if (strcmp(page_sizes[i].name, name) == 0)
			return page_sizes[i].lg2;
	return 0;
}

/* ---- help for the mistyped ---- */

#define NAME_MAX_BYTES 40

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Insertions, deletions and changes between two short names. */
static size_t edit_distance(const char *a, size_t a_length, const char *b,
			    size_t b_length)
{
	size_t row[NAME_MAX_BYTES + 1];

	if (a_length > NAME_MAX_BYTES || b_length > NAME_MAX_BYTES)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t above = row[j];

			row[j] = min3(row[j] + 1, row[j - 1] + 1,
				      diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_length];
}

/* The part of a key's path right below `section`; NULL if it is elsewhere. */
static const char *child_name(const char *path, const char *section,
			      size_t *length)
{
	size_t skip = strlen(section);

	if (strncmp(path, section, skip) != 0)
		return NULL;
	if (skip) {
		if (path[skip] != '.')
			return NULL;
		skip++;
	}
	*length = strcspn(path + skip, ".");
	return path + skip;
}

/* Prints the names below `section`, each once: keys of a section stand
 * together in the table. */
static void list_children(const char *section, char *out, size_t bytes)
{
	const char *previous = "";
	size_t previous_length = 0, used;

	used = (size_t)snprintf(out, bytes, "; known here:");
	for (const struct config_key *key = config_keys; key->path; key++) {
		size_t length;
		const char *name = child_name(key->path, section, &length);

		if (!name || (length == previous_length &&
			      memcmp(name, previous, length) == 0))
			continue;
		if (used + length + 3 > bytes)
			return;
		used += (size_t)snprintf(out + used, bytes - used, "%s %.*s",
					 previous_length ? "," : "",
					 (int)length, name);
		previous = name;
		previous_length = length;
	}
}

/* The full path of a key or section that ends in the name. */
static bool find_elsewhere(const char *name, char *out, size_t bytes)
{
	size_t length = strlen(name);

	for (const struct config_key *key = config_keys; key->path; key++) {
		const char *part = key->path;

		while ((part = strchr(part, '.'))) {
			part++;
			if (strncmp(part, name, length) != 0 ||
			    (part[length] != '.' && part[length] != '\0'))
				continue;
			snprintf(out, bytes, "; did you mean %.*s?",
				 (int)((size_t)(part - key->path) + length),
				 key->path);
			return true;
		}
	}
	return false;
}

void config_key_suggest(const char *section, const char *name, char *out,
			size_t bytes)
{
	size_t best = SIZE_MAX, best_length = 0, limit;
	const char *best_path = NULL;

	for (const struct config_key *key = config_keys; key->path; key++) {
		size_t length, distance;
		const char *child = child_name(key->path, section, &length);

		if (!child)
			continue;
		distance = edit_distance(name, strlen(name), child, length);
		if (distance < best) {
			best = distance;
			best_path = key->path;
			best_length = (size_t)(child - key->path) + length;
		}
	}
	limit = strlen(name) / 3 > 2 ? strlen(name) / 3 : 2;
	if (strlen(name) <= 2)
		limit = 1;
	if (best <= limit) {
		snprintf(out, bytes, "; did you mean %.*s?", (int)best_length,
			 best_path);
		return;
	}
	if (*name && find_elsewhere(name, out, bytes))
		return;
	list_children(section, out, bytes);
}
