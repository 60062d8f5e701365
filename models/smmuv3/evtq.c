/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events: which fields each has, and the queue they go into. IHI0070 G.b 7.2 to
 * 7.4. Records are never merged.
 */
#include "models/smmuv3/evtq.h"

#include <string.h>

#include "models/smmuv3/unit.h"

const char *smmu_event_name(enum smmu_event event)
{
	switch (event) {
	case SMMU_NO_EVENT:
		return "none";
	case SMMU_F_UUT:
		return "F_UUT";
	case SMMU_C_BAD_STREAMID:
		return "C_BAD_STREAMID";
	case SMMU_F_STE_FETCH:
		return "F_STE_FETCH";
	case SMMU_C_BAD_STE:
		return "C_BAD_STE";
	case SMMU_F_BAD_ATS_TREQ:
		return "F_BAD_ATS_TREQ";
	case SMMU_F_STREAM_DISABLED:
		return "F_STREAM_DISABLED";
	case SMMU_F_TRANSL_FORBIDDEN:
		return "F_TRANSL_FORBIDDEN";
	case SMMU_C_BAD_SUBSTREAMID:
		return "C_BAD_SUBSTREAMID";
	case SMMU_F_CD_FETCH:
		return "F_CD_FETCH";
	case SMMU_C_BAD_CD:
		return "C_BAD_CD";
	case SMMU_F_WALK_EABT:
		return "F_WALK_EABT";
	case SMMU_F_TRANSLATION:
		return "F_TRANSLATION";
	case SMMU_F_ADDR_SIZE:
		return "F_ADDR_SIZE";
	case SMMU_F_ACCESS:
		return "F_ACCESS";
	case SMMU_F_PERMISSION:
		return "F_PERMISSION";
	case SMMU_F_TLB_CONFLICT:
		return "F_TLB_CONFLICT";
	case SMMU_F_CFG_CONFLICT:
		return "F_CFG_CONFLICT";
	case SMMU_E_PAGE_REQUEST:
		return "E_PAGE_REQUEST";
	case SMMU_F_VMS_FETCH:
		return "F_VMS_FETCH";
	}
	return "?";
}

/* ---- the queue ---- */

static unsigned int queue_lg2(const struct smmu *s)
{
	unsigned int lg2 =
		(unsigned int)FIELD_GET(SMMU_QBASE_LOG2SIZE, s->r.eventq_base);

	return lg2 < s->config.eventq_lg2 ? lg2 : s->config.eventq_lg2;
}

static bool queue_full(const struct smmu *s)
{
	uint32_t mask = (uint32_t)MASK(0, queue_lg2(s) + 1);

	return ((s->r.eventq_prod ^ s->r.eventq_cons) & mask) ==
	       BIT(queue_lg2(s));
}

static bool queue_on(const struct smmu *s)
{
	uint32_t active = s->r.gerror ^ s->r.gerrorn;

	return FIELD_GET(SMMU_CR0_EVENTQEN, s->r.cr0) &&
	       !(active & FIELD_MASK(SMMU_GERROR_EVENTQ_ABT_ERR));
}

static void queue_advance(struct smmu *s, uint32_t mask)
{
	bool empty = !((s->r.eventq_prod ^ s->r.eventq_cons) & mask);

	s->r.eventq_prod =
		(s->r.eventq_prod & ~mask) | ((s->r.eventq_prod + 1) & mask);
	if (empty && FIELD_GET(SMMU_IRQ_CTRL_EVENTQ_IRQEN, s->r.irq_ctrl))
		smmu_interrupt(s, SMMU_IRQ_EVENTQ,
			       s->r.eventq_irq_cfg0 &
				       FIELD_MASK(SMMU_IRQ_CFG0_ADDR),
			       s->r.eventq_irq_cfg1);
}

bool smmu_eventq_put(struct smmu *s, const uint64_t record[4])
{
	unsigned int lg2 = queue_lg2(s);
	uint64_t base =
		align_down(s->r.eventq_base & FIELD_MASK(SMMU_QBASE_ADDR),
			   lg2 + 5);
	uint64_t pa = base + (s->r.eventq_prod & (BIT(lg2) - 1)) * 32;
	uint8_t bytes[32];

	if (!queue_on(s) || queue_full(s))
		return false;
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(record[i / 8] >> 8 * (i % 8));
	if (!s->ops->write(
		    s->context, pa & smmu_oas_mask(s), bytes, sizeof(bytes),
		    smmu_coherent(s, FIELD_GET(SMMU_CR1_QUEUE_IC, s->r.cr1),
				  FIELD_GET(SMMU_CR1_QUEUE_OC, s->r.cr1)))) {
		smmu_gerror(s, FIELD_MASK(SMMU_GERROR_EVENTQ_ABT_ERR));
		return false;
	}
	queue_advance(s, (uint32_t)MASK(0, lg2 + 1));
	s->counters.events.recorded++;
	return true;
}

static void overflow(struct smmu *s)
{
	uint32_t flag = (uint32_t)FIELD_MASK(SMMU_EVENTQ_PROD_OVFLG);

	if (!((s->r.eventq_prod ^ s->r.eventq_cons) & flag))
		s->r.eventq_prod ^= flag;
}

static void record(struct smmu_transaction *t)
{
	struct smmu *s = t->smmu;

	if (s->silent)
		return;
	t->out->recorded = smmu_eventq_put(s, t->out->record);
	t->out->lost = !t->out->recorded;
	if (t->out->recorded)
		return;
	s->counters.events.lost++;
	if (FIELD_GET(SMMU_CR0_EVENTQEN, s->r.cr0) && queue_full(s))
		overflow(s);
}

/* ---- events ---- */

static void begin(struct smmu_transaction *t, enum smmu_event event)
{
	const struct smmu_request *r = t->request;
	uint64_t *word = t->out->record;

	t->out->result = SMMU_ABORTED;
	t->out->event = event;
	t->smmu->counters.events.by_kind[event] += !t->smmu->silent;
	memset(word, 0, sizeof(t->out->record));
	word[0] = FIELD_PREP(SMMU_EVT0_EventNumber, event) |
		  FIELD_PREP(SMMU_EVT0_StreamID, r->sid);
	if (r->ssv)
		word[0] |= FIELD_PREP(SMMU_EVT0_SSV, 1) |
			   FIELD_PREP(SMMU_EVT0_SubstreamID, r->ssid);
}

/* After the STE's overrides; a write is data. */
static uint64_t access_bits(const struct smmu_transaction *t)
{
	const struct smmu_outcome *out = t->out;

	return FIELD_PREP(SMMU_EVT1_PnU, out->privileged) |
	       FIELD_PREP(SMMU_EVT1_InD, out->instruction) |
	       FIELD_PREP(SMMU_EVT1_RnW, !t->request->write);
}

bool smmu_event(struct smmu_transaction *t, enum smmu_event event)
{
	begin(t, event);
	if (event == SMMU_F_UUT) {
		t->out->record[1] = access_bits(t);
		t->out->record[2] = t->request->address;
	}
	/* Its SubstreamID is always valid: there is no SSV. */
	if (event == SMMU_C_BAD_SUBSTREAMID)
		t->out->record[0] &= ~FIELD_MASK(SMMU_EVT0_SSV);
	/* Without RECINVSID nothing is said of strangers. */
	if (event == SMMU_C_BAD_STREAMID &&
	    !FIELD_GET(SMMU_CR2_RECINVSID, t->smmu->r.cr2)) {
		t->out->event = SMMU_NO_EVENT;
		return false;
	}
	record(t);
	return false;
}

bool smmu_event_fetch(struct smmu_transaction *t, enum smmu_event event)
{
	begin(t, event);
	t->out->record[3] = t->smmu->fetch & FIELD_MASK(SMMU_EVT3_FetchAddr);
	record(t);
	return false;
}

bool smmu_event_bypass_size(struct smmu_transaction *t)
{
	begin(t, SMMU_F_ADDR_SIZE);
	t->out->record[1] =
		access_bits(t) | FIELD_PREP(SMMU_EVT1_CLASS, SMMU_CLASS_IN);
	t->out->record[2] = t->request->address;
	record(t);
	return false;
}

bool smmu_event_tlb_conflict(struct smmu_transaction *t, uint64_t address)
{
	bool stage2 = !t->cd;

	begin(t, SMMU_F_TLB_CONFLICT);
	t->out->record[1] = access_bits(t) | FIELD_PREP(SMMU_EVT1_S2, stage2);
	t->out->record[2] = t->request->address;
	if (stage2)
		t->out->record[3] = address & FIELD_MASK(SMMU_EVT3_IPA_IPA);
	record(t);
	return false;
}

static enum smmu_event event_of(const struct arm_fault *fault)
{
	switch (fault->kind) {
	case ARM_FAULT_ADDRESS_SIZE:
		return SMMU_F_ADDR_SIZE;
	case ARM_FAULT_TRANSLATION:
		return SMMU_F_TRANSLATION;
	case ARM_FAULT_ACCESS_FLAG:
		return SMMU_F_ACCESS;
	case ARM_FAULT_PERMISSION:
		return SMMU_F_PERMISSION;
	case ARM_FAULT_EXTERNAL:
		return SMMU_F_WALK_EABT;
	default:
		return SMMU_NO_EVENT;
	}
}

static enum smmu_class class_of(const struct smmu_transaction *t,
				const struct arm_fault *fault)
{
	if (t->smmu->for_cd)
		return SMMU_CLASS_CD;
	/* Stage 1's descriptors: their own abort, or stage 2's fault. */
	if (fault->s1ptw ||
	    (fault->stage == 1 && fault->kind == ARM_FAULT_EXTERNAL))
		return SMMU_CLASS_TT;
	return SMMU_CLASS_IN;
}

/* CD.R, A, S or STE.S2R, S2S: what comes of a translation-related fault. */
static void settle(struct smmu_transaction *t, const struct arm_fault *fault)
{
	bool stage2 = fault->stage == 2;
	uint64_t word = stage2 ? t->ste->word[2] : t->cd->word[0];
	bool stalls = stage2 ? FIELD_GET(SMMU_STE2_S2S, word)
			     : FIELD_GET(SMMU_CD0_S, word);
	bool records = stage2 ? FIELD_GET(SMMU_STE2_S2R, word)
			      : FIELD_GET(SMMU_CD0_R, word);

	if (stalls && !t->smmu->silent && smmu_stall(t))
		return;
	if (!stage2 && !FIELD_GET(SMMU_CD0_A, word))
		t->out->result = SMMU_RAZ_WI;
	/* A stall that found no place is reported all the same. */
	if (records || stalls)
		record(t);
	else
		t->out->event = SMMU_NO_EVENT;
}

bool smmu_event_fault(struct smmu_transaction *t, const struct arm_fault *fault)
{
	enum smmu_event event = event_of(fault);
	enum smmu_class class = class_of(t, fault);
	uint64_t *word = t->out->record;

	if (event == SMMU_NO_EVENT) {
		t->out->result = SMMU_NOT_MODELLED;
		t->out->why = fault->why;
		return false;
	}
	/* Stage 1 that is off has no table: the address is too wide. */
	if (fault->stage == 1 && !t->cd)
		return smmu_event_bypass_size(t);
	begin(t, event);
	word[1] = access_bits(t) | FIELD_PREP(SMMU_EVT1_S2, fault->stage == 2) |
		  FIELD_PREP(SMMU_EVT1_CLASS, class);
	word[2] = t->request->address;
	if (event == SMMU_F_WALK_EABT) {
		word[3] = t->smmu->fetch & FIELD_MASK(SMMU_EVT3_FetchAddr);
		record(t);
		return false;
	}
	if (fault->stage == 2)
		word[3] = fault->ipa.raw & FIELD_MASK(SMMU_EVT3_IPA_IPA);
	if (event == SMMU_F_PERMISSION && class == SMMU_CLASS_TT)
		word[1] |= FIELD_PREP(SMMU_EVT1_TTRnW, 1);
	settle(t, fault);
	return false;
}
