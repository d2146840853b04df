/* SPDX-License-Identifier: MIT */
/*
 * What slab.c, slab_pages.c, slab_debug.c and kmalloc.c share: the cache itself and the hot path, inline
 * so that kmalloc() and kmem_cache_alloc() are each one function.
 */
#ifndef MM_SLAB_INTERNAL_H
#define MM_SLAB_INTERNAL_H

#include "asm/irqflags.h"
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "kernel/base/list.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/string.h"
#include "mm/internal.h"
#include "mm/page_list.h"
#include "mm/slab.h"
#include "mm/zone.h"

#define CPU_STACK_MAX 31 /* 256 bytes with the counter: found by a shift */

struct cpu_stack {
	unsigned long nr;		/* [c] */
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

static inline unsigned int objects_per_slab(const struct kmem_cache *cache, unsigned int order)
{
	return (unsigned int)((PAGE_SIZE << order) / cache->size);
}

/* Every cache but those of kmalloc is made here too (slab.c). */
void kmem_cache_setup(struct kmem_cache *cache, const char *name, size_t size, size_t align,
		      unsigned long flags, void (*ctor)(void *));
void kmalloc_init(void);

/* slab_pages.c: objects between the CPUs' stacks and the slabs. => interrupts off */
void *slab_refill(struct kmem_cache *cache, gfp_t gfp, unsigned long *irq);
void slab_drain(struct kmem_cache *cache, struct cpu_stack *stack, unsigned int nr);
void slab_free_empty(struct kmem_cache *cache); /* cache_destroy: all empty slabs */

/* slab_debug.c; called in debug builds only. caller: who asked, for the history */
void slab_debug_format(struct kmem_cache *cache, void *object);
void slab_debug_alloc(struct kmem_cache *cache, void *object, void *caller);
void slab_debug_free(struct kmem_cache *cache, void *object, void *caller);

/* Fault injection: fn is asked before every allocation; true fails it. NULL: off. (slab.c) */
void set_failslab(bool (*fn)(const struct kmem_cache *cache, gfp_t gfp));

/* The unusual halves of the two below (slab.c): empty and full take interrupts off and restore irq. */
void *cache_alloc_special(struct kmem_cache *cache, gfp_t gfp, void *caller);
void *cache_alloc_empty(struct kmem_cache *cache, gfp_t gfp, unsigned long irq);
void cache_free_full(struct kmem_cache *cache, void *object, unsigned long irq);

/* No call but the last one: nothing has to be saved on the stack. */
static __always_inline void *cache_alloc(struct kmem_cache *cache, gfp_t gfp, void *caller)
{
	struct cpu_stack *stack;
	unsigned long irq;
	void *object;

	if (unlikely(IS_ENABLED(CONFIG_DEBUG) || ((gfp & (__GFP_HIGHMEM | __GFP_ZERO)) | alloc_special)))
		return cache_alloc_special(cache, gfp, caller);
	local_irq_save(irq);
	stack = &cache->cpu[(unsigned int)smp_processor_id()];
	if (unlikely(!stack->nr))
		return cache_alloc_empty(cache, gfp, irq);
	object = stack->entry[--stack->nr];
	local_irq_restore(irq);
	return object;
}

static __always_inline void cache_free(struct kmem_cache *cache, void *object, void *caller)
{
	struct cpu_stack *stack;
	unsigned long irq;

	if (IS_ENABLED(CONFIG_DEBUG))
		slab_debug_free(cache, object, caller);
	local_irq_save(irq);
	stack = &cache->cpu[(unsigned int)smp_processor_id()];
	if (unlikely(stack->nr == cache->limit)) {
		cache_free_full(cache, object, irq);
		return;
	}
	stack->entry[stack->nr++] = object;
	local_irq_restore(irq);
}

#endif
