/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Units, and the configuration that they may hold. VT-d 4.1 §6.2.2, §6.2.3,
 * §9.1 to §9.6; IHI0070 G.b 3.21, 5.2, 5.4.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/check/state.h"

static uint64_t bits(uint64_t word, unsigned int lsb, unsigned int width)
{
	return word >> lsb & MASK(0, width);
}

/* ---- entries, as read here ---- */

bool config_is_present(enum protocol_config_kind kind, const uint64_t *word)
{
	switch (kind) {
	case PROTOCOL_CD:
		return bits(word[0], 31, 1);
	case PROTOCOL_ROOT_ENTRY: /* scalable mode: two halves */
		return (word[0] | word[1]) & 1;
	default:
		return word[0] & 1;
	}
}

static void vtd_root(struct protocol_root *root, uint64_t table, uint64_t aw,
		     uint64_t did)
{
	root->vtd = true;
	root->granule_lg2 = 12;
	root->table = table & VTD_ENTRY_ADDRESS;
	root->level = (int8_t)(2 - (int)aw);
	root->input_bits = (uint8_t)(30 + 9 * aw);
	root->vmid = (uint16_t)did;
}

/* VTCR_EL2's fields, and where they stand. IHI0070 G.b 5.2. */
static void ste_root(struct protocol_root *root, const uint64_t *word)
{
	static const uint8_t granules_lg2[] = { 12, 16, 14, 12 };
	static const uint8_t output_bits[] = { 32, 36, 40, 42, 44, 48, 52, 52 };
	const int start = (int)bits(word[2], 38, 2);

	root->granule_lg2 = granules_lg2[bits(word[2], 46, 2)];
	root->table = word[3] & MASK(4, 48);
	root->level =
		(int8_t)(root->granule_lg2 == 12 ? (start == 3 ? 3 : 2 - start)
						 : 3 - start);
	root->input_bits = (uint8_t)(64 - bits(word[2], 32, 6));
	root->output_bits = output_bits[bits(word[2], 48, 3)];
	root->vmid = (uint16_t)word[2];
	root->sets_access_flag = bits(word[2], 56, 1);
}

bool config_root(const struct protocol_unit *unit,
		 enum protocol_config_kind kind, const uint64_t *word,
		 struct protocol_root *root)
{
	*root = (struct protocol_root){ .base = PROTOCOL_DEVICE,
					.on = true,
					.noncoherent = unit->noncoherent,
					.write_buffer = unit->write_buffer,
					.caching_mode = unit->caching_mode,
					.output_bits = unit->output_bits };
	if (!config_is_present(kind, word))
		return false;
	switch (kind) {
	case PROTOCOL_CONTEXT_ENTRY: /* TT 0: second stage */
		vtd_root(root, word[0], bits(word[1], 0, 3),
			 bits(word[1], 8, 16));
		return !bits(word[0], 2, 2) && root->input_bits >= 39;
	case PROTOCOL_PASID_ENTRY: /* PGTT 2: second stage; 3: nested */
		vtd_root(root, word[0], bits(word[0], 2, 3),
			 bits(word[1], 0, 16));
		return (bits(word[0], 6, 3) & 6) == 2 && root->input_bits >= 39;
	case PROTOCOL_STE: /* Config 6: stage 2; 7: nested */
		ste_root(root, word);
		return (bits(word[0], 1, 3) & 6) == 6;
	default:
		return false;
	}
}

static bool has_first_stage(enum protocol_config_kind kind,
			    const uint64_t *word)
{
	if (!config_is_present(kind, word))
		return false;
	if (kind == PROTOCOL_PASID_ENTRY)
		return bits(word[0], 6, 3) & 1;
	return kind == PROTOCOL_STE && (bits(word[0], 1, 3) & 5) == 5;
}

/* ---- findings ---- */

static const uint64_t *words_of(const struct config_entry *entry)
{
	return &entry->page
			->word[(entry->is.address - entry->page->address) / 8];
}

static struct finding *report(struct checker *c, enum rule rule,
			      const struct config_entry *entry, uint32_t source,
			      const struct protocol_event *e,
			      const char *detail, const char *missing)
{
	const uint64_t *word = words_of(entry);
	bool is_new;
	struct finding *f = findings_add(c, rule, source, e, &is_new);
	int i = 0;

	if (!f || !is_new)
		return f;
	while (i < entry->is.words - 1 && word[i] == entry->old[i])
		i++;
	f->of_device = true;
	f->config = protocol_config_name(entry->is.kind);
	f->unit = entry->unit;
	f->sid = entry->is.sid;
	f->ssid = entry->is.ssid;
	f->vmid = entry->stale ? entry->stale_did : entry->did;
	f->address = entry->is.address + (uint64_t)i * 8;
	f->stale = entry->old[i];
	f->now = word[i];
	f->observers = BIT(entry->unit);
	if (entry->stale) {
		f->birth_event = entry->birth.number;
		f->birth = c->source[entry->birth.source];
		f->replaced_event = entry->replaced.number;
		f->replaced = c->source[entry->replaced.source];
	}
	snprintf(f->detail, sizeof(f->detail), "%s", detail);
	snprintf(f->missing, sizeof(f->missing), "%s", missing);
	return f;
}

/* ---- units and entries ---- */

void event_unit(struct checker *c, const struct protocol_event *e)
{
	struct iommu_unit *u = &c->iommus.unit[e->unit];

	if (!u->known)
		c->hold.single |= BIT(e->unit);
	u->known = true;
	u->is = e->facts;
	c->hold.units |= BIT(e->unit);
	c->hold.hearing &= ~BIT(e->unit);
	if (u->is.hears_tlbi)
		c->hold.hearing |= BIT(e->unit);
}

/* Is the tree led to by any entry? */
static bool is_led_to(const struct checker *c, const struct table_tree *tree,
		      unsigned int unit)
{
	const struct config_entry *entry = c->iommus.entry;

	while (entry && (entry->tree != tree || entry->unit != unit))
		entry = entry->next;
	return entry != NULL;
}

bool config_leads_to(const struct checker *c, const struct table_tree *tree,
		     uint64_t issued)
{
	for (const struct config_entry *entry = c->iommus.entry; entry;
	     entry = entry->next)
		if ((tree->users & BIT(entry->unit)) &&
		    entry->stale_did == tree->root.vmid &&
		    (entry->stale || entry->dropped > issued))
			return true;
	return false;
}

/* A domain id names one set of tables, until what was cached of it is gone. */
static void check_domain(struct checker *c, const struct config_entry *entry,
			 const struct table_tree *tree,
			 const struct protocol_event *e)
{
	for (const struct table_tree *other = c->tables.tree; other;
	     other = other->next) {
		if (other == tree || other->root.base != tree->root.base ||
		    other->root.vmid != tree->root.vmid ||
		    !(other->users & BIT(entry->unit)))
			continue;
		report(c, RULE_IOMMU_DOMAIN_REUSED, entry, entry->writer.source,
		       e,
		       other->installed ? "another device's entry leads to "
					  "other tables by this id"
					: "the tables it named before were not "
					  "invalidated, or before their "
					  "configuration was",
		       "invalidate configuration, then the IOTLB of the "
		       "domain, and wait, before the id is used again");
		return;
	}
}

/* Tables that the CPUs walk, too, are one tree with two kinds of observers. */
static struct table_tree *tree_of(struct checker *c,
				  const struct protocol_root *root)
{
	struct table_tree *tree = c->tables.tree;

	while (tree && (tree->root.base != PROTOCOL_VTTBR ||
			tree->root.table != root->table ||
			tree->root.vmid != root->vmid || root->vtd ||
			root->guests))
		tree = tree->next;
	return tree ? tree : tables_tree(&c->tables, root);
}

static void install(struct checker *c, struct config_entry *entry,
		    struct table_tree *tree, const struct protocol_event *e)
{
	struct table_tree *before = entry->tree;
	bool is_new;

	entry->tree = tree;
	if (before && before != tree && !is_led_to(c, before, entry->unit))
		before->installed &= ~BIT(entry->unit);
	if (!tree)
		return;
	is_new = !(tree->users & BIT(entry->unit));
	/* Changed in place: judged when the operation is over. */
	if (before != tree && (!before || before->root.vmid != tree->root.vmid))
		check_domain(c, entry, tree, e);
	tree->installed |= BIT(entry->unit);
	tree->users |= BIT(entry->unit);
	tree->root.noncoherent |= c->iommus.unit[entry->unit].is.noncoherent;
	for (const struct table_node *node = is_new ? tree->top : NULL; node;
	     node = node->peer)
		iommu_attached(c, node, e);
}

/* What it says takes effect. */
static void link_entry(struct checker *c, struct config_entry *entry,
		       const struct protocol_event *e)
{
	const uint64_t *word = words_of(entry);
	struct protocol_root root;
	bool leads = config_root(&c->iommus.unit[entry->unit].is,
				 entry->is.kind, word, &root);

	root.guests = entry->page->world == PROTOCOL_GUEST;
	root.guest = entry->page->vmid;

	entry->linked = true;
	if (has_first_stage(entry->is.kind, word)) {
		c->not_judged[NOT_JUDGED_FIRST_STAGE] = true;
		c->hold.single &= ~BIT(entry->unit);
	}
	install(c, entry, leads ? tree_of(c, &root) : NULL, e);
	entry->did = leads ? root.vmid : 0;
	if (!entry->stale)
		entry->stale_did = entry->did;
}

static struct config_entry *find(const struct table_page *page,
				 const struct protocol_event *e)
{
	struct config_entry *entry = page->config;

	while (entry &&
	       (entry->unit != e->unit || entry->is.kind != e->config.kind ||
		entry->is.address != e->config.address ||
		entry->is.sid != e->config.sid ||
		entry->is.ssid != e->config.ssid))
		entry = entry->near;
	return entry;
}

void event_config(struct checker *c, const struct protocol_event *e)
{
	struct table_page *page =
		checker_page_of(c, e, e->config.address, true);
	struct config_entry *entry;

	if (!page || !c->iommus.unit[e->unit].known || find(page, e) ||
	    e->config.words > CONFIG_WORDS)
		return;
	entry = calloc(1, sizeof(*entry));
	if (!entry) {
		c->not_judged[NOT_JUDGED_MEMORY] = true;
		return;
	}
	entry->unit = e->unit;
	entry->is = e->config;
	entry->page = page;
	entry->writer = page->birth[(e->config.address - page->address) / 8];
	entry->next = c->iommus.entry;
	c->iommus.entry = entry;
	entry->near = page->config;
	page->config = entry;
	link_entry(c, entry, e);
}

void config_free(struct checker_iommus *iommus)
{
	while (iommus->entry) {
		struct config_entry *next = iommus->entry->next;

		free(iommus->entry);
		iommus->entry = next;
	}
}

/* ---- changes ---- */

/* Absence is held, too, by an SMMU, and by VT-d in caching mode. */
static bool may_be_held(const struct checker *c,
			const struct config_entry *entry)
{
	const struct protocol_unit *unit = &c->iommus.unit[entry->unit].is;

	return unit->type == PROTOCOL_SMMU || unit->caching_mode ||
	       config_is_present(entry->is.kind, words_of(entry));
}

static void change(struct checker *c, struct config_entry *entry,
		   const struct protocol_event *e)
{
	entry->touched = true;
	entry->linked = false;
	c->iommus.unlinked = true;
	entry->writer = checker_mark(c, e);
	entry->cpu = e->cpu;
	if (!entry->stale && !may_be_held(c, entry))
		return;
	if (!entry->stale) {
		const uint64_t word =
			(entry->is.address - entry->page->address) / 8;

		entry->stale = true;
		c->iommus.stale++;
		entry->stale_did = entry->did;
		entry->birth = entry->page->birth[word];
		entry->replaced = entry->writer;
		entry->finding = 0;
		memcpy(entry->old, words_of(entry),
		       entry->is.words * sizeof(entry->old[0]));
	}
	entry->el2 = e->el2;
	entry->when = e->number;
	entry->visible = 0;
}

void config_store(struct checker *c, struct table_page *page, uint32_t index,
		  const struct protocol_event *e)
{
	if (page->word[index] == e->now)
		return;
	for (struct config_entry *entry = page->config; entry;
	     entry = entry->near) {
		uint64_t first = (entry->is.address - page->address) / 8;

		if (index >= first && index < first + entry->is.words)
			change(c, entry, e);
	}
}

static bool is_unclean(const struct checker *c,
		       const struct config_entry *entry)
{
	const uint64_t first = (entry->is.address - entry->page->address) / 8;

	for (uint32_t i = 0; i < entry->is.words; i++)
		if (bit_get(entry->page->unclean, (uint32_t)first + i))
			return c->iommus.unit[entry->unit].is.noncoherent;
	return false;
}

void config_barrier(struct checker *c, const struct protocol_event *e)
{
	if (!c->iommus.unlinked)
		return;
	c->iommus.unlinked = false;
	for (struct config_entry *entry = c->iommus.entry; entry;
	     entry = entry->next) {
		if (entry->linked)
			continue;
		if (entry->cpu != e->cpu || is_unclean(c, entry)) {
			c->iommus.unlinked = true;
			continue;
		}
		if (entry->stale && !entry->visible)
			entry->visible = e->number;
		link_entry(c, entry, e);
	}
}

/* ---- invalidations ---- */

static bool is_named(const struct protocol_config_drop *drop,
		     const struct config_entry *entry)
{
	return (drop->kinds >> entry->is.kind & 1) &&
	       (!drop->by_sid ||
		!((drop->sid ^ entry->is.sid) & ~drop->sid_ignored)) &&
	       (!drop->by_ssid || drop->ssid == entry->is.ssid) &&
	       (!drop->by_did || drop->did == entry->stale_did);
}

void event_config_drop(struct checker *c, const struct protocol_event *e)
{
	c->iommus.log[c->iommus.logged++ % DROP_LOG] =
		(struct config_drop){ .drop = e->drop,
				      .issued = e->number,
				      .source = checker_mark(c, e).source,
				      .unit = e->unit };
	/* It flushes the write buffer. VT-d 4.1 §6.8. */
	event_unit_buffer(c, e);
}

static void apply(struct checker *c, const struct config_drop *d)
{
	for (struct config_entry *entry = c->iommus.entry; entry;
	     entry = entry->next) {
		if (!entry->stale || entry->unit != d->unit ||
		    !entry->visible || entry->visible >= d->issued ||
		    !is_named(&d->drop, entry))
			continue;
		entry->stale = false;
		entry->dropped = d->issued;
		c->iommus.stale--;
	}
}

void event_unit_wait(struct checker *c, const struct protocol_event *e)
{
	const uint64_t logged = c->iommus.logged;
	const uint64_t oldest = logged > DROP_LOG ? logged - DROP_LOG : 0;

	for (uint64_t i = oldest; i < logged; i++) {
		struct config_drop *d = &c->iommus.log[i % DROP_LOG];

		if (d->unit != e->unit || d->complete)
			continue;
		d->complete = e->number;
		apply(c, d);
	}
	maintain_complete(c, e->unit, e);
}

/* ---- what is still held ---- */

/* Why: the invalidation that came nearest. */
static const char *why_held(const struct checker *c,
			    const struct config_entry *entry)
{
	const char *why = "no invalidation of it followed";
	const uint64_t oldest =
		c->iommus.logged > DROP_LOG ? c->iommus.logged - DROP_LOG : 0;

	for (uint64_t i = c->iommus.logged; i-- > oldest;) {
		const struct config_drop *d = &c->iommus.log[i % DROP_LOG];

		if (d->issued <= entry->when || d->unit != entry->unit)
			continue;
		if (!is_named(&d->drop, entry))
			why = "an invalidation followed that does not name it";
		else if (is_unclean(c, entry))
			return "it was not cleaned, and the IOMMU reads memory "
			       "past the caches";
		else if (!entry->visible || entry->visible >= d->issued)
			return "its invalidation was given before the change "
			       "was visible";
		else
			return "nothing waited for its invalidation";
	}
	return why;
}

static void report_held(struct checker *c, struct config_entry *entry,
			const struct protocol_event *e)
{
	const bool smmu = c->iommus.unit[entry->unit].is.type == PROTOCOL_SMMU;
	const struct finding *f =
		report(c, RULE_IOMMU_CONFIG_HELD, entry, entry->replaced.source,
		       e, why_held(c, entry),
		       smmu ? "barrier; CMD_CFGI_STE or CMD_CFGI_CD of it; "
			      "CMD_SYNC; then TLBI"
			    : "barrier; invalidation of the context or PASID "
			      "cache; wait; then of the IOTLB");

	if (f)
		entry->finding = (uint32_t)(f - c->finding) + 1;
}

void config_done(struct checker *c, const struct protocol_event *e)
{
	for (struct config_entry *entry = c->iommus.entry; entry;
	     entry = entry->next) {
		if (entry->stale && !entry->finding && entry->el2 && e->el2)
			report_held(c, entry, e);
		if (!entry->touched || !e->el2)
			continue;
		entry->touched = false;
		if (entry->tree)
			check_domain(c, entry, entry->tree, e);
		if (is_unclean(c, entry))
			report(c, RULE_IOMMU_CLEAN_MISSING, entry,
			       entry->writer.source, e,
			       "its unit reads it past the caches",
			       "clean the entry, then a barrier");
	}
}

/* ---- accesses ---- */

/* A guest has no DONE: its device's access tells that the change was meant to
 * be over. */
static void config_used(struct checker *c, struct config_entry *entry,
			const struct protocol_event *e)
{
	struct finding *f;

	if (!entry->finding && !entry->el2 && entry->visible)
		report_held(c, entry, e);
	if (!entry->finding || !e->dma.by_held_config)
		return;
	f = &c->finding[entry->finding - 1];
	if (f->use_event)
		return;
	f->use_event = e->number;
	f->use_by_device = true;
	f->use_sid = e->dma.sid;
	f->use_va = e->dma.iova;
}

static bool concerns(const struct config_entry *entry,
		     const struct protocol_event *e)
{
	if (entry->unit != e->unit)
		return false;
	if (entry->is.kind == PROTOCOL_ROOT_ENTRY)
		return entry->is.sid >> 8 == e->dma.sid >> 8;
	return entry->is.sid == e->dma.sid &&
	       (entry->is.kind != PROTOCOL_CD || entry->is.ssid == e->dma.ssid);
}

static void note_stale(struct checker *c, struct ghost *g,
		       const struct protocol_event *e)
{
	struct finding *f;

	iommu_used(c, g, e);
	if (!g->finding || g->table || g->hole || !e->dma.reached ||
	    e->dma.pa != g->target + (e->dma.iova - g->first))
		return;
	f = &c->finding[g->finding - 1];
	if (f->use_event)
		return;
	f->use_event = e->number;
	f->use_by_device = true;
	f->use_sid = e->dma.sid;
	f->use_va = e->dma.iova;
}

static void use_of(struct checker *c, enum protocol_base base, uint16_t vmid,
		   const struct protocol_event *e)
{
	struct hold_query q = { .base = base,
				.vmid = vmid,
				.first = e->dma.iova,
				.last = e->dma.iova };

	for (struct ghost *g = hold_first(&c->hold, &q); g;
	     g = hold_next(&c->hold, &q))
		if ((g->alone | g->combined) & BIT(e->unit))
			note_stale(c, g, e);
}

void event_dma(struct checker *c, const struct protocol_event *e)
{
	for (struct config_entry *entry = c->iommus.entry; entry;
	     entry = entry->next) {
		if (!concerns(entry, e))
			continue;
		if (entry->stale)
			config_used(c, entry, e);
		if (entry->tree)
			use_of(c, entry->tree->root.base,
			       entry->tree->root.vmid, e);
		if (entry->stale && entry->stale_did != entry->did)
			use_of(c, PROTOCOL_DEVICE, entry->stale_did, e);
	}
}
