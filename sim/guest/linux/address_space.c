/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces: areas, and what becomes of the tables when they change.
 * Tables that become empty stay until the address space ends.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/bug.h"
#include "sim/guest/linux/process.h"

/* Linux, too, gives up on pages and flushes the whole ASID above this. */
#define TLBI_PAGES_MAX 512

/* Leaves that were taken out: their frames may be given back only after the
 * TLBs have forgotten them. */
struct gather {
	uint64_t *va, *pte;
	size_t count, space;
};

static void gather_add(struct gather *g, uint64_t va, uint64_t pte)
{
	if (g->count == g->space) {
		g->space = g->space ? 2 * g->space : 64;
		g->va = realloc(g->va, g->space * sizeof(*g->va));
		g->pte = realloc(g->pte, g->space * sizeof(*g->pte));
		BUG_ON(NULL, !g->va || !g->pte);
	}
	g->va[g->count] = va;
	g->pte[g->count++] = pte;
}

static void gather_fini(struct gather *g)
{
	free(g->va);
	free(g->pte);
}

static void flush_gathered(struct linux_kernel *k, const struct mm *mm,
			   const struct gather *g)
{
	size_t i;

	if (g->count == 0)
		return;
	machine_barrier(k->m, k->cpu, BARRIER_DSB);
	if (g->count > TLBI_PAGES_MAX)
		tlbi_asid(k, mm->asid);
	for (i = 0; g->count <= TLBI_PAGES_MAX && i < g->count; i++)
		tlbi_page(k, mm->asid, g->va[i]);
	machine_barrier(k->m, k->cpu, BARRIER_DSB);
}

static void visit_clear(struct linux_kernel *k, void *context, uint64_t va,
			ipa_t slot, uint64_t pte)
{
	kernel_store64(k, slot, 0);
	gather_add(context, va, pte);
}

/* Take all leaves of the range out, flush, and give the frames back. */
static void leaves_drop(struct linux_kernel *k, struct mm *mm, uint64_t start,
			uint64_t end)
{
	struct gather g = { 0 };
	size_t i;

	table_each(k, mm->root, start, end, visit_clear, &g);
	flush_gathered(k, mm, &g);
	for (i = 0; i < g.count; i++)
		frame_put(k, pte_frame(g.pte[i]));
	gather_fini(&g);
}

/* ---- areas ---- */

static void vma_insert(struct mm *mm, size_t at, const struct vma *vma)
{
	if (mm->vmas == mm->space) {
		mm->space = mm->space ? 2 * mm->space : 16;
		mm->vma = realloc(mm->vma, mm->space * sizeof(*mm->vma));
		BUG_ON(NULL, !mm->vma);
	}
	memmove(&mm->vma[at + 1], &mm->vma[at],
		(mm->vmas - at) * sizeof(*mm->vma));
	mm->vma[at] = *vma;
	mm->vmas++;
}

static void vma_remove(struct linux_kernel *k, struct mm *mm, size_t at)
{
	page_cache_put(k, mm->vma[at].file);
	mm->vmas--;
	memmove(&mm->vma[at], &mm->vma[at + 1],
		(mm->vmas - at) * sizeof(*mm->vma));
}

/* Index of the first area that ends above va. */
static size_t vma_at(const struct mm *mm, uint64_t va)
{
	size_t low = 0, high = mm->vmas, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (mm->vma[middle].end > va)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct vma *mm_find(struct mm *mm, uint64_t va)
{
	size_t at = vma_at(mm, va);

	return at < mm->vmas && mm->vma[at].start <= va ? &mm->vma[at] : NULL;
}

bool mm_range_free(const struct mm *mm, uint64_t start, uint64_t end)
{
	size_t at = vma_at(mm, start);

	return at == mm->vmas || mm->vma[at].start >= end;
}

/* Make va a border between areas if it is inside one. */
static void vma_split(struct mm *mm, uint64_t va)
{
	size_t at = vma_at(mm, va);
	struct vma upper;

	if (at == mm->vmas || mm->vma[at].start >= va)
		return;
	upper = mm->vma[at];
	upper.start = va;
	upper.offset += va - mm->vma[at].start;
	page_cache_get(upper.file);
	mm->vma[at].end = va;
	vma_insert(mm, at + 1, &upper);
}

static bool vma_continues(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->prot == b->prot &&
	       a->shared == b->shared && !a->file && !b->file;
}

/* Anonymous neighbours alike become one, so that heaps stay one area. */
static void vma_merge(struct linux_kernel *k, struct mm *mm, uint64_t start,
		      uint64_t end)
{
	size_t at = vma_at(mm, start ? start - 1 : 0);

	while (at + 1 < mm->vmas && mm->vma[at].start <= end) {
		if (vma_continues(&mm->vma[at], &mm->vma[at + 1])) {
			mm->vma[at].end = mm->vma[at + 1].end;
			vma_remove(k, mm, at + 1);
		} else {
			at++;
		}
	}
}

int mm_unmap(struct linux_kernel *k, struct mm *mm, uint64_t start,
	     uint64_t end)
{
	size_t at;

	if (mm_range_free(mm, start, end))
		return 0;
	vma_split(mm, start);
	vma_split(mm, end);
	at = vma_at(mm, start);
	while (at < mm->vmas && mm->vma[at].start < end)
		vma_remove(k, mm, at);
	leaves_drop(k, mm, start, end);
	return k->stopped ? -EFAULT : 0;
}

int mm_map(struct linux_kernel *k, struct mm *mm, const struct vma *vma)
{
	int error = mm_unmap(k, mm, vma->start, vma->end);
	uint64_t va;

	if (error) {
		page_cache_put(k, vma->file);
		return error;
	}
	vma_insert(mm, vma_at(mm, vma->start), vma);
	/* Shared anonymous pages must exist before a fork can share them. */
	for (va = vma->start; vma->shared && !vma->file && va < vma->end;
	     va += PAGE_BYTES) {
		if (fault_resolve(k, mm, va, FAULT_READ) != FAULT_FIXED) {
			mm_unmap(k, mm, vma->start, vma->end);
			return -ENOMEM;
		}
	}
	vma_merge(k, mm, vma->start, vma->end);
	return 0;
}

/* ---- protection ---- */

struct protect {
	unsigned int prot;
	struct gather changed;
};

static void visit_protect(struct linux_kernel *k, void *context, uint64_t va,
			  ipa_t slot, uint64_t pte)
{
	struct protect *p = context;
	uint64_t value = pte_user(pte_frame(pte), p->prot,
				  (p->prot & GUEST_PROT_WRITE) &&
					  !(pte & PTE_READ_ONLY));

	if (value == pte)
		return;
	kernel_store64(k, slot, value);
	gather_add(&p->changed, va, pte);
	if (p->prot & GUEST_PROT_EXEC)
		k->flush_code = true;
}

int mm_protect(struct linux_kernel *k, struct mm *mm, uint64_t start,
	       uint64_t end, unsigned int prot)
{
	struct protect p = { .prot = prot };
	uint64_t va = start;
	size_t at;

	for (at = vma_at(mm, start); va < end; va = mm->vma[at++].end) {
		if (at == mm->vmas || mm->vma[at].start > va)
			return -ENOMEM;
	}
	vma_split(mm, start);
	vma_split(mm, end);
	for (at = vma_at(mm, start); at < mm->vmas && mm->vma[at].start < end;
	     at++)
		mm->vma[at].prot = prot;
	table_each(k, mm->root, start, end, visit_protect, &p);
	flush_gathered(k, mm, &p.changed);
	gather_fini(&p.changed);
	vma_merge(k, mm, start, end);
	return 0;
}

void mm_discard(struct linux_kernel *k, struct mm *mm, uint64_t start,
		uint64_t end)
{
	size_t at;
	uint64_t from, to;

	for (at = vma_at(mm, start); at < mm->vmas && mm->vma[at].start < end;
	     at++) {
		if (mm->vma[at].shared)
			continue;
		from = mm->vma[at].start > start ? mm->vma[at].start : start;
		to = mm->vma[at].end < end ? mm->vma[at].end : end;
		leaves_drop(k, mm, from, to);
	}
}

/* ---- placing and moving ---- */

uint64_t mm_place(struct mm *mm, uint64_t bytes)
{
	uint64_t top = mm->mmap_top;
	size_t at = mm->vmas;

	while (at > 0 && mm->vma[at - 1].start >= top)
		at--;
	for (; at > 0; at--) {
		if (mm->vma[at - 1].end <= top &&
		    top - mm->vma[at - 1].end >= bytes)
			break;
		if (mm->vma[at - 1].start < top)
			top = mm->vma[at - 1].start;
	}
	return top >= bytes + PAGE_BYTES ? top - bytes : 0;
}

int mm_move(struct linux_kernel *k, struct mm *mm, uint64_t from,
	    uint64_t bytes, uint64_t to)
{
	struct gather g = { 0 };
	struct vma vma;
	size_t i, at;
	ipa_t slot;
	int error = 0;

	vma_split(mm, from);
	vma_split(mm, from + bytes);
	at = vma_at(mm, from);
	vma = mm->vma[at];
	vma.start = to;
	vma.end = to + bytes;
	page_cache_get(vma.file);
	table_each(k, mm->root, from, from + bytes, visit_clear, &g);
	flush_gathered(k, mm, &g);
	vma_remove(k, mm, at);
	vma_insert(mm, vma_at(mm, to), &vma);
	for (i = 0; i < g.count; i++) {
		if (!error &&
		    !table_walk(k, mm->root, g.va[i] - from + to, true, &slot))
			error = -ENOMEM;
		if (error)
			frame_put(k, pte_frame(g.pte[i]));
		else
			kernel_store64(k, slot, g.pte[i]);
	}
	machine_barrier(k->m, k->cpu, BARRIER_DSB);
	gather_fini(&g);
	return error;
}

/* ---- life ---- */

/* A dead address space's ASID was flushed when it died, so its number may
 * come round again; 0 is the empty root's. */
static uint16_t asid_take(struct linux_kernel *k)
{
	size_t i = 0;

	while (i < k->processes) {
		const struct process *p = k->process[i++];

		if (k->next_asid == 0 ||
		    (p && p->mm && p->mm->asid == k->next_asid)) {
			k->next_asid++;
			i = 0;
		}
	}
	return k->next_asid++;
}

struct mm *mm_new(struct linux_kernel *k)
{
	struct mm *mm = calloc(1, sizeof(*mm));

	if (!mm || !frame_alloc_table(k, 0, &mm->root)) {
		free(mm);
		return NULL;
	}
	mm->refs = 1;
	mm->asid = asid_take(k);
	return mm;
}

struct mm *mm_get(struct mm *mm)
{
	mm->refs++;
	return mm;
}

void mm_put(struct linux_kernel *k, struct mm *mm)
{
	struct table_list tables = { 0 };
	struct gather g = { 0 };
	size_t i;

	if (!mm || --mm->refs)
		return;
	table_each(k, mm->root, 0, TASK_END, visit_clear, &g);
	table_detach(k, mm->root, &tables);
	machine_barrier(k->m, k->cpu, BARRIER_DSB);
	tlbi_asid(k, mm->asid);
	machine_barrier(k->m, k->cpu, BARRIER_DSB);
	for (i = 0; i < g.count; i++)
		frame_put(k, pte_frame(g.pte[i]));
	gather_fini(&g);
	table_list_free(k, &tables);
	while (mm->vmas)
		vma_remove(k, mm, mm->vmas - 1);
	free(mm->vma);
	free(mm);
}

void mm_abandon(struct linux_kernel *k, struct mm *mm)
{
	if (--mm->refs)
		return;
	while (mm->vmas)
		vma_remove(k, mm, mm->vmas - 1);
	free(mm->vma);
	free(mm);
}

struct copy {
	struct mm *from, *to;
	bool protected, failed;
};

static void visit_copy(struct linux_kernel *k, void *context, uint64_t va,
		       ipa_t slot, uint64_t pte)
{
	struct copy *c = context;
	struct vma *vma = mm_find(c->from, va);
	ipa_t copy;

	if (c->failed || !table_walk(k, c->to->root, va, true, &copy)) {
		c->failed = true;
		return;
	}
	if (!(pte & PTE_READ_ONLY) && !(vma && vma->shared)) {
		pte |= PTE_READ_ONLY;
		kernel_store64(k, slot, pte);
		c->protected = true;
	}
	frame_get(k, pte_frame(pte));
	kernel_store64(k, copy, pte);
}

struct mm *mm_copy(struct linux_kernel *k, struct mm *mm)
{
	struct mm *to = mm_new(k);
	struct copy c = { .from = mm, .to = to };
	size_t i;

	if (!to)
		return NULL;
	to->brk_start = mm->brk_start;
	to->brk = mm->brk;
	to->mmap_top = mm->mmap_top;
	to->signal_return = mm->signal_return;
	for (i = 0; i < mm->vmas; i++) {
		page_cache_get(mm->vma[i].file);
		vma_insert(to, i, &mm->vma[i]);
	}
	table_each(k, mm->root, 0, TASK_END, visit_copy, &c);
	if (c.protected) {
		machine_barrier(k->m, k->cpu, BARRIER_DSB);
		tlbi_asid(k, mm->asid);
	}
	machine_barrier(k->m, k->cpu, BARRIER_DSB);
	if (!c.failed)
		return to;
	mm_put(k, to);
	return NULL;
}
