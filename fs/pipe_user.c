/* SPDX-License-Identifier: MIT */
/*
 * How many pages the pipes of a user may hold: memory that belongs to no process, so the OOM killer cannot find who
 * took it.
 *
 *   pipe made by uid -> pipe_user(uid).pages += its size;  above pipe_user_pages_soft: new pipes get two pages, and
 *   none may grow. Processes with CAP_SYS_ADMIN are free.
 *
 * /proc/sys/fs/pipe-user-pages-soft: Linux's 16384 pages or an eighth of memory, what is less; 0 is no limit.
 * Locks: pipe_users_lock for the list and all counts.
 */
#include "fs/pipe_user.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "mm/slab.h"
#include "mm/zone.h"

struct pipe_user {
	struct list_head list;	/* [pipe_users_lock] */
	u32 uid;		/* [I] */
	unsigned int pipes;	/* [pipe_users_lock] */
	unsigned long pages;	/* [pipe_users_lock] */
};

long pipe_user_pages_soft = -1; /* -1: not set yet */

static DEFINE_SPINLOCK(pipe_users_lock, LOCK_RANK_LEAF);
static LIST_HEAD(pipe_users);

void pipe_user_init(void)
{
	pipe_user_pages_soft = (long)min(16384UL, totalram_pages / 8);
}

static struct pipe_user *find(u32 uid)
{
	struct pipe_user *user;

	list_for_each_entry(user, &pipe_users, list)
		if (user->uid == uid)
			return user;
	return NULL;
}

struct pipe_user *pipe_user_get(u32 uid)
{
	struct pipe_user *fresh = kzalloc(sizeof(*fresh), GFP_KERNEL), *user;

	if (!fresh)
		return NULL;
	spin_lock(&pipe_users_lock);
	user = find(uid);
	if (!user) {
		user = fresh;
		fresh = NULL;
		user->uid = uid;
		list_add(&user->list, &pipe_users);
	}
	user->pipes++;
	spin_unlock(&pipe_users_lock);
	kfree(fresh);
	return user;
}

void pipe_user_put(struct pipe_user *user)
{
	bool last;

	spin_lock(&pipe_users_lock);
	last = --user->pipes == 0;
	if (last)
		list_del(&user->list);
	spin_unlock(&pipe_users_lock);
	if (last)
		kfree(user);
}

bool pipe_user_charge(struct pipe_user *user, unsigned int from, unsigned int to)
{
	long limit = READ_ONCE(pipe_user_pages_soft);
	bool fits;

	spin_lock(&pipe_users_lock);
	fits = to <= from || !limit || user->pages - from + to <= (unsigned long)limit ||
	       has_capability_admin(current);
	if (fits)
		user->pages = user->pages - from + to;
	spin_unlock(&pipe_users_lock);
	return fits;
}

void pipe_user_charge_least(struct pipe_user *user, unsigned int pages)
{
	spin_lock(&pipe_users_lock);
	user->pages += pages;
	spin_unlock(&pipe_users_lock);
}
