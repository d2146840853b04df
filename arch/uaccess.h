/* SPDX-License-Identifier: MIT */
/*
 * User memory: the whole interface is inline in asm/uaccess.h (access_ok, copy_from_user,
 * copy_to_user, clear_user, get_user, put_user, strncpy_from_user, strnlen_user, cmpxchg_user_u32).
 */
#ifndef ARCH_UACCESS_H
#define ARCH_UACCESS_H

#include "asm/uaccess.h"

#endif
