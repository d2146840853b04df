/* SPDX-License-Identifier: MIT */
/*
 * The scheduler's face: sleeping, waking, yielding, priorities.
 *
 * User code is preempted: the tick or a wake-up sets TIF_NEED_RESCHED, and the way back to user
 * mode calls schedule(). Kernel code runs until it sleeps or passes cond_resched().
 *
 * => schedule() is called with preempt_count() == 0 and interrupts on; it returns likewise
 */
#ifndef KERNEL_CORE_SCHED_H
#define KERNEL_CORE_SCHED_H

#include "kernel/core/task.h"
#include "kernel/core/wait.h"
#include "kernel/core/timer.h"

#define MAX_SCHEDULE_TIMEOUT ((long)(~0UL >> 1))

void schedule(void);
/* => the state must be set before; remaining ticks, 0 when time is up */
long schedule_timeout(long timeout);
long schedule_timeout_interruptible(long timeout);
long schedule_timeout_uninterruptible(long timeout);
long schedule_timeout_killable(long timeout);
/* => sleeping for a disk: counted as such (vmstat b, /proc/stat) */
void io_schedule(void);
long io_schedule_timeout(long timeout);
void yield(void);

/* The barrier keeps a test of the condition from moving before the store. */
#define __set_current_state(s) WRITE_ONCE(current->state, (s))
#define set_current_state(s) \
	((void)__atomic_exchange_n((long *)&current->state, (long)(s), __ATOMIC_SEQ_CST))
#define set_task_state(p, s) \
	((void)__atomic_exchange_n((long *)&(p)->state, (long)(s), __ATOMIC_SEQ_CST))

/* => 1 if p slept in one of the states and is now runnable, 0 if not; any context */
int try_to_wake_up(struct task_struct *p, unsigned int state, int flags);
int wake_up_process(struct task_struct *p);
int wake_up_state(struct task_struct *p, unsigned int state);
/* => the first time a new task becomes runnable */
void wake_up_new_task(struct task_struct *p);
/* => makes p look at its TIF flags soon if it is in user mode on another CPU */
void kick_process(struct task_struct *p);

/* => true if a signal ends sleeps of p in this state */
static inline bool signal_pending_state(long state, const struct task_struct *p)
{
	if (!(state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL)) || !signal_pending(p))
		return false;
	return (state & TASK_INTERRUPTIBLE) || fatal_signal_pending(p);
}

static __always_inline bool need_resched(void)
{
	return unlikely(test_thread_flag(TIF_NEED_RESCHED));
}

int __cond_resched(void);
/* => lets others run if it is time; 1 if it did. Not under a spinlock. */
#define cond_resched()                                 \
	({                                             \
		might_sleep();                         \
		need_resched() ? __cond_resched() : 0; \
	})
/* might_sleep() (wait.h): debug builds stop if this context must not sleep */

/* What kernel/sys sets. => 0 or -EINVAL */
int set_cpus_allowed(struct task_struct *p, cpumask_t mask);
int sched_setscheduler(struct task_struct *p, enum sched_policy policy, int rt_priority);
void set_user_nice(struct task_struct *p, int nice);
/* => SCHED_RR's slice, in ns */
u64 sched_rr_interval(const struct task_struct *p);

/* For fork: p is a copy of current. => fresh run-queue fields, not runnable yet */
void sched_fork(struct task_struct *p);
/* => the last call of an exiting task; its reference of the scheduler is dropped after the switch
 */
void __noreturn do_task_dead(void);

/* Figures. */
struct cpu_times {
	u64 user, nice, system, idle, iowait, irq, softirq; /* ticks */
};
void sched_cpu_times(int cpu, struct cpu_times *t);
u64 nr_context_switches(void);
u64 nr_forks(void);
unsigned long nr_running(void);
unsigned long nr_uninterruptible(void);
unsigned long nr_iowait(void);
extern unsigned long avenrun[3]; /* load over 1, 5, 15 minutes, 11 bits of fraction */
#define FSHIFT 11

/* => state letter of /proc/PID/stat: R S D T Z X, I is not used */
char task_state_char(const struct task_struct *p);

/*
 * Boot. core_init(): run queues, timers, softirqs, wait queues, and the hooks into arch (tick,
 * interrupt entry and exit, schedule_tail); on the boot CPU after time_init(), interrupts off.
 * init_task is its idle task from then on. idle_create(cpu): the idle task for smp_boot_cpus();
 * cpu_idle_entry(): what it enters, for good. core_start(): ksoftirqd and the watchdog, once all
 * CPUs run; process context. rest of boot: kernel_main makes its "init" thread with kthread_run and
 * then calls cpu_idle_entry().
 */
void core_init(void);
struct task_struct *idle_create(int cpu);
void __noreturn cpu_idle_entry(void);
void __noreturn cpu_idle_entry_on(int cpu);
void core_start(void);

/* => VM enters what frees an mm whose mm_count a kernel thread dropped to zero */
void sched_set_mm_free(void (*fn)(struct mm_struct *mm));
/* => the block layer enters what submits a sleeping task's plugged bios (called if task->plug !=
 * NULL) */
void sched_set_unplug(void (*fn)(struct task_struct *p));

/*
 * Between the two calls whatever current allocates is allocated as with GFP_NOIO: for who serves the I/O that reclaim
 * would start and wait for. They nest: restore gets what save returned.
 */
static inline unsigned int memalloc_noio_save(void)
{
	unsigned int old = current->flags & PF_MEMALLOC_NOIO;

	current->flags |= PF_MEMALLOC_NOIO;
	return old;
}

static inline void memalloc_noio_restore(unsigned int old)
{
	current->flags = (current->flags & ~(unsigned int)PF_MEMALLOC_NOIO) | old;
}

#endif
