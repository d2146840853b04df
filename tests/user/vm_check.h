/* SPDX-License-Identifier: MIT */
/*
 * What the vm_* programs share: CHECK counts and reports, vm_done() prints the one closing line, and
 * touch_read/touch_write say which signal an access would give.
 */
#ifndef TESTS_USER_VM_CHECK_H
#define TESTS_USER_VM_CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL

static int vm_failures;

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #condition,   \
			       errno);                                                             \
			vm_failures++;                                                             \
		}                                                                                  \
	} while (0)

static inline int vm_done(const char *name)
{
	printf("%s %s\n", vm_failures ? "FAIL" : "PASS", name);
	return vm_failures != 0;
}

static sigjmp_buf vm_jump;
static volatile int vm_signal, vm_code;
static void *volatile vm_addr;

static inline void vm_on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	vm_signal = sig;
	vm_code = info->si_code;
	vm_addr = info->si_addr;
	siglongjmp(vm_jump, 1);
}

static inline void vm_catch(void)
{
	struct sigaction action = { .sa_sigaction = vm_on_signal, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

/* => 0 or the signal that reading (writing) the byte at p gave; vm_code, vm_addr tell more */
static inline int touch_read(const volatile void *p)
{
	vm_signal = 0;
	if (!sigsetjmp(vm_jump, 1))
		(void)*(const volatile char *)p;
	return vm_signal;
}

static inline int touch_write(volatile void *p)
{
	vm_signal = 0;
	if (!sigsetjmp(vm_jump, 1)) {
		volatile char *c = p;

		*c = *c;
	}
	return vm_signal;
}

/* => child's exit status, or 256 + the signal that ended it */
static inline int vm_reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static inline void *vm_anon(size_t bytes, int flags)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
}

/* => an unlinked file of size bytes, byte i holding i % 251 */
static inline int vm_file(size_t bytes)
{
	char name[64];
	unsigned char buf[PAGE];
	int fd;

	mkdir("/tmp", 01777);
	snprintf(name, sizeof(name), "/tmp/vm_%d_%zu", (int)getpid(), bytes);
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	unlink(name);
	for (size_t at = 0; at < bytes; at += PAGE) {
		size_t n = bytes - at < PAGE ? bytes - at : PAGE;

		for (size_t i = 0; i < n; i++)
			buf[i] = (unsigned char)((at + i) % 251);
		if (write(fd, buf, n) != (ssize_t)n)
			return -1;
	}
	return fd;
}

#endif
