/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows another version of the port.
 * expect: the core refuses version 2 of core/port_ops.h, which this p2msim has
 * exit: 3
 * run: boot
 * shim: none
 */
#include "core/port_ops.h"

__attribute__((visibility("default"))) const struct p2m_ops *
p2msim_core_entry(const struct port_ops *port)
{
	(void)port;
	return NULL;
}
