/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SMMUv3 over hostile memory and registers: the input's first half is
 * memory (stream table, CDs, tables, queues alike, again and again), the rest
 * are register writes and requests, eleven bytes each. Nothing may crash, and
 * what is translated lies within the output size.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bits.h"
#include "models/smmuv3/smmu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	const uint8_t *memory;
	size_t bytes;
};

/* Memory repeats itself up to 4 GiB; beyond nothing answers. */
static bool read_words(void *context, uint64_t pa, unsigned int words,
		       bool coherent, uint64_t *out, uint64_t *ticks)
{
	const struct world *w = context;
	uint8_t bytes[64];

	(void)coherent;
	*ticks += 1;
	if (pa >> 32)
		return false;
	for (unsigned int i = 0; i < 8 * words; i++)
		bytes[i] = w->bytes ? w->memory[(pa + i) % w->bytes] : 0;
	memcpy(out, bytes, 8 * (size_t)words);
	return true;
}

static bool write_bytes(void *context, uint64_t pa, const void *data,
			unsigned int bytes, bool coherent)
{
	(void)context;
	(void)data;
	(void)bytes;
	(void)coherent;
	return pa >> 32 == 0;
}

static const struct smmu_ops ops = { .read = read_words, .write = write_bytes };

static uint64_t word_at(const uint8_t *data)
{
	uint64_t value;

	memcpy(&value, data, sizeof(value));
	return value;
}

static void request(struct smmu *smmu, const uint8_t *data,
		    const struct smmu_config *config)
{
	const struct smmu_request r = {
		.address = word_at(data + 3),
		.bytes = 4,
		.sid = data[1],
		.ssid = data[2],
		.ssv = data[0] & 1,
		.write = data[0] & 2,
		.instruction = data[0] & 4,
		.privileged = data[0] & 8,
	};
	struct smmu_outcome out;

	smmu_translate(smmu, &r, &out);
	if (out.result == SMMU_TRANSLATED && out.pa >> config->oas_bits)
		abort();
	if (out.result == SMMU_STALLED && out.stag >= config->stalls)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { data, size / 2 };
	struct smmu_config config = smmu_config_common();
	struct model_random random;
	struct smmu *smmu;

	if (size < 2)
		return 0;
	config.hyp = data[0] & 1;
	config.cd2l = data[0] & 2;
	config.oas_bits = data[0] & 4 ? 52 : 44;
	config.small_tables = data[0] & 8;
	config.choices.smmu_ste_cont =
		data[0] & 0x10 ? SMMU_STE_CONT_USED : SMMU_STE_CONT_IGNORED;
	if (data[0] & 0x20)
		config.choices.smmu_ste_multiple_match =
			SMMU_STE_MATCH_CONFLICT;
	if (data[0] & 0x40) {
		config.choices.smmu_tlb_multiple_match =
			SMMU_TLB_MATCH_CONFLICT;
		config.bbm_level = 1;
	}
	if (data[0] & 0x80)
		config.choices.smmu_invalid_configuration =
			SMMU_INVALID_NOT_CACHED;
	model_random_seed(&random, 1);
	smmu = smmu_new(&config, &ops, &w, &random);
	if (!smmu)
		return 0;
	for (size_t at = w.bytes; at + 11 <= size; at += 11) {
		const uint8_t *step = data + at;
		uint32_t offset = (uint32_t)(step[1] | (step[2] & 1) << 16);

		if (step[0] & 0x80)
			request(smmu, step, &config);
		else
			smmu_mmio_write(smmu, offset, word_at(step + 3),
					step[0] & 1 ? 8 : 4, 0);
	}
	smmu_free(smmu);
	return 0;
}

#ifdef FUZZ_REPLAY
#include "tests/fuzz/replay_main.h"
#endif
