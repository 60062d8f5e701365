/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers of system calls: arguments x0..x5 in, result or negative errno
 * out, or one of RESULT_*. One declaration for each that syscalls.def names
 * (repeated where several calls share one).
 */
#ifndef SIM_GUEST_LINUX_SYSCALLS_H
#define SIM_GUEST_LINUX_SYSCALLS_H

#include "sim/guest/linux/kernel.h"

#define SYSCALL(number, name, handler) \
	int64_t sys_##handler(struct linux_kernel *k, const uint64_t a[6]);
#define KNOWN(number, name)
#include "sim/guest/linux/syscalls.def"
#undef SYSCALL
#undef KNOWN

#endif
