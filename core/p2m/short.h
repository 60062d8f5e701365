/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short way of the most frequent requests: one page or one 2 MB block into
 * a hole or out of its table, with the 4K granule and without markers. Of the
 * usual shape, walks from level 1 on and TLB maintenance by IPA, there is an
 * instance by itself: p2m_map and p2m_remove try it first.
 */
#ifndef CORE_P2M_SHORT_H
#define CORE_P2M_SHORT_H

#include "core/p2m/tlbi.h"
#include "core/p2m/type.h"
#include "core/pt/single.h"

/* Where walks begin with 4K and 35 to 43 bits: short ways are made for it. */
#define P2M_USUAL_START 1

#define P2M_SHORT	 (&pt_format_arm_s2_4k)
#define P2M_BLOCK_FRAMES 512

/* True if a leaf of `level` was put into a hole. */
PT_INLINE bool p2m_map_leaf(struct p2m *p2m, uint8_t start_level, gfn_t gfn,
			    mfn_t mfn, uint64_t attrs, unsigned int level)
{
	struct pt pt = pt_single(p2m->host, p2m->root, start_level,
				 &p2m->stats);

	if (!pt_single_map(&pt, P2M_SHORT, ipa_from_gfn(gfn).raw,
			   pa_from_mfn(mfn), attrs, level))
		return false;
	pt_barrier(&pt, PORT_DSB_ISHST);
	return true;
}

/*
 * True if that was the mapping, and it is done. `gfn` is inside the space,
 * which is a multiple of any block.
 */
PT_INLINE bool p2m_map_short(struct p2m *p2m, uint8_t start_level, gfn_t gfn,
			     mfn_t mfn, uint64_t frames, enum p2m_type type,
			     unsigned int access)
{
	uint64_t attrs;

	if (!p2m_type_is_leaf(type) || !p2m_access_resolve(p2m, &access) ||
	    mfn.raw >= p2m->outputs)
		return false;
	attrs = p2m_attrs(type, access);
	if (frames == 1)
		return p2m_map_leaf(p2m, start_level, gfn, mfn, attrs, 3);
	if (frames != P2M_BLOCK_FRAMES ||
	    (gfn.raw | mfn.raw) % P2M_BLOCK_FRAMES != 0)
		return false;
	return p2m_map_leaf(p2m, start_level, gfn, mfn, attrs, 2);
}

/* True if a leaf of `level` stood there, its table stays, and it is gone. */
PT_INLINE bool p2m_remove_leaf(struct p2m *p2m, uint8_t start_level,
			       enum p2m_tlbi_policy policy, bool free_empty,
			       gfn_t gfn, unsigned int level)
{
	const uint64_t ia = ipa_from_gfn(gfn).raw;
	struct pt pt = pt_single(p2m->host, p2m->root, start_level,
				 &p2m->stats);

	if (!pt_single_unmap(&pt, P2M_SHORT, ia, free_empty, level))
		return false;
	port_barrier(p2m->host, PORT_DSB_ISHST);
	p2m_tlbi_leaf(p2m, P2M_SHORT, ia, level, policy);
	port_barrier(p2m->host, PORT_DSB_ISH);
	/* Counted together: two additions wait for each other. */
	p2m->stats.barriers += 2;
	return true;
}

/* True if that was the removal, and it is done. `gfn` as above. */
PT_INLINE bool p2m_remove_short(struct p2m *p2m, uint8_t start_level,
				enum p2m_tlbi_policy policy, bool free_empty,
				gfn_t gfn, uint64_t frames)
{
	if (frames == 1)
		return p2m_remove_leaf(p2m, start_level, policy, free_empty,
				       gfn, 3);
	if (frames != P2M_BLOCK_FRAMES || gfn.raw % P2M_BLOCK_FRAMES != 0 ||
	    policy == P2M_TLBI_RANGE)
		return false;
	return p2m_remove_leaf(p2m, start_level, policy, free_empty, gfn, 2);
}

/* Other start levels and policies than the quick may go that way, too. */
static inline bool p2m_has_short_map(const struct p2m *p2m)
{
	return p2m->config.granule_lg2 == P2M_SHORT->granule_lg2 &&
	       !p2m->marks && p2m->shared.clean == PT_CLEAN_NONE;
}

static inline bool p2m_has_short_remove(const struct p2m *p2m)
{
	return p2m_has_short_map(p2m) && !p2m->shared.flush;
}

#endif
