// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "harness/guest/cache/cache.h"

const char *oom_cache_folder_name(enum oom_cache_folder folder)
{
	static const char *const names[OOM_CACHE_FOLDERS] = {[OOM_CACHE_IMAGES] = "images",
		[OOM_CACHE_STATES] = "states",
		[OOM_CACHE_PAYLOADS] = "payloads",
		[OOM_CACHE_KERNELS] = "kernels",
		[OOM_CACHE_QEMU] = "qemu",
		[OOM_CACHE_KEPT] = "kept"};

	return names[folder];
}
