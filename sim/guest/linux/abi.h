/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux user interface of AArch64 as far as the simulated kernel speaks
 * it: numbers that differ from, or need not be the same as, the host's.
 * Error numbers are the generic ones, which every host we build on shares.
 * Source: the kernel's uapi (asm-generic and arm64), the AArch64 ELF psABI.
 */
#ifndef SIM_GUEST_LINUX_ABI_H
#define SIM_GUEST_LINUX_ABI_H

#include <stdint.h>

#define PAGE_LG2      12
#define PAGE_BYTES    UINT64_C(4096)
#define PAGE_MASK_LOW (PAGE_BYTES - 1)
#define TASK_END      UINT64_C(0x0001000000000000) /* 48-bit user addresses */

#define GUEST_AT_FDCWD		  (-100)
#define GUEST_AT_SYMLINK_NOFOLLOW 0x100
#define GUEST_AT_REMOVEDIR	  0x200
#define GUEST_AT_SYMLINK_FOLLOW	  0x400
#define GUEST_AT_EMPTY_PATH	  0x1000

enum guest_open {
	GUEST_O_ACCMODE = 03,
	GUEST_O_WRONLY = 01,
	GUEST_O_RDWR = 02,
	GUEST_O_CREAT = 0100,
	GUEST_O_EXCL = 0200,
	GUEST_O_TRUNC = 01000,
	GUEST_O_APPEND = 02000,
	GUEST_O_NONBLOCK = 04000,
	GUEST_O_DIRECTORY = 040000, /* not x86's value */
	GUEST_O_NOFOLLOW = 0100000,
	GUEST_O_LARGEFILE = 0400000,
	GUEST_O_CLOEXEC = 02000000,
	GUEST_O_PATH = 010000000,
};

enum guest_prot {
	GUEST_PROT_READ = 1,
	GUEST_PROT_WRITE = 2,
	GUEST_PROT_EXEC = 4
};
enum guest_map {
	GUEST_MAP_SHARED = 0x01,
	GUEST_MAP_PRIVATE = 0x02,
	GUEST_MAP_TYPE = 0x0f,
	GUEST_MAP_FIXED = 0x10,
	GUEST_MAP_ANONYMOUS = 0x20,
	GUEST_MAP_FIXED_NOREPLACE = 0x100000,
};
enum guest_mremap { GUEST_MREMAP_MAYMOVE = 1, GUEST_MREMAP_FIXED = 2 };

enum guest_clone {
	GUEST_CSIGNAL = 0xff,
	GUEST_CLONE_VM = 0x100,
	GUEST_CLONE_FS = 0x200,
	GUEST_CLONE_FILES = 0x400,
	GUEST_CLONE_SIGHAND = 0x800,
	GUEST_CLONE_VFORK = 0x4000,
	GUEST_CLONE_THREAD = 0x10000,
	GUEST_CLONE_SETTLS = 0x80000,
	GUEST_CLONE_PARENT_SETTID = 0x100000,
	GUEST_CLONE_CHILD_CLEARTID = 0x200000,
	GUEST_CLONE_CHILD_SETTID = 0x1000000,
};

enum guest_signal {
	GUEST_SIGHUP = 1,
	GUEST_SIGINT = 2,
	GUEST_SIGQUIT = 3,
	GUEST_SIGILL = 4,
	GUEST_SIGTRAP = 5,
	GUEST_SIGABRT = 6,
	GUEST_SIGBUS = 7,
	GUEST_SIGFPE = 8,
	GUEST_SIGKILL = 9,
	GUEST_SIGSEGV = 11,
	GUEST_SIGPIPE = 13,
	GUEST_SIGALRM = 14,
	GUEST_SIGCHLD = 17,
	GUEST_SIGCONT = 18,
	GUEST_SIGSTOP = 19,
	GUEST_SIGTSTP = 20,
	GUEST_SIGTTIN = 21,
	GUEST_SIGTTOU = 22,
	GUEST_SIGURG = 23,
	GUEST_SIGXCPU = 24,
	GUEST_SIGXFSZ = 25,
	GUEST_SIGWINCH = 28,
	GUEST_SIGSYS = 31,
	GUEST_SIGNALS = 64,
};
enum guest_sa {
	GUEST_SA_NOCLDWAIT = 0x2,
	GUEST_SA_SIGINFO = 0x4,
	GUEST_SA_EXPOSE_TAGBITS = 0x00000800,
	GUEST_SA_RESTORER = 0x04000000,
	GUEST_SA_ONSTACK = 0x08000000,
	GUEST_SA_RESTART = 0x10000000,
	GUEST_SA_NODEFER = 0x40000000,
};
#define GUEST_SA_RESETHAND UINT64_C(0x80000000)
#define GUEST_SIG_DFL	   UINT64_C(0)
#define GUEST_SIG_IGN	   UINT64_C(1)
enum guest_si_code {
	GUEST_SI_USER = 0,
	GUEST_SI_KERNEL = 0x80,
	GUEST_SI_TKILL = -6,
	GUEST_SEGV_MAPERR = 1,
	GUEST_SEGV_ACCERR = 2,
	GUEST_BUS_ADRALN = 1,
	GUEST_BUS_ADRERR = 2,
	GUEST_ILL_ILLOPC = 1,
	GUEST_TRAP_BRKPT = 1,
	GUEST_CLD_EXITED = 1,
	GUEST_CLD_KILLED = 2,
};
enum guest_ss { GUEST_SS_ONSTACK = 1, GUEST_SS_DISABLE = 2 };

struct guest_sigaction {
	uint64_t handler, flags, restorer, mask;
};
struct guest_stack {
	uint64_t sp;
	int32_t flags;
	uint32_t pad;
	uint64_t size;
};
struct guest_siginfo {
	int32_t signo, error, code, pad;
	union {
		uint64_t address;
		struct {
			int32_t pid;
			uint32_t uid;
			int32_t status;
		} sender;
		uint8_t bytes[112];
	} u;
};
_Static_assert(sizeof(struct guest_siginfo) == 128, "siginfo_t");

struct guest_fpsimd_context {
	uint32_t magic, size, fpsr, fpcr;
	uint64_t v[32][2];
};
#define GUEST_FPSIMD_MAGIC 0x46508001u

struct guest_sigframe {
	struct guest_siginfo info;
	uint64_t uc_flags, uc_link;
	struct guest_stack uc_stack;
	uint64_t uc_sigmask;
	uint8_t uc_unused[120];
	uint64_t pad_to_16;
	uint64_t fault_address, x[31], sp, pc, pstate;
	uint64_t pad_reserved;
	/* __reserved[4096]: as much of it as is written */
	struct guest_fpsimd_context fpsimd;
	uint32_t end_magic, end_size;
};
_Static_assert(sizeof(struct guest_fpsimd_context) == 528, "fpsimd_context");
_Static_assert(__builtin_offsetof(struct guest_sigframe, fault_address) ==
		       128 + 176,
	       "uc_mcontext");
_Static_assert(__builtin_offsetof(struct guest_sigframe, fpsimd) == 128 + 464,
	       "mcontext __reserved");
#define GUEST_SIGFRAME_BYTES UINT64_C(4688)

struct guest_timespec {
	int64_t sec, nsec;
};
struct guest_stat {
	uint64_t dev, ino;
	uint32_t mode, nlink, uid, gid;
	uint64_t rdev, pad1;
	int64_t size;
	int32_t blksize, pad2;
	int64_t blocks;
	struct guest_timespec atime, mtime, ctime;
	uint32_t unused[2];
};
_Static_assert(sizeof(struct guest_stat) == 128, "struct stat of arm64");

struct guest_rusage {
	int64_t utime[2], stime[2], other[14];
};
struct guest_utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65],
		domainname[65];
};

enum guest_auxv {
	GUEST_AT_NULL = 0,
	GUEST_AT_PHDR = 3,
	GUEST_AT_PHENT = 4,
	GUEST_AT_PHNUM = 5,
	GUEST_AT_PAGESZ = 6,
	GUEST_AT_BASE = 7,
	GUEST_AT_FLAGS = 8,
	GUEST_AT_ENTRY = 9,
	GUEST_AT_UID = 11,
	GUEST_AT_EUID = 12,
	GUEST_AT_GID = 13,
	GUEST_AT_EGID = 14,
	GUEST_AT_PLATFORM = 15,
	GUEST_AT_HWCAP = 16,
	GUEST_AT_CLKTCK = 17,
	GUEST_AT_SECURE = 23,
	GUEST_AT_RANDOM = 25,
	GUEST_AT_HWCAP2 = 26,
	GUEST_AT_EXECFN = 31,
};
/* FP ASIMD AES PMULL SHA1 SHA2 CRC32 ATOMICS FPHP ASIMDHP ASIMDRDM: a part of
 * what the executing CPU has (machine files describe time, not instruction
 * sets). No CPUID: reads of ID registers at EL0 are not emulated. */
#define GUEST_HWCAP UINT64_C(0x17fb)

#define GUEST_SEEK_SET 0
#define GUEST_SEEK_CUR 1
#define GUEST_SEEK_END 2

#endif
