/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See edu.h. Registers below 0x80 take accesses of 4 bytes, the rest 4 or 8.
 * DMA that would leave the device's buffer does not happen.
 */
#include "sim/machine/edu.h"

#include "core/base/bug.h"
#include "sim/machine/dma.h"
#include "sim/machine/iommu.h"

enum {
	EDU_ID = 0x00,
	EDU_LIVE = 0x04,
	EDU_FACTORIAL = 0x08,
	EDU_STATUS = 0x20,
	EDU_IRQ_STATUS = 0x24,
	EDU_IRQ_RAISE = 0x60,
	EDU_IRQ_ACK = 0x64,
	EDU_DMA_SOURCE = 0x80,
	EDU_DMA_DESTINATION = 0x88,
	EDU_DMA_COUNT = 0x90,
	EDU_DMA_COMMAND = 0x98,
};

#define EDU_IDENTITY UINT32_C(0x010000ed)
#define STATUS_IRQ   0x80u /* raise one after the factorial */

enum { COMMAND_RUN = 1, COMMAND_TO_MEMORY = 2, COMMAND_IRQ = 4 };
enum { IRQ_FACTORIAL = 0x001, IRQ_DMA = 0x100 };

/* ---- DMA ---- */

static void settle(struct edu *edu, const struct machine_cpu *cpu)
{
	if (!(edu->command & COMMAND_RUN) ||
	    machine_cycles(cpu) < edu->busy_until)
		return;
	edu->command &= ~(uint64_t)COMMAND_RUN;
	if (edu->command & COMMAND_IRQ)
		edu->irq |= IRQ_DMA;
}

/*
 * A replay has no values; but an IOMMU that is the guest's own may read what a
 * device has written, so that there the recording has what that is.
 */
static uint8_t *data_of(struct edu *edu, struct machine *m,
			struct machine_cpu *cpu, uint64_t inside,
			bool to_memory)
{
	uint8_t *at = edu->buffer + inside;

	if (iommu_of_device(m->iommus, edu->device) != m->iommus->guests)
		return m->versions ? at : NULL;
	if (to_memory && m->trace)
		BUG_ON(m, !machine_device_data(m, cpu, edu->device, inside, at,
					       edu->count));
	return at;
}

static void run(struct edu *edu, struct machine *m, struct machine_cpu *cpu)
{
	bool to_memory = edu->command & COMMAND_TO_MEMORY;
	uint64_t inside = to_memory ? edu->source : edu->destination;
	struct dma_access a = {
		.device = edu->device,
		.iova = { to_memory ? edu->destination : edu->source },
		.bytes = edu->count,
		.write = to_memory,
	};

	edu->busy_until = machine_cycles(cpu);
	inside -= EDU_BUFFER;
	if (!edu->master || inside >= EDU_BUFFER_BYTES ||
	    edu->count > EDU_BUFFER_BYTES - inside || edu->count == 0 ||
	    edu->count - 1 > ~a.iova.raw)
		return;
	a.data = data_of(edu, m, cpu, inside, to_memory);
	edu->busy_until = dma_perform(m->iommus, cpu, &a);
}

/* ---- registers ---- */

static uint32_t factorial(uint32_t n)
{
	uint32_t product = 1;

	/* 34! is the first of which 32 bits are zero, as all after it. */
	if (n >= 34)
		return 0;
	while (n > 1)
		product *= n--;
	return product;
}

static uint64_t *wide(struct edu *edu, uint64_t offset)
{
	switch (offset) {
	case EDU_DMA_SOURCE:
		return &edu->source;
	case EDU_DMA_DESTINATION:
		return &edu->destination;
	case EDU_DMA_COUNT:
		return &edu->count;
	case EDU_DMA_COMMAND:
		return &edu->command;
	default:
		return NULL;
	}
}

static uint64_t read_narrow(const struct edu *edu, uint64_t offset)
{
	switch (offset) {
	case EDU_ID:
		return EDU_IDENTITY;
	case EDU_LIVE:
		return edu->live;
	case EDU_FACTORIAL:
		return edu->factorial;
	case EDU_STATUS:
		return edu->status;
	case EDU_IRQ_STATUS:
		return edu->irq;
	default:
		return UINT64_MAX;
	}
}

static void write_narrow(struct edu *edu, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case EDU_LIVE:
		edu->live = ~value;
		break;
	case EDU_FACTORIAL:
		edu->factorial = factorial(value);
		if (edu->status & STATUS_IRQ)
			edu->irq |= IRQ_FACTORIAL;
		break;
	case EDU_STATUS:
		edu->status = value & STATUS_IRQ;
		break;
	case EDU_IRQ_RAISE:
		edu->irq |= value;
		break;
	case EDU_IRQ_ACK:
		edu->irq &= ~value;
		break;
	default:
		break;
	}
}

static void write_wide(struct edu *edu, struct machine *m,
		       struct machine_cpu *cpu, uint64_t offset, uint64_t value)
{
	/* While it runs nothing of it changes. */
	if (edu->command & COMMAND_RUN)
		return;
	*wide(edu, offset) = value;
	if (offset == EDU_DMA_COMMAND && (value & COMMAND_RUN))
		run(edu, m, cpu);
}

void edu_access(struct edu *edu, struct machine *m, struct machine_cpu *cpu,
		uint64_t offset, unsigned int size, bool write, uint64_t *value)
{
	bool known = size == 4 || (size == 8 && offset >= EDU_DMA_SOURCE);

	settle(edu, cpu);
	if (!write)
		*value = UINT64_MAX;
	if (!known)
		return;
	if (write && size == 4)
		*value &= UINT32_MAX;
	if (wide(edu, offset)) {
		if (write)
			write_wide(edu, m, cpu, offset, *value);
		else
			*value = *wide(edu, offset);
	} else if (write) {
		write_narrow(edu, offset, (uint32_t)*value);
	} else {
		*value = read_narrow(edu, offset);
	}
}
