/* SPDX-License-Identifier: BSD-2-Clause */
/* Console, arguments and ends of our guests: see runtime.h. */
#include "runtime.h"

#define UART_DR	     (*(volatile uint32_t *)0x09000000)
#define UART_FR	     (*(volatile uint32_t *)0x09000018)
#define UART_FR_TXFF (1u << 5)

enum semihosting {
	SYS_GET_CMDLINE = 0x15,
	SYS_EXIT_EXTENDED = 0x20,
};
#define STOPPED_APPLICATION_EXIT 0x20026

static char command_line[512];

static void put(char c)
{
	while (UART_FR & UART_FR_TXFF)
		;
	UART_DR = (uint8_t)c;
}

void print(const char *text)
{
	while (*text)
		put(*text++);
}

void print_number(uint64_t value)
{
	char digits[21];
	unsigned int at = sizeof(digits) - 1;

	digits[at] = 0;
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	print(digits + at);
}

void print_hex(uint64_t value)
{
	int shift = 60;

	print("0x");
	while (shift && !(value >> shift & 15))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		put("0123456789abcdef"[value >> shift & 15]);
}

static uint64_t semihosting(uint64_t operation, volatile uint64_t *block)
{
	register uint64_t x0 __asm__("x0") = operation;
	register volatile uint64_t *x1 __asm__("x1") = block;

	__asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
	return x0;
}

_Noreturn void guest_exit(uint64_t status)
{
	volatile uint64_t block[2] = { STOPPED_APPLICATION_EXIT, status };

	for (;;)
		semihosting(SYS_EXIT_EXTENDED, block);
}

_Noreturn void guest_power_off(void)
{
	for (;;)
		hypercall(PSCI_SYSTEM_OFF, 0, 0, 0);
}

/* ---- arguments ---- */

void args_load(void)
{
	volatile uint64_t block[2] = { (uintptr_t)command_line,
				       sizeof(command_line) };

	if (semihosting(SYS_GET_CMDLINE, block) != 0)
		command_line[0] = 0;
	command_line[sizeof(command_line) - 1] = 0;
}

_Noreturn void args_wrong(const char *what)
{
	print("bad argument: ");
	print(what);
	print("\n");
	guest_exit(2);
}

static const char *word_end(const char *word)
{
	while (*word && *word != ' ')
		word++;
	return word;
}

/* The value after NAME=, or NULL if the word does not start so. */
static const char *word_value(const char *word, const char *name)
{
	while (*name && *word == *name) {
		word++;
		name++;
	}
	return *name == 0 && *word == '=' ? word + 1 : NULL;
}

static bool word_is_named(const char *word)
{
	for (; *word && *word != ' '; word++)
		if (*word == '=')
			return true;
	return false;
}

static const char *find(const char *name, unsigned int position)
{
	const char *word = word_end(command_line);
	const char *value;

	while (*word) {
		while (*word == ' ')
			word++;
		if (!*word)
			break;
		value = word_value(word, name);
		if (value)
			return value;
		if (!word_is_named(word) && position-- == 0)
			return word;
		word = word_end(word);
	}
	return NULL;
}

static unsigned int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	return 99;
}

uint64_t args_number(const char *name, unsigned int position,
		     uint64_t otherwise)
{
	const char *at = find(name, position), *end;
	uint64_t value = 0;
	unsigned int base = 10;

	if (!at)
		return otherwise;
	end = word_end(at);
	if (at[0] == '0' && at[1] == 'x') {
		base = 16;
		at += 2;
	}
	if (digit_of(*at) >= base)
		args_wrong(name);
	for (; at < end && digit_of(*at) < base; at++)
		value = value * base + digit_of(*at);
	if (at < end && *at == 'k') {
		value <<= 10;
		at++;
	} else if (at < end && *at == 'm') {
		value <<= 20;
		at++;
	}
	if (at != end)
		args_wrong(name);
	return value;
}

const char *args_word(unsigned int position)
{
	return find("=", position);
}

bool args_is(const char *name, unsigned int position, const char *value,
	     bool is_default)
{
	const char *at = find(name, position);

	if (!at)
		return is_default;
	while (*value && *at == *value) {
		at++;
		value++;
	}
	return *value == 0 && (*at == 0 || *at == ' ');
}

/* ---- what a guest may have its own of ---- */

__attribute__((weak)) void guest_secondary(void)
{
}

__attribute__((weak)) void guest_exception(struct exception *frame,
					   uint64_t index)
{
	print("unexpected exception ");
	print_number(index);
	print(": esr ");
	print_hex(frame->esr);
	print(" far ");
	print_hex(frame->far);
	print(" elr ");
	print_hex(frame->elr);
	print("\n");
	guest_exit(99);
}

/* ---- what compilers call ---- */

void *memcpy(void *to, const void *from, size_t bytes)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	while (bytes--)
		*t++ = *f++;
	return to;
}

void *memset(void *to, int value, size_t bytes)
{
	unsigned char *t = to;

	while (bytes--)
		*t++ = (unsigned char)value;
	return to;
}
