/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page faults: demand paging, the zero page, copy-on-write. The order of
 * stores, TLBIs and barriers is that of DDI0487 L.b D8.17.1 (RDDMVT).
 */
#include "sim/guest/linux/kernel.h"

static unsigned int prot_needed(enum fault_access access)
{
	switch (access) {
	case FAULT_WRITE:
		return GUEST_PROT_WRITE;
	case FAULT_EXEC:
		return GUEST_PROT_EXEC;
	default:
		return GUEST_PROT_READ | GUEST_PROT_WRITE | GUEST_PROT_EXEC;
	}
}

/* Code that was in the frame before must not be executed from caches that
 * know nothing of the kernel's writes. */
static void fault_note_code(struct linux_kernel *k, gfn_t frame,
			    unsigned int prot)
{
	bool *held = &k->frames.held_code[frame.raw - k->frames.base.raw];

	if (!(prot & GUEST_PROT_EXEC))
		return;
	if (*held)
		k->flush_code = true;
	*held = true;
}

static void fault_make(struct linux_kernel *k, const struct vma *vma,
		       ipa_t slot, gfn_t frame, bool writable)
{
	fault_note_code(k, frame, vma->prot);
	kernel_store64(k, slot, pte_user(frame, vma->prot, writable));
	machine_barrier(k->m, k->cpu, BARRIER_DSB);
}

/* The frame a first access gets. *own: nobody else has it. */
static enum fault_outcome first_frame(struct linux_kernel *k,
				      const struct vma *vma, uint64_t page,
				      enum fault_access access, gfn_t *frame,
				      bool *own)
{
	gfn_t cached;
	int error;

	*own = true;
	if (!vma->file && access != FAULT_WRITE && !vma->shared) {
		*own = false;
		*frame = k->zero_frame;
		frame_get(k, *frame);
		return FAULT_FIXED;
	}
	if (!vma->file) {
		if (!frame_alloc(k, frame))
			return FAULT_NOMEM;
		frame_zero(k, *frame);
		return FAULT_FIXED;
	}
	error = page_cache_page(k, vma->file,
				(page - vma->start + vma->offset) >> PAGE_LG2,
				&cached);
	if (error)
		return error == -ENOMEM ? FAULT_NOMEM : FAULT_BUS;
	if (access != FAULT_WRITE) {
		*own = false;
		*frame = cached;
		frame_get(k, cached);
		return FAULT_FIXED;
	}
	if (!frame_alloc(k, frame))
		return FAULT_NOMEM;
	frame_copy(k, *frame, cached);
	return FAULT_FIXED;
}

static enum fault_outcome fault_absent(struct linux_kernel *k,
				       const struct vma *vma, uint64_t page,
				       ipa_t slot, enum fault_access access)
{
	enum fault_outcome outcome;
	gfn_t frame;
	bool own;

	outcome = first_frame(k, vma, page, access, &frame, &own);
	if (outcome == FAULT_FIXED)
		fault_make(k, vma, slot, frame,
			   own && (vma->prot & GUEST_PROT_WRITE));
	return outcome;
}

/* A write to a page that others may have too. */
static enum fault_outcome fault_shared(struct linux_kernel *k, struct mm *mm,
				       const struct vma *vma, uint64_t page,
				       ipa_t slot, uint64_t pte)
{
	gfn_t old = pte_frame(pte), frame;

	if (vma->shared || frame_refs(k, old) == 1) {
		/* Permissions only: no break, but a TLBI afterwards. */
		kernel_store64(k, slot, pte_user(old, vma->prot, true));
		machine_barrier(k->m, k->cpu, BARRIER_DSB);
		tlbi_page(k, mm->asid, page);
		machine_barrier(k->m, k->cpu, BARRIER_DSB);
		return FAULT_FIXED;
	}
	if (!frame_alloc(k, &frame))
		return FAULT_NOMEM;
	if (old.raw == k->zero_frame.raw)
		frame_zero(k, frame);
	else
		frame_copy(k, frame, old);
	kernel_store64(k, slot, 0);
	machine_barrier(k->m, k->cpu, BARRIER_DSB);
	tlbi_page(k, mm->asid, page);
	machine_barrier(k->m, k->cpu, BARRIER_DSB);
	fault_make(k, vma, slot, frame, true);
	frame_put(k, old);
	return FAULT_FIXED;
}

enum fault_outcome fault_resolve(struct linux_kernel *k, struct mm *mm,
				 uint64_t va, enum fault_access access)
{
	uint64_t page = va & ~PAGE_MASK_LOW, pte;
	struct vma *vma = va < TASK_END ? mm_find(mm, va) : NULL;
	ipa_t slot;

	if (!vma)
		return FAULT_MAPERR;
	if (!(vma->prot & prot_needed(access)))
		return FAULT_ACCERR;
	if (!table_walk(k, mm->root, page, true, &slot))
		return FAULT_NOMEM;
	pte = table_peek(k, mm->root, page);
	if (!pte)
		return fault_absent(k, vma, page, slot, access);
	if (access == FAULT_WRITE && (pte & PTE_READ_ONLY))
		return fault_shared(k, mm, vma, page, slot, pte);
	if (access == FAULT_EXEC && (pte & PTE_UXN)) {
		/* Cannot be: mm_protect stores what the area allows. */
		return FAULT_ACCERR;
	}
	/* Somebody resolved it already, or what faulted was a stale entry. */
	tlbi_page(k, mm->asid, page);
	machine_barrier(k->m, k->cpu, BARRIER_DSB);
	return FAULT_FIXED;
}
