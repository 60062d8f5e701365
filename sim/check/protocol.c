/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of protocol events. */
#include "sim/check/protocol.h"

const char *protocol_kind_name(enum protocol_kind kind)
{
	static const char *const name[PROTOCOL_KINDS] = {
		"content", "write",  "clean",	    "barrier",
		"tlbi",	   "root",   "caches",	    "table-alloc",
		"table-free", "frame-free", "use", "done",
	};

	return name[kind];
}
