/* SPDX-License-Identifier: MIT */
/*
 * How the terminal, which lies far below, reaches process groups and sessions: ^C, SIGTTIN, SIGHUP.
 */
#include "drivers/tty.h"
#include "kernel/base/errno.h"
#include "kernel/base/initcall.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"

static void tty_signal_pgrp(pid_t pgrp, int sig)
{
	kill_pgrp(pgrp, sig);
}

static bool tty_signal_is_ignored(int sig)
{
	return (current->blocked & sigmask(sig)) ||
	       READ_ONCE(current->sighand->action[sig - 1].handler) == SIG_IGN;
}

static pid_t tty_session_of_pgrp(pid_t pgrp)
{
	struct task_struct *p;
	pid_t session = 0;

	read_lock(&tasklist_lock);
	for_each_process(p)
		if (p->signal->pgrp == pgrp)
			session = p->signal->session;
	read_unlock(&tasklist_lock);
	return session;
}

static void tty_clear_session(pid_t session)
{
	struct task_struct *p;

	read_lock(&tasklist_lock);
	for_each_process(p)
		if (p->signal->session == session)
			p->signal->tty = NULL;
	read_unlock(&tasklist_lock);
}

long sys_vhangup(void)
{
	if (!(current->cap_effective >> CAP_SYS_TTY_CONFIG & 1))
		return -EPERM;
	tty_hangup();
	return 0;
}

static const struct tty_signal_ops tty_signals = {
	.signal_pgrp = tty_signal_pgrp,
	.is_ignored = tty_signal_is_ignored,
	.is_orphaned = is_current_pgrp_orphaned,
	.session_of_pgrp = tty_session_of_pgrp,
	.clear_session = tty_clear_session,
};

static int tty_signal_init(void)
{
	tty_set_signal_ops(&tty_signals);
	return 0;
}
core_initcall(tty_signal_init);
