/* SPDX-License-Identifier: MIT */
/*
 * initramfs: the archives that the boot loader put into memory become the first files.
 *
 * They may lie in HighMem, so they are read page by page through kmap. What is packed with `lz4 -l` is unpacked on
 * the way (unlz4.c). cpio.c takes the archives apart; here each entry becomes a file, directory, link or device in
 * the root. Entries of one archive with the same device and inode numbers are hard links of one another. Afterwards
 * the frames go to the buddy.
 *
 * What is wrong with an archive is printed, and what was unpacked before it stays: there may be enough for a
 * shell. Unpacking never ends in an out-of-memory kill: it stops when memory gets short.
 */
#include "fs/cpio.h"
#include "fs/internal.h"
#include "fs/unlz4.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/kmap.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/vmstat.h"
#include "mm/zone.h"

#define LINK_BUCKETS 256

struct link_name {
	struct link_name *next;
	u32 ino, major, minor;
	char path[];
};

struct unpack {
	struct cpio_reader reader;
	struct unlz4 lz4;	/* window NULL: not packed */
	struct file *file;	/* being written */
	loff_t pos;
	char *target;		/* of the symbolic link being read */
	u32 target_len;
	struct link_name *links[LINK_BUCKETS];
	bool failed;		/* this entry: what has its name may be another object */
	char path[CPIO_NAME_MAX + 2];
};

static void forget_links(void *ctx)
{
	struct unpack *u = ctx;

	for (unsigned int i = 0; i < LINK_BUCKETS; i++) {
		while (u->links[i]) {
			struct link_name *next = u->links[i]->next;

			kfree(u->links[i]);
			u->links[i] = next;
		}
	}
}

/* The first name of this object in the archive, or NULL: this is it, and it is remembered. */
static const char *other_name(struct unpack *u, const struct cpio_entry *e)
{
	struct link_name **bucket = &u->links[(e->ino ^ e->minor) % LINK_BUCKETS], *l;

	for (l = *bucket; l; l = l->next)
		if (l->ino == e->ino && l->major == e->major && l->minor == e->minor)
			return l->path;
	l = kmalloc(sizeof(*l) + strlen(u->path) + 1, GFP_KERNEL);
	if (l) {
		l->ino = e->ino;
		l->major = e->major;
		l->minor = e->minor;
		strcpy(l->path, u->path);
		l->next = *bucket;
		*bucket = l;
	}
	return NULL;
}

static const char *reason(int err)
{
	switch (err) {
	case -ENOENT:
		return "the archive has no entry for its directory before it";
	case -ENOTDIR:
		return "a part of its path is no directory";
	case -EISDIR:
	case -EEXIST:
		return "something else has its name";
	case -ENAMETOOLONG:
		return "its name or target is too long or empty";
	case -ELOOP:
		return "its path leads in a ring of symbolic links";
	case -EINVAL:
		return "nobody knows its type";
	default:
		return "it was refused";
	}
}

static void say(struct unpack *u, int err)
{
	u->failed = true;
	if (err == -ENOSPC || err == -ENOMEM)
		pr_err("initrd: no memory for %.200s: give the machine more memory or make the archive smaller\n",
		       u->path);
	else
		pr_err("initrd: cannot make %.200s: %s (error %d)\n", u->path, reason(err), err);
}

/* An archive behind the first may replace what is there. */
static void make_room(const struct unpack *u, umode_t mode)
{
	struct kstat stat;

	if (do_statat(AT_FDCWD, u->path, AT_SYMLINK_NOFOLLOW, &stat))
		return;
	if (S_ISDIR(stat.mode) && !S_ISDIR(mode))
		do_rmdir(AT_FDCWD, u->path);
	else if (!S_ISDIR(stat.mode) && (S_ISDIR(mode) || !S_ISREG(mode) || !S_ISREG(stat.mode)))
		do_unlinkat(AT_FDCWD, u->path);
}

static void set_attributes(const struct unpack *u, const struct cpio_entry *e)
{
	s64 times[2] = { (s64)e->mtime * 1000000000LL, (s64)e->mtime * 1000000000LL };

	if (e->uid || e->gid)
		do_fchownat(AT_FDCWD, u->path, e->uid, e->gid, AT_SYMLINK_NOFOLLOW);
	if (!S_ISLNK(e->mode))
		do_fchmodat(AT_FDCWD, u->path, e->mode & S_IALLUGO, 0);
	do_utimensat(AT_FDCWD, u->path, times, AT_SYMLINK_NOFOLLOW);
}

static int open_regular(struct unpack *u, const struct cpio_entry *e)
{
	const char *first = e->nlink > 1 ? other_name(u, e) : NULL;
	int err;

	if (first) {
		do_unlinkat(AT_FDCWD, u->path);
		err = do_linkat(AT_FDCWD, first, AT_FDCWD, u->path, 0);
		if (err || !e->size)
			return err;
	}
	u->file = filp_open(u->path, O_WRONLY | O_CREAT | O_TRUNC, e->mode & S_IALLUGO);
	if (IS_ERR(u->file)) {
		err = PTR_ERR(u->file);
		u->file = NULL;
		return err;
	}
	u->pos = 0;
	return 0;
}

static int make_entry(struct unpack *u, const struct cpio_entry *e)
{
	umode_t mode = (umode_t)e->mode;
	int err;

	make_room(u, mode);
	if (S_ISREG(mode))
		return open_regular(u, e);
	if (S_ISDIR(mode)) {
		err = do_mkdirat(AT_FDCWD, u->path, mode & S_IALLUGO);
		return err == -EEXIST ? 0 : err;
	}
	if (S_ISLNK(mode)) {
		if (!e->size || e->size >= PATH_MAX)
			return -ENAMETOOLONG;
		u->target = kzalloc(e->size + 1, GFP_KERNEL);
		u->target_len = 0;
		return u->target ? 0 : -ENOMEM;
	}
	if (S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode))
		return do_mknodat(AT_FDCWD, u->path, mode, MKDEV(e->rmajor, e->rminor));
	return -EINVAL;
}

/*
 * Is there memory to go on with, and something left to start a program? Contents need no more than their own frames,
 * which are given back as they are read; names, inodes and the rest of each last page do.
 */
static bool memory_left(void)
{
	return global_page_state(NR_FREE_PAGES) > totalreserve_pages + 256;
}

/* => 0 also when this one entry failed: the others may do */
static int unpack_entry(void *ctx, const struct cpio_entry *e)
{
	struct unpack *u = ctx;
	const char *name = e->name;
	int err;

	while (*name == '/' || (name[0] == '.' && name[1] == '/'))
		name++;
	u->failed = false;
	u->path[0] = '/';
	strlcpy(u->path + 1, name, sizeof(u->path) - 1);
	if (!*name || !strcmp(name, "."))
		return 0;
	err = memory_left() ? make_entry(u, e) : -ENOMEM;
	if (err)
		say(u, err);
	return err == -ENOMEM || err == -ENOSPC ? err : 0;
}

static int unpack_data(void *ctx, const void *data, size_t len)
{
	struct unpack *u = ctx;
	ssize_t done;

	if (u->target) {
		memcpy(u->target + u->target_len, data, len);
		u->target_len += len;
	}
	if (!u->file)
		return 0;
	done = memory_left() ? kernel_write(u->file, data, len, &u->pos) : -ENOMEM;
	if (done == (ssize_t)len)
		return 0;
	say(u, done < 0 ? (int)done : -ENOSPC);
	return done < 0 ? (int)done : -ENOSPC;
}

static int unpack_done(void *ctx, const struct cpio_entry *e)
{
	struct unpack *u = ctx;
	if (u->target) {
		int err = do_symlinkat(u->target, AT_FDCWD, u->path);

		if (err)
			say(u, err);
		kfree(u->target);
		u->target = NULL;
	}
	if (u->file) {
		fput(u->file);
		u->file = NULL;
	}
	if (u->path[1] && !u->failed)
		set_attributes(u, e);
	cond_resched();
	return 0;
}

static const struct cpio_ops unpack_ops = {
	.entry = unpack_entry,
	.data = unpack_data,
	.done = unpack_done,
	.archive_end = forget_links,
};

static int feed_cpio(void *ctx, const void *data, size_t len)
{
	struct unpack *u = ctx;

	return cpio_feed(&u->reader, data, len);
}

static int feed(struct unpack *u, const void *data, size_t len)
{
	return u->lz4.window ? unlz4_feed(&u->lz4, data, len) : cpio_feed(&u->reader, data, len);
}

static int finish(struct unpack *u)
{
	int err = u->lz4.window ? unlz4_finish(&u->lz4) : 0;

	return err ? err : cpio_finish(&u->reader);
}

/* Does the archive begin with LZ4's magic? It is at the beginning of a page. */
static bool is_packed(phys_addr_t start, phys_addr_t end)
{
	u32 magic = 0;

	if (end - start >= sizeof(magic) && (start & ~PAGE_MASK) <= PAGE_SIZE - sizeof(magic)) {
		char *va = kmap(pfn_to_page(start >> PAGE_SHIFT));

		memcpy(&magic, va + (start & ~PAGE_MASK), sizeof(magic));
		kunmap(pfn_to_page(start >> PAGE_SHIFT));
	}
	return magic == UNLZ4_MAGIC;
}

/* Each frame goes to the buddy as soon as it has been read; *start moves on. */
static int unpack_range(struct unpack *u, phys_addr_t *start, phys_addr_t end)
{
	int err = 0;

	cpio_start(&u->reader, &unpack_ops, u);
	if (is_packed(*start, end)) {
		u8 *window = vmalloc(UNLZ4_WINDOW);

		if (!window) {
			pr_err("initrd: no memory for its unpacking: give the machine more memory or "
			       "make the archive smaller\n");
			return -ENOMEM;
		}
		unlz4_start(&u->lz4, window, feed_cpio, u);
	}
	while (*start < end && !err) {
		struct page *page = pfn_to_page(*start >> PAGE_SHIFT);
		unsigned int offset = *start & ~PAGE_MASK;
		size_t n = min((u64)(PAGE_SIZE - offset), (u64)(end - *start));
		char *va = kmap(page);

		err = feed(u, va + offset, n);
		kunmap(page);
		free_reserved_page(page);
		*start += n;
	}
	if (!err)
		err = finish(u);
	if (u->file)
		fput(u->file);
	kfree(u->target);
	forget_links(u);
	vfree(u->lz4.window);
	return err;
}

void initramfs_unpack(phys_addr_t start, phys_addr_t end)
{
	struct unpack *u = start < end ? kzalloc(sizeof(*u), GFP_KERNEL) : NULL;
	unsigned long kib = (unsigned long)((end - start) >> 10);
	int err;

	if (u) {
		err = unpack_range(u, &start, end);
		if (err == -EINVAL && u->lz4.error)
			pr_err("initrd: packed with LZ4, and at offset %llu %s: make it again (lz4 -l)\n",
			       u->lz4.offset, u->lz4.error);
		else if (err == -EINVAL && u->reader.error[0])
			pr_err("initrd: %s\n", u->reader.error);
		else if (err)
			pr_err("initrd: unpacking stopped at offset %llu\n", u->reader.pos);
		pr_info("initrd: %u entries of %u archive%s, %lu KiB\n", u->reader.nr_entries,
			u->reader.nr_archives, u->reader.nr_archives == 1 ? "" : "s", kib);
		kfree(u);
	}
	for (; start < end; start = (start & PAGE_MASK) + PAGE_SIZE)
		free_reserved_page(pfn_to_page(start >> PAGE_SHIFT));
}
