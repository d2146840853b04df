/* SPDX-License-Identifier: MIT */
/* The race is built without AddressSanitizer, for speed: what the host's machine tells it about stacks goes nowhere. */
#include <stddef.h>

void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *save, const void **bottom, size_t *size);
void __asan_unpoison_memory_region(const void *address, size_t size);

void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size)
{
}

void __sanitizer_finish_switch_fiber(void *save, const void **bottom, size_t *size)
{
}

void __asan_unpoison_memory_region(const void *address, size_t size)
{
}
