/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile guest's devices: any sequence of IOMMU and P2M calls, of DMA and of
 * accesses to PCI and edu. Each answer is the one due, and no device reaches
 * what was not mapped for it.
 */
#include "tests/unit/sim/device_sequence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct device_sequence s;

	device_sequence_run(data, size, &s);
	return 0;
}

#ifdef FUZZ_REPLAY
#include "tests/fuzz/replay_main.h"
#endif
