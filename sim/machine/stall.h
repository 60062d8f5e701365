/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long the guest stood still for its p2m: each p2m hypercall, each stage-2
 * fault that the hypervisor resolves, and each other trap in which a coalescing
 * policy had its moment; from the p2m's entry to its return, the trap itself
 * left out.
 */
#ifndef SIM_MACHINE_STALL_H
#define SIM_MACHINE_STALL_H

#include "sim/machine/machine.h"

/* The CPU's clock as the p2m is entered, and what it came to. A stall of less
 * than a cycle is none. */
static inline uint64_t stall_begin(const struct machine_cpu *cpu)
{
	return machine_cycles(cpu);
}
void stall_end(struct machine *m, const struct machine_cpu *cpu,
	       uint64_t began);

/* {"count","cycles","by_cycles":{"1024": n}}: n stalls took at most so many
 * cycles, and more than the next lower bound, which is at least 4/5 of it.
 * New reference. */
json_t *stall_json(const struct machine *m);

#endif
