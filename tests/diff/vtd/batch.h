/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A batch: root, context and paging tables as raw words, and one DMA for each
 * of QEMU's devices. All encodings here are hand-built from VT-d 4.1 chapter
 * 9; nothing of the model's decoder is used.
 */
#ifndef TESTS_DIFF_VTD_BATCH_H
#define TESTS_DIFF_VTD_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/diff/conformance/random.h"
#include "tests/diff/qtest/edu.h"

/* RAM, shared with QEMU: tables, and a window that DMA may write to. */
#define RAM_BYTES    (UINT64_C(512) << 20)
#define QUEUE_PA     UINT64_C(0x00ff0000)
#define STATUS_PA    UINT64_C(0x00ff8000)
#define TOKEN_PA     UINT64_C(0x00ff9000)
#define ARENA_PA     UINT64_C(0x01000000)
#define ARENA_BYTES  UINT64_C(0x00800000)
#define WINDOW_PA    UINT64_C(0x08000000)
#define WINDOW_BYTES UINT64_C(0x08000000)
/* Nothing answers from here on. */
#define NOWHERE_PA UINT64_C(0x100000000)

#define DEVICES		EDU_DEVICES
#define ENTRIES_MAX	4096
#define DEVICE_SID(i)	EDU_SID(i)
#define TOKEN(i)	EDU_TOKEN(i)
#define WINDOW_WORD(pa) ((uint32_t)((pa)*UINT64_C(0x9e3779b1)) & ~UINT32_C(1))

/* How QEMU and the model are made. */
struct flavour {
	const char *name;
	const char *options; /* of QEMU's intel-iommu */
	uint8_t aw_bits;
	bool scalable, first;
	bool snoop_control, first_1g, pass_through;
	unsigned int share; /* of the vectors, in sixteenths */
};

enum entry_kind {
	ENTRY_ROOT,
	ENTRY_CONTEXT,
	ENTRY_DIRECTORY,
	ENTRY_PASID,
	ENTRY_SECOND,
	ENTRY_FIRST
};
/* A word as written. */
struct entry {
	uint64_t pa, raw;
	uint8_t kind, level, word; /* word of its entry */
	uint8_t device;
	bool leaf;
};

struct vector {
	uint64_t iova;
	bool write;
	uint32_t rid_pasid; /* scalable mode */
	uint8_t aw;	    /* of the PASID entry */
};

struct batch {
	uint64_t number;
	struct rng rng;
	const struct flavour *flavour;
	uint8_t *ram; /* host address of PA 0 */
	uint64_t rtaddr;
	uint64_t next;	     /* free page of the arena */
	uint64_t context[2]; /* context tables: devices below 16, and others */
	struct vector vector[DEVICES];
	unsigned int entries;
	struct entry entry[ENTRIES_MAX];
};

void batch_generate(struct batch *b, const struct flavour *flavour,
		    uint64_t seed, uint64_t number, uint8_t *ram);
/* Its pages zero again. */
void batch_erase(struct batch *b);

static inline uint64_t ram_get(const uint8_t *ram, uint64_t pa)
{
	uint64_t value;

	__builtin_memcpy(&value, ram + pa, sizeof(value));
	return value;
}
static inline void ram_put(uint8_t *ram, uint64_t pa, uint64_t value)
{
	__builtin_memcpy(ram + pa, &value, sizeof(value));
}

#endif
