/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a StreamID to its STE, and from a SubstreamID to its CD: tables of one
 * and of two levels, and the configuration cache. IHI0070 G.b 3.3, 5.1, 5.3,
 * STE.CONT. Left out: caching of L1STD and L1CD alone.
 */
#include "models/arm/attrs.h"
#include "models/smmuv3/unit.h"

#include <string.h>

/* ---- stream table ---- */

/* LOG2SIZE has the effect of IDR1.SIDSIZE at most. */
static unsigned int table_streams_lg2(const struct smmu *s)
{
	unsigned int size =
		(unsigned int)FIELD_GET(SMMU_STRTAB_BASE_CFG_LOG2SIZE,
					s->r.strtab_base_cfg);

	return size < s->config.sid_bits ? size : s->config.sid_bits;
}

/* SPLIT may be 6, 8 or 10; others are taken as 6. */
static unsigned int table_split(const struct smmu *s)
{
	unsigned int split = (unsigned int)FIELD_GET(SMMU_STRTAB_BASE_CFG_SPLIT,
						     s->r.strtab_base_cfg);

	return split == 8 || split == 10 ? split : 6;
}

/* Where the STE is. False: an event has been made. */
static bool two_level(struct smmu_transaction *t, uint64_t *pa)
{
	struct smmu *s = t->smmu;
	uint32_t sid = t->request->sid;
	unsigned int split = table_split(s), size = table_streams_lg2(s);
	unsigned int table_lg2 = size > split ? size - split + 3 : 3;
	uint64_t base = s->r.strtab_base & FIELD_MASK(SMMU_STRTAB_BASE_ADDR);
	uint64_t index = sid & (BIT(split) - 1), std, span;

	base = align_down(base, table_lg2 < 6 ? 6 : table_lg2);
	if (!smmu_fetch(s, SMMU_READ_L1STD, sid,
			base + ((uint64_t)sid >> split) * 8, 1,
			smmu_coherent(s, FIELD_GET(SMMU_CR1_TABLE_IC, s->r.cr1),
				      FIELD_GET(SMMU_CR1_TABLE_OC, s->r.cr1)),
			&std))
		return smmu_event_fetch(t, SMMU_F_STE_FETCH);
	span = FIELD_GET(SMMU_L1STD_Span, std);
	if (span == 0 || span > 11 || span > split + 1 ||
	    index >= BIT(span - 1))
		return smmu_event(t, SMMU_C_BAD_STREAMID);
	/* The second level is aligned to its size. */
	*pa = align_down(std & FIELD_MASK(SMMU_L1STD_L2Ptr),
			 (unsigned int)span + 5) +
	      index * 64;
	return true;
}

/* A reserved FMT is linear. */
static bool is_two_level(struct smmu *s)
{
	return s->config.two_level_streams &&
	       FIELD_GET(SMMU_STRTAB_BASE_CFG_FMT, s->r.strtab_base_cfg) == 1;
}

static bool ste_address(struct smmu_transaction *t, uint64_t *pa)
{
	struct smmu *s = t->smmu;
	uint32_t sid = t->request->sid;
	unsigned int size = table_streams_lg2(s);

	if ((uint64_t)sid >> size)
		return smmu_event(t, SMMU_C_BAD_STREAMID);
	if (is_two_level(s))
		return two_level(t, pa);
	*pa = align_down(s->r.strtab_base & FIELD_MASK(SMMU_STRTAB_BASE_ADDR),
			 size + 6) +
	      (uint64_t)sid * 64;
	return true;
}

/* How many streams it is for; what is not valid says nothing. */
static unsigned int span_lg2(const struct smmu *s, const struct smmu_ste *ste)
{
	if (s->config.choices.smmu_ste_cont == SMMU_STE_CONT_IGNORED ||
	    !FIELD_GET(SMMU_STE0_V, ste->word[0]))
		return 0;
	return (unsigned int)FIELD_GET(SMMU_STE1_CONT, ste->word[1]);
}

/* What is illegal, or not valid, may be kept or not. */
static bool is_kept(const struct smmu *s, bool illegal)
{
	return !illegal || s->config.choices.smmu_invalid_configuration ==
				   SMMU_INVALID_CACHED;
}

/* Into the cache, from the place that stands beside it. */
static void ste_keep(struct smmu_transaction *t, struct smmu_ste *fresh)
{
	struct smmu *s = t->smmu;
	const struct tlb_tag tag = smmu_ssid_tag(0);
	const struct tlb_value nothing = { 0 };
	struct smmu_ste *ste = fresh;

	if (is_kept(s, fresh->illegal)) {
		t->ste_entry = tlb_fill(s->stes, smmu_sid_key(t->request->sid),
					FRAME_LG2 + span_lg2(s, fresh), &tag,
					false, &nothing);
		ste = &s->ste[tlb_slot(s->stes, t->ste_entry)];
	}
	if (ste != fresh)
		*ste = *fresh;
	t->ste = ste;
}

/* `s->fetch` is where it was read. */
static void tell(const struct smmu_transaction *t, enum smmu_notice_kind kind,
		 uint32_t ssid)
{
	const struct smmu *s = t->smmu;
	const struct smmu_notice notice = { .kind = kind,
					    .sid = t->request->sid,
					    .ssid = ssid,
					    .pa = s->fetch };

	if (s->ops->notice)
		s->ops->notice(s->context, &notice);
}

static bool ste_fetch(struct smmu_transaction *t)
{
	struct smmu *s = t->smmu;
	struct smmu_ste *fresh = &s->ste[s->config.ste_cache.entries];
	uint64_t word[8], pa = 0;

	if (!ste_address(t, &pa))
		return false;
	if (!smmu_fetch(s, SMMU_READ_STE, t->request->sid, pa, 8,
			smmu_coherent(s, FIELD_GET(SMMU_CR1_TABLE_IC, s->r.cr1),
				      FIELD_GET(SMMU_CR1_TABLE_OC, s->r.cr1)),
			word))
		return smmu_event_fetch(t, SMMU_F_STE_FETCH);
	tell(t, SMMU_NOTICE_STE, 0);
	memcpy(fresh->word, word, sizeof(fresh->word));
	smmu_ste_decode(s, fresh);
	ste_keep(t, fresh);
	return true;
}

/* Two cached STEs say that they are this stream's. */
static bool ste_conflict(const struct smmu *s, uint32_t sid,
			 const struct tlb_tag *tag)
{
	return __builtin_expect(s->config.choices.smmu_ste_multiple_match ==
					SMMU_STE_MATCH_CONFLICT,
				0) &&
	       tlb_matches(s->stes, smmu_sid_key(sid), tag) > 1;
}

bool smmu_ste_find(struct smmu_transaction *t)
{
	struct smmu *s = t->smmu;
	const struct tlb_tag tag = smmu_ssid_tag(0);
	const struct tlb_entry *entry =
		tlb_lookup_inline(s->stes, smmu_sid_key(t->request->sid), &tag);

	t->out->ste_hit = entry;
	t->ste_entry = entry;
	if (!entry) {
		if (!ste_fetch(t))
			return false;
	} else {
		t->ste = &s->ste[tlb_slot(s->stes, entry)];
		if (ste_conflict(s, t->request->sid, &tag))
			return smmu_event(t, SMMU_F_CFG_CONFLICT);
	}
	if (__builtin_expect(t->ste->illegal, 0))
		return smmu_event(t, SMMU_C_BAD_STE);
	return true;
}

/* ---- CDs ---- */

/* An address of a CD or L1CD: through stage 2, if that is on. *coherent: as
 * the STE says, unless stage 2's memory is not cacheable. */
static bool cd_address(struct smmu_transaction *t, uint64_t ipa, uint64_t *pa,
		       bool *coherent)
{
	struct smmu *s = t->smmu;
	const struct smmu_ste *ste = t->ste;
	uint64_t need = FIELD_MASK(ARM_ATTRS_S2_R);
	struct arm_fault fault;
	struct arm_walker w;
	struct arm_leaf leaf;
	bool found;

	*pa = ipa;
	*coherent = smmu_coherent(s, FIELD_GET(SMMU_STE1_S1CIR, ste->word[1]),
				  FIELD_GET(SMMU_STE1_S1COR, ste->word[1]));
	if (!ste->stage2)
		return true;
	arm_walker_start(&w, &ste->regime, ARM_WALK_LIVE, &s->log, &fault);
	s->for_cd = true;
	found = arm_stage2_translate(&w, ipa, need, true, &leaf);
	arm_walker_fill(&w);
	if (!found) {
		smmu_event_fault(t, &fault);
		s->for_cd = false;
		return false;
	}
	s->for_cd = false;
	*pa = leaf.base + (ipa & (BIT(leaf.size_lg2) - 1));
	*coherent &=
		arm_memattr_cacheable(FIELD_GET(ARM_ATTRS_MEMATTR, leaf.attrs));
	return true;
}

static bool cd_read(struct smmu_transaction *t, enum smmu_read_kind kind,
		    uint32_t ssid, uint64_t address, unsigned int words,
		    uint64_t *out)
{
	uint64_t pa;
	bool coherent;

	if (!cd_address(t, address, &pa, &coherent))
		return false;
	if (!smmu_fetch(t->smmu, kind, ssid, pa, words, coherent, out))
		return smmu_event_fetch(t, SMMU_F_CD_FETCH);
	return true;
}

/* Where the CD is, before stage 2. */
static bool cd_locate(struct smmu_transaction *t, uint32_t ssid,
		      uint64_t *address)
{
	uint64_t word = t->ste->word[0];
	uint64_t base = word & FIELD_MASK(SMMU_STE0_S1ContextPtr), l1cd, l2;
	unsigned int format = (unsigned int)FIELD_GET(SMMU_STE0_S1Fmt, word);
	unsigned int max = t->ste->cd_max, leaf_lg2 = format == 1 ? 6 : 10;
	unsigned int l1_lg2 = max > leaf_lg2 ? max - leaf_lg2 : 0;

	if (max == 0 || format == 0 || format == 3) {
		*address = align_down(base, max + 6) + (uint64_t)ssid * 64;
		return true;
	}
	base = align_down(base, l1_lg2 + 3 < 6 ? 6 : l1_lg2 + 3);
	if (!cd_read(t, SMMU_READ_L1CD, ssid,
		     base + ((uint64_t)ssid >> leaf_lg2) * 8, 1, &l1cd))
		return false;
	l2 = align_down(l1cd & FIELD_MASK(SMMU_L1CD_L2Ptr), leaf_lg2 + 6);
	if (!FIELD_GET(SMMU_L1CD_V, l1cd) ||
	    (!t->ste->stage2 && (l2 & ~smmu_oas_mask(t->smmu))))
		return smmu_event(t, SMMU_C_BAD_SUBSTREAMID);
	*address = l2 + (ssid & (BIT(leaf_lg2) - 1)) * 64;
	return true;
}

static void cd_keep(struct smmu_transaction *t, const struct tlb_tag *tag,
		    struct smmu_cd *fresh)
{
	struct smmu *s = t->smmu;
	const struct tlb_value nothing = { 0 };
	struct smmu_cd *cd = fresh;

	if (is_kept(s, fresh->illegal)) {
		t->cd_entry = tlb_fill(s->cds, smmu_sid_key(t->request->sid),
				       FRAME_LG2, tag, false, &nothing);
		s->generation++;
		cd = &s->cd[tlb_slot(s->cds, t->cd_entry)];
	}
	if (cd != fresh)
		*cd = *fresh;
	t->cd = cd;
}

static bool cd_fetch(struct smmu_transaction *t, uint32_t ssid)
{
	struct smmu *s = t->smmu;
	const struct tlb_tag tag = smmu_ssid_tag(ssid);
	struct smmu_cd *fresh = &s->cd[s->config.cd_cache.entries];
	uint64_t word[8], address = 0;

	if (!cd_locate(t, ssid, &address) ||
	    !cd_read(t, SMMU_READ_CD, ssid, address, 8, word))
		return false;
	tell(t, SMMU_NOTICE_CD, ssid);
	memcpy(fresh->word, word, sizeof(fresh->word));
	smmu_cd_decode(s, t->ste, fresh);
	cd_keep(t, &tag, fresh);
	return true;
}

bool smmu_cd_find(struct smmu_transaction *t, uint32_t ssid)
{
	struct smmu *s = t->smmu;
	const struct tlb_tag tag = smmu_ssid_tag(ssid);
	const struct tlb_entry *entry =
		tlb_lookup_inline(s->cds, smmu_sid_key(t->request->sid), &tag);
	struct smmu_cd *cd;

	t->out->cd_hit = entry;
	t->cd_entry = entry;
	if (!entry) {
		if (!cd_fetch(t, ssid))
			return false;
	} else {
		cd = &s->cd[tlb_slot(s->cds, entry)];
		/* Fetched again, the STE may say something else. */
		if (cd->ste_generation != t->ste->generation)
			smmu_cd_decode(s, t->ste, cd);
		t->cd = cd;
	}
	if (__builtin_expect(t->cd->illegal, 0))
		return smmu_event(t, SMMU_C_BAD_CD);
	return true;
}

void smmu_remember(const struct smmu_transaction *t)
{
	struct smmu *s = t->smmu;
	uint32_t sid = t->request->sid;

	if (t->request->ssv || !t->ste_entry || (t->cd && !t->cd_entry))
		return;
	s->memo[sid & (SMMU_MEMOS - 1)] = (struct smmu_memo){
		.since = s->generation,
		.ste_entry = t->ste_entry,
		.cd_entry = t->cd_entry,
		.ste = t->ste,
		.cd = t->cd,
		.sid = sid,
	};
}
