/* SPDX-License-Identifier: MIT */
/* Threads of one address space: racing first touches, mmap and munmap beside them, mprotect seen everywhere. */
#include "tests/user/vm_check.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 4
#define PAGES	256

static char *base;
static atomic_int turn;

/* All threads touch the same fresh pages; each adds one to every page's counter. */
static void *touch_all(void *unused)
{
	for (int round = 0; round < 20; round++) {
		while (atomic_load(&turn) < round)
			sched_yield();
		for (int i = 0; i < PAGES; i++)
			atomic_fetch_add((atomic_int *)(base + (size_t)i * PAGE), 1);
		atomic_fetch_add((atomic_int *)(base + (size_t)PAGES * PAGE), 1);
	}
	return unused;
}

static void racing_touches(void)
{
	pthread_t threads[THREADS];

	base = vm_anon((PAGES + 1) * PAGE, MAP_PRIVATE);
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, touch_all, NULL));
	for (int round = 0; round < 20; round++) {
		atomic_int *done = (atomic_int *)(base + (size_t)PAGES * PAGE);

		while (atomic_load(done) < THREADS)
			sched_yield();
		for (int i = 0; i < PAGES; i++)
			CHECK(*(int *)(base + (size_t)i * PAGE) == THREADS);
		CHECK(!madvise(base, (PAGES + 1) * PAGE, MADV_DONTNEED));
		atomic_store(&turn, round + 1);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	munmap(base, (PAGES + 1) * PAGE);
}

static void *map_and_unmap(void *seed)
{
	for (int i = 0; i < 60; i++) {
		size_t pages = 1 + (size_t)(i * 7 + (int)(intptr_t)seed) % 40;
		char *p = vm_anon(pages * PAGE, MAP_PRIVATE);

		if (p == MAP_FAILED)
			return "mmap";
		for (size_t k = 0; k < pages; k++) {
			if (p[k * PAGE])
				return "not zero";
			p[k * PAGE] = 1;
		}
		if (munmap(p, pages * PAGE))
			return "munmap";
	}
	return NULL;
}

static void concurrent_maps(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, map_and_unmap, (void *)(intptr_t)i));
	for (int i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		CHECK(!result);
	}
}

static volatile int writing, protect_done;
static volatile uint64_t *target;

static void *write_forever(void *unused)
{
	while (!protect_done) {
		++*target;
		writing = 1;
	}
	return unused;
}

/* Read-only means read-only at once, on every CPU: the value stands still while nobody may write. */
static void protect_beside_writer(void)
{
	pid_t child = fork();

	if (!child) {
		pthread_t thread;
		uint64_t value;

		signal(SIGSEGV, SIG_DFL);
		target = vm_anon(PAGE, MAP_PRIVATE);
		pthread_create(&thread, NULL, write_forever, NULL);
		while (!writing)
			sched_yield();
		mprotect((void *)target, PAGE, PROT_READ);
		value = *target;
		for (volatile int i = 0; i < 1000000; i++)
			;
		_exit(*target == value ? 1 : 2); /* the writer's fault ends us first */
	}
	int status = vm_reap(child);
	CHECK(status == 256 + SIGSEGV || status == 1);
}

int main(void)
{
	racing_touches();
	concurrent_maps();
	protect_beside_writer();
	return vm_done("vm_threads");
}
