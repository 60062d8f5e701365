/* SPDX-License-Identifier: BSD-2-Clause */
/* See console.h. Semihosting for AArch32 and AArch64, 2.0; DDI0183 3.3. */
#include "console.h"

#include "layout.h"

#define SYS_WRITE0		     0x04
#define SYS_GET_CMDLINE		     0x15
#define SYS_EXIT_EXTENDED	     0x20
#define ADP_STOPPED_APPLICATION_EXIT UINT64_C(0x20026)

static uint64_t semihosting(uint64_t operation, const volatile void *block)
{
	register uint64_t x0 __asm__("x0") = operation;
	register const volatile void *x1 __asm__("x1") = block;

	__asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
	return x0;
}

void report(const char *text)
{
	semihosting(SYS_WRITE0, text);
}

void report_number(uint64_t value)
{
	char digits[21];
	unsigned int at = sizeof(digits) - 1;

	digits[at] = 0;
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	report(digits + at);
}

void report_hex(uint64_t value)
{
	char digits[19];
	unsigned int at = sizeof(digits) - 1;

	digits[at] = 0;
	do {
		digits[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	digits[--at] = 'x';
	digits[--at] = '0';
	report(digits + at);
}

void report_member(const char *name, uint64_t value, int first)
{
	report(first ? "\"" : ", \"");
	report(name);
	report("\": ");
	report_number(value);
}

int command_line_get(char *to, uint64_t bytes)
{
	volatile uint64_t block[2] = { (uintptr_t)to, bytes };

	return semihosting(SYS_GET_CMDLINE, block) == 0;
}

_Noreturn void el2_exit(uint64_t status)
{
	volatile uint64_t block[2] = { ADP_STOPPED_APPLICATION_EXIT, status };

	for (;;)
		semihosting(SYS_EXIT_EXTENDED, block);
}

void serial_put(uint8_t byte)
{
	volatile uint32_t *data = (void *)(uintptr_t)UART_PA;
	volatile uint32_t *flags = (void *)(uintptr_t)(UART_PA + 0x18);

	while (*flags & 0x20) /* transmit FIFO full */
		;
	*data = byte;
}
