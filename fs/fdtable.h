/* SPDX-License-Identifier: MIT */
/*
 * File descriptors: small numbers -> open files. One table per process (CLONE_FILES shares it). See fdtable.c.
 */
#ifndef FS_FDTABLE_H
#define FS_FDTABLE_H

#include "fs/fs.h"

#define NR_OPEN_DEFAULT 64
#define NR_OPEN_MAX	(1024 * 1024)

struct files_struct {
	atomic_t count;		/* [a] tasks and lookers */
	spinlock_t lock;
	unsigned int max_fds;	/* [lock] */
	unsigned int next_fd;	/* [lock] no free one below */
	struct file **fd;	/* [lock] NULL: free or reserved */
	unsigned long *open_fds;	/* [lock] bit: in use or reserved */
	unsigned long *close_on_exec;	/* [lock] */
	struct file *fd_array[NR_OPEN_DEFAULT];
	unsigned long bits_array[2][NR_OPEN_DEFAULT / 64];
};

struct files_struct *alloc_files(void);				/* empty; NULL: no memory */
struct files_struct *dup_files(struct files_struct *old);	/* fork; NULL: no memory */
void put_files_struct(struct files_struct *files);		/* the last one closes everything */
struct files_struct *get_files_struct(struct task_struct *p);	/* of another task; NULL: it is exiting */
int unshare_files(void);		/* exec: a table of one's own; 0 or -ENOMEM */
void do_close_on_exec(void);

/* => referenced, fput() it; NULL: no such descriptor (or O_PATH; fget_raw finds those too) */
struct file *fget(int fd);
struct file *fget_raw(int fd);

int get_unused_fd_flags(unsigned int flags);	/* O_CLOEXEC; reserves. => fd or -EMFILE, -ENOMEM */
int get_unused_fd_from(unsigned int start, unsigned int flags); /* F_DUPFD; -EINVAL when start is beyond the limit */
void put_unused_fd(int fd);
void fd_install(int fd, struct file *file);	/* takes the caller's reference */
int close_fd(int fd);				/* 0 or -EBADF */
int close_fd_range(unsigned int first, unsigned int last, bool cloexec_only);
int do_dup(int fd, unsigned int start, unsigned int flags);	/* dup, F_DUPFD[_CLOEXEC] */
int do_dup2(int oldfd, int newfd, unsigned int flags, bool same_ok); /* dup2: same_ok; dup3: not */
int get_close_on_exec(int fd);			/* 0, 1, -EBADF */
int set_close_on_exec(int fd, bool on);
/* getname'd name -> fd: open(2) in one call */
int do_sys_open(int dfd, const char *name, int flags, umode_t mode);

#endif
