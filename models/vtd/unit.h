/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of models/vtd share; nobody else includes it. */
#ifndef MODELS_VTD_UNIT_H
#define MODELS_VTD_UNIT_H

#include "core/base/bits.h"
#include "models/tlb/walk_cache.h"
#include "models/vtd/context.h"
#include "models/vtd/paging.h"
#include "models/vtd/pasid.h"
#include "models/vtd/regs.h"
#include "models/vtd/vtd.h"

/* What made an IOTLB entry. */
enum vtd_kind { VTD_KIND_SECOND, VTD_KIND_FIRST, VTD_KIND_NESTED };

/* What an IOTLB entry allows; its value's attrs. */
#define VTD_TE_FIELDS(F)                                              \
	F(VTD_TE, R, 0, 1) /* second stage */                         \
	F(VTD_TE, W, 1, 1)                                            \
	F(VTD_TE, RW, 2, 1) /* first stage */                         \
	F(VTD_TE, US, 3, 1)                                           \
	F(VTD_TE, XD, 4, 1)                                           \
	F(VTD_TE, SNP, 5, 1)                                          \
	F(VTD_TE, D, 6, 1)	/* a write need not set D any more */ \
	F(VTD_TE, REASON, 8, 8) /* caching mode: a fault */           \
	F(VTD_TE, KIND, 16, 2)
FIELDS_DEFINE(VTD_TE, VTD_TE_FIELDS);
/* What the first stage allows where there is none. */
#define VTD_TE_FIRST_ALL (FIELD_MASK(VTD_TE_RW) | FIELD_MASK(VTD_TE_US))

/* A walk under way in time: who may meet it. */
struct vtd_slot {
	uint64_t done, busy_until; /* the walk, and the slot */
	uint64_t first, last;	   /* input addresses */
	uint32_t pasid;
	uint16_t did;
};

struct vtd {
	struct vtd_config config;
	const struct vtd_ops *ops;
	void *context;
	uint64_t file[VTD_REGISTERS_BYTES / 8]; /* the registers as read */
	/* as of the last SRTP */
	uint64_t root;
	uint8_t ttm;
	bool translating, queueing;
	uint64_t now; /* of the access under way */
	uint8_t next_record;
	struct tlb *contexts, *pasids, *iotlb;
	struct walk_cache *second, *first;
	struct vtd_slot slot[VTD_WALKS_MAX];
	uint64_t port_free, walks_end, invalidated_at;
	struct vtd_counters counters;
};

/* A bit to set once the translation has succeeded. */
struct vtd_mark {
	uint64_t pa, raw, set;
	enum vtd_reason failure, incoherent;
	bool coherent;
};

/* One translation under way. */
struct vtd_walk {
	struct vtd *vtd;
	const struct vtd_request *request;
	struct vtd_outcome *out;
	bool scalable, fpd;
	bool privileged;
	uint16_t did;
	uint32_t pasid;
	uint64_t context_word[2];
	uint64_t pasid_word[3];
	uint32_t marks;
	struct vtd_mark mark[VTD_READS_MAX];
};

/* How a second stage is to be walked, and how its faults are called. */
struct vtd_second {
	uint64_t root;
	uint8_t levels;
	bool coherent, access_dirty;
	enum vtd_read_kind kind;
	struct {
		enum vtd_reason root, entry, reserved;
	} reason;
};
struct vtd_leaf {
	uint64_t base;	/* output of the page's first byte */
	uint64_t attrs; /* VTD_TE_ */
	uint8_t size_lg2;
	int32_t mark; /* the entry's place in w->mark, or -1 */
};

static inline uint32_t vtd_reg32(const struct vtd *v, uint32_t offset)
{
	return (uint32_t)(v->file[offset / 8] >> 8 * (offset & 4));
}
static inline void vtd_set32(struct vtd *v, uint32_t offset, uint32_t value)
{
	unsigned int shift = 8 * (offset & 4);

	v->file[offset / 8] &= ~((uint64_t)UINT32_MAX << shift);
	v->file[offset / 8] |= (uint64_t)value << shift;
}

static inline void vtd_tell(const struct vtd *v, enum vtd_notice_kind kind,
			    uint64_t low, uint64_t high)
{
	const struct vtd_notice notice = { .kind = kind,
					   .word = { low, high } };

	if (v->ops->notice)
		v->ops->notice(v->context, &notice);
}

/* Bits of an address field at or above the host's width. */
static inline uint64_t vtd_beyond_haw(const struct vtd *v)
{
	return ~MASK(0, v->config.haw_bits);
}
static inline uint64_t vtd_address(uint64_t word)
{
	return word & ~MASK(0, 12);
}
static inline bool vtd_levels_supported(const struct vtd *v, unsigned int n)
{
	return n >= 3 && n <= VTD_LEVELS_MAX &&
	       (v->config.levels_mask >> (n - 2) & 1);
}

/* Read and note it down. */
bool vtd_fetch(struct vtd_walk *w, enum vtd_read_kind kind, unsigned int level,
	       uint64_t input, uint64_t pa, unsigned int words, bool coherent,
	       uint64_t *out);
/* Its place in w->mark; -1: there are too many. */
int32_t vtd_mark_later(struct vtd_walk *w, const struct vtd_mark *mark);

/* context.c: w->context_word, w->fpd. */
enum vtd_reason vtd_context_find(struct vtd_walk *w);
/* pasid.c: w->pasid_word, w->pasid, w->did, w->fpd. */
enum vtd_reason vtd_pasid_find(struct vtd_walk *w);

/* second_stage.c, first_stage.c: `input` to the page around it. */
enum vtd_reason vtd_second_walk(struct vtd_walk *w,
				const struct vtd_second *second, uint64_t input,
				bool write, struct vtd_leaf *leaf);
/* `second` NULL: not nested. */
enum vtd_reason vtd_first_walk(struct vtd_walk *w,
			       const struct vtd_second *second, uint64_t input,
			       struct vtd_leaf *leaf);

/* fault.c */
void vtd_fault(struct vtd_walk *w, enum vtd_reason reason);
/* A bit of FSTS becomes set. */
void vtd_fault_status(struct vtd *v, uint32_t bit);
void vtd_fault_status_write(struct vtd *v, uint32_t value);
void vtd_fault_record_clear(struct vtd *v, unsigned int record);
/* FECTL or IECTL, at `control`: something to tell; written by software. */
void vtd_event(struct vtd *v, uint32_t control);
void vtd_event_control_write(struct vtd *v, uint32_t control, uint32_t value);
/* When the last reason is gone an event not sent yet is no longer due. */
void vtd_event_forget(struct vtd *v, uint32_t control);

/* invalidate.c; all return how many entries were dropped. */
enum vtd_granularity {
	VTD_GLOBAL = 1,
	VTD_DOMAIN = 2,
	VTD_SELECTIVE = 3 /* device of the context cache, page of the IOTLB */
};
uint64_t vtd_context_invalidate(struct vtd *v, enum vtd_granularity g,
				uint16_t did, uint16_t sid, unsigned int fm);
uint64_t vtd_iotlb_invalidate(struct vtd *v, enum vtd_granularity g,
			      uint16_t did, uint64_t iva);
enum vtd_pasid_granularity {
	VTD_PASID_DOMAIN = 0,
	VTD_PASID_ONE = 1,
	VTD_PASID_GLOBAL = 3
};
uint64_t vtd_pasid_invalidate(struct vtd *v, enum vtd_pasid_granularity g,
			      uint16_t did, uint32_t pasid);
/* By PASID; `page` with an address as in IVA, or the whole PASID. */
uint64_t vtd_iotlb_invalidate_pasid(struct vtd *v, bool page, uint16_t did,
				    uint32_t pasid, uint64_t iva);
void vtd_drain(struct vtd *v);
/* Whether an IOTLB invalidation with these flags drains: from version 2 on all
 * do. VT-d 4.1 §6.5.2.3 */
static inline bool vtd_drains(const struct vtd *v, bool writes, bool reads)
{
	return v->config.version >> 4 >= 2 ||
	       (writes && v->config.drain_writes) ||
	       (reads && v->config.drain_reads);
}
/* Domain ids are as wide as CAP.ND says. */
static inline uint16_t vtd_did_mask(const struct vtd *v)
{
	return (uint16_t)MASK(0, v->config.domain_bits);
}
/* RWBF: what software wrote before becomes visible; invalidations of context
 * cache and IOTLB do it by themselves. VT-d 4.1 §6.8. */
void vtd_flush_buffers(struct vtd *v);

/* qi.c: work through the queue. */
void vtd_queue_run(struct vtd *v);

/* Tags of the caches. A PASID's upper four bits are part of the regime. */
static inline uint8_t vtd_regime(enum vtd_kind kind, uint32_t pasid)
{
	return (uint8_t)((unsigned int)kind << 4 | pasid >> 16);
}
static inline struct tlb_tag vtd_iotlb_tag(const struct vtd_walk *w,
					   enum vtd_kind kind)
{
	uint32_t pasid = kind == VTD_KIND_SECOND ? 0 : w->pasid;
	struct tlb_tag tag = {
		.vmid = w->did,
		.asid = (uint16_t)pasid,
		.regime = vtd_regime(kind, pasid),
	};

	tag.fold = tlb_tag_fold(&tag);
	return tag;
}
/* Context entries are found by requester alone. */
static inline uint64_t vtd_context_key(uint16_t sid)
{
	return (uint64_t)sid << 12;
}
/* PASID entries by requester, too, with the PASID as tag. */
static inline struct tlb_tag vtd_pasid_tag(uint32_t pasid)
{
	return (struct tlb_tag){ .asid = (uint16_t)pasid,
				 .regime = (uint8_t)(pasid >> 16) };
}

#endif
