// SPDX-License-Identifier: LGPL-2.1-or-later
/* The scripts of this folder, carried in the program: an installed oomgate has its recipes with it. */
#include "harness/guest/image/blobs.h"

#include <stdint.h>

#define BLOB(ident, file)                                                                          \
	__asm__(".section .rodata\n"                                                               \
		"oom_blob_" #ident "_start:\n"                                                     \
		".incbin \"" file "\"\n"                                                           \
		"oom_blob_" #ident "_end:\n"                                                       \
		".byte 0\n"                                                                        \
		".balign 8\n"                                                                      \
		".globl oom_blob_" #ident "_len\n"                                                 \
		"oom_blob_" #ident "_len:\n"                                                       \
		".quad oom_blob_" #ident "_end - oom_blob_" #ident "_start\n"                      \
		".globl oom_blob_" #ident "_start\n"                                               \
		".previous\n");                                                                    \
	extern const char oom_blob_##ident##_start[];                                              \
	extern const uint64_t oom_blob_##ident##_len;                                              \
	struct oom_blob oom_blob_##ident(void)                                                     \
	{                                                                                          \
		return (struct oom_blob){                                                          \
			oom_blob_##ident##_start, (size_t)oom_blob_##ident##_len};                 \
	}

BLOB(image_build, "harness/guest/image/image-build.sh")
BLOB(guest_init, "harness/guest/image/guest-init.sh")
BLOB(qemu_fetch, "harness/guest/vm/qemu-fetch.sh")
