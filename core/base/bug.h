/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assertions on our own mistakes, on in every build; never for a guest's or
 * a user's. The host supplies port_bug and says what happens next.
 */
#ifndef CORE_BASE_BUG_H
#define CORE_BASE_BUG_H

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what);

#define BUG_ON(host, condition)                                                \
	do {                                                                   \
		if (__builtin_expect(!!(condition), 0))                        \
			port_bug((host), __FILE__, __LINE__, #condition);      \
	} while (0)

#endif
