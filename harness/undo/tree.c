// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/undo/tree.h"

#include "harness/undo/kind.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

static bool strictly_below(const char *path, const char *dir)
{
	char real[PATH_MAX];
	size_t len;

	if (!dir || *dir != '/' || !realpath(dir, real))
		return false;
	len = strlen(real);
	if (len < 2)
		return false; /* TMPDIR=/ allows nothing */
	return !strncmp(path, real, len) && path[len] == '/' && path[len + 1];
}

/* @path with its directory resolved, not its last part: a link is removed, not followed. */
static int resolve(const char *path, char ret[static PATH_MAX])
{
	char dir[PATH_MAX], real[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (*path != '/' || len >= sizeof(dir) || !slash[1] || !strcmp(slash, "/.") ||
		!strcmp(slash, "/.."))
		return -EINVAL;
	memcpy(dir, path, len);
	dir[len] = '\0';
	if (!realpath(len ? dir : "/", real))
		return -errno;
	if (snprintf(ret, PATH_MAX, "%s/%s", strcmp(real, "/") != 0 ? real : "", slash + 1) >=
		PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

int oom_undo_path_allowed(const char *path, struct oom_err *err)
{
	const char *dirs[] = {getenv("OOMGATE_RUNTIME"), getenv("XDG_RUNTIME_DIR"),
		getenv("TMPDIR"), "/run", "/tmp", "/var/tmp", "/dev/shm"};
	char real[PATH_MAX];
	int r = resolve(path, real);

	if (r == -ENOENT || r == -ENOTDIR)
		return r; /* its directory is gone, and it with it */
	if (r < 0)
		return oom_err_errno(err, -r, "'%s' is not an absolute path", path);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (strictly_below(real, dirs[i]))
			return 0;
	return oom_err_set(err, EPERM,
		"'%s' will not be removed: it is not below a runtime or temporary folder", path);
}

static int check(char *const *args, struct oom_err *err)
{
	int r = oom_undo_path_allowed(args[0], err);

	return r == -ENOENT || r == -ENOTDIR
		? oom_err_errno(err, -r, "the folder of '%s' does not exist yet", args[0])
		: r;
}

/* Everything in @dir_fd, which this function closes. Stays on one file system. */
static int empty_dir(int dir_fd, dev_t device, int depth)
{
	oom_autoclosedir DIR *dir = fdopendir(dir_fd);
	struct dirent *d;
	struct stat st;

	if (!dir) {
		close(dir_fd);
		return -ENOMEM;
	}
	while ((d = readdir(dir))) {
		int fd, r;

		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (!unlinkat(dirfd(dir), d->d_name, 0) || errno == ENOENT)
			continue;
		if (errno != EISDIR && errno != EPERM)
			return -errno;
		fd = openat(dirfd(dir), d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (fstat(fd, &st) < 0 || st.st_dev != device || depth > 128) {
			close(fd);
			return depth > 128 ? -ELOOP : -EXDEV;
		}
		r = empty_dir(fd, device, depth + 1);
		if (!r && unlinkat(dirfd(dir), d->d_name, AT_REMOVEDIR) < 0 && errno != ENOENT)
			r = -errno;
		if (r < 0)
			return r;
	}
	return 0;
}

static int remove_tree(const char *path)
{
	oom_autoclose int parent = -1;
	char real[PATH_MAX], *slash;
	struct stat st, above;
	int fd, r = resolve(path, real);

	if (r < 0)
		return r;
	slash = strrchr(real, '/');
	*slash = '\0';
	parent = open(*real ? real : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return -errno;
	fd = openat(parent, slash + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return unlinkat(parent, slash + 1, 0) < 0 ? -errno : 0;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || fstat(parent, &above) < 0 || st.st_dev != above.st_dev) {
		close(fd);
		return -EXDEV;
	}
	r = empty_dir(fd, st.st_dev, 0);
	if (!r && unlinkat(parent, slash + 1, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

static int undo_tree(char *const *args, struct oom_err *err)
{
	int r = oom_undo_path_allowed(args[0], err);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return r;
	r = remove_tree(args[0]);
	if (r == -ENOENT)
		return 0;
	if (r == -EXDEV)
		return oom_err_set(err, EXDEV,
			"cannot remove '%s': something is mounted in it; unmount that first",
			args[0]);
	return r < 0 ? oom_err_errno(err, -r, "cannot remove '%s'", args[0]) : 1;
}

const struct oom_undo_kind oom_undo_kind_tree = {
	.name = "tree",
	.args = "PATH",
	.n_args = 1,
	.verb = "remove folder",
	.past = "removed folder",
	.survives_boot = true,
	.check = check,
	.undo = undo_tree,
};

static int check_absolute(char *const *args, struct oom_err *err)
{
	char real[PATH_MAX];
	int r = resolve(args[0], real);

	return r < 0 ? oom_err_errno(err, -r, "cannot record '%s' for removal", args[0]) : 0;
}

static int undo_file(char *const *args, struct oom_err *err)
{
	struct stat st;

	if (lstat(args[0], &st) < 0)
		return errno == ENOENT || errno == ENOTDIR
			? 0
			: oom_err_errno(err, errno, "cannot stat '%s'", args[0]);
	if (S_ISDIR(st.st_mode))
		return oom_err_set(
			err, EISDIR, "'%s' will not be removed: it is a folder", args[0]);
	if (unlink(args[0]) < 0 && errno != ENOENT)
		return oom_err_errno(err, errno, "cannot remove '%s'", args[0]);
	return 1;
}

const struct oom_undo_kind oom_undo_kind_file = {
	.name = "file",
	.args = "PATH",
	.n_args = 1,
	.verb = "remove file",
	.past = "removed file",
	.survives_boot = true,
	.check = check_absolute,
	.undo = undo_file,
};
