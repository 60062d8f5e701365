/* SPDX-License-Identifier: BSD-2-Clause */
/* One batch from tables to verdict. */
#include "tests/diff/vtd/campaign.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/bits.h"

static const char *const difference_names[DIFFERENCES] = {
	"what", "address", "reason", "record", "landing", "A/D bits", "warm",
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

static void ask(struct campaign *it, unsigned int device, struct verdict *v)
{
	struct vector vector = it->batch.vector[device];

	if (it->mutation && it->mutation->vector)
		it->mutation->vector(&vector);
	judge_ask(&it->judge, DEVICE_SID(device), &vector, v);
	if (it->mutation && it->mutation->verdict)
		it->mutation->verdict(v, &vector);
}

/* RAM that tables and the window are in; devices and firmware are not. */
static bool plain(uint64_t pa)
{
	return pa >= 0x100000 && pa < RAM_BYTES;
}

/*
 * Where the two machines' memory is not alike (devices, firmware) nothing is
 * proved, and a write must not hit what is ours. A read that found nothing is
 * no step of the walk: its last step points there.
 */
static bool comparable(const struct batch *b, unsigned int device,
		       const struct verdict *v)
{
	uint64_t pa = v->out.pa, pointer;

	for (unsigned int i = 0; i < v->out.reads; i++) {
		if (!plain(v->out.read[i].pa))
			return false;
		pointer = v->out.read[i].raw & MASK(12, 40);
		if (pointer >= RAM_BYTES && pointer < NOWHERE_PA &&
		    v->out.result == VTD_FAULTED &&
		    v->out.reason != VTD_LGN_4 && v->out.reason != VTD_SGN_8)
			return false;
	}
	if (v->out.result != VTD_TRANSLATED)
		return true;
	if (pa >= NOWHERE_PA)
		return true;
	if (b->vector[device].write)
		return pa - WINDOW_PA < WINDOW_BYTES;
	return plain(pa);
}

/* A second time, from the caches: the same. */
static bool warm_agrees(struct campaign *it, unsigned int device,
			const struct verdict *cold)
{
	struct verdict warm;

	ask(it, device, &warm);
	return warm.out.result == cold->out.result &&
	       warm.out.reason == cold->out.reason &&
	       warm.out.pa == cold->out.pa;
}

/* ---- what of the two differs ---- */

static unsigned int compare(const struct verdict *v, const struct answer *a)
{
	enum happened expected =
		v->passes || v->out.suppressed	  ? HAPPENED_NOTHING
		: v->out.result == VTD_TRANSLATED ? HAPPENED_TRANSLATION
						  : HAPPENED_FAULT;

	if (a->what != expected)
		return DIFFERENT_WHAT;
	if (a->what == HAPPENED_TRANSLATION &&
	    (a->page_mask != MASK(0, v->out.page_lg2) ||
	     a->pa != (v->out.pa & ~a->page_mask)))
		return DIFFERENT_PA;
	if (a->what == HAPPENED_FAULT && a->reason != v->out.reason)
		return DIFFERENT_REASON;
	return 0;
}

/* QEMU keeps one record, of the first fault. */
static unsigned int compare_record(unsigned int device, const struct verdict *v,
				   const uint64_t *frcd)
{
	if (!(frcd[1] >> 63) || (frcd[1] & 0xffff) != DEVICE_SID(device))
		return 0;
	return v->out.result == VTD_FAULTED && v->frcd[0] == frcd[0] &&
			       v->frcd[1] == frcd[1]
		       ? 0
		       : DIFFERENT_RECORD;
}

/* Did the token land where it should? The place is as before afterwards. */
static unsigned int compare_landing(struct campaign *it, unsigned int device,
				    const struct verdict *v)
{
	uint64_t pa = v->out.pa;
	uint32_t word;

	if (!it->batch.vector[device].write ||
	    v->out.result != VTD_TRANSLATED || pa - WINDOW_PA >= WINDOW_BYTES)
		return 0;
	memcpy(&word, it->batch.ram + pa, sizeof(word));
	memset(it->batch.ram + pa, 0, sizeof(word));
	it->landed++;
	return word == TOKEN(device) ? 0 : DIFFERENT_LANDING;
}

static unsigned int compare_bits(const struct campaign *it,
				 const struct verdict *v)
{
	for (unsigned int i = 0; i < v->updates; i++)
		if (ram_get(it->batch.ram, v->update[i].pa) !=
		    v->update[i].value)
			return DIFFERENT_BITS;
	return 0;
}

static unsigned int compare_all(struct campaign *it, unsigned int device,
				const struct verdict *v, const struct answer *a,
				const uint64_t *frcd)
{
	return compare(v, a) | compare_record(device, v, frcd) |
	       compare_bits(it, v);
}

/* ---- reports ---- */

static void report(const struct campaign *it, unsigned int device,
		   const struct verdict *v, const struct answer *a,
		   const uint64_t *frcd, unsigned int differences)
{
	static const char *const kinds[] = { "root",  "context", "directory",
					     "PASID", "first",	 "second",
					     "second" };
	const struct vector *vector = &it->batch.vector[device];

	printf("MISMATCH seed %" PRIu64 " %s batch %" PRIu64
	       " device %u: %s of %" PRIx64 ":",
	       it->seed, it->flavour->name, it->batch.number, device,
	       vector->write ? "write" : "read", vector->iova);
	for (unsigned int i = 0; i < DIFFERENCES; i++)
		if (differences >> i & 1)
			printf(" %s", difference_names[i]);
	printf("\n  model: %s pa %" PRIx64 " reason %x (%s)%s%s, FRCD %" PRIx64
	       " %" PRIx64 "\n",
	       v->out.result == VTD_TRANSLATED ? "translated" : "fault",
	       v->out.pa, v->out.reason, vtd_reason_name(v->out.reason),
	       v->out.suppressed ? " suppressed" : "",
	       v->passes ? " passes" : "", v->frcd[1], v->frcd[0]);
	printf("  QEMU:  %s pa %" PRIx64 " reason %x (%u events), FRCD %" PRIx64
	       " %" PRIx64 "\n",
	       a->what == HAPPENED_TRANSLATION ? "translated"
	       : a->what == HAPPENED_FAULT     ? "fault"
					       : "silent",
	       a->pa, a->reason, a->events, frcd[1], frcd[0]);
	for (unsigned int i = 0; i < v->out.reads; i++)
		printf("    %-9s level %u at %9" PRIx64 ": %016" PRIx64 "\n",
		       kinds[v->out.read[i].kind], v->out.read[i].level,
		       v->out.read[i].pa, v->out.read[i].raw);
	for (unsigned int i = 0; i < v->updates; i++)
		printf("    update at %9" PRIx64 ": %016" PRIx64
		       ", QEMU %016" PRIx64 "\n",
		       v->update[i].pa, v->update[i].value,
		       ram_get(it->batch.ram, v->update[i].pa));
}

static void settle(struct campaign *it, unsigned int device,
		   const struct answer *a, const uint64_t *frcd,
		   unsigned int differences)
{
	struct dispute d = {
		.flavour = it->flavour,
		.vector = &it->batch.vector[device],
		.qemu = a,
		.frcd = frcd,
		.sid = DEVICE_SID(device),
		.device = device,
		.batch = &it->batch,
		.judge = &it->judge,
		.model = &it->verdicts[device],
		.adjusted = it->verdicts[device],
	};
	unsigned int landing = differences & DIFFERENT_LANDING;
	unsigned int warm = differences & DIFFERENT_WARM;

	for (unsigned int k = 0; k < known_count && differences; k++) {
		if (!known_differences[k].apply ||
		    !known_differences[k].apply(&d))
			continue;
		differences =
			compare_all(it, device, &d.adjusted, a, frcd) | warm;
		/* What does not go through need not land. */
		if (d.adjusted.out.result == VTD_TRANSLATED)
			differences |= landing;
		it->explained[k]++;
	}
	if (!differences)
		return;
	it->mismatches++;
	if (it->reports++ < REPORTS_MAX)
		report(it, device, &it->verdicts[device], a, frcd, differences);
}

static void count(struct campaign *it, const struct verdict *v,
		  const struct answer *a)
{
	it->vectors++;
	it->passed += v->passes;
	it->translated += v->out.result == VTD_TRANSLATED;
	it->faulted += v->out.result == VTD_FAULTED;
	it->suppressed += v->out.suppressed;
	if (a->what == HAPPENED_FAULT)
		it->by_reason[a->reason & 0xff]++;
}

bool campaign_run_batch(struct campaign *it)
{
	struct answer answers[DEVICES];
	bool asked[DEVICES], warm[DEVICES];
	struct batch *b = &it->batch;
	uint64_t frcd[2], left = it->limit - it->vectors;

	batch_generate(b, it->flavour, it->seed, it->next_batch++,
		       it->machine.q.ram);
	show_tables(it, true);
	judge_program(&it->judge, b);
	for (unsigned int i = 0; i < DEVICES; i++) {
		asked[i] = false;
		ask(it, i, &it->verdicts[i]);
		warm[i] = warm_agrees(it, i, &it->verdicts[i]);
		if (!comparable(b, i, &it->verdicts[i])) {
			it->not_asked++;
			continue;
		}
		asked[i] = left != 0;
		left -= asked[i];
	}
	show_tables(it, false);
	if (!machine_program(&it->machine, b) ||
	    !machine_run(&it->machine, b, asked, answers, frcd))
		return false;
	it->records += frcd[1] >> 63;
	for (unsigned int i = 0; i < DEVICES; i++) {
		const struct verdict *v = &it->verdicts[i];
		unsigned int d;

		if (!asked[i])
			continue;
		count(it, v, &answers[i]);
		d = compare_all(it, i, v, &answers[i], frcd) |
		    compare_landing(it, i, v) | (warm[i] ? 0 : DIFFERENT_WARM);
		if (d)
			settle(it, i, &answers[i], frcd, d);
	}
	batch_erase(b);
	return true;
}
