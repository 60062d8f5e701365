/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command queue: consumption, errors, and what each command does. IHI0070
 * G.b 3.5, 4.1 to 4.7, 7.1. Reserved fields of commands are not looked at.
 * CMD_ATC_INV and CMD_PRI_RESP are illegal: no ATS, no PRI.
 */
#include "models/smmuv3/cmdq.h"

#include "models/smmuv3/unit.h"

static unsigned int queue_lg2(const struct smmu *s)
{
	unsigned int lg2 =
		(unsigned int)FIELD_GET(SMMU_QBASE_LOG2SIZE, s->r.cmdq_base);

	return lg2 < s->config.cmdq_lg2 ? lg2 : s->config.cmdq_lg2;
}

/* ---- TLBI ---- */

/* One page of what granule may be, or NUM, SCALE and TG's range. 4.4.1.1 */
static enum smmu_cerror tlbi_range(const struct smmu *s, const uint64_t *cmd,
				   struct tlb_match *match)
{
	static const uint8_t granules[4] = { 0, 12, 14, 16 };
	uint64_t tg = FIELD_GET(SMMU_CMD1_TLBI_TG, cmd[1]);
	uint64_t ttl = FIELD_GET(SMMU_CMD1_TLBI_TTL, cmd[1]);
	uint64_t num = FIELD_GET(SMMU_CMD0_TLBI_NUM, cmd[0]);
	uint64_t scale = FIELD_GET(SMMU_CMD0_TLBI_SCALE, cmd[0]);
	uint64_t bytes = BIT(FRAME_LG2);

	match->by_range = true;
	match->first = cmd[1] & FIELD_MASK(SMMU_CMD1_TLBI_Address);
	if (s->config.ril && tg) {
		/* Level 1 of 16K has no leaves: TTL 1 is taken as 0. */
		if (num == 0 && scale == 0 &&
		    (ttl == 0 || (tg == 2 && ttl == 1)))
			return SMMU_CERROR_ILL;
		if (scale + granules[tg] > 58)
			bytes = 0;
		else
			bytes = (num + 1) << scale << granules[tg];
		match->first = align_down(match->first, granules[tg]);
	}
	match->last = match->first + (bytes - 1);
	if (!bytes || match->last < match->first)
		match->last = UINT64_MAX;
	return SMMU_CERROR_NONE;
}

enum by { BY_NOTHING, BY_ASID, BY_VA_ASID, BY_VA, BY_IPA };
struct tlbi_command {
	uint8_t opcode;
	enum by by;
	enum smmu_world world;
	bool stage1, stage2, by_vmid;
};
static const struct tlbi_command tlbi_commands[] = {
	{ SMMU_CMD_TLBI_NH_ALL, BY_NOTHING, SMMU_WORLD_EL1, true, false, true },
	{ SMMU_CMD_TLBI_NH_ASID, BY_ASID, SMMU_WORLD_EL1, true, false, true },
	{ SMMU_CMD_TLBI_NH_VA, BY_VA_ASID, SMMU_WORLD_EL1, true, false, true },
	{ SMMU_CMD_TLBI_NH_VAA, BY_VA, SMMU_WORLD_EL1, true, false, true },
	{ SMMU_CMD_TLBI_EL2_ALL, BY_NOTHING, SMMU_WORLD_EL2, true, false,
	  false },
	{ SMMU_CMD_TLBI_EL2_ASID, BY_ASID, SMMU_WORLD_EL2_E2H, true, false,
	  false },
	{ SMMU_CMD_TLBI_EL2_VA, BY_VA_ASID, SMMU_WORLD_EL2, true, false,
	  false },
	{ SMMU_CMD_TLBI_EL2_VAA, BY_VA, SMMU_WORLD_EL2, true, false, false },
	{ SMMU_CMD_TLBI_S12_VMALL, BY_NOTHING, SMMU_WORLD_EL1, true, true,
	  true },
	{ SMMU_CMD_TLBI_S2_IPA, BY_IPA, SMMU_WORLD_EL1, false, true, true },
	{ SMMU_CMD_TLBI_NSNH_ALL, BY_NOTHING, SMMU_WORLD_EL1, true, true,
	  false },
};

static const struct tlbi_command *tlbi_find(unsigned int opcode)
{
	unsigned int n = sizeof(tlbi_commands) / sizeof(tlbi_commands[0]);

	for (unsigned int i = 0; i < n; i++)
		if (tlbi_commands[i].opcode == opcode)
			return &tlbi_commands[i];
	return NULL;
}

/* 4.4.2, 4.4.3: of stages or ELs that do not exist. */
static bool tlbi_illegal(const struct smmu *s, const struct tlbi_command *it)
{
	if (it->world != SMMU_WORLD_EL1)
		return !s->config.hyp || !s->config.stage1;
	if (it->opcode == SMMU_CMD_TLBI_NSNH_ALL)
		return false;
	return it->stage2 ? !s->config.stage2 : !s->config.stage1;
}

/* EL2 commands by address mean the world that CR2.E2H says. */
static enum smmu_world tlbi_world(const struct smmu *s,
				  const struct tlbi_command *it)
{
	if (it->world == SMMU_WORLD_EL2 && it->by != BY_NOTHING &&
	    FIELD_GET(SMMU_CR2_E2H, s->r.cr2))
		return SMMU_WORLD_EL2_E2H;
	return it->world;
}

static enum smmu_cerror tlbi(struct smmu *s, const struct tlbi_command *it,
			     const uint64_t *cmd)
{
	struct smmu_tlbi tlbi = {
		.world = tlbi_world(s, it),
		.stage1 = it->stage1,
		.stage2 = it->stage2,
		.leaf_only = it->by >= BY_VA_ASID &&
			     FIELD_GET(SMMU_CMD1_TLBI_Leaf, cmd[1]),
	};
	struct tlb_match *match = &tlbi.match;
	enum smmu_cerror error = SMMU_CERROR_NONE;

	if (tlbi_illegal(s, it))
		return SMMU_CERROR_ILL;
	if (it->by >= BY_VA_ASID)
		error = tlbi_range(s, cmd, match);
	if (error != SMMU_CERROR_NONE)
		return error;
	if (it->by == BY_IPA)
		match->first &= MASK(0, 52);
	match->by_vmid = it->by_vmid && s->config.stage2;
	match->vmid = (uint16_t)FIELD_GET(SMMU_CMD0_TLBI_VMID, cmd[0]);
	match->by_asid = (it->by == BY_ASID || it->by == BY_VA_ASID) &&
			 tlbi.world != SMMU_WORLD_EL2;
	match->asid = (uint16_t)FIELD_GET(SMMU_CMD0_TLBI_ASID, cmd[0]);
	match->globals_too = it->by == BY_VA_ASID;
	s->counters.commands.dropped += smmu_tlbi(s, &tlbi);
	if (it->opcode == SMMU_CMD_TLBI_EL2_ALL) {
		tlbi.world = SMMU_WORLD_EL2_E2H;
		s->counters.commands.dropped += smmu_tlbi(s, &tlbi);
	}
	return SMMU_CERROR_NONE;
}

/* ---- configuration ---- */

static enum smmu_cerror cfgi_range(struct smmu *s, const uint64_t *cmd)
{
	uint64_t range = FIELD_GET(SMMU_CMD1_CFGI_Range, cmd[1]);
	uint64_t sid = FIELD_GET(SMMU_CMD0_StreamID, cmd[0]);
	uint64_t first = align_down(sid, (unsigned int)range + 1);

	s->counters.commands.dropped +=
		smmu_cfgi_streams(s, (uint32_t)first,
				  (uint32_t)(first + (BIT(range + 1) - 1)));
	return SMMU_CERROR_NONE;
}

/* Into the caches; what is wrong is not said. Of PREFETCH_ADDR's range the
 * first page: how far it goes is a hint. */
static void prefetch(struct smmu *s, unsigned int opcode, const uint64_t *cmd)
{
	bool address = opcode == SMMU_CMD_PREFETCH_ADDR;
	const struct smmu_request request = {
		.sid = (uint32_t)FIELD_GET(SMMU_CMD0_StreamID, cmd[0]),
		.ssid = (uint32_t)FIELD_GET(SMMU_CMD0_SubstreamID, cmd[0]),
		.ssv = FIELD_GET(SMMU_CMD0_SSV, cmd[0]),
		.address = address ? cmd[1] & FIELD_MASK(SMMU_CMD1_TLBI_Address)
				   : 0,
	};

	if (s->config.choices.smmu_prefetch == SMMU_PREFETCH_USED)
		s->prefetch_ticks += smmu_prefetch(s, &request, address);
}

static enum smmu_cerror configuration(struct smmu *s, unsigned int opcode,
				      const uint64_t *cmd)
{
	uint32_t sid = (uint32_t)FIELD_GET(SMMU_CMD0_StreamID, cmd[0]);
	uint32_t ssid = (uint32_t)FIELD_GET(SMMU_CMD0_SubstreamID, cmd[0]);
	bool all = opcode == SMMU_CMD_CFGI_CD_ALL;

	if (FIELD_GET(SMMU_CMD0_SSec, cmd[0]))
		return SMMU_CERROR_ILL;
	switch (opcode) {
	case SMMU_CMD_PREFETCH_CONFIG:
	case SMMU_CMD_PREFETCH_ADDR:
		prefetch(s, opcode, cmd);
		return SMMU_CERROR_NONE;
	case SMMU_CMD_CFGI_STE:
		s->counters.commands.dropped += smmu_cfgi_streams(s, sid, sid);
		return SMMU_CERROR_NONE;
	case SMMU_CMD_CFGI_STE_RANGE:
		return cfgi_range(s, cmd);
	default:
		if (!s->config.stage1)
			return SMMU_CERROR_ILL;
		s->counters.commands.dropped +=
			smmu_cfgi_cds(s, sid, all, ssid);
		return SMMU_CERROR_NONE;
	}
}

/* ---- stalls and synchronisation ---- */

static enum smmu_cerror stalls(struct smmu *s, unsigned int opcode,
			       const uint64_t *cmd)
{
	uint32_t sid = (uint32_t)FIELD_GET(SMMU_CMD0_RESUME_StreamID, cmd[0]);
	bool retry = FIELD_GET(SMMU_CMD0_RESUME_Ac, cmd[0]);
	bool abort = FIELD_GET(SMMU_CMD0_RESUME_Ab, cmd[0]) ||
		     s->config.term_abort_only;

	if (FIELD_GET(SMMU_CMD0_RESUME_SSec, cmd[0]) ||
	    s->config.stall_model == SMMU_TERMINATE_ONLY)
		return SMMU_CERROR_ILL;
	if (opcode == SMMU_CMD_STALL_TERM)
		smmu_stalls_terminate(s, false, sid);
	else /* a STAG of nobody's has no effect */
		(void)smmu_stall_resume(
			s, sid,
			(uint16_t)FIELD_GET(SMMU_CMD1_RESUME_STAG, cmd[1]),
			retry	? SMMU_RETRY
			: abort ? SMMU_TERMINATE_ABORT
				: SMMU_TERMINATE_RAZ_WI);
	return SMMU_CERROR_NONE;
}

static enum smmu_cerror sync(struct smmu *s, const uint64_t *cmd)
{
	uint64_t cs = FIELD_GET(SMMU_CMD0_SYNC_CS, cmd[0]);

	if (cs == 3)
		return SMMU_CERROR_ILL;
	s->counters.commands.syncs++;
	if (cs == 1)
		smmu_interrupt(s, SMMU_IRQ_CMD_SYNC,
			       cmd[1] & FIELD_MASK(SMMU_CMD1_SYNC_MSIAddress) &
				       MASK(0, 56),
			       (uint32_t)FIELD_GET(SMMU_CMD0_SYNC_MSIData,
						   cmd[0]));
	return SMMU_CERROR_NONE;
}

/* ---- the queue ---- */

static enum smmu_cerror execute(struct smmu *s, const uint64_t *cmd)
{
	unsigned int opcode = (unsigned int)FIELD_GET(SMMU_CMD0_Opcode, cmd[0]);
	const struct tlbi_command *it = tlbi_find(opcode);

	s->counters.commands.by_opcode[opcode]++;
	if (it)
		return tlbi(s, it, cmd);
	switch (opcode) {
	case SMMU_CMD_PREFETCH_CONFIG:
	case SMMU_CMD_PREFETCH_ADDR:
	case SMMU_CMD_CFGI_STE:
	case SMMU_CMD_CFGI_STE_RANGE:
	case SMMU_CMD_CFGI_CD:
	case SMMU_CMD_CFGI_CD_ALL:
		return configuration(s, opcode, cmd);
	case SMMU_CMD_RESUME:
	case SMMU_CMD_STALL_TERM:
		return stalls(s, opcode, cmd);
	case SMMU_CMD_SYNC:
		return sync(s, cmd);
	default:
		return SMMU_CERROR_ILL;
	}
}

static void fail(struct smmu *s, enum smmu_cerror error)
{
	s->counters.commands.errors++;
	s->r.cmdq_cons &= (uint32_t)~FIELD_MASK(SMMU_CMDQ_CONS_ERR);
	s->r.cmdq_cons |= (uint32_t)FIELD_PREP(SMMU_CMDQ_CONS_ERR, error);
	smmu_gerror(s, FIELD_MASK(SMMU_GERROR_CMDQ_ERR));
}

static bool runnable(const struct smmu *s, uint32_t mask)
{
	uint32_t active = s->r.gerror ^ s->r.gerrorn;

	return FIELD_GET(SMMU_CR0_CMDQEN, s->r.cr0) &&
	       !(active & FIELD_MASK(SMMU_GERROR_CMDQ_ERR)) &&
	       ((s->r.cmdq_prod ^ s->r.cmdq_cons) & mask);
}

static enum smmu_cerror next(struct smmu *s, unsigned int lg2, uint64_t *ticks)
{
	uint64_t base = align_down(s->r.cmdq_base & FIELD_MASK(SMMU_QBASE_ADDR),
				   lg2 + 4 < 5 ? 5 : lg2 + 4);
	uint64_t pa = base + (s->r.cmdq_cons & (BIT(lg2) - 1)) * 16, cmd[2];
	enum smmu_cerror error;

	if (!s->ops->read(s->context, pa & smmu_oas_mask(s), 2,
			  smmu_coherent(s,
					FIELD_GET(SMMU_CR1_QUEUE_IC, s->r.cr1),
					FIELD_GET(SMMU_CR1_QUEUE_OC, s->r.cr1)),
			  cmd, ticks))
		return SMMU_CERROR_ABT;
	error = execute(s, cmd);
	if (error == SMMU_CERROR_NONE && s->ops->notice)
		s->ops->notice(s->context,
			       &(struct smmu_notice){
				       .kind = SMMU_NOTICE_COMMAND,
				       .word = { cmd[0], cmd[1] } });
	return error;
}

/* However PROD stands to CONS, the loop ends: CONS moves on by one. */
void smmu_commands_run(struct smmu *s)
{
	unsigned int lg2 = queue_lg2(s);
	uint32_t mask = (uint32_t)MASK(0, lg2 + 1);
	uint64_t ticks = 0;
	enum smmu_cerror error;

	while (runnable(s, mask)) {
		error = next(s, lg2, &ticks);
		ticks += s->config.command_ticks;
		if (error != SMMU_CERROR_NONE) {
			fail(s, error);
			break;
		}
		s->counters.commands.count++;
		s->r.cmdq_cons = (s->r.cmdq_cons & ~mask) |
				 ((s->r.cmdq_cons + 1) & mask);
	}
	if (s->commands_done < s->now)
		s->commands_done = s->now;
	s->commands_done += ticks + s->prefetch_ticks;
	s->prefetch_ticks = 0;
}
