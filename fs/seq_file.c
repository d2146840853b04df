/* SPDX-License-Identifier: MIT */
/*
 * seq_file: text made on demand.
 *
 *   read(): give what is left in the buffer; else fill it with records (start, show, next ..., stop) and
 *           go on. A record that does not fit is thrown away, the buffer doubled, and it is shown again.
 *
 * The position a reader sees is in bytes; `index` is the record to continue with. Only whole records lie in
 * the buffer, so between two fills no state but the index is kept, and the lists may change meanwhile. A
 * position that is not where the last read ended is reached by making the text again from the start.
 *
 * Locks: m->lock, under which start .. stop run (they may take what they like behind it); user memory is
 * touched under m->lock only.
 */
#include "arch/uaccess.h"
#include "fs/internal.h"
#include "fs/seq_file.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/base/vsprintf.h"
#include "mm/slab.h"

#define SEQ_MAX_SIZE (4UL << 20)

int seq_open(struct file *file, const struct seq_operations *op, void *private)
{
	struct seq_file *m = kzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return -ENOMEM;
	mutex_init(&m->lock, LOCK_RANK_SEQ_FILE);
	m->op = op;
	m->private = private;
	file->private_data = m;
	return 0;
}

static void *single_start(struct seq_file *m, loff_t *pos)
{
	return *pos == 0 ? m : NULL;
}

static void *single_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return NULL;
}

static void single_stop(struct seq_file *m, void *v)
{
}

static int single_show(struct seq_file *m, void *v)
{
	return m->single_show(m, m->private);
}

static const struct seq_operations single_ops = {
	.start = single_start, .next = single_next, .stop = single_stop, .show = single_show,
};

int single_open(struct file *file, int (*show)(struct seq_file *m, void *v), void *private)
{
	int err = seq_open(file, &single_ops, private);

	if (!err)
		((struct seq_file *)file->private_data)->single_show = show;
	return err;
}

void seq_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	kfree(m->buf);
	kfree(m);
}

/* ---- Filling ---- */

static int grow(struct seq_file *m)
{
	size_t size = m->size ? 2 * m->size : PAGE_SIZE;
	char *buf;

	if (size > SEQ_MAX_SIZE)
		return -ENOMEM;
	buf = kmalloc(size, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	kfree(m->buf);
	m->buf = buf;
	m->size = size;
	return 0;
}

/* Shows records from m->index on until the buffer has no room for another. => 0 or -errno; -E2BIG: none fitted */
static int fill_once(struct seq_file *m)
{
	loff_t pos = m->index;
	void *v;
	int err = 0;

	m->from = m->count = 0;
	v = m->op->start(m, &pos);
	while (v && !IS_ERR(v)) {
		size_t before = m->count;

		err = m->op->show(m, v);
		if (err || seq_overflow(m)) {
			m->count = before;
			if (!err && !before)
				err = -E2BIG;
			break;
		}
		v = m->op->next(m, v, &pos);
		m->index = pos;
		if (m->count >= m->size / 2)
			break;
	}
	m->op->stop(m, IS_ERR(v) ? NULL : v);
	if (IS_ERR(v))
		err = PTR_ERR(v);
	return err && err != -E2BIG && m->count ? 0 : err;
}

static int fill(struct seq_file *m)
{
	int err = m->size ? 0 : grow(m);

	while (!err) {
		err = fill_once(m);
		if (err != -E2BIG)
			break;
		err = grow(m);
	}
	return err;
}

/* Bring m to byte position pos. */
static int seek_to(struct seq_file *m, loff_t pos)
{
	if (pos == m->read_pos)
		return 0;
	m->index = 0;
	m->read_pos = 0;
	m->from = m->count = 0;
	while (m->read_pos < pos) {
		int err = fill(m);

		if (err)
			return err;
		if (!m->count)
			return 0;
		m->from = min((loff_t)m->count, pos - m->read_pos);
		m->read_pos += m->from;
	}
	return 0;
}

static ssize_t do_seq_read(struct seq_file *m, char *buf, size_t count, loff_t *pos, bool kernel)
{
	ssize_t done = 0;
	int err;

	mutex_lock_nested(&m->lock, 1); /* inside the file's f_pos_lock */
	err = seek_to(m, *pos);
	while (!err && count) {
		size_t n = min(m->count - m->from, count);

		if (!n) {
			if (done)
				break; /* one buffer per read, as Linux */
			err = fill(m);
			if (err || !m->count)
				break;
			continue;
		}
		if (kernel)
			memcpy(buf, m->buf + m->from, n);
		else if (copy_to_user(buf, m->buf + m->from, n)) {
			err = -EFAULT;
			break;
		}
		m->from += n;
		m->read_pos += n;
		buf += n;
		count -= n;
		done += n;
	}
	if (!done && m->read_pos < *pos)
		m->read_pos = -1; /* beyond the end: nothing to remember */
	*pos += done;
	mutex_unlock(&m->lock);
	return done ? done : err;
}

ssize_t seq_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	return do_seq_read(file->private_data, ubuf, count, pos, false);
}

ssize_t seq_kernel_read(struct file *file, void *buf, size_t count, loff_t *pos)
{
	return do_seq_read(file->private_data, buf, count, pos, true);
}

loff_t seq_lseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	file->f_pos = offset;
	return offset;
}

/* ---- Writing into the buffer ---- */

void seq_write(struct seq_file *m, const void *data, size_t len)
{
	if (m->count + len >= m->size) {
		m->count = m->size; /* overflow: shown again with more room */
		return;
	}
	memcpy(m->buf + m->count, data, len);
	m->count += len;
}

void seq_puts(struct seq_file *m, const char *s)
{
	seq_write(m, s, strlen(s));
}

void seq_putc(struct seq_file *m, char c)
{
	seq_write(m, &c, 1);
}

void seq_printf(struct seq_file *m, const char *fmt, ...)
{
	size_t room = m->size - m->count;
	va_list args;
	int len;

	if (!room)
		return;
	va_start(args, fmt);
	len = vsnprintf(m->buf + m->count, room, fmt, args);
	va_end(args);
	m->count = (size_t)len < room ? m->count + len : m->size;
}

void seq_pad(struct seq_file *m, unsigned int column, size_t line_start)
{
	while (!seq_overflow(m) && m->count < line_start + column)
		seq_putc(m, ' ');
}

/* Characters of escape come out as \ooo, as maps and mounts want. */
void seq_path(struct seq_file *m, const struct path *path, const char *escape)
{
	char *page = kmalloc(PATH_MAX, GFP_KERNEL);
	char *text = page ? d_path(path, page, PATH_MAX) : ERR_PTR(-ENOMEM);

	for (; !IS_ERR(text) && *text; text++) {
		if (strchr(escape, *text))
			seq_printf(m, "\\%03o", *text);
		else
			seq_putc(m, *text);
	}
	kfree(page);
}
