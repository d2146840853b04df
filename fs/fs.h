/* SPDX-License-Identifier: MIT */
/*
 * The file layer's nouns.
 *
 *   file descriptor -> file (open file: position, flags) -> path (mount, dentry) -> inode -> address_space
 *                                                            |                       |         (page cache)
 *                            a name in the tree: parent + text                       the object: mode, size
 *
 *   super_block: one mounted file system's objects; vfsmount: where in the tree its root hangs.
 *
 * Lifetimes are counts: a file holds its dentry and mount, a dentry its inode and parent. File systems that
 * live in memory alone (tmpfs) keep one more count on each dentry, so the dentries ARE the directory;
 * those that can make their entries anew (procfs) let them go with the last user, or when memory is short.
 *
 * Locks by letter:
 *   [n] namespace_sem: names and mounts. Read: a path walk. Write: create, unlink, rename, mount. Taken before
 *       mmap_sem; no user memory is touched under it.
 *   [d] dcache_lock: dentry hash, child lists, d_parent and d_name (written with [n] write as well, so either
 *       lock is enough to read)
 *   [w] inode->i_rwsem: size and contents against each other. User memory may be touched under it.
 *   [i] inode->i_lock   [p] file->f_pos_lock   [a] atomic   [I] set when made
 * Order (lock_rank.h): f_pos_lock, namespace_sem, i_rwsem, mmap_sem, page lock, dcache_lock, i_lock.
 *
 * Read next: namei.h, fdtable.h, then namei.c, dcache.c, tmpfs.c.
 */
#ifndef FS_FS_H
#define FS_FS_H

#include "kernel/base/atomic.h"
#include "kernel/base/err.h"
#include "kernel/base/errno.h"
#include "kernel/base/list.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/types.h"
#include "kernel/core/mutex.h"
#include "kernel/core/rwsem.h"
#include "kernel/core/task.h"
#include "mm/address_space.h"
#include "mm/mm_types.h"

struct dentry;
struct file;
struct inode;
struct super_block;
struct vfsmount;
struct file_system_type;
struct poll_table;
struct pipe_inode;

#define PATH_MAX 4096
#define NAME_MAX 255
#define MAXSYMLINKS 40

/* open(2) flags */
#define O_ACCMODE   00000003
#define O_RDONLY    00000000
#define O_WRONLY    00000001
#define O_RDWR	    00000002
#define O_CREAT	    00000100
#define O_EXCL	    00000200
#define O_NOCTTY    00000400
#define O_TRUNC	    00001000
#define O_APPEND    00002000
#define O_NONBLOCK  00004000
#define O_DSYNC	    00010000
#define O_DIRECT    00040000
#define O_LARGEFILE 00100000
#define O_DIRECTORY 00200000
#define O_NOFOLLOW  00400000
#define O_NOATIME   01000000
#define O_CLOEXEC   02000000
#define O_SYNC	    04010000
#define O_PATH	    010000000
#define O_TMPFILE   020200000

/* file->f_mode */
#define FMODE_READ   0x1
#define FMODE_WRITE  0x2
#define FMODE_LSEEK  0x4
#define FMODE_PREAD  0x8	/* has positions: pread, pwrite, and f_pos is locked */
#define FMODE_EXEC   0x20
#define FMODE_STREAM 0x40	/* no positions: f_pos is not used */
#define FMODE_PATH   0x4000	/* O_PATH: names the object, no I/O */

/* inode->i_mode */
#define S_IFMT	 00170000
#define S_IFSOCK 0140000
#define S_IFLNK	 0120000
#define S_IFREG	 0100000
#define S_IFBLK	 0060000
#define S_IFDIR	 0040000
#define S_IFCHR	 0020000
#define S_IFIFO	 0010000
#define S_ISUID	 0004000
#define S_ISGID	 0002000
#define S_ISVTX	 0001000
#define S_IRWXU	 00700
#define S_IXUSR	 00100
#define S_IRWXG	 00070
#define S_IXGRP	 00010
#define S_IRWXO	 00007
#define S_IXUGO	 00111
#define S_IALLUGO 07777
#define S_ISLNK(m)  (((m) & S_IFMT) == S_IFLNK)
#define S_ISREG(m)  (((m) & S_IFMT) == S_IFREG)
#define S_ISDIR(m)  (((m) & S_IFMT) == S_IFDIR)
#define S_ISCHR(m)  (((m) & S_IFMT) == S_IFCHR)
#define S_ISBLK(m)  (((m) & S_IFMT) == S_IFBLK)
#define S_ISFIFO(m) (((m) & S_IFMT) == S_IFIFO)

#define MAY_EXEC   1
#define MAY_WRITE  2
#define MAY_READ   4

#define SEEK_SET  0
#define SEEK_CUR  1
#define SEEK_END  2
#define SEEK_DATA 3
#define SEEK_HOLE 4

#define DT_UNKNOWN 0
#define DT_DIR	   4
#define DT_LNK	   10

#define TMPFS_MAGIC	 0x01021994
#define PROC_SUPER_MAGIC 0x9fa0
#define SYSFS_MAGIC	 0x62656572
#define DEBUGFS_MAGIC	 0x64626720
#define BDEVFS_MAGIC	 0x62646576
#define PIPEFS_MAGIC	 0x50495045

#define CAP_CHOWN	     0
#define CAP_DAC_OVERRIDE     1
#define CAP_DAC_READ_SEARCH  2
#define CAP_FOWNER	     3
#define CAP_FSETID	     4
#define CAP_MKNOD	     27
#define CAP_SYS_ADMIN_BIT    21
#define CAP_SYS_RESOURCE_BIT 24

/* What stat(2) tells; times in nanoseconds since 1970. kernel/sys lays it out for the user. */
struct kstat {
	u64 ino;
	dev_t dev, rdev;
	umode_t mode;
	u32 nlink, uid, gid;
	loff_t size;
	s64 atime, mtime, ctime;
	u32 blksize;
	u64 blocks;		/* of 512 bytes */
};

struct kstatfs {
	long f_type, f_bsize;
	u64 f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	u64 f_fsid;
	long f_namelen, f_frsize, f_flags;
};

/* A change of attributes: those named in valid. */
#define ATTR_MODE  0x01
#define ATTR_UID   0x02
#define ATTR_GID   0x04
#define ATTR_SIZE  0x08
#define ATTR_ATIME 0x10
#define ATTR_MTIME 0x20
#define ATTR_CTIME 0x40
struct iattr {
	unsigned int valid;
	umode_t mode;
	u32 uid, gid;
	loff_t size;
	s64 atime, mtime;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct super_operations {
	void (*evict_inode)(struct inode *inode);	/* last use: free contents and private data */
	int (*statfs)(struct super_block *sb, struct kstatfs *buf);
	void (*put_super)(struct super_block *sb);
};

#define SB_RDONLY 1

struct super_block {
	struct file_system_type *s_type;	/* [I] */
	const struct super_operations *s_op;	/* [I] */
	struct dentry *s_root;			/* [I] */
	unsigned long s_magic, s_flags;
	dev_t s_dev;				/* [I] st_dev of its files */
	unsigned long s_blocksize;
	loff_t s_maxbytes;			/* [I] largest file */
	atomic_t s_count;			/* [a] mounts */
	atomic_long_t s_next_ino;		/* [a] */
	void *s_fs_info;
};

struct file_system_type {
	const char *name;
	/* => a super_block with s_root set and one reference, or ERR_PTR; data: mount options, may be NULL */
	struct super_block *(*mount)(struct file_system_type *type, unsigned long flags, const char *dev_name,
				     const char *data);
	bool needs_dev;
	struct file_system_type *next;
};

/* Where a symbolic link leads: text to walk, or (magic links of procfs) a path to jump to. */
struct link_target {
	const char *text;	/* valid until free is freed */
	void *free;		/* kfree() it; may be NULL */
	struct path jump;	/* referenced, when text is NULL */
};

struct inode_operations {
	/* Find name below dir, for file systems whose directory is not the dentry tree itself.
	 * => [n] read held; a hashed, referenced dentry with an inode, NULL: no such name, or ERR_PTR */
	struct dentry *(*lookup)(struct dentry *dir, const char *name, unsigned int len);
	/* The rest: [n] write held; dentry is new, unhashed, without inode; permissions are checked. */
	int (*create)(struct inode *dir, struct dentry *dentry, umode_t mode);
	int (*tmpfile)(struct inode *dir, struct dentry *dentry, umode_t mode); /* O_TMPFILE: sets d_inode, no name */
	int (*mknod)(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev);
	int (*mkdir)(struct inode *dir, struct dentry *dentry, umode_t mode);
	int (*symlink)(struct inode *dir, struct dentry *dentry, const char *target);
	int (*link)(struct dentry *old, struct inode *dir, struct dentry *dentry);
	int (*unlink)(struct inode *dir, struct dentry *dentry);
	int (*rmdir)(struct inode *dir, struct dentry *dentry);
	/* target: the dentry that is replaced or NULL; old takes new_parent and new_name afterwards */
	int (*rename)(struct inode *old_dir, struct dentry *old, struct inode *new_dir, struct dentry *target);
	int (*get_link)(struct dentry *dentry, struct link_target *out);
	int (*setattr)(struct inode *inode, struct iattr *attr); /* NULL: mode, owner, times only */
	void (*getattr)(struct inode *inode, struct kstat *stat); /* after the generic part */
	int (*permission)(struct inode *inode, int mask);	  /* NULL: the mode bits */
};

struct dentry_operations {
	bool (*d_revalidate)(struct dentry *dentry); /* false: the name is gone, look it up anew */
	void (*d_name)(struct dentry *dentry, char *buf, size_t size); /* "pipe:[7]" */
};

struct inode {
	umode_t i_mode;			/* [i] written */
	u32 i_uid, i_gid;		/* [i] */
	u32 i_nlink;			/* [n] write */
	u64 i_ino;			/* [I] */
	dev_t i_rdev;			/* [I] devices */
	loff_t i_size;			/* [w]; read with i_size_read() by anybody */
	s64 i_atime, i_mtime, i_ctime;	/* [i] ns since 1970; torn reads cannot happen (64 bits) */
	u64 i_blocks;			/* [i] 512 bytes each */
	unsigned int i_flags;		/* [n] write: S_DEAD */
	atomic_t i_count;		/* [a] */
	int i_writecount;		/* [i] >0 open for writing, <0 being executed */
	struct rw_semaphore i_rwsem;
	spinlock_t i_lock;
	struct super_block *i_sb;	/* [I] */
	const struct inode_operations *i_op;	/* [I] */
	const struct file_operations *i_fop;	/* [I] */
	struct address_space *i_mapping;	/* [I] &i_data, or the block device's */
	struct address_space i_data;
	struct list_head i_locks;	/* [i] struct file_lock: fcntl */
	struct pipe_inode *i_pipe;	/* [i] pipes and FIFOs in use */
	char *i_link;			/* [I] target of an ordinary symbolic link */
	void *i_private;		/* the file system's */
};

#define S_DEAD 1	/* directory was removed: nothing can be made in it */

#define DNAME_INLINE 40

struct dentry {
	atomic_t d_count;		/* [a]; to 0 only under [d] */
	unsigned int d_flags;		/* [d] */
	struct dentry *d_parent;	/* [d] referenced; itself for a root */
	struct inode *d_inode;		/* [I] once hashed */
	const char *d_name;		/* [d] d_iname or allocated */
	unsigned int d_len;		/* [d] */
	unsigned int d_hashval;		/* [d] */
	u64 d_cookie;			/* [d] position in the parent for getdents, grows */
	u64 d_next_cookie;		/* [d] for the next child */
	struct hlist_node d_hash;	/* [d] */
	struct list_head d_child;	/* [d] in the parent's d_subdirs, by d_cookie */
	struct list_head d_lru;		/* [d] while nobody uses it (dcache_lru.c) */
	struct list_head d_subdirs;	/* [d] */
	struct super_block *d_sb;	/* [I] */
	const struct dentry_operations *d_op; /* [I] */
	void *d_fsdata;
	char d_iname[DNAME_INLINE];
};

#define DCACHE_HASHED  1
#define DCACHE_MOUNTED 2	/* something is mounted here */
#define DCACHE_KEEP    4	/* is worth keeping when nobody uses it: set before it can be found */

extern int sysctl_vfs_cache_pressure; /* percent: how eagerly unused names are reclaimed */

/* Readahead state of an open file (mm/readahead.c), pages. */
struct file_ra_state {
	unsigned long start;		/* where the current window begins */
	unsigned int size, async_size;
	unsigned int ra_pages;		/* the largest window; 0: none at all */
	int mmap_miss;			/* faults that read around for nothing, less those that found a page */
	bool random;			/* POSIX_FADV_RANDOM: no guessing */
	loff_t prev_pos;		/* of the last read; -1: none */
};

struct file {
	atomic_t f_count;			/* [a] */
	unsigned int f_flags;			/* O_*; fcntl(F_SETFL) under [i] */
	unsigned int f_mode;			/* [I] FMODE_* */
	const struct file_operations *f_op;	/* [I] */
	struct inode *f_inode;			/* [I] */
	struct address_space *f_mapping;	/* [I] */
	struct path f_path;			/* [I] */
	loff_t f_pos;				/* [p] */
	struct mutex f_pos_lock;
	struct file_ra_state f_ra;		/* racy hint */
	void *private_data;
	void (*f_release)(struct file *file);	/* [I] what the last fput() calls */
};

/* Called for each entry; false: no room, stop. ino, type: DT_*. */
typedef bool (*filldir_t)(void *ctx, const char *name, unsigned int len, u64 pos, u64 ino, unsigned int type);

struct file_operations {
	/* User buffers. pos: in and out; streams ignore it. => may sleep, bytes done or -errno */
	ssize_t (*read)(struct file *file, char *ubuf, size_t count, loff_t *pos);
	ssize_t (*write)(struct file *file, const char *ubuf, size_t count, loff_t *pos);
	/* The same with kernel buffers: exec, sendfile, init. */
	ssize_t (*kernel_read)(struct file *file, void *buf, size_t count, loff_t *pos);
	ssize_t (*kernel_write)(struct file *file, const void *buf, size_t count, loff_t *pos);
	loff_t (*llseek)(struct file *file, loff_t offset, int whence);
	long (*ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	/* => mmap_sem held for writing, vma not yet visible; sets vm_ops; vma->vm_file is set */
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	unsigned int (*poll)(struct file *file, struct poll_table *wait); /* POLL* ready now */
	int (*fsync)(struct file *file, loff_t start, loff_t end, bool datasync);
	long (*fallocate)(struct file *file, int mode, loff_t offset, loff_t len);
	int (*iterate)(struct file *file, void *ctx, filldir_t emit, loff_t *pos);
	int (*open)(struct inode *inode, struct file *file);
	void (*release)(struct inode *inode, struct file *file);
};

static inline struct file *get_file(struct file *file)
{
	atomic_inc(&file->f_count);
	return file;
}

/* => may sleep when it is the last reference; not in interrupts or under spinlocks */
static inline void fput(struct file *file)
{
	if (atomic_dec_and_test(&file->f_count))
		file->f_release(file);
}

static inline struct inode *file_inode(const struct file *file)
{
	return file->f_inode;
}

/* => device and number in one word, the same wherever the inode lies in memory; 0: it has no number */
static inline u64 inode_identity(const struct inode *inode)
{
	u64 dev = inode->i_sb ? inode->i_sb->s_dev : 0;

	return inode->i_ino ? dev << 40 | (inode->i_ino & ((1ULL << 40) - 1)) : 0;
}

static inline loff_t i_size_read(const struct inode *inode)
{
	return READ_ONCE(inode->i_size);
}

static inline void i_size_write(struct inode *inode, loff_t size)
{
	WRITE_ONCE(inode->i_size, size);
}

static inline bool has_cap(const struct task_struct *p, int cap)
{
	return p->cap_effective >> cap & 1;
}

/* ---- Open files: fs/file.c ------------------------------------------------------------------- */

/* A file for path (both references are taken over only on success). => ERR_PTR */
struct file *alloc_file(const struct path *path, unsigned int flags, const struct file_operations *fop);
/* open(2) of an object already found: permissions are the caller's. References of path are not taken over. */
struct file *dentry_open(const struct path *path, unsigned int flags);
bool may_be_direct(const struct file *file); /* O_DIRECT: else EINVAL */

/* read(2), write(2): f_pos and its lock. => bytes or -errno; -EPIPE: the caller sends SIGPIPE */
ssize_t file_read(struct file *file, char *ubuf, size_t count);
ssize_t file_write(struct file *file, const char *ubuf, size_t count);
/* pread, pwrite and inside readv: an explicit position (&file->f_pos with f_pos_lock held is allowed) */
ssize_t vfs_read(struct file *file, char *ubuf, size_t count, loff_t *pos);
ssize_t vfs_write(struct file *file, const char *ubuf, size_t count, loff_t *pos);
struct iovec_k {	/* struct iovec of the user, already copied in */
	void *base;
	size_t len;
};
/* All pieces at one position; pos NULL: f_pos. Stops at the first short piece. */
ssize_t vfs_readv(struct file *file, const struct iovec_k *iov, unsigned int n, loff_t *pos);
ssize_t vfs_writev(struct file *file, const struct iovec_k *iov, unsigned int n, loff_t *pos);
/* Kernel buffer; pos NULL: f_pos. -EINVAL when the file cannot. */
ssize_t kernel_read(struct file *file, void *buf, size_t count, loff_t *pos);
ssize_t kernel_write(struct file *file, const void *buf, size_t count, loff_t *pos);
ssize_t vfs_sendfile(struct file *out, struct file *in, loff_t *pos, size_t count); /* pos NULL: in's f_pos */
loff_t vfs_llseek(struct file *file, loff_t offset, int whence);
long vfs_ioctl(struct file *file, unsigned int cmd, unsigned long arg); /* -ENOTTY; FIONBIO etc. are kernel/sys */
int vfs_fsync(struct file *file, bool datasync);
int vfs_fsync_range(struct file *file, loff_t start, loff_t end, bool datasync);
long vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len);
int vfs_ftruncate(struct file *file, loff_t length);
/* getdents64: => bytes filled, 0 at the end, -errno */
ssize_t vfs_getdents64(struct file *file, void *ubuf, size_t count);
int vfs_sync(void);	/* sync(2): write every block device's dirty pages */

loff_t generic_file_llseek(struct file *file, loff_t offset, int whence);
loff_t no_llseek(struct file *file, loff_t offset, int whence); /* -ESPIPE */
/*
 * Limits and O_APPEND before a write: => [w] held for writing; 0 or -errno, *count may shrink
 */
int generic_write_checks(struct file *file, loff_t *pos, size_t *count);
void file_accessed(struct file *file);
void file_update_time(struct file *file);

/* ---- Attributes: fs/attr.c ------------------------------------------------------------------- */

s64 current_time_ns(void);	/* nanoseconds since 1970 */
void vfs_getattr(const struct path *path, struct kstat *stat);
int notify_change(struct inode *inode, struct iattr *attr); /* permission of the change is checked */
int vfs_truncate(const struct path *path, loff_t length);
int vfs_statfs(const struct path *path, struct kstatfs *buf);
int inode_permission(struct inode *inode, int mask);	/* by fsuid, fsgid and capabilities; 0, -EACCES, -EROFS */
int inode_permission_real(struct inode *inode, int mask); /* by uid, gid: access(2) */
bool inode_owner_or_capable(const struct inode *inode);

/* => 0 or -ETXTBSY; open_exec() and the release of its file do this by themselves */
int deny_write_access(struct file *file);
void allow_write_access(struct file *file);

/* ---- fcntl locks: fs/locks.c ----------------------------------------------------------------- */

struct flock_k {	/* struct flock of the user */
	short l_type, l_whence;
	loff_t l_start, l_len;
	pid_t l_pid;
};
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
int fcntl_getlk(struct file *file, struct flock_k *lock);
int fcntl_setlk(struct file *file, const struct flock_k *lock, bool wait);
int flock_file(struct file *file, unsigned int operation); /* flock(2): LOCK_SH 1, EX 2, NB 4, UN 8 */
void locks_remove_posix(struct file *file, void *owner);   /* at close(2) by this files_struct */
void locks_remove_flock(struct file *file);		  /* at its last use */

/* ---- Anonymous files ------------------------------------------------------------------------- */

/*
 * A nameless tmpfs file of size bytes, open for reading and writing: MAP_SHARED | MAP_ANONYMOUS, memfd_create,
 * System V segments. Its size is charged nowhere: the caller does overcommit. => file or ERR_PTR
 */
struct file *shmem_file_setup(const char *name, loff_t size, unsigned long vm_flags);
/*
 * memfd_create(2): a shmem file that can be sealed if asked for. fcntl(F_ADD_SEALS): => 0, -EINVAL (not such a file),
 * -EPERM (sealed against sealing, not writable), -EBUSY (F_SEAL_WRITE with writable mappings)
 */
struct file *memfd_file(const char *name, bool may_seal);
int shmem_add_seals(struct file *file, unsigned int seals);
int shmem_get_seals(struct file *file);
/* pipe2(2): two files, [0] to read. flags: O_NONBLOCK, O_DIRECT is refused. => 0 or -errno */
int create_pipe_files(struct file *files[2], int flags);
/* A file without a place in any tree, named "anon_inode:[name]"; for eventfd and the like */
struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv,
				unsigned int flags);

/* ---- Start-up, in this order ----------------------------------------------------------------- */

void vfs_init(void);			/* caches, file system list */
void tmpfs_init_rootfs(void);		/* the root of the tree; init_task.fs and current->fs get it */
/* Unpack the archives in physical memory [start, end) into the root; frames go to the buddy afterwards. */
void initramfs_unpack(phys_addr_t start, phys_addr_t end);
void devices_init(void);		/* /dev: devtmpfs with every char and block device */
void procfs_init(void);			/* file systems proc and sysfs can be mounted */

#endif
