/* SPDX-License-Identifier: MIT */
/*
 * Dies in a way that leaves a core file: core_crash segv|abort|quit|kill [MIB [nodump]], with two more
 * threads waiting, memory of known contents of which half is never touched, and a few frames of stack.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

char core_magic[] = "the quick brown fox 4711";
volatile long *core_heap;
static pthread_barrier_t started;
static volatile int never;
int *volatile bad_place = (int *)8;

__attribute__((noinline)) static void wait_for_ever(long number)
{
	pthread_barrier_wait(&started);
	while (!never)
		pause();
	core_magic[0] = (char)number; /* keeps the argument alive */
}

static void *waiter(void *arg)
{
	wait_for_ever((long)arg);
	return NULL;
}

__attribute__((noinline)) static void crash_at_the_end(int depth, const char *how)
{
	if (depth) {
		crash_at_the_end(depth - 1, how);
		core_magic[1] = 'h'; /* no tail call */
		return;
	}
	if (!strcmp(how, "abort"))
		abort();
	raise(!strcmp(how, "quit") ? SIGQUIT : !strcmp(how, "kill") ? SIGKILL : 0);
	*bad_place = 1;
}

int main(int argc, char **argv)
{
	size_t mib = argc > 2 ? (size_t)atoi(argv[2]) : 1, longs = mib << 17;
	pthread_t thread;

	if (argc < 2)
		return 2;
	if (argc > 3 && !strcmp(argv[3], "nodump"))
		prctl(PR_SET_DUMPABLE, 0);
	core_heap = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < longs / 2; i++) /* the second half is never touched */
		core_heap[i] = (long)(i * 7 + 1);
	pthread_barrier_init(&started, NULL, 3);
	for (long i = 1; i <= 2; i++)
		pthread_create(&thread, NULL, waiter, (void *)i);
	pthread_barrier_wait(&started);
	crash_at_the_end(3, argv[1]);
	return 0;
}
