/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams of devices that do what devices do: a NIC's ring, a block device's
 * scatter lists, sequential and random accesses to a window.
 */
#include "sim/study/stream.h"

#define IOVA_BASE STREAM_IOVA_BASE
#define PAGE	  FRAME_BYTES

/* ---- nic: a ring of receive buffers, a page each ---- */

enum { NIC_PACKETS, NIC_RING, NIC_BYTES, NIC_GAP, NIC_DEVICES, NIC_IDENTITY };

/* Addresses are not used again at once: drivers that flush late may not. */
static uint64_t nic_iova(const struct stream *s, uint64_t packet)
{
	return IOVA_BASE + packet % (8 * s->value[NIC_RING]) * PAGE;
}

static bool nic_give(struct stream *s, uint64_t packet)
{
	return stream_map(s, nic_iova(s, packet), stream_draw(s, s->frames), 1,
			  STREAM_WRITE);
}

/* Packet `i` of the device whose turn it is; the one before it goes up while
 * this one comes. */
static bool nic_receive(struct stream *s, uint64_t i)
{
	stream_dma(s, nic_iova(s, i), s->value[NIC_BYTES], true, false);
	stream_pause(s, s->value[NIC_GAP]);
	return i == 0 || (stream_unmap(s, nic_iova(s, i - 1), 1) &&
			  nic_give(s, i - 1 + s->value[NIC_RING]));
}

static bool nic_run(struct stream *s)
{
	uint64_t devices = s->value[NIC_DEVICES];

	if (!stream_set_identity(s, s->value[NIC_IDENTITY]) ||
	    !stream_needs_devices(s, devices))
		return false;
	for (s->device = 0; s->device < devices; s->device++)
		for (uint64_t i = 0; i < s->value[NIC_RING]; i++)
			if (!nic_give(s, i))
				return false;
	stream_mark(s, 1);
	for (uint64_t i = 0; i < s->value[NIC_PACKETS]; i++) {
		s->device = (uint32_t)(i % devices);
		if (!nic_receive(s, i / devices))
			return false;
	}
	stream_mark(s, 2);
	return true;
}

const struct stream_kind stream_nic = {
	"nic",
	"receive ring, one page a packet, mapped and unmapped for each",
	{ [NIC_PACKETS] = { "packets", 4000, 1, 10000000, "received" },
	  [NIC_RING] = { "ring", 256, 2, 4096, "buffers posted" },
	  [NIC_BYTES] = { "bytes", 1500, 1, 4096, "of a packet" },
	  [NIC_GAP] = { "gap", 0, 0, 1000000, "ns of other work a packet" },
	  [NIC_DEVICES] = STREAM_DEVICES,
	  [NIC_IDENTITY] = STREAM_IDENTITY },
	nic_run,
};

/* ---- block: scatter lists ---- */

enum {
	BLOCK_REQUESTS,
	BLOCK_SEGMENTS,
	BLOCK_PAGES,
	BLOCK_WRITES,
	BLOCK_GAP,
	BLOCK_DEVICES,
	BLOCK_IDENTITY
};

static bool block_map(struct stream *s, uint64_t iova, uint64_t segments,
		      unsigned int access)
{
	uint64_t pages = s->value[BLOCK_PAGES];

	for (uint64_t i = 0; i < segments; i++) {
		uint64_t frame = stream_draw(s, s->frames / pages) * pages;

		if (!stream_map(s, iova + i * pages * PAGE, frame, pages,
				access))
			return false;
	}
	return true;
}

static bool block_request(struct stream *s, uint64_t i)
{
	uint64_t most = s->value[BLOCK_SEGMENTS], pages = s->value[BLOCK_PAGES];
	uint64_t segments = 1 + stream_draw(s, most);
	uint64_t bytes = segments * pages * PAGE;
	uint64_t iova = IOVA_BASE + i % 64 * most * pages * PAGE;
	bool to_memory = stream_draw(s, 100) >= s->value[BLOCK_WRITES];

	if (!block_map(s, iova, segments,
		       to_memory ? STREAM_WRITE : STREAM_READ))
		return false;
	for (uint64_t at = 0; at < bytes; at += PAGE)
		stream_dma(s, iova + at, PAGE, to_memory, at + PAGE == bytes);
	if (!stream_unmap(s, iova, segments * pages))
		return false;
	stream_pause(s, s->value[BLOCK_GAP]);
	return true;
}

static bool block_run(struct stream *s)
{
	uint64_t devices = s->value[BLOCK_DEVICES];

	if (!stream_set_identity(s, s->value[BLOCK_IDENTITY]) ||
	    !stream_needs(s, s->value[BLOCK_PAGES]) ||
	    !stream_needs_devices(s, devices))
		return false;
	stream_mark(s, 1);
	for (uint64_t i = 0; i < s->value[BLOCK_REQUESTS]; i++) {
		s->device = (uint32_t)(i % devices);
		if (!block_request(s, i / devices))
			return false;
	}
	stream_mark(s, 2);
	return true;
}

const struct stream_kind stream_block = {
	"block",
	"block device: scatter lists mapped side by side, read or written",
	{ [BLOCK_REQUESTS] = { "requests", 400, 1, 10000000, "made" },
	  [BLOCK_SEGMENTS] = { "segments", 32, 1, 256, "of a list, at most" },
	  [BLOCK_PAGES] = { "pages", 1, 1, 512, "of a segment" },
	  [BLOCK_WRITES] = { "writes", 30, 0, 100, "percent, to the device" },
	  [BLOCK_GAP] = { "gap", 0, 0, 1000000, "ns of other work" },
	  [BLOCK_DEVICES] = STREAM_DEVICES,
	  [BLOCK_IDENTITY] = STREAM_IDENTITY },
	block_run,
};

/* ---- sequential and random, over a window mapped once ---- */

/* Each device's is of other frames. */
static bool map_windows(struct stream *s, uint64_t pages, uint64_t devices)
{
	if (!stream_needs_devices(s, devices) ||
	    !stream_needs(s, pages * devices))
		return false;
	for (s->device = 0; s->device < devices; s->device++)
		if (!stream_map(s, IOVA_BASE, s->device * pages, pages,
				STREAM_READ | STREAM_WRITE))
			return false;
	return true;
}

enum { SEQ_PAGES, SEQ_BYTES, SEQ_PASSES, SEQ_WRITE, SEQ_DEVICES, SEQ_IDENTITY };

static void sequential_pass(struct stream *s)
{
	uint64_t bytes = s->value[SEQ_BYTES], devices = s->value[SEQ_DEVICES];
	uint64_t pieces = s->value[SEQ_PAGES] * PAGE / bytes * devices;

	for (uint64_t i = 0; i < pieces; i++) {
		s->device = (uint32_t)(i % devices);
		stream_dma(s, IOVA_BASE + i / devices * bytes, bytes,
			   s->value[SEQ_WRITE], i + devices >= pieces);
	}
}

static bool sequential_run(struct stream *s)
{
	if (!stream_set_identity(s, s->value[SEQ_IDENTITY]) ||
	    !map_windows(s, s->value[SEQ_PAGES], s->value[SEQ_DEVICES]))
		return false;
	stream_mark(s, 1);
	for (uint64_t pass = 0; pass < s->value[SEQ_PASSES]; pass++)
		sequential_pass(s);
	stream_mark(s, 2);
	return true;
}

const struct stream_kind stream_sequential = {
	"sequential",
	"a window read or written from end to end",
	{ [SEQ_PAGES] = { "pages", 8192, 1, 1 << 20, "of the window" },
	  [SEQ_BYTES] = { "bytes", 4096, 64, 4096, "at a time" },
	  [SEQ_PASSES] = { "passes", 1, 1, 1000, "over it" },
	  [SEQ_WRITE] = { "write", 0, 0, 1, "1: to memory" },
	  [SEQ_DEVICES] = STREAM_DEVICES,
	  [SEQ_IDENTITY] = STREAM_IDENTITY },
	sequential_run,
};

enum {
	RND_PAGES,
	RND_READS,
	RND_BYTES,
	RND_WAIT,
	RND_WARM,
	RND_DEVICES,
	RND_IDENTITY
};

static void random_warm(struct stream *s, uint64_t pages)
{
	for (s->device = 0; s->device < s->value[RND_DEVICES]; s->device++)
		for (uint64_t i = 0; i < pages; i++)
			stream_dma(s, IOVA_BASE + i * PAGE, PAGE, true,
				   i + 1 == pages);
}

static bool random_run(struct stream *s)
{
	uint64_t pages = s->value[RND_PAGES], bytes = s->value[RND_BYTES];
	uint64_t units = pages * PAGE / bytes, devices = s->value[RND_DEVICES];
	uint64_t reads = s->value[RND_READS];

	if (!stream_set_identity(s, s->value[RND_IDENTITY]) ||
	    !map_windows(s, pages, devices))
		return false;
	if (s->value[RND_WARM])
		random_warm(s, pages);
	stream_mark(s, 1);
	for (uint64_t i = 0; i < reads; i++) {
		s->device = (uint32_t)(i % devices);
		stream_dma(s, IOVA_BASE + stream_draw(s, units) * bytes, bytes,
			   false, s->value[RND_WAIT] || i + devices >= reads);
	}
	stream_mark(s, 2);
	return true;
}

const struct stream_kind stream_random = {
	"random",
	"reads at random places of a window",
	{ [RND_PAGES] = { "pages", 1024, 1, 1 << 20, "of the window" },
	  [RND_READS] = { "reads", 20000, 1, 100000000, "made" },
	  [RND_BYTES] = { "bytes", 64, 4, 4096, "of a read" },
	  [RND_WAIT] = { "wait", 0, 0, 1, "1: one at a time" },
	  [RND_WARM] = { "warm", 1, 0, 1, "1: the device writes it first" },
	  [RND_DEVICES] = STREAM_DEVICES,
	  [RND_IDENTITY] = STREAM_IDENTITY },
	random_run,
};
