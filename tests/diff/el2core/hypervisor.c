/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest's memory is to its hypervisor: populated at once or by faults,
 * taken away and given back by hypercall. The calls and their answers are
 * those of sim/machine/hypervisor.h; every number comes from the guest and is
 * hostile until checked.
 */
#include "host.h"
#include "layout.h"

#define GUEST_ENOENT 2
#define GUEST_ENOMEM 12
#define GUEST_EINVAL 22
#define GUEST_ERANGE 34
#define GUEST_ENOSYS 38

static void note(struct host *h, uint64_t gfn, uint64_t count, unsigned int is)
{
	for (uint64_t i = 0; i < count; i++)
		h->note[gfn - h->ram_first + i] = (uint8_t)is;
}

/* How many frames from `gfn` on are consecutive in the machine, too. */
static uint64_t run_length(const struct host *h, uint64_t gfn, uint64_t limit)
{
	const uint64_t first = backing_frame(h, gfn).raw;
	uint64_t run = 1;

	while (run < limit && backing_frame(h, gfn + run).raw == first + run)
		run++;
	return run;
}

static int populate(struct host *h, uint64_t gfn, uint64_t count)
{
	while (count) {
		uint64_t run = run_length(h, gfn, count), done;

		while (run) {
			const int rc =
				p2m_map(&h->p2m, (gfn_t){ gfn },
					backing_frame(h, gfn), run, P2M_RAM_RW,
					P2M_ACCESS_RWX, &done);

			note(h, gfn, done, NOTE_PRESENT | NOTE_ACCESS);
			gfn += done;
			run -= done;
			count -= done;
			if (rc && rc != ERR_PREEMPTED)
				return rc;
		}
	}
	return 0;
}

int hypervisor_boot(struct host *h)
{
	const struct options *o = &h->options;
	struct p2m_config config = o->p2m;
	int rc;

	if (o->mutation == MUTATE_NO_BREAK)
		config.bbm_level = 2;
	rc = p2m_init(&h->p2m, h, &config);
	if (rc)
		return rc;
	if (!o->populate_on_fault) {
		h->ops_map++;
		rc = populate(h, h->ram_first, h->ram_frames);
	}
	if (rc == 0 && o->setway != SETWAY_OFF)
		rc = p2m_setway_init(&h->setway, &h->p2m,
				     (enum p2m_setway_policy)(o->setway -
							      SETWAY_FULL),
				     false);
	if (rc == 0 && o->setway != SETWAY_OFF)
		p2m_setway_start(&h->setway);
	return rc;
}

bool hypervisor_fault(struct host *h, uint64_t ipa)
{
	const unsigned int granule_lg2 = h->options.p2m.granule_lg2;
	const uint64_t gfn = ipa >> granule_lg2 << (granule_lg2 - FRAME_LG2);

	if (h->options.setway != SETWAY_OFF &&
	    p2m_setway_fault(&h->setway, (gfn_t){ gfn }) == 0)
		return true;
	if (!h->options.populate_on_fault || !ram_has(h, gfn) ||
	    (h->note[gfn - h->ram_first] & NOTE_REMOVED))
		return false;
	h->ops_fault++;
	return populate(h, gfn, UINT64_C(1) << (granule_lg2 - FRAME_LG2)) == 0;
}

/* ---- hypercalls */

static int64_t guest_errno(int rc)
{
	switch (rc) {
	case 0:
		return 0;
	case ERR_NOMEM:
		return -GUEST_ENOMEM;
	case ERR_RANGE:
		return -GUEST_ERANGE;
	case ERR_NOENT:
		return -GUEST_ENOENT;
	default:
		return -GUEST_EINVAL;
	}
}

static int64_t call_remove(struct host *h, uint64_t gfn, uint64_t count)
{
	uint64_t done;
	int rc;

	h->ops_unmap++;
	do {
		rc = p2m_remove(&h->p2m, (gfn_t){ gfn }, count, &done);
		note(h, gfn, done, NOTE_REMOVED);
		gfn += done;
		count -= done;
	} while (rc == ERR_PREEMPTED);
	return guest_errno(rc);
}

/* What stage 2 can express: the core writes S2AP and XN as they are asked. */
static void note_access(struct host *h, uint64_t gfn, uint64_t count,
			unsigned int access)
{
	for (uint64_t i = gfn - h->ram_first; count--; i++)
		if (h->note[i] & NOTE_PRESENT)
			h->note[i] = (uint8_t)(NOTE_PRESENT | access);
}

static int64_t call_protect(struct host *h, uint64_t gfn, uint64_t count,
			    uint64_t access)
{
	uint64_t done;
	int rc;

	if (access > P2M_ACCESS_RWX)
		return -GUEST_EINVAL;
	h->ops_protect++;
	do {
		rc = p2m_protect(&h->p2m, (gfn_t){ gfn }, count,
				 (unsigned int)access, &done);
		note_access(h, gfn, done, (unsigned int)access);
		gfn += done;
		count -= done;
	} while (rc == ERR_PREEMPTED);
	return guest_errno(rc);
}

static bool range_is_ram(const struct host *h, uint64_t gfn, uint64_t count)
{
	const uint64_t index = gfn - h->ram_first;

	return index < h->ram_frames && count <= h->ram_frames - index;
}

static int64_t call_populate(struct host *h, uint64_t gfn, uint64_t count)
{
	const uint64_t frames = UINT64_C(1)
				<< (h->options.p2m.granule_lg2 - FRAME_LG2);

	h->ops_map++;
	/* By runs of the backing: each must be whole granules. */
	if ((gfn | count) & (frames - 1))
		return -GUEST_EINVAL;
	for (uint64_t i = 0; i < count; i++)
		if (h->note[gfn - h->ram_first + i] & NOTE_REMOVED)
			h->note[gfn - h->ram_first + i] = 0;
	return guest_errno(populate(h, gfn, count));
}

int64_t hypervisor_p2m_call(struct host *h, const uint64_t *x)
{
	if (!range_is_ram(h, x[1], x[2]) || x[2] == 0)
		return -GUEST_ERANGE;
	switch (x[0]) {
	case 0xC6000001:
		return call_populate(h, x[1], x[2]);
	case 0xC6000002:
		return call_remove(h, x[1], x[2]);
	case 0xC6000003:
		return call_protect(h, x[1], x[2], x[3]);
	default:
		return -GUEST_ENOSYS;
	}
}
