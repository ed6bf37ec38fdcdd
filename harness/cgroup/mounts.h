/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_CGROUP_MOUNTS_H
#define OOM_CGROUP_MOUNTS_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Where cgroups are mounted (proc_pid_mountinfo(5)) and where in them we are (cgroups(7)). */

struct oom_cgroup_mount {
	bool found, read_only;
	char path[512]; /* mount point */
	char root[512]; /* the part of the hierarchy that is mounted there */
	char own[512]; /* our cgroup in it; "" where /proc/self/cgroup does not say */
};

struct oom_cgroup_mounts {
	struct oom_cgroup_mount v2, v1_memory, v1_pids;
};

/* @sysroot is put before every path that is read ("" for this machine). */
int oom_cgroup_mounts_read(const char *sysroot, struct oom_err *err, struct oom_cgroup_mounts *ret);
/* The directory of the cgroup @path ("/a/b") of a mounted hierarchy; -ENAMETOOLONG. */
int oom_cgroup_mount_dir(const char *sysroot, const struct oom_cgroup_mount *mount,
	const char *path, char *buf, size_t size);
/* The hierarchy with the memory controller; NULL: none. *ret_v1 says which kind it is. */
const struct oom_cgroup_mount *oom_cgroup_mounts_memory(
	const char *sysroot, const struct oom_cgroup_mounts *mounts, bool *ret_v1);

#endif
