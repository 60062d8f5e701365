/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logs of page-table maintenance, as protocol events: casemate's
 * S-expressions, or a trace that `trace import` made of them. What the log
 * does not say is what casemate takes it to be: VTCR_EL2 and TCR_EL2 of
 * 48 bits and the 4K granule until they are written. DDI0487 L.b D24.2:
 * TTBR0_EL2, VTTBR_EL2, TCR_EL2, VTCR_EL2 (with HCR_EL2.E2H 0).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/base/bits.h"
#include "sim/study/study.h"
#include "traces/import/casemate.h"

/* 48 input bits, 4K granule; VTCR_EL2 with SL0 2: the walk begins at level 0.
 */
#define TCR_DEFAULT  UINT64_C(16)
#define VTCR_DEFAULT (UINT64_C(16) | UINT64_C(2) << 6)
/* Pages that a log may write to: each takes memory here. */
#define PAGES_MAX (1u << 16)
/* Names of files: so many, and so many of the newest are compared. */
#define FILES_MAX      (1u << 16)
#define FILES_COMPARED 256

struct log {
	const char *path;
	struct checker *checker;
	struct error_line *error;
	uint64_t line; /* of the record, in the log or trace */
	uint64_t vttbr[CASEMATE_TID_MAX + 1];
	uint64_t tcr, vtcr;
	bool tcr_known, vtcr_known;
	struct protocol_source source;
	struct study_log *result;
	size_t file_room;
	bool sourced; /* the log says where */
};

static int malformed(struct log *l, const char *what)
{
	error_set(l->error, EXIT_INPUT, "%s: line %" PRIu64 ": %s", l->path,
		  l->line, what);
	return EXIT_INPUT;
}

static int not_modelled(struct log *l, const char *what)
{
	error_set(l->error, EXIT_NOT_MODELLED,
		  "%s: line %" PRIu64 ": not modelled: %s", l->path, l->line,
		  what);
	return EXIT_NOT_MODELLED;
}

/* ---- sources ---- */

/* A copy that lives as long as the checker's findings. */
static const char *keep(struct log *l, const char *name, size_t bytes)
{
	struct study_log *r = l->result;
	size_t oldest =
		r->files > FILES_COMPARED ? r->files - FILES_COMPARED : 0;
	char *copy;

	for (size_t i = r->files; i-- > oldest;)
		if (!strncmp(r->file[i], name, bytes) && !r->file[i][bytes])
			return r->file[i];
	if (r->files == FILES_MAX)
		return "(one of more than 65536 files)";
	if (r->files == l->file_room) {
		size_t room = l->file_room ? l->file_room * 2 : 16;
		char **more = realloc(r->file, room * sizeof(*more));

		if (!more)
			return NULL;
		r->file = more;
		l->file_room = room;
	}
	copy = strndup(name, bytes);
	if (copy)
		r->file[r->files++] = copy;
	return copy;
}

/* "FILE:LINE", or a name alone; nothing: the log's own line. */
static int log_source(struct log *l, const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t bytes = colon ? (size_t)(colon - text) : strlen(text);

	l->sourced = *text != 0;
	l->source.line = colon ? (unsigned int)strtoul(colon + 1, NULL, 10) : 0;
	l->source.file = keep(l, l->sourced ? text : l->path,
			      l->sourced ? bytes : strlen(l->path));
	return l->source.file ? EXIT_FINE : malformed(l, "out of memory");
}

static void send(struct log *l, const struct trace_record *rec,
		 struct protocol_event e, const char *operation)
{
	e.cpu = (uint8_t)rec->cpu;
	e.el2 = true;
	e.world = PROTOCOL_MACHINE;
	e.source = l->source;
	e.source.operation = operation;
	if (!l->sourced)
		e.source.line = (unsigned int)l->line;
	checker_event(l->checker, &e);
}

/* ---- memory ---- */

static int log_write(struct log *l, const struct trace_record *rec)
{
	send(l, rec,
	     (struct protocol_event){ .kind = PROTOCOL_WRITE,
				      .address = rec->value[1],
				      .bytes = 8,
				      .now = rec->value[2],
				      .release = rec->value[3] != 0 },
	     "mem-write");
	return checker_pages(l->checker) <= PAGES_MAX
		       ? EXIT_FINE
		       : malformed(l, "more than 65536 pages are written to");
}

static int log_read(struct log *l, const struct trace_record *rec)
{
	char what[120];
	uint64_t word;

	if (!checker_word(l->checker, rec->value[1], &word) ||
	    word == rec->value[2])
		return EXIT_FINE;
	snprintf(what, sizeof(what),
		 "mem-read: 0x%" PRIx64 " is said to hold 0x%" PRIx64
		 ", but the log wrote 0x%" PRIx64,
		 rec->value[1], rec->value[2], word);
	return malformed(l, what);
}

static int log_set(struct log *l, const struct trace_record *rec)
{
	struct protocol_event e = { .kind = PROTOCOL_WRITE,
				    .bytes = 8,
				    .now = rec->value[3] *
					   UINT64_C(0x0101010101010101) };

	for (uint64_t at = 0; at < rec->value[2]; at += 8) {
		e.address = rec->value[1] + at;
		send(l, rec, e, "mem-set");
		if (checker_pages(l->checker) > PAGES_MAX)
			return malformed(
				l, "more than 65536 pages are written to");
	}
	return EXIT_FINE;
}

static int log_memory(struct log *l, const struct trace_record *rec)
{
	bool init = !strcasecmp(rec->name, "init");

	if (!strcasecmp(rec->name, "set"))
		return log_set(l, rec);
	send(l, rec,
	     (struct protocol_event){ .kind = init ? PROTOCOL_MEMORY_INIT
						   : PROTOCOL_MEMORY_FREE,
				      .address = rec->value[1],
				      .bytes = rec->value[2] },
	     init ? "mem-init" : "mem-free");
	return EXIT_FINE;
}

/* ---- barriers and TLBIs ---- */

/* "dsb ishst": domain, then what it orders. */
static int log_barrier(struct log *l, const struct trace_record *rec)
{
	struct protocol_event e = { .kind = PROTOCOL_BARRIER,
				    .barrier = PROTOCOL_DSB,
				    .access = PROTOCOL_ALL,
				    .domain = PROTOCOL_SYS };
	const char *option = rec->name + strlen("dsb ");
	size_t bytes;

	if (!strcasecmp(rec->name, "isb")) {
		e.barrier = PROTOCOL_ISB;
		send(l, rec, e, "isb");
		return EXIT_FINE;
	}
	bytes = strlen(option);
	if (!strncasecmp(option, "nsh", 3))
		e.domain = PROTOCOL_NSH;
	else if (!strncasecmp(option, "ish", 3))
		e.domain = PROTOCOL_ISH;
	if (!strcasecmp(option + bytes - 2, "st"))
		e.access = PROTOCOL_STORES;
	else if (!strcasecmp(option + bytes - 2, "ld"))
		e.access = PROTOCOL_LOADS;
	send(l, rec, e, "dsb");
	return EXIT_FINE;
}

static int log_tlbi(struct log *l, const struct trace_record *rec)
{
	struct protocol_event e = { .kind = PROTOCOL_TLBI };

	if (!protocol_tlbi_by_name(rec->name, &e.tlbi))
		return malformed(l, "op: no TLBI of EL1 or EL2");
	protocol_tlbi_operand(&e.tlbi, rec->value[1]);
	if (!e.tlbi.el2)
		e.tlbi.vmid = (uint16_t)(l->vttbr[rec->cpu] >> 48);
	send(l, rec, e, e.tlbi.name);
	return EXIT_FINE;
}

/* ---- roots ---- */

/* TG0: 0, 1, 2 are 4K, 64K, 16K; T0SZ. 0: not modelled. */
static unsigned int granule_of(uint64_t tcr, unsigned int *input_bits)
{
	static const uint8_t granules_lg2[] = { 12, 16, 14, 0 };

	*input_bits = 64 - (unsigned int)(tcr & 63);
	if (*input_bits > 48 || *input_bits < 25)
		return 0;
	return granules_lg2[tcr >> 14 & 3];
}

/* The level at which one table holds the whole input. */
static int first_level(unsigned int granule_lg2, unsigned int input_bits)
{
	unsigned int stride = granule_lg2 - 3;

	return 4 - (int)((input_bits - granule_lg2 + stride - 1) / stride);
}

/* SL0 begins lower, with at most 16 tables in a row; where it contradicts
 * T0SZ it is not heard. D24.2.204, D8.2.2. */
static int first_level_stage2(uint64_t vtcr, unsigned int granule_lg2,
			      unsigned int input_bits)
{
	int level = first_level(granule_lg2, input_bits);
	int sl0 = (int)(vtcr >> 6 & 3);
	int said = (granule_lg2 == 12 ? 2 : 3) - sl0;

	if (said == level + 1 &&
	    input_bits <= granule_lg2 +
				  (unsigned int)(4 - said) * (granule_lg2 - 3) +
				  4)
		return said;
	return level;
}

static int log_root(struct log *l, const struct trace_record *rec, bool stage2)
{
	uint64_t tcr = stage2	      ? l->vtcr_known ? l->vtcr : VTCR_DEFAULT
		       : l->tcr_known ? l->tcr
				      : TCR_DEFAULT;
	uint64_t value = rec->value[1];
	unsigned int bits, granule_lg2 = granule_of(tcr, &bits);
	struct protocol_event e = { .kind = PROTOCOL_ROOT };

	if (!granule_lg2)
		return not_modelled(l,
				    "TCR_EL2 or VTCR_EL2: 25 to 48 input bits, "
				    "and a granule of 4, 16 or 64 KiB");
	e.root = (struct protocol_root){
		.base = stage2 ? PROTOCOL_VTTBR : PROTOCOL_TTBR_EL2,
		.on = value != 0,
		/* A descriptor without AF is live, whatever HA says: its
		 * writers keep no AF, and whoever sets it later is not shown. */
		.sets_access_flag = true,
		.used_elsewhere = true,
		.granule_lg2 = (uint8_t)granule_lg2,
		.level = (int8_t)(stage2 ? first_level_stage2(tcr, granule_lg2,
							      bits)
					 : first_level(granule_lg2, bits)),
		.input_bits = (uint8_t)bits,
		.output_bits = 48,
		.vmid = stage2 ? (uint16_t)(value >> 48) : 0,
		.asid = stage2 ? 0 : (uint16_t)(value >> 48),
		.table = value & MASK(12, 36),
	};
	send(l, rec, e,
	     stage2 ? "sysreg-write VTTBR_EL2" : "sysreg-write TTBR0_EL2");
	return EXIT_FINE;
}

/* Out of EL1 a CPU does not walk from VTTBR_EL2: D8.1, out of context. */
static int log_context(struct log *l, const struct trace_record *rec)
{
	struct trace_record vttbr = {
		.cpu = rec->cpu, .value = { rec->value[0], l->vttbr[rec->cpu] }
	};

	if (!strcasecmp(rec->name, "exit-context")) {
		send(l, rec,
		     (struct protocol_event){
			     .kind = PROTOCOL_ROOT,
			     .root = { .base = PROTOCOL_VTTBR } },
		     "exit-context");
		return EXIT_FINE;
	}
	return rec->value[1] <= 1 ? log_root(l, &vttbr, true) : EXIT_FINE;
}

/* What else is written says nothing about the tables. */
static int log_sysreg(struct log *l, const struct trace_record *rec)
{
	uint64_t value = rec->value[1];

	if (!strcasecmp(rec->name, "vttbr_el2")) {
		l->vttbr[rec->cpu] = value;
		return log_root(l, rec, true);
	}
	if (!strcasecmp(rec->name, "ttbr0_el2"))
		return log_root(l, rec, false);
	if (!strcasecmp(rec->name, "vtcr_el2")) {
		l->vtcr = value;
		l->vtcr_known = true;
	} else if (!strcasecmp(rec->name, "tcr_el2")) {
		l->tcr = value;
		l->tcr_known = true;
	}
	return EXIT_FINE;
}

/* ---- locks and hints ---- */

static int log_lock(struct log *l, const struct trace_record *rec)
{
	struct protocol_event e = { .kind = PROTOCOL_UNLOCK,
				    .address = rec->value[1] };
	const char *name = "unlock";

	if (!strcasecmp(rec->name, "lock")) {
		e.kind = PROTOCOL_LOCK;
		name = "lock";
	} else if (!strcasecmp(rec->name, "trylock")) {
		e.kind = PROTOCOL_TRYLOCK;
		name = "trylock";
	}
	send(l, rec, e, name);
	return EXIT_FINE;
}

/* set_owner_root says what the walk from the root shows. */
static int log_hint(struct log *l, const struct trace_record *rec)
{
	static const struct {
		const char *name, *operation;
		enum protocol_kind kind;
	} hint[] = {
		{ "set_root_lock", "hint set_root_lock", PROTOCOL_TREE_LOCK },
		{ "release_table", "hint release_table",
		  PROTOCOL_TREE_RELEASE },
		{ "set_pte_thread_owner", "hint set_pte_thread_owner",
		  PROTOCOL_ENTRY_OWNER },
	};

	for (size_t i = 0; i < sizeof(hint) / sizeof(hint[0]); i++)
		if (!strcasecmp(rec->name, hint[i].name))
			send(l, rec,
			     (struct protocol_event){ .kind = hint[i].kind,
						      .address = rec->value[1],
						      .input = rec->value[2] },
			     hint[i].operation);
	return EXIT_FINE;
}

/* ---- a record ---- */

static int log_record(struct log *l, const struct trace_record *rec)
{
	const char *wrong = casemate_record_wrong(rec);

	if (wrong)
		return malformed(l, wrong);
	switch (rec->type) {
	case TRACE_LOG_SOURCE:
		return log_source(l, rec->name);
	case TRACE_LOG_WRITE:
		return log_write(l, rec);
	case TRACE_LOG_READ:
		return log_read(l, rec);
	case TRACE_LOG_MEMORY:
		return log_memory(l, rec);
	case TRACE_LOG_BARRIER:
		return log_barrier(l, rec);
	case TRACE_LOG_TLBI:
		return log_tlbi(l, rec);
	case TRACE_LOG_SYSREG:
		return log_sysreg(l, rec);
	case TRACE_LOG_CONTEXT:
		return log_context(l, rec);
	case TRACE_LOG_LOCK:
		return log_lock(l, rec);
	case TRACE_LOG_HINT:
		return log_hint(l, rec);
	case TRACE_LOG_REPORT:
		free(l->result->said);
		l->result->said = strdup(rec->name);
		return EXIT_FINE;
	default:
		return malformed(l, "a record that no imported log has");
	}
}

static int log_step(struct log *l, const struct trace_record *rec)
{
	int rc = log_record(l, rec);

	if (rc == EXIT_FINE && checker_gave_up(l->checker))
		return malformed(l, "more than 2^20 entries are stale, or "
				    "memory ran out: cut the log");
	return rc;
}

/* ---- the file ---- */

static int read_log(struct log *l)
{
	FILE *file = fopen(l->path, "rb");
	struct casemate_reader *r = file ? casemate_open(file) : NULL;
	enum trace_next next = TRACE_NEXT_END;
	struct trace_record record;
	int rc = EXIT_FINE;

	if (!r)
		error_set(l->error, rc = EXIT_INPUT, "%s: %s", l->path,
			  strerror(errno));
	while (rc == EXIT_FINE && r &&
	       (next = casemate_next(r, &record)) == TRACE_NEXT_RECORD) {
		l->line = casemate_line(r);
		rc = log_step(l, &record);
	}
	if (rc == EXIT_FINE && next == TRACE_NEXT_MALFORMED)
		error_set(l->error, rc = EXIT_INPUT, "%s: %s", l->path,
			  casemate_error(r));
	casemate_close(r);
	if (file)
		fclose(file);
	return rc;
}

static int read_trace(struct log *l, struct trace_reader *r)
{
	enum trace_next next = TRACE_NEXT_END;
	struct trace_record record;
	struct trace_batch batch;
	int rc = EXIT_FINE;

	while (rc == EXIT_FINE &&
	       (next = trace_reader_next(r, &record, &batch)) ==
		       TRACE_NEXT_RECORD) {
		l->line = trace_reader_line(r);
		rc = log_step(l, &record);
	}
	if (rc != EXIT_FINE || next == TRACE_NEXT_END)
		return rc;
	l->line = trace_reader_line(r);
	if (next == TRACE_NEXT_BATCH)
		return malformed(l, "a batch, in an imported log");
	if (next == TRACE_NEXT_TRUNCATED)
		return malformed(l, "the trace is truncated after this line");
	error_set(l->error, EXIT_INPUT, "%s: %s", l->path,
		  trace_reader_error(r));
	return EXIT_INPUT;
}

/* A regular file: what is none can be read but once. */
static bool is_text_log(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat status;
	bool is = file && !fstat(fileno(file), &status) &&
		  S_ISREG(status.st_mode) && casemate_is_log(file);

	if (file)
		fclose(file);
	return is;
}

static struct trace_reader *open_imported(const char *path)
{
	char why[512];
	struct trace_reader *r = trace_reader_open(path, why, sizeof(why));

	if (r && json_object_get(trace_reader_header(r), "import"))
		return r;
	trace_reader_close(r);
	return NULL;
}

bool study_is_log(const char *input)
{
	struct trace_reader *r;
	struct stat status;

	if (stat(input, &status) || !S_ISREG(status.st_mode))
		return false;
	if (is_text_log(input))
		return true;
	r = open_imported(input);
	trace_reader_close(r);
	return r != NULL;
}

int study_check_log(const char *input, struct checker *checker,
		    struct study_log *result, struct error_line *error)
{
	struct log l = { .path = input,
			 .checker = checker,
			 .error = error,
			 .result = result,
			 .source = { .pc = UINT64_MAX } };
	struct trace_reader *r = NULL;
	int rc;

	*result = (struct study_log){ 0 };
	rc = log_source(&l, "");
	if (rc == EXIT_FINE && is_text_log(input))
		rc = read_log(&l);
	else if (rc == EXIT_FINE && (r = open_imported(input)))
		rc = read_trace(&l, r);
	else if (rc == EXIT_FINE)
		rc = malformed(&l, "no log");
	trace_reader_close(r);
	return rc;
}

void study_log_fini(struct study_log *result)
{
	for (size_t i = 0; i < result->files; i++)
		free(result->file[i]);
	free(result->file);
	free(result->said);
	*result = (struct study_log){ 0 };
}
