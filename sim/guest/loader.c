/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF64 executables for AArch64: read whole, parsed with libelf, and every
 * number checked before anyone relies on it. ELF for the Arm 64-bit
 * Architecture (IHI0056), System V ABI 4 and 5. Left out: dynamic linking
 * (PT_INTERP), more than 32 loadable segments.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/guest/guest.h"
#include "sim/machine/digest.h"

#define FILE_MAX (UINT64_C(1) << 30)
#define SEGMENTS_MAX \
	(sizeof(((struct elf_image *)0)->segment) / sizeof(struct elf_segment))

struct opening {
	struct elf_image *image;
	const char *path;
	struct error_line *error;
};

static bool refuse(const struct opening *o, const char *why)
{
	return error_set(o->error, EXIT_INPUT, "%s: %s", o->path, why);
}

static bool refuse_segment(const struct opening *o, size_t index,
			   const char *why)
{
	return error_set(o->error, EXIT_INPUT, "%s: program header %zu: %s",
			 o->path, index, why);
}

/* ---- the file ---- */

static bool read_all(int fd, uint8_t *to, uint64_t bytes)
{
	uint64_t done = 0;

	while (done < bytes) {
		ssize_t n = read(fd, to + done, bytes - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n ? errno : EIO;
			return false;
		}
		done += (uint64_t)n;
	}
	return true;
}

static bool read_open_file(const struct opening *o, int fd)
{
	struct stat st;
	uint8_t *file;

	if (fstat(fd, &st))
		return refuse(o, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(o, "not a regular file");
	if ((uint64_t)st.st_size > FILE_MAX)
		return refuse(o, "larger than 1 GiB");
	file = malloc(st.st_size ? (size_t)st.st_size : 1);
	if (!file)
		return refuse(o, "out of memory");
	o->image->private_data = file;
	o->image->file = file;
	o->image->file_bytes = (uint64_t)st.st_size;
	if (!read_all(fd, file, o->image->file_bytes))
		return refuse(o, strerror(errno));
	return true;
}

static bool read_file(const struct opening *o)
{
	int fd = open(o->path, O_RDONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return refuse(o, strerror(errno));
	ok = read_open_file(o, fd);
	close(fd);
	return ok;
}

/* ---- headers ---- */

static bool check_ident(const struct opening *o)
{
	const uint8_t *id = o->image->file;

	if (o->image->file_bytes < SELFMAG || memcmp(id, ELFMAG, SELFMAG) != 0)
		return refuse(
			o, "not an ELF file: an AArch64 executable is needed");
	if (o->image->file_bytes < sizeof(Elf64_Ehdr))
		return refuse(o, "truncated: the ELF header is not whole");
	if (id[EI_CLASS] != ELFCLASS64)
		return refuse(o, "not ELF64: an AArch64 executable is needed");
	if (id[EI_DATA] != ELFDATA2LSB)
		return refuse(o, "big-endian: a little-endian AArch64 "
				 "executable is needed");
	if (id[EI_VERSION] != EV_CURRENT)
		return refuse(o, "unknown ELF version");
	return true;
}

static bool check_header(const struct opening *o, const GElf_Ehdr *h)
{
	uint64_t size = o->image->file_bytes;

	if (h->e_machine != EM_AARCH64)
		return error_set(o->error, EXIT_INPUT,
				 "%s: for another architecture (ELF machine "
				 "%u): AArch64 (%u) is needed",
				 o->path, h->e_machine, EM_AARCH64);
	if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
		return refuse(o, "not an executable (a relocatable object or a "
				 "core file)");
	if (h->e_phnum == 0)
		return refuse(o, "no program headers: nothing to load");
	if (h->e_phnum == PN_XNUM || h->e_phentsize != sizeof(Elf64_Phdr))
		return refuse(o,
			      "program headers of an unknown size or number");
	if (h->e_phoff > size ||
	    h->e_phnum * sizeof(Elf64_Phdr) > size - h->e_phoff)
		return refuse(o, "truncated: the program headers lie beyond "
				 "the end of the file");
	return true;
}

/* ---- segments ---- */

static bool wraps(uint64_t first, uint64_t bytes)
{
	return bytes && first + (bytes - 1) < first;
}

static bool overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
	return a <= b ? b - a < a_bytes : a - b < b_bytes;
}

static const char *segment_problem(const struct elf_image *image,
				   const GElf_Phdr *p)
{
	if (p->p_filesz > p->p_memsz)
		return "more bytes in the file than in memory";
	if (p->p_offset > image->file_bytes ||
	    p->p_filesz > image->file_bytes - p->p_offset)
		return "truncated: its bytes lie beyond the end of the file";
	if (wraps(p->p_vaddr, p->p_memsz) || wraps(p->p_paddr, p->p_memsz))
		return "it wraps around the end of the address space";
	if (p->p_align & (p->p_align - 1))
		return "an alignment that is no power of two";
	if (p->p_align > 1 && ((p->p_vaddr ^ p->p_offset) & (p->p_align - 1)))
		return "address and file offset do not agree modulo the "
		       "alignment";
	for (unsigned int i = 0; i < image->segments; i++) {
		const struct elf_segment *s = &image->segment[i];

		if (overlap(s->vaddr, s->memory_bytes, p->p_vaddr,
			    p->p_memsz) ||
		    overlap(s->paddr, s->memory_bytes, p->p_paddr, p->p_memsz))
			return "it overlaps an earlier segment";
	}
	if (image->segments == SEGMENTS_MAX)
		return "more than 32 loadable segments";
	return NULL;
}

static bool add_segment(const struct opening *o, size_t index,
			const GElf_Phdr *p)
{
	struct elf_image *image = o->image;
	const char *problem;

	if (p->p_memsz == 0 && p->p_filesz == 0)
		return true;
	problem = segment_problem(image, p);
	if (problem)
		return refuse_segment(o, index, problem);
	image->segment[image->segments++] = (struct elf_segment){
		.vaddr = p->p_vaddr,
		.paddr = p->p_paddr,
		.file_offset = p->p_offset,
		.file_bytes = p->p_filesz,
		.memory_bytes = p->p_memsz,
		.align = p->p_align,
		.r = p->p_flags & PF_R,
		.w = p->p_flags & PF_W,
		.x = p->p_flags & PF_X,
	};
	return true;
}

/* The interpreter's name as far as it can be shown. */
static bool refuse_dynamic(const struct opening *o, const GElf_Phdr *p)
{
	char why[256], name[64];
	size_t bytes = 0;

	while (bytes < p->p_filesz && bytes + 1 < sizeof(name) &&
	       p->p_offset < o->image->file_bytes - bytes &&
	       o->image->file[p->p_offset + bytes]) {
		char c = (char)o->image->file[p->p_offset + bytes];

		name[bytes++] = c > ' ' && c <= '~' ? c : '?';
	}
	name[bytes] = 0;
	snprintf(why, sizeof(why),
		 "dynamic executables are not modelled: it asks for the "
		 "interpreter %s; link it with -static",
		 *name ? name : "(no name)");
	return refuse(o, why);
}

static bool read_segments(const struct opening *o, Elf *elf, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr p;

		if (!gelf_getphdr(elf, (int)i, &p))
			return refuse_segment(o, i, elf_errmsg(-1));
		if (p.p_type == PT_INTERP)
			return refuse_dynamic(o, &p);
		if (p.p_type == PT_LOAD && !add_segment(o, i, &p))
			return false;
	}
	if (o->image->segments == 0)
		return refuse(o, "no loadable segment");
	return true;
}

/* Where the program headers are once loaded, for AT_PHDR. */
static void find_headers(struct elf_image *image, uint64_t offset)
{
	uint64_t bytes = image->phnum * sizeof(Elf64_Phdr);

	for (unsigned int i = 0; i < image->segments; i++) {
		const struct elf_segment *s = &image->segment[i];

		if (offset >= s->file_offset &&
		    offset - s->file_offset <= s->file_bytes &&
		    bytes <= s->file_bytes - (offset - s->file_offset))
			image->phdr_vaddr =
				s->vaddr + (offset - s->file_offset);
	}
}

static const struct elf_segment *entry_segment(const struct elf_image *image)
{
	for (unsigned int i = 0; i < image->segments; i++) {
		const struct elf_segment *s = &image->segment[i];

		if (s->x && image->entry - s->vaddr < s->memory_bytes)
			return s;
	}
	return NULL;
}

static bool check_entry(const struct opening *o)
{
	unsigned long long entry = o->image->entry;

	if (entry & 3)
		return error_set(o->error, EXIT_INPUT,
				 "%s: the entry 0x%llx is misaligned: "
				 "instructions stand at multiples of 4",
				 o->path, entry);
	if (!entry_segment(o->image))
		return error_set(o->error, EXIT_INPUT,
				 "%s: the entry 0x%llx lies in no loaded "
				 "executable segment",
				 o->path, entry);
	return true;
}

/* ---- putting it together ---- */

static bool parse(const struct opening *o, Elf *elf)
{
	struct elf_image *image = o->image;
	GElf_Ehdr h;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &h))
		return refuse(o, elf_errmsg(-1));
	if (!check_header(o, &h))
		return false;
	image->entry = h.e_entry;
	image->phnum = h.e_phnum;
	image->pie = h.e_type == ET_DYN;
	if (!read_segments(o, elf, h.e_phnum))
		return false;
	find_headers(image, h.e_phoff);
	return check_entry(o);
}

static bool parse_file(const struct opening *o)
{
	/* libelf does not write to an image that it only reads. */
	char *bytes = o->image->private_data;
	Elf *elf;
	bool ok;

	if (!check_ident(o))
		return false;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return refuse(o, "libelf is older than its header");
	elf = elf_memory(bytes, (size_t)o->image->file_bytes);
	if (!elf)
		return refuse(o, elf_errmsg(-1));
	ok = parse(o, elf);
	elf_end(elf);
	return ok;
}

bool elf_open(struct elf_image *image, const char *path,
	      struct error_line *error)
{
	struct opening o = { image, path, error };

	memset(image, 0, sizeof(*image));
	if (!read_file(&o) || !parse_file(&o)) {
		elf_close(image);
		return false;
	}
	sha256_hex(image->file, (size_t)image->file_bytes, image->sha256);
	return true;
}

void elf_close(struct elf_image *image)
{
	free(image->private_data);
	image->private_data = NULL;
	image->file = NULL;
	image->file_bytes = 0;
}

uint64_t elf_entry_physical(const struct elf_image *image)
{
	const struct elf_segment *s = entry_segment(image);

	return s ? image->entry - s->vaddr + s->paddr : image->entry;
}

static bool refuse_place(const struct elf_segment *s, const struct machine *m,
			 struct error_line *error)
{
	uint64_t end = s->paddr + s->memory_bytes;
	uint64_t need = (end - GUEST_RAM_BASE + ((1 << 20) - 1)) >> 20;
	uint64_t most = UINT64_C(1) << (m->config.ipa_bits - 20);
	char cure[64] = "";

	if (s->paddr >= GUEST_RAM_BASE && need < most)
		snprintf(cure, sizeof(cure),
			 ": it needs guest.ram_mib of at least %llu",
			 (unsigned long long)need);
	return error_set(error, EXIT_INPUT,
			 "the guest's segment from 0x%llx to 0x%llx is outside "
			 "RAM (0x%llx, %llu MiB)%s",
			 (unsigned long long)s->paddr, (unsigned long long)end,
			 (unsigned long long)GUEST_RAM_BASE,
			 (unsigned long long)m->config.ram_mib, cure);
}

bool elf_load_physical(const struct elf_image *image, struct machine *m,
		       struct error_line *error)
{
	uint64_t ram = (uint64_t)m->config.ram_mib << 20;

	if (elf_entry_physical(image) & 3)
		return error_set(
			error, EXIT_INPUT,
			"the guest's entry 0x%llx stands at the physical "
			"address 0x%llx, which is misaligned: instructions "
			"stand at multiples of 4",
			(unsigned long long)image->entry,
			(unsigned long long)elf_entry_physical(image));
	for (unsigned int i = 0; i < image->segments; i++) {
		const struct elf_segment *s = &image->segment[i];
		uint64_t offset = s->paddr - GUEST_RAM_BASE;

		if (s->paddr < GUEST_RAM_BASE || offset > ram ||
		    s->memory_bytes > ram - offset)
			return refuse_place(s, m, error);
		/* What is beyond the file's bytes is zero: RAM still is. */
		if (!machine_guest_copy_in(m, (ipa_t){ s->paddr },
					   image->file + s->file_offset,
					   (size_t)s->file_bytes))
			return error_set(error, EXIT_INPUT,
					 "the guest's segment at 0x%llx cannot "
					 "be loaded",
					 (unsigned long long)s->paddr);
	}
	return true;
}
