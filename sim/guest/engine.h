/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of one CPU's emulation, for the files that drive Unicorn:
 * cpu_unicorn.c (its hooks), fill.c, reports.c, system.c, windows.c, blocks.c.
 */
#ifndef SIM_GUEST_ENGINE_H
#define SIM_GUEST_ENGINE_H

#include <stdio.h>
#include <string.h>

#include "sim/guest/vcpu.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Unicorn's page on AArch64, by which it asks. */
#define ASK_LG2		  10
#define ASK_BYTES	  (UINT64_C(1) << ASK_LG2)
#define ASK_PAGE(address) ((address) & ~(ASK_BYTES - 1))

/*
 * Unicorn's physical address space. Guest RAM stands there several times, in
 * windows: memory hooks report physical addresses, and a frame that is used
 * under two addresses gets two windows, so that (window, frame) tells the VA.
 * Windows for Device memory allow no data access by themselves: each is asked
 * for by a hook that can refuse it (alignment) before it happens.
 */
#define WINDOW_BASE    (UINT64_C(1) << 38)
#define WINDOWS_NORMAL 6
#define WINDOWS_DEVICE 2
#define WINDOWS	       (WINDOWS_NORMAL + WINDOWS_DEVICE)
#define MMIO_BASE      (UINT64_C(1) << 36)
#define MMIO_PAGES     64
#define STUB_BASE      (UINT64_C(1) << 35)
#define STUB_VA	       UINT64_C(0x7ffffffff000)

/* Low bit of slot_va: stores there are watched. */
#define SLOT_WATCHED UINT64_C(1)

/* What is known of a block of code. */
struct block_info {
	uint64_t va;
	uint32_t bytes;
	uint32_t kinds;	     /* enum insn_kind of its instructions */
	uint32_t careful;    /* enum careful that they ask for */
	uint64_t generation; /* engine->generation then */
	const uint8_t *code; /* its words, NULL if not readable */
};
#define BLOCK_INFOS 8192
#define CHANGED_MAX 64

/* Answers given since the soft TLB was last emptied: it forgets by itself, and
 * asks four times for a page. A hit is what a larger soft TLB would do. */
struct answered {
	uint64_t page; /* VA, or'ed with permissions and ANSWERED_EL1 */
	uint32_t generation, slot;
};
#define ANSWERED_EL1 UINT64_C(8)
#define ANSWERS	     16384

/* Reports that need a second look. */
enum careful {
	CAREFUL_KINDS = 1 << 0,	 /* barriers or kinds of access in the block */
	CAREFUL_HALVES = 1 << 1, /* Unicorn's own pieces of a crossing load */
	CAREFUL_REPEAT = 1 << 2, /* instruction begun again by us */
	CAREFUL_ZVA = 1 << 3,	 /* native bytes of a DC ZVA */
	CAREFUL_FAULT = 1 << 4,	 /* a fault whose page may be asked for next */
	CAREFUL_ALIGN = 1 << 5,	 /* unaligned is wrong: SCTLR.A, LDAR, STLR */
};

struct engine {
	struct uc_struct *uc; /* Unicorn's uc_engine */
	uint64_t window_lg2;
	uint64_t frame_base; /* machine address of the first guest frame */
	uint64_t frames;
	/* By (address - WINDOW_BASE) >> 12. */
	uint64_t slots;
	uint64_t *slot_va;
	struct slot {
		uint64_t ipa, generation;
		bool fetched;
	} * slot;
	struct slot_mmio {
		uint64_t va, ipa, generation;
	} mmio[MMIO_PAGES];
	uint64_t generation; /* of the soft TLB; slots of others are free */

	/* Slots that code was ever fetched from, and frames whose code may
	 * have changed (too many to name: all of them). */
	uint64_t *fetched;
	size_t fetched_count, fetched_room;
	bool fetched_unknown; /* no memory to note one */
	uint64_t changed[CHANGED_MAX];
	unsigned int changed_count;
	bool changed_all;
	bool dropping;
	uint64_t drop_paddr;

	uint32_t access;      /* EL0 bit of `what`, as the EL says */
	unsigned int careful; /* enum careful */
	int64_t budget;	      /* instructions left */
	int64_t floor;	      /* below it a block is looked at first */
	uint64_t slice_end;
	uint64_t resume_pc; /* where VCPU_BUDGET left off */
	uint64_t blocks;

	/* The block being executed; kinds is 0 once it is settled. */
	struct block_info *block;
	uint64_t block_va, block_end;
	uint32_t cursor; /* first word whose barrier is not reported yet */
	unsigned int kinds;

	bool stopped;  /* vcpu->stop is set */
	bool given_up; /* Unicorn aborted: not to be used or closed */
	bool fault_pending;
	bool fault_halfway; /* found by a report; its page is asked next */
	bool fault_unseen;  /* alignment: the machine has seen no attempt */
	unsigned int halves;
	uint64_t zva_pc;
	/* Begin an instruction again in the middle of a counted block: what it
	 * reports is counted again from the question `again_page` on. */
	bool again;
	uint64_t again_page;
	unsigned int again_type; /* enum ask */
	unsigned int again_halves;
	bool in_stub;
	uint32_t *stub;
	FILE *mute; /* takes Unicorn's own messages */
	int error;  /* Unicorn's, of the last emulation */
	struct block_info info[BLOCK_INFOS];
	struct answered answered[ANSWERS];
};

static inline void engine_note_machine(struct vcpu *v)
{
	if (v->m->ended || v->m->not_modelled)
		v->attention |= ATTENTION_MACHINE;
}

static inline void engine_want(struct vcpu *v, unsigned int attention)
{
	v->attention |= attention;
	v->engine->floor = INT64_MAX;
}

/* All soft TLB entries are gone: every slot is free. */
static inline void engine_free_slots(struct engine *e)
{
	e->generation++;
}

static inline bool engine_frame(const struct engine *e, pa_t pa,
				uint64_t *index)
{
	*index = (pa.raw - e->frame_base) >> FRAME_LG2;
	return *index < e->frames;
}

static inline uint64_t engine_slot(const struct engine *e, unsigned int window,
				   uint64_t frame)
{
	return ((uint64_t)window << (e->window_lg2 - FRAME_LG2)) + frame;
}

static inline uint32_t engine_word(const uint8_t *code, uint32_t index)
{
	uint32_t word;

	memcpy(&word, code + (size_t)index * INSN_BYTES, sizeof(word));
	return word;
}

/* ---- windows.c ---- */

/* Is this guest address in a watched stage-1 table? */
bool window_is_watched(const struct vcpu *v, uint64_t ipa);
/* The slot in which `frame` is seen at the VA; false if it is taken in every
 * window. */
bool window_take(struct vcpu *v, uint64_t frame, uint64_t va, uint64_t ipa,
		 bool device, uint64_t *slot);
/* The same for a page of an emulated device; *paddr is Unicorn's address. */
bool window_take_mmio(struct vcpu *v, uint64_t va, uint64_t ipa,
		      uint64_t *paddr);
/* Stores of a page that is watched, byte by byte where words do not do. */
void window_store_watched(struct vcpu *v, uint64_t va, uint64_t ipa,
			  unsigned int size, uint64_t value);
/* Code is translated from this slot. */
void window_note_fetched(struct engine *e, uint64_t slot);
/* Is it in a frame that vcpu_code_changed named? */
bool window_code_changed(const struct engine *e, uint64_t slot);

/* ---- fill.c: what the soft TLB asks ---- */

/* Kinds and permissions as Unicorn numbers them. */
enum ask { ASK_READ = 16, ASK_WRITE, ASK_FETCH };
enum may { MAY_READ = 1, MAY_WRITE = 2, MAY_EXEC = 4, MAY_ALL = 7 };
struct fill {
	uint64_t paddr;
	uint32_t perms; /* enum may */
};
/* False: the access faults (vcpu->fault), or execution stops before it. */
bool fill_code(struct vcpu *v, uint64_t page, struct fill *entry);
bool fill_data(struct vcpu *v, uint64_t page, enum ask type,
	       struct fill *entry);
/* A fault whose access is refused next; false. */
bool fill_fault(struct vcpu *v, const struct arm_fault *fault);

/* ---- system.c: from hooks to devices and system registers ---- */

uint64_t system_device(struct vcpu *v, uint64_t offset, unsigned int size,
		       bool write, uint64_t value);
/* False: Unicorn shall execute it. */
bool system_read(struct vcpu *v, unsigned int reg, uint64_t *value);
bool system_write(struct vcpu *v, unsigned int reg, uint64_t value);
bool system_execute(struct vcpu *v, unsigned int op, uint64_t value);

/* ---- blocks.c ---- */

/* Look at a block's words, which stand in one piece: it never leaves its
 * 1 KiB page. */
void block_learn(struct vcpu *v, struct block_info *info, uint64_t va,
		 uint32_t bytes);
/* Report the block's barriers before `pc` that have not been. */
void block_barriers_until(struct vcpu *v, uint64_t pc);
/* The fault found last was not taken: the access had gone through. */
void block_stale_access(struct vcpu *v);
/* The block before has been executed to its end. */
void block_settle(struct vcpu *v);
/* Execution left the open block at `pc`. */
void block_leave(struct vcpu *v, uint64_t pc);
/* Does the load or store at PC break the rule of alignment? Then vcpu->fault
 * is the guest's to take, before translation, if the access can be refused;
 * else the run ends, and the answer is no. */
bool block_misaligned(struct vcpu *v, bool write, bool refusable);
/* Emulation stopped: execution left at PC, or behind a call that is ours. */
void block_leave_stopped(struct vcpu *v);
/* ARM_ACCESS_* bits, placed as in `what`, of the instruction at `pc`. */
uint32_t block_kind_at(struct vcpu *v, uint64_t pc);
/* The access behind the question for a page: exact address, size and kind.
 * Of a sequence it is the first that touches the page. */
va_t block_asked_access(struct vcpu *v, uint64_t page, bool write,
			uint32_t *what);

#endif
