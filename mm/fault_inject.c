/* SPDX-License-Identifier: MIT */
/*
 * Requests that fail on purpose: who is chosen.
 *
 *	task filter -> site -> times left? -> space used up? -> interval -> probability -> stack filter -> NULL
 *
 * Linux's order and knobs (its lib/fault-inject.c). A site is a pair of return addresses: the two innermost ones
 * outside mm/, since inside mm all requests look alike. linker.ld puts the code of mm/ between two symbols, so being
 * outside is a comparison. With recording on, every request that passes the task filter enters its site in a table;
 * a test then names them one by one (tests/user/inject.c).
 *
 * space, interval and times count what passed the filters before them: with a site set, interval=3 times=1 is the
 * site's third request.
 *
 * Locks: [lock] the table; counters are atomic or may be off by one. Read next: fail_page_alloc.c.
 * Test: tests/boot/test_inject.py. Try: docs/debugging.md
 */
#include "mm/fault_inject.h"

#include "arch/time.h"
#include "arch/trap.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/preempt.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/task.h"

extern char __mm_text_start[], __mm_text_end[];

/* => 0..99; the sequence need not be good, only cheap and not in step with anything */
static unsigned int random_percent(void)
{
	static u64 state = 0x9e3779b97f4a7c15UL;
	u64 x = __atomic_add_fetch(&state, 0x9e3779b97f4a7c15UL, __ATOMIC_RELAXED);

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
	return (unsigned int)((x ^ x >> 31) % 100);
}

static bool task_may_fail(const struct fault_attr *attr, const struct task_struct *p)
{
	if (attr->task_filter && (!in_task() || !p->make_it_fail))
		return false;
	if (!attr->programs_only)
		return true;
	return !in_interrupt() && p->mm && !(p->flags & (PF_MEMALLOC | PF_EXITING)) && p->tgid != 1 &&
	       p->signal->oom_score_adj != OOM_SCORE_ADJ_MIN;
}

static bool in_mm(u64 ip)
{
	return ip >= (unsigned long)__mm_text_start && ip < (unsigned long)__mm_text_end;
}

static void find_site(const u64 *ips, int n, unsigned long ip[2])
{
	int found = 0;

	ip[0] = ip[1] = 0;
	for (int i = 0; i < n && found < 2; i++)
		if (!in_mm(ips[i]))
			ip[found++] = (unsigned long)ips[i];
}

/* Enter the site, or count it. => attr->lock held */
static void record_locked(struct fault_attr *attr, const unsigned long ip[2], bool failed)
{
	struct fault_site *s, *end = attr->sites + attr->nr_sites;

	for (s = attr->sites; s < end; s++)
		if (s->ip[0] == ip[0] && s->ip[1] == ip[1])
			break;
	if (s == end) {
		if (attr->nr_sites == attr->max_sites) {
			attr->lost++;
			return;
		}
		attr->nr_sites++;
		*s = (struct fault_site){ .ip = { ip[0], ip[1] } };
	}
	if (failed)
		s->failed++;
	else
		s->seen++;
}

static void record(struct fault_attr *attr, const unsigned long ip[2], bool failed)
{
	unsigned long irq;

	if (!READ_ONCE(attr->sites))
		return;
	spin_lock_irqsave(&attr->lock, irq);
	if (attr->sites)
		record_locked(attr, ip, failed);
	spin_unlock_irqrestore(&attr->lock, irq);
}

/* Some caller between require_start and require_end, none between reject_start and reject_end. */
static bool stack_may_fail(const struct fault_attr *attr, const u64 *ips, int n)
{
	bool found = attr->require_start == 0 && attr->require_end == -1UL;

	for (int i = 0; i < n && i < attr->stacktrace_depth; i++) {
		if (attr->reject_start <= ips[i] && ips[i] < attr->reject_end)
			return false;
		if (attr->require_start <= ips[i] && ips[i] < attr->require_end)
			found = true;
	}
	return found;
}

/* One of those that may still fail is used up. => false: there was none */
static bool take_time(struct fault_attr *attr)
{
	int left = READ_ONCE(attr->times);

	while (left > 0)
		if (__atomic_compare_exchange_n(&attr->times, &left, left - 1, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return true;
	return left < 0;
}

static void tell(const struct fault_attr *attr)
{
	if (!attr->verbose)
		return;
	pr_notice("FAULT_INJECTION: forcing a failure.\n");
	pr_notice("name %s, interval %lu, probability %lu, space %d, times %d\n", attr->name, attr->interval,
		  attr->probability, attr->space, attr->times);
	if (attr->verbose > 1)
		dump_stack();
}

bool should_fail(struct fault_attr *attr, int size)
{
	unsigned long ip[2], interval = READ_ONCE(attr->interval); /* may become 0 meanwhile */
	u64 ips[FAULT_DEPTH];
	int n;

	if (!task_may_fail(attr, current))
		return false;
	n = save_stack_trace(ips, FAULT_DEPTH);
	find_site(ips, n, ip);
	record(attr, ip, false);
	if (attr->site[0] && (ip[0] != attr->site[0] || ip[1] != attr->site[1]))
		return false;
	if (!attr->times)
		return false;
	if (attr->space > size) {
		__atomic_sub_fetch(&attr->space, size, __ATOMIC_RELAXED);
		return false;
	}
	if (interval > 1 && __atomic_add_fetch(&attr->count, 1, __ATOMIC_RELAXED) % interval)
		return false;
	if (attr->probability <= random_percent() || !stack_may_fail(attr, ips, n) || !take_time(attr))
		return false;
	record(attr, ip, true);
	tell(attr);
	return true;
}

void fault_attr_changed(struct fault_attr *attr)
{
	attr->count = 0;
	attr->set_active(attr->probability || READ_ONCE(attr->sites));
}

struct fault_site *fault_record(struct fault_attr *attr, struct fault_site *table, unsigned int max)
{
	struct fault_site *old;
	unsigned long irq;

	spin_lock_irqsave(&attr->lock, irq);
	old = attr->sites;
	attr->sites = table;
	attr->max_sites = table ? max : 0;
	attr->nr_sites = attr->lost = 0;
	spin_unlock_irqrestore(&attr->lock, irq);
	fault_attr_changed(attr);
	return old == attr->boot_sites ? NULL : old;
}

bool fault_site_get(struct fault_attr *attr, unsigned int i, struct fault_site *site)
{
	unsigned long irq;
	bool found;

	spin_lock_irqsave(&attr->lock, irq);
	found = i < attr->nr_sites;
	if (found)
		*site = attr->sites[i];
	spin_unlock_irqrestore(&attr->lock, irq);
	return found;
}

/* The n-th number of a comma-separated list, or *value stays. => the rest of the text, NULL: not a number */
static const char *next_number(const char *text, long *value)
{
	char *end;

	if (!*text)
		return text;
	if (*text == '-' && text[1] == '1') {
		*value = -1;
		end = (char *)text + 2;
	} else if (*text < '0' || *text > '9') {
		return NULL;
	} else {
		*value = (long)simple_strtoul(text, &end, 10);
	}
	if (*end && (*end != ',' || !end[1]))
		return NULL;
	return *end ? end + 1 : end;
}

int setup_fault_attr(struct fault_attr *attr, const char *text)
{
	long word[4] = { 0, 100, 0, -1 }; /* interval, probability, space, times */

	if (!text || !*text)
		return -EINVAL;
	for (int i = 0; i < 4 && text; i++)
		text = next_number(text, &word[i]);
	if (!text || *text || word[0] < 1 || word[1] < 0 || word[1] > 100 || word[2] < 0 || word[2] > INT_MAX ||
	    word[3] > INT_MAX)
		return -EINVAL;
	attr->interval = (unsigned long)word[0];
	attr->probability = (unsigned long)word[1];
	attr->space = (int)word[2];
	attr->times = (int)word[3];
	return 0;
}

static void any_request(struct fault_attr *attr)
{
	attr->ignore_gfp_wait = attr->ignore_gfp_highmem = false;
	attr->min_order = 0;
}

int setup_fault_site(struct fault_attr *attr, char *text)
{
	unsigned long ip[2];
	unsigned int nth;
	char *word[3] = { strsep(&text, ","), strsep(&text, ","), text };

	if (!word[0] || !word[1] || !word[2] || kstrtoul(word[0], 16, &ip[0]) || kstrtoul(word[1], 16, &ip[1]) ||
	    kstrtouint(word[2], 10, &nth) || !ip[0] || !nth)
		return -EINVAL;
	attr->site[0] = ip[0];
	attr->site[1] = ip[1];
	attr->interval = nth;
	attr->times = 1;
	attr->probability = 100;
	attr->verbose = 1;
	any_request(attr);
	fault_attr_changed(attr);
	return 0;
}

int setup_fault_recording(struct fault_attr *attr, const char *text, struct fault_site *table)
{
	bool on;

	if (!text || kstrtobool(text, &on))
		return -EINVAL;
	any_request(attr);
	attr->boot_sites = table;
	fault_record(attr, on ? table : NULL, BOOT_SITES);
	return 0;
}
