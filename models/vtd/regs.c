/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register reads and writes. VT-d 4.1 chapter 11. Everything happens at the
 * write: no command is ever seen under way.
 */
#include "models/vtd/unit.h"

uint64_t vtd_mmio_read(const struct vtd *v, uint32_t offset, unsigned int bytes)
{
	if ((bytes != 4 && bytes != 8) || (offset & (bytes - 1)) ||
	    offset > VTD_REGISTERS_BYTES - bytes)
		return 0;
	if (offset + bytes == VTD_CCMD + 8 || offset + bytes == VTD_IOTLB + 8)
		vtd_tell(v, VTD_NOTICE_COMMANDS_DONE, 0, 0);
	return bytes == 8 ? v->file[offset / 8] : vtd_reg32(v, offset);
}

static void begin_invalidation(struct vtd *v)
{
	if (v->invalidated_at < v->now)
		v->invalidated_at = v->now;
	v->invalidated_at += v->config.descriptor_ticks;
}

static void forget_all(struct vtd *v)
{
	begin_invalidation(v);
	vtd_context_invalidate(v, VTD_GLOBAL, 0, 0, 0);
	vtd_pasid_invalidate(v, VTD_PASID_GLOBAL, 0, 0);
	vtd_iotlb_invalidate(v, VTD_GLOBAL, 0, 0);
	vtd_tell(v, VTD_NOTICE_FORGOT_ALL, 0, 0);
}

static void set_root(struct vtd *v)
{
	uint64_t rtaddr = v->file[VTD_RTADDR / 8];

	v->root = vtd_address(rtaddr);
	v->ttm = (uint8_t)FIELD_GET(VTD_RTADDR_TTM, rtaddr);
	if (v->config.set_root_invalidates)
		forget_all(v);
}

/* A unit of scalable mode forgets all when translation is turned off; the
 * next fault is any unit's first. VT-d 4.1 §11.4.4.1, §7.2.1 */
static void set_translating(struct vtd *v, bool on)
{
	if (!on && v->translating && v->config.scalable)
		forget_all(v);
	if (!on)
		v->next_record = 0;
	v->translating = on;
}

/* SRTP and WBF act; TE and QIE stay as written. */
static void write_command(struct vtd *v, uint32_t value)
{
	uint32_t status = vtd_reg32(v, VTD_GSTS);
	uint32_t keep =
		(uint32_t)(FIELD_MASK(VTD_GCMD_TE) |
			   (v->config.queued ? FIELD_MASK(VTD_GCMD_QIE) : 0));

	if (FIELD_GET(VTD_GCMD_SRTP, value)) {
		set_root(v);
		status |= (uint32_t)FIELD_MASK(VTD_GCMD_SRTP);
	}
	if (FIELD_GET(VTD_GCMD_WBF, value)) {
		vtd_flush_buffers(v);
		vtd_tell(v, VTD_NOTICE_WRITE_BUFFER, 0, 0);
	}
	vtd_set32(v, VTD_GSTS, (status & ~keep) | (value & keep));
	set_translating(v, FIELD_GET(VTD_GCMD_TE, value));
	v->queueing = v->config.queued && FIELD_GET(VTD_GCMD_QIE, value);
	if (v->queueing)
		vtd_queue_run(v);
	else
		v->file[VTD_IQH / 8] = 0;
}

/* Registers invalidate nothing while the queue is in use, nor in scalable
 * mode, nor from version 6 on: granularity 0. VT-d 4.1 §6.5.1, §11.4.6 */
static bool registers_invalidate(const struct vtd *v)
{
	return !v->queueing && v->ttm == VTD_TTM_LEGACY &&
	       v->config.version >> 4 < 6;
}

static void write_context_command(struct vtd *v)
{
	uint64_t *word = &v->file[VTD_CCMD / 8];
	uint64_t g = FIELD_GET(VTD_CCMD_CIRG, *word);

	*word &= ~FIELD_MASK(VTD_CCMD_CAIG);
	if (!FIELD_GET(VTD_CCMD_ICC, *word))
		return;
	*word &= ~FIELD_MASK(VTD_CCMD_ICC);
	if (!registers_invalidate(v) || g == 0)
		return;
	begin_invalidation(v);
	vtd_context_invalidate(v, (enum vtd_granularity)g,
			       (uint16_t)FIELD_GET(VTD_CCMD_DID, *word),
			       (uint16_t)FIELD_GET(VTD_CCMD_SID, *word),
			       (unsigned int)FIELD_GET(VTD_CCMD_FM, *word));
	vtd_tell(v, VTD_NOTICE_CONTEXT_COMMAND,
		 *word | FIELD_MASK(VTD_CCMD_ICC), 0);
	*word |= FIELD_PREP(VTD_CCMD_CAIG, g);
}

static void write_iotlb_command(struct vtd *v)
{
	uint64_t *word = &v->file[VTD_IOTLB / 8], iva = v->file[VTD_IVA / 8];
	uint64_t g = FIELD_GET(VTD_IOTLB_IIRG, *word), actual = g;

	*word &= ~FIELD_MASK(VTD_IOTLB_IAIG);
	if (!FIELD_GET(VTD_IOTLB_IVT, *word))
		return;
	*word &= ~FIELD_MASK(VTD_IOTLB_IVT);
	if (!registers_invalidate(v) || g == 0)
		return;
	if (g == VTD_SELECTIVE && v->config.page_selective &&
	    FIELD_GET(VTD_IVA_AM, iva) > v->config.mamv)
		return;
	if (g == VTD_SELECTIVE && !v->config.page_selective)
		actual = VTD_DOMAIN;
	begin_invalidation(v);
	vtd_iotlb_invalidate(v, (enum vtd_granularity)g,
			     (uint16_t)FIELD_GET(VTD_IOTLB_DID, *word), iva);
	vtd_tell(v, VTD_NOTICE_IOTLB_COMMAND,
		 *word | FIELD_MASK(VTD_IOTLB_IVT), iva);
	if (vtd_drains(v, FIELD_GET(VTD_IOTLB_DW, *word),
		       FIELD_GET(VTD_IOTLB_DR, *word)))
		vtd_drain(v);
	*word |= FIELD_PREP(VTD_IOTLB_IAIG, actual);
}

/* Software may write these bits of a word. */
static void merge(struct vtd *v, uint32_t offset, uint64_t value, uint64_t mask)
{
	v->file[offset / 8] = (v->file[offset / 8] & ~mask) | (value & mask);
}

static void write_record_word(struct vtd *v, uint32_t offset, uint64_t value)
{
	uint32_t index = (offset - VTD_FRCD) / 8;

	if ((index & 1) && index / 2 < v->config.fault_records &&
	    FIELD_GET(VTD_FRCD1_F, value & v->file[offset / 8]))
		vtd_fault_record_clear(v, index / 2);
}

/* Two 32-bit registers in one word: control and the data beside it. */
static void write_event(struct vtd *v, uint32_t offset, uint64_t value,
			uint64_t mask)
{
	merge(v, offset, value, mask & MASK(32, 16));
	if (mask & MASK(0, 32))
		vtd_event_control_write(v, offset, (uint32_t)value);
}

static void write_queue_register(struct vtd *v, uint32_t offset, uint64_t value,
				 uint64_t mask)
{
	if (offset == VTD_IQT) {
		merge(v, offset, value, mask & FIELD_MASK(VTD_IQT_QT));
		vtd_queue_run(v);
		return;
	}
	/* Read-only while the queue is in use. */
	if (v->queueing || !v->config.queued)
		return;
	merge(v, offset, value,
	      mask & (FIELD_MASK(VTD_IQA_QS) | FIELD_MASK(VTD_IQA_IQA) |
		      FIELD_MASK(VTD_IQA_DW)));
}

/* One aligned word; `mask` has the bytes that are written. */
static void write_word(struct vtd *v, uint32_t offset, uint64_t value,
		       uint64_t mask)
{
	switch (offset) {
	case VTD_GCMD:
		if (mask & MASK(0, 32))
			write_command(v, (uint32_t)value);
		break;
	case VTD_RTADDR:
		merge(v, offset, value,
		      mask & (FIELD_MASK(VTD_RTADDR_RTA) |
			      FIELD_MASK(VTD_RTADDR_TTM)));
		break;
	case VTD_CCMD:
		merge(v, offset, value, mask & ~FIELD_MASK(VTD_CCMD_CAIG));
		write_context_command(v);
		break;
	case VTD_FSTS & ~7:
		if (mask >> 32)
			vtd_fault_status_write(v, (uint32_t)(value >> 32));
		break;
	case VTD_FECTL:
	case VTD_IECTL:
		write_event(v, offset, value, mask);
		break;
	case VTD_FEADDR:
	case VTD_IEADDR:
		merge(v, offset, value, mask & ~MASK(0, 2));
		break;
	case VTD_IQT:
	case VTD_IQA:
		write_queue_register(v, offset, value, mask);
		break;
	case VTD_ICS & ~7:
		if (value & mask & FIELD_MASK(VTD_ICS_IWC) << 32) {
			vtd_set32(v, VTD_ICS, 0);
			vtd_event_forget(v, VTD_IECTL);
		}
		break;
	case VTD_IVA:
		merge(v, offset, value, mask & ~MASK(7, 5));
		break;
	case VTD_IOTLB:
		merge(v, offset, value, mask & ~FIELD_MASK(VTD_IOTLB_IAIG));
		write_iotlb_command(v);
		break;
	default:
		if (offset >= VTD_FRCD)
			write_record_word(v, offset, value & mask);
		break;
	}
}

void vtd_mmio_write(struct vtd *v, uint32_t offset, uint64_t value,
		    unsigned int bytes, uint64_t now)
{
	unsigned int shift = 8 * (offset & 4);

	if ((bytes != 4 && bytes != 8) || (offset & (bytes - 1)) ||
	    offset > VTD_REGISTERS_BYTES - bytes)
		return;
	v->now = now;
	if (bytes == 8)
		write_word(v, offset, value, UINT64_MAX);
	else
		write_word(v, offset & ~7u, value << shift,
			   MASK(0, 32) << shift);
}
