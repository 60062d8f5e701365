/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and descriptors of the simulated kernel: nothing leaves the root,
 * nothing in it changes, /tmp does, pipes block and wake, signals reach
 * handlers.
 */
#include "tests/unit/sim/linux_fixture.h"

static void host_write(const struct fixture *f, const char *name,
		       const char *text)
{
	char path[160];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", f->root, name);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void host_link(const struct fixture *f, const char *target,
		      const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", f->root, name);
	assert_int_equal(symlink(target, path), 0);
}

static int64_t open_name(struct fixture *f, const char *name, uint64_t flags)
{
	store_text(f, DATA_VA + 512, name);
	return call(f, NR_openat, (uint64_t)-100, DATA_VA + 512, flags, 0644, 0,
		    0);
}

/* The first bytes of the file of that name, or -errno. */
static int64_t read_name(struct fixture *f, const char *name, char *text,
			 size_t space)
{
	int64_t fd = open_name(f, name, 0), got;

	text[0] = 0;
	if (fd < 0)
		return fd;
	got = call(f, NR_read, (uint64_t)fd, DATA_VA + 2048, space - 1, 0, 0,
		   0);
	if (got > 0)
		memcpy(text, touch(f, DATA_VA + 2048, 0), (size_t)got);
	text[got > 0 ? got : 0] = 0;
	call(f, NR_close, (uint64_t)fd, 0, 0, 0, 0, 0);
	return got;
}

static void no_name_leads_out_of_the_root(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		int want;
	} cases[] = {
		{ "../secret", -ENOENT },
		{ "/../../../../secret", -ENOENT },
		{ "dir/../../secret", -ENOENT },
		{ "up", -ENOENT },
		{ "absolute", -ENOENT },
		{ "chain", -ENOENT },
		{ "dir/up/secret", -ENOENT },
		{ "dir/up/dir/up/../secret", -ENOENT },
		{ "/proc/self/root/secret", -ENOENT },
		{ "/proc/self/cwd/../secret", -ENOENT },
		{ "/proc/1/root/etc/passwd", -ENOENT },
		{ "proc/self/fd/99", -ENOENT },
		{ "/tmp/../../secret", -ENOENT },
		{ "/dev/../../secret", -ENOENT },
		{ "dir/fifo", -ENXIO },
		{ "loop", -ELOOP },
		{ "", -ENOENT },
		{ "/etc/hostname", -ENOENT },
	};
	char path[160], text[64];
	size_t i;

	/* Next to the root stands what must not be reached. */
	snprintf(path, sizeof(path), "%s/dir", f->root);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/dir/fifo", f->root);
	mkfifo(path, 0644);
	host_write(f, "../secret", "secret");
	host_link(f, "../secret", "up");
	snprintf(path, sizeof(path), "%s/../secret", f->root);
	host_link(f, path, "absolute");
	host_link(f, "absolute", "chain");
	host_link(f, "../..", "dir/up");
	host_link(f, "loop", "loop");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(read_name(f, cases[i].name, text, 64),
				 cases[i].want);
}

static void links_and_dots_inside_the_root_work(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {
		"file",		"/file",	"./file",
		"//file",	"dir/../file",	"../../file",
		"absolute",	"dir/up/file",	"dir/deep/../../file",
		"/tmp/../file", "/dev/../file", "dir/up/absolute",
	};
	char path[160], text[64];
	size_t i;

	snprintf(path, sizeof(path), "%s/dir", f->root);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/dir/deep", f->root);
	mkdir(path, 0755);
	host_write(f, "file", "inside");
	host_link(f, "/file", "absolute");
	host_link(f, "..", "dir/up");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(read_name(f, names[i], text, 64), 6);
		assert_string_equal(text, "inside");
	}
	assert_int_equal(read_name(f, "file/", text, 64), -ENOTDIR);
	assert_int_equal(read_name(f, "file/x", text, 64), -ENOTDIR);
	assert_int_equal(read_name(f, "dir", text, 64), -EISDIR);
	store_text(f, DATA_VA + 512, "dir/deep");
	assert_int_equal(call(f, NR_chdir, DATA_VA + 512, 0, 0, 0, 0, 0), 0);
	assert_int_equal(read_name(f, "../../file", text, 64), 6);
	assert_int_equal(read_name(f, "file", text, 64), -ENOENT);
}

static void the_root_is_read_only(void **state)
{
	struct fixture *f = *state;

	host_write(f, "file", "inside");
	assert_int_equal(open_name(f, "file", GUEST_O_WRONLY), -EROFS);
	assert_int_equal(open_name(f, "file", GUEST_O_TRUNC), -EROFS);
	assert_int_equal(open_name(f, "new", GUEST_O_CREAT | GUEST_O_RDWR),
			 -EROFS);
	store_text(f, DATA_VA + 512, "newdir");
	assert_int_equal(call(f, NR_mkdirat, (uint64_t)-100, DATA_VA + 512,
			      0755, 0, 0, 0),
			 -EROFS);
	store_text(f, DATA_VA + 512, "file");
	assert_int_equal(call(f, NR_unlinkat, (uint64_t)-100, DATA_VA + 512, 0,
			      0, 0, 0),
			 -EROFS);
}

static void tmp_keeps_what_is_written(void **state)
{
	struct fixture *f = *state;
	int64_t fd = open_name(f, "/tmp/x", GUEST_O_CREAT | GUEST_O_RDWR);
	char text[64], host[160];

	assert_true(fd >= 0);
	store_text(f, DATA_VA, "hello");
	assert_int_equal(call(f, NR_write, (uint64_t)fd, DATA_VA, 5, 0, 0, 0),
			 5);
	assert_int_equal(read_name(f, "/tmp/x", text, 64), 5);
	assert_string_equal(text, "hello");
	store_text(f, DATA_VA + 512, "/tmp/x");
	assert_int_equal(call(f, NR_unlinkat, (uint64_t)-100, DATA_VA + 512, 0,
			      0, 0, 0),
			 0);
	assert_int_equal(read_name(f, "/tmp/x", text, 64), -ENOENT);
	assert_int_equal(call(f, NR_write, (uint64_t)fd, DATA_VA, 5, 0, 0, 0),
			 5);
	snprintf(host, sizeof(host), "%s/tmp", f->root);
	assert_int_equal(access(host, F_OK), -1);
}

static void a_reader_waits_for_the_writer(void **state)
{
	struct fixture *f = *state;
	int32_t fd[2];
	int64_t child;

	assert_int_equal(call(f, NR_pipe2, DATA_VA, 0, 0, 0, 0, 0), 0);
	memcpy(fd, touch(f, DATA_VA, 0), sizeof(fd));
	child = call(f, NR_clone, GUEST_SIGCHLD, 0, 0, 0, 0, 0);
	/* The parent reads: nothing is there, so the child goes on. */
	call(f, NR_read, (uint64_t)fd[0], DATA_VA + 2048, 100, 0, 0, 0);
	assert_int_equal(f->k->current->pid, child);
	store_text(f, DATA_VA, "data");
	assert_int_equal(call(f, NR_write, (uint64_t)fd[1], DATA_VA, 4, 0, 0,
			      0),
			 4);
	assert_int_equal(f->k->current->pid, child);
	assert_int_equal(call(f, NR_exit_group, 0, 0, 0, 0, 0, 0), 4);
	assert_memory_equal(touch(f, DATA_VA + 2048, 0), "data", 4);
	/* Our own writing end is open: close it, and the end is reached. */
	call(f, NR_close, (uint64_t)fd[1], 0, 0, 0, 0, 0);
	assert_int_equal(call(f, NR_read, (uint64_t)fd[0], DATA_VA, 9, 0, 0, 0),
			 0);
}

static void a_write_to_nobody_is_a_sigpipe(void **state)
{
	struct fixture *f = *state;
	int32_t fd[2];

	call(f, NR_pipe2, DATA_VA, 0, 0, 0, 0, 0);
	memcpy(fd, touch(f, DATA_VA, 0), sizeof(fd));
	call(f, NR_close, (uint64_t)fd[0], 0, 0, 0, 0, 0);
	call(f, NR_write, (uint64_t)fd[1], DATA_VA, 4, 0, 0, 0);
	assert_false(f->running);
	assert_int_equal(f->m->exit_status, 128 + GUEST_SIGPIPE);
}

static void waiting_for_oneself_ends_the_run_with_a_reason(void **state)
{
	struct fixture *f = *state;
	int32_t fd[2];

	call(f, NR_pipe2, DATA_VA, 0, 0, 0, 0, 0);
	memcpy(fd, touch(f, DATA_VA, 0), sizeof(fd));
	call(f, NR_read, (uint64_t)fd[0], DATA_VA, 4, 0, 0, 0);
	assert_false(f->running);
	assert_false(f->m->ended);
	assert_int_equal(f->error.exit_code, EXIT_GUEST);
}

static void a_handler_runs_and_returns(void **state)
{
	struct fixture *f = *state;
	struct guest_regs before;
	uint64_t blocked;

	store(f, DATA_VA, 0x1234560); /* handler */
	store(f, DATA_VA + 8, 0);     /* flags */
	store(f, DATA_VA + 16, 0);
	store(f, DATA_VA + 24, 0); /* mask */
	call(f, NR_rt_sigaction, 10, DATA_VA, 0, 8, 0, 0);
	f->regs.x[19] = 1919;
	f->regs.pstate = UINT64_C(6) << 28;
	before = f->regs;
	call(f, NR_kill, (uint64_t)f->k->current->pid, 10, 0, 0, 0, 0);
	assert_int_equal(f->regs.pc, 0x1234560);
	assert_int_equal(f->regs.x[0], 10);
	assert_true(f->regs.sp < before.sp);
	assert_int_equal(f->regs.sp % 16, 0);
	/* The trampoline is mapped, executable, and says rt_sigreturn. */
	assert_int_equal(*touch(f, f->regs.x[30], ARM_ACCESS_FETCH), 0x68);
	blocked = f->k->current->blocked;
	assert_int_equal(blocked, 1 << 9);
	f->regs.x[19] = 0;
	call(f, NR_rt_sigreturn, 0, 0, 0, 0, 0, 0);
	assert_int_equal(f->regs.pc, before.pc + 4);
	assert_int_equal(f->regs.sp, before.sp);
	assert_int_equal(f->regs.x[19], 1919);
	assert_int_equal(f->regs.x[0], 0);
	assert_int_equal(f->regs.pstate, before.pstate);
	assert_int_equal(f->k->current->blocked, 0);
}

static void hostile_arguments_are_errors(void **state)
{
	struct fixture *f = *state;
	const uint64_t bad = UINT64_C(0xffff000000000000);
	uint64_t nr, i;

	assert_int_equal(call(f, NR_read, 99, 0, 1, 0, 0, 0), -EBADF);
	assert_int_equal(call(f, NR_openat, 0, bad, 0, 0, 0, 0), -EFAULT);
	assert_int_equal(call(f, 9999, 0, 0, 0, 0, 0, 0), -ENOSYS);
	assert_int_equal(call(f, NR_mmap, 1, ~0ULL, 3, 0x22, 0, 0), -ENOMEM);
	assert_int_equal(call(f, NR_munmap, 0x1000, ~0ULL, 0, 0, 0, 0),
			 -EINVAL);
	/* Every call with pointers into the kernel, to nowhere, and odd ones:
	 * none may harm the simulator. */
	for (nr = 0; nr < 460; nr++) {
		if (nr == NR_exit_group || nr == 93 || nr == NR_rt_sigreturn ||
		    nr == 133 || (nr >= 129 && nr <= 131) || nr == 215 ||
		    nr == NR_clone || nr == 435 || nr == 72 || nr == 73 ||
		    nr == NR_close || nr == 436)
			continue;
		for (i = 0; i < 4 && f->running; i++) {
			static const uint64_t values[] = { 0xffff000000000000,
							   0,
							   0xffffffffffffffff,
							   0x7fffffff7fffffff };
			uint64_t v = values[i];

			call(f, (enum nr)nr, v, v, v, v, v, v);
			if (!f->running)
				fail_msg("call %d ended the run: %s", (int)nr,
					 f->error.text);
		}
	}
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_name_leads_out_of_the_root),
		TEST(links_and_dots_inside_the_root_work),
		TEST(the_root_is_read_only),
		TEST(tmp_keeps_what_is_written),
		TEST(a_reader_waits_for_the_writer),
		TEST(a_write_to_nobody_is_a_sigpipe),
		TEST(waiting_for_oneself_ends_the_run_with_a_reason),
		TEST(a_handler_runs_and_returns),
		TEST(hostile_arguments_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
