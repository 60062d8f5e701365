/* SPDX-License-Identifier: BSD-2-Clause */
/* EL0 makes a system call, and nobody is there to take it. */
#include "bad.inc"
_start:	adr	x0, user
	msr	elr_el1, x0
	msr	spsr_el1, xzr
	eret
user:	svc	#0
	tail
