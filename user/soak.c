/* SPDX-License-Identifier: MIT */
/*
 * soak: many tasks do everything memory management offers at once, and check every page.
 *
 *   soak [--ops N] [--tasks N] [--seed N] [--mib N] [--oom] [--swapoff DEVICE]
 *
 *   master -- forks --> task 0, task 1, ...: each a random walk over its own regions
 *                         each op may fork a child, start threads, use a file, a pipe, mremap ...
 *   region: an anonymous mapping and a table with what each of its pages must hold (0: zeros)
 *
 * A page's 512 words follow from one number, drawn anew for every write, so a lost, stale or foreign
 * page shows. --mib is what all tasks together hold at most, mostly about half of it (default: seven eighths of
 * RAM and swap, at most five times RAM; with --oom six times both). With --oom a task may be killed; without it
 * that is a failure. With --swapoff the area is switched off and on again all the while. The number of operations
 * is bounded, and the same
 * seed draws the same operations; how tasks interleave is the machine's business.
 *
 * Exit status 0: every page held what it should; 1: not, or a task died; 2: usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"

#define PAGE	    4096UL
#define WORDS	    (PAGE / sizeof(uint64_t))
#define MAX_TASKS   64
#define MAX_REGIONS 8
#define MAX_PAGES   8192UL /* of one region */
#define STEP	    0x100000001b3UL

struct region {
	uint64_t *at;
	size_t pages;
	int shared; /* with our children */
	uint64_t want[MAX_PAGES]; /* what the page's words begin with; 0: all zero */
};

static struct region regions[MAX_REGIONS];
static uint64_t draws;	 /* the state of this task's random numbers */
static int task = -1;	 /* its number, for messages */
static size_t budget;	 /* pages it may hold */
static unsigned long written;
static unsigned refused; /* calls that failed for want of memory */
static const char *doing = "start";

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void fail(const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(1, "soak: FAIL task %d pid %d in %s: %s (errno %d)\n", task, (int)getpid(), doing, text, errno);
	_exit(1);
}

static uint64_t draw(void)
{
	draws ^= draws << 13;
	draws ^= draws >> 7;
	draws ^= draws << 17;
	return draws * 0x2545f4914f6cdd1dUL;
}

static size_t below(size_t n)
{
	return n ? (draw() >> 11) % n : 0;
}

/* ---- Pages ---------------------------------------------------------------------------------------- */

static void page_fill(uint64_t *page, uint64_t first)
{
	for (size_t i = 0; i < WORDS; i++)
		page[i] = first ? first + i * STEP : 0;
}

static void page_check(const uint64_t *page, uint64_t first, size_t number)
{
	for (size_t i = 0; i < WORDS; i++) {
		uint64_t want = first ? first + i * STEP : 0;

		if (page[i] != want)
			fail("page %zu at %p word %zu is %016lx, not %016lx", number, (void *)page, i, page[i], want);
	}
}

static uint64_t fresh(void)
{
	return draw() | 1;
}

static size_t held(void)
{
	size_t pages = 0;

	for (int i = 0; i < MAX_REGIONS; i++)
		pages += regions[i].at ? regions[i].pages : 0;
	return pages;
}

static struct region *some_region(void)
{
	for (int tries = 0; tries < 16; tries++) {
		struct region *r = &regions[below(MAX_REGIONS)];

		if (r->at)
			return r;
	}
	return NULL;
}

/* A run of pages of r. => its first page, *n pages */
static size_t some_run(const struct region *r, size_t *n, size_t most)
{
	size_t first = below(r->pages);

	*n = 1 + below(most);
	if (*n > r->pages - first)
		*n = r->pages - first;
	return first;
}

static void write_run(struct region *r, size_t first, size_t n)
{
	for (size_t p = first; p < first + n; p++) {
		r->want[p] = fresh();
		written++;
		page_fill(r->at + p * WORDS, r->want[p]);
	}
}

static void check_run(const struct region *r, size_t first, size_t n)
{
	for (size_t p = first; p < first + n; p++)
		page_check(r->at + p * WORDS, r->want[p], p);
}

static void check_everything(void)
{
	for (int i = 0; i < MAX_REGIONS; i++)
		if (regions[i].at)
			check_run(&regions[i], 0, regions[i].pages);
}

/* ---- Operations on this task's own memory --------------------------------------------------------- */

static void op_unmap(void)
{
	struct region *r = some_region();

	if (!r)
		return;
	if (below(2))
		check_run(r, 0, r->pages);
	if (munmap(r->at, r->pages * PAGE))
		fail("munmap");
	r->at = NULL;
}

static struct region *free_region(void)
{
	for (int i = 0; i < MAX_REGIONS; i++)
		if (!regions[i].at)
			return &regions[i];
	return NULL;
}

static void op_map(void)
{
	size_t most = budget / 4 < MAX_PAGES ? budget / 4 : MAX_PAGES;
	struct region *r = free_region();
	void *at;

	if (!r || held() >= budget) {
		op_unmap();
		return;
	}
	r->pages = 1 + below(below(4) ? most / 4 : most);
	if (r->pages > budget - held())
		r->pages = budget - held();
	r->shared = !below(4);
	at = mmap(NULL, r->pages * PAGE, PROT_READ | PROT_WRITE,
		  MAP_ANONYMOUS | (r->shared ? MAP_SHARED : MAP_PRIVATE), -1, 0);
	if (at == MAP_FAILED) {
		refused++;
		return;
	}
	r->at = at;
	memset(r->want, 0, sizeof(r->want));
	if (below(2))
		write_run(r, 0, r->pages);
}

static void op_write(void)
{
	struct region *r = some_region();
	size_t n, first;

	if (!r)
		return;
	first = some_run(r, &n, 128);
	write_run(r, first, n);
}

static void op_check(void)
{
	struct region *r = some_region();
	size_t n, first;

	if (!r)
		return;
	first = some_run(r, &n, 256);
	check_run(r, first, n);
}

static void op_protect(void)
{
	struct region *r = some_region();
	size_t n, first;

	if (!r)
		return;
	first = some_run(r, &n, 64);
	if (mprotect(r->at + first * WORDS, n * PAGE, PROT_READ)) {
		refused++;
		return;
	}
	check_run(r, first, n);
	if (mprotect(r->at + first * WORDS, n * PAGE, PROT_READ | PROT_WRITE))
		fail("mprotect back"); /* needs no memory: the area is cut already */
	write_run(r, first, 1);
}

static void op_move(void)
{
	struct region *r = some_region();
	void *at;

	if (!r)
		return;
	at = mremap(r->at, r->pages * PAGE, r->pages * PAGE, MREMAP_MAYMOVE);
	if (at != MAP_FAILED) {
		void *hole = mmap(NULL, r->pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		at = hole == MAP_FAILED ? hole
					: mremap(r->at, r->pages * PAGE, r->pages * PAGE,
						 MREMAP_MAYMOVE | MREMAP_FIXED, hole);
		if (at == MAP_FAILED && hole != MAP_FAILED)
			munmap(hole, r->pages * PAGE);
	}
	if (at == MAP_FAILED)
		refused++; /* also when protections have cut it in several areas */
	else
		r->at = at;
	check_run(r, below(r->pages), 1);
}

/* Private pages only: what shared ones hold belongs to the mapping's object. */
static void op_drop(void)
{
	struct region *r = free_region();
	size_t n;

	if (!r || held() + 64 > budget) {
		op_unmap();
		return;
	}
	r->pages = 1 + below(64);
	r->shared = 0;
	r->at = mmap(NULL, r->pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->at == MAP_FAILED) {
		r->at = NULL;
		refused++;
		return;
	}
	memset(r->want, 0, sizeof(r->want));
	write_run(r, 0, r->pages);
	n = 1 + below(r->pages);
	if (madvise(r->at, n * PAGE, MADV_DONTNEED))
		fail("madvise");
	memset(r->want, 0, n * sizeof(r->want[0]));
	check_run(r, 0, r->pages);
}

/* ---- Children ------------------------------------------------------------------------------------- */

static pid_t start_child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		refused++;
	return pid;
}

/* => false: it was killed by the signal that may kill it */
static int reap(pid_t pid, int may_die)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("waitpid");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && may_die)
		return 0;
	if (status)
		fail("child %d ended with %#x", (int)pid, status);
	return 1;
}

static int oom_allowed;

/* The child sees our private pages as they were and writes its own copies; ours stay. */
static void op_fork(void)
{
	pid_t pid = start_child();

	if (pid < 0)
		return;
	if (!pid) {
		for (int i = 0; i < 4; i++) {
			struct region *r = some_region();
			size_t n, first;

			if (!r || r->shared) /* we may be writing shared ones */
				continue;
			first = some_run(r, &n, 32);
			check_run(r, first, n);
			write_run(r, first, n);
			check_run(r, first, n);
		}
		_exit(0);
	}
	if (below(2))
		op_check();
	if (below(2))
		op_write();
	reap(pid, oom_allowed);
}

/* Private pages: they stay as they were at the fork, whatever our parent does meanwhile. */
static void check_private(void)
{
	struct region *r = some_region();
	size_t n, first;

	if (!r || r->shared)
		return;
	first = some_run(r, &n, 128);
	check_run(r, first, n);
}

/* A child that thrashes until it is killed in the middle of it; its own children outlive it. */
static void op_kill(void)
{
	pid_t pid = start_child();

	if (pid < 0)
		return;
	if (!pid) {
		for (;;) {
			check_private();
			if (fork() == 0) {
				check_private();
				_exit(0);
			}
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
		}
	}
	for (size_t i = below(8); i; i--)
		op_check();
	kill(pid, SIGKILL);
	reap(pid, 1);
}

static void op_exec(void)
{
	pid_t pid = start_child();

	if (pid < 0)
		return;
	if (!pid) {
		execl("/proc/self/exe", "soak", "--exit", NULL);
		_exit(errno == ENOMEM ? 0 : 1);
	}
	reap(pid, 1); /* an exec that fails half-way ends in SIGKILL */
}

/* A stream through a pipe, from a child that makes it to us who know it. */
static void op_pipe(void)
{
	size_t total = 1 + below(64);
	uint64_t first = fresh(), page[WORDS];
	int ends[2];
	pid_t pid;

	if (pipe(ends)) {
		refused++;
		return;
	}
	pid = start_child();
	if (!pid) {
		close(ends[0]);
		for (size_t p = 0; p < total; p++) {
			page_fill(page, first + p);
			if (write(ends[1], page, PAGE) != (ssize_t)PAGE)
				fail("write to pipe");
		}
		_exit(0);
	}
	close(ends[1]);
	for (size_t p = 0; pid > 0 && p < total; p++) {
		size_t got = 0;

		while (got < PAGE) {
			ssize_t n = read(ends[0], (char *)page + got, PAGE - got);

			if (n <= 0 && oom_allowed)
				goto out;
			if (n <= 0)
				fail("pipe ends after page %zu of %zu", p, total);
			got += (size_t)n;
		}
		page_check(page, first + p, p);
	}
out:
	close(ends[0]);
	if (pid > 0)
		reap(pid, oom_allowed);
}

/* ---- Threads and files ---------------------------------------------------------------------------- */

struct worker {
	uint64_t *at;
	size_t pages;
	uint64_t first;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	for (size_t p = 0; p < w->pages; p++)
		page_fill(w->at + p * WORDS, w->first + p);
	for (size_t p = 0; p < w->pages; p++)
		page_check(w->at + p * WORDS, w->first + p, p);
	return NULL;
}

static void op_threads(void)
{
	size_t pages = 3 * (1 + below(32));
	struct worker workers[3];
	pthread_t threads[3];
	int made = 0;
	uint64_t *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		refused++;
		return;
	}
	for (int i = 0; i < 3; i++) {
		workers[i] = (struct worker){ at + (size_t)i * (pages / 3) * WORDS, pages / 3, fresh() };
		if (pthread_create(&threads[made], NULL, work, &workers[i]) == 0)
			made++;
		else
			refused++;
	}
	op_write(); /* beside them: same address space, other pages */
	for (int i = 0; i < made; i++)
		pthread_join(threads[i], NULL);
	munmap(at, pages * PAGE);
}

static void op_file(void)
{
	size_t pages = 1 + below(48), kept;
	uint64_t first = fresh(), page[WORDS];
	char name[40];
	uint64_t *at;
	int fd;

	snprintf(name, sizeof(name), "/tmp/soak.%d", (int)getpid());
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0) {
		refused++;
		return;
	}
	unlink(name);
	for (kept = 0; kept < pages; kept++) {
		page_fill(page, first + kept);
		if (pwrite(fd, page, PAGE, (off_t)(kept * PAGE)) != (ssize_t)PAGE) {
			refused++;
			break;
		}
	}
	for (size_t p = 0; p < kept; p++) {
		if (pread(fd, page, PAGE, (off_t)(p * PAGE)) != (ssize_t)PAGE)
			fail("pread");
		page_check(page, first + p, p);
	}
	at = kept ? mmap(NULL, kept * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (at != MAP_FAILED) {
		size_t p = below(kept);

		page_check(at + p * WORDS, first + p, p);
		page_fill(at + p * WORDS, first);
		if (pread(fd, page, PAGE, (off_t)(p * PAGE)) != (ssize_t)PAGE)
			fail("pread");
		page_check(page, first, p);
		if (ftruncate(fd, (off_t)(p * PAGE)))
			fail("ftruncate");
		munmap(at, kept * PAGE);
	}
	close(fd);
}

/* ---- The walk ------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*fn)(void);
	unsigned weight;
} ops[] = {
	{ "map", op_map, 20 },	     { "write", op_write, 24 },	    { "check", op_check, 24 },
	{ "unmap", op_unmap, 2 },    { "protect", op_protect, 6 },  { "move", op_move, 4 },
	{ "drop", op_drop, 4 },	     { "fork", op_fork, 6 },	    { "kill", op_kill, 3 },
	{ "exec", op_exec, 2 },	     { "pipe", op_pipe, 3 },	    { "threads", op_threads, 3 },
	{ "file", op_file, 4 },
};

static void one_op(void)
{
	unsigned sum = 0, at;

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		sum += ops[i].weight;
	at = (unsigned)below(sum);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (at < ops[i].weight) {
			doing = ops[i].name;
			ops[i].fn();
			return;
		}
		at -= ops[i].weight;
	}
}

static void run_task(unsigned long nr_ops)
{
	for (unsigned long i = 0; i < nr_ops; i++)
		one_op();
	doing = "the end";
	check_everything();
	dprintf(1, "soak: task %d: %lu ops, %lu pages written, holds %zu of %zu, %u refusals\n", task, nr_ops,
		written, held(), budget, refused);
	_exit(0);
}

/* In a process of its own: who calls swapoff is the first to go when memory is short, or its children are. */
static pid_t start_switching(const char *device)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	doing = "swapoff";
	for (;;) {
		if (swapoff(device) && errno != ENOMEM && errno != EINTR)
			fail("swapoff %s", device);
		if (swapon(device, 0) && errno != EBUSY && errno != ENOMEM)
			fail("swapon %s", device);
		usleep(50000);
	}
}

static size_t default_mib(int oom)
{
	long ram = meminfo_kb("MemTotal") >> 10, all = ram + (meminfo_kb("SwapTotal") >> 10);

	if (oom)
		return (size_t)all * 6;
	return (size_t)(all * 7 / 8 < ram * 5 ? all * 7 / 8 : ram * 5);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "ops", 1, 0, 'o' },	  { "tasks", 1, 0, 't' },   { "seed", 1, 0, 's' },
		{ "mib", 1, 0, 'm' },	  { "oom", 0, 0, 'k' },	    { "swapoff", 1, 0, 'w' },
		{ "exit", 0, 0, 'x' },	  { 0 },
	};
	unsigned long nr_ops = 10000, seed = 1, mib = 0;
	int tasks = 4, c, left, killed = 0, bad = 0;
	const char *device = NULL;
	pid_t switcher = -1;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'o': nr_ops = strtoul(optarg, NULL, 0); break;
		case 't': tasks = atoi(optarg); break;
		case 's': seed = strtoul(optarg, NULL, 0); break;
		case 'm': mib = strtoul(optarg, NULL, 0); break;
		case 'k': oom_allowed = 1; break;
		case 'w': device = optarg; break;
		case 'x': return 0;
		default: return 2;
		}
	}
	if (tasks < 1 || tasks > MAX_TASKS || optind != argc)
		return 2;
	if (!mib)
		mib = default_mib(oom_allowed);
	printf("soak: %lu ops, %d tasks, %lu MiB, seed %lu\n", nr_ops, tasks, mib, seed);
	fflush(stdout);
	budget = mib * 256 / (unsigned)tasks;
	for (int i = 0; i < tasks; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (!pid) {
			task = i;
			draws = (seed * 0x9e3779b97f4a7c15UL ^ (uint64_t)(i + 1) * 0xff51afd7ed558ccdUL) | 1;
			for (int k = 0; k < 8; k++)
				draw();
			run_task(nr_ops / (unsigned)tasks);
		}
	}
	if (device)
		switcher = start_switching(device);
	for (left = tasks; left;) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);

		if (pid < 0)
			fail("waitpid");
		if (pid == switcher && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
			swapon(device, 0); /* perhaps it was killed between the two */
			switcher = start_switching(device);
			continue;
		}
		left--;
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			killed++;
		else if (status)
			printf("soak: FAIL pid %d ended with %#x\n", (int)pid, status), bad++;
	}
	if (switcher > 0)
		kill(switcher, SIGKILL);
	bad += oom_allowed ? 0 : killed;
	printf("soak: seed %lu: %d tasks ended, %d killed: %s\n", seed, tasks, killed,
	       bad ? "FAIL" : "every page right");
	return bad != 0;
}
