/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine: panic, BUG and WARN.
 *
 *	panic: one CPU goes on -> the others are stopped where they are -> message -> registers and backtrace
 *	       -> the other CPUs' -> state of memory -> locks held -> reboot or power off
 *
 * Each part is a function of parts[], begun once: when one of them falls into a panic itself, that panic goes on
 * with the next part, so there is always an end.
 *
 * From the moment panic_in_progress is set no lock of the log or console is waited for, and the
 * lock checks are off.
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
static void (*memory_report)(void);
static char text[512]; /* of the first panic */
static unsigned int next_part;
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

void panic_set_memory_report(void (*show)(void))
{
	memory_report = show;
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

static void stop_others(void)
{
	if (ops.stop_other_cpus)
		ops.stop_other_cpus();
	console_break_lock();
	if (console_loglevel < CONSOLE_LOGLEVEL_DEFAULT)
		console_loglevel = CONSOLE_LOGLEVEL_DEFAULT;
}

static void show_message(void)
{
	pr_emerg("Kernel panic - not syncing: %s\n", text);
	chaos_report();
}

static void show_self(void)
{
	if (ops.show_self)
		ops.show_self();
	else
		bug_backtrace();
}

static void show_others(void)
{
	if (ops.show_others)
		ops.show_others();
}

static void show_memory(void)
{
	if (memory_report)
		memory_report();
}

static void show_end(void)
{
	pr_emerg("---[ end Kernel panic - not syncing: %s ]---\n", text);
}

static void (*const parts[])(void) = {
	stop_others, show_message, show_self, show_others, show_memory, lock_debug_show_held, show_end, end_machine,
};

void panic(const char *fmt, ...)
{
	int me, none = -1;
	va_list args;

	local_irq_disable();
	me = smp_processor_id(); /* from here on it stays the same */
	va_start(args, fmt);
	if (__atomic_compare_exchange_n(&panic_cpu, &none, me, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST)) {
		WRITE_ONCE(panic_in_progress, 1);
		vscnprintf(text, sizeof(text), fmt, args);
	} else if (none != me) {
		halt();
	} else { /* a part of the report failed as well */
		console_break_lock();
		pr_emerg("panic inside the panic, in its part %u of %zu\n", next_part, ARRAY_SIZE(parts));
	}
	va_end(args);
	while (next_part < ARRAY_SIZE(parts))
		parts[next_part++]();
	if (ops.power_off)
		ops.power_off(PANIC_EXIT_STATUS);
	halt();
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
