/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace reader over any bytes: it ends, without a crash, within its
 * bounds. A batch that was accepted is packed again and must be itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "traces/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void pack_again(const struct trace_batch *batch)
{
	struct packer *p = packer_new(batch->blocks, batch->accesses);
	struct unpacker *u = unpacker_new();
	struct trace_batch again = { .blocks = batch->blocks,
				     .accesses = batch->accesses };
	const uint8_t *payload;
	size_t bytes;

	if (p && u) {
		payload = packer_pack(p, batch->block, batch->blocks,
				      batch->access, batch->accesses, &bytes);
		if (unpacker_unpack(u, payload, bytes, &again) ||
		    again.instructions != batch->instructions)
			abort();
		for (uint32_t i = 0; i < batch->blocks; i++)
			if (again.block[i].address != batch->block[i].address)
				abort();
		for (uint64_t i = 0; i < batch->accesses; i++)
			if (again.access[i].address !=
				    batch->access[i].address ||
			    again.access[i].what != batch->access[i].what)
				abort();
	}
	packer_free(p);
	unpacker_free(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace_record record;
	struct trace_batch batch;
	enum trace_next next;
	char error[256];
	struct trace_reader *r =
		trace_reader_open_memory(data, size, error, sizeof(error));

	if (!r)
		return 0;
	while ((next = trace_reader_next(r, &record, &batch)) <=
	       TRACE_NEXT_BATCH) {
		if (next == TRACE_NEXT_RECORD)
			json_decref(trace_record_json(&record));
		else
			pack_again(&batch);
	}
	if (next != TRACE_NEXT_END && strchr(trace_reader_error(r), '\n'))
		abort();
	trace_reader_close(r);
	return 0;
}

#ifdef FUZZ_REPLAY
#include "tests/fuzz/replay_main.h"
#endif
