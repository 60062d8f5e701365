/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small driver for an SMMUv3 at 0x09050000, where QEMU's `virt` has it, for
 * guests that are their own operating system. IHI0070 G.b: registers (6),
 * STE and CD (5), commands (4), events (7). It asks the ID registers what
 * there is and goes by that; it polls, and knows one stream table, one
 * command and one event queue, tables of the 4K granule that start at level 1,
 * and no substreams.
 *
 * With the guest's MMU off its stores go past the caches; with it on,
 * IDR0.COHACC must be set: nothing is cleaned here.
 */
#ifndef SIM_GUESTS_SMMU_DRIVER_H
#define SIM_GUESTS_SMMU_DRIVER_H

#include "runtime.h"

/* Registers, by offset. */
enum smmu_register {
	SMMU_IDR0 = 0x0,
	SMMU_IDR1 = 0x4,
	SMMU_IDR5 = 0x14,
	SMMU_CR0 = 0x20,
	SMMU_CR0ACK = 0x24,
	SMMU_CR1 = 0x28,
	SMMU_CR2 = 0x2c,
	SMMU_GBPA = 0x44,
	SMMU_IRQ_CTRL = 0x50,
	SMMU_GERROR = 0x60,
	SMMU_GERRORN = 0x64,
	SMMU_STRTAB_BASE = 0x80,
	SMMU_STRTAB_BASE_CFG = 0x88,
	SMMU_CMDQ_BASE = 0x90,
	SMMU_CMDQ_PROD = 0x98,
	SMMU_CMDQ_CONS = 0x9c,
	SMMU_EVENTQ_BASE = 0xa0,
	SMMU_EVENTQ_PROD = 0x100a8,
	SMMU_EVENTQ_CONS = 0x100ac,
};
uint32_t smmu_read(enum smmu_register offset);
void smmu_write(enum smmu_register offset, uint32_t value);
uint64_t smmu_read_wide(enum smmu_register offset);
void smmu_write_wide(enum smmu_register offset, uint64_t value);

#define CR0_SMMUEN   1u
#define CR0_EVENTQEN 4u
#define CR0_CMDQEN   8u
#define GERROR_CMDQ  1u

struct smmu {
	unsigned int sid_bits, address_bits; /* of a StreamID; translated */
	unsigned int cmdq_lg2, eventq_lg2, streams_lg2;
	uint64_t oas; /* encoded */
	bool stage1, stage2, two_level, coherent;
	uint64_t stream_table, stes, cmdq, eventq;
};

/* A zeroed page for tables and queues; never given back. */
uint64_t page_new(void);
/* 64-bit words of memory, at an address. */
static inline volatile uint64_t *words_at(uint64_t address)
{
	return (volatile uint64_t *)(uintptr_t)address;
}

/* What the ID registers say. NULL, or what this driver misses. */
const char *smmu_find(struct smmu *s);
/*
 * Tables and queues are made and their bases written; queues are on, all
 * caches empty; nothing is translated yet. Streams above 2^streams_lg2 do not
 * exist.
 */
void smmu_start(struct smmu *s, unsigned int streams_lg2);
/* CR0, and wait until CR0ACK says the same. */
void smmu_control(uint32_t cr0);

/* ---- tables ---- */

/* A stream's STE, eight words, in memory: written from the last to the first,
 * which has V. The caller says CFGI. */
void smmu_ste_write(const struct smmu *s, uint32_t stream,
		    const uint64_t word[4]);
struct smmu_stream {
	uint64_t cd;	  /* 0: no stage 1 */
	uint64_t s2_root; /* 0: no stage 2 */
	uint16_t vmid;
};
/* An STE that translates so; with neither stage it bypasses. */
void smmu_ste_make(const struct smmu *s, const struct smmu_stream *stream,
		   uint64_t word[4]);
/* A CD for these tables, in a page of its own. */
uint64_t smmu_cd_new(const struct smmu *s, uint64_t root, uint16_t asid);

#define S1_PAGE	      UINT64_C(0xf43) /* valid page, EL0, ISH, AF, nG */
#define S1_READ_ONLY  (UINT64_C(1) << 7)
#define S2_PAGE	      UINT64_C(0x7ff) /* valid page, WB, RW, ISH, AF */
#define S2_WRITE      (UINT64_C(2) << 6)
#define DESCRIPTOR_AF (UINT64_C(1) << 10)
/* The descriptor of level 3 for this input address, of either stage; tables
 * on the way are made. */
volatile uint64_t *smmu_descriptor(uint64_t root, uint64_t address);
/* Writes a descriptor; then a barrier, so that the SMMU finds it. */
void smmu_descriptor_write(volatile uint64_t *descriptor, uint64_t value);

/* ---- commands ---- */

enum smmu_opcode {
	CMD_CFGI_STE = 0x03,
	CMD_CFGI_ALL = 0x04,
	CMD_CFGI_CD = 0x05,
	CMD_TLBI_NH_ALL = 0x10,
	CMD_TLBI_NH_VA = 0x12,
	CMD_TLBI_S12_VMALL = 0x28,
	CMD_TLBI_S2_IPA = 0x2a,
	CMD_TLBI_NSNH_ALL = 0x30,
	CMD_SYNC = 0x46,
};
/* Into the queue, which has room; consumed at some time. */
void smmu_command(const struct smmu *s, uint64_t word0, uint64_t word1);
/* CMD_SYNC, and wait until all is consumed. False: the queue has stopped, and
 * GERROR says so. */
bool smmu_sync(const struct smmu *s);
/* One command and CMD_SYNC. */
bool smmu_command_sync(const struct smmu *s, uint64_t word0, uint64_t word1);

static inline uint64_t cmd_cfgi_ste(uint32_t stream)
{
	return CMD_CFGI_STE | (uint64_t)stream << 32;
}
static inline uint64_t cmd_tlbi_vmid(enum smmu_opcode opcode, uint16_t vmid)
{
	return opcode | (uint64_t)vmid << 32;
}

/* ---- events ---- */

struct smmu_event {
	uint64_t word[4];
};
/* Takes the oldest one. False: there is none. */
bool smmu_event_take(const struct smmu *s, struct smmu_event *event);
/* One line: its fields. */
void smmu_event_print(const struct smmu_event *event);

#endif
