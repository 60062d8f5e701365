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

/* ---- the hardware; keys as in a machine file */

static bool take_sizes(struct scenario *s, const struct at *at,
		       const json_t *object)
{
	uint64_t levels = s->iommu.levels, mask = s->iommu.mask_max_lg2,
		 output = s->iommu.output_bits, input = 0;
	const struct at at_levels = scenario_below(at, "levels");
	const struct at at_input = scenario_below(at, "iova_bits");
	const struct at at_output = scenario_below(at, "pa_bits");

	if (!scenario_take_number(at, object, "levels", 5, false, &levels) ||
	    !scenario_take_number(at, object, "iova_bits", 57, false, &input) ||
	    !scenario_take_number(at, object, "pa_bits", 52, false, &output) ||
	    !scenario_take_number(at, object, "address_mask", 52, false, &mask))
		return false;
	if (levels < 3)
		return scenario_bad(&at_levels,
				    json_object_get(object, "levels"),
				    "3, 4 or 5");
	if (input != 0 && (input < 30 || input > 12 + 9 * levels))
		return scenario_bad(&at_input,
				    json_object_get(object, "iova_bits"),
				    "30 to 12 + 9 * levels");
	if (output < 32)
		return scenario_bad(&at_output,
				    json_object_get(object, "pa_bits"),
				    "32 to 52");
	s->iommu.levels = (uint8_t)levels;
	s->iommu.iova_bits = (uint8_t)input;
	s->iommu.output_bits = (uint8_t)output;
	s->iommu.mask_max_lg2 = (uint8_t)mask;
	return true;
}

static bool take_hardware(struct scenario *s, const struct at *top,
			  const json_t *tree)
{
	const struct at at = scenario_below(top, "iommu");
	const json_t *section = json_object_get(tree, "iommu");
	struct iommu_domain_config *c = &s->iommu;
	int type = 0, largest = 2;

	if (!scenario_only_keys(
		    &at, section,
		    "type levels largest_page iova_bits pa_bits page_selective "
		    "address_mask snoop_control write_buffer_flush") ||
	    !scenario_take_word(&at, section, "type", "vtd", false, &type,
				NULL) ||
	    !scenario_take_word(&at, section, "largest_page", "4K|2M|1G", false,
				&largest, NULL) ||
	    !scenario_take_bool(&at, section, "page_selective", false,
				&c->page_selective) ||
	    !scenario_take_bool(&at, section, "snoop_control", false,
				&c->snoop) ||
	    !scenario_take_bool(&at, section, "write_buffer_flush", false,
				&c->write_buffer))
		return false;
	c->superpage_2m = largest >= 1;
	c->superpage_1g = largest == 2;
	return take_sizes(s, &at, section);
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
