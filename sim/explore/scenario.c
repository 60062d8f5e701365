/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading scenarios. Every error is one line with the path of its key. */
#include "sim/explore/scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/explore/scenario_json.h"
#include "sim/machine/config_keys.h"

#define FILE_BYTES_MAX (1u << 20)
/* More frames than a scenario has use for: 1 TiB. */
#define FRAMES_MAX (UINT64_C(1) << 28)

/* ---- the space and the policies */

static bool take_guest(struct scenario *s, const struct at *top,
		       const json_t *tree)
{
	static const uint8_t granules[] = { 12, 14, 16 };
	const struct at at = scenario_below(top, "guest");
	const json_t *guest = json_object_get(tree, "guest");
	const json_t *level = json_object_get(guest, "start_level");
	const struct at here = scenario_below(&at, "start_level");
	uint64_t bits = s->p2m.ipa_bits;
	int granule = 0;

	if (!guest)
		return true;
	if (!scenario_only_keys(&at, guest,
				"granule ipa_bits start_level lpa") ||
	    !scenario_take_word(&at, guest, "granule", "4K|16K|64K", false,
				&granule, NULL) ||
	    !scenario_take_number(&at, guest, "ipa_bits", 52, false, &bits) ||
	    !scenario_take_bool(&at, guest, "lpa", false, &s->p2m.lpa))
		return false;
	if (level &&
	    (!json_is_integer(level) || json_integer_value(level) < -1 ||
	     json_integer_value(level) > 2))
		return scenario_bad(&here, level, "-1 (chosen) to 2");
	s->p2m.granule_lg2 = granules[granule];
	s->p2m.ipa_bits = (uint8_t)bits;
	s->p2m.start_level = level ? (int8_t)json_integer_value(level) : -1;
	return true;
}

static bool take_p2m_policies(struct scenario *s, const struct at *at,
			      const json_t *object)
{
	uint64_t n[2] = { 0, 0 };
	int coalesce = 0, free_empty = 1, tlbi = P2M_TLBI_IPA, order = 0,
	    hint = 0, set_way = P2M_SETWAY_TRACK;

	if (object &&
	    (!scenario_only_keys(
		     at, object,
		     "coalesce free_empty tlbi order contig_hint set_way") ||
	     !scenario_take_policy(at, object, "coalesce", &coalesce, n) ||
	     !scenario_take_policy(at, object, "free_empty", &free_empty,
				   NULL) ||
	     !scenario_take_policy(at, object, "tlbi", &tlbi, NULL) ||
	     !scenario_take_policy(at, object, "order", &order, NULL) ||
	     !scenario_take_policy(at, object, "contig_hint", &hint, NULL) ||
	     !scenario_take_policy(at, object, "set_way", &set_way, NULL)))
		return false;
	s->p2m.coalesce = (struct pt_coalesce){
		(enum pt_coalesce_policy)coalesce,
		n[0],
		n[1],
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
	const struct at at = scenario_below(top, "policy");
	const struct at p2m = scenario_below(&at, "p2m"),
			iommu = scenario_below(&at, "iommu");
	const json_t *policy = json_object_get(tree, "policy");
	const json_t *section = json_object_get(policy, "iommu");
	int clean = CLEAN_ENTRY;

	if (policy && !scenario_only_keys(&at, policy, "p2m iommu"))
		return false;
	if (section &&
	    (!scenario_only_keys(&iommu, section, "clean") ||
	     !scenario_take_policy(&iommu, section, "clean", &clean, NULL)))
		return false;
	s->clean = (enum scenario_clean)clean;
	return take_p2m_policies(s, &p2m, json_object_get(policy, "p2m"));
}

/* ---- calls */

#define DO_WORDS                                                   \
	"map|remove|protect|change-type|relinquish|teardown|tick|" \
	"setway-start|setway-trap|setway-toggle|fault"
#define TYPE_WORDS                                                       \
	"ram-rw|ram-ro|device-ngnre|device-ngnrne|device-gre|device-nc|" \
	"grant-rw|grant-ro|foreign-rw|foreign-ro"

const char *scenario_do_name(enum scenario_do what)
{
	static const char *const name[DO_COUNT] = {
		"map",	       "remove",	"protect", "change-type",
		"relinquish",  "teardown",	"tick",	   "setway-start",
		"setway-trap", "setway-toggle", "fault",   "unmap",
		"flush",
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
	const struct at here = scenario_below(at, "access");
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
		return scenario_bad(&here, v,
				    "some of the letters \"rwx\", or \"\"");
	*access = bits;
	return true;
}

static bool take_type(const struct at *at, const json_t *object,
		      const char *key, bool needed, enum p2m_type *type)
{
	int index = (int)*type - 1;

	if (!scenario_take_word(at, object, key, TYPE_WORDS, needed, &index,
				NULL))
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
		return scenario_bad(at, object, "an operation {\"do\": ...}");
	if (!scenario_take_word(at, object, "do", DO_WORDS, true, &what, NULL))
		return false;
	*call = (struct scenario_call){
		.what = (enum scenario_do)what,
		.type = P2M_RAM_RW,
		.access = P2M_ACCESS_RWX,
	};
	if (!scenario_only_keys(at, object, call_keys[what]))
		return false;
	if (knows(call->what, "gfn") &&
	    !scenario_take_number(at, object, "gfn", most, true,
				  &call->gfn.raw))
		return false;
	if (knows(call->what, "mfn") &&
	    !scenario_take_number(at, object, "mfn", most, true,
				  &call->mfn.raw))
		return false;
	if (knows(call->what, "frames") &&
	    !scenario_take_number(at, object, "frames", FRAMES_MAX, true,
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
	    (!scenario_take_bool(at, object, "was", true, &call->was) ||
	     !scenario_take_bool(at, object, "is", true, &call->is)))
		return false;
	return !knows(call->what, "access") ||
	       take_access(at, object, &call->access);
}

static bool take_calls(const struct at *top, const json_t *tree,
		       const char *key, bool needed, bool domain,
		       struct scenario_call *call, unsigned int *count)
{
	bool (*take)(const struct at *, const json_t *,
		     struct scenario_call *) =
		domain ? scenario_take_domain_call : take_call;
	const struct at at = scenario_below(top, key);
	const json_t *list = json_object_get(tree, key);
	size_t i;
	json_t *v;

	*count = 0;
	if (!list && !needed)
		return true;
	if (json_is_object(list)) {
		*count = 1;
		return take(&at, list, call);
	}
	if (!json_is_array(list) ||
	    json_array_size(list) > SCENARIO_CALLS_MAX ||
	    (needed && json_array_size(list) == 0))
		return scenario_bad(
			&at, list,
			needed ? "an operation, or a list of 1 to 64"
			       : "a list of at most 64 operations");
	json_array_foreach(list, i, v)
	{
		const struct at here = scenario_element(&at, i);

		if (!take(&here, v, &call[(*count)++]))
			return false;
	}
	return true;
}

/* ---- observers */

static struct explore_observer *add_observer(struct scenario *s, bool iommu,
					     bool coherent)
{
	struct explore_observer *o = &s->observer[s->observers];
	unsigned int number = 0;

	for (unsigned int i = 0; i < s->observers; i++)
		number += s->observer[i].iommu == iommu;
	*o = (struct explore_observer){ .iommu = iommu,
					.noncoherent = !coherent,
					.queue = s->domain };
	snprintf(o->name, sizeof(o->name), "%s%u", iommu ? "iommu" : "cpu",
		 number & 7);
	s->observers++;
	return o;
}

void scenario_add_cpu(struct scenario *s)
{
	add_observer(s, false, true);
}

void scenario_add_iommu(struct scenario *s, bool coherent)
{
	add_observer(s, true, coherent);
}

bool scenario_is_noncoherent(const struct scenario *s)
{
	for (unsigned int i = 0; i < s->observers; i++)
		if (s->observer[i].noncoherent)
			return true;
	return false;
}

static bool take_observer(struct scenario *s, const struct at *at,
			  const json_t *v, bool after_iommu)
{
	bool coherent = true, broadcast = !s->domain;
	int kind = 0;

	if (!scenario_only_keys(at, v, "kind coherent broadcast") ||
	    !scenario_take_word(at, v, "kind", "cpu|iommu", true, &kind,
				NULL) ||
	    !scenario_take_bool(at, v, "coherent", false, &coherent) ||
	    !scenario_take_bool(at, v, "broadcast", false, &broadcast))
		return false;
	if (kind == 0 && s->domain)
		return scenario_bad(at, v,
				    "an IOMMU: no CPU walks a domain's tables");
	if (kind == 0 && after_iommu)
		return scenario_bad(at, v, "CPUs before IOMMUs");
	if (kind == 0 && !coherent)
		return scenario_bad(at, v,
				    "a coherent CPU: its walks are cached");
	if (kind == 0 && !broadcast)
		return scenario_bad(at, v, "a CPU that hears broadcast TLBI");
	if (s->domain && broadcast)
		return scenario_bad(at, v,
				    "an IOMMU that hears its queue alone");
	add_observer(s, kind == 1, coherent)->queue = !broadcast;
	return true;
}

/* CPUs first: they are numbered as the events number them. */
static bool take_observers(struct scenario *s, const struct at *top,
			   const json_t *tree)
{
	const struct at at = scenario_below(top, "observers");
	const json_t *list = json_object_get(tree, "observers");
	size_t i;
	json_t *v;

	if (!list)
		return true;
	if (!json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > EXPLORE_OBSERVERS_MAX)
		return scenario_bad(&at, list, "a list of 1 to 4 observers");
	s->observers = 0;
	json_array_foreach(list, i, v)
	{
		const struct at here = scenario_element(&at, i);

		if (!take_observer(s, &here, v,
				   i != 0 && s->observer[i - 1].iommu))
			return false;
	}
	return true;
}

/* ---- what is left out */

static bool take_without(struct scenario *s, const struct at *top,
			 const json_t *tree)
{
	const struct at at = scenario_below(top, "without");
	const json_t *list = json_object_get(tree, "without");
	size_t i;
	json_t *v;

	memset(s->without, 0, sizeof(s->without));
	if (!list)
		return true;
	if (!json_is_array(list))
		return scenario_bad(&at, list, "a list of kinds of steps");
	json_array_foreach(list, i, v)
	{
		static const char words[] =
			"clean|dsb-stores|dsb|tlbi|tlbi-combined|"
			"flush-before-free|iotlb|iotlb-wait|write-buffer";
		const struct at here = scenario_element(&at, i);
		const int index =
			json_is_string(v)
				? config_word_index(words, json_string_value(v),
						    NULL)
				: -1;

		if (index < 0)
			return scenario_bad(&here, v, words);
		s->without[index] = true;
	}
	return true;
}

/* ---- the whole */

void scenario_init(struct scenario *s)
{
	memset(s, 0, sizeof(*s));
	s->p2m = (struct p2m_config){
		.ipa_bits = 40,
		.granule_lg2 = 12,
		.start_level = -1,
		.vmid = 1,
		.free_empty = true,
		.tlbi = P2M_TLBI_IPA,
	};
	s->set_way = P2M_SETWAY_TRACK;
	scenario_add_cpu(s);
}

static bool is_setway(const struct scenario_call *call)
{
	return call->what >= DO_SETWAY_START && call->what <= DO_FAULT;
}

bool scenario_uses_setway(const struct scenario *s)
{
	for (unsigned int i = 0; i < s->starts; i++)
		if (is_setway(&s->start[i]))
			return true;
	for (unsigned int i = 0; i < s->calls; i++)
		if (is_setway(&s->call[i]))
			return true;
	return false;
}

/* Among the first `count` of the list there is none: more follows. */
static bool check_teardown(const struct scenario_call *call, unsigned int count,
			   const char *list, const struct at *at)
{
	for (unsigned int i = 0; i < count; i++)
		if (call[i].what == DO_TEARDOWN)
			return error_set(at->error, EXIT_INPUT,
					 "%s: %s.%u: nothing can follow a teardown",
					 at->label, list, i);
	return true;
}

/* What each key allows, but not together. */
static bool check_together(const struct scenario *s, const struct at *at)
{
	const bool marks = s->p2m.contig_hint ||
			   s->p2m.coalesce.policy != PT_COALESCE_NEVER;
	const struct at here = scenario_below(at, "policy.p2m.set_way");

	if (!check_teardown(s->start, s->starts, "start", at) ||
	    !check_teardown(s->call, s->calls ? s->calls - 1 : 0, "operation",
			    at))
		return false;
	if (!scenario_uses_setway(s) || s->set_way == P2M_SETWAY_FULL)
		return true;
	if (marks)
		return error_set(at->error, EXIT_INPUT,
				 "%s: %s: tracking cannot be with contig_hint "
				 "or coalesce; want full",
				 at->label, here.path);
	for (unsigned int i = 0; i < s->observers; i++)
		if (s->observer[i].iommu)
			return error_set(at->error, EXIT_INPUT,
					 "%s: %s: tracking cannot be where an "
					 "IOMMU shares the tables; want full",
					 at->label, here.path);
	return true;
}

/* Of a guest's p2m. */
static bool parse_p2m(struct scenario *s, const struct at *at,
		      const json_t *tree)
{
	uint64_t bbm = 0;

	if (!take_guest(s, at, tree) ||
	    !scenario_take_number(at, tree, "bbm_level", 2, false, &bbm) ||
	    !take_policies(s, at, tree))
		return false;
	s->p2m.bbm_level = (uint8_t)bbm;
	return true;
}

static bool parse_domain(struct scenario *s, const struct at *at,
			 const json_t *tree)
{
	static const char *const keys[] = { "guest", "bbm_level" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_object_get(tree, keys[i]))
			return error_set(at->error, EXIT_INPUT,
					 "%s: %s: not beside iommu: a scenario "
					 "is of a guest or of a device",
					 at->label, keys[i]);
	return scenario_take_domain(s, at, tree);
}

bool scenario_parse(struct scenario *s, const json_t *tree, const char *label,
		    struct error_line *error)
{
	const struct at at = { .label = label, .error = error };
	const bool domain = json_object_get(tree, "iommu") != NULL;
	const json_t *name = json_object_get(tree, "name");
	int format = 0;

	if (domain)
		scenario_init_domain(s);
	else
		scenario_init(s);
	if (!scenario_only_keys(&at, tree,
				"format name guest bbm_level iommu policy "
				"start operation observers without") ||
	    !scenario_take_word(&at, tree, "format", SCENARIO_FORMAT, true,
				&format, NULL) ||
	    !(domain ? parse_domain : parse_p2m)(s, &at, tree) ||
	    !take_observers(s, &at, tree) || !take_without(s, &at, tree) ||
	    !take_calls(&at, tree, "start", false, domain, s->start,
			&s->starts) ||
	    !take_calls(&at, tree, "operation", true, domain, s->call,
			&s->calls))
		return false;
	if (name && !json_is_string(name)) {
		const struct at here = scenario_below(&at, "name");

		return scenario_bad(&here, name, "a string");
	}
	snprintf(s->name, sizeof(s->name), "%s",
		 name ? json_string_value(name) : label);
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
		return error_set(error, EXIT_USAGE, "--set %s: want KEY=VALUE",
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
