/* SPDX-License-Identifier: MIT */
/*
 * /dev: one tmpfs that the kernel itself fills with a node per character and block device.
 *
 * It hangs on /dev from the start; mounting type devtmpfs elsewhere shows the same tree. Links that programs
 * expect (/dev/fd, stdin, stdout, stderr) lead into /proc.
 */
#include "fs/device.h"
#include "fs/internal.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "mm/slab.h"

static struct super_block *dev_sb; /* [I] */

static struct super_block *devtmpfs_mount(struct file_system_type *type, unsigned long flags,
					  const char *dev_name, const char *data)
{
	atomic_inc(&dev_sb->s_count);
	return dev_sb;
}

static struct file_system_type devtmpfs_type = { .name = "devtmpfs", .mount = devtmpfs_mount };

static bool has_name(const char *name)
{
	struct dentry *dentry = d_lookup(dev_sb->s_root, name, strlen(name));

	if (dentry)
		dput(dentry);
	return dentry;
}

/* => the inode of a new name in /dev's root or NULL; [n] write held */
static struct inode *add_node(const char *name, umode_t mode, dev_t dev)
{
	struct dentry *root = dev_sb->s_root, *dentry;
	struct inode *inode;

	if (has_name(name))
		return NULL;
	inode = tmpfs_new_inode(dev_sb, NULL, mode, dev);
	dentry = IS_ERR(inode) ? NULL : d_alloc(root, dev_sb, name, strlen(name));
	if (!dentry) {
		pr_err("devtmpfs: no memory for %s\n", name);
		if (!IS_ERR(inode))
			iput(inode);
		return NULL;
	}
	inode->i_uid = inode->i_gid = 0;
	if (S_ISDIR(mode))
		root->d_inode->i_nlink++;
	d_add(dentry, inode); /* the first reference is the pin */
	return inode;
}

static void add_link(const char *name, const char *target)
{
	struct inode *inode = add_node(name, S_IFLNK | 0777, 0);

	if (!inode)
		return;
	inode->i_link = kstrdup(target, GFP_KERNEL);
	inode->i_size = strlen(target);
}

static void add_devices(void)
{
	struct char_device *cdev;
	struct block_device *bdev;

	down_write(&namespace_sem);
	for (cdev = chrdev_first(); cdev; cdev = cdev->next)
		add_node(cdev->name, S_IFCHR | cdev->mode, cdev->dev);
	for (bdev = block_next(NULL); bdev; bdev = block_next(bdev))
		add_node(bdev->name, S_IFBLK | 0660, bdev->dev);
	add_node("shm", S_IFDIR | S_ISVTX | 0777, 0);
	add_node("pts", S_IFDIR | 0755, 0);
	add_link("fd", "/proc/self/fd");
	add_link("stdin", "/proc/self/fd/0");
	add_link("stdout", "/proc/self/fd/1");
	add_link("stderr", "/proc/self/fd/2");
	up_write(&namespace_sem);
}

int devtmpfs_add_disk(const struct block_device *bdev)
{
	int err = 0;

	down_write(&namespace_sem);
	/* A node that a program has made under that name is as good. */
	if (!has_name(bdev->name) && !add_node(bdev->name, S_IFBLK | 0660, bdev->dev))
		err = -ENOMEM;
	up_write(&namespace_sem);
	return err;
}

void devtmpfs_init(void)
{
	int err;

	dev_sb = tmpfs_make_sb(&devtmpfs_type, NULL);
	if (IS_ERR(dev_sb))
		panic("devtmpfs: no memory");
	register_filesystem(&devtmpfs_type);
	add_devices();
	do_mkdirat(AT_FDCWD, "/dev", 0755);
	err = do_mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	if (err)
		pr_err("devtmpfs: cannot be mounted on /dev: error %d\n", -err);
}
