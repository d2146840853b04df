/* SPDX-License-Identifier: MIT */
/* For system calls that take a name. */
#ifndef KERNEL_SYS_WITH_NAME_H
#define KERNEL_SYS_WITH_NAME_H

#include "fs/namei.h"
#include "kernel/base/err.h"

/* Runs expr with `name` being the copy of the user's text; the value is expr's or getname's error. */
#define WITH_NAME(uname, name, expr)                                                               \
	({                                                                                         \
		char *name = getname(uname);                                                       \
		long __ret;                                                                        \
		if (IS_ERR(name)) {                                                                \
			__ret = PTR_ERR(name);                                                     \
		} else {                                                                           \
			__ret = (expr);                                                            \
			putname(name);                                                             \
		}                                                                                  \
		__ret;                                                                             \
	})

#endif
