/* SPDX-License-Identifier: MIT */
/*
 * What an object says about itself, who may do what with it, and changes of both.
 *
 * Permission is by fsuid and fsgid against the nine mode bits, with the capabilities of the superuser
 * overriding: CAP_DAC_OVERRIDE everything but executing a file that nobody may execute,
 * CAP_DAC_READ_SEARCH reading and passing through directories. A task is in fsgid's group and its supplementary ones.
 *
 * Locks: i_lock for mode, owner and times; i_rwsem around a change of size.
 */
#include "fs/internal.h"
#include "kernel/core/timer.h"
#include "mm/pagemap.h"

s64 current_time_ns(void)
{
	return (s64)ktime_get_real_ns();
}

bool inode_owner_or_capable(const struct inode *inode)
{
	return current->fsuid == inode->i_uid || has_cap(current, CAP_FOWNER);
}

static int permission_for(struct inode *inode, int mask, u32 uid, u32 gid, bool privileged)
{
	umode_t mode = inode->i_mode;

	if ((mask & MAY_WRITE) && inode->i_sb && (inode->i_sb->s_flags & SB_RDONLY) &&
	    (S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode)))
		return -EROFS;
	if (uid == inode->i_uid)
		mode >>= 6;
	else if (gid == inode->i_gid || in_group(current, inode->i_gid))
		mode >>= 3;
	if ((mask & ~mode & 7) == 0)
		return 0;
	if (!privileged)
		return -EACCES;
	if (has_cap(current, CAP_DAC_OVERRIDE) &&
	    (!(mask & MAY_EXEC) || S_ISDIR(inode->i_mode) || (inode->i_mode & S_IXUGO)))
		return 0;
	if (has_cap(current, CAP_DAC_READ_SEARCH) &&
	    (mask == MAY_READ || (S_ISDIR(inode->i_mode) && !(mask & MAY_WRITE))))
		return 0;
	return -EACCES;
}

int inode_permission(struct inode *inode, int mask)
{
	if (inode->i_op && inode->i_op->permission)
		return inode->i_op->permission(inode, mask);
	return permission_for(inode, mask, current->fsuid, current->fsgid, true);
}

int inode_permission_real(struct inode *inode, int mask)
{
	return permission_for(inode, mask, current->uid, current->gid, current->uid == 0);
}

void vfs_getattr(const struct path *path, struct kstat *stat)
{
	struct inode *inode = path->dentry->d_inode;

	stat->ino = inode->i_ino;
	stat->dev = inode->i_sb ? inode->i_sb->s_dev : 0;
	stat->rdev = inode->i_rdev;
	stat->mode = inode->i_mode;
	stat->nlink = inode->i_nlink;
	stat->uid = inode->i_uid;
	stat->gid = inode->i_gid;
	stat->size = i_size_read(inode);
	stat->atime = inode->i_atime;
	stat->mtime = inode->i_mtime;
	stat->ctime = inode->i_ctime;
	stat->blksize = PAGE_SIZE;
	stat->blocks = inode->i_blocks;
	if (inode->i_op && inode->i_op->getattr)
		inode->i_op->getattr(inode, stat);
}

/* May current make this change? */
static int change_ok(const struct inode *inode, const struct iattr *attr)
{
	bool owner = inode_owner_or_capable(inode);

	if (inode->i_sb && (inode->i_sb->s_flags & SB_RDONLY))
		return -EROFS;
	if ((attr->valid & ATTR_UID) && !has_cap(current, CAP_CHOWN) &&
	    (current->fsuid != inode->i_uid || attr->uid != inode->i_uid))
		return -EPERM;
	if ((attr->valid & ATTR_GID) && !has_cap(current, CAP_CHOWN) &&
	    (current->fsuid != inode->i_uid ||
	     (attr->gid != current->fsgid && !in_group(current, attr->gid) && attr->gid != inode->i_gid)))
		return -EPERM;
	if ((attr->valid & ATTR_MODE) && !owner)
		return -EPERM;
	return 0;
}

static void apply(struct inode *inode, const struct iattr *attr)
{
	umode_t drop = 0;

	spin_lock(&inode->i_lock);
	if ((attr->valid & (ATTR_UID | ATTR_GID)) && !S_ISDIR(inode->i_mode)) {
		drop = S_ISUID;
		if (inode->i_mode & S_IXGRP)
			drop |= S_ISGID;
	}
	inode->i_mode &= ~drop;
	if (attr->valid & ATTR_UID)
		inode->i_uid = attr->uid;
	if (attr->valid & ATTR_GID)
		inode->i_gid = attr->gid;
	if (attr->valid & ATTR_MODE) {
		inode->i_mode = (inode->i_mode & S_IFMT) | (attr->mode & S_IALLUGO);
		if (current->fsgid != inode->i_gid && !in_group(current, inode->i_gid) && !has_cap(current, CAP_FSETID))
			inode->i_mode &= ~S_ISGID;
	}
	inode->i_ctime = current_time_ns();
	if (attr->valid & ATTR_ATIME)
		inode->i_atime = attr->atime;
	if (attr->valid & ATTR_MTIME)
		inode->i_mtime = attr->mtime;
	spin_unlock(&inode->i_lock);
}

int notify_change(struct inode *inode, struct iattr *attr)
{
	int err = change_ok(inode, attr);

	if (err)
		return err;
	if (inode->i_op && inode->i_op->setattr) {
		err = inode->i_op->setattr(inode, attr);
		if (err)
			return err;
	} else if (attr->valid & ATTR_SIZE) {
		attr->valid &= ~ATTR_SIZE; /* devices and FIFOs have none */
	}
	apply(inode, attr);
	return 0;
}

static int do_truncate(struct inode *inode, loff_t length)
{
	struct iattr attr = { .valid = ATTR_SIZE | ATTR_MTIME, .size = length };
	int err;

	attr.mtime = current_time_ns();
	down_write(&inode->i_rwsem);
	err = notify_change(inode, &attr);
	up_write(&inode->i_rwsem);
	return err;
}

static int may_truncate(struct inode *inode, loff_t length)
{
	u64 limit = current->signal->rlim[1].rlim_cur; /* RLIMIT_FSIZE */

	if (length < 0)
		return -EINVAL;
	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode->i_mode))
		return -EINVAL;
	if ((u64)length > limit && length > i_size_read(inode))
		return -EFBIG;
	if (inode->i_sb && length > inode->i_sb->s_maxbytes)
		return -EFBIG;
	return 0;
}

int vfs_truncate(const struct path *path, loff_t length)
{
	struct inode *inode = path->dentry->d_inode;
	int err = may_truncate(inode, length);

	if (!err)
		err = inode_permission(inode, MAY_WRITE);
	if (!err)
		err = get_write_access(inode);
	if (err)
		return err;
	err = do_truncate(inode, length);
	put_write_access(inode);
	return err;
}

int vfs_ftruncate(struct file *file, loff_t length)
{
	struct inode *inode = file_inode(file);

	if (length < 0 || !S_ISREG(inode->i_mode) || !(file->f_mode & FMODE_WRITE))
		return -EINVAL;
	return may_truncate(inode, length) ?: do_truncate(inode, length);
}

int vfs_statfs(const struct path *path, struct kstatfs *buf)
{
	struct super_block *sb = path->dentry->d_sb;

	if (!sb)
		return -ENOSYS;
	simple_statfs(sb, buf);
	if (sb->s_flags & SB_RDONLY)
		buf->f_flags |= 1;
	return sb->s_op && sb->s_op->statfs ? sb->s_op->statfs(sb, buf) : 0;
}

int get_write_access(struct inode *inode)
{
	int err = 0;

	spin_lock(&inode->i_lock);
	if (inode->i_writecount < 0)
		err = -ETXTBSY;
	else
		inode->i_writecount++;
	spin_unlock(&inode->i_lock);
	return err;
}

void put_write_access(struct inode *inode)
{
	spin_lock(&inode->i_lock);
	inode->i_writecount--;
	spin_unlock(&inode->i_lock);
}

int deny_write_access(struct file *file)
{
	struct inode *inode = file_inode(file);
	int err = 0;

	spin_lock(&inode->i_lock);
	if (inode->i_writecount > 0)
		err = -ETXTBSY;
	else
		inode->i_writecount--;
	spin_unlock(&inode->i_lock);
	return err;
}

void allow_write_access(struct file *file)
{
	struct inode *inode = file_inode(file);

	spin_lock(&inode->i_lock);
	inode->i_writecount++;
	spin_unlock(&inode->i_lock);
}
