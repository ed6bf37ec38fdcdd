// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/needs/needs.h"
#include "harness/needs/probe.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Probes of the cgroup hierarchies. */

static bool exists(const struct oom_need_env *env, const char *path)
{
	return faccessat(env->root_fd, path, F_OK, 0) == 0;
}

int oom_need_cgroup2(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	(void)want;
	return exists(env, "sys/fs/cgroup/cgroup.controllers")
		? 0
		: oom_err_set(err, ENOTSUP,
			  "/sys/fs/cgroup is not the unified hierarchy, try --in guest");
}

int oom_need_cgroup1(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	(void)want;
	return exists(env, "sys/fs/cgroup/memory/memory.limit_in_bytes")
		? 0
		: oom_err_set(err, ENOTSUP,
			  "no v1 memory hierarchy below /sys/fs/cgroup ([Machine] "
			  "Hierarchy=legacy)");
}

/* Is @word one of the words of @text? */
static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = text; *(p += strspn(p, " \n"));) {
		size_t n = strcspn(p, " \n");

		if (n == len && !strncmp(p, word, n))
			return true;
		p += n;
	}
	return false;
}

/* @v1_dir: NULL where v1 has nothing that is as good. */
static int controller(
	const struct oom_need_env *env, const char *name, const char *v1_dir, struct oom_err *err)
{
	char text[256];

	if (oom_need_read(env, "sys/fs/cgroup/cgroup.controllers", text, sizeof(text)) >= 0) {
		if (has_word(text, name))
			return 0;
		return oom_err_set(err, ENOTSUP,
			"/sys/fs/cgroup/cgroup.controllers does not name '%s' (a container, or "
			"cgroup_disable=?)",
			name);
	}
	if (v1_dir && exists(env, v1_dir))
		return 0;
	return oom_err_set(
		err, ENOTSUP, "no '%s' controller below /sys/fs/cgroup, try --in guest", name);
}

int oom_need_memory_controller(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	(void)want;
	return controller(env, "memory", "sys/fs/cgroup/memory/memory.limit_in_bytes", err);
}

int oom_need_pids_controller(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	(void)want;
	return controller(env, "pids", "sys/fs/cgroup/pids/cgroup.procs", err);
}

int oom_need_cpuset_controller(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	(void)want;
	return controller(env, "cpuset", "sys/fs/cgroup/cpuset/cpuset.mems", err);
}

int oom_need_io_controller(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	(void)want;
	return controller(env, "io", NULL, err);
}

/* The root cgroup has none of the files that limits are made of: any child shows what there is. */
static int child_file(
	const struct oom_need_env *env, const char *name, const char *since, struct oom_err *err)
{
	static const char root[] = "sys/fs/cgroup";
	int r = oom_need_cgroup2(env, NULL, err);
	oom_autoclosedir DIR *dir = NULL;
	oom_autoclose int fd = -1;
	struct dirent *entry;

	if (r < 0)
		return r;
	fd = openat(env->root_fd, root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir)
		return oom_err_errno(err, errno, "cannot open '/%s'", root);
	oom_take_fd(&fd); /* the DIR's now */
	while ((entry = readdir(dir))) {
		char path[600];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", root, entry->d_name, name);
		if (exists(env, path))
			return 0;
	}
	return oom_err_set(err, ENOTSUP,
		"no cgroup has it (needs kernel %s and the memory controller)", since);
}

#define CHILD_FILE(ident, name, since)                                                             \
	int oom_need_##ident(const struct oom_need_env *env, const struct oom_need_want *want,     \
		struct oom_err *err)                                                               \
	{                                                                                          \
		(void)want;                                                                        \
		return child_file(env, name, since, err);                                          \
	}

CHILD_FILE(memory_oom_group, "memory.oom.group", "4.19")
CHILD_FILE(memory_events_local, "memory.events.local", "5.2")
CHILD_FILE(memory_peak, "memory.peak", "5.19")
CHILD_FILE(memory_reclaim, "memory.reclaim", "5.19")
CHILD_FILE(cgroup_kill, "cgroup.kill", "5.14")

/* clone3(2): CLONE_INTO_CGROUP since 5.7, for v2 only */
int oom_need_clone3_cgroup(
	const struct oom_need_env *env, const struct oom_need_want *want, struct oom_err *err)
{
	static const struct oom_need_want since = {.op = ">=", .text = "5.7"};
	int r = oom_need_cgroup2(env, want, err);

	return r < 0 ? r : oom_need_kernel(env, &since, err);
}
