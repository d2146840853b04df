/* SPDX-License-Identifier: MIT */
/*
 * Crashes on demand, with Linux's names (lkdtm, "kernel dump test module"): each breaks one rule of the kernel on
 * purpose, so that the guard behind the rule can be seen at work.
 *
 *	mount -t debugfs none /sys/kernel/debug
 *	cat /sys/kernel/debug/provoke-crash/DIRECT			the names
 *	echo WRITE_RO > /sys/kernel/debug/provoke-crash/DIRECT		a panic; if it returns, the guard has failed
 *
 * The files are root's alone. Beyond it Linux has: crash points inside other functions, heap and refcount bugs.
 */
#include "drivers/lkdtm.h"
#include "arch/cpu.h"
#include "arch/uaccess.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/timer.h"
#include "mm/mm.h"
#include "mm/mman.h"
#include "mm/zone.h"
#include "asm/irqflags.h"

static const unsigned long read_only = 42;
static unsigned long writable[8] __aligned(64) = { 1 };
static DEFINE_SPINLOCK(lock, LOCK_RANK_NONE);

/* Where the compiler cannot follow, it cannot be clever. */
static void *hide(const volatile void *p)
{
	void *q = (void *)p;

	asm volatile("" : "+r"(q));
	return q;
}

static void do_panic(void)
{
	panic("dumptest");
}

static void do_bug(void)
{
	BUG();
}

static void do_warning(void)
{
	WARN_ON(1);
}

static void do_exception(void)
{
	*(volatile unsigned long *)hide(NULL) = 0;
}

static noinline unsigned long use_stack(unsigned long depth)
{
	volatile char room[512];

	room[0] = (char)depth;
	return depth ? use_stack(depth - 1) + (unsigned long)room[0] : 0;
}

static void do_exhaust_stack(void)
{
	writable[1] = use_stack(1000);
}

static noinline void overwrite(char *p, size_t n)
{
	memset(hide(p), 'a', n);
}

static void do_corrupt_stack(void)
{
	char room[8];

	overwrite(room, 64);
}

static void do_write_ro(void)
{
	*(unsigned long *)hide(&read_only) = 1;
}

static void do_write_kern(void)
{
	*(u8 *)hide((void *)do_warning) = 0xc3;
}

static void run_code(void *at, const char *where)
{
	pr_info("lkdtm: running code on %s at %p\n", where, at);
	((void (*)(void))hide(at))();
}

#define RET 0xc3

static void do_exec_data(void)
{
	writable[0] = RET;
	run_code(writable, "data");
}

static void do_exec_stack(void)
{
	u8 code[16] = { RET };

	run_code(hide(code), "the stack");
}

/* => a page of the caller's that holds RET, present and executable */
static unsigned long user_page(void)
{
	unsigned long at = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_ANONYMOUS | MAP_PRIVATE, 0);
	u8 code = RET;

	if (IS_ERR_VALUE(at) || copy_to_user((void *)at, &code, 1))
		return 0;
	return at;
}

static void do_exec_userspace(void)
{
	unsigned long at = user_page();

	if (at)
		run_code((void *)at, "a user page");
}

static void do_access_userspace(void)
{
	volatile unsigned long *at = (unsigned long *)user_page();

	if (at)
		writable[1] = *at;
}

static void do_spinlockup(void)
{
	spin_lock(&lock);
	raw_lock(&lock.raw); /* below the lock checks, which would say so at once */
}

static void panic_in_timer(unsigned long unused)
{
	panic("dumptest in a timer");
}

static void do_panic_softirq(void)
{
	static DEFINE_TIMER(timer, panic_in_timer, 0, 0);

	mod_timer(&timer, jiffies + 2);
	for (;;)
		cpu_relax();
}

static void do_panic_zone_lock(void)
{
	struct zone *zone;

	local_irq_disable();
	for_each_populated_zone(zone)
		raw_lock(&zone->lock.raw);
	panic("dumptest with every zone locked");
}

static int nr_deaf;

static void deaf(void *unused)
{
	__atomic_fetch_add(&nr_deaf, 1, __ATOMIC_RELAXED);
	for (;;) /* interrupts are off here: only an NMI gets through */
		cpu_relax();
}

/* Another CPU spins with interrupts off when this one panics. */
static void do_panic_deaf_cpu(void)
{
	smp_call_function_many(cpu_online_mask, deaf, NULL, false);
	while (READ_ONCE(nr_deaf) < num_online_cpus() - 1)
		cpu_relax();
	panic("dumptest with the other CPUs deaf");
}

static void broken_report(void)
{
	do_exception();
}

/* The panic's own report runs into a fault: the parts after it must come all the same. */
static void do_panic_in_panic(void)
{
	panic_set_memory_report(broken_report);
	panic("dumptest with a broken report");
}

/* kmemcheck's (mm/kmemcheck.c): no panic, but a report in the log. */
static void do_read_uninit(void)
{
	volatile unsigned long *page = (unsigned long *)__get_free_page(GFP_KERNEL);

	if (page)
		pr_info("lkdtm: the page holds %lx\n", page[5]);
	free_page((unsigned long)page);
}

/* The same, written before: no report. */
static void do_read_init(void)
{
	volatile unsigned long *page = (unsigned long *)__get_free_page(GFP_KERNEL);

	if (page) {
		page[0] = 42;
		pr_info("lkdtm: the page holds %lx\n", page[0]);
	}
	free_page((unsigned long)page);
}

static const struct crash {
	const char *name;
	void (*fn)(void);
} crashes[] = {
	{ "PANIC", do_panic },
	{ "BUG", do_bug },
	{ "WARNING", do_warning },
	{ "EXCEPTION", do_exception },
	{ "EXHAUST_STACK", do_exhaust_stack },
	{ "CORRUPT_STACK", do_corrupt_stack },
	{ "WRITE_RO", do_write_ro },
	{ "WRITE_KERN", do_write_kern },
	{ "EXEC_DATA", do_exec_data },
	{ "EXEC_STACK", do_exec_stack },
	{ "EXEC_USERSPACE", do_exec_userspace },
	{ "ACCESS_USERSPACE", do_access_userspace },
	{ "SPINLOCKUP", do_spinlockup },
	{ "PANIC_SOFTIRQ", do_panic_softirq },
	{ "PANIC_ZONE_LOCK", do_panic_zone_lock },
	{ "PANIC_DEAF_CPUS", do_panic_deaf_cpu },
	{ "PANIC_IN_PANIC", do_panic_in_panic },
	{ "READ_UNINIT", do_read_uninit },
	{ "READ_INIT", do_read_init },
};

const char *lkdtm_name(unsigned int i)
{
	return i < ARRAY_SIZE(crashes) ? crashes[i].name : NULL;
}

int lkdtm_do(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(crashes); i++) {
		if (strcmp(crashes[i].name, name))
			continue;
		pr_info("lkdtm: Performing direct entry %s\n", name);
		crashes[i].fn();
		return 0;
	}
	return -EINVAL;
}
