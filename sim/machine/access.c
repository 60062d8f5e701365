/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses that do change state: lookups page by page, lines within a page,
 * faults settled with the hypervisor on the way. models/README.md rules 1-9
 * and 18; what is idle is settled in access.h.
 */
#include "sim/machine/access.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu.h"
#include "sim/machine/pci.h"
#include "sim/machine/protocol.h"
#include "sim/machine/stall.h"


/* ---- one lookup ---- */

/* After a walk; *t is of no use unless `ok`. */
static inline void charge_walk(struct machine *m, struct machine_cpu *cpu,
			       va_t va, unsigned int access,
			       const struct arm_translation *t, bool ok,
			       const struct arm_fault *fault)
{
	uint64_t charge = arm_walk_cycles(&cpu->mmu.walk, m->latency);

	cpu->walk_charge += charge;
	account_charge(cpu, BUCKET_WALK, charge);
	if (__builtin_expect(!observing(m), 1))
		return;
	observe_walk(m, cpu, va, &cpu->mmu.walk, charge >> CYCLE_LG2,
		     ok ? "translated" : arm_fault_name(fault->kind));
	if (ok)
		observe_fill(m, cpu, va, access, t);
}

void access_settle_uses(struct machine_cpu *cpu)
{
	while (cpu->memos_used) {
		unsigned int oldest = ctz64(cpu->memos_used);

		for (uint64_t left = cpu->memos_used; left; left &= left - 1)
			if (cpu->memo[ctz64(left)].used <
			    cpu->memo[oldest].used)
				oldest = ctz64(left);
		tlb_use_again(cpu->mmu.l1d_tlb, cpu->memo[oldest].entry);
		cpu->memos_used &= ~BIT(oldest);
	}
}

static inline __attribute__((always_inline)) bool attempt(struct machine *m, struct machine_cpu *cpu, va_t va,
			   unsigned int access, struct arm_translation *t,
			   struct arm_fault *fault)
{
	bool ok;

	if (!(access & ARM_ACCESS_FETCH) && cpu->memos_used)
		access_settle_uses(cpu);
	account_charge(cpu, BUCKET_TLB,
			   access & ARM_ACCESS_FETCH ? m->charge_l1i_tlb
						     : m->charge_l1d_tlb);
	cpu->mmu.brief_walks = !observing(m);
	ok = arm_mmu_translate(&cpu->mmu, va, access, t, fault);
	if (t->source == ARM_FROM_L1_TLB)
		return ok;
	account_charge(cpu, BUCKET_TLB, m->charge_l2_tlb);
	if (t->source == ARM_FROM_WALK) {
		charge_walk(m, cpu, va, access, t, ok, fault);
		if (__builtin_expect(m->protocol && ok, 0))
			protocol_fill(m, cpu, va, t);
	}
	return ok;
}

/* An access that the hypervisor emulates. It cannot fetch from a device, nor
 * see what a line zeroing was (the syndrome has no ISS for it): those are
 * faults that nobody resolves. */
static bool is_emulated(const struct machine *m, const struct arm_fault *fault)
{
	return fault->stage == 2 && fault->kind == ARM_FAULT_TRANSLATION &&
	       !fault->s1ptw &&
	       !(fault->access & (ARM_ACCESS_FETCH | ARM_ACCESS_ZERO)) &&
	       (fault->ipa.raw - GUEST_UART_BASE < GUEST_UART_BYTES ||
		(m->pci && pci_claims(m->pci, fault->ipa)) ||
		iommus_claim(m, fault->ipa));
}

/* Nobody resolves it: the guest sees a synchronous external abort. DESIGN §4.
 */
static void become_external_abort(struct arm_fault *fault)
{
	fault->kind = ARM_FAULT_EXTERNAL;
	fault->on_walk = fault->s1ptw;
	fault->stage = 1;
	fault->s1ptw = false;
}

static enum machine_result settle_stage2(struct machine *m,
					 struct machine_cpu *cpu,
					 struct arm_fault *fault)
{
	if (is_emulated(m, fault))
		return MACHINE_MMIO;
	account_charge(cpu, BUCKET_TRAP, m->config.trap_cycles * CYCLE);
	m->current = cpu->index;
	if (hypervisor_can_resolve(m->hypervisor, fault)) {
		uint64_t began = stall_begin(cpu);
		bool resolved = hypervisor_resolve(m->hypervisor, fault);

		stall_end(m, cpu, began);
		if (resolved)
			return MACHINE_OK;
	}
	become_external_abort(fault);
	return MACHINE_FAULT;
}

/* MACHINE_OK: resolved, try again. */
static enum machine_result settle(struct machine *m, struct machine_cpu *cpu,
				  struct arm_fault *fault)
{
	if (fault->kind == ARM_FAULT_NOT_MODELLED) {
		m->not_modelled = fault->why;
		return MACHINE_STOP;
	}
	cpu->faults[fault->stage == 2][fault->kind]++;
	observe_fault(m, cpu, fault);
	if (fault->stage == 2 && fault->kind != ARM_FAULT_EXTERNAL)
		return settle_stage2(m, cpu, fault);
	return MACHINE_FAULT;
}

static inline __attribute__((always_inline)) enum machine_result
page_lookup_inline(struct machine *m, struct machine_cpu *cpu, va_t va,
		   unsigned int access, struct arm_translation *t,
		   struct arm_fault *fault)
{
	struct last_access *last = access & ARM_ACCESS_FETCH ? &cpu->last_fetch
							     : &cpu->last_data;

	last->page = last->line = ~UINT64_C(0);
	last->more = 0;
	while (!attempt(m, cpu, va, access, t, fault)) {
		enum machine_result result = settle(m, cpu, fault);

		if (result != MACHINE_OK)
			return result;
	}
	if (__builtin_expect(m->protocol && m->protocol->uses_wanted, 0))
		protocol_use(m, cpu, va, access, t);
	return MACHINE_OK;
}

static enum machine_result page_lookup(struct machine *m,
				       struct machine_cpu *cpu, va_t va,
				       unsigned int access,
				       struct arm_translation *t,
				       struct arm_fault *fault)
{
	return page_lookup_inline(m, cpu, va, access, t, fault);
}

/* ---- data ---- */

static inline bool cacheable(const struct arm_translation *t)
{
	return FIELD_GET(ARM_ATTRS_CACHEABLE, t->attrs);
}

/* The first write to a clean line. */
static __attribute__((noinline)) void
before_write(struct machine *m, const struct machine_cpu *cpu, pa_t pa)
{
	if (m->protocol)
		protocol_before_write(m, cpu, pa);
	versions_keep(m->versions, pa);
}

static inline void data_line(struct machine *m, struct machine_cpu *cpu,
			     pa_t pa, bool write)
{
	enum memory_level served = memory_access_inline(
		m->memory, cpu->index, REQUESTER_DATA, pa, write);

	if (__builtin_expect(write && m->versions != NULL, 0) &&
	    !versions_is_unclean(m->versions, pa))
		before_write(m, cpu, pa);
	if (served != MEMORY_L1)
		account_charge(cpu, BUCKET_DATA, m->charge_data[served]);
}

static __attribute__((noinline)) void
data_lines_any(struct machine *m, struct machine_cpu *cpu, va_t va, pa_t pa,
	       uint64_t bytes, bool write, bool cached)
{
	uint64_t first = pa.raw >> m->line_lg2;
	uint64_t last = (pa.raw + bytes - 1) >> m->line_lg2;

	if (!cached && !write && m->versions && m->protocol)
		protocol_read_past(m, cpu, va, pa, bytes);
	for (uint64_t line = first; line <= last; line++) {
		if (cached)
			data_line(m, cpu, (pa_t){ line << m->line_lg2 }, write);
		else
			account_charge(cpu, BUCKET_DATA,
					   m->charge_uncached);
	}
}

/* [pa, pa + bytes) lies in one page. */
static inline void data_lines(struct machine *m, struct machine_cpu *cpu,
			      va_t va, pa_t pa, uint64_t bytes, bool write,
			      bool cached)
{
	uint64_t ends = pa.raw ^ (pa.raw + bytes - 1);

	if (__builtin_expect(cached && ends >> m->line_lg2 == 0, 1))
		data_line(m, cpu, pa, write);
	else
		data_lines_any(m, cpu, va, pa, bytes, write, cached);
}

/* Device memory takes natural alignment only. DDI0487 L.b B2.10.2. */
static bool misaligned(const struct arm_translation *t, va_t va, uint32_t bytes)
{
	return FIELD_GET(ARM_ATTRS_DEVICE, t->attrs) && (va.raw & (bytes - 1));
}

static enum machine_result fail_alignment(struct machine_cpu *cpu, va_t va,
					  unsigned int access,
					  struct arm_fault *fault)
{
	*fault = (struct arm_fault){ .kind = ARM_FAULT_ALIGNMENT,
				     .stage = 1,
				     .access = access,
				     .va = va };
	cpu->faults[0][ARM_FAULT_ALIGNMENT]++;
	return MACHINE_FAULT;
}

/* The line that the access touched last is idle, for its kind, from now on;
 * for other kinds too if it was. */
static inline void note_line(const struct machine *m, struct machine_cpu *cpu,
			     va_t va, uint32_t bytes, unsigned int access)
{
	struct last_access *last = &cpu->last_data;
	uint64_t line = va.raw & -m->line_bytes;
	uint64_t generation = *last->generation_now;
	struct page_memo *memo = memo_of(cpu, va);

	if (__builtin_expect(!in_line(va.raw, bytes, line, m->line_bytes), 0)) {
		last->line = memo->line = ~UINT64_C(0);
		return;
	}
	if (line != last->line || last->generation != generation ||
	    last->context != cpu->mmu.data_context)
		last->idle = 0;
	last->idle |= UINT64_C(1) << access;
	last->line = line;
	last->generation = generation;
	last->context = cpu->mmu.data_context;
	memo->line = line;
	memo->line_idle = last->idle;
	memo->generation = generation;
}

static inline void note_page(struct machine_cpu *cpu, va_t va,
			     unsigned int access, pa_t pa)
{
	struct page_memo *memo = memo_of(cpu, va);
	uint64_t page = va.raw >> PAGE_LG2;

	/* Same page and no change since: what was idle still is. */
	if (memo->page != page || memo->context != cpu->mmu.data_context)
		memo->idle = 0;
	memo->page = page;
	memo->context = cpu->mmu.data_context;
	memo->idle |= UINT64_C(1) << access;
	memo->pa.raw = pa.raw & ~(PAGE_BYTES - 1);
	memo->entry = cpu->mmu.l1d_tlb->recent;
}

/* An access inside one page that has to be looked up. */
static __attribute__((noinline)) enum machine_result
data_lookup(struct machine *m, struct machine_cpu *cpu, va_t va,
	    uint32_t bytes, unsigned int access, struct arm_fault *fault)
{
	struct arm_translation t;
	enum machine_result result;

	result = page_lookup_inline(m, cpu, va, access, &t, fault);
	if (result != MACHINE_OK)
		return result;
	if (misaligned(&t, va, bytes))
		return fail_alignment(cpu, va, access, fault);
	cpu->last_data.page = va.raw >> PAGE_LG2;
	cpu->last_data.page_pa.raw = t.pa.raw & ~(PAGE_BYTES - 1);
	data_lines(m, cpu, va, t.pa, bytes, access & ARM_ACCESS_WRITE,
		   cacheable(&t));
	/* A page is worth a memo from its second access on: where pages are
	 * visited once, the memos of others are left alone. */
	if (t.source != ARM_FROM_L1_TLB || !m->may_skip || !cacheable(&t))
		return MACHINE_OK;
	note_page(cpu, va, access, t.pa);
	note_line(m, cpu, va, bytes, access);
	return MACHINE_OK;
}

/* An access inside a page whose lookup would hit, as its memo knows. */
static __attribute__((noinline)) enum machine_result
data_known(struct machine *m, struct machine_cpu *cpu, va_t va,
	   uint32_t bytes, unsigned int access, struct page_memo *memo)
{
	struct last_access *last = &cpu->last_data;
	pa_t pa;

	if (memo_has_line(m, cpu, memo, va, TRACE_WHAT(bytes, access))) {
		memo_use_line(m, cpu, memo);
		return MACHINE_OK;
	}
	memo_use(m, cpu, memo);
	last->page = memo->page;
	last->page_pa = memo->pa;
	account_charge(cpu, BUCKET_TLB, m->charge_l1d_tlb);
	last->page_hits++;
	pa.raw = memo->pa.raw | (va.raw & (PAGE_BYTES - 1));
	data_lines(m, cpu, va, pa, bytes, access & ARM_ACCESS_WRITE, true);
	note_line(m, cpu, va, bytes, access);
	return MACHINE_OK;
}

/* An access inside one page. The two ways it may go are functions of their
 * own, so that nothing is saved for the other. */
static inline __attribute__((always_inline)) enum machine_result
data_page(struct machine *m, struct machine_cpu *cpu, va_t va, uint32_t bytes,
	  unsigned int access, struct arm_fault *fault)
{
	struct page_memo *memo = memo_of(cpu, va);

	if (memo->page != va.raw >> PAGE_LG2 ||
	    memo->context != cpu->mmu.data_context ||
	    !(memo->idle >> access & 1))
		return data_lookup(m, cpu, va, bytes, access, fault);
	return data_known(m, cpu, va, bytes, access, memo);
}

static __attribute__((noinline)) enum machine_result
data_range(struct machine *m,
				      struct machine_cpu *cpu, va_t va,
				      uint64_t bytes, unsigned int access,
				      struct arm_fault *fault)
{
	enum machine_result result;

	while (bytes) {
		uint64_t left = PAGE_BYTES - (va.raw & (PAGE_BYTES - 1));
		uint32_t part = (uint32_t)(bytes < left ? bytes : left);

		result = data_page(m, cpu, va, part, access, fault);
		if (result != MACHINE_OK)
			return result;
		va.raw += part;
		bytes -= part;
	}
	return MACHINE_OK;
}

/* An attempted fetch that faulted. */
static __attribute__((noinline)) enum machine_result
fetch_attempt(struct machine *m, struct machine_cpu *cpu, va_t va,
	      unsigned int access, struct arm_fault *fault)
{
	struct arm_translation t;

	return page_lookup(m, cpu, va, access, &t, fault);
}

enum machine_result machine_access_slow(struct machine *m,
					struct machine_cpu *cpu, va_t va,
					uint32_t what, struct arm_fault *fault)
{
	uint32_t bytes = TRACE_WHAT_BYTES(what);
	unsigned int access = TRACE_WHAT_ACCESS(what);

	if (access & ARM_ACCESS_FETCH)
		return fetch_attempt(m, cpu, va, access, fault);
	cpu->data_accesses[(access & ARM_ACCESS_WRITE) != 0]++;
	if (__builtin_expect((va.raw & (PAGE_BYTES - 1)) + bytes > PAGE_BYTES,
			     0))
		return data_range(m, cpu, va, bytes, access, fault);
	return data_page(m, cpu, va, bytes, access, fault);
}

enum machine_result machine_access(struct machine *m, struct machine_cpu *cpu,
				   va_t va, uint32_t what,
				   struct arm_fault *fault)
{
	return machine_access_inline(m, cpu, va, what, fault);
}

enum machine_result machine_range(struct machine *m, struct machine_cpu *cpu,
				  va_t va, uint64_t bytes, bool write,
				  struct arm_fault *fault)
{
	return data_range(m, cpu, va, bytes,
			  write ? ARM_ACCESS_WRITE : ARM_ACCESS_READ, fault);
}

enum machine_result machine_lookup(struct machine *m, struct machine_cpu *cpu,
				   va_t va, unsigned int access,
				   struct arm_translation *t,
				   struct arm_fault *fault)
{
	return page_lookup(m, cpu, va, access, t, fault);
}

/* ---- code ---- */

static inline void fetch_lines(struct machine *m, struct machine_cpu *cpu, pa_t pa,
			uint64_t bytes, bool cached)
{
	uint64_t first = pa.raw >> m->line_lg2;
	uint64_t last = (pa.raw + bytes - 1) >> m->line_lg2;

	for (uint64_t line = first; line <= last; line++) {
		pa_t at = { line << m->line_lg2 };
		uint64_t charge = m->charge_uncached;

		if (cached)
			charge = m->charge_fetch[memory_access_inline(
				m->memory, cpu->index, REQUESTER_FETCH, at,
				false)];
		account_charge(cpu, BUCKET_FETCH, charge);
	}
}

/*
 * The lines of [va, va + bytes) have been fetched. If that changed nothing
 * they are idle, together with those known before that they touch or overlap;
 * if it did, the last one is.
 */
static inline void note_fetched(const struct machine *m,
				struct machine_cpu *cpu, va_t va,
				uint32_t bytes, uint64_t generation_before)
{
	struct last_access *last = &cpu->last_fetch;
	uint64_t first = va.raw >> m->line_lg2;
	uint64_t end = (va.raw + bytes - 1) >> m->line_lg2;
	uint64_t known = last->line, known_end = last->line + last->more;
	bool same = last->generation == generation_before &&
		    last->idle == cpu->el + 1 &&
		    last->context == cpu->mmu.fetch_context;

	if (*last->generation_now != generation_before) {
		first = end;
	} else if (same && first <= known_end + 1 && known <= end + 1) {
		first = first < known ? first : known;
		end = end > known_end ? end : known_end;
	}
	last->line = first;
	last->more = end - first;
	last->idle = cpu->el + 1;
	last->generation = *last->generation_now;
	last->context = cpu->mmu.fetch_context;
}

static enum machine_result fetch_lookup(struct machine *m,
					struct machine_cpu *cpu, va_t va,
					uint32_t bytes,
					struct arm_fault *fault)
{
	struct last_access *last = &cpu->last_fetch;
	unsigned int access = ARM_ACCESS_FETCH |
			      (cpu->el ? 0 : ARM_ACCESS_EL0);
	struct arm_translation t;
	enum machine_result result;

	result = page_lookup(m, cpu, va, access, &t, fault);
	if (result != MACHINE_OK)
		return result;
	fetch_lines(m, cpu, t.pa, bytes, cacheable(&t));
	if (!m->may_skip || !cacheable(&t))
		return MACHINE_OK;
	last->page = va.raw >> PAGE_LG2;
	last->page_pa.raw = t.pa.raw & ~(PAGE_BYTES - 1);
	/* All but the last line is forgotten: it may be of another page. */
	note_fetched(m, cpu, va, bytes, ~*last->generation_now);
	return MACHINE_OK;
}

static enum machine_result fetch_page(struct machine *m,
				      struct machine_cpu *cpu, va_t va,
				      uint32_t bytes, struct arm_fault *fault)
{
	struct last_access *last = &cpu->last_fetch;
	uint64_t generation = *last->generation_now;
	pa_t pa;

	if (va.raw >> PAGE_LG2 != last->page || last->idle != cpu->el + 1 ||
	    last->context != cpu->mmu.fetch_context)
		return fetch_lookup(m, cpu, va, bytes, fault);
	last->page_hits++;
	account_charge(cpu, BUCKET_TLB, m->charge_l1i_tlb);
	pa.raw = last->page_pa.raw | (va.raw & (PAGE_BYTES - 1));
	fetch_lines(m, cpu, pa, bytes, true);
	note_fetched(m, cpu, va, bytes, generation);
	return MACHINE_OK;
}

enum machine_result machine_block_slow(struct machine *m,
				       struct machine_cpu *cpu, va_t va,
				       uint32_t bytes, struct arm_fault *fault)
{
	enum machine_result result = MACHINE_OK;

	while (bytes && result == MACHINE_OK) {
		uint64_t left = PAGE_BYTES - (va.raw & (PAGE_BYTES - 1));
		uint32_t part = bytes < left ? bytes : (uint32_t)left;

		result = fetch_page(m, cpu, va, part, fault);
		va.raw += part;
		bytes -= part;
	}
	return result;
}

enum machine_result machine_block(struct machine *m, struct machine_cpu *cpu,
				  va_t va, uint32_t bytes,
				  uint32_t instructions,
				  struct arm_fault *fault)
{
	return machine_block_inline(m, cpu, va, bytes, instructions, fault);
}

void machine_block_trim(struct machine *m, struct machine_cpu *cpu,
			uint32_t instructions)
{
	cpu->instructions -= instructions;
	cpu->by[BUCKET_BASE] -= instructions * m->config.base_cpi_fp;
	if (m->trace)
		trace_batch_trim(m->batch, instructions);
}

/* ---- what Unicorn asks ---- */

/* A stage-2 fault that the access itself will have resolved: where the frame
 * will be is known already, so that the attempt is counted in its place. */
static bool will_resolve(struct machine *m, const struct arm_fault *fault,
			 va_t va, struct arm_translation *out)
{
	mfn_t mfn;

	if (fault->s1ptw || !hypervisor_can_populate(m->hypervisor, fault))
		return false;
	mfn = hypervisor_frame(m->hypervisor, gfn_from_ipa(fault->ipa));
	out->pa.raw = pa_from_mfn(mfn).raw | (va.raw & (PAGE_BYTES - 1));
	out->ipa.raw = fault->ipa.raw | (va.raw & (PAGE_BYTES - 1));
	out->size_lg2 = PAGE_LG2;
	return true;
}

enum machine_result machine_prepare(struct machine *m, struct machine_cpu *cpu,
				    va_t va, uint32_t what,
				    struct arm_translation *out,
				    struct arm_fault *fault)
{
	unsigned int access = TRACE_WHAT_ACCESS(what);

	while (!machine_probe(m, cpu, va, access, out, fault)) {
		enum machine_result result;

		if (fault->stage == 2 && will_resolve(m, fault, va, out))
			return MACHINE_OK;
		if (is_emulated(m, fault)) {
			out->ipa.raw = fault->ipa.raw |
				       (va.raw & (PAGE_BYTES - 1));
			return MACHINE_MMIO;
		}
		if (fault->stage == 2 && fault->s1ptw &&
		    hypervisor_can_populate(m->hypervisor, fault)) {
			/* A table's page: count the lookup that finds it
			 * missing, as the access would have. */
			if (attempt(m, cpu, va, access, out, fault))
				continue;
			result = settle(m, cpu, fault);
			if (result == MACHINE_OK)
				continue;
			return result;
		}
		return machine_access(m, cpu, va, what, fault);
	}
	return MACHINE_OK;
}
