/* SPDX-License-Identifier: BSD-2-Clause */
/* See core_library.h. */
#include "sim/machine/core_library.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- is it a library of this machine? The system's loader says no more than
 * "cannot open" of some. */

static bool read_ident(const char *path, Elf64_Ehdr *header, size_t *bytes)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return false;
	*bytes = fread(header, 1, sizeof(*header), file);
	if (ferror(file)) {
		fclose(file);
		return false;
	}
	fclose(file);
	return true;
}

static bool is_ours(const char *path, struct error_line *error)
{
	Elf64_Ehdr header = { 0 }, self = { 0 };
	size_t bytes;

	if (!read_ident("/proc/self/exe", &self, &bytes))
		return error_set(error, EXIT_IO, "/proc/self/exe: %s",
				 strerror(errno));
	if (!read_ident(path, &header, &bytes))
		return error_set(error, EXIT_INPUT, "%s: %s", path,
				 strerror(errno));
	if (bytes < sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return error_set(error, EXIT_INPUT,
				 "%s: not a shared library (no ELF file)",
				 path);
	if (memcmp(header.e_ident, self.e_ident, EI_VERSION) != 0 ||
	    header.e_machine != self.e_machine)
		return error_set(error, EXIT_INPUT,
				 "%s: a shared library for another processor (ELF machine %u; this p2msim needs %u)",
				 path, header.e_machine, self.e_machine);
	if (header.e_type != ET_DYN)
		return error_set(error, EXIT_INPUT,
				 "%s: not a shared library (ELF type %u; build it with -shared)",
				 path, header.e_type);
	return true;
}

/* ---- the two tables */

static const char *missing(const struct p2m_ops *o)
{
	const bool setway[] = { o->setway_init, o->setway_start, o->setway_trap,
				o->setway_toggle, o->setway_counts };

	if (!o->name || !o->release)
		return "a name and a release";
	if (!o->init || !o->fini || !o->map || !o->remove || !o->protect ||
	    !o->lookup || !o->vttbr || !o->vtcr)
		return "init, fini, map, remove, protect, lookup, vttbr and vtcr";
	for (size_t i = 1; i < sizeof(setway) / sizeof(setway[0]); i++)
		if (setway[i] != setway[0])
			return "all of setway_* or none";
	return NULL;
}

#define SPACE_BYTES_MAX (UINT64_C(1) << 30)

static bool ops_are_good(const char *path, const struct p2m_ops *o,
			 struct error_line *error)
{
	if (!o)
		return error_set(error, EXIT_INPUT,
				 "%s: the core refuses version %u of core/port_ops.h, which this p2msim has",
				 path, PORT_OPS_VERSION);
	if (o->version != P2M_OPS_VERSION)
		return error_set(error, EXIT_INPUT,
				 "%s: the core is built for version %u of core/p2m/ops.h; this p2msim has %u",
				 path, o->version, P2M_OPS_VERSION);
	if (o->size != sizeof(*o))
		return error_set(error, EXIT_INPUT,
				 "%s: the core's struct p2m_ops has %u bytes; version %u has %zu",
				 path, o->size, P2M_OPS_VERSION, sizeof(*o));
	if (missing(o))
		return error_set(error, EXIT_INPUT,
				 "%s: the core's struct p2m_ops must have %s",
				 path, missing(o));
	if (o->space_bytes > SPACE_BYTES_MAX)
		return error_set(error, EXIT_INPUT,
				 "%s: the core wants %llu bytes for a space; at most 1 GiB",
				 path, (unsigned long long)o->space_bytes);
	return true;
}

static void *load(const char *path)
{
	char *here = NULL;
	void *handle;

	/* A name without a slash would be searched for. */
	if (!strchr(path, '/') && asprintf(&here, "./%s", path) < 0)
		return NULL;
	handle = dlopen(here ? here : path, RTLD_NOW | RTLD_LOCAL);
	free(here);
	return handle;
}

bool core_library_open(struct core_library *library, const char *path,
		       const struct port_ops *port, struct error_line *error)
{
	struct core_report *report = library->report;
	p2m_core_entry_fn *entry = NULL;
	const char *why = NULL;
	void *symbol;

	library->path = path;
	if (!is_ours(path, error))
		return false;
	snprintf(report->doing, sizeof(report->doing), "its loading");
	report->calls++;
	report->inside = true;
	library->handle = load(path);
	if (!library->handle)
		why = dlerror();
	symbol = library->handle ? dlsym(library->handle, P2M_CORE_ENTRY)
				 : NULL;
	memcpy(&entry, &symbol, sizeof(entry));
	library->ops = entry ? entry(port) : NULL;
	report->inside = false;
	if (why)
		return error_set(error, EXIT_INPUT, "--core %s", why);
	if (!entry)
		return error_set(error, EXIT_INPUT,
				 "%s: not a core: it exports no function %s (core/shim/port_shim.c has it)",
				 path, P2M_CORE_ENTRY);
	if (!ops_are_good(path, library->ops, error))
		return false;
	snprintf(report->name, sizeof(report->name), "%s", library->ops->name);
	return true;
}

static json_t *text_json(const char *text)
{
	json_t *json = json_string(text);

	return json ? json : json_string("?"); /* not UTF-8 */
}

json_t *core_library_json(const struct core_library *library)
{
	return json_pack("{s:o, s:o}", "name", text_json(library->ops->name),
			 "version", text_json(library->ops->release));
}

void core_library_last_words(struct core_library *library)
{
	struct machine *m = library->machine;
	struct trace_writer *trace = m ? m->trace : NULL;

	library->machine = NULL;
	if (trace)
		trace_writer_close(trace, NULL);
}
