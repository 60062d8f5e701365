/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's q35 with intel-iommu and `edu` devices, driven over qtest; RAM is
 * shared, and the IOMMU's trace events come through a pipe.
 */
#ifndef TESTS_DIFF_VTD_MACHINE_H
#define TESTS_DIFF_VTD_MACHINE_H

#include "tests/diff/vtd/batch.h"

#define VTD_BASE UINT64_C(0xfed90000)

enum happened {
	HAPPENED_NOTHING, /* no event */
	HAPPENED_TRANSLATION,
	HAPPENED_FAULT
};
/* What QEMU said of one device's DMA. */
struct answer {
	enum happened what;
	uint64_t pa; /* translation: of the page's first byte */
	uint64_t page_mask;
	unsigned int reason; /* fault */
	uint64_t address;
	bool write;
	unsigned int events;
};

struct machine {
	struct qtest q;
	struct edu_bus bus;
	uint64_t queue_tail, status;
};

bool machine_start(struct machine *m, const struct flavour *flavour);
void machine_stop(struct machine *m);

/* Root, context and IOTLB caches as after a reset, translation on. */
bool machine_program(struct machine *m, const struct batch *b);
/* All DMAs of a batch, and what became of them; FRCD's two words. */
bool machine_run(struct machine *m, const struct batch *b, const bool *asked,
		 struct answer *answers, uint64_t *frcd);

#endif
