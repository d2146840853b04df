/* SPDX-License-Identifier: MIT */
/*
 * Part 5: the OOM killer's report as it stands in the log, and its arithmetic done again from the numbers
 * it printed (spec: pages in RAM, in page tables and in swap; root is given 3 % off; oom_score_adj counts in
 * thousandths of RAM and swap together).
 */
#include <signal.h>
#include <sys/wait.h>

#include "user/tour/tour.h"

#define MAX_TASKS   32
#define QUIET_WAITS 100 /* of 10 ms without a page more */

struct task {
	int pid, uid, adj;
	long rss, ptes, swapped, points;
	char name[17];
};

struct report {
	struct task tasks[MAX_TASKS];
	int nr_tasks, kills, killed_pid, killed_rss_kb, chosen_pid;
	long free_pages, score; /* as printed */
	char invoked[160], chosen[160], killed[160];
};

static long total_pages(void)
{
	return (meminfo_kb("MemTotal") + meminfo_kb("SwapTotal")) / 4;
}

static long badness(const struct task *t)
{
	long points = t->rss + t->ptes + t->swapped;

	if (t->adj == -1000)
		return 0;
	if (t->uid == 0)
		points -= points * 3 / 100;
	points += t->adj * (total_pages() / 1000);
	return points > 1 ? points : 1;
}

static void copy_line(char *to, const char *line)
{
	snprintf(to, 160, "%s", line);
}

static void read_line(struct report *r, const char *line)
{
	struct task t = { 0 };
	const char *free_text = strstr(line, " free:");

	if (sscanf(line, "[%d] %d %*d %*d %ld %ld %ld %d %16[^\n]", &t.pid, &t.uid, &t.rss, &t.ptes, &t.swapped,
		   &t.adj, t.name) == 7) {
		t.points = badness(&t);
		if (r->nr_tasks < MAX_TASKS)
			r->tasks[r->nr_tasks++] = t;
	} else if (strstr(line, "invoked oom-killer:")) {
		copy_line(r->invoked, line);
	} else if (sscanf(line, "Out of memory: Kill process %d", &r->chosen_pid) == 1) {
		const char *score = strstr(line, "score ");

		copy_line(r->chosen, line);
		r->score = score ? atol(score + 6) : -1;
	} else if (sscanf(line, "Killed process %d", &r->killed_pid) == 1) {
		const char *rss = strstr(line, "anon-rss:");

		copy_line(r->killed, line);
		r->killed_rss_kb = rss ? atoi(rss + 9) : 0;
		r->kills++;
	} else if (free_text == line) {
		r->free_pages = atol(line + 6);
	}
}

/* => the task with most points */
static const struct task *show_tasks(const struct report *r)
{
	const struct task *worst = &r->tasks[0];

	for (int i = 1; i < r->nr_tasks; i++)
		if (r->tasks[i].points > worst->points)
			worst = &r->tasks[i];
	say("   %5s  %-10s %8s %7s %8s %6s %8s %6s\n", "pid", "name", "in RAM", "tables", "in swap", "adj", "points",
	    "score");
	for (int i = 0; i < r->nr_tasks; i++) {
		const struct task *t = &r->tasks[i];

		say("   %s%5d  %-10s %8ld %7ld %8ld %6d %8ld %6ld%s%s\n", t == worst ? paint(BAD) : "", t->pid, t->name,
		    t->rss, t->ptes, t->swapped, t->adj, t->points, t->points * 1000 / total_pages(),
		    t == worst ? "  <- most" : "", t == worst ? paint(PLAIN) : "");
		pace();
	}
	return worst;
}

/*
 * The victim is gone for its parent before the last of its pages is free: the reaper may still be at work.
 * => kB that are free again, all of it or what there was when nothing more came
 */
static long wait_for_memory(const struct report *r)
{
	long gained = 0, most = -1;

	for (int quiet = 0; quiet < QUIET_WAITS && gained < r->killed_rss_kb; quiet++) {
		gained = meminfo_kb("MemFree") - r->free_pages * 4;
		if (gained > most) {
			most = gained;
			quiet = 0;
		}
		nap(10);
		progress("   ... %ld of %d kB are free again", gained, r->killed_rss_kb);
	}
	return gained;
}

void show_kill(int status)
{
	static struct report r;
	const struct task *worst;
	long score, gained;

	title("The OOM killer's report, and its scores computed again");
	for (char *line; (line = kmsg_line()) != NULL;)
		read_line(&r, line);
	say("   %s\n", r.invoked);
	worst = show_tasks(&r);
	say("   %s\n   %s\n", r.chosen, r.killed);
	score = worst->points * 1000 / total_pages();
	gained = wait_for_memory(&r);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the hog (pid %d) ended by SIGKILL", hog_pid);
	check(r.kills == 1 && r.killed_pid == hog_pid, "exactly one process was killed, and it was the hog");
	/* A page or two may have moved between the choice and the table. */
	check(r.nr_tasks > NR_KEEPERS && worst->pid == r.chosen_pid && labs(score - r.score) <= 1,
	      "it had the most points of %d tasks: score %ld, the kernel says %ld", r.nr_tasks, score, r.score);
	check(gained >= r.killed_rss_kb / 100 * 95, "free memory rose by %ld kB; its pages were %d kB", gained,
	      r.killed_rss_kb);
}
