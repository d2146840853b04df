/* SPDX-License-Identifier: MIT */
/*
 * kmap: windows through which the kernel reaches HighMem frames.
 *
 *   kmap()         one of LAST_PKMAP windows shared by all CPUs; counted; may sleep for a free one
 *   kmap_atomic()  the CPU's own stack of KMAP_ATOMIC_SLOTS windows; never sleeps, undone in reverse order
 *
 * A window of the pool is free (0), mapped without users (1: the mapping is kept, since the next kmap
 * of the same page may want it), or in use (users + 1). Searching goes round; each time it comes past
 * the last window all mapped but unused ones are cleared with one TLB flush, so a flush costs
 * 1/LAST_PKMAP of a kmap.
 *
 * Locks: [k] kmap_lock, taken in process context only (the flush waits for other CPUs); [h]
 * page_address_lock, any context. Low memory needs no window: its address is in the direct map.
 * Read next: arch/mmu.h. Test: tests/host/test_kmap.c. Try: `info tlb` in the QEMU monitor.
 */
#include "mm/kmap.h"

#include "arch/mmu.h"
#include "asm/irqflags.h"
#include "kernel/base/bug.h"
#include "kernel/base/preempt.h"
#include "kernel/base/spinlock.h"
#include "kernel/core/sched.h"
#include "kernel/core/task.h"
#include "kernel/core/wait.h"

#define HASH_SIZE 128
#define NO_WINDOW 0xffff

struct window {
	struct page *page;	/* [k] write, [h] read; NULL: unmapped */
	int count;		/* [k] users + 1; 0: free */
	u16 next;		/* [h] in its hash chain */
};

static DEFINE_SPINLOCK(kmap_lock, LOCK_RANK_KMAP);
static DEFINE_SPINLOCK(page_address_lock, LOCK_RANK_LEAF);
static DECLARE_WAIT_QUEUE_HEAD(kmap_wait);
static struct window windows[LAST_PKMAP];
static u16 hash_heads[HASH_SIZE];
static unsigned int last_window; /* [k] where the search stopped */
static pte_t *pkmap_ptes;	 /* [I] */
static pte_t *atomic_ptes;	 /* [I] */
static DEFINE_PER_CPU(int, atomic_depth); /* windows in use on this CPU */

static unsigned long window_address(unsigned int i)
{
	return PKMAP_BASE + i * PAGE_SIZE;
}

static u16 *hash_head(const struct page *page)
{
	return &hash_heads[page_to_pfn(page) % HASH_SIZE];
}

/* => page_address_lock held */
static unsigned int window_of_locked(const struct page *page)
{
	unsigned int i = *hash_head(page);

	while (i != NO_WINDOW && windows[i].page != page)
		i = windows[i].next;
	return i;
}

static void window_hash(unsigned int i, struct page *page)
{
	unsigned long irq;

	spin_lock_irqsave(&page_address_lock, irq);
	windows[i].page = page;
	windows[i].next = *hash_head(page);
	*hash_head(page) = (u16)i;
	spin_unlock_irqrestore(&page_address_lock, irq);
}

static void window_unhash(unsigned int i)
{
	unsigned long irq;
	u16 *link;

	spin_lock_irqsave(&page_address_lock, irq);
	link = hash_head(windows[i].page);
	while (*link != i)
		link = &windows[*link].next;
	*link = windows[i].next;
	windows[i].page = NULL;
	spin_unlock_irqrestore(&page_address_lock, irq);
}

void *page_address(const struct page *page)
{
	unsigned long irq;
	unsigned int i;

	if (!PageHighMem(page))
		return lowmem_page_address(page);
	spin_lock_irqsave(&page_address_lock, irq);
	i = window_of_locked(page);
	spin_unlock_irqrestore(&page_address_lock, irq);
	return i == NO_WINDOW ? NULL : (void *)window_address(i);
}

/* Free all windows that are mapped without users. => kmap_lock held */
static void flush_unused_windows(void)
{
	bool any = false;

	for (unsigned int i = 0; i < LAST_PKMAP; i++) {
		if (windows[i].count != 1)
			continue;
		windows[i].count = 0;
		set_pte(&pkmap_ptes[i], __pte(0));
		window_unhash(i);
		any = true;
	}
	if (any)
		flush_tlb_kernel_range(PKMAP_BASE, window_address(LAST_PKMAP));
}

/* => kmap_lock held => a free window, or NO_WINDOW */
static unsigned int find_free_window(void)
{
	for (unsigned int tries = 0; tries < LAST_PKMAP; tries++) {
		last_window = (last_window + 1) % LAST_PKMAP;
		if (last_window == 0)
			flush_unused_windows();
		if (windows[last_window].count == 0)
			return last_window;
	}
	flush_unused_windows();
	for (unsigned int i = 0; i < LAST_PKMAP; i++)
		if (windows[i].count == 0)
			return i;
	return NO_WINDOW;
}

/* => a window of page with one user more, or NO_WINDOW when all are in use */
static unsigned int try_kmap(struct page *page)
{
	unsigned long irq;
	unsigned int i;

	spin_lock(&kmap_lock);
	spin_lock_irqsave(&page_address_lock, irq);
	i = window_of_locked(page);
	spin_unlock_irqrestore(&page_address_lock, irq);
	if (i == NO_WINDOW) {
		i = find_free_window();
		if (i != NO_WINDOW) {
			set_pte(&pkmap_ptes[i], mk_pte(page, PAGE_KERNEL));
			window_hash(i, page);
			windows[i].count = 1;
		}
	}
	if (i != NO_WINDOW)
		windows[i].count++;
	spin_unlock(&kmap_lock);
	return i;
}

void *kmap(struct page *page)
{
	unsigned int i;

	might_sleep();
	if (!PageHighMem(page))
		return lowmem_page_address(page);
	wait_event(kmap_wait, (i = try_kmap(page)) != NO_WINDOW);
	return (void *)window_address(i);
}

void kunmap(struct page *page)
{
	unsigned long irq;
	unsigned int i;
	bool unused;

	if (!PageHighMem(page))
		return;
	spin_lock(&kmap_lock);
	spin_lock_irqsave(&page_address_lock, irq);
	i = window_of_locked(page);
	spin_unlock_irqrestore(&page_address_lock, irq);
	BUG_ON(i == NO_WINDOW || windows[i].count < 2);
	unused = --windows[i].count == 1;
	spin_unlock(&kmap_lock);
	if (unused)
		wake_up(&kmap_wait);
}

static unsigned int atomic_slot(int depth)
{
	return (unsigned int)(smp_processor_id() * KMAP_ATOMIC_SLOTS + depth);
}

void *kmap_atomic(struct page *page)
{
	unsigned int slot;
	unsigned long irq;
	int depth;

	preempt_disable();
	current->pagefault_disabled++;
	if (!PageHighMem(page))
		return lowmem_page_address(page);
	local_irq_save(irq);
	depth = this_cpu_read(atomic_depth);
	BUG_ON(depth >= KMAP_ATOMIC_DEPTH);
	this_cpu_write(atomic_depth, depth + 1);
	local_irq_restore(irq);
	slot = atomic_slot(depth);
	VM_BUG_ON(!pte_none(atomic_ptes[slot]));
	set_pte(&atomic_ptes[slot], mk_pte(page, PAGE_KERNEL));
	return (void *)(KMAP_ATOMIC_BASE + slot * PAGE_SIZE);
}

void kunmap_atomic(void *address)
{
	unsigned long va = (unsigned long)address & PAGE_MASK;

	if (va >= KMAP_ATOMIC_BASE && va < KMAP_ATOMIC_BASE + NR_CPUS * KMAP_ATOMIC_SLOTS * PAGE_SIZE) {
		int depth = this_cpu_read(atomic_depth) - 1;

		VM_BUG_ON(depth < 0 || va != KMAP_ATOMIC_BASE + atomic_slot(depth) * PAGE_SIZE);
		set_pte(&atomic_ptes[atomic_slot(depth)], __pte(0));
		flush_tlb_one_local(va);
		this_cpu_write(atomic_depth, depth);
	}
	current->pagefault_disabled--;
	preempt_enable();
}

void clear_highpage(struct page *page)
{
	void *address;

	if (!PageHighMem(page)) {
		clear_page(lowmem_page_address(page));
		return;
	}
	address = kmap_atomic(page);
	clear_page(address);
	kunmap_atomic(address);
}

void copy_highpage(struct page *to, struct page *from)
{
	void *vfrom, *vto;

	if (!PageHighMem(from) && !PageHighMem(to)) {
		copy_page(lowmem_page_address(to), lowmem_page_address(from));
		return;
	}
	vfrom = kmap_atomic(from);
	vto = kmap_atomic(to);
	copy_page(vto, vfrom);
	kunmap_atomic(vto);
	kunmap_atomic(vfrom);
}

void zero_user_segment(struct page *page, unsigned start, unsigned end)
{
	void *address = kmap_atomic(page);

	memset(address + start, 0, end - start);
	kunmap_atomic(address);
}

void kmap_init(void)
{
	for (unsigned int i = 0; i < HASH_SIZE; i++)
		hash_heads[i] = NO_WINDOW;
	pkmap_ptes = kernel_pte(PKMAP_BASE);
	atomic_ptes = kernel_pte(KMAP_ATOMIC_BASE);
}
