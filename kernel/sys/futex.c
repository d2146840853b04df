/* SPDX-License-Identifier: MIT */
/*
 * Futexes: sleeping on a word of user memory until somebody says it has changed.
 *
 *	WAIT(addr, val):  key of addr -> bucket lock -> *addr still val? -> on the bucket's list -> sleep
 *	WAKE(addr, n):    key of addr -> bucket lock -> n waiters with that key leave the list and wake
 *
 * Checking and queueing under the lock that WAKE takes too is what makes no wake-up lost. The key is the
 * address space and address for private memory, the file and offset for shared mappings, so that two
 * processes meet wherever they have mapped the page.
 *
 * The word is read with page faults disabled under the bucket's lock; when that fails the lock is dropped,
 * the page faulted in, and everything done again.
 *
 * Locks: bucket->lock (rank FUTEX), two of them in address order for requeue. A waiter's futex_q lies on its stack;
 * whoever takes it off the list does so under the lock and touches it no more after clearing q->bucket.
 *
 * Linux beyond it: priority inheritance, WAKE_OP, futex2.
 */
#include "kernel/sys/futex.h"
#include "kernel/sys/syscalls.h"
#include "kernel/sys/time.h"
#include "arch/uaccess.h"
#include "fs/fs.h"
#include "kernel/base/initcall.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/slab.h"

#define FUTEX_WAIT	   0
#define FUTEX_WAKE	   1
#define FUTEX_REQUEUE	   3
#define FUTEX_CMP_REQUEUE  4
#define FUTEX_WAIT_BITSET  9
#define FUTEX_WAKE_BITSET  10
#define FUTEX_PRIVATE_FLAG 128
#define FUTEX_CLOCK_REALTIME 256
#define FUTEX_CMD_MASK	   (~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME))
#define FUTEX_BITSET_ANY   0xffffffffU

#define NR_BUCKETS 256

struct futex_key {
	const void *object;	/* mm, or inode of a shared mapping */
	u64 offset;		/* address, or byte offset in the file */
};

struct futex_bucket {
	spinlock_t lock;
	struct list_head waiters; /* [lock] futex_q.list */
} __cacheline_aligned;

struct futex_q {
	struct list_head list;	/* [bucket->lock] */
	struct task_struct *task;
	struct futex_key key;	/* [bucket->lock] requeue changes it */
	struct futex_bucket *bucket; /* [its lock] NULL: woken */
	u32 bitset;
};

static struct futex_bucket buckets[NR_BUCKETS];

static int __init futex_init(void)
{
	for (int i = 0; i < NR_BUCKETS; i++) {
		spin_lock_init(&buckets[i].lock, LOCK_RANK_FUTEX);
		INIT_LIST_HEAD(&buckets[i].waiters);
	}
	return 0;
}
core_initcall(futex_init);

/* ---- Keys ------------------------------------------------------------------------------------- */

static int shared_key(unsigned long addr, struct futex_key *key)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int err = 0;

	down_read(&mm->mmap_sem);
	vma = find_vma(mm, addr);
	if (!vma || vma->vm_start > addr) {
		err = -EFAULT;
	} else if ((vma->vm_flags & VM_SHARED) && vma->vm_file) {
		key->object = file_inode(vma->vm_file);
		key->offset = (u64)linear_page_index(vma, addr) << PAGE_SHIFT | (addr & ~PAGE_MASK);
	} else {
		key->object = mm;
		key->offset = addr;
	}
	up_read(&mm->mmap_sem);
	return err;
}

static int futex_key(u32 __user *uaddr, bool private, struct futex_key *key)
{
	unsigned long addr = (unsigned long)uaddr;

	if (addr % sizeof(u32))
		return -EINVAL;
	if (!access_ok(uaddr, sizeof(u32)))
		return -EFAULT;
	if (!private)
		return shared_key(addr, key);
	key->object = current->mm;
	key->offset = addr;
	return 0;
}

static struct futex_bucket *bucket_of(const struct futex_key *key)
{
	u64 h = ((u64)(unsigned long)key->object >> 4) * 0x9e3779b97f4a7c15ULL;

	h = (h ^ key->offset >> 2) * 0x9e3779b97f4a7c15ULL;
	return &buckets[h >> 56];
}

static bool same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}

/* Reads the word without sleeping. => 0 or -EFAULT */
static int read_word_atomic(u32 *val, u32 __user *uaddr)
{
	int err;

	current->pagefault_disabled++;
	err = get_user(*val, uaddr);
	current->pagefault_disabled--;
	return err;
}

/* ---- Waking ----------------------------------------------------------------------------------- */

/* => bucket lock held; q belongs to its waiter again */
static void wake_one(struct futex_q *q)
{
	struct task_struct *task = q->task;

	get_task_struct(task);
	list_del_init(&q->list);
	__atomic_store_n(&q->bucket, NULL, __ATOMIC_RELEASE);
	wake_up_state(task, TASK_NORMAL);
	put_task_struct(task);
}

static int wake_key(const struct futex_key *key, int nr, u32 bitset)
{
	struct futex_bucket *b = bucket_of(key);
	struct futex_q *q, *next;
	int woken = 0;

	spin_lock(&b->lock);
	list_for_each_entry_safe(q, next, &b->waiters, list) {
		if (!same_key(&q->key, key) || !(q->bitset & bitset))
			continue;
		wake_one(q);
		if (++woken >= nr)
			break;
	}
	spin_unlock(&b->lock);
	return woken;
}

static long futex_wake(u32 __user *uaddr, bool private, int nr, u32 bitset)
{
	struct futex_key key;
	int err;

	if (!bitset)
		return -EINVAL;
	err = futex_key(uaddr, private, &key);
	return err ? err : wake_key(&key, nr, bitset);
}

int futex_wake_user(u32 __user *uaddr, int nr)
{
	struct futex_key shared;
	int err = futex_key(uaddr, false, &shared);

	return err ? err : wake_key(&shared, nr, FUTEX_BITSET_ANY);
}

/* ---- Waiting ---------------------------------------------------------------------------------- */

/* => 0: on the list, state set to interruptible; -EAGAIN: the word has another value; -EFAULT, -EINVAL */
static int queue_if_equal(struct futex_q *q, u32 __user *uaddr, bool private, u32 val)
{
	struct futex_bucket *b;
	u32 now;
	int err;

	for (;;) {
		err = futex_key(uaddr, private, &q->key);
		if (err)
			return err;
		b = bucket_of(&q->key);
		spin_lock(&b->lock);
		if (!read_word_atomic(&now, uaddr))
			break;
		spin_unlock(&b->lock);
		if (get_user(now, uaddr))
			return -EFAULT;
	}
	if (now == val) {
		q->bucket = b;
		list_add_tail(&q->list, &b->waiters);
		set_current_state(TASK_INTERRUPTIBLE);
	}
	spin_unlock(&b->lock);
	return now == val ? 0 : -EAGAIN;
}

/* => true: it was still waiting; false: somebody had woken it */
static bool unqueue(struct futex_q *q)
{
	struct futex_bucket *b;

	while ((b = __atomic_load_n(&q->bucket, __ATOMIC_ACQUIRE))) {
		spin_lock(&b->lock);
		if (q->bucket == b) {
			list_del(&q->list);
			spin_unlock(&b->lock);
			return true;
		}
		spin_unlock(&b->lock); /* requeued or woken meanwhile */
	}
	return false;
}

static long futex_wait_restart(struct restart_block *restart);

static long futex_wait(u32 __user *uaddr, bool private, u32 val, u64 deadline_ns, u32 bitset)
{
	struct futex_q q = { .task = current, .bitset = bitset };
	int err;

	if (!bitset)
		return -EINVAL;
	for (;;) {
		err = queue_if_equal(&q, uaddr, private, val);
		if (err)
			return err;
		while (__atomic_load_n(&q.bucket, __ATOMIC_ACQUIRE) && !signal_pending(current) &&
		       ktime_get_ns() < deadline_ns) {
			schedule_until(deadline_ns);
			set_current_state(TASK_INTERRUPTIBLE);
		}
		__set_current_state(TASK_RUNNING);
		if (!unqueue(&q))
			return 0;
		if (ktime_get_ns() >= deadline_ns)
			return -ETIMEDOUT;
		if (signal_pending(current))
			break;
	}
	if (deadline_ns == NO_DEADLINE)
		return -ERESTARTSYS;
	current->restart = (struct restart_block){
		.fn = futex_wait_restart,
		.deadline_ns = deadline_ns,
		.arg = { (unsigned long)uaddr, private, val, bitset },
	};
	return -ERESTART_RESTARTBLOCK;
}

static long futex_wait_restart(struct restart_block *restart)
{
	return futex_wait((u32 *)restart->arg[0], restart->arg[1], (u32)restart->arg[2],
			  restart->deadline_ns, (u32)restart->arg[3]);
}

/* ---- Waiting for one of several --------------------------------------------------------------- */

struct linux_futex_waitv {
	u64 val, uaddr;
	u32 flags, reserved;
};
#define FUTEX2_SIZE_U32	  2
#define FUTEX_WAITV_MAX	  128

/* Takes the first n off again. => index of the last that had been woken, or -1 */
static int unqueue_several(struct futex_q *q, unsigned int n)
{
	int woken = -1;

	for (unsigned int i = 0; i < n; i++) {
		if (!unqueue(&q[i]))
			woken = (int)i;
	}
	return woken;
}

/* => 0: all are queued; else -errno, or the index of one woken meanwhile in *woken */
static int queue_several(struct futex_q *q, const struct linux_futex_waitv *v, unsigned int n, int *woken)
{
	for (unsigned int i = 0; i < n; i++) {
		int err;

		q[i] = (struct futex_q){ .task = current, .bitset = FUTEX_BITSET_ANY };
		err = queue_if_equal(&q[i], (u32 *)v[i].uaddr, v[i].flags & FUTEX_PRIVATE_FLAG, (u32)v[i].val);
		__set_current_state(TASK_RUNNING); /* the next word may have to be faulted in */
		if (err) {
			*woken = unqueue_several(q, i);
			return err;
		}
	}
	return 0;
}

static bool any_woken(const struct futex_q *q, unsigned int n)
{
	while (n-- > 0) {
		if (!__atomic_load_n(&q[n].bucket, __ATOMIC_ACQUIRE))
			return true;
	}
	return false;
}

static long wait_several(struct futex_q *q, const struct linux_futex_waitv *v, unsigned int n, u64 deadline)
{
	int woken = -1, err = queue_several(q, v, n, &woken);

	if (err)
		return woken >= 0 ? woken : err;
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (any_woken(q, n) || signal_pending(current) || ktime_get_ns() >= deadline)
			break;
		schedule_until(deadline);
	}
	__set_current_state(TASK_RUNNING);
	woken = unqueue_several(q, n);
	if (woken >= 0)
		return woken;
	return signal_pending(current) ? -ERESTARTSYS : -ETIMEDOUT;
}

long sys_futex_waitv(const void __user *uwaiters, unsigned int n, unsigned int flags,
		     const void __user *utime, int clock)
{
	struct linux_futex_waitv *v;
	struct futex_q *q;
	u64 ns, deadline = NO_DEADLINE;
	long ret = 0;

	if (flags || !n || n > FUTEX_WAITV_MAX || !uwaiters)
		return -EINVAL;
	if (utime) {
		if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
			return -EINVAL;
		ret = get_timespec_ns(&ns, utime);
		if (ret)
			return ret;
		deadline = clock_to_deadline(clock, ns);
	}
	v = kcalloc(n, sizeof(*v), GFP_KERNEL);
	q = kcalloc(n, sizeof(*q), GFP_KERNEL);
	if (!v || !q)
		ret = -ENOMEM;
	else if (copy_from_user(v, uwaiters, n * sizeof(*v)))
		ret = -EFAULT;
	for (unsigned int i = 0; !ret && i < n; i++) {
		if (v[i].reserved || (v[i].flags & ~(u32)FUTEX_PRIVATE_FLAG) != FUTEX2_SIZE_U32)
			ret = -EINVAL;
	}
	if (!ret)
		ret = wait_several(q, v, n, deadline);
	kfree(v);
	kfree(q);
	return ret;
}

/* ---- Requeueing ------------------------------------------------------------------------------- */

static void lock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	spin_lock(a < b ? &a->lock : &b->lock);
	if (a != b)
		spin_lock_nested(a < b ? &b->lock : &a->lock, 1);
}

static void unlock_two(struct futex_bucket *a, struct futex_bucket *b)
{
	if (a != b)
		spin_unlock(&b->lock);
	spin_unlock(&a->lock);
}

/* => locks of both keys' buckets held: nr_wake waiters of key wake, nr_requeue more wait for key2 */
static long requeue_locked(const struct futex_key *key, const struct futex_key *key2, int nr_wake,
			   int nr_requeue)
{
	struct futex_bucket *b = bucket_of(key), *b2 = bucket_of(key2);
	struct futex_q *q, *next;
	int done = 0;

	list_for_each_entry_safe(q, next, &b->waiters, list) {
		if (!same_key(&q->key, key))
			continue;
		if (done >= nr_wake + nr_requeue)
			break;
		if (++done <= nr_wake) {
			wake_one(q);
			continue;
		}
		q->key = *key2;
		if (b != b2) {
			list_move_tail(&q->list, &b2->waiters);
			__atomic_store_n(&q->bucket, b2, __ATOMIC_RELEASE);
		}
	}
	return done;
}

static long futex_requeue(u32 __user *uaddr, bool private, int nr_wake, int nr_requeue,
			  u32 __user *uaddr2, const u32 *expected)
{
	struct futex_key key, key2;
	struct futex_bucket *b, *b2;
	long ret;
	u32 now;

	if (nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	nr_requeue = min(nr_requeue, INT_MAX - nr_wake);
	for (;;) {
		ret = futex_key(uaddr, private, &key);
		if (!ret)
			ret = futex_key(uaddr2, private, &key2);
		if (ret)
			return ret;
		b = bucket_of(&key);
		b2 = bucket_of(&key2);
		lock_two(b, b2);
		if (!expected || !read_word_atomic(&now, uaddr))
			break;
		unlock_two(b, b2);
		if (get_user(now, uaddr))
			return -EFAULT;
	}
	ret = -EAGAIN;
	if (!expected || now == *expected)
		ret = requeue_locked(&key, &key2, nr_wake, nr_requeue);
	unlock_two(b, b2);
	return ret;
}

/* ---- The call --------------------------------------------------------------------------------- */

/* The user's time-out as a monotonic deadline. */
static int futex_deadline(int op, const void __user *utime, u64 *deadline)
{
	bool absolute = (op & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
	u64 ns;
	int err;

	*deadline = NO_DEADLINE;
	if (!utime)
		return 0;
	err = get_timespec_ns(&ns, utime);
	if (!err)
		*deadline = absolute ? clock_to_deadline(op & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME :
										   CLOCK_MONOTONIC, ns) :
				       deadline_after(ns);
	return err;
}

long sys_futex(u32 __user *uaddr, int op, u32 val, unsigned long utime, u32 __user *uaddr2, u32 val3)
{
	bool private = op & FUTEX_PRIVATE_FLAG;
	int cmd = op & FUTEX_CMD_MASK, err;
	u64 deadline;

	switch (cmd) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		err = futex_deadline(op, (const void *)utime, &deadline);
		if (err)
			return err;
		return futex_wait(uaddr, private, val, deadline,
				  cmd == FUTEX_WAIT ? FUTEX_BITSET_ANY : val3);
	case FUTEX_WAKE:
		return futex_wake(uaddr, private, (int)val, FUTEX_BITSET_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, private, (int)val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(uaddr, private, (int)val, (int)utime, uaddr2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(uaddr, private, (int)val, (int)utime, uaddr2, &val3);
	}
	return -ENOSYS;
}
