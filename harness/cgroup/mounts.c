// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/cgroup/mounts.h"

#include "harness/cgroup/dir.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

static FILE *open_below(const char *sysroot, const char *path)
{
	char full[PATH_MAX];

	if ((size_t)snprintf(full, sizeof(full), "%s%s", sysroot, path) >= sizeof(full)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(full, "re");
}

/* Is @word one of the words of @list, separated by commas? */
static bool listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == ',') && (!at[len] || at[len] == ','))
			return true;
	return false;
}

/* "\040" for a blank; false if it does not fit */
static bool copy_unescaped(char *out, size_t size, const char *in)
{
	size_t n = 0;

	for (; *in && n + 1 < size; n++) {
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' && in[2] <= '7' &&
			in[3] >= '0' && in[3] <= '7') {
			out[n] = (char)((in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0'));
			in += 4;
		} else {
			out[n] = *in++;
		}
	}
	out[n] = '\0';
	return !*in;
}

/* "ID PARENT MAJ:MIN ROOT MOUNTPOINT OPTIONS TAGS… - TYPE SOURCE SUPEROPTIONS" */
static void read_mount(char *line, struct oom_cgroup_mounts *mounts)
{
	char *tail = strstr(line, " - "), *fields[6], *type, *super;
	struct oom_cgroup_mount *mount = NULL;
	char *rest = line;

	if (!tail)
		return;
	*tail = '\0';
	tail += 3;
	for (int i = 0; i < 6; i++) {
		fields[i] = strsep(&rest, " ");
		if (!fields[i])
			return;
	}
	type = strsep(&tail, " ");
	(void)strsep(&tail, " ");
	if (!tail)
		return;
	super = tail;
	super[strcspn(super, "\n")] = '\0';
	if (!strcmp(type, "cgroup2"))
		mount = &mounts->v2;
	else if (!strcmp(type, "cgroup") && listed(super, "memory"))
		mount = &mounts->v1_memory;
	else if (!strcmp(type, "cgroup") && listed(super, "pids"))
		mount = &mounts->v1_pids;
	/* the first one is what everybody means; a later one is a bind mount somewhere */
	if (!mount || mount->found)
		return;
	mount->read_only = listed(fields[5], "ro") || listed(super, "ro");
	mount->found = copy_unescaped(mount->root, sizeof(mount->root), fields[3]) &&
		copy_unescaped(mount->path, sizeof(mount->path), fields[4]);
}

/* "ID:CONTROLLERS:PATH", "0::PATH" for v2 */
static void read_own(char *line, struct oom_cgroup_mounts *mounts)
{
	struct oom_cgroup_mount *mount = NULL;
	char *path = line, *id, *controllers;

	id = strsep(&path, ":");
	controllers = strsep(&path, ":");
	if (!path)
		return;
	path[strcspn(path, "\n")] = '\0';
	if (!strcmp(id, "0") && !*controllers)
		mount = &mounts->v2;
	else if (listed(controllers, "memory"))
		mount = &mounts->v1_memory;
	else if (listed(controllers, "pids"))
		mount = &mounts->v1_pids;
	if (mount && strlen(path) < sizeof(mount->own))
		snprintf(mount->own, sizeof(mount->own), "%s", path);
}

static int each_line(const char *sysroot, const char *path, struct oom_cgroup_mounts *mounts,
	void (*one)(char *line, struct oom_cgroup_mounts *mounts), struct oom_err *err)
{
	oom_autofclose FILE *file = open_below(sysroot, path);
	oom_autofree char *line = NULL;
	size_t size = 0;

	if (!file)
		return oom_err_errno(err, errno, "cannot read '%s'", path);
	while (getline(&line, &size, file) > 0)
		one(line, mounts);
	return 0;
}

int oom_cgroup_mounts_read(const char *sysroot, struct oom_err *err, struct oom_cgroup_mounts *ret)
{
	struct oom_cgroup_mounts mounts = {0};
	int r = each_line(sysroot, "/proc/self/mountinfo", &mounts, read_mount, err);

	if (!r)
		r = each_line(sysroot, "/proc/self/cgroup", &mounts, read_own, err);
	if (!r)
		*ret = mounts;
	return r;
}

int oom_cgroup_mount_dir(const char *sysroot, const struct oom_cgroup_mount *mount,
	const char *path, char *buf, size_t size)
{
	size_t len = strlen(mount->root);

	/* in a container only a part of the hierarchy is mounted, and paths may name the whole of
	 * it */
	if (len > 1 && !strncmp(path, mount->root, len) && (!path[len] || path[len] == '/'))
		path += len;
	if (!strcmp(path, "/") || !strncmp(path, "/..", 3))
		path = ""; /* above what is to be seen here: its top is all there is */
	if ((size_t)snprintf(buf, size, "%s%s%s", sysroot, mount->path, path) >= size)
		return -ENAMETOOLONG;
	return 0;
}

const struct oom_cgroup_mount *oom_cgroup_mounts_memory(
	const char *sysroot, const struct oom_cgroup_mounts *mounts, bool *ret_v1)
{
	char path[PATH_MAX];
	oom_autoclose int fd = -1;

	*ret_v1 = false;
	if (mounts->v2.found &&
		!oom_cgroup_mount_dir(sysroot, &mounts->v2, "/", path, sizeof(path)))
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* a hybrid machine has both, and the controller on v1 */
	if (fd >= 0 &&
		(!mounts->v1_memory.found ||
			oom_cgroup_dir_has(fd, "cgroup.controllers", "memory")))
		return &mounts->v2;
	if (mounts->v1_memory.found) {
		*ret_v1 = true;
		return &mounts->v1_memory;
	}
	return NULL;
}
