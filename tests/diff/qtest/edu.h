/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's `edu` PCI functions as DMA engines: on bus 0, one a slot from 1 on.
 * Each sends or fetches one word of 4 bytes at a time: a longer transfer would
 * be split into such words, with one fault each.
 */
#ifndef TESTS_DIFF_QTEST_EDU_H
#define TESTS_DIFF_QTEST_EDU_H

#include "tests/diff/qtest/qtest.h"

#define EDU_DEVICES  28
#define EDU_SID(i)   ((uint16_t)(((i) + 1) << 3))
#define EDU_TOKEN(i) (UINT32_C(0xda7a0000) | (uint32_t)(i))

struct edu_bus {
	struct qtest *q;
	uint64_t ecam, bars; /* where configuration is, where BARs are to be */
};

void edu_arguments(struct qtest_arguments *a);
/* BARs, and each device's token into its buffer, by way of `scratch`, the
 * address and host address of 8 bytes for each device. */
bool edu_prepare(const struct edu_bus *bus, uint64_t scratch,
		 uint8_t *scratch_host);
/* Device i is to write its token to `address`, or to read from there. */
void edu_aim(const struct edu_bus *bus, unsigned int i, uint64_t address,
	     bool write);
/* Those asked do what they were aimed at, `write` as before, and are done. */
bool edu_run(const struct edu_bus *bus, const bool *asked, const bool *write);

#endif
