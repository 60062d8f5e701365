/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The p2m on the page-table engine and the Arm stage-2 format: what is a good
 * request, which sizes an address space may have, and what the engine must be
 * told. DDI0487 L.b D8.
 *
 * Left out: see core/p2m/README.md.
 */
#include "core/p2m/p2m.h"

#include "core/format/arm_s2_vtcr.h"
#include "core/p2m/short.h"
#include "core/p2m/tlbi.h"
#include "core/p2m/type.h"
#include "core/pt/change.h"
#include "core/pt/map.h"
#include "core/pt/teardown.h"

#define P2M_IPA_BITS_MIN 32
#define P2M_IPA_BITS_MAX 48
#define P2M_BITS_LPA	 52 /* both sides, with FEAT_LPA and 64K */

static const struct pt_format *p2m_granule_format(unsigned int granule_lg2)
{
	switch (granule_lg2) {
	case 12:
		return &pt_format_arm_s2_4k;
	case 14:
		return &pt_format_arm_s2_16k;
	case 16:
		return &pt_format_arm_s2_64k;
	default:
		return NULL;
	}
}

static inline const struct pt_format *p2m_format(const struct p2m *p2m)
{
	return p2m_granule_format(p2m->config.granule_lg2);
}

static inline bool p2m_is_large(const struct p2m_config *c)
{
	return c->lpa && c->granule_lg2 == 16;
}

static inline unsigned int p2m_output_bits(const struct p2m_config *c)
{
	return p2m_is_large(c) ? P2M_BITS_LPA : 48;
}

/* ---- requests */

static inline void p2m_begin(struct p2m *p2m, struct pt *pt)
{
	pt->host = p2m->host;
	pt->owner = p2m;
	pt->root = p2m->root;
	pt->start_level = p2m->start_level;
	pt->leaf_level = p2m->start_level;
	pt->free_empty = p2m->config.free_empty;
	pt->hints = p2m->config.contig_hint;
	pt->bbm_level = p2m->config.bbm_level;
	pt->coalescing = p2m->config.coalesce.policy != PT_COALESCE_NEVER
				 ? &p2m->coalescing
				 : NULL;
	pt->marks = p2m->marks;
	pt->written = false;
	pt->replaced = false;
	pt->clean = p2m->shared.clean;
	pt->stats = &p2m->stats;
	pt->queue = p2m->free_list;
	pt->queued = p2m->free_list_count;
	pt->invalidate = p2m_tlbi_gathered;
	pt_gather_init(&pt->gather);
}

/* The end of a request: what else is due, then flush and order. */
static inline void p2m_end(struct p2m *p2m, struct pt *pt,
			   const struct pt_format *f)
{
	pt_coalesce_due(pt, f, BIT(p2m->config.ipa_bits));
	pt_finish(pt, f);
}

static inline bool p2m_has_frames(const struct p2m *p2m, gfn_t gfn,
				  uint64_t frames)
{
	return gfn.raw < p2m->frames && frames <= p2m->frames - gfn.raw;
}

/* Whole granules? With 4K everything is. */
static inline bool p2m_is_aligned(const struct p2m *p2m, uint64_t frames)
{
	return is_aligned(frames, p2m->config.granule_lg2 - FRAME_LG2);
}

/*
 * Each operation is compiled once for each granule, so that the format's
 * facts are constants in it; apart, so that they stay so.
 */
#define P2M_GRANULE static __attribute__((noinline))

/*
 * The other way round: compiled into whoever calls it, where link-time
 * optimisation sees the call. The two compilers want it said differently.
 */
#ifdef __clang__
#define P2M_IN_LINE __attribute__((always_inline))
#else
#define P2M_IN_LINE inline __attribute__((always_inline))
#endif

MUST_CHECK PT_INLINE int p2m_map_any(struct p2m *p2m, const struct pt_format *f,
				     const struct pt_mapping *what,
				     uint64_t *done)
{
	struct pt_mapping m = *what;
	struct pt pt;
	int rc;

	p2m_begin(p2m, &pt);
	if (p2m->config.order == P2M_ORDER_MASK)
		m.level =
			(int)pt_leaf_level(f, pt.start_level,
					   m.ia | m.pa.raw | m.bytes, m.bytes);
	rc = pt_map(&pt, f, m, done);
	p2m_end(p2m, &pt, f);
	*done >>= FRAME_LG2;
	return rc;
}

P2M_GRANULE int p2m_map_4k(struct p2m *p2m, const struct pt_mapping *m,
			   uint64_t *done)
{
	return p2m_map_any(p2m, &pt_format_arm_s2_4k, m, done);
}

P2M_GRANULE int p2m_map_16k(struct p2m *p2m, const struct pt_mapping *m,
			    uint64_t *done)
{
	return p2m_map_any(p2m, &pt_format_arm_s2_16k, m, done);
}

P2M_GRANULE int p2m_map_64k(struct p2m *p2m, const struct pt_mapping *m,
			    uint64_t *done)
{
	return p2m_map_any(p2m, &pt_format_arm_s2_64k, m, done);
}

/* ---- requests: all else, and what is wrong with them */

P2M_GRANULE int p2m_map_request(struct p2m *p2m, gfn_t gfn, mfn_t mfn,
				uint64_t frames, enum p2m_type type,
				unsigned int access, uint64_t *done)
{
	struct pt_mapping m;

	*done = 0;
	if (!p2m_type_is_leaf(type) || !p2m_access_resolve(p2m, &access))
		return ERR_INVAL;
	if (!p2m_has_frames(p2m, gfn, frames) || mfn.raw >= p2m->outputs ||
	    frames > p2m->outputs - mfn.raw)
		return ERR_RANGE;
	if (!p2m_is_aligned(p2m, gfn.raw | mfn.raw | frames))
		return ERR_ALIGN;
	if (p2m_has_short_map(p2m) && p2m->quick_map == 0 &&
	    p2m_map_short(p2m, p2m->start_level, gfn, mfn, frames, type,
			  access)) {
		*done = frames;
		return 0;
	}

	m.ia = ipa_from_gfn(gfn).raw;
	m.pa = pa_from_mfn(mfn);
	m.bytes = frames << FRAME_LG2;
	m.attrs = p2m_attrs(type, access);
	m.level = -1;
	switch (p2m->config.granule_lg2) {
	case 12:
		return p2m_map_4k(p2m, &m, done);
	case 14:
		return p2m_map_16k(p2m, &m, done);
	default:
		return p2m_map_64k(p2m, &m, done);
	}
}

int p2m_map(struct p2m *p2m, gfn_t gfn, mfn_t mfn, uint64_t frames,
	    enum p2m_type type, unsigned int access, uint64_t *done)
{
	if (gfn.raw >= p2m->quick_map ||
	    !p2m_map_short(p2m, P2M_USUAL_START, gfn, mfn, frames, type,
			   access))
		return p2m_map_request(p2m, gfn, mfn, frames, type, access,
				       done);
	*done = frames;
	return 0;
}

/* ---- changes */

MUST_CHECK PT_INLINE int p2m_change_any(struct p2m *p2m,
					const struct pt_format *f, gfn_t gfn,
					uint64_t frames, pt_change_fn change,
					uint64_t argument, uint64_t *done)
{
	struct pt pt;
	int rc;

	p2m_begin(p2m, &pt);
	rc = pt_change(&pt, f, ipa_from_gfn(gfn).raw, frames << FRAME_LG2,
		       change, argument, done);
	p2m_end(p2m, &pt, f);
	*done >>= FRAME_LG2;
	return rc;
}

enum p2m_change_kind { P2M_UNMAP, P2M_SET_ACCESS, P2M_SET_TYPE };

/* What p2m_remove and its like do on one granule. */
MUST_CHECK PT_INLINE int p2m_change(struct p2m *p2m, const struct pt_format *f,
				    gfn_t gfn, uint64_t frames, enum p2m_change_kind kind,
				    unsigned int argument, uint64_t *done)
{
	switch (kind) {
	case P2M_UNMAP:
		return p2m_change_any(p2m, f, gfn, frames, pt_change_to_hole,
				      0, done);
	case P2M_SET_ACCESS:
		return p2m_change_any(p2m, f, gfn, frames, p2m_change_access,
				      argument, done);
	case P2M_SET_TYPE:
		break;
	}
	return p2m_change_any(p2m, f, gfn, frames, p2m_change_to_type, argument,
			      done);
}

P2M_GRANULE int p2m_change_4k(struct p2m *p2m, gfn_t gfn, uint64_t frames,
			      enum p2m_change_kind kind,
			  unsigned int argument, uint64_t *done)
{
	return p2m_change(p2m, &pt_format_arm_s2_4k, gfn, frames, kind,
			  argument, done);
}

P2M_GRANULE int p2m_change_16k(struct p2m *p2m, gfn_t gfn, uint64_t frames,
			       enum p2m_change_kind kind,
			  unsigned int argument, uint64_t *done)
{
	return p2m_change(p2m, &pt_format_arm_s2_16k, gfn, frames, kind,
			  argument, done);
}

P2M_GRANULE int p2m_change_64k(struct p2m *p2m, gfn_t gfn, uint64_t frames,
			       enum p2m_change_kind kind,
			  unsigned int argument, uint64_t *done)
{
	return p2m_change(p2m, &pt_format_arm_s2_64k, gfn, frames, kind,
			  argument, done);
}

MUST_CHECK static int p2m_change_on(struct p2m *p2m, gfn_t gfn, uint64_t frames,
				    enum p2m_change_kind kind,
				    unsigned int argument, uint64_t *done)
{
	if (!p2m_is_aligned(p2m, gfn.raw | frames))
		return ERR_ALIGN;
	switch (p2m->config.granule_lg2) {
	case 12:
		return p2m_change_4k(p2m, gfn, frames, kind, argument, done);
	case 14:
		return p2m_change_16k(p2m, gfn, frames, kind, argument, done);
	default:
		return p2m_change_64k(p2m, gfn, frames, kind, argument, done);
	}
}

P2M_GRANULE int p2m_remove_request(struct p2m *p2m, gfn_t gfn, uint64_t frames,
				   uint64_t *done)
{
	*done = 0;
	if (!p2m_has_frames(p2m, gfn, frames))
		return ERR_RANGE;
	if (p2m_has_short_remove(p2m) && p2m->quick_remove == 0 &&
	    p2m_remove_short(p2m, p2m->start_level, p2m->config.tlbi,
			     p2m->config.free_empty, gfn, frames)) {
		*done = frames;
		return 0;
	}
	return p2m_change_on(p2m, gfn, frames, P2M_UNMAP, 0, done);
}

int p2m_remove(struct p2m *p2m, gfn_t gfn, uint64_t frames, uint64_t *done)
{
	if (gfn.raw >= p2m->quick_remove ||
	    !p2m_remove_short(p2m, P2M_USUAL_START, P2M_TLBI_IPA, true, gfn,
			      frames))
		return p2m_remove_request(p2m, gfn, frames, done);
	*done = frames;
	return 0;
}

int p2m_protect(struct p2m *p2m, gfn_t gfn, uint64_t frames,
		unsigned int access, uint64_t *done)
{
	*done = 0;
	if (!p2m_access_resolve(p2m, &access))
		return ERR_INVAL;
	if (!p2m_has_frames(p2m, gfn, frames))
		return ERR_RANGE;
	return p2m_change_on(p2m, gfn, frames, P2M_SET_ACCESS, access, done);
}

int p2m_change_type(struct p2m *p2m, gfn_t gfn, uint64_t frames,
		    enum p2m_type from, enum p2m_type to, uint64_t *done)
{
	*done = 0;
	if (!p2m_type_is_leaf(from) || !p2m_type_is_leaf(to))
		return ERR_INVAL;
	if (!p2m_has_frames(p2m, gfn, frames))
		return ERR_RANGE;
	return p2m_change_on(p2m, gfn, frames, P2M_SET_TYPE,
			     (unsigned int)from | (unsigned int)to << 4, done);
}

int p2m_set_default_access(struct p2m *p2m, unsigned int access)
{
	if (!p2m_access_is_known(access))
		return ERR_INVAL;
	p2m->default_access = access;
	return 0;
}

int p2m_relinquish(struct p2m *p2m)
{
	uint64_t done = 0;
	int rc = p2m_change_on(p2m, p2m->relinquished,
			       p2m->frames - p2m->relinquished.raw, P2M_UNMAP,
			       0, &done);

	p2m->relinquished.raw += done;
	if (rc == 0)
		p2m->relinquished.raw = 0;
	return rc;
}

void p2m_tick(struct p2m *p2m)
{
	struct pt pt;

	p2m_begin(p2m, &pt);
	p2m_end(p2m, &pt, p2m_format(p2m));
}

/* What a walk that ended at `level` found there. */
PT_INLINE void p2m_entry_fill(const struct pt_format *f, uint64_t ia,
			      unsigned int level, uint64_t pte,
			      struct p2m_entry *entry)
{
	entry->level = (uint8_t)level;
	entry->order = (uint8_t)(f->level[level].lsb - FRAME_LG2);
	if (f->kind(pte, level) != PT_LEAF) {
		entry->mfn.raw = 0;
		entry->type = P2M_INVALID;
		entry->access = 0;
		return;
	}
	entry->mfn = mfn_from_pa((pa_t){ f->address(pte, level).raw +
					 (ia & (pt_span(f, level) - 1)) });
	entry->type = p2m_pte_type(pte);
	entry->access = p2m_pte_access(pte);
}

PT_INLINE void p2m_lookup_as(struct p2m *p2m, const struct pt_format *f,
			     gfn_t gfn, struct p2m_entry *entry)
{
	const uint64_t ia = ipa_from_gfn(gfn).raw;
	struct pt pt = pt_single(p2m->host, p2m->root, p2m->start_level,
				 &p2m->stats);
	struct pt_path path;

	if (!p2m_has_frames(p2m, gfn, 1)) {
		p2m_entry_fill(f, ia, p2m->start_level, 0, entry);
		return;
	}
	pt_walk(&pt, f, ia, f->last, &path);
	pt_close(&pt, &path);
	p2m_entry_fill(f, ia, path.level, path.pte, entry);
}

/* By value, so that p2m_lookup's caller need not have it in memory. */
P2M_GRANULE struct p2m_entry p2m_lookup_any(struct p2m *p2m, gfn_t gfn)
{
	struct p2m_entry entry;

	switch (p2m->config.granule_lg2) {
	case 12:
		p2m_lookup_as(p2m, &pt_format_arm_s2_4k, gfn, &entry);
		break;
	case 14:
		p2m_lookup_as(p2m, &pt_format_arm_s2_16k, gfn, &entry);
		break;
	default:
		p2m_lookup_as(p2m, &pt_format_arm_s2_64k, gfn, &entry);
		break;
	}
	return entry;
}

/* One level of a look-up; true if it ends here. */
PT_INLINE bool p2m_lookup_level(struct pt *pt, const struct pt_format *f,
				uint64_t ia, unsigned int level, pa_t *table,
				struct p2m_entry *entry)
{
	struct pt_path path;

	if (!pt_walk_level(pt, f, ia, f->last, level, table, &path))
		return false;
	pt_close(pt, &path);
	p2m_entry_fill(f, ia, level, path.pte, entry);
	return true;
}

/* Each level by itself, so that all about it is constant. */
P2M_IN_LINE void p2m_lookup(struct p2m *p2m, gfn_t gfn, struct p2m_entry *entry)
{
	const struct pt_format *f = &pt_format_arm_s2_4k;
	const uint64_t ia = ipa_from_gfn(gfn).raw;
	struct pt pt = pt_single(p2m->host, p2m->root, P2M_USUAL_START,
				 &p2m->stats);
	pa_t table = pt_root_page(&pt, f, ia, P2M_USUAL_START);

	if (gfn.raw >= p2m->quick_lookup)
		*entry = p2m_lookup_any(p2m, gfn);
	else if (!p2m_lookup_level(&pt, f, ia, 1, &table, entry) &&
		 !p2m_lookup_level(&pt, f, ia, 2, &table, entry))
		p2m_lookup_level(&pt, f, ia, 3, &table, entry);
}

/* ---- the space itself */

/* Which of the code made for the usual shape may serve this space. */
static void p2m_set_quick(struct p2m *p2m)
{
	if (p2m->config.granule_lg2 != P2M_SHORT->granule_lg2 ||
	    p2m->start_level != P2M_USUAL_START)
		return;
	p2m->quick_lookup = p2m->frames;
	if (p2m->marks)
		return;
	p2m->quick_map = p2m->frames;
	if (p2m->config.tlbi == P2M_TLBI_IPA)
		p2m->quick_remove = p2m->frames;
}

/* Facts of a space from its configuration; 0 or why not. */
static int p2m_configure(struct p2m *p2m, const struct p2m_config *c)
{
	const struct pt_format *f = p2m_granule_format(c->granule_lg2);
	const unsigned int most =
		p2m_is_large(c) ? P2M_BITS_LPA : P2M_IPA_BITS_MAX;

	if (!f || c->ipa_bits < P2M_IPA_BITS_MIN || c->ipa_bits > most ||
	    (unsigned int)c->tlbi > P2M_TLBI_RANGE ||
	    (unsigned int)c->order > P2M_ORDER_MASK || c->bbm_level > 2 || c->start_level < -1 ||
	    c->start_level > (int)f->last ||
	    (unsigned int)c->coalesce.policy >= PT_COALESCE_POLICIES ||
	    (c->coalesce.policy == PT_COALESCE_SCAN &&
	     c->coalesce.budget == 0))
		return ERR_INVAL;
	if (c->start_level >= 0 && c->start_level < (int)f->first)
		return ERR_INVAL;
	p2m->start_level = c->start_level < 0
				   ? (uint8_t)arm_s2_start_usual(f, c->ipa_bits)
				   : (uint8_t)c->start_level;
	if (!arm_s2_start_is_legal(f, c->ipa_bits, p2m->start_level))
		return ERR_INVAL;
	p2m->root_order = arm_s2_root_order(f, c->ipa_bits, p2m->start_level);
	p2m->config = *c;
	p2m->coalescing.config = c->coalesce;
	p2m->marks = c->contig_hint || c->coalesce.policy != PT_COALESCE_NEVER;
	p2m->default_access = P2M_ACCESS_RWX;
	p2m->frames = BIT(c->ipa_bits - FRAME_LG2);
	p2m->outputs = BIT(p2m_output_bits(c) - FRAME_LG2);
	p2m_set_quick(p2m);
	return 0;
}

int p2m_init(struct p2m *p2m, void *host, const struct p2m_config *config)
{
	const struct pt_format *f;
	struct pt pt;
	int rc;

	*p2m = (struct p2m){ .host = host };
	rc = p2m_configure(p2m, config);
	if (rc)
		return rc;
	f = p2m_format(p2m);
	p2m_begin(p2m, &pt);
	rc = pt_table_get(&pt, f, pt.start_level, p2m->root_order, &p2m->root);
	if (rc)
		return rc;
	for (unsigned int i = 0; i < 1u << p2m->root_order; i++) {
		const pa_t page = { p2m->root.raw +
				    ((uint64_t)i << f->granule_lg2) };
		uint64_t *e = port_table_map(host, page);

		port_table_zero(host, e, (size_t)1 << f->granule_lg2);
		port_table_unmap(host, e);
	}
	/* Before any VTTBR_EL2 leads here. */
	pt_barrier(&pt, PORT_DSB_ISHST);
	return 0;
}

int p2m_fini(struct p2m *p2m)
{
	const struct pt_format *f = p2m_format(p2m);
	struct pt pt;
	int rc;

	p2m_begin(p2m, &pt);
	if (!p2m->detached)
		pt_detach(&pt, f, p2m->root_order);
	p2m->detached = true;
	rc = pt_release(&pt, f);
	p2m->free_list = pt.queue;
	p2m->free_list_count = pt.queued;
	if (rc)
		return rc;
	pt_table_put(&pt, f, p2m->root_order, p2m->root);
	p2m->root = (pa_t){ 0 };
	return 0;
}

/* Bits 51:48 of a root above 48 bits stand in bits 5:2, D24.2.198. */
uint64_t p2m_vttbr(const struct p2m *p2m)
{
	return (p2m->root.raw & FIELD_MASK(VTTBR_EL2_BADDR)) |
	       p2m->root.raw >> 48 << 2 |
	       FIELD_PREP(VTTBR_EL2_VMID, p2m->config.vmid);
}

/* Walks are write-back, write-allocate and inner shareable. */
uint64_t p2m_vtcr(const struct p2m *p2m, unsigned int pa_bits)
{
	const struct p2m_config *c = &p2m->config;

	if (pa_bits > p2m_output_bits(c))
		pa_bits = p2m_output_bits(c);
	return arm_s2_vtcr(p2m_format(p2m), c->ipa_bits, p2m->start_level,
			   pa_bits) |
	       FIELD_PREP(VTCR_EL2_IRGN0, 1) | FIELD_PREP(VTCR_EL2_ORGN0, 1) |
	       FIELD_PREP(VTCR_EL2_SH0, 3) |
	       FIELD_PREP(VTCR_EL2_VS, c->vmid > 0xff) |
	       FIELD_PREP(VTCR_EL2_RES1, 1);
}
