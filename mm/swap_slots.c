/* SPDX-License-Identifier: MIT */
/*
 * Finding a free slot so that pages swapped out together lie together.
 *
 *   disk with seeks:    |....xxxx[256 in a row]xx..x|   cluster_next walks through one free run of
 *                             ^cluster_next             256 slots, then looks for another
 *   disk without seeks: |CPU0's 256|free|CPU1's 256|..  each CPU fills a free cluster of its own;
 *                                                       none free: any slot, from the bottom
 *
 * An area with free slots is on the avail list, ordered by priority; equals take turns.
 * In an area of a swap that is half full, slots that only the swap cache still uses are passed
 * over by these walks but given back by reclaim itself (try_to_free_swap, spec 6.4).
 *
 * Locks: area->lock for the map and clusters, swap_avail_lock inside it for the list.
 * Linux does beyond it: discard, per-CPU slot caches, frontswap. Test: tests/host swap slots.
 */
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "mm/swap_internal.h"

DEFINE_SPINLOCK(swap_avail_lock, LOCK_RANK_SWAP);
LIST_HEAD(swap_avail_head);
atomic_long_t nr_swap_pages;

long get_nr_swap_pages(void)
{
	return atomic_long_read(&nr_swap_pages);
}

bool vm_swap_full(void)
{
	return get_nr_swap_pages() * 2 < (long)total_swap_pages;
}

/* ---- The list of areas that have room ------------------------------------------------------ */

/* Behind all areas of at least its priority: so equals take turns. => swap_avail_lock held */
static void avail_insert(struct swap_area *area)
{
	struct swap_area *other;

	list_for_each_entry(other, &swap_avail_head, avail)
		if (other->prio < area->prio)
			break;
	list_add_tail(&area->avail, &other->avail);
}

void swap_avail_add(struct swap_area *area)
{
	spin_lock_nested(&swap_avail_lock, 1);
	if (!area->on_avail)
		avail_insert(area);
	area->on_avail = true;
	spin_unlock(&swap_avail_lock);
}

void swap_avail_del(struct swap_area *area)
{
	spin_lock_nested(&swap_avail_lock, 1);
	if (area->on_avail)
		list_del(&area->avail);
	area->on_avail = false;
	spin_unlock(&swap_avail_lock);
}

/* The area whose turn it is; it goes behind its equals. */
static struct swap_area *avail_next(void)
{
	struct swap_area *area = NULL;

	spin_lock(&swap_avail_lock);
	if (!list_empty(&swap_avail_head)) {
		area = list_first_entry(&swap_avail_head, struct swap_area, avail);
		if (!list_is_singular(&swap_avail_head)) {
			list_del(&area->avail);
			avail_insert(area);
		}
	}
	spin_unlock(&swap_avail_lock);
	return area;
}

/* ---- Clusters ----------------------------------------------------------------------------------- */

static void cluster_list_add(struct swap_area *area, u32 index)
{
	struct swap_cluster *c = &area->clusters[index];

	c->is_free = true;
	c->next = CLUSTER_NONE;
	if (area->free_head == CLUSTER_NONE)
		area->free_head = index;
	else
		area->clusters[area->free_tail].next = index;
	area->free_tail = index;
}

static u32 cluster_list_pop(struct swap_area *area)
{
	u32 index = area->free_head;

	if (index == CLUSTER_NONE)
		return index;
	area->free_head = area->clusters[index].next;
	area->clusters[index].is_free = false;
	return index;
}

void swap_clusters_setup(struct swap_area *area, unsigned int max)
{
	unsigned int nr = DIV_ROUND_UP(max, SWAPFILE_CLUSTER);

	area->free_head = area->free_tail = CLUSTER_NONE;
	for (unsigned int i = 0; i < nr * SWAPFILE_CLUSTER; i++)
		if (i >= max || area->map[i])
			area->clusters[i / SWAPFILE_CLUSTER].count++;
	for (unsigned int c = 0; c < nr; c++)
		if (!area->clusters[c].count)
			cluster_list_add(area, c);
}

/* The CPU's own cluster has no slot left: take a free one. => its first slot or 0 */
static unsigned int cluster_open(struct swap_area *area)
{
	u32 index = cluster_list_pop(area);

	return index == CLUSTER_NONE ? 0 : index * SWAPFILE_CLUSTER;
}

/* => a free slot at or after next inside its cluster, or 0 */
static unsigned int cluster_scan(struct swap_area *area, unsigned int next)
{
	unsigned int end = min(ALIGN(next + 1, SWAPFILE_CLUSTER), area->max);

	for (; next < end; next++)
		if (!area->map[next])
			return next;
	return 0;
}

static unsigned int scan_clusters(struct swap_area *area)
{
	unsigned int *cpu_next = &area->cpu_next[smp_processor_id()];
	unsigned int slot = 0;

	/* All of its slots may have been freed meanwhile: then it is on the free list, not ours. */
	if (*cpu_next && !area->clusters[*cpu_next / SWAPFILE_CLUSTER].is_free)
		slot = cluster_scan(area, *cpu_next);
	if (!slot) {
		slot = cluster_open(area);
		if (!slot) {
			*cpu_next = 0;
			return 0;
		}
	}
	/* The next slot in the cluster; 0 behind its last. */
	*cpu_next = (slot + 1) % SWAPFILE_CLUSTER ? slot + 1 : 0;
	return slot;
}

/* ---- Disks with seeks ----------------------------------------------------------------------------- */

/* A run of 256 free slots from the bottom: cluster_next is set to its start. */
static bool find_free_run(struct swap_area *area)
{
	unsigned int run = 0;

	for (unsigned int i = area->lowest_bit; i <= area->highest_bit; i++) {
		run = area->map[i] ? 0 : run + 1;
		if (run == SWAPFILE_CLUSTER) {
			area->cluster_next = i - SWAPFILE_CLUSTER + 1;
			return true;
		}
	}
	return false;
}

static unsigned int scan_rotating(struct swap_area *area)
{
	if (!area->cluster_nr) {
		area->cluster_nr = SWAPFILE_CLUSTER - 1;
		if (area->pages - area->inuse_pages >= SWAPFILE_CLUSTER)
			find_free_run(area);
	} else {
		area->cluster_nr--;
	}
	if (area->cluster_next < area->lowest_bit || area->cluster_next > area->highest_bit)
		area->cluster_next = area->lowest_bit;
	for (unsigned int i = area->cluster_next; i <= area->highest_bit; i++)
		if (!area->map[i])
			return i;
	for (unsigned int i = area->lowest_bit; i < area->cluster_next; i++)
		if (!area->map[i])
			return i;
	return 0;
}

/* ---- One slot of one area ------------------------------------------------------------------------ */

static void slot_taken(struct swap_area *area, unsigned int slot)
{
	if (area->clusters) {
		struct swap_cluster *c = &area->clusters[slot / SWAPFILE_CLUSTER];

		VM_BUG_ON(c->is_free);
		c->count++;
	}
	area->map[slot] = SWAP_HAS_CACHE;
	area->cluster_next = slot + 1;
	if (slot == area->lowest_bit)
		area->lowest_bit++;
	if (slot == area->highest_bit)
		area->highest_bit--;
	if (++area->inuse_pages == area->pages) {
		area->lowest_bit = area->max;
		area->highest_bit = 0;
		swap_avail_del(area);
	}
	atomic_long_dec(&nr_swap_pages);
}

unsigned int swap_slot_alloc(struct swap_area *area)
{
	unsigned int slot = 0;

	assert_spin_locked(&area->lock);
	if (!(area->flags & SWP_WRITEOK) || area->inuse_pages == area->pages)
		return 0;
	if (area->clusters)
		slot = scan_clusters(area);
	if (!slot) /* no whole cluster is free then: any slot */
		slot = scan_rotating(area);
	if (slot)
		slot_taken(area, slot);
	return slot;
}

void swap_slot_release(struct swap_area *area, unsigned int offset)
{
	assert_spin_locked(&area->lock);
	if (area->clusters) {
		u32 index = offset / SWAPFILE_CLUSTER;

		if (!--area->clusters[index].count)
			cluster_list_add(area, index);
	}
	if (offset < area->lowest_bit)
		area->lowest_bit = offset;
	if (offset > area->highest_bit)
		area->highest_bit = offset;
	area->inuse_pages--;
	atomic_long_inc(&nr_swap_pages);
	if (!area->on_avail && (area->flags & SWP_WRITEOK))
		swap_avail_add(area);
}

struct swap_area *swap_slot_get(unsigned int *slot)
{
	struct swap_area *area;

	if (get_nr_swap_pages() <= 0)
		return NULL;
	/* An area may fill up between the two locks: it has left the list then, take the next. */
	for (unsigned int tries = 0; tries < 2 * MAX_SWAPFILES; tries++) {
		area = avail_next();
		if (!area)
			break;
		spin_lock(&area->lock);
		*slot = swap_slot_alloc(area);
		if (*slot)
			return area;
		spin_unlock(&area->lock);
	}
	return NULL;
}

swp_entry_t get_swap_page(void)
{
	unsigned int slot;
	struct swap_area *area = swap_slot_get(&slot);

	if (!area)
		return (swp_entry_t){ 0 };
	spin_unlock(&area->lock);
	return swp_entry(area->type, slot);
}
