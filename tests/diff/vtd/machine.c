/* SPDX-License-Identifier: BSD-2-Clause */
/* The unit's registers over qtest, its events from the trace. */
#include "tests/diff/vtd/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/bits.h"

/* A firmware that halts: the CPU is not needed. */
static void firmware(const struct machine *m, char *path, size_t bytes)
{
	snprintf(path, bytes, "%s/hlt.bin", m->q.directory);
}

static bool write_firmware(const struct machine *m)
{
	static const uint8_t reset[] = { 0xfa, 0xf4, 0xeb, 0xfd };
	char path[128], image[65536];
	FILE *f;

	memset(image, 0xf4, sizeof(image));
	memcpy(image + 0xfff0, reset, sizeof(reset));
	firmware(m, path, sizeof(path));
	f = fopen(path, "wb");
	if (!f)
		return false;
	fwrite(image, sizeof(image), 1, f);
	return fclose(f) == 0;
}

/* The queue of scalable mode: the same four descriptors again and again. */
static void fill_queue(struct machine *m)
{
	static const uint64_t descriptors[4][2] = {
		{ 0x11, 0 },	     /* context cache, global */
		{ 0x37, 0 },	     /* PASID cache, global */
		{ 0x12, 0 },	     /* IOTLB, global */
		{ 0x25, STATUS_PA }, /* wait, status write */
	};

	for (unsigned int i = 0; i < 128; i++)
		for (unsigned int w = 0; w < 4; w++)
			ram_put(m->q.ram, QUEUE_PA + 32 * i + 8 * w,
				w < 2 ? descriptors[i % 4][w] : 0);
}

static bool program_queue(struct machine *m, const struct flavour *flavour)
{
	if (!flavour->scalable)
		return true;
	fill_queue(m);
	qtest_write(&m->q, 8, VTD_BASE + 0x90, QUEUE_PA | BIT(11));
	qtest_write(&m->q, 8, VTD_BASE + 0x88, 0);
	qtest_write(&m->q, 4, VTD_BASE + 0x18, BIT(26));
	return qtest_flush(&m->q);
}

static void arguments(const struct machine *m, struct qtest_arguments *a,
		      const struct flavour *flavour)
{
	char path[128];

	firmware(m, path, sizeof(path));
	qtest_arguments(&m->q, a, "qemu-system-x86_64", "q35");
	qtest_argument(a, "-bios");
	qtest_argument(a, "%s", path);
	qtest_argument(a, "-trace");
	qtest_argument(a, "vtd_dmar_translate");
	qtest_argument(a, "-trace");
	qtest_argument(a, "vtd_dmar_fault");
	qtest_argument(a, "-device");
	qtest_argument(a, "intel-iommu,%s", flavour->options);
	edu_arguments(a);
}

/* ECAM is where the chipset is told to have it. */
static bool prepare(struct machine *m)
{
	qtest_command(&m->q, "outl 0xcf8 0x80000060\n");
	qtest_command(&m->q, "outl 0xcfc 0xb0000001\n");
	return edu_prepare(&m->bus, TOKEN_PA, m->q.ram + TOKEN_PA);
}

bool machine_start(struct machine *m, const struct flavour *flavour)
{
	struct qtest_arguments *a = calloc(1, sizeof(*a));
	bool fine;

	memset(m, 0, sizeof(*m));
	m->bus = (struct edu_bus){ .q = &m->q,
				   .ecam = 0xb0000000,
				   .bars = 0xe0000000 };
	fine = a && qtest_prepare(&m->q, "conformance-vtd", RAM_BYTES) &&
	       write_firmware(m);
	if (fine) {
		arguments(m, a, flavour);
		fine = qtest_launch(&m->q, a) && prepare(m) &&
		       program_queue(m, flavour);
	}
	free(a);
	if (fine)
		return true;
	qtest_complain(&m->q);
	machine_stop(m);
	return false;
}

void machine_stop(struct machine *m)
{
	char path[128];

	firmware(m, path, sizeof(path));
	unlink(path);
	qtest_stop(&m->q);
}

/* ---- a batch ---- */

static void invalidate_by_registers(struct machine *m)
{
	qtest_write(&m->q, 8, VTD_BASE + 0x28, BIT(63) | BIT(61));
	qtest_write(&m->q, 8, VTD_BASE + 0xf8, BIT(63) | BIT(60));
}

/* Four descriptors further, and the wait's status. */
static bool invalidate_by_queue(struct machine *m)
{
	uint64_t wait = QUEUE_PA + m->queue_tail + 96;

	m->status++;
	ram_put(m->q.ram, wait, (m->status & UINT32_MAX) << 32 | 0x25);
	m->queue_tail = (m->queue_tail + 128) % 4096;
	qtest_write(&m->q, 8, VTD_BASE + 0x88, m->queue_tail);
	if (!qtest_flush(&m->q))
		return false;
	return (uint32_t)ram_get(m->q.ram, STATUS_PA) == (uint32_t)m->status;
}

bool machine_program(struct machine *m, const struct batch *b)
{
	uint64_t keep = b->flavour->scalable ? BIT(26) : 0;

	/* Translation stays on: switching it costs QEMU a map of memory for
	 * each device. */
	qtest_write(&m->q, 8, VTD_BASE + 0x20, b->rtaddr);
	qtest_write(&m->q, 4, VTD_BASE + 0x18, keep | BIT(31) | BIT(30));
	if (b->flavour->scalable) {
		if (!invalidate_by_queue(m))
			return false;
	} else {
		invalidate_by_registers(m);
	}
	qtest_write(&m->q, 4, VTD_BASE + 0x22c, BIT(31));
	qtest_write(&m->q, 4, VTD_BASE + 0x34, 1);
	return qtest_flush(&m->q);
}

/* An event's line, or none. */
static void read_event(void *context, const char *line)
{
	struct answer *answers = context;
	unsigned int bus, slot, function, sid, reason, write;
	uint64_t from, to, mask;
	struct answer *a;

	if (sscanf(line,
		   "vtd_dmar_translate dev %x:%x.%x iova 0x%" SCNx64
		   " -> gpa 0x%" SCNx64 " mask 0x%" SCNx64,
		   &bus, &slot, &function, &from, &to, &mask) == 6 &&
	    slot >= 1 && slot <= DEVICES) {
		a = &answers[slot - 1];
		a->what = HAPPENED_TRANSLATION;
		a->address = from;
		a->pa = to;
		a->page_mask = mask;
	} else if (sscanf(line,
			  "vtd_dmar_fault sid 0x%x fault %u addr 0x%" SCNx64
			  " write %u",
			  &sid, &reason, &from, &write) == 4 &&
		   sid >> 3 >= 1 && sid >> 3 <= DEVICES) {
		a = &answers[(sid >> 3) - 1];
		a->what = HAPPENED_FAULT;
		a->reason = reason;
		a->address = from;
		a->write = write;
	} else {
		return;
	}
	a->events++;
}

bool machine_run(struct machine *m, const struct batch *b, const bool *asked,
		 struct answer *answers, uint64_t *frcd)
{
	struct answer ignored[DEVICES];
	bool write[DEVICES];

	memset(ignored, 0, sizeof(ignored));
	qtest_events(&m->q, read_event, ignored);
	memset(answers, 0, DEVICES * sizeof(*answers));
	for (unsigned int i = 0; i < DEVICES; i++) {
		write[i] = b->vector[i].write;
		if (asked[i])
			edu_aim(&m->bus, i, b->vector[i].iova, write[i]);
	}
	if (!edu_run(&m->bus, asked, write))
		return false;
	qtest_events(&m->q, read_event, answers);
	return qtest_read(&m->q, 8, VTD_BASE + 0x220, &frcd[0]) &&
	       qtest_read(&m->q, 8, VTD_BASE + 0x228, &frcd[1]);
}
