/* SPDX-License-Identifier: MIT */
/*
 * Self tests of everything that waits: several kernel threads at once, each test a few tenths of a
 * second of guest time. Counters that are changed without atomics show whether a lock excludes.
 */
#include "kernel/base/selftest.h"
#include "kernel/core/completion.h"
#include "kernel/core/kthread.h"
#include "kernel/core/mutex.h"
#include "kernel/core/rwsem.h"
#include "kernel/core/sched.h"
#include "arch/cpu.h"
#include "asm/barrier.h"

#define NR_WORKERS 4
#define ROUNDS	   160

static atomic_t workers_left;
static DECLARE_COMPLETION(workers_done);

static void worker_ends(void)
{
	if (atomic_dec_and_test(&workers_left))
		complete(&workers_done);
}

/* Runs fn in NR_WORKERS threads and waits for their ends. */
static void run_workers(int (*fn)(void *), bool spread)
{
	atomic_set(&workers_left, NR_WORKERS);
	reinit_completion(&workers_done);
	for (long i = 0; i < NR_WORKERS; i++) {
		struct task_struct *p = kthread_create(fn, (void *)i, "selftest%ld", i);

		REQUIRE(!IS_ERR(p));
		if (spread)
			kthread_bind(p, (unsigned int)(i % num_online_cpus()));
		wake_up_process(p);
	}
	EXPECT(wait_for_completion_timeout(&workers_done, 60 * HZ) > 0);
}

static unsigned long plain; /* read, give way, write: lost updates show missing exclusion */

static void bump_plain(bool give_way)
{
	unsigned long v = READ_ONCE(plain);

	if (give_way)
		yield();
	else
		cpu_relax();
	WRITE_ONCE(plain, v + 1);
}

static DEFINE_SPINLOCK(test_spinlock, LOCK_RANK_LEAF);

static int spin_worker(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		spin_lock(&test_spinlock);
		bump_plain(false);
		spin_unlock(&test_spinlock);
	}
	worker_ends();
	return 0;
}

SELFTEST(core_spinlock_excludes)
{
	plain = 0;
	run_workers(spin_worker, true);
	EXPECT_EQ(plain, NR_WORKERS * ROUNDS);
}

static DEFINE_SPINLOCK(queue_lock, LOCK_RANK_SPIN_OUTER);
static long came[2];
static int nr_came;

static int queue_worker(void *id)
{
	spin_lock(&queue_lock);
	came[nr_came++] = (long)id;
	spin_unlock(&queue_lock);
	return 0;
}

static struct task_struct *waiter_on(long cpu)
{
	struct task_struct *p = kthread_create(queue_worker, (void *)cpu, "waiter%ld", cpu);

	if (!IS_ERR(p))
		kthread_bind(p, (unsigned int)cpu);
	return p;
}

/* => p waits for queue_lock, which the caller holds */
static void let_wait(struct task_struct *p)
{
	u8 tickets = READ_ONCE(queue_lock.raw.next);

	wake_up_process(p);
	while (READ_ONCE(queue_lock.raw.next) == tickets)
		cpu_relax();
}

/* CPU 2 comes first, then CPU 1: so they are served, where CPUs are not threads of a host. */
SELFTEST(core_spinlock_serves_in_turn)
{
	struct task_struct *one, *two;

	if (!spin_in_turn || num_online_cpus() < 3) {
		selftest_skip(spin_in_turn ? "fewer than 3 CPUs" : "under a hypervisor");
		return;
	}
	nr_came = 0;
	EXPECT_EQ(set_cpus_allowed(current, CPU_MASK_CPU(0)), 0);
	one = waiter_on(1);
	two = waiter_on(2);
	REQUIRE(!IS_ERR(one) && !IS_ERR(two));
	spin_lock(&queue_lock);
	let_wait(two);
	let_wait(one);
	EXPECT(spin_is_contended(&queue_lock));
	spin_unlock(&queue_lock);
	while (READ_ONCE(nr_came) < 2)
		schedule_timeout_uninterruptible(1);
	EXPECT(came[0] == 2 && came[1] == 1);
	EXPECT(!spin_is_contended(&queue_lock));
	set_cpus_allowed(current, CPU_MASK_ALL);
}

static DEFINE_MUTEX(test_mutex, LOCK_RANK_SLEEP_LEAF);

static int mutex_worker(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		mutex_lock(&test_mutex);
		bump_plain(i % 4 == 0);
		mutex_unlock(&test_mutex);
	}
	worker_ends();
	return 0;
}

SELFTEST(core_mutex_excludes)
{
	plain = 0;
	run_workers(mutex_worker, false);
	EXPECT_EQ(plain, NR_WORKERS * ROUNDS);
	EXPECT(!mutex_is_locked(&test_mutex));
	EXPECT(mutex_trylock(&test_mutex));
	EXPECT(!mutex_trylock(&test_mutex));
	mutex_unlock(&test_mutex);
}

static DECLARE_RWSEM(test_rwsem, LOCK_RANK_SLEEP_LEAF);
static atomic_t readers_inside;

static int rwsem_worker(void *id)
{
	for (int i = 0; i < ROUNDS; i++) {
		if ((i + (long)id) % 4 == 0) {
			down_write(&test_rwsem);
			EXPECT_EQ(atomic_read(&readers_inside), 0);
			bump_plain(true);
			if (i % 8 == 0) {
				downgrade_write(&test_rwsem);
				yield();
				up_read(&test_rwsem);
			} else {
				up_write(&test_rwsem);
			}
		} else {
			down_read(&test_rwsem);
			atomic_inc(&readers_inside);
			if (i % 32 == 1)
				schedule_timeout_uninterruptible(1);
			else
				yield();
			atomic_dec(&readers_inside);
			up_read(&test_rwsem);
		}
	}
	worker_ends();
	return 0;
}

SELFTEST(core_rwsem)
{
	plain = 0;
	run_workers(rwsem_worker, false);
	EXPECT_EQ(plain, NR_WORKERS * ROUNDS / 4);
	EXPECT_EQ(test_rwsem.count, 0);
}

/* Goes on only when all workers are inside with it. */
static int meeting_reader(void *unused)
{
	unsigned long start = jiffies;

	down_read(&test_rwsem);
	atomic_inc(&readers_inside);
	while (atomic_read(&readers_inside) < NR_WORKERS && time_before(jiffies, start + 30 * HZ))
		schedule_timeout_uninterruptible(1);
	EXPECT_EQ(atomic_read(&readers_inside), NR_WORKERS);
	up_read(&test_rwsem);
	worker_ends();
	return 0;
}

SELFTEST(core_rwsem_readers_share)
{
	atomic_set(&readers_inside, 0);
	run_workers(meeting_reader, false);
	EXPECT_EQ(test_rwsem.count, 0);
	atomic_set(&readers_inside, 0);
}

static bool stop_reading;

static int endless_reader(void *unused)
{
	while (!READ_ONCE(stop_reading)) {
		down_read(&test_rwsem);
		yield();
		up_read(&test_rwsem);
	}
	worker_ends();
	return 0;
}

/* Readers that always overlap must not keep a writer out. */
SELFTEST(core_rwsem_writer_not_starved)
{
	unsigned long start;

	stop_reading = false;
	atomic_set(&workers_left, NR_WORKERS);
	reinit_completion(&workers_done);
	for (int i = 0; i < NR_WORKERS; i++)
		REQUIRE(!IS_ERR(kthread_run(endless_reader, NULL, "reader%d", i)));
	schedule_timeout_uninterruptible(2);
	start = jiffies;
	down_write(&test_rwsem);
	EXPECT(time_before(jiffies, start + 20 * HZ));
	up_write(&test_rwsem);
	WRITE_ONCE(stop_reading, true);
	EXPECT(wait_for_completion_timeout(&workers_done, 10 * HZ) > 0);
}

static DECLARE_WAIT_QUEUE_HEAD(ball_wait);
static int ball; /* whose turn */

static int ping_pong(void *id)
{
	for (int i = 0; i < ROUNDS; i++) {
		wait_event(ball_wait, READ_ONCE(ball) == (int)(long)id);
		WRITE_ONCE(ball, ((int)(long)id + 1) % NR_WORKERS);
		wake_up_all(&ball_wait);
	}
	worker_ends();
	return 0;
}

/* A ball goes round: one lost wake-up and it stops for good. */
SELFTEST(core_wait_queue_loses_nothing)
{
	ball = 0;
	run_workers(ping_pong, true);
	EXPECT_EQ(ball, 0);
	EXPECT(!waitqueue_active(&ball_wait));
}

SELFTEST(core_wait_timeout)
{
	unsigned long start = jiffies;

	EXPECT_EQ(wait_event_timeout(ball_wait, false, 3), 0);
	EXPECT(time_after_eq(jiffies, start + 3));
	EXPECT_EQ(wait_event_timeout(ball_wait, true, 3), 3);
	EXPECT(!waitqueue_active(&ball_wait));
}

static unsigned long bit_word;

static int bit_worker(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		wait_on_bit_lock(&bit_word, 5, TASK_UNINTERRUPTIBLE);
		bump_plain(i % 4 == 0);
		clear_and_wake_up_bit(5, &bit_word);
	}
	worker_ends();
	return 0;
}

SELFTEST(core_bit_lock)
{
	plain = 0;
	bit_word = 1;
	run_workers(bit_worker, false);
	EXPECT_EQ(plain, NR_WORKERS * ROUNDS);
	EXPECT_EQ(bit_word, 1);
	EXPECT_EQ(wait_on_bit(&bit_word, 5, TASK_UNINTERRUPTIBLE), 0);
	EXPECT_EQ(wait_on_bit_timeout(&bit_word, 0, TASK_UNINTERRUPTIBLE, 2), -11);
}

static DECLARE_COMPLETION(many);

static int completion_worker(void *unused)
{
	wait_for_completion(&many);
	worker_ends();
	return 0;
}

SELFTEST(core_completion)
{
	init_completion(&many);
	complete(&many);
	EXPECT(completion_done(&many) && try_wait_for_completion(&many));
	EXPECT(!try_wait_for_completion(&many));
	EXPECT_EQ(wait_for_completion_timeout(&many, 2), 0);
	complete(&many);
	complete(&many);
	complete_all(&many);
	run_workers(completion_worker, false);
	EXPECT(completion_done(&many));
}
