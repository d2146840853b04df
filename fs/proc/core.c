/* SPDX-License-Identifier: MIT */
/*
 * procfs: the tree.
 *
 * Two parts: a fixed one of struct proc_entry, made at boot (meminfo, sys/vm/...), and the directories of
 * processes, which exist only while somebody looks at them (task_dir.c). A lookup makes inode and dentry; those of the
 * fixed part are kept until memory is short (fs/dcache_lru.c), those of a process end with their last user's dput().
 *
 *   /proc/meminfo     proc_entry "meminfo" -> show()
 *   /proc/42/status   task 42 (referenced by the inode) + task_entry "status" -> show(task)
 *
 * Locks: namespace_sem (held by lookup and listing). The entries never change after boot.
 */
#include "arch/uaccess.h"
#include "fs/proc/proc.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/base/vsprintf.h"
#include "mm/slab.h"

#define PID_POS 0x10000 /* listing positions from here on are process ids */

struct proc_entry proc_root = { .name = "/", .mode = S_IFDIR | 0555, .ino = 1 };
struct super_block *proc_sb;
static u64 last_ino = 1;

static const struct inode_operations proc_dir_iops, proc_file_iops, proc_link_iops;
static const struct file_operations proc_dir_fops, proc_file_fops;

void proc_add(struct proc_entry *dir, struct proc_entry *entry)
{
	struct proc_entry **p = dir ? &dir->children : &proc_root.children;

	while (*p)
		p = &(*p)->next;
	entry->next = NULL;
	entry->ino = ++last_ino;
	*p = entry;
}

struct proc_entry *proc_find(const struct proc_entry *dir, const char *name, unsigned int len)
{
	struct proc_entry *e;

	for (e = dir->children; e; e = e->next)
		if (strlen(e->name) == len && !memcmp(e->name, name, len))
			break;
	return e;
}

/* ---- Inodes ---- */

struct inode *proc_new_inode(struct super_block *sb, umode_t mode, u64 ino)
{
	struct inode *inode = new_inode(NULL, mode);
	struct proc_inode *pi = kzalloc(sizeof(*pi), GFP_KERNEL);

	if (!inode || !pi) {
		kfree(pi);
		iput(inode);
		return NULL;
	}
	inode->i_sb = sb;
	inode->i_ino = ino;
	inode->i_uid = inode->i_gid = 0;
	inode->i_private = pi;
	if (S_ISDIR(mode))
		inode->i_nlink = 2;
	return inode;
}

static void proc_evict(struct inode *inode)
{
	struct proc_inode *pi = PROC_I(inode);

	if (pi->task)
		put_task_struct(pi->task);
	kfree(pi);
}

static struct inode *entry_inode(struct super_block *sb, const struct proc_entry *e)
{
	struct inode *inode = proc_new_inode(sb, e->mode, e->ino);

	if (!inode)
		return NULL;
	PROC_I(inode)->entry = e;
	if (S_ISDIR(e->mode)) {
		inode->i_op = &proc_dir_iops;
		inode->i_fop = &proc_dir_fops;
	} else if (S_ISLNK(e->mode)) {
		inode->i_op = &proc_link_iops;
	} else {
		inode->i_op = &proc_file_iops;
		inode->i_fop = e->fops ? e->fops : &proc_file_fops;
	}
	return inode;
}

struct dentry *proc_new_dentry(struct dentry *dir, const char *name, unsigned int len, struct inode *inode,
			       const struct dentry_operations *d_op)
{
	struct dentry *dentry;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	dentry = d_alloc(dir, dir->d_sb, name, len);
	if (!dentry) {
		iput(inode);
		return ERR_PTR(-ENOMEM);
	}
	dentry->d_op = d_op;
	if (!d_op) /* a fixed entry: is true for ever */
		dentry->d_flags |= DCACHE_KEEP;
	return d_add_unique(dentry, inode);
}

static struct dentry *proc_lookup(struct dentry *dir, const char *name, unsigned int len)
{
	const struct proc_entry *d = PROC_I(dir->d_inode)->entry, *e = proc_find(d, name, len);

	if (e)
		return proc_new_dentry(dir, name, len, entry_inode(dir->d_sb, e), NULL);
	return d == &proc_root ? proc_task_lookup(dir, name, len) : NULL;
}

static int proc_iterate(struct file *file, void *ctx, filldir_t emit, loff_t *pos)
{
	const struct proc_entry *dir = PROC_I(file_inode(file))->entry, *e;
	loff_t at = 2;

	if (!emit_dots(file, ctx, emit, pos))
		return 0;
	for (e = dir->children; e; e = e->next, at++) {
		if (at < *pos)
			continue;
		if (!emit(ctx, e->name, strlen(e->name), at, e->ino, (e->mode & S_IFMT) >> 12))
			return 0;
		*pos = at + 1;
	}
	if (dir == &proc_root) {
		if (*pos < PID_POS)
			*pos = PID_POS;
		proc_task_iterate(ctx, emit, pos, PID_POS, NULL);
	}
	return 0;
}

static const struct inode_operations proc_dir_iops = { .lookup = proc_lookup };
static const struct file_operations proc_dir_fops = { .iterate = proc_iterate, .llseek = seq_lseek };

/* Attributes of procfs files cannot be changed but by their owner's chmod; a truncation means nothing. */
static int proc_setattr(struct inode *inode, struct iattr *attr)
{
	attr->valid &= ~ATTR_SIZE;
	return 0;
}

static const struct inode_operations proc_file_iops = { .setattr = proc_setattr };

static int proc_get_link(struct dentry *dentry, struct link_target *out)
{
	const struct proc_entry *e = PROC_I(dentry->d_inode)->entry;
	char *buf = kmalloc(64, GFP_KERNEL);

	if (!buf)
		return -ENOMEM;
	out->free = buf;
	out->text = e->link(e->data, buf, 64);
	return 0;
}

static const struct inode_operations proc_link_iops = { .get_link = proc_get_link };

/* ---- Files ---- */

static int proc_open(struct inode *inode, struct file *file)
{
	const struct proc_entry *e = PROC_I(inode)->entry;

	if (e->seq)
		return seq_open(file, e->seq, e->data);
	if (e->show)
		return single_open(file, e->show, e->data);
	return 0;
}

static void proc_release(struct inode *inode, struct file *file)
{
	if (file->private_data)
		seq_release(inode, file);
}

static ssize_t proc_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	return file->private_data ? seq_read(file, ubuf, count, pos) : -EINVAL;
}

static ssize_t proc_kernel_read(struct file *file, void *buf, size_t count, loff_t *pos)
{
	return file->private_data ? seq_kernel_read(file, buf, count, pos) : -EINVAL;
}

ssize_t proc_write_text(const char *ubuf, size_t count, int (*store)(void *data, char *text, size_t len),
			void *data)
{
	size_t n = count < PAGE_SIZE - 1 ? count : PAGE_SIZE - 1;
	char *text = kmalloc(n + 1, GFP_KERNEL);
	int err;

	if (!text)
		return -ENOMEM;
	if (copy_from_user(text, ubuf, n)) {
		kfree(text);
		return -EFAULT;
	}
	text[n] = '\0';
	err = store(data, text, n);
	kfree(text);
	return err ? err : (ssize_t)n;
}

static ssize_t proc_write(struct file *file, const char *ubuf, size_t count, loff_t *pos)
{
	const struct proc_entry *e = PROC_I(file_inode(file))->entry;

	if (!e->store)
		return -EIO;
	return proc_write_text(ubuf, count, e->store, e->data);
}

static const struct file_operations proc_file_fops = {
	.open = proc_open, .release = proc_release, .read = proc_read, .kernel_read = proc_kernel_read,
	.write = proc_write, .llseek = seq_lseek,
};

/* ---- Mounting ---- */

static const struct super_operations proc_sops = { .evict_inode = proc_evict };

static struct super_block *shared_mount(struct super_block *sb)
{
	atomic_inc(&sb->s_count);
	return sb;
}

static struct super_block *proc_mount(struct file_system_type *type, unsigned long flags,
				      const char *dev_name, const char *data)
{
	return shared_mount(proc_sb);
}

static struct file_system_type proc_type = { .name = "proc", .mount = proc_mount };

/* sysfs: only what scripts want to find, so that mounting it works. */
static struct super_block *sysfs_sb;
static struct proc_entry sysfs_root = { .name = "/", .mode = S_IFDIR | 0555, .ino = 1 };
static struct proc_entry sysfs_dirs[] = { PROC_DIR("kernel"), PROC_DIR("block"), PROC_DIR("class"),
					  PROC_DIR("devices"), PROC_DIR("fs") };
static struct proc_entry sysfs_debug = PROC_DIR("debug");

static struct super_block *sysfs_mount(struct file_system_type *type, unsigned long flags,
				       const char *dev_name, const char *data)
{
	return shared_mount(sysfs_sb);
}

static struct file_system_type sysfs_type = { .name = "sysfs", .mount = sysfs_mount };

/* debugfs.c */
static struct super_block *debugfs_sb;
static struct proc_entry debugfs_root = { .name = "/", .mode = S_IFDIR | 0700, .ino = 1 };

static struct super_block *debugfs_mount(struct file_system_type *type, unsigned long flags,
					 const char *dev_name, const char *data)
{
	return shared_mount(debugfs_sb);
}

static struct file_system_type debugfs_type = { .name = "debugfs", .mount = debugfs_mount };

static struct super_block *make_sb(struct file_system_type *type, const struct proc_entry *root,
				   unsigned long magic)
{
	struct super_block *sb = alloc_super(type, &proc_sops, magic);

	if (sb)
		sb->s_root = d_make_root(sb, entry_inode(sb, root));
	if (!sb || !sb->s_root)
		panic("%s: no memory", type->name);
	register_filesystem(type);
	return sb;
}

static const char *self_text(void *data, char *buf, size_t size)
{
	snprintf(buf, size, "%d", current->tgid);
	return buf;
}

static const char *thread_self_text(void *data, char *buf, size_t size)
{
	snprintf(buf, size, "%d/task/%d", current->tgid, current->pid);
	return buf;
}

static const char *mounts_text(void *data, char *buf, size_t size)
{
	return "self/mounts";
}

static struct proc_entry self_entry = { .name = "self", .mode = S_IFLNK | 0777, .link = self_text };
static struct proc_entry thread_self_entry = { .name = "thread-self", .mode = S_IFLNK | 0777,
					       .link = thread_self_text };
static struct proc_entry mounts_entry = { .name = "mounts", .mode = S_IFLNK | 0777, .link = mounts_text };

void procfs_init(void)
{
	unsigned int i;

	proc_sb = make_sb(&proc_type, &proc_root, PROC_SUPER_MAGIC);
	proc_add(NULL, &self_entry);
	proc_add(NULL, &thread_self_entry);
	proc_add(NULL, &mounts_entry);
	proc_system_init();
	proc_meminfo_init();
	proc_zones_init();
	proc_vmstat_init();
	proc_oom_init();
	proc_sysctl_init();
	proc_trace_init();
	proc_pagemap_init();
	for (i = 0; i < ARRAY_SIZE(sysfs_dirs); i++)
		proc_add(&sysfs_root, &sysfs_dirs[i]);
	proc_add(&sysfs_dirs[0], &sysfs_debug);
	sysfs_power_init(&sysfs_root);
	sysfs_block_init(&sysfs_dirs[1]);
	sysfs_sb = make_sb(&sysfs_type, &sysfs_root, SYSFS_MAGIC);
	debugfs_fill(&debugfs_root);
	debugfs_sb = make_sb(&debugfs_type, &debugfs_root, DEBUGFS_MAGIC);
}
