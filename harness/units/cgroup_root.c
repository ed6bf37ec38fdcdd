// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/units/cgroup_root.h"

#include "harness/cgroup/dir.h"
#include "harness/cgroup/mounts.h"
#include "lib/base/cleanup.h"
#include "lib/kernel/cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int not_writable(int code, const char *path, struct oom_err *err)
{
	if (code == EROFS)
		return oom_err_set(err, EROFS,
			"the cgroup '%s' is mounted read-only: remount it writable, set "
			"OOMGATE_CGROUP to a writable one, or use --in guest",
			path);
	return oom_err_errno(err, code,
		"cannot create cgroups in '%s': set OOMGATE_CGROUP to one of your own, or use "
		"--in guest",
		path);
}

static int check_writable(int fd, const char *path, struct oom_err *err)
{
	return faccessat(fd, ".", W_OK, AT_EACCESS) < 0 ? not_writable(errno, path, err) : 0;
}

static int no_memory_controller(const char *path, struct oom_err *err)
{
	return oom_err_set(err, ENOTSUP,
		"the cgroup '%s' has no memory controller: let its parent delegate it "
		"(Delegate=memory), or use --in guest",
		path);
}

/* The pids hierarchy is a bonus: without it TasksMax= is refused, and nothing else. */
static void find_pids(
	const char *sysroot, const struct oom_cgroup_mounts *mounts, struct oom_cgroup_root *root)
{
	const struct oom_cgroup_mount *mount = &mounts->v1_pids;

	if (!mount->found ||
		oom_cgroup_mount_dir(sysroot, mount, *mount->own ? mount->own : "/",
			root->pids_path, sizeof(root->pids_path)) < 0)
		return;
	root->pids_fd = open_dir(root->pids_path);
	if (root->pids_fd >= 0 && faccessat(root->pids_fd, ".", W_OK, AT_EACCESS) < 0)
		oom_closep(&root->pids_fd);
	if (root->pids_fd < 0)
		root->pids_fd = -1;
}

static int use_v1(const char *sysroot, const struct oom_cgroup_mounts *mounts, struct oom_err *err,
	struct oom_cgroup_root *root)
{
	const struct oom_cgroup_mount *mount = &mounts->v1_memory;
	int r = oom_cgroup_mount_dir(
		sysroot, mount, *mount->own ? mount->own : "/", root->path, sizeof(root->path));

	root->v1 = true;
	root->fd = r < 0 ? r : open_dir(root->path);
	if (root->fd == -ENOENT) {
		/* a path of another namespace */
		r = oom_cgroup_mount_dir(sysroot, mount, "/", root->path, sizeof(root->path));
		root->fd = r < 0 ? r : open_dir(root->path);
	}
	if (root->fd < 0)
		return oom_err_errno(err, -root->fd, "cannot open the cgroup '%s'", root->path);
	find_pids(sysroot, mounts, root);
	return check_writable(root->fd, root->path, err);
}

/* Our own cgroup serves, as it is or after its processes went to a leaf. */
static bool own_serves(const struct oom_cgroup_root *root, bool is_top)
{
	if (faccessat(root->fd, "cgroup.type", F_OK, 0) < 0)
		return true; /* the real root: no rule against processes beside children */
	if (oom_cgroup_dir_has(root->fd, "cgroup.subtree_control", "memory"))
		return true;
	return is_top || oom_cgroup_dir_empty(root->fd, getpid());
}

static int use_parent(struct oom_cgroup_root *root, struct oom_err *err)
{
	oom_autoclose int parent = openat(root->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (parent < 0 || !oom_cgroup_dir_has(parent, "cgroup.subtree_control", "memory") ||
		faccessat(parent, ".", W_OK, AT_EACCESS) < 0)
		return oom_err_set(err, EBUSY,
			"other processes are in oomgate's cgroup '%s': start it in a cgroup of "
			"its own (systemd-run --scope -p Delegate=yes oomgate run), or set "
			"OOMGATE_CGROUP to an empty one",
			root->path);
	if (!strncmp(strrchr(root->path, '/'), "/oomgate-", 9))
		snprintf(root->shared_leaf, sizeof(root->shared_leaf), "%s", root->path);
	close(root->fd);
	root->fd = oom_take_fd(&parent);
	*strrchr(root->path, '/') = '\0';
	return 0;
}

static int use_v2(const char *sysroot, const struct oom_cgroup_mount *mount, struct oom_err *err,
	struct oom_cgroup_root *root)
{
	char top[sizeof(root->path)];
	bool is_top;
	int r = oom_cgroup_mount_dir(
		sysroot, mount, *mount->own ? mount->own : "/", root->path, sizeof(root->path));

	if (!r)
		r = oom_cgroup_mount_dir(sysroot, mount, "/", top, sizeof(top));
	root->fd = r < 0 ? r : open_dir(root->path);
	if (root->fd < 0)
		return oom_err_errno(err, -root->fd, "cannot open the cgroup '%s'", root->path);
	r = check_writable(root->fd, root->path, err);
	if (r == -EROFS)
		return r;
	is_top = !strcmp(top, root->path);
	if (r < 0 || !own_serves(root, is_top)) {
		/* ours, when it is neither ours to write nor empty */
		if (is_top)
			return r;
		return use_parent(root, err);
	}
	if (!oom_cgroup_dir_has(root->fd, "cgroup.controllers", "memory"))
		return no_memory_controller(root->path, err);
	root->needs_leaf =
		!oom_cgroup_dir_empty(root->fd, -1) && !faccessat(root->fd, "cgroup.type", F_OK, 0);
	return 0;
}

static int use_wanted(const char *wanted, struct oom_err *err, struct oom_cgroup_root *root)
{
	if (*wanted != '/' ||
		(size_t)snprintf(root->path, sizeof(root->path), "%s", wanted) >=
			sizeof(root->path) - 200)
		return oom_err_set(
			err, EINVAL, "OOMGATE_CGROUP '%s' is not an absolute path", wanted);
	for (size_t len = strlen(root->path); len > 1 && root->path[len - 1] == '/'; len--)
		root->path[len - 1] = '\0';
	root->fd = open_dir(root->path);
	if (root->fd < 0)
		return oom_err_errno(err, -root->fd, "cannot open OOMGATE_CGROUP '%s'", wanted);
	if (!faccessat(root->fd, "memory.limit_in_bytes", F_OK, 0)) {
		root->v1 = true;
	} else if (faccessat(root->fd, "cgroup.controllers", F_OK, 0) < 0) {
		return oom_err_set(err, EINVAL,
			"OOMGATE_CGROUP '%s' is not a cgroup (v2, or v1 with the memory "
			"controller)",
			wanted);
	} else if (!oom_cgroup_dir_has(root->fd, "cgroup.controllers", "memory")) {
		return no_memory_controller(root->path, err);
	} else if (!faccessat(root->fd, "cgroup.type", F_OK, 0) &&
		!oom_cgroup_dir_empty(root->fd, getpid())) {
		return oom_err_set(err, EBUSY,
			"OOMGATE_CGROUP '%s' holds processes: set it to an empty cgroup", wanted);
	} else {
		root->needs_leaf = !oom_cgroup_dir_empty(root->fd, -1) &&
			!faccessat(root->fd, "cgroup.type", F_OK, 0);
	}
	return check_writable(root->fd, root->path, err);
}

int oom_cgroup_root_find(
	const char *sysroot, const char *wanted, struct oom_err *err, struct oom_cgroup_root *ret)
{
	oom_cleanup(oom_cgroup_root_release) struct oom_cgroup_root root = {
		.fd = -1, .pids_fd = -1};
	struct oom_cgroup_mounts mounts;
	const struct oom_cgroup_mount *mount;
	bool v1;
	int r = 0;

	if (wanted && *wanted) {
		r = use_wanted(wanted, err, &root);
	} else {
		r = oom_cgroup_mounts_read(sysroot, err, &mounts);
		if (r < 0)
			return r;
		mount = oom_cgroup_mounts_memory(sysroot, &mounts, &v1);
		if (!mount)
			return oom_err_set(err, ENOENT,
				"no cgroup file system with the memory controller is mounted "
				"(mount -t cgroup2 none /sys/fs/cgroup), or use --in guest");
		r = v1 ? use_v1(sysroot, &mounts, err, &root) : use_v2(sysroot, mount, err, &root);
	}
	if (r < 0)
		return r;
	*ret = root;
	root.fd = root.pids_fd = -1;
	return 0;
}

void oom_cgroup_root_release(struct oom_cgroup_root *root)
{
	oom_closep(&root->fd);
	oom_closep(&root->pids_fd);
}

/* "No internal processes": a cgroup with controllers for its children may not hold processes. */
static int make_leaf(
	struct oom_cgroup_root *root, struct oom_undo *undo, const char *token, struct oom_err *err)
{
	oom_autoclose int leaf = -1;
	char path[sizeof(root->path) + 80];
	int r;

	snprintf(path, sizeof(path), "%s/oomgate-%s-self", root->path, token);
	r = oom_undo_add(undo, err, "leaf", path, NULL);
	if (r < 0)
		return r;
	if (mkdir(path, 0755) < 0)
		return not_writable(errno, root->path, err);
	leaf = open_dir(path);
	r = leaf < 0 ? leaf : oom_cgroup_dir_move_all(root->fd, leaf);
	return r < 0 ? oom_err_errno(err, -r, "cannot move from the cgroup '%s' to '%s'",
			       root->path, path)
		     : 0;
}

/* Another run at the same time has made room here already: whoever ends last takes it away again.
 */
static int share_leaf(struct oom_cgroup_root *root, struct oom_undo *undo, struct oom_err *err)
{
	int r = oom_undo_add(undo, err, "leaf", root->shared_leaf, NULL);

	return r < 0 ? r : oom_undo_add(undo, err, "controllers", root->path, "memory pids", NULL);
}

int oom_cgroup_enable(int dir_fd, const char *path, const char *controller, struct oom_undo *undo,
	struct oom_err *err)
{
	char text[32];
	int r;

	if (oom_cgroup_dir_has(dir_fd, "cgroup.subtree_control", controller))
		return 0;
	if (!oom_cgroup_dir_has(dir_fd, "cgroup.controllers", controller))
		return oom_err_set(err, ENOTSUP,
			"'%s' does not delegate the %s controller (Delegate=%s)", path, controller,
			controller);
	r = undo ? oom_undo_add(undo, err, "controllers", path, controller, NULL) : 0;
	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "+%s", controller);
	r = oom_cgroup_write(dir_fd, "cgroup.subtree_control", text);
	return r < 0 ? oom_err_errno(err, -r, "cannot enable the %s controller below '%s'",
			       controller, path)
		     : 0;
}

int oom_cgroup_root_prepare(
	struct oom_cgroup_root *root, struct oom_undo *undo, const char *token, struct oom_err *err)
{
	int r;

	if (root->v1)
		return 0;
	r = root->needs_leaf ? make_leaf(root, undo, token, err) : 0;
	if (!r && *root->shared_leaf)
		r = share_leaf(root, undo, err);
	if (!r)
		r = oom_cgroup_enable(root->fd, root->path, "memory", undo, err);
	if (!r && oom_cgroup_dir_has(root->fd, "cgroup.controllers", "pids"))
		r = oom_cgroup_enable(root->fd, root->path, "pids", undo, err);
	return r;
}
