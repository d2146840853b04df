/* SPDX-License-Identifier: MIT */
/*
 * swap_race DEVICE OPS: while the swap area is switched off and on, with signals that interrupt it now and then, tasks
 * fork, exit, are killed, map, move and unmap memory that is mostly swapped out, and check every page of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/time.h>

#include "check.h"

#define PAGE	 4096UL
#define WORKERS	 4
#define MAX_AREA 512 /* pages */
#define FIRST	 (SWAP_FLAG_PREFER | 5) /* else it would come back as the last, and stay empty */

static struct shared {
	atomic_ulong ops;
	atomic_ulong off, interrupted, refused;
} *shared;

static uint64_t state;

static unsigned long draw(unsigned long n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static void fill(uint64_t *p, size_t pages, uint64_t key)
{
	for (size_t i = 0; i < pages; i++)
		p[i * 512] = p[i * 512 + 511] = key + i;
}

static void verify(const uint64_t *p, size_t pages, uint64_t key)
{
	for (size_t i = 0; i < pages; i++)
		CHECK(p[i * 512] == key + i && p[i * 512 + 511] == key + i);
}

/* A child shares the slots; it looks, writes its own copies of some, and ends in one of three ways. */
static void fork_over(uint64_t *p, size_t pages, uint64_t key)
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0 || errno == ENOMEM);
	if (child < 0)
		return;
	if (!child) {
		size_t from = draw(pages);

		verify(p + from * 512, pages - from, key + from);
		fill(p + from * 512, pages - from, ~key);
		verify(p, from, key);
		verify(p + from * 512, pages - from, ~key);
		_exit(0);
	}
	if (draw(2)) {
		verify(p, pages / 2, key);
		kill(child, SIGKILL);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
}

static void work(unsigned long id, unsigned long ops)
{
	const size_t keep = 8 * 256; /* pages that live through everything */
	uint64_t *base = mmap(NULL, keep * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *both = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	state = id * 0x9e3779b97f4a7c15UL + 1;
	CHECK(base != MAP_FAILED && both != MAP_FAILED);
	fill(base, keep, id);
	fill(both, 64, ~id);
	for (unsigned long op = 0; op < ops || (op < 20 * ops && !(shared->off && shared->interrupted)); op++) {
		size_t pages = 1 + draw(MAX_AREA);
		uint64_t key = draw(~0UL), *p;

		p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(p != MAP_FAILED);
		fill(p, pages, key);
		fork_over(base, keep, id);
		if (draw(2))
			fork_over(p, pages, key);
		if (draw(4) == 0) {
			p = mremap(p, pages * PAGE, (pages + 8) * PAGE, MREMAP_MAYMOVE);
			CHECK(p != MAP_FAILED);
			fill(p + pages * 512, 8, key + pages);
			pages += 8;
		}
		verify(p, pages, key);
		verify(both, 64, ~id);
		CHECK(munmap(p, pages / 2 * PAGE) == 0 || pages < 2);
		verify(p + pages / 2 * 512, pages - pages / 2, key + pages / 2);
		CHECK(munmap(p, pages * PAGE) == 0);
		shared->ops++;
	}
	verify(base, keep, id);
	_exit(0);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Until it is killed. */
static void switcher(const char *device)
{
	struct sigaction action = { .sa_handler = on_alarm };

	state = 99;
	sigaction(SIGALRM, &action, NULL);
	for (;;) {
		struct itimerval timer = { .it_value.tv_usec = (suseconds_t)(500 + draw(20000)) };
		int err;

		usleep((useconds_t)draw(100000));
		if (draw(3))
			setitimer(ITIMER_REAL, &timer, NULL);
		err = swapoff(device) ? errno : 0;
		setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
		shared->off += err == 0;
		shared->interrupted += err == EINTR;
		shared->refused += err == ENOMEM;
		CHECK(err == 0 || err == EINTR || err == ENOMEM);
		CHECK(err || swapon(device, FIRST) == 0);
	}
}

int main(int argc, char **argv)
{
	unsigned long ops = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	pid_t workers[WORKERS], other;
	int status;

	if (argc < 3)
		PASS("swap_race");
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	for (unsigned long i = 0; i < WORKERS; i++) {
		workers[i] = fork();
		if (!workers[i])
			work(i + 1, ops / WORKERS);
	}
	other = fork();
	if (!other)
		switcher(argv[1]);
	for (unsigned long i = 0; i < WORKERS; i++)
		CHECK(waitpid(workers[i], &status, 0) == workers[i] && status == 0);
	kill(other, SIGKILL);
	CHECK(waitpid(other, &status, 0) == other && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK(swapon(argv[1], 0) == 0 || errno == EBUSY);
	printf("%lu operations, %lu times off, %lu interrupted, %lu without room\n", shared->ops, shared->off,
	       shared->interrupted, shared->refused);
	CHECK(shared->off && shared->interrupted);
	CHECK(swapoff(argv[1]) == 0);
	PASS("swap_race");
}
