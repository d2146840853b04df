/* SPDX-License-Identifier: MIT */
/*
 * Every call that a shell and its tools need is there: each is made with hostile arguments (all ones) in a child
 * of its own and must answer with anything but ENOSYS. What each does is tested where it belongs.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>

#include "tests/user/check.h"

#define CALL(name) { SYS_##name, #name }

static const struct {
	long number;
	const char *name;
} calls[] = {
	/* tier 1: libc's start, busybox, memtester */
	CALL(read), CALL(write), CALL(open), CALL(openat), CALL(close), CALL(stat), CALL(fstat), CALL(lstat),
	CALL(lseek), CALL(mmap), CALL(mprotect), CALL(munmap), CALL(brk), CALL(rt_sigaction),
	CALL(rt_sigprocmask), CALL(rt_sigsuspend), CALL(ioctl), CALL(access), CALL(pipe), CALL(dup2),
	CALL(getpid), CALL(execve), CALL(wait4), CALL(kill), CALL(uname), CALL(fcntl), CALL(getcwd),
	CALL(chdir), CALL(unlink), CALL(readlink), CALL(getuid), CALL(geteuid), CALL(getppid), CALL(gettid),
	CALL(getdents64), CALL(nanosleep), CALL(sysinfo), CALL(writev), CALL(sendfile), CALL(mlock),
	CALL(munlock), CALL(arch_prctl), CALL(set_tid_address), CALL(sched_getaffinity),
	CALL(set_robust_list), CALL(rseq), CALL(prlimit64), CALL(getrandom), CALL(prctl), CALL(newfstatat),
	/* what glibc's pipelines and job control add */
	CALL(clone), CALL(pipe2), CALL(poll), CALL(clock_gettime), CALL(clock_nanosleep), CALL(setpgid),
	CALL(getpgid), CALL(getpgrp), CALL(getsid), CALL(tgkill), CALL(pread64), CALL(sync), CALL(reboot),
	CALL(getgid), CALL(getegid), CALL(setuid), CALL(setgid), CALL(setresuid), CALL(setresgid),
	CALL(setgroups), CALL(waitid), CALL(sigaltstack), CALL(rt_sigpending), CALL(select), CALL(dup),
	CALL(dup3), CALL(umask), CALL(mount), CALL(umount2), CALL(swapon), CALL(swapoff), CALL(syslog),
	CALL(statfs), CALL(fchdir), CALL(utimensat), CALL(sethostname), CALL(chroot), CALL(times),
};

/* fork, vfork, futex, setsid and the calls that do not return as others do, made as they are meant */
static void calls_that_matter(void)
{
	unsigned word = 0;
	long pid = syscall(SYS_fork);
	int status;

	if (!pid)
		syscall(SYS_exit_group, 7);
	CHECK(pid > 0 && waitpid((pid_t)pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
	pid = vfork();
	if (!pid)
		_exit(8);
	CHECK(pid > 0 && waitpid((pid_t)pid, &status, 0) == pid && WEXITSTATUS(status) == 8);
	CHECK(syscall(SYS_futex, &word, 1, 1, 0, 0, 0) == 0);
	CHECK(syscall(SYS_setsid) == getpid());
}

int main(void)
{
	unsigned missing = 0;

	for (unsigned i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		int status;
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (!pid) {
			close(0);
			errno = 0;
			_exit(syscall(calls[i].number, -1L, -1L, -1L, -1L, -1L, -1L) == -1 && errno == ENOSYS);
		}
		CHECK(waitpid(pid, &status, 0) == pid);
		if (status) {
			printf("%s: wait status %#x\n", calls[i].name, (unsigned)status);
			missing++;
		}
	}
	CHECK(!missing);
	CHECK_CHILD(calls_that_matter);
	PASS("sys_tiers");
}
