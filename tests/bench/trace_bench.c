/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What recording and reading a trace cost: nanoseconds and bytes an access on
 * two synthetic streams, and on a file of trace_access-like records if one is
 * given. Recording is appending, packing, base64 and zstd; reading is their
 * reverse. CPU time, a best of several rounds, in one thread.
 *
 *   trace_bench [FILE.p2mtrace.zst]   re-encodes that trace's batches
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "traces/trace.h"

#define ACCESSES_MAX 6000000u
#define ROUNDS	     5

struct stream {
	struct trace_block *block;
	struct trace_access *access;
	size_t blocks, accesses;
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static struct stream stream_new(void)
{
	struct stream s = {
		.block = malloc(2 * ACCESSES_MAX * sizeof(*s.block)),
		.access = malloc((ACCESSES_MAX + 64) * sizeof(*s.access)),
	};

	if (!s.block || !s.access)
		exit(6);
	return s;
}

static void add_block(struct stream *s, uint64_t address, uint32_t words)
{
	s->block[s->blocks++] =
		(struct trace_block){ address, 4 * words, words, 0 };
}

static void add_access(struct stream *s, uint64_t address, uint32_t what)
{
	s->block[s->blocks - 1].accesses++;
	s->access[s->accesses++] = (struct trace_access){ address, what };
}

/* A merge sort of pointers to lines: two runs are walked in parallel, the
 * lines they point to are compared byte by byte, the winner is stored. */
static struct stream sort_like(void)
{
	const uint32_t load8 = TRACE_WHAT(8, TRACE_ACCESS_EL0);
	const uint32_t load1 = TRACE_WHAT(1, TRACE_ACCESS_EL0);
	const uint32_t store8 =
		TRACE_WHAT(8, TRACE_ACCESS_EL0 | TRACE_ACCESS_WRITE);
	uint64_t left = 0x500000, right = 0x600000, out = 0x700000;
	uint64_t random = 88172645463325252u;
	struct stream s = stream_new();

	while (s.accesses < ACCESSES_MAX - 64) {
		uint64_t a = 0x1000000 + next_random(&random) % 2000000;
		uint64_t b = 0x1000000 + next_random(&random) % 2000000;
		uint64_t same = next_random(&random) % 6;

		add_block(&s, 0x401000, 7);
		add_access(&s, left, load8);
		add_access(&s, right, load8);
		add_access(&s, 0x7ffffff0, store8);
		add_access(&s, 0x7ffffff8, store8);
		for (uint64_t i = 0; i <= same; i++) {
			add_block(&s, 0x402000, 5);
			add_access(&s, a + i, load1);
			add_access(&s, b + i, load1);
			add_block(&s, 0x402014, 3);
		}
		add_block(&s, 0x401080, 4);
		add_access(&s, 0x7ffffff0, load8);
		add_access(&s, 0x7ffffff8, load8);
		if (next_random(&random) & 1) {
			add_block(&s, 0x401020, 6);
			left += 8;
		} else {
			add_block(&s, 0x401040, 6);
			right += 8;
		}
		add_access(&s, out, store8);
		out += 8;
	}
	return s;
}

/* A pointer chase over 64 MB: one block, no address like the one before. */
static struct stream random_like(void)
{
	const uint32_t what = TRACE_WHAT(8, TRACE_ACCESS_EL0);
	uint64_t random = 2463534242u;
	struct stream s = stream_new();

	while (s.accesses < ACCESSES_MAX) {
		add_block(&s, 0x401000, 3);
		add_access(&s, 0x10000000 + (next_random(&random) & 0x3fffff8),
			   what);
	}
	return s;
}

/* The batches of a trace, as one. */
static struct stream stream_read(const char *path)
{
	struct stream s = stream_new();
	struct trace_record record;
	struct trace_batch batch;
	enum trace_next next;
	char error[256];
	struct trace_reader *r = trace_reader_open(path, error, sizeof(error));

	if (!r) {
		fprintf(stderr, "%s: %s\n", path, error);
		exit(3);
	}
	do {
		next = trace_reader_next(r, &record, &batch);
		if (next != TRACE_NEXT_BATCH)
			continue;
		if (s.accesses + batch.accesses > ACCESSES_MAX ||
		    s.blocks + batch.blocks > 2 * ACCESSES_MAX)
			break;
		memcpy(s.block + s.blocks, batch.block,
		       batch.blocks * sizeof(*s.block));
		memcpy(s.access + s.accesses, batch.access,
		       batch.accesses * sizeof(*s.access));
		s.blocks += batch.blocks;
		s.accesses += batch.accesses;
	} while (next <= TRACE_NEXT_BATCH);
	trace_reader_close(r);
	return s;
}

static void encode(const struct stream *s, const char *path)
{
	struct trace_writer *w = trace_writer_open(path, NULL, TRACE_STIMULUS);
	const struct trace_access *access = s->access;
	struct trace_open_batch *b;
	json_t *stats = json_object();

	if (!w) {
		perror(path);
		exit(6);
	}
	b = trace_writer_batch(w);
	for (size_t i = 0; i < s->blocks; i++) {
		const struct trace_block *block = s->block + i;

		trace_batch_block(w, b, 0, 0, block->address, block->bytes,
				  block->instructions);
		for (uint32_t n = block->accesses; n; n--, access++)
			trace_batch_access(w, b, 0, 0, access->address,
					   access->what);
	}
	if (trace_writer_close(w, stats) != 0) {
		perror(path);
		exit(6);
	}
	json_decref(stats);
}

static uint64_t decode(const char *path)
{
	char error[256];
	struct trace_reader *r = trace_reader_open(path, error, sizeof(error));
	struct trace_record record;
	struct trace_batch batch;
	uint64_t accesses = 0;

	if (!r) {
		fprintf(stderr, "%s: %s\n", path, error);
		exit(3);
	}
	while (trace_reader_next(r, &record, &batch) <= TRACE_NEXT_BATCH)
		accesses += batch.accesses;
	trace_reader_close(r);
	return accesses;
}

static long file_bytes(const char *path)
{
	FILE *f = fopen(path, "rb");
	long bytes = -1;

	if (f && fseek(f, 0, SEEK_END) == 0)
		bytes = ftell(f);
	if (f)
		fclose(f);
	return bytes;
}

static void measure(const char *name, struct stream s, const char *suffix)
{
	double encode_ns = 1e30, decode_ns = 1e30;
	char path[64];

	snprintf(path, sizeof(path), "/tmp/trace_bench.%ld%s", (long)getpid(),
		 suffix);
	for (int i = 0; i < ROUNDS; i++) {
		double t0 = now_ns(), t1, t2;

		encode(&s, path);
		t1 = now_ns();
		if (decode(path) != s.accesses) {
			fprintf(stderr, "%s: accesses were lost\n", name);
			exit(1);
		}
		t2 = now_ns();
		encode_ns = t1 - t0 < encode_ns ? t1 - t0 : encode_ns;
		decode_ns = t2 - t1 < decode_ns ? t2 - t1 : decode_ns;
	}
	printf("%-8s %-5s %zu accesses, %.2f blocks each: write %.2f ns, read "
	       "%.2f ns, %.3f bytes an access\n",
	       name, suffix, s.accesses, (double)s.blocks / (double)s.accesses,
	       encode_ns / (double)s.accesses, decode_ns / (double)s.accesses,
	       (double)file_bytes(path) / (double)s.accesses);
	unlink(path);
}

static void measure_both(const char *name, struct stream s)
{
	measure(name, s, ".zst");
	measure(name, s, "");
	free(s.block);
	free(s.access);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		measure_both("file", stream_read(argv[1]));
		return 0;
	}
	measure_both("sort", sort_like());
	measure_both("random", random_like());
	return 0;
}
