/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains under the VT-d model: random operations on a domain, whose tables
 * the unit of models/vtd walks and caches, told of nothing but the
 * invalidations that the domain sends, as an operating system would write them
 * to its registers (VT-d 4.1 §11.4.8). What DMA finds after each call is what
 * an array with one element a frame says. The core's format and the model's
 * are written from the same text by different hands.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "models/vtd/vtd.h"
#include "tests/unit/core/port_vtd.h"

#define ROOT	0x1000u
#define CONTEXT 0x2000u
#define SID	0x0008u
#define DID	5u
#define FRAMES	UINT64_C(1536)

struct frame {
	uint64_t mfn;
	unsigned int access;
};

struct world {
	struct device_host *h;
	struct iommu_domain d;
	struct model_random random;
	struct vtd *vtd;
	uint64_t root[512], context[512];
	struct frame want[FRAMES];
};

static bool read_descriptor(void *context, uint64_t pa, unsigned int words,
			    bool coherent, uint64_t *out, uint64_t *ticks)
{
	struct world *w = context;
	const uint64_t *from;
	const int n = device_page_of(pa & ~UINT64_C(0xfff));

	*ticks += 1;
	if (n >= 0)
		from = (coherent ? w->h->cpu : w->h->memory) + (size_t)n * 512;
	else if (pa >> 12 == ROOT >> 12)
		from = w->root;
	else if (pa >> 12 == CONTEXT >> 12)
		from = w->context;
	else
		return false;
	memcpy(out, from + (pa & 0xfff) / 8, 8 * (size_t)words);
	return true;
}

static const struct vtd_ops ops = { .read_descriptor = read_descriptor };

static void write_register(struct world *w, uint32_t offset, uint64_t value)
{
	vtd_mmio_write(w->vtd, offset, value, 8, 0);
}

/* IVA and IOTLB stand where ECAP.IRO says. */
static void flushed(struct device_host *h, const struct port_iotlb *r)
{
	struct world *w = h->world;
	const uint64_t ecap = vtd_mmio_read(w->vtd, 0x10, 8);
	const uint32_t iva = (uint32_t)(ecap >> 8 & 0x3ff) * 16;
	const bool pages = r->scope == PORT_IOTLB_PAGES;

	if (pages)
		write_register(w, iva, r->start.raw |
					       (uint64_t)r->leaf_only << 6 |
					       r->mask_lg2);
	write_register(w, iva + 8, UINT64_C(1) << 63 |
					   (pages ? UINT64_C(3) : 2) << 60 |
					   (uint64_t)r->did << 32);
	/* Done, and by no coarser way than was asked for. */
	assert_int_equal(vtd_mmio_read(w->vtd, iva + 8, 8) >> 63, 0);
	assert_int_equal(vtd_mmio_read(w->vtd, iva + 8, 8) >> 57 & 3,
			 pages ? 3 : 2);
}

static void open_world(struct world *w, unsigned int levels, bool coherent)
{
	struct vtd_config c = vtd_config_common();
	struct iommu_domain_config dc = {
		.did = DID, .levels = (uint8_t)levels, .output_bits = 46,
		.superpage_2m = true, .superpage_1g = true, .snoop = true,
		.page_selective = true, .mask_max_lg2 = 18, .free_empty = true,
		.coalesce = { PT_COALESCE_EAGER, 0, 0 },
		.clean = coherent ? PT_CLEAN_NONE : PT_CLEAN_LINE,
	};

	memset(w, 0, sizeof(*w));
	w->h = vtd_new_host(levels);
	w->h->coherent = coherent;
	w->h->world = w;
	c.haw_bits = 48;
	c.mgaw_bits = levels == 5 ? 57 : levels == 4 ? 48 : 39;
	c.levels_mask = (uint8_t)(1u << (levels - 2));
	c.superpages = 3;
	c.mamv = 18;
	c.page_selective = c.snoop_control = true;
	c.coherent = coherent;
	if (vtd_config_problem(&c))
		fail_msg("%s", vtd_config_problem(&c));
	model_random_seed(&w->random, 1);
	w->vtd = vtd_new(&c, &ops, w, &w->random);
	assert_non_null(w->vtd);
	assert_int_equal(iommu_domain_init(&w->d, w->h, &dc), 0);
	w->h->flushed = flushed;
	w->root[0] = CONTEXT | 1;
	w->context[2 * SID] = w->d.root.raw | 1;
	w->context[2 * SID + 1] = iommu_domain_aw(&w->d) | DID << 8;
	write_register(w, 0x20, ROOT);
	vtd_mmio_write(w->vtd, 0x18, UINT64_C(1) << 30, 4, 0);
	vtd_mmio_write(w->vtd, 0x18, UINT64_C(1) << 31, 4, 0);
}

static void close_world(struct world *w)
{
	w->h->flushed = NULL;
	assert_int_equal(iommu_domain_fini(&w->d), 0);
	assert_null(w->h->violation);
	vtd_free(w->vtd);
	device_delete(w->h);
}

static void check_dma(struct world *w, uint64_t base, uint64_t i, bool write)
{
	const struct vtd_request r = {
		.iova = (base + i) << 12 | 0x40, .bytes = 4, .sid = SID,
		.write = write,
	};
	const struct frame *f = &w->want[i];
	static struct vtd_outcome out;

	vtd_translate(w->vtd, &r, &out);
	if (!(f->access & (write ? 2u : 1u))) {
		assert_int_equal(out.result, VTD_FAULTED);
		assert_int_equal(out.reason, write ? VTD_LGN_2 : VTD_LGN_3);
		return;
	}
	assert_int_equal(out.result, VTD_TRANSLATED);
	assert_int_equal(out.pa, f->mfn << 12 | 0x40);
	assert_true(out.snoop);
}

static void change(struct world *w, uint64_t base)
{
	static const uint64_t sizes[] = { 1, 1, 7, 100, 512, 512, 1024 };
	const uint64_t frames = sizes[device_random(w->h) % 7];
	const uint64_t at = device_random(w->h) % (FRAMES - frames + 1) &
			    (frames >= 512 ? ~UINT64_C(511) : ~UINT64_C(0));
	const uint64_t mfn = device_random(w->h) % 4
				     ? 0x40000 + at
				     : 0x80000 + device_random(w->h) % 4096;
	const unsigned int access = device_random(w->h) % 8
					    ? 3
					    : 1 + device_random(w->h) % 2;
	const unsigned int what = device_random(w->h) % 8;
	const dfn_t dfn = { base + at };
	uint64_t done;

	if (what < 4)
		assert_int_equal(iommu_map(&w->d, dfn, (mfn_t){ mfn }, frames,
					   access, &done), 0);
	else if (what < 7)
		assert_int_equal(iommu_unmap(&w->d, dfn, frames, &done), 0);
	else
		assert_int_equal(iommu_protect(&w->d, dfn, frames, access,
					       &done), 0);
	for (uint64_t i = at; i < at + frames; i++) {
		if (what < 4)
			w->want[i] = (struct frame){ mfn + i - at, access };
		else if (what < 7)
			w->want[i].access = 0;
		else if (w->want[i].access)
			w->want[i].access = access;
	}
}

static void map_natural(struct world *w, uint64_t base, uint64_t at,
			uint64_t frames)
{
	uint64_t done;

	assert_int_equal(iommu_map(&w->d, (dfn_t){ base + at },
				   (mfn_t){ 0x40000 + at }, frames, 3, &done),
			 0);
	for (uint64_t i = at; i < at + frames; i++)
		w->want[i] = (struct frame){ 0x40000 + i, 3 };
}

/* A superpage's worth of equal frames in two requests. */
static void refill(struct world *w, uint64_t base)
{
	const uint64_t at = device_random(w->h) % 3 * 512;
	const uint64_t cut = 1 + device_random(w->h) % 511;

	map_natural(w, base, at + cut, 512 - cut);
	map_natural(w, base, at, cut);
}

static void dma_finds_what_the_oracle_says(void **state)
{
	(void)state;
	for (unsigned int levels = 3; levels <= 5; levels++) {
		for (int coherent = 0; coherent < 2; coherent++) {
			const uint64_t base = (UINT64_C(1) << (9 * levels)) -
					      2048;
			static struct world w;
			struct vtd_counters n;

			open_world(&w, levels, coherent);
			for (unsigned int step = 0; step < 1500; step++) {
				if (step % 8 == 0)
					refill(&w, base);
				change(&w, base);
				for (unsigned int i = 0; i < 60; i++)
					check_dma(&w, base,
						  device_random(w.h) % FRAMES,
						  device_random(w.h) % 2);
			}
			vtd_counters(w.vtd, &n);
			assert_true(n.iotlb.hits > 1000);
			assert_true(n.walks.count > 1000);
			assert_true(n.invalidations.iotlb_page > 100);
			assert_true(n.invalidations.hinted > 10);
			assert_true(w.d.stats.pt.coalesces > 10);
			close_world(&w);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dma_finds_what_the_oracle_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
