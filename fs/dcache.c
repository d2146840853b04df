/* SPDX-License-Identifier: MIT */
/*
 * dentries: the names of the tree.
 *
 *   "/" -+- "bin" -+- "sh"        each holds a reference on its parent and its inode;
 *        |         +- "ls"        found through one hash of (parent, text),
 *        +- "tmp"                 listed in d_subdirs in the order they were made
 *
 * A dentry without users is freed at once, or kept for the next lookup if its file system says so (DCACHE_KEEP,
 * dcache_lru.c). Memory file systems pin theirs with one reference more (their directories consist of nothing
 * else); procfs makes its names when they are asked for. d_cookie grows with each child, so a listing that is
 * continued after other names came and went neither repeats nor misses one.
 *
 * Locks: dcache_lock for everything here, for short moments; see fs.h.
 *
 * Beyond this Linux has: negative dentries, lookup without locks.
 */
#include "fs/internal.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "mm/slab.h"

#define DENTRY_HASH_BITS 10

DEFINE_SPINLOCK(dcache_lock, LOCK_RANK_DCACHE);
static struct hlist_head dentry_hash[1U << DENTRY_HASH_BITS]; /* [d] */
static struct kmem_cache *dentry_cache;

void dcache_init(void)
{
	dentry_cache = kmem_cache_create("dentry", sizeof(struct dentry), 0, SLAB_PANIC | SLAB_RECLAIM_ACCOUNT, NULL);
	dcache_lru_init();
}

static unsigned int name_hash(const struct dentry *parent, const char *name, unsigned int len)
{
	unsigned int h = (unsigned int)((unsigned long)parent >> 6);

	while (len--)
		h = (h ^ (unsigned char)*name++) * 16777619U;
	return h ^ h >> 16;
}

static struct hlist_head *bucket(unsigned int hashval)
{
	return &dentry_hash[hashval & ((1U << DENTRY_HASH_BITS) - 1)];
}

static int set_name(struct dentry *dentry, const char *name, unsigned int len)
{
	char *text = dentry->d_iname;

	if (len >= DNAME_INLINE) {
		text = kmalloc(len + 1, GFP_KERNEL);
		if (!text)
			return -ENOMEM;
	}
	memcpy(text, name, len);
	text[len] = '\0';
	dentry->d_name = text;
	dentry->d_len = len;
	return 0;
}

static void free_name(struct dentry *dentry, const char *name)
{
	if (name != dentry->d_iname)
		kfree(name);
}

struct dentry *d_alloc(struct dentry *parent, struct super_block *sb, const char *name, unsigned int len)
{
	struct dentry *dentry = kmem_cache_zalloc(dentry_cache, GFP_KERNEL);

	if (!dentry)
		return NULL;
	if (set_name(dentry, name, len)) {
		kmem_cache_free(dentry_cache, dentry);
		return NULL;
	}
	atomic_set(&dentry->d_count, 1);
	dentry->d_parent = parent ? dget(parent) : dentry;
	dentry->d_sb = sb;
	dentry->d_next_cookie = 2;
	INIT_LIST_HEAD(&dentry->d_lru);
	INIT_LIST_HEAD(&dentry->d_child);
	INIT_LIST_HEAD(&dentry->d_subdirs);
	return dentry;
}

/* => [d] held */
static void hash_dentry(struct dentry *dentry)
{
	struct dentry *parent = dentry->d_parent;

	dentry->d_hashval = name_hash(parent, dentry->d_name, dentry->d_len);
	hlist_add_head(&dentry->d_hash, bucket(dentry->d_hashval));
	dentry->d_cookie = parent->d_next_cookie++;
	list_add_tail(&dentry->d_child, &parent->d_subdirs);
	dentry->d_flags |= DCACHE_HASHED;
}

void d_unhash_locked(struct dentry *dentry)
{
	if (!(dentry->d_flags & DCACHE_HASHED))
		return;
	dentry->d_flags &= ~DCACHE_HASHED;
	hlist_del(&dentry->d_hash);
	list_del_init(&dentry->d_child);
}

void d_add(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&dcache_lock);
	dentry->d_inode = inode;
	hash_dentry(dentry);
	spin_unlock(&dcache_lock);
}

/* => [d] held; referenced or NULL */
static struct dentry *find_child(struct dentry *parent, const char *name, unsigned int len)
{
	unsigned int hashval = name_hash(parent, name, len);
	struct dentry *dentry;

	hlist_for_each_entry(dentry, bucket(hashval), d_hash)
		if (dentry->d_hashval == hashval && dentry->d_parent == parent && dentry->d_len == len &&
		    !memcmp(dentry->d_name, name, len)) {
			if (!list_empty(&dentry->d_lru))
				dcache_use_again(dentry);
			return dget(dentry);
		}
	return NULL;
}

struct dentry *d_add_unique(struct dentry *dentry, struct inode *inode)
{
	struct dentry *other;

	spin_lock(&dcache_lock);
	other = find_child(dentry->d_parent, dentry->d_name, dentry->d_len);
	dentry->d_inode = inode;
	if (!other)
		hash_dentry(dentry);
	spin_unlock(&dcache_lock);
	if (!other)
		return dentry;
	dput(dentry);
	return other;
}

struct dentry *d_make_root(struct super_block *sb, struct inode *inode)
{
	struct dentry *root;

	if (!inode)
		return NULL;
	root = d_alloc(NULL, sb, "/", 1);
	if (!root) {
		iput(inode);
		return NULL;
	}
	root->d_inode = inode;
	return root;
}

struct dentry *d_lookup(struct dentry *parent, const char *name, unsigned int len)
{
	struct dentry *dentry;

	spin_lock(&dcache_lock);
	dentry = find_child(parent, name, len);
	spin_unlock(&dcache_lock);
	return dentry;
}

void d_drop(struct dentry *dentry)
{
	spin_lock(&dcache_lock);
	d_unhash_locked(dentry);
	spin_unlock(&dcache_lock);
}

/* => the parent (if any), whose reference is the caller's now */
static struct dentry *free_one(struct dentry *dentry)
{
	struct dentry *parent = dentry->d_parent == dentry ? NULL : dentry->d_parent;
	struct inode *inode = dentry->d_inode;

	BUG_ON(!list_empty(&dentry->d_subdirs));
	free_name(dentry, dentry->d_name);
	kmem_cache_free(dentry_cache, dentry);
	if (inode)
		iput(inode);
	return parent;
}

void dentry_free(struct dentry *dentry)
{
	dput(free_one(dentry));
}

/* The last reference may be dropped here. => true: it was, and the dentry is not kept: the caller's to free */
static bool drop_last(struct dentry *dentry)
{
	bool gone = false;

	spin_lock(&dcache_lock);
	if (atomic_dec_and_test(&dentry->d_count)) {
		gone = (dentry->d_flags & (DCACHE_KEEP | DCACHE_HASHED)) != (DCACHE_KEEP | DCACHE_HASHED);
		if (gone)
			d_unhash_locked(dentry);
		else
			dcache_keep_unused(dentry);
	}
	spin_unlock(&dcache_lock);
	return gone;
}

void dput(struct dentry *dentry)
{
	while (dentry && !atomic_add_unless(&dentry->d_count, -1, 1)) {
		if (!drop_last(dentry))
			return;
		dentry = free_one(dentry);
	}
}

char *d_move_prepare(unsigned int len)
{
	return len >= DNAME_INLINE ? kmalloc(len + 1, GFP_KERNEL) ?: ERR_PTR(-ENOMEM) : NULL;
}

void d_move(struct dentry *dentry, struct dentry *parent, const char *name, unsigned int len, char *text)
{
	struct dentry *old_parent = dentry->d_parent;
	const char *old_name;

	spin_lock(&dcache_lock);
	d_unhash_locked(dentry);
	old_name = dentry->d_name;
	if (!text)
		text = dentry->d_iname;
	memmove(text, name, len);
	text[len] = '\0';
	dentry->d_name = text;
	dentry->d_len = len;
	dentry->d_parent = dget(parent);
	hash_dentry(dentry);
	spin_unlock(&dcache_lock);
	if (old_name != text)
		free_name(dentry, old_name);
	dput(old_parent);
}

bool d_has_children(struct dentry *dentry)
{
	return !list_empty(&dentry->d_subdirs);
}

static unsigned int dt_type(const struct inode *inode)
{
	return (inode->i_mode & S_IFMT) >> 12;
}

bool emit_dots(struct file *file, void *ctx, filldir_t emit, loff_t *pos)
{
	struct dentry *dir = file->f_path.dentry;

	if (*pos == 0) {
		if (!emit(ctx, ".", 1, 0, dir->d_inode->i_ino, DT_DIR))
			return false;
		*pos = 1;
	}
	if (*pos == 1) {
		if (!emit(ctx, "..", 2, 1, READ_ONCE(dir->d_parent)->d_inode->i_ino, DT_DIR))
			return false;
		*pos = 2;
	}
	return true;
}

/* => the first child at or behind cookie, referenced, or NULL */
static struct dentry *child_from(struct dentry *dir, struct dentry *hint, u64 cookie)
{
	struct dentry *child, *found = NULL;

	spin_lock(&dcache_lock);
	if (hint && !list_empty(&hint->d_child) && hint->d_parent == dir && hint->d_cookie < cookie)
		child = hint;
	else
		child = list_entry(&dir->d_subdirs, struct dentry, d_child);
	list_for_each_entry_continue(child, &dir->d_subdirs, d_child) {
		if (child->d_cookie >= cookie) {
			found = dget(child);
			break;
		}
	}
	spin_unlock(&dcache_lock);
	return found;
}

int dcache_iterate(struct file *file, void *ctx, filldir_t emit, loff_t *pos)
{
	struct dentry *dir = file->f_path.dentry, *child, *prev = NULL;
	bool room = true;

	if (!emit_dots(file, ctx, emit, pos))
		return 0;
	while (room && (child = child_from(dir, prev, *pos)) != NULL) {
		/* The name may change by a rename only, which namespace_sem (held by the caller) excludes. */
		room = emit(ctx, child->d_name, child->d_len, child->d_cookie, child->d_inode->i_ino,
			    dt_type(child->d_inode));
		if (room)
			*pos = child->d_cookie + 1;
		dput(prev);
		prev = child;
	}
	dput(prev);
	return 0;
}

void d_genocide(struct dentry *root)
{
	struct dentry *dir = root;

	for (;;) {
		struct dentry *child = NULL, *parent;

		spin_lock(&dcache_lock);
		if (!list_empty(&dir->d_subdirs))
			child = list_first_entry(&dir->d_subdirs, struct dentry, d_child);
		spin_unlock(&dcache_lock);
		if (child) {
			dir = child;
			continue;
		}
		if (dir == root)
			return;
		parent = dir->d_parent;
		d_drop(dir);
		dput(dir); /* the pin; parent is pinned itself */
		dir = parent;
	}
}

/* ---- From a dentry to its text ---- */

static char *prepend(char *end, const char *start, const char *text, unsigned int len)
{
	if (!end || end - start < (long)len)
		return NULL;
	end -= len;
	memcpy(end, text, len);
	return end;
}

/* => [d] held; root: where "/" is */
static char *build_path(const struct path *path, const struct path *root, char *end, const char *buf)
{
	struct dentry *dentry = path->dentry;
	struct vfsmount *mnt = path->mnt;
	bool any = false;

	while (end && !(dentry == root->dentry && mnt == root->mnt)) {
		if (dentry == mnt->mnt_root || dentry->d_parent == dentry) {
			if (!mnt->mnt_parent)
				break;
			dentry = mnt->mnt_mountpoint;
			mnt = mnt->mnt_parent;
			continue;
		}
		end = prepend(end, buf, dentry->d_name, dentry->d_len);
		end = prepend(end, buf, "/", 1);
		dentry = dentry->d_parent;
		any = true;
	}
	return any ? end : prepend(end, buf, "/", 1);
}

char *d_path(const struct path *path, char *buf, int size)
{
	struct dentry *dentry = path->dentry;
	struct path root = { NULL, NULL };
	char *end = buf + size;

	if (dentry->d_op && dentry->d_op->d_name) {
		dentry->d_op->d_name(dentry, buf, size);
		return buf;
	}
	if (current->fs)
		get_fs_root(current->fs, &root);
	end = prepend(end, buf, "", 1);
	spin_lock(&dcache_lock);
	if (d_unhashed(dentry) && dentry->d_parent != dentry)
		end = prepend(end, buf, " (deleted)", 10);
	end = build_path(path, &root, end, buf);
	spin_unlock(&dcache_lock);
	if (root.mnt)
		path_put(&root);
	return end ? end : ERR_PTR(-ENAMETOOLONG);
}
