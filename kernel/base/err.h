/* SPDX-License-Identifier: MIT */
/* A pointer that may carry a negative error number: the last page of the address space holds no
 * object. */
#ifndef KERNEL_BASE_ERR_H
#define KERNEL_BASE_ERR_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"
#include "kernel/base/errno.h"

#define MAX_ERRNO	4095
#define IS_ERR_VALUE(x) unlikely((unsigned long)(x) >= (unsigned long)-MAX_ERRNO)

static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

static inline bool IS_ERR(const void *ptr)
{
	return IS_ERR_VALUE(ptr);
}

static inline bool IS_ERR_OR_NULL(const void *ptr)
{
	return !ptr || IS_ERR_VALUE(ptr);
}

static inline void *ERR_CAST(const void *ptr)
{
	return (void *)ptr;
}

static inline int PTR_ERR_OR_ZERO(const void *ptr)
{
	return IS_ERR(ptr) ? (int)PTR_ERR(ptr) : 0;
}

#endif
