/* SPDX-License-Identifier: MIT */
/*
 * Unused names: dentries that nobody holds but that can be found, oldest first, and the shrinker that frees them.
 *
 *   last dput() of a name with DCACHE_KEEP --> list of unused --lookup--> used again
 *                                                    |
 *                     shrinker, drop_caches 2 <------+   dentry and inode are freed together
 *
 * File systems whose names are made anew at a cost set DCACHE_KEEP: procfs, sysfs and debugfs for their fixed entries
 * (a process's names go with their last user, as its task must not be held). tmpfs pins its names, there is nothing to
 * reclaim. An inode is held by its dentry, so there are no unused inodes beside it.
 *
 * How many are freed: spec 6.7, over count * vfs_cache_pressure / 100. Pressure 0: never, under load or by drop_caches.
 * Locks: dcache_lock. Beyond this Linux has: negative dentries, lists per file system and node, inodes without names.
 */
#include "fs/internal.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "kernel/core/task.h"
#include "mm/vmscan.h"
#include "mm/vmstat.h"

int sysctl_vfs_cache_pressure = 100;

static LIST_HEAD(unused);		/* [d] dentry->d_lru, longest unused first */
static unsigned long nr_unused;		/* [d], read by anybody */

void dcache_keep_unused(struct dentry *dentry)
{
	assert_spin_locked(&dcache_lock);
	list_add_tail(&dentry->d_lru, &unused);
	nr_unused++;
}

void dcache_use_again(struct dentry *dentry)
{
	assert_spin_locked(&dcache_lock);
	list_del_init(&dentry->d_lru);
	nr_unused--;
}

/* => the name that has been unused for longest, not to be found any more; NULL: none */
static struct dentry *take_oldest(void)
{
	struct dentry *dentry = NULL;

	spin_lock(&dcache_lock);
	if (!list_empty(&unused)) {
		dentry = list_first_entry(&unused, struct dentry, d_lru);
		dcache_use_again(dentry);
		d_unhash_locked(dentry);
	}
	spin_unlock(&dcache_lock);
	return dentry;
}

static unsigned long count_names(struct shrinker *s, struct shrink_control *sc)
{
	return READ_ONCE(nr_unused) * (unsigned long)sysctl_vfs_cache_pressure / 100;
}

static unsigned long scan_names(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long freed = 0;
	struct dentry *dentry;

	if (!(sc->gfp_mask & __GFP_FS)) /* somebody in a file system may hold what freeing an inode needs */
		return SHRINK_STOP;
	while (freed < sc->nr_to_scan && (dentry = take_oldest()) != NULL) {
		dentry_free(dentry);
		freed++;
		cond_resched();
	}
	count_vm_events(current->flags & PF_KSWAPD ? KSWAPD_INODESTEAL : PGINODESTEAL, freed);
	return freed;
}

static struct shrinker name_shrinker = { .count_objects = count_names, .scan_objects = scan_names };

void dcache_lru_init(void)
{
	register_shrinker(&name_shrinker);
}
