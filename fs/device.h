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

void chardev_init(void);
void tty_file_init(void);
void block_dev_init(void);
void devtmpfs_init(void);

#endif
