/* SPDX-License-Identifier: MIT */
/*
 * procfs from inside: how files enter the tree. See core.c (tree), task_dir.c (directories of processes).
 *
 *   register:  static struct proc_entry e = PROC_SHOW("meminfo", 0444, meminfo_show);  proc_add(NULL, &e);
 */
#ifndef FS_PROC_PROC_H
#define FS_PROC_PROC_H

#include "fs/fs.h"
#include "fs/internal.h"
#include "fs/seq_file.h"
#include "kernel/core/task.h"

/* One name of the fixed part of the tree. Made at boot, never removed. */
struct proc_entry {
	const char *name;
	umode_t mode;
	int (*show)(struct seq_file *m, void *data);
	const struct seq_operations *seq;	/* instead of show: a list */
	/* text: what was written, NUL-terminated, one page at most. => 0 or -errno, or how many bytes of it were taken;
	   NULL: not writable */
	int (*store)(void *data, char *text, size_t len);
	const struct file_operations *fops;	/* instead of all that */
	const char *(*link)(void *data, char *buf, size_t size); /* symbolic link's text */
	void *data;
	/* Filled in by proc_add. */
	u64 ino;
	struct proc_entry *children, *next;
};

#define PROC_SHOW(n, m, f) { .name = (n), .mode = S_IFREG | (m), .show = (f) }
#define PROC_SEQ(n, m, o)  { .name = (n), .mode = S_IFREG | (m), .seq = (o) }
#define PROC_DIR(n)	   { .name = (n), .mode = S_IFDIR | 0555 }

/* A name in each process's directory. fn gets the task, referenced; it may be dead already. */
struct task_entry {
	const char *name;
	umode_t mode;
	int (*show)(struct seq_file *m, struct task_struct *p);
	int (*store)(struct task_struct *p, char *text, size_t len);
	const struct file_operations *fops;
	int (*link)(struct task_struct *p, struct path *path);	/* magic link: => 0 with *path referenced */
	const struct inode_operations *dir_iops;		/* a directory */
	const struct file_operations *dir_fops;
};

/* inode->i_private of every procfs inode. */
struct proc_inode {
	const struct proc_entry *entry;		/* [I] fixed part, or NULL */
	struct task_struct *task;		/* [I] referenced, or NULL */
	const struct task_entry *task_entry;	/* [I] NULL for the task's directory itself */
	int fd;					/* [I] of /proc/PID/fd/N */
	bool thread;				/* [I] below /proc/PID/task: has no task/ itself */
};

/* => m shows /proc/PID/task/TID/...: the thread's own figures, not those of its process */
static inline bool shows_thread(const struct seq_file *m)
{
	return ((const struct proc_inode *)m->private)->thread;
}

static inline struct proc_inode *PROC_I(const struct inode *inode)
{
	return inode->i_private;
}

extern struct proc_entry proc_root;	/* "/" */
extern struct super_block *proc_sb;
extern const struct task_entry task_entries[];
extern const unsigned int nr_task_entries;

void proc_add(struct proc_entry *dir, struct proc_entry *entry); /* dir NULL: the root */
/* => a new inode of proc (mode with type), i_private allocated; NULL: no memory */
struct inode *proc_new_inode(struct super_block *sb, umode_t mode, u64 ino);
/* => dentry of dir for a new inode (whose reference is taken), hashed and referenced; or ERR_PTR */
struct dentry *proc_new_dentry(struct dentry *dir, const char *name, unsigned int len, struct inode *inode,
			       const struct dentry_operations *d_op);
struct proc_entry *proc_find(const struct proc_entry *dir, const char *name, unsigned int len);
/* read, llseek, release of files made by single_open; open differs */
ssize_t proc_write_text(const char *ubuf, size_t count, int (*store)(void *data, char *text, size_t len),
			void *data);

/* task_dir.c */
struct dentry *proc_task_lookup(struct dentry *dir, const char *name, unsigned int len);
/* => false: no room. Tasks with pid >= from */
bool proc_task_iterate(void *ctx, filldir_t emit, loff_t *pos, loff_t base, struct task_struct *group);
extern const struct inode_operations task_fd_iops, task_thread_iops;
extern const struct file_operations task_fd_fops, task_thread_fops;
extern const struct dentry_operations task_d_ops;

/* The files of the fixed part: each enters its own. */
void proc_system_init(void);
void proc_meminfo_init(void);
void proc_zones_init(void);
void proc_vmstat_init(void);
void proc_oom_init(void);
void proc_sysctl_init(void);
void proc_trace_init(void);
void proc_slowpath_init(struct proc_entry *dir);
void proc_hwrng_init(struct proc_entry *dir);
void proc_capture_init(struct proc_entry *dir);
void proc_pagemap_init(void);
void sysfs_power_init(struct proc_entry *root);
void sysfs_block_init(struct proc_entry *block);
void debugfs_fill(struct proc_entry *root);
void debugfs_fault_init(struct proc_entry *root);

/* task_*.c */
int task_stat_show(struct seq_file *m, struct task_struct *p);
int task_status_show(struct seq_file *m, struct task_struct *p);
int task_statm_show(struct seq_file *m, struct task_struct *p);
int task_limits_show(struct seq_file *m, struct task_struct *p);
int task_oom_score_show(struct seq_file *m, struct task_struct *p);
int task_oom_score_adj_show(struct seq_file *m, struct task_struct *p);
int task_oom_score_adj_store(struct task_struct *p, char *text, size_t len);
int task_oom_adj_show(struct seq_file *m, struct task_struct *p);
int task_oom_adj_store(struct task_struct *p, char *text, size_t len);
extern const struct file_operations task_maps_fops, task_smaps_fops, task_pagemap_fops;

/* => may current look into p's memory and files (maps, environ, fd)? */
bool proc_may_look(struct task_struct *p);

#endif
