/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Windows: under which of Unicorn's physical addresses a guest frame is seen,
 * so that its reports can be turned back into virtual addresses; and what
 * hangs on frames: watched tables, code that was translated. See README.md.
 */
#include <stdlib.h>

#include "sim/guest/engine.h"
#include "sim/machine/watch.h"

bool window_is_watched(const struct vcpu *v, uint64_t ipa)
{
	return v->m->watch &&
	       watch_has(v->m->watch, gfn_from_ipa((ipa_t){ ipa }));
}

/* The slot in which `frame` is seen at the VA; false if it is taken in every
 * window. */
bool window_take(struct vcpu *v, uint64_t frame, uint64_t va, uint64_t ipa,
		 bool device, uint64_t *slot)
{
	struct engine *e = v->engine;
	unsigned int first = device ? WINDOWS_NORMAL : 0;
	unsigned int end = device ? WINDOWS : WINDOWS_NORMAL;
	uint64_t page = va & ~(FRAME_BYTES - 1);

	for (unsigned int w = first; w < end; w++) {
		uint64_t i = engine_slot(e, w, frame);

		if (e->slot[i].generation == e->generation &&
		    (e->slot_va[i] & ~SLOT_WATCHED) != page)
			continue;
		e->slot[i].generation = e->generation;
		e->slot[i].ipa = ipa & ~(FRAME_BYTES - 1);
		e->slot_va[i] =
			page | (window_is_watched(v, ipa) ? SLOT_WATCHED : 0);
		*slot = i;
		return true;
	}
	return false;
}

bool window_take_mmio(struct vcpu *v, uint64_t va, uint64_t ipa,
		      uint64_t *paddr)
{
	struct engine *e = v->engine;
	uint64_t page = va & ~(FRAME_BYTES - 1);

	for (unsigned int i = 0; i < MMIO_PAGES; i++) {
		struct slot_mmio *s = &e->mmio[i];

		if (s->generation == e->generation && s->va != page)
			continue;
		*s = (struct slot_mmio){ page, ipa & ~(FRAME_BYTES - 1),
					 e->generation };
		*paddr = MMIO_BASE + ((uint64_t)i << FRAME_LG2);
		return true;
	}
	return false;
}

/* ---- watched pages ---- */

void vcpu_watch(struct vcpu *v, gfn_t gfn)
{
	struct engine *e = v->engine;
	const uint8_t *host = machine_guest_page(v->m, gfn);
	uint64_t frame;

	if (!host || !engine_frame(e, ram_pa(&v->m->ram, host), &frame))
		return;
	for (unsigned int w = 0; w < WINDOWS; w++)
		e->slot_va[engine_slot(e, w, frame)] |= SLOT_WATCHED;
}

/* Stores of a page that is watched, byte by byte where words do not do. */
void window_store_watched(struct vcpu *v, uint64_t va, uint64_t ipa,
			  unsigned int size, uint64_t value)
{
	uint64_t page = va & ~(FRAME_BYTES - 1);

	if ((ipa & 7) + size <= 8) {
		watch_store(v->m->watch, (ipa_t){ ipa }, size, value);
		return;
	}
	for (unsigned int i = 0; i < size; i++) {
		uint64_t at = ipa + i;

		if (((va + i) & ~(FRAME_BYTES - 1)) != page) {
			struct arm_translation t;
			struct arm_fault fault;

			if (!machine_probe(v->m, v->cpu, (va_t){ va + i },
					   ARM_ACCESS_WRITE, &t, &fault))
				return;
			at = t.ipa.raw;
		}
		if (window_is_watched(v, at))
			watch_store(v->m->watch, (ipa_t){ at }, 1,
				    value >> (8 * i) & 0xff);
	}
}

/* ---- translated code ---- */

void window_note_fetched(struct engine *e, uint64_t slot)
{
	if (e->slot[slot].fetched)
		return;
	if (e->fetched_count == e->fetched_room) {
		size_t room = e->fetched_room ? 2 * e->fetched_room : 256;
		uint64_t *more = realloc(e->fetched, room * sizeof(*more));

		if (!more) {
			e->fetched_unknown = true;
			return;
		}
		e->fetched = more;
		e->fetched_room = room;
	}
	e->fetched[e->fetched_count++] = slot;
	e->slot[slot].fetched = true;
}

void vcpu_code_changed(struct vcpu *v, const pa_t *line)
{
	struct engine *e = v->engine;
	uint64_t frame;

	if (line && engine_frame(e, *line, &frame)) {
		for (unsigned int i = 0; i < e->changed_count; i++) {
			if (e->changed[i] == frame)
				return;
		}
		if (e->changed_count < CHANGED_MAX) {
			e->changed[e->changed_count++] = frame;
			return;
		}
	}
	e->changed_all = true;
}

bool window_code_changed(const struct engine *e, uint64_t slot)
{
	uint64_t frame = slot & (MASK(0, e->window_lg2) >> FRAME_LG2);

	if (e->changed_all)
		return true;
	for (unsigned int i = 0; i < e->changed_count; i++) {
		if (e->changed[i] == frame)
			return true;
	}
	return false;
}
