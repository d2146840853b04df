/* SPDX-License-Identifier: MIT */
/* oom_score, oom_score_adj and the old oom_adj: ranges, rights, inheritance, round trips (spec 10.2). */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include "tests/user/check.h"
#include "user/proc.h"

#define SELF "/proc/self/"

/* => 0 or -errno */
static int put(const char *path, const char *word)
{
	int fd = open(path, O_WRONLY), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, word, strlen(word)) != (ssize_t)strlen(word))
		err = -errno;
	close(fd);
	return err;
}

static long get(const char *path)
{
	char text[64];

	CHECK(read_file(path, text, sizeof(text)) > 0);
	return strtol(text, NULL, 10);
}

static void ranges(void)
{
	static const char *const bad[] = { "1001", "-1001", "x", "1x" };
	static const char *const bad_old[] = { "16", "-18", "x" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CHECK(put(SELF "oom_score_adj", "321") == 0);
		CHECK(put(SELF "oom_score_adj", bad[i]) == -EINVAL);
		CHECK(get(SELF "oom_score_adj") == 321);
	}
	for (size_t i = 0; i < sizeof(bad_old) / sizeof(*bad_old); i++)
		CHECK(put(SELF "oom_adj", bad_old[i]) == -EINVAL && get(SELF "oom_score_adj") == 321);
	CHECK(put(SELF "oom_score_adj", "99999999999") == -ERANGE); /* no int at all, as Linux says it */
	CHECK(put(SELF "oom_score_adj", "1000\n") == 0 && get(SELF "oom_score_adj") == 1000);
	CHECK(put(SELF "oom_score_adj", "-1000") == 0 && get(SELF "oom_score_adj") == -1000);
	CHECK(get(SELF "oom_score") == 0);
	CHECK(put(SELF "oom_score", "1") < 0);
	CHECK(put("/proc/2/oom_score_adj", "5") == -EINVAL); /* a kernel thread */
	CHECK(put("/proc/2/oom_adj", "5") == -EINVAL);
}

/* What is written to oom_adj, what oom_score_adj is then, what oom_adj reads back. */
static void round_trips(void)
{
	static const struct { int old; long adj, back; } table[] = {
		{ -17, -1000, -17 }, { -16, -941, -15 }, { -8, -470, -7 }, { -1, -58, 0 }, { 0, 0, 0 },
		{ 1, 58, 0 }, { 8, 470, 7 }, { 14, 823, 13 }, { 15, 1000, 15 },
	};
	char word[16];

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		snprintf(word, sizeof(word), "%d", table[i].old);
		CHECK(put(SELF "oom_adj", word) == 0);
		CHECK(get(SELF "oom_score_adj") == table[i].adj && get(SELF "oom_adj") == table[i].back);
	}
}

/* Each point of adj is a per mille of all memory; the score follows at once. */
static void score_follows(void)
{
	long before;

	CHECK(put(SELF "oom_score_adj", "0") == 0);
	before = get(SELF "oom_score");
	CHECK(before >= 0 && before < 100);
	CHECK(put(SELF "oom_score_adj", "500") == 0);
	CHECK(get(SELF "oom_score") >= before + 490 && get(SELF "oom_score") <= before + 501);
	CHECK(put(SELF "oom_score_adj", "-900") == 0);
	CHECK(get(SELF "oom_score") == 0);
}

static void child_has(long adj)
{
	CHECK(get(SELF "oom_score_adj") == adj);
}

static void child_200(void)
{
	child_has(200);
	CHECK(put(SELF "oom_score_adj", "700") == 0);
	child_has(700);
}

static void *thread_sets(void *unused)
{
	(void)unused;
	CHECK(put("/proc/thread-self/oom_score_adj", "250") == 0 || put(SELF "oom_score_adj", "250") == 0);
	return NULL;
}

/* fork copies it; threads have one; exec keeps it. */
static void inheritance(void)
{
	pthread_t thread;

	CHECK(put(SELF "oom_score_adj", "200") == 0);
	CHECK_CHILD(child_200);
	child_has(200);
	CHECK(!pthread_create(&thread, NULL, thread_sets, NULL) && !pthread_join(thread, NULL));
	child_has(250);
}

/* The bound is inherited with the value. */
static void child_of_user(void)
{
	child_has(1000);
	CHECK(put(SELF "oom_score_adj", "99") == -EACCES && put(SELF "oom_score_adj", "100") == 0);
}

/* Without CAP_SYS_RESOURCE it may be raised, and lowered again as far as root's last word. */
static void unprivileged(void)
{
	CHECK(!setuid(1000));
	CHECK(put(SELF "oom_score_adj", "400") == 0);
	CHECK(put(SELF "oom_score_adj", "100") == 0);
	CHECK(put(SELF "oom_score_adj", "99") == -EACCES && get(SELF "oom_score_adj") == 100);
	CHECK(put(SELF "oom_adj", "1") == -EACCES && put(SELF "oom_adj", "-17") == -EACCES);
	CHECK(put(SELF "oom_adj", "2") == 0 && get(SELF "oom_score_adj") == 117);
	CHECK(put(SELF "oom_score_adj", "1000") == 0);
	CHECK_CHILD(child_of_user);
	CHECK(put("/proc/1/oom_score_adj", "1000") == -EACCES || put("/proc/1/oom_score_adj", "1000") == -EPERM);
}

int main(int argc, char **argv)
{
	if (argc > 1) { /* after exec */
		child_has(250);
		PASS("oom_adj");
	}
	ranges();
	round_trips();
	score_follows();
	CHECK(put(SELF "oom_score_adj", "100") == 0);
	CHECK_CHILD(unprivileged);
	inheritance();
	execl(SELF "exe", argv[0], "again", NULL);
	return 1;
}
