/* SPDX-License-Identifier: BSD-2-Clause */
/* PASID directory, PASID tables, PASID cache. VT-d 4.1 §3.4.3, §9.5, §9.6. */
#include "models/vtd/unit.h"

/* Which PASID, and may it be? Where the unit has no RID_PASID or RID_PRIV
 * they are reserved, and 0 here. */
static enum vtd_reason choose_pasid(struct vtd_walk *w)
{
	const struct vtd_request *r = w->request;
	uint64_t word0 = w->context_word[0], word1 = w->context_word[1];
	uint32_t own = (uint32_t)FIELD_GET(VTD_SCE1_RID_PASID, word1);

	if (!r->has_pasid) {
		w->pasid = own;
		w->privileged = FIELD_GET(VTD_SCE1_RID_PRIV, word1) != 0;
		return VTD_NO_FAULT;
	}
	w->pasid = r->pasid & 0xfffff;
	if (!FIELD_GET(VTD_SCE0_PASIDE, word0))
		return VTD_SCT_6;
	if (vtd_pasid_beyond(word0, w->pasid))
		return VTD_SCT_7;
	if (w->pasid >> w->vtd->config.pasid_bits)
		return VTD_SGN_10;
	return w->pasid == own ? VTD_SCT_9 : VTD_NO_FAULT;
}

static enum vtd_reason read_directory(struct vtd_walk *w, uint64_t *table,
				      bool *fpd)
{
	uint64_t pa = vtd_address(w->context_word[0]) + 8 * (w->pasid >> 6);
	uint64_t word;

	if (!vtd_fetch(w, VTD_READ_DIRECTORY, 0, w->pasid, pa, 1,
		       w->vtd->config.coherent, &word))
		return VTD_SPD_1;
	*fpd = FIELD_GET(VTD_PDE_FPD, word);
	w->fpd |= *fpd;
	if (!FIELD_GET(VTD_PDE_P, word))
		return VTD_SPD_2;
	if (word & (MASK(2, 10) | vtd_beyond_haw(w->vtd)))
		return VTD_SPD_3;
	*table = vtd_address(word);
	return VTD_NO_FAULT;
}

static bool uses_first(uint64_t pgtt)
{
	return pgtt == VTD_PGTT_FIRST || pgtt == VTD_PGTT_NESTED;
}
static bool uses_second(uint64_t pgtt)
{
	return pgtt == VTD_PGTT_SECOND || pgtt == VTD_PGTT_NESTED;
}

/* Fields of features that the unit lacks are reserved, too: of memory types
 * and host permission tables always. NXE and SMEP are ignored then. */
static bool reserved_bits(const struct vtd *v, const uint64_t *word)
{
	const struct vtd_config *c = &v->config;
	uint64_t r0 = MASK(10, 2) | vtd_beyond_haw(v);
	uint64_t r1 = MASK(16, 7) | MASK(27, 5) | FIELD_MASK(VTD_PE1_CD) |
		      FIELD_MASK(VTD_PE1_EMTE) | FIELD_MASK(VTD_PE1_PAT);
	uint64_t r2 = MASK(8, 4) | FIELD_MASK(VTD_PE2_EAFE) | vtd_beyond_haw(v);

	r0 |= FIELD_MASK(VTD_PE0_SSEE);
	r0 |= c->second_ad ? 0 : FIELD_MASK(VTD_PE0_SSADE);
	if (!c->second_stage)
		r0 |= FIELD_MASK(VTD_PE0_AW) | FIELD_MASK(VTD_PE0_SSPTPTR);
	r1 |= FIELD_MASK(VTD_PE1_DID) & ~MASK(0, c->domain_bits);
	r1 |= c->walk_snoop ? 0 : FIELD_MASK(VTD_PE1_PWSNP);
	r1 |= c->snoop_control ? 0 : FIELD_MASK(VTD_PE1_PGSNP);
	r2 |= c->execute ? 0 : FIELD_MASK(VTD_PE2_ERE);
	r2 |= c->supervisor ? 0 : FIELD_MASK(VTD_PE2_SRE);
	if (!c->first_stage)
		r2 |= FIELD_MASK(VTD_PE2_WPE) | FIELD_MASK(VTD_PE2_FSPM) |
		      FIELD_MASK(VTD_PE2_FSPTPTR);
	return (word[0] & r0) || (word[1] & r1) || (word[2] & r2) || word[3] ||
	       word[4] || word[5] || word[6] || word[7];
}

/* The guest-physical address of its first stage's root must be one. */
static bool root_too_wide(const struct vtd *v, const uint64_t *word)
{
	unsigned int bits = VTD_LEVEL_RANGE(
		(unsigned int)FIELD_GET(VTD_PE0_AW, word[0]) + 2);

	if (bits > v->config.mgaw_bits)
		bits = v->config.mgaw_bits;
	return vtd_address(word[2]) >> bits;
}

/* A combination that cannot be. */
static bool invalid(const struct vtd *v, const uint64_t *word)
{
	const struct vtd_config *c = &v->config;
	uint64_t pgtt = FIELD_GET(VTD_PE0_PGTT, word[0]);
	uint64_t fspm = FIELD_GET(VTD_PE2_FSPM, word[2]);

	switch (pgtt) {
	case VTD_PGTT_FIRST:
		if (!c->first_stage)
			return true;
		break;
	case VTD_PGTT_SECOND:
		if (!c->second_stage)
			return true;
		break;
	case VTD_PGTT_NESTED:
		if (!c->nested)
			return true;
		break;
	case VTD_PGTT_PASS:
		return !c->pass_through;
	default:
		return true;
	}
	if (uses_first(pgtt) && fspm && (fspm != 1 || !c->first_5l))
		return true;
	if (uses_second(pgtt) &&
	    !vtd_levels_supported(v, FIELD_GET(VTD_PE0_AW, word[0]) + 2))
		return true;
	return pgtt == VTD_PGTT_NESTED && root_too_wide(v, word);
}

static enum vtd_reason read_entry(struct vtd_walk *w, uint64_t table,
				  uint64_t *word)
{
	uint64_t pa = table + 64 * (uint64_t)(w->pasid & 63);

	if (!vtd_fetch(w, VTD_READ_PASID, 0, w->pasid, pa, VTD_PE_WORDS,
		       w->vtd->config.coherent, word))
		return VTD_SPT_1;
	w->fpd |= FIELD_GET(VTD_PE0_FPD, word[0]);
	if (!FIELD_GET(VTD_PE0_P, word[0]))
		return VTD_SPT_2;
	if (reserved_bits(w->vtd, word))
		return VTD_SPT_3;
	if (invalid(w->vtd, word))
		return VTD_SPT_4;
	return VTD_NO_FAULT;
}

/* What the entry says of this request alone. */
static enum vtd_reason admit(const struct vtd_walk *w)
{
	if (w->request->has_pasid && w->request->execute &&
	    !FIELD_GET(VTD_PE2_ERE, w->pasid_word[2]))
		return VTD_SPT_5;
	if (w->privileged && !FIELD_GET(VTD_PE2_SRE, w->pasid_word[2]))
		return VTD_SPT_6;
	return VTD_NO_FAULT;
}

static enum vtd_reason read_tables(struct vtd_walk *w)
{
	uint64_t table = 0, word[VTD_PE_WORDS] = { 0 };
	bool fpd = false;
	enum vtd_reason reason = read_directory(w, &table, &fpd);
	const struct tlb_tag tag = vtd_pasid_tag(w->pasid);
	struct tlb_value value;

	if (reason == VTD_NO_FAULT)
		reason = read_entry(w, table, word);
	/* The directory entry's is kept with what it led to. */
	word[0] |= FIELD_PREP(VTD_PE0_FPD, fpd);
	w->pasid_word[0] = word[0];
	w->pasid_word[1] = word[1];
	w->pasid_word[2] = word[2];
	if (reason == VTD_NO_FAULT) {
		value = (struct tlb_value){ .out = word[0],
					    .ipa = word[2],
					    .attrs = word[1] };
		tlb_fill(w->vtd->pasids, vtd_context_key(w->request->sid), 12,
			 &tag, false, &value);
	}
	return reason;
}

enum vtd_reason vtd_pasid_find(struct vtd_walk *w)
{
	enum vtd_reason reason = choose_pasid(w);
	const struct tlb_entry *e;
	struct tlb_tag tag;

	if (reason != VTD_NO_FAULT)
		return reason;
	tag = vtd_pasid_tag(w->pasid);
	e = tlb_lookup_inline(w->vtd->pasids, vtd_context_key(w->request->sid),
			      &tag);
	if (e) {
		w->out->pasid_hit = true;
		w->pasid_word[0] = e->value.out;
		w->pasid_word[1] = e->value.attrs;
		w->pasid_word[2] = e->value.ipa;
		w->fpd |= FIELD_GET(VTD_PE0_FPD, e->value.out);
	} else {
		reason = read_tables(w);
	}
	w->did = (uint16_t)FIELD_GET(VTD_PE1_DID, w->pasid_word[1]);
	return reason == VTD_NO_FAULT ? admit(w) : reason;
}
