/* SPDX-License-Identifier: MIT */
/*
 * Readers of everything in /proc/PID while the processes fork, exec, start threads, map, change credentials and die.
 * What is read is of a moment and cannot be checked; that nothing falls over, that a dead process's file answers
 * (empty or ESRCH) and that its numbers come back is. proc_storm [ROUNDS [SEED]]
 */
#define _GNU_SOURCE
#include "check.h"
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

#define VICTIMS 6
#define READERS 3

static const char *const names[] = {
	"status", "stat", "statm", "limits", "cmdline", "environ", "comm", "maps", "smaps", "pagemap", "mounts",
	"mountinfo", "auxv", "wchan", "oom_score", "oom_score_adj", "oom_adj", "fd", "task", "exe", "cwd", "root",
};
static uint32_t seed = 1;
static volatile int *done;	/* victims born and dead */

static uint32_t rnd(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

/* ---- Victims: a life each, then death at once or by exec ---- */

static void *thread(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++)
		close(open("/proc/thread-self/stat", O_RDONLY));
	return NULL;
}

static void live(const char *self)
{
	pthread_t t;
	char *p;

	for (int i = rnd() % 4; i > 0; i--) {
		p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(p != MAP_FAILED);
		for (int at = 0; at < 1 << 20; at += 1 << 16)
			p[at] = 1;
		if (rnd() & 1)
			munmap(p + (1 << 19), 1 << 18);
	}
	if (rnd() & 1 && !pthread_create(&t, NULL, thread, NULL) && rnd() & 1)
		pthread_join(t, NULL);
	close(dup(open("/proc/self/comm", O_WRONLY)));
	if (!(rnd() & 3))
		CHECK(setuid(1000) == 0);
	if (rnd() & 1)
		execl(self, self, "-", NULL);
	if (rnd() & 1)
		raise(SIGKILL);
	_exit(0);
}

static void breed(const char *self, unsigned int rounds)
{
	for (unsigned int i = 0; i < rounds; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (!pid)
			live(self);
		CHECK(waitpid(pid, NULL, 0) == pid);
		seed += (uint32_t)pid;
		__sync_fetch_and_add(done, 1);
	}
	_exit(0);
}

/* ---- Readers ---- */

static void read_all(int fd)
{
	static char buf[8192];
	size_t chunk = (size_t[]){ 1, 8, 64, 8192 }[rnd() % 4];
	int turns = 0;

	while (read(fd, buf, chunk) > 0 && turns++ < 200)
		;
	if (rnd() & 1)
		(void)!pread(fd, buf, 8, (off_t)(rnd() % 100000) * 8);
}

static void look(const char *dir, const char *name)
{
	char path[300], buf[256];
	struct dirent *e;
	int fd;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%s/%s", dir, name);
	(void)!readlink(path, buf, sizeof(buf));
	d = opendir(path);
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/%s/%s/%.60s/stat", dir, name, e->d_name);
		fd = open(path, O_RDONLY);
		if (fd >= 0)
			read_all(fd);
		close(fd);
	}
	if (d) {
		closedir(d);
		return;
	}
	fd = open(path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return;
	read_all(fd);
	if (!(rnd() & 7))
		sched_yield();
	read_all(fd); /* whoever it was about may be dead, or another program */
	close(fd);
}

static void watch(int victims_total)
{
	while (*done < victims_total) {
		DIR *d = opendir("/proc");
		struct dirent *e;

		CHECK(d);
		while ((e = readdir(d)))
			if (atoi(e->d_name) > 1 && !(rnd() & 1))
				look(e->d_name, names[rnd() % (sizeof(names) / sizeof(names[0]))]);
		closedir(d);
	}
	_exit(0);
}

/* A file of a process that is gone. */
static void after_death(void)
{
	int fds[sizeof(names) / sizeof(names[0])], go[2];
	char path[64], buf[64];
	unsigned int i;
	pid_t pid;

	CHECK(pipe(go) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		CHECK(read(go[0], buf, 1) == 1);
		_exit(0);
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, names[i]);
		fds[i] = open(path, O_RDONLY);
		CHECK(fds[i] >= 0);
	}
	CHECK(write(go[1], "x", 1) == 1 && waitpid(pid, NULL, 0) == pid);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		read_all(fds[i]);
		close(fds[i]);
	}
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	CHECK_ERR(open(path, O_RDONLY), ENOENT);
	close(go[0]);
	close(go[1]);
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? (unsigned int)atoi(argv[1]) : 60;
	int i, status;
	pid_t pid;

	if (argc > 1 && !strcmp(argv[1], "-"))
		return 0;
	seed = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;
	printf("%u rounds, seed %u\n", rounds, seed);
	fflush(stdout);
	done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(done != MAP_FAILED);
	after_death();
	for (i = 0; i < VICTIMS + READERS; i++) {
		seed += 7919;
		pid = fork();
		CHECK(pid >= 0);
		if (!pid && i < VICTIMS)
			breed(argv[0], rounds);
		if (!pid)
			watch((int)rounds * VICTIMS);
	}
	for (i = 0; i < VICTIMS + READERS; i++) {
		CHECK(wait(&status) > 0);
		CHECK(status == 0);
	}
	PASS("proc_storm");
}
