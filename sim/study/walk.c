/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `walk`: one translation told step by step, on the machine that a run or a
 * trace leaves behind. See study.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "models/arm/descriptor.h"
#include "sim/machine/access.h"
#include "sim/machine/hypervisor.h"
#include "sim/study/study.h"

static json_t *hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_string(text);
}

/* ---- steps ---- */

static const char *served_by(const struct machine *m,
			     const struct arm_walk_step *s)
{
	static const char *const level[] = { "l1d", "l2", "llc", "memory" };

	(void)m;
	if (s->source == ARM_STEP_WALK_CACHE)
		return s->stage == 1 ? "walk_cache_s1" : "walk_cache_s2";
	if (s->source == ARM_STEP_S2_TLB)
		return "s2_tlb";
	return level[s->served];
}

/* What the step's table belongs to. */
static const struct arm_range *range_of(const struct arm_mmu *mmu,
					const struct arm_walk_step *s)
{
	return s->stage == 1 ? &mmu->regime.setup.s1[s->input >> 55 & 1]
			     : &mmu->regime.setup.s2;
}

static const char *descriptor_kind(const struct arm_range *range,
				   const struct arm_walk_step *s)
{
	switch (arm_descriptor_kind(range, s->descriptor, s->level)) {
	case ARM_DESCRIPTOR_TABLE:
		return "table";
	case ARM_DESCRIPTOR_LEAF:
		return s->level == ARM_LEVEL_LAST ? "page" : "block";
	default:
		return "invalid";
	}
}

static json_t *decoded_fields(const struct arm_range *range,
			      const struct arm_walk_step *s)
{
	const struct arm_field *f = arm_descriptor_fields(
		s->stage, arm_descriptor_kind(range, s->descriptor, s->level));
	json_t *out = json_object();

	for (; f && f->name; f++) {
		uint64_t v = s->descriptor >> f->lsb & MASK(0, f->width);

		if (strcmp(f->name, "ADDRESS") == 0)
			json_object_set_new(
				out, f->name,
				hex(arm_table_address(range, s->descriptor)));
		else
			json_object_set_new(out, f->name,
					    json_integer((json_int_t)v));
	}
	return out;
}

static json_int_t step_cycles(const struct machine *m,
			      const struct arm_walk_step *s)
{
	if (s->source != ARM_STEP_MEMORY)
		return 0;
	return m->latency[s->served] >> CYCLE_LG2;
}

static void tell_descriptor(json_t *out, const struct machine *m,
			    const struct arm_walk_step *s)
{
	const struct arm_range *range = range_of(&m->cpu[0].mmu, s);
	uint64_t pa = s->descriptor_pa.raw;
	uint64_t offset = pa & MASK(0, range->granule->page_lg2);

	json_object_set_new(out, "table", hex(pa - offset));
	json_object_set_new(out, "index",
			    json_integer((json_int_t)(offset / 8)));
	json_object_set_new(out, "address", hex(pa));
	json_object_set_new(out, "value", hex(s->descriptor));
	json_object_set_new(out, "kind", json_string(descriptor_kind(range, s)));
	json_object_set_new(out, "fields", decoded_fields(range, s));
	json_object_set_new(out, "cycles",
			    json_integer(step_cycles(m, s)));
}

static json_t *step_json(const struct machine *m, const struct arm_walk_step *s,
			 uint32_t number)
{
	json_t *out = json_object();

	json_object_set_new(out, "step", json_integer(number));
	json_object_set_new(out, "stage", json_integer(s->stage));
	json_object_set_new(out, "level", json_integer(s->level));
	json_object_set_new(out, "for",
			    json_string(s->stage == 1	   ? "va" :
					s->for_s1_table ? "stage-1 table" :
							  "ipa"));
	json_object_set_new(out, "input", hex(s->input));
	json_object_set_new(out, "served_by", json_string(served_by(m, s)));
	if (s->source == ARM_STEP_MEMORY) {
		tell_descriptor(out, m, s);
	} else {
		json_object_set_new(out, "known", hex(s->descriptor));
		json_object_set_new(out, "cycles", json_integer(0));
	}
	return out;
}

/* ---- outcome ---- */

static void tell_permissions(json_t *out, uint64_t attrs)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} flag[] = {
		{ "s1_el1_r", ARM_ATTRS_S1_EL1_R_LSB },
		{ "s1_el1_w", ARM_ATTRS_S1_EL1_W_LSB },
		{ "s1_el1_x", ARM_ATTRS_S1_EL1_X_LSB },
		{ "s1_el0_r", ARM_ATTRS_S1_EL0_R_LSB },
		{ "s1_el0_w", ARM_ATTRS_S1_EL0_W_LSB },
		{ "s1_el0_x", ARM_ATTRS_S1_EL0_X_LSB },
		{ "s2_r", ARM_ATTRS_S2_R_LSB },
		{ "s2_w", ARM_ATTRS_S2_W_LSB },
		{ "s2_x", ARM_ATTRS_S2_X_EL1_LSB },
		{ "cacheable", ARM_ATTRS_CACHEABLE_LSB },
		{ "device", ARM_ATTRS_DEVICE_LSB },
	};
	json_t *flags = json_object();

	for (size_t i = 0; i < sizeof(flag) / sizeof(flag[0]); i++)
		json_object_set_new(flags, flag[i].name,
				    json_boolean(attrs >> flag[i].bit & 1));
	json_object_set_new(out, "attributes", flags);
	json_object_set_new(out, "memattr",
			    hex(FIELD_GET(ARM_ATTRS_MEMATTR, attrs)));
}

static json_t *translated_json(const struct arm_translation *t)
{
	json_t *out = json_object();

	json_object_set_new(out, "result", json_string("translated"));
	json_object_set_new(out, "ipa", hex(t->ipa.raw));
	json_object_set_new(out, "pa", hex(t->pa.raw));
	json_object_set_new(out, "size",
			    json_integer((json_int_t)BIT(t->size_lg2)));
	tell_permissions(out, t->attrs);
	return out;
}

static json_t *fault_json(const struct arm_fault *f)
{
	json_t *out = json_object();

	json_object_set_new(out, "result", json_string("fault"));
	json_object_set_new(out, "fault", json_string(arm_fault_name(f->kind)));
	json_object_set_new(out, "stage", json_integer(f->stage));
	json_object_set_new(out, "level", json_integer(f->level));
	json_object_set_new(out, "s1ptw", json_boolean(f->s1ptw));
	if (f->kind == ARM_FAULT_NOT_MODELLED)
		json_object_set_new(out, "why", json_string(f->why));
	else
		json_object_set_new(out, "esr",
				    hex(arm_fault_esr(f, f->stage == 2 ? 2 : 1,
						      f->access &
							      ARM_ACCESS_EL0)));
	if (f->stage == 2) {
		json_object_set_new(out, "ipa", hex(f->ipa.raw));
		json_object_set_new(out, "hpfar", hex(arm_fault_hpfar(f)));
	}
	return out;
}

/* ---- the walk ---- */

struct telling {
	const struct walk_options *options;
	json_t *story;
};

static void forget_everything(struct arm_mmu *mmu)
{
	struct arm_tlbi all;

	/* TLBI VMALLS12E1: both stages, walk caches too. */
	if (arm_tlbi_decode(ARM_SYSREG(1, 4, 8, 7, 6), 0, &mmu->regs, true,
			    &all))
		arm_mmu_tlbi(mmu, &all);
}

/* What tracking of set/way maintenance has made invalid says nothing of the
 * tables: the hypervisor gives it back at the first touch, and so before the
 * story begins. */
static void settle_tracking(struct machine *m, va_t va, unsigned int access)
{
	struct machine_cpu *cpu = &m->cpu[0];
	struct arm_translation t;
	struct arm_fault fault;

	while (!arm_mmu_probe(&cpu->mmu, va, access, &t, &fault, NULL) &&
	       fault.stage == 2 && fault.kind == ARM_FAULT_TRANSLATION &&
	       setway_resolve(m->hypervisor, gfn_from_ipa(fault.ipa)))
		;
}

static unsigned int access_of(const struct walk_options *o)
{
	return (o->fetch ? ARM_ACCESS_FETCH : 0) |
	       (o->write ? ARM_ACCESS_WRITE : 0) |
	       (o->el0 ? ARM_ACCESS_EL0 : 0);
}

static const char *source_name(enum arm_source source)
{
	static const char *const name[] = { "l1_tlb", "l2_tlb", "walk" };

	return name[source];
}

static void tell(void *context, struct machine *m)
{
	struct telling *t = context;
	const struct walk_options *o = t->options;
	struct arm_mmu *mmu = &m->cpu[0].mmu;
	struct arm_translation found = { .source = ARM_FROM_WALK };
	struct arm_fault fault = { 0 };
	json_t *steps = json_array(), *s;
	json_int_t cycles = 0;
	bool ok;

	access_settle_uses(&m->cpu[0]);
	settle_tracking(m, (va_t){ o->va }, access_of(o));
	if (!o->warm)
		forget_everything(mmu);
	ok = arm_mmu_translate(mmu, (va_t){ o->va }, access_of(o), &found,
			       &fault);
	if (found.source == ARM_FROM_WALK) {
		for (uint32_t i = 0; i < mmu->walk.steps; i++) {
			json_array_append_new(steps,
					      step_json(m, &mmu->walk.step[i],
							i + 1));
			cycles += step_cycles(m, &mmu->walk.step[i]);
		}
	}
	s = json_object();
	json_object_set_new(s, "va", hex(o->va));
	json_object_set_new(s, "access",
			    json_string(o->fetch ? "fetch" :
					o->write ? "write" : "read"));
	json_object_set_new(s, "el", json_integer(o->el0 ? 0 : 1));
	json_object_set_new(s, "stage1",
			    json_boolean(FIELD_GET(ARM_SCTLR_M,
						   mmu->regs.sctlr)));
	json_object_set_new(s, "served_by",
			    json_string(source_name(found.source)));
	json_object_set_new(s, "steps", steps);
	json_object_set_new(s, "descriptor_reads",
			    json_integer(found.source == ARM_FROM_WALK ?
						 mmu->walk.descriptor_reads :
						 0));
	json_object_set_new(s, "cycles", json_integer(cycles));
	json_object_set_new(s, "outcome",
			    ok ? translated_json(&found) : fault_json(&fault));
	t->story = s;
}

bool study_is_guest(const char *path)
{
	char magic[4] = { 0 };
	FILE *f = fopen(path, "rb");
	size_t got;

	if (!f)
		return true; /* the loader says why it cannot be opened */
	got = fread(magic, 1, sizeof(magic), f);
	fclose(f);
	return got == sizeof(magic) && memcmp(magic, "\177ELF", 4) == 0;
}

int study_walk(const struct machine_config *config,
	       const struct walk_options *o, json_t **story,
	       struct error_line *error)
{
	struct telling telling = { .options = o };
	struct study_result result;
	int rc;

	if (study_is_guest(o->input)) {
		struct run_options run = {
			.guest = o->input, .argc = o->argc, .argv = o->argv,
			.linux_mode = o->linux_mode, .root = o->root,
			.limits = o->limits, .quiet = true, .finish = tell,
			.finish_context = &telling,
		};

		rc = study_run(config, &run, &result, error);
	} else {
		struct replay_options replay = {
			.trace = o->input, .limits = o->limits, .finish = tell,
			.finish_context = &telling,
		};

		rc = study_replay(config, &replay, &result, error);
	}
	json_decref(result.stats);
	*story = telling.story;
	return rc;
}
