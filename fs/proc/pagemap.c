/* SPDX-License-Identifier: MIT */
/*
 * Arrays of 8-byte words: /proc/PID/pagemap, one per page of an address space, /proc/kpagecount and
 * /proc/kpageflags, one per page frame. A program that wants to know where its memory lies reads the first at
 * (address / 4096) * 8 and the others at frame * 8:
 *
 *   pagemap      63 present  62 in swap  61 of a file or shared  0-54 frame, or swap type (5 bits) and slot
 *   kpagecount   page-table entries that map the frame
 *   kpageflags   bits KPF_*, Linux's numbers
 *
 * Offsets and lengths are multiples of 8, else EINVAL. Frame and slot are 0 for those who opened pagemap without
 * CAP_SYS_ADMIN: where memory lies is nobody's business (it helps to hammer rows). Frames are looked at without
 * any lock: the words are what was true a moment ago, of each page on its own.
 */
#include "arch/uaccess.h"
#include "fs/proc/proc.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/page.h"
#include "mm/swap.h"
#include "mm/zone.h"
#include "asm/pgtable.h"

#define WORD 8UL

/* Where word number index comes from. */
struct word_source {
	u64 (*word)(const struct word_source *s, u64 index);
	u64 end;		/* words there are */
	struct mm_struct *mm;	/* pagemap: mmap_sem is held around each chunk */
	bool show_frames;
};

static ssize_t read_words(const struct word_source *s, char *ubuf, size_t count, loff_t *pos)
{
	u64 chunk[64], index = (u64)*pos / WORD;
	ssize_t done = 0;

	if ((*pos | count) & (WORD - 1))
		return -EINVAL;
	while (count && index < s->end) {
		size_t n = min(min(count / WORD, ARRAY_SIZE(chunk)), (size_t)(s->end - index)), i;

		if (s->mm)
			down_read(&s->mm->mmap_sem);
		for (i = 0; i < n; i++)
			chunk[i] = s->word(s, index + i);
		if (s->mm)
			up_read(&s->mm->mmap_sem);
		if (copy_to_user(ubuf + done, chunk, n * WORD))
			return -EFAULT;
		index += n;
		count -= n * WORD;
		done += n * WORD;
		*pos += n * WORD;
		cond_resched();
		if (fatal_signal_pending(current))
			break;
	}
	return done;
}

/* ---- pagemap ---- */

#define PM_PRESENT (1ULL << 63)
#define PM_SWAP	   (1ULL << 62)
#define PM_FILE	   (1ULL << 61)
#define PM_TYPE_BITS 5

static u64 pte_word(pte_t pte, bool show_frames)
{
	u64 word = 0;

	if (pte_present(pte)) {
		word = PM_PRESENT | (show_frames ? pte_pfn(pte) : 0);
		if (pfn_valid(pte_pfn(pte)) && !PageReserved(pte_page(pte)) && !PageAnon(pte_page(pte)))
			word |= PM_FILE;
	} else if (is_swap_pte(pte)) {
		swp_entry_t swp = pte_to_swp_entry(pte);

		word = PM_SWAP;
		if (show_frames)
			word |= swp_type(swp) | (u64)swp_offset(swp) << PM_TYPE_BITS;
	}
	return word;
}

static u64 pagemap_word(const struct word_source *s, u64 index)
{
	unsigned long addr = index << PAGE_SHIFT;
	struct vm_area_struct *vma = find_vma(s->mm, addr);
	spinlock_t *ptl;
	pmd_t *pmd;
	pte_t *pte;
	u64 word;

	if (!vma || vma->vm_start > addr)
		return 0;
	pte = mm_find_pte(s->mm, addr, &pmd);
	if (!pte)
		return 0;
	ptl = pte_lockptr(s->mm, pmd);
	spin_lock(ptl);
	word = pte_word(ptep_get(pte), s->show_frames);
	spin_unlock(ptl);
	pte_unmap(pte);
	return word;
}

static int pagemap_open(struct inode *inode, struct file *file)
{
	if (!proc_may_look(PROC_I(inode)->task))
		return -EACCES;
	file->private_data = has_capability_admin(current) ? file : NULL;
	return 0;
}

static ssize_t pagemap_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	struct task_struct *p = PROC_I(file_inode(file))->task;
	struct word_source s = { .word = pagemap_word, .end = TASK_SIZE >> PAGE_SHIFT,
				 .show_frames = file->private_data != NULL };
	ssize_t done;

	if (!proc_may_look(p))
		return -EACCES;
	s.mm = get_task_mm(p);
	if (!s.mm)
		return 0;
	done = read_words(&s, ubuf, count, pos);
	mmput(s.mm);
	return done;
}

const struct file_operations task_pagemap_fops = { .open = pagemap_open, .read = pagemap_read, .llseek = seq_lseek };

/* ---- kpagecount, kpageflags ---- */

static u64 count_word(const struct word_source *s, u64 pfn)
{
	const struct page *page = pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;

	return page && !PageSlab(page) && page_mapped(page) ? (u64)page_mapcount(page) : 0;
}

enum kpf {
	KPF_LOCKED, KPF_ERROR, KPF_REFERENCED, KPF_UPTODATE, KPF_DIRTY, KPF_LRU, KPF_ACTIVE, KPF_SLAB, KPF_WRITEBACK,
	KPF_RECLAIM, KPF_BUDDY, KPF_MMAP, KPF_ANON, KPF_SWAPCACHE, KPF_SWAPBACKED, KPF_COMPOUND_HEAD,
	KPF_COMPOUND_TAIL, KPF_UNEVICTABLE = 18, KPF_NOPAGE = 20, KPF_ZERO_PAGE = 24, KPF_RESERVED = 32, KPF_MLOCKED,
	KPF_MAPPEDTODISK, KPF_PRIVATE,
};

static u64 flags_word(const struct word_source *s, u64 pfn)
{
	static const struct {
		u8 from, to;
	} bits[] = {
		{ PG_locked, KPF_LOCKED },	     { PG_error, KPF_ERROR },
		{ PG_referenced, KPF_REFERENCED },   { PG_uptodate, KPF_UPTODATE },
		{ PG_dirty, KPF_DIRTY },	     { PG_lru, KPF_LRU },
		{ PG_active, KPF_ACTIVE },	     { PG_slab, KPF_SLAB },
		{ PG_writeback, KPF_WRITEBACK },     { PG_reclaim, KPF_RECLAIM },
		{ PG_swapcache, KPF_SWAPCACHE },     { PG_swapbacked, KPF_SWAPBACKED },
		{ PG_head, KPF_COMPOUND_HEAD },	     { PG_tail, KPF_COMPOUND_TAIL },
		{ PG_unevictable, KPF_UNEVICTABLE }, { PG_reserved, KPF_RESERVED },
		{ PG_mlocked, KPF_MLOCKED },	     { PG_mappedtodisk, KPF_MAPPEDTODISK },
		{ PG_private, KPF_PRIVATE },
	};
	const struct page *page;
	unsigned int i;
	u64 word = 0;

	if (!pfn_valid(pfn))
		return 1ULL << KPF_NOPAGE;
	page = pfn_to_page(pfn);
	for (i = 0; i < ARRAY_SIZE(bits); i++)
		word |= (READ_ONCE(page->flags) >> bits[i].from & 1) << bits[i].to;
	if (PageBuddy(page))
		return word | 1ULL << KPF_BUDDY;
	if (page == zero_page)
		word |= 1ULL << KPF_ZERO_PAGE;
	if (!PageSlab(page) && page_mapped(page))
		word |= 1ULL << KPF_MMAP;
	if (!PageSlab(page) && PageAnon(page))
		word |= 1ULL << KPF_ANON;
	return word;
}

static ssize_t kpagecount_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	struct word_source s = { .word = count_word, .end = max_pfn };

	return read_words(&s, ubuf, count, pos);
}

static ssize_t kpageflags_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	struct word_source s = { .word = flags_word, .end = max_pfn };

	return read_words(&s, ubuf, count, pos);
}

static const struct file_operations kpagecount_fops = { .read = kpagecount_read, .llseek = seq_lseek };
static const struct file_operations kpageflags_fops = { .read = kpageflags_read, .llseek = seq_lseek };
static struct proc_entry kpagecount_entry = { .name = "kpagecount", .mode = S_IFREG | 0400, .fops = &kpagecount_fops };
static struct proc_entry kpageflags_entry = { .name = "kpageflags", .mode = S_IFREG | 0400, .fops = &kpageflags_fops };

void proc_pagemap_init(void)
{
	proc_add(NULL, &kpagecount_entry);
	proc_add(NULL, &kpageflags_entry);
}
