/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Set/way emulation: which pages are cleaned, judged by a guest that is
 * simulated here: it walks the bytes of the tables as hardware does, faults
 * where bit 0 is clear, and remembers what it accessed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/p2m/setway.h"
#include "tests/unit/core/port_array.h"

#define FRAMES 8192u /* of machine memory that counts, from frame 0 */

struct guest {
	struct port_array *a;
	struct p2m p2m;
	struct p2m_setway s;
	uint8_t accessed[FRAMES]; /* by machine frame, since the last batch */
	uint8_t cleaned[FRAMES];
	unsigned int faults;
	uint64_t done;
};

static void note_cleaned(struct port_array *a, uint64_t pa, uint64_t bytes)
{
	for (uint64_t f = pa >> 12; f < (pa + bytes) >> 12; f++) {
		assert_true(f < FRAMES);
		a->cleaned[f]++;
	}
}

static void boot_with(struct guest *g, enum p2m_setway_policy policy,
		      struct p2m_config c)
{
	*g = (struct guest){ .a = array_new_granule(3, c.granule_lg2) };
	assert_int_equal(p2m_init(&g->p2m, g->a, &c), 0);
	array_root(g->a, &g->p2m);
	assert_int_equal(p2m_setway_init(&g->s, &g->p2m, policy, false), 0);
}

static const struct p2m_config usual = {
	.ipa_bits = 40, .granule_lg2 = 12, .start_level = -1, .vmid = 7,
	.free_empty = true, .tlbi = P2M_TLBI_IPA,
};

static void map(struct guest *g, uint64_t gfn, uint64_t mfn, uint64_t frames)
{
	assert_int_equal(p2m_map(&g->p2m, (gfn_t){ gfn }, (mfn_t){ mfn },
				 frames, P2M_RAM_RW, 7, &g->done), 0);
}

static void boot(struct guest *g, enum p2m_setway_policy policy)
{
	boot_with(g, policy, usual);
	g->a->memory_cleaned = note_cleaned;
	g->a->cleaned = g->cleaned;
	map(g, 0x40000, 0, 1024);    /* two blocks */
	map(g, 0x40401, 1025, 511);  /* pages */
	map(g, 0xfffff00, 2048, 64); /* in the last of the root tables */
	p2m_setway_start(&g->s);
	assert_int_equal(g->a->icache, 1);
}

static void shut_down(struct guest *g)
{
	int rc;

	assert_null(array_quiet(g->a));
	do
		rc = p2m_fini(&g->p2m);
	while (rc == ERR_PREEMPTED);
	assert_int_equal(rc, 0);
	assert_null(array_quiet(g->a));
	assert_int_equal(array_live(g->a), 0);
	array_delete(g->a);
}

/* As hardware walks: the machine frame, or -1 for a fault. */
static int64_t hardware(struct guest *g, uint64_t gfn)
{
	unsigned int level = g->p2m.start_level;
	uint64_t table = g->p2m.root.raw +
			 ((gfn << 12 >> (array_lsb(g->a, level) +
					 g->a->granule_lg2 - 3))
			  << g->a->granule_lg2);

	for (;; level++) {
		const int n = array_page_of(g->a, (pa_t){ table });
		const unsigned int lsb = array_lsb(g->a, level);
		const unsigned int index = (unsigned int)(gfn << 12 >> lsb) %
					   array_entries(g->a);
		const uint64_t pte =
			array_page_entries(g->a, (unsigned int)n)[index];

		if (!(pte & 1))
			return -1;
		if (level == 3 || !(pte & 2))
			return (int64_t)((array_address(g->a, pte) >> 12) +
					 (gfn & ((UINT64_C(1) << (lsb - 12)) -
						 1)));
		table = array_address(g->a, pte);
	}
}

static void touch(struct guest *g, uint64_t gfn)
{
	int64_t mfn;
	unsigned int tries = 0;

	while ((mfn = hardware(g, gfn)) < 0) {
		assert_int_equal(p2m_setway_fault(&g->s, (gfn_t){ gfn }), 0);
		assert_null(array_quiet(g->a));
		g->faults++;
		assert_true(++tries <= 4);
	}
	assert_true(mfn < FRAMES);
	g->accessed[mfn] = 1;
}

/* All that was accessed is cleaned; returns how many frames were. */
static unsigned int batch_done(struct guest *g, int rc)
{
	unsigned int count = 0;

	assert_int_equal(rc, 0);
	assert_null(array_quiet(g->a));
	for (unsigned int f = 0; f < FRAMES; f++) {
		assert_true(!g->accessed[f] || g->cleaned[f]);
		assert_true(g->cleaned[f] <= 1);
		count += g->cleaned[f];
	}
	memset(g->accessed, 0, sizeof(g->accessed));
	memset(g->cleaned, 0, sizeof(g->cleaned));
	return count;
}

static void full_cleans_all_that_is_mapped(void **state)
{
	struct guest g;

	(void)state;
	boot(&g, P2M_SETWAY_FULL);
	touch(&g, 0x40405);
	assert_int_equal(g.faults, 0);
	assert_int_equal(batch_done(&g, p2m_setway_trap(&g.s)),
			 1024 + 511 + 64);
	assert_true(g.s.trap_vm);
	/* The rest of the loop costs nothing. */
	assert_int_equal(batch_done(&g, p2m_setway_trap(&g.s)), 0);
	assert_int_equal(batch_done(&g, p2m_setway_toggle(&g.s, true, false)),
			 1024 + 511 + 64);
	assert_int_equal(batch_done(&g, p2m_setway_toggle(&g.s, false, false)),
			 0);
	assert_true(g.s.trap_vm);
	assert_int_equal(batch_done(&g, p2m_setway_toggle(&g.s, false, true)),
			 1024 + 511 + 64);
	assert_false(g.s.trap_vm);
	assert_int_equal(g.s.batches, 3);
	shut_down(&g);
}

static void tracking_cleans_what_was_accessed(void **state)
{
	struct guest g;

	(void)state;
	boot(&g, P2M_SETWAY_TRACK);
	touch(&g, 0x40405);
	touch(&g, 0x40405);
	touch(&g, 0x40406);
	touch(&g, 0xfffff01);
	/* root, level 2, page; the next page one more; another root. */
	assert_int_equal(g.faults, 3 + 1 + 3);
	assert_int_equal(batch_done(&g, p2m_setway_trap(&g.s)), 3);
	touch(&g, 0x40405);
	touch(&g, 0x40001); /* a block counts as one */
	assert_int_equal(batch_done(&g, p2m_setway_toggle(&g.s, true, false)),
			 513);
	assert_int_equal(batch_done(&g, p2m_setway_toggle(&g.s, false, true)),
			 0);
	assert_int_equal(g.s.invalidations, 4);
	shut_down(&g);
}

static void late_tracking_rearms_once_a_pair(void **state)
{
	struct guest g;

	(void)state;
	boot(&g, P2M_SETWAY_TRACK_LATE);
	touch(&g, 0x40405);
	assert_int_equal(batch_done(&g, p2m_setway_trap(&g.s)), 1);
	touch(&g, 0x40406);
	assert_int_equal(batch_done(&g, p2m_setway_toggle(&g.s, true, false)),
			 1);
	touch(&g, 0x40407);
	assert_int_equal(batch_done(&g, p2m_setway_toggle(&g.s, false, true)),
			 1);
	/* No faults for what was accessed before; it is cleaned again. */
	g.faults = 0;
	touch(&g, 0x40407);
	assert_int_equal(g.faults, 0);
	touch(&g, 0x40408);
	assert_int_equal(batch_done(&g, p2m_setway_trap(&g.s)), 2);
	assert_int_equal(g.s.invalidations, 4);
	shut_down(&g);
}

static void a_batch_stops_and_goes_on(void **state)
{
	struct guest g;
	unsigned int calls = 1;
	int rc;

	(void)state;
	boot(&g, P2M_SETWAY_TRACK);
	for (uint64_t i = 0; i < 100; i++)
		touch(&g, 0x40401 + 5 * i);
	g.a->preempt_one_in = 1;
	while ((rc = p2m_setway_trap(&g.s)) == ERR_PREEMPTED)
		calls++;
	assert_true(calls >= 100);
	assert_int_equal(batch_done(&g, rc), 100);
	assert_int_equal(g.s.batches, 1);
	shut_down(&g);
}

static void holes_and_devices_are_neither_cleaned_nor_resolved(void **state)
{
	struct guest g;

	(void)state;
	boot(&g, P2M_SETWAY_TRACK);
	assert_int_equal(p2m_map(&g.p2m, (gfn_t){ 0x9000 }, (mfn_t){ 0x9000 },
				 1, P2M_DEVICE_NGNRE, 3, &g.done), 0);
	assert_int_equal(p2m_setway_fault(&g.s, (gfn_t){ 0x9000 }), 0);
	while (hardware(&g, 0x9000) < 0)
		assert_int_equal(p2m_setway_fault(&g.s, (gfn_t){ 0x9000 }), 0);
	while (p2m_setway_fault(&g.s, (gfn_t){ 0x40400 }) == 0)
		;
	assert_int_equal(p2m_setway_fault(&g.s, (gfn_t){ 0x40400 }),
			 ERR_NOENT);
	assert_int_equal(p2m_setway_fault(&g.s, (gfn_t){ UINT64_MAX }),
			 ERR_NOENT);
	assert_int_equal(batch_done(&g, p2m_setway_trap(&g.s)), 0);
	shut_down(&g);
}

static void tracking_is_refused_where_it_cannot_work(void **state)
{
	struct port_array *a = array_new(1);
	struct p2m_config c = usual;
	struct p2m_setway s;
	struct p2m p2m;

	(void)state;
	assert_int_equal(p2m_init(&p2m, a, &c), 0);
	assert_int_equal(p2m_setway_init(&s, &p2m, P2M_SETWAY_TRACK, true),
			 ERR_UNSUPPORTED);
	assert_int_equal(p2m_setway_init(&s, &p2m, P2M_SETWAY_TRACK_LATE, true),
			 ERR_UNSUPPORTED);
	assert_int_equal(p2m_setway_init(&s, &p2m, P2M_SETWAY_FULL, true), 0);
	assert_int_equal(p2m_setway_init(&s, &p2m,
					 (enum p2m_setway_policy)3, false),
			 ERR_INVAL);
	p2m.marks = true;
	assert_int_equal(p2m_setway_init(&s, &p2m, P2M_SETWAY_TRACK, false),
			 ERR_UNSUPPORTED);
	array_delete(a);
}

/*
 * Accesses, changes of the map and batches at random, on each granule: after
 * each batch all that was accessed is cleaned, and the map is what it was.
 */
static void random_histories_lose_no_page(void **state)
{
	static const uint8_t granules[] = { 12, 14, 16 };
	static const enum p2m_setway_policy policies[] = {
		P2M_SETWAY_FULL, P2M_SETWAY_TRACK, P2M_SETWAY_TRACK_LATE
	};

	(void)state;
	for (unsigned int run = 0; run < 9; run++) {
		struct p2m_config c = usual;
		static struct guest g;
		bool on = true;
		uint64_t unit;

		c.granule_lg2 = granules[run / 3];
		unit = UINT64_C(1) << (c.granule_lg2 - 12);
		boot_with(&g, policies[run % 3], c);
		g.a->memory_cleaned = note_cleaned;
		g.a->cleaned = g.cleaned;
		map(&g, 0, 0, FRAMES);
		p2m_setway_start(&g.s);
		for (unsigned int n = 0; n < 2000; n++) {
			const uint64_t gfn = array_random(g.a) % FRAMES;
			const uint64_t at = gfn & ~(unit - 1);

			switch (array_random(g.a) % 16) {
			case 0:
				assert_int_equal(
					p2m_remove(&g.p2m, (gfn_t){ at }, unit,
						   &g.done), 0);
				for (uint64_t i = 0; i < unit; i++)
					g.accessed[at + i] = 0;
				map(&g, at, at, unit);
				break;
			case 1:
				if (g.s.trap_vm)
					assert_int_equal(p2m_setway_trap(&g.s),
							 0);
				else
					batch_done(&g, p2m_setway_trap(&g.s));
				break;
			case 2:
				if (!g.s.trap_vm)
					break;
				batch_done(&g, p2m_setway_toggle(&g.s, on,
								 !on));
				on = !on;
				break;
			default:
				touch(&g, gfn);
				break;
			}
			assert_null(array_quiet(g.a));
		}
		for (uint64_t gfn = 0; gfn < FRAMES; gfn++)
			touch(&g, gfn);
		assert_true(g.s.batches > 20);
		shut_down(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_cleans_all_that_is_mapped),
		cmocka_unit_test(tracking_cleans_what_was_accessed),
		cmocka_unit_test(late_tracking_rearms_once_a_pair),
		cmocka_unit_test(a_batch_stops_and_goes_on),
		cmocka_unit_test(
			holes_and_devices_are_neither_cleaned_nor_resolved),
		cmocka_unit_test(tracking_is_refused_where_it_cannot_work),
		cmocka_unit_test(random_histories_lose_no_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
