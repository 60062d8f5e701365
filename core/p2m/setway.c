/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See setway.h. An entry is accessible if it and all above it are
 * hardware-valid. Below an entry that is not, nothing can be cached: that is
 * so since the flush that followed the clearing at the root, and stays so as
 * validity moves down one table at a time. So moving it down needs barriers
 * but no TLB maintenance (IWZCBG).
 */
#include "core/p2m/setway.h"

#include "core/format/arm_s2.h"
#include "core/p2m/tlbi.h"
#include "core/pt/walk.h"

/* At most so much is cleaned between two looks at the host's wish. */
#define SETWAY_CLEAN_LG2 21

static const struct pt_format *setway_format(const struct p2m_setway *s)
{
	switch (s->p2m->config.granule_lg2) {
	case 14:
		return &pt_format_arm_s2_16k;
	case 16:
		return &pt_format_arm_s2_64k;
	default:
		return &pt_format_arm_s2_4k;
	}
}

static void setway_begin(struct p2m_setway *s, struct pt *pt)
{
	struct p2m *p2m = s->p2m;

	*pt = (struct pt){
		.host = p2m->host,
		.owner = p2m,
		.root = p2m->root,
		.start_level = p2m->start_level,
		.stats = &p2m->stats,
		.invalidate = p2m_tlbi_gathered,
	};
}

static bool setway_is_valid(uint64_t pte)
{
	return (pte & FIELD_MASK(ARM_S2_VALID)) != 0;
}

/* Take hardware-valid from all entries of one table page. */
static void setway_invalidate_table(struct pt *pt, const struct pt_format *f,
				    pa_t table, unsigned int level)
{
	uint64_t *e = port_table_map(pt->host, table);

	for (unsigned int i = 0; i < pt_entries(f, level); i++) {
		const uint64_t pte = port_pte_read(pt->host, &e[i]);

		if (setway_is_valid(pte))
			pt_write(pt, &e[i], pte & ~FIELD_MASK(ARM_S2_VALID));
	}
	port_table_unmap(pt->host, e);
}

/* From now on nothing is accessible: every one of the root tables. */
static void setway_invalidate_root(struct p2m_setway *s)
{
	const struct pt_format *f = setway_format(s);
	struct pt pt;

	setway_begin(s, &pt);
	for (unsigned int i = 0; i < 1u << s->p2m->root_order; i++) {
		const pa_t page = { pt.root.raw +
				    ((uint64_t)i << f->granule_lg2) };

		setway_invalidate_table(&pt, f, page, pt.start_level);
	}
	pt.gather.all = true;
	pt.gather.tables = true;
	pt_flush(&pt, f);
	s->invalidations++;
}

static bool setway_tracks(const struct p2m_setway *s)
{
	return s->policy != P2M_SETWAY_FULL;
}

int p2m_setway_init(struct p2m_setway *s, struct p2m *p2m,
		    enum p2m_setway_policy policy, bool iommu_shares)
{
	if ((unsigned int)policy > P2M_SETWAY_TRACK_LATE)
		return ERR_INVAL;
	*s = (struct p2m_setway){ .p2m = p2m, .policy = policy };
	if (setway_tracks(s) &&
	    (iommu_shares || p2m->shared.on || p2m->marks))
		return ERR_UNSUPPORTED;
	return 0;
}

void p2m_setway_start(struct p2m_setway *s)
{
	if (setway_tracks(s))
		setway_invalidate_root(s);
	port_icache_invalidate(s->p2m->host);
}

/* ---- the batch */

/* Memory that caches may hold: what is mapped as write-back. */
static bool setway_is_cached(uint64_t pte)
{
	return FIELD_GET(ARM_S2_MEMATTR, pte) == ARM_S2_MEMATTR_NORMAL_WB;
}

/* Clean the leaf from `ia` on, a piece of it; returns the piece's bytes. */
static uint64_t setway_clean_leaf(struct p2m_setway *s,
				  const struct pt_format *f, uint64_t pte,
				  unsigned int level, uint64_t ia)
{
	const uint64_t offset = ia & (pt_span(f, level) - 1);
	uint64_t bytes = pt_span(f, level) - offset;

	if (bytes > BIT(SETWAY_CLEAN_LG2))
		bytes = BIT(SETWAY_CLEAN_LG2);
	port_memory_clean(s->p2m->host,
			  (pa_t){ f->address(pte, level).raw + offset }, bytes);
	s->frames_cleaned += bytes >> FRAME_LG2;
	return bytes;
}

/*
 * Move the cursor over what one entry covers: clean if it is an accessible
 * leaf, pass over what is not accessible. True if something was cleaned.
 */
static bool setway_step(struct p2m_setway *s, struct pt *pt,
			const struct pt_format *f)
{
	unsigned int level = pt->start_level;
	pa_t table = pt_root_page(pt, f, s->cursor, level);

	for (;; level++) {
		uint64_t *e = port_table_map(pt->host, table);
		const uint64_t pte = port_pte_read(
			pt->host, &e[pt_index(f, s->cursor, level)]);
		const enum pt_kind kind = f->kind(pte, level);

		port_table_unmap(pt->host, e);
		if (kind != PT_EMPTY && setway_is_valid(pte)) {
			if (kind == PT_TABLE) {
				table = f->address(pte, level);
				continue;
			}
			if (setway_is_cached(pte)) {
				s->cursor += setway_clean_leaf(s, f, pte, level,
							       s->cursor);
				return true;
			}
		}
		s->cursor = align_down(s->cursor, f->level[level].lsb) +
			    pt_span(f, level);
		return false;
	}
}

MUST_CHECK static int setway_batch(struct p2m_setway *s, bool rearm)
{
	const struct pt_format *f = setway_format(s);
	const uint64_t end = BIT(s->p2m->config.ipa_bits);
	struct pt pt;

	if (!s->running) {
		s->running = true;
		s->rearm = rearm && setway_tracks(s);
		s->cursor = 0;
		s->batches++;
	}
	setway_begin(s, &pt);
	while (s->cursor < end)
		if (setway_step(s, &pt, f) && s->cursor < end &&
		    port_preempt(pt.host))
			return ERR_PREEMPTED;
	s->running = false;
	if (s->rearm)
		setway_invalidate_root(s);
	return 0;
}

int p2m_setway_trap(struct p2m_setway *s)
{
	int rc;

	/* One batch for the whole loop over sets and ways. */
	if (s->trap_vm && !s->running)
		return 0;
	s->trap_vm = true;
	rc = setway_batch(s, true);
	return rc;
}

int p2m_setway_toggle(struct p2m_setway *s, bool was, bool is)
{
	int rc = 0;

	if (was != is || s->running)
		rc = setway_batch(s, !is || s->policy == P2M_SETWAY_TRACK);
	/* Caches are on: until the next DC by set/way nothing need trap. */
	if (rc == 0 && is)
		s->trap_vm = false;
	return rc;
}

/* ---- faults */

/* Give the entry its bit back, once what is below has lost it. */
static void setway_validate(struct pt *pt, const struct pt_format *f,
			    uint64_t *pte, unsigned int level)
{
	const uint64_t old = port_pte_read(pt->host, pte);

	if (f->kind(old, level) == PT_TABLE)
		setway_invalidate_table(pt, f, f->address(old, level),
					level + 1);
	if (pt->written)
		pt_barrier(pt, PORT_DSB_ISHST);
	pt_write(pt, pte, old | FIELD_MASK(ARM_S2_VALID));
	pt_barrier(pt, PORT_DSB_ISHST);
}

int p2m_setway_fault(struct p2m_setway *s, gfn_t gfn)
{
	const struct pt_format *f = setway_format(s);
	const uint64_t ia = ipa_from_gfn(gfn).raw;
	struct pt pt;
	pa_t table;

	if (gfn.raw >= s->p2m->frames)
		return ERR_NOENT;
	setway_begin(s, &pt);
	table = pt_root_page(&pt, f, ia, pt.start_level);
	for (unsigned int level = pt.start_level;; level++) {
		uint64_t *e = port_table_map(pt.host, table);
		uint64_t *pte = &e[pt_index(f, ia, level)];
		const uint64_t value = port_pte_read(pt.host, pte);
		const enum pt_kind kind = f->kind(value, level);
		const bool moves = kind != PT_EMPTY && !setway_is_valid(value);

		if (moves) {
			setway_validate(&pt, f, pte, level);
			s->faults++;
		}
		port_table_unmap(pt.host, e);
		if (kind == PT_EMPTY)
			return ERR_NOENT;
		if (moves || kind == PT_LEAF)
			return 0;
		table = f->address(value, level);
	}
}
