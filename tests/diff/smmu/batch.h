/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A batch: a stream table, CDs and translation tables as raw words, and one
 * DMA for each of QEMU's devices. All encodings here are hand-built from
 * IHI0070 chapter 5 and DDI0487 D8.3; nothing of the model's decoder is used.
 */
#ifndef TESTS_DIFF_SMMU_BATCH_H
#define TESTS_DIFF_SMMU_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/diff/conformance/random.h"
#include "tests/diff/qtest/edu.h"

/* RAM, shared with QEMU: queues, tables, and a window that DMA may write to. */
#define RAM_BASE     UINT64_C(0x40000000)
#define RAM_BYTES    (UINT64_C(512) << 20)
#define CMDQ_PA	     (RAM_BASE + 0x100000)
#define EVENTQ_PA    (RAM_BASE + 0x200000)
#define TOKEN_PA     (RAM_BASE + 0x300000)
#define STREAMS_PA   (RAM_BASE + 0x400000)
#define ARENA_PA     (RAM_BASE + 0x1000000)
#define ARENA_LG2    22 /* of one device, aligned to it */
#define WINDOW_PA    (RAM_BASE + 0x8000000)
#define WINDOW_BYTES UINT64_C(0x8000000)
/* Nothing answers from here to 2^38. */
#define NOWHERE_PA  UINT64_C(0x100000000)
#define NOWHERE_END UINT64_C(0x4000000000)
/* Then come QEMU's ECAM and the PCI devices' memory, which answer. */
#define DEVICES_PA  NOWHERE_END
#define DEVICES_END UINT64_C(0x10000000000)

#define DEVICES	    EDU_DEVICES
#define ENTRIES_MAX 8192

enum entry_kind {
	ENTRY_L1STD,
	ENTRY_STE,
	ENTRY_CD,
	ENTRY_S1,
	ENTRY_S2,
	ENTRY_KINDS
};
/* A word as written. */
struct entry {
	uint64_t pa, raw;
	uint64_t child; /* the table below, whatever `raw` says */
	uint8_t kind, level, word;
	uint8_t device;
	bool leaf;
};

struct vector {
	uint64_t address;
	bool write;
};

struct batch {
	uint64_t number;
	struct rng rng;
	uint8_t *ram; /* host address of RAM_BASE */
	uint64_t strtab_base;
	uint32_t strtab_cfg;
	bool two_level;
	struct vector vector[DEVICES];
	unsigned int first[DEVICES]; /* entry of each device */
	unsigned int entries;
	struct entry entry[ENTRIES_MAX];
};

void batch_generate(struct batch *b, bool two_level, uint64_t seed,
		    uint64_t number, uint8_t *ram);
/* Its words zero again. */
void batch_erase(struct batch *b);

static inline bool in_ram(uint64_t pa, uint64_t bytes)
{
	return pa >= RAM_BASE && pa - RAM_BASE <= RAM_BYTES - bytes;
}
static inline uint64_t ram_get(const uint8_t *ram, uint64_t pa)
{
	uint64_t value;

	__builtin_memcpy(&value, ram + (pa - RAM_BASE), sizeof(value));
	return value;
}
static inline void ram_put(uint8_t *ram, uint64_t pa, uint64_t value)
{
	__builtin_memcpy(ram + (pa - RAM_BASE), &value, sizeof(value));
}

#endif
