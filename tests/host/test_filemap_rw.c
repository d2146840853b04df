/* SPDX-License-Identifier: MIT */
/* read and write through the page cache: contents, windows of readahead, errors of the disk, files in memory. */
#include "tests/host/machine_fixture.h"
#include "tests/host/files.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24
#define PAGES	100
#define SIZE	(PAGES * (loff_t)PAGE_SIZE - 100)

static u64 buf[2 * PAGES * WORDS];

/* ---- Reading ---- */

static void reads_what_is_there(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	loff_t pos = 0;

	assert_int_equal(filemap_read(&f->file, buf, sizeof(buf), &pos, false), SIZE);
	assert_int_equal(pos, SIZE);
	assert_memory_equal(buf, f->disk->bytes, SIZE);
	assert_int_equal(f->reads, PAGES);
	assert_int_equal(filemap_read(&f->file, buf, 8, &pos, false), 0); /* the end */
	pos = SIZE - 10;
	assert_int_equal(filemap_read(&f->file, buf, 100, &pos, false), 10);
	pos = 3 * PAGE_SIZE - 5;
	assert_int_equal(filemap_read(&f->file, buf, 11, &pos, false), 11);
	assert_memory_equal(buf, f->disk->bytes + 3 * PAGE_SIZE - 5, 11);
	assert_int_equal(f->reads, PAGES); /* all that from memory */
}
MACHINE_TEST(reads_what_is_there, MACHINE)

static void reads_into_programs(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	unsigned long va = map_anon(4 * PAGE_SIZE);
	loff_t pos = PAGE_SIZE + 8;

	assert_int_equal(filemap_read(&f->file, (void *)(va + 16), 2 * PAGE_SIZE, &pos, true), 2 * PAGE_SIZE);
	assert_int_equal(get(va + 16), 1ULL << 32 | 1);
	assert_int_equal(get(va + 16 + 2 * PAGE_SIZE - 8), 3ULL << 32);
	assert_int_equal(get(va + 16 + 2 * PAGE_SIZE), 0);
	/* the end of the program's memory is the end of the read */
	pos = 0;
	assert_int_equal(filemap_read(&f->file, (void *)(va + 3 * PAGE_SIZE), 3 * PAGE_SIZE, &pos, true), PAGE_SIZE);
	assert_int_equal(pos, PAGE_SIZE);
	assert_int_equal(filemap_read(&f->file, (void *)(va + 4 * PAGE_SIZE), 8, &pos, true), -EFAULT);
	assert_int_equal(pos, PAGE_SIZE);
}
MACHINE_TEST(reads_into_programs, MACHINE)

/* A reader in sequence: windows of 4, 8, 16 and 32 pages, each asked for when the one before is begun. */
static void windows_grow(void)
{
	static const struct {
		unsigned int page, cached;
	} steps[] = { { 0, 4 }, { 1, 12 }, { 2, 12 }, { 4, 28 }, { 5, 28 }, { 12, 60 }, { 28, 92 }, { 60, PAGES } };
	struct test_file *f = disk_file("vda", SIZE);
	unsigned int page = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		for (; page <= steps[i].page; page++)
			assert_int_equal(file_word(f, page * PAGE_SIZE + 8), (u64)page << 32 | 1);
		if (mapping_of(f)->nrpages != steps[i].cached)
			fail_msg("after page %u %lu pages are there, not %u", steps[i].page,
				 mapping_of(f)->nrpages, steps[i].cached);
	}
	/* neighbours on the disk were asked for together */
	assert_true(f->disk->bdev.queue->io[0].merged > PAGES / 2);
}
MACHINE_TEST(windows_grow, MACHINE)

static void random_reads_stay_small(void)
{
	struct test_file *f = disk_file("vda", SIZE);

	assert_int_equal(file_word(f, 50 * PAGE_SIZE), 50ULL << 32);
	assert_int_equal(mapping_of(f)->nrpages, 1);
	assert_int_equal(file_word(f, 20 * PAGE_SIZE), 20ULL << 32);
	assert_int_equal(mapping_of(f)->nrpages, 2);
	/* the next page after the last read is a sequence again */
	assert_int_equal(file_word(f, 21 * PAGE_SIZE), 21ULL << 32);
	assert_int_equal(mapping_of(f)->nrpages, 6);
	/* and one that goes on where the window ends, skipping what is there */
	assert_int_equal(file_word(f, 25 * PAGE_SIZE), 25ULL << 32);
	assert_int_equal(mapping_of(f)->nrpages, 6 + 8 + 16); /* its first page starts the one after, too */
	/* a large request is a window of its own */
	assert_int_equal(file_get(f, buf, 24 * PAGE_SIZE, 60 * PAGE_SIZE), 24 * PAGE_SIZE);
	assert_true(in_cache(f, 83) && mapping_of(f)->nrpages >= 54);
}
MACHINE_TEST(random_reads_stay_small, MACHINE)

/* A mark whose window nobody remembers (another reader's) starts a window behind itself. */
static void marks_of_others(void)
{
	struct test_file *f = disk_file("vda", SIZE);

	file_word(f, 0); /* 0..3, the mark at 1 */
	file_ra_state_init(&f->file.f_ra, f->file.f_mapping);
	file_word(f, PAGE_SIZE);
	assert_int_equal(mapping_of(f)->nrpages, 12); /* 4..11: twice what was ahead */
	f->file.f_ra.ra_pages = 8;
	f->file.f_ra.size = 0;
	assert_int_equal(file_get(f, buf, 30 * PAGE_SIZE, 50 * PAGE_SIZE), 30 * PAGE_SIZE);
	assert_int_equal(buf[29 * WORDS], 79ULL << 32);
}
MACHINE_TEST(marks_of_others, MACHINE)

static void read_errors(void)
{
	struct test_file *f = disk_file("vda", SIZE);

	f->disk->bad_read = 2 * PAGE_SECTORS + 1;
	f->disk->bad_read_end = f->disk->bad_read + 1;
	assert_int_equal(file_get(f, buf, 4 * PAGE_SIZE, 0), 2 * PAGE_SIZE);
	assert_int_equal(file_get(f, buf, 8, 2 * PAGE_SIZE), -EIO);
	assert_int_equal(file_word(f, 3 * PAGE_SIZE), 3ULL << 32);
	f->disk->bad_read_end = 0; /* it gets well: nothing is remembered */
	assert_int_equal(file_word(f, 2 * PAGE_SIZE), 2ULL << 32);
	f->refuse = -ENOMEM;
	assert_int_equal(file_get(f, buf, 8, 90 * PAGE_SIZE), -ENOMEM);
	f->refuse = 0;
	assert_int_equal(file_word(f, 90 * PAGE_SIZE), 90ULL << 32);
}
MACHINE_TEST(read_errors, MACHINE)

/* ---- Readers that wait for a page ---- */

struct reader {
	struct test_file *file;
	struct page *page; /* its eighth, locked by the test */
	ssize_t got;
	u64 word;
	bool done;
};

static void read_one(void *arg)
{
	struct reader *r = arg;

	r->got = file_get(r->file, &r->word, sizeof(r->word), 7 * PAGE_SIZE);
	r->done = true;
}

static struct task_struct *start_reader(struct reader *r)
{
	struct task_struct *task;

	r->file = disk_file("vda", SIZE);
	r->page = locked_page(r->file, 7);
	task = host_spawn("reader", NULL, read_one, r);
	host_sleep(2);
	assert_false(r->done);
	return task;
}

static void end_reader(struct reader *r)
{
	while (!r->done)
		host_sleep(1);
}

static void page_comes_while_waiting(void)
{
	struct reader r = { 0 };

	start_reader(&r);
	clear_highpage(r.page);
	SetPageUptodate(r.page);
	unlock_page(r.page);
	end_reader(&r);
	assert_int_equal(r.got, 8);
	assert_int_equal(r.word, 0); /* the page as we made it, not the disk's */
	assert_int_equal(r.file->reads, 0);
	put_page(r.page);
}
MACHINE_TEST(page_comes_while_waiting, MACHINE)

static void page_goes_while_waiting(void)
{
	struct reader r = { 0 };

	start_reader(&r);
	delete_from_page_cache(r.page);
	unlock_page(r.page);
	put_page(r.page);
	end_reader(&r);
	assert_int_equal(r.got, 8);
	assert_int_equal(r.word, 7ULL << 32);
	assert_true(r.file->reads >= 1);
}
MACHINE_TEST(page_goes_while_waiting, MACHINE)

static void waiting_can_be_killed(void)
{
	struct reader r = { 0 };

	task_kill(start_reader(&r));
	end_reader(&r);
	assert_int_equal(r.got, -EINTR);
	unlock_page(r.page);
	put_page(r.page);
}
MACHINE_TEST(waiting_can_be_killed, MACHINE)

/* ---- Writing ---- */

static void writes_reach_the_disk(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	u64 word = 0x1234;

	assert_int_equal(file_put(f, &word, 8, 5 * PAGE_SIZE + 16), 8);
	assert_int_equal(f->reads, 1); /* the rest of the page */
	assert_int_equal(file_word(f, 5 * PAGE_SIZE + 16), 0x1234);
	assert_int_equal(file_word(f, 5 * PAGE_SIZE + 8), 5ULL << 32 | 1);
	assert_int_equal(on_disk(f, 5, 2), 5ULL << 32 | 2);
	assert_int_equal(exact_state(NR_FILE_DIRTY), 1);
	memset(buf, 0x55, sizeof(buf));
	assert_int_equal(file_put(f, buf, PAGE_SIZE, 9 * PAGE_SIZE), PAGE_SIZE);
	assert_int_equal(f->reads, 1); /* a page that is overwritten whole is not read */
	assert_int_equal(filemap_write_and_wait(mapping_of(f)), 0);
	assert_int_equal(on_disk(f, 5, 2), 0x1234);
	assert_int_equal(on_disk(f, 5, 1), 5ULL << 32 | 1);
	assert_int_equal(on_disk(f, 9, 100), 0x5555555555555555ULL);
	assert_int_equal(exact_state(NR_FILE_DIRTY), 0);
	assert_int_equal(f->writes, 2);
}
MACHINE_TEST(writes_reach_the_disk, MACHINE)

static void writing_makes_files_longer(void)
{
	struct test_file *f = disk_file("vda", 10 * PAGE_SIZE);
	u64 word = 0x77;

	f->inode.i_size = 2 * PAGE_SIZE;
	assert_int_equal(file_put(f, &word, 8, 4 * PAGE_SIZE + 8), 8);
	assert_int_equal(f->inode.i_size, 4 * PAGE_SIZE + 16);
	assert_int_equal(f->reads, 0); /* nothing of that page was in the file */
	assert_int_equal(file_word(f, 4 * PAGE_SIZE), 0);
	assert_int_equal(file_put(f, &word, 4, 8), 4); /* inside: the size stays */
	assert_int_equal(f->inode.i_size, 4 * PAGE_SIZE + 16);
}
MACHINE_TEST(writing_makes_files_longer, MACHINE)

static void write_errors(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	unsigned long va = map_anon(2 * PAGE_SIZE);
	loff_t pos = 0;

	f->disk->bad_read_end = PAGE_SECTORS;
	assert_int_equal(file_put(f, buf, 8, 16), -EIO); /* the rest of the page cannot be had */
	f->disk->bad_read_end = 0;
	assert_int_equal(filemap_write(&f->file, (void *)(va + 2 * PAGE_SIZE), 8, &pos, true), -EFAULT);
	put(va + PAGE_SIZE, 0xabc);
	assert_int_equal(filemap_write(&f->file, (void *)(va + PAGE_SIZE), 2 * PAGE_SIZE, &pos, true), PAGE_SIZE);
	assert_int_equal(pos, PAGE_SIZE);
	assert_int_equal(file_word(f, 0), 0xabc);
	assert_int_equal(file_word(f, PAGE_SIZE), 1ULL << 32);
}
MACHINE_TEST(write_errors, MACHINE)

/* The source is the page that is written to: no wait for the own lock. */
static void file_from_its_own_mapping(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	unsigned long va = map_file(f, 4, PROT_READ | PROT_WRITE, MAP_SHARED);
	loff_t pos = PAGE_SIZE + 100;

	assert_int_equal(filemap_write(&f->file, (void *)va, 3000, &pos, true), 3000);
	pos = 100; /* page 0 from page 0 */
	assert_int_equal(filemap_write(&f->file, (void *)(va + 8), 8, &pos, true), 8);
	assert_int_equal(get(va + PAGE_SIZE + 100 + 8), 1);
	assert_int_equal(get(va + 100), 1);
}
MACHINE_TEST(file_from_its_own_mapping, MACHINE)

static unsigned long source;
static int begins;

/* Between the touching of the source and the copy the source leaves memory, once. */
static int begin_and_unmap(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
			   struct page **pagep)
{
	if (!begins++)
		zap_page_range(find_vma(current->mm, source), source, source + PAGE_SIZE);
	return simple_write_begin(file, mapping, pos, len, pagep);
}

static void source_goes_before_the_copy(void)
{
	static const struct address_space_operations aops = {
		.readpage = disk_readpage, .writepage = disk_writepage, .write_begin = begin_and_unmap,
		.write_end = simple_write_end,
	};
	struct test_file *from = disk_file("vda", SIZE), *to = disk_file("vdb", SIZE);
	loff_t pos = 0;

	source = map_file(from, 4, PROT_READ, MAP_PRIVATE);
	to->inode.i_data.a_ops = &aops;
	assert_int_equal(filemap_write(&to->file, (void *)source, PAGE_SIZE, &pos, true), PAGE_SIZE);
	assert_int_equal(begins, 2);
	assert_int_equal(file_word(to, 8), 1);
	assert_int_equal(file_word(to, PAGE_SIZE - 8), WORDS - 1);
}
MACHINE_TEST(source_goes_before_the_copy, MACHINE)

struct dying {
	struct test_file *file;
	ssize_t wrote, read;
	bool done;
};

static void die_writing(void *arg)
{
	struct dying *d = arg;
	loff_t pos = 0;

	task_kill(current);
	d->wrote = filemap_write(&d->file->file, buf, 3 * PAGE_SIZE, &pos, false);
	pos = 0;
	d->read = filemap_read(&d->file->file, buf, 3 * PAGE_SIZE, &pos, false);
	d->done = true;
}

/* A killed task does what it has begun of a page and no more. */
static void killed_in_the_middle(void)
{
	struct dying d = { memory_file(8 * PAGE_SIZE) };

	host_spawn("dying", NULL, die_writing, &d);
	while (!d.done)
		host_sleep(1);
	assert_int_equal(d.wrote, PAGE_SIZE);
	assert_int_equal(d.read, PAGE_SIZE);
}
MACHINE_TEST(killed_in_the_middle, MACHINE)

/* ---- Files in memory ---- */

static void memory_files(void)
{
	struct test_file *f = memory_file(8 * PAGE_SIZE);
	u64 word = 0x99;

	assert_int_equal(file_word(f, 3 * PAGE_SIZE), 0);
	assert_int_equal(mapping_of(f)->nrpages, 0); /* a hole is read from the zero page */
	assert_int_equal(file_put(f, &word, 8, 3 * PAGE_SIZE + 8), 8);
	assert_int_equal(mapping_of(f)->nrpages, 1);
	assert_int_equal(file_word(f, 3 * PAGE_SIZE + 8), 0x99);
	assert_int_equal(file_word(f, 3 * PAGE_SIZE), 0);
	assert_int_equal(exact_state(NR_SHMEM), 1);
	assert_int_equal(exact_state(NR_FILE_DIRTY), 0);
	truncate_inode_pages(mapping_of(f), 0);
	assert_int_equal(exact_state(NR_SHMEM), 0);
	assert_int_equal(file_word(f, 3 * PAGE_SIZE + 8), 0);
}
MACHINE_TEST(memory_files, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(reads_what_is_there),
		machine_unit_test(reads_into_programs),
		machine_unit_test(windows_grow),
		machine_unit_test(random_reads_stay_small),
		machine_unit_test(marks_of_others),
		machine_unit_test(read_errors),
		machine_unit_test(page_comes_while_waiting),
		machine_unit_test(page_goes_while_waiting),
		machine_unit_test(waiting_can_be_killed),
		machine_unit_test(writes_reach_the_disk),
		machine_unit_test(writing_makes_files_longer),
		machine_unit_test(write_errors),
		machine_unit_test(file_from_its_own_mapping),
		machine_unit_test(source_goes_before_the_copy),
		machine_unit_test(killed_in_the_middle),
		machine_unit_test(memory_files),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
