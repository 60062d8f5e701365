/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `p2msim trace cat` prints, applied in the order in which it happened.
 * An observation made inside a batch stands after it with its place as "at";
 * so a batch is held until its observations are read. Of observations only
 * what the hypervisor did is used: its accesses, registers, table entries and
 * TLBIs.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "recount.h"

/* A full batch. */
#define BATCH_BLOCKS   16384
#define BATCH_ACCESSES 16384

/* A block or an access of the open batch. */
struct item {
	bool is_block;
	unsigned int cpu, el;
	uint64_t va;
	uint32_t bytes;
	int64_t instructions;
	bool write, fetch, el0;
};

/*
 * The core invalidates by IPA, one operation a range, and then what combines
 * both stages, once. Each of the former means last levels only, unless a table
 * was unlinked.
 */
struct stage2_flush {
	bool unlinked, open;
	unsigned int cpu;
};

struct reader {
	struct machine *m;
	struct item *item;
	size_t items, room;
	size_t blocks; /* of the items */
	bool batch_ended;
	json_t *observed; /* array: those of the open batch */
	size_t observed_next;
	uint64_t accesses; /* of the batch, so far */
	unsigned int el[CPUS_MAX];
	struct stage2_flush flush;
	json_t *held; /* no access of a batch, but may fault: what it causes
		       * follows */
};

static uint64_t number(const json_t *record, const char *key)
{
	const json_t *value = json_object_get(record, key);

	demand(value, key);
	if (json_is_string(value))
		return strtoull(json_string_value(value), NULL, 16);
	if (json_is_boolean(value))
		return json_is_true(value);
	return (uint64_t)json_integer_value(value);
}

static const char *text(const json_t *record, const char *key)
{
	const char *value = json_string_value(json_object_get(record, key));

	demand(value, key);
	return value;
}

static struct cpu *cpu_of(struct reader *r, const json_t *record)
{
	uint64_t cpu = number(record, "cpu");

	demand(cpu < r->m->cpus, "a record's cpu");
	return &r->m->cpu[cpu];
}

/* ---- the hypervisor ---- */

static void hypervisor_sysreg(struct machine *m, struct cpu *cpu,
			      const json_t *record)
{
	const char *reg = text(record, "reg");
	uint64_t value = number(record, "value");

	if (!strcmp(reg, "VTCR_EL2"))
		m->vtcr = value;
	else if (!strcmp(reg, "VTTBR_EL2"))
		m->vttbr = value;
	else
		demand(!strcmp(reg, "HCR_EL2") && (value & 1),
		       "hypervisor.sysreg: HCR_EL2.VM is set, or VTCR, VTTBR");
	if (strcmp(reg, "HCR_EL2"))
		return;
	cpu->traps_set_way = value >> 22 & 1;
	cpu->traps_registers = value >> 26 & 1;
}

/* Page descriptors have the bits of a pointer, but no table's address. What
 * is not valid for the moment (bit 0) is one nevertheless. */
static bool is_pointer(const struct tables *t, uint64_t pte)
{
	bool known;

	tables_read(t, pte & UINT64_C(0x0000fffffffff000), &known);
	return (pte & 2) && known;
}

static void pte_write(struct reader *r, uint64_t pa, uint64_t value)
{
	bool known;
	uint64_t was = tables_read(r->m->stage2, pa, &known);

	if ((was ^ value) >> 1 && is_pointer(r->m->stage2, was))
		r->flush.unlinked = true;
	tables_write(r->m->stage2, pa, 8, value);
}

static void flush_end(struct reader *r)
{
	if (!r->flush.open)
		return;
	maintain_stage12_drop(r->m, &r->m->cpu[r->flush.cpu]);
	r->flush = (struct stage2_flush){ 0 };
}

static void flush_add(struct reader *r, const json_t *record)
{
	struct cpu *cpu = cpu_of(r, record);
	uint64_t bytes = number(record, "size");

	if (!strcmp(text(record, "scope"), "vmid")) {
		maintain_vmid_drop(r->m, cpu);
		r->flush.unlinked = false;
		return;
	}
	/* By IPA, an instruction names one page, whatever stood there. */
	if (!strcmp(text(record, "scope"), "ipa"))
		bytes = UINT64_C(1) << granule_tg0(r->m->vtcr >> 14 & 3)->page;
	maintain_ipa_drop(r->m, cpu, number(record, "ipa"), bytes,
			  !r->flush.unlinked);
	r->flush.open = true;
	r->flush.cpu = cpu->number;
}

/* Nothing is known to stand in it. */
static void table_new(struct machine *m, uint64_t pa)
{
	uint64_t end = pa + (UINT64_C(1)
			     << granule_tg0(m->vtcr >> 14 & 3)->page);

	for (; pa < end; pa += UINT64_C(1) << PAGE_LG2)
		tables_page(m->stage2, pa, NULL);
}

static bool is_hypervisors(const char *t)
{
	return !strncmp(t, "hypervisor.", 11) || !strncmp(t, "p2m.", 4);
}

/* True if the record is one of those. */
static bool hypervisor_record(struct reader *r, const json_t *record)
{
	const char *t = text(record, "t");
	struct cpu *cpu = cpu_of(r, record);

	if (strcmp(t, "p2m.tlbi"))
		flush_end(r);
	if (!strcmp(t, "hypervisor.access"))
		cpu_hypervisor_access(r->m, cpu, number(record, "pa"),
				      number(record, "write"));
	else if (!strcmp(t, "hypervisor.sysreg"))
		hypervisor_sysreg(r->m, cpu, record);
	else if (!strcmp(t, "hypervisor.clean"))
		maintain_clean(r->m, cpu, number(record, "pa"),
			       number(record, "size"));
	else if (!strcmp(t, "hypervisor.ic"))
		maintain_ic(r->m, cpu, "IALLUIS", 0, false, NULL, NULL);
	else if (!strcmp(t, "p2m.pte_write"))
		pte_write(r, number(record, "pa"), number(record, "value"));
	else if (!strcmp(t, "p2m.table_alloc"))
		table_new(r->m, number(record, "pa"));
	else if (!strcmp(t, "p2m.tlbi"))
		flush_add(r, record);
	else
		return !strcmp(t, "p2m.op") || !strcmp(t, "p2m.table_free") ||
		       !strcmp(t, "p2m.set_way");
	return true;
}

/* ---- batches ---- */

/* Whether o is what ends a fault's resolution: the frame is mapped. */
static bool populates(const json_t *o)
{
	return !strcmp(text(o, "t"), "p2m.op") &&
	       !strcmp(text(o, "op"), "fault");
}

/* Or what says that one entry, of any level, is valid again. */
static bool revalidates(const json_t *o)
{
	return !strcmp(text(o, "t"), "p2m.set_way") &&
	       !strcmp(text(o, "cause"), "fault");
}

/* A stage-2 fault: what the hypervisor did then. False: nothing. */
static bool resolve(void *context)
{
	struct reader *r = context;
	bool mapped = false;

	while (r->observed_next < json_array_size(r->observed)) {
		const json_t *o = json_array_get(r->observed, r->observed_next);

		if (!r->held && number(o, "at") != r->accesses)
			break;
		mapped = revalidates(o) || populates(o);
		hypervisor_record(r, o);
		r->observed_next++;
		if (mapped)
			break;
	}
	flush_end(r);
	return mapped;
}

static void block_apply(struct reader *r, const struct item *b)
{
	struct machine *m = r->m;
	struct cpu *cpu = &m->cpu[b->cpu];
	struct access a = {
		.va = b->va, .bytes = b->bytes, .fetch = true, .el0 = b->el == 0
	};

	if (b->bytes) {
		cpu->fetches++;
		cpu_access(m, cpu, &a, resolve, r);
	}
	cpu->instructions += (uint64_t)b->instructions;
	cpu->charge[IN_BASE] += b->instructions * m->instruction_charge;
}

static void access_apply(struct reader *r, const struct item *i)
{
	struct cpu *cpu = &r->m->cpu[i->cpu];
	struct access a = { .va = i->va,
			    .bytes = i->bytes,
			    .write = i->write,
			    .fetch = i->fetch,
			    .el0 = i->el0 || i->el == 0 };

	if (!i->fetch && i->write)
		cpu->stores++;
	else if (!i->fetch)
		cpu->loads++;
	r->accesses++; /* what it causes comes after it */
	cpu_access(r->m, cpu, &a, resolve, r);
}

static void observations_end(struct reader *r)
{
	demand(r->observed_next == json_array_size(r->observed),
	       "what the hypervisor did where nothing faulted");
	json_array_clear(r->observed);
	r->observed_next = 0;
}

static void batch_apply(struct reader *r)
{
	size_t i;

	r->accesses = 0;
	for (i = 0; i < r->items; i++)
		if (r->item[i].is_block)
			block_apply(r, &r->item[i]);
		else
			access_apply(r, &r->item[i]);
	observations_end(r);
	r->items = r->blocks = 0;
	r->batch_ended = false;
}

static bool flag(const json_t *record, const char *key)
{
	return json_is_true(json_object_get(record, key));
}

/*
 * `trace cat` does not print where a batch ends and the next begins, but "at"
 * counts from there: at other records, at another CPU or exception level, and
 * where traces/README.md says that a batch is full.
 */
static bool batch_is_over(const struct reader *r, const json_t *record,
			  bool is_block)
{
	const struct item *last = r->items ? &r->item[r->items - 1] : NULL;

	if (!last || !is_block)
		return last && r->batch_ended;
	return r->batch_ended || last->cpu != number(record, "cpu") ||
	       last->el != number(record, "el") || r->blocks >= BATCH_BLOCKS ||
	       r->items - r->blocks > BATCH_ACCESSES;
}

static void item_add(struct reader *r, const json_t *record, bool is_block)
{
	struct item *i;
	const char *kind;

	if (batch_is_over(r, record, is_block))
		batch_apply(r);
	r->blocks += is_block;
	if (r->items == r->room) {
		r->room = r->room ? 2 * r->room : 1024;
		r->item = realloc(r->item, r->room * sizeof(*r->item));
		demand(r->item, "memory");
	}
	i = &r->item[r->items++];
	*i = (struct item){ .is_block = is_block,
			    .cpu = cpu_of(r, record)->number,
			    .el = (unsigned int)number(record, "el"),
			    .va = number(record, "va") };
	r->el[i->cpu] = i->el;
	if (is_block) {
		i->bytes = (uint32_t)number(record, "bytes");
		i->instructions = (int64_t)number(record, "instructions");
		return;
	}
	kind = text(record, "kind");
	i->bytes = (uint32_t)number(record, "size");
	i->write = !strcmp(kind, "store");
	i->fetch = !strcmp(kind, "fetch");
	i->el0 = flag(record, "el0") || flag(record, "unprivileged");
}

/* ---- the rest of the stimulus ---- */

static void cpu_sysreg(struct machine *m, struct cpu *cpu, const json_t *record)
{
	static const char *const name[] = { "SCTLR_EL1", "TCR_EL1", "TTBR0_EL1",
					    "TTBR1_EL1", "MAIR_EL1" };
	uint64_t *const reg[] = { &cpu->reg.sctlr, &cpu->reg.tcr,
				  &cpu->reg.ttbr0, &cpu->reg.ttbr1,
				  &cpu->reg.mair };
	size_t i;

	for (i = 0; i < 5; i++)
		if (!strcmp(text(record, "reg"), name[i]))
			*reg[i] = number(record, "value");
	if (cpu->traps_registers)
		charge(m, cpu, IN_TRAP, m->trap);
}

static int digit64(char c)
{
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(all, c) : NULL;

	return at ? (int)(at - all) : -1;
}

static void table_page(struct machine *m, const json_t *record)
{
	uint8_t page[(1u << PAGE_LG2) + 4] = { 0 };
	const char *data = text(record, "data");
	uint32_t bits = 0;
	size_t n = 0, count = 0;

	for (; *data && digit64(*data) >= 0; data++) {
		bits = bits << 6 | (uint32_t)digit64(*data);
		if (++n % 4 && data[1] != '=')
			continue;
		bits <<= 6 * ((4 - n % 4) % 4);
		demand(count <= 1u << PAGE_LG2, "a table page's size");
		page[count++] = (uint8_t)(bits >> 16);
		page[count++] = (uint8_t)(bits >> 8);
		page[count++] = (uint8_t)bits;
		bits = 0;
	}
	tables_page(m->stage1, number(record, "ipa"), page);
}

static void mmio(struct reader *r, const json_t *record)
{
	struct cpu *cpu = cpu_of(r, record);
	struct access a = { .va = number(record, "va"),
			    .bytes = (unsigned int)number(record, "size"),
			    .write = number(record, "write"),
			    .el0 = r->el[cpu->number] == 0 };

	cpu_mmio(r->m, cpu, &a, resolve, r);
}

static void kernel_access(struct reader *r, const json_t *record)
{
	uint64_t va = number(record, "va"), size = number(record, "size");
	struct access a = { .va = va,
			    .bytes = (unsigned int)size,
			    .write = number(record, "write") };

	r->m->in_kernel = true;
	cpu_of(r, record)->kernel_accesses++;
	cpu_access(r->m, cpu_of(r, record), &a, resolve, r);
	r->m->in_kernel = false;
}

static bool maintenance_record(struct reader *r, const char *t,
			       const json_t *record)
{
	struct cpu *cpu = cpu_of(r, record);
	bool el0 = r->el[cpu->number] == 0;

	if (!strcmp(t, "cpu.tlbi"))
		maintain_tlbi(r->m, cpu, text(record, "op"),
			      number(record, "value"));
	else if (!strcmp(t, "cpu.dc"))
		maintain_dc(r->m, cpu, text(record, "op"),
			    number(record, "value"), el0, resolve, r);
	else if (!strcmp(t, "cpu.ic"))
		maintain_ic(r->m, cpu, text(record, "op"),
			    number(record, "value"), el0, resolve, r);
	else if (!strcmp(t, "cpu.at"))
		maintain_at(r->m, cpu, number(record, "encoding"),
			    number(record, "value"));
	else
		return false;
	return true;
}

static void held_apply(struct reader *r)
{
	const char *t = text(r->held, "t");

	if (!strcmp(t, "kernel.access"))
		kernel_access(r, r->held);
	else if (!strcmp(t, "cpu.mmio"))
		mmio(r, r->held);
	else
		maintenance_record(r, t, r->held);
	json_decref(r->held);
	r->held = NULL;
	observations_end(r);
}

/* By address, that is: by set and way it traps, and what follows is no
 * fault's. */
static bool is_held(const char *t, const json_t *record)
{
	if (!strcmp(t, "cpu.dc"))
		return !strstr(text(record, "op"), "SW");
	return !strcmp(t, "cpu.ic") || !strcmp(t, "cpu.mmio") ||
	       !strcmp(t, "kernel.access");
}

static void stimulus(struct reader *r, json_t *record)
{
	const char *t = text(record, "t");
	struct cpu *cpu = cpu_of(r, record);

	if (is_held(t, record)) {
		r->held = json_incref(record);
		return;
	}
	if (maintenance_record(r, t, record))
		return;
	if (!strcmp(t, "cpu.sysreg"))
		cpu_sysreg(r->m, cpu, record);
	else if (!strcmp(t, "cpu.exception"))
		r->el[cpu->number] = 1;
	else if (!strcmp(t, "cpu.eret"))
		r->el[cpu->number] = (unsigned int)number(record, "el");
	else if (!strcmp(t, "cpu.hypercall"))
		charge(r->m, cpu, IN_TRAP, r->m->hypercall);
	else if (!strcmp(t, "cpu.idle"))
		cpu->charge[IN_IDLE] += (int64_t)number(record, "charge");
	else if (!strcmp(t, "kernel.enter"))
		charge(r->m, cpu, IN_KERNEL, r->m->syscall);
	else if (!strcmp(t, "table.page"))
		table_page(r->m, record);
	else if (!strcmp(t, "table.write"))
		tables_write(r->m->stage1, number(record, "ipa"),
			     (unsigned int)number(record, "size"),
			     number(record, "value"));
	else
		demand(!strcmp(t, "cpu.barrier") || !strcmp(t, "cpu.wfi") ||
			       !strcmp(t, "cpu.switch") ||
			       !strcmp(t, "kernel.return") ||
			       !strcmp(t, "guest.exit"),
		       t);
}

/* Observations that are not for us, known by how their lines begin. */
static bool is_ignored(const char *line)
{
	static const char *const begin[] = {
		"{\"t\":\"walk.",  "{\"t\":\"tlb.",	"{\"t\":\"fault.taken",
		"{\"t\":\"cache.", "{\"t\":\"cpu.cost",
	};
	size_t i;

	for (i = 0; i < sizeof(begin) / sizeof(*begin); i++)
		if (!strncmp(line, begin[i], strlen(begin[i])))
			return true;
	return false;
}

static void record_apply(struct reader *r, json_t *record)
{
	const char *t = text(record, "t");
	bool is_block = !strcmp(t, "block");

	if (r->held && is_hypervisors(t)) {
		json_array_append(r->observed, record);
		return;
	}
	if (r->held)
		held_apply(r);
	if (is_block || !strcmp(t, "access")) {
		flush_end(r);
		item_add(r, record, is_block);
		return;
	}
	if (json_object_get(record, "at")) {
		json_array_append(r->observed, record);
		r->batch_ended = true;
		return;
	}
	batch_apply(r);
	if (!hypervisor_record(r, record))
		stimulus(r, record);
}

static json_t *line_parse(const char *line, ssize_t bytes)
{
	json_error_t error;
	json_t *record = json_loadb(line, (size_t)bytes, 0, &error);

	demand(record, error.text);
	return record;
}

struct machine *events_read(FILE *in)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct reader r = { .m = m, .observed = json_array() };
	char *line = NULL;
	size_t room = 0;
	ssize_t bytes = getline(&line, &room, in);
	json_t *record;
	bool ended = false;
	unsigned int i;

	demand(m && bytes > 0, "an empty trace");
	for (i = 0; i < CPUS_MAX; i++)
		r.el[i] = 1;
	record = line_parse(line, bytes);
	machine_init(m, json_object_get(record, "machine"));
	json_decref(record);
	while (!ended && (bytes = getline(&line, &room, in)) > 0) {
		if (is_ignored(line)) {
			r.batch_ended = r.items != 0;
			continue;
		}
		record = line_parse(line, bytes);
		ended = !strcmp(text(record, "t"), "trace.stats");
		if (!ended)
			record_apply(&r, record);
		json_decref(record);
	}
	if (r.held)
		held_apply(&r);
	batch_apply(&r);
	demand(ended, "the trace is truncated");
	free(line);
	free(r.item);
	json_decref(r.observed);
	return m;
}
