/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw hex against every field of the SMMUv3's registers, STEs, CDs, commands
 * and event records: masks written down from IHI0070 G.b 4, 5, 6.3, 7.3.
 * Structures are words of 64 bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/bug.h"
#include "models/smmuv3/cd.h"
#include "models/smmuv3/cmdq.h"
#include "models/smmuv3/evtq.h"
#include "models/smmuv3/regs.h"
#include "models/smmuv3/smmu.h"
#include "models/smmuv3/ste.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

struct row {
	const char *name;
	uint64_t hex, mask;
};
#define ROW(FIELD, hex)                                  \
	{                                                \
#FIELD, UINT64_C(hex), FIELD_MASK(FIELD) \
	}
#define NUMBER(NAME, hex)                  \
	{                                  \
#NAME, UINT64_C(hex), NAME \
	}

static void check(const struct row *rows, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (rows[i].hex != rows[i].mask)
			print_message("%s\n", rows[i].name);
		assert_int_equal(rows[i].hex, rows[i].mask);
	}
}

static void registers(void **state)
{
	static const struct row rows[] = {
		ROW(SMMU_IDR0_S2P, 0x1),
		ROW(SMMU_IDR0_S1P, 0x2),
		ROW(SMMU_IDR0_TTF, 0xc),
		ROW(SMMU_IDR0_COHACC, 0x10),
		ROW(SMMU_IDR0_BTM, 0x20),
		ROW(SMMU_IDR0_HTTU, 0xc0),
		ROW(SMMU_IDR0_DORMHINT, 0x100),
		ROW(SMMU_IDR0_HYP, 0x200),
		ROW(SMMU_IDR0_ATS, 0x400),
		ROW(SMMU_IDR0_NS1ATS, 0x800),
		ROW(SMMU_IDR0_ASID16, 0x1000),
		ROW(SMMU_IDR0_MSI, 0x2000),
		ROW(SMMU_IDR0_SEV, 0x4000),
		ROW(SMMU_IDR0_ATOS, 0x8000),
		ROW(SMMU_IDR0_PRI, 0x10000),
		ROW(SMMU_IDR0_VMW, 0x20000),
		ROW(SMMU_IDR0_VMID16, 0x40000),
		ROW(SMMU_IDR0_CD2L, 0x80000),
		ROW(SMMU_IDR0_VATOS, 0x100000),
		ROW(SMMU_IDR0_TTENDIAN, 0x600000),
		ROW(SMMU_IDR0_ATSRECERR, 0x800000),
		ROW(SMMU_IDR0_STALL_MODEL, 0x3000000),
		ROW(SMMU_IDR0_TERM_MODEL, 0x4000000),
		ROW(SMMU_IDR0_ST_LEVEL, 0x18000000),
		ROW(SMMU_IDR1_SIDSIZE, 0x3f),
		ROW(SMMU_IDR1_SSIDSIZE, 0x7c0),
		ROW(SMMU_IDR1_PRIQS, 0xf800),
		ROW(SMMU_IDR1_EVENTQS, 0x1f0000),
		ROW(SMMU_IDR1_CMDQS, 0x3e00000),
		ROW(SMMU_IDR1_ATTR_PERMS_OVR, 0x4000000),
		ROW(SMMU_IDR1_ATTR_TYPES_OVR, 0x8000000),
		ROW(SMMU_IDR1_REL, 0x10000000),
		ROW(SMMU_IDR1_QUEUES_PRESET, 0x20000000),
		ROW(SMMU_IDR1_TABLES_PRESET, 0x40000000),
		ROW(SMMU_IDR1_ECMDQ, 0x80000000),
		ROW(SMMU_IDR3_HAD, 0x4),
		ROW(SMMU_IDR3_PBHA, 0x8),
		ROW(SMMU_IDR3_XNX, 0x10),
		ROW(SMMU_IDR3_PPS, 0x20),
		ROW(SMMU_IDR3_MPAM, 0x80),
		ROW(SMMU_IDR3_FWB, 0x100),
		ROW(SMMU_IDR3_STT, 0x200),
		ROW(SMMU_IDR3_RIL, 0x400),
		ROW(SMMU_IDR3_BBML, 0x1800),
		ROW(SMMU_IDR3_E0PD, 0x2000),
		ROW(SMMU_IDR3_PTWNNC, 0x4000),
		ROW(SMMU_IDR5_OAS, 0x7),
		ROW(SMMU_IDR5_GRAN4K, 0x10),
		ROW(SMMU_IDR5_GRAN16K, 0x20),
		ROW(SMMU_IDR5_GRAN64K, 0x40),
		ROW(SMMU_IDR5_DS, 0x80),
		ROW(SMMU_IDR5_VAX, 0xc00),
		ROW(SMMU_IDR5_STALL_MAX, 0xffff0000),
		ROW(SMMU_CR0_SMMUEN, 0x1),
		ROW(SMMU_CR0_PRIQEN, 0x2),
		ROW(SMMU_CR0_EVENTQEN, 0x4),
		ROW(SMMU_CR0_CMDQEN, 0x8),
		ROW(SMMU_CR0_ATSCHK, 0x10),
		ROW(SMMU_CR0_VMW, 0x1c0),
		ROW(SMMU_CR1_QUEUE_IC, 0x3),
		ROW(SMMU_CR1_QUEUE_OC, 0xc),
		ROW(SMMU_CR1_QUEUE_SH, 0x30),
		ROW(SMMU_CR1_TABLE_IC, 0xc0),
		ROW(SMMU_CR1_TABLE_OC, 0x300),
		ROW(SMMU_CR1_TABLE_SH, 0xc00),
		ROW(SMMU_CR2_E2H, 0x1),
		ROW(SMMU_CR2_RECINVSID, 0x2),
		ROW(SMMU_CR2_PTM, 0x4),
		ROW(SMMU_GBPA_MemAttr, 0xf),
		ROW(SMMU_GBPA_MTCFG, 0x10),
		ROW(SMMU_GBPA_ALLOCCFG, 0xf00),
		ROW(SMMU_GBPA_SHCFG, 0x3000),
		ROW(SMMU_GBPA_PRIVCFG, 0x30000),
		ROW(SMMU_GBPA_INSTCFG, 0xc0000),
		ROW(SMMU_GBPA_ABORT, 0x100000),
		ROW(SMMU_GBPA_Update, 0x80000000),
		ROW(SMMU_IRQ_CTRL_GERROR_IRQEN, 0x1),
		ROW(SMMU_IRQ_CTRL_PRIQ_IRQEN, 0x2),
		ROW(SMMU_IRQ_CTRL_EVENTQ_IRQEN, 0x4),
		ROW(SMMU_GERROR_CMDQ_ERR, 0x1),
		ROW(SMMU_GERROR_EVENTQ_ABT_ERR, 0x4),
		ROW(SMMU_GERROR_PRIQ_ABT_ERR, 0x8),
		ROW(SMMU_GERROR_MSI_CMDQ_ABT_ERR, 0x10),
		ROW(SMMU_GERROR_MSI_EVENTQ_ABT_ERR, 0x20),
		ROW(SMMU_GERROR_MSI_PRIQ_ABT_ERR, 0x40),
		ROW(SMMU_GERROR_MSI_GERROR_ABT_ERR, 0x80),
		ROW(SMMU_GERROR_SFM_ERR, 0x100),
		ROW(SMMU_STRTAB_BASE_ADDR, 0xfffffffffffc0),
		ROW(SMMU_STRTAB_BASE_RA, 0x4000000000000000),
		ROW(SMMU_STRTAB_BASE_CFG_LOG2SIZE, 0x3f),
		ROW(SMMU_STRTAB_BASE_CFG_SPLIT, 0x7c0),
		ROW(SMMU_STRTAB_BASE_CFG_FMT, 0x30000),
		ROW(SMMU_QBASE_LOG2SIZE, 0x1f),
		ROW(SMMU_QBASE_ADDR, 0xfffffffffffe0),
		ROW(SMMU_QBASE_ALLOC, 0x4000000000000000),
		ROW(SMMU_CMDQ_CONS_RD, 0xfffff),
		ROW(SMMU_CMDQ_CONS_ERR, 0x7f000000),
		ROW(SMMU_EVENTQ_PROD_WR, 0xfffff),
		ROW(SMMU_EVENTQ_PROD_OVFLG, 0x80000000),
		ROW(SMMU_IRQ_CFG0_ADDR, 0xffffffffffffc),
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void stream_table(void **state)
{
	static const struct row rows[] = {
		ROW(SMMU_L1STD_Span, 0x1f),
		ROW(SMMU_L1STD_L2Ptr, 0xfffffffffffc0),
		ROW(SMMU_STE0_V, 0x1),
		ROW(SMMU_STE0_Config, 0xe),
		ROW(SMMU_STE0_S1Fmt, 0x30),
		ROW(SMMU_STE0_S1ContextPtr, 0xffffffffffffc0),
		ROW(SMMU_STE0_S1CDMax, 0xf800000000000000),
		ROW(SMMU_STE1_S1DSS, 0x3),
		ROW(SMMU_STE1_S1CIR, 0xc),
		ROW(SMMU_STE1_S1COR, 0x30),
		ROW(SMMU_STE1_S1CSH, 0xc0),
		ROW(SMMU_STE1_DRE, 0x1000),
		ROW(SMMU_STE1_CONT, 0x1e000),
		ROW(SMMU_STE1_DCP, 0x20000),
		ROW(SMMU_STE1_PPAR, 0x40000),
		ROW(SMMU_STE1_MEV, 0x80000),
		ROW(SMMU_STE1_S2FWB, 0x2000000),
		ROW(SMMU_STE1_S1STALLD, 0x8000000),
		ROW(SMMU_STE1_EATS, 0x30000000),
		ROW(SMMU_STE1_STRW, 0xc0000000),
		ROW(SMMU_STE1_MemAttr, 0xf00000000),
		ROW(SMMU_STE1_MTCFG, 0x1000000000),
		ROW(SMMU_STE1_ALLOCCFG, 0x1e000000000),
		ROW(SMMU_STE1_SHCFG, 0x300000000000),
		ROW(SMMU_STE1_NSCFG, 0xc00000000000),
		ROW(SMMU_STE1_PRIVCFG, 0x3000000000000),
		ROW(SMMU_STE1_INSTCFG, 0xc000000000000),
		ROW(SMMU_STE2_S2VMID, 0xffff),
		ROW(SMMU_STE2_S2T0SZ, 0x3f00000000),
		ROW(SMMU_STE2_S2SL0, 0xc000000000),
		ROW(SMMU_STE2_S2IR0, 0x30000000000),
		ROW(SMMU_STE2_S2OR0, 0xc0000000000),
		ROW(SMMU_STE2_S2SH0, 0x300000000000),
		ROW(SMMU_STE2_S2TG, 0xc00000000000),
		ROW(SMMU_STE2_S2PS, 0x7000000000000),
		ROW(SMMU_STE2_S2AA64, 0x8000000000000),
		ROW(SMMU_STE2_S2ENDI, 0x10000000000000),
		ROW(SMMU_STE2_S2AFFD, 0x20000000000000),
		ROW(SMMU_STE2_S2PTW, 0x40000000000000),
		ROW(SMMU_STE2_S2HD, 0x80000000000000),
		ROW(SMMU_STE2_S2HA, 0x100000000000000),
		ROW(SMMU_STE2_S2S, 0x200000000000000),
		ROW(SMMU_STE2_S2R, 0x400000000000000),
		ROW(SMMU_STE3_S2TTB, 0xfffffffffffff0),
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void context_descriptors(void **state)
{
	static const struct row rows[] = {
		ROW(SMMU_L1CD_V, 0x1),
		ROW(SMMU_L1CD_L2Ptr, 0xfffffffffff000),
		ROW(SMMU_CD0_T0SZ, 0x3f),
		ROW(SMMU_CD0_TG0, 0xc0),
		ROW(SMMU_CD0_IR0, 0x300),
		ROW(SMMU_CD0_OR0, 0xc00),
		ROW(SMMU_CD0_SH0, 0x3000),
		ROW(SMMU_CD0_EPD0, 0x4000),
		ROW(SMMU_CD0_ENDI, 0x8000),
		ROW(SMMU_CD0_T1SZ, 0x3f0000),
		ROW(SMMU_CD0_TG1, 0xc00000),
		ROW(SMMU_CD0_IR1, 0x3000000),
		ROW(SMMU_CD0_OR1, 0xc000000),
		ROW(SMMU_CD0_SH1, 0x30000000),
		ROW(SMMU_CD0_EPD1, 0x40000000),
		ROW(SMMU_CD0_V, 0x80000000),
		ROW(SMMU_CD0_IPS, 0x700000000),
		ROW(SMMU_CD0_AFFD, 0x800000000),
		ROW(SMMU_CD0_WXN, 0x1000000000),
		ROW(SMMU_CD0_UWXN, 0x2000000000),
		ROW(SMMU_CD0_TBI0, 0x4000000000),
		ROW(SMMU_CD0_TBI1, 0x8000000000),
		ROW(SMMU_CD0_PAN, 0x10000000000),
		ROW(SMMU_CD0_AA64, 0x20000000000),
		ROW(SMMU_CD0_HD, 0x40000000000),
		ROW(SMMU_CD0_HA, 0x80000000000),
		ROW(SMMU_CD0_S, 0x100000000000),
		ROW(SMMU_CD0_R, 0x200000000000),
		ROW(SMMU_CD0_A, 0x400000000000),
		ROW(SMMU_CD0_ASET, 0x800000000000),
		ROW(SMMU_CD0_ASID, 0xffff000000000000),
		ROW(SMMU_CD_TTB_NSCFG, 0x1),
		ROW(SMMU_CD_TTB_HAD, 0x2),
		ROW(SMMU_CD_TTB_TTB, 0xfffffffffffff0),
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void event_records(void **state)
{
	static const struct row rows[] = {
		ROW(SMMU_EVT0_EventNumber, 0xff),
		ROW(SMMU_EVT0_SSV, 0x800),
		ROW(SMMU_EVT0_SubstreamID, 0xfffff000),
		ROW(SMMU_EVT0_StreamID, 0xffffffff00000000),
		ROW(SMMU_EVT1_STAG, 0xffff),
		ROW(SMMU_EVT1_Stall, 0x80000000),
		ROW(SMMU_EVT1_PnU, 0x200000000),
		ROW(SMMU_EVT1_InD, 0x400000000),
		ROW(SMMU_EVT1_RnW, 0x800000000),
		ROW(SMMU_EVT1_NSIPA, 0x1000000000),
		ROW(SMMU_EVT1_S2, 0x8000000000),
		ROW(SMMU_EVT1_CLASS, 0x30000000000),
		ROW(SMMU_EVT1_TTRnW, 0x100000000000),
		ROW(SMMU_EVT3_FetchAddr, 0xffffffffffff8),
		ROW(SMMU_EVT3_IPA_IPA, 0xffffffffff000),
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void commands(void **state)
{
	static const struct row rows[] = {
		ROW(SMMU_CMD0_Opcode, 0xff),
		ROW(SMMU_CMD0_SSec, 0x400),
		ROW(SMMU_CMD0_SSV, 0x800),
		ROW(SMMU_CMD0_SubstreamID, 0xfffff000),
		ROW(SMMU_CMD0_StreamID, 0xffffffff00000000),
		ROW(SMMU_CMD1_CFGI_Range, 0x1f),
		ROW(SMMU_CMD0_TLBI_Opcode, 0xff),
		ROW(SMMU_CMD0_TLBI_NUM, 0x1f000),
		ROW(SMMU_CMD0_TLBI_SCALE, 0x1f00000),
		ROW(SMMU_CMD0_TLBI_VMID, 0xffff00000000),
		ROW(SMMU_CMD0_TLBI_ASID, 0xffff000000000000),
		ROW(SMMU_CMD1_TLBI_Leaf, 0x1),
		ROW(SMMU_CMD1_TLBI_TTL, 0x300),
		ROW(SMMU_CMD1_TLBI_TG, 0xc00),
		ROW(SMMU_CMD1_TLBI_Address, 0xfffffffffffff000),
		ROW(SMMU_CMD0_RESUME_Opcode, 0xff),
		ROW(SMMU_CMD0_RESUME_SSec, 0x400),
		ROW(SMMU_CMD0_RESUME_Ac, 0x1000),
		ROW(SMMU_CMD0_RESUME_Ab, 0x2000),
		ROW(SMMU_CMD0_RESUME_StreamID, 0xffffffff00000000),
		ROW(SMMU_CMD1_RESUME_STAG, 0xffff),
		ROW(SMMU_CMD0_SYNC_Opcode, 0xff),
		ROW(SMMU_CMD0_SYNC_CS, 0x3000),
		ROW(SMMU_CMD0_SYNC_MSH, 0xc00000),
		ROW(SMMU_CMD0_SYNC_MSIAttr, 0xf000000),
		ROW(SMMU_CMD0_SYNC_MSIData, 0xffffffff00000000),
		ROW(SMMU_CMD1_SYNC_MSIAddress, 0xfffffffffffffc),
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

/* Where registers are, and what numbers commands, events and errors have. */
static void numbers(void **state)
{
	static const struct row rows[] = {
		NUMBER(SMMU_IDR0, 0x0),
		NUMBER(SMMU_IDR1, 0x4),
		NUMBER(SMMU_IDR2, 0x8),
		NUMBER(SMMU_IDR3, 0xc),
		NUMBER(SMMU_IDR4, 0x10),
		NUMBER(SMMU_IDR5, 0x14),
		NUMBER(SMMU_IIDR, 0x18),
		NUMBER(SMMU_AIDR, 0x1c),
		NUMBER(SMMU_CR0, 0x20),
		NUMBER(SMMU_CR0ACK, 0x24),
		NUMBER(SMMU_CR1, 0x28),
		NUMBER(SMMU_CR2, 0x2c),
		NUMBER(SMMU_STATUSR, 0x40),
		NUMBER(SMMU_GBPA, 0x44),
		NUMBER(SMMU_IRQ_CTRL, 0x50),
		NUMBER(SMMU_IRQ_CTRLACK, 0x54),
		NUMBER(SMMU_GERROR, 0x60),
		NUMBER(SMMU_GERRORN, 0x64),
		NUMBER(SMMU_GERROR_IRQ_CFG0, 0x68),
		NUMBER(SMMU_GERROR_IRQ_CFG1, 0x70),
		NUMBER(SMMU_GERROR_IRQ_CFG2, 0x74),
		NUMBER(SMMU_STRTAB_BASE, 0x80),
		NUMBER(SMMU_STRTAB_BASE_CFG, 0x88),
		NUMBER(SMMU_CMDQ_BASE, 0x90),
		NUMBER(SMMU_CMDQ_PROD, 0x98),
		NUMBER(SMMU_CMDQ_CONS, 0x9c),
		NUMBER(SMMU_EVENTQ_BASE, 0xa0),
		NUMBER(SMMU_EVENTQ_PROD_ALIAS, 0xa8),
		NUMBER(SMMU_EVENTQ_CONS_ALIAS, 0xac),
		NUMBER(SMMU_EVENTQ_IRQ_CFG0, 0xb0),
		NUMBER(SMMU_EVENTQ_IRQ_CFG1, 0xb8),
		NUMBER(SMMU_EVENTQ_IRQ_CFG2, 0xbc),
		NUMBER(SMMU_EVENTQ_PROD, 0x100a8),
		NUMBER(SMMU_EVENTQ_CONS, 0x100ac),
		NUMBER(SMMU_CERROR_NONE, 0),
		NUMBER(SMMU_CERROR_ILL, 1),
		NUMBER(SMMU_CERROR_ABT, 2),
		NUMBER(SMMU_CERROR_ATC_INV_SYNC, 3),
		NUMBER(SMMU_CMD_PREFETCH_CONFIG, 0x01),
		NUMBER(SMMU_CMD_PREFETCH_ADDR, 0x02),
		NUMBER(SMMU_CMD_CFGI_STE, 0x03),
		NUMBER(SMMU_CMD_CFGI_STE_RANGE, 0x04),
		NUMBER(SMMU_CMD_CFGI_CD, 0x05),
		NUMBER(SMMU_CMD_CFGI_CD_ALL, 0x06),
		NUMBER(SMMU_CMD_CFGI_VMS_PIDM, 0x07),
		NUMBER(SMMU_CMD_TLBI_NH_ALL, 0x10),
		NUMBER(SMMU_CMD_TLBI_NH_ASID, 0x11),
		NUMBER(SMMU_CMD_TLBI_NH_VA, 0x12),
		NUMBER(SMMU_CMD_TLBI_NH_VAA, 0x13),
		NUMBER(SMMU_CMD_TLBI_EL3_ALL, 0x18),
		NUMBER(SMMU_CMD_TLBI_EL3_VA, 0x1a),
		NUMBER(SMMU_CMD_TLBI_EL2_ALL, 0x20),
		NUMBER(SMMU_CMD_TLBI_EL2_ASID, 0x21),
		NUMBER(SMMU_CMD_TLBI_EL2_VA, 0x22),
		NUMBER(SMMU_CMD_TLBI_EL2_VAA, 0x23),
		NUMBER(SMMU_CMD_TLBI_S12_VMALL, 0x28),
		NUMBER(SMMU_CMD_TLBI_S2_IPA, 0x2a),
		NUMBER(SMMU_CMD_TLBI_NSNH_ALL, 0x30),
		NUMBER(SMMU_CMD_ATC_INV, 0x40),
		NUMBER(SMMU_CMD_PRI_RESP, 0x41),
		NUMBER(SMMU_CMD_RESUME, 0x44),
		NUMBER(SMMU_CMD_STALL_TERM, 0x45),
		NUMBER(SMMU_CMD_SYNC, 0x46),
		NUMBER(SMMU_F_UUT, 0x01),
		NUMBER(SMMU_C_BAD_STREAMID, 0x02),
		NUMBER(SMMU_F_STE_FETCH, 0x03),
		NUMBER(SMMU_C_BAD_STE, 0x04),
		NUMBER(SMMU_F_BAD_ATS_TREQ, 0x05),
		NUMBER(SMMU_F_STREAM_DISABLED, 0x06),
		NUMBER(SMMU_F_TRANSL_FORBIDDEN, 0x07),
		NUMBER(SMMU_C_BAD_SUBSTREAMID, 0x08),
		NUMBER(SMMU_F_CD_FETCH, 0x09),
		NUMBER(SMMU_C_BAD_CD, 0x0a),
		NUMBER(SMMU_F_WALK_EABT, 0x0b),
		NUMBER(SMMU_F_TRANSLATION, 0x10),
		NUMBER(SMMU_F_ADDR_SIZE, 0x11),
		NUMBER(SMMU_F_ACCESS, 0x12),
		NUMBER(SMMU_F_PERMISSION, 0x13),
		NUMBER(SMMU_F_TLB_CONFLICT, 0x20),
		NUMBER(SMMU_F_CFG_CONFLICT, 0x21),
		NUMBER(SMMU_E_PAGE_REQUEST, 0x24),
		NUMBER(SMMU_F_VMS_FETCH, 0x25),
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

/* ID registers of one SMMU, as QEMU 10.0's `virt` has them. */
static void identification(void **state)
{
	struct smmu_config c = smmu_config_common();
	static const struct smmu_ops none;
	struct model_random random;
	struct smmu *smmu;

	(void)state;
	c.btm = c.msi = c.cd2l = false;
	c.stall_model = SMMU_TERMINATE_ONLY;
	c.term_abort_only = true;
	c.ssid_bits = 0;
	c.attr_types_override = c.attr_permissions_override = false;
	c.oas_bits = 44;
	c.minor = 1;
	c.stalls = 0;
	model_random_seed(&random, 1);
	smmu = smmu_new(&c, &none, NULL, &random);
	assert_non_null(smmu);
	assert_int_equal(smmu_mmio_read(smmu, 0x00, 4), 0x0d44101b);
	assert_int_equal(smmu_mmio_read(smmu, 0x04, 4), 0x02730010);
	assert_int_equal(smmu_mmio_read(smmu, 0x0c, 4), 0x00001414);
	assert_int_equal(smmu_mmio_read(smmu, 0x14, 4), 0x00000074);
	assert_int_equal(smmu_mmio_read(smmu, 0x1c, 4), 0x00000001);
	assert_int_equal(smmu_mmio_read(smmu, 0xff0, 4), 0x0d);
	assert_int_equal(smmu_mmio_read(smmu, 0xffc, 4), 0xb1);
	smmu_free(smmu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers),
		cmocka_unit_test(stream_table),
		cmocka_unit_test(context_descriptors),
		cmocka_unit_test(commands),
		cmocka_unit_test(event_records),
		cmocka_unit_test(numbers),
		cmocka_unit_test(identification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
