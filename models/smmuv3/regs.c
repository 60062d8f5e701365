/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers: what reads give, what writes change and set going. IHI0070 G.b
 * 6.3. Updates (CR0ACK, IRQ_CTRLACK, GBPA.Update) are complete at once. A
 * register that is guarded by an enable is not changed while that is set.
 */
#include "models/smmuv3/regs.h"

#include "models/smmuv3/unit.h"

/* ---- reading ---- */

/* Component identification; peripheral identification is 0. */
static uint32_t identification(uint32_t offset)
{
	static const uint8_t cidr[4] = { 0x0d, 0xf0, 0x05, 0xb1 };

	return offset >= 0xff0 ? cidr[(offset - 0xff0) / 4] : 0;
}

static uint32_t read32(const struct smmu *s, uint32_t offset)
{
	const struct smmu_registers *r = &s->r;

	switch (offset) {
	case SMMU_IDR0:
	case SMMU_IDR1:
	case SMMU_IDR2:
	case SMMU_IDR3:
	case SMMU_IDR4:
	case SMMU_IDR5:
		return r->idr[offset / 4];
	case SMMU_IIDR:
		return s->config.iidr;
	case SMMU_AIDR:
		return s->config.minor;
	case SMMU_CR0:
	case SMMU_CR0ACK:
		return r->cr0;
	case SMMU_CR1:
		return r->cr1;
	case SMMU_CR2:
		return r->cr2;
	case SMMU_GBPA:
		return r->gbpa;
	case SMMU_IRQ_CTRL:
	case SMMU_IRQ_CTRLACK:
		return r->irq_ctrl;
	case SMMU_GERROR:
		return r->gerror;
	case SMMU_GERRORN:
		return r->gerrorn;
	case SMMU_GERROR_IRQ_CFG1:
		return r->gerror_irq_cfg1;
	case SMMU_GERROR_IRQ_CFG2:
		return r->gerror_irq_cfg2;
	case SMMU_STRTAB_BASE_CFG:
		return r->strtab_base_cfg;
	case SMMU_CMDQ_PROD:
		return r->cmdq_prod;
	case SMMU_CMDQ_CONS:
		return r->cmdq_cons;
	case SMMU_EVENTQ_PROD:
	case SMMU_EVENTQ_PROD_ALIAS:
		return r->eventq_prod;
	case SMMU_EVENTQ_CONS:
	case SMMU_EVENTQ_CONS_ALIAS:
		return r->eventq_cons;
	case SMMU_EVENTQ_IRQ_CFG1:
		return r->eventq_irq_cfg1;
	case SMMU_EVENTQ_IRQ_CFG2:
		return r->eventq_irq_cfg2;
	default:
		return offset >= 0xfd0 && offset < SMMU_PAGE0_BYTES
			       ? identification(offset)
			       : 0;
	}
}

/* The 64-bit register at `offset`, or NULL. */
static const uint64_t *wide(const struct smmu_registers *r, uint32_t offset)
{
	switch (offset) {
	case SMMU_GERROR_IRQ_CFG0:
		return &r->gerror_irq_cfg0;
	case SMMU_STRTAB_BASE:
		return &r->strtab_base;
	case SMMU_CMDQ_BASE:
		return &r->cmdq_base;
	case SMMU_EVENTQ_BASE:
		return &r->eventq_base;
	case SMMU_EVENTQ_IRQ_CFG0:
		return &r->eventq_irq_cfg0;
	default:
		return NULL;
	}
}

uint64_t smmu_mmio_read(const struct smmu *s, uint32_t offset,
			unsigned int bytes)
{
	const uint64_t *it = wide(&s->r, offset & ~7u);

	if ((bytes != 4 && bytes != 8) || offset % bytes ||
	    offset >= SMMU_MMIO_BYTES)
		return 0;
	if (it)
		return bytes == 8 ? *it : (uint32_t)(*it >> 8 * (offset & 4));
	if (bytes == 4)
		return read32(s, offset);
	return read32(s, offset) | (uint64_t)read32(s, offset + 4) << 32;
}

/* ---- writing ---- */

static void write_cr0(struct smmu *s, uint32_t value)
{
	uint32_t mask = (uint32_t)(FIELD_MASK(SMMU_CR0_SMMUEN) |
				   FIELD_MASK(SMMU_CR0_EVENTQEN) |
				   FIELD_MASK(SMMU_CR0_CMDQEN));
	bool was_on = smmu_enabled(s);

	s->r.cr0 = value & mask;
	if (was_on && !smmu_enabled(s))
		smmu_stalls_terminate(s, true, 0);
	smmu_events_pending(s);
	smmu_commands_run(s);
}

static void write_cr1(struct smmu *s, uint32_t value)
{
	uint32_t tables = (uint32_t)(FIELD_MASK(SMMU_CR1_TABLE_IC) |
				     FIELD_MASK(SMMU_CR1_TABLE_OC) |
				     FIELD_MASK(SMMU_CR1_TABLE_SH));
	uint32_t queues = (uint32_t)(FIELD_MASK(SMMU_CR1_QUEUE_IC) |
				     FIELD_MASK(SMMU_CR1_QUEUE_OC) |
				     FIELD_MASK(SMMU_CR1_QUEUE_SH));
	uint32_t mask = 0;

	if (!smmu_enabled(s))
		mask |= tables;
	if (!FIELD_GET(SMMU_CR0_CMDQEN, s->r.cr0) &&
	    !FIELD_GET(SMMU_CR0_EVENTQEN, s->r.cr0))
		mask |= queues;
	s->r.cr1 = (s->r.cr1 & ~mask) | (value & mask);
}

static void write_cr2(struct smmu *s, uint32_t value)
{
	uint64_t mask = FIELD_MASK(SMMU_CR2_RECINVSID);

	if (s->config.hyp)
		mask |= FIELD_MASK(SMMU_CR2_E2H);
	if (s->config.btm)
		mask |= FIELD_MASK(SMMU_CR2_PTM);
	if (!smmu_enabled(s))
		s->r.cr2 = value & (uint32_t)mask;
}

static void write_gbpa(struct smmu *s, uint32_t value)
{
	const uint64_t mask =
		(FIELD_MASK(SMMU_GBPA_ABORT) |
		 (s->config.attr_types_override
			  ? FIELD_MASK(SMMU_GBPA_MemAttr) |
				    FIELD_MASK(SMMU_GBPA_MTCFG) |
				    FIELD_MASK(SMMU_GBPA_ALLOCCFG) |
				    FIELD_MASK(SMMU_GBPA_SHCFG)
			  : 0) |
		 (s->config.attr_permissions_override
			  ? FIELD_MASK(SMMU_GBPA_PRIVCFG) |
				    FIELD_MASK(SMMU_GBPA_INSTCFG)
			  : 0));

	/* Without Update the write is lost; with it, it is done at once. */
	if (FIELD_GET(SMMU_GBPA_Update, value))
		s->r.gbpa = value & (uint32_t)mask;
}

static void write_gerrorn(struct smmu *s, uint32_t value)
{
	/* To toggle what is not active would raise it: such bits stay. */
	uint32_t active = s->r.gerror ^ s->r.gerrorn;

	s->r.gerrorn ^= (value ^ s->r.gerrorn) & active;
	smmu_events_pending(s);
	smmu_commands_run(s);
}

/* 20 bits of an index with its wrap bit; the queue's size says which count. */
#define INDEX_MASK ((uint32_t)MASK(0, 20))

static void write_cmdq_cons(struct smmu *s, uint32_t value)
{
	if (!FIELD_GET(SMMU_CR0_CMDQEN, s->r.cr0))
		s->r.cmdq_cons =
			value &
			(INDEX_MASK | (uint32_t)FIELD_MASK(SMMU_CMDQ_CONS_ERR));
}

static void write_eventq_prod(struct smmu *s, uint32_t value)
{
	if (!FIELD_GET(SMMU_CR0_EVENTQEN, s->r.cr0))
		s->r.eventq_prod =
			value & (INDEX_MASK |
				 (uint32_t)FIELD_MASK(SMMU_EVENTQ_PROD_OVFLG));
}

static void write_eventq_cons(struct smmu *s, uint32_t value)
{
	s->r.eventq_cons =
		value &
		(INDEX_MASK | (uint32_t)FIELD_MASK(SMMU_EVENTQ_PROD_OVFLG));
	smmu_events_pending(s);
}

static bool irq_on(const struct smmu *s, uint64_t enable)
{
	return s->r.irq_ctrl & enable;
}

static void write_irq_cfg(struct smmu *s, uint32_t *it, uint64_t enable,
			  uint32_t value)
{
	if (s->config.msi && !irq_on(s, enable))
		*it = value;
}

static void write32(struct smmu *s, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case SMMU_CR0:
		write_cr0(s, value);
		return;
	case SMMU_CR1:
		write_cr1(s, value);
		return;
	case SMMU_CR2:
		write_cr2(s, value);
		return;
	case SMMU_GBPA:
		write_gbpa(s, value);
		return;
	case SMMU_IRQ_CTRL:
		s->r.irq_ctrl =
			value &
			(uint32_t)(FIELD_MASK(SMMU_IRQ_CTRL_GERROR_IRQEN) |
				   FIELD_MASK(SMMU_IRQ_CTRL_EVENTQ_IRQEN));
		return;
	case SMMU_GERRORN:
		write_gerrorn(s, value);
		return;
	case SMMU_GERROR_IRQ_CFG1:
		write_irq_cfg(s, &s->r.gerror_irq_cfg1,
			      FIELD_MASK(SMMU_IRQ_CTRL_GERROR_IRQEN), value);
		return;
	case SMMU_GERROR_IRQ_CFG2:
		write_irq_cfg(s, &s->r.gerror_irq_cfg2,
			      FIELD_MASK(SMMU_IRQ_CTRL_GERROR_IRQEN),
			      value & 0x3f);
		return;
	case SMMU_EVENTQ_IRQ_CFG1:
		write_irq_cfg(s, &s->r.eventq_irq_cfg1,
			      FIELD_MASK(SMMU_IRQ_CTRL_EVENTQ_IRQEN), value);
		return;
	case SMMU_EVENTQ_IRQ_CFG2:
		write_irq_cfg(s, &s->r.eventq_irq_cfg2,
			      FIELD_MASK(SMMU_IRQ_CTRL_EVENTQ_IRQEN),
			      value & 0x3f);
		return;
	case SMMU_STRTAB_BASE_CFG:
		if (!smmu_enabled(s))
			s->r.strtab_base_cfg = value & 0x307ff;
		return;
	case SMMU_CMDQ_PROD:
		s->r.cmdq_prod = value & INDEX_MASK;
		smmu_commands_run(s);
		return;
	case SMMU_CMDQ_CONS:
		write_cmdq_cons(s, value);
		return;
	case SMMU_EVENTQ_PROD:
	case SMMU_EVENTQ_PROD_ALIAS:
		write_eventq_prod(s, value);
		return;
	case SMMU_EVENTQ_CONS:
	case SMMU_EVENTQ_CONS_ALIAS:
		write_eventq_cons(s, value);
		return;
	default:
		return;
	}
}

/* Bits that a 64-bit register keeps, 0 while it is guarded. */
static uint64_t writable(const struct smmu *s, uint32_t offset)
{
	uint64_t cr0 = s->r.cr0;
	uint64_t queue = FIELD_MASK(SMMU_QBASE_LOG2SIZE) |
			 FIELD_MASK(SMMU_QBASE_ADDR) |
			 FIELD_MASK(SMMU_QBASE_ALLOC);

	switch (offset) {
	case SMMU_STRTAB_BASE:
		return smmu_enabled(s)
			       ? 0
			       : FIELD_MASK(SMMU_STRTAB_BASE_ADDR) |
					 FIELD_MASK(SMMU_STRTAB_BASE_RA);
	case SMMU_CMDQ_BASE:
		return FIELD_GET(SMMU_CR0_CMDQEN, cr0) ? 0 : queue;
	case SMMU_EVENTQ_BASE:
		return FIELD_GET(SMMU_CR0_EVENTQEN, cr0) ? 0 : queue;
	case SMMU_GERROR_IRQ_CFG0:
		return !s->config.msi ||
				       irq_on(s,
					      FIELD_MASK(
						      SMMU_IRQ_CTRL_GERROR_IRQEN))
			       ? 0
			       : FIELD_MASK(SMMU_IRQ_CFG0_ADDR);
	default:
		return !s->config.msi ||
				       irq_on(s,
					      FIELD_MASK(
						      SMMU_IRQ_CTRL_EVENTQ_IRQEN))
			       ? 0
			       : FIELD_MASK(SMMU_IRQ_CFG0_ADDR);
	}
}

static void write_wide(struct smmu *s, uint32_t offset, uint64_t value,
		       uint64_t bytes_mask)
{
	uint64_t *it = (uint64_t *)wide(&s->r, offset);
	uint64_t mask = writable(s, offset) & bytes_mask;

	*it = (*it & ~mask) | (value & mask);
}

void smmu_mmio_write(struct smmu *s, uint32_t offset, uint64_t value,
		     unsigned int bytes, uint64_t now)
{
	unsigned int shift = 8 * (offset & 4);

	if ((bytes != 4 && bytes != 8) || offset % bytes ||
	    offset >= SMMU_MMIO_BYTES)
		return;
	s->now = now;
	if (wide(&s->r, offset & ~7u)) {
		write_wide(s, offset & ~7u, value << shift,
			   bytes == 8 ? UINT64_MAX : MASK(0, 32) << shift);
		return;
	}
	write32(s, offset, (uint32_t)value);
	if (bytes == 8)
		write32(s, offset + 4, (uint32_t)(value >> 32));
}

uint64_t smmu_commands_done_at(const struct smmu *s)
{
	return s->commands_done;
}
