/* SPDX-License-Identifier: BSD-2-Clause */
/* See pci.h. */
#include "sim/machine/pci.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/bits.h"
#include "sim/machine/edu.h"

/* Of QEMU's edu: vendor, device, class "other". */
#define PCI_IDENTITY UINT32_C(0x11e81234)
#define PCI_CLASS    UINT32_C(0x00ff0010) /* and revision 0x10 */
#define PCI_PIN_A    UINT32_C(0x00000100)

enum {
	PCI_ID = 0x00,
	PCI_COMMAND = 0x04,
	PCI_CLASS_REVISION = 0x08,
	PCI_BAR0 = 0x10,
	PCI_SUBSYSTEM = 0x2c,
	PCI_INTERRUPT = 0x3c,
};

/* Command: memory space, bus mastering; the rest stays 0. */
#define COMMAND_MEMORY 2u
#define COMMAND_MASTER 4u

struct pci_function {
	uint32_t command, bar, line;
	struct edu edu;
};

struct pci {
	struct machine *m;
	unsigned int functions;
	struct pci_function function[];
};

struct pci *pci_new(struct machine *m)
{
	unsigned int functions = 0;
	struct pci *pci;

	for (uint32_t i = 0; i < m->config.iommus; i++)
		functions += m->config.iommu[i].devices;
	pci = calloc(1, sizeof(*pci) + functions * sizeof(*pci->function));
	if (!pci)
		return NULL;
	pci->m = m;
	pci->functions = functions;
	for (unsigned int i = 0; i < functions; i++)
		pci->function[i].edu.device = i;
	return pci;
}

void pci_free(struct pci *pci)
{
	free(pci);
}

/* ---- configuration space ---- */

static uint32_t config_read(const struct pci_function *f, uint32_t offset)
{
	switch (offset) {
	case PCI_ID:
		return PCI_IDENTITY;
	case PCI_COMMAND:
		return f->command;
	case PCI_CLASS_REVISION:
		return PCI_CLASS;
	case PCI_BAR0:
		return f->bar;
	case PCI_SUBSYSTEM:
		return UINT32_C(0x11001af4);
	case PCI_INTERRUPT:
		return PCI_PIN_A | f->line;
	default:
		return 0;
	}
}

static void config_write(struct pci_function *f, uint32_t offset,
			 uint32_t value)
{
	switch (offset) {
	case PCI_COMMAND:
		f->command = value & (COMMAND_MEMORY | COMMAND_MASTER);
		f->edu.master = f->command & COMMAND_MASTER;
		break;
	case PCI_BAR0: /* its low bits say memory, 32 bits */
		f->bar = value & ~(EDU_BAR_BYTES - 1);
		break;
	case PCI_INTERRUPT:
		f->line = value & 0xff;
		break;
	default:
		break;
	}
}

/* Bytes of a register, as narrow accesses see and change them. */
static void config_access(struct pci_function *f, uint32_t offset,
			  unsigned int size, bool write, uint64_t *value)
{
	uint32_t at = offset & ~3u, shift = 8 * (offset & 3);
	uint64_t mask = size >= 4 ? UINT32_MAX : MASK(0, 8 * size);
	uint32_t word = config_read(f, at);

	if (!write)
		*value = word >> shift & mask;
	else
		config_write(f, at,
			     (uint32_t)((word & ~(mask << shift)) |
					(*value & mask) << shift));
}

/* Device 1 is the first function; nobody else is there. */
static struct pci_function *ecam_function(struct pci *pci, uint64_t offset)
{
	uint64_t slot = offset >> 12; /* bus, device, function */

	if (slot % 8 || slot < 8 || slot / 8 > pci->functions)
		return NULL;
	return &pci->function[slot / 8 - 1];
}

/* ---- memory space ---- */

static const struct pci_function *claimant(const struct pci *pci, ipa_t ipa)
{
	if (ipa.raw - PCI_WINDOW_BASE >= PCI_WINDOW_BYTES)
		return NULL;
	for (unsigned int i = 0; i < pci->functions; i++) {
		const struct pci_function *f = &pci->function[i];

		if ((f->command & COMMAND_MEMORY) && f->bar &&
		    ipa.raw - f->bar < EDU_BAR_BYTES)
			return f;
	}
	return NULL;
}

bool pci_claims(const struct pci *pci, ipa_t ipa)
{
	return ipa.raw - PCI_ECAM_BASE < PCI_ECAM_BYTES || claimant(pci, ipa);
}

void pci_access(struct pci *pci, struct machine_cpu *cpu, ipa_t ipa,
		unsigned int size, bool write, uint64_t *value)
{
	uint64_t offset = ipa.raw - PCI_ECAM_BASE;
	const struct pci_function *claims;
	struct pci_function *f;

	if (offset >= PCI_ECAM_BYTES) {
		claims = claimant(pci, ipa);
		if (!claims)
			return;
		f = &pci->function[claims - pci->function];
		edu_access(&f->edu, pci->m, cpu, ipa.raw - f->bar, size, write,
			   value);
		return;
	}
	f = ecam_function(pci, offset);
	if (f)
		config_access(f, offset & 0xfff, size, write, value);
	else if (!write)
		*value = UINT64_MAX;
}

bool pci_fill(struct pci *pci, uint64_t device, uint64_t offset,
	      const void *bytes, size_t count)
{
	if (device >= pci->functions || offset >= EDU_BUFFER_BYTES ||
	    count > EDU_BUFFER_BYTES - offset)
		return false;
	memmove(pci->function[device].edu.buffer + offset, bytes, count);
	return true;
}
