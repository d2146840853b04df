/* SPDX-License-Identifier: MIT */
/*
 * What sysfuzz must leave alone: keepers, processes with known data in memory, a file, a pipe and a shared mapping,
 * which look whether it is still there when they are asked; and the machine's holdings, memory and kernel
 * objects, which must be the same when all workers and what they made are gone.
 */
#ifndef TESTS_USER_SYSFUZZ_KEEP_H
#define TESTS_USER_SYSFUZZ_KEEP_H

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sysfuzz_values.h"

#define KEEPERS	   4
#define KEEPER_PATIENCE 60000 /* ms */
#define KEPT_WORDS (64UL * AREA_PAGE / 8) /* of each kind; a pipe has one page */

static struct {
	pid_t pid;
	int ask, answer;
} keepers[KEEPERS];

static inline uint64_t kept_word(int keeper, int kind, unsigned long i)
{
	return (0x9e3779b97f4a7c15ULL * (uint64_t)(keeper * 8 + kind + 1)) ^ (i * 0x100000001b3ULL);
}

static void keep_fill(uint64_t *at, int keeper, int kind, unsigned long words)
{
	for (unsigned long i = 0; i < words; i++)
		at[i] = kept_word(keeper, kind, i);
}

static int kept(const uint64_t *at, int keeper, int kind, unsigned long words)
{
	for (unsigned long i = 0; i < words; i++) {
		if (at[i] == kept_word(keeper, kind, i))
			continue;
		printf("FAIL sysfuzz: keeper %d, kind %d, word %lu is %llx\n", keeper, kind, i,
		       (unsigned long long)at[i]);
		return 0;
	}
	return 1;
}

/* => the bytes were there to be read */
static int kept_all(int keeper, const char *what, ssize_t got, size_t want)
{
	if (got != (ssize_t)want)
		printf("FAIL sysfuzz: keeper %d: %zd bytes of %zu in its %s\n", keeper, got, want, what);
	return got == (ssize_t)want;
}

/* A keeper's life. Kinds: 0 memory, 1 shared memory, 2 file, 3 pipe */
static void keeper_main(int me, int ask, int answer)
{
	static uint64_t buffer[KEPT_WORDS];
	uint64_t *memory = mmap(NULL, KEPT_WORDS * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *shared = mmap(NULL, KEPT_WORDS * 8, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct stat st = { 0 };
	char name[32], ok;
	int file, tube[2];

	snprintf(name, sizeof(name), "/tmp/kept%d", me);
	file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (memory == MAP_FAILED || shared == MAP_FAILED || file < 0 || pipe(tube))
		_exit(1);
	keep_fill(memory, me, 0, KEPT_WORDS);
	keep_fill(shared, me, 1, KEPT_WORDS);
	keep_fill(buffer, me, 2, KEPT_WORDS);
	if (write(file, buffer, sizeof(buffer)) != sizeof(buffer))
		_exit(1);
	keep_fill(buffer, me, 3, AREA_PAGE / 8);
	if (write(tube[1], buffer, AREA_PAGE) != AREA_PAGE)
		_exit(1);
	(void)!write(answer, "s", 1);
	while (read(ask, &ok, 1) == 1) {
		ok = (char)(kept(memory, me, 0, KEPT_WORDS) && kept(shared, me, 1, KEPT_WORDS));
		memset(buffer, 0, sizeof(buffer));
		if (fstat(file, &st) || st.st_size != sizeof(buffer) || st.st_nlink != 1)
			printf("keeper %d: its file has %ld bytes, %ld names, was changed at %ld\n", me,
			       (long)st.st_size, (long)st.st_nlink, (long)st.st_mtime);
		ok &= kept_all(me, "file", pread(file, buffer, sizeof(buffer), 0), sizeof(buffer)) &&
		      kept(buffer, me, 2, KEPT_WORDS);
		memset(buffer, 0, sizeof(buffer));
		ok &= kept_all(me, "pipe", read(tube[0], buffer, AREA_PAGE), AREA_PAGE) &&
		      kept(buffer, me, 3, AREA_PAGE / 8);
		fflush(stdout);
		(void)!write(answer, &ok, 1);
	}
	unlink(name);
	_exit(0);
}

static void keepers_start(void)
{
	char ok;

	for (int i = 0; i < KEEPERS; i++) {
		int ask[2], answer[2];

		if (pipe(ask) || pipe(answer) || (keepers[i].pid = fork()) < 0)
			exit(1);
		if (!keepers[i].pid) {
			close(ask[1]);
			keeper_main(i, ask[0], answer[1]);
		}
		close(ask[0]);
		close(answer[1]);
		fcntl(ask[1], F_SETFD, FD_CLOEXEC);
		keepers[i].ask = ask[1];
		keepers[i].answer = answer[0];
		if (read(answer[0], &ok, 1) != 1) {
			printf("FAIL sysfuzz: keeper %d cannot start\n", i);
			exit(1);
		}
	}
}

static inline int keepers_last_pid(void)
{
	return keepers[KEEPERS - 1].pid;
}

static inline int keepers_have(pid_t pid)
{
	for (int i = 0; i < KEEPERS; i++) {
		if (keepers[i].pid == pid)
			return 1;
	}
	return 0;
}

static size_t read_all(int dir, const char *name, char *text, size_t size)
{
	size_t done = 0;
	ssize_t n;
	int fd = openat(dir, name, O_RDONLY);

	while (done < size - 1 && (n = read(fd, text + done, size - 1 - done)) > 0)
		done += (size_t)n;
	close(fd);
	text[done] = 0;
	return done;
}

/* Where a process is, as far as /proc tells. */
static void show_process(int proc, int pid)
{
	char name[32], text[2048];

	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%d/%s", pid, i ? "status" : "wchan");
		read_all(proc, name, text, sizeof(text));
		printf("%s: %s\n", name, text);
	}
}

/* => keeper i still had all; 0: it says itself what was lost, or has died */
static int keeper_asked(int proc, int i)
{
	struct pollfd answered = { .fd = keepers[i].answer, .events = POLLIN };
	ssize_t got = -1;
	int status = 0;
	char ok = 0;

	if (write(keepers[i].ask, "?", 1) == 1 && poll(&answered, 1, KEEPER_PATIENCE) == 1)
		got = read(keepers[i].answer, &ok, 1);
	if (got == 1)
		return ok;
	printf("FAIL sysfuzz: keeper %d does not answer: %s", i, got ? strerror(errno) : "it is gone");
	if (waitpid(keepers[i].pid, &status, WNOHANG) == keepers[i].pid)
		printf(", wait status %#x", (unsigned)status);
	printf("\n");
	show_process(proc, keepers[i].pid);
	return 0;
}

/* Asks all, and lets them go. => how many have lost something */
static int keepers_check(int proc)
{
	int bad = 0;

	for (int i = 0; i < KEEPERS; i++) {
		if (!keeper_asked(proc, i)) {
			printf("FAIL sysfuzz: keeper %d has not kept its data\n", i);
			bad++;
		}
	}
	return bad;
}

/* ---- Holdings ----------------------------------------------------------------------------------- */

#define MAX_CACHES 48

struct holdings {
	long used_kb;
	char meminfo[2048], mounts[4096];
	int nr_caches;
	struct {
		char name[32];
		long objects;
	} caches[MAX_CACHES];
};

static long field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? atol(at + strlen(name)) : 0;
}

static void take_holdings(int proc, struct holdings *h)
{
	static char text[32768];
	int fd = openat(proc, "sys/vm/drop_caches", O_WRONLY);
	char *line, *save;

	for (int i = 0; i < 3; i++)
		(void)!write(fd, "3", 1);
	close(fd);
	read_all(proc, "meminfo", text, sizeof(text));
	h->used_kb = field(text, "MemTotal:") - field(text, "MemFree:") + field(text, "SwapTotal:") -
		     field(text, "SwapFree:") - field(text, "SwapCached:"); /* in both */
	snprintf(h->meminfo, sizeof(h->meminfo), "%.2000s", text);
	read_all(proc, "1/mounts", h->mounts, sizeof(h->mounts));
	read_all(proc, "slabinfo", text, sizeof(text));
	h->nr_caches = 0;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int i = h->nr_caches;

		if (i < MAX_CACHES && sscanf(line, "%31s %ld", h->caches[i].name, &h->caches[i].objects) == 2)
			h->nr_caches++;
	}
}

/*
 * What may differ though nothing is lost. Objects: an idle CPU keeps the last address space, others of the machine
 * open a file or two; what is small or a tree's node is also for all that swaps and caches meanwhile. Memory besides:
 * free pages on the lists of CPUs, part-filled slabs, cached kernel stacks.
 */
#define SLACK_KB 1024

static long slack_of(const char *cache)
{
	return !strncmp(cache, "kmalloc-", 8) || !strcmp(cache, "radix_tree_node") ?
		16 : 2 + sysconf(_SC_NPROCESSORS_ONLN);
}

/* => how many things are missing */
static int compare_holdings(const struct holdings *before, const struct holdings *after)
{
	int bad = 0;

	printf("sysfuzz: %ld KiB used before, %ld after\n", before->used_kb, after->used_kb);
	if (after->used_kb > before->used_kb + SLACK_KB) {
		printf("FAIL sysfuzz: memory leaks\n%s\n%s%s", before->meminfo, after->meminfo, after->mounts);
		bad++;
	}
	for (int i = 0; i < after->nr_caches; i++) {
		long more = after->caches[i].objects - before->caches[i].objects;

		if (strcmp(after->caches[i].name, before->caches[i].name) || more <= slack_of(after->caches[i].name))
			continue;
		printf("FAIL sysfuzz: %ld more objects of %s\n", more, after->caches[i].name);
		bad++;
	}
	return bad;
}

#endif
