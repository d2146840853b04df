/* SPDX-License-Identifier: MIT */
/*
 * Restartable sequences: a program may run a few instructions on per-CPU data without a lock, if the kernel
 * restarts them whenever it takes the CPU away in their midst.
 *
 *	user area:  cpu_id_start, cpu_id   the CPU it runs on (sched_getcpu of the C library)
 *	            rseq_cs ------------>  start_ip, post_commit_offset, abort_ip: the sequence it is in
 *
 * The scheduler sets TIF_NOTIFY_RESUME when it switches such a task out; rseq_resume() then runs before user mode
 * is entered again, and before a signal frame is made. If ip lies in the announced sequence, it goes to
 * abort_ip, which must carry the signature given at registration in the four bytes before it.
 */
#include "kernel/sys/rseq.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/trap.h"
#include "arch/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/core/task.h"

#define RSEQ_SIZE	     32 /* the first version's; later fields are not written */
#define RSEQ_FLAG_UNREGISTER 1

struct rseq_area {
	u32 cpu_id_start, cpu_id;
	u64 rseq_cs;
	u32 flags, node_id, mm_cid, pad;
};

struct rseq_sequence {
	u32 version, flags;
	u64 start_ip, post_commit_offset, abort_ip;
};

/* => false: the user's description makes no sense */
static bool abort_sequence(struct pt_regs *regs, struct rseq_area __user *area, u64 cs)
{
	struct rseq_sequence seq;
	u32 sig;

	if (copy_from_user(&seq, (void *)cs, sizeof(seq)) || seq.version ||
	    !access_ok((void *)seq.abort_ip, 1) || seq.start_ip + seq.post_commit_offset < seq.start_ip ||
	    seq.abort_ip - seq.start_ip < seq.post_commit_offset)
		return false;
	if (put_user(0ULL, &area->rseq_cs)) /* left already, or about to be */
		return false;
	if (regs->ip - seq.start_ip >= seq.post_commit_offset)
		return true;
	if (get_user(sig, (u32 *)(seq.abort_ip - sizeof(sig))) || sig != current->rseq_sig)
		return false;
	regs->ip = seq.abort_ip;
	return true;
}

void rseq_resume(struct pt_regs *regs)
{
	struct rseq_area __user *area = current->rseq;
	u32 cpu;
	u64 cs;

	if (get_user(cs, &area->rseq_cs) || (cs && !abort_sequence(regs, area, cs)))
		goto bad;
	cpu = (u32)smp_processor_id();
	if (put_user(cpu, &area->cpu_id_start) || put_user(cpu, &area->cpu_id))
		goto bad;
	return;
bad:
	current->rseq = NULL;
	force_sig(SIGSEGV);
}

static long rseq_unregister(struct rseq_area __user *area, u32 sig)
{
	if (current->rseq != area || !area)
		return -EINVAL;
	if (current->rseq_sig != sig)
		return -EPERM;
	if (put_user(0U, &area->cpu_id_start) || put_user(-1U, &area->cpu_id))
		return -EFAULT;
	current->rseq = NULL;
	return 0;
}

long sys_rseq(void __user *uarea, u32 len, int flags, u32 sig)
{
	struct task_struct *me = current;

	if (flags & ~RSEQ_FLAG_UNREGISTER || len != RSEQ_SIZE)
		return -EINVAL;
	if (flags)
		return rseq_unregister(uarea, sig);
	if (me->rseq)
		return me->rseq != uarea ? -EINVAL : me->rseq_sig != sig ? -EPERM : -EBUSY;
	if (!IS_ALIGNED((unsigned long)uarea, RSEQ_SIZE))
		return -EINVAL;
	if (clear_user(uarea, sizeof(u32))) /* else the first return to user mode would end the program */
		return -EFAULT;
	me->rseq = uarea;
	me->rseq_sig = sig;
	set_thread_flag(TIF_NOTIFY_RESUME);
	return 0;
}
