/* SPDX-License-Identifier: MIT */
/* Dirty file pages: counted, limited, written by flushers, and what becomes of them when the disk is slow or bad. */
#include "tests/host/machine_fixture.h"
#include "tests/host/file_fixture.h"

#define SMALL .ram_mib = 16, .dma_mib = 4

/* What is dirtied between two looks of one CPU and one writer, and what another disk may always have. */
#define SLACK (RATELIMIT_PAGES + 1)

static void limit_pages(unsigned long background, unsigned long dirty)
{
	dirty_background_bytes = background * PAGE_SIZE;
	vm_dirty_bytes = dirty * PAGE_SIZE;
}

static long dirty_of(struct disk_file *f)
{
	return atomic_long_read(&f->inode.i_data.bdi->nr_dirty);
}

static long writeback_of(struct disk_file *f)
{
	return atomic_long_read(&f->inode.i_data.bdi->nr_writeback);
}

static void pages_are_counted(void)
{
	struct disk_file *f = disk_file_create("d", 256);
	struct address_space *mapping = &f->inode.i_data;

	put_pages(f, 10, 7, 0x11);
	put_pages(f, 12, 1, 0x12); /* dirty already */
	assert_int_equal(dirty_of(f), 7);
	assert_int_equal(state_of(NR_FILE_DIRTY), 7);
	assert_int_equal(state_of(NR_DIRTIED), 7);
	f->disk->stopped = true;
	assert_int_equal(filemap_fdatawrite_range(mapping, 10 * PAGE_SIZE, 14 * PAGE_SIZE - 1), 0);
	assert_int_equal(dirty_of(f), 3);
	assert_int_equal(writeback_of(f), 4);
	assert_int_equal(state_of(NR_WRITEBACK), 4);
	put_pages(f, 11, 1, 0x13); /* dirty again while it is being written */
	assert_int_equal(dirty_of(f), 4);
	assert_int_equal(bdi_total_unwritten(), 8);
	f->disk->stopped = false;
	assert_int_equal(filemap_write_and_wait(mapping), 0);
	assert_int_equal(bdi_total_unwritten(), 0);
	assert_int_equal(state_of(NR_WRITTEN), 8);
	assert_int_equal(f->disk->bytes[10 * PAGE_SIZE], 0x11);
	assert_int_equal(f->disk->bytes[11 * PAGE_SIZE], 0x13);
	assert_int_equal(f->disk->bytes[12 * PAGE_SIZE], 0x12);
	assert_int_equal(f->disk->bytes[17 * PAGE_SIZE], first_byte(17, 0));
	put_pages(f, 0, 5, 1);
	truncate_inode_pages(mapping, 0); /* dirty pages of what is cut off are no longer */
	assert_int_equal(bdi_total_unwritten(), 0);
	assert_int_equal(state_of(NR_FILE_DIRTY), 0);
	assert_false(mapping->wb_listed);
}
MACHINE_TEST(pages_are_counted, SMALL)

static void limits(void)
{
	unsigned long memory = global_dirtyable_memory(), background, dirty;

	global_dirty_limits(&background, &dirty);
	assert_int_equal(dirty, memory * 20 / 100);
	assert_int_equal(background, memory * 10 / 100);
	limit_pages(3, 100);
	global_dirty_limits(&background, &dirty);
	assert_int_equal(dirty, 100);
	assert_int_equal(background, 3);
	limit_pages(100, 100); /* background is below the limit */
	global_dirty_limits(&background, &dirty);
	assert_int_equal(background, 50);
	vm_dirty_bytes = PAGE_SIZE + 1;
	global_dirty_limits(&background, &dirty);
	assert_int_equal(dirty, 2);
}
MACHINE_TEST(limits, SMALL)

/* Faster than its disk: the writer is slowed down, and no more pages than the limit and the slack are ever dirty. */
static void a_writer_is_slowed_down(void)
{
	struct disk_file *f = disk_file_create("d", 2048);
	unsigned long most = 0;

	f->disk->latency_ns = 30000000;
	limit_pages(64, 128);
	for (unsigned long i = 0; i < 2000; i++) {
		put_pages(f, i, 1, (u8)i);
		most = max(most, bdi_total_unwritten());
	}
	print_message("limit 128, at most %lu dirty, %lu written by the end\n", most, f->writes);
	assert_true(most > 128 / 2);
	assert_true(most <= 128 + SLACK);
	assert_true(f->writes >= 2000 - 128 - SLACK);
	assert_true(jiffies > 2000 / (128 + SLACK)); /* it waited for the disk, 30 ms each time */
	assert_int_equal(filemap_write_and_wait(&f->inode.i_data), 0);
	for (unsigned long i = 0; i < 2000; i++)
		assert_int_equal(f->disk->bytes[i * PAGE_SIZE + 9], (u8)i);
}
MACHINE_TEST(a_writer_is_slowed_down, SMALL)

/* The same through a mapping: each first write of a page is seen, and again after the page has been cleaned. */
static void a_mapping_is_slowed_down(void)
{
	struct disk_file *f = disk_file_create("d", 1024);
	unsigned long va = map_file(f, 1024, PROT_READ | PROT_WRITE, MAP_SHARED), most = 0;

	f->disk->latency_ns = 30000000;
	limit_pages(64, 128);
	for (int round = 0; round < 2; round++) {
		for (unsigned long i = 0; i < 1024; i++) {
			put(va + i * PAGE_SIZE, i + (unsigned long)round);
			most = max(most, bdi_total_unwritten());
		}
	}
	assert_true(most <= 128 + SLACK);
	assert_true(f->writes >= 2048 - 128 - SLACK);
	assert_int_equal(filemap_write_and_wait(&f->inode.i_data), 0);
	for (unsigned long i = 0; i < 1024; i++)
		assert_int_equal(*(u64 *)(f->disk->bytes + i * PAGE_SIZE), i + 1);
}
MACHINE_TEST(a_mapping_is_slowed_down, SMALL)

/* A task that others' pages go through (a loop device's): it is slowed down by its own disk, not by what they have. */
static void who_writes_for_others(void)
{
	struct disk_file *below = disk_file_create("d", 2048), *others = disk_file_create("e", 256);
	unsigned long most = 0;

	others->disk->latency_ns = 1000000000000;
	limit_pages(200, 400);
	put_pages(others, 0, 150, 1);
	below->disk->latency_ns = 30000000;
	limit_pages(64, 128);
	current->flags |= PF_LESS_THROTTLE;
	for (unsigned long i = 0; i < 1000; i++) {
		put_pages(below, i, 1, (u8)i);
		most = max(most, bdi_unwritten(below->inode.i_data.bdi));
	}
	current->flags &= ~(unsigned int)PF_LESS_THROTTLE;
	assert_in_range(most, 100, 128 + SLACK);
	assert_true(jiffies < 100 * HZ);
	assert_int_equal(bdi_unwritten(others->inode.i_data.bdi), 150);
}
MACHINE_TEST(who_writes_for_others, SMALL)

/* Between the limits the flusher works and nobody waits. */
static void the_background_limit(void)
{
	struct disk_file *f = disk_file_create("d", 1024);
	unsigned long before = jiffies;

	f->disk->latency_ns = 10000000;
	limit_pages(50, 2000);
	put_pages(f, 0, 400, 5);
	assert_int_equal(jiffies - before, 0);
	assert_true(dirty_of(f) > 50);
	host_sleep(20);
	assert_true(dirty_of(f) <= 50);
	assert_int_equal(f->writes + (unsigned long)dirty_of(f), 400);
}
MACHINE_TEST(the_background_limit, SMALL)

static void old_pages_are_written(void)
{
	struct disk_file *f = disk_file_create("d", 64), *g = disk_file_create("e", 64);

	put_pages(f, 3, 2, 0x77);
	host_sleep(20 * HZ);
	assert_int_equal(f->writes, 0); /* dirty_expire_centisecs 3000 */
	put_pages(g, 3, 1, 0x78);
	host_sleep(16 * HZ); /* and dirty_writeback_centisecs 500 */
	assert_int_equal(f->writes, 2);
	assert_int_equal(g->writes, 0);
	assert_int_equal(f->disk->bytes[3 * PAGE_SIZE], 0x77);
	assert_int_equal(filemap_write_and_wait(&g->inode.i_data), 0);
	host_sleep(10 * HZ);
	put_pages(g, 3, 1, 0x7a); /* still on the list, but as young as any */
	host_sleep(20 * HZ);
	assert_int_equal(g->writes, 1);
	g->writes = 0;
	dirty_writeback_interval = 0; /* no periodic writing at all */
	flusher_interval_changed();
	host_sleep(100 * HZ);
	assert_int_equal(g->writes, 0);
	dirty_expire_interval = 100;
	dirty_writeback_interval = 10;
	flusher_interval_changed();
	host_sleep(HZ / 2);
	assert_int_equal(g->writes, 1);
	put_pages(g, 5, 1, 0x79);
	host_sleep(HZ / 2);
	assert_int_equal(g->writes, 1);
	host_sleep(HZ);
	assert_int_equal(g->writes, 2);
}
MACHINE_TEST(old_pages_are_written, SMALL)

static void flushers_are_asked(void)
{
	struct disk_file *f = disk_file_create("d", 256);

	put_pages(f, 0, 100, 1);
	wakeup_flusher_threads(30);
	host_sleep(5);
	assert_int_equal(f->writes, 30);
	assert_int_equal(f->disk->bytes[29 * PAGE_SIZE], 1);
	assert_int_not_equal(f->disk->bytes[30 * PAGE_SIZE], 1);
	put_pages(f, 0, 1, 2); /* what is behind comes first all the same */
	wakeup_flusher_threads(70);
	host_sleep(5);
	assert_int_equal(f->writes, 100);
	assert_int_equal(f->disk->bytes[99 * PAGE_SIZE], 1);
	assert_int_equal(f->disk->bytes[0], 1);
	wakeup_flusher_threads(0);
	host_sleep(5);
	assert_int_equal(f->disk->bytes[0], 2);
	assert_int_equal(bdi_total_unwritten(), 0);
}
MACHINE_TEST(flushers_are_asked, SMALL)

/* ---- Disks that do not answer ---- */

static unsigned long written_by_task;

static void write_500(void *arg)
{
	struct disk_file *f = arg;

	for (unsigned long i = 0; i < 500 && !fatal_signal_pending(current); i++) {
		u8 byte = 9;
		loff_t pos = (loff_t)(i * PAGE_SIZE);
		ssize_t n = filemap_write(&f->file, &byte, 1, &pos, false);

		if (n == 1)
			written_by_task++;
	}
}

static void a_stalled_disk_stops_its_writers_only(void)
{
	struct disk_file *stuck = disk_file_create("stuck", 512), *good = disk_file_create("good", 2048);
	unsigned long most = 0;

	for (unsigned long i = 0; i < 500; i++) /* in memory: the writer needs no reading */
		file_get(stuck, i);
	limit_pages(32, 100);
	stuck->disk->stopped = true;
	assert_non_null(host_spawn("writer", NULL, write_500, stuck));
	host_sleep(10 * HZ);
	assert_int_equal(host_tasks(), 2);
	assert_true(written_by_task >= 66 && written_by_task <= 100 + SLACK);
	for (unsigned long i = 0; i < 1500; i++) {
		put_pages(good, i, 1, 3);
		most = max(most, bdi_total_unwritten());
	}
	print_message("stuck: %lu pages; at most %lu in all\n", written_by_task, most);
	assert_true(most <= 100 + BDI_FLOOR_PAGES + 2 * SLACK);
	assert_int_equal(host_tasks(), 2);
	stuck->disk->stopped = false;
	host_sleep(30 * HZ);
	assert_int_equal(host_tasks(), 1);
	assert_int_equal(written_by_task, 500);
	assert_int_equal(filemap_write_and_wait(&stuck->inode.i_data), 0);
	assert_int_equal(stuck->disk->bytes[499 * PAGE_SIZE], 9);
}
MACHINE_TEST(a_stalled_disk_stops_its_writers_only, SMALL)

static void write_pages(struct disk_file *f, unsigned long pages)
{
	while (pages) {
		unsigned long nr = min(pages, 200UL);

		put_pages(f, 0, nr, (u8)pages);
		assert_int_equal(filemap_write_and_wait(&f->inode.i_data), 0);
		pages -= nr;
	}
}

/* What is long ago counts half, and half of that: a disk that works now soon has its share. */
static void the_past_fades(void)
{
	struct disk_file *past = disk_file_create("past", 256), *present = disk_file_create("present", 256);

	vm_dirty_bytes = dirty_background_bytes = 1UL << 30;
	dirty_writeback_interval = 0;
	write_pages(past, 4000);
	assert_int_equal(bdi_share(past->inode.i_data.bdi, 1000), 1000);
	assert_int_equal(bdi_share(present->inode.i_data.bdi, 1000), 0);
	write_pages(present, 96); /* the period is full, */
	assert_int_equal(bdi_share(past->inode.i_data.bdi, 1000), 4000 * 1000 / 4096);
	write_pages(present, 2001); /* and now over: 2,000 of 4,000, 48 of 97, and 2,000 more */
	assert_int_equal(bdi_share(past->inode.i_data.bdi, 1000), 2000 * 1000 / 4048);
	assert_int_equal(bdi_share(present->inode.i_data.bdi, 1000), 2048 * 1000 / 4048);
}
MACHINE_TEST(the_past_fades, SMALL)

/* ---- Errors ---- */

static void an_error_is_told_once(void)
{
	struct disk_file *f = disk_file_create("d", 64);
	struct address_space *mapping = &f->inode.i_data;
	struct page *page;

	f->disk->bad_write = 8 * 10;
	f->disk->bad_write_end = 8 * 11;
	put_pages(f, 9, 3, 0x44);
	assert_int_equal(filemap_write_and_wait(mapping), -EIO);
	assert_int_equal(filemap_write_and_wait(mapping), 0);
	assert_int_equal(bdi_total_unwritten(), 0);
	/* The page stays in the cache, uptodate and clean: readers see it, the disk does not. */
	page = find_get_page(mapping, 10);
	assert_true(PageUptodate(page) && !PageDirty(page) && !PageWriteback(page));
	put_page(page);
	assert_int_equal(file_get(f, 10), 0x44);
	assert_int_equal(f->disk->bytes[9 * PAGE_SIZE], 0x44);
	assert_int_equal(f->disk->bytes[10 * PAGE_SIZE], first_byte(10, 0));
	assert_int_equal(f->disk->bytes[11 * PAGE_SIZE], 0x44);
	/* The flusher's error waits for who asks. */
	put_pages(f, 10, 1, 0x45);
	wakeup_flusher_threads(0);
	host_sleep(5);
	assert_int_equal(bdi_total_unwritten(), 0);
	assert_int_equal(filemap_write_and_wait_range(mapping, 0, PAGE_SIZE - 1), -EIO);
	assert_int_equal(filemap_write_and_wait(mapping), 0);
	f->disk->bad_write_end = 0;
	put_pages(f, 10, 1, 0x46);
	assert_int_equal(filemap_write_and_wait(mapping), 0);
	assert_int_equal(f->disk->bytes[10 * PAGE_SIZE], 0x46);
}
MACHINE_TEST(an_error_is_told_once, SMALL)

/* No memory for the write: the page stays dirty, and is written when there is. */
static void a_write_that_cannot_be_made(void)
{
	struct disk_file *f = disk_file_create("d", 64);
	struct address_space *mapping = &f->inode.i_data;

	put_pages(f, 1, 3, 0x55);
	f->no_memory = true;
	assert_int_equal(filemap_write_and_wait(mapping), -ENOMEM);
	assert_int_equal(dirty_of(f), 3);
	wakeup_flusher_threads(0);
	host_sleep(5);
	assert_int_equal(dirty_of(f), 3);
	assert_true(mapping->wb_listed);
	f->no_memory = false;
	wakeup_flusher_threads(0);
	host_sleep(5);
	assert_int_equal(bdi_total_unwritten(), 0);
	assert_int_equal(f->disk->bytes[3 * PAGE_SIZE], 0x55);
}
MACHINE_TEST(a_write_that_cannot_be_made, SMALL)

/* A file that ends while its flusher works on it. */
static void end_of_file(void *arg)
{
	struct disk_file *f = arg;

	truncate_inode_pages(&f->inode.i_data, 0);
	assert_false(f->inode.i_data.wb_listed);
	assert_ptr_not_equal(f->inode.i_data.bdi->writing, &f->inode.i_data);
}

static void a_file_ends_under_its_flusher(void)
{
	struct disk_file *f = disk_file_create("d", 1024);

	put_pages(f, 0, 300, 1); /* more than the queue has requests */
	f->disk->stopped = true;
	wakeup_flusher_threads(0);
	host_sleep(2);
	assert_true(writeback_of(f) > 0);
	assert_non_null(host_spawn("end", NULL, end_of_file, f));
	host_sleep(10);
	assert_int_equal(host_tasks(), 2); /* what is being written is waited for */
	f->disk->stopped = false;
	host_sleep(50);
	assert_int_equal(host_tasks(), 1);
	assert_int_equal(f->inode.i_data.nrpages, 0);
	assert_int_equal(bdi_total_unwritten(), 0);
	assert_int_equal(state_of(NR_FILE_DIRTY), 0);
}
MACHINE_TEST(a_file_ends_under_its_flusher, SMALL)

/* The same of a file that lives on, and is written to again before the end of the other's work: it is not forgotten. */
static void a_file_is_emptied_and_written_to(void)
{
	struct disk_file *f = disk_file_create("d", 64);
	struct address_space *mapping = &f->inode.i_data;

	dirty_expire_interval = dirty_writeback_interval = 100;
	flusher_interval_changed();
	put_pages(f, 0, 5, 1);
	truncate_inode_pages(mapping, 0);
	assert_false(mapping->wb_listed);
	put_pages(f, 7, 1, 2);
	writeback_mapping_gone(mapping); /* comes late */
	host_sleep(5 * HZ);
	assert_int_equal(f->writes, 1);
	assert_int_equal(f->disk->bytes[7 * PAGE_SIZE], 2);
	assert_int_equal(bdi_total_unwritten(), 0);
}
MACHINE_TEST(a_file_is_emptied_and_written_to, SMALL)

/* ---- Under pressure ---- */

/* Most of memory is clean file pages when somebody wants it: they are dropped, and nothing is written or swapped. */
static void clean_memory_is_dropped_for_others(void)
{
	struct disk_file *f = disk_file_create("d", 3000);
	unsigned long va, taken;

	swap_on("swap0", 4000);
	get_pages(f, 0, 2200);
	taken = f->inode.i_data.nrpages;
	assert_true(taken > 2000);
	va = map_anon(2200 * PAGE_SIZE);
	for (unsigned long i = 0; i < 2200; i++)
		put(va + i * PAGE_SIZE, i);
	taken -= f->inode.i_data.nrpages;
	print_message("%lu pages dropped; stolen %lu, swapped %lu\n", taken,
		      zone_events(PGSTEAL_KSWAPD) + zone_events(PGSTEAL_DIRECT), event(PSWPOUT));
	assert_true(taken > 500);
	assert_int_equal(zone_events(PGSTEAL_KSWAPD) + zone_events(PGSTEAL_DIRECT), taken);
	assert_int_equal(state_of(NR_VMSCAN_WRITE) + event(PSWPOUT), 0);
	assert_int_equal(f->writes, 0);
	for (unsigned long i = 0; i < 2200; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), i);
}
MACHINE_TEST(clean_memory_is_dropped_for_others, .ram_mib = 16, .dma_mib = 1)

/* Most of memory is dirty file pages when somebody wants it: flushers write, nothing is lost, nobody is killed. */
static void dirty_memory_is_written_for_others(void)
{
	struct disk_file *f = disk_file_create("d", 3000);
	unsigned long va;

	vm_dirty_ratio = dirty_background_ratio = 100;
	dirty_writeback_interval = 0;
	put_pages(f, 0, 2200, 0x66);
	assert_true(dirty_of(f) > 1500);
	va = map_anon(2200 * PAGE_SIZE);
	for (unsigned long i = 0; i < 2200; i++)
		put(va + i * PAGE_SIZE, i);
	print_message("by flushers %lu, by reclaim %lu, immediate %lu\n", f->writes, state_of(NR_VMSCAN_WRITE),
		      state_of(NR_VMSCAN_IMMEDIATE));
	assert_true(f->writes > 500);
	assert_true(state_of(NR_VMSCAN_WRITE) < f->writes / 4);
	assert_int_equal(vm_munmap(va, 2200 * PAGE_SIZE), 0);
	for (unsigned long i = 0; i < 2200; i++)
		assert_int_equal(file_get(f, i), 0x66);
}
MACHINE_TEST(dirty_memory_is_written_for_others, SMALL)

struct other_pages {
	struct disk_file *full;
	struct page *pages[2];
	bool locked;
};

static void fill_queue(void *arg)
{
	filemap_fdatawrite(&((struct disk_file *)arg)->inode.i_data);
}

static void lock_other(void *arg)
{
	struct other_pages *o = arg;

	for (int i = 0; i < 50 && !o->locked; i++) {
		host_sleep(1);
		o->locked = !PageLocked(o->pages[0]) && !PageLocked(o->pages[1]);
	}
	put_page(o->pages[0]);
	put_page(o->pages[1]);
	o->full->disk->stopped = false;
}

static struct page *isolated(struct disk_file *f, unsigned long index)
{
	struct page *page = find_get_page(&f->inode.i_data, index);

	assert_int_equal(isolate_lru_page(page), 0);
	ClearPageActive(page);
	put_page(page);
	return page;
}

/* => pages freed; the others are on their lists again */
static unsigned long shrink_as_kswapd(struct page_list *pages, struct zone *zone)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL, .may_unmap = true, .may_writepage = true, .may_swap = true,
				   .policy = zone->lruvec.policy };
	struct reclaim_state reclaim = { 0 };
	struct shrink_stat stat = { 0 };
	unsigned long freed;
	struct page *page;

	current->reclaim_state = &reclaim;
	current->flags |= PF_KSWAPD | PF_SWAPWRITE;
	freed = shrink_page_list(pages, zone, &sc, &stat, true);
	current->flags &= ~(unsigned int)(PF_KSWAPD | PF_SWAPWRITE);
	current->reclaim_state = NULL;
	while ((page = page_list_pop(pages)) != NULL)
		putback_lru_page(page);
	return freed;
}

/* kswapd leaves dirty pages to the flushers until it has seen a whole batch of them that nobody writes. */
static void flushers_come_first(void)
{
	struct disk_file *f = disk_file_create("d", 8);
	struct page *page;
	PAGE_LIST(pages);

	put_pages(f, 3, 1, 9);
	file_get(f, 5);
	lru_add_drain();
	page = isolated(f, 3);
	page_list_add(page, &pages);
	page_list_add(isolated(f, 5), &pages);
	assert_int_equal(shrink_as_kswapd(&pages, page_zone(page)), 1); /* the clean one */
	assert_true(PageReclaim(page) && PageDirty(page) && f->writes == 0);
	assert_int_equal(exact_state(NR_VMSCAN_IMMEDIATE), 1);
	assert_int_equal(exact_state(NR_VMSCAN_WRITE), 0);
	set_bit(ZONE_TAIL_LRU_DIRTY, &page_zone(page)->flags);
	lru_add_drain();
	page_list_add(isolated(f, 3), &pages);
	shrink_as_kswapd(&pages, page_zone(page));
	assert_int_equal(f->writes, 1);
	assert_int_equal(exact_state(NR_VMSCAN_WRITE), 1);
	assert_int_equal(filemap_write_and_wait(&f->inode.i_data), 0);
	assert_int_equal(f->disk->bytes[3 * PAGE_SIZE], 9);
}
MACHINE_TEST(flushers_come_first, .ram_mib = 16, .dma_mib = 1)

/*
 * kswapd writes a page of a disk that has no request free, and waits; the disk (a loop device's thread, say) waits for
 * other pages of the same batch.
 */
static void no_other_page_is_locked_meanwhile(void)
{
	struct disk_file *full = disk_file_create("d", 800), *other = disk_file_create("e", 8);
	struct other_pages o = { .full = full };
	PAGE_LIST(pages);
	struct zone *zone;

	vm_dirty_ratio = dirty_background_ratio = 100;
	dirty_writeback_interval = 0;
	get_pages(other, 0, 3);
	o.pages[0] = find_get_page(&other->inode.i_data, 0);
	o.pages[1] = find_get_page(&other->inode.i_data, 1);
	zone = page_zone(o.pages[0]);
	full->disk->stopped = true;
	for (unsigned long i = 0; i < 400; i += 2) /* none joins another */
		put_pages(full, i, 1, 1);
	assert_non_null(host_spawn("writer", NULL, fill_queue, full));
	host_sleep(2);
	put_pages(full, 601, 1, 2);
	lru_add_drain();
	page_list_add(isolated(other, 0), &pages);
	page_list_add(isolated(full, 601), &pages);
	page_list_add(isolated(other, 1), &pages);
	page_list_add(isolated(other, 2), &pages);
	assert_non_null(host_spawn("other", NULL, lock_other, &o));
	set_bit(ZONE_TAIL_LRU_DIRTY, &zone->flags);
	assert_int_equal(shrink_as_kswapd(&pages, zone), 1);
	assert_true(o.locked);
	assert_true(file_cached(other, 0) && file_cached(other, 1) && !file_cached(other, 2));
	assert_int_equal(filemap_write_and_wait(&full->inode.i_data), 0);
	assert_int_equal(full->disk->bytes[601 * PAGE_SIZE], 2);
}
MACHINE_TEST(no_other_page_is_locked_meanwhile, .ram_mib = 16, .dma_mib = 1)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(pages_are_counted), machine_unit_test(limits),
		machine_unit_test(a_writer_is_slowed_down), machine_unit_test(a_mapping_is_slowed_down),
		machine_unit_test(who_writes_for_others),
		machine_unit_test(the_background_limit), machine_unit_test(old_pages_are_written),
		machine_unit_test(flushers_are_asked), machine_unit_test(a_stalled_disk_stops_its_writers_only),
		machine_unit_test(the_past_fades),
		machine_unit_test(an_error_is_told_once), machine_unit_test(a_write_that_cannot_be_made),
		machine_unit_test(a_file_ends_under_its_flusher), machine_unit_test(a_file_is_emptied_and_written_to),
		machine_unit_test(clean_memory_is_dropped_for_others),
		machine_unit_test(dirty_memory_is_written_for_others),
		machine_unit_test(flushers_come_first),
		machine_unit_test(no_other_page_is_locked_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
