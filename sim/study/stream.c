/* SPDX-License-Identifier: BSD-2-Clause */
/* What streams are made of. See stream.h. */
#include "sim/study/stream.h"

#include "sim/machine/iommu.h"

uint64_t stream_draw(struct stream *s, uint64_t n)
{
	return (model_random_next(&s->random) >> 11) % n;
}

static int64_t hypercall(struct stream *s, uint64_t x[6])
{
	struct machine_start ignored;

	machine_hypercall(s->m, s->cpu, x, &ignored);
	return (int64_t)x[0];
}

static uint32_t device_of(const struct stream *s, uint32_t unit)
{
	return s->m->iommus->unit[unit].config->first_device + s->device;
}

/* The same call for a device behind each unit; what the first answers is what
 * the stream goes by. */
static int64_t call_units(struct stream *s, const uint64_t x[6])
{
	const struct iommus *all = s->m->iommus;
	int64_t result = 0;

	for (uint32_t i = 0; i < all->count; i++) {
		uint64_t y[6] = {
			x[0], device_of(s, i), x[2], x[3], x[4], x[5]
		};
		int64_t answer = hypercall(s, y);

		if (i == 0)
			result = answer;
	}
	return result;
}

int64_t stream_try_map(struct stream *s, uint64_t iova, uint64_t frame,
		       uint64_t count, unsigned int access)
{
	const uint64_t x[6] = {
		IOMMU_CALL_MAP, 0,
		iova,		(GUEST_RAM_BASE >> FRAME_LG2) + frame,
		count,		access
	};

	return call_units(s, x);
}

int64_t stream_try_unmap(struct stream *s, uint64_t iova, uint64_t count)
{
	const uint64_t x[6] = { IOMMU_CALL_UNMAP, 0, iova, count };

	return call_units(s, x);
}

static bool refused(struct stream *s, const char *what, uint64_t iova,
		    int64_t result)
{
	return error_set(
		s->error, EXIT_INPUT,
		"the stream cannot go on: %s at 0x%llx is refused (%lld)", what,
		(unsigned long long)iova, (long long)result);
}

bool stream_map(struct stream *s, uint64_t iova, uint64_t frame, uint64_t count,
		unsigned int access)
{
	int64_t result = stream_try_map(s, iova, frame, count, access);

	return result == 0 || refused(s, "IOMMU_MAP", iova, result);
}

bool stream_unmap(struct stream *s, uint64_t iova, uint64_t count)
{
	int64_t result = stream_try_unmap(s, iova, count);

	return result == 0 || refused(s, "IOMMU_UNMAP", iova, result);
}

void stream_dma(struct stream *s, uint64_t iova, uint64_t bytes, bool write,
		bool wait)
{
	const struct iommus *all = s->m->iommus;

	for (uint32_t i = 0; i < all->count; i++)
		(void)machine_dma(s->m, s->cpu, device_of(s, i),
				  (iova_t){ iova }, bytes, write, wait);
}

void stream_trap(struct stream *s)
{
	uint64_t x[6] = { 0x84000000 }; /* PSCI_VERSION */

	hypercall(s, x);
}

void stream_pause(struct stream *s, uint64_t ns)
{
	if (ns)
		machine_idle(s->m, s->cpu, iommu_ticks(s->m, (double)ns));
}

void stream_mark(struct stream *s, uint64_t id)
{
	uint64_t x[6] = { 0xC6000004, id };

	hypercall(s, x);
}

bool stream_needs(struct stream *s, uint64_t frames)
{
	if (frames <= s->frames)
		return true;
	return error_set(s->error, EXIT_INPUT,
			 "the stream needs %llu frames of guest memory, and "
			 "there are %llu: --set guest.ram_mib=%llu",
			 (unsigned long long)frames,
			 (unsigned long long)s->frames,
			 (unsigned long long)((frames + 255) / 256));
}

bool stream_needs_devices(struct stream *s, uint64_t devices)
{
	const struct iommus *all = s->m->iommus;

	for (uint32_t i = 0; i < all->count; i++)
		if (devices > all->unit[i].config->devices)
			return error_set(s->error, EXIT_INPUT,
					 "the stream needs %llu devices, and "
					 "there are %u: --set "
					 "iommu.%u.devices=%llu",
					 (unsigned long long)devices,
					 all->unit[i].config->devices, i,
					 (unsigned long long)devices);
	return true;
}
