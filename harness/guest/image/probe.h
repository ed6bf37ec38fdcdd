/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_IMAGE_PROBE_H
#define OOM_IMAGE_PROBE_H

#include "lib/base/err.h"

#include <sys/types.h>

/* probe.c: what a user other than root needs for it, below @root ("": this machine): user namespaces
 * and a range of subordinate users (subuid(5)). -EPERM with the way out. */
int oom_image_user_probe(const char *root, const char *user, uid_t uid, struct oom_err *err);

/* Can this user build an image here? 0, or -errno with what is missing and how to get it. */
int oom_image_build_probe(struct oom_err *err);

#endif
