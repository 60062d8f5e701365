/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of casemate's logs: tokens, then records. See casemate.h and
 * README.md. Left out of the grammar: nothing; of what old tracers printed,
 * the level beside a TLBI's address, which casemate itself does not keep.
 */
#include "traces/import/casemate.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX   512
#define BLANK_MAX  (1u << 20)		/* bytes between two tokens */
#define LOG_MAX	   (UINT64_C(1) << 30)	/* bytes of a log */
#define SET_MAX	   (UINT64_C(64) << 20) /* bytes of one mem-set */
#define MEMORY_MAX (UINT64_C(1) << 52)	/* physical addresses */
#define FIELDS_MAX 8

enum token_kind { TOKEN_OPEN, TOKEN_CLOSE, TOKEN_WORD, TOKEN_TEXT, TOKEN_END };

struct token {
	enum token_kind kind;
	uint64_t line, column;
	char text[WORD_MAX];
};

/* (key value), or a value alone. */
struct field {
	char key[24], value[WORD_MAX];
	bool is_text;
	uint64_t line, column;
};

struct casemate_reader {
	FILE *file, *own;
	int next; /* one byte ahead; -2: not read yet */
	uint64_t bytes, line, column, record_line;
	struct token token;
	struct field field[FIELDS_MAX];
	unsigned int fields, used;
	char source[WORD_MAX + 16], name[WORD_MAX];
	struct trace_record held; /* after its log.source */
	bool holds, over;
	char error[256];
};

/* ---- errors ---- */

static bool bad_at(struct casemate_reader *r, uint64_t line, uint64_t column,
		   const char *format, ...)
{
	int n = snprintf(r->error, sizeof(r->error),
			 "line %" PRIu64 ", column %" PRIu64 ": ", line,
			 column);
	va_list args;

	va_start(args, format);
	vsnprintf(r->error + n, sizeof(r->error) - (size_t)n, format, args);
	va_end(args);
	return false;
}

static bool bad_token(struct casemate_reader *r, const char *wanted)
{
	static const char *const name[] = {
		[TOKEN_OPEN] = "'('",
		[TOKEN_CLOSE] = "')'",
		[TOKEN_END] = "the end of the log",
	};
	const struct token *t = &r->token;

	if (t->kind == TOKEN_WORD || t->kind == TOKEN_TEXT)
		return bad_at(r, t->line, t->column,
			      "'%.40s' where %s should be", t->text, wanted);
	return bad_at(r, t->line, t->column, "%s where %s should be",
		      name[t->kind], wanted);
}

/* ---- bytes and tokens ---- */

static int peek(struct casemate_reader *r)
{
	if (r->next == -2)
		r->next = getc(r->file);
	return r->next;
}

static int take(struct casemate_reader *r)
{
	int c = peek(r);

	r->next = -2;
	r->bytes++;
	r->column++;
	if (c == '\n') {
		r->line++;
		r->column = 1;
	}
	return c;
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool skip_blanks(struct casemate_reader *r)
{
	for (unsigned int n = 0; is_blank(peek(r)); n++) {
		if (n == BLANK_MAX)
			return bad_at(r, r->line, r->column,
				      "1 MiB of white space: not a log");
		take(r);
	}
	if (r->bytes > LOG_MAX)
		return bad_at(r, r->line, r->column,
			      "more than 1 GiB: cut the log");
	return true;
}

/* Up to a quote, or to what ends a word. */
static bool read_text(struct casemate_reader *r, bool quoted)
{
	struct token *t = &r->token;
	size_t n = 0;

	for (;;) {
		int c = peek(r);

		if (quoted ? c == '"'
			   : is_blank(c) || c == '(' || c == ')' || c == '"' ||
				     c == EOF)
			break;
		if (c < ' ' || c > '~')
			return bad_at(r, r->line, r->column,
				      c == EOF ? "the log ends within a string"
					       : "a byte that is not printable "
						 "ASCII: not a log");
		if (n == WORD_MAX - 1)
			return bad_at(r, t->line, t->column,
				      "a word or string of more than %d bytes",
				      WORD_MAX - 1);
		t->text[n++] = (char)take(r);
	}
	t->text[n] = 0;
	if (quoted)
		take(r);
	return true;
}

static bool next_token(struct casemate_reader *r)
{
	struct token *t = &r->token;

	if (!skip_blanks(r))
		return false;
	t->line = r->line;
	t->column = r->column;
	t->text[0] = 0;
	switch (peek(r)) {
	case EOF:
		if (ferror(r->file))
			return bad_at(r, r->line, r->column,
				      "the file cannot be read");
		t->kind = TOKEN_END;
		return true;
	case '(':
	case ')':
		t->kind = take(r) == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
		return true;
	case '"':
		take(r);
		t->kind = TOKEN_TEXT;
		return read_text(r, true);
	default:
		t->kind = TOKEN_WORD;
		return read_text(r, false);
	}
}

static bool expect(struct casemate_reader *r, enum token_kind kind,
		   const char *wanted)
{
	return next_token(r) && (r->token.kind == kind || bad_token(r, wanted));
}

/* ---- fields ---- */

static bool read_pair(struct casemate_reader *r, struct field *f)
{
	if (!expect(r, TOKEN_WORD, "a field's name"))
		return false;
	if (strlen(r->token.text) >= sizeof(f->key))
		return bad_at(r, r->token.line, r->token.column,
			      "'%.40s' is no field's name", r->token.text);
	strcpy(f->key, r->token.text);
	if (!next_token(r))
		return false;
	if (r->token.kind != TOKEN_WORD && r->token.kind != TOKEN_TEXT)
		return bad_token(r, "a value");
	strcpy(f->value, r->token.text);
	f->is_text = r->token.kind == TOKEN_TEXT;
	return expect(r, TOKEN_CLOSE, "')'");
}

/* All up to the record's ')'. */
static bool read_fields(struct casemate_reader *r)
{
	r->fields = r->used = 0;
	for (;;) {
		struct field *f = &r->field[r->fields];

		if (!next_token(r))
			return false;
		if (r->token.kind == TOKEN_CLOSE)
			return true;
		if (r->fields == FIELDS_MAX)
			return bad_token(r, "the record's ')'");
		f->line = r->token.line;
		f->column = r->token.column;
		f->key[0] = 0;
		f->is_text = r->token.kind == TOKEN_TEXT;
		if (r->token.kind == TOKEN_OPEN) {
			if (!read_pair(r, f))
				return false;
		} else if (r->token.kind == TOKEN_END) {
			return bad_token(r, "the record's ')'");
		} else {
			strcpy(f->value, r->token.text);
		}
		r->fields++;
	}
}

/* Takes one out of the row: a string without a key may stand anywhere. */
static void remove_field(struct casemate_reader *r, unsigned int index)
{
	r->fields--;
	memmove(&r->field[index], &r->field[index + 1],
		(r->fields - index) * sizeof(r->field[0]));
}

/* The next field, which must be `key` if it has one. `other` may be its name
 * too. NULL: *error. */
static const struct field *want(struct casemate_reader *r, const char *key,
				const char *other)
{
	const struct field *f = &r->field[r->used];

	if (r->used == r->fields) {
		bad_at(r, r->token.line, r->token.column,
		       "the record ends, and (%s ...) is missing", key);
		return NULL;
	}
	if (f->key[0] && strcasecmp(f->key, key) != 0 &&
	    (!other || strcasecmp(f->key, other) != 0)) {
		bad_at(r, f->line, f->column,
		       "(%s ...) where (%s ...) should be", f->key, key);
		return NULL;
	}
	r->used++;
	return f;
}

static bool want_decimal(struct casemate_reader *r, const char *key,
			 const char *other, uint64_t last, uint64_t *value)
{
	const struct field *f = want(r, key, other);
	char *end;

	if (!f)
		return false;
	*value = strtoull(f->value, &end, 10);
	if (!isdigit((unsigned char)f->value[0]) || *end ||
	    strlen(f->value) > 19 || *value > last)
		return bad_at(
			r, f->line, f->column,
			"%s: '%.40s' is no whole number of at most %" PRIu64,
			key, f->value, last);
	return true;
}

/* Hexadecimal with 0x or without, as casemate's reader takes it. */
static bool want_hex(struct casemate_reader *r, const char *key,
		     const char *other, uint64_t *value)
{
	const struct field *f = want(r, key, other);
	const char *digits;
	char *end;

	if (!f)
		return false;
	digits = f->value;
	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
		digits += 2;
	*value = strtoull(digits, &end, 16);
	if (!isxdigit((unsigned char)digits[0]) || *end ||
	    (digits[0] == '0' && (digits[1] | 32) == 'x') ||
	    strlen(digits) > 16)
		return bad_at(r, f->line, f->column,
			      "%s: '%.40s' is no hexadecimal number of 64 bits",
			      key, f->value);
	return true;
}

static const char *find(const char *const *names, const char *name)
{
	while (*names && strcasecmp(*names, name) != 0)
		names++;
	return *names;
}

static const char *want_name(struct casemate_reader *r, const char *key,
			     const char *const *names, const char *what)
{
	const struct field *f = want(r, key, NULL);
	const char *name = f ? find(names, f->value) : NULL;

	if (f && !name)
		bad_at(r, f->line, f->column, "'%.40s' is no %s", f->value,
		       what);
	return name;
}

/* ---- the records ---- */

static const char *const barriers[] = {
	"isb",	     "dsb ish",	  "dsb ishst", "dsb ishld", "dsb nsh",
	"dsb nshst", "dsb nshld", "dsb osh",   "dsb oshst", "dsb oshld",
	"dsb sy",    "dsb st",	  "dsb ld",    NULL,
};

/* Of the whole regime or VMID; by address. */
static const char *const tlbis_all[] = {
	"vmalls12e1", "vmalls12e1is", "vmalls12e1os", "vmalle1", "vmalle1is",
	"vmalle1os",  "alle1",	      "alle1is",      "alle1os", "alle2",
	"alle2is",    "alle2os",      NULL,
};
static const char *const tlbis_by_value[] = {
	"vae1",	      "vae1is",	   "vae1os",	"vale1",    "vale1is",
	"vale1os",    "vaae1",	   "vaae1is",	"vaae1os",  "vaale1",
	"vaale1is",   "vaale1os",  "aside1",	"aside1is", "aside1os",
	"ipas2e1",    "ipas2e1is", "ipas2e1os", "ipas2le1", "ipas2le1is",
	"ipas2le1os", "vae2",	   "vae2is",	"vae2os",   "vale2",
	"vale2is",    "vale2os",   "rvae1",	"rvae1is",  "rvae1os",
	"rvale1",     "rvale1is",  "rvale1os",	"rvaae1",   "rvaae1is",
	"rvaae1os",   "rvaale1",   "rvaale1is", "rvaale1os", "ripas2e1",
	"ripas2e1is", "ripas2e1os", "ripas2le1", "ripas2le1is", "ripas2le1os",
	"rvae2",      "rvae2is",   "rvae2os",	"rvale2",   "rvale2is",
	"rvale2os",   NULL,
};
static const char *const sysregs[] = {
	"vttbr_el2", "ttbr0_el2", "vtcr_el2", "tcr_el2",
	"hcr_el2",   "sctlr_el2", "mair_el2", NULL,
};
static const char *const hints[] = {
	"set_root_lock",
	"set_owner_root",
	"release_table",
	"set_pte_thread_owner",
	NULL,
};
static const char *const orders[] = { "plain", "release", NULL };
static const char *const memory[] = { "init", "free", "set", NULL };
static const char *const contexts[] = { "exit-context", "enter-context", NULL };
static const char *const locks[] = { "lock", "trylock", "unlock", NULL };

static bool read_write(struct casemate_reader *r, struct trace_record *rec)
{
	const char *order = want_name(r, "mem-order", orders,
				      "memory order: plain or release");

	rec->type = TRACE_LOG_WRITE;
	if (!order)
		return false;
	rec->value[3] = order == orders[1];
	return want_hex(r, "address", NULL, &rec->value[1]) &&
	       want_hex(r, "value", NULL, &rec->value[2]);
}

static bool read_read(struct casemate_reader *r, struct trace_record *rec)
{
	rec->type = TRACE_LOG_READ;
	return want_hex(r, "address", NULL, &rec->value[1]) &&
	       want_hex(r, "value", NULL, &rec->value[2]);
}

static bool read_memory(struct casemate_reader *r, struct trace_record *rec)
{
	rec->type = TRACE_LOG_MEMORY;
	rec->name = find(memory, rec->name + strlen("mem-"));
	return want_hex(r, "address", NULL, &rec->value[1]) &&
	       want_hex(r, "size", NULL, &rec->value[2]) &&
	       (rec->name != memory[2] ||
		want_hex(r, "value", NULL, &rec->value[3]));
}

static bool read_barrier(struct casemate_reader *r, struct trace_record *rec)
{
	const struct field *f = want(r, "kind", NULL);

	rec->type = TRACE_LOG_BARRIER;
	if (!f)
		return false;
	rec->name = barriers[0];
	if (!strcasecmp(f->value, "isb"))
		return true;
	if (strcasecmp(f->value, "dsb") != 0)
		return bad_at(r, f->line, f->column,
			      "'%.40s' is no barrier: dsb or isb", f->value);
	f = want(r, "kind", NULL);
	if (!f)
		return false;
	snprintf(r->name, sizeof(r->name), "dsb %.20s", f->value);
	rec->name = find(barriers, r->name);
	return rec->name || bad_at(r, f->line, f->column,
				   "'%.40s' is no kind of DSB", f->value);
}

static bool read_tlbi(struct casemate_reader *r, struct trace_record *rec)
{
	const struct field *f = want(r, "kind", NULL);
	uint64_t level;

	rec->type = TRACE_LOG_TLBI;
	if (!f)
		return false;
	rec->name = find(tlbis_all, f->value);
	if (rec->name)
		return true;
	rec->name = find(tlbis_by_value, f->value);
	if (!rec->name)
		return bad_at(r, f->line, f->column,
			      "'%.40s' is no TLBI of EL1 or EL2", f->value);
	if (!want_hex(r, "value", "addr", &rec->value[1]))
		return false;
	return r->used == r->fields ||
	       strcasecmp(r->field[r->used].key, "level") != 0 ||
	       want_hex(r, "level", NULL, &level);
}

static bool read_sysreg(struct casemate_reader *r, struct trace_record *rec)
{
	const struct field *f = want(r, "sysreg", NULL);

	rec->type = TRACE_LOG_SYSREG;
	if (!f)
		return false;
	rec->name =
		find(sysregs,
		     strcasecmp(f->value, "ttbr_el2") ? f->value : "ttbr0_el2");
	if (!rec->name)
		return bad_at(r, f->line, f->column,
			      "'%.40s' is none of VTTBR, TTBR0, VTCR, TCR, "
			      "HCR, SCTLR, MAIR of EL2",
			      f->value);
	return want_hex(r, "value", NULL, &rec->value[1]);
}

static bool read_hint(struct casemate_reader *r, struct trace_record *rec)
{
	rec->type = TRACE_LOG_HINT;
	rec->name = want_name(r, "kind", hints, "hint");
	return rec->name && want_hex(r, "location", NULL, &rec->value[1]) &&
	       want_hex(r, "value", NULL, &rec->value[2]);
}

static bool read_lock(struct casemate_reader *r, struct trace_record *rec)
{
	rec->type = TRACE_LOG_LOCK;
	rec->name = find(locks, rec->name);
	return want_hex(r, "address", NULL, &rec->value[1]);
}

static bool read_context(struct casemate_reader *r, struct trace_record *rec)
{
	rec->type = TRACE_LOG_CONTEXT;
	rec->name = find(contexts, rec->name);
	return rec->name == contexts[0] ||
	       want_hex(r, "el", NULL, &rec->value[1]);
}

static const struct {
	const char *name;
	bool (*read)(struct casemate_reader *r, struct trace_record *rec);
} steps[] = {
	{ "mem-write", read_write }, { "mem-read", read_read },
	{ "mem-init", read_memory }, { "mem-free", read_memory },
	{ "mem-set", read_memory },  { "barrier", read_barrier },
	{ "tlbi", read_tlbi },	     { "sysreg-write", read_sysreg },
	{ "msr", read_sysreg },	     { "hint", read_hint },
	{ "lock", read_lock },	     { "trylock", read_lock },
	{ "unlock", read_lock },
	{ "exit-context", read_context },
	{ "enter-context", read_context },
};

/* ---- what no record can say ---- */

static const char *wrong_memory(const struct trace_record *rec)
{
	uint64_t at = rec->value[1], size = rec->value[2];

	if (!find(memory, rec->name))
		return "kind: init, free or set";
	if (at % 8 || size % 8 || !size)
		return "address and size: multiples of 8, and size not 0";
	if (at >= MEMORY_MAX || size > MEMORY_MAX - at)
		return "address and size: the end lies above 2^52";
	if (!strcasecmp(rec->name, "set") && size > SET_MAX)
		return "size: a mem-set of more than 64 MiB";
	return rec->value[3] > 255 ? "value: one byte" : NULL;
}

const char *casemate_record_wrong(const struct trace_record *rec)
{
	if (rec->cpu > CASEMATE_TID_MAX)
		return "cpu: at most 62";
	switch (rec->type) {
	case TRACE_LOG_WRITE:
	case TRACE_LOG_READ:
		return rec->value[1] % 8 || rec->value[1] >= MEMORY_MAX
			       ? "address: a multiple of 8, below 2^52"
			       : NULL;
	case TRACE_LOG_MEMORY:
		return wrong_memory(rec);
	case TRACE_LOG_BARRIER:
		return find(barriers, rec->name) ? NULL : "kind: no barrier";
	case TRACE_LOG_TLBI:
		return find(tlbis_all, rec->name) ||
				       find(tlbis_by_value, rec->name)
			       ? NULL
			       : "op: no TLBI of EL1 or EL2";
	case TRACE_LOG_SYSREG:
		return find(sysregs, rec->name) ? NULL : "reg: not a known one";
	case TRACE_LOG_HINT:
		if (!find(hints, rec->name))
			return "kind: no hint";
		if (find(hints, rec->name) != hints[3])
			return NULL;
		return rec->value[2] > CASEMATE_TID_MAX
			       ? "value: a thread is at most 62"
			       : NULL;
	case TRACE_LOG_CONTEXT:
		if (!find(contexts, rec->name))
			return "kind: exit-context or enter-context";
		return rec->value[1] > 3 ? "el: at most 3" : NULL;
	case TRACE_LOG_LOCK:
		return find(locks, rec->name) ? NULL
					      : "kind: lock, trylock or unlock";
	default:
		return NULL;
	}
}

/* ---- a record ---- */

/* (src "FILE:LINE"), (src NUMBER), or a string alone. */
static void take_source(struct casemate_reader *r, char *source)
{
	source[0] = 0;
	for (unsigned int i = 0; i < r->fields; i++) {
		const struct field *f = &r->field[i];
		bool keyed = !strcasecmp(f->key, "src");

		if (!keyed && (f->key[0] || !f->is_text))
			continue;
		if (f->is_text)
			snprintf(source, WORD_MAX + 16, "%s", f->value);
		else
			snprintf(source, WORD_MAX + 16, "tracepoint:%s",
				 f->value);
		remove_field(r, i);
		return;
	}
}

static bool read_step(struct casemate_reader *r, struct trace_record *rec,
		      char *source)
{
	size_t step = 0;
	uint64_t tid;
	struct token name = r->token;

	while (step < sizeof(steps) / sizeof(steps[0]) &&
	       strcasecmp(steps[step].name, name.text) != 0)
		step++;
	if (step == sizeof(steps) / sizeof(steps[0]))
		return bad_at(r, name.line, name.column,
			      "'%.40s' is no step that casemate's logs have",
			      name.text);
	*rec = (struct trace_record){ .name = steps[step].name };
	if (!read_fields(r))
		return false;
	take_source(r, source);
	if (!want_decimal(r, "id", NULL, INT64_MAX, &rec->value[0]) ||
	    !want_decimal(r, "tid", "thread", CASEMATE_TID_MAX, &tid))
		return false;
	rec->cpu = (uint32_t)tid;
	if (!steps[step].read(r, rec))
		return false;
	if (r->used + 1 == r->fields && !r->field[r->used].key[0]) {
		/* The source by number, without its key. */
		snprintf(source, WORD_MAX + 16, "tracepoint:%s",
			 r->field[r->used].value);
		r->used++;
	}
	if (r->used != r->fields)
		return bad_at(r, r->field[r->used].line,
			      r->field[r->used].column,
			      "'%.40s': a field too many",
			      r->field[r->used].value);
	if (casemate_record_wrong(rec))
		return bad_at(r, name.line, name.column, "%s: %s", name.text,
			      casemate_record_wrong(rec));
	return true;
}

/* "! what is wrong": the rest of the line, and of the log. */
static void read_report(struct casemate_reader *r, struct trace_record *rec)
{
	size_t n = 0;
	int c;

	take(r);
	while (peek(r) == ' ')
		take(r);
	while ((c = peek(r)) != EOF && c != '\n' && n < WORD_MAX - 1) {
		r->name[n++] = c < ' ' || c > '~' ? '?' : (char)c;
		take(r);
	}
	r->name[n] = 0;
	*rec = (struct trace_record){ .type = TRACE_LOG_REPORT,
				      .name = r->name };
	r->over = true;
}

enum trace_next casemate_next(struct casemate_reader *r,
			      struct trace_record *record)
{
	char source[WORD_MAX + 16];

	if (r->holds) {
		r->holds = false;
		*record = r->held;
		return TRACE_NEXT_RECORD;
	}
	if (r->over)
		return TRACE_NEXT_END;
	if (!skip_blanks(r))
		return TRACE_NEXT_MALFORMED;
	r->record_line = r->line;
	if (peek(r) == '!') {
		read_report(r, record);
		return TRACE_NEXT_RECORD;
	}
	if (!next_token(r))
		return TRACE_NEXT_MALFORMED;
	if (r->token.kind == TOKEN_END)
		return TRACE_NEXT_END;
	if (r->token.kind != TOKEN_OPEN && !bad_token(r, "'('"))
		return TRACE_NEXT_MALFORMED;
	if (!expect(r, TOKEN_WORD, "the name of a step") ||
	    !read_step(r, record, source))
		return TRACE_NEXT_MALFORMED;
	if (!strcmp(source, r->source))
		return TRACE_NEXT_RECORD;
	strcpy(r->source, source);
	r->held = *record;
	r->holds = true;
	*record = (struct trace_record){ .type = TRACE_LOG_SOURCE,
					 .cpu = r->held.cpu,
					 .name = r->source };
	return TRACE_NEXT_RECORD;
}

/* ---- opening ---- */

struct casemate_reader *casemate_open(FILE *file)
{
	struct casemate_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->file = file;
	r->next = -2;
	r->line = r->column = 1;
	return r;
}

struct casemate_reader *casemate_open_memory(const void *bytes, size_t count)
{
	static const char nothing[] = " ";
	FILE *file = fmemopen((void *)(uintptr_t)(count ? bytes : nothing),
			      count ? count : 1, "r");
	struct casemate_reader *r = file ? casemate_open(file) : NULL;

	if (r)
		r->own = file;
	else if (file)
		fclose(file);
	return r;
}

void casemate_close(struct casemate_reader *r)
{
	if (r && r->own)
		fclose(r->own);
	free(r);
}

const char *casemate_error(const struct casemate_reader *r)
{
	return r->error;
}

uint64_t casemate_line(const struct casemate_reader *r)
{
	return r->record_line;
}

bool casemate_is_log(FILE *file)
{
	int c, after;

	rewind(file);
	do
		c = getc(file);
	while (is_blank(c));
	after = getc(file);
	rewind(file);
	/* Compressed traces begin with '(' too, and a byte above ASCII. */
	return c == '!' || (c == '(' && after < 0x80);
}
