/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hostile guest may do with devices, made from any bytes: IOMMU_MAP and
 * IOMMU_UNMAP with numbers from everywhere, P2M calls on what devices reach,
 * DMA to anywhere, and accesses of any size to PCI configuration space and to
 * edu's registers, on machines of several kinds. What each call must answer is
 * worked out here page by page; a device must reach the pages mapped for it,
 * all of them and no others, and nothing of the hypervisor's. Any disagreement
 * ends the program with a line that says which.
 *
 * Bytes: 1 for the machine, then 10 for each step.
 */
#ifndef TESTS_UNIT_SIM_DEVICE_SEQUENCE_H
#define TESTS_UNIT_SIM_DEVICE_SEQUENCE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine/dma.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu.h"
#include "sim/machine/pci.h"

#define DEVICE_STEP    10u
#define DEVICE_STEPS   400u
#define DEVICE_DEVICES 2u
#define DEVICE_FRAMES  1024u /* guest.ram_mib=4 */
#define DEVICE_GFN     (GUEST_RAM_BASE >> FRAME_LG2)
#define DEVICE_IOVA    (UINT64_C(4) << 30)
#define DEVICE_BAR     PCI_WINDOW_BASE
#define DEVICE_SLOTS   (1u << 17)
#define DEVICE_PAGES   (DEVICE_SLOTS / 2)
#define DEVICE_DMA_MAX 9000u
/* What no page holds but by a device's hand. */
#define DEVICE_TOKEN 0xd5

struct device_page {
	uint64_t dfn;
	uint32_t frame; /* of the guest's */
	uint8_t access; /* 0: nothing is mapped */
	uint8_t device;
	bool used; /* a slot in use, now or before */
};

struct device_sequence {
	struct machine_config config;
	struct machine *m;
	uint64_t spaces; /* bits of a device's addresses */
	bool late, follows;
	struct device_page *page;
	uint32_t used;
	bool removed[DEVICE_FRAMES];
	bool written[DEVICE_DEVICES][DEVICE_FRAMES]; /* may have been */
	uint8_t *ram;				     /* as it should be */
	bool *loose; /* frames of which that is not known */
	uint64_t steps, refused, moved, faulted;
};

static const char *const device_machines[][8] = {
	{ "iommu.0.fault_records=4", NULL },
	{ "iommu.0.scalable_mode=on", "iommu.0.mode=scalable",
	  "policy.iommu.coalesce=eager", NULL },
	{ "iommu=vtd-ivybridge", "policy.iommu.clean=top-only",
	  "policy.iommu.coalesce=eager", "iommu.0.largest_page=1G", NULL },
	{ "iommu.0.queued=off", "iommu.0.caching_mode=on",
	  "iommu.0.write_buffer_flush=on", "iommu.0.page_selective=off", NULL },
	{ "iommu.0.levels=3", "iommu.0.iova_bits=39",
	  "policy.iommu.coalesce=after-ops:4", "guest.backing=contiguous",
	  NULL },
	{ "policy.iommu.flush=deferred:8", "policy.iommu.coalesce=eager",
	  "guest.backing=contiguous", NULL },
	{ "iommu.0.populate=guest", "policy.iommu.coalesce=hysteresis:2",
	  "guest.backing=contiguous", NULL },
	{ "iommu.0.levels=5", "iommu.0.iova_bits=57", "iommu.0.coherent=off",
	  "policy.iommu.coalesce=scan:1000,64", NULL },
	{ "iommu=smmu-mmu600", "iommu.0.mode=stage2", "iommu.0.coherent=off",
	  NULL },
	{ "iommu=smmu-mmu600", "iommu.0.mode=stage2", "iommu.0.bbm_level=2",
	  "policy.iommu.coalesce=eager", NULL },
	{ "iommu=smmu-mmu600", "iommu.0.mode=stage2",
	  "guest.backing=contiguous", "iommu.0.range_invalidation=on",
	  "policy.iommu.coalesce=after-ops:4", NULL },
	{ "iommu=smmu-mmu600", "iommu.0.mode=stage2", "iommu.0.bbm_level=1",
	  "policy.iommu.coalesce=hysteresis:2", "iommu.0.populate=guest",
	  "guest.backing=contiguous", NULL },
};
#define DEVICE_MACHINES \
	(unsigned int)(sizeof(device_machines) / sizeof(device_machines[0]))

_Noreturn static inline void device_fail(const struct device_sequence *s,
					 const char *what, uint64_t a,
					 uint64_t b, int64_t result)
{
	fprintf(stderr, "step %llu: %s: %#llx %#llx: %lld\n",
		(unsigned long long)s->steps, what, (unsigned long long)a,
		(unsigned long long)b, (long long)result);
	abort();
}

/* ---- what is mapped ---- */

static inline struct device_page *device_slot(const struct device_sequence *s,
					      unsigned int device, uint64_t dfn)
{
	uint64_t h = (dfn * 2 + device) * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t i = h >> 47;

	while (s->page[i].used &&
	       (s->page[i].dfn != dfn || s->page[i].device != device))
		i = (i + 1) % DEVICE_SLOTS;
	return &s->page[i];
}

static inline void device_set(struct device_sequence *s, unsigned int device,
			      uint64_t dfn, uint64_t frame, unsigned int access)
{
	struct device_page *p = device_slot(s, device, dfn);

	s->used += !p->used;
	*p = (struct device_page){ .dfn = dfn,
				   .frame = (uint32_t)frame,
				   .access = (uint8_t)access,
				   .device = (uint8_t)device,
				   .used = true };
	if (access & IOMMU_ACCESS_W)
		s->written[device][frame] = true;
}

static inline uint64_t device_count(const struct device_sequence *s,
				    unsigned int device, uint64_t dfn,
				    uint64_t count)
{
	uint64_t mapped = 0;

	for (uint64_t i = 0; i < count; i++)
		mapped += device_slot(s, device, dfn + i)->access != 0;
	return mapped;
}

/* How many are mapped from there on; 1 if none. */
static inline uint64_t device_run(const struct device_sequence *s,
				  unsigned int device, uint64_t dfn,
				  uint64_t most)
{
	uint64_t n = 1;

	while (n < most && device_slot(s, device, dfn + n)->access)
		n++;
	return n;
}

/* ---- memory ---- */

static inline uint8_t *device_real(const struct device_sequence *s,
				   uint64_t frame)
{
	return ram_host(&s->m->ram,
			pa_from_mfn(hypervisor_frame(s->m->hypervisor,
						     (gfn_t){ DEVICE_GFN +
							      frame })));
}

/* Whatever of guest memory a device can have written it has been given, and
 * nothing of the hypervisor's own holds what devices write. */
static inline void device_check_memory(const struct device_sequence *s)
{
	const struct ram *ram = &s->m->ram;
	uint8_t token[64];

	for (uint64_t f = 0; f < DEVICE_FRAMES; f++)
		if (!s->loose[f] &&
		    memcmp(device_real(s, f), s->ram + f * FRAME_BYTES,
			   FRAME_BYTES) != 0)
			device_fail(s, "a frame is not as it should be", f, 0,
				    0);
	memset(token, DEVICE_TOKEN, sizeof(token));
	for (uint64_t at = 0; at < ram->bytes; at += sizeof(token)) {
		pa_t pa = { ram->base.raw + at };
		gfn_t gfn;

		if (ram->host[at] == DEVICE_TOKEN &&
		    memcmp(ram->host + at, token, sizeof(token)) == 0 &&
		    !hypervisor_gfn(s->m->hypervisor, mfn_from_pa(pa), &gfn))
			device_fail(s, "a device wrote what is nobody's",
				    pa.raw, 0, 0);
	}
}

/* ---- calls ---- */

static inline int64_t device_call(struct device_sequence *s, uint64_t function,
				  uint64_t a, uint64_t b, uint64_t c,
				  uint64_t d, uint64_t e)
{
	uint64_t x[6] = { function, a, b, c, d, e };
	struct machine_start ignored;

	machine_hypercall(s->m, &s->m->cpu[0], x, &ignored);
	return (int64_t)x[0];
}

static inline bool device_within(uint64_t first, uint64_t count, uint64_t from,
				 uint64_t size)
{
	return count && first >= from && first - from < size &&
	       count <= size - (first - from);
}

static inline bool device_shareable(const struct device_sequence *s,
				    uint64_t gfn, uint64_t count)
{
	if (!device_within(gfn, count, DEVICE_GFN, DEVICE_FRAMES))
		return false;
	for (uint64_t i = 0; i < count; i++)
		if (s->removed[gfn - DEVICE_GFN + i])
			return false;
	return true;
}

/* The answer that is due; without memory for tables any call may be refused. */
static inline bool device_answered(struct device_sequence *s, const char *what,
				   bool legal, uint64_t a, uint64_t b,
				   int64_t result)
{
	s->refused += result != 0;
	if (result == -ENOMEM)
		return false;
	if (legal != (result == 0))
		device_fail(s, what, a, b, result);
	return legal;
}

static inline void device_map(struct device_sequence *s, uint64_t device,
			      uint64_t iova, uint64_t gfn, uint64_t count,
			      uint64_t access)
{
	uint64_t dfn = iova >> FRAME_LG2;
	bool legal = device < DEVICE_DEVICES && iova % FRAME_BYTES == 0 &&
		     access && access <= IOMMU_ACCESS_RW &&
		     device_shareable(s, gfn, count) &&
		     device_within(dfn, count, 0,
				   UINT64_C(1) << (s->spaces - FRAME_LG2)) &&
		     device_count(s, (unsigned int)device, dfn, count) == 0;
	int64_t result = device_call(s, IOMMU_CALL_MAP, device, iova, gfn,
				     count, access);

	if (!device_answered(s, "IOMMU_MAP", legal, iova, count, result))
		return;
	for (uint64_t i = 0; i < count; i++)
		device_set(s, (unsigned int)device, dfn + i,
			   gfn - DEVICE_GFN + i, (unsigned int)access);
}

static inline void device_unmap(struct device_sequence *s, uint64_t device,
				uint64_t iova, uint64_t count)
{
	uint64_t dfn = iova >> FRAME_LG2;
	/* No more than that are mapped at a time. */
	bool legal = device < DEVICE_DEVICES && iova % FRAME_BYTES == 0 &&
		     count && count <= DEVICE_PAGES &&
		     device_within(dfn, count, 0,
				   UINT64_C(1) << (s->spaces - FRAME_LG2)) &&
		     device_count(s, (unsigned int)device, dfn, count) == count;
	int64_t result =
		device_call(s, IOMMU_CALL_UNMAP, device, iova, count, 0, 0);

	if (!device_answered(s, "IOMMU_UNMAP", legal, iova, count, result))
		return;
	for (uint64_t i = 0; i < count; i++)
		device_set(s, (unsigned int)device, dfn + i, 0, 0);
}

/* Devices that hold the guest's own addresses follow. */
static inline void device_follow(struct device_sequence *s, uint64_t gfn,
				 uint64_t count, bool present)
{
	for (unsigned int d = 0; s->follows && d < DEVICE_DEVICES; d++)
		for (uint64_t i = 0; i < count; i++)
			device_set(s, d, gfn + i,
				   present ? gfn - DEVICE_GFN + i : 0,
				   present ? IOMMU_ACCESS_RW : 0);
}

static inline void device_p2m(struct device_sequence *s, bool remove,
			      uint64_t gfn, uint64_t count)
{
	bool legal = device_within(gfn, count, DEVICE_GFN, DEVICE_FRAMES);
	int64_t result = device_call(s, remove ? 0xC6000002 : 0xC6000001, gfn,
				     count, 0, 0, 0);

	if (!device_answered(s, "P2M call", legal, gfn, count, result))
		return;
	memset(s->removed + (gfn - DEVICE_GFN), remove, count);
	device_follow(s, gfn, count, !remove);
}

/* ---- DMA ---- */

/* One page's part. */
static inline void device_expect(struct device_sequence *s, unsigned int device,
				 uint64_t iova, uint64_t bytes, bool write,
				 const uint8_t *data)
{
	const struct device_page *p = device_slot(s, device, iova >> FRAME_LG2);
	bool reaches =
		(iova >> 20 != 0xfee || s->config.iommu[0].type != IOMMU_VTD) &&
		(p->access & (write ? IOMMU_ACCESS_W : IOMMU_ACCESS_R));
	uint8_t *at = s->ram + p->frame * FRAME_BYTES + iova % FRAME_BYTES;

	s->moved += reaches;
	s->faulted += !reaches;
	if (reaches && write)
		memcpy(at, data, bytes);
	if (s->late || write || (reaches && s->loose[p->frame]))
		return;
	for (uint64_t i = 0; i < bytes; i++)
		if (data[i] != (reaches ? at[i] : 0))
			device_fail(s, "a read saw other bytes", iova, i,
				    data[i]);
}

static inline void device_dma(struct device_sequence *s, unsigned int device,
			      uint64_t iova, uint64_t bytes, bool write)
{
	uint8_t data[DEVICE_DMA_MAX];
	const struct dma_access a = { .device = device,
				      .iova = { iova },
				      .bytes = bytes,
				      .write = write,
				      .data = data };

	if (bytes - 1 > ~iova)
		return;
	memset(data, DEVICE_TOKEN, sizeof(data));
	(void)dma_perform(s->m->iommus, &s->m->cpu[0], &a);
	for (uint64_t at = 0; at < bytes;) {
		uint64_t n = FRAME_BYTES - (iova + at) % FRAME_BYTES;

		n = n < bytes - at ? n : bytes - at;
		device_expect(s, device, iova + at, n, write, data + at);
		at += n;
	}
}

/* A few bytes of each page, or of the first four and the last four. */
static inline void device_touch(struct device_sequence *s, uint64_t device,
				uint64_t iova, uint64_t count)
{
	for (uint64_t i = 0; device < DEVICE_DEVICES && i < count; i++) {
		if (i == 4 && count > 8)
			i = count - 4;
		device_dma(s, (unsigned int)device, iova + i * FRAME_BYTES, 8,
			   false);
	}
}

/* ---- registers ---- */

/* What edu writes is not followed: only where it may. */
static inline void device_loosen(struct device_sequence *s)
{
	for (unsigned int d = 0; d < DEVICE_DEVICES; d++)
		for (uint64_t f = 0; f < DEVICE_FRAMES; f++)
			s->loose[f] |= s->written[d][f];
}

static inline void device_register(struct device_sequence *s, uint64_t ipa,
				   unsigned int size, bool write,
				   uint64_t value)
{
	if (pci_claims(s->m->pci, (ipa_t){ ipa }))
		machine_mmio(s->m, &s->m->cpu[0], (va_t){ ipa }, (ipa_t){ ipa },
			     size, write, &value);
}

/* A transfer from beginning to end, between places that are odd. */
static inline void device_transfer(struct device_sequence *s, const uint8_t *b)
{
	static const uint64_t inside[] = { 0x40000, 0x40001, 0x40fff,
					   0x41000, 0x3ffff, UINT64_MAX };
	static const uint64_t outside[] = { DEVICE_IOVA, DEVICE_IOVA + 0xff8,
					    UINT64_MAX - 4095,
					    UINT64_C(0xfee00000) };
	static const uint64_t counts[] = {
		1, 4096, 4097, 8192, 0, UINT64_MAX, 64, UINT64_C(1) << 32
	};
	uint64_t bar = DEVICE_BAR + b[1] % DEVICE_DEVICES * UINT64_C(0x100000);
	uint64_t one = inside[b[2] % 6], other = outside[b[3] % 4];
	bool to_memory = b[5] & 1;

	device_register(s, bar + 0x80, 8, true, to_memory ? one : other);
	device_register(s, bar + 0x88, 8, true, to_memory ? other : one);
	device_register(s, bar + 0x90, 8, true, counts[b[6] % 8]);
	device_register(s, bar + 0x98, 8, true, to_memory ? 3 : 1);
	device_register(s, bar + 0x98, 8, false, 0);
}

static inline void device_mmio(struct device_sequence *s, const uint8_t *b)
{
	static const uint16_t edu[] = { 0x00, 0x04, 0x08, 0x20, 0x24,
					0x60, 0x64, 0x80, 0x88, 0x90,
					0x98, 0x9c, 0x84, 0xff };
	static const uint64_t values[] = {
		0,
		1,
		2,
		3,
		5,
		7,
		64,
		4095,
		4096,
		UINT64_C(0x40000),
		UINT64_C(0x40fff),
		DEVICE_IOVA,
		DEVICE_IOVA + 0x1ff0,
		UINT64_C(0xfee00000),
		UINT64_MAX,
		DEVICE_BAR,
	};
	uint64_t device = b[1] % (DEVICE_DEVICES + 1), value, ipa;
	unsigned int size = 1u << (b[3] & 3);

	value = b[4] & 1 ? values[b[5] % 16] + (b[4] & 2 ? b[6] : 0)
			 : (uint64_t)b[5] << (b[6] % 57);
	if (b[1] & 0x80)
		ipa = PCI_ECAM_BASE + ((device + 1) << 15) + (b[2] & 0xff);
	else
		ipa = DEVICE_BAR + device * 0x100000 +
		      edu[b[2] % (sizeof(edu) / sizeof(edu[0]))];
	if (b[1] & 0x40)
		ipa += b[7];
	if (b[4] & 0x80)
		device_transfer(s, b);
	else
		device_register(s, ipa, size, b[4] & 4, value);
	device_loosen(s);
}

/* ---- a sequence ---- */

static inline uint64_t device_odd(uint8_t which)
{
	static const uint64_t odd[] = {
		0,
		1,
		512,
		4096,
		UINT64_C(0xfee00000),
		UINT64_C(1) << 27,
		UINT64_C(1) << 36,
		(UINT64_C(1) << 39) - 4096,
		(UINT64_C(1) << 48) - 4096,
		UINT64_C(1) << 48,
		(UINT64_C(1) << 57) - 4096,
		UINT64_C(1) << 52,
		UINT64_C(1) << 63,
		UINT64_MAX - 4095,
		UINT64_MAX,
		(GUEST_RAM_BASE >> FRAME_LG2) + DEVICE_FRAMES,
	};

	return odd[which % 16] +
	       (which >> 4) * (which & 0x80 ? FRAME_BYTES : 0);
}

/* Some page that is mapped, if one is near where `number` points; then *device
 * is its device. */
static inline uint64_t device_pick(const struct device_sequence *s,
				   uint64_t number, uint64_t otherwise,
				   uint64_t *device)
{
	for (uint64_t i = 0; i < 2048; i++) {
		const struct device_page *p =
			&s->page[(number * 2 + i) % DEVICE_SLOTS];

		if (!p->access)
			continue;
		*device = p->device;
		return p->dfn << FRAME_LG2;
	}
	return otherwise;
}

static inline void device_step(struct device_sequence *s, const uint8_t *b)
{
	uint64_t page = (b[2] | (uint64_t)b[3] << 8) % 1536;
	uint64_t frame = (b[4] | (uint64_t)b[5] << 8) % (DEVICE_FRAMES + 8);
	uint64_t count = b[0] & 0x40 ? 1 + (b[6] | (uint64_t)b[7] << 8) % 600
				     : 1 + (uint64_t)b[6] % 8;
	uint64_t device = b[9] & 16 ? device_odd(b[1]) : b[1] % DEVICE_DEVICES;
	uint64_t iova, gfn;

	if (b[0] >= 0xc0) { /* a superpage's */
		page &= ~UINT64_C(511);
		frame &= 512;
		count = 512;
	}
	iova = b[9] & 1 ? device_odd(b[2]) : DEVICE_IOVA + page * FRAME_BYTES;
	gfn = b[9] & 4 ? device_odd(b[4]) : DEVICE_GFN + frame;
	if (b[9] & 8)
		count = device_odd(b[6]);
	if ((b[0] & 7) >= 2 && (b[0] & 7) <= 5 && !(b[9] & 0x21))
		iova = device_pick(s, b[2] | (uint64_t)b[3] << 8, iova,
				   &device);
	if (b[9] & 2)
		iova += b[8];
	switch (b[0] % 8) {
	case 0:
	case 1:
		device_map(s, device, iova, gfn, count,
			   b[9] & 0x40 ? b[8] : 1 + b[8] % 3u);
		break;
	case 2:
	case 3:
		if (b[0] & 0x20 && device < DEVICE_DEVICES && count <= 1024)
			count = device_run(s, (unsigned int)device,
					   iova >> FRAME_LG2, count);
		/* Used right before, so that it is in the IOTLB, and after. */
		if (b[0] & 8)
			device_touch(s, device, iova, count);
		device_unmap(s, device, iova, count);
		if (b[0] & 8)
			device_touch(s, device, iova, count);
		break;
	case 4:
	case 5:
		device_dma(s, (unsigned int)device % DEVICE_DEVICES, iova,
			   1 + (b[6] | (uint64_t)b[7] << 8) % DEVICE_DMA_MAX,
			   b[0] & 8);
		break;
	case 6:
		device_mmio(s, b);
		break;
	default:
		if (b[0] & 8)
			device_p2m(s, (b[0] & 0x30) == 0x10, gfn, count);
		else /* PSCI_VERSION: a moment for the hypervisor */
			device_call(s, 0x84000000, 0, 0, 0, 0, 0);
		break;
	}
}

/* No page holds what a device reads where nothing is mapped: zeros. */
static inline void device_fill(struct device_sequence *s)
{
	for (uint64_t f = 0; f < DEVICE_FRAMES; f++) {
		memset(s->ram + f * FRAME_BYTES, 1 + (int)(f % 199),
		       FRAME_BYTES);
		memset(device_real(s, f), 1 + (int)(f % 199), FRAME_BYTES);
	}
}

/* Bus mastering, and the BARs side by side. */
static inline void device_enable(struct device_sequence *s)
{
	for (uint64_t d = 0; d < DEVICE_DEVICES; d++) {
		uint64_t base = PCI_ECAM_BASE + ((d + 1) << 15);

		device_register(s, base + 0x10, 4, true,
				DEVICE_BAR + d * 0x100000);
		device_register(s, base + 4, 2, true, 6);
	}
}

static inline void device_open(struct device_sequence *s, uint8_t machine)
{
	static const char *const base[] = {
		"iommu=vtd-broadwell",
		"guest.ram_mib=4",
		"guest.backing=random",
	};
	const char *const *own = device_machines[machine % DEVICE_MACHINES];
	struct config_set all[12];
	unsigned int n = 0;
	struct error_line error;

	memset(s, 0, sizeof(*s));
	for (; n < 3; n++)
		all[n].key_value = base[n];
	for (; *own; own++) {
		all[n++].key_value = *own;
		s->late |= strstr(*own, "deferred") != NULL;
		s->follows |= strstr(*own, "populate=guest") != NULL;
	}
	all[n++].key_value = "iommu.0.devices=2";
	s->page = calloc(DEVICE_SLOTS, sizeof(*s->page));
	s->ram = calloc(DEVICE_FRAMES, FRAME_BYTES);
	s->loose = calloc(DEVICE_FRAMES, sizeof(*s->loose));
	if (!s->page || !s->ram || !s->loose)
		device_fail(s, "out of memory", 0, 0, 0);
	if (!config_load(&s->config, "tiny", NULL, all, n, NULL, &error) ||
	    !(s->m = machine_new(&s->config, &error)) ||
	    !machine_keep_versions(s->m) || !machine_boot(s->m, &error)) {
		fprintf(stderr, "%s\n", error.text);
		device_fail(s, "no machine", machine, 0, 0);
	}
	s->spaces = s->config.iommu[0].iova_bits;
	machine_start(s->m);
	device_fill(s);
	device_enable(s);
	device_follow(s, DEVICE_GFN, DEVICE_FRAMES, true);
}

/* Everything that is mapped can be taken away. */
static inline void device_close(struct device_sequence *s)
{
	for (uint32_t i = 0; i < DEVICE_SLOTS; i++)
		if (s->page[i].access)
			device_unmap(s, s->page[i].device,
				     s->page[i].dfn << FRAME_LG2, 1);
	device_check_memory(s);
	free(s->page);
	free(s->ram);
	free(s->loose);
	machine_free(s->m);
	config_fini(&s->config);
}

/* How many of a sequence's pages were moved, refused and so on: in *s, which is
 * closed. */
static inline void device_sequence_run(const uint8_t *data, size_t size,
				       struct device_sequence *s)
{
	device_open(s, size ? data[0] : 0);
	for (size_t at = 1;
	     at + DEVICE_STEP <= size && s->steps < DEVICE_STEPS &&
	     s->used < DEVICE_PAGES && !s->m->not_modelled;
	     at += DEVICE_STEP, s->steps++) {
		device_step(s, data + at);
		if (s->late)
			device_loosen(s);
	}
	device_close(s);
}

#endif
