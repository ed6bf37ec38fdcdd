// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/cgroup/dir.h"
#include "harness/cgroup/kill.h"
#include "harness/undo/kind.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#define KILL_TIMEOUT_US 20000000

static int check(char *const *args, struct oom_err *err)
{
	if (args[0][0] != '/' || strstr(args[0], "/../") || strlen(args[0]) >= PATH_MAX - 256)
		return oom_err_set(
			err, EINVAL, "'%s' is not the absolute path of a cgroup", args[0]);
	return 0;
}

/* Is it a directory of a cgroup file system, whatever the path says, and not the root of one? */
static int open_cgroup(const char *path, struct oom_err *err, int *ret_fd)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV
			? 0
			: oom_err_errno(err, errno, "cannot open the cgroup '%s'", path);
	if (faccessat(fd, "cgroup.procs", F_OK, 0) < 0)
		return errno == ENODEV ? 0 : oom_err_set(err, EINVAL, "'%s' is not a cgroup", path);
	if (faccessat(fd, "../cgroup.procs", F_OK, 0) < 0)
		return oom_err_set(
			err, EPERM, "'%s' will not be removed: it is a root cgroup", path);
	*ret_fd = oom_take_fd(&fd);
	return 1;
}

static int undo_cgroup(char *const *args, struct oom_err *err)
{
	oom_autoclose int fd = -1;
	int r = open_cgroup(args[0], err, &fd);

	if (r <= 0)
		return r;
	r = oom_cgroup_dir_kill(fd, args[0], KILL_TIMEOUT_US, err);
	return r < 0 ? r : oom_cgroup_dir_remove(args[0], KILL_TIMEOUT_US, err);
}

const struct oom_undo_kind oom_undo_kind_cgroup = {
	.name = "cgroup",
	.args = "PATH",
	.n_args = 1,
	.verb = "kill and remove cgroup",
	.past = "killed and removed cgroup",
	.check = check,
	.undo = undo_cgroup,
};

/* The cgroup that the harness (and what was there with it) went to, to let its own have children:
 * its processes go back up. */
static int undo_leaf(char *const *args, struct oom_err *err)
{
	oom_autoclose int fd = -1, parent = -1;
	int r = open_cgroup(args[0], err, &fd);

	if (r <= 0)
		return r;
	parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = parent < 0 ? -errno : oom_cgroup_dir_move_all(fd, parent);
	if (r == -EBUSY)
		return 0; /* the controllers are still on for another run's sake, which undoes this,
			     too */
	if (r < 0)
		return oom_err_errno(
			err, -r, "cannot move the processes of the cgroup '%s' back up", args[0]);
	return oom_cgroup_dir_remove(args[0], KILL_TIMEOUT_US, err);
}

const struct oom_undo_kind oom_undo_kind_leaf = {
	.name = "leaf",
	.args = "PATH",
	.n_args = 1,
	.verb = "empty and remove cgroup",
	.past = "emptied and removed cgroup",
	.check = check,
	.undo = undo_leaf,
};

static int check_controllers(char *const *args, struct oom_err *err)
{
	for (const char *c = args[1]; *c; c++)
		if ((*c < 'a' || *c > 'z') && *c != '_' && *c != ' ')
			return oom_err_set(
				err, EINVAL, "'%s' is not a list of cgroup controllers", args[1]);
	return check(args, err);
}

/* Is there a unit of another run? Ours were removed before. */
static bool others_below(int dir_fd)
{
	oom_autoclose int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	oom_autoclosedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir)
		return false;
	oom_take_fd(&fd);
	while ((d = readdir(dir))) {
		size_t len = strlen(d->d_name);

		if (!strncmp(d->d_name, "oomgate-", 8) && strcmp(d->d_name + len - 5, "-self") != 0)
			return true;
	}
	return false;
}

/* "memory pids" off again for the children of PATH. */
static int undo_controllers(char *const *args, struct oom_err *err)
{
	oom_autofree char *names = strdup(args[1]);
	oom_autoclose int fd = -1;
	char *rest = names, *name;
	int r = open_cgroup(args[0], err, &fd), done = 0;

	if (r <= 0)
		return r;
	if (!names)
		return oom_err_set(err, ENOMEM, "no memory to undo");
	if (others_below(fd))
		return 0;
	while ((name = strsep(&rest, " "))) {
		char text[32];

		if (!*name || !oom_cgroup_dir_has(fd, "cgroup.subtree_control", name))
			continue;
		snprintf(text, sizeof(text), "-%s", name);
		r = oom_cgroup_write(fd, "cgroup.subtree_control", text);
		if (r < 0 && r != -ENODEV)
			return oom_err_errno(err, -r, "cannot disable the %s controller below '%s'",
				name, args[0]);
		done = 1;
	}
	return done;
}

const struct oom_undo_kind oom_undo_kind_controllers = {
	.name = "controllers",
	.args = "PATH NAMES",
	.n_args = 2,
	.verb = "disable controllers below cgroup",
	.past = "disabled controllers below cgroup",
	.check = check_controllers,
	.undo = undo_controllers,
};
