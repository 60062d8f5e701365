/* SPDX-License-Identifier: BSD-2-Clause */
/* See options.h. */
#include "options.h"

#include <stddef.h>

#include "console.h"
#include "layout.h"

/* A word of the line, up to a space; what is left of it. */
struct word {
	const char *at, *end;
};

/* True if the word goes on with `text`, which is then behind it. */
static bool word_skip(struct word *w, const char *text)
{
	const char *at = w->at;

	while (*text && at < w->end && *at == *text) {
		at++;
		text++;
	}
	if (*text)
		return false;
	w->at = at;
	return true;
}

static bool word_is(struct word w, const char *text)
{
	return word_skip(&w, text) && w.at == w.end;
}

static bool word_number(struct word *w, uint64_t *value)
{
	const char *from = w->at;

	for (*value = 0; w->at < w->end && *w->at >= '0' && *w->at <= '9';
	     w->at++)
		*value = *value * 10 + (uint64_t)(*w->at - '0');
	return w->at != from;
}

static bool word_is_number(struct word w, uint64_t *value)
{
	return word_number(&w, value) && w.at == w.end;
}

/* The index of the word among `names`, which ends in NULL. */
static bool word_choice(struct word w, const char *const *names,
			uint64_t *index)
{
	for (*index = 0; names[*index]; ++*index)
		if (word_is(w, names[*index]))
			return true;
	return false;
}

static bool coalesce_parse(struct word w, struct pt_coalesce *c)
{
	*c = (struct pt_coalesce){ .policy = PT_COALESCE_NEVER };
	if (word_is(w, "never"))
		return true;
	c->policy = PT_COALESCE_EAGER;
	if (word_is(w, "eager"))
		return true;
	if (word_skip(&w, "after-ops:"))
		c->policy = PT_COALESCE_AFTER_OPS;
	else if (word_skip(&w, "after-cycles:"))
		c->policy = PT_COALESCE_AFTER_CYCLES;
	else if (word_skip(&w, "hysteresis:"))
		c->policy = PT_COALESCE_HYSTERESIS;
	else if (word_skip(&w, "scan:"))
		c->policy = PT_COALESCE_SCAN;
	else
		return false;
	if (!word_number(&w, &c->n))
		return false;
	if (c->policy == PT_COALESCE_SCAN &&
	    (!word_skip(&w, ",") || !word_number(&w, &c->budget)))
		return false;
	return w.at == w.end;
}

static bool backing_parse(struct word w, struct options *o)
{
	o->backing = BACKING_CONTIGUOUS;
	if (word_is(w, "contiguous"))
		return true;
	o->backing = BACKING_RANDOM;
	if (word_is(w, "random"))
		return true;
	o->backing = BACKING_FRAGMENTED;
	return word_skip(&w, "fragmented:") &&
	       word_is_number(w, &o->fragmented_percent) &&
	       o->fragmented_percent <= 100;
}

static const char *const words_granule[] = { "4K", "16K", "64K", NULL };
static const char *const words_switch[] = { "off", "on", NULL };
static const char *const words_free[] = { "never", "eager", NULL };
static const char *const words_tlbi[] = { "vmid", "ipa", "range", NULL };
static const char *const words_order[] = { "greedy", "mask", NULL };
static const char *const words_populate[] = { "eager", "fault", NULL };
static const char *const words_setway[] = { "off", "full", "track",
					    "track-late", NULL };
static const char *const words_mutate[] = { "nothing",
					    "no-stage2-tlbi",
					    "no-combined-tlbi",
					    "lost-entry",
					    "wrong-frame",
					    "no-break",
					    "leak",
					    NULL };

static bool set_guest(struct word w, struct options *o, bool *known)
{
	uint64_t n = 0;
	bool good;

	if (word_skip(&w, "granule=")) {
		good = word_choice(w, words_granule, &n);
		o->p2m.granule_lg2 = (uint8_t)(12 + 2 * n);
	} else if (word_skip(&w, "ipa_bits=")) {
		good = word_is_number(w, &n) && n <= 52;
		o->p2m.ipa_bits = (uint8_t)n;
	} else if (word_skip(&w, "start_level=")) {
		good = word_is_number(w, &n) && n <= 3;
		o->p2m.start_level = (int8_t)n;
	} else if (word_skip(&w, "ram_mib=")) {
		good = word_is_number(w, &o->ram_mib) && o->ram_mib >= 1 &&
		       o->ram_mib <= GUEST_MIB_MAX;
	} else if (word_skip(&w, "backing=")) {
		good = backing_parse(w, o);
	} else {
		*known = false;
		good = false;
	}
	return good;
}

static bool set_policy(struct word w, struct options *o, bool *known)
{
	uint64_t n = 0;
	bool good;

	if (word_skip(&w, "coalesce="))
		return coalesce_parse(w, &o->p2m.coalesce);
	if (word_skip(&w, "free_empty=")) {
		good = word_choice(w, words_free, &n);
		o->p2m.free_empty = n != 0;
	} else if (word_skip(&w, "tlbi=")) {
		good = word_choice(w, words_tlbi, &n);
		o->p2m.tlbi = (enum p2m_tlbi_policy)n;
	} else if (word_skip(&w, "order=")) {
		good = word_choice(w, words_order, &n);
		o->p2m.order = (enum p2m_order_policy)n;
	} else if (word_skip(&w, "contig_hint=")) {
		good = word_choice(w, words_switch, &n);
		o->p2m.contig_hint = n != 0;
	} else if (word_skip(&w, "populate=")) {
		good = word_choice(w, words_populate, &n);
		o->populate_on_fault = n != 0;
	} else {
		*known = false;
		good = false;
	}
	return good;
}

static bool set_own(struct word w, struct options *o, bool *known)
{
	uint64_t n = 0;
	bool good;

	if (word_skip(&w, "bbm=")) {
		good = word_is_number(w, &n) && n <= 2;
		o->p2m.bbm_level = (uint8_t)n;
	} else if (word_skip(&w, "lpa=")) {
		good = word_choice(w, words_switch, &n);
		o->p2m.lpa = n != 0;
	} else if (word_skip(&w, "set_way=")) {
		good = word_choice(w, words_setway, &n);
		o->setway = (enum setway_mode)n;
	} else if (word_skip(&w, "pool=")) {
		good = word_is_number(w, &o->pool_pages) &&
		       o->pool_pages <= POOL_PAGES;
	} else if (word_skip(&w, "preempt=")) {
		good = word_is_number(w, &o->preempt);
	} else if (word_skip(&w, "mutate=")) {
		good = word_choice(w, words_mutate, &n);
		o->mutation = (enum mutation)n;
	} else {
		*known = false;
		good = false;
	}
	return good;
}

static bool set(struct word w, struct options *o)
{
	const struct word all = w;
	bool known = true, good;

	if (word_skip(&w, "guest."))
		good = set_guest(w, o, &known);
	else if (word_skip(&w, "policy.p2m."))
		good = set_policy(w, o, &known);
	else if (word_skip(&w, "el2."))
		good = set_own(w, o, &known);
	else if (word_skip(&w, "seed="))
		good = word_is_number(w, &o->seed);
	else
		good = known = false;
	if (good)
		return true;
	report(known ? "el2core: no such value: " : "el2core: no such key: ");
	/* The line is ours: cut it behind the word. */
	o->line[all.end - o->line] = 0;
	report(all.at);
	report("\n");
	return false;
}

bool options_load(struct options *o)
{
	struct word w;

	*o = (struct options){
		.p2m = { .ipa_bits = 40,
			 .granule_lg2 = 12,
			 .start_level = -1,
			 .vmid = 1,
			 .free_empty = true,
			 .tlbi = P2M_TLBI_IPA },
		.ram_mib = 256,
		.seed = 1,
		.pool_pages = POOL_PAGES,
	};
	if (!command_line_get(o->line, sizeof(o->line))) {
		report("el2core: the command line is too long\n");
		return false;
	}
	for (w.at = o->line;; w.at = w.end) {
		while (*w.at == ' ')
			w.at++;
		for (w.end = w.at; *w.end && *w.end != ' ';)
			w.end++;
		if (w.at == w.end)
			break;
		if (word_is(w, "--")) {
			while (*w.end == ' ')
				w.end++;
			o->guest_line = w.end;
			return true;
		}
		if (!set(w, o))
			return false;
	}
	report("el2core: no guest: its arguments stand behind --\n");
	return false;
}
