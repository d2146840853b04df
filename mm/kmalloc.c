/* SPDX-License-Identifier: MIT */
/*
 * kmalloc: caches of fixed sizes, whole blocks of pages above the largest.
 *
 * Up to 192 bytes a table gives the cache (8-byte steps; 96 and 192 lie between the powers of two), above that the
 * logarithm does. kfree() asks the page: slab pages know their cache, other blocks their order.
 */
#include "mm/slab_internal.h"

static const struct {
	unsigned int size;
	const char *name;
} kmalloc_sizes[] = {
	{ 8, "kmalloc-8" },	  { 16, "kmalloc-16" },	    { 32, "kmalloc-32" },
	{ 64, "kmalloc-64" },	  { 96, "kmalloc-96" },	    { 128, "kmalloc-128" },
	{ 192, "kmalloc-192" },	  { 256, "kmalloc-256" },   { 512, "kmalloc-512" },
	{ 1024, "kmalloc-1024" }, { 2048, "kmalloc-2048" }, { 4096, "kmalloc-4096" },
	{ 8192, "kmalloc-8192" },
};
#define NR_KMALLOC_CACHES ARRAY_SIZE(kmalloc_sizes)
#define KMALLOC_CACHE_MAX 8192
#define SMALL_STEP	  8
#define SMALL_MAX	  192

static struct kmem_cache kmalloc_caches[NR_KMALLOC_CACHES];
static struct kmem_cache *small_caches[SMALL_MAX / SMALL_STEP]; /* [I] by (size - 1) / 8 */

static void *kmalloc_large(size_t size, gfp_t gfp)
{
	struct page *page;
	unsigned int order = 0;

	BUG_ON(gfp & __GFP_HIGHMEM); /* such a block has no address */
	if (size > KMALLOC_MAX_SIZE) {
		WARN_ON_ONCE(!(gfp & __GFP_NOWARN));
		return NULL;
	}
	while ((PAGE_SIZE << order) < size)
		order++;
	page = alloc_pages(gfp | __GFP_COMP, order);
	return page ? lowmem_page_address(page) : NULL;
}

static noinline void *kmalloc_other(size_t size, gfp_t gfp, void *caller)
{
	if (unlikely(size > KMALLOC_CACHE_MAX))
		return kmalloc_large(size, gfp);
	if (unlikely(!size))
		return ZERO_SIZE_PTR;
	/* 193..256 is cache 7, 257..512 is 8, ... 4097..8192 is 12 */
	return cache_alloc(&kmalloc_caches[63 - __builtin_clzl(size - 1)], gfp, caller);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	void *caller = __builtin_return_address(0);

	if (unlikely(size - 1 >= SMALL_MAX)) /* 0 is among them */
		return kmalloc_other(size, gfp, caller);
	return cache_alloc(small_caches[(size - 1) / SMALL_STEP], gfp, caller);
}

void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}

void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kmalloc(bytes, gfp | __GFP_ZERO);
}

/* Not in the first page of its slab, or not in a slab. */
static noinline void kfree_other(const void *object, void *caller)
{
	struct page *page = virt_to_head_page(object);

	if (PageSlab(page)) {
		cache_free((struct kmem_cache *)page->mapping, (void *)object, caller);
		return;
	}
	if (!PageHead(page) && page_count(page) != 1)
		panic("kfree: %p was not allocated by kmalloc", object);
	__free_pages(page, compound_order(page));
}

void kfree(const void *object)
{
	void *caller = __builtin_return_address(0);
	struct page *page;

	if (unlikely((unsigned long)object <= (unsigned long)ZERO_SIZE_PTR))
		return;
	page = virt_to_page(object);
	if (unlikely((page->flags & (1UL << PG_slab | 1UL << PG_tail)) != 1UL << PG_slab)) {
		kfree_other(object, caller);
		return;
	}
	cache_free((struct kmem_cache *)page->mapping, (void *)object, caller);
}

size_t ksize(const void *object)
{
	struct page *page;

	if ((unsigned long)object <= (unsigned long)ZERO_SIZE_PTR)
		return 0;
	page = virt_to_head_page(object);
	if (PageSlab(page))
		return ((struct kmem_cache *)page->mapping)->object_size;
	return PAGE_SIZE << compound_order(page);
}

void *krealloc(const void *object, size_t size, gfp_t gfp)
{
	size_t old = ksize(object);
	void *bigger;

	if (size && size <= old)
		return (void *)object;
	bigger = kmalloc(size, gfp);
	if (bigger && size) {
		memcpy(bigger, object, min(old, size));
		kfree(object);
	}
	return bigger;
}

char *kstrdup(const char *s, gfp_t gfp)
{
	size_t bytes = strlen(s) + 1;
	char *copy = kmalloc(bytes, gfp);

	if (copy)
		memcpy(copy, s, bytes);
	return copy;
}

void kmalloc_init(void)
{
	unsigned int index = 0;

	for (unsigned int i = 0; i < NR_KMALLOC_CACHES; i++)
		kmem_cache_setup(&kmalloc_caches[i], kmalloc_sizes[i].name, kmalloc_sizes[i].size, 8, 0,
				 NULL);
	for (unsigned int step = 0; step < ARRAY_SIZE(small_caches); step++) {
		while (kmalloc_sizes[index].size < (step + 1) * SMALL_STEP)
			index++;
		small_caches[step] = &kmalloc_caches[index];
	}
}
