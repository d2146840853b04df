/* SPDX-License-Identifier: MIT */
/*
 * COM1, a 16550: what printk shows and what the terminal reads and writes.
 *
 *	printk -> console.write -> port (polled, \n becomes \r\n)
 *	tty    -> serial_write  -> port (polled, unchanged: the line discipline has done ONLCR)
 *	port   -> IRQ 4 -> serial_interrupt -> receiver (the tty)
 *	                                    -> after a BREAK: the next byte is an order (sysrq.c)
 *
 * Output is polled because it must work in a panic and with interrupts off, and because under an
 * emulator the transmitter is never busy for long. A port that is not there reads 0xff: found out
 * once, then left alone; a transmitter that does not get empty is given up after a while, not
 * waited for.
 *
 * Locks: port_lock (interrupts off) for the registers. The receiver is called without it, so it
 * may echo.
 */
#include "drivers/serial.h"
#include "drivers/drivers.h"
#include "drivers/sysrq.h"
#include "arch/irq.h"
#include "asm/io.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/string.h"
#include "kernel/core/freezer.h"
#include "kernel/core/timer.h"

#define COM1	  0x3f8
#define COM1_GSI  4
#define FIFO_SIZE 16

#define REG_DATA 0 /* with DLAB: divisor, low byte */
#define REG_IER	 1 /* with DLAB: divisor, high byte */
#define REG_FCR	 2
#define REG_LCR	 3
#define REG_MCR	 4
#define REG_LSR	 5
#define REG_SCR	 7

#define IER_RX	       0x01
#define IER_LINE       0x04 /* an interrupt for BREAK, also while bytes are held back */
#define FCR_FIFO       0x07 /* on, both emptied, interrupt at the first byte */
#define LCR_8N1	       0x03
#define LCR_DLAB       0x80
#define MCR_READY      0x0b /* DTR, RTS, OUT2: the last lets interrupts through */
#define LSR_RX_READY   0x01
#define LSR_BREAK      0x10 /* reading it clears it */
#define LSR_TX_EMPTY   0x20
#define DIVISOR_115200 1
#define SYSRQ_SECONDS  5
#define TX_PATIENCE    100000 /* status reads before the port is taken for stuck */

static DEFINE_SPINLOCK(port_lock, LOCK_RANK_NONE); /* printk works under every lock */
static bool present;				   /* [I] after serial_console_init */
static bool receiving;				   /* [port_lock] */
static bool (*receiver)(void *data, const char *bytes, size_t n); /* [port_lock] */
static void *receiver_data;					  /* [port_lock] */

static bool break_seen;		   /* [port_lock] BREAK, but not yet the null byte that comes with it */
static bool sysrq_armed;	   /* [port_lock] the next byte is an order, */
static unsigned long sysrq_until; /* [port_lock] if it comes before then */

static u8 port_read(int reg)
{
	return inb(COM1 + reg);
}

static void port_write(int reg, u8 value)
{
	outb(value, COM1 + reg);
}

/*
 * In a panic the CPU that held the lock may be stopped: take it if it is free, write in any case.
 */
static bool port_enter(unsigned long *flags)
{
	if (panic_in_progress)
		return spin_trylock_irqsave(&port_lock, *flags);
	spin_lock_irqsave(&port_lock, *flags);
	return true;
}

static void port_leave(bool locked, unsigned long flags)
{
	if (locked)
		spin_unlock_irqrestore(&port_lock, flags);
}

static u8 line_status(void)
{
	u8 status = port_read(REG_LSR);

	break_seen |= !!(status & LSR_BREAK);
	return status;
}

/* => room for FIFO_SIZE bytes, or false after a long wait */
static bool tx_wait(void)
{
	for (int i = 0; i < TX_PATIENCE; i++)
		if (line_status() & LSR_TX_EMPTY)
			return true;
	return false;
}

/* Bytes on their way: the FIFO is asked for once, then filled. */
struct tx {
	int room;
};

static void tx_byte(struct tx *tx, char c)
{
	if (tx->room == 0 && tx_wait())
		tx->room = FIFO_SIZE;
	if (tx->room == 0)
		return;
	tx->room--;
	port_write(REG_DATA, c);
}

static void console_write(struct console *con, const char *text, size_t len)
{
	struct tx tx = {0};
	unsigned long flags;
	bool locked = port_enter(&flags);

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			tx_byte(&tx, '\r');
		tx_byte(&tx, text[i]);
	}
	port_leave(locked, flags);
}

void serial_write(const char *bytes, size_t n)
{
	while (present && n) {
		size_t chunk = n < FIFO_SIZE ? n : FIFO_SIZE;
		struct tx tx = {0};
		unsigned long flags;
		bool locked = port_enter(&flags);

		for (size_t i = 0; i < chunk; i++)
			tx_byte(&tx, bytes[i]);
		port_leave(locked, flags);
		bytes += chunk;
		n -= chunk;
	}
}

static void receive_enable(bool enable)
{
	unsigned long flags;

	spin_lock_irqsave(&port_lock, flags);
	port_write(REG_IER, enable ? IER_RX | IER_LINE : IER_LINE);
	spin_unlock_irqrestore(&port_lock, flags);
}

/* The receiver is full: leave bytes in the FIFO, whose being full holds the sender. It may have room by now. */
static void hold_back(bool (*receive)(void *data, const char *bytes, size_t n), void *data)
{
	receive_enable(false);
	if (receive(data, NULL, 0))
		receive_enable(true);
}

void serial_receive_more(void)
{
	receive_enable(true);
}

/* => port_lock held */
static void arm_sysrq(void)
{
	break_seen = false;
	sysrq_armed = true;
	sysrq_until = jiffies + SYSRQ_SECONDS * HZ;
}

/* => port_lock held; true: the byte is not the terminal's. *key: the order, if it is one */
static bool sysrq_byte(u8 byte, int *key)
{
	if (break_seen && !byte) {
		arm_sysrq();
		return true;
	}
	if (!sysrq_armed)
		return false;
	sysrq_armed = false;
	if (time_after(jiffies, sysrq_until))
		return false;
	*key = byte;
	return true;
}

/* => port_lock held; bytes for the terminal, at most FIFO_SIZE. *more: there may be others */
static size_t take_bytes(char *bytes, int *key, bool *more)
{
	size_t n = 0;
	int i;

	for (i = 0; i < FIFO_SIZE && (line_status() & LSR_RX_READY); i++) {
		u8 byte = port_read(REG_DATA);

		if (!sysrq_byte(byte, key))
			bytes[n++] = (char)byte;
	}
	*more = i == FIFO_SIZE;
	if (break_seen && !*more) /* its null byte found no place in the FIFO */
		arm_sysrq();
	return n;
}

static void serial_interrupt(int irq, void *data)
{
	char bytes[FIFO_SIZE];
	bool more;

	do {
		bool (*receive)(void *data, const char *bytes, size_t n);
		void *receive_data;
		int key = -1;
		bool armed;
		size_t n;

		spin_lock(&port_lock);
		n = take_bytes(bytes, &key, &more);
		armed = sysrq_armed;
		receive = receiver;
		receive_data = receiver_data;
		spin_unlock(&port_lock);
		if (n)
			pm_wakeup_event();
		if (key >= 0)
			handle_sysrq(key);
		/* An order that is awaited keeps the port open. */
		if ((n || key >= 0) && receive && !receive(receive_data, bytes, n) && !armed) {
			hold_back(receive, receive_data);
			break;
		}
	} while (more);
}

int serial_set_receiver(bool (*receive)(void *data, const char *bytes, size_t n), void *data)
{
	unsigned long flags;
	bool first;

	if (!present)
		return -ENODEV;
	spin_lock_irqsave(&port_lock, flags);
	receiver = receive;
	receiver_data = data;
	first = !receiving;
	receiving = true;
	spin_unlock_irqrestore(&port_lock, flags);
	if (!first)
		return 0;

	int error = request_irq(COM1_GSI, serial_interrupt, NULL, "ttyS0");

	if (error)
		return error;
	port_write(REG_IER, IER_RX | IER_LINE);
	return 0;
}

static struct console serial_console = {.name = "ttyS0", .write = console_write};

void serial_console_init(void)
{
	port_write(REG_SCR, 0x5a);
	if (port_read(REG_SCR) != 0x5a)
		return;
	port_write(REG_IER, 0);
	port_write(REG_LCR, LCR_DLAB);
	port_write(REG_DATA, DIVISOR_115200);
	port_write(REG_IER, 0);
	port_write(REG_LCR, LCR_8N1);
	port_write(REG_FCR, FCR_FIFO);
	port_write(REG_MCR, MCR_READY);
	present = true;
	register_console(&serial_console);
}

/* There is one console; the word is known so that command lines written for Linux work. */
static int console_param(char *val)
{
	return val && (strstarts(val, "ttyS0") || strstarts(val, "tty0")) ? 0 : -EINVAL;
}
early_param("console", console_param);
