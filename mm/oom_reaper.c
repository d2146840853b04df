/* SPDX-License-Identifier: MIT */
/*
 * The OOM reaper: takes a victim's private memory away at once, without waiting for it to exit.
 *
 * A victim may be stuck in the kernel, waiting for a lock whose holder waits for memory; it would
 * never reach exit_mm and TIF_MEMDIE would block every further kill. Nobody needs a dying program's
 * private pages, so a kernel thread may unmap them: all it needs is mmap_sem for reading.
 *
 *   kill -> wake_oom_reaper(victim) -> up to 10 tries, HZ/10 apart: mmap_sem free? -> unmap
 *        -> mm is marked MMF_OOM_REAPED, the victim loses TIF_MEMDIE: the next kill may choose
 *
 * Somebody still sees what the victim does in the kernel: a write(2) on its way copies from its pages into
 * a file or pipe. So from the first page taken no fault of that mm succeeds any more (MMF_UNSTABLE):
 * the copy ends short instead of passing on zeros.
 *
 * While it works the mm is its own too, so the victim's mmput may not be the last: a victim that exits meanwhile
 * waits for it (oom_reaper_wait). Who is seen to be dead, or without TIF_MEMDIE, has given its memory back.
 *
 * vm.oom_reaper 0 leaves it off: then everything is as in 3.18. Linux has it since 4.6.
 *
 * Locks: reaper_lock for the queue of victims and the one in work; mmap_sem (read, trylock).
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/mm_trace.h"
#include "mm/oom_internal.h"

#define REAP_ATTEMPTS 10

int sysctl_oom_reaper = 1;

static DEFINE_SPINLOCK(reaper_lock, LOCK_RANK_LEAF);
static DECLARE_WAIT_QUEUE_HEAD(reaper_wait);
static DECLARE_WAIT_QUEUE_HEAD(reaped_wait);
static struct task_struct *reaper_task;	/* [I] NULL until the thread runs */
static struct task_struct *to_reap;	/* [reaper_lock] linked by oom_reaper_next, with references */
static struct task_struct *reaping;	/* [reaper_lock] taken from there, its memory not free yet */

void wake_oom_reaper(struct task_struct *victim)
{
	struct task_struct **at;

	if (!sysctl_oom_reaper || !reaper_task)
		return;
	spin_lock(&reaper_lock);
	for (at = &to_reap; *at && *at != victim; at = &(*at)->oom_reaper_next)
		;
	if (!*at) {
		get_task_struct(victim);
		victim->oom_reaper_next = NULL;
		*at = victim;
	}
	spin_unlock(&reaper_lock);
	wake_up(&reaper_wait);
}

static struct task_struct *next_victim(void)
{
	struct task_struct *victim;

	spin_lock(&reaper_lock);
	victim = to_reap;
	if (victim)
		to_reap = victim->oom_reaper_next;
	reaping = victim; /* before its mm is looked for */
	spin_unlock(&reaper_lock);
	return victim;
}

static bool has_in_hand(const struct task_struct *victim)
{
	bool mine;

	spin_lock(&reaper_lock);
	mine = reaping == victim;
	spin_unlock(&reaper_lock);
	return mine;
}

void oom_reaper_wait(void)
{
	wait_event(reaped_wait, !has_in_hand(current));
}

/* Unmap what is the process' own. => mmap_sem held for reading */
static void reap_areas(struct mm_struct *mm)
{
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next) {
		if (vma->vm_flags & (VM_SHARED | VM_LOCKED | VM_IO))
			continue;
		/* Private file pages come back from the file; only what is anonymous is a gain. */
		if (vma_is_anonymous(vma) || vma->anon_vma)
			zap_page_range(vma, vma->vm_start, vma->vm_end);
	}
}

/* => false: mmap_sem is taken, try again */
static bool reap_mm(struct task_struct *victim, struct mm_struct *mm)
{
	unsigned long before;

	if (!down_read_trylock(&mm->mmap_sem))
		return false;
	before = get_mm_counter(mm, MM_ANONPAGES) + get_mm_counter(mm, MM_SWAPENTS);
	set_bit(MMF_UNSTABLE_BIT, &mm->flags);
	reap_areas(mm);
	up_read(&mm->mmap_sem);
	pr_info("oom_reaper: reaped process %d (%s), now anon-rss:%lukB, file-rss:%lukB\n",
		victim->pid, victim->comm, get_mm_counter(mm, MM_ANONPAGES) << (PAGE_SHIFT - 10),
		get_mm_counter(mm, MM_FILEPAGES) << (PAGE_SHIFT - 10));
	mm_trace(MM_OOM_REAPED, (unsigned long)victim->pid,
		 before - min(before, get_mm_counter(mm, MM_ANONPAGES) + get_mm_counter(mm, MM_SWAPENTS)),
		 0);
	return true;
}

static void reap_task(struct task_struct *victim)
{
	struct mm_struct *mm = get_task_mm(victim);
	int tries = 0;

	if (!mm) /* exited: its memory is free or being freed */
		return;
	while (!reap_mm(victim, mm) && ++tries < REAP_ATTEMPTS)
		schedule_timeout_uninterruptible(HZ / 10);
	/* Reaped or hopeless: either way nothing more is to be had from it, the next may be chosen. */
	set_bit(MMF_OOM_REAPED_BIT, &mm->flags);
	clear_tsk_thread_flag(victim, TIF_MEMDIE);
	mmput(mm);
}

static int oom_reaper(void *unused)
{
	(void)unused;
	while (!kthread_should_stop()) {
		struct task_struct *victim = NULL;

		wait_event_interruptible(reaper_wait,
					 (victim = next_victim()) != NULL || kthread_should_stop());
		if (!victim)
			continue;
		reap_task(victim);
		spin_lock(&reaper_lock);
		reaping = NULL;
		spin_unlock(&reaper_lock);
		wake_up_all(&reaped_wait);
		put_task_struct(victim);
	}
	return 0;
}

void oom_reaper_init(void)
{
	struct task_struct *task = kthread_run(oom_reaper, NULL, "oom_reaper");

	if (IS_ERR(task))
		pr_err("oom_reaper: not started: %ld\n", PTR_ERR(task));
	else
		reaper_task = task;
}
