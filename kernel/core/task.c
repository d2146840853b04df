/* SPDX-License-Identifier: MIT */
/*
 * Tasks: birth, names and numbers, the lists, and SIGKILL.
 *
 *	init_task.tasks <-> leader <-> leader ...     pid_hash[pid & 255] -> every thread
 *	                      \-- signal->threads: the threads of the process
 *
 * tasklist_lock guards all of it. Readers include softirqs, so writers turn interrupts off. A
 * number is free again when its task is reaped, and is given out anew only if no process group or
 * session bears it. Memory comes from mm through two registered allocators.
 */
#include "kernel/core/task.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"

#define PID_HASH_SIZE 256
#define PID_RESERVED  300 /* where numbers start again after PID_MAX */

DEFINE_RWLOCK(tasklist_lock, LOCK_RANK_TASKLIST);

struct signal_struct init_signals = {
	.count = ATOMIC_INIT(1),
	.nr_threads = 1,
	.threads = {&init_task.thread_node, &init_task.thread_node},
	.group_leader = &init_task,
	.shared_sigqueue = LIST_HEAD_INIT(init_signals.shared_sigqueue),
	.wait_chldexit = __WAIT_QUEUE_HEAD_INITIALIZER(init_signals.wait_chldexit),
};

struct task_struct init_task = {
	.state = TASK_RUNNING,
	.flags = PF_KTHREAD | PF_IDLE,
	.on_cpu = 1,
	.cpus_allowed = CPU_MASK_CPU(0),
	.comm = "swapper/0",
	.parent = &init_task,
	.real_parent = &init_task,
	.group_leader = &init_task,
	.children = LIST_HEAD_INIT(init_task.children),
	.sibling = LIST_HEAD_INIT(init_task.sibling),
	.thread_node = {&init_signals.threads, &init_signals.threads},
	.tasks = LIST_HEAD_INIT(init_task.tasks),
	.usage = ATOMIC_INIT(2),
	.alloc_lock = SPIN_LOCK_UNLOCKED("init_task.alloc_lock", LOCK_RANK_TASK),
	.signal = &init_signals,
	.cap_effective = ~0ULL,
	.cap_permitted = ~0ULL,
	.mems_allowed = (1UL << MAX_NUMNODES) - 1,
};

static struct hlist_head pid_hash[PID_HASH_SIZE]; /* [tasklist_lock] */
static unsigned int nr_threads;			  /* [tasklist_lock] */

static DEFINE_SPINLOCK(pid_lock, LOCK_RANK_LEAF);
static DECLARE_BITMAP(pid_map, PID_MAX); /* [pid_lock] */
static pid_t last_pid;			 /* [pid_lock] */
int pid_max = PID_MAX;
int max_threads = PID_MAX;

static struct task_struct *(*task_memory_alloc)(void);
static void (*task_memory_free)(struct task_struct *p);
static struct signal_struct *(*signal_memory_alloc)(void);
static void (*signal_memory_free)(struct signal_struct *sig);

void task_set_allocator(struct task_struct *(*alloc)(void), void (*free)(struct task_struct *p))
{
	task_memory_alloc = alloc;
	task_memory_free = free;
}

void task_set_signal_allocator(struct signal_struct *(*alloc)(void),
			       void (*free)(struct signal_struct *sig))
{
	signal_memory_alloc = alloc;
	signal_memory_free = free;
}

/* ---- Numbers --------------------------------------------------------------------------------- */

/* => pid_lock held; the next free number after last_pid, 0 if all are taken */
static pid_t next_free_pid(void)
{
	unsigned long end = (unsigned long)READ_ONCE(pid_max);
	unsigned long pid = find_next_zero_bit(pid_map, end, (unsigned long)last_pid + 1);

	if (pid >= end)
		pid = find_next_zero_bit(pid_map, end, PID_RESERVED);
	return pid < end ? (pid_t)pid : 0;
}

/* => true if a process group or session still bears the number of a task that is gone */
static bool names_a_group(pid_t pid)
{
	struct task_struct *p;
	bool found = false;

	read_lock(&tasklist_lock);
	for_each_process (p) {
		if (p->signal && (p->signal->pgrp == pid || p->signal->session == pid)) {
			found = true;
			break;
		}
	}
	read_unlock(&tasklist_lock);
	return found;
}

pid_t alloc_pid(void)
{
	static bool wrapped; /* [pid_lock] numbers are being used again */
	pid_t pid;

	for (int tries = 0; tries < PID_MAX; tries++) {
		bool check;

		spin_lock(&pid_lock);
		pid = next_free_pid();
		if (pid) {
			__set_bit(pid, pid_map);
			wrapped |= pid < last_pid;
			last_pid = pid;
		}
		check = wrapped;
		spin_unlock(&pid_lock);
		if (!pid)
			return -EAGAIN;
		if (!check || !names_a_group(pid))
			return pid;
		free_pid(pid);
	}
	return -EAGAIN;
}

pid_t last_pid_given(void)
{
	return READ_ONCE(last_pid);
}

void free_pid(pid_t pid)
{
	spin_lock(&pid_lock);
	__clear_bit(pid, pid_map);
	spin_unlock(&pid_lock);
}

/* ---- Birth and end --------------------------------------------------------------------------- */

struct signal_struct *signal_alloc(void)
{
	struct signal_struct *sig = signal_memory_alloc ? signal_memory_alloc() : NULL;

	if (!sig)
		return NULL;
	atomic_set(&sig->count, 1);
	INIT_LIST_HEAD(&sig->threads);
	INIT_LIST_HEAD(&sig->shared_sigqueue);
	init_waitqueue_head(&sig->wait_chldexit);
	return sig;
}

void signal_put(struct signal_struct *sig)
{
	if (atomic_dec_and_test(&sig->count))
		signal_memory_free(sig);
}

struct task_struct *task_alloc(const char *comm)
{
	struct task_struct *p = task_memory_alloc ? task_memory_alloc() : NULL;
	struct task_struct *me = current;

	if (!p)
		return NULL;
	p->policy = me->policy;
	p->rt_priority = me->rt_priority;
	p->nice = me->nice;
	p->cpus_allowed = me->cpus_allowed;
	p->uid = me->uid, p->euid = me->euid, p->suid = me->suid, p->fsuid = me->fsuid;
	p->gid = me->gid, p->egid = me->egid, p->sgid = me->sgid, p->fsgid = me->fsgid;
	memcpy(p->groups, me->groups, sizeof(p->groups));
	p->nr_groups = me->nr_groups;
	p->cap_effective = me->cap_effective;
	p->cap_permitted = me->cap_permitted;
	p->cap_inheritable = me->cap_inheritable;
	p->no_new_privs = me->no_new_privs;
	p->mems_allowed = me->mems_allowed;
	p->make_it_fail = me->make_it_fail;
	p->start_time_ns = ktime_get_ns();
	strscpy(p->comm, comm, sizeof(p->comm));
	atomic_set(&p->usage, 2);
	spin_lock_init(&p->alloc_lock, LOCK_RANK_TASK);
	INIT_LIST_HEAD(&p->children);
	INIT_LIST_HEAD(&p->sibling);
	INIT_LIST_HEAD(&p->thread_node);
	INIT_LIST_HEAD(&p->tasks);
	INIT_HLIST_NODE(&p->pid_hash);
	sched_fork(p);
	return p;
}

static void free_task(struct task_struct *p)
{
	if (p->signal)
		signal_put(p->signal);
	task_memory_free(p);
}

void task_free_new(struct task_struct *p)
{
	free_task(p);
}

void put_task_struct(struct task_struct *p)
{
	if (!atomic_dec_and_test(&p->usage))
		return;
	BUG_ON(p == current || p->on_cpu);
	free_task(p);
}

void set_task_comm(struct task_struct *p, const char *comm)
{
	task_lock(p);
	memset(p->comm, 0, sizeof(p->comm));
	strscpy(p->comm, comm, sizeof(p->comm));
	task_unlock(p);
}

char *get_task_comm(char buf[TASK_COMM_LEN], struct task_struct *p)
{
	task_lock(p);
	memcpy(buf, p->comm, TASK_COMM_LEN);
	task_unlock(p);
	return buf;
}

/* ---- The lists ------------------------------------------------------------------------------- */

void task_link(struct task_struct *p)
{
	assert_write_locked(&tasklist_lock);
	hlist_add_head(&p->pid_hash, &pid_hash[p->pid % PID_HASH_SIZE]);
	list_add_tail(&p->thread_node, &p->signal->threads);
	p->signal->nr_threads++;
	nr_threads++;
	if (thread_group_leader(p)) {
		p->signal->group_leader = p;
		list_add_tail(&p->tasks, &init_task.tasks);
		list_add_tail(&p->sibling, &p->real_parent->children);
	}
}

void task_unlink(struct task_struct *p)
{
	assert_write_locked(&tasklist_lock);
	hlist_del_init(&p->pid_hash);
	list_del_init(&p->thread_node);
	p->signal->nr_threads--;
	nr_threads--;
	list_del_init(&p->tasks);
	list_del_init(&p->sibling);
}

unsigned int nr_threads_total(void)
{
	return READ_ONCE(nr_threads);
}

struct task_struct *find_task_by_pid(pid_t pid)
{
	struct task_struct *p;

	if (pid <= 0)
		return NULL;
	hlist_for_each_entry(p, &pid_hash[pid % PID_HASH_SIZE],
			     pid_hash) if (p->pid == pid) return p;
	return NULL;
}

struct task_struct *find_get_task_by_pid(pid_t pid)
{
	struct task_struct *p;

	read_lock(&tasklist_lock);
	p = find_task_by_pid(pid);
	if (p)
		get_task_struct(p);
	read_unlock(&tasklist_lock);
	return p;
}

/* ---- SIGKILL --------------------------------------------------------------------------------- */

#define SIGKILL_BIT (1ULL << (9 - 1))

void task_kill(struct task_struct *p)
{
	struct signal_struct *sig = p->signal;
	struct task_struct *t;
	unsigned long flags;

	if ((p->flags & PF_KTHREAD) || !sig || !p->sighand)
		return;
	spin_lock_irqsave(&p->sighand->siglock, flags);
	if (!sig->group_exit) {
		sig->group_exit = true;
		sig->group_exit_code = 9;
	}
	sig->group_stop = false;
	sig->shared_pending |= SIGKILL_BIT;
	for_each_thread (p, t) {
		t->pending |= SIGKILL_BIT;
		set_tsk_thread_flag(t, TIF_SIGPENDING);
		if (!wake_up_state(t, TASK_INTERRUPTIBLE | TASK_WAKEKILL | TASK_STOPPED))
			kick_process(t);
	}
	spin_unlock_irqrestore(&p->sighand->siglock, flags);
}
