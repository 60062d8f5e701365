/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of a hostile core: naive but for what it has defined. */
#ifndef HOSTILE_VERSION
#define HOSTILE_VERSION P2M_OPS_VERSION
#endif
#ifndef HOSTILE_SIZE
#define HOSTILE_SIZE sizeof(struct p2m_ops)
#endif
#ifndef HOSTILE_INIT
#define HOSTILE_INIT naive_init
#endif
#ifndef HOSTILE_FINI
#define HOSTILE_FINI naive_fini
#endif
#ifndef HOSTILE_MAP
#define HOSTILE_MAP naive_map
#endif
#ifndef HOSTILE_REMOVE
#define HOSTILE_REMOVE naive_remove
#endif
#ifndef HOSTILE_PROTECT
#define HOSTILE_PROTECT naive_protect
#endif
#ifndef HOSTILE_VTTBR
#define HOSTILE_VTTBR naive_vttbr
#endif
#ifndef HOSTILE_VTCR
#define HOSTILE_VTCR naive_vtcr
#endif
#ifndef HOSTILE_STATS
#define HOSTILE_STATS naive_stats
#endif
#ifndef HOSTILE_FAULT
#define HOSTILE_FAULT NULL
#endif

const struct p2m_ops p2m_core_ops = {
	.version = HOSTILE_VERSION,
	.size = HOSTILE_SIZE,
	.name = "hostile",
	.release = "1",
	.offers = P2M_OFFERS_4K,
	.space_bytes = sizeof(struct naive),
	.init = HOSTILE_INIT,
	.fini = HOSTILE_FINI,
	.map = HOSTILE_MAP,
	.remove = HOSTILE_REMOVE,
	.protect = HOSTILE_PROTECT,
	.lookup = naive_lookup,
	.vttbr = HOSTILE_VTTBR,
	.vtcr = HOSTILE_VTCR,
	.fault = HOSTILE_FAULT,
	.stats = HOSTILE_STATS,
};
