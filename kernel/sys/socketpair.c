/* SPDX-License-Identifier: MIT */
/*
 * socketpair(AF_UNIX, SOCK_STREAM): two descriptors, each of which reads what is written to the other. Made of two
 * pipes, crossed:
 *
 *	end A  out ---- pipe ----> in  end B
 *	       in  <---- pipe ---- out
 *
 * shutdown() lets go of one side. No other socket exists here: there is no address
 * to give one, as on a Linux without network, so socket(2) says EAFNOSUPPORT.
 *
 * Locks: end->lock for the two pointers; whoever uses a pipe holds a reference meanwhile.
 */
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "fs/fdtable.h"
#include "fs/poll.h"
#include "mm/slab.h"

#define AF_UNIX	      1
#define SOCK_STREAM   1
#define SOCK_TYPE_MASK 0xf
#define MSG_DONTWAIT  0x40
#define MSG_NOSIGNAL  0x4000
#define SHUT_RD	      0
#define SHUT_WR	      1
#define SHUT_RDWR     2

struct socket_end {
	spinlock_t lock;
	struct file *pipe[2];	/* [lock] in, out; NULL: shut down */
};

enum { SIDE_IN, SIDE_OUT };

/* => the referenced pipe of one side, blocking as the socket does; NULL: shut down */
static struct file *get_side(struct file *file, int side, bool nonblock)
{
	struct socket_end *end = file->private_data;
	struct file *pipe;

	spin_lock(&end->lock);
	pipe = end->pipe[side];
	if (pipe) {
		get_file(pipe);
		pipe->f_flags = nonblock || (file->f_flags & O_NONBLOCK) ? pipe->f_flags | O_NONBLOCK :
									   pipe->f_flags & ~O_NONBLOCK;
	}
	spin_unlock(&end->lock);
	return pipe;
}

static ssize_t socket_transfer(struct file *file, char __user *buf, size_t count, int side, bool nonblock)
{
	struct file *pipe = get_side(file, side, nonblock);
	loff_t unused = 0;
	ssize_t ret;

	if (!pipe)
		return side == SIDE_IN ? 0 : -EPIPE;
	ret = side == SIDE_IN ? vfs_read(pipe, buf, count, &unused) : vfs_write(pipe, buf, count, &unused);
	fput(pipe);
	return ret;
}

static ssize_t socket_read(struct file *file, char *buf, size_t count, loff_t *pos)
{
	return socket_transfer(file, buf, count, SIDE_IN, false);
}

static ssize_t socket_write(struct file *file, const char *buf, size_t count, loff_t *pos)
{
	return socket_transfer(file, (char *)buf, count, SIDE_OUT, false);
}

/* The waiter's entry on a pipe's queue holds a reference of its own on that pipe. */
static unsigned int socket_poll(struct file *file, struct poll_table *wait)
{
	struct file *in = get_side(file, SIDE_IN, false), *out = get_side(file, SIDE_OUT, false);
	unsigned int mask = 0;

	if (in) {
		mask |= vfs_poll(in, wait);
		fput(in);
	}
	if (!in || (mask & POLLHUP))
		mask |= POLLIN | POLLRDNORM | POLLRDHUP;
	if (out) {
		mask |= vfs_poll(out, wait) & (POLLOUT | POLLWRNORM);
		fput(out);
	}
	return mask;
}

static long socket_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct file *in = get_side(file, SIDE_IN, false);
	long ret = -ENOTTY;

	if (in) {
		ret = vfs_ioctl(in, cmd, arg);
		fput(in);
	}
	return ret;
}

static void drop_side(struct socket_end *end, int side)
{
	struct file *pipe;

	spin_lock(&end->lock);
	pipe = end->pipe[side];
	end->pipe[side] = NULL;
	spin_unlock(&end->lock);
	if (pipe)
		fput(pipe);
}

static void socket_release(struct inode *inode, struct file *file)
{
	struct socket_end *end = file->private_data;

	drop_side(end, SIDE_IN);
	drop_side(end, SIDE_OUT);
	kfree(end);
}

static const struct file_operations socket_fops = {
	.read = socket_read,
	.write = socket_write,
	.poll = socket_poll,
	.ioctl = socket_ioctl,
	.release = socket_release,
	.llseek = no_llseek,
};

/* => a socket on the two pipes, whose references it takes over in any case; or ERR_PTR */
static struct file *make_end(struct file *in, struct file *out, unsigned int flags)
{
	struct socket_end *end = kzalloc(sizeof(*end), GFP_KERNEL);
	struct file *file = ERR_PTR(-ENOMEM);

	if (end) {
		spin_lock_init(&end->lock, LOCK_RANK_LEAF);
		end->pipe[SIDE_IN] = in;
		end->pipe[SIDE_OUT] = out;
		file = anon_inode_getfile("[socket]", &socket_fops, end, O_RDWR | flags);
	}
	if (IS_ERR(file)) {
		fput(in);
		fput(out);
		kfree(end);
		return file;
	}
	file->f_mode |= FMODE_STREAM;
	file->f_mode &= ~(unsigned int)FMODE_PREAD;
	return file;
}

static int make_pair(struct file *files[2], unsigned int flags)
{
	struct file *there[2], *back[2];
	int err = create_pipe_files(there, 0);

	if (err)
		return err;
	err = create_pipe_files(back, 0);
	if (err) {
		fput(there[0]);
		fput(there[1]);
		return err;
	}
	files[0] = make_end(back[0], there[1], flags);
	files[1] = make_end(there[0], back[1], flags);
	for (int i = 0; i < 2; i++) {
		if (!IS_ERR(files[i]))
			continue;
		if (!IS_ERR(files[!i]))
			fput(files[!i]);
		return (int)PTR_ERR(files[i]);
	}
	return 0;
}

long sys_socket(int domain, int type, int protocol)
{
	return -EAFNOSUPPORT;
}

long sys_socketpair(int domain, int type, int protocol, int __user *ufds)
{
	unsigned int flags = (unsigned int)type & ~SOCK_TYPE_MASK;
	struct file *files[2];
	int err;

	if (domain != AF_UNIX)
		return -EAFNOSUPPORT;
	if (flags & ~(unsigned int)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if ((type & SOCK_TYPE_MASK) != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	err = make_pair(files, flags & O_NONBLOCK);
	return err ? err : install_file_pair(files, ufds, flags & O_CLOEXEC);
}

/* => the referenced socket behind fd, or ERR_PTR */
static struct file *get_socket(int fd)
{
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	if (file->f_op == &socket_fops)
		return file;
	fput(file);
	return ERR_PTR(-ENOTSOCK);
}

long sys_shutdown(int fd, int how)
{
	struct file *file = get_socket(fd);

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (how == SHUT_RD || how == SHUT_RDWR)
		drop_side(file->private_data, SIDE_IN);
	if (how == SHUT_WR || how == SHUT_RDWR)
		drop_side(file->private_data, SIDE_OUT);
	fput(file);
	return how < SHUT_RD || how > SHUT_RDWR ? -EINVAL : 0;
}

long sys_sendto(int fd, char __user *buf, size_t len, int flags, const void __user *addr, int addr_len)
{
	struct file *file = get_socket(fd);
	ssize_t ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (addr)
		ret = -EISCONN;
	else if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL))
		ret = -EOPNOTSUPP;
	else
		ret = socket_transfer(file, buf, len, SIDE_OUT, flags & MSG_DONTWAIT);
	if (ret == -EPIPE && !(flags & MSG_NOSIGNAL))
		send_sig_info(SIGPIPE, SEND_SIG_NOINFO, current, false);
	fput(file);
	return ret;
}

long sys_recvfrom(int fd, char __user *buf, size_t len, int flags, void __user *addr, int __user *addr_len)
{
	struct file *file = get_socket(fd);
	ssize_t ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (flags & ~MSG_DONTWAIT)
		ret = -EOPNOTSUPP;
	else
		ret = socket_transfer(file, buf, len, SIDE_IN, flags & MSG_DONTWAIT);
	if (ret >= 0 && addr && addr_len && put_user(0, addr_len))
		ret = -EFAULT;
	fput(file);
	return ret;
}
