/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a request to its outcome, in the order of IHI0070 G.b 7.3.22: stream,
 * substream, TLBs, walk. ATS requests and translated transactions are not
 * modelled; IDR0.ATS says so.
 */
#include "models/smmuv3/unit.h"

#include "models/arm/attrs.h"
#include "models/arm/mmu_inline.h"
#include "models/tlb/tlb_use.h"

/* ---- reads ---- */

/* The outcome's next read, yet to be made. */
static struct smmu_read *next_read(struct smmu *s)
{
	BUG_ON(s, s->out->reads == SMMU_READS_MAX);
	return &s->out->read[s->out->reads];
}

/* False: nothing answers. */
static inline bool make_read(struct smmu *s, struct smmu_read *read,
			     unsigned int words, uint64_t *out)
{
	s->fetch = read->pa;
	read->ticks = 0;
	if (!s->ops->read(s->context, read->pa, words, read->coherent, out,
			  &read->ticks))
		return false;
	read->raw = out[0];
	s->out->reads++;
	return true;
}

bool smmu_fetch(struct smmu *s, enum smmu_read_kind kind, uint64_t input,
		uint64_t pa, unsigned int words, bool coherent, uint64_t *out)
{
	struct smmu_read *read = next_read(s);

	read->pa = pa;
	read->input = input;
	read->kind = (uint8_t)kind;
	read->level = 0;
	read->coherent = coherent;
	s->fetch = pa;
	return !(pa & ~smmu_oas_mask(s)) && make_read(s, read, words, out);
}

bool smmu_read_descriptor(void *reader, const struct arm_read *descriptor,
			  uint64_t *raw)
{
	struct smmu *s = reader;
	struct smmu_read *read = next_read(s);

	read->pa = descriptor->pa;
	read->input = descriptor->input;
	read->level = descriptor->level;
	read->coherent = s->config.cohacc && !descriptor->uncached;
	read->kind = descriptor->stage == 1	? SMMU_READ_S1
		     : s->for_cd		? SMMU_READ_S2_FOR_CD
		     : descriptor->for_s1_table ? SMMU_READ_S2_FOR_S1
						: SMMU_READ_S2;
	return make_read(s, read, 1, raw);
}

/* PRIVCFG and INSTCFG: 2 and 3 are an answer of their own; without the feature
 * they are 0. */
static void override_access(struct smmu_transaction *t, unsigned int privcfg,
			    unsigned int instcfg)
{
	if (privcfg >= 2)
		t->out->privileged = privcfg == 3;
	if (instcfg >= 2 && !t->request->write)
		t->out->instruction = instcfg == 3;
}

/* ---- what passes untranslated ---- */

static void pass(struct smmu_transaction *t, const struct smmu_overrides *o)
{
	const struct smmu_request *r = t->request;

	t->out->result = SMMU_BYPASSED;
	t->out->pa = r->address;
	t->out->size_lg2 = FRAME_LG2;
	t->out->attrs = smmu_attrs_alone(smmu_incoming(t->smmu, r, o));
	t->smmu->counters.bypassed++;
}

static void disabled(struct smmu_transaction *t)
{
	struct smmu *s = t->smmu;
	uint32_t gbpa = s->r.gbpa;
	const struct smmu_overrides o = {
		.memattr = FIELD_GET(SMMU_GBPA_MemAttr, gbpa),
		.mtcfg = FIELD_GET(SMMU_GBPA_MTCFG, gbpa),
		.alloccfg = FIELD_GET(SMMU_GBPA_ALLOCCFG, gbpa),
		.shcfg = FIELD_GET(SMMU_GBPA_SHCFG, gbpa),
	};

	override_access(t, (unsigned int)FIELD_GET(SMMU_GBPA_PRIVCFG, gbpa),
			(unsigned int)FIELD_GET(SMMU_GBPA_INSTCFG, gbpa));
	if (FIELD_GET(SMMU_GBPA_ABORT, gbpa) ||
	    (t->request->address & ~smmu_oas_mask(s))) {
		t->out->result = SMMU_ABORTED;
		return;
	}
	pass(t, &o);
}

static void bypass(struct smmu_transaction *t)
{
	const struct smmu_overrides o = smmu_ste_overrides(t->ste);

	if (t->request->address & ~smmu_oas_mask(t->smmu))
		smmu_event_bypass_size(t);
	else
		pass(t, &o);
}

/* ---- translation ---- */

/* Stage 2 alone: its attributes with those that came in. */
static uint64_t with_incoming(struct smmu_transaction *t, uint64_t stage2)
{
	struct smmu_combined *memo = &t->smmu->combined;
	struct smmu_overrides o;
	uint64_t in = t->ste->incoming;

	if (__builtin_expect(t->request->has_memory, 0)) {
		o = smmu_ste_overrides(t->ste);
		in = smmu_incoming(t->smmu, t->request, &o);
	}
	if (memo->in != in || memo->stage2 != stage2)
		*memo = (struct smmu_combined){ in, stage2,
						arm_attrs_combine(in, stage2) };
	return memo->both;
}

static inline void answer(struct smmu_transaction *t,
			  const struct tlb_value *value, unsigned int size_lg2,
			  uint64_t address)
{
	struct smmu_outcome *out = t->out;

	out->result = SMMU_TRANSLATED;
	out->pa = value->out + (address & (BIT(size_lg2) - 1));
	out->size_lg2 = (uint8_t)size_lg2;
	out->attrs = t->cd ? value->attrs : with_incoming(t, value->attrs);
}

/* PAN: privileged data accesses do not reach what unprivileged ones do. */
static inline bool pan_forbids(const struct smmu_transaction *t, uint64_t attrs)
{
	uint64_t user =
		FIELD_MASK(ARM_ATTRS_S1_EL0_R) | FIELD_MASK(ARM_ATTRS_S1_EL0_W);

	return t->cd && __builtin_expect(t->cd->pan, 0) &&
	       t->ste->world != SMMU_WORLD_EL2 && t->out->privileged &&
	       !t->out->instruction && (attrs & user);
}

static bool stage1_permission(struct smmu_transaction *t, uint64_t attrs)
{
	struct arm_fault fault;

	arm_fault_set(&fault, ARM_FAULT_PERMISSION, 1,
		      (int)FIELD_GET(ARM_ATTRS_S1_LEVEL, attrs));
	return smmu_event_fault(t, &fault);
}

static inline bool permitted(struct smmu_transaction *t, uint64_t attrs,
			     uint64_t need, uint64_t ipa)
{
	struct arm_fault fault;

	if (__builtin_expect(pan_forbids(t, attrs), 0))
		return stage1_permission(t, attrs);
	return arm_permission_check(&fault, attrs, need, ipa) ||
	       smmu_event_fault(t, &fault);
}

static bool walk_stages(struct smmu_transaction *t, struct arm_walker *w,
			uint64_t address, uint64_t need,
			struct arm_nested *nested)
{
	struct arm_leaf s1;

	if (!arm_nested_stage1(w, address, need, &s1))
		return smmu_event_fault(t, w->fault);
	if (pan_forbids(t, s1.attrs))
		return stage1_permission(t, s1.attrs);
	return arm_nested_stage2(w, address, need, &s1, nested) ||
	       smmu_event_fault(t, w->fault);
}

static __attribute__((noinline)) void walk(struct smmu_transaction *t,
					   const struct arm_regime *regime,
					   uint64_t address, uint64_t need)
{
	struct smmu *s = t->smmu;
	uint32_t before = t->out->reads;
	struct arm_nested nested;
	struct arm_fault fault;
	struct arm_walker w;
	bool found;

	t->out->walked = true;
	arm_walker_start(&w, regime, ARM_WALK_LIVE, &s->log, &fault);
	found = walk_stages(t, &w, address, need, &nested);
	s->counters.walks.count++;
	s->counters.walks.reads += t->out->reads - before;
	s->counters.walks.by_reads[t->out->reads - before]++;
	arm_walker_fill(&w);
	if (!found)
		return;
	answer(t, &nested.value, nested.size_lg2, address);
	tlb_fill_here(s->tlb, address, nested.size_lg2, &regime->setup.tag,
		      nested.global, &nested.value);
	tlb_fill_here(s->utlb, address, nested.size_lg2, &regime->setup.tag,
		      nested.global, &nested.value);
}

static inline const struct tlb_entry *ask_tlbs(struct smmu *s,
					       struct smmu_outcome *out,
					       uint64_t address,
					       const struct tlb_tag *tag)
{
	const struct tlb_entry *entry = tlb_recent(s->utlb, address, tag);

	if (entry)
		s->utlb->counters.hits++;
	else
		entry = tlb_lookup_here(s->utlb, address, tag);
	out->utlb_hit = entry;
	if (entry)
		return entry;
	entry = tlb_lookup_here(s->tlb, address, tag);
	out->tlb_hit = entry;
	if (entry)
		tlb_fill_here(s->utlb, address, entry->size_lg2, tag,
			      entry->global, &entry->value);
	return entry;
}

static inline unsigned int access_of(const struct smmu_transaction *t)
{
	unsigned int access = t->request->write	    ? ARM_ACCESS_WRITE
			      : t->out->instruction ? ARM_ACCESS_FETCH
						    : ARM_ACCESS_READ;

	/* A regime of one EL has its permissions where EL0's are. */
	if (!t->out->privileged || t->ste->world == SMMU_WORLD_EL2)
		access |= ARM_ACCESS_EL0;
	return access;
}

/* The TLB that has answered has another answer, too. */
static __attribute__((noinline)) bool
is_conflict(const struct smmu_transaction *t, uint64_t address,
	    const struct tlb_tag *tag)
{
	const struct smmu *s = t->smmu;

	return tlb_matches(t->out->utlb_hit ? s->utlb : s->tlb, address, tag) >
	       1;
}

static inline void translate(struct smmu_transaction *t)
{
	const struct arm_regime *regime =
		t->cd ? &t->cd->regime : &t->ste->regime;
	const struct arm_setup *setup = &regime->setup;
	uint64_t address =
		arm_mmu_address(setup, (va_t){ t->request->address });
	uint64_t need = arm_access_need(access_of(t));
	const struct tlb_entry *entry =
		ask_tlbs(t->smmu, t->out, address, &setup->tag);

	t->tag = &setup->tag;
	if (!entry)
		walk(t, regime, address, need);
	else if (__builtin_expect(t->smmu->conflicts, 0) &&
		 is_conflict(t, address, &setup->tag))
		smmu_event_tlb_conflict(t, address);
	else if (permitted(t, entry->value.attrs, need,
			   entry->value.ipa +
				   (address & (BIT(entry->size_lg2) - 1))))
		answer(t, &entry->value, entry->size_lg2, address);
}

/* ---- substreams ---- */

enum substream { SUBSTREAM_CD, SUBSTREAM_BYPASS, SUBSTREAM_EVENT };

/* 5.2 S1CDMax, S1DSS; *ssid: the CD to take. */
static enum substream substream(struct smmu_transaction *t, uint32_t *ssid)
{
	const struct smmu_request *r = t->request;
	const struct smmu_ste *ste = t->ste;
	uint64_t s1dss = FIELD_GET(SMMU_STE1_S1DSS, ste->word[1]);

	*ssid = r->ssv ? r->ssid : 0;
	if (__builtin_expect(r->ssv, 0)) {
		if (!ste->stage1 || !ste->cd_max || r->ssid >> ste->cd_max) {
			smmu_event(t, SMMU_C_BAD_SUBSTREAMID);
			return SUBSTREAM_EVENT;
		}
		if (r->ssid == 0 && s1dss == 2) {
			smmu_event(t, SMMU_F_STREAM_DISABLED);
			return SUBSTREAM_EVENT;
		}
		return SUBSTREAM_CD;
	}
	if (!ste->stage1)
		return SUBSTREAM_BYPASS;
	if (!ste->cd_max || s1dss == 2)
		return SUBSTREAM_CD;
	if (s1dss == 1)
		return SUBSTREAM_BYPASS;
	smmu_event(t, SMMU_F_STREAM_DISABLED);
	return SUBSTREAM_EVENT;
}

enum way { WAY_ENDED, WAY_BYPASS, WAY_TRANSLATE };

/* STE and CD; WAY_ENDED: the outcome is known. */
static enum way configure(struct smmu_transaction *t)
{
	uint64_t config;
	uint32_t ssid;

	if (!smmu_ste_find(t))
		return WAY_ENDED;
	config = FIELD_GET(SMMU_STE0_Config, t->ste->word[0]);
	if (!(config & SMMU_CONFIG_PASS)) {
		t->out->result = SMMU_ABORTED; /* and nothing is said */
		return WAY_ENDED;
	}
	override_access(t, t->ste->privcfg, t->ste->instcfg);
	switch (substream(t, &ssid)) {
	case SUBSTREAM_CD:
		return smmu_cd_find(t, ssid) ? WAY_TRANSLATE : WAY_ENDED;
	case SUBSTREAM_BYPASS:
		return t->ste->stage2 ? WAY_TRANSLATE : WAY_BYPASS;
	case SUBSTREAM_EVENT:
		break;
	}
	return WAY_ENDED;
}

static __attribute__((noinline)) void by_stream(struct smmu_transaction *t)
{
	switch (configure(t)) {
	case WAY_TRANSLATE:
		smmu_remember(t);
		translate(t);
		return;
	case WAY_BYPASS:
		bypass(t);
		return;
	case WAY_ENDED:
		return;
	}
}

static inline void start(struct smmu_outcome *out, const struct smmu_request *r)
{
	uint32_t left =
		(uint32_t)(FRAME_BYTES - (r->address & (FRAME_BYTES - 1)));

	out->event = SMMU_NO_EVENT;
	out->record[0] = 0;
	out->recorded = out->lost = false;
	out->why = NULL;
	out->bytes = r->bytes < left ? r->bytes : left;
	out->ste_hit = out->cd_hit = out->utlb_hit = out->tlb_hit = false;
	out->walked = false;
	out->privileged = r->privileged;
	out->instruction = r->instruction && !r->write;
	out->done = 0;
	out->reads = 0;
}

void smmu_translate(struct smmu *s, const struct smmu_request *request,
		    struct smmu_outcome *out)
{
	static const struct tlb_tag no_tag = { 0 };
	struct smmu_transaction t = {
		.smmu = s, .request = request, .out = out, .tag = &no_tag
	};

	start(out, request);
	s->out = out;
	s->counters.translations++;
	if (__builtin_expect(request->unsupported, 0)) {
		smmu_event(&t, SMMU_F_UUT);
	} else if (__builtin_expect(request->ats != SMMU_UNTRANSLATED, 0)) {
		out->result = SMMU_NOT_MODELLED;
		out->why = "ATS: IDR0.ATS is 0, IHI0070 3.9";
	} else if (!smmu_enabled(s)) {
		disabled(&t);
	} else if (smmu_recall(&t)) {
		override_access(&t, t.ste->privcfg, t.ste->instcfg);
		translate(&t);
	} else {
		by_stream(&t);
	}
	smmu_time(s, request, t.tag, out);
	s->counters.aborted += out->result == SMMU_ABORTED;
	s->out = NULL;
}

/* Whatever would be forbidden to whom: nothing is accessed. */
static void prefetch_page(struct smmu_transaction *t)
{
	const struct arm_regime *regime =
		t->cd ? &t->cd->regime : &t->ste->regime;
	uint64_t address =
		arm_mmu_address(&regime->setup, (va_t){ t->request->address });

	if (!ask_tlbs(t->smmu, t->out, address, &regime->setup.tag))
		walk(t, regime, address, 0);
}

uint64_t smmu_prefetch(struct smmu *s, const struct smmu_request *request,
		       bool translation)
{
	struct smmu_outcome out;
	struct smmu_transaction t = { .smmu = s,
				      .request = request,
				      .out = &out };
	uint64_t ticks = 0;

	if (!smmu_enabled(s))
		return 0;
	start(&out, request);
	s->out = &out;
	s->silent = true;
	if (configure(&t) == WAY_TRANSLATE && translation)
		prefetch_page(&t);
	s->silent = false;
	s->out = NULL;
	for (uint32_t i = 0; i < out.reads; i++)
		ticks += out.read[i].ticks;
	return ticks;
}
