/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small machine for the tests of models/smmuv3: memory with a cached and a
 * memory version, one SMMU, and tables written as raw words, so that the
 * decoder under test has no hand in them. IHI0070 chapter 5, DDI0487 D8.3.
 *
 *	0x1000 stream table, 16 STEs; the stream is 5
 *	0x2000 CD
 *	0x10000 .. 0x13000 stage 2, levels 0 to 3: the first 2 MiB, identity
 *	0x20000 .. 0x23000 stage 1, levels 0 to 3
 *	VA 0x8080604123 (indices 1, 2, 3, 4) is IPA and PA 0x7123
 *	0x30000 command queue, 0x31000 event queue of 4 records
 */
#ifndef TESTS_UNIT_MODELS_SMMU_RIG_H
#define TESTS_UNIT_MODELS_SMMU_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/bits.h"
#include "core/base/bug.h"
#include "models/smmuv3/smmu.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

#define RIG_BYTES  0x40000u
#define RIG_SID	   5u
#define RIG_VA	   UINT64_C(0x8080604123)
#define RIG_PA	   UINT64_C(0x7123)
#define RIG_STE	   (0x1000 + 64 * (uint64_t)RIG_SID)
#define RIG_CD	   UINT64_C(0x2000)
#define RIG_CMDQ   UINT64_C(0x30000)
#define RIG_EVENTQ UINT64_C(0x31000)
/* Nothing answers there; stage 2 does not map it. */
#define RIG_NOWHERE UINT64_C(0x40000000)

/* V, Config; valid words of a stage 2 (T0SZ 16, SL0 2, 4K, 48 bits, R). */
#define STE_S1	   UINT64_C(0x000000000000200b)
#define STE_S2	   UINT64_C(0x000000000000000d)
#define STE_NESTED UINT64_C(0x000000000000200f)
#define STE2_WORD  UINT64_C(0x040d3590000000a7) /* VMID 0xa7 */
#define STE3_WORD  UINT64_C(0x0000000000010000)
/* T0SZ 16, 4K, EPD1, V, IPS 48, AA64, R, A, ASID 0x51 */
#define CD0_WORD UINT64_C(0x00516205c0003510)
#define CD1_WORD UINT64_C(0x0000000000020000)

struct rig {
	uint64_t cached[RIG_BYTES / 8]; /* what a coherent reader sees */
	uint64_t memory[RIG_BYTES / 8];
	struct model_random random;
	struct smmu *smmu;
	struct smmu_outcome out;
	uint64_t read_ticks;
	bool refuse_writes;
	uint32_t wired[3];
	uint64_t msi_address;
	uint32_t msi_data, msis;
	uint32_t resumes;
	uint16_t resumed_stag;
	enum smmu_resume resumed_how;
};

static inline bool rig_read_words(void *context, uint64_t pa,
				  unsigned int words, bool coherent,
				  uint64_t *out, uint64_t *ticks)
{
	struct rig *rig = context;

	*ticks += rig->read_ticks;
	if (pa > RIG_BYTES - 8 * words)
		return false;
	memcpy(out, (coherent ? rig->cached : rig->memory) + pa / 8,
	       8 * (size_t)words);
	return true;
}

static inline bool rig_write_bytes(void *context, uint64_t pa, const void *data,
				   unsigned int bytes, bool coherent)
{
	struct rig *rig = context;

	(void)coherent;
	if (rig->refuse_writes || pa > RIG_BYTES - bytes)
		return false;
	memcpy((uint8_t *)rig->cached + pa, data, bytes);
	memcpy((uint8_t *)rig->memory + pa, data, bytes);
	if (bytes == 4) {
		rig->msis++;
		rig->msi_address = pa;
		memcpy(&rig->msi_data, data, 4);
	}
	return true;
}

static inline void rig_wire(void *context, enum smmu_irq which)
{
	((struct rig *)context)->wired[which]++;
}

static inline void rig_resume(void *context, uint32_t sid, uint16_t stag,
			      enum smmu_resume how)
{
	struct rig *rig = context;

	assert_int_equal(sid, RIG_SID);
	rig->resumes++;
	rig->resumed_stag = stag;
	rig->resumed_how = how;
}

static const struct smmu_ops rig_ops = { rig_read_words, rig_write_bytes,
					 rig_wire, rig_resume, NULL };

static inline void rig_put(struct rig *rig, uint64_t pa, uint64_t raw)
{
	assert_true(pa < RIG_BYTES);
	rig->cached[pa / 8] = rig->memory[pa / 8] = raw;
}
static inline void rig_reg(struct rig *rig, uint32_t offset, uint64_t value)
{
	bool wide = offset == 0x80 || offset == 0x90 || offset == 0xa0 ||
		    offset == 0x68 || offset == 0xb0;

	smmu_mmio_write(rig->smmu, offset, value, wide ? 8 : 4, 0);
}
static inline uint32_t rig_get(const struct rig *rig, uint32_t offset)
{
	return (uint32_t)smmu_mmio_read(rig->smmu, offset, 4);
}

static inline void rig_tables(struct rig *rig)
{
	rig_put(rig, 0x10000, 0x11003);
	rig_put(rig, 0x11000, 0x12003);
	rig_put(rig, 0x12000, 0x13003);
	for (uint64_t i = 0; i < 512; i++) /* Write-Back, RW, AF */
		rig_put(rig, 0x13000 + 8 * i, i << 12 | 0x7ff);
	rig_put(rig, 0x20008, 0x21003);
	rig_put(rig, 0x21010, 0x22003);
	rig_put(rig, 0x22018, 0x23003);
	rig_put(rig, 0x23020, 0x7f43); /* AttrIndx 0, AP 01, SH 3, AF, nG */
	rig_put(rig, RIG_STE + 16, STE2_WORD);
	rig_put(rig, RIG_STE + 24, STE3_WORD);
	rig_put(rig, RIG_STE + 8, 0x54); /* S1CIR, S1COR 1 */
	rig_put(rig, RIG_CD, CD0_WORD);
	rig_put(rig, RIG_CD + 8, CD1_WORD);
	rig_put(rig, RIG_CD + 24, 0xff);
}

/* Registers as a driver leaves them, translation on. */
static inline void rig_enable(struct rig *rig)
{
	rig_reg(rig, 0x28, 0xd75);
	rig_reg(rig, 0x2c, 2); /* RECINVSID */
	rig_reg(rig, 0x80, 0x1000);
	rig_reg(rig, 0x88, 4);
	rig_reg(rig, 0x90, RIG_CMDQ | 4);
	rig_reg(rig, 0xa0, RIG_EVENTQ | 2);
	rig_reg(rig, 0x50, 5);
	rig_reg(rig, 0x20, 0xd);
}

static inline void rig_start(struct rig *rig, const struct smmu_config *config,
			     uint64_t ste0)
{
	memset(rig, 0, sizeof(*rig));
	model_random_seed(&rig->random, 1);
	assert_null(smmu_config_problem(config));
	rig->smmu = smmu_new(config, &rig_ops, rig, &rig->random);
	assert_non_null(rig->smmu);
	rig_tables(rig);
	rig_put(rig, RIG_STE, ste0);
	rig_enable(rig);
}

static inline struct rig *rig_new(uint64_t ste0)
{
	struct smmu_config config = smmu_config_common();
	struct rig *rig = malloc(sizeof(*rig));

	assert_non_null(rig);
	rig_start(rig, &config, ste0);
	return rig;
}
static inline void rig_free(struct rig *rig)
{
	smmu_free(rig->smmu);
	free(rig);
}

static inline enum smmu_result rig_request(struct rig *rig,
					   const struct smmu_request *request)
{
	smmu_translate(rig->smmu, request, &rig->out);
	return rig->out.result;
}
static inline enum smmu_result rig_ask(struct rig *rig, uint64_t address,
				       bool write)
{
	const struct smmu_request request = {
		.address = address,
		.bytes = 4,
		.sid = RIG_SID,
		.write = write,
	};

	return rig_request(rig, &request);
}

/* One command, at once. */
static inline void rig_command(struct rig *rig, uint64_t word0, uint64_t word1)
{
	uint32_t prod = rig_get(rig, 0x98);

	rig_put(rig, RIG_CMDQ + 16 * (uint64_t)(prod & 15), word0);
	rig_put(rig, RIG_CMDQ + 16 * (uint64_t)(prod & 15) + 8, word1);
	rig_reg(rig, 0x98, (prod + 1) & 31);
}

/* The oldest record that has not been taken, and take it. */
static inline void rig_expect_record(struct rig *rig, uint64_t word0,
				     uint64_t word1, uint64_t word2,
				     uint64_t word3)
{
	uint32_t cons = rig_get(rig, 0x100ac);
	uint64_t at = (RIG_EVENTQ + 32 * (uint64_t)(cons & 3)) / 8;

	assert_int_not_equal((rig_get(rig, 0x100a8) ^ cons) & 7, 0);
	assert_int_equal(rig->memory[at], word0);
	assert_int_equal(rig->memory[at + 1], word1);
	assert_int_equal(rig->memory[at + 2], word2);
	assert_int_equal(rig->memory[at + 3], word3);
	rig_reg(rig, 0x100ac, (cons & UINT32_C(0x80000000)) | ((cons + 1) & 7));
}
static inline void rig_expect_no_record(const struct rig *rig)
{
	assert_int_equal((rig_get(rig, 0x100a8) ^ rig_get(rig, 0x100ac)) & 7,
			 0);
}

#endif
