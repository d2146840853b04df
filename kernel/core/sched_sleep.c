/* SPDX-License-Identifier: MIT */
/* Sleeping for a time: schedule() with an alarm clock. */
#include "kernel/base/bug.h"
#include "kernel/core/sched_internal.h"

static void process_timeout(unsigned long data)
{
	wake_up_process((struct task_struct *)data);
}

long schedule_timeout(long timeout)
{
	struct timer_list timer;
	unsigned long expire;

	if (timeout == MAX_SCHEDULE_TIMEOUT) {
		schedule();
		return timeout;
	}
	if (timeout < 0) {
		WARN(1, "schedule_timeout: %ld ticks", timeout);
		__set_current_state(TASK_RUNNING);
		return 0;
	}
	expire = jiffies + (unsigned long)timeout;
	setup_timer(&timer, process_timeout, (unsigned long)current);
	mod_timer(&timer, expire);
	schedule();
	del_timer_sync(&timer);
	timeout = (long)(expire - jiffies);
	return timeout < 0 ? 0 : timeout;
}

long schedule_timeout_interruptible(long timeout)
{
	__set_current_state(TASK_INTERRUPTIBLE);
	return schedule_timeout(timeout);
}

long schedule_timeout_uninterruptible(long timeout)
{
	__set_current_state(TASK_UNINTERRUPTIBLE);
	return schedule_timeout(timeout);
}

long schedule_timeout_killable(long timeout)
{
	__set_current_state(TASK_KILLABLE);
	return schedule_timeout(timeout);
}

long io_schedule_timeout(long timeout)
{
	struct rq *rq = this_rq(); /* counted where it began, though it may end elsewhere */

	current->in_iowait = true;
	atomic_inc(&rq->nr_iowait);
	timeout = schedule_timeout(timeout);
	atomic_dec(&rq->nr_iowait);
	current->in_iowait = false;
	return timeout;
}

void io_schedule(void)
{
	io_schedule_timeout(MAX_SCHEDULE_TIMEOUT);
}
