/* SPDX-License-Identifier: BSD-2-Clause */
/* See edu_device.h. */
#include "edu_device.h"

#define ECAM	  UINT64_C(0x4010000000)
#define BAR	  UINT64_C(0x10000000)
#define BAR_BYTES UINT64_C(0x100000)
#define IDENTITY  0x11e81234u

static volatile uint32_t *config(uint64_t device, uint64_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(ECAM + ((device + 1) << 15) +
						offset);
}

volatile uint32_t *edu_narrow(uint64_t device, uint64_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(BAR + device * BAR_BYTES +
						offset);
}

volatile uint64_t *edu_wide(uint64_t device, uint64_t offset)
{
	return (volatile uint64_t *)(uintptr_t)(BAR + device * BAR_BYTES +
						offset);
}

uint64_t edu_find(void)
{
	uint64_t d;

	for (d = 0; d < EDU_DEVICES_MAX && *config(d, 0) == IDENTITY; d++) {
		*config(d, 0x10) = (uint32_t)(BAR + d * BAR_BYTES);
		*config(d, 4) = 6; /* memory space, bus master */
	}
	return d;
}

void edu_copy(uint64_t device, uint64_t from, uint64_t to, uint64_t bytes,
	      bool to_memory)
{
	*edu_wide(device, 0x80) = from;
	*edu_wide(device, 0x88) = to;
	*edu_wide(device, 0x90) = bytes;
	*edu_wide(device, 0x98) = to_memory ? 3 : 1;
	while (*edu_wide(device, 0x98) & 1)
		;
}
