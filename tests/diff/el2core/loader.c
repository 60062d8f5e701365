/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's ELF file, from where QEMU put it to where the guest has it. ELF64
 * for AArch64, System V ABI 4 and 5; files are ours, so that only what would
 * lead astray is checked.
 *
 * HLT #0xf000 is semihosting and cannot be made to trap (it is QEMU's), so it
 * becomes HVC #0xf000 in what the guest executes: the file stays as it is.
 */
#include "host.h"
#include "layout.h"

#define HLT_SEMIHOSTING UINT32_C(0xd45e0000)
#define HVC_SEMIHOSTING UINT32_C(0xd41e0002)

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct elf_header) == 64, "ELF64");

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
_Static_assert(sizeof(struct elf_segment) == 56, "ELF64");

#define PT_LOAD 1
#define PF_X	1

static const char *segment_load(struct host *h, const uint8_t *image,
				const struct elf_segment *s)
{
	if (s->filesz > IMAGE_BYTES || s->offset > IMAGE_BYTES - s->filesz)
		return "a segment is not in the file";
	for (uint64_t i = 0; i < s->filesz; i++) {
		uint8_t *at = ram_at(h, s->paddr + i);

		if (!at)
			return "a segment is not in the guest's memory";
		*at = image[s->offset + i];
	}
	for (uint64_t i = 0; (s->flags & PF_X) && i + 4 <= s->filesz; i += 4) {
		uint32_t *word = (uint32_t *)(void *)ram_at(h, s->paddr + i);

		if (*word == HLT_SEMIHOSTING)
			*word = HVC_SEMIHOSTING;
	}
	return NULL;
}

const char *guest_load(struct host *h, uint64_t *entry)
{
	const uint8_t *image = (const uint8_t *)(uintptr_t)IMAGE_PA;
	const struct elf_header *e = (const void *)image;

	if (e->ident[0] != 0x7f || e->ident[1] != 'E' || e->ident[2] != 'L' ||
	    e->ident[3] != 'F' || e->ident[4] != 2 || e->machine != 183 ||
	    e->phentsize != sizeof(struct elf_segment) || e->phoff % 8 ||
	    e->phoff > IMAGE_BYTES / 2)
		return "no ELF64 file for AArch64 at the image's place";
	for (unsigned int i = 0; i < e->phnum; i++) {
		const struct elf_segment *s =
			(const void *)(image + e->phoff + i * sizeof(*s));
		const char *why = NULL;

		if (s->type == PT_LOAD)
			why = segment_load(h, image, s);
		if (why)
			return why;
	}
	*entry = e->entry;
	return NULL;
}
