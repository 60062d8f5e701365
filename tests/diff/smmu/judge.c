/* SPDX-License-Identifier: BSD-2-Clause */
/* The model's side of the campaign. */
#include "tests/diff/smmu/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bug.h"

_Noreturn void port_bug(void *host, const char *file, int line,
			const char *what)
{
	(void)host;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

/* Its command queue stands beside memory: QEMU's is in memory. */
static bool read_words(void *context, uint64_t pa, unsigned int words,
		       bool coherent, uint64_t *out, uint64_t *ticks)
{
	const struct judge *j = context;

	(void)coherent;
	*ticks += 100;
	if (pa - CMDQ_PA < 3 * 16 && words == 2) {
		memcpy(out, j->command[(pa - CMDQ_PA) / 16], 16);
		return true;
	}
	if (j->misread && pa == j->misread)
		pa = j->misread_at;
	if (!in_ram(pa, 8 * (uint64_t)words))
		return false;
	for (unsigned int i = 0; i < words; i++)
		out[i] = ram_get(j->ram, pa + 8 * (uint64_t)i);
	return true;
}

/* Records are taken from the outcome; memory is QEMU's. */
static bool write_bytes(void *context, uint64_t pa, const void *data,
			unsigned int bytes, bool coherent)
{
	(void)context;
	(void)pa;
	(void)data;
	(void)bytes;
	(void)coherent;
	return true;
}

static const struct smmu_ops ops = { .read = read_words, .write = write_bytes };

/* As QEMU's ID registers have it. */
struct smmu_config judge_config(void)
{
	struct smmu_config c = smmu_config_common();

	c.btm = c.msi = c.cd2l = false;
	c.stall_model = SMMU_TERMINATE_ONLY;
	c.term_abort_only = true;
	c.ssid_bits = 0;
	c.attr_types_override = c.attr_permissions_override = false;
	c.oas_bits = 44;
	c.minor = 1;
	c.stalls = 0;
	c.contiguous_used = false;
	return c;
}

bool judge_start(struct judge *j, const struct smmu_config *config,
		 uint8_t *ram)
{
	const char *problem = smmu_config_problem(config);

	memset(j, 0, sizeof(*j));
	j->ram = ram;
	model_random_seed(&j->random, 1);
	j->command[0][0] = 0x04; /* CFGI_ALL */
	j->command[0][1] = 31;
	j->command[1][0] = 0x30; /* TLBI_NSNH_ALL */
	j->command[2][0] = 0x46; /* SYNC */
	if (problem)
		fprintf(stderr, "conformance-smmu: %s\n", problem);
	else
		j->smmu = smmu_new(config, &ops, j, &j->random);
	return j->smmu;
}

void judge_stop(struct judge *j)
{
	smmu_free(j->smmu);
	j->smmu = NULL;
}

static void reg(struct judge *j, uint32_t offset, uint64_t value,
		unsigned int bytes)
{
	smmu_mmio_write(j->smmu, offset, value, bytes, 0);
}

void judge_program(struct judge *j, const struct batch *b)
{
	reg(j, 0x20, 0, 4);
	reg(j, 0x28, 0xd75, 4);
	reg(j, 0x2c, 2, 4);
	reg(j, 0x80, b->strtab_base, 8);
	reg(j, 0x88, b->strtab_cfg, 4);
	reg(j, 0x90, CMDQ_PA | 8, 8);
	reg(j, 0x98, 0, 4);
	reg(j, 0x9c, 0, 4);
	reg(j, 0xa0, EVENTQ_PA | 8, 8);
	reg(j, 0x100a8, 0, 4);
	reg(j, 0x100ac, 0, 4);
	reg(j, 0x20, 0x8, 4);
	reg(j, 0x20, 0xc, 4);
	reg(j, 0x98, 3, 4);
	reg(j, 0x20, 0xd, 4);
}

void judge_ask(struct judge *j, unsigned int device,
	       const struct vector *vector, bool privileged,
	       struct smmu_outcome *out)
{
	const struct smmu_request request = {
		.address = vector->address,
		.bytes = 4,
		.sid = EDU_SID(device),
		.write = vector->write,
		.privileged = privileged,
	};

	smmu_translate(j->smmu, &request, out);
	/* Its queue is never read: empty it. */
	reg(j, 0x100ac, smmu_mmio_read(j->smmu, 0x100a8, 4), 4);
}
