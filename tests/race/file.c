/* SPDX-License-Identifier: MIT */
/* Files of the race: one disk each, page i of the file is page i of the disk. */
#include "arch/host/libc_machine.h"

#include "arch/host/machine.h"
#include "kernel/base/kernel.h"
#include "mm/slab.h"
#include "tests/host/host_file.h"
#include "tests/race/race.h"

struct race_file {
	struct inode inode;
	struct file file;
	struct host_disk *disk;
};

unsigned long race_file_reads, race_file_writes;

static int readpage(struct file *file, struct page *page)
{
	race_file_reads++;
	submit_page_bio(page, BIO_READ);
	return 0;
}

static int writepage(struct page *page, struct writeback_control *wbc)
{
	race_file_writes++;
	set_page_writeback(page);
	unlock_page(page);
	submit_page_bio(page, BIO_WRITE);
	return 0;
}

static const struct address_space_operations aops = {
	.readpage = readpage,
	.writepage = writepage,
	.set_page_dirty = set_page_dirty_tagged,
};

struct race_file *race_file_create(u32 base, u32 pages)
{
	struct race_file *f = calloc(1, sizeof(*f));
	struct address_space *mapping = &f->inode.i_data;
	static unsigned int nr_files;
	char name[16];

	snprintf(name, sizeof(name), "file%u", nr_files++);
	f->inode.i_ino = nr_files;
	f->disk = host_disk_create(name, RACE_FILE_FIRST + pages);
	for (u32 i = 0; i < pages; i++)
		race_fill(base + i, (u64 *)(f->disk->bytes + (RACE_FILE_FIRST + i) * PAGE_SIZE));
	host_file_init(&f->inode, &f->file, (loff_t)((RACE_FILE_FIRST + pages) * PAGE_SIZE), &aops);
	mapping->bdev = &f->disk->bdev;
	return f;
}

struct file *race_file_struct(struct race_file *f)
{
	return &f->file;
}

int race_file_io(struct race_file *f, unsigned long page, u64 *value, bool write, bool readahead)
{
	loff_t pos = (loff_t)((RACE_FILE_FIRST + page) * PAGE_SIZE);
	ssize_t done;

	if (!readahead) /* the last position is far away: each reference counts and is random */
		f->file.f_ra = (struct file_ra_state){ .prev_pos = 1LL << 40 };
	if (write) {
		down_write(&f->inode.i_rwsem);
		done = filemap_write(&f->file, value, sizeof(*value), &pos, false);
		up_write(&f->inode.i_rwsem);
	} else {
		done = filemap_read(&f->file, value, sizeof(*value), &pos, false);
	}
	return done == sizeof(*value) ? 0 : -EIO;
}
