/* SPDX-License-Identifier: MIT */
/*
 * Self tests of the scheduler, timers, softirqs and kernel threads.
 */
#include "kernel/base/selftest.h"
#include "kernel/core/completion.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "kernel/core/softirq.h"
#include "arch/cpu.h"

/* ---- Timers ---------------------------------------------------------------------------------- */

static unsigned long fired[8]; /* order of firing */
static unsigned int nr_fired;

static void note_fired(unsigned long data)
{
	EXPECT(in_serving_softirq() && !irqs_disabled());
	fired[nr_fired++ % 8] = data;
}

/* A CPU that its host does not run has late ticks: what is certain is that they come. */
static void wait_for_fired(unsigned int n)
{
	unsigned long start = jiffies;

	while (READ_ONCE(nr_fired) < n && time_before(jiffies, start + 30 * HZ))
		schedule_timeout_uninterruptible(1);
}

SELFTEST(core_timers_fire_in_order)
{
	struct timer_list t[4];
	static const unsigned long delay[4] = {1000, 2, 1000, 2};
	unsigned long now = jiffies;

	nr_fired = 0;
	preempt_disable(); /* all on one CPU */
	for (unsigned long i = 0; i < 4; i++) {
		setup_timer(&t[i], note_fired, i);
		EXPECT_EQ(mod_timer(&t[i], now + delay[i]), 0);
	}
	preempt_enable();
	EXPECT_EQ(del_timer(&t[2]), 1);
	EXPECT_EQ(mod_timer(&t[0], now + 5), 1);
	wait_for_fired(3);
	schedule_timeout_uninterruptible(2);
	EXPECT_EQ(nr_fired, 3);
	EXPECT(fired[0] == 1 && fired[1] == 3 && fired[2] == 0);
	for (int i = 0; i < 4; i++)
		EXPECT(!timer_pending(&t[i]) && del_timer_sync(&t[i]) == 0);
}

static struct timer_list again;

static void fire_again(unsigned long data)
{
	nr_fired++;
	mod_timer(&again, jiffies + 1);
}

SELFTEST(core_timer_rearms_itself)
{
	nr_fired = 0;
	setup_timer(&again, fire_again, 0);
	mod_timer(&again, jiffies + 1);
	wait_for_fired(3);
	EXPECT(del_timer_sync(&again) == 1);
	EXPECT(nr_fired >= 3);
	nr_fired = 0;
	schedule_timeout_uninterruptible(3);
	EXPECT_EQ(nr_fired, 0);
}

SELFTEST(core_clock)
{
	u64 start = ktime_get_ns();
	unsigned long j = jiffies;

	schedule_timeout_uninterruptible(10);
	EXPECT(jiffies - j >= 10 && jiffies - j < 60);
	EXPECT(ktime_get_ns() - start >= 9 * NSEC_PER_TICK);
}

/* ---- Softirqs -------------------------------------------------------------------------------- */

static int softirq_ran;

static void test_softirq(void)
{
	EXPECT(in_serving_softirq() && in_interrupt() && !in_irq());
	softirq_ran++;
}

SELFTEST(core_softirq)
{
	softirq_ran = 0;
	open_softirq(HI_SOFTIRQ, test_softirq);
	local_bh_disable();
	EXPECT(in_softirq() && in_interrupt() && !in_serving_softirq());
	raise_softirq(HI_SOFTIRQ);
	EXPECT_EQ(softirq_ran, 0);
	local_bh_enable();
	EXPECT_EQ(softirq_ran, 1);
	raise_softirq(HI_SOFTIRQ); /* ksoftirqd's */
	schedule_timeout_uninterruptible(3);
	EXPECT_EQ(softirq_ran, 2);
	EXPECT(!in_interrupt());
}

/* ---- Threads --------------------------------------------------------------------------------- */

static int until_stopped(void *data)
{
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return (int)(long)data;
}

SELFTEST(core_kthread)
{
	struct task_struct *p = kthread_run(until_stopped, (void *)42L, "stop me");
	pid_t pid;

	REQUIRE(!IS_ERR(p));
	pid = p->pid;
	get_task_struct(p);
	read_lock(&tasklist_lock);
	EXPECT(find_task_by_pid(pid) == p);
	read_unlock(&tasklist_lock);
	schedule_timeout_uninterruptible(2);
	EXPECT_EQ(kthread_stop(p), 42);
	read_lock(&tasklist_lock);
	EXPECT(find_task_by_pid(pid) == NULL);
	read_unlock(&tasklist_lock);
	put_task_struct(p);
}

/* ---- Scheduling ------------------------------------------------------------------------------ */

/* A busy thread, and how far it came. */
struct runner {
	struct task_struct *task;
	bool stop;
	volatile u64 turns;
	int seen_cpu;
};

static int busy_runner(void *data)
{
	struct runner *r = data;

	while (!READ_ONCE(r->stop)) {
		r->turns++;
		r->seen_cpu = smp_processor_id();
		cond_resched();
	}
	return 0;
}

static bool start_runner(struct runner *r, unsigned int cpu, int nice)
{
	*r = (struct runner){.seen_cpu = -1};
	r->task = kthread_create(busy_runner, r, "runner");
	if (IS_ERR(r->task))
		return false;
	get_task_struct(r->task);
	kthread_bind(r->task, cpu);
	set_user_nice(r->task, nice);
	wake_up_process(r->task);
	return true;
}

static void stop_runner(struct runner *r)
{
	WRITE_ONCE(r->stop, true);
	kthread_stop(r->task);
	put_task_struct(r->task);
}

/* Time on a CPU as the scheduler booked it; the last slice of a running task may be missing. */
SELFTEST(core_sched_is_fair)
{
	static struct runner r[3];
	u64 least = ~0ULL, most = 0;

	for (int i = 0; i < 3; i++)
		REQUIRE(start_runner(&r[i], 0, 0));
	schedule_timeout_uninterruptible(60);
	for (int i = 0; i < 3; i++) {
		least = min(least, r[i].task->sum_exec_ns);
		most = max(most, r[i].task->sum_exec_ns);
	}
	for (int i = 0; i < 3; i++)
		stop_runner(&r[i]);
	EXPECT(least > most / 2);
}

SELFTEST(core_sched_nice)
{
	static struct runner kind, other;
	u64 a, b;

	REQUIRE(start_runner(&kind, 0, 5));
	REQUIRE(start_runner(&other, 0, 0));
	schedule_timeout_uninterruptible(80);
	a = kind.task->sum_exec_ns;
	b = other.task->sum_exec_ns;
	stop_runner(&kind);
	stop_runner(&other);
	EXPECT(a > 0 && b > a); /* 1.25^5 = 3.05 times, where ticks come on time */
}

SELFTEST(core_sched_realtime_first)
{
	static struct runner rt, normal;
	u64 before;

	REQUIRE(start_runner(&normal, 0, 0));
	REQUIRE(start_runner(&rt, 0, 0));
	EXPECT_EQ(sched_setscheduler(rt.task, SCHED_FIFO, 100), -22);
	EXPECT_EQ(sched_setscheduler(current, SCHED_FIFO, 50), 0);
	EXPECT_EQ(sched_setscheduler(rt.task, SCHED_FIFO, 10), 0);
	schedule_timeout_uninterruptible(3);
	before = normal.turns;
	schedule_timeout_uninterruptible(10);
	EXPECT(normal.turns == before);
	EXPECT_EQ(sched_setscheduler(rt.task, SCHED_NORMAL, 0), 0);
	EXPECT_EQ(sched_setscheduler(current, SCHED_NORMAL, 0), 0);
	schedule_timeout_uninterruptible(20);
	EXPECT(normal.turns > before);
	stop_runner(&rt);
	stop_runner(&normal);
}

/* A real-time task that never sleeps leaves some time to the others. */
SELFTEST(core_sched_realtime_throttled)
{
	static struct runner rt, normal;
	u64 before;

	REQUIRE(start_runner(&normal, 0, 0));
	REQUIRE(start_runner(&rt, 0, 0));
	EXPECT_EQ(sched_setscheduler(current, SCHED_FIFO, 50), 0);
	EXPECT_EQ(sched_setscheduler(rt.task, SCHED_FIFO, 10), 0);
	schedule_timeout_uninterruptible(3);
	before = normal.turns;
	schedule_timeout_uninterruptible(3 * HZ);
	EXPECT(normal.turns > before);
	EXPECT(rt.task->sum_exec_ns > normal.task->sum_exec_ns);
	EXPECT_EQ(sched_setscheduler(current, SCHED_NORMAL, 0), 0);
	stop_runner(&rt);
	stop_runner(&normal);
}

SELFTEST(core_sched_affinity)
{
	static struct runner r;

	if (num_online_cpus() < 2) {
		selftest_skip("one CPU");
		return;
	}
	REQUIRE(start_runner(&r, 0, 0));
	schedule_timeout_uninterruptible(5);
	EXPECT_EQ(r.seen_cpu, 0);
	EXPECT_EQ(set_cpus_allowed(r.task, CPU_MASK_CPU(1)), 0);
	schedule_timeout_uninterruptible(10);
	EXPECT_EQ(r.seen_cpu, 1);
	EXPECT_EQ(set_cpus_allowed(r.task, 1UL << 40), -22);
	stop_runner(&r);
}

/* Two busy threads that may run anywhere must end up on two CPUs. */
SELFTEST(core_sched_spreads)
{
	static struct runner r[2];
	u64 total;

	if (num_online_cpus() < 2) {
		selftest_skip("one CPU");
		return;
	}
	for (int i = 0; i < 2; i++) {
		REQUIRE(start_runner(&r[i], 0, 0));
		set_cpus_allowed(r[i].task, CPU_MASK_ALL);
	}
	schedule_timeout_uninterruptible(20);
	total = r[0].task->sum_exec_ns + r[1].task->sum_exec_ns;
	schedule_timeout_uninterruptible(40);
	total = r[0].task->sum_exec_ns + r[1].task->sum_exec_ns - total;
	for (int i = 0; i < 2; i++)
		stop_runner(&r[i]);
	EXPECT(total > 500000000); /* of 800 ms on two CPUs; 400 ms on one */
}

SELFTEST(core_tick_charges_kernel_threads)
{
	static struct runner r;
	u64 ticks;

	REQUIRE(start_runner(&r, 0, 0));
	schedule_timeout_uninterruptible(30);
	ticks = r.task->stime;
	EXPECT(ticks >= 5 && r.task->utime == 0);
	stop_runner(&r);
}
