/* SPDX-License-Identifier: MIT */
/*
 * SysRq: orders to the kernel itself, for a machine that listens to nothing else.
 *
 *	BREAK on the serial line, then a key within 5 s -> serial interrupt -> handle_sysrq(key)
 *	echo KEY > /proc/sysrq-trigger                                      -> trigger_sysrq(key)
 *
 * Handlers run where the key came from, so perhaps in a hard interrupt of a machine that is stuck: they print, or
 * they end it. Killing for memory sleeps, so a thread of ours does it. What is printed reaches the console at any
 * loglevel. Texts are Linux's.
 *
 * Locks: none. The table changes at boot, entries are pointers.
 * Beyond it Linux has: sync, remount, signals to all, nice, registers, held locks, the keyboard's Alt-SysRq.
 */
#include "drivers/sysrq.h"
#include "arch/cpu.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "kernel/core/show_state.h"
#include "mm/mm.h"
#include "mm/oom.h"

#define NR_KEYS 36

int sysrq_enabled = 1;

static const struct sysrq_key *keys[NR_KEYS]; /* [a] */

/* => place of a key in the table, -1: it has none */
static int key_index(int key)
{
	if (key >= '0' && key <= '9')
		return key - '0';
	if (key >= 'a' && key <= 'z')
		return key - 'a' + 10;
	return -1;
}

int register_sysrq_key(int key, const struct sysrq_key *op)
{
	int i = key_index(key);

	if (i < 0)
		return -EINVAL;
	if (op && keys[i])
		return -EBUSY;
	WRITE_ONCE(keys[i], op);
	return 0;
}

/* Each order once: the ten loglevels are one. */
static void show_help(void)
{
	pr_cont("HELP : ");
	for (int i = 0; i < NR_KEYS; i++)
		if (keys[i] && (!i || keys[i] != keys[i - 1]))
			pr_cont("%s ", keys[i]->help);
	pr_cont("\n");
}

static bool is_enabled(const struct sysrq_key *op, bool check_mask)
{
	int enabled = READ_ONCE(sysrq_enabled);

	return !check_mask || enabled == 1 || (enabled & op->enable_mask);
}

static void run_key(int key, bool check_mask)
{
	int i = key_index(key);
	const struct sysrq_key *op = i < 0 ? NULL : READ_ONCE(keys[i]);

	printk_force_console_enter();
	pr_info("SysRq : ");
	if (!op) {
		show_help();
	} else if (!is_enabled(op, check_mask)) {
		pr_cont("This sysrq operation is disabled.\n");
	} else {
		pr_cont("%s\n", op->action);
		op->handler(key);
	}
	printk_force_console_exit();
}

void handle_sysrq(int key)
{
	if (READ_ONCE(sysrq_enabled))
		run_key(key, true);
}

void trigger_sysrq(int key)
{
	run_key(key, false);
}

/* ---- The orders ------------------------------------------------------------------------------------ */

static void order_loglevel(int key)
{
	console_loglevel = key - '0';
	pr_info("Loglevel set to %d\n", console_loglevel);
}

static void order_reboot(int key)
{
	machine_restart();
}

static void order_off(int key)
{
	machine_power_off(0);
}

static void order_crash(int key)
{
	panic("sysrq triggered crash");
}

static void order_memory(int key)
{
	show_all_mem();
}

static void order_tasks(int key)
{
	show_state();
}

static void order_cpus(int key)
{
	backtrace_all_cpus();
}

/* ---- Killing for memory ---------------------------------------------------------------------------- */

static DECLARE_WAIT_QUEUE_HEAD(kill_wait);
static int kills_wanted; /* [a] */

static void kill_one(void)
{
	int nid;

	for_each_online_node(nid)
		break;
	printk_force_console_enter();
	out_of_memory(node_zonelist(nid, GFP_KERNEL), GFP_KERNEL, 0, 0, true);
	printk_force_console_exit();
}

static int kill_thread(void *unused)
{
	while (!kthread_should_stop()) {
		wait_event_interruptible(kill_wait, READ_ONCE(kills_wanted) || kthread_should_stop());
		if (!xchg(&kills_wanted, 0))
			continue;
		kill_one();
	}
	return 0;
}

static void order_kill(int key)
{
	WRITE_ONCE(kills_wanted, 1);
	wake_up(&kill_wait);
}

/* ---- The table ------------------------------------------------------------------------------------- */

static const struct sysrq_key loglevel_key = {
	order_loglevel, "loglevel(0-9)", "Changing Loglevel", SYSRQ_ENABLE_LOG,
};

static const struct {
	char key;
	struct sysrq_key op;
} orders[] = {
	{ 'b', { order_reboot, "reboot(b)", "Resetting", SYSRQ_ENABLE_BOOT } },
	{ 'c', { order_crash, "crash(c)", "Trigger a crash", SYSRQ_ENABLE_DUMP } },
	{ 'f', { order_kill, "memory-full-oom-kill(f)", "Manual OOM execution", SYSRQ_ENABLE_SIGNAL } },
	{ 'l', { order_cpus, "show-backtrace-all-active-cpus(l)", "Show backtrace of all active CPUs",
		 SYSRQ_ENABLE_DUMP } },
	{ 'm', { order_memory, "show-memory-usage(m)", "Show Memory", SYSRQ_ENABLE_DUMP } },
	{ 'o', { order_off, "poweroff(o)", "Power Off", SYSRQ_ENABLE_BOOT } },
	{ 't', { order_tasks, "show-task-states(t)", "Show State", SYSRQ_ENABLE_DUMP } },
};

void sysrq_init(void)
{
	for (int key = '0'; key <= '9'; key++)
		register_sysrq_key(key, &loglevel_key);
	for (unsigned int i = 0; i < ARRAY_SIZE(orders); i++)
		register_sysrq_key(orders[i].key, &orders[i].op);
	if (IS_ERR(kthread_run(kill_thread, NULL, "sysrq")))
		pr_err("sysrq: no memory for its thread: f does nothing\n");
}
