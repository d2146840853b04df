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

#include "fs/fs.h"
#include "mm/filemap.h"
#include "mm/kmap.h"
#include "mm/writeback.h"

struct test_file {
	struct file file;	/* first: a struct file * is one of these */
	struct inode inode;
	struct host_disk *disk;
	int refuse;		/* what readpage and writepage say instead of working */
	int released, freed_pages;
	unsigned int reads, writes;
};

struct page_io {
	struct bio bio;
	struct bio_vec vec;
};

static inline struct test_file *test_file_of(struct page *page)
{
	return container_of(page->mapping->host, struct test_file, inode);
}

static void page_read(struct bio *bio, int error)
{
	struct page *page = bio->bi_private;

	if (error)
		SetPageError(page);
	else
		SetPageUptodate(page);
	free(container_of(bio, struct page_io, bio));
	unlock_page(page);
}

static void page_written(struct bio *bio, int error)
{
	struct page *page = bio->bi_private;

	if (error) {
		SetPageError(page);
		set_bit(AS_EIO, &page->mapping->flags);
	}
	free(container_of(bio, struct page_io, bio));
	end_page_writeback(page);
}

static void start_page_io(struct page *page, enum bio_op op, void (*end)(struct bio *bio, int error))
{
	struct page_io *io = calloc(1, sizeof(*io));

	bio_init(&io->bio, &io->vec, 1);
	io->bio.bi_bdev = page->mapping->bdev;
	io->bio.bi_op = op;
	io->bio.bi_sector = (u64)page->index * PAGE_SECTORS;
	io->bio.bi_end_io = end;
	io->bio.bi_private = page;
	bio_add_page(&io->bio, page, PAGE_SIZE, 0);
	submit_bio(&io->bio);
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
	start_page_io(page, BIO_READ, page_read);
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
	start_page_io(page, BIO_WRITE, page_written);
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

static const struct file_operations plain_fops = { .mmap = generic_file_mmap };

static void file_released(struct file *file)
{
	((struct test_file *)file)->released++;
}

static inline struct test_file *make_file(loff_t size, const struct address_space_operations *aops)
{
	struct test_file *f = calloc(1, sizeof(*f));

	f->inode.i_size = size;
	f->inode.i_mapping = &f->inode.i_data;
	spin_lock_init(&f->inode.i_lock, LOCK_RANK_LEAF);
	atomic_set(&f->inode.i_count, 1);
	address_space_init(&f->inode.i_data, &f->inode, aops, GFP_HIGHUSER_MOVABLE);
	f->file.f_inode = &f->inode;
	f->file.f_mapping = &f->inode.i_data;
	f->file.f_op = &plain_fops;
	f->file.f_mode = FMODE_READ | FMODE_WRITE;
	f->file.f_release = file_released;
	file_ra_state_init(&f->file.f_ra, f->file.f_mapping);
	atomic_set(&f->file.f_count, 1);
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
