/* SPDX-License-Identifier: MIT */
/* Pages on their way to a disk are memory to come: nobody dies for want of them while it works (spec 6.8, 9.1). */
#include "tests/host/machine_fixture.h"

#include "tests/host/file_fixture.h"

#include "kernel/core/task.h"
#include "mm/oom.h"

#define MACHINE .ram_mib = 24, .dma_mib = 1 /* a zone of 256 frames */
#define GFP_NOW (GFP_KERNEL | __GFP_NOWARN | __GFP_NO_KSWAPD)

static struct host_disk *disk;
static unsigned long wanted;
static int hog_signal, hogs_left;
static bool go, hog_done;

static void hog(void *nr)
{
	unsigned long va = map_anon(512 * PAGE_SIZE);
	int signal = 0;

	current->signal->oom_score_adj = OOM_SCORE_ADJ_MIN;
	while (!go || hogs_left != (long)nr)
		host_sleep(1);
	current->signal->oom_score_adj = 0;
	for (unsigned long i = 0; i < wanted && !signal; i++)
		signal = touch(va + i * PAGE_SIZE, true);
	hog_signal = signal;
	hog_done = true;
	hogs_left--;
}

/* The kernel takes all that is left, and somebody wants so many pages; after him another. */
static void want(unsigned long pages)
{
	host_loglevel = 0;
	current->signal->oom_score_adj = OOM_SCORE_ADJ_MIN;
	for (hogs_left = 0; hogs_left < 2; hogs_left++)
		assert_non_null(host_spawn("hog", NULL, hog, (void *)(long)(hogs_left + 1)));
	host_sleep(1); /* they need memory to begin with */
	while (alloc_page(GFP_NOW & ~__GFP_WAIT))
		;
	wanted = pages;
	go = true;
}

/* File pages, all being written to a disk that has stopped. */
static void write_file(unsigned long nr)
{
	struct disk_file *file = disk_file_create("f", nr);

	vm_dirty_bytes = dirty_background_bytes = 1UL << 30; /* no wait for the limits */
	dirty_writeback_interval = 0;
	put_pages(file, 0, nr, 7);
	disk = file->disk;
	disk->stopped = true;
	assert_int_equal(filemap_fdatawrite(&file->inode.i_data), 0);
	assert_int_equal(state_of(NR_WRITEBACK), nr);
}

/* The same of anonymous pages, fewer than those for which writers wait (SWAP_FEW). */
static void write_swap(unsigned long nr)
{
	unsigned long va = map_anon(nr * PAGE_SIZE);

	disk = swap_on("swap0", 1024);
	for (unsigned long i = 0; i < nr; i++)
		put(va + i * PAGE_SIZE, i);
	disk->stopped = true;
	for (unsigned long i = 0; i < nr; i++)
		putback_lru_page(start_out(va + i * PAGE_SIZE));
	lru_add_drain();
	assert_int_equal(state_of(NR_WRITEBACK), nr);
}

/* => ticks until a hog has ended */
static unsigned long until_one_is_done(void)
{
	unsigned long start = jiffies;
	int hogs = hogs_left;

	while (hogs_left == hogs)
		host_sleep(1);
	return jiffies - start;
}

/* Ten seconds without an answer: who needs memory waits, and then has it. */
static void waits_for_the_disk(void)
{
	host_sleep(10 * HZ);
	assert_int_equal(hog_signal, 0);
	assert_false(hog_done);
	disk->stopped = false;
	until_one_is_done();
	assert_int_equal(hog_signal, 0);
}

static void a_slow_disk_kills_nobody(void)
{
	write_file(200);
	want(100);
	waits_for_the_disk();
}
MACHINE_TEST(a_slow_disk_kills_nobody, MACHINE)

static void nor_does_a_slow_swap_disk(void)
{
	write_swap(20);
	want(8);
	waits_for_the_disk();
}
MACHINE_TEST(nor_does_a_slow_swap_disk, MACHINE)

/* A disk that answers never is waited for once; then the killer decides, and for the next at once. */
static void a_dead_disk_is_not_waited_for(void)
{
	write_file(200);
	want(100);
	assert_in_range(until_one_is_done(), 20 * HZ, 25 * HZ);
	assert_int_equal(hog_signal, SIGKILL);
	assert_int_equal(state_of(NR_WRITEBACK), 200);
	wanted = 512;
	assert_true(until_one_is_done() < 5 * HZ);
	assert_int_equal(hog_signal, SIGKILL);
}
MACHINE_TEST(a_dead_disk_is_not_waited_for, MACHINE)

/* Nor one that answers, but takes nothing: its pages are as dirty as before. */
static void writes_that_fail_are_not_waited_for(void)
{
	long written;

	write_swap(20);
	written = exact_state(NR_WRITTEN);
	disk->bad_write_end = disk->bdev.nr_sectors;
	disk->stopped = false;
	want(16);
	assert_true(until_one_is_done() < 5 * HZ);
	assert_int_equal(hog_signal, SIGKILL);
	assert_int_equal(exact_state(NR_WRITTEN), written);
}
MACHINE_TEST(writes_that_fail_are_not_waited_for, MACHINE)

static void the_dying_do_not_wait(void)
{
	struct reclaim_state state = { 0 };
	unsigned long start;

	write_file(200);
	want(0);
	current->reclaim_state = &state;
	current->flags |= PF_MEMALLOC;
	set_thread_flag(TIF_SIGPENDING);
	current->pending |= 1UL << 8; /* SIGKILL */
	start = jiffies;
	while (try_to_free_pages(node_zonelist(0, GFP_KERNEL), 0, GFP_KERNEL, 0))
		;
	assert_true(jiffies - start < HZ);
	assert_int_equal(state_of(NR_WRITEBACK), 200);
	current->pending &= ~(1UL << 8);
	clear_thread_flag(TIF_SIGPENDING);
	current->flags &= ~(unsigned int)PF_MEMALLOC;
	current->reclaim_state = NULL;
}
MACHINE_TEST(the_dying_do_not_wait, MACHINE)

/* Who would not ask the killer anyway need not wait: it has another plan. */
static void who_cannot_kill_does_not_wait(void)
{
	unsigned long start;
	struct page *page;

	write_file(200);
	want(0);
	host_sleep(1);
	start = jiffies;
	do
		page = alloc_page(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
	while (page);
	assert_null(alloc_pages(GFP_KERNEL | __GFP_NOWARN, 4));
	assert_true(jiffies - start < 2 * HZ);
}
MACHINE_TEST(who_cannot_kill_does_not_wait, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(a_slow_disk_kills_nobody),
		machine_unit_test(nor_does_a_slow_swap_disk),
		machine_unit_test(a_dead_disk_is_not_waited_for),
		machine_unit_test(writes_that_fail_are_not_waited_for),
		machine_unit_test(the_dying_do_not_wait),
		machine_unit_test(who_cannot_kill_does_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
