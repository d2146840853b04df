/* SPDX-License-Identifier: MIT */
/*
 * Marks around work that is measured from outside: nops of eight bytes that carry a number. QEMU with the plugin
 * scripts/qemu_count.c counts what the machine executes between the two; everywhere else they do nothing.
 */
#ifndef USER_MARKS_H
#define USER_MARKS_H

#define MARK_OPCODE 0x0f, 0x1f, 0x84, 0x00 /* nopl NUMBER(%rax,%rax,1), the number four bytes */
#define MARK_START  0x4b52414d
#define MARK_STOP   0x4b52414e

#define mark(number) __asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00; .long %c0" : : "i"(number) : "memory")

#endif
