/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting QEMU, and the two ends of the mailbox. QEMU 10.0. */
#include "tests/diff/conformance/machine.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A batch takes milliseconds; this long, and something runs astray. */
#define PATIENCE_SECONDS 60

static bool share_ram(struct machine *machine)
{
	machine->file = memfd_create("conformance-ram", 0);
	if (machine->file < 0 || ftruncate(machine->file, RAM_BYTES))
		return false;
	machine->ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			    machine->file, 0);
	return machine->ram != MAP_FAILED;
}

/* In the child. highmem=off: no devices above RAM. */
static void run_qemu(const struct machine *machine, const char *cpu,
		     const char *program, pid_t parent)
{
	char backend[128], loader[4096], memory[32];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	snprintf(backend, sizeof(backend),
		 "memory-backend-file,id=ram,share=on,size=%u,"
		 "mem-path=/proc/self/fd/%d",
		 RAM_BYTES, machine->file);
	snprintf(loader, sizeof(loader), "loader,file=%s,cpu-num=0", program);
	snprintf(memory, sizeof(memory), "%uM", RAM_BYTES >> 20);
	execlp("qemu-system-aarch64", "qemu-system-aarch64", "-M",
	       "virt,virtualization=on,highmem=off,memory-backend=ram", "-cpu",
	       cpu, "-accel", "tcg", "-smp", "1", "-m", memory, "-object",
	       backend, "-nodefaults", "-display", "none", "-device", loader,
	       (char *)NULL);
	fprintf(stderr, "conformance: qemu-system-aarch64: %s\n",
		strerror(errno));
	_exit(127);
}

static bool qemu_lives(struct machine *machine)
{
	int status;

	if (waitpid(machine->qemu, &status, WNOHANG) == 0)
		return true;
	machine->qemu = 0;
	fprintf(stderr, "conformance: QEMU ended\n");
	return false;
}

/* Until *word is `value`. */
static bool await(struct machine *machine, const volatile uint32_t *word,
		  uint32_t value)
{
	time_t limit = time(NULL) + PATIENCE_SECONDS;

	for (uint64_t spins = 1;; spins++) {
		if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value)
			return true;
		sched_yield();
		if (spins % 4096)
			continue;
		if (!qemu_lives(machine))
			return false;
		if (time(NULL) > limit)
			return false;
	}
}

bool machine_start(struct machine *machine, const char *cpu,
		   const char *program)
{
	pid_t self = getpid();

	memset(machine, 0, sizeof(*machine));
	if (!share_ram(machine)) {
		fprintf(stderr, "conformance: shared memory: %s\n",
			strerror(errno));
		return false;
	}
	machine->box = machine_host(machine, MAILBOX_PA);
	machine->qemu = fork();
	if (machine->qemu == 0)
		run_qemu(machine, cpu, program, self);
	if (machine->qemu < 0 ||
	    !await(machine, &machine->box->magic, EL2_MAGIC)) {
		fprintf(stderr, "conformance: the EL2 program did not start\n");
		machine_stop(machine);
		return false;
	}
	return true;
}

void machine_stop(struct machine *machine)
{
	if (machine->qemu > 0) {
		kill(machine->qemu, SIGKILL);
		waitpid(machine->qemu, NULL, 0);
	}
	munmap(machine->ram, RAM_BYTES);
	close(machine->file);
}

void machine_ring(struct machine *machine, uint32_t cases)
{
	machine->box->cases = cases;
	machine->doorbell++;
	__atomic_store_n(&machine->box->doorbell, machine->doorbell,
			 __ATOMIC_RELEASE);
}

bool machine_wait(struct machine *machine)
{
	if (await(machine, &machine->box->done, machine->doorbell))
		return true;
	fprintf(stderr,
		"conformance: no answer; the program stands at case %u of the "
		"batch, operation %u\n",
		machine->box->at_case, machine->box->at_op);
	return false;
}
