/* SPDX-License-Identifier: MIT */
/* Files of the race: one disk each, page i of the file is page i of the disk. */
#include "arch/host/libc_machine.h"

#include "arch/host/machine.h"
#include "fs/fs.h"
#include "kernel/base/kernel.h"
#include "kernel/core/block.h"
#include "mm/pagemap.h"
#include "mm/slab.h"
#include "tests/race/race.h"

struct race_file {
	struct inode inode;
	struct file file;
	struct host_disk *disk;
};

struct page_bio {
	struct bio bio;
	struct bio_vec vec;
};

unsigned long race_file_reads, race_file_writes;

/* Memory of the host's C library: the race is not about the slab's. */
static void start_io(struct page *page, enum bio_op op, void (*end)(struct bio *bio, int error))
{
	struct race_file *f = page_mapping(page)->private_data;
	struct page_bio *pb = malloc(sizeof(*pb));

	bio_init(&pb->bio, &pb->vec, 1);
	pb->bio.bi_bdev = &f->disk->bdev;
	pb->bio.bi_op = op;
	pb->bio.bi_sector = page->index * PAGE_SECTORS;
	pb->bio.bi_end_io = end;
	pb->bio.bi_private = page;
	bio_add_page(&pb->bio, page, PAGE_SIZE, 0);
	submit_bio(&pb->bio);
}

static void end_read(struct bio *bio, int error)
{
	struct page *page = bio->bi_private;

	if (!error)
		SetPageUptodate(page);
	unlock_page(page);
	free(bio);
}

static void end_write(struct bio *bio, int error)
{
	if (error)
		SetPageError((struct page *)bio->bi_private);
	end_page_writeback(bio->bi_private);
	free(bio);
}

static int readpage(struct file *file, struct page *page)
{
	race_file_reads++;
	start_io(page, BIO_READ, end_read);
	return 0;
}

static int writepage(struct page *page, struct writeback_control *wbc)
{
	race_file_writes++;
	set_page_writeback(page);
	unlock_page(page);
	start_io(page, BIO_WRITE, end_write);
	return 0;
}

static const struct address_space_operations aops = {
	.readpage = readpage,
	.writepage = writepage,
	.set_page_dirty = set_page_dirty_tagged,
};

static const struct file_operations fops = { .mmap = generic_file_mmap };

struct race_file *race_file_create(u32 base, u32 pages)
{
	struct race_file *f = calloc(1, sizeof(*f));
	struct address_space *mapping = &f->inode.i_data;
	static unsigned int nr_files;
	char name[16];

	snprintf(name, sizeof(name), "file%u", nr_files++);
	f->disk = host_disk_create(name, RACE_FILE_FIRST + pages);
	for (u32 i = 0; i < pages; i++)
		race_fill(base + i, (u64 *)(f->disk->bytes + (RACE_FILE_FIRST + i) * PAGE_SIZE));
	f->inode.i_mapping = mapping;
	f->inode.i_size = (loff_t)((RACE_FILE_FIRST + pages) * PAGE_SIZE);
	spin_lock_init(&f->inode.i_lock, LOCK_RANK_LEAF);
	init_rwsem(&f->inode.i_rwsem, LOCK_RANK_INODE);
	atomic_set(&f->inode.i_count, 1);
	address_space_init(mapping, &f->inode, &aops, GFP_HIGHUSER_MOVABLE);
	mapping->bdev = &f->disk->bdev;
	mapping->private_data = f;
	f->file.f_inode = &f->inode;
	f->file.f_mapping = mapping;
	f->file.f_op = &fops;
	f->file.f_mode = FMODE_READ | FMODE_WRITE;
	atomic_set(&f->file.f_count, 1);
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
