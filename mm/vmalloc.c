/* SPDX-License-Identifier: MIT */
/*
 * vmalloc: kernel address ranges made of scattered low-memory frames.
 *
 *   VMALLOC_START | area | guard | area | guard |  ... free ...  | VMALLOC_END
 *
 * Each area is followed by one page that is never mapped, so that running off its end (or, with
 * the guard of the area before, its start) faults instead of touching a neighbour: kernel stacks
 * live here for that reason. Areas are a list sorted by address, searched first fit from the last
 * hole found.
 *
 * Locks: [v] vmalloc_mutex covers the list and the changing of page tables (which may allocate, so it
 * sleeps). HighMem frames are never used: outside the kmap windows none has a kernel address.
 * Linux beyond it: lazy TLB flushing, per-CPU allocators, NUMA placement.
 * Read next: kstack.c. Test: SELFTEST(vmalloc).
 */
#include "mm/vmalloc.h"

#include "arch/mmu.h"
#include "asm/pgtable.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/list.h"
#include "kernel/base/selftest.h"
#include "kernel/base/string.h"
#include "kernel/core/mutex.h"
#include "mm/slab.h"
#include "mm/zone.h"

struct vm_struct {
	struct list_head list;		/* [v] by address */
	unsigned long address;		/* [I] */
	unsigned long size;		/* [I] bytes without the guard page */
	unsigned long nr_pages;		/* [I] of pages; 0: ioremap */
	struct page *pages[];		/* [I] */
};

static DEFINE_MUTEX(vmalloc_mutex, LOCK_RANK_SLEEP_LEAF);
static LIST_HEAD(areas);
static unsigned long used_bytes;		/* [v] */
static struct list_head *search_from = &areas;	/* [v] the area in front of the last hole found */

static unsigned long area_end(const struct list_head *entry)
{
	const struct vm_struct *area;

	if (entry == &areas)
		return VMALLOC_START;
	area = list_entry(entry, struct vm_struct, list);
	return area->address + area->size + PAGE_SIZE;
}

static unsigned long next_start(const struct list_head *entry)
{
	if (entry->next == &areas)
		return VMALLOC_END;
	return list_entry(entry->next, struct vm_struct, list)->address;
}

/* Put area into the first hole that fits, from search_from round. => vmalloc_mutex held => 0 or -ENOMEM */
static int insert_area(struct vm_struct *area)
{
	struct list_head *entry = search_from;

	do {
		if (next_start(entry) - area_end(entry) >= area->size + PAGE_SIZE) {
			area->address = area_end(entry);
			list_add(&area->list, entry);
			search_from = &area->list;
			used_bytes += area->size;
			return 0;
		}
		entry = entry->next;
	} while (entry != search_from);
	return -ENOMEM;
}

static void remove_area(struct vm_struct *area)
{
	search_from = area->list.prev;
	list_del(&area->list);
	used_bytes -= area->size;
}

static void unmap_area(struct vm_struct *area)
{
	for (unsigned long offset = 0; offset < area->size; offset += PAGE_SIZE)
		arch_unmap_kernel_page(area->address + offset);
	flush_tlb_kernel_range(area->address, area->address + area->size);
}

/* Insert area and map frame(i) at its i-th page. => 0 or -ENOMEM, with nothing left behind */
static int map_area(struct vm_struct *area, unsigned long first_pfn, pgprot_t prot)
{
	int err;

	mutex_lock(&vmalloc_mutex);
	err = insert_area(area);
	for (unsigned long i = 0; !err && i < area->size >> PAGE_SHIFT; i++) {
		unsigned long pfn = area->nr_pages ? page_to_pfn(area->pages[i]) : first_pfn + i;

		err = arch_map_kernel_page(area->address + i * PAGE_SIZE, pfn, prot);
		if (err) {
			unmap_area(area);
			remove_area(area);
		}
	}
	mutex_unlock(&vmalloc_mutex);
	return err;
}

static void free_area_pages(struct vm_struct *area)
{
	for (unsigned long i = 0; i < area->nr_pages; i++)
		__free_page(area->pages[i]);
	kfree(area);
}

void *__vmalloc(unsigned long size, gfp_t gfp, pgprot_t prot)
{
	unsigned long nr = ALIGN(size, PAGE_SIZE) >> PAGE_SHIFT;
	struct vm_struct *area;

	if (!nr || nr > totalram_pages)
		return NULL;
	area = kmalloc(sizeof(*area) + nr * sizeof(area->pages[0]), gfp & ~(__GFP_HIGHMEM | __GFP_ZERO));
	if (!area)
		return NULL;
	area->size = nr << PAGE_SHIFT;
	for (area->nr_pages = 0; area->nr_pages < nr; area->nr_pages++) {
		struct page *page = alloc_page(gfp & ~(__GFP_HIGHMEM | __GFP_MOVABLE));

		if (!page) {
			free_area_pages(area);
			return NULL;
		}
		area->pages[area->nr_pages] = page;
	}
	if (map_area(area, 0, prot)) {
		free_area_pages(area);
		return NULL;
	}
	return (void *)area->address;
}

void *vmalloc(unsigned long size)
{
	return __vmalloc(size, GFP_KERNEL, PAGE_KERNEL);
}

void *vzalloc(unsigned long size)
{
	return __vmalloc(size, GFP_KERNEL | __GFP_ZERO, PAGE_KERNEL);
}

/* => vmalloc_mutex held => the area that starts at address, NULL if none does */
static struct vm_struct *find_area(unsigned long address)
{
	struct vm_struct *area;

	list_for_each_entry(area, &areas, list)
		if (area->address == address)
			return area;
	return NULL;
}

/* => vmalloc_mutex held; lets go of it */
static void release_unlock(const void *address, const char *caller)
{
	struct vm_struct *area = find_area((unsigned long)address);

	if (!area)
		panic("%s: no area starts at %p", caller, address);
	unmap_area(area);
	remove_area(area);
	mutex_unlock(&vmalloc_mutex);
	free_area_pages(area);
}

static void release(const void *address, const char *caller)
{
	might_sleep();
	mutex_lock(&vmalloc_mutex);
	release_unlock(address, caller);
}

void vfree(const void *address)
{
	if (address)
		release(address, "vfree");
}

bool vfree_try(const void *address)
{
	if (!mutex_trylock(&vmalloc_mutex))
		return false;
	release_unlock(address, "vfree_try");
	return true;
}

void *ioremap(phys_addr_t phys, unsigned long size)
{
	unsigned long offset = phys & ~PAGE_MASK;
	struct vm_struct *area = kzalloc(sizeof(*area), GFP_KERNEL);

	if (!area)
		return NULL;
	area->size = ALIGN(size + offset, PAGE_SIZE);
	if (map_area(area, phys >> PAGE_SHIFT, PAGE_KERNEL_NOCACHE)) {
		kfree(area);
		return NULL;
	}
	return (void *)(area->address + offset);
}

void iounmap(void *address)
{
	if (address)
		release((void *)((unsigned long)address & PAGE_MASK), "iounmap");
}

struct page *vmalloc_to_page(const void *address)
{
	unsigned long pfn = kernel_va_to_pfn((unsigned long)address);

	return pfn == ~0UL ? NULL : pfn_to_page(pfn);
}

void vmalloc_info(unsigned long *used, unsigned long *largest_free_bytes)
{
	struct list_head *entry = &areas;

	*largest_free_bytes = 0;
	mutex_lock(&vmalloc_mutex);
	*used = used_bytes;
	do {
		*largest_free_bytes = max(*largest_free_bytes, next_start(entry) - area_end(entry));
		entry = entry->next;
	} while (entry != &areas);
	mutex_unlock(&vmalloc_mutex);
}

static phys_addr_t table_page_alloc(void)
{
	unsigned long address = get_zeroed_page(GFP_KERNEL);

	return address ? __pa(address) : 0;
}

static void table_page_free(phys_addr_t table)
{
	free_page((unsigned long)__va(table));
}

void vmalloc_init(void)
{
	arch_set_table_allocator(table_page_alloc);
	arch_set_table_free(table_page_free);
}

SELFTEST(vmalloc)
{
	u64 *a = vmalloc(5 * PAGE_SIZE), *b = vzalloc(PAGE_SIZE + 1);
	unsigned long used, largest;

	EXPECT(a && b && a != b);
	for (unsigned long i = 0; i < 5 * PAGE_SIZE / sizeof(*a); i++)
		a[i] = i;
	EXPECT(a[5 * PAGE_SIZE / sizeof(*a) - 1] == 5 * PAGE_SIZE / sizeof(*a) - 1);
	EXPECT(b[0] == 0 && b[PAGE_SIZE / sizeof(*b)] == 0);
	EXPECT(!PageHighMem(vmalloc_to_page(a)));
	EXPECT(kernel_va_to_pfn((unsigned long)a + 5 * PAGE_SIZE) == ~0UL);
	vmalloc_info(&used, &largest);
	vfree(a);
	EXPECT(kernel_va_to_pfn((unsigned long)a) == ~0UL);
	vfree(b);
}
