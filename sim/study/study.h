/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one does with a machine: run a guest, replay a trace, look at one
 * translation, vary a policy. The commands in cli/ parse options and print
 * what these return. Issue A.
 */
#ifndef SIM_STUDY_STUDY_H
#define SIM_STUDY_STUDY_H

#include "sim/check/checker.h"
#include "sim/guest/guest.h"

/* Called now and then from the loop, with what was done so far; total 0 if
 * it is not known. */
struct study_progress {
	void (*report)(void *context, uint64_t instructions, uint64_t accesses,
		       uint64_t done_bytes, uint64_t total_bytes);
	void *context;
};

struct run_options {
	const char *guest;	 /* ELF path */
	int argc;
	const char *const *argv; /* guest's arguments, argv[0] is the path */
	bool linux_mode;
	const char *root;	 /* --root */
	const char *trace;	 /* path or NULL */
	enum trace_level trace_level;
	struct guest_limits limits;
	bool quiet;
	struct study_progress progress;
	/* Called at the end, if anything ran, with the machine as it is then. */
	void (*finish)(void *context, struct machine *m);
	void *finish_context;
	struct protocol_listener *listener; /* or NULL: protocol.h */
	bool output_to_stderr; /* --linux: the guest's standard output */
	/* bare metal: where the UART and semihosting write. False: nobody
	 * takes it any more, and the run ends. */
	bool (*console)(void *context, const void *bytes, size_t count);
	void *console_context;
};

struct study_result {
	json_t *stats;	      /* "p2msim.stats/1" with `host`; new reference */
	uint64_t exit_status; /* the guest's */
	bool guest_ended;
};

/* Exit code (enum exit_code); what is not 0 has its line in *error. Stats are
 * set whenever anything ran, also if the guest died. */
int study_run(const struct machine_config *config,
	      const struct run_options *options, struct study_result *result,
	      struct error_line *error);

struct replay_options {
	const char *trace;
	struct guest_limits limits;
	struct study_progress progress;
	void (*finish)(void *context, struct machine *m);
	void *finish_context;
	struct protocol_listener *listener;
};
int study_replay(const struct machine_config *config,
		 const struct replay_options *options,
		 struct study_result *result, struct error_line *error);

/*
 * A stream of mappings and DMA in a guest's place: `stream` by name, `key` as
 * the user gave them, "packets=1000". Stats and trace as study_run's.
 */
struct generate_options {
	const char *stream;
	const char *const *key;
	int keys;
	const char *trace; /* path or NULL */
	enum trace_level trace_level;
};
int study_generate(const struct machine_config *config,
		   const struct generate_options *options,
		   struct study_result *result, struct error_line *error);
/* [{"stream","about","keys":[{"key","default","min","max","about"}]}]. New
 * reference. */
json_t *study_streams(void);

/* The machine object of a trace's header, for config_load's `base`. New
 * reference; NULL: *error. */
json_t *study_trace_machine(const char *trace, struct error_line *error);

/* An ELF file, and no trace. */
bool study_is_guest(const char *input);

/*
 * Run or replay `input` with the checker listening. *report, new reference,
 * NULL if nothing ran: {"format":"p2msim.check/1","findings":[...],
 * "maintenance":{...},"not_judged":[...]}. Exit code EXIT_FINDING if there is
 * any and all else went well.
 */
struct check_options {
	const char *input;
	int argc;
	const char *const *argv;
	bool linux_mode, quiet;
	const char *root;
	struct guest_limits limits;
	struct study_progress progress;
	bool (*console)(void *context, const void *bytes, size_t count);
	void *console_context;
};
int study_check(const struct machine_config *config,
		const struct check_options *options, json_t **report,
		struct study_result *result, struct error_line *error);
/* A log of page-table maintenance, or a trace that was imported from one: it
 * needs no machine, and only `check` understands it. */
bool study_is_log(const char *input);
struct study_log {
	char *said;  /* what the log's own maker says went wrong, or NULL */
	char **file; /* names that the checker's sources point to */
	size_t files;
};
/* Its events, judged by a checker with `discipline`. *result is for
 * study_log_fini, once the report is made. Exit code. */
int study_check_log(const char *input, struct checker *checker,
		    struct study_log *result, struct error_line *error);
void study_log_fini(struct study_log *result);
/* The same report of any checker; `guest` is what ran, for the lines of its
 * source, or NULL. */
json_t *check_report(const struct checker *checker, const char *guest);

/*
 * One translation, step by step, at the end of a run or trace (whichever
 * `input` is): runs it, then translates `va` on CPU 0 as a cold walk would
 * (walk caches and TLBs emptied first unless warm) and returns the story:
 * {"va","regime","steps":[...],"outcome":{...},"cycles":...}.
 */
struct walk_options {
	const char *input;	 /* ELF or trace */
	int argc;
	const char *const *argv;
	bool linux_mode;
	const char *root;
	uint64_t va;
	bool write, fetch, el0, warm;
	struct guest_limits limits;
};
int study_walk(const struct machine_config *config,
	       const struct walk_options *options, json_t **story,
	       struct error_line *error);

#endif
