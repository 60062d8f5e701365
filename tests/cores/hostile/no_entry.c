/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shared library, but no core.
 * expect: not a core: it exports no function p2msim_core_entry
 * exit: 3
 * run: boot
 * shim: none
 */
int answer(void);

__attribute__((visibility("default"))) int answer(void)
{
	return 42;
}
