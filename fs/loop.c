/* SPDX-License-Identifier: MIT */
/*
 * Loop devices: a file, or a part of a disk, as a disk of its own (/dev/loop0 ...).
 *
 *	/dev/loop-control: LOOP_CTL_GET_FREE makes the next one   losetup: LOOP_SET_FD, LOOP_SET_STATUS64, LOOP_CLR_FD
 *
 *	submit_bio(loop0) -> loop_queue_rq: noted -> the device's thread -> kernel_read, kernel_write
 *	                                             -> page cache of the file below -> its disk
 *
 * The thread is what the memory of others waits for: pages on their way out through loop0 are free when it has
 * written them. If it wrote such pages out itself, because a page of the file below was not to be had, it would wait in
 * the queue that it serves. So it runs with PF_MEMALLOC_NOIO - whatever it allocates, reclaim on its behalf starts no
 * I/O - and with PF_LESS_THROTTLE: who writes for others does not wait for their dirty pages to get fewer, only
 * for those of the disk below, or its writers would have no limit. It is a real-time task for the sake of ALLOC_HARDER
 * (Linux: nice -20): when everybody waits for it at the min mark, a quarter of that is left for it, and what it has
 * written there is clean soon and can be taken again without I/O.
 *
 * What a loop device is bound to, and where, changes for its one opener alone, if it is no swap: others would see pages
 * of another place. Swap refuses one over a file in memory: the file's own pages would be swapped out to it, and to
 * write one of them out the thread would have to wait for its own queue.
 *
 * Locks: loop_mutex for binding and the table; loop->lock for the list of requests. Linux beyond it: partitions,
 * autoclear, direct I/O, transfer functions, change of the file below.
 * Test: tests/user/fs_loop.c, tests/boot/test_loop.py.
 */
#include "arch/uaccess.h"
#include "fs/device.h"
#include "fs/fdtable.h"
#include "fs/internal.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "kernel/core/softirq.h"
#include "mm/kmap.h"
#include "mm/slab.h"

#define LOOP_MAJOR    7
#define LOOP_CTL_DEV  MKDEV(10, 237)
#define MAX_LOOPS     8
#define LOOP_MAX_VECS BIO_MAX_VECS

#define LOOP_SET_FD	  0x4c00
#define LOOP_CLR_FD	  0x4c01
#define LOOP_SET_STATUS64 0x4c04
#define LOOP_GET_STATUS64 0x4c05
#define LOOP_CTL_ADD	  0x4c80
#define LOOP_CTL_GET_FREE 0x4c82

#define LO_FLAGS_READ_ONLY 1

struct loop_info64 { /* the calls' */
	u64 lo_device, lo_inode, lo_rdevice, lo_offset, lo_sizelimit;
	u32 lo_number, lo_encrypt_type, lo_encrypt_key_size, lo_flags;
	u8 lo_file_name[64], lo_crypt_name[64], lo_encrypt_key[32];
	u64 lo_init[2];
};

struct loop_device {
	struct block_device bdev;
	struct file *file;	     /* [loop_mutex] what lies below; NULL: free */
	u64 offset, sizelimit;	     /* [loop_mutex] the part of it, in bytes; sizelimit 0: to its end */
	u8 file_name[64];	     /* [loop_mutex] as losetup called it */
	struct task_struct *thread;  /* [loop_mutex] */
	spinlock_t lock;
	struct list_head pending;    /* [lock] requests of the queue, for the thread */
	bool serving;		     /* [lock] the thread takes requests */
	wait_queue_head_t wait;
};

static DEFINE_MUTEX(loop_mutex, LOCK_RANK_LOOP);
static struct loop_device *loops[MAX_LOOPS]; /* [loop_mutex] made when asked for, never taken away */

static struct loop_device *loop_of(struct block_device *bdev)
{
	return container_of(bdev, struct loop_device, bdev);
}

/* ---- The thread ---------------------------------------------------------------------------------- */

/* => 0 or -EIO: all of the piece was moved at that place of the file below */
static int move_piece(struct loop_device *loop, const struct bio_vec *vec, loff_t pos, bool write)
{
	char *at = (char *)kmap(vec->page) + vec->offset;
	size_t left = vec->len;
	ssize_t n;

	for (; left; left -= (size_t)n, at += n) {
		n = write ? kernel_write(loop->file, at, left, &pos) : kernel_read(loop->file, at, left, &pos);
		if (n <= 0)
			break;
	}
	kunmap(vec->page);
	return left ? -EIO : 0;
}

static int serve(struct loop_device *loop, struct request *rq)
{
	loff_t pos = (loff_t)(loop->offset + (rq->sector << SECTOR_SHIFT));
	int err = 0;

	if (rq->op == BIO_FLUSH) {
		err = vfs_fsync(loop->file, true);
		return err && err != -EINVAL ? -EIO : 0; /* -EINVAL: a file that has no disk */
	}
	for (struct bio *bio = rq->bio; bio && !err; bio = bio->bi_next) {
		for (unsigned int i = 0; i < bio->bi_vcnt && !err; i++) {
			err = move_piece(loop, &bio->bi_io_vec[i], pos, rq->op == BIO_WRITE);
			pos += bio->bi_io_vec[i].len;
		}
	}
	return err;
}

static struct request *next_request(struct loop_device *loop)
{
	struct request *rq = NULL;
	unsigned long flags;

	spin_lock_irqsave(&loop->lock, flags);
	if (!list_empty(&loop->pending)) {
		rq = list_first_entry(&loop->pending, struct request, queuelist);
		list_del_init(&rq->queuelist);
	}
	spin_unlock_irqrestore(&loop->lock, flags);
	return rq;
}

static int loop_thread(void *data)
{
	struct loop_device *loop = data;
	unsigned int noio = memalloc_noio_save();
	struct request *rq = NULL;

	current->flags |= PF_LESS_THROTTLE;
	sched_setscheduler(current, SCHED_FIFO, 1);
	for (;;) {
		wait_event_interruptible(loop->wait, (rq = next_request(loop)) || kthread_should_stop());
		if (!rq)
			break;
		rq->error = serve(loop, rq);
		local_bh_disable();
		block_request_done(rq, rq->error);
		local_bh_enable(); /* runs its completion */
	}
	memalloc_noio_restore(noio);
	return 0;
}

/* => queue->lock, interrupts off */
static int loop_queue_rq(struct block_device *bdev, struct request *rq)
{
	struct loop_device *loop = loop_of(bdev);
	int err = -EIO;

	spin_lock(&loop->lock);
	if (loop->serving) {
		list_add_tail(&rq->queuelist, &loop->pending);
		err = 0;
	}
	spin_unlock(&loop->lock);
	return err;
}

static void loop_commit(struct block_device *bdev)
{
	wake_up(&loop_of(bdev)->wait);
}

static void set_serving(struct loop_device *loop, bool on)
{
	unsigned long flags;

	spin_lock_irqsave(&loop->lock, flags);
	loop->serving = on;
	spin_unlock_irqrestore(&loop->lock, flags);
}

/* ---- Binding ------------------------------------------------------------------------------------- */

/* The size that offset and limit leave of the file below, in whole sectors. => loop_mutex */
static void set_size(struct loop_device *loop)
{
	u64 size = loop->file ? (u64)i_size_read(loop->file->f_mapping->host) : 0;

	size = size > loop->offset ? size - loop->offset : 0;
	if (loop->sizelimit)
		size = min(size, loop->sizelimit);
	bdev_set_size(&loop->bdev, size >> SECTOR_SHIFT);
}

static bool is_loop(const struct file *file)
{
	const struct block_device *bdev = file->f_mapping->bdev;

	return bdev && bdev->dev >> 20 == LOOP_MAJOR;
}

static int check_file(const struct file *file)
{
	if (!file)
		return -EBADF;
	/* A loop over a loop would wait for a thread that may wait for it. */
	if (!(file->f_mode & FMODE_READ) || !file->f_op->kernel_read || is_loop(file) ||
	    !(S_ISREG(file->f_inode->i_mode) || S_ISBLK(file->f_inode->i_mode)))
		return -EINVAL;
	return 0;
}

/* => the file's reference is taken over, the thread runs */
static void bind(struct loop_device *loop, struct file *file, struct task_struct *thread)
{
	loop->file = file;
	loop->thread = thread;
	loop->offset = loop->sizelimit = 0;
	memset(loop->file_name, 0, sizeof(loop->file_name));
	loop->bdev.read_only = !(file->f_mode & FMODE_WRITE) || !file->f_op->kernel_write;
	loop->bdev.over_memory = file->f_mapping->flags >> AS_SHMEM & 1;
	loop->bdev.has_flush = true;
	wake_up_process(thread);
	set_serving(loop, true);
	set_size(loop);
}

static long loop_set_fd(struct loop_device *loop, int fd)
{
	struct file *file = fget(fd);
	struct task_struct *thread;
	int err = check_file(file);

	/* The claim: not while a swapon looks at it. */
	if (!err && (loop->file || bdev_claim(&loop->bdev, loop)))
		err = -EBUSY;
	if (!err) {
		thread = kthread_create(loop_thread, loop, "%s", loop->bdev.name);
		err = PTR_ERR_OR_ZERO(thread);
		if (!err)
			bind(loop, file, thread);
		bdev_release(&loop->bdev, loop);
	}
	if (err && file)
		fput(file);
	return err;
}

/* The device is ours alone: not in use as swap, not open through another descriptor. => 0, -EBUSY */
static int loop_claim(struct loop_device *loop)
{
	int err = bdev_shut(&loop->bdev);

	if (!err && bdev_claim(&loop->bdev, loop)) {
		bdev_reopen(&loop->bdev);
		err = -EBUSY;
	}
	return err;
}

static void loop_unclaim(struct loop_device *loop)
{
	bdev_release(&loop->bdev, loop);
	bdev_reopen(&loop->bdev);
}

static void unbind(struct loop_device *loop)
{
	set_serving(loop, false);
	kthread_stop(loop->thread); /* it serves what it has first */
	fput(loop->file);
	loop->file = NULL;
	loop->thread = NULL;
	loop->bdev.read_only = loop->bdev.over_memory = false;
	set_size(loop);
}

static long loop_clr_fd(struct loop_device *loop)
{
	int err;

	if (!loop->file)
		return -ENXIO;
	err = loop_claim(loop);
	if (err)
		return err;
	err = bdev_write_and_forget(&loop->bdev);
	if (!err) {
		unbind(loop);
		/* What other threads of the program have read or, in vain, written meanwhile is not the next file's. */
		err = bdev_write_and_forget(&loop->bdev);
	}
	loop_unclaim(loop); /* a swapon of it finds a disk of no size */
	return err;
}

/* => as loop_clr_fd: the cache is that of another place */
static int move_to(struct loop_device *loop, u64 offset, u64 sizelimit)
{
	int err = loop_claim(loop);

	if (err)
		return err;
	err = bdev_write_and_forget(&loop->bdev);
	if (!err) {
		loop->offset = offset;
		loop->sizelimit = sizelimit;
		set_size(loop);
		err = bdev_write_and_forget(&loop->bdev);
	}
	loop_unclaim(loop);
	return err;
}

static long loop_set_status(struct loop_device *loop, const struct loop_info64 __user *uinfo)
{
	struct loop_info64 info;
	int err = 0;

	if (copy_from_user(&info, uinfo, sizeof(info)))
		return -EFAULT;
	if (!loop->file)
		return -ENXIO;
	if (info.lo_encrypt_type || info.lo_encrypt_key_size || info.lo_offset % SECTOR_SIZE ||
	    (info.lo_offset | info.lo_sizelimit) >> 63)
		return -EINVAL;
	if (info.lo_offset != loop->offset || info.lo_sizelimit != loop->sizelimit)
		err = move_to(loop, info.lo_offset, info.lo_sizelimit);
	if (!err)
		memcpy(loop->file_name, info.lo_file_name, sizeof(loop->file_name) - 1);
	return err;
}

static long loop_get_status(const struct loop_device *loop, struct loop_info64 __user *uinfo)
{
	struct loop_info64 info = { .lo_number = loop->bdev.dev & 0xff };
	const struct inode *inode;

	if (!loop->file)
		return -ENXIO;
	inode = loop->file->f_inode;
	info.lo_device = inode->i_sb->s_dev;
	info.lo_inode = inode->i_ino;
	info.lo_rdevice = inode->i_rdev;
	info.lo_offset = loop->offset;
	info.lo_sizelimit = loop->sizelimit;
	info.lo_flags = loop->bdev.read_only ? LO_FLAGS_READ_ONLY : 0;
	memcpy(info.lo_file_name, loop->file_name, sizeof(info.lo_file_name));
	return copy_to_user(uinfo, &info, sizeof(info)) ? -EFAULT : 0;
}

static long loop_ioctl(struct block_device *bdev, unsigned int cmd, unsigned long arg)
{
	struct loop_device *loop = loop_of(bdev);
	long ret;

	mutex_lock(&loop_mutex);
	switch (cmd) {
	case LOOP_SET_FD:
		ret = loop_set_fd(loop, (int)arg);
		break;
	case LOOP_CLR_FD:
		ret = loop_clr_fd(loop);
		break;
	case LOOP_SET_STATUS64:
		ret = loop_set_status(loop, (const void __user *)arg);
		break;
	case LOOP_GET_STATUS64:
		ret = loop_get_status(loop, (void __user *)arg);
		break;
	default:
		ret = -ENOIOCTLCMD;
	}
	mutex_unlock(&loop_mutex);
	return ret;
}

/* ---- The devices --------------------------------------------------------------------------------- */

static const struct block_device_operations loop_ops = {
	.queue_rq = loop_queue_rq, .commit = loop_commit, .ioctl = loop_ioctl,
};

/* => loop_mutex; 0 or -errno */
static int loop_add(unsigned int nr)
{
	struct loop_device *loop = kzalloc(sizeof(*loop), GFP_KERNEL);
	struct request_queue *queue = kzalloc(sizeof(*queue), GFP_KERNEL);
	int err = -ENOMEM;

	if (!loop || !queue)
		goto fail;
	queue->max_vecs = LOOP_MAX_VECS;
	snprintf(loop->bdev.name, sizeof(loop->bdev.name), "loop%u", nr);
	loop->bdev.dev = MKDEV(LOOP_MAJOR, nr);
	loop->bdev.queue = queue;
	loop->bdev.ops = &loop_ops;
	spin_lock_init(&loop->lock, LOCK_RANK_DRIVER);
	INIT_LIST_HEAD(&loop->pending);
	init_waitqueue_head(&loop->wait);
	/* What can fail first: a registered device stays. Nobody else registers such a name. */
	err = block_find(loop->bdev.name) ? -EEXIST : devtmpfs_add_disk(&loop->bdev);
	if (err)
		goto fail;
	WARN_ON(block_register(&loop->bdev));
	loops[nr] = loop;
	return 0;
fail:
	kfree(loop);
	kfree(queue);
	return err;
}

/* => the number of a device that is free, perhaps a new one; -ENOSPC: all are in use */
static long loop_get_free(void)
{
	for (unsigned int nr = 0; nr < MAX_LOOPS; nr++) {
		if (!loops[nr])
			return loop_add(nr) ?: (long)nr;
		if (!loops[nr]->file)
			return nr;
	}
	return -ENOSPC;
}

static long control_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	long ret = -ENOIOCTLCMD;

	(void)file;
	mutex_lock(&loop_mutex);
	if (cmd == LOOP_CTL_GET_FREE)
		ret = loop_get_free();
	else if (cmd == LOOP_CTL_ADD)
		ret = arg >= MAX_LOOPS ? -EINVAL : loops[arg] ? -EEXIST : loop_add((unsigned int)arg) ?: (long)arg;
	mutex_unlock(&loop_mutex);
	return ret;
}

void loop_init(void)
{
	static const struct file_operations fops = { .ioctl = control_ioctl };
	static struct char_device control = { .name = "loop-control", .dev = LOOP_CTL_DEV, .mode = 0660,
					      .fops = &fops };

	register_chrdev(&control);
}
