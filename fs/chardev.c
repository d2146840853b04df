/* SPDX-License-Identifier: MIT */
/*
 * Character devices: null, zero, full, random, urandom, kmsg, hwrng; the terminal is in tty_file.c.
 *
 * A device node's inode says only its number. Opening it looks the number up here and goes on with the device's
 * own operations; all of them are streams without a position but where said.
 */
#include "arch/uaccess.h"
#include "drivers/virtio_rng.h"
#include "fs/device.h"
#include "fs/internal.h"
#include "fs/poll.h"
#include "fs/random.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/slab.h"

static struct char_device *chrdevs; /* [n] write; boot */

void register_chrdev(struct char_device *cdev)
{
	struct char_device **p = &chrdevs;

	while (*p)
		p = &(*p)->next;
	cdev->next = NULL;
	*p = cdev;
}

struct char_device *chrdev_first(void)
{
	return chrdevs;
}

int chrdev_open(struct inode *inode, struct file *file)
{
	struct char_device *cdev;

	for (cdev = chrdevs; cdev; cdev = cdev->next)
		if (cdev->dev == inode->i_rdev)
			break;
	if (!cdev)
		return -ENXIO;
	file->f_op = cdev->fops;
	file->f_mode |= FMODE_STREAM;
	return file->f_op->open ? file->f_op->open(inode, file) : 0;
}

const struct file_operations def_chr_fops = { .open = chrdev_open };

/* ---- Memory devices ---- */

static ssize_t null_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	return 0;
}

static ssize_t null_kernel_read(struct file *file, void *buf, size_t count, loff_t *pos)
{
	return 0;
}

static ssize_t null_write(struct file *file, const char *ubuf, size_t count, loff_t *pos)
{
	return (ssize_t)count;
}

static ssize_t null_kernel_write(struct file *file, const void *buf, size_t count, loff_t *pos)
{
	return (ssize_t)count;
}

static loff_t null_llseek(struct file *file, loff_t offset, int whence)
{
	return file->f_pos = 0;
}

static int null_open(struct inode *inode, struct file *file)
{
	file->f_mode &= ~FMODE_STREAM; /* seeking is allowed and means nothing */
	return 0;
}

static ssize_t zero_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	ssize_t done = 0;

	while (count) {
		size_t n = min(count, (size_t)PAGE_SIZE), left = clear_user(ubuf, n);

		done += n - left;
		if (left)
			return done ? done : -EFAULT;
		ubuf += n;
		count -= n;
		if (signal_pending(current))
			return done;
		cond_resched();
	}
	return done;
}

static ssize_t zero_kernel_read(struct file *file, void *buf, size_t count, loff_t *pos)
{
	memset(buf, 0, count);
	return (ssize_t)count;
}

static ssize_t full_write(struct file *file, const char *ubuf, size_t count, loff_t *pos)
{
	return -ENOSPC;
}

static ssize_t random_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	return get_random_bytes_user(ubuf, count);
}

static ssize_t random_kernel_read(struct file *file, void *buf, size_t count, loff_t *pos)
{
	get_random_bytes(buf, count);
	return (ssize_t)count;
}

static ssize_t random_write(struct file *file, const char *ubuf, size_t count, loff_t *pos)
{
	char buf[64];
	size_t left = min(count, (size_t)PAGE_SIZE);

	while (left) {
		size_t n = min(left, sizeof(buf));

		if (copy_from_user(buf, ubuf, n))
			return -EFAULT;
		add_randomness(buf, n);
		ubuf += n;
		left -= n;
	}
	return (ssize_t)count;
}

static const struct file_operations null_fops = {
	.read = null_read, .write = null_write, .kernel_read = null_kernel_read,
	.kernel_write = null_kernel_write, .llseek = null_llseek, .open = null_open,
};
static const struct file_operations zero_fops = {
	.read = zero_read, .write = null_write, .kernel_read = zero_kernel_read,
	.kernel_write = null_kernel_write, .mmap = mmap_zero, .llseek = null_llseek, .open = null_open,
};
static const struct file_operations full_fops = {
	.read = zero_read, .write = full_write, .kernel_read = zero_kernel_read,
	.llseek = null_llseek, .open = null_open,
};
static const struct file_operations random_fops = {
	.read = random_read, .write = random_write, .kernel_read = random_kernel_read,
	.llseek = null_llseek, .open = null_open,
};

/* ---- /dev/hwrng: the bytes of the generator itself, as it makes them ---- */

static ssize_t hwrng_file_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	size_t done = 0;
	ssize_t got = 0;
	u8 buf[256];

	while (done < count) {
		got = hwrng_read(buf, min(count - done, sizeof(buf)), file->f_flags & O_NONBLOCK);
		if (got <= 0)
			break;
		if (copy_to_user(ubuf + done, buf, (size_t)got)) {
			got = -EFAULT;
			break;
		}
		done += (size_t)got;
	}
	memset(buf, 0, sizeof(buf));
	return done ? (ssize_t)done : got;
}

static const struct file_operations hwrng_fops = { .read = hwrng_file_read, .open = null_open };

/* ---- /dev/kmsg: one record per read, "prio,seq,microseconds,-;text"; a write is a line of the log ---- */

struct kmsg_reader {
	struct mutex lock;
	u64 seq; /* [lock] next record */
	char text[PRINTK_LINE_MAX];
	char line[PRINTK_LINE_MAX + 64];
};

static int kmsg_open(struct inode *inode, struct file *file)
{
	struct kmsg_reader *r;

	if (!(file->f_mode & FMODE_READ))
		return 0;
	if (READ_ONCE(dmesg_restrict) && !has_capability_syslog(current))
		return -EPERM;
	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	mutex_init(&r->lock, LOCK_RANK_SEQ_FILE);
	r->seq = printk_first_seq();
	file->private_data = r;
	return 0;
}

static void kmsg_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
}

/* printk may be called anywhere, so it wakes nobody: wait by looking again every tenth of a second. */
static int kmsg_wait(struct file *file, const struct kmsg_reader *r)
{
	while (r->seq >= printk_next_seq()) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		schedule_timeout_interruptible(HZ / 10);
		if (signal_pending(current))
			return -ERESTARTSYS;
	}
	return 0;
}

static ssize_t kmsg_next(struct kmsg_reader *r, char *ubuf, size_t count)
{
	struct printk_record rec;
	u64 wanted = r->seq;
	int len;

	if (!printk_read(&r->seq, &rec, r->text, sizeof(r->text)))
		return -EAGAIN;
	if (rec.seq != wanted) {
		r->seq = rec.seq;
		return -EPIPE; /* records were lost */
	}
	len = scnprintf(r->line, sizeof(r->line), "%u,%llu,%llu,%c;%.*s\n", rec.facility << 3 | rec.level,
			rec.seq, rec.ts_ns / 1000, rec.cont ? '+' : '-',
			(int)min(rec.len, sizeof(r->text)), r->text);
	if ((size_t)len > count)
		return -EINVAL;
	return copy_to_user(ubuf, r->line, len) ? -EFAULT : len;
}

static ssize_t kmsg_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	struct kmsg_reader *r = file->private_data;
	ssize_t done;

	mutex_lock(&r->lock);
	do {
		done = kmsg_wait(file, r);
		if (!done)
			done = kmsg_next(r, ubuf, count);
	} while (done == -EAGAIN && !(file->f_flags & O_NONBLOCK));
	mutex_unlock(&r->lock);
	return done;
}

static ssize_t kmsg_write(struct file *file, const char *ubuf, size_t count, loff_t *pos)
{
	char buf[512], *text = buf;
	size_t n = min(count, sizeof(buf) - 1);
	unsigned int prio = 1 << 3 | 6; /* facility user, level info */

	if (copy_from_user(buf, ubuf, n))
		return -EFAULT;
	buf[n] = '\0';
	if (buf[0] == '<') {
		char *end;
		unsigned long given = simple_strtoul(buf + 1, &end, 10);

		if (*end == '>') {
			prio = (given & 7) | (given >> 3 ? (unsigned int)(given >> 3) : 1) << 3;
			text = end + 1;
		}
	}
	n -= text - buf;
	if (n && text[n - 1] == '\n')
		n--;
	printk_user(prio, text, n);
	return (ssize_t)count;
}

static loff_t kmsg_llseek(struct file *file, loff_t offset, int whence)
{
	struct kmsg_reader *r = file->private_data;

	if (!r || offset)
		return -ESPIPE;
	if (whence == SEEK_SET)
		r->seq = printk_first_seq();
	else if (whence == SEEK_END)
		r->seq = printk_next_seq();
	else if (whence == SEEK_DATA)
		r->seq = printk_clear_seq();
	else
		return -EINVAL;
	return 0;
}

static unsigned int kmsg_poll(struct file *file, struct poll_table *wait)
{
	struct kmsg_reader *r = file->private_data;

	return r && r->seq < printk_next_seq() ? POLLIN | POLLRDNORM : 0;
}

static const struct file_operations kmsg_fops = {
	.open = kmsg_open, .release = kmsg_release, .read = kmsg_read, .write = kmsg_write,
	.llseek = kmsg_llseek, .poll = kmsg_poll,
};

static struct char_device devices[] = {
	{ "null", MKDEV(1, 3), 0666, &null_fops, NULL },
	{ "zero", MKDEV(1, 5), 0666, &zero_fops, NULL },
	{ "full", MKDEV(1, 7), 0666, &full_fops, NULL },
	{ "random", MKDEV(1, 8), 0666, &random_fops, NULL },
	{ "urandom", MKDEV(1, 9), 0666, &random_fops, NULL },
	{ "kmsg", MKDEV(1, 11), 0644, &kmsg_fops, NULL },
	{ "hwrng", MKDEV(10, 183), 0600, &hwrng_fops, NULL },
};

void chardev_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(devices); i++)
		register_chrdev(&devices[i]);
	hwrng_set_sink(add_randomness);
	tty_file_init();
}
