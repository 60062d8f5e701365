/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the checker knows of IOMMUs beside their tables: the units, and the
 * entries of their configuration (root, context and PASID entries, STEs and
 * CDs) that may be held. One shape serves VT-d and the SMMU: an entry is live
 * from the moment that it is told of, its former content stale from a store
 * that changes it until it is dropped by an invalidation that was given after
 * the store was visible, and is complete. VT-d 4.1 §6.2, §6.5; IHI0070 G.b
 * 3.21, 4.3.
 *
 * Shared by the checker's iommu_*.c.
 */
#ifndef SIM_CHECK_IOMMU_H
#define SIM_CHECK_IOMMU_H

#include "sim/check/tables.h"

#define CONFIG_WORDS 8

struct config_entry {
	uint8_t unit;
	struct protocol_config is;
	struct table_page *page;
	/* What it leads to, if it names second-stage tables. */
	struct table_tree *tree;
	uint16_t did;
	bool linked;  /* what it says is in `tree` and `did`; else a barrier
		       * is still to come */
	bool touched; /* since the last DONE */
	struct mark writer;
	/* Its former content, or one of them. */
	bool stale, el2;
	uint8_t cpu;
	uint16_t stale_did;
	uint64_t old[CONFIG_WORDS];
	struct mark birth, replaced;
	/* Events: the last change, when it was visible (0: not yet), and
	 * when what dropped the old content last was given. */
	uint64_t when, visible, dropped;
	uint32_t finding;		  /* that names it, plus 1 */
	struct config_entry *next, *near; /* of all, of one page */
};

struct config_drop {
	struct protocol_config_drop drop;
	uint64_t issued, complete; /* events; complete 0: not yet */
	uint32_t source;
	uint8_t unit;
};

/* Of those given last, for a diagnosis. */
#define DROP_LOG 64

struct iommu_unit {
	bool known;
	struct protocol_unit is;
	/* Made since the write buffer was flushed: the first. */
	bool buffered;
	struct table_page *page;
	uint32_t index;
	struct mark mark;
	uint8_t cpu;
	uint64_t epoch; /* barriers of that CPU, as table_page's */
	/* Barriers of each CPU when the write buffer was flushed last. */
	uint64_t flushed[PROTOCOL_OBSERVERS_MAX];
};

/* Addresses of a domain whose entries changed since its last DONE. */
struct domain_change {
	uint16_t did;
	uint64_t first, last;
};
#define DOMAIN_CHANGES 64

struct checker_iommus {
	struct iommu_unit unit[PROTOCOL_OBSERVERS_MAX];
	struct config_entry *entry;
	size_t stale;  /* entries */
	bool unlinked; /* some entry is not `linked` */
	/* A bit a domain id: something of it may wait for a flush. */
	uint64_t deferred[65536 / 64];
	struct domain_change change[DOMAIN_CHANGES];
	unsigned int changes;
	struct config_drop log[DROP_LOG];
	uint64_t logged;
};

/* Does a held copy of this content lead anywhere? */
bool config_is_present(enum protocol_config_kind kind, const uint64_t *word);
/* The root that it names; false: no second stage that is judged here. */
bool config_root(const struct protocol_unit *unit,
		 enum protocol_config_kind kind, const uint64_t *word,
		 struct protocol_root *root);

#endif
