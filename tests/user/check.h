/* SPDX-License-Identifier: MIT */
/* A test program is a list of CHECKs: the first that fails prints where and ends with status 1; PASS ends it well. */
#ifndef TESTS_USER_CHECK_H
#define TESTS_USER_CHECK_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("FAIL %s:%d: %s (errno %d)\n", __FILE__, __LINE__, #cond, errno);   \
			fflush(stdout);                                                            \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)
#define CHECK_ERR(call, err)                                                                       \
	do {                                                                                       \
		errno = 0;                                                                         \
		CHECK((long)(call) == -1);                                                         \
		CHECK(errno == (err));                                                             \
	} while (0)
#define PASS(name)                                                                                 \
	do {                                                                                       \
		printf("PASS %s\n", name);                                                         \
		return 0;                                                                          \
	} while (0)

/* The status a child ends with when it runs fn; as wait(2) tells it. */
static inline int in_child(void (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		fn();
		fflush(stdout);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

#define CHECK_CHILD(fn) CHECK(in_child(fn) == 0)

#endif
