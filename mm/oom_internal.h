/* SPDX-License-Identifier: MIT */
/* Between oom.c (whom), oom_score.c (how bad), oom_kill.c (how) and oom_reaper.c (the rest). */
#ifndef MM_OOM_INTERNAL_H
#define MM_OOM_INTERNAL_H

#include "mm/oom.h"

/* One out-of-memory situation. */
struct oom_control {
	struct zonelist *zonelist;
	unsigned long nodemask;		/* of the constraint, 0: none; for candidates */
	gfp_t gfp;
	unsigned int order;
	unsigned long totalpages;	/* the denominator of scores */
	bool force;			/* kill although somebody is dying */
};

/* => what badness is made of, false: no thread of p's process has memory. tasklist_lock */
bool oom_gather(struct task_struct *p, struct oom_facts *facts);

/* Spec 9.4. => the thread to kill, no reference, or NULL; *abort: wait for the one dying; tasklist_lock */
struct task_struct *oom_scan_process_threads(const struct oom_control *oc, struct oom_trial *trial,
					     unsigned long *points, bool *abort);

/* The worst child that has memory of its own, else p. => tasklist_lock; no reference */
struct task_struct *oom_sacrifice_child(const struct oom_control *oc, struct task_struct *p);

/* pid 1, kernel threads, tasks whose nodes would not help. => tasklist_lock */
bool oom_unkillable_task(struct task_struct *p, unsigned long nodemask);

/*
 * => somebody who does not exit uses the memory of t, which does. Nothing is to be had then from t's end, and t may not
 * even come to it: it may wait for its mmap_sem, whose holder waits for memory. tasklist_lock
 */
bool oom_memory_stays(struct task_struct *t);

/* => p exits by itself and its memory with it. Takes tasklist_lock */
bool oom_exits(struct task_struct *p);

/* => every process that shares p's memory is dying; p: current. Takes tasklist_lock */
bool oom_sharers_die(struct task_struct *p);

/* => current, an exiting victim that has given up its mm: on return the reaper has too. May sleep */
void oom_reaper_wait(void);

/* Header, memory and the task table (p's adj; NULL: current's only). => no task_lock held */
void dump_header(const struct oom_control *oc, struct task_struct *p);
/*
 * Kill p or one of its children. => a reference on p, which is given up; tasklist_lock not held
 */
void oom_kill_process(const struct oom_control *oc, struct task_struct *p, unsigned long points,
		      const char *message);

#endif
