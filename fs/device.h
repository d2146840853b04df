/* SPDX-License-Identifier: MIT */
/*
 * Devices as files: the table of character devices, and /dev. See chardev.c, devtmpfs.c, block_dev.c.
 */
#ifndef FS_DEVICE_H
#define FS_DEVICE_H

#include "fs/fs.h"
#include "kernel/core/block.h"

struct char_device {
	const char *name;	/* in /dev */
	dev_t dev;
	umode_t mode;
	const struct file_operations *fops;
	struct char_device *next;
};

/* => before devices_init() the name appears there, after it at once */
void register_chrdev(struct char_device *cdev);
struct char_device *chrdev_first(void);

/* => the inode whose page cache is the device's, one reference, or ERR_PTR. All openers share it. */
struct inode *bdev_inode(struct block_device *bdev);
/* Drops clean, unused pages of every block device's cache; => pages */
unsigned long drop_pagecache(void);
unsigned long nr_blockdev_pages(void);	/* pages of those caches */
/*
 * For the only opener of a device that is to become another one (fs/loop.c): opening it is EBUSY from shut to reopen.
 * => 0, -EBUSY: there are others
 */
int bdev_shut(struct block_device *bdev);
void bdev_reopen(struct block_device *bdev);
/* => its cache is written and empty; -EAGAIN: others write to it all the time, nothing of theirs is lost. May sleep */
int __must_check bdev_write_and_forget(struct block_device *bdev);
/* => the size is that many sectors from now on, for who has it open too; the cache is as it was. May sleep */
void bdev_set_size(struct block_device *bdev, u64 sectors);
/*
 * => what was dirty in its cache is on the disk, what is clean and unused has left: for who goes to the disk past the
 *    cache from now on; may sleep
 */
void bdev_write_and_drop(struct block_device *bdev);
/* => a node for it in /dev: 0 or -errno; may sleep */
int devtmpfs_add_disk(const struct block_device *bdev);

/* The shared inode's i_private. */
struct bdev_file {
	struct block_device *bdev;	/* [I] */
	unsigned int openers;		/* [bdev_mutex] */
	bool shut;			/* [bdev_mutex] no more openers */
	spinlock_t reserve_lock;
	struct list_head reserve;	/* [reserve_lock] bios for write-back when there is no memory */
	wait_queue_head_t reserve_wait;
};

/* block_pages.c */
extern const struct address_space_operations bdev_aops;
int __must_check bdev_reserve_fill(struct bdev_file *bf); /* 0 or -ENOMEM with nothing kept */
void bdev_reserve_free(struct bdev_file *bf);
void block_pages_init(void);

void chardev_init(void);
void tty_file_init(void);
void block_dev_init(void);
void devtmpfs_init(void);
void loop_init(void);

#endif
