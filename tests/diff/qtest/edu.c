/* SPDX-License-Identifier: BSD-2-Clause */
/* `edu`: source at 0x80, destination at 0x88, count at 0x90, command at 0x98
 * of its BAR; its buffer is at 0x40000 of its own addresses. */
#include "tests/diff/qtest/edu.h"

#include <string.h>

#define BUFFER	    UINT64_C(0x40000)
#define FROM_MEMORY 1
#define TO_MEMORY   3
#define BAR(bus, i) ((bus)->bars + ((uint64_t)(i) << 20))

void edu_arguments(struct qtest_arguments *a)
{
	for (unsigned int i = 0; i < EDU_DEVICES; i++) {
		qtest_argument(a, "-device");
		qtest_argument(a, "edu,dma_mask=0xffffffffffffffff,addr=0x%x",
			       i + 1);
	}
}

static void transfer(const struct edu_bus *bus, unsigned int i, uint64_t source,
		     uint64_t destination)
{
	qtest_write(bus->q, 8, BAR(bus, i) + 0x80, source);
	qtest_write(bus->q, 8, BAR(bus, i) + 0x88, destination);
}

void edu_aim(const struct edu_bus *bus, unsigned int i, uint64_t address,
	     bool write)
{
	/* Writes send the token, reads go beside it. */
	if (write)
		transfer(bus, i, BUFFER, address);
	else
		transfer(bus, i, address, BUFFER + 16);
}

/* The last device asked. */
static unsigned int last_of(const bool *asked)
{
	unsigned int i = EDU_DEVICES - 1;

	while (i > 0 && !asked[i])
		i--;
	return i;
}

/* The commands go out in one piece, so that QEMU's timers of all devices end
 * at one virtual time; they end in order. */
bool edu_run(const struct edu_bus *bus, const bool *asked, const bool *write)
{
	unsigned int turns = 0, last = last_of(asked);
	uint64_t busy = 1;

	if (!qtest_flush(bus->q))
		return false;
	for (unsigned int i = 0; i < EDU_DEVICES; i++)
		if (asked[i])
			qtest_write(bus->q, 8, BAR(bus, i) + 0x98,
				    write[i] ? TO_MEMORY : FROM_MEMORY);
	while (busy & 1)
		if (!qtest_read(bus->q, 4, BAR(bus, last) + 0x98, &busy) ||
		    turns++ > 100000)
			return false;
	for (unsigned int i = 0; i < EDU_DEVICES; i++) {
		if (!asked[i])
			continue;
		do {
			if (!qtest_read(bus->q, 4, BAR(bus, i) + 0x98, &busy) ||
			    turns++ > 100000)
				return false;
		} while (busy & 1);
	}
	return true;
}

bool edu_prepare(const struct edu_bus *bus, uint64_t scratch,
		 uint8_t *scratch_host)
{
	bool all[EDU_DEVICES], write[EDU_DEVICES] = { false };

	for (unsigned int i = 0; i < EDU_DEVICES; i++) {
		uint64_t config = bus->ecam + ((uint64_t)(i + 1) << 15);
		const uint32_t token = EDU_TOKEN(i);

		qtest_write(bus->q, 4, config + 0x10, (uint32_t)BAR(bus, i));
		qtest_write(bus->q, 4, config + 4, 6);
		memcpy(scratch_host + 8 * (size_t)i, &token, sizeof(token));
	}
	if (!qtest_flush(bus->q))
		return false;
	for (unsigned int i = 0; i < EDU_DEVICES; i++) {
		all[i] = true;
		qtest_write(bus->q, 8, BAR(bus, i) + 0x90, 4);
		transfer(bus, i, scratch + 8 * (uint64_t)i, BUFFER);
	}
	return edu_run(bus, all, write);
}
