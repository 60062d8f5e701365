/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `replay`: a trace's stimulus in the guest's place. Everything behind the
 * machine's functions is what `run` uses. DESIGN §2, §6.
 */
#include <stdio.h>
#include <string.h>

#include "sim/machine/access.h"
#include "sim/machine/protocol.h"
#include "sim/study/host.h"
#include "sim/study/study.h"

/* What one record may ask for; a hostile trace asks for more. */
#define KERNEL_ACCESS_MAX (UINT64_C(1) << 30)

struct replay {
	const struct replay_options *options;
	struct trace_reader *reader;
	struct machine *machine;
	/* The last access faulted: the next record must be what came of it. */
	bool fault_pending;
	double began;
	uint64_t exit_status;
};

static int malformed(const struct replay *r, struct error_line *error,
		     const char *what)
{
	error_set(error, EXIT_INPUT, "%s: line %llu: %s", r->options->trace,
		  (unsigned long long)trace_reader_line(r->reader), what);
	return EXIT_INPUT;
}

static int not_modelled(const struct replay *r, struct error_line *error)
{
	error_set(error, EXIT_NOT_MODELLED, "%s: line %llu: not modelled: %s",
		  r->options->trace,
		  (unsigned long long)trace_reader_line(r->reader),
		  r->machine->not_modelled);
	return EXIT_NOT_MODELLED;
}

/* ---- batches ---- */

/* Accesses between a hint and its use. */
#define LOOK_AHEAD 8

/* What an access or block came to. */
static inline void note(struct replay *r, enum machine_result result,
			bool last_of_batch)
{
	if (__builtin_expect(result == MACHINE_OK, 1))
		return;
	if (result == MACHINE_STOP)
		return; /* replay_batch's caller hears of it */
	/* Of device accesses only fetches, which abort, are in batches. */
	if (last_of_batch)
		r->fault_pending = true;
	else
		r->machine->divergences++;
}

static int replay_batch(struct replay *r, const struct trace_batch *batch,
			struct error_line *error)
{
	struct machine *m = r->machine;
	struct machine_cpu *cpu = &m->cpu[batch->cpu];
	const struct trace_access *a = batch->access;
	const struct trace_access *all = a + batch->accesses;
	struct arm_fault fault;

	cpu->el = batch->el;
	for (uint32_t i = 0; i < batch->blocks; i++) {
		const struct trace_block *b = &batch->block[i];
		const struct trace_access *end = a + b->accesses;

		if (b->bytes)
			note(r,
			     machine_block_inline(m, cpu, (va_t){ b->address },
						  b->bytes, b->instructions,
						  &fault),
			     false);
		else if ((int32_t)b->instructions < 0)
			machine_block_trim(m, cpu, -b->instructions);
		for (; a < end; a++) {
			if (all - a > LOOK_AHEAD)
				machine_access_prefetch(m, cpu,
							a[LOOK_AHEAD].address);
			note(r,
			     machine_access_inline(m, cpu,
						   (va_t){ a->address },
						   a->what, &fault),
			     a + 1 == all);
		}
	}
	return m->not_modelled ? not_modelled(r, error) : EXIT_FINE;
}

/* ---- records ---- */

static bool is_guest_fault(const struct trace_record *record)
{
	switch (record->type) {
	case TRACE_CPU_EXCEPTION:
		return strstr(record->name, "abort") != NULL;
	case TRACE_KERNEL_ENTER:
		return strcmp(record->name, "fault") == 0;
	default:
		return false;
	}
}

/* Does the recording's fault, or its absence, agree with ours? */
static void settle_fault(struct replay *r, const struct trace_record *record)
{
	bool taken = is_guest_fault(record);

	if (taken != r->fault_pending &&
	    !(r->fault_pending && record->type == TRACE_CPU_STALE))
		r->machine->divergences++;
	r->fault_pending = false;
}

static int replay_mmio(struct replay *r, struct machine_cpu *cpu,
		       const struct trace_record *rec,
		       struct error_line *error)
{
	uint64_t value = rec->value[4];

	if (!rec->value[2] || rec->value[2] > 8)
		return malformed(r, error, "cpu.mmio: size: 1 to 8 bytes");
	machine_mmio(r->machine, cpu, (va_t){ rec->value[0] },
		     (ipa_t){ rec->value[1] }, (unsigned int)rec->value[2],
		     rec->value[3], &value);
	return EXIT_FINE;
}

static int replay_sysreg(struct replay *r, struct machine_cpu *cpu,
			 const struct trace_record *rec,
			 struct error_line *error)
{
	enum arm_sysreg reg;

	if (!machine_sysreg_by_name(rec->name, &reg))
		return malformed(r, error,
				 "cpu.sysreg: reg: not a register that translation depends on");
	machine_sysreg(r->machine, cpu, reg, rec->value[0]);
	return EXIT_FINE;
}

static int replay_maintenance(struct replay *r, struct machine_cpu *cpu,
			      const struct trace_record *rec,
			      struct error_line *error)
{
	unsigned int op = (unsigned int)rec->value[0];
	uint64_t value = rec->value[1], par;
	struct arm_fault fault = { .kind = ARM_FAULT_NONE };
	bool ok;

	switch (rec->type) {
	case TRACE_CPU_TLBI:
		ok = machine_tlbi(r->machine, cpu, op, value);
		break;
	case TRACE_CPU_IC:
		ok = machine_ic(r->machine, cpu, op, value, &fault);
		break;
	case TRACE_CPU_DC:
		ok = machine_dc(r->machine, cpu, op, value, &fault);
		break;
	default:
		ok = machine_at(r->machine, cpu, op, value, &par);
		break;
	}
	if (!ok)
		return malformed(r, error,
				 "encoding: no such maintenance instruction");
	if (fault.kind != ARM_FAULT_NONE)
		r->fault_pending = true;
	return EXIT_FINE;
}

static int replay_kernel_access(struct replay *r, struct machine_cpu *cpu,
				const struct trace_record *rec,
				struct error_line *error)
{
	struct arm_fault fault;

	if (rec->value[1] > KERNEL_ACCESS_MAX)
		return malformed(r, error,
				 "kernel.access: size: at most 1 GiB");
	if (machine_kernel_access(r->machine, cpu, (va_t){ rec->value[0] },
				  rec->value[1], rec->value[2],
				  &fault) == MACHINE_FAULT)
		r->fault_pending = true;
	return EXIT_FINE;
}

static int replay_table(struct replay *r, const struct trace_record *rec,
			struct error_line *error)
{
	ipa_t ipa = { rec->value[0] };

	if (rec->type == TRACE_TABLE_PAGE) {
		if (rec->blob_bytes != FRAME_BYTES || ipa.raw % FRAME_BYTES)
			return malformed(r, error,
					 "table.page: one whole aligned page of 4096 bytes");
		machine_table_page(r->machine, ipa, rec->blob,
				   rec->blob_bytes);
		return EXIT_FINE;
	}
	if (!rec->value[1] || rec->value[1] > 8)
		return malformed(r, error, "table.write: size: 1 to 8 bytes");
	machine_table_write(r->machine, ipa, (unsigned int)rec->value[1],
			    rec->value[2]);
	return EXIT_FINE;
}

static void replay_hypercall(struct replay *r, struct machine_cpu *cpu,
			     const struct trace_record *rec)
{
	struct machine_start ignored;
	uint64_t x[6];

	memcpy(x, rec->value, sizeof(x));
	machine_hypercall(r->machine, cpu, x, &ignored);
}

static int replay_dma(struct replay *r, struct machine_cpu *cpu,
		      const struct trace_record *rec, struct error_line *error)
{
	const uint64_t *v = rec->value;

	if (!r->machine->iommus)
		r->machine->not_modelled =
			"device.dma: this machine has no IOMMU (iommu)";
	else if (!machine_dma(r->machine, cpu, v[0], (iova_t){ v[1] }, v[2],
			      v[3], v[4]))
		return malformed(r, error,
				 "device.dma: device: more than the machine has (iommu[].devices), or iova + size: beyond the last address");
	return EXIT_FINE;
}

static int replay_data(struct replay *r, struct machine_cpu *cpu,
		       const struct trace_record *rec, struct error_line *error)
{
	if (!r->machine->iommus)
		r->machine->not_modelled =
			"device.data: this machine has no IOMMU (iommu)";
	else if (!machine_device_data(r->machine, cpu, rec->value[0],
				      rec->value[1], rec->blob,
				      rec->blob_bytes))
		return malformed(r, error,
				 "device.data: device: more than the machine "
				 "has (iommu.0.devices), or offset + data: "
				 "beyond its buffer of 4096 bytes");
	return EXIT_FINE;
}

static int replay_record(struct replay *r, const struct trace_record *rec,
			 struct error_line *error)
{
	struct machine *m = r->machine;
	struct machine_cpu *cpu = &m->cpu[rec->cpu];
	uint64_t value = rec->value[0];

	switch (rec->type) {
	case TRACE_CPU_SWITCH:
		machine_switch(m, cpu);
		break;
	case TRACE_CPU_SYSREG:
		return replay_sysreg(r, cpu, rec, error);
	case TRACE_CPU_EXCEPTION:
		machine_exception(m, cpu, rec->name, value, rec->value[1],
				  rec->value[2]);
		break;
	case TRACE_CPU_ERET:
		machine_eret(m, cpu, value == 0 ? 0 : 1);
		break;
	case TRACE_CPU_TLBI:
	case TRACE_CPU_IC:
	case TRACE_CPU_DC:
	case TRACE_CPU_AT:
		return replay_maintenance(r, cpu, rec, error);
	case TRACE_CPU_BARRIER:
		machine_barrier(m, cpu, rec->name[1] == 'm'   ? BARRIER_DMB
					: rec->name[0] == 'd' ? BARRIER_DSB
							      : BARRIER_ISB);
		break;
	case TRACE_CPU_WFI:
		machine_wfi(m, cpu);
		break;
	case TRACE_CPU_MMIO:
		return replay_mmio(r, cpu, rec, error);
	case TRACE_CPU_HYPERCALL:
		replay_hypercall(r, cpu, rec);
		break;
	case TRACE_DEVICE_DMA:
		return replay_dma(r, cpu, rec, error);
	case TRACE_DEVICE_DATA:
		return replay_data(r, cpu, rec, error);
	case TRACE_CPU_IDLE:
		machine_idle(m, cpu, value);
		break;
	case TRACE_KERNEL_ENTER:
		machine_kernel_enter(m, cpu, rec->name, value, rec->value[1]);
		break;
	case TRACE_KERNEL_ACCESS:
		return replay_kernel_access(r, cpu, rec, error);
	case TRACE_KERNEL_RETURN:
		machine_kernel_return(m, cpu, value);
		break;
	case TRACE_TABLE_PAGE:
	case TRACE_TABLE_WRITE:
		return replay_table(r, rec, error);
	case TRACE_GUEST_EXIT:
		m->ended = true;
		m->exit_status = value;
		break;
	default: /* what only tells */
		break;
	}
	return EXIT_FINE;
}

/* ---- limits ---- */

static bool has_limits(const struct replay *r)
{
	const struct guest_limits *l = &r->options->limits;

	return l->instructions || l->seconds > 0;
}

static bool over_limit(const struct replay *r, struct error_line *error)
{
	const struct guest_limits *l = &r->options->limits;
	uint64_t instructions = 0;

	for (unsigned int i = 0; i < r->machine->config.cpus; i++)
		instructions += r->machine->cpu[i].instructions;
	if (l->instructions && instructions >= l->instructions)
		return !error_set(error, EXIT_GUEST,
				  "%s: stopped at --limit-insns %llu",
				  r->options->trace,
				  (unsigned long long)l->instructions);
	if (l->seconds > 0 && host_seconds() - r->began >= l->seconds)
		return !error_set(error, EXIT_GUEST,
				  "%s: stopped at --limit-seconds %g",
				  r->options->trace, l->seconds);
	return false;
}

/* ---- the loop ---- */

static int replay_stimulus(struct replay *r, const struct trace_record *rec,
			   struct error_line *error)
{
	int rc;

	if (!trace_type_is_stimulus(rec->type))
		return EXIT_FINE;
	if (rec->cpu >= r->machine->config.cpus)
		return malformed(r, error,
				 "cpu: more than the machine has (cpu.count)");
	if (has_limits(r) && over_limit(r, error))
		return error->exit_code;
	settle_fault(r, rec);
	rc = replay_record(r, rec, error);
	if (rc == EXIT_FINE && r->machine->not_modelled)
		return not_modelled(r, error);
	return rc;
}

/* Only the word that a block was left early: by cache maintenance that
 * faulted, which is a record of its own before. */
static bool is_trim(const struct trace_batch *batch)
{
	return batch->blocks == 1 && !batch->accesses && !batch->block[0].bytes;
}

static int replay_one_batch(struct replay *r, const struct trace_batch *batch,
			    struct error_line *error)
{
	if (batch->cpu >= r->machine->config.cpus || batch->el > 1)
		return malformed(r, error,
				 "cpu.batch: cpu or el: more than the machine has");
	if (r->fault_pending && !is_trim(batch)) {
		r->machine->divergences++;
		r->fault_pending = false;
	}
	if (over_limit(r, error))
		return error->exit_code;
	return replay_batch(r, batch, error);
}

static int replay_all(struct replay *r, struct error_line *error)
{
	struct trace_record record;
	struct trace_batch batch;
	int rc = EXIT_FINE;

	while (rc == EXIT_FINE) {
		switch (trace_reader_next(r->reader, &record, &batch)) {
		case TRACE_NEXT_BATCH:
			rc = replay_one_batch(r, &batch, error);
			break;
		case TRACE_NEXT_RECORD:
			rc = replay_stimulus(r, &record, error);
			break;
		case TRACE_NEXT_END:
			return EXIT_FINE;
		case TRACE_NEXT_TRUNCATED:
			return malformed(r, error,
					 "the trace is truncated after this line; what is whole was replayed");
		case TRACE_NEXT_MALFORMED:
			error_set(error, EXIT_INPUT, "%s: %s",
				  r->options->trace,
				  trace_reader_error(r->reader));
			return EXIT_INPUT;
		}
	}
	return rc;
}

static void finish(struct replay *r, struct study_result *result)
{
	struct machine *m = r->machine;
	const struct replay_options *o = r->options;
	json_t *guest = json_deep_copy(
		json_object_get(trace_reader_header(r->reader), "guest"));

	if (!guest)
		guest = json_object();
	json_object_set_new(guest, "exit",
			    m->ended ? json_integer((json_int_t)m->exit_status)
				     : json_null());
	result->guest_ended = m->ended;
	result->exit_status = m->exit_status;
	result->stats = machine_stats(m, guest);
	json_decref(guest);
	host_add(result->stats, host_seconds() - r->began);
	if (o->finish)
		o->finish(o->finish_context, m);
}

static struct trace_reader *open_reader(const char *path,
					struct error_line *error)
{
	char why[512];
	struct trace_reader *reader = trace_reader_open(path, why, sizeof(why));

	if (!reader)
		error_set(error, EXIT_INPUT, "%s: %s", path, why);
	return reader;
}

static bool listen(struct machine *m, struct protocol_listener *listener,
		   struct error_line *error)
{
	return !listener || machine_listen(m, listener, false) ||
	       error_set(error, EXIT_INPUT, "replay: out of memory");
}

int study_replay(const struct machine_config *config,
		 const struct replay_options *options,
		 struct study_result *result, struct error_line *error)
{
	struct replay r = { .options = options, .began = host_seconds() };
	int rc;

	*result = (struct study_result){ 0 };
	r.reader = open_reader(options->trace, error);
	if (!r.reader)
		return error->exit_code;
	r.machine = machine_new(config, error);
	if (!r.machine || !listen(r.machine, options->listener, error) ||
	    !machine_boot(r.machine, error)) {
		machine_free(r.machine);
		trace_reader_close(r.reader);
		return error->exit_code;
	}
	r.machine->replayed = true;
	machine_start(r.machine);
	rc = replay_all(&r, error);
	finish(&r, result);
	machine_free(r.machine);
	trace_reader_close(r.reader);
	return rc;
}

json_t *study_trace_machine(const char *trace, struct error_line *error)
{
	struct trace_reader *reader = open_reader(trace, error);
	json_t *machine;

	if (!reader)
		return NULL;
	machine = json_deep_copy(
		json_object_get(trace_reader_header(reader), "machine"));
	if (!machine &&
	    json_object_get(trace_reader_header(reader), "import"))
		error_set(error, EXIT_INPUT,
			  "%s: an imported log has nothing to run: only `check` reads it",
			  trace);
	else if (!machine)
		error_set(error, EXIT_INPUT,
			  "%s: line 1: no \"machine\" in the header", trace);
	trace_reader_close(reader);
	return machine;
}
