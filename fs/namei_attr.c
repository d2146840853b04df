/* SPDX-License-Identifier: MIT */
/*
 * Calls on the object behind a name: stat, access, chmod, chown, utimes, readlink, chdir, getcwd.
 */
#include "arch/uaccess.h"
#include "fs/internal.h"
#include "kernel/base/string.h"
#include "kernel/core/timer.h"
#include "mm/slab.h"

static unsigned int lookup_flags(int at_flags)
{
	return (at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
	       (at_flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
}

int do_statat(int dfd, const char *name, int at_flags, struct kstat *stat)
{
	struct path path;
	int err = path_at(dfd, name, lookup_flags(at_flags), &path);

	if (err)
		return err;
	vfs_getattr(&path, stat);
	path_put(&path);
	return 0;
}

int do_faccessat(int dfd, const char *name, int mask, int at_flags)
{
	struct path path;
	int err;

	if ((mask & ~7) || (at_flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	err = path_at(dfd, name, lookup_flags(at_flags), &path);
	if (err)
		return err;
	if (at_flags & AT_EACCESS)
		err = inode_permission(path.dentry->d_inode, mask);
	else
		err = inode_permission_real(path.dentry->d_inode, mask);
	path_put(&path);
	return err;
}

static int chmod_inode(struct inode *inode, umode_t mode)
{
	struct iattr attr = { .valid = ATTR_MODE, .mode = mode };

	return notify_change(inode, &attr);
}

static int chown_inode(struct inode *inode, u32 uid, u32 gid)
{
	struct iattr attr = { .uid = uid, .gid = gid };

	if (uid != ~0U)
		attr.valid |= ATTR_UID;
	if (gid != ~0U)
		attr.valid |= ATTR_GID;
	return notify_change(inode, &attr);
}

int vfs_fchmod(struct file *file, umode_t mode)
{
	return chmod_inode(file_inode(file), mode);
}

int vfs_fchown(struct file *file, u32 uid, u32 gid)
{
	return chown_inode(file_inode(file), uid, gid);
}

int do_fchmodat(int dfd, const char *name, umode_t mode, int at_flags)
{
	struct path path;
	int err = path_at(dfd, name, lookup_flags(at_flags), &path);

	if (err)
		return err;
	if (S_ISLNK(path.dentry->d_inode->i_mode))
		err = -EOPNOTSUPP;
	else
		err = chmod_inode(path.dentry->d_inode, mode);
	path_put(&path);
	return err;
}

int do_fchownat(int dfd, const char *name, u32 uid, u32 gid, int at_flags)
{
	struct path path;
	int err = path_at(dfd, name, lookup_flags(at_flags), &path);

	if (err)
		return err;
	err = chown_inode(path.dentry->d_inode, uid, gid);
	path_put(&path);
	return err;
}

/* times NULL: both now, which writers of the file may do too */
int vfs_utimes(struct inode *inode, const s64 times[2])
{
	struct iattr attr = { .valid = 0 };
	int err = 0;

	attr.atime = times ? times[0] : current_time_ns();
	attr.mtime = times ? times[1] : attr.atime;
	if (attr.atime != UTIME_KEEP)
		attr.valid |= ATTR_ATIME;
	if (attr.mtime != UTIME_KEEP)
		attr.valid |= ATTR_MTIME;
	if (attr.valid && !inode_owner_or_capable(inode))
		err = times ? -EPERM : inode_permission(inode, MAY_WRITE);
	return err || !attr.valid ? err : notify_change(inode, &attr);
}

int do_utimensat(int dfd, const char *name, const s64 times[2], int at_flags)
{
	struct path path;
	int err = path_at(dfd, name, lookup_flags(at_flags | (*name ? 0 : AT_EMPTY_PATH)), &path);

	if (err)
		return err;
	err = vfs_utimes(path.dentry->d_inode, times);
	path_put(&path);
	return err;
}

int do_truncate_name(const char *name, loff_t length)
{
	struct path path;
	int err = path_at(AT_FDCWD, name, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = vfs_truncate(&path, length);
	path_put(&path);
	return err;
}

/* A magic link's text is the path it would jump to. */
static ssize_t link_text(struct link_target *to, char *ubuf, size_t size)
{
	char *page = NULL;
	const char *text = to->text;
	ssize_t len;

	if (!text) {
		page = kmalloc(PATH_MAX, GFP_KERNEL);
		text = page ? d_path(&to->jump, page, PATH_MAX) : ERR_PTR(-ENOMEM);
		path_put(&to->jump);
	}
	if (IS_ERR(text)) {
		len = PTR_ERR(text);
	} else {
		len = (ssize_t)strlen(text);
		if (len > (ssize_t)size)
			len = (ssize_t)size;
		if (copy_to_user(ubuf, text, len))
			len = -EFAULT;
	}
	kfree(page);
	return len;
}

ssize_t do_readlinkat(int dfd, const char *name, char *ubuf, size_t size)
{
	struct link_target to = { .text = NULL };
	struct inode *inode;
	struct path path;
	ssize_t err;

	if ((ssize_t)size <= 0)
		return -EINVAL;
	err = path_at(dfd, name, *name ? 0 : LOOKUP_EMPTY, &path);
	if (err)
		return err;
	inode = path.dentry->d_inode;
	if (!S_ISLNK(inode->i_mode))
		err = -EINVAL;
	else
		err = inode->i_op->get_link(path.dentry, &to);
	if (!err) {
		err = link_text(&to, ubuf, size);
		kfree(to.free);
	}
	path_put(&path);
	return err;
}

/* ---- Where a process stands ---- */

static int check_chdir(const struct path *path)
{
	if (!S_ISDIR(path->dentry->d_inode->i_mode))
		return -ENOTDIR;
	return inode_permission(path->dentry->d_inode, MAY_EXEC);
}

int do_chdir(const char *name)
{
	struct path path;
	int err = path_at(AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (err)
		return err;
	err = check_chdir(&path);
	if (!err)
		set_fs_pwd(current->fs, &path);
	path_put(&path);
	return err;
}

int do_fchdir(struct file *file)
{
	int err = check_chdir(&file->f_path);

	if (!err)
		set_fs_pwd(current->fs, &file->f_path);
	return err;
}

int do_chroot(const char *name)
{
	struct path path;
	int err = path_at(AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (err)
		return err;
	err = check_chdir(&path);
	if (!err && !has_cap(current, 18)) /* CAP_SYS_CHROOT */
		err = -EPERM;
	if (!err)
		set_fs_root(current->fs, &path);
	path_put(&path);
	return err;
}

ssize_t do_getcwd(char *ubuf, size_t size)
{
	char *page = kmalloc(PATH_MAX, GFP_KERNEL);
	struct path pwd;
	char *text;
	ssize_t len;

	if (!page)
		return -ENOMEM;
	get_fs_pwd(current->fs, &pwd);
	text = d_path(&pwd, page, PATH_MAX);
	if (IS_ERR(text)) {
		len = PTR_ERR(text);
	} else if (d_unhashed(pwd.dentry) && pwd.dentry->d_parent != pwd.dentry) {
		len = -ENOENT;
	} else {
		len = (ssize_t)strlen(text) + 1;
		if (len > (ssize_t)size)
			len = -ERANGE;
		else if (copy_to_user(ubuf, text, len))
			len = -EFAULT;
	}
	path_put(&pwd);
	kfree(page);
	return len;
}
