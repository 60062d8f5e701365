/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See foreign.h. Here: what hardware would make of a library's tables: the
 * registers it gives, and the descriptors along the way to a frame. Reads
 * memory as it is, on nobody's account. DDI0487 L.b D8.2, D24.2.196.
 */
#include "models/arm/descriptor.h"
#include "sim/machine/foreign.h"

#define HEX(value) ((unsigned long long)(value))

static unsigned int width(const struct foreign *f)
{
	return f->config.granule_lg2 - 3u;
}

/* The lowest bit that a level resolves. */
static unsigned int lsb(const struct foreign *f, int level)
{
	return f->config.granule_lg2 + width(f) * (unsigned int)(3 - level);
}

/* ---- the registers */

/* VTCR_EL2.SL0 by granule. */
static int start_level(const struct foreign *f, uint64_t vtcr)
{
	unsigned int sl0 = vtcr >> 6 & 3;

	if (f->config.granule_lg2 == 12)
		return sl0 == 3 ? 3 : 2 - (int)sl0;
	return 3 - (int)sl0;
}

static unsigned int tg0(const struct foreign *f)
{
	return f->config.granule_lg2 == 12 ? 0
	       : f->config.granule_lg2 == 14 ? 2
					     : 1;
}

void foreign_judge_vtcr(struct foreign *f, uint64_t vtcr)
{
	static const uint8_t pa_bits[] = { 32, 36, 40, 42, 44, 48, 52, 56 };
	unsigned int bits = 64 - (vtcr & 63);
	int level = start_level(f, vtcr);

	if (bits != f->config.ipa_bits)
		foreign_fail(f, "VTCR_EL2 0x%llx: T0SZ gives %u bits, not the %u asked for",
			     HEX(vtcr), bits, f->config.ipa_bits);
	if ((vtcr >> 14 & 3) != tg0(f))
		foreign_fail(f, "VTCR_EL2 0x%llx: TG0 is not the granule asked for, 2^%u",
			     HEX(vtcr), f->config.granule_lg2);
	if (pa_bits[vtcr >> 16 & 7] > f->h->m->config.mmu.pa_bits)
		foreign_fail(f, "VTCR_EL2 0x%llx: PS gives more than the machine's %u bits",
			     HEX(vtcr), f->h->m->config.mmu.pa_bits);
	/* DDI0487 L.b D8.2.7: level 0 is for large physical addresses. */
	if (f->config.granule_lg2 == 12 && level == 0 &&
	    f->h->m->config.mmu.pa_bits < 44)
		foreign_fail(f, "VTCR_EL2 0x%llx: no walk begins at level 0 on a machine of %u physical address bits",
			     HEX(vtcr), f->h->m->config.mmu.pa_bits);
	if (bits > f->h->m->config.mmu.pa_bits)
		foreign_fail(f, "VTCR_EL2 0x%llx: %u bits are more than the machine's physical addresses have",
			     HEX(vtcr), bits);
	/* At most 16 concatenated tables, and more than one entry. */
	if (bits <= lsb(f, level) || bits > lsb(f, level) + width(f) + 4)
		foreign_fail(f, "VTCR_EL2 0x%llx: no walk of %u bits begins at level %d",
			     HEX(vtcr), bits, level);
	f->start_level = level;
}

void foreign_judge_root(struct foreign *f, uint64_t vttbr)
{
	uint64_t root = vttbr & UINT64_C(0x0000fffffffffffe);
	uint64_t bytes = UINT64_C(8)
			 << (f->config.ipa_bits - lsb(f, f->start_level));
	uint64_t align = bytes < 64 ? 64 : bytes;

	if (vttbr >> 48 != f->config.vmid)
		foreign_fail(f, "VTTBR_EL2 0x%llx: VMID %llu, not the %u asked for",
			     HEX(vttbr), HEX(vttbr >> 48), f->config.vmid);
	if (root & (align - 1))
		foreign_fail(f, "VTTBR_EL2 0x%llx: the root is not aligned to its %llu bytes",
			     HEX(vttbr), HEX(align));
	if (!foreign_owns(f, root, bytes))
		foreign_fail(f, "VTTBR_EL2 0x%llx: the root is not in tables of its own",
			     HEX(vttbr));
	f->root = (pa_t){ root };
}

/* ---- the way to a frame */

struct found {
	bool mapped;
	uint64_t mfn, pte;
};

static struct found walk(struct foreign *f, gfn_t gfn)
{
	const struct arm_range *range = &f->h->m->cpu[0].mmu.regime.setup.s2;
	uint64_t ipa = ipa_from_gfn(gfn).raw, table = f->root.raw;
	uint64_t mask = UINT64_C(0x0000ffffffffffff) &
			~((UINT64_C(1) << f->config.granule_lg2) - 1);

	for (int level = f->start_level;; level++) {
		unsigned int shift = lsb(f, level);
		/* Concatenated tables: the root's index has more bits. */
		uint64_t index = level == f->start_level
					 ? ipa >> shift
					 : ipa >> shift & MASK(0, width(f));
		uint64_t pte = ram_read64(&f->h->m->ram,
					  (pa_t){ table + index * 8 });
		uint64_t inside = ipa & (BIT(shift) - 1);

		switch (arm_descriptor_kind(range, pte, level)) {
		case ARM_DESCRIPTOR_INVALID:
			return (struct found){ 0 };
		case ARM_DESCRIPTOR_LEAF:
			return (struct found){
				true,
				((pte & mask & ~(BIT(shift) - 1)) | inside) >>
					FRAME_LG2,
				pte
			};
		default:
			break;
		}
		table = pte & mask;
		if (!foreign_owns(f, table, BIT(f->config.granule_lg2)))
			foreign_fail(f, "gfn 0x%llx: the level %d descriptor 0x%llx leads to no table of its own",
				     HEX(gfn.raw), level, HEX(pte));
	}
}

/* S2AP, and XN[1] alone: without FEAT_XNX XN[0] says nothing. */
static unsigned int access_of(uint64_t pte)
{
	return (unsigned int)(pte >> 6 & 3) |
	       (pte >> 54 & 1 ? 0 : (unsigned int)P2M_ACCESS_X);
}

static void judge_frame(struct foreign *f, gfn_t gfn, bool want, uint64_t mfn,
			unsigned int access)
{
	struct found found = walk(f, gfn);

	if (!want && found.mapped)
		foreign_fail(f, "gfn 0x%llx is still mapped, to mfn 0x%llx",
			     HEX(gfn.raw), HEX(found.mfn));
	if (!want || (!found.mapped && mfn == ~UINT64_C(0)))
		return;
	if (!found.mapped)
		foreign_fail(f, "gfn 0x%llx is not mapped", HEX(gfn.raw));
	if (mfn != ~UINT64_C(0) && found.mfn != mfn)
		foreign_fail(f, "gfn 0x%llx is mapped to mfn 0x%llx, not to 0x%llx",
			     HEX(gfn.raw), HEX(found.mfn), HEX(mfn));
	if (access_of(found.pte) != access)
		foreign_fail(f, "gfn 0x%llx has access %u, not %u (1 read, 2 write, 4 execute)",
			     HEX(gfn.raw), access_of(found.pte), access);
}

void foreign_judge_frames(struct foreign *f, gfn_t gfn, uint64_t frames,
			  bool want, uint64_t mfn, unsigned int access)
{
	const uint64_t at[] = { 0, frames / 2, frames - 1 };

	/* Until the registers have been asked for there is no walk. */
	for (unsigned int i = 0; frames && f->root.raw && i < 3; i++)
		judge_frame(f, (gfn_t){ gfn.raw + at[i] }, want,
			    mfn == ~UINT64_C(0) ? mfn : mfn + at[i], access);
}
