/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOMMU of a machine as everybody else sees it: one domain a device, made
 * by core/iommu, a unit that translates (a model from models/), and the
 * hypervisor's driver that programs the unit through its registers. Devices
 * and streams know no type of unit: what differs stands behind
 * struct iommu_unit_ops.
 *
 * Left out: several units, domains that devices share, device TLBs.
 */
#ifndef SIM_MACHINE_IOMMU_H
#define SIM_MACHINE_IOMMU_H

#include "core/iommu/domain.h"
#include "sim/machine/machine.h"

struct port_iotlb;

/* A device's access as it reaches the unit: at most to the page's end. */
struct iommu_request {
	unsigned int device;
	iova_t iova;
	uint32_t bytes;
	bool write;
	uint64_t now; /* 1/1024 cycle */
};

enum iommu_result {
	IOMMU_TRANSLATED,
	IOMMU_FAULTED,	 /* recorded as the unit does */
	IOMMU_INTERRUPT, /* the device signalled an interrupt: no memory */
};

struct iommu_answer {
	enum iommu_result result;
	pa_t pa;
	uint32_t bytes; /* of the request; the rest is another */
	uint64_t done;	/* 1/1024 cycle */
};

/*
 * A type of unit: the model and the driver for it. All take what `make`
 * returned. What the driver does is charged to the current CPU.
 */
struct iommu_unit_ops {
	const char *type;
	/* NULL: out of memory. */
	void *(*make)(struct iommu *io);
	void (*end)(void *unit);
	/* Tables, queues, events; then translation is enabled. ERR_NOMEM. */
	int (*start)(void *unit);
	/* The device's accesses go through the domain from now on. */
	int (*attach)(void *unit, unsigned int device,
		      const struct iommu_domain *domain);
	/* See port_iotlb_flush, port_iotlb_wait, port_iommu_write_buffer. */
	void (*flush)(void *unit, const struct port_iotlb *request);
	void (*wait)(void *unit);
	void (*write_buffer)(void *unit);
	/* Interrupts that the unit has raised are taken. */
	void (*serve)(void *unit);
	void (*translate)(void *unit, const struct iommu_request *request,
			  struct iommu_answer *answer);
	/* Adds the unit's own statistics. */
	void (*stats)(const void *unit, json_t *out);
};
extern const struct iommu_unit_ops iommu_unit_vtd;

struct dma;
struct versions;

struct iommu {
	struct machine *m;
	const struct iommu_unit_ops *ops;
	void *unit;
	struct iommu_domain *domain; /* of each device */
	uint32_t domains;	     /* that are made */
	struct dma *dma;
	/* What memory holds below the caches; NULL: walks are coherent. */
	struct versions *below;
	uint64_t ops_map, ops_unmap, refused;
	/* 1/1024 cycle: in calls of the domains, under their lock; of these
	 * in waiting for invalidations; and in taking faults. */
	uint64_t lock_charge, wait_charge, fault_charge;
	uint64_t faults_read, overflows; /* by the driver */
};

/* NULL: *error. */
struct iommu *iommu_new(struct machine *m, struct error_line *error);
void iommu_free(struct iommu *io);
/* The driver starts the unit, and devices get their domains. */
bool iommu_boot(struct iommu *io, struct error_line *error);

/*
 * IOMMU_MAP and IOMMU_UNMAP, x as the guest gave it: 0 or a negative errno.
 * A range that is partly mapped is not mapped over, nor one unmapped that has
 * a hole: -EEXIST, -ENOENT, and nothing has changed. So it is after every
 * other error.
 */
int64_t iommu_call(struct iommu *io, const uint64_t x[6]);

/* Translation is off, or devices pass through. */
static inline bool iommu_is_direct(const struct machine *m)
{
	return m->config.iommu.mode == IOMMU_MODE_OFF ||
	       m->config.iommu.mode == IOMMU_MODE_PASS_THROUGH;
}
/* Where a device's address leads as its domain has it; what leads nowhere
 * stays as it is. Costs nothing. */
iova_t iommu_machine_address(struct iommu *io, unsigned int device,
			     iova_t iova);

/* The guest's own memory has come or gone: where domains hold the guest's
 * addresses they follow. */
void iommu_follow(struct iommu *io, gfn_t gfn, uint64_t count, bool present);

/* A moment for what a coalescing policy has due. */
void iommu_moment(struct iommu *io);

/* Below the caches, for walks that are not coherent: about to be written, and
 * cleaned. */
void iommu_before_write(struct iommu *io, pa_t pa);
void iommu_cleaned(struct iommu *io, pa_t pa, uint64_t bytes);
/* One line's words as such a walk reads them. */
void iommu_read_below(const struct iommu *io, pa_t pa, unsigned int words,
		      uint64_t *out);

/* iommu[] of the statistics. New reference. */
json_t *iommu_json(const struct iommu *io);

/* Nanoseconds of the machine file as 1/1024 cycle, and back. */
uint64_t iommu_ticks(const struct machine *m, double ns);
double iommu_ns(const struct machine *m, double ticks);

#endif
