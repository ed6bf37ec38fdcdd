/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_IMAGE_OWN_DISK_H
#define OOM_IMAGE_OWN_DISK_H

#include "lib/base/err.h"

#include <stdbool.h>

/* own_disk.c: a disk image of the user's, opened for reading and looked at. */
struct oom_own_disk {
	int fd;
	bool is_qcow2; /* else raw */
	bool is_device; /* else a file */
};

/* -EINVAL with the way out: a format that is not taken, or one that names other files. */
int oom_own_disk_open(const char *path, struct oom_err *err, struct oom_own_disk *ret);

#endif
