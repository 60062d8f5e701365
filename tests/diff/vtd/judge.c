/* SPDX-License-Identifier: BSD-2-Clause */
/* The model's side of the campaign. */
#include "tests/diff/vtd/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bits.h"
#include "core/base/bug.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

/* A and D bits are kept apart: QEMU is to find memory as it was written. */
static uint64_t word_at(const struct judge *j, uint64_t pa)
{
	for (unsigned int i = 0; i < j->updates; i++)
		if (j->update[i].pa == pa)
			return j->update[i].value;
	return ram_get(j->ram, pa);
}

static bool read_descriptor(void *context, uint64_t pa, unsigned int words,
			    bool coherent, uint64_t *out, uint64_t *ticks)
{
	const struct judge *j = context;

	(void)coherent;
	*ticks += 100;
	if (pa > RAM_BYTES - 8 * (uint64_t)words)
		return false;
	for (unsigned int i = 0; i < words; i++)
		out[i] = word_at(j, pa + 8 * i);
	return true;
}

static bool update_descriptor(void *context, uint64_t pa, uint64_t expected,
			      uint64_t desired, uint64_t *ticks)
{
	struct judge *j = context;
	unsigned int i = 0;

	*ticks += 100;
	if (word_at(j, pa) != expected || j->updates == UPDATES_MAX)
		return false;
	while (i < j->updates && j->update[i].pa != pa)
		i++;
	if (i == j->updates) {
		j->update[i].before = expected;
		j->updates++;
	}
	j->update[i].pa = pa;
	j->update[i].value = desired;
	return true;
}

static bool write_status(void *context, uint64_t pa, uint32_t data)
{
	(void)context;
	(void)data;
	return pa == STATUS_PA;
}

static const struct vtd_ops ops = {
	.read_descriptor = read_descriptor,
	.update_descriptor = update_descriptor,
	.write_status = write_status,
};

struct vtd_config judge_config(const struct flavour *f)
{
	struct vtd_config c = vtd_config_common();

	c.haw_bits = c.mgaw_bits = f->aw_bits;
	c.levels_mask = f->aw_bits == 48 ? 6 : 2;
	c.fault_records = 1;
	/* QEMU sets A and D, although it reports C = 0 ... */
	c.coherent = f->first;
	/* ... and takes SNP in scalable mode, although it reports SC = 0. */
	c.snoop_control = f->snoop_control || f->scalable;
	c.pass_through = f->pass_through;
	c.scalable = f->scalable;
	c.first_stage = f->first;
	/* It wants AW of a first stage, too, although it reports SSTS = 0. */
	c.second_stage = f->scalable;
	c.first_1g = f->first_1g;
	c.supervisor = f->scalable && !f->first;
	c.rid_pasid = f->scalable;
	return c;
}

bool judge_start(struct judge *j, const struct vtd_config *config, uint8_t *ram)
{
	const char *problem = vtd_config_problem(config);

	memset(j, 0, sizeof(*j));
	j->ram = ram;
	model_random_seed(&j->random, 1);
	if (problem)
		fprintf(stderr, "conformance-vtd: %s\n", problem);
	else
		j->vtd = vtd_new(config, &ops, j, &j->random);
	if (j->vtd && config->scalable) {
		vtd_mmio_write(j->vtd, 0x90, QUEUE_PA | BIT(11), 8, 0);
		vtd_mmio_write(j->vtd, 0x18, BIT(26), 4, 0);
	}
	return j->vtd;
}

void judge_stop(struct judge *j)
{
	vtd_free(j->vtd);
}

void judge_program(struct judge *j, const struct batch *b)
{
	uint64_t keep = b->flavour->scalable ? BIT(26) : 0;

	vtd_mmio_write(j->vtd, 0x20, b->rtaddr, 8, 0);
	vtd_mmio_write(j->vtd, 0x18, keep | BIT(31) | BIT(30), 4, 0);
	if (b->flavour->scalable) {
		j->tail = (j->tail + 128) % 4096;
		vtd_mmio_write(j->vtd, 0x88, j->tail, 8, 0);
	} else {
		vtd_mmio_write(j->vtd, 0x28, BIT(63) | BIT(61), 8, 0);
		vtd_mmio_write(j->vtd, 0xf8, BIT(63) | BIT(60), 8, 0);
	}
}

static bool was_walked(const struct vtd_outcome *out)
{
	for (unsigned int i = 0; i < out->reads; i++)
		if (out->read[i].kind >= VTD_READ_FIRST)
			return true;
	return out->iotlb_hit;
}

void judge_ask(struct judge *j, uint16_t sid, const struct vector *vector,
	       struct verdict *v)
{
	const struct vtd_request request = {
		.sid = sid,
		.iova = vector->iova,
		.bytes = 4,
		.write = vector->write,
	};

	j->updates = 0;
	vtd_translate(j->vtd, &request, &v->out);
	v->passes = v->out.result == VTD_TRANSLATED && !was_walked(&v->out);
	v->updates = j->updates;
	memcpy(v->update, j->update, sizeof(v->update));
	v->frcd[0] = vtd_mmio_read(j->vtd, 0x220, 8);
	v->frcd[1] = vtd_mmio_read(j->vtd, 0x228, 8);
	vtd_mmio_write(j->vtd, 0x22c, BIT(31), 4, 0);
	vtd_mmio_write(j->vtd, 0x34, 1, 4, 0);
}
