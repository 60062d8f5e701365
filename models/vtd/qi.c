/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The invalidation queue. VT-d 4.1 §6.5.2. It is worked off whenever the tail
 * moves, and stops at the first error until software clears FSTS.IQE; the
 * head then stands at the descriptor in error.
 *
 * Left out: device TLBs (types 3 and 8), the interrupt entry cache (4) and
 * page responses (9), whose features the unit does not report: they are
 * errors of type.
 */
#include "models/vtd/qi.h"
#include "models/vtd/unit.h"

static uint64_t queue_bytes(const struct vtd *v)
{
	return UINT64_C(4096) << FIELD_GET(VTD_IQA_QS, v->file[VTD_IQA / 8]);
}

static unsigned int width_lg2(const struct vtd *v)
{
	return FIELD_GET(VTD_IQA_DW, v->file[VTD_IQA / 8]) ? 5 : 4;
}

static void stop(struct vtd *v, enum vtd_queue_error error)
{
	v->counters.invalidations.errors++;
	v->file[VTD_IQERCD / 8] = FIELD_PREP(VTD_IQERCD_IQEI, error);
	vtd_fault_status(v, (uint32_t)FIELD_MASK(VTD_FSTS_IQE));
}

static enum vtd_queue_error do_context(struct vtd *v, const uint64_t *word)
{
	uint64_t g = FIELD_GET(VTD_QI0_G, word[0]);

	if ((word[0] & ~(MASK(0, 6) | MASK(9, 3) | MASK(16, 34))) || word[1] ||
	    g == 0)
		return VTD_IQEI_RESERVED;
	vtd_context_invalidate(v, (enum vtd_granularity)g,
			       (uint16_t)FIELD_GET(VTD_QI0_DID, word[0]),
			       (uint16_t)FIELD_GET(VTD_QICC_SID, word[0]),
			       (unsigned int)FIELD_GET(VTD_QICC_FM, word[0]));
	return VTD_IQEI_NONE;
}

static enum vtd_queue_error do_iotlb(struct vtd *v, const uint64_t *word)
{
	uint64_t g = FIELD_GET(VTD_QI0_G, word[0]);

	if ((word[0] & ~(MASK(0, 8) | MASK(9, 3) | MASK(16, 16))) ||
	    (word[1] & MASK(7, 5)) || g == 0)
		return VTD_IQEI_RESERVED;
	if (g == VTD_SELECTIVE &&
	    (!v->config.page_selective ||
	     FIELD_GET(VTD_IVA_AM, word[1]) > v->config.mamv))
		return VTD_IQEI_RESERVED;
	vtd_iotlb_invalidate(v, (enum vtd_granularity)g,
			     (uint16_t)FIELD_GET(VTD_QI0_DID, word[0]),
			     word[1]);
	if (vtd_drains(v, FIELD_GET(VTD_QIIOTLB_DW, word[0]),
		       FIELD_GET(VTD_QIIOTLB_DR, word[0])))
		vtd_drain(v);
	return VTD_IQEI_NONE;
}

static enum vtd_queue_error do_pasid(struct vtd *v, const uint64_t *word)
{
	uint64_t g = FIELD_GET(VTD_QI0_G, word[0]);

	if ((word[0] & ~(MASK(0, 6) | MASK(9, 3) | MASK(16, 36))) || word[1] ||
	    g == 2)
		return VTD_IQEI_RESERVED;
	vtd_pasid_invalidate(v, (enum vtd_pasid_granularity)g,
			     (uint16_t)FIELD_GET(VTD_QI0_DID, word[0]),
			     (uint32_t)FIELD_GET(VTD_QIPASID_PASID, word[0]));
	return VTD_IQEI_NONE;
}

static enum vtd_queue_error do_pasid_iotlb(struct vtd *v, const uint64_t *word)
{
	uint64_t g = FIELD_GET(VTD_QI0_G, word[0]);
	bool page = g == 3;

	if ((word[0] & ~(MASK(0, 6) | MASK(9, 3) | MASK(16, 36))) || g < 2 ||
	    (word[1] & MASK(7, 5)) || (!page && word[1]))
		return VTD_IQEI_RESERVED;
	/* MAMV and PSI are the second stage's: any mask will do. */
	vtd_iotlb_invalidate_pasid(
		v, page, (uint16_t)FIELD_GET(VTD_QI0_DID, word[0]),
		(uint32_t)FIELD_GET(VTD_QIPASID_PASID, word[0]), word[1]);
	/* PASID-based invalidation always drains. */
	vtd_drain(v);
	return VTD_IQEI_NONE;
}

static enum vtd_queue_error do_wait(struct vtd *v, const uint64_t *word)
{
	/* PD is of page requests, which there are none of. */
	if ((word[0] & (FIELD_MASK(VTD_QIWAIT_PD) | BIT(8) | MASK(12, 20))) ||
	    (word[1] & 3))
		return VTD_IQEI_RESERVED;
	v->counters.invalidations.waits++;
	if (FIELD_GET(VTD_QIWAIT_SW, word[0]))
		v->ops->write_status(v->context, word[1] & ~vtd_beyond_haw(v),
				     (uint32_t)FIELD_GET(VTD_QIWAIT_DATA,
							 word[0]));
	if (!FIELD_GET(VTD_QIWAIT_IF, word[0]) ||
	    FIELD_GET(VTD_ICS_IWC, vtd_reg32(v, VTD_ICS)))
		return VTD_IQEI_NONE;
	vtd_set32(v, VTD_ICS, (uint32_t)FIELD_MASK(VTD_ICS_IWC));
	vtd_event(v, VTD_IECTL);
	return VTD_IQEI_NONE;
}

static enum vtd_queue_error execute(struct vtd *v, const uint64_t *word)
{
	uint64_t type = FIELD_GET(VTD_QI0_TYPE, word[0]) |
			FIELD_GET(VTD_QI0_TYPE_HIGH, word[0]) << 4;
	bool scalable = v->ttm == VTD_TTM_SCALABLE;

	if (word[2] || word[3])
		return VTD_IQEI_RESERVED;
	switch (type) {
	case VTD_QI_CONTEXT:
		return do_context(v, word);
	case VTD_QI_IOTLB:
		return do_iotlb(v, word);
	case VTD_QI_WAIT:
		return do_wait(v, word);
	case VTD_QI_PASID_IOTLB:
		return scalable ? do_pasid_iotlb(v, word) : VTD_IQEI_TYPE;
	case VTD_QI_PASID:
		return scalable ? do_pasid(v, word) : VTD_IQEI_TYPE;
	default:
		return VTD_IQEI_TYPE;
	}
}

/* What is wrong with the queue as it is programmed. */
static enum vtd_queue_error queue_error(const struct vtd *v)
{
	uint64_t tail = v->file[VTD_IQT / 8];

	if (v->ttm > (v->config.scalable ? VTD_TTM_SCALABLE : VTD_TTM_LEGACY))
		return VTD_IQEI_TTM;
	if ((v->ttm == VTD_TTM_SCALABLE && width_lg2(v) == 4) ||
	    (!v->config.scalable && width_lg2(v) == 5))
		return VTD_IQEI_WIDTH;
	if (!is_aligned(tail, width_lg2(v)))
		return VTD_IQEI_ALIGNMENT;
	return tail >= queue_bytes(v) ? VTD_IQEI_TAIL : VTD_IQEI_NONE;
}

static enum vtd_queue_error step(struct vtd *v)
{
	uint64_t head = v->file[VTD_IQH / 8], word[4] = { 0 };
	uint64_t base = vtd_address(v->file[VTD_IQA / 8]), ticks = 0;
	enum vtd_queue_error error;

	/* The queue is snooped, whatever ECAP.C says of the tables. */
	if (!v->ops->read_descriptor(v->context, base + head,
				     1u << (width_lg2(v) - 3), true, word,
				     &ticks))
		return VTD_IQEI_FETCH;
	if (v->invalidated_at < v->now)
		v->invalidated_at = v->now;
	v->invalidated_at += ticks + v->config.descriptor_ticks;
	error = execute(v, word);
	if (error != VTD_IQEI_NONE)
		return error;
	v->counters.invalidations.descriptors++;
	vtd_tell(v, VTD_NOTICE_DESCRIPTOR, word[0], word[1]);
	v->file[VTD_IQH / 8] =
		(head + (UINT64_C(1) << width_lg2(v))) & (queue_bytes(v) - 1);
	return VTD_IQEI_NONE;
}

void vtd_queue_run(struct vtd *v)
{
	enum vtd_queue_error error = VTD_IQEI_NONE;

	if (!v->queueing || FIELD_GET(VTD_FSTS_IQE, vtd_reg32(v, VTD_FSTS)))
		return;
	if (v->file[VTD_IQH / 8] == v->file[VTD_IQT / 8])
		return;
	error = queue_error(v);
	while (error == VTD_IQEI_NONE &&
	       v->file[VTD_IQH / 8] != v->file[VTD_IQT / 8])
		error = step(v);
	if (error != VTD_IQEI_NONE)
		stop(v, error);
}
