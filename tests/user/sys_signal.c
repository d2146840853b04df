/* SPDX-License-Identifier: MIT */
/* Signals: delivery, frames, masks, restarts, queues, faults, timers, stop and continue. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

#include "check.h"

static volatile sig_atomic_t count, last_sig, last_code, nested;
static void *volatile last_addr;
static volatile pid_t last_pid;
static volatile int last_value;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	count++;
	last_sig = sig;
	last_code = info->si_code;
	last_addr = info->si_addr;
	last_pid = info->si_pid;
	last_value = info->si_value.sival_int;
}

static void install(int sig, int flags)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags };

	CHECK(!sigaction(sig, &sa, NULL));
}

static void test_basic(void)
{
	sigset_t set, old, pending;

	install(SIGUSR1, 0);
	count = 0;
	CHECK(!kill(getpid(), SIGUSR1));
	CHECK(count == 1 && last_sig == SIGUSR1 && last_code == SI_USER && last_pid == getpid());
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(!sigprocmask(SIG_BLOCK, &set, &old));
	raise(SIGUSR1);
	raise(SIGUSR1);
	CHECK(count == 1);
	CHECK(!sigpending(&pending) && sigismember(&pending, SIGUSR1));
	CHECK_ERR(sigsuspend(&old), EINTR);
	CHECK(count == 2);
	CHECK(!sigpending(&pending) && !sigismember(&pending, SIGUSR1));
	CHECK(!sigprocmask(SIG_SETMASK, &old, NULL));
	CHECK_ERR(kill(getpid(), 65), EINVAL);
	CHECK_ERR(kill(0x3fffffff, 0), ESRCH);
	CHECK_ERR(sigaction(SIGKILL, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL), EINVAL);
}

static void on_nested(int sig)
{
	if (nested++ < 3)
		raise(sig);
}

static void test_flags(void)
{
	struct sigaction sa = { .sa_handler = on_nested, .sa_flags = SA_NODEFER }, now;

	CHECK(!sigaction(SIGUSR2, &sa, NULL));
	nested = 0;
	raise(SIGUSR2);
	CHECK(nested == 4);
	install(SIGUSR2, SA_RESETHAND);
	raise(SIGUSR2);
	CHECK(!sigaction(SIGUSR2, NULL, &now) && now.sa_handler == SIG_DFL);
}

static void test_realtime_queue(void)
{
	sigset_t set;

	install(SIGRTMIN + 1, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	count = 0;
	for (int i = 1; i <= 5; i++)
		CHECK(!sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = i }));
	siginfo_t info;

	CHECK(sigwaitinfo(&set, &info) == SIGRTMIN + 1 && info.si_value.sival_int == 1);
	CHECK(info.si_code == SI_QUEUE);
	CHECK(!sigprocmask(SIG_UNBLOCK, &set, NULL));
	CHECK(count == 4 && last_value == 5);
	struct timespec zero = { 0, 20 * 1000 * 1000 };

	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	CHECK_ERR(sigtimedwait(&set, &info, &zero), EAGAIN);
	CHECK(!sigprocmask(SIG_UNBLOCK, &set, NULL));
}

static pid_t signal_later(int sig, int ms)
{
	pid_t parent = getpid(), pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		usleep((useconds_t)ms * 1000);
		kill(parent, sig);
		usleep((useconds_t)ms * 1000);
		_exit(7);
	}
	return pid;
}

static void test_restart(void)
{
	int status, fds[2];
	char c;
	pid_t pid;

	install(SIGUSR1, SA_RESTART);
	count = 0;
	pid = signal_later(SIGUSR1, 30);
	CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7 && count == 1);
	install(SIGUSR1, 0);
	pid = signal_later(SIGUSR1, 30);
	CHECK_ERR(waitpid(pid, &status, 0), EINTR);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(!pipe(fds));
	pid = signal_later(SIGUSR1, 30);
	CHECK_ERR(read(fds[0], &c, 1), EINTR);
	CHECK(waitpid(pid, &status, 0) == pid);
	struct timespec ts = { 5, 0 }, rem;

	pid = signal_later(SIGUSR1, 30);
	CHECK_ERR(nanosleep(&ts, &rem), EINTR);
	CHECK(rem.tv_sec == 4);
	CHECK(waitpid(pid, &status, 0) == pid);
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERR(write(fds[1], &c, 1), EPIPE);
	signal(SIGPIPE, SIG_DFL);
}

static void write_closed_pipe(void)
{
	int fds[2];

	CHECK(!pipe(fds));
	close(fds[0]);
	(void)!write(fds[1], "x", 1);
}

static char alt[32768] __attribute__((aligned(16)));
static volatile int on_alt;

static void on_overflow(int sig, siginfo_t *info, void *context)
{
	char here;

	(void)sig, (void)info, (void)context;
	on_alt = &here >= alt && &here < alt + sizeof(alt);
	_exit(on_alt ? 0 : 2);
}

static int recurse(int n)
{
	volatile char page[4096];

	page[0] = (char)n;
	return n < 0 ? 0 : recurse(n + 1) + page[0];
}

static void stack_overflow(void)
{
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };
	struct sigaction sa = { .sa_sigaction = on_overflow, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	CHECK(!sigaltstack(&ss, NULL));
	CHECK(!sigaction(SIGSEGV, &sa, NULL));
	recurse(0);
	_exit(3);
}

static sigjmp_buf jump_buf;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	on_signal(sig, info, context);
	siglongjmp(jump_buf, 1);
}

#define EXPECT_FAULT(statement, sig, code)                                                         \
	do {                                                                                       \
		last_sig = 0;                                                                      \
		if (!sigsetjmp(jump_buf, 1)) {                                                     \
			statement;                                                                 \
		}                                                                                  \
		CHECK(last_sig == (sig) && last_code == (code));                                   \
	} while (0)

static void test_faults(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	volatile char *page;
	volatile int zero = 0, sink;
	void *volatile low = (void *)16;
	int fd;

	CHECK(!sigaction(SIGSEGV, &sa, NULL) && !sigaction(SIGBUS, &sa, NULL) &&
	      !sigaction(SIGFPE, &sa, NULL) && !sigaction(SIGILL, &sa, NULL) &&
	      !sigaction(SIGTRAP, &sa, NULL));
	EXPECT_FAULT(*(volatile int *)low = 1, SIGSEGV, SEGV_MAPERR);
	CHECK(last_addr == (void *)16);
	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED && !page[5]);
	EXPECT_FAULT(page[5] = 1, SIGSEGV, SEGV_ACCERR);
	CHECK(last_addr == page + 5);
	EXPECT_FAULT(sink = *(volatile int *)0x8000000000000000UL, SIGSEGV, SI_KERNEL);
	EXPECT_FAULT(sink = *(volatile int *)0xffffffff80100000UL, SIGSEGV, SEGV_MAPERR);
	EXPECT_FAULT(sink = 7 / zero, SIGFPE, FPE_INTDIV);
	EXPECT_FAULT(__asm__ volatile("ud2"), SIGILL, ILL_ILLOPN);
	EXPECT_FAULT(__asm__ volatile("int3"), SIGTRAP, SI_KERNEL);
	EXPECT_FAULT(__asm__ volatile("cli"), SIGSEGV, SI_KERNEL);
	fd = open("/tmp/sys_signal.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(fd >= 0 && !ftruncate(fd, 4096));
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(page != MAP_FAILED);
	page[0] = 1;
	EXPECT_FAULT(page[4096] = 1, SIGBUS, BUS_ADRERR);
	CHECK(!unlink("/tmp/sys_signal.tmp"));
	(void)sink;
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
}

/* Registers of the interrupted code, XMM included, survive a handler that uses them. */
static void on_clobber(int sig)
{
	(void)sig;
	__asm__ volatile("pcmpeqd %%xmm0, %%xmm0; pcmpeqd %%xmm7, %%xmm7; xor %%r12, %%r12; xor %%r11, %%r11" ::
				 : "xmm0", "xmm7", "r11", "r12");
	count++;
}

static void test_registers(void)
{
	struct itimerval tick = { { 0, 10000 }, { 0, 10000 } }, off = { { 0, 0 }, { 0, 0 } };

	signal(SIGALRM, on_clobber);
	count = 0;
	CHECK(!setitimer(ITIMER_REAL, &tick, NULL));
	while (count < 5) {
		uint64_t in = 0x123456789abcdef0, out, r12;

		__asm__ volatile("movq %2, %%xmm0; movq %2, %%xmm7; mov %2, %%r12; mov $20000, %%ecx;"
				 "1: dec %%ecx; jnz 1b; movq %%xmm0, %0; paddq %%xmm7, %%xmm0; mov %%r12, %1"
				 : "=&r"(out), "=&r"(r12) : "r"(in) : "rcx", "r12", "xmm0", "xmm7");
		CHECK(out == in && r12 == in);
	}
	CHECK(!setitimer(ITIMER_REAL, &off, &tick));
	CHECK(tick.it_interval.tv_usec == 10000);
	signal(SIGALRM, SIG_DFL);
}

static void wait_alarm(void)
{
	install(SIGALRM, 0);
	count = 0;
	alarm(1);
	CHECK(alarm(1) == 1);
	pause();
	CHECK(count == 1);
}

static void test_stop(void)
{
	siginfo_t info;
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		for (;;)
			pause();
	}
	CHECK(!kill(pid, SIGSTOP));
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	CHECK(waitpid(pid, &status, WUNTRACED | WNOHANG) == 0);
	CHECK(!kill(pid, SIGCONT));
	CHECK(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	CHECK(!kill(pid, SIGSTOP));
	CHECK(!waitid(P_PID, (id_t)pid, &info, WSTOPPED) && info.si_code == CLD_STOPPED &&
	      info.si_status == SIGSTOP);
	CHECK(!kill(pid, SIGKILL));
	CHECK(!waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) && info.si_code == CLD_KILLED &&
	      info.si_status == SIGKILL);
	CHECK(waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGKILL);
}

static int stop_pipe[2];

/* Stopped and continued while it waits: no call may notice, and the handler of SIGCONT runs once each time. */
static void wait_through_stops(void)
{
	struct timespec half = { 0, 500 * 1000 * 1000 };
	struct pollfd p = { .fd = stop_pipe[0], .events = POLLIN };
	sigset_t tstp, pending;
	char c;

	CHECK(write(stop_pipe[1], "n", 1) == 1 && !nanosleep(&half, NULL));
	CHECK(read(stop_pipe[0], &c, 1) == 1 && c == 'n');
	CHECK(read(stop_pipe[0], &c, 1) == 1 && c == 'x'); /* written after a stop */
	install(SIGCONT, SA_RESTART);
	count = 0;
	CHECK_ERR(poll(&p, 1, -1), EINTR); /* never restarted after a handler */
	CHECK(count == 1 && last_sig == SIGCONT);
	sigemptyset(&tstp);
	sigaddset(&tstp, SIGTSTP);
	CHECK(!sigprocmask(SIG_BLOCK, &tstp, NULL) && !raise(SIGTSTP) && !sigpending(&pending));
	CHECK(sigismember(&pending, SIGTSTP) == 1);
	CHECK(!raise(SIGCONT) && !sigpending(&pending)); /* each takes the other back */
	CHECK(sigismember(&pending, SIGTSTP) == 0 && count == 2);
	CHECK(read(stop_pipe[0], &c, 1) == 1 && c == 'q');
}

/* pid sleeps in a call: state S in /proc/PID/stat */
static void until_asleep(pid_t pid)
{
	char path[32], line[256], *state = line;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	do {
		stat = fopen(path, "r");
		CHECK(stat && fgets(line, sizeof(line), stat));
		fclose(stat);
		state = strrchr(line, ')') + 2;
	} while (*state != 'S');
}

static void stop_and_continue(pid_t pid, int sig)
{
	siginfo_t info;
	int status;

	until_asleep(pid);
	CHECK(!kill(pid, sig));
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == sig);
	CHECK(!kill(pid, SIGCONT));
	CHECK(!waitid(P_PID, (id_t)pid, &info, WCONTINUED) && info.si_code == CLD_CONTINUED &&
	      info.si_status == SIGCONT && info.si_pid == pid);
}

static void test_stops_unseen(void)
{
	siginfo_t info;
	int status;
	pid_t pid;

	CHECK(!pipe(stop_pipe));
	install(SIGCHLD, SA_NOCLDSTOP);
	count = 0;
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		setpgid(0, 0); /* not orphaned: SIGTSTP stops it */
		wait_through_stops();
		_exit(0);
	}
	setpgid(pid, pid);
	stop_and_continue(pid, SIGSTOP); /* in nanosleep, or already in read */
	usleep(600 * 1000);
	stop_and_continue(pid, SIGTSTP); /* in read */
	CHECK(write(stop_pipe[1], "x", 1) == 1);
	until_asleep(pid);
	usleep(100 * 1000);
	stop_and_continue(pid, SIGSTOP); /* in poll, with a handler */
	CHECK(count == 0); /* SA_NOCLDSTOP: no word of all that */
	CHECK(write(stop_pipe[1], "q", 1) == 1);
	while (!count)
		usleep(1000); /* until it has ended */
	CHECK_ERR(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WCONTINUED), ECHILD); /* nothing more will come */
	CHECK(waitpid(pid, &status, 0) == pid && status == 0 && count == 1);
	signal(SIGCHLD, SIG_DFL);
	close(stop_pipe[0]);
	close(stop_pipe[1]);
}

static void die_by_null(void)
{
	*(volatile int *)last_addr = 0;
}

static void die_by_frame(void)
{
	signal(SIGUSR1, SIG_IGN);
	signal(SIGSEGV, on_nested);
	__asm__ volatile("mov $0, %rsp; ud2");
}

static void forged_return(void)
{
	__asm__ volatile("mov $15, %eax; mov $4096, %rsp; syscall");
}

int main(void)
{
	CHECK_CHILD(test_basic);
	CHECK_CHILD(test_flags);
	CHECK_CHILD(test_realtime_queue);
	CHECK_CHILD(test_restart);
	CHECK(WTERMSIG(in_child(write_closed_pipe)) == SIGPIPE);
	CHECK_CHILD(stack_overflow);
	CHECK_CHILD(test_faults);
	CHECK_CHILD(test_registers);
	CHECK_CHILD(wait_alarm);
	CHECK_CHILD(test_stop);
	CHECK_CHILD(test_stops_unseen);
	CHECK(WTERMSIG(in_child(die_by_null)) == SIGSEGV);
	CHECK(WTERMSIG(in_child(die_by_frame)) == SIGILL);
	CHECK(WTERMSIG(in_child(forged_return)) == SIGSEGV);
	PASS("sys_signal");
}
