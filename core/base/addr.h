/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Typed addresses, one struct per address space. There is deliberately no
 * function here that turns one space into another: only a walk does that.
 *
 * Glossary
 *   va       stage-1 input: what a guest program uses, bytes
 *   ipa      stage-1 output and stage-2 input: guest physical, bytes
 *   pa       stage-2 output: machine physical, bytes
 *   iova     what a device uses, bytes
 *   gfn      guest frame number: ipa / 4096, whatever the granule
 *   mfn      machine frame number: pa / 4096, whatever the granule
 *   dfn      device frame number: iova / 4096
 *   granule  size of a translation table and of the smallest mapping
 *   page     a leaf entry's range at the last level
 *   block    a leaf entry's range above the last level
 *   table    one page of descriptors
 *   stage    1: va to ipa, the guest's; 2: ipa to pa, the hypervisor's
 *   asid     tag of a stage-1 address space
 *   vmid     tag of a guest
 *   sid      stream id, the device's name at an IOMMU
 *   did      domain id, the tag of a VT-d domain
 *   level    the architecture's own number, where it counts towards the
 *            pages: Arm's last is 3
 *   last     inclusive end of a range
 *   end      exclusive end of a range
 */
#ifndef CORE_BASE_ADDR_H
#define CORE_BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct { uint64_t raw; } va_t;
typedef struct { uint64_t raw; } ipa_t;
typedef struct { uint64_t raw; } pa_t;
typedef struct { uint64_t raw; } iova_t;
typedef struct { uint64_t raw; } gfn_t;
typedef struct { uint64_t raw; } mfn_t;
typedef struct { uint64_t raw; } dfn_t;

#define FRAME_LG2 12
#define FRAME_BYTES (UINT64_C(1) << FRAME_LG2)

/* Same space, other unit: these are not conversions between spaces. */
static inline gfn_t gfn_from_ipa(ipa_t a)
{
	return (gfn_t){ a.raw >> FRAME_LG2 };
}

static inline ipa_t ipa_from_gfn(gfn_t f)
{
	return (ipa_t){ f.raw << FRAME_LG2 };
}

static inline dfn_t dfn_from_iova(iova_t a)
{
	return (dfn_t){ a.raw >> FRAME_LG2 };
}

static inline iova_t iova_from_dfn(dfn_t f)
{
	return (iova_t){ f.raw << FRAME_LG2 };
}

static inline mfn_t mfn_from_pa(pa_t a)
{
	return (mfn_t){ a.raw >> FRAME_LG2 };
}

static inline pa_t pa_from_mfn(mfn_t f)
{
	return (pa_t){ f.raw << FRAME_LG2 };
}

/* False if [a, a + bytes) is empty or wraps; *last is inclusive. */
static inline bool ipa_last(ipa_t a, uint64_t bytes, ipa_t *last)
{
	last->raw = a.raw + (bytes - 1);
	return bytes != 0 && last->raw >= a.raw;
}

#endif
