/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/oom_score, oom_score_adj and the older oom_adj: what the out-of-memory killer thinks of a process.
 *
 * Conversions and rights: spec section 10.2. Processes that share an address space without being threads (vfork)
 * keep values of their own, as in Linux 3.x.
 */
#include "fs/proc/proc.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/printk.h"
#include "mm/oom.h"

#define OOM_DISABLE    (-17)
#define OOM_ADJUST_MAX 15

int task_oom_score_show(struct seq_file *m, struct task_struct *p)
{
	unsigned long score = 0;

	if (p->mm)
		score = proc_oom_score(p);
	seq_printf(m, "%lu\n", score);
	return 0;
}

int task_oom_score_adj_show(struct seq_file *m, struct task_struct *p)
{
	seq_printf(m, "%d\n", p->signal ? READ_ONCE(p->signal->oom_score_adj) : 0);
	return 0;
}

/* => 0, -EACCES: lower than the last value that a privileged task set */
static int set_adj(struct task_struct *p, int adj)
{
	struct signal_struct *sig = p->signal;
	bool privileged = has_cap(current, CAP_SYS_RESOURCE_BIT);
	int err = 0;

	if ((p->flags & PF_KTHREAD) || !sig)
		return -EINVAL;
	task_lock(p);
	if (adj < sig->oom_score_adj_min && !privileged) {
		err = -EACCES;
	} else {
		sig->oom_score_adj = (short)adj;
		if (privileged)
			sig->oom_score_adj_min = (short)adj;
	}
	task_unlock(p);
	return err;
}

int task_oom_score_adj_store(struct task_struct *p, char *text, size_t len)
{
	int adj, err = kstrtoint(text, 0, &adj);

	if (err)
		return err;
	if (adj < OOM_SCORE_ADJ_MIN || adj > OOM_SCORE_ADJ_MAX)
		return -EINVAL;
	return set_adj(p, adj);
}

int task_oom_adj_show(struct seq_file *m, struct task_struct *p)
{
	int adj = p->signal ? READ_ONCE(p->signal->oom_score_adj) : 0;

	if (adj == OOM_SCORE_ADJ_MAX)
		adj = OOM_ADJUST_MAX;
	else
		adj = adj * -OOM_DISABLE / OOM_SCORE_ADJ_MAX;
	seq_printf(m, "%d\n", adj);
	return 0;
}

int task_oom_adj_store(struct task_struct *p, char *text, size_t len)
{
	int adj, err = kstrtoint(text, 0, &adj);

	if (err)
		return err;
	if (adj < OOM_DISABLE || adj > OOM_ADJUST_MAX)
		return -EINVAL;
	pr_warn_once("%s (%d): /proc/%d/oom_adj is deprecated, please use /proc/%d/oom_score_adj instead.\n",
		     current->comm, current->pid, p->pid, p->pid);
	if (adj == OOM_ADJUST_MAX)
		adj = OOM_SCORE_ADJ_MAX;
	else
		adj = adj * OOM_SCORE_ADJ_MAX / -OOM_DISABLE;
	return set_adj(p, adj);
}
