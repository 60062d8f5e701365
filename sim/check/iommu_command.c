/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an IOMMU was told to drop, read from the bits as they reach it. VT-d
 * 4.1 §6.5.1, §6.5.2, §11.4.7, §11.4.8; IHI0070 G.b 4.3 to 4.7.
 *
 * Left out: invalidations by PASID, which drop nothing of a second stage that
 * stands alone; device TLBs; RESUME, PREFETCH and the like, which drop nothing.
 */
#include "core/base/bits.h"
#include "sim/check/protocol.h"

#define KIND(name) BIT(PROTOCOL_##name)

static uint64_t bits(uint64_t word, unsigned int lsb, unsigned int width)
{
	return word >> lsb & MASK(0, width);
}

/* ---- VT-d */

static bool context(struct protocol_event *e, uint64_t granularity,
		    uint16_t did, uint16_t sid, unsigned int function_mask)
{
	/* Function bits that do not matter: none, 2, 2:1, all. */
	static const uint8_t ignored[] = { 0, 4, 6, 7 };

	e->kind = PROTOCOL_CONFIG_DROP;
	e->drop = (struct protocol_config_drop){
		.name = "context-cache invalidation, global",
		.kinds = KIND(ROOT_ENTRY) | KIND(CONTEXT_ENTRY) |
			 KIND(SCALABLE_ENTRY),
	};
	if (granularity == 2) {
		e->drop.name = "context-cache invalidation of a domain";
		/* Those of scalable mode name no domain. */
		e->drop.kinds = KIND(CONTEXT_ENTRY);
		e->drop.by_did = true;
		e->drop.did = did;
	} else if (granularity == 3) {
		e->drop.name = "context-cache invalidation of a device";
		e->drop.kinds = KIND(CONTEXT_ENTRY) | KIND(SCALABLE_ENTRY);
		e->drop.by_sid = true;
		e->drop.sid = sid;
		e->drop.sid_ignored = ignored[function_mask & 3];
	}
	return granularity != 0;
}

static bool pasid(struct protocol_event *e, const uint64_t *word)
{
	uint64_t granularity = bits(word[0], 4, 2);

	e->kind = PROTOCOL_CONFIG_DROP;
	e->drop = (struct protocol_config_drop){
		.name = "PASID-cache invalidation, global",
		.kinds = KIND(DIRECTORY_ENTRY) | KIND(PASID_ENTRY),
	};
	if (granularity == 3)
		return true;
	e->drop.name = "PASID-cache invalidation of a domain";
	e->drop.kinds = KIND(PASID_ENTRY);
	e->drop.by_did = true;
	e->drop.did = (uint16_t)bits(word[0], 16, 16);
	if (granularity == 1) {
		e->drop.name = "PASID-cache invalidation of a PASID";
		e->drop.by_ssid = true;
		e->drop.ssid = (uint32_t)bits(word[0], 32, 20);
	}
	return granularity < 2;
}

static bool iotlb(const struct protocol_unit *unit, struct protocol_event *e,
		  uint64_t granularity, uint16_t did, uint64_t iva)
{
	const unsigned int mask = 12 + (unsigned int)bits(iva, 0, 6);
	struct protocol_tlbi t = { .name = "IOTLB invalidation, global",
				   .stage1 = true,
				   .stage2 = true,
				   .any_vmid = granularity == 1,
				   .level = -1,
				   .by = PROTOCOL_BY_ALL,
				   .vmid = did,
				   .unit = e->unit };

	e->kind = PROTOCOL_UNIT_TLBI;
	if (granularity != 1)
		t.name = "IOTLB invalidation of a domain";
	if (granularity == 3 && !unit->by_domain && mask < 64) {
		t.name = "IOTLB invalidation of pages";
		t.by = PROTOCOL_BY_ADDRESS;
		t.first = align_down(iva, mask);
		t.last = t.first + (BIT(mask) - 1);
		t.whole = true;
		t.last_level = bits(iva, 6, 1);
	}
	e->tlbi = t;
	return granularity != 0;
}

bool protocol_vtd_descriptor(const struct protocol_unit *unit,
			     const uint64_t word[2], struct protocol_event *e)
{
	const uint64_t granularity = bits(word[0], 4, 2);
	const uint16_t did = (uint16_t)bits(word[0], 16, 16);

	switch (bits(word[0], 0, 4) | bits(word[0], 9, 3) << 4) {
	case 1:
		return context(e, granularity, did,
			       (uint16_t)bits(word[0], 32, 16),
			       (unsigned int)bits(word[0], 48, 2));
	case 2:
		return iotlb(unit, e, granularity, did, word[1]);
	case 5: /* It tells of its completion by interrupt or status. */
		e->kind = PROTOCOL_UNIT_WAIT;
		return bits(word[0], 4, 2) != 0;
	case 7:
		return pasid(e, word);
	default:
		return false;
	}
}

bool protocol_vtd_context_command(uint64_t ccmd, struct protocol_event *e)
{
	return bits(ccmd, 63, 1) &&
	       context(e, bits(ccmd, 61, 2), (uint16_t)bits(ccmd, 0, 16),
		       (uint16_t)bits(ccmd, 16, 16),
		       (unsigned int)bits(ccmd, 32, 2));
}

bool protocol_vtd_iotlb_command(const struct protocol_unit *unit,
				uint64_t command, uint64_t iva,
				struct protocol_event *e)
{
	return bits(command, 63, 1) &&
	       iotlb(unit, e, bits(command, 60, 2),
		     (uint16_t)bits(command, 32, 16), iva);
}

/* ---- SMMUv3 */

static bool cfgi(struct protocol_event *e, unsigned int opcode,
		 const uint64_t *word)
{
	static const char *const name[] = { "CMD_CFGI_STE",
					    "CMD_CFGI_STE_RANGE", "CMD_CFGI_CD",
					    "CMD_CFGI_CD_ALL" };
	const unsigned int range = (unsigned int)bits(word[1], 0, 5) + 1;

	e->kind = PROTOCOL_CONFIG_DROP;
	e->drop = (struct protocol_config_drop){
		.name = name[opcode - 3],
		.kinds = KIND(CD),
		.by_sid = true,
		.sid = (uint32_t)bits(word[0], 32, 32),
	};
	if (opcode <= 4) /* and the CDs that they lead to */
		e->drop.kinds |= KIND(STE);
	if (opcode == 4)
		e->drop.sid_ignored = (uint32_t)MASK(0, range);
	if (opcode == 5) {
		e->drop.by_ssid = true;
		e->drop.ssid = (uint32_t)bits(word[0], 12, 20);
	}
	return true;
}

static void addresses(struct protocol_tlbi *t, const uint64_t *word)
{
	static const uint8_t granules_lg2[] = { 0, 12, 14, 16 };
	const unsigned int scale = (unsigned int)bits(word[0], 20, 5);

	t->by = PROTOCOL_BY_ADDRESS;
	t->last_level = bits(word[1], 0, 1);
	t->granule_lg2 = granules_lg2[bits(word[1], 10, 2)];
	t->first = word[1] & ~MASK(0, 12);
	t->last = t->first + 4095;
	if (!t->granule_lg2)
		return;
	t->is_range = true;
	t->last = t->first +
		  ((bits(word[0], 12, 5) + 1) << scale << t->granule_lg2) - 1;
	if (bits(word[1], 8, 2))
		t->level = (int8_t)bits(word[1], 8, 2);
}

bool protocol_smmu_command(const uint64_t word[2], struct protocol_event *e)
{
	const unsigned int opcode = (unsigned int)bits(word[0], 0, 8);
	struct protocol_tlbi t = { .level = -1,
				   .vmid = (uint16_t)bits(word[0], 32, 16),
				   .asid = (uint16_t)bits(word[0], 48, 16),
				   .unit = e->unit };

	e->kind = PROTOCOL_UNIT_TLBI;
	switch (opcode) {
	case 0x03:
	case 0x04:
	case 0x05:
	case 0x06:
		return cfgi(e, opcode, word);
	case 0x10:
		t.name = "CMD_TLBI_NH_ALL";
		t.stage1 = true;
		break;
	case 0x11:
		t.name = "CMD_TLBI_NH_ASID";
		t.stage1 = t.by_asid = true;
		t.by = PROTOCOL_BY_ASID;
		break;
	case 0x12:
		t.name = "CMD_TLBI_NH_VA";
		t.stage1 = t.by_asid = true;
		addresses(&t, word);
		break;
	case 0x13:
		t.name = "CMD_TLBI_NH_VAA";
		t.stage1 = true;
		addresses(&t, word);
		break;
	case 0x28:
		t.name = "CMD_TLBI_S12_VMALL";
		t.stage1 = t.stage2 = true;
		break;
	case 0x2a:
		t.name = "CMD_TLBI_S2_IPA";
		t.stage2 = true;
		addresses(&t, word);
		break;
	case 0x30:
		t.name = "CMD_TLBI_NSNH_ALL";
		t.stage1 = t.stage2 = t.any_vmid = true;
		break;
	case 0x46:
		e->kind = PROTOCOL_UNIT_WAIT;
		return true;
	default:
		return false;
	}
	e->tlbi = t;
	return true;
}
