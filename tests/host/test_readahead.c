/* SPDX-License-Identifier: MIT */
/* Readahead on demand: which pages are asked of the disk for which way of reading. */
#include "tests/host/machine_fixture.h"
#include "tests/host/file_fixture.h"

#include "arch/mmu.h"

#define MACHINE .ram_mib = 24, .dma_mib = 4
#define FADV_NORMAL 0
#define FADV_RANDOM 1
#define FADV_SEQUENTIAL 2
#define FADV_WILLNEED 3
#define FADV_DONTNEED 4
#define FADV_NOREUSE 5

/* => the last of the pages from index on that are in the cache, one after the other */
static unsigned long cached_up_to(struct disk_file *f, unsigned long index)
{
	while (file_cached(f, index))
		index++;
	return index - 1;
}

static void windows_of_a_stream(void)
{
	struct disk_file *f = disk_file_create("d", 512);
	static const unsigned int ends[][2] = { { 0, 3 }, { 1, 11 }, { 4, 27 }, { 12, 59 }, { 28, 91 }, { 60, 123 },
						{ 92, 155 } };

	/* 4 pages, then 8, 16, 32, 32: each starts when the one before is first touched. */
	for (unsigned long i = 0, k = 0; i < 120; i++) {
		assert_int_equal(file_get(f, i), first_byte(i, 0));
		if (k + 1 < ARRAY_SIZE(ends) && i == ends[k + 1][0])
			k++;
		if (cached_up_to(f, 0) != ends[k][1])
			fail_msg("at page %lu up to %lu are there, not %u", i, cached_up_to(f, 0), ends[k][1]);
	}
	assert_int_equal(f->reads, 156);
}
MACHINE_TEST(windows_of_a_stream, MACHINE)

static void first_windows(void)
{
	static const unsigned int sizes[][2] = { { 1, 4 }, { 2, 4 }, { 3, 8 }, { 8, 16 }, { 9, 32 }, { 31, 32 } };
	struct disk_file *f = disk_file_create("d", 4096);

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct file_ra_state *ra = &f->file.f_ra;

		truncate_inode_pages(&f->inode.i_data, 0);
		file_ra_state_init(ra, f->file.f_mapping);
		page_cache_sync_readahead(&f->inode.i_data, ra, &f->file, 0, sizes[i][0]);
		if (ra->size != sizes[i][1] && sizes[i][0] != sizes[i][1])
			fail_msg("a read of %u opens a window of %u, not %u", sizes[i][0], ra->size, sizes[i][1]);
		assert_int_equal(cached_up_to(f, 0), ra->size - 1);
	}
}
MACHINE_TEST(first_windows, MACHINE)

/* What another reader has left behind tells that a stream goes on here. */
static void traces_of_a_stream(void)
{
	struct disk_file *f = disk_file_create("d", 512);

	page_cache_sync_readahead(&f->inode.i_data, &f->file.f_ra, &f->file, 200, 1);
	assert_int_equal(f->reads, 1); /* random: this page */
	force_page_cache_readahead(&f->inode.i_data, &f->file, 100, 10);
	file_ra_state_init(&f->file.f_ra, f->file.f_mapping);
	assert_int_equal(file_get(f, 110), first_byte(110, 0));
	assert_int_equal(cached_up_to(f, 100), 120); /* 10 before, 1 asked for */
	force_page_cache_readahead(&f->inode.i_data, &f->file, 0, 8);
	file_ra_state_init(&f->file.f_ra, f->file.f_mapping);
	file_get(f, 8);
	assert_int_equal(cached_up_to(f, 0), 8 + 2 * 8); /* from the start of the file: twice as sure */
}
MACHINE_TEST(traces_of_a_stream, MACHINE)

/* The same with traces longer than what is looked at in one go, and a mark with as much behind it. */
static void long_traces(void)
{
	struct disk_file *f = disk_file_create("d", 2048);
	struct page *page;

	f->inode.i_data.bdi->ra_pages = 512; /* read_ahead_kb */
	file_ra_state_init(&f->file.f_ra, f->file.f_mapping);
	force_page_cache_readahead(&f->inode.i_data, &f->file, 300, 150);
	f->reads = 0;
	file_get(f, 450);
	assert_int_equal(f->reads, 151); /* 150 before, 1 asked for */
	assert_int_equal(cached_up_to(f, 300), 600);
	file_ra_state_init(&f->file.f_ra, f->file.f_mapping);
	page = find_get_page(&f->inode.i_data, 400);
	page_cache_async_readahead(&f->inode.i_data, &f->file.f_ra, &f->file, page, 400, 1);
	put_page(page);
	assert_int_equal(f->file.f_ra.start, 601);
	assert_int_equal(f->file.f_ra.size, 2 * (201 + 1)); /* what is there already, 1 asked for; twice that */
	assert_int_equal(cached_up_to(f, 300), 600 + 404);
	/* More than a window ahead is far enough. */
	f->reads = 0;
	page = find_get_page(&f->inode.i_data, 320);
	page_cache_async_readahead(&f->inode.i_data, &f->file.f_ra, &f->file, page, 320, 1);
	put_page(page);
	assert_int_equal(f->reads, 0);
}
MACHINE_TEST(long_traces, MACHINE)

static unsigned long dying_reads;

static void read_dying(void *arg)
{
	struct disk_file *f = arg;

	host_sleep(10);
	assert_int_equal(generic_readahead(&f->file, 0, 4000 * PAGE_SIZE), 0);
	dying_reads = f->reads;
}

/* A long readahead is no reason to live on. */
static void nothing_is_read_for_the_dead(void)
{
	struct disk_file *f = disk_file_create("d", 4096);
	struct task_struct *task;

	task = host_spawn("dying", NULL, read_dying, f);
	host_sleep(2); /* it sleeps now */
	task_kill(task);
	host_sleep(20);
	assert_int_equal(host_tasks(), 1);
	assert_in_range(dying_reads, 0, 64);
	generic_readahead(&f->file, 0, 4000 * PAGE_SIZE);
	assert_true(f->reads > 1000);
}
MACHINE_TEST(nothing_is_read_for_the_dead, MACHINE)

/* The window is evicted before it is read: small windows, not ever larger ones. */
static void thrashing(void)
{
	struct disk_file *f = disk_file_create("d", 512);

	for (unsigned long i = 0; i < 60; i++)
		file_get(f, i);
	assert_int_equal(f->file.f_ra.size, 32);
	truncate_inode_pages_range(&f->inode.i_data, 61 * PAGE_SIZE, LLONG_MAX);
	file_get(f, 60);
	file_get(f, 61);
	assert_int_equal(f->file.f_ra.start, 61);
	assert_int_equal(f->file.f_ra.size, 4);
	truncate_inode_pages_range(&f->inode.i_data, 62 * PAGE_SIZE, LLONG_MAX);
	file_get(f, 62); /* where the mark was: the next window is read, this page by itself */
	file_get(f, 63);
	assert_int_equal(f->file.f_ra.start, 63);
	assert_int_equal(f->file.f_ra.size, 4);
}
MACHINE_TEST(thrashing, MACHINE)

static void advice(void)
{
	struct disk_file *f = disk_file_create("d", 1024);
	struct address_space *mapping = &f->inode.i_data;

	assert_int_equal(generic_fadvise(&f->file, 0, 0, FADV_RANDOM), 0);
	for (unsigned long i = 0; i < 20; i++)
		file_get(f, i);
	assert_int_equal(f->reads, 20);
	get_pages(f, 100, 10); /* one request of ten pages, and nothing behind it */
	assert_int_equal(f->reads, 30);
	assert_int_equal(generic_fadvise(&f->file, 0, 0, FADV_SEQUENTIAL), 0);
	assert_int_equal(f->file.f_ra.ra_pages, 64);
	for (unsigned long i = 200; i < 400; i++)
		file_get(f, i);
	assert_int_equal(f->file.f_ra.size, 64);
	assert_int_equal(generic_fadvise(&f->file, 0, 0, FADV_NORMAL), 0);
	assert_int_equal(f->file.f_ra.ra_pages, 32);
	assert_int_equal(generic_fadvise(&f->file, 600 * PAGE_SIZE + 5, 40 * PAGE_SIZE, FADV_WILLNEED), 0);
	host_sleep(2);
	assert_int_equal(cached_up_to(f, 600), 640);
	assert_int_equal(generic_fadvise(&f->file, 0, 0, FADV_NOREUSE), 0);
	assert_int_equal(generic_fadvise(&f->file, 0, 0, 6), -EINVAL);
	assert_int_equal(generic_fadvise(&f->file, 0, -1, FADV_NORMAL), -EINVAL);

	/* Whole pages of the range, if they are clean and nobody maps them. */
	assert_int_equal(generic_fadvise(&f->file, 600 * PAGE_SIZE + 5, 10 * PAGE_SIZE, FADV_DONTNEED), 0);
	assert_true(file_cached(f, 600) && !file_cached(f, 601) && !file_cached(f, 609) && file_cached(f, 610));
	put_pages(f, 620, 4, 0x3c);
	assert_int_equal(generic_fadvise(&f->file, 620 * PAGE_SIZE, 4 * PAGE_SIZE, FADV_DONTNEED), 0);
	host_sleep(2);
	assert_int_equal(bdi_total_unwritten(), 0); /* their writing was started */
	assert_int_equal(f->disk->bytes[623 * PAGE_SIZE + 4095], 0x3c);
	assert_int_equal(generic_fadvise(&f->file, 620 * PAGE_SIZE, 0, FADV_DONTNEED), 0); /* up to the end */
	assert_true(file_cached(f, 619) && !file_cached(f, 620) && !file_cached(f, 640));
	assert_int_equal(generic_fadvise(&f->file, 0, 0, FADV_DONTNEED), 0);
	assert_int_equal(mapping->nrpages, 0);
}
MACHINE_TEST(advice, MACHINE)

static void readahead_call(void)
{
	struct disk_file *f = disk_file_create("d", 256);

	assert_int_equal(generic_readahead(&f->file, 10 * PAGE_SIZE + 1, 5 * PAGE_SIZE), 0);
	host_sleep(2);
	assert_true(file_cached(f, 10) && cached_up_to(f, 10) == 15 && f->reads == 6);
	assert_int_equal(generic_readahead(&f->file, 250 * PAGE_SIZE, 100 * PAGE_SIZE), 0); /* not behind the end */
	assert_int_equal(f->reads, 12);
	assert_int_equal(generic_readahead(&f->file, 0, 0), 0);
	assert_int_equal(generic_readahead(&f->file, -4096, 4096), -EINVAL);
	assert_int_equal(f->reads, 12);
	f->inode.i_data.bdi->ra_pages = 0; /* read_ahead_kb: for files opened from now on */
	file_ra_state_init(&f->file.f_ra, f->file.f_mapping);
	for (unsigned long i = 100; i < 110; i++)
		file_get(f, i);
	assert_int_equal(f->reads, 22);
	f->inode.i_data.bdi->ra_pages = 8;
	file_ra_state_init(&f->file.f_ra, f->file.f_mapping);
	for (unsigned long i = 110; i < 160; i++)
		file_get(f, i);
	assert_int_equal(f->file.f_ra.size, 8);
}
MACHINE_TEST(readahead_call, MACHINE)

/* A mapping whose faults find nothing of what was read around them is read page by page. */
static void reading_around_in_vain(void)
{
	struct disk_file *f = disk_file_create("d", 8192);
	unsigned long va = map_file(f, 8192, PROT_READ, MAP_SHARED), reads;

	for (unsigned long i = 0; i < 110; i++)
		assert_int_equal(touch(va + (20 + i * 61) * PAGE_SIZE, false), 0);
	assert_true(f->reads >= 100 * 20);
	reads = f->reads;
	assert_int_equal(f->file.f_ra.mmap_miss, 110);
	for (unsigned long i = 110; i < 120; i++)
		assert_int_equal(touch(va + (20 + i * 61) * PAGE_SIZE, false), 0);
	assert_int_equal(f->reads, reads + 10);
}
MACHINE_TEST(reading_around_in_vain, MACHINE)

/* However large the window was set: what is read around one page leaves half of the memory to others. */
static void a_window_larger_than_memory(void)
{
	struct disk_file *f = disk_file_create("d", 8192);
	unsigned long va = map_file(f, 8192, PROT_READ, MAP_SHARED);

	f->file.f_ra.ra_pages = 1 << 18;
	assert_int_equal(touch(va + 4000 * PAGE_SIZE, false), 0);
	assert_in_range(f->reads, 1000, 24 * 256 / 2);
	assert_true(file_cached(f, 4000));
}
MACHINE_TEST(a_window_larger_than_memory, MACHINE)

/* Memory is tight, and pages read ahead are used before they are evicted: each page is read once. */
static void windows_live_until_they_are_read(void)
{
	struct disk_file *f = disk_file_create("d", 12000);

	for (unsigned long i = 0; i < 12000; i++)
		assert_int_equal(file_get(f, i), first_byte(i, 0));
	print_message("12000 pages took %lu reads; steals %lu\n", f->reads,
		      zone_events(PGSTEAL_KSWAPD) + zone_events(PGSTEAL_DIRECT));
	assert_true(zone_events(PGSTEAL_KSWAPD) + zone_events(PGSTEAL_DIRECT) > 6000);
	assert_int_equal(f->reads, 12000);
}
MACHINE_TEST(windows_live_until_they_are_read, MACHINE)

/* The same with many streams, whose windows lie idle while memory is taken from somebody. */
static void windows_of_many_streams(void)
{
	struct disk_file *f[8];
	unsigned long reads = 0;

	for (unsigned int k = 0; k < ARRAY_SIZE(f); k++)
		f[k] = disk_file_create((char[]){ 'a' + (char)k, 0 }, 1500);
	for (unsigned long i = 0; i < 1500; i++) {
		for (unsigned int k = 0; k < ARRAY_SIZE(f); k++)
			assert_int_equal(file_get(f[k], i), first_byte(i, 0));
		host_sleep(1); /* kswapd's turn */
	}
	for (unsigned int k = 0; k < ARRAY_SIZE(f); k++)
		reads += f[k]->reads;
	print_message("8 times 1500 pages took %lu reads; steals %lu\n", reads,
		      zone_events(PGSTEAL_KSWAPD) + zone_events(PGSTEAL_DIRECT));
	assert_true(zone_events(PGSTEAL_KSWAPD) + zone_events(PGSTEAL_DIRECT) > 6000);
	assert_int_equal(reads, 8 * 1500);
}
MACHINE_TEST(windows_of_many_streams, MACHINE)

/* Pages used twice stay while a file of three times the memory passes by once. */
static void a_stream_leaves_the_hot_set(void)
{
	struct disk_file *hot = disk_file_create("hot", 1000), *cold = disk_file_create("cold", 18000);
	unsigned long reads;

	for (int round = 0; round < 3; round++)
		for (unsigned long i = 0; i < 1000; i++)
			file_get(hot, i);
	reads = hot->reads;
	assert_int_equal(reads, 1000);
	for (unsigned long i = 0; i < 18000; i++) {
		file_get(cold, i);
		if (i % 6 == 0) /* three times over in the meantime */
			file_get(hot, i / 6 % 1000);
	}
	print_message("hot pages read again: %lu of 3000 uses\n", hot->reads - reads);
	assert_true(zone_events(PGSTEAL_KSWAPD) + zone_events(PGSTEAL_DIRECT) > 12000);
	assert_true(hot->reads - reads <= 10);
	assert_int_equal(exact_state(WORKINGSET_REFAULT), hot->reads - reads); /* nothing of the stream came back */
	assert_int_equal(cold->reads, 18000);
}
MACHINE_TEST(a_stream_leaves_the_hot_set, MACHINE)

/* Mapped program text that is referenced stays, a page that is only mapped goes. */
static void program_text_stays(void)
{
	struct disk_file *text = disk_file_create("text", 64), *data = disk_file_create("data", 64);
	struct disk_file *cold = disk_file_create("cold", 16000);
	unsigned long code = map_file(text, 64, PROT_READ | PROT_EXEC, MAP_PRIVATE), reads, major;

	for (unsigned long i = 0; i < 64; i++) {
		assert_int_equal(touch(code + i * PAGE_SIZE, false), 0);
		file_get(data, i);
	}
	reads = text->reads;
	major = event(PGMAJFAULT);
	for (unsigned long i = 0; i < 16000; i++) {
		file_get(cold, i);
		if (i % 10 == 0)
			assert_int_equal(touch(code + i / 10 % 64 * PAGE_SIZE, false), 0);
	}
	print_message("text read again: %lu pages\n", text->reads - reads);
	assert_true(zone_events(PGSTEAL_KSWAPD) + zone_events(PGSTEAL_DIRECT) > 10000);
	assert_int_equal(text->reads, reads);
	assert_int_equal(event(PGMAJFAULT), major);
	for (unsigned long i = 0; i < 64; i++)
		file_get(data, i);
	assert_true(data->reads > 64 + 32);
}
MACHINE_TEST(program_text_stays, MACHINE)

/* Data is used twice, so the active list turns over: text that is used now and then outlives a turn of it. */
static void program_text_outlives_data(void)
{
	struct disk_file *text = disk_file_create("text", 64), *data = disk_file_create("data", 30000);
	unsigned long code = map_file(text, 64, PROT_READ | PROT_EXEC, MAP_PRIVATE), reads, major, activations;

	for (int twice = 0; twice < 2; twice++)
		for (unsigned long i = 0; i < 64; i++)
			file_get(text, i);
	reads = text->reads;
	major = event(PGMAJFAULT);
	activations = event(PGACTIVATE);
	for (unsigned long i = 0; i < 30000; i++) {
		file_get(data, i);
		if (i >= 32)
			file_get(data, i - 32);
		if (i % 2500)
			continue;
		flush_tlb_mm(current->mm); /* it has no room for all the time: uses are seen again */
		for (unsigned long k = 0; k < 64; k++)
			assert_int_equal(touch(code + k * PAGE_SIZE, false), 0);
	}
	print_message("text read again: %lu pages; %lu pages activated, %lu deactivated\n", text->reads - reads,
		      event(PGACTIVATE) - activations, event(PGDEACTIVATE));
	assert_true(event(PGDEACTIVATE) > 20000);
	assert_int_equal(text->reads, reads);
	assert_int_equal(event(PGMAJFAULT), major);
}
MACHINE_TEST(program_text_outlives_data, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(windows_of_a_stream), machine_unit_test(first_windows),
		machine_unit_test(traces_of_a_stream), machine_unit_test(long_traces),
		machine_unit_test(nothing_is_read_for_the_dead), machine_unit_test(thrashing),
		machine_unit_test(advice),
		machine_unit_test(readahead_call), machine_unit_test(reading_around_in_vain),
		machine_unit_test(a_window_larger_than_memory),
		machine_unit_test(windows_live_until_they_are_read), machine_unit_test(windows_of_many_streams),
		machine_unit_test(a_stream_leaves_the_hot_set),
		machine_unit_test(program_text_stays), machine_unit_test(program_text_outlives_data),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
