/* SPDX-License-Identifier: MIT */
/*
 * The IO-APICs: each routes a range of global system interrupts (GSIs) to vectors of CPUs. The old
 * PICs are programmed out of the way of the exceptions and masked for good.
 *
 * Source: Intel 82093AA data sheet.
 */
#include "kernel/base/printk.h"
#include "kernel/base/spinlock.h"
#include "arch/x86_64/internal.h"
#include "asm/io.h"

#define IOAPIC_SELECT 0x00
#define IOAPIC_WINDOW 0x10
#define IOAPIC_VER    0x01
#define IOAPIC_PIN(n) (0x10 + 2 * (n))

#define PIN_LOW	   0x2000
#define PIN_LEVEL  0x8000
#define PIN_MASKED 0x10000

static struct {
	volatile char *regs;
	u32 gsi_base, nr_pins;
} ioapics[MAX_IOAPICS];
static int nr_ioapics;
static DEFINE_SPINLOCK(ioapic_lock, LOCK_RANK_LEAF); /* the select/window pair */

static u32 ioapic_read(int n, u32 reg)
{
	writel(reg, ioapics[n].regs + IOAPIC_SELECT);
	return readl(ioapics[n].regs + IOAPIC_WINDOW);
}

static void ioapic_write(int n, u32 reg, u32 v)
{
	writel(reg, ioapics[n].regs + IOAPIC_SELECT);
	writel(v, ioapics[n].regs + IOAPIC_WINDOW);
}

static void pic_mask_all(void)
{
	static const struct {
		u16 port;
		u8 value;
	} program[] = {
		{0x20, 0x11}, {0xa0, 0x11}, /* initialise */
		{0x21, 0x20}, {0xa1, 0x28}, /* vectors 0x20, 0x28: spurious ones go there */
		{0x21, 0x04}, {0xa1, 0x02}, /* cascade */
		{0x21, 0x01}, {0xa1, 0x01}, /* 8086 mode */
		{0x21, 0xff}, {0xa1, 0xff}, /* mask */
	};

	for (unsigned i = 0; i < sizeof(program) / sizeof(program[0]); i++)
		outb(program[i].value, program[i].port);
}

void ioapic_init(void)
{
	pic_mask_all();
	for (int i = 0; i < acpi.nr_ioapics; i++) {
		ioapics[i].regs = fixmap_device(FIX_IOAPIC + i, acpi.ioapic[i].base);
		ioapics[i].gsi_base = acpi.ioapic[i].gsi_base;
		ioapics[i].nr_pins = (ioapic_read(i, IOAPIC_VER) >> 16 & 0xff) + 1;
		for (u32 pin = 0; pin < ioapics[i].nr_pins; pin++)
			ioapic_write(i, IOAPIC_PIN(pin), PIN_MASKED);
		nr_ioapics++;
	}
}

/* => the IO-APIC of a GSI or -1; *pin set */
static int find_ioapic(int gsi, u32 *pin)
{
	for (int i = 0; i < nr_ioapics; i++) {
		*pin = (u32)gsi - ioapics[i].gsi_base;
		if (*pin < ioapics[i].nr_pins)
			return i;
	}
	return -1;
}

bool ioapic_has(int gsi)
{
	u32 pin;

	return find_ioapic(gsi, &pin) >= 0;
}

void ioapic_route(int gsi, u8 vector, u8 apic_id, bool low, bool level)
{
	unsigned long flags;
	u32 pin;
	int n = find_ioapic(gsi, &pin);

	if (n < 0)
		return;
	spin_lock_irqsave(&ioapic_lock, flags);
	ioapic_write(n, IOAPIC_PIN(pin) + 1, (u32)apic_id << 24);
	ioapic_write(n, IOAPIC_PIN(pin),
		     PIN_MASKED | (low ? PIN_LOW : 0) | (level ? PIN_LEVEL : 0) | vector);
	spin_unlock_irqrestore(&ioapic_lock, flags);
}

void ioapic_mask(int gsi, bool masked)
{
	unsigned long flags;
	u32 pin, v;
	int n = find_ioapic(gsi, &pin);

	if (n < 0)
		return;
	spin_lock_irqsave(&ioapic_lock, flags);
	v = ioapic_read(n, IOAPIC_PIN(pin)) & ~PIN_MASKED;
	ioapic_write(n, IOAPIC_PIN(pin), v | (masked ? PIN_MASKED : 0));
	spin_unlock_irqrestore(&ioapic_lock, flags);
}
