/* SPDX-License-Identifier: MIT */
/*
 * debugfs: page_owner, the record of who allocated every page (boot word page_owner=on, debug builds), and
 * provoke-crash/DIRECT, crashes on demand (drivers/lkdtm.c). Fault injection is fault_inject.c's.
 *
 * page_owner gives one record per read; the file position is the next frame number, so a program that reads on sees
 * each allocated block once. Without recording the file is empty.
 */
#include "arch/uaccess.h"
#include "drivers/lkdtm.h"
#include "fs/proc/proc.h"
#include "kernel/base/kernel.h"
#include "mm/page_debug.h"
#include "mm/slab.h"

static ssize_t page_owner_file_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	unsigned long pfn = (unsigned long)*pos;
	size_t size = min(count, (size_t)PAGE_SIZE);
	char *buf = kmalloc(size, GFP_KERNEL);
	int n;

	if (!buf)
		return -ENOMEM;
	n = page_owner_read(&pfn, buf, size);
	if (n > 0 && copy_to_user(ubuf, buf, n))
		n = -EFAULT;
	if (n > 0)
		*pos = (loff_t)pfn;
	kfree(buf);
	return n;
}

static const struct file_operations page_owner_fops = { .read = page_owner_file_read, .llseek = seq_lseek };
static struct proc_entry page_owner_entry = { .name = "page_owner", .mode = S_IFREG | 0400,
					      .fops = &page_owner_fops };

static int direct_show(struct seq_file *m, void *data)
{
	const char *name;

	seq_puts(m, "Available crash types:\n");
	for (unsigned int i = 0; (name = lkdtm_name(i)); i++)
		seq_printf(m, "%s\n", name);
	return 0;
}

static int direct_store(void *data, char *text, size_t len)
{
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return lkdtm_do(text);
}

static struct proc_entry provoke_dir = PROC_DIR("provoke-crash");
static struct proc_entry direct_entry = { .name = "DIRECT", .mode = S_IFREG | 0600, .show = direct_show,
					  .store = direct_store };

void debugfs_fill(struct proc_entry *root)
{
	proc_add(root, &page_owner_entry);
	proc_add(root, &provoke_dir);
	proc_add(&provoke_dir, &direct_entry);
	debugfs_fault_init(root);
}
