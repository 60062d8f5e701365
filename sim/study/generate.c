/* SPDX-License-Identifier: BSD-2-Clause */
/* `trace generate`: a stream on a machine, recorded. See study.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine/digest.h"
#include "sim/machine/hypervisor.h"
#include "sim/study/host.h"
#include "sim/study/stream.h"
#include "sim/study/study.h"

static const struct stream_kind *const kinds[] = {
	&stream_nic,	&stream_block, &stream_sequential,
	&stream_random, &stream_churn, &stream_hostile,
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

json_t *study_streams(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < KINDS; i++) {
		json_t *keys = json_array();

		for (const struct stream_key *k = kinds[i]->key; k->name; k++)
			json_array_append_new(
				keys, json_pack("{s:s, s:I, s:I, s:I, s:s}",
						"key", k->name, "default",
						(json_int_t)k->value, "min",
						(json_int_t)k->min, "max",
						(json_int_t)k->max, "about",
						k->about));
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:o}", "stream",
						kinds[i]->name, "about",
						kinds[i]->about, "keys", keys));
	}
	return list;
}

/* ---- what the user gave ---- */

static const struct stream_kind *kind_find(const char *name,
					   struct error_line *error)
{
	char list[200] = "";
	size_t used = 0;

	for (size_t i = 0; i < KINDS; i++) {
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
		used += (size_t)snprintf(list + used, sizeof(list) - used,
					 "%s%s", used ? ", " : "",
					 kinds[i]->name);
	}
	error_set(error, EXIT_USAGE, "trace generate: '%.60s' is none of: %s",
		  name, list);
	return NULL;
}

static bool number(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

static bool set_key(const struct stream_kind *kind, const char *text,
		    uint64_t *value, struct error_line *error)
{
	size_t length = strcspn(text, "="), used = 0, at = 0;
	char list[200] = "";
	uint64_t n;

	for (const struct stream_key *k = kind->key; k->name; k++, at++) {
		used += (size_t)snprintf(list + used, sizeof(list) - used,
					 "%s%s", used ? ", " : "", k->name);
		if (strlen(k->name) != length ||
		    memcmp(k->name, text, length) != 0)
			continue;
		if (text[length] == '\0' || !number(text + length + 1, &n) ||
		    n < k->min || n > k->max)
			return error_set(error, EXIT_USAGE,
					 "trace generate %s: %.60s: want %s=N, "
					 "a whole number from %llu to %llu",
					 kind->name, text, k->name,
					 (unsigned long long)k->min,
					 (unsigned long long)k->max);
		value[at] = n;
		return true;
	}
	return error_set(error, EXIT_USAGE,
			 "trace generate %s: %.60s: no such key; known: %s",
			 kind->name, text, list);
}

static bool set_keys(const struct stream_kind *kind,
		     const struct generate_options *o, uint64_t *value,
		     struct error_line *error)
{
	for (size_t i = 0; kind->key[i].name; i++)
		value[i] = kind->key[i].value;
	for (int i = 0; i < o->keys; i++)
		if (!set_key(kind, o->key[i], value, error))
			return false;
	return true;
}

/* ---- the trace ---- */

/* Every key with its value: what the stream is. */
static json_t *guest_json(const struct stream_kind *kind, const uint64_t *value)
{
	json_t *args = json_array();
	char text[80], all[1024], sha256[65];
	size_t used = (size_t)snprintf(all, sizeof(all), "%s", kind->name);

	for (size_t i = 0; kind->key[i].name; i++) {
		snprintf(text, sizeof(text), "%s=%llu", kind->key[i].name,
			 (unsigned long long)value[i]);
		json_array_append_new(args, json_string(text));
		used += (size_t)snprintf(all + used, sizeof(all) - used, " %s",
					 text);
	}
	sha256_hex(all, used, sha256);
	snprintf(text, sizeof(text), "stream:%s", kind->name);
	return json_pack("{s:s, s:o, s:s, s:b}", "path", text, "args", args,
			 "sha256", sha256, "linux", false);
}

static struct trace_writer *open_trace(struct machine *m,
				       const struct generate_options *o,
				       const json_t *guest,
				       struct error_line *error)
{
	json_t *header = json_pack("{s:s, s:O, s:O}", "tool", P2MSIM_VERSION,
				   "machine", m->config.json, "guest", guest);
	struct trace_writer *w =
		trace_writer_open(o->trace, header, o->trace_level);

	json_decref(header);
	if (!w)
		error_set(error, EXIT_IO, "%s: cannot write a trace: %s",
			  o->trace, strerror(errno));
	else if (!machine_record(m, w))
		error_set(error, EXIT_IO, "%s: recording it: out of memory",
			  o->trace);
	else
		return w;
	if (w)
		trace_writer_close(w, NULL);
	m->trace = NULL;
	return NULL;
}

/* The end of it, as a guest's. */
static int finish(struct machine *m, const struct generate_options *o,
		  json_t *guest, int rc, struct study_result *result,
		  struct error_line *error)
{
	const struct trace_record ended = { .type = TRACE_GUEST_EXIT };
	int failed;

	m->ended = rc == EXIT_FINE;
	if (m->ended && m->trace)
		trace_write(m->trace, &ended);
	json_object_set_new(guest, "exit",
			    m->ended ? json_integer(0) : json_null());
	result->guest_ended = m->ended;
	result->stats = machine_stats(m, guest);
	failed = m->trace ? trace_writer_close(m->trace, result->stats) : 0;
	m->trace = NULL;
	if (!failed)
		return rc;
	error_set(error, EXIT_IO,
		  "%s: writing the trace failed: %s; what was written is "
		  "readable up to its last whole line",
		  o->trace, strerror(failed));
	return EXIT_IO;
}

static int generate(struct machine *m, const struct stream_kind *kind,
		    const uint64_t *value, struct error_line *error)
{
	struct stream s = { .m = m,
			    .cpu = &m->cpu[0],
			    .error = error,
			    .frames = m->hypervisor->ram_frames };
	bool ok;

	memcpy(s.value, value, sizeof(s.value));
	model_random_seed(&s.random, m->config.seed ^ 0x5eed);
	machine_start(m);
	ok = kind->run(&s);
	free(s.place);
	if (!ok)
		return error->exit_code;
	if (!m->not_modelled)
		return EXIT_FINE;
	error_set(error, EXIT_NOT_MODELLED, "not modelled: %s",
		  m->not_modelled);
	return EXIT_NOT_MODELLED;
}

int study_generate(const struct machine_config *config,
		   const struct generate_options *o,
		   struct study_result *result, struct error_line *error)
{
	const struct stream_kind *kind = kind_find(o->stream, error);
	uint64_t value[STREAM_KEYS_MAX] = { 0 };
	double began = host_seconds();
	struct machine *m;
	json_t *guest;
	int rc;

	*result = (struct study_result){ 0 };
	if (!kind || !set_keys(kind, o, value, error))
		return error->exit_code;
	if (!config->iommus) {
		error_set(
			error, EXIT_USAGE,
			"trace generate: machine '%s' has no IOMMU: --machine "
			"vtd-broadwell or smmu-mmu600, or --set "
			"iommu=vtd-broadwell",
			config->name);
		return error->exit_code;
	}
	m = machine_new(config, error);
	guest = guest_json(kind, value);
	if (!m || (o->trace && !open_trace(m, o, guest, error)) ||
	    !machine_boot(m, error)) {
		rc = error->exit_code;
	} else {
		rc = generate(m, kind, value, error);
		rc = finish(m, o, guest, rc, result, error);
		host_add(result->stats, host_seconds() - began);
	}
	if (m && m->trace)
		trace_writer_close(m->trace, NULL);
	if (m)
		m->trace = NULL;
	json_decref(guest);
	machine_free(m);
	return rc;
}
