/* SPDX-License-Identifier: BSD-2-Clause */
/* See iommu_guest.h. */
#include "sim/machine/iommu_guest.h"

#include <stdlib.h>

#include "models/smmuv3/regs.h"
#include "sim/machine/account.h"
#include "sim/machine/dma.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu_smmu.h"
#include "sim/machine/protocol_iommu.h"
#include "sim/machine/watch.h"

struct guest_unit {
	struct iommu *io;
	struct smmu *smmu;
	uint32_t errors; /* active in GERROR when last looked at */
	uint8_t *known;	 /* in a replay, by frame of guest RAM */
};

/* ---- what the model asks of the world ---- */

/* From the unit's address, which is the guest's, to the machine's. */
static bool reach(const struct guest_unit *u, uint64_t ipa, unsigned int access,
		  pa_t *pa)
{
	struct hypervisor *h = u->io->m->hypervisor;
	mfn_t mfn;

	if (!hypervisor_reach(h, gfn_from_ipa((ipa_t){ ipa }), access, &mfn))
		return false;
	*pa = (pa_t){ pa_from_mfn(mfn).raw | (ipa & (FRAME_BYTES - 1)) };
	return true;
}

static uint8_t *known(const struct guest_unit *u, gfn_t gfn)
{
	const struct hypervisor *h = u->io->m->hypervisor;

	return hypervisor_has_ram(h, gfn)
		       ? &u->known[gfn.raw - h->ram_first.raw]
		       : NULL;
}

void iommu_guest_learn(struct iommu *io, gfn_t gfn)
{
	uint8_t *page = known(io->unit, gfn);

	if (page)
		*page = true;
}

/* A page is read: it is watched, or must have been. What the recording's unit
 * never read, a replay on another machine does not know. */
static void note_read(const struct guest_unit *u, gfn_t gfn)
{
	struct machine *m = u->io->m;

	if (m->watch)
		watch_read(m->watch, gfn);
	if (!m->replayed || *known(u, gfn))
		return;
	*known(u, gfn) = true;
	m->divergences++;
}

/* What RAM shows, so that a replay, which has no second version of anything,
 * reads the same. */
static bool read_words(void *context, uint64_t ipa, unsigned int words,
		       bool coherent, uint64_t *out, uint64_t *ticks)
{
	const struct guest_unit *u = context;
	struct machine *m = u->io->m;
	pa_t pa;

	(void)coherent;
	if (!reach(u, ipa, P2M_ACCESS_R, &pa))
		return false;
	note_read(u, gfn_from_ipa((ipa_t){ ipa }));
	*ticks += m->latency[memory_access(m->memory, 0, REQUESTER_DMA, pa,
					   false)];
	__builtin_memcpy(out, ram_host(&m->ram, pa), words * sizeof(*out));
	return true;
}

/* Event records and MSIs. A replay's unit writes the same. */
static bool write_bytes(void *context, uint64_t ipa, const void *data,
			unsigned int bytes, bool coherent)
{
	const struct guest_unit *u = context;
	struct machine *m = u->io->m;
	uint8_t copy[32];
	pa_t pa;

	(void)coherent;
	if (bytes > sizeof(copy) || !reach(u, ipa, P2M_ACCESS_W, &pa))
		return false;
	(void)memory_access(m->memory, 0, REQUESTER_DMA, pa, true);
	__builtin_memcpy(copy, data, bytes);
	dma_move(m, pa, bytes, true, copy);
	return true;
}

static void observe(struct machine *m, struct trace_record record)
{
	if (!m->trace)
		return;
	record.cpu = m->current;
	trace_observe(m->trace, &record);
}

static void interrupt(void *context, enum smmu_irq which)
{
	static const char *const name[] = { "eventq", "cmd-sync", "gerror" };
	const struct guest_unit *u = context;

	observe(u->io->m, (struct trace_record){ .type = TRACE_IOMMU_INTERRUPT,
						 .name = name[which] });
}

static void notice(void *context, const struct smmu_notice *n)
{
	const struct guest_unit *u = context;

	if (u->io->m->protocol)
		protocol_iommu_smmu(u->io, n);
}

static const struct smmu_ops world = {
	.read = read_words,
	.write = write_bytes,
	.interrupt = interrupt,
	.notice = notice,
};

/* ---- the unit ---- */

static void *make(struct iommu *io)
{
	struct guest_unit *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->io = io;
	u->known = calloc(io->m->hypervisor->ram_frames, 1);
	if (u->known)
		u->smmu = smmu_unit_model(io, &world, u);
	if (u->smmu)
		return u;
	free(u->known);
	free(u);
	return NULL;
}

static void end(void *unit)
{
	struct guest_unit *u = unit;

	smmu_free(u->smmu);
	free(u->known);
	free(u);
}

static void observe_errors(struct guest_unit *u)
{
	uint32_t active = (uint32_t)(smmu_mmio_read(u->smmu, SMMU_GERROR, 4) ^
				     smmu_mmio_read(u->smmu, SMMU_GERRORN, 4));

	if (active != u->errors)
		observe(u->io->m,
			(struct trace_record){ .type = TRACE_IOMMU_ERRORS,
					       .value = { active } });
	u->errors = active;
}

/* Commands are consumed while the guest waits: the hypervisor does it. */
void iommu_guest_access(struct iommu *io, struct machine_cpu *cpu,
			uint64_t offset, unsigned int size, bool write,
			uint64_t *value)
{
	struct guest_unit *u = io->unit;
	uint64_t now = machine_cycles(cpu), done;

	if (!write) {
		*value = smmu_mmio_read(u->smmu, (uint32_t)offset, size);
		return;
	}
	smmu_mmio_write(u->smmu, (uint32_t)offset, *value, size, now);
	done = smmu_commands_done_at(u->smmu);
	if (done > now)
		account_charge(cpu, BUCKET_HYPERVISOR, done - now);
	observe_errors(u);
}

/* ---- devices ---- */

static void observe_event(const struct guest_unit *u,
			  const struct smmu_outcome *out)
{
	const uint64_t *word = out->record;

	observe(u->io->m,
		(struct trace_record){ .type = TRACE_IOMMU_EVENT,
				       .name = smmu_event_name(out->event),
				       .value = { word[0], word[1], word[2],
						  word[3], out->recorded } });
}

static enum iommu_result result_of(struct guest_unit *u,
				   const struct iommu_request *request,
				   const struct smmu_outcome *out, pa_t *pa)
{
	switch (out->result) {
	case SMMU_TRANSLATED:
	case SMMU_BYPASSED:
		return reach(u, out->pa,
			     request->write ? P2M_ACCESS_W : P2M_ACCESS_R, pa)
			       ? IOMMU_TRANSLATED
			       : IOMMU_UNCLAIMED;
	case SMMU_ABORTED:
	case SMMU_RAZ_WI: /* zeros are read, and nothing is written */
		break;
	case SMMU_STALLED: /* IDR0.STALL_MODEL says that there is no such */
	case SMMU_NOT_MODELLED:
		u->io->m->not_modelled = out->why ? out->why : "a stall";
		break;
	}
	return IOMMU_FAULTED;
}

static void translate(void *unit, const struct iommu_request *request,
		      struct iommu_answer *answer)
{
	struct guest_unit *u = unit;
	const struct smmu_request r = { .address = request->iova.raw,
					.now = request->now,
					.bytes = request->bytes,
					.sid = smmu_unit_sid(request->device),
					.write = request->write };
	struct smmu_outcome out;
	pa_t pa = { 0 };

	smmu_translate(u->smmu, &r, &out);
	if (u->io->m->protocol && u->io->m->protocol->dma_wanted)
		protocol_iommu_smmu_dma(u->io, request, &r, &out);
	if (out.event != SMMU_NO_EVENT)
		observe_event(u, &out);
	observe_errors(u);
	*answer = (struct iommu_answer){
		.result = result_of(u, request, &out, &pa),
		.bytes = out.bytes,
		.done = out.done,
	};
	answer->pa = pa;
	if (answer->result != IOMMU_TRANSLATED || !answer->bytes)
		answer->bytes = request->bytes;
}

static void nothing_to_serve(void *unit)
{
	(void)unit;
}

static void stats(const void *unit, json_t *out)
{
	const struct guest_unit *u = unit;
	struct smmu_counters c;

	smmu_unit_stats(u->smmu, out);
	smmu_counters(u->smmu, &c);
	json_object_set_new(out, "interrupts",
			    json_pack("{s:I, s:I}", "wired",
				      (json_int_t)c.interrupts, "msi",
				      (json_int_t)c.msis));
}

/* No domains, and nobody who drives it but the guest. */
const struct iommu_unit_ops iommu_unit_guest = {
	.type = "smmuv3",
	.make = make,
	.end = end,
	.serve = nothing_to_serve,
	.translate = translate,
	.stats = stats,
};
