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

/* Keys of units: of one type, or of all. */
#define UNIT "iommu.0."
#define VTD  (1U << IOMMU_VTD)
#define SMMU (1U << IOMMU_SMMUV3)
#define ANY  (VTD | SMMU)
#define UNIT_WHOLE(of, key, member, low, high)                         \
	{                                                              \
		.path = UNIT key, .kind = CONFIG_WHOLE,                \
		AT_INIT(iommu[0].member), .min = (low), .max = (high), \
		.types = (of)                                          \
	}
#define UNIT_WORD(of, key, member, all)                               \
	{                                                             \
		.path = UNIT key, .kind = CONFIG_WORD,                \
		AT_INIT(iommu[0].member), .words = all, .types = (of) \
	}
#define UNIT_FLAG(of, key, member) UNIT_WORD(of, key, member, "off|on")
#define UNIT_NS(of, key, member)                                    \
	{                                                           \
		.path = UNIT key, .kind = CONFIG_REAL,              \
		AT_INIT(iommu[0].member), .min = 0, .max = 1000000, \
		.types = (of)                                       \
	}
#define UNIT_CACHE(of, section, member)                                     \
	UNIT_WHOLE(of, section ".entries", member.entries, 0, ENTRIES_MAX), \
		UNIT_WHOLE(of, section ".ways", member.ways, 0, WAYS_MAX),  \
		UNIT_WORD(of, section ".replacement", member.replacement,   \
			  REPLACEMENTS)
#define UNIT_TLB(of, section, member)                                       \
	UNIT_CACHE(of, section, member),                                    \
	{                                                                   \
		.path = UNIT section ".page_sizes", .kind = CONFIG_SIZES,   \
		.offset = offsetof(struct machine_config, iommu[0].member), \
		.types = (of)                                               \
	}

const struct config_key config_keys[] = {
	PLAIN_WORD("format", "p2msim.machine/1", NULL, NULL),
	{ .path = "name", .kind = CONFIG_TEXT, AT_INIT(name) },
	{ .path = "sources", .kind = CONFIG_SOURCES, .offset = CONFIG_NOWHERE },
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
	{ .path = "iommu", .kind = CONFIG_UNITS, .offset = CONFIG_NOWHERE },
	UNIT_WORD(ANY, "type", type, "vtd|smmuv3"),
	UNIT_WORD(VTD, "mode", mode, "off|pass-through|legacy|scalable"),
	UNIT_WORD(SMMU, "mode", mode, "off|pass-through|stage2|guest"),
	UNIT_WORD(ANY, "populate", populate, "none|guest"),
	UNIT_WHOLE(ANY, "devices", devices, 1, IOMMU_DEVICES_MAX),
	UNIT_WHOLE(VTD, "levels", levels, 3, 5),
	UNIT_WORD(ANY, "largest_page", largest_page, "4K|2M|1G"),
	UNIT_WORD(SMMU, "granule", granule, "4K|16K|64K"),
	UNIT_WHOLE(VTD, "iova_bits", iova_bits, 39, 57),
	UNIT_WHOLE(SMMU, "iova_bits", iova_bits, 32, 48),
	UNIT_WHOLE(VTD, "domain_bits", vtd.domain_bits, 4, 16),
	UNIT_WHOLE(VTD, "fault_records", vtd.fault_records, 1, VTD_RECORDS_MAX),
	UNIT_FLAG(ANY, "coherent", coherent),
	UNIT_FLAG(VTD, "caching_mode", vtd.caching_mode),
	UNIT_FLAG(VTD, "write_buffer_flush", vtd.write_buffer_flush),
	UNIT_FLAG(VTD, "queued", vtd.queued),
	UNIT_FLAG(VTD, "page_selective", vtd.page_selective),
	UNIT_WHOLE(VTD, "address_mask", vtd.mamv, 0, 63),
	UNIT_FLAG(VTD, "pass_through", vtd.pass_through),
	UNIT_FLAG(VTD, "snoop_control", vtd.snoop_control),
	UNIT_FLAG(VTD, "scalable_mode", vtd.scalable),
	UNIT_FLAG(SMMU, "stage1", smmu.stage1),
	UNIT_FLAG(SMMU, "stage2", smmu.stage2),
	UNIT_FLAG(SMMU, "broadcast_tlbi", smmu.btm),
	UNIT_FLAG(SMMU, "range_invalidation", smmu.ril),
	UNIT_WHOLE(SMMU, "bbm_level", smmu.bbm_level, 0, 2),
	UNIT_WORD(SMMU, "stall_model", smmu.stall_model,
		  "stall-or-terminate|terminate|stall"),
	UNIT_WHOLE(SMMU, "stalls", smmu.stalls, 0, SMMU_STALLS_MAX),
	UNIT_WHOLE(SMMU, "stream_bits", smmu.sid_bits, 1, 32),
	UNIT_WHOLE(SMMU, "substream_bits", smmu.ssid_bits, 0, 20),
	UNIT_FLAG(SMMU, "two_level_streams", smmu.two_level_streams),
	UNIT_FLAG(SMMU, "vmid16", smmu.vmid16),
	UNIT_WHOLE(SMMU, "cmdq_lg2", smmu.cmdq_lg2, 1, 19),
	UNIT_WHOLE(SMMU, "eventq_lg2", smmu.eventq_lg2, 1, 19),
	UNIT_CACHE(VTD, "iotlb", vtd.iotlb),
	UNIT_CACHE(VTD, "context_cache", vtd.context_cache),
	UNIT_CACHE(VTD, "pasid_cache", vtd.pasid_cache),
	UNIT_CACHE(VTD, "walk_cache", vtd.second_walk),
	UNIT_TLB(SMMU, "utlb", smmu.utlb),
	UNIT_TLB(SMMU, "iotlb", smmu.tlb),
	UNIT_TLB(SMMU, "ipa_tlb", smmu.ipa_tlb),
	UNIT_CACHE(SMMU, "ste_cache", smmu.ste_cache),
	UNIT_CACHE(SMMU, "cd_cache", smmu.cd_cache),
	UNIT_CACHE(SMMU, "walk_cache_s1", smmu.walk_cache_s1),
	UNIT_CACHE(SMMU, "walk_cache_s2", smmu.walk_cache_s2),
	UNIT_WHOLE(ANY, "queue", queue, 1, 256),
	UNIT_WHOLE(VTD, "walks", vtd.walks, 1, VTD_WALKS_MAX),
	UNIT_WHOLE(SMMU, "walks", smmu.walks, 1, SMMU_WALKS_MAX),
	UNIT_NS(ANY, "issue_ns", issue_ns),
	UNIT_NS(SMMU, "utlb_ns", utlb_ns),
	UNIT_NS(ANY, "lookup_ns", lookup_ns),
	UNIT_NS(ANY, "walk_ns", walk_ns),
	UNIT_NS(VTD, "turnaround_ns", turnaround_ns),
	UNIT_NS(VTD, "descriptor_ns", descriptor_ns),
	UNIT_NS(SMMU, "command_ns", descriptor_ns),
	UNIT_NS(ANY, "register_ns", register_ns),
	UNIT_NS(ANY, "device.round_trip_ns", device.round_trip_ns),
	UNIT_NS(ANY, "device.issue_ns", device.issue_ns),
	UNIT_WHOLE(ANY, "device.in_flight", device.in_flight, 1, 256),
	UNIT_WHOLE(ANY, "device.request_bytes", device.request_bytes, 64, 4096),

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
#define CHOICE_SMMU(name, value, values, from) \
	WORD("choices." #name, smmu_choices.name, values, NULL),
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
	WORD("policy.iommu.coalesce", iommu_policy.coalesce.policy,
	     "never|eager|after-ops:#|after-cycles:#|hysteresis:#|scan:#,#",
	     NULL),
	WORD("policy.iommu.flush", iommu_policy.flush, "strict|deferred:#",
	     NULL),
	WORD("policy.iommu.clean", iommu_policy.clean, "entry|line|top-only",
	     NULL),
	WORD("policy.iommu.share_pt", share_pt, "off|on", NULL),
	PLAIN_WORD("policy.shadow.rmap", "desc4|desc14|sibling", "desc14",
		   NULL),
	{ .path = NULL },
};

const char *const config_tlb_sections[] = {
	"cpu.l1i_tlb",	     "cpu.l1d_tlb",	  "cpu.l2_tlb", "cpu.s2_tlb",
	"cpu.walk_cache_s1", "cpu.walk_cache_s2", NULL,
};
const char *const config_cache_sections[] = {
	"cpu.l1i", "cpu.l1d", "cpu.l2", "llc", NULL,
};

/* ---- units ---- */

/* How much of a path is "iommu.NUMBER", whole; 0 if it is no unit's. */
static size_t unit_prefix(const char *path)
{
	size_t digits;

	if (strncmp(path, "iommu.", 6) != 0)
		return 0;
	digits = strspn(path + 6, "0123456789");
	return digits && (path[6 + digits] == '.' || path[6 + digits] == '\0')
		       ? 6 + digits
		       : 0;
}

/* What two paths have after what is known to be alike: their ends if they are
 * of units, else all. */
static void skip_units(const char **a, const char **b)
{
	size_t in_a = unit_prefix(*a), in_b = unit_prefix(*b);

	if (!in_a || !in_b)
		return;
	*a += in_a;
	*b += in_b;
}

bool config_unit_key(const struct config_key *key, uint32_t at, uint8_t type,
		     struct config_unit_key *out)
{
	if (!(key->types >> type & 1))
		return false;
	snprintf(out->path, sizeof(out->path), "iommu.%u%s", at,
		 key->path + unit_prefix(key->path));
	out->key = *key;
	out->key.path = out->path;
	if (key->offset != CONFIG_NOWHERE)
		out->key.offset += at * sizeof(struct iommu_config);
	return true;
}

static bool key_is(const struct config_key *key, const char *path)
{
	const char *known = key->path;

	skip_units(&known, &path);
	return strcmp(known, path) == 0;
}

const struct config_key *config_key_find(const char *path)
{
	for (const struct config_key *key = config_keys; key->path; key++)
		if (key_is(key, path))
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
	for (const struct config_key *key = config_keys; key->path; key++)
		if (key->kind == CONFIG_WORD && key_is(key, path) &&
		    config_word_index(key->words, word, NULL) >= 0)
			return true;
	return false;
}

/* ---- page sizes ---- */

static const struct {
	const char *name;
	unsigned int lg2;
} page_sizes[] = {
	{ "4K", 12 }, { "16K", 14 }, { "64K", 16 },  { "1M", 20 },
	{ "2M", 21 }, { "16M", 24 }, { "32M", 25 },  { "512M", 29 },
	{ "1G", 30 }, { "16G", 34 }, { "512G", 39 }, { "4T", 42 },
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

/* The part of a key's path right below `section`, if `known` has it; NULL if
 * it is elsewhere. */
static const char *child_name(const char *path, const char *section,
			      const json_t *known, size_t *length)
{
	size_t skip;

	skip_units(&path, &section);
	skip = strlen(section);
	if (strncmp(path, section, skip) != 0)
		return NULL;
	path += skip;
	if (*path == '.')
		path++;
	else if (skip)
		return NULL;
	*length = strcspn(path, ".");
	return json_object_getn(known, path, *length) ? path : NULL;
}

/* Whether a key above this one has the name below `section`, too: another of
 * the section's, or the other type's of that name. */
static bool is_listed(const struct config_key *key, const char *section,
		      const json_t *known, const char *name, size_t length)
{
	for (const struct config_key *k = config_keys; k != key; k++) {
		size_t other_length;
		const char *other =
			child_name(k->path, section, known, &other_length);

		if (other && other_length == length &&
		    memcmp(other, name, length) == 0)
			return true;
	}
	return false;
}

/* Prints the names below `section`, each once; "..." where room ends. */
static void list_children(const char *section, const json_t *known, char *out,
			  size_t bytes)
{
	static const char more[] = ", ...";
	size_t used = (size_t)snprintf(out, bytes, "; known here:");
	bool first = true;

	for (const struct config_key *key = config_keys; key->path; key++) {
		size_t length;
		const char *name =
			child_name(key->path, section, known, &length);

		if (!name || is_listed(key, section, known, name, length))
			continue;
		if (used + length + 3 + sizeof(more) > bytes) {
			snprintf(out + used, bytes - used, "%s", more);
			return;
		}
		used += (size_t)snprintf(out + used, bytes - used, "%s %.*s",
					 first ? "" : ",", (int)length, name);
		first = false;
	}
}

/* The full path of a key or section that ends in the name. What a unit lacks
 * is not looked for in another type's keys. */
static bool find_elsewhere(const char *section, const char *name, char *out,
			   size_t bytes)
{
	size_t length = strlen(name);
	bool in_unit = unit_prefix(section);

	for (const struct config_key *key = config_keys; key->path; key++) {
		const char *part = key->path;

		if (in_unit && key->types)
			continue;
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

void config_key_suggest(const char *section, const char *name,
			const json_t *known, char *out, size_t bytes)
{
	size_t best = SIZE_MAX, best_length = 0, limit;
	const char *best_name = NULL;

	for (const struct config_key *key = config_keys; key->path; key++) {
		size_t length, distance;
		const char *child =
			child_name(key->path, section, known, &length);

		if (!child)
			continue;
		distance = edit_distance(name, strlen(name), child, length);
		if (distance < best) {
			best = distance;
			best_name = child;
			best_length = length;
		}
	}
	limit = strlen(name) / 3 > 2 ? strlen(name) / 3 : 2;
	if (strlen(name) <= 2)
		limit = 1;
	if (best <= limit) {
		snprintf(out, bytes, "; did you mean %s%s%.*s?", section,
			 *section ? "." : "", (int)best_length, best_name);
		return;
	}
	if (*name && find_elsewhere(section, name, out, bytes))
		return;
	list_children(section, known, out, bytes);
}
