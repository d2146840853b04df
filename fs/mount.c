/* SPDX-License-Identifier: MIT */
/*
 * Mounts: where file systems hang in the tree, and mount(2).
 *
 *   rootfs mount            proc mount
 *     "/" -- "proc"  ....>    "/" -- "self"     the dentry "proc" has DCACHE_MOUNTED;
 *                                               a walk that reaches it goes on at proc's root
 *
 * One list of all mounts is searched; there are a handful. A path counts its mount, so a mount with users
 * other than its own reference is busy.
 *
 * Locks: namespace_sem for writing, and dcache_lock around each change so that d_path() may read.
 * Beyond this Linux has: namespaces of mounts, propagation, per-mount flags checked on access.
 */
#include "fs/internal.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "mm/slab.h"

DECLARE_RWSEM(namespace_sem, LOCK_RANK_MOUNT);
LIST_HEAD(mount_list);
struct vfsmount *root_mnt;
struct file_system_type *file_systems; /* grows at boot only */

void register_filesystem(struct file_system_type *type)
{
	struct file_system_type **p = &file_systems;

	while (*p)
		p = &(*p)->next;
	type->next = NULL;
	*p = type;
}

struct file_system_type *get_fs_type(const char *name)
{
	struct file_system_type *type;

	for (type = file_systems; type; type = type->next)
		if (!strcmp(type->name, name))
			break;
	return type;
}

void path_get(const struct path *path)
{
	mntget(path->mnt);
	dget(path->dentry);
}

void path_put(const struct path *path)
{
	dput(path->dentry);
	mntput(path->mnt);
}

struct vfsmount *mount_sb(struct super_block *sb, const char *dev_name)
{
	struct vfsmount *mnt = kzalloc(sizeof(*mnt), GFP_KERNEL);

	if (!mnt) {
		put_super(sb);
		return NULL;
	}
	mnt->mnt_sb = sb;
	mnt->mnt_root = dget(sb->s_root);
	atomic_set(&mnt->mnt_count, 1);
	INIT_LIST_HEAD(&mnt->mnt_list);
	strlcpy(mnt->mnt_devname, dev_name && *dev_name ? dev_name : "none", sizeof(mnt->mnt_devname));
	return mnt;
}

void mntput(struct vfsmount *mnt)
{
	if (!mnt || !atomic_dec_and_test(&mnt->mnt_count))
		return;
	BUG_ON(mnt->mnt_parent);
	dput(mnt->mnt_root);
	put_super(mnt->mnt_sb);
	kfree(mnt);
}

static struct vfsmount *mount_on(const struct path *where)
{
	struct vfsmount *mnt, *found = NULL;

	list_for_each_entry(mnt, &mount_list, mnt_list)
		if (mnt->mnt_parent == where->mnt && mnt->mnt_mountpoint == where->dentry)
			found = mnt;
	return found;
}

void follow_down(struct path *path)
{
	while (READ_ONCE(path->dentry->d_flags) & DCACHE_MOUNTED) {
		struct vfsmount *mnt = mount_on(path);
		struct path next;

		if (!mnt)
			return;
		next.mnt = mntget(mnt);
		next.dentry = dget(mnt->mnt_root);
		path_put(path);
		*path = next;
	}
}

bool follow_up(struct path *path)
{
	struct path up;

	if (path->dentry != path->mnt->mnt_root || !path->mnt->mnt_parent)
		return false;
	up.mnt = path->mnt->mnt_parent;
	up.dentry = path->mnt->mnt_mountpoint;
	path_get(&up);
	path_put(path);
	*path = up;
	return true;
}

int mount_at(struct vfsmount *mnt, const struct path *where)
{
	bool dir = S_ISDIR(where->dentry->d_inode->i_mode);

	if (dir != S_ISDIR(mnt->mnt_root->d_inode->i_mode))
		return -ENOTDIR;
	spin_lock(&dcache_lock);
	mnt->mnt_parent = mntget(where->mnt);
	mnt->mnt_mountpoint = dget(where->dentry);
	where->dentry->d_flags |= DCACHE_MOUNTED;
	spin_unlock(&dcache_lock);
	list_add_tail(&mnt->mnt_list, &mount_list);
	return 0;
}

/* => [n] write held; mnt leaves the tree; its own reference goes to the caller */
static void detach_mount(struct vfsmount *mnt)
{
	struct path where = { mnt->mnt_parent, mnt->mnt_mountpoint };
	struct vfsmount *other;
	bool more = false;

	list_del_init(&mnt->mnt_list);
	list_for_each_entry(other, &mount_list, mnt_list)
		more |= other->mnt_mountpoint == where.dentry;
	spin_lock(&dcache_lock);
	mnt->mnt_parent = NULL;
	mnt->mnt_mountpoint = NULL;
	if (!more)
		where.dentry->d_flags &= ~DCACHE_MOUNTED;
	spin_unlock(&dcache_lock);
	path_put(&where);
}

static bool has_submounts(const struct vfsmount *mnt)
{
	struct vfsmount *other;

	list_for_each_entry(other, &mount_list, mnt_list)
		if (other->mnt_parent == mnt)
			return true;
	return false;
}

/* => a new detached mount to put on a directory, for a type or as a second view of an existing tree */
static struct vfsmount *make_mount(const char *dev_name, const char *type_name, unsigned long flags,
				   const char *data)
{
	struct file_system_type *type;
	struct super_block *sb;
	struct vfsmount *mnt;

	if (flags & MS_BIND) {
		struct path from;
		int err = dev_name ? path_at(AT_FDCWD, dev_name, LOOKUP_FOLLOW, &from) : -EINVAL;

		if (err)
			return ERR_PTR(err);
		sb = from.mnt->mnt_sb;
		atomic_inc(&sb->s_count);
		mnt = mount_sb(sb, from.mnt->mnt_devname);
		if (mnt) {
			dput(mnt->mnt_root);
			mnt->mnt_root = dget(from.dentry);
		}
		path_put(&from);
		return mnt ?: ERR_PTR(-ENOMEM);
	}
	type = get_fs_type(type_name);
	if (!type)
		return ERR_PTR(-ENODEV);
	sb = type->mount(type, flags, dev_name, data);
	if (IS_ERR(sb))
		return ERR_CAST(sb);
	if (flags & MS_RDONLY)
		sb->s_flags |= SB_RDONLY;
	mnt = mount_sb(sb, dev_name);
	return mnt ?: ERR_PTR(-ENOMEM);
}

static int do_remount(const struct path *where, unsigned long flags)
{
	if (where->dentry != where->mnt->mnt_root)
		return -EINVAL;
	if (flags & MS_RDONLY)
		where->mnt->mnt_sb->s_flags |= SB_RDONLY;
	else
		where->mnt->mnt_sb->s_flags &= ~(unsigned long)SB_RDONLY;
	where->mnt->mnt_flags = flags & ~(unsigned long)MS_REMOUNT;
	return 0;
}

int do_mount(const char *dev_name, const char *dir_name, const char *type, unsigned long flags,
	     const char *data)
{
	struct vfsmount *mnt = NULL;
	struct path where;
	int err;

	if (!has_capability_admin(current))
		return -EPERM;
	if ((flags & 0xffff0000UL) == 0xc0ed0000UL) /* a magic number old programs put there */
		flags &= 0xffff;
	if (flags & MS_MOVE)
		return -EINVAL;
	if (!(flags & MS_REMOUNT)) {
		if (!type && !(flags & MS_BIND))
			return -EINVAL;
		mnt = make_mount(dev_name, type, flags, data);
		if (IS_ERR(mnt))
			return PTR_ERR(mnt);
	}
	err = path_at(AT_FDCWD, dir_name, LOOKUP_FOLLOW, &where);
	if (!err) {
		down_write(&namespace_sem);
		if (flags & MS_REMOUNT) {
			err = do_remount(&where, flags);
		} else if (d_unhashed(where.dentry) && where.dentry->d_parent != where.dentry) {
			err = -ENOENT;
		} else if (!(flags & MS_BIND) && where.mnt->mnt_sb == mnt->mnt_sb &&
			   where.dentry == where.mnt->mnt_root) {
			err = -EBUSY; /* it is there already */
		} else {
			mnt->mnt_flags = flags;
			err = mount_at(mnt, &where);
		}
		up_write(&namespace_sem);
		path_put(&where);
	}
	if (err && mnt)
		mntput(mnt);
	return err;
}

int do_umount(const char *name, int flags)
{
	struct vfsmount *mnt;
	struct path where;
	int err;

	if (!has_capability_admin(current))
		return -EPERM;
	err = path_at(AT_FDCWD, name, LOOKUP_FOLLOW, &where);
	if (err)
		return err;
	mnt = where.mnt;
	down_write(&namespace_sem);
	if (where.dentry != mnt->mnt_root || !mnt->mnt_parent)
		err = -EINVAL;
	else if (!(flags & MNT_DETACH) && (atomic_read(&mnt->mnt_count) > 2 || has_submounts(mnt)))
		err = -EBUSY; /* its own reference and ours are two */
	else if (has_submounts(mnt))
		err = -EBUSY;
	else
		detach_mount(mnt);
	up_write(&namespace_sem);
	path_put(&where);
	if (!err)
		mntput(mnt);
	return err;
}
