/* SPDX-License-Identifier: MIT */
/*
 * The boot order on one screen.
 *
 *   kernel_main (boot CPU, interrupts off)         init_thread (process 1)
 *     what the CPU is                                the other CPUs, kernel threads
 *     what the firmware said                         devices, file systems, the initrd
 *     what memory there is -> page tables            tests, if the command line asks for them
 *     zones -> buddy -> slab -> vmalloc              the first program
 *     interrupts, clock, scheduler
 *
 * Everything before core_init() runs without interrupts, tasks or a second CPU; allocation without sleeping
 * (gfp_allowed_mask lacks WAIT, IO and FS until the scheduler runs).
 */
#include "arch/acpi.h"
#include "arch/cpu.h"
#include "arch/irq.h"
#include "arch/mmu.h"
#include "arch/time.h"
#include "boot/boot_info.h"
#include "drivers/drivers.h"
#include "fs/fs.h"
#include "kernel/bench.h"
#include "kernel/base/bug.h"
#include "kernel/base/initcall.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/base/selftest.h"
#include "kernel/base/string.h"
#include "kernel/core/block.h"
#include "kernel/core/hung_task.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "kernel/init_process.h"
#include "kernel/sys/process.h"
#include "mm/kmap.h"
#include "mm/kstack.h"
#include "mm/memblock.h"
#include "mm/page_debug.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "mm/policy.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"
#include "mm/vmscan.h"
#include "mm/zone.h"

static struct boot_info *boot; /* until the initrd is unpacked */
static int max_cpus = NR_CPUS;

#define CMDLINE_PIECE 900 /* characters on one line of the log */

static int set_max_cpus(char *val)
{
	int n, err = val ? kstrtoint(val, 0, &n) : -EINVAL;

	if (!err && n < 1)
		err = -EINVAL;
	if (!err)
		max_cpus = n;
	return err;
}
early_param("maxcpus", set_max_cpus);

static void reserve_loaded(void)
{
	memblock_reserve(boot_image_start(), boot_image_end() - boot_image_start());
	if (boot->initrd_end > boot->initrd_start)
		memblock_reserve(boot->initrd_start, boot->initrd_end - boot->initrd_start);
	relocate_initrd(boot);
}

static void show_command_line(void)
{
	const char *at = saved_command_line;

	do {
		pr_info("Command line: %.*s\n", CMDLINE_PIECE, at);
		at += strnlen(at, CMDLINE_PIECE);
	} while (*at);
}

/* What boot/ found wrong before there was a console. */
static void report_boot_complaints(void)
{
	char *text = boot->complaints, *line;

	while ((line = strsep(&text, "\n")) && *line)
		pr_err("boot: %s\n", line);
	if (boot->nr_complaints_lost)
		pr_err("boot: and %u more complaints\n", boot->nr_complaints_lost);
}

/* What there is: firmware's map and tables, then page tables and per-CPU areas made of it. */
static void memory_init_early(void)
{
	early_fixmap_init();
	setup_memory(boot);
	reserve_loaded();
	acpi_init(boot->rsdp_valid ? boot->rsdp : NULL);
	setup_numa();
	direct_map_small = kmemcheck_enabled;
	paging_init((phys_addr_t)max_low_pfn << PAGE_SHIFT);
	setup_per_cpu_areas();
}

/* The floors of mm in their order. */
static void memory_init(void)
{
	zones_init();
	mem_init();
	init_per_zone_wmark_min();
	kmem_cache_init();
	radix_tree_init();
	vmalloc_init();
	kmap_init();
	kstack_init();
	vm_init();
	reclaim_policy_init();
	panic_set_memory_report(show_all_mem);
}

/* The boot words selftest and bench: run them and end. */
static void run_tests(void)
{
	const char *prefix;

	if (selftest_wanted(&prefix))
		machine_power_off(selftest_run(prefix) ? 1 : 0);
	if (bench_wanted()) {
		bench_run();
		machine_power_off(0);
	}
}

static void run_first_program(void)
{
	if (boot->initrd_end == boot->initrd_start)
		panic("No initrd: give the loader a cpio archive (newc) that holds /init "
		      "(GRUB: module2, QEMU: -initrd). GRUB leaves out what does not fit into memory");
	run_init_process();
}

static int init_thread(void *unused)
{
	smp_boot_cpus(kmemcheck_enabled ? 1 : max_cpus, idle_create, cpu_idle_entry_on);
	core_start();
	vmstat_init();
	swap_init();
	kswapd_init();
	oom_reaper_init();
	vfs_init();
	block_init();
	hung_task_init();
	drivers_init();
	tmpfs_init_rootfs();
	procfs_init();
	devices_init();
	do_initcalls();
	if (become_process(current))
		panic("no memory for the first process");
	initramfs_unpack(boot->initrd_start, boot->initrd_end);
	init_per_zone_wmark_min(); /* again: the initrd's frames are managed now */
	run_tests();
	run_first_program();
	return 0; /* into the first program */
}

void kernel_main(struct boot_info *bi)
{
	boot = bi;
	cpu_init_boot();
	serial_console_init();
	param_parse(bi->cmdline);
	pr_info("Tidemark, loaded by %s\n", bi->loader);
	show_command_line();
	report_boot_complaints();
	memory_init_early();
	memory_init();
	irq_init();
	time_init();
	core_init();
	gfp_allowed_mask = GFP_BITS_MASK;
	if (IS_ERR(kthread_run(init_thread, NULL, "init")))
		panic("no memory for the first task");
	cpu_idle_entry();
}
