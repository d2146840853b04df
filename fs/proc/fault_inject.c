/* SPDX-License-Identifier: MIT */
/*
 * /sys/kernel/debug/fail_page_alloc and failslab: the knobs of fault injection (mm/fault_inject.h), each a file of its
 * own as in Linux, and two of ours:
 *
 *	site	"ADDRESS ADDRESS": only requests of these two return addresses fail; "none"
 *	sites	write 1: record the sites met from now on; 0: forget them. A line each: the two addresses, how often
 *		it was met, how often it failed, their names
 *
 * A value out of range is EINVAL and changes nothing. A write to any knob begins the interval anew.
 */
#include "fs/proc/proc.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/string.h"
#include "mm/fault_inject.h"
#include "mm/slab.h"

#define MAX_SITES 1024

enum kind { ULONG, UINT, INT, BOOL };

struct knob {
	struct fault_attr *attr;
	void *value;
	enum kind kind;
	long min, max;
};

static int knob_show(struct seq_file *m, void *data)
{
	const struct knob *knob = data;

	if (knob->kind == BOOL)
		seq_printf(m, "%c\n", *(bool *)knob->value ? 'Y' : 'N');
	else if (knob->kind == ULONG)
		seq_printf(m, "%lu\n", *(unsigned long *)knob->value);
	else
		seq_printf(m, "%d\n", *(int *)knob->value);
	return 0;
}

static int store_bool(const struct knob *knob, const char *text)
{
	bool on;

	if (kstrtobool(text, &on))
		return -EINVAL;
	WRITE_ONCE(*(bool *)knob->value, on);
	return 0;
}

static int store_number(const struct knob *knob, const char *text)
{
	long value;

	if (kstrtol(text, 0, &value) || value < knob->min || value > knob->max)
		return -EINVAL;
	if (knob->kind == ULONG)
		WRITE_ONCE(*(unsigned long *)knob->value, (unsigned long)value);
	else
		WRITE_ONCE(*(int *)knob->value, (int)value);
	return 0;
}

/* Any address: the upper half is negative as a long. */
static int store_address(const struct knob *knob, const char *text)
{
	unsigned long value;

	if (kstrtoul(text, 0, &value))
		return -EINVAL;
	WRITE_ONCE(*(unsigned long *)knob->value, value);
	return 0;
}

static int knob_store(void *data, char *text, size_t len)
{
	const struct knob *knob = data;
	int err;

	if (knob->kind == BOOL)
		err = store_bool(knob, text);
	else
		err = knob->max ? store_number(knob, text) : store_address(knob, text);
	if (!err)
		fault_attr_changed(knob->attr);
	return err;
}

static int site_show(struct seq_file *m, void *data)
{
	const struct fault_attr *attr = data;

	if (attr->site[0])
		seq_printf(m, "0x%016lx 0x%016lx\n", attr->site[0], attr->site[1]);
	else
		seq_puts(m, "none\n");
	return 0;
}

static int site_store(void *data, char *text, size_t len)
{
	struct fault_attr *attr = data;
	unsigned long ip[2] = { 0, 0 };
	char *second = strchr(text, ' ');

	if (strncmp(text, "none", 4) || (text[4] && text[4] != '\n')) {
		if (!second)
			return -EINVAL;
		*second++ = '\0';
		if (kstrtoul(text, 16, &ip[0]) || kstrtoul(second, 16, &ip[1]) || !ip[0])
			return -EINVAL;
	}
	WRITE_ONCE(attr->site[0], ip[0]);
	WRITE_ONCE(attr->site[1], ip[1]);
	fault_attr_changed(attr);
	return 0;
}

static int sites_show(struct seq_file *m, void *data)
{
	struct fault_attr *attr = data;
	struct fault_site site;

	for (unsigned int i = 0; fault_site_get(attr, i, &site); i++)
		seq_printf(m, "%016lx %016lx %u %u %pB %pB\n", site.ip[0], site.ip[1], site.seen, site.failed,
			   (void *)site.ip[0], (void *)site.ip[1]);
	if (attr->lost)
		seq_printf(m, "and %u requests of more sites than %u\n", attr->lost, MAX_SITES);
	return 0;
}

static int sites_store(void *data, char *text, size_t len)
{
	struct fault_attr *attr = data;
	struct fault_site *table = NULL;
	bool on;

	if (kstrtobool(text, &on))
		return -EINVAL;
	if (on) {
		table = kcalloc(MAX_SITES, sizeof(*table), GFP_KERNEL);
		if (!table)
			return -ENOMEM;
	}
	kfree(fault_record(attr, table, MAX_SITES));
	return 0;
}

#define NR_KNOBS 15

/* max 0: any address */
static const struct {
	const char *name;
	unsigned int offset;
	enum kind kind;
	long min, max;
	bool pages_only;
} knob_table[NR_KNOBS] = {
#define KNOB(name, field, ...) { name, offsetof(struct fault_attr, field), __VA_ARGS__ }
	KNOB("probability", probability, ULONG, 0, 100),
	KNOB("interval", interval, ULONG, 0, INT_MAX),
	KNOB("times", times, INT, -1, INT_MAX),
	KNOB("space", space, INT, 0, INT_MAX),
	KNOB("verbose", verbose, ULONG, 0, 2),
	KNOB("task-filter", task_filter, BOOL),
	KNOB("programs-only", programs_only, BOOL),
	KNOB("stacktrace-depth", stacktrace_depth, ULONG, 0, FAULT_DEPTH),
	KNOB("require-start", require_start, ULONG),
	KNOB("require-end", require_end, ULONG),
	KNOB("reject-start", reject_start, ULONG),
	KNOB("reject-end", reject_end, ULONG),
	KNOB("ignore-gfp-wait", ignore_gfp_wait, BOOL),
	KNOB("ignore-gfp-highmem", ignore_gfp_highmem, BOOL, 0, 0, true),
	KNOB("min-order", min_order, UINT, 0, 10, true),
#undef KNOB
};

struct injector {
	struct proc_entry dir, site, sites, entries[NR_KNOBS];
	struct knob knobs[NR_KNOBS];
};

static void fill_injector(struct proc_entry *root, struct injector *in, struct fault_attr *attr, bool pages)
{
	in->dir = (struct proc_entry)PROC_DIR(attr->name);
	proc_add(root, &in->dir);
	for (int i = 0; i < NR_KNOBS; i++) {
		struct knob *knob = &in->knobs[i];

		if (knob_table[i].pages_only && !pages)
			continue;
		*knob = (struct knob){ attr, (char *)attr + knob_table[i].offset, knob_table[i].kind,
				       knob_table[i].min, knob_table[i].max };
		in->entries[i] = (struct proc_entry){ .name = knob_table[i].name, .mode = S_IFREG | 0600,
						      .show = knob_show, .store = knob_store, .data = knob };
		proc_add(&in->dir, &in->entries[i]);
	}
	in->site = (struct proc_entry){ .name = "site", .mode = S_IFREG | 0600, .show = site_show,
					.store = site_store, .data = attr };
	in->sites = (struct proc_entry){ .name = "sites", .mode = S_IFREG | 0600, .show = sites_show,
					 .store = sites_store, .data = attr };
	proc_add(&in->dir, &in->site);
	proc_add(&in->dir, &in->sites);
}

void debugfs_fault_init(struct proc_entry *root)
{
	static struct injector pages, objects;

	fill_injector(root, &pages, &fail_page_alloc_attr, true);
	fill_injector(root, &objects, &failslab_attr, false);
}
