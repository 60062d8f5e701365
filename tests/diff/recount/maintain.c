/* SPDX-License-Identifier: BSD-2-Clause */
/* TLBI (guest's and hypervisor's), DC, IC and AT. DDI0487 D8.16, C5.3-5.5. */
#include <string.h>

#include "recount.h"

static void cpu_drop(struct cpu *cpu, const struct scope *s)
{
	tlb_invalidate(&cpu->l1i, s);
	tlb_invalidate(&cpu->l1d, s);
	tlb_invalidate(&cpu->l2, s);
	walk_cache_invalidate(&cpu->wc1, s);
}

/* Stage 2 alone. Entries there count as global. */
static void cpu_drop_stage2(struct cpu *cpu, const struct scope *s)
{
	tlb_invalidate(&cpu->s2, s);
	walk_cache_invalidate(&cpu->wc2, s);
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Range operand: base[36:0] scale[45:44] num[43:39], in pages of TG[47:46]: 1
 * to 3 for 4K, 16K, 64K. */
static void scope_range(struct scope *s, uint64_t value)
{
	uint64_t pages = ((value >> 39 & 31) + 1)
			 << (5 * (value >> 44 & 3) + 1);
	unsigned int tg = value >> 46 & 3;

	demand(tg, "a range's TG");
	s->first = (uint64_t)((int64_t)(value << 27) >> 27) << (10 + 2 * tg);
	s->last = s->first + (pages << (10 + 2 * tg)) - 1;
}

/* The page around s->first of what TCR says of its half. */
static void scope_page(struct scope *s, uint64_t tcr)
{
	const struct granule *g = s->first >> 55 & 1
					  ? granule_tg1(tcr >> 30 & 3)
					  : granule_tg0(tcr >> 14 & 3);

	s->first = s->first >> g->page << g->page;
	s->last = s->first + (UINT64_C(1) << g->page) - 1;
}

/* op without its R: what stands after E1 does not matter but for IS. */
static void scope_read(struct scope *s, const char *op, uint64_t value,
		       uint64_t tcr)
{
	s->asid = (uint16_t)(value >> 48);
	s->globals = true;
	if (op[0] == 'R') {
		scope_range(s, value);
		op++;
	} else {
		s->first = (uint64_t)((int64_t)(value << 20) >> 20) << PAGE_LG2;
		scope_page(s, tcr);
	}
	if (begins(op, "VMALL")) {
		s->any_address = s->all_asids = true;
	} else if (begins(op, "ASID")) {
		s->any_address = true;
		s->globals = false;
	} else {
		s->all_asids = begins(op, "VAA");
		s->last_level_only = begins(op, "VAL") || begins(op, "VAAL");
	}
}

void maintain_tlbi(struct machine *m, struct cpu *cpu, const char *op,
		   uint64_t value)
{
	struct scope s = { .vmid = current_vmid(m) };
	bool broadcast = strstr(op, "IS") || strstr(op, "OS");
	unsigned int i;

	scope_read(&s, op, value, cpu->reg.tcr);
	if (!(cpu->reg.tcr >> 36 & 1))
		s.asid &= 0xff;
	for (i = 0; i < m->cpus; i++)
		if (broadcast || i == cpu->number)
			cpu_drop(&m->cpu[i], &s);
	charge(m, cpu, IN_MAINTENANCE, m->tlbi);
}

static struct scope scope_all(const struct machine *m)
{
	return (struct scope){ .all_asids = true,
			       .any_address = true,
			       .globals = true,
			       .vmid = current_vmid(m) };
}

/* IPAS2E1IS or IPAS2LE1IS, or one of a range. */
void maintain_ipa_drop(struct machine *m, struct cpu *cpu, uint64_t ipa,
		       uint64_t bytes, bool last_level_only)
{
	struct scope s = scope_all(m);
	unsigned int i;

	s.any_address = false;
	s.last_level_only = last_level_only;
	s.first = ipa;
	s.last = ipa + bytes - 1;
	for (i = 0; i < m->cpus; i++)
		cpu_drop_stage2(&m->cpu[i], &s);
	charge(m, cpu, IN_MAINTENANCE, m->tlbi);
}

/* VMALLE1IS, for which those by IPA must be complete: a DSB before it, which
 * is not one of the core's own. */
void maintain_stage12_drop(struct machine *m, struct cpu *cpu)
{
	struct scope s = scope_all(m);
	unsigned int i;

	for (i = 0; i < m->cpus; i++)
		cpu_drop(&m->cpu[i], &s);
	charge(m, cpu, IN_HYPERVISOR, m->barrier);
	charge(m, cpu, IN_MAINTENANCE, m->tlbi);
}

/* VMALLS12E1IS. */
void maintain_vmid_drop(struct machine *m, struct cpu *cpu)
{
	struct scope s = scope_all(m);
	unsigned int i;

	for (i = 0; i < m->cpus; i++) {
		cpu_drop_stage2(&m->cpu[i], &s);
		cpu_drop(&m->cpu[i], &s);
	}
	charge(m, cpu, IN_MAINTENANCE, m->tlbi);
}

/* ---- caches ---- */

/* The line that an operation by address means. */
static bool line_find(struct machine *m, struct cpu *cpu, uint64_t va, bool el0,
		      resolver resolve, void *context, uint64_t *pa)
{
	struct access a = { .va = va, .bytes = 1, .el0 = el0 };
	struct translation t;
	struct fault fault;

	if (!cpu_page(m, cpu, &a, resolve, context, &t, &fault))
		return false;
	*pa = t.pa + (va & ((UINT64_C(1) << t.size) - 1));
	return true;
}

void maintain_dc(struct machine *m, struct cpu *cpu, const char *op,
		 uint64_t value, bool el0, resolver resolve, void *context)
{
	enum maintenance what = begins(op, "CI")  ? CLEAN_INVALIDATE
				: begins(op, "I") ? INVALIDATE
						  : CLEAN;
	uint64_t pa;

	if (!strcmp(op, "ISW") || !strcmp(op, "CSW") || !strcmp(op, "CISW")) {
		demand(cpu->traps_set_way, "DC by set and way that traps");
		charge(m, cpu, IN_TRAP, m->trap);
		return;
	}
	if (!line_find(m, cpu, value, el0, resolve, context, &pa))
		return;
	caches_by_address(&m->caches, pa, what, strstr(op, "VAU") != NULL);
	charge(m, cpu, IN_MAINTENANCE, m->clean);
}

void maintain_clean(struct machine *m, struct cpu *cpu, uint64_t pa,
		    uint64_t bytes)
{
	uint64_t at;

	for (at = 0; at < bytes; at += m->caches.line_bytes) {
		caches_by_address(&m->caches, pa + at, CLEAN_INVALIDATE, false);
		charge(m, cpu, IN_MAINTENANCE, m->clean);
	}
}

void maintain_ic(struct machine *m, struct cpu *cpu, const char *op,
		 uint64_t value, bool el0, resolver resolve, void *context)
{
	uint64_t pa;

	if (begins(op, "IALLU")) {
		caches_instruction_drop_all(&m->caches);
		charge(m, cpu, IN_MAINTENANCE, m->clean);
		return;
	}
	if (!line_find(m, cpu, value, el0, resolve, context, &pa))
		return;
	caches_instruction_drop(&m->caches, pa);
	charge(m, cpu, IN_MAINTENANCE, m->clean);
}

/* AT S1E1R, S1E1W, S1E0R, S1E0W: CRm 8, op2 0 to 3. A walk that is counted
 * and leaves nothing in TLBs and walk caches; the address that stage 1 gives
 * is not translated further. */
void maintain_at(struct machine *m, struct cpu *cpu, uint64_t encoding,
		 uint64_t value)
{
	unsigned int op2 = encoding & 7;
	struct access a = { .va = value,
			    .bytes = 1,
			    .write = op2 & 1,
			    .el0 = op2 >> 1 & 1,
			    .is_at = true };
	struct translation t;
	struct fault fault;

	demand(op2 < 4, "AT of both stages");
	walk(m, cpu, &a, &t, &fault);
}
