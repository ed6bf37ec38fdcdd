/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_IMAGE_INITRD_H
#define OOM_IMAGE_INITRD_H

#include "lib/base/err.h"

#include <stdint.h>

/* Writes the initial file system: busybox, init, and the machine's modules in the order of loading.
 * @modules: the folder of one release with modules.dep; NULL: everything is built in. */
int oom_initrd_write(const char *path, const char *busybox, const char *modules,
	const char *release, struct oom_err *err);
/* What oom_initrd_write() would write, as a key: the same for the same, another one for whatever is in it. */
int oom_initrd_key(const char *busybox, const char *modules, const char *release,
	struct oom_err *err, uint64_t *ret);
/* Is @modules such a folder, of @release? As far as it can be told without unpacking. */
int oom_modules_check(const char *modules, const char *release, struct oom_err *err);

#endif
