/* SPDX-License-Identifier: MIT */
/*
 * Slab: objects smaller than a block of pages.
 *
 *   kmalloc(64)                     kmem_cache "kmalloc-64"
 *      |                              |  cpu[n]: stack of up to `limit` free objects  [c]
 *      +--> pop from cpu[n] ----------+
 *           empty: take `batch` ----> |  partial: slabs with used and free objects    [s]
 *           full:  give `batch` back  |  empty:   slabs without used ones, at most MAX_EMPTY
 *
 * A slab is one compound block. Its head page holds everything: mapping = cache, index = first free
 * object, private = objects in use (on a CPU's stack counts as in use). Free objects are linked
 * through a word at cache->link_offset: inside the object, or behind it when a constructor's work
 * must survive. Full slabs are on no list; kfree finds the slab through the address.
 *
 * Debug builds put a red zone and the addresses of the last allocation and free behind each object
 * and fill free objects with POISON_FREE, so that overflow, double free and use after free are
 * reported with the object's history.
 *
 * Locks: [s] cache->lock, [c] the CPU itself with interrupts off, [I] set when created.
 * Linux beyond it: per-node lists, colouring, merging of caches, array resizing.
 * Read next: page_alloc.c below, task.c above. Test: tests/host/test_slab.c.
 */
#include "mm/slab.h"

#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "kernel/base/list.h"
#include "kernel/base/printk.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/string.h"
#include "mm/page_list.h"
#include "mm/zone.h"
#include "asm/irqflags.h"

#define CPU_STACK_MAX 32
#define MAX_EMPTY     1
#define MAX_ORDER_WANTED 3

#define REDZONE_ACTIVE	 0xa5a5f00dcafe1dd1UL
#define REDZONE_INACTIVE 0x5a5a0ff0deadd00dUL
#define POISON_FREE	 0x6b
#define POISON_FRESH	 0x5a

struct cpu_stack {
	unsigned int nr;		/* [c] */
	void *entry[CPU_STACK_MAX];	/* [c] */
} __aligned(64);

struct kmem_cache {
	unsigned int limit, batch;	/* [I] of the CPU stacks */
	unsigned int object_size;	/* [I] what the caller asked for */
	unsigned int size;		/* [I] distance of two objects */
	unsigned int link_offset;	/* [I] */
	unsigned int order;		/* [I] of a slab; smaller when memory is fragmented */
	unsigned long flags;		/* [I] SLAB_* */
	void (*ctor)(void *);		/* [I] */
	const char *name;		/* [I] */
	struct cpu_stack cpu[NR_CPUS];

	spinlock_t lock;
	struct page_list partial;	/* [s] */
	struct page_list empty;		/* [s] */
	unsigned int nr_empty;		/* [s] */
	unsigned long nr_slabs;		/* [s] */
	unsigned long nr_objects;	/* [s] in all slabs */
	unsigned long nr_used;		/* [s] in use or on a CPU's stack */
	struct list_head caches;	/* [cache_list_lock] */
};

/* Debug builds: what lies behind each object. */
struct object_trailer {
	u64 redzone;
	void *allocated_by;
	void *freed_by;
};

static DEFINE_SPINLOCK(cache_list_lock, LOCK_RANK_SPIN_OUTER);
static LIST_HEAD(cache_list);

/* ---- Debug: red zones, poison, history ---- */

static struct object_trailer *trailer(const struct kmem_cache *cache, void *object)
{
	return object + ALIGN(cache->object_size, 8);
}

static void object_bug(struct kmem_cache *cache, void *object, const char *what, void *caller)
{
	struct object_trailer *t = trailer(cache, object);

	pr_emerg("slab: %s: cache %s, object %p of %u bytes, called from %pS\n", what, cache->name,
		 object, cache->object_size, caller);
	pr_emerg("slab: red zone %lx, last allocated by %pS, last freed by %pS\n",
		 (unsigned long)t->redzone, t->allocated_by, t->freed_by);
	dump_page(virt_to_head_page(object), "slab");
	panic("slab corruption: %s in %s", what, cache->name);
}

static bool poison_intact(const struct kmem_cache *cache, const u8 *object)
{
	for (unsigned int i = 0; i < cache->object_size; i++) {
		if (i >= cache->link_offset && i < cache->link_offset + sizeof(void *))
			continue;
		if (object[i] != POISON_FREE)
			return false;
	}
	return true;
}

static void debug_on_alloc(struct kmem_cache *cache, void *object, void *caller)
{
	struct object_trailer *t = trailer(cache, object);

	if (t->redzone != REDZONE_INACTIVE)
		object_bug(cache, object, "free object overwritten behind its end", caller);
	if (!cache->ctor && !poison_intact(cache, object))
		object_bug(cache, object, "write after free", caller);
	t->redzone = REDZONE_ACTIVE;
	t->allocated_by = caller;
	if (!cache->ctor)
		memset(object, POISON_FRESH, cache->object_size);
}

static void debug_on_free(struct kmem_cache *cache, void *object, void *caller)
{
	struct object_trailer *t = trailer(cache, object);
	void *base = lowmem_page_address(virt_to_head_page(object));

	if ((unsigned long)(object - base) % cache->size)
		object_bug(cache, object, "free of an address inside an object", caller);
	if (t->redzone == REDZONE_INACTIVE)
		object_bug(cache, object, "double free", caller);
	if (t->redzone != REDZONE_ACTIVE)
		object_bug(cache, object, "overflow behind the object", caller);
	t->redzone = REDZONE_INACTIVE;
	t->freed_by = caller;
	if (!cache->ctor)
		memset(object, POISON_FREE, cache->object_size);
}

/* ---- Slabs ---- */

static void **object_link(const struct kmem_cache *cache, void *object)
{
	return object + cache->link_offset;
}

static unsigned int objects_per_slab(const struct kmem_cache *cache, unsigned int order)
{
	return (unsigned int)((PAGE_SIZE << order) / cache->size);
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
		if (IS_ENABLED(CONFIG_DEBUG)) {
			*trailer(cache, object) = (struct object_trailer){ REDZONE_INACTIVE, NULL, NULL };
			if (!cache->ctor)
				memset(object, POISON_FREE, cache->object_size);
		}
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
static void stack_drain(struct kmem_cache *cache, struct cpu_stack *stack, unsigned int nr)
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

/* ---- Allocation and free ---- */

/*
 * The CPU's stack is empty. => interrupts off by *irq; they may be enabled in between, so that
 * another CPU's stack may be ours afterwards
 */
static noinline void *alloc_refill(struct kmem_cache *cache, gfp_t gfp, unsigned long *irq)
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

static __always_inline void *cache_alloc(struct kmem_cache *cache, gfp_t gfp, void *caller)
{
	struct cpu_stack *stack;
	unsigned long irq;
	void *object;

	BUG_ON(gfp & __GFP_HIGHMEM);
	local_irq_save(irq);
	stack = &cache->cpu[smp_processor_id()];
	if (likely(stack->nr))
		object = stack->entry[--stack->nr];
	else
		object = alloc_refill(cache, gfp, &irq);
	local_irq_restore(irq);
	if (IS_ENABLED(CONFIG_DEBUG) && object)
		debug_on_alloc(cache, object, caller);
	if (unlikely(gfp & __GFP_ZERO) && object)
		memset(object, 0, cache->object_size);
	return object;
}

static __always_inline void cache_free(struct kmem_cache *cache, void *object, void *caller)
{
	struct cpu_stack *stack;
	unsigned long irq;

	if (IS_ENABLED(CONFIG_DEBUG))
		debug_on_free(cache, object, caller);
	local_irq_save(irq);
	stack = &cache->cpu[smp_processor_id()];
	if (unlikely(stack->nr == cache->limit))
		stack_drain(cache, stack, cache->batch);
	stack->entry[stack->nr++] = object;
	local_irq_restore(irq);
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	return cache_alloc(cache, gfp, __builtin_return_address(0));
}

void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp)
{
	return cache_alloc(cache, gfp | __GFP_ZERO, __builtin_return_address(0));
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	struct page *page = virt_to_head_page(object);

	if (unlikely(!PageSlab(page) || page->mapping != (void *)cache))
		panic("kmem_cache_free: %p is not an object of cache %s", object, cache->name);
	cache_free(cache, object, __builtin_return_address(0));
}

/* ---- Caches ---- */

static struct kmem_cache cache_cache;

/* Smallest order that wastes at most an eighth and holds four objects, if one does. */
static unsigned int choose_order(unsigned int size)
{
	unsigned int order;

	for (order = 0; order < MAX_ORDER_WANTED; order++) {
		unsigned long bytes = PAGE_SIZE << order;

		if (bytes / size >= 4 && bytes % size <= bytes / 8)
			return order;
	}
	while ((PAGE_SIZE << order) < size)
		order++;
	return order;
}

static void cache_setup(struct kmem_cache *cache, const char *name, size_t size, size_t align,
			unsigned long flags, void (*ctor)(void *))
{
	size_t stride = ALIGN(size, 8);

	memset(cache, 0, sizeof(*cache));
	if (flags & SLAB_HWCACHE_ALIGN)
		align = max(align, (size_t)64);
	if (IS_ENABLED(CONFIG_DEBUG))
		stride += sizeof(struct object_trailer);
	cache->link_offset = 0;
	if (ctor) {
		cache->link_offset = (unsigned int)stride;
		stride += sizeof(void *);
	}
	cache->name = name;
	cache->object_size = (unsigned int)size;
	cache->size = (unsigned int)ALIGN(stride, max(align, (size_t)ARCH_KMALLOC_MINALIGN));
	cache->order = choose_order(cache->size);
	cache->limit = size <= 512 ? CPU_STACK_MAX : size <= 2048 ? 16 : 8;
	cache->batch = cache->limit / 2;
	cache->flags = flags;
	cache->ctor = ctor;
	spin_lock_init(&cache->lock, LOCK_RANK_SLAB);
	spin_lock(&cache_list_lock);
	list_add_tail(&cache->caches, &cache_list);
	spin_unlock(&cache_list_lock);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align, unsigned long flags,
				     void (*ctor)(void *))
{
	struct kmem_cache *cache = kmem_cache_alloc(&cache_cache, GFP_KERNEL);

	if (!cache) {
		if (flags & SLAB_PANIC)
			panic("kmem_cache_create: no memory for cache %s", name);
		return NULL;
	}
	cache_setup(cache, name, max(size, sizeof(void *)), align, flags, ctor);
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	struct page *page;
	unsigned long irq;

	spin_lock(&cache_list_lock);
	list_del(&cache->caches);
	spin_unlock(&cache_list_lock);
	local_irq_save(irq);
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		stack_drain(cache, &cache->cpu[cpu], cache->cpu[cpu].nr);
	local_irq_restore(irq);
	if (cache->nr_used)
		panic("kmem_cache_destroy: %lu objects of %s are still in use", cache->nr_used,
		      cache->name);
	while ((page = page_list_pop(&cache->empty)) != NULL)
		slab_free_pages(cache, page);
	kmem_cache_free(&cache_cache, cache);
}

int slab_for_each_cache(int (*fn)(const struct slabinfo *info, void *arg), void *arg)
{
	struct kmem_cache *cache;
	int err = 0;

	spin_lock(&cache_list_lock);
	list_for_each_entry(cache, &cache_list, caches) {
		struct slabinfo info = {
			.name = cache->name,
			.active_objs = READ_ONCE(cache->nr_used),
			.num_objs = READ_ONCE(cache->nr_objects),
			.objsize = cache->size,
			.objperslab = objects_per_slab(cache, cache->order),
			.pagesperslab = 1UL << cache->order,
			.num_slabs = READ_ONCE(cache->nr_slabs),
			.active_slabs = READ_ONCE(cache->nr_slabs) - READ_ONCE(cache->nr_empty),
		};

		err = fn(&info, arg);
		if (err)
			break;
	}
	spin_unlock(&cache_list_lock);
	return err;
}

/* ---- kmalloc: caches of fixed sizes, whole blocks above the largest ---- */

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

void kmem_cache_init(void)
{
	unsigned int index = 0;

	INIT_LIST_HEAD(&cache_list);
	cache_setup(&cache_cache, "kmem_cache", sizeof(struct kmem_cache), 64, 0, NULL);
	for (unsigned int i = 0; i < NR_KMALLOC_CACHES; i++)
		cache_setup(&kmalloc_caches[i], kmalloc_sizes[i].name, kmalloc_sizes[i].size, 8, 0, NULL);
	for (unsigned int step = 0; step < ARRAY_SIZE(small_index); step++) {
		while (kmalloc_sizes[index].size < step * SMALL_STEP)
			index++;
		small_index[step] = (u8)index;
	}
}
