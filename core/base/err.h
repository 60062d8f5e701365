/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Results of actions: 0 or one of these. Predicates return bool instead.
 */
#ifndef CORE_BASE_ERR_H
#define CORE_BASE_ERR_H

enum err {
	ERR_OK = 0,
	ERR_NOMEM = -1,	      /* no table page to be had */
	ERR_RANGE = -2,	      /* outside the space, or it wraps */
	ERR_ALIGN = -3,	      /* not aligned to the granule */
	ERR_INVAL = -4,	      /* an argument that means nothing */
	ERR_NOENT = -5,	      /* nothing is mapped there */
	ERR_EXIST = -6,	      /* something is mapped there */
	ERR_PREEMPTED = -7,   /* stopped at the host's wish: call again */
	ERR_UNSUPPORTED = -8, /* the hardware described cannot do this */
};

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
