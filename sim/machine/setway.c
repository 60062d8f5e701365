/* SPDX-License-Identifier: BSD-2-Clause */
/* See setway.h. All calls of the core's setway_* and fault are here. */
#include "sim/machine/setway.h"

#include <stdlib.h>
#include <string.h>

#include "models/arm/descriptor.h"
#include "sim/machine/account.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/protocol.h"

static struct machine_cpu *current(const struct hypervisor *h)
{
	return &h->m->cpu[h->m->current];
}

static uint64_t now(const struct hypervisor *h)
{
	return machine_cycles(current(h));
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

bool setway_traps_dc(const struct machine_cpu *cpu)
{
	return FIELD_GET(ARM_HCR_TSW, cpu->mmu.regs.hcr);
}

bool setway_traps_vm(const struct machine_cpu *cpu)
{
	return FIELD_GET(ARM_HCR_TVM, cpu->mmu.regs.hcr);
}

bool setway_has_caches(const struct machine_cpu *cpu)
{
	uint64_t sctlr = cpu->mmu.regs.sctlr;

	return FIELD_GET(ARM_SCTLR_M, sctlr) && FIELD_GET(ARM_SCTLR_C, sctlr);
}

static void set_hcr(struct hypervisor *h, struct machine_cpu *cpu,
		    uint64_t mask, bool on)
{
	uint64_t was = cpu->mmu.regs.hcr;
	uint64_t is = on ? was | mask : was & ~mask;

	if (is == was)
		return;
	arm_mmu_sysreg_write(&cpu->mmu, ARM_HCR_EL2, is);
	observe_hypervisor_sysreg(h->m, cpu->index, "HCR_EL2", is);
	if (h->m->protocol)
		protocol_roots(h->m, cpu);
}

/* ---- making, starting */

static const char *const names[] = { "full", "track", "track-late" };

const char *setway_name(const struct hypervisor *h)
{
	return h->setway.offered ? names[h->setway.policy] : "native";
}

struct p2m_setway_counts setway_counts(const struct hypervisor *h)
{
	struct p2m_setway_counts counts = { 0 };

	if (h->setway.offered)
		h->core->setway_counts(h->space, &counts);
	return counts;
}

bool setway_init(struct hypervisor *h, struct error_line *error)
{
	const struct machine_config *config = &h->m->config;
	enum p2m_setway_policy policy = config->set_way;
	int rc;

	h->peek.space = malloc(hypervisor_space_bytes(h));
	if (!h->peek.space)
		return error_set(error, EXIT_INPUT, "machine: out of memory");
	if (!h->core->setway_init)
		return true;
	h->setway.offered = true;
	h->setway.policy = policy;
	rc = h->core->setway_init(h->space, policy, config->share_pt);
	if (!rc)
		return true;
	if (config->share_pt)
		return error_set(error, EXIT_INPUT,
				 "machine: policy.p2m.set_way %s: impossible with policy.iommu.share_pt on: a device has no fault that could be resolved; want full, or share_pt off",
				 names[policy]);
	/* Contiguity markers: what tracking takes from entries would break
	 * their runs. Every batch is a full one then; statistics say so. */
	h->setway.policy = P2M_SETWAY_FULL;
	if (h->core->setway_init(h->space, P2M_SETWAY_FULL, false))
		h->setway.offered = false;
	return true;
}

void setway_start(struct hypervisor *h)
{
	h->setway.started = true;
	if (!h->setway.offered)
		return;
	for (unsigned int i = 0; i < h->m->config.cpus; i++)
		set_hcr(h, &h->m->cpu[i], FIELD_MASK(ARM_HCR_TSW), true);
	h->core->setway_start(h->space);
}

/* ---- batches */

/* What one call of the core took: a batch, or a piece of one. */
static void piece_over(struct hypervisor *h, const char *cause, bool whole,
		       uint64_t since, uint64_t cleaned)
{
	struct setway *s = &h->setway;
	uint64_t took = now(h) - since;

	s->pieces++;
	s->worst_piece = larger(s->worst_piece, took);
	observe_set_way(h->m, cause, setway_counts(h).frames_cleaned - cleaned,
			took >> CYCLE_LG2, whole);
}

enum cause { CAUSE_DC, CAUSE_TOGGLE };

/*
 * Calls the core until the batch, if there is one, is whole. The core's wish
 * to see register writes is kept by CPU: others' caches are their own affair.
 */
static void settle(struct hypervisor *h, struct machine_cpu *cpu,
		   enum cause cause, bool had_caches)
{
	static const char *const name[] = { "dc", "toggle" };
	struct setway *s = &h->setway;
	bool trap_vm = setway_traps_vm(cpu);
	int rc = 0;

	h->m->operation = "p2m_setway";
	do {
		const struct p2m_setway_counts before = setway_counts(h);
		uint64_t since = now(h);
		bool running = rc == ERR_PREEMPTED;

		if (h->m->config.preempt_cycles)
			s->stop_at = (since >> CYCLE_LG2) +
				     h->m->config.preempt_cycles;
		rc = cause == CAUSE_DC ?
			     h->core->setway_trap(h->space, &trap_vm) :
			     h->core->setway_toggle(h->space, had_caches,
						    setway_has_caches(cpu),
						    &trap_vm);
		s->stop_at = 0;
		if (running || setway_counts(h).batches != before.batches)
			piece_over(h, name[cause], rc == 0, since,
				   before.frames_cleaned);
	} while (rc == ERR_PREEMPTED);
	BUG_ON(h, rc != 0);
	if (h->m->protocol)
		protocol_done(h->m);
	set_hcr(h, cpu, FIELD_MASK(ARM_HCR_TVM), trap_vm);
}

static uint64_t enter(struct hypervisor *h, struct machine_cpu *cpu)
{
	uint64_t since = machine_cycles(cpu);

	h->m->current = cpu->index;
	account_charge(cpu, BUCKET_TRAP, h->m->config.trap_cycles * CYCLE);
	return since;
}

void setway_dc(struct hypervisor *h, struct machine_cpu *cpu)
{
	uint64_t since = enter(h, cpu);

	h->setway.traps++;
	settle(h, cpu, CAUSE_DC, false);
	h->setway.worst_trap = larger(h->setway.worst_trap, now(h) - since);
}

void setway_vm_write(struct hypervisor *h, struct machine_cpu *cpu,
		     enum arm_sysreg reg, bool had_caches)
{
	uint64_t since = enter(h, cpu);

	h->setway.vm_traps++;
	/* No other turns caches on or off. */
	if (reg == ARM_SCTLR_EL1)
		settle(h, cpu, CAUSE_TOGGLE, had_caches);
	h->setway.worst_trap = larger(h->setway.worst_trap, now(h) - since);
}

/* ---- faults */

static bool tracks(const struct hypervisor *h)
{
	const struct setway *s = &h->setway;

	return s->started && h->core->fault &&
	       !(s->offered && s->policy == P2M_SETWAY_FULL);
}

/* False: the core has changed nothing, so that to try again would be of no
 * use. */
static bool fault(struct hypervisor *h, gfn_t gfn)
{
	uint64_t before = setway_counts(h).faults;

	return h->core->fault(h->space, gfn) == 0 &&
	       (!h->setway.offered || setway_counts(h).faults != before);
}

bool setway_can_resolve(struct hypervisor *h, gfn_t gfn)
{
	struct p2m_entry entry;

	if (!tracks(h))
		return false;
	h->peek.on = true;
	h->core->lookup(h->space, gfn, &entry);
	h->peek.on = false;
	return entry.type != P2M_INVALID;
}

bool setway_resolve(struct hypervisor *h, gfn_t gfn)
{
	struct setway *s = &h->setway;
	uint64_t since = now(h), took;

	if (!tracks(h) || !fault(h, gfn))
		return false;
	took = now(h) - since + h->m->config.trap_cycles * CYCLE;
	s->worst_fault = larger(s->worst_fault, took);
	observe_set_way(h->m, "fault", 0, took >> CYCLE_LG2, true);
	return true;
}

/* ---- looking through */

/* Put back what was written while looking, last first. */
static void peek_undo(struct hypervisor *h)
{
	struct peek *p = &h->peek;

	while (p->count) {
		struct peek_write *w = &p->write[--p->count];

		__atomic_store_n(w->pte, w->was, __ATOMIC_RELAXED);
	}
}

/* As many tables as a walk of both stages can meet. */
#define PEEK_FAULTS_MAX 64

bool machine_probe(struct machine *m, const struct machine_cpu *cpu, va_t va,
		   unsigned int access, struct arm_translation *out,
		   struct arm_fault *why)
{
	struct hypervisor *h = m->hypervisor;
	bool ok = arm_mmu_probe(&cpu->mmu, va, access, out, why, NULL);

	if (ok || !tracks(h) || why->stage != 2 ||
	    why->kind != ARM_FAULT_TRANSLATION)
		return ok;
	hypervisor_space_save(h, h->peek.space);
	h->peek.on = true;
	for (int i = 0; i < PEEK_FAULTS_MAX && !ok && why->stage == 2 &&
			why->kind == ARM_FAULT_TRANSLATION &&
			fault(h, gfn_from_ipa(why->ipa));
	     i++)
		ok = arm_mmu_probe(&cpu->mmu, va, access, out, why, NULL);
	h->peek.on = false;
	peek_undo(h);
	hypervisor_space_restore(h, h->peek.space);
	return ok;
}
