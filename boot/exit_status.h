/* SPDX-License-Identifier: MIT */
/*
 * How the guest tells scripts/run how it ended. The value goes to the port of QEMU's
 * isa-debug-exit device, and QEMU ends with (value << 1) | 1. The values start at 16, because
 * QEMU itself ends with 1 when it cannot start. Only the device answers 0 at that port; no device
 * there reads 0xff.
 *
 *	value			scripts/run ends with
 *	EXIT_OK			0	powered off (or restarted), last status 0
 *	EXIT_FAILED		1	the program ended with another status or by a signal
 *	EXIT_PANIC		3	kernel panic
 *
 * init passes its last status through reboot(2): LINUX_REBOOT_CMD_POWER_OFF with the argument
 * REBOOT_ARG(status). The tag tells it from the arbitrary register that libc's reboot() leaves
 * there.
 */
#ifndef BOOT_EXIT_STATUS_H
#define BOOT_EXIT_STATUS_H

#define EXIT_PORT   0xf4
#define EXIT_OK	    16
#define EXIT_FAILED 17
#define EXIT_PANIC  19

#define REBOOT_ARG_TAG	       0x74696465UL
#define REBOOT_ARG(status)     ((REBOOT_ARG_TAG << 8) | ((status)&0xffUL))
#define REBOOT_ARG_VALID(arg)  (((arg) >> 8) == REBOOT_ARG_TAG)
#define REBOOT_ARG_STATUS(arg) ((int)((arg)&0xff))

#endif
