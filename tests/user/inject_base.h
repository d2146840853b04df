/* SPDX-License-Identifier: MIT */
/* Of inject's work: what its parts have in common. */
#ifndef TESTS_USER_INJECT_BASE_H
#define TESTS_USER_INJECT_BASE_H

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIR_NAME "/tmp/inject"
#define AT(name) DIR_NAME "/" name
#define MIB	 (1UL << 20)

static volatile long sink; /* results nobody wants */

static void touch(char *at, unsigned long bytes, int write)
{
	for (unsigned long i = 0; at != MAP_FAILED && i < bytes; i += 4096) {
		if (write)
			at[i] = 1;
		else
			sink += at[i];
	}
}

#endif
