/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second implementation of the counting rules in models/README.md (numbers
 * in comments are its rules), written from that text alone: it includes no
 * header of the simulator and shares no code with it. Plain and slow: every
 * lookup is a scan, every age a time stamp.
 *
 * Left out: `random` replacement, hardware update of the access flag, granules
 * other than 4K, and what a machine does that no guest of ours provokes.
 */
#ifndef RECOUNT_H
#define RECOUNT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPUS_MAX  8
#define PAGE_LG2  12u
#define LINE_NONE (~UINT64_C(0))

/* Ends the program (status 2) unless `ok`: an input that is not understood. */
void demand(bool ok, const char *what);

/* ---- shelf.c: replacement in the sets of anything (rule 12) ---- */
enum policy { POLICY_LRU, POLICY_PLRU, POLICY_FIFO };

struct place {
	bool valid, used;
	uint64_t used_at, filled_at;
};

struct shelf {
	size_t sets, ways;
	enum policy policy;
	struct place *place; /* sets × ways */
	uint64_t now;
};

void shelf_init(struct shelf *s, size_t entries, size_t ways,
		const char *policy);
void shelf_use(struct shelf *s, size_t at);
void shelf_fill(struct shelf *s, size_t at);
void shelf_drop(struct shelf *s, size_t at);
/* Where the next entry of `set` goes: the place's contents are still there. */
size_t shelf_victim(const struct shelf *s, size_t set);

/* ---- caches.c: rules 19 to 25 ---- */
enum requester {
	BY_DATA,
	BY_FETCH,
	BY_WALK,
	BY_HYPERVISOR,
	BY_DMA,
	REQUESTERS
};
enum level { L1I, L1D, L2, LLC, LEVELS, MEMORY = LEVELS };

struct cache {
	bool present;
	unsigned int cpu;
	enum level level;
	struct shelf shelf;
	uint64_t *line;
	bool *dirty;
};

struct level_count {
	uint64_t hits[REQUESTERS], misses[REQUESTERS], writebacks, cleans;
};

struct caches {
	unsigned int cpus;
	uint64_t line_bytes;
	struct cache of_cpu[CPUS_MAX][LLC], llc;
	struct level_count count[LEVELS];
};

void caches_init(struct caches *c, const json_t *machine, unsigned int cpus);
/* One line, entering at `first` (MEMORY: no cache). Returns who served it. */
enum level caches_access(struct caches *c, unsigned int cpu, enum requester by,
			 enum level first, uint64_t pa, bool write);
enum maintenance { CLEAN, CLEAN_INVALIDATE, INVALIDATE };
void caches_by_address(struct caches *c, uint64_t pa, enum maintenance what,
		       bool to_unification);
void caches_instruction_drop(struct caches *c, uint64_t pa);
void caches_instruction_drop_all(struct caches *c);

/* ---- tlbs.c: rules 6 to 11, 15 ---- */
struct translation {
	uint64_t page;	   /* input address >> size */
	unsigned int size; /* log2 of bytes */
	/* log2 of the bytes of the leaf (or run) whose address a TLBI names:
	 * stage 1's, or in the stage-2 TLB stage 2's. 0: there is none. */
	unsigned int reach;
	uint64_t pa;	   /* of its first byte */
	uint16_t vmid, asid;
	bool global, stage1;
	/* What it allows: EL1 and EL0, each stage by itself. */
	bool r1, w1, x1, r0, w0, x0;   /* stage 1 */
	bool s2_r, s2_w, s2_x1, s2_x0; /* stage 2 */
	bool device, cacheable;	       /* both stages combined */
	bool s2_device, s2_cacheable;
	unsigned int level, s2_level; /* of the leaves, for a fault's name */
};

struct tlb {
	bool present;
	double latency;
	struct shelf shelf;
	struct translation *held;
	unsigned int size[16], sizes; /* ascending */
	uint64_t hits, misses, fills, evictions, invalidated;
};

void tlb_init(struct tlb *t, const json_t *section);
/* NULL: a miss. Counts. The asid does not matter for stage-2 TLBs. */
const struct translation *tlb_lookup(struct tlb *t, uint64_t address,
				     uint16_t vmid, uint16_t asid, bool stage1);
/* What `whole` says of `address`, as large as t can hold. */
void tlb_fill(struct tlb *t, const struct translation *whole, uint64_t address);

/* What a TLBI means: any of these tests may be off. */
struct scope {
	bool all_asids, last_level_only,
		globals; /* globals: global leaves too */
	bool any_address;
	uint64_t first, last; /* inclusive */
	uint16_t vmid, asid;
};
void tlb_invalidate(struct tlb *t, const struct scope *scope);

/* DDI0487 D8.2 and D8.3.1; runs of the contiguous bit: D8.7. */
struct granule {
	unsigned int page, stride; /* log2 of bytes; bits of a level */
	bool block[4];		   /* may the level have blocks? */
	unsigned int run[4];	   /* log2 of a run's entries */
	unsigned int s2_start;	   /* level of VTCR.SL0 0 */
};
/* By TCR.TG0 or VTCR.TG0; by TCR.TG1. */
const struct granule *granule_tg0(uint64_t field);
const struct granule *granule_tg1(uint64_t field);

/* A table of `level`, for the range of addresses it covers. */
struct pointer {
	uint64_t prefix; /* address >> range */
	unsigned int level, range; /* log2 of the bytes it covers */
	uint16_t vmid, asid;
	uint64_t table;
	bool no_el0, read_only, pxn, uxn; /* stage 1: from tables above */
};

struct walk_cache {
	bool present;
	struct shelf shelf;
	struct pointer *held;
	uint64_t hits, misses;
};

void walk_cache_init(struct walk_cache *c, const json_t *section);
/* The deepest pointer for `address` below `root_level`, or NULL. Counts. */
const struct pointer *walk_cache_lookup(struct walk_cache *c, uint64_t address,
					const struct granule *g,
					unsigned int root_level, uint16_t vmid,
					uint16_t asid);
void walk_cache_fill(struct walk_cache *c, const struct pointer *p);
void walk_cache_invalidate(struct walk_cache *c, const struct scope *scope);
/* log2 of the bytes that an entry, and a whole table, of `level` covers. */
unsigned int entry_range(const struct granule *g, unsigned int level);
unsigned int table_range(const struct granule *g, unsigned int level);

/* ---- tables.c: what the trace says of table contents ---- */
struct tables;
struct tables *tables_new(void);
uint64_t tables_read(const struct tables *t, uint64_t address, bool *known);
void tables_write(struct tables *t, uint64_t address, unsigned int bytes,
		  uint64_t value);
void tables_page(struct tables *t, uint64_t address, const uint8_t *bytes);

/* ---- cpu.c, walk.c: one machine ---- */
struct registers {
	uint64_t sctlr, tcr, ttbr0, ttbr1, mair;
};

enum bucket {
	IN_BASE,
	IN_FETCH,
	IN_TLB,
	IN_WALK,
	IN_DATA,
	IN_MMIO,
	IN_TRAP,
	IN_HYPERVISOR,
	IN_MAINTENANCE,
	IN_KERNEL,
	IN_IDLE,
	BUCKETS
};

enum fault_kind {
	FAULT_NONE,
	FAULT_ADDRESS_SIZE,
	FAULT_TRANSLATION,
	FAULT_ACCESS_FLAG,
	FAULT_PERMISSION,
	FAULT_ALIGNMENT,
	FAULT_KINDS
};

struct fault {
	enum fault_kind kind;
	unsigned int stage, level;
	bool on_table; /* stage 2, for the address of a stage-1 table */
	uint64_t ipa;
};

#define READS_MAX 64
struct cpu {
	unsigned int number;
	bool traps_set_way, traps_registers; /* HCR_EL2.TSW, TVM */
	struct registers reg;
	struct tlb l1i, l1d, l2, s2;
	struct walk_cache wc1, wc2;
	uint64_t instructions, fetches, loads, stores, kernel_accesses;
	uint64_t walks, walk_reads, walk_charge, by_reads[READS_MAX];
	uint64_t faults[3][FAULT_KINDS]; /* by stage and kind */
	int64_t charge[BUCKETS];
};

struct machine {
	unsigned int cpus;
	struct cpu cpu[CPUS_MAX];
	struct caches caches;
	struct tables *stage1, *stage2; /* by IPA, by PA */
	uint64_t vtcr, vttbr;
	bool runs; /* choices.contiguous_bit is used */
	enum level walk_entry;
	int64_t instruction_charge; /* base_cpi in 1/1024 */
	double mlp, latency[LEVELS + 1];
	double trap, hypercall, mmio, tlbi, barrier, clean, syscall;
	uint64_t unknown_tables; /* stage-1 descriptors not in the trace */
	bool in_kernel;		 /* charges go to `kernel` */
};

void machine_init(struct machine *m, const json_t *machine);
void charge(struct machine *m, struct cpu *cpu, enum bucket in, double cycles);

struct access {
	uint64_t va;
	unsigned int bytes;
	bool write, fetch, el0; /* el0: with EL0's permissions */
	bool is_at;	/* stage 1 alone, and what its walk learns is dropped */
	bool unaligned; /* as a whole; set by cpu_access */
};

/* A walk for `a` at a->va: true and *out, or false and *fault. */
bool walk(struct machine *m, struct cpu *cpu, const struct access *a,
	  struct translation *out, struct fault *fault);
bool stage1_is_on(const struct cpu *cpu);
uint16_t current_asid(const struct cpu *cpu);
uint16_t current_vmid(const struct machine *m);
/* Whether t allows a: else *fault has kind, stage and level. */
bool translation_allows(const struct translation *t, const struct access *a,
			struct fault *fault);

/* Asked when an access had a stage-2 fault: whether the hypervisor resolved
 * it, so that the lookup repeats. */
typedef bool (*resolver)(void *context);

/* Rule 2, and a block's fetch (rule 1). False: the guest took an exception. */
bool cpu_access(struct machine *m, struct cpu *cpu, const struct access *a,
		resolver resolve, void *context);
/* Rule 5. */
void cpu_mmio(struct machine *m, struct cpu *cpu, const struct access *a,
	      resolver resolve, void *context);
/* A lookup alone, with its faults resolved. */
bool cpu_page(struct machine *m, struct cpu *cpu, const struct access *a,
	      resolver resolve, void *context, struct translation *t,
	      struct fault *fault);
/* One lookup (and walk) of one page. */
bool cpu_lookup(struct machine *m, struct cpu *cpu, const struct access *a,
		struct translation *out, struct fault *fault);
void cpu_hypervisor_access(struct machine *m, struct cpu *cpu, uint64_t pa,
			   bool write);

/* ---- maintain.c: TLBI, DC, IC, AT ---- */
void maintain_tlbi(struct machine *m, struct cpu *cpu, const char *op,
		   uint64_t value);
/* The hypervisor's, each one TLBI: by IPA, then what combines both stages;
 * or all of the VMID. */
void maintain_ipa_drop(struct machine *m, struct cpu *cpu, uint64_t ipa,
		       uint64_t bytes, bool last_level_only);
void maintain_stage12_drop(struct machine *m, struct cpu *cpu);
void maintain_vmid_drop(struct machine *m, struct cpu *cpu);
void maintain_dc(struct machine *m, struct cpu *cpu, const char *op,
		 uint64_t value, bool el0, resolver resolve, void *context);
/* The hypervisor's, by machine address. */
void maintain_clean(struct machine *m, struct cpu *cpu, uint64_t pa,
		    uint64_t bytes);
void maintain_ic(struct machine *m, struct cpu *cpu, const char *op,
		 uint64_t value, bool el0, resolver resolve, void *context);
void maintain_at(struct machine *m, struct cpu *cpu, uint64_t encoding,
		 uint64_t value);

/* ---- events.c: the trace ---- */
/* Reads `trace cat` to its end. Returns the machine as it then is. */
struct machine *events_read(FILE *in);

/* ---- compare.c: the statistics ---- */
/* Prints a FAIL line for each difference; returns their number. */
unsigned int compare(struct machine *m, const json_t *stats);

#endif
