/* SPDX-License-Identifier: MIT */
/*
 * Open files: making one and giving it up.
 *
 *   path -> alloc_file (no operation called) -> dentry_open (the object's open()) ... last fput -> file_release
 *
 * Files without a place in the tree (pipes, memfd) hang on a dentry of their own, whose d_op gives the name.
 * Read next: read_write.c, fdtable.c.
 */
#include "fs/internal.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/base/vsprintf.h"
#include "kernel/core/sched.h"
#include "mm/pagemap.h"
#include "mm/slab.h"
#include "mm/zone.h"

static struct kmem_cache *file_cache;
static atomic_long_t nr_files;
long files_max;	/* /proc/sys/fs/file-max: for all but CAP_SYS_ADMIN */
static struct super_block anon_sb = { .s_magic = 0x09041934, .s_count = ATOMIC_INIT(1) };
static struct vfsmount anon_mnt = { .mnt_sb = &anon_sb, .mnt_count = ATOMIC_INIT(1),
				    .mnt_devname = "none" };

void file_cache_init(void)
{
	file_cache = kmem_cache_create("filp", sizeof(struct file), 0, SLAB_PANIC, NULL);
	anon_sb.s_dev = get_anon_dev();
	anon_sb.s_blocksize = PAGE_SIZE;
	files_max = (long)max(totalram_pages * (PAGE_SIZE >> 10) / 10, 8192UL); /* a tenth of memory, at 1 KiB each */
}

long nr_open_files(void)
{
	return atomic_long_read(&nr_files);
}

static void free_file(struct file *file)
{
	atomic_long_dec(&nr_files);
	kmem_cache_free(file_cache, file);
}

/* Files of memory that nobody's process shows: all users together may have so many. => or -ENFILE, -ENOMEM */
static struct file *new_file(void)
{
	struct file *file;

	if (nr_open_files() >= READ_ONCE(files_max) && !has_capability_admin(current)) {
		pr_info_ratelimited("VFS: file-max limit %ld reached (/proc/sys/fs/file-max)\n", files_max);
		return ERR_PTR(-ENFILE);
	}
	file = kmem_cache_zalloc(file_cache, GFP_KERNEL);
	if (!file)
		return ERR_PTR(-ENOMEM);
	atomic_long_inc(&nr_files);
	return file;
}

static void file_release(struct file *file)
{
	struct inode *inode = file->f_inode;

	if (file->f_op && file->f_op->release)
		file->f_op->release(inode, file);
	locks_remove_flock(file);
	if (file->f_mode & FMODE_WRITE)
		put_write_access(inode);
	if (file->f_mode & FMODE_EXEC)
		allow_write_access(file);
	path_put(&file->f_path);
	free_file(file);
}

static unsigned int open_mode(unsigned int flags)
{
	if (flags & O_PATH)
		return FMODE_PATH;
	return ((flags + 1) & O_ACCMODE) | FMODE_LSEEK | FMODE_PREAD;
}

struct file *alloc_file(const struct path *path, unsigned int flags, const struct file_operations *fop)
{
	struct file *file = new_file();
	struct inode *inode = path->dentry->d_inode;

	if (IS_ERR(file))
		return file;
	file->f_mode = open_mode(flags);
	if (file->f_mode & FMODE_WRITE) {
		int err = get_write_access(inode);

		if (err) {
			free_file(file);
			return ERR_PTR(err);
		}
	}
	atomic_set(&file->f_count, 1);
	file->f_flags = flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
	file->f_op = fop;
	file->f_inode = inode;
	file->f_mapping = inode->i_mapping;
	file->f_path = *path;
	file->f_release = file_release;
	file_ra_state_init(&file->f_ra, inode->i_mapping);
	mutex_init(&file->f_pos_lock, LOCK_RANK_SEQ_FILE);
	return file;
}

/* Everything in the page cache goes through it: a file system with a direct_IO of its own there is not. */
bool may_be_direct(const struct file *file)
{
	return !S_ISREG(file->f_inode->i_mode) && !S_ISBLK(file->f_inode->i_mode);
}

struct file *dentry_open(const struct path *path, unsigned int flags)
{
	struct inode *inode = path->dentry->d_inode;
	struct file *file = alloc_file(path, flags, inode->i_fop);
	int err;

	if (IS_ERR(file))
		return file;
	path_get(path);
	if (!file->f_op || !file->f_op->open) {
		if (!(flags & O_DIRECT) || may_be_direct(file))
			return file;
		fput(file);
		return ERR_PTR(-EINVAL);
	}
	file->f_flags |= flags & O_NOCTTY; /* open wants to know; nobody else */
	err = file->f_op->open(inode, file);
	file->f_flags &= ~O_NOCTTY;
	if (!err && (flags & O_DIRECT) && !may_be_direct(file)) {
		fput(file);
		return ERR_PTR(-EINVAL);
	}
	if (!err)
		return file;
	file->f_op = NULL; /* was never open: no release */
	fput(file);
	return ERR_PTR(err);
}

/* A file whose dentry hangs in no tree. Takes inode's reference, also on failure. */
struct file *alloc_pseudo_file(struct super_block *sb, struct inode *inode, const char *name,
			       const struct dentry_operations *d_op, unsigned int flags,
			       const struct file_operations *fop)
{
	struct path path = { &anon_mnt, NULL };
	struct file *file;

	if (!sb)
		sb = &anon_sb;
	inode->i_sb = sb;
	if (!inode->i_ino)
		inode->i_ino = atomic_long_inc_return(&sb->s_next_ino);
	path.dentry = d_alloc(NULL, sb, name, strlen(name));
	if (!path.dentry) {
		iput(inode);
		return ERR_PTR(-ENOMEM);
	}
	path.dentry->d_inode = inode;
	path.dentry->d_op = d_op;
	mntget(path.mnt);
	file = alloc_file(&path, flags, fop);
	if (IS_ERR(file))
		path_put(&path);
	return file;
}

static void anon_name(struct dentry *dentry, char *buf, size_t size)
{
	snprintf(buf, size, "anon_inode:%s", dentry->d_name);
}

static const struct dentry_operations anon_d_ops = { .d_name = anon_name };

struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv,
				unsigned int flags)
{
	struct inode *inode = new_inode(NULL, 0600);
	struct file *file;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	file = alloc_pseudo_file(NULL, inode, name, &anon_d_ops, flags, fops);
	if (!IS_ERR(file))
		file->private_data = priv;
	return file;
}
