/* SPDX-License-Identifier: BSD-2-Clause */
/* See iommu_host.h. VT-d 4.1 §6.5, §9.1, §9.3, §11.4. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bits.h"
#include "core/base/bug.h"
#include "core/port.h"
#include "models/vtd/vtd.h"
#include "tests/protocol/iommu_host.h"

#define BASE  UINT64_C(0x10000000)
#define PAGES 4096u
#define LINES (PAGES * 64)
#define UNIT  1 /* after the one CPU */

#define HERE __builtin_return_address(0)

/* The first pages are the driver's. */
enum { PAGE_ROOT, PAGE_CONTEXT, PAGE_QUEUE, PAGE_STATUS, PAGE_FIRST };

enum line { LINE_SEEN, LINE_DIRTY, LINE_CLEANING, LINE_POSTED };

/* What is done for its effect alone: each may be left out. */
enum step {
	STEP_BARRIER,
	STEP_CLEAN,
	STEP_FLUSH,
	STEP_WAIT,
	STEP_BUFFER,
};

struct iommu_host {
	uint64_t *cpu, *memory;
	uint8_t used[PAGES], line[LINES];
	uint32_t unseen[LINES], unseens;
	uint64_t meta[PAGES][PORT_TABLE_META_BYTES / 8];
	unsigned int from;
	struct iommu_hardware is;
	struct protocol_unit facts;
	struct checker *checker;
	struct model_random random;
	uint64_t seed, time;
	struct vtd *vtd;
	uint32_t tail, waits;
	const char *operation;
	const void *code; /* whom the port returns to */
	enum iommu_spoil spoil;
	uint64_t one, steps, fail, operations, like_operation;
	enum step like;
	bool barrier_held, made, replaced, cleaning;
	const uint64_t *clean_first;
	size_t clean_count;
	pa_t early[PAGES];
	void (*moment)(void *context);
	void *moment_context;
	bool in_moment;
};

static uint64_t draw(struct iommu_host *h, uint64_t below)
{
	h->seed ^= h->seed << 13;
	h->seed ^= h->seed >> 7;
	h->seed ^= h->seed << 17;
	return (h->seed >> 11) % below;
}

/* ---- below the caches ---- */

static void show(struct iommu_host *h, uint32_t n)
{
	memcpy(h->memory + (size_t)n * 8, h->cpu + (size_t)n * 8, 64);
	h->line[n] = LINE_SEEN;
}

static void set_line(struct iommu_host *h, uint32_t n, enum line state)
{
	if (h->line[n] == LINE_SEEN)
		h->unseen[h->unseens++] = n;
	h->line[n] = (uint8_t)state;
}

/* What is on its way arrives before it is written again. */
static void about_to_write(struct iommu_host *h, uint32_t n)
{
	if (h->line[n] >= LINE_CLEANING)
		memcpy(h->memory + (size_t)n * 8, h->cpu + (size_t)n * 8, 64);
}

static void written(struct iommu_host *h, uint32_t n)
{
	if (!h->is.coherent)
		set_line(h, n, LINE_DIRTY);
	else if (h->is.write_buffer)
		set_line(h, n, LINE_POSTED);
	else
		show(h, n);
}

static void move_lines(struct iommu_host *h, enum line state)
{
	for (uint32_t i = 0; i < h->unseens;) {
		const uint32_t n = h->unseen[i];

		if (h->line[n] == state && state == LINE_CLEANING &&
		    h->is.write_buffer)
			h->line[n] = LINE_POSTED;
		else if (h->line[n] == state)
			show(h, n);
		if (h->line[n] == LINE_SEEN)
			h->unseen[i] = h->unseen[--h->unseens];
		else
			i++;
	}
}

static void moment(struct iommu_host *h)
{
	/* Nothing overtakes what is in the write buffer. */
	if (h->is.write_buffer && h->unseens && draw(h, 16) == 0)
		move_lines(h, LINE_POSTED);
	else if (h->unseens && !h->is.write_buffer && draw(h, 16) == 0) {
		const uint32_t i = (uint32_t)draw(h, h->unseens);

		show(h, h->unseen[i]);
		h->unseen[i] = h->unseen[--h->unseens];
	}
	if (!h->moment || h->in_moment)
		return;
	h->in_moment = true;
	h->moment(h->moment_context);
	h->in_moment = false;
}

/* ---- events ---- */

static struct protocol_event host_event(const struct iommu_host *h,
					enum protocol_kind kind)
{
	return (struct protocol_event){
		.kind = kind,
		.el2 = true,
		.unit = kind >= PROTOCOL_UNIT && kind <= PROTOCOL_DMA ? UNIT
								      : 0,
		.source = { .operation = h->operation,
			    .code = h->code,
			    .pc = UINT64_MAX },
	};
}

static void pass(struct iommu_host *h, struct protocol_event e)
{
	checker_event(h->checker, &e);
}

/* True: this one is left out. */
static bool is_lost(struct iommu_host *h, enum step step)
{
	h->steps++;
	if (h->spoil == IOMMU_SPOIL_ONE && h->steps == h->one) {
		h->like = step;
		h->like_operation = h->operations;
		return true;
	}
	if (step != h->like)
		return false;
	return (h->spoil == IOMMU_SPOIL_LIKE &&
		h->operations == h->like_operation) ||
	       (h->spoil == IOMMU_SPOIL_AROUND &&
		h->operations + 1 >= h->like_operation);
}

void iommu_host_spoil(struct iommu_host *h, enum iommu_spoil spoil,
		      uint64_t one)
{
	h->spoil = spoil;
	h->one = one;
	h->steps = 0;
}

void iommu_host_like(struct iommu_host *h, const struct iommu_host *other,
		     enum iommu_spoil spoil)
{
	h->like = other->like;
	h->like_operation = other->like_operation;
	h->spoil = spoil;
}

bool iommu_host_lost_clean(const struct iommu_host *h)
{
	return h->like == STEP_CLEAN;
}

bool iommu_host_lost_buffer(const struct iommu_host *h)
{
	return h->like == STEP_BUFFER;
}

uint64_t iommu_host_steps(const struct iommu_host *h)
{
	return h->steps;
}

void iommu_host_fail(struct iommu_host *h, uint64_t nth)
{
	h->fail = nth;
}

void iommu_host_watch(struct iommu_host *h, void (*told)(void *context),
		      void *context)
{
	h->moment = told;
	h->moment_context = context;
}

struct checker *iommu_host_checker(struct iommu_host *h)
{
	return h->checker;
}

/* ---- what the unit asks, and says ---- */

static bool read_descriptor(void *context, uint64_t pa, unsigned int words,
			    bool coherent, uint64_t *out, uint64_t *ticks)
{
	const struct iommu_host *h = context;

	(void)coherent;
	(void)ticks;
	if (pa < BASE || pa + words * 8 > BASE + ((uint64_t)PAGES << 12))
		return false;
	memcpy(out, h->memory + (pa - BASE) / 8, words * sizeof(*out));
	return true;
}

static bool write_status(void *context, uint64_t pa, uint32_t data)
{
	struct iommu_host *h = context;

	memcpy(h->cpu + (pa - BASE) / 8, &data, sizeof(data));
	return true;
}

static void flush_write_buffer(void *context)
{
	move_lines(context, LINE_POSTED);
}

/* The drop of one cache after the other, as if by descriptors. */
static void all_dropped(struct iommu_host *h)
{
	static const uint64_t word[][2] = {
		{ 0x11 }, { 0x37 }, { 0x12 }, { 0x25 }
	};

	for (int i = 0; i < 4; i++) {
		struct protocol_event e = host_event(h, PROTOCOL_UNIT_TLBI);

		if (protocol_vtd_descriptor(&h->facts, word[i], &e))
			pass(h, e);
	}
}

static void fetched(struct iommu_host *h, const struct vtd_notice *n)
{
	struct protocol_event e = host_event(h, PROTOCOL_CONFIG);

	e.config = (struct protocol_config){
		.kind = n->table == VTD_READ_ROOT ? PROTOCOL_ROOT_ENTRY
						  : PROTOCOL_CONTEXT_ENTRY,
		.words = (uint8_t)n->words,
		.sid = n->table == VTD_READ_ROOT ? n->sid & 0xff00 : n->sid,
		.address = n->pa,
	};
	pass(h, e);
}

static void notice(void *context, const struct vtd_notice *n)
{
	struct iommu_host *h = context;
	struct protocol_event e = host_event(h, PROTOCOL_UNIT_WAIT);

	switch (n->kind) {
	case VTD_NOTICE_DESCRIPTOR:
		if (protocol_vtd_descriptor(&h->facts, n->word, &e))
			pass(h, e);
		return;
	case VTD_NOTICE_CONTEXT_COMMAND:
		if (protocol_vtd_context_command(n->word[0], &e))
			pass(h, e);
		return;
	case VTD_NOTICE_IOTLB_COMMAND:
		if (protocol_vtd_iotlb_command(&h->facts, n->word[0],
					       n->word[1], &e))
			pass(h, e);
		return;
	case VTD_NOTICE_COMMANDS_DONE:
		pass(h, e);
		return;
	case VTD_NOTICE_WRITE_BUFFER:
		e.kind = PROTOCOL_UNIT_BUFFER;
		pass(h, e);
		return;
	case VTD_NOTICE_FORGOT_ALL:
		all_dropped(h);
		return;
	case VTD_NOTICE_FETCHED:
		fetched(h, n);
		return;
	}
}

static const struct vtd_ops ops = {
	.read_descriptor = read_descriptor,
	.write_status = write_status,
	.flush_write_buffer = flush_write_buffer,
	.notice = notice,
};

/* ---- the driver ---- */

static uint64_t address(unsigned int page)
{
	return BASE + ((uint64_t)page << 12);
}

static void reg(struct iommu_host *h, uint32_t offset, uint64_t value,
		unsigned int bytes)
{
	vtd_mmio_write(h->vtd, offset, value, bytes, 0);
}

static void command(struct iommu_host *h, unsigned int bit)
{
	const uint64_t kept =
		vtd_mmio_read(h->vtd, 0x1c, 4) & (BIT(31) | BIT(26));

	reg(h, 0x18, kept | BIT(bit), 4);
}

static uint32_t iva(const struct iommu_host *h)
{
	return (uint32_t)(vtd_mmio_read(h->vtd, 0x10, 8) >> 8 & 0x3ff) * 16;
}

/* A descriptor of 128 bits, and the doorbell. */
static void queue(struct iommu_host *h, uint64_t low, uint64_t high)
{
	const size_t at = (size_t)PAGE_QUEUE * 512 + h->tail / 8;

	h->cpu[at] = h->memory[at] = low;
	h->cpu[at + 1] = h->memory[at + 1] = high;
	h->tail = (h->tail + 16) % 4096;
	reg(h, 0x88, h->tail, 8);
}

static void send_iotlb(struct iommu_host *h, uint64_t granularity, uint16_t did,
		       uint64_t pages)
{
	if (h->is.queued) {
		queue(h, 2 | granularity << 4 | (uint64_t)did << 16, pages);
		return;
	}
	reg(h, iva(h), pages, 8);
	reg(h, iva(h) + 8, BIT(63) | granularity << 60 | (uint64_t)did << 32,
	    8);
}

static void send_context(struct iommu_host *h, uint16_t sid, uint16_t did)
{
	if (h->is.queued)
		queue(h, 1 | 3 << 4 | (uint64_t)did << 16 | (uint64_t)sid << 32,
		      0);
	else
		reg(h, 0x28,
		    BIT(63) | UINT64_C(3) << 61 | (uint64_t)sid << 16 | did, 8);
}

static void wait(struct iommu_host *h)
{
	if (h->is.queued)
		queue(h, 5 | BIT(5) | (uint64_t)++h->waits << 32,
		      address(PAGE_STATUS));
	else
		(void)vtd_mmio_read(h->vtd, iva(h) + 8, 8);
}

static void store(struct iommu_host *h, const uint64_t *at, uint64_t bytes,
		  uint64_t now)
{
	struct protocol_event e = host_event(h, PROTOCOL_WRITE);

	e.address = BASE + (uint64_t)(at - h->cpu) * 8;
	e.bytes = bytes;
	e.now = now;
	pass(h, e);
}

static void start(struct iommu_host *h)
{
	const struct protocol_event unit = host_event(h, PROTOCOL_UNIT);
	struct protocol_event e = unit;

	e.facts = h->facts;
	pass(h, e);
	h->cpu[(size_t)PAGE_ROOT * 512] = address(PAGE_CONTEXT) | 1;
	h->memory[(size_t)PAGE_ROOT * 512] = address(PAGE_CONTEXT) | 1;
	reg(h, 0x20, address(PAGE_ROOT), 8);
	command(h, 30);
	if (h->is.queued) {
		reg(h, 0x90, address(PAGE_QUEUE), 8);
		command(h, 26);
	}
	command(h, 31);
}

struct iommu_host *iommu_host_new(const struct iommu_hardware *hardware,
				  uint64_t seed)
{
	static const struct checker_config checking = { .cpus = 1 };
	struct iommu_host *h = calloc(1, sizeof(*h));
	struct vtd_config c = vtd_config_common();

	BUG_ON(h, !h);
	h->is = *hardware;
	h->seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	h->from = PAGE_FIRST;
	h->facts = (struct protocol_unit){
		.type = PROTOCOL_VTD,
		.noncoherent = !hardware->coherent,
		.write_buffer = hardware->write_buffer,
		.caching_mode = hardware->caching_mode,
		.output_bits = 48,
	};
	h->cpu = calloc(PAGES, 4096);
	h->memory = calloc(PAGES, 4096);
	h->checker = checker_new(&checking, NULL, NULL);
	model_random_seed(&h->random, seed);
	c.haw_bits = 48;
	c.mgaw_bits = (uint8_t)(12 + 9 * hardware->levels);
	c.levels_mask = (uint8_t)(1u << (hardware->levels - 2));
	c.coherent = hardware->coherent;
	c.write_buffer_flush = hardware->write_buffer;
	c.caching_mode = hardware->caching_mode;
	c.queued = hardware->queued;
	c.mamv = 18;
	h->vtd = vtd_new(&c, &ops, h, &h->random);
	BUG_ON(h, !h->cpu || !h->memory || !h->checker || !h->vtd);
	start(h);
	return h;
}

void iommu_host_free(struct iommu_host *h)
{
	vtd_free(h->vtd);
	checker_free(h->checker);
	free(h->cpu);
	free(h->memory);
	free(h);
}

/* The barrier that was asked for last, now that it is known what follows. */
static void settle_barrier(struct iommu_host *h, bool flush, bool link)
{
	struct protocol_event e = host_event(h, PROTOCOL_BARRIER);

	if (!h->barrier_held)
		return;
	h->barrier_held = false;
	if ((h->spoil == IOMMU_SPOIL_NO_BARRIER_BEFORE_FLUSH && flush) ||
	    (h->spoil == IOMMU_SPOIL_LINK_FIRST && link) ||
	    (h->spoil == IOMMU_SPOIL_NO_BARRIER_AFTER_MAKE && !flush && !link))
		return;
	if (is_lost(h, STEP_BARRIER))
		return;
	move_lines(h, LINE_CLEANING);
	e.barrier = PROTOCOL_DSB;
	e.access = PROTOCOL_STORES;
	e.domain = PROTOCOL_ISH;
	pass(h, e);
	if (h->cleaning) {
		h->cleaning = false;
		h->spoil = IOMMU_SPOIL_NOTHING;
		port_pte_clean(h, h->clean_first, h->clean_count);
		h->spoil = IOMMU_SPOIL_CLEAN_LATE;
	}
}

static void write_context(struct iommu_host *h, uint16_t sid, uint64_t low,
			  uint64_t high)
{
	uint64_t *entry = h->cpu + (size_t)PAGE_CONTEXT * 512 + sid * 2u;

	port_pte_write(h, &entry[1], high);
	port_pte_write(h, &entry[0], low);
	if (!h->is.coherent)
		port_pte_clean(h, entry, 2);
	port_barrier(h, PORT_DSB_ISHST);
	settle_barrier(h, false, false);
	if (h->is.write_buffer)
		port_iommu_write_buffer(h);
}

static void invalidate(struct iommu_host *h, uint16_t sid, uint16_t did,
		       enum iommu_attach how)
{
	if (how != IOMMU_ATTACH_NO_CONTEXT)
		send_context(h, sid, did);
	if (how != IOMMU_ATTACH_NO_IOTLB)
		send_iotlb(h, 2, did, 0);
	wait(h);
}

void iommu_host_attach(struct iommu_host *h, uint16_t sid,
		       const struct iommu_domain *domain, enum iommu_attach how)
{
	struct protocol_event e = host_event(h, PROTOCOL_CONFIG);

	iommu_host_begin(h, "attach");
	write_context(h, sid, domain->root.raw | 1,
		      iommu_domain_aw(domain) | (uint64_t)domain->config.did
							<< 8);
	e.config = (struct protocol_config){
		.kind = PROTOCOL_CONTEXT_ENTRY,
		.words = 2,
		.sid = sid,
		.address = address(PAGE_CONTEXT) + sid * UINT64_C(16),
	};
	pass(h, e);
	if (h->is.caching_mode)
		invalidate(h, sid, domain->config.did, how);
	iommu_host_done(h, domain);
}

void iommu_host_detach(struct iommu_host *h, uint16_t sid, uint16_t did,
		       enum iommu_attach how)
{
	struct protocol_event e = host_event(h, PROTOCOL_DONE);

	iommu_host_begin(h, "detach");
	write_context(h, sid, 0, 0);
	invalidate(h, sid, did, how);
	e = host_event(h, PROTOCOL_DONE);
	e.of_domain = true;
	e.did = did;
	pass(h, e);
}

/* ---- operations ---- */

void iommu_host_begin(struct iommu_host *h, const char *operation)
{
	settle_barrier(h, false, false);
	h->operation = operation;
	h->code = NULL;
	h->operations++;
	h->time += 100;
}

void iommu_host_done(struct iommu_host *h, const struct iommu_domain *domain)
{
	struct protocol_event e = host_event(h, PROTOCOL_DONE);

	settle_barrier(h, false, false);
	e.of_domain = true;
	e.did = domain->config.did;
	e.deferred = !iommu_is_flushed(domain);
	pass(h, e);
}

void iommu_host_give(struct iommu_host *h, uint64_t mfn, uint64_t frames)
{
	struct protocol_event e = host_event(h, PROTOCOL_FRAME_FREE);

	e.address = mfn << 12;
	e.bytes = frames << 12;
	e.input = UINT64_MAX;
	pass(h, e);
}

struct iommu_entry iommu_host_dma(struct iommu_host *h, uint16_t sid,
				  uint64_t dfn, bool write)
{
	const struct vtd_request r = {
		.iova = dfn << 12 | 0x40, .bytes = 4, .sid = sid, .write = write
	};
	struct protocol_event e = host_event(h, PROTOCOL_DMA);
	struct vtd_outcome out;

	vtd_translate(h->vtd, &r, &out);
	e.dma = (struct protocol_dma){ .sid = sid,
				       .did = out.did,
				       .reached = out.result == VTD_TRANSLATED,
				       .by_held_config = out.context_hit,
				       .iova = r.iova,
				       .pa = out.pa };
	if (checker_listener(h->checker)->dma_wanted)
		pass(h, e);
	if (out.result != VTD_TRANSLATED)
		return (struct iommu_entry){ 0 };
	return (struct iommu_entry){ .mfn = { out.pa >> 12 }, .access = 1 };
}

/* ---- the port ---- */

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "bug: %s:%d: %s\n", file, line, what);
	abort();
}

int port_table_alloc(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t *table)
{
	struct iommu_host *h = host;

	BUG_ON(h, granule_lg2 != 12 || order);
	if (h->fail && --h->fail == 0)
		return ERR_NOMEM;
	/* Round and round, so that a page is not used again at once. */
	for (unsigned int i = 0; i < PAGES; i++) {
		const unsigned int page = h->from;

		h->from = h->from + 1 < PAGES ? h->from + 1 : PAGE_FIRST;
		if (h->used[page])
			continue;
		h->used[page] = 1;
		memset(h->meta[page], 0, sizeof(h->meta[page]));
		table->raw = address(page);
		return 0;
	}
	return ERR_NOMEM;
}

static void give_back(struct iommu_host *h, pa_t table)
{
	struct protocol_event e = host_event(h, PROTOCOL_TABLE_FREE);

	e.address = table.raw;
	e.bytes = 4096;
	pass(h, e);
}

void port_table_free(void *host, unsigned int granule_lg2, unsigned int order,
		     pa_t table)
{
	struct iommu_host *h = host;

	h->code = HERE;
	(void)granule_lg2;
	(void)order;
	settle_barrier(h, false, false);
	if (h->spoil != IOMMU_SPOIL_EARLY_FREE)
		give_back(h, table);
	h->used[(table.raw - BASE) >> 12] = 0;
}

void *port_table_meta(void *host, pa_t table)
{
	struct iommu_host *h = host;

	return h->meta[(table.raw - BASE) >> 12];
}

uint64_t *port_table_map(void *host, pa_t table)
{
	struct iommu_host *h = host;

	return h->cpu + (table.raw - BASE) / 8;
}

void port_table_unmap(void *host, uint64_t *entries)
{
	(void)host;
	(void)entries;
}

uint64_t port_pte_read(void *host, const uint64_t *pte)
{
	(void)host;
	return *pte;
}

static bool is_ours(uint64_t value)
{
	return (value & MASK(12, 40)) >= BASE &&
	       (value & MASK(12, 40)) < address(PAGES);
}

static bool is_table(uint64_t value)
{
	return (value & 3) == 3 && !(value & BIT(7)) && is_ours(value);
}

void port_pte_write(void *host, uint64_t *pte, uint64_t value)
{
	struct iommu_host *h = host;
	const uint32_t n = (uint32_t)((pte - h->cpu) / 8);
	const uint64_t old = *pte;
	struct protocol_event e;

	h->code = HERE;
	settle_barrier(h, false, is_table(value));
	about_to_write(h, n);
	*pte = value;
	if (h->spoil == IOMMU_SPOIL_NO_UNLINK && is_table(old) && !value)
		return;
	if (h->spoil == IOMMU_SPOIL_PIECES &&
	    (uint32_t)old != (uint32_t)value) {
		store(h, pte, 4, (old & ~MASK(0, 32)) | (value & MASK(0, 32)));
		e = host_event(h, PROTOCOL_WRITE);
		e.address = BASE + (uint64_t)(pte - h->cpu) * 8;
		e.bytes = 4;
		e.now = value;
		pass(h, e);
	} else {
		store(h, pte, 8, value);
	}
	/* The old table goes back as soon as nothing leads there. */
	if (h->spoil == IOMMU_SPOIL_EARLY_FREE && is_table(old) &&
	    !is_table(value))
		give_back(h, (pa_t){ old & MASK(12, 40) });
	written(h, n);
	moment(h);
}

void port_table_zero(void *host, uint64_t *entries, size_t bytes)
{
	struct iommu_host *h = host;
	const uint32_t first = (uint32_t)((entries - h->cpu) / 8);

	h->code = HERE;
	settle_barrier(h, false, false);
	for (uint32_t n = first; n < first + bytes / 64; n++)
		about_to_write(h, n);
	memset(entries, 0, bytes);
	store(h, entries, bytes, 0);
	for (uint32_t n = first; n < first + bytes / 64; n++)
		written(h, n);
}

void port_pte_clean(void *host, const uint64_t *first, size_t count)
{
	struct iommu_host *h = host;
	struct protocol_event e = host_event(h, PROTOCOL_CLEAN);
	const size_t at = (size_t)(first - h->cpu);

	h->code = HERE;
	settle_barrier(h, false, false);
	if (h->spoil == IOMMU_SPOIL_NO_CLEAN ||
	    (h->spoil == IOMMU_SPOIL_NO_CLEAN_TABLE && count == 512))
		return;
	if (h->spoil == IOMMU_SPOIL_CLEAN_LATE && count < 512) {
		h->cleaning = true;
		h->clean_first = first;
		h->clean_count = count;
		return;
	}
	if (is_lost(h, STEP_CLEAN))
		return;
	for (size_t n = at / 8; n <= (at + count - 1) / 8; n++)
		if (h->line[n] == LINE_DIRTY)
			h->line[n] = LINE_CLEANING;
	e.address = BASE + at * 8;
	e.bytes = count * 8;
	pass(h, e);
	moment(h);
}

void port_barrier(void *host, enum port_barrier kind)
{
	struct iommu_host *h = host;

	h->code = HERE;
	BUG_ON(h, kind != PORT_DSB_ISHST);
	settle_barrier(h, false, false);
	h->barrier_held = true;
	moment(h);
}

void port_iotlb_flush(void *host, const struct port_iotlb *r)
{
	struct iommu_host *h = host;
	const bool pages = r->scope == PORT_IOTLB_PAGES;
	uint64_t mask = r->mask_lg2, start = r->start.raw;
	uint16_t did = r->did;

	h->code = HERE;
	settle_barrier(h, true, false);
	if (h->spoil == IOMMU_SPOIL_NO_FLUSH || is_lost(h, STEP_FLUSH))
		return;
	if (h->spoil == IOMMU_SPOIL_OTHER_DOMAIN)
		did++;
	if (h->spoil == IOMMU_SPOIL_SHIFTED)
		start += UINT64_C(4096) << mask;
	if (h->spoil == IOMMU_SPOIL_SMALL_MASK)
		mask = 0;
	send_iotlb(h, pages ? 3 : 2, did,
		   pages ? start | mask |
				   (uint64_t)(r->leaf_only ||
					      h->spoil == IOMMU_SPOIL_HINT)
					   << 6
			 : 0);
	moment(h);
}

void port_iotlb_wait(void *host)
{
	struct iommu_host *h = host;

	h->code = HERE;
	settle_barrier(h, true, false);
	if (h->spoil != IOMMU_SPOIL_NO_WAIT && !is_lost(h, STEP_WAIT))
		wait(h);
	moment(h);
}

void port_iommu_write_buffer(void *host)
{
	struct iommu_host *h = host;

	h->code = HERE;
	settle_barrier(h, false, false);
	if (h->spoil != IOMMU_SPOIL_NO_WRITE_BUFFER && !is_lost(h, STEP_BUFFER))
		command(h, 27);
}

bool port_preempt(void *host)
{
	(void)host;
	return false;
}

uint64_t port_time(void *host)
{
	return ((struct iommu_host *)host)->time;
}

/* What a domain needs no more of the port. */
void port_tlbi(void *host, const struct port_tlbi *r)
{
	(void)r;
	BUG_ON(host, true);
}

void port_memory_clean(void *host, pa_t from, uint64_t bytes)
{
	(void)from;
	(void)bytes;
	BUG_ON(host, true);
}

void port_icache_invalidate(void *host)
{
	BUG_ON(host, true);
}
