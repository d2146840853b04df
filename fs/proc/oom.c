/* SPDX-License-Identifier: MIT */
/*
 * /proc/oom, the court: a trial in which nobody dies. Each thread with every term of its score, who would be killed
 * if memory ran out at this moment, and why each of the others would not. The scan is the killer's own
 * (mm/oom_select.c); the request is assumed to be GFP_KERNEL without constraint.
 *
 *	(rss + swap + ptes) - root's 3 % + adj * unit = points, at least 1; score = points * 1000 / all memory
 */
#include "fs/proc/proc.h"
#include "kernel/base/kernel.h"
#include "mm/oom.h"
#include "mm/swap.h"

struct court {
	struct seq_file *m;
	struct oom_trial trial;
	struct oom_verdict worst;	/* of a scan before: what the others are compared with */
};

static const char *const standing_words[] = {
	[OOM_EXITED] = "has exited",
	[OOM_INIT] = "never: the first process",
	[OOM_KTHREAD] = "never: kernel thread",
	[OOM_OTHER_NODES] = "its nodes would not help",
	[OOM_DYING] = "dying already: everybody waits for it",
	[OOM_NO_MM] = "has no memory",
	[OOM_ORIGIN] = "first of all: swapoff in progress",
	[OOM_EXITING] = "exiting by itself: everybody waits for it",
};

/* Why it would not be killed, or why it would. */
static void show_words(struct court *c, const struct oom_verdict *v)
{
	if (v->standing != OOM_CANDIDATE)
		seq_puts(c->m, standing_words[v->standing]);
	else if (v->facts.reaped)
		seq_puts(c->m, "its memory has been taken already");
	else if (v->facts.oom_score_adj == OOM_SCORE_ADJ_MIN)
		seq_puts(c->m, "never: oom_score_adj is -1000");
	else if (!c->worst.pid)
		seq_puts(c->m, "not while another is dying");
	else if (v->pid == c->worst.pid)
		seq_puts(c->m, "the most points");
	else if (v->tgid == c->worst.tgid)
		seq_printf(c->m, "a thread of %d", c->worst.tgid);
	else if (v->points == c->worst.points)
		seq_printf(c->m, "no more points than %d", c->worst.pid);
	else
		seq_printf(c->m, "fewer points than %d", c->worst.pid);
	seq_putc(c->m, '\n');
}

static void witness(const struct oom_verdict *v, void *arg)
{
	struct court *c = arg;
	const struct oom_facts *f = &v->facts;

	seq_printf(c->m, "%5d %5d %5u %8lu %8lu %5lu %7ld %5d %9ld ", v->pid, v->tgid, v->uid, f->rss,
		   f->swapents, f->nr_ptes, -oom_root_bonus(f), f->oom_score_adj,
		   oom_adj_points(f, c->trial.totalpages));
	if (v->standing == OOM_CANDIDATE)
		seq_printf(c->m, "%8lu %5lu", v->points, oom_score_of(v->points, c->trial.totalpages));
	else
		seq_printf(c->m, "%8s %5s", "-", "-");
	seq_printf(c->m, " %-15s ", v->comm);
	show_words(c, v);
}

static void show_sentence(struct seq_file *m, const struct oom_trial *trial)
{
	const struct oom_verdict *chosen = &trial->chosen, *victim = &trial->victim;

	seq_puts(m, "\nverdict: ");
	if (sysctl_panic_on_oom) {
		seq_printf(m, "panic, for panic_on_oom is %d\n", sysctl_panic_on_oom);
		return;
	}
	if (sysctl_oom_kill_allocating_task) {
		seq_puts(m, "whoever asks for memory dies, for oom_kill_allocating_task is set;\n"
			    "         if it may not: ");
	}
	if (trial->abort) {
		seq_puts(m, "nobody, until the one that is dying has gone\n");
		return;
	}
	if (!chosen->pid) {
		seq_puts(m, "panic, for there is nobody to kill\n");
		return;
	}
	seq_printf(m, "%d (%s) is chosen, score %lu: nobody has more points", chosen->pid, chosen->comm,
		   oom_score_of(chosen->points, trial->totalpages));
	if (victim->pid != chosen->pid)
		seq_printf(m, ";\n         its child %d (%s), score %lu, has memory of its own and dies instead",
			   victim->pid, victim->comm, oom_score_of(victim->points, trial->totalpages));
	seq_putc(m, '\n');
}

static int oom_show(struct seq_file *m, void *data)
{
	struct court c = { .m = m };

	oom_dry_run(&c.trial);
	c.worst = c.trial.chosen;
	c.trial.witness = witness;
	c.trial.arg = &c;
	seq_printf(m, "memory: %lu pages of RAM + %lu of swap = %lu; the unit of oom_score_adj is %lu pages\n\n",
		   totalram_pages, total_swap_pages, totalram_pages + total_swap_pages,
		   (totalram_pages + total_swap_pages) / 1000);
	seq_puts(m, "  pid  tgid   uid      rss     swap  ptes    root   adj  adj*unit"
		    "   points score name            verdict\n");
	oom_dry_run(&c.trial);
	show_sentence(m, &c.trial);
	return 0;
}

static struct proc_entry oom_entry = PROC_SHOW("oom", 0444, oom_show);

void proc_oom_init(void)
{
	proc_add(NULL, &oom_entry);
}
