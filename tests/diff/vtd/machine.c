/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting QEMU 10.0, the qtest protocol, the trace pipe. */
#include "tests/diff/vtd/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/bits.h"

#define PATIENCE_MS 60000
#define ECAM	    UINT64_C(0xb0000000)
#define BAR(i)	    (UINT64_C(0xe0000000) + ((uint64_t)(i) << 20))
#define EDU_BUFFER  UINT64_C(0x40000)

/* ---- the process ---- */

static void name_of(const struct machine *m, const char *what, char *path,
		    size_t bytes)
{
	snprintf(path, bytes, "%s/%s", m->directory, what);
}

/* A firmware that halts: the CPU is not needed. */
static bool write_firmware(const struct machine *m)
{
	static const uint8_t reset[] = { 0xfa, 0xf4, 0xeb, 0xfd };
	char path[128], image[65536];
	FILE *f;

	memset(image, 0xf4, sizeof(image));
	memcpy(image + 0xfff0, reset, sizeof(reset));
	name_of(m, "hlt.bin", path, sizeof(path));
	f = fopen(path, "wb");
	if (!f)
		return false;
	fwrite(image, sizeof(image), 1, f);
	return fclose(f) == 0;
}

static bool share_ram(struct machine *m)
{
	m->ram_file = memfd_create("vtd-ram", 0);
	m->messages = memfd_create("vtd-messages", 0);
	if (m->ram_file < 0 || m->messages < 0 ||
	    ftruncate(m->ram_file, (off_t)RAM_BYTES))
		return false;
	m->ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		      m->ram_file, 0);
	return m->ram != MAP_FAILED;
}

/* In the child. */
static void run_qemu(const struct machine *m, const struct flavour *flavour,
		     pid_t parent)
{
	static char text[64][192];
	char *argv[160];
	int n = 0, t = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	dup2(m->messages, STDERR_FILENO);
#define ARG(...) \
	(snprintf(text[t], sizeof(text[t]), __VA_ARGS__), argv[n++] = text[t++])
	ARG("qemu-system-x86_64");
	ARG("-M");
	ARG("q35,memory-backend=ram");
	ARG("-object");
	ARG("memory-backend-file,id=ram,share=on,size=%" PRIu64
	    ",mem-path=/proc/self/fd/%d",
	    RAM_BYTES, m->ram_file);
	ARG("-m");
	ARG("%" PRIu64 "M", RAM_BYTES >> 20);
	ARG("-accel");
	ARG("tcg");
	ARG("-icount");
	ARG("shift=0,sleep=off");
	ARG("-nodefaults");
	ARG("-display");
	ARG("none");
	ARG("-bios");
	ARG("%s/hlt.bin", m->directory);
	ARG("-qtest");
	ARG("unix:%s/qtest", m->directory);
	ARG("-qtest-log");
	ARG("/dev/null");
	ARG("-trace");
	ARG("vtd_dmar_translate");
	ARG("-trace");
	ARG("vtd_dmar_fault");
	ARG("-D");
	ARG("%s/events", m->directory);
	ARG("-device");
	ARG("intel-iommu,%s", flavour->options);
	for (int i = 0; i < DEVICES; i++) {
		argv[n++] = (char *)"-device";
		ARG("edu,dma_mask=0xffffffffffffffff,addr=0x%x", i + 1);
	}
	argv[n] = NULL;
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static void complain(struct machine *m, const char *why)
{
	char text[2048];
	ssize_t n = pread(m->messages, text, sizeof(text) - 1, 0);

	fprintf(stderr, "conformance-vtd: %s\n%.*s", why, n > 0 ? (int)n : 0,
		text);
}

static int listen_at(const struct machine *m)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	name_of(m, "qtest", address.sun_path, sizeof(address.sun_path));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, 1))
		return -1;
	return fd;
}

/* QEMU connects, or ends. */
static bool await_qemu(struct machine *m, int listener)
{
	struct pollfd poll_for = { .fd = listener, .events = POLLIN };

	for (int waited = 0; waited < PATIENCE_MS; waited += 100) {
		if (poll(&poll_for, 1, 100) > 0) {
			m->socket = accept(listener, NULL, NULL);
			return m->socket >= 0;
		}
		if (waitpid(m->qemu, NULL, WNOHANG)) {
			m->qemu = 0;
			return false;
		}
	}
	return false;
}

/* ---- qtest ---- */

static __attribute__((format(printf, 2, 3))) void
command(struct machine *m, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	m->out_bytes += (size_t)vsnprintf(m->out + m->out_bytes,
					  sizeof(m->out) - m->out_bytes, format,
					  arguments);
	va_end(arguments);
	m->pending++;
}

static bool send_all(struct machine *m)
{
	size_t done = 0;

	while (done < m->out_bytes) {
		ssize_t n =
			write(m->socket, m->out + done, m->out_bytes - done);

		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	m->out_bytes = 0;
	return true;
}

/* One line of an answer into `line`; false: QEMU is gone or silent. */
static bool next_line(struct machine *m, char *line, size_t bytes)
{
	struct pollfd poll_for = { .fd = m->socket, .events = POLLIN };

	for (;;) {
		char *end = memchr(m->in, '\n', m->in_bytes);
		ssize_t n;

		if (end) {
			size_t length = (size_t)(end - m->in);

			snprintf(line, bytes, "%.*s", (int)length, m->in);
			m->in_bytes -= length + 1;
			memmove(m->in, end + 1, m->in_bytes);
			return true;
		}
		if (poll(&poll_for, 1, PATIENCE_MS) <= 0)
			return false;
		n = read(m->socket, m->in + m->in_bytes,
			 sizeof(m->in) - m->in_bytes);
		if (n <= 0)
			return false;
		m->in_bytes += (size_t)n;
	}
}

/* Send, and hand each answer to `values` (may be NULL). */
static bool exchange(struct machine *m, uint64_t *values)
{
	unsigned int pending = m->pending;
	char line[256];

	m->pending = 0;
	if (!send_all(m))
		return false;
	for (unsigned int i = 0; i < pending; i++) {
		if (!next_line(m, line, sizeof(line)) ||
		    strncmp(line, "OK", 2) != 0)
			return false;
		if (values)
			values[i] = strtoull(line + 2, NULL, 0);
	}
	return true;
}

void machine_write(struct machine *m, unsigned int bytes, uint64_t address,
		   uint64_t value)
{
	command(m, "write%c 0x%" PRIx64 " 0x%" PRIx64 "\n",
		bytes == 8 ? 'q' : 'l', address, value);
}

bool machine_flush(struct machine *m)
{
	return exchange(m, NULL);
}

bool machine_read(struct machine *m, unsigned int bytes, uint64_t address,
		  uint64_t *value)
{
	if (m->pending && !machine_flush(m))
		return false;
	command(m, "read%c 0x%" PRIx64 "\n", bytes == 8 ? 'q' : 'l', address);
	return exchange(m, value);
}

/* ---- the devices ---- */

static void edu_prepare(struct machine *m, unsigned int i, uint64_t source,
			uint64_t destination)
{
	machine_write(m, 8, BAR(i) + 0x80, source);
	machine_write(m, 8, BAR(i) + 0x88, destination);
}

/* The last device asked. */
static unsigned int last_of(const bool *asked)
{
	unsigned int i = DEVICES - 1;

	while (i > 0 && !asked[i])
		i--;
	return i;
}

/*
 * All begin, and all are done. The commands go out in one piece, so that
 * QEMU's timers of all devices end at one virtual time; they end in order.
 */
static bool edu_run(struct machine *m, const bool *asked, const bool *to_memory)
{
	unsigned int turns = 0, last = last_of(asked);
	uint64_t busy = 1, all[DEVICES];

	if (m->pending && !machine_flush(m))
		return false;
	for (unsigned int i = 0; i < DEVICES; i++)
		if (asked[i])
			machine_write(m, 8, BAR(i) + 0x98,
				      to_memory[i] ? 3 : 1);
	while (busy & 1)
		if (!machine_read(m, 4, BAR(last) + 0x98, &busy) ||
		    turns++ > 100000)
			return false;
	for (unsigned int i = 0; i < DEVICES; i++)
		command(m, "readl 0x%" PRIx64 "\n", BAR(i) + 0x98);
	if (!exchange(m, all))
		return false;
	for (unsigned int i = 0; i < DEVICES; i++)
		busy |= all[i];
	return !(busy & 1);
}

/* BARs, and each device's token into its buffer. */
static bool prepare_devices(struct machine *m)
{
	bool all[DEVICES], to_memory[DEVICES] = { false };

	command(m, "outl 0xcf8 0x80000060\n");
	command(m, "outl 0xcfc 0xb0000001\n");
	for (unsigned int i = 0; i < DEVICES; i++) {
		uint64_t config = ECAM + ((uint64_t)(i + 1) << 15);

		machine_write(m, 4, config + 0x10, BAR(i));
		machine_write(m, 4, config + 4, 6);
		ram_put(m->ram, TOKEN_PA + 8 * i, TOKEN(i));
	}
	if (!machine_flush(m))
		return false;
	for (unsigned int i = 0; i < DEVICES; i++) {
		all[i] = true;
		machine_write(m, 8, BAR(i) + 0x90, 4);
		edu_prepare(m, i, TOKEN_PA + 8 * i, EDU_BUFFER);
	}
	return edu_run(m, all, to_memory);
}

/* The queue of scalable mode: the same four descriptors again and again. */
static void fill_queue(struct machine *m)
{
	static const uint64_t descriptors[4][2] = {
		{ 0x11, 0 },	     /* context cache, global */
		{ 0x37, 0 },	     /* PASID cache, global */
		{ 0x12, 0 },	     /* IOTLB, global */
		{ 0x25, STATUS_PA }, /* wait, status write */
	};

	for (unsigned int i = 0; i < 128; i++)
		for (unsigned int w = 0; w < 4; w++)
			ram_put(m->ram, QUEUE_PA + 32 * i + 8 * w,
				w < 2 ? descriptors[i % 4][w] : 0);
}

static bool program_queue(struct machine *m, const struct flavour *flavour)
{
	if (!flavour->scalable)
		return true;
	fill_queue(m);
	machine_write(m, 8, VTD_BASE + 0x90, QUEUE_PA | BIT(11));
	machine_write(m, 8, VTD_BASE + 0x88, 0);
	machine_write(m, 4, VTD_BASE + 0x18, BIT(26));
	return machine_flush(m);
}

bool machine_start(struct machine *m, const struct flavour *flavour)
{
	pid_t self = getpid();
	char path[128];
	int listener;

	memset(m, 0, sizeof(*m));
	snprintf(m->directory, sizeof(m->directory), "%s/vtd-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(m->directory) || !write_firmware(m) || !share_ram(m)) {
		fprintf(stderr, "conformance-vtd: %s: %s\n", m->directory,
			strerror(errno));
		return false;
	}
	name_of(m, "events", path, sizeof(path));
	mkfifo(path, 0600);
	m->fifo = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	listener = listen_at(m);
	m->qemu = fork();
	if (m->qemu == 0)
		run_qemu(m, flavour, self);
	if (m->qemu < 0 || listener < 0 || m->fifo < 0 ||
	    !await_qemu(m, listener) || !prepare_devices(m) ||
	    !program_queue(m, flavour)) {
		complain(m, "qemu-system-x86_64 does not run");
		machine_stop(m);
		return false;
	}
	close(listener);
	return true;
}

void machine_stop(struct machine *m)
{
	static const char *const files[] = { "hlt.bin", "events", "qtest" };
	char path[128];

	if (m->qemu > 0) {
		kill(m->qemu, SIGKILL);
		waitpid(m->qemu, NULL, 0);
	}
	for (unsigned int i = 0; i < 3; i++) {
		name_of(m, files[i], path, sizeof(path));
		unlink(path);
	}
	rmdir(m->directory);
	munmap(m->ram, RAM_BYTES);
	close(m->ram_file);
	close(m->messages);
	close(m->fifo);
	close(m->socket);
}

/* ---- a batch ---- */

static void invalidate_by_registers(struct machine *m)
{
	machine_write(m, 8, VTD_BASE + 0x28, BIT(63) | BIT(61));
	machine_write(m, 8, VTD_BASE + 0xf8, BIT(63) | BIT(60));
}

/* Four descriptors further, and the wait's status. */
static bool invalidate_by_queue(struct machine *m)
{
	uint64_t wait = QUEUE_PA + m->queue_tail + 96;

	m->status++;
	ram_put(m->ram, wait, (m->status & UINT32_MAX) << 32 | 0x25);
	m->queue_tail = (m->queue_tail + 128) % 4096;
	machine_write(m, 8, VTD_BASE + 0x88, m->queue_tail);
	if (!machine_flush(m))
		return false;
	return (uint32_t)ram_get(m->ram, STATUS_PA) == (uint32_t)m->status;
}

bool machine_program(struct machine *m, const struct batch *b)
{
	uint64_t keep = b->flavour->scalable ? BIT(26) : 0;

	/* Translation stays on: switching it costs QEMU a map of memory for
	 * each device. */
	machine_write(m, 8, VTD_BASE + 0x20, b->rtaddr);
	machine_write(m, 4, VTD_BASE + 0x18, keep | BIT(31) | BIT(30));
	if (b->flavour->scalable) {
		if (!invalidate_by_queue(m))
			return false;
	} else {
		invalidate_by_registers(m);
	}
	machine_write(m, 4, VTD_BASE + 0x22c, BIT(31));
	machine_write(m, 4, VTD_BASE + 0x34, 1);
	return machine_flush(m);
}

/* An event's line; false: it is none. */
static bool read_event(const char *line, struct answer *answers)
{
	unsigned int bus, slot, function, sid, reason, write;
	uint64_t from, to, mask;
	struct answer *a;

	if (sscanf(line,
		   "vtd_dmar_translate dev %x:%x.%x iova 0x%" SCNx64
		   " -> gpa 0x%" SCNx64 " mask 0x%" SCNx64,
		   &bus, &slot, &function, &from, &to, &mask) == 6 &&
	    slot >= 1 && slot <= DEVICES) {
		a = &answers[slot - 1];
		a->what = HAPPENED_TRANSLATION;
		a->address = from;
		a->pa = to;
		a->page_mask = mask;
	} else if (sscanf(line,
			  "vtd_dmar_fault sid 0x%x fault %u addr 0x%" SCNx64
			  " write %u",
			  &sid, &reason, &from, &write) == 4 &&
		   sid >> 3 >= 1 && sid >> 3 <= DEVICES) {
		a = &answers[(sid >> 3) - 1];
		a->what = HAPPENED_FAULT;
		a->reason = reason;
		a->address = from;
		a->write = write;
	} else {
		return false;
	}
	a->events++;
	return true;
}

static void read_events(struct machine *m, struct answer *answers)
{
	char text[65536], *line = text, *end;
	size_t bytes = 0;
	ssize_t n;

	while (bytes < sizeof(text) - 1 &&
	       (n = read(m->fifo, text + bytes, sizeof(text) - 1 - bytes)) > 0)
		bytes += (size_t)n;
	text[bytes] = 0;
	for (; (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		read_event(line, answers);
	}
}

bool machine_run(struct machine *m, const struct batch *b, const bool *asked,
		 struct answer *answers, uint64_t *frcd)
{
	struct answer ignored[DEVICES];
	bool to_memory[DEVICES];

	read_events(m, ignored);
	memset(answers, 0, DEVICES * sizeof(*answers));
	for (unsigned int i = 0; i < DEVICES; i++) {
		const struct vector *v = &b->vector[i];

		to_memory[i] = v->write;
		if (!asked[i])
			continue;
		/* Writes send the token, reads go beside it. */
		if (v->write)
			edu_prepare(m, i, EDU_BUFFER, v->iova);
		else
			edu_prepare(m, i, v->iova, EDU_BUFFER + 16);
	}
	if (!edu_run(m, asked, to_memory))
		return false;
	read_events(m, answers);
	return machine_read(m, 8, VTD_BASE + 0x220, &frcd[0]) &&
	       machine_read(m, 8, VTD_BASE + 0x228, &frcd[1]);
}
