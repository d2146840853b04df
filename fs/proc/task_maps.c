/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/maps and smaps: the areas of an address space and the pages in them.
 *
 * A listing holds mmap_sem for reading while it fills its buffer and remembers the address to continue with, so
 * areas may come and go between two reads; whether the reader may look is asked again at each, since the process may
 * have become another by exec. smaps looks at each page-table entry with its lock held. Pages themselves: pagemap.c.
 */
#include "fs/proc/proc.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "asm/pgtable.h"

#define MAPS_END ((loff_t)1 << 62)

struct maps_reader {
	struct task_struct *task;	/* referenced by the inode */
	struct mm_struct *mm;		/* between start and stop */
	bool details;			/* smaps */
};

/* ---- Iteration ---- */

static void *maps_start(struct seq_file *m, loff_t *pos)
{
	struct maps_reader *r = m->private;

	if (*pos >= MAPS_END)
		return NULL;
	if (!proc_may_look(r->task))
		return ERR_PTR(-EACCES);
	r->mm = get_task_mm(r->task);
	if (!r->mm)
		return NULL;
	down_read(&r->mm->mmap_sem);
	return find_vma(r->mm, (unsigned long)*pos);
}

static void *maps_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct vm_area_struct *next = ((struct vm_area_struct *)v)->vm_next;

	*pos = next ? (loff_t)next->vm_start : MAPS_END;
	return next;
}

static void maps_stop(struct seq_file *m, void *v)
{
	struct maps_reader *r = m->private;

	if (!r->mm)
		return;
	up_read(&r->mm->mmap_sem);
	mmput(r->mm);
	r->mm = NULL;
}

/* ---- One line ---- */

static const char *special_name(const struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;

	if (vma->vm_ops && vma->vm_ops->name)
		return vma->vm_ops->name((struct vm_area_struct *)vma);
	if (vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk && mm->brk > mm->start_brk)
		return "[heap]";
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return "[stack]";
	return NULL;
}

static void show_line(struct seq_file *m, const struct vm_area_struct *vma)
{
	unsigned long flags = vma->vm_flags;
	struct inode *inode = vma->vm_file ? file_inode(vma->vm_file) : NULL;
	dev_t dev = inode && inode->i_sb ? inode->i_sb->s_dev : 0;
	size_t start = m->count;
	const char *name;

	seq_printf(m, "%08lx-%08lx %c%c%c%c %08llx %02x:%02x %llu ", vma->vm_start, vma->vm_end,
		   flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-', flags & VM_EXEC ? 'x' : '-',
		   flags & VM_MAYSHARE ? 's' : 'p', inode ? (u64)vma->vm_pgoff << PAGE_SHIFT : 0, MAJOR(dev),
		   MINOR(dev), inode ? inode->i_ino : 0);
	name = inode ? NULL : special_name(vma);
	if (inode || name)
		seq_pad(m, 73, start);
	if (inode)
		seq_path(m, &vma->vm_file->f_path, "\n");
	else if (name)
		seq_puts(m, name);
	seq_putc(m, '\n');
}

/* ---- smaps ---- */

struct page_sums {
	unsigned long rss, shared_clean, shared_dirty, private_clean, private_dirty, referenced, anonymous,
		swap;
	u64 pss; /* 12 bits of fraction */
};

static void add_page(struct page_sums *s, pte_t pte)
{
	struct page *page = pte_page(pte);
	bool dirty;
	int mappers;

	if (page == zero_page || !pfn_valid(pte_pfn(pte)) || PageReserved(page))
		return;
	mappers = max(page_mapcount(page), 1);
	dirty = pte_dirty(pte) || PageDirty(page);
	s->rss += PAGE_SIZE;
	if (PageAnon(page))
		s->anonymous += PAGE_SIZE;
	if (pte_young(pte) || PageReferenced(page))
		s->referenced += PAGE_SIZE;
	*(mappers >= 2 ? dirty ? &s->shared_dirty : &s->shared_clean :
			 dirty ? &s->private_dirty : &s->private_clean) += PAGE_SIZE;
	s->pss += ((u64)PAGE_SIZE << 12) / (unsigned int)mappers;
}

/* => mmap_sem held */
static void sum_pages(struct vm_area_struct *vma, struct page_sums *s)
{
	unsigned long addr = vma->vm_start;

	memset(s, 0, sizeof(*s));
	while (addr < vma->vm_end) {
		pmd_t *pmd;
		pte_t *pte = mm_find_pte(vma->vm_mm, addr, &pmd), now;
		spinlock_t *ptl;

		if (!pte) {
			addr = pmd_addr_end(addr, vma->vm_end);
			continue;
		}
		ptl = pte_lockptr(vma->vm_mm, pmd);
		spin_lock(ptl);
		now = ptep_get(pte);
		if (pte_present(now))
			add_page(s, now);
		else if (is_swap_pte(now) && !non_swap_entry(pte_to_swp_entry(now)))
			s->swap += PAGE_SIZE;
		spin_unlock(ptl);
		pte_unmap(pte);
		addr += PAGE_SIZE;
		if (!(addr & 0xfffff))
			cond_resched();
	}
}

static void show_flags(struct seq_file *m, unsigned long flags)
{
	static const struct {
		unsigned long flag;
		const char *text;
	} names[] = {
		{ VM_READ, "rd" },	  { VM_WRITE, "wr" },	   { VM_EXEC, "ex" },	    { VM_SHARED, "sh" },
		{ VM_MAYREAD, "mr" },	  { VM_MAYWRITE, "mw" },   { VM_MAYEXEC, "me" },    { VM_MAYSHARE, "ms" },
		{ VM_GROWSDOWN, "gd" },	  { VM_LOCKED, "lo" },	   { VM_IO, "io" },	    { VM_SEQ_READ, "sr" },
		{ VM_RAND_READ, "rr" },	  { VM_DONTCOPY, "dc" },   { VM_DONTEXPAND, "de" }, { VM_ACCOUNT, "ac" },
		{ VM_NORESERVE, "nr" },	  { VM_WIPEONFORK, "wf" }, { VM_DONTDUMP, "dd" },
	};
	unsigned int i;

	seq_puts(m, "VmFlags: ");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			seq_printf(m, "%s ", names[i].text);
	seq_putc(m, '\n');
}

static void bytes(struct seq_file *m, const char *name, unsigned long n)
{
	seq_printf(m, "%-15s %8lu kB\n", name, n >> 10);
}

static void show_details(struct seq_file *m, struct vm_area_struct *vma)
{
	struct page_sums s;

	sum_pages(vma, &s);
	bytes(m, "Size:", vma->vm_end - vma->vm_start);
	bytes(m, "Rss:", s.rss);
	bytes(m, "Pss:", (unsigned long)(s.pss >> 12));
	bytes(m, "Shared_Clean:", s.shared_clean);
	bytes(m, "Shared_Dirty:", s.shared_dirty);
	bytes(m, "Private_Clean:", s.private_clean);
	bytes(m, "Private_Dirty:", s.private_dirty);
	bytes(m, "Referenced:", s.referenced);
	bytes(m, "Anonymous:", s.anonymous);
	bytes(m, "AnonHugePages:", 0);
	bytes(m, "Swap:", s.swap);
	bytes(m, "KernelPageSize:", PAGE_SIZE);
	bytes(m, "MMUPageSize:", PAGE_SIZE);
	bytes(m, "Locked:", vma->vm_flags & VM_LOCKED ? (unsigned long)(s.pss >> 12) : 0);
	show_flags(m, vma->vm_flags);
}

static int maps_show(struct seq_file *m, void *v)
{
	struct maps_reader *r = m->private;

	show_line(m, v);
	if (r->details)
		show_details(m, v);
	return 0;
}

static const struct seq_operations maps_ops = {
	.start = maps_start, .next = maps_next, .stop = maps_stop, .show = maps_show,
};

static int open_reader(struct inode *inode, struct file *file, bool details)
{
	struct maps_reader *r;
	int err;

	if (!proc_may_look(PROC_I(inode)->task))
		return -EACCES;
	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	r->task = PROC_I(inode)->task;
	r->details = details;
	err = seq_open(file, &maps_ops, r);
	if (err)
		kfree(r);
	return err;
}

static int maps_open(struct inode *inode, struct file *file)
{
	return open_reader(inode, file, false);
}

static int smaps_open(struct inode *inode, struct file *file)
{
	return open_reader(inode, file, true);
}

static void maps_release(struct inode *inode, struct file *file)
{
	kfree(((struct seq_file *)file->private_data)->private);
	seq_release(inode, file);
}

const struct file_operations task_maps_fops = {
	.open = maps_open, .release = maps_release, .read = seq_read, .kernel_read = seq_kernel_read,
	.llseek = seq_lseek,
};
const struct file_operations task_smaps_fops = {
	.open = smaps_open, .release = maps_release, .read = seq_read, .kernel_read = seq_kernel_read,
	.llseek = seq_lseek,
};
