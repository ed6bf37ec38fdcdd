/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_IMAGE_KERNEL_H
#define OOM_IMAGE_KERNEL_H

#include "lib/base/arena.h"
#include "lib/base/err.h"

/*
 * As much of a bzImage as QEMU looks at before it runs (its setup sectors, Documentation/arch/x86/boot.rst): a
 * machine that is restored has its kernel in its memory, and reading 15 MB of kernel and initrd again is a
 * tenth of a restore. A file of no name, or -ENOTSUP: this is no bzImage.
 */
int oom_kernel_head(const char *path);
/* The release ("6.12.95+deb13-cloud-amd64") of a bzImage or an ELF vmlinux. */
int oom_kernel_release(
	struct oom_arena *arena, const char *path, struct oom_err *err, const char **ret);
/* Where the release stands in the bytes of a bzImage or an ELF vmlinux: of @ret_len printable bytes without a
 * slash, a digit first. NULL: they are none. */
const char *oom_kernel_version(const char *image, size_t len, size_t *ret_len);
/* -1, 0, 1 by the leading numbers of two releases. */
int oom_release_compare(const char *a, const char *b);

#endif
