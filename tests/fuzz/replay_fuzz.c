/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole replays of hostile traces. An input that looks like a trace ('{' or
 * zstd's magic) is one as it stands; any other is the script of a well-formed
 * trace with arbitrary numbers, so that the fuzzer gets behind the reader. It
 * ends in one of the exit codes that a replay has, with one line, and with
 * statistics whose cycles are the sum of their parts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/machine/pci.h"
#include "sim/study/study.h"
#include "traces/records.h"

#define RECORDS_MAX 400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* ---- the script ---- */

struct script {
	const uint8_t *at, *end;
};

static uint64_t take(struct script *s, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint64_t)(s->at < s->end ? *s->at++ : 0) << 8 * i;
	return value;
}

/* Numbers near what matters, more often than chance would have it; in the last
 * two rows what devices and an SMMUv3 of the guest's have. */
static uint64_t take_number(struct script *s)
{
	static const uint64_t near[] = {
		0,	     0x40000000,  0x40100000,	   0x40200000,
		0x09000000,  0x3ffff000,  0x30d01805,	   0x280803510,
		0xC6000001,  0xC6000002,  0xC6000003,	   0x40000,
		0x100000000, 0xc4000003,  UINT64_MAX - 15, INT64_MAX,
		0x40100403,  0x40000401,  0xffff000000000000,
		0xC6000010,  0xC6000011,  PCI_ECAM_BASE,   PCI_WINDOW_BASE,
		0x09050000,  0x09060000,
	};
	uint8_t how = (uint8_t)take(s, 1);
	unsigned int of = sizeof(near) / sizeof(near[0]);

	if (how < 2 * of)
		return near[how / 2] + (how & 1 ? take(s, 2) : 0);
	return take(s, 1 + how % 8);
}

static const char *take_name(struct script *s, enum trace_type type)
{
	static const char *const sysreg[] = { "SCTLR_EL1", "TTBR0_EL1",
					      "TTBR1_EL1", "TCR_EL1",
					      "MAIR_EL1",  "VBAR_EL1" };
	static const char *const other[] = { "fault",	       "syscall",
					     "data_abort",     "svc",
					     "instruction_abort", "" };
	uint8_t n = (uint8_t)take(s, 1) % 6;

	return type == TRACE_CPU_SYSREG ? sysreg[n] : other[n];
}

/* Encodings of the maintenance instructions that there are, mostly. */
static uint64_t take_encoding(struct script *s)
{
	uint64_t n = take(s, 2);

	return ARM_SYSREG(1, n & 7, 7 + (n >> 3 & 1), n >> 4 & 15, n >> 8 & 7);
}

static void write_record(struct script *s, struct trace_writer *w,
			 enum trace_type type)
{
	uint8_t page[4096];
	struct trace_record r = { .type = type, .cpu = take(s, 1) % 8 == 7 };
	unsigned int n = 0;

	for (const struct member *m = record_members(type); m->name; m++) {
		if (m->kind == MEMBER_STRING) {
			r.name = take_name(s, type);
		} else if (m->kind == MEMBER_BYTES) {
			memset(page, 0, sizeof(page));
			for (unsigned int i = (unsigned int)take(s, 1) % 16; i;
			     i--) {
				uint64_t value = take_number(s);

				memcpy(page + 8 * (take(s, 2) % 512), &value,
				       8);
			}
			r.blob = page;
			r.blob_bytes = sizeof(page);
		} else {
			r.value[n] = take_number(s);
			if (m->kind == MEMBER_DECIMAL && m->max)
				r.value[n] %= m->max + 1;
			if (!strcmp(m->name, "encoding"))
				r.value[n] = take_encoding(s);
			if (!strcmp(m->name, "size"))
				r.value[n] %= 1 << 20;
			if (!strcmp(m->name, "device"))
				r.value[n] %= 3; /* one more than there are */
			n++;
		}
	}
	trace_write(w, &r);
}

static void write_batch(struct script *s, struct trace_writer *w)
{
	struct trace_open_batch *b = trace_writer_batch(w);
	uint32_t cpu = take(s, 1) % 8 == 7, el = take(s, 1) & 1;

	for (unsigned int i = 1 + take(s, 1) % 8; i; i--) {
		uint32_t bytes = (uint32_t)(take(s, 2) & 0xfffc);

		trace_batch_block(w, b, cpu, el, take_number(s), bytes,
				  bytes ? bytes / 4 : 0U - take(s, 1) % 4);
		for (unsigned int a = take(s, 1) % 8; a; a--)
			trace_batch_access(
				w, b, cpu, el, take_number(s),
				TRACE_WHAT(1 + take(s, 1),
					   take(s, 1) & TRACE_ACCESS_MASK));
	}
}

static void write_trace(struct script *s, const char *path)
{
	json_t *header = json_pack("{s:{}}", "guest"), *stats = json_object();
	struct trace_writer *w = trace_writer_open(path, header,
						   TRACE_STIMULUS);

	require(w != NULL);
	for (int i = 0; i < RECORDS_MAX && s->at < s->end; i++) {
		unsigned int type = (unsigned int)take(s, 1) %
				    (TRACE_GUEST_EXIT + 8);

		if (type == TRACE_CPU_BATCH || type > TRACE_GUEST_EXIT)
			write_batch(s, w);
		else
			write_record(s, w, (enum trace_type)type);
	}
	require(trace_writer_close(w, stats) == 0);
	json_decref(header);
	json_decref(stats);
}

/* ---- the replay ---- */

static void check_stats(const json_t *stats)
{
	json_t *cpu, *part;
	const char *name;
	size_t i;

	json_array_foreach(json_object_get(stats, "cpu"), i, cpu) {
		uint64_t sum = 0;

		json_object_foreach(json_object_get(cpu, "cycles_by"), name,
				    part)
			sum += (uint64_t)json_integer_value(part);
		require(sum == (uint64_t)json_integer_value(
				       json_object_get(cpu, "cycles")));
	}
}

/* tiny with two CPUs; filled by faults; and with devices. */
static void replay(const char *path, size_t machine)
{
	static const struct config_set machines[][6] = {
		{ { "guest.ram_mib=4" }, { "cpu.count=2" } },
		{ { "guest.ram_mib=4" },
		  { "cpu.count=2" },
		  { "policy.p2m.populate=fault" } },
		{ { "guest.ram_mib=4" },
		  { "cpu.count=2" },
		  { "iommu=vtd-broadwell" },
		  { "iommu.0.devices=2" },
		  { "iommu.0.populate=guest" },
		  { "policy.iommu.coalesce=eager" } },
		{ { "guest.ram_mib=4" },
		  { "cpu.count=2" },
		  { "iommu=smmu-guest" },
		  { "iommu.0.devices=2" } },
	};
	static const unsigned int sets[] = { 2, 3, 6, 4 };
	struct replay_options options = { .trace = path,
					  .limits = { .seconds = 5 } };
	struct machine_config config;
	struct study_result result;
	struct error_line error = { 0 };
	int code;

	require(config_load(&config, "tiny", NULL, machines[machine],
			    sets[machine], NULL, &error));
	code = study_replay(&config, &options, &result, &error);
	require(code == EXIT_FINE || code == EXIT_INPUT || code == EXIT_GUEST ||
		code == EXIT_NOT_MODELLED);
	if (code)
		require(error.text[0] != '\0');
	for (const char *c = error.text; *c; c++)
		require((unsigned char)*c >= 0x20);
	if (result.stats)
		check_stats(result.stats);
	json_decref(result.stats);
	config_fini(&config);
}

static bool is_trace(const uint8_t *data, size_t size)
{
	return size && (data[0] == '{' ||
			(size > 3 && !memcmp(data, "\x28\xb5\x2f\xfd", 4)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = { data, data + size };
	char path[32];
	int fd = memfd_create("trace", MFD_CLOEXEC);

	require(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (is_trace(data, size))
		require(write(fd, data, size) == (ssize_t)size);
	else
		write_trace(&script, path);
	replay(path, size & 1 ? 1 + size / 2 % 3 : 0);
	close(fd);
	return 0;
}

#ifdef FUZZ_REPLAY
#include "tests/fuzz/replay_main.h"
#endif
