/* SPDX-License-Identifier: MIT */
/*
 * shmem and swap: pages of memory files that reclaim writes out, and their way back.
 *
 *   page cache --shmem_writepage--> swap cache + entry in info->swapped --swap_writepage--> slot
 *   slot --swapin_readahead--> swap cache --shmem_swapin--> page cache, the entry's use dropped
 *
 * The page stays locked over each move and enters the one place before it leaves the other. The slot of an entry is
 * in the swap cache or on the disk: nobody waits for a move by looking again and again, which a real-time task would do
 * for ever. A moved-in page is dirty: its slot is gone.
 *
 * Locks: page lock, then info->lock (entries), then the page cache's tree lock.
 */
#include "fs/internal.h"
#include "fs/shmem.h"
#include "kernel/core/sched.h"
#include "mm/lru.h"
#include "mm/pagemap.h"
#include "mm/swap.h"

static DEFINE_SPINLOCK(shmem_list_lock, LOCK_RANK_DCACHE);
static LIST_HEAD(shmem_list);		/* [shmem_list_lock] */
static unsigned int shmem_list_len;	/* [shmem_list_lock] */
static DECLARE_WAIT_QUEUE_HEAD(visit_over);

/* Entries are stored as exceptional items of the tree. */
static void *entry_to_item(swp_entry_t entry)
{
	return (void *)(entry.val << RADIX_TREE_EXCEPTIONAL_SHIFT | RADIX_TREE_EXCEPTIONAL_ENTRY);
}

static swp_entry_t item_to_entry(void *item)
{
	swp_entry_t entry = { .val = (unsigned long)item >> RADIX_TREE_EXCEPTIONAL_SHIFT };

	return entry;
}

static void *lookup_item(struct shmem_inode *info, unsigned long index)
{
	void *item;

	if (!READ_ONCE(info->nr_swapped))
		return NULL;
	spin_lock(&info->lock);
	item = radix_tree_lookup(&info->swapped, index);
	spin_unlock(&info->lock);
	return item;
}

bool shmem_is_swapped(struct shmem_inode *info, unsigned long index)
{
	return lookup_item(info, index) != NULL;
}

/* Without an entry a page cannot leave the cache before the lock is ours again: it is there, or nowhere. */
bool shmem_is_hole(struct inode *inode, unsigned long index)
{
	struct shmem_inode *info = SHMEM_I(inode);
	struct page *page = NULL;
	bool hole;

	spin_lock(&info->lock);
	hole = !radix_tree_lookup(&info->swapped, index);
	if (hole)
		page = find_get_page(&inode->i_data, index);
	spin_unlock(&info->lock);
	if (!page)
		return hole;
	put_page(page);
	return false;
}

/* => true: the entry was item's and is gone, its use belongs to the caller now */
static bool take_item(struct shmem_inode *info, unsigned long index, void *item, bool comes_in)
{
	bool taken;

	spin_lock(&info->lock);
	taken = radix_tree_delete_item(&info->swapped, index, item) != NULL;
	if (taken) {
		info->nr_swapped--;
		info->swapins += comes_in;
	}
	spin_unlock(&info->lock);
	return taken;
}

void shmem_free_swapped(struct shmem_inode *info, unsigned long first, unsigned long last)
{
	while (READ_ONCE(info->nr_swapped)) {
		unsigned long index;
		unsigned int found;
		void *item;

		spin_lock(&info->lock);
		found = radix_tree_gang_lookup(&info->swapped, &item, &index, first, 1);
		spin_unlock(&info->lock);
		if (!found || index > last)
			return;
		if (take_item(info, index, item, false))
			free_swap_and_cache(item_to_entry(item));
		first = index;
		cond_resched();
	}
}

/*
 * The locked page of the swap cache belongs to the file again. It enters the one cache before it leaves the other: as
 * long as the slot is recorded, somebody else may look for its page, and must find this one, not read the slot again.
 * => 0; -EEXIST: look again, something changed meanwhile; -ENOMEM, -EIO
 */
static int move_in(struct inode *inode, unsigned long index, void *item, struct page *page)
{
	struct shmem_inode *info = SHMEM_I(inode);
	swp_entry_t entry = item_to_entry(item);
	int err;

	if (!PageSwapCache(page) || page_private(page) != entry.val || lookup_item(info, index) != item)
		return -EEXIST;
	if (!PageUptodate(page))
		return -EIO;
	wait_on_page_writeback(page);
	/* -EEXIST: fill_hole has a page there for a moment, until it sees the item */
	err = add_to_page_cache_locked(page, &inode->i_data, index, GFP_KERNEL);
	if (err)
		return err;
	if (!take_item(info, index, item, true)) { /* truncated, and truncation does not look here again */
		delete_from_page_cache(page);
		try_to_free_swap(page);
		return -EEXIST;
	}
	swap_free(entry);
	delete_from_swap_cache(page); /* the slot's last user: nobody has a reason to read it between the two */
	set_page_dirty(page);
	return 0;
}

int shmem_swapin(struct inode *inode, unsigned long index)
{
	struct shmem_inode *info = SHMEM_I(inode);
	void *item = lookup_item(info, index);
	struct page *page;
	int err;

	if (!item)
		return 0;
	page = lookup_swap_cache(item_to_entry(item));
	if (!page)
		page = swapin_readahead(item_to_entry(item), inode->i_data.gfp_mask);
	if (!page)
		return lookup_item(info, index) == item ? -ENOMEM : 0;
	if (lock_page_killable(page)) { /* the disk may take for ever */
		put_page(page);
		return -EINTR;
	}
	err = move_in(inode, index, item, page);
	unlock_page(page);
	put_page(page);
	return err == -EEXIST ? 0 : err;
}

/* ---- Out ---- */

/* => 0: the slot, a fresh one, is the file's and recorded at index; else nothing has changed */
static int record_item(struct shmem_inode *info, unsigned long index, swp_entry_t entry)
{
	int err;

	swap_shmem_alloc(entry);
	spin_lock(&info->lock);
	err = radix_tree_insert(&info->swapped, index, entry_to_item(entry));
	if (!err)
		info->nr_swapped++;
	spin_unlock(&info->lock);
	if (err)
		swap_free(entry);
	return err;
}

/* swapoff must find the file. */
static void remember(struct shmem_inode *info)
{
	if (!list_empty(&info->list))
		return;
	spin_lock(&shmem_list_lock);
	if (list_empty(&info->list)) {
		list_add_tail(&info->list, &shmem_list);
		shmem_list_len++;
	}
	spin_unlock(&shmem_list_lock);
}

void shmem_forget(struct shmem_inode *info)
{
	if (list_empty(&info->list))
		return;
	spin_lock(&shmem_list_lock);
	list_del_init(&info->list);
	shmem_list_len--;
	spin_unlock(&shmem_list_lock);
}

/* Reclaim: the locked, unmapped page, whose dirty flag was cleared, goes to swap. => 0, or -EAGAIN: dirty again */
int shmem_writepage(struct page *page, struct writeback_control *wbc)
{
	struct shmem_inode *info = SHMEM_I(page->mapping->host);
	unsigned long index = page->index;
	swp_entry_t entry = { .val = 0 };

	if (wbc->for_reclaim && !page_mapped(page))
		entry = get_swap_page();
	if (!entry.val)
		goto keep;
	add_to_swap_cache(page, entry);
	if (record_item(info, index, entry)) {
		delete_from_swap_cache(page);
		goto keep;
	}
	remember(info);
	delete_from_page_cache(page);
	return swap_writepage(page, wbc);
keep:
	set_page_dirty(page);
	unlock_page(page);
	return -EAGAIN;
}

/* ---- swapoff: visits files without holding them, or it would keep a file system from being unmounted ---- */

static int unuse_inode(struct inode *inode, unsigned int type)
{
	struct shmem_inode *info = SHMEM_I(inode);
	unsigned long index = 0;

	for (;;) {
		unsigned int found;
		void *item;
		int err;

		spin_lock(&info->lock);
		found = radix_tree_gang_lookup(&info->swapped, &item, &index, index, 1);
		spin_unlock(&info->lock);
		if (!found)
			return 0;
		if (swp_type(item_to_entry(item)) == type) {
			err = shmem_swapin(inode, index);
			if (err)
				return err;
			if (signal_pending(current))
				return -EINTR;
		}
		if (++index == 0 || READ_ONCE(info->ends)) /* it waits for us, and frees the rest by itself */
			return 0;
		cond_resched();
	}
}

/* => a file that will not end before leave_file(); NULL: not this one */
static struct shmem_inode *next_file(void)
{
	struct shmem_inode *info = NULL;

	spin_lock(&shmem_list_lock);
	if (!list_empty(&shmem_list)) {
		info = list_first_entry(&shmem_list, struct shmem_inode, list);
		list_move_tail(&info->list, &shmem_list);
		info->visited = !info->ends;
		if (info->ends) /* it frees its slots by itself */
			info = NULL;
	}
	spin_unlock(&shmem_list_lock);
	return info;
}

static void leave_file(struct shmem_inode *info)
{
	spin_lock(&shmem_list_lock);
	info->visited = false;
	spin_unlock(&shmem_list_lock);
	wake_up_all(&visit_over);
}

void shmem_end_visits(struct shmem_inode *info)
{
	spin_lock(&shmem_list_lock);
	info->ends = true;
	spin_unlock(&shmem_list_lock);
	wait_event(visit_over, !READ_ONCE(info->visited));
}

static int shmem_unuse(unsigned int type)
{
	unsigned int n = READ_ONCE(shmem_list_len);
	int err = 0;

	while (n-- && !err) {
		struct shmem_inode *info = next_file();

		if (!info)
			continue;
		err = unuse_inode(info->inode, type);
		leave_file(info);
	}
	return err;
}

void shmem_swap_init(void)
{
	swap_set_shmem_unuse(shmem_unuse);
}
