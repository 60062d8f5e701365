/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine: CPUs' MMUs, memory system, RAM, the hypervisor's p2m behind
 * them, one account of cycles, and a sink for the trace. `run` drives it from
 * Unicorn, `replay` from a trace; everything behind these functions is the
 * same for both, and it is here that stimulus is recorded. DESIGN §2, §4.
 */
#ifndef SIM_MACHINE_MACHINE_H
#define SIM_MACHINE_MACHINE_H

#include "core/p2m/p2m.h"
#include "models/arm/mmu.h"
#include "models/memory/memory.h"
#include "models/memory/ram.h"
#include "models/memory/versions.h"
#include "sim/machine/config.h"
#include "traces/trace.h"

enum bucket {
	BUCKET_BASE,
	BUCKET_FETCH,
	BUCKET_TLB,
	BUCKET_WALK,
	BUCKET_DATA,
	BUCKET_MMIO,
	BUCKET_TRAP,
	BUCKET_HYPERVISOR,
	BUCKET_MAINTENANCE,
	BUCKET_KERNEL,
	BUCKET_IDLE,
	BUCKET_COUNT
};
const char *bucket_name(enum bucket bucket); /* "base" */

#define GUEST_RAM_BASE UINT64_C(0x40000000) /* IPA */
#define GUEST_UART_BASE UINT64_C(0x09000000)
#define GUEST_UART_BYTES UINT64_C(0x1000)
#define GUEST_SMMU_BASE	 UINT64_C(0x09050000) /* of one that is its own */
#define GUEST_SMMU_BYTES UINT64_C(0x20000)
#define SIM_VMID 1
#define PAGE_MEMOS 64

struct machine_cpu {
	struct arm_mmu mmu;
	unsigned int index, el;
	uint64_t by[BUCKET_COUNT]; /* 1/1024 cycle */
	uint64_t instructions, fetches, kernel_accesses;
	uint64_t data_accesses[2]; /* loads, stores */
	uint64_t faults[2][ARM_FAULT_KINDS]; /* by stage - 1 and kind */
	uint64_t walk_charge;	   /* 1/1024 cycle, guest's and kernel's */
	/* The last page and lines of data and of code: touching the same again
	 * changes no state of TLB or cache, as long as nobody else did (see
	 * access.h). */
	struct last_access {
		uint64_t line;	   /* data: first va; code: va >> line_lg2;
				    * ~0: none */
		uint64_t more;	   /* fetch: lines that follow it, idle too */
		uint64_t page;	   /* va >> 12 */
		uint64_t context;  /* of that L1 TLB then */
		uint64_t idle;	   /* data: bit set of enum arm_access values
				    * that are idle; fetch: EL + 1 */
		uint64_t generation; /* of the L1 cache then */
		const uint64_t *generation_now;
		pa_t page_pa;
		uint64_t hits;	    /* skipped: TLB and line */
		uint64_t page_hits; /* skipped: TLB alone */
		uint64_t *line_hits; /* the cache's own count, for the rest */
	} last_data, last_fetch;
	/* Pages that the L1 data TLB holds, by the page's low bits: as long as
	 * the context is the same, a lookup would hit `entry`. */
	struct page_memo {
		uint64_t page, context;
		uint64_t idle; /* bit set of enum arm_access values permitted */
		pa_t pa;
		const struct tlb_entry *entry;
		uint64_t used; /* when last, if its bit in memos_used is set */
		/* The line used last in the page, as in last_access. */
		uint64_t line, line_idle, generation;
	} memo[PAGE_MEMOS];
	/* Under LRU the L1 data TLB is told of uses through memos only before
	 * somebody else looks at it, each entry once, in the order of their
	 * last uses: that leaves it as if told of each. See access_settle_uses. */
	uint64_t memos_used, uses;
	uint64_t block; /* executing: where it begins */
	bool waiting; /* WFI */
	bool on;      /* PSCI */
};

/* See stall.h; in 1/1024 cycle. */
#define STALL_BOUNDS 256
struct machine_stalls {
	uint64_t count, charge;
	uint64_t by[STALL_BOUNDS];
};

struct machine {
	struct machine_config config;
	struct model_random random;
	struct ram ram;
	struct memory_system *memory;
	struct machine_cpu *cpu;
	unsigned int line_lg2;
	uint64_t line_bytes;
	uint32_t latency[MEMORY_LEVEL_COUNT];	    /* 1/1024, data side */
	uint64_t charge_data[MEMORY_LEVEL_COUNT];   /* 1/1024, beyond L1D */
	uint64_t charge_fetch[MEMORY_LEVEL_COUNT];  /* 1/1024, beyond L1I */
	uint64_t charge_uncached;
	uint64_t charge_l1i_tlb, charge_l1d_tlb, charge_l2_tlb;
	bool may_skip; /* L1 TLBs and caches are there: see access.h */
	bool defer_uses; /* the L1 data TLB is LRU */
	unsigned int current; /* CPU that the hypervisor runs on */

	/* What stands below the caches, if values are kept; NULL in a replay,
	 * which has none. */
	struct versions *versions;
	void (*code_changed)(void *context); /* RAM did, behind the guest */
	void *code_context;

	struct hypervisor *hypervisor; /* p2m, backing, frames of tables */
	struct iommus *iommus;	       /* NULL: none */
	struct pci *pci;	       /* with an IOMMU */
	struct trace_writer *trace;    /* NULL: not recorded */
	struct watch *watch;	       /* of stage-1 tables, while recording */
	/* Who hears of what is done to tables, or NULL: protocol.h. */
	struct protocol_listener *protocol;
	const char *operation; /* of the p2m, while it listens */
	struct protocol_fills *fills; /* births of TLB entries, the same */
	struct line_writer *line_writer; /* by line of RAM, while it listens */
	struct cost_base *cost_base;   /* by CPU: see cost.c */
	struct trace_open_batch *batch;
	/* The guest's arguments, for semihosting's SYS_GET_CMDLINE. */
	const char *command_line;
	/* How the guest ended, if it did. */
	bool ended;
	uint64_t exit_status;
	const char *not_modelled; /* first thing that was not, or NULL */
	uint64_t divergences;	  /* replay only */
	bool replayed; /* of guest memory it has what a recording says, alone */
	struct machine_stalls stalls; /* of guests, for their p2m */
	json_t *marks;		  /* statistics at each MARK hypercall */
	uint64_t marks_dropped;
	/* Where console output goes (NULL: nowhere, as in replay). */
	void (*console)(void *context, const void *bytes, size_t count);
	void *console_context;
	bool console_lost; /* what it was given last could not be written */
};

/* NULL: *error says why. */
struct machine *machine_new(const struct machine_config *config,
			    struct error_line *error);
/* The hypervisor starts: stage 2 is on, and the guest's memory populated if
 * policy says so; that work stands in the account. False: *error says why. */
bool machine_boot(struct machine *m, struct error_line *error);
/*
 * The guest is about to run for the first time: DC by set/way traps from now
 * on, tracking of what is accessed begins if policy says so, and instruction
 * caches are empty.
 */
void machine_start(struct machine *m);
/* Keep values below the caches: from now on a CPU whose caches are off reads
 * what memory holds, not what a cache has. Before machine_start. False: out
 * of memory. */
MUST_CHECK bool machine_keep_versions(struct machine *m);
void machine_free(struct machine *m);

/* How an access or block ended. */
enum machine_result {
	MACHINE_OK,
	MACHINE_FAULT, /* the guest's to handle: *fault says what */
	MACHINE_MMIO,  /* an emulated device: go on with machine_mmio */
	MACHINE_STOP,  /* machine->not_modelled or ->ended is set */
};

/* The block is about to execute: lookups and lines of its fetch, and its
 * instructions' base cost. `instructions` may be taken back by
 * machine_block_trim when an exception cut it short. */
enum machine_result machine_block(struct machine *m, struct machine_cpu *cpu,
				  va_t va, uint32_t bytes,
				  uint32_t instructions,
				  struct arm_fault *fault);
void machine_block_trim(struct machine *m, struct machine_cpu *cpu,
			uint32_t instructions);

/* One data access, counted, charged, recorded; stage-2 faults that the
 * hypervisor can resolve are resolved on the way. */
enum machine_result machine_access(struct machine *m, struct machine_cpu *cpu,
				   va_t va, uint32_t what,
				   struct arm_fault *fault);

/*
 * What Unicorn needs before it performs an access: the frame behind the page
 * as the models see it now. If that faults, the attempt is made for real
 * (counted, hypervisor asked): MACHINE_OK then means resolved, and the access
 * itself is still to come; MACHINE_FAULT that the attempt has been counted
 * and recorded as an access.
 */
enum machine_result machine_prepare(struct machine *m, struct machine_cpu *cpu,
				    va_t va, uint32_t what,
				    struct arm_translation *out,
				    struct arm_fault *fault);

/*
 * Where an access would find its data if all that tracking of set/way
 * maintenance has made invalid were valid; counts and changes nothing. As
 * arm_mmu_probe. setway.c.
 */
bool machine_probe(struct machine *m, const struct machine_cpu *cpu, va_t va,
		   unsigned int access, struct arm_translation *out,
		   struct arm_fault *fault);

/* One page's lookup, and a range of data; neither recorded nor counted as an
 * access: for the kernel, devices and maintenance. */
enum machine_result machine_lookup(struct machine *m, struct machine_cpu *cpu,
				   va_t va, unsigned int access,
				   struct arm_translation *t,
				   struct arm_fault *fault);
enum machine_result machine_range(struct machine *m, struct machine_cpu *cpu,
				  va_t va, uint64_t bytes, bool write,
				  struct arm_fault *fault);

/* Device registers. The access has been found to be MACHINE_MMIO. */
void machine_mmio(struct machine *m, struct machine_cpu *cpu, va_t va,
		  ipa_t ipa, unsigned int size, bool write, uint64_t *value);

/* The registers that translation depends on, and those that HCR_EL2.TVM traps
 * beside them; of others, false, and nothing happens. */
bool machine_sysreg(struct machine *m, struct machine_cpu *cpu,
		    enum arm_sysreg reg, uint64_t value);
/* SYS instructions by encoding ARM_SYSREG(1, op1, crn, crm, op2). False: no
 * such instruction (the guest gets an undefined-instruction exception). */
bool machine_tlbi(struct machine *m, struct machine_cpu *cpu, unsigned int op,
		  uint64_t value);
/* By an address that faults: nothing is maintained, *fault is the guest's to
 * take; otherwise its kind is ARM_FAULT_NONE. */
bool machine_ic(struct machine *m, struct machine_cpu *cpu, unsigned int op,
		uint64_t value, struct arm_fault *fault);
bool machine_dc(struct machine *m, struct machine_cpu *cpu, unsigned int op,
		uint64_t value, struct arm_fault *fault);
bool machine_at(struct machine *m, struct machine_cpu *cpu, unsigned int op,
		uint64_t value, uint64_t *par);
enum machine_barrier { BARRIER_DMB, BARRIER_DSB, BARRIER_ISB };
void machine_barrier(struct machine *m, struct machine_cpu *cpu,
		     enum machine_barrier kind);
/* Taken to EL1, by any cause; and back. */
void machine_exception(struct machine *m, struct machine_cpu *cpu,
		       const char *kind, uint64_t esr, uint64_t far,
		       uint64_t elr);
void machine_eret(struct machine *m, struct machine_cpu *cpu, unsigned int el);
void machine_wfi(struct machine *m, struct machine_cpu *cpu);
void machine_switch(struct machine *m, struct machine_cpu *cpu);
void machine_idle(struct machine *m, struct machine_cpu *cpu, uint64_t charge);

/* An access went on with a translation that the tables no longer give: the
 * fault that the models reported for it was not taken. */
void machine_stale(struct machine *m, struct machine_cpu *cpu, va_t va);
bool machine_sysreg_by_name(const char *name, enum arm_sysreg *reg);

/* A device behind the IOMMU reads or writes memory, of its own accord: no
 * values move. `wait`: the CPU goes on when the device has nothing under way.
 * False: no such device, or too much at a time; nothing happened. */
#define MACHINE_DMA_MAX (UINT64_C(1) << 20)
bool machine_dma(struct machine *m, struct machine_cpu *cpu, uint64_t device,
		 iova_t iova, uint64_t bytes, bool write, bool wait);

/* What stands in a device's buffer, of which some is about to be written to
 * memory: for replays. False: no such place. */
MUST_CHECK bool machine_device_data(struct machine *m, struct machine_cpu *cpu,
				    uint64_t device, uint64_t offset,
				    const void *bytes, size_t count);

#define IOMMU_CALL_MAP	 UINT64_C(0xC6000010)
#define IOMMU_CALL_UNMAP UINT64_C(0xC6000011)

/* HVC #0: hypercalls and PSCI. x[0..5] in, x[0] out. CPU_ON is reported in
 * *start (cpu ~0 if none): the caller starts that CPU at entry with x0.
 * False: not modelled. */
struct machine_start {
	unsigned int cpu;
	uint64_t entry, context;
};
bool machine_hypercall(struct machine *m, struct machine_cpu *cpu,
		       uint64_t x[6], struct machine_start *start);

/* --linux: the simulated kernel's own accesses, and its boundaries. */
void machine_kernel_enter(struct machine *m, struct machine_cpu *cpu,
			  const char *kind, uint64_t number, uint64_t far);
void machine_kernel_return(struct machine *m, struct machine_cpu *cpu,
			   uint64_t result);
enum machine_result machine_kernel_access(struct machine *m,
					  struct machine_cpu *cpu, va_t va,
					  uint64_t bytes, bool write,
					  struct arm_fault *fault);

/* A store of the simulated kernel to one aligned descriptor of its tables:
 * counted as a kernel access at `va`, which maps `ipa`; the value is written
 * to guest memory, and recorded if the page is watched. */
enum machine_result machine_kernel_store64(struct machine *m,
					   struct machine_cpu *cpu, va_t va,
					   ipa_t ipa, uint64_t value,
					   struct arm_fault *fault);
/* Start recording, before machine_boot: everything goes to the writer. False:
 * out of memory; without its notes a trace would lack table contents. */
MUST_CHECK bool machine_record(struct machine *m, struct trace_writer *writer);

/* Stage-1 table contents, for replay: applied to guest memory. */
void machine_table_page(struct machine *m, ipa_t ipa, const void *bytes,
			size_t count);
void machine_table_write(struct machine *m, ipa_t ipa, unsigned int size,
			 uint64_t value);

/* Host memory behind a guest page as the hypervisor knows it (populating it
 * if that is left to faults); NULL if it is no guest memory. Uncounted: for
 * loading and for Unicorn. */
uint8_t *machine_guest_page(struct machine *m, gfn_t gfn);
/* Copy in or out, uncounted. False if any byte is not guest memory. */
bool machine_guest_copy_in(struct machine *m, ipa_t ipa, const void *from,
			   size_t bytes);
bool machine_guest_copy_out(struct machine *m, ipa_t ipa, void *to,
			    size_t bytes);

/* All cycles of a CPU so far, 1/1024. */
uint64_t machine_cycles(const struct machine_cpu *cpu);

/* The statistics document, DESIGN §7, without `host`. New reference. */
json_t *machine_stats(const struct machine *m, const json_t *guest);

#endif
