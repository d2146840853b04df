/* SPDX-License-Identifier: MIT */
/*
 * Names: from text to (mount, dentry), and every call that works on a name. See namei.c.
 *
 * Text is in kernel memory (getname()). dfd is a descriptor of the current task or AT_FDCWD.
 * All may sleep. All take namespace_sem themselves.
 */
#ifndef FS_NAMEI_H
#define FS_NAMEI_H

#include "fs/fs.h"

#define AT_FDCWD	    (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_EACCESS	    0x200
#define AT_REMOVEDIR	    0x200
#define AT_SYMLINK_FOLLOW   0x400
#define AT_EMPTY_PATH	    0x1000

#define RENAME_NOREPLACE 1

/* lookup flags */
#define LOOKUP_FOLLOW	 1 /* follow a symbolic link at the end */
#define LOOKUP_DIRECTORY 2 /* must be a directory */
#define LOOKUP_EMPTY	 4 /* "" means dfd itself */

/* A task's place in the tree; shared with CLONE_FS. */
struct fs_struct {
	atomic_t count;		/* [a] tasks */
	spinlock_t lock;
	struct path root, pwd;	/* [lock] referenced */
	umode_t umask;		/* [lock] */
};

struct fs_struct *copy_fs_struct(struct fs_struct *old); /* fork; NULL: no memory */
void put_fs_struct(struct fs_struct *fs);
void set_fs_pwd(struct fs_struct *fs, const struct path *path);	/* takes references of its own */
void set_fs_root(struct fs_struct *fs, const struct path *path);
void get_fs_pwd(struct fs_struct *fs, struct path *path);
void get_fs_root(struct fs_struct *fs, struct path *path);
umode_t current_umask(void);

/* => kmalloc'ed copy of a user's path; ERR_PTR: -EFAULT, -ENAMETOOLONG, -ENOENT (empty), -ENOMEM */
char *getname(const char *uname);
char *getname_maybe_empty(const char *uname);
void putname(char *name);

void path_get(const struct path *path);
void path_put(const struct path *path);

/* => 0 with *path referenced, or -errno */
int path_at(int dfd, const char *name, unsigned int lookup_flags, struct path *path);

/* open(2): all O_ flags. => file (no descriptor yet) or ERR_PTR */
struct file *do_filp_open(int dfd, const char *name, int flags, umode_t mode);
struct file *filp_open(const char *name, int flags, umode_t mode);
/* For execve: regular file, execute permission, no writers until the file is released. */
struct file *open_exec(int dfd, const char *name);

int do_mkdirat(int dfd, const char *name, umode_t mode);
int do_mknodat(int dfd, const char *name, umode_t mode, dev_t dev);
int do_symlinkat(const char *target, int dfd, const char *name);
int do_linkat(int olddfd, const char *old, int newdfd, const char *new, int at_flags);
int do_unlinkat(int dfd, const char *name);
int do_rmdir(int dfd, const char *name);
int do_renameat2(int olddfd, const char *old, int newdfd, const char *new, unsigned int flags);
ssize_t do_readlinkat(int dfd, const char *name, char *ubuf, size_t size);
int do_statat(int dfd, const char *name, int at_flags, struct kstat *stat);
int do_faccessat(int dfd, const char *name, int mask, int at_flags);
int do_fchmodat(int dfd, const char *name, umode_t mode, int at_flags);
int do_fchownat(int dfd, const char *name, u32 uid, u32 gid, int at_flags);
/* times in ns: UTIME_KEEP leaves one; NULL is now, which whoever may write may also say */
int vfs_utimes(struct inode *inode, const s64 times[2]);
int do_utimensat(int dfd, const char *name, const s64 times[2], int at_flags);
#define UTIME_KEEP ((s64)1 << 62 | 1)
int do_truncate_name(const char *name, loff_t length);
int vfs_fchmod(struct file *file, umode_t mode);
int vfs_fchown(struct file *file, u32 uid, u32 gid);
int do_chdir(const char *name);
int do_fchdir(struct file *file);
int do_chroot(const char *name);

/* mount(2): MS_REMOUNT, MS_BIND, MS_MOVE where possible; => 0 or -errno */
int do_mount(const char *dev_name, const char *dir_name, const char *type, unsigned long flags,
	     const char *data);
int do_umount(const char *name, int flags);

/*
 * The text of path as seen from the current task's root, written at the end of buf. => pointer into buf or ERR_PTR
 * (-ENAMETOOLONG); removed names get " (deleted)". Takes dcache_lock only.
 */
char *d_path(const struct path *path, char *buf, int size);
/* getcwd(2): => bytes with NUL, -ENOENT (removed), -ERANGE */
ssize_t do_getcwd(char *ubuf, size_t size);

#endif
