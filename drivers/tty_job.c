/* SPDX-License-Identifier: MIT */
/*
 * Whose terminal it is: sessions, the foreground group, hangup.
 *
 *   session leader --opens--> controlling terminal of its session
 *   foreground group: gets ^C ^\ ^Z SIGWINCH, may read        others: SIGTTIN, SIGTTOU
 *   leader exits or vhangup(2): SIGHUP and SIGCONT, the session has no terminal, files are dead
 *
 * What must be known of tasks (does a group exist? is it orphaned?) kernel/sys registers in tty_signal_ops.
 */
#include "arch/uaccess.h"
#include "drivers/tty_internal.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"

#define SIGNAL_HUP  1
#define SIGNAL_CONT 18

static struct tty *const tty = &console_tty;
static const struct tty_signal_ops *ops; /* [I] after boot */

void tty_set_signal_ops(const struct tty_signal_ops *signal_ops)
{
	ops = signal_ops;
}

void tty_send_signal(pid_t pgrp, int sig)
{
	if (ops && pgrp > 0)
		ops->signal_pgrp(pgrp, sig);
}

int tty_check_foreground(int sig)
{
	struct signal_struct *s = current->signal;
	pid_t foreground = READ_ONCE(tty->pgrp);

	if (!ops || s->tty != tty || !foreground || s->pgrp == foreground)
		return 0;
	if (ops->is_ignored(sig))
		return sig == SIGNAL_TTIN ? -EIO : 0;
	if (ops->is_orphaned()) /* nobody could continue it */
		return -EIO;
	tty_send_signal(s->pgrp, sig);
	set_thread_flag(TIF_SIGPENDING); /* another thread may take the signal: this one asks again all the same */
	return -ERESTARTSYS;
}

/* => lock held; current leads a session without terminal */
static void take(struct signal_struct *s)
{
	s->tty = tty;
	tty->session = s->session;
	tty->pgrp = s->pgrp;
}

void tty_opened(void)
{
	struct signal_struct *s = current->signal;

	spin_lock(&tty->lock);
	if (s->session == current->tgid && !s->tty && !tty->session && s->session)
		take(s);
	spin_unlock(&tty->lock);
}

int tty_have_controlling(void)
{
	return current->signal->tty == tty ? 0 : -ENXIO;
}

/* The session loses its terminal. dead_files: and files opened before are of no use any more. */
static void end_session(pid_t session, bool dead_files)
{
	pid_t pgrp;

	spin_lock(&tty->lock);
	if (tty->session != session) {
		spin_unlock(&tty->lock);
		return;
	}
	pgrp = tty->pgrp;
	tty->pgrp = tty->session = 0;
	if (dead_files) {
		tty->generation++;
		tty->termios = tty_default_termios;
		tty_flush_input(tty);
		tty_start_output(tty);
	}
	spin_unlock(&tty->lock);
	if (ops)
		ops->clear_session(session);
	tty_send_signal(pgrp, SIGNAL_HUP);
	tty_send_signal(pgrp, SIGNAL_CONT);
	wake_up_all(&tty->read_wait);
	wake_up_all(&tty->write_wait);
	tty_input_taken(tty);
}

void tty_disassociate(void)
{
	struct signal_struct *s = current->signal;

	if (s->tty == tty && s->session == current->tgid)
		end_session(s->session, true);
	s->tty = NULL;
}

void tty_hangup(void)
{
	pid_t session = current->signal->session;

	if (current->signal->tty != tty)
		return;
	tty_send_signal(session, SIGNAL_HUP); /* the leader's group bears its number */
	tty_send_signal(session, SIGNAL_CONT);
	end_session(session, true);
}

long tty_give_up(void)
{
	struct signal_struct *s = current->signal;

	if (s->tty != tty)
		return -ENOTTY;
	if (s->session == current->tgid)
		end_session(s->session, false);
	s->tty = NULL;
	return 0;
}

long tty_set_controlling(unsigned long force)
{
	struct signal_struct *s = current->signal;
	pid_t robbed = 0;
	long err = 0;

	spin_lock(&tty->lock);
	if (s->tty == tty && tty->session == s->session) {
		spin_unlock(&tty->lock);
		return 0;
	}
	if (s->session != current->tgid || s->tty) {
		err = -EPERM;
	} else if (tty->session && !(force == 1 && has_capability_admin(current))) {
		err = -EPERM;
	} else {
		robbed = tty->session;
		take(s);
	}
	spin_unlock(&tty->lock);
	if (robbed && ops)
		ops->clear_session(robbed);
	return err;
}

long tty_set_foreground(const int *user)
{
	struct signal_struct *s = current->signal;
	pid_t pgrp, session;
	int err;

	if (s->tty != tty || tty->session != s->session)
		return -ENOTTY;
	err = tty_check_foreground(SIGNAL_TTOU);
	if (err)
		return err;
	if (get_user(pgrp, user))
		return -EFAULT;
	if (pgrp < 0)
		return -EINVAL;
	session = ops ? ops->session_of_pgrp(pgrp) : 0;
	if (!session)
		return -ESRCH;
	if (session != s->session)
		return -EPERM;
	WRITE_ONCE(tty->pgrp, pgrp);
	return 0;
}

int tty_device_number(const void *t)
{
	return t ? 4 << 8 | 64 : 0;
}

pid_t tty_foreground(const void *t)
{
	return t ? ((const struct tty *)t)->pgrp : -1;
}
