/* SPDX-License-Identifier: MIT */
/*
 * The file layer's start, in the order of fs.h: caches, then the root, then devices.
 */
#include "fs/device.h"
#include "fs/internal.h"
#include "fs/pipe.h"

void vfs_init(void)
{
	dcache_init();
	inode_init();
	file_cache_init();
	locks_init();
	pipe_init();
}

void devices_init(void)
{
	chardev_init();
	block_dev_init();
	loop_init();
	devtmpfs_init();
}
