/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of protocol events; TLBI by mnemonic, DDI0487 L.b C5.5. */
#include "sim/check/protocol.h"

#include <string.h>
#include <strings.h>

#include "core/base/bits.h"

const char *protocol_kind_name(enum protocol_kind kind)
{
	static const char *const name[PROTOCOL_KINDS] = {
		"content", "write",  "clean",	    "barrier",
		"tlbi", "iotlb", "iotlb-wait", "write-buffer",
		"root", "control", "context", "caches", "table-alloc",
		"table-free", "frame-free", "frame-take", "use", "read",
		"done",
		"unit", "config", "config-drop", "unit-tlbi", "unit-wait",
		"unit-buffer", "dma",
		"memory-init", "memory-free", "lock", "trylock", "unlock",
		"tree-lock", "tree-release", "entry-owner",
	};

	return name[kind];
}

const char *protocol_config_name(enum protocol_config_kind kind)
{
	static const char *const name[PROTOCOL_CONFIG_KINDS] = {
		"root entry",	   "context entry", "scalable context entry",
		"PASID directory", "PASID entry",   "STE",
		"CD",
	};

	return name[kind];
}

/* Without R in front, and IS or OS behind. */
static const struct tlbi_name {
	const char *name;
	struct protocol_tlbi is;
} tlbi_names[] = {
#define ALL(text, ...) { text, { .name = text, .level = -1, __VA_ARGS__ } }
#define BY(text, ...) \
	ALL(text, .by = PROTOCOL_BY_ADDRESS, .last = UINT64_MAX, __VA_ARGS__)
	ALL("VMALLE1", .stage1 = true),
	ALL("VMALLS12E1", .stage1 = true, .stage2 = true),
	ALL("ALLE1", .stage1 = true, .stage2 = true, .any_vmid = true),
	ALL("ASIDE1", .stage1 = true, .by = PROTOCOL_BY_ASID, .by_asid = true),
	BY("VAE1", .stage1 = true, .by_asid = true),
	BY("VALE1", .stage1 = true, .by_asid = true, .last_level = true),
	BY("VAAE1", .stage1 = true),
	BY("VAALE1", .stage1 = true, .last_level = true),
	BY("IPAS2E1", .stage2 = true),
	BY("IPAS2LE1", .stage2 = true, .last_level = true),
	ALL("ALLE2", .stage1 = true, .el2 = true),
	BY("VAE2", .stage1 = true, .el2 = true),
	BY("VALE2", .stage1 = true, .el2 = true, .last_level = true),
#undef BY
#undef ALL
};

bool protocol_tlbi_by_name(const char *name, struct protocol_tlbi *tlbi)
{
	bool range = *name == 'R' || *name == 'r';
	const char *base = name + range;
	size_t bytes = strlen(base);
	bool broadcast = bytes > 2 && (!strcasecmp(base + bytes - 2, "IS") ||
				       !strcasecmp(base + bytes - 2, "OS"));

	bytes -= broadcast ? 2 : 0;
	for (size_t i = 0; i < sizeof(tlbi_names) / sizeof(tlbi_names[0]);
	     i++) {
		const struct tlbi_name *t = &tlbi_names[i];

		if (strlen(t->name) != bytes ||
		    strncasecmp(t->name, base, bytes) ||
		    (range && t->is.by != PROTOCOL_BY_ADDRESS))
			continue;
		*tlbi = t->is;
		tlbi->broadcast = broadcast;
		tlbi->is_range = range;
		return true;
	}
	return false;
}

static const uint8_t granules_lg2[] = { 0, 12, 14, 16 };

/* TG 0 is reserved: such an operation need not reach any address. */
static void range_operand(struct protocol_tlbi *tlbi, uint64_t operand)
{
	unsigned int scale = operand >> 44 & 3, number = operand >> 39 & 31;

	tlbi->granule_lg2 = granules_lg2[operand >> 46 & 3];
	tlbi->first = (operand & MASK(0, 37)) << tlbi->granule_lg2;
	tlbi->last = tlbi->first +
		     ((uint64_t)(number + 1) << (5 * scale + 1)
					     << tlbi->granule_lg2) - 1;
	if (!tlbi->granule_lg2)
		tlbi->first = tlbi->last = UINT64_MAX;
	if (operand >> 37 & 3)
		tlbi->level = (int8_t)(operand >> 37 & 3);
}

void protocol_tlbi_operand(struct protocol_tlbi *tlbi, uint64_t operand)
{
	unsigned int ttl = operand >> 44 & 15;

	if (tlbi->by_asid || tlbi->el2)
		tlbi->asid = (uint16_t)(operand >> 48);
	if (tlbi->by != PROTOCOL_BY_ADDRESS)
		return;
	if (tlbi->is_range) {
		range_operand(tlbi, operand);
		return;
	}
	tlbi->first = (operand & MASK(0, 44)) << 12;
	tlbi->last = tlbi->first + 4095;
	if (!(ttl >> 2) || !(ttl & 3))
		return;
	tlbi->granule_lg2 = granules_lg2[ttl >> 2];
	tlbi->level = (int8_t)(ttl & 3);
}
