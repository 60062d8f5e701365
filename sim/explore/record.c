/* SPDX-License-Identifier: BSD-2-Clause */
/* See record.h. */
#include "sim/explore/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/format/arm_s2.h"
#include "sim/explore/clean.h"
#include "sim/explore/record_domain.h"
#include "sim/machine/hypervisor.h"

/* ---- the machine */

static void without_cache(struct cache_config *cache)
{
	cache->bytes = 0;
}

bool record_machine(struct machine_config *config, struct core_library *core,
		    struct error_line *error)
{
	static const struct config_set small = { "guest.ram_mib=64" };

	if (!config_load(config, NULL, NULL, &small, 1, NULL, error))
		return false;
	config->core = core;
	without_cache(&config->memory.l1i);
	without_cache(&config->memory.l1d);
	without_cache(&config->memory.l2);
	without_cache(&config->memory.llc);
	config->mmu.l1i_tlb.entries = config->mmu.l1d_tlb.entries = 0;
	config->mmu.l2_tlb.entries = config->mmu.s2_tlb.entries = 0;
	config->mmu.walk_cache_s1.entries = 0;
	config->mmu.walk_cache_s2.entries = 0;
	return true;
}

/* ---- listening */

static void recording_add(struct recording *r, const struct protocol_event *e)
{
	if (r->events == RECORD_STEPS_MAX) {
		r->overflown = true;
		return;
	}
	if (r->events == r->room) {
		const size_t room = r->room ? r->room * 2 : 1024;
		struct protocol_event *more =
			realloc(r->event, room * sizeof(*more));

		if (!more) {
			r->failed = true;
			return;
		}
		r->event = more;
		r->room = room;
	}
	r->event[r->events] = *e;
	r->event[r->events].number = r->events + 1;
	r->events++;
}

struct listening {
	struct recording *r;
	bool started; /* the operation; before, only tables are noted */
	bool trap;
	const struct hypervisor *h;
	const struct scenario *scenario;
	unsigned int granule_lg2;
	const struct ram *ram;
	const struct record_filter *filter;
	bool cleans; /* the core does, for walkers past the caches */
	struct cleaner cleaner;
	struct record_domain domain;
};

static bool is_left_out(const struct scenario *s,
			const struct protocol_event *e)
{
	const bool dsb = e->kind == PROTOCOL_BARRIER &&
			 e->barrier == PROTOCOL_DSB;
	const bool tlbi = e->kind == PROTOCOL_TLBI;

	return (s->without[WITHOUT_CLEAN] && e->kind == PROTOCOL_CLEAN) ||
	       (s->without[WITHOUT_DSB_STORES] && dsb &&
		e->access == PROTOCOL_STORES) ||
	       (s->without[WITHOUT_DSB] && dsb && e->access == PROTOCOL_ALL) ||
	       (s->without[WITHOUT_TLBI] && tlbi && e->tlbi.stage2) ||
	       (s->without[WITHOUT_TLBI_COMBINED] && tlbi && !e->tlbi.stage2) ||
	       (s->without[WITHOUT_IOTLB] && e->kind == PROTOCOL_IOTLB) ||
	       (s->without[WITHOUT_IOTLB_WAIT] &&
		e->kind == PROTOCOL_IOTLB_WAIT) ||
	       (s->without[WITHOUT_WRITE_BUFFER] &&
		e->kind == PROTOCOL_WRITE_BUFFER);
}

/* The freed page goes as soon as the last store before it is made. */
static void free_early(struct recording *r)
{
	const struct protocol_event freed = r->event[r->events - 1];
	size_t at = r->events - 1;

	while (at > 0 && r->event[at - 1].kind != PROTOCOL_WRITE &&
	       r->event[at - 1].kind != PROTOCOL_TABLE_FREE)
		at--;
	memmove(&r->event[at + 1], &r->event[at],
		(r->events - 1 - at) * sizeof(freed));
	r->event[at] = freed;
}

static void hear_one(void *context, const struct protocol_event *e)
{
	struct listening *l = context;

	if (is_left_out(l->scenario, e))
		return;
	if (!l->filter || !l->filter->drops(l->filter->context, e))
		recording_add(l->r, e);
	if (e->kind == PROTOCOL_TABLE_FREE && !l->r->failed &&
	    !l->r->overflown && l->scenario->without[WITHOUT_FLUSH_BEFORE_FREE])
		free_early(l->r);
}

/* Which pages are tables, linked or not. */
static void note_tables(struct listening *l, const struct protocol_event *e)
{
	const uint64_t base = l->h->pool.base.raw;

	if (e->kind != PROTOCOL_TABLE_ALLOC && e->kind != PROTOCOL_TABLE_FREE)
		return;
	memset(l->r->live + ((e->address - base) >> l->granule_lg2),
	       e->kind == PROTOCOL_TABLE_ALLOC, e->bytes >> l->granule_lg2);
}

/* Zeroing a table is a store to each of its words. */
static void hear(void *context, struct protocol_event *event)
{
	struct listening *l = context;
	struct protocol_event e = *event;
	const uint64_t end = e.address + e.bytes;

	if (!l->started) {
		note_tables(l, &e);
		return;
	}
	/* What the core cleaned is complete after every barrier: port.h. */
	if (e.kind == PROTOCOL_BARRIER && l->cleans)
		e.access = PROTOCOL_ALL;
	if (e.kind != PROTOCOL_WRITE) {
		cleaner_pass(&l->cleaner, &e);
		return;
	}
	/* The store is still to come. */
	for (e.bytes = 8; e.address < end; e.address += 8) {
		e.old = ram_read64(l->ram, (pa_t){ e.address });
		cleaner_pass(&l->cleaner, &e);
	}
}

/* ---- the calls */

/* `trap`: HCR_EL2.TVM as the last of the set/way calls left it. */
static int do_call(struct hypervisor *h, const struct scenario_call *c,
		   bool *trap)
{
	const struct p2m_ops *core = h->core;
	uint64_t done;

	switch (c->what) {
	case DO_MAP:
		return core->map(h->space, c->gfn, c->mfn, c->frames, c->type,
				 c->access, &done);
	case DO_REMOVE:
		return core->remove(h->space, c->gfn, c->frames, &done);
	case DO_PROTECT:
		return core->protect(h->space, c->gfn, c->frames, c->access,
				     &done);
	case DO_CHANGE_TYPE:
		return core->change_type
			       ? core->change_type(h->space, c->gfn, c->frames,
						   c->from, c->type, &done)
			       : ERR_UNSUPPORTED;
	case DO_RELINQUISH:
		return core->relinquish ? core->relinquish(h->space)
					: ERR_UNSUPPORTED;
	case DO_TEARDOWN:
		return core->fini(h->space);
	case DO_TICK:
		if (core->tick)
			core->tick(h->space);
		return core->tick ? 0 : ERR_UNSUPPORTED;
	case DO_FAULT:
		return core->fault ? core->fault(h->space, c->gfn)
				   : ERR_UNSUPPORTED;
	case DO_SETWAY_START:
		core->setway_start(h->space);
		return 0;
	case DO_SETWAY_TRAP:
		return core->setway_trap(h->space, trap);
	case DO_SETWAY_TOGGLE:
		return core->setway_toggle(h->space, c->was, c->is, trap);
	case DO_UNMAP:
	case DO_FLUSH:
	case DO_COUNT:
		break;
	}
	return ERR_INVAL;
}

/* Of a p2m or of a domain. */
static int do_one(struct listening *l, struct hypervisor *h,
		  const struct scenario_call *c)
{
	return l->scenario->domain ? record_domain_call(&l->domain, c)
				   : do_call(h, c, &l->trap);
}

static bool refused(const struct scenario *s, const struct scenario_call *c,
		    const char *list, unsigned int index, int rc,
		    struct error_line *error)
{
	const char *why = "refuses it";

	switch (rc) {
	case ERR_RANGE:
		why = "finds it beyond the space";
		break;
	case ERR_ALIGN:
		why = "wants whole granules";
		break;
	case ERR_NOENT:
		why = "finds nothing mapped there";
		break;
	case ERR_NOMEM:
		why = "has no memory for its tables";
		break;
	case ERR_UNSUPPORTED:
		return error_set(error, EXIT_NOT_MODELLED,
				 "%s: %s.%u: the core does not offer '%s'",
				 s->name, list, index,
				 scenario_do_name(c->what));
	default:
		break;
	}
	return error_set(error, EXIT_INPUT, "%s: %s.%u: %s: the core %s (%d)",
			 s->name, list, index, scenario_do_name(c->what), why,
			 rc);
}

static bool do_calls(struct hypervisor *h, const struct scenario *s,
		     struct recording *r, struct listening *listening,
		     struct error_line *error)
{
	for (unsigned int i = 0; i < s->calls; i++) {
		const int rc = do_one(listening, h, &s->call[i]);

		if (rc)
			return refused(s, &s->call[i], "operation", i, rc,
				       error);
		if (r->overflown)
			return error_set(error, EXIT_INPUT,
					 "%s: operation.%u: %s: more than %" PRIu64
					 " steps by then; want a smaller range",
					 s->name, i,
					 scenario_do_name(s->call[i].what),
					 (uint64_t)RECORD_STEPS_MAX);
		cleaner_end(&listening->cleaner);
		r->call[i] = (struct explore_call){
			.end = r->events,
			.detached = s->call[i].what == DO_TEARDOWN,
			.deferred = s->domain &&
				    record_domain_defers(&listening->domain,
							 &s->call[i]),
			.maps = s->domain && s->call[i].what == DO_MAP &&
				s->call[i].frames != 0,
			.first = iova_from_dfn(s->call[i].dfn).raw,
			.last = iova_from_dfn(s->call[i].dfn).raw +
				(s->call[i].frames << FRAME_LG2) - 1,
		};
	}
	return true;
}

/*
 * IOMMUs walk the tables, too: the core is told, and tells and cleans for them.
 * One that cannot share serves those that hear broadcasts all the same: its
 * host cleans.
 */
static bool share(struct listening *l, struct hypervisor *h,
		  const struct scenario *s, struct error_line *error)
{
	struct p2m_sharing how = {
		.broadcast = true,
		.range = true,
		.bbm_level = s->p2m.bbm_level,
	};
	int rc = ERR_UNSUPPORTED;

	for (unsigned int i = 0; i < s->observers; i++)
		how.broadcast &= !s->observer[i].queue;
	if (scenario_is_noncoherent(s))
		how.clean = (enum pt_clean_policy)(PT_CLEAN_ENTRY +
						   (int)s->clean);
	if (h->core->share)
		rc = h->core->share(h->space, &how);
	l->cleans = rc == 0 && how.clean != PT_CLEAN_NONE;
	if (rc == 0 || (rc == ERR_UNSUPPORTED && how.broadcast))
		return true;
	return error_set(error, EXIT_NOT_MODELLED,
			 "%s: observers: core '%s' does not share with an IOMMU without broadcast",
			 s->name, h->core->name);
}

static bool shares_with_iommu(const struct scenario *s)
{
	return s->observers != 0 && s->observer[s->observers - 1].iommu;
}

/* A core is not asked for what it does not offer. Large leaves that are made of
 * pages are as many steps, each looked at: not of the size of gigabytes. */
static bool is_offered(const struct hypervisor *h, const struct scenario *s,
		       struct error_line *error)
{
	const struct {
		bool wanted;
		uint64_t offer;
		const char *what;
	} wish[] = {
		{ s->p2m.granule_lg2 == 12, P2M_OFFERS_4K, "guest.granule 4K" },
		{ s->p2m.granule_lg2 == 14, P2M_OFFERS_16K,
		  "guest.granule 16K" },
		{ s->p2m.granule_lg2 == 16, P2M_OFFERS_64K,
		  "guest.granule 64K" },
		{ s->p2m.lpa, P2M_OFFERS_LPA, "guest.lpa" },
		{ s->p2m.coalesce.policy != PT_COALESCE_NEVER,
		  P2M_OFFERS_COALESCE, "policy.p2m.coalesce" },
		{ s->p2m.contig_hint, P2M_OFFERS_CONTIG_HINT,
		  "policy.p2m.contig_hint" },
		{ s->wants_blocks, P2M_OFFERS_BLOCKS,
		  "blocks in place of so many pages" },
	};

	for (size_t i = 0; i < sizeof(wish) / sizeof(wish[0]); i++)
		if (wish[i].wanted && !(h->core->offers & wish[i].offer))
			return error_set(error, EXIT_NOT_MODELLED,
					 "%s: %s: core '%s' does not offer it",
					 s->name, wish[i].what, h->core->name);
	return true;
}

static bool prepare_p2m(struct listening *l, struct hypervisor *h,
			const struct scenario *s, struct error_line *error)
{
	int rc;

	if (!is_offered(h, s, error))
		return false;
	rc = h->core->init(h->space, h, &s->p2m);
	if (rc)
		return error_set(error,
				 rc == ERR_UNSUPPORTED ? EXIT_NOT_MODELLED
						       : EXIT_INPUT,
				 "%s: guest, policy: the core makes no such address space (%d)",
				 s->name, rc);
	if (shares_with_iommu(s) && !share(l, h, s, error))
		return false;
	if (!scenario_uses_setway(s))
		return true;
	rc = h->core->setway_init ? h->core->setway_init(h->space, s->set_way,
							 shares_with_iommu(s))
				  : ERR_UNSUPPORTED;
	if (rc)
		return error_set(error, EXIT_NOT_MODELLED,
				 "%s: policy.p2m.set_way: the core does not offer it here (%d)",
				 s->name, rc);
	return true;
}

static bool prepare_domain(struct listening *l, struct machine *m,
			   const struct scenario *s, struct error_line *error)
{
	int rc;

	if (m->config.core)
		return error_set(error, EXIT_NOT_MODELLED,
				 "%s: iommu: a core that is loaded has no domains; want ours",
				 s->name);
	rc = record_domain_begin(&l->domain, m, s);
	if (rc)
		return error_set(error, EXIT_INPUT,
				 "%s: iommu, policy: the core makes no such domain (%d)",
				 s->name, rc);
	l->cleans = true;
	return true;
}

static bool prepare(struct listening *l, struct machine *m,
		    const struct scenario *s, struct error_line *error)
{
	if (!(s->domain ? prepare_domain(l, m, s, error)
			: prepare_p2m(l, m->hypervisor, s, error)))
		return false;
	for (unsigned int i = 0; i < s->starts; i++) {
		const int rc = do_one(l, m->hypervisor, &s->start[i]);

		if (rc)
			return refused(s, &s->start[i], "start", i, rc, error);
	}
	/* Nothing is left for later, before anyone looks. */
	if (s->domain)
		iommu_flush(&l->domain.domain);
	return true;
}

/* ---- what hardware is told of the space: D24.2.196, D24.2.198 */

static void read_space(struct explore_space *space, const struct hypervisor *h,
		       const struct scenario *s)
{
	const uint64_t vttbr = h->core->vttbr(h->space);
	const uint64_t vtcr = h->core->vtcr(h->space, 48);
	const unsigned int bits =
		64 - (unsigned int)FIELD_GET(VTCR_EL2_T0SZ, vtcr);
	const unsigned int sl0 = (unsigned int)FIELD_GET(VTCR_EL2_SL0, vtcr);
	unsigned int top;

	*space = (struct explore_space){
		.granule_lg2 = s->p2m.granule_lg2,
		.start_level = (uint8_t)((s->p2m.granule_lg2 == 12 ? 2 : 3) -
					 sl0),
		.bbm_level = s->p2m.bbm_level,
		.output_bits = s->p2m.lpa && s->p2m.granule_lg2 == 16 ? 52 : 48,
		.root = vttbr & MASK(6, 42),
	};
	if (space->output_bits == 52)
		space->root |= (vttbr >> 2 & 15) << 48;
	top = entry_lsb(space, space->start_level) + space->granule_lg2 - 3u;
	space->root_order = bits > top ? (uint8_t)(bits - top) : 0;
}

/* ---- recording */

static bool start_recording(struct recording *r, struct listening *l,
			    struct machine *m, struct error_line *error)
{
	struct hypervisor *h = m->hypervisor;
	const struct scenario *s = l->scenario;
	struct explore_input *in = &r->input;
	const uint64_t bytes = h->pool.used << FRAME_LG2;

	if (s->domain)
		record_domain_space(&l->domain, &in->space);
	else
		read_space(&in->space, h, s);
	in->line_bytes = 64;
	r->word = malloc(bytes + 8);
	if (!r->word)
		return error_set(error, EXIT_IO, "out of memory");
	memcpy(r->word, ram_host(&m->ram, h->pool.base), bytes);
	in->image = (struct explore_image){ h->pool.base.raw, bytes, r->word,
					     r->live };
	return true;
}

/* Room for the tables that the operation made. */
static bool finish_recording(struct recording *r, const struct listening *l,
			     struct error_line *error)
{
	const struct scenario *s = l->scenario;
	struct explore_input *in = &r->input;
	const uint64_t before = in->image.bytes;
	uint64_t *word;

	in->image.bytes = l->h->pool.used << FRAME_LG2;
	word = realloc(r->word, in->image.bytes + 8);
	if (!word || r->failed || l->cleaner.failed)
		return error_set(error, EXIT_IO, "out of memory");
	memset((uint8_t *)word + before, 0, in->image.bytes - before);
	in->image.word = r->word = word;
	in->observer = s->observer;
	in->observers = s->observers;
	in->write_buffer = s->domain && s->iommu.write_buffer;
	in->loss = s->domain ? record_domain_loss(&l->domain)
			     : EXPLORE_MAY_FAULT;
	in->event = r->event;
	in->events = r->events;
	in->call = r->call;
	in->calls = s->calls;
	return true;
}

static bool record_on(struct recording *r, struct listening *l,
		      struct machine *m, struct error_line *error)
{
	struct hypervisor *h = m->hypervisor;
	const struct scenario *s = l->scenario;
	struct protocol_listener listener = { .event = hear, .context = l };
	bool ok;

	/* No guest runs: frames are numbers here, memory behind them or not. */
	h->ram_frames = BIT(52 - FRAME_LG2);
	r->live = calloc(h->pool.pages, 1);
	r->call = calloc(SCENARIO_CALLS_MAX, sizeof(*r->call));
	if (!r->live || !r->call)
		return error_set(error, EXIT_IO, "out of memory");
	m->protocol = &listener;
	ok = prepare(l, m, s, error);
	m->protocol = NULL;
	if (!ok || !start_recording(r, l, m, error))
		return false;
	cleaner_init(&l->cleaner, s, scenario_is_noncoherent(s) && !l->cleans,
		     &r->input, hear_one, l);
	l->started = true;
	m->protocol = &listener;
	ok = do_calls(h, s, r, l, error);
	m->protocol = NULL;
	cleaner_fini(&l->cleaner);
	if (!ok)
		return false;
	/* A machine ends its space by itself, so it has to have one. */
	if (!s->domain && s->call[s->calls - 1].what == DO_TEARDOWN &&
	    h->core->init(h->space, h, &s->p2m) != 0)
		return error_set(error, EXIT_IO, "out of memory");
	return finish_recording(r, l, error);
}

bool record_scenario(struct recording *r, const struct scenario *s,
		     const struct machine_config *config,
		     const struct record_filter *filter,
		     struct error_line *error)
{
	struct machine *m = machine_new(config, error);
	struct listening *l = calloc(1, sizeof(*l));
	bool ok = m && l;

	memset(r, 0, sizeof(*r));
	if (m && !l)
		error_set(error, EXIT_IO, "out of memory");
	if (ok) {
		l->r = r;
		l->ram = &m->ram;
		l->filter = filter;
		l->h = m->hypervisor;
		l->scenario = s;
		l->granule_lg2 = s->domain ? scenario_granule_lg2(s)
					   : s->p2m.granule_lg2;
		ok = record_on(r, l, m, error);
	}
	free(l);
	machine_free(m);
	if (!ok)
		recording_fini(r);
	return ok;
}

void recording_fini(struct recording *r)
{
	free(r->event);
	free(r->word);
	free(r->live);
	free(r->call);
	memset(r, 0, sizeof(*r));
}
