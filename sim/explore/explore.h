/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every hardware behaviour of a sequence of page-table steps, not by sampling:
 * after each step the set of everything that each observer may hold (table
 * pointers, stage-2 entries, entries that combine both stages) is carried
 * forward, and judged.
 *
 * In the sets an observer may at any moment
 *   - walk from the root or from any table pointer it holds, reading any
 *     version of a word that may be visible (memory.h), and hold what it read:
 *     valid entries only, IWZCBG; a block with nT is not held;
 *   - make a combined entry of a stage-2 one it holds;
 *   - lose anything.
 * TLB maintenance takes effect at any moment from its issue to what completes
 * it (a DSB, or for an IOMMU that has a queue of its own the wait); walks begun
 * earlier fill until then. DDI0487 L.b D8.16, D8.17; rules IWZCBG, RFVQCK,
 * RHWZWS, RGPPYH, IHYQMB, RRVJDB. VT-d 4.1 §6.2, §6.5, §6.8.
 *
 * The sets over-approximate, so each finding's witness is executed again on a
 * concrete machine (concrete.h); if that cannot be, the verdict is undecided.
 *
 * Left out: stage-1 tables (a combined entry maps what stage 2 does, at any
 * VA), address-tagged maintenance of stage 1, several VMIDs and domains,
 * context and PASID entries, device TLBs, hardware update of descriptors.
 */
#ifndef SIM_EXPLORE_EXPLORE_H
#define SIM_EXPLORE_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "sim/check/protocol.h"
#include "sim/explore/entry.h"
#include "sim/explore/memory.h"

#define EXPLORE_OBSERVERS_MAX 4

struct explore_observer {
	bool iommu;	  /* holds no combined entries */
	bool noncoherent; /* its walks read memory past the caches */
	bool queue;	  /* hears no broadcast TLBI, but PROTOCOL_IOTLB */
	char name[16];	  /* "cpu0" */
};

/* One call of the page-table code: its steps end before event[end]. */
struct explore_call {
	size_t end;
	bool detached; /* no observer runs on the space: it holds, but does
			* not begin walks at the root */
	bool deferred; /* what was removed may be reached until the end of a
			* call that is not */
	bool maps; /* [first, last] anew, in leaves of other sizes perhaps */
	uint64_t first, last;
};

enum explore_loss {
	EXPLORE_MAY_FAULT,	 /* whoever runs into a break tries again */
	/* Break-before-make of what goes elsewhere, or is mapped anew in a leaf
	 * of another size. */
	EXPLORE_MOVED_MAY_FAULT,
	EXPLORE_NEVER_FAULTS,
};

/* What is explored. Everything is the caller's and outlives the result. */
struct explore_input {
	struct explore_space space;
	struct explore_image image; /* wide enough for every event's address */
	const struct explore_observer *observer;
	unsigned int observers;
	unsigned int line_bytes;
	/* What a barrier lets out stays in a buffer: VT-d 4.1 §6.8. */
	bool write_buffer;
	/* Who faults cannot try again: what is translated before a call and
	 * after it shall never be without; or what goes to the same place. */
	enum explore_loss loss;
	/* WRITE, CLEAN, BARRIER, TLBI, IOTLB, IOTLB_WAIT, WRITE_BUFFER,
	 * TABLE_ALLOC, TABLE_FREE; others pass. */
	const struct protocol_event *event;
	size_t events;
	const struct explore_call *call;
	size_t calls;
};

enum explore_verdict { EXPLORE_GOOD, EXPLORE_WRONG, EXPLORE_UNDECIDED };

enum explore_finding {
	EXPLORE_TRANSLATION, /* neither the old mapping, the new nor a fault */
	EXPLORE_AFTER,	     /* the call is over, and it is not the new one */
	EXPLORE_FREED,	     /* a table is freed that can be reached */
	EXPLORE_CONTENT,     /* arbitrary memory is read as a table */
	EXPLORE_FAULT,	     /* an access may fault that must not */
	EXPLORE_CONFLICT,    /* two entries match, and BBM does not allow it */
	EXPLORE_FINDINGS
};
const char *explore_finding_name(enum explore_finding finding);

/* One line of a witness: what software did, or hardware may. */
struct explore_line {
	uint32_t step;	   /* software steps done by then */
	const char *who;   /* "software" or an observer's name */
	char text[200];
};

struct explore_result {
	enum explore_verdict verdict;
	enum explore_finding finding; /* unless good */
	uint32_t step; /* steps done when it shows; of `call` */
	size_t call;
	unsigned int observer;
	uint64_t input; /* the address it shows at */
	char text[240]; /* the finding in one line */
	const char *undecided; /* why the witness could not be executed */
	struct explore_line *line;
	size_t lines;
	/* Cost: steps, entries ever held, times one was filled. */
	uint64_t steps, holdings, fills;
};

/* ERR_NOMEM; ERR_RANGE: an event or a table lies beyond the image. */
MUST_CHECK int explore_run(const struct explore_input *in,
			   struct explore_result *result);
void explore_result_fini(struct explore_result *result);

#endif
