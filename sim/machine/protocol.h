/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine as a source of protocol events (sim/check/protocol.h): each
 * function makes one event and hands it to machine->protocol, which the caller
 * has found not to be NULL. Nothing here is counted, charged or recorded.
 */
#ifndef SIM_MACHINE_PROTOCOL_H
#define SIM_MACHINE_PROTOCOL_H

#include "sim/check/protocol.h"
#include "sim/machine/machine.h"

struct port_iotlb;

/* Where the port was called from. */
#define PROTOCOL_HERE __builtin_return_address(0)

/* Start listening, before machine_boot. `watch`: stores to the guest's tables
 * are seen as they are made, as in a run; else a trace tells. False: out of
 * memory. */
MUST_CHECK bool machine_listen(struct machine *m,
			       struct protocol_listener *listener, bool watch);

/* ---- the hypervisor */
/* Before the store: `bytes` of memory become words of `now`. */
void protocol_write(struct machine *m, pa_t at, uint64_t bytes, uint64_t now,
		    const void *code);
void protocol_clean(struct machine *m, pa_t at, uint64_t bytes,
		    const void *code);
void protocol_table(struct machine *m, enum protocol_kind kind, pa_t table,
		    uint64_t bytes, const void *code);
void protocol_dsb(struct machine *m, bool stores_only, const void *code);
void protocol_isb(struct machine *m, const void *code);
/* Of the current CPU; with its raw operand, for the level hint. */
void protocol_tlbi(struct machine *m, const struct arm_tlbi *tlbi,
		   uint64_t operand, const void *code);
/* Maintenance of the IOMMU: asked for; complete; its write buffer. */
void protocol_iotlb(struct machine *m, const struct port_iotlb *request,
		    const void *code);
void protocol_iotlb_wait(struct machine *m, const void *code);
void protocol_write_buffer(struct machine *m, const void *code);
/* FRAME_FREE: the frames behind [gfn, gfn + count) are no longer the guest's;
 * FRAME_TAKE: they are again. */
void protocol_frames(struct machine *m, enum protocol_kind kind, gfn_t gfn,
		     uint64_t count);
/* The p2m operation that m->operation names has returned. */
void protocol_done(struct machine *m);

/* ---- a CPU's registers, whoever wrote them */
void protocol_roots(struct machine *m, const struct machine_cpu *cpu);
/* After a guest's write of one; `before` as they were. */
void protocol_control(struct machine *m, const struct machine_cpu *cpu,
		      const struct arm_regs *before);

/* ---- a guest */
void protocol_guest_barrier(struct machine *m, const struct machine_cpu *cpu,
			    enum machine_barrier kind);
void protocol_guest_tlbi(struct machine *m, const struct machine_cpu *cpu,
			 const struct arm_tlbi *tlbi, uint64_t operand);
/* `word` is the aligned descriptor as it will stand; `stored`: by a store. */
void protocol_guest_word(struct machine *m, ipa_t at, unsigned int size,
			 uint64_t word, bool stored);
void protocol_guest_clean(struct machine *m, const struct machine_cpu *cpu,
			  pa_t line);
void protocol_guest_done(struct machine *m, const struct machine_cpu *cpu,
			 const char *operation);
/* An exception is taken, or returned from. */
void protocol_context(struct machine *m, const struct machine_cpu *cpu);
void protocol_use(struct machine *m, const struct machine_cpu *cpu, va_t va,
		  unsigned int access, const struct arm_translation *t);

/* A walk has filled TLBs; and when that was, of what this CPU's TLBs have for
 * an address: after which event, in which block. False: not known. */
void protocol_fill(struct machine *m, const struct machine_cpu *cpu, va_t va,
		   const struct arm_translation *t);
bool protocol_filled(const struct machine *m, unsigned int cpu, uint64_t va,
		     uint64_t *event, uint64_t *pc);
void protocol_forget_fills(struct machine *m);

/* ---- data below the caches: only where versions are kept. `before_write`
 * stands for versions_before_write; a read past the caches is told if what
 * memory has there is not what the caches may. */
void protocol_before_write(struct machine *m, const struct machine_cpu *cpu,
			   pa_t pa);
void protocol_read_past(struct machine *m, const struct machine_cpu *cpu,
			va_t va, pa_t pa, uint64_t bytes);
void protocol_forget_writers(struct machine *m);

#endif
