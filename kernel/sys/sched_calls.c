/* SPDX-License-Identifier: MIT */
/*
 * System calls on scheduling: policies, priorities, CPUs.
 */
#include "kernel/sys/process.h"
#include "kernel/sys/syscalls.h"
#include "kernel/sys/time.h"
#include "arch/cpu.h"
#include "arch/uaccess.h"
#include "kernel/core/sched.h"

#define SCHED_RESET_ON_FORK 0x40000000

static bool may_change(const struct task_struct *p)
{
	return current->euid == p->euid || current->euid == p->uid ||
	       (current->cap_effective >> CAP_SYS_NICE & 1);
}

/* => a referenced task (0: ourselves), or NULL */
static struct task_struct *get_target(pid_t pid)
{
	return find_get_task_by_pid(pid ? pid : current->pid);
}

long sys_sched_yield(void)
{
	yield();
	return 0;
}

static long set_scheduler(pid_t pid, int policy, const int __user *uparam)
{
	struct task_struct *p;
	int prio;
	long err;

	if (pid < 0 || !uparam)
		return -EINVAL;
	if (get_user(prio, uparam))
		return -EFAULT;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	if (policy < 0)
		policy = p->policy;
	policy &= ~SCHED_RESET_ON_FORK;
	err = -EINVAL;
	if (policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE)
		err = prio ? -EINVAL : 0;
	else if (policy == SCHED_FIFO || policy == SCHED_RR)
		err = prio < 1 || prio > 99 ? -EINVAL : 0;
	if (!err && (!may_change(p) || (policy != SCHED_NORMAL && current->euid)))
		err = -EPERM;
	if (!err)
		err = sched_setscheduler(p, (enum sched_policy)policy, prio);
	put_task_struct(p);
	return err;
}

long sys_sched_setscheduler(pid_t pid, int policy, const int __user *param)
{
	return policy < 0 ? -EINVAL : set_scheduler(pid, policy, param);
}

long sys_sched_setparam(pid_t pid, const int __user *param)
{
	return set_scheduler(pid, -1, param);
}

long sys_sched_getscheduler(pid_t pid)
{
	struct task_struct *p;
	long policy;

	if (pid < 0)
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	policy = p->policy;
	put_task_struct(p);
	return policy;
}

long sys_sched_getparam(pid_t pid, int __user *param)
{
	struct task_struct *p;
	int prio;

	if (pid < 0 || !param)
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	prio = p->rt_priority;
	put_task_struct(p);
	return put_user(prio, param) ? -EFAULT : 0;
}

static long priority_range(int policy, long rt)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return rt;
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_IDLE:
		return 0;
	}
	return -EINVAL;
}

long sys_sched_get_priority_max(int policy)
{
	return priority_range(policy, 99);
}

long sys_sched_get_priority_min(int policy)
{
	return priority_range(policy, 1);
}

long sys_sched_rr_get_interval(pid_t pid, void __user *uts)
{
	struct task_struct *p;
	u64 ns;

	if (pid < 0)
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	ns = p->policy == SCHED_FIFO ? 0 : sched_rr_interval(p);
	put_task_struct(p);
	return put_timespec_ns(uts, ns);
}

static long set_one_nice(struct task_struct *t, int nice)
{
	if (!may_change(t))
		return -EPERM;
	if (nice < t->nice && !(current->cap_effective >> CAP_SYS_NICE & 1))
		return -EACCES;
	set_user_nice(t, nice);
	return 0;
}

/* sched_setattr, sched_getattr: policy, nice and priority in one structure, which may grow. */
struct linux_sched_attr {
	u32 size, sched_policy;
	u64 sched_flags;
	s32 sched_nice;
	u32 sched_priority;
	u64 sched_runtime, sched_deadline, sched_period;
};
#define SCHED_ATTR_SIZE_VER0 48

long sys_sched_setattr(pid_t pid, const void __user *uattr, unsigned int flags)
{
	struct linux_sched_attr attr;
	struct task_struct *p;
	bool rt;
	long err;

	if (pid < 0 || !uattr || flags)
		return -EINVAL;
	if (copy_from_user(&attr, uattr, sizeof(attr)))
		return -EFAULT;
	if (attr.size && attr.size < SCHED_ATTR_SIZE_VER0)
		return -E2BIG;
	rt = attr.sched_policy == SCHED_FIFO || attr.sched_policy == SCHED_RR;
	if (attr.sched_policy > SCHED_IDLE || attr.sched_policy == 4 || attr.sched_nice < -20 ||
	    attr.sched_nice > 19 || (rt ? attr.sched_priority < 1 || attr.sched_priority > 99 :
					  attr.sched_priority != 0))
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	err = may_change(p) && (!rt || !current->euid) ? 0 : -EPERM;
	if (!err)
		err = sched_setscheduler(p, (enum sched_policy)attr.sched_policy, (int)attr.sched_priority);
	if (!err && !rt)
		err = set_one_nice(p, attr.sched_nice);
	put_task_struct(p);
	return err;
}

long sys_sched_getattr(pid_t pid, void __user *uattr, unsigned int size, unsigned int flags)
{
	struct linux_sched_attr attr = { .size = SCHED_ATTR_SIZE_VER0 };
	struct task_struct *p;

	if (pid < 0 || !uattr || flags || size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	attr.sched_policy = p->policy;
	attr.sched_nice = rt_task(p) ? 0 : p->nice;
	attr.sched_priority = (u32)p->rt_priority;
	put_task_struct(p);
	return copy_to_user(uattr, &attr, sizeof(attr)) ? -EFAULT : 0;
}

/* ---- CPUs ------------------------------------------------------------------------------------- */

long sys_sched_setaffinity(pid_t pid, unsigned int len, const void __user *umask)
{
	cpumask_t mask = 0;
	struct task_struct *p;
	long err;

	if (copy_from_user(&mask, umask, min(len, (unsigned int)sizeof(mask))))
		return -EFAULT;
	mask &= cpu_online_mask;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	err = !mask ? -EINVAL : !may_change(p) ? -EPERM : set_cpus_allowed(p, mask);
	put_task_struct(p);
	return err;
}

/* => bytes of the mask written, as Linux's raw call */
long sys_sched_getaffinity(pid_t pid, unsigned int len, void __user *umask)
{
	struct task_struct *p;
	cpumask_t mask;

	if (len < sizeof(mask) || len % sizeof(long))
		return -EINVAL;
	p = get_target(pid);
	if (!p)
		return -ESRCH;
	mask = p->cpus_allowed & cpu_online_mask;
	put_task_struct(p);
	return copy_to_user(umask, &mask, sizeof(mask)) ? -EFAULT : (long)sizeof(mask);
}

long sys_getcpu(unsigned int __user *ucpu, unsigned int __user *unode)
{
	unsigned int cpu = (unsigned int)smp_processor_id();

	if (ucpu && put_user(cpu, ucpu))
		return -EFAULT;
	return unode && put_user(0U, unode) ? -EFAULT : 0;
}

/* ---- nice ------------------------------------------------------------------------------------- */

enum { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };

static bool prio_matches(const struct task_struct *p, int which, int who)
{
	switch (which) {
	case PRIO_PROCESS:
		return p->pid == (who ? who : current->pid);
	case PRIO_PGRP:
		return p->signal->pgrp == (who ? who : current->signal->pgrp);
	}
	return p->uid == (who ? (u32)who : current->uid);
}

long sys_getpriority(int which, int who)
{
	struct task_struct *p, *t;
	long best = -ESRCH;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	read_lock(&tasklist_lock);
	for_each_process(p) {
		for_each_thread(p, t) {
			if (prio_matches(t, which, who))
				best = max(best, (long)(20 - t->nice)); /* never negative, as in Linux */
		}
	}
	read_unlock(&tasklist_lock);
	return best;
}

long sys_setpriority(int which, int who, int nice)
{
	struct task_struct *p, *t;
	long err = -ESRCH;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	nice = clamp(nice, -20, 19);
	read_lock(&tasklist_lock);
	for_each_process(p) {
		for_each_thread(p, t) {
			if (prio_matches(t, which, who))
				err = set_one_nice(t, nice);
		}
	}
	read_unlock(&tasklist_lock);
	return err;
}
