/* SPDX-License-Identifier: BSD-2-Clause */
/* See smmu_driver.h. */
#include "smmu_driver.h"

#define BASE  UINT64_C(0x09050000)
#define ROOM  UINT64_C(0x43000000) /* pages for tables and queues */
#define SPLIT 6			   /* two-level stream tables: 64 STEs a page */

static uint64_t pages;

/* ---- registers ---- */

uint32_t smmu_read(enum smmu_register offset)
{
	return *(volatile uint32_t *)(uintptr_t)(BASE + offset);
}

void smmu_write(enum smmu_register offset, uint32_t value)
{
	__asm__ volatile("dsb sy" : : : "memory");
	*(volatile uint32_t *)(uintptr_t)(BASE + offset) = value;
}

uint64_t smmu_read_wide(enum smmu_register offset)
{
	return *(volatile uint64_t *)(uintptr_t)(BASE + offset);
}

void smmu_write_wide(enum smmu_register offset, uint64_t value)
{
	*(volatile uint64_t *)(uintptr_t)(BASE + offset) = value;
}

void smmu_control(uint32_t cr0)
{
	smmu_write(SMMU_CR0, cr0);
	while (smmu_read(SMMU_CR0ACK) != cr0)
		;
}

/* ---- finding and starting ---- */

static unsigned int least(uint64_t a, unsigned int b)
{
	return a < b ? (unsigned int)a : b;
}

const char *smmu_find(struct smmu *s)
{
	static const uint8_t sizes[8] = { 32, 36, 40, 42, 44, 48, 52, 0 };
	uint32_t idr0 = smmu_read(SMMU_IDR0), idr1 = smmu_read(SMMU_IDR1);
	uint32_t idr5 = smmu_read(SMMU_IDR5);

	s->stage1 = idr0 >> 1 & 1;
	s->stage2 = idr0 & 1;
	s->coherent = idr0 >> 4 & 1;
	s->two_level = idr0 >> 27 & 3;
	s->sid_bits = idr1 & 0x3f;
	s->cmdq_lg2 = least(idr1 >> 21 & 0x1f, 4);
	s->eventq_lg2 = least(idr1 >> 16 & 0x1f, 3);
	s->oas = idr5 & 7;
	/* Three levels of the 4K granule take 39 bits. */
	s->address_bits = least(sizes[s->oas], 39);
	if (!s->stage1 || !s->stage2)
		return "an SMMU with both stages";
	if (!(idr0 >> 2 & 2))
		return "AArch64 tables";
	if (!(idr5 >> 4 & 1) || !s->address_bits)
		return "the 4K granule";
	if (s->sid_bits < 4)
		return "StreamIDs of 4 bits";
	return NULL;
}

uint64_t page_new(void)
{
	uint64_t page = ROOM + pages++ * PAGE_BYTES;

	for (unsigned int i = 0; i < PAGE_BYTES / 8; i++)
		words_at(page)[i] = 0;
	return page;
}

static void make_tables(struct smmu *s)
{
	s->cmdq = page_new();
	s->eventq = page_new();
	s->stes = s->stream_table = page_new();
	if (!s->two_level)
		return;
	s->stream_table = page_new();
	words_at(s->stream_table)[0] = s->stes | (SPLIT + 1);
}

void smmu_start(struct smmu *s, unsigned int streams_lg2)
{
	if (!s->cmdq)
		make_tables(s);
	s->streams_lg2 = streams_lg2;
	smmu_control(0);
	smmu_write(SMMU_CR1, 0xd75); /* write-back, inner shareable */
	smmu_write(SMMU_CR2, 2);     /* RECINVSID */
	smmu_write_wide(SMMU_STRTAB_BASE, s->stream_table);
	smmu_write(SMMU_STRTAB_BASE_CFG,
		   (s->two_level ? 1u << 16 | SPLIT << 6 : 0) | streams_lg2);
	smmu_write_wide(SMMU_CMDQ_BASE, s->cmdq | s->cmdq_lg2);
	smmu_write(SMMU_CMDQ_PROD, 0);
	smmu_write(SMMU_CMDQ_CONS, 0);
	smmu_write_wide(SMMU_EVENTQ_BASE, s->eventq | s->eventq_lg2);
	smmu_write(SMMU_EVENTQ_PROD, 0);
	smmu_write(SMMU_EVENTQ_CONS, 0);
	smmu_control(CR0_CMDQEN);
	smmu_control(CR0_CMDQEN | CR0_EVENTQEN);
	smmu_command(s, CMD_CFGI_ALL, 31);
	smmu_command(s, CMD_TLBI_NSNH_ALL, 0);
	(void)smmu_sync(s);
}

/* ---- tables ---- */

void smmu_ste_write(const struct smmu *s, uint32_t stream,
		    const uint64_t word[4])
{
	volatile uint64_t *ste = words_at(s->stes + stream * 64);

	for (int i = 3; i >= 0; i--)
		ste[i] = word[i];
	__asm__ volatile("dsb sy" : : : "memory");
}

void smmu_ste_make(const struct smmu *s, const struct smmu_stream *stream,
		   uint64_t word[4])
{
	uint64_t config = 4 | (stream->cd ? 1 : 0) | (stream->s2_root ? 2 : 0);

	word[0] = 1 | config << 1 | stream->cd;
	/* CDs are read write-back, inner shareable; SHCFG: as it comes. */
	word[1] = UINT64_C(0x1) << 2 | UINT64_C(1) << 4 | UINT64_C(3) << 6 |
		  UINT64_C(1) << 44;
	word[2] = word[3] = 0;
	if (!stream->s2_root)
		return;
	word[2] = stream->vmid | (uint64_t)(64 - s->address_bits) << 32 |
		  UINT64_C(1) << 38 |			  /* from level 1 */
		  UINT64_C(1) << 40 | UINT64_C(1) << 42 | /* write-back */
		  UINT64_C(3) << 44 |			  /* inner shareable */
		  s->oas << 48 | UINT64_C(1) << 51 |	  /* AArch64 */
		  UINT64_C(1) << 58;			  /* S2R */
	word[3] = stream->s2_root;
}

uint64_t smmu_cd_new(const struct smmu *s, uint64_t root, uint16_t asid)
{
	volatile uint64_t *cd = words_at(page_new());

	cd[3] = 0xff; /* MAIR: attribute 0 is write-back */
	cd[1] = root;
	cd[0] = (uint64_t)(64 - s->address_bits) | UINT64_C(1) << 8 |
		UINT64_C(1) << 10 | UINT64_C(3) << 12 |
		UINT64_C(1) << 30 |			/* EPD1 */
		UINT64_C(1) << 31 |			/* V */
		s->oas << 32 | UINT64_C(1) << 41 |	/* AArch64 */
		UINT64_C(1) << 45 | UINT64_C(1) << 46 | /* R, A */
		(uint64_t)asid << 48;
	__asm__ volatile("dsb sy" : : : "memory");
	return (uintptr_t)cd;
}

volatile uint64_t *smmu_descriptor(uint64_t root, uint64_t address)
{
	volatile uint64_t *entry;

	for (int level = 1;; level++) {
		entry = &words_at(root)[address >> (39 - 9 * level) & 511];
		if (level == 3)
			return entry;
		if (!(*entry & 1))
			*entry = page_new() | 3;
		root = *entry & UINT64_C(0xfffffffff000);
	}
}

void smmu_descriptor_write(volatile uint64_t *descriptor, uint64_t value)
{
	*descriptor = value;
	__asm__ volatile("dsb sy" : : : "memory");
}

/* ---- commands ---- */

static uint32_t next(uint32_t index, unsigned int lg2)
{
	return (index + 1) & ((2u << lg2) - 1);
}

void smmu_command(const struct smmu *s, uint64_t word0, uint64_t word1)
{
	uint32_t prod = smmu_read(SMMU_CMDQ_PROD);
	volatile uint64_t *entry =
		words_at(s->cmdq + (prod & ((1u << s->cmdq_lg2) - 1)) * 16);

	entry[0] = word0;
	entry[1] = word1;
	smmu_write(SMMU_CMDQ_PROD, next(prod, s->cmdq_lg2));
}

bool smmu_sync(const struct smmu *s)
{
	smmu_command(s, CMD_SYNC, 0);
	while ((smmu_read(SMMU_CMDQ_CONS) & 0xfffff) !=
	       smmu_read(SMMU_CMDQ_PROD))
		if ((smmu_read(SMMU_GERROR) ^ smmu_read(SMMU_GERRORN)) &
		    GERROR_CMDQ)
			return false;
	return true;
}

bool smmu_command_sync(const struct smmu *s, uint64_t word0, uint64_t word1)
{
	smmu_command(s, word0, word1);
	return smmu_sync(s);
}

/* ---- events ---- */

bool smmu_event_take(const struct smmu *s, struct smmu_event *event)
{
	uint32_t cons = smmu_read(SMMU_EVENTQ_CONS);
	uint32_t mask = (2u << s->eventq_lg2) - 1;
	const volatile uint64_t *entry =
		words_at(s->eventq + (cons & (mask >> 1)) * 32);

	if (!((smmu_read(SMMU_EVENTQ_PROD) ^ cons) & mask))
		return false;
	__asm__ volatile("dsb sy" : : : "memory");
	for (unsigned int i = 0; i < 4; i++)
		event->word[i] = entry[i];
	smmu_write(SMMU_EVENTQ_CONS,
		   (cons & ~mask) | next(cons & mask, s->eventq_lg2));
	return true;
}

static const char *event_name(unsigned int number)
{
	switch (number) {
	case 0x02:
		return "C_BAD_STREAMID";
	case 0x03:
		return "F_STE_FETCH";
	case 0x04:
		return "C_BAD_STE";
	case 0x06:
		return "F_STREAM_DISABLED";
	case 0x08:
		return "C_BAD_SUBSTREAMID";
	case 0x09:
		return "F_CD_FETCH";
	case 0x0a:
		return "C_BAD_CD";
	case 0x0b:
		return "F_WALK_EABT";
	case 0x10:
		return "F_TRANSLATION";
	case 0x11:
		return "F_ADDR_SIZE";
	case 0x12:
		return "F_ACCESS";
	case 0x13:
		return "F_PERMISSION";
	default:
		return "an event unknown to the driver";
	}
}

void smmu_event_print(const struct smmu_event *event)
{
	static const char *const class[4] = { "CD", "TT", "IN", "reserved" };
	unsigned int number = event->word[0] & 0xff;
	uint64_t access = event->word[1];

	print("  event ");
	print(event_name(number));
	print(" stream ");
	print_number(event->word[0] >> 32);
	if (number >= 0x0b) {
		print(access >> 35 & 1 ? " read" : " write");
		print(access >> 39 & 1 ? " stage 2" : " stage 1");
		print(" class ");
		print(class[access >> 40 & 3]);
		print(" address ");
		print_hex(event->word[2]);
		if (access >> 39 & 1) {
			print(" ipa ");
			print_hex(event->word[3] & UINT64_C(0xffffffffff000));
		}
	}
	print("\n");
}
