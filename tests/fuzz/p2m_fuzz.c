/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The p2m over any sequence of requests, hostile ones among them: each answer
 * is the one due, and the tables are what a frame-by-frame oracle says.
 */
#include "tests/unit/core/p2m_sequence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t calls = 0;

	sequence_run(data, size, &calls);
	return 0;
}

#ifdef FUZZ_REPLAY
#include "tests/fuzz/replay_main.h"
#endif
