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

#include "mm/reclaim.h"
#include "mm/slab.h"
#include "tests/host/host_file.h"

struct disk_file {
	struct inode inode;
	struct file file;
	struct host_disk *disk;
	unsigned long reads, writes; /* pages asked of the disk */
	bool no_memory;		     /* writepage finds none */
};

static inline struct disk_file *disk_file_of(struct page *page)
{
	return container_of(page->mapping->host, struct disk_file, inode);
}

static inline int disk_file_readpage(struct file *file, struct page *page)
{
	(void)file;
	disk_file_of(page)->reads++;
	submit_page_bio(page, BIO_READ);
	return 0;
}

static inline int disk_file_writepage(struct page *page, struct writeback_control *wbc)
{
	(void)wbc;
	if (disk_file_of(page)->no_memory) {
		set_page_dirty(page);
		unlock_page(page);
		return -ENOMEM;
	}
	ClearPageError(page);
	disk_file_of(page)->writes++;
	set_page_writeback(page);
	unlock_page(page);
	submit_page_bio(page, BIO_WRITE);
	return 0;
}

static const struct address_space_operations disk_file_aops = {
	.readpage = disk_file_readpage,
	.writepage = disk_file_writepage,
	.set_page_dirty = set_page_dirty_tagged,
};

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
	host_file_init(&f->inode, &f->file, (loff_t)(pages * PAGE_SIZE), &disk_file_aops);
	f->inode.i_data.bdev = &f->disk->bdev;
	f->inode.i_data.bdi = bdi_get(&f->disk->bdev);
	assert_non_null(f->inode.i_data.bdi);
	assert_int_equal(bdi_start_flusher(f->inode.i_data.bdi), 0);
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
