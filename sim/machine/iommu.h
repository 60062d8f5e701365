/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOMMUs of a machine as everybody else sees them: one domain a device,
 * made by core/iommu, units that translate (models from models/), and the
 * hypervisor's drivers that program the units through their registers. Devices
 * and streams know no type of unit: what differs stands behind
 * struct iommu_unit_ops.
 *
 * Left out: domains that devices share, device TLBs.
 */
#ifndef SIM_MACHINE_IOMMU_H
#define SIM_MACHINE_IOMMU_H

#include "core/iommu/ste.h"
#include "core/p2m/share.h"
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
	IOMMU_UNCLAIMED, /* translated to where nobody answers */
};

struct iommu_answer {
	enum iommu_result result;
	pa_t pa;
	uint32_t bytes; /* of the request; the rest is another */
	uint64_t done;	/* 1/1024 cycle */
};

struct iommu;

/*
 * A type of unit: the model and the driver for it. All take what `make`
 * returned. What the driver does is charged to the current CPU.
 */
struct iommu_unit_ops {
	const char *type;
	/* What of a domain follows from the unit. */
	void (*domain)(const struct iommu_config *unit,
		       struct iommu_domain_config *out);
	/* NULL: out of memory. */
	void *(*make)(struct iommu *io);
	void (*end)(void *unit);
	/* Tables, queues, events; then translation is enabled. ERR_NOMEM. */
	int (*start)(void *unit);
	/* The device's accesses go through the domain from now on. ERR_NOMEM.
	 */
	int (*attach)(void *unit, unsigned int device,
		      const struct iommu_domain *domain);
	/* Likewise through tables that CPUs walk as well. NULL: such units
	 * cannot. */
	int (*share)(void *unit, unsigned int device,
		     const struct iommu_ste_s2 *tables);
	/* See port_iotlb_flush, port_iotlb_wait, port_iommu_write_buffer. */
	void (*flush)(void *unit, const struct port_iotlb *request);
	void (*wait)(void *unit);
	void (*write_buffer)(void *unit); /* NULL: such units have none */
	/* A CPU's broadcast TLBI. NULL: such units hear none. */
	void (*tlbi)(void *unit, const struct arm_tlbi *tlbi);
	/* Interrupts that the unit has raised are taken. */
	void (*serve)(void *unit);
	void (*translate)(void *unit, const struct iommu_request *request,
			  struct iommu_answer *answer);
	/* Adds the unit's own statistics. */
	void (*stats)(const void *unit, json_t *out);
};
extern const struct iommu_unit_ops iommu_unit_vtd, iommu_unit_smmu,
	iommu_unit_guest;

struct dma;
struct versions;

/* One unit, and the hypervisor's part of it. */
struct iommu {
	struct machine *m;
	const struct iommu_config *config;
	const struct iommu_unit_ops *ops;
	void *unit;
	struct iommu_domain *domain; /* of each of its devices */
	uint32_t domains;	     /* that are made */
	struct dma *dma;
	bool asked; /* it has invalidations that nobody waited for */
	uint64_t ops_map, ops_unmap, refused;
	/* 1/1024 cycle: in calls of the domains, under their lock; of these
	 * in waiting for invalidations; and in taking faults. */
	uint64_t lock_charge, wait_charge, fault_charge;
	uint64_t faults_read, overflows; /* by the driver */
	uint64_t queue_errors;		 /* that it cleared */
};

/* All of a machine's. */
struct iommus {
	struct machine *m;
	uint32_t count;
	struct iommu unit[IOMMU_UNITS_MAX];
	struct iommu *guests; /* the one that is the guest's own, or NULL */
	uint32_t devices;
	/* What memory holds below the caches; NULL: all walks are coherent. */
	struct versions *below;
	/* Whom the port returns to that asks for what is under way, for
	 * whoever listens; or NULL. */
	const void *caller;
};

/* NULL: *error. */
struct iommus *iommus_new(struct machine *m, struct error_line *error);
void iommus_free(struct iommus *all);
/* How the units of this machine walk the p2m's tables. */
void iommus_sharing(const struct machine *m, struct p2m_sharing *sharing);
/* The drivers start the units, and devices get their domains. */
bool iommus_boot(struct iommus *all, struct error_line *error);

/* The unit that a device stands behind, which is one of `devices`, and its
 * domain there. */
struct iommu *iommu_of_device(struct iommus *all, unsigned int device);
struct iommu_domain *iommu_domain_of(struct iommus *all, unsigned int device);

/*
 * IOMMU_MAP and IOMMU_UNMAP, x as the guest gave it: 0 or a negative errno.
 * A range that is partly mapped is not mapped over, nor one unmapped that has
 * a hole: -EEXIST, -ENOENT, and nothing has changed. So it is after every
 * other error.
 */
int64_t iommu_call(struct iommus *all, const uint64_t x[6]);

/* Does a unit exist that is the guest's own? */
static inline bool iommus_have_guests(const struct machine *m)
{
	return m->iommus && m->iommus->guests;
}
/* Is a register of it there? */
static inline bool iommus_claim(const struct machine *m, ipa_t ipa)
{
	return iommus_have_guests(m) &&
	       ipa.raw - GUEST_SMMU_BASE < GUEST_SMMU_BYTES;
}
/* Translation is off, or devices pass through. */
static inline bool iommu_is_direct(const struct iommu *io)
{
	return io->config->mode == IOMMU_MODE_OFF ||
	       io->config->mode == IOMMU_MODE_PASS_THROUGH;
}
/* Where a device's address leads as its domain has it; what leads nowhere
 * stays as it is. Costs nothing. */
iova_t iommu_machine_address(struct iommu *io, unsigned int device,
			     iova_t iova);

/* The guest's own memory has come or gone: where domains hold the guest's
 * addresses they follow. */
void iommus_follow(struct iommus *all, gfn_t gfn, uint64_t count, bool present);

/* A moment for what a coalescing policy has due. */
void iommus_moment(struct iommus *all);

/* What the core asks of its host: port.h. Requests go to the unit whose
 * device's domain it is. */
void iommus_flush(struct iommus *all, const struct port_iotlb *request);
void iommus_wait(struct iommus *all);
void iommus_write_buffer(struct iommus *all);
/* A CPU's TLBI reaches the units that listen. */
void iommus_tlbi(struct iommus *all, const struct arm_tlbi *tlbi);

/* ---- memory as units see it: iommu_memory.c */

bool iommu_memory_init(struct iommus *all);
void iommu_memory_fini(struct iommus *all);
/* Below the caches, for accesses that are not coherent: about to be written,
 * and cleaned. */
void iommu_before_write(struct iommus *all, pa_t pa);
void iommu_cleaned(struct iommus *all, pa_t pa, uint64_t bytes);
/* One line's words as a walk past the caches reads them. */
void iommu_read_below(const struct iommus *all, pa_t pa, unsigned int words,
		      uint64_t *out);
/* A unit reads words of one line, or writes. Adds to *ticks what that took.
 * False: nothing is there. */
bool iommu_unit_read(const struct iommu *io, uint64_t pa, unsigned int words,
		     bool coherent, uint64_t *out, uint64_t *ticks);
bool iommu_unit_write(const struct iommu *io, uint64_t pa, const void *data,
		      unsigned int bytes, bool coherent, uint64_t *ticks);

/* ---- statistics: iommu_stats.c */

/* iommu[] of the statistics. New reference. */
json_t *iommus_json(const struct iommus *all);
void iommu_stats_set(json_t *object, const char *key, uint64_t value);
void iommu_stats_set_tlb(json_t *object, const char *key,
			 const struct tlb_counters *counters);
/* "walks", from the type's own counters; by_reads[0 .. most]. */
struct iommu_walk_counters {
	uint64_t count, reads, ticks, waited;
	const uint64_t *by_reads;
	unsigned int most;
};
void iommu_stats_set_walks(json_t *out, const struct iommu_walk_counters *c);

/* Nanoseconds of the machine file as 1/1024 cycle, and back. */
uint64_t iommu_ticks(const struct machine *m, double ns);
double iommu_ns(const struct machine *m, double ticks);

#endif
