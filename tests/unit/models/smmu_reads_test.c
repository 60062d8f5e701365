/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many words of tables are read: cold walks by the formula, and fewer with
 * each cache as it grows. The tables of models/smmuv3/README.md are these.
 *
 *   smmu_reads_test --write    writes them anew
 */
#include "tests/unit/models/smmu_rig.h"

#define README "models/smmuv3/README.md"
#define BEGIN  "<!-- smmu_reads_test --write -->\n"
#define END    "<!-- end -->\n"

static const struct {
	const char *name;
	size_t offset;
} caches[] = {
	{ "ste_cache", offsetof(struct smmu_config, ste_cache) },
	{ "cd_cache", offsetof(struct smmu_config, cd_cache) },
	{ "walk_cache_s1", offsetof(struct smmu_config, walk_cache_s1) },
	{ "walk_cache_s2", offsetof(struct smmu_config, walk_cache_s2) },
	{ "ipa_tlb", offsetof(struct smmu_config, ipa_tlb) },
	{ "tlb", offsetof(struct smmu_config, tlb) },
	{ "utlb", offsetof(struct smmu_config, utlb) },
};
#define CACHES (sizeof(caches) / sizeof(caches[0]))

static const uint32_t sizes[] = { 0, 1, 2, 4, 8, 16, 32 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* All caches absent but one (from CACHES on: none) of `entries`. */
static struct smmu_config with_one(size_t cache, uint32_t entries)
{
	struct smmu_config c = smmu_config_common();

	for (size_t i = 0; i < CACHES; i++) {
		struct tlb_config *it =
			(struct tlb_config *)((char *)&c + caches[i].offset);

		it->entries = it->ways = i == cache ? entries : 0;
	}
	return c;
}

static struct rig *rig_of(const struct smmu_config *config, uint64_t ste0)
{
	struct rig *rig = malloc(sizeof(*rig));

	assert_non_null(rig);
	rig_start(rig, config, ste0);
	return rig;
}

static uint32_t reads(struct rig *rig, uint64_t address)
{
	assert_int_equal(rig_ask(rig, address, false), SMMU_TRANSLATED);
	return rig->out.reads;
}

/* ---- cold ---- */

/* A table's levels are its first ones' omission: n of stage 1, m of stage 2,
 * 0: off. */
static struct rig *rig_levels(unsigned int n, unsigned int m, uint64_t *va)
{
	const struct smmu_config config = with_one(CACHES, 0);
	struct rig *rig = rig_of(&config, n && m ? STE_NESTED
					  : n	 ? STE_S1
						 : STE_S2);

	if (m == 3) { /* SL0 1, T0SZ 25 */
		rig_put(rig, RIG_STE + 16,
			(STE2_WORD & ~MASK(32, 8)) | UINT64_C(0x59) << 32);
		rig_put(rig, RIG_STE + 24, 0x11000);
	}
	if (m == 2) { /* SL0 0, T0SZ 34 */
		rig_put(rig, RIG_STE + 16,
			(STE2_WORD & ~MASK(32, 8)) | UINT64_C(0x22) << 32);
		rig_put(rig, RIG_STE + 24, 0x12000);
	}
	*va = n == 4 ? RIG_VA : n ? RIG_VA & MASK(0, 39) : RIG_PA;
	if (n == 3) { /* T0SZ 25 */
		rig_put(rig, RIG_CD, (CD0_WORD & ~UINT64_C(0x3f)) | 25);
		rig_put(rig, RIG_CD + 8, 0x21000);
	}
	return rig;
}

/* (n + 1)(m + 1) - 1 of tables, the STE, the CD and stage 2 for it. */
static void cold_walks(void **state)
{
	(void)state;
	for (unsigned int n = 0; n <= 4; n += n ? 1 : 3) {
		for (unsigned int m = 0; m <= 4; m += m ? 1 : 2) {
			uint64_t va;
			struct rig *rig;
			uint32_t want = (n + 1) * (m + 1) - 1 + 1;

			if (!n && !m)
				continue;
			if (n)
				want += 1 + m;
			rig = rig_levels(n, m, &va);
			assert_int_equal(reads(rig, va), want);
			assert_int_equal(reads(rig, va), want);
			assert_int_equal(rig->out.pa, RIG_PA);
			rig_free(rig);
		}
	}
}

/* ---- one cache alone ---- */

struct text {
	char at[4096];
	size_t used;
};
static void add(struct text *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void add(struct text *t, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	t->used += (size_t)vsnprintf(t->at + t->used, sizeof(t->at) - t->used,
				     format, arguments);
	va_end(arguments);
	assert_true(t->used < sizeof(t->at));
}

static void pair_row(struct text *text, const char *name, size_t cache)
{
	const struct smmu_config config = with_one(cache, 32);
	struct rig *rig = rig_of(&config, STE_NESTED);
	uint32_t first = reads(rig, RIG_VA), again = reads(rig, RIG_VA);

	rig_put(rig, 0x23028, 0x8f43); /* the next page */
	add(text, "| %s | %u | %u | %u |\n", name, first, again,
	    reads(rig, RIG_VA + 0x1000));
	rig_free(rig);
}

static void pairs(struct text *text)
{
	char name[32];

	add(text, "| Cache of 32 | first | again | next page |\n"
		  "|---|---|---|---|\n");
	pair_row(text, "none", CACHES);
	for (size_t i = 0; i < CACHES; i++) {
		snprintf(name, sizeof(name), "`%s`", caches[i].name);
		pair_row(text, name, i);
	}
}

/*
 * Eight devices, the first of which makes half of the requests, the second a
 * quarter and so on, each to a page in 2 MiB of its own; each has an STE, a CD
 * and an ASID, and they share the tables.
 */
#define DEVICES	 8u
#define REQUESTS 255u

static void put_devices(struct rig *rig)
{
	for (uint64_t k = 0; k < DEVICES; k++) {
		uint64_t ste = RIG_STE + 64 * k, cd = RIG_CD + 64 * k;
		uint64_t table = 0x24000 + 0x1000 * k;

		rig_put(rig, ste, (STE_NESTED & 0x3f) | cd);
		rig_put(rig, ste + 8, 0x54);
		rig_put(rig, ste + 16, STE2_WORD);
		rig_put(rig, ste + 24, STE3_WORD);
		rig_put(rig, cd, CD0_WORD + (k << 48));
		rig_put(rig, cd + 8, CD1_WORD);
		rig_put(rig, cd + 24, 0xff);
		rig_put(rig, 0x22018 + 8 * k, table | 3);
		rig_put(rig, table + 8 * (4 + k), (0x7000 + (k << 12)) | 0xf43);
	}
}

static uint32_t workload(size_t cache, uint32_t entries)
{
	const struct smmu_config config = with_one(cache, entries);
	struct rig *rig = rig_of(&config, STE_NESTED);
	uint32_t sum = 0;

	put_devices(rig);
	for (uint32_t i = 1; i <= REQUESTS; i++) {
		uint32_t k = ctz64(i);
		const struct smmu_request r = {
			.address = RIG_VA + ((uint64_t)k << 21) +
				   ((uint64_t)k << 12),
			.bytes = 4,
			.sid = RIG_SID + k,
		};

		assert_int_equal(rig_request(rig, &r), SMMU_TRANSLATED);
		assert_int_equal(rig->out.pa, RIG_PA + ((uint64_t)k << 12));
		sum += rig->out.reads;
	}
	rig_free(rig);
	return sum;
}

static void growing(struct text *text)
{
	add(text, "\n| Entries |");
	for (size_t k = 0; k < SIZES; k++)
		add(text, " %u |", sizes[k]);
	add(text, "\n|---|");
	for (size_t k = 0; k < SIZES; k++)
		add(text, "---|");
	add(text, "\n");
	for (size_t i = 0; i < CACHES; i++) {
		uint32_t before = UINT32_MAX, none = 0, now = 0;

		add(text, "| `%s` |", caches[i].name);
		for (size_t k = 0; k < SIZES; k++, before = now) {
			now = workload(i, sizes[k]);
			none = k ? none : now;
			assert_true(now <= before);
			add(text, " %u |", now);
		}
		assert_true(now < none);
		assert_int_equal(none, 30 * REQUESTS);
		add(text, "\n");
	}
}

static void tables(struct text *text)
{
	text->used = 0;
	pairs(text);
	growing(text);
}

/* ---- the README ---- */

static char *readme(void)
{
	FILE *f = fopen(README, "r");
	char *text = calloc(1, 1 << 16);

	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 16) - 1, f) > 0);
	fclose(f);
	return text;
}

static void the_readme_has_them(void **state)
{
	char *file = readme(), *at = strstr(file, BEGIN);
	struct text text;

	(void)state;
	tables(&text);
	assert_non_null(at);
	at += strlen(BEGIN);
	if (strncmp(at, text.at, text.used) != 0 ||
	    strncmp(at + text.used, END, strlen(END)) != 0)
		fail_msg(README " is out of date: run smmu_reads_test --write");
	free(file);
}

static int write_readme(void)
{
	char *file = readme(), *at = strstr(file, BEGIN), *end;
	struct text text;
	FILE *f;

	tables(&text);
	end = at ? strstr(at, END) : NULL;
	f = end ? fopen(README, "w") : NULL;
	if (!f) {
		perror(README);
		free(file);
		return 1;
	}
	at += strlen(BEGIN);
	fprintf(f, "%.*s%s%s", (int)(at - file), file, text.at, end);
	free(file);
	return fclose(f) != 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cold_walks),
		cmocka_unit_test(the_readme_has_them),
	};

	if (argc > 1 && strcmp(argv[1], "--write") == 0)
		return write_readme();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
