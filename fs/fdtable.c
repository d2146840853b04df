/* SPDX-License-Identifier: MIT */
/*
 * The descriptor table: fd -> file, with one bit "in use" and one "close at exec" per descriptor.
 *
 *   open: get_unused_fd_flags (reserves) -> make the file -> fd_install, or put_unused_fd on failure
 *
 * A reserved descriptor has its bit set and no file, so a lookup fails and nobody else gets it. The table
 * grows by doubling and never shrinks.
 *
 * Locks: files->lock for everything; a lookup takes it too (no RCU here) and gets a reference.
 */
#include "fs/fdtable.h"
#include "fs/internal.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/slab.h"

#define RLIMIT_NOFILE_INDEX 7

static unsigned int fd_limit(void)
{
	u64 limit = current->signal->rlim[RLIMIT_NOFILE_INDEX].rlim_cur;

	return limit < NR_OPEN_MAX ? (unsigned int)limit : NR_OPEN_MAX;
}

struct files_struct *alloc_files(void)
{
	struct files_struct *files = kzalloc(sizeof(*files), GFP_KERNEL);

	if (!files)
		return NULL;
	atomic_set(&files->count, 1);
	spin_lock_init(&files->lock, LOCK_RANK_FILES);
	files->max_fds = NR_OPEN_DEFAULT;
	files->fd = files->fd_array;
	files->open_fds = files->bits_array[0];
	files->close_on_exec = files->bits_array[1];
	return files;
}

static void free_table(struct files_struct *files)
{
	if (files->fd == files->fd_array)
		return;
	kfree(files->fd);
	kfree(files->open_fds);
	kfree(files->close_on_exec);
}

/* => files->lock held, dropped and taken again; room for descriptor fd, or -ENOMEM */
static int expand(struct files_struct *files, unsigned int fd)
{
	unsigned int size = files->max_fds;
	struct files_struct new = { .fd = NULL };

	while (size <= fd)
		size *= 2;
	spin_unlock(&files->lock);
	new.fd = kcalloc(size, sizeof(*new.fd), GFP_KERNEL);
	new.open_fds = kzalloc(size / 8, GFP_KERNEL);
	new.close_on_exec = kzalloc(size / 8, GFP_KERNEL);
	spin_lock(&files->lock);
	if (!new.fd || !new.open_fds || !new.close_on_exec || files->max_fds >= size) {
		int err = files->max_fds > fd ? 0 : -ENOMEM;

		free_table(&new); /* somebody else made room, or there is no memory */
		return err;
	}
	memcpy(new.fd, files->fd, files->max_fds * sizeof(*new.fd));
	memcpy(new.open_fds, files->open_fds, files->max_fds / 8);
	memcpy(new.close_on_exec, files->close_on_exec, files->max_fds / 8);
	free_table(files);
	files->fd = new.fd;
	files->open_fds = new.open_fds;
	files->close_on_exec = new.close_on_exec;
	files->max_fds = size;
	return 0;
}

struct files_struct *dup_files(struct files_struct *old)
{
	struct files_struct *files = alloc_files();
	unsigned int fd;

	if (!files)
		return NULL;
	spin_lock(&old->lock);
	while (files->max_fds < old->max_fds) {
		unsigned int want = old->max_fds - 1;

		spin_unlock(&old->lock);
		spin_lock(&files->lock);
		if (expand(files, want)) {
			spin_unlock(&files->lock);
			put_files_struct(files);
			return NULL;
		}
		spin_unlock(&files->lock);
		spin_lock(&old->lock);
	}
	files->next_fd = old->next_fd;
	for (fd = 0; fd < old->max_fds; fd++) {
		struct file *file = old->fd[fd];

		if (!file) { /* free, or reserved by a thread whose open() is under way: free in the copy */
			if (fd < files->next_fd)
				files->next_fd = fd;
			continue;
		}
		files->fd[fd] = get_file(file);
		__set_bit(fd, files->open_fds);
		if (test_bit(fd, old->close_on_exec))
			__set_bit(fd, files->close_on_exec);
	}
	spin_unlock(&old->lock);
	return files;
}

static void close_one(struct files_struct *files, struct file *file)
{
	locks_remove_posix(file, files);
	fput(file);
}

void put_files_struct(struct files_struct *files)
{
	unsigned int fd;

	if (!files || !atomic_dec_and_test(&files->count))
		return;
	for (fd = 0; fd < files->max_fds; fd++) {
		if (files->fd[fd]) {
			close_one(files, files->fd[fd]);
			cond_resched();
		}
	}
	free_table(files);
	kfree(files);
}

struct files_struct *get_files_struct(struct task_struct *p)
{
	struct files_struct *files;

	task_lock(p);
	files = p->files;
	if (files)
		atomic_inc(&files->count);
	task_unlock(p);
	return files;
}

int unshare_files(void)
{
	struct files_struct *old = current->files, *new;

	if (atomic_read(&old->count) == 1)
		return 0;
	new = dup_files(old);
	if (!new)
		return -ENOMEM;
	task_lock(current);
	current->files = new;
	task_unlock(current);
	put_files_struct(old);
	return 0;
}

/* ---- Lookup ---- */

struct file *fget_raw(int fd)
{
	struct files_struct *files = current->files;
	struct file *file = NULL;

	spin_lock(&files->lock);
	if ((unsigned int)fd < files->max_fds && files->fd[fd])
		file = get_file(files->fd[fd]);
	spin_unlock(&files->lock);
	return file;
}

struct file *fget(int fd)
{
	struct file *file = fget_raw(fd);

	if (file && (file->f_mode & FMODE_PATH)) {
		fput(file);
		file = NULL;
	}
	return file;
}

/* ---- Allocation ---- */

int get_unused_fd_from(unsigned int start, unsigned int flags)
{
	struct files_struct *files = current->files;
	unsigned int limit = fd_limit(), fd;
	int err = 0;

	if (start >= limit && start)
		return -EINVAL;
	spin_lock(&files->lock);
	for (;;) {
		fd = max(start, files->next_fd);
		if (fd < files->max_fds)
			fd = find_next_zero_bit(files->open_fds, files->max_fds, fd);
		if (fd >= limit)
			err = -EMFILE;
		else if (fd >= files->max_fds)
			err = expand(files, fd);
		if (err || !test_bit(fd, files->open_fds))
			break;
	}
	if (!err) {
		__set_bit(fd, files->open_fds);
		if (flags & O_CLOEXEC)
			__set_bit(fd, files->close_on_exec);
		else
			__clear_bit(fd, files->close_on_exec);
		if (start <= files->next_fd)
			files->next_fd = fd + 1;
	}
	spin_unlock(&files->lock);
	return err ? err : (int)fd;
}

int get_unused_fd_flags(unsigned int flags)
{
	return get_unused_fd_from(0, flags);
}

/* => files->lock held */
static void free_fd(struct files_struct *files, unsigned int fd)
{
	__clear_bit(fd, files->open_fds);
	__clear_bit(fd, files->close_on_exec);
	if (fd < files->next_fd)
		files->next_fd = fd;
}

void put_unused_fd(int fd)
{
	struct files_struct *files = current->files;

	spin_lock(&files->lock);
	free_fd(files, fd);
	spin_unlock(&files->lock);
}

void fd_install(int fd, struct file *file)
{
	struct files_struct *files = current->files;

	spin_lock(&files->lock);
	BUG_ON(files->fd[fd]);
	files->fd[fd] = file;
	spin_unlock(&files->lock);
}

/* ---- Closing ---- */

/* => the file that was there, the descriptor being free now, or NULL */
static struct file *take_fd(struct files_struct *files, unsigned int fd, bool cloexec_only)
{
	struct file *file = NULL;

	spin_lock(&files->lock);
	if (fd < files->max_fds && files->fd[fd] && (!cloexec_only || test_bit(fd, files->close_on_exec))) {
		file = files->fd[fd];
		files->fd[fd] = NULL;
		free_fd(files, fd);
	}
	spin_unlock(&files->lock);
	return file;
}

int close_fd(int fd)
{
	struct file *file = fd < 0 ? NULL : take_fd(current->files, fd, false);

	if (!file)
		return -EBADF;
	close_one(current->files, file);
	return 0;
}

int close_fd_range(unsigned int first, unsigned int last, bool cloexec_only)
{
	struct files_struct *files = current->files;
	unsigned int fd;

	if (first > last)
		return -EINVAL;
	for (fd = first; fd <= last && fd < READ_ONCE(files->max_fds); fd++) {
		struct file *file;

		if (cloexec_only) {
			set_close_on_exec(fd, true);
			continue;
		}
		file = take_fd(files, fd, false);
		if (file)
			close_one(files, file);
	}
	return 0;
}

void do_close_on_exec(void)
{
	struct files_struct *files = current->files;
	unsigned int fd;

	for (fd = 0; fd < files->max_fds; fd++) {
		struct file *file = take_fd(files, fd, true);

		if (file)
			close_one(files, file);
	}
}

/* ---- Duplicating ---- */

int do_dup(int fd, unsigned int start, unsigned int flags)
{
	struct file *file = fget_raw(fd);
	int new;

	if (!file)
		return -EBADF;
	new = get_unused_fd_from(start, flags);
	if (new < 0)
		fput(file);
	else
		fd_install(new, file);
	return new;
}

int do_dup2(int oldfd, int newfd, unsigned int flags, bool same_ok)
{
	struct files_struct *files = current->files;
	struct file *file, *old = NULL;
	int err = 0;

	if (!same_ok && (oldfd == newfd || (flags & ~O_CLOEXEC)))
		return -EINVAL;
	if ((unsigned int)newfd >= fd_limit())
		return -EBADF;
	file = fget_raw(oldfd);
	if (!file)
		return -EBADF;
	if (oldfd == newfd) {
		fput(file);
		return newfd;
	}
	spin_lock(&files->lock);
	if ((unsigned int)newfd >= files->max_fds)
		err = expand(files, newfd);
	if (!err) {
		old = files->fd[newfd];
		if (!old && test_bit(newfd, files->open_fds))
			err = -EBUSY; /* somebody's open() is about to fill it */
	}
	if (!err) {
		files->fd[newfd] = file;
		__set_bit(newfd, files->open_fds);
		if (flags & O_CLOEXEC)
			__set_bit(newfd, files->close_on_exec);
		else
			__clear_bit(newfd, files->close_on_exec);
	}
	spin_unlock(&files->lock);
	if (err) {
		fput(file);
		return err;
	}
	if (old)
		close_one(files, old);
	return newfd;
}

int get_close_on_exec(int fd)
{
	struct files_struct *files = current->files;
	int ret = -EBADF;

	spin_lock(&files->lock);
	if ((unsigned int)fd < files->max_fds && files->fd[fd])
		ret = test_bit(fd, files->close_on_exec);
	spin_unlock(&files->lock);
	return ret;
}

int set_close_on_exec(int fd, bool on)
{
	struct files_struct *files = current->files;
	int ret = -EBADF;

	spin_lock(&files->lock);
	if ((unsigned int)fd < files->max_fds && files->fd[fd]) {
		if (on)
			__set_bit(fd, files->close_on_exec);
		else
			__clear_bit(fd, files->close_on_exec);
		ret = 0;
	}
	spin_unlock(&files->lock);
	return ret;
}
