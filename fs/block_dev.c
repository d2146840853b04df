/* SPDX-License-Identifier: MIT */
/*
 * Block devices as files: the page cache of a disk.
 *
 *   /dev/vda (node: a number) -> block_device -> bd_inode, whose page cache all openers share
 *   read, mmap: filemap -> readpage -> bio      write: dirty pages -> flusher, fsync -> writepage -> bio
 *
 * The last close writes dirty pages and empties the cache, so that what swap or another user writes to
 * the device directly is seen by the next opener.
 *
 * A write error belongs to who asks by fsync. Who writes the cache for another reason (sync, a close beside other
 * openers, BLKFLSBUF, swapon) leaves it for him; with the last opener it goes, the log has told it.
 *
 * Locks: bdev_mutex for making bd_inode and counting openers. The device's size changes, and its cache is emptied of
 * more than clean pages, under i_rwsem, which writers hold. Read next: block_pages.c.
 */
#include "arch/uaccess.h"
#include "fs/device.h"
#include "fs/internal.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "mm/kmap.h"
#include "mm/lru.h"
#include "mm/pagemap.h"
#include "mm/slab.h"
#include "mm/vmstat.h"
#include "mm/writeback.h"

static DEFINE_MUTEX(bdev_mutex, LOCK_RANK_MM_SLEEP); /* no allocation under it: munmap may close files */
static struct super_block bdev_sb = { .s_magic = BDEVFS_MAGIC, .s_count = ATOMIC_INIT(1),
				      .s_maxbytes = (loff_t)(~0UL >> 1) };

/* ---- The shared inode ---- */

static struct inode *make_inode(struct block_device *bdev)
{
	struct inode *inode = new_inode(&bdev_sb, S_IFBLK | 0600);
	struct bdev_file *bf = kzalloc(sizeof(*bf), GFP_KERNEL);

	if (!inode || !bf || bdev_reserve_fill(bf))
		goto fail;
	bf->bdev = bdev;
	inode->i_data.bdi = bdi_get(bdev);
	if (!inode->i_data.bdi) {
		bdev_reserve_free(bf);
		goto fail;
	}
	inode->i_private = bf;
	inode->i_rdev = bdev->dev;
	inode->i_size = (loff_t)bdev->nr_sectors << SECTOR_SHIFT;
	inode->i_data.a_ops = &bdev_aops;
	inode->i_data.bdev = bdev;
	inode->i_data.gfp_mask = GFP_HIGHUSER_MOVABLE;
	return inode;
fail:
	kfree(bf);
	iput(inode);
	return NULL;
}

struct inode *bdev_inode(struct block_device *bdev)
{
	struct inode *fresh;

	if (!READ_ONCE(bdev->bd_inode)) {
		fresh = make_inode(bdev);
		if (!fresh)
			return ERR_PTR(-ENOMEM);
		mutex_lock(&bdev_mutex);
		if (!bdev->bd_inode) {
			bdev->bd_inode = fresh; /* its one reference is the device's, for ever */
			fresh = NULL;
		}
		mutex_unlock(&bdev_mutex);
		if (fresh) {
			bdev_reserve_free(fresh->i_private);
			kfree(fresh->i_private);
			iput(fresh);
		}
	}
	return igrab(bdev->bd_inode);
}

unsigned long nr_blockdev_pages(void)
{
	struct block_device *bdev;
	unsigned long n = 0;

	for (bdev = block_next(NULL); bdev; bdev = block_next(bdev)) {
		struct inode *inode = READ_ONCE(bdev->bd_inode);

		if (inode)
			n += READ_ONCE(inode->i_mapping->nrpages);
	}
	return n;
}

/* Pages just read may still wait in a CPU's vector for their LRU list, which keeps them. => pages dropped */
static unsigned long drop_clean(struct address_space *mapping)
{
	unsigned long n = invalidate_mapping_pages(mapping, 0, ~0UL);

	if (!READ_ONCE(mapping->nrpages))
		return n;
	lru_add_drain_all();
	return n + invalidate_mapping_pages(mapping, 0, ~0UL);
}

unsigned long drop_pagecache(void)
{
	struct block_device *bdev;
	unsigned long n = 0;

	for (bdev = block_next(NULL); bdev; bdev = block_next(bdev)) {
		struct inode *inode = READ_ONCE(bdev->bd_inode);

		if (inode)
			n += drop_clean(inode->i_mapping);
	}
	return n;
}

static int write_out(struct block_device *bdev, loff_t start, loff_t end)
{
	struct inode *inode = READ_ONCE(bdev->bd_inode);
	struct bio flush;
	int err;

	if (!inode)
		return 0;
	err = filemap_write_and_wait_range(inode->i_mapping, start, end);
	if (!bdev->has_flush)
		return err;
	bio_init(&flush, NULL, 0);
	flush.bi_bdev = bdev;
	flush.bi_op = BIO_FLUSH;
	return submit_bio_wait(&flush) ?: err;
}

/* The whole device, and the next fsync hears of the error all the same. => 0 or -errno */
static int write_out_for_others(struct block_device *bdev)
{
	int err = write_out(bdev, 0, LLONG_MAX);

	if (err)
		mapping_set_error(((struct inode *)bdev->bd_inode)->i_mapping, err);
	return err;
}

int vfs_sync(void)
{
	struct block_device *bdev;
	int err = 0;

	for (bdev = block_next(NULL); bdev; bdev = block_next(bdev))
		err = write_out_for_others(bdev) ?: err;
	return err;
}

int bdev_shut(struct block_device *bdev)
{
	struct bdev_file *bf = ((struct inode *)bdev->bd_inode)->i_private;
	int err = 0;

	mutex_lock(&bdev_mutex);
	if (bf->openers > 1 || bf->shut)
		err = -EBUSY;
	else
		bf->shut = true;
	mutex_unlock(&bdev_mutex);
	return err;
}

void bdev_reopen(struct block_device *bdev)
{
	struct bdev_file *bf = ((struct inode *)bdev->bd_inode)->i_private;

	mutex_lock(&bdev_mutex);
	bf->shut = false;
	mutex_unlock(&bdev_mutex);
}

#define FORGET_ROUNDS 3 /* writers may be at work meanwhile, but not for ever */

/* => false: somebody has written since the cache was written out */
static bool forget_clean(struct inode *inode)
{
	struct address_space *mapping = inode->i_mapping;
	bool clean;

	down_write(&inode->i_rwsem);
	clean = !mapping_tagged(mapping, PAGECACHE_TAG_DIRTY) && !mapping_tagged(mapping, PAGECACHE_TAG_WRITEBACK);
	if (clean)
		truncate_inode_pages(mapping, 0);
	up_write(&inode->i_rwsem);
	return clean;
}

int bdev_write_and_forget(struct block_device *bdev)
{
	struct inode *inode = READ_ONCE(bdev->bd_inode);

	for (int i = 0; inode && READ_ONCE(inode->i_mapping->nrpages); i++) {
		if (i == FORGET_ROUNDS)
			return -EAGAIN;
		write_out_for_others(bdev);
		if (forget_clean(inode))
			break;
	}
	return 0;
}

void bdev_write_and_drop(struct block_device *bdev)
{
	struct inode *inode = READ_ONCE(bdev->bd_inode);

	if (!inode || !READ_ONCE(inode->i_mapping->nrpages))
		return;
	write_out_for_others(bdev);
	drop_clean(inode->i_mapping);
}

void bdev_set_size(struct block_device *bdev, u64 sectors)
{
	struct inode *inode = READ_ONCE(bdev->bd_inode);

	if (inode)
		down_write(&inode->i_rwsem);
	WRITE_ONCE(bdev->nr_sectors, sectors);
	if (inode) {
		i_size_write(inode, (loff_t)sectors << SECTOR_SHIFT);
		up_write(&inode->i_rwsem);
	}
}

/* ---- File operations ---- */

static struct block_device *file_bdev(const struct file *file)
{
	return file->f_mapping->bdev;
}

/* => 0, -EBUSY: the device is shut */
static int count_opener(struct bdev_file *bf)
{
	int err = 0;

	mutex_lock(&bdev_mutex);
	if (bf->shut)
		err = -EBUSY;
	else
		bf->openers++;
	mutex_unlock(&bdev_mutex);
	return err;
}

static int blkdev_open(struct inode *inode, struct file *file)
{
	struct block_device *bdev = block_find_dev(inode->i_rdev);
	struct inode *shared;
	int err;

	if (!bdev)
		return -ENXIO;
	if (bdev->read_only && (file->f_mode & FMODE_WRITE))
		return -EACCES;
	shared = bdev_inode(bdev);
	if (IS_ERR(shared))
		return PTR_ERR(shared);
	if ((file->f_mode & FMODE_WRITE) && bdi_start_flusher(shared->i_data.bdi)) {
		iput(shared);
		return -ENOMEM;
	}
	err = count_opener(shared->i_private);
	if (err) {
		iput(shared);
		return err;
	}
	file->f_mapping = shared->i_mapping;
	file_ra_state_init(&file->f_ra, file->f_mapping);
	return 0;
}

/* => current dies of a signal */
static bool being_killed(void)
{
	return (current->flags & PF_EXITING) && current->signal->group_exit &&
	       (current->signal->group_exit_code & 0x7f);
}

static void write_at_close(struct block_device *bdev, bool last, bool writer)
{
	if (last)
		write_out(bdev, 0, LLONG_MAX);
	else if (writer)
		write_out_for_others(bdev);
}

static void blkdev_release(struct inode *inode, struct file *file)
{
	struct inode *shared = file->f_mapping->host;
	struct bdev_file *bf = shared->i_private;
	bool last;

	mutex_lock(&bdev_mutex);
	last = --bf->openers == 0;
	mutex_unlock(&bdev_mutex);
	/* Who is killed does not wait for a disk that may not answer; the flusher writes what is dirty. */
	if (!being_killed())
		write_at_close(bf->bdev, last, file->f_mode & FMODE_WRITE);
	/* What could not be written for want of memory stays, and so does what another opener makes dirty by now. */
	if (last)
		drop_clean(shared->i_mapping);
	iput(shared);
}

static ssize_t blkdev_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	return filemap_read(file, ubuf, count, pos, true);
}

static ssize_t blkdev_kernel_read(struct file *file, void *buf, size_t count, loff_t *pos)
{
	return filemap_read(file, buf, count, pos, false);
}

static ssize_t do_write(struct file *file, const void *buf, size_t count, loff_t *pos, bool user)
{
	struct inode *shared = file->f_mapping->host;
	ssize_t done = -ENOSPC;
	loff_t size;

	if (!count)
		return 0;
	down_write(&shared->i_rwsem);
	size = i_size_read(shared);
	if (*pos < size)
		done = filemap_write(file, buf, min(count, (size_t)(size - *pos)), pos, user);
	up_write(&shared->i_rwsem);
	if (done > 0 && (file->f_flags & O_DSYNC)) {
		int err = write_out(file_bdev(file), *pos - done, *pos - 1);

		if (err)
			return err;
	}
	return done;
}

static ssize_t blkdev_write(struct file *file, const char *ubuf, size_t count, loff_t *pos)
{
	return do_write(file, ubuf, count, pos, true);
}

static ssize_t blkdev_kernel_write(struct file *file, const void *buf, size_t count, loff_t *pos)
{
	return do_write(file, buf, count, pos, false);
}

static int blkdev_fsync(struct file *file, loff_t start, loff_t end, bool datasync)
{
	return write_out(file_bdev(file), start, end);
}

#define BLKROSET	0x125d
#define BLKROGET	0x125e
#define BLKRRPART	0x125f
#define BLKGETSIZE	0x1260
#define BLKFLSBUF	0x1261
#define BLKRASET	0x1262
#define BLKRAGET	0x1263
#define BLKSSZGET	0x1268
#define BLKIOMIN	0x1278
#define BLKIOOPT	0x1279
#define BLKALIGNOFF	0x127a
#define BLKPBSZGET	0x127b
#define BLKROTATIONAL	0x127e
#define BLKBSZGET	0x80081270
#define BLKBSZSET	0x40081271
#define BLKGETSIZE64	0x80081272

static long flush_buffers(struct file *file)
{
	if (!has_capability_admin(current))
		return -EACCES;
	write_out_for_others(file_bdev(file));
	drop_clean(file->f_mapping);
	return 0;
}

static long blkdev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct block_device *bdev = file_bdev(file);

	switch (cmd) {
	case BLKGETSIZE64:
		return put_user((u64)bdev->nr_sectors << SECTOR_SHIFT, (u64 *)arg);
	case BLKGETSIZE:
		return put_user((unsigned long)bdev->nr_sectors, (unsigned long *)arg);
	case BLKSSZGET:
	case BLKPBSZGET:
	case BLKIOMIN:
		return put_user((int)SECTOR_SIZE, (int *)arg);
	case BLKBSZGET:
		return put_user((int)PAGE_SIZE, (int *)arg);
	case BLKIOOPT:
	case BLKALIGNOFF:
		return put_user(0, (int *)arg);
	case BLKROTATIONAL:
		return put_user((u16)bdev->rotational, (u16 *)arg);
	case BLKROGET:
		return put_user((int)bdev->read_only, (int *)arg);
	case BLKFLSBUF:
		return flush_buffers(file);
	case BLKRAGET: /* in sectors */
		return put_user((unsigned long)file->f_mapping->bdi->ra_pages * PAGE_SECTORS, (unsigned long *)arg);
	case BLKRASET:
		if (!has_capability_admin(current))
			return -EACCES;
		file->f_mapping->bdi->ra_pages = (unsigned int)min(arg / PAGE_SECTORS, (unsigned long)INT_MAX);
		return 0;
	case BLKRRPART:
	case BLKBSZSET:
	case BLKROSET:
		return -EINVAL;
	default:
		return bdev->ops->ioctl ? bdev->ops->ioctl(bdev, cmd, arg) : -ENOIOCTLCMD;
	}
}

const struct file_operations def_blk_fops = {
	.open = blkdev_open, .release = blkdev_release, .read = blkdev_read, .write = blkdev_write,
	.kernel_read = blkdev_kernel_read, .kernel_write = blkdev_kernel_write,
	.mmap = generic_file_mmap, .fsync = blkdev_fsync, .ioctl = blkdev_ioctl,
};

void block_dev_init(void)
{
	block_pages_init();
	bdev_sb.s_dev = get_anon_dev();
	bdev_sb.s_blocksize = PAGE_SIZE;
}
