/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor of the EL2 program: the context that the core's port gets,
 * and what each of the files here knows of the guest.
 */
#ifndef TESTS_DIFF_EL2CORE_HOST_H
#define TESTS_DIFF_EL2CORE_HOST_H

#include <stddef.h>

#include "core/p2m/setway.h"
#include "options.h"

/* By 4 KiB page: POOL_PAGES of each. */
#define POOL_ORDERS 9 /* sixteen 64K tables are 2^8 pages */
struct pool {
	uint64_t used;		    /* from here on nothing was handed out */
	uint32_t free[POOL_ORDERS]; /* page index + 1, 0: none */
	uint64_t taken, given_back; /* calls */
	uint64_t live_pages;
};

/* What the hypervisor did to a frame last: its own idea of the p2m. */
enum note {
	NOTE_ACCESS = 7, /* enum p2m_access bits */
	NOTE_PRESENT = 8,
	NOTE_REMOVED = 16,
};

struct guest_frame {
	uint64_t x[31], pc, pstate;
	uint64_t reserved;
};
_Static_assert(sizeof(struct guest_frame) == 272, "start.S knows this");

enum guest_end {
	END_NONE,
	END_EXIT,    /* semihosting: with a status */
	END_OFF,     /* PSCI */
	END_WAITS,   /* for an interrupt that never comes */
	END_STUCK,   /* faults for ever at one place */
	END_UNKNOWN, /* took an exception that is not served here */
};

#define SETWAY_MARKS 16

struct host {
	struct options options;
	struct p2m p2m;
	struct p2m_setway setway;
	struct pool pool;
	uint64_t line_bytes;
	uint64_t ram_first, ram_frames;
	uint32_t *frame; /* backing by frame index */
	uint8_t *note;
	uint64_t ops_map, ops_unmap, ops_protect, ops_fault;
	uint64_t preempt_asked;
	bool combined_pending; /* see port_tlbi */
	bool in_guest_time;    /* between entry and end: mutations bite */

	/* What the port watches the core for. */
	uint64_t unbroken; /* live entries overwritten that need a break */
	uint64_t unclean;  /* tables freed with TLB maintenance pending */
	uint64_t dirty;	   /* live entries changed since the last TLBI */
	uint64_t cleaned_bytes;

	/* The guest. */
	struct guest_frame guest;
	enum guest_end end;
	uint64_t exit_status, end_esr;
	uint64_t aborts; /* given to the guest */
	struct {
		uint64_t pc, far, times;
	} last_fault;
	struct {
		uint64_t id, batches, frames, faults, invalidations;
	} mark[SETWAY_MARKS];
	unsigned int marks;
};

/* port.c: meta and links are cleared. */
void pool_init(struct host *h);

/* backing.c: which frame backs which guest page, as `guest.backing` says. */
void backing_init(struct host *h);
mfn_t backing_frame(const struct host *h, uint64_t gfn);
static inline bool ram_has(const struct host *h, uint64_t gfn)
{
	return gfn - h->ram_first < h->ram_frames;
}
/* The guest's byte at `ipa`; NULL if it is not RAM. */
uint8_t *ram_at(const struct host *h, uint64_t ipa);

/* loader.c: the image to where the guest has it, HLT #0xf000 made HVC. 0 or
 * why not. */
const char *guest_load(struct host *h, uint64_t *entry);

/* hypervisor.c */
int hypervisor_boot(struct host *h);
/* 0 or a negative errno, as the guest sees it. */
int64_t hypervisor_p2m_call(struct host *h, const uint64_t *x);
/* True if the page was populated and the guest may try again. */
bool hypervisor_fault(struct host *h, uint64_t ipa);

/* semihosting.c: the guest's, by HVC. */
void semihosting_serve(struct host *h);

/* trap.c: what brought the guest to EL2. `kind` is guest_enter's. */
unsigned int guest_enter(struct guest_frame *frame);
void trap_serve(struct host *h, unsigned int kind);
void trap_registers(struct host *h);

/* audit.c: every page of RAM by AT, against the notes. Returns how many
 * disagree; *asked pages were looked at. */
uint64_t audit_all(struct host *h, uint64_t *asked);

#endif
