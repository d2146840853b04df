/* SPDX-License-Identifier: MIT */
/*
 * Several processes do random things to one small tree at once: make, remove, rename, link, list, write, map, cut.
 * Any single call may fail; afterwards the tree can be removed, and the mount has every page and inode back.
 * argv[1]: calls per process (default 3000), argv[2]: seed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "check.h"

#define NPROC 4
static unsigned long state;

static unsigned rnd(unsigned n)
{
	state = state * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(state >> 33) % n;
}

/* One of few names in few directories, so that the processes meet. */
static const char *pick(void)
{
	static char names[4][64];
	static int turn;
	char *name = names[turn++ & 3];

	switch (rnd(4)) {
	case 0:
		sprintf(name, "n%u", rnd(6));
		break;
	case 1:
		sprintf(name, "d%u/n%u", rnd(3), rnd(6));
		break;
	case 2:
		sprintf(name, "d%u/d%u/n%u", rnd(3), rnd(3), rnd(4));
		break;
	default:
		sprintf(name, "d%u/../d%u", rnd(3), rnd(3));
	}
	return name;
}

static void use_file(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | (rnd(4) ? 0 : O_TRUNC) | (rnd(3) ? 0 : O_APPEND) | O_NONBLOCK, 0644);
	static char buf[20000];
	struct stat st;
	char *p;

	if (fd < 0)
		return;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) { /* the name went to somebody's FIFO meanwhile */
		close(fd);
		return;
	}
	switch (rnd(6)) {
	case 0:
		if (pwrite(fd, buf, rnd(sizeof(buf)), rnd(100000)) < 0)
			CHECK(errno == ENOSPC);
		break;
	case 1:
		CHECK(read(fd, buf, sizeof(buf)) >= 0);
		break;
	case 2:
		CHECK(ftruncate(fd, rnd(200000)) == 0);
		break;
	case 3:
		if (fallocate(fd, rnd(2) ? 3 : 0, rnd(50000), 1 + rnd(50000)) < 0)
			CHECK(errno == ENOSPC);
		break;
	case 4:
		p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, rnd(2) ? MAP_SHARED : MAP_PRIVATE, fd, 0);
		CHECK(p != MAP_FAILED && munmap(p, rnd(2) ? 65536 : 4096) == 0);
		break;
	default:
		CHECK(write(fd, buf, 100) == 100 || errno == ENOSPC);
	}
	CHECK(close(fd) == 0);
}

static void list(const char *name)
{
	DIR *dir = opendir(name);
	struct dirent *d;
	struct stat st;
	char path[400];

	if (!dir)
		return;
	while ((d = readdir(dir)) != NULL) {
		CHECK(strlen(d->d_name) > 0);
		snprintf(path, sizeof(path), "%s/%s", name, d->d_name);
		if (rnd(2))
			lstat(path, &st);
	}
	closedir(dir);
}

static void one_call(void)
{
	char buf[64];

	switch (rnd(12)) {
	case 0:
		mkdir(pick(), 0755);
		break;
	case 1:
		rmdir(pick());
		break;
	case 2:
		unlink(pick());
		break;
	case 3:
		rename(pick(), pick());
		break;
	case 4:
		link(pick(), pick());
		break;
	case 5:
		symlink(pick(), pick());
		break;
	case 6:
		list(rnd(2) ? "." : pick());
		break;
	case 7:
		readlink(pick(), buf, sizeof(buf));
		break;
	case 8:
		if (chdir(pick()) == 0) {
			getcwd(buf, sizeof(buf));
			CHECK(chdir("/tmp/storm") == 0);
		}
		break;
	case 9:
		mkfifo(pick(), 0600);
		break;
	default: {
		const char *name = pick();
		struct stat st;

		if (stat(name, &st) || S_ISREG(st.st_mode))
			use_file(name);
	}
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level ? remove(path) : 0;
}

static void storm(unsigned long seed, int calls)
{
	state = seed;
	while (calls--)
		one_call();
}

int main(int argc, char **argv)
{
	int calls = argc > 1 ? atoi(argv[1]) : 3000, status;
	unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	struct statvfs before, after;

	mkdir("/tmp/storm", 0755);
	CHECK(mount("none", "/tmp/storm", "tmpfs", 0, "size=4m,nr_inodes=500") == 0);
	CHECK(statvfs("/tmp/storm", &before) == 0 && chdir("/tmp/storm") == 0);
	for (int i = 0; i < NPROC; i++) {
		if (!fork()) {
			storm(seed * 1000 + i, calls);
			_exit(0);
		}
	}
	for (int i = 0; i < NPROC; i++) {
		CHECK(wait(&status) > 0);
		CHECK(status == 0);
	}
	CHECK(nftw(".", remove_one, 20, FTW_DEPTH | FTW_PHYS) == 0);
	CHECK(chdir("/") == 0 && statvfs("/tmp/storm", &after) == 0);
	CHECK(after.f_bfree == before.f_bfree && after.f_ffree == before.f_ffree);
	CHECK(umount("/tmp/storm") == 0);
	PASS("fs_storm");
}
