/* SPDX-License-Identifier: MIT */
/*
 * page_list: the one kind of list that struct page can be on (free lists, per-CPU lists, LRU,
 * private batches).
 *
 * Links are 32-bit frame numbers, 8 bytes for both, which is what keeps struct page at 48 bytes.
 * The list is not circular: its head holds the first and the last frame, and
 * PAGE_LIST_END (frame 0, which is never allocated: memblock reserves it) ends both directions.
 * A page is on at most one list; page_list_del must be told on which.
 *
 *   head.first -> 17 <-> 4 <-> 99 <- head.last
 *
 * Locks: the list's owner's (zone->lock, zone->lru_lock, or none for a list on the stack).
 */
#ifndef MM_PAGE_LIST_H
#define MM_PAGE_LIST_H

#include "mm/page.h"

#define PAGE_LIST_END 0U

struct page_list {
	u32 first;
	u32 last;
};

#define PAGE_LIST_INIT { PAGE_LIST_END, PAGE_LIST_END }
#define PAGE_LIST(name) struct page_list name = PAGE_LIST_INIT

static inline void page_list_init(struct page_list *list)
{
	list->first = list->last = PAGE_LIST_END;
}

static inline bool page_list_empty(const struct page_list *list)
{
	return list->first == PAGE_LIST_END;
}

static inline struct page *page_list_page(u32 pfn)
{
	return pfn == PAGE_LIST_END ? NULL : pfn_to_page(pfn);
}

static inline struct page *page_list_first(const struct page_list *list)
{
	return page_list_page(list->first);
}

static inline struct page *page_list_last(const struct page_list *list)
{
	return page_list_page(list->last);
}

static inline struct page *page_list_next(const struct page *page)
{
	return page_list_page(page->next);
}

static inline struct page *page_list_prev(const struct page *page)
{
	return page_list_page(page->prev);
}

/* Put page, whose frame number is pfn, at the head of list. */
static inline void __page_list_add(struct page *page, u32 pfn, struct page_list *list)
{
	page->prev = PAGE_LIST_END;
	page->next = list->first;
	if (list->first == PAGE_LIST_END)
		list->last = pfn;
	else
		pfn_to_page(list->first)->prev = pfn;
	list->first = pfn;
}

static inline void page_list_add(struct page *page, struct page_list *list)
{
	__page_list_add(page, (u32)page_to_pfn(page), list);
}

/* The same at the tail of list. */
static inline void __page_list_add_tail(struct page *page, u32 pfn, struct page_list *list)
{
	page->next = PAGE_LIST_END;
	page->prev = list->last;
	if (list->last == PAGE_LIST_END)
		list->first = pfn;
	else
		pfn_to_page(list->last)->next = pfn;
	list->last = pfn;
}

static inline void page_list_add_tail(struct page *page, struct page_list *list)
{
	__page_list_add_tail(page, (u32)page_to_pfn(page), list);
}

/* page, whose frame number is pfn, becomes the only one on list, which is empty. */
static inline void page_list_init_one(struct page *page, u32 pfn, struct page_list *list)
{
	VM_BUG_ON_PAGE(!page_list_empty(list), page);
	page->next = page->prev = PAGE_LIST_END;
	WRITE_ONCE(list->first, pfn); /* as two stores: one would have to be put together */
	WRITE_ONCE(list->last, pfn);
}

/* => page, which is on list, is the only one there */
static inline bool page_list_is_only(const struct page *page, const struct page_list *list)
{
	bool only = *(const u64 *)&page->next == 0; /* both links */

	VM_BUG_ON_PAGE(only != (list->first == list->last), page);
	return only;
}

/* Take page off list, on which it must be. */
static inline void page_list_del(struct page *page, struct page_list *list)
{
	u32 next = page->next, prev = page->prev;

	VM_BUG_ON_PAGE(page->prev == PAGE_LIST_END && list->first != (u32)page_to_pfn(page), page);
	VM_BUG_ON_PAGE(page->next == PAGE_LIST_END && list->last != (u32)page_to_pfn(page), page);
	if (prev == PAGE_LIST_END)
		list->first = next;
	else
		pfn_to_page(prev)->next = next;
	if (next == PAGE_LIST_END)
		list->last = prev;
	else
		pfn_to_page(next)->prev = prev;
	page->next = page->prev = PAGE_LIST_END;
}

/* => the first page, taken off; NULL from an empty list */
static inline struct page *page_list_pop(struct page_list *list)
{
	struct page *page = page_list_first(list);

	if (!page)
		return NULL;
	list->first = page->next;
	if (page->next == PAGE_LIST_END)
		list->last = PAGE_LIST_END;
	else
		pfn_to_page(page->next)->prev = PAGE_LIST_END;
	page->next = PAGE_LIST_END;
	return page;
}

/* => the last page, taken off; NULL from an empty list */
static inline struct page *page_list_pop_tail(struct page_list *list)
{
	struct page *page = page_list_last(list);

	if (!page)
		return NULL;
	list->last = page->prev;
	if (page->prev == PAGE_LIST_END)
		list->first = PAGE_LIST_END;
	else
		pfn_to_page(page->prev)->next = PAGE_LIST_END;
	page->prev = PAGE_LIST_END;
	return page;
}

/*
 * The same kind of list used as a stack that is sometimes emptied from below (the per-CPU lists): the first
 * page's prev is not kept, which saves writes. Only these functions, page_list_add*() and forward walks.
 */
static inline void page_stack_push(struct page *page, u32 pfn, struct page_list *list)
{
	page->next = list->first;
	if (unlikely(list->first == PAGE_LIST_END))
		list->last = pfn;
	else
		pfn_to_page(list->first)->prev = pfn;
	list->first = pfn;
}

/* => not empty */
static inline struct page *page_stack_pop(struct page_list *list)
{
	struct page *page = pfn_to_page(list->first);

	list->first = page->next;
	if (page->next == PAGE_LIST_END)
		list->last = PAGE_LIST_END;
	return page;
}

/* => the last page, not empty */
static inline struct page *page_stack_pop_bottom(struct page_list *list)
{
	struct page *page = pfn_to_page(list->last);

	if (list->first == list->last) {
		page_list_init(list);
	} else {
		list->last = page->prev;
		pfn_to_page(page->prev)->next = PAGE_LIST_END;
	}
	return page;
}

/* Move all of from to the head of to; from is empty afterwards. */
static inline void page_list_splice(struct page_list *from, struct page_list *to)
{
	if (page_list_empty(from))
		return;
	if (page_list_empty(to)) {
		*to = *from;
	} else {
		pfn_to_page(from->last)->next = to->first;
		pfn_to_page(to->first)->prev = from->last;
		to->first = from->first;
	}
	page_list_init(from);
}

#define page_list_for_each(page, list)                                                             \
	for (page = page_list_first(list); page; page = page_list_next(page))

/* The body may take page off the list or free it. */
#define page_list_for_each_safe(page, tmp, list)                                                   \
	for (page = page_list_first(list), tmp = page ? page_list_next(page) : NULL; page;         \
	     page = tmp, tmp = page ? page_list_next(page) : NULL)

#endif
