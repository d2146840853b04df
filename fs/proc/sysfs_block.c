/* SPDX-License-Identifier: MIT */
/*
 * /sys/block/DISK: size (sectors), ro, and queue/: read_ahead_kb (the largest readahead window of files opened from
 * now on; 0: none), nr_requests, rotational, logical_block_size. Made once at boot:
 * loop devices, which are made later, are not here.
 */
#include "fs/device.h"
#include "fs/proc/proc.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "mm/backing_dev.h"
#include "mm/page.h"
#include "mm/slab.h"

#define PAGE_KB (PAGE_SIZE >> 10)
#define MAX_READ_AHEAD_KB (1UL << 20)

static int size_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%llu\n", ((struct block_device *)data)->nr_sectors);
	return 0;
}

static int ro_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%d\n", ((struct block_device *)data)->read_only);
	return 0;
}

static int rotational_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%d\n", ((struct block_device *)data)->rotational);
	return 0;
}

static int nr_requests_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%d\n", QUEUE_NR_REQUESTS);
	return 0;
}

static int block_size_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%u\n", SECTOR_SIZE);
	return 0;
}

static int read_ahead_show(struct seq_file *m, void *data)
{
	struct backing_dev_info *bdi = bdi_get(data);

	if (!bdi)
		return -ENOMEM;
	seq_printf(m, "%lu\n", (unsigned long)READ_ONCE(bdi->ra_pages) * PAGE_KB);
	return 0;
}

static int read_ahead_store(void *data, char *text, size_t len)
{
	struct backing_dev_info *bdi = bdi_get(data);
	unsigned long kb;
	int err = kstrtoul(text, 10, &kb);

	if (!bdi)
		return -ENOMEM;
	if (err || kb > MAX_READ_AHEAD_KB)
		return -EINVAL;
	WRITE_ONCE(bdi->ra_pages, (unsigned int)(kb / PAGE_KB));
	return 0;
}

static const struct proc_entry disk_files[] = { PROC_SHOW("size", 0444, size_show), PROC_SHOW("ro", 0444, ro_show) };
static const struct proc_entry queue_files[] = {
	{ .name = "read_ahead_kb", .mode = S_IFREG | 0644, .show = read_ahead_show, .store = read_ahead_store },
	PROC_SHOW("nr_requests", 0444, nr_requests_show),
	PROC_SHOW("rotational", 0444, rotational_show),
	PROC_SHOW("logical_block_size", 0444, block_size_show),
};

struct sysfs_disk {
	struct proc_entry dir, queue, files[ARRAY_SIZE(disk_files)], queue_files[ARRAY_SIZE(queue_files)];
};

static void add_files(struct proc_entry *dir, struct proc_entry *to, const struct proc_entry *from, unsigned int n,
		      struct block_device *bdev)
{
	for (unsigned int i = 0; i < n; i++) {
		to[i] = from[i];
		to[i].data = bdev;
		proc_add(dir, &to[i]);
	}
}

void sysfs_block_init(struct proc_entry *block)
{
	struct block_device *bdev;

	for (bdev = block_next(NULL); bdev; bdev = block_next(bdev)) {
		struct sysfs_disk *d = kzalloc(sizeof(*d), GFP_KERNEL);

		if (!d)
			return;
		d->dir = (struct proc_entry)PROC_DIR(bdev->name);
		d->queue = (struct proc_entry)PROC_DIR("queue");
		proc_add(block, &d->dir);
		add_files(&d->dir, d->files, disk_files, ARRAY_SIZE(disk_files), bdev);
		proc_add(&d->dir, &d->queue);
		add_files(&d->queue, d->queue_files, queue_files, ARRAY_SIZE(queue_files), bdev);
	}
}
