/* SPDX-License-Identifier: MIT */
/*
 * Swap areas come: swapon, and what /proc/swaps and free memory reports want to know.
 *
 *   swapon: claim device -> read header (no lock, killable) -> free type? map, clusters -> pool -> on the lists
 *
 * Every check comes before the first change that others can see; the commit (publish) cannot fail.
 * Area structures stay for ever once made (their address is used without a lock through entries in
 * page tables) and are used again by the next swapon.
 *
 * Locks: swapon_mutex for the array and the list by priority; swap_avail_lock for the second list;
 * area->lock for what slots change. Read next: swapoff.c.
 * Linux does beyond it: swap files with extents.
 */
#include "asm/barrier.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/mutex.h"
#include "mm/kmap.h"
#include "mm/pagemap.h"
#include "mm/slab.h"
#include "mm/swap_internal.h"
#include "mm/swapon.h"
#include "mm/vmalloc.h"

DEFINE_MUTEX(swapon_mutex, LOCK_RANK_SWAPON);
LIST_HEAD(swap_active_head);
struct swap_area *swap_areas[MAX_SWAPFILES];
unsigned long total_swap_pages;		/* [S] */
int swap_least_priority;		/* [S] the last automatic priority */

void swap_init(void)
{
	swap_slot_caches_init();
	page_cluster = totalram_pages < 16 * MiB / PAGE_SIZE ? 2 : 3;
}

void si_swapinfo(unsigned long *total, unsigned long *free)
{
	long nr = get_nr_swap_pages();

	*total = READ_ONCE(total_swap_pages);
	*free = nr < 0 ? 0 : (unsigned long)nr;
}

bool swap_get_row(unsigned int type, struct swap_row *row)
{
	struct swap_area *area;
	bool used;

	mutex_lock(&swapon_mutex);
	area = type < MAX_SWAPFILES ? swap_areas[type] : NULL;
	used = area && (area->flags & SWP_USED) && area->map;
	if (used) {
		strcpy(row->path, area->path);
		row->is_file = false;
		row->size_kb = (unsigned long)area->pages << (PAGE_SHIFT - 10);
		row->used_kb = (unsigned long)(READ_ONCE(area->inuse_pages) - swap_slots_cached(type))
			       << (PAGE_SHIFT - 10);
		row->prio = area->prio;
	}
	mutex_unlock(&swapon_mutex);
	return used;
}

struct swap_area *swap_area_find(const struct block_device *bdev)
{
	for (unsigned int i = 0; i < MAX_SWAPFILES; i++)
		if (swap_areas[i] && (swap_areas[i]->flags & SWP_USED) && swap_areas[i]->bdev == bdev)
			return swap_areas[i];
	return NULL;
}

/* => an unused area structure, marked used; ERR_PTR(-EPERM): all types are taken, -ENOMEM */
static struct swap_area *area_get_unused(void)
{
	struct swap_area *area;
	unsigned int type;

	for (type = 0; type < MAX_SWAPFILES; type++)
		if (!swap_areas[type] || !(swap_areas[type]->flags & SWP_USED))
			break;
	if (type == MAX_SWAPFILES)
		return ERR_PTR(-EPERM);
	area = swap_areas[type];
	if (!area) {
		area = kzalloc(sizeof(*area), GFP_KERNEL);
		if (!area)
			return ERR_PTR(-ENOMEM);
		spin_lock_init(&area->lock, LOCK_RANK_SWAP);
		swap_areas[type] = area;
	} else {
		/* Not the lock: an entry read before the swapoff may lead a fault to it right now. */
		spin_lock(&area->lock);
		memset((char *)area + sizeof(area->lock), 0, sizeof(*area) - sizeof(area->lock));
		spin_unlock(&area->lock);
	}
	area->type = type;
	area->flags = SWP_USED;
	return area;
}

void swap_area_free_tables(struct swap_area *area)
{
	if (area->continuation)
		for (unsigned int i = 0; i < area->nr_continuation; i++)
			kfree(area->continuation[i]);
	kfree(area->continuation);
	vfree(area->sums);
	vfree(area->failed);
	vfree(area->cache);
	vfree(area->clusters);
	vfree(area->map);
	area->continuation = NULL;
	area->sums = NULL;
	area->failed = NULL;
	area->cache = NULL;
	area->clusters = NULL;
	area->map = NULL;
}

/* The read of a header. It goes with its end, which whoever waits may not live to see. */
struct header_read {
	struct bio bio;
	struct bio_vec vec;
};

static void header_read_end(struct bio *bio, int error)
{
	struct page *page = bio->bi_private;

	if (!error)
		SetPageUptodate(page);
	kfree(container_of(bio, struct header_read, bio));
	unlock_page(page);
	put_page(page);
}

/* => 0 and *page, a reference; -EIO, -ENOMEM; -EINTR: killed before the disk has answered. No lock is held */
static int read_header(struct block_device *bdev, struct page **page)
{
	struct header_read *read = kzalloc(sizeof(*read), GFP_KERNEL);
	int err;

	*page = read ? alloc_page(GFP_KERNEL) : NULL;
	if (!*page) {
		kfree(read);
		return -ENOMEM;
	}
	lock_page(*page);
	get_page(*page);
	bio_init(&read->bio, &read->vec, 1);
	bio_add_page(&read->bio, *page, PAGE_SIZE, 0);
	read->bio.bi_bdev = bdev;
	read->bio.bi_op = BIO_READ;
	read->bio.bi_sector = 0;
	read->bio.bi_end_io = header_read_end;
	read->bio.bi_private = *page;
	submit_bio(&read->bio);
	err = wait_on_page_locked_killable(*page);
	if (!err && !PageUptodate(*page))
		err = -EIO;
	if (err)
		put_page(*page);
	return err;
}

/* => read_header()'s errors, -EINVAL; told to the log */
static int get_header(struct block_device *bdev, const char *path, struct page **page)
{
	int err;

	if (bdev->over_memory) {
		pr_err("swap: %s: its own data is in memory and would be swapped to it: use a disk or a part of one\n",
		       path);
		return -EINVAL;
	}
	if (bdev->nr_sectors < 2 * PAGE_SECTORS) {
		pr_err("swap: %s: too small for a swap area (mkswap wants 40 KiB)\n", path);
		return -EINVAL;
	}
	err = read_header(bdev, page);
	if (err)
		pr_err("swap: %s: the header cannot be read (error %d)\n", path, err);
	return err;
}

/* Maps and clusters of an area of max slots. => 0, -ENOMEM, -EINVAL */
static int area_setup_tables(struct swap_area *area, const struct swap_header *h, unsigned int max)
{
	unsigned int nr_clusters = DIV_ROUND_UP(max, SWAPFILE_CLUSTER);

	area->map = vzalloc(max);
	area->cache = vzalloc(max * sizeof(*area->cache));
	area->failed = vzalloc(BITS_TO_LONGS((unsigned long)max) * sizeof(long));
	area->nr_continuation = DIV_ROUND_UP(max, SWAP_CONT_SLOTS);
	area->continuation = kcalloc(area->nr_continuation, sizeof(*area->continuation), GFP_KERNEL);
	if (!area->map || !area->cache || !area->failed || !area->continuation)
		return -ENOMEM;
	if (IS_ENABLED(CONFIG_DEBUG))
		area->sums = vzalloc(max * sizeof(*area->sums)); /* NULL: this area is not checked */
	area->pages = (unsigned int)swap_header_fill_map(h, area->map, max);
	if (!area->pages) {
		pr_err("swap: %s: a bad page of the header lies outside, or no good page is left (run mkswap again)\n",
		       area->path);
		return -EINVAL;
	}
	if (area->flags & SWP_SOLIDSTATE) {
		area->clusters = vzalloc(nr_clusters * sizeof(*area->clusters));
		if (!area->clusters)
			return -ENOMEM;
		swap_clusters_setup(area, max);
	}
	area->lowest_bit = area->cluster_next = 1;
	area->highest_bit = max - 1;
	return 0;
}

/* Everything that may fail. => 0 or -errno, tables perhaps half made */
static int area_prepare(struct swap_area *area, struct swap_header *h, int swap_flags)
{
	struct block_device *bdev = area->bdev;
	unsigned int max;
	const char *why;
	int err = swap_io_init();

	if (err)
		return err;
	max = (unsigned int)swap_header_check(h, bdev->nr_sectors / PAGE_SECTORS, false, &why);
	if (!max) {
		pr_err("swap: %s: %s\n", area->path, why);
		return -EINVAL;
	}
	if (!bdev->rotational)
		area->flags |= SWP_SOLIDSTATE;
	area->flags |= swap_discard_flags(bdev, swap_flags);
	if ((area->flags & SWP_PAGE_DISCARD) && (bdev->rotational || !swap_discard_start()))
		area->flags &= ~(unsigned int)SWP_PAGE_DISCARD;
	err = area_setup_tables(area, h, max);
	if (err)
		return err;
	spin_lock(&area->lock);
	area->max = max; /* from here on entries lead to the tables */
	spin_unlock(&area->lock);
	return 0;
}

/* By priority, behind its equals. => swapon_mutex held */
static void active_insert(struct swap_area *area)
{
	struct swap_area *other;

	list_for_each_entry(other, &swap_active_head, list)
		if (other->prio < area->prio)
			break;
	list_add_tail(&area->list, &other->list);
}

void swap_area_publish(struct swap_area *area)
{
	spin_lock(&area->lock);
	area->flags |= SWP_WRITEOK;
	atomic_long_add(area->pages, &nr_swap_pages);
	total_swap_pages += area->pages;
	if (area->inuse_pages < area->pages) /* swapoff gives back an area that may be full */
		swap_avail_add(area);
	spin_unlock(&area->lock);
	active_insert(area);
}

static int swapon_locked(struct block_device *bdev, const char *path, int flags, struct swap_header *h)
{
	struct swap_area *area = area_get_unused();
	int err;

	if (IS_ERR(area)) {
		if (PTR_ERR(area) == -EPERM)
			pr_err("swap: %s: all %d areas are in use; swapoff one first\n", path, MAX_SWAPFILES);
		return (int)PTR_ERR(area);
	}
	strscpy(area->path, path, sizeof(area->path));
	area->bdev = bdev;
	err = area_prepare(area, h, flags);
	if (err) {
		swap_area_free_tables(area);
		area->flags = 0;
		return err;
	}
	area->prio = flags & SWAP_FLAG_PREFER ? flags & SWAP_FLAG_PRIO_MASK : --swap_least_priority;
	swap_slot_caches_drain(); /* the new area may come before those that the slots at hand are of */
	swap_area_publish(area);
	pr_info("Adding %uk swap on %s.  Priority:%d extents:1 across:%uk %s%s%s%s\n",
		area->pages << (PAGE_SHIFT - 10), area->path, area->prio, area->pages << (PAGE_SHIFT - 10),
		area->flags & SWP_SOLIDSTATE ? "SS" : "", area->flags & SWP_DISCARDABLE ? "D" : "",
		area->flags & SWP_AREA_DISCARD ? "s" : "", area->flags & SWP_PAGE_DISCARD ? "c" : "");
	return 0;
}

/* Outside the mutex, like the read of the header. => 0, or -EINTR with the header's reference dropped */
static int discard_first(struct block_device *bdev, const char *path, int flags, struct page *header)
{
	const char *why;
	unsigned long slots;
	int err = 0;

	if (!(swap_discard_flags(bdev, flags) & SWP_AREA_DISCARD))
		return 0;
	slots = swap_header_check(lowmem_page_address(header), bdev->nr_sectors / PAGE_SECTORS, false, &why);
	if (slots) /* else swapon refuses it, and its data is somebody's */
		err = swap_discard_area(bdev, path, slots);
	if (err)
		put_page(header);
	return err;
}

int do_swapon(struct block_device *bdev, const char *path, int flags)
{
	struct page *header;
	int err;

	if (!has_capability_admin(current))
		return -EPERM;
	if (flags & ~SWAP_FLAGS_VALID)
		return -EINVAL;
	if (bdev->read_only) {
		pr_err("swap: %s is read-only: pages could not be written to it\n", path);
		return -EACCES;
	}
	mutex_lock(&swapon_mutex);
	err = swap_area_find(bdev) || bdev_claim(bdev, &header) ? -EBUSY : 0;
	mutex_unlock(&swapon_mutex); /* the disk may take for ever: others go on, but not with this disk */
	if (err)
		return err;
	err = get_header(bdev, path, &header);
	if (!err)
		err = discard_first(bdev, path, flags, header);
	mutex_lock(&swapon_mutex);
	if (!err) {
		err = swapon_locked(bdev, path, flags, lowmem_page_address(header));
		put_page(header);
	}
	if (err)
		bdev_release(bdev, &header);
	else
		bdev_hand_over(bdev, &header, &swapon_mutex);
	mutex_unlock(&swapon_mutex);
	return err;
}
