/* SPDX-License-Identifier: MIT */
/*
 * What sysfuzz clears away when its workers are gone, so that what is still held then is lost: mounts, segments,
 * what loop devices are bound to, and every file and directory that was not there in the beginning. Root's workers go
 * everywhere and make names of random bytes, so files are known by their numbers and not by names.
 */
#ifndef TESTS_USER_SYSFUZZ_SWEEP_H
#define TESTS_USER_SYSFUZZ_SWEEP_H

#include <dirent.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sysfuzz_keep.h"

#define MAX_FIRST_FILES 4096

static const char *const swept[] = { "/", "/dev", "/dev/shm", "/tmp" }; /* the file systems that keep files in memory */

static struct {
	int proc, roots[COUNT(swept)];
	char mounts[2048]; /* /proc/mounts before anything else was mounted */
	int nr_files;
	struct {
		dev_t dev;
		ino_t ino;
	} files[MAX_FIRST_FILES]; /* that are to stay */
} sweep;

static inline int is_first_file(const struct stat *st)
{
	for (int i = 0; i < sweep.nr_files; i++) {
		if (sweep.files[i].ino == st->st_ino && sweep.files[i].dev == st->st_dev)
			return 1;
	}
	return 0;
}

/* Each name below the directory at, which is on dev and closed then. remove: what was not there first, else remember.
 * => how many names went */
static int sweep_tree(int at, dev_t dev, int remove)
{
	DIR *dir = fdopendir(at);
	struct dirent *entry;
	struct stat st;
	int sub, gone = 0;

	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    fstatat(at, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) || st.st_dev != dev)
			continue;
		if (!remove && sweep.nr_files < MAX_FIRST_FILES) {
			sweep.files[sweep.nr_files].dev = st.st_dev;
			sweep.files[sweep.nr_files++].ino = st.st_ino;
		}
		sub = S_ISDIR(st.st_mode) ? openat(at, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) : -1;
		if (sub >= 0)
			gone += sweep_tree(sub, dev, remove);
		if (remove && !is_first_file(&st))
			gone += !unlinkat(at, entry->d_name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
	}
	if (dir)
		closedir(dir);
	return gone;
}

static int sweep_all(int remove)
{
	struct stat st;
	int gone = 0;

	for (size_t i = 0; i < COUNT(swept); i++) {
		int fd = openat(sweep.roots[i], ".", O_RDONLY | O_DIRECTORY);

		if (fd >= 0 && !fstat(fd, &st))
			gone += sweep_tree(fd, st.st_dev, remove);
	}
	return gone;
}

static void remove_files(void)
{
	while (sweep_all(1))
		;
}

#define LOOPS	    8
#define LOOP_NODE   "a loop device"

/* A binding outlasts who made it. The nodes in /dev may be gone or be something else by now. */
static void unbind_loops(void)
{
	for (int i = 0; i < LOOPS; i++) {
		int fd = -1;

		for (int tries = 0; tries < 100 && fd < 0; tries++) {
			mknodat(sweep.roots[3], LOOP_NODE, S_IFBLK | 0600, makedev(7, i));
			fd = openat(sweep.roots[3], LOOP_NODE, O_RDONLY); /* the file may be read-only */
			unlinkat(sweep.roots[3], LOOP_NODE, 0);
		}
		if (fd < 0 || (ioctl(fd, LOOP_CLR_FD) && errno != ENXIO)) {
			printf("FAIL sysfuzz: loop%d is not let go: %s\n", i, strerror(errno));
			exit(1);
		}
		close(fd);
	}
}

/* Devices come with the first who asks, and stay. */
static void make_loops(void)
{
	int control = -1;

	for (int tries = 0; tries < 100 && control < 0; tries++)
		control = open("/dev/loop-control", O_RDWR);
	for (int i = 0; i < LOOPS; i++)
		for (int tries = 0; tries < 100 && ioctl(control, LOOP_CTL_ADD, i) < 0 && errno != EEXIST; tries++)
			;
	close(control);
}

static void remove_segments(void)
{
	struct shmid_ds ds;
	int last = shmctl(0, 14 /* SHM_INFO */, (void *)OUT), id;

	for (int i = 0; i <= last; i++) {
		id = shmctl(i, 13 /* SHM_STAT */, &ds);
		if (id >= 0 && id != area.shm)
			shmctl(id, IPC_RMID, NULL);
	}
}

/* As /proc writes paths: odd bytes in octal. */
static void unescape(char *path)
{
	char *to = path;

	for (; *path; path++) {
		if (path[0] == '\\' && path[1] && path[2] && path[3]) {
			*to++ = (char)((path[1] - '0') << 6 | (path[2] - '0') << 3 | (path[3] - '0'));
			path += 3;
		} else {
			*to++ = *path;
		}
	}
	*to = 0;
}

/* What was mounted since goes, the last first: it may lie on others. => how many went */
static int remove_mounts_once(void)
{
	static char text[65536];
	char path[256];
	int gone = 0;

	read_all(sweep.proc, "1/mounts", text, sizeof(text));
	for (char *end = strrchr(text, '\n'); end;) {
		char *line;

		*end = 0;
		end = strrchr(text, '\n');
		line = end ? end + 1 : text;
		if (strstr(sweep.mounts, line) || sscanf(line, "%*s %255s", path) != 1)
			continue;
		unescape(path);
		gone += !umount2(path, MNT_DETACH);
	}
	return gone;
}

static void remove_mounts(void)
{
	while (remove_mounts_once())
		;
}

/* => the keepers have their files */
static void sweep_prepare(void)
{
	sweep.proc = open("/proc", O_RDONLY | O_DIRECTORY);
	read_all(sweep.proc, "1/mounts", sweep.mounts, sizeof(sweep.mounts));
	make_loops();
	for (size_t i = 0; i < COUNT(swept); i++)
		sweep.roots[i] = open(swept[i], O_RDONLY | O_DIRECTORY);
	sweep_all(0);
	if (sweep.proc < 0 || sweep.nr_files == MAX_FIRST_FILES)
		exit(1);
}

#endif
