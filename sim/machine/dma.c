/* SPDX-License-Identifier: BSD-2-Clause */
/* See dma.h. */
#include "sim/machine/dma.h"

#include <stdlib.h>
#include <string.h>

#include "sim/machine/account.h"
#include "sim/machine/hypervisor.h"
#include "sim/machine/watch.h"

#define FLIGHT_MAX  256 /* as the machine file allows */
#define LATENCY_MAX 1024

struct dma_device {
	uint64_t issue_free; /* when the next request may leave */
	uint64_t complete;   /* of all so far, the latest */
	uint64_t requests;
	uint64_t flight[FLIGHT_MAX]; /* completions, a ring */
};

struct dma {
	struct iommu *io;
	struct machine *m;
	struct dma_device *device;
	uint64_t round_trip, issue; /* 1/1024 cycle */
	/* Requests enter the unit in order and leave it in order. */
	uint64_t entered, translated;
	uint64_t queue[FLIGHT_MAX]; /* when each was translated, a ring */
	uint64_t requests, bytes, faulted, unclaimed, interrupts;
	uint64_t latency_sum; /* 1/1024 cycle */
	uint64_t latency[LATENCY_MAX];
};

struct dma *dma_new(struct iommu *io)
{
	const struct iommu_config *c = io->config;
	struct dma *dma = calloc(1, sizeof(*dma));

	if (!dma)
		return NULL;
	dma->io = io;
	dma->m = io->m;
	dma->round_trip = iommu_ticks(io->m, c->device.round_trip_ns);
	dma->issue = iommu_ticks(io->m, c->device.issue_ns);
	dma->device = calloc(c->devices, sizeof(*dma->device));
	if (dma->device)
		return dma;
	free(dma);
	return NULL;
}

void dma_free(struct dma *dma)
{
	if (dma)
		free(dma->device);
	free(dma);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* ---- latencies ---- */

/* One nanosecond each up to 512, then 64 for each factor of two. */
static unsigned int latency_index(uint64_t ns)
{
	unsigned int halvings = 0, index;

	for (; ns >= 512; halvings++)
		ns /= 2;
	index = halvings ? 512 + 64 * (halvings - 1) + (unsigned int)(ns / 4) -
				   64
			 : (unsigned int)ns;
	return index < LATENCY_MAX ? index : LATENCY_MAX - 1;
}

static uint64_t latency_of(unsigned int index)
{
	if (index < 512)
		return index;
	index -= 512;
	return (uint64_t)(64 + index % 64) << (index / 64 + 3);
}

static void note_latency(struct dma *dma, uint64_t ticks)
{
	dma->latency_sum += ticks;
	dma->latency[latency_index(
		(uint64_t)iommu_ns(dma->m, (double)ticks))]++;
}

/* The least latency that so many thousandths of all requests keep. */
static uint64_t latency_quantile(const struct dma *dma, unsigned int thousandth)
{
	uint64_t want = (dma->requests * thousandth + 999) / 1000, seen = 0;

	for (unsigned int i = 0; i < LATENCY_MAX; i++) {
		seen += dma->latency[i];
		if (seen && seen >= want)
			return latency_of(i);
	}
	return 0;
}

/* ---- memory ---- */

/* Its values, as a coherent observer: what RAM shows to CPUs whose caches are
 * off is not what a device sees. */
void dma_move(struct machine *m, pa_t pa, uint64_t bytes, bool write,
	      uint8_t *data)
{
	bool shown = m->versions && m->versions->memory_shown;
	gfn_t gfn;

	if (m->versions)
		versions_show(m->versions, false);
	if (write)
		memcpy(ram_host(&m->ram, pa), data, bytes);
	else
		memcpy(data, ram_host(&m->ram, pa), bytes);
	if (m->versions && write)
		versions_clean(m->versions, pa, bytes);
	if (m->versions)
		versions_show(m->versions, shown);
	if (write && m->code_changed)
		m->code_changed(m->code_context);
	if (write && m->watch &&
	    hypervisor_gfn(m->hypervisor, mfn_from_pa(pa), &gfn) &&
	    watch_has(m->watch, gfn))
		watch_range(m->watch,
			    (ipa_t){ ipa_from_gfn(gfn).raw |
				     (pa.raw & (FRAME_BYTES - 1)) },
			    bytes);
}

/* All lines of a request are asked for at once. */
static uint64_t memory_time(struct dma *dma, pa_t pa, uint64_t bytes,
			    bool write)
{
	struct machine *m = dma->m;
	uint64_t slowest = 0, at = align_down(pa.raw, m->line_lg2);

	for (; at < pa.raw + bytes; at += m->line_bytes) {
		enum memory_level level =
			memory_access(m->memory, 0, REQUESTER_DMA, (pa_t){ at },
				      write);

		slowest = later(slowest, m->latency[level]);
	}
	return slowest;
}

/* What becomes of a request that the unit has answered; the time it takes. */
static uint64_t finish(struct dma *dma, const struct iommu_answer *answer,
		       const struct dma_access *access)
{
	if (access->data && !access->write)
		memset(access->data, 0, answer->bytes);
	if (answer->result == IOMMU_FAULTED) {
		dma->faulted++;
		return 0;
	}
	if (answer->result == IOMMU_INTERRUPT) {
		dma->interrupts++;
		dma->m->not_modelled =
			"an interrupt that a device sends: four bytes written "
			"to 0xfeexxxxx (VT-d 4.1 3.15, 5.1)";
		return 0;
	}
	if (answer->result == IOMMU_UNCLAIMED ||
	    !ram_has(&dma->m->ram, answer->pa, answer->bytes)) {
		dma->unclaimed++;
		return 0;
	}
	dma->bytes += answer->bytes;
	if (access->data)
		dma_move(dma->m, answer->pa, answer->bytes, access->write,
			 access->data);
	return memory_time(dma, answer->pa, answer->bytes, access->write);
}

/* ---- requests ---- */

static uint32_t request_bytes(const struct dma *dma, const struct dma_access *a)
{
	uint64_t most = dma->io->config->device.request_bytes;
	uint64_t page = FRAME_BYTES - (a->iova.raw & (FRAME_BYTES - 1));

	if (most > page)
		most = page;
	return (uint32_t)(a->bytes < most ? a->bytes : most);
}

/* When the device may issue its next one: not before `now`. */
static uint64_t issue_time(const struct dma *dma, const struct dma_device *d,
			   uint64_t now)
{
	uint32_t in_flight = dma->io->config->device.in_flight;
	uint64_t at = later(now, d->issue_free);

	if (d->requests >= in_flight)
		at = later(at,
			   d->flight[(d->requests - in_flight) % FLIGHT_MAX]);
	return at;
}

/* When it enters the unit, which holds so many that wait. */
static uint64_t enter_time(const struct dma *dma, uint64_t at)
{
	uint32_t queue = dma->io->config->queue;

	if (dma->entered >= queue)
		at = later(at, dma->queue[(dma->entered - queue) % FLIGHT_MAX]);
	return at;
}

/*
 * What the device puts on the bus. Where nothing is translated its driver was
 * given machine addresses: those that the domain would have led to.
 */
static iova_t bus_address(const struct dma *dma, const struct dma_access *a)
{
	if (!iommu_is_direct(dma->io))
		return a->iova;
	return iommu_machine_address(dma->io, a->device, a->iova);
}

/* One request; how many bytes it was. */
static uint32_t request(struct dma *dma, struct dma_device *d, uint64_t issued,
			const struct dma_access *a)
{
	struct iommu_request r = { .device = a->device,
				   .iova = bus_address(dma, a),
				   .bytes = request_bytes(dma, a),
				   .write = a->write,
				   .now = enter_time(dma, issued) };
	struct iommu_answer answer;
	uint64_t done;

	dma->io->ops->translate(dma->io->unit, &r, &answer);
	dma->translated = later(dma->translated, answer.done);
	dma->queue[dma->entered++ % FLIGHT_MAX] = dma->translated;
	done = dma->translated + dma->round_trip + finish(dma, &answer, a);
	d->issue_free = r.now + dma->issue;
	d->complete = later(d->complete, done);
	d->flight[d->requests++ % FLIGHT_MAX] = done;
	dma->requests++;
	note_latency(dma, done - issued);
	return answer.bytes;
}

static void stand_still(struct machine_cpu *cpu, uint64_t until)
{
	uint64_t now = machine_cycles(cpu);

	if (until > now)
		account_charge(cpu, BUCKET_IDLE, until - now);
}

static struct dma_device *device_of(const struct dma *dma, unsigned int device)
{
	return &dma->device[device - dma->io->config->first_device];
}

uint64_t dma_perform(struct iommus *all, struct machine_cpu *cpu,
		     const struct dma_access *access)
{
	struct dma *dma = iommu_of_device(all, access->device)->dma;
	struct dma_device *d = device_of(dma, access->device);
	struct dma_access left = *access;

	dma->m->current = cpu->index; /* which takes the unit's interrupts */
	while (left.bytes) {
		uint64_t issued = issue_time(dma, d, machine_cycles(cpu));
		uint32_t bytes;

		stand_still(cpu, issued);
		bytes = request(dma, d, issued, &left);
		left.iova.raw += bytes;
		left.bytes -= bytes;
		if (left.data)
			left.data += bytes;
	}
	dma->io->ops->serve(dma->io->unit);
	return d->complete;
}

void dma_wait(struct iommus *all, struct machine_cpu *cpu, unsigned int device)
{
	const struct dma *dma = iommu_of_device(all, device)->dma;

	stand_still(cpu, device_of(dma, device)->complete);
}

void dma_stats(const struct dma *dma, json_t *out)
{
	double mean = dma->requests
			      ? iommu_ns(dma->m, (double)dma->latency_sum /
							 (double)dma->requests)
			      : 0;

	json_object_set_new(
		out, "dma",
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "requests",
			  (json_int_t)dma->requests, "bytes",
			  (json_int_t)dma->bytes, "faulted",
			  (json_int_t)dma->faulted, "unclaimed",
			  (json_int_t)dma->unclaimed, "interrupts",
			  (json_int_t)dma->interrupts, "latency_cycles",
			  (json_int_t)(dma->latency_sum >> CYCLE_LG2)));
	json_object_set_new(out, "latency_ns",
			    json_pack("{s:f, s:I, s:I}", "mean", mean, "p50",
				      (json_int_t)latency_quantile(dma, 500),
				      "p99",
				      (json_int_t)latency_quantile(dma, 990)));
}
