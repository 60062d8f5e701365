/* SPDX-License-Identifier: BSD-2-Clause */
/* Work in child processes: results in order, and what children may suffer. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/study/jobs.h"

#define PIECES 12

struct record {
	size_t next;	  /* index that is due */
	size_t stop_at;	  /* done() says no there */
	size_t progress;  /* last count told */
	size_t last_code; /* of what was handed on last */
	char error[512];
	pid_t parent;
	json_t *seen;
};

static struct record fresh(void)
{
	return (struct record){ .stop_at = SIZE_MAX,
				.parent = getpid(),
				.seen = json_array() };
}

/* {"index": i, "child": whether it is one} after i has kept others waiting:
 * the earliest are the slowest. */
static void answer(void *context, size_t index, struct study_job *job)
{
	const struct record *r = context;
	volatile uint64_t turns = (PIECES - index) * 100000;

	while (turns)
		turns--;
	job->result = json_pack("{s:I, s:b}", "index", (json_int_t)index,
				"child", getpid() != r->parent);
}

static bool note(void *context, size_t index, struct study_job *job)
{
	struct record *r = context;

	assert_int_equal(index, r->next);
	r->next++;
	r->last_code = (size_t)job->code;
	memcpy(r->error, job->error.text, sizeof(r->error));
	if (job->result)
		json_array_append_new(r->seen, job->result);
	return index != r->stop_at && !job->code;
}

static void told(void *context, size_t done)
{
	struct record *r = context;

	assert_int_equal(done, r->progress + 1);
	r->progress = done;
}

static void go(struct record *r, size_t count, unsigned int jobs,
	       void (*run)(void *, size_t, struct study_job *))
{
	struct error_line error = { 0 };
	const struct study_work work = { count, jobs, run, note, told, r };

	assert_int_equal(study_jobs(&work, &error), EXIT_FINE);
}

static void no_child_is_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void results_come_in_order(void **state)
{
	static const unsigned int jobs[] = { 1, 2, 3, PIECES, 256 };

	(void)state;
	for (size_t j = 0; j < sizeof(jobs) / sizeof(*jobs); j++) {
		struct record r = fresh();

		go(&r, PIECES, jobs[j], answer);
		assert_int_equal(json_array_size(r.seen), PIECES);
		for (size_t i = 0; i < PIECES; i++) {
			const json_t *one = json_array_get(r.seen, i);

			assert_int_equal(json_integer_value(
						 json_object_get(one, "index")),
					 i);
			assert_int_equal(json_is_true(
						 json_object_get(one, "child")),
					 jobs[j] > 1);
		}
		if (jobs[j] > 1)
			assert_int_equal(r.progress, PIECES);
		json_decref(r.seen);
		no_child_is_left();
	}
}

static void no_pieces_are_no_work(void **state)
{
	struct record r = fresh();

	(void)state;
	go(&r, 0, 4, answer);
	assert_int_equal(r.next, 0);
	json_decref(r.seen);
}

static void who_says_no_ends_it(void **state)
{
	(void)state;
	for (unsigned int jobs = 1; jobs <= 4; jobs++) {
		struct record r = fresh();

		r.stop_at = 5;
		go(&r, PIECES, jobs, answer);
		assert_int_equal(r.next, 6);
		json_decref(r.seen);
		no_child_is_left();
	}
}

/* Larger than a pipe holds. */
static void large(void *context, size_t index, struct study_job *job)
{
	char *text = malloc(1000001);

	(void)context;
	memset(text, 'a' + (int)index, 1000000);
	text[1000000] = 0;
	job->result = json_pack("{s:s}", "text", text);
	free(text);
}

static void large_results_arrive_whole(void **state)
{
	struct record r = fresh();

	(void)state;
	go(&r, 5, 3, large);
	for (size_t i = 0; i < 5; i++) {
		const char *text = json_string_value(
			json_object_get(json_array_get(r.seen, i), "text"));

		assert_int_equal(strlen(text), 1000000);
		assert_int_equal(text[0], 'a' + (int)i);
		assert_int_equal(text[999999], 'a' + (int)i);
	}
	json_decref(r.seen);
}

/* Piece 3 has an error and a result; its text is not UTF-8. */
static void fails(void *context, size_t index, struct study_job *job)
{
	answer(context, index, job);
	if (index != 3)
		return;
	job->code = EXIT_INPUT;
	error_set(&job->error, EXIT_INPUT, "a\xff.zst: line 1");
}

static void an_error_arrives_with_its_line_and_result(void **state)
{
	struct record r = fresh();

	(void)state;
	go(&r, PIECES, 3, fails);
	assert_int_equal(r.next, 4);
	assert_int_equal(r.last_code, EXIT_INPUT);
	assert_string_equal(r.error, "a?.zst: line 1");
	assert_int_equal(json_array_size(r.seen), 4);
	json_decref(r.seen);
	no_child_is_left();
}

static void dies(void *context, size_t index, struct study_job *job)
{
	answer(context, index, job);
	if (index == 2)
		kill(getpid(), SIGKILL);
}

static void exits(void *context, size_t index, struct study_job *job)
{
	answer(context, index, job);
	if (index == 2)
		_exit(9);
}

static void a_child_that_dies_is_a_bug_with_a_line(void **state)
{
	struct record r = fresh();

	(void)state;
	go(&r, PIECES, 2, dies);
	assert_int_equal(r.next, 3);
	assert_int_equal(r.last_code, EXIT_BUG);
	assert_non_null(strstr(r.error, "died of signal 9"));
	json_decref(r.seen);
	r = fresh();
	go(&r, PIECES, 2, exits);
	assert_int_equal(r.last_code, EXIT_BUG);
	assert_non_null(strstr(r.error, "exit code 9"));
	json_decref(r.seen);
	no_child_is_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_come_in_order),
		cmocka_unit_test(no_pieces_are_no_work),
		cmocka_unit_test(who_says_no_ends_it),
		cmocka_unit_test(large_results_arrive_whole),
		cmocka_unit_test(an_error_arrives_with_its_line_and_result),
		cmocka_unit_test(a_child_that_dies_is_a_bug_with_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
