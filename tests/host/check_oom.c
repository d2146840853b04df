/* SPDX-License-Identifier: MIT */
/*
 * check_oom FILE...: the kernel's own badness on task tables that real kernels printed before a kill.
 *
 * => per file "FILE victim PID score N ok", or "FILE ... FAIL why"; exit status 0 only if all are ok.
 * The victim must be the one the kernel of the time chose. Kernels of other times than 3.14 to 3.19 had
 * another bonus for root; `era` says which, and the facts given to the scorer follow it: the score is
 * compared wherever the file has one. Format: tests/data/oom/README.md.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/oom.h"

struct recorded_case {
	char era[32];
	unsigned long ram, reserved, swap_kb, total;
	long victim, score;	/* -1: not recorded */
};

struct recorded_task {
	long pid, uid, tgid;
	unsigned long total_vm, rss, ptes, swapents;
	int adj;
};

/* The facts a kernel of this era would have weighed. */
static struct oom_facts facts_of(const struct recorded_case *c, const struct recorded_task *t)
{
	struct oom_facts f = {
		.rss = t->rss, .swapents = t->swapents, .nr_ptes = t->ptes, .oom_score_adj = t->adj,
	};

	if (!strcmp(c->era, "pgtables_bytes"))
		f.nr_ptes = t->ptes / 4096;
	else if (!strcmp(c->era, "ptes"))
		f.has_admin = t->uid == 0;
	else if (!strcmp(c->era, "ptes-root30") && t->uid == 0 && t->adj != OOM_SCORE_ADJ_MIN)
		f.oom_score_adj -= 30;
	return f;
}

static void header(struct recorded_case *c, const char *line)
{
	static const struct {
		const char *key;
		size_t at;
	} keys[] = {
		{ "ram_pages", offsetof(struct recorded_case, ram) },
		{ "reserved_pages", offsetof(struct recorded_case, reserved) },
		{ "swap_total_kb", offsetof(struct recorded_case, swap_kb) },
		{ "total_pages", offsetof(struct recorded_case, total) },
		{ "victim", offsetof(struct recorded_case, victim) },
		{ "score", offsetof(struct recorded_case, score) },
	};
	size_t len = strcspn(line, ":");

	if (!strncmp(line, "era:", 4))
		sscanf(line + 4, "%31s", c->era);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i].key) == len && !strncmp(line, keys[i].key, len))
			*(long *)((char *)c + keys[i].at) = strtol(line + len + 1, NULL, 10);
}

/* => why it fails, or NULL: ok. best: the task with most points, the earlier one among equals */
static const char *check(FILE *f, struct recorded_case *c, struct recorded_task *best,
			 unsigned long *best_points)
{
	char line[1024];
	bool tasks = false;

	while (fgets(line, sizeof(line), f)) {
		struct recorded_task t;
		struct oom_facts facts;
		unsigned long points;

		if (!tasks) {
			header(c, line);
			tasks = !strncmp(line, "tasks:", 6);
			if (tasks && !c->total)
				c->total = c->ram - c->reserved + c->swap_kb / 4;
			continue;
		}
		if (line[0] == '#' || sscanf(line, "%ld %ld %ld %lu %lu %lu %lu %d", &t.pid, &t.uid, &t.tgid,
					     &t.total_vm, &t.rss, &t.ptes, &t.swapents, &t.adj) != 8)
			continue;
		facts = facts_of(c, &t);
		points = t.pid == 1 ? 0 : oom_badness_of(&facts, c->total);
		if (points > *best_points) {
			*best = t;
			*best_points = points;
		}
	}
	if (!tasks || (long)c->total <= 0)
		return "no task table, or no total";
	if (!*best_points)
		return "nobody can be killed";
	if (c->victim != best->pid)
		return "another victim is recorded";
	if (c->score >= 0 && c->score != (long)(*best_points * 1000 / c->total))
		return "another score is recorded";
	return NULL;
}

static bool check_file(const char *path)
{
	struct recorded_case c = { .victim = -1, .score = -1 };
	struct recorded_task best = { .pid = -1 };
	unsigned long points = 0;
	FILE *f = fopen(path, "r");
	const char *why, *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	if (!f) {
		printf("%s FAIL cannot be read\n", name);
		return false;
	}
	why = check(f, &c, &best, &points);
	fclose(f);
	printf("%s victim %ld score %lu ", name, best.pid, points && c.total ? points * 1000 / c.total : 0);
	if (why)
		printf("FAIL %s: victim %ld score %ld\n", why, c.victim, c.score);
	else
		puts("ok");
	return !why;
}

int main(int argc, char **argv)
{
	bool ok = argc > 1;

	for (int i = 1; i < argc; i++)
		ok &= check_file(argv[i]);
	return ok ? 0 : 1;
}
