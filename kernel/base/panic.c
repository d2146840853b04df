/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine: panic, BUG and WARN.
 *
 *	panic: one CPU goes on, the others are stopped -> message -> backtrace -> power off
 *
 * From the moment panic_in_progress is set no lock of the log or console is waited for, and the
 * lock checks are off. A panic inside a panic goes straight to the power switch.
 */
#include "kernel/base/bug.h"
#include "kernel/base/chaos.h"
#include "kernel/base/console.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/lock_debug.h"
#include "kernel/base/param.h"
#include "kernel/base/preempt.h"
#include "kernel/base/printk.h"
#include "asm/barrier.h"
#include "asm/irqflags.h"

int panic_in_progress;

static struct panic_ops ops;
static int panic_cpu = -1;
static int panic_timeout; /* `panic=SECONDS` */

static int set_panic_timeout(char *val)
{
	return val ? kstrtoint(val, 10, &panic_timeout) : -1;
}
early_param("panic", set_panic_timeout);

void panic_set_ops(const struct panic_ops *new)
{
	ops = *new;
}

void bug_backtrace(void)
{
	if (ops.dump_stack)
		ops.dump_stack();
}

static void __noreturn halt(void)
{
	if (ops.halt_forever)
		ops.halt_forever();
	for (;;)
		cpu_relax();
}

/* => as `panic=` says; the status reaches scripts/run wherever the machine can report one */
static void __noreturn end_machine(void)
{
	printk_flush_panic();
	if (panic_timeout > 0 && ops.delay_us) {
		pr_emerg("Rebooting in %d seconds..\n", panic_timeout);
		for (int i = 0; i < panic_timeout * 10; i++)
			ops.delay_us(100000);
	}
	if (panic_timeout != 0 && ops.restart)
		ops.restart();
	if (ops.power_off)
		ops.power_off(PANIC_EXIT_STATUS);
	halt();
}

void panic(const char *fmt, ...)
{
	static char text[512];
	int me = smp_processor_id(), none = -1;
	va_list args;

	local_irq_disable();
	if (!__atomic_compare_exchange_n(&panic_cpu, &none, me, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST)) {
		if (none == me)
			end_machine(); /* something below us failed as well */
		halt();
	}
	WRITE_ONCE(panic_in_progress, 1);
	if (ops.stop_other_cpus)
		ops.stop_other_cpus();
	console_break_lock();
	if (console_loglevel < CONSOLE_LOGLEVEL_DEFAULT)
		console_loglevel = CONSOLE_LOGLEVEL_DEFAULT;

	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pr_emerg("Kernel panic - not syncing: %s\n", text);
	chaos_report();
	bug_backtrace();
	lock_debug_show_held();
	pr_emerg("---[ end Kernel panic - not syncing: %s ]---\n", text);
	end_machine();
}

void __bug(const char *file, int line, const char *cond)
{
	panic("BUG at %s:%d: %s", file, line, cond);
}

void __warn(const char *file, int line, const char *func, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pr_warn("WARNING: CPU: %d at %s:%d %s(): %s\n", smp_processor_id(), file, line, func, text);
	bug_backtrace();
}
