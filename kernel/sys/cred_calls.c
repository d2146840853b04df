/* SPDX-License-Identifier: MIT */
/*
 * Who a process is: user and group ids, capabilities, process groups and sessions.
 *
 * Ids and capabilities belong to the thread and are written by it alone; user programs' libraries make all threads of a
 * process change together (a signal to each). Capabilities follow the uid as in Linux: leaving euid 0 drops the
 * effective set, leaving all three drops the permitted one. Of supplementary groups there are at most
 * NGROUPS (Linux: 65536).
 *
 * Locks: tasklist_lock for process groups and sessions. Read next: limits.c.
 */
#include "kernel/sys/process.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "kernel/base/initcall.h"
#include "kernel/base/string.h"
#include "mm/gfp.h"
#include "mm/mm_types.h"

#define KEEP ((u32)-1)

static bool capable(int cap)
{
	return current->cap_effective >> cap & 1;
}

/* ---- Numbers ------------------------------------------------------------------------------------ */

long sys_getpid(void)
{
	return current->tgid;
}

long sys_gettid(void)
{
	return current->pid;
}

/* A copy of the number: following real_parent would need tasklist_lock. */
long sys_getppid(void)
{
	return READ_ONCE(current->signal->ppid);
}

long sys_getuid(void)
{
	return current->uid;
}

long sys_geteuid(void)
{
	return current->euid;
}

long sys_getgid(void)
{
	return current->gid;
}

long sys_getegid(void)
{
	return current->egid;
}

static long put_three(u32 a, u32 b, u32 c, u32 __user *ua, u32 __user *ub, u32 __user *uc)
{
	return put_user(a, ua) || put_user(b, ub) || put_user(c, uc) ? -EFAULT : 0;
}

long sys_getresuid(u32 __user *ruid, u32 __user *euid, u32 __user *suid)
{
	return put_three(current->uid, current->euid, current->suid, ruid, euid, suid);
}

long sys_getresgid(u32 __user *rgid, u32 __user *egid, u32 __user *sgid)
{
	return put_three(current->gid, current->egid, current->sgid, rgid, egid, sgid);
}

/* ---- Changing ids ------------------------------------------------------------------------------- */

/* What it holds in memory was another's secret: no core file, and nobody looks in, until the next exec. */
static void not_dumpable_any_more(void)
{
	if (current->mm)
		set_bit(MMF_NOT_DUMPABLE_BIT, &current->mm->flags);
}

static void commit_uids(u32 uid, u32 euid, u32 suid)
{
	struct task_struct *p = current;
	bool had_root = !p->uid || !p->euid || !p->suid;

	if (euid != p->euid || euid != p->fsuid)
		not_dumpable_any_more();
	if (!p->euid && euid)
		p->cap_effective = 0;
	else if (p->euid && !euid)
		p->cap_effective = p->cap_permitted;
	p->uid = uid;
	p->euid = p->fsuid = euid;
	p->suid = suid;
	if (had_root && uid && euid && suid)
		p->cap_effective = p->cap_permitted = 0;
}

static bool may_be(u32 id, u32 a, u32 b, u32 c)
{
	return id == KEEP || id == a || id == b || id == c;
}

long sys_setresuid(u32 uid, u32 euid, u32 suid)
{
	struct task_struct *p = current;

	if (!capable(CAP_SETUID) &&
	    (!may_be(uid, p->uid, p->euid, p->suid) || !may_be(euid, p->uid, p->euid, p->suid) ||
	     !may_be(suid, p->uid, p->euid, p->suid)))
		return -EPERM;
	commit_uids(uid == KEEP ? p->uid : uid, euid == KEEP ? p->euid : euid,
		    suid == KEEP ? p->suid : suid);
	return 0;
}

long sys_setuid(u32 uid)
{
	struct task_struct *p = current;

	if (uid == KEEP)
		return -EINVAL;
	if (capable(CAP_SETUID))
		commit_uids(uid, uid, uid);
	else if (uid == p->uid || uid == p->suid)
		commit_uids(p->uid, uid, p->suid);
	else
		return -EPERM;
	return 0;
}

long sys_setreuid(u32 uid, u32 euid)
{
	struct task_struct *p = current;
	u32 new_euid = euid == KEEP ? p->euid : euid;
	bool save = uid != KEEP || (euid != KEEP && euid != p->uid);

	if (!capable(CAP_SETUID) &&
	    (!may_be(uid, p->uid, p->euid, p->uid) || !may_be(euid, p->uid, p->euid, p->suid)))
		return -EPERM;
	commit_uids(uid == KEEP ? p->uid : uid, new_euid, save ? new_euid : p->suid);
	return 0;
}

static void commit_gids(u32 gid, u32 egid, u32 sgid)
{
	if (egid != current->egid || egid != current->fsgid)
		not_dumpable_any_more();
	current->gid = gid;
	current->egid = current->fsgid = egid;
	current->sgid = sgid;
}

long sys_setresgid(u32 gid, u32 egid, u32 sgid)
{
	struct task_struct *p = current;

	if (!capable(CAP_SETGID) &&
	    (!may_be(gid, p->gid, p->egid, p->sgid) || !may_be(egid, p->gid, p->egid, p->sgid) ||
	     !may_be(sgid, p->gid, p->egid, p->sgid)))
		return -EPERM;
	commit_gids(gid == KEEP ? p->gid : gid, egid == KEEP ? p->egid : egid,
		    sgid == KEEP ? p->sgid : sgid);
	return 0;
}

long sys_setgid(u32 gid)
{
	struct task_struct *p = current;

	if (gid == KEEP)
		return -EINVAL;
	if (capable(CAP_SETGID))
		commit_gids(gid, gid, gid);
	else if (gid == p->gid || gid == p->sgid)
		commit_gids(p->gid, gid, p->sgid);
	else
		return -EPERM;
	return 0;
}

long sys_setregid(u32 gid, u32 egid)
{
	struct task_struct *p = current;
	u32 new_egid = egid == KEEP ? p->egid : egid;
	bool save = gid != KEEP || (egid != KEEP && egid != p->gid);

	if (!capable(CAP_SETGID) &&
	    (!may_be(gid, p->gid, p->egid, p->gid) || !may_be(egid, p->gid, p->egid, p->sgid)))
		return -EPERM;
	commit_gids(gid == KEEP ? p->gid : gid, new_egid, save ? new_egid : p->sgid);
	return 0;
}

long sys_setfsuid(u32 uid)
{
	u32 old = current->fsuid;

	if (uid != KEEP && (capable(CAP_SETUID) || may_be(uid, current->uid, current->euid, current->suid))) {
		if (uid != old)
			not_dumpable_any_more();
		current->fsuid = uid;
	}
	return old;
}

long sys_setfsgid(u32 gid)
{
	u32 old = current->fsgid;

	if (gid != KEEP && (capable(CAP_SETGID) || may_be(gid, current->gid, current->egid, current->sgid))) {
		if (gid != old)
			not_dumpable_any_more();
		current->fsgid = gid;
	}
	return old;
}

/* => how many there are; nothing is written when size is 0 */
long sys_getgroups(int size, u32 __user *list)
{
	u32 n = current->nr_groups;

	if (size < 0 || (size && (u32)size < n))
		return -EINVAL;
	return size && copy_to_user(list, current->groups, n * sizeof(*list)) ? -EFAULT : (long)n;
}

long sys_setgroups(int size, const u32 __user *list)
{
	u32 groups[NGROUPS];

	if (!capable(CAP_SETGID))
		return -EPERM;
	if (size < 0 || size > NGROUPS)
		return -EINVAL;
	if (copy_from_user(groups, list, (u32)size * sizeof(*list)))
		return -EFAULT;
	memcpy(current->groups, groups, (u32)size * sizeof(*list));
	current->nr_groups = (u32)size;
	return 0;
}

/* ---- Capabilities ------------------------------------------------------------------------------- */

#define CAP_VERSION_1 0x19980330U
#define CAP_VERSION_2 0x20071026U
#define CAP_VERSION_3 0x20080522U

struct cap_header {
	u32 version;
	s32 pid;
};

struct cap_data {
	u32 effective, permitted, inheritable;
};

/* => words of each set the caller's version has, or -errno */
static int cap_words(struct cap_header __user *uhead, struct cap_header *head)
{
	if (copy_from_user(head, uhead, sizeof(*head)))
		return -EFAULT;
	if (head->version == CAP_VERSION_1)
		return 1;
	if (head->version == CAP_VERSION_2 || head->version == CAP_VERSION_3)
		return 2;
	return put_user(CAP_VERSION_3, &uhead->version) ? -EFAULT : -EINVAL;
}

long sys_capget(void __user *uhead, void __user *udata)
{
	struct cap_header head;
	struct cap_data data[2];
	struct task_struct *p;
	int n = cap_words(uhead, &head);

	if (n < 0)
		return n == -EINVAL && !udata ? 0 : n; /* asking for the version only */
	if (head.pid < 0)
		return -EINVAL;
	p = find_get_task_by_pid(head.pid ? head.pid : current->pid);
	if (!p)
		return -ESRCH;
	for (int i = 0; i < 2; i++) {
		data[i].effective = (u32)(p->cap_effective >> 32 * i);
		data[i].permitted = (u32)(p->cap_permitted >> 32 * i);
		data[i].inheritable = (u32)(p->cap_inheritable >> 32 * i);
	}
	put_task_struct(p);
	return udata && copy_to_user(udata, data, (size_t)n * sizeof(data[0])) ? -EFAULT : 0;
}

long sys_capset(void __user *uhead, const void __user *udata)
{
	struct cap_header head;
	struct cap_data data[2] = { { 0 }, { 0 } };
	struct task_struct *me = current;
	u64 effective, permitted, inheritable;
	int n = cap_words(uhead, &head);

	if (n < 0)
		return n;
	if (head.pid && head.pid != me->pid)
		return -EPERM;
	if (copy_from_user(data, udata, (size_t)n * sizeof(data[0])))
		return -EFAULT;
	effective = (data[0].effective | (u64)data[1].effective << 32) & CAP_FULL_SET;
	permitted = (data[0].permitted | (u64)data[1].permitted << 32) & CAP_FULL_SET;
	inheritable = (data[0].inheritable | (u64)data[1].inheritable << 32) & CAP_FULL_SET;
	if ((permitted & ~me->cap_permitted) || (effective & ~permitted) ||
	    (inheritable & ~(me->cap_inheritable | me->cap_permitted)))
		return -EPERM;
	me->cap_effective = effective;
	me->cap_permitted = permitted;
	me->cap_inheritable = inheritable;
	return 0;
}

/* ---- Process groups and sessions ------------------------------------------------------------------ */

/* => tasklist_lock held: the leader of process pid (0: ours), or NULL */
static struct task_struct *find_process(pid_t pid)
{
	struct task_struct *p = pid ? find_task_by_pid(pid) : current->group_leader;

	return p && thread_group_leader(p) ? p : NULL;
}

static bool pgrp_in_session(pid_t pgrp, pid_t session)
{
	struct task_struct *p;

	for_each_process(p) {
		if (p->signal->pgrp == pgrp && p->signal->session == session)
			return true;
	}
	return false;
}

static long check_setpgid(struct task_struct *p, pid_t pgrp)
{
	struct task_struct *me = current->group_leader;

	if (!p)
		return -ESRCH;
	if (p != me) {
		if (p->real_parent != me)
			return -ESRCH;
		if (p->signal->session != me->signal->session)
			return -EPERM;
		if (p->signal->did_exec)
			return -EACCES;
	}
	if (p->signal->session == p->pid) /* session leaders stay */
		return -EPERM;
	if (pgrp != p->pid && !pgrp_in_session(pgrp, me->signal->session))
		return -EPERM;
	return 0;
}

long sys_setpgid(pid_t pid, pid_t pgrp)
{
	struct task_struct *p;
	long err;

	if (pgrp < 0)
		return -EINVAL;
	write_lock_irq(&tasklist_lock);
	p = find_process(pid);
	if (p && !pgrp)
		pgrp = p->pid;
	err = check_setpgid(p, pgrp);
	if (!err)
		p->signal->pgrp = pgrp;
	write_unlock_irq(&tasklist_lock);
	return err;
}

static long process_fact(pid_t pid, bool session)
{
	struct task_struct *p;
	long ret = -ESRCH;

	read_lock(&tasklist_lock);
	p = pid ? find_task_by_pid(pid) : current;
	if (p)
		ret = session ? p->signal->session : p->signal->pgrp;
	read_unlock(&tasklist_lock);
	return ret;
}

long sys_getpgid(pid_t pid)
{
	return process_fact(pid, false);
}

long sys_getpgrp(void)
{
	return process_fact(0, false);
}

long sys_getsid(pid_t pid)
{
	return process_fact(pid, true);
}

long sys_setsid(void)
{
	struct task_struct *leader = current->group_leader, *p;
	long ret = leader->pid;

	write_lock_irq(&tasklist_lock);
	for_each_process(p) {
		if (p->signal->pgrp == leader->pid)
			ret = -EPERM; /* a group leader already */
	}
	if (ret > 0) {
		leader->signal->pgrp = leader->signal->session = leader->pid;
		leader->signal->tty = NULL;
	}
	write_unlock_irq(&tasklist_lock);
	return ret;
}
