/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IOMMUs in a machine file: how many there may be, what of each goes together,
 * and what does not go from a key to a member one to one.
 */
#include <stdio.h>
#include <string.h>

#include "sim/machine/config_check.h"
#include "sim/machine/machine.h"

/* ---- complaints ---- */

/* Paths of a unit's keys from their names, which blanks separate. */
struct unit_paths {
	char text[8 * CONFIG_UNIT_PATH_BYTES];
};

static struct unit_paths paths_of(uint32_t at, const char *names)
{
	struct unit_paths out = { "" };
	size_t used = 0;

	while (*names) {
		size_t length = strcspn(names, " ");

		used += (size_t)snprintf(out.text + used,
					 sizeof(out.text) - used,
					 "%siommu.%u.%.*s", used ? " " : "", at,
					 length < 40 ? (int)length : 40, names);
		names += length + (names[length] == ' ');
	}
	return out;
}

/* What of the unit does not do: the key complained of, then the others. */
#define unit_complain(check, at, names, ...) \
	config_complain(check, 0, paths_of(at, names).text, __VA_ARGS__)

#define unit_not_modelled(check, at, names, ...)                            \
	config_complain(check, EXIT_NOT_MODELLED, paths_of(at, names).text, \
			__VA_ARGS__)

/* ---- the list ---- */

bool config_check_units(struct config_check *check,
			const struct config_key *key, const json_t *node)
{
	struct machine_config *config = check->config;
	const char *words = config_key_find("iommu.0.type")->words;
	size_t count = json_array_size(node);

	if (!json_is_array(node))
		return config_complain(check, 0, key->path,
				       "%s is not a list [...]",
				       config_show(node).text);
	if (count > IOMMU_UNITS_MAX)
		return config_complain(check, EXIT_NOT_MODELLED, key->path,
				       "%zu IOMMUs: at most %d are modelled",
				       count, IOMMU_UNITS_MAX);
	config->iommus = (uint32_t)count;
	/* Which keys a unit has depends on it. */
	for (size_t i = 0; i < count; i++) {
		const json_t *type =
			json_object_get(json_array_get(node, i), "type");

		config->iommu[i].type =
			(uint8_t)config_word_index(words,
						   json_string_value(type),
						   NULL);
	}
	return true;
}

/* All devices stand on bus 0, each in a slot of its own. */
static bool number_devices(struct config_check *check)
{
	struct machine_config *config = check->config;
	uint32_t devices = 0;

	for (uint32_t i = 0; i < config->iommus; i++) {
		config->iommu[i].first_device = devices;
		devices += config->iommu[i].devices;
		if (devices > IOMMU_DEVICES_MAX)
			return unit_complain(
				check, i, "devices",
				"%u and those of the units before it are %u "
				"devices; want at most %d",
				config->iommu[i].devices, devices,
				IOMMU_DEVICES_MAX);
	}
	return true;
}

/* ---- what all types have ---- */

static bool check_caches(struct config_check *check, uint32_t at)
{
	const struct machine_config *config = check->config;

	for (const struct config_key *key = config_keys; key->path; key++) {
		const size_t tail = sizeof(".entries") - 1;
		struct config_unit_key unit;
		size_t length;

		if (!config_unit_key(key, at, config->iommu[at].type, &unit))
			continue;
		length = strlen(unit.path);
		if (length < tail ||
		    strcmp(unit.path + length - tail, ".entries") != 0)
			continue;
		unit.path[length - tail] = '\0';
		if (!config_check_ways(check, unit.path,
				       (const void *)((const uint8_t *)config +
						      unit.key.offset)))
			return false;
	}
	return true;
}

/* ---- VT-d ---- */

/* What the hypervisor wants of the unit, the unit must have. */
static bool vtd_can(struct config_check *check, uint32_t at)
{
	const struct iommu_config *c = &check->config->iommu[at];
	unsigned int needed = 12 + 9 * c->levels;

	if (c->mode == IOMMU_MODE_SCALABLE && !c->vtd.scalable)
		return unit_complain(check, at, "mode scalable_mode",
				     "\"scalable\": this unit has not that "
				     "mode (iommu.%u.scalable_mode)",
				     at);
	if (c->mode == IOMMU_MODE_PASS_THROUGH && !c->vtd.pass_through)
		return unit_complain(check, at, "mode pass_through",
				     "\"pass-through\": this unit has not "
				     "that (iommu.%u.pass_through)",
				     at);
	if (c->mode == IOMMU_MODE_SCALABLE && !c->vtd.queued)
		return unit_complain(check, at, "mode queued",
				     "\"scalable\" needs the invalidation "
				     "queue (iommu.%u.queued)",
				     at);
	if (c->vtd.domain_bits % 2)
		return unit_complain(check, at, "domain_bits",
				     "%u is none of: 4, 6, 8, 10, 12, 14, 16",
				     c->vtd.domain_bits);
	if (c->iova_bits > needed)
		return unit_complain(check, at, "iova_bits levels",
				     "%u bits need more than %u levels; want "
				     "at most %u",
				     c->iova_bits, c->levels, needed);
	return true;
}

static const char *vtd_fill(const struct machine_config *config,
			    struct iommu_config *c)
{
	c->vtd.version = 0x10;
	c->vtd.haw_bits = config->mmu.pa_bits;
	c->vtd.mgaw_bits = c->iova_bits;
	c->vtd.coherent = c->coherent;
	c->vtd.levels_mask = (uint8_t)(1u << (c->levels - 2));
	c->vtd.superpages = (uint8_t)((1u << c->largest_page) - 1);
	c->vtd.zero_length_reads = true;
	c->vtd.drain_reads = c->vtd.drain_writes = true;
	c->vtd.second_stage = c->vtd.scalable;
	c->vtd.first_walk = c->vtd.second_walk;
	if (c->vtd.scalable)
		c->vtd.pasid_bits = 20;
	return vtd_config_problem(&c->vtd);
}

/* ---- SMMUv3 ---- */

/* What is the guest's own is emulated: by one who reads through his caches,
 * hears no TLBI, and does not hold devices up. */
static bool guest_can(struct config_check *check, uint32_t at)
{
	const struct machine_config *config = check->config;
	const struct iommu_config *c = &config->iommu[at];

	for (uint32_t i = 0; i < at; i++)
		if (iommu_config_is_guests(&config->iommu[i]))
			return unit_complain(check, at, "mode",
					     "\"guest\", and so is iommu.%u: "
					     "there is one place for such "
					     "registers",
					     i);
	if (!c->coherent)
		return unit_not_modelled(check, at, "coherent mode",
					 "\"off\" is not modelled of a unit "
					 "that is the guest's own "
					 "(iommu.%u.mode): want on",
					 at);
	if (c->smmu.btm)
		return unit_not_modelled(check, at, "broadcast_tlbi mode",
					 "\"on\" is not modelled of a unit "
					 "that is the guest's own "
					 "(iommu.%u.mode): want off",
					 at);
	if (c->smmu.stall_model != SMMU_TERMINATE_ONLY)
		return unit_not_modelled(check, at, "stall_model mode",
					 "stalls are not modelled of a unit "
					 "that is the guest's own "
					 "(iommu.%u.mode): want terminate",
					 at);
	return true;
}

static bool smmu_can(struct config_check *check, uint32_t at)
{
	const struct iommu_config *c = &check->config->iommu[at];
	uint32_t last = (c->first_device + c->devices) << 3;

	if (!c->smmu.stage1 && !c->smmu.stage2)
		return unit_complain(check, at, "stage2 stage1",
				     "\"off\", and so is stage 1 "
				     "(iommu.%u.stage1): want one of them on",
				     at);
	if (c->mode == IOMMU_MODE_STAGE2 && !c->smmu.stage2)
		return unit_complain(check, at, "mode stage2",
				     "\"stage2\": this unit has not that stage "
				     "(iommu.%u.stage2)",
				     at);
	if (12U + 2 * c->granule > check->config->p2m.granule_lg2 &&
	    (check->config->backing != BACKING_CONTIGUOUS ||
	     c->populate == IOMMU_POPULATE_GUEST))
		return unit_complain(check, at, "granule populate",
				     "the guest's memory is backed, and comes "
				     "and goes, in smaller pieces "
				     "(guest.granule, guest.backing, "
				     "iommu.%u.populate); want at most %uK",
				     at,
				     1U << (check->config->p2m.granule_lg2 -
					    10));
	if (c->iova_bits > check->config->mmu.pa_bits)
		return unit_complain(check, at, "iova_bits",
				     "%u bits are more than stage 2 may have "
				     "on a machine of %u physical address bits "
				     "(cpu.pa_bits)",
				     c->iova_bits, check->config->mmu.pa_bits);
	if (c->smmu.sid_bits < 32 && last >> c->smmu.sid_bits)
		return unit_complain(check, at, "stream_bits devices",
				     "%u bits: the last device's StreamID is "
				     "0x%x; want at least %d",
				     c->smmu.sid_bits, last,
				     32 - __builtin_clz(last));
	if (c->mode == IOMMU_MODE_GUEST && !guest_can(check, at))
		return false;
	if (c->smmu.stall_model != SMMU_TERMINATE_ONLY && !c->smmu.stalls)
		return unit_complain(check, at, "stalls stall_model",
				     "0: a unit that can stall holds at least "
				     "1 (iommu.%u.stall_model)",
				     at);
	return true;
}

static const char *smmu_fill(const struct machine_config *config,
			     struct iommu_config *c)
{
	const struct smmu_config common = smmu_config_common();

	c->smmu.cohacc = c->coherent;
	c->smmu.oas_bits = config->mmu.pa_bits;
	c->smmu.granule_4k = true;
	c->smmu.granule_16k = true;
	c->smmu.granule_64k = true;
	c->smmu.msi = common.msi;
	c->smmu.asid16 = common.asid16;
	c->smmu.cd2l = common.cd2l;
	c->smmu.attr_types_override = common.attr_types_override;
	c->smmu.attr_permissions_override = common.attr_permissions_override;
	c->smmu.had = common.had;
	c->smmu.minor = common.minor;
	c->smmu.choices = config->smmu_choices;
	c->smmu.contiguous_used =
		config->mmu.contiguous_bit == ARM_CONTIGUOUS_USED;
	return smmu_config_problem(&c->smmu);
}

/* ---- one table for CPUs and units ---- */

/* Only an SMMUv3 walks the CPUs' stage-2 tables, and a device's access that
 * finds nothing there is lost: nobody populates for it. */
static bool sharing_can(struct config_check *check, uint32_t at)
{
	const struct machine_config *config = check->config;
	const struct iommu_config *c = &config->iommu[at];

	if (c->type != IOMMU_SMMUV3)
		return config_complain(check, 0, "policy.iommu.share_pt",
				       "\"on\": iommu.%u is no SMMUv3: its format is not the CPUs'; want off",
				       at);
	if (c->mode != IOMMU_MODE_STAGE2)
		return config_complain(check, 0, "policy.iommu.share_pt",
				       "\"on\": iommu.%u.mode is not stage2: the unit walks no table of the hypervisor's; want off",
				       at);
	if (config->p2m.ipa_bits > config->mmu.pa_bits)
		return config_complain(check, 0, "policy.iommu.share_pt",
				       "\"on\": %u IPA bits (guest.ipa_bits) are more than iommu.%u takes on a machine of %u physical address bits (cpu.pa_bits)",
				       config->p2m.ipa_bits, at,
				       config->mmu.pa_bits);
	return true;
}

static bool check_sharing(struct config_check *check)
{
	const struct machine_config *config = check->config;

	if (!config->share_pt)
		return true;
	if (config->iommus == 0)
		return config_complain(check, 0, "policy.iommu.share_pt",
				       "\"on\": this machine has no IOMMU to share with (iommu)");
	for (uint32_t i = 0; i < config->iommus; i++)
		if (!sharing_can(check, i))
			return false;
	if (config->populate != POPULATE_EAGER)
		return config_complain(check, 0,
				       "policy.p2m.populate policy.iommu.share_pt",
				       "\"fault\": impossible with policy.iommu.share_pt on: a device has no fault that could be resolved; want eager");
	if (config->set_way != P2M_SETWAY_FULL)
		return config_complain(
			check, 0, "policy.p2m.set_way policy.iommu.share_pt",
			"\"%s\": impossible with policy.iommu.share_pt on: a "
			"device has no fault that could be resolved; want full",
			config->set_way == P2M_SETWAY_TRACK ? "track"
							    : "track-late");
	return true;
}

/* ---- domains that are the guest's memory ---- */

static bool reaches_memory(struct config_check *check, uint32_t at)
{
	const struct machine_config *config = check->config;
	const struct iommu_config *c = &config->iommu[at];
	uint64_t end = GUEST_RAM_BASE + ((uint64_t)config->ram_mib << 20);

	if (c->populate != IOMMU_POPULATE_GUEST || config->share_pt ||
	    iommu_config_is_guests(c) || (end - 1) >> c->iova_bits == 0)
		return true;
	return unit_complain(check, at, "iova_bits populate",
			     "%u bits: the guest's memory, which devices "
			     "reach at its own addresses (iommu.%u.populate), "
			     "ends at 0x%llx; want at least %d",
			     c->iova_bits, at, (unsigned long long)end,
			     64 - __builtin_clzll(end - 1));
}

/* ---- all ---- */

static const struct {
	bool (*can)(struct config_check *check, uint32_t at);
	/* Fills the rest; NULL, or what is wrong with the model's. */
	const char *(*fill)(const struct machine_config *config,
			    struct iommu_config *c);
} types[IOMMU_TYPES] = {
	[IOMMU_VTD] = { vtd_can, vtd_fill },
	[IOMMU_SMMUV3] = { smmu_can, smmu_fill },
};

bool config_check_iommus(struct config_check *check)
{
	struct machine_config *config = check->config;

	if (!number_devices(check))
		return false;
	for (uint32_t i = 0; i < config->iommus; i++) {
		struct iommu_config *c = &config->iommu[i];
		const char *problem;
		char path[16];

		if (!check_caches(check, i) || !types[c->type].can(check, i) ||
		    !reaches_memory(check, i))
			return false;
		problem = types[c->type].fill(config, c);
		snprintf(path, sizeof(path), "iommu.%u", i);
		if (problem)
			return config_complain(check, 0, path,
					       "no such unit: %s", problem);
	}
	return check_sharing(check);
}
