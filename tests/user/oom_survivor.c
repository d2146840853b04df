/* SPDX-License-Identifier: MIT */
/*
 * oom_survivor: what a kill looks like to those who live on.
 *
 * Two survivors fill and keep memory; a hog takes page after page and notes the time of each in shared memory.
 * The parent waits for the hog's death. Printed for the test that runs this:
 *
 *   hog: pid P, killed by signal S, N ns after its last page
 *   memfree: A kB after
 *   survivors: every word right
 *
 * Exit status 0 only if the hog died by SIGKILL and both survivors verified all their data.
 */
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "user/proc.h"

#define PAGE	   4096UL
#define SURVIVORS  2
#define KEEP_BYTES (8UL << 20)

struct shared {
	volatile int64_t last_page_ns;
	volatile int go[SURVIVORS]; /* 1: verify now */
	volatile int filled;
};

static struct shared *shared;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void nap(long ns)
{
	struct timespec t = { 0, ns };

	nanosleep(&t, NULL);
}

static void survivor(int number)
{
	uint64_t *memory = mmap(NULL, KEEP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t words = KEEP_BYTES / sizeof(uint64_t);

	if (memory == MAP_FAILED)
		_exit(2);
	for (uint64_t i = 0; i < words; i++)
		memory[i] = i * 0x9e3779b97f4a7c15UL + (uint64_t)number;
	__atomic_add_fetch(&shared->filled, 1, __ATOMIC_SEQ_CST);
	while (!shared->go[number])
		nap(1000000);
	for (uint64_t i = 0; i < words; i++)
		if (memory[i] != i * 0x9e3779b97f4a7c15UL + (uint64_t)number)
			_exit(1);
	_exit(0);
}

static void hog(void)
{
	for (;;) {
		char *memory = mmap(NULL, 1UL << 20, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		for (unsigned long at = 0; at < 1UL << 20; at += PAGE) {
			memory[at] = 1;
			shared->last_page_ns = now_ns();
		}
	}
}

int main(void)
{
	pid_t keepers[SURVIVORS], victim;
	int status, good = 1;
	int64_t dead_ns;

	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int k = 0; k < SURVIVORS; k++) {
		keepers[k] = fork();
		if (!keepers[k])
			survivor(k);
	}
	while (shared->filled < SURVIVORS)
		nap(1000000);
	shared->last_page_ns = now_ns();
	victim = fork();
	if (!victim)
		hog();
	while (waitpid(victim, &status, WNOHANG) != victim) {
		nap(1000000);
	}
	dead_ns = now_ns();
	nap(100000000);
	printf("hog: pid %d, killed by signal %d, %ld ns after its last page\n", victim,
	       WIFSIGNALED(status) ? WTERMSIG(status) : 0, dead_ns - shared->last_page_ns);
	printf("memfree: %ld kB after\n", meminfo_kb("MemFree"));
	good = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	for (int k = 0; k < SURVIVORS; k++) {
		shared->go[k] = 1;
		waitpid(keepers[k], &status, 0);
		good &= WIFEXITED(status) && !WEXITSTATUS(status);
	}
	printf("survivors: %s\n", good ? "every word right" : "WRONG");
	return !good;
}
