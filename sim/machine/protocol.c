/* SPDX-License-Identifier: BSD-2-Clause */
/* See protocol.h. */
#include "sim/machine/protocol.h"

#include <string.h>
#include <sys/mman.h>

#include "core/port.h"
#include "models/arm/descriptor.h"

#include "sim/machine/access.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/setway.h"
#include "sim/machine/watch.h"

static void tell(struct machine *m, struct protocol_event *e)
{
	m->protocol->event(m->protocol->context, e);
}

static struct protocol_event by_hypervisor(const struct machine *m,
					   enum protocol_kind kind,
					   const void *code)
{
	return (struct protocol_event){
		.kind = kind,
		.cpu = (uint8_t)m->current,
		.el2 = true,
		.vmid = SIM_VMID,
		.source = { .operation = m->operation,
			    .code = code,
			    .pc = UINT64_MAX },
	};
}

static struct protocol_event by_guest(const struct machine_cpu *cpu,
				      enum protocol_kind kind,
				      const char *instruction)
{
	return (struct protocol_event){
		.kind = kind,
		.cpu = (uint8_t)cpu->index,
		.world = PROTOCOL_GUEST,
		.vmid = SIM_VMID,
		.source = { .operation = instruction, .pc = cpu->block },
	};
}

/* ---- listening */

static bool read_word(void *context, enum protocol_world world, uint16_t vmid,
		      uint64_t address, uint64_t *value)
{
	struct machine *m = context;

	(void)vmid;
	if (world == PROTOCOL_GUEST)
		return machine_guest_copy_out(m, (ipa_t){ address }, value,
					      sizeof(*value));
	if (!ram_has(&m->ram, (pa_t){ address }, sizeof(*value)))
		return false;
	*value = ram_read64(&m->ram, (pa_t){ address });
	return true;
}

static bool filled(void *context, unsigned int cpu, uint64_t va,
		   uint64_t *event, uint64_t *pc)
{
	return protocol_filled(context, cpu, va, event, pc);
}

bool machine_listen(struct machine *m, struct protocol_listener *listener,
		    bool watch)
{
	listener->read = read_word;
	listener->filled = filled;
	listener->read_context = m;
	m->protocol = listener;
	if (watch && !m->watch)
		m->watch = watch_new(m);
	return !watch || m->watch;
}

/* ---- the hypervisor */

void protocol_write(struct machine *m, pa_t at, uint64_t bytes, uint64_t now,
		    const void *code)
{
	struct protocol_event e = by_hypervisor(m, PROTOCOL_WRITE, code);

	e.address = at.raw;
	e.bytes = bytes;
	e.now = now;
	tell(m, &e);
}

void protocol_clean(struct machine *m, pa_t at, uint64_t bytes,
		    const void *code)
{
	struct protocol_event e = by_hypervisor(m, PROTOCOL_CLEAN, code);

	e.address = at.raw;
	e.bytes = bytes;
	tell(m, &e);
}

void protocol_table(struct machine *m, enum protocol_kind kind, pa_t table,
		    uint64_t bytes, const void *code)
{
	struct protocol_event e = by_hypervisor(m, kind, code);

	e.address = table.raw;
	e.bytes = bytes;
	tell(m, &e);
}

void protocol_dsb(struct machine *m, bool stores_only, const void *code)
{
	struct protocol_event e = by_hypervisor(m, PROTOCOL_BARRIER, code);

	e.barrier = PROTOCOL_DSB;
	e.access = stores_only ? PROTOCOL_STORES : PROTOCOL_ALL;
	e.domain = PROTOCOL_ISH;
	tell(m, &e);
}

void protocol_isb(struct machine *m, const void *code)
{
	struct protocol_event e = by_hypervisor(m, PROTOCOL_BARRIER, code);

	e.barrier = PROTOCOL_ISB;
	tell(m, &e);
}

/* TTL of an operand, DDI0487 L.b C5.5: by address in 47:44, granule above
 * level; of a range in 38:37, its granule in 47:46. */
static void level_hint(struct protocol_tlbi *t, uint64_t operand)
{
	static const uint8_t granules_lg2[] = { 0, 12, 14, 16 };

	t->level = -1;
	if (t->by != PROTOCOL_BY_ADDRESS)
		return;
	t->granule_lg2 = granules_lg2[operand >> 46 & 3];
	if (t->is_range && (operand >> 37 & 3))
		t->level = (int8_t)(operand >> 37 & 3);
	else if (!t->is_range && t->granule_lg2 && (operand >> 44 & 3))
		t->level = (int8_t)(operand >> 44 & 3);
	if (!t->is_range && t->level < 0)
		t->granule_lg2 = 0;
}

static struct protocol_tlbi decoded(const struct arm_tlbi *tlbi,
				    uint64_t operand)
{
	const struct tlb_match *match = &tlbi->match;
	struct protocol_tlbi t = {
		.name = tlbi->name,
		.stage1 = tlbi->stage1,
		.stage2 = tlbi->stage2,
		.any_vmid = !match->by_vmid,
		.by_asid = match->by_asid,
		.broadcast = tlbi->broadcast,
		.last_level = tlbi->leaf_only,
		.is_range = tlbi->name[0] == 'R',
		.by = match->by_range  ? PROTOCOL_BY_ADDRESS
		      : match->by_asid ? PROTOCOL_BY_ASID
				       : PROTOCOL_BY_ALL,
		.vmid = match->vmid,
		.asid = match->asid,
		.first = match->first,
		.last = match->last,
	};

	level_hint(&t, operand);
	return t;
}

void protocol_tlbi(struct machine *m, const struct arm_tlbi *tlbi,
		   uint64_t operand, const void *code)
{
	struct protocol_event e = by_hypervisor(m, PROTOCOL_TLBI, code);

	e.tlbi = decoded(tlbi, operand);
	tell(m, &e);
}

/* What a request by address names. */
static uint64_t iotlb_bytes(const struct port_iotlb *r)
{
	switch (r->scope) {
	case PORT_IOTLB_IPA:
		return BIT(r->granule_lg2);
	case PORT_IOTLB_RANGE:
		return (r->num + UINT64_C(1)) << r->scale << r->granule_lg2;
	default:
		return FRAME_BYTES << r->mask_lg2;
	}
}

void protocol_iotlb(struct machine *m, const struct port_iotlb *request,
		    const void *code)
{
	struct protocol_event e = by_hypervisor(m, PROTOCOL_IOTLB, code);
	const uint64_t first = align_down(request->start.raw,
					  request->scope == PORT_IOTLB_PAGES
						  ? FRAME_LG2 + request->mask_lg2
						  : request->granule_lg2);

	e.iotlb = (struct protocol_iotlb){
		.all = request->scope == PORT_IOTLB_DOMAIN,
		.leaf_only = request->leaf_only,
		.level = request->scope == PORT_IOTLB_PAGES ||
					 request->level < 0
				 ? 0
				 : (uint8_t)request->level,
		.did = request->did,
		.first = first,
		.last = first + (iotlb_bytes(request) - 1),
	};
	tell(m, &e);
}

void protocol_iotlb_wait(struct machine *m, const void *code)
{
	struct protocol_event e = by_hypervisor(m, PROTOCOL_IOTLB_WAIT, code);

	tell(m, &e);
}

void protocol_write_buffer(struct machine *m, const void *code)
{
	struct protocol_event e = by_hypervisor(m, PROTOCOL_WRITE_BUFFER, code);

	tell(m, &e);
}

void protocol_frames(struct machine *m, enum protocol_kind kind, gfn_t gfn,
		     uint64_t count)
{
	struct protocol_event e = by_hypervisor(m, kind, NULL);

	for (uint64_t done = 0; done < count; done += e.bytes >> FRAME_LG2) {
		gfn_t at = { gfn.raw + done };
		mfn_t mfn = hypervisor_frame(m->hypervisor, at);
		uint64_t run = 1;

		while (done + run < count &&
		       hypervisor_frame(m->hypervisor,
					(gfn_t){ at.raw + run }).raw ==
			       mfn.raw + run)
			run++;
		e.address = pa_from_mfn(mfn).raw;
		e.bytes = run << FRAME_LG2;
		e.input = ipa_from_gfn(at).raw;
		tell(m, &e);
	}
}

void protocol_done(struct machine *m)
{
	struct protocol_event e = by_hypervisor(m, PROTOCOL_DONE, NULL);

	tell(m, &e);
	m->operation = NULL;
}

/* ---- roots */

static void tell_root(struct machine *m, const struct machine_cpu *cpu,
		      enum protocol_base base, const struct arm_range *range,
		      bool on)
{
	const struct arm_setup *setup = &cpu->mmu.regime.setup;
	struct protocol_event e = by_guest(cpu, PROTOCOL_ROOT, "MSR");

	e.root = (struct protocol_root){
		.base = base,
		.on = on && range->usable,
		.granule_lg2 = range->granule->page_lg2,
		.level = range->level,
		.input_bits = range->input_bits,
		.output_bits = range->output_bits,
		.vmid = setup->s2_tag.vmid,
		.table = range->root,
	};
	if (base == PROTOCOL_VTTBR) {
		e.el2 = true;
		e.root.noncoherent = range->uncached;
	} else {
		e.root.asid = setup->tag.asid;
		e.root.asid_used = base == PROTOCOL_TTBR0;
	}
	if (base == PROTOCOL_TTBR1 && range->usable)
		e.root.first_input = ~UINT64_C(0) << range->input_bits;
	tell(m, &e);
}

void protocol_roots(struct machine *m, const struct machine_cpu *cpu)
{
	const struct arm_setup *setup = &cpu->mmu.regime.setup;

	tell_root(m, cpu, PROTOCOL_VTTBR, &setup->s2, setup->stage2);
	tell_root(m, cpu, PROTOCOL_TTBR0, &setup->s1[0], setup->stage1);
	tell_root(m, cpu, PROTOCOL_TTBR1, &setup->s1[1], setup->stage1);
}

/* ---- control registers */

static void tell_control(struct machine *m, const struct machine_cpu *cpu,
			 const struct protocol_control *control)
{
	struct protocol_event e = by_guest(cpu, PROTOCOL_CONTROL, "MSR");

	e.control = *control;
	if (control->changed)
		tell(m, &e);
}

#define BASE(which) (1u << PROTOCOL_##which)

/* Any bits but A1, and EPD0 and EPD1 where they were set: D24.2. */
static void tell_tcr(struct machine *m, const struct machine_cpu *cpu,
		     uint64_t before)
{
	const uint64_t epd = FIELD_MASK(ARM_TCR_EPD0) |
			     FIELD_MASK(ARM_TCR_EPD1);
	uint64_t changed = (before ^ cpu->mmu.regs.tcr) &
			   ~FIELD_MASK(ARM_TCR_A1) & ~(before & epd);
	struct protocol_control c = { .name = "TCR_EL1", .changed = changed };

	if (changed & ~MASK(16, 16))
		c.bases |= BASE(TTBR0);
	if (changed & ~MASK(0, 16))
		c.bases |= BASE(TTBR1);
	tell_control(m, cpu, &c);
}

void protocol_control(struct machine *m, const struct machine_cpu *cpu,
		      const struct arm_regs *before)
{
	const struct arm_regs *now = &cpu->mmu.regs;
	struct protocol_control c = { .name = "MAIR_EL1",
				      .changed = before->mair ^ now->mair,
				      .bases = BASE(TTBR0) | BASE(TTBR1) };

	for (unsigned int i = 0; i < 8; i++)
		if (c.changed >> i * 8 & 0xff)
			c.indexes |= (uint8_t)(1u << i);
	tell_control(m, cpu, &c);
	c = (struct protocol_control){
		.name = "SCTLR_EL1",
		.changed = (before->sctlr ^ now->sctlr) &
			   (FIELD_MASK(ARM_SCTLR_WXN) |
			    FIELD_MASK(ARM_SCTLR_EE)),
		.bases = BASE(TTBR0) | BASE(TTBR1),
	};
	tell_control(m, cpu, &c);
	tell_tcr(m, cpu, before->tcr);
}

/* ---- a guest */

/* What the fast paths remember of lookups is forgotten, so that the next
 * access of each page is seen: after anything that may make an entry stale. */
static void look_again(struct machine *m)
{
	for (unsigned int i = 0; i < m->config.cpus; i++) {
		access_settle_uses(&m->cpu[i]);
		m->cpu[i].mmu.data_context++;
		m->cpu[i].mmu.fetch_context++;
	}
}

void protocol_guest_barrier(struct machine *m, const struct machine_cpu *cpu,
			    enum machine_barrier kind)
{
	static const char *const name[] = { "DMB", "DSB", "ISB" };
	struct protocol_event e = by_guest(cpu, PROTOCOL_BARRIER, name[kind]);

	e.barrier = kind == BARRIER_DMB	  ? PROTOCOL_DMB
		    : kind == BARRIER_DSB ? PROTOCOL_DSB
					  : PROTOCOL_ISB;
	e.access = PROTOCOL_ALL;
	e.domain = PROTOCOL_SYS;
	tell(m, &e);
	if (kind != BARRIER_DMB && m->protocol->uses_wanted)
		look_again(m);
}

void protocol_context(struct machine *m, const struct machine_cpu *cpu)
{
	struct protocol_event e = by_guest(cpu, PROTOCOL_CONTEXT, "exception");

	if (!m->protocol->context_wanted)
		return;
	tell(m, &e);
	if (m->protocol->uses_wanted)
		look_again(m);
}

void protocol_guest_tlbi(struct machine *m, const struct machine_cpu *cpu,
			 const struct arm_tlbi *tlbi, uint64_t operand)
{
	struct protocol_event e = by_guest(cpu, PROTOCOL_TLBI, tlbi->name);

	e.tlbi = decoded(tlbi, operand);
	tell(m, &e);
}

void protocol_guest_word(struct machine *m, ipa_t at, unsigned int size,
			 uint64_t word, bool stored)
{
	struct protocol_event e =
		by_guest(&m->cpu[m->current],
			 stored ? PROTOCOL_WRITE : PROTOCOL_CONTENT, "store");

	e.address = at.raw;
	e.bytes = size;
	e.now = word;
	tell(m, &e);
	if (m->protocol->uses_wanted)
		look_again(m);
}

void protocol_guest_clean(struct machine *m, const struct machine_cpu *cpu,
			  pa_t line)
{
	struct protocol_event e = by_guest(cpu, PROTOCOL_CLEAN, "DC");
	gfn_t gfn;

	if (!hypervisor_gfn(m->hypervisor, mfn_from_pa(line), &gfn))
		return;
	e.address = (ipa_from_gfn(gfn).raw | (line.raw & (FRAME_BYTES - 1))) &
		    -m->line_bytes;
	e.bytes = m->line_bytes;
	tell(m, &e);
}

void protocol_guest_done(struct machine *m, const struct machine_cpu *cpu,
			 const char *operation)
{
	struct protocol_event e = by_guest(cpu, PROTOCOL_DONE, operation);

	tell(m, &e);
}

void protocol_use(struct machine *m, const struct machine_cpu *cpu, va_t va,
		  unsigned int access, const struct arm_translation *t)
{
	struct protocol_event e = by_guest(cpu, PROTOCOL_USE, "access");

	e.va = va.raw;
	e.ipa = t->ipa.raw;
	e.pa = t->pa.raw;
	e.has_stage1 = cpu->mmu.regime.setup.stage1;
	e.fetch = access & ARM_ACCESS_FETCH;
	tell(m, &e);
}

/* ---- data below the caches */

/* Who first wrote a line since it was clean. */
struct line_writer {
	uint64_t pc, event;
	uint8_t cpu;
	bool known;
};

static uint64_t writers_bytes(const struct machine *m)
{
	return ((m->ram.bytes >> m->line_lg2) + 1) * sizeof(struct line_writer);
}

static uint64_t line_index(const struct machine *m, pa_t pa)
{
	return (pa.raw - m->ram.base.raw) >> m->line_lg2;
}

void protocol_before_write(struct machine *m, const struct machine_cpu *cpu,
			   pa_t pa)
{
	if (!m->line_writer) {
		void *room = mmap(NULL, writers_bytes(m),
				  PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				  -1, 0);

		/* Without, findings do not name the writer. */
		if (room == MAP_FAILED)
			return;
		m->line_writer = room;
	}
	m->line_writer[line_index(m, pa)] =
		(struct line_writer){ .pc = cpu->block,
				      .event = m->protocol->number,
				      .cpu = (uint8_t)cpu->index,
				      .known = true };
}

void protocol_forget_writers(struct machine *m)
{
	if (m->line_writer)
		munmap(m->line_writer, writers_bytes(m));
	m->line_writer = NULL;
}

/* The first byte of [pa, pa + bytes) whose two versions differ. */
static bool first_stale(const struct machine *m, pa_t *pa, uint64_t bytes)
{
	const struct versions *v = m->versions;

	for (; bytes; pa->raw++, bytes--)
		if (versions_is_unclean(v, *pa) &&
		    v->other[pa->raw - m->ram.base.raw] !=
			    *(const uint8_t *)ram_host(&m->ram, *pa))
			return true;
	return false;
}

void protocol_read_past(struct machine *m, const struct machine_cpu *cpu,
			va_t va, pa_t pa, uint64_t bytes)
{
	struct protocol_event e = by_guest(cpu, PROTOCOL_READ, "load");
	const struct line_writer *w;
	pa_t at = pa;
	gfn_t gfn;
	uint64_t ipa;

	/* What goes past caches that are on sees what they have: README. */
	if (!m->versions->memory_shown || setway_has_caches(cpu) ||
	    !m->versions->count || !ram_has(&m->ram, pa, bytes) ||
	    !first_stale(m, &at, bytes) ||
	    !hypervisor_gfn(m->hypervisor, mfn_from_pa(at), &gfn))
		return;
	ipa = ipa_from_gfn(gfn).raw | (at.raw & (FRAME_BYTES - 1));
	e.read = (struct protocol_read){ .va = va.raw,
					 .address = ipa - (at.raw - pa.raw),
					 .bytes = bytes,
					 .line = ipa & -m->line_bytes,
					 .line_bytes = m->line_bytes };
	at.raw &= ~UINT64_C(7);
	e.read.below = ram_read64(&m->ram, at);
	memcpy(&e.read.above, m->versions->other + (at.raw - m->ram.base.raw),
	       sizeof(e.read.above));
	w = m->line_writer ? &m->line_writer[line_index(m, at)] : NULL;
	if (w && w->known) {
		e.read.writer_known = true;
		e.read.writer_cpu = w->cpu;
		e.read.writer_pc = w->pc;
		e.read.writer_event = w->event;
	}
	tell(m, &e);
}
