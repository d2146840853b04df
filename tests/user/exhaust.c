/* SPDX-License-Identifier: MIT */
/*
 * exhaust [NAME]: an ordinary user takes all there is of one thing after another: pids, descriptors, pipes, memory
 * files, stack, address space, locked memory, path components. Each ends in the error that the manual names, or the
 * culprit dies, and afterwards the machine has as much free memory as before. Run by root, which becomes user 1000.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include "check.h"

#define USER	 1000
#define SLACK_KB 2048 /* what per-CPU lists, slabs half in use and the log may keep */
#define SLACK_OBJECTS 100 /* a CPU's slab counts as in use, whatever is free in it */

static void limit(int what, rlim_t n)
{
	struct rlimit r = { n, n };

	CHECK(setrlimit(what, &r) == 0);
}

static void become_user(void)
{
	CHECK(setgid(USER) == 0 && setuid(USER) == 0);
}

static long field(const char *file, const char *name)
{
	char line[256];
	long value = -1;
	FILE *f = fopen(file, "r");
	size_t n = strlen(name);

	CHECK(f);
	while (value < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, n) && (line[n] == ':' || line[n] == ' '))
			value = strtol(line + n + 1, NULL, 10);
	fclose(f);
	return value;
}

/* ---- Processes ---- */

static void pids(void)
{
	pid_t child[64];
	int n = 0;

	limit(RLIMIT_NPROC, 20);
	become_user();
	while (n < 64 && (child[n] = fork()) > 0)
		n++;
	if (n < 64 && !child[n]) {
		pause();
		_exit(0);
	}
	CHECK(n == 19 && errno == EAGAIN);
	CHECK_ERR(fork(), EAGAIN);
	kill(child[0], SIGKILL);
	CHECK(waitpid(child[0], NULL, 0) == child[0]);
	child[0] = fork(); /* one place is free again */
	if (!child[0])
		pause();
	CHECK(child[0] > 0);
	for (int i = 0; i < n; i++)
		CHECK(kill(child[i], SIGKILL) == 0 && waitpid(child[i], NULL, 0) == child[i]);
}

/* Every child forks until it cannot: without a limit but the machine's own. Its group is killed as one. */
static void bomb(void)
{
	setpgid(0, 0);
	for (;;) {
		if (fork() < 0)
			usleep(1000);
	}
}

static void fork_bomb(int as_user)
{
	struct timespec second = { 1, 0 };
	int status, left;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		if (as_user) {
			limit(RLIMIT_NPROC, 300);
			become_user();
		}
		bomb();
	}
	setpgid(pid, pid);
	nanosleep(&second, NULL);
	/* This task goes on: it can still open, write and fork. */
	CHECK(field("/proc/meminfo", "MemFree") >= 0);
	do {
		left = kill(-pid, SIGKILL);
		usleep(20000);
	} while (!left && waitpid(-pid, &status, WNOHANG) >= 0);
	while (waitpid(-1, &status, WNOHANG) > 0)
		;
}

/* Orphans go to the first process, which has to reap them. */
static void wait_until_alone(void)
{
	for (int i = 0; i < 3000 && kill(-1, 0) == 0; i++)
		usleep(10000);
}

static void user_bomb(void)
{
	fork_bomb(1);
}

static void root_bomb(void)
{
	fork_bomb(0);
}

/* ---- Descriptors and pipes ---- */

static void descriptors(void)
{
	int fds[2], n = 0, fd;

	become_user();
	limit(RLIMIT_NOFILE, 100);
	while ((fd = dup(0)) >= 0)
		n = fd;
	CHECK(errno == EMFILE && n == 99);
	CHECK_ERR(open("/dev/null", O_RDONLY), EMFILE);
	CHECK_ERR(pipe(fds), EMFILE);
	close(50);
	CHECK_ERR(pipe(fds), EMFILE); /* needs two */
	CHECK(open("/dev/null", O_RDONLY) == 50);
	CHECK_ERR(fcntl(0, F_DUPFD, 100), EINVAL);
	CHECK_ERR(dup2(0, 100), EBADF);
}

/* Full pipes as many as one may have, in several processes: more than the machine has memory for. */
static void pipes(void)
{
	static char page[4096];
	int fds[2];

	become_user();
	limit(RLIMIT_NOFILE, 1024);
	for (int p = 0; p < 20; p++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid)
			continue;
		while (pipe2(fds, O_NONBLOCK) == 0)
			while (write(fds[1], page, sizeof(page)) > 0)
				;
		sleep(2);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

/* ---- Memory files ---- */

static void fill(const char *path)
{
	static char buf[65536];
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	ssize_t n;

	CHECK(fd >= 0);
	while ((n = write(fd, buf, sizeof(buf))) > 0)
		;
	CHECK(n == -1 && errno == ENOSPC);
	close(fd);
}

static void tmpfs_full(void)
{
	struct statvfs st;
	int fd, i, err = 0;
	char name[64], *p;

	mkdir("/tmp/small", 0755);
	CHECK(mount("tmpfs", "/tmp/small", "tmpfs", 0, "size=1m,nr_inodes=50") == 0);
	fill("/tmp/small/a");
	CHECK(statvfs("/tmp/small", &st) == 0 && st.f_bfree == 0);
	fd = open("/tmp/small/b", O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0 && ftruncate(fd, 8192) == 0);
	CHECK_ERR(pwrite(fd, "x", 1, 0), ENOSPC);
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	CHECK(unlink("/tmp/small/a") == 0);
	p[0] = 1; /* there is room again */
	close(fd);
	for (i = 0; i < 60 && !err; i++) {
		snprintf(name, sizeof(name), "/tmp/small/f%d", i);
		fd = open(name, O_WRONLY | O_CREAT, 0600);
		err = fd < 0 ? errno : 0;
		close(fd);
	}
	CHECK(err == ENOSPC && i <= 50);
	CHECK_ERR(mkdir("/tmp/small/d", 0700), ENOSPC);
	CHECK_ERR(symlink("x", "/tmp/small/s"), ENOSPC);
	munmap(p, 8192);
	CHECK(umount("/tmp/small") == 0);
}

/* A write into a mapping of a file that has no room left: SIGBUS, nothing else. */
static void touch_full(void)
{
	int fd = open("/tmp/small/m", O_RDWR | O_CREAT, 0600);
	char *p;

	CHECK(ftruncate(fd, 4 << 20) == 0);
	p = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	for (size_t i = 0; i < 4 << 20; i += 4096)
		p[i] = 1;
}

static void tmpfs_mapping_full(void)
{
	int status;

	mkdir("/tmp/small", 0755);
	CHECK(mount("tmpfs", "/tmp/small", "tmpfs", 0, "size=1m") == 0);
	status = in_child(touch_full);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	CHECK(umount("/tmp/small") == 0);
}

/* ---- Stack, arguments, address space ---- */

static volatile int for_ever = 1;

static int deeper(volatile char *above)
{
	volatile char frame[4096];

	frame[0] = above[0];
	return for_ever ? deeper(frame) + frame[1] : 0;
}

static void overflow(void)
{
	char c = 0;

	deeper(&c);
}

static void stack(void)
{
	int status;

	become_user();
	status = in_child(overflow);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	limit(RLIMIT_STACK, 256 << 10);
	status = in_child(overflow);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void arguments(void)
{
	static char *argv[70000], word[140000];
	char *envp[] = { NULL };

	become_user();
	memset(word, 'x', sizeof(word) - 1);
	argv[0] = word; /* one string of more than 32 pages */
	CHECK_ERR(execve("/bin/busybox", argv, envp), E2BIG);
	word[100] = 0;
	for (int i = 0; i < 69999; i++)
		argv[i] = word; /* 7 MB: more than a quarter of the stack limit */
	CHECK_ERR(execve("/bin/busybox", argv, envp), E2BIG);
}

static void address_space(void)
{
	char *p = NULL, *q;
	int n = 0;

	become_user();
	CHECK(mmap(NULL, 1UL << 47, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
	CHECK(mmap(NULL, -4096UL, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
	/* Areas that do not merge, until the map is full; the space goes on working. */
	q = mmap(NULL, 1UL << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(q != MAP_FAILED);
	for (n = 0; n < 100000; n++)
		if (mprotect(q + n * 8192UL, 4096, PROT_READ))
			break;
	CHECK(n > 30000 && n < 65536 && errno == ENOMEM);
	for (n = 0; n < 4; n++) /* mprotect splits one area into three: one or two places may be left */
		if (mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			break;
	CHECK(n < 4 && errno == ENOMEM);
	CHECK(munmap(q, 1UL << 30) == 0);
	limit(RLIMIT_AS, 64 << 20);
	for (n = 0; n < 100 && p != MAP_FAILED; n++)
		p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(n < 65 && errno == ENOMEM);
	CHECK(malloc(8 << 20) == NULL);
	CHECK_ERR(mlockall(MCL_FUTURE | 64), EINVAL);
}

static void locked(void)
{
	char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	limit(RLIMIT_MEMLOCK, 64 << 10);
	become_user();
	CHECK(p != MAP_FAILED && mlock(p, 32 << 10) == 0);
	CHECK_ERR(mlock(p, 1 << 20), ENOMEM);
	CHECK_ERR(mlockall(MCL_CURRENT), ENOMEM);
	CHECK(mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0) == MAP_FAILED &&
	      errno == EAGAIN);
	CHECK(munlock(p, 32 << 10) == 0);
}

/* ---- Names ---- */

static void paths(void)
{
	static char deep[8192];
	int n, i;

	become_user();
	CHECK(mkdir("/tmp/deep", 0700) == 0 && chdir("/tmp/deep") == 0);
	for (n = 0; n < 3000; n++)
		if (mkdir("dddddddddd", 0700) || chdir("dddddddddd"))
			break;
	CHECK(n == 3000);
	CHECK(getcwd(deep, 4096) == NULL && errno == ENAMETOOLONG);
	CHECK(access(".", R_OK) == 0 && open("file", O_CREAT | O_WRONLY, 0600) >= 0 && unlink("file") == 0);
	memset(deep, 'a', 4095);
	deep[4096] = 0;
	CHECK_ERR(open(deep, O_RDONLY), ENAMETOOLONG);
	memset(deep, 'a', 300);
	deep[300] = 0;
	CHECK_ERR(mkdir(deep, 0700), ENAMETOOLONG);
	for (i = 0; i < n; i++)
		CHECK(chdir("..") == 0 && rmdir("dddddddddd") == 0);
	CHECK(chdir("/") == 0 && rmdir("/tmp/deep") == 0);
	CHECK(symlink("/tmp/l0", "/tmp/l0") == 0);
	CHECK_ERR(open("/tmp/l0", O_RDONLY), ELOOP);
	CHECK(unlink("/tmp/l0") == 0 && symlink("/", "/tmp/l0") == 0);
	for (i = 1; i < 50; i++) {
		char from[32], to[32];

		snprintf(from, sizeof(from), "l%d", i - 1);
		snprintf(to, sizeof(to), "/tmp/l%d", i);
		CHECK(symlink(from, to) == 0);
	}
	CHECK(access("/tmp/l39", F_OK) == 0);
	CHECK_ERR(access("/tmp/l49", F_OK), ELOOP);
	for (i = 0; i < 50; i++) {
		snprintf(deep, sizeof(deep), "/tmp/l%d", i);
		CHECK(unlink(deep) == 0);
	}
}

static const struct {
	const char *name;
	void (*fn)(void);
	int may_be_killed;
} all[] = {
	{ "pids", pids, 0 },		 { "descriptors", descriptors, 0 },
	{ "tmpfs", tmpfs_full, 0 },	 { "tmpfs_mapping", tmpfs_mapping_full, 0 },
	{ "stack", stack, 0 },		 { "arguments", arguments, 0 },
	{ "address_space", address_space, 0 }, { "locked", locked, 0 },
	{ "paths", paths, 0 },		 { "pipes", pipes, 1 },
	{ "user_bomb", user_bomb, 1 },	 { "root_bomb", root_bomb, 1 },
};

/* The kernel stacks of the dead are kept for the next tasks until somebody wants the memory. */
static void drop_slab(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	CHECK(fd >= 0 && write(fd, "2", 1) == 1 && close(fd) == 0);
}

/* => objects in use of the caches of which every task, address space or file has some */
static long kept_objects(void)
{
	static const char *const caches[] = { "task_struct", "signal_struct", "mm_struct", "vm_area_struct", "filp" };
	long n = 0;

	for (unsigned int i = 0; i < sizeof(caches) / sizeof(caches[0]); i++) {
		CHECK(field("/proc/slabinfo", caches[i]) > 0);
		n += field("/proc/slabinfo", caches[i]);
	}
	return n;
}

/* The child is the one to be killed, never this. => what it ended with is in order */
static void run_one(unsigned int i, int first)
{
	long before = field("/proc/meminfo", "MemFree"), objects = kept_objects(), after;
	int status = in_child(all[i].fn);

	CHECK(status == 0 || (all[i].may_be_killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
	wait_until_alone();
	for (int tries = 0; tries < 100; tries++) {
		drop_slab();
		after = field("/proc/meminfo", "MemFree");
		if (first || (after >= before - SLACK_KB && kept_objects() <= objects + SLACK_OBJECTS))
			break;
		usleep(20000);
	}
	printf("exhaust %s: ok, %ld kB free before, %ld after\n", all[i].name, before, after);
	fflush(stdout);
	CHECK(first || (after >= before - SLACK_KB && kept_objects() <= objects + SLACK_OBJECTS));
}

int main(int argc, char **argv)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	CHECK(fd >= 0 && geteuid() == 0);
	close(fd);
	chmod("/tmp", 01777);
	for (int round = 0; round < 2; round++) /* the first fills caches, the second shows what is lost */
		for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			if (argc < 2 || !strcmp(argv[1], all[i].name))
				run_one(i, !round);
	PASS("exhaust");
}
