/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things lie in the memory of QEMU's `virt` machine, for the EL2
 * program, its linker script and the host alike. Preprocessor only.
 */
#ifndef TESTS_DIFF_EL2_LAYOUT_H
#define TESTS_DIFF_EL2_LAYOUT_H

/* The machine's RAM. Its first 2 MiB hold what QEMU puts there. */
#define RAM_PA	  0x40000000
#define RAM_BYTES 0x08000000

#define PROGRAM_PA 0x40200000
#define MAILBOX_PA 0x40400000
/* One page of code for EL1 and EL0: vectors, then the accesses. */
#define STUB_PA 0x40600000

/* Words that name their page (see WINDOW_WORD): what vectors translate to. */
#define WINDOW_PA    0x40800000
#define WINDOW_BYTES 0x00800000

/* Tables under test: one arena for each case of a batch. */
#define ARENA_PA    0x41000000
#define ARENA_BYTES 0x00400000

/* The stub page: VBAR_EL1 at its start, then one access every 8 bytes. */
#define STUB_LOAD_EL1		0x800
#define STUB_STORE_EL1		0x808
#define STUB_LOAD_UNPRIVILEGED	0x810
#define STUB_STORE_UNPRIVILEGED 0x818
#define STUB_LOAD_EL0		0x820
#define STUB_STORE_EL0		0x828

/* Immediates of HVC and SVC: an access that succeeded; a vector of EL1's. */
#define STUB_SUCCESS 0xee01
#define STUB_VECTOR  0x7f00

#endif
