/* SPDX-License-Identifier: MIT */
/*
 * Small files about the whole system: version, uptime, loadavg, stat, cmdline, cpuinfo, filesystems, partitions,
 * devices, diskstats, iomem, mounts' source. Formats: Linux's.
 */
#include "arch/cpu.h"
#include "arch/irq.h"
#include "drivers/sysrq.h"
#include "fs/device.h"
#include "fs/proc/proc.h"
#include "fs/procfs.h"
#include "kernel/base/kallsyms.h"
#include "kernel/base/kernel.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "kernel/core/softirq.h"
#include "kernel/core/timer.h"
#include "mm/memblock.h"
#include "mm/slab.h"
#include "mm/zone.h"

static char no_uts[6][UTS_LEN] = { "Linux", "(none)", "?", "?", "x86_64", "(none)" };
static char (*uts)[UTS_LEN] = no_uts;

void procfs_set_uts(char (*texts)[UTS_LEN])
{
	uts = texts;
}

static int version_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%s version %s (tidemark) (gcc) %s\n", uts[0], uts[2], uts[3]);
	return 0;
}

static int uts_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%s\n", uts[(unsigned long)data]);
	return 0;
}

static int uts_store(void *data, char *text, size_t len)
{
	if (!has_capability_admin(current))
		return -EPERM;
	if (len && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len >= UTS_LEN)
		return -EINVAL;
	strcpy(uts[(unsigned long)data], text);
	return 0;
}

static int cmdline_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%s\n", saved_command_line);
	return 0;
}

static int uptime_show(struct seq_file *m, void *data)
{
	u64 cs = ktime_get_ns() / 10000000, idle = 0;
	struct cpu_times t;
	int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		if (!cpu_online(cpu))
			continue;
		sched_cpu_times(cpu, &t);
		idle += t.idle + t.iowait;
	}
	seq_printf(m, "%llu.%02llu %llu.%02llu\n", cs / 100, cs % 100, idle / HZ, idle % HZ);
	return 0;
}

static int count_tasks(void)
{
	struct task_struct *p;
	int n = 0;

	read_lock(&tasklist_lock);
	for_each_process(p)
		n += p->signal ? max(p->signal->nr_threads, 1) : 1;
	read_unlock(&tasklist_lock);
	return n;
}

static int loadavg_show(struct seq_file *m, void *data)
{
	int i;

	for (i = 0; i < 3; i++) {
		unsigned long v = avenrun[i] + (1UL << FSHIFT) / 200;

		seq_printf(m, "%lu.%02lu ", v >> FSHIFT, (v & ((1UL << FSHIFT) - 1)) * 100 >> FSHIFT);
	}
	seq_printf(m, "%lu/%d %d\n", nr_running(), count_tasks(), last_pid_given());
	return 0;
}

static void stat_line(struct seq_file *m, const char *name, const struct cpu_times *t)
{
	seq_printf(m, "%s %llu %llu %llu %llu %llu %llu %llu 0 0 0\n", name, t->user, t->nice, t->system,
		   t->idle, t->iowait, t->irq, t->softirq);
}

/* The sum of all interrupts, then those of each line. */
static void stat_interrupts(struct seq_file *m)
{
	unsigned long counts[NR_CPUS], by_irq[256] = { 0 }, sum = 0;
	int irq, cpu, i, last = -1;
	const char *name;

	for (i = 0; irq_stat(i, &irq, &name, counts); i++) {
		for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
			sum += counts[cpu];
			if (irq >= 0 && irq < (int)ARRAY_SIZE(by_irq))
				by_irq[irq] += counts[cpu];
		}
		last = max(last, min(irq, (int)ARRAY_SIZE(by_irq) - 1));
	}
	seq_printf(m, "intr %lu", sum);
	for (i = 0; i <= last; i++)
		seq_printf(m, " %lu", by_irq[i]);
	seq_putc(m, '\n');
}

static int stat_show(struct seq_file *m, void *data)
{
	struct cpu_times sum = { 0 }, t;
	char name[16];
	int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		sched_cpu_times(cpu, &t);
		sum.user += t.user;
		sum.nice += t.nice;
		sum.system += t.system;
		sum.idle += t.idle;
		sum.iowait += t.iowait;
		sum.irq += t.irq;
		sum.softirq += t.softirq;
	}
	stat_line(m, "cpu ", &sum);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		if (!cpu_online(cpu))
			continue;
		sched_cpu_times(cpu, &t);
		snprintf(name, sizeof(name), "cpu%d", cpu);
		stat_line(m, name, &t);
	}
	stat_interrupts(m);
	seq_printf(m, "ctxt %llu\nbtime %llu\nprocesses %llu\nprocs_running %lu\nprocs_blocked %lu\n",
		   nr_context_switches(), (ktime_get_real_ns() - ktime_get_ns()) / NSEC_PER_SEC, nr_forks(),
		   nr_running(), nr_iowait());
	return 0;
}

static int interrupts_show(struct seq_file *m, void *data)
{
	unsigned long counts[NR_CPUS];
	const char *name;
	int cpu, irq, i;

	seq_puts(m, "           ");
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (cpu_online(cpu))
			seq_printf(m, "CPU%-8d", cpu);
	seq_putc(m, '\n');
	for (i = 0; irq_stat(i, &irq, &name, counts); i++) {
		if (irq >= 0)
			seq_printf(m, "%3d: ", irq);
		else
			seq_printf(m, "%.3s: ", name); /* not a line: the CPU's own */
		for (cpu = 0; cpu < nr_cpu_ids; cpu++)
			if (cpu_online(cpu))
				seq_printf(m, "%10lu ", counts[cpu]);
		seq_printf(m, "  %s\n", irq >= 0 ? name : name + 4);
	}
	return 0;
}

static int cpuinfo_show(struct seq_file *m, void *data)
{
	char *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	int cpu;

	if (!buf)
		return -ENOMEM;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		int n;

		if (!cpu_online(cpu))
			continue;
		n = arch_cpu_info(cpu, buf, PAGE_SIZE);
		seq_write(m, buf, n);
		seq_putc(m, '\n');
	}
	kfree(buf);
	return 0;
}

static int filesystems_show(struct seq_file *m, void *data)
{
	struct file_system_type *type;

	for (type = file_systems; type; type = type->next)
		seq_printf(m, "%s\t%s\n", type->needs_dev ? "" : "nodev", type->name);
	return 0;
}

static int partitions_show(struct seq_file *m, void *data)
{
	struct block_device *b;

	seq_puts(m, "major minor  #blocks  name\n\n");
	for (b = block_next(NULL); b; b = block_next(b))
		if (b->nr_sectors) /* not of a loop device that is free */
			seq_printf(m, "%4u  %7u %10llu %s\n", MAJOR(b->dev), MINOR(b->dev), b->nr_sectors / 2, b->name);
	return 0;
}

static int diskstats_show(struct seq_file *m, void *data)
{
	struct block_device *b;

	for (b = block_next(NULL); b; b = block_next(b)) {
		const struct request_queue *q = b->queue;

		if (!q)
			continue;
		seq_printf(m, "%4u %7u %s %llu %llu %llu 0 %llu %llu %llu 0 %u 0 0\n", MAJOR(b->dev), MINOR(b->dev),
			   b->name, q->io[0].requests, q->io[0].merged, q->io[0].sectors, q->io[1].requests,
			   q->io[1].merged, q->io[1].sectors, q->in_flight);
	}
	return 0;
}

/* Names for those who profile; addresses, as in Linux's kptr_restrict, for CAP_SYSLOG only. */
static void *kallsyms_start(struct seq_file *m, loff_t *pos)
{
	unsigned long addr;

	return *pos < (loff_t)~0U && kallsyms_symbol((u32)*pos, &addr) ? (void *)(*pos + 1) : NULL;
}

static void *kallsyms_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return kallsyms_start(m, pos);
}

static void kallsyms_stop(struct seq_file *m, void *v)
{
}

static int kallsyms_show(struct seq_file *m, void *v)
{
	unsigned long addr;
	const char *name = kallsyms_symbol((u32)(unsigned long)v - 1, &addr);

	seq_printf(m, "%016lx t %s\n", has_capability_syslog(current) ? addr : 0, name);
	return 0;
}

static const struct seq_operations kallsyms_ops = {
	.start = kallsyms_start, .next = kallsyms_next, .stop = kallsyms_stop, .show = kallsyms_show,
};

static int devices_show(struct seq_file *m, void *data)
{
	struct char_device *c;
	struct block_device *b;

	seq_puts(m, "Character devices:\n");
	for (c = chrdev_first(); c; c = c->next)
		seq_printf(m, "%3u %s\n", MAJOR(c->dev), c->name);
	seq_puts(m, "\nBlock devices:\n");
	for (b = block_next(NULL); b; b = block_next(b))
		seq_printf(m, "%3u %s\n", MAJOR(b->dev), b->name);
	return 0;
}

extern char _text[], _etext[], __end_rodata[], __bss_start[], __bss_stop[];

static void image_part(struct seq_file *m, const struct mem_range *ram, const char *start, const char *end,
		       const char *name)
{
	u64 from = __pa_symbol(start), to = __pa_symbol(end);

	if (from >= ram->start && from < ram->end)
		seq_printf(m, "  %08llx-%08llx : %s\n", from, to - 1, name);
}

static int iomem_show(struct seq_file *m, void *data)
{
	const struct mem_range *r;

	for_each_range(r, &memblock_memory) {
		seq_printf(m, "%08llx-%08llx : System RAM\n", r->start, r->end - 1);
		image_part(m, r, _text, _etext, "Kernel code");
		image_part(m, r, __end_rodata, __bss_start, "Kernel data");
		image_part(m, r, __bss_start, __bss_stop, "Kernel bss");
	}
	return 0;
}

/* The first byte is the order. */
static int sysrq_trigger_store(void *data, char *text, size_t len)
{
	if (len)
		trigger_sysrq(text[0]);
	return 0;
}

static struct proc_entry entries[] = {
	PROC_SHOW("version", 0444, version_show),
	PROC_SHOW("cmdline", 0444, cmdline_show),
	PROC_SHOW("uptime", 0444, uptime_show),
	PROC_SHOW("loadavg", 0444, loadavg_show),
	PROC_SHOW("stat", 0444, stat_show),
	PROC_SHOW("cpuinfo", 0444, cpuinfo_show),
	PROC_SHOW("interrupts", 0444, interrupts_show),
	PROC_SHOW("filesystems", 0444, filesystems_show),
	PROC_SHOW("partitions", 0444, partitions_show),
	PROC_SHOW("diskstats", 0444, diskstats_show),
	PROC_SHOW("devices", 0444, devices_show),
	PROC_SEQ("kallsyms", 0444, &kallsyms_ops),
	PROC_SHOW("iomem", 0400, iomem_show),
	{ .name = "sysrq-trigger", .mode = S_IFREG | 0200, .store = sysrq_trigger_store },
};

/* /proc/sys/kernel's names of the system; sysctl.c hangs them in. */
struct proc_entry proc_uts_entries[] = {
	{ .name = "ostype", .mode = S_IFREG | 0444, .show = uts_show, .data = (void *)0 },
	{ .name = "osrelease", .mode = S_IFREG | 0444, .show = uts_show, .data = (void *)2 },
	{ .name = "version", .mode = S_IFREG | 0444, .show = uts_show, .data = (void *)3 },
	{ .name = "hostname", .mode = S_IFREG | 0644, .show = uts_show, .store = uts_store, .data = (void *)1 },
	{ .name = "domainname", .mode = S_IFREG | 0644, .show = uts_show, .store = uts_store,
	  .data = (void *)5 },
};
const unsigned int proc_nr_uts_entries = ARRAY_SIZE(proc_uts_entries);

void proc_system_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(entries); i++)
		proc_add(NULL, &entries[i]);
}
