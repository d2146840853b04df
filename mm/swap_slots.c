/* SPDX-License-Identifier: MIT */
/*
 * Finding a free slot so that pages swapped out together lie together.
 *
 *   disk with seeks:    |....xxxx[256 in a row]xx..x|   cluster_next walks through one free run of
 *                             ^cluster_next             256 slots, then looks for another
 *   disk without seeks: |CPU0's 256|free|CPU1's 256|..  each CPU fills a free cluster of its own;
 *                                                       none free: any slot, from the bottom
 *
 * An area with free slots is on the avail list, ordered by priority; equals take turns, a batch of slots each.
 * Once swap is half full, the walk over single slots gives back on its way those that only the swap
 * cache still uses: their pages are in memory, and become dirty for it.
 *
 * A slot whose write has failed is not trusted again: its last user gone, it becomes bad (0x3f) until swapoff.
 *
 * Locks: area->lock for the map and clusters, swap_avail_lock inside it for the list. A walk gives the
 * lock away every LATENCY_LIMIT slots, and for each slot it reclaims; so everything may have changed
 * between two slots, and nothing but the area's structure itself is relied on (max is 0 once it is off).
 * With discard a cluster that becomes free is first told to the device (swap_discard.c).
 * Linux does beyond it: frontswap. Read next: swap_slot_cache.c. Test: tests/host/test_swap_slots.c.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
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

void swap_cluster_free(struct swap_area *area, u32 index)
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

	area->free_head = area->free_tail = area->discard_head = CLUSTER_NONE;
	for (unsigned int i = 0; i < nr * SWAPFILE_CLUSTER; i++)
		if (i >= max || area->map[i])
			area->clusters[i / SWAPFILE_CLUSTER].count++;
	for (unsigned int c = 0; c < nr; c++)
		if (!area->clusters[c].count)
			swap_cluster_free(area, c);
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
	if (!slot)
		slot = cluster_open(area);
	if (!slot && (area->flags & SWP_PAGE_DISCARD)) {
		swap_discard_wait(area); /* free ones may be on their way */
		if (!(area->flags & SWP_WRITEOK) || !area->clusters) /* swapped off meanwhile, or another area by now */
			return 0;
		cpu_next = &area->cpu_next[smp_processor_id()];
		slot = cluster_open(area);
	}
	if (!slot) {
		*cpu_next = 0;
		return 0;
	}
	/* The next slot in the cluster; 0 behind its last. */
	*cpu_next = (slot + 1) % SWAPFILE_CLUSTER ? slot + 1 : 0;
	return slot;
}

/* ---- Disks with seeks ----------------------------------------------------------------------------- */

/* One slot more was looked at. At the limit others have their turn: => area->lock given away, taken again */
static void count_probe(struct swap_area *area, unsigned int *probes)
{
	if (++*probes % LATENCY_LIMIT)
		return;
	spin_unlock(&area->lock);
	cond_resched();
	spin_lock(&area->lock);
}

/*
 * A slot that only the swap cache uses goes back if its page is not busy.
 * => area->lock given away meanwhile; true: the slot is free now
 */
static bool reclaim_slot(struct swap_area *area, unsigned int slot)
{
	spin_unlock(&area->lock);
	swap_free_cached_page(swp_entry(area->type, slot));
	spin_lock(&area->lock);
	return slot < area->max && !area->map[slot];
}

/* A run of 256 free slots from the bottom: cluster_next is set to its start. */
static bool find_free_run(struct swap_area *area, unsigned int *probes)
{
	unsigned int run = 0;

	for (unsigned int i = area->lowest_bit; i <= area->highest_bit && i < area->max; i++) {
		run = area->map[i] ? 0 : run + 1;
		if (run == SWAPFILE_CLUSTER) {
			area->cluster_next = i - SWAPFILE_CLUSTER + 1;
			return true;
		}
		count_probe(area, probes);
	}
	return false;
}

/* => the first slot of [from, to) that is free or can be made so; 0: none */
static unsigned int scan_slots(struct swap_area *area, unsigned int from, unsigned int to,
			       unsigned int *probes)
{
	for (unsigned int i = from; i < to && i <= area->highest_bit && i < area->max; i++) {
		if (!area->map[i])
			return i;
		if (area->map[i] == SWAP_HAS_CACHE && vm_swap_full() && reclaim_slot(area, i))
			return i;
		count_probe(area, probes);
	}
	return 0;
}

static unsigned int scan_rotating(struct swap_area *area)
{
	unsigned int probes = 0, start, slot;

	if (!area->cluster_nr) {
		area->cluster_nr = SWAPFILE_CLUSTER - 1;
		if (area->pages - area->inuse_pages >= SWAPFILE_CLUSTER)
			find_free_run(area, &probes);
	} else {
		area->cluster_nr--;
	}
	start = area->cluster_next;
	if (start < area->lowest_bit || start > area->highest_bit)
		start = area->lowest_bit;
	slot = scan_slots(area, start, UINT_MAX, &probes);
	return slot ?: scan_slots(area, area->lowest_bit, start, &probes);
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
}

/* => area->lock held, perhaps given away meanwhile. => offset, or 0 */
static unsigned int slot_alloc(struct swap_area *area)
{
	unsigned int slot = 0;

	assert_spin_locked(&area->lock);
	if (!(area->flags & SWP_WRITEOK) || area->inuse_pages == area->pages)
		return 0;
	if (area->clusters)
		slot = scan_clusters(area);
	if (!slot) { /* no whole cluster is free then: any slot */
		slot = scan_rotating(area);
		if (!(area->flags & SWP_WRITEOK)) /* a swapoff came while the lock was away */
			return 0;
		/* The search, or somebody meanwhile, emptied the slot's cluster: it is to be opened. */
		if (slot && area->clusters && area->clusters[slot / SWAPFILE_CLUSTER].is_free)
			slot = scan_clusters(area);
	}
	if (slot)
		slot_taken(area, slot);
	return slot;
}

/* Its last user is gone, but what was written there did not arrive. */
static void slot_give_up(struct swap_area *area, unsigned int offset)
{
	area->map[offset] = SWAP_MAP_BAD;
	area->nr_bad++;
	pr_warn_ratelimited("swap: %s: slot %u is not used again until swapoff: a write to it failed. %u kB are lost "
			    "so far, counted as used\n", area->path, offset, area->nr_bad << (PAGE_SHIFT - 10));
}

/* The slot is free. => area->lock held */
static void slot_put_back(struct swap_area *area, unsigned int offset)
{
	if (area->clusters) {
		u32 index = offset / SWAPFILE_CLUSTER;

		if (!--area->clusters[index].count) {
			if (area->flags & SWP_PAGE_DISCARD)
				swap_discard_schedule(area, index);
			else
				swap_cluster_free(area, index);
		}
	}
	if (offset < area->lowest_bit)
		area->lowest_bit = offset;
	if (offset > area->highest_bit)
		area->highest_bit = offset;
	area->inuse_pages--;
	if (!area->on_avail && (area->flags & SWP_WRITEOK))
		swap_avail_add(area);
}

void swap_slot_release(struct swap_area *area, unsigned int offset)
{
	assert_spin_locked(&area->lock);
	area->cache[offset] = 0; /* the shadow goes with the slot */
	if (unlikely(READ_ONCE(area->any_failed)) && test_bit(offset, area->failed)) {
		slot_give_up(area, offset);
		return;
	}
	slot_put_back(area, offset);
	atomic_long_inc(&nr_swap_pages);
}

/* => area->lock held, perhaps given away meanwhile. => how many of nr slots it has */
static unsigned int slots_alloc(struct swap_area *area, swp_entry_t slots[], unsigned int nr)
{
	unsigned int n;

	for (n = 0; n < nr; n++) {
		unsigned int slot = slot_alloc(area);

		if (!slot)
			break;
		slots[n] = swp_entry(area->type, slot);
	}
	return n;
}

unsigned int swap_slots_get(swp_entry_t slots[], unsigned int nr)
{
	/* An area may fill up between the two locks: it has left the list then, take the next. */
	for (unsigned int tries = 0; tries < 2 * MAX_SWAPFILES; tries++) {
		struct swap_area *area = avail_next();
		unsigned int n;

		if (!area)
			break;
		spin_lock(&area->lock);
		n = slots_alloc(area, slots, nr);
		spin_unlock(&area->lock);
		if (n)
			return n;
	}
	return 0;
}

void swap_slots_return(const swp_entry_t slots[], unsigned int nr)
{
	struct swap_area *area = NULL;

	for (unsigned int i = 0; i < nr; i++) {
		if (area != swap_area_of(slots[i])) {
			if (area)
				spin_unlock(&area->lock);
			area = swap_area_of(slots[i]);
			spin_lock(&area->lock);
		}
		area->map[swp_offset(slots[i])] = 0;
		slot_put_back(area, (unsigned int)swp_offset(slots[i]));
	}
	if (area)
		spin_unlock(&area->lock);
}
