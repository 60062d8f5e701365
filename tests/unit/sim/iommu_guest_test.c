/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An SMMUv3 that is the guest's own: whatever addresses it is given, nothing
 * but the guest's memory is read or written, and that as the p2m permits.
 * IHI0070 G.b 6.3; structures spelled from 5.2, 7.1, 7.2.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/machine/dma.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define PAGE	 FRAME_BYTES
/* Pages of the guest's: a stream table, a queue of events, one of commands. */
#define STREAMS	 (GUEST_RAM_BASE + 0x100000)
#define EVENTS	 (GUEST_RAM_BASE + 0x101000)
#define COMMANDS (GUEST_RAM_BASE + 0x102000)
#define DATA	 (GUEST_RAM_BASE + 0x103000)

enum {
	IDR0 = 0x00,
	CR0 = 0x20,
	IRQ_CTRL = 0x50,
	GERROR = 0x60,
	GERRORN = 0x64,
	STRTAB_BASE = 0x80,
	STRTAB_BASE_CFG = 0x88,
	CMDQ_BASE = 0x90,
	CMDQ_PROD = 0x98,
	CMDQ_CONS = 0x9c,
	EVENTQ_BASE = 0xa0,
	EVENTQ_IRQ_CFG0 = 0xb0,
	EVENTQ_IRQ_CFG1 = 0xb8,
	EVENTQ_PROD = 0x100a8,
	EVENTQ_CONS = 0x100ac,
};

struct fixture {
	struct machine_config config;
	struct machine *m;
};

static struct machine *start(struct fixture *f, const char *set)
{
	const struct config_set all[] = { { "iommu=smmu-guest" },
					  { "guest.ram_mib=16" },
					  { "guest.backing=random" },
					  { "cpu.pa_bits=48" },
					  { set } };
	struct error_line error;

	if (!config_load(&f->config, "tiny", NULL, all, set ? 5 : 4, NULL,
			 &error))
		fail_msg("%s", error.text);
	f->m = machine_new(&f->config, &error);
	if (!f->m || !machine_boot(f->m, &error))
		fail_msg("%s", error.text);
	machine_start(f->m);
	return f->m;
}

static void stop(struct fixture *f)
{
	machine_free(f->m);
	config_fini(&f->config);
}

/* Registers as the guest's loads and stores reach them, its MMU off. */
static uint64_t access_register(struct machine *m, uint32_t offset,
				unsigned int size, bool write, uint64_t value)
{
	uint64_t at = GUEST_SMMU_BASE + offset;

	machine_mmio(m, &m->cpu[0], (va_t){ at }, (ipa_t){ at }, size, write,
		     &value);
	return value;
}

static uint32_t get(struct machine *m, uint32_t offset)
{
	return (uint32_t)access_register(m, offset, 4, false, 0);
}

static void set(struct machine *m, uint32_t offset, uint32_t value)
{
	access_register(m, offset, 4, true, value);
}

static void set_wide(struct machine *m, uint32_t offset, uint64_t value)
{
	access_register(m, offset, 8, true, value);
}

static void put(struct machine *m, uint64_t at, uint64_t word)
{
	assert_true(
		machine_guest_copy_in(m, (ipa_t){ at }, &word, sizeof(word)));
}

static uint64_t word_at(struct machine *m, uint64_t at)
{
	uint64_t word;

	assert_true(
		machine_guest_copy_out(m, (ipa_t){ at }, &word, sizeof(word)));
	return word;
}

static void dma(struct machine *m, uint64_t at, uint64_t *word, bool write)
{
	const struct dma_access a = { .iova = { at },
				      .bytes = sizeof(*word),
				      .write = write,
				      .data = (uint8_t *)word };

	(void)dma_perform(m->iommus, &m->cpu[0], &a);
}

static int64_t call(struct machine *m, uint64_t function, uint64_t a1,
		    uint64_t a2, uint64_t a3)
{
	uint64_t x[6] = { function, a1, a2, a3, 1, 3 };
	struct machine_start ignored;

	assert_true(machine_hypercall(m, &m->cpu[0], x, &ignored));
	return (int64_t)x[0];
}

static int64_t count(struct machine *m, const char *group, const char *key)
{
	json_t *all = iommus_json(m->iommus);
	int64_t value = json_integer_value(json_object_get(
		json_object_get(json_array_get(all, 0), group), key));

	json_decref(all);
	return value;
}

static int64_t dma_count(struct machine *m, const char *key)
{
	return count(m, "dma", key);
}

/* Stream 8 bypasses, queues are in order, all is on. */
static void turn_on(struct machine *m)
{
	put(m, STREAMS + 8 * 64, 1 | 4 << 1);
	put(m, STREAMS + 8 * 64 + 8, UINT64_C(1) << 44);
	set_wide(m, STRTAB_BASE, STREAMS);
	set(m, STRTAB_BASE_CFG, 6);
	set_wide(m, EVENTQ_BASE, EVENTS | 2);
	set_wide(m, CMDQ_BASE, COMMANDS | 2);
	set(m, CR0, 0xd);
}

/* ---- what is not the guest's ---- */

/* Machine memory: the hypervisor's tables, then all of the guest's. */
static uint8_t *image(struct machine *m)
{
	uint8_t *copy = malloc(m->ram.bytes);

	assert_non_null(copy);
	memcpy(copy, ram_host(&m->ram, m->ram.base), m->ram.bytes);
	return copy;
}

static void is_still(struct machine *m, const uint8_t *before)
{
	assert_memory_equal(ram_host(&m->ram, m->ram.base), before,
			    m->ram.bytes);
}

/* Addresses of machine memory, and around the guest's own. */
static const uint64_t foreign[] = {
	0,
	GUEST_UART_BASE,
	GUEST_RAM_BASE - PAGE,
	GUEST_RAM_BASE + (UINT64_C(16) << 20),
	MACHINE_BASE_PA + GUEST_RAM_BASE,
	MACHINE_BASE_PA + GUEST_RAM_BASE - PAGE,
	MACHINE_BASE_PA + GUEST_RAM_BASE - (UINT64_C(2) << 20),
	UINT64_C(0xfffffffff000),
};

static void devices_reach_nothing_else(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);
	uint8_t *before;

	(void)state;
	for (int on = 0; on < 2; on++) {
		if (on)
			turn_on(m);
		before = image(m);
		for (size_t i = 0; i < COUNT(foreign); i++) {
			uint64_t word = 0x1122334455667788;

			dma(m, foreign[i], &word, true);
			dma(m, foreign[i], &word, false);
			assert_int_equal(word, 0);
		}
		assert_int_equal(dma_count(m, "unclaimed"),
				 (on + 1) * 2 * COUNT(foreign));
		is_still(m, before);
		free(before);
	}
	assert_int_equal(dma_count(m, "bytes"), 0);
	stop(&f);
}

static void queues_and_tables_reach_nothing_else(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(foreign); i++) {
		uint8_t *before;
		uint64_t word;

		set(m, CR0, 0);
		set(m, CMDQ_PROD, 0);
		set(m, CMDQ_CONS, 0);
		set(m, GERRORN, get(m, GERROR));
		turn_on(m);
		set(m, CR0, 0);
		/* No command can be fetched: CERROR_ABT. */
		set_wide(m, CMDQ_BASE, (foreign[i] & ~UINT64_C(31)) | 2);
		set(m, CMDQ_PROD, 1);
		/* No stream is found: F_STE_FETCH, whose record goes nowhere:
		 * EVENTQ_ABT_ERR. */
		set_wide(m, STRTAB_BASE, foreign[i]);
		set_wide(m, EVENTQ_BASE, (foreign[i] & ~UINT64_C(31)) | 2);
		before = image(m);
		set(m, CR0, 0xd);
		assert_int_equal((get(m, GERROR) ^ get(m, GERRORN)), 1);
		assert_int_equal(get(m, CMDQ_CONS) >> 24, 2);
		dma(m, DATA, &word, false);
		assert_int_equal((get(m, GERROR) ^ get(m, GERRORN)), 5);
		assert_int_equal(get(m, EVENTQ_PROD), 0);
		is_still(m, before);
		free(before);
	}
	assert_int_equal(dma_count(m, "faulted"), COUNT(foreign));
	stop(&f);
}

/* ---- what is ---- */

static void devices_reach_the_guests_memory(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);
	uint64_t word = 0x1122334455667788;

	(void)state;
	turn_on(m);
	dma(m, DATA, &word, true);
	assert_int_equal(word_at(m, DATA), 0x1122334455667788);
	put(m, DATA + 8, 77);
	dma(m, DATA + 8, &word, false);
	assert_int_equal(word, 77);
	assert_int_equal(dma_count(m, "unclaimed"), 0);
	stop(&f);
}

static void what_the_guest_may_not_write_is_not_written(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);
	uint64_t word = 5;

	(void)state;
	turn_on(m);
	put(m, DATA, 1);
	assert_int_equal(call(m, 0xC6000003, DATA >> 12, 1, 1), 0);
	dma(m, DATA, &word, true);
	assert_int_equal(word_at(m, DATA), 1);
	dma(m, DATA, &word, false);
	assert_int_equal(word, 1);
	/* Nor read, once it is given away, cached translation or not. */
	assert_int_equal(call(m, 0xC6000002, DATA >> 12, 1, 0), 0);
	dma(m, DATA, &word, false);
	assert_int_equal(word, 0);
	assert_int_equal(dma_count(m, "unclaimed"), 2);
	/* Events to a page that is read-only: aborted. */
	put(m, STREAMS + 8 * 64, 0);
	put(m, COMMANDS, 0x04);
	put(m, COMMANDS + 8, 31);
	set(m, CMDQ_PROD, 1);
	assert_int_equal(call(m, 0xC6000003, EVENTS >> 12, 1, 1), 0);
	dma(m, DATA + PAGE, &word, false);
	assert_int_equal((get(m, GERROR) ^ get(m, GERRORN)), 4);
	assert_int_equal(word_at(m, EVENTS), 0);
	stop(&f);
}

static void pages_that_faults_populate_are_populated(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, "policy.p2m.populate=fault");
	uint64_t word = 9;

	(void)state;
	turn_on(m); /* its STE is there, but no page is mapped */
	dma(m, DATA, &word, true);
	assert_int_equal(word_at(m, DATA), 9);
	/* The stream table's, and the data's. */
	assert_int_equal(m->hypervisor->ops_fault, 2);
	stop(&f);
}

static void an_event_is_where_the_guest_finds_it(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);
	uint64_t word;

	(void)state;
	turn_on(m);
	put(m, STREAMS + 8 * 64, 0);
	dma(m, DATA, &word, false);
	/* C_BAD_STE of stream 8. */
	assert_int_equal(word_at(m, EVENTS), UINT64_C(8) << 32 | 0x04);
	assert_int_equal(get(m, EVENTQ_PROD), 1);
	stop(&f);
}

/* By wire, or as a message where EVENTQ_IRQ_CFG0 says, which is an address of
 * the guest's; one as the queue stops being empty. IHI0070 G.b 3.18. */
static void interrupts_are_counted_and_messages_arrive(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);
	uint64_t word = 0;

	(void)state;
	turn_on(m);
	put(m, STREAMS + 8 * 64, 0);
	dma(m, DATA, &word, false);
	assert_int_equal(get(m, EVENTQ_PROD), 1);
	assert_int_equal(count(m, "interrupts", "wired"), 0);
	set(m, EVENTQ_CONS, 1);
	set(m, IRQ_CTRL, 4);
	for (int i = 0; i < 2; i++)
		dma(m, DATA, &word, false);
	assert_int_equal(get(m, EVENTQ_PROD), 3);
	assert_int_equal(count(m, "interrupts", "wired"), 1);
	assert_int_equal(count(m, "interrupts", "msi"), 0);
	set(m, EVENTQ_CONS, 3);
	set(m, IRQ_CTRL, 0);
	set_wide(m, EVENTQ_IRQ_CFG0, DATA);
	set(m, EVENTQ_IRQ_CFG1, 0x5a5a);
	set(m, IRQ_CTRL, 4);
	dma(m, DATA, &word, false);
	assert_int_equal(word_at(m, DATA), 0x5a5a);
	assert_int_equal(count(m, "interrupts", "wired"), 1);
	assert_int_equal(count(m, "interrupts", "msi"), 1);
	stop(&f);
}

static void registers_trap_as_those_of_devices_do(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);
	uint64_t mmio = m->cpu[0].by[BUCKET_MMIO];
	uint64_t trap = m->cpu[0].by[BUCKET_TRAP];
	uint64_t work;

	(void)state;
	assert_int_equal(get(m, IDR0) & 3, 3);
	assert_int_equal(m->cpu[0].by[BUCKET_MMIO] - mmio,
			 m->config.mmio_cycles * CYCLE);
	assert_int_equal(m->cpu[0].by[BUCKET_TRAP] - trap,
			 m->config.trap_cycles * CYCLE);
	/* Halves of 64 bits, and both. */
	set(m, CMDQ_BASE, 0x40002000);
	set(m, CMDQ_BASE + 4, 1);
	assert_int_equal(access_register(m, CMDQ_BASE, 8, false, 0),
			 0x140002000);
	/* Who waits for commands is the guest. */
	turn_on(m);
	put(m, COMMANDS, 0x46);
	work = m->cpu[0].by[BUCKET_HYPERVISOR];
	set(m, CMDQ_PROD, 1);
	assert_int_equal(get(m, CMDQ_CONS), 1);
	assert_true(m->cpu[0].by[BUCKET_HYPERVISOR] - work >=
		    iommu_ticks(m, m->config.iommu[0].descriptor_ns));
	assert_int_equal(m->divergences, 0);
	stop(&f);
}

/* The hypervisor maps nothing for devices behind it. */
static void there_are_no_domains(void **state)
{
	struct fixture f;
	struct machine *m = start(&f, NULL);

	(void)state;
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, 0x100000, DATA >> 12),
			 -ENODEV);
	assert_int_equal(call(m, IOMMU_CALL_UNMAP, 0, 0x100000, 1), -ENODEV);
	stop(&f);
}

/* Beside one that the hypervisor drives: each device behind its own. */
static void others_stay_the_hypervisors(void **state)
{
	struct fixture f;
	struct machine *m =
		start(&f, "iommu=[\"vtd-broadwell\",\"smmu-guest\"]");
	const struct dma_access second = { .device = 1,
					   .iova = { DATA },
					   .bytes = 8,
					   .write = true,
					   .data = (uint8_t[8]){ 3 } };

	(void)state;
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, 0x100000, DATA >> 12), 0);
	assert_int_equal(call(m, IOMMU_CALL_MAP, 1, 0x100000, DATA >> 12),
			 -ENODEV);
	(void)dma_perform(m->iommus, &m->cpu[0], &second);
	assert_int_equal(word_at(m, DATA), 3);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_reach_nothing_else),
		cmocka_unit_test(queues_and_tables_reach_nothing_else),
		cmocka_unit_test(devices_reach_the_guests_memory),
		cmocka_unit_test(what_the_guest_may_not_write_is_not_written),
		cmocka_unit_test(pages_that_faults_populate_are_populated),
		cmocka_unit_test(an_event_is_where_the_guest_finds_it),
		cmocka_unit_test(interrupts_are_counted_and_messages_arrive),
		cmocka_unit_test(registers_trap_as_those_of_devices_do),
		cmocka_unit_test(there_are_no_domains),
		cmocka_unit_test(others_stay_the_hypervisors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
