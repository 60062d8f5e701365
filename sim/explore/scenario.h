/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario: an address space of a guest (core/p2m) or a device (core/iommu),
 * policies, what is mapped at the start, the operation to be explored, and who
 * looks on. JSON "p2msim.scenario/1", read
 * strictly; README.md has its keys.
 */
#ifndef SIM_EXPLORE_SCENARIO_H
#define SIM_EXPLORE_SCENARIO_H

#include <jansson.h>

#include "core/iommu/domain.h"
#include "core/p2m/ops.h"
#include "sim/explore/explore.h"
#include "sim/machine/config.h"

#define SCENARIO_FORMAT "p2msim.scenario/1"

enum scenario_do {
	DO_MAP,
	DO_REMOVE,
	DO_PROTECT,
	DO_CHANGE_TYPE,
	DO_RELINQUISH,
	DO_TEARDOWN,
	DO_TICK,
	DO_SETWAY_START,
	DO_SETWAY_TRAP,
	DO_SETWAY_TOGGLE,
	DO_FAULT,
	DO_UNMAP, /* of a domain */
	DO_FLUSH,
	DO_COUNT
};
const char *scenario_do_name(enum scenario_do what); /* "map" */

struct scenario_call {
	enum scenario_do what;
	gfn_t gfn;
	dfn_t dfn; /* of a domain */
	mfn_t mfn;
	uint64_t frames;
	enum p2m_type type, from;
	unsigned int access; /* enum p2m_access or iommu_access bits */
	bool was, is; /* caches, of setway-toggle */
};

enum scenario_clean { CLEAN_ENTRY, CLEAN_LINE, CLEAN_TOP_ONLY };

/* What can be left out of the core's steps, to see what it is for. */
enum scenario_without {
	WITHOUT_CLEAN,
	WITHOUT_DSB_STORES,
	WITHOUT_DSB,
	WITHOUT_TLBI,
	WITHOUT_TLBI_COMBINED,
	WITHOUT_FLUSH_BEFORE_FREE, /* freed as soon as unlinked */
	WITHOUT_IOTLB,
	WITHOUT_IOTLB_WAIT,
	WITHOUT_WRITE_BUFFER,
	WITHOUT_COUNT
};

#define SCENARIO_CALLS_MAX 64

struct scenario {
	char name[96];
	bool domain; /* of an IOMMU: `iommu` counts, else `p2m` */
	struct iommu_domain_config iommu;
	struct p2m_config p2m;
	enum p2m_setway_policy set_way;
	enum scenario_clean clean;
	bool without[WITHOUT_COUNT];
	/* A core that has pages alone would take too many. */
	bool wants_blocks;
	struct explore_observer observer[EXPLORE_OBSERVERS_MAX];
	unsigned int observers;
	struct scenario_call start[SCENARIO_CALLS_MAX], call[SCENARIO_CALLS_MAX];
	unsigned int starts, calls;
};

/* 4K, 40 bits, default policies, one CPU, nothing mapped and nothing done. */
void scenario_init(struct scenario *s);
/* From a file ("-": standard input), then every --set. False: *error. */
bool scenario_read(struct scenario *s, const char *path,
		   const struct config_set *sets, unsigned int set_count,
		   struct error_line *error);
/* The same from a tree, whose every --set is applied; `label` is its name. */
bool scenario_parse(struct scenario *s, const json_t *tree, const char *label,
		    struct error_line *error);
/* The same of a domain: VT-d, 48 bits, one coherent IOMMU. */
void scenario_init_domain(struct scenario *s);
/* With an Arm format, instead. */
void scenario_use_smmu(struct scenario *s, enum iommu_format format);
void scenario_add_cpu(struct scenario *s);
void scenario_add_iommu(struct scenario *s, bool coherent);
/* Of a domain's tables. */
unsigned int scenario_granule_lg2(const struct scenario *s);
/* Any operation of set/way tracking. */
bool scenario_uses_setway(const struct scenario *s);
/* False: each that walks does so through the caches. */
bool scenario_is_noncoherent(const struct scenario *s);

#endif
