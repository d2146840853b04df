/* SPDX-License-Identifier: MIT */
/*
 * Whose terminal it is: foreground and background groups, orphans, sessions, hangup. Needs no keys; must be started
 * as the leader of a session that has the terminal, as init does under --exec.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "tests/user/check.h"

static volatile sig_atomic_t winches, hups, conts;

static void count(int sig)
{
	if (sig == SIGWINCH)
		winches++;
	else if (sig == SIGHUP)
		hups++;
	else
		conts++;
}

static int open_tty(void)
{
	int fd = open("/dev/tty", O_RDWR);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : errno;
}

/* fn in a child of its own group in the background. => its wait status, also of a stop; a stopped one is killed */
static int in_background(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (!pid) {
		CHECK(!setpgid(0, 0));
		fn();
		_exit(0);
	}
	setpgid(pid, pid);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid);
	if (WIFSTOPPED(status)) {
		int after;

		CHECK(!kill(pid, SIGKILL) && waitpid(pid, &after, 0) == pid);
	}
	return status;
}

#define STOPS(fn, sig)                                                                             \
	do {                                                                                       \
		int status_ = in_background(fn);                                                   \
		CHECK(WIFSTOPPED(status_) && WSTOPSIG(status_) == (sig));                          \
	} while (0)

static void set_attributes(void)
{
	struct termios t;

	CHECK(!tcgetattr(0, &t)); /* asking is free */
	CHECK(!tcsetattr(0, TCSANOW, &t));
}

static void set_foreground(void)
{
	CHECK(!tcsetpgrp(0, getpgrp()));
}

static void flush(void)
{
	CHECK(!tcflush(0, TCIFLUSH));
}

static void read_one(void)
{
	char c;

	CHECK(read(0, &c, 1) >= 0);
}

static void write_one(void)
{
	CHECK(write(1, "\n", 1) == 1);
}

static void read_ignoring(void)
{
	char c;

	signal(SIGTTIN, SIG_IGN);
	CHECK_ERR(read(0, &c, 1), EIO);
}

static void read_blocking(void)
{
	sigset_t set;
	char c;

	sigemptyset(&set);
	sigaddset(&set, SIGTTIN);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK_ERR(read(0, &c, 1), EIO);
}

static volatile int answered;

static void *read_again_and_again(void *unused)
{
	char c;

	(void)unused;
	CHECK_ERR(read(0, &c, 1), EINTR); /* when SIGUSR1 comes, and at no SIGTTIN: the other thread takes those */
	answered = 1;
	return NULL;
}

/* The signal is the process's: whichever thread takes it, the one that reads gets no answer that is none of its. */
static void read_in_a_thread(void)
{
	struct sigaction action = { .sa_handler = count };
	pthread_t reader;

	CHECK(!sigaction(SIGUSR1, &action, NULL));
	action.sa_flags = SA_RESTART;
	CHECK(!sigaction(SIGTTIN, &action, NULL));
	conts = 0;
	CHECK(!pthread_create(&reader, NULL, read_again_and_again, NULL));
	while (conts < 3)
		usleep(1000);
	while (!answered) { /* one that comes between two tries ends none */
		CHECK(!pthread_kill(reader, SIGUSR1));
		usleep(1000);
	}
	CHECK(!pthread_join(reader, NULL));
}

static void set_ignoring(void)
{
	signal(SIGTTOU, SIG_IGN);
	set_attributes();
	write_one();
}

static void set_tostop(int on)
{
	struct termios t;

	CHECK(!tcgetattr(0, &t));
	t.c_lflag = on ? t.c_lflag | TOSTOP : t.c_lflag & ~(tcflag_t)TOSTOP;
	CHECK(!tcsetattr(0, TCSADRAIN, &t));
}

static void test_background(void)
{
	STOPS(set_attributes, SIGTTOU);
	STOPS(set_foreground, SIGTTOU);
	STOPS(flush, SIGTTOU);
	STOPS(read_one, SIGTTIN);
	CHECK(in_background(read_ignoring) == 0);
	CHECK(in_background(read_blocking) == 0);
	CHECK(in_background(write_one) == 0);
	CHECK(in_background(set_ignoring) == 0);
	set_tostop(1);
	STOPS(write_one, SIGTTOU);
	CHECK(in_background(set_ignoring) == 0);
	set_tostop(0);
	CHECK(in_background(read_in_a_thread) == 0);
}

/* ---- Orphans: fn in a group whose parent is of another session; it reports through a pipe ---- */

static int report;

static void orphan_io(void)
{
	char c;

	while (getppid() != 1)
		usleep(1000);
	CHECK_ERR(read(0, &c, 1), EIO);
	CHECK_ERR(write(1, "x", 1), EIO); /* TOSTOP is on */
	CHECK_ERR(tcflush(0, TCIFLUSH), EIO);
}

static void orphan_stopped(void)
{
	signal(SIGHUP, count);
	signal(SIGCONT, count);
	raise(SIGSTOP);
	CHECK(hups == 1 && conts == 1);
}

/* => 0 if fn ended well in a grandchild whose father died when it was ready or, if `stopped`, had stopped */
static int as_orphan(void (*fn)(void), int stopped)
{
	int fds[2], status;
	pid_t pid;
	char c = 'x';

	CHECK(!pipe(fds));
	pid = fork();
	if (!pid) {
		pid_t grandchild = fork();

		if (!grandchild) {
			setpgid(0, 0);
			fn();
			CHECK(write(fds[1], "k", 1) == 1);
			_exit(0);
		}
		setpgid(grandchild, grandchild);
		if (stopped)
			CHECK(waitpid(grandchild, &status, WUNTRACED) == grandchild && WIFSTOPPED(status));
		_exit(0);
	}
	close(fds[1]);
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	status = read(fds[0], &c, 1) == 1 && c == 'k' ? 0 : 1;
	close(fds[0]);
	return status;
}

static void test_orphans(void)
{
	set_tostop(1);
	CHECK(!as_orphan(orphan_io, 0));
	set_tostop(0);
	CHECK(!as_orphan(orphan_stopped, 1));
}

/* ---- Output that is stopped ---- */

static char state_of(pid_t pid)
{
	char path[32], text[128] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	CHECK(f && fgets(text, sizeof(text), f));
	fclose(f);
	return strrchr(text, ')')[2];
}

/* One writer waits for ^Q inside its write; another that must not wait does not wait for it either. */
static void test_stopped(void)
{
	int fd = open("/dev/tty", O_WRONLY | O_NONBLOCK), status;
	pid_t writer;

	CHECK(fd >= 0 && !tcflow(1, TCOOFF));
	writer = fork();
	if (!writer)
		_exit(write(1, "\n", 1) != 1);
	while (state_of(writer) != 'S')
		usleep(1000);
	alarm(20);
	CHECK_ERR(write(fd, "x", 1), EAGAIN);
	alarm(0);
	CHECK(!tcflow(1, TCOON));
	CHECK(waitpid(writer, &status, 0) == writer && !status);
	CHECK(write(fd, "\n", 1) == 1 && !close(fd));
}

/* ---- Foreground and sessions ---- */

static void test_foreground(void)
{
	pid_t nobody = fork();

	if (!nobody)
		_exit(0);
	CHECK(waitpid(nobody, NULL, 0) == nobody);
	CHECK(tcgetpgrp(0) == getpgrp() && tcgetsid(0) == getsid(0));
	CHECK_ERR(tcsetpgrp(0, nobody), ESRCH);
	CHECK_ERR(tcsetpgrp(0, -5), EINVAL);
	CHECK_ERR(tcsetpgrp(0, 1), EPERM); /* init's group is of another session */
	CHECK(!tcsetpgrp(0, getpgrp()));
	CHECK_ERR(ioctl(0, TIOCGPGRP, NULL), EFAULT);
	CHECK_ERR(ioctl(0, 0x54ff, NULL), ENOTTY);
	CHECK_ERR(tcflush(0, 7), EINVAL);
}

static void no_terminal(void)
{
	int fd;

	CHECK(setsid() == getpid() && getpgrp() == getpid());
	CHECK(open_tty() == ENXIO);
	CHECK_ERR(tcgetpgrp(0), ENOTTY);
	CHECK_ERR(ioctl(0, TIOCNOTTY), ENOTTY);
	CHECK_ERR(ioctl(0, TIOCSCTTY, 0), EPERM); /* it is somebody's */
	fd = open("/dev/ttyS0", O_RDWR); /* and opening it changes nothing */
	CHECK(fd >= 0 && open_tty() == ENXIO);
	CHECK_ERR(setsid(), EPERM);
}

static void gives_up(void)
{
	CHECK(!open_tty());
	CHECK(!ioctl(0, TIOCNOTTY));
	CHECK(open_tty() == ENXIO);
}

static void test_sessions(void)
{
	CHECK(!open_tty());
	CHECK_CHILD(no_terminal);
	CHECK_CHILD(gives_up);
	CHECK(!open_tty() && tcgetpgrp(0) == getpgrp()); /* ours is untouched */
}

static void test_winsize(void)
{
	struct winsize old, new;

	signal(SIGWINCH, count);
	CHECK(!ioctl(0, TIOCGWINSZ, &old) && old.ws_row && old.ws_col);
	new = old;
	new.ws_row += 3;
	CHECK(!ioctl(0, TIOCSWINSZ, &new) && winches == 1);
	CHECK(!ioctl(0, TIOCSWINSZ, &new) && winches == 1); /* no change, no signal */
	memset(&new, 0, sizeof(new));
	CHECK(!ioctl(0, TIOCGWINSZ, &new) && new.ws_row == old.ws_row + 3 && new.ws_col == old.ws_col);
	CHECK(!ioctl(0, TIOCSWINSZ, &old) && winches == 2);
}

/* ---- Hangup ---- */

/* In the session whose leader has gone: what it had open is dead, a new open is not. */
static void after_hangup(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	char c;

	CHECK(read(fd, &c, 1) == 0);
	CHECK_ERR(write(fd, "x", 1), EIO);
	CHECK_ERR(tcgetpgrp(fd), EIO);
	CHECK(poll(&p, 1, -1) == 1 && (p.revents & POLLHUP));
	CHECK(open_tty() == ENXIO);
	fd = open("/dev/ttyS0", O_RDWR | O_NOCTTY);
	CHECK(fd >= 0 && !isatty(-1) && isatty(fd));
}

static void leader(void)
{
	int fd, ready[2];
	char c;

	CHECK(!pipe(ready) && setsid() == getpid());
	CHECK(!ioctl(0, TIOCSCTTY, 1)); /* root may take it away */
	fd = open("/dev/ttyS0", O_RDWR);
	CHECK(fd >= 0 && tcgetpgrp(fd) == getpid());
	if (!fork()) {
		signal(SIGHUP, count);
		CHECK(write(ready[1], "r", 1) == 1);
		CHECK(read(fd, &c, 1) == 0 || errno == EINTR); /* foreground: waits until the hangup */
		while (!hups) /* it may come just now: pause() would wait for another */
			poll(NULL, 0, 1);
		after_hangup(fd);
		CHECK(write(report, "k", 1) == 1);
		_exit(0);
	}
	CHECK(read(ready[0], &c, 1) == 1);
	_exit(0);
}

static void test_hangup(void)
{
	int fds[2];
	char c = 'x';

	CHECK(!pipe(fds));
	report = fds[1];
	CHECK_CHILD(leader);
	close(fds[1]);
	CHECK(read(fds[0], &c, 1) == 1 && c == 'k');
	CHECK(open_tty() == ENXIO); /* it was taken from us */
	CHECK(!ioctl(0, TIOCSCTTY, 0) && !open_tty());
}

static void vhangup_as_user(void)
{
	CHECK(!setuid(1000));
	CHECK_ERR(vhangup(), EPERM);
}

static void test_vhangup(void)
{
	int fd = open("/dev/ttyS0", O_RDWR);

	CHECK_CHILD(vhangup_as_user);
	signal(SIGHUP, count);
	hups = 0;
	CHECK(fd >= 0 && !vhangup() && hups >= 1 && open_tty() == ENXIO);
	CHECK_ERR(write(fd, "x", 1), EIO);
	CHECK(isatty(0)); /* /dev/console outlives it */
}

int main(void)
{
	CHECK(getsid(0) == getpid());
	signal(SIGTTOU, SIG_DFL);
	test_foreground();
	test_stopped();
	test_background();
	test_orphans();
	test_sessions();
	test_winsize();
	test_hangup();
	test_vhangup();
	PASS("tty_jobs");
}
