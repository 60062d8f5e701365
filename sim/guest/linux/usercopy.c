/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies between the current process and the kernel. Each page is faulted in
 * if it must be, then accessed as the kernel would (counted, at the user's
 * address), and only then are the bytes moved on the host, uncounted.
 */
#include <string.h>

#include "sim/guest/linux/process.h"

static bool pte_allows(uint64_t pte, bool write)
{
	return (pte & PTE_VALID) && (pte & PTE_EL0) &&
	       !(write && (pte & PTE_READ_ONLY));
}

/* Host bytes behind va, present and permitted; NULL: EFAULT. Not
 * accessed. */
static uint8_t *user_page(struct linux_kernel *k, uint64_t va, bool write,
			  gfn_t *frame)
{
	struct mm *mm = k->current->mm;
	uint64_t pte;

	if (k->current->tagged_abi)
		va = untagged(va);
	if (va >= TASK_END || k->stopped)
		return NULL;
	pte = table_peek(k, mm->root, va);
	if (!pte_allows(pte, write)) {
		if (fault_resolve(k, mm, va,
				  write ? FAULT_WRITE : FAULT_READ) !=
		    FAULT_FIXED)
			return NULL;
		pte = table_peek(k, mm->root, va);
	}
	*frame = pte_frame(pte);
	return frame_bytes(k, *frame) + (va & PAGE_MASK_LOW);
}

/* The piece of [va, va + bytes) that is in va's page. */
static uint64_t piece(uint64_t va, uint64_t bytes)
{
	uint64_t room = PAGE_BYTES - (va & PAGE_MASK_LOW);

	return bytes < room ? bytes : room;
}

int user_read(struct linux_kernel *k, void *to, uint64_t va, uint64_t bytes)
{
	uint8_t *out = to;
	const uint8_t *host;
	gfn_t frame;
	uint64_t n;

	for (; bytes; va += n, out += n, bytes -= n) {
		n = piece(va, bytes);
		host = user_page(k, va, false, &frame);
		if (!host)
			return -EFAULT;
		kernel_touch(k, va, n, false);
		memcpy(out, host, n);
	}
	return k->stopped ? -EFAULT : 0;
}

int user_write(struct linux_kernel *k, uint64_t va, const void *from,
	       uint64_t bytes)
{
	const uint8_t *in = from;
	uint8_t *host;
	gfn_t frame;
	uint64_t n;

	for (; bytes; va += n, in += n, bytes -= n) {
		n = piece(va, bytes);
		host = user_page(k, va, true, &frame);
		if (!host)
			return -EFAULT;
		kernel_touch(k, va, n, true);
		memcpy(host, in, n);
		kernel_wrote(k, frame, va & PAGE_MASK_LOW, n);
	}
	return k->stopped ? -EFAULT : 0;
}

int user_zero(struct linux_kernel *k, uint64_t va, uint64_t bytes)
{
	uint8_t *host;
	gfn_t frame;
	uint64_t n;

	for (; bytes; va += n, bytes -= n) {
		n = piece(va, bytes);
		host = user_page(k, va, true, &frame);
		if (!host)
			return -EFAULT;
		kernel_touch(k, va, n, true);
		memset(host, 0, n);
		kernel_wrote(k, frame, va & PAGE_MASK_LOW, n);
	}
	return k->stopped ? -EFAULT : 0;
}

int user_string(struct linux_kernel *k, char *to, size_t space, uint64_t va)
{
	size_t done = 0, n;
	const uint8_t *host, *end;
	gfn_t frame;

	while (done < space) {
		n = piece(va, space - done);
		host = user_page(k, va, false, &frame);
		if (!host)
			return -EFAULT;
		end = memchr(host, 0, n);
		if (end)
			n = (size_t)(end - host) + 1;
		kernel_touch(k, va, n, false);
		memcpy(to + done, host, n);
		done += n;
		va += n;
		if (end)
			return (int)done - 1;
	}
	return -ENAMETOOLONG;
}
