/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What shells do not exercise: vector registers across processes and signals,
 * vfork and posix_spawn, shared memory, alternate stacks, faults caught by
 * handlers, mremap, poll. Prints one line each; the output
 * must be the same on every kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void vectors_survive_processes(void)
{
	double a = 1.25, b = 2.5, sum = 0;
	int fd[2], back[2], i;
	char c = 0;
	pid_t child;

	if (pipe(fd) || pipe(back))
		return;
	child = fork();
	for (i = 0; i < 50; i++) {
		register double keep __asm__("v9") = child ? a : b;

		__asm__ volatile("" : "+w"(keep));
		if (child) {
			if (write(fd[1], &c, 1) != 1 ||
			    read(back[0], &c, 1) != 1)
				break;
		} else {
			if (read(fd[0], &c, 1) != 1 ||
			    write(back[1], &c, 1) != 1)
				break;
		}
		__asm__ volatile("" : "+w"(keep));
		sum += keep;
	}
	if (!child)
		_exit(sum == 125.0);
	waitpid(child, &i, 0);
	printf("vectors %g %d\n", sum, WEXITSTATUS(i));
}

static volatile sig_atomic_t seen;
static sigjmp_buf jump;

static void on_signal(int number)
{
	volatile double mess = 3.0;

	__asm__ volatile("movi v8.2d, #0\n\tmovi v20.2d, #0" ::: "v8", "v20");
	mess *= 2;
	seen += number;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	printf("fault %d code %d address %p\n", number, info->si_code,
	       info->si_addr);
	siglongjmp(jump, 1);
}

static void signals_restore_vectors(void)
{
	register double keep __asm__("v20") = 42.5;
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &action, NULL);
	__asm__ volatile("" : "+w"(keep));
	register long x8 __asm__("x8") = 129;
	register long x0 __asm__("x0") = getpid();
	register long x1 __asm__("x1") = SIGUSR1;

	keep = 42.5;
	__asm__ volatile("svc #0"
			 : "+r"(x0), "+w"(keep)
			 : "r"(x8), "r"(x1)
			 : "memory");
	printf("signal %d vector %g\n", seen, keep);
}

static void faults_reach_handlers(void)
{
	struct sigaction action = { .sa_sigaction = on_fault,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
	char *page = mmap((void *)0x7000000, 4096, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGTRAP, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	if (!sigsetjmp(jump, 1))
		*(volatile char *)page = 1;
	if (!sigsetjmp(jump, 1))
		*(volatile char *)0x6000123 = 1;
	munmap(page, 4096);
	if (!sigsetjmp(jump, 1))
		(void)*(volatile char *)page;
}

static void shared_memory_is_shared(void)
{
	volatile int *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int private = 1, status;
	pid_t child = fork();

	if (!child) {
		p[1000] = 77;
		private = 2;
		_exit(private);
	}
	waitpid(child, &status, 0);
	printf("shared %d private %d child %d\n", p[1000], private,
	       WEXITSTATUS(status));
}

static void children_by_vfork_and_spawn(void)
{
	char *argv[] = { "echo", "spawned", NULL };
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = vfork();
	if (!child)
		_exit(5);
	waitpid(child, &status, 0);
	printf("vfork %d\n", WEXITSTATUS(status));
	fflush(stdout);
	status = posix_spawn(&child, "/bin/echo", NULL, NULL, argv, environ);
	if (status == 0)
		waitpid(child, &status, 0);
	printf("spawn %d\n", status);
}

static void memory_moves(void)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     *q;
	int fd = open("three", O_RDONLY);
	char *file =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	strcpy(p, "moved");
	q = mremap(p, 4096, 1 << 20, MREMAP_MAYMOVE);
	q[(1 << 20) - 1] = 1;
	printf("mremap %s %d\n", q, q[500000]);
	file[0] = 'O';
	printf("file %.3s %d\n", file, file[100]);
	madvise(q, 4096, MADV_DONTNEED);
	printf("dontneed %d\n", q[0]);
	close(fd);
}

static void polling(void)
{
	struct timespec brief = { 0, 1000000 };
	struct pollfd p[2];
	int fd[2];
	fd_set set;

	if (pipe(fd))
		return;
	p[0] = (struct pollfd){ fd[0], POLLIN, 0 };
	p[1] = (struct pollfd){ fd[1], POLLOUT, 0 };
	printf("poll %d %x %x\n", poll(p, 2, 0), p[0].revents, p[1].revents);
	printf("timeout %d\n", ppoll(p, 1, &brief, NULL));
	if (!fork()) {
		nanosleep(&brief, NULL);
		_exit(write(fd[1], "x", 1) != 1);
	}
	FD_ZERO(&set);
	FD_SET(fd[0], &set);
	printf("select %d\n", select(fd[0] + 1, &set, NULL, NULL, NULL));
	wait(NULL);
	close(fd[1]);
	printf("hup %d %x\n", poll(p, 1, -1), p[0].revents);
}

static void vectored(void)
{
	struct iovec v[3] = { { "one ", 4 }, { "two ", 4 }, { "three\n", 6 } };
	char a[4], b[64] = "";
	struct iovec r[2] = { { a, 4 }, { b, 60 } };
	int fd[2];

	if (pipe(fd))
		return;
	printf("writev %zd\n", writev(fd[1], v, 3));
	printf("readv %zd %.4s|%s", readv(fd[0], r, 2), a, b);
}

static void errors(void)
{
	char text[8];

	printf("errors %d", open("nosuch", O_RDONLY));
	printf(" %d", errno);
	printf(" %zd", read(77, text, 1));
	printf(" %d", errno);
	printf(" %zd", read(0, (void *)8, 0));
	printf(" %d %d\n", chdir("three"), errno);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	vectors_survive_processes();
	signals_restore_vectors();
	faults_reach_handlers();
	shared_memory_is_shared();
	children_by_vfork_and_spawn();
	memory_moves();
	polling();
	vectored();
	errors();
	return 33;
}
