/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine with an IOMMU and a checker that listens: what the unit carries
 * out is heard, of every kind of unit; what the machine does has no finding;
 * configuration that changes behind the unit's back has one, with the access
 * that went by it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/port.h"
#include "sim/check/checker.h"
#include "sim/machine/dma.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu.h"
#include "sim/machine/protocol.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define GFN	 (GUEST_RAM_BASE >> FRAME_LG2)
#define IOVA	 UINT64_C(0x100000000)

struct fixture {
	struct machine_config config;
	struct machine *m;
	struct checker *checker;
	void (*heard)(void *context, struct protocol_event *event);
	unsigned int events[PROTOCOL_KINDS];
	/* The entry that leads to the first device's domain. */
	struct protocol_config leads;
};

static struct fixture *current;

static void hear(void *context, struct protocol_event *e)
{
	current->events[e->kind]++;
	if (e->kind == PROTOCOL_CONFIG && e->config.sid == 8 &&
	    (e->config.kind == PROTOCOL_CONTEXT_ENTRY ||
	     e->config.kind == PROTOCOL_PASID_ENTRY))
		current->leads = e->config;
	current->heard(context, e);
}

/* `sets` ends with NULL. */
static struct machine *start(struct fixture *f, const char *const *sets)
{
	static const char *const base[] = {
		"iommu=vtd-broadwell",
		"guest.ram_mib=16",
		"iommu.0.devices=2",
	};
	const struct checker_config checking = { .cpus = 1 };
	struct protocol_listener *listener;
	struct config_set all[16];
	unsigned int n = 0;
	struct error_line error;

	memset(f, 0, sizeof(*f));
	current = f;
	for (; n < COUNT(base); n++)
		all[n].key_value = base[n];
	for (; sets && *sets; sets++)
		all[n++].key_value = *sets;
	if (!config_load(&f->config, "tiny", NULL, all, n, NULL, &error))
		fail_msg("%s", error.text);
	f->m = machine_new(&f->config, &error);
	f->checker = checker_new(&checking, NULL, NULL);
	assert_true(f->m && f->checker);
	listener = checker_listener(f->checker);
	f->heard = listener->event;
	listener->event = hear;
	assert_true(machine_listen(f->m, listener, false));
	if (!machine_boot(f->m, &error))
		fail_msg("%s", error.text);
	machine_start(f->m);
	return f->m;
}

static void stop(struct fixture *f)
{
	machine_free(f->m);
	checker_free(f->checker);
	config_fini(&f->config);
}

static void assert_clean(const struct fixture *f)
{
	if (checker_findings(f->checker))
		fail_msg("%s: %s",
			 rule_facts(checker_finding(f->checker, 0)->rule)->id,
			 checker_finding(f->checker, 0)->detail);
}

static int64_t call(struct machine *m, uint64_t function, uint64_t a1,
		    uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint64_t x[6] = { function, a1, a2, a3, a4, a5 };
	struct machine_start ignored;

	assert_true(machine_hypercall(m, &m->cpu[0], x, &ignored));
	return (int64_t)x[0];
}

static void dma(struct machine *m, uint64_t iova)
{
	const struct dma_access a = { .iova = { iova }, .bytes = 64 };

	(void)dma_perform(m->iommus, &m->cpu[0], &a);
}

/* ---- what is heard ---- */

static void work(struct machine *m)
{
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, IOVA, GFN, 1024, 3), 0);
	dma(m, IOVA);
	dma(m, IOVA + 0x5000);
	assert_int_equal(call(m, IOMMU_CALL_UNMAP, 0, IOVA + 0x5000, 1, 0, 0),
			 0);
	dma(m, IOVA);
	assert_int_equal(call(m, IOMMU_CALL_MAP, 0, IOVA + 0x5000, GFN + 5, 1,
			      3),
			 0);
	dma(m, IOVA + 0x5000);
	assert_int_equal(call(m, IOMMU_CALL_UNMAP, 0, IOVA, 1024, 0, 0), 0);
}

static void what_a_unit_carries_out_is_heard(void **state)
{
	static const char *const kinds[][6] = {
		{ NULL },
		{ "iommu.0.queued=off", NULL },
		{ "iommu.0.coherent=off", NULL },
		{ "iommu.0.coherent=off", "policy.iommu.clean=top-only",
		  "policy.iommu.coalesce=eager", NULL },
		{ "iommu.0.write_buffer_flush=on", NULL },
		{ "iommu.0.caching_mode=on", NULL },
		{ "iommu.0.page_selective=off", NULL },
		{ "iommu.0.scalable_mode=on", "iommu.0.mode=scalable", NULL },
		{ "policy.iommu.flush=deferred:4",
		  "policy.iommu.coalesce=eager", NULL },
		{ "iommu.0.populate=guest", "policy.iommu.coalesce=eager",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct fixture f;
		struct machine *m = start(&f, kinds[i]);
		bool guest = i == COUNT(kinds) - 1;

		if (guest)
			assert_int_equal(call(m, 0xC6000002, GFN + 9, 3, 0, 0,
					      0),
					 0);
		else
			work(m);
		assert_clean(&f);
		/* Before its driver starts it, and after. */
		assert_int_equal(f.events[PROTOCOL_UNIT], 2);
		assert_true(f.events[PROTOCOL_CONFIG] >= 2);
		assert_true(f.events[PROTOCOL_CONFIG_DROP] >= 1);
		assert_true(f.events[PROTOCOL_UNIT_TLBI] >= 2);
		assert_true(f.events[PROTOCOL_UNIT_WAIT] >= 2);
		assert_true(f.leads.address);
		assert_true((f.events[PROTOCOL_UNIT_BUFFER] > 0) == (i == 4));
		stop(&f);
	}
}

/* ---- behind the unit's back ---- */

static void change_word(struct machine *m, uint64_t at, uint64_t value)
{
	uint64_t *page =
		port_table_map(m->hypervisor, (pa_t){ at & ~UINT64_C(4095) });

	port_pte_write(m->hypervisor, page + (at & 4095) / 8, value);
	port_table_unmap(m->hypervisor, page);
	port_barrier(m->hypervisor, PORT_DSB_ISHST);
}

static void a_changed_entry_goes_on_being_used(void **state)
{
	static const char *const kinds[][3] = {
		{ NULL },
		{ "iommu.0.scalable_mode=on", "iommu.0.mode=scalable", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct fixture f;
		struct machine *m = start(&f, kinds[i]);
		const struct finding *found;

		assert_int_equal(call(m, IOMMU_CALL_MAP, 0, IOVA, GFN, 1, 3),
				 0);
		dma(m, IOVA);
		assert_clean(&f);
		m->operation = "detach";
		change_word(m, f.leads.address, 0);
		protocol_done(m);
		assert_int_equal(checker_findings(f.checker), 1);
		found = checker_finding(f.checker, 0);
		assert_string_equal(rule_facts(found->rule)->id,
				    "iommu-config-held");
		assert_string_equal(found->source.operation, "detach");
		assert_int_equal(found->use_event, 0);
		dma(m, IOVA);
		assert_true(found->use_event && found->use_by_device);
		assert_int_equal(found->use_sid, 8);
		assert_int_equal(found->use_va, IOVA);
		stop(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_unit_carries_out_is_heard),
		cmocka_unit_test(a_changed_entry_goes_on_being_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
