/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a machine file's keys may hold, alone and together. DESIGN §4, §5.
 * Values that the design has and the models do not have yet end in exit code
 * 5, never in a silent default.
 */
#include "sim/machine/config_check.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/memory/cache.h"
#include "sim/machine/config_keys.h"
#include "sim/machine/machine.h"

/* ---- whose fault it is ---- */

/* One of the paths is the other, or a section of it. */
static bool touches(const char *a, size_t a_length, const char *b)
{
	size_t b_length = strlen(b);
	size_t shorter = a_length < b_length ? a_length : b_length;
	char next_a = a_length > shorter ? a[shorter] : '.';
	char next_b = b_length > shorter ? b[shorter] : '.';

	return strncmp(a, b, shorter) == 0 && next_a == '.' && next_b == '.';
}

/* The last --set that touches any of the paths (separated by blanks), or
 * NULL: the file. */
static const char *find_set(const struct config_made_from *from,
			    const char *paths)
{
	for (unsigned int i = from->set_count; i-- > 0;) {
		const char *set = from->sets[i].key_value;
		const char *rest = paths;

		while (*rest) {
			char path[CONFIG_PATH_BYTES];
			size_t length = strcspn(rest, " ");

			snprintf(path, sizeof(path), "%.*s", (int)length, rest);
			if (touches(set, strcspn(set, "="), path))
				return set;
			rest += length + (rest[length] == ' ');
		}
	}
	return NULL;
}

bool config_complain(struct config_check *check, int code, const char *paths,
		     const char *format, ...)
{
	const char *set = find_set(check->from, paths);
	const struct config_origin *file = &check->from->file;
	char what[400];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (code == 0)
		code = set ? EXIT_USAGE : file->exit_code;
	return error_set(check->error, code, "%s%s: %.*s: %s",
			 set ? "--set " : "",
			 set ? config_clip(set).text : file->label,
			 (int)strcspn(paths, " "), paths, what);
}

/* ---- one key ---- */

static void store(struct config_check *check, const struct config_key *key,
		  uint64_t value)
{
	uint32_t value32 = (uint32_t)value;
	uint8_t *to;

	if (key->offset == CONFIG_NOWHERE)
		return;
	to = (uint8_t *)check->config + key->offset;
	switch (key->size) {
	case 1:
		*to = (uint8_t)value;
		break;
	case 4:
		memcpy(to, &value32, 4);
		break;
	case 8:
		memcpy(to, &value, 8);
		break;
	}
}

static bool check_whole(struct config_check *check,
			const struct config_key *key, const json_t *node)
{
	json_int_t value = json_integer_value(node);

	if (!json_is_integer(node) || value < key->min || value > key->max)
		return config_complain(
			check, 0, key->path,
			"%s is not a whole number from %lld to %lld",
			config_show(node).text, (long long)key->min,
			(long long)key->max);
	store(check, key, (uint64_t)value);
	return true;
}

/* "1" and "1.0" mean the same and shall have the same digest. */
static bool check_real(struct config_check *check, const struct config_key *key,
		       json_t *node)
{
	double value = json_number_value(node);
	uint8_t *to = (uint8_t *)check->config + key->offset;
	uint64_t fixed;

	if (!json_is_number(node) || value < (double)key->min ||
	    value > (double)key->max)
		return config_complain(check, 0, key->path,
				       "%s is not a number from %lld to %lld",
				       config_show(node).text,
				       (long long)key->min,
				       (long long)key->max);
	if (key->kind == CONFIG_FIXED) {
		fixed = (uint64_t)llround(value * (double)CYCLE);
		memcpy(to, &fixed, sizeof(fixed));
	} else {
		memcpy(to, &value, sizeof(value));
	}
	return true;
}

/* "a|b:#" as a person reads it: "a, b:N". */
static const char *words_shown(const char *words, char *out, size_t bytes)
{
	size_t used = 0;

	for (; *words && used + 10 < bytes; words++) {
		const char *as = *words == '|'	 ? ", "
				 : *words == '#' ? "N"
				 : *words == '%' ? "PERCENT"
						 : NULL;

		if (as)
			used += (size_t)snprintf(out + used, bytes - used, "%s",
						 as);
		else
			out[used++] = *words;
	}
	out[used] = '\0';
	return out;
}

static bool check_word(struct config_check *check, const struct config_key *key,
		       const json_t *node)
{
	const char *text = json_string_value(node);
	int index = text ? config_word_index(key->words, text, NULL) : -1;
	char shown[200];

	if (index < 0)
		return config_complain(check, 0, key->path, "%s is none of: %s",
				       config_show(node).text,
				       words_shown(key->words, shown,
						   sizeof(shown)));
	if (key->modelled && config_word_index(key->modelled, text, NULL) < 0)
		return config_complain(
			check, EXIT_NOT_MODELLED, key->path,
			"\"%s\" is not modelled yet; modelled: %s%s%s%s",
			config_clip(text).text,
			words_shown(key->modelled, shown, sizeof(shown)),
			key->reference ? " (" : "",
			key->reference ? key->reference : "",
			key->reference ? ")" : "");
	store(check, key, (uint64_t)index);
	return true;
}

static bool check_text(struct config_check *check, const struct config_key *key,
		       const json_t *node)
{
	const char *text = json_string_value(node);
	char *to = (char *)check->config + key->offset;

	if (!text || *text == '\0' || strlen(text) >= key->size)
		return config_complain(check, 0, key->path,
				       "%s is not a text of 1 to %zu bytes",
				       config_show(node).text, key->size - 1);
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return config_complain(check, 0, key->path,
					       "%s has a control character",
					       config_show(node).text);
	memcpy(to, text, strlen(text) + 1);
	return true;
}

/* Adds one size to an ascending list; false if it is there already. */
static bool sizes_insert(struct tlb_config *tlb, uint8_t lg2)
{
	uint32_t at = tlb->size_count;

	while (at > 0 && tlb->sizes_lg2[at - 1] > lg2)
		at--;
	if (at > 0 && tlb->sizes_lg2[at - 1] == lg2)
		return false;
	memmove(tlb->sizes_lg2 + at + 1, tlb->sizes_lg2 + at,
		tlb->size_count - at);
	tlb->sizes_lg2[at] = lg2;
	tlb->size_count++;
	return true;
}

static bool check_sizes(struct config_check *check,
			const struct config_key *key, const json_t *node)
{
	struct tlb_config *tlb =
		(void *)((uint8_t *)check->config + key->offset);
	size_t index;
	json_t *item;

	tlb->size_count = 0;
	if (!json_is_array(node) || json_array_size(node) > TLB_SIZES_MAX)
		return config_complain(check, 0, key->path,
				       "%s is not a list of 1 to %d of: %s",
				       config_show(node).text, TLB_SIZES_MAX,
				       config_size_names);
	json_array_foreach(node, index, item)
	{
		const char *text = json_string_value(item);
		unsigned int lg2 = text ? config_size_lg2(text) : 0;

		if (lg2 == 0)
			return config_complain(check, 0, key->path,
					       "%s is none of: %s",
					       config_show(item).text,
					       config_size_names);
		if (!sizes_insert(tlb, (uint8_t)lg2))
			return config_complain(check, 0, key->path,
					       "\"%s\" is listed twice", text);
	}
	if (tlb->size_count == 0 || tlb->sizes_lg2[0] != 12)
		return config_complain(
			check, 0, key->path,
			"the list must have \"4K\", the granule");
	return true;
}

/* One entry: {"keys": [...], "source": "..."} or {"keys", "assumed", "why"}. */
static bool check_source(struct config_check *check, const json_t *entry,
			 size_t at)
{
	const json_t *keys = json_object_get(entry, "keys");
	bool sourced = json_is_string(json_object_get(entry, "source"));
	bool assumed = json_is_true(json_object_get(entry, "assumed"));
	size_t members = json_object_get(entry, "why") ? 3 : 2, index;
	json_t *key;

	if (!json_is_array(keys) || sourced == assumed ||
	    json_object_size(entry) != members ||
	    (members == 3 && !json_is_string(json_object_get(entry, "why"))))
		return config_complain(
			check, 0, "sources",
			"entry %zu is neither {\"keys\": [...], "
			"\"source\": \"...\"} nor {\"keys\": [...], "
			"\"assumed\": true, \"why\": \"...\"}",
			at);
	json_array_foreach(keys, index, key)
	{
		const char *path = json_string_value(key);

		if (!path || !config_at(check->tree, path))
			return config_complain(check, 0, "sources",
					       "entry %zu: no such key: %s", at,
					       config_show(key).text);
	}
	return true;
}

static bool check_sources(struct config_check *check, const json_t *node)
{
	size_t index;
	json_t *entry;

	if (!json_is_array(node))
		return config_complain(check, 0, "sources",
				       "%s is not a list [...]",
				       config_show(node).text);
	json_array_foreach(node, index,
			   entry) if (!check_source(check, entry,
						    index)) return false;
	return true;
}

static bool check_key(struct config_check *check, const struct config_key *key)
{
	json_t *node = config_at(check->tree, key->path);

	switch (key->kind) {
	case CONFIG_WHOLE:
		return check_whole(check, key, node);
	case CONFIG_REAL:
	case CONFIG_FIXED:
		return check_real(check, key, node);
	case CONFIG_WORD:
		return check_word(check, key, node);
	case CONFIG_TEXT:
		return check_text(check, key, node);
	case CONFIG_SIZES:
		return check_sizes(check, key, node);
	case CONFIG_SOURCES:
		return check_sources(check, node);
	case CONFIG_UNITS:
		return config_check_units(check, key, node);
	}
	return false;
}

bool config_each_key(struct config_check *check,
		     bool (*visit)(struct config_check *check,
				   const struct config_key *key))
{
	const struct machine_config *c = check->config;

	for (const struct config_key *key = config_keys; key->path; key++) {
		struct config_unit_key unit;

		if (!key->types && !visit(check, key))
			return false;
		for (uint32_t i = 0; i < c->iommus; i++)
			if (config_unit_key(key, i, c->iommu[i].type, &unit) &&
			    !visit(check, &unit.key))
				return false;
	}
	return true;
}

/* ---- keys together ---- */

static const void *section_at(const struct config_check *check,
			      const char *section, const char *first_key)
{
	char path[CONFIG_PATH_BYTES];

	snprintf(path, sizeof(path), "%s.%s", section, first_key);
	return (uint8_t *)check->config + config_key_find(path)->offset;
}

/* The first member of both structures is the one that says absent. */
_Static_assert(offsetof(struct tlb_config, entries) == 0, "used as base");
_Static_assert(offsetof(struct cache_config, bytes) == 0, "used as base");

bool config_check_ways(struct config_check *check, const char *section,
		       const struct tlb_config *tlb)
{
	char paths[2 * CONFIG_PATH_BYTES];

	if (tlb->entries == 0 ||
	    (tlb->ways != 0 && tlb->entries % tlb->ways == 0))
		return true;
	snprintf(paths, sizeof(paths), "%s.ways %s.entries", section, section);
	return config_complain(
		check, 0, paths,
		"%u ways do not divide %u entries; want a divisor of "
		"%u, or %u for fully associative",
		tlb->ways, tlb->entries, tlb->entries, tlb->entries);
}

/* Hits of these are free (models/README.md, Cycles), and walk caches hold
 * pointers of every level: other values would be silently ignored. */
static bool check_free_of_charge(struct config_check *check,
				 const char *section)
{
	const struct tlb_config *tlb = section_at(check, section, "entries");
	char path[CONFIG_PATH_BYTES];

	if (tlb->latency == 0)
		return true;
	snprintf(path, sizeof(path), "%s.latency", section);
	return config_complain(
		check, EXIT_NOT_MODELLED, path,
		"%u: hits of walk caches and of s2_tlb cost nothing "
		"in this model; want 0",
		tlb->latency);
}

static bool check_cache(struct config_check *check, const char *section)
{
	const struct cache_config *cache = section_at(check, section, "bytes");
	uint64_t way_bytes = (uint64_t)cache->ways * cache->line;
	char paths[3 * CONFIG_PATH_BYTES];

	if (cache->bytes == 0)
		return true;
	snprintf(paths, sizeof(paths), "%s.line", section);
	if (cache->line & (cache->line - 1))
		return config_complain(
			check, 0, paths,
			"%u is not a power of two from 16 to 1024",
			cache->line);
	snprintf(paths, sizeof(paths), "%s.ways %s.bytes %s.line", section,
		 section, section);
	if (cache->ways > CACHE_WAYS_MAX)
		return config_complain(check, 0, paths,
				       "%u is not a whole number from 1 to %d",
				       cache->ways, CACHE_WAYS_MAX);
	if (way_bytes == 0 || cache->bytes % way_bytes != 0)
		return config_complain(
			check, 0, paths,
			"%u ways of %u-byte lines do not divide %llu "
			"bytes; want bytes = ways x line x sets",
			cache->ways, cache->line,
			(unsigned long long)cache->bytes);
	return true;
}

/* All caches have one line size (models/README.md, 19). */
static bool check_lines(struct config_check *check)
{
	uint32_t line = 0;
	const char *first = NULL;

	for (const char *const *s = config_cache_sections; *s; s++) {
		const struct cache_config *cache =
			section_at(check, *s, "bytes");
		char paths[2 * CONFIG_PATH_BYTES];

		if (cache->bytes == 0)
			continue;
		if (!first) {
			first = *s;
			line = cache->line;
		}
		if (cache->line == line)
			continue;
		snprintf(paths, sizeof(paths), "%s.line %s.line", *s, first);
		return config_complain(
			check, 0, paths,
			"%u differs from %u of %s; all caches have "
			"one line size",
			cache->line, line, first);
	}
	return true;
}

/* Costs are differences to the level above: none may be faster than that. */
static bool check_faster(struct config_check *check, const char *upper,
			 const char *lower)
{
	const struct cache_config *a = section_at(check, upper, "bytes");
	const struct cache_config *b = section_at(check, lower, "bytes");
	char paths[4 * CONFIG_PATH_BYTES];

	if (a->bytes == 0 || b->bytes == 0 || a->latency <= b->latency)
		return true;
	snprintf(paths, sizeof(paths),
		 "%s.latency %s.latency %s.bytes "
		 "%s.bytes",
		 lower, upper, lower, upper);
	return config_complain(
		check, 0, paths,
		"%u cycles are fewer than the %u of %s, which is "
		"nearer; want at least %u",
		b->latency, a->latency, upper, a->latency);
}

static bool check_dram(struct config_check *check)
{
	const struct machine_config *config = check->config;
	double cycles = config->dram_latency_ns * config->mhz / 1000;

	for (const char *const *s = config_cache_sections; *s; s++) {
		const struct cache_config *cache =
			section_at(check, *s, "bytes");
		char paths[3 * CONFIG_PATH_BYTES];

		if (cache->bytes == 0 || cache->latency <= cycles)
			continue;
		snprintf(paths, sizeof(paths),
			 "dram.latency_ns cpu.mhz "
			 "%s.latency %s.bytes",
			 *s, *s);
		return config_complain(
			check, 0, paths,
			"%g ns at %u MHz are %.1f cycles, fewer than "
			"the %u of %s; want at least %g ns",
			config->dram_latency_ns, config->mhz, cycles,
			cache->latency, *s,
			cache->latency * 1000.0 / config->mhz);
	}
	return true;
}

static bool check_latencies(struct config_check *check)
{
	static const char *const pairs[][2] = {
		{ "cpu.l1i", "cpu.l2" }, { "cpu.l1d", "cpu.l2" },
		{ "cpu.l1i", "llc" },	 { "cpu.l1d", "llc" },
		{ "cpu.l2", "llc" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (!check_faster(check, pairs[i][0], pairs[i][1]))
			return false;
	return check_dram(check);
}

/* ID_AA64MMFR0_EL1.PARange, DDI0487 L.b. */
static bool check_pa_bits(struct config_check *check)
{
	static const uint8_t sizes[] = { 32, 36, 40, 42, 44, 48, 52 };
	unsigned int bits = check->config->mmu.pa_bits;

	for (size_t i = 0; i < sizeof(sizes); i++)
		if (sizes[i] == bits)
			return true;
	return config_complain(check, 0, "cpu.pa_bits",
			       "%u is none of: 32, 36, 40, 42, 44, 48, 52",
			       bits);
}

static bool check_guest(struct config_check *check)
{
	const struct machine_config *config = check->config;
	unsigned int ipa_bits = config->ipa_bits;
	uint64_t room = (BIT(ipa_bits) - GUEST_RAM_BASE) >> 20;

	if (ipa_bits > config->mmu.pa_bits)
		return config_complain(
			check, 0, "guest.ipa_bits cpu.pa_bits",
			"%u bits are more than the CPU's %u physical "
			"address bits (cpu.pa_bits)",
			ipa_bits, config->mmu.pa_bits);
	if (ipa_bits > 48 && config->p2m.granule_lg2 != 16)
		return config_complain(check, 0, "guest.ipa_bits guest.granule",
				       "%u bits need the 64K granule "
				       "(guest.granule=64K); want at most 48",
				       ipa_bits);
	if (config->ram_mib > room)
		return config_complain(
			check, 0, "guest.ram_mib guest.ipa_bits",
			"%u MiB from 0x%llx do not fit %u IPA bits; "
			"want at most %llu",
			config->ram_mib, (unsigned long long)GUEST_RAM_BASE,
			ipa_bits, (unsigned long long)room);
	return true;
}

static bool check_granule(struct config_check *check)
{
	const struct machine_config *config = check->config;

	if (config->p2m.granule_lg2 == 14 &&
	    config->mmu.granule_16k == ARM_GRANULE_16K_ABSENT)
		return config_complain(check, 0,
				       "guest.granule choices.granule_16k",
				       "\"16K\": this CPU has not that granule "
				       "(choices.granule_16k); want 4K or 64K");
	return true;
}

/* VTCR_EL2.SL0 names three levels: 4K 2 to 0, the others 3 to 1, of which 16K
 * reaches no 32 bits from 3. A level's tables resolve stride bits or fewer, and
 * up to 4 more by concatenation; they may not be empty. DDI0487 L.b D8.2. */
static bool check_start_level(struct config_check *check)
{
	const struct machine_config *config = check->config;
	int level = config->p2m.start_level;
	int page = config->p2m.granule_lg2, stride = page - 3;
	int below = page + stride * (3 - level), most = below + stride + 4;
	int highest = page == 12 ? 0 : 1, needed = page == 14 ? 42 : 44;
	const char *paths =
		"guest.start_level guest.ipa_bits cpu.pa_bits guest.granule";

	if (level < 0)
		return true;
	if (level < highest || (level == 3 && page != 16))
		return config_complain(
			check, 0, paths,
			"level %d starts no walk of %dK granules; "
			"want %d %s, and -1 chooses",
			level, 1 << (page - 10), highest,
			page == 12   ? "to 2"
			: page == 14 ? "or 2"
				     : "to 3");
	if (config->ipa_bits <= below || config->ipa_bits > most)
		return config_complain(
			check, 0, paths,
			"level %d cannot start a walk of %u IPA bits; "
			"it takes %d to %d, and -1 chooses",
			level, config->ipa_bits,
			below + 1 < 32 ? 32 : below + 1, most > 48 ? 48 : most);
	if (level == highest && config->mmu.pa_bits < needed)
		return config_complain(
			check, 0, paths,
			"level %d needs a CPU with %d or more physical "
			"address bits, this one has %u; -1 chooses",
			level, needed, config->mmu.pa_bits);
	return true;
}

static bool check_together(struct config_check *check)
{
	for (const char *const *s = config_tlb_sections; *s; s++)
		if (!config_check_ways(check, *s,
				       section_at(check, *s, "entries")))
			return false;
	for (const char *const *s = config_cache_sections; *s; s++)
		if (!check_cache(check, *s))
			return false;
	return check_free_of_charge(check, "cpu.s2_tlb") &&
	       check_free_of_charge(check, "cpu.walk_cache_s1") &&
	       check_free_of_charge(check, "cpu.walk_cache_s2") &&
	       check_lines(check) && check_latencies(check) &&
	       check_pa_bits(check) && check_guest(check) &&
	       check_granule(check) && check_start_level(check) &&
	       config_check_iommus(check);
}

/* ---- the canonical form ---- */

static void canonical_real(json_t *tree, const struct config_key *key)
{
	const char *dot = strrchr(key->path, '.');
	char section[CONFIG_PATH_BYTES];
	json_t *node = config_at(tree, key->path);

	if (!node || !json_is_integer(node))
		return;
	snprintf(section, sizeof(section), "%.*s", (int)(dot - key->path),
		 key->path);
	json_object_set_new(config_at(tree, section), dot + 1,
			    json_real(json_number_value(node)));
}

static int compare_sizes(const void *a, const void *b)
{
	unsigned int x =
		config_size_lg2(json_string_value(*(json_t *const *)a));
	unsigned int y =
		config_size_lg2(json_string_value(*(json_t *const *)b));

	return (x > y) - (x < y);
}

static void canonical_sizes(json_t *list)
{
	json_t *items[TLB_SIZES_MAX];
	size_t count = json_array_size(list);

	for (size_t i = 0; i < count; i++)
		items[i] = json_incref(json_array_get(list, i));
	qsort(items, count, sizeof(*items), compare_sizes);
	json_array_clear(list);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, items[i]);
}

static bool make_canonical(struct config_check *check,
			   const struct config_key *key)
{
	if (key->kind == CONFIG_REAL || key->kind == CONFIG_FIXED)
		canonical_real(check->tree, key);
	else if (key->kind == CONFIG_SIZES)
		canonical_sizes(config_at(check->tree, key->path));
	return true;
}

/* What follows a word's colon; zeros if nothing does. */
static void parameters(const struct config_check *check, const char *path,
		       uint64_t out[2])
{
	out[0] = out[1] = 0;
	config_word_index(config_key_find(path)->words,
			  json_string_value(config_at(check->tree, path)), out);
}

/* What does not go from a key to a member one to one. */
static void fill_the_rest(struct config_check *check)
{
	struct machine_config *config = check->config;
	uint64_t percent[2] = { 0, 0 }, coalesce[2] = { 0, 0 };

	config_word_index(config_key_find("guest.backing")->words,
			  json_string_value(
				  config_at(check->tree, "guest.backing")),
			  percent);
	config->fragmented_percent = (uint32_t)percent[0];
	config_word_index(config_key_find("policy.p2m.coalesce")->words,
			  json_string_value(config_at(check->tree,
						      "policy.p2m.coalesce")),
			  coalesce);
	config->p2m.coalesce.n = coalesce[0];
	config->p2m.coalesce.budget = coalesce[1];
	parameters(check, "policy.iommu.coalesce", coalesce);
	config->iommu_policy.coalesce.n = coalesce[0];
	config->iommu_policy.coalesce.budget = coalesce[1];
	parameters(check, "policy.iommu.flush", coalesce);
	config->iommu_policy.flush_calls = (uint32_t)coalesce[0];
	config->memory.cpus = config->cpus;
	config->p2m.ipa_bits = config->ipa_bits;
	config->p2m.lpa = config->mmu.pa_bits == 52;
	config->p2m.vmid = SIM_VMID;
}

/* guest.granule: 4K, 16K, 64K. */
static void fill_granule(struct config_check *check)
{
	const char *path = "guest.granule";
	uint64_t unused[2];
	int index = config_word_index(config_key_find(path)->words,
				      json_string_value(
					      config_at(check->tree, path)),
				      unused);

	check->config->p2m.granule_lg2 = (uint8_t)(12 + 2 * index);
}

bool config_check(json_t *tree, const struct config_made_from *from,
		  struct machine_config *config, struct error_line *error)
{
	struct config_check check = { tree, from, config, error };

	if (!config_each_key(&check, check_key))
		return false;
	fill_granule(&check);
	if (!check_together(&check))
		return false;
	(void)config_each_key(&check, make_canonical);
	fill_the_rest(&check);
	return true;
}
