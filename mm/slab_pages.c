/* SPDX-License-Identifier: MIT */
/*
 * Slabs: blocks of pages cut into objects, and the traffic between them and the CPUs' stacks.
 *
 * See slab.c for the picture. A slab is on `partial` while it has used and free objects, on `empty` with none
 * used, and on no list when all are used. Locks: cache->lock (innermost but for zone->lock; taken with
 * interrupts off).
 */
#include "mm/slab_internal.h"
#include "kernel/core/task.h"
#include "mm/swap.h"

#define MAX_EMPTY 1 /* slabs without used objects that a cache keeps */

static void **object_link(const struct kmem_cache *cache, void *object)
{
	return object + cache->link_offset;
}

static enum zone_stat_item slab_item(const struct kmem_cache *cache)
{
	return cache->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE;
}

/* Make every object of a fresh slab free, the lowest address first. */
static void slab_format(struct kmem_cache *cache, struct page *page, unsigned int nr)
{
	void *object = lowmem_page_address(page);

	page->index = (unsigned long)object;
	for (unsigned int i = 0; i < nr; i++, object += cache->size) {
		if (cache->ctor)
			cache->ctor(object);
		if (IS_ENABLED(CONFIG_DEBUG))
			slab_debug_format(cache, object);
		*object_link(cache, object) = i + 1 < nr ? object + cache->size : NULL;
	}
}

/*
 * => no lock held; may sleep with __GFP_WAIT
 * => a formatted slab that is on no list; NULL without memory
 */
static struct page *slab_new(struct kmem_cache *cache, gfp_t gfp)
{
	unsigned int order = cache->order;
	gfp_t block_gfp = (gfp & ~(__GFP_ZERO | __GFP_HIGHMEM | __GFP_MOVABLE)) | __GFP_COMP;
	struct page *page;

	if (cache->flags & SLAB_RECLAIM_ACCOUNT)
		block_gfp |= __GFP_RECLAIMABLE;
	page = order ? alloc_pages((block_gfp | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_NOFAIL, order)
		     : NULL;
	if (!page) {
		while (order && objects_per_slab(cache, order - 1))
			order--;
		page = alloc_pages(block_gfp, order);
	}
	if (!page)
		return NULL;
	page->mapping = (void *)cache;
	page->private = 0;
	__SetPageSlab(page);
	slab_format(cache, page, objects_per_slab(cache, order));
	mod_zone_page_state(page_zone(page), slab_item(cache), 1L << order);
	return page;
}

/* => page is on no list and all its objects are free; cache->lock not held */
static void slab_free_pages(struct kmem_cache *cache, struct page *page)
{
	unsigned int order = compound_order(page);
	struct reclaim_state *reclaim = current->reclaim_state;

	if (reclaim) /* a shrinker's work is progress of reclaim (spec 6.7) */
		reclaim->reclaimed_slab += 1UL << order;
	mod_zone_page_state(page_zone(page), slab_item(cache), -(1L << order));
	__ClearPageSlab(page);
	page->mapping = NULL;
	page->index = 0;
	page->private = 0;
	__free_pages(page, order);
}

/* Take free objects from slabs onto the CPU's stack. => cache->lock held */
static void stack_fill_locked(struct kmem_cache *cache, struct cpu_stack *stack)
{
	while (stack->nr < cache->batch) {
		struct page *page = page_list_first(&cache->partial);

		if (!page) {
			page = page_list_pop(&cache->empty);
			if (!page)
				return;
			cache->nr_empty--;
			page_list_add(page, &cache->partial);
		}
		while (stack->nr < cache->batch && page->index) {
			void *object = (void *)page->index;

			page->index = (unsigned long)*object_link(cache, object);
			page->private++;
			cache->nr_used++;
			stack->entry[stack->nr++] = object;
		}
		if (!page->index)
			page_list_del(page, &cache->partial);
	}
}

/* Give one object back to its slab. => cache->lock held => slabs to free are put on doomed */
static void slab_put_locked(struct kmem_cache *cache, void *object, struct page_list *doomed)
{
	struct page *page = virt_to_head_page(object);
	bool was_full = page->index == 0;

	*object_link(cache, object) = (void *)page->index;
	page->index = (unsigned long)object;
	page->private--;
	cache->nr_used--;
	if (was_full)
		page_list_add(page, &cache->partial);
	if (page->private)
		return;
	page_list_del(page, &cache->partial);
	if (cache->nr_empty < MAX_EMPTY) {
		page_list_add(page, &cache->empty);
		cache->nr_empty++;
		return;
	}
	page_list_add(page, doomed);
	cache->nr_slabs--;
	cache->nr_objects -= objects_per_slab(cache, compound_order(page));
}

static void slabs_free(struct kmem_cache *cache, struct page_list *doomed)
{
	struct page *page;

	while ((page = page_list_pop(doomed)) != NULL)
		slab_free_pages(cache, page);
}

/* Move the oldest nr objects of the stack back to their slabs. => interrupts off */
void slab_drain(struct kmem_cache *cache, struct cpu_stack *stack, unsigned int nr)
{
	PAGE_LIST(doomed);

	spin_lock(&cache->lock);
	for (unsigned int i = 0; i < nr; i++)
		slab_put_locked(cache, stack->entry[i], &doomed);
	spin_unlock(&cache->lock);
	stack->nr -= nr;
	memmove(stack->entry, stack->entry + nr, stack->nr * sizeof(stack->entry[0]));
	slabs_free(cache, &doomed);
}

/*
 * The CPU's stack is empty. => interrupts off by *irq; they may be enabled in between, so that
 * another CPU's stack may be ours afterwards
 */
void *slab_refill(struct kmem_cache *cache, gfp_t gfp, unsigned long *irq)
{
	for (;;) {
		struct cpu_stack *stack = &cache->cpu[smp_processor_id()];
		struct page *page;

		if (!stack->nr) {
			spin_lock(&cache->lock);
			stack_fill_locked(cache, stack);
			spin_unlock(&cache->lock);
		}
		if (stack->nr)
			return stack->entry[--stack->nr];

		local_irq_restore(*irq);
		page = slab_new(cache, gfp);
		local_irq_save(*irq);
		if (!page)
			return NULL;
		spin_lock(&cache->lock);
		page_list_add(page, &cache->partial);
		cache->nr_slabs++;
		cache->nr_objects += objects_per_slab(cache, compound_order(page));
		spin_unlock(&cache->lock);
	}
}

void slab_free_empty(struct kmem_cache *cache)
{
	struct page *page;

	while ((page = page_list_pop(&cache->empty)) != NULL)
		slab_free_pages(cache, page);
}
