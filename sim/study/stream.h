/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams: seeded programs of mappings and DMA that stand in a guest's place,
 * for a machine with an IOMMU; with several units the devices behind each do
 * the same. What they do is stimulus like a guest's, and replays as one.
 * Private to sim/study/stream*.c and generate.c.
 */
#ifndef SIM_STUDY_STREAM_H
#define SIM_STUDY_STREAM_H

#include "sim/machine/machine.h"

#define STREAM_KEYS_MAX 12

struct stream_key {
	const char *name;	  /* NULL ends the list */
	uint64_t value, min, max; /* value: the default */
	const char *about;
};

struct stream {
	struct machine *m;
	struct machine_cpu *cpu;
	struct model_random random;
	uint64_t value[STREAM_KEYS_MAX]; /* by the order of its keys */
	struct error_line *error;
	uint64_t frames; /* of the guest's memory */
	/* Whose turn it is behind each unit, from 0: its calls and accesses. */
	uint32_t device;
	/* A device's address is the guest's: no mapping is asked for. The
	 * frame that stands for each page from STREAM_IOVA_BASE on. */
	bool identity;
	uint64_t *place, places;
};

struct stream_kind {
	const char *name, *about;
	struct stream_key key[STREAM_KEYS_MAX + 1];
	/* False: s->error says why it could not go on. */
	bool (*run)(struct stream *s);
};

extern const struct stream_kind stream_nic, stream_block, stream_sequential,
	stream_random, stream_churn, stream_hostile;

/* ---- what streams are made of ---- */

/* Where streams map; 4 GB, so that it is nobody's guest address by chance. */
#define STREAM_IOVA_BASE (UINT64_C(4) << 30)

/*
 * If `identity`: the devices reach the guest's memory at the guest's own
 * addresses, as their domains follow the p2m or its tables are theirs. What is
 * mapped is from then on only noted, and accesses go where it lies. The stream
 * ends where the machine has its devices' domains empty.
 */
bool stream_set_identity(struct stream *s, uint64_t identity);
/* A page mapped before, by its number, is taken out of the device's reach, and
 * put back: by its domain, or with identity by the guest giving it up. */
bool stream_take_out(struct stream *s, uint64_t page);
bool stream_put_back(struct stream *s, uint64_t page);
/* Below `n`, which is not 0. */
uint64_t stream_draw(struct stream *s, uint64_t n);
/* The IOMMU_MAP and IOMMU_UNMAP of a guest; `frame` counts from the guest's
 * first. The call's result. */
int64_t stream_try_map(struct stream *s, uint64_t iova, uint64_t frame,
		       uint64_t count, unsigned int access);
int64_t stream_try_unmap(struct stream *s, uint64_t iova, uint64_t count);
/* The same; if it is refused the stream ends. */
bool stream_map(struct stream *s, uint64_t iova, uint64_t frame, uint64_t count,
		unsigned int access);
bool stream_unmap(struct stream *s, uint64_t iova, uint64_t count);
void stream_dma(struct stream *s, uint64_t iova, uint64_t bytes, bool write,
		bool wait);
/* The guest traps for something else: a moment for the hypervisor. */
void stream_trap(struct stream *s);
/* The CPU has something else to do. */
void stream_pause(struct stream *s, uint64_t ns);
/* A phase of the statistics begins. */
void stream_mark(struct stream *s, uint64_t id);
/* At least so many frames, or devices behind each unit, or the stream ends. */
bool stream_needs(struct stream *s, uint64_t frames);
bool stream_needs_devices(struct stream *s, uint64_t devices);

/* A key of streams whose devices take turns. */
#define STREAM_DEVICES                                                   \
	{                                                                \
		"devices", 1, 1, 65535,                                  \
			"that take turns, each with mappings of its own" \
	}

/* And of those that can do without mappings. */
#define STREAM_IDENTITY                                                   \
	{                                                                 \
		"identity", 0, 0, 1,                                      \
			"1: no mappings, the guest's addresses (share_pt)" \
	}

#define STREAM_READ  1 /* a device may */
#define STREAM_WRITE 2

#endif
