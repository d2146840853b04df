/* SPDX-License-Identifier: MIT */
/*
 * The run queue of a CPU, and what the sched_*.c files share.
 *
 *	rq->curr runs. Runnable tasks wait in rt.queue[prio] (lists) or in normal.tree (by
 * vruntime). The running task is in neither; on_rq is 1 for both, and nr_running counts both.
 *
 * A sleeping task belongs to the queue of the CPU it last ran on: rq(task->cpu)->lock guards its
 * scheduling fields, and the lock is held over the switch itself, so who holds it sees no task half
 * switched. Two run queues are locked together only by trylock of the second.
 */
#ifndef KERNEL_CORE_SCHED_INTERNAL_H
#define KERNEL_CORE_SCHED_INTERNAL_H

#include "kernel/base/bitops.h"
#include "kernel/base/kernel.h"
#include "kernel/base/rbtree.h"
#include "kernel/base/spinlock.h"
#include "kernel/core/sched.h"
#include "kernel/core/task.h"

#define RT_PRIOS      100
#define RR_SLICE      10	   /* ticks */
#define SLICE_NS      20000000ULL  /* a normal task runs at least so long if others wait */
#define WAKEUP_NS     4000000ULL   /* so far behind, a woken task interrupts the running one */
#define SLEEPER_NS    20000000ULL  /* how much a sleeper may be ahead of the others when it wakes */
#define NICE_0_WEIGHT 1024

struct rq {
	spinlock_t lock;
	unsigned int nr_running;  /* [lock] runnable, the running one included, idle not */
	struct task_struct *curr; /* [lock] */
	struct task_struct *idle; /* [I] NULL: CPU not started */
	struct {
		DECLARE_BITMAP(used, RT_PRIOS);	  /* [lock] */
		struct list_head queue[RT_PRIOS]; /* [lock] index 99 - rt_priority: first is best */
		u64 period_ns;			  /* [lock] when the present period began */
		u64 used_ns;			  /* [lock] real-time tasks' part of it */
		bool throttled;	    /* [lock] all used: normal tasks go first till its end */
		u64 nr_throttled; /* [lock] how often that came */
	} rt;
	struct {
		struct rb_root tree; /* [lock] */
		struct rb_node *first;
		u64 min_vruntime; /* [lock] only grows */
	} normal;
	struct mm_struct *prev_mm;  /* [lock] borrowed by prev, to be dropped after the switch */
	struct task_struct *misfit; /* [lock] prev may not run on this CPU any more */
	u64 nr_switches;	    /* [lock] */
	long nr_uninterruptible;    /* [lock] the sum over all CPUs is right, not the part */
	atomic_t nr_iowait;	    /* [a] */
	struct cpu_times times;	    /* this CPU's tick */
};

/* Of each period real-time tasks may have so much: the rest is for normal ones, if there are any. */
extern u64 sched_rt_period_ns, sched_rt_runtime_ns;

/* => p's sleep counts as load, and as hanging if it lasts: it waits for a disk or a lock, not for a suspend to end */
static inline bool contributes_to_load(const struct task_struct *p)
{
	return (p->state & TASK_UNINTERRUPTIBLE) && !(p->flags & PF_FROZEN);
}

DECLARE_PER_CPU(struct rq, runqueues);
#define cpu_rq(cpu) per_cpu_ptr(&runqueues, cpu)
#define this_rq()   this_cpu_ptr(&runqueues)

static inline bool is_idle(const struct task_struct *p)
{
	return p->flags & PF_IDLE;
}

/* ---- sched_queue.c: who is next; all with rq->lock held -------------------------------------- */

/* => p waits in its place; head: before its equals (RT only) */
void queue_add(struct rq *rq, struct task_struct *p, bool head);
void queue_del(struct rq *rq, struct task_struct *p);
/* => the best waiting task, taken out of its place; NULL: none */
struct task_struct *queue_take_best(struct rq *rq);
/* => a waiting task that may run on cpu, taken out for good (on_rq 0); NULL: none */
struct task_struct *queue_steal(struct rq *rq, int cpu);
/* => books the time since the last look at rq->curr */
void update_curr(struct rq *rq);
/* => p comes from a sleep: not too far ahead of those who did not sleep */
void place_woken(struct rq *rq, struct task_struct *p);
/* => true if p should run instead of rq->curr */
bool beats_current(struct rq *rq, struct task_struct *p);
/* => at the tick: have real-time tasks used their share of this second? */
void rt_tick(struct rq *rq);
/* => at the tick: true if rq->curr has had its share */
bool curr_had_its_share(struct rq *rq);
void sched_queue_init(struct rq *rq);

/* ---- sched.c --------------------------------------------------------------------------------- */

/* => p's run queue, locked, interrupts off */
struct rq *task_rq_lock(struct task_struct *p, unsigned long *flags);
static inline void task_rq_unlock(struct rq *rq, unsigned long flags)
{
	spin_unlock_irqrestore(&rq->lock, flags);
}
/* => rq->lock held; rq's CPU will call schedule() soon */
void resched_curr(struct rq *rq);
/* => rq->lock held; p becomes runnable there, and runs at once if it should */
void activate(struct rq *rq, struct task_struct *p);
/* => takes a runnable p that does not run off its queue and puts it on one it may use; old_rq->lock
 * is dropped */
void move_misfit(struct task_struct *p);
void schedule_tail(struct task_struct *prev);
void sched_tick(bool user);

/* ---- sched_balance.c ------------------------------------------------------------------------- */

/* => the CPU where p should wake up; a hint, no locks */
int select_cpu(struct task_struct *p);
/* => rq->lock held (rq of this CPU): brings one task here from a CPU with more; true if it did */
bool pull_one(struct rq *rq, unsigned int imbalance);

/* ---- sched_stat.c ---------------------------------------------------------------------------- */

void account_tick(struct rq *rq, bool user);
void calc_load_tick(void);
/* => from now on might_sleep() stops the machine when it must not (debug builds) */
void sched_enable_sleep_checks(void);

#endif
