/* SPDX-License-Identifier: MIT */
/*
 * Files of the host machine, what all have in common: an inode with one open file, without a file system; and the
 * bio that moves a page, for files whose page i is page i of a disk (mapping->bdev). Include machine_fixture.h first.
 */
#ifndef TESTS_HOST_HOST_FILE_H
#define TESTS_HOST_HOST_FILE_H

#include "fs/fs.h"
#include "kernel/core/block.h"
#include "mm/pagemap.h"
#include "mm/writeback.h"

static const struct file_operations host_file_fops = { .mmap = generic_file_mmap };

/* => inode, file: zeroed memory; for reading and writing, without readahead */
static inline void host_file_init(struct inode *inode, struct file *file, loff_t size,
				  const struct address_space_operations *aops)
{
	atomic_set(&inode->i_count, 1);
	init_rwsem(&inode->i_rwsem, LOCK_RANK_INODE);
	spin_lock_init(&inode->i_lock, LOCK_RANK_DCACHE);
	inode->i_mode = S_IFREG | 0600;
	inode->i_size = size;
	inode->i_mapping = &inode->i_data;
	address_space_init(&inode->i_data, inode, aops, GFP_HIGHUSER_MOVABLE);
	atomic_set(&file->f_count, 1);
	file->f_mode = FMODE_READ | FMODE_WRITE;
	file->f_op = &host_file_fops;
	file->f_inode = inode;
	file->f_mapping = inode->i_mapping;
}

struct page_bio {
	struct bio bio;
	struct bio_vec vec;
};

static inline void end_page_bio(struct bio *bio, int error)
{
	struct page *page = bio->bi_private;
	bool read = bio->bi_op == BIO_READ;

	free(container_of(bio, struct page_bio, bio));
	if (error)
		SetPageError(page);
	else if (read)
		SetPageUptodate(page);
	if (read) {
		unlock_page(page);
		return;
	}
	if (error)
		set_bit(AS_EIO, &page->mapping->flags);
	end_page_writeback(page);
}

/* => reads or writes the page, which stays locked or under writeback until then; of the C library's memory */
static inline void submit_page_bio(struct page *page, enum bio_op op)
{
	struct page_bio *b = calloc(1, sizeof(*b));

	bio_init(&b->bio, &b->vec, 1);
	b->bio.bi_bdev = page_mapping(page)->bdev;
	b->bio.bi_op = op;
	b->bio.bi_sector = (u64)page->index * PAGE_SECTORS;
	b->bio.bi_end_io = end_page_bio;
	b->bio.bi_private = page;
	bio_add_page(&b->bio, page, PAGE_SIZE, 0);
	submit_bio(&b->bio);
}

#endif
