/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the simulated kernel share: the kernel, its memory, its
 * address spaces. Processes are in process.h, files in files.h. See README.md
 * for how they fit.
 */
#ifndef SIM_GUEST_LINUX_KERNEL_H
#define SIM_GUEST_LINUX_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/guest/linux/abi.h"
#include "sim/guest/linux/linux.h"

struct process;
struct tmp_node;

/* Where a kernel puts all memory once its MMU is on. */
#define LINEAR_BASE UINT64_C(0xffff000000000000)

/* ---- frames.c: guest memory by frames, and the kernel's way to it ---- */

struct frames {
	gfn_t base;
	uint64_t count, free_count;
	uint32_t *refs;	      /* how many mappings and caches hold a frame */
	uint64_t *free_stack; /* frame indexes; the last is taken next */
	bool *held_code;      /* something was executed from it */
	/* Frames of former tables, all zero, by level: they stay what they
	 * were, as in a kernel's page-table caches, unless memory runs out.
	 * (A recording watches them for good.) */
	uint64_t *table_stack[4];
	uint64_t table_count[4];
};

struct linux_kernel {
	struct machine *m;
	struct machine_cpu *cpu;
	struct guest *guest; /* NULL until attached */
	struct guest_kernel ops;
	bool quiet;
	struct error_line *died; /* set: stop, and why */
	struct error_line death;
	bool stopped;

	struct frames frames;
	uint64_t linear_offset; /* kernel va - ipa; 0 while the MMU is off */
	gfn_t empty_root;	/* what TTBR0 holds when nobody runs */
	gfn_t zero_frame;	/* all anonymous reads before the first write */
	bool flush_translations, flush_code;
	uint16_t next_asid;

	struct process **process; /* by creation, NULL where reaped */
	size_t processes;
	struct process *current;
	struct process *fp_owner; /* whose vector registers the CPU holds */
	uint64_t switched_in;	  /* cycles when current was chosen */
	int next_pid;
	int initial_status;  /* wait status of the first process */
	uint64_t initial_pc; /* where it ended */

	int root_fd;
	int fd[3];
	struct tmp_node *tmp;
	uint64_t next_inode;
	struct image *images;
	uint64_t random;
	bool reported[512]; /* unknown system calls, once each */
	uint8_t *bounce;    /* BOUNCE_BYTES between host and guest */
};

#define BOUNCE_BYTES ((size_t)65536)

bool frames_init(struct linux_kernel *k);
void frames_fini(struct linux_kernel *k);
/* A frame with one reference, content undefined. False: none is left. */
bool frame_alloc(struct linux_kernel *k, gfn_t *frame);
void frame_get(struct linux_kernel *k, gfn_t frame);
void frame_put(struct linux_kernel *k, gfn_t frame);
/* A zero frame for a table of that level, and back; whoever gives it back has
 * cleared it. */
bool frame_alloc_table(struct linux_kernel *k, int level, gfn_t *frame);
void frame_put_table(struct linux_kernel *k, int level, gfn_t frame);
uint64_t frames_free(const struct linux_kernel *k);
uint32_t frame_refs(const struct linux_kernel *k, gfn_t frame);
uint8_t *frame_bytes(struct linux_kernel *k, gfn_t frame);
/* Counted: the kernel clears or copies a frame through its linear map. */
void frame_zero(struct linux_kernel *k, gfn_t frame);
void frame_copy(struct linux_kernel *k, gfn_t to, gfn_t from);
/* One access of the kernel, counted; a fault here is our own bug or a machine
 * that cannot go on, and stops the run. */
void kernel_touch(struct linux_kernel *k, uint64_t va, uint64_t bytes,
		  bool write);
void kernel_touch_frame(struct linux_kernel *k, gfn_t frame, uint64_t offset,
			uint64_t bytes, bool write);
void kernel_store64(struct linux_kernel *k, ipa_t ipa, uint64_t value);
/* The host has moved bytes into a frame for an access already counted: should
 * it ever have been a table, a recording must have them. */
void kernel_wrote(struct linux_kernel *k, gfn_t frame, uint64_t offset,
		  uint64_t bytes);
/* Ends the run with exit code `exit_code` and this line. */
void kernel_die(struct linux_kernel *k, int exit_code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- usercopy.c: between the current process and the kernel ---- */

/* 0 or -EFAULT. Pages are faulted in as an access of the kernel would. */
int user_read(struct linux_kernel *k, void *to, uint64_t va, uint64_t bytes);
int user_write(struct linux_kernel *k, uint64_t va, const void *from,
	       uint64_t bytes);
int user_zero(struct linux_kernel *k, uint64_t va, uint64_t bytes);
/* Length without the NUL, -EFAULT, or -ENAMETOOLONG if it needs more than
 * `space` bytes. */
int user_string(struct linux_kernel *k, char *to, size_t space, uint64_t va);

/* ---- tables.c: stage-1 tables, 4K granule, DDI0487 L.b D8.3.1 ---- */

struct mm;

#define PTE_VALID     UINT64_C(1)
#define PTE_TABLE     UINT64_C(3)
#define PTE_PAGE      UINT64_C(3)
#define PTE_EL0	      BIT(6)
#define PTE_READ_ONLY BIT(7)
#define PTE_SH_INNER  (UINT64_C(3) << 8)
#define PTE_AF	      BIT(10)
#define PTE_NG	      BIT(11)
#define PTE_PXN	      BIT(53)
#define PTE_UXN	      BIT(54)
#define PTE_KEPT      BIT(58) /* software: PROT_NONE, not valid, frame kept */
#define PTE_ADDRESS   MASK(12, 36)

gfn_t pte_frame(uint64_t pte);
uint64_t pte_user(gfn_t frame, unsigned int prot, bool writable);
/* The boot tables: all RAM below TTBR1, and the registers. */
bool tables_boot(struct linux_kernel *k);
/* The leaf for va as it stands in memory, 0 if none; not counted. It may be
 * PTE_KEPT and not valid. */
uint64_t table_peek(struct linux_kernel *k, gfn_t root, uint64_t va);
/* Walk as software does, counted; *slot is the leaf's place. With `make`
 * missing tables are added. False: no table, or no memory for one. */
bool table_walk(struct linux_kernel *k, gfn_t root, uint64_t va, bool make,
		ipa_t *slot);
/* Each leaf that is not 0 of [start, end), in order; what is read is counted.
 */
typedef void (*table_visit)(struct linux_kernel *k, void *context, uint64_t va,
			    ipa_t slot, uint64_t pte);
void table_each(struct linux_kernel *k, gfn_t root, uint64_t start,
		uint64_t end, table_visit visit, void *context);
/* Take a tree of tables apart whose leaves are all 0: it ends as a list of
 * zero frames, to be freed once the TLBs and walk caches have been told. */
struct table_list {
	gfn_t *frame;
	int *level;
	size_t count;
};
void table_detach(struct linux_kernel *k, gfn_t root, struct table_list *list);
void table_list_free(struct linux_kernel *k, struct table_list *list);
void tlbi_page(struct linux_kernel *k, uint16_t asid, uint64_t va);
void tlbi_asid(struct linux_kernel *k, uint16_t asid);
void ttbr0_install(struct linux_kernel *k, gfn_t root, uint16_t asid);

/* ---- page_cache.c: what file-backed memory is filled from ---- */

/* Pages of a file as the page cache keeps them. */
struct page_cache {
	unsigned int refs;
	const uint8_t *bytes; /* in memory, or: */
	int fd;		      /* read from, owned; -1 */
	uint64_t size;
	gfn_t *page; /* raw 0: not read yet */
	uint64_t pages;
};
struct page_cache *page_cache_new(const uint8_t *bytes, int fd, uint64_t size);
struct page_cache *page_cache_get(struct page_cache *b);
void page_cache_put(struct linux_kernel *k, struct page_cache *b);
/* The cached frame of page `index`; 0, -ENOMEM, or -EIO beyond the end. */
int page_cache_page(struct linux_kernel *k, struct page_cache *b,
		    uint64_t index, gfn_t *frame);

/* ---- address_space.c ---- */

struct vma {
	uint64_t start, end;
	unsigned int prot; /* enum guest_prot */
	bool shared;
	struct page_cache *file; /* NULL: anonymous */
	uint64_t offset;	 /* of start in the backing, page aligned */
};

struct mm {
	unsigned int refs;
	gfn_t root;
	uint16_t asid;
	struct vma *vma; /* sorted, disjoint */
	size_t vmas, space;
	uint64_t brk_start, brk, mmap_top;
	uint64_t signal_return; /* where the trampoline is */
};

struct mm *mm_new(struct linux_kernel *k);
struct mm *mm_get(struct mm *mm);
/* The last put unmaps everything; the mm must not be installed then. */
void mm_put(struct linux_kernel *k, struct mm *mm);
/* The same without the machine: at the end, when nobody walks any more. */
void mm_abandon(struct linux_kernel *k, struct mm *mm);
/* A copy whose private pages are shared until written. NULL: no memory. */
struct mm *mm_copy(struct linux_kernel *k, struct mm *mm);
struct vma *mm_find(struct mm *mm, uint64_t va);
/* [start, end) page aligned and below TASK_END. Replaces what was there. The
 * backing's reference is taken over. 0 or -ENOMEM. */
int mm_map(struct linux_kernel *k, struct mm *mm, const struct vma *vma);
int mm_unmap(struct linux_kernel *k, struct mm *mm, uint64_t start,
	     uint64_t end);
int mm_protect(struct linux_kernel *k, struct mm *mm, uint64_t start,
	       uint64_t end, unsigned int prot);
/* Private anonymous pages go back to zero, file ones to the file. */
void mm_discard(struct linux_kernel *k, struct mm *mm, uint64_t start,
		uint64_t end);
int mm_move(struct linux_kernel *k, struct mm *mm, uint64_t from,
	    uint64_t bytes, uint64_t to);
/* Highest free range below mmap_top; 0 if there is none. */
uint64_t mm_place(struct mm *mm, uint64_t bytes);
bool mm_range_free(const struct mm *mm, uint64_t start, uint64_t end);

/* ---- fault.c ---- */

enum fault_outcome {
	FAULT_FIXED,
	FAULT_MAPERR,
	FAULT_ACCERR,
	FAULT_BUS,
	FAULT_NOMEM,
};
enum fault_access { FAULT_READ, FAULT_WRITE, FAULT_EXEC };
enum fault_outcome fault_resolve(struct linux_kernel *k, struct mm *mm,
				 uint64_t va, enum fault_access access);

/* ---- time.c ---- */

uint64_t time_ns(const struct linux_kernel *k); /* since start, modelled */
uint64_t time_epoch(void); /* seconds: when every run starts */
uint64_t random_next(struct linux_kernel *k);
void random_fill(struct linux_kernel *k, void *to, size_t bytes);

#endif
