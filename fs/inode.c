/* SPDX-License-Identifier: MIT */
/*
 * inodes and super blocks: the objects that names lead to.
 *
 * An inode lives as long as somebody holds it: a dentry, an open file (through its dentry), a lookup.
 * With the last iput() the file system's evict_inode frees the contents if the object has no
 * name left, and the memory goes back. What is kept for later is kept with its name (dcache_lru.c).
 *
 * Locks: see fs.h. Beyond this Linux has: an inode hash and LRU, write-back of inodes, quotas.
 */
#include "arch/time.h"
#include "fs/internal.h"
#include "kernel/base/string.h"
#include "mm/pagemap.h"
#include "mm/slab.h"

static struct kmem_cache *inode_cache;
static atomic_t next_anon_dev = ATOMIC_INIT(0);

void inode_init(void)
{
	inode_cache = kmem_cache_create("inode_cache", sizeof(struct inode), 0, SLAB_PANIC | SLAB_RECLAIM_ACCOUNT,
					NULL);
}

/* st_dev of file systems without a device: major 0, a minor of its own. */
dev_t get_anon_dev(void)
{
	return MKDEV(0, atomic_inc_return(&next_anon_dev));
}

struct inode *new_inode(struct super_block *sb, umode_t mode)
{
	struct inode *inode = kmem_cache_zalloc(inode_cache, GFP_KERNEL);

	if (!inode)
		return NULL;
	inode->i_mode = mode;
	inode->i_nlink = 1;
	inode->i_uid = current->fsuid;
	inode->i_gid = current->fsgid;
	inode->i_ino = sb ? atomic_long_inc_return(&sb->s_next_ino) : 0;
	inode->i_atime = inode->i_mtime = inode->i_ctime = current_time_ns();
	atomic_set(&inode->i_count, 1);
	init_rwsem(&inode->i_rwsem, LOCK_RANK_INODE);
	spin_lock_init(&inode->i_lock, LOCK_RANK_DCACHE);
	INIT_LIST_HEAD(&inode->i_locks);
	inode->i_sb = sb;
	inode->i_mapping = &inode->i_data;
	address_space_init(&inode->i_data, inode, NULL, GFP_HIGHUSER_MOVABLE);
	return inode;
}

void inode_init_owner(struct inode *inode, const struct inode *dir, umode_t mode)
{
	inode->i_mode = mode;
	if (!dir || !(dir->i_mode & S_ISGID))
		return;
	inode->i_gid = dir->i_gid;
	if (S_ISDIR(mode))
		inode->i_mode |= S_ISGID;
}

struct inode *igrab(struct inode *inode)
{
	atomic_inc(&inode->i_count);
	return inode;
}

void iput(struct inode *inode)
{
	if (!inode || !atomic_dec_and_test(&inode->i_count))
		return;
	if (inode->i_sb && inode->i_sb->s_op && inode->i_sb->s_op->evict_inode)
		inode->i_sb->s_op->evict_inode(inode);
	BUG_ON(inode->i_data.nrpages || inode->i_data.nrshadows);
	kfree(inode->i_link);
	kmem_cache_free(inode_cache, inode);
}

struct super_block *alloc_super(struct file_system_type *type, const struct super_operations *ops,
				unsigned long magic)
{
	struct super_block *sb = kzalloc(sizeof(*sb), GFP_KERNEL);

	if (!sb)
		return NULL;
	sb->s_type = type;
	sb->s_op = ops;
	sb->s_magic = magic;
	sb->s_dev = get_anon_dev();
	sb->s_blocksize = PAGE_SIZE;
	sb->s_maxbytes = (loff_t)(~0UL >> 1);
	atomic_set(&sb->s_count, 1);
	return sb;
}

void put_super(struct super_block *sb)
{
	struct dentry *root;

	if (!atomic_dec_and_test(&sb->s_count))
		return;
	root = sb->s_root;
	sb->s_root = NULL;
	if (root) {
		d_genocide(root);
		dput(root);
	}
	if (sb->s_op && sb->s_op->put_super)
		sb->s_op->put_super(sb);
	kfree(sb);
}

void init_special_inode(struct inode *inode, umode_t mode, dev_t rdev)
{
	inode->i_rdev = rdev;
	if (S_ISCHR(mode))
		inode->i_fop = &def_chr_fops;
	else if (S_ISBLK(mode))
		inode->i_fop = &def_blk_fops;
	else if (S_ISFIFO(mode))
		inode->i_fop = &fifo_fops;
}

int simple_statfs(struct super_block *sb, struct kstatfs *buf)
{
	memset(buf, 0, sizeof(*buf));
	buf->f_type = (long)sb->s_magic;
	buf->f_bsize = buf->f_frsize = (long)sb->s_blocksize;
	buf->f_namelen = NAME_MAX;
	buf->f_fsid = sb->s_dev;
	return 0;
}
