/* SPDX-License-Identifier: BSD-2-Clause */
/* What streams are made of. See stream.h. */
#include "sim/study/stream.h"

#include <errno.h>
#include <stdlib.h>

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

static const char *reason(int64_t result)
{
	switch (result) {
	case -EINVAL:
		return "no whole pages of guest.granule and iommu[].granule";
	case -ENODEV:
		return "no such device behind each unit (iommu[].devices)";
	case -ERANGE:
		return "beyond iommu[].iova_bits or the guest's memory "
		       "(guest.ram_mib)";
	case -EEXIST:
		return "something is mapped there";
	case -ENOENT:
		return "nothing is mapped there";
	case -ENOMEM:
		return "no memory for its tables";
	default:
		return "refused";
	}
}

static bool refused(struct stream *s, const char *what, uint64_t iova,
		    int64_t result)
{
	return error_set(s->error, EXIT_INPUT,
			 "the stream cannot go on: %s at 0x%llx: %s (%lld)",
			 what, (unsigned long long)iova, reason(result),
			 (long long)result);
}

/* ---- without mappings ---- */

bool stream_set_identity(struct stream *s, uint64_t identity)
{
	const struct machine_config *c = &s->m->config;

	s->identity = identity != 0;
	if (!s->identity && c->share_pt)
		return error_set(
			s->error, EXIT_INPUT,
			"this stream maps, and with policy.iommu.share_pt on a "
			"device's addresses are the guest's: identity=1, or "
			"share_pt off");
	for (uint32_t i = 0; !s->identity && i < c->iommus; i++)
		if (iommu_config_is_guests(&c->iommu[i]))
			return error_set(
				s->error, EXIT_INPUT,
				"this stream maps, and iommu.%u is the guest's "
				"own (iommu.%u.mode): its devices have no "
				"mappings of the hypervisor's",
				i, i);
	for (uint32_t i = 0; s->identity && i < c->iommus; i++)
		if (!c->share_pt && c->iommu[i].populate != IOMMU_POPULATE_GUEST)
			return error_set(s->error, EXIT_INPUT,
					 "identity=1: the devices behind iommu.%u do not reach the guest's memory: --set iommu.%u.populate=guest, or policy.iommu.share_pt=on",
					 i, i);
	return true;
}

static bool note_places(struct stream *s, uint64_t iova, uint64_t frame,
			uint64_t count)
{
	uint64_t first = (iova - STREAM_IOVA_BASE) >> FRAME_LG2;

	if (first + count > s->places) {
		uint64_t *more = realloc(s->place, (first + count) *
							   sizeof(*more));

		if (!more)
			return error_set(s->error, EXIT_IO,
					 "the stream is out of memory");
		s->place = more;
		s->places = first + count;
	}
	for (uint64_t i = 0; i < count; i++)
		s->place[first + i] = frame + i;
	return true;
}

static uint64_t placed(const struct stream *s, uint64_t iova)
{
	uint64_t page = (iova - STREAM_IOVA_BASE) >> FRAME_LG2;

	return GUEST_RAM_BASE + (s->place[page] << FRAME_LG2) +
	       (iova & (FRAME_BYTES - 1));
}

static bool p2m_call(struct stream *s, uint64_t function, const char *what,
		     uint64_t page)
{
	const uint64_t gfn = (GUEST_RAM_BASE >> FRAME_LG2) + s->place[page];
	uint64_t x[6] = { function, gfn, 1 };
	int64_t result = hypercall(s, x);

	return result == 0 || refused(s, what, gfn << FRAME_LG2, result);
}

bool stream_take_out(struct stream *s, uint64_t page)
{
	if (s->identity)
		return p2m_call(s, 0xC6000002, "P2M_REMOVE", page);
	return stream_unmap(s, STREAM_IOVA_BASE + (page << FRAME_LG2), 1);
}

bool stream_put_back(struct stream *s, uint64_t page)
{
	if (s->identity)
		return p2m_call(s, 0xC6000001, "P2M_POPULATE", page);
	return stream_map(s, STREAM_IOVA_BASE + (page << FRAME_LG2), page, 1,
			  STREAM_READ | STREAM_WRITE);
}

bool stream_map(struct stream *s, uint64_t iova, uint64_t frame, uint64_t count,
		unsigned int access)
{
	int64_t result;

	if (s->identity)
		return note_places(s, iova, frame, count);
	result = stream_try_map(s, iova, frame, count, access);
	return result == 0 || refused(s, "IOMMU_MAP", iova, result);
}

bool stream_unmap(struct stream *s, uint64_t iova, uint64_t count)
{
	int64_t result =
		s->identity ? 0 : stream_try_unmap(s, iova, count);

	return result == 0 || refused(s, "IOMMU_UNMAP", iova, result);
}

void stream_dma(struct stream *s, uint64_t iova, uint64_t bytes, bool write,
		bool wait)
{
	const struct iommus *all = s->m->iommus;

	if (s->identity)
		iova = placed(s, iova);
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

	if (s->identity && devices > 1)
		return error_set(s->error, EXIT_USAGE,
				 "identity=1: devices that take turns are of streams that map: devices=1");
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
