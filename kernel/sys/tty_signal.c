/* SPDX-License-Identifier: MIT */
/*
 * How the terminal, which lies far below, reaches process groups: ^C, SIGTTIN, SIGHUP.
 */
#include "drivers/tty.h"
#include "kernel/base/initcall.h"
#include "kernel/sys/signal.h"

static void tty_signal_pgrp(pid_t pgrp, int sig)
{
	kill_pgrp(pgrp, sig);
}

static bool tty_signal_is_ignored(int sig)
{
	return (current->blocked & sigmask(sig)) ||
	       READ_ONCE(current->sighand->action[sig - 1].handler) == SIG_IGN || is_current_pgrp_orphaned();
}

static const struct tty_signal_ops tty_signals = {
	.signal_pgrp = tty_signal_pgrp,
	.is_ignored = tty_signal_is_ignored,
};

static int tty_signal_init(void)
{
	tty_set_signal_ops(&tty_signals);
	return 0;
}
core_initcall(tty_signal_init);
