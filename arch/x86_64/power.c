/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine: idle, halt, power off, restart.
 *
 * Under scripts/run QEMU has an isa-debug-exit device at EXIT_PORT; it alone reads 0 there. Its
 * value carries the guest's last status out (boot/exit_status.h). Elsewhere the ACPI sleep state S5
 * is entered through the ports that QEMU's machines use: the right sleep type stands in AML, which
 * is not interpreted. A panic is told to QEMU first (pvpanic), so that it can wait for a debugger.
 */
#include "kernel/base/bug.h"
#include "kernel/base/chaos.h"
#include "boot/exit_status.h"
#include "arch/time.h"
#include "arch/x86_64/internal.h"
#include "asm/barrier.h"
#include "asm/io.h"
#include "asm/irqflags.h"

#define QEMU_PM_PORT  0x604 /* PIIX4 and Q35 */
#define BOCHS_PM_PORT 0xb004
#define PVPANIC_PORT  0x505  /* QEMU's pvpanic: there only with scripts/run --gdb */
#define PVPANIC_GUEST 1	     /* read: it takes this word; written: the guest has panicked */
#define S5_ENTER      0x2000 /* SLP_EN, sleep type 0 */

void arch_idle(void)
{
	asm volatile("sti; hlt" : : : "memory"); /* sti takes effect after hlt has begun */
}

void __noreturn arch_halt_forever(void)
{
	for (;;)
		asm volatile("cli; hlt");
}

/*
 * A debugger may be there: QEMU stops the machine for it, and we go on when it says so. The CPU leaves QEMU's
 * translated code at the `pause`, so nothing behind this runs before the stop.
 */
static void pvpanic_notify(void)
{
	u8 words = inb(PVPANIC_PORT);

	if (words != 0xff && words & PVPANIC_GUEST) {
		outb(PVPANIC_GUEST, PVPANIC_PORT);
		cpu_relax();
	}
}

static void debug_exit(u32 value)
{
	if (value == EXIT_PANIC)
		pvpanic_notify();
	if (inb(EXIT_PORT) == 0)
		outl(value, EXIT_PORT);
}

void __noreturn machine_power_off(int status)
{
	if (!panic_in_progress)
		chaos_report();
	local_irq_disable();
	debug_exit(status == 0 ? EXIT_OK : status == PANIC_EXIT_STATUS ? EXIT_PANIC : EXIT_FAILED);
	outw(S5_ENTER, QEMU_PM_PORT);
	outw(S5_ENTER, BOCHS_PM_PORT);
	if (acpi.pm1a_control)
		outw(S5_ENTER, acpi.pm1a_control);
	arch_halt_forever();
}

void __noreturn machine_restart(void)
{
	static const struct {
		u16 limit;
		u64 base;
	} __packed no_idt = {0, 0};

	local_irq_disable();
	debug_exit(panic_in_progress ? EXIT_PANIC : EXIT_OK);
	outb(0x06, 0xcf9); /* reset control register of PCI chip sets */
	for (int i = 0; i < 1000 && (inb(0x64) & 2); i++)
		udelay(10);
	outb(0xfe, 0x64); /* keyboard controller: pulse the reset line */
	udelay(1000);
	asm volatile("lidt %0; int3" : : "m"(no_idt)); /* triple fault */
	arch_halt_forever();
}
