/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What became of one operation, in one form for QEMU and the model.
 */
#ifndef TESTS_DIFF_CONFORMANCE_OUTCOME_H
#define TESTS_DIFF_CONFORMANCE_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/diff/el2/mailbox.h"

enum outcome_what {
	OUTCOME_PAR,	 /* AT: `par` */
	OUTCOME_SUCCESS, /* the access happened, in page `page` */
	OUTCOME_ABORT,	 /* an exception, taken to `el` */
	OUTCOME_STRANGE, /* nothing that should come back; not modelled */
};

#define PAGE_UNKNOWN UINT64_MAX
struct outcome {
	enum outcome_what what;
	unsigned int el;
	uint64_t par, esr, far, hpfar;
	uint64_t page; /* of the window; of a load alone */
	const char *why;
};

/* Fields of PAR_EL1 and ESR_ELx, as both sides have them. */
#define PAR_F	  0x1
#define PAR_FST	  0x7e
#define PAR_PTW	  0x100
#define PAR_S	  0x200
#define PAR_SH	  0x180
#define PAR_PA	  UINT64_C(0x000ffffffffff000)
#define PAR_ATTR  UINT64_C(0xff00000000000000)
#define PAR_RES1  0x800
#define ESR_FSC	  0x3f
#define ESR_WNR	  0x40
#define ESR_S1PTW 0x80
#define ESR_CM	  0x100
#define ESR_EC	  UINT64_C(0xfc000000)

/* In what two outcomes differ. */
enum difference {
	DIFFERENT_WHAT = 1 << 0,  /* fault or not; nothing else is compared */
	DIFFERENT_PA = 1 << 1,	  /* output address */
	DIFFERENT_ATTR = 1 << 2,  /* PAR.ATTR */
	DIFFERENT_SH = 1 << 3,	  /* PAR.SH */
	DIFFERENT_KIND = 1 << 4,  /* fault kind and level: FSC, FST */
	DIFFERENT_STAGE = 1 << 5, /* PAR.S; the EL that an abort went to */
	DIFFERENT_S1PTW = 1 << 6, /* PAR.PTW, ISS.S1PTW */
	DIFFERENT_ISS = 1 << 7,	  /* EC, CM, WnR and the rest of ESR */
	DIFFERENT_FAR = 1 << 8,
	DIFFERENT_HPFAR = 1 << 9,
};
#define DIFFERENCES 10
extern const char *const difference_names[DIFFERENCES];
unsigned int outcome_compare(const struct outcome *a, const struct outcome *b);

/* From what the EL2 program gave back. */
struct outcome outcome_of_answer(const struct el2_op *op,
				 const volatile struct el2_answer *answer);

static inline bool kind_is_at(uint32_t kind)
{
	return kind <= EL2_AT_S12E0W;
}
static inline bool kind_is_store(uint32_t kind)
{
	return kind == EL2_STORE_EL1 || kind == EL2_STORE_UNPRIVILEGED ||
	       kind == EL2_STORE_EL0;
}
static inline bool kind_is_fetch(uint32_t kind)
{
	return kind == EL2_FETCH_EL1 || kind == EL2_FETCH_EL0;
}
static inline bool kind_is_el0(uint32_t kind)
{
	return kind == EL2_LOAD_EL0 || kind == EL2_STORE_EL0 ||
	       kind == EL2_FETCH_EL0;
}
extern const char *const kind_names[EL2_KINDS];

#endif
