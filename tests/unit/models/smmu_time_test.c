/* SPDX-License-Identifier: BSD-2-Clause */
/* When translations are done: several walks in flight, and who waits for
 * them. models/smmuv3/README.md, "Time". */
#include "tests/unit/models/smmu_rig.h"

static void ask_at(struct rig *rig, uint64_t address, uint64_t now)
{
	const struct smmu_request r = {
		.address = address, .now = now, .bytes = 4, .sid = RIG_SID
	};

	assert_int_equal(rig_request(rig, &r), SMMU_TRANSLATED);
}

/* Two walks at a time; a hit on what is on its way waits for it. */
static void time_of_walks(void **state)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig = malloc(sizeof(*rig));
	struct smmu_counters counters;
	uint64_t first;

	(void)state;
	assert_non_null(rig);
	config.walks = 2;
	config.issue_ticks = 0;
	config.utlb_ticks = 2;
	config.tlb_ticks = 3;
	config.walk_ticks = 5;
	rig_start(rig, &config, STE_S2);
	rig->read_ticks = 100;
	ask_at(rig, 0x3000, 1000); /* STE and four descriptors */
	first = 1000 + 2 + 3 + 5 + 500;
	assert_int_equal(rig->out.done, first);
	ask_at(rig, 0x3004, 1001);
	assert_int_equal(rig->out.done, first);
	ask_at(rig, 0x4000, 1001); /* a leaf, in the second slot */
	assert_int_equal(rig->out.done, 1001 + 5 + 5 + 100);
	ask_at(rig, 0x5000, 1001); /* waits for the second slot */
	assert_int_equal(rig->out.done, 1001 + 5 + 5 + 100 + 5 + 100);
	ask_at(rig, 0x3004, 5000);
	assert_int_equal(rig->out.done, 5002);
	smmu_counters(rig->smmu, &counters);
	assert_int_equal(counters.walks.waited, 105);
	assert_int_equal(counters.walks.ticks, 505 + 105 + 105);
	rig_free(rig);
}

/* One port, any number of walks side by side; the ninth of eight waits. */
static void walks_side_by_side(void **state)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig = malloc(sizeof(*rig));
	struct smmu_counters counters;

	(void)state;
	assert_non_null(rig);
	config.walks = 8;
	config.issue_ticks = 10;
	config.utlb_ticks = 2;
	config.tlb_ticks = 3;
	config.walk_ticks = 5;
	rig_start(rig, &config, STE_S2);
	ask_at(rig, 0x2000, 0); /* STE, pointers */
	rig->read_ticks = 500;
	for (uint64_t i = 0; i < 8; i++) {
		ask_at(rig, 0x3000 + (i << 12), 1000);
		assert_int_equal(rig->out.done, 1000 + 10 * i + 5 + 505);
	}
	ask_at(rig, 0xb000, 1000);
	assert_int_equal(rig->out.done, 1000 + 5 + 505 + 505);
	smmu_counters(rig->smmu, &counters);
	assert_int_equal(counters.walks.waited, 505 - 80);
	/* Who comes when the port is busy enters when it is free. */
	ask_at(rig, 0xb008, 1000);
	assert_int_equal(rig->out.done, 1000 + 5 + 505 + 505);
	ask_at(rig, 0xb010, 9000);
	assert_int_equal(rig->out.done, 9002);
	rig_free(rig);
}

/* ---- the README's words, once more ---- */

struct oracle {
	const struct smmu_config *config;
	uint64_t port_free;
	struct {
		uint64_t until, page;
	} slot[SMMU_WALKS_MAX];
};

static uint64_t oracle_walk(struct oracle *o, uint64_t at, uint64_t page,
			    uint64_t ticks)
{
	uint32_t first = 0;

	for (uint32_t i = 1; i < o->config->walks; i++)
		if (o->slot[i].until < o->slot[first].until)
			first = i;
	if (at < o->slot[first].until)
		at = o->slot[first].until;
	o->slot[first].until = at + ticks;
	o->slot[first].page = page;
	return at + ticks;
}

/* Every page is walked for once, or again when the first walk is long done. */
static uint64_t oracle_hit(const struct oracle *o, uint64_t at, uint64_t page)
{
	for (uint32_t i = 0; i < o->config->walks; i++)
		if (o->slot[i].until > at && o->slot[i].page == page)
			return o->slot[i].until;
	return at;
}

static uint64_t oracle_ask(struct oracle *o, uint64_t now, uint64_t address,
			   const struct smmu_outcome *out)
{
	const struct smmu_config *c = o->config;
	uint64_t at = now > o->port_free ? now : o->port_free;
	uint64_t ticks = c->walk_ticks;

	o->port_free = at + c->issue_ticks;
	at += c->utlb_ticks + (out->utlb_hit ? 0 : c->tlb_ticks);
	for (uint32_t i = 0; i < out->reads; i++)
		ticks += out->read[i].ticks;
	if (out->reads)
		return oracle_walk(o, at, address >> 12, ticks);
	return oracle_hit(o, at, address >> 12);
}

static void as_the_readme_says(void **state)
{
	static const uint32_t walks[] = { 1, 2, 3, 8, 13, 64 };

	(void)state;
	for (unsigned int i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		struct smmu_config config = smmu_config_common();
		struct rig *rig = malloc(sizeof(*rig));
		struct oracle o = { .config = &config };
		struct model_random random;
		uint64_t now = 0;

		assert_non_null(rig);
		config.walks = walks[i];
		config.issue_ticks = 3;
		config.utlb_ticks = 2;
		config.tlb_ticks = 7;
		config.walk_ticks = 5;
		/* 64 pages are more than both TLBs hold. */
		config.utlb.entries = config.utlb.ways = 4;
		config.tlb.entries = config.tlb.ways = 16;
		rig_start(rig, &config, STE_S2);
		model_random_seed(&random, walks[i]);
		for (unsigned int step = 0; step < 4000; step++) {
			uint64_t r = model_random_next(&random) >> 8;
			uint64_t address = (r & 0x3f) << 12;

			if ((r >> 6 & 7) < 5)
				address &= 0x7000;
			rig->read_ticks = r >> 9 & 0xff;
			now += r >> 17 & 0x3f;
			ask_at(rig, address, now);
			assert_int_equal(rig->out.done,
					 oracle_ask(&o, now, address,
						    &rig->out));
		}
		rig_free(rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_of_walks),
		cmocka_unit_test(walks_side_by_side),
		cmocka_unit_test(as_the_readme_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
