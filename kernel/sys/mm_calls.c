/* SPDX-License-Identifier: MIT */
/*
 * System calls on memory: mapping, protection, advice, locking, swap areas. Thin: the work is in mm/.
 */
#include "kernel/sys/abi.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "fs/device.h"
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "kernel/base/printk.h"
#include "kernel/core/block.h"
#include "kernel/core/task.h"
#include "mm/mm.h"
#include "mm/swap.h"

long sys_mmap(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags, int fd,
	      unsigned long offset)
{
	struct file *file = NULL;
	unsigned long ret;

	if (offset & ~PAGE_MASK)
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS)) {
		file = fget(fd);
		if (!file)
			return -EBADF;
	}
	ret = vm_mmap(file, addr, len, prot, flags, offset >> PAGE_SHIFT);
	if (file)
		fput(file);
	return (long)ret;
}

long sys_munmap(unsigned long addr, unsigned long len)
{
	return vm_munmap(addr, len);
}

long sys_mprotect(unsigned long start, unsigned long len, unsigned long prot)
{
	return do_mprotect(start, len, prot);
}

long sys_brk(unsigned long brk)
{
	return (long)vm_brk(brk);
}

long sys_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len, unsigned long flags,
		unsigned long new_addr)
{
	return (long)do_mremap(addr, old_len, new_len, flags, new_addr);
}

long sys_madvise(unsigned long start, unsigned long len, int advice)
{
	return do_madvise(start, len, advice);
}

long sys_mlock(unsigned long start, unsigned long len)
{
	return do_mlock(start, len, 0);
}

long sys_mlock2(unsigned long start, unsigned long len, int flags)
{
	return flags & ~MLOCK_ONFAULT ? -EINVAL : do_mlock(start, len, flags);
}

long sys_munlock(unsigned long start, unsigned long len)
{
	return do_munlock(start, len);
}

long sys_mlockall(int flags)
{
	return do_mlockall(flags);
}

long sys_munlockall(void)
{
	return do_munlockall();
}

long sys_msync(unsigned long start, unsigned long len, int flags)
{
	return do_msync(start, len, flags);
}

long sys_mincore(unsigned long start, unsigned long len, unsigned char __user *vec)
{
	return do_mincore(start, len, vec);
}

/*
 * The pages [start, start + size) of a shared file mapping are to show the file from pgoff on. Emulated, as Linux does
 * since 4.0: the part becomes an area of its own.
 */
long sys_remap_file_pages(unsigned long start, unsigned long size, unsigned long prot, unsigned long pgoff,
			  unsigned long flags)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	struct file *file = NULL;
	unsigned long ret;

	start &= PAGE_MASK;
	size &= PAGE_MASK;
	if (prot || start + size <= start || pgoff + (size >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	down_read(&mm->mmap_sem);
	vma = find_vma(mm, start);
	if (vma && vma->vm_start <= start && vma->vm_end >= start + size && (vma->vm_flags & VM_SHARED) &&
	    vma->vm_file) {
		file = get_file(vma->vm_file);
		prot = (vma->vm_flags & VM_READ ? PROT_READ : 0) | (vma->vm_flags & VM_WRITE ? PROT_WRITE : 0) |
		       (vma->vm_flags & VM_EXEC ? PROT_EXEC : 0);
		flags = (flags & MAP_NONBLOCK) | MAP_SHARED | MAP_FIXED | MAP_POPULATE |
			(vma->vm_flags & VM_LOCKED ? MAP_LOCKED : 0);
	}
	up_read(&mm->mmap_sem);
	if (!file)
		return -EINVAL;
	ret = vm_mmap(file, start, size, prot, flags, pgoff);
	fput(file);
	return IS_ERR_VALUE(ret) ? (long)ret : 0;
}

/* ---- Swap ------------------------------------------------------------------------------------- */

/* => the device behind a path, its text copied to *name (putname it); ERR_PTR */
static struct block_device *swap_device(const char __user *uname, char **name)
{
	struct block_device *bdev = NULL;
	struct path path;
	int err;

	*name = getname(uname);
	if (IS_ERR(*name))
		return ERR_CAST(*name);
	err = path_at(AT_FDCWD, *name, LOOKUP_FOLLOW, &path);
	if (!err) {
		struct inode *inode = path.dentry->d_inode;

		if (S_ISBLK(inode->i_mode))
			bdev = block_find_dev(inode->i_rdev);
		err = bdev ? 0 : S_ISBLK(inode->i_mode) ? -ENXIO : -EINVAL;
		if (err)
			pr_err("swap: %s is no disk: swap areas are block devices, like /dev/vda\n", *name);
		path_put(&path);
	}
	if (!err)
		return bdev;
	putname(*name);
	return ERR_PTR(err);
}

long sys_swapon(const char __user *uname, int flags)
{
	struct block_device *bdev;
	char *name;
	long err;

	if (flags & ~SWAP_FLAGS_VALID)
		return -EINVAL;
	if (!has_capability_admin(current))
		return -EPERM;
	bdev = swap_device(uname, &name);
	if (IS_ERR(bdev))
		return PTR_ERR(bdev);
	bdev_write_and_drop(bdev); /* a killed writer has left pages: they are not to be written over the swap later */
	err = do_swapon(bdev, name, flags);
	putname(name);
	return err;
}

long sys_swapoff(const char __user *uname)
{
	struct block_device *bdev;
	char *name;
	long err;

	if (!has_capability_admin(current))
		return -EPERM;
	bdev = swap_device(uname, &name);
	if (IS_ERR(bdev))
		return PTR_ERR(bdev);
	err = do_swapoff(bdev);
	putname(name);
	return err;
}
