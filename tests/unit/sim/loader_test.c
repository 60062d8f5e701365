/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF files good and bad, made here field by field. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/guest/guest.h"

#define HEADERS 48
#define BASE	UINT64_C(0x40080000)

/* A file of two pages: headers, then code at 0x1000. */
struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segment[HEADERS];
	uint8_t rest[0x1000 - sizeof(Elf64_Ehdr) -
		     HEADERS * sizeof(Elf64_Phdr)];
	uint8_t code[0x1000];
};

static void good(struct file *f)
{
	memset(f, 0, sizeof(*f));
	memcpy(f->header.e_ident, ELFMAG, SELFMAG);
	f->header.e_ident[EI_CLASS] = ELFCLASS64;
	f->header.e_ident[EI_DATA] = ELFDATA2LSB;
	f->header.e_ident[EI_VERSION] = EV_CURRENT;
	f->header.e_type = ET_EXEC;
	f->header.e_machine = EM_AARCH64;
	f->header.e_version = EV_CURRENT;
	f->header.e_entry = BASE + 8;
	f->header.e_phoff = sizeof(f->header);
	f->header.e_ehsize = sizeof(f->header);
	f->header.e_phentsize = sizeof(Elf64_Phdr);
	f->header.e_phnum = 2;
	f->segment[0] = (Elf64_Phdr){ .p_type = PT_LOAD,
				      .p_flags = PF_R | PF_X,
				      .p_offset = 0x1000,
				      .p_vaddr = BASE,
				      .p_paddr = BASE,
				      .p_filesz = 0x800,
				      .p_memsz = 0x800,
				      .p_align = 0x1000 };
	f->segment[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
				      .p_flags = PF_R | PF_W,
				      .p_offset = 0x1800,
				      .p_vaddr = BASE + 0x1800,
				      .p_paddr = BASE + 0x1800,
				      .p_filesz = 0x100,
				      .p_memsz = 0x3000,
				      .p_align = 0x1000 };
	for (size_t i = 0; i < sizeof(f->code); i++)
		f->code[i] = (uint8_t)(i * 7);
}

static bool open_bytes(struct elf_image *image, const void *bytes, size_t count,
		       struct error_line *error)
{
	char path[] = "/tmp/p2msim-loader-test-XXXXXX";
	int fd = mkstemp(path);
	bool ok;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, count), count);
	close(fd);
	ok = elf_open(image, path, error);
	unlink(path);
	return ok;
}

static void a_good_file_is_described(void **state)
{
	struct elf_image image;
	struct error_line error;
	struct file f;

	(void)state;
	good(&f);
	assert_true(open_bytes(&image, &f, sizeof(f), &error));
	assert_int_equal(image.entry, BASE + 8);
	assert_int_equal(elf_entry_physical(&image), BASE + 8);
	assert_int_equal(image.segments, 2);
	assert_false(image.pie);
	assert_int_equal(image.phdr_vaddr, 0);
	assert_true(image.segment[0].x && !image.segment[0].w);
	assert_true(image.segment[1].w && !image.segment[1].x);
	assert_int_equal(image.segment[1].memory_bytes, 0x3000);
	assert_memory_equal(image.file + 0x1000, f.code, sizeof(f.code));
	assert_int_equal(strlen(image.sha256), 64);
	elf_close(&image);
}

static void headers_in_a_segment_are_found(void **state)
{
	struct elf_image image;
	struct error_line error;
	struct file f;

	(void)state;
	good(&f);
	f.header.e_type = ET_DYN;
	f.segment[0].p_offset = 0;
	f.segment[0].p_vaddr = 0;
	f.segment[0].p_paddr = BASE;
	f.segment[0].p_filesz = f.segment[0].p_memsz = 0x1800;
	f.segment[1].p_vaddr = 0x2800;
	f.header.e_entry = 0x1008;
	assert_true(open_bytes(&image, &f, sizeof(f), &error));
	assert_true(image.pie);
	assert_int_equal(image.phdr_vaddr, sizeof(f.header));
	assert_int_equal(elf_entry_physical(&image), BASE + 0x1008);
	elf_close(&image);
}

static void set_class(struct file *f)
{
	f->header.e_ident[EI_CLASS] = 1;
}
static void set_data(struct file *f)
{
	f->header.e_ident[EI_DATA] = 2;
}
static void set_machine(struct file *f)
{
	f->header.e_machine = EM_X86_64;
}
static void set_type(struct file *f)
{
	f->header.e_type = ET_REL;
}
static void set_magic(struct file *f)
{
	f->header.e_ident[1] = 'F';
}
static void set_no_headers(struct file *f)
{
	f->header.e_phnum = 0;
}
static void set_xnum(struct file *f)
{
	f->header.e_phnum = PN_XNUM;
}
static void set_phentsize(struct file *f)
{
	f->header.e_phentsize = 32;
}
static void set_phoff(struct file *f)
{
	f->header.e_phoff = ~UINT64_C(0);
}
static void set_phoff_end(struct file *f)
{
	f->header.e_phoff = 0x1fff;
}
static void set_entry_odd(struct file *f)
{
	f->header.e_entry += 2;
}
static void set_entry_out(struct file *f)
{
	f->header.e_entry = BASE + 0x800;
}
static void set_entry_data(struct file *f)
{
	f->header.e_entry += 0x1800;
}
static void set_offset(struct file *f)
{
	f->segment[0].p_offset = 1ULL << 63;
}
static void set_short(struct file *f)
{
	f->segment[0].p_filesz = 0x801;
}
static void set_align(struct file *f)
{
	f->segment[0].p_align = 0x1800;
}
static void set_disagree(struct file *f)
{
	f->segment[0].p_offset += 8;
}
static void set_interp(struct file *f)
{
	f->segment[1].p_type = PT_INTERP;
}
static void set_notes(struct file *f)
{
	f->segment[0].p_type = f->segment[1].p_type = PT_NOTE;
}

static void set_past_end(struct file *f)
{
	f->segment[1].p_filesz = f->segment[1].p_memsz = 0x900;
}

static void set_wrap(struct file *f)
{
	f->segment[1].p_vaddr = UINT64_C(0xfffffffffffff800);
}

static void set_wrap_physical(struct file *f)
{
	f->segment[1].p_paddr = UINT64_C(0xfffffffffffff800);
}

static void set_overlap(struct file *f)
{
	f->segment[1].p_vaddr = BASE + 0x800 - 0x1000;
}

static void set_overlap_physical(struct file *f)
{
	f->segment[1].p_paddr = BASE + 0x7ff;
}

static void set_many(struct file *f)
{
	f->header.e_phnum = 33;
	for (unsigned int i = 2; i < 33; i++) {
		f->segment[i] = f->segment[1];
		f->segment[i].p_vaddr += i * 0x10000;
		f->segment[i].p_paddr += i * 0x10000;
	}
}

static void bad_files_are_refused_with_a_reason(void **state)
{
	static const struct {
		void (*set)(struct file *f);
		const char *says;
	} cases[] = {
		{ set_magic, "not an ELF file" },
		{ set_class, "not ELF64" },
		{ set_data, "big-endian" },
		{ set_machine, "another architecture" },
		{ set_type, "not an executable" },
		{ set_no_headers, "no program headers" },
		{ set_xnum, "unknown size or number" },
		{ set_phentsize, "unknown size or number" },
		{ set_phoff, "beyond the end of the file" },
		{ set_phoff_end, "beyond the end of the file" },
		{ set_entry_odd, "misaligned" },
		{ set_entry_out, "no loaded executable segment" },
		{ set_entry_data, "no loaded executable segment" },
		{ set_offset, "beyond the end of the file" },
		{ set_short, "more bytes in the file than in memory" },
		{ set_past_end, "beyond the end of the file" },
		{ set_align, "no power of two" },
		{ set_disagree, "modulo the alignment" },
		{ set_wrap, "wraps" },
		{ set_wrap_physical, "wraps" },
		{ set_overlap, "overlaps" },
		{ set_overlap_physical, "overlaps" },
		{ set_many, "more than 32" },
		{ set_interp, "dynamic executables are not modelled" },
		{ set_notes, "no loadable segment" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct elf_image image;
		struct error_line error = { 0 };
		struct file f;

		good(&f);
		cases[i].set(&f);
		assert_false(open_bytes(&image, &f, sizeof(f), &error));
		assert_int_equal(error.exit_code, EXIT_INPUT);
		if (!strstr(error.text, cases[i].says))
			fail_msg("%zu: %s", i, error.text);
		assert_null(strchr(error.text, '\n'));
	}
}

static void a_file_cut_anywhere_is_refused(void **state)
{
	struct file f;

	(void)state;
	good(&f);
	/* Whole up to the last byte that a segment needs. */
	for (size_t count = 0; count < 0x1900;
	     count += count < 0x200 ? 1 : 0x3f) {
		struct elf_image image;
		struct error_line error = { 0 };

		assert_false(open_bytes(&image, &f, count, &error));
		assert_int_equal(error.exit_code, EXIT_INPUT);
	}
}

static void what_is_no_file_is_refused(void **state)
{
	static const char *const paths[] = { "/nonexistent/guest", "/tmp",
					     "/dev/null" };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct elf_image image;
		struct error_line error = { 0 };

		assert_false(elf_open(&image, paths[i], &error));
		assert_int_equal(error.exit_code, EXIT_INPUT);
		assert_non_null(strstr(error.text, paths[i]));
	}
}

static void segments_outside_ram_are_refused(void **state)
{
	/* 64 MiB from 0x40000000. */
	static const struct {
		uint64_t paddr;
		bool ok;
	} cases[] = {
		{ 0x40000000, true },
		{ 0x43ffd000, true },
		{ 0x43ffd001, false },
		{ 0x3ffff000, false },
		{ 0, false },
		{ 0x44000000, false },
		{ 0xffffffffffff0000, false },
	};
	struct config_set sets[] = { { "guest.ram_mib=64" } };
	struct machine_config config;
	struct error_line error;
	struct machine *m;

	(void)state;
	assert_true(config_load(&config, "tiny", NULL, sets, 1, NULL, &error));
	m = machine_new(&config, &error);
	assert_non_null(m);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct elf_image image;
		struct file f;
		uint8_t back[0x100];

		good(&f);
		f.segment[1].p_paddr = cases[i].paddr;
		assert_true(open_bytes(&image, &f, sizeof(f), &error));
		assert_int_equal(elf_load_physical(&image, m, &error),
				 cases[i].ok);
		if (cases[i].ok) {
			machine_guest_copy_out(m, (ipa_t){ cases[i].paddr },
					       back, sizeof(back));
			assert_memory_equal(back, f.code + 0x800, sizeof(back));
		} else {
			assert_int_equal(error.exit_code, EXIT_INPUT);
		}
		elf_close(&image);
	}
	machine_free(m);
	config_fini(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_is_described),
		cmocka_unit_test(headers_in_a_segment_are_found),
		cmocka_unit_test(bad_files_are_refused_with_a_reason),
		cmocka_unit_test(a_file_cut_anywhere_is_refused),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(segments_outside_ram_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
