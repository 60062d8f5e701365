/* SPDX-License-Identifier: BSD-2-Clause */
/* What memory holds below the caches, against a plain model that keeps both
 * versions of every byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "models/memory/versions.h"
#include "models/replacement.h"

#define BASE  UINT64_C(0x80000000)
#define BYTES UINT64_C(0x3040) /* no whole number of words of lines */
#define LINE  64
#define LINES (BYTES / LINE)

struct rig {
	struct ram ram;
	struct versions v;
	uint64_t changed; /* lines that `changed` named */
};

static void count_changed(void *context, pa_t line)
{
	struct rig *r = context;

	assert_int_equal(line.raw % LINE, 0);
	assert_true(ram_has(&r->ram, line, LINE));
	r->changed++;
}

static void rig_init(struct rig *r)
{
	*r = (struct rig){ 0 };
	assert_int_equal(ram_init(&r->ram, (pa_t){ BASE }, BYTES), 0);
	assert_int_equal(versions_init(&r->v, &r->ram, 6), 0);
	r->v.changed = count_changed;
	r->v.context = r;
}

static void rig_fini(struct rig *r)
{
	versions_fini(&r->v);
	ram_fini(&r->ram);
}

static uint8_t *byte_at(struct rig *r, uint64_t offset)
{
	return ram_host(&r->ram, (pa_t){ BASE + offset });
}

/* A store that goes into a cache. */
static void store(struct rig *r, uint64_t offset, uint8_t value)
{
	versions_before_write(&r->v, (pa_t){ BASE + offset });
	*byte_at(r, offset) = value;
}

static void unclean_lines_show_their_old_content(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	*byte_at(&r, 100) = 1; /* the loader's */
	store(&r, 100, 2);
	store(&r, 101, 3);
	store(&r, 100, 4); /* unclean already: 1 stays below */
	assert_int_equal(r.v.count, 1);
	assert_int_equal(versions_show(&r.v, true), 1);
	assert_int_equal(*byte_at(&r, 100), 1);
	assert_int_equal(*byte_at(&r, 101), 0);
	assert_int_equal(versions_show(&r.v, true), 0); /* it is shown */
	assert_int_equal(versions_show(&r.v, false), 1);
	assert_int_equal(*byte_at(&r, 100), 4);
	assert_int_equal(*byte_at(&r, 101), 3);
	assert_int_equal(r.changed, 2);
	rig_fini(&r);
}

static void cleaned_lines_are_the_same_below(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	store(&r, 0, 5);
	store(&r, LINE, 6);
	store(&r, BYTES - 1, 7);
	versions_clean(&r.v, (pa_t){ BASE + 10 }, 1); /* line 0 alone */
	assert_int_equal(r.v.count, 2);
	versions_show(&r.v, true);
	assert_int_equal(*byte_at(&r, 0), 5);
	assert_int_equal(*byte_at(&r, LINE), 0);
	/* Cleaned while what is below is shown: it appears there. */
	versions_clean(&r.v, (pa_t){ BASE + LINE }, 2 * BYTES);
	assert_int_equal(*byte_at(&r, LINE), 6);
	assert_int_equal(*byte_at(&r, BYTES - 1), 7);
	assert_int_equal(r.v.count, 0);
	assert_int_equal(versions_show(&r.v, false), 0);
	assert_int_equal(*byte_at(&r, LINE), 6);
	/* Outside RAM is nothing to clean. */
	store(&r, 0, 8);
	versions_clean(&r.v, (pa_t){ BASE - LINE }, LINE);
	versions_clean(&r.v, (pa_t){ BASE + BYTES }, LINE);
	versions_clean(&r.v, (pa_t){ BASE }, 0);
	assert_int_equal(r.v.count, 1);
	rig_fini(&r);
}

/* Both versions of every byte, the long way round. */
struct plain {
	uint8_t cached[BYTES], memory[BYTES];
	bool unclean[LINES], memory_shown;
};

static void plain_store(struct plain *p, uint64_t offset, uint8_t value)
{
	uint64_t line = offset / LINE;

	if (p->memory_shown) { /* past the caches */
		p->memory[offset] = value;
		if (!p->unclean[line])
			p->cached[offset] = value;
		return;
	}
	p->unclean[line] = true;
	p->cached[offset] = value;
}

static void plain_clean(struct plain *p, uint64_t first, uint64_t lines)
{
	for (uint64_t i = first; i < first + lines; i++) {
		memcpy(p->memory + i * LINE, p->cached + i * LINE, LINE);
		p->unclean[i] = false;
	}
}

static void random_sequences_agree_with_the_plain_model(void **state)
{
	static struct plain p;
	struct model_random random;
	struct rig r;

	(void)state;
	rig_init(&r);
	model_random_seed(&random, 11);
	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t draw = model_random_next(&random);
		uint64_t offset = (draw >> 8) % BYTES, line = offset / LINE;
		uint64_t lines = 1 + (draw >> 40) % 70;
		uint8_t value = (uint8_t)(draw >> 32);

		lines = lines < LINES - line ? lines : LINES - line;
		if (draw % 16 == 0) {
			p.memory_shown = !p.memory_shown;
			versions_show(&r.v, p.memory_shown);
		} else if (draw % 16 == 1) {
			plain_clean(&p, line, lines);
			versions_clean(&r.v, (pa_t){ BASE + line * LINE },
				       lines * LINE);
		} else {
			plain_store(&p, offset, value);
			if (p.memory_shown)
				*byte_at(&r, offset) = value;
			else
				store(&r, offset, value);
		}
		assert_memory_equal(byte_at(&r, 0),
				    p.memory_shown ? p.memory : p.cached,
				    BYTES);
	}
	rig_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unclean_lines_show_their_old_content),
		cmocka_unit_test(cleaned_lines_are_the_same_below),
		cmocka_unit_test(random_sequences_agree_with_the_plain_model),
	};

	return cmocka_run_group_tests_name("versions", tests, NULL, NULL);
}
