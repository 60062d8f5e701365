/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pointers with a tag in their top byte: loads, stores and branches take them
 * always, faults tell the address without it, system calls take them only once
 * the process has asked for it. Prints one line each.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	   4096
#define SET_TAGGED 55
#define GET_TAGGED 56

static sigjmp_buf jump;

static void *tagged(const volatile void *p, unsigned int tag)
{
	return (void *)((uintptr_t)p | (uintptr_t)tag << 56);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	printf("fault %d code %d address %p\n", number, info->si_code,
	       info->si_addr);
	siglongjmp(jump, 1);
}

static int twice(int n)
{
	return 2 * n;
}

static void accesses_and_branches(void)
{
	static volatile long word[1024];
	int (*volatile call)(int) = (int (*)(int))tagged((void *)twice, 0x3c);
	long sum = 0;
	unsigned int tag;

	for (tag = 0; tag < 256; tag++)
		*(volatile long *)tagged(&word[tag * 4], tag) = tag;
	for (tag = 0; tag < 256; tag++)
		sum += *(volatile long *)tagged(&word[tag * 4], 255 - tag);
	for (tag = 0; tag < 256; tag++)
		sum -= word[tag * 4];
	__atomic_fetch_add((long *)tagged(&word[1], 9), 5, __ATOMIC_SEQ_CST);
	memset(tagged(&word[512], 0x80), 1, 512);
	printf("sum %ld word %ld set %lx call %d\n", sum, word[1], word[512],
	       call(21));
}

static void faults_tell_plain_addresses(void)
{
	struct sigaction action = { .sa_sigaction = on_fault,
				    .sa_flags = SA_SIGINFO };
	char *page = mmap((void *)0x7000000, PAGE, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	if (!sigsetjmp(jump, 1))
		*(volatile char *)tagged(page + 5, 0x5a) = 1;
	if (!sigsetjmp(jump, 1))
		(void)*(volatile char *)tagged((char *)0x6000123, 0x7f);
	munmap(page, PAGE);
}

static void say(const char *what, long result)
{
	printf("%s: %ld %s\n", what, result, result < 0 ? strerror(errno) : "");
	fflush(stdout);
}

static void calls(const char *when)
{
	int fd[2];
	char got[8] = "";

	puts(when);
	if (pipe(fd))
		return;
	say("write", write(fd[1], tagged("abc", 0x11), 3));
	write(fd[1], "xyz", 3);
	say("read", read(fd[0], tagged(got, 0x22), 3));
	say("access", access(tagged("/", 0x33), F_OK));
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status = 0;

	accesses_and_branches();
	faults_tell_plain_addresses();
	say("control", prctl(GET_TAGGED, 0, 0, 0, 0));
	calls("not asked for");
	say("no such bit", prctl(SET_TAGGED, 1 << 20, 0, 0, 0));
	say("set", prctl(SET_TAGGED, 1, 0, 0, 0));
	say("control", prctl(GET_TAGGED, 0, 0, 0, 0));
	calls("asked for");
	fflush(stdout);
	if (!fork()) {
		say("child", prctl(GET_TAGGED, 0, 0, 0, 0));
		_exit(0);
	}
	wait(&status);
	say("mprotect", mprotect(tagged(page, 0x44), PAGE, PROT_READ));
	say("munmap", munmap(tagged(page, 0x55), PAGE));
	say("unset", prctl(SET_TAGGED, 0, 0, 0, 0));
	calls("given up");
	return 0;
}
