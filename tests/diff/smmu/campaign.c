/* SPDX-License-Identifier: BSD-2-Clause */
/* One batch from tables to verdict. */
#include "tests/diff/smmu/campaign.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/bits.h"

static const char *const difference_names[DIFFERENCES] = {
	"what", "address", "event", "record", "landing", "warm",
};

/* ---- the model ---- */

static void show_tables(const struct campaign *it, bool mutated)
{
	const struct batch *b = &it->batch;

	if (!it->mutation || !it->mutation->entry)
		return;
	for (unsigned int i = 0; i < b->entries; i++)
		ram_put(b->ram, b->entry[i].pa,
			mutated ? it->mutation->entry(&b->entry[i])
				: b->entry[i].raw);
}

static void ask(struct campaign *it, unsigned int device,
		struct smmu_outcome *out)
{
	struct vector vector = it->batch.vector[device];

	if (it->mutation && it->mutation->vector)
		it->mutation->vector(&vector);
	judge_ask(&it->judge, device, &vector, false, out);
	if (it->mutation && it->mutation->outcome)
		it->mutation->outcome(out);
}

/* RAM that tables and the window are in, or where surely nothing is. */
static bool plain(uint64_t pa)
{
	return in_ram(pa, 8) || pa >= NOWHERE_PA;
}

/*
 * Where the two machines' memory is not alike (devices, flash) nothing is
 * proved, and a DMA must not hit what is ours.
 */
static bool comparable(const struct batch *b, unsigned int device,
		       const struct smmu_outcome *out)
{
	for (unsigned int i = 0; i < out->reads; i++)
		if (!plain(out->read[i].pa))
			return false;
	if (out->event == SMMU_F_WALK_EABT || out->event == SMMU_F_CD_FETCH ||
	    out->event == SMMU_F_STE_FETCH)
		return (out->record[3] & MASK(0, 52)) >= NOWHERE_PA &&
		       (out->record[3] & MASK(0, 52)) < NOWHERE_END;
	if (out->result != SMMU_TRANSLATED && out->result != SMMU_BYPASSED)
		return true;
	if (out->pa >= NOWHERE_PA)
		return out->pa < NOWHERE_END;
	if (b->vector[device].write)
		return out->pa - WINDOW_PA < WINDOW_BYTES;
	return in_ram(out->pa, 4);
}

/* A second time, from the caches: the same. */
static bool warm_agrees(struct campaign *it, unsigned int device,
			const struct smmu_outcome *cold)
{
	struct smmu_outcome warm;

	ask(it, device, &warm);
	return warm.result == cold->result && warm.event == cold->event &&
	       (cold->result != SMMU_TRANSLATED || warm.pa == cold->pa);
}

/* ---- what of the two differs ---- */

static enum happened expected(const struct smmu_outcome *out)
{
	switch (out->result) {
	case SMMU_TRANSLATED:
		return HAPPENED_TRANSLATION;
	case SMMU_BYPASSED:
		return HAPPENED_BYPASS;
	default:
		/* A fault is no line of the trace, but a record or nothing. */
		return HAPPENED_NOTHING;
	}
}

static unsigned int compare(const struct smmu_outcome *out,
			    const struct answer *a)
{
	enum happened what =
		a->what == HAPPENED_ABORT ? HAPPENED_NOTHING : a->what;
	unsigned int event = (unsigned int)(a->record[0] & 0xff);

	if (what != expected(out))
		return DIFFERENT_WHAT;
	if (what == HAPPENED_TRANSLATION && a->pa != out->pa)
		return DIFFERENT_PA;
	if (event != (unsigned int)out->event)
		return DIFFERENT_EVENT;
	if (event && memcmp(a->record, out->record, sizeof(a->record)) != 0)
		return DIFFERENT_RECORD;
	return 0;
}

/* Did the token land where it should? The place is as before afterwards. */
static unsigned int compare_landing(struct campaign *it, unsigned int device,
				    const struct smmu_outcome *out)
{
	uint64_t pa = out->pa;
	uint32_t word;

	if (!it->batch.vector[device].write || out->result != SMMU_TRANSLATED ||
	    pa - WINDOW_PA >= WINDOW_BYTES)
		return 0;
	memcpy(&word, it->batch.ram + (pa - RAM_BASE), sizeof(word));
	memset(it->batch.ram + (pa - RAM_BASE), 0, sizeof(word));
	it->landed++;
	return word == EDU_TOKEN(device) ? 0 : DIFFERENT_LANDING;
}

/* ---- reports ---- */

static const char *result_name(const struct smmu_outcome *out)
{
	static const char *const names[] = { "translated", "bypassed",
					     "aborted",	   "RAZ/WI",
					     "stalled",	   "not modelled" };

	return names[out->result];
}

static void report(const struct campaign *it, unsigned int device,
		   const struct smmu_outcome *out,
		   const struct smmu_outcome *adjusted, const struct answer *a,
		   unsigned int differences)
{
	static const char *const kinds[] = { "L1STD", "STE", "L1CD",  "CD",
					     "S1",    "S2",  "S2/S1", "S2/CD" };
	static const char *const whats[] = { "silent", "translated", "bypassed",
					     "aborted" };
	const struct vector *v = &it->batch.vector[device];
	const struct batch *b = &it->batch;

	printf("MISMATCH seed %" PRIu64 " %s batch %" PRIu64
	       " device %u: %s of %" PRIx64 ":",
	       it->seed, it->two_level ? "two-level" : "linear", b->number,
	       device, v->write ? "write" : "read", v->address);
	for (unsigned int i = 0; i < DIFFERENCES; i++)
		if (differences >> i & 1)
			printf(" %s", difference_names[i]);
	printf("\n  model: %s pa %" PRIx64 " %s %016" PRIx64 " %016" PRIx64
	       " %016" PRIx64 " %016" PRIx64 "\n",
	       result_name(out), out->pa, smmu_event_name(out->event),
	       out->record[0], out->record[1], out->record[2], out->record[3]);
	printf("  seen:  %s pa %" PRIx64 " %s %016" PRIx64 " %016" PRIx64
	       " %016" PRIx64 "\n",
	       result_name(adjusted), adjusted->pa,
	       smmu_event_name(adjusted->event), adjusted->record[1],
	       adjusted->record[2], adjusted->record[3]);
	printf("  QEMU:  %s pa %" PRIx64
	       " (%u lines, %u records) %s %016" PRIx64 " %016" PRIx64
	       " %016" PRIx64 " %016" PRIx64 "\n",
	       whats[a->what], a->pa, a->lines, a->records,
	       smmu_event_name((enum smmu_event)(a->record[0] & 0xff)),
	       a->record[0], a->record[1], a->record[2], a->record[3]);
	for (unsigned int i = 0; i < b->entries; i++)
		if (b->entry[i].device == device && b->entry[i].raw &&
		    (b->entry[i].kind == ENTRY_STE ||
		     b->entry[i].kind == ENTRY_CD))
			printf("    %s word %u %016" PRIx64 "\n",
			       b->entry[i].kind == ENTRY_STE ? "STE" : "CD",
			       b->entry[i].word, b->entry[i].raw);
	for (unsigned int i = 0; i < out->reads; i++)
		printf("    %-6s level %d at %10" PRIx64 ": %016" PRIx64
		       " for %" PRIx64 "\n",
		       kinds[out->read[i].kind], out->read[i].level,
		       out->read[i].pa, out->read[i].raw, out->read[i].input);
}

static void settle(struct campaign *it, unsigned int device,
		   const struct answer *a, unsigned int differences)
{
	struct dispute d = {
		.vector = &it->batch.vector[device],
		.qemu = a,
		.batch = &it->batch,
		.judge = &it->judge,
		.mutation = it->mutation,
		.device = device,
		.model = &it->outcome[device],
		.adjusted = it->outcome[device],
	};
	unsigned int rest = differences & (DIFFERENT_LANDING | DIFFERENT_WARM);

	for (unsigned int k = 0; k < known_count; k++) {
		if (!known_differences[k].apply(&d))
			continue;
		it->explained[k]++;
		differences = compare(&d.adjusted, a) | rest;
		if (!differences)
			return;
	}
	if (!comparable(d.batch, device, &d.adjusted) ||
	    !known_can_follow(d.batch, device, &d.adjusted)) {
		it->not_followed++;
		return;
	}
	it->mismatches++;
	if (it->reports++ < REPORTS_MAX)
		report(it, device, &it->outcome[device], &d.adjusted, a,
		       differences);
}

static void count(struct campaign *it, const struct smmu_outcome *out,
		  const struct answer *a)
{
	bool s1 = false, s2 = false;

	it->vectors++;
	it->translated += out->result == SMMU_TRANSLATED;
	it->by_event[a->record[0] & 0xff]++;
	for (unsigned int i = 0; i < out->reads; i++) {
		s1 |= out->read[i].kind == SMMU_READ_S1;
		s2 |= out->read[i].kind == SMMU_READ_S2;
	}
	it->nested += s1 && s2;
	it->stage1 += s1 && !s2;
	it->stage2 += s2 && !s1;
}

static void ask_model(struct campaign *it, bool *asked, bool *warm)
{
	uint64_t left = it->limit - it->vectors;

	show_tables(it, true);
	judge_program(&it->judge, &it->batch);
	for (unsigned int i = 0; i < DEVICES; i++) {
		ask(it, i, &it->outcome[i]);
		warm[i] = warm_agrees(it, i, &it->outcome[i]);
		asked[i] = left && comparable(&it->batch, i, &it->outcome[i]) &&
			   known_can_follow(&it->batch, i, &it->outcome[i]);
		it->not_asked += left && !asked[i];
		left -= asked[i];
	}
	show_tables(it, false);
}

bool campaign_run_batch(struct campaign *it)
{
	struct answer answers[DEVICES];
	bool asked[DEVICES], warm[DEVICES];
	unsigned int d;

	batch_generate(&it->batch, it->two_level, it->seed, it->next_batch++,
		       it->machine.q.ram);
	ask_model(it, asked, warm);
	if (!machine_program(&it->machine, &it->batch) ||
	    !machine_run(&it->machine, &it->batch, asked, answers))
		return false;
	judge_program(&it->judge, &it->batch);
	for (unsigned int i = 0; i < DEVICES; i++) {
		if (!asked[i])
			continue;
		count(it, &it->outcome[i], &answers[i]);
		d = compare(&it->outcome[i], &answers[i]) |
		    (warm[i] ? 0 : DIFFERENT_WARM);
		if (!(d & ~(unsigned int)DIFFERENT_WARM))
			d |= compare_landing(it, i, &it->outcome[i]);
		if (d)
			settle(it, i, &answers[i], d);
	}
	batch_erase(&it->batch);
	return true;
}
