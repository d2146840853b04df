/* SPDX-License-Identifier: MIT */
/*
 * System calls on names: each copies its text in (getname) and hands it to fs/namei. The calls without "at"
 * are the same with AT_FDCWD. Owners, modes and times are in attr_calls.c.
 */
#include "kernel/sys/abi.h"
#include "kernel/sys/syscalls.h"
#include "kernel/sys/time.h"
#include "kernel/sys/with_name.h"
#include "arch/uaccess.h"
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "kernel/base/string.h"
#include "kernel/core/task.h"

/* ---- Opening and making ------------------------------------------------------------------------- */

long sys_openat(int dfd, const char __user *uname, int flags, mode_t mode)
{
	return WITH_NAME(uname, name, do_sys_open(dfd, name, flags | O_LARGEFILE, (umode_t)mode));
}

long sys_open(const char __user *uname, int flags, mode_t mode)
{
	return sys_openat(AT_FDCWD, uname, flags, mode);
}

long sys_creat(const char __user *uname, mode_t mode)
{
	return sys_openat(AT_FDCWD, uname, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

long sys_mkdirat(int dfd, const char __user *uname, mode_t mode)
{
	return WITH_NAME(uname, name, do_mkdirat(dfd, name, (umode_t)mode));
}

long sys_mkdir(const char __user *uname, mode_t mode)
{
	return sys_mkdirat(AT_FDCWD, uname, mode);
}

/* User space's device numbers: 12 bits of major from bit 8, minor around them. */
static dev_t decode_dev(unsigned int dev)
{
	return MKDEV(dev >> 8 & 0xfff, (dev & 0xff) | (dev >> 12 & 0xfff00));
}

static u64 encode_dev(dev_t dev)
{
	u64 major = MAJOR(dev), minor = MINOR(dev);

	return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xffULL) << 12 | (major & ~0xfffULL) << 32;
}

long sys_mknodat(int dfd, const char __user *uname, mode_t mode, unsigned int dev)
{
	return WITH_NAME(uname, name, do_mknodat(dfd, name, (umode_t)mode, decode_dev(dev)));
}

long sys_mknod(const char __user *uname, mode_t mode, unsigned int dev)
{
	return sys_mknodat(AT_FDCWD, uname, mode, dev);
}

long sys_symlinkat(const char __user *utarget, int dfd, const char __user *uname)
{
	return WITH_NAME(utarget, target, WITH_NAME(uname, name, do_symlinkat(target, dfd, name)));
}

long sys_symlink(const char __user *utarget, const char __user *uname)
{
	return sys_symlinkat(utarget, AT_FDCWD, uname);
}

long sys_linkat(int olddfd, const char __user *uold, int newdfd, const char __user *unew, int flags)
{
	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return WITH_NAME(uold, old, WITH_NAME(unew, new, do_linkat(olddfd, old, newdfd, new, flags)));
}

long sys_link(const char __user *uold, const char __user *unew)
{
	return sys_linkat(AT_FDCWD, uold, AT_FDCWD, unew, 0);
}

/* ---- Removing and renaming ---------------------------------------------------------------------- */

long sys_unlinkat(int dfd, const char __user *uname, int flags)
{
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return WITH_NAME(uname, name,
			 flags & AT_REMOVEDIR ? do_rmdir(dfd, name) : do_unlinkat(dfd, name));
}

long sys_unlink(const char __user *uname)
{
	return sys_unlinkat(AT_FDCWD, uname, 0);
}

long sys_rmdir(const char __user *uname)
{
	return sys_unlinkat(AT_FDCWD, uname, AT_REMOVEDIR);
}

long sys_renameat2(int olddfd, const char __user *uold, int newdfd, const char __user *unew,
		   unsigned int flags)
{
	return WITH_NAME(uold, old,
			 WITH_NAME(unew, new, do_renameat2(olddfd, old, newdfd, new, flags)));
}

long sys_renameat(int olddfd, const char __user *uold, int newdfd, const char __user *unew)
{
	return sys_renameat2(olddfd, uold, newdfd, unew, 0);
}

long sys_rename(const char __user *uold, const char __user *unew)
{
	return sys_renameat2(AT_FDCWD, uold, AT_FDCWD, unew, 0);
}

/* ---- Asking ----------------------------------------------------------------------------------- */

static struct linux_timespec ns_to_timespec(s64 ns)
{
	return (struct linux_timespec){ ns / (s64)NSEC_PER_SEC, ns % (s64)NSEC_PER_SEC };
}

static long put_stat(void __user *ubuf, const struct kstat *k)
{
	struct linux_stat s;

	memset(&s, 0, sizeof(s));
	s.st_dev = encode_dev(k->dev);
	s.st_ino = k->ino;
	s.st_nlink = k->nlink;
	s.st_mode = k->mode;
	s.st_uid = k->uid;
	s.st_gid = k->gid;
	s.st_rdev = encode_dev(k->rdev);
	s.st_size = k->size;
	s.st_blksize = k->blksize;
	s.st_blocks = (s64)k->blocks;
	s.atime = ns_to_timespec(k->atime);
	s.mtime = ns_to_timespec(k->mtime);
	s.ctime = ns_to_timespec(k->ctime);
	return copy_to_user(ubuf, &s, sizeof(s)) ? -EFAULT : 0;
}

long sys_fstat(int fd, void __user *ubuf)
{
	struct file *file = fget_raw(fd);
	struct kstat stat;

	if (!file)
		return -EBADF;
	vfs_getattr(&file->f_path, &stat);
	fput(file);
	return put_stat(ubuf, &stat);
}

long sys_newfstatat(int dfd, const char __user *uname, void __user *ubuf, int flags)
{
	struct kstat stat;
	char *name, first;
	long err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | 0x800)) /* 0x800: AT_NO_AUTOMOUNT */
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && dfd >= 0 && !get_user(first, uname) && !first)
		return sys_fstat(dfd, ubuf); /* what glibc's fstat does */
	name = flags & AT_EMPTY_PATH ? getname_maybe_empty(uname) : getname(uname);
	if (IS_ERR(name))
		return PTR_ERR(name);
	err = do_statat(dfd, name, flags, &stat);
	putname(name);
	return err ? err : put_stat(ubuf, &stat);
}

long sys_stat(const char __user *uname, void __user *ubuf)
{
	return sys_newfstatat(AT_FDCWD, uname, ubuf, 0);
}

long sys_lstat(const char __user *uname, void __user *ubuf)
{
	return sys_newfstatat(AT_FDCWD, uname, ubuf, AT_SYMLINK_NOFOLLOW);
}

static long put_statfs(void __user *ubuf, const struct kstatfs *k)
{
	struct linux_statfs s;

	memset(&s, 0, sizeof(s));
	s.f_type = k->f_type;
	s.f_bsize = k->f_bsize;
	s.f_blocks = k->f_blocks;
	s.f_bfree = k->f_bfree;
	s.f_bavail = k->f_bavail;
	s.f_files = k->f_files;
	s.f_ffree = k->f_ffree;
	s.f_fsid[0] = (s32)k->f_fsid;
	s.f_fsid[1] = (s32)(k->f_fsid >> 32);
	s.f_namelen = k->f_namelen;
	s.f_frsize = k->f_frsize;
	s.f_flags = k->f_flags;
	return copy_to_user(ubuf, &s, sizeof(s)) ? -EFAULT : 0;
}

long sys_statfs(const char __user *uname, void __user *ubuf)
{
	struct kstatfs st;
	struct path path;
	long err = WITH_NAME(uname, name, path_at(AT_FDCWD, name, LOOKUP_FOLLOW, &path));

	if (err)
		return err;
	err = vfs_statfs(&path, &st);
	path_put(&path);
	return err ? err : put_statfs(ubuf, &st);
}

long sys_fstatfs(int fd, void __user *ubuf)
{
	struct file *file = fget_raw(fd);
	struct kstatfs st;
	long err;

	if (!file)
		return -EBADF;
	err = vfs_statfs(&file->f_path, &st);
	fput(file);
	return err ? err : put_statfs(ubuf, &st);
}

long sys_faccessat2(int dfd, const char __user *uname, int mode, int flags)
{
	if ((mode & ~(MAY_READ | MAY_WRITE | MAY_EXEC)) ||
	    (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	return WITH_NAME(uname, name, do_faccessat(dfd, name, mode, flags));
}

long sys_faccessat(int dfd, const char __user *uname, int mode)
{
	return sys_faccessat2(dfd, uname, mode, 0);
}

long sys_access(const char __user *uname, int mode)
{
	return sys_faccessat2(AT_FDCWD, uname, mode, 0);
}

long sys_readlinkat(int dfd, const char __user *uname, char __user *ubuf, int size)
{
	char *name;
	long ret;

	if (size <= 0)
		return -EINVAL;
	name = getname_maybe_empty(uname);
	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = do_readlinkat(dfd, name, ubuf, (size_t)size);
	putname(name);
	return ret;
}

long sys_readlink(const char __user *uname, char __user *ubuf, int size)
{
	return size <= 0 ? -EINVAL :
			   WITH_NAME(uname, name, do_readlinkat(AT_FDCWD, name, ubuf, (size_t)size));
}

/* ---- Size and mask ------------------------------------------------------------------------------ */

long sys_truncate(const char __user *uname, loff_t length)
{
	return length < 0 ? -EINVAL : WITH_NAME(uname, name, do_truncate_name(name, length));
}

long sys_umask(mode_t mask)
{
	struct fs_struct *fs = current->fs;
	mode_t old;

	spin_lock(&fs->lock);
	old = fs->umask;
	fs->umask = (umode_t)(mask & 0777);
	spin_unlock(&fs->lock);
	return old;
}

/* ---- Places ------------------------------------------------------------------------------------- */

long sys_chdir(const char __user *uname)
{
	return WITH_NAME(uname, name, do_chdir(name));
}

long sys_fchdir(int fd)
{
	struct file *file = fget_raw(fd);
	long err;

	if (!file)
		return -EBADF;
	err = do_fchdir(file);
	fput(file);
	return err;
}

long sys_chroot(const char __user *uname)
{
	if (!has_cap(current, CAP_SYS_CHROOT))
		return -EPERM;
	return WITH_NAME(uname, name, do_chroot(name));
}

long sys_getcwd(char __user *buf, size_t size)
{
	return do_getcwd(buf, size);
}

/* An optional string of mount(2): NULL stays NULL. => 0 or -errno */
static long get_optional(const char __user *utext, char **text)
{
	*text = utext ? getname_maybe_empty(utext) : NULL;
	if (!IS_ERR(*text))
		return 0;
	long err = PTR_ERR(*text);

	*text = NULL;
	return err;
}

long sys_mount(const char __user *udev, const char __user *udir, const char __user *utype,
	       unsigned long flags, const char __user *udata)
{
	char *dev = NULL, *type = NULL, *data = NULL;
	long err;

	if (!has_capability_admin(current))
		return -EPERM;
	err = get_optional(udev, &dev);
	if (!err)
		err = get_optional(utype, &type);
	if (!err)
		err = get_optional(udata, &data);
	if (!err)
		err = WITH_NAME(udir, dir, do_mount(dev, dir, type, flags, data));
	if (dev)
		putname(dev);
	if (type)
		putname(type);
	if (data)
		putname(data);
	return err;
}

long sys_umount2(const char __user *uname, int flags)
{
	if (!has_capability_admin(current))
		return -EPERM;
	return WITH_NAME(uname, name, do_umount(name, flags));
}
