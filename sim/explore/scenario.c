/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading scenarios. Every error is one line with the path of its key. */
#include "sim/explore/scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine/config_json.h"
#include "sim/machine/config_keys.h"

#define FILE_BYTES_MAX (1u << 20)
/* More frames than a scenario has use for: 1 TiB. */
#define FRAMES_MAX (UINT64_C(1) << 28)

/* ---- a place in the file, for messages */

struct at {
	const char *label;
	char path[CONFIG_PATH_BYTES];
	struct error_line *error;
};

static bool bad(const struct at *at, const json_t *value, const char *want)
{
	return error_set(at->error, EXIT_INPUT, "%s: %s: %s %s; want %s",
			 at->label, at->path[0] ? at->path : "(top)",
			 value ? "is" : "is missing",
			 value ? config_show(value).text : "", want);
}

static struct at below(const struct at *at, const char *name)
{
	struct at to = *at;

	snprintf(to.path, sizeof(to.path), "%.100s%s%s", at->path,
		 at->path[0] ? "." : "", config_clip(name).text);
	return to;
}

static struct at element(const struct at *at, size_t index)
{
	char name[24];

	snprintf(name, sizeof(name), "%zu", index);
	return below(at, name);
}

/* An object with no key but those of `known`, separated by spaces. */
static bool only_keys(const struct at *at, const json_t *object,
		      const char *known)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return bad(at, object, "an object {...}");
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		const struct at here = below(at, key);
		const size_t length = strlen(key);
		const char *found = known;

		while ((found = strstr(found, key)) != NULL &&
		       !((found == known || found[-1] == ' ') &&
			 (found[length] == ' ' || found[length] == '\0')))
			found += length;
		if (!found || length == 0)
			return error_set(at->error, EXIT_INPUT,
					 "%s: %s: no such key; known here: %s",
					 at->label, here.path, known);
	}
	return true;
}

/* ---- values */

/* A whole number, or a string "0x...". Missing: *value is left. */
static bool take_number(const struct at *at, const json_t *object,
			const char *key, uint64_t most, bool needed,
			uint64_t *value)
{
	const struct at here = below(at, key);
	const json_t *v = json_object_get(object, key);
	char want[64], *end = NULL;
	uint64_t n = 0;
	bool ok = false;

	if (!v && !needed)
		return true;
	if (json_is_integer(v)) {
		ok = json_integer_value(v) >= 0;
		n = (uint64_t)json_integer_value(v);
	} else if (json_is_string(v)) {
		const char *text = json_string_value(v);

		errno = 0;
		n = strtoull(text, &end, 16);
		ok = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
		     text[2] && text[2] != '-' && *end == '\0' && errno == 0;
	}
	snprintf(want, sizeof(want), "a whole number of at most %" PRIu64, most);
	if (!ok || n > most)
		return bad(&here, v, want);
	*value = n;
	return true;
}

static bool take_bool(const struct at *at, const json_t *object,
		      const char *key, bool needed, bool *value)
{
	const struct at here = below(at, key);
	const json_t *v = json_object_get(object, key);

	if (!v && !needed)
		return true;
	if (!json_is_boolean(v))
		return bad(&here, v, "true or false");
	*value = json_is_true(v);
	return true;
}

/* Which of `words` (separated by |) a string is. */
static bool take_word(const struct at *at, const json_t *object,
		      const char *key, const char *words, bool needed,
		      int *index, uint64_t parameter[2])
{
	const struct at here = below(at, key);
	const json_t *v = json_object_get(object, key);
	int i;

	if (!v && !needed)
		return true;
	i = json_is_string(v)
		    ? config_word_index(words, json_string_value(v), parameter)
		    : -1;
	if (i < 0)
		return bad(&here, v, words);
	*index = i;
	return true;
}

/* ---- the space and the policies */

static bool take_guest(struct scenario *s, const struct at *top,
		       const json_t *tree)
{
	static const uint8_t granules[] = { 12, 14, 16 };
	const struct at at = below(top, "guest");
	const json_t *guest = json_object_get(tree, "guest");
	const json_t *level = json_object_get(guest, "start_level");
	const struct at here = below(&at, "start_level");
	uint64_t bits = s->p2m.ipa_bits;
	int granule = 0;

	if (!guest)
		return true;
	if (!only_keys(&at, guest, "granule ipa_bits start_level lpa") ||
	    !take_word(&at, guest, "granule", "4K|16K|64K", false, &granule,
		       NULL) ||
	    !take_number(&at, guest, "ipa_bits", 52, false, &bits) ||
	    !take_bool(&at, guest, "lpa", false, &s->p2m.lpa))
		return false;
	if (level && (!json_is_integer(level) ||
		      json_integer_value(level) < -1 ||
		      json_integer_value(level) > 2))
		return bad(&here, level, "-1 (chosen) to 2");
	s->p2m.granule_lg2 = granules[granule];
	s->p2m.ipa_bits = (uint8_t)bits;
	s->p2m.start_level = level ? (int8_t)json_integer_value(level) : -1;
	return true;
}

/* A key of the machine's, with the words it has there. */
static bool take_policy(const struct at *at, const json_t *object,
			const char *key, int *index, uint64_t parameter[2])
{
	const struct at here = below(at, key);
	const struct config_key *known = config_key_find(here.path);

	return take_word(at, object, key, known->words, false, index,
			 parameter);
}

static bool take_p2m_policies(struct scenario *s, const struct at *at,
			      const json_t *object)
{
	uint64_t n[2] = { 0, 0 };
	int coalesce = 0, free_empty = 1, tlbi = P2M_TLBI_IPA, order = 0,
	    hint = 0, set_way = P2M_SETWAY_TRACK;

	if (object &&
	    (!only_keys(at, object,
			"coalesce free_empty tlbi order contig_hint set_way") ||
	     !take_policy(at, object, "coalesce", &coalesce, n) ||
	     !take_policy(at, object, "free_empty", &free_empty, NULL) ||
	     !take_policy(at, object, "tlbi", &tlbi, NULL) ||
	     !take_policy(at, object, "order", &order, NULL) ||
	     !take_policy(at, object, "contig_hint", &hint, NULL) ||
	     !take_policy(at, object, "set_way", &set_way, NULL)))
		return false;
	s->p2m.coalesce = (struct pt_coalesce){
		(enum pt_coalesce_policy)coalesce, n[0], n[1],
	};
	s->p2m.free_empty = free_empty == 1;
	s->p2m.tlbi = (enum p2m_tlbi_policy)tlbi;
	s->p2m.order = (enum p2m_order_policy)order;
	s->p2m.contig_hint = hint == 1;
	s->set_way = (enum p2m_setway_policy)set_way;
	return true;
}

static bool take_policies(struct scenario *s, const struct at *top,
			  const json_t *tree)
{
	const struct at at = below(top, "policy");
	const struct at p2m = below(&at, "p2m"), iommu = below(&at, "iommu");
	const json_t *policy = json_object_get(tree, "policy");
	const json_t *section = json_object_get(policy, "iommu");
	int clean = CLEAN_ENTRY;

	if (policy && !only_keys(&at, policy, "p2m iommu"))
		return false;
	if (section &&
	    (!only_keys(&iommu, section, "clean") ||
	     !take_policy(&iommu, section, "clean", &clean, NULL)))
		return false;
	s->clean = (enum scenario_clean)clean;
	return take_p2m_policies(s, &p2m, json_object_get(policy, "p2m"));
}

/* ---- calls */

#define DO_WORDS                                                               \
	"map|remove|protect|change-type|relinquish|teardown|tick|"             \
	"setway-start|setway-trap|setway-toggle|fault"
#define TYPE_WORDS                                                             \
	"ram-rw|ram-ro|device-ngnre|device-ngnrne|device-gre|device-nc|"       \
	"grant-rw|grant-ro|foreign-rw|foreign-ro"

const char *scenario_do_name(enum scenario_do what)
{
	static const char *const name[DO_COUNT] = {
		"map",		"remove",      "protect",	"change-type",
		"relinquish",	"teardown",    "tick",		"setway-start",
		"setway-trap",	"setway-toggle", "fault",
	};

	return name[what];
}

/* The keys that each needs and knows, `do` apart. */
static const char *const call_keys[DO_COUNT] = {
	[DO_MAP] = "do gfn mfn frames type access",
	[DO_REMOVE] = "do gfn frames",
	[DO_PROTECT] = "do gfn frames access",
	[DO_CHANGE_TYPE] = "do gfn frames from type",
	[DO_RELINQUISH] = "do",
	[DO_TEARDOWN] = "do",
	[DO_TICK] = "do",
	[DO_SETWAY_START] = "do",
	[DO_SETWAY_TRAP] = "do",
	[DO_SETWAY_TOGGLE] = "do was is",
	[DO_FAULT] = "do gfn",
};

static bool knows(enum scenario_do what, const char *key)
{
	return strstr(call_keys[what], key) != NULL;
}

static bool take_access(const struct at *at, const json_t *object,
			unsigned int *access)
{
	const struct at here = below(at, "access");
	const json_t *v = json_object_get(object, "access");
	const char *text = json_string_value(v);
	unsigned int bits = 0;

	if (!v)
		return true;
	for (; text && *text; text++) {
		static const char letters[] = "rwx";
		const char *letter = strchr(letters, *text);

		if (!letter || bits & 1u << (letter - letters)) {
			text = NULL;
			break;
		}
		bits |= 1u << (letter - letters);
	}
	if (!text)
		return bad(&here, v, "some of the letters \"rwx\", or \"\"");
	*access = bits;
	return true;
}

static bool take_type(const struct at *at, const json_t *object,
		      const char *key, bool needed, enum p2m_type *type)
{
	int index = (int)*type - 1;

	if (!take_word(at, object, key, TYPE_WORDS, needed, &index, NULL))
		return false;
	*type = (enum p2m_type)(index + 1);
	return true;
}

static bool take_call(const struct at *at, const json_t *object,
		      struct scenario_call *call)
{
	const uint64_t most = BIT(52 - FRAME_LG2) - 1;
	int what = 0;

	if (!json_is_object(object))
		return bad(at, object, "an operation {\"do\": ...}");
	if (!take_word(at, object, "do", DO_WORDS, true, &what, NULL))
		return false;
	*call = (struct scenario_call){
		.what = (enum scenario_do)what,
		.type = P2M_RAM_RW,
		.access = P2M_ACCESS_RWX,
	};
	if (!only_keys(at, object, call_keys[what]))
		return false;
	if (knows(call->what, "gfn") &&
	    !take_number(at, object, "gfn", most, true, &call->gfn.raw))
		return false;
	if (knows(call->what, "mfn") &&
	    !take_number(at, object, "mfn", most, true, &call->mfn.raw))
		return false;
	if (knows(call->what, "frames") &&
	    !take_number(at, object, "frames", FRAMES_MAX, true,
			 &call->frames))
		return false;
	if (call->what == DO_CHANGE_TYPE &&
	    !take_type(at, object, "from", true, &call->from))
		return false;
	if (knows(call->what, "type") &&
	    !take_type(at, object, "type", call->what == DO_CHANGE_TYPE,
		       &call->type))
		return false;
	if (call->what == DO_SETWAY_TOGGLE &&
	    (!take_bool(at, object, "was", true, &call->was) ||
	     !take_bool(at, object, "is", true, &call->is)))
		return false;
	return !knows(call->what, "access") ||
	       take_access(at, object, &call->access);
}

static bool take_calls(const struct at *top, const json_t *tree,
		       const char *key, bool needed, struct scenario_call *call,
		       unsigned int *count)
{
	const struct at at = below(top, key);
	const json_t *list = json_object_get(tree, key);
	size_t i;
	json_t *v;

	*count = 0;
	if (!list && !needed)
		return true;
	if (json_is_object(list)) {
		*count = 1;
		return take_call(&at, list, call);
	}
	if (!json_is_array(list) || json_array_size(list) > SCENARIO_CALLS_MAX ||
	    (needed && json_array_size(list) == 0))
		return bad(&at, list,
			   needed ? "an operation, or a list of 1 to 64"
				  : "a list of at most 64 operations");
	json_array_foreach(list, i, v)
	{
		const struct at here = element(&at, i);

		if (!take_call(&here, v, &call[(*count)++]))
			return false;
	}
	return true;
}

/* ---- observers */

static void add_observer(struct scenario *s, bool iommu, bool coherent)
{
	struct explore_observer *o = &s->observer[s->observers];
	unsigned int number = 0;

	for (unsigned int i = 0; i < s->observers; i++)
		number += s->observer[i].iommu == iommu;
	*o = (struct explore_observer){ .iommu = iommu,
					.noncoherent = !coherent };
	snprintf(o->name, sizeof(o->name), "%s%u", iommu ? "iommu" : "cpu",
		 number & 7);
	s->observers++;
}

void scenario_add_cpu(struct scenario *s)
{
	add_observer(s, false, true);
}

void scenario_add_iommu(struct scenario *s, bool coherent)
{
	add_observer(s, true, coherent);
}

/* CPUs first: they are numbered as the events number them. */
static bool take_observers(struct scenario *s, const struct at *top,
			   const json_t *tree)
{
	const struct at at = below(top, "observers");
	const json_t *list = json_object_get(tree, "observers");
	int last = 0;
	size_t i;
	json_t *v;

	if (!list)
		return true;
	if (!json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > EXPLORE_OBSERVERS_MAX)
		return bad(&at, list, "a list of 1 to 4 observers");
	s->observers = 0;
	json_array_foreach(list, i, v)
	{
		const struct at here = element(&at, i);
		bool coherent = true;
		int kind = 0;

		if (!only_keys(&here, v, "kind coherent") ||
		    !take_word(&here, v, "kind", "cpu|iommu", true, &kind,
			       NULL) ||
		    !take_bool(&here, v, "coherent", false, &coherent))
			return false;
		if (kind < last)
			return bad(&here, v, "CPUs before IOMMUs");
		if (kind == 0 && !coherent)
			return bad(&here, v,
				   "a coherent CPU: its walks are cached");
		last = kind;
		add_observer(s, kind == 1, coherent);
	}
	return true;
}

/* ---- what is left out */

static bool take_without(struct scenario *s, const struct at *top,
			 const json_t *tree)
{
	const struct at at = below(top, "without");
	const json_t *list = json_object_get(tree, "without");
	size_t i;
	json_t *v;

	memset(s->without, 0, sizeof(s->without));
	if (!list)
		return true;
	if (!json_is_array(list))
		return bad(&at, list, "a list of kinds of steps");
	json_array_foreach(list, i, v)
	{
		static const char words[] =
			"clean|dsb-stores|dsb|tlbi|tlbi-combined|"
			"flush-before-free";
		const struct at here = element(&at, i);
		const int index =
			json_is_string(v)
				? config_word_index(words, json_string_value(v),
						    NULL)
				: -1;

		if (index < 0)
			return bad(&here, v, words);
		s->without[index] = true;
	}
	return true;
}

/* ---- the whole */

void scenario_init(struct scenario *s)
{
	memset(s, 0, sizeof(*s));
	s->p2m = (struct p2m_config){
		.ipa_bits = 40, .granule_lg2 = 12, .start_level = -1,
		.vmid = 1, .free_empty = true, .tlbi = P2M_TLBI_IPA,
	};
	s->set_way = P2M_SETWAY_TRACK;
	scenario_add_cpu(s);
}

static bool uses_setway(const struct scenario *s)
{
	for (unsigned int i = 0; i < s->starts; i++)
		if (s->start[i].what >= DO_SETWAY_START)
			return true;
	for (unsigned int i = 0; i < s->calls; i++)
		if (s->call[i].what >= DO_SETWAY_START)
			return true;
	return false;
}

/* What each key allows, but not together. */
static bool check_together(const struct scenario *s, const struct at *at)
{
	const bool marks = s->p2m.contig_hint ||
			   s->p2m.coalesce.policy != PT_COALESCE_NEVER;
	const struct at here = below(at, "policy.p2m.set_way");

	for (unsigned int i = 0; i + 1 < s->calls; i++)
		if (s->call[i].what == DO_TEARDOWN) {
			const struct at call = below(at, "operation");

			return error_set(at->error, EXIT_INPUT,
					 "%s: %s: nothing can follow a teardown",
					 at->label, call.path);
		}
	if (!uses_setway(s) || s->set_way == P2M_SETWAY_FULL)
		return true;
	if (marks)
		return error_set(at->error, EXIT_INPUT,
				 "%s: %s: tracking cannot be with contig_hint or coalesce; want full",
				 at->label, here.path);
	for (unsigned int i = 0; i < s->observers; i++)
		if (s->observer[i].iommu)
			return error_set(at->error, EXIT_INPUT,
					 "%s: %s: tracking cannot be where an IOMMU shares the tables; want full",
					 at->label, here.path);
	return true;
}

bool scenario_parse(struct scenario *s, const json_t *tree, const char *label,
		    struct error_line *error)
{
	const struct at at = { .label = label, .error = error };
	uint64_t bbm = 0;
	const char *name = json_string_value(json_object_get(tree, "name"));
	int format = 0;

	scenario_init(s);
	if (!only_keys(&at, tree,
		       "format name guest bbm_level policy start operation observers without") ||
	    !take_word(&at, tree, "format", SCENARIO_FORMAT, true, &format,
		       NULL) ||
	    !take_guest(s, &at, tree) ||
	    !take_number(&at, tree, "bbm_level", 2, false, &bbm) ||
	    !take_policies(s, &at, tree) || !take_observers(s, &at, tree) ||
	    !take_without(s, &at, tree) ||
	    !take_calls(&at, tree, "start", false, s->start, &s->starts) ||
	    !take_calls(&at, tree, "operation", true, s->call, &s->calls))
		return false;
	if (json_object_get(tree, "name") && !name) {
		const struct at here = below(&at, "name");

		return bad(&here, json_object_get(tree, "name"), "a string");
	}
	snprintf(s->name, sizeof(s->name), "%s", name ? name : label);
	s->p2m.bbm_level = (uint8_t)bbm;
	return check_together(s, &at);
}

static char *read_text(const char *path, const char *label, size_t *bytes,
		       struct error_line *error)
{
	FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	char *text = stream ? malloc(FILE_BYTES_MAX + 1) : NULL;

	errno = stream ? 0 : errno;
	if (text)
		*bytes = fread(text, 1, FILE_BYTES_MAX + 1, stream);
	if (!text || ferror(stream)) {
		error_set(error, EXIT_INPUT,
			  "%s: cannot read this scenario: %s", label,
			  errno ? strerror(errno) : "read error");
		free(text);
		text = NULL;
	} else if (*bytes > FILE_BYTES_MAX) {
		error_set(error, EXIT_INPUT,
			  "%s: too long for a scenario: more than %u bytes",
			  label, FILE_BYTES_MAX);
		free(text);
		text = NULL;
	}
	if (stream && stream != stdin)
		fclose(stream);
	return text;
}

/* KEY=VALUE at a dotted path; sections on the way are made. */
static bool apply_set(json_t *tree, const char *key_value,
		      struct error_line *error)
{
	const char *equals = strchr(key_value, '=');
	char path[CONFIG_PATH_BYTES], *name = path, *dot;
	json_t *section = tree, *value;

	if (!equals || equals == key_value ||
	    (size_t)(equals - key_value) >= sizeof(path))
		return error_set(error, EXIT_USAGE,
				 "--set %s: want KEY=VALUE",
				 config_clip(key_value).text);
	snprintf(path, sizeof(path), "%.*s", (int)(equals - key_value),
		 key_value);
	while ((dot = strchr(name, '.')) != NULL) {
		json_t *next;

		*dot = '\0';
		next = json_object_get(section, name);
		if (!next) {
			next = json_object();
			json_object_set_new(section, name, next);
		}
		if (!json_is_object(next))
			return error_set(error, EXIT_USAGE,
					 "--set %s: '%s' is no section",
					 config_clip(key_value).text, name);
		section = next;
		name = dot + 1;
	}
	value = json_loads(equals + 1, JSON_DECODE_ANY, NULL);
	if (!value)
		value = json_string(equals + 1);
	if (!value || json_object_set_new(section, name, value) != 0)
		return error_set(error, EXIT_USAGE, "--set %s: not UTF-8",
				 config_clip(key_value).text);
	return true;
}

bool scenario_read(struct scenario *s, const char *path,
		   const struct config_set *sets, unsigned int set_count,
		   struct error_line *error)
{
	const struct config_origin origin = { config_file_label(path),
					      EXIT_INPUT };
	size_t bytes = 0;
	char *text = read_text(path, origin.label, &bytes, error);
	json_t *tree = text ? config_parse(&origin, text, bytes, error) : NULL;
	bool ok = tree != NULL;

	/* What is JSON but no object, config_parse takes for a machine. */
	if (text && !tree && strstr(error->text, ": not a machine: "))
		error_set(error, EXIT_INPUT,
			  "%s: not a scenario: want an object {...}",
			  origin.label);
	free(text);
	/* The file by itself first, so that a --set is blamed for its own. */
	if (ok)
		ok = scenario_parse(s, tree, origin.label, error);
	for (unsigned int i = 0; ok && i < set_count; i++) {
		char label[80];

		ok = apply_set(tree, sets[i].key_value, error);
		snprintf(label, sizeof(label), "--set %s",
			 config_clip(sets[i].key_value).text);
		if (ok && !scenario_parse(s, tree, label, error)) {
			error->exit_code = EXIT_USAGE;
			ok = false;
		}
	}
	json_decref(tree);
	return ok;
}
