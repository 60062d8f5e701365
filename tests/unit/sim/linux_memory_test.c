/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated kernel's memory: what user space sees after boot, demand
 * paging, copy-on-write, unmapping, protection.
 */
#include "tests/unit/sim/linux_fixture.h"

static void stack_holds_arguments_environment_and_auxv(void **state)
{
	struct fixture *f = *state;
	uint64_t sp = f->regs.sp, at;
	bool page_size = false, random = false;

	assert_int_equal(sp % 16, 0);
	assert_int_equal(load(f, sp), 3);
	assert_string_equal((char *)touch(f, load(f, sp + 8), 0), "/prog");
	assert_string_equal((char *)touch(f, load(f, sp + 24), 0), "two");
	assert_int_equal(load(f, sp + 32), 0);
	assert_string_equal((char *)touch(f, load(f, sp + 40), 0),
			    "PATH=/bin:/usr/bin");
	for (at = sp + 40; load(f, at); at += 8)
		;
	for (at += 8; load(f, at) != GUEST_AT_NULL; at += 16) {
		if (load(f, at) == GUEST_AT_PAGESZ)
			page_size = load(f, at + 8) == 4096;
		if (load(f, at) == GUEST_AT_RANDOM)
			random = load(f, load(f, at + 8)) != 0;
	}
	assert_true(page_size && random);
}

static void code_is_executable_and_not_writable(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->regs.pc, CODE_VA);
	assert_int_equal(*touch(f, CODE_VA + 7, ARM_ACCESS_FETCH), 0x5a);
	assert_null(touch(f, CODE_VA, ARM_ACCESS_WRITE));
	assert_false(f->running);
	assert_true(f->m->ended);
	assert_int_equal(f->m->exit_status, 128 + GUEST_SIGSEGV);
}

static void data_is_not_executable(void **state)
{
	struct fixture *f = *state;

	store(f, DATA_VA, 1);
	assert_null(touch(f, DATA_VA, ARM_ACCESS_FETCH));
	assert_int_equal(f->m->exit_status, 128 + GUEST_SIGSEGV);
}

static void bss_is_zero_after_the_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(*touch(f, DATA_VA + 99, 0), 0x5a);
	assert_int_equal(*touch(f, DATA_VA + 100, 0), 0);
	assert_int_equal(*touch(f, DATA_VA + PAGE_BYTES - 1, 0), 0);
	assert_int_equal(load(f, DATA_VA + 2 * PAGE_BYTES), 0);
	assert_int_equal(*touch(f, CODE_VA + 100, 0), 0x5a);
}

static void reads_share_one_zero_page_until_written(void **state)
{
	struct fixture *f = *state;
	uint64_t at = map_pages(f, 3);
	uint8_t *first = touch(f, at, ARM_ACCESS_READ);

	assert_ptr_equal(first, touch(f, at + PAGE_BYTES, ARM_ACCESS_READ));
	store(f, at, 77);
	assert_ptr_not_equal(first, touch(f, at, ARM_ACCESS_READ));
	assert_int_equal(load(f, at), 77);
	assert_int_equal(load(f, at + PAGE_BYTES), 0);
}

static void unmapping_gives_every_frame_back(void **state)
{
	struct fixture *f = *state;
	uint64_t before, at = map_pages(f, 64), i;

	store(f, at, 1); /* the tables stay */
	assert_int_equal(call(f, NR_munmap, at, 64 * PAGE_BYTES, 0, 0, 0, 0),
			 0);
	before = frames_free(f->k);
	assert_int_equal(map_pages(f, 64), at);
	for (i = 0; i < 64; i++)
		store(f, at + i * PAGE_BYTES, i + 1);
	assert_int_equal(frames_free(f->k), before - 64);
	assert_int_equal(call(f, NR_munmap, at, 64 * PAGE_BYTES, 0, 0, 0, 0),
			 0);
	assert_int_equal(frames_free(f->k), before);
	assert_null(touch(f, at + 5 * PAGE_BYTES, ARM_ACCESS_READ));
}

static void unmapping_the_middle_keeps_both_ends(void **state)
{
	struct fixture *f = *state;
	uint64_t at = map_pages(f, 3);

	store(f, at, 1);
	store(f, at + PAGE_BYTES, 2);
	store(f, at + 2 * PAGE_BYTES, 3);
	call(f, NR_munmap, at + PAGE_BYTES, PAGE_BYTES, 0, 0, 0, 0);
	assert_int_equal(load(f, at), 1);
	assert_int_equal(load(f, at + 2 * PAGE_BYTES), 3);
	assert_null(touch(f, at + PAGE_BYTES, ARM_ACCESS_READ));
}

static void prot_none_keeps_the_content(void **state)
{
	struct fixture *f = *state;
	uint64_t at = map_pages(f, 1);

	store(f, at, 4711);
	call(f, NR_mprotect, at, PAGE_BYTES, 0, 0, 0, 0);
	assert_int_equal(call(f, NR_openat, (uint64_t)-100, at, 0, 0, 0, 0),
			 -EFAULT);
	call(f, NR_mprotect, at, PAGE_BYTES, 3, 0, 0, 0);
	assert_int_equal(load(f, at), 4711);
	store(f, at, 4712);
	call(f, NR_mprotect, at, PAGE_BYTES, 0, 0, 0, 0);
	assert_null(touch(f, at, ARM_ACCESS_READ));
}

static void mremap_moves_content_and_grows(void **state)
{
	struct fixture *f = *state;
	uint64_t at = map_pages(f, 2), blocker = map_pages(f, 1);
	int64_t to;

	assert_int_equal(blocker + PAGE_BYTES, at);
	store(f, blocker, 1);
	store(f, at, 11);
	store(f, at + PAGE_BYTES, 12);
	to = call(f, NR_mremap, blocker, PAGE_BYTES, 4 * PAGE_BYTES,
		  GUEST_MREMAP_MAYMOVE, 0, 0);
	assert_true(to > 0 && (uint64_t)to != blocker);
	assert_int_equal(load(f, (uint64_t)to), 1);
	assert_int_equal(load(f, (uint64_t)to + 3 * PAGE_BYTES), 0);
	assert_int_equal(load(f, at), 11);
	assert_null(touch(f, blocker, ARM_ACCESS_READ));
}

static void brk_grows_and_shrinks(void **state)
{
	struct fixture *f = *state;
	uint64_t start = (uint64_t)call(f, NR_brk, 0, 0, 0, 0, 0, 0);

	assert_int_equal(start, DATA_VA + 3 * PAGE_BYTES);
	assert_int_equal(call(f, NR_brk, start + 10000, 0, 0, 0, 0, 0),
			 start + 10000);
	store(f, start + 9000, 5);
	assert_int_equal(call(f, NR_brk, start + 100, 0, 0, 0, 0, 0),
			 start + 100);
	assert_int_equal(call(f, NR_brk, start + 10000, 0, 0, 0, 0, 0),
			 start + 10000);
	assert_int_equal(load(f, start + 9000), 0);
}

static void a_fork_copies_what_is_written(void **state)
{
	struct fixture *f = *state;
	uint64_t at = map_pages(f, 2);
	int64_t child;

	store(f, at, 1);
	child = call(f, NR_clone, GUEST_SIGCHLD, 0, 0, 0, 0, 0);
	assert_true(child > 0);
	store(f, at, 2); /* the parent's copy */
	call(f, NR_wait4, (uint64_t)-1, at + PAGE_BYTES, 0, 0, 0, 0);
	assert_int_equal(f->k->current->pid, child);
	assert_int_equal(f->regs.x[0], 0); /* clone's result there */
	assert_int_equal(load(f, at), 1);
	store(f, at, 3);
	assert_int_equal(load(f, at), 3);
	assert_int_equal(call(f, NR_exit_group, 9, 0, 0, 0, 0, 0), child);
	assert_int_equal(load(f, at), 2);
	assert_int_equal(load(f, at + PAGE_BYTES), 9 << 8);
}

static void dead_processes_leave_no_frame_behind(void **state)
{
	struct fixture *f = *state;
	uint64_t at = map_pages(f, 8), before = 0, i;

	for (i = 0; i < 8; i++)
		store(f, at + i * PAGE_BYTES, i);
	for (i = 0; i < 5; i++) {
		call(f, NR_clone, GUEST_SIGCHLD, 0, 0, 0, 0, 0);
		call(f, NR_wait4, (uint64_t)-1, 0, 0, 0, 0, 0);
		store(f, at + i * PAGE_BYTES, 100 + i);
		call(f, NR_exit_group, 0, 0, 0, 0, 0, 0);
		if (i == 0)
			before = frames_free(f->k);
		assert_int_equal(frames_free(f->k), before);
	}
}

static void running_out_of_memory_kills_the_process(void **state)
{
	struct fixture *f = *state;
	uint64_t at = map_pages(f, 8192), i;

	for (i = 0; i < 8192 && f->running; i++) {
		uint8_t *page = touch(f, at + i * PAGE_BYTES, ARM_ACCESS_WRITE);

		if (page)
			*page = 1;
	}
	assert_false(f->running);
	assert_true(f->m->ended);
	assert_int_equal(f->m->exit_status, 128 + GUEST_SIGKILL);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stack_holds_arguments_environment_and_auxv),
		TEST(code_is_executable_and_not_writable),
		TEST(data_is_not_executable),
		TEST(bss_is_zero_after_the_file),
		TEST(reads_share_one_zero_page_until_written),
		TEST(unmapping_gives_every_frame_back),
		TEST(unmapping_the_middle_keeps_both_ends),
		TEST(prot_none_keeps_the_content),
		TEST(mremap_moves_content_and_grows),
		TEST(brk_grows_and_shrinks),
		TEST(a_fork_copies_what_is_written),
		TEST(dead_processes_leave_no_frame_behind),
		TEST(running_out_of_memory_kills_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
