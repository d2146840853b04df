/* SPDX-License-Identifier: MIT */
/*
 * Path walk: text -> (mount, dentry).
 *
 *   "/proc/self/../cpuinfo"
 *     "/"     start: the task's root (or, without the slash, its working directory or dfd)
 *     "proc"  d_lookup in "/", then down onto what is mounted there
 *     "self"  not cached: the file system's lookup(); a symbolic link: walk its text from here
 *     ".."    the parent; at a mount's root first up to where it is mounted; never above the root
 *
 * A link in the middle makes a new text of its target and what remains, so the walk is one loop without
 * recursion; 40 links at most. Magic links (/proc/self/exe, /proc/self/fd/3) jump to a path instead.
 * The same loop serves calls that need the parent directory and the last name (parent_only).
 *
 * Locks: namespace_sem held by the caller during the whole walk, for writing by those who will change what they
 * find, so that nothing is looked up twice. Beyond this Linux has: walks without any lock, automounts.
 */
#include "arch/uaccess.h"
#include "fs/fdtable.h"
#include "fs/internal.h"
#include "kernel/base/string.h"
#include "mm/slab.h"

static char *getname_flags(const char *uname, bool empty_ok)
{
	char *name = kmalloc(PATH_MAX, GFP_KERNEL);
	long len;

	if (!name)
		return ERR_PTR(-ENOMEM);
	len = strncpy_from_user(name, uname, PATH_MAX);
	if (len >= 0 && len < PATH_MAX && (len > 0 || empty_ok))
		return name;
	kfree(name);
	return ERR_PTR(len < 0 ? len : len ? -ENAMETOOLONG : -ENOENT);
}

char *getname(const char *uname)
{
	return getname_flags(uname, false);
}

char *getname_maybe_empty(const char *uname)
{
	return getname_flags(uname, true);
}

void putname(char *name)
{
	if (!IS_ERR(name))
		kfree(name);
}

/* ---- Start and end ---- */

static int start_at_dfd(struct walk *w, int dfd)
{
	struct file *file;

	if (dfd == AT_FDCWD) {
		get_fs_pwd(current->fs, &w->path);
		return 0;
	}
	file = fget_raw(dfd);
	if (!file)
		return -EBADF;
	w->path = file->f_path;
	path_get(&w->path);
	fput(file);
	return 0;
}

int walk_start(struct walk *w, int dfd, const char *name, unsigned int flags, bool parent_only)
{
	memset(w, 0, sizeof(*w));
	w->name = name;
	w->flags = flags;
	w->parent_only = parent_only;
	get_fs_root(current->fs, &w->root);
	if (*name == '/') {
		w->path = w->root;
		path_get(&w->path);
		return 0;
	}
	if (!*name && !(flags & LOOKUP_EMPTY))
		return -ENOENT;
	return start_at_dfd(w, dfd);
}

void walk_end(struct walk *w)
{
	if (w->root.dentry)
		path_put(&w->root);
	kfree(w->buf);
}

static int walk_fail(struct walk *w, int err)
{
	path_put(&w->path);
	w->path.dentry = NULL;
	w->path.mnt = NULL;
	return err;
}

/* ---- One step ---- */

struct dentry *lookup_one(struct dentry *dir, const char *name, unsigned int len)
{
	struct dentry *dentry = d_lookup(dir, name, len);
	struct inode *inode = dir->d_inode;

	if (dentry && dentry->d_op && dentry->d_op->d_revalidate && !dentry->d_op->d_revalidate(dentry)) {
		d_drop(dentry);
		dput(dentry);
		dentry = NULL;
	}
	if (!dentry && inode->i_op && inode->i_op->lookup)
		dentry = inode->i_op->lookup(dir, name, len);
	return dentry;
}

static void step_dotdot(struct walk *w)
{
	struct dentry *parent;

	for (;;) {
		if (w->path.dentry == w->root.dentry && w->path.mnt == w->root.mnt)
			return;
		if (w->path.dentry != w->path.mnt->mnt_root)
			break;
		if (!follow_up(&w->path))
			return;
	}
	parent = dget(w->path.dentry->d_parent);
	dput(w->path.dentry);
	w->path.dentry = parent;
	follow_down(&w->path);
}

/* The text that remains becomes target + "/" + rest. */
static int prepend_text(struct walk *w, const char *target)
{
	size_t len = strlen(target), rest = strlen(w->name);
	char *buf;

	if (len == 0)
		return -ENOENT;
	if (len + rest + 2 > 2 * PATH_MAX)
		return -ENAMETOOLONG;
	buf = kmalloc(len + rest + 2, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	memcpy(buf, target, len);
	if (rest)
		buf[len++] = '/';
	memcpy(buf + len, w->name, rest + 1);
	kfree(w->buf);
	w->buf = buf;
	w->name = buf;
	return 0;
}

int walk_follow(struct walk *w, struct path *link)
{
	struct link_target to = { .text = NULL };
	struct inode *inode = link->dentry->d_inode;
	int err = -ELOOP;

	if (++w->nr_links <= MAXSYMLINKS)
		err = inode->i_op->get_link(link->dentry, &to);
	if (err) {
		path_put(link);
		return walk_fail(w, err);
	}
	if (!to.text) {
		path_put(&w->path);
		w->path = to.jump;
	} else {
		err = prepend_text(w, to.text);
		kfree(to.free);
		if (!err && w->name[0] == '/') {
			path_get(&w->root);
			path_put(&w->path);
			w->path = w->root;
		}
	}
	path_put(link);
	return err ? walk_fail(w, err) : 0;
}

/* Go from directory w->path to its entry of that name; last: nothing follows it in the text. */
static int step_name(struct walk *w, const char *name, unsigned int len, bool last, bool slash)
{
	struct dentry *dentry = lookup_one(w->path.dentry, name, len);
	struct path next;

	if (IS_ERR_OR_NULL(dentry))
		return walk_fail(w, dentry ? PTR_ERR(dentry) : -ENOENT);
	next.mnt = mntget(w->path.mnt);
	next.dentry = dentry;
	follow_down(&next);
	if (S_ISLNK(next.dentry->d_inode->i_mode) && (!last || slash || (w->flags & LOOKUP_FOLLOW)))
		return walk_follow(w, &next);
	path_put(&w->path);
	w->path = next;
	return 0;
}

/* ---- The loop ---- */

static int last_type(const char *name, unsigned int len)
{
	if (len == 1 && name[0] == '.')
		return LAST_DOT;
	if (len == 2 && name[0] == '.' && name[1] == '.')
		return LAST_DOTDOT;
	return LAST_NORM;
}

int walk_path(struct walk *w)
{
	bool must_be_dir = w->flags & LOOKUP_DIRECTORY;

	w->last_type = LAST_ROOT;
	for (;;) {
		const char *name = w->name;
		struct inode *dir = w->path.dentry->d_inode;
		unsigned int len = 0;
		int err;

		while (*name == '/')
			name++;
		if (!*name)
			break;
		if (!S_ISDIR(dir->i_mode))
			return walk_fail(w, -ENOTDIR);
		err = inode_permission(dir, MAY_EXEC);
		if (err)
			return walk_fail(w, err);
		while (name[len] && name[len] != '/')
			len++;
		if (len > NAME_MAX)
			return walk_fail(w, -ENAMETOOLONG);
		w->name = name + len;
		w->last_slash = *w->name == '/';
		while (*w->name == '/')
			w->name++;
		w->last = name;
		w->last_len = len;
		w->last_type = last_type(name, len);
		if (w->parent_only && !*w->name)
			return 0;
		if (!*w->name && w->last_slash)
			must_be_dir = true;
		if (w->last_type == LAST_DOTDOT)
			step_dotdot(w);
		else if (w->last_type == LAST_NORM)
			err = step_name(w, name, len, !*w->name, w->last_slash);
		if (err)
			return err;
	}
	if (must_be_dir && !S_ISDIR(w->path.dentry->d_inode->i_mode))
		return walk_fail(w, -ENOTDIR);
	return 0;
}

int path_at(int dfd, const char *name, unsigned int lookup_flags, struct path *path)
{
	struct walk w;
	int err;

	down_read(&namespace_sem);
	err = walk_start(&w, dfd, name, lookup_flags, false);
	if (!err)
		err = walk_path(&w);
	up_read(&namespace_sem);
	walk_end(&w);
	if (!err)
		*path = w.path;
	return err;
}
