/* SPDX-License-Identifier: MIT */
/*
 * The log: a ring of variable-sized records.
 *
 *	log_buf:  | hdr text | hdr text | ... free ... | hdr text | hdr text | hdr(0): go on at the start |
 *	                                ^ next         ^ first
 *
 * Storing overwrites the oldest records. Every record is one whole line; a line printed in pieces
 * is held back in `partial` until its newline, or until somebody else prints.
 *
 * One lock, interrupts off, never held while calling anything: printk works everywhere. A CPU that
 * comes back to it (a fault inside printk) loses that message instead of waiting for itself. After
 * a panic the lock is taken without mercy if it does not come free.
 *
 * Consoles are console.c. Linux 6 has a lockless ring and a console thread; dmesg sees the same.
 */
#include "kernel/base/printk.h"
#include "kernel/base/bug.h"
#include "kernel/base/console.h"
#include "kernel/base/kernel.h"
#include "kernel/base/preempt.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/string.h"
#include "asm/barrier.h"

#define LOG_BUF_SIZE PRINTK_RING_BYTES

struct log_header {
	u64 ts_ns;
	u16 size; /* of header and text, a multiple of 8; 0: the next record is at the start */
	u16 len;
	u8 level;
	u8 facility;
	bool forced; /* shown on consoles whatever their level */
	u8 unused;
};

static char log_buf[LOG_BUF_SIZE] __aligned(8);
static u64 first_seq, next_seq, clear_seq; /* [log_lock] */
static u32 first_pos, next_pos;		   /* [log_lock] */
static arch_spinlock_t log_lock;
static int log_owner = -1; /* CPU that holds log_lock */
static int forcing; /* [a] callers between printk_force_console_enter() and _exit() */
static unsigned long lost; /* messages dropped because of recursion */

static char line_buf[PRINTK_LINE_MAX]; /* [log_lock] */
static struct {
	char text[PRINTK_LINE_MAX];
	size_t len;
	u8 level;
	u64 ts_ns;
} partial; /* [log_lock] */

int dmesg_restrict = 1; /* the log has kernel addresses: backtraces */

static u64 (*clock_fn)(void);

void printk_set_clock(u64 (*clock_ns)(void))
{
	clock_fn = clock_ns;
}

u64 printk_clock(void)
{
	return clock_fn ? clock_fn() : 0;
}

/* => true with interrupts off and the log ours; false if this CPU is inside already */
static bool log_enter(unsigned long *flags)
{
	unsigned long patience = 1UL << 20;

	local_irq_save(*flags);
	if (log_owner == smp_processor_id() && !panic_in_progress) {
		lost++;
		local_irq_restore(*flags);
		return false;
	}
	if (!panic_in_progress) {
		raw_lock(&log_lock);
	} else {
		while (!raw_trylock(&log_lock) && patience--)
			cpu_relax();
	}
	log_owner = smp_processor_id();
	return true;
}

static void log_leave(unsigned long flags)
{
	log_owner = -1;
	if (raw_is_locked(&log_lock))
		raw_unlock(&log_lock);
	local_irq_restore(flags);
}

static struct log_header *header_at(u32 pos)
{
	return (struct log_header *)(log_buf + pos);
}

/* The position behind the record at pos. */
static u32 pos_after(u32 pos)
{
	pos += header_at(pos)->size;
	if (pos + sizeof(struct log_header) > LOG_BUF_SIZE || !header_at(pos)->size)
		return 0;
	return pos;
}

/* Bytes from next_pos to the first record, or to the end of the buffer. */
static bool room_for(u32 size)
{
	if (first_seq == next_seq)
		return next_pos + size <= LOG_BUF_SIZE;
	if (next_pos > first_pos)
		return next_pos + size <= LOG_BUF_SIZE;
	return next_pos + size <= first_pos;
}

static void drop_oldest(void)
{
	first_pos = pos_after(first_pos);
	first_seq++;
}

/* Makes next_pos a place for size bytes, dropping old records. */
static void make_room(u32 size)
{
	while (!room_for(size)) {
		if (first_seq != next_seq && next_pos <= first_pos) {
			drop_oldest();
		} else { /* nothing more fits behind next_pos: go to the start */
			if (next_pos + sizeof(struct log_header) <= LOG_BUF_SIZE)
				header_at(next_pos)->size = 0;
			next_pos = 0;
			if (first_seq == next_seq)
				first_pos = 0;
			else if (first_pos == 0)
				drop_oldest();
		}
	}
}

static void store(u64 ts_ns, unsigned int level, unsigned int facility, const char *text,
		  size_t len)
{
	struct log_header *h;
	u32 size;

	len = min_t(size_t, len, PRINTK_LINE_MAX);
	size = (u32)ALIGN(sizeof(*h) + len, 8);
	make_room(size);
	if (first_seq == next_seq)
		first_pos = next_pos;
	h = header_at(next_pos);
	h->ts_ns = ts_ns;
	h->size = (u16)size;
	h->len = (u16)len;
	h->level = (u8)level;
	h->facility = (u8)facility;
	h->forced = READ_ONCE(forcing);
	memcpy(h + 1, text, len);
	next_pos += size;
	next_seq++;
}

static void flush_partial(void)
{
	if (partial.len)
		store(partial.ts_ns, partial.level, 0, partial.text, partial.len);
	partial.len = 0;
}

/* Cuts text into lines; the piece behind the last newline stays in `partial`. */
static void store_text(unsigned int level, bool cont, const char *text, size_t len)
{
	u64 now = printk_clock();

	if (!cont)
		flush_partial();
	while (len) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl ? (size_t)(nl - text) : len;

		if (!partial.len) {
			partial.level = (u8)level;
			partial.ts_ns = now;
		}
		if (nl && !partial.len) {
			store(now, level, 0, text, n);
		} else {
			size_t fit = min(n, sizeof(partial.text) - partial.len);

			memcpy(partial.text + partial.len, text, fit);
			partial.len += fit;
			if (nl)
				flush_partial();
		}
		text += n + (nl != NULL);
		len -= n + (nl != NULL);
	}
}

int vprintk(const char *fmt, va_list args)
{
	unsigned int level = LOGLEVEL_WARNING;
	unsigned long flags;
	bool cont = false;
	const char *text = line_buf;
	int len;

	if (!log_enter(&flags))
		return 0;
	if (lost) {
		unsigned long n = xchg(&lost, 0);

		store(printk_clock(), LOGLEVEL_ERR, 0, line_buf,
		      (size_t)scnprintf(line_buf, sizeof(line_buf),
					"printk: %lu messages from inside printk lost", n));
	}
	len = vscnprintf(line_buf, sizeof(line_buf), fmt, args);
	while (len >= 2 && text[0] == KERN_SOH[0]) {
		if (text[1] >= '0' && text[1] <= '7')
			level = (unsigned int)(text[1] - '0');
		else if (text[1] == 'c')
			cont = true;
		text += 2;
		len -= 2;
	}
	store_text(level, cont, text, (size_t)len);
	log_leave(flags);
	console_flush();
	return len;
}

int printk(const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vprintk(fmt, args);
	va_end(args);
	return n;
}

int printk_user(unsigned int prio, const char *text, size_t len)
{
	unsigned long flags;

	if (!log_enter(&flags))
		return 0;
	while (len && text[len - 1] == '\n')
		len--;
	flush_partial();
	store(printk_clock(), prio & 7, prio >> 3, text, len);
	log_leave(flags);
	console_flush();
	return (int)len;
}

bool printk_read(u64 *seq, struct printk_record *r, char *text, size_t size)
{
	static u64 hint_seq; /* [log_lock] a record and where it lies: readers go forwards */
	static u32 hint_pos;
	struct log_header *h;
	unsigned long flags;
	u32 pos = first_pos;
	u64 at;

	if (!log_enter(&flags))
		return false;
	at = first_seq;
	pos = first_pos;
	if (*seq < first_seq)
		*seq = first_seq;
	if (*seq >= next_seq) {
		log_leave(flags);
		return false;
	}
	if (hint_seq >= first_seq && hint_seq <= *seq) {
		at = hint_seq;
		pos = hint_pos;
	}
	for (; at < *seq; at++)
		pos = pos_after(pos);
	h = header_at(pos);
	r->seq = at;
	r->ts_ns = h->ts_ns;
	r->level = h->level;
	r->facility = h->facility;
	r->forced = h->forced;
	r->cont = false;
	r->len = min_t(size_t, h->len, size);
	memcpy(text, h + 1, r->len);
	hint_seq = at;
	hint_pos = pos;
	*seq = at + 1;
	log_leave(flags);
	return true;
}

void printk_force_console_enter(void)
{
	__atomic_fetch_add(&forcing, 1, __ATOMIC_SEQ_CST);
}

void printk_force_console_exit(void)
{
	__atomic_fetch_sub(&forcing, 1, __ATOMIC_SEQ_CST);
}

u64 printk_first_seq(void)
{
	return READ_ONCE(first_seq);
}

u64 printk_next_seq(void)
{
	return READ_ONCE(next_seq);
}

void printk_clear(void)
{
	WRITE_ONCE(clear_seq, printk_next_seq());
}

u64 printk_clear_seq(void)
{
	return READ_ONCE(clear_seq);
}

size_t printk_format(const struct printk_record *r, const char *text, char *buf, size_t size,
		     bool with_level)
{
	size_t n = 0;

	if (with_level)
		n = (size_t)scnprintf(buf, size, "<%u>",
				      (unsigned int)(r->facility << 3 | r->level));
	n += (size_t)scnprintf(buf + n, size - n, "[%5lu.%06lu] %.*s\n",
			       (unsigned long)(r->ts_ns / 1000000000),
			       (unsigned long)(r->ts_ns % 1000000000 / 1000), (int)r->len, text);
	return n;
}

void printk_flush_panic(void)
{
	unsigned long flags;

	if (log_enter(&flags)) {
		flush_partial();
		log_leave(flags);
	}
	console_flush();
}
