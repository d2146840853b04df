/* SPDX-License-Identifier: MIT */
/*
 * task_struct: a task is a thread; what threads share hangs off it as counted objects.
 *
 *   task --- mm (address space)       task --- signal (the process: pids, limits, OOM adjustment,
 *     |  \-- files, fs, sighand         |               group exit)
 *     \--- thread (registers), stack    \--- thread_node in signal->threads
 *
 * This header lies below mm on purpose: mm reads flags, the pending SIGKILL, mems_allowed and
 * oom_score_adj without asking anybody above.
 *
 * Locks by letter: [t] tasklist_lock, [s] sighand->siglock, [r] run-queue lock, [a] atomic,
 * [c] only the task itself (current), [I] set before the task is visible.
 */
#ifndef KERNEL_CORE_TASK_H
#define KERNEL_CORE_TASK_H

#include "kernel/base/atomic.h"
#include "kernel/base/bitops.h"
#include "kernel/base/cpumask.h"
#include "kernel/base/list.h"
#include "kernel/base/rbtree.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/types.h"
#include "kernel/core/wait.h"
#include "asm/percpu.h"
#include "asm/thread.h"

struct mm_struct;
struct files_struct;
struct fs_struct;
struct sighand_struct;
struct block_plug;

/* task->state */
#define TASK_RUNNING	     0
#define TASK_INTERRUPTIBLE   1
#define TASK_UNINTERRUPTIBLE 2
#define TASK_STOPPED	     4
#define TASK_DEAD	     64
#define TASK_WAKEKILL	     128
#define TASK_WAKING	     512  /* woken, on its way to another CPU's queue */
#define TASK_NEW	     2048 /* never run yet */
#define TASK_KILLABLE	     (TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)
#define TASK_NORMAL	     (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)
#define EXIT_ZOMBIE	     16 /* task->exit_state */
#define EXIT_DEAD	     32

#define NGROUPS 32 /* supplementary groups of a task, as Linux before 2.6 */

/* task->flags, written by the task alone; Linux's values */
#define PF_IDLE		   0x00000002
#define PF_EXITING	   0x00000004
#define PF_FORKNOEXEC	   0x00000040
#define PF_SUPERPRIV	   0x00000100
#define PF_DUMPCORE	   0x00000200
#define PF_SIGNALED	   0x00000400
#define PF_MEMALLOC	   0x00000800 /* allocating memory to free memory: may use reserves */
#define PF_NOFREEZE	   0x00008000 /* kernel threads, until set_freezable() */
#define PF_FROZEN	   0x00010000
#define PF_KSWAPD	   0x00040000
#define PF_MEMALLOC_NOIO   0x00080000
#define PF_LESS_THROTTLE   0x00100000
#define PF_KTHREAD	   0x00200000
#define PF_RANDOMIZE	   0x00400000
#define PF_SWAPWRITE	   0x00800000
#define PF_FREEZER_SKIP	   0x40000000 /* waits for a task that may be frozen */

/* task->thread_flags bits [a], tested on return to user and by mm */
enum thread_flag {
	TIF_NEED_RESCHED,
	TIF_SIGPENDING,
	TIF_MEMDIE,	/* killed by the OOM killer, has access to the reserves */
	TIF_NOTIFY_RESUME,
	TIF_RESTORE_SIGMASK,
};

#define OOM_SCORE_ADJ_MIN (-1000)
#define OOM_SCORE_ADJ_MAX 1000

#define RLIM_NLIMITS 16
struct rlimit {
	u64 rlim_cur, rlim_max;
};

enum sched_policy { SCHED_NORMAL, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE = 5 };

#define TASK_COMM_LEN 16

/* What is done with a signal; the fields are those of the rt_sigaction call. */
#define NSIG 64
struct k_sigaction {
	unsigned long handler;		/* user address, 0: default, 1: ignore */
	unsigned long flags;		/* SA_* */
	unsigned long restorer;
	u64 mask;
};

struct sighand_struct {
	atomic_t count;			/* [a] tasks that share it */
	spinlock_t siglock;		/* rank SIGHAND, taken with interrupts off */
	struct k_sigaction action[NSIG]; /* [s] */
};

/* How restart_syscall goes on with a call that a stop and continue interrupted. */
struct restart_block {
	long (*fn)(struct restart_block *block);
	u64 deadline_ns;
	unsigned long arg[4];
};

/* What the threads of a process share beyond mm and files. */
struct signal_struct {
	atomic_t count;			/* [a] references: one per thread and per looker */
	int nr_threads;			/* [t] */
	struct list_head threads;	/* [t] task->thread_node */
	struct task_struct *group_leader;
	struct task_struct *curr_target;
	u64 shared_pending;		/* [s] signals for the process, bit sig - 1 */
	struct list_head shared_sigqueue; /* [s] their siginfo, struct sigqueue of kernel/sys/signal.h */
	int group_exit_code;		/* [s] */
	bool group_exit;		/* [s] all threads are to die with group_exit_code */
	bool group_stop;		/* [s] all threads are stopped by signal group_exit_code */
	bool stop_reported;		/* [s] wait() has seen the stop */
	bool continued;			/* [s] SIGCONT came, wait() has not seen it */
	unsigned int notify_parent;	/* [s] CLD_STOPPED or CLD_CONTINUED still to be sent */
	int group_stop_count;		/* [s] threads that have still to stop */
	struct task_struct *group_exec;	/* [s] the thread in exec that waits for the others' end */
	struct core_state *core_state;	/* [s] a thread writes a core file (kernel/sys/coredump.h) */
	bool unkillable;		/* [s] init: default actions do not reach it */
	bool subreaper;			/* [s] orphaned descendants become its children */
	bool did_exec;			/* [s] setpgid by the parent is over */
	struct rlimit rlim[RLIM_NLIMITS]; /* [s] */
	short oom_score_adj;		/* [s] written, read anywhere */
	short oom_score_adj_min;	/* [s] lowest value set by CAP_SYS_RESOURCE */
	bool oom_origin;		/* its swapoff makes the shortage: killed first */
	wait_queue_head_t wait_chldexit;
	pid_t pgrp, session;		/* [t] */
	pid_t ppid;			/* [t] number of real_parent's process, 0: the kernel; read anywhere */
	void *tty;			/* [t] struct tty, fs */
	u64 cutime, cstime, cmin_flt, cmaj_flt; /* [t] of reaped children, ticks */
	u64 utime, stime, min_flt, maj_flt, nvcsw, nivcsw; /* [s] of exited threads */
	unsigned long cmaxrss, maxrss;	/* pages; of reaped children, of the process */
	atomic_t live;			/* [a] threads that have not begun to exit */
	void *sys;			/* kernel/sys: timers, siginfo of shared signals */
};

struct task_struct {
	/* Read at entry, exit and by the allocator. */
	volatile long state;		/* [r] when woken by others, [c] else */
	unsigned long thread_flags;	/* [a] enum thread_flag */
	unsigned int flags;		/* [c] PF_* */
	void *stack;			/* [I] lowest address of the kernel stack */
	struct mm_struct *mm;		/* [task_lock to read another's] NULL: kernel thread */
	struct mm_struct *active_mm;	/* [c] the page tables in use, borrowed by kernel threads */
	struct thread_struct thread;	/* arch */

	/* Scheduling. */
	int on_cpu;			/* [r] runs right now */
	int on_rq;			/* [r] */
	unsigned int cpu;		/* [r] */
	cpumask_t cpus_allowed;		/* [r] */
	enum sched_policy policy;	/* [r] */
	int rt_priority;		/* [r] 1..99 for FIFO and RR */
	int nice;			/* [r] -20..19 */
	struct list_head run_list;	/* [r] */
	struct rb_node run_node;	/* [r] */
	u64 vruntime;			/* [r] */
	int time_slice;			/* [r] ticks left */
	u64 utime, stime;		/* [c] ticks */
	u64 nvcsw, nivcsw;		/* [c] */
	u64 start_time_ns;		/* [I] */
	u64 exec_start_ns, sum_exec_ns;	/* [r] */
	u64 prev_exec_ns;		/* [r] sum_exec_ns when it was last put on a CPU */
	unsigned long switch_tick;	/* [c] jiffies of its last switch, for reports of stuck tasks */
	bool in_iowait;			/* [c] sleeps for a disk */

	/* Who it is. */
	pid_t pid, tgid;		/* [I] */
	char comm[TASK_COMM_LEN];	/* [task_lock] */
	struct task_struct *parent;	/* [t] */
	struct task_struct *real_parent;
	struct list_head children, sibling; /* [t] */
	struct task_struct *group_leader; /* [t] */
	struct list_head thread_node;	/* [t] in signal->threads */
	struct task_struct *oom_reaper_next; /* oom_reaper.c: the queue of victims */
	struct list_head tasks;		/* [t] all group leaders, init_task.tasks is the head */
	struct hlist_node pid_hash;	/* [t] */
	int exit_state, exit_code, exit_signal; /* [t] */
	atomic_t usage;			/* [a] */
	spinlock_t alloc_lock;		/* task_lock(): mm, files, fs, comm */

	/* Shared objects of the layers above. */
	struct files_struct *files;	/* [task_lock] */
	struct fs_struct *fs;		/* [task_lock] */
	struct signal_struct *signal;	/* [s] */
	struct sighand_struct *sighand;	/* [s] */

	/* Signals: bit sig - 1. */
	u64 pending;			/* [s] for this thread */
	u64 blocked;			/* [c] written with [s] */
	u64 real_blocked, saved_sigmask; /* [c] */
	struct list_head sigqueue;	/* [s] siginfo of pending */
	bool stop_pending;		/* [s] is to take part in a group stop */
	bool stop_dequeued;		/* [s] has taken a stop signal, and no SIGCONT has come since */
	unsigned long sas_ss_sp, sas_ss_size; /* [c] sigaltstack */
	unsigned int sas_ss_flags;	/* [c] */
	struct restart_block restart;	/* [c] */

	/* Credentials; capabilities are "uid 0 has all" plus the effective set. */
	u32 uid, euid, suid, fsuid, gid, egid, sgid, fsgid; /* [c] */
	u32 groups[NGROUPS], nr_groups;	/* [c] supplementary groups */
	u64 cap_effective, cap_permitted, cap_inheritable;   /* [c] */
	bool no_new_privs;		/* [c] prctl; inherited, never taken back */

	/* Memory management. */
	unsigned long mems_allowed;	/* [I] bit per node */
	u64 min_flt, maj_flt;		/* [c] */
	void *reclaim_state;		/* [c] pages freed by slab during reclaim */
	struct block_plug *plug;	/* [c] */
	bool make_it_fail;		/* its allocations may be failed on purpose; inherited */
	int pagefault_disabled;		/* [c] uaccess in atomic context fails instead of sleeping */

	/* User thread state. */
	void *set_child_tid, *clear_child_tid; /* [c] user pointers */
	void *robust_list;		/* [c] */
	void *rseq;			/* [c] user pointer: told the CPU after each switch; NULL: not wanted */
	u32 rseq_sig;			/* [c] */
	struct completion *vfork_done;	/* [task_lock] */
	int pdeath_signal;		/* [c] */
	unsigned int personality;	/* [c] */
	void *sys;			/* kernel/sys: per-thread siginfo, altstack, restart block */

	/* Kernel threads. */
	int (*thread_fn)(void *data);
	void *thread_data;
	bool should_stop;

	/* Lock checking in debug builds: sleeping locks held. */
	int nr_held_locks;
	const struct lock_debug *held_locks[16];
};

/* `current`: asm/percpu.h or asm/thread.h gives it for the machine at hand. */

static inline void set_tsk_thread_flag(struct task_struct *p, enum thread_flag flag)
{
	set_bit(flag, &p->thread_flags);
}

static inline void clear_tsk_thread_flag(struct task_struct *p, enum thread_flag flag)
{
	clear_bit(flag, &p->thread_flags);
}

static inline bool test_tsk_thread_flag(const struct task_struct *p, enum thread_flag flag)
{
	return READ_ONCE(p->thread_flags) >> flag & 1;
}

#define test_thread_flag(flag)	test_tsk_thread_flag(current, flag)
#define set_thread_flag(flag)	set_tsk_thread_flag(current, flag)
#define clear_thread_flag(flag)	clear_tsk_thread_flag(current, flag)

static inline bool signal_pending(const struct task_struct *p)
{
	return test_tsk_thread_flag(p, TIF_SIGPENDING);
}

/* SIGKILL (bit 8) is pending for the thread or its process. */
static inline bool fatal_signal_pending(const struct task_struct *p)
{
	return signal_pending(p) && ((READ_ONCE(p->pending) | READ_ONCE(p->signal->shared_pending)) >> 8 & 1);
}

static inline bool rt_task(const struct task_struct *p)
{
	return p->policy == SCHED_FIFO || p->policy == SCHED_RR;
}

static inline bool is_global_init(const struct task_struct *p)
{
	return p->tgid == 1;
}

static inline void task_lock(struct task_struct *p)
{
	spin_lock(&p->alloc_lock);
}

static inline void task_unlock(struct task_struct *p)
{
	spin_unlock(&p->alloc_lock);
}

static inline bool thread_group_leader(const struct task_struct *p)
{
	return p->group_leader == p;
}

/* => gid is among the supplementary groups */
static inline bool in_group(const struct task_struct *p, u32 gid)
{
	for (u32 i = 0; i < p->nr_groups; i++) {
		if (p->groups[i] == gid)
			return true;
	}
	return false;
}

static inline bool has_capability_admin(const struct task_struct *p) /* CAP_SYS_ADMIN is bit 21 */
{
	return p->cap_effective >> 21 & 1;
}

/* May read and change the kernel's log: CAP_SYSLOG, bit 34. */
static inline bool has_capability_syslog(const struct task_struct *p)
{
	return p->cap_effective >> 34 & 1 || has_capability_admin(p);
}

extern rwlock_t tasklist_lock;	    /* written with interrupts off, read from any context but hard interrupts */
extern struct task_struct init_task; /* the boot CPU's idle task, pid 0, head of the task list */
extern struct signal_struct init_signals;

/* Every process, by its leader (not the idle tasks); every thread of p's process. */
#define for_each_process(p)   list_for_each_entry(p, &init_task.tasks, tasks)
#define for_each_thread(p, t) list_for_each_entry(t, &(p)->signal->threads, thread_node)

/*
 * A task is born with two references: one of the scheduler, dropped after its last switch (do_task_dead),
 * one of its place on the lists, dropped by who unlinks it (release of the zombie; kernel threads do it
 * themselves).
 */
static inline void get_task_struct(struct task_struct *p)
{
	atomic_inc(&p->usage);
}

void put_task_struct(struct task_struct *p);	/* frees task and stack with the last reference */
struct task_struct *find_task_by_pid(pid_t pid); /* => tasklist_lock held; or take a reference under it */
/* => the task with a reference, or NULL; takes the lock itself */
struct task_struct *find_get_task_by_pid(pid_t pid);

/* Memory: entered by mm once at boot. alloc gives a zeroed task with stack set; both may sleep (free: not). */
void task_set_allocator(struct task_struct *(*alloc)(void), void (*free)(struct task_struct *p));
void task_set_signal_allocator(struct signal_struct *(*alloc)(void),
			       void (*free)(struct signal_struct *sig));

/*
 * => a new task, not yet on any list and without pid: scheduling, credentials and mems_allowed as current's,
 *    mm, files, fs, signal, sighand NULL, 2 references. NULL: no memory. Undo: task_free_new().
 */
struct task_struct *task_alloc(const char *comm);
void task_free_new(struct task_struct *p);
/* => a signal_struct for a new process: one reference, no thread; NULL: no memory */
struct signal_struct *signal_alloc(void);
void signal_put(struct signal_struct *sig);
/* => a free number or -EAGAIN; numbers rise and start again at 300 */
pid_t alloc_pid(void);
void free_pid(pid_t pid);
pid_t last_pid_given(void);
#define PID_MAX	    32768
#define PID_MAX_MIN 301
extern int pid_max; /* no number reaches it: PID_MAX_MIN to PID_MAX, sysctl */

/*
 * => tasklist_lock held for writing; pid, tgid, group_leader, real_parent and signal are set (task_link takes
 *    over one reference of signal). Puts p on the pid hash, its thread group and, if it leads the group, on
 *    the list of processes and its parent's children. task_unlink undoes it; the pid stays taken.
 */
void task_link(struct task_struct *p);
void task_unlink(struct task_struct *p);
unsigned int nr_threads_total(void);
extern int max_threads; /* no fork beyond, not even root's; /proc/sys/kernel/threads-max */

void set_task_comm(struct task_struct *p, const char *comm);
char *get_task_comm(char buf[TASK_COMM_LEN], struct task_struct *p);

/*
 * SIGKILL to all threads of p's process and wake them. => tasklist_lock held for reading or writing
 * => any context but hard interrupt; kernel threads are left alone
 */
void task_kill(struct task_struct *p);

#endif
