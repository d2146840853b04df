/* SPDX-License-Identifier: MIT */
/*
 * What crosses the system-call border: structures with Linux's x86_64 layout and the constants their
 * fields take. Everything here is prefixed linux_ or LINUX_ unless the name is the call's own, so that kernel
 * structures may keep the plain names. Sizes are asserted: user programs were compiled against them.
 */
#ifndef KERNEL_SYS_ABI_H
#define KERNEL_SYS_ABI_H

#include "kernel/base/compiler.h"
#include "kernel/base/types.h"
#include "kernel/base/bug.h"

struct linux_timespec {
	s64 tv_sec, tv_nsec;
};

struct linux_timeval {
	s64 tv_sec, tv_usec;
};

struct linux_itimerval {
	struct linux_timeval it_interval, it_value;
};

struct linux_rusage {
	struct linux_timeval ru_utime, ru_stime;
	s64 ru_maxrss, ru_ixrss, ru_idrss, ru_isrss, ru_minflt, ru_majflt, ru_nswap, ru_inblock,
		ru_oublock, ru_msgsnd, ru_msgrcv, ru_nsignals, ru_nvcsw, ru_nivcsw;
};
static_assert(sizeof(struct linux_rusage) == 144, "rusage");

struct linux_tms {
	s64 tms_utime, tms_stime, tms_cutime, tms_cstime;
};

struct linux_stat {
	u64 st_dev, st_ino, st_nlink;
	u32 st_mode, st_uid, st_gid, pad0;
	u64 st_rdev;
	s64 st_size, st_blksize, st_blocks;
	struct linux_timespec atime, mtime, ctime;
	s64 unused[3];
};
static_assert(sizeof(struct linux_stat) == 144, "stat");

struct linux_statfs {
	s64 f_type, f_bsize;
	u64 f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	s32 f_fsid[2];
	s64 f_namelen, f_frsize, f_flags, f_spare[4];
};
static_assert(sizeof(struct linux_statfs) == 120, "statfs");

struct linux_iovec {
	void __user *base;
	u64 len;
};
#define UIO_MAXIOV 1024

struct linux_pollfd {
	s32 fd;
	s16 events, revents;
};

struct linux_flock {
	s16 l_type, l_whence;
	s64 l_start, l_len;
	s32 l_pid;
};

struct linux_utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

struct linux_sysinfo {
	s64 uptime;
	u64 loads[3];
	u64 totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	u16 procs, pad;
	u64 totalhigh, freehigh;
	u32 mem_unit;
};
static_assert(sizeof(struct linux_sysinfo) == 112, "sysinfo");

struct linux_rlimit {
	u64 rlim_cur, rlim_max;
};

/* ---- Signals ---------------------------------------------------------------------------------- */

#define SIGHUP	  1
#define SIGINT	  2
#define SIGQUIT	  3
#define SIGILL	  4
#define SIGTRAP	  5
#define SIGABRT	  6
#define SIGBUS	  7
#define SIGFPE	  8
#define SIGKILL	  9
#define SIGUSR1	  10
#define SIGSEGV	  11
#define SIGUSR2	  12
#define SIGPIPE	  13
#define SIGALRM	  14
#define SIGTERM	  15
#define SIGSTKFLT 16
#define SIGCHLD	  17
#define SIGCONT	  18
#define SIGSTOP	  19
#define SIGTSTP	  20
#define SIGTTIN	  21
#define SIGTTOU	  22
#define SIGURG	  23
#define SIGXCPU	  24
#define SIGXFSZ	  25
#define SIGVTALRM 26
#define SIGPROF	  27
#define SIGWINCH  28
#define SIGIO	  29
#define SIGPWR	  30
#define SIGSYS	  31
#define SIGRTMIN  32

#define SIG_DFL 0UL
#define SIG_IGN 1UL

#define SIG_BLOCK   0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SA_NOCLDSTOP 0x00000001UL
#define SA_NOCLDWAIT 0x00000002UL
#define SA_SIGINFO   0x00000004UL
#define SA_RESTORER  0x04000000UL
#define SA_ONSTACK   0x08000000UL
#define SA_RESTART   0x10000000UL
#define SA_NODEFER   0x40000000UL
#define SA_RESETHAND 0x80000000UL

#define SS_ONSTACK    1
#define SS_DISABLE    2
#define SS_AUTODISARM 0x80000000U
#define MINSIGSTKSZ   2048

#define SI_USER	    0
#define SI_KERNEL   0x80
#define SI_QUEUE    (-1)
#define SI_TIMER    (-2)
#define SI_TKILL    (-6)
#define ILL_ILLOPN  2
#define FPE_INTDIV  1
#define FPE_FLTDIV  3
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRALN  1
#define BUS_ADRERR  2
#define TRAP_BRKPT  1
#define TRAP_TRACE  2
#define CLD_EXITED  1
#define CLD_KILLED  2
#define CLD_DUMPED  3
#define CLD_STOPPED 5
#define CLD_CONTINUED 6

struct linux_siginfo {
	s32 si_signo, si_errno, si_code, pad0;
	union {
		struct {
			s32 pid;
			u32 uid;
			u64 value;
		} rt; /* kill, sigqueue */
		struct {
			s32 pid;
			u32 uid;
			s32 status;
			u32 pad;
			s64 utime, stime;
		} chld;
		struct {
			u64 addr;
			s16 addr_lsb;
		} fault;
		u8 pad[112];
	};
};
static_assert(sizeof(struct linux_siginfo) == 128, "siginfo");

struct linux_stack {
	u64 ss_sp;
	s32 ss_flags, pad;
	u64 ss_size;
};

struct linux_sigcontext {
	u64 r8, r9, r10, r11, r12, r13, r14, r15, di, si, bp, bx, dx, ax, cx, sp, ip, flags;
	u16 cs, gs, fs, ss;
	u64 err, trapno, oldmask, cr2;
	u64 fpstate;
	u64 reserved[8];
};
static_assert(sizeof(struct linux_sigcontext) == 256, "sigcontext");

struct linux_ucontext {
	u64 uc_flags, uc_link;
	struct linux_stack uc_stack;
	struct linux_sigcontext uc_mcontext;
	u64 uc_sigmask;
};

struct linux_rt_sigframe {
	u64 pretcode;
	struct linux_ucontext uc;
	struct linux_siginfo info;
	/* the FXSAVE image lies above, 64-byte aligned */
};

/* ---- Processes -------------------------------------------------------------------------------- */

#define CLONE_VM	     0x00000100UL
#define CLONE_FS	     0x00000200UL
#define CLONE_FILES	     0x00000400UL
#define CLONE_SIGHAND	     0x00000800UL
#define CLONE_PTRACE	     0x00002000UL
#define CLONE_VFORK	     0x00004000UL
#define CLONE_PARENT	     0x00008000UL
#define CLONE_THREAD	     0x00010000UL
#define CLONE_NEWNS	     0x00020000UL
#define CLONE_SYSVSEM	     0x00040000UL
#define CLONE_SETTLS	     0x00080000UL
#define CLONE_PARENT_SETTID  0x00100000UL
#define CLONE_CHILD_CLEARTID 0x00200000UL
#define CLONE_DETACHED	     0x00400000UL
#define CLONE_UNTRACED	     0x00800000UL
#define CLONE_CHILD_SETTID   0x01000000UL
#define CLONE_IO	     0x80000000UL
#define CLONE_CLEAR_SIGHAND  0x100000000UL /* clone3 only */

/* clone3(); the caller says how many bytes of it there are. */
struct linux_clone_args {
	u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	u64 set_tid, set_tid_size, cgroup;
};
#define CLONE_ARGS_SIZE_VER0 64

#define WNOHANG	   1
#define WUNTRACED  2
#define WSTOPPED   2
#define WEXITED	   4
#define WCONTINUED 8
#define WNOWAIT	   0x01000000
#define __WNOTHREAD 0x20000000
#define __WALL	   0x40000000
#define __WCLONE   0x80000000

#define P_ALL  0
#define P_PID  1
#define P_PGID 2

#define RLIMIT_CPU	0
#define RLIMIT_FSIZE	1
#define RLIMIT_DATA	2
#define RLIMIT_STACK	3
#define RLIMIT_CORE	4
#define RLIMIT_RSS	5
#define RLIMIT_NPROC	6
#define RLIMIT_NOFILE	7
#define RLIMIT_MEMLOCK	8
#define RLIMIT_AS	9
#define RLIMIT_LOCKS	10
#define RLIMIT_SIGPENDING 11
#define RLIM_INFINITY	(~0ULL)

/* Capabilities asked about by name. */
#define CAP_CHOWN	 0
#define CAP_DAC_OVERRIDE 1
#define CAP_FOWNER	 3
#define CAP_KILL	 5
#define CAP_SETGID	 6
#define CAP_SETUID	 7
#define CAP_IPC_LOCK	 14
#define CAP_SYS_CHROOT	 18
#define CAP_SYS_ADMIN	 21
#define CAP_SYS_BOOT	 22
#define CAP_SYS_NICE	 23
#define CAP_SYS_RESOURCE 24
#define CAP_SYS_TTY_CONFIG 26
#define CAP_FULL_SET	 0x3fffffffffULL

/* Auxiliary vector */
#define AT_NULL	     0
#define AT_PHDR	     3
#define AT_PHENT     4
#define AT_PHNUM     5
#define AT_PAGESZ    6
#define AT_BASE	     7
#define AT_FLAGS     8
#define AT_ENTRY     9
#define AT_UID	     11
#define AT_EUID	     12
#define AT_GID	     13
#define AT_EGID	     14
#define AT_PLATFORM  15
#define AT_HWCAP     16
#define AT_CLKTCK    17
#define AT_SECURE    23
#define AT_RANDOM    25
#define AT_HWCAP2    26
#define AT_EXECFN    31
#define AT_MINSIGSTKSZ 51

#define CLOCK_REALTIME		 0
#define CLOCK_MONOTONIC		 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID	 3
#define CLOCK_MONOTONIC_RAW	 4
#define CLOCK_REALTIME_COARSE	 5
#define CLOCK_MONOTONIC_COARSE	 6
#define CLOCK_BOOTTIME		 7
#define TIMER_ABSTIME		 1

#endif
