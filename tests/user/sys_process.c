/* SPDX-License-Identifier: MIT */
/* fork, exit, wait, groups, limits: what parents and children may rely on. exec: sys_exec.c. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "check.h"

static void exit_3(void)
{
	_exit(3);
}

static void exit_256(void)
{
	_exit(256 + 9);
}

static void test_wait(void)
{
	struct rusage usage;
	siginfo_t info;
	int status;
	pid_t pid;

	CHECK(in_child(exit_3) == 3 << 8);
	CHECK(in_child(exit_256) == 9 << 8);
	CHECK_ERR(wait(&status), ECHILD);
	CHECK_ERR(waitpid(1, &status, 0), ECHILD);
	pid = fork();
	if (!pid) {
		usleep(20000);
		_exit(5);
	}
	CHECK(waitpid(pid, &status, WNOHANG) == 0);
	memset(&info, 1, sizeof(info));
	CHECK(!waitid(P_ALL, 0, &info, WEXITED) && info.si_pid == pid && info.si_code == CLD_EXITED &&
	      info.si_status == 5);
	pid = fork();
	if (!pid)
		_exit(6);
	CHECK(wait4(-1, &status, 0, &usage) == pid && WEXITSTATUS(status) == 6);
	CHECK_ERR(waitpid(-1, &status, 0x10000000), EINVAL);
	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (!pid)
		_exit(1);
	CHECK_ERR(waitpid(pid, &status, 0), ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

static void test_orphan(void)
{
	int fds[2], status;
	pid_t ids[2];

	CHECK(!prctl(PR_SET_CHILD_SUBREAPER, 1));
	CHECK(!pipe(fds));
	if (!fork()) { /* middle */
		if (!fork()) {
			while (getppid() != 1 && getppid() == getpgrp() + 0)
				;
			usleep(50000);
			ids[0] = getpid();
			ids[1] = getppid();
			CHECK(write(fds[1], ids, sizeof(ids)) == sizeof(ids));
			_exit(4);
		}
		_exit(0);
	}
	CHECK(wait(&status) > 0);
	CHECK(read(fds[0], ids, sizeof(ids)) == sizeof(ids));
	CHECK(ids[1] == getpid());
	CHECK(waitpid(ids[0], &status, 0) == ids[0] && WEXITSTATUS(status) == 4);
}

static void test_groups(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		CHECK(!setpgid(0, 0));
		CHECK(getpgrp() == getpid());
		CHECK_ERR(setsid(), EPERM);
		pause();
	}
	while (getpgid(pid) != pid)
		sched_yield();
	CHECK(waitpid(-pid, &status, WNOHANG) == 0);
	CHECK(!kill(-pid, SIGTERM));
	CHECK(waitpid(-pid, &status, 0) == pid && WTERMSIG(status) == SIGTERM);
	pid = fork();
	if (!pid) {
		pid_t sid = setsid();

		CHECK(sid == getpid() && getsid(0) == sid && getpgrp() == sid);
		CHECK_ERR(setpgid(0, 0), EPERM);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	CHECK_ERR(setpgid(1, 0), ESRCH);
}

/* => members of the group that sleep and are not stopped */
static int sleepers_of(pid_t pgrp)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	int n = 0;

	CHECK(dir);
	while ((d = readdir(dir))) {
		char path[300], text[256], state;
		int fd, ppid, group;
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/%s/stat", d->d_name);
		fd = *d->d_name >= '1' && *d->d_name <= '9' ? open(path, O_RDONLY) : -1;
		if (fd < 0)
			continue;
		len = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[len > 0 ? len : 0] = 0;
		if (len > 0 && sscanf(strrchr(text, ')'), ") %c %d %d", &state, &ppid, &group) == 3)
			n += group == pgrp && state == 'S';
	}
	closedir(dir);
	return n;
}

/* A signal for a group reaches also a child that one of it is just making. */
static void test_fork_and_group_signals(void)
{
	int status, round;
	pid_t maker = fork();

	if (!maker) {
		char *memory = malloc(2 << 20);

		CHECK(!setpgid(0, 0));
		memset(memory, 1, 2 << 20); /* makes fork take its time */
		for (;;) {
			pid_t child = fork();

			if (!child)
				for (;;)
					pause();
			CHECK(child > 0 && !kill(child, SIGKILL) && waitpid(child, &status, 0) == child);
		}
	}
	setpgid(maker, maker);
	for (round = 0; round < 100; round++) {
		usleep(1000 + round * 37 % 1000);
		CHECK(!kill(-maker, SIGSTOP));
		CHECK(waitpid(maker, &status, WUNTRACED) == maker && WIFSTOPPED(status));
		CHECK(sleepers_of(maker) == 0);
		CHECK(!kill(-maker, SIGCONT));
	}
	CHECK(!kill(-maker, SIGKILL) && waitpid(maker, &status, 0) == maker);
}

static void test_vfork_shares(void)
{
	volatile int shared = 0;
	int status;
	pid_t pid = vfork();

	if (!pid) {
		shared = 1;
		_exit(0);
	}
	CHECK(shared == 1 && waitpid(pid, &status, 0) == pid);
}

static int open_pagemap(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	return open(path, O_RDONLY);
}

/* Who was somebody else may still have its secrets: not for others of the new user, unless it says so. */
static void test_changed_ids(void)
{
	int go[2], done[2], fd;
	char c = 'x';
	pid_t pid;

	CHECK(!pipe(go) && !pipe(done));
	CHECK(!setgid(1000) && !setuid(1000) && prctl(PR_GET_DUMPABLE) == 0);
	pid = fork();
	if (!pid) {
		CHECK(open_pagemap(getpid()) >= 0);
		CHECK(read(go[0], &c, 1) == 1 && !prctl(PR_SET_DUMPABLE, 1) && write(done[1], &c, 1) == 1);
		CHECK(read(go[0], &c, 1) == 1);
		_exit(0);
	}
	CHECK_ERR(open_pagemap(pid), EACCES);
	CHECK(write(go[1], &c, 1) == 1 && read(done[0], &c, 1) == 1);
	fd = open_pagemap(pid);
	CHECK(fd >= 0 && !close(fd) && write(go[1], &c, 1) == 1 && waitpid(pid, NULL, 0) == pid);
}

static void test_limits(void)
{
	struct rlimit r;

	CHECK(!getrlimit(RLIMIT_NOFILE, &r));
	r.rlim_cur = 8;
	CHECK(!setrlimit(RLIMIT_NOFILE, &r));
	while (dup(0) >= 0)
		;
	CHECK(errno == EMFILE);
	CHECK_ERR(getrlimit(99, &r), EINVAL);
	r.rlim_cur = r.rlim_max + 1;
	CHECK_ERR(setrlimit(RLIMIT_NOFILE, &r), EINVAL);
}

/* A stranger's limits are not for a user, a half stranger's neither. */
static void test_limits_of_others(void)
{
	struct rlimit r;
	int ready[2];
	pid_t pid;
	char c;

	CHECK(!pipe(ready));
	pid = fork();
	if (!pid) {
		CHECK(!setresuid(1000, 1000, 0) && write(ready[1], "r", 1) == 1);
		for (;;)
			pause();
	}
	CHECK(read(ready[0], &c, 1) == 1 && !prlimit(pid, RLIMIT_CORE, NULL, &r));
	CHECK(!kill(pid, 0) && !setresuid(1000, 1000, 0) && !prlimit(0, RLIMIT_CORE, NULL, &r));
	CHECK_ERR(prlimit(pid, RLIMIT_CORE, NULL, &r), EPERM);
	CHECK(!setresuid(0, 0, 0) && !kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
}

int main(void)
{
	CHECK_CHILD(test_wait);
	CHECK_CHILD(test_orphan);
	CHECK_CHILD(test_groups);
	CHECK_CHILD(test_fork_and_group_signals);
	CHECK_CHILD(test_vfork_shares);
	CHECK_CHILD(test_changed_ids);
	CHECK_CHILD(test_limits);
	CHECK_CHILD(test_limits_of_others);
	PASS("sys_process");
}
