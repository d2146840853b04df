/* SPDX-License-Identifier: MIT */
/*
 * open(2): from a name to an open file.
 *
 *   without O_CREAT: path walk (reading the tree) -> may_open -> dentry_open
 *   with O_CREAT:    walk to the parent (writing the tree), last name there? -> as above
 *                                                           not there       -> i_op->create
 * Opening itself (FIFOs wait for their other end, devices look for their driver) and truncation happen after
 * the tree has been released.
 */
#include "fs/fdtable.h"
#include "fs/internal.h"
#include "kernel/base/string.h"

static int acc_mask(int flags)
{
	int mask = (flags & O_ACCMODE) == O_RDONLY ? MAY_READ :
		   (flags & O_ACCMODE) == O_WRONLY ? MAY_WRITE : MAY_READ | MAY_WRITE;

	return flags & O_TRUNC ? mask | MAY_WRITE : mask;
}

static int may_open(const struct path *path, int flags)
{
	struct inode *inode = path->dentry->d_inode;
	int mask = acc_mask(flags);

	if (S_ISLNK(inode->i_mode))
		return -ELOOP;
	if (S_ISDIR(inode->i_mode) && (mask & MAY_WRITE))
		return -EISDIR;
	if (S_ISFIFO(inode->i_mode) || S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode))
		flags &= ~O_TRUNC;
	if ((flags & O_NOATIME) && !inode_owner_or_capable(inode))
		return -EPERM;
	return inode_permission(inode, mask);
}

static struct file *open_found(const struct path *path, int flags, bool created)
{
	struct file *file;
	int err;

	if (flags & O_PATH) {
		file = alloc_file(path, flags, NULL);
		if (!IS_ERR(file))
			path_get(path);
		return file;
	}
	err = created ? 0 : may_open(path, flags);
	if (err)
		return ERR_PTR(err);
	file = dentry_open(path, flags);
	if (IS_ERR(file) || !(flags & O_TRUNC) || created || !S_ISREG(path->dentry->d_inode->i_mode))
		return file;
	err = vfs_truncate(path, 0);
	if (err) {
		fput(file);
		return ERR_PTR(err);
	}
	return file;
}

/* => [n] write held, w->path the parent: makes or finds the last name; 0: *path is it */
static int create_or_find(struct walk *w, int flags, umode_t mode, struct path *path, bool *created)
{
	struct inode *dir = w->path.dentry->d_inode;
	struct dentry *dentry = lookup_one(w->path.dentry, w->last, w->last_len);
	int err;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if (dentry) {
		path->mnt = mntget(w->path.mnt);
		path->dentry = dentry;
		if (flags & O_EXCL) {
			path_put(path);
			return -EEXIST;
		}
		follow_down(path);
		return 0;
	}
	if (w->last_slash)
		return -EISDIR;
	err = inode_permission(dir, MAY_WRITE | MAY_EXEC);
	if (!err && (dir->i_flags & S_DEAD))
		err = -ENOENT;
	if (!err && (!dir->i_op || !dir->i_op->create))
		err = -EACCES;
	if (err)
		return err;
	dentry = d_alloc(w->path.dentry, w->path.dentry->d_sb, w->last, w->last_len);
	if (!dentry)
		return -ENOMEM;
	err = dir->i_op->create(dir, dentry, (mode & S_IALLUGO & ~current_umask()) | S_IFREG);
	if (err) {
		dput(dentry);
		return err;
	}
	path->mnt = mntget(w->path.mnt);
	path->dentry = dentry;
	*created = true;
	return 0;
}

/* The walk with O_CREAT; follows links in the last place itself. => [n] write held */
static int walk_create(struct walk *w, int flags, umode_t mode, struct path *path, bool *created)
{
	for (;;) {
		int err = walk_path(w);

		if (err)
			return err;
		if (w->last_type != LAST_NORM) {
			path_put(&w->path);
			return -EISDIR;
		}
		err = create_or_find(w, flags, mode, path, created);
		if (err) {
			path_put(&w->path);
			return err;
		}
		if (!S_ISLNK(path->dentry->d_inode->i_mode) || (flags & O_NOFOLLOW)) {
			path_put(&w->path);
			return w->last_slash && !S_ISDIR(path->dentry->d_inode->i_mode) ?
				(path_put(path), -ENOTDIR) : 0;
		}
		err = walk_follow(w, path); /* drops path */
		if (err)
			return err;
		if (!*w->name) { /* a magic link jumped to the object itself */
			*path = w->path;
			return 0;
		}
	}
}

static struct file *open_create(int dfd, const char *name, int flags, umode_t mode)
{
	struct walk w;
	struct path path;
	struct file *file;
	bool created = false;
	int err;

	down_write(&namespace_sem);
	err = walk_start(&w, dfd, name, LOOKUP_FOLLOW, true);
	if (!err)
		err = walk_create(&w, flags, mode, &path, &created);
	up_write(&namespace_sem);
	walk_end(&w);
	if (err)
		return ERR_PTR(err);
	if (S_ISDIR(path.dentry->d_inode->i_mode))
		file = ERR_PTR(-EISDIR);
	else
		file = open_found(&path, flags, created);
	path_put(&path);
	return file;
}

/* O_TMPFILE: name is the directory whose file system shall hold the file. */
static struct file *open_tmpfile(int dfd, const char *name, int flags, umode_t mode)
{
	struct path dir, path;
	struct inode *inode;
	struct file *file;
	int err;

	if ((flags & O_ACCMODE) == O_RDONLY)
		return ERR_PTR(-EINVAL);
	err = path_at(dfd, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &dir);
	if (err)
		return ERR_PTR(err);
	inode = dir.dentry->d_inode;
	path.mnt = dir.mnt;
	path.dentry = NULL;
	err = inode_permission(inode, MAY_WRITE | MAY_EXEC);
	if (!err && (!inode->i_op || !inode->i_op->tmpfile))
		err = -EOPNOTSUPP;
	if (!err) {
		path.dentry = d_alloc(dir.dentry, dir.dentry->d_sb, "#tmpfile", 8);
		err = path.dentry ? 0 : -ENOMEM;
	}
	if (!err)
		err = inode->i_op->tmpfile(inode, path.dentry, (mode & S_IALLUGO & ~current_umask()) | S_IFREG);
	file = err ? ERR_PTR(err) : dentry_open(&path, flags & ~(O_TMPFILE | O_CREAT));
	dput(path.dentry);
	path_put(&dir);
	return file;
}

struct file *do_filp_open(int dfd, const char *name, int flags, umode_t mode)
{
	unsigned int lookup = flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct path path;
	struct file *file;
	int err;

	if (flags & O_PATH)
		flags &= O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC;
	else if ((flags & O_TMPFILE & ~O_DIRECTORY) != 0)
		return flags & O_DIRECTORY ? open_tmpfile(dfd, name, flags, mode) : ERR_PTR(-EINVAL);
	if ((flags & O_CREAT) && (flags & O_DIRECTORY))
		return ERR_PTR(-EINVAL);
	if (flags & O_CREAT)
		return open_create(dfd, name, flags, mode);
	if (flags & O_DIRECTORY)
		lookup |= LOOKUP_DIRECTORY;
	err = path_at(dfd, name, lookup, &path);
	if (err)
		return ERR_PTR(err);
	file = open_found(&path, flags, false);
	path_put(&path);
	return file;
}

struct file *filp_open(const char *name, int flags, umode_t mode)
{
	return do_filp_open(AT_FDCWD, name, flags, mode);
}

struct file *open_exec(int dfd, const char *name)
{
	struct path path;
	struct file *file;
	int err = path_at(dfd, name, LOOKUP_FOLLOW, &path);

	if (err)
		return ERR_PTR(err);
	if (!S_ISREG(path.dentry->d_inode->i_mode))
		err = -EACCES;
	else
		err = inode_permission(path.dentry->d_inode, MAY_EXEC);
	if (!err && (path.mnt->mnt_flags & MS_NOEXEC))
		err = -EACCES;
	if (err) {
		path_put(&path);
		return ERR_PTR(err);
	}
	file = dentry_open(&path, O_RDONLY);
	path_put(&path);
	if (IS_ERR(file))
		return file;
	err = deny_write_access(file);
	if (err) {
		fput(file);
		return ERR_PTR(err);
	}
	file->f_mode |= FMODE_EXEC;
	return file;
}

int do_sys_open(int dfd, const char *name, int flags, umode_t mode)
{
	int fd = get_unused_fd_flags(flags);
	struct file *file;

	if (fd < 0)
		return fd;
	file = do_filp_open(dfd, name, flags, mode);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}
