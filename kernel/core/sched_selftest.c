/* SPDX-License-Identifier: MIT */
/*
 * Self tests of the scheduler, timers, softirqs and kernel threads.
 *
 * A CPU that its host does not run loses guest time, sometimes a second of it, and may find itself
 * anywhere when it comes back. So nothing here is judged by how long it took: a test waits for what
 * must come, counted in turns, switches and ticks, and what must not come is looked for between two
 * events of the guest.
 */
#include "kernel/base/selftest.h"
#include "kernel/core/completion.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched_internal.h"
#include "kernel/core/softirq.h"
#include "arch/cpu.h"

/* => true as soon as the condition holds; gives up after a minute, which is long on any host */
#define wait_until(condition)                                              \
	({                                                                 \
		unsigned long __end = jiffies + 60 * HZ;                   \
		bool __holds;                                              \
		while (!(__holds = (condition)) && time_before(jiffies, __end)) \
			schedule_timeout_uninterruptible(1);               \
		__holds;                                                   \
	})

/* ---- Timers ---------------------------------------------------------------------------------- */

static unsigned long fired[8]; /* order of firing */
static unsigned int nr_fired;

static void note_fired(unsigned long data)
{
	EXPECT(in_serving_softirq() && !irqs_disabled());
	fired[nr_fired++ % 8] = data;
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
	EXPECT(wait_until(READ_ONCE(nr_fired) >= 3));
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
	EXPECT(wait_until(READ_ONCE(nr_fired) >= 3));
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
	EXPECT(jiffies - j >= 10);
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
	EXPECT(wait_until(READ_ONCE(softirq_ran) == 2));
	EXPECT(!in_interrupt());
}

static void raise_again(void)
{
	if (++softirq_ran < 25)
		raise_softirq(HI_SOFTIRQ);
}

/* More rounds than one go has: ksoftirqd is woken, whatever lock the task holds that is interrupted. */
SELFTEST(core_softirq_goes_on)
{
	static DEFINE_SPINLOCK(leaf, LOCK_RANK_LEAF);

	softirq_ran = 0;
	open_softirq(HI_SOFTIRQ, raise_again);
	local_bh_disable();
	raise_softirq(HI_SOFTIRQ);
	spin_lock(&leaf);
	local_bh_enable();
	EXPECT(READ_ONCE(softirq_ran) >= 10);
	spin_unlock(&leaf);
	EXPECT(wait_until(READ_ONCE(softirq_ran) == 25));
}

/* ---- Threads --------------------------------------------------------------------------------- */

static bool thread_ran;

static int until_stopped(void *data)
{
	WRITE_ONCE(thread_ran, true);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return (int)(long)data;
}

SELFTEST(core_kthread)
{
	struct task_struct *p;
	pid_t pid;

	thread_ran = false;
	p = kthread_run(until_stopped, (void *)42L, "stop me");
	REQUIRE(!IS_ERR(p));
	pid = p->pid;
	get_task_struct(p);
	read_lock(&tasklist_lock);
	EXPECT(find_task_by_pid(pid) == p);
	read_unlock(&tasklist_lock);
	EXPECT(wait_until(READ_ONCE(thread_ran))); /* one that never ran ends with -EINTR */
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

/* ---- Fairness -------------------------------------------------------------------------------- */

/* Time as the scheduler booked it. A stretch in which the host ran somebody else is booked on whoever
 * was running: the others then catch up, which is what fairness means. */
static bool shared_fairly(struct runner *r, int nr)
{
	u64 least = ~0ULL, most = 0;

	for (int i = 0; i < nr; i++) {
		least = min(least, READ_ONCE(r[i].task->sum_exec_ns));
		most = max(most, READ_ONCE(r[i].task->sum_exec_ns));
	}
	return least >= 3 * SLICE_NS && least > most / 2;
}

SELFTEST(core_sched_is_fair)
{
	static struct runner r[3];

	for (int i = 0; i < 3; i++)
		REQUIRE(start_runner(&r[i], 0, 0));
	EXPECT(wait_until(shared_fairly(r, 3)));
	for (int i = 0; i < 3; i++)
		stop_runner(&r[i]);
}

struct booked {
	u64 exec_ns, vruntime;
};

static struct booked look_at(struct runner *r)
{
	unsigned long flags;
	struct rq *rq = task_rq_lock(r->task, &flags);
	struct booked b = {r->task->sum_exec_ns, r->task->vruntime};

	task_rq_unlock(rq, flags);
	return b;
}

/* => how fast r's virtual clock runs, in hundredths of real time */
static u64 clock_rate(struct runner *r)
{
	struct booked a, b;

	EXPECT(wait_until(r->turns > 0));
	a = look_at(r);
	EXPECT(wait_until(READ_ONCE(r->task->sum_exec_ns) >= a.exec_ns + 2 * SLICE_NS));
	b = look_at(r);
	return (b.vruntime - a.vruntime) * 100 / max(b.exec_ns - a.exec_ns, (u64)1);
}

SELFTEST(core_sched_nice)
{
	static struct runner kind, other;
	u64 kind_rate, rate;

	REQUIRE(start_runner(&kind, 0, 5));
	REQUIRE(start_runner(&other, 0, 0));
	kind_rate = clock_rate(&kind);
	rate = clock_rate(&other);
	stop_runner(&kind);
	stop_runner(&other);
	EXPECT(rate >= 99 && rate <= 100);
	EXPECT(kind_rate >= 300 && kind_rate <= 310); /* 1.25^5 = 3.05 */
}

/* ---- Real time ------------------------------------------------------------------------------- */

/*
 * => whether `normal` came on while `rt`, on the same CPU, made a thousand turns; -1: rt was throttled
 *    meanwhile, which says nothing
 */
static int ran_beside(struct runner *normal, struct runner *rt)
{
	struct rq *rq = cpu_rq(0);
	u64 throttled = READ_ONCE(rq->rt.nr_throttled), turns = rt->turns, before;
	bool ran;

	if (READ_ONCE(rq->rt.throttled))
		return -1;
	EXPECT(wait_until(rt->turns > turns)); /* now the other is off the CPU */
	before = normal->turns;
	turns = rt->turns;
	EXPECT(wait_until(rt->turns >= turns + 1000));
	ran = normal->turns != before;
	return READ_ONCE(rq->rt.nr_throttled) == throttled ? ran : -1;
}

SELFTEST(core_sched_realtime_first)
{
	static struct runner rt, normal;
	int ran = -1;
	u64 before;

	REQUIRE(start_runner(&normal, 0, 0));
	REQUIRE(start_runner(&rt, 0, 0));
	EXPECT_EQ(sched_setscheduler(rt.task, SCHED_FIFO, 100), -22);
	EXPECT_EQ(sched_setscheduler(current, SCHED_FIFO, 50), 0);
	EXPECT_EQ(sched_setscheduler(rt.task, SCHED_FIFO, 10), 0);
	EXPECT(wait_until((ran = ran_beside(&normal, &rt)) >= 0));
	EXPECT_EQ(ran, 0);
	EXPECT_EQ(sched_setscheduler(rt.task, SCHED_NORMAL, 0), 0);
	EXPECT_EQ(sched_setscheduler(current, SCHED_NORMAL, 0), 0);
	before = normal.turns;
	EXPECT(wait_until(normal.turns > before));
	stop_runner(&rt);
	stop_runner(&normal);
}

/* A real-time task that never sleeps leaves some time to the others. Short periods make a short test. */
SELFTEST(core_sched_realtime_throttled)
{
	static struct runner rt, normal;
	u64 period = sched_rt_period_ns, runtime = sched_rt_runtime_ns, before, throttled;

	REQUIRE(start_runner(&normal, 0, 0));
	REQUIRE(start_runner(&rt, 0, 0));
	EXPECT_EQ(sched_setscheduler(current, SCHED_FIFO, 50), 0);
	EXPECT_EQ(sched_setscheduler(rt.task, SCHED_FIFO, 10), 0);
	before = rt.turns;
	EXPECT(wait_until(rt.turns > before));
	sched_rt_period_ns = 20 * NSEC_PER_TICK;
	sched_rt_runtime_ns = 15 * NSEC_PER_TICK;
	throttled = cpu_rq(0)->rt.nr_throttled;
	before = normal.turns;
	EXPECT(wait_until(normal.turns > before));
	EXPECT(READ_ONCE(cpu_rq(0)->rt.nr_throttled) > throttled);
	before = rt.turns;
	EXPECT(wait_until(rt.turns > before));
	sched_rt_period_ns = period;
	sched_rt_runtime_ns = runtime;
	EXPECT_EQ(sched_setscheduler(current, SCHED_NORMAL, 0), 0);
	stop_runner(&rt);
	stop_runner(&normal);
}

/* ---- Several CPUs ---------------------------------------------------------------------------- */

SELFTEST(core_sched_affinity)
{
	static struct runner r;

	if (num_online_cpus() < 2) {
		selftest_skip("one CPU");
		return;
	}
	REQUIRE(start_runner(&r, 0, 0));
	EXPECT(wait_until(READ_ONCE(r.seen_cpu) == 0));
	EXPECT_EQ(set_cpus_allowed(r.task, CPU_MASK_CPU(1)), 0);
	EXPECT(wait_until(READ_ONCE(r.seen_cpu) == 1));
	EXPECT_EQ(set_cpus_allowed(r.task, 1UL << 40), -22);
	stop_runner(&r);
}

/* Two busy threads that may run anywhere must end up on two CPUs. */
SELFTEST(core_sched_spreads)
{
	static struct runner r[2];

	if (num_online_cpus() < 2) {
		selftest_skip("one CPU");
		return;
	}
	for (int i = 0; i < 2; i++)
		REQUIRE(start_runner(&r[i], 0, 0));
	EXPECT(wait_until(r[0].turns > 0 && r[1].turns > 0));
	for (int i = 0; i < 2; i++)
		set_cpus_allowed(r[i].task, CPU_MASK_ALL);
	EXPECT(wait_until(READ_ONCE(r[0].task->cpu) != READ_ONCE(r[1].task->cpu)));
	for (int i = 0; i < 2; i++)
		stop_runner(&r[i]);
}

SELFTEST(core_tick_charges_kernel_threads)
{
	static struct runner r;

	REQUIRE(start_runner(&r, 0, 0));
	EXPECT(wait_until(READ_ONCE(r.task->stime) >= 5));
	EXPECT_EQ(r.task->utime, 0);
	stop_runner(&r);
}
