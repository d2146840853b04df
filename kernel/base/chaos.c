/* SPDX-License-Identifier: MIT */
/*
 * The boot word `chaos=SEED`, the sequences of delays and their counts (chaos.h).
 *
 *	of 256 draws	224 are no delay
 *			 28 are short, up to SHORT_TURNS: the next instructions of the others
 *			  4 are long, up to CHAOS_MAX_TURNS: whole system calls of the others
 *
 * A CPU's state is its own; an interrupt between its load and store makes it draw one number
 * twice, which harms nobody. Beyond this Linux has: fault injection, KCSAN's watch points, rcutorture.
 */
#include "kernel/base/chaos.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/base/selftest.h"
#include "asm/barrier.h"
#include "asm/percpu.h"

#define NR_SHORT    28 /* of 256 */
#define NR_LONG     4
#define SHORT_TURNS 1024
#define PAUSE_EVERY 256 /* turns: an emulator that runs CPUs in turn goes to the next one */

bool chaos_on;

static u64 seed;
static struct {
	u64 state;			       /* of its own CPU only */
	unsigned long counts[NR_CHAOS_POINTS]; /* the same */
} __cacheline_aligned cpus[NR_CPUS];

u64 chaos_start(u64 seed, int cpu)
{
	u64 z = seed + (u64)(cpu + 1) * 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31) | 1; /* xorshift must not start at 0 */
}

u64 chaos_draw(u64 *state)
{
	u64 x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x * 0x2545f4914f6cdd1dULL;
}

unsigned int chaos_turns(u64 draw)
{
	unsigned int kind = (unsigned int)(draw >> 56), size = (unsigned int)(draw >> 16);

	if (kind >= NR_SHORT + NR_LONG)
		return 0;
	return 1 + size % (kind < NR_LONG ? CHAOS_MAX_TURNS : SHORT_TURNS);
}

noinline void __chaos_delay(enum chaos_point point)
{
	int cpu = smp_processor_id();
	unsigned int turns;

	if (panic_in_progress)
		return;
	turns = chaos_turns(chaos_draw(&cpus[cpu].state));
	if (!turns)
		return;
	cpus[cpu].counts[point]++;
	for (unsigned int i = 1; i <= turns; i++) {
		barrier();
		if (i % PAUSE_EVERY == 0)
			cpu_relax();
	}
}

unsigned long chaos_count(enum chaos_point point)
{
	unsigned long sum = 0;

	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		sum += READ_ONCE(cpus[cpu].counts[point]);
	return sum;
}

void chaos_report(void)
{
	if (!CHAOS_POSSIBLE || !chaos_on)
		return;
	pr_info("chaos: seed %llu: delays: %lu locked, %lu unlocked, %lu IPI, %lu flush, %lu wake, "
		"%lu sleep, %lu irq exit\n",
		seed, chaos_count(CHAOS_LOCKED), chaos_count(CHAOS_UNLOCKED),
		chaos_count(CHAOS_IPI), chaos_count(CHAOS_FLUSH), chaos_count(CHAOS_WAKE),
		chaos_count(CHAOS_SLEEP), chaos_count(CHAOS_IRQ_EXIT));
}

static int set_chaos(char *val)
{
	if (!val || kstrtoull(val, 0, &seed))
		return -EINVAL;
	if (!CHAOS_POSSIBLE) {
		pr_warn("chaos=: this build makes no delays, boot one made with DEBUG=1 "
			"(scripts/run --debug)\n");
		return 0;
	}
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		cpus[cpu].state = chaos_start(seed, cpu);
	chaos_on = true;
	pr_info("chaos: delays drawn from seed %llu\n", seed);
	return 0;
}
early_param("chaos", set_chaos);

SELFTEST(base_chaos_repeats)
{
	u64 a = chaos_start(7, 1), b = chaos_start(7, 1), other = chaos_start(7, 2);
	unsigned int equal = 0, delays = 0, longest = 0;

	for (int i = 0; i < 4096; i++) {
		u64 draw = chaos_draw(&a);

		EXPECT(draw == chaos_draw(&b));
		equal += draw == chaos_draw(&other);
		delays += chaos_turns(draw) != 0;
		longest = max(longest, chaos_turns(draw));
	}
	EXPECT_EQ(equal, 0);
	EXPECT(delays > 256 && delays < 1024); /* an eighth of them: 512 */
	EXPECT(longest > SHORT_TURNS && longest <= CHAOS_MAX_TURNS);
}

SELFTEST(base_chaos_delays)
{
	unsigned long before = chaos_count(CHAOS_WAKE);

	for (int i = 0; i < 1000; i++)
		chaos_delay(CHAOS_WAKE);
	if (!chaos_on)
		EXPECT_EQ(chaos_count(CHAOS_WAKE), before);
	else
		EXPECT(chaos_count(CHAOS_WAKE) - before >= 50);
}
