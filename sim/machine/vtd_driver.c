/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's driver for VT-d: it finds out what the unit can do, makes
 * root, context and PASID tables and the invalidation queue in memory, and
 * reaches the unit through its registers alone. Written from VT-d 4.1: §6.5.2
 * (queue), §9 (tables), §11.4 (registers). Each access to a register and each
 * descriptor is charged to the current CPU.
 *
 * Left out: first-stage and nested translation for guests, requests with
 * PASID, interrupts of the queue (it is polled).
 */
#include "core/base/bits.h"
#include "core/port.h"
#include "sim/machine/iommu_driver.h"
#include "sim/machine/iommu_vtd.h"

/* Offsets of registers, §11.4; spelled anew: the model has its own. */
enum {
	REG_CAP = 0x08,
	REG_ECAP = 0x10,
	REG_GCMD = 0x18,
	REG_GSTS = 0x1c,
	REG_RTADDR = 0x20,
	REG_CCMD = 0x28,
	REG_FSTS = 0x34,
	REG_FECTL = 0x38,
	REG_FEDATA = 0x3c,
	REG_FEADDR = 0x40,
	REG_FEUADDR = 0x44,
	REG_IQT = 0x88,
	REG_IQA = 0x90,
};

#define CAP_RWBF  (UINT64_C(1) << 4)
#define GCMD_QIE  (UINT64_C(1) << 26)
#define GCMD_WBF  (UINT64_C(1) << 27)
#define GCMD_SRTP (UINT64_C(1) << 30)
#define GCMD_TE	  (UINT64_C(1) << 31)
/* Of GSTS what stays set when another command is given. */
#define GSTS_KEPT (GCMD_QIE | GCMD_TE)

#define FSTS_PFO    (UINT64_C(1) << 0)
#define FSTS_PPF    (UINT64_C(1) << 1)
#define FSTS_QUEUE  UINT64_C(0x70) /* IQE, ICE, ITE */
#define FSTS_ERRORS (FSTS_PFO | FSTS_QUEUE)

#define QUEUE_BYTES  4096u
#define PAGE_ENTRIES 512u

/* ---- registers ---- */

static uint64_t reg_read(const struct vtd_unit *u, uint32_t offset,
			 unsigned int bytes)
{
	iommu_driver_register(u->io);
	return vtd_mmio_read(u->vtd, offset, bytes);
}

static void reg_write(const struct vtd_unit *u, uint32_t offset, uint64_t value,
		      unsigned int bytes)
{
	iommu_driver_register(u->io);
	vtd_mmio_write(u->vtd, offset, value, bytes, iommu_driver_now(u->io));
}

/* A command, and what stays on; complete when GSTS says so. */
static void command(const struct vtd_unit *u, uint64_t bit)
{
	uint64_t kept = reg_read(u, REG_GSTS, 4) & GSTS_KEPT;

	reg_write(u, REG_GCMD, kept | bit, 4);
	(void)reg_read(u, REG_GSTS, 4);
}

/* ---- tables ---- */

static struct hypervisor *host(const struct vtd_unit *u)
{
	return iommu_driver_host(u->io);
}

static unsigned int mode(const struct vtd_unit *u)
{
	return u->io->config->mode;
}

/* ECAP.C clear: tables are cleaned. The queue is always snooped. §11.4.3 */
static bool cleans(const struct vtd_unit *u)
{
	return !(u->driver.ecap & 1);
}

static int table_make(const struct vtd_unit *u, pa_t *page)
{
	return iommu_driver_pages(u->io, 0, cleans(u), page);
}

static void entry_write(const struct vtd_unit *u, pa_t table, uint64_t offset,
			const uint64_t *word, unsigned int words)
{
	iommu_driver_write(u->io, (pa_t){ table.raw + offset }, word, words,
			   cleans(u));
	/* What became present is seen once that is flushed. §6.8 */
	if (u->driver.cap & CAP_RWBF)
		command(u, GCMD_WBF);
}

/* ---- the queue ---- */

static unsigned int descriptor_bytes(const struct vtd_unit *u)
{
	return u->driver.scalable ? 32 : 16;
}

static void queue_put(struct vtd_unit *u, uint64_t low, uint64_t high)
{
	struct vtd_driver *d = &u->driver;
	const uint64_t word[4] = { low, high, 0, 0 };

	iommu_driver_write(u->io, (pa_t){ d->queue.raw + d->tail }, word,
			   descriptor_bytes(u) / 8, false);
	d->tail = (d->tail + descriptor_bytes(u)) % QUEUE_BYTES;
}

/* The unit begins; a queue in error is started again by clearing that. */
static void queue_ring(struct vtd_unit *u)
{
	reg_write(u, REG_IQT, u->driver.tail, 8);
}

static void wait_for_unit(const struct vtd_unit *u)
{
	iommu_driver_wait(u->io, vtd_invalidated_at(u->vtd));
}

/* A wait descriptor, and the look at the status that it writes. */
static void queue_wait(struct vtd_unit *u)
{
	struct vtd_driver *d = &u->driver;
	uint64_t *status;

	d->waits++;
	/* Type 5; SW, and FN: not before the earlier ones. */
	queue_put(u,
		  5 | UINT64_C(1) << 5 | UINT64_C(1) << 6 |
			  (uint64_t)d->waits << 32,
		  d->status.raw);
	queue_ring(u);
	wait_for_unit(u);
	status = port_table_map(host(u), d->status);
	BUG_ON(host(u), (uint32_t)port_pte_read(host(u), status) != d->waits);
	port_table_unmap(host(u), status);
}

/* ---- starting ---- */

/* Context cache, PASID cache, IOTLB: all of it. §6.5.2, §6.5.1. */
static void invalidate_all(struct vtd_unit *u)
{
	struct vtd_driver *d = &u->driver;
	uint32_t iotlb = (uint32_t)(d->ecap >> 8 & 0x3ff) * 16 + 8;

	if (d->queued) {
		queue_put(u, 1 | UINT64_C(1) << 4, 0);
		if (d->scalable)
			queue_put(u, 7 | UINT64_C(3) << 4, 0);
		queue_put(u, 2 | UINT64_C(1) << 4 | UINT64_C(3) << 6, 0);
		queue_wait(u);
		return;
	}
	reg_write(u, REG_CCMD, UINT64_C(1) << 63 | UINT64_C(1) << 61, 8);
	(void)reg_read(u, REG_CCMD, 8);
	reg_write(u, iotlb, UINT64_C(1) << 63 | UINT64_C(1) << 60, 8);
	(void)reg_read(u, iotlb, 8);
	wait_for_unit(u);
}

static int make_tables(struct vtd_unit *u)
{
	struct vtd_driver *d = &u->driver;
	uint64_t word[2] = { 0, 0 };
	int rc = table_make(u, &d->root);

	for (int i = 0; rc == 0 && i < (d->scalable ? 2 : 1); i++) {
		rc = table_make(u, &d->context[i]);
		word[i] = d->context[i].raw | 1;
	}
	if (rc == 0 && d->queued)
		rc = iommu_driver_pages(u->io, 0, false, &d->queue);
	if (rc == 0 && d->queued)
		rc = iommu_driver_pages(u->io, 0, false, &d->status);
	if (rc == 0)
		entry_write(u, d->root, 0, word, 2);
	return rc;
}

static void start_queue(const struct vtd_unit *u)
{
	const struct vtd_driver *d = &u->driver;

	reg_write(u, REG_IQT, 0, 8);
	reg_write(u, REG_IQA,
		  d->queue.raw | (d->scalable ? UINT64_C(1) << 11 : 0), 8);
	command(u, GCMD_QIE);
}

int vtd_driver_start(void *unit)
{
	struct vtd_unit *u = unit;
	struct vtd_driver *d = &u->driver;
	int rc;

	if (mode(u) == IOMMU_MODE_OFF)
		return 0;
	d->cap = reg_read(u, REG_CAP, 8);
	d->ecap = reg_read(u, REG_ECAP, 8);
	d->queued = d->ecap >> 1 & 1;
	d->scalable = mode(u) == IOMMU_MODE_SCALABLE;
	rc = make_tables(u);
	if (rc)
		return rc;
	reg_write(u, REG_RTADDR,
		  d->root.raw | (d->scalable ? UINT64_C(1) << 10 : 0), 8);
	command(u, GCMD_SRTP);
	if (d->queued)
		start_queue(u);
	reg_write(u, REG_FEDATA, VTD_EVENT_FAULT, 4);
	reg_write(u, REG_FEADDR, VTD_EVENT_ADDRESS, 4);
	reg_write(u, REG_FEUADDR, 0, 4);
	reg_write(u, REG_FECTL, 0, 4);
	invalidate_all(u);
	command(u, GCMD_TE);
	iommu_driver_told(u->io, PROTOCOL_ROOT_ENTRY, 0, d->root, 2);
	return 0;
}

/* ---- devices ---- */

/* Legacy mode: context entry, §9.3. Translation type 2 is pass-through. */
static void attach_legacy(struct vtd_unit *u, uint16_t sid,
			  const struct iommu_domain *domain)
{
	bool pass = mode(u) == IOMMU_MODE_PASS_THROUGH;
	const uint64_t word[2] = {
		pass ? UINT64_C(2) << 2 | 1 : domain->root.raw | 1,
		iommu_domain_aw(domain) | (uint64_t)domain->config.did << 8,
	};

	entry_write(u, u->driver.context[0], (uint64_t)sid * 16, word, 2);
	iommu_driver_told(u->io, PROTOCOL_CONTEXT_ENTRY, sid,
			  (pa_t){ u->driver.context[0].raw +
				  (uint64_t)sid * 16 },
			  2);
}

/* Scalable mode: PASID 0 stands for requests without one. §9.4 to §9.6. */
static int attach_scalable(struct vtd_unit *u, uint16_t sid,
			   const struct iommu_domain *domain)
{
	uint64_t entry[8] = { 0 }, context[4] = { 0 }, word;
	pa_t directory, table;
	int rc = table_make(u, &directory);

	if (rc == 0)
		rc = table_make(u, &table);
	if (rc)
		return rc;
	entry[0] = domain->root.raw | iommu_domain_aw(domain) << 2 |
		   UINT64_C(2) << 6 | 1; /* second stage */
	entry[1] = domain->config.did;
	entry_write(u, table, 0, entry, 8);
	word = table.raw | 1;
	entry_write(u, directory, 0, &word, 1);
	context[0] = directory.raw | 1;
	entry_write(u, u->driver.context[sid >> 7], (sid & 127) * UINT64_C(32),
		    context, 4);
	iommu_driver_told(u->io, PROTOCOL_SCALABLE_ENTRY, sid,
			  (pa_t){ u->driver.context[sid >> 7].raw +
				  (sid & 127) * UINT64_C(32) },
			  4);
	iommu_driver_told(u->io, PROTOCOL_DIRECTORY_ENTRY, sid, directory, 1);
	iommu_driver_told(u->io, PROTOCOL_PASID_ENTRY, sid, table, 8);
	return 0;
}

int vtd_driver_attach(void *unit, unsigned int device,
		      const struct iommu_domain *domain)
{
	struct vtd_unit *u = unit;
	uint16_t sid = vtd_unit_sid(device);
	int rc = 0;

	if (mode(u) == IOMMU_MODE_OFF)
		return 0;
	/* The domain's tables, before anything leads there. §6.8 */
	vtd_driver_write_buffer(u);
	if (u->driver.scalable)
		rc = attach_scalable(u, sid, domain);
	else
		attach_legacy(u, sid, domain);
	if (rc == 0 && (u->driver.cap >> 7 & 1)) /* CM: absence was cached */
		invalidate_all(u);
	return rc;
}

/* ---- invalidation ---- */

static void flush_by_register(struct vtd_unit *u, const struct port_iotlb *r)
{
	uint32_t iva = (uint32_t)(u->driver.ecap >> 8 & 0x3ff) * 16;
	bool pages = r->scope == PORT_IOTLB_PAGES;

	if (pages)
		reg_write(u, iva,
			  r->start.raw | (uint64_t)r->leaf_only << 6 |
				  r->mask_lg2,
			  8);
	reg_write(u, iva + 8,
		  UINT64_C(1) << 63 | (uint64_t)(pages ? 3 : 2) << 60 |
			  UINT64_C(3) << 48 | (uint64_t)r->did << 32,
		  8);
	(void)reg_read(u, iva + 8, 8); /* IVT clears */
}

void vtd_driver_flush(void *unit, const struct port_iotlb *r)
{
	struct vtd_unit *u = unit;
	bool pages = r->scope == PORT_IOTLB_PAGES;

	if (mode(u) == IOMMU_MODE_OFF)
		return;
	if (!u->driver.queued) {
		flush_by_register(u, r);
		return;
	}
	/* The queue holds more than the core asks for before it waits. */
	queue_put(u,
		  2 | (uint64_t)(pages ? 3 : 2) << 4 | UINT64_C(3) << 6 |
			  (uint64_t)r->did << 16,
		  pages ? r->start.raw | (uint64_t)r->leaf_only << 6 |
				  r->mask_lg2
			: 0);
}

void vtd_driver_wait(void *unit)
{
	struct vtd_unit *u = unit;

	if (mode(u) == IOMMU_MODE_OFF)
		return;
	if (u->driver.queued)
		queue_wait(u);
	else
		wait_for_unit(u);
}

void vtd_driver_write_buffer(void *unit)
{
	struct vtd_unit *u = unit;

	if (u->driver.cap & CAP_RWBF)
		command(u, GCMD_WBF);
}

/* ---- faults ---- */

/* Each record that is there is read and cleared, then what overflowed. §7.2 */
static void read_faults(void *unit)
{
	const struct vtd_unit *u = unit;
	const struct vtd_driver *d = &u->driver;
	uint32_t first = (uint32_t)(d->cap >> 24 & 0x3ff) * 16;
	uint32_t records = (uint32_t)(d->cap >> 40 & 0xff) + 1;
	uint64_t status = reg_read(u, REG_FSTS, 4);
	uint32_t at = (uint32_t)(status >> 8 & 0xff);

	for (uint32_t i = 0; (status & FSTS_PPF) && i < records; i++) {
		uint32_t record = first + 16 * ((at + i) % records);

		if (!(reg_read(u, record + 8, 8) >> 63))
			break;
		(void)reg_read(u, record, 8);
		reg_write(u, record + 12, UINT64_C(1) << 31, 4);
		u->io->faults_read++;
	}
	if (!(status & FSTS_ERRORS))
		return;
	u->io->overflows += status & FSTS_PFO;
	u->io->queue_errors += (status & FSTS_QUEUE) != 0;
	reg_write(u, REG_FSTS, status & FSTS_ERRORS, 4);
}

void vtd_driver_serve(void *unit)
{
	struct vtd_unit *u = unit;

	if (!u->fault_event)
		return;
	u->fault_event = false;
	iommu_driver_interrupt(u->io, u, read_faults);
}
