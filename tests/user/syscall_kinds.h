/* SPDX-License-Identifier: MIT */
/*
 * What every system call takes: one row per call of kernel/sys/syscall_table.h with the kind of each argument and
 * a set of arguments with which the call is valid, or fails late for another reason than a bad pointer.
 * sys_hostile spoils one argument after another, sysfuzz draws arguments by kind.
 *
 *	i structure read      o written      b both          capital letter: NULL has a meaning
 *	s string read         r bytes read   w bytes written (these two may be done in part)
 *	v iovec to write to   V iovec to read from           * pointer that is kept, ignored or looked at late
 *	a address of a mapping    l its length   n bytes of the buffer beside it    c number of elements
 *	f descriptor  d the same or AT_FDCWD  p process  k signal  u user, group  m mode  h segment
 *	g flags, EINVAL for unknown ones      G flags, unknown ones ignored or refused otherwise
 *	e command or small number  x any number  t milliseconds
 *
 * The addresses and descriptors are fixed; syscall_area.h makes them.
 */
#ifndef TESTS_USER_SYSCALL_KINDS_H
#define TESTS_USER_SYSCALL_KINDS_H

#include "kernel/sys/syscall_table.h"

#define AREA_PAGE    4096UL
#define AREA	     0x20000000UL
#define AREA_PAGES   64UL
#define IN	     AREA		/* zeros: most structures are valid so */
#define OUT	     (AREA + 0x4000)
#define OUT2	     (AREA + 0x6000)
#define PATHS	     (AREA + 0x8000)	/* a name every 128 bytes */
#define NAME(n)	     (PATHS + 128 * (n))
#define P_FILE	     NAME(0)
#define P_NEW	     NAME(1)
#define P_DIR	     NAME(2)
#define P_LINK	     NAME(3)
#define P_GARBAGE    NAME(4)
#define P_TYPE	     NAME(5)
#define P_EMPTY_DIR  NAME(6)
#define STRUCTS	     (AREA + 0xa000)	/* a structure every 256 bytes */
#define STRUCT(n)    (STRUCTS + 256 * (n))
#define S_IOV	     STRUCT(0)
#define S_IOV_IN     STRUCT(1)
#define S_CAP	     STRUCT(2)
#define S_STACK	     STRUCT(3)
#define S_BAD_TIME   STRUCT(4)
#define S_SCHED	     STRUCT(5)
#define S_CLONE	     STRUCT(6)
#define S_WAITV	     STRUCT(7)
#define S_ONES	     STRUCT(8)
#define S_RSEQ	     STRUCT(9)
#define S_POLL	     STRUCT(10)
#define S_SIGINFO    STRUCT(11)
#define MAP	     (AREA + 0x20000)	/* for calls on mappings */

#define FD_FILE	     20
#define FD_DIR	     21
#define FD_PIPE_IN   22
#define FD_PIPE_OUT  23
#define FD_SOCKET    24
#define FD_PEER	     25
#define FD_MEMFD     26
#define FD_OTHER     27	/* a second file */
#define FD_PIDFD     28
#define FD_FIRST     FD_FILE
#define FD_LAST_NEEDED FD_PIDFD

#define HERE	     (-100L) /* AT_FDCWD */
#define SELF	     0L
#define SHM_OURS     (-1000L) /* replaced by area.shm */
#define PID_OURS     (-1001L) /* replaced by our pid */

enum call_flags {
	NULL_EINVAL = 1, /* a pointer that is NULL: EINVAL and not EFAULT, as in Linux */
	BLOCKS = 2,	 /* the valid call sleeps until a signal */
	ENDS = 4,	 /* the valid call does not come back, comes back twice, or hits others */
	ANY_LEN = 8,	 /* its length is not that of a buffer, or cut */
};

struct call_row {
	int nr;
	const char *name, *kinds;
	long valid[6];
	int flags;
};

#define CALL_NUMBER(nr, name) NR_##name = nr,
enum call_number { SYSCALL_TABLE(CALL_NUMBER, CALL_NUMBER) };

#define ROW(name, kinds, flags, ...) { NR_##name, #name, kinds, { __VA_ARGS__ }, flags }

static const struct call_row call_rows[] = {
	/* files */
	ROW(read, "fwn", 0, FD_FILE, OUT, 64),
	ROW(write, "frn", 0, FD_FILE, IN, 64),
	ROW(open, "sGm", 0, P_FILE, 2, 0600),
	ROW(close, "f", 0, FD_FILE),
	ROW(stat, "so", 0, P_FILE, OUT),
	ROW(fstat, "fo", 0, FD_FILE, OUT),
	ROW(lstat, "so", 0, P_FILE, OUT),
	ROW(poll, "bct", 0, S_POLL, 1, 0),
	ROW(lseek, "fxe", 0, FD_FILE, 0, 0),
	ROW(ioctl, "feo", 0, FD_PIPE_IN, 0x541b, OUT),
	ROW(pread64, "fwnx", 0, FD_FILE, OUT, 64, 0),
	ROW(pwrite64, "frnx", 0, FD_FILE, IN, 64, 0),
	ROW(readv, "fvc", 0, FD_FILE, S_IOV, 1),
	ROW(writev, "fVc", 0, FD_FILE, S_IOV_IN, 1),
	ROW(preadv, "fvcx", 0, FD_FILE, S_IOV, 1, 0),
	ROW(pwritev, "fVcx", 0, FD_FILE, S_IOV_IN, 1, 0),
	ROW(access, "sm", 0, P_FILE, 4),
	ROW(pipe, "o", 0, OUT),
	ROW(pipe2, "og", 0, OUT, 0),
	ROW(select, "cBBBI", 0, 1, OUT, OUT, OUT, IN),
	ROW(pselect6, "cBBBII", 0, 1, OUT, OUT, OUT, IN, IN),
	ROW(ppoll, "bcIIn", ANY_LEN, S_POLL, 1, IN, IN, 8),
	ROW(dup, "f", 0, FD_FILE),
	ROW(dup2, "ff", 0, FD_FILE, 60),
	ROW(dup3, "ffg", 0, FD_FILE, 60, 0),
	ROW(sendfile, "ffBn", ANY_LEN, FD_OTHER, FD_FILE, OUT, 64),
	ROW(fcntl, "feb", 0, FD_FILE, 5, OUT),
	ROW(flock, "fe", 0, FD_FILE, 1),
	ROW(fsync, "f", 0, FD_FILE),
	ROW(fdatasync, "f", 0, FD_FILE),
	ROW(syncfs, "f", 0, FD_FILE),
	ROW(sync, "", 0, 0),
	ROW(truncate, "sx", 0, P_FILE, 8192),
	ROW(ftruncate, "fx", 0, FD_FILE, 8192),
	ROW(fallocate, "fGxx", 0, FD_FILE, 0, 0, 4096),
	ROW(fadvise64, "fxxe", 0, FD_FILE, 0, 0, 0),
	ROW(readahead, "fxx", 0, FD_FILE, 0, 4096),
	ROW(getdents64, "fwn", ANY_LEN, FD_DIR, OUT, 1024),
	ROW(memfd_create, "sg", 0, P_FILE, 0),
	ROW(close_range, "ccg", 0, 900, 1000, 0),
	ROW(socket, "eex", 0, 1, 1, 0),
	ROW(socketpair, "eexo", 0, 1, 1, 0, OUT),
	ROW(sendto, "frnG*x", 0, FD_SOCKET, IN, 64, 0, 0, 0),
	ROW(recvfrom, "fwnG**", 0, FD_SOCKET, OUT, 64, 0x40, 0, 0),
	ROW(shutdown, "fe", 0, FD_SOCKET, 2),
	/* names */
	ROW(openat, "dsGm", 0, HERE, P_FILE, 2, 0600),
	ROW(creat, "sm", 0, P_NEW, 0600),
	ROW(mkdir, "sm", 0, P_NEW, 0700),
	ROW(mkdirat, "dsm", 0, HERE, P_NEW, 0700),
	ROW(mknod, "smx", 0, P_NEW, 0100600, 0),
	ROW(mknodat, "dsmx", 0, HERE, P_NEW, 0100600, 0),
	ROW(link, "ss", 0, P_FILE, P_NEW),
	ROW(linkat, "dsdsg", 0, HERE, P_FILE, HERE, P_NEW, 0),
	ROW(symlink, "ss", 0, P_FILE, P_NEW),
	ROW(symlinkat, "sds", 0, P_FILE, HERE, P_NEW),
	ROW(unlink, "s", 0, P_NEW),
	ROW(unlinkat, "dsg", 0, HERE, P_NEW, 0),
	ROW(rmdir, "s", 0, P_NEW),
	ROW(rename, "ss", 0, P_NEW, P_NEW),
	ROW(renameat, "dsds", 0, HERE, P_NEW, HERE, P_NEW),
	ROW(renameat2, "dsdsg", 0, HERE, P_NEW, HERE, P_NEW, 0),
	ROW(newfstatat, "dsog", 0, HERE, P_FILE, OUT, 0),
	ROW(statfs, "so", 0, P_FILE, OUT),
	ROW(fstatfs, "fo", 0, FD_FILE, OUT),
	ROW(faccessat, "dsm", 0, HERE, P_FILE, 4),
	ROW(faccessat2, "dsmg", 0, HERE, P_FILE, 4, 0),
	ROW(readlink, "son", ANY_LEN, P_LINK, OUT, 64),
	ROW(readlinkat, "dson", ANY_LEN, HERE, P_LINK, OUT, 64),
	ROW(chmod, "sm", 0, P_FILE, 0600),
	ROW(fchmod, "fm", 0, FD_FILE, 0600),
	ROW(fchmodat, "dsm", 0, HERE, P_FILE, 0600),
	ROW(chown, "suu", 0, P_FILE, -1, -1),
	ROW(lchown, "suu", 0, P_FILE, -1, -1),
	ROW(fchown, "fuu", 0, FD_FILE, -1, -1),
	ROW(fchownat, "dsuug", 0, HERE, P_FILE, -1, -1, 0),
	ROW(utime, "sI", 0, P_FILE, IN),
	ROW(utimes, "sI", 0, P_FILE, IN),
	ROW(futimesat, "dsI", 0, HERE, P_FILE, IN),
	ROW(utimensat, "dsIg", 0, HERE, P_FILE, IN, 0),
	ROW(umask, "m", 0, 022),
	ROW(chdir, "s", 0, P_DIR),
	ROW(fchdir, "f", 0, FD_DIR),
	ROW(chroot, "s", 0, P_DIR),
	ROW(getcwd, "on", ANY_LEN, OUT, 4096),
	ROW(mount, "SsSG*", 0, P_FILE, P_DIR, P_TYPE, 0, 0),
	ROW(umount2, "sg", 0, P_DIR, 0),
	/* memory */
	ROW(mmap, "alGGfx", 0, 0, 4096, 3, 0x22, -1, 0),
	ROW(mprotect, "alg", 0, MAP, 4096, 3),
	ROW(munmap, "al", 0, MAP, 4096),
	ROW(brk, "x", 0, 0),
	ROW(mremap, "allga", 0, MAP, 4096, 8192, 1, 0),
	ROW(msync, "alg", 0, MAP, 4096, 1),
	ROW(mincore, "alo", 0, MAP, 16384, OUT),
	ROW(madvise, "ale", 0, MAP, 4096, 0),
	ROW(mlock, "al", 0, MAP, 4096),
	ROW(mlock2, "alg", 0, MAP, 4096, 0),
	ROW(munlock, "al", 0, MAP, 4096),
	ROW(mlockall, "g", 0, 1),
	ROW(munlockall, "", 0, 0),
	ROW(remap_file_pages, "alxxG", 0, MAP, 4096, 0, 0, 0),
	ROW(shmget, "xlG", 0, 0, 4096, 01600),
	ROW(shmat, "haG", 0, SHM_OURS, 0, 0),
	ROW(shmctl, "heo", 0, SHM_OURS, 2, OUT),
	ROW(shmdt, "a", 0, MAP),
	ROW(swapon, "sG", 0, P_FILE, 0),
	ROW(swapoff, "s", 0, P_FILE),
	ROW(process_vm_readv, "pvcVcg", 0, PID_OURS, S_IOV, 1, S_IOV_IN, 1, 0),
	ROW(process_vm_writev, "pVcvcg", 0, PID_OURS, S_IOV_IN, 1, S_IOV, 1, 0),
	/* signals */
	ROW(rt_sigaction, "kIOn", ANY_LEN, 10, IN, OUT, 8),
	ROW(rt_sigprocmask, "eIOn", ANY_LEN, 0, IN, OUT, 8),
	ROW(rt_sigreturn, "", ENDS, 0),
	ROW(rt_sigpending, "on", ANY_LEN, OUT, 8),
	ROW(rt_sigsuspend, "in", BLOCKS | ANY_LEN, IN, 8),
	ROW(rt_sigtimedwait, "i*In", ANY_LEN, IN, OUT, IN, 8),
	ROW(rt_sigqueueinfo, "pki", 0, PID_OURS, 0, S_SIGINFO),
	ROW(rt_tgsigqueueinfo, "ppki", 0, PID_OURS, PID_OURS, 0, S_SIGINFO),
	ROW(pidfd_send_signal, "fkIg", 0, FD_PIDFD, 0, S_SIGINFO, 0),
	ROW(sigaltstack, "IO", 0, S_STACK, OUT),
	ROW(kill, "pk", 0, PID_OURS, 0),
	ROW(tkill, "pk", 0, PID_OURS, 0),
	ROW(tgkill, "ppk", 0, PID_OURS, PID_OURS, 0),
	ROW(pause, "", BLOCKS, 0),
	ROW(restart_syscall, "", 0, 0),
	/* processes */
	ROW(clone, "Gx**x", ENDS, 17, 0, 0, 0, 0),
	ROW(clone3, "in", ANY_LEN, S_CLONE, 64),
	ROW(fork, "", ENDS, 0),
	ROW(vfork, "", ENDS, 0),
	ROW(execve, "sII", 0, P_GARBAGE, IN, IN),
	ROW(exit, "x", ENDS, 0),
	ROW(exit_group, "x", ENDS, 0),
	ROW(wait4, "pOgO", 0, -1, OUT, 0, OUT2),
	ROW(waitid, "epOgO", 0, 0, 0, OUT, 0x01000004, OUT2),
	ROW(unshare, "g", 0, 0),
	ROW(set_tid_address, "*", 0, OUT),
	ROW(set_robust_list, "*n", ANY_LEN, IN, 24),
	ROW(get_robust_list, "poo", 0, SELF, OUT, OUT2),
	ROW(rseq, "ingx", ANY_LEN, S_RSEQ, 32, 0, 0x53053053),
	ROW(futex, "iexI*x", 0, OUT, 0, 1, IN, OUT2, 0),
	ROW(futex_waitv, "icgIe", NULL_EINVAL, S_WAITV, 1, 0, IN, 1),
	ROW(pidfd_open, "pg", 0, PID_OURS, 0),
	ROW(process_mrelease, "fg", 0, FD_PIDFD, 0),
	ROW(prctl, "es", 0, 15, P_FILE),
	ROW(arch_prctl, "eo", 0, 0x1003, OUT),
	ROW(membarrier, "eg", 0, 0, 0),
	ROW(personality, "x", 0, 0xffffffff),
	/* who */
	ROW(getpid, "", 0, 0),
	ROW(gettid, "", 0, 0),
	ROW(getppid, "", 0, 0),
	ROW(getpgrp, "", 0, 0),
	ROW(getpgid, "p", 0, SELF),
	ROW(getsid, "p", 0, SELF),
	ROW(setpgid, "pp", 0, SELF, SELF),
	ROW(setsid, "", 0, 0),
	ROW(vhangup, "", ENDS, 0),
	ROW(getuid, "", 0, 0),
	ROW(geteuid, "", 0, 0),
	ROW(getgid, "", 0, 0),
	ROW(getegid, "", 0, 0),
	ROW(setuid, "u", 0, 0),
	ROW(setgid, "u", 0, 0),
	ROW(setreuid, "uu", 0, -1, -1),
	ROW(setregid, "uu", 0, -1, -1),
	ROW(setresuid, "uuu", 0, -1, -1, -1),
	ROW(setresgid, "uuu", 0, -1, -1, -1),
	ROW(getresuid, "ooo", 0, OUT, OUT, OUT),
	ROW(getresgid, "ooo", 0, OUT, OUT, OUT),
	ROW(setfsuid, "u", 0, -1),
	ROW(setfsgid, "u", 0, -1),
	ROW(getgroups, "c*", 0, 64, OUT),
	ROW(setgroups, "ci", 0, 1, IN),
	ROW(capget, "bO", 0, S_CAP, OUT),
	ROW(capset, "bi", 0, S_CAP, IN),
	/* scheduling, limits */
	ROW(sched_yield, "", 0, 0),
	ROW(sched_setparam, "pi", NULL_EINVAL, SELF, IN),
	ROW(sched_getparam, "po", NULL_EINVAL, SELF, OUT),
	ROW(sched_setscheduler, "pei", NULL_EINVAL, SELF, 0, IN),
	ROW(sched_getscheduler, "p", 0, SELF),
	ROW(sched_get_priority_max, "e", 0, 0),
	ROW(sched_get_priority_min, "e", 0, 0),
	ROW(sched_rr_get_interval, "po", 0, SELF, OUT),
	ROW(sched_setaffinity, "pni", ANY_LEN, SELF, 8, S_ONES),
	ROW(sched_getaffinity, "pno", ANY_LEN, SELF, 64, OUT),
	ROW(sched_setattr, "pig", NULL_EINVAL, SELF, S_SCHED, 0),
	ROW(sched_getattr, "pong", NULL_EINVAL | ANY_LEN, SELF, OUT, 48, 0),
	ROW(getcpu, "OO*", 0, OUT, OUT, 0),
	ROW(getpriority, "ep", 0, 0, SELF),
	ROW(setpriority, "epx", 0, 0, SELF, 0),
	ROW(getrlimit, "eo", 0, 4, OUT),
	ROW(setrlimit, "ei", 0, 4, IN),
	ROW(prlimit64, "peIO", 0, SELF, 4, IN, OUT),
	ROW(getrusage, "eo", 0, 0, OUT),
	/* time */
	ROW(nanosleep, "i*", 0, IN, OUT),
	ROW(clock_nanosleep, "eGi*", 0, 1, 0, IN, OUT),
	ROW(getitimer, "eo", 0, 0, OUT),
	ROW(setitimer, "eIO", 0, 0, IN, OUT),
	ROW(alarm, "x", 0, 0),
	ROW(times, "O", 0, OUT),
	ROW(time, "O", 0, OUT),
	ROW(gettimeofday, "OO", 0, OUT, OUT2),
	ROW(clock_gettime, "eo", 0, 1, OUT),
	ROW(clock_getres, "eO", 0, 1, OUT),
	ROW(clock_settime, "ei", 0, 0, S_BAD_TIME),
	/* the machine */
	ROW(uname, "o", 0, OUT),
	ROW(sysinfo, "o", 0, OUT),
	ROW(syslog, "ewn", NULL_EINVAL, 3, OUT, 1024),
	ROW(sethostname, "in", ANY_LEN, IN, 5),
	ROW(setdomainname, "in", ANY_LEN, IN, 5),
	ROW(getrandom, "wng", 0, OUT, 64, 0),
	ROW(reboot, "xxx*", 0, 1, 2, 3, 0),
};

#define NR_ROWS (sizeof(call_rows) / sizeof(call_rows[0]))

/* The calls the kernel has. */
#define CALL_THERE(nr, name) { nr, #name },
#define CALL_ABSENT(nr, name)
static const struct {
	int nr;
	const char *name;
} calls_there[] = { SYSCALL_TABLE(CALL_THERE, CALL_ABSENT) };

/* => the row of a call, NULL */
static inline const struct call_row *row_of(int nr)
{
	for (size_t i = 0; i < NR_ROWS; i++) {
		if (call_rows[i].nr == nr)
			return &call_rows[i];
	}
	return NULL;
}

/* Every call has a row; prints those that have none. => their number */
static inline int rows_missing(void)
{
	int missing = 0;

	for (size_t i = 0; i < sizeof(calls_there) / sizeof(calls_there[0]); i++) {
		if (row_of(calls_there[i].nr))
			continue;
		printf("FAIL %s (%d) has no row in tests/user/syscall_kinds.h\n", calls_there[i].name,
		       calls_there[i].nr);
		missing++;
	}
	return missing;
}

#endif
