/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second core, to prove the interface: written against core/p2m/ops.h and
 * core/port.h alone, and as simple as can be. Pages of 4K only, found by a walk
 * from the root for each of them; tables are never freed before the end, for
 * nobody counts their entries; every flush is of the whole VMID; what is mapped
 * anew is broken and flushed page by page. DDI0487 L.b D8.
 */
#include "core/p2m/ops.h"
#include "core/port.h"

#define TABLE	 UINT64_C(3)
#define PAGE	 UINT64_C(0x73f) /* AF, inner shareable, write-back, valid */
#define S2AP_LSB 6
#define XN	 (UINT64_C(2) << 53)
#define OURS_RO	 (UINT64_C(1) << 55) /* a software bit: the type is RAM ro */
#define ADDRESS	 UINT64_C(0x0000fffffffff000)

struct naive {
	void *host;
	pa_t root;
	int start; /* level of the root */
	unsigned int order; /* 2^order concatenated root tables */
	struct p2m_config config;
	uint64_t pages;
};

static void flush(struct naive *n)
{
	const struct port_tlbi all = {
		.scope = PORT_TLBI_VMID, .vmid = n->config.vmid,
		.combined = true, .level = -1, .granule_lg2 = FRAME_LG2,
	};

	port_barrier(n->host, PORT_DSB_ISHST);
	port_tlbi(n->host, &all);
	port_barrier(n->host, PORT_DSB_ISH);
}

static int table_new(struct naive *n, unsigned int order, pa_t *table)
{
	if (port_table_alloc(n->host, FRAME_LG2, order, table))
		return ERR_NOMEM;
	for (unsigned int i = 0; i < 1u << order; i++) {
		const pa_t one = { table->raw + i * FRAME_BYTES };
		uint64_t *entries = port_table_map(n->host, one);

		port_table_zero(n->host, entries, FRAME_BYTES);
		port_table_unmap(n->host, entries);
	}
	port_barrier(n->host, PORT_DSB_ISHST);
	return 0;
}

/* The root's index has as many bits as are left. */
static unsigned int slot(const struct naive *n, gfn_t gfn, int level)
{
	return (gfn.raw >> 9 * (3 - level)) & (level == n->start ? ~0u : 511u);
}

static uint64_t entry_get(struct naive *n, pa_t table, unsigned int i)
{
	const pa_t one = { table.raw + i / 512 * FRAME_BYTES };
	uint64_t *entries = port_table_map(n->host, one);
	const uint64_t pte = port_pte_read(n->host, &entries[i % 512]);

	port_table_unmap(n->host, entries);
	return pte;
}

static void entry_set(struct naive *n, pa_t table, unsigned int i, uint64_t pte)
{
	const pa_t one = { table.raw + i / 512 * FRAME_BYTES };
	uint64_t *entries = port_table_map(n->host, one);

	port_pte_write(n->host, &entries[i % 512], pte);
	port_table_unmap(n->host, entries);
}

/* The level-3 table of a frame, made if `make`. Otherwise ERR_NOENT with
 * *level where the walk ended. */
static int find(struct naive *n, gfn_t gfn, bool make, pa_t *table, int *level)
{
	*table = n->root;
	for (*level = n->start; *level < 3; (*level)++) {
		const unsigned int i = slot(n, gfn, *level);
		const uint64_t pte = entry_get(n, *table, i);
		pa_t below = { pte & ADDRESS };

		if (!(pte & 1)) {
			if (!make)
				return ERR_NOENT;
			if (table_new(n, 0, &below))
				return ERR_NOMEM;
			entry_set(n, *table, i, below.raw | TABLE);
		}
		*table = below;
	}
	return 0;
}

static uint64_t page(uint64_t mfn, bool ro, unsigned int access)
{
	access &= ro ? P2M_ACCESS_R | P2M_ACCESS_X : P2M_ACCESS_RWX;
	return mfn << FRAME_LG2 | PAGE | (uint64_t)(access & 3) << S2AP_LSB |
	       (access & P2M_ACCESS_X ? 0 : XN) | (ro ? OURS_RO : 0);
}

static int naive_init(void *space, void *host, const struct p2m_config *config)
{
	struct naive *n = space;
	const int start = config->ipa_bits >= 44 ? 0 : 1;

	if (config->granule_lg2 != FRAME_LG2 || config->ipa_bits < 32 ||
	    config->ipa_bits > 48 ||
	    (config->start_level != -1 && config->start_level != start))
		return ERR_UNSUPPORTED;
	*n = (struct naive){ .host = host, .config = *config, .start = start };
	n->order = start && config->ipa_bits > 39 ? config->ipa_bits - 39u : 0;
	return table_new(n, n->order, &n->root);
}

static void free_below(struct naive *n, pa_t table, int level)
{
	for (unsigned int i = 0; level < 3 && i < 512; i++) {
		const uint64_t pte = entry_get(n, table, i);

		if (pte & 1)
			free_below(n, (pa_t){ pte & ADDRESS }, level + 1);
	}
	port_table_free(n->host, FRAME_LG2, 0, table);
}

static int naive_fini(void *space)
{
	struct naive *n = space;

	for (unsigned int i = 0; i < 512u << n->order; i++) {
		const uint64_t pte = entry_get(n, n->root, i);

		if (!pte)
			continue;
		entry_set(n, n->root, i, 0);
		flush(n);
		free_below(n, (pa_t){ pte & ADDRESS }, n->start + 1);
	}
	flush(n);
	port_table_free(n->host, FRAME_LG2, n->order, n->root);
	return 0;
}

static bool is_outside(const struct naive *n, gfn_t gfn, uint64_t frames)
{
	const uint64_t end = UINT64_C(1) << (n->config.ipa_bits - FRAME_LG2);
	return gfn.raw >= end || frames > end - gfn.raw;
}

static int map_one(struct naive *n, gfn_t gfn, uint64_t pte)
{
	pa_t table;
	uint64_t old;
	int level;

	if (find(n, gfn, true, &table, &level))
		return ERR_NOMEM;
	old = entry_get(n, table, slot(n, gfn, 3));
	if (old == pte)
		return 0;
	if (old) {
		entry_set(n, table, slot(n, gfn, 3), 0);
		flush(n);
	} else {
		n->pages++;
	}
	entry_set(n, table, slot(n, gfn, 3), pte);
	return 0;
}

static int naive_map(void *space, gfn_t gfn, mfn_t mfn, uint64_t frames,
		     enum p2m_type type, unsigned int access, uint64_t *done)
{
	struct naive *n = space;
	int rc = 0;

	*done = 0;
	if ((type != P2M_RAM_RW && type != P2M_RAM_RO) ||
	    access > P2M_ACCESS_RWX)
		return ERR_INVAL;
	if (is_outside(n, gfn, frames) || (mfn.raw | (mfn.raw + frames)) >> 36)
		return ERR_RANGE;
	for (; *done < frames && !rc; *done += !rc)
		rc = map_one(n, (gfn_t){ gfn.raw + *done },
			     page(mfn.raw + *done, type == P2M_RAM_RO, access));
	port_barrier(n->host, PORT_DSB_ISHST);
	return rc;
}

/* Remove, or give `access` to, what is mapped; then one flush. */
static int change(struct naive *n, gfn_t gfn, uint64_t frames, bool remove,
		  unsigned int access, uint64_t *done)
{
	bool any = false;

	*done = 0;
	if (is_outside(n, gfn, frames))
		return ERR_RANGE;
	if (access > P2M_ACCESS_RWX)
		return ERR_INVAL;
	for (; *done < frames; ++*done, gfn.raw++) {
		uint64_t old;
		pa_t table;
		int level;

		if (find(n, gfn, false, &table, &level))
			continue;
		old = entry_get(n, table, slot(n, gfn, 3));
		if (!old)
			continue;
		any = true;
		n->pages -= remove;
		entry_set(n, table, slot(n, gfn, 3),
			  remove ? 0
				 : page((old & ADDRESS) >> FRAME_LG2,
					old & OURS_RO, access));
	}
	if (any)
		flush(n);
	return 0;
}

static int naive_remove(void *space, gfn_t gfn, uint64_t frames, uint64_t *done)
{
	return change(space, gfn, frames, true, 0, done);
}

static int naive_protect(void *space, gfn_t gfn, uint64_t frames,
			 unsigned int access, uint64_t *done)
{
	return change(space, gfn, frames, false, access, done);
}

static void naive_lookup(void *space, gfn_t gfn, struct p2m_entry *entry)
{
	struct naive *n = space;
	int level = n->start;
	uint64_t pte = 0;
	pa_t table;

	if (!is_outside(n, gfn, 0) && !find(n, gfn, false, &table, &level))
		pte = entry_get(n, table, slot(n, gfn, 3));
	*entry = (struct p2m_entry){ .level = (uint8_t)level,
				     .order = (uint8_t)(9 * (3 - level)) };
	if (!pte)
		return;
	entry->mfn.raw = (pte & ADDRESS) >> FRAME_LG2;
	entry->type = pte & OURS_RO ? P2M_RAM_RO : P2M_RAM_RW;
	entry->access = (pte >> S2AP_LSB & 3) | (pte & XN ? 0 : P2M_ACCESS_X);
}

static uint64_t naive_vttbr(const void *space)
{
	const struct naive *n = space;
	return (uint64_t)n->config.vmid << 48 | n->root.raw;
}

static uint64_t naive_vtcr(const void *space, unsigned int pa_bits)
{
	const struct naive *n = space;
	const uint64_t ps = pa_bits >= 48   ? 5
			    : pa_bits >= 44 ? 4
			    : pa_bits >= 42 ? 3
					    : (pa_bits - 32) / 4;

	/* RES1, PS, 4K, inner shareable, write-back walks, SL0, T0SZ. */
	return UINT64_C(1) << 31 | ps << 16 | 3 << 12 | 1 << 10 | 1 << 8 |
	       (n->start == 0 ? 2 : 1) << 6 | (64u - n->config.ipa_bits);
}

static void naive_stats(const void *space, struct p2m_stats *stats)
{
	stats->mappings[3] = ((const struct naive *)space)->pages;
}

const struct p2m_ops p2m_core_ops = {
	.version = P2M_OPS_VERSION,
	.size = sizeof(struct p2m_ops),
	.name = "naive",
	.release = "1",
	.offers = P2M_OFFERS_4K | P2M_OFFERS_PARTIAL,
	.space_bytes = sizeof(struct naive),
	.init = naive_init,
	.fini = naive_fini,
	.map = naive_map,
	.remove = naive_remove,
	.protect = naive_protect,
	.lookup = naive_lookup,
	.vttbr = naive_vttbr,
	.vtcr = naive_vtcr,
	.stats = naive_stats,
};
