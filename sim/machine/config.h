/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine file, read: JSON "p2msim.machine/1", presets by name, and --set.
 * DESIGN §5. All --set apply first, then everything is validated once.
 */
#ifndef SIM_MACHINE_CONFIG_H
#define SIM_MACHINE_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/iommu/domain.h"
#include "core/p2m/setway.h"
#include "models/arm/mmu.h"
#include "models/memory/memory.h"
#include "models/smmuv3/smmu.h"
#include "models/vtd/vtd.h"

/* One line for a person: what, where, what would be right; and the exit code
 * it ends in (cli: 2 usage, 3 bad input, 5 not modelled, 6 I/O). */
struct error_line {
	int exit_code;
	char text[512];
};
/* Fills *error and returns false, for `return error_set(...)`. */
bool error_set(struct error_line *error, int exit_code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

enum exit_code {
	EXIT_FINE = 0,
	EXIT_FINDING = 1,
	EXIT_USAGE = 2,
	EXIT_INPUT = 3,
	EXIT_GUEST = 4,
	EXIT_NOT_MODELLED = 5,
	EXIT_IO = 6,
	EXIT_BUG = 70,
};

enum backing { BACKING_CONTIGUOUS, BACKING_FRAGMENTED, BACKING_RANDOM };
enum populate { POPULATE_EAGER, POPULATE_FAULT };

enum iommu_type { IOMMU_VTD, IOMMU_SMMUV3, IOMMU_TYPES };
/* How the hypervisor has a unit translate; from the third on by type. */
enum iommu_mode {
	IOMMU_MODE_OFF, /* translation is not enabled */
	IOMMU_MODE_PASS_THROUGH,
	IOMMU_MODE_LEGACY, /* VT-d */
	IOMMU_MODE_SCALABLE,
	IOMMU_MODE_STAGE2 = IOMMU_MODE_LEGACY,	/* SMMUv3 */
	IOMMU_MODE_GUEST = IOMMU_MODE_SCALABLE, /* SMMUv3: the guest's own */
};
/* What a device's domain holds at first. */
enum iommu_populate { IOMMU_POPULATE_NONE, IOMMU_POPULATE_GUEST };
enum iommu_largest { IOMMU_LARGEST_4K, IOMMU_LARGEST_2M, IOMMU_LARGEST_1G };
#define IOMMU_UNITS_MAX	  4
#define IOMMU_DEVICES_MAX 28 /* behind all units together */

/* One of iommu[]. Times are those of the type's keys. */
struct iommu_config {
	uint8_t type, mode, populate;
	uint8_t levels; /* of the tables that the hypervisor makes: VT-d */
	uint8_t granule; /* likewise: SMMUv3; 0, 1, 2 for 4K, 16K, 64K */
	uint8_t iova_bits, largest_page;
	uint8_t coherent; /* it reads tables and queues through the caches */
	/* Numbers of devices go through all units, in their order. */
	uint32_t first_device, devices; /* behind it, all alike */
	struct vtd_config vtd;	 /* all but its ticks */
	struct smmu_config smmu; /* likewise */
	uint32_t queue; /* requests that wait for their translation, in order */
	double issue_ns, utlb_ns, lookup_ns, walk_ns, turnaround_ns,
		descriptor_ns;
	double register_ns; /* of the CPU, each access to a register */
	struct {
		double round_trip_ns; /* request and completion on the link */
		double issue_ns;      /* from one request to the next */
		uint32_t in_flight, request_bytes;
	} device;
};

/* The hypervisor makes no tables for this unit's devices: the guest does. */
static inline bool iommu_config_is_guests(const struct iommu_config *c)
{
	return c->type == IOMMU_SMMUV3 && c->mode == IOMMU_MODE_GUEST;
}

/* policy.iommu, of all units. */
struct iommu_policy {
	uint8_t clean, flush;
	uint32_t flush_calls;
	struct pt_coalesce coalesce;
};

/* 1/1024 cycle: the unit of every charge. */
#define CYCLE_LG2 10
#define CYCLE (UINT64_C(1) << CYCLE_LG2)

struct core_library;

struct machine_config {
	json_t *json;	     /* the whole machine as validated, every key */
	char name[64];
	char digest[65];     /* SHA-256 of the canonical JSON, hex */
	uint64_t seed;

	uint32_t cpus;
	uint64_t base_cpi_fp; /* 1/1024 cycle per instruction */
	double mlp;	      /* >= 1 */
	uint32_t mhz;
	uint32_t slice_cycles; /* scheduler, several CPUs */
	uint32_t syscall_cycles;
	struct arm_mmu_config mmu;
	struct smmu_choices smmu_choices; /* of every SMMUv3 */
	struct memory_config memory;
	double dram_latency_ns;
	uint32_t trap_cycles, hypercall_cycles, mmio_cycles, tlbi_cycles,
		barrier_cycles, clean_cycles;
	uint32_t preempt_cycles; /* between two looks at it; 0: never */

	uint32_t ram_mib;
	uint8_t ipa_bits;
	enum backing backing;
	uint32_t fragmented_percent;

	struct p2m_config p2m;
	bool forbid_writable_executable; /* a rule of `check` */
	enum populate populate;
	enum p2m_setway_policy set_way;
	bool share_pt; /* stage-2 tables with an IOMMU */
	uint32_t iommus; /* how many units */
	struct iommu_config iommu[IOMMU_UNITS_MAX];
	struct iommu_policy iommu_policy;

	/* Whose page-table code instead of ours, if not NULL. No part of the
	 * machine: whoever loads the configuration sets it. */
	struct core_library *core;
};

/* One --set, as typed. */
struct config_set {
	const char *key_value; /* "cpu.l2_tlb.entries=0" */
};

/*
 * Build a configuration: `machine` is a preset's name or a file's path (NULL:
 * neoverse-n1), or `base` is given instead (a trace header's machine object).
 * seed: from --seed, NULL if none. False: *error says why (2 for --set and
 * unknown preset names, 3 for files, 5 for values not modelled yet).
 */
bool config_load(struct machine_config *config, const char *machine,
		 const json_t *base, const struct config_set *sets,
		 unsigned int set_count, const uint64_t *seed,
		 struct error_line *error);
void config_fini(struct machine_config *config);

/* Whether the key may hold this word, as the policies do; false for keys that
 * hold numbers. */
bool config_takes_word(const char *path, const char *word);

/* Names of the presets, sorted; NULL-terminated, static storage not owned. */
const char *const *config_presets(void);

#endif
