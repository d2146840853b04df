/* SPDX-License-Identifier: MIT */
/*
 * The machine's one CPU: its per-CPU area, its clock, and interrupts.
 *
 *   now ----> next tick ----> next tick           the clock moves by host_advance(): a touch of user memory,
 *        \--> a disk's completion                 a turn of a waiting loop, or to the next event when idle
 *
 * An interrupt comes when it is due and somebody lets the clock move with interrupts on. Between two such
 * moments code runs as if it took no time, so a run repeats exactly.
 */
#include "arch/host/libc_machine.h"

#include "arch/cpu.h"
#include "arch/host/host.h"
#include "arch/host/machine.h"
#include "arch/irq.h"
#include "arch/mmu.h"
#include "arch/time.h"
#include "arch/trap.h"
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "kernel/base/preempt.h"
#include "kernel/base/printk.h"
#include "kernel/core/sched.h"
#include "kernel/core/task.h"
#include "asm/irqflags.h"

#define NSEC_PER_TICK (NSEC_PER_SEC / HZ)
#define STUCK_NS      (3600 * NSEC_PER_SEC) /* of idling without a program doing anything */

extern char __start_tidemark_percpu[], __stop_tidemark_percpu[];

__thread struct host_cpu host_self = { .task = &init_task };
unsigned long __per_cpu_offset[NR_CPUS];
int nr_cpu_ids = 1;
cpumask_t cpu_possible_mask = 1, cpu_online_mask = 1;

static u64 now_ns, next_tick_ns = NSEC_PER_TICK, last_use_ns;
static unsigned long ticks;
static void (*irq_enter_hook)(void), (*irq_exit_hook)(void);
static void (*tick_handler)(bool user);

void host_cpu_start(void)
{
	size_t used = (size_t)(__stop_tidemark_percpu - __start_tidemark_percpu);
	size_t size = round_up(used, 128);
	char *area = aligned_alloc(128, size * NR_CPUS);

	if (!area)
		abort();
	for (int cpu = 0; cpu < NR_CPUS; cpu++) {
		memcpy(area + cpu * size, __start_tidemark_percpu, used);
		__per_cpu_offset[cpu] =
			(unsigned long)(area + cpu * size) - (unsigned long)__start_tidemark_percpu;
	}
	host_self.percpu_offset = __per_cpu_offset[0];
	host_self.irqs_off = 1;
}

int num_online_cpus(void)
{
	return 1;
}

/* ---- Time and interrupts ----------------------------------------------------------------------- */

u64 host_clock_ns(void)
{
	return now_ns;
}

u64 arch_clock_ns(void)
{
	return now_ns;
}

u64 printk_clock(void)
{
	return now_ns;
}

u64 arch_boot_time(void)
{
	return 0;
}

void arch_set_irq_hooks(void (*enter)(void), void (*exit)(void))
{
	irq_enter_hook = enter;
	irq_exit_hook = exit;
}

void arch_set_tick_handler(void (*fn)(bool user))
{
	tick_handler = fn;
}

static void interrupt(void (*handler)(void))
{
	local_irq_disable();
	irq_enter_hook();
	handler();
	irq_exit_hook();
	local_irq_enable();
}

static void tick(void)
{
	ticks++;
	next_tick_ns += NSEC_PER_TICK;
	tick_handler(current->mm != NULL);
}

static void disk(void)
{
	host_disk_interrupt(now_ns);
}

void host_advance(u64 ns)
{
	now_ns += ns;
	while (!irqs_disabled() && !in_interrupt() && tick_handler) {
		if (host_next_disk_event() <= now_ns)
			interrupt(disk);
		else if (next_tick_ns <= now_ns)
			interrupt(tick);
		else
			return;
	}
}

void host_note_use(void)
{
	last_use_ns = now_ns;
}

/* => to the next event; called with interrupts off, returns with them on */
void arch_idle(void)
{
	u64 next = min(next_tick_ns, host_next_disk_event());

	local_irq_enable();
	if (now_ns > last_use_ns + STUCK_NS)
		panic("the machine is stuck: no program has done anything for an hour");
	host_advance(next > now_ns ? next - now_ns : 0);
}

void host_relax(void)
{
	host_advance(100);
}

void host_sleep(u64 nr_ticks)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout((long)nr_ticks);
}

/* Who turns interrupts off has nobody to wait for: host_self.stop is never set. */
void host_irq_save_slow(void)
{
	abort();
}

void host_irq_lock(void)
{
}

void host_irq_unlock(void)
{
}

/* ---- Calls between CPUs: there is one ---------------------------------------------------------- */

void smp_send_reschedule(int cpu)
{
}

void smp_call_function_many(cpumask_t mask, void (*fn)(void *), void *arg, bool wait)
{
}

void on_each_cpu(void (*fn)(void *), void *arg, bool wait)
{
	unsigned long flags;

	local_irq_save(flags);
	fn(arg);
	local_irq_restore(flags);
}

int smp_call_function_single(int cpu, void (*fn)(void *), void *arg, bool wait)
{
	on_each_cpu(fn, arg, wait);
	return 0;
}

void backtrace_all_cpus(void)
{
}

void dump_stack(void)
{
	bug_backtrace();
}
