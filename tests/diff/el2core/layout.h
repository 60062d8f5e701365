/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things lie in the memory of QEMU's `virt` machine (2 GiB of it), for
 * the EL2 program, its linker script and the check. Preprocessor only. All
 * but the guest's memory is the hypervisor's own; stage 2 must never lead
 * there.
 */
#ifndef TESTS_DIFF_EL2CORE_LAYOUT_H
#define TESTS_DIFF_EL2CORE_LAYOUT_H

#define PROGRAM_PA 0x40200000
/* The guest's ELF file as it is, put there by QEMU's loader device. */
#define IMAGE_PA    0x41000000
#define IMAGE_BYTES 0x01000000
/* Notes on each frame of the guest: what backs it, and what is mapped. */
#define BACKING_PA 0x42000000
#define NOTES_PA   0x42800000
/* The core's notes on each page of the pool, 32 bytes each; and ours. */
#define META_PA 0x43000000
#define LINK_PA 0x43800000
/* Pages for translation tables. */
#define POOL_PA	   0x44000000
#define POOL_PAGES 0x4000

/* The guest's memory: its first frame stands at 1 GiB's alignment. */
#define GUEST_PA       0x80000000
#define GUEST_MIB_MAX  1024
#define GUEST_RAM_IPA  0x40000000
#define GUEST_UART_IPA 0x09000000
#define UART_PA	       0x09000000

#endif
