/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The EL2 program with the core: boots a guest through stage 2, serves it to
 * its end, audits the tables, takes them down, and reports as JSON. Exit
 * status 0: the guest ended by its own will with status 0 and nothing else was
 * found; 1: a finding; 2: arguments; 4: the guest died; 70: a bug.
 */
#include "console.h"
#include "hardware.h"
#include "host.h"

void el2_main(void);
_Noreturn void el2_exception(uint64_t esr, uint64_t elr, uint64_t far);

_Noreturn void el2_exception(uint64_t esr, uint64_t elr, uint64_t far)
{
	report("el2core: exception at EL2: esr ");
	report_hex(esr);
	report(", elr ");
	report_hex(elr);
	report(", far ");
	report_hex(far);
	report("\n");
	el2_exit(70);
}

/* ---- the report */

static void report_p2m(const struct host *h, const struct p2m_stats *s)
{
	/* Leaves by their name with the 4K granule, as in p2msim's. */
	report("\"p2m\": {\"ops\": {");
	report_member("map", h->ops_map, 1);
	report_member("unmap", h->ops_unmap, 0);
	report_member("protect", h->ops_protect, 0);
	report_member("fault", h->ops_fault, 0);
	report("}");
	report_member("splits", s->splits, 0);
	report_member("coalesces", s->coalesces, 0);
	report_member("pte_writes", s->pte_writes, 0);
	report(", \"tables\": {");
	report_member("live", s->tables_live, 1);
	report_member("peak", s->tables_peak, 0);
	report_member("allocated", s->tables_allocated, 0);
	report_member("freed", s->tables_freed, 0);
	report("}, \"mappings\": {");
	report_member("4K", s->mappings[3], 1);
	report_member("2M", s->mappings[2], 0);
	report_member("1G", s->mappings[1], 0);
	report("}, \"tlbi\": {");
	report_member("vmid", s->tlbi_vmid, 1);
	report_member("ipa", s->tlbi_ipa, 0);
	report_member("range", s->tlbi_range, 0);
	report("}");
	report_member("cleans", s->cleans, 0);
	report_member("barriers", s->barriers, 0);
	report("}");
}

static void report_setway(const struct host *h)
{
	const struct p2m_setway *s = &h->setway;

	report(", \"setway\": {");
	report_member("batches", s->batches, 1);
	report_member("frames_cleaned", s->frames_cleaned, 0);
	report_member("bytes_cleaned", h->cleaned_bytes, 0);
	report_member("faults", s->faults, 0);
	report_member("invalidations", s->invalidations, 0);
	report(", \"marks\": [");
	for (unsigned int i = 0; i < h->marks; i++) {
		report(i ? ", {" : "{");
		report_member("id", h->mark[i].id, 1);
		report_member("batches", h->mark[i].batches, 0);
		report_member("frames_cleaned", h->mark[i].frames, 0);
		report_member("faults", h->mark[i].faults, 0);
		report_member("invalidations", h->mark[i].invalidations, 0);
		report("}");
	}
	report("]}");
}

static const char *end_name(enum guest_end end)
{
	static const char *const names[] = { "none",  "exit",  "off",
					     "waits", "stuck", "unknown" };

	return names[end];
}

static void report_guest(const struct host *h)
{
	report("{\"guest\": {\"end\": \"");
	report(end_name(h->end));
	report("\"");
	report_member("exit", h->exit_status, 0);
	report_member("esr", h->end_esr, 0);
	report_member("pc", h->guest.pc, 0);
	report_member("aborts", h->aborts, 0);
	report("}, ");
}

static void report_rest(const struct host *h, uint64_t asked, uint64_t wrong)
{
	const struct p2m_stats *s = &h->p2m.stats;

	report(", \"space\": {");
	report_member("start_level", h->p2m.start_level, 1);
	report_member("root_tables", UINT64_C(1) << h->p2m.root_order, 0);
	report_member("leaves_0", s->mappings[0], 0);
	report("}, \"audit\": {");
	report_member("pages", asked, 1);
	report_member("mismatches", wrong, 0);
	report_member("unbroken", h->unbroken, 0);
	report_member("unclean", h->unclean, 0);
	report("}");
	report_setway(h);
}

/* Pages and calls; what core counts and what the pool counts. */
static void report_end(const struct host *h)
{
	const struct p2m_stats *s = &h->p2m.stats;

	report(", \"end\": {");
	report_member("allocated", s->tables_allocated, 1);
	report_member("freed", s->tables_freed, 0);
	report_member("live", s->tables_live, 0);
	report_member("pool_taken", h->pool.taken, 0);
	report_member("pool_given_back", h->pool.given_back, 0);
	report_member("pool_live_pages", h->pool.live_pages, 0);
	report("}}\n");
}

/* ---- a life */

static void boot(struct host *h)
{
	const char *why;
	int rc;

	h->line_bytes = UINT64_C(4) << (SYSREG_READ(ctr_el0) >> 16 & 15);
	pool_init(h);
	backing_init(h);
	why = guest_load(h, &h->guest.pc);
	if (why) {
		report("el2core: ");
		report(why);
		report("\n");
		el2_exit(3);
	}
	rc = hypervisor_boot(h);
	if (rc) {
		report(rc == ERR_UNSUPPORTED
			       ? "el2core: set/way tracking is refused: -"
			       : "el2core: the p2m cannot be made: -");
		report_number((uint64_t)-rc);
		report("\n");
		el2_exit(3);
	}
	h->guest.pstate = 0x3c5;
	trap_registers(h);
}

/* Stage 2 goes off before its tables go. */
static bool take_down(struct host *h)
{
	int rc;

	SYSREG_WRITE(hcr_el2, HCR_RW);
	BARRIER("isb");
	do {
		rc = p2m_fini(&h->p2m);
	} while (rc == ERR_PREEMPTED);
	return rc == 0 && h->pool.live_pages == 0 &&
	       h->pool.taken == h->pool.given_back &&
	       h->p2m.stats.tables_live == 0 &&
	       h->p2m.stats.tables_allocated == h->p2m.stats.tables_freed;
}

static uint64_t verdict(const struct host *h, bool clean)
{
	if (h->end >= END_WAITS)
		return 4;
	return !clean || h->unclean || h->exit_status ||
	       (h->options.p2m.bbm_level == 0 && h->unbroken);
}

void el2_main(void)
{
	struct host host = { 0 }, *h = &host;
	struct p2m_stats before;
	uint64_t asked, wrong;
	bool clean;

	if (!options_load(&h->options))
		el2_exit(2);
	boot(h);
	h->in_guest_time = true;
	while (h->end == END_NONE)
		trap_serve(h, guest_enter(&h->guest));
	h->in_guest_time = false;
	before = h->p2m.stats;
	wrong = audit_all(h, &asked);
	report_guest(h);
	report_p2m(h, &before);
	report_rest(h, asked, wrong);
	clean = take_down(h);
	report_end(h);
	el2_exit(verdict(h, clean && wrong == 0));
}
