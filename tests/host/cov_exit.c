/* SPDX-License-Identifier: MIT */
/*
 * make coverage: a process that ends in _exit() or abort() writes down what it has counted first. And, as this flavour
 * is built without AddressSanitizer, what the host's machine tells it goes nowhere.
 */
#include <gcov.h>
#include <stddef.h>

void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *save, const void **bottom, size_t *size);
void __asan_unpoison_memory_region(const void *address, size_t size);

void __wrap__exit(int status);
void __real__exit(int status) __attribute__((noreturn));
void __wrap_abort(void);
void __real_abort(void) __attribute__((noreturn));

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

void __wrap_abort(void)
{
	__gcov_dump();
	__real_abort();
}

void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size)
{
	(void)save;
	(void)bottom;
	(void)size;
}

void __sanitizer_finish_switch_fiber(void *save, const void **bottom, size_t *size)
{
	(void)save;
	(void)bottom;
	(void)size;
}

void __asan_unpoison_memory_region(const void *address, size_t size)
{
	(void)address;
	(void)size;
}
