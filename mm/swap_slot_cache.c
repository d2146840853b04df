/* SPDX-License-Identifier: MIT */
/*
 * Slots at hand for each CPU: get_swap_page() takes one from its CPU's own list, and one search in 64 (swap_slots.c)
 * fills the list again. So a batch of pages that reclaim writes gets slots side by side, whatever other CPUs
 * take meanwhile, and the area's lock is taken once for all.
 *
 *   map  [..|40 40 40 40 40 ... 40|......]     cache of CPU 0:  [ taken: | 7 | 8 | 9 | ... 64 ]
 *
 * A slot at hand is taken in the map (0x40) but has no page and counts as free swap. This goes on while swap has plenty
 * of room: whoever finds the list empty with less than SLOTS_ENOUGH free slots per CPU takes one slot only, and first
 * gives back what all CPUs have, so the last slots are never somewhere else. swapon and swapoff give them
 * back too: the one for the new area's priority, the other for the old area's end.
 *
 * Slots that become free go straight back to their area: who drops the last use of one holds the area's lock anyway
 * (Linux collects them too, for its per-cluster locks).
 *
 * Locks: cache->lock, a leaf; never together with area->lock. Test: tests/host/test_swap_slots.c.
 */
#include "arch/cpu.h"
#include "asm/percpu.h"
#include "kernel/base/kernel.h"
#include "mm/swap_internal.h"

#define SLOTS_CACHE_SIZE 64
#define SLOTS_ENOUGH	 (16 * SLOTS_CACHE_SIZE) /* free ones for each CPU; with fewer nobody hoards */

struct swap_slots_cache {
	spinlock_t lock;	/* C */
	unsigned int cur, nr;	/* [C] slots[cur .. nr-1] are at hand */
	swp_entry_t slots[SLOTS_CACHE_SIZE]; /* [C] */
};

static DEFINE_PER_CPU(struct swap_slots_cache, swap_slots_caches);

static bool cache_take(struct swap_slots_cache *cache, swp_entry_t *entry)
{
	bool got;

	spin_lock(&cache->lock);
	got = cache->cur < cache->nr;
	if (got)
		*entry = cache->slots[cache->cur++];
	spin_unlock(&cache->lock);
	return got;
}

/* => how many of the slots, from the first on, found no room: somebody else has filled the list meanwhile */
static unsigned int cache_fill(struct swap_slots_cache *cache, const swp_entry_t slots[], unsigned int nr)
{
	spin_lock(&cache->lock);
	if (cache->cur == cache->nr) {
		cache->cur = 0;
		for (cache->nr = 0; cache->nr < nr; cache->nr++)
			cache->slots[cache->nr] = slots[cache->nr];
		nr = 0;
	}
	spin_unlock(&cache->lock);
	return nr;
}

static void cache_drain(struct swap_slots_cache *cache)
{
	swp_entry_t slots[SLOTS_CACHE_SIZE];
	unsigned int nr = 0;

	if (READ_ONCE(cache->cur) == READ_ONCE(cache->nr))
		return;
	spin_lock(&cache->lock);
	while (cache->cur < cache->nr)
		slots[nr++] = cache->slots[cache->cur++];
	spin_unlock(&cache->lock);
	swap_slots_return(slots, nr);
}

void swap_slot_caches_drain(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		cache_drain(per_cpu_ptr(&swap_slots_caches, cpu));
}

unsigned int swap_slots_cached(unsigned int type)
{
	unsigned int sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct swap_slots_cache *cache = per_cpu_ptr(&swap_slots_caches, cpu);

		spin_lock(&cache->lock);
		for (unsigned int i = cache->cur; i < cache->nr; i++)
			sum += swp_type(cache->slots[i]) == type;
		spin_unlock(&cache->lock);
	}
	return sum;
}

/* The list is empty. => a slot, val 0: swap is full */
static swp_entry_t get_slot_slowly(struct swap_slots_cache *cache)
{
	swp_entry_t slots[SLOTS_CACHE_SIZE];
	unsigned int want = SLOTS_CACHE_SIZE, nr;

	if (get_nr_swap_pages() < (long)num_online_cpus() * SLOTS_ENOUGH) {
		swap_slot_caches_drain();
		want = 1;
	}
	nr = swap_slots_get(slots, want);
	if (!nr)
		return (swp_entry_t){ 0 };
	if (nr > 1)
		swap_slots_return(slots + 1, cache_fill(cache, slots + 1, nr - 1));
	return slots[0];
}

swp_entry_t get_swap_page(void)
{
	struct swap_slots_cache *cache = this_cpu_ptr(&swap_slots_caches);
	swp_entry_t entry = { 0 };

	if (get_nr_swap_pages() <= 0)
		return entry;
	if (!cache_take(cache, &entry))
		entry = get_slot_slowly(cache);
	if (entry.val)
		atomic_long_dec(&nr_swap_pages);
	return entry;
}

void swap_slot_caches_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		spin_lock_init(&per_cpu_ptr(&swap_slots_caches, cpu)->lock, LOCK_RANK_LEAF);
}
