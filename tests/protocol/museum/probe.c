/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What no guest can ask of the hypervisor, asked of a core directly:
 *
 *   probe CORE.so lookup   every frame of a mapped run is looked up
 *   probe CORE.so alias    a gfn beyond the space is refused, and nothing is
 *                          mapped by it
 *
 * Prints OK, or FAIL and what is wrong; exit code 0 or 1.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/core/port_array.h"

#include "core/p2m/ops.h"

#define IPA_BITS 40
#define FRAMES	 UINT64_C(512)
#define FIRST	 UINT64_C(0x40000)

static const struct port_ops port = {
	.version = PORT_OPS_VERSION,
	.size = sizeof(struct port_ops),
	.bug = port_bug,
	.table_alloc = port_table_alloc,
	.table_free = port_table_free,
	.table_meta = port_table_meta,
	.table_map = port_table_map,
	.table_unmap = port_table_unmap,
	.pte_read = port_pte_read,
	.pte_write = port_pte_write,
	.table_zero = port_table_zero,
	.pte_clean = port_pte_clean,
	.barrier = port_barrier,
	.tlbi = port_tlbi,
	.memory_clean = port_memory_clean,
	.icache_invalidate = port_icache_invalidate,
	.preempt = port_preempt,
	.time = port_time,
};

static const struct p2m_ops *load(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL), *symbol;
	p2m_core_entry_fn *entry = NULL;

	symbol = handle ? dlsym(handle, P2M_CORE_ENTRY) : NULL;
	memcpy(&entry, &symbol, sizeof(entry));
	return entry ? entry(&port) : NULL;
}

static int fail(const char *what, uint64_t gfn, uint64_t found)
{
	printf("FAIL %s: gfn 0x%llx, 0x%llx\n", what, (unsigned long long)gfn,
	       (unsigned long long)found);
	return 1;
}

static int map(const struct p2m_ops *core, void *space, uint64_t gfn,
	       uint64_t frames)
{
	uint64_t done;

	return core->map(space, (gfn_t){ gfn }, (mfn_t){ gfn }, frames,
			 P2M_RAM_RW, P2M_ACCESS_RWX, &done);
}

/* All but the last frame, so that pages stay pages. */
static int probe_lookup(const struct p2m_ops *core, void *space)
{
	struct p2m_entry entry;

	if (map(core, space, FIRST, FRAMES - 1))
		return fail("a map is refused", FIRST, 0);
	for (uint64_t i = 0; i < FRAMES - 1; i++) {
		core->lookup(space, (gfn_t){ FIRST + i }, &entry);
		if (entry.mfn.raw != FIRST + i)
			return fail("looked up, another mfn is found",
				    FIRST + i, entry.mfn.raw);
	}
	return 0;
}

static int probe_alias(const struct p2m_ops *core, void *space)
{
	const uint64_t space_frames = UINT64_C(1) << (IPA_BITS - FRAME_LG2);
	struct p2m_entry entry;
	int rc;

	if (map(core, space, FIRST, 1))
		return fail("a map is refused", FIRST, 0);
	rc = map(core, space, space_frames + FIRST + 1, 1);
	core->lookup(space, (gfn_t){ FIRST + 1 }, &entry);
	if (entry.type != P2M_INVALID)
		return fail("a map beyond the space became a frame inside",
			    FIRST + 1, entry.mfn.raw);
	if (rc != ERR_RANGE)
		return fail("a map beyond the space is not refused",
			    space_frames + FIRST + 1, (uint64_t)rc);
	return 0;
}

int main(int argc, char **argv)
{
	const struct p2m_config config = {
		.ipa_bits = IPA_BITS,
		.granule_lg2 = 12,
		.start_level = -1,
		.vmid = 1,
		.free_empty = true,
		.coalesce = { .policy = PT_COALESCE_EAGER },
	};
	const struct p2m_ops *core = argc == 3 ? load(argv[1]) : NULL;
	struct port_array *host = array_new(1);
	void *space = core ? calloc(1, core->space_bytes) : NULL;
	int status;

	if (!space || !host) {
		fprintf(stderr, "probe CORE.so lookup|alias\n");
		return 2;
	}
	host->head.port = &port;
	if (core->init(space, host, &config))
		return fail("no space is made", 0, 0);
	status = strcmp(argv[2], "alias") ? probe_lookup(core, space)
					  : probe_alias(core, space);
	if (!status)
		printf("OK %s\n", argv[2]);
	if (!status && core->fini(space))
		return fail("the end is refused", 0, 0);
	free(space);
	array_delete(host);
	return status;
}
