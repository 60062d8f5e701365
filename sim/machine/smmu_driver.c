/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's driver for SMMUv3: it finds out what the unit can do, makes
 * the stream table and both queues in memory, and reaches the unit through its
 * registers alone. Written from IHI0070 G.b: 3.5 (queues), 3.11 and 6.3
 * (registers, enabling), 3.21 (changes of configuration), 4 (commands), 5.1
 * and 5.2 (stream table), 7.2 and 7.5 (events, errors). Each access to a
 * register and each entry is charged to the current CPU.
 *
 * Left out: stage 1 and contexts, which are a guest's; PRI and ATS; message-
 * signalled interrupts.
 */
#include "core/base/bits.h"
#include "core/iommu/ste.h"
#include "core/port.h"
#include "sim/machine/iommu_driver.h"
#include "sim/machine/iommu_smmu.h"

/* Offsets of registers, 6.2; spelled anew: the model has its own. */
enum {
	REG_IDR0 = 0x00,
	REG_IDR1 = 0x04,
	REG_CR0 = 0x20,
	REG_CR0ACK = 0x24,
	REG_CR1 = 0x28,
	REG_CR2 = 0x2c,
	REG_IRQ_CTRL = 0x50,
	REG_IRQ_CTRLACK = 0x54,
	REG_GERROR = 0x60,
	REG_GERRORN = 0x64,
	REG_STRTAB_BASE = 0x80,
	REG_STRTAB_BASE_CFG = 0x88,
	REG_CMDQ_BASE = 0x90,
	REG_CMDQ_PROD = 0x98,
	REG_CMDQ_CONS = 0x9c,
	REG_EVENTQ_BASE = 0xa0,
	REG_EVENTQ_PROD = 0x100a8,
	REG_EVENTQ_CONS = 0x100ac,
};

#define CR0_SMMUEN   1U
#define CR0_EVENTQEN (1U << 2)
#define CR0_CMDQEN   (1U << 3)
/* Tables and queues: Write-Back, Inner Shareable. */
#define CR1_CACHED 0xd75U
/* C_BAD_STREAMID is recorded; broadcast TLBI of CPUs is not listened to. */
#define CR2_RECINVSID (1U << 1)
#define CR2_PTM	      (1U << 2)
#define IRQ_GERROR    1U
#define IRQ_EVENTQ    (1U << 2)
#define GERROR_CMDQ   1U
#define OVERFLOW_FLAG (1U << 31) /* of EVENTQ_PROD and CONS */
#define HINT_ALLOCATE (UINT64_C(1) << 62)

/* What the driver makes at most, whatever the unit takes. */
#define STREAM_BITS_MAX 16 /* bus, device, function */
#define LINEAR_BITS_MAX 8  /* devices of bus 0 */
#define SPLIT		6  /* of two levels: 64 STEs are a page */
#define QUEUE_PAGES_LG2 4

enum {
	CMD_CFGI_STE = 0x03,
	CMD_CFGI_ALL = 0x04,
	CMD_TLBI_NH_ALL = 0x10,
	CMD_TLBI_S12_VMALL = 0x28,
	CMD_TLBI_S2_IPA = 0x2a,
	CMD_TLBI_NSNH_ALL = 0x30,
	CMD_RESUME = 0x44,
	CMD_SYNC = 0x46,
};

/* ---- registers ---- */

static uint64_t reg_read(const struct smmu_unit *u, uint32_t offset)
{
	iommu_driver_register(u->io);
	return smmu_mmio_read(u->smmu, offset, 4);
}

static void reg_write(const struct smmu_unit *u, uint32_t offset,
		      uint64_t value, unsigned int bytes)
{
	iommu_driver_register(u->io);
	smmu_mmio_write(u->smmu, offset, value, bytes, iommu_driver_now(u->io));
}

/* An update that is complete when the register after it says the same. */
static void reg_update(const struct smmu_unit *u, uint32_t offset,
		       uint32_t value)
{
	reg_write(u, offset, value, 4);
	BUG_ON(iommu_driver_host(u->io), reg_read(u, offset + 4) != value);
}

/* ---- tables and queues ---- */

static unsigned int mode(const struct smmu_unit *u)
{
	return u->io->config->mode;
}

static int pages_make(const struct smmu_unit *u, unsigned int order, pa_t *at)
{
	return iommu_driver_pages(u->io, order, !u->driver.coherent, at);
}

static void entry_write(const struct smmu_unit *u, pa_t table, uint64_t offset,
			const uint64_t *word, unsigned int words)
{
	iommu_driver_write(u->io, (pa_t){ table.raw + offset }, word, words,
			   !u->driver.coherent);
}

/* As large as the unit takes it, and as QUEUE_PAGES_LG2 allows. */
static int queue_make(const struct smmu_unit *u, unsigned int most_lg2,
		      unsigned int entry_lg2, struct smmu_driver_queue *q)
{
	unsigned int bytes_lg2 = FRAME_LG2 + QUEUE_PAGES_LG2;

	q->lg2 = bytes_lg2 - entry_lg2;
	if (q->lg2 > most_lg2)
		q->lg2 = most_lg2;
	bytes_lg2 = q->lg2 + entry_lg2;
	return pages_make(u, bytes_lg2 > FRAME_LG2 ? bytes_lg2 - FRAME_LG2 : 0,
			  &q->base);
}

/* Index and wrap bit of a running number, as registers have them. */
static uint32_t queue_position(const struct smmu_driver_queue *q, uint32_t n)
{
	return n & (uint32_t)MASK(0, q->lg2 + 1);
}

static uint64_t queue_offset(const struct smmu_driver_queue *q, uint32_t n,
			     unsigned int entry_lg2)
{
	return (n & MASK(0, q->lg2)) << entry_lg2;
}

/* ---- commands ---- */

/* What stopped at a command is made to go on: CMD_SYNC stands in its place. */
static void commands_recover(struct smmu_unit *u)
{
	struct smmu_driver_queue *q = &u->driver.commands;
	const uint64_t word[2] = { CMD_SYNC, 0 };
	uint32_t at = (uint32_t)reg_read(u, REG_CMDQ_CONS);

	entry_write(u, q->base, queue_offset(q, at, 4), word, 2);
	u->io->queue_errors++;
}

/* Errors are read, seen to and acknowledged. 7.5 */
static void read_errors(struct smmu_unit *u)
{
	uint32_t now = (uint32_t)reg_read(u, REG_GERROR);
	uint32_t active = now ^ (uint32_t)reg_read(u, REG_GERRORN);

	if (active & GERROR_CMDQ)
		commands_recover(u);
	if (active)
		reg_write(u, REG_GERRORN, now, 4);
}

/* The unit begins; when this returns it is through. */
static void commands_run(struct smmu_unit *u)
{
	struct smmu_driver_queue *q = &u->driver.commands;
	uint32_t to = queue_position(q, q->prod);

	reg_write(u, REG_CMDQ_PROD, to, 4);
	/* Each command stops the queue at most once. */
	for (uint64_t stops = 0;; stops++) {
		uint32_t cons;

		BUG_ON(iommu_driver_host(u->io), stops > BIT(q->lg2));
		iommu_driver_wait(u->io, smmu_commands_done_at(u->smmu));
		cons = (uint32_t)reg_read(u, REG_CMDQ_CONS);
		if (queue_position(q, cons) == to)
			break;
		read_errors(u);
	}
	q->cons = q->prod;
}

static void command(struct smmu_unit *u, uint64_t low, uint64_t high)
{
	struct smmu_driver_queue *q = &u->driver.commands;
	const uint64_t word[2] = { low, high };

	if (q->prod - q->cons == BIT(q->lg2))
		commands_run(u);
	entry_write(u, q->base, queue_offset(q, q->prod, 4), word, 2);
	q->prod++;
}

/* Entries of both stages of a VMID: TLBI_S2_IPA leaves them. 4.4.3 */
static void flush_combined(struct smmu_unit *u)
{
	struct smmu_driver *d = &u->driver;

	command(u, CMD_TLBI_NH_ALL | (uint64_t)d->combined_vmid << 32, 0);
	d->combined = false;
}

/* All that was asked for so far is done. */
static void commands_sync(struct smmu_unit *u)
{
	if (u->driver.combined)
		flush_combined(u);
	command(u, CMD_SYNC, 0);
	commands_run(u);
}

/* ---- starting ---- */

static void find_out(struct smmu_unit *u)
{
	struct smmu_driver *d = &u->driver;
	uint64_t idr0 = reg_read(u, REG_IDR0), idr1 = reg_read(u, REG_IDR1);
	uint32_t most;

	d->coherent = idr0 >> 4 & 1;
	d->stalls = (idr0 >> 24 & 3) == 2;
	d->two_level = (idr0 >> 27 & 3) == 1;
	most = d->two_level ? STREAM_BITS_MAX : LINEAR_BITS_MAX;
	d->stream_bits = (uint32_t)(idr1 & 0x3f);
	if (d->stream_bits > most)
		d->stream_bits = most;
	if (d->stream_bits <= SPLIT)
		d->two_level = false;
	d->commands.lg2 = (uint32_t)(idr1 >> 21 & 0x1f);
	d->events.lg2 = (uint32_t)(idr1 >> 16 & 0x1f);
}

static int make_tables(struct smmu_unit *u)
{
	struct smmu_driver *d = &u->driver;
	unsigned int bytes_lg2 =
		d->two_level ? d->stream_bits - SPLIT + 3 : d->stream_bits + 6;
	int rc =
		pages_make(u, bytes_lg2 > FRAME_LG2 ? bytes_lg2 - FRAME_LG2 : 0,
			   &d->streams);

	if (rc == 0)
		rc = queue_make(u, d->commands.lg2, 4, &d->commands);
	if (rc == 0)
		rc = queue_make(u, d->events.lg2, 5, &d->events);
	return rc;
}

static void install_tables(const struct smmu_unit *u)
{
	const struct smmu_driver *d = &u->driver;

	reg_write(u, REG_STRTAB_BASE, d->streams.raw | HINT_ALLOCATE, 8);
	reg_write(u, REG_STRTAB_BASE_CFG,
		  d->stream_bits | (d->two_level ? SPLIT << 6 | 1 << 16 : 0),
		  4);
	reg_write(u, REG_CMDQ_BASE,
		  d->commands.base.raw | d->commands.lg2 | HINT_ALLOCATE, 8);
	reg_write(u, REG_CMDQ_PROD, 0, 4);
	reg_write(u, REG_CMDQ_CONS, 0, 4);
	reg_write(u, REG_EVENTQ_BASE,
		  d->events.base.raw | d->events.lg2 | HINT_ALLOCATE, 8);
	reg_write(u, REG_EVENTQ_PROD, 0, 4);
	reg_write(u, REG_EVENTQ_CONS, 0, 4);
}

int smmu_driver_start(void *unit)
{
	struct smmu_unit *u = unit;
	int rc;

	if (mode(u) == IOMMU_MODE_OFF)
		return 0;
	find_out(u);
	rc = make_tables(u);
	if (rc)
		return rc;
	reg_update(u, REG_CR0, 0);
	reg_write(u, REG_CR1, CR1_CACHED, 4);
	/* Domains have tags of their own: what CPUs broadcast is not theirs. */
	reg_write(u, REG_CR2,
		  CR2_RECINVSID | (u->io->m->config.share_pt ? 0 : CR2_PTM), 4);
	install_tables(u);
	reg_update(u, REG_CR0, CR0_CMDQEN);
	command(u, CMD_CFGI_ALL, 31);
	command(u, CMD_TLBI_NSNH_ALL, 0);
	commands_sync(u);
	reg_update(u, REG_CR0, CR0_CMDQEN | CR0_EVENTQEN);
	reg_update(u, REG_IRQ_CTRL, IRQ_GERROR | IRQ_EVENTQ);
	reg_update(u, REG_CR0, CR0_CMDQEN | CR0_EVENTQEN | CR0_SMMUEN);
	return 0;
}

/* ---- devices ---- */

/* Where a stream's entry stands; of two levels the second is made when the
 * first stream of it comes. 5.1 */
static int ste_place(const struct smmu_unit *u, uint32_t sid, pa_t *at)
{
	const struct smmu_driver *d = &u->driver;
	struct hypervisor *h = iommu_driver_host(u->io);
	uint64_t offset = (uint64_t)(sid >> SPLIT) * 8, word, *e;
	uint64_t page = offset & ~(FRAME_BYTES - 1);
	int rc = 0;

	if (!d->two_level) {
		at->raw = d->streams.raw + (uint64_t)sid * 64;
		return 0;
	}
	e = port_table_map(h, (pa_t){ d->streams.raw + page });
	word = port_pte_read(h, &e[(offset - page) / 8]);
	port_table_unmap(h, e);
	at->raw = word & MASK(6, 46);
	if (!at->raw) {
		rc = pages_make(u, 0, at);
		word = at->raw | (SPLIT + 1); /* Span */
		if (rc == 0)
			entry_write(u, d->streams, offset, &word, 1);
	}
	at->raw += (sid & MASK(0, SPLIT)) * 64;
	return rc;
}

/* Word 0 says that the entry is valid: it comes last. Nothing of it may stay
 * in a configuration cache, not even that there was none. 3.21.3.1 */
static int ste_write(struct smmu_unit *u, uint32_t sid, const uint64_t word[8])
{
	pa_t at;
	int rc = ste_place(u, sid, &at);

	if (rc)
		return rc;
	entry_write(u, at, 8, word + 1, 7);
	entry_write(u, at, 0, word, 1);
	command(u, CMD_CFGI_STE | (uint64_t)sid << 32, 0);
	commands_sync(u);
	iommu_driver_told(u->io, PROTOCOL_STE, sid, at, 8);
	return 0;
}

/* The attributes that come in are not overridden: SHCFG 1. */
#define STE1_ALIKE	  (UINT64_C(1) << 44)
#define STE0_BYPASS	  (1 | UINT64_C(4) << 1)
#define STE0_TRANSLATE_S2 (1 | UINT64_C(6) << 1)
#define STE2_S2AA64	  (UINT64_C(1) << 51)
#define STE2_S2S	  (UINT64_C(1) << 57)
#define STE2_S2R	  (UINT64_C(1) << 58)

/* Stage 2 alone; faults are recorded, and stall only where they must. 5.2 */
static void ste_fill(const struct smmu_unit *u, const struct iommu_ste_s2 *s2,
		     uint64_t word[8])
{
	word[0] = STE0_TRANSLATE_S2;
	word[1] = STE1_ALIKE;
	word[2] = s2->s2vmid | (uint64_t)s2->s2t0sz << 32 |
		  (uint64_t)s2->s2sl0 << 38 | (uint64_t)s2->s2ir0 << 40 |
		  (uint64_t)s2->s2or0 << 42 | (uint64_t)s2->s2sh0 << 44 |
		  (uint64_t)s2->s2tg << 46 | (uint64_t)s2->s2ps << 48 |
		  STE2_S2AA64 | STE2_S2R | (u->driver.stalls ? STE2_S2S : 0);
	word[3] = s2->s2ttb.raw;
}

int smmu_driver_attach(void *unit, unsigned int device,
		       const struct iommu_domain *domain)
{
	struct smmu_unit *u = unit;
	uint64_t word[8] = { STE0_BYPASS, STE1_ALIKE };
	struct iommu_ste_s2 s2;

	if (mode(u) == IOMMU_MODE_OFF)
		return 0;
	if (mode(u) == IOMMU_MODE_STAGE2) {
		iommu_domain_ste(domain, &s2);
		ste_fill(u, &s2, word);
	}
	return ste_write(u, smmu_unit_sid(device), word);
}

int smmu_driver_share(void *unit, unsigned int device,
		      const struct iommu_ste_s2 *tables)
{
	struct smmu_unit *u = unit;
	uint64_t word[8] = { 0 };

	ste_fill(u, tables, word);
	return ste_write(u, smmu_unit_sid(device), word);
}

/* ---- invalidation ---- */

/* TLBI_S2_IPA: an entry, or a range of (NUM + 1) << SCALE granules. Without
 * TG, that has TTL and the rest mean something, it is the entry. 4.4.1.1 */
static void flush_ipa(struct smmu_unit *u, const struct port_iotlb *r)
{
	bool range = r->scope == PORT_IOTLB_RANGE;
	uint64_t low = CMD_TLBI_S2_IPA | (uint64_t)r->did << 32;
	uint64_t high = (r->start.raw & MASK(12, 40)) | r->leaf_only;

	if (range) {
		low |= (uint64_t)r->num << 12 | (uint64_t)r->scale << 20;
		high |= (r->granule_lg2 - UINT64_C(10)) / 2 << 10;
		if (r->level > 0)
			high |= (uint64_t)r->level << 8;
	}
	command(u, low, high);
}

void smmu_driver_flush(void *unit, const struct port_iotlb *r)
{
	struct smmu_unit *u = unit;
	struct smmu_driver *d = &u->driver;

	if (mode(u) != IOMMU_MODE_STAGE2)
		return;
	if (r->scope == PORT_IOTLB_DOMAIN) {
		command(u, CMD_TLBI_S12_VMALL | (uint64_t)r->did << 32, 0);
		return;
	}
	flush_ipa(u, r);
	if (!r->combined)
		return;
	if (d->combined && d->combined_vmid != r->did)
		flush_combined(u);
	d->combined = true;
	d->combined_vmid = r->did;
}

void smmu_driver_wait(void *unit)
{
	struct smmu_unit *u = unit;

	if (mode(u) == IOMMU_MODE_STAGE2)
		commands_sync(u);
}

/* ---- events ---- */

/* A stalled access waits for an answer: it ends with an abort. 4.6 */
static void event_answer(struct smmu_unit *u, const uint64_t word[4])
{
	uint64_t sid = word[0] >> 32, stag = word[1] & 0xffff;

	if (!(word[1] >> 31 & 1))
		return;
	command(u, CMD_RESUME | 1 << 13 | sid << 32, stag);
	commands_sync(u);
}

static void event_read(struct smmu_unit *u)
{
	struct smmu_driver_queue *q = &u->driver.events;
	struct hypervisor *h = iommu_driver_host(u->io);
	uint64_t offset = queue_offset(q, q->cons, 5);
	uint64_t in_page = offset & (FRAME_BYTES - 1), word[4];
	pa_t page = { q->base.raw + (offset - in_page) };
	const uint64_t *e;

	/* What a cache has of it is older than the record. */
	if (!u->driver.coherent)
		port_memory_clean(h, (pa_t){ q->base.raw + offset }, 32);
	e = port_table_map(h, page) + in_page / 8;
	for (unsigned int i = 0; i < 4; i++)
		word[i] = port_pte_read(h, &e[i]);
	port_table_unmap(h, (uint64_t *)(uintptr_t)(e - in_page / 8));
	q->cons++;
	u->io->faults_read++;
	event_answer(u, word);
}

/* Each record that is there, then room is made for as many. 3.5.2, 7.4 */
static void read_events(struct smmu_unit *u)
{
	struct smmu_driver *d = &u->driver;
	uint32_t prod = (uint32_t)reg_read(u, REG_EVENTQ_PROD);
	bool any = (prod ^ d->overflow) & OVERFLOW_FLAG;

	u->io->overflows += any;
	d->overflow = prod & OVERFLOW_FLAG;
	while (queue_position(&d->events, prod ^ d->events.cons)) {
		event_read(u);
		any = true;
	}
	if (any)
		reg_write(u, REG_EVENTQ_CONS,
			  queue_position(&d->events, d->events.cons) |
				  d->overflow,
			  4);
}

static void handle(void *unit)
{
	struct smmu_unit *u = unit;

	read_errors(u);
	read_events(u);
}

void smmu_driver_serve(void *unit)
{
	struct smmu_unit *u = unit;

	while (u->raised) {
		u->raised = false;
		iommu_driver_interrupt(u->io, u, handle);
	}
}
