/* SPDX-License-Identifier: MIT */
/*
 * The order of runnable tasks on one CPU.
 *
 * Real-time tasks (FIFO, RR) go before all others, higher priority first, first come first served
 * within one; RR goes to the end of its line after RR_SLICE ticks.
 *
 * Normal tasks share the CPU by virtual run time: each task's clock runs at NICE_0_WEIGHT / weight
 * of real time, and the one furthest behind is next. One step of nice is a factor 1.25 in weight. A
 * task that slept is put at most SLEEPER_NS behind the slowest clock, so that sleeping earns
 * promptness, not a monopoly.
 *
 * Linux is the same at heart (CFS), with groups, load tracking and slices that depend on the load.
 */
#include "kernel/core/sched_internal.h"

u64 sched_rt_period_ns = NSEC_PER_SEC, sched_rt_runtime_ns = NSEC_PER_SEC / 100 * 95;

/* 1024 * 1.25^-nice; index nice + 20 */
static u32 weights[40];

static u32 weight_of(const struct task_struct *p)
{
	if (p->policy == SCHED_IDLE)
		return 3;
	return weights[p->nice + 20];
}

static void init_weights(void)
{
	weights[20] = NICE_0_WEIGHT;
	for (int i = 19; i >= 0; i--)
		weights[i] = weights[i + 1] * 5 / 4;
	for (int i = 21; i < 40; i++)
		weights[i] = max(weights[i - 1] * 4 / 5, 10U);
}

void sched_queue_init(struct rq *rq)
{
	if (!weights[20])
		init_weights();
	for (int i = 0; i < RT_PRIOS; i++)
		INIT_LIST_HEAD(&rq->rt.queue[i]);
}

static int rt_index(const struct task_struct *p)
{
	return RT_PRIOS - 1 - p->rt_priority;
}

static void rt_add(struct rq *rq, struct task_struct *p, bool head)
{
	struct list_head *queue = &rq->rt.queue[rt_index(p)];

	if (head)
		list_add(&p->run_list, queue);
	else
		list_add_tail(&p->run_list, queue);
	__set_bit(rt_index(p), rq->rt.used);
}

static void rt_del(struct rq *rq, struct task_struct *p)
{
	list_del(&p->run_list);
	if (list_empty(&rq->rt.queue[rt_index(p)]))
		__clear_bit(rt_index(p), rq->rt.used);
}

static bool runs_before(const struct task_struct *a, const struct task_struct *b)
{
	return (s64)(a->vruntime - b->vruntime) < 0;
}

static void normal_add(struct rq *rq, struct task_struct *p)
{
	struct rb_node **link = &rq->normal.tree.rb_node, *parent = NULL;
	bool first = true;

	while (*link) {
		parent = *link;
		if (runs_before(p, rb_entry(parent, struct task_struct, run_node))) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			first = false;
		}
	}
	rb_link_node(&p->run_node, parent, link);
	rb_insert_color(&p->run_node, &rq->normal.tree);
	if (first)
		rq->normal.first = &p->run_node;
}

static void normal_del(struct rq *rq, struct task_struct *p)
{
	if (rq->normal.first == &p->run_node)
		rq->normal.first = rb_next(&p->run_node);
	rb_erase(&p->run_node, &rq->normal.tree);
}

void queue_add(struct rq *rq, struct task_struct *p, bool head)
{
	if (rt_task(p))
		rt_add(rq, p, head);
	else
		normal_add(rq, p);
}

void queue_del(struct rq *rq, struct task_struct *p)
{
	if (rt_task(p))
		rt_del(rq, p);
	else
		normal_del(rq, p);
}

static struct task_struct *first_waiting(struct rq *rq)
{
	unsigned long prio = find_first_bit(rq->rt.used, RT_PRIOS);

	if (prio < RT_PRIOS && !(rq->rt.throttled && rq->normal.first))
		return list_first_entry(&rq->rt.queue[prio], struct task_struct, run_list);
	return rb_entry_safe(rq->normal.first, struct task_struct, run_node);
}

struct task_struct *queue_take_best(struct rq *rq)
{
	struct task_struct *p = first_waiting(rq);

	if (p)
		queue_del(rq, p);
	return p;
}

static bool allowed(const struct task_struct *p, int cpu)
{
	return (p->cpus_allowed >> cpu) & 1;
}

/* Real-time tasks first; of the normal ones the one that would wait longest here. */
struct task_struct *queue_steal(struct rq *rq, int cpu)
{
	struct task_struct *p, *found = NULL;
	unsigned long prio;

	for_each_set_bit (prio, rq->rt.used, RT_PRIOS) {
		list_for_each_entry (p, &rq->rt.queue[prio], run_list) {
			if (!found && allowed(p, cpu))
				found = p;
		}
	}
	for (struct rb_node *n = rb_last(&rq->normal.tree); n && !found; n = rb_prev(n)) {
		p = rb_entry(n, struct task_struct, run_node);
		if (allowed(p, cpu))
			found = p;
	}
	if (!found)
		return NULL;
	queue_del(rq, found);
	found->on_rq = 0;
	rq->nr_running--;
	return found;
}

static void update_min_vruntime(struct rq *rq)
{
	struct task_struct *curr = rq->curr;
	struct task_struct *first = rb_entry_safe(rq->normal.first, struct task_struct, run_node);
	u64 least;

	if (!is_idle(curr) && !rt_task(curr))
		least = first && runs_before(first, curr) ? first->vruntime : curr->vruntime;
	else if (first)
		least = first->vruntime;
	else
		return;
	if ((s64)(least - rq->normal.min_vruntime) > 0)
		rq->normal.min_vruntime = least;
}

void update_curr(struct rq *rq)
{
	struct task_struct *p = rq->curr;
	u64 now = arch_clock_ns(), delta = now - p->exec_start_ns;

	p->exec_start_ns = now;
	if ((s64)delta <= 0)
		return;
	p->sum_exec_ns += delta;
	if (rt_task(p))
		rq->rt.used_ns += delta;
	if (is_idle(p) || rt_task(p))
		return;
	p->vruntime +=
		p->nice || p->policy == SCHED_IDLE ? delta * NICE_0_WEIGHT / weight_of(p) : delta;
	update_min_vruntime(rq);
}

void place_woken(struct rq *rq, struct task_struct *p)
{
	u64 floor = rq->normal.min_vruntime - SLEEPER_NS;

	if ((s64)(p->vruntime - floor) < 0)
		p->vruntime = floor;
}

bool beats_current(struct rq *rq, struct task_struct *p)
{
	struct task_struct *curr = rq->curr;

	if (is_idle(curr))
		return true;
	if (rt_task(p) && !rt_task(curr))
		return !rq->rt.throttled;
	if (rt_task(p))
		return p->rt_priority > curr->rt_priority;
	if (rt_task(curr))
		return false;
	if (p->policy == SCHED_IDLE || p->policy == SCHED_BATCH)
		return false;
	return curr->policy == SCHED_IDLE || (s64)(curr->vruntime - p->vruntime) > (s64)WAKEUP_NS;
}

void rt_tick(struct rq *rq)
{
	u64 now = rq->curr->exec_start_ns; /* update_curr() was here */
	bool over;

	if (now - rq->rt.period_ns >= sched_rt_period_ns) {
		rq->rt.period_ns = now;
		rq->rt.used_ns = 0;
	}
	over = rq->rt.used_ns >= sched_rt_runtime_ns;
	rq->rt.nr_throttled += over && !rq->rt.throttled;
	rq->rt.throttled = over;
}

bool curr_had_its_share(struct rq *rq)
{
	struct task_struct *curr = rq->curr, *next = first_waiting(rq);

	if (!next)
		return false;
	if (is_idle(curr))
		return true;
	if (curr->policy == SCHED_RR && --curr->time_slice <= 0)
		return true; /* put_prev() gives it a new one */
	if (rt_task(curr))
		return rt_task(next) ? next->rt_priority > curr->rt_priority : rq->rt.throttled;
	if (rt_task(next))
		return true;
	return runs_before(next, curr) && curr->sum_exec_ns - curr->prev_exec_ns >= SLICE_NS / 2;
}
