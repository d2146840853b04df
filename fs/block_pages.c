/* SPDX-License-Identifier: MIT */
/*
 * The pages of block devices: how one comes from its disk and how it goes there.
 *
 *   readpage:  locked page -> bio -> interrupt: uptodate or error, unlocked
 *   writepage: locked dirty page -> bio, under write-back, unlocked -> interrupt: clean, or clean and lost
 *
 * Each write needs a bio, and the memory for it must not have to come from the pages that are to be written: it is
 * taken without waiting, else from a reserve of the disk (RESERVE bios, as many as one request carries), whose bios
 * come back when their writes are done. Reclaim does not wait for one, it leaves the page dirty; flushers and fsync do.
 *
 * A page whose write failed stays in the cache as it is, uptodate and clean, as in Linux: the error is kept for the
 * next fsync of the device (AS_EIO), and the log says that data is lost. It is tried again when it is written to again.
 *
 * A device whose size is no multiple of the page size has a last page that is only partly read and written; the rest
 * of it is zero. Locks: reserve_lock of the device, any context.
 */
#include "fs/device.h"
#include "fs/internal.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "mm/kmap.h"
#include "mm/pagemap.h"
#include "mm/slab.h"
#include "mm/vmstat.h"

#define RESERVE 32

struct page_bio {
	struct bio bio;
	struct bio_vec vec;
	struct list_head list;	/* [reserve_lock] while it is in the reserve */
	bool reserved;		/* [I] goes back there */
};

static struct kmem_cache *page_bio_cache;

static struct block_device *page_bdev(const struct page *page)
{
	return page->mapping->bdev;
}

static struct bdev_file *bdev_file_of(const struct page *page)
{
	return page->mapping->host->i_private;
}

/* Bytes of the page that lie on the device. */
static unsigned int bytes_on_device(const struct page *page)
{
	loff_t size = i_size_read(page->mapping->host), start = page_offset(page);

	return start >= size ? 0 : (unsigned int)min(size - start, (loff_t)PAGE_SIZE);
}

/* ---- Bios ---- */

int bdev_reserve_fill(struct bdev_file *bf)
{
	spin_lock_init(&bf->reserve_lock, LOCK_RANK_LEAF);
	INIT_LIST_HEAD(&bf->reserve);
	init_waitqueue_head(&bf->reserve_wait);
	for (int i = 0; i < RESERVE; i++) {
		struct page_bio *pb = kmem_cache_zalloc(page_bio_cache, GFP_KERNEL);

		if (!pb) {
			bdev_reserve_free(bf);
			return -ENOMEM;
		}
		pb->reserved = true;
		list_add(&pb->list, &bf->reserve);
	}
	return 0;
}

void bdev_reserve_free(struct bdev_file *bf)
{
	while (!list_empty(&bf->reserve)) {
		struct page_bio *pb = list_first_entry(&bf->reserve, struct page_bio, list);

		list_del(&pb->list);
		kmem_cache_free(page_bio_cache, pb);
	}
}

static struct page_bio *take_reserved(struct bdev_file *bf)
{
	struct page_bio *pb = NULL;
	unsigned long flags;

	spin_lock_irqsave(&bf->reserve_lock, flags);
	if (!list_empty(&bf->reserve)) {
		pb = list_first_entry(&bf->reserve, struct page_bio, list);
		list_del(&pb->list);
	}
	spin_unlock_irqrestore(&bf->reserve_lock, flags);
	return pb;
}

/* => NULL only if wait is false */
static struct page_bio *bio_for_write(struct bdev_file *bf, bool wait)
{
	struct page_bio *pb = kmem_cache_alloc(page_bio_cache, GFP_NOWAIT | __GFP_NOWARN);

	if (pb)
		pb->reserved = false;
	else
		pb = take_reserved(bf);
	if (!pb && wait)
		wait_event(bf->reserve_wait, (pb = take_reserved(bf)) != NULL);
	return pb;
}

/* => any context; the page is still in its mapping */
static void put_page_bio(struct bdev_file *bf, struct page_bio *pb)
{
	unsigned long flags;

	if (!pb->reserved) {
		kmem_cache_free(page_bio_cache, pb);
		return;
	}
	spin_lock_irqsave(&bf->reserve_lock, flags);
	list_add(&pb->list, &bf->reserve);
	spin_unlock_irqrestore(&bf->reserve_lock, flags);
	wake_up(&bf->reserve_wait);
}

/* n: bytes of the page that are moved */
static void fill_bio(struct page_bio *pb, struct page *page, unsigned int n, enum bio_op op,
		     void (*end)(struct bio *bio, int error))
{
	bio_init(&pb->bio, &pb->vec, 1);
	pb->bio.bi_bdev = page_bdev(page);
	pb->bio.bi_op = op;
	pb->bio.bi_sector = (u64)page->index * PAGE_SECTORS;
	pb->bio.bi_end_io = end;
	pb->bio.bi_private = page;
	bio_add_page(&pb->bio, page, n, 0);
}

/* ---- Reading ---- */

static void end_read(struct bio *bio, int error)
{
	struct page *page = bio->bi_private;

	if (error) {
		SetPageError(page);
		pr_err_ratelimited("%s: read error at sector %llu\n", bio->bi_bdev->name, bio->bi_sector);
	} else {
		SetPageUptodate(page);
	}
	put_page_bio(bdev_file_of(page), container_of(bio, struct page_bio, bio));
	unlock_page(page);
}

static int bdev_readpage(struct file *file, struct page *page)
{
	unsigned int n = bytes_on_device(page);
	struct page_bio *pb;

	if (n < PAGE_SIZE)
		zero_user_segment(page, n, PAGE_SIZE);
	if (!n) { /* the device has become shorter; it may become longer again, so these are no zeroes */
		unlock_page(page);
		return -EIO;
	}
	pb = kmem_cache_alloc(page_bio_cache, GFP_KERNEL);
	if (!pb) {
		unlock_page(page);
		return -ENOMEM;
	}
	pb->reserved = false;
	fill_bio(pb, page, n, BIO_READ, end_read);
	count_vm_events(PGPGIN, n >> SECTOR_SHIFT);
	submit_bio(&pb->bio);
	return 0;
}

/* ---- Writing ---- */

static void end_write(struct bio *bio, int error)
{
	struct page *page = bio->bi_private;

	if (error) {
		SetPageError(page);
		mapping_set_error(page->mapping, -EIO);
		pr_err_ratelimited("%s: write error at sector %llu: data is lost\n", bio->bi_bdev->name,
				   bio->bi_sector);
	}
	put_page_bio(bdev_file_of(page), container_of(bio, struct page_bio, bio));
	end_page_writeback(page);
}

/* The device has become shorter since the page was written to. => locked page, clean; unlocked */
static int write_nowhere(struct page *page)
{
	struct address_space *mapping = page->mapping;

	pr_err_ratelimited("%s: write behind the end at sector %llu: data is lost\n", mapping->bdev->name,
			   (u64)page->index * PAGE_SECTORS);
	mapping_set_error(mapping, -EIO);
	set_page_writeback(page); /* takes it off the mapping's dirty ones: nobody comes for it again */
	unlock_page(page);
	end_page_writeback(page);
	return 0;
}

static int bdev_writepage(struct page *page, struct writeback_control *wbc)
{
	unsigned int n = bytes_on_device(page);
	struct page_bio *pb;

	if (!n)
		return write_nowhere(page);
	pb = bio_for_write(bdev_file_of(page), !wbc->for_reclaim);
	if (!pb) {
		set_page_dirty(page);
		unlock_page(page);
		return -ENOMEM;
	}
	fill_bio(pb, page, n, BIO_WRITE, end_write);
	ClearPageError(page); /* of an earlier read or write: fsync is to hear of this one */
	set_page_writeback(page);
	unlock_page(page);
	count_vm_events(PGPGOUT, n >> SECTOR_SHIFT);
	submit_bio(&pb->bio);
	return 0;
}

const struct address_space_operations bdev_aops = {
	.readpage = bdev_readpage,
	.writepage = bdev_writepage,
	.set_page_dirty = set_page_dirty_tagged,
	.write_begin = simple_write_begin,
	.write_end = simple_write_end,
};

void block_pages_init(void)
{
	page_bio_cache = kmem_cache_create("page_bio", sizeof(struct page_bio), 0, SLAB_PANIC, NULL);
}
