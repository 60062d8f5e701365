/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One SMMUv3: registers, stream table, context descriptors, command and event
 * queue, configuration cache, TLBs. IHI0070 G.b, the Non-secure programming
 * interface. Entries stay until they are evicted or invalidated. What is
 * modelled and what is not: README.md here; counting: models/README.md.
 *
 * Translation and time are apart: smmu_translate decides by state and request
 * what happens, and only then works out when it is done.
 */
#ifndef MODELS_SMMUV3_SMMU_H
#define MODELS_SMMUV3_SMMU_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "models/arm/mmu.h"
#include "models/replacement.h"
#include "models/tlb/tlb.h"

#define SMMU_READS_MAX	64
#define SMMU_WALKS_MAX	64
#define SMMU_STALLS_MAX 64

enum smmu_irq { SMMU_IRQ_EVENTQ, SMMU_IRQ_CMD_SYNC, SMMU_IRQ_GERROR };
/* What becomes of a stalled transaction. */
enum smmu_resume { SMMU_RETRY, SMMU_TERMINATE_ABORT, SMMU_TERMINATE_RAZ_WI };

/* What an observer of the SMMU sees: a command that was carried out, an STE or
 * a CD that was fetched. */
enum smmu_notice_kind {
	SMMU_NOTICE_COMMAND,
	SMMU_NOTICE_STE,
	SMMU_NOTICE_CD
};
struct smmu_notice {
	enum smmu_notice_kind kind;
	uint64_t word[2]; /* of the command */
	uint32_t sid, ssid;
	uint64_t pa; /* of the STE or CD */
};

/* What the SMMU may do to the world. `ticks` is the caller's unit of time. */
struct smmu_ops {
	/*
	 * `words` (1 to 8) consecutive 64-bit words at `pa`, all in one cache
	 * line. `coherent` false: what memory holds, whatever the caches have.
	 * Adds the cost to *ticks. False: nothing answers there.
	 */
	bool (*read)(void *context, uint64_t pa, unsigned int words,
		     bool coherent, uint64_t *out, uint64_t *ticks);
	/* Event records (32 bytes) and MSIs (4 bytes); false: aborted. */
	bool (*write)(void *context, uint64_t pa, const void *data,
		      unsigned int bytes, bool coherent);
	/* A wired interrupt. May be NULL. */
	void (*interrupt)(void *context, enum smmu_irq which);
	/* A stalled transaction goes on: to be retried, it is translated again
	 * as if it had just arrived. May be NULL if nothing can stall. */
	void (*resume)(void *context, uint32_t sid, uint16_t stag,
		       enum smmu_resume how);
	/* Told of what it does, in order. May be NULL. */
	void (*notice)(void *context, const struct smmu_notice *notice);
};

/* models/choices.def: values in the order of their names there. */
struct smmu_choices {
	enum { SMMU_STE_CONT_IGNORED, SMMU_STE_CONT_USED } smmu_ste_cont;
	enum {
		SMMU_STE_MATCH_SMALLEST,
		SMMU_STE_MATCH_CONFLICT
	} smmu_ste_multiple_match;
	enum {
		SMMU_TLB_MATCH_SMALLEST,
		SMMU_TLB_MATCH_CONFLICT
	} smmu_tlb_multiple_match;
	enum {
		SMMU_INVALID_CACHED,
		SMMU_INVALID_NOT_CACHED
	} smmu_invalid_configuration;
	enum { SMMU_PREFETCH_IGNORED, SMMU_PREFETCH_USED } smmu_prefetch;
};

struct smmu_config {
	/* IDR0 */
	bool stage1, stage2, cohacc, btm, hyp, msi, asid16, vmid16, cd2l;
	bool two_level_streams, term_abort_only;
	enum {
		SMMU_STALL_AND_TERMINATE,
		SMMU_TERMINATE_ONLY,
		SMMU_STALL_ONLY
	} stall_model;
	/* IDR1 */
	uint8_t sid_bits;	      /* to 32 */
	uint8_t ssid_bits;	      /* to 20; 0: no substreams */
	uint8_t cmdq_lg2, eventq_lg2; /* to 19 */
	bool attr_types_override, attr_permissions_override;
	/* IDR3 */
	bool had, ril, small_tables;
	uint8_t bbm_level;
	/* IDR5, AIDR */
	uint8_t oas_bits; /* 32 36 40 42 44 48 52 */
	bool granule_4k, granule_16k, granule_64k;
	uint8_t minor; /* SMMUv3.n: AIDR */
	uint32_t iidr;
	/* models/choices.def */
	bool contiguous_used;
	struct smmu_choices choices;
	/* Caches; page sizes of the config caches are set here, whatever the
	 * structs say. */
	struct tlb_config ste_cache, cd_cache, utlb, tlb, ipa_tlb;
	struct tlb_config walk_cache_s1, walk_cache_s2;
	/* Time, in ticks. */
	uint32_t walks;			/* in flight, 1 to SMMU_WALKS_MAX */
	uint32_t stalls;		/* to SMMU_STALLS_MAX */
	uint64_t issue_ticks;		/* from one request to the next */
	uint64_t utlb_ticks, tlb_ticks; /* of a lookup */
	uint64_t walk_ticks;		/* of a walk, beside its reads */
	uint64_t command_ticks;		/* of one command */
};

/* 48 bits, both stages, all granules, stall and terminate. */
struct smmu_config smmu_config_common(void);
/* NULL, or in a few words what would be right. */
const char *smmu_config_problem(const struct smmu_config *config);

struct smmu;
/* NULL when out of memory. `ops` and `context` outlive it. */
struct smmu *smmu_new(const struct smmu_config *config,
		      const struct smmu_ops *ops, void *context,
		      struct model_random *random);
void smmu_free(struct smmu *smmu);

/* Registers, 4 or 8 bytes, aligned; anything else reads zero and is lost. */
uint64_t smmu_mmio_read(const struct smmu *smmu, uint32_t offset,
			unsigned int bytes);
/* `now`: for how long the command queue is busy. */
void smmu_mmio_write(struct smmu *smmu, uint32_t offset, uint64_t value,
		     unsigned int bytes, uint64_t now);
/* When the last command asked for so far has been consumed. */
uint64_t smmu_commands_done_at(const struct smmu *smmu);

/* A CPU's broadcast TLBI, as decoded by arm_tlbi_decode: dropped what it
 * means if IDR0.BTM is set and CR2.PTM clear. */
void smmu_broadcast_tlbi(struct smmu *smmu, const struct arm_tlbi *tlbi);

enum smmu_ats { SMMU_UNTRANSLATED, SMMU_ATS_REQUEST, SMMU_ATS_TRANSLATED };
struct smmu_request {
	uint64_t address;
	uint64_t now; /* ticks */
	uint32_t bytes;
	uint32_t sid, ssid;
	bool ssv, write, instruction, privileged;
	bool unsupported; /* a kind that the bus cannot express: F_UUT */
	enum smmu_ats ats;
	/* Incoming memory type and shareability, encoded as ARM_ATTRS_MEMATTR
	 * and SH; without: Write-Back, Non-shareable. */
	bool has_memory;
	uint8_t memattr, sh;
};

/* IHI0070 G.b 7.3 */
enum smmu_event {
	SMMU_NO_EVENT = 0,
	SMMU_F_UUT = 0x01,
	SMMU_C_BAD_STREAMID = 0x02,
	SMMU_F_STE_FETCH = 0x03,
	SMMU_C_BAD_STE = 0x04,
	SMMU_F_BAD_ATS_TREQ = 0x05,
	SMMU_F_STREAM_DISABLED = 0x06,
	SMMU_F_TRANSL_FORBIDDEN = 0x07,
	SMMU_C_BAD_SUBSTREAMID = 0x08,
	SMMU_F_CD_FETCH = 0x09,
	SMMU_C_BAD_CD = 0x0a,
	SMMU_F_WALK_EABT = 0x0b,
	SMMU_F_TRANSLATION = 0x10,
	SMMU_F_ADDR_SIZE = 0x11,
	SMMU_F_ACCESS = 0x12,
	SMMU_F_PERMISSION = 0x13,
	SMMU_F_TLB_CONFLICT = 0x20,
	SMMU_F_CFG_CONFLICT = 0x21,
	SMMU_E_PAGE_REQUEST = 0x24,
	SMMU_F_VMS_FETCH = 0x25,
};
const char *smmu_event_name(enum smmu_event event); /* "F_TRANSLATION" */

enum smmu_result {
	SMMU_TRANSLATED,
	SMMU_BYPASSED,
	SMMU_ABORTED,
	SMMU_RAZ_WI, /* ended without an error and without effect */
	SMMU_STALLED,
	SMMU_NOT_MODELLED /* what: `why` */
};

enum smmu_read_kind {
	SMMU_READ_L1STD,
	SMMU_READ_STE,
	SMMU_READ_L1CD,
	SMMU_READ_CD,
	SMMU_READ_S1,
	SMMU_READ_S2,
	SMMU_READ_S2_FOR_S1, /* to reach a stage-1 table */
	SMMU_READ_S2_FOR_CD
};
struct smmu_read {
	uint64_t pa, raw; /* raw: the first word */
	uint64_t input;	  /* what is translated, of that stage */
	uint64_t ticks;
	uint8_t kind;
	int8_t level;
	bool coherent;
};

struct smmu_outcome {
	enum smmu_result result;
	enum smmu_event event;
	bool recorded;	    /* in the event queue */
	bool lost;	    /* no room, or the queue is off */
	uint64_t record[4]; /* the event's, recorded or not */
	const char *why;
	uint64_t pa;
	uint64_t attrs; /* ARM_ATTRS_MEMATTR, SH, CACHEABLE, DEVICE */
	uint32_t bytes; /* of the request, in this page */
	uint16_t stag;
	uint8_t size_lg2; /* of the range around it that translates alike */
	bool ste_hit, cd_hit, utlb_hit, tlb_hit;
	bool walked;
	bool privileged, instruction; /* after the STE's overrides */
	uint64_t done;		      /* ticks */
	uint32_t reads;
	struct smmu_read read[SMMU_READS_MAX];
};
/*
 * Translate the first page of a request (out->bytes says how much of it that
 * is; the rest is another request). Fills caches, records an event, raises
 * interrupts.
 */
void smmu_translate(struct smmu *smmu, const struct smmu_request *request,
		    struct smmu_outcome *out);

struct smmu_counters {
	uint64_t translations, bypassed, aborted;
	struct tlb_counters ste, cd, utlb, tlb, ipa_tlb;
	struct walk_cache_counters walk_cache_s1, walk_cache_s2;
	struct {
		uint64_t count, reads, ticks;
		uint64_t waited; /* ticks spent waiting for a free slot */
		uint64_t by_reads[SMMU_READS_MAX + 1];
	} walks;
	struct {
		uint64_t by_kind[256];
		uint64_t recorded, lost, stalled, resumed;
	} events;
	struct {
		uint64_t by_opcode[256];
		uint64_t count, errors, syncs, broadcast;
		uint64_t dropped; /* entries, of all caches */
	} commands;
	uint64_t interrupts, msis;
};
void smmu_counters(const struct smmu *smmu, struct smmu_counters *out);

#endif
