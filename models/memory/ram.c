/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory: a private anonymous mapping without reservation, so that
 * a machine of many gigabytes costs what it touches.
 */
#include "models/memory/ram.h"

#include <sys/mman.h>

int ram_init(struct ram *ram, pa_t base, uint64_t bytes)
{
	void *host;

	*ram = (struct ram){ .base = base };
	if (bytes == 0)
		return ERR_INVAL;
	if (base.raw + (bytes - 1) < base.raw || bytes > SIZE_MAX)
		return ERR_RANGE;
	host = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (host == MAP_FAILED)
		return ERR_NOMEM;
	ram->host = host;
	ram->bytes = bytes;
	return 0;
}

void ram_fini(struct ram *ram)
{
	if (ram->host)
		munmap(ram->host, ram->bytes);
	*ram = (struct ram){ .host = NULL };
}
