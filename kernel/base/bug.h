/* SPDX-License-Identifier: MIT */
/*
 * Broken invariants.
 *
 * BUG, BUG_ON: always checked; the machine stops with "Kernel panic - not syncing:".
 * WARN*:       always checked; prints file, line and a backtrace, goes on. The value is the
 * condition. VM_BUG_ON*:  checked with CONFIG_DEBUG only, but always compiled; VM_BUG_ON_PAGE
 * prints the page first.
 *
 * kernel/base calls nothing above itself: stopping the other CPUs, the backtrace and the power
 * switch are entered by the architecture in a struct panic_ops.
 */
#ifndef KERNEL_BASE_BUG_H
#define KERNEL_BASE_BUG_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

/* What panic() needs from the machine; each may be NULL. */
struct panic_ops {
	void (*stop_other_cpus)(void); /* => returns when no other CPU runs kernel code any more */
	void (*dump_stack)(void);      /* => prints the backtrace of the caller by printk */
	void (*show_self)(void);       /* => the same with registers */
	void (*show_others)(void);     /* => registers and backtraces of the CPUs that were stopped */
	void (*power_off)(int status); /* => ends the machine; status 3 after a panic */
	void (*restart)(void);	       /* => panic=SECONDS, negative or elapsed */
	void (*delay_us)(unsigned long us);
	void (*halt_forever)(void);
};

#define PANIC_EXIT_STATUS 3

void panic_set_ops(const struct panic_ops *ops);

/* => what a panic shows of memory: called on one CPU, perhaps with locks held by others that are stopped */
void panic_set_memory_report(void (*show)(void));

/* => never returns; any context */
__printf(1, 2) void panic(const char *fmt, ...) __noreturn __cold;
/* => true from the moment a CPU has entered panic(): locks may be broken, drivers should poll */
extern int panic_in_progress;
#define oops_in_progress panic_in_progress

/* => the backtrace of this CPU through panic_ops; nothing before they are set */
void bug_backtrace(void) __cold;
void __bug(const char *file, int line, const char *cond) __noreturn __cold;
__printf(4, 5) void __warn(const char *file, int line, const char *func, const char *fmt,
			   ...) __cold;

#define BUG() __bug(__FILE__, __LINE__, "BUG()")
#define BUG_ON(c)                                      \
	do {                                           \
		if (unlikely(c))                       \
			__bug(__FILE__, __LINE__, #c); \
	} while (0)

#define WARN(c, ...)                                                       \
	({                                                                 \
		bool __warn_c = !!(c);                                     \
		if (unlikely(__warn_c))                                    \
			__warn(__FILE__, __LINE__, __func__, __VA_ARGS__); \
		unlikely(__warn_c);                                        \
	})
#define WARN_ON(c) WARN(c, "%s", #c)
#define WARN_ONCE(c, ...)                                                  \
	({                                                                 \
		static bool __warned;                                      \
		bool __once_c = !!(c);                                     \
		if (unlikely(__once_c) && !__warned) {                     \
			__warned = true;                                   \
			__warn(__FILE__, __LINE__, __func__, __VA_ARGS__); \
		}                                                          \
		unlikely(__once_c);                                        \
	})
#define WARN_ON_ONCE(c) WARN_ONCE(c, "%s", #c)

#define VM_BUG_ON(c)                          \
	do {                                  \
		if (IS_ENABLED(CONFIG_DEBUG)) \
			BUG_ON(c);            \
		else                          \
			(void)sizeof(!(c));   \
	} while (0)
#define VM_WARN_ON(c)                         \
	do {                                  \
		if (IS_ENABLED(CONFIG_DEBUG)) \
			WARN_ON(c);           \
		else                          \
			(void)sizeof(!(c));   \
	} while (0)

struct page;
void dump_page(const struct page *page,
	       const char *reason); /* mm/page_check.c; used from mm and above only */
#define VM_BUG_ON_PAGE(c, page)                                              \
	do {                                                                 \
		if (IS_ENABLED(CONFIG_DEBUG)) {                              \
			if (unlikely(c)) {                                   \
				dump_page((page), "VM_BUG_ON_PAGE(" #c ")"); \
				__bug(__FILE__, __LINE__, #c);               \
			}                                                    \
		} else                                                       \
			(void)sizeof(!(c));                                  \
	} while (0)

#endif
