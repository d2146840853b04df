/* SPDX-License-Identifier: MIT */
/*
 * What the files of fs/ say to each other: making inodes, dentries, super blocks and mounts.
 * File systems use this; nobody outside fs/ does.
 */
#ifndef FS_INTERNAL_H
#define FS_INTERNAL_H

#include "fs/fs.h"
#include "fs/namei.h"
#include "kernel/core/task.h"

/* [n] The shape of the tree: names and mounts. */
extern struct rw_semaphore namespace_sem;
/* [d] */
extern spinlock_t dcache_lock;

/* Where a file system hangs. Fields [n] and [d] written, either suffices to read, unless said. */
struct vfsmount {
	struct super_block *mnt_sb;	/* [I] */
	struct dentry *mnt_root;	/* [I] referenced */
	struct vfsmount *mnt_parent;	/* NULL: the root of all, or detached */
	struct dentry *mnt_mountpoint;	/* referenced with mnt_parent */
	struct list_head mnt_list;	/* [n] all mounts, in order of mounting */
	atomic_t mnt_count;		/* [a] 1 for being mounted, one per path */
	unsigned long mnt_flags;	/* MS_* as given */
	char mnt_devname[64];		/* [I] */
};

#define MS_RDONLY  1
#define MS_NOSUID  2
#define MS_NODEV   4
#define MS_NOEXEC  8
#define MS_REMOUNT 32
#define MS_BIND	   4096
#define MS_MOVE	   8192
#define MS_REC	   16384
#define MS_SILENT  32768
#define MS_NOATIME 1024
#define MS_RELATIME 0x200000
#define MNT_DETACH 2

/* ---- dcache.c ---- */
void dcache_init(void);
static inline struct dentry *dget(struct dentry *dentry)
{
	atomic_inc(&dentry->d_count);
	return dentry;
}
void dput(struct dentry *dentry);	/* NULL is fine; may sleep */
/* => a new dentry, one reference, not hashed, no inode; parent NULL: a root. NULL: no memory */
struct dentry *d_alloc(struct dentry *parent, struct super_block *sb, const char *name, unsigned int len);
/* => inode's reference is taken over; the name can be found from now on */
void d_add(struct dentry *dentry, struct inode *inode);
/* => the same, or (both references dropped) the dentry of that name that somebody else was quicker to add */
struct dentry *d_add_unique(struct dentry *dentry, struct inode *inode);
/* => root dentry of inode (reference taken over, dropped on failure); NULL: no memory */
struct dentry *d_make_root(struct super_block *sb, struct inode *inode);
struct dentry *d_lookup(struct dentry *parent, const char *name, unsigned int len);
/* Unused names (dcache_lru.c): [d] held. A name nobody holds is kept; one that is kept is taken again. */
void dcache_keep_unused(struct dentry *dentry);
void dcache_use_again(struct dentry *dentry);
void dcache_lru_init(void);
void d_unhash_locked(struct dentry *dentry); /* => [d] held */
void dentry_free(struct dentry *dentry);     /* => unhashed, on no list, without users; may sleep */
void d_drop(struct dentry *dentry);	/* the name cannot be found any more */
/* => room for a name of len bytes (NULL: none needed), or ERR_PTR; then d_move cannot fail */
char *d_move_prepare(unsigned int len);
/* => [n] write held; dentry gets parent and name of its own; text from d_move_prepare is taken over */
void d_move(struct dentry *dentry, struct dentry *parent, const char *name, unsigned int len, char *text);
bool d_has_children(struct dentry *dentry);
static inline bool d_unhashed(const struct dentry *dentry)
{
	return !(READ_ONCE(dentry->d_flags) & DCACHE_HASHED);
}
/* The children of a directory whose dentries are the directory, after "." and "..". */
int dcache_iterate(struct file *file, void *ctx, filldir_t emit, loff_t *pos);
bool emit_dots(struct file *file, void *ctx, filldir_t emit, loff_t *pos);
/* Unpins and drops everything below root (umount of a memory file system). */
void d_genocide(struct dentry *root);

/* ---- inode.c ---- */
void inode_init(void);
/* => one reference, i_nlink 1, owner fsuid and fsgid, times now, its own mapping; NULL: no memory */
struct inode *new_inode(struct super_block *sb, umode_t mode);
struct inode *igrab(struct inode *inode);
void iput(struct inode *inode);		/* may sleep */
/* owner of a new object in dir: set-group-id directories hand on their group */
void inode_init_owner(struct inode *inode, const struct inode *dir, umode_t mode);
struct super_block *alloc_super(struct file_system_type *type, const struct super_operations *ops,
				unsigned long magic);
void put_super(struct super_block *sb);
dev_t get_anon_dev(void);
/* Device nodes, FIFOs: the operations that belong to i_rdev */
void init_special_inode(struct inode *inode, umode_t mode, dev_t rdev);
int simple_statfs(struct super_block *sb, struct kstatfs *buf);

/* ---- mount.c ---- */
void mount_init(void);
void register_filesystem(struct file_system_type *type);
struct file_system_type *get_fs_type(const char *name);
extern struct file_system_type *file_systems;
struct vfsmount *mount_sb(struct super_block *sb, const char *dev_name); /* detached; takes sb's reference */
void mntput(struct vfsmount *mnt);
static inline struct vfsmount *mntget(struct vfsmount *mnt)
{
	atomic_inc(&mnt->mnt_count);
	return mnt;
}
/* => [n] held; path (references replaced) moves onto what is mounted there, or up to what it is mounted on */
void follow_down(struct path *path);
bool follow_up(struct path *path);
extern struct list_head mount_list;	/* [n] */
extern struct vfsmount *root_mnt;	/* [I] */
int mount_at(struct vfsmount *mnt, const struct path *where); /* [n] write held; takes mnt's reference */

/* ---- file.c ---- */
void file_cache_init(void);
struct file *alloc_pseudo_file(struct super_block *sb, struct inode *inode, const char *name,
			       const struct dentry_operations *d_op, unsigned int flags,
			       const struct file_operations *fop);
int get_write_access(struct inode *inode);
void put_write_access(struct inode *inode);

/* ---- fs_struct.c ---- */
void fs_struct_init(const struct path *root); /* root_mnt exists: the boot tasks stand there */

/* ---- namei.c ---- */
enum { LAST_NORM, LAST_DOT, LAST_DOTDOT, LAST_ROOT };
struct walk {
	struct path path;	/* result, referenced: the object, or the parent with parent_only */
	struct path root;	/* ".." stops here */
	const char *name;	/* what remains */
	char *buf;		/* the text name points into, if it came from a link */
	unsigned int flags;	/* LOOKUP_* */
	bool parent_only;	/* stop before the last name */
	int nr_links;
	const char *last;	/* parent_only: the last name */
	unsigned int last_len;
	int last_type;
	bool last_slash;	/* "name/" */
};
/* => [n] held; 0 with w->path, or -errno with nothing held but w->buf, w->root: walk_end() always */
int walk_start(struct walk *w, int dfd, const char *name, unsigned int flags, bool parent_only);
int walk_path(struct walk *w);
void walk_end(struct walk *w);
/* w->path is a directory, link what was found in it: continue with the link's text. Takes link's reference. */
int walk_follow(struct walk *w, struct path *link);
/* => [n] held; a referenced dentry, NULL: no such name, ERR_PTR */
struct dentry *lookup_one(struct dentry *dir, const char *name, unsigned int len);

/* ---- tmpfs.c ---- */
extern const struct file_operations simple_dir_operations;
extern struct file_system_type tmpfs_type;
struct inode *tmpfs_new_inode(struct super_block *sb, const struct inode *dir, umode_t mode, dev_t rdev);
struct super_block *tmpfs_make_sb(struct file_system_type *type, const char *data);

/* ---- devices ---- */
extern const struct file_operations def_chr_fops, def_blk_fops, fifo_fops;
int chrdev_open(struct inode *inode, struct file *file);

/* Between a page and memory of the user (or, with kernel set, of the kernel). => bytes done, less on a fault */
size_t page_copy_in(struct page *page, unsigned int offset, const void *from, size_t n, bool kernel);
size_t page_copy_out(struct page *page, unsigned int offset, void *to, size_t n, bool kernel);

extern long files_max;		/* open files of the machine, beyond which only CAP_SYS_ADMIN opens more */
long nr_open_files(void);

#endif
