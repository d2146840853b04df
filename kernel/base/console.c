/* SPDX-License-Identifier: MIT */
/*
 * Showing the log on consoles.
 *
 * One CPU at a time is the printer: it holds `printing` and shows record after record until none is
 * left. Others store their message and go on; the printer looks again after it has let go, so
 * nothing stays behind.
 */
#include "kernel/base/console.h"
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "asm/irqflags.h"

static struct console *consoles;			  /* [printing] */
static int printing;					  /* [a] 1: some CPU shows records */
static char text_buf[PRINTK_LINE_MAX];			  /* [printing] */
static char out_buf[PRINTK_LINE_MAX + PRINTK_PREFIX_MAX]; /* [printing] */

int console_loglevel = CONSOLE_LOGLEVEL_DEFAULT + IS_ENABLED(CONFIG_DEBUG);

static int set_loglevel(char *val)
{
	return val ? kstrtoint(val, 10, &console_loglevel) : -1;
}
early_param("loglevel", set_loglevel);

static int set_quiet(char *val)
{
	console_loglevel = CONSOLE_LOGLEVEL_QUIET;
	return 0;
}
early_param("quiet", set_quiet);

static int set_ignore_loglevel(char *val)
{
	console_loglevel = 8;
	return 0;
}
early_param("ignore_loglevel", set_ignore_loglevel);
early_param("debug", set_ignore_loglevel);

static bool try_printing(void)
{
	return __atomic_exchange_n(&printing, 1, __ATOMIC_ACQUIRE) == 0;
}

/* => shows the next record on con; false if there is none */
static bool show_one(struct console *con)
{
	struct printk_record r;
	unsigned long flags;
	size_t n;

	if (con->seq >= printk_next_seq() ||
	    !printk_read(&con->seq, &r, text_buf, sizeof(text_buf)))
		return false;
	if ((r.level >= console_loglevel && !r.forced) || r.facility)
		return true;
	n = printk_format(&r, text_buf, out_buf, sizeof(out_buf), false);
	local_irq_save(flags);
	con->write(con, out_buf, n);
	local_irq_restore(flags);
	return true;
}

static bool behind(void)
{
	for (struct console *con = consoles; con; con = con->next)
		if (con->seq < printk_next_seq())
			return true;
	return false;
}

void console_flush(void)
{
	unsigned long flags;

	while (behind()) {
		local_irq_save(
			flags); /* an interrupt here would find itself shut out for nothing */
		if (!try_printing()) {
			local_irq_restore(flags);
			return;
		}
		for (struct console *con = consoles; con; con = con->next)
			while (show_one(con))
				;
		__atomic_store_n(&printing, 0, __ATOMIC_SEQ_CST);
		local_irq_restore(flags);
	}
}

void console_break_lock(void)
{
	__atomic_store_n(&printing, 0, __ATOMIC_RELEASE);
}

void register_console(struct console *con)
{
	unsigned long flags;

	local_irq_save(flags);
	while (!try_printing())
		;
	con->seq = printk_first_seq();
	con->next = consoles;
	consoles = con;
	__atomic_store_n(&printing, 0, __ATOMIC_RELEASE);
	local_irq_restore(flags);
	console_flush();
}
