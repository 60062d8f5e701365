/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of models/smmuv3 share; nobody else includes it. */
#ifndef MODELS_SMMUV3_UNIT_H
#define MODELS_SMMUV3_UNIT_H

#include "models/arm/walker.h"
#include "models/smmuv3/cd.h"
#include "models/smmuv3/cmdq.h"
#include "models/smmuv3/evtq.h"
#include "models/smmuv3/regs.h"
#include "models/smmuv3/smmu.h"
#include "models/smmuv3/ste.h"
#include "models/tlb/tlb_use.h"
#include "models/tlb/walk_cache.h"

/* Registers as read; those of 64 bits are one, fields are at their offsets. */
struct smmu_registers {
	uint32_t idr[6];
	uint32_t cr0, cr1, cr2, gbpa, irq_ctrl;
	uint32_t gerror, gerrorn;
	uint64_t gerror_irq_cfg0, strtab_base, cmdq_base, eventq_base;
	uint64_t eventq_irq_cfg0;
	uint32_t gerror_irq_cfg1, gerror_irq_cfg2;
	uint32_t strtab_base_cfg;
	uint32_t cmdq_prod, cmdq_cons, eventq_prod, eventq_cons;
	uint32_t eventq_irq_cfg1, eventq_irq_cfg2;
};

/* A walk under way in time: who may meet it. */
struct smmu_slot {
	uint64_t busy_until;
	uint64_t first, last; /* input addresses */
	struct tlb_tag tag;
};

/* When a slot is free, in a heap of all slots, the first at its root: the
 * lower one of two that are free at once. */
struct smmu_free {
	uint64_t at;
	uint32_t slot;
};

/*
 * What the configuration caches have said of a stream's transactions without
 * SubstreamID that are translated; true as long as nothing in these caches has
 * come or gone. No cache of the model's: it saves the host the search.
 */
#define SMMU_MEMOS 16
struct smmu_memo {
	uint64_t since; /* s->generation then; 0: nothing */
	const struct tlb_entry *ste_entry;
	const struct tlb_entry *cd_entry; /* NULL: stage 2 alone */
	const struct smmu_ste *ste;
	const struct smmu_cd *cd;
	uint32_t sid;
};

/* What two attributes have come to the last time. */
struct smmu_combined {
	uint64_t in, stage2, both;
};

/* A transaction that waits for CMD_RESUME; its place is its STAG. */
struct smmu_stalled {
	bool used;
	bool recorded; /* its event has found room in the queue */
	uint32_t sid;
	uint64_t record[4];
};

struct smmu {
	struct smmu_config config;
	const struct smmu_ops *ops;
	void *context;
	struct smmu_registers r;
	struct tlb *stes, *cds, *utlb, *tlb, *ipa_tlb;
	struct walk_cache *s1, *s2;
	/* What the configuration caches' entries say, by tlb_slot; one more
	 * for the case that there is no cache. */
	struct smmu_ste *ste;
	struct smmu_cd *cd;
	uint64_t generation; /* grows when these caches change */
	struct smmu_memo memo[SMMU_MEMOS];
	struct smmu_combined combined;
	/* The translation under way, for descriptor reads. */
	struct smmu_outcome *out;
	bool for_cd;	/* a stage-2 walk for a CD's address */
	bool silent;	/* a prefetch: no events */
	bool conflicts; /* choices.smmu_tlb_multiple_match */
	uint64_t fetch; /* the last address asked for */
	struct arm_walk log;
	struct smmu_stalled stalled[SMMU_STALLS_MAX];
	struct smmu_slot slot[SMMU_WALKS_MAX];
	struct smmu_free free[SMMU_WALKS_MAX];
	uint64_t now; /* of the register access under way */
	uint64_t port_free, walks_end, commands_done;
	uint64_t prefetch_ticks; /* of the commands under way */
	struct smmu_counters counters;
};

static inline uint64_t smmu_oas_mask(const struct smmu *s)
{
	return MASK(0, s->config.oas_bits);
}
static inline bool smmu_enabled(const struct smmu *s)
{
	return FIELD_GET(SMMU_CR0_SMMUEN, s->r.cr0);
}
/* Accesses with these Cacheability fields: are they coherent? */
static inline bool smmu_coherent(const struct smmu *s, uint64_t inner,
				 uint64_t outer)
{
	return s->config.cohacc && inner && outer;
}

/* One read of a structure, noted in the outcome. */
bool smmu_fetch(struct smmu *s, enum smmu_read_kind kind, uint64_t input,
		uint64_t pa, unsigned int words, bool coherent, uint64_t *out);
/* arm_regime.read: a descriptor of a translation table. */
bool smmu_read_descriptor(void *reader, const struct arm_read *read,
			  uint64_t *raw);
/* A regime of this SMMU with nothing on. */
void smmu_regime_start(struct smmu *s, struct arm_regime *regime);

/* A translation under way. */
struct smmu_transaction {
	struct smmu *smmu;
	const struct smmu_request *request;
	struct smmu_outcome *out;
	const struct smmu_ste *ste;
	const struct smmu_cd *cd;  /* NULL: stage 1 does not translate */
	const struct tlb_tag *tag; /* what TLBs were asked with */
	/* in the configuration caches; NULL: there is no cache */
	const struct tlb_entry *ste_entry, *cd_entry;
};

/* stream.c: the STE of a request. False: an event has been made. */
bool smmu_ste_find(struct smmu_transaction *t);
/* Its CD, `ssid` of the table. */
bool smmu_cd_find(struct smmu_transaction *t, uint32_t ssid);
/* Both have been found, and the transaction is translated. */
void smmu_remember(const struct smmu_transaction *t);
/* True: they are found again, with the same counts and order of use. */
static inline bool smmu_recall(struct smmu_transaction *t)
{
	struct smmu *s = t->smmu;
	const struct smmu_memo *memo =
		&s->memo[t->request->sid & (SMMU_MEMOS - 1)];

	if (memo->since != s->generation || memo->sid != t->request->sid ||
	    t->request->ssv)
		return false;
	tlb_hit_here(s->stes, memo->ste_entry);
	t->ste = memo->ste;
	t->out->ste_hit = true;
	if (!memo->cd_entry)
		return true;
	tlb_hit_here(s->cds, memo->cd_entry);
	t->cd = memo->cd;
	t->out->cd_hit = true;
	return true;
}

/* translate.c: what a CMD_PREFETCH fetches; says what its reads took. */
uint64_t smmu_prefetch(struct smmu *s, const struct smmu_request *request,
		       bool translation);

/* attributes.c */
/* STE or GBPA: overrides of what comes in. */
struct smmu_overrides {
	uint64_t memattr, mtcfg, alloccfg, shcfg;
};
struct smmu_overrides smmu_ste_overrides(const struct smmu_ste *ste);
/* What stands for stage 1's attributes where it does not translate. */
uint64_t smmu_incoming(const struct smmu *s, const struct smmu_request *r,
		       const struct smmu_overrides *o);
/* With what follows from them, no stage having a say. */
uint64_t smmu_attrs_alone(uint64_t attrs);

/* ste.c, cd.c: from the words to the rest of the struct. */
void smmu_ste_decode(struct smmu *s, struct smmu_ste *ste);
void smmu_cd_decode(struct smmu *s, const struct smmu_ste *ste,
		    struct smmu_cd *cd);
/* How a range's TTBR has to look for TTB; 52-bit addresses are folded. */
uint64_t smmu_ttbr(const struct smmu *s, uint64_t ttb, uint64_t size,
		   bool granule_64k);
bool smmu_granule_supported(const struct smmu *s,
			    enum arm_granule_index granule);

/* evtq.c: ends a transaction with an event. Always false, for `return`. */
bool smmu_event(struct smmu_transaction *t, enum smmu_event event);
/* Likewise, a fetch from smmu->fetch failed. */
bool smmu_event_fetch(struct smmu_transaction *t, enum smmu_event event);
/* Likewise, a fault of a walk. */
bool smmu_event_fault(struct smmu_transaction *t,
		      const struct arm_fault *fault);
/* Likewise, an input address beyond the output size. */
bool smmu_event_bypass_size(struct smmu_transaction *t);
/* Likewise, more than one TLB entry for the address. */
bool smmu_event_tlb_conflict(struct smmu_transaction *t, uint64_t address);
/* False: not there now; a stall's record may come later. */
bool smmu_eventq_put(struct smmu *s, const uint64_t record[4]);

/* irq.c */
/* Errors that are active become visible in GERROR: SMMU_GERROR_ bits. */
void smmu_gerror(struct smmu *s, uint32_t errors);
/* By MSI, if there is an address, or else by wire. */
void smmu_interrupt(struct smmu *s, enum smmu_irq which, uint64_t address,
		    uint32_t data);

/* stall.c */
/* The transaction, whose record is made, waits. False: no place is left, it is
 * terminated. */
bool smmu_stall(struct smmu_transaction *t);
void smmu_stalls_terminate(struct smmu *s, bool any_stream, uint32_t sid);
bool smmu_stall_resume(struct smmu *s, uint32_t sid, uint16_t stag,
		       enum smmu_resume how);
/* The queue may have become writable. */
void smmu_events_pending(struct smmu *s);

/* cmdq.c: consume what can be consumed. */
void smmu_commands_run(struct smmu *s);

/* tlbi.c; all return how many entries were dropped. */
uint64_t smmu_cfgi_streams(struct smmu *s, uint32_t first, uint32_t last);
uint64_t smmu_cfgi_cds(struct smmu *s, uint32_t sid, bool all, uint32_t ssid);
struct smmu_tlbi {
	enum smmu_world world;
	bool stage1, stage2; /* which entries */
	bool leaf_only;
	bool shared_only; /* of ASET 0 */
	struct tlb_match match;
};
uint64_t smmu_tlbi(struct smmu *s, const struct smmu_tlbi *tlbi);

/* time.c: when it is done that enters at `at`: a request that has read memory,
 * or one whose entry may still be on its way. */
uint64_t smmu_time_walk(struct smmu *s, uint64_t address,
			const struct tlb_tag *tag,
			const struct smmu_outcome *out, uint64_t at);
uint64_t smmu_time_meet(const struct smmu *s, uint64_t address,
			const struct tlb_tag *tag, uint64_t at);
/* Sets out->done. */
static inline void smmu_time(struct smmu *s, const struct smmu_request *request,
			     const struct tlb_tag *tag,
			     struct smmu_outcome *out)
{
	uint64_t enter =
		request->now > s->port_free ? request->now : s->port_free;
	uint64_t at = enter + s->config.utlb_ticks;

	if (!out->utlb_hit)
		at += s->config.tlb_ticks;
	s->port_free = enter + s->config.issue_ticks;
	if (out->reads)
		at = smmu_time_walk(s, request->address, tag, out, at);
	else if (at < s->walks_end)
		at = smmu_time_meet(s, request->address, tag, at);
	out->done = at;
}

/* Keys of the configuration caches. */
static inline uint64_t smmu_sid_key(uint32_t sid)
{
	return (uint64_t)sid << FRAME_LG2;
}
static inline struct tlb_tag smmu_ssid_tag(uint32_t ssid)
{
	struct tlb_tag tag = { .asid = (uint16_t)ssid,
			       .regime = (uint8_t)(ssid >> 16) };

	tag.fold = tlb_tag_fold(&tag);
	return tag;
}

#endif
