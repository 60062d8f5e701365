/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the checker's files share: its state, and the functions between them.
 */
#ifndef SIM_CHECK_STATE_H
#define SIM_CHECK_STATE_H

#include "sim/check/checker.h"
#include "sim/check/discipline.h"
#include "sim/check/hold.h"
#include "sim/check/iommu.h"
#include "sim/check/tables.h"

/* TLBIs that a diagnosis looks back at. */
#define TLBI_LOG 256

struct tlbi_entry {
	struct protocol_tlbi tlbi;
	uint64_t issued, complete; /* events; complete 0: not yet */
	uint32_t source;
	uint8_t cpu;
	bool el2;
};

struct word_ref {
	struct table_page *page;
	uint32_t index;
	struct mark mark;
	uint8_t cpu;
	bool el2;
};

struct word_list {
	struct word_ref *item;
	size_t count, room;
};

/* A tree that a CPU had installed, and may hold entries of. */
struct former {
	struct table_tree *tree;
	struct mark mark; /* the write that put another in its place */
	uint64_t synchronised; /* event; 0: that write is not yet */
};

/* A write of a control register, with whose old fields entries may be held. */
struct control {
	struct protocol_control change;
	struct mark mark;
	uint64_t synchronised;
};

#define CONTROLS_MAX 8

struct checker_cpu {
	uint64_t barriers; /* DMB and DSB so far: an epoch of its stores */
	struct table_tree *installed[PROTOCOL_BASES];
	struct tlbi_entry *pending; /* TLBIs without their DSB */
	size_t pendings, pending_room;
	/* The first new entry since the last DSB. */
	struct word_ref made;
	bool has_made, has_cleaned;
	/* root.c, context.c */
	struct former *former;
	size_t formers, former_room;
	struct control control[CONTROLS_MAX];
	unsigned int controls;
	/* Bit sets of bases: some former tree's entries may be used in place of
	 * the installed one's; written, and not synchronised since. */
	unsigned int rivals, unsynchronised;
	struct mark written; /* the first such write */
	bool translated;     /* stage 1 was on: entries may be held */
	uint64_t off_since;
};

enum not_judged {
	NOT_JUDGED_OVERFLOW,
	NOT_JUDGED_CONTENT,
	NOT_JUDGED_MEMORY,
	NOT_JUDGED_GUEST_ORDER,
	NOT_JUDGED_GUEST_BARRIERS,
	NOT_JUDGED_FINDINGS,
	NOT_JUDGED_DISCIPLINE,
	NOT_JUDGED_UNKNOWN,
	NOT_JUDGED_DATA,
	NOT_JUDGED_FORMERS,
	NOT_JUDGED_FIRST_STAGE,
	NOT_JUDGED_COUNT
};

struct checker {
	struct checker_config config;
	struct protocol_listener listener;
	struct tables tables;
	struct hold hold;
	uint64_t number;
	struct checker_cpu cpu[PROTOCOL_OBSERVERS_MAX];
	struct tlbi_entry log[TLBI_LOG];
	uint64_t logged;
	/* Since the last DONE: entries with the contiguous hint, and words that
	 * a walker past the caches reads. */
	struct word_list hinted, uncleaned;
	/* CPUs: whose accesses context.c looks at; that have written registers
	 * and not synchronised. */
	uint64_t watched, unsynchronised;
	struct protocol_source *source;
	uint32_t sources, source_room, recent;
	struct finding *finding;
	uint32_t *finding_source;
	size_t findings, finding_room;
	struct checker_costs costs;
	struct discipline discipline;
	struct ranges given; /* frames that are not the guest's any more */
	struct checker_iommus iommus;
	bool not_judged[NOT_JUDGED_COUNT];
};

static inline bool bit_get(const uint64_t *set, uint32_t i)
{
	return set[i / 64] >> i % 64 & 1;
}

static inline void bit_put(uint64_t *set, uint32_t i, bool value)
{
	set[i / 64] = (set[i / 64] & ~BIT(i % 64)) |
		      (uint64_t)value << i % 64;
}

/* ---- checker.c */
struct mark checker_mark(struct checker *c, const struct protocol_event *e);
/* The known page of the machine's memory with this address, or NULL. */
struct table_page *checker_page(struct checker *c, uint64_t address);
/* The page of the event's world; `make`: a new one if none is known. */
struct table_page *checker_page_of(struct checker *c,
				   const struct protocol_event *e,
				   uint64_t address, bool make);

/* ---- one function a kind of event */
/* CONTENT, not `judged`; and WRITE. */
void event_store(struct checker *c, const struct protocol_event *e,
		 bool judged);
void event_clean(struct checker *c, const struct protocol_event *e);
void event_barrier(struct checker *c, const struct protocol_event *e);
void event_tlbi(struct checker *c, const struct protocol_event *e);
void event_root(struct checker *c, const struct protocol_event *e);
void event_control(struct checker *c, const struct protocol_event *e);
/* CONTEXT, ISB, and whatever else synchronises. */
void event_context(struct checker *c, const struct protocol_event *e);
void event_table_free(struct checker *c, const struct protocol_event *e);
void event_frame_free(struct checker *c, const struct protocol_event *e);
void event_frame_take(struct checker *c, const struct protocol_event *e);
/* A log's: what the memory was used for is not said. */
void event_memory_free(struct checker *c, struct protocol_event *e);
void event_use(struct checker *c, const struct protocol_event *e);
void event_read(struct checker *c, const struct protocol_event *e);
void event_done(struct checker *c, const struct protocol_event *e);
void event_unit(struct checker *c, const struct protocol_event *e);
void event_config(struct checker *c, const struct protocol_event *e);
void event_config_drop(struct checker *c, const struct protocol_event *e);
void event_unit_tlbi(struct checker *c, const struct protocol_event *e);
void event_unit_wait(struct checker *c, const struct protocol_event *e);
void event_unit_buffer(struct checker *c, const struct protocol_event *e);
void event_dma(struct checker *c, const struct protocol_event *e);

/* ---- maintain.c */
/* A TLBI of CPUs or of a unit, issued; and all that this observer waits for is
 * complete. */
void maintain_issue(struct checker *c, const struct protocol_event *e,
		    unsigned int observer);
void maintain_complete(struct checker *c, unsigned int observer,
		       const struct protocol_event *e);

/* ---- iommu_config.c */
void config_free(struct checker_iommus *iommus);
/* An entry whose old content may be held, or was when the invalidation issued
 * at this event was given, leads to the tree. */
bool config_leads_to(const struct checker *c, const struct table_tree *tree,
		     uint64_t issued);
/* A store is about to change entry `index` of a page that has some. */
void config_store(struct checker *c, struct table_page *page, uint32_t index,
		  const struct protocol_event *e);
/* A barrier of the CPU: what it wrote is visible, and means what it says. */
void config_barrier(struct checker *c, const struct protocol_event *e);
/* The end of an operation of the hypervisor's. */
void config_done(struct checker *c, const struct protocol_event *e);

/* ---- iommu_judge.c */
/* As judge_cause, of a ghost that units alone still hold. */
struct cause iommu_cause(const struct checker *c, const struct ghost *g);
/* An operation on a domain is over. */
void iommu_done(struct checker *c, const struct protocol_event *e);
/* A device's access came where the ghost may be held. */
void iommu_used(struct checker *c, struct ghost *g,
		const struct protocol_event *e);
/* Its rule where the rule for a CPU's tables is this one. */
enum rule iommu_rule(enum rule rule);
static inline enum rule rule_for_tree(const struct table_tree *tree,
				      enum rule rule)
{
	return tree->root.base == PROTOCOL_DEVICE ? iommu_rule(rule) : rule;
}
static inline enum rule rule_for_ghost(const struct checker *c,
				       const struct ghost *g, enum rule rule)
{
	return g->base == PROTOCOL_DEVICE ||
			       !((g->alone | g->combined) & ~c->hold.units)
		       ? iommu_rule(rule)
		       : rule;
}
/* Entry `index` of a page is about to change. A table was just linked. */
void iommu_changed(struct checker *c, const struct table_page *page,
		   uint32_t index);
void iommu_linked(struct checker *c, const struct table_node *node,
		  const struct protocol_event *e);
/* The table, and all below it, are a device's from now on. */
void iommu_attached(struct checker *c, const struct table_node *node,
		    const struct protocol_event *e);
/* Entry `index` of a domain's tables was made. */
void iommu_made(struct checker *c, const struct table_node *node,
		uint32_t index, const struct protocol_event *e,
		struct mark mark);

/* ---- give.c */
/* As if the page were freed. */
void give_released(struct checker *c, const struct table_page *page,
		   const struct protocol_event *e);
/* Entry `index` of the node is there now: does it lead to a frame that was
 * given away? */
void give_made(struct checker *c, const struct table_node *node,
	       uint32_t index, const struct protocol_event *e);

/* ---- root.c */
/* Does it drop all of a tree, wherever it reaches? */
bool root_tlbi_is_whole(const struct protocol_tlbi *t,
			const struct table_tree *tree);
void root_complete(struct checker *c, unsigned int number,
		   const struct tlbi_entry *t);
/* Both translate it, and not alike. */
bool root_differ(const struct checker *c, const struct table_tree *former,
		 const struct table_tree *tree, uint64_t input);
/* An entry as what a CPU may hold since a register was written. */
struct ghost root_ghost(const struct table_node *node, uint32_t index,
			unsigned int cpu, struct mark mark,
			uint64_t synchronised);
/* A TLBI issued after `since` has dropped it there. */
bool root_dropped(const struct checker *c, const struct ghost *g,
		  unsigned int cpu, uint64_t since);
void root_use(struct checker *c, const struct table_tree *tree, uint64_t input,
	      uint64_t output, const struct protocol_event *e);

/* ---- context.c */
void context_watch(struct checker *c, unsigned int number);
void context_written(struct checker *c, const struct protocol_event *e,
		     unsigned int bases);
void context_complete(struct checker *c, const struct tlbi_entry *t);
bool context_tlbi_is_needed(const struct checker *c,
			    const struct protocol_tlbi *t, unsigned int cpu);
void context_use(struct checker *c, const struct protocol_event *e);

/* ---- findings.c */
uint32_t sources_get(struct checker *c, const struct protocol_source *source);
/* The finding of this rule and source: a new one (*is_new) to be filled in,
 * or the old one, counted again. NULL: there is no more room. */
struct finding *findings_add(struct checker *c, enum rule rule,
			     uint32_t source, const struct protocol_event *e,
			     bool *is_new);
/* About entry `index` of a page, by whoever `mark` says; `stale` was there. */
void checker_report_word(struct checker *c, enum rule rule, struct mark mark,
			 const struct table_page *page, uint32_t index,
			 uint64_t stale, const struct protocol_event *e,
			 const char *missing);
/* A finding about entry `index` of a page (NULL: of none), by whoever `e` is,
 * with a detail. */
void checker_report(struct checker *c, enum rule rule,
		    const struct table_page *page, uint32_t index,
		    const struct protocol_event *e, const char *detail,
		    const char *missing);
/* An access that goes by the stale entry, or could. */
void finding_note_use(struct checker *c, struct finding *f,
		      const struct protocol_event *e, bool went);
void finding_describe_ghost(struct checker *c, struct finding *f,
			    struct ghost *g);

/* ---- judge.c */
/* Why the ghost is still held. */
struct cause {
	enum rule rule;
	uint32_t source; /* of the step that is wrong */
	const char *missing;
};
struct cause judge_cause(const struct checker *c, const struct ghost *g,
			 uint64_t observers);
/* A ghost that must not be held any more is: `e` is where that matters. */
void judge_held(struct checker *c, struct ghost *g,
		const struct protocol_event *e, const char *detail);
/* Entry `index` of the node was made: against all that may still be held. */
void judge_made(struct checker *c, const struct table_node *node,
		uint32_t index, const struct protocol_event *e);

#endif
