/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys: knobs. Each is a word of the memory manager (or of another part) with a range, and perhaps something to
 * do after a change. A value out of range is EINVAL and changes nothing; reads end with a newline.
 *
 * Table by spec section 10.3. Writers need uid 0 by the file's mode.
 */
#include "fs/device.h"
#include "fs/proc/proc.h"
#include "fs/proc/sysctl.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/mutex.h"
#include "mm/compact.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "mm/reclaim.h"
#include "mm/swap.h"
#include "mm/vmscan.h"
#include "mm/writeback.h"
#include "mm/zone.h"

static DEFINE_MUTEX(sysctl_mutex, LOCK_RANK_MOUNT); /* one writer of any knob at a time */

static long get_word(const struct sysctl_knob *k, unsigned int i)
{
	if (k->size == sizeof(int))
		return k->is_unsigned ? (long)((unsigned int *)k->word)[i] : (long)((int *)k->word)[i];
	return ((long *)k->word)[i];
}

static void set_word(const struct sysctl_knob *k, unsigned int i, long value)
{
	if (k->size == sizeof(int))
		WRITE_ONCE(((int *)k->word)[i], (int)value);
	else
		WRITE_ONCE(((long *)k->word)[i], value);
}

int sysctl_show(struct seq_file *m, void *data)
{
	const struct sysctl_knob *k = data;
	unsigned int i;

	for (i = 0; i < max(k->count, 1U); i++)
		seq_printf(m, i ? "\t%ld" : "%ld", get_word(k, i));
	seq_putc(m, '\n');
	return 0;
}

/* => number of values read, or -EINVAL */
static int parse_values(const struct sysctl_knob *k, char *text, long *values)
{
	int n = 0;
	char *word;

	while ((word = strsep(&text, " \t\n")) != NULL) {
		if (!*word)
			continue;
		if (n == (int)max(k->count, 1U))
			return -EINVAL;
		if (kstrtol(word, 0, &values[n]))
			return -EINVAL;
		if (values[n] < k->min || values[n] > k->max)
			return -EINVAL;
		n++;
	}
	return n ? n : -EINVAL;
}

int sysctl_store(void *data, char *text, size_t len)
{
	const struct sysctl_knob *k = data;
	long values[SYSCTL_MAX_VALUES], old[SYSCTL_MAX_VALUES];
	int n = parse_values(k, text, values), i, err = 0;

	if (n < 0)
		return n;
	mutex_lock(&sysctl_mutex);
	for (i = 0; i < n; i++) {
		old[i] = get_word(k, i);
		set_word(k, i, values[i]);
	}
	if (k->changed)
		err = k->changed(k, values[0]);
	for (i = 0; err && i < n; i++)
		set_word(k, i, old[i]);
	mutex_unlock(&sysctl_mutex);
	return err;
}

/* ---- What follows a change ---- */

static int min_free_changed(const struct sysctl_knob *k, long value)
{
	setup_per_zone_wmarks();
	return 0;
}

static int reserve_changed(const struct sysctl_knob *k, long value)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sysctl_lowmem_reserve_ratio); i++)
		if (sysctl_lowmem_reserve_ratio[i] < 1)
			sysctl_lowmem_reserve_ratio[i] = 1;
	setup_per_zone_lowmem_reserve();
	return 0;
}

static int dirty_ratio_changed(const struct sysctl_knob *k, long value)
{
	if (k->word == &vm_dirty_ratio)
		vm_dirty_bytes = 0;
	else
		dirty_background_bytes = 0;
	return 0;
}

static int dirty_bytes_changed(const struct sysctl_knob *k, long value)
{
	if (k->word == &vm_dirty_bytes)
		vm_dirty_ratio = 0;
	else
		dirty_background_ratio = 0;
	return 0;
}

static int drop_caches_word, compact_memory_word, block_dump_word, laptop_mode_word, legacy_layout_word;
static int highmem_dirtyable_word, stat_interval_word = 1;
static int min_unmapped_ratio_word = 1, min_slab_ratio_word = 5;

static int drop_caches_changed(const struct sysctl_knob *k, long value)
{
	static bool silent;

	if (value & 1)
		count_vm_events(DROP_PAGECACHE, 1), drop_pagecache();
	if (value & 2) {
		count_vm_event(DROP_SLAB);
		drop_slab();
	}
	silent |= value & 4;
	if (!silent)
		pr_info("%s (%d): drop_caches: %ld\n", current->comm, current->pid, value);
	return 0;
}

static int compact_changed(const struct sysctl_knob *k, long value)
{
	compact_nodes();
	return 0;
}

static int fraction_changed(const struct sysctl_knob *k, long value)
{
	if (value && value < 8)
		return -EINVAL;
	setup_all_pagesets();
	return 0;
}
