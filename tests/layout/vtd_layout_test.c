/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers, table entries and descriptors of models/vtd against raw words:
 * each field's mask, written out in hex from VT-d 4.1 chapters 6, 9 and 11.
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
#include "models/vtd/context.h"
#include "models/vtd/paging.h"
#include "models/vtd/pasid.h"
#include "models/vtd/qi.h"
#include "models/vtd/regs.h"
#include "models/vtd/vtd.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

struct row {
	const char *name;
	uint64_t mask;
};

/* Both lists name the same fields, in any order, with the same bits. */
static void expect_rows(const struct row *got, size_t got_count,
			const struct row *want, size_t want_count)
{
	assert_int_equal(got_count, want_count);
	for (size_t i = 0; i < want_count; i++) {
		size_t j = 0;

		while (j < got_count && strcmp(got[j].name, want[i].name) != 0)
			j++;
		if (j == got_count || got[j].mask != want[i].mask)
			print_error("%s\n", want[i].name);
		assert_true(j < got_count);
		assert_true(got[j].mask == want[i].mask);
	}
}

#define ROW(REG, NAME, lsb, width) { #NAME, MASK(lsb, width) },
#define COUNT(a)		   (sizeof(a) / sizeof((a)[0]))
#define EXPECT(LIST, ...)                                         \
	do {                                                      \
		static const struct row got[] = { LIST(ROW) };    \
		static const struct row want[] = { __VA_ARGS__ }; \
		expect_rows(got, COUNT(got), want, COUNT(want));  \
	} while (0)

static void capability_registers(void **state)
{
	(void)state;
	EXPECT(VTD_CAP_FIELDS, { "ND", 0x7 }, { "RWBF", 0x10 },
	       { "PLMR", 0x20 }, { "PHMR", 0x40 }, { "CM", 0x80 },
	       { "SAGAW", 0x1f00 }, { "MGAW", 0x3f0000 }, { "ZLR", 0x400000 },
	       { "FRO", 0x3ff000000 }, { "SSLPS", 0x3c00000000 },
	       { "PSI", 0x8000000000 }, { "NFR", 0xff0000000000 },
	       { "MAMV", 0x3f000000000000 }, { "DWD", 0x40000000000000 },
	       { "DRD", 0x80000000000000 }, { "FS1GP", 0x100000000000000 },
	       { "PI", 0x800000000000000 }, { "FS5LP", 0x1000000000000000 },
	       { "ESIRTPS", 0x4000000000000000 },
	       { "ESRTPS", 0x8000000000000000 });
	EXPECT(VTD_ECAP_FIELDS, { "C", 0x1 }, { "QI", 0x2 }, { "DT", 0x4 },
	       { "IR", 0x8 }, { "EIM", 0x10 }, { "PT", 0x40 }, { "SC", 0x80 },
	       { "IRO", 0x3ff00 }, { "MHMV", 0xf00000 }, { "NEST", 0x4000000 },
	       { "PRS", 0x20000000 }, { "ERS", 0x40000000 },
	       { "SRS", 0x80000000 }, { "NWFS", 0x200000000 },
	       { "EAFS", 0x400000000 }, { "PSS", 0xf800000000 },
	       { "PASID", 0x10000000000 }, { "DIT", 0x20000000000 },
	       { "PDS", 0x40000000000 }, { "SMTS", 0x80000000000 },
	       { "SSADS", 0x200000000000 }, { "SSTS", 0x400000000000 },
	       { "FSTS", 0x800000000000 }, { "SMPWCS", 0x1000000000000 },
	       { "RPS", 0x2000000000000 }, { "ADMS", 0x10000000000000 },
	       { "RPRIVS", 0x20000000000000 });
}

static void command_registers(void **state)
{
	(void)state;
	EXPECT(VTD_GCMD_FIELDS, { "CFI", 0x800000 }, { "SIRTP", 0x1000000 },
	       { "IRE", 0x2000000 }, { "QIE", 0x4000000 }, { "WBF", 0x8000000 },
	       { "SRTP", 0x40000000 }, { "TE", 0x80000000 });
	EXPECT(VTD_RTADDR_FIELDS, { "TTM", 0xc00 },
	       { "RTA", 0xfffffffffffff000 });
	EXPECT(VTD_CCMD_FIELDS, { "DID", 0xffff }, { "SID", 0xffff0000 },
	       { "FM", 0x300000000 }, { "CAIG", 0x1800000000000000 },
	       { "CIRG", 0x6000000000000000 }, { "ICC", 0x8000000000000000 });
	EXPECT(VTD_IVA_FIELDS, { "AM", 0x3f }, { "IH", 0x40 },
	       { "ADDR", 0xfffffffffffff000 });
	EXPECT(VTD_IOTLB_FIELDS, { "DID", 0xffff00000000 },
	       { "DW", 0x1000000000000 }, { "DR", 0x2000000000000 },
	       { "IAIG", 0x600000000000000 }, { "IIRG", 0x3000000000000000 },
	       { "IVT", 0x8000000000000000 });
}

static void fault_and_queue_registers(void **state)
{
	(void)state;
	EXPECT(VTD_FSTS_FIELDS, { "PFO", 0x1 }, { "PPF", 0x2 }, { "IQE", 0x10 },
	       { "ICE", 0x20 }, { "ITE", 0x40 }, { "FRI", 0xff00 });
	EXPECT(VTD_ECTL_FIELDS, { "IP", 0x40000000 }, { "IM", 0x80000000 });
	EXPECT(VTD_FRCD0_FIELDS, { "FI", 0xfffffffffffff000 });
	/* bits 64 to 127 of the record */
	EXPECT(VTD_FRCD1_FIELDS, { "SID", 0xffff }, { "T2", 0x10000000 },
	       { "PRIV", 0x20000000 }, { "EXE", 0x40000000 },
	       { "PP", 0x80000000 }, { "FR", 0xff00000000 },
	       { "PV", 0x0fffff0000000000 }, { "AT", 0x3000000000000000 },
	       { "T1", 0x4000000000000000 }, { "F", 0x8000000000000000 });
	EXPECT(VTD_IQA_FIELDS, { "QS", 0x7 }, { "DW", 0x800 },
	       { "IQA", 0xfffffffffffff000 });
	EXPECT(VTD_IQT_FIELDS, { "QT", 0x7fff0 });
	EXPECT(VTD_ICS_FIELDS, { "IWC", 0x1 });
	EXPECT(VTD_IQERCD_FIELDS, { "IQEI", 0xf }, { "ITESID", 0xffff00000000 },
	       { "ICESID", 0xffff000000000000 });
}

static void root_and_context_entries(void **state)
{
	(void)state;
	EXPECT(VTD_ROOT_FIELDS, { "P", 0x1 }, { "CTP", 0xfffffffffffff000 });
	EXPECT(VTD_CE0_FIELDS, { "P", 0x1 }, { "FPD", 0x2 }, { "TT", 0xc },
	       { "SSPTPTR", 0xfffffffffffff000 });
	EXPECT(VTD_CE1_FIELDS, { "AW", 0x7 }, { "IGN", 0x78 },
	       { "DID", 0xffff00 });
	EXPECT(VTD_SCE0_FIELDS, { "P", 0x1 }, { "FPD", 0x2 }, { "DTE", 0x4 },
	       { "PASIDE", 0x8 }, { "PRE", 0x10 }, { "PDTS", 0xe00 },
	       { "PASIDDIRPTR", 0xfffffffffffff000 });
	EXPECT(VTD_SCE1_FIELDS, { "RID_PASID", 0xfffff },
	       { "RID_PRIV", 0x100000 });
}

static void pasid_entries(void **state)
{
	(void)state;
	EXPECT(VTD_PDE_FIELDS, { "P", 0x1 }, { "FPD", 0x2 },
	       { "SMPTBLPTR", 0xfffffffffffff000 });
	EXPECT(VTD_PE0_FIELDS, { "P", 0x1 }, { "FPD", 0x2 }, { "AW", 0x1c },
	       { "SSEE", 0x20 }, { "PGTT", 0x1c0 }, { "SSADE", 0x200 },
	       { "SSPTPTR", 0xfffffffffffff000 });
	EXPECT(VTD_PE1_FIELDS, { "DID", 0xffff }, { "PWSNP", 0x800000 },
	       { "PGSNP", 0x1000000 }, { "CD", 0x2000000 },
	       { "EMTE", 0x4000000 }, { "PAT", 0xffffffff00000000 });
	EXPECT(VTD_PE2_FIELDS, { "SRE", 0x1 }, { "ERE", 0x2 }, { "FSPM", 0xc },
	       { "WPE", 0x10 }, { "NXE", 0x20 }, { "SMEP", 0x40 },
	       { "EAFE", 0x80 }, { "FSPTPTR", 0xfffffffffffff000 });
}

static void paging_entries(void **state)
{
	(void)state;
	EXPECT(VTD_SSPTE_FIELDS, { "R", 0x1 }, { "W", 0x2 }, { "PS", 0x80 },
	       { "A", 0x100 }, { "D", 0x200 }, { "SNP", 0x800 },
	       { "ADDR", 0x000ffffffffff000 }, { "TM", 0x4000000000000000 });
	EXPECT(VTD_FSPTE_FIELDS, { "P", 0x1 }, { "RW", 0x2 }, { "US", 0x4 },
	       { "A", 0x20 }, { "D", 0x40 }, { "PS", 0x80 },
	       { "ADDR", 0x000ffffffffff000 }, { "XD", 0x8000000000000000 });
	/* Entry n of a table; what an entry and a table cover. */
	assert_int_equal(vtd_entry_address(0x5000, 0x8080604123, 4), 0x5008);
	assert_int_equal(vtd_entry_address(0x5000, 0x8080604123, 1), 0x5020);
	assert_int_equal(VTD_LEVEL_SHIFT(1), 12);
	assert_int_equal(VTD_LEVEL_SHIFT(3), 30);
	assert_int_equal(VTD_LEVEL_RANGE(5), 57);
}

static void descriptors(void **state)
{
	(void)state;
	EXPECT(VTD_QI0_FIELDS, { "TYPE", 0xf }, { "G", 0x30 },
	       { "TYPE_HIGH", 0xe00 }, { "DID", 0xffff0000 });
	EXPECT(VTD_QICC_FIELDS, { "SID", 0xffff00000000 },
	       { "FM", 0x3000000000000 });
	EXPECT(VTD_QIIOTLB_FIELDS, { "DW", 0x40 }, { "DR", 0x80 });
	EXPECT(VTD_QIPASID_FIELDS, { "PASID", 0xfffff00000000 });
	EXPECT(VTD_QIWAIT_FIELDS, { "IF", 0x10 }, { "SW", 0x20 },
	       { "FN", 0x40 }, { "PD", 0x80 }, { "DATA", 0xffffffff00000000 });
}

/* What a unit reports, as whole words; CAP is also QEMU's (tests/diff/vtd). */
static void capabilities_as_words(void **state)
{
	struct model_random random;
	struct vtd_config c = vtd_config_common();
	struct vtd *v;

	(void)state;
	model_random_seed(&random, 1);
	c.fault_records = 1;
	c.snoop_control = c.coherent = false;
	v = vtd_new(&c, NULL, NULL, &random);
	assert_int_equal(vtd_mmio_read(v, 0x00, 4), 0x10);
	assert_int_equal(vtd_mmio_read(v, 0x08, 8), UINT64_C(0xd2008c222f0606));
	assert_int_equal(vtd_mmio_read(v, 0x10, 8), UINT64_C(0xf42));
	assert_int_equal(vtd_mmio_read(v, 0x38, 4), 0x80000000);
	assert_int_equal(vtd_mmio_read(v, 0xa0, 4), 0x80000000);
	vtd_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capability_registers),
		cmocka_unit_test(command_registers),
		cmocka_unit_test(fault_and_queue_registers),
		cmocka_unit_test(root_and_context_entries),
		cmocka_unit_test(pasid_entries),
		cmocka_unit_test(paging_entries),
		cmocka_unit_test(descriptors),
		cmocka_unit_test(capabilities_as_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
