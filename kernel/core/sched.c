/* SPDX-License-Identifier: MIT */
/*
 * The switch from one task to another, and waking.
 *
 *	state                        who changes it
 *	RUNNING -> (UN)INTERRUPTIBLE the task itself, before it calls schedule()
 *	... -> RUNNING               a waker, holding the lock of the task's run queue
 *
 * schedule() takes a task off its queue only if its state still says "sleeping" under the run-queue
 * lock; a waker that came between has set it to RUNNING, and the task goes on: no wake-up is lost.
 * The lock is held across switch_to() and dropped by the next task in finish_switch().
 *
 * A task woken for another CPU than its last is in state WAKING between the two queues.
 *
 * Order of locks: anything -> rq->lock (rank RQ). Nothing but a second rq (trylock) is taken under
 * it.
 */
#include "kernel/base/bug.h"
#include "kernel/base/chaos.h"
#include "kernel/core/sched_internal.h"
#include "kernel/core/softirq.h"
#include "kernel/core/watchdog.h"
#include "mm/mm_types.h"
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "arch/thread.h"
#include "asm/barrier.h"

DEFINE_PER_CPU(struct rq, runqueues) = {
	.lock = SPIN_LOCK_UNLOCKED("rq->lock", LOCK_RANK_RQ),
};

static void (*mm_free)(struct mm_struct *mm);
static void (*unplug)(struct task_struct *p);

void sched_set_mm_free(void (*fn)(struct mm_struct *mm))
{
	mm_free = fn;
}

void sched_set_unplug(void (*fn)(struct task_struct *p))
{
	unplug = fn;
}

struct rq *task_rq_lock(struct task_struct *p, unsigned long *flags)
{
	for (;;) {
		struct rq *rq = cpu_rq(READ_ONCE(p->cpu));

		spin_lock_irqsave(&rq->lock, *flags);
		if (likely(rq == cpu_rq(p->cpu) && p->state != TASK_WAKING))
			return rq;
		spin_unlock_irqrestore(&rq->lock, *flags);
		cpu_relax();
	}
}

void resched_curr(struct rq *rq)
{
	struct task_struct *curr = rq->curr;

	if (test_tsk_thread_flag(curr, TIF_NEED_RESCHED))
		return;
	set_tsk_thread_flag(curr, TIF_NEED_RESCHED);
	if ((int)curr->cpu != smp_processor_id())
		smp_send_reschedule((int)curr->cpu);
}

void kick_process(struct task_struct *p)
{
	int cpu = (int)READ_ONCE(p->cpu);

	if (READ_ONCE(p->on_cpu) && cpu != smp_processor_id())
		smp_send_reschedule(cpu);
}

/* ---- Waking ---------------------------------------------------------------------------------- */

void activate(struct rq *rq, struct task_struct *p)
{
	p->on_rq = 1;
	rq->nr_running++;
	queue_add(rq, p, false);
	update_curr(rq);
	if (beats_current(rq, p))
		resched_curr(rq);
}

/* => old's lock is held and dropped; p, claimed by WAKING, becomes runnable on cpu */
static void wake_elsewhere(struct task_struct *p, struct rq *old, int cpu, unsigned long flags)
{
	struct rq *rq = cpu_rq(cpu);

	p->state = TASK_WAKING;
	p->vruntime -= old->normal.min_vruntime;
	WRITE_ONCE(p->cpu, (unsigned int)cpu);
	spin_unlock(&old->lock);
	spin_lock(&rq->lock);
	p->vruntime += rq->normal.min_vruntime;
	place_woken(rq, p);
	p->state = TASK_RUNNING;
	activate(rq, p);
	spin_unlock_irqrestore(&rq->lock, flags);
}

int __no_stack_protector try_to_wake_up(struct task_struct *p, unsigned int state, int wake_flags)
{
	unsigned long flags;
	struct rq *rq;
	int cpu;

	chaos_delay(CHAOS_WAKE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* the condition before the look at the state */
	if (!(READ_ONCE(p->state) & state))
		return 0;
	rq = task_rq_lock(p, &flags);
	if (!(p->state & state)) {
		task_rq_unlock(rq, flags);
		return 0;
	}
	if (p->on_rq) { /* on its way to sleep, still running */
		p->state = TASK_RUNNING;
		task_rq_unlock(rq, flags);
		return 1;
	}
	if (contributes_to_load(p))
		rq->nr_uninterruptible--;
	cpu = select_cpu(p);
	if (cpu_rq(cpu) != rq) {
		wake_elsewhere(p, rq, cpu, flags);
		return 1;
	}
	place_woken(rq, p);
	p->state = TASK_RUNNING;
	activate(rq, p);
	task_rq_unlock(rq, flags);
	return 1;
}

int wake_up_process(struct task_struct *p)
{
	return try_to_wake_up(p, TASK_NORMAL | TASK_NEW, 0);
}

int wake_up_state(struct task_struct *p, unsigned int state)
{
	return try_to_wake_up(p, state, 0);
}

static u64 forks; /* [a] */

void wake_up_new_task(struct task_struct *p)
{
	__atomic_fetch_add(&forks, 1, __ATOMIC_RELAXED);
	try_to_wake_up(p, TASK_NEW, 0);
}

u64 nr_forks(void)
{
	return __atomic_load_n(&forks, __ATOMIC_RELAXED);
}

void sched_fork(struct task_struct *p)
{
	struct rq *rq = this_rq();

	p->state = TASK_NEW;
	p->on_rq = p->on_cpu = 0;
	p->cpu = (unsigned int)smp_processor_id();
	p->vruntime = rq->normal.min_vruntime + SLEEPER_NS / 4; /* the parent goes on first */
	p->time_slice = RR_SLICE;
	p->sum_exec_ns = p->prev_exec_ns = 0;
	p->utime = p->stime = p->nvcsw = p->nivcsw = 0;
	p->in_iowait = false;
	p->nr_held_locks = 0;
	clear_tsk_thread_flag(p, TIF_NEED_RESCHED);
}

/* ---- Switching ------------------------------------------------------------------------------- */

/* Kernel threads run on the page tables of whoever ran before them, and hold a reference meanwhile.
 */
static void switch_address_space(struct rq *rq, struct task_struct *prev, struct task_struct *next)
{
	struct mm_struct *old = prev->active_mm;

	if (!next->mm) {
		next->active_mm = old;
		if (old)
			atomic_inc(&old->mm_count);
	} else {
		switch_mm(old, next->mm);
	}
	if (!prev->mm) {
		prev->active_mm = NULL;
		rq->prev_mm = old;
	}
}

/* => in next's context, rq->lock held and dropped here; returns with interrupts on */
static void finish_switch(struct task_struct *prev)
{
	struct rq *rq = this_rq();
	struct mm_struct *mm = rq->prev_mm;
	struct task_struct *misfit = rq->misfit;
	bool dead = prev->state == TASK_DEAD;

	rq->prev_mm = NULL;
	rq->misfit = NULL;
	prev->on_cpu = 0;
	spin_unlock_irq(&rq->lock);
	if (misfit)
		move_misfit(misfit);
	if (mm && atomic_dec_and_test(&mm->mm_count) && mm_free)
		mm_free(mm);
	if (dead)
		put_task_struct(prev);
}

/* The first thing a new task does; the old one entered schedule() with preemption off. */
void schedule_tail(struct task_struct *prev)
{
	finish_switch(prev);
	preempt_enable();
}

/* => rq->lock held: prev sleeps, or goes back into its queue */
static void put_prev(struct rq *rq, struct task_struct *prev)
{
	if (prev->state != TASK_RUNNING && signal_pending_state(prev->state, prev))
		prev->state = TASK_RUNNING;
	if (prev->state != TASK_RUNNING) {
		if (contributes_to_load(prev))
			rq->nr_uninterruptible++;
		prev->on_rq = 0;
		rq->nr_running--;
		prev->nvcsw++;
		return;
	}
	prev->nivcsw++;
	if (unlikely(!cpumask_test_cpu((unsigned int)smp_processor_id(), &prev->cpus_allowed))) {
		prev->on_rq = 0;
		rq->nr_running--;
		rq->misfit = prev;
		return;
	}
	/* A preempted real-time task keeps its place; one at the end of its slice goes behind. */
	queue_add(rq, prev, prev->time_slice > 0);
	if (prev->time_slice <= 0)
		prev->time_slice = RR_SLICE;
}

static struct task_struct *pick_next(struct rq *rq)
{
	struct task_struct *next = queue_take_best(rq);

	if (!next && pull_one(rq, 1))
		next = queue_take_best(rq);
	return next ? next : rq->idle;
}

static void __schedule(struct rq *rq, struct task_struct *prev)
{
	struct task_struct *next;

	update_curr(rq);
	if (!is_idle(prev))
		put_prev(rq, prev);
	next = pick_next(rq);
	clear_tsk_thread_flag(prev, TIF_NEED_RESCHED);
	next->prev_exec_ns = next->sum_exec_ns;
	if (next == prev) {
		spin_unlock_irq(&rq->lock);
		return;
	}
	next->exec_start_ns = prev->exec_start_ns;
	next->on_cpu = 1;
	rq->curr = next;
	rq->nr_switches++;
	prev->switch_tick = jiffies;
	if (unlikely(prev->rseq))
		set_tsk_thread_flag(prev, TIF_NOTIFY_RESUME);
	if (!is_idle(next))
		note_progress();
	switch_address_space(rq, prev, next);
	prev = switch_to(prev, next);
	finish_switch(prev);
}

void schedule(void)
{
	struct task_struct *prev = current;
	struct rq *rq;

	if (IS_ENABLED(CONFIG_DEBUG) && unlikely(in_atomic())) {
		lock_debug_assert_none_held("is held while going to sleep");
		panic("schedule() in atomic context, preempt_count %#x", preempt_count());
	}
	if (unlikely(prev->plug != NULL) && prev->state != TASK_RUNNING && unplug)
		unplug(prev);
	chaos_delay(CHAOS_SLEEP);
	preempt_disable();
	rq = this_rq();
	spin_lock_irq(&rq->lock);
	__schedule(rq, prev);
	preempt_enable();
}

void do_task_dead(void)
{
	for (;;) { /* a late waker may have taken us for a sleeper once */
		set_current_state(TASK_DEAD);
		schedule();
	}
}

void yield(void)
{
	struct rq *rq = this_rq();
	struct task_struct *p = current, *first;

	if (rq->nr_running <= 1 && !need_resched())
		return;
	preempt_disable();
	rq = this_rq();
	spin_lock_irq(&rq->lock);
	update_curr(rq);
	first = rb_entry_safe(rq->normal.first, struct task_struct, run_node);
	if (rt_task(p))
		p->time_slice = 0;
	else if (first && (s64)(first->vruntime - p->vruntime) >= 0)
		p->vruntime = first->vruntime + 1;
	__schedule(rq, p);
	preempt_enable();
}

int __cond_resched(void)
{
	if (in_atomic())
		return 0;
	schedule();
	return 1;
}

/* ---- The tick -------------------------------------------------------------------------------- */

/*
 * An emulator that runs its CPUs in turn in one thread (QEMU with -icount) may go from deadline to
 * deadline on the same CPU while the others starve; a pause makes it take the next one. All CPUs
 * but one, another each tick, pause here, so each gets its turn. On real machines it is one cheap
 * instruction.
 */
static void let_others_run(int cpu)
{
	if ((int)(arch_clock_ns() / NSEC_PER_TICK % (u64)num_online_cpus()) != cpu)
		cpu_relax();
}

void sched_tick(bool user)
{
	struct rq *rq = this_rq();
	int cpu = smp_processor_id();

	update_jiffies();
	if (cpu == 0)
		calc_load_tick();
	watchdog_tick();
	timers_tick();
	account_tick(rq, user);
	spin_lock(&rq->lock);
	update_curr(rq);
	rt_tick(rq);
	if (curr_had_its_share(rq))
		resched_curr(rq);
	else if (is_idle(rq->curr) || (jiffies + (unsigned long)cpu * 3) % 10 == 0)
		pull_one(rq, is_idle(rq->curr) ? 1 : 2);
	spin_unlock(&rq->lock);
	let_others_run(cpu);
}

#if CONFIG_DEBUG
static int atomic_sleep_checks; /* from core_start() on: boot runs with interrupts off */

void sched_enable_sleep_checks(void)
{
	atomic_sleep_checks = 1;
}

void __might_sleep(const char *file, int line)
{
	if (!atomic_sleep_checks || panic_in_progress || (!in_atomic() && !irqs_disabled()))
		return;
	lock_debug_assert_none_held("is held where the code may sleep");
	panic("sleeping function called at %s:%d: preempt_count %#x, interrupts %s", file, line,
	      preempt_count(), irqs_disabled() ? "off" : "on");
}
#else
void sched_enable_sleep_checks(void)
{
}
#endif
