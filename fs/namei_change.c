/* SPDX-License-Identifier: MIT */
/*
 * Calls that change names: mkdir, mknod, symlink, link, unlink, rmdir, rename.
 *
 * All have one shape: the tree is taken for writing, the walk stops at the parent, the last name is looked
 * up there, the rights are checked, then the file system does it. Nothing can change in between.
 */
#include "arch/uaccess.h"
#include "fs/internal.h"
#include "kernel/base/string.h"
#include "mm/slab.h"

struct change {
	struct walk w;
	struct inode *dir;
	struct dentry *dentry;	/* what the last name leads to, or a new one */
};

/* => on success the tree is held for writing unless locked already; end_change() undoes all */
static int start_walk(struct change *c, int dfd, const char *name)
{
	int err = walk_start(&c->w, dfd, name, LOOKUP_FOLLOW, true);

	c->dentry = NULL;
	c->dir = NULL;
	if (err)
		return err;
	err = walk_path(&c->w);
	if (err)
		return err;
	c->dir = c->w.path.dentry->d_inode;
	return 0;
}

static void end_walk(struct change *c)
{
	dput(c->dentry);
	if (c->dir)
		path_put(&c->w.path);
	walk_end(&c->w);
}

static int may_change_dir(const struct change *c)
{
	int err = inode_permission(c->dir, MAY_WRITE | MAY_EXEC);

	if (!err && (c->dir->i_flags & S_DEAD))
		err = -ENOENT;
	return err;
}

/* The last name must not exist; c->dentry becomes a new dentry for it. */
static int start_create(struct change *c, int dfd, const char *name, bool is_dir)
{
	int err = start_walk(c, dfd, name);

	if (err)
		return err;
	if (c->w.last_type != LAST_NORM)
		return -EEXIST;
	c->dentry = lookup_one(c->w.path.dentry, c->w.last, c->w.last_len);
	if (IS_ERR(c->dentry)) {
		err = PTR_ERR(c->dentry);
		c->dentry = NULL;
		return err;
	}
	if (c->dentry)
		return -EEXIST;
	if (c->w.last_slash && !is_dir)
		return -ENOENT;
	err = may_change_dir(c);
	if (err)
		return err;
	c->dentry = d_alloc(c->w.path.dentry, c->w.path.dentry->d_sb, c->w.last, c->w.last_len);
	return c->dentry ? 0 : -ENOMEM;
}

/* The last name must exist. */
static int start_remove(struct change *c, int dfd, const char *name)
{
	int err = start_walk(c, dfd, name);
	struct inode *inode;

	if (err || c->w.last_type != LAST_NORM)
		return err;
	c->dentry = lookup_one(c->w.path.dentry, c->w.last, c->w.last_len);
	if (IS_ERR_OR_NULL(c->dentry)) {
		err = c->dentry ? PTR_ERR(c->dentry) : -ENOENT;
		c->dentry = NULL;
		return err;
	}
	inode = c->dentry->d_inode;
	err = may_change_dir(c);
	if (!err && (c->dir->i_mode & S_ISVTX) && current->fsuid != inode->i_uid &&
	    current->fsuid != c->dir->i_uid && !has_cap(current, CAP_FOWNER))
		err = -EPERM;
	return err;
}

int do_mkdirat(int dfd, const char *name, umode_t mode)
{
	struct change c;
	int err;

	down_write(&namespace_sem);
	err = start_create(&c, dfd, name, true);
	if (!err && (!c.dir->i_op || !c.dir->i_op->mkdir))
		err = -EPERM;
	if (!err)
		err = c.dir->i_op->mkdir(c.dir, c.dentry,
					 (mode & (S_IRWXU | S_IRWXG | S_IRWXO | S_ISVTX) & ~current_umask()) | S_IFDIR);
	up_write(&namespace_sem);
	end_walk(&c);
	return err;
}

int do_mknodat(int dfd, const char *name, umode_t mode, dev_t dev)
{
	struct change c;
	int err;

	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	if (S_ISDIR(mode))
		return -EPERM;
	if (!S_ISREG(mode) && !S_ISFIFO(mode) && !S_ISCHR(mode) && !S_ISBLK(mode) &&
	    (mode & S_IFMT) != S_IFSOCK)
		return -EINVAL;
	down_write(&namespace_sem);
	err = start_create(&c, dfd, name, false);
	if (!err && (S_ISCHR(mode) || S_ISBLK(mode)) && !has_cap(current, CAP_MKNOD))
		err = -EPERM;
	if (!err && (!c.dir->i_op || !c.dir->i_op->mknod))
		err = -EPERM;
	if (!err)
		err = c.dir->i_op->mknod(c.dir, c.dentry,
					 (mode & (S_IFMT | S_IALLUGO)) & ~current_umask(), dev);
	up_write(&namespace_sem);
	end_walk(&c);
	return err;
}

int do_symlinkat(const char *target, int dfd, const char *name)
{
	struct change c;
	int err;

	if (!*target)
		return -ENOENT;
	down_write(&namespace_sem);
	err = start_create(&c, dfd, name, false);
	if (!err && (!c.dir->i_op || !c.dir->i_op->symlink))
		err = -EPERM;
	if (!err)
		err = c.dir->i_op->symlink(c.dir, c.dentry, target);
	up_write(&namespace_sem);
	end_walk(&c);
	return err;
}

int do_linkat(int olddfd, const char *old, int newdfd, const char *new, int at_flags)
{
	unsigned int lookup = at_flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0;
	struct path path;
	struct change c;
	int err;

	if (at_flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (at_flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	err = path_at(olddfd, old, lookup, &path);
	if (err)
		return err;
	down_write(&namespace_sem);
	err = start_create(&c, newdfd, new, false);
	if (!err && S_ISDIR(path.dentry->d_inode->i_mode))
		err = -EPERM;
	if (!err && path.mnt != c.w.path.mnt)
		err = -EXDEV;
	if (!err && path.dentry->d_inode->i_nlink == 0)
		err = -ENOENT;
	if (!err && (!c.dir->i_op || !c.dir->i_op->link))
		err = -EPERM;
	if (!err)
		err = c.dir->i_op->link(path.dentry, c.dir, c.dentry);
	up_write(&namespace_sem);
	end_walk(&c);
	path_put(&path);
	return err;
}

static bool is_mountpoint(const struct dentry *dentry)
{
	return READ_ONCE(dentry->d_flags) & DCACHE_MOUNTED;
}

int do_unlinkat(int dfd, const char *name)
{
	struct change c;
	int err;

	down_write(&namespace_sem);
	err = start_remove(&c, dfd, name);
	if (!err && c.w.last_type != LAST_NORM)
		err = -EISDIR;
	if (!err && S_ISDIR(c.dentry->d_inode->i_mode))
		err = -EISDIR;
	if (!err && c.w.last_slash)
		err = -ENOTDIR;
	if (!err && is_mountpoint(c.dentry))
		err = -EBUSY;
	if (!err && (!c.dir->i_op || !c.dir->i_op->unlink))
		err = -EPERM;
	if (!err)
		err = c.dir->i_op->unlink(c.dir, c.dentry);
	up_write(&namespace_sem);
	end_walk(&c);
	return err;
}

int do_rmdir(int dfd, const char *name)
{
	struct change c;
	int err;

	down_write(&namespace_sem);
	err = start_remove(&c, dfd, name);
	if (!err && c.w.last_type != LAST_NORM)
		err = c.w.last_type == LAST_DOT ? -EINVAL : c.w.last_type == LAST_DOTDOT ? -ENOTEMPTY : -EBUSY;
	if (!err && !S_ISDIR(c.dentry->d_inode->i_mode))
		err = -ENOTDIR;
	if (!err && is_mountpoint(c.dentry))
		err = -EBUSY;
	if (!err && (!c.dir->i_op || !c.dir->i_op->rmdir))
		err = -EPERM;
	if (!err)
		err = c.dir->i_op->rmdir(c.dir, c.dentry);
	if (!err)
		c.dentry->d_inode->i_flags |= S_DEAD;
	up_write(&namespace_sem);
	end_walk(&c);
	return err;
}

/* ---- rename ---- */

static bool is_below(const struct dentry *dentry, const struct dentry *ancestor)
{
	for (; dentry->d_parent != dentry; dentry = dentry->d_parent)
		if (dentry == ancestor)
			return true;
	return dentry == ancestor;
}

/* Old and new are known: may one replace the other? */
static int check_rename(const struct change *from, const struct change *to, unsigned int flags)
{
	bool dir = S_ISDIR(from->dentry->d_inode->i_mode);

	if (from->w.path.mnt != to->w.path.mnt)
		return -EXDEV;
	if ((flags & RENAME_NOREPLACE) && to->dentry)
		return -EEXIST;
	if (!dir && (from->w.last_slash || (to->w.last_slash && !to->dentry)))
		return -ENOTDIR;
	if (dir && is_below(to->w.path.dentry, from->dentry))
		return -EINVAL;
	if (is_mountpoint(from->dentry))
		return -EBUSY;
	if (dir && from->dir != to->dir && inode_permission(from->dentry->d_inode, MAY_WRITE))
		return -EACCES;
	if (!to->dentry)
		return 0;
	if (is_mountpoint(to->dentry))
		return -EBUSY;
	if (dir && !S_ISDIR(to->dentry->d_inode->i_mode))
		return -ENOTDIR;
	if (!dir && S_ISDIR(to->dentry->d_inode->i_mode))
		return -EISDIR;
	if (is_below(from->w.path.dentry, to->dentry))
		return -ENOTEMPTY;
	return 0;
}

static int rename_locked(struct change *from, struct change *to, unsigned int flags)
{
	int err = check_rename(from, to, flags);
	char *text;

	if (err)
		return err;
	if (to->dentry && to->dentry->d_inode == from->dentry->d_inode)
		return 0;
	if (!from->dir->i_op || !from->dir->i_op->rename)
		return -EPERM;
	text = d_move_prepare(to->w.last_len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	err = from->dir->i_op->rename(from->dir, from->dentry, to->dir, to->dentry);
	if (err) {
		kfree(text);
		return err;
	}
	if (to->dentry && S_ISDIR(to->dentry->d_inode->i_mode))
		to->dentry->d_inode->i_flags |= S_DEAD;
	d_move(from->dentry, to->w.path.dentry, to->w.last, to->w.last_len, text);
	return 0;
}

int do_renameat2(int olddfd, const char *old, int newdfd, const char *new, unsigned int flags)
{
	struct change from, to;
	int err;

	if (flags & ~RENAME_NOREPLACE)
		return -EINVAL;
	down_write(&namespace_sem);
	err = start_remove(&from, olddfd, old);
	if (!err && from.w.last_type != LAST_NORM)
		err = -EBUSY;
	if (err) {
		up_write(&namespace_sem);
		end_walk(&from);
		return err;
	}
	err = start_remove(&to, newdfd, new);
	if (err == -ENOENT && to.dir && !to.dentry && to.w.last_type == LAST_NORM)
		err = may_change_dir(&to);
	if (!err && to.w.last_type != LAST_NORM)
		err = -EBUSY;
	if (!err)
		err = rename_locked(&from, &to, flags);
	up_write(&namespace_sem);
	end_walk(&to);
	end_walk(&from);
	return err;
}
