/* SPDX-License-Identifier: MIT */
/*
 * The clock is the time-stamp counter, scaled to nanoseconds; the tick is each CPU's LAPIC timer.
 *
 * Both are measured against the ACPI PM timer (3.579545 MHz), or the PIT without one, over
 * CALIBRATION_US: every reading stands between two of the TSC, and the one of three where these are
 * nearest counts (the host may have other things to do in between). The TSC's frequency comes from
 * CPUID when that tells. All CPUs' TSCs are assumed to agree, as they do under QEMU and on machines
 * with an invariant TSC.
 *
 * Beyond it Linux has: clock source selection and watchdog, TSC synchronisation, one-shot ticks,
 * vDSO clocks.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "arch/time.h"
#include "arch/x86_64/internal.h"
#include "asm/barrier.h"
#include "asm/io.h"

#define CALIBRATION_US 500
#define PM_TIMER_HZ    3579545UL
#define PIT_HZ	       1193182UL
#define PIT_CHANNEL2   0x42
#define PIT_COMMAND    0x43
#define PIT_GATE       0x61
#define LAPIC_DIVIDER  16

/* [I] until measured a high guess: udelay() may wait too long, never too short */
static u64 tsc_hz = 4000000000UL;
static u64 tsc_base, tsc_mult; /* [I] ns = (tsc - base) * mult >> 32 */
static u64 boot_time;
static void (*tick_handler)(bool user);

u64 arch_clock_ns(void)
{
	return (unsigned __int128)(rdtsc() - tsc_base) * tsc_mult >> 32;
}

u64 arch_tsc_khz(void)
{
	return tsc_hz / 1000;
}

void arch_set_tick_handler(void (*fn)(bool user))
{
	tick_handler = fn;
}

void timer_interrupt(struct pt_regs *regs)
{
	lapic_timer_tick();
	report_unknown_nmis();
	if (tick_handler)
		tick_handler(user_mode(regs));
}

void ndelay(unsigned long ns)
{
	u64 start = rdtsc(), cycles = ns * (tsc_hz / 1000) / 1000000;

	while (rdtsc() - start < cycles)
		cpu_relax();
}

void udelay(unsigned long us)
{
	ndelay(us * 1000);
}

/* ---- Calibration ----------------------------------------------------------------------------- */

static u32 read_pm_timer(void)
{
	return inl(acpi.pm_timer_port) & 0xffffff;
}

/* Counts up like the PM timer, although the PIT counts down. */
static u32 read_pit(void)
{
	u32 low;

	outb(0x80, PIT_COMMAND); /* latch channel 2 */
	low = inb(PIT_CHANNEL2);
	return 0xffff - (low | inb(PIT_CHANNEL2) << 8);
}

static void start_pit(void)
{
	outb((inb(PIT_GATE) & ~2) | 1, PIT_GATE); /* speaker off, gate on */
	outb(0xb0, PIT_COMMAND);		  /* channel 2, both bytes, mode 0 */
	outb(0xff, PIT_CHANNEL2);
	outb(0xff, PIT_CHANNEL2);
}

struct sample {
	u64 tsc;
	u32 reference, lapic;
};

/* At a moment when the reference has just counted on: its own grain is then no error. */
static struct sample take_sample(u32 (*reference)(void))
{
	struct sample best = {0};
	u64 best_gap = ~0ULL;

	for (int i = 0; i < 3; i++) {
		u32 last = reference(), value, lapic;
		u64 before, gap;

		do {
			before = rdtsc();
			value = reference();
			lapic = lapic_timer_sample();
			gap = rdtsc() - before;
		} while (value == last);
		if (gap < best_gap) {
			best_gap = gap;
			best = (struct sample){before + gap / 2, value, lapic};
		}
	}
	return best;
}

static void calibrate(void)
{
	bool pm = acpi.pm_timer_port;
	u32 (*reference)(void) = pm ? read_pm_timer : read_pit;
	u32 mask = pm ? 0xffffff : 0xffff, ticks;
	u64 hz = pm ? PM_TIMER_HZ : PIT_HZ;
	struct sample a, b;

	if (!pm)
		start_pit();
	lapic_timer_run_free();
	a = take_sample(reference);
	while (((reference() - a.reference) & mask) < hz * CALIBRATION_US / 1000000)
		cpu_relax();
	b = take_sample(reference);
	ticks = (b.reference - a.reference) & mask;
	tsc_hz = (b.tsc - a.tsc) * hz / ticks;
	lapic_timer_set((a.lapic - b.lapic) * hz / ticks / HZ);
}

/* => the TSC's frequency as CPUID tells it, 0 if it does not */
static u64 tsc_hz_from_cpuid(void)
{
	struct cpuid_regs r;

	if (cpuid(0, 0).a >= 0x15) {
		r = cpuid(0x15, 0);
		if (r.a && r.b && r.c)
			return (u64)r.c * r.b / r.a;
	}
	if (cpu_features.hypervisor && cpuid(0x40000000, 0).a >= 0x40000010)
		return (u64)cpuid(0x40000010, 0).a * 1000;
	return 0;
}

/* ---- Battery clock --------------------------------------------------------------------------- */

static u8 read_cmos(u8 reg)
{
	outb(reg, 0x70);
	return inb(0x71);
}

static u32 cmos_number(u8 reg, bool binary)
{
	u8 v = read_cmos(reg);

	return binary ? v : (v & 15) + (v >> 4) * 10;
}

/* => days from 1970-01-01 to the date; the usual count of days with March as the first month */
static u64 days_since_epoch(u32 year, u32 month, u32 day)
{
	u32 m = (month + 9) % 12, y = year - (month <= 2);

	return 365UL * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719468;
}

static u64 read_battery_clock(void)
{
	bool binary = read_cmos(0x0b) & 4, pm;
	u32 second, minute, hour, day, month, year;

	for (int i = 0; i < 10000 && (read_cmos(0x0a) & 0x80); i++)
		cpu_relax(); /* an update is under way */
	second = cmos_number(0, binary);
	minute = cmos_number(2, binary);
	pm = read_cmos(4) & 0x80;
	hour = binary ? read_cmos(4) & 0x7f : (read_cmos(4) & 15) + (read_cmos(4) >> 4 & 7) * 10;
	if (!(read_cmos(0x0b) & 2)) /* 12-hour clock */
		hour = hour % 12 + (pm ? 12 : 0);
	day = cmos_number(7, binary);
	month = cmos_number(8, binary);
	year = 2000 + cmos_number(9, binary);
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return 0;
	return ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}

u64 arch_boot_time(void)
{
	return boot_time;
}

void time_init(void)
{
	u64 told = tsc_hz_from_cpuid();

	calibrate();
	if (told)
		tsc_hz = told;
	tsc_base = rdtsc();
	tsc_mult = (NSEC_PER_SEC << 32) / tsc_hz;
	boot_time = read_battery_clock();
	printk_set_clock(arch_clock_ns);
	pr_info("clock: TSC %llu.%03llu MHz%s\n", tsc_hz / 1000000, tsc_hz / 1000 % 1000,
		told ? " (CPUID)" : "");
	lapic_timer_start();
}
