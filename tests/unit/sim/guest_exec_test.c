/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests on the whole machine: what the CPU's driver reports, which exceptions
 * it takes, how it ends. */
#include "tests/unit/sim/guest_bench.h"

#include "tests/unit/sim/guest_programs.h"

/* ---- what is reported ---- */

static void append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

static void tell_access(char *text, size_t size, const struct trace_access *a)
{
	unsigned int access = TRACE_WHAT_ACCESS(a->what);

	append(text, size, "%s%s%s%s 0x%llx+%u\n",
	       access & ARM_ACCESS_WRITE ? "store" : "load",
	       access & ARM_ACCESS_EXCL ? " excl" : "",
	       access & ARM_ACCESS_UNPRIV ? " unpriv" : "",
	       access & ARM_ACCESS_ZERO ? " zero" : "",
	       (unsigned long long)a->address,
	       (unsigned int)TRACE_WHAT_BYTES(a->what));
}

/* Accesses, barriers and table writes of a trace, one a line. */
static void tell_trace(const char *path, char *text, size_t size)
{
	char error[256];
	struct trace_reader *r = trace_reader_open(path, error, sizeof(error));
	struct trace_record record;
	struct trace_batch batch;
	enum trace_next next;

	assert_non_null(r);
	text[0] = 0;
	while ((next = trace_reader_next(r, &record, &batch)) ==
		       TRACE_NEXT_RECORD ||
	       next == TRACE_NEXT_BATCH) {
		if (next == TRACE_NEXT_BATCH) {
			for (uint64_t i = 0; i < batch.accesses; i++)
				tell_access(text, size, &batch.access[i]);
		} else if (record.type == TRACE_CPU_BARRIER) {
			append(text, size, "%s\n", record.name);
		} else if (record.type == TRACE_TABLE_WRITE) {
			append(text, size, "table 0x%llx+%u\n",
			       (unsigned long long)record.value[0],
			       (unsigned int)record.value[1]);
		} else if (record.type == TRACE_CPU_STALE) {
			append(text, size, "stale\n");
		}
	}
	trace_reader_close(r);
}

static void each_access_is_reported_once_in_its_place(void **state)
{
	static const char want[] = "load 0x400a0ffc+8\n"
				   "store 0x400a0ffc+8\n"
				   "load 0x400a03fc+8\n"
				   "load 0x400a0010+8\n"
				   "load 0x400a0018+8\n"
				   "store 0x400a0018+4\n"
				   "store 0x400a001c+4\n"
				   "load excl 0x400a0000+8\n"
				   "load excl 0x400a0000+8\n"
				   "store excl 0x400a0000+8\n"
				   "load 0x400a0000+8\n"
				   "store 0x400a0000+8\n"
				   "dmb\n"
				   "store 0x400a0001+1\n"
				   "dsb\n"
				   "store zero 0x400a0000+64\n"
				   "load 0x400a0002+2\n";
	static char text[8192];
	struct bench b;
	char *from;

	(void)state;
	bench_init(&b, NULL, true, NULL, program_reports);
	assert_int_equal(bench_run(&b), GUEST_ENDED);
	assert_int_equal(b.m->exit_status, 7);
	assert_int_equal(b.m->cpu[0].data_accesses[0], 8);
	assert_int_equal(b.m->cpu[0].data_accesses[1], 7 + 1); /* one with MMU off */
	trace_writer_close(b.trace, NULL);
	b.trace = NULL;
	b.m->trace = NULL;
	tell_trace(b.trace_path, text, sizeof(text));
	from = strstr(text, "load 0x400a0ffc");
	assert_non_null(from);
	assert_string_equal(from, want);
	bench_fini(&b);
}

static void aliases_beyond_all_windows_lose_nothing(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL, true, NULL, program_alias);
	assert_int_equal(bench_run(&b), GUEST_ENDED);
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(bench_word(&b, RESULTS + 8 * i + 8), i + 1);
	/* An STP over the end of the sixth page into the seventh. */
	assert_int_equal(bench_word(&b, RESULTS + 0xff8), 6);
	assert_int_equal(bench_word(&b, RESULTS), 6);
	for (uint64_t i = 7; i < 10; i++)
		assert_int_equal(bench_word(&b, RESULTS + 8 * i + 8), i);
	bench_fini(&b);
}

static void each_store_to_an_alias_counts_once(void **state)
{
	static char text[65536];
	struct bench b;
	unsigned int stores = 0;
	char *at;

	(void)state;
	bench_init(&b, NULL, true, NULL, program_alias);
	assert_int_equal(bench_run(&b), GUEST_ENDED);
	trace_writer_close(b.trace, NULL);
	b.trace = NULL;
	b.m->trace = NULL;
	tell_trace(b.trace_path, text, sizeof(text));
	assert_null(strstr(text, "stale"));
	for (at = text; (at = strstr(at, "store 0x")); at += 8) {
		unsigned long va = strtoul(at + 6, NULL, 16);

		stores += va < 0xa000;
	}
	assert_int_equal(stores, 10);
	/* The load of 8 bytes at 4 below the page's end is one. */
	at = strstr(text, "load 0xffc+8\n");
	assert_non_null(at);
	assert_memory_equal(at + 13, "load 0x1018+8\n", 14);
	assert_null(strstr(at + 13, "load 0xffc+8\n"));
	assert_null(strstr(text, "load 0xff8+8\n"));
	assert_null(strstr(text, "load 0x1000+8\n"));
	bench_fini(&b);
}

static void stores_to_live_tables_are_recorded(void **state)
{
	static char text[65536];
	struct bench b;

	(void)state;
	bench_init(&b, NULL, true, NULL, program_alias);
	assert_int_equal(bench_run(&b), GUEST_ENDED);
	trace_writer_close(b.trace, NULL);
	b.trace = NULL;
	b.m->trace = NULL;
	tell_trace(b.trace_path, text, sizeof(text));
	/* The root's entry, what it leads to, and what that leads to. */
	assert_non_null(strstr(text, "table 0x40090000+8\n"));
	assert_non_null(strstr(text, "table 0x40091000+8\n"));
	assert_non_null(strstr(text, "table 0x40092050+8\n"));
	bench_fini(&b);
}

static void changed_code_is_executed_after_ic_and_isb(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, NULL, false, NULL, program_alias);
	assert_int_equal(bench_run(&b), GUEST_ENDED);
	assert_int_equal(bench_word(&b, 0x400b0000), 0x030201);
	bench_fini(&b);
}

/* ---- exceptions ---- */

static void far_is_exact_for_every_kind_of_access(void **state)
{
	static const struct {
		uint64_t far;
		bool write;
	} want[] = {
		{ 0x2008, 0 },
		{ 0x2040, 0 },
		{ 0x2028, 0 },
		{ 0x1ff0, 0 },
		{ 0x1fe0, 1 },
		{ 0x2000, 0 },
		{ 0x1ffc, 1 },
		{ 0x2000, 0 },
		{ 0x2000, 0 },
		{ 0x2000, 0 },
		{ 0x2000, 0 },
		{ 0x2000, 0 },
		{ 0x2000, 1 },
		{ 0x1ff8, 0 },
		{ 0x2003, 1 },
		{ 0x2030, 1 },
		{ 0x1fc0, 0 },
		{ 0x2000, 0 },
		{ 0x2000, 0 },
		{ 0x2000, 1 },
		{ 0x2000, 0 },
		{ 0x200c, 0 },
		{ 0x2018, 0 },
		{ 0x40, 1 },
		/* Pairs whose second half is behind the end of RAM. */
		{ 0x44000000, 0 },
		{ 0x44000000, 1 },
	};
	struct bench b;

	(void)state;
	bench_init(&b, NULL, false, NULL, program_far);
	if (bench_run(&b) != GUEST_ENDED)
		fail_msg("%s", b.error.text);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		uint64_t far = bench_word(&b, RESULTS + 16 * i);
		uint64_t esr = bench_word(&b, RESULTS + 16 * i + 8);

		if (far != want[i].far)
			fail_msg("%zu: far 0x%llx, not 0x%llx", i,
				 (unsigned long long)far,
				 (unsigned long long)want[i].far);
		/* Data abort from EL1, external, WnR. */
		assert_int_equal(esr & ~UINT64_C(0x140), 0x96000010);
		assert_int_equal(esr >> 6 & 1, want[i].write);
	}
	assert_int_equal(bench_word(&b, RESULTS + 16 * sizeof(want) /
							  sizeof(want[0])),
			 0);
	bench_fini(&b);
}

static void exceptions_are_taken_as_hardware_does(void **state)
{
	/* ESR, ELR (offset), SPSR's mode, vector, SP, x2 (0: not compared). */
	static const uint64_t want[][6] = {
		{ 0x56000003, 0x20, 5, 0x200, 0x5000, 0 },	/* svc #3 */
		{ 0xf2000005, 0x20, 5, 0x200, 0x5000, 0 },	/* brk #5 */
		{ 0x02000000, 0x24, 5, 0x200, 0x5000, 0 },	/* udf */
		{ 0x02000000, 0x28, 5, 0x200, 0x5000, 0 },	/* hvc #1 */
		{ 0x56000009, 0x4c, 0, 0x400, 0x5000, 0x6000 }, /* svc #9 */
		{ 0x02000000, 0x50, 0, 0x400, 0x5000, 0x6000 }, /* hvc, EL0 */
		{ 0x02000000, 0x54, 0, 0x400, 0x5000, 0 },	/* mrs, EL0 */
		/* dc cvac, x20: EC 0x18, Op0 1 Op2 1 Op1 3 CRn 7 Rt 20 CRm 10
		 */
		{ 0x6212de94, 0x58, 0, 0x400, 0x5000, 0 },
		/* mrs x1, ctr_el0: Op0 3 Op2 1 Op1 3 CRn 0 Rt 1 CRm 0, read */
		{ 0x6232c021, 0x5c, 0, 0x400, 0x5000, 0 },
		{ 0x8a000000, 0x46, 0, 0x400, 0x5000, 0 }, /* user + 2 */
	};
	struct bench b;

	(void)state;
	bench_init(&b, NULL, false, NULL, program_el0);
	if (bench_run(&b) != GUEST_ENDED)
		fail_msg("%s", b.error.text);
	assert_int_equal(b.m->exit_status, 3);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		uint64_t at = RESULTS + 48 * i;

		assert_int_equal(bench_word(&b, at), want[i][0]);
		assert_int_equal(bench_word(&b, at + 8), CODE + want[i][1]);
		assert_int_equal(bench_word(&b, at + 16) & 0x1f, want[i][2]);
		assert_int_equal(bench_word(&b, at + 24), want[i][3]);
		assert_int_equal(bench_word(&b, at + 32), want[i][4]);
		if (want[i][5])
			assert_int_equal(bench_word(&b, at + 40), want[i][5]);
	}
	bench_fini(&b);
}

/* The instruction's own abort, before anything behind it is executed. */
static void maintenance_that_faults_is_taken_precisely(void **state)
{
	/* FAR, ELR (offset), ESR: EC 0x25 or 0x24, IL, CM, WnR, FSC. */
	static const uint64_t want[][3] = {
		{ 0x80000008, 0x70, 0x96000145 }, /* dc cvac, EL1 */
		{ 0x80000008, 0x78, 0x96000145 }, /* dc ivac */
		{ 0x80000008, 0x80, 0x96000145 }, /* dc civac */
		{ 0x80000008, 0x88, 0x96000145 }, /* dc cvau */
		{ 0x80000008, 0x90, 0x96000145 }, /* ic ivau */
		{ 0x80000008, 0xb4, 0x92000145 }, /* dc cvac, EL0 */
		{ 0x80000008, 0xbc, 0x92000145 }, /* dc civac */
		{ 0x80000008, 0xc4, 0x92000145 }, /* dc cvau */
		{ 0x80000008, 0xcc, 0x92000145 }, /* ic ivau */
		{ 0x80000000, 0xd4, 0x92000045 }, /* dc zva: a store */
		{ 0x400a0000, 0xdc, 0x9200014d }, /* dc cvac, EL1's page */
		{ 0x40090000, 0xe4, 0x9200014d }, /* dc cvac, EL1's page */
	};
	const size_t count = sizeof(want) / sizeof(want[0]);
	struct bench b;

	(void)state;
	bench_init(&b, NULL, false, NULL, program_maintain);
	if (bench_run(&b) != GUEST_ENDED)
		fail_msg("%s", b.error.text);
	for (size_t i = 0; i < count; i++) {
		uint64_t at = RESULTS + 32 * i, base = i < 5 ? CODE : 0x80000;

		assert_int_equal(bench_word(&b, at), want[i][0]);
		assert_int_equal(bench_word(&b, at + 8), base + want[i][1]);
		assert_int_equal(bench_word(&b, at + 16), want[i][2]);
		/* One of EL1's does not fault. */
		assert_int_equal(bench_word(&b, at + 24), i < 5 ? i : i + 1);
	}
	/* SVC, and SCTLR_EL1 as the guest wrote it. */
	assert_int_equal(bench_word(&b, RESULTS + 32 * count + 16), 0x56000000);
	assert_int_equal(bench_word(&b, RESULTS + 32 * (count + 1)), 0x400d005);
	bench_fini(&b);
}

static void nothing_is_executed_in_the_illegal_state(void **state)
{
	/* ESR, ELR (offset), SPSR, x5. */
	static const uint64_t want[][4] = {
		/* Flags and masks are the SPSR's, the mode stays EL1h. */
		{ 0x3a000000, 0x30, 0x80100005, 0 },
		{ 0x3a000000, 0x50, 0x001003c5, 1 },
		{ 0x56000000, 0x58, 0x000003c5, 2 },
	};
	struct bench b;

	(void)state;
	bench_init(&b, NULL, false, NULL, program_illegal);
	if (bench_run(&b) != GUEST_ENDED)
		fail_msg("%s", b.error.text);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		uint64_t at = RESULTS + 32 * i;

		assert_int_equal(bench_word(&b, at), want[i][0]);
		assert_int_equal(bench_word(&b, at + 8), CODE + want[i][1]);
		assert_int_equal(bench_word(&b, at + 16), want[i][2]);
		assert_int_equal(bench_word(&b, at + 24), want[i][3]);
	}
	bench_fini(&b);
}

/* ---- several CPUs ---- */

static void two_cpus_share_exclusives(void **state)
{
	uint64_t instructions[2] = { 0, 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bench b;

		bench_init(&b, "cpu.count=2", false, NULL, program_smp);
		if (bench_run(&b) != GUEST_ENDED)
			fail_msg("%s", b.error.text);
		assert_int_equal(bench_word(&b, RESULTS), 0x77);
		assert_int_equal(bench_word(&b, RESULTS + 8), 0x80000001);
		assert_int_equal(bench_word(&b, RESULTS + 16), 0);
		assert_int_equal(bench_word(&b, RESULTS + 24), 0x80000000);
		assert_int_equal(bench_word(&b, RESULTS + 32), 1000);
		assert_true(b.m->cpu[1].instructions > 2000);
		instructions[i] = b.m->cpu[0].instructions;
		bench_fini(&b);
	}
	assert_int_equal(instructions[0], instructions[1]);
}

/* ---- how guests end ---- */

struct ending {
	const char *why;
	uint32_t code[6];
	enum guest_end end;
	const char *says;
};

static void endings_have_their_line(void **state)
{
	static const struct ending cases[] = {
		{ "wfi",
		  { 0xd503207f },
		  GUEST_DIED,
		  "every CPU waits for an interrupt that cannot come" },
		{ "br to 0x1000, which is nothing; VBAR_EL1 is 0",
		  { 0xd2820000, 0xd61f0000 },
		  GUEST_DIED,
		  "the guest jumped nowhere: CPU 0, pc 0x1000" },
		{ "b .",
		  { 0x14000000 },
		  GUEST_LIMIT,
		  "the limit of 1000000 instructions" },
		/* VBAR_EL1 = 0x40080800 - 0x200: the handler is a load of
		 * nothing. adr x0, .+0x600; msr vbar_el1, x0; ldr x1, [xzr
		 * page] by x2 = 0 */
		{ "a handler that faults",
		  { 0x10003000, 0xd518c000, 0xd2800002, 0xf9400041 },
		  GUEST_DIED,
		  "faults in its own fault handler" },
		{ "big-endian data: movz x0, #0x200, lsl #16; msr sctlr_el1",
		  { 0xd2a04000, 0xd5181000, 0xd503201f, 0x14000000 },
		  GUEST_NOT_MODELLED,
		  "big-endian" },
		{ "mrs x0, rndr",
		  { 0xd53b2400, 0x14000000 },
		  GUEST_NOT_MODELLED,
		  "RNDR" },
		{ "msr spsr_el1, #0x10; eret: User mode of AArch32",
		  { 0xd2800200, 0xd5184000, 0x10ffffe0, 0xd5184020,
		    0xd69f03e0 },
		  GUEST_NOT_MODELLED,
		  "AArch32" },
		{ "fmov d0, x0 with CPACR_EL1 0",
		  { 0x9e670000, 0x14000000 },
		  GUEST_NOT_MODELLED,
		  "CPACR_EL1" },
	};
	/* At VBAR_EL1 + 0x200 of the fourth case: ldr x1, [x2]. */
	static const uint32_t handler[] = { 0xf9400041 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct piece code[] = {
			PIECE(CODE, cases[i].code),
			PIECE(CODE + 0x800, handler),
			{ 0, NULL, 0 },
		};
		struct bench b;

		bench_init(&b, NULL, false, NULL, code);
		assert_int_equal(bench_run(&b), cases[i].end);
		if (!strstr(b.error.text, cases[i].says))
			fail_msg("%s: %s", cases[i].why, b.error.text);
		bench_fini(&b);
	}
}

/* Its page is known to Unicorn by then: it cannot be refused any more. */
static void unaligned_ordered_accesses_are_not_modelled(void **state)
{
	/* Over the program's last loads: ldar x4, [x20]; add x20, x20, #4;
	 * ldar x4, [x20]; b . */
	static const uint32_t words[] = { 0xc8dffe84, 0x91001294, 0xc8dffe84,
					  0x14000000 };
	const struct piece code[] = { PIECE(CODE + 0x48, words),
				      { 0, NULL, 0 } };
	struct bench b;

	(void)state;
	bench_init(&b, NULL, false, NULL, program_reports);
	bench_load(&b, code);
	assert_int_equal(bench_run(&b), GUEST_NOT_MODELLED);
	assert_non_null(strstr(b.error.text, "alignment fault of a load-"));
	bench_fini(&b);
}

/* What Unicorn has to say about its own source, on either stream, is not for
 * our users. */
static void a_failed_translation_has_no_other_line(void **state)
{
	/* mov x9, #0x300000; msr cpacr_el1, x9; isb; an unallocated encoding
	 * of FP16 two-register miscellaneous (opcode 0, a 1). */
	static const uint32_t words[] = { 0xd2a00609, 0xd5181049, 0xd5033fdf,
					  0x0ef80800 };
	const struct piece code[] = { PIECE(CODE, words), { 0, NULL, 0 } };
	struct bench b;
	int end, was[2];
	FILE *heard = tmpfile();

	(void)state;
	assert_non_null(heard);
	bench_init(&b, NULL, false, NULL, code);
	for (int i = 0; i < 2; i++) {
		fflush(i ? stderr : stdout);
		was[i] = dup(i + 1);
		dup2(fileno(heard), i + 1);
	}
	end = bench_run(&b);
	for (int i = 0; i < 2; i++) {
		fflush(i ? stderr : stdout);
		dup2(was[i], i + 1);
		close(was[i]);
	}
	assert_int_equal(end, GUEST_NOT_MODELLED);
	assert_non_null(strstr(b.error.text, "fails to translate"));
	assert_int_equal(lseek(fileno(heard), 0, SEEK_END), 0);
	fclose(heard);
	bench_fini(&b);
}

static void the_instruction_limit_is_kept_to_a_block(void **state)
{
	static const uint32_t loop[] = { 0xd503201f, 0xd503201f, 0x17fffffe };
	const struct piece code[] = { PIECE(CODE, loop), { 0, NULL, 0 } };
	struct guest_limits limits = { .instructions = 1000 };
	struct bench b;

	(void)state;
	bench_init(&b, NULL, false, NULL, code);
	guest_start(b.g, CODE, 0);
	assert_int_equal(guest_run(b.g, &limits, &b.error), GUEST_LIMIT);
	assert_in_range(b.m->cpu[0].instructions, 1000, 1002);
	/* And it can go on from there. */
	limits.instructions = 2000;
	assert_int_equal(guest_run(b.g, &limits, &b.error), GUEST_LIMIT);
	assert_in_range(b.m->cpu[0].instructions, 2000, 2002);
	bench_fini(&b);
}

/* ---- semihosting and registers ---- */

static void semihosting_writes_and_tells_arguments(void **state)
{
	/* x1 = block {buffer, size}: SYS_GET_CMDLINE; then SYS_WRITE0 of the
	 * buffer, SYS_WRITEC of its second byte. */
	static const uint32_t code[] = {
		0xd2a80141, /* mov x1, #0x400a0000 */
		0x91010022, /* add x2, x1, #0x40 */
		0xf9000022, /* str x2, [x1] */
		0xd2800403, /* mov x3, #0x20 */
		0xf9000423, /* str x3, [x1, #8] */
		0xd28002a0, /* mov x0, #0x15 */
		0xd45e0000, /* hlt #0xf000 */
		0xf9000820, /* str x0, [x1, #16] */
		0xaa0203e1, /* mov x1, x2 */
		0xd2800080, /* mov x0, #4 */
		0xd45e0000, /* hlt #0xf000 */
		0x91000441, /* add x1, x2, #1 */
		0xd2800060, /* mov x0, #3 */
		0xd45e0000, /* hlt #0xf000 */
		0xd2800820, /* mov x0, #0x41: no such call */
		0xd45e0000, /* hlt #0xf000 */
		0xd2a80144, /* mov x4, #0x400a0000 */
		0xf9000c80, /* str x0, [x4, #24] */
		0xd503207f, /* wfi */
	};
	const struct piece pieces[] = { PIECE(CODE, code), { 0, NULL, 0 } };
	struct bench b;

	(void)state;
	bench_init(&b, NULL, false, NULL, pieces);
	b.m->command_line = "guest one two";
	assert_int_equal(bench_run(&b), GUEST_DIED);
	assert_string_equal(b.console, "guest one twou");
	assert_int_equal(bench_word(&b, RESULTS + 8), 13);
	assert_int_equal(bench_word(&b, RESULTS + 16), 0);
	assert_int_equal(bench_word(&b, RESULTS + 24), ~UINT64_C(0));
	bench_fini(&b);
}

static void registers_say_what_is_modelled(void **state)
{
	static const uint32_t code[] = {
		0xd2a80141, /* mov x1, #0x400a0000 */
		0xd5380400, /* mrs x0, id_aa64pfr0_el1 */
		0xf8008420, /* str x0, [x1], #8 */
		0xd5380720, /* mrs x0, id_aa64mmfr1_el1 */
		0xf8008420, /* str x0, [x1], #8 */
		0xd53be000, /* mrs x0, cntfrq_el0 */
		0xf8008420, /* str x0, [x1], #8 */
		0xd53b00e0, /* mrs x0, dczid_el0 */
		0xf8008420, /* str x0, [x1], #8 */
		0xd2a04000, /* mov x0, #0x2000000: UCI is bit 26, EE 25 */
		0xd2810000, /* mov x0, #0x800 */
		0xd5181000, /* msr sctlr_el1, x0 */
		0xd5381000, /* mrs x0, sctlr_el1 */
		0xf8008420, /* str x0, [x1], #8 */
		0xd53be040, /* mrs x0, cntvct_el0 */
		0xf8008420, /* str x0, [x1], #8 */
		0xd53be040, /* mrs x0, cntvct_el0 */
		0xf8008420, /* str x0, [x1], #8 */
		0xd503207f, /* wfi */
	};
	const struct piece pieces[] = { PIECE(CODE, code), { 0, NULL, 0 } };
	struct bench b;

	(void)state;
	bench_init(&b, NULL, false, NULL, pieces);
	assert_int_equal(bench_run(&b), GUEST_DIED);
	assert_int_equal(bench_word(&b, RESULTS), 0x110011);
	assert_int_equal(bench_word(&b, RESULTS + 8), 0);
	assert_int_equal(bench_word(&b, RESULTS + 16), 62500000);
	assert_int_equal(bench_word(&b, RESULTS + 24), 4);
	assert_int_equal(bench_word(&b, RESULTS + 32), 0x800);
	assert_true(bench_word(&b, RESULTS + 40) > 0);
	assert_true(bench_word(&b, RESULTS + 48) >=
		    bench_word(&b, RESULTS + 40));
	bench_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_access_is_reported_once_in_its_place),
		cmocka_unit_test(aliases_beyond_all_windows_lose_nothing),
		cmocka_unit_test(each_store_to_an_alias_counts_once),
		cmocka_unit_test(stores_to_live_tables_are_recorded),
		cmocka_unit_test(changed_code_is_executed_after_ic_and_isb),
		cmocka_unit_test(far_is_exact_for_every_kind_of_access),
		cmocka_unit_test(exceptions_are_taken_as_hardware_does),
		cmocka_unit_test(maintenance_that_faults_is_taken_precisely),
		cmocka_unit_test(nothing_is_executed_in_the_illegal_state),
		cmocka_unit_test(two_cpus_share_exclusives),
		cmocka_unit_test(endings_have_their_line),
		cmocka_unit_test(unaligned_ordered_accesses_are_not_modelled),
		cmocka_unit_test(a_failed_translation_has_no_other_line),
		cmocka_unit_test(the_instruction_limit_is_kept_to_a_block),
		cmocka_unit_test(semihosting_writes_and_tells_arguments),
		cmocka_unit_test(registers_say_what_is_modelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
