/* SPDX-License-Identifier: BSD-2-Clause */
/* See versions.h. */
#include "models/memory/versions.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LINE_BYTES_MAX 1024

int versions_init(struct versions *v, struct ram *ram, unsigned int line_lg2)
{
	uint64_t lines = (ram->bytes + BIT(line_lg2) - 1) >> line_lg2;

	*v = (struct versions){ .ram = ram,
				.line_lg2 = line_lg2,
				.words = (lines + 63) / 64 };
	v->unclean = calloc(v->words, sizeof(*v->unclean));
	/* Pages come as lines are written: RAM may be larger than the host's. */
	v->other = mmap(NULL, ram->bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (v->other == MAP_FAILED)
		v->other = NULL;
	if (v->unclean && v->other)
		return 0;
	versions_fini(v);
	return ERR_NOMEM;
}

void versions_fini(struct versions *v)
{
	if (v->other)
		munmap(v->other, v->ram->bytes);
	free(v->unclean);
	*v = (struct versions){ .words = 0 };
}

void versions_keep(struct versions *v, pa_t pa)
{
	uint64_t line = (pa.raw - v->ram->base.raw) >> v->line_lg2;

	memcpy(v->other + (line << v->line_lg2),
	       v->ram->host + (line << v->line_lg2), BIT(v->line_lg2));
	v->unclean[line / 64] |= BIT(line % 64);
	v->count++;
}

static void line_changed(const struct versions *v, uint64_t line)
{
	if (v->changed)
		v->changed(v->context, (pa_t){ v->ram->base.raw +
					       (line << v->line_lg2) });
}

/* What the caches had is memory's, too, from now on. */
static void line_clean(struct versions *v, uint64_t line)
{
	v->unclean[line / 64] &= ~BIT(line % 64);
	v->count--;
	if (!v->memory_shown)
		return;
	memcpy(v->ram->host + (line << v->line_lg2),
	       v->other + (line << v->line_lg2), BIT(v->line_lg2));
	line_changed(v, line);
}

void versions_clean(struct versions *v, pa_t pa, uint64_t bytes)
{
	uint64_t line, end;

	if (v->count == 0 || bytes == 0 || !ram_has(v->ram, pa, 1))
		return;
	pa.raw -= v->ram->base.raw;
	if (bytes > v->ram->bytes - pa.raw)
		bytes = v->ram->bytes - pa.raw;
	line = pa.raw >> v->line_lg2;
	end = ((pa.raw + bytes - 1) >> v->line_lg2) + 1;
	while (line < end) {
		uint64_t left = v->unclean[line / 64] >> line % 64;

		if (left == 0) {
			line = (line / 64 + 1) * 64;
			continue;
		}
		line += ctz64(left);
		if (line < end)
			line_clean(v, line++);
	}
}

static void line_exchange(struct versions *v, uint64_t line)
{
	uint8_t *a = v->ram->host + (line << v->line_lg2);
	uint8_t *b = v->other + (line << v->line_lg2);
	uint8_t keep[LINE_BYTES_MAX];

	memcpy(keep, a, BIT(v->line_lg2));
	memcpy(a, b, BIT(v->line_lg2));
	memcpy(b, keep, BIT(v->line_lg2));
	line_changed(v, line);
}

uint64_t versions_show(struct versions *v, bool memory)
{
	if (v->memory_shown == memory)
		return 0;
	v->memory_shown = memory;
	for (uint64_t i = 0; v->count && i < v->words; i++) {
		for (uint64_t left = v->unclean[i]; left; left &= left - 1)
			line_exchange(v, i * 64 + ctz64(left));
	}
	return v->count;
}
