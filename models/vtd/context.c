/* SPDX-License-Identifier: BSD-2-Clause */
/* Root table, context table, context cache. VT-d 4.1 §3.4, §9.1 to §9.4. */
#include "models/vtd/unit.h"

static const struct tlb_tag no_tag;

/* Reasons, legacy and scalable. */
enum step {
	ROOT_REACH,
	ROOT_PRESENT,
	ROOT_RESERVED,
	CONTEXT_REACH,
	CONTEXT_PRESENT,
	CONTEXT_RESERVED,
	CONTEXT_INVALID
};
static const uint8_t reasons[2][7] = {
	{ VTD_LRT_1, VTD_LRT_2, VTD_LRT_3, VTD_LCT_1, VTD_LCT_2, VTD_LCT_3,
	  VTD_LCT_4 },
	{ VTD_SRT_1, VTD_SRT_2, VTD_SRT_3, VTD_SCT_1, VTD_SCT_2, VTD_SCT_3,
	  VTD_SCT_4 },
};

static enum vtd_reason reason_of(const struct vtd_walk *w, enum step step)
{
	return (enum vtd_reason)reasons[w->scalable][step];
}

/* Where the context table is. */
static enum vtd_reason read_root(struct vtd_walk *w, uint64_t *table)
{
	uint16_t sid = w->request->sid;
	uint64_t word[2];
	bool upper = w->scalable && (sid & 0x80);

	if (!vtd_fetch(w, VTD_READ_ROOT, 0, sid,
		       w->vtd->root + 16 * (uint64_t)(sid >> 8), 2,
		       w->vtd->config.coherent, word))
		return reason_of(w, ROOT_REACH);
	if (!FIELD_GET(VTD_ROOT_P, word[upper]))
		return reason_of(w, ROOT_PRESENT);
	if ((word[upper] & (MASK(1, 11) | vtd_beyond_haw(w->vtd))) ||
	    (!w->scalable && word[1]))
		return reason_of(w, ROOT_RESERVED);
	*table = vtd_address(word[upper]);
	return VTD_NO_FAULT;
}

static bool legacy_reserved(const struct vtd *v, const uint64_t *word)
{
	unsigned int did_end = 8u + v->config.domain_bits;

	return (word[0] & (MASK(4, 8) | vtd_beyond_haw(v))) ||
	       (word[1] & (BIT(7) | MASK(did_end, 64 - did_end)));
}

static bool legacy_invalid(const struct vtd *v, const uint64_t *word)
{
	uint64_t tt = FIELD_GET(VTD_CE0_TT, word[0]);

	if (!vtd_levels_supported(v, FIELD_GET(VTD_CE1_AW, word[1]) + 2))
		return true;
	return tt != VTD_TT_SECOND &&
	       !(tt == VTD_TT_PASS && v->config.pass_through);
}

/* Fields of what the unit lacks are reserved, too: device TLBs and page
 * requests always. */
static bool scalable_reserved(const struct vtd *v, const uint64_t *word)
{
	const struct vtd_config *c = &v->config;
	uint64_t r0 = MASK(5, 4) | vtd_beyond_haw(v), r1 = MASK(21, 43);

	r0 |= FIELD_MASK(VTD_SCE0_DTE) | FIELD_MASK(VTD_SCE0_PRE);
	r0 |= c->pasid_bits ? 0 : FIELD_MASK(VTD_SCE0_PASIDE);
	r1 |= c->rid_pasid ? 0 : FIELD_MASK(VTD_SCE1_RID_PASID);
	r1 |= c->rid_priv ? 0 : FIELD_MASK(VTD_SCE1_RID_PRIV);
	return (word[0] & r0) || (word[1] & r1) || word[2] || word[3];
}

static bool scalable_invalid(const uint64_t *word)
{
	return vtd_pasid_beyond(word[0],
				FIELD_GET(VTD_SCE1_RID_PASID, word[1]));
}

static enum vtd_reason read_context(struct vtd_walk *w, uint64_t table,
				    uint64_t *word)
{
	unsigned int words = w->scalable ? 4 : 2;
	uint64_t devfn = w->request->sid & (w->scalable ? 0x7f : 0xff);
	const struct vtd *v = w->vtd;

	if (!vtd_fetch(w, VTD_READ_CONTEXT, 0, w->request->sid,
		       table + devfn * words * 8, words, v->config.coherent,
		       word))
		return reason_of(w, CONTEXT_REACH);
	/* Looked at whatever P says. */
	w->fpd |= FIELD_GET(VTD_CE0_FPD, word[0]);
	if (!FIELD_GET(VTD_CE0_P, word[0]))
		return reason_of(w, CONTEXT_PRESENT);
	if (w->scalable ? scalable_reserved(v, word) : legacy_reserved(v, word))
		return reason_of(w, CONTEXT_RESERVED);
	if (w->scalable ? scalable_invalid(word) : legacy_invalid(v, word))
		return reason_of(w, CONTEXT_INVALID);
	return VTD_NO_FAULT;
}

/* With caching mode what is not there is kept as well, under domain 0. */
static void remember(struct vtd_walk *w, const uint64_t *word,
		     enum vtd_reason reason)
{
	struct tlb_value value = { .out = word[0], .ipa = word[1] };

	if (reason != VTD_NO_FAULT) {
		if (!w->vtd->config.caching_mode)
			return;
		value.out = w->fpd ? FIELD_MASK(VTD_CE0_FPD) : 0;
		value.attrs = (uint64_t)reason << 16;
	} else if (!w->scalable) {
		value.attrs = FIELD_GET(VTD_CE1_DID, word[1]);
	}
	tlb_fill(w->vtd->contexts, vtd_context_key(w->request->sid), 12,
		 &no_tag, false, &value);
}

enum vtd_reason vtd_context_find(struct vtd_walk *w)
{
	const struct tlb_entry *e =
		tlb_lookup_inline(w->vtd->contexts,
				  vtd_context_key(w->request->sid), &no_tag);
	enum vtd_reason reason;
	uint64_t table = 0, word[4] = { 0 };

	if (e) {
		w->out->context_hit = true;
		w->context_word[0] = e->value.out;
		w->context_word[1] = e->value.ipa;
		w->fpd |= FIELD_GET(VTD_CE0_FPD, e->value.out);
		return (enum vtd_reason)(e->value.attrs >> 16);
	}
	reason = read_root(w, &table);
	if (reason == VTD_NO_FAULT)
		reason = read_context(w, table, word);
	remember(w, word, reason);
	w->context_word[0] = word[0];
	w->context_word[1] = word[1];
	return reason;
}
