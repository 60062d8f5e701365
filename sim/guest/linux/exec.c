/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executables: ELF segments as areas, the first stack (AArch64 psABI and
 * Linux' auxiliary vector), execve with scripts. Static executables and
 * static PIEs only; no address is random, so that runs repeat.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/bug.h"
#include "sim/guest/linux/syscalls.h"
#include "sim/guest/linux/process.h"

#define STACK_TOP     TASK_END
#define STACK_BYTES   (UINT64_C(8) << 20)
#define MMAP_TOP      (STACK_TOP - (UINT64_C(128) << 20))
#define PIE_BASE      UINT64_C(0x0000aaaaaaaa0000)
#define ARGUMENTS_MAX ((size_t)1 << 20)

struct image {
	const struct elf_image *elf;
	struct elf_image *owned; /* NULL: the caller's */
	struct page_cache *file;
	char *path;
	uint64_t device, inode;
	struct image *next;
};

/* mov x8, #139 (rt_sigreturn); svc #0 */
static const uint8_t signal_return_code[PAGE_BYTES] = {
	0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4,
};

struct image *image_new(struct linux_kernel *k, const struct elf_image *elf,
			bool owned, const char *guest_path)
{
	struct image *image = calloc(1, sizeof(*image));

	if (!image)
		return NULL;
	image->elf = elf;
	if (owned) {
		image->owned = malloc(sizeof(*image->owned));
		if (image->owned) {
			*image->owned = *elf;
			image->elf = image->owned;
		}
	}
	image->file = page_cache_new(elf->file, -1, elf->file_bytes);
	image->path = strdup(guest_path);
	if (!image->file || !image->path || (owned && !image->owned)) {
		page_cache_put(k, image->file);
		free(image->path);
		free(image->owned);
		free(image);
		return NULL;
	}
	image->next = k->images;
	k->images = image;
	return image;
}

void images_free(struct linux_kernel *k)
{
	struct image *image;

	while ((image = k->images)) {
		k->images = image->next;
		page_cache_put(k, image->file);
		if (image->owned)
			elf_close(image->owned);
		free(image->owned);
		free(image->path);
		free(image);
	}
}

const char *image_path(const struct image *image)
{
	return image->path;
}

static uint64_t page_up(uint64_t va)
{
	return (va + PAGE_MASK_LOW) & ~PAGE_MASK_LOW;
}

static unsigned int segment_prot(const struct elf_segment *s)
{
	return (s->r ? GUEST_PROT_READ : 0u) | (s->w ? GUEST_PROT_WRITE : 0u) |
	       (s->x ? GUEST_PROT_EXEC : 0u);
}

static bool segment_fits(const struct elf_segment *s, uint64_t bias)
{
	uint64_t start = s->vaddr + bias;

	return start >= PAGE_BYTES && start < MMAP_TOP &&
	       s->memory_bytes < MMAP_TOP - start &&
	       ((s->vaddr - s->file_offset) & PAGE_MASK_LOW) == 0;
}

/* The file's part, then whole pages of zeros after it. */
static int segment_map(struct linux_kernel *k, struct mm *mm,
		       const struct image *image, const struct elf_segment *s,
		       uint64_t bias)
{
	uint64_t start = (s->vaddr + bias) & ~PAGE_MASK_LOW;
	uint64_t middle = s->file_bytes
				  ? page_up(s->vaddr + bias + s->file_bytes)
				  : start;
	uint64_t end = page_up(s->vaddr + bias + s->memory_bytes);
	struct vma vma = { .start = start,
			   .end = middle,
			   .prot = segment_prot(s) };
	int error = 0;

	if (middle > start) {
		vma.file = page_cache_get(image->file);
		vma.offset = s->file_offset & ~PAGE_MASK_LOW;
		error = mm_map(k, mm, &vma);
	}
	if (!error && end > middle) {
		vma = (struct vma){ .start = middle,
				    .end = end,
				    .prot = segment_prot(s) };
		error = mm_map(k, mm, &vma);
	}
	if (end > mm->brk_start)
		mm->brk_start = mm->brk = end;
	return error;
}

static int image_map(struct linux_kernel *k, struct mm *mm,
		     const struct image *image, uint64_t bias)
{
	struct vma stack = { .start = STACK_TOP - STACK_BYTES,
			     .end = STACK_TOP,
			     .prot = GUEST_PROT_READ | GUEST_PROT_WRITE };
	struct vma code = { .start = MMAP_TOP - PAGE_BYTES,
			    .end = MMAP_TOP,
			    .prot = GUEST_PROT_READ | GUEST_PROT_EXEC };
	unsigned int i;
	int error;

	for (i = 0; i < image->elf->segments; i++) {
		if (!segment_fits(&image->elf->segment[i], bias))
			return -ENOEXEC;
		error = segment_map(k, mm, image, &image->elf->segment[i],
				    bias);
		if (error)
			return error;
	}
	error = mm_map(k, mm, &stack);
	if (error)
		return error;
	code.file = page_cache_new(signal_return_code, -1,
				   sizeof(signal_return_code));
	if (!code.file)
		return -ENOMEM;
	mm->signal_return = code.start;
	mm->mmap_top = code.start;
	return mm_map(k, mm, &code);
}

/* What the file leaves of a segment's last page. */
static int bss_clear(struct linux_kernel *k, const struct image *image,
		     uint64_t bias)
{
	const struct elf_segment *s = image->elf->segment;
	uint64_t from, tail;
	unsigned int i;

	for (i = 0; i < image->elf->segments; i++) {
		from = s[i].vaddr + bias + s[i].file_bytes;
		tail = page_up(from) - from;
		if (s[i].memory_bytes > s[i].file_bytes && s[i].file_bytes &&
		    s[i].w && user_zero(k, from, tail))
			return -EFAULT;
	}
	return 0;
}

/* ---- the first stack ---- */

struct stack {
	uint8_t *bytes; /* [0, size) is what is written below STACK_TOP */
	size_t size, at;
	uint64_t base; /* va of bytes[0] */
};

static uint64_t stack_put(struct stack *s, const void *from, size_t bytes)
{
	s->at -= bytes;
	memcpy(s->bytes + s->at, from, bytes);
	return s->base + s->at;
}

static size_t vector_count(const char *const *v)
{
	size_t n = 0;

	while (v[n])
		n++;
	return n;
}

static size_t vector_bytes(const char *const *v)
{
	size_t bytes = 0;

	for (; *v; v++)
		bytes += strlen(*v) + 1;
	return bytes;
}

/* Strings of a vector; their addresses to `out` and a NULL. */
static uint64_t *stack_strings(struct stack *s, const char *const *v,
			       uint64_t *out)
{
	size_t i, n = vector_count(v);

	for (i = n; i-- > 0;)
		out[i] = stack_put(s, v[i], strlen(v[i]) + 1);
	out[n] = 0;
	return out + n + 1;
}

static uint64_t *auxv_put(uint64_t *out, uint64_t type, uint64_t value)
{
	*out++ = type;
	*out++ = value;
	return out;
}

struct auxv_places {
	uint64_t random, filename, platform, bias;
};

static uint64_t *auxv_fill(uint64_t *out, const struct elf_image *elf,
			   const struct auxv_places *at)
{
	out = auxv_put(out, GUEST_AT_HWCAP, GUEST_HWCAP);
	out = auxv_put(out, GUEST_AT_PAGESZ, PAGE_BYTES);
	out = auxv_put(out, GUEST_AT_CLKTCK, 100);
	if (elf->phdr_vaddr || elf->pie)
		out = auxv_put(out, GUEST_AT_PHDR, elf->phdr_vaddr + at->bias);
	out = auxv_put(out, GUEST_AT_PHENT, 56);
	out = auxv_put(out, GUEST_AT_PHNUM, elf->phnum);
	out = auxv_put(out, GUEST_AT_BASE, 0);
	out = auxv_put(out, GUEST_AT_FLAGS, 0);
	out = auxv_put(out, GUEST_AT_ENTRY, elf->entry + at->bias);
	out = auxv_put(out, GUEST_AT_UID, 0);
	out = auxv_put(out, GUEST_AT_EUID, 0);
	out = auxv_put(out, GUEST_AT_GID, 0);
	out = auxv_put(out, GUEST_AT_EGID, 0);
	out = auxv_put(out, GUEST_AT_SECURE, 0);
	out = auxv_put(out, GUEST_AT_RANDOM, at->random);
	out = auxv_put(out, GUEST_AT_HWCAP2, 0);
	out = auxv_put(out, GUEST_AT_EXECFN, at->filename);
	out = auxv_put(out, GUEST_AT_PLATFORM, at->platform);
	return auxv_put(out, GUEST_AT_NULL, 0);
}

#define AUXV_WORDS 40

static int stack_build(struct linux_kernel *k, const struct elf_image *elf,
		       const char *const *argv, const char *const *envp,
		       const char *filename, uint64_t bias, uint64_t *sp)
{
	size_t words = 1 + vector_count(argv) + 1 + vector_count(envp) + 1 +
		       AUXV_WORDS;
	size_t bytes = vector_bytes(argv) + vector_bytes(envp) +
		       strlen(filename) + 1 + words * 8 + 64;
	struct stack s = { .size = (bytes + 15) & ~(size_t)15 };
	struct auxv_places at = { .bias = bias };
	uint64_t *table, *end;
	uint8_t random[16];
	int error;

	if (bytes > ARGUMENTS_MAX)
		return -E2BIG;
	s.bytes = calloc(1, s.size);
	table = calloc(words, sizeof(*table));
	BUG_ON(NULL, !s.bytes || !table);
	s.at = s.size - 8;
	s.base = STACK_TOP - s.size;
	at.filename = stack_put(&s, filename, strlen(filename) + 1);
	table[0] = vector_count(argv);
	end = stack_strings(&s, envp, table + 2 + table[0]);
	stack_strings(&s, argv, table + 1);
	at.platform = stack_put(&s, "aarch64", 8);
	random_fill(k, random, sizeof(random));
	at.random = stack_put(&s, random, sizeof(random));
	end = auxv_fill(end, elf, &at);
	s.at = (s.at - (size_t)(end - table) * 8) & ~(size_t)15;
	memcpy(s.bytes + s.at, table, (size_t)(end - table) * 8);
	*sp = s.base + s.at;
	error = user_write(k, *sp, s.bytes + s.at, s.size - s.at);
	free(s.bytes);
	free(table);
	return error;
}

/* ---- loading ---- */

static void registers_reset(struct linux_kernel *k, struct process *p,
			    uint64_t pc, uint64_t sp)
{
	memset(&p->regs, 0, sizeof(p->regs));
	memset(&p->fp, 0, sizeof(p->fp));
	p->regs.pc = pc;
	p->regs.sp = sp;
	if (k->fp_owner == p)
		schedule_fp_load(k, p);
}

static void process_rename(struct process *p, const char *filename)
{
	const char *slash = strrchr(filename, '/');
	size_t bytes;

	if (slash)
		filename = slash + 1;
	bytes = strlen(filename);
	if (bytes > sizeof(p->name) - 1)
		bytes = sizeof(p->name) - 1;
	memcpy(p->name, filename, bytes);
	p->name[bytes] = 0;
}

int exec_load(struct linux_kernel *k, struct process *p, struct image *image,
	      const char *const *arguments, const char *const *environment,
	      const char *filename)
{
	uint64_t bias = image->elf->pie ? PIE_BASE : 0, sp = 0;
	struct mm *old = p->mm, *mm = mm_new(k);
	int error;

	if (!mm)
		return -ENOMEM;
	error = image_map(k, mm, image, bias);
	if (!error) {
		p->mm = mm;
		ttbr0_install(k, mm->root, mm->asid);
		error = bss_clear(k, image, bias);
	}
	if (!error)
		error = stack_build(k, image->elf, arguments, environment,
				    filename, bias, &sp);
	if (error) {
		p->mm = old;
		if (old)
			ttbr0_install(k, old->root, old->asid);
		else
			ttbr0_install(k, k->empty_root, 0);
		mm_put(k, mm);
		return error;
	}
	if (old)
		mm_put(k, old);
	p->image = image;
	p->clear_tid = 0;
	p->tagged_abi = false;
	process_rename(p, filename);
	registers_reset(k, p, image->elf->entry + bias, sp);
	return 0;
}

/* ---- execve ---- */

static struct image *image_known(struct linux_kernel *k, const struct statx *st)
{
	uint64_t device = (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor;
	struct image *image;

	for (image = k->images; image; image = image->next) {
		if (image->inode == st->stx_ino && image->device == device)
			return image;
	}
	return NULL;
}

static int image_load(struct linux_kernel *k, const struct path *path, int fd,
		      struct image **out)
{
	struct elf_image elf;
	struct error_line why;
	char name[64];

	*out = image_known(k, &path->st);
	if (*out)
		return 0;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (!elf_open(&elf, name, &why))
		return -ENOEXEC;
	*out = image_new(k, &elf, true, path->canonical);
	if (!*out) {
		elf_close(&elf);
		return -ENOMEM;
	}
	(*out)->inode = path->st.stx_ino;
	(*out)->device =
		(uint64_t)path->st.stx_dev_major << 32 | path->st.stx_dev_minor;
	return 0;
}

/* An executable file: its image, or a script's first line in `script`. */
static int image_open(struct linux_kernel *k, const char *name,
		      struct image **out, char *script, size_t space)
{
	struct path *path = malloc(sizeof(*path));
	ssize_t got;
	int error, fd;

	*out = NULL;
	BUG_ON(NULL, !path);
	error = path_resolve(k, GUEST_AT_FDCWD, name, true, path);
	if (error) {
		free(path);
		return error;
	}
	if (path->kind == PATH_EXE)
		*out = k->current->image;
	else if (!path->exists)
		error = -ENOENT;
	else if (path->kind != PATH_HOST || !S_ISREG(path->st.stx_mode) ||
		 !(path->st.stx_mode & 0111))
		error = -EACCES;
	if (!error && !*out) {
		fd = path_open_host(path, false);
		error = fd < 0 ? fd : 0;
		got = error ? 0 : pread(fd, script, space - 1, 0);
		script[got > 0 ? got : 0] = 0;
		if (!error && strncmp(script, "#!", 2))
			error = image_load(k, path, fd, out);
		if (fd >= 0)
			close(fd);
	}
	path_release(path);
	free(path);
	return error;
}

/* ---- vectors of strings ---- */

struct strings {
	char **v; /* NULL-terminated, owned */
	size_t count, bytes;
};

static void strings_free(struct strings *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		free(s->v[i]);
	free(s->v);
}

static void strings_insert(struct strings *s, size_t at, const char *text)
{
	s->v = realloc(s->v, (s->count + 2) * sizeof(*s->v));
	BUG_ON(NULL, !s->v);
	memmove(&s->v[at + 1], &s->v[at], (s->count - at) * sizeof(*s->v));
	s->v[at] = strdup(text);
	BUG_ON(NULL, !s->v[at]);
	s->v[++s->count] = NULL;
	s->bytes += strlen(text) + 9;
}

static int strings_read(struct linux_kernel *k, struct strings *s, uint64_t va)
{
	char *text = malloc(ARGUMENTS_MAX);
	uint64_t pointer = 0;
	int error = 0;

	BUG_ON(NULL, !text);
	s->v = calloc(1, sizeof(*s->v));
	BUG_ON(NULL, !s->v);
	for (; va && !error; va += 8) {
		error = user_read(k, &pointer, va, 8);
		if (error || !pointer)
			break;
		error = user_string(k, text, ARGUMENTS_MAX, pointer);
		if (error == -ENAMETOOLONG)
			error = -E2BIG;
		if (error < 0)
			break;
		error = 0;
		strings_insert(s, s->count, text);
		if (s->bytes > ARGUMENTS_MAX)
			error = -E2BIG;
	}
	free(text);
	return error;
}

/* "#! interpreter [one argument]" goes before the arguments. */
static int script_expand(char *script, const char *file, struct strings *argv,
			 char *interpreter, size_t space)
{
	char *end = strchr(script, '\n'), *name, *option;

	if (!end)
		return -ENOEXEC;
	*end = 0;
	while (end > script && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = 0;
	name = script + 2 + strspn(script + 2, " \t");
	option = name + strcspn(name, " \t");
	if (*option) {
		*option++ = 0;
		option += strspn(option, " \t");
	}
	if (!*name || strlen(name) >= space)
		return -ENOEXEC;
	if (argv->count) {
		free(argv->v[0]);
		memmove(&argv->v[0], &argv->v[1],
			argv->count * sizeof(*argv->v));
		argv->count--;
	}
	strings_insert(argv, 0, file);
	if (*option)
		strings_insert(argv, 0, option);
	strings_insert(argv, 0, name);
	strcpy(interpreter, name); /* may be where `file` was */
	return 0;
}

static int exec_file(struct linux_kernel *k, char *file, struct strings *argv,
		     const struct strings *envp)
{
	struct process *p = k->current;
	struct image *image = NULL;
	char script[256], name[PATH_SPACE];
	unsigned int depth;
	int error = 0;

	snprintf(name, sizeof(name), "%s", file);
	for (depth = 0; !image && !error; depth++) {
		error = image_open(k, name, &image, script, sizeof(script));
		if (error || image)
			break;
		error = depth > 4 ? -ELOOP
				  : script_expand(script, name, argv, name,
						  sizeof(name));
	}
	if (!error)
		error = exec_load(k, p, image, (const char *const *)argv->v,
				  (const char *const *)envp->v, file);
	return error;
}

int64_t sys_execve(struct linux_kernel *k, const uint64_t a[6])
{
	struct process *p = k->current;
	struct strings argv = { 0 }, envp = { 0 };
	char file[PATH_SPACE];
	int error = user_string(k, file, sizeof(file), a[0]);

	if (error >= 0)
		error = strings_read(k, &argv, a[1]);
	if (!error)
		error = strings_read(k, &envp, a[2]);
	if (!error)
		error = exec_file(k, file, &argv, &envp);
	strings_free(&argv);
	strings_free(&envp);
	if (error)
		return error;
	process_release_vfork(k, p);
	p->files = fd_table_unshare(k, p->files);
	fd_table_exec(k, p->files);
	signal_exec(p);
	return RESULT_NONE;
}
