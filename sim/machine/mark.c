/* SPDX-License-Identifier: BSD-2-Clause */
/* See mark.h. */
#include "sim/machine/mark.h"

#include "sim/machine/stats.h"

void mark_add(struct machine *m, uint64_t id)
{
	if (!m->marks)
		m->marks = json_array();
	if (json_array_size(m->marks) >= MARKS_MAX) {
		m->marks_dropped++;
		return;
	}
	json_array_append_new(m->marks,
			      json_pack("{s:I, s:o}", "mark", (json_int_t)id,
					"at", stats_counters(m)));
}

/* later - earlier, number by number; members that earlier lacks count from
 * zero. */
static json_t *difference(const json_t *later, const json_t *earlier)
{
	const char *key;
	json_t *value, *out;
	size_t i;

	if (json_is_integer(later))
		return json_integer(json_integer_value(later) -
				    json_integer_value(earlier));
	if (json_is_array(later)) {
		out = json_array();
		json_array_foreach(later, i, value)
			json_array_append_new(
				out, difference(value,
						json_array_get(earlier, i)));
		return out;
	}
	if (!json_is_object(later))
		return json_deep_copy(later);
	out = json_object();
	json_object_foreach((json_t *)(uintptr_t)later, key, value)
		json_object_set_new(out, key,
				    difference(value,
					       json_object_get(earlier, key)));
	return out;
}

json_t *mark_phases(const struct machine *m, const json_t *total)
{
	json_t *out, *mark;
	size_t i;

	if (!m->marks)
		return NULL;
	out = json_array();
	json_array_foreach(m->marks, i, mark) {
		const json_t *next = json_array_get(m->marks, i + 1);
		json_t *phase = difference(next ? json_object_get(next, "at")
						: total,
					   json_object_get(mark, "at"));

		json_object_set(phase, "mark", json_object_get(mark, "mark"));
		json_array_append_new(out, phase);
	}
	return out;
}
