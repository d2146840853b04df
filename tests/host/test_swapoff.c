/* SPDX-License-Identifier: MIT */
/* swapoff: what stops it gives the area back whole, priorities move up, and everything ends in memory. */
#include "tests/host/machine_fixture.h"

#include "mm/internal.h"
#include "mm/swap_internal.h"

#define PAGES 500U
#define SLOTS 4096U

static struct host_disk *disk;
static unsigned long va;

/* A disk with PAGES pages of ours on it. */
static void fill_area(void)
{
	disk = swap_on("swap0", SLOTS);
	va = map_anon(PAGES * PAGE_SIZE);
	for (unsigned int i = 0; i < PAGES; i++) {
		put(va + i * PAGE_SIZE, 7000 + i);
		push_out(va + i * PAGE_SIZE);
	}
}

static unsigned int pages_out(void)
{
	unsigned int out = 0;

	for (unsigned int i = 0; i < PAGES; i++)
		out += is_swap_pte(entry_of(va + i * PAGE_SIZE));
	return out;
}

static void all_pages_right(void)
{
	for (unsigned int i = 0; i < PAGES; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), 7000 + i);
}

static struct swap_row row_of(unsigned int type)
{
	struct swap_row row;

	assert_true(swap_get_row(type, &row));
	return row;
}

/* The sums are those of an area with so many slots in use. */
static void area_is_on(unsigned int used)
{
	assert_int_equal(total_swap_pages, SLOTS - 1);
	assert_int_equal(get_nr_swap_pages(), SLOTS - 1 - used);
	assert_int_equal(row_of(0).used_kb, used * 4);
}

static void area_takes_pages(void)
{
	unsigned long more = map_anon(PAGE_SIZE);

	put(more, 1);
	push_out(more);
	assert_int_equal(get(more), 1);
	assert_int_equal(vm_munmap(more, PAGE_SIZE), 0);
}

static void a_signal_stops_it(void)
{
	fill_area();
	area_is_on(PAGES);
	set_thread_flag(TIF_SIGPENDING);
	assert_int_equal(do_swapoff(&disk->bdev), -EINTR);
	clear_thread_flag(TIF_SIGPENDING);
	assert_in_range(pages_out(), PAGES - 40, PAGES - 1); /* it had begun */
	area_is_on(PAGES - 1); /* the page that came back, the last one of the slot, has given it up */
	area_takes_pages();
	assert_int_equal(row_of(0).prio, -1);
	all_pages_right();
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	assert_int_equal(total_swap_pages, 0);
	assert_int_equal(get_nr_swap_pages(), 0);
	all_pages_right();
}
MACHINE_TEST(a_signal_stops_it, .ram_mib = 32)

static unsigned int allowed;

static bool fail_when_used_up(gfp_t gfp, unsigned int order)
{
	(void)order;
	return (gfp & __GFP_HIGHMEM) && (!allowed || !allowed--);
}

static void no_memory_stops_it(void)
{
	fill_area();
	page_cluster = 0;
	for (allowed = 0; allowed < 300; allowed += 100) {
		unsigned int before = pages_out(), n = allowed;

		set_fail_page_alloc(fail_when_used_up);
		assert_int_equal(do_swapoff(&disk->bdev), -ENOMEM);
		set_fail_page_alloc(NULL);
		assert_int_equal(before - pages_out(), n);
		area_is_on(pages_out());
		area_takes_pages();
		allowed = n;
	}
	all_pages_right();
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	all_pages_right();
}
MACHINE_TEST(no_memory_stops_it, .ram_mib = 32)

/* More than memory and other areas hold: refused before anything is done. */
static void no_commit_refuses_it(void)
{
	fill_area();
	sysctl_overcommit_memory = 2;
	sysctl_overcommit_ratio = 0;
	assert_int_equal(do_swapoff(&disk->bdev), -ENOMEM);
	sysctl_overcommit_memory = 0;
	assert_int_equal(pages_out(), PAGES);
	area_is_on(PAGES);
	all_pages_right();
}
MACHINE_TEST(no_commit_refuses_it, .ram_mib = 32)

static void priorities_move_up(void)
{
	static const char *const names[] = { "a", "b", "c" };
	struct host_disk *disks[3];
	int last;

	for (unsigned int i = 0; i < 3; i++) {
		disks[i] = swap_on(names[i], 64);
		assert_int_equal(row_of(i).prio, -1 - (int)i);
	}
	assert_int_equal(do_swapoff(&disks[1]->bdev), 0);
	assert_int_equal(row_of(0).prio, -1);
	assert_int_equal(row_of(2).prio, -2);
	assert_int_equal(do_swapon(&disks[1]->bdev, "b", SWAP_FLAG_PREFER | 7), 0);
	assert_int_equal(row_of(1).prio, 7);
	assert_int_equal(do_swapoff(&disks[1]->bdev), 0); /* an explicit one moves nobody */
	assert_int_equal(row_of(2).prio, -2);
	assert_int_equal(do_swapon(&disks[1]->bdev, "b", 0), 0);
	assert_int_equal(row_of(1).prio, -3);
	va = map_anon(PAGE_SIZE);
	put(va, 1);
	push_out(va);
	assert_int_equal(swp_type(pte_to_swp_entry(entry_of(va))), 0);
	set_thread_flag(TIF_SIGPENDING);
	last = do_swapoff(&disks[0]->bdev);
	clear_thread_flag(TIF_SIGPENDING);
	assert_int_equal(last, -EINTR);
	assert_int_equal(row_of(0).prio, -3); /* given back as the last of all */
	assert_int_equal(row_of(2).prio, -1);
	assert_int_equal(row_of(1).prio, -2);
	assert_int_equal(get(va), 1);
}
MACHINE_TEST(priorities_move_up, .ram_mib = 32)

/* Two processes and a child of one share slots, one of them is forked while the area is emptied. */
static void shared_slots_come_back_to_all(void)
{
	struct mm_struct *parent = current->mm, *child, *grandchild;

	fill_area();
	child = dup_mm(parent);
	assert_non_null(child);
	host_use_mm(child);
	for (unsigned int i = 0; i < PAGES; i += 3)
		put(va + i * PAGE_SIZE, i); /* the child's own now */
	grandchild = dup_mm(child);
	assert_non_null(grandchild);
	assert_int_equal(swp_swapcount(pte_to_swp_entry(entry_of(va + PAGE_SIZE))), 3);
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	host_use_mm(grandchild);
	assert_int_equal(pages_out(), 0);
	for (unsigned int i = 0; i < PAGES; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), i % 3 ? 7000 + i : i);
	host_use_mm(parent);
	assert_int_equal(pages_out(), 0);
	all_pages_right();
	mmput(child);
	mmput(grandchild);
	all_pages_right();
}
MACHINE_TEST(shared_slots_come_back_to_all, .ram_mib = 32)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(a_signal_stops_it),
		machine_unit_test(no_memory_stops_it),
		machine_unit_test(no_commit_refuses_it),
		machine_unit_test(priorities_move_up),
		machine_unit_test(shared_slots_come_back_to_all),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
