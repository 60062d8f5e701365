/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checker: takes protocol events one by one, and keeps what hardware may
 * hold (hold.h) beside what tables say (tables.h). A finding is a broken rule
 * with its witness; how often the same operation broke it is counted.
 */
#ifndef SIM_CHECK_CHECKER_H
#define SIM_CHECK_CHECKER_H

#include "core/base/err.h"
#include "sim/check/protocol.h"

enum rule {
#define RULE(name, id, reference, text) RULE_##name,
#include "sim/check/rules.def"
#undef RULE
	RULES
};

struct rule_facts {
	const char *id, *reference, *text;
};
const struct rule_facts *rule_facts(enum rule rule);
/* RULES if there is none of that id. */
enum rule rule_by_id(const char *id);

struct checker_config {
	unsigned int cpus;
	unsigned int bbm_level; /* FEAT_BBM of the observers */
	bool forbid_writable_executable;
	/* An imported log's writers keep one: discipline.h. */
	bool discipline;
	bool no_data; /* a replay: what stands in memory is not known */
};

/* CPUs that a log does not show are this observer. */
#define CHECKER_ELSEWHERE (PROTOCOL_OBSERVERS_MAX - 1)

#define WITNESS_TEXT 192

/* The first time; `source` of the offending operation. */
struct finding {
	enum rule rule;
	uint64_t count;
	unsigned int cpu;
	bool el2;
	uint64_t event; /* its number */
	struct protocol_source source;
	/* The entry that is, or may be, held: ~0 in `input` if none. */
	unsigned int stage;
	int level;
	uint16_t vmid, asid;
	uint64_t input, input_last;
	uint64_t address; /* of the descriptor */
	uint64_t stale, now;
	uint64_t observers; /* that may hold it */
	uint64_t units;	    /* of all observers those that are IOMMUs */
	uint64_t birth_event, replaced_event; /* 0: before the check began */
	struct protocol_source birth, replaced;
	/* DATA_STALE: `address` is the line's, `stale` was read, `now` is what
	 * the caches may have, birth that of the line's first unclean store
	 * (birth_event: the last before it). */
	uint64_t line_bytes, read_va, read_address;
	bool birth_known;
	unsigned int birth_cpu;
	/* The access that went by it (`use_went`) or could; event 0: none was
	 * seen. */
	uint64_t use_event, use_va;
	unsigned int use_cpu;
	bool use_went;
	/* The TLB entry that it went by was filled in this block, and this was
	 * the last event before. */
	bool fill_known;
	uint64_t fill_event, fill_pc;
	bool use_by_device;
	uint32_t use_sid;
	/* Of an IOMMU: `vmid` is the domain's id. */
	bool of_device;
	/* Its configuration: what kind of entry, and whose; or NULL. */
	const char *config;
	unsigned int unit;
	uint32_t sid, ssid;
	char detail[WITNESS_TEXT];  /* why, of this case */
	char missing[WITNESS_TEXT]; /* the step that would be right */
};

struct checker_costs {
	uint64_t events, tlbis, needless_tlbis, cleans, needless_cleans;
	uint64_t barriers, needless_barriers;
	uint64_t entries_held_peak; /* replaced and not yet dropped */
};

struct checker;

/* NULL: out of memory. `read` is of struct protocol_listener, or NULL. */
struct checker *checker_new(const struct checker_config *config,
			    bool (*read)(void *context,
					 enum protocol_world world,
					 uint16_t vmid, uint64_t address,
					 uint64_t *value),
			    void *read_context);
void checker_free(struct checker *c);
/* What to hand to a machine; owned by the checker. */
struct protocol_listener *checker_listener(struct checker *c);
void checker_event(struct checker *c, struct protocol_event *event);

/* With a discipline: the word at an aligned address. False: no memory of the
 * log's. */
bool checker_word(const struct checker *c, uint64_t address, uint64_t *value);
/* Pages of tables, and of what may become tables, that are kept. */
size_t checker_pages(const struct checker *c);
/* Memory ran out, or more than 2^20 stale entries would have to be kept. */
bool checker_gave_up(const struct checker *c);

size_t checker_findings(const struct checker *c);
const struct finding *checker_finding(const struct checker *c, size_t index);
const struct checker_costs *checker_costs(const struct checker *c);
/* What could not be judged, one line each; NULL ends. */
const char *checker_not_judged(const struct checker *c, size_t index);

#endif
