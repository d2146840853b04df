/* SPDX-License-Identifier: MIT */
/*
 * The out-of-memory killer: when reclaim finds nothing more, one process dies so that the others
 * live. Spec section 9.
 *
 *   gate (slowpath) -> out_of_memory -> notifiers -> select by badness -> sacrifice a child ->
 *   SIGKILL + TIF_MEMDIE (may use all reserves) -> exit_mm -> exit_oom_victim -> next kill possible
 *
 * Locks: zone_scan_lock for ZONE_OOM_LOCKED; tasklist_lock for the walk.
 */
#ifndef MM_OOM_H
#define MM_OOM_H

#include "kernel/base/list.h"
#include "kernel/core/task.h"
#include "mm/gfp.h"
#include "mm/zone.h"

/* Callbacks that may free memory before anybody dies; add the pages freed to *freed. */
struct oom_notifier {
	void (*notify)(struct oom_notifier *n, unsigned long *freed);
	struct list_head list;
};
void register_oom_notifier(struct oom_notifier *n);
void unregister_oom_notifier(struct oom_notifier *n);

/*
 * => zonelist may be NULL (page fault without one); may sleep a tick; panics per spec 9.6
 * => force (SysRq f): somebody dies even if another victim is dying already; never panics
 */
void out_of_memory(struct zonelist *zonelist, gfp_t gfp, unsigned int order, unsigned long nodemask,
		   bool force);
/* VM_FAULT_OOM of a user-mode fault: kills somebody (perhaps current), then the fault is retried. */
void pagefault_out_of_memory(void);

/* Lock every zone of the list, or none. => true: got them all */
bool try_set_zonelist_oom(struct zonelist *zonelist, gfp_t gfp);
void clear_zonelist_oom(struct zonelist *zonelist, gfp_t gfp);

/* mm->flags: the reaper has taken (or given up on) this mm; it is no candidate any more. */
#define MMF_OOM_REAPED_BIT 0
#define MMF_OOM_REAPED	   (1UL << MMF_OOM_REAPED_BIT)
/* MMF_UNSTABLE (mm_types.h): the reaper is about to take pages away. */

/* What badness is made of; the pure part, in pages. */
struct oom_facts {
	unsigned long rss, swapents, nr_ptes;
	int oom_score_adj;
	bool has_admin;		/* CAP_SYS_ADMIN: 3 % less */
	bool reaped;		/* MMF_OOM_REAPED: nothing left to gain, 0 points */
};
long oom_root_bonus(const struct oom_facts *facts);			      /* pages taken off */
long oom_adj_points(const struct oom_facts *facts, unsigned long totalpages); /* pages added, may be negative */
unsigned long oom_badness_of(const struct oom_facts *facts, unsigned long totalpages);
/* => per mille of all memory, as messages and /proc print it; ULONG_MAX points (the origin): 1000 */
unsigned long oom_score_of(unsigned long points, unsigned long totalpages);
unsigned long oom_badness(struct task_struct *p, unsigned long nodemask, unsigned long totalpages);
unsigned long proc_oom_score(struct task_struct *p); /* /proc/PID/oom_score: points * 1000 / total */

/* What the scan of the tasks (spec 9.4) finds a thread to be, in the order of its tests. */
enum oom_standing {
	OOM_EXITED,		/* skipped: */
	OOM_INIT,
	OOM_KTHREAD,
	OOM_OTHER_NODES,
	OOM_DYING,		/* TIF_MEMDIE: no kill this time */
	OOM_NO_MM,		/* skipped */
	OOM_ORIGIN,		/* swapoff: chosen before all others */
	OOM_EXITING,		/* by itself: no kill this time */
	OOM_CANDIDATE,		/* its badness decides */
};

/* One thread in a trial. */
struct oom_verdict {
	pid_t pid, tgid;
	u32 uid;
	char comm[TASK_COMM_LEN];
	enum oom_standing standing;
	struct oom_facts facts;		/* zeros if it has no memory */
	unsigned long points;		/* ULONG_MAX: the origin */
};

/* What a trial without a kill comes to. */
struct oom_trial {
	/* For each thread in order; must not sleep. NULL: none. */
	void (*witness)(const struct oom_verdict *v, void *arg);
	void *arg;
	unsigned long totalpages;	/* the denominator */
	bool abort;			/* somebody is dying already: nobody would be chosen */
	struct oom_verdict chosen;	/* pid 0: nobody may die, a real trial would panic */
	struct oom_verdict victim;	/* who would die: chosen, or a child of it */
};

/* All that out_of_memory() looks at for a GFP_KERNEL request, without doing anything. => takes tasklist_lock */
void oom_dry_run(struct oom_trial *trial);

/* The thread of p's process that has the mm, task_lock held; NULL: none. => tasklist_lock or p's reference */
struct task_struct *find_lock_task_mm(struct task_struct *p);

void mark_oom_victim(struct task_struct *p); /* TIF_MEMDIE */
/*
 * End of exit_mm, after mmput: waits until the reaper has let go of the memory too, gives the privilege back and
 * lets the next kill happen. => current; may sleep
 */
void exit_oom_victim(void);
/* swapoff in progress: chosen first. */
void set_current_oom_origin(void);
void clear_current_oom_origin(void);
bool oom_task_origin(const struct task_struct *p);

void oom_reaper_init(void);		/* thread "oom_reaper"; tasks must run */
void wake_oom_reaper(struct task_struct *victim);

extern bool oom_killer_disabled;	/* suspend: allocations fail instead of killing */
void oom_killer_disable(void);
void oom_killer_enable(void);
extern int sysctl_panic_on_oom;		/* 0..2 */
extern int sysctl_oom_kill_allocating_task;
extern int sysctl_oom_dump_tasks;
extern int sysctl_oom_reaper;

#endif
