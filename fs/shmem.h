/* SPDX-License-Identifier: MIT */
/*
 * The contents of tmpfs files, for tmpfs.c and shmem_swap.c. See shmem.c.
 */
#ifndef FS_SHMEM_H
#define FS_SHMEM_H

#include "fs/fs.h"

/* fcntl(F_ADD_SEALS): what may not be done with a file any more */
#define F_SEAL_SEAL   0x01
#define F_SEAL_SHRINK 0x02
#define F_SEAL_GROW   0x04
#define F_SEAL_WRITE  0x08
#define F_SEAL_ALL    0x0f

/* A mounted tmpfs. */
struct tmpfs_sb {
	unsigned long max_blocks;	/* [n] pages; 0: no limit */
	unsigned long max_inodes;	/* [n] 0: no limit */
	atomic_long_t used_blocks;	/* [a] */
	atomic_long_t used_inodes;	/* [a] */
};

/* inode->i_private of a regular file. */
struct shmem_inode {
	spinlock_t lock;
	struct radix_tree_root swapped;	/* [lock] index -> swap entry, of pages that are in no cache */
	unsigned long nr_swapped;	/* [lock] */
	unsigned long swapins;		/* [lock] pages that have come back */
	unsigned long charged;		/* [lock] pages there that are charged to the super block */
	unsigned int seals;		/* [w] F_SEAL_*: what may not be done any more */
	struct inode *inode;		/* [I] */
	struct list_head list;		/* [shmem_list_lock] files that had swapped pages, for swapoff */
	bool visited;			/* [shmem_list_lock] swapoff is in the file: it must not end */
	bool ends;			/* [shmem_list_lock] nobody goes there any more */
};

static inline struct shmem_inode *SHMEM_I(const struct inode *inode)
{
	return inode->i_private;
}

static inline struct tmpfs_sb *TMPFS_SB(const struct super_block *sb)
{
	return sb->s_fs_info;
}

enum shmem_get { SGP_READ, SGP_ALLOC }; /* a hole gives no page; gets one */

/* => 0 with *pagep locked, up to date and referenced (NULL: a hole), -ENOMEM, -ENOSPC, -EIO */
int shmem_getpage(struct inode *inode, unsigned long index, struct page **pagep, enum shmem_get how);
/* Bring the charge down to what is there. */
void shmem_recalc(struct inode *inode);
int shmem_init_inode(struct inode *inode);	/* regular file; 0 or -ENOMEM */
void shmem_evict(struct inode *inode);
/* => [w] held for writing */
int shmem_truncate(struct inode *inode, loff_t size);
int shmem_punch(struct inode *inode, loff_t offset, loff_t len); /* a hole: [w] held for writing */

/* shmem_file.c */
extern const struct file_operations shmem_file_operations;

/* shmem_swap.c */
int shmem_swapin(struct inode *inode, unsigned long index); /* 0: look again, or -ENOMEM, -EIO */
bool shmem_is_swapped(struct shmem_inode *info, unsigned long index); /* a hint: it may come in or go any time */
bool shmem_is_hole(struct inode *inode, unsigned long index); /* neither in memory nor in swap at one moment */
void shmem_free_swapped(struct shmem_inode *info, unsigned long first, unsigned long last); /* inclusive */
void shmem_end_visits(struct shmem_inode *info); /* the inode goes away: swapoff has left it. May sleep */
void shmem_forget(struct shmem_inode *info);	/* and does not know it any more */
int shmem_writepage(struct page *page, struct writeback_control *wbc);
void shmem_swap_init(void);

#endif
