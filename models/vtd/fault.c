/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault records, fault status, and the events (interrupts) of faults and of
 * invalidation completions. VT-d 4.1 §7.2 (primary fault logging), §7.3,
 * §11.4.7, §11.4.9.
 */
#include "models/vtd/unit.h"

#define FSTS_CLEARABLE                                         \
	(FIELD_MASK(VTD_FSTS_PFO) | FIELD_MASK(VTD_FSTS_IQE) | \
	 FIELD_MASK(VTD_FSTS_ICE) | FIELD_MASK(VTD_FSTS_ITE))
#define FSTS_ALL (FSTS_CLEARABLE | FIELD_MASK(VTD_FSTS_PPF))

static uint64_t *record_word(struct vtd *v, unsigned int record,
			     unsigned int word)
{
	return &v->file[VTD_FRCD / 8 + 2 * record + word];
}

static bool record_pending(struct vtd *v, unsigned int record)
{
	return FIELD_GET(VTD_FRCD1_F, *record_word(v, record, 1));
}

/* Control, data, address and upper address stand side by side. */
void vtd_event(struct vtd *v, uint32_t control)
{
	uint32_t value = vtd_reg32(v, control);
	uint64_t address = vtd_reg32(v, control + 8) |
			   (uint64_t)vtd_reg32(v, control + 12) << 32;

	if (FIELD_GET(VTD_ECTL_IM, value)) {
		vtd_set32(v, control,
			  value | (uint32_t)FIELD_MASK(VTD_ECTL_IP));
		return;
	}
	vtd_set32(v, control, value & ~(uint32_t)FIELD_MASK(VTD_ECTL_IP));
	v->counters.interrupts_sent++;
	if (v->ops->interrupt)
		v->ops->interrupt(v->context, address,
				  vtd_reg32(v, control + 4));
}

void vtd_event_control_write(struct vtd *v, uint32_t control, uint32_t value)
{
	uint32_t pending =
		vtd_reg32(v, control) & (uint32_t)FIELD_MASK(VTD_ECTL_IP);

	vtd_set32(v, control,
		  pending | (value & (uint32_t)FIELD_MASK(VTD_ECTL_IM)));
	if (pending && !FIELD_GET(VTD_ECTL_IM, value))
		vtd_event(v, control);
}

/* An event tells of the first status bit alone. */
void vtd_fault_status(struct vtd *v, uint32_t bit)
{
	uint32_t status = vtd_reg32(v, VTD_FSTS);

	vtd_set32(v, VTD_FSTS, status | bit);
	if (!(status & FSTS_ALL))
		vtd_event(v, VTD_FECTL);
}

void vtd_event_forget(struct vtd *v, uint32_t control)
{
	vtd_set32(v, control,
		  vtd_reg32(v, control) & ~(uint32_t)FIELD_MASK(VTD_ECTL_IP));
}

static void forget_event(struct vtd *v)
{
	if (!(vtd_reg32(v, VTD_FSTS) & FSTS_ALL))
		vtd_event_forget(v, VTD_FECTL);
}

void vtd_fault_status_write(struct vtd *v, uint32_t value)
{
	uint32_t status = vtd_reg32(v, VTD_FSTS);

	vtd_set32(v, VTD_FSTS, status & ~(value & (uint32_t)FSTS_CLEARABLE));
	forget_event(v);
	if (status & value & FIELD_MASK(VTD_FSTS_IQE))
		vtd_queue_run(v);
}

void vtd_fault_record_clear(struct vtd *v, unsigned int record)
{
	uint32_t status = vtd_reg32(v, VTD_FSTS);
	unsigned int i = 0;

	*record_word(v, record, 1) &= ~FIELD_MASK(VTD_FRCD1_F);
	while (i < v->config.fault_records && !record_pending(v, i))
		i++;
	if (i == v->config.fault_records)
		vtd_set32(v, VTD_FSTS,
			  status & ~(uint32_t)FIELD_MASK(VTD_FSTS_PPF));
	forget_event(v);
}

/* Whether FPD keeps it out of the records: not if it came before anything
 * that has such a bit, nor if a PASID table could not be reached. */
static bool qualified(enum vtd_reason reason)
{
	switch (reason) {
	case VTD_LRT_1:
	case VTD_LRT_2:
	case VTD_LRT_3:
	case VTD_LCT_1:
	case VTD_INT_9:
	case VTD_RTA_1:
	case VTD_RTA_2:
	case VTD_SRT_1:
	case VTD_SRT_2:
	case VTD_SRT_3:
	case VTD_SCT_1:
	case VTD_SPD_1:
	case VTD_SPT_1:
		return false;
	default:
		return true;
	}
}

/* Page address, as wide as the widest tables that the unit has. */
static uint64_t fault_info(const struct vtd *v, uint64_t iova)
{
	unsigned int levels = VTD_LEVELS_MAX;

	while (!vtd_levels_supported(v, levels))
		levels--;
	return vtd_address(iova) & MASK(0, VTD_LEVEL_RANGE(levels));
}

static void write_record(struct vtd *v, unsigned int record,
			 const struct vtd_walk *w, enum vtd_reason reason)
{
	const struct vtd_request *r = w->request;
	bool pp = r->has_pasid;

	*record_word(v, record, 0) = fault_info(v, r->iova);
	*record_word(v, record, 1) =
		FIELD_PREP(VTD_FRCD1_SID, r->sid) |
		FIELD_PREP(VTD_FRCD1_FR, reason) |
		FIELD_PREP(VTD_FRCD1_PP, pp) |
		FIELD_PREP(VTD_FRCD1_PV, pp ? r->pasid : 0) |
		FIELD_PREP(VTD_FRCD1_EXE, pp && r->execute) |
		FIELD_PREP(VTD_FRCD1_PRIV, pp && r->privileged) |
		FIELD_PREP(VTD_FRCD1_T1, !r->write) |
		FIELD_PREP(VTD_FRCD1_F, 1);
}

void vtd_fault(struct vtd_walk *w, enum vtd_reason reason)
{
	struct vtd *v = w->vtd;
	unsigned int record = v->next_record;
	uint32_t fri;

	w->out->result = VTD_FAULTED;
	w->out->reason = reason;
	v->counters.faults.by_reason[reason & 0xff]++;
	if (w->fpd && qualified(reason)) {
		w->out->suppressed = true;
		v->counters.faults.suppressed++;
		return;
	}
	if (FIELD_GET(VTD_FSTS_PFO, vtd_reg32(v, VTD_FSTS)) ||
	    record_pending(v, record)) {
		w->out->lost = true;
		v->counters.faults.lost++;
		if (!FIELD_GET(VTD_FSTS_PFO, vtd_reg32(v, VTD_FSTS)))
			vtd_fault_status(v, (uint32_t)FIELD_MASK(VTD_FSTS_PFO));
		return;
	}
	write_record(v, record, w, reason);
	w->out->recorded = true;
	w->out->record = (uint8_t)record;
	v->counters.faults.recorded++;
	v->next_record = (uint8_t)((record + 1) % v->config.fault_records);
	/* FRI: the first record that is pending. */
	if (!FIELD_GET(VTD_FSTS_PPF, vtd_reg32(v, VTD_FSTS))) {
		fri = vtd_reg32(v, VTD_FSTS) &
		      ~(uint32_t)FIELD_MASK(VTD_FSTS_FRI);
		vtd_set32(v, VTD_FSTS,
			  fri | (uint32_t)FIELD_PREP(VTD_FSTS_FRI, record));
		vtd_fault_status(v, (uint32_t)FIELD_MASK(VTD_FSTS_PPF));
	}
}

const char *vtd_reason_name(enum vtd_reason reason)
{
	static const char *const names[256] = {
		[VTD_LRT_2] = "LRT.2", [VTD_LCT_2] = "LCT.2",
		[VTD_LCT_4] = "LCT.4", [VTD_LGN_1] = "LGN.1",
		[VTD_LGN_2] = "LGN.2", [VTD_LGN_3] = "LGN.3",
		[VTD_LSS_1] = "LSS.1", [VTD_LRT_1] = "LRT.1",
		[VTD_LCT_1] = "LCT.1", [VTD_LRT_3] = "LRT.3",
		[VTD_LCT_3] = "LCT.3", [VTD_LSS_2] = "LSS.2",
		[VTD_LGN_4] = "LGN.4", [VTD_INT_9] = "29h",
		[VTD_RTA_1] = "RTA.1", [VTD_RTA_2] = "RTA.2",
		[VTD_SRT_1] = "SRT.1", [VTD_SRT_2] = "SRT.2",
		[VTD_SRT_3] = "SRT.3", [VTD_SCT_1] = "SCT.1",
		[VTD_SCT_2] = "SCT.2", [VTD_SCT_3] = "SCT.3",
		[VTD_SCT_4] = "SCT.4", [VTD_SCT_6] = "SCT.6",
		[VTD_SCT_7] = "SCT.7", [VTD_SCT_9] = "SCT.9",
		[VTD_SPD_1] = "SPD.1", [VTD_SPD_2] = "SPD.2",
		[VTD_SPD_3] = "SPD.3", [VTD_SPT_1] = "SPT.1",
		[VTD_SPT_2] = "SPT.2", [VTD_SPT_3] = "SPT.3",
		[VTD_SPT_4] = "SPT.4", [VTD_SPT_5] = "SPT.5",
		[VTD_SPT_6] = "SPT.6", [VTD_SFS_1] = "SFS.1",
		[VTD_SFS_2] = "SFS.2", [VTD_SFS_3] = "SFS.3",
		[VTD_SFS_4] = "SFS.4", [VTD_SFS_5] = "SFS.5",
		[VTD_SFS_6] = "SFS.6", [VTD_SFS_7] = "SFS.7",
		[VTD_SFS_8] = "SFS.8", [VTD_SSS_1] = "SSS.1",
		[VTD_SSS_2] = "SSS.2", [VTD_SSS_3] = "SSS.3",
		[VTD_SSS_4] = "SSS.4", [VTD_SSS_5] = "SSS.5",
		[VTD_SSS_6] = "SSS.6", [VTD_SGN_1] = "SGN.1",
		[VTD_SGN_2] = "SGN.2", [VTD_SGN_3] = "SGN.3",
		[VTD_SGN_4] = "SGN.4", [VTD_SGN_5] = "SGN.5",
		[VTD_SGN_6] = "SGN.6", [VTD_SGN_7] = "SGN.7",
		[VTD_SGN_8] = "SGN.8", [VTD_SGN_10] = "SGN.10",
		[VTD_SFS_9] = "SFS.9", [VTD_SFS_10] = "SFS.10",
	};
	const char *name = names[(unsigned int)reason & 0xff];

	return name ? name : "none";
}
