/* SPDX-License-Identifier: MIT */
/*
 * Swap I/O: one page to or from its slot, sector 8 * slot.
 *
 *   swap_writepage: PG_writeback, unlock, bio --> end: clean, or dirty again after an error
 *   swap_readpage:  locked --------------- bio --> end: uptodate (or not), unlock
 *
 * Nothing is allocated on the way out, or swapping could not make room when there is none: bios come
 * from a pool made by the first swapon. Who finds it empty sleeps until an I/O ends; its own bios
 * are under way then, for a sleeping task's plug is always submitted. Pages of neighbouring slots
 * are merged into one request by the block layer, under the caller's plug.
 *
 * An error costs one page: the block layer repeats a failed request bio by bio. A page that could
 * not be written stays dirty and in memory, its slot remains; one that could not be read stays not
 * uptodate, which its faulting tasks see as SIGBUS.
 *
 * Locks: pool->lock (interrupts off: bios return in softirq).
 * Linux does beyond it: swap files, frontswap, synchronous devices. Read next: swap_readahead.c.
 */
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/sched.h"
#include "mm/mm_trace.h"
#include "mm/pagemap.h"
#include "mm/slab.h"
#include "mm/swap_internal.h"

#define SWAP_POOL_BIOS	  256 /* of each direction: two full queues of single pages */
#define SWAP_POOL_RESERVE 96  /* kswapd's: others wait before they write */
#define SWAP_PATIENCE	  (30 * HZ)

struct swap_bio {
	struct bio bio;
	struct bio_vec vec;
	struct swap_bio *next; /* [P] free */
};

struct swap_bio_pool {
	spinlock_t lock; /* P */
	struct swap_bio *free; /* [P] */
	unsigned int nr_free; /* [P] */
	bool stuck; /* racy: at worst a wait more or less */
	struct swap_bio *memory; /* [I] */
	wait_queue_head_t wait;
};

static struct swap_bio_pool swap_pool[2]; /* reads, writes */

atomic_long_t swap_writeback_pages;

int swap_io_init(void)
{
	for (int dir = 0; dir < 2; dir++) {
		struct swap_bio_pool *pool = &swap_pool[dir];

		if (pool->memory)
			continue;
		spin_lock_init(&pool->lock, LOCK_RANK_LEAF);
		init_waitqueue_head(&pool->wait);
		pool->memory = kcalloc(SWAP_POOL_BIOS, sizeof(struct swap_bio), GFP_KERNEL);
		if (!pool->memory)
			return -ENOMEM;
		for (int i = 0; i < SWAP_POOL_BIOS; i++) {
			pool->memory[i].next = pool->free;
			pool->free = &pool->memory[i];
		}
		pool->nr_free = SWAP_POOL_BIOS;
	}
	return 0;
}

static struct swap_bio *pool_try(struct swap_bio_pool *pool)
{
	struct swap_bio *sb;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	sb = pool->free;
	if (sb) {
		pool->free = sb->next;
		pool->nr_free--;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return sb;
}

static bool pool_has_reserve(const struct swap_bio_pool *pool)
{
	return READ_ONCE(pool->nr_free) >= SWAP_POOL_RESERVE;
}

/*
 * Reclaim waits here for a slow disk, with no write begun yet: unlike pool_get() it can be killed. When nothing
 * at all has come back for SWAP_PATIENCE nobody waits again before something does: what can be had without that
 * disk is to be had, and if nothing can the OOM killer decides.
 */
bool swap_may_write(void)
{
	struct swap_bio_pool *pool = &swap_pool[1];
	long left;

	if (likely(pool_has_reserve(pool)))
		return true;
	if (READ_ONCE(pool->stuck))
		return false;
	left = wait_event_killable_timeout(pool->wait, pool_has_reserve(pool), SWAP_PATIENCE);
	if (!left && !pool_has_reserve(pool))
		WRITE_ONCE(pool->stuck, true);
	return left > 0;
}

static struct swap_bio *pool_get(struct swap_bio_pool *pool)
{
	struct swap_bio *sb = pool_try(pool);

	if (unlikely(!sb))
		wait_event(pool->wait, (sb = pool_try(pool)) != NULL);
	return sb;
}

static void pool_put(struct swap_bio_pool *pool, struct swap_bio *sb)
{
	unsigned long flags;
	bool was_empty;

	spin_lock_irqsave(&pool->lock, flags);
	was_empty = !pool->free;
	sb->next = pool->free;
	pool->free = sb;
	pool->nr_free++;
	pool->stuck = false;
	spin_unlock_irqrestore(&pool->lock, flags);
	if (was_empty || waitqueue_active(&pool->wait))
		wake_up(&pool->wait);
}

/* Build and submit the bio of one page. => may sleep for a bio or a request */
static void swap_submit(struct page *page, enum bio_op op, void (*end_io)(struct bio *, int))
{
	swp_entry_t entry = { page_private(page) };
	struct swap_bio *sb = pool_get(&swap_pool[op == BIO_WRITE]);
	struct bio *bio = &sb->bio;

	bio_init(bio, &sb->vec, 1);
	bio_add_page(bio, page, PAGE_SIZE, 0);
	bio->bi_bdev = swap_area_of(entry)->bdev;
	bio->bi_op = op;
	bio->bi_sector = (u64)swp_offset(entry) * PAGE_SECTORS;
	bio->bi_end_io = end_io;
	bio->bi_private = sb;
	submit_bio(bio);
}

struct block_device *swap_page_bdev(const struct page *page)
{
	swp_entry_t entry = { page_private(page) };

	return swap_area_of(entry)->bdev;
}

static void swap_error(const struct bio *bio, const char *what)
{
	pr_alert("%s-error on swap-device (%u:%u:%llu)\n", what, MAJOR(bio->bi_bdev->dev),
		 MINOR(bio->bi_bdev->dev), bio->bi_sector);
}

static void end_swap_write(struct bio *bio, int error)
{
	struct page *page = bio->bi_io_vec[0].page;

	if (unlikely(error)) {
		/*
		 * The data is here and nowhere else. Dirty and without PG_reclaim the page is not
		 * rotated to where it would be tried again at once.
		 */
		SetPageError(page);
		SetPageDirty(page);
		ClearPageReclaim(page);
		swap_error(bio, "Write");
	}
	pool_put(&swap_pool[1], bio->bi_private);
	atomic_long_dec(&swap_writeback_pages);
	end_page_writeback(page);
}

static void end_swap_read(struct bio *bio, int error)
{
	struct page *page = bio->bi_io_vec[0].page;

	if (unlikely(error)) {
		SetPageError(page);
		ClearPageUptodate(page);
		swap_error(bio, "Read");
	} else {
		SetPageUptodate(page);
	}
	pool_put(&swap_pool[0], bio->bi_private);
	unlock_page(page);
}

/* A line in the diary whenever the head moves: runs of neighbours are one event. */
static void trace_run(enum mm_event event, struct page *page)
{
	static unsigned long last[2]; /* racy: at worst a line too many */
	swp_entry_t entry = { page_private(page) };
	int which = event == MM_SWAP_IN;

	if (entry.val != last[which] + (1UL << SWP_OFFSET_SHIFT))
		mm_trace(event, page_to_pfn(page), swp_type(entry), swp_offset(entry));
	last[which] = entry.val;
}

int swap_writepage(struct page *page, struct writeback_control *wbc)
{
	(void)wbc;
	VM_BUG_ON_PAGE(!PageLocked(page) || !PageSwapCache(page), page);
	if (try_to_free_swap(page)) { /* nobody would ever read it back */
		unlock_page(page);
		return 0;
	}
	set_page_writeback(page);
	atomic_long_inc(&swap_writeback_pages);
	count_vm_event(PSWPOUT);
	count_vm_events(PGPGOUT, PAGE_SECTORS);
	trace_run(MM_SWAP_OUT, page);
	unlock_page(page);
	swap_submit(page, BIO_WRITE, end_swap_write);
	return 0;
}

int swap_readpage(struct page *page)
{
	VM_BUG_ON_PAGE(!PageLocked(page) || !PageSwapCache(page) || PageUptodate(page), page);
	count_vm_event(PSWPIN);
	count_vm_events(PGPGIN, PAGE_SECTORS);
	trace_run(MM_SWAP_IN, page);
	swap_submit(page, BIO_READ, end_swap_read);
	return 0;
}
