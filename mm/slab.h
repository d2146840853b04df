/* SPDX-License-Identifier: MIT */
/*
 * Slab: objects smaller than a page, in caches of one size. See slab.c for how.
 */
#ifndef MM_SLAB_H
#define MM_SLAB_H

#include "mm/gfp.h"

struct kmem_cache;

#define SLAB_HWCACHE_ALIGN     0x1 /* start objects on a cache line */
#define SLAB_PANIC	       0x2 /* panic if the cache cannot be made */
#define SLAB_RECLAIM_ACCOUNT   0x4 /* a shrinker can free its objects: counts as reclaimable */
#define KMALLOC_MAX_SIZE       (1UL << (10 + PAGE_SHIFT)) /* one block of the highest order */
#define ARCH_KMALLOC_MINALIGN  8

/*
 * ctor runs once per object when a slab is made, not at every allocation.
 * => may sleep; NULL without memory (unless SLAB_PANIC)
 */
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align, unsigned long flags,
				     void (*ctor)(void *));
void kmem_cache_destroy(struct kmem_cache *cache); /* every object must be free */
/* => any context with GFP_ATOMIC; may sleep with __GFP_WAIT; NULL without memory */
void *__must_check kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);
void *__must_check kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp);
void kmem_cache_free(struct kmem_cache *cache, void *object); /* any context */

/* size 0 gives ZERO_SIZE_PTR as in Linux; above KMALLOC_MAX_SIZE NULL. Memory is physically contiguous. */
void *__must_check kmalloc(size_t size, gfp_t gfp);
void *__must_check kzalloc(size_t size, gfp_t gfp);
void *__must_check kcalloc(size_t n, size_t size, gfp_t gfp); /* NULL on overflow */
void *__must_check krealloc(const void *object, size_t size, gfp_t gfp);
char *__must_check kstrdup(const char *s, gfp_t gfp);
void kfree(const void *object); /* NULL is fine; any context */
size_t ksize(const void *object);

#define ZERO_SIZE_PTR ((void *)16)

void kmem_cache_init(void);

/* /proc/slabinfo: one line per cache */
struct slabinfo {
	const char *name;
	unsigned long active_objs, num_objs, objsize, objperslab, pagesperslab, active_slabs, num_slabs;
};
int slab_for_each_cache(int (*fn)(const struct slabinfo *info, void *arg), void *arg);

#endif
