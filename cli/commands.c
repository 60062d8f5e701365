/* SPDX-License-Identifier: BSD-2-Clause */
/* The subcommands, their options and their help. */
#include <stddef.h>

#include "cli/cli.h"

#define GROUPS(...)                               \
	(const struct option_spec *const[])       \
	{                                         \
		__VA_ARGS__, options_shared, NULL \
	}

const struct command commands[] = {
	{ "run", "GUEST [ARG...]",
	  "Run a guest on a simulated machine and account for every cycle",
	  "GUEST is a bare-metal ELF64 AArch64 image, or with --linux a "
	  "static\n"
	  "Linux executable. The guest's output is p2msim's; a summary "
	  "follows\n"
	  "on stderr, with --json as JSON.\n",
	  GROUPS(options_machine, options_linux, options_run, options_stats,
		 options_json, options_core),
	  1, -1, true, cmd_run },
	{ "replay", "TRACE",
	  "Replay a trace through its own or another machine",
	  "Without --machine, the machine recorded in the trace. --set "
	  "changes\n"
	  "either. Prints a summary.\n",
	  GROUPS(options_machine, options_stats, options_json, options_core), 1,
	  1, false, cmd_replay },
	{ "whatif", "TRACE...",
	  "Replay traces on variants of a machine and compare them",
	  "Every combination of the values of each --vary is one variant; the\n"
	  "first one is what the others are compared with. --vary machine=...\n"
	  "tries machines, --vary seed=1,2,3 repeats what is random.\n",
	  GROUPS(options_machine, options_whatif, options_output, options_json,
		 options_core),
	  1, -1, false, cmd_whatif },
	{ "compare", "STATS STATS...",
	  "Show where statistics differ; exit code 1 if they do",
	  "The section `host` is left out: it may differ between equal runs.\n"
	  "One of the files may be - for standard input.\n",
	  GROUPS(options_json), 2, -1, false, cmd_compare },
	{ "check", "TRACE|LOG|GUEST [ARG...]",
	  "Check how tables are maintained; exit code 1 with a witness",
	  "Runs the guest or replays the trace, keeps everything that "
	  "hardware\n"
	  "may hold, and reports each broken rule of page-table maintenance\n"
	  "with the operation, the stale entry and the missing step; IOMMUs,\n"
	  "their tables and configuration included. Whatever the guest prints\n"
	  "goes to stderr.\n"
	  "LOG is one of casemate's, told by its content, or a trace imported\n"
	  "from one; CPU 63 in its findings is any that the log does not "
	  "show.\n",
	  GROUPS(options_machine, options_linux, options_json, options_core), 1,
	  -1, true, cmd_check },
	{ "explore", "SCENARIO",
	  "Try every hardware behaviour of one page-table operation",
	  "SCENARIO is JSON: an address space, policies, what is mapped, an\n"
	  "operation of the p2m or of a device's domain, and who looks on.\n"
	  "After each of its steps all that TLBs and walk caches may hold is\n"
	  "judged; exit code 1 with the shortest witness, 5 if a witness could\n"
	  "not be executed again.\n"
	  "--all explores the listed scenarios instead. Keys and list:\n"
	  "sim/explore/README.md.\n",
	  GROUPS(options_explore, options_json, options_core), 0, 1, false,
	  cmd_explore },
	{ "walk", "TRACE|GUEST ADDRESS [ARG...]",
	  "Show one translation step by step",
	  "Runs the guest or trace to its end (or to --limit-insns), then\n"
	  "translates ADDRESS on CPU 0 as a cold walk does.\n",
	  GROUPS(options_machine, options_linux, options_walk, options_json,
		 options_core),
	  2, -1, false, cmd_walk },
	{ "trace",
	  "info|cat|validate TRACE | import casemate LOG | generate [STREAM "
	  "[KEY=N]...]",
	  "Look at a trace: what it holds, its records; import or generate one",
	  "  info      machine, guest, records by type\n"
	  "  cat       unpacked, one JSON object a line, an access each\n"
	  "  validate  every line against the schema; exit code 3 if one "
	  "fails\n"
	  "  import    from a log of casemate, to -o TRACE (or stdout); for "
	  "check\n"
	  "  generate  a stream of mappings and DMA in a guest's place, on a\n"
	  "            machine with an IOMMU, to -o TRACE; without STREAM, "
	  "the\n"
	  "            streams and their keys\n"
	  "export is not in this version.\n",
	  GROUPS(options_machine, options_output, options_stats, options_json),
	  1, -1, false, cmd_trace },
	{ "report", "INPUT...", "Write an HTML report (not in this version)",
	  NULL, GROUPS(options_output), 0, -1, false, cmd_unavailable },
	{ "lab", "list|show|start|check",
	  "Exercises for students (not in this version)", NULL,
	  GROUPS(options_json), 0, -1, false, cmd_unavailable },
	{ "machine", "list|show|check [MACHINE...]",
	  "The machines: list presets, show one, check files",
	  "  list            the presets\n"
	  "  show [MACHINE]  every key and value, --set applied\n"
	  "  check FILE...   exit code 3 if one is not a machine\n",
	  GROUPS(options_machine, options_json), 1, -1, false, cmd_machine },
	{ 0 },
};
