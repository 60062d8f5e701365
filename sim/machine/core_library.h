/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Somebody else's page-table code, as a shared library: core/p2m/ops.h and
 * core/port_ops.h. Loading it runs code of its own, so whoever calls this
 * should be a process that may die: what is known of its end stands in a
 * core_report, which is memory that outlives it.
 */
#ifndef SIM_MACHINE_CORE_LIBRARY_H
#define SIM_MACHINE_CORE_LIBRARY_H

#include "core/port_ops.h"
#include "sim/machine/machine.h"

struct core_report {
	volatile bool inside;	 /* the library's code is running */
	volatile uint64_t calls; /* of it so far, loading included */
	char name[64];		 /* its own, once it is known */
	char doing[160];	 /* the call it is in, or was in last */
	char finding[512];	 /* what was wrong, without file and name */
};

struct core_library {
	const char *path;
	void *handle;
	const struct p2m_ops *ops; /* checked: version, size, what is needed */
	struct core_report *report;
	/* Ends the process and does not return; report->finding is set. */
	void (*give_up)(void);
	struct machine *machine; /* that it works for now, or NULL */
};

/*
 * `path` names a file, whatever directories the system's loader would look in;
 * `port` is what the library is shown. The other members are the caller's to
 * set before. False: *error (EXIT_INPUT).
 */
bool core_library_open(struct core_library *library, const char *path,
		       const struct port_ops *port, struct error_line *error);

/* {"name","version"} as in trace headers and statistics. New reference. */
json_t *core_library_json(const struct core_library *library);

/* It is over: what a trace has so far shall be readable. */
void core_library_last_words(struct core_library *library);

#endif
