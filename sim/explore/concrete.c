/* SPDX-License-Identifier: BSD-2-Clause */
/* See concrete.h. */
#include "sim/explore/concrete.h"

#include <stdlib.h>
#include <string.h>

#include "sim/explore/mapping.h"

struct store {
	uint64_t value;
	uint32_t step, older;
	bool arbitrary;
};

/* What the observer has cached, by the action that cached it. */
struct held {
	bool stands;
	bool combined;
	struct entry entry;
	struct mapped range; /* of a pointer: output is the table */
	unsigned int level;
};

struct room {
	const struct concrete *c;
	size_t words;
	/* Of each word the newest store, and those seen, cleaned, and let out
	 * by a barrier: it is seen when the write buffer is flushed. */
	uint32_t *newest, *seen, *cleaned, *out;
	struct store *store; /* 0: what the image has */
	uint32_t stores;
	struct held *held;
	const struct protocol_event **pending;
	size_t pendings;
	bool eager; /* maintenance takes effect as soon as it may */
	struct mapping before, after, left;
	uint64_t *plain;
	bool walked, walked_arbitrary; /* the last action read, cached not */
	struct held last;
};

static bool room_init(struct room *r)
{
	const struct explore_input *in = r->c->in;
	size_t stores = 1;

	for (size_t i = 0; i < in->events; i++)
		if (in->event[i].kind == PROTOCOL_WRITE)
			stores++;
		else if (in->event[i].kind == PROTOCOL_TABLE_ALLOC ||
			 in->event[i].kind == PROTOCOL_TABLE_FREE)
			stores += in->event[i].bytes / 8;
	r->words = in->image.bytes / 8;
	r->newest = calloc(r->words + 1, sizeof(*r->newest));
	r->seen = calloc(r->words + 1, sizeof(*r->seen));
	r->cleaned = calloc(r->words + 1, sizeof(*r->cleaned));
	r->out = calloc(r->words + 1, sizeof(*r->out));
	r->store = calloc(stores, sizeof(*r->store));
	r->held = calloc(r->c->actions + 1, sizeof(*r->held));
	r->pending = calloc(in->events + 1, sizeof(*r->pending));
	r->plain = malloc(in->image.bytes + 8);
	r->stores = 1;
	if (r->plain)
		memcpy(r->plain, in->image.word, in->image.bytes);
	return r->newest && r->seen && r->cleaned && r->out && r->store && r->held &&
	       r->pending && r->plain;
}

static void room_fini(struct room *r)
{
	free(r->newest);
	free(r->seen);
	free(r->cleaned);
	free(r->out);
	free(r->store);
	free(r->held);
	free(r->pending);
	free(r->plain);
	mapping_fini(&r->before);
	mapping_fini(&r->after);
	mapping_fini(&r->left);
}

/* ---- software */

static size_t word_at(const struct room *r, uint64_t address)
{
	return (address - r->c->in->image.base) / 8;
}

static void store_add(struct room *r, size_t word, uint64_t value,
		      uint32_t step, bool arbitrary)
{
	r->store[r->stores] = (struct store){ value, step, r->newest[word],
					      arbitrary };
	r->newest[word] = r->stores++;
	/* Nobody promised when memory that changes hands is seen. */
	if (arbitrary)
		r->seen[word] = r->cleaned[word] = r->out[word] =
			r->newest[word];
}

static const struct explore_observer *observer(const struct room *r)
{
	return &r->c->in->observer[r->c->observer];
}

/* By a queue: a leaf of VT-d if it lies in the range whole. */
static bool queue_matches(const struct room *r, const struct held *h,
			  const struct protocol_iotlb *t)
{
	const bool table = h->entry.kind == ENTRY_TABLE;

	if (t->all)
		return true;
	if (r->c->in->space.format == ENTRY_VTD_SS && !table)
		return h->range.first >= t->first && h->range.last <= t->last;
	if (table && t->leaf_only)
		return false;
	/* TTL says at which level the leaf stands. */
	if (t->level != 0 && r->c->in->space.format == ENTRY_ARM_S2 &&
	    (table ? h->level >= t->level : h->level != t->level))
		return false;
	return h->range.first <= t->last && t->first <= h->range.last;
}

static bool held_matches(const struct room *r, const struct held *h,
			 const struct protocol_event *e)
{
	const struct protocol_tlbi *t = &e->tlbi;
	const bool table = h->entry.kind == ENTRY_TABLE;

	if (e->kind == PROTOCOL_IOTLB || observer(r)->queue)
		return e->kind == PROTOCOL_IOTLB && observer(r)->queue &&
		       queue_matches(r, h, &e->iotlb);
	if (t->el2 || (!t->broadcast && e->cpu != r->c->observer))
		return false;
	if (h->combined)
		return t->stage1 && t->by == PROTOCOL_BY_ALL;
	if (!t->stage2 || (table && t->last_level))
		return false;
	if (t->by != PROTOCOL_BY_ADDRESS)
		return t->by == PROTOCOL_BY_ALL;
	if (t->level >= 0 && (table ? (int)h->level >= t->level
				    : (int)h->level != t->level))
		return false;
	return h->range.first <= t->last && t->first <= h->range.last;
}

static void tlbi_effect(struct room *r, const struct protocol_event *e)
{
	for (size_t i = 0; i < r->c->actions; i++)
		if (r->held[i].stands && held_matches(r, &r->held[i], e))
			r->held[i].stands = false;
}

static bool orders(const struct protocol_event *e)
{
	return e->kind == PROTOCOL_BARRIER && e->barrier == PROTOCOL_DSB &&
	       e->domain != PROTOCOL_NSH && e->access != PROTOCOL_LOADS;
}

/* Is all maintenance that the observer hears complete then? */
static bool completes(const struct room *r, const struct protocol_event *e)
{
	return observer(r)->queue
		       ? e->kind == PROTOCOL_IOTLB_WAIT
		       : orders(e) && e->access == PROTOCOL_ALL;
}

static void drain(struct room *r)
{
	for (size_t w = 0; w < r->words; w++)
		if (r->out[w] > r->seen[w])
			r->seen[w] = r->out[w];
}

static void barrier(struct room *r, const struct protocol_event *e)
{
	if (!orders(e))
		return;
	for (size_t w = 0; w < r->words; w++) {
		if (!observer(r)->noncoherent)
			r->out[w] = r->newest[w];
		else if (e->access == PROTOCOL_ALL)
			r->out[w] = r->cleaned[w];
	}
	if (!r->c->in->write_buffer)
		drain(r);
}

static void complete(struct room *r)
{
	for (size_t i = 0; i < r->pendings; i++)
		if (r->pending[i])
			tlbi_effect(r, r->pending[i]);
	r->pendings = 0;
}

/* Is the action's entry a source of what comes at the step or later? One that
 * is no source at all is what the witness is about. */
static bool is_wanted(const struct room *r, size_t action, uint32_t step)
{
	bool source = false;

	for (size_t i = 0; i < r->c->actions; i++) {
		const struct concrete_action *a = &r->c->action[i];

		if (a->from != (int)action)
			continue;
		if (a->step >= step)
			return true;
		source = true;
	}
	return !source;
}

/* Would it drop what is wanted? */
static bool is_needed(const struct room *r, const struct protocol_event *e,
		      uint32_t step)
{
	for (size_t i = 0; i < r->c->actions; i++)
		if (r->held[i].stands && held_matches(r, &r->held[i], e) &&
		    is_wanted(r, i, step))
			return true;
	return false;
}

static void software(struct room *r, uint32_t step)
{
	const struct protocol_event *e = &r->c->in->event[step - 1];
	const uint64_t line = r->c->in->line_bytes;
	size_t w = 0, end = 0;

	switch (e->kind) {
	case PROTOCOL_WRITE:
		store_add(r, word_at(r, e->address), e->now, step, false);
		break;
	case PROTOCOL_TABLE_ALLOC:
	case PROTOCOL_TABLE_FREE:
		w = word_at(r, e->address);
		for (end = w + e->bytes / 8; w < end; w++)
			store_add(r, w, 0, step, true);
		break;
	case PROTOCOL_CLEAN:
		w = word_at(r, e->address & ~(line - 1));
		end = word_at(r, (e->address + e->bytes + line - 1) &
					 ~(line - 1));
		for (; w < end && w < r->words; w++)
			r->cleaned[w] = r->newest[w];
		break;
	case PROTOCOL_BARRIER:
		barrier(r, e);
		break;
	case PROTOCOL_WRITE_BUFFER:
		drain(r);
		break;
	case PROTOCOL_IOTLB:
		drain(r);
		/* fall through */
	case PROTOCOL_TLBI:
		if (r->eager && !is_needed(r, e, step))
			tlbi_effect(r, e);
		else
			r->pending[r->pendings++] = e;
		break;
	default:
		break;
	}
	if (completes(r, e))
		complete(r);
}

/* ---- hardware */

/* Is the action's entry wanted after maintenance is complete next? */
static bool must_last(const struct room *r, size_t action)
{
	const struct concrete *c = r->c;
	uint32_t until = action + 1 == c->actions ? c->step : 0;
	uint32_t step;

	for (size_t i = 0; i < c->actions; i++)
		if (c->action[i].from == (int)action &&
		    c->action[i].step > until)
			until = c->action[i].step;
	/* Of a pair, both are wanted at the end. */
	if (c->finding == EXPLORE_CONFLICT && until == 0)
		until = c->step;
	for (step = c->action[action].step + 1; step <= until; step++) {
		if (completes(r, &c->in->event[step - 1]))
			return true;
	}
	return false;
}

/* Pending maintenance that would drop it takes effect before it is cached. */
static void effects_first(struct room *r, const struct held *h)
{
	for (size_t i = 0; i < r->pendings; i++)
		if (r->pending[i] && held_matches(r, h, r->pending[i])) {
			tlbi_effect(r, r->pending[i]);
			r->pending[i] = NULL;
		}
}

/* Is what the observer sees there what the action reads? */
static bool is_seen(const struct room *r, size_t word,
		    const struct concrete_action *a)
{
	const struct explore_input *in = r->c->in;
	const struct store *s = &r->store[r->seen[word]];
	const size_t page = word >> (in->space.granule_lg2 - 3);
	const bool arbitrary =
		s->arbitrary || (r->seen[word] == 0 && in->image.live &&
				 !in->image.live[page]);

	return a->arbitrary ? arbitrary : !arbitrary && s->step == a->wrote;
}

static void evict_line(struct room *r, size_t word)
{
	const size_t line_words = r->c->in->line_bytes / 8;
	const size_t first = word / line_words * line_words;

	for (size_t w = first; w < first + line_words && w < r->words; w++)
		r->seen[w] = r->newest[w];
}

/* Before the next step stores over what an action will read from memory, the
 * line is evicted: it is the last moment. */
static void evict_in_time(struct room *r, uint32_t step)
{
	const struct concrete *c = r->c;
	const struct protocol_event *e = &c->in->event[step];

	if (!c->in->observer[c->observer].noncoherent ||
	    step >= c->in->events || e->kind != PROTOCOL_WRITE)
		return;
	for (size_t i = 0; i < c->actions; i++) {
		const struct concrete_action *a = &c->action[i];
		const size_t word = word_at(r, a->address);
		const struct store *s = &r->store[r->newest[word]];

		if (a->step > step && !a->repeat && a->address == e->address &&
		    s->step == a->wrote && !s->arbitrary)
			evict_line(r, word);
	}
}

/* Let the observer see the store of the step; false: it cannot. */
static bool make_seen(struct room *r, size_t word,
		      const struct concrete_action *a)
{
	if (is_seen(r, word, a))
		return true;
	if (r->c->in->observer[r->c->observer].noncoherent) {
		evict_line(r, word);
	} else {
		for (uint32_t at = r->newest[word]; at > r->seen[word];
		     at = r->store[at].older)
			if (r->store[at].step == a->wrote) {
				r->seen[word] = at;
				break;
			}
	}
	return is_seen(r, word, a);
}

static uint64_t seen_value(const struct room *r, size_t word)
{
	return r->seen[word] ? r->store[r->seen[word]].value
			     : r->c->in->image.word[word];
}

/* The way to the word: the root, or a pointer that stands. */
static bool leads_there(const struct room *r, const struct concrete_action *a)
{
	const struct explore_space *s = &r->c->in->space;
	const uint64_t table = a->address & ~(BIT(s->granule_lg2) - 1);

	if (a->from >= 0)
		return r->held[a->from].stands &&
		       r->held[a->from].entry.kind == ENTRY_TABLE &&
		       r->held[a->from].entry.address == table;
	return a->level == s->start_level && table >= s->root &&
	       table - s->root < BIT(s->granule_lg2 + s->root_order);
}

static struct held read_entry(const struct room *r,
			      const struct concrete_action *a)
{
	const struct explore_space *s = &r->c->in->space;
	struct held h = { .stands = true, .combined = a->combined,
			  .level = a->level };
	unsigned int lsb = entry_lsb(s, a->level);

	h.entry = entry_read(s, seen_value(r, word_at(r, a->address)), a->level,
			     a->from >= 0 ? r->held[a->from].entry.permissions
					  : ENTRY_ALL_RIGHTS);
	if (a->group && h.entry.hint)
		lsb += entry_group_lg2(s, a->level);
	h.range.first = a->input & ~(BIT(lsb) - 1);
	h.range.last = h.range.first + (BIT(lsb) - 1);
	h.range.output = h.entry.address - (a->input - h.range.first);
	h.range.memory = h.entry.memory;
	h.range.permissions = h.entry.permissions;
	return h;
}

static const char *act(struct room *r, size_t i)
{
	const struct concrete_action *a = &r->c->action[i];
	struct held h;

	if (a->repeat) {
		if (!r->held[a->from].stands)
			return "the stage-2 entry is gone by then";
		h = r->held[a->from];
		h.combined = true;
	} else {
		if (!leads_there(r, a))
			return "the table pointer is gone by then";
		if (!make_seen(r, word_at(r, a->address), a))
			return "the store is not seen then, or no longer";
		h = read_entry(r, a);
	}
	if (!a->cached) {
		r->walked = true;
		r->walked_arbitrary = a->arbitrary;
		r->last = h;
		return NULL;
	}
	if (h.entry.kind == ENTRY_INVALID || h.entry.no_tlb)
		return "what is read there is never cached";
	if (must_last(r, i))
		effects_first(r, &h);
	if (a->from >= 0 && !r->held[a->from].stands)
		return "its source was dropped by the same maintenance";
	r->held[i] = h;
	return NULL;
}

/* ---- what it comes to */

static bool is_allowed(const struct room *r, const struct held *h)
{
	const uint64_t input = r->c->input;
	const bool over = r->c->finding == EXPLORE_AFTER;
	uint64_t next, last;

	if (h->entry.kind == ENTRY_INVALID)
		return !over || !mapping_find(&r->after, input, &next);
	return mapping_agrees(&r->after, &h->range, input, &last) ||
	       mapping_agrees(&r->left, &h->range, input, &last) ||
	       (!over && mapping_agrees(&r->before, &h->range, input, &last));
}

static bool matches(const struct held *h, uint64_t input)
{
	return h->stands && input >= h->range.first && input <= h->range.last;
}

/* Two entries for one address that are not the same. */
static bool clash(const struct held *a, const struct held *b)
{
	const bool same_place = a->range.first == b->range.first &&
				a->range.last == b->range.last;

	if (a->combined != b->combined)
		return false;
	if (a->entry.kind == ENTRY_LEAF && b->entry.kind == ENTRY_LEAF)
		return !same_place || a->range.output != b->range.output ||
		       a->range.memory != b->range.memory;
	return a->level == b->level && same_place &&
	       (a->entry.kind != b->entry.kind ||
		a->entry.address != b->entry.address);
}

static const char *conflict(const struct room *r)
{
	for (size_t i = 0; i < r->c->actions; i++)
		for (size_t k = 0; k < i; k++)
			if (matches(&r->held[i], r->c->input) &&
			    matches(&r->held[k], r->c->input) &&
			    clash(&r->held[i], &r->held[k]))
				return NULL;
	return "no two entries match there";
}

/* Both mappings have the address, and what is lost there would be missed. */
static bool must_translate(const struct room *r)
{
	const struct explore_call *call = &r->c->in->call[r->c->call];
	const uint64_t input = r->c->input;
	uint64_t next;
	const struct mapped *was = mapping_find(&r->before, input, &next);
	const struct mapped *will = mapping_find(&r->after, input, &next);

	if (!was || !will || r->c->in->loss == EXPLORE_MAY_FAULT)
		return false;
	if (r->c->in->loss == EXPLORE_NEVER_FAULTS)
		return true;
	/* Another place, or another size that the call asks for. */
	if (was->memory != will->memory ||
	    was->output + (input - was->first) !=
		    will->output + (input - will->first))
		return false;
	return was->level == will->level || !call->maps ||
	       input < call->first || input > call->last;
}

static const char *shows(const struct room *r)
{
	const struct concrete *c = r->c;
	const struct held *h = r->walked ? &r->last
					 : &r->held[c->actions - 1];
	const struct protocol_event *e;

	switch (c->finding) {
	case EXPLORE_TRANSLATION:
	case EXPLORE_AFTER:
		if (!h->stands)
			return "the entry is dropped by then";
		if (c->input < h->range.first || c->input > h->range.last ||
		    h->entry.kind == ENTRY_TABLE)
			return "it does not translate that address";
		return is_allowed(r, h) ? "it is the old mapping or the new"
					: NULL;
	case EXPLORE_CONTENT:
		if (r->walked && (r->walked_arbitrary ||
				  (h->entry.kind == ENTRY_TABLE &&
				   word_at(r, h->entry.address) >= r->words)))
			return NULL;
		return "it is a table";
	case EXPLORE_FAULT:
		if (!r->walked || h->entry.kind != ENTRY_INVALID ||
		    c->input < h->range.first || c->input > h->range.last)
			return "it translates";
		return must_translate(r) ? NULL : "it need not translate";
	case EXPLORE_FREED:
		e = &c->in->event[c->step - 1];
		if (e->kind != PROTOCOL_TABLE_FREE ||
		    c->freed - e->address >= e->bytes)
			return "it is not freed then";
		return c->actions == 0 || (h->stands &&
					   h->entry.address == c->freed)
			       ? NULL
			       : "the pointer is dropped by then";
	case EXPLORE_CONFLICT:
		return conflict(r);
	case EXPLORE_FINDINGS:
		break;
	}
	return "unknown finding";
}

/* The mapping when the stores before event[end] are made. */
static bool read_mapping(struct room *r, struct mapping *to, size_t from,
			 size_t end)
{
	const struct explore_input *in = r->c->in;
	const struct mapping_source source = { &in->space, in->image.base,
					       in->image.bytes, r->plain };
	bool lost;

	for (size_t i = from; i < end; i++)
		if (in->event[i].kind == PROTOCOL_WRITE)
			r->plain[word_at(r, in->event[i].address)] =
				in->event[i].now;
	return mapping_read(to, &source, &lost);
}

/* The mappings before and after the call, and what was deferred by then. */
static bool read_mappings(struct room *r)
{
	const struct explore_input *in = r->c->in;
	const bool over = r->c->finding == EXPLORE_AFTER;
	size_t from = 0;

	if (!read_mapping(r, &r->after, 0, 0))
		return false;
	for (size_t i = 0; i <= r->c->call; i++) {
		const size_t end = in->calls ? in->call[i].end : 0;
		struct mapping was = r->before;

		r->before = r->after;
		r->after = was;
		if (!read_mapping(r, &r->after, from, end))
			return false;
		from = end;
		if (i == r->c->call && !over)
			break;
		if (!in->calls || !in->call[i].deferred)
			mapping_fini(&r->left);
		else if (!mapping_leave(&r->left, &r->before, &r->after))
			return false;
	}
	return true;
}

static const char *execute(struct room *r)
{
	const struct concrete *c = r->c;
	const bool detached = c->in->calls && c->in->call[c->call].detached;
	const uint32_t left = c->call ? (uint32_t)c->in->call[c->call - 1].end
				      : 0;
	const char *why;

	if (!read_mappings(r))
		return "out of memory";
	for (uint32_t step = 0; step <= c->step; step++) {
		/* Freeing is judged as it is done: hardware comes first. */
		if (step == c->step && c->finding == EXPLORE_FREED)
			return shows(r);
		if (step > 0)
			software(r, step);
		for (size_t i = 0; i < c->actions; i++) {
			if (c->action[i].step != step)
				continue;
			if (detached && step > left && c->action[i].from < 0)
				return "nobody runs on the space then";
			why = act(r, i);
			if (why)
				return why;
		}
		evict_in_time(r, step);
	}
	return shows(r);
}

/* When maintenance takes effect is hardware's choice: late, then early. */
const char *concrete_execute(const struct concrete *c)
{
	const char *first = NULL;

	for (int eager = 0; eager <= 1; eager++) {
		struct room r = { .c = c, .eager = eager };
		const char *why = room_init(&r) ? execute(&r) : "out of memory";

		room_fini(&r);
		if (!why)
			return NULL;
		first = first ? first : why;
	}
	return first;
}
