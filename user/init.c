/* SPDX-License-Identifier: MIT */
/*
 * init: the first process of `make run` and of scripts/run --exec.
 *
 *   mount /proc /sys /dev /tmp /dev/shm -> swapon what /.swaps lists -> either
 *     /.exec is there: run its command lines one after another, report each, power off
 *     or a shell on the console, again whenever it ends, until poweroff, halt or reboot asks
 *
 * scripts/run writes /.exec and /.swaps into the initrd, one command line or device per line. The last
 * program's status is handed to the machine with reboot(2), see boot/exit_status.h. Programs run as
 * children, never as process 1, which neither signals' default actions nor the OOM killer touch.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "boot/exit_status.h"
#include "user/words.h"

#define MAX_WORDS 256
#define SYNC_PATIENCE 30

static volatile sig_atomic_t asked_to_stop; /* the signal busybox poweroff, halt or reboot sent */

static volatile sig_atomic_t out_of_patience;

static void on_alarm(int sig)
{
	out_of_patience = sig;
}

/* Everything to the disks; one that does not answer is not waited for beyond SYNC_PATIENCE seconds. */
static void sync_all(void)
{
	struct sigaction tick = { .sa_handler = on_alarm };
	pid_t pid = fork();

	if (pid <= 0) {
		sync();
		if (!pid)
			_exit(0);
		return;
	}
	sigaction(SIGALRM, &tick, NULL);
	alarm(SYNC_PATIENCE);
	while (waitpid(pid, NULL, 0) != pid && !out_of_patience)
		;
	if (out_of_patience)
		dprintf(2, "init: a disk does not answer: going on without what it has not written\n");
	alarm(0);
}

static void stop_machine(unsigned cmd, int status)
{
	sync_all();
	syscall(SYS_reboot, 0xfee1dead, 672274793, cmd, REBOOT_ARG(status));
	dprintf(2, "init: reboot: %s\n", strerror(errno));
	for (;;)
		pause();
}

static void mount_or_say(const char *what, const char *where, const char *type)
{
	mkdir(where, 0755);
	if (mount(what, where, type, 0, NULL) && errno != EBUSY && errno != ENODEV)
		dprintf(2, "init: mount %s on %s: %s\n", type, where, strerror(errno));
}

static void mount_all(void)
{
	mount_or_say("proc", "/proc", "proc");
	mount_or_say("sysfs", "/sys", "sysfs");
	mount_or_say("devtmpfs", "/dev", "devtmpfs");
	mount_or_say("tmpfs", "/tmp", "tmpfs");
	mount_or_say("tmpfs", "/dev/shm", "tmpfs");
	chmod("/tmp", 01777);
	chmod("/dev/shm", 01777);
}

/* => the file's text, NULL if there is none; never freed */
static char *slurp(const char *path)
{
	size_t size = 0, room = 0;
	char *text = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return NULL;
	do {
		if (room - size < 4096)
			text = realloc(text, room += 16384);
		if (!text)
			break;
		got = read(fd, text + size, room - size - 1);
		if (got > 0)
			size += (size_t)got;
	} while (got > 0);
	close(fd);
	if (text)
		text[size] = 0;
	return text;
}

static int has_word(const char *text, const char *word)
{
	const char *found = text;
	size_t length = strlen(word);

	while (found && (found = strstr(found, word)) != NULL) {
		if ((found == text || word_blank(found[-1])) &&
		    (!found[length] || word_blank(found[length])))
			return 1;
		found += length;
	}
	return 0;
}

static void swap_on_all(void)
{
	char *cmdline = slurp("/proc/cmdline");
	char *list = slurp("/.swaps");

	if (!list || (cmdline && has_word(cmdline, "noswapon")))
		return;
	for (char *device = strtok(list, "\n"); device; device = strtok(NULL, "\n"))
		if (swapon(device, 0))
			dprintf(2, "init: swapon %s: %s\n", device, strerror(errno));
}

static void open_terminal(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

/* own_terminal: on a file of its own, which a hangup ends; else on init's console. => pid, -1 */
static pid_t start(char **argv, int own_terminal)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setsid();
	if (own_terminal)
		open_terminal("/dev/ttyS0");
	ioctl(0, TIOCSCTTY, 1);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	execvp(argv[0], argv);
	dprintf(2, "init: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Reaps until pid itself has ended or a signal asks to stop. => its wait status, -1 when asked to stop */
static int wait_for(pid_t pid)
{
	int status;

	while (!asked_to_stop) {
		pid_t got = wait(&status);

		if (got == pid)
			return status;
		if (got < 0 && errno != EINTR) {
			dprintf(2, "init: wait: %s\n", strerror(errno));
			return 255 << 8;
		}
	}
	return -1;
}

/* => the status that counts: 0 only for an exit with 0 */
static int run_command(const char *line)
{
	char *buffer = malloc(strlen(line) + 1), *argv[MAX_WORDS];
	int status = 0, words = buffer ? split_words(line, buffer, argv, MAX_WORDS) : -1;
	pid_t pid;

	if (words <= 0) {
		dprintf(2, "init: cannot split into words: %s\n", line);
		free(buffer);
		return 255;
	}
	pid = start(argv, 0);
	if (pid < 0)
		dprintf(2, "init: fork: %s\n", strerror(errno));
	status = pid < 0 ? 255 << 8 : wait_for(pid);
	if (status != -1 && WIFSIGNALED(status))
		printf("exec: %s killed by signal %d\n", argv[0], WTERMSIG(status));
	else if (status != -1)
		printf("exec: %s exited with status %d\n", argv[0], WEXITSTATUS(status));
	fflush(stdout);
	free(buffer);
	return status == 0 ? 0 : status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void run_list(char *list)
{
	int status = 0;

	while (list && *list && !asked_to_stop) {
		char *end = strchr(list, '\n');

		if (end)
			*end = 0;
		if (*list)
			status = run_command(list);
		list = end ? end + 1 : NULL;
	}
	stop_machine(RB_POWER_OFF, status);
}

/* A shell that ends at once, again and again, does not keep the machine busy. */
static void rest_after(time_t started, int status)
{
	if (time(NULL) - started > 1)
		return;
	if (status)
		dprintf(2, "init: /bin/sh ended at once with wait status %#x; the next one in a second\n",
			(unsigned)status);
	sleep(1);
}

static void shell_forever(void)
{
	char *argv[] = { "/bin/sh", "-l", NULL };

	setenv("USER", "root", 1);
	setenv("LOGNAME", "root", 1);
	setenv("SHELL", "/bin/sh", 1);
	if (chdir(getenv("HOME")))
		chdir("/");
	while (!asked_to_stop) {
		time_t started = time(NULL);
		pid_t pid = start(argv, 1);

		rest_after(started, pid < 0 ? 255 : wait_for(pid));
	}
	stop_machine(asked_to_stop == SIGTERM ? RB_AUTOBOOT : RB_POWER_OFF, 0);
}

static void on_stop(int sig)
{
	asked_to_stop = sig;
}

int main(void)
{
	struct sigaction stop = { .sa_handler = on_stop };
	char *list;

	if (getpid() != 1) {
		dprintf(2, "init: must be process 1\n");
		return 1;
	}
	sigaction(SIGUSR1, &stop, NULL); /* halt */
	sigaction(SIGUSR2, &stop, NULL); /* poweroff */
	sigaction(SIGTERM, &stop, NULL); /* reboot */
	mount_all();
	open_terminal("/dev/console");
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "linux", 0);
	swap_on_all();
	list = slurp("/.exec");
	if (list)
		run_list(list);
	shell_forever();
}
