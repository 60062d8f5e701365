/* SPDX-License-Identifier: BSD-2-Clause */
/* System registers and instructions that C has no name for. */
#ifndef TESTS_DIFF_EL2CORE_HARDWARE_H
#define TESTS_DIFF_EL2CORE_HARDWARE_H

#include <stdint.h>

#define SYSREG_WRITE(reg, value)                  \
	__asm__ volatile("msr " #reg ", %0"       \
			 :                        \
			 : "r"((uint64_t)(value)) \
			 : "memory")
#define SYSREG_READ(reg)                                         \
	__extension__({                                          \
		uint64_t read_;                                  \
		__asm__ volatile("mrs %0, " #reg : "=r"(read_)); \
		read_;                                           \
	})
/* One of SYS's instructions that takes a register. */
#define SYSTEM(instruction, operand)                \
	__asm__ volatile(instruction ", %0"         \
			 :                          \
			 : "r"((uint64_t)(operand)) \
			 : "memory")
#define BARRIER(instruction) __asm__ volatile(instruction : : : "memory")

/* HCR_EL2, DDI0487 L.b D24.2.52. */
#define HCR_VM	(UINT64_C(1) << 0)  /* stage 2 is on */
#define HCR_TWI (UINT64_C(1) << 13) /* WFI traps */
#define HCR_TSW (UINT64_C(1) << 22) /* DC by set/way traps */
#define HCR_TVM (UINT64_C(1) << 26) /* writes to VM registers trap */
#define HCR_RW	(UINT64_C(1) << 31) /* EL1 is AArch64 */

/* PAR_EL1, D24.2.134. */
#define PAR_F	    UINT64_C(1)
#define PAR_ADDRESS UINT64_C(0x000ffffffffff000)

#endif
