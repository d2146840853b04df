/* SPDX-License-Identifier: MIT */
/* The loop devices' calls, as Linux has them: musl brings no kernel headers. */
#ifndef TESTS_USER_LOOP_H
#define TESTS_USER_LOOP_H

#include <stdint.h>

#define LOOP_SET_FD	  0x4c00
#define LOOP_CLR_FD	  0x4c01
#define LOOP_SET_STATUS64 0x4c04
#define LOOP_GET_STATUS64 0x4c05
#define LOOP_CTL_ADD	  0x4c80
#define LOOP_CTL_GET_FREE 0x4c82

struct loop_info64 {
	uint64_t device, inode, rdevice, offset, sizelimit;
	uint32_t number, encrypt_type, encrypt_key_size, flags;
	uint8_t file_name[64], crypt_name[64], encrypt_key[32];
	uint64_t init[2];
};

#endif
