/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What software does to translation tables, as hardware could observe it: one
 * total order of protocol events. A hypervisor's port, a guest's instructions,
 * a replayed trace and an imported log all come down to these; the checker
 * (checker.h) judges them, the explorer interleaves hardware with them.
 * DDI0487 L.b D8.16, D8.17; B2.3 (barriers), D7.5.9 (cleaning).
 *
 * Addresses stand in one of two worlds: machine memory, where stage 2's
 * tables lie, and what a guest calls physical, where its stage-1 tables lie.
 * Levels are the architecture's; ranges are inclusive.
 */
#ifndef SIM_CHECK_PROTOCOL_H
#define SIM_CHECK_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Observers are numbered 0..63: first the CPUs, then the IOMMUs. Sets of
 * them are bit masks. */
#define PROTOCOL_OBSERVERS_MAX 64

enum protocol_kind {
	PROTOCOL_CONTENT,     /* a table word's value becomes known: no store */
	PROTOCOL_WRITE,	      /* a store to a descriptor, 1 to 8 bytes */
	PROTOCOL_CLEAN,	      /* cleaned to the point of coherency */
	PROTOCOL_BARRIER,
	PROTOCOL_TLBI,
	PROTOCOL_IOTLB,	      /* an IOMMU shall invalidate: under way from now */
	PROTOCOL_IOTLB_WAIT,  /* all of that so far is complete, DMA drained */
	PROTOCOL_WRITE_BUFFER, /* the chipset's write buffer is flushed */
	PROTOCOL_ROOT,	      /* what a walk begins with was written */
	PROTOCOL_CONTROL,     /* a register that translation depends on, too */
	PROTOCOL_CONTEXT,     /* an exception or return: synchronises context */
	PROTOCOL_CACHES,      /* a CPU's data caches went on or off */
	PROTOCOL_TABLE_ALLOC,
	PROTOCOL_TABLE_FREE,
	PROTOCOL_FRAME_FREE,  /* memory that was mapped is given away */
	PROTOCOL_FRAME_TAKE,  /* it is the guest's again, and may be mapped */
	PROTOCOL_USE,	      /* an access was translated */
	PROTOCOL_READ,	      /* a load past the caches, from an unclean line */
	PROTOCOL_DONE,	      /* an operation ends that promised: all is over */
	/* IOMMUs: what a unit is, and what it was seen to do. */
	PROTOCOL_UNIT,
	PROTOCOL_CONFIG,      /* an entry of its configuration may be held */
	PROTOCOL_CONFIG_DROP, /* such entries were invalidated */
	PROTOCOL_UNIT_TLBI,	      /* translations were */
	PROTOCOL_UNIT_WAIT,	      /* all invalidations so far are complete */
	PROTOCOL_UNIT_BUFFER, /* flushed: VT-d 4.1 §6.8 */
	PROTOCOL_DMA,	      /* a device's access was translated */
	/* Of imported logs, whose writers keep a discipline: discipline.h. */
	PROTOCOL_MEMORY_INIT, /* zeroed, and from now on the log's */
	PROTOCOL_MEMORY_FREE,
	PROTOCOL_LOCK,
	PROTOCOL_TRYLOCK,     /* taken, if it was free */
	PROTOCOL_UNLOCK,
	PROTOCOL_TREE_LOCK,   /* the lock of a tree is named */
	PROTOCOL_TREE_RELEASE,
	PROTOCOL_ENTRY_OWNER, /* an entry is one CPU's alone */
	PROTOCOL_KINDS
};
const char *protocol_kind_name(enum protocol_kind kind); /* "write" */

/* Where an address lies. */
enum protocol_world {
	PROTOCOL_MACHINE, /* machine memory */
	PROTOCOL_GUEST,	  /* guest physical */
};

/*
 * Who did it. For a hypervisor: the operation (p2m call), and the address in
 * our own program that the port returned to, or a file and line if the log
 * says so. For a guest: PC and mnemonic.
 */
struct protocol_source {
	const char *operation; /* "p2m_remove", "STR", "TLBI VAE1IS", or NULL */
	const void *code;      /* in this program, or NULL */
	const char *file;      /* or NULL */
	unsigned int line;
	uint64_t pc;	       /* of the guest; ~0: none */
};

/* Which base register, of which stage. */
enum protocol_base {
	PROTOCOL_VTTBR,	   /* stage 2 of EL1&0 */
	PROTOCOL_TTBR0,	   /* stage 1 of EL1&0 */
	PROTOCOL_TTBR1,
	PROTOCOL_TTBR_EL2, /* stage 1 of EL2 */
	PROTOCOL_DEVICE,   /* a domain of an IOMMU, by its id as VMID */
	PROTOCOL_BASES
};

struct protocol_root {
	enum protocol_base base;
	bool on;	     /* off: nothing is walked from here */
	bool noncoherent;    /* walks read memory past the caches */
	bool asid_used;	     /* entries with nG belong to `asid` */
	bool sets_access_flag; /* hardware may: AF clear may be cached too */
	bool used_elsewhere; /* by CPUs that are not seen, too */
	bool vtd;	     /* descriptors of VT-d's second stage */
	/* DEVICE: of a unit that is a guest's: tables in its memory. */
	bool guests;
	uint16_t guest;	     /* then: whose, as protocol_event's vmid */
	bool write_buffer;   /* VT-d: CAP.RWBF */
	bool caching_mode;   /* VT-d: CAP.CM, what is absent may be held */
	uint8_t granule_lg2; /* 12, 14, 16 */
	int8_t level;	     /* of the root table */
	uint8_t input_bits;
	uint8_t output_bits;
	uint16_t vmid, asid;
	uint64_t table;	     /* concatenated tables stand in a row from here */
	uint64_t first_input; /* 0; TTBR1: the lowest address it translates */
};

enum protocol_barrier {
	PROTOCOL_DMB,
	PROTOCOL_DSB,
	PROTOCOL_ISB,
};
enum protocol_access { PROTOCOL_ALL, PROTOCOL_STORES, PROTOCOL_LOADS };
enum protocol_domain {
	PROTOCOL_NSH, /* this CPU */
	PROTOCOL_ISH,
	PROTOCOL_SYS, /* outer shareable or full system */
};

/* TLB maintenance, decoded. */
enum protocol_tlbi_by {
	PROTOCOL_BY_ALL,     /* everything of the regime and tag */
	PROTOCOL_BY_ASID,
	PROTOCOL_BY_ADDRESS, /* [first, last] */
};
struct protocol_tlbi {
	const char *name;    /* "IPAS2E1IS" */
	bool el2;	     /* the EL2 regime instead of EL1&0 */
	bool stage1;	     /* stage-1 entries, and combined ones */
	bool stage2;	     /* stage-2-only entries; with stage1 both, S12 */
	bool any_vmid;	     /* else of `vmid` */
	bool by_asid;	     /* of `asid`; with an address global ones as well */
	bool broadcast;	     /* else the issuing CPU alone */
	bool last_level;     /* leaves alone: table pointers stay */
	bool whole;	     /* VT-d: of large leaves those wholly within */
	bool is_range;
	int8_t level;	     /* TTL: the leaf's level; -1: no hint */
	uint8_t granule_lg2; /* of the hint or range; 0: not said */
	enum protocol_tlbi_by by;
	uint16_t vmid, asid;
	uint64_t first, last;
	uint8_t unit; /* the IOMMU that carried it out; 0: CPUs */
};

/* Maintenance of an IOMMU by its queue or registers. VT-d 4.1 §6.5, IHI0070
 * 4.4. */
struct protocol_iotlb {
	bool all;	/* of the domain; else [first, last] */
	bool leaf_only; /* IH, Leaf: entries that lead to tables stay */
	uint8_t level;	/* TTL: the leaf's level; 0: no hint */
	uint16_t did;	/* or VMID */
	uint64_t first, last;
};

/*
 * By the mnemonic's operand-less part, any case: "IPAS2LE1IS", "rvae1",
 * "VMALLS12E1". Sets all but VMID, ASID, addresses and hint; no hint. False:
 * no TLBI of EL1&0 or EL2 that is known here.
 */
bool protocol_tlbi_by_name(const char *name, struct protocol_tlbi *tlbi);
/* Addresses or ASID, and hint, of its operand: C5.5. */
void protocol_tlbi_operand(struct protocol_tlbi *tlbi, uint64_t operand);

/* ---- IOMMUs. A unit is an observer, numbered after the CPUs. */

enum protocol_unit_type { PROTOCOL_VTD, PROTOCOL_SMMU };

struct protocol_unit {
	enum protocol_unit_type type;
	bool noncoherent;    /* ECAP.C, COHACC clear: walks pass the caches */
	bool write_buffer;   /* CAP.RWBF */
	bool caching_mode;   /* CAP.CM */
	bool by_domain;	     /* CAP.PSI clear: pages mean the domain */
	bool hears_tlbi;     /* takes part in broadcast TLBI of CPUs */
	uint8_t output_bits; /* of addresses in descriptors */
};

/* What stands between a request and its translation tables. VT-d 4.1 §9.1 to
 * §9.6; IHI0070 G.b 5.2, 5.4. */
enum protocol_config_kind {
	PROTOCOL_ROOT_ENTRY,
	PROTOCOL_CONTEXT_ENTRY, /* legacy mode */
	PROTOCOL_SCALABLE_ENTRY, /* context entry of scalable mode */
	PROTOCOL_DIRECTORY_ENTRY, /* of PASIDs */
	PROTOCOL_PASID_ENTRY,
	PROTOCOL_STE,
	PROTOCOL_CD,
	PROTOCOL_CONFIG_KINDS
};
const char *protocol_config_name(enum protocol_config_kind kind);

struct protocol_config {
	enum protocol_config_kind kind;
	uint8_t words; /* 1 to 8, in one 64-byte line */
	uint32_t sid;  /* requester or stream; of a root entry the bus' first */
	uint32_t ssid; /* PASID or substream */
	uint64_t address;
};

/* Which of them go; a bit a kind. */
struct protocol_config_drop {
	const char *name;
	unsigned int kinds;
	bool by_sid, by_ssid, by_did;
	uint32_t sid, sid_ignored; /* bits that do not matter */
	uint32_t ssid;
	uint16_t did;
};

/* An access of a device, translated. */
struct protocol_dma {
	uint32_t sid, ssid;
	uint16_t did;	     /* domain, VMID */
	bool reached;	     /* it led to `pa`; else a fault */
	bool by_held_config; /* as the unit's caches had its configuration */
	uint64_t iova, pa;
};

/*
 * A write of TCR_EL1, MAIR_EL1 or SCTLR_EL1 that changed fields of which
 * TLBs may hold copies. DDI0487 L.b D24.2, "permitted to be cached in a TLB".
 */
struct protocol_control {
	const char *name;    /* "TCR_EL1" */
	uint64_t changed;    /* those fields' bits */
	unsigned int bases;  /* whose translations they touch; a bit a base */
	uint8_t indexes;     /* MAIR_EL1: of Attr<n>, bit n; else 0 */
};

/*
 * A CPU whose data caches are off reads from a line that was written through
 * them and not cleaned to the point of coherency since.
 */
struct protocol_read {
	uint64_t va, address, bytes;
	uint64_t line, line_bytes; /* `line` in the event's world */
	/* The first word of eight bytes that differs, or the first read: as
	 * memory has it, which is what is read, and as the caches may. */
	uint64_t below, above;
	/* Who first wrote the line since it was clean; event: the last before
	 * that, if `writer_known`. */
	bool writer_known;
	uint8_t writer_cpu;
	uint64_t writer_pc, writer_event;
};

struct protocol_event {
	enum protocol_kind kind;
	uint64_t number; /* in the total order, from 1; set by the receiver */
	uint8_t cpu;	 /* of the one that acts */
	bool el2;	 /* a hypervisor, not a guest */
	enum protocol_world world;
	uint8_t unit;	 /* the IOMMU's number as observer, or 0 */
	uint16_t vmid;	 /* the guest world's, and of a guest's own acts */
	struct protocol_source source;
	union {
		/* CONTENT, WRITE, CLEAN, TABLE_*, FRAME_FREE: where. */
		struct {
			uint64_t address, bytes;
			/* WRITE, CONTENT: the whole aligned 8-byte word before
			 * and after. */
			uint64_t old, now;
			/* FRAME_FREE: where the guest had it; ~0: not known.
			 * TREE_LOCK, ENTRY_OWNER: the lock, the CPU. */
			uint64_t input;
			bool release; /* WRITE: after all before it */
		};
		struct {
			enum protocol_barrier barrier;
			enum protocol_access access;
			enum protocol_domain domain;
		};
		struct protocol_tlbi tlbi; /* TLBI, UNIT_TLBI */
		struct protocol_iotlb iotlb;
		struct protocol_root root;
		struct protocol_control control;
		struct protocol_unit facts; /* UNIT */
		struct protocol_config config;
		struct protocol_config_drop drop;
		struct protocol_dma dma;
		/* DONE: of a domain (else of the p2m, or a guest's); what it
		 * took away may wait for a later flush. */
		struct {
			bool of_domain, deferred;
			uint16_t did;
		};
		bool caches_on;
		struct protocol_read read;
		/* USE: translated in the regime of `cpu` as it stands. */
		struct {
			uint64_t va, ipa, pa;
			bool has_stage1;
			bool fetch;
		};
	};
};

/*
 * What a unit was told, from the bits as they reach it: an invalidation
 * descriptor (VT-d 4.1 §6.5.2), CCMD_REG, IOTLB_REG with IVA_REG (§11.4.7,
 * §11.4.8), a command (IHI0070 G.b 4.3 to 4.7). Sets kind and union. False:
 * it drops nothing that is judged here, and completes nothing.
 */
bool protocol_vtd_descriptor(const struct protocol_unit *unit,
			     const uint64_t word[2], struct protocol_event *e);
bool protocol_vtd_context_command(uint64_t ccmd, struct protocol_event *e);
bool protocol_vtd_iotlb_command(const struct protocol_unit *unit,
				uint64_t iotlb, uint64_t iva,
				struct protocol_event *e);
bool protocol_smmu_command(const uint64_t word[2], struct protocol_event *e);

/*
 * Who listens. A machine has a pointer to one, NULL when nobody does, so that
 * an ordinary run pays one comparison an event.
 */
struct protocol_listener {
	void (*event)(void *context, struct protocol_event *event);
	void *context;
	/* The 8-byte word at an aligned address, for tables that were written
	 * before anyone listened. False: there is no memory. May be NULL. */
	bool (*read)(void *context, enum protocol_world world, uint16_t vmid,
		     uint64_t address, uint64_t *value);
	/* Of the TLB entry that an access of this CPU goes by: the last event
	 * before the walk that filled it, and its block. False: not known. May
	 * be NULL; with read_context. */
	bool (*filled)(void *context, unsigned int cpu, uint64_t va,
		       uint64_t *event, uint64_t *pc);
	void *read_context;
	/* The listener's: false while no USE could matter. */
	bool uses_wanted;
	/* The same of CONTEXT. */
	bool context_wanted;
	bool dma_wanted; /* the same of DMA */
	/* The listener's: of the last event. */
	uint64_t number;
};

#endif
