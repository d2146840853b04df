/* SPDX-License-Identifier: MIT */
/*
 * fs_struct: a process's root, working directory and umask.
 *
 * Readers copy the path with references under fs->lock; nobody else's fs is changed.
 */
#include "fs/internal.h"
#include "kernel/base/string.h"
#include "mm/slab.h"

static struct fs_struct init_fs = {
	.count = ATOMIC_INIT(1),
	.lock = SPIN_LOCK_UNLOCKED("init_fs.lock", LOCK_RANK_FILES),
	.umask = 0022,
};

/* => the tree has its root: the boot tasks stand there from now on */
void fs_struct_init(const struct path *root)
{
	set_fs_root(&init_fs, root);
	set_fs_pwd(&init_fs, root);
	init_task.fs = &init_fs;
	if (current != &init_task && !current->fs) {
		atomic_inc(&init_fs.count);
		current->fs = &init_fs;
	}
}

struct fs_struct *copy_fs_struct(struct fs_struct *old)
{
	struct fs_struct *fs = kzalloc(sizeof(*fs), GFP_KERNEL);

	if (!fs)
		return NULL;
	atomic_set(&fs->count, 1);
	spin_lock_init(&fs->lock, LOCK_RANK_FILES);
	get_fs_root(old, &fs->root);
	get_fs_pwd(old, &fs->pwd);
	fs->umask = READ_ONCE(old->umask);
	return fs;
}

void put_fs_struct(struct fs_struct *fs)
{
	if (!fs || !atomic_dec_and_test(&fs->count))
		return;
	path_put(&fs->root);
	path_put(&fs->pwd);
	kfree(fs);
}

static void set_path(struct fs_struct *fs, struct path *slot, const struct path *path)
{
	struct path old;

	path_get(path);
	spin_lock(&fs->lock);
	old = *slot;
	*slot = *path;
	spin_unlock(&fs->lock);
	if (old.dentry)
		path_put(&old);
}

static void get_path(struct fs_struct *fs, const struct path *slot, struct path *path)
{
	spin_lock(&fs->lock);
	*path = *slot;
	if (path->dentry)
		path_get(path);
	spin_unlock(&fs->lock);
}

void set_fs_pwd(struct fs_struct *fs, const struct path *path)
{
	set_path(fs, &fs->pwd, path);
}

void set_fs_root(struct fs_struct *fs, const struct path *path)
{
	set_path(fs, &fs->root, path);
}

void get_fs_pwd(struct fs_struct *fs, struct path *path)
{
	get_path(fs, &fs->pwd, path);
}

void get_fs_root(struct fs_struct *fs, struct path *path)
{
	get_path(fs, &fs->root, path);
}

umode_t current_umask(void)
{
	return READ_ONCE(current->fs->umask);
}
