/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the unit tests of IOMMU domains share, VT-d's and Arm's: a domain on
 * the host of port_device.h, its requests, and an end without a violation.
 */
#ifndef TESTS_UNIT_CORE_IOMMU_SPACE_H
#define TESTS_UNIT_CORE_IOMMU_SPACE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core/port_device.h"

#define MB2 UINT64_C(512) /* frames */
#define GB  (MB2 * MB2)

struct space {
	struct device_host *h;
	struct iommu_domain d;
};

static inline void close_space(struct space *s)
{
	int rc;

	do
		rc = iommu_domain_fini(&s->d);
	while (rc == ERR_PREEMPTED);
	assert_int_equal(rc, 0);
	if (s->h->violation)
		fail_msg("%s", s->h->violation);
	assert_int_equal(s->h->allocated, s->h->freed);
	device_delete(s->h);
}

static inline void map(struct space *s, uint64_t dfn, uint64_t mfn, uint64_t frames)
{
	uint64_t done;

	assert_int_equal(iommu_map(&s->d, (dfn_t){ dfn }, (mfn_t){ mfn },
				   frames, IOMMU_ACCESS_RW, &done), 0);
	assert_int_equal(done, frames);
}

static inline void unmap(struct space *s, uint64_t dfn, uint64_t frames)
{
	uint64_t done;

	assert_int_equal(iommu_unmap(&s->d, (dfn_t){ dfn }, frames, &done), 0);
	assert_int_equal(done, frames);
}

#endif
