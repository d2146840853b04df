/* SPDX-License-Identifier: MIT */
/*
 * How fast the library (build/host/libmm.a) is, beside glibc's malloc in the same run. Only the two beside each
 * other say something: each line's figures come from rounds that take turns, the least of ROUNDS.
 *
 *	tool_speed              table: nanoseconds for an allocation and its free, on one CPU and on two at once
 *	tool_speed WHAT PAIRS   PAIRS of WHAT (a name from the table; `malloc 4096`) and nothing else, for a
 *	                        program that counts instructions (scripts/bench-host)
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/host/libmm.h"

#define ROUNDS	 100
#define PAIRS	 20000
#define BATCH	 1000
#define MAX_CPUS 2

struct work {
	const char *name;
	void (*run)(unsigned int pairs);
};

static volatile gfp_t gfp_kernel = GFP_KERNEL;
static volatile size_t page_bytes = 4096;

static void pages_order0(unsigned int pairs)
{
	while (pairs--)
		__free_pages(alloc_pages(gfp_kernel, 0), 0);
}

static void pages_order3(unsigned int pairs)
{
	while (pairs--)
		__free_pages(alloc_pages(gfp_kernel, 3), 3);
}

static void pages_batch(unsigned int pairs)
{
	struct page *page[BATCH];

	for (; pairs >= BATCH; pairs -= BATCH) {
		for (int i = 0; i < BATCH; i++)
			page[i] = alloc_pages(gfp_kernel, 0);
		for (int i = 0; i < BATCH; i++)
			__free_pages(page[i], 0);
	}
}

static void malloc_pages(unsigned int pairs)
{
	while (pairs--) {
		void *memory = malloc(page_bytes);

		__asm__ volatile("" : : "r"(memory) : "memory"); /* it is used */
		free(memory);
	}
}

static const struct work works[] = {
	{ "order 0", pages_order0 },
	{ "malloc 4096", malloc_pages },
	{ "1000 of order 0", pages_batch },
	{ "order 3", pages_order3 },
};
#define NR_WORKS (sizeof(works) / sizeof(works[0]))

static void start_machine(void)
{
	struct mm_host_range ram = { 0, 1ULL << 30, 1, 0 };
	struct mm_host_config config = { &ram, 1, 1, MAX_CPUS + 1, 16ULL << 20, 896ULL << 20, 0 };

	if (mm_host_start(&config)) {
		fprintf(stderr, "tool_speed: the library does not start\n");
		exit(2);
	}
}

/* ---- Time ------------------------------------------------------------------------------------ */

static pthread_barrier_t together;

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *other_cpu(void *arg)
{
	const struct work *work = arg;

	work->run(BATCH); /* the thread gets its CPU, its lists, its arena */
	for (int round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&together);
		work->run(PAIRS);
		pthread_barrier_wait(&together);
	}
	return NULL;
}

/* => nanoseconds from the start to the end of PAIRS on each of nr CPUs, least of ROUNDS, divided by PAIRS */
static double time_on(const struct work *work, int nr)
{
	pthread_t threads[MAX_CPUS];
	double least = 1e9;

	pthread_barrier_init(&together, NULL, (unsigned int)nr);
	for (int i = 1; i < nr; i++)
		pthread_create(&threads[i], NULL, other_cpu, (void *)work);
	work->run(BATCH);
	for (int round = 0; round < ROUNDS; round++) {
		double start, took;

		pthread_barrier_wait(&together);
		start = seconds();
		work->run(PAIRS);
		pthread_barrier_wait(&together);
		took = seconds() - start;
		least = took < least ? took : least;
	}
	for (int i = 1; i < nr; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&together);
	return least * 1e9 / PAIRS;
}

static void print_table(void)
{
	printf("%-18s %10s %10s %10s\n", "", "1 CPU, ns", "2 CPUs, ns", "speed-up");
	for (unsigned int i = 0; i < NR_WORKS; i++) {
		double one = time_on(&works[i], 1), two = time_on(&works[i], 2);

		printf("%-18s %10.1f %10.1f %10.2f\n", works[i].name, one, two, 2 * one / two);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	start_machine();
	if (argc == 1) {
		print_table();
		return 0;
	}
	for (unsigned int i = 0; argc == 3 && i < NR_WORKS; i++)
		if (!strcmp(argv[1], works[i].name)) {
			works[i].run((unsigned int)strtoul(argv[2], NULL, 0));
			return 0;
		}
	fprintf(stderr, "usage: tool_speed [WHAT PAIRS]\n");
	return 2;
}
