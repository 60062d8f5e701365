/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts, by wire or message, and the global errors that one of them tells
 * of. IHI0070 G.b 3.18, 7.5.
 */
#include "models/smmuv3/unit.h"

void smmu_interrupt(struct smmu *s, enum smmu_irq which, uint64_t address,
		    uint32_t data)
{
	static const uint8_t abort_bit[] = {
		[SMMU_IRQ_EVENTQ] = SMMU_GERROR_MSI_EVENTQ_ABT_ERR_LSB,
		[SMMU_IRQ_CMD_SYNC] = SMMU_GERROR_MSI_CMDQ_ABT_ERR_LSB,
		[SMMU_IRQ_GERROR] = SMMU_GERROR_MSI_GERROR_ABT_ERR_LSB,
	};
	uint8_t bytes[4] = { (uint8_t)data, (uint8_t)(data >> 8),
			     (uint8_t)(data >> 16), (uint8_t)(data >> 24) };

	if (!s->config.msi || !address) {
		s->counters.interrupts++;
		if (s->ops->interrupt)
			s->ops->interrupt(s->context, which);
		return;
	}
	s->counters.msis++;
	if (!s->ops->write(s->context, address & smmu_oas_mask(s), bytes,
			   sizeof(bytes), false))
		smmu_gerror(s, (uint32_t)BIT(abort_bit[which]));
}

void smmu_gerror(struct smmu *s, uint32_t errors)
{
	uint32_t inactive = ~(s->r.gerror ^ s->r.gerrorn);
	uint32_t fresh = errors & inactive;

	s->r.gerror ^= fresh;
	fresh &= (uint32_t)~FIELD_MASK(SMMU_GERROR_MSI_GERROR_ABT_ERR);
	if (fresh && FIELD_GET(SMMU_IRQ_CTRL_GERROR_IRQEN, s->r.irq_ctrl))
		smmu_interrupt(s, SMMU_IRQ_GERROR,
			       s->r.gerror_irq_cfg0 &
				       FIELD_MASK(SMMU_IRQ_CFG0_ADDR),
			       s->r.gerror_irq_cfg1);
}
