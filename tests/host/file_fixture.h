/* SPDX-License-Identifier: MIT */
/*
 * Files of the host machine: an inode whose pages are those of a host_disk, as a block device's are (fs/block_dev.c),
 * read, written and mapped through filemap. Include machine_fixture.h first.
 *
 *	struct disk_file *f = disk_file_create("d", 1024);	byte i of page n is 'n + i' until written
 *	get_pages(f, page, 1); put_pages(f, page, 1, value); map_file(f, pages, prot, flags)
 */
#ifndef TESTS_HOST_FILE_FIXTURE_H
#define TESTS_HOST_FILE_FIXTURE_H

#include "tests/host/machine_fixture.h"

#include "fs/fs.h"
#include "kernel/core/block.h"
#include "mm/reclaim.h"
#include "mm/slab.h"
#include "mm/writeback.h"

struct disk_file {
	struct inode inode;
	struct file file;
	struct host_disk *disk;
	unsigned long reads, writes; /* pages asked of the disk */
	bool no_memory;		     /* writepage finds none */
};

struct disk_file_bio {
	struct bio bio;
	struct bio_vec vec;
};

static inline struct disk_file *disk_file_of(struct page *page)
{
	return container_of(page->mapping->host, struct disk_file, inode);
}

static inline void disk_file_end_read(struct bio *bio, int error)
{
	struct page *page = bio->bi_private;

	if (error)
		SetPageError(page);
	else
		SetPageUptodate(page);
	free(container_of(bio, struct disk_file_bio, bio));
	unlock_page(page);
}

static inline void disk_file_end_write(struct bio *bio, int error)
{
	struct page *page = bio->bi_private;

	if (error) {
		SetPageError(page);
		set_bit(AS_EIO, &page->mapping->flags);
	}
	free(container_of(bio, struct disk_file_bio, bio));
	end_page_writeback(page);
}

/* => the bio of the whole page, or NULL */
static inline struct bio *disk_file_bio(struct page *page, enum bio_op op, void (*end)(struct bio *, int))
{
	struct disk_file_bio *b = calloc(1, sizeof(*b)); /* a reserve without end */

	if (!b)
		return NULL;
	bio_init(&b->bio, &b->vec, 1);
	b->bio.bi_bdev = &disk_file_of(page)->disk->bdev;
	b->bio.bi_op = op;
	b->bio.bi_sector = (u64)page->index * PAGE_SECTORS;
	b->bio.bi_end_io = end;
	b->bio.bi_private = page;
	bio_add_page(&b->bio, page, PAGE_SIZE, 0);
	return &b->bio;
}

static inline int disk_file_readpage(struct file *file, struct page *page)
{
	struct bio *bio = disk_file_bio(page, BIO_READ, disk_file_end_read);

	(void)file;
	if (!bio) {
		unlock_page(page);
		return -ENOMEM;
	}
	disk_file_of(page)->reads++;
	submit_bio(bio);
	return 0;
}

static inline int disk_file_writepage(struct page *page, struct writeback_control *wbc)
{
	struct bio *bio = disk_file_of(page)->no_memory ? NULL : disk_file_bio(page, BIO_WRITE, disk_file_end_write);

	(void)wbc;
	if (!bio) {
		set_page_dirty(page);
		unlock_page(page);
		return -ENOMEM;
	}
	ClearPageError(page);
	disk_file_of(page)->writes++;
	set_page_writeback(page);
	unlock_page(page);
	submit_bio(bio);
	return 0;
}

static const struct address_space_operations disk_file_aops = {
	.readpage = disk_file_readpage,
	.writepage = disk_file_writepage,
	.set_page_dirty = set_page_dirty_tagged,
};

static const struct file_operations disk_file_fops = { .mmap = generic_file_mmap };

static inline void disk_file_release(struct file *file)
{
	fail_msg("the file of a test has gone: %p", (void *)file);
}

static inline u8 first_byte(unsigned long page, unsigned long offset)
{
	return (u8)(page * 7 + offset);
}

static inline struct disk_file *disk_file_create(const char *name, unsigned long pages)
{
	struct disk_file *f = kzalloc(sizeof(*f), GFP_KERNEL);

	f->disk = host_disk_create(name, pages);
	for (unsigned long i = 0; i < pages; i++)
		for (unsigned long k = 0; k < PAGE_SIZE; k++)
			f->disk->bytes[i * PAGE_SIZE + k] = first_byte(i, k);
	atomic_set(&f->inode.i_count, 1);
	init_rwsem(&f->inode.i_rwsem, LOCK_RANK_INODE);
	spin_lock_init(&f->inode.i_lock, LOCK_RANK_DCACHE);
	f->inode.i_mode = S_IFREG | 0600;
	f->inode.i_size = (loff_t)(pages * PAGE_SIZE);
	f->inode.i_mapping = &f->inode.i_data;
	address_space_init(&f->inode.i_data, &f->inode, &disk_file_aops, GFP_HIGHUSER_MOVABLE);
	f->inode.i_data.bdev = &f->disk->bdev;
	f->inode.i_data.bdi = bdi_get(&f->disk->bdev);
	assert_non_null(f->inode.i_data.bdi);
	assert_int_equal(bdi_start_flusher(f->inode.i_data.bdi), 0);
	atomic_set(&f->file.f_count, 1);
	f->file.f_mode = FMODE_READ | FMODE_WRITE;
	f->file.f_op = &disk_file_fops;
	f->file.f_inode = &f->inode;
	f->file.f_mapping = f->inode.i_mapping;
	f->file.f_release = disk_file_release;
	file_ra_state_init(&f->file.f_ra, f->file.f_mapping);
	return f;
}

/* One byte of a page, through read(2)'s body. */
static inline u8 file_get(struct disk_file *f, unsigned long page)
{
	loff_t pos = (loff_t)(page * PAGE_SIZE);
	u8 byte = 0;

	assert_int_equal(filemap_read(&f->file, &byte, 1, &pos, false), 1);
	return byte;
}

/* nr whole pages, as one read. */
static inline void get_pages(struct disk_file *f, unsigned long page, unsigned long nr)
{
	u8 *buf = malloc(nr * PAGE_SIZE);
	loff_t pos = (loff_t)(page * PAGE_SIZE);

	assert_int_equal(filemap_read(&f->file, buf, nr * PAGE_SIZE, &pos, false), nr * PAGE_SIZE);
	free(buf);
}

static inline void put_pages(struct disk_file *f, unsigned long page, unsigned long nr, u8 value)
{
	u8 *buf = malloc(nr * PAGE_SIZE);
	loff_t pos = (loff_t)(page * PAGE_SIZE);

	memset(buf, value, nr * PAGE_SIZE);
	assert_int_equal(filemap_write(&f->file, buf, nr * PAGE_SIZE, &pos, false), nr * PAGE_SIZE);
	free(buf);
}

static inline unsigned long map_file(struct disk_file *f, unsigned long pages, unsigned long prot, unsigned long flags)
{
	unsigned long va = vm_mmap(&f->file, 0, pages * PAGE_SIZE, prot, flags, 0);

	assert_false(IS_ERR_VALUE(va));
	return va;
}

/* => the page is in the cache (and uptodate) */
static inline bool file_cached(struct disk_file *f, unsigned long index)
{
	struct page *page = find_get_page(&f->inode.i_data, index);

	if (!page)
		return false;
	put_page(page);
	return true;
}

/* What reclaim does to a page it has isolated, whatever its references. => true: it is gone */
static inline bool file_evict(struct disk_file *f, unsigned long index)
{
	struct page *page = find_get_page(&f->inode.i_data, index);
	struct scan_control sc = { .gfp_mask = GFP_KERNEL, .may_unmap = true, .may_writepage = true, .may_swap = true };
	struct reclaim_state reclaim = { 0 };
	struct shrink_stat stat = { 0 };
	PAGE_LIST(pages);
	unsigned long freed;
	struct zone *zone;

	assert_non_null(page);
	lru_add_drain();
	assert_int_equal(isolate_lru_page(page), 0);
	put_page(page);
	zone = page_zone(page);
	sc.policy = zone->lruvec.policy;
	ClearPageActive(page);
	page_list_add(page, &pages);
	current->reclaim_state = &reclaim;
	freed = shrink_page_list(&pages, zone, &sc, &stat, true);
	current->reclaim_state = NULL;
	while ((page = page_list_pop(&pages)) != NULL)
		putback_lru_page(page);
	return freed == 1;
}

/* A counter of all zones, nothing left on the CPUs. */
static inline unsigned long state_of(enum zone_stat_item item)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		sum += zone_page_state_snapshot(zone, item);
	return sum;
}

#endif
