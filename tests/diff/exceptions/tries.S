/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instruction each that may fault, with what it is given in x0 and an
 * address in x1 that nothing is mapped at; exceptions.c calls them all.
 */
	.arch	armv8.2-a+lse

	.macro	try text:vararg
	.pushsection .rodata.names, "a"
9:	.asciz	"\text"
	.popsection
	.pushsection .rodata.tries, "a"
	.quad	9b, 8f
	.popsection
8:	\text
	ret
	.endm

	.macro	list name
	.section .rodata.tries, "a"
	.balign	8
	.global	\name
\name:
	.text
	.endm

	.macro	end
	.section .rodata.tries, "a"
	.quad	0, 0
	.text
	.endm

	/* With SCTLR_EL1.A set: x0 is a multiple of 64. */
	list	tries_aligned
	try	ldr x2, [x0, #8]
	try	ldur x2, [x0, #1]
	try	ldur x2, [x0, #4]
	try	ldurh w2, [x0, #1]
	try	stur w2, [x0, #2]
	try	ldurb w2, [x0, #3]
	try	ldp w2, w3, [x0, #4]
	try	ldr q0, [x0, #16]
	try	ldur q0, [x0, #8]
	try	stur q0, [x0, #8]
	try	ldur d0, [x0, #4]
	try	ldur x2, [x1, #1]
	try	ldur x2, [x1, #8]
	try	stur x2, [x1, #1]
	end

	/* x0 is odd. */
	list	tries_aligned_odd
	try	ldp x2, x3, [x0]
	try	stp w2, w3, [x0]
	try	ldp q0, q1, [x0]
	try	ld1 {v0.16b}, [x0]
	try	ld1 {v0.2d}, [x0]
	try	st1 {v0.h}[1], [x0]
	try	ldr x2, [x0], #8
	try	str w2, [x0, #4]!
	end

	/* Without it; x0 is odd. */
	list	tries_odd
	try	ldr x2, [x0]
	try	str w2, [x0]
	try	ldp q0, q1, [x0]
	try	ldxr x2, [x0]
	try	ldaxrh w2, [x0]
	try	stxr w3, x2, [x0]
	try	ldadd x2, x3, [x0]
	try	cas w2, w3, [x0]
	try	swph w2, w3, [x0]
	end

	/* x0 is odd, in Device memory that is RAM, or with the MMU off. */
	list	tries_device
	try	ldr x2, [x0]
	try	ldrb w2, [x0]
	try	strh w2, [x0]
	try	ldp w2, w3, [x0]
	try	ldur x2, [x0, #7]
	try	ldar w2, [x0]
	try	stlrh w2, [x0]
	end

	/* x0 is mapped, x1 is not; dc zva would not do for Device. */
	list	tries_maintenance
	try	dc zva, x0
	try	dc zva, x1
	try	dc cvac, x0
	try	dc civac, x0
	try	dc cvau, x0
	try	ic ivau, x0
	end

	/* Not on QEMU, which lets them pass. */
	list	tries_own
	try	dc cvac, x1
	try	dc ivac, x1
	try	dc civac, x1
	try	dc cvau, x1
	try	ic ivau, x1
	try	dc cvac, x0
	end

	/* return_with(spsr): ERET to what follows, or to nothing. */
	.global	return_with
return_with:
	adr	x2, 1f
	msr	elr_el1, x2
	msr	spsr_el1, x0
	eret
1:	add	x1, x1, #1
	mov	x0, x1
	ret
