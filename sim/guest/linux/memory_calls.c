/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls on the address space: brk, mmap, munmap, mprotect, mremap,
 * madvise.
 */
#include <fcntl.h>
#include <unistd.h>

#include "sim/guest/linux/process.h"
#include "sim/guest/linux/syscalls.h"

static uint64_t page_up(uint64_t bytes)
{
	return (bytes + PAGE_MASK_LOW) & ~PAGE_MASK_LOW;
}

/* As Linux does, calls on what is mapped take tagged addresses whatever the
 * process asked for; those that name a new place do not. */

/* [start, start + bytes) is page aligned, not empty, and user space. */
static bool range_ok(uint64_t start, uint64_t bytes)
{
	return !(start & PAGE_MASK_LOW) && bytes && bytes <= TASK_END &&
	       start <= TASK_END - bytes;
}

int64_t sys_brk(struct linux_kernel *k, const uint64_t a[6])
{
	struct mm *mm = k->current->mm;
	uint64_t old = page_up(mm->brk), want = page_up(a[0]);
	struct vma vma = { .start = old,
			   .end = want,
			   .prot = GUEST_PROT_READ | GUEST_PROT_WRITE };

	if (a[0] < mm->brk_start || a[0] >= mm->mmap_top)
		return (int64_t)mm->brk;
	if (want < old)
		(void)mm_unmap(k, mm, want, old);
	if (want > old &&
	    (!mm_range_free(mm, old, want + PAGE_BYTES) || mm_map(k, mm, &vma)))
		return (int64_t)mm->brk;
	mm->brk = a[0];
	return (int64_t)mm->brk;
}

/* What a file mapping is filled from; 0 or a negative errno. */
static int map_file(struct linux_kernel *k, uint64_t fd, uint64_t flags,
		    uint64_t prot, struct page_cache **out)
{
	struct file *f = fd_file(k, fd);
	struct statx st;
	int copy;

	if (!f)
		return -EBADF;
	if (f->host_fd < 0 || f->path || f->ops->stat(k, f, &st) ||
	    !S_ISREG(st.stx_mode))
		return -ENODEV;
	if ((flags & GUEST_MAP_TYPE) == GUEST_MAP_SHARED &&
	    (prot & GUEST_PROT_WRITE))
		return -EACCES;
	copy = fcntl(f->host_fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return -errno;
	*out = page_cache_new(NULL, copy, st.stx_size);
	if (*out)
		return 0;
	close(copy);
	return -ENOMEM;
}

static int64_t map_place(struct mm *mm, uint64_t hint, uint64_t bytes,
			 uint64_t flags)
{
	uint64_t start;

	if (flags & (GUEST_MAP_FIXED | GUEST_MAP_FIXED_NOREPLACE)) {
		if (!range_ok(hint, bytes) || hint < PAGE_BYTES)
			return -EINVAL;
		if ((flags & GUEST_MAP_FIXED_NOREPLACE) &&
		    !mm_range_free(mm, hint, hint + bytes))
			return -EEXIST;
		return (int64_t)hint;
	}
	hint &= ~PAGE_MASK_LOW;
	if (hint >= PAGE_BYTES && range_ok(hint, bytes) &&
	    mm_range_free(mm, hint, hint + bytes))
		return (int64_t)hint;
	start = mm_place(mm, bytes);
	return start ? (int64_t)start : -ENOMEM;
}

int64_t sys_mmap(struct linux_kernel *k, const uint64_t a[6])
{
	uint64_t bytes = page_up(a[1]), flags = a[3];
	uint64_t type = flags & GUEST_MAP_TYPE;
	struct mm *mm = k->current->mm;
	struct vma vma = { .prot = a[2] & 7, .offset = a[5] };
	int64_t start;
	int error;

	if (!a[1] || (a[5] & PAGE_MASK_LOW) || type == 0 || type > 3)
		return -EINVAL;
	if (!bytes || bytes > TASK_END)
		return -ENOMEM;
	start = map_place(mm, a[0], bytes, flags);
	if (start < 0)
		return start;
	vma.start = (uint64_t)start;
	vma.end = vma.start + bytes;
	vma.shared = type != GUEST_MAP_PRIVATE;
	if (!(flags & GUEST_MAP_ANONYMOUS)) {
		error = map_file(k, a[4], flags, a[2], &vma.file);
		if (error)
			return error;
	}
	error = mm_map(k, mm, &vma);
	return error ? error : start;
}

int64_t sys_munmap(struct linux_kernel *k, const uint64_t a[6])
{
	uint64_t start = untagged(a[0]), bytes = page_up(a[1]);

	if (!range_ok(start, bytes))
		return -EINVAL;
	return mm_unmap(k, k->current->mm, start, start + bytes);
}

int64_t sys_mprotect(struct linux_kernel *k, const uint64_t a[6])
{
	uint64_t start = untagged(a[0]), bytes = page_up(a[1]);

	if (start & PAGE_MASK_LOW)
		return -EINVAL;
	if (!bytes)
		return 0;
	if (!range_ok(start, bytes))
		return -ENOMEM;
	return mm_protect(k, k->current->mm, start, start + bytes, a[2] & 7);
}

int64_t sys_madvise(struct linux_kernel *k, const uint64_t a[6])
{
	enum { MADV_DONTNEED = 4 };
	uint64_t start = untagged(a[0]), bytes = page_up(a[1]);

	if (start & PAGE_MASK_LOW)
		return -EINVAL;
	if (!bytes)
		return 0;
	if (!range_ok(start, bytes))
		return -ENOMEM;
	if (a[2] == MADV_DONTNEED)
		mm_discard(k, k->current->mm, start, start + bytes);
	return 0;
}

/* The area grows where it is: what is behind it is free. */
static bool grow_in_place(struct linux_kernel *k, struct mm *mm,
			  const struct vma *vma, uint64_t old, uint64_t bytes)
{
	struct vma more = *vma;

	more.start = old;
	more.end = old + bytes;
	if (vma->end != old || !range_ok(old, bytes) ||
	    !mm_range_free(mm, more.start, more.end))
		return false;
	more.offset = vma->offset + (old - vma->start);
	page_cache_get(more.file);
	return mm_map(k, mm, &more) == 0;
}

static int64_t remap_elsewhere(struct linux_kernel *k, const uint64_t a[6],
			       uint64_t old_bytes, uint64_t new_bytes)
{
	struct mm *mm = k->current->mm;
	uint64_t to = a[4];
	const struct vma *vma;
	int error;

	if (!(a[3] & GUEST_MREMAP_FIXED))
		to = mm_place(mm, new_bytes);
	else if (!range_ok(to, new_bytes) ||
		 (to < a[0] + old_bytes && a[0] < to + new_bytes))
		return -EINVAL;
	if (!to)
		return -ENOMEM;
	error = mm_unmap(k, mm, to, to + new_bytes);
	if (!error && new_bytes < old_bytes)
		error = mm_unmap(k, mm, a[0] + new_bytes, a[0] + old_bytes);
	if (error)
		return error;
	if (new_bytes < old_bytes)
		old_bytes = new_bytes;
	error = mm_move(k, mm, a[0], old_bytes, to);
	if (error)
		return error;
	vma = mm_find(mm, to);
	if (new_bytes > old_bytes &&
	    !grow_in_place(k, mm, vma, to + old_bytes, new_bytes - old_bytes))
		return -ENOMEM;
	return (int64_t)to;
}

int64_t sys_mremap(struct linux_kernel *k, const uint64_t given[6])
{
	const uint64_t a[6] = { untagged(given[0]), given[1], given[2],
				given[3],	    given[4], given[5] };
	uint64_t old_bytes = page_up(a[1]), new_bytes = page_up(a[2]);
	struct mm *mm = k->current->mm;
	const struct vma *vma;

	if (!range_ok(a[0], old_bytes) || !new_bytes || new_bytes > TASK_END ||
	    (a[3] & ~(uint64_t)3))
		return -EINVAL;
	vma = mm_find(mm, a[0]);
	if (!vma || vma->end < a[0] + old_bytes)
		return -EFAULT;
	if (a[3] & GUEST_MREMAP_FIXED)
		return a[3] & GUEST_MREMAP_MAYMOVE
			       ? remap_elsewhere(k, a, old_bytes, new_bytes)
			       : -EINVAL;
	if (new_bytes < old_bytes &&
	    mm_unmap(k, mm, a[0] + new_bytes, a[0] + old_bytes))
		return -ENOMEM;
	if (new_bytes <= old_bytes ||
	    grow_in_place(k, mm, vma, a[0] + old_bytes, new_bytes - old_bytes))
		return (int64_t)a[0];
	if (!(a[3] & GUEST_MREMAP_MAYMOVE))
		return -ENOMEM;
	return remap_elsewhere(k, a, old_bytes, new_bytes);
}
