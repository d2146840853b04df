/* SPDX-License-Identifier: MIT */
/*
 * getdents64(2): the entries of a directory as records of variable length.
 *
 *   u64 inode | s64 offset of the next one | u16 length | u8 type | name NUL | pad to 8
 *
 * The records are gathered in a kernel buffer under namespace_sem and copied out after it is released.
 */
#include "arch/uaccess.h"
#include "fs/internal.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "mm/slab.h"

struct dirent64 {
	u64 d_ino;
	s64 d_off;
	u16 d_reclen;
	u8 d_type;
	char d_name[];
} __packed;

struct collect {
	char *buf;
	size_t size, used;
	struct dirent64 *last;
	bool too_small;
};

static bool collect_entry(void *ctx, const char *name, unsigned int len, u64 pos, u64 ino, unsigned int type)
{
	struct collect *c = ctx;
	size_t reclen = round_up(offsetof(struct dirent64, d_name) + len + 1, 8);
	struct dirent64 *d;

	if (c->last)
		c->last->d_off = (s64)pos;
	if (c->used + reclen > c->size) {
		c->too_small = true;
		return false;
	}
	d = (struct dirent64 *)(c->buf + c->used);
	memset(d, 0, reclen);
	d->d_ino = ino;
	d->d_reclen = (u16)reclen;
	d->d_type = (u8)type;
	memcpy(d->d_name, name, len);
	c->last = d;
	c->used += reclen;
	return true;
}

ssize_t vfs_getdents64(struct file *file, void *ubuf, size_t count)
{
	struct collect c = { .size = min(count, (size_t)8 * PAGE_SIZE) };
	ssize_t err = 0;
	loff_t pos;

	if (!file->f_op || !file->f_op->iterate)
		return -ENOTDIR;
	c.buf = kmalloc(c.size, GFP_KERNEL);
	if (!c.buf)
		return -ENOMEM;
	mutex_lock(&file->f_pos_lock);
	pos = file->f_pos;
	down_read(&namespace_sem);
	if (file_inode(file)->i_flags & S_DEAD)
		err = -ENOENT;
	else
		err = file->f_op->iterate(file, &c, collect_entry, &pos);
	up_read(&namespace_sem);
	if (c.last)
		c.last->d_off = pos;
	if (!err && !c.used && c.too_small)
		err = -EINVAL;
	if (!err && copy_to_user(ubuf, c.buf, c.used))
		err = -EFAULT;
	if (!err)
		file->f_pos = pos;
	mutex_unlock(&file->f_pos_lock);
	kfree(c.buf);
	return err ? err : (ssize_t)c.used;
}
