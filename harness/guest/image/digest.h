/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_IMAGE_DIGEST_H
#define OOM_IMAGE_DIGEST_H

#include "harness/guest/image/image.h"

enum { OOM_IMAGE_DIGEST_TEXT = 128 };

/*
 * What the image's disk holds: SHA-256, read once for each state of the file, whose size and time of change stand
 * beside it in the image's folder. Of a disk of the user's, which may be larger than anybody wants to read, it is its
 * size, time of change and inode. 0 or -errno.
 */
int oom_image_digest(const struct oom_image *image, char ret[static OOM_IMAGE_DIGEST_TEXT]);

#endif
