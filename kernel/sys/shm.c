/* SPDX-License-Identifier: MIT */
/*
 * System V shared memory: segments found by a number, each a nameless memory file that is mapped shared.
 *
 *	shmget(key, size) -> id      shmat(id) = mmap(file, MAP_SHARED)      shmdt = munmap of its areas
 *
 * How many have a segment attached is not counted but looked up: it is the number of areas on the file's
 * i_mmap list, which fork, exit and munmap keep right by themselves. A segment marked for destruction
 * (IPC_RMID) loses its key at once, and its place in the table and its memory when it is found unattached: by the
 * shmdt, the exit or the exec that left it, or (after a munmap) by the next of these or of the calls here.
 *
 * Locks: shm_mutex for the table; the file is referenced before it is dropped. Linux beyond it: name spaces, huge
 * pages, per-segment locking (SHM_LOCK is accepted), messages and semaphores.
 */
#include "kernel/sys/abi.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "fs/fs.h"
#include "kernel/base/string.h"
#include "fs/procfs.h"
#include "kernel/core/mutex.h"
#include "kernel/core/task.h"
#include "kernel/core/timer.h"
#include "mm/mm.h"
#include "mm/slab.h"

#define SHMMIN	 1UL
#define SEQ_STEP 32768 /* an id is index + SEQ_STEP * how often the place was used */

#define IPC_CREAT   01000
#define IPC_EXCL    02000
#define IPC_PRIVATE 0
#define IPC_RMID    0
#define IPC_SET	    1
#define IPC_STAT    2
#define IPC_INFO    3
#define SHM_LOCK    11
#define SHM_UNLOCK  12
#define SHM_STAT    13
#define SHM_INFO    14
#define SHM_STAT_ANY 15
#define SHM_RDONLY  010000
#define SHM_RND	    020000
#define SHM_REMAP   040000
#define SHM_EXEC    0100000
#define SHM_DEST    01000
#define SHM_LOCKED  02000
#define SHM_NORESERVE 010000

struct linux_shmid_ds {
	s32 key;
	u32 uid, gid, cuid, cgid, mode;
	u16 seq, pad2;
	u64 unused1, unused2;
	u64 segsz;
	s64 atime, dtime, ctime;
	s32 cpid, lpid;
	u64 nattch, unused4, unused5;
};
static_assert(sizeof(struct linux_shmid_ds) == 112, "shmid64_ds");

struct linux_shminfo {
	u64 shmmax, shmmin, shmmni, shmseg, shmall, unused[4];
};

struct linux_shm_info {
	s32 used_ids, pad;
	u64 shm_tot, shm_rss, shm_swp, swap_attempts, swap_successes;
};

struct shm {
	struct file *file;
	s32 key;
	int id;
	unsigned long size;
	u32 uid, gid, cuid, cgid, mode; /* permission bits, SHM_DEST, SHM_LOCKED */
	s64 atime, dtime, ctime;
	pid_t cpid, lpid;
};

static DEFINE_MUTEX(shm_mutex, LOCK_RANK_SHM);
static struct shm *segments[SHMMNI]; /* shm_mutex, as all below */
static unsigned short sequence[SHMMNI];
static int highest = -1;	     /* index in use */
static unsigned int nr_doomed;	     /* segments marked SHM_DEST */

/* ---- The table. shm_mutex is held. ---------------------------------------------------------------- */

static u64 attach_count(const struct shm *shm)
{
	struct address_space *mapping = shm->file->f_mapping;
	struct vm_area_struct *vma;
	u64 n = 0;

	spin_lock(&mapping->i_mmap_lock);
	list_for_each_entry(vma, &mapping->i_mmap, shared_node)
		n++;
	spin_unlock(&mapping->i_mmap_lock);
	return n;
}

static void shm_free(struct shm *shm)
{
	segments[shm->id % SEQ_STEP] = NULL;
	nr_doomed -= shm->mode & SHM_DEST ? 1 : 0;
	fput(shm->file);
	kfree(shm);
}

/* Segments that were to go with their last user, and have none. */
static void shm_collect(void)
{
	for (int i = 0; i <= highest; i++) {
		if (segments[i] && (segments[i]->mode & SHM_DEST) && !attach_count(segments[i]))
			shm_free(segments[i]);
	}
	while (highest >= 0 && !segments[highest])
		highest--;
}

void exit_shm(void)
{
	if (!READ_ONCE(nr_doomed))
		return;
	mutex_lock(&shm_mutex);
	shm_collect();
	mutex_unlock(&shm_mutex);
}

static struct shm *shm_find_key(s32 key)
{
	for (int i = 0; i <= highest; i++) {
		if (segments[i] && segments[i]->key == key && key != IPC_PRIVATE)
			return segments[i];
	}
	return NULL;
}

static struct shm *shm_find_id(int id)
{
	int index = id % SEQ_STEP;

	if (id < 0 || index >= SHMMNI || !segments[index] || segments[index]->id != id)
		return NULL;
	return segments[index];
}

/* want: bits of one rwx group */
static bool shm_permitted(const struct shm *shm, unsigned int want)
{
	struct task_struct *p = current;
	unsigned int mode = shm->mode;

	if (has_cap(p, CAP_SYS_ADMIN))
		return true;
	if (p->euid == shm->uid || p->euid == shm->cuid)
		mode >>= 6;
	else if (p->egid == shm->gid || p->egid == shm->cgid || in_group(p, shm->gid) || in_group(p, shm->cgid))
		mode >>= 3;
	return !(want & ~mode & 7);
}

static bool shm_owned(const struct shm *shm)
{
	return current->euid == shm->uid || current->euid == shm->cuid || has_cap(current, CAP_SYS_ADMIN);
}

/* ---- shmget ----------------------------------------------------------------------------------- */

static unsigned long total_pages(void)
{
	unsigned long sum = 0;

	for (int i = 0; i <= highest; i++) {
		if (segments[i])
			sum += DIV_ROUND_UP(segments[i]->size, PAGE_SIZE);
	}
	return sum;
}

static long shm_create(s32 key, unsigned long size, int flags)
{
	struct shm *shm;
	int index;

	if (size < SHMMIN || size > sysctl_shmmax)
		return -EINVAL;
	for (index = 0; index < sysctl_shmmni && segments[index]; index++)
		;
	if (index == sysctl_shmmni || total_pages() + DIV_ROUND_UP(size, PAGE_SIZE) > sysctl_shmall)
		return -ENOSPC;
	shm = kzalloc(sizeof(*shm), GFP_KERNEL);
	if (!shm)
		return -ENOMEM;
	shm->file = shmem_file_setup("SYSV", (loff_t)size, 0);
	if (IS_ERR(shm->file)) {
		long err = PTR_ERR(shm->file);

		kfree(shm);
		return err;
	}
	shm->key = key;
	shm->size = size;
	shm->id = sequence[index]++ % (INT_MAX / SEQ_STEP) * SEQ_STEP + index;
	shm->uid = shm->cuid = current->euid;
	shm->gid = shm->cgid = current->egid;
	shm->mode = (u32)flags & 0777;
	shm->ctime = (s64)get_seconds();
	shm->cpid = current->tgid;
	segments[index] = shm;
	highest = max(highest, index);
	return shm->id;
}

long sys_shmget(s32 key, size_t size, int flags)
{
	struct shm *shm;
	long ret;

	mutex_lock(&shm_mutex);
	shm_collect();
	shm = shm_find_key(key);
	if (!shm)
		ret = key == IPC_PRIVATE || (flags & IPC_CREAT) ? shm_create(key, size, flags) : -ENOENT;
	else if ((flags & IPC_CREAT) && (flags & IPC_EXCL))
		ret = -EEXIST;
	else if (size > shm->size)
		ret = -EINVAL;
	else
		ret = shm_permitted(shm, ((unsigned int)flags >> 6 | flags >> 3 | flags) & 7) ? shm->id : -EACCES;
	mutex_unlock(&shm_mutex);
	return ret;
}

/* ---- shmat, shmdt ------------------------------------------------------------------------------- */

/* => the referenced file of segment id and its size, marked as attached now; ERR_PTR */
static struct file *shm_get_file(int id, bool write, unsigned long *size)
{
	struct file *file = ERR_PTR(-EINVAL);
	struct shm *shm;

	mutex_lock(&shm_mutex);
	shm = shm_find_id(id);
	if (shm && !shm_permitted(shm, write ? 6 : 4)) {
		file = ERR_PTR(-EACCES);
	} else if (shm) {
		file = get_file(shm->file);
		*size = shm->size;
		shm->atime = (s64)get_seconds();
		shm->lpid = current->tgid;
	}
	mutex_unlock(&shm_mutex);
	return file;
}

long sys_shmat(int id, unsigned long addr, int flags)
{
	unsigned long prot = PROT_READ, map = MAP_SHARED, size;
	struct file *file;
	unsigned long ret;

	if (addr & ~PAGE_MASK) {
		if (!(flags & SHM_RND))
			return -EINVAL;
		addr &= PAGE_MASK;
	}
	if (addr)
		map |= flags & SHM_REMAP ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	else if (flags & SHM_REMAP)
		return -EINVAL;
	if (!(flags & SHM_RDONLY))
		prot |= PROT_WRITE;
	if (flags & SHM_EXEC)
		prot |= PROT_EXEC;
	file = shm_get_file(id, prot & PROT_WRITE, &size);
	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = vm_mmap(file, addr, size, prot, map, 0);
	fput(file);
	return ret == (unsigned long)-EEXIST ? -EINVAL : (long)ret;
}

/* => the segment a file belongs to is noted as detached now; false: it is none */
static bool shm_note_detach(const struct file *file)
{
	bool found = false;

	mutex_lock(&shm_mutex);
	for (int i = 0; i <= highest; i++) {
		if (segments[i] && segments[i]->file->f_inode == file->f_inode) {
			segments[i]->dtime = (s64)get_seconds();
			segments[i]->lpid = current->tgid;
			found = true;
		}
	}
	mutex_unlock(&shm_mutex);
	return found;
}

/* Every area of inode in [addr, addr + size) that lies where this attachment put it. */
static void unmap_segment(struct mm_struct *mm, struct inode *inode, unsigned long addr, unsigned long size)
{
	struct vm_area_struct *vma;
	unsigned long at = addr;

	down_write(&mm->mmap_sem);
	while (at < addr + size && (vma = find_vma(mm, at)) && vma->vm_start < addr + size) {
		unsigned long start = vma->vm_start, end = vma->vm_end;

		at = end;
		if (vma->vm_file && file_inode(vma->vm_file) == inode &&
		    start - (vma->vm_pgoff << PAGE_SHIFT) == addr)
			do_munmap(mm, start, end - start);
	}
	up_write(&mm->mmap_sem);
}

long sys_shmdt(unsigned long addr)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	struct file *file = NULL;
	long err = -EINVAL;

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	down_read(&mm->mmap_sem);
	vma = find_vma(mm, addr);
	if (vma && vma->vm_start == addr && vma->vm_file && !vma->vm_pgoff && (vma->vm_flags & VM_SHARED))
		file = get_file(vma->vm_file);
	up_read(&mm->mmap_sem);
	if (!file)
		return -EINVAL;
	if (shm_note_detach(file)) {
		unmap_segment(mm, file_inode(file), addr,
			      round_up((unsigned long)i_size_read(file_inode(file)), PAGE_SIZE));
		err = 0;
	}
	fput(file);
	mutex_lock(&shm_mutex);
	shm_collect();
	mutex_unlock(&shm_mutex);
	return err;
}

/* ---- shmctl ----------------------------------------------------------------------------------- */

static void fill_ds(const struct shm *shm, struct linux_shmid_ds *ds)
{
	memset(ds, 0, sizeof(*ds));
	ds->key = shm->key;
	ds->uid = shm->uid;
	ds->gid = shm->gid;
	ds->cuid = shm->cuid;
	ds->cgid = shm->cgid;
	ds->mode = shm->mode;
	ds->seq = (u16)(shm->id / SEQ_STEP);
	ds->segsz = shm->size;
	ds->atime = shm->atime;
	ds->dtime = shm->dtime;
	ds->ctime = shm->ctime;
	ds->cpid = shm->cpid;
	ds->lpid = shm->lpid;
	ds->nattch = attach_count(shm);
}

/* IPC_STAT, SHM_STAT (by index): what is known of a segment; => 0 or its id */
static long shm_stat(int id, int cmd, void __user *buf)
{
	struct linux_shmid_ds ds;
	struct shm *shm;
	long ret = -EINVAL;

	mutex_lock(&shm_mutex);
	shm_collect();
	shm = cmd == IPC_STAT ? shm_find_id(id) : id >= 0 && id < SHMMNI ? segments[id] : NULL;
	if (shm && cmd != SHM_STAT_ANY && !shm_permitted(shm, 4)) {
		ret = -EACCES;
	} else if (shm) {
		fill_ds(shm, &ds);
		ret = cmd == IPC_STAT ? 0 : shm->id;
	}
	mutex_unlock(&shm_mutex);
	if (ret >= 0 && copy_to_user(buf, &ds, sizeof(ds)))
		ret = -EFAULT;
	return ret;
}

static long shm_info(int cmd, void __user *buf)
{
	struct linux_shminfo limits = { .shmmax = sysctl_shmmax, .shmmin = SHMMIN, .shmmni = (u64)sysctl_shmmni,
					.shmseg = (u64)sysctl_shmmni, .shmall = sysctl_shmall };
	struct linux_shm_info info = { 0 };
	int last;

	mutex_lock(&shm_mutex);
	shm_collect();
	last = max(highest, 0);
	info.shm_tot = total_pages();
	for (int i = 0; i <= highest; i++) {
		if (segments[i]) {
			info.used_ids++;
			info.shm_rss += segments[i]->file->f_mapping->nrpages;
		}
	}
	mutex_unlock(&shm_mutex);
	if (cmd == IPC_INFO ? copy_to_user(buf, &limits, sizeof(limits)) : copy_to_user(buf, &info, sizeof(info)))
		return -EFAULT;
	return last;
}

/* Those that change a segment. shm_mutex is held. */
static long shm_change(struct shm *shm, int cmd, const struct linux_shmid_ds *ds)
{
	if (cmd == SHM_LOCK || cmd == SHM_UNLOCK) {
		if (!shm_owned(shm) && !has_cap(current, CAP_IPC_LOCK))
			return -EPERM;
		shm->mode = cmd == SHM_LOCK ? shm->mode | SHM_LOCKED : shm->mode & ~SHM_LOCKED;
		return 0;
	}
	if (!shm_owned(shm))
		return -EPERM;
	if (cmd == IPC_RMID) {
		shm->key = IPC_PRIVATE;
		nr_doomed += shm->mode & SHM_DEST ? 0 : 1;
		shm->mode |= SHM_DEST;
		shm_collect();
		return 0;
	}
	shm->uid = ds->uid;
	shm->gid = ds->gid;
	shm->mode = (shm->mode & ~0777U) | (ds->mode & 0777);
	shm->ctime = (s64)get_seconds();
	return 0;
}

long sys_shmctl(int id, int cmd, void __user *buf)
{
	struct linux_shmid_ds ds;
	struct shm *shm;
	long ret;

	switch (cmd) {
	case IPC_INFO:
	case SHM_INFO:
		return shm_info(cmd, buf);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		return shm_stat(id, cmd, buf);
	case IPC_SET:
		if (copy_from_user(&ds, buf, sizeof(ds)))
			return -EFAULT;
		break;
	case IPC_RMID:
	case SHM_LOCK:
	case SHM_UNLOCK:
		break;
	default:
		return -EINVAL;
	}
	mutex_lock(&shm_mutex);
	shm = shm_find_id(id);
	ret = shm ? shm_change(shm, cmd, &ds) : -EINVAL;
	mutex_unlock(&shm_mutex);
	return ret;
}
