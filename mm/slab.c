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
#include "mm/slab_internal.h"

#define MAX_ORDER_WANTED 3

static DEFINE_SPINLOCK(cache_list_lock, LOCK_RANK_SPIN_OUTER);
static LIST_HEAD(cache_list);
static struct kmem_cache cache_cache;

static bool (*failslab)(const struct kmem_cache *cache, gfp_t gfp);

void set_failslab(bool (*fn)(const struct kmem_cache *cache, gfp_t gfp))
{
	failslab = fn;
	set_alloc_special(ALLOC_SPECIAL_FAILSLAB, fn);
}

static bool injected(const struct kmem_cache *cache, gfp_t gfp)
{
	bool (*fail)(const struct kmem_cache *cache, gfp_t gfp) = READ_ONCE(failslab);

	return fail && fail(cache, gfp);
}

/* Zeroed, watched by the debugging hooks, or to fail. */
void *cache_alloc_special(struct kmem_cache *cache, gfp_t gfp, void *caller)
{
	struct cpu_stack *stack;
	unsigned long irq;
	void *object;

	BUG_ON(gfp & __GFP_HIGHMEM);
	if (unlikely(alloc_special & ALLOC_SPECIAL_FAILSLAB) && injected(cache, gfp))
		return NULL;
	local_irq_save(irq);
	stack = &cache->cpu[smp_processor_id()];
	object = stack->nr ? stack->entry[--stack->nr] : slab_refill(cache, gfp, &irq);
	local_irq_restore(irq);
	if (IS_ENABLED(CONFIG_DEBUG) && object)
		slab_debug_alloc(cache, object, caller);
	if ((gfp & __GFP_ZERO) && object)
		memset(object, 0, cache->object_size);
	return object;
}

void *cache_alloc_empty(struct kmem_cache *cache, gfp_t gfp, unsigned long irq)
{
	void *object = slab_refill(cache, gfp, &irq);

	local_irq_restore(irq);
	return object;
}

void cache_free_full(struct kmem_cache *cache, void *object, unsigned long irq)
{
	struct cpu_stack *stack = &cache->cpu[smp_processor_id()];

	slab_drain(cache, stack, cache->batch);
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

void kmem_cache_setup(struct kmem_cache *cache, const char *name, size_t size, size_t align,
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
	kmem_cache_setup(cache, name, max(size, sizeof(void *)), align, flags, ctor);
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	unsigned long irq;

	spin_lock(&cache_list_lock);
	list_del(&cache->caches);
	spin_unlock(&cache_list_lock);
	local_irq_save(irq);
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		slab_drain(cache, &cache->cpu[cpu], cache->cpu[cpu].nr);
	local_irq_restore(irq);
	if (cache->nr_used)
		panic("kmem_cache_destroy: %lu objects of %s are still in use", cache->nr_used,
		      cache->name);
	slab_free_empty(cache);
	kmem_cache_free(&cache_cache, cache);
}

/* Objects in use: those on the CPUs' stacks are free, as far as anybody but us knows. Exact when nobody allocates. */
static unsigned long active_objects(const struct kmem_cache *cache)
{
	unsigned long used = READ_ONCE(cache->nr_used);

	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		used -= min(used, READ_ONCE(cache->cpu[cpu].nr));
	return used;
}

int slab_for_each_cache(int (*fn)(const struct slabinfo *info, void *arg), void *arg)
{
	struct list_head *at;
	int err = 0;

	spin_lock(&cache_list_lock);
	list_for_each(at, &cache_list) {
		struct kmem_cache *cache = list_entry(at, struct kmem_cache, caches);
		struct slabinfo info = {
			.name = cache->name,
			.active_objs = active_objects(cache),
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

void kmem_cache_init(void)
{
	INIT_LIST_HEAD(&cache_list);
	kmem_cache_setup(&cache_cache, "kmem_cache", sizeof(struct kmem_cache), 64, 0, NULL);
	kmalloc_init();
}
