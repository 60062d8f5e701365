/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which guest pages hold stage-1 tables reachable from an installed TTBR, or
 * what an IOMMU of the guest's own reads, so that a recording has their
 * contents: the page when it becomes reachable, or is first read, then every
 * store to it. DESIGN §6. Only while recording.
 */
#ifndef SIM_MACHINE_WATCH_H
#define SIM_MACHINE_WATCH_H

#include "sim/machine/machine.h"

struct watch;

struct watch *watch_new(struct machine *m);
void watch_free(struct watch *w);
/* Called for each page that becomes watched. */
void watch_set_listener(struct watch *w,
			void (*added)(void *context, gfn_t gfn),
			void *context);
/* A TTBR, TCR or SCTLR of this CPU was written. */
void watch_roots(struct watch *w, const struct machine_cpu *cpu);
/* An IOMMU of the guest's own reads this page: as it is now, it is what the
 * record needs that is being made (trace_hold); then it is watched. */
void watch_read(struct watch *w, gfn_t gfn);
bool watch_has(const struct watch *w, gfn_t gfn);
/* A store to a watched page, already recorded as an access; `value` as it
 * will stand in memory, 1, 2, 4 or 8 bytes. */
void watch_store(struct watch *w, ipa_t ipa, unsigned int size, uint64_t value);
/* 64 zero bytes (DC ZVA) or a whole range zeroed or copied by the kernel:
 * its content is read from memory, where it already stands. */
void watch_range(struct watch *w, ipa_t ipa, uint64_t bytes);
/* The same where nobody stored: another version of it is seen from now on. */
void watch_shown(struct watch *w, ipa_t ipa, uint64_t bytes);

#endif
