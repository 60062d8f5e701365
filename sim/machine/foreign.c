/* SPDX-License-Identifier: BSD-2-Clause */
/* See foreign.h. Here: the operations, and what may come back from them. */
#include "sim/machine/foreign.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Behind the space: a library that writes beyond it is found out. */
#define GUARD_BYTES 256
#define GUARD	    0xc3

void foreign_fail(struct foreign *f, const char *format, ...)
{
	struct core_report *report = f->library->report;
	va_list args;

	va_start(args, format);
	vsnprintf(report->finding, sizeof(report->finding), format, args);
	va_end(args);
	report->inside = false;
	f->library->give_up();
	abort();
}

/* ---- around each call */

static void enter(struct foreign *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void enter(struct foreign *f, const char *format, ...)
{
	struct core_report *report = f->library->report;
	va_list args;

	va_start(args, format);
	vsnprintf(report->doing, sizeof(report->doing), format, args);
	va_end(args);
	/* What the library does next may be the end of us. */
	if (f->h->m->trace)
		trace_writer_flush(f->h->m->trace);
	f->lent = 0;
	f->preempted = f->refused = false;
	report->calls++;
	report->inside = true;
}

static bool guard_is_whole(const struct foreign *f)
{
	const uint8_t *guard = f->space + f->library->ops->space_bytes;

	for (size_t i = 0; i < GUARD_BYTES; i++)
		if (guard[i] != GUARD)
			return false;
	return true;
}

static void leave(struct foreign *f)
{
	f->library->report->inside = false;
	if (f->lent)
		foreign_fail(f, "it returned with %llu tables still mapped",
			     (unsigned long long)f->lent);
	if (!guard_is_whole(f))
		foreign_fail(f, "it wrote beyond its space of %llu bytes",
			     (unsigned long long)f->library->ops->space_bytes);
}

static const char *const err_name[] = {
	"ERR_OK",    "ERR_NOMEM", "ERR_RANGE", "ERR_ALIGN",	"ERR_INVAL",
	"ERR_NOENT", "ERR_EXIST", "ERR_PREEMPTED", "ERR_UNSUPPORTED",
};

static bool is_err(int rc)
{
	return rc <= 0 && rc >= ERR_UNSUPPORTED;
}

/* What every action may return. */
static void judge_result(struct foreign *f, int rc)
{
	if (!is_err(rc))
		foreign_fail(f, "it returned %d, which is none of core/base/err.h",
			     rc);
	if (rc == ERR_PREEMPTED && !f->preempted)
		foreign_fail(f, "it returned ERR_PREEMPTED, which nobody asked for");
	if (rc == ERR_NOMEM && !f->refused)
		foreign_fail(f, "it returned ERR_NOMEM, though no allocation was refused");
}

/* The request was a valid one: it is done, as far as memory reaches. */
static void judge_request(struct foreign *f, int rc, uint64_t frames,
			  uint64_t done)
{
	judge_result(f, rc);
	if (rc != 0 && rc != ERR_PREEMPTED && rc != ERR_NOMEM)
		foreign_fail(f, "it returned %s for a valid request",
			     err_name[-rc]);
	if (done > frames)
		foreign_fail(f, "it says that %llu frames of %llu are done",
			     (unsigned long long)done,
			     (unsigned long long)frames);
	if (rc == 0 && done != frames)
		foreign_fail(f, "it returned 0, but says that only %llu frames of %llu are done",
			     (unsigned long long)done,
			     (unsigned long long)frames);
}

/* A level at a time, it may be needed again; but not for ever. */
#define FAULTS_MAX 16

static void judge_again(struct foreign *f, gfn_t gfn)
{
	if (f->fault_at.raw != gfn.raw)
		f->faults = 0;
	f->fault_at = gfn;
	if (++f->faults == FAULTS_MAX)
		foreign_fail(f, "it returned 0 %d times, and the fault came again",
			     FAULTS_MAX);
}

/* ---- the operations */

static int do_init(void *space, void *host, const struct p2m_config *config)
{
	struct foreign *f = space;
	int rc;

	(void)host;
	f->config = *config;
	f->shared = false;
	enter(f, "init of %u bits", config->ipa_bits);
	rc = f->library->ops->init(f->space, f, config);
	leave(f);
	judge_result(f, rc);
	f->ready = rc == 0;
	return rc;
}

static int do_fini(void *space)
{
	struct foreign *f = space;
	int rc;

	enter(f, "fini");
	rc = f->library->ops->fini(f->space);
	leave(f);
	judge_result(f, rc);
	return rc;
}

#define RANGE_ARGS(gfn, frames) \
	(unsigned long long)(frames), (unsigned long long)(gfn).raw

static int do_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		  enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct foreign *f = space;
	int rc;

	enter(f, "map of %llu frames from gfn 0x%llx",
	      RANGE_ARGS(gfn, frames));
	*done = ~UINT64_C(0);
	rc = f->library->ops->map(f->space, gfn, mfn, frames, type, access,
				  done);
	leave(f);
	judge_request(f, rc, frames, *done);
	foreign_judge_frames(f, gfn, *done, true, mfn.raw, access);
	if (frames == 1)
		judge_again(f, gfn);
	return rc;
}

static int do_remove(void *space, gfn_t gfn, uint64_t frames, uint64_t *done)
{
	struct foreign *f = space;
	int rc;

	enter(f, "remove of %llu frames from gfn 0x%llx",
	      RANGE_ARGS(gfn, frames));
	*done = ~UINT64_C(0);
	rc = f->library->ops->remove(f->space, gfn, frames, done);
	leave(f);
	judge_request(f, rc, frames, *done);
	foreign_judge_frames(f, gfn, *done, false, 0, 0);
	return rc;
}

static int do_protect(void *space, gfn_t gfn, uint64_t frames,
		      unsigned int access, uint64_t *done)
{
	struct foreign *f = space;
	int rc;

	enter(f, "protect of %llu frames from gfn 0x%llx",
	      RANGE_ARGS(gfn, frames));
	*done = ~UINT64_C(0);
	rc = f->library->ops->protect(f->space, gfn, frames, access, done);
	leave(f);
	judge_request(f, rc, frames, *done);
	foreign_judge_frames(f, gfn, *done, true, ~UINT64_C(0), access);
	return rc;
}

static int do_change_type(void *space, gfn_t gfn, uint64_t frames,
			  enum p2m_type from, enum p2m_type to, uint64_t *done)
{
	struct foreign *f = space;
	int rc;

	enter(f, "change_type of %llu frames from gfn 0x%llx",
	      RANGE_ARGS(gfn, frames));
	*done = ~UINT64_C(0);
	rc = f->library->ops->change_type(f->space, gfn, frames, from, to,
					  done);
	leave(f);
	judge_request(f, rc, frames, *done);
	return rc;
}

static int do_set_default_access(void *space, unsigned int access)
{
	struct foreign *f = space;
	int rc;

	enter(f, "set_default_access of %u", access);
	rc = f->library->ops->set_default_access(f->space, access);
	leave(f);
	judge_result(f, rc);
	return rc;
}

static void do_lookup(void *space, gfn_t gfn, struct p2m_entry *entry)
{
	struct foreign *f = space;

	enter(f, "lookup of gfn 0x%llx", (unsigned long long)gfn.raw);
	f->library->ops->lookup(f->space, gfn, entry);
	leave(f);
	if ((unsigned int)entry->type >= P2M_TYPE_COUNT || entry->level > 3 ||
	    entry->order > 36)
		foreign_fail(f, "it found type %u, level %u, order %u",
			     (unsigned int)entry->type, entry->level,
			     entry->order);
}

static int do_relinquish(void *space)
{
	struct foreign *f = space;
	int rc;

	enter(f, "relinquish");
	rc = f->library->ops->relinquish(f->space);
	leave(f);
	judge_result(f, rc);
	return rc;
}

static void do_tick(void *space)
{
	struct foreign *f = space;

	enter(f, "tick");
	f->library->ops->tick(f->space);
	leave(f);
}

static int do_fault(void *space, gfn_t gfn)
{
	struct foreign *f = space;
	int rc;

	enter(f, "fault at gfn 0x%llx", (unsigned long long)gfn.raw);
	rc = f->library->ops->fault(f->space, gfn);
	leave(f);
	judge_result(f, rc);
	if (rc == 0)
		judge_again(f, gfn);
	return rc;
}

/* ---- what may be asked of a space that is const */

static struct foreign *unconst(const void *space)
{
	return (struct foreign *)(uintptr_t)space;
}

static uint64_t do_vttbr(const void *space)
{
	struct foreign *f = unconst(space);
	uint64_t vttbr;

	enter(f, "vttbr");
	vttbr = f->library->ops->vttbr(f->space);
	leave(f);
	foreign_judge_root(f, vttbr);
	return vttbr;
}

static uint64_t do_vtcr(const void *space, unsigned int pa_bits)
{
	struct foreign *f = unconst(space);
	uint64_t vtcr;

	enter(f, "vtcr");
	vtcr = f->library->ops->vtcr(f->space, pa_bits);
	leave(f);
	foreign_judge_vtcr(f, vtcr);
	return vtcr;
}

/* What the port saw is so, whatever the library says; the rest is its word. */
static void do_stats(const void *space, struct p2m_stats *stats)
{
	struct foreign *f = unconst(space);
	struct p2m_stats own = { 0 };

	if (f->library->ops->stats) {
		enter(f, "stats");
		f->library->ops->stats(f->space, &own);
		leave(f);
	}
	*stats = f->seen;
	stats->splits = own.splits;
	stats->coalesces = own.coalesces;
	memcpy(stats->mappings, own.mappings, sizeof(own.mappings));
}

/* ---- set/way */

static int do_setway_init(void *space, enum p2m_setway_policy policy,
			  bool iommu_shares)
{
	struct foreign *f = space;
	int rc;

	enter(f, "setway_init");
	rc = f->library->ops->setway_init(f->space, policy, iommu_shares);
	leave(f);
	judge_result(f, rc);
	return rc;
}

static void do_setway_start(void *space)
{
	struct foreign *f = space;

	enter(f, "setway_start");
	f->library->ops->setway_start(f->space);
	leave(f);
}

static int do_setway_trap(void *space, bool *trap_vm)
{
	struct foreign *f = space;
	int rc;

	enter(f, "setway_trap");
	rc = f->library->ops->setway_trap(f->space, trap_vm);
	leave(f);
	judge_result(f, rc);
	return rc;
}

static int do_setway_toggle(void *space, bool was, bool is, bool *trap_vm)
{
	struct foreign *f = space;
	int rc;

	enter(f, "setway_toggle");
	rc = f->library->ops->setway_toggle(f->space, was, is, trap_vm);
	leave(f);
	judge_result(f, rc);
	return rc;
}

static void do_setway_counts(const void *space,
			     struct p2m_setway_counts *counts)
{
	struct foreign *f = unconst(space);

	enter(f, "setway_counts");
	f->library->ops->setway_counts(f->space, counts);
	leave(f);
}

static int do_share(void *space, const struct p2m_sharing *sharing)
{
	struct foreign *f = space;
	int rc;

	enter(f, "share");
	rc = f->library->ops->share(f->space, sharing);
	leave(f);
	f->shared = rc == 0 && !sharing->broadcast;
	judge_result(f, rc);
	return rc;
}

/* ---- making and ending */

/* What the library does not offer is not offered. */
static struct p2m_ops guarded(const struct p2m_ops *o)
{
	return (struct p2m_ops){
		.version = P2M_OPS_VERSION,
		.size = sizeof(struct p2m_ops),
		.name = o->name,
		.release = o->release,
		.offers = o->offers,
		.space_bytes = sizeof(struct foreign),
		.init = do_init,
		.fini = do_fini,
		.map = do_map,
		.remove = do_remove,
		.protect = do_protect,
		.lookup = do_lookup,
		.vttbr = do_vttbr,
		.vtcr = do_vtcr,
		.change_type = o->change_type ? do_change_type : NULL,
		.set_default_access =
			o->set_default_access ? do_set_default_access : NULL,
		.relinquish = o->relinquish ? do_relinquish : NULL,
		.tick = o->tick ? do_tick : NULL,
		.fault = o->fault ? do_fault : NULL,
		.stats = do_stats,
		.setway_init = o->setway_init ? do_setway_init : NULL,
		.setway_start = o->setway_start ? do_setway_start : NULL,
		.setway_trap = o->setway_trap ? do_setway_trap : NULL,
		.setway_toggle = o->setway_toggle ? do_setway_toggle : NULL,
		.setway_counts = o->setway_counts ? do_setway_counts : NULL,
		.share = o->share ? do_share : NULL,
	};
}

static void let_go(struct foreign *f)
{
	if (f->window)
		munmap(f->window, f->window_bytes);
	free(f->page);
	free(f->space);
	free(f);
}

size_t foreign_bytes(const struct foreign *f)
{
	return sizeof(*f) + f->library->ops->space_bytes;
}

void foreign_save(const struct foreign *f, void *to)
{
	memcpy(to, f, sizeof(*f));
	memcpy((uint8_t *)to + sizeof(*f), f->space,
	       f->library->ops->space_bytes);
}

void foreign_restore(struct foreign *f, const void *from)
{
	memcpy(f, from, sizeof(*f));
	memcpy(f->space, (const uint8_t *)from + sizeof(*f),
	       f->library->ops->space_bytes);
}

bool foreign_new(struct hypervisor *h)
{
	struct core_library *library = h->m->config.core;
	struct foreign *f = calloc(1, sizeof(*f));
	void *window;

	if (!f)
		return false;
	*f = (struct foreign){ .head.port = &foreign_port,
			       .ops = guarded(library->ops),
			       .library = library,
			       .h = h,
			       .window_bytes = h->pool.pages << FRAME_LG2 };
	f->space = calloc(1, library->ops->space_bytes + GUARD_BYTES);
	f->page = calloc(h->pool.pages, sizeof(*f->page));
	window = mmap(NULL, f->window_bytes, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	f->window = window == MAP_FAILED ? NULL : window;
	if (!f->space || !f->page || !f->window) {
		let_go(f);
		return false;
	}
	memset(f->space + library->ops->space_bytes, GUARD, GUARD_BYTES);
	library->machine = h->m;
	h->core = &f->ops;
	h->space = f;
	return true;
}

void foreign_free(struct foreign *f)
{
	int rc = ERR_PREEMPTED;

	while (f->ready && rc == ERR_PREEMPTED)
		rc = do_fini(f);
	if (f->ready && rc)
		foreign_fail(f, "it returned %s", err_name[-rc]);
	if (f->ready && f->seen.tables_live)
		foreign_fail(f, "%llu tables are left after it",
			     (unsigned long long)f->seen.tables_live);
	f->library->machine = NULL;
	let_go(f);
}
