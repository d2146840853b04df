/* SPDX-License-Identifier: MIT */
/*
 * Ghosts: a table of pages that have left memory, by swap slot or by place in a file, with a stamp each.
 *
 *   key --hash--> set of 4: [ key stamp | key stamp | key stamp | key stamp ]
 *
 * Nothing is allocated when a page goes, so nothing can fail: the oldest of a set makes room. Two pages with the same
 * 32-bit key are taken for one; that costs a wrong guess, not data. A ghost whose page never comes back (its program
 * has ended) is pushed out like any other.
 *
 * Locks: the caller's. Notes that lie in the page's own place (evicted() and refault() of policy.h) need no table, but
 * go with the place; a ghost outlives a shadow that was taken for its memory.
 */
#include "mm/ghosts.h"

#include "fs/fs.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "mm/pagemap.h"
#include "mm/vmalloc.h"

#define GHOST_WAYS 4

int ghosts_alloc(struct ghosts *g, unsigned long nr)
{
	g->nr_sets = (u32)roundup_pow_of_two(max(nr / GHOST_WAYS, 1UL));
	g->sets = vzalloc((unsigned long)g->nr_sets * GHOST_WAYS * sizeof(*g->sets));
	return g->sets ? 0 : -ENOMEM;
}

void ghosts_free(struct ghosts *g)
{
	vfree(g->sets);
	g->sets = NULL;
}

u32 ghost_key(const struct page *page)
{
	struct address_space *mapping = page_mapping(page);
	u64 name = 0, file;

	if (PageSwapCache(page)) {
		name = page_private(page) << 1 | 1;
	} else if (mapping) { /* even; the factors keep neighbours and files apart */
		file = mapping->host ? inode_identity(mapping->host) : 0;
		name = file ? file * 0xd6e8feb86659fd93ULL : (u64)(unsigned long)mapping;
		name = (name + page->index * 0x10001) << 1;
	}
	return name ? (u32)(name * 0x9e3779b97f4a7c15ULL >> 32) | 1 : 0;
}

static struct ghost *set_of(struct ghosts *g, u32 key)
{
	return &g->sets[(key >> 1 & (g->nr_sets - 1)) * GHOST_WAYS];
}

bool ghost_take(struct ghosts *g, u32 key, u32 *stamp)
{
	struct ghost *set = set_of(g, key);

	for (int i = 0; i < GHOST_WAYS; i++) {
		if (set[i].key == key) {
			*stamp = set[i].stamp;
			set[i].key = 0;
			return true;
		}
	}
	return false;
}

void ghost_add(struct ghosts *g, u32 key, u32 stamp)
{
	struct ghost *set = set_of(g, key), *place = &set[0];
	u32 old;

	ghost_take(g, key, &old);
	for (int i = 0; i < GHOST_WAYS && place->key; i++)
		if (!set[i].key || stamp_younger(place->stamp, set[i].stamp))
			place = &set[i];
	*place = (struct ghost){ key, stamp };
}
