/* SPDX-License-Identifier: BSD-2-Clause */
/* What a scenario says of an IOMMU's domain: the hardware, policies, calls. */
#include <stdio.h>
#include <string.h>

#include "sim/explore/scenario_json.h"

/* 1 TiB of frames: more than a scenario has use for. */
#define FRAMES_MAX (UINT64_C(1) << 28)

void scenario_init_domain(struct scenario *s)
{
	memset(s, 0, sizeof(*s));
	s->domain = true;
	s->iommu = (struct iommu_domain_config){
		.did = 1,
		.levels = 4,
		.output_bits = 48,
		.superpage_2m = true,
		.superpage_1g = true,
		.page_selective = true,
		.mask_max_lg2 = 18,
		.free_empty = true,
		.flush_calls = 1,
	};
	scenario_add_iommu(s, true);
}

void scenario_use_smmu(struct scenario *s, enum iommu_format format)
{
	s->iommu.format = format;
	s->iommu.levels = 0;
	s->iommu.iova_bits = 40;
	s->iommu.mask_max_lg2 = 0;
}

unsigned int scenario_granule_lg2(const struct scenario *s)
{
	switch (s->iommu.format) {
	case IOMMU_ARM_S2_16K:
		return 14;
	case IOMMU_ARM_S2_64K:
		return 16;
	default:
		return 12;
	}
}

/* ---- the hardware; keys as in a machine file */

/* A number of a few bits; `least` or more, if it is there. */
static bool take_bits(const struct at *at, const json_t *object,
		      const char *key, uint64_t least, uint64_t most,
		      uint8_t *bits)
{
	const struct at here = scenario_below(at, key);
	uint64_t value = *bits;
	char want[40];

	snprintf(want, sizeof(want), "%u to %u", (unsigned int)least,
		 (unsigned int)most);
	if (!scenario_take_number(at, object, key, most, false, &value))
		return false;
	if (json_object_get(object, key) && value < least)
		return scenario_bad(&here, json_object_get(object, key), want);
	*bits = (uint8_t)value;
	return true;
}

static bool take_largest(struct scenario *s, const struct at *at,
			 const json_t *section)
{
	int largest = 2;

	if (!scenario_take_word(at, section, "largest_page", "4K|2M|1G", false,
				&largest, NULL))
		return false;
	s->iommu.superpage_2m = largest >= 1;
	s->iommu.superpage_1g = largest == 2;
	return true;
}

static bool take_vtd(struct scenario *s, const struct at *at,
		     const json_t *section)
{
	struct iommu_domain_config *c = &s->iommu;

	return scenario_only_keys(at, section,
				  "type levels largest_page iova_bits pa_bits "
				  "page_selective address_mask snoop_control "
				  "write_buffer_flush") &&
	       take_bits(at, section, "levels", 3, 5, &c->levels) &&
	       take_bits(at, section, "iova_bits", 30, 12u + 9u * c->levels,
			 &c->iova_bits) &&
	       take_bits(at, section, "pa_bits", 32, 52, &c->output_bits) &&
	       take_bits(at, section, "address_mask", 0, 52,
			 &c->mask_max_lg2) &&
	       scenario_take_bool(at, section, "page_selective", false,
				  &c->page_selective) &&
	       scenario_take_bool(at, section, "snoop_control", false,
				  &c->snoop) &&
	       scenario_take_bool(at, section, "write_buffer_flush", false,
				  &c->write_buffer);
}

static bool take_smmu(struct scenario *s, const struct at *at,
		      const json_t *section)
{
	struct iommu_domain_config *c = &s->iommu;
	int granule = 0;

	if (!scenario_only_keys(
		    at, section,
		    "type granule levels largest_page iova_bits pa_bits "
		    "page_selective range_invalidation bbm_level") ||
	    !scenario_take_word(at, section, "granule", "4K|16K|64K", false,
				&granule, NULL))
		return false;
	scenario_use_smmu(s, (enum iommu_format)(IOMMU_ARM_S2_4K + granule));
	return take_bits(at, section, "levels", 2, 4, &c->levels) &&
	       take_bits(at, section, "iova_bits", 25, 52, &c->iova_bits) &&
	       take_bits(at, section, "pa_bits", 32, 52, &c->output_bits) &&
	       take_bits(at, section, "bbm_level", 0, 2, &c->bbm_level) &&
	       scenario_take_bool(at, section, "page_selective", false,
				  &c->page_selective) &&
	       scenario_take_bool(at, section, "range_invalidation", false,
				  &c->range);
}

static bool take_hardware(struct scenario *s, const struct at *top,
			  const json_t *tree)
{
	const struct at at = scenario_below(top, "iommu");
	const json_t *section = json_object_get(tree, "iommu");
	int type = 0;

	if (!json_is_object(section))
		return scenario_bad(&at, section, "an object {...}");
	return scenario_take_word(&at, section, "type", "vtd|smmuv3", false,
				  &type, NULL) &&
	       (type == 0 ? take_vtd : take_smmu)(s, &at, section) &&
	       take_largest(s, &at, section);
}

/* ---- policies */

static bool take_policies(struct scenario *s, const struct at *top,
			  const json_t *tree)
{
	const struct at at = scenario_below(top, "policy");
	const struct at here = scenario_below(&at, "iommu");
	const json_t *policy = json_object_get(tree, "policy");
	const json_t *section = json_object_get(policy, "iommu");
	uint64_t n[2] = { 0, 0 }, calls[2] = { 0, 0 };
	int coalesce = 0, flush = 0, clean = CLEAN_ENTRY;

	if (policy && !scenario_only_keys(&at, policy, "iommu"))
		return false;
	if (section &&
	    (!scenario_only_keys(&here, section, "coalesce flush clean") ||
	     !scenario_take_policy(&here, section, "coalesce", &coalesce, n) ||
	     !scenario_take_policy(&here, section, "flush", &flush, calls) ||
	     !scenario_take_policy(&here, section, "clean", &clean, NULL)))
		return false;
	s->iommu.coalesce = (struct pt_coalesce){
		(enum pt_coalesce_policy)coalesce,
		n[0],
		n[1],
	};
	s->iommu.flush = (enum iommu_flush_policy)flush;
	s->iommu.flush_calls = flush ? (uint32_t)calls[0] : 1;
	s->clean = (enum scenario_clean)clean;
	return true;
}

bool scenario_take_domain(struct scenario *s, const struct at *top,
			  const json_t *tree)
{
	return take_hardware(s, top, tree) && take_policies(s, top, tree);
}

/* ---- operations */

static const struct domain_call {
	enum scenario_do what;
	const char *keys;
	bool dfn, mfn, frames;
} calls[] = {
	/* In the order of CALL_WORDS. */
	{ DO_MAP, "do dfn mfn frames access", true, true, true },
	{ DO_UNMAP, "do dfn frames", true, false, true },
	{ DO_PROTECT, "do dfn frames access", true, false, true },
	{ DO_TICK, "do", false, false, false },
	{ DO_FLUSH, "do", false, false, false },
	{ DO_TEARDOWN, "do", false, false, false },
};
#define CALL_WORDS "map|unmap|protect|tick|flush|teardown"

bool scenario_take_domain_call(const struct at *at, const json_t *object,
			       struct scenario_call *call)
{
	const uint64_t most = BIT(52 - FRAME_LG2) - 1;
	int which = 0, access = 2;

	if (!json_is_object(object))
		return scenario_bad(at, object, "an operation {\"do\": ...}");
	if (!scenario_take_word(at, object, "do", CALL_WORDS, true, &which,
				NULL) ||
	    !scenario_only_keys(at, object, calls[which].keys))
		return false;
	*call = (struct scenario_call){ .what = calls[which].what };
	if ((calls[which].dfn && !scenario_take_number(at, object, "dfn", most,
						       true, &call->dfn.raw)) ||
	    (calls[which].mfn && !scenario_take_number(at, object, "mfn", most,
						       true, &call->mfn.raw)) ||
	    (calls[which].frames &&
	     !scenario_take_number(at, object, "frames", FRAMES_MAX, true,
				   &call->frames)) ||
	    !scenario_take_word(at, object, "access", "r|w|rw", false, &access,
				NULL))
		return false;
	call->access = (unsigned int)access + 1; /* enum iommu_access */
	return true;
}
