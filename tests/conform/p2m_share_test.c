/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stage-2 table, two domains of invalidation: random operations on a p2m
 * whose tables a CPU (models/arm) and an SMMUv3 (models/smmuv3) walk, each with
 * TLBs and walk caches that keep what nobody dropped. Both hear of nothing but
 * what the p2m asks the port for: TLBI instructions, and commands in the
 * SMMU's queue. Both translate at any moment, also while a call runs; after
 * each, what either finds, stale entries included, is what an array with one
 * element a frame says. Told to one side alone, or to the SMMU too late, the
 * other is seen to be wrong.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/iommu/ste.h"
#include "core/p2m/ops.h"
#include "models/arm/mmu.h"
#include "models/smmuv3/smmu.h"
#include "tests/unit/core/port_smmu.h"

#define FRAMES UINT64_C(1536)
#define SID	5u
#define VMID	9u
/* The SMMU's own memory: stream table, command and event queue. */
#define STRTAB	0x1000u
#define CMDQ	0x4000u
#define CMDQ_LG2 6
#define EVENTQ	0x8000u
#define OWN_BYTES 0xa000u

struct frame {
	uint64_t mfn;
	enum p2m_type type;
	unsigned int access; /* bit 0 read, 1 write */
};

/* Who does not hear, or hears too late. */
enum deaf { NOBODY, CPU, SMMU, SMMU_LATE };

struct shape {
	struct p2m_config p2m;
	struct p2m_sharing sharing;
	enum deaf deaf;
	uint64_t base;
	unsigned int operations;
};

struct world {
	struct device_host *h;
	const struct shape *s;
	struct p2m_ops const *ops;
	void *space;
	struct frame want[FRAMES];
	struct model_random random;
	struct ram ram;
	struct memory_system *memory;
	struct arm_mmu mmu;
	struct smmu *smmu;
	uint64_t own[OWN_BYTES / 8];
	uint32_t prod;
	bool combined, nested_asked;
	/* SMMU_LATE: commands that wait for the next call. */
	struct port_iotlb late[64];
	unsigned int lates;
	bool busy;
	uint64_t wrong_cpu, wrong_smmu, freed_reads, checks;
};

static struct world *world_of(struct device_host *h)
{
	return h->world;
}

/* ---- the SMMU */

static bool smmu_reads(void *context, uint64_t pa, unsigned int words,
		       bool coherent, uint64_t *out, uint64_t *ticks)
{
	struct world *w = context;
	const int n = device_page_of(pa & ~UINT64_C(0xfff));

	*ticks += 1;
	if (n >= 0) {
		w->freed_reads += !w->h->page[n].live;
		memcpy(out,
		       (coherent ? w->h->cpu : w->h->memory) +
			       (size_t)n * 512 + (pa & 0xfff) / 8,
		       8 * (size_t)words);
		return true;
	}
	if (pa > OWN_BYTES - 8 * words)
		return false;
	memcpy(out, w->own + pa / 8, 8 * (size_t)words);
	return true;
}

static bool smmu_writes(void *context, uint64_t pa, const void *data,
			unsigned int bytes, bool coherent)
{
	struct world *w = context;

	(void)coherent;
	if (pa > OWN_BYTES - bytes)
		return false;
	memcpy((uint8_t *)w->own + pa, data, bytes);
	return true;
}

static const struct smmu_ops smmu_ops = { .read = smmu_reads,
					  .write = smmu_writes };

/* A command as IHI0070 4.1 lays it out; consumed at once. */
static void command(struct world *w, uint64_t low, uint64_t high)
{
	const uint32_t entries = 1u << CMDQ_LG2, at = w->prod & (entries - 1);

	w->own[CMDQ / 8 + 2 * at] = low;
	w->own[CMDQ / 8 + 2 * at + 1] = high;
	w->prod = (w->prod + 1) & (2 * entries - 1);
	smmu_mmio_write(w->smmu, 0x98, w->prod, 4, 0);
	assert_int_equal(smmu_mmio_read(w->smmu, 0x9c, 4), w->prod);
}

static void command_for(struct world *w, const struct port_iotlb *r)
{
	const uint64_t vmid = (uint64_t)r->did << 32;
	const uint64_t ttl = r->level > 0 ? (uint64_t)r->level : 0;
	const uint64_t tg = (r->granule_lg2 - 10u) / 2;
	uint64_t low = 0x2a | vmid, high = r->start.raw | r->leaf_only;

	switch (r->scope) {
	case PORT_IOTLB_DOMAIN:
		command(w, 0x28 | vmid, 0);
		break;
	case PORT_IOTLB_RANGE:
		low |= (uint64_t)r->num << 12 | (uint64_t)r->scale << 20;
		command(w, low, high | ttl << 8 | tg << 10);
		break;
	case PORT_IOTLB_IPA:
		/* The level is named with the granule alone. */
		command(w, low, high | (ttl ? ttl << 8 | tg << 10 : 0));
		break;
	default:
		fail_msg("a request that no SMMU has");
	}
	w->nested_asked |= r->combined;
}

static void flushed(struct device_host *h, const struct port_iotlb *r)
{
	struct world *w = world_of(h);

	assert_int_equal(r->did, VMID);
	if (w->s->deaf == SMMU)
		return;
	if (w->s->deaf == SMMU_LATE && w->lates < 64)
		w->late[w->lates++] = *r;
	else
		command_for(w, r);
}

static void synced(struct device_host *h)
{
	struct world *w = world_of(h);

	if (w->nested_asked)
		command(w, 0x10 | (uint64_t)VMID << 32, 0);
	w->nested_asked = false;
	command(w, 0x46, 0);
}

static void smmu_hears_late(struct world *w)
{
	for (unsigned int i = 0; i < w->lates; i++)
		command_for(w, &w->late[i]);
	w->lates = 0;
}

static void smmu_register(struct world *w, uint32_t offset, uint64_t value,
			  unsigned int bytes)
{
	smmu_mmio_write(w->smmu, offset, value, bytes, 0);
}

/* Stage 2 alone, by the registers' values: what the STE says. */
static void write_ste(struct world *w)
{
	uint64_t *ste = &w->own[(STRTAB + 64 * SID) / 8];
	struct iommu_ste_s2 s;

	iommu_shared_ste(w->ops->vttbr(w->space), w->ops->vtcr(w->space, 48),
			 w->s->sharing.clean == PT_CLEAN_NONE, &s);
	ste[0] = 1 | 6 << 1;
	ste[2] = s.s2vmid | (uint64_t)s.s2t0sz << 32 |
		 (uint64_t)s.s2sl0 << 38 | (uint64_t)s.s2ir0 << 40 |
		 (uint64_t)s.s2or0 << 42 | (uint64_t)s.s2sh0 << 44 |
		 (uint64_t)s.s2tg << 46 | (uint64_t)s.s2ps << 48 |
		 UINT64_C(1) << 51 | UINT64_C(1) << 58;
	ste[3] = s.s2ttb.raw;
}

static void open_smmu(struct world *w)
{
	struct smmu_config c = smmu_config_common();

	c.cohacc = w->s->sharing.clean == PT_CLEAN_NONE;
	c.ril = w->s->sharing.range;
	c.bbm_level = w->s->sharing.bbm_level;
	c.btm = w->s->sharing.broadcast;
	if (smmu_config_problem(&c))
		fail_msg("%s", smmu_config_problem(&c));
	w->smmu = smmu_new(&c, &smmu_ops, w, &w->random);
	assert_non_null(w->smmu);
	write_ste(w);
	smmu_register(w, 0x28, 0xd75, 4);	     /* CR1 */
	smmu_register(w, 0x2c, 2, 4);		     /* CR2: PTM clear */
	smmu_register(w, 0x80, STRTAB, 8);
	smmu_register(w, 0x88, 4, 4);
	smmu_register(w, 0x90, CMDQ | CMDQ_LG2, 8);
	smmu_register(w, 0xa0, EVENTQ | 4, 8);
	smmu_register(w, 0x20, 0xd, 4);
	command(w, 0x04, 31); /* CFGI_ALL */
	command(w, 0x30, 0);
	command(w, 0x46, 0);
}

/* ---- the CPU */

static void open_cpu(struct world *w)
{
	const struct tlb_config large = {
		.entries = 1024, .ways = 4,
		.sizes_lg2 = { 12, 14, 16, 21, 25, 29, 30 }, .size_count = 7,
	};
	const struct tlb_config small = {
		.entries = 64, .ways = 64,
		.sizes_lg2 = { 12, 14, 16, 21, 25, 29, 30 }, .size_count = 7,
	};
	const struct arm_mmu_config config = {
		.l1i_tlb = small, .l1d_tlb = small, .l2_tlb = large,
		.s2_tlb = small, .walk_cache_s1 = small, .walk_cache_s2 = small,
		.pa_bits = 48,
	};
	const struct cache_config absent = { .line = 64 };
	const struct memory_config memory = {
		.cpus = 1, .l1i = absent, .l1d = absent, .l2 = absent,
		.llc = absent, .walk_entry = MEMORY_ENTRY_NONE,
	};

	/* Tables lie at its beginning; what is mapped, above: nobody goes
	 * there. */
	w->ram = (struct ram){ .host = (uint8_t *)w->h->cpu,
			       .base = { DEVICE_BASE },
			       .bytes = UINT64_C(1) << 40 };
	w->memory = memory_new(&memory, &w->random);
	assert_non_null(w->memory);
	assert_int_equal(arm_mmu_init(&w->mmu, &config, &w->ram, w->memory, 0,
				      &w->random), 0);
	assert_true(arm_mmu_sysreg_write(&w->mmu, ARM_VTCR_EL2,
					 w->ops->vtcr(w->space, 48)));
	assert_true(arm_mmu_sysreg_write(&w->mmu, ARM_VTTBR_EL2,
					 w->ops->vttbr(w->space)));
	assert_true(arm_mmu_sysreg_write(&w->mmu, ARM_HCR_EL2,
					 UINT64_C(0x80000001)));
}

static void instruct(struct world *w, unsigned int op, uint64_t operand)
{
	struct arm_tlbi decoded;

	assert_true(arm_tlbi_decode(op, operand, &w->mmu.regs, true, &decoded));
	if (w->s->deaf != CPU)
		arm_mmu_tlbi(&w->mmu, &decoded);
	smmu_broadcast_tlbi(w->smmu, &decoded);
}

void port_tlbi(void *host, const struct port_tlbi *r)
{
	struct world *w = world_of(host);
	const uint64_t tg = (r->granule_lg2 - 10u) / 2;
	const uint64_t ttl = r->level > 0 ? (uint64_t)r->level : 0;
	const uint64_t pages = r->bytes >> r->granule_lg2;
	unsigned int scale = 0;

	assert_int_equal(r->vmid, VMID);
	w->combined |= r->combined && r->scope != PORT_TLBI_VMID;
	switch (r->scope) {
	case PORT_TLBI_VMID:
		instruct(w, ARM_SYSREG(1, 4, 8, 3, 6), 0);
		break;
	case PORT_TLBI_IPA:
		instruct(w, ARM_SYSREG(1, 4, 8, 0, r->leaf_only ? 5 : 1),
			 r->start.raw >> 12 |
				 (ttl ? (tg << 2 | ttl) << 44 : 0));
		break;
	case PORT_TLBI_RANGE:
		while (pages % (UINT64_C(2) << (5 * scale)) != 0 ||
		       pages >> (5 * scale + 1) > 32)
			assert_true(++scale < 4);
		instruct(w, ARM_SYSREG(1, 4, 8, 0, r->leaf_only ? 6 : 2),
			 tg << 46 | (uint64_t)scale << 44 |
				 ((pages >> (5 * scale + 1)) - 1) << 39 |
				 ttl << 37 |
				 (r->start.raw >> r->granule_lg2 &
				  ((UINT64_C(1) << 37) - 1)));
		break;
	}
}

static void barrier(struct device_host *h, enum port_barrier kind)
{
	struct world *w = world_of(h);

	if (kind == PORT_DSB_ISH && w->combined)
		instruct(w, ARM_SYSREG(1, 0, 8, 3, 0), 0); /* VMALLE1IS */
	w->combined &= kind != PORT_DSB_ISH;
}

void port_memory_clean(void *host, pa_t start, uint64_t bytes)
{
	(void)host;
	(void)start;
	(void)bytes;
}

void port_icache_invalidate(void *host)
{
	(void)host;
}

/* ---- what both find */

static struct device_found by_cpu(struct world *w, uint64_t ia, bool write)
{
	struct arm_translation out;
	struct arm_fault fault;

	if (!arm_mmu_translate(&w->mmu, (va_t){ ia },
			       write ? ARM_ACCESS_WRITE : ARM_ACCESS_READ, &out,
			       &fault))
		return (struct device_found){ 0 };
	return (struct device_found){ true, out.pa.raw >> 12, 0 };
}

static struct device_found by_smmu(struct world *w, uint64_t ia, bool write)
{
	const struct smmu_request request = { .address = ia, .bytes = 8,
					      .sid = SID, .write = write };
	struct smmu_outcome out;

	smmu_translate(w->smmu, &request, &out);
	/* The event queue never fills. */
	smmu_register(w, 0x100ac, smmu_mmio_read(w->smmu, 0x100a8, 4), 4);
	assert_true(out.event == SMMU_NO_EVENT ||
		    out.event == SMMU_F_TRANSLATION ||
		    out.event == SMMU_F_PERMISSION);
	if (out.result != SMMU_TRANSLATED)
		return (struct device_found){ 0 };
	return (struct device_found){ true, out.pa >> 12, 0 };
}

/* During a call either may find anything: this fills what they keep. */
static struct device_found at_any_moment(struct device_host *h, uint64_t iova,
					 uint64_t table, unsigned int level)
{
	struct world *w = world_of(h);
	const bool write = device_random(h) % 2;

	(void)table;
	(void)level;
	if (device_random(h) % 2)
		return by_cpu(w, iova, write);
	return by_smmu(w, iova, write);
}

static bool any(struct device_host *h, uint64_t dfn, struct device_found f)
{
	(void)h;
	(void)dfn;
	(void)f;
	return true;
}

static bool is_right(const struct frame *f, struct device_found found,
		     bool write)
{
	const bool mapped = f->type != P2M_INVALID &&
			    (f->access & (write ? 2u : 1u)) != 0;

	return mapped ? found.mapped && found.mfn == f->mfn : !found.mapped;
}

static void check_frame(struct world *w, uint64_t i)
{
	const uint64_t ia = (w->s->base + i) << 12;
	const bool write = device_random(w->h) % 2;

	w->checks++;
	w->wrong_cpu += !is_right(&w->want[i], by_cpu(w, ia, write), write);
	w->wrong_smmu += !is_right(&w->want[i], by_smmu(w, ia, write), write);
}

/* ---- operations */

static unsigned int allowed(enum p2m_type type, unsigned int access)
{
	return access & (type == P2M_RAM_RO ? 1u : 3u);
}

enum operation { MAP, REMOVE, PROTECT, CHANGE };
struct request {
	enum operation operation;
	uint64_t at, frames, mfn;
	enum p2m_type type, to;
	unsigned int access;
};

static void oracle(struct world *w, const struct request *r)
{
	for (uint64_t i = r->at; i < r->at + r->frames; i++) {
		struct frame *f = &w->want[i];

		if (r->operation == MAP)
			*f = (struct frame){ r->mfn + i - r->at, r->type,
					     allowed(r->type, r->access) };
		else if (r->operation == REMOVE)
			*f = (struct frame){ 0 };
		else if (f->type != P2M_INVALID && r->operation == PROTECT)
			f->access = allowed(f->type, r->access);
		else if (f->type == r->type && r->operation == CHANGE)
			*f = (struct frame){ f->mfn, r->to,
					     allowed(r->to, f->access) };
	}
}

static void perform(struct world *w, const struct request *r)
{
	const gfn_t gfn = { w->s->base + r->at };
	uint64_t done;
	int rc;

	smmu_hears_late(w);
	switch (r->operation) {
	case MAP:
		rc = w->ops->map(w->space, gfn, (mfn_t){ r->mfn }, r->frames,
				 r->type, r->access, &done);
		break;
	case REMOVE:
		rc = w->ops->remove(w->space, gfn, r->frames, &done);
		break;
	case PROTECT:
		rc = w->ops->protect(w->space, gfn, r->frames, r->access,
				     &done);
		break;
	default:
		rc = w->ops->change_type(w->space, gfn, r->frames, r->type,
					 r->to, &done);
		break;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(done, r->frames);
	oracle(w, r);
}

static uint64_t below(struct world *w, uint64_t limit)
{
	return device_random(w->h) % limit;
}

static struct request random_request(struct world *w)
{
	static const enum p2m_type types[] = { P2M_RAM_RW, P2M_RAM_RW,
					       P2M_RAM_RO, P2M_DEVICE_NGNRE };
	const uint64_t dice = below(w, 100);
	const unsigned int page_lg2 = w->s->p2m.granule_lg2 - 12u;
	struct request r = {
		.operation = dice < 50	 ? MAP
			     : dice < 75 ? REMOVE
			     : dice < 90 ? PROTECT
					 : CHANGE,
		.type = types[below(w, 4)], .to = types[below(w, 4)],
		.access = below(w, 3) ? 3 : (unsigned int)below(w, 4),
	};

	r.at = below(w, FRAMES);
	r.frames = below(w, 3) ? 1 + below(w, 24) : 1 + below(w, 700);
	if (below(w, 3) == 0) {
		r.at &= ~UINT64_C(511);
		r.frames = 512;
	}
	r.at = r.at >> page_lg2 << page_lg2;
	r.frames = ((r.frames - 1) >> page_lg2 << page_lg2) + (1u << page_lg2);
	if (r.frames > FRAMES - r.at)
		r.frames = FRAMES - r.at;
	/* Mostly what it always had, so that blocks come again. */
	r.mfn = (DEVICE_BASE >> 12) +
		(below(w, 4) ? 0x80000 + r.at
			     : (0x40000 + below(w, 4096)) >> page_lg2
				       << page_lg2);
	return r;
}

static void step(struct world *w)
{
	struct request r = random_request(w);

	for (int i = 0; i < 24; i++)
		check_frame(w, below(w, FRAMES));
	perform(w, &r);
	for (uint64_t i = r.at ? r.at - 1 : 0;
	     i < FRAMES && i <= r.at + r.frames;
	     i += 1 + (r.frames > 64 ? below(w, 16) : 0))
		check_frame(w, i);
	for (int i = 0; i < 24; i++)
		check_frame(w, below(w, FRAMES));
	if (w->h->violation)
		fail_msg("%s", w->h->violation);
}

static void open_world(struct world *w, const struct shape *s, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->s = s;
	w->ops = &p2m_core_ops;
	w->h = smmu_new_host(seed);
	w->h->world = w;
	w->h->granule_lg2 = s->p2m.granule_lg2;
	w->h->coherent = s->sharing.clean == PT_CLEAN_NONE;
	w->h->judge = any;
	w->h->walk = at_any_moment;
	w->h->flushed = flushed;
	w->h->synced = synced;
	w->h->barrier = barrier;
	model_random_seed(&w->random, seed);
	w->space = calloc(1, w->ops->space_bytes);
	assert_non_null(w->space);
	assert_int_equal(w->ops->init(w->space, w->h, &s->p2m), 0);
	assert_int_equal(w->ops->share(w->space, &s->sharing), 0);
	open_cpu(w);
	open_smmu(w);
	w->h->window = s->base;
	w->h->frames = FRAMES;
	w->h->access_one_in = 3;
	w->h->attached = true;
}

static void close_world(struct world *w)
{
	int rc;

	w->h->attached = false;
	do
		rc = w->ops->fini(w->space);
	while (rc == ERR_PREEMPTED);
	assert_int_equal(rc, 0);
	assert_int_equal(w->h->allocated, w->h->freed);
	smmu_free(w->smmu);
	arm_mmu_fini(&w->mmu);
	memory_free(w->memory);
	free(w->space);
	device_delete(w->h);
}

#define ACROSS (UINT64_C(0x40000) - FRAMES / 2) /* a border of 1 GB */

static struct p2m_config config(uint8_t bbm_level)
{
	return (struct p2m_config){
		.ipa_bits = 40, .granule_lg2 = 12, .start_level = -1,
		.vmid = VMID, .free_empty = true, .tlbi = P2M_TLBI_IPA,
		.coalesce.policy = PT_COALESCE_EAGER, .bbm_level = bbm_level,
	};
}

/* ---- tests */

static void both_find_what_the_oracle_says(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		struct shape s = { .p2m = config((uint8_t)(i % 3)),
				   .base = ACROSS, .operations = 700 };
		struct world w;

		s.sharing = (struct p2m_sharing){
			.range = i / 3 % 2, .nested = i % 5 == 0,
			.bbm_level = (uint8_t)(i % 3),
			.clean = (enum pt_clean_policy)(i % 4),
		};
		s.p2m.tlbi = (enum p2m_tlbi_policy)((i + 1) % 3);
		s.p2m.contig_hint = i % 4 == 1;
		if (i % 4 == 2)
			s.p2m.coalesce.policy = PT_COALESCE_NEVER;
		if (i == 7) {
			s.p2m.granule_lg2 = 16;
			s.base = 8 * 8192;
		}
		open_world(&w, &s, 10 + (uint64_t)i);
		for (unsigned int n = 0; n < s.operations; n++)
			step(&w);
		assert_int_equal(w.wrong_cpu, 0);
		assert_int_equal(w.wrong_smmu, 0);
		assert_int_equal(w.freed_reads, 0);
		assert_true(w.checks > 10000);
		close_world(&w);
	}
}

/* IDR0.BTM: the CPUs' TLBI reaches it, and no command is sent. */
static void broadcast_maintenance_is_enough_where_it_is_heard(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct shape s = { .p2m = config(2), .base = ACROSS,
				   .operations = 250,
				   .sharing = { .broadcast = true,
						.range = true,
						.bbm_level = 2 } };
		struct world w;

		s.p2m.tlbi = (enum p2m_tlbi_policy)(i % 3);
		/* The short ways, too. */
		if (i == 3)
			s.p2m.coalesce.policy = PT_COALESCE_NEVER;
		open_world(&w, &s, 50 + (uint64_t)i);
		for (unsigned int n = 0; n < s.operations; n++)
			step(&w);
		assert_int_equal(w.h->requests, 0);
		assert_int_equal(w.wrong_cpu, 0);
		assert_int_equal(w.wrong_smmu, 0);
		assert_int_equal(w.freed_reads, 0);
		close_world(&w);
	}
}

/* Who is not told goes on by what it holds: and is seen to. */
static void a_flush_left_out_is_seen(void **state)
{
	(void)state;
	for (int deaf = CPU; deaf <= SMMU_LATE; deaf++) {
		struct shape s = { .p2m = config(0), .base = ACROSS,
				   .operations = 120,
				   .deaf = (enum deaf)deaf };
		struct world w;

		open_world(&w, &s, 70);
		for (unsigned int n = 0; n < s.operations; n++)
			step(&w);
		assert_int_equal(w.wrong_cpu != 0, deaf == CPU);
		assert_int_equal(w.wrong_smmu != 0, deaf != CPU);
		/* Tables went while it still held the way to them. */
		assert_int_equal(w.freed_reads != 0, deaf != CPU);
		close_world(&w);
	}
}

static void what_cannot_be_shared_is_refused(void **state)
{
	static const struct {
		struct p2m_sharing sharing;
		enum p2m_tlbi_policy tlbi;
		bool mapped;
		int rc;
	} cases[] = {
		{ { .bbm_level = 3 }, P2M_TLBI_IPA, false, ERR_INVAL },
		{ { .clean = PT_CLEAN_POLICIES }, P2M_TLBI_IPA, false,
		  ERR_INVAL },
		{ { .range = true }, P2M_TLBI_IPA, true, ERR_EXIST },
		{ { .broadcast = true }, P2M_TLBI_RANGE, false,
		  ERR_UNSUPPORTED },
		{ { .broadcast = true, .range = true }, P2M_TLBI_RANGE, false,
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device_host *h = smmu_new_host(1);
		struct p2m_config c = config(2);
		struct p2m_setway setway;
		struct p2m p2m;
		uint64_t done;

		h->barrier = NULL;
		c.tlbi = cases[i].tlbi;
		c.coalesce.policy = PT_COALESCE_NEVER;
		assert_int_equal(p2m_init(&p2m, h, &c), 0);
		if (cases[i].mapped)
			assert_int_equal(p2m_map(&p2m, (gfn_t){ 5 },
						 (mfn_t){ 7 }, 1, P2M_RAM_RW,
						 P2M_ACCESS_RWX, &done), 0);
		assert_int_equal(p2m_share(&p2m, &cases[i].sharing),
				 cases[i].rc);
		/* Set/way tracking, whatever the caller says of sharing. */
		assert_int_equal(p2m_setway_init(&setway, &p2m,
						 P2M_SETWAY_TRACK, false),
				 cases[i].rc == 0 ? ERR_UNSUPPORTED : 0);
		assert_int_equal(p2m_setway_init(&setway, &p2m,
						 P2M_SETWAY_FULL, true), 0);
		/* The lesser of the two levels. */
		assert_int_equal(p2m.config.bbm_level,
				 cases[i].rc == 0 ? 0 : 2);
		device_delete(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_find_what_the_oracle_says),
		cmocka_unit_test(
			broadcast_maintenance_is_enough_where_it_is_heard),
		cmocka_unit_test(a_flush_left_out_is_seen),
		cmocka_unit_test(what_cannot_be_shared_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
