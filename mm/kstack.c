/* SPDX-License-Identifier: MIT */
/*
 * kstack: memory for tasks, their kernel stacks and signal_structs. kernel/core owns none and asks through the
 * functions registered here.
 *
 * A kernel stack is 16 KiB of vmalloc with guard pages on both sides. Making one costs
 * page-table changes and, when it goes, a TLB flush on every CPU; so each CPU keeps a few, which also
 * serves the last moments of a task: its stack is given back by the scheduler with interrupts off, where
 * vfree() must not be called. Stacks beyond what the CPUs keep wait on a list, from which the next
 * allocations take one and free a few; reclaim, which may come long before them, has a shrinker. It may
 * run inside a vmalloc that waits for memory, so it only tries vmalloc's mutex.
 *
 * Locks: the CPU's own array with interrupts off; [s] surplus_lock.
 */
#include "mm/kstack.h"

#include "asm/irqflags.h"
#include "asm/percpu.h"
#include "asm/pgtable.h"
#include "kernel/base/spinlock.h"
#include "kernel/core/task.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/vmscan.h"
#include "mm/zone.h"

#define STACKS_PER_CPU	 4
#define FREED_PER_ALLOC	 16

struct stack_cache {
	unsigned int nr;
	void *stack[STACKS_PER_CPU];
};

static DEFINE_PER_CPU(struct stack_cache, stack_cache);
static DEFINE_SPINLOCK(surplus_lock, LOCK_RANK_LEAF);
static void *surplus;		  /* [s] singly linked through the first word of each stack */
static unsigned long nr_surplus; /* [s] */
static struct kmem_cache *task_cache, *signal_cache;

static void account_stack(void *stack, int delta)
{
	struct zone *zone = page_zone(vmalloc_to_page(stack));

	mod_zone_page_state(zone, NR_KERNEL_STACK, delta);
}

static void surplus_add(void *stack)
{
	unsigned long flags;

	spin_lock_irqsave(&surplus_lock, flags);
	*(void **)stack = surplus;
	surplus = stack;
	nr_surplus++;
	spin_unlock_irqrestore(&surplus_lock, flags);
}

/* => NULL: there is none */
static void *surplus_take(void)
{
	void *stack;

	if (!READ_ONCE(surplus))
		return NULL;
	spin_lock_irq(&surplus_lock);
	stack = surplus;
	if (stack) {
		surplus = *(void **)stack;
		nr_surplus--;
	}
	spin_unlock_irq(&surplus_lock);
	return stack;
}

/* => at most max stacks freed; how many. try: not if somebody is inside vmalloc */
static unsigned long free_surplus(unsigned long max, bool try)
{
	unsigned long freed;
	void *stack;

	for (freed = 0; freed < max && (stack = surplus_take()); freed++) {
		account_stack(stack, -1);
		if (!try) {
			vfree(stack);
		} else if (!vfree_try(stack)) {
			account_stack(stack, 1);
			surplus_add(stack);
			break;
		}
	}
	return freed;
}

static unsigned long count_surplus(struct shrinker *shrinker, struct shrink_control *sc)
{
	return READ_ONCE(nr_surplus);
}

static unsigned long scan_surplus(struct shrinker *shrinker, struct shrink_control *sc)
{
	return free_surplus(sc->nr_to_scan, true) ?: SHRINK_STOP;
}

static struct shrinker surplus_shrinker = {
	.count_objects = count_surplus,
	.scan_objects = scan_surplus,
	.seeks = 1, /* nothing has to be read to make another */
	.batch = FREED_PER_ALLOC,
};

static void *stack_alloc(void)
{
	struct stack_cache *cache;
	void *stack = NULL;
	unsigned long irq;

	free_surplus(FREED_PER_ALLOC, false);
	local_irq_save(irq);
	cache = this_cpu_ptr(&stack_cache);
	if (cache->nr)
		stack = cache->stack[--cache->nr];
	local_irq_restore(irq);
	if (!stack)
		stack = surplus_take();
	if (stack)
		return stack;
	stack = __vmalloc(KERNEL_STACK_SIZE, GFP_KERNEL, PAGE_KERNEL);
	if (stack)
		account_stack(stack, 1);
	return stack;
}

static void stack_free(void *stack)
{
	struct stack_cache *cache;
	unsigned long irq;

	local_irq_save(irq);
	cache = this_cpu_ptr(&stack_cache);
	if (cache->nr < STACKS_PER_CPU)
		cache->stack[cache->nr++] = stack;
	else
		surplus_add(stack);
	local_irq_restore(irq);
}

/* => may sleep; a zeroed task_struct with a stack; NULL without memory */
static struct task_struct *task_with_stack_alloc(void)
{
	struct task_struct *task = kmem_cache_zalloc(task_cache, GFP_KERNEL);

	if (!task)
		return NULL;
	task->stack = stack_alloc();
	if (!task->stack) {
		kmem_cache_free(task_cache, task);
		return NULL;
	}
	return task;
}

/* => any context; the task runs nowhere any more */
static void task_with_stack_free(struct task_struct *task)
{
	stack_free(task->stack);
	kmem_cache_free(task_cache, task);
}

static struct signal_struct *signal_struct_alloc(void)
{
	return kmem_cache_zalloc(signal_cache, GFP_KERNEL);
}

static void signal_struct_free(struct signal_struct *signal)
{
	kmem_cache_free(signal_cache, signal);
}

void kstack_init(void)
{
	task_cache = kmem_cache_create("task_struct", sizeof(struct task_struct), 64, SLAB_PANIC, NULL);
	signal_cache = kmem_cache_create("signal_struct", sizeof(struct signal_struct), 64, SLAB_PANIC, NULL);
	register_shrinker(&surplus_shrinker);
	task_set_allocator(task_with_stack_alloc, task_with_stack_free);
	task_set_signal_allocator(signal_struct_alloc, signal_struct_free);
}
