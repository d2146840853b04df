/* SPDX-License-Identifier: MIT */
/*
 * The failure report (spec 4.3): its lines in their order, whose nodes it shows, what keeps it quiet, its limiter; and
 * the limit that messages about programs share, printk_ratelimit().
 */
#include "tests/host/machine_fixture.h"
#include "tests/host/oom_fixture.h"

#include "kernel/base/preempt.h"
#include "kernel/base/ratelimit.h"
#include "mm/slowpath.h"

#define MACHINE .ram_mib = 24, .dma_mib = 4, .lowmem_mib = 16

static void listen(void)
{
	forget_said();
}

/* A block that no machine of 24 MiB with used frames has, asked for by one that cannot wait. */
static void fail_once(gfp_t more)
{
	struct page *page;

	while ((page = alloc_pages(GFP_NOWAIT | __GFP_NOWARN, 10)))
		;
	assert_null(alloc_pages(GFP_ATOMIC | more, 10));
}

/* => the text follows `at` somewhere; where it ends */
static const char *then(const char *at, const char *text)
{
	const char *found = strstr(at, text);

	if (!found)
		fail_msg("'%s' is not said, or not here: %s", text, at);
	return found + strlen(text);
}

static void every_line_in_order(void)
{
	static const char *const lines[] = {
		"test: page allocation failure: order:10, mode:0x20\n<stack>\nMem-Info:\n",
		"DMA per-cpu:\nCPU    0: hi:", ", btch:", " usd:", "Normal per-cpu:\n", "HighMem per-cpu:\n",
		"active_anon:", " inactive_anon:", " isolated_anon:", "\n active_file:", " inactive_file:",
		" isolated_file:", "\n unevictable:", " dirty:", " writeback:", " unstable:", "\n free:",
		" slab_reclaimable:", " slab_unreclaimable:", "\n mapped:", " shmem:", " pagetables:", " bounce:",
		"\n free_cma:", "DMA free:", "kB min:", "kB low:", "kB high:", "kB active_anon:", "kB inactive_anon:",
		"kB active_file:", "kB inactive_file:", "kB unevictable:", "kB isolated(anon):", "kB isolated(file):",
		"kB present:", "kB managed:", "kB mlocked:", "kB dirty:", "kB writeback:", "kB mapped:", "kB shmem:",
		"kB slab_reclaimable:", "kB slab_unreclaimable:", "kB kernel_stack:", "kB pagetables:", "kB unstable:",
		"kB bounce:", "kB free_cma:", "kB writeback_tmp:", "kB pages_scanned:", " all_unreclaimable? ",
		"\nlowmem_reserve[]: 0 ", "Normal free:", "HighMem free:", "DMA: ", "*4kB ", "*4096kB ", "= ",
		"Normal: ", "HighMem: ", " total pagecache pages\n", " pages in swap cache\nSwap cache stats: add ",
		", delete ", ", find ", "\nFree swap  = 0kB\nTotal swap = 0kB\n", " pages RAM\n",
		" pages HighMem/MovableOnly\n", " pages reserved\n",
	};
	const char *at = said;

	fail_once(__GFP_NOWARN);
	listen();
	fail_once(0);
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++)
		at = then(at, lines[i]);
	assert_string_equal(at, "");
}
MACHINE_TEST(every_line_in_order, MACHINE)

/* X is the caller's mask after what the machine and the task forbid. */
static void mode_is_what_was_left_of_it(void)
{
	fail_once(__GFP_NOWARN);
	listen();
	current->flags |= PF_MEMALLOC_NOIO | PF_MEMALLOC;
	assert_null(alloc_pages(GFP_KERNEL | __GFP_NOMEMALLOC, 10));
	current->flags &= ~(unsigned int)(PF_MEMALLOC_NOIO | PF_MEMALLOC);
	assert_true(says("order:10, mode:0x10010\n"));
	gfp_allowed_mask = GFP_BOOT_MASK;
	assert_null(alloc_pages(GFP_KERNEL, 10));
	gfp_allowed_mask = GFP_BITS_MASK;
	assert_true(says("order:10, mode:0x0\n"));
}
MACHINE_TEST(mode_is_what_was_left_of_it, MACHINE)

/* => the node's zones are in the report of such a request */
static bool shows_zones(gfp_t gfp)
{
	listen();
	warn_alloc_failed(gfp, 0);
	return says("DMA free:");
}

/* A task that may use other nodes only is not shown this one, unless the request could have come here all the same. */
static void nodes_of_the_cpuset(void)
{
	assert_true(shows_zones(GFP_KERNEL));
	current->mems_allowed = 2;
	assert_false(shows_zones(GFP_KERNEL));
	assert_true(shows_zones(GFP_ATOMIC));
	preempt_count_add(HARDIRQ_OFFSET);
	assert_true(shows_zones(GFP_KERNEL));
	preempt_count_sub(HARDIRQ_OFFSET);
	for (int dying = 0; dying < 3; dying++) {
		unsigned int flag = dying == 0 ? PF_MEMALLOC : dying == 1 ? PF_EXITING : 0;

		if (!flag)
			set_thread_flag(TIF_MEMDIE);
		current->flags |= flag;
		assert_true(shows_zones(GFP_KERNEL));
		assert_false(shows_zones(GFP_KERNEL | __GFP_NOMEMALLOC));
		current->flags &= ~flag;
		host_sleep(6 * HZ);
	}
	clear_thread_flag(TIF_MEMDIE);
}
MACHINE_TEST(nodes_of_the_cpuset, MACHINE)

static int reports(int requests)
{
	listen();
	while (requests--)
		warn_alloc_failed(GFP_ATOMIC, 0);
	return times_said("page allocation failure");
}

/* Ten in five seconds; the first one after says how many there were. Others' messages have limits of their own. */
static void ten_in_five_seconds(void)
{
	host_sleep(1); /* before the clock runs nothing is limited */
	for (int i = 0; i < 50; i++)
		warn_alloc_failed(GFP_ATOMIC | __GFP_NOWARN, 0); /* quiet ones take no turn */
	assert_int_equal(reports(5), 5);
	assert_int_equal(reports(9), 5);
	host_sleep(4 * HZ);
	assert_int_equal(reports(3), 0);
	assert_true(printk_ratelimit());
	host_sleep(2 * HZ);
	assert_int_equal(reports(12), 10);
	assert_int_equal(times_said("warn_alloc_failed: 7 callbacks suppressed\n"), 1);
	host_sleep(6 * HZ);
	assert_int_equal(reports(1), 1);
	assert_int_equal(times_said("warn_alloc_failed: 2 callbacks suppressed\n"), 1);
}
MACHINE_TEST(ten_in_five_seconds, MACHINE)

static int turns(int n)
{
	int got = 0;

	while (n--)
		got += printk_ratelimit();
	return got;
}

static void the_shared_limit(void)
{
	host_sleep(1);
	assert_int_equal(turns(30), 10);
	printk_ratelimit_state.burst = 13;
	assert_int_equal(turns(30), 3);
	host_sleep(6 * HZ);
	assert_int_equal(turns(30), 13);
	printk_ratelimit_state.interval = 0; /* no limit */
	assert_int_equal(turns(30), 30);
	printk_ratelimit_state.interval = HZ;
	host_sleep(2 * HZ);
	assert_int_equal(turns(30), 13);
	assert_int_equal(reports(11), 10);
}
MACHINE_TEST(the_shared_limit, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(every_line_in_order), machine_unit_test(mode_is_what_was_left_of_it),
		machine_unit_test(nodes_of_the_cpuset), machine_unit_test(ten_in_five_seconds),
		machine_unit_test(the_shared_limit),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
