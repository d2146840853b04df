/* SPDX-License-Identifier: MIT */
/* flavours: tsan rel */
/* Threads as CPUs: everybody allocates, frees what others allocated, and drains the others' lists. */
#include "tests/host/fixture.h"

#define THREADS 4
#define SLOTS	512
#define STEPS	20000

static struct page *slots[SLOTS]; /* [a] exchanged atomically: pages wander between threads */
static u8 orders[1 << 16];	  /* by frame, written by the owner of the page */

static void *worker(void *arg)
{
	u64 x = (u64)(unsigned long)arg * 0x9e3779b97f4a7c15ULL + 12345;

	for (int i = 0; i < STEPS; i++) {
		struct page *page = NULL, *old;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (x >> 60 < 11) {
			unsigned int order = (x >> 40) % 8 ? 0 : (unsigned int)(x >> 44) % 5;

			page = alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, order);
			if (page) {
				assert_int_equal(page_count(page), 1);
				orders[page_to_pfn(page)] = (u8)order;
			}
		}
		old = __atomic_exchange_n(&slots[x % SLOTS], page, __ATOMIC_ACQ_REL);
		if (old)
			__free_pages(old, orders[page_to_pfn(old)]);
		if (i % 1000 == 999)
			drain_all_pages();
	}
	return NULL;
}

static void run_threads(unsigned int nr)
{
	pthread_t threads[THREADS];

	for (unsigned int i = 0; i < nr; i++)
		pthread_create(&threads[i], NULL, worker, (void *)(i + 1UL + random_below(1000)));
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
}

static void test_storm(void **state)
{
	seed_random("threads");
	start_machine(128, 16, 96, THREADS);
	set_alloc_special(PAGE_DEBUG, false);
	for (int round = 0; round < 3; round++) /* threads end, their CPUs are taken again */
		run_threads(THREADS);
	for (int i = 0; i < SLOTS; i++)
		if (slots[i])
			__free_pages(slots[i], orders[page_to_pfn(slots[i])]);
	memset(slots, 0, sizeof(slots));
	drain_all_pages();
	assert_int_equal(mm_host_check(), 0);
	for (int idx = 0; idx < 3; idx++)
		assert_int_equal(mm_host_zone(0, idx, MM_FREE), mm_host_zone(0, idx, MM_MANAGED));
	mm_host_stop();
}

/* A thread that ends gives its pages back: nothing stays on the lists of a free CPU. */
static void test_end_of_a_thread(void **state)
{
	start_machine(64, 0, 64, 1);
	set_alloc_special(PAGE_DEBUG, false);
	run_threads(1);
	for (int i = 0; i < SLOTS; i++)
		slots[i] = NULL;
	assert_int_equal(zone_of(0, ZONE_NORMAL)->pageset[0].pcp.count, 0);
	assert_int_equal(mm_host_check(), 0);
	mm_host_stop();
}

static void *give_back(void *block)
{
	__free_pages(block, 3);
	return NULL;
}

/* Somebody holds zone->lock when a block comes back. */
static void test_freed_while_locked(void **state)
{
	unsigned long flags, before;
	struct zone *zone;
	struct page *block;
	pthread_t thread;

	start_machine(64, 0, 64, 2);
	zone = zone_of(0, ZONE_NORMAL);
	block = alloc_pages(GFP_KERNEL, 3);
	assert_non_null(block);
	before = zone_page_state_snapshot(zone, NR_FREE_PAGES);
	spin_lock_irqsave(&zone->lock, flags);
	pthread_create(&thread, NULL, give_back, block);
	while (!spin_is_contended(&zone->lock))
		sched_yield();
	spin_unlock_irqrestore(&zone->lock, flags);
	pthread_join(thread, NULL);
	assert_int_equal(zone_page_state_snapshot(zone, NR_FREE_PAGES), before + 8);
	assert_int_equal(mm_host_check(), 0);
	mm_host_stop();
}

static void *one_too_many(void *arg)
{
	assert_null(alloc_pages(GFP_KERNEL, 0)); /* aborts */
	return NULL;
}

static void test_too_many_threads(void **state)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		pthread_t thread;

		signal(SIGABRT, SIG_DFL);
		start_machine(64, 0, 64, 1);
		assert_non_null(alloc_pages(GFP_KERNEL, 0));
		pthread_create(&thread, NULL, one_too_many, NULL);
		pthread_join(thread, NULL);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_end_of_a_thread),
		cmocka_unit_test(test_freed_while_locked),
		cmocka_unit_test(test_too_many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
