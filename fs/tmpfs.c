/* SPDX-License-Identifier: MIT */
/*
 * tmpfs: a file system that is its own dentries and page cache.
 *
 * A directory is the list of its children's dentries, each pinned by one reference that unlink and
 * rmdir drop. Contents are shmem.c's business. The same code is the root file system (type rootfs, without
 * limits), /dev (devtmpfs.c), what mount -t tmpfs makes (half of the memory by default; size=, nr_blocks=,
 * nr_inodes=, mode=, uid=, gid=), and the nameless files of shmem_file_setup().
 *
 * Locks: namespace_sem for writing around every change of names (namei_change.c).
 */
#include "fs/internal.h"
#include "fs/seq_file.h"
#include "fs/shmem.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "mm/mm.h"
#include "mm/pagemap.h"
#include "mm/slab.h"
#include "mm/zone.h"

#define DIRENT_SIZE 20 /* what one name adds to st_size of its directory, as in Linux */

static const struct inode_operations tmpfs_dir_iops, tmpfs_file_iops, tmpfs_link_iops, tmpfs_special_iops;
static struct super_block *shm_sb; /* [I] of nameless files; no limit */

static int get_simple_link(struct dentry *dentry, struct link_target *out)
{
	out->text = dentry->d_inode->i_link;
	return 0;
}

static int tmpfs_setattr(struct inode *inode, struct iattr *attr)
{
	return attr->valid & ATTR_SIZE ? shmem_truncate(inode, attr->size) : 0;
}

static void tmpfs_file_getattr(struct inode *inode, struct kstat *stat)
{
	shmem_recalc(inode);
	stat->blocks = inode->i_blocks;
}

struct inode *tmpfs_new_inode(struct super_block *sb, const struct inode *dir, umode_t mode, dev_t rdev)
{
	struct tmpfs_sb *sbi = TMPFS_SB(sb);
	struct inode *inode;

	if (atomic_long_inc_return(&sbi->used_inodes) > (long)sbi->max_inodes && sbi->max_inodes) {
		atomic_long_dec(&sbi->used_inodes);
		return ERR_PTR(-ENOSPC);
	}
	inode = new_inode(NULL, mode);
	if (!inode)
		goto fail;
	inode->i_ino = atomic_long_inc_return(&sb->s_next_ino);
	inode_init_owner(inode, dir, mode);
	inode->i_op = &tmpfs_special_iops;
	if (S_ISREG(mode)) {
		inode->i_op = &tmpfs_file_iops;
		if (shmem_init_inode(inode)) {
			iput(inode);
			goto fail;
		}
	} else if (S_ISDIR(mode)) {
		inode->i_op = &tmpfs_dir_iops;
		inode->i_fop = &simple_dir_operations;
		inode->i_nlink = 2;
		inode->i_size = 2 * DIRENT_SIZE;
	} else if (S_ISLNK(mode)) {
		inode->i_op = &tmpfs_link_iops;
	} else {
		init_special_inode(inode, mode, rdev);
	}
	inode->i_sb = sb; /* from here on evict_inode undoes the count */
	return inode;
fail:
	atomic_long_dec(&sbi->used_inodes);
	return ERR_PTR(-ENOMEM);
}

static void tmpfs_evict(struct inode *inode)
{
	if (S_ISREG(inode->i_mode))
		shmem_evict(inode);
	atomic_long_dec(&TMPFS_SB(inode->i_sb)->used_inodes);
}

/* ---- Names ---- */

static void dir_changed(struct inode *dir, int names)
{
	i_size_write(dir, i_size_read(dir) + names * DIRENT_SIZE);
	dir->i_mtime = dir->i_ctime = current_time_ns();
}

static int tmpfs_mknod(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev)
{
	struct inode *inode = tmpfs_new_inode(dentry->d_sb, dir, mode, dev);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	d_add(dget(dentry), inode);
	dir_changed(dir, 1);
	return 0;
}

/* O_TMPFILE: an object without a name */
static int tmpfs_tmpfile(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = tmpfs_new_inode(dentry->d_sb, dir, mode, 0);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode->i_nlink = 0;
	dentry->d_inode = inode;
	return 0;
}

static int tmpfs_create(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	return tmpfs_mknod(dir, dentry, mode, 0);
}

static int tmpfs_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	int err = tmpfs_mknod(dir, dentry, mode, 0);

	if (!err)
		dir->i_nlink++;
	return err;
}

static int tmpfs_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	struct inode *inode = tmpfs_new_inode(dentry->d_sb, dir, S_IFLNK | 0777, 0);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode->i_link = kstrdup(target, GFP_KERNEL);
	if (!inode->i_link) {
		iput(inode);
		return -ENOMEM;
	}
	inode->i_size = strlen(target);
	d_add(dget(dentry), inode);
	dir_changed(dir, 1);
	return 0;
}

static int tmpfs_link(struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = old->d_inode;

	inode->i_nlink++;
	inode->i_ctime = current_time_ns();
	d_add(dget(dentry), igrab(inode));
	dir_changed(dir, 1);
	return 0;
}

static int tmpfs_unlink(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	inode->i_nlink--;
	inode->i_ctime = current_time_ns();
	dir_changed(dir, -1);
	d_drop(dentry);
	dput(dentry); /* the pin; the caller has a reference */
	return 0;
}

static int tmpfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	if (d_has_children(dentry))
		return -ENOTEMPTY;
	dentry->d_inode->i_nlink--;
	dir->i_nlink--;
	return tmpfs_unlink(dir, dentry);
}

static int tmpfs_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
			struct dentry *target)
{
	bool dir = S_ISDIR(old->d_inode->i_mode);

	if (target) {
		int err = dir ? tmpfs_rmdir(new_dir, target) : tmpfs_unlink(new_dir, target);

		if (err)
			return err;
	}
	if (dir && old_dir != new_dir) {
		old_dir->i_nlink--;
		new_dir->i_nlink++;
	}
	dir_changed(old_dir, -1);
	dir_changed(new_dir, 1);
	old->d_inode->i_ctime = current_time_ns();
	return 0;
}

static ssize_t dir_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	return -EISDIR;
}

const struct file_operations simple_dir_operations = {
	.read = dir_read,
	.llseek = seq_lseek,
	.iterate = dcache_iterate,
};

static const struct inode_operations tmpfs_dir_iops = {
	.create = tmpfs_create,
	.tmpfile = tmpfs_tmpfile,
	.mknod = tmpfs_mknod,
	.mkdir = tmpfs_mkdir,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
};
static const struct inode_operations tmpfs_file_iops = {
	.setattr = tmpfs_setattr,
	.getattr = tmpfs_file_getattr,
};
static const struct inode_operations tmpfs_link_iops = { .get_link = get_simple_link };
static const struct inode_operations tmpfs_special_iops = { .setattr = NULL };

/* ---- Mounting ---- */

static int tmpfs_statfs(struct super_block *sb, struct kstatfs *buf)
{
	struct tmpfs_sb *sbi = TMPFS_SB(sb);
	long used = atomic_long_read(&sbi->used_blocks), inodes = atomic_long_read(&sbi->used_inodes);

	if (sbi->max_blocks) {
		buf->f_blocks = sbi->max_blocks;
		buf->f_bfree = buf->f_bavail = sbi->max_blocks > (u64)used ? sbi->max_blocks - used : 0;
	}
	if (sbi->max_inodes) {
		buf->f_files = sbi->max_inodes;
		buf->f_ffree = sbi->max_inodes > (u64)inodes ? sbi->max_inodes - inodes : 0;
	}
	return 0;
}

static void tmpfs_put_super(struct super_block *sb)
{
	kfree(sb->s_fs_info);
}

static const struct super_operations tmpfs_sops = {
	.evict_inode = tmpfs_evict,
	.statfs = tmpfs_statfs,
	.put_super = tmpfs_put_super,
};

struct tmpfs_options {
	umode_t mode;
	u32 uid, gid;
};

/* One "name=value" of the mount options. => false: not understood */
static bool parse_option(char *word, struct tmpfs_sb *sbi, struct tmpfs_options *opt)
{
	char *value = strchr(word, '='), *end;
	unsigned long long number;

	if (!value)
		return *word == '\0';
	*value++ = '\0';
	if (!strcmp(word, "mode")) {
		opt->mode = simple_strtoul(value, &end, 8) & S_IALLUGO;
		return !*end;
	}
	if (!strcmp(word, "huge") || !strcmp(word, "mpol"))
		return true;
	number = memparse(value, &end);
	if (!strcmp(word, "size")) {
		if (*end == '%') {
			number = number * totalram_pages / 100 << PAGE_SHIFT;
			end++;
		}
		sbi->max_blocks = (number + PAGE_SIZE - 1) >> PAGE_SHIFT;
	} else if (!strcmp(word, "nr_blocks")) {
		sbi->max_blocks = number;
	} else if (!strcmp(word, "nr_inodes")) {
		sbi->max_inodes = number;
	} else if (!strcmp(word, "uid")) {
		opt->uid = number;
	} else if (!strcmp(word, "gid")) {
		opt->gid = number;
	} else {
		return false;
	}
	return !*end;
}

static int parse_options(const char *data, struct tmpfs_sb *sbi, struct tmpfs_options *opt)
{
	char *copy = kstrdup(data, GFP_KERNEL), *rest = copy, *word;
	int err = copy ? 0 : -ENOMEM;

	while (!err && (word = strsep(&rest, ",")) != NULL) {
		if (!parse_option(word, sbi, opt)) {
			pr_err("tmpfs: bad mount option \"%s\"\n", word);
			err = -EINVAL;
		}
	}
	kfree(copy);
	return err;
}

/* data NULL: no limits */
struct super_block *tmpfs_make_sb(struct file_system_type *type, const char *data)
{
	struct tmpfs_options opt = { .mode = 0755, .uid = current->fsuid, .gid = current->fsgid };
	struct super_block *sb = alloc_super(type, &tmpfs_sops, TMPFS_MAGIC);
	struct tmpfs_sb *sbi = kzalloc(sizeof(*sbi), GFP_KERNEL);
	struct inode *root;
	int err = -ENOMEM;

	if (!sb || !sbi)
		goto fail;
	sb->s_fs_info = sbi;
	if (data) {
		sbi->max_blocks = totalram_pages / 2;
		sbi->max_inodes = (totalram_pages - totalhigh_pages) / 2;
		opt.mode = S_ISVTX | 0777;
		err = parse_options(data, sbi, &opt);
		if (err)
			goto fail;
	}
	root = tmpfs_new_inode(sb, NULL, S_IFDIR | opt.mode, 0);
	if (IS_ERR(root)) {
		err = PTR_ERR(root);
		goto fail;
	}
	root->i_uid = opt.uid;
	root->i_gid = opt.gid;
	sb->s_root = d_make_root(sb, root);
	if (sb->s_root)
		return sb;
	err = -ENOMEM;
fail:
	kfree(sbi);
	kfree(sb);
	return ERR_PTR(err);
}

static struct super_block *tmpfs_mount(struct file_system_type *type, unsigned long flags,
				       const char *dev_name, const char *data)
{
	return tmpfs_make_sb(type, data ? data : "");
}

struct file_system_type tmpfs_type = { .name = "tmpfs", .mount = tmpfs_mount };
static struct file_system_type ramfs_type = { .name = "ramfs", .mount = tmpfs_mount };
static struct file_system_type rootfs_type = { .name = "rootfs" };

/* ---- Nameless files ---- */

static void shm_name(struct dentry *dentry, char *buf, size_t size)
{
	snprintf(buf, size, "/%s (deleted)", dentry->d_name + (dentry->d_name[0] == '/'));
}

static const struct dentry_operations shm_d_ops = { .d_name = shm_name };

struct file *shmem_file_setup(const char *name, loff_t size, unsigned long vm_flags)
{
	struct inode *inode;

	if (size < 0)
		return ERR_PTR(-EINVAL);
	inode = tmpfs_new_inode(shm_sb, NULL, S_IFREG | 0777, 0);
	if (IS_ERR(inode))
		return ERR_CAST(inode);
	inode->i_nlink = 0;
	inode->i_size = size;
	return alloc_pseudo_file(shm_sb, inode, name, &shm_d_ops, O_RDWR, &shmem_file_operations);
}

struct file *memfd_file(const char *name, bool may_seal)
{
	char text[NAME_MAX + 8];
	struct file *file;

	snprintf(text, sizeof(text), "memfd:%s", name);
	file = shmem_file_setup(text, 0, 0);
	if (!IS_ERR(file) && !may_seal)
		SHMEM_I(file_inode(file))->seals = 1; /* F_SEAL_SEAL */
	return file;
}

void tmpfs_init_rootfs(void)
{
	struct super_block *sb = tmpfs_make_sb(&rootfs_type, NULL);
	struct path root;

	shm_sb = tmpfs_make_sb(&tmpfs_type, NULL);
	if (IS_ERR(sb) || IS_ERR(shm_sb))
		panic("tmpfs: no memory for the root file system");
	register_filesystem(&tmpfs_type);
	register_filesystem(&ramfs_type);
	root_mnt = mount_sb(sb, "rootfs");
	if (!root_mnt)
		panic("tmpfs: no memory for the root mount");
	list_add_tail(&root_mnt->mnt_list, &mount_list);
	root.mnt = root_mnt;
	root.dentry = root_mnt->mnt_root;
	fs_struct_init(&root);
	mm_set_shmem_setup(shmem_file_setup);
	shmem_swap_init();
}
