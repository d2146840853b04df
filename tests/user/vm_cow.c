/* SPDX-License-Identifier: MIT */
/* Copy on write: fork shares pages, and nobody ever sees another process' writes. */
#include "tests/user/vm_check.h"

#include <pthread.h>

#define PAGES 200

static uint64_t *word(char *base, int page)
{
	return (uint64_t *)(base + (size_t)page * PAGE + 8 * (size_t)(page % 500));
}

static void fill(char *base, uint64_t seed)
{
	for (int i = 0; i < PAGES; i++)
		*word(base, i) = seed + (uint64_t)i;
}

static int same(char *base, uint64_t seed)
{
	for (int i = 0; i < PAGES; i++)
		if (*word(base, i) != seed + (uint64_t)i)
			return 0;
	return 1;
}

/* Three generations, each writing after its fork. */
static void generations(char *base)
{
	pid_t child, grandchild;

	fill(base, 1000);
	child = fork();
	if (!child) {
		int ok = same(base, 1000);

		fill(base, 2000);
		grandchild = fork();
		if (!grandchild) {
			ok = same(base, 2000);
			fill(base, 3000);
			_exit(ok && same(base, 3000) ? 0 : 1);
		}
		ok = ok && same(base, 2000) && vm_reap(grandchild) == 0 && same(base, 2000);
		_exit(ok ? 0 : 1);
	}
	fill(base, 4000);
	CHECK(same(base, 4000));
	CHECK(vm_reap(child) == 0);
	CHECK(same(base, 4000));
	fill(base, 5000); /* sole user again: pages are reused */
	CHECK(same(base, 5000));
}

/* Pages read before they were written are the zero page in both, and stay zero in the other. */
static void zero_pages(void)
{
	char *base = vm_anon(PAGES * PAGE, MAP_PRIVATE);
	uint64_t sum = 0;
	pid_t child;

	for (int i = 0; i < PAGES; i++)
		sum += *word(base, i);
	CHECK(sum == 0);
	child = fork();
	if (!child) {
		fill(base, 7);
		_exit(same(base, 7) ? 0 : 1);
	}
	CHECK(vm_reap(child) == 0);
	for (int i = 0; i < PAGES; i++)
		sum += *word(base, i);
	CHECK(sum == 0);
	munmap(base, PAGES * PAGE);
}

static volatile int stop;
static volatile uint64_t *counter;

static void *count_up(void *unused)
{
	while (!stop)
		++*counter;
	return unused;
}

/* A thread writes while its process forks: the child's page must not move. */
static void fork_beside_writer(void)
{
	pthread_t thread;

	counter = vm_anon(PAGE, MAP_PRIVATE);
	*counter = 1;
	CHECK(!pthread_create(&thread, NULL, count_up, NULL));
	for (int round = 0; round < 20; round++) {
		pid_t child = fork();

		if (!child) {
			uint64_t before = *counter;

			for (volatile int i = 0; i < 20000; i++)
				;
			_exit(*counter == before ? 0 : 1);
		}
		CHECK(vm_reap(child) == 0);
	}
	stop = 1;
	pthread_join(thread, NULL);
}

int main(void)
{
	char *base = vm_anon(PAGES * PAGE, MAP_PRIVATE);

	CHECK(base != MAP_FAILED);
	generations(base);
	zero_pages();
	fork_beside_writer();
	return vm_done("vm_cow");
}
