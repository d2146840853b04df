/* SPDX-License-Identifier: MIT */
/*
 * The first program: process 1 turns from a kernel thread into an ordinary process.
 *
 * init=PATH alone is tried if the command line names it; else /init, /sbin/init, /bin/sh in this order.
 * Words after "--" become its arguments. Descriptors 0, 1 and 2 are /dev/console.
 */
#include "kernel/init_process.h"

#include "fs/fdtable.h"
#include "fs/fs.h"
#include "fs/namei.h"
#include "kernel/base/bug.h"
#include "kernel/base/err.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/sys/process.h"

static const char *init_path;

static int set_init(char *val)
{
	if (!val || !*val)
		return -EINVAL;
	init_path = val;
	return 0;
}
early_param("init", set_init);

static void open_console(void)
{
	struct file *file = filp_open("/dev/console", O_RDWR, 0);

	if (IS_ERR(file)) {
		pr_warn("The first program has no console: /dev/console cannot be opened (%ld)\n",
			PTR_ERR(file));
		return;
	}
	for (int fd = 0; fd < 3; fd++) {
		int got = get_unused_fd_flags(0);

		if (got < 0)
			break;
		get_file(file);
		fd_install(got, file);
	}
	fput(file);
}

/* => 0: the thread's function must return and the program starts; or -errno */
static int try_program(const char *path)
{
	static const char *const envp[] = { "HOME=/", "TERM=linux", NULL };
	const char *argv[MAX_INIT_ARGS + 2] = { path };
	int err;

	for (int i = 0; i < param_nr_init_args; i++)
		argv[i + 1] = param_init_args[i];
	err = kernel_execve(path, argv, envp);
	if (!err)
		pr_info("Run %s as the first program\n", path);
	return err;
}

void run_init_process(void)
{
	static const char *const standard[] = { "/init", "/sbin/init", "/bin/sh" };
	int err;

	open_console();
	if (init_path) {
		err = try_program(init_path);
		if (!err)
			return;
		panic("Requested init %s failed (error %d). init= names a static x86_64 program of the initrd",
		      init_path, err);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(standard); i++) {
		err = try_program(standard[i]);
		if (!err)
			return;
	}
	panic("No working init found. Try passing init= option to kernel: the initrd needs a static x86_64 program at "
	      "/init, /sbin/init or /bin/sh");
}
