/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types and access, and what they look like to hardware. DDI0487 L.b D8.3.1,
 * D8.4, D8.6.
 */
#ifndef CORE_P2M_TYPE_H
#define CORE_P2M_TYPE_H

#include "core/format/arm_s2.h"
#include "core/p2m/p2m.h"

_Static_assert((int)P2M_INVALID == (int)ARM_S2_TYPE_HOLE &&
		       (int)P2M_TYPE_COUNT <= (int)ARM_S2_TYPE_TABLE,
	       "the descriptor's software type has room for ours");
_Static_assert((int)P2M_ACCESS_R == (int)ARM_S2_S2AP_R &&
		       (int)P2M_ACCESS_W == (int)ARM_S2_S2AP_W,
	       "access and S2AP agree");

#define P2M_RAM                                                                \
	(FIELD_PREP(ARM_S2_MEMATTR, ARM_S2_MEMATTR_NORMAL_WB) |                \
	 FIELD_PREP(ARM_S2_SH, ARM_S2_SH_INNER))
#define P2M_DEVICE(memattr)                                                    \
	(FIELD_PREP(ARM_S2_MEMATTR, (memattr)) |                               \
	 FIELD_PREP(ARM_S2_SH, ARM_S2_SH_OUTER))
#define P2M_ACCESS_RW (P2M_ACCESS_R | P2M_ACCESS_W)

static const struct p2m_type_facts {
	uint64_t memory;      /* memory type and shareability */
	unsigned int access;  /* the most a guest may have */
} p2m_types[P2M_TYPE_COUNT] = {
	[P2M_RAM_RW] = { P2M_RAM, P2M_ACCESS_RWX },
	[P2M_RAM_RO] = { P2M_RAM, P2M_ACCESS_R | P2M_ACCESS_X },
	[P2M_DEVICE_NGNRE] = { P2M_DEVICE(ARM_S2_MEMATTR_DEVICE_NGNRE),
			       P2M_ACCESS_RW },
	[P2M_DEVICE_NGNRNE] = { P2M_DEVICE(ARM_S2_MEMATTR_DEVICE_NGNRNE),
				P2M_ACCESS_RW },
	[P2M_DEVICE_GRE] = { P2M_DEVICE(ARM_S2_MEMATTR_DEVICE_GRE),
			     P2M_ACCESS_RW },
	[P2M_DEVICE_NC] = { P2M_DEVICE(ARM_S2_MEMATTR_NORMAL_NC),
			    P2M_ACCESS_RW },
	[P2M_GRANT_RW] = { P2M_RAM, P2M_ACCESS_RW },
	[P2M_GRANT_RO] = { P2M_RAM, P2M_ACCESS_R },
	[P2M_FOREIGN_RW] = { P2M_RAM, P2M_ACCESS_RW },
	[P2M_FOREIGN_RO] = { P2M_RAM, P2M_ACCESS_R },
};

static inline uint64_t p2m_permissions(enum p2m_type type, unsigned int access)
{
	access &= p2m_types[type].access;
	return FIELD_PREP(ARM_S2_S2AP, access) |
	       FIELD_PREP(ARM_S2_XN,
			  access & P2M_ACCESS_X ? 0 : ARM_S2_XN_NONE);
}

static inline uint64_t p2m_attrs(enum p2m_type type, unsigned int access)
{
	return FIELD_PREP(ARM_S2_VALID, 1) | FIELD_PREP(ARM_S2_AF, 1) |
	       p2m_types[type].memory | FIELD_PREP(ARM_S2_TYPE, type) |
	       p2m_permissions(type, access);
}

static inline enum p2m_type p2m_pte_type(uint64_t pte)
{
	return (enum p2m_type)FIELD_GET(ARM_S2_TYPE, pte);
}

/* Of XN's two bits we write the upper alone. */
static inline unsigned int p2m_pte_access(uint64_t pte)
{
	const uint64_t none = FIELD_PREP(ARM_S2_XN, ARM_S2_XN_NONE);

	return (unsigned int)FIELD_GET(ARM_S2_S2AP, pte) |
	       (unsigned int)((~pte & none) / none * P2M_ACCESS_X);
}

/* What p2m_protect makes of a leaf. */
static inline uint64_t p2m_change_access(uint64_t pte, uint64_t access)
{
	pte &= ~(FIELD_MASK(ARM_S2_S2AP) | FIELD_MASK(ARM_S2_XN));
	return pte | p2m_permissions(p2m_pte_type(pte), (unsigned int)access);
}

static inline bool p2m_type_is_leaf(enum p2m_type type)
{
	return (unsigned int)type < P2M_TYPE_COUNT && type != P2M_INVALID;
}

/* For frames of the type in bits 3:0 the one in bits 7:4. */
static inline uint64_t p2m_change_to_type(uint64_t pte, uint64_t types)
{
	const enum p2m_type to = (enum p2m_type)(types >> 4);

	if (p2m_pte_type(pte) != (enum p2m_type)(types & 15))
		return pte;
	return (pte & ~(FIELD_MASK(ARM_S2_MEMATTR) | FIELD_MASK(ARM_S2_SH) |
			FIELD_MASK(ARM_S2_TYPE) | FIELD_MASK(ARM_S2_S2AP) |
			FIELD_MASK(ARM_S2_XN))) |
	       FIELD_PREP(ARM_S2_TYPE, to) | p2m_types[to].memory |
	       p2m_permissions(to, p2m_pte_access(pte));
}

static inline bool p2m_access_is_known(unsigned int access)
{
	return (access & ~(unsigned int)P2M_ACCESS_RWX) == 0;
}

/* False if it is no access; the default is looked up. */
static inline bool p2m_access_resolve(const struct p2m *p2m,
				      unsigned int *access)
{
	if (p2m_access_is_known(*access))
		return true;
	if (*access != P2M_ACCESS_DEFAULT)
		return false;
	*access = p2m->default_access;
	return true;
}

#endif
