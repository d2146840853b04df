/* SPDX-License-Identifier: MIT */
/*
 * Locks on files: fcntl's byte ranges, owned by a process, and flock's whole files, owned by an open file.
 *
 * Each inode has a list of both kinds; they do not see each other. Setting a range first cuts it out of the owner's
 * older ranges of the same file, so the owner's ranges never overlap. Waiters sleep on one queue for all files and
 * look again at every release: locks are rare here.
 *
 * Locks: inode->i_lock for the list. Beyond this Linux has: dead-lock detection, leases, open-file ranges.
 */
#include "fs/internal.h"
#include "fs/pipe.h"
#include "kernel/core/sched.h"
#include "mm/slab.h"

#define OFFSET_MAX ((loff_t)(~0UL >> 1))

struct file_lock {
	struct list_head list;	/* inode->i_locks [i] */
	bool posix;		/* else flock */
	short type;		/* F_RDLCK, F_WRLCK */
	void *owner;		/* files_struct, or struct file */
	pid_t pid;
	loff_t start, end;	/* inclusive */
};

static DECLARE_WAIT_QUEUE_HEAD(lock_wait);
static struct kmem_cache *lock_cache;

void locks_init(void)
{
	lock_cache = kmem_cache_create("file_lock", sizeof(struct file_lock), 0, SLAB_PANIC, NULL);
}

static bool conflicts(const struct file_lock *a, const struct file_lock *b)
{
	return a->posix == b->posix && a->owner != b->owner && a->end >= b->start && b->end >= a->start &&
	       (a->type == F_WRLCK || b->type == F_WRLCK);
}

/* => i_lock held */
static struct file_lock *find_conflict(struct inode *inode, const struct file_lock *want)
{
	struct file_lock *l;

	list_for_each_entry(l, &inode->i_locks, list)
		if (conflicts(l, want))
			return l;
	return NULL;
}

/* The owner's older ranges give way to [start, end]. spare: used when one is cut in two. => i_lock held */
static bool cut_out(struct inode *inode, const struct file_lock *want, struct file_lock **spare,
		    struct list_head *dead)
{
	struct file_lock *l, *next;
	bool changed = false;

	list_for_each_entry_safe(l, next, &inode->i_locks, list) {
		if (l->posix != want->posix || l->owner != want->owner || l->end < want->start ||
		    l->start > want->end)
			continue;
		changed = true;
		if (l->start < want->start && l->end > want->end) {
			**spare = *l;
			(*spare)->start = want->end + 1;
			l->end = want->start - 1;
			list_add(&(*spare)->list, &l->list);
			*spare = NULL;
			return true;
		}
		if (l->start < want->start)
			l->end = want->start - 1;
		else if (l->end > want->end)
			l->start = want->end + 1;
		else
			list_move(&l->list, dead);
	}
	return changed;
}

static void free_dead(struct list_head *dead)
{
	struct file_lock *l, *next;

	list_for_each_entry_safe(l, next, dead, list)
		kmem_cache_free(lock_cache, l);
}

/* => 0, -EAGAIN (a conflict), -ENOLCK */
static int try_lock(struct inode *inode, const struct file_lock *want)
{
	struct file_lock *fresh = kmem_cache_alloc(lock_cache, GFP_KERNEL);
	struct file_lock *spare = kmem_cache_alloc(lock_cache, GFP_KERNEL);
	bool released = false;
	LIST_HEAD(dead);
	int err = 0;

	if (!fresh || !spare) {
		err = -ENOLCK;
	} else {
		spin_lock(&inode->i_lock);
		if (want->type != F_UNLCK && find_conflict(inode, want)) {
			err = -EAGAIN;
		} else {
			released = cut_out(inode, want, &spare, &dead);
			if (want->type != F_UNLCK) {
				*fresh = *want;
				list_add_tail(&fresh->list, &inode->i_locks);
				fresh = NULL;
			}
		}
		spin_unlock(&inode->i_lock);
	}
	free_dead(&dead);
	if (fresh)
		kmem_cache_free(lock_cache, fresh);
	if (spare)
		kmem_cache_free(lock_cache, spare);
	if (released)
		wake_up_all(&lock_wait);
	return err;
}

static int set_lock(struct inode *inode, const struct file_lock *want, bool wait)
{
	int err = try_lock(inode, want);
	DEFINE_WAIT_FUNC(entry, default_wake_function);

	if (err != -EAGAIN || !wait)
		return err;
	add_wait_queue(&lock_wait, &entry);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		spin_lock(&inode->i_lock);
		err = find_conflict(inode, want) ? -EAGAIN : 0;
		spin_unlock(&inode->i_lock);
		if (err && !signal_pending(current)) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		err = try_lock(inode, want);
		if (err == -EAGAIN && signal_pending(current))
			err = -ERESTARTSYS;
		if (err != -EAGAIN)
			break;
	}
	__set_current_state(TASK_RUNNING);
	remove_wait_queue(&lock_wait, &entry);
	return err;
}

/* struct flock -> a range. => 0, -EINVAL, -EOVERFLOW */
static int to_range(struct file *file, const struct flock_k *fl, struct file_lock *out)
{
	loff_t start = fl->l_start;

	if (fl->l_whence == SEEK_CUR)
		start += file->f_pos;
	else if (fl->l_whence == SEEK_END)
		start += i_size_read(file_inode(file));
	else if (fl->l_whence != SEEK_SET)
		return -EINVAL;
	out->start = start;
	out->end = OFFSET_MAX;
	if (fl->l_len > 0) {
		out->end = start + fl->l_len - 1;
	} else if (fl->l_len < 0) {
		out->start = start + fl->l_len;
		out->end = start - 1;
	}
	if (out->start < 0)
		return -EINVAL;
	if (out->end < out->start)
		return -EOVERFLOW;
	if (fl->l_type != F_RDLCK && fl->l_type != F_WRLCK && fl->l_type != F_UNLCK)
		return -EINVAL;
	out->type = fl->l_type;
	out->posix = true;
	out->owner = current->files;
	out->pid = current->tgid;
	return 0;
}

int fcntl_getlk(struct file *file, struct flock_k *fl)
{
	struct inode *inode = file_inode(file);
	struct file_lock want, *l;
	int err = to_range(file, fl, &want);

	if (err || fl->l_type == F_UNLCK)
		return err ? err : -EINVAL;
	spin_lock(&inode->i_lock);
	l = find_conflict(inode, &want);
	fl->l_type = F_UNLCK;
	if (l) {
		fl->l_type = l->type;
		fl->l_whence = SEEK_SET;
		fl->l_start = l->start;
		fl->l_len = l->end == OFFSET_MAX ? 0 : l->end - l->start + 1;
		fl->l_pid = l->pid;
	}
	spin_unlock(&inode->i_lock);
	return 0;
}

int fcntl_setlk(struct file *file, const struct flock_k *fl, bool wait)
{
	struct file_lock want;
	int err = to_range(file, fl, &want);

	if (err)
		return err;
	if ((fl->l_type == F_RDLCK && !(file->f_mode & FMODE_READ)) ||
	    (fl->l_type == F_WRLCK && !(file->f_mode & FMODE_WRITE)))
		return -EBADF;
	return set_lock(file_inode(file), &want, wait);
}

int flock_file(struct file *file, unsigned int operation)
{
	struct inode *inode = file_inode(file);
	struct file_lock want = { .owner = file, .end = OFFSET_MAX };

	switch (operation & ~4U) {
	case 1:
		want.type = F_RDLCK;
		break;
	case 2:
		want.type = F_WRLCK;
		break;
	case 8:
		want.type = F_UNLCK;
		if (list_empty(&inode->i_locks))
			return 0;
		break;
	default:
		return -EINVAL;
	}
	return set_lock(inode, &want, !(operation & 4));
}

/* Takes no memory: files are closed when there is none, too. */
static void remove_locks(struct inode *inode, bool posix, const void *owner)
{
	struct file_lock *l, *next;
	LIST_HEAD(dead);

	if (list_empty(&inode->i_locks))
		return;
	spin_lock(&inode->i_lock);
	list_for_each_entry_safe(l, next, &inode->i_locks, list)
		if (l->posix == posix && l->owner == owner)
			list_move(&l->list, &dead);
	spin_unlock(&inode->i_lock);
	if (!list_empty(&dead))
		wake_up_all(&lock_wait);
	free_dead(&dead);
}

void locks_remove_posix(struct file *file, void *owner)
{
	remove_locks(file_inode(file), true, owner);
}

void locks_remove_flock(struct file *file)
{
	remove_locks(file_inode(file), false, file);
}
