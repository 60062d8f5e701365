/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transactions that wait for CMD_RESUME: their records, which are never lost,
 * and how they end. IHI0070 G.b 3.12.2, 4.6.
 */
#include <string.h>

#include "models/smmuv3/unit.h"

static int stall_place(const struct smmu *s)
{
	for (unsigned int i = 0; i < s->config.stalls; i++)
		if (!s->stalled[i].used)
			return (int)i;
	return -1;
}

bool smmu_stall(struct smmu_transaction *t)
{
	struct smmu *s = t->smmu;
	int place = stall_place(s);
	struct smmu_stalled *it;

	if (place < 0)
		return false;
	it = &s->stalled[place];
	t->out->result = SMMU_STALLED;
	t->out->stag = (uint16_t)place;
	t->out->record[1] |= FIELD_PREP(SMMU_EVT1_Stall, 1) |
			     FIELD_PREP(SMMU_EVT1_STAG, place);
	it->used = true;
	it->sid = t->request->sid;
	memcpy(it->record, t->out->record, sizeof(it->record));
	it->recorded = t->out->recorded = smmu_eventq_put(s, it->record);
	s->counters.events.stalled++;
	return true;
}

void smmu_events_pending(struct smmu *s)
{
	for (unsigned int i = 0; i < s->config.stalls; i++) {
		struct smmu_stalled *it = &s->stalled[i];

		if (it->used && !it->recorded)
			it->recorded = smmu_eventq_put(s, it->record);
	}
}

static void resume(struct smmu *s, uint16_t stag, enum smmu_resume how)
{
	s->stalled[stag].used = false;
	s->counters.events.resumed++;
	if (s->ops->resume)
		s->ops->resume(s->context, s->stalled[stag].sid, stag, how);
}

bool smmu_stall_resume(struct smmu *s, uint32_t sid, uint16_t stag,
		       enum smmu_resume how)
{
	if (stag >= s->config.stalls || !s->stalled[stag].used ||
	    s->stalled[stag].sid != sid)
		return false;
	resume(s, stag, how);
	return true;
}

void smmu_stalls_terminate(struct smmu *s, bool any_stream, uint32_t sid)
{
	for (uint16_t i = 0; i < s->config.stalls; i++)
		if (s->stalled[i].used &&
		    (any_stream || s->stalled[i].sid == sid))
			resume(s, i, SMMU_TERMINATE_ABORT);
}
