/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The protocol tests: each file below cases/ is a sequence of events, one a
 * line, with raw descriptors, and says which rules it breaks. README.md has
 * the language.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/check/checker.h"

#define CASES "tests/protocol/cases"
#define LOGS  "tests/protocol/casemate"
#define CASES_MAX 320
#define RULES_EXPECTED_MAX 4

struct script {
	const char *path;
	unsigned int line;
	struct checker_config config;
	struct checker *checker;
	struct protocol_event next; /* who acts */
	struct protocol_unit facts[PROTOCOL_OBSERVERS_MAX];
	enum rule expected[RULES_EXPECTED_MAX];
	unsigned int expects;
	bool says_clean;
};

static struct script *current;

static _Noreturn void wrong(const char *what)
{
	fail_msg("%s:%u: %s", current->path, current->line, what);
	abort();
}

static const char *word(void)
{
	return strtok(NULL, " \t\n");
}

static uint64_t number(void)
{
	const char *text = word();
	char *end;
	uint64_t value;

	if (!text)
		wrong("a number is missing");
	value = strtoull(text, &end, 0);
	if (*end || end == text)
		wrong("not a number");
	return value;
}

static void send(struct protocol_event *e)
{
	static const struct checker_config none = { .cpus = 1 };

	if (!current->checker) {
		if (!current->config.cpus)
			current->config = none;
		current->checker = checker_new(&current->config, NULL, NULL);
	}
	e->source.line = current->line;
	e->source.file = current->path;
	e->source.pc = UINT64_MAX;
	checker_event(current->checker, e);
}

static struct protocol_event event(enum protocol_kind kind)
{
	struct protocol_event e = current->next;

	e.kind = kind;
	return e;
}

/* ---- lines */

static void do_expect(void)
{
	const char *id;

	while ((id = word())) {
		if (!strcmp(id, "clean")) {
			current->says_clean = true;
			continue;
		}
		if (rule_by_id(id) == RULES ||
		    current->expects == RULES_EXPECTED_MAX)
			wrong("no such rule, or too many");
		current->expected[current->expects++] = rule_by_id(id);
	}
}

static void do_cpus(void)
{
	current->config.cpus = (unsigned int)number();
}

static void do_bbm(void)
{
	current->config.bbm_level = (unsigned int)number();
}

static void do_forbid(void)
{
	current->config.forbid_writable_executable = true;
}

static void do_cpu(void)
{
	current->next.cpu = (uint8_t)number();
}

static void do_el1(void)
{
	current->next.el2 = false;
	current->next.world = PROTOCOL_GUEST;
}

static void do_el2(void)
{
	current->next.el2 = true;
	current->next.world = PROTOCOL_MACHINE;
}

/* write ADDRESS VALUE [BYTES]: less than 8 bytes are part of that word. */
static void do_write(void)
{
	struct protocol_event e = event(PROTOCOL_WRITE);
	const char *bytes;

	e.address = number();
	e.now = number();
	bytes = word();
	e.bytes = bytes ? strtoull(bytes, NULL, 0) : 8;
	send(&e);
}

static void do_range(enum protocol_kind kind)
{
	struct protocol_event e = event(kind);

	e.address = number();
	e.bytes = number();
	e.input = UINT64_MAX;
	if (kind == PROTOCOL_FRAME_FREE)
		e.input = number();
	send(&e);
}

static void do_clean(void)
{
	do_range(PROTOCOL_CLEAN);
}

static void do_free(void)
{
	do_range(PROTOCOL_TABLE_FREE);
}

static void do_give(void)
{
	do_range(PROTOCOL_FRAME_FREE);
}

static void do_take(void)
{
	do_range(PROTOCOL_FRAME_TAKE);
}

static void do_dsb(void)
{
	struct protocol_event e = event(PROTOCOL_BARRIER);
	const char *kind = word();

	if (!kind)
		wrong("dsb ish, ishst, nsh or sy");
	e.barrier = PROTOCOL_DSB;
	e.domain = !strncmp(kind, "nsh", 3)   ? PROTOCOL_NSH
		   : !strncmp(kind, "ish", 3) ? PROTOCOL_ISH
					      : PROTOCOL_SYS;
	e.access = strlen(kind) > 2 && !strcmp(kind + strlen(kind) - 2, "st")
			   ? PROTOCOL_STORES
			   : PROTOCOL_ALL;
	send(&e);
}

static void do_dmb(void)
{
	struct protocol_event e = event(PROTOCOL_BARRIER);

	e.barrier = PROTOCOL_DMB;
	e.domain = PROTOCOL_ISH;
	send(&e);
}

static void do_isb(void)
{
	struct protocol_event e = event(PROTOCOL_BARRIER);

	e.barrier = PROTOCOL_ISB;
	send(&e);
}

/* tlbi NAME [vmid N] [asid N] [at ADDRESS] [to LAST] [level N] */
static void do_tlbi(void)
{
	struct protocol_event e = event(PROTOCOL_TLBI);
	const char *name = word(), *key;

	if (!name || !protocol_tlbi_by_name(name, &e.tlbi))
		wrong("no such TLBI");
	e.tlbi.vmid = 1;
	while ((key = word())) {
		uint64_t value = number();

		if (!strcmp(key, "vmid"))
			e.tlbi.vmid = (uint16_t)value;
		else if (!strcmp(key, "asid"))
			e.tlbi.asid = (uint16_t)value;
		else if (!strcmp(key, "level"))
			e.tlbi.level = (int8_t)value;
		else if (!strcmp(key, "at"))
			e.tlbi.first = e.tlbi.last = value;
		else if (!strcmp(key, "to"))
			e.tlbi.last = value;
		else
			wrong("vmid, asid, at, to or level");
	}
	send(&e);
}

/* root BASE TABLE level N bits N [vmid N] [asid N] [granule N] [past 1] */
static void do_root(void)
{
	static const char *const base[] = { "vttbr", "ttbr0", "ttbr1",
					    "ttbr_el2" };
	struct protocol_event e = event(PROTOCOL_ROOT);
	const char *name = word(), *key;
	int i = 0;

	while (i < 4 && name && strcmp(name, base[i]))
		i++;
	if (i == 4)
		wrong("vttbr, ttbr0, ttbr1 or ttbr_el2");
	e.root = (struct protocol_root){ .base = (enum protocol_base)i,
					 .on = true,
					 .granule_lg2 = 12,
					 .output_bits = 48,
					 .vmid = i == PROTOCOL_TTBR_EL2 ? 0 : 1,
					 .asid_used = i == PROTOCOL_TTBR0 };
	e.root.table = number();
	while ((key = word())) {
		uint64_t value = number();

		if (!strcmp(key, "level"))
			e.root.level = (int8_t)value;
		else if (!strcmp(key, "bits"))
			e.root.input_bits = (uint8_t)value;
		else if (!strcmp(key, "vmid"))
			e.root.vmid = (uint16_t)value;
		else if (!strcmp(key, "asid"))
			e.root.asid = (uint16_t)value;
		else if (!strcmp(key, "granule"))
			e.root.granule_lg2 = (uint8_t)value;
		else if (!strcmp(key, "past"))
			e.root.noncoherent = value;
		else
			wrong("level, bits, vmid, asid, granule or past");
	}
	if (i == PROTOCOL_TTBR1)
		e.root.first_input = ~UINT64_C(0) << e.root.input_bits;
	send(&e);
}

/* control NAME BITS [bases N] [indexes N] */
static void do_control(void)
{
	struct protocol_event e = event(PROTOCOL_CONTROL);
	const char *name = word(), *key;

	e.control = (struct protocol_control){
		.name = name && !strcmp(name, "mair") ? "MAIR_EL1" : "TCR_EL1",
		.bases = 1u << PROTOCOL_TTBR0 | 1u << PROTOCOL_TTBR1,
	};
	e.control.changed = number();
	while ((key = word())) {
		uint64_t value = number();

		if (!strcmp(key, "bases"))
			e.control.bases = (unsigned int)value;
		else if (!strcmp(key, "indexes"))
			e.control.indexes = (uint8_t)value;
		else
			wrong("bases or indexes");
	}
	send(&e);
}

static void do_context(void)
{
	struct protocol_event e = event(PROTOCOL_CONTEXT);

	send(&e);
}

/* use VA IPA PA [fetch] */
static void do_use(void)
{
	struct protocol_event e = event(PROTOCOL_USE);

	e.va = number();
	e.ipa = number();
	e.pa = number();
	e.fetch = word() != NULL;
	e.has_stage1 = true;
	send(&e);
}

/* read ADDRESS BELOW ABOVE: by a CPU whose caches are off. */
static void do_read(void)
{
	struct protocol_event e = event(PROTOCOL_READ);

	e.read = (struct protocol_read){ .bytes = 8, .line_bytes = 64 };
	e.read.va = e.read.address = number();
	e.read.line = e.read.address & ~UINT64_C(63);
	e.read.below = number();
	e.read.above = number();
	send(&e);
}

/* done [did N [deferred 1]]: of the p2m or guest, or of a domain */
static void do_done(void)
{
	struct protocol_event e = event(PROTOCOL_DONE);
	const char *key;

	e.of_domain = e.deferred = false;
	while ((key = word())) {
		uint64_t value = number();

		if (!strcmp(key, "did")) {
			e.of_domain = true;
			e.did = (uint16_t)value;
		} else if (!strcmp(key, "deferred")) {
			e.deferred = value;
		} else {
			wrong("did or deferred");
		}
	}
	send(&e);
}

/* ---- lines about IOMMUs */

static struct protocol_event of_unit(enum protocol_kind kind)
{
	struct protocol_event e = event(kind);

	e.unit = (uint8_t)number();
	if (!e.unit || e.unit >= PROTOCOL_OBSERVERS_MAX)
		wrong("a unit is from 1 to 63");
	return e;
}

/* unit N vtd|smmu [past 1] [buffer 1] [caching 1] [coarse 1] [hears 1] */
static void do_unit(void)
{
	struct protocol_event e = of_unit(PROTOCOL_UNIT);
	const char *type = word(), *key;

	if (!type || (strcmp(type, "vtd") && strcmp(type, "smmu")))
		wrong("vtd or smmu");
	e.facts = (struct protocol_unit){ .type = *type == 'v' ? PROTOCOL_VTD
							       : PROTOCOL_SMMU,
					  .output_bits = 46 };
	while ((key = word())) {
		bool value = number();

		if (!strcmp(key, "past"))
			e.facts.noncoherent = value;
		else if (!strcmp(key, "buffer"))
			e.facts.write_buffer = value;
		else if (!strcmp(key, "caching"))
			e.facts.caching_mode = value;
		else if (!strcmp(key, "coarse"))
			e.facts.by_domain = value;
		else if (!strcmp(key, "hears"))
			e.facts.hears_tlbi = value;
		else
			wrong("past, buffer, caching, coarse or hears");
	}
	current->facts[e.unit] = e.facts;
	send(&e);
}

/* config N KIND ADDRESS WORDS [sid N] [ssid N]: it may be held from now on */
static void do_config(void)
{
	static const char *const kinds[] = { "root",	  "context", "scontext",
					     "directory", "pasid",   "ste",
					     "cd" };
	struct protocol_event e = of_unit(PROTOCOL_CONFIG);
	const char *name = word(), *key;
	int i = 0;

	while (i < PROTOCOL_CONFIG_KINDS && name && strcmp(name, kinds[i]))
		i++;
	if (i == PROTOCOL_CONFIG_KINDS)
		wrong("no such kind of entry");
	e.config = (struct protocol_config){
		.kind = (enum protocol_config_kind)i,
	};
	e.config.address = number();
	e.config.words = (uint8_t)number();
	while ((key = word())) {
		uint32_t value = (uint32_t)number();

		if (!strcmp(key, "sid"))
			e.config.sid = value;
		else if (!strcmp(key, "ssid"))
			e.config.ssid = value;
		else
			wrong("sid or ssid");
	}
	send(&e);
}

/* tell N LOW HIGH: an invalidation descriptor, or a command, carried out */
static void do_tell(void)
{
	struct protocol_event e = of_unit(PROTOCOL_UNIT_TLBI);
	const struct protocol_unit *unit = &current->facts[e.unit];
	uint64_t words[2];

	words[0] = number();
	words[1] = number();
	if (unit->type == PROTOCOL_VTD
		    ? !protocol_vtd_descriptor(unit, words, &e)
		    : !protocol_smmu_command(words, &e))
		wrong("it does nothing");
	send(&e);
}

/* ccmd N VALUE, iotlb N VALUE IVA: written to the registers */
static void do_ccmd(void)
{
	struct protocol_event e = of_unit(PROTOCOL_CONFIG_DROP);

	if (!protocol_vtd_context_command(number(), &e))
		wrong("it does nothing");
	send(&e);
}

static void do_iotlb(void)
{
	struct protocol_event e = of_unit(PROTOCOL_UNIT_TLBI);
	uint64_t command = number();

	if (!protocol_vtd_iotlb_command(&current->facts[e.unit], command,
					number(), &e))
		wrong("it does nothing");
	send(&e);
}

/* wait N: software has read in registers that all is complete */
static void do_wait(void)
{
	struct protocol_event e = of_unit(PROTOCOL_UNIT_WAIT);

	send(&e);
}

static void do_buffer(void)
{
	struct protocol_event e = of_unit(PROTOCOL_UNIT_BUFFER);

	send(&e);
}

/* dma N SID IOVA PA DID [held 1] */
static void do_dma(void)
{
	struct protocol_event e = of_unit(PROTOCOL_DMA);

	e.dma = (struct protocol_dma){ .reached = true };
	e.dma.sid = (uint32_t)number();
	e.dma.iova = number();
	e.dma.pa = number();
	e.dma.did = (uint16_t)number();
	e.dma.by_held_config = word() != NULL;
	send(&e);
}

static const struct {
	const char *name;
	void (*run)(void);
} lines[] = {
	{ "expect", do_expect }, { "cpus", do_cpus }, { "bbm", do_bbm },
	{ "forbid-wx", do_forbid }, { "cpu", do_cpu }, { "el1", do_el1 },
	{ "el2", do_el2 }, { "write", do_write }, { "clean", do_clean },
	{ "free", do_free }, { "give", do_give }, { "take", do_take }, { "dsb", do_dsb },
	{ "dmb", do_dmb }, { "isb", do_isb }, { "tlbi", do_tlbi },
	{ "root", do_root }, { "use", do_use }, { "done", do_done },
	{ "read", do_read }, { "control", do_control },
	{ "context", do_context },
	{ "unit", do_unit },	{ "config", do_config },
	{ "tell", do_tell },	 { "ccmd", do_ccmd },	{ "iotlb", do_iotlb },
	{ "wait", do_wait },	 { "buffer", do_buffer }, { "dma", do_dma },
};

static void run_line(char *text)
{
	char *comment = strchr(text, '#');
	const char *name;

	if (comment)
		*comment = '\0';
	name = strtok(text, " \t\n");
	if (!name)
		return;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strcmp(lines[i].name, name)) {
			lines[i].run();
			return;
		}
	wrong("no such line");
}

/* ---- the verdict */

static bool found(enum rule rule)
{
	for (size_t i = 0; i < checker_findings(current->checker); i++)
		if (checker_finding(current->checker, i)->rule == rule)
			return true;
	return false;
}

static void judge(void)
{
	struct checker *c = current->checker;

	for (unsigned int i = 0; i < current->expects; i++)
		if (!found(current->expected[i]))
			fail_msg("%s: %s was not found", current->path,
				 rule_facts(current->expected[i])->id);
	for (size_t i = 0; i < checker_findings(c); i++) {
		const struct finding *f = checker_finding(c, i);
		bool expected = false;

		for (unsigned int k = 0; k < current->expects; k++)
			expected |= current->expected[k] == f->rule;
		if (!expected)
			fail_msg("%s:%u: %s was found: %s", current->path,
				 f->source.line, rule_facts(f->rule)->id,
				 f->detail);
		assert_true(f->missing[0]);
	}
}

static void run_case(void **state)
{
	struct script script = { .path = *state, .next = { .el2 = true,
							   .vmid = 1 } };
	FILE *file = fopen(script.path, "r");
	const char *name = strrchr(script.path, '/') + 1;
	char text[256];

	assert_non_null(file);
	current = &script;
	while (fgets(text, sizeof(text), file)) {
		script.line++;
		run_line(text);
	}
	fclose(file);
	assert_non_null(script.checker);
	assert_true(script.says_clean == !strncmp(name, "good_", 5));
	assert_true(script.says_clean == !script.expects);
	judge();
	checker_free(script.checker);
}

/* ---- every rule has one of both, or a reason */

static char paths[CASES_MAX][300];
static size_t cases;

static bool has_case(const char *prefix, const char *rule)
{
	for (size_t i = 0; i < cases; i++) {
		const char *name = strrchr(paths[i], '/') + 1;
		size_t bytes = strlen(rule);

		if (!strncmp(name, prefix, strlen(prefix)) &&
		    !strncmp(name + strlen(prefix), rule, bytes) &&
		    (name[strlen(prefix) + bytes] == '.' ||
		     name[strlen(prefix) + bytes] == '+'))
			return true;
	}
	return false;
}

/* Those of imported logs are judged in logs: check_casemate.sh. */
static bool has_log(const char *prefix, enum rule rule)
{
	char pattern[120];
	glob_t found;
	bool has;

	if (rule < RULE_LOCK_ABSENT)
		return false;
	snprintf(pattern, sizeof(pattern), LOGS "/%s%s[.+]*", prefix,
		 rule_facts(rule)->id);
	has = !glob(pattern, 0, NULL, &found);
	globfree(&found);
	return has;
}

static bool has_test(const char *prefix, enum rule rule)
{
	return has_case(prefix, rule_facts(rule)->id) || has_log(prefix, rule);
}

static void every_rule_has_a_good_and_a_bad_case(void **state)
{
	(void)state;
	for (int rule = 0; rule < RULES; rule++) {
		if (!has_test("good_", (enum rule)rule) ||
		    !has_test("bad_", (enum rule)rule))
			fail_msg("%s has no good or no bad case",
				 rule_facts((enum rule)rule)->id);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void find_cases(void)
{
	DIR *dir = opendir(CASES);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) && cases < CASES_MAX)
		if (entry->d_name[0] != '.')
			snprintf(paths[cases++], sizeof(paths[0]), CASES "/%s",
				 entry->d_name);
	if (dir)
		closedir(dir);
	qsort(paths, cases, sizeof(paths[0]), by_name);
}

int main(void)
{
	struct CMUnitTest tests[CASES_MAX + 1] = { 0 };

	find_cases();
	for (size_t i = 0; i < cases; i++)
		tests[i] = (struct CMUnitTest){
			.name = strrchr(paths[i], '/') + 1,
			.test_func = run_case,
			.initial_state = paths[i],
		};
	tests[cases] = (struct CMUnitTest)cmocka_unit_test(
		every_rule_has_a_good_and_a_bad_case);
	return _cmocka_run_group_tests("protocol", tests, cases + 1, NULL,
				       NULL);
}
