/* SPDX-License-Identifier: MIT */
/*
 * The kernel's log: a ring of records with sequence numbers, read by consoles, dmesg and /dev/kmsg.
 *
 * => printk may be called in any context: it never sleeps and takes no lock that a caller may hold.
 * => a line without "\n" is completed by the next pr_cont(); any other printk ends it.
 * => consoles see records whose level is below console_loglevel; the ring keeps all.
 * => readers keep a sequence number of their own and are told when the ring has overtaken them.
 */
#ifndef KERNEL_BASE_PRINTK_H
#define KERNEL_BASE_PRINTK_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"
#include "kernel/base/ratelimit.h"
#include "kernel/base/vsprintf.h"

#define KERN_SOH     "\001"
#define KERN_EMERG   KERN_SOH "0"
#define KERN_ALERT   KERN_SOH "1"
#define KERN_CRIT    KERN_SOH "2"
#define KERN_ERR     KERN_SOH "3"
#define KERN_WARNING KERN_SOH "4"
#define KERN_NOTICE  KERN_SOH "5"
#define KERN_INFO    KERN_SOH "6"
#define KERN_DEBUG   KERN_SOH "7"
#define KERN_DEFAULT ""
#define KERN_CONT    KERN_SOH "c"

#define LOGLEVEL_EMERG	 0
#define LOGLEVEL_ERR	 3
#define LOGLEVEL_WARNING 4
#define LOGLEVEL_INFO	 6
#define LOGLEVEL_DEBUG	 7

__printf(1, 2) int printk(const char *fmt, ...);
int vprintk(const char *fmt, va_list args);
/* => a line written by a user into /dev/kmsg, at syslog priority prio (facility << 3 | level) */
int printk_user(unsigned int prio, const char *text, size_t len);

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif
#define pr_emerg(fmt, ...)  printk(KERN_EMERG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_alert(fmt, ...)  printk(KERN_ALERT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_crit(fmt, ...)   printk(KERN_CRIT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...)    printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)   printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warning	    pr_warn
#define pr_notice(fmt, ...) printk(KERN_NOTICE pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)   printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_cont(fmt, ...)   printk(KERN_CONT fmt, ##__VA_ARGS__)
#define pr_debug(fmt, ...)                                             \
	do {                                                           \
		if (IS_ENABLED(CONFIG_DEBUG))                          \
			printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__); \
	} while (0)

#define printk_once(fmt, ...)                       \
	do {                                        \
		static bool __printed;              \
		if (!__printed) {                   \
			__printed = true;           \
			printk(fmt, ##__VA_ARGS__); \
		}                                   \
	} while (0)
#define pr_info_once(fmt, ...) printk_once(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn_once(fmt, ...) printk_once(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)

#define printk_ratelimited(fmt, ...)                                            \
	do {                                                                    \
		static DEFINE_RATELIMIT_STATE(__rs, DEFAULT_RATELIMIT_INTERVAL, \
					      DEFAULT_RATELIMIT_BURST);         \
		if (__ratelimit(&__rs))                                         \
			printk(fmt, ##__VA_ARGS__);                             \
	} while (0)
#define pr_err_ratelimited(fmt, ...)  printk_ratelimited(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn_ratelimited(fmt, ...) printk_ratelimited(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info_ratelimited(fmt, ...) printk_ratelimited(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)

/* A device that shows the log. write() runs with interrupts off, one CPU at a time, and polls. */
struct console {
	const char *name;
	void (*write)(struct console *con, const char *text, size_t len);
	void *data;
	u64 seq; /* next record to show; console lock */
	struct console *next;
};

/* => the console first shows everything the ring still has */
void register_console(struct console *con);
extern int console_loglevel; /* `loglevel=N`, `quiet` (4); debug builds show level 7 too */
#define CONSOLE_LOGLEVEL_DEFAULT 7
#define CONSOLE_LOGLEVEL_QUIET	 4

extern int dmesg_restrict; /* kernel.dmesg_restrict: 1 (the default): the log is for CAP_SYSLOG only */

/* A record as a reader sees it. */
struct printk_record {
	u64 seq;
	u64 ts_ns;
	u8 level;
	u8 facility;
	bool cont;  /* continues the record before it */
	bool forced; /* for the console whatever its level */
	size_t len; /* of the text, without a newline */
};

/*
 * => copies the record *seq, or the oldest one if it is gone, and sets r->seq; text gets at most
 * size bytes
 * => true and *seq = r->seq + 1, or false if there is no such record yet
 */
bool printk_read(u64 *seq, struct printk_record *r, char *text, size_t size);
u64 printk_first_seq(void);
u64 printk_next_seq(void);
void printk_clear(void); /* dmesg -c: printk_clear_seq() moves to the end */
u64 printk_clear_seq(void);
/* What is printed in between reaches the console at any loglevel: somebody has asked for it there. Any context. */
void printk_force_console_enter(void);
void printk_force_console_exit(void);
#define PRINTK_RING_BYTES (256 * 1024)
#define PRINTK_LINE_MAX	  1024
#define PRINTK_PREFIX_MAX 48
/* => "[    1.234567] text\n" (with_level: "<6>" before it) into buf; returns the length */
size_t printk_format(const struct printk_record *r, const char *text, char *buf, size_t size,
		     bool with_level);

/* The clock of the time stamps (nanoseconds since boot); 0 before the architecture enters one. */
void printk_set_clock(u64 (*clock_ns)(void));
u64 printk_clock(void);

/* Used by panic(): show what is left, whoever held the console. */
void printk_flush_panic(void);

#endif
