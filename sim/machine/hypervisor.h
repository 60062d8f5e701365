/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor of a machine: which frame backs each guest page, the p2m
 * that says so to the hardware, the pool its tables come from, and the calls
 * a guest may make. DESIGN §4 (backing), §8 (hypercalls). Issue A.
 */
#ifndef SIM_MACHINE_HYPERVISOR_H
#define SIM_MACHINE_HYPERVISOR_H

#include "core/p2m/ops.h"
#include "sim/machine/machine.h"
#include "sim/machine/setway.h"

/* Machine frame of gfn 0 for contiguous backing, aligned to 1 GiB. */
#define MACHINE_BASE_PA UINT64_C(0x800000000)

/* Pages for translation tables, and the core's notes on each. */
struct table_pool {
	pa_t base;
	uint64_t pages, used; /* used: never handed out yet begins there */
	uint64_t *meta;	      /* PORT_TABLE_META_BYTES a page */
	uint32_t *next;	      /* free list links by page, 0: none */
	uint32_t free[9];     /* heads by order, page index + 1 */
};

/*
 * While `on`, what the core does is a look at how things would be: it costs
 * nothing and is not observed, and what it writes is noted to be undone.
 */
struct peek {
	bool on;
	size_t count, room;
	struct peek_write {
		uint64_t *pte, was;
	} *write;
	void *space; /* as it was before */
};

struct hypervisor {
	struct machine *m;
	const struct p2m_ops *core; /* whose page-table code */
	void *space;		    /* its p2m, core->space_bytes */
	struct setway setway;
	struct peek peek;
	struct table_pool pool;
	gfn_t ram_first;
	uint64_t ram_frames;
	unsigned int unit_lg2; /* frames of the granule: p2m requests' unit */
	uint32_t *frame; /* backing by unit index; NULL: contiguous */
	uint32_t *index; /* the reverse of `frame`, once somebody asks */
	uint8_t *removed; /* by frame index: taken away by hypercall */
	uint64_t ops_map, ops_unmap, ops_protect, ops_fault;
	const void *caller;    /* of the port, in a loaded core; or NULL */
	bool combined_pending; /* see port_tlbi */
	bool combined_local;   /* all of what is pending */
	uint16_t combined_vmid;
	uint64_t fail_allocation; /* tests: the n-th from now fails, 0: none */
};

/* NULL: *error. */
struct hypervisor *hypervisor_new(struct machine *m, struct error_line *error);
/* Make the p2m, turn stage 2 on, populate guest memory if the policy is
 * eager. */
bool hypervisor_boot(struct hypervisor *h, struct error_line *error);
/* The guest is about to run for the first time. */
void hypervisor_start(struct hypervisor *h);
void hypervisor_free(struct hypervisor *h);

/* Bytes of the pool for a guest of so many frames; and for a machine, an
 * IOMMU's tables included. */
uint64_t table_pool_bytes(uint64_t ram_frames);
uint64_t hypervisor_pool_bytes(const struct machine_config *config);

static inline bool hypervisor_has_ram(const struct hypervisor *h, gfn_t gfn)
{
	return gfn.raw - h->ram_first.raw < h->ram_frames;
}

/* The frame behind a guest page of RAM, mapped or not. */
mfn_t hypervisor_frame(const struct hypervisor *h, gfn_t gfn);

/* The guest page that a frame backs; false: it is no guest memory. */
bool hypervisor_gfn(struct hypervisor *h, mfn_t mfn, gfn_t *gfn);

/* May a device reach these frames: guest memory, all of it, and none that the
 * guest has given away? */
bool hypervisor_may_share(const struct hypervisor *h, gfn_t gfn,
			  uint64_t frames);

/* What the page-table code keeps of its space, to be put back after a look at
 * how things would be: so many bytes. Its tables are not among them. */
size_t hypervisor_space_bytes(const struct hypervisor *h);
void hypervisor_space_save(const struct hypervisor *h, void *to);
void hypervisor_space_restore(struct hypervisor *h, const void *from);

/* Can a stage-2 fault at this page be resolved: by making an entry valid that
 * set/way tracking took validity from, or by populating the page? */
bool hypervisor_can_resolve(struct hypervisor *h,
			    const struct arm_fault *fault);
/* Would populating it do? Then it may be read, written and executed. */
bool hypervisor_can_populate(const struct hypervisor *h,
			     const struct arm_fault *fault);
/* One step of it; the access may fault again for the next. False if the p2m
 * could not (no memory for tables). */
bool hypervisor_resolve(struct hypervisor *h, const struct arm_fault *fault);

/*
 * The frame behind a page of the guest's, for a device that is emulated for
 * it: as the p2m has it, populated if that is left to faults. False: it is no
 * memory of the guest's, or not for that (enum p2m_access). The look itself
 * costs nothing.
 */
bool hypervisor_reach(struct hypervisor *h, gfn_t gfn, unsigned int access,
		      mfn_t *mfn);

/* The guest has trapped for something else: a moment for what a coalescing
 * policy has due. */
void hypervisor_tick(struct hypervisor *h, const struct machine_cpu *cpu);

/* P2M_* hypercalls; 0 or a negative errno, as the guest sees it. */
int64_t hypervisor_p2m_call(struct hypervisor *h, const uint64_t x[6]);

#endif
