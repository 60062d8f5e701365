/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request from beginning to end: context, PASID, IOTLB, walk, permissions,
 * fill. VT-d 4.1 §3 (tables and modes), §6.2 (caches), §3.15 (the interrupt
 * address range).
 */
#include <stddef.h>
#include <string.h>

#include "models/vtd/time.h"
#include "models/vtd/unit.h"

#define INTERRUPT_RANGE UINT64_C(0xfee) /* address >> 20 */

static void tell_fetched(const struct vtd_walk *w, enum vtd_read_kind kind,
			 uint64_t pa, unsigned int words)
{
	const struct vtd_notice notice = { .kind = VTD_NOTICE_FETCHED,
					   .table = kind,
					   .words = words,
					   .scalable = w->scalable,
					   .sid = w->request->sid,
					   .pasid = w->pasid,
					   .pa = pa };

	w->vtd->ops->notice(w->vtd->context, &notice);
}

bool vtd_fetch(struct vtd_walk *w, enum vtd_read_kind kind, unsigned int level,
	       uint64_t input, uint64_t pa, unsigned int words, bool coherent,
	       uint64_t *out)
{
	struct vtd *v = w->vtd;
	uint64_t ticks = 0;

	if (!v->ops->read_descriptor(v->context, pa, words, coherent, out,
				     &ticks))
		return false;
	if (kind <= VTD_READ_PASID && v->ops->notice)
		tell_fetched(w, kind, pa, words);
	if (w->out->reads < VTD_READS_MAX)
		w->out->read[w->out->reads++] = (struct vtd_read){
			.pa = pa,
			.raw = out[0],
			.input = input,
			.ticks = ticks,
			.kind = (uint8_t)kind,
			.level = (uint8_t)level,
			.coherent = coherent,
		};
	return true;
}

int32_t vtd_mark_later(struct vtd_walk *w, const struct vtd_mark *mark)
{
	/* Tables may loop: one entry, met twice, is updated once. */
	for (uint32_t i = 0; i < w->marks; i++) {
		if (w->mark[i].pa != mark->pa)
			continue;
		w->mark[i].set |= mark->set;
		return (int32_t)i;
	}
	if (w->marks == VTD_READS_MAX)
		return -1;
	w->mark[w->marks] = *mark;
	return (int32_t)w->marks++;
}

/* A and D, now that nothing stands in the way. */
static enum vtd_reason set_marks(struct vtd_walk *w)
{
	struct vtd *v = w->vtd;

	for (uint32_t i = 0; i < w->marks; i++) {
		const struct vtd_mark *m = &w->mark[i];

		if ((m->raw & m->set) == m->set)
			continue;
		if (!m->coherent)
			return m->incoherent;
		if (!v->ops->update_descriptor(v->context, m->pa, m->raw,
					       m->raw | m->set,
					       &w->out->update_ticks))
			return m->failure;
		w->out->updates++;
	}
	return VTD_NO_FAULT;
}

/* SMEP: privileged requests do not execute what is the user's. */
static bool protected_from(const struct vtd_walk *w, uint64_t attrs)
{
	return FIELD_GET(VTD_PE2_SMEP, w->pasid_word[2]) &&
	       FIELD_GET(VTD_TE_US, attrs);
}

/* What the stages together say to this request. */
static enum vtd_reason permits(const struct vtd_walk *w, uint64_t attrs)
{
	const struct vtd_request *r = w->request;
	bool user = !w->privileged;
	bool readable = FIELD_GET(VTD_TE_R, attrs);
	bool writable = FIELD_GET(VTD_TE_W, attrs);

	if (user && !FIELD_GET(VTD_TE_US, attrs))
		return VTD_SGN_2;
	if (r->write && !FIELD_GET(VTD_TE_RW, attrs) &&
	    (user || FIELD_GET(VTD_PE2_WPE, w->pasid_word[2])))
		return VTD_SGN_6;
	if (r->has_pasid && r->execute &&
	    (FIELD_GET(VTD_TE_XD, attrs) ||
	     (!user && protected_from(w, attrs))))
		return VTD_SGN_3;
	if (w->scalable && !readable && !writable)
		return VTD_SSS_2;
	if (r->write)
		return writable	     ? VTD_NO_FAULT
		       : w->scalable ? VTD_SGN_6
				     : VTD_LGN_2;
	if (!r->bytes && w->vtd->config.zero_length_reads && writable)
		return VTD_NO_FAULT;
	return readable ? VTD_NO_FAULT : w->scalable ? VTD_SGN_7 : VTD_LGN_3;
}

static enum vtd_reason deliver(struct vtd_walk *w, uint64_t pa,
			       unsigned int size_lg2, bool snoop)
{
	uint64_t rest = BIT(size_lg2) - (w->request->iova & MASK(0, size_lg2));

	if (pa >> 20 == INTERRUPT_RANGE)
		return w->scalable ? VTD_SGN_8 : VTD_LGN_4;
	w->out->pa = pa;
	w->out->page_lg2 = (uint8_t)size_lg2;
	w->out->snoop = snoop || FIELD_GET(VTD_PE1_PGSNP, w->pasid_word[1]);
	w->out->bytes =
		rest < w->request->bytes ? (uint32_t)rest : w->request->bytes;
	w->out->did = w->did;
	return VTD_NO_FAULT;
}

/* A stage or two to walk through, and how to find the result again. */
struct route {
	enum vtd_kind kind;
	struct vtd_second second;
};

/* The input must lie within the second stage's width. */
static bool too_wide(const struct vtd_walk *w, uint64_t address,
		     unsigned int levels)
{
	unsigned int bits = VTD_LEVEL_RANGE(levels);

	if (bits > w->vtd->config.mgaw_bits)
		bits = w->vtd->config.mgaw_bits;
	return bits < 64 && address >> bits;
}

static enum vtd_reason walk_nested(struct vtd_walk *w, struct route *route,
				   struct vtd_leaf *leaf)
{
	uint64_t iova = w->request->iova, gpa;
	struct vtd_leaf first;
	enum vtd_reason reason =
		vtd_first_walk(w, &route->second, iova, &first);

	if (reason != VTD_NO_FAULT)
		return reason;
	gpa = first.base + (iova & MASK(0, first.size_lg2));
	if (too_wide(w, gpa, route->second.levels))
		return VTD_SFS_5;
	reason = vtd_second_walk(w, &route->second, gpa, w->request->write,
				 leaf);
	if (reason != VTD_NO_FAULT)
		return reason;
	/* The smaller page; its first byte's output. */
	if (first.size_lg2 < leaf->size_lg2)
		leaf->base += gpa & MASK(0, leaf->size_lg2) &
			      ~MASK(0, first.size_lg2);
	if (first.size_lg2 < leaf->size_lg2)
		leaf->size_lg2 = first.size_lg2;
	leaf->attrs &= ~VTD_TE_FIRST_ALL;
	leaf->attrs |= first.attrs & (VTD_TE_FIRST_ALL | FIELD_MASK(VTD_TE_XD));
	leaf->attrs &= ~FIELD_MASK(VTD_TE_D) | first.attrs;
	return VTD_NO_FAULT;
}

static enum vtd_reason walk_stages(struct vtd_walk *w, struct route *route,
				   struct vtd_leaf *leaf)
{
	uint64_t iova = w->request->iova;

	switch (route->kind) {
	case VTD_KIND_SECOND:
		return vtd_second_walk(w, &route->second, iova,
				       w->request->write, leaf);
	case VTD_KIND_FIRST:
		return vtd_first_walk(w, NULL, iova, leaf);
	default:
		return walk_nested(w, route, leaf);
	}
}

/* Neither for reading nor for writing: nothing is there. */
static bool is_absent(const struct vtd_leaf *leaf)
{
	return !(leaf->attrs & (FIELD_MASK(VTD_TE_R) | FIELD_MASK(VTD_TE_W)));
}

/* What is absent or wrong in the tables is not kept, unless in caching mode,
 * which is the second stage's alone. VT-d 4.1 §6.2.4.1 */
static void remember_fault(struct vtd_walk *w, enum vtd_kind kind,
			   const struct tlb_tag *tag, enum vtd_reason reason)
{
	struct tlb_value value = { .attrs = FIELD_PREP(VTD_TE_REASON, reason) |
					    FIELD_PREP(VTD_TE_KIND, kind) };
	bool second = kind == VTD_KIND_SECOND ||
		      (kind == VTD_KIND_NESTED && reason >= VTD_SSS_1 &&
		       reason <= VTD_SSS_6);

	if (w->vtd->config.caching_mode && second)
		tlb_fill(w->vtd->iotlb, w->request->iova, 12, tag, false,
			 &value);
}

static void remember(struct vtd_walk *w, const struct vtd_leaf *leaf,
		     enum vtd_kind kind, const struct tlb_tag *tag)
{
	const struct tlb_value value = {
		.out = leaf->base,
		.attrs = leaf->attrs | FIELD_PREP(VTD_TE_KIND, kind),
	};

	tlb_fill(w->vtd->iotlb, w->request->iova, leaf->size_lg2, tag, false,
		 &value);
}

static enum vtd_reason walk(struct vtd_walk *w, struct route *route,
			    const struct tlb_tag *tag)
{
	struct vtd_leaf leaf = { 0 };
	enum vtd_reason reason = walk_stages(w, route, &leaf);

	if (reason != VTD_NO_FAULT) {
		remember_fault(w, route->kind, tag, reason);
		return reason;
	}
	reason = permits(w, leaf.attrs);
	if (reason != VTD_NO_FAULT) {
		/* What this request may not do another may. */
		if (is_absent(&leaf) && w->vtd->config.caching_mode) {
			leaf.attrs |= FIELD_MASK(VTD_TE_D); /* no write walks */
			remember(w, &leaf, route->kind, tag);
		}
		return reason;
	}
	reason =
		deliver(w,
			leaf.base + (w->request->iova & MASK(0, leaf.size_lg2)),
			leaf.size_lg2, FIELD_GET(VTD_TE_SNP, leaf.attrs));
	if (reason != VTD_NO_FAULT) {
		remember_fault(w, route->kind, tag, reason);
		return reason;
	}
	reason = set_marks(w);
	if (reason == VTD_NO_FAULT)
		remember(w, &leaf, route->kind, tag);
	return reason;
}

/* The usual case of `permits`, without its order. */
static bool permits_surely(const struct vtd_walk *w, uint64_t attrs)
{
	uint64_t need = VTD_TE_FIRST_ALL | FIELD_MASK(VTD_TE_D) |
			(w->request->write ? FIELD_MASK(VTD_TE_W)
					   : FIELD_MASK(VTD_TE_R));

	if (w->request->execute)
		return false;
	return ((attrs ^ need) & (need | FIELD_MASK(VTD_TE_XD) |
				  FIELD_MASK(VTD_TE_REASON))) == 0;
}

/* False: it must walk. */
static bool from_iotlb(struct vtd_walk *w, const struct tlb_tag *tag,
		       enum vtd_reason *reason)
{
	uint64_t iova = w->request->iova;
	const struct tlb_entry *e = tlb_lookup_inline(w->vtd->iotlb, iova, tag);

	if (!e)
		return false;
	*reason = VTD_NO_FAULT;
	if (!permits_surely(w, e->value.attrs)) {
		*reason = (enum vtd_reason)FIELD_GET(VTD_TE_REASON,
						     e->value.attrs);
		/* A write that must set D walks, whatever the IOTLB has. */
		if (*reason == VTD_NO_FAULT && w->request->write &&
		    !FIELD_GET(VTD_TE_D, e->value.attrs))
			return false;
		if (*reason == VTD_NO_FAULT)
			*reason = permits(w, e->value.attrs);
	}
	w->out->iotlb_hit = true;
	if (*reason == VTD_NO_FAULT)
		*reason =
			deliver(w, e->value.out + (iova & MASK(0, e->size_lg2)),
				e->size_lg2,
				FIELD_GET(VTD_TE_SNP, e->value.attrs));
	return true;
}

static enum vtd_reason pass_through(struct vtd_walk *w)
{
	if (w->request->iova & vtd_beyond_haw(w->vtd))
		return w->scalable ? VTD_SGN_4 : VTD_LGN_1;
	return deliver(w, w->request->iova, 12, false);
}

static enum vtd_reason walk_legacy(struct vtd_walk *w, unsigned int levels,
				   const struct tlb_tag *tag)
{
	struct route route = {
		.kind = VTD_KIND_SECOND,
		.second = { .root = vtd_address(w->context_word[0]),
			    .levels = (uint8_t)levels,
			    .coherent = w->vtd->config.coherent,
			    .kind = VTD_READ_SECOND,
			    .reason = { VTD_LCT_4, VTD_LSS_1, VTD_LSS_2 } },
	};

	return walk(w, &route, tag);
}

static enum vtd_reason translate_legacy(struct vtd_walk *w)
{
	enum vtd_reason reason;
	unsigned int levels;
	struct tlb_tag tag;

	if (w->request->has_pasid)
		return VTD_RTA_2;
	reason = vtd_context_find(w);
	if (reason != VTD_NO_FAULT)
		return reason;
	w->did = (uint16_t)FIELD_GET(VTD_CE1_DID, w->context_word[1]);
	if (FIELD_GET(VTD_CE0_TT, w->context_word[0]) == VTD_TT_PASS)
		return pass_through(w);
	levels = (unsigned int)FIELD_GET(VTD_CE1_AW, w->context_word[1]) + 2;
	if (too_wide(w, w->request->iova, levels))
		return VTD_LGN_1;
	tag = vtd_iotlb_tag(w, VTD_KIND_SECOND);
	if (from_iotlb(w, &tag, &reason))
		return reason;
	return walk_legacy(w, levels, &tag);
}

/* Bits above the first stage's width must repeat its top bit. */
static bool canonical(uint64_t address, unsigned int bits)
{
	uint64_t top = address >> (bits - 1);

	return top == 0 || top == MASK(0, 64 - (bits - 1));
}

static unsigned int second_levels(const struct vtd_walk *w)
{
	return (unsigned int)FIELD_GET(VTD_PE0_AW, w->pasid_word[0]) + 2;
}

static enum vtd_reason walk_scalable(struct vtd_walk *w, enum vtd_kind kind,
				     const struct tlb_tag *tag)
{
	const struct vtd_config *c = &w->vtd->config;
	struct route route = {
		.kind = kind,
		.second = {
			.root = vtd_address(w->pasid_word[0]),
			.levels = (uint8_t)second_levels(w),
			.coherent = c->walk_snoop ?
					    FIELD_GET(VTD_PE1_PWSNP,
						      w->pasid_word[1]) :
					    c->coherent,
			.access_dirty = FIELD_GET(VTD_PE0_SSADE,
						  w->pasid_word[0]),
			.kind = VTD_READ_SECOND,
			.reason = { VTD_SSS_4, VTD_SSS_1, VTD_SSS_3 },
		},
	};

	return walk(w, &route, tag);
}

/* The address fits the stage that it enters. */
static enum vtd_reason check_width(const struct vtd_walk *w, enum vtd_kind kind)
{
	uint64_t iova = w->request->iova;
	uint64_t fspm = FIELD_GET(VTD_PE2_FSPM, w->pasid_word[2]);

	if (kind == VTD_KIND_SECOND)
		return too_wide(w, iova, second_levels(w)) ? VTD_SGN_5
							   : VTD_NO_FAULT;
	return canonical(iova, VTD_LEVEL_RANGE(4 + fspm)) ? VTD_NO_FAULT
							  : VTD_SGN_1;
}

static enum vtd_reason translate_scalable(struct vtd_walk *w)
{
	enum vtd_reason reason = vtd_context_find(w);
	enum vtd_kind kind = VTD_KIND_NESTED;
	struct tlb_tag tag;
	uint64_t pgtt;

	if (reason == VTD_NO_FAULT)
		reason = vtd_pasid_find(w);
	if (reason != VTD_NO_FAULT)
		return reason;
	pgtt = FIELD_GET(VTD_PE0_PGTT, w->pasid_word[0]);
	if (pgtt == VTD_PGTT_PASS)
		return pass_through(w);
	if (pgtt == VTD_PGTT_SECOND)
		kind = VTD_KIND_SECOND;
	else if (pgtt == VTD_PGTT_FIRST)
		kind = VTD_KIND_FIRST;
	reason = check_width(w, kind);
	if (reason != VTD_NO_FAULT)
		return reason;
	tag = vtd_iotlb_tag(w, kind);
	if (from_iotlb(w, &tag, &reason))
		return reason;
	return walk_scalable(w, kind, &tag);
}

static enum vtd_reason remap(struct vtd_walk *w)
{
	switch (w->vtd->ttm) {
	case VTD_TTM_LEGACY:
		return translate_legacy(w);
	case VTD_TTM_SCALABLE:
		if (w->vtd->config.scalable) {
			w->scalable = true;
			return translate_scalable(w);
		}
		return VTD_RTA_1;
	default:
		return VTD_RTA_1;
	}
}

/* All but the reads, of which none is valid yet. */
static void begin(struct vtd_outcome *out)
{
	memset(out, 0, offsetof(struct vtd_outcome, read));
}

static void count_walk(struct vtd *v, const struct vtd_outcome *out)
{
	if (!out->reads)
		return;
	v->counters.walks.count++;
	v->counters.walks.reads += out->reads;
	v->counters.walks.by_reads[out->reads]++;
	v->counters.walks.updates += out->updates;
}

/* No translation: as if it were all of memory. */
static void pass_by(struct vtd_outcome *out, const struct vtd_request *r,
		    enum vtd_result result)
{
	out->result = result;
	out->pa = r->iova;
	out->bytes = r->bytes;
	out->done = r->now;
}

/* The interrupt range, VT-d 4.1 §3.15: one aligned doubleword written is an
 * interrupt, a read of no length goes by, and all else is an error. */
static bool is_interrupt(const struct vtd_request *r)
{
	return r->write && r->bytes == 4 && is_aligned(r->iova, 2);
}

/* True: there is nothing to translate. */
static bool pass_untranslated(struct vtd *v, const struct vtd_request *r,
			      bool in_range, struct vtd_outcome *out)
{
	if (in_range && is_interrupt(r)) {
		v->counters.interrupts++;
		pass_by(out, r, VTD_INTERRUPT);
		return true;
	}
	if (!v->translating || (in_range && !r->write && !r->bytes)) {
		v->counters.bypassed++;
		pass_by(out, r, VTD_BYPASSED);
		return true;
	}
	return false;
}

void vtd_translate(struct vtd *vtd, const struct vtd_request *request,
		   struct vtd_outcome *out)
{
	bool in_range =
		!request->has_pasid && request->iova >> 20 == INTERRUPT_RANGE;
	struct vtd_walk w;
	enum vtd_reason reason;

	begin(out);
	vtd->counters.translations++;
	vtd->now = request->now;
	if (pass_untranslated(vtd, request, in_range, out))
		return;
	w.vtd = vtd;
	w.request = request;
	w.out = out;
	w.scalable = w.fpd = false;
	w.privileged = request->has_pasid && request->privileged;
	w.did = 0;
	w.pasid = 0;
	w.pasid_word[1] = w.pasid_word[2] = 0;
	w.marks = 0;
	reason = in_range ? VTD_INT_9 : remap(&w);
	if (reason != VTD_NO_FAULT)
		vtd_fault(&w, reason);
	vtd_time(vtd, &w, out);
	count_walk(vtd, out);
}
