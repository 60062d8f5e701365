/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page cache of files that are mapped: executables and private or
 * read-only mappings of files in the root. A page is filled once, by accesses
 * of the kernel, and shared by all that map it until they write. What read()
 * and write() move comes from and goes to the host instead.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/guest/linux/kernel.h"

struct page_cache *page_cache_new(const uint8_t *bytes, int fd, uint64_t size)
{
	struct page_cache *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	*b = (struct page_cache){
		.refs = 1, .bytes = bytes, .fd = fd, .size = size
	};
	b->pages = (size + PAGE_MASK_LOW) >> PAGE_LG2;
	b->page = calloc(b->pages ? b->pages : 1, sizeof(*b->page));
	if (!b->page) {
		free(b);
		return NULL;
	}
	return b;
}

struct page_cache *page_cache_get(struct page_cache *b)
{
	if (b)
		b->refs++;
	return b;
}

void page_cache_put(struct linux_kernel *k, struct page_cache *b)
{
	uint64_t i;

	if (!b || --b->refs)
		return;
	for (i = 0; i < b->pages; i++) {
		if (b->page[i].raw)
			frame_put(k, b->page[i]);
	}
	if (b->fd >= 0)
		close(b->fd);
	free(b->page);
	free(b);
}

static int page_cache_fill(struct page_cache *b, uint64_t index, uint8_t *to)
{
	uint64_t start = index << PAGE_LG2, bytes = b->size - start;
	uint64_t done = 0;
	ssize_t got;

	if (bytes > PAGE_BYTES)
		bytes = PAGE_BYTES;
	memset(to, 0, PAGE_BYTES);
	if (b->bytes) {
		memcpy(to, b->bytes + start, bytes);
		return 0;
	}
	while (done < bytes) {
		got = pread(b->fd, to + done, bytes - done,
			    (off_t)(start + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -EIO;
		if (got == 0)
			break; /* it has shrunk: zeros */
		done += (uint64_t)got;
	}
	return 0;
}

int page_cache_page(struct linux_kernel *k, struct page_cache *b,
		    uint64_t index, gfn_t *frame)
{
	int error;

	if (index >= b->pages)
		return -EIO;
	if (!b->page[index].raw) {
		if (!frame_alloc(k, frame))
			return -ENOMEM;
		kernel_touch_frame(k, *frame, 0, PAGE_BYTES, true);
		error = page_cache_fill(b, index, frame_bytes(k, *frame));
		if (error) {
			frame_put(k, *frame);
			return error;
		}
		kernel_wrote(k, *frame, 0, PAGE_BYTES);
		b->page[index] = *frame;
	}
	*frame = b->page[index];
	return 0;
}
