/* SPDX-License-Identifier: MIT */
/*
 * Shrinkers: caches that are not made of LRU pages (dentries, inodes) give memory back in proportion
 * to what reclaim scanned of the LRU.
 *
 *   to scan = objects * (4 * scanned / seeks) / (lru pages + 1) + what was left over last time
 *   in batches of 128; the rest is kept for the next time
 *
 * Locks: shrinker_rwsem; reclaim only tries it, so that a shrinker may be entered or taken out by
 * somebody who needs memory for it. Callbacks may sleep if the request may.
 * Test: tests/host/test_direct_rows.c.
 */
#include "kernel/base/kernel.h"
#include "kernel/core/rwsem.h"
#include "kernel/core/sched.h"
#include "mm/vmscan.h"

#define SHRINK_BATCH 128UL

static LIST_HEAD(shrinker_list); /* [shrinker_rwsem] */
static DECLARE_RWSEM(shrinker_rwsem, LOCK_RANK_MM_SLEEP);

void register_shrinker(struct shrinker *shrinker)
{
	atomic_long_set(&shrinker->nr_deferred, 0);
	down_write(&shrinker_rwsem);
	list_add_tail(&shrinker->list, &shrinker_list);
	up_write(&shrinker_rwsem);
}

void unregister_shrinker(struct shrinker *shrinker)
{
	down_write(&shrinker_rwsem);
	list_del(&shrinker->list);
	up_write(&shrinker_rwsem);
}

unsigned long shrink_slab_total(unsigned long objects, unsigned long scanned, unsigned long lru_pages,
				int seeks, unsigned long deferred)
{
	u64 delta = 4 * (u64)scanned / (u64)(seeks ? seeks : DEFAULT_SEEKS);
	u64 total;

	delta = delta * objects / (lru_pages + 1);
	total = deferred + delta;
	/*
	 * A cache that could not be shrunk for long (no FS) has much deferred; a small request need
	 * not pay for all of it at once.
	 */
	if (delta < objects / 4)
		total = min(total, (u64)objects / 2);
	return (unsigned long)min(total, (u64)objects * 2);
}

static unsigned long shrink_one(struct shrinker *s, struct shrink_control *sc, unsigned long scanned,
				unsigned long lru_pages)
{
	unsigned long objects = s->count_objects(s, sc);
	unsigned long batch = s->batch ? s->batch : SHRINK_BATCH;
	unsigned long total, freed = 0;

	if (!objects)
		return 0;
	total = shrink_slab_total(objects, scanned, lru_pages, s->seeks,
				  (unsigned long)atomic_long_xchg(&s->nr_deferred, 0));
	while (total >= batch || total >= objects) {
		unsigned long n = min(batch, total), ret;

		sc->nr_to_scan = n;
		ret = s->scan_objects(s, sc);
		if (ret == SHRINK_STOP)
			break;
		freed += ret;
		count_vm_events(SLABS_SCANNED, n);
		total -= n;
		cond_resched();
	}
	if (total)
		atomic_long_add((long)total, &s->nr_deferred);
	return freed;
}

unsigned long shrink_slab(struct shrink_control *sc, unsigned long nr_scanned,
			  unsigned long lru_pages)
{
	struct shrinker *s;
	unsigned long freed = 0;

	if (!nr_scanned)
		nr_scanned = SWAP_CLUSTER_MAX;
	if (!down_read_trylock(&shrinker_rwsem))
		return 1; /* somebody is at it: call that progress rather than being out of memory */
	list_for_each_entry(s, &shrinker_list, list)
		freed += shrink_one(s, sc, nr_scanned, lru_pages);
	up_read(&shrinker_rwsem);
	return freed;
}

unsigned long drop_slab(void)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };
	unsigned long freed, sum = 0;

	do {
		freed = shrink_slab(&sc, 1000, 1000);
		sum += freed;
	} while (freed > 10);
	return sum;
}
