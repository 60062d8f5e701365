/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arm semihosting as far as a bare-metal guest needs it: writing to the
 * console, its arguments, and ending. "Semihosting for AArch32 and AArch64",
 * 2.0, 4-6. The host's own reads and writes of guest memory are no accesses
 * of the guest and are not counted. Everything else returns -1.
 */
#include <string.h>

#include "sim/guest/vcpu.h"
#include "sim/machine/watch.h"

enum {
	SYS_WRITEC = 0x03,
	SYS_WRITE0 = 0x04,
	SYS_GET_CMDLINE = 0x15,
	SYS_EXIT = 0x18,
	SYS_EXIT_EXTENDED = 0x20,
};
#define ADP_STOPPED_APPLICATION_EXIT UINT64_C(0x20026)

#define TEXT_MAX (UINT64_C(1) << 20) /* of one SYS_WRITE0 */

/* ---- guest memory by VA ---- */

static uint8_t *at(struct vcpu *v, uint64_t va, bool write, ipa_t *ipa)
{
	unsigned int access = (write ? ARM_ACCESS_WRITE : ARM_ACCESS_READ) |
			      (v->cpu->el ? 0U : (unsigned int)ARM_ACCESS_EL0);
	struct arm_translation t;
	struct arm_fault fault;
	uint8_t *page;

	if (machine_probe(v->m, v->cpu, (va_t){ va }, access, &t, &fault))
		*ipa = t.ipa;
	else if (fault.stage == 2 && !fault.s1ptw)
		ipa->raw = fault.ipa.raw | (va & (FRAME_BYTES - 1));
	else
		return NULL;
	page = machine_guest_page(v->m, gfn_from_ipa(*ipa));
	return page ? page + (va & (FRAME_BYTES - 1)) : NULL;
}

static bool copy(struct vcpu *v, uint64_t va, void *to, const void *from,
		 size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		size_t left = FRAME_BYTES - ((va + done) & (FRAME_BYTES - 1));
		size_t part = bytes - done < left ? bytes - done : left;
		ipa_t ipa;
		uint8_t *host = at(v, va + done, from != NULL, &ipa);

		if (!host)
			return false;
		if (from) {
			memcpy(host, (const uint8_t *)from + done, part);
			if (v->m->watch)
				watch_range(v->m->watch, ipa, part);
		} else {
			memcpy((uint8_t *)to + done, host, part);
		}
		done += part;
	}
	return true;
}

bool guest_read(struct vcpu *v, uint64_t va, void *to, size_t bytes)
{
	return copy(v, va, to, NULL, bytes);
}

bool guest_write(struct vcpu *v, uint64_t va, const void *from, size_t bytes)
{
	return copy(v, va, NULL, from, bytes);
}

/* ---- calls ---- */

static void print(struct vcpu *v, const void *bytes, size_t count)
{
	if (v->m->console)
		v->m->console(v->m->console_context, bytes, count);
}

static void write_text(struct vcpu *v, uint64_t va)
{
	char text[256];
	size_t used = 0;

	for (uint64_t i = 0; i < TEXT_MAX; i++) {
		if (!guest_read(v, va + i, &text[used], 1) || !text[used])
			break;
		if (++used == sizeof(text)) {
			print(v, text, used);
			used = 0;
		}
	}
	print(v, text, used);
}

static void end(struct vcpu *v, uint64_t reason, uint64_t code)
{
	v->m->ended = true;
	v->m->exit_status = reason == ADP_STOPPED_APPLICATION_EXIT ? code : 1;
}

/* The arguments of both exits are a block {reason, code} on AArch64. */
static void leave(struct vcpu *v, uint64_t block)
{
	uint64_t argument[2] = { 0, 1 };

	guest_read(v, block, argument, sizeof(argument));
	end(v, argument[0], argument[1]);
}

/* {buffer, its size}; the size becomes the length without the NUL. */
static uint64_t get_command_line(struct vcpu *v, uint64_t block)
{
	const char *line = v->m->command_line ? v->m->command_line : "";
	uint64_t argument[2], length = strlen(line);

	if (!guest_read(v, block, argument, sizeof(argument)) ||
	    argument[1] <= length ||
	    !guest_write(v, argument[0], line, length + 1) ||
	    !guest_write(v, block + 8, &length, sizeof(length)))
		return ~UINT64_C(0);
	return 0;
}

void semihosting_call(struct vcpu *v)
{
	uint64_t argument = vcpu_x(v, 1), result = ~UINT64_C(0);
	char c;

	vcpu_pc_set(v, vcpu_pc(v) + INSN_BYTES);
	switch ((uint32_t)vcpu_x(v, 0)) {
	case SYS_WRITEC:
		if (guest_read(v, argument, &c, 1))
			print(v, &c, 1);
		return;
	case SYS_WRITE0:
		write_text(v, argument);
		return;
	case SYS_GET_CMDLINE:
		result = get_command_line(v, argument);
		break;
	case SYS_EXIT:
	case SYS_EXIT_EXTENDED:
		leave(v, argument);
		return;
	}
	vcpu_x_set(v, 0, result);
}
