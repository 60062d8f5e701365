/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory by frames, and the simulated kernel's own accesses to it, which
 * all go through its linear map and are counted. What a real kernel keeps in
 * struct page (reference counts, free lists) is kept by the host, uncounted.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/guest/linux/kernel.h"
#include "sim/machine/watch.h"

void kernel_die(struct linux_kernel *k, int exit_code, const char *format, ...)
{
	va_list list;

	if (k->stopped)
		return;
	k->stopped = true;
	k->death.exit_code = exit_code;
	va_start(list, format);
	vsnprintf(k->death.text, sizeof(k->death.text), format, list);
	va_end(list);
}

bool frames_init(struct linux_kernel *k)
{
	struct frames *f = &k->frames;
	uint64_t i;

	f->base = gfn_from_ipa((ipa_t){ GUEST_RAM_BASE });
	f->count = (uint64_t)k->m->config.ram_mib << (20 - PAGE_LG2);
	f->refs = calloc(f->count, sizeof(*f->refs));
	f->free_stack = calloc(f->count, sizeof(*f->free_stack));
	f->held_code = calloc(f->count, sizeof(*f->held_code));
	if (!f->refs || !f->free_stack || !f->held_code)
		return false;
	for (i = 0; i < 4; i++) {
		f->table_stack[i] = calloc(f->count, sizeof(uint64_t));
		if (!f->table_stack[i])
			return false;
	}
	for (i = 0; i < f->count; i++)
		f->free_stack[i] = f->count - 1 - i;
	f->free_count = f->count;
	return true;
}

void frames_fini(struct linux_kernel *k)
{
	unsigned int i;

	free(k->frames.refs);
	free(k->frames.free_stack);
	free(k->frames.held_code);
	for (i = 0; i < 4; i++)
		free(k->frames.table_stack[i]);
}

bool frame_alloc(struct linux_kernel *k, gfn_t *frame)
{
	struct frames *f = &k->frames;
	uint64_t index;
	int level = 0;

	while (!f->free_count && level < 4 && !f->table_count[level])
		level++;
	if (f->free_count)
		index = f->free_stack[--f->free_count];
	else if (level < 4)
		index = f->table_stack[level][--f->table_count[level]];
	else
		return false;
	f->refs[index] = 1;
	*frame = (gfn_t){ f->base.raw + index };
	return true;
}

bool frame_alloc_table(struct linux_kernel *k, int level, gfn_t *frame)
{
	struct frames *f = &k->frames;
	uint64_t index;

	if (f->table_count[level] == 0) {
		if (!frame_alloc(k, frame))
			return false;
		frame_zero(k, *frame);
		return true;
	}
	index = f->table_stack[level][--f->table_count[level]];
	f->refs[index] = 1;
	*frame = (gfn_t){ f->base.raw + index };
	return true;
}

void frame_put_table(struct linux_kernel *k, int level, gfn_t frame)
{
	struct frames *f = &k->frames;
	uint64_t index = frame.raw - f->base.raw;

	f->refs[index] = 0;
	f->table_stack[level][f->table_count[level]++] = index;
}

uint64_t frames_free(const struct linux_kernel *k)
{
	const uint64_t *tables = k->frames.table_count;

	return k->frames.free_count + tables[0] + tables[1] + tables[2] +
	       tables[3];
}

void frame_get(struct linux_kernel *k, gfn_t frame)
{
	k->frames.refs[frame.raw - k->frames.base.raw]++;
}

void frame_put(struct linux_kernel *k, gfn_t frame)
{
	struct frames *f = &k->frames;
	uint64_t index = frame.raw - f->base.raw;

	if (--f->refs[index] == 0)
		f->free_stack[f->free_count++] = index;
}

uint32_t frame_refs(const struct linux_kernel *k, gfn_t frame)
{
	return k->frames.refs[frame.raw - k->frames.base.raw];
}

uint8_t *frame_bytes(struct linux_kernel *k, gfn_t frame)
{
	return machine_guest_page(k->m, frame);
}

void kernel_touch(struct linux_kernel *k, uint64_t va, uint64_t bytes,
		  bool write)
{
	struct arm_fault fault = { 0 };
	enum machine_result result;

	if (k->stopped)
		return;
	result = machine_kernel_access(k->m, k->cpu, (va_t){ va }, bytes, write,
				       &fault);
	if (result == MACHINE_FAULT)
		kernel_die(k, EXIT_BUG,
			   "the simulated kernel's access to 0x%llx took a "
			   "stage-%u %s fault",
			   (unsigned long long)va, fault.stage,
			   arm_fault_name(fault.kind));
	else if (result != MACHINE_OK)
		k->stopped = true;
}

void kernel_touch_frame(struct linux_kernel *k, gfn_t frame, uint64_t offset,
			uint64_t bytes, bool write)
{
	kernel_touch(k, ipa_from_gfn(frame).raw + k->linear_offset + offset,
		     bytes, write);
}

void kernel_store64(struct linux_kernel *k, ipa_t ipa, uint64_t value)
{
	struct arm_fault fault = { 0 };

	if (k->stopped)
		return;
	if (machine_kernel_store64(k->m, k->cpu,
				   (va_t){ ipa.raw + k->linear_offset }, ipa,
				   value, &fault) != MACHINE_OK)
		kernel_die(k, EXIT_BUG,
			   "the simulated kernel could not store a descriptor "
			   "at 0x%llx",
			   (unsigned long long)ipa.raw);
}

void kernel_wrote(struct linux_kernel *k, gfn_t frame, uint64_t offset,
		  uint64_t bytes)
{
	if (k->m->watch && watch_has(k->m->watch, frame))
		watch_range(k->m->watch,
			    (ipa_t){ ipa_from_gfn(frame).raw + offset }, bytes);
}

void frame_zero(struct linux_kernel *k, gfn_t frame)
{
	kernel_touch_frame(k, frame, 0, PAGE_BYTES, true);
	memset(frame_bytes(k, frame), 0, PAGE_BYTES);
	kernel_wrote(k, frame, 0, PAGE_BYTES);
}

void frame_copy(struct linux_kernel *k, gfn_t to, gfn_t from)
{
	kernel_touch_frame(k, from, 0, PAGE_BYTES, false);
	kernel_touch_frame(k, to, 0, PAGE_BYTES, true);
	memcpy(frame_bytes(k, to), frame_bytes(k, from), PAGE_BYTES);
	kernel_wrote(k, to, 0, PAGE_BYTES);
}
