/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory: one range of machine addresses backed by host memory that
 * the kernel gives page by page on first touch. Holds values only.
 */
#ifndef MODELS_MEMORY_RAM_H
#define MODELS_MEMORY_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/addr.h"
#include "core/base/err.h"

struct ram {
	uint8_t *host; /* host address of `base`, page aligned */
	pa_t base;
	uint64_t bytes;
};

/* Zero everywhere. ERR_NOMEM if the host refuses the reservation. */
MUST_CHECK int ram_init(struct ram *ram, pa_t base, uint64_t bytes);
void ram_fini(struct ram *ram);

static inline bool ram_has(const struct ram *ram, pa_t pa, uint64_t bytes)
{
	uint64_t offset = pa.raw - ram->base.raw;

	return offset < ram->bytes && bytes <= ram->bytes - offset;
}

/* The caller has checked ram_has. */
static inline uint8_t *ram_host(const struct ram *ram, pa_t pa)
{
	return ram->host + (pa.raw - ram->base.raw);
}

static inline pa_t ram_pa(const struct ram *ram, const void *host)
{
	return (pa_t){ ram->base.raw +
		       (uint64_t)((const uint8_t *)host - ram->host) };
}

/* One little-endian descriptor; 8-byte aligned, inside. */
static inline uint64_t ram_read64(const struct ram *ram, pa_t pa)
{
	uint64_t value;

	__builtin_memcpy(&value, ram_host(ram, pa), sizeof(value));
	return value;
}

#endif
