/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls by number.
 */
#include "sim/guest/linux/process.h"
#include "sim/guest/linux/syscalls.h"

#define SYSCALL(number, name, handler) [number] = { #name, sys_##handler },
#define KNOWN(number, name)	       [number] = { #name, NULL },
static const struct syscall_entry table[] = {
#include "sim/guest/linux/syscalls.def"
};
#undef SYSCALL
#undef KNOWN

const struct syscall_entry *syscall_find(uint64_t number)
{
	if (number >= sizeof(table) / sizeof(table[0]) || !table[number].name)
		return NULL;
	return &table[number];
}
