/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The p2m on the page-table engine and the Arm stage-2 format: which types
 * there are and what they look like to hardware, which sizes an address space
 * may have, and what the engine must be told. DDI0487 L.b D8.
 *
 * Left out: see core/p2m/README.md.
 */
#include "core/p2m/p2m.h"

#include "core/format/arm_s2.h"
#include "core/p2m/tlbi.h"
#include "core/pt/change.h"
#include "core/pt/map.h"
#include "core/pt/single.h"
#include "core/pt/teardown.h"

_Static_assert((int)P2M_INVALID == (int)ARM_S2_TYPE_HOLE &&
		       (int)P2M_TYPE_COUNT <= (int)ARM_S2_TYPE_TABLE,
	       "the descriptor's software type has room for ours");
_Static_assert((int)P2M_ACCESS_R == (int)ARM_S2_S2AP_R &&
		       (int)P2M_ACCESS_W == (int)ARM_S2_S2AP_W,
	       "access and S2AP agree");

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

/* ---- types and access */

#define P2M_RAM                                                                \
	(FIELD_PREP(ARM_S2_MEMATTR, ARM_S2_MEMATTR_NORMAL_WB) |                \
	 FIELD_PREP(ARM_S2_SH, ARM_S2_SH_INNER))
#define P2M_DEVICE(memattr)                                                    \
	(FIELD_PREP(ARM_S2_MEMATTR, (memattr)) |                               \
	 FIELD_PREP(ARM_S2_SH, ARM_S2_SH_OUTER))
#define P2M_ACCESS_RW (P2M_ACCESS_R | P2M_ACCESS_W)

static const struct p2m_type_facts {
	uint64_t memory;      /* memory type and shareability */
	unsigned int access;  /* the most a guest may have */
} p2m_types[P2M_TYPE_COUNT] = {
	[P2M_RAM_RW] = { P2M_RAM, P2M_ACCESS_RWX },
	[P2M_RAM_RO] = { P2M_RAM, P2M_ACCESS_R | P2M_ACCESS_X },
	[P2M_DEVICE_NGNRE] = { P2M_DEVICE(ARM_S2_MEMATTR_DEVICE_NGNRE),
			       P2M_ACCESS_RW },
	[P2M_DEVICE_NGNRNE] = { P2M_DEVICE(ARM_S2_MEMATTR_DEVICE_NGNRNE),
				P2M_ACCESS_RW },
	[P2M_DEVICE_GRE] = { P2M_DEVICE(ARM_S2_MEMATTR_DEVICE_GRE),
			     P2M_ACCESS_RW },
	[P2M_DEVICE_NC] = { P2M_DEVICE(ARM_S2_MEMATTR_NORMAL_NC),
			    P2M_ACCESS_RW },
	[P2M_GRANT_RW] = { P2M_RAM, P2M_ACCESS_RW },
	[P2M_GRANT_RO] = { P2M_RAM, P2M_ACCESS_R },
	[P2M_FOREIGN_RW] = { P2M_RAM, P2M_ACCESS_RW },
	[P2M_FOREIGN_RO] = { P2M_RAM, P2M_ACCESS_R },
};

static inline uint64_t p2m_permissions(enum p2m_type type, unsigned int access)
{
	access &= p2m_types[type].access;
	return FIELD_PREP(ARM_S2_S2AP, access) |
	       FIELD_PREP(ARM_S2_XN,
			  access & P2M_ACCESS_X ? 0 : ARM_S2_XN_NONE);
}

static inline uint64_t p2m_attrs(enum p2m_type type, unsigned int access)
{
	return FIELD_PREP(ARM_S2_VALID, 1) | FIELD_PREP(ARM_S2_AF, 1) |
	       p2m_types[type].memory | FIELD_PREP(ARM_S2_TYPE, type) |
	       p2m_permissions(type, access);
}

static enum p2m_type p2m_pte_type(uint64_t pte)
{
	return (enum p2m_type)FIELD_GET(ARM_S2_TYPE, pte);
}

/* Of XN's two bits we write the upper alone. */
static unsigned int p2m_pte_access(uint64_t pte)
{
	const uint64_t none = FIELD_PREP(ARM_S2_XN, ARM_S2_XN_NONE);

	return (unsigned int)FIELD_GET(ARM_S2_S2AP, pte) |
	       (pte & none ? 0 : P2M_ACCESS_X);
}

/* What p2m_remove and p2m_protect make of a leaf. */
static inline uint64_t p2m_change_to_hole(uint64_t pte, uint64_t unused)
{
	(void)pte;
	(void)unused;
	return 0;
}

static inline uint64_t p2m_change_access(uint64_t pte, uint64_t access)
{
	pte &= ~(FIELD_MASK(ARM_S2_S2AP) | FIELD_MASK(ARM_S2_XN));
	return pte | p2m_permissions(p2m_pte_type(pte), (unsigned int)access);
}

static inline bool p2m_type_is_leaf(enum p2m_type type)
{
	return (unsigned int)type < P2M_TYPE_COUNT && type != P2M_INVALID;
}

/* For frames of the type in bits 3:0 the one in bits 7:4. */
static inline uint64_t p2m_change_to_type(uint64_t pte, uint64_t types)
{
	const enum p2m_type to = (enum p2m_type)(types >> 4);

	if (p2m_pte_type(pte) != (enum p2m_type)(types & 15))
		return pte;
	return (pte & ~(FIELD_MASK(ARM_S2_MEMATTR) | FIELD_MASK(ARM_S2_SH) |
			FIELD_MASK(ARM_S2_TYPE) | FIELD_MASK(ARM_S2_S2AP) |
			FIELD_MASK(ARM_S2_XN))) |
	       FIELD_PREP(ARM_S2_TYPE, to) | p2m_types[to].memory |
	       p2m_permissions(to, p2m_pte_access(pte));
}

/* ---- requests */

static inline void p2m_begin(struct p2m *p2m, struct pt *pt)
{
	pt->host = p2m->host;
	pt->owner = p2m;
	pt->root = p2m->root;
	pt->start_level = p2m->start_level;
	pt->free_empty = p2m->config.free_empty;
	pt->hints = p2m->config.contig_hint;
	pt->bbm_level = p2m->config.bbm_level;
	pt->coalescing = p2m->config.coalesce.policy != PT_COALESCE_NEVER
				 ? &p2m->coalescing
				 : NULL;
	pt->marks = p2m->marks;
	pt->written = false;
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

static inline bool p2m_access_is_known(unsigned int access)
{
	return (access & ~(unsigned int)P2M_ACCESS_RWX) == 0;
}

/* False if it is no access; the default is looked up. */
static inline bool p2m_access_resolve(const struct p2m *p2m,
				      unsigned int *access)
{
	if (p2m_access_is_known(*access))
		return true;
	if (*access != P2M_ACCESS_DEFAULT)
		return false;
	*access = p2m->default_access;
	return true;
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

/* True if the mapping was one leaf into a hole, and is done. */
PT_INLINE bool p2m_map_single(struct p2m *p2m, const struct pt_format *f,
			      const struct pt_mapping *m)
{
	struct pt pt = pt_single(p2m->host, p2m->root, p2m->start_level,
				 &p2m->stats);
	bool did = false;

	if (p2m->marks)
		return false;
	if (m->bytes == pt_span(f, f->last))
		did = pt_single_map(&pt, f, m->ia, m->pa, m->attrs, f->last);
	else if (m->bytes == pt_span(f, f->last - 1u) &&
		 is_aligned(m->ia | m->pa.raw, f->level[f->last - 1].lsb))
		did = pt_single_map(&pt, f, m->ia, m->pa, m->attrs,
				    f->last - 1u);
	if (did)
		pt_barrier(&pt, PORT_DSB_ISHST);
	return did;
}

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

int p2m_map(struct p2m *p2m, gfn_t gfn, mfn_t mfn, uint64_t frames,
	    enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct pt_mapping m;

	*done = 0;
	if (!p2m_type_is_leaf(type) || !p2m_access_resolve(p2m, &access))
		return ERR_INVAL;
	if (!p2m_has_frames(p2m, gfn, frames) || mfn.raw >= p2m->outputs ||
	    frames > p2m->outputs - mfn.raw)
		return ERR_RANGE;

	m.ia = ipa_from_gfn(gfn).raw;
	m.pa = pa_from_mfn(mfn);
	m.bytes = frames << FRAME_LG2;
	m.attrs = p2m_attrs(type, access);
	m.level = -1;
	if (p2m->config.granule_lg2 == 12) {
		if (!p2m_map_single(p2m, &pt_format_arm_s2_4k, &m))
			return p2m_map_4k(p2m, &m, done);
		*done = frames;
		return 0;
	}
	if (!p2m_is_aligned(p2m, gfn.raw | mfn.raw | frames))
		return ERR_ALIGN;
	return p2m->config.granule_lg2 == 14 ? p2m_map_16k(p2m, &m, done)
					     : p2m_map_64k(p2m, &m, done);
}

/* True if a leaf of `level` stood there, its table stays, and it is gone. */
PT_INLINE bool p2m_remove_leaf(struct p2m *p2m, const struct pt_format *f,
			       uint64_t ia, unsigned int level)
{
	struct pt pt = pt_single(p2m->host, p2m->root, p2m->start_level,
				 &p2m->stats);

	if (!pt_single_unmap(&pt, f, ia, p2m->config.free_empty, level))
		return false;
	port_barrier(p2m->host, PORT_DSB_ISHST);
	p2m_tlbi_leaf(p2m, ia, level, f->level[level].lsb);
	port_barrier(p2m->host, PORT_DSB_ISH);
	/* Counted together: two additions wait for each other. */
	p2m->stats.barriers += 2;
	return true;
}

/* True if the range was one such leaf. */
PT_INLINE bool p2m_remove_single(struct p2m *p2m, const struct pt_format *f,
				 uint64_t ia, uint64_t bytes)
{
	if (p2m->marks)
		return false;
	if (bytes == pt_span(f, f->last))
		return p2m_remove_leaf(p2m, f, ia, f->last);
	if (bytes == pt_span(f, f->last - 1u) &&
	    is_aligned(ia, f->level[f->last - 1].lsb))
		return p2m_remove_leaf(p2m, f, ia, f->last - 1u);
	return false;
}

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
		return p2m_change_any(p2m, f, gfn, frames, p2m_change_to_hole,
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

int p2m_remove(struct p2m *p2m, gfn_t gfn, uint64_t frames, uint64_t *done)
{
	*done = 0;
	if (!p2m_has_frames(p2m, gfn, frames))
		return ERR_RANGE;
	if (p2m->config.granule_lg2 != 12 ||
	    !p2m_remove_single(p2m, &pt_format_arm_s2_4k, ipa_from_gfn(gfn).raw,
			       frames << FRAME_LG2))
		return p2m_change_on(p2m, gfn, frames, P2M_UNMAP, 0, done);
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
	uint64_t done;
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

/* Each level by itself, so that all about it is constant: see pt_walk. */
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
	if (path.level == f->last)
		p2m_entry_fill(f, ia, f->last, path.pte, entry);
	else if (path.level == f->last - 1u)
		p2m_entry_fill(f, ia, f->last - 1u, path.pte, entry);
	else
		p2m_entry_fill(f, ia, path.level, path.pte, entry);
}

P2M_GRANULE void p2m_lookup_16k(struct p2m *p2m, gfn_t gfn,
				struct p2m_entry *entry)
{
	p2m_lookup_as(p2m, &pt_format_arm_s2_16k, gfn, entry);
}

P2M_GRANULE void p2m_lookup_64k(struct p2m *p2m, gfn_t gfn,
				struct p2m_entry *entry)
{
	p2m_lookup_as(p2m, &pt_format_arm_s2_64k, gfn, entry);
}

void p2m_lookup(struct p2m *p2m, gfn_t gfn, struct p2m_entry *entry)
{
	if (p2m->config.granule_lg2 == 12)
		p2m_lookup_as(p2m, &pt_format_arm_s2_4k, gfn, entry);
	else if (p2m->config.granule_lg2 == 14)
		p2m_lookup_16k(p2m, gfn, entry);
	else
		p2m_lookup_64k(p2m, gfn, entry);
}

/* ---- the space itself */

/*
 * Bits that the start level resolves: one at least, and no more than one
 * table's and the concatenated tables' together. DDI0487 L.b D8.2.
 */
static bool p2m_start_is_legal(const struct pt_format *f, unsigned int ipa_bits,
			       unsigned int level)
{
	const unsigned int lsb = f->level[level].lsb;

	return ipa_bits > lsb &&
	       ipa_bits <= lsb + f->level[level].width + f->concat_lg2;
}

/* The usual choice: as deep as concatenation allows. */
static unsigned int p2m_start_usual(const struct pt_format *f,
				    unsigned int ipa_bits)
{
	unsigned int level = f->last - 1u;

	while (level > f->first && !p2m_start_is_legal(f, ipa_bits, level))
		level--;
	return level;
}

/* Facts of a space from its configuration; 0 or why not. */
static int p2m_configure(struct p2m *p2m, const struct p2m_config *c)
{
	const struct pt_format *f = p2m_granule_format(c->granule_lg2);
	const unsigned int most =
		p2m_is_large(c) ? P2M_BITS_LPA : P2M_IPA_BITS_MAX;
	unsigned int top;

	if (!f || c->ipa_bits < P2M_IPA_BITS_MIN || c->ipa_bits > most ||
	    (unsigned int)c->tlbi > P2M_TLBI_RANGE ||
	    (unsigned int)c->order > P2M_ORDER_MASK || c->bbm_level > 2 || c->start_level < -1 ||
	    c->start_level >= (int)f->last ||
	    (unsigned int)c->coalesce.policy >= PT_COALESCE_POLICIES ||
	    (c->coalesce.policy == PT_COALESCE_SCAN &&
	     c->coalesce.budget == 0))
		return ERR_INVAL;
	if (c->start_level >= 0 && c->start_level < (int)f->first)
		return ERR_INVAL;
	p2m->start_level = c->start_level < 0
				   ? (uint8_t)p2m_start_usual(f, c->ipa_bits)
				   : (uint8_t)c->start_level;
	if (!p2m_start_is_legal(f, c->ipa_bits, p2m->start_level))
		return ERR_INVAL;
	top = f->level[p2m->start_level].lsb + f->level[p2m->start_level].width;
	p2m->root_order = c->ipa_bits > top ? (uint8_t)(c->ipa_bits - top) : 0;
	p2m->config = *c;
	p2m->coalescing.config = c->coalesce;
	p2m->marks = c->contig_hint || c->coalesce.policy != PT_COALESCE_NEVER;
	p2m->default_access = P2M_ACCESS_RWX;
	p2m->frames = BIT(c->ipa_bits - FRAME_LG2);
	p2m->outputs = BIT(p2m_output_bits(c) - FRAME_LG2);
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

/* VTCR_EL2.PS for a machine's physical address size, rounded down. */
static unsigned int p2m_vtcr_ps(const struct p2m_config *c,
				unsigned int pa_bits)
{
	static const uint8_t sizes[] = { 32, 36, 40, 42, 44, 48, 52 };
	unsigned int ps = 0;

	if (pa_bits > p2m_output_bits(c))
		pa_bits = p2m_output_bits(c);
	while (ps + 1 < sizeof(sizes) && sizes[ps + 1] <= pa_bits)
		ps++;
	return ps;
}

/* VTCR_EL2.SL0 and TG0 of a granule: D24.2.196. */
static unsigned int p2m_vtcr_sl0(const struct p2m *p2m)
{
	return (p2m->config.granule_lg2 == 12 ? 2u : 3u) - p2m->start_level;
}

static unsigned int p2m_vtcr_tg0(const struct p2m *p2m)
{
	switch (p2m->config.granule_lg2) {
	case 14:
		return 2;
	case 16:
		return 1;
	default:
		return 0;
	}
}

/* Walks are write-back, write-allocate and inner shareable. */
uint64_t p2m_vtcr(const struct p2m *p2m, unsigned int pa_bits)
{
	return FIELD_PREP(VTCR_EL2_T0SZ, 64u - p2m->config.ipa_bits) |
	       FIELD_PREP(VTCR_EL2_SL0, p2m_vtcr_sl0(p2m)) |
	       FIELD_PREP(VTCR_EL2_IRGN0, 1) | FIELD_PREP(VTCR_EL2_ORGN0, 1) |
	       FIELD_PREP(VTCR_EL2_SH0, 3) |
	       FIELD_PREP(VTCR_EL2_TG0, p2m_vtcr_tg0(p2m)) |
	       FIELD_PREP(VTCR_EL2_PS, p2m_vtcr_ps(&p2m->config, pa_bits)) |
	       FIELD_PREP(VTCR_EL2_VS, p2m->config.vmid > 0xff) |
	       FIELD_PREP(VTCR_EL2_RES1, 1);
}
