/* SPDX-License-Identifier: BSD-2-Clause */
/* The one line that says what went wrong. DESIGN §3. */
#include "sim/machine/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool error_set(struct error_line *error, int exit_code, const char *format, ...)
{
	va_list args;
	int length;

	error->exit_code = exit_code;
	va_start(args, format);
	length = vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	if (length >= (int)sizeof(error->text))
		memcpy(error->text + sizeof(error->text) - 4, "...", 4);
	/* Names and values come from files: keep it one line, and keep
	 * terminal escapes out. */
	for (char *c = error->text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return false;
}
