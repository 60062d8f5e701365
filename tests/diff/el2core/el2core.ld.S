/* SPDX-License-Identifier: BSD-2-Clause */
#include "layout.h"
ENTRY(_start)
SECTIONS
{
	. = PROGRAM_PA;
	.text : { *(.text.start) *(.text .text.*) *(.rodata .rodata.*) }
	.data : { *(.data .data.*) }
	.bss : { *(.bss .bss.*) *(COMMON) }
	/DISCARD/ : { *(.comment) *(.note.*) *(.eh_frame*) }
}
