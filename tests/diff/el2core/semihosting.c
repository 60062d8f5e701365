/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Semihosting as far as our guests need it: arguments, text, and the end. The
 * guest's addresses are translated by its own stage 1, with AT, and then by
 * the backing: what the hypervisor reads and writes is no access of the guest
 * and populates nothing. "Semihosting for AArch32 and AArch64", 2.0.
 */
#include "hardware.h"
#include "host.h"
#include "console.h"

enum {
	SYS_WRITEC = 0x03,
	SYS_WRITE0 = 0x04,
	SYS_GET_CMDLINE = 0x15,
	SYS_EXIT = 0x18,
	SYS_EXIT_EXTENDED = 0x20,
};
#define ADP_STOPPED_APPLICATION_EXIT UINT64_C(0x20026)
#define TEXT_MAX		     65536

/* NULL where the guest's own tables lead nowhere. */
static uint8_t *guest_byte(struct host *h, uint64_t va)
{
	uint64_t par;

	SYSTEM("at s1e1r", va);
	BARRIER("isb");
	par = SYSREG_READ(par_el1);
	if (par & PAR_F)
		return NULL;
	return ram_at(h, (par & PAR_ADDRESS) | (va & (FRAME_BYTES - 1)));
}

static uint64_t guest_word(struct host *h, uint64_t va)
{
	const uint64_t *at = (const void *)guest_byte(h, va & ~UINT64_C(7));

	return at ? *at : 0;
}

static bool guest_copy_in(struct host *h, uint64_t va, const char *text,
			  uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes; i++) {
		uint8_t *at = guest_byte(h, va + i);

		if (!at)
			return false;
		*at = (uint8_t)text[i];
	}
	return true;
}

static uint64_t get_command_line(struct host *h, uint64_t block)
{
	const char *line = h->options.guest_line;
	uint64_t *room = (void *)guest_byte(h, (block & ~UINT64_C(7)) + 8);
	uint64_t length = 0;

	while (line[length])
		length++;
	if (!room || *room <= length ||
	    !guest_copy_in(h, guest_word(h, block), line, length + 1))
		return ~UINT64_C(0);
	*room = length;
	return 0;
}

static void write_text(struct host *h, uint64_t va)
{
	for (uint64_t i = 0; i < TEXT_MAX; i++) {
		const uint8_t *at = guest_byte(h, va + i);

		if (!at || !*at)
			return;
		serial_put(*at);
	}
}

void semihosting_serve(struct host *h)
{
	const uint64_t argument = h->guest.x[1];
	uint64_t result = ~UINT64_C(0);
	const uint8_t *at;

	switch ((uint32_t)h->guest.x[0]) {
	case SYS_WRITEC:
		at = guest_byte(h, argument);
		if (at)
			serial_put(*at);
		return;
	case SYS_WRITE0:
		write_text(h, argument);
		return;
	case SYS_GET_CMDLINE:
		result = get_command_line(h, argument);
		break;
	case SYS_EXIT:
	case SYS_EXIT_EXTENDED:
		h->end = END_EXIT;
		h->exit_status =
			guest_word(h, argument) == ADP_STOPPED_APPLICATION_EXIT
				? guest_word(h, argument + 8)
				: 1;
		return;
	}
	h->guest.x[0] = result;
}
