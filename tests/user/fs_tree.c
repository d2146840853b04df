/* SPDX-License-Identifier: MIT */
/* Names: what create, link, rename, unlink, rmdir and path walks must and must not do. Runs in an empty directory. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "check.h"

static void make(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	CHECK(close(fd) == 0);
}

static int same(const char *name, const char *text)
{
	char buf[256];
	int fd = open(name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text) && !memcmp(buf, text, n);
}

static void files(void)
{
	struct stat a, b;

	make("a", "one");
	CHECK_ERR(open("a", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	CHECK_ERR(open("none", O_RDWR), ENOENT);
	CHECK_ERR(open("a/b", O_RDWR), ENOTDIR);
	CHECK_ERR(open("a/", O_RDONLY), ENOTDIR);
	CHECK_ERR(open(".", O_RDWR), EISDIR);
	CHECK_ERR(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK(link("a", "b") == 0);
	CHECK(stat("a", &a) == 0 && stat("b", &b) == 0 && a.st_ino == b.st_ino && a.st_nlink == 2);
	CHECK_ERR(link("a", "b"), EEXIST);
	CHECK_ERR(link(".", "c"), EPERM);
	CHECK(rename("a", "b") == 0 && access("a", F_OK) == 0);	/* the same object: nothing happens */
	CHECK(unlink("a") == 0 && same("b", "one"));
	CHECK_ERR(unlink("a"), ENOENT);
	CHECK_ERR(unlink("."), EISDIR);
	CHECK(unlink("b") == 0);
}

static void directories(void)
{
	struct stat st;

	CHECK(mkdir("d", 0755) == 0);
	CHECK_ERR(mkdir("d", 0755), EEXIST);
	CHECK_ERR(mkdir("d/x/y", 0755), ENOENT);
	CHECK(mkdir("d/e/", 0755) == 0);
	CHECK(stat("d", &st) == 0 && st.st_nlink == 3);
	CHECK_ERR(rmdir("d"), ENOTEMPTY);
	CHECK_ERR(rename("d", "d/e/f"), EINVAL);
	CHECK_ERR(rmdir("d/e/."), EINVAL);
	CHECK_ERR(rmdir("d/e/.."), ENOTEMPTY);
	CHECK_ERR(unlink("d/e"), EISDIR);
	make("f", "x");
	CHECK_ERR(rmdir("f"), ENOTDIR);
	CHECK_ERR(rename("d", "f"), ENOTDIR);
	CHECK_ERR(rename("f", "d"), EISDIR);
	CHECK(mkdir("g", 0755) == 0);
	make("g/h", "y");
	CHECK_ERR(rename("d", "g"), ENOTEMPTY);
	CHECK(unlink("g/h") == 0 && rename("d", "g") == 0);
	CHECK(access("g/e", F_OK) == 0 && access("d", F_OK) == -1);
	CHECK(chdir("g/e") == 0 && rmdir("../e") == 0);
	CHECK_ERR(open("new", O_CREAT | O_RDWR, 0600), ENOENT);
	CHECK(!getcwd((char[64]){ 0 }, 64) && errno == ENOENT);
	CHECK(chdir("/proc/self") == 0);
}

static void links(void)
{
	char buf[64];
	struct stat st;

	make("t", "text");
	CHECK(symlink("t", "l") == 0 && same("l", "text"));
	CHECK(readlink("l", buf, sizeof(buf)) == 1 && buf[0] == 't');
	CHECK_ERR(readlink("t", buf, sizeof(buf)), EINVAL);
	CHECK(lstat("l", &st) == 0 && S_ISLNK(st.st_mode) && st.st_size == 1);
	CHECK_ERR(open("l", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK(symlink("y", "x") == 0 && symlink("x", "y") == 0);
	CHECK_ERR(open("x", O_RDONLY), ELOOP);
	CHECK_ERR(open("x", O_RDWR | O_CREAT, 0600), ELOOP);
	CHECK(symlink("made", "dangling") == 0);
	CHECK_ERR(open("dangling", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	close(open("dangling", O_RDWR | O_CREAT, 0600)); /* makes what the link names */
	CHECK(stat("made", &st) == 0);
	CHECK(mkdir("dir", 0755) == 0 && symlink("dir", "dl") == 0 && symlink("../t", "dir/up") == 0);
	make("dl/in", "in");
	CHECK(same("dir/in", "in") && same("dl/up", "text") && same("dl/../t", "text"));
	CHECK_ERR(rmdir("dl"), ENOTDIR);
	CHECK(unlink("dl") == 0);
}

static void long_names(void)
{
	char name[NAME_MAX + 2], path[PATH_MAX + 2];

	memset(name, 'n', sizeof(name));
	name[NAME_MAX] = '\0';
	make(name, "long");
	CHECK(same(name, "long"));
	CHECK(rename(name, "short") == 0 && rename("short", name) == 0 && unlink(name) == 0);
	name[NAME_MAX] = 'n';
	name[NAME_MAX + 1] = '\0';
	CHECK_ERR(open(name, O_RDWR | O_CREAT, 0600), ENAMETOOLONG);
	memset(path, '/', sizeof(path));
	path[PATH_MAX] = '\0';
	CHECK_ERR(open(path, O_RDONLY), ENAMETOOLONG);
	CHECK_ERR(open("", O_RDONLY), ENOENT);
	CHECK_ERR(open((char *)1, O_RDONLY), EFAULT);
}

/* Removing while listing: every name is seen once. */
static void listing(void)
{
	int seen = 0, i;
	struct dirent *d;
	char name[32];
	DIR *dir;

	CHECK(mkdir("many", 0755) == 0);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "many/file%d", i);
		make(name, "");
	}
	dir = opendir("many");
	CHECK(dir);
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "many/%.16s", d->d_name);
		CHECK(d->d_type == DT_REG && unlink(name) == 0);
		seen++;
	}
	CHECK(seen == 1000 && closedir(dir) == 0 && rmdir("many") == 0);
}

static void as_user(void)
{
	CHECK(setgid(1000) == 0 && setuid(1000) == 0);
	CHECK_ERR(open("secret", O_RDONLY), EACCES);
	CHECK_ERR(open("made_by_user", O_CREAT | O_RDWR, 0600), EACCES);
	CHECK_ERR(unlink("secret"), EACCES);
	CHECK_ERR(chmod("secret", 0777), EPERM);
	CHECK_ERR(chown("secret", 1000, 1000), EPERM);
	CHECK_ERR(access("closed/x", F_OK), EACCES);
	CHECK(chdir("/tmp") == 0); /* sticky: one's own names only */
	make("of_user", "u");
	CHECK_ERR(unlink("of_root"), EPERM);
	CHECK_ERR(rename("of_user", "of_root"), EPERM);
	CHECK(unlink("of_user") == 0);
}

static void permissions(void)
{
	struct stat st;

	make("secret", "s");
	make("/tmp/of_root", "r");
	CHECK(chmod("/tmp", 01777) == 0 && chmod("secret", 0600) == 0 && chmod(".", 0755) == 0);
	CHECK(mkdir("closed", 0700) == 0);
	CHECK_CHILD(as_user);
	CHECK(umask(027) == 022);
	make("masked", "");
	CHECK(stat("masked", &st) == 0 && (st.st_mode & 0777) == 0640);
	umask(022);
	CHECK(unlink("/tmp/of_root") == 0);
}

static void mounting(void)
{
	struct statfs fs;

	CHECK(mkdir("m", 0755) == 0 && mount("none", "m", "tmpfs", 0, "size=64k,mode=700") == 0);
	CHECK(statfs("m", &fs) == 0 && fs.f_type == 0x01021994 && fs.f_blocks == 16);
	make("m/inside", "in");
	CHECK_ERR(rename("m/inside", "outside"), EXDEV);
	CHECK_ERR(link("m/inside", "outside"), EXDEV);
	CHECK_ERR(rmdir("m"), EBUSY);
	CHECK_ERR(rename("m", "n"), EBUSY);
	CHECK(chdir("m") == 0);
	CHECK_ERR(umount("../m"), EBUSY);
	CHECK(chdir("..") == 0 && access("m/inside", F_OK) == 0);
	CHECK(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	CHECK_ERR(open("m/inside", O_RDWR), EROFS);
	CHECK_ERR(open("m/other", O_RDWR | O_CREAT, 0600), EROFS);
	CHECK(umount("m") == 0 && access("m/inside", F_OK) == -1 && rmdir("m") == 0);
	CHECK_ERR(mount("none", "missing", "tmpfs", 0, NULL), ENOENT);
	CHECK_ERR(mount("none", "/", "nosuchfs", 0, NULL), ENODEV);
	CHECK(statfs("/proc", &fs) == 0 && fs.f_type == 0x9fa0);
}

static void run(const char *name, void (*fn)(void))
{
	static const char base[] = "/tmp/fs_tree";

	mkdir(base, 0755);
	CHECK(chdir(base) == 0 && mkdir(name, 0755) == 0 && chdir(name) == 0);
	fn();
}

int main(void)
{
	umask(022);
	run("files", files);
	run("directories", directories);
	run("links", links);
	run("long_names", long_names);
	run("listing", listing);
	run("permissions", permissions);
	run("mounting", mounting);
	PASS("fs_tree");
}
