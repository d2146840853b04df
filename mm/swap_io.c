/* SPDX-License-Identifier: MIT */
/*
 * Swap I/O: pages to and from their slots, sector 8 * slot. Pages of neighbouring slots go together:
 *
 *   swap_writepage(page, wbc): PG_writeback, unlock --> the open run of wbc->swap_plug: | 7 | 8 | 9 |
 *   swap_readpage(page, plug): locked               -->   another slot, 32 pages, swap_unplug(): submitted
 *   end of the run: each page clean (or dirty again after an error); uptodate (or not), unlocked
 *
 * A run is one bio, which one request carries; many runs are under way at once. Nothing is allocated on
 * the way out, or swapping could not make room when there is none: runs come from a pool made by the
 * first swapon. Who finds it empty sleeps until an I/O ends, and has no run open then; nor does anybody
 * sleep for memory with one open (swap_readahead.c), so a page that others wait for is always on its way.
 *
 * An error costs one page: the block layer repeats a failed run page by page. A page that could not be
 * written stays dirty and in memory, its slot remains (and is given up with its last user); one that could
 * not be read stays not uptodate, which its faulting tasks see as SIGBUS.
 *
 * Locks: pool->lock (interrupts off: runs return in softirq).
 * Linux does beyond it: swap files, frontswap, synchronous devices. Read next: swap_readahead.c.
 */
#include "asm/barrier.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/sched.h"
#include "mm/mm_trace.h"
#include "mm/pagemap.h"
#include "mm/slab.h"
#include "mm/swap_internal.h"

#define SWAP_POOL_RUNS	  48 /* of each direction: as many requests as a disk works on at once */
#define SWAP_POOL_RESERVE 16 /* kswapd's: others wait before they write */
#define SWAP_IN_FLIGHT	  256 /* pages: with so many on their way everybody waits */
#define SWAP_FEW	  160 /* and with so many all but kswapd */
#define SWAP_PATIENCE	  (30 * HZ)

struct swap_run {
	struct bio bio;
	struct bio_vec vecs[BIO_MAX_VECS];
	unsigned long next_val; /* the entry that would continue it */
	struct swap_run *next;	/* [P] free */
};

struct swap_run_pool {
	spinlock_t lock; /* P */
	struct swap_run *free; /* [P] */
	unsigned int nr_free; /* [P] */
	bool stuck; /* racy: at worst a wait more or less */
	struct swap_run *memory; /* [I] */
	wait_queue_head_t wait;
};

static struct swap_run_pool swap_pool[2]; /* reads, writes */

atomic_long_t swap_writeback_pages;
static atomic_long_t pages_in_flight; /* of runs that have been submitted */

int swap_io_init(void)
{
	for (int dir = 0; dir < 2; dir++) {
		struct swap_run_pool *pool = &swap_pool[dir];

		if (pool->memory)
			continue;
		spin_lock_init(&pool->lock, LOCK_RANK_LEAF);
		init_waitqueue_head(&pool->wait);
		pool->memory = kcalloc(SWAP_POOL_RUNS, sizeof(struct swap_run), GFP_KERNEL);
		if (!pool->memory)
			return -ENOMEM;
		for (int i = 0; i < SWAP_POOL_RUNS; i++) {
			pool->memory[i].next = pool->free;
			pool->free = &pool->memory[i];
		}
		pool->nr_free = SWAP_POOL_RUNS;
	}
	return 0;
}

/* ---- The pool ------------------------------------------------------------------------------- */

static struct swap_run *pool_try(struct swap_run_pool *pool)
{
	struct swap_run *run;
	unsigned long flags;

	if (pool == &swap_pool[1] && atomic_long_read(&pages_in_flight) >= SWAP_IN_FLIGHT)
		return NULL;
	spin_lock_irqsave(&pool->lock, flags);
	run = pool->free;
	if (run) {
		pool->free = run->next;
		pool->nr_free--;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return run;
}

static bool pool_has_reserve(const struct swap_run_pool *pool)
{
	return READ_ONCE(pool->nr_free) >= SWAP_POOL_RESERVE &&
	       atomic_long_read(&pages_in_flight) < SWAP_FEW;
}

/*
 * Reclaim waits here for a slow disk, with no write begun yet: unlike pool_get() it can be killed. When nothing
 * at all has come back for SWAP_PATIENCE nobody waits again before something does: what can be had without that
 * disk is to be had, and if nothing can the OOM killer decides.
 */
bool swap_may_write(struct swap_run **plug)
{
	struct swap_run_pool *pool = &swap_pool[1];
	long left;

	if (likely(pool_has_reserve(pool)))
		return true;
	swap_unplug(plug);
	if (READ_ONCE(pool->stuck))
		return false;
	left = wait_event_killable_timeout(pool->wait, pool_has_reserve(pool), SWAP_PATIENCE);
	if (!left && !pool_has_reserve(pool))
		WRITE_ONCE(pool->stuck, true);
	return left > 0;
}

static struct swap_run *pool_get(struct swap_run_pool *pool)
{
	struct swap_run *run = pool_try(pool);

	if (unlikely(!run))
		wait_event(pool->wait, (run = pool_try(pool)) != NULL);
	return run;
}

static void pool_put(struct swap_run_pool *pool, struct swap_run *run)
{
	unsigned long flags;
	bool was_empty;

	spin_lock_irqsave(&pool->lock, flags);
	was_empty = !pool->free;
	run->next = pool->free;
	pool->free = run;
	pool->nr_free++;
	pool->stuck = false;
	spin_unlock_irqrestore(&pool->lock, flags);
	smp_mb(); /* nr_free before the look at the queue: swap_may_write() asks for it without the lock */
	if (was_empty || waitqueue_active(&pool->wait))
		wake_up(&pool->wait);
}

/* ---- The end of a run ----------------------------------------------------------------------- */

struct block_device *swap_page_bdev(const struct page *page)
{
	swp_entry_t entry = { page_private(page) };

	return swap_area_of(entry)->bdev;
}

static void swap_error(const struct bio *bio, unsigned int nr, const char *what)
{
	pr_alert("%s-error on swap-device (%u:%u:%llu)\n", what, MAJOR(bio->bi_bdev->dev),
		 MINOR(bio->bi_bdev->dev), bio->bi_sector + (u64)nr * PAGE_SECTORS);
}

/* The slot is not to be used again for another page (swap_slot_release()). */
static void slot_failed(struct page *page)
{
	swp_entry_t entry = { page_private(page) };
	struct swap_area *area = swap_area_of(entry);

	set_bit((long)swp_offset(entry), area->failed);
	WRITE_ONCE(area->any_failed, true);
}

static bool piece_failed(const struct bio *bio, int error, unsigned int nr)
{
	return unlikely(error) && bio->bi_bad >> nr & 1;
}

static void end_swap_write(struct bio *bio, int error)
{
	unsigned int nr = bio->bi_vcnt;

	atomic_long_sub(nr, &swap_writeback_pages);
	for (unsigned int i = 0; i < nr; i++) {
		struct page *page = bio->bi_io_vec[i].page;

		if (piece_failed(bio, error, i)) {
			/*
			 * The data is here and nowhere else. Dirty and without PG_reclaim the page is not
			 * rotated to where it would be tried again at once.
			 */
			SetPageError(page);
			SetPageDirty(page);
			ClearPageReclaim(page);
			slot_failed(page);
			swap_error(bio, i, "Write");
		}
		end_page_writeback(page);
	}
	atomic_long_sub(nr, &pages_in_flight);
	pool_put(&swap_pool[1], container_of(bio, struct swap_run, bio));
}

static void end_swap_read(struct bio *bio, int error)
{
	for (unsigned int i = 0; i < bio->bi_vcnt; i++) {
		struct page *page = bio->bi_io_vec[i].page;

		if (piece_failed(bio, error, i)) {
			SetPageError(page);
			swap_error(bio, i, "Read");
		} else if (IS_ENABLED(CONFIG_DEBUG) && !swap_sum_right(page)) {
			SetPageError(page);
		} else {
			SetPageUptodate(page);
		}
		unlock_page(page);
	}
	pool_put(&swap_pool[0], container_of(bio, struct swap_run, bio));
}

/* ---- Runs ------------------------------------------------------------------------------------- */

/* A line in the diary whenever the head moves: runs of neighbours are one event. */
static void trace_run(const struct swap_run *run, struct page *page)
{
	static unsigned long last[2]; /* racy: at worst a line too many */
	int write = run->bio.bi_op == BIO_WRITE;
	swp_entry_t entry = { page_private(page) };

	if (entry.val != last[write])
		mm_trace(write ? MM_SWAP_OUT : MM_SWAP_IN, page_to_pfn(page), swp_type(entry), swp_offset(entry));
	last[write] = run->next_val;
}

static void run_submit(struct swap_run *run)
{
	if (run->bio.bi_op == BIO_WRITE)
		atomic_long_add(run->bio.bi_vcnt, &pages_in_flight);
	trace_run(run, run->vecs[0].page);
	submit_bio(&run->bio);
}

void swap_unplug(struct swap_run **plug)
{
	struct swap_run *run = *plug;

	*plug = NULL;
	if (run)
		run_submit(run);
}

/* => a run that begins at entry; may sleep for it */
static struct swap_run *run_begin(swp_entry_t entry, enum bio_op op)
{
	struct block_device *bdev = swap_area_of(entry)->bdev;
	struct swap_run *run = pool_get(&swap_pool[op == BIO_WRITE]);
	struct bio *bio = &run->bio;

	bio_init(bio, run->vecs, min(bdev->queue->max_vecs, (unsigned int)BIO_MAX_VECS));
	bio->bi_bdev = bdev;
	bio->bi_op = op;
	bio->bi_sector = (u64)swp_offset(entry) * PAGE_SECTORS;
	bio->bi_end_io = op == BIO_WRITE ? end_swap_write : end_swap_read;
	return run;
}

/* The page joins the open run, or ends it and begins another. => plug NULL: goes alone; may sleep */
static void run_add(struct page *page, enum bio_op op, struct swap_run **plug)
{
	swp_entry_t entry = { page_private(page) };
	struct swap_run *run = plug ? *plug : NULL;

	if (run && (run->next_val != entry.val || run->bio.bi_vcnt == run->bio.bi_max_vecs)) {
		swap_unplug(plug);
		run = NULL;
	}
	if (!run)
		run = run_begin(entry, op);
	bio_add_page(&run->bio, page, PAGE_SIZE, 0);
	run->next_val = entry.val + (1UL << SWP_OFFSET_SHIFT);
	if (plug)
		*plug = run;
	else
		run_submit(run);
}

int swap_writepage(struct page *page, struct writeback_control *wbc)
{
	VM_BUG_ON_PAGE(!PageLocked(page) || !PageSwapCache(page), page);
	if (try_to_free_swap(page)) { /* nobody would ever read it back */
		unlock_page(page);
		return 0;
	}
	ClearPageError(page); /* of an earlier write */
	set_page_writeback(page);
	atomic_long_inc(&swap_writeback_pages);
	count_vm_event(PSWPOUT);
	count_vm_events(PGPGOUT, PAGE_SECTORS);
	if (IS_ENABLED(CONFIG_DEBUG))
		swap_sum_note(page);
	unlock_page(page);
	run_add(page, BIO_WRITE, wbc->swap_plug);
	return 0;
}

void swap_readpage(struct page *page, struct swap_run **plug)
{
	VM_BUG_ON_PAGE(!PageLocked(page) || !PageSwapCache(page) || PageUptodate(page), page);
	count_vm_event(PSWPIN);
	count_vm_events(PGPGIN, PAGE_SECTORS);
	run_add(page, BIO_READ, plug);
}
