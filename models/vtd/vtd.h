/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One Intel VT-d remapping unit: registers, tables in memory, caches that
 * keep what they were given until eviction or invalidation, invalidation by
 * register and by queue, fault records. VT-d 4.1 (D51397). What is modelled
 * and what is not: README.md here; counting rules: models/README.md.
 *
 * Translation and time are apart: vtd_translate decides by state and request
 * what happens, and only then works out when it is done.
 */
#ifndef MODELS_VTD_VTD_H
#define MODELS_VTD_VTD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "models/replacement.h"
#include "models/tlb/tlb.h"

#define VTD_READS_MAX	48
#define VTD_WALKS_MAX	64
#define VTD_RECORDS_MAX 64

/* What an observer of the unit sees. */
enum vtd_notice_kind {
	VTD_NOTICE_DESCRIPTOR,	    /* of the queue, carried out: word[] */
	VTD_NOTICE_CONTEXT_COMMAND, /* carried out: word[0] is CCMD */
	VTD_NOTICE_IOTLB_COMMAND,   /* word[0] is IOTLB, word[1] is IVA */
	/* CCMD or IOTLB was read: no command is under way. */
	VTD_NOTICE_COMMANDS_DONE,
	VTD_NOTICE_WRITE_BUFFER, /* GCMD.WBF */
	/* By itself: the root was set (CAP.ESRTPS), translation turned off. */
	VTD_NOTICE_FORGOT_ALL,
	/* A root, context or PASID entry was read, by enum vtd_read_kind. */
	VTD_NOTICE_FETCHED,
};
struct vtd_notice {
	enum vtd_notice_kind kind;
	uint64_t word[2];
	/* FETCHED: for which request, where, how many words. */
	unsigned int table, words;
	bool scalable;
	uint16_t sid;
	uint32_t pasid;
	uint64_t pa;
};

/* What the unit may do to the world. `ticks` is the caller's unit of time. */
struct vtd_ops {
	/*
	 * `words` (1 to 8) consecutive 64-bit words at `pa`, all in one cache
	 * line. `coherent` false: what memory holds, whatever the caches have.
	 * Adds the cost to *ticks. False: nothing answers there.
	 */
	bool (*read_descriptor)(void *context, uint64_t pa, unsigned int words,
				bool coherent, uint64_t *out, uint64_t *ticks);
	/* Atomic compare and exchange of one word; false: it was not
	 * `expected`, or nothing answers. Needed for A and D bits only. */
	bool (*update_descriptor)(void *context, uint64_t pa, uint64_t expected,
				  uint64_t desired, uint64_t *ticks);
	/* The status write of a wait descriptor. */
	bool (*write_status)(void *context, uint64_t pa, uint32_t data);
	/* A message-signalled interrupt. May be NULL. */
	void (*interrupt)(void *context, uint64_t address, uint32_t data);
	/* Write buffers of the chipset become visible (CAP.RWBF). May be
	 * NULL. */
	void (*flush_write_buffer)(void *context);
	/* Told of what it does, in order. May be NULL. */
	void (*notice)(void *context, const struct vtd_notice *notice);
};

struct vtd_config {
	/* capabilities */
	uint8_t version;       /* VER: major in 7:4, minor in 3:0 */
	uint8_t haw_bits;      /* host address width, 32 to 52 */
	uint8_t mgaw_bits;     /* widest input address */
	uint8_t levels_mask;   /* CAP.SAGAW: bit 1: 3 levels, 2: 4, 3: 5 */
	uint8_t superpages;    /* CAP.SSLPS: bit 0: 2 MiB, bit 1: 1 GiB */
	uint8_t domain_bits;   /* 4, 6, .. 16 */
	uint8_t fault_records; /* 1 to VTD_RECORDS_MAX */
	uint8_t mamv;	       /* largest address mask of an invalidation */
	uint8_t pasid_bits;    /* ECAP.PSS + 1; 0: no requests with PASID */
	bool page_selective, zero_length_reads, drain_writes, drain_reads;
	bool caching_mode, write_buffer_flush, coherent, queued;
	bool pass_through, snoop_control, set_root_invalidates;
	/* scalable mode; `execute`: requests to execute, which VT-d had
	 * before 4.1 */
	bool scalable, first_stage, second_stage, nested, first_1g, first_5l;
	bool second_ad, walk_snoop, execute, supervisor, rid_pasid, rid_priv;
	/* Caches; page sizes are set here, whatever the structs say. */
	struct tlb_config context_cache, pasid_cache, iotlb;
	struct tlb_config second_walk, first_walk; /* paging structures */
	/* Time, in ticks. */
	uint32_t walks;		   /* in flight, 1 to VTD_WALKS_MAX */
	uint64_t issue_ticks;	   /* from one request to the next */
	uint64_t lookup_ticks;	   /* of every request */
	uint64_t walk_ticks;	   /* of a walk, beside its reads */
	uint64_t turnaround_ticks; /* from a walk's end to its slot's next */
	uint64_t descriptor_ticks; /* of one invalidation descriptor */
};

/* A unit of a common kind: 48-bit, four levels, 2 MiB and 1 GiB, queued. */
struct vtd_config vtd_config_common(void);
/* NULL, or in a few words what would be right. */
const char *vtd_config_problem(const struct vtd_config *config);

struct vtd;
/* NULL when out of memory. `ops` and `context` outlive it. */
struct vtd *vtd_new(const struct vtd_config *config, const struct vtd_ops *ops,
		    void *context, struct model_random *random);
void vtd_free(struct vtd *vtd);

/* Registers, 4 or 8 bytes, aligned; anything else reads zero and is lost. */
uint64_t vtd_mmio_read(const struct vtd *vtd, uint32_t offset,
		       unsigned int bytes);
/* `now`: for drains and for how long the queue is busy. */
void vtd_mmio_write(struct vtd *vtd, uint32_t offset, uint64_t value,
		    unsigned int bytes, uint64_t now);
/* When the last invalidation asked for so far is complete. */
uint64_t vtd_invalidated_at(const struct vtd *vtd);

struct vtd_request {
	uint64_t iova;
	uint64_t now; /* ticks */
	uint32_t bytes;
	uint32_t pasid;
	uint16_t sid; /* bus 15:8, device 7:3, function 2:0 */
	bool has_pasid, write, execute, privileged;
};

/* Fault reasons, VT-d 4.1 §7.1.3, and of §5.1.4.1 the one that a unit without
 * interrupt remapping can have, which has no name there. */
enum vtd_reason {
	VTD_NO_FAULT = 0,
	VTD_LRT_2 = 0x01, /* root entry not present */
	VTD_LCT_2 = 0x02, /* context entry not present */
	VTD_LCT_4 = 0x03, /* context entry that cannot be */
	VTD_LGN_1 = 0x04, /* address too wide */
	VTD_LGN_2 = 0x05, /* write to what is not writable */
	VTD_LGN_3 = 0x06, /* read of what is not readable */
	VTD_LSS_1 = 0x07, /* paging entry out of reach */
	VTD_LRT_1 = 0x08, /* root entry out of reach */
	VTD_LCT_1 = 0x09, /* context entry out of reach */
	VTD_LRT_3 = 0x0a, /* root entry: reserved bits */
	VTD_LCT_3 = 0x0b, /* context entry: reserved bits */
	VTD_LSS_2 = 0x0c, /* paging entry: reserved bits */
	VTD_LGN_4 = 0x0e, /* output in the interrupt range */
	VTD_INT_9 = 0x29, /* to the interrupt range, and no interrupt */
	VTD_RTA_1 = 0x30, /* RTADDR.TTM reserved */
	VTD_RTA_2 = 0x31, /* a PASID in legacy mode */
	VTD_SRT_1 = 0x38, /* scalable root entry: as LRT */
	VTD_SRT_2 = 0x39,
	VTD_SRT_3 = 0x3a,
	VTD_SCT_1 = 0x40, /* scalable context entry: as LCT */
	VTD_SCT_2 = 0x41,
	VTD_SCT_3 = 0x42,
	VTD_SCT_4 = 0x43,
	VTD_SCT_6 = 0x45, /* a PASID while PASIDE is clear */
	VTD_SCT_7 = 0x46, /* PASID beyond PDTS */
	VTD_SCT_9 = 0x48, /* the PASID is RID_PASID's */
	VTD_SPD_1 = 0x50, /* PASID directory entry: reach, present, reserved */
	VTD_SPD_2 = 0x51,
	VTD_SPD_3 = 0x52,
	VTD_SPT_1 = 0x58, /* PASID table entry: the same */
	VTD_SPT_2 = 0x59,
	VTD_SPT_3 = 0x5a,
	VTD_SPT_4 = 0x5b,  /* ... and one that cannot be */
	VTD_SPT_5 = 0x5c,  /* execute while ERE is clear */
	VTD_SPT_6 = 0x5d,  /* privileged while SRE is clear */
	VTD_SFS_1 = 0x70,  /* first-stage entry out of reach */
	VTD_SFS_2 = 0x71,  /* not present */
	VTD_SFS_3 = 0x72,  /* reserved bits */
	VTD_SFS_4 = 0x73,  /* the root table's entry out of reach */
	VTD_SFS_5 = 0x74,  /* nested: table beyond the second stage's width */
	VTD_SFS_6 = 0x75,  /* nested: root table not readable */
	VTD_SFS_7 = 0x76,  /* nested: table not readable */
	VTD_SFS_8 = 0x77,  /* nested: no write for A and D */
	VTD_SSS_1 = 0x78,  /* second-stage entry out of reach */
	VTD_SSS_2 = 0x79,  /* neither readable nor writable */
	VTD_SSS_3 = 0x7a,  /* reserved bits */
	VTD_SSS_4 = 0x7b,  /* the root table's entry out of reach */
	VTD_SSS_5 = 0x7c,  /* A or D to be set, walks do not snoop */
	VTD_SSS_6 = 0x7d,  /* A or D could not be set */
	VTD_SGN_1 = 0x80,  /* not canonical */
	VTD_SGN_2 = 0x81,  /* user access, supervisor page */
	VTD_SGN_3 = 0x82,  /* execute, no-execute page */
	VTD_SGN_4 = 0x83,  /* pass-through beyond the host's width */
	VTD_SGN_5 = 0x84,  /* beyond the second stage's width */
	VTD_SGN_6 = 0x85,  /* write to what is not writable */
	VTD_SGN_7 = 0x86,  /* read of what is not readable */
	VTD_SGN_8 = 0x87,  /* output in the interrupt range */
	VTD_SGN_10 = 0x89, /* PASID beyond PSS */
	VTD_SFS_9 = 0x90,  /* A or D to be set, walks do not snoop */
	VTD_SFS_10 = 0x91, /* A or D could not be set */
};
/* "LGN.2": the specification's name. Static storage. */
const char *vtd_reason_name(enum vtd_reason reason);

enum vtd_result {
	VTD_TRANSLATED,
	VTD_BYPASSED,  /* translation is off */
	VTD_INTERRUPT, /* no DMA: four bytes to 0xfee00000 to 0xfeefffff */
	VTD_FAULTED
};

enum vtd_read_kind {
	VTD_READ_ROOT,
	VTD_READ_CONTEXT,
	VTD_READ_DIRECTORY,
	VTD_READ_PASID,
	VTD_READ_FIRST,
	VTD_READ_SECOND,
	VTD_READ_SECOND_FOR_TABLE /* nested: to reach a first-stage entry */
};
struct vtd_read {
	uint64_t pa, raw; /* raw: the first word */
	uint64_t input;	  /* what is translated, of that stage */
	uint64_t ticks;
	uint8_t kind, level;
	bool coherent;
};

struct vtd_outcome {
	enum vtd_result result;
	enum vtd_reason reason;
	bool recorded;	 /* in FRCD[record] */
	bool suppressed; /* FPD */
	bool lost;	 /* overflow */
	uint8_t record;
	uint64_t pa;
	uint32_t bytes; /* of the request, in this page */
	uint8_t page_lg2;
	bool snoop;
	bool context_hit, pasid_hit, iotlb_hit;
	/* The level of the table where a walk cache let the walk begin; 0: at
	 * the root. Nested: the first stage's. */
	uint8_t walk_from;
	uint16_t did;
	uint64_t done;	  /* ticks */
	uint32_t updates; /* A and D bits set */
	uint64_t update_ticks;
	uint32_t reads;
	struct vtd_read read[VTD_READS_MAX]; /* the last member */
};
/*
 * Translate the first page of a request (out->bytes says how much of it that
 * is; the rest is another request). Fills caches, records a fault, sends the
 * fault event.
 */
void vtd_translate(struct vtd *vtd, const struct vtd_request *request,
		   struct vtd_outcome *out);

struct vtd_invalidations {
	uint64_t context, pasid, iotlb_global, iotlb_domain, iotlb_page;
	uint64_t iotlb_pasid, iotlb_pasid_page; /* by PASID descriptors */
	uint64_t hinted;			/* with IH */
	uint64_t descriptors, waits, errors, drains;
	uint64_t dropped; /* entries, of all caches */
};
struct vtd_counters {
	uint64_t translations, bypassed, interrupts;
	struct tlb_counters context, pasid, iotlb;
	uint64_t second_hits, second_misses, first_hits, first_misses;
	struct {
		uint64_t count, reads, ticks, updates;
		uint64_t waited; /* ticks spent waiting for a free slot */
		uint64_t by_reads[VTD_READS_MAX + 1];
	} walks;
	struct {
		uint64_t by_reason[256];
		uint64_t recorded, lost, suppressed;
	} faults;
	struct vtd_invalidations invalidations;
	uint64_t write_buffer_flushes, interrupts_sent;
};
void vtd_counters(const struct vtd *vtd, struct vtd_counters *out);

#endif
