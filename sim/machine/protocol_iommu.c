/* SPDX-License-Identifier: BSD-2-Clause */
/* See protocol_iommu.h. */
#include "sim/machine/protocol_iommu.h"

#include "sim/machine/hypervisor.h"
#include "sim/machine/iommu_smmu.h"

/* Observers are the CPUs, then the units. */
static uint8_t observer(const struct iommu *io)
{
	return (uint8_t)(io->m->config.cpus +
			 (unsigned int)(io - io->m->iommus->unit));
}

/* Of a unit that is the guest's, the guest does it, in its own addresses. */
static struct protocol_event event_of(const struct iommu *io,
				      enum protocol_kind kind)
{
	const struct machine *m = io->m;
	struct protocol_event e = {
		.kind = kind,
		.cpu = (uint8_t)m->current,
		.el2 = true,
		.unit = observer(io),
		.vmid = SIM_VMID,
		.source = { .operation = m->operation,
			    .code = m->iommus->caller,
			    .pc = UINT64_MAX },
	};

	if (io != m->iommus->guests)
		return e;
	e.el2 = false;
	e.world = PROTOCOL_GUEST;
	e.source = (struct protocol_source){ .operation = "access",
					     .pc = m->cpu[m->current].block };
	return e;
}

static void tell(const struct iommu *io, struct protocol_event *e)
{
	const struct protocol_listener *l = io->m->protocol;

	l->event(l->context, e);
}

/* IDR0.BTM, and CR2.PTM clear: IHI0070 G.b 3.17, 6.3.12. */
static bool hears_tlbi(const struct iommu *io)
{
	const struct smmu_unit *u = io->unit;

	return io != io->m->iommus->guests && io->config->smmu.btm &&
	       !(smmu_mmio_read(u->smmu, 0x2c, 4) >> 2 & 1);
}

static struct protocol_unit facts(const struct iommu *io)
{
	const struct iommu_config *c = io->config;
	struct protocol_unit unit = { .noncoherent = !c->coherent };

	if (c->type == IOMMU_SMMUV3) {
		unit.type = PROTOCOL_SMMU;
		unit.output_bits = c->smmu.oas_bits;
		unit.hears_tlbi = hears_tlbi(io);
		return unit;
	}
	unit.type = PROTOCOL_VTD;
	unit.write_buffer = c->vtd.write_buffer_flush;
	unit.caching_mode = c->vtd.caching_mode;
	unit.by_domain = !c->vtd.page_selective;
	unit.output_bits = c->vtd.haw_bits;
	return unit;
}

void protocol_iommu_unit(const struct iommu *io)
{
	struct protocol_event e = event_of(io, PROTOCOL_UNIT);

	e.facts = facts(io);
	tell(io, &e);
}

/* ---- VT-d ---- */

/* One cache after the other, as if by descriptors: all of each. */
static void forgot_all(const struct iommu *io)
{
	static const uint64_t word[][2] = {
		{ 0x11 }, { 0x37 }, { 0x12 }, { 0x25 }
	};
	const struct protocol_unit unit = facts(io);

	for (int i = 0; i < 4; i++) {
		struct protocol_event e = event_of(io, PROTOCOL_UNIT_TLBI);

		if (protocol_vtd_descriptor(&unit, word[i], &e))
			tell(io, &e);
	}
}

static void fetched(const struct iommu *io, const struct vtd_notice *n)
{
	static const enum protocol_config_kind kinds[] = {
		[VTD_READ_ROOT] = PROTOCOL_ROOT_ENTRY,
		[VTD_READ_CONTEXT] = PROTOCOL_CONTEXT_ENTRY,
		[VTD_READ_DIRECTORY] = PROTOCOL_DIRECTORY_ENTRY,
		[VTD_READ_PASID] = PROTOCOL_PASID_ENTRY,
	};
	struct protocol_config config = { .kind = kinds[n->table],
					  .words = (uint8_t)n->words,
					  .sid = n->sid,
					  .address = n->pa };

	if (n->table == VTD_READ_ROOT)
		config.sid &= 0xff00;
	if (n->table == VTD_READ_CONTEXT && n->scalable)
		config.kind = PROTOCOL_SCALABLE_ENTRY;
	if (n->table == VTD_READ_DIRECTORY)
		config.ssid = n->pasid & ~63u;
	if (n->table == VTD_READ_PASID)
		config.ssid = n->pasid;
	protocol_iommu_config(io, &config);
}

void protocol_iommu_vtd(const struct iommu *io, const struct vtd_notice *n)
{
	const struct protocol_unit unit = facts(io);
	struct protocol_event e = event_of(io, PROTOCOL_UNIT_WAIT);
	bool told = true;

	switch (n->kind) {
	case VTD_NOTICE_DESCRIPTOR:
		told = protocol_vtd_descriptor(&unit, n->word, &e);
		break;
	case VTD_NOTICE_CONTEXT_COMMAND:
		told = protocol_vtd_context_command(n->word[0], &e);
		break;
	case VTD_NOTICE_IOTLB_COMMAND:
		told = protocol_vtd_iotlb_command(&unit, n->word[0], n->word[1],
						  &e);
		break;
	case VTD_NOTICE_COMMANDS_DONE:
		break;
	case VTD_NOTICE_WRITE_BUFFER:
		e.kind = PROTOCOL_UNIT_BUFFER;
		break;
	case VTD_NOTICE_FORGOT_ALL:
		forgot_all(io);
		return;
	case VTD_NOTICE_FETCHED:
		fetched(io, n);
		return;
	}
	if (told)
		tell(io, &e);
}

/* ---- SMMUv3 ---- */

void protocol_iommu_smmu(const struct iommu *io, const struct smmu_notice *n)
{
	struct protocol_event e = event_of(io, PROTOCOL_UNIT_TLBI);
	const struct protocol_config config = {
		.kind = n->kind == SMMU_NOTICE_CD ? PROTOCOL_CD : PROTOCOL_STE,
		.words = 8,
		.sid = n->sid,
		.ssid = n->ssid,
		.address = n->pa,
	};

	if (n->kind != SMMU_NOTICE_COMMAND)
		protocol_iommu_config(io, &config);
	else if (protocol_smmu_command(n->word, &e))
		tell(io, &e);
}

void protocol_iommu_smmu_dma(const struct iommu *io,
			     const struct iommu_request *request,
			     const struct smmu_request *r,
			     const struct smmu_outcome *out)
{
	const struct protocol_dma dma = {
		.sid = r->sid,
		.ssid = r->ssid,
		.did = io->domains ? iommu_domain_of(io->m->iommus,
						     request->device)
					     ->config.did
				   : 0,
		.reached = out->result == SMMU_TRANSLATED ||
			   out->result == SMMU_BYPASSED,
		.by_held_config = out->ste_hit || out->cd_hit,
		.iova = r->address,
		.pa = out->pa,
	};

	protocol_iommu_dma(io, &dma);
}

/* ---- all types ---- */

void protocol_iommu_config(const struct iommu *io,
			   const struct protocol_config *config)
{
	struct protocol_event e = event_of(io, PROTOCOL_CONFIG);

	e.config = *config;
	tell(io, &e);
}

void protocol_iommu_dma(const struct iommu *io, const struct protocol_dma *dma)
{
	struct protocol_event e = event_of(io, PROTOCOL_DMA);

	e.source.operation = "DMA";
	e.dma = *dma;
	tell(io, &e);
}

void protocol_iommu_done(const struct iommu *io, const struct iommu_domain *d)
{
	struct protocol_event e = event_of(io, PROTOCOL_DONE);

	e.unit = 0;
	e.of_domain = true;
	e.did = d->config.did;
	e.deferred = !iommu_is_flushed(d);
	tell(io, &e);
}
