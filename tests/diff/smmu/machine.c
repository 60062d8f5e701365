/* SPDX-License-Identifier: BSD-2-Clause */
/* The SMMU's registers over qtest, events from memory and trace. */
#include "tests/diff/smmu/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bits.h"

#define QUEUE_LG2 8

static void reg32(struct machine *m, uint32_t offset, uint32_t value)
{
	qtest_write(&m->q, 4, SMMU_MMIO + offset, value);
}
static void reg64(struct machine *m, uint32_t offset, uint64_t value)
{
	qtest_write(&m->q, 8, SMMU_MMIO + offset, value);
}

static bool read_ids(struct machine *m)
{
	uint64_t value;

	for (unsigned int i = 0; i < 6; i++) {
		if (!qtest_read(&m->q, 4, SMMU_MMIO + 4 * i, &value))
			return false;
		m->idr[i] = (uint32_t)value;
	}
	if (!qtest_read(&m->q, 4, SMMU_MMIO + 0x1c, &value))
		return false;
	m->aidr = (uint32_t)value;
	return true;
}

static void command(struct machine *m, uint64_t word0, uint64_t word1)
{
	uint64_t pa = CMDQ_PA + 16 * (m->cmdq_prod & (BIT(QUEUE_LG2) - 1));

	ram_put(m->q.ram, pa, word0);
	ram_put(m->q.ram, pa + 8, word1);
	m->cmdq_prod = (m->cmdq_prod + 1) & (uint32_t)MASK(0, QUEUE_LG2 + 1);
}

bool machine_start(struct machine *m)
{
	static const char *const traces[] = { "smmuv3_translate_success",
					      "smmuv3_translate_bypass",
					      "smmuv3_translate_abort" };
	struct qtest_arguments *a = calloc(1, sizeof(*a));
	bool fine;

	memset(m, 0, sizeof(*m));
	if (!a || !qtest_prepare(&m->q, "conformance-smmu", RAM_BYTES)) {
		free(a);
		return false;
	}
	qtest_arguments(&m->q, a, "qemu-system-aarch64", "virt,iommu=smmuv3");
	qtest_argument(a, "-cpu");
	qtest_argument(a, "cortex-a57");
	qtest_argument(a, "-global");
	qtest_argument(a, "cortex-a57-arm-cpu.start-powered-off=on");
	for (unsigned int i = 0; i < 3; i++) {
		qtest_argument(a, "-trace");
		qtest_argument(a, "%s", traces[i]);
	}
	edu_arguments(a);
	m->bus = (struct edu_bus){ .q = &m->q,
				   .ecam = UINT64_C(0x4010000000),
				   .bars = 0x10000000 };
	fine = qtest_launch(&m->q, a) &&
	       edu_prepare(&m->bus, TOKEN_PA,
			   m->q.ram + (TOKEN_PA - RAM_BASE)) &&
	       read_ids(m);
	free(a);
	return fine;
}

void machine_stop(struct machine *m)
{
	qtest_stop(&m->q);
}

bool machine_program(struct machine *m, const struct batch *b)
{
	reg32(m, 0x20, 0);
	reg32(m, 0x28, 0xd75); /* CR1: all cacheable, Inner Shareable */
	reg32(m, 0x2c, 2);     /* CR2.RECINVSID */
	reg64(m, 0x80, b->strtab_base);
	reg32(m, 0x88, b->strtab_cfg);
	reg64(m, 0x90, CMDQ_PA | QUEUE_LG2);
	reg32(m, 0x98, 0);
	reg32(m, 0x9c, 0);
	reg64(m, 0xa0, EVENTQ_PA | QUEUE_LG2);
	reg32(m, 0x100a8, 0);
	reg32(m, 0x100ac, 0);
	m->cmdq_prod = m->eventq_cons = 0;
	reg32(m, 0x20, 0x8);
	reg32(m, 0x20, 0xc);
	command(m, 0x04, 31); /* CFGI_ALL */
	command(m, 0x30, 0);  /* TLBI_NSNH_ALL */
	command(m, 0x46, 0);  /* SYNC */
	reg32(m, 0x98, m->cmdq_prod);
	reg32(m, 0x20, 0xd);
	return qtest_flush(&m->q);
}

/* ---- what happened ---- */

static void read_line(void *context, const char *line)
{
	struct answer *answers = context, *a;
	uint64_t iova, pa = 0;
	unsigned int sid;
	enum happened what;

	if (strncmp(line, "smmuv3_translate_", 17) != 0)
		return;
	line = strstr(line, "sid=");
	if (!line || sscanf(line, "sid=0x%x", &sid) != 1)
		return;
	if (sscanf(line, "sid=0x%*x iova=0x%" SCNx64 " translated=0x%" SCNx64,
		   &iova, &pa) == 2)
		what = HAPPENED_TRANSLATION;
	else
		what = strstr(line, "bypass") ? HAPPENED_BYPASS
					      : HAPPENED_ABORT;
	if (sid < 8 || sid >> 3 > DEVICES)
		return;
	a = &answers[(sid >> 3) - 1];
	a->what = what;
	a->pa = pa;
	a->lines++;
}

static bool read_records(struct machine *m, struct answer *answers)
{
	uint64_t prod, pa;
	unsigned int sid;
	struct answer *a;

	if (!qtest_read(&m->q, 4, SMMU_MMIO + 0x100a8, &prod))
		return false;
	while (m->eventq_cons != (uint32_t)prod) {
		pa = EVENTQ_PA + 32 * (m->eventq_cons & (BIT(QUEUE_LG2) - 1));
		sid = (unsigned int)(ram_get(m->q.ram, pa) >> 32);
		m->eventq_cons =
			(m->eventq_cons + 1) & (uint32_t)MASK(0, QUEUE_LG2 + 1);
		if (sid < 8 || sid >> 3 > DEVICES)
			continue;
		a = &answers[(sid >> 3) - 1];
		for (unsigned int w = 0; w < 4 && a->records == 0; w++)
			a->record[w] = ram_get(m->q.ram, pa + 8 * (uint64_t)w);
		a->records++;
	}
	return true;
}

bool machine_run(struct machine *m, const struct batch *b, const bool *asked,
		 struct answer *answers)
{
	struct answer ignored[DEVICES];
	bool write[DEVICES];

	memset(ignored, 0, sizeof(ignored));
	qtest_events(&m->q, read_line, ignored);
	memset(answers, 0, DEVICES * sizeof(*answers));
	for (unsigned int i = 0; i < DEVICES; i++) {
		write[i] = b->vector[i].write;
		if (asked[i])
			edu_aim(&m->bus, i, b->vector[i].address, write[i]);
	}
	if (!edu_run(&m->bus, asked, write))
		return false;
	qtest_events(&m->q, read_line, answers);
	return read_records(m, answers);
}
