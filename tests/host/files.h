/* SPDX-License-Identifier: MIT */
/*
 * Files for tests of what goes wrong and what lives in memory (file_fixture.h has the plain one): page i of a
 * disk_file is page i of a host disk, moved by bios that end in interrupts; a memory file has no disk (AS_SHMEM, as
 * tmpfs has it). Word j of page i is i << 32 | j at first.
 *
 * Inodes and files are the test's own and never freed: file system code is not part of this machine.
 */
#ifndef TESTS_HOST_FILES_H
#define TESTS_HOST_FILES_H

#include "tests/host/machine_fixture.h"

#include "mm/filemap.h"
#include "mm/kmap.h"
#include "tests/host/host_file.h"

struct test_file {
	struct file file;	/* first: a struct file * is one of these */
	struct inode inode;
	struct host_disk *disk;
	int refuse;		/* what readpage and writepage say instead of working */
	int released, freed_pages;
	unsigned int reads, writes;
};

static inline struct test_file *test_file_of(struct page *page)
{
	return container_of(page->mapping->host, struct test_file, inode);
}

static int disk_readpage(struct file *file, struct page *page)
{
	struct test_file *f = test_file_of(page);

	(void)file;
	if (f->refuse) {
		unlock_page(page);
		return f->refuse;
	}
	f->reads++;
	submit_page_bio(page, BIO_READ);
	return 0;
}

static int disk_writepage(struct page *page, struct writeback_control *wbc)
{
	struct test_file *f = test_file_of(page);

	(void)wbc;
	if (f->refuse) {
		set_bit(f->refuse == -ENOSPC ? AS_ENOSPC : AS_EIO, &page->mapping->flags);
		unlock_page(page);
		return f->refuse;
	}
	f->writes++;
	set_page_writeback(page);
	unlock_page(page);
	submit_page_bio(page, BIO_WRITE);
	return 0;
}

static void page_freed(struct page *page)
{
	(void)page; /* has left its mapping: whose it was is not known any more */
}

static const struct address_space_operations disk_aops = {
	.readpage = disk_readpage,
	.writepage = disk_writepage,
	.set_page_dirty = set_page_dirty_tagged,
	.freepage = page_freed,
};

static const struct address_space_operations memory_aops = {
	.readpage = simple_readpage,
	.set_page_dirty = set_page_dirty_no_writeback,
	.write_begin = simple_write_begin,
	.write_end = simple_write_end,
};

static void file_released(struct file *file)
{
	((struct test_file *)file)->released++;
}

static inline struct test_file *make_file(loff_t size, const struct address_space_operations *aops)
{
	struct test_file *f = calloc(1, sizeof(*f));

	host_file_init(&f->inode, &f->file, size, aops);
	f->file.f_release = file_released;
	file_ra_state_init(&f->file.f_ra, f->file.f_mapping);
	return f;
}

#define WORDS (PAGE_SIZE / 8)

/* => a file of that size on a new disk with a page to spare */
static inline struct test_file *disk_file(const char *name, loff_t size)
{
	struct test_file *f = make_file(size, &disk_aops);
	unsigned long pages = size_in_pages(size) + 1;

	f->disk = host_disk_create(name, pages);
	f->inode.i_data.bdev = &f->disk->bdev;
	for (u64 i = 0; i < pages * WORDS; i++)
		((u64 *)f->disk->bytes)[i] = i / WORDS << 32 | i % WORDS;
	return f;
}

static inline struct test_file *memory_file(loff_t size)
{
	struct test_file *f = make_file(size, &memory_aops);

	set_bit(AS_SHMEM, &f->inode.i_data.flags);
	return f;
}

static inline struct address_space *mapping_of(struct test_file *f)
{
	return &f->inode.i_data;
}

/* => word i of the disk, as it is there now */
static inline u64 on_disk(const struct test_file *f, unsigned long page, unsigned int word)
{
	return ((u64 *)f->disk->bytes)[page * WORDS + word];
}

static inline bool in_cache(struct test_file *f, unsigned long index)
{
	struct page *page = find_get_page(mapping_of(f), index);

	if (page)
		put_page(page);
	return page != NULL;
}

/* read and write with kernel buffers */
static inline ssize_t file_get(struct test_file *f, void *buf, size_t n, loff_t pos)
{
	return filemap_read(&f->file, buf, n, &pos, false);
}

static inline ssize_t file_put(struct test_file *f, const void *buf, size_t n, loff_t pos)
{
	return filemap_write(&f->file, buf, n, &pos, false);
}

/* => the word at pos, read through the cache */
static inline u64 file_word(struct test_file *f, loff_t pos)
{
	u64 word = ~0ULL;

	assert_int_equal(file_get(f, &word, sizeof(word), pos), sizeof(word));
	return word;
}

static inline unsigned long map_file(struct test_file *f, unsigned long pages, unsigned long prot,
				     unsigned long flags)
{
	unsigned long va = vm_mmap(&f->file, 0, pages * PAGE_SIZE, prot, flags, 0);

	assert_false(IS_ERR_VALUE(va));
	return va;
}

/* A disk that answers when it is told to: the page of index is asked for and stays locked. */
static inline struct page *locked_page(struct test_file *f, unsigned long index)
{
	struct page *page = find_or_create_page(mapping_of(f), index, GFP_KERNEL);

	assert_non_null(page);
	return page;
}

#endif
