/* SPDX-License-Identifier: MIT */
/*
 * Block devices as files, and loop devices over them: fs/block_dev.c, block_pages.c and loop.c on the host machine.
 * Names and descriptors are not part of it: what looks for them is this test's.
 */
#include "tests/host/machine_fixture.h"

#include "fs/device.h"
#include "fs/fdtable.h"
#include "kernel/core/block.h"
#include "mm/slab.h"
#include "mm/writeback.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24
#define PAGES	64UL

extern const struct file_operations def_blk_fops; /* fs/internal.h does not go with the C library */
void inode_init(void);

s64 current_time_ns(void)
{
	return 0;
}

/* ---- Files of devices ---- */

struct opened {
	struct inode node;
	struct file file;
};

static void release(struct file *file)
{
	def_blk_fops.release(file->f_inode, file);
}

static int try_open(struct opened *o, struct block_device *bdev, unsigned int mode)
{
	memset(o, 0, sizeof(*o));
	o->node.i_mode = S_IFBLK | 0600;
	o->node.i_rdev = bdev->dev;
	o->file.f_mode = mode;
	o->file.f_op = &def_blk_fops;
	o->file.f_inode = &o->node;
	o->file.f_release = release;
	atomic_set(&o->file.f_count, 1);
	return def_blk_fops.open(&o->node, &o->file);
}

static struct file *open_dev(struct opened *o, struct block_device *bdev)
{
	assert_int_equal(try_open(o, bdev, FMODE_READ | FMODE_WRITE), 0);
	return &o->file;
}

static struct host_disk *start(void)
{
	struct host_disk *disk;

	inode_init();
	block_dev_init();
	disk = host_disk_create("d", PAGES);
	for (unsigned long i = 0; i < PAGES * PAGE_SIZE; i++)
		disk->bytes[i] = (u8)(i >> PAGE_SHIFT);
	return disk;
}

static ssize_t write_page(struct file *file, unsigned long page, u8 value)
{
	static u8 buf[PAGE_SIZE];
	loff_t pos = (loff_t)(page * PAGE_SIZE);

	memset(buf, value, PAGE_SIZE);
	return file->f_op->kernel_write(file, buf, PAGE_SIZE, &pos);
}

/* => the byte at the start of the page; -1: the end, or -errno */
static int read_page(struct file *file, unsigned long page)
{
	loff_t pos = (loff_t)(page * PAGE_SIZE);
	u8 byte;
	ssize_t n = file->f_op->kernel_read(file, &byte, 1, &pos);

	return n == 1 ? byte : n ? (int)n : -1;
}

static int sync_file(struct file *file)
{
	return file->f_op->fsync(file, 0, LLONG_MAX, false);
}

static bool tagged(struct file *file)
{
	return mapping_tagged(file->f_mapping, PAGECACHE_TAG_DIRTY) ||
	       mapping_tagged(file->f_mapping, PAGECACHE_TAG_WRITEBACK);
}

/* ---- Errors ---- */

/* The write that failed is told to who asks, whoever has written the cache for another reason meanwhile. */
static void errors_wait_for_who_asks(void)
{
	struct host_disk *disk = start();
	struct opened a, b, c;
	struct file *file = open_dev(&a, &disk->bdev);

	disk->bad_write = 10 * PAGE_SECTORS;
	disk->bad_write_end = 11 * PAGE_SECTORS;
	fput(open_dev(&b, &disk->bdev)); /* nothing is dirty: no error */
	assert_int_equal(sync_file(file), 0);

	open_dev(&b, &disk->bdev);
	assert_int_equal(write_page(file, 10, 1), PAGE_SIZE);
	fput(&b.file);
	assert_false(tagged(file));
	assert_int_equal(sync_file(file), -EIO);
	assert_int_equal(sync_file(file), 0);

	assert_int_equal(write_page(file, 10, 2), PAGE_SIZE);
	assert_int_equal(vfs_sync(), -EIO);
	assert_int_equal(sync_file(file), -EIO);
	assert_int_equal(sync_file(file), 0);

	assert_int_equal(write_page(file, 10, 3), PAGE_SIZE);
	assert_int_equal(file->f_op->ioctl(file, 0x1261 /* BLKFLSBUF */, 0), 0);
	assert_int_equal(file->f_mapping->nrpages, 0);
	assert_int_equal(sync_file(file), -EIO);

	assert_int_equal(write_page(file, 10, 4), PAGE_SIZE);
	bdev_write_and_drop(&disk->bdev);
	assert_int_equal(sync_file(file), -EIO);

	/* Nobody is left to ask: the next opener starts afresh. */
	assert_int_equal(write_page(file, 10, 5), PAGE_SIZE);
	fput(file);
	file = open_dev(&c, &disk->bdev);
	assert_int_equal(sync_file(file), 0);
	assert_int_equal(read_page(file, 10), 10);
	fput(file);
}
MACHINE_TEST(errors_wait_for_who_asks, MACHINE)

/* ---- The size ---- */

/* Dirty pages behind the end of a device that has become shorter: lost, and told; nobody comes for them again. */
static void a_device_becomes_shorter(void)
{
	struct host_disk *disk = start();
	struct opened o;
	struct file *file = open_dev(&o, &disk->bdev);

	for (unsigned long i = 5; i < 25; i++)
		assert_int_equal(write_page(file, i, 0x55), PAGE_SIZE);
	bdev_set_size(&disk->bdev, 10 * PAGE_SECTORS + 3);
	assert_int_equal(sync_file(file), -EIO);
	assert_int_equal(sync_file(file), 0);
	assert_false(tagged(file));
	assert_int_equal(bdi_total_unwritten(), 0);
	assert_int_equal(exact_state(NR_FILE_DIRTY) + exact_state(NR_WRITEBACK), 0);
	assert_int_equal(disk->bytes[9 * PAGE_SIZE], 0x55);
	assert_int_equal(disk->bytes[10 * PAGE_SIZE + 3 * SECTOR_SIZE - 1], 0x55);
	assert_int_equal(disk->bytes[10 * PAGE_SIZE + 3 * SECTOR_SIZE], 10);
	assert_int_equal(disk->bytes[11 * PAGE_SIZE], 11);
	/* The flusher does not stumble over them either. */
	bdev_set_size(&disk->bdev, PAGES * PAGE_SECTORS);
	assert_int_equal(write_page(file, 40, 0x66), PAGE_SIZE);
	bdev_set_size(&disk->bdev, 10 * PAGE_SECTORS);
	wakeup_flusher_threads(0);
	host_sleep(10);
	assert_false(tagged(file) || file->f_mapping->wb_listed);
	assert_int_equal(sync_file(file), -EIO);
	/* Neither reading nor writing goes behind the end, or moves it. */
	assert_int_equal(write_page(file, 10, 1), -ENOSPC);
	assert_int_equal(write_page(file, 9, 1), PAGE_SIZE);
	assert_int_equal(read_page(file, 10), -1);
	assert_int_equal(i_size_read(file->f_mapping->host), 10 * PAGE_SIZE);
	fput(file);
}
MACHINE_TEST(a_device_becomes_shorter, MACHINE)

/* What was looked for behind the end is not taken for the contents when the device is longer again. */
static void a_device_becomes_longer(void)
{
	struct host_disk *disk = start();
	struct opened o;
	struct file *file = open_dev(&o, &disk->bdev);
	struct page *page;

	bdev_set_size(&disk->bdev, 0);
	page = read_mapping_page(file->f_mapping, 20, file);
	assert_int_equal(PTR_ERR(page), -EIO);
	bdev_set_size(&disk->bdev, PAGES * PAGE_SECTORS);
	assert_int_equal(read_page(file, 20), 20);
	fput(file);
}
MACHINE_TEST(a_device_becomes_longer, MACHINE)

struct writer {
	struct file *file;
	unsigned long pages;
	ssize_t last;
};

static void write_all(void *arg)
{
	struct writer *w = arg;

	for (unsigned long i = 0; i < w->pages && w->last >= 0; i++) {
		w->last = write_page(w->file, i % PAGES, (u8)(0x80 + i));
		host_sleep(1);
	}
	w->file = NULL;
}

/* Its cache is emptied under a writer's hands: not one page of his is lost, and if he goes on for ever it is said. */
static void emptied_under_a_writer(void)
{
	struct host_disk *disk = start();
	struct opened o;
	struct writer w = { open_dev(&o, &disk->bdev), 3 * PAGES };
	int again = 0;

	disk->latency_ns = 10000000;
	host_spawn("writer", NULL, write_all, &w);
	host_sleep(10);
	while (w.file) {
		again += bdev_write_and_forget(&disk->bdev) == -EAGAIN;
		host_sleep(1);
	}
	assert_int_equal(w.last, PAGE_SIZE);
	assert_true(again > 0);
	assert_int_equal(bdev_write_and_forget(&disk->bdev), 0);
	assert_int_equal(o.file.f_mapping->nrpages, 0);
	for (unsigned long i = 0; i < PAGES; i++)
		assert_int_equal(disk->bytes[i * PAGE_SIZE], (u8)(0x80 + 2 * PAGES + i));
	fput(&o.file);
}
MACHINE_TEST(emptied_under_a_writer, MACHINE)

/* ---- Openers ---- */

static void shut_while_alone(void)
{
	struct host_disk *disk = start();
	struct opened a, b;
	struct file *file = open_dev(&a, &disk->bdev);

	open_dev(&b, &disk->bdev);
	assert_int_equal(bdev_shut(&disk->bdev), -EBUSY);
	fput(&b.file);
	assert_int_equal(bdev_shut(&disk->bdev), 0);
	assert_int_equal(bdev_shut(&disk->bdev), -EBUSY);
	assert_int_equal(try_open(&b, &disk->bdev, FMODE_READ), -EBUSY);
	assert_int_equal(write_page(file, 3, 7), PAGE_SIZE); /* who had it open goes on */
	bdev_reopen(&disk->bdev);
	assert_int_equal(try_open(&b, &disk->bdev, FMODE_READ), 0);
	assert_int_equal(bdev_shut(&disk->bdev), -EBUSY);
	fput(&b.file);
	fput(file);
	assert_int_equal(disk->bytes[3 * PAGE_SIZE], 7);
}
MACHINE_TEST(shut_while_alone, MACHINE)

/* ---- Loop devices ---- */

#define LOOP_SET_FD	  0x4c00
#define LOOP_CLR_FD	  0x4c01
#define LOOP_SET_STATUS64 0x4c04
#define LOOP_CTL_GET_FREE 0x4c82

static struct char_device *control;
static struct file *below; /* what descriptor 5 is */
static int node_err;

void register_chrdev(struct char_device *cdev)
{
	control = cdev;
}

int devtmpfs_add_disk(const struct block_device *bdev)
{
	(void)bdev;
	return node_err;
}

struct file *fget(int fd)
{
	return fd == 5 && below ? get_file(below) : NULL;
}

ssize_t kernel_read(struct file *file, void *buf, size_t count, loff_t *pos)
{
	return file->f_op->kernel_read(file, buf, count, pos);
}

ssize_t kernel_write(struct file *file, const void *buf, size_t count, loff_t *pos)
{
	return file->f_op->kernel_write(file, buf, count, pos);
}

int vfs_fsync(struct file *file, bool datasync)
{
	return file->f_op->fsync(file, 0, LLONG_MAX, datasync);
}

static struct block_device *new_loop(void)
{
	if (!control)
		loop_init();
	assert_int_equal(control->fops->ioctl(NULL, LOOP_CTL_GET_FREE, 0), 0);
	return block_find("loop0");
}

static long call(struct file *loop, unsigned int cmd, unsigned long arg)
{
	return loop->f_op->ioctl(loop, cmd, arg);
}

/* As losetup -o does */
static long move(struct file *loop, u64 offset)
{
	unsigned long va = map_anon(PAGE_SIZE);
	u64 info[29] = { [3] = offset }; /* struct loop_info64 */

	assert_int_equal(host_write(current->mm, va, info, sizeof(info)), 0);
	return call(loop, LOOP_SET_STATUS64, va);
}

static void a_loop_that_cannot_be_made(void)
{
	struct host_disk *disk = start();
	struct opened o;

	loop_init();
	node_err = -ENOMEM;
	assert_int_equal(control->fops->ioctl(NULL, LOOP_CTL_GET_FREE, 0), -ENOMEM);
	assert_null(block_find("loop0"));
	node_err = 0;
	assert_non_null(new_loop());
	assert_ptr_equal(new_loop(), block_find("loop0"));
	fput(open_dev(&o, block_find("loop0")));
	fput(open_dev(&o, &disk->bdev));
}
MACHINE_TEST(a_loop_that_cannot_be_made, MACHINE)

/* It becomes another disk: what was written is where it was written to, and nothing of it is seen at the new place. */
static void a_loop_moves(void)
{
	struct host_disk *disk = start();
	struct opened o, l, other;
	struct block_device *bdev = new_loop();
	struct file *loop = open_dev(&l, bdev);

	below = open_dev(&o, &disk->bdev);
	assert_int_equal(call(loop, LOOP_SET_FD, 5), 0);
	assert_int_equal(call(loop, LOOP_SET_FD, 5), -EBUSY);
	assert_int_equal(read_page(loop, 1), 1);
	assert_int_equal(write_page(loop, 2, 0xaa), PAGE_SIZE);
	open_dev(&other, bdev);
	assert_int_equal(move(loop, 8 * PAGE_SIZE), -EBUSY); /* somebody else reads it */
	assert_int_equal(move(loop, 0), 0);		     /* it does not move at all */
	assert_int_equal(call(loop, LOOP_CLR_FD, 0), -EBUSY);
	fput(&other.file);
	assert_int_equal(move(loop, 8 * PAGE_SIZE), 0);
	for (unsigned long i = 0; i < 4; i++)
		assert_int_equal(read_page(loop, i), 8 + i);
	assert_int_equal(i_size_read(loop->f_mapping->host), (PAGES - 8) * PAGE_SIZE);
	assert_int_equal(read_page(below, 2), 0xaa);
	assert_int_equal(write_page(loop, 3, 0xbb), PAGE_SIZE);
	assert_int_equal(call(loop, LOOP_CLR_FD, 0), 0);
	assert_int_equal(read_page(loop, 0), -1);
	assert_int_equal(loop->f_mapping->nrpages, 0);
	assert_int_equal(call(loop, LOOP_CLR_FD, 0), -ENXIO);
	assert_int_equal(read_page(below, 11), 0xbb);
	fput(loop);
	fput(below);
	assert_int_equal(disk->bytes[2 * PAGE_SIZE], 0xaa);
	assert_int_equal(disk->bytes[11 * PAGE_SIZE], 0xbb);
}
MACHINE_TEST(a_loop_moves, MACHINE)

/* A swap area is not moved or let go; and a file in memory is no place for one. */
static void swap_on_a_loop(void)
{
	struct host_disk *disk = start();
	struct opened o, l;
	struct block_device *bdev = new_loop();
	struct file *loop = open_dev(&l, bdev);

	host_mkswap(disk);
	below = open_dev(&o, &disk->bdev);
	assert_int_equal(call(loop, LOOP_SET_FD, 5), 0);
	set_bit(AS_SHMEM, &below->f_mapping->flags); /* as if below were a file of tmpfs */
	assert_int_equal(call(loop, LOOP_CLR_FD, 0), 0);
	assert_int_equal(call(loop, LOOP_SET_FD, 5), 0);
	clear_bit(AS_SHMEM, &below->f_mapping->flags);
	assert_int_equal(do_swapon(bdev, "loop0", 0), -EINVAL);
	assert_int_equal(call(loop, LOOP_CLR_FD, 0), 0);
	assert_int_equal(call(loop, LOOP_SET_FD, 5), 0);
	assert_int_equal(do_swapon(bdev, "loop0", 0), 0);
	assert_int_equal(do_swapon(bdev, "loop0", 0), -EBUSY);
	assert_int_equal(call(loop, LOOP_CLR_FD, 0), -EBUSY);
	assert_int_equal(move(loop, PAGE_SIZE), -EBUSY);
	assert_int_equal(do_swapoff(bdev), 0);
	assert_int_equal(call(loop, LOOP_CLR_FD, 0), 0);
	assert_int_equal(bdev_claim(bdev, &l), 0); /* a swapon that looks at it */
	assert_int_equal(call(loop, LOOP_SET_FD, 5), -EBUSY);
	bdev_release(bdev, &l);
	fput(loop);
	fput(below);
}
MACHINE_TEST(swap_on_a_loop, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(errors_wait_for_who_asks), machine_unit_test(a_device_becomes_shorter),
		machine_unit_test(a_device_becomes_longer), machine_unit_test(emptied_under_a_writer),
		machine_unit_test(shut_while_alone), machine_unit_test(a_loop_that_cannot_be_made),
		machine_unit_test(a_loop_moves), machine_unit_test(swap_on_a_loop),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
