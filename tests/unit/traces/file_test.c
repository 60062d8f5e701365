/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace files: what is written is read, a file that was cut gives all its
 * whole lines, a full disk is noticed, and equal runs give equal bytes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <zstd.h>

#include "tests/unit/traces/trace_file.h"

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void text_of_a_small_trace_is_as_documented(void **state)
{
	static const char want_start[] =
		"{\"format\":\"p2msim.trace/1\",\"tool\":\"p2msim test\","
		"\"machine\":{\"name\":\"tiny\"},\"guest\":{\"path\":"
		"\"/g/\\\"hello\\\"\\n\",\"args\":[],\"sha256\":\"00\"}}\n"
		"{\"t\":\"cpu.sysreg\",\"cpu\":0,\"reg\":\"TTBR0_EL1\","
		"\"value\":\"0xffffffffffffffff\"}\n"
		"{\"t\":\"table.page\",\"cpu\":0,\"ipa\":\"0x40001000\","
		"\"data\":\"AQID";
	static const char *const want[] = {
		"\n{\"t\":\"cpu.batch\",\"cpu\":0,\"el\":1,\"blocks\":40,"
		"\"accesses\":40,\"instructions\":320,\"bytes\":",
		"\"}\n{\"t\":\"cpu.cost\",\"cpu\":0,\"at\":40,\"base\":1,",
		"\n{\"t\":\"cpu.mmio\",\"cpu\":1,\"va\":\"0x9000000\",\"ipa\":"
		"\"0x9000000\",\"size\":4,\"write\":true,\"value\":\"0x78\"}\n",
		"\"accesses\":1,\"instructions\":-2,\"bytes\":",
		"\"kind\":\"a \\\"quoted\\\"\\u000a\\u0001 kind\",\"esr\"",
		"\"accesses\":0,\"instructions\":-1,\"bytes\":",
		"\n{\"t\":\"cpu.wfi\",\"cpu\":0}\n{\"t\":\"trace.stats\","
		"\"stats\":{\"n\":1}}\n",
	};
	struct bytes b = small_trace("", TRACE_COSTS);

	(void)state;
	assert_memory_equal(b.byte, want_start, sizeof(want_start) - 1);
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
		if (!strstr(b.byte, want[i]))
			fail_msg("lacks %s in %s", want[i], b.byte);
	assert_null(strstr(b.byte, "tlb.fill"));
	free(b.byte);
}

static void the_level_chooses_the_observations(void **state)
{
	struct bytes stimulus = small_trace("", TRACE_STIMULUS);
	struct bytes full = small_trace("", TRACE_FULL);

	(void)state;
	assert_null(strstr(stimulus.byte, "cost"));
	assert_null(strstr(stimulus.byte, "p2m."));
	assert_non_null(strstr(full.byte, "\"}\n{\"t\":\"tlb.fill\",\"cpu\":0,"
					  "\"at\":6,"));
	assert_non_null(strstr(full.byte, "{\"t\":\"p2m.op\",\"cpu\":0,"
					  "\"at\":0,\"op\":\"map\",\"gfn\":"
					  "\"0x5\",\"count\":1,"
					  "\"result\":-4}\n"));
	/* Outside a batch there is no position. */
	assert_non_null(strstr(full.byte, "{\"t\":\"p2m.pte_write\",\"cpu\":0,"
					  "\"pa\":"));
	free(stimulus.byte);
	free(full.byte);
}

static void records_come_back_as_they_were(void **state)
{
	struct bytes b = small_trace("", TRACE_FULL);
	char error[256];
	struct trace_reader *r =
		trace_reader_open_memory(b.byte, b.count, error, sizeof(error));
	struct trace_record record;
	struct trace_batch batch;
	unsigned int exceptions = 0, ops = 0, pages = 0, fills = 0;

	(void)state;
	assert_non_null(r);
	assert_string_equal(json_string_value(
				    json_object_get(trace_reader_header(r),
						    "tool")),
			    "p2msim test");
	for (;;) {
		enum trace_next next = trace_reader_next(r, &record, &batch);

		if (next > TRACE_NEXT_BATCH) {
			assert_int_equal(next, TRACE_NEXT_END);
			break;
		}
		if (next == TRACE_NEXT_BATCH)
			continue;
		if (record.type == TRACE_CPU_EXCEPTION) {
			exceptions++;
			assert_string_equal(record.name,
					    "a \"quoted\"\n\x01 kind");
			assert_int_equal(record.cpu, 1);
			assert_int_equal(record.value[0], 0x96000006);
			assert_int_equal(record.value[2], 0x80004);
			assert_false(record.has_at);
		} else if (record.type == TRACE_P2M_OP) {
			ops++;
			assert_true(record.value[2] == (uint64_t)-4);
			assert_true(record.has_at && record.at == 0);
		} else if (record.type == TRACE_TABLE_PAGE) {
			const uint8_t *page = record.blob;

			pages++;
			assert_int_equal(record.blob_bytes, 4096);
			assert_true(page[2] == 3 && page[4095] == 255);
		} else if (record.type == TRACE_TLB_FILL) {
			fills++;
			assert_true(record.has_at);
			assert_int_equal(record.value[6], 1);
		}
	}
	assert_true(exceptions == 1 && ops == 1 && pages == 1 && fills == 5);
	assert_int_equal(json_integer_value(
				 json_object_get(trace_reader_stats(r), "n")),
			 1);
	assert_null(json_object_get(trace_reader_stats(r), "host"));
	trace_reader_close(r);
	free(b.byte);
}

/* The third member of RECORD decides what a replay gets to see. */
static void stimulus_is_told_from_observation(void **state)
{
	(void)state;
	assert_true(trace_type_is_stimulus(TRACE_CPU_BATCH));
	assert_true(trace_type_is_stimulus(TRACE_TABLE_WRITE));
	assert_true(trace_type_is_stimulus(TRACE_GUEST_EXIT));
	assert_int_equal(trace_type_level(TRACE_CACHE_COST), TRACE_COSTS);
	assert_int_equal(trace_type_level(TRACE_HYPERVISOR_ACCESS), TRACE_FULL);
	assert_int_equal(trace_type_level(TRACE_P2M_OP), TRACE_FULL);
}

static void a_trim_after_the_cut_is_kept(void **state)
{
	struct bytes b = small_trace("", TRACE_STIMULUS);
	char error[256];
	struct trace_reader *r =
		trace_reader_open_memory(b.byte, b.count, error, sizeof(error));
	struct trace_record record;
	struct trace_batch batch;
	enum trace_next next;
	uint64_t instructions = 0;
	unsigned int continuations = 0;

	(void)state;
	while ((next = trace_reader_next(r, &record, &batch)) <=
	       TRACE_NEXT_BATCH) {
		if (next != TRACE_NEXT_BATCH)
			continue;
		instructions += batch.instructions;
		continuations += batch.block[0].bytes == 0;
	}
	assert_int_equal(instructions, 40 * 8 + 4 - 2 - 1);
	assert_int_equal(continuations, 2);
	trace_reader_close(r);
	free(b.byte);
}

static void equal_runs_give_equal_bytes(void **state)
{
	static const char *const suffix[] = { "", ".zst" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bytes a = small_trace(suffix[i], TRACE_FULL);
		struct bytes b = small_trace(suffix[i], TRACE_FULL);

		assert_int_equal(a.count, b.count);
		assert_memory_equal(a.byte, b.byte, a.count);
		free(a.byte);
		free(b.byte);
	}
}

static void the_name_chooses_zstd(void **state)
{
	struct bytes plain = small_trace("", TRACE_FULL);
	struct bytes packed = small_trace(".zst", TRACE_FULL);
	char *back = malloc(plain.count);

	(void)state;
	assert_int_equal(ZSTD_decompress(back, plain.count, packed.byte,
					 packed.count),
			 plain.count);
	assert_memory_equal(back, plain.byte, plain.count);
	free(back);
	free(plain.byte);
	free(packed.byte);
}

/* Lines, and records before the statistics, in the first `count` bytes. */
static void whole_lines(const char *text, size_t count, uint64_t *lines)
{
	*lines = 0;
	for (size_t i = 0; i < count; i++)
		*lines += text[i] == '\n';
}

static void every_cut_of_a_plain_trace_gives_its_whole_lines(void **state)
{
	struct bytes b = small_trace("", TRACE_FULL);

	(void)state;
	for (size_t cut = 0; cut < b.count; cut++) {
		char *exact = malloc(cut + 1);
		struct verdict v;
		uint64_t lines;

		memcpy(exact, b.byte, cut);
		v = judge(exact, cut);
		whole_lines(b.byte, cut, &lines);
		if (!lines) {
			assert_int_equal(v.end, TRACE_NEXT_MALFORMED);
			assert_true(strlen(v.error) > 0);
		} else {
			assert_int_equal(v.end, TRACE_NEXT_TRUNCATED);
			assert_int_equal(v.lines, lines);
			assert_int_equal(v.records, lines - 1);
		}
		free(exact);
	}
	assert_int_equal(judge(b.byte, b.count).end, TRACE_NEXT_END);
	free(b.byte);
}

static void every_cut_of_a_compressed_trace_is_noticed(void **state)
{
	struct bytes b = small_trace(".zst", TRACE_FULL);

	(void)state;
	for (size_t cut = 0; cut < b.count; cut++) {
		struct verdict v = judge(b.byte, cut);

		if (v.lines)
			assert_int_equal(v.end, TRACE_NEXT_TRUNCATED);
		else
			assert_int_equal(v.end, TRACE_NEXT_MALFORMED);
	}
	assert_int_equal(judge(b.byte, b.count).end, TRACE_NEXT_END);
	free(b.byte);
}

/* Long enough for several zstd blocks and full batches. */
static void large_fill(struct trace_writer *w, unsigned int count)
{
	struct trace_open_batch *b = trace_writer_batch(w);
	uint64_t random = 7;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t r = random_next(&random);

		if (r % 1000 == 0)
			trace_write(w, &(struct trace_record){
					       .type = TRACE_CPU_BARRIER,
					       .name = "dsb" });
		if (r % 3000 == 1)
			trace_cut(w);
		trace_batch_block(w, b, 0, 0, 0x1000 + (r & 0xff0), 16, 4);
		for (uint64_t n = r >> 60; n; n--)
			trace_batch_access(w, b, 0, 0,
					   random_next(&random) >> 20,
					   TRACE_WHAT(8, 4));
	}
}

static struct bytes large_trace(const char *suffix)
{
	json_t *header = small_header(), *stats = json_object();
	struct trace_writer *w;
	struct bytes b;
	char name[64];

	w = trace_writer_open(file_name(name, suffix), header, TRACE_FULL);
	large_fill(w, 60000);
	assert_int_equal(trace_writer_close(w, stats), 0);
	json_decref(header);
	json_decref(stats);
	b = file_read(name);
	unlink(name);
	return b;
}

static void cuts_of_a_large_trace_give_what_had_been_written(void **state)
{
	static const char *const suffix[] = { "", ".zst" };
	uint64_t random = 99;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bytes b = large_trace(suffix[i]);
		struct verdict whole = judge(b.byte, b.count);

		assert_int_equal(whole.end, TRACE_NEXT_END);
		assert_true(whole.accesses > 400000);
		for (int n = 0; n < 12; n++) {
			size_t cut = b.count / 2 +
				     random_next(&random) % (b.count / 2);
			struct verdict v = judge(b.byte, cut);

			assert_int_equal(v.end, TRACE_NEXT_TRUNCATED);
			/* All but what a zstd block can hold. */
			assert_true((double)v.accesses + 150000 >
				    (double)whole.accesses * (double)cut /
					    (double)b.count);
		}
		free(b.byte);
	}
}

/* Blocks longer than a batch has room for go on in the next. */
static void a_block_outlives_its_batch(void **state)
{
	enum { COUNT = 70000 };
	json_t *header = small_header();
	char name[64], error[256];
	struct trace_writer *w =
		trace_writer_open(file_name(name, ""), header, TRACE_STIMULUS);
	struct trace_open_batch *b = trace_writer_batch(w);
	struct trace_record record;
	struct trace_batch batch;
	struct trace_reader *r;
	enum trace_next next;
	uint64_t seen = 0, batches = 0;

	(void)state;
	trace_batch_block(w, b, 3, 1, 0x1000, 4, 1);
	for (uint64_t i = 0; i < COUNT; i++)
		trace_batch_access(w, b, 3, 1, i * i, TRACE_WHAT(4, 0));
	assert_int_equal(trace_writer_close(w, NULL), 0);
	r = trace_reader_open(name, error, sizeof(error));
	while ((next = trace_reader_next(r, &record, &batch)) <=
	       TRACE_NEXT_BATCH) {
		assert_int_equal(next, TRACE_NEXT_BATCH);
		assert_int_equal(batch.cpu, 3);
		assert_int_equal(batch.block[0].bytes, batches++ ? 0 : 4);
		for (uint64_t i = 0; i < batch.accesses; i++, seen++)
			assert_true(batch.access[i].address == seen * seen);
	}
	assert_int_equal(next, TRACE_NEXT_TRUNCATED); /* no statistics */
	assert_int_equal(seen, COUNT);
	assert_true(batches > 3);
	trace_reader_close(r);
	json_decref(header);
	unlink(name);
}

/* Two lines compared byte by byte at random places, the lower one's pointer
 * moved: harder than a real sort, whose lines were allocated in order. */
static void sort_fill(struct trace_writer *w, uint64_t *accesses)
{
	struct trace_open_batch *b = trace_writer_batch(w);
	uint64_t random = 5, run[2] = { 0x500000, 0x600000 }, out = 0x700000;

	for (*accesses = 0; *accesses < 200000;) {
		uint64_t line = random_next(&random) % 2000000;
		uint64_t other = random_next(&random) % 2000000;
		uint64_t *taken = &run[random_next(&random) & 1];

		trace_batch_block(w, b, 0, 0, 0x401000, 28, 7);
		trace_batch_access(w, b, 0, 0, run[0], TRACE_WHAT(8, 4));
		trace_batch_access(w, b, 0, 0, run[1], TRACE_WHAT(8, 4));
		for (uint64_t i = random_next(&random) % 6 + 1; i; i--) {
			trace_batch_block(w, b, 0, 0, 0x402000, 20, 5);
			trace_batch_access(w, b, 0, 0, 0x1000000 + line++,
					   TRACE_WHAT(1, 4));
			trace_batch_access(w, b, 0, 0, 0x1000000 + other++,
					   TRACE_WHAT(1, 4));
			*accesses += 2;
		}
		trace_batch_block(w, b, 0, 0,
				  0x401020 + (uint64_t)(taken - run), 24, 6);
		trace_batch_access(w, b, 0, 0, out, TRACE_WHAT(8, 5));
		*taken += 8;
		out += 8;
		*accesses += 3;
	}
}

static void a_sort_takes_less_than_three_bytes_an_access(void **state)
{
	static const char *const suffix[] = { "", ".zst" };
	uint64_t accesses;

	(void)state;
	for (int i = 0; i < 2; i++) {
		json_t *header = small_header();
		struct trace_writer *w;
		struct bytes b;
		char name[64];

		w = trace_writer_open(file_name(name, suffix[i]), header,
				      TRACE_STIMULUS);
		sort_fill(w, &accesses);
		assert_int_equal(trace_writer_close(w, NULL), 0);
		b = file_read(name);
		print_message("sort-like stream%s: %.2f bytes an access\n",
			      suffix[i], (double)b.count / (double)accesses);
		assert_true(b.count < 3 * accesses);
		assert_int_equal(judge(b.byte, b.count).accesses, accesses);
		free(b.byte);
		unlink(name);
		json_decref(header);
	}
}

struct cut_counter {
	struct trace_writer *writer;
	unsigned int count;
};

static void count_cut(void *context)
{
	struct cut_counter *c = context;

	trace_observe(c->writer,
		      &(struct trace_record){ .type = TRACE_CACHE_COST,
					      .value = { ++c->count } });
}

static void costs_follow_every_batch(void **state)
{
	json_t *header = small_header();
	struct cut_counter c = { NULL, 0 };
	char name[64];
	struct bytes b;
	const char *at;
	unsigned int batches = 0;

	(void)state;
	c.writer = trace_writer_open(file_name(name, ""), header, TRACE_COSTS);
	trace_writer_on_cut(c.writer, count_cut, &c);
	large_fill(c.writer, 20000);
	assert_int_equal(trace_writer_close(c.writer, NULL), 0);
	b = file_read(name);
	for (at = b.byte; (at = strstr(at, "{\"t\":\"cpu.batch\""));
	     batches++) {
		static const char cost[] = "\n{\"t\":\"cache.cost\",\"cpu\":0,"
					   "\"l1i_misses\":";

		at = strchr(at, '\n');
		assert_memory_equal(at, cost, sizeof(cost) - 1);
		assert_int_equal(strtoul(at + sizeof(cost) - 1, NULL, 10),
				 batches + 1);
	}
	assert_true(batches > 10);
	assert_int_equal(batches, c.count);
	free(b.byte);
	json_decref(header);
	unlink(name);
}

/* Not what was in a batch before, not what comes after. */
static void what_is_held_comes_after_what_is_written_ahead(void **state)
{
	static const enum trace_type want[] = {
		TRACE_CPU_BATCH,   TRACE_CPU_COST, TRACE_TABLE_PAGE,
		TRACE_DEVICE_DATA, TRACE_CPU_MMIO, TRACE_IOMMU_ERRORS,
		TRACE_TABLE_PAGE,  TRACE_CPU_WFI,
	};
	static const uint8_t page[4096];
	const struct trace_record content = { .type = TRACE_TABLE_PAGE,
					      .blob = page,
					      .blob_bytes = sizeof(page) };
	json_t *header = small_header();
	struct trace_writer *w;
	struct bytes b;
	char name[64];
	const char *at;

	(void)state;
	w = trace_writer_open(file_name(name, ""), header, TRACE_COSTS);
	trace_batch_block(w, trace_writer_batch(w), 0, 1, 0x1000, 32, 8);
	trace_observe(w, &(struct trace_record){ .type = TRACE_CPU_COST });
	trace_hold(w);
	trace_write(w, &(struct trace_record){ .type = TRACE_CPU_MMIO });
	trace_observe(w, &(struct trace_record){ .type = TRACE_IOMMU_ERRORS });
	trace_write_ahead(w, &content);
	trace_write_ahead(w, &(struct trace_record){ .type = TRACE_DEVICE_DATA,
						     .blob = page,
						     .blob_bytes = 1 });
	trace_release(w);
	trace_write_ahead(w, &content);
	trace_write(w, &(struct trace_record){ .type = TRACE_CPU_WFI });
	assert_int_equal(trace_writer_close(w, NULL), 0);
	b = file_read(name);
	at = strchr(b.byte, '\n');
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		char lead[64];
		int count = snprintf(lead, sizeof(lead), "\n{\"t\":\"%s\"",
				     trace_type_name(want[i]));

		assert_memory_equal(at, lead, count);
		at = strchr(at + 1, '\n');
	}
	assert_string_equal(at, "\n");
	free(b.byte);
	json_decref(header);
	unlink(name);
}

static void a_full_disk_is_noticed_and_the_file_readable(void **state)
{
	static const char *const suffix[] = { "", ".zst" };
	struct rlimit old, small = { 700000, 0 };
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);

	(void)state;
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	for (int i = 0; i < 2; i++) {
		json_t *header = small_header(), *stats = json_object();
		struct trace_writer *w;
		struct verdict v;
		struct bytes b;
		char name[64];

		w = trace_writer_open(file_name(name, suffix[i]), header,
				      TRACE_FULL);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		large_fill(w, 60000);
		assert_int_equal(trace_writer_failed(w), EFBIG);
		assert_int_equal(trace_writer_close(w, stats), EFBIG);
		setrlimit(RLIMIT_FSIZE, &old);
		b = file_read(name);
		assert_int_equal(b.count, 700000);
		v = judge(b.byte, b.count);
		assert_int_equal(v.end, TRACE_NEXT_TRUNCATED);
		assert_true(v.accesses > 45000);
		free(b.byte);
		unlink(name);
		json_decref(header);
		json_decref(stats);
	}
	signal(SIGXFSZ, handler);
}

static void dev_full_fails_at_the_end_at_the_latest(void **state)
{
	json_t *header = small_header(), *stats = json_object();
	struct trace_writer *w =
		trace_writer_open("/dev/full", header, TRACE_FULL);

	(void)state;
	assert_non_null(w);
	small_fill(w);
	assert_int_equal(trace_writer_close(w, stats), ENOSPC);
	json_decref(header);
	json_decref(stats);
}

static void a_reader_that_left_gives_epipe(void **state)
{
	json_t *header = small_header();
	int ends[2], saved = dup(STDOUT_FILENO), failed;
	struct trace_writer *w;

	(void)state;
	fflush(stdout);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	dup2(ends[1], STDOUT_FILENO);
	w = trace_writer_open("-", header, TRACE_FULL);
	small_fill(w);
	failed = trace_writer_close(w, NULL);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(ends[1]);
	assert_int_equal(failed, EPIPE);
	json_decref(header);
}

static void what_cannot_be_opened_says_why(void **state)
{
	char error[256];
	json_t *header = small_header();

	(void)state;
	assert_null(trace_reader_open("/nowhere/at/all", error, sizeof(error)));
	assert_string_equal(error,
			    "cannot be opened: No such file or directory");
	assert_null(trace_reader_open("/", error, sizeof(error)));
	assert_non_null(strstr(error, "Is a directory"));
	errno = 0;
	assert_null(trace_writer_open("/nowhere/at/all", header, TRACE_FULL));
	assert_int_equal(errno, ENOENT);
	json_decref(header);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_of_a_small_trace_is_as_documented),
		cmocka_unit_test(the_level_chooses_the_observations),
		cmocka_unit_test(records_come_back_as_they_were),
		cmocka_unit_test(stimulus_is_told_from_observation),
		cmocka_unit_test(a_trim_after_the_cut_is_kept),
		cmocka_unit_test(equal_runs_give_equal_bytes),
		cmocka_unit_test(the_name_chooses_zstd),
		cmocka_unit_test(
			every_cut_of_a_plain_trace_gives_its_whole_lines),
		cmocka_unit_test(every_cut_of_a_compressed_trace_is_noticed),
		cmocka_unit_test(
			cuts_of_a_large_trace_give_what_had_been_written),
		cmocka_unit_test(a_block_outlives_its_batch),
		cmocka_unit_test(a_sort_takes_less_than_three_bytes_an_access),
		cmocka_unit_test(costs_follow_every_batch),
		cmocka_unit_test(
			what_is_held_comes_after_what_is_written_ahead),
		cmocka_unit_test(a_full_disk_is_noticed_and_the_file_readable),
		cmocka_unit_test(dev_full_fails_at_the_end_at_the_latest),
		cmocka_unit_test(a_reader_that_left_gives_epipe),
		cmocka_unit_test(what_cannot_be_opened_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
