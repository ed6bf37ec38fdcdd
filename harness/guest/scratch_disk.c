// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * An empty file system that a guest finds on /var/tmp ([Machine] Disk=): page cache that belongs to a disk,
 * where everything else of a guest is memory. One file a size in the cache, sparse and never written to:
 * QEMU gives each guest its own changes (snapshot=on), which go with it.
 */
int oom_scratch_disk(struct oom_arena *arena, const char *cache, uint64_t bytes, struct oom_err *err,
	const char **ret)
{
	const char *dir = oom_arena_printf(arena, "%s/disks", cache);
	const char *path = oom_arena_printf(arena, "%s/%" PRIu64 "M.ext2", dir, bytes >> 20);
	const char *folder, *temp;
	const char *log = oom_arena_printf(arena, "%s/mke2fs.log", dir);
	char kib[32];
	int r;

	if (!dir || !path || !log)
		return oom_err_set(err, ENOMEM, "no memory");
	if (access(path, R_OK) == 0) {
		*ret = path;
		return 0;
	}
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return oom_err_errno(err, errno, "cannot make '%s'", dir);
	r = oom_cache_temp(arena, dir, err, &folder);
	if (r < 0)
		return r;
	temp = oom_arena_printf(arena, "%s/disk", folder);
	snprintf(kib, sizeof(kib), "%" PRIu64 "k", bytes >> 10);
	r = oom_tool_run((const char *const[]){"/sbin/mke2fs", "-q", "-F", "-t", "ext2", "-m", "0", "-E",
			    "lazy_itable_init=1,root_owner=0:0", temp, kib, NULL},
		NULL, log, err);
	if (r < 0)
		return r;
	if (rename(temp, path) < 0)
		return oom_err_errno(err, errno, "cannot rename '%s'", temp);
	oom_tree_remove(folder);
	*ret = path;
	return 0;
}
