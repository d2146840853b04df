/* SPDX-License-Identifier: MIT */
/* What an ordinary user may not do although a call is near, and what belonging to a group allows. Runs as root. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <utime.h>

#include "check.h"

#define USER  1000
#define GROUP 2000

static void become_user(void)
{
	CHECK(setgid(USER) == 0 && setuid(USER) == 0);
}

static void make(const char *name, mode_t mode, gid_t group)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && fchown(fd, 0, group) == 0 && fchmod(fd, mode) == 0);
	close(fd);
}

/* Reading a file is not enough to change its times; writing is, if they become now. */
static void times_of_others(void)
{
	struct timespec then[2] = { { 1, 0 }, { 2, 0 } }, now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	int fd;

	make("read", 0644, 0);
	make("write", 0666, 0);
	become_user();
	fd = open("read", O_RDONLY);
	CHECK(fd >= 0);
	CHECK_ERR(futimens(fd, then), EPERM);
	CHECK_ERR(futimens(fd, NULL), EACCES);
	CHECK_ERR(utimensat(AT_FDCWD, "read", now, 0), EACCES);
	CHECK_ERR(utimensat(AT_FDCWD, "write", then, 0), EPERM);
	CHECK(utimensat(AT_FDCWD, "write", NULL, 0) == 0 && utimensat(AT_FDCWD, "write", now, 0) == 0);
	CHECK(utime("write", NULL) == 0);
	CHECK_ERR(syscall(SYS_utimensat, AT_FDCWD, NULL, then, 0), EFAULT);
}

static void groups(void)
{
	gid_t list[64] = { 7, GROUP, 8 }, got[64];
	int fd;

	make("shared", 0040, GROUP);
	CHECK(setgroups(0, NULL) == 0 && getgroups(0, NULL) == 0);
	CHECK(setgroups(3, list) == 0);
	CHECK_ERR(getgroups(2, got), EINVAL);
	CHECK(getgroups(64, got) == 3 && got[0] + got[1] + got[2] == 7 + GROUP + 8);
	become_user();
	CHECK(getgroups(0, NULL) == 3);
	fd = open("shared", O_RDONLY);
	CHECK(fd >= 0);
	CHECK_ERR(open("shared", O_WRONLY), EACCES);
	CHECK_ERR(setgroups(0, NULL), EPERM);
	CHECK_ERR(open("nobody", O_RDONLY), EACCES);
	if (fork() == 0)
		_exit(open("shared", O_RDONLY) < 0); /* a child is in the same groups */
	CHECK(wait(&fd) > 0 && fd == 0);
}

static void log_of_all(void)
{
	become_user();
	CHECK_ERR(klogctl(5, NULL, 0), EPERM); /* clear */
	CHECK_ERR(klogctl(6, NULL, 0), EPERM); /* console off */
	CHECK_ERR(klogctl(8, NULL, 1), EPERM); /* its level */
	CHECK(klogctl(10, NULL, 0) > 0 || errno == EPERM); /* its size, unless dmesg is restricted */
}

/* NULL is a source for a new file system, not for a second view of a tree. */
static void mount_of_nothing(void)
{
	CHECK(mkdir("mnt", 0700) == 0);
	CHECK_ERR(mount(NULL, "mnt", NULL, MS_BIND, NULL), EINVAL);
	CHECK_ERR(mount(NULL, "mnt", NULL, 0, NULL), EINVAL);
	CHECK_ERR(mount(NULL, "mnt", "nosuchfs", 0, NULL), ENODEV);
}

/* A sibling made with CLONE_PARENT must not choose what the common parent hears when it ends. */
static void siblings(void)
{
	int status, n = 0;

	signal(SIGUSR2, SIG_DFL); /* would end us */
	if (fork() == 0) {
		become_user();
		CHECK(syscall(SYS_clone, CLONE_PARENT | SIGUSR2, 0, 0, 0, 0) >= 0);
		_exit(0);
	}
	while (wait(&status) > 0) {
		CHECK(status == 0);
		n++;
	}
	CHECK(n == 2);
}

int main(void)
{
	char dir[] = "/tmp/allowed.XXXXXX";

	CHECK(mkdtemp(dir) && chmod(dir, 0755) == 0 && chdir(dir) == 0);
	make("nobody", 0040, GROUP + 1);
	CHECK_CHILD(times_of_others);
	CHECK_CHILD(groups);
	CHECK_CHILD(log_of_all);
	CHECK_CHILD(siblings);
	CHECK_CHILD(mount_of_nothing);
	PASS("sys_allowed");
}
