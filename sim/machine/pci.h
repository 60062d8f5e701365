/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PCI functions of a machine with an IOMMU, as QEMU's `virt` has them: an
 * ECAM at 0x4010000000 (bus 0; PCI Express 5.0 §7.2.2), device 1 and upwards,
 * each compatible with QEMU's `edu` device. Their DMA goes through the IOMMU.
 *
 * Left out: interrupts and MSI (the status register alone says that one is
 * due), bridges, I/O ports, BARs above 4 GiB.
 */
#ifndef SIM_MACHINE_PCI_H
#define SIM_MACHINE_PCI_H

#include "sim/machine/machine.h"

#define PCI_ECAM_BASE	 UINT64_C(0x4010000000)
#define PCI_ECAM_BYTES	 (UINT64_C(256) << 20)
#define PCI_WINDOW_BASE	 UINT64_C(0x10000000)
#define PCI_WINDOW_BYTES UINT64_C(0x2eff0000)

struct pci;

/* NULL: out of memory. */
struct pci *pci_new(struct machine *m);
void pci_free(struct pci *pci);

/* Does anybody answer there: ECAM, or a BAR of a function that has its memory
 * space enabled? */
bool pci_claims(const struct pci *pci, ipa_t ipa);
/* Puts bytes into a device's buffer. False: there is no such place. */
MUST_CHECK bool pci_fill(struct pci *pci, uint64_t device, uint64_t offset,
			 const void *bytes, size_t count);
/* One access that somebody answers. */
void pci_access(struct pci *pci, struct machine_cpu *cpu, ipa_t ipa,
		unsigned int size, bool write, uint64_t *value);

#endif
