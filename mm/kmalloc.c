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
static u8 small_index[SMALL_MAX / SMALL_STEP + 1]; /* [I] by size / 8, rounded up */

static __always_inline struct kmem_cache *kmalloc_cache(size_t size)
{
	if (size <= SMALL_MAX)
		return &kmalloc_caches[small_index[(size + SMALL_STEP - 1) / SMALL_STEP]];
	/* 193..256 is cache 7, 257..512 is 8, ... 4097..8192 is 12 */
	return &kmalloc_caches[63 - __builtin_clzl(size - 1)];
}

static void *kmalloc_large(size_t size, gfp_t gfp)
{
	struct page *page;
	unsigned int order = 0;

	if (size > KMALLOC_MAX_SIZE) {
		WARN_ON_ONCE(!(gfp & __GFP_NOWARN));
		return NULL;
	}
	while ((PAGE_SIZE << order) < size)
		order++;
	page = alloc_pages(gfp | __GFP_COMP, order);
	return page ? lowmem_page_address(page) : NULL;
}

void *kmalloc(size_t size, gfp_t gfp)
{
	if (unlikely(size > KMALLOC_CACHE_MAX))
		return kmalloc_large(size, gfp);
	if (unlikely(!size))
		return ZERO_SIZE_PTR;
	return cache_alloc(kmalloc_cache(size), gfp, __builtin_return_address(0));
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

void kfree(const void *object)
{
	struct page *page;

	if (unlikely((unsigned long)object <= (unsigned long)ZERO_SIZE_PTR))
		return;
	page = virt_to_head_page(object);
	if (likely(PageSlab(page))) {
		cache_free((struct kmem_cache *)page->mapping, (void *)object,
			   __builtin_return_address(0));
		return;
	}
	if (!PageHead(page) && page_count(page) != 1)
		panic("kfree: %p was not allocated by kmalloc", object);
	__free_pages(page, compound_order(page));
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
	for (unsigned int step = 0; step < ARRAY_SIZE(small_index); step++) {
		while (kmalloc_sizes[index].size < step * SMALL_STEP)
			index++;
		small_index[step] = (u8)index;
	}
}
