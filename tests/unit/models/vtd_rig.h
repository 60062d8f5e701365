/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small machine for the tests of models/vtd: memory with a cached and a
 * memory version, one unit, and tables written as raw words, so that the
 * decoder under test has no hand in them. VT-d 4.1 chapter 9.
 *
 *	SID 0108: bus 1, device 1, function 0; PASID 5
 *	0x1000 root  0x2000 context  0x8000 PASID directory  0x9000 PASIDs
 *	0x3000 .. 0x6000 second stage, levels 4 to 1
 *	0xa000 .. 0xd000 first stage, levels 4 to 1
 *	IOVA 0x8080604123 (indices 1, 2, 3, 4) goes to 0x7123
 */
#ifndef TESTS_UNIT_MODELS_VTD_RIG_H
#define TESTS_UNIT_MODELS_VTD_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/bug.h"
#include "models/vtd/vtd.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

#define RIG_BYTES   0x20000u
#define RIG_SID	    0x0108
#define RIG_IOVA    UINT64_C(0x8080604123)
#define RIG_PA	    UINT64_C(0x7123)
#define RIG_QUEUE   UINT64_C(0x10000)
#define RIG_NOWHERE UINT64_C(0x40000000)

struct rig {
	uint64_t cached[RIG_BYTES / 8]; /* what a coherent reader sees */
	uint64_t memory[RIG_BYTES / 8];
	struct model_random random;
	struct vtd *vtd;
	struct vtd_outcome out;
	bool refuse_updates;
	uint64_t read_ticks;
	uint32_t interrupts, flushes;
	uint64_t interrupt_address;
	uint32_t interrupt_data;
};

static inline bool rig_read(void *context, uint64_t pa, unsigned int words,
			    bool coherent, uint64_t *out, uint64_t *ticks)
{
	struct rig *rig = context;

	*ticks += rig->read_ticks;
	if (pa > RIG_BYTES - 8 * words)
		return false;
	memcpy(out, (coherent ? rig->cached : rig->memory) + pa / 8,
	       8 * (size_t)words);
	return true;
}

static inline bool rig_update(void *context, uint64_t pa, uint64_t expected,
			      uint64_t desired, uint64_t *ticks)
{
	struct rig *rig = context;

	(void)ticks;
	if (rig->refuse_updates || rig->cached[pa / 8] != expected)
		return false;
	rig->cached[pa / 8] = rig->memory[pa / 8] = desired;
	return true;
}

static inline bool rig_status(void *context, uint64_t pa, uint32_t data)
{
	struct rig *rig = context;

	if (pa > RIG_BYTES - 8)
		return false;
	rig->cached[pa / 8] = rig->memory[pa / 8] = data;
	return true;
}

static inline void rig_interrupt(void *context, uint64_t address, uint32_t data)
{
	struct rig *rig = context;

	rig->interrupts++;
	rig->interrupt_address = address;
	rig->interrupt_data = data;
}

static inline void rig_flush(void *context)
{
	struct rig *rig = context;

	rig->flushes++;
}

static const struct vtd_ops rig_ops = { rig_read, rig_update, rig_status,
					rig_interrupt, rig_flush, NULL };

static inline void rig_put(struct rig *rig, uint64_t pa, uint64_t raw)
{
	assert_true(pa < RIG_BYTES);
	rig->cached[pa / 8] = rig->memory[pa / 8] = raw;
}

/* Everything a unit can have. */
static inline struct vtd_config rig_config(void)
{
	struct vtd_config c = vtd_config_common();

	c.scalable = c.first_stage = c.second_stage = c.nested = true;
	c.second_ad = c.walk_snoop = c.execute = c.supervisor = true;
	c.rid_pasid = c.rid_priv = c.first_1g = c.first_5l = true;
	c.pasid_bits = 20;
	return c;
}

static inline void rig_write(struct rig *rig, uint32_t offset, uint64_t value,
			     unsigned int bytes)
{
	vtd_mmio_write(rig->vtd, offset, value, bytes, 0);
}
static inline uint64_t rig_reg(const struct rig *rig, uint32_t offset,
			       unsigned int bytes)
{
	return vtd_mmio_read(rig->vtd, offset, bytes);
}

static inline void rig_start(struct rig *rig, const struct vtd_config *config)
{
	memset(rig, 0, sizeof(*rig));
	model_random_seed(&rig->random, 1);
	assert_null(vtd_config_problem(config));
	rig->vtd = vtd_new(config, &rig_ops, rig, &rig->random);
	assert_non_null(rig->vtd);
}
static inline void rig_stop(struct rig *rig)
{
	vtd_free(rig->vtd);
}

/* RTADDR, SRTP, TE. */
static inline void rig_enable(struct rig *rig, uint64_t rtaddr)
{
	rig_write(rig, 0x20, rtaddr, 8);
	rig_write(rig, 0x18, 0x40000000, 4);
	rig_write(rig, 0x18, 0x80000000, 4);
}

static inline void rig_second_stage(struct rig *rig)
{
	rig_put(rig, 0x3008, 0x4003);
	rig_put(rig, 0x4010, 0x5003);
	rig_put(rig, 0x5018, 0x6003);
	rig_put(rig, 0x6020, 0x7003);
}
static inline void rig_first_stage(struct rig *rig)
{
	rig_put(rig, 0xa008, 0xb007);
	rig_put(rig, 0xb010, 0xc007);
	rig_put(rig, 0xc018, 0xd007);
	rig_put(rig, 0xd020, 0x7007);
}

/* Domain 0x42, four levels. */
static inline void rig_legacy(struct rig *rig)
{
	rig_put(rig, 0x1010, 0x2001);
	rig_put(rig, 0x2080, 0x3001);
	rig_put(rig, 0x2088, 0x4202);
	rig_second_stage(rig);
}
/* RID_PASID 5, PASIDE. PGTT in the PASID entry's word 0. */
static inline void rig_scalable(struct rig *rig, uint64_t word0, uint64_t word1,
				uint64_t word2)
{
	rig_put(rig, 0x1010, 0x2001);
	rig_put(rig, 0x2100, 0x8009); /* P, PASIDE */
	rig_put(rig, 0x2108, 5);
	rig_put(rig, 0x8000, 0x9001);
	rig_put(rig, 0x9140, word0);
	rig_put(rig, 0x9148, word1);
	rig_put(rig, 0x9150, word2);
}
/* Requests with PASID 5: RID_PASID must be another. */
static inline void rig_free_pasid(struct rig *rig)
{
	rig_put(rig, 0x2108, 7);
}
/* DID 0x42, PWSNP. */
static inline void rig_scalable_second(struct rig *rig)
{
	rig_scalable(rig, 0x3089, 0x800042, 0);
	rig_second_stage(rig);
}
static inline void rig_scalable_first(struct rig *rig)
{
	rig_scalable(rig, 0x41, 0x800042, 0xa000);
	rig_first_stage(rig);
}
/* The second stage maps the first 2 MiB to itself. */
static inline void rig_nested(struct rig *rig)
{
	rig_scalable(rig, 0x30c9, 0x800042, 0xa000);
	rig_first_stage(rig);
	rig_put(rig, 0x3000, 0x4003);
	rig_put(rig, 0x4000, 0x5003);
	rig_put(rig, 0x5000, 0x83);
}

static inline const struct vtd_outcome *
rig_ask(struct rig *rig, const struct vtd_request *request)
{
	vtd_translate(rig->vtd, request, &rig->out);
	return &rig->out;
}
/* A read of the usual device; its PA, or 0 and the reason in rig->out. */
static inline uint64_t rig_dma(struct rig *rig, uint64_t iova, bool write)
{
	const struct vtd_request request = {
		.sid = RIG_SID, .iova = iova, .bytes = 4, .write = write
	};

	return rig_ask(rig, &request)->result == VTD_TRANSLATED ? rig->out.pa
								: 0;
}

/* A 256-bit descriptor; the queue is turned on with the first. */
static inline void rig_queue(struct rig *rig, uint64_t lo, uint64_t hi)
{
	uint64_t tail = rig_reg(rig, 0x88, 8);

	if (!(rig_reg(rig, 0x1c, 4) >> 26 & 1)) {
		rig_write(rig, 0x90, RIG_QUEUE | 0x800, 8);
		rig_write(rig, 0x18, 0x84000000, 4);
	}
	rig_put(rig, RIG_QUEUE + tail, lo);
	rig_put(rig, RIG_QUEUE + tail + 8, hi);
	rig_write(rig, 0x88, (tail + 32) & 0xfff, 8);
	assert_int_equal(rig_reg(rig, 0x34, 4) & 0x10, 0); /* IQE */
}

/* Context cache, PASID cache, IOTLB: all. By registers in legacy mode, by the
 * queue in scalable mode. */
static inline void rig_forget(struct rig *rig)
{
	if (!(rig_reg(rig, 0x20, 8) & 0x400)) {
		rig_write(rig, 0x28, UINT64_C(0xa000000000000000), 8);
		rig_write(rig, 0xf8, UINT64_C(0x9000000000000000), 8);
		return;
	}
	rig_queue(rig, 0x11, 0);
	rig_queue(rig, 0x37, 0);
	rig_queue(rig, 0x12, 0);
}

#endif
