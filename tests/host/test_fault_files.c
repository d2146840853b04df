/* SPDX-License-Identifier: MIT */
/* Faults on files that go wrong or must wait: refused notices, pages that go, disks that fail, local reclaim. */
#include "tests/host/machine_fixture.h"
#include "tests/host/files.h"

#include "mm/vmscan.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24
#define SIZE	(200 * (loff_t)PAGE_SIZE)

/* ---- page_mkwrite ---- */

static int notices, answer;

static int notice(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	(void)vma;
	assert_true(PageLocked(vmf->page));
	notices++;
	return answer;
}

static const struct vm_operations_struct noticing = { .fault = filemap_fault, .page_mkwrite = notice };

static int map_noticing(struct file *f, struct vm_area_struct *vma)
{
	(void)f;
	vma->vm_ops = &noticing;
	return 0;
}

static void first_writes_are_noticed(void)
{
	static const struct file_operations fops = { .mmap = map_noticing };
	struct test_file *f = disk_file("vda", SIZE);
	unsigned long va;

	f->file.f_op = &fops;
	va = map_file(f, 8, PROT_READ | PROT_WRITE, MAP_SHARED);
	put(va, 1);
	assert_int_equal(notices, 1);
	put(va + 8, 2);
	assert_int_equal(notices, 1); /* once */
	assert_int_equal(get(va + PAGE_SIZE), 1ULL << 32);
	put(va + PAGE_SIZE, 3); /* was mapped for reading */
	assert_int_equal(notices, 2);
	assert_int_equal(filemap_write_and_wait(mapping_of(f)), 0);
	put(va, 4); /* clean again: noticed again */
	assert_int_equal(notices, 3);
	answer = VM_FAULT_SIGBUS; /* no room on the disk, say */
	assert_int_equal(get(va + 2 * PAGE_SIZE), 2ULL << 32);
	assert_int_equal(touch(va + 2 * PAGE_SIZE, true), SIGBUS);
	assert_int_equal(touch(va + 3 * PAGE_SIZE, true), SIGBUS);
	assert_int_equal(exact_state(NR_FILE_DIRTY), 1);
	answer = 0;
	put(va + 2 * PAGE_SIZE, 5);
	assert_int_equal(get(va + 2 * PAGE_SIZE), 5);
}
MACHINE_TEST(first_writes_are_noticed, MACHINE)

static unsigned int writers_seen;

static int map_counting(struct file *f, struct vm_area_struct *vma)
{
	writers_seen = f->f_mapping->i_mmap_writable;
	return generic_file_mmap(f, vma) ?: answer;
}

/* Who would forbid writing meanwhile must see the area that is just being made. */
static void a_writer_counts_before_the_file_is_asked(void)
{
	static const struct file_operations fops = { .mmap = map_counting };
	struct test_file *f = disk_file("vda", SIZE);
	unsigned long va;

	f->file.f_op = &fops;
	va = map_file(f, 8, PROT_READ, MAP_SHARED); /* mprotect may make it writable */
	assert_int_equal(writers_seen, 1);
	assert_int_equal(mapping_of(f)->i_mmap_writable, 1);
	assert_int_equal(vm_munmap(va, 8 * PAGE_SIZE), 0);
	assert_int_equal(mapping_of(f)->i_mmap_writable, 0);
	va = map_file(f, 8, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	assert_int_equal(writers_seen, 0);
	answer = -EPERM;
	assert_int_equal(vm_mmap(&f->file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, 0), -EPERM);
	assert_int_equal(writers_seen, 1);
	assert_int_equal(mapping_of(f)->i_mmap_writable, 0);
	answer = 0;
}
MACHINE_TEST(a_writer_counts_before_the_file_is_asked, MACHINE)

/* ---- Errors ---- */

static void disks_that_fail(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	unsigned long va = map_file(f, 8, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	f->disk->bad_read_end = ~0ULL;
	assert_int_equal(touch(va, false), SIGBUS);
	assert_int_equal(touch(va, true), SIGBUS);
	f->disk->bad_read_end = 0;
	f->refuse = -EIO;
	assert_int_equal(touch(va + PAGE_SIZE, false), SIGBUS);
	f->refuse = 0;
	assert_int_equal(get(va + PAGE_SIZE), 1ULL << 32);
	put(va, 9);
	assert_int_equal(get_mm_counter(current->mm, MM_ANONPAGES), 1);
}
MACHINE_TEST(disks_that_fail, MACHINE)

/* ---- Faults that wait for the page ---- */

struct toucher {
	unsigned long va;
	int signal;
	bool done;
};

static void touch_page(void *arg)
{
	struct toucher *t = arg;

	t->signal = touch(t->va, false);
	t->done = true;
}

/* => a task of this address space that waits for the page of index, which is locked */
static struct task_struct *start_toucher(struct toucher *t)
{
	struct task_struct *task;

	atomic_inc(&current->mm->mm_users);
	task = host_spawn("toucher", current->mm, touch_page, t);
	host_sleep(3);
	assert_false(t->done);
	return task;
}

static void the_page_goes(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	struct toucher t = { map_file(f, 8, PROT_READ, MAP_SHARED) + 3 * PAGE_SIZE };
	struct page *page = locked_page(f, 3);

	start_toucher(&t);
	delete_from_page_cache(page);
	unlock_page(page);
	put_page(page);
	host_sleep(5);
	assert_true(t.done);
	assert_int_equal(t.signal, 0);
	assert_int_equal(get(t.va), 3ULL << 32);
}
MACHINE_TEST(the_page_goes, MACHINE)

static void the_file_ends(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	struct toucher t = { map_file(f, 8, PROT_READ, MAP_SHARED) + 3 * PAGE_SIZE };
	struct page *page = locked_page(f, 3);

	start_toucher(&t);
	f->inode.i_size = PAGE_SIZE; /* but the page is not yet cut off */
	clear_highpage(page);
	SetPageUptodate(page);
	unlock_page(page);
	put_page(page);
	host_sleep(5);
	assert_true(t.done);
	assert_int_equal(t.signal, SIGBUS);
}
MACHINE_TEST(the_file_ends, MACHINE)

static void the_task_is_killed(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	struct toucher t = { map_file(f, 8, PROT_READ, MAP_SHARED) + 3 * PAGE_SIZE };
	struct page *page = locked_page(f, 3);

	task_kill(start_toucher(&t));
	host_sleep(5);
	assert_true(t.done);
	assert_int_equal(t.signal, SIGKILL);
	unlock_page(page);
	put_page(page);
}
MACHINE_TEST(the_task_is_killed, MACHINE)

/* A page that is not there, of a disk that has stopped: whoever waits for it can be killed, however it is read. */
static void a_silent_disk(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	unsigned long va = map_file(f, 100, PROT_READ, MAP_SHARED);
	struct toucher t = { va + 3 * PAGE_SIZE }, u = { va + 3 * PAGE_SIZE }, v = { va + 90 * PAGE_SIZE };

	f->disk->stopped = true;
	task_kill(start_toucher(&t));
	task_kill(start_toucher(&u));
	f->file.f_ra.ra_pages = 0;
	task_kill(start_toucher(&v));
	host_sleep(5);
	assert_true(t.done && u.done && v.done);
	assert_int_equal(t.signal, SIGKILL);
	assert_int_equal(u.signal, SIGKILL);
	assert_int_equal(v.signal, SIGKILL);
	f->disk->stopped = false;
	assert_int_equal(get(va + 3 * PAGE_SIZE), 3ULL << 32);
	assert_int_equal(get(va + 90 * PAGE_SIZE), 90ULL << 32);
}
MACHINE_TEST(a_silent_disk, MACHINE)

/* A page under somebody's lock is waited for by whoever asks for that alone. */
static void unlock_soon(void *page)
{
	host_sleep(3);
	unlock_page(page);
}

static void waited_for(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	struct page *page = locked_page(f, 3);
	unsigned long start = jiffies;

	host_spawn("unlocker", NULL, unlock_soon, page);
	wait_on_page_locked(page);
	assert_in_range(jiffies - start, 2, 6);
	wait_on_page_locked(page);
	assert_ptr_equal(read_mapping_page(mapping_of(f), 3, &f->file), page);
	assert_true(PageUptodate(page));
	put_page(page);
	assert_ptr_equal(read_mapping_page(mapping_of(f), 3, &f->file), page);
	put_page(page);
	put_page(page);
	f->refuse = -EIO;
	assert_int_equal(PTR_ERR(read_mapping_page(mapping_of(f), 9, &f->file)), -EIO);
}
MACHINE_TEST(waited_for, MACHINE)

/* ---- zone_reclaim ---- */

static u64 buf[200 * WORDS];

/* The local zone first: unmapped pages of files go, by those who may sleep and do not reclaim already. */
static void local_reclaim(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	struct zone *zone = NULL, *z;
	unsigned long most = 0, freed, pages;

	assert_int_equal(file_get(f, buf, SIZE, 0), SIZE);
	lru_add_drain();
	for_each_populated_zone(z) {
		unsigned long file = zone_page_state_snapshot(z, NR_INACTIVE_FILE);

		if (file >= most)
			zone = z, most = file;
	}
	assert_true(zone && most > 100);
	zone_page_state_add(0, zone, NR_INACTIVE_FILE);
	refresh_cpu_vm_stats(0);
	assert_int_equal(zone_reclaim(zone, GFP_ATOMIC, 0), 0);
	current->flags |= PF_MEMALLOC;
	assert_int_equal(zone_reclaim(zone, GFP_KERNEL, 0), 0);
	current->flags &= ~(unsigned int)PF_MEMALLOC;
	sysctl_min_unmapped_ratio = sysctl_min_slab_ratio = 100;
	assert_int_equal(zone_reclaim(zone, GFP_KERNEL, 0), 0); /* it has too little to be worth it */
	sysctl_min_unmapped_ratio = 0;
	pages = mapping_of(f)->nrpages;
	freed = zone_reclaim(zone, GFP_KERNEL, 0);
	assert_true(freed >= 32);
	assert_true(mapping_of(f)->nrpages <= pages - freed);
	assert_false(current->flags & (PF_MEMALLOC | PF_SWAPWRITE));
	assert_null(current->reclaim_state);
}
MACHINE_TEST(local_reclaim, MACHINE)

/* ---- The counters of faults ---- */

static void counters_are_folded_on_demand(void)
{
	unsigned long va = map_anon(10 * PAGE_SIZE), at;

	sysctl_stat_interval = INT_MAX;
	refresh_vm_stats();
	at = global_page_state(NR_ANON_PAGES);
	for (unsigned long i = 0; i < 10; i++) {
		put(va + i * PAGE_SIZE, 1);
		refresh_vm_stats();
		assert_int_equal(global_page_state(NR_ANON_PAGES), at + i + 1);
	}
}
MACHINE_TEST(counters_are_folded_on_demand, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(first_writes_are_noticed),
		machine_unit_test(a_writer_counts_before_the_file_is_asked),
		machine_unit_test(disks_that_fail),
		machine_unit_test(the_page_goes),
		machine_unit_test(the_file_ends),
		machine_unit_test(the_task_is_killed),
		machine_unit_test(a_silent_disk),
		machine_unit_test(waited_for),
		machine_unit_test(local_reclaim),
		machine_unit_test(counters_are_folded_on_demand),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
