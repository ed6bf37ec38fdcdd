/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_IMAGE_BLOBS_H
#define OOM_IMAGE_BLOBS_H

#include <stddef.h>

struct oom_blob {
	const char *text; /* NUL behind it */
	size_t len;
};

struct oom_blob oom_blob_guest_init(void);
struct oom_blob oom_blob_image_build(void);
struct oom_blob oom_blob_qemu_fetch(void);

#endif
