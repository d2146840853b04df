/* SPDX-License-Identifier: MIT */
/*
 * seq_file: files whose text is made when it is read. A reader gives show() and, for lists, an iterator;
 * buffering and positions are here. See seq_file.c.
 */
#ifndef FS_SEQ_FILE_H
#define FS_SEQ_FILE_H

#include "fs/fs.h"

struct seq_file;

/* start(pos) finds record *pos (NULL: end); next() steps and adds one to *pos; stop() ends a run. */
struct seq_operations {
	void *(*start)(struct seq_file *m, loff_t *pos);
	void (*stop)(struct seq_file *m, void *v);
	void *(*next)(struct seq_file *m, void *v, loff_t *pos);
	int (*show)(struct seq_file *m, void *v); /* 0 or -errno */
};

struct seq_file {
	char *buf;
	size_t size, from, count;	/* count bytes in buf, the reader has had up to from */
	loff_t index;			/* record to continue with */
	loff_t read_pos;		/* byte position of buf[from] */
	struct mutex lock;		/* rank of f_pos_lock: user memory is touched under it */
	const struct seq_operations *op;
	int (*single_show)(struct seq_file *m, void *v);
	void *private;
};

int seq_open(struct file *file, const struct seq_operations *op, void *private);
int single_open(struct file *file, int (*show)(struct seq_file *m, void *v), void *private);
void seq_release(struct inode *inode, struct file *file);
ssize_t seq_read(struct file *file, char *ubuf, size_t count, loff_t *pos);
ssize_t seq_kernel_read(struct file *file, void *buf, size_t count, loff_t *pos);
loff_t seq_lseek(struct file *file, loff_t offset, int whence);

void seq_printf(struct seq_file *m, const char *fmt, ...) __printf(2, 3);
void seq_puts(struct seq_file *m, const char *s);
void seq_putc(struct seq_file *m, char c);
void seq_write(struct seq_file *m, const void *data, size_t len);
void seq_pad(struct seq_file *m, unsigned int column, size_t line_start); /* blanks up to column */
void seq_path(struct seq_file *m, const struct path *path, const char *escape);

static inline bool seq_overflow(const struct seq_file *m)
{
	return m->count >= m->size;
}

#endif
