/* SPDX-License-Identifier: MIT */
/*
 * The terminal as files: /dev/console, /dev/ttyS0 and, for those who have it, /dev/tty.
 *
 * private_data is the terminal's generation at open(2): drivers/tty.c.
 */
#include "drivers/tty.h"
#include "fs/device.h"
#include "fs/internal.h"
#include "fs/poll.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"

#define CURRENT_TTY MKDEV(5, 0)
#define CONSOLE	    MKDEV(5, 1)

static unsigned int generation_of(const struct file *file)
{
	return (unsigned int)(unsigned long)file->private_data;
}

static int tty_file_open(struct inode *inode, struct file *file)
{
	unsigned int generation = inode->i_rdev == CONSOLE ? 0 : tty_generation();

	file->private_data = (void *)(unsigned long)generation;
	if (inode->i_rdev == CURRENT_TTY)
		return tty_have_controlling();
	if (!(file->f_flags & O_NOCTTY))
		tty_opened();
	return 0;
}

static ssize_t tty_file_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	return tty_read(ubuf, count, file->f_flags & O_NONBLOCK, generation_of(file));
}

static ssize_t tty_file_write(struct file *file, const char *ubuf, size_t count, loff_t *pos)
{
	return tty_write(ubuf, count, false, file->f_flags & O_NONBLOCK, generation_of(file));
}

static ssize_t tty_file_kernel_write(struct file *file, const void *buf, size_t count, loff_t *pos)
{
	return tty_write(buf, count, true, file->f_flags & O_NONBLOCK, generation_of(file));
}

static long tty_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return tty_hung_up(generation_of(file)) ? -EIO : tty_ioctl(cmd, arg);
}

static unsigned int tty_file_poll(struct file *file, struct poll_table *wait)
{
	poll_wait(file, tty_read_queue(), wait);
	poll_wait(file, tty_write_queue(), wait);
	if (tty_hung_up(generation_of(file)))
		return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLERR | POLLHUP;
	return (tty_output_ready() ? POLLOUT | POLLWRNORM : 0) | (tty_input_ready() ? POLLIN | POLLRDNORM : 0);
}

static const struct file_operations tty_fops = {
	.open = tty_file_open, .read = tty_file_read, .write = tty_file_write,
	.kernel_write = tty_file_kernel_write, .ioctl = tty_file_ioctl, .poll = tty_file_poll,
	.llseek = no_llseek,
};

static struct char_device names[] = {
	{ "tty", CURRENT_TTY, 0666, &tty_fops, NULL },
	{ "console", CONSOLE, 0600, &tty_fops, NULL },
	{ "ttyS0", MKDEV(4, 64), 0600, &tty_fops, NULL },
};

void tty_file_init(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		register_chrdev(&names[i]);
}
